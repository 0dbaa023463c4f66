"""What somebody could work out: the least and the most that all released numbers allow."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from est_analysis.release.cells import Aggregates, System

ANYTHING = 10**6
"""The most that an atom is thought to hold where nothing released says anything of it."""
_FRUITLESS, _FRUIT = 4, 0.97
_SEED = 8
_NODES = 2000
_TRUST = 1e-6


@dataclass(frozen=True)
class Pinned:
    """An aggregate that can be worked out too closely, or that cannot be shown to be safe."""

    which: int
    low: int
    high: int
    proved: bool


@dataclass(frozen=True)
class Audit:
    """
    Whether every aggregate is safe from one who knows all relations and can do sums.

    Parameters
    ----------
    pinned
        Those that are not; empty when all are.
    worlds
        Shape (n_worlds, n_atoms): worlds that all agree with everything released. That an
        aggregate differs enough between two of them is the proof that it is safe.
    solved
        How many programs were solved.
    """

    pinned: list[Pinned]
    worlds: NDArray[np.int64] = field(repr=False)
    solved: int

    @property
    def safe(self) -> bool:
        """Whether the release may go out."""
        return not self.pinned


def interval(
    system: System, low: NDArray[np.int64], high: NDArray[np.int64]
) -> tuple[int, int, bool]:
    """
    Return the least and the most that an aggregate can be, by integer programming.

    Parameters
    ----------
    system
        What is known.
    low, high
        Shape (n_atoms,): the aggregate's atoms, as `Aggregates` has them.

    Returns
    -------
    tuple
        Least, most, and whether both are proved: otherwise they are no wider than what was found.
    """
    least, one = _solve(system, low.astype(float))
    most, other = _solve(system, -high.astype(float))
    if least is None or most is None:
        return 0, 0, False
    return int(low @ least), int(high @ most), one and other


def audit(
    system: System, aggregates: Aggregates, truth: NDArray[np.int64], *, most_solved: int = 2000
) -> Audit:
    """
    Look for worlds that agree with everything released and differ in every aggregate.

    Parameters
    ----------
    system
        Everything that is released, now and before.
    aggregates
        What must not be worked out.
    truth
        The atoms as they are, shape (n_atoms,); a first world.
    most_solved
        Work allowed. What is not shown to be safe within it counts as pinned: the audit fails
        closed.

    Returns
    -------
    Audit

    Raises
    ------
    ValueError
        If the truth does not agree with the system: then the audit would prove nothing.

    Notes
    -----
    Each world is made of whole numbers and checked by whole numbers, so nothing hangs on a
    solver's tolerance. First come worlds for mixtures of all that is not yet safe; what is left is
    asked one by one for its exact interval.
    """
    if not _agrees(system, truth):
        raise ValueError("the atoms do not agree with what was released")
    worlds, solved = [truth], 0
    lowest, highest = aggregates.low @ truth, aggregates.high @ truth
    rng = np.random.default_rng(_SEED)

    def unsafe() -> NDArray[np.int64]:
        return np.flatnonzero(highest - lowest < aggregates.need)

    def take(world: NDArray[np.int64] | None) -> None:
        nonlocal lowest, highest
        if world is not None and _agrees(system, world):
            worlds.append(world)
            lowest = np.minimum(lowest, aggregates.low @ world)
            highest = np.maximum(highest, aggregates.high @ world)

    fruitless = 0
    while fruitless < _FRUITLESS:
        left = unsafe()
        if not len(left) or solved >= most_solved:
            break
        signs = rng.choice([-1.0, 1.0], size=len(left)) * rng.uniform(0.5, 1.5, size=len(left))
        take(_relaxed(system, signs @ aggregates.high[left].astype(float)))
        solved += 1
        fruitless = fruitless + 1 if len(unsafe()) > _FRUIT * len(left) else 0
    pinned = []
    for which in unsafe():
        if highest[which] - lowest[which] >= aggregates.need[which]:  # a later world showed it
            continue
        if solved >= most_solved:
            pinned.append(Pinned(int(which), int(lowest[which]), int(highest[which]), False))
            continue
        low, high = (part[[which]].toarray()[0] for part in (aggregates.low, aggregates.high))
        proved = True
        for objective in (-high.astype(float), low.astype(float)):
            if highest[which] - lowest[which] >= aggregates.need[which]:
                break
            world, sure = _solve(system, objective)
            take(world)
            proved &= sure
            solved += 1
        if highest[which] - lowest[which] < aggregates.need[which]:
            pinned.append(Pinned(int(which), int(lowest[which]), int(highest[which]), proved))
    return Audit(pinned, np.array(worlds), solved)


def _agrees(system: System, world: NDArray[np.int64]) -> bool:
    return bool((world >= 0).all() and (system.rows @ world == system.values).all())


def _whole(found: NDArray[np.float64]) -> NDArray[np.int64] | None:
    near = np.rint(found)
    return near.astype(np.int64) if np.abs(found - near).max(initial=0) < _TRUST else None


def _relaxed(system: System, weights: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """Return a corner of what is possible, if it happens to be of whole numbers."""
    from scipy.optimize import linprog

    found = linprog(
        weights,
        A_eq=system.rows.astype(float),
        b_eq=system.values.astype(float),
        bounds=(0, ANYTHING),
        method="highs-ds",
    )
    return _whole(found.x) if found.x is not None else None


def _solve(system: System, objective: NDArray[np.float64]) -> tuple[NDArray[np.int64] | None, bool]:
    """Return whole numbers that make the objective least, and whether that is proved."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    corner = _relaxed(system, objective)
    if corner is not None and _agrees(system, corner):  # nothing whole can be better
        return corner, True
    values = system.values.astype(float)
    found = milp(
        objective,
        integrality=np.ones(len(objective)),
        bounds=Bounds(0, ANYTHING),
        constraints=LinearConstraint(system.rows.astype(float), values, values)
        if len(values)
        else None,
        options={"node_limit": _NODES, "mip_rel_gap": 0.0},
    )
    whole = _whole(found.x) if found.x is not None else None
    return whole, found.status == 0 and whole is not None
