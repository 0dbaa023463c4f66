"""Which numbers are left out: the small ones, and the fewest more that would give them away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from est_analysis.release.audit import Audit, audit
from est_analysis.release.cells import Aggregates, System

_MOST_ROUNDS = 40
_MOST_WORK = 1_500_000
"""Programs times variables that one choice may take, counted and not timed: about a minute."""
_MASTER = 20
"""A master program counts as so many of the audit's."""
_MOST_VARIABLES = 12_000
"""What a master program may hold; beyond it the sums are made safe some at a time."""
_NODES, _GAP = 400, 0.01
_REACH = 3
"""A world that proves safety lies within so many times the wanted width of the truth."""


@dataclass(frozen=True)
class Choice:
    """
    Which candidates are left out.

    Parameters
    ----------
    hidden
        Shape (n_candidates,).
    audit
        Of what is left; not safe where no choice was found within the work allowed.
    rounds
        How many times the choice was made anew.
    """

    hidden: NDArray[np.bool_]
    audit: Audit
    rounds: int


@dataclass(frozen=True)
class Problem:
    """
    What there is to choose among.

    Parameters
    ----------
    known
        What is out already: earlier releases, and what ties atoms to each other.
    candidates
        The numbers that could be released.
    costs
        What each is worth to a reader.
    small
        Those that must not be told.
    fixed
        Those that stand in an earlier release in the same words; leaving them out helps nobody.
    aggregates, truth
        As `audit` takes them.
    """

    known: System
    candidates: System
    costs: NDArray[np.float64]
    small: NDArray[np.bool_]
    fixed: NDArray[np.bool_]
    aggregates: Aggregates
    truth: NDArray[np.int64]

    def out(self, hidden: NDArray[np.bool_]) -> System:
        """Return everything that is known when `hidden` is left out."""
        shown = self.candidates.only(~hidden)
        return System(
            sparse.csr_array(sparse.vstack([self.known.rows, shown.rows])),
            np.concatenate([self.known.values, shown.values]),
        )


def choose(problem: Problem) -> Choice:
    """
    Choose the least harmful set of numbers to leave out, so that nothing small is pinned down.

    Returns
    -------
    Choice

    Notes
    -----
    The cell suppression problem of Fischetti & Salazar-González (2001), Management Science
    47:1008-1027, in its direct form: for each sum that the audit finds pinned down, the program
    holds two worlds, one where the sum is large and one where it is small. Both agree with every
    number that is shown; a number may differ only if it is left out, at its cost. Sums that are
    not pinned down need no worlds, so the program stays small: it grows by what the next audit
    finds. Worlds are of real numbers first, and of whole ones where the audit asks for it.
    """
    hidden, firm = problem.small.copy(), problem.small.copy()
    active: dict[int, bool] = {}
    room = max(1, _MOST_VARIABLES // (2 * len(problem.truth)))
    left = max(_MASTER, _MOST_WORK // max(1, len(problem.truth)))
    found = audit(problem.out(hidden), problem.aggregates, problem.truth, most_solved=left)
    for rounds in range(1, _MOST_ROUNDS + 1):
        if found.safe:
            return Choice(hidden, found, rounds)
        pinned = [one.which for one in found.pinned]
        if len(set(active) | set(pinned)) > room:  # what was chosen stays chosen
            firm, active = hidden.copy(), {which: which in active for which in pinned[:room]}
        else:
            active = {which: False for which in pinned} | {w: w in pinned for w in active}
        left -= found.solved + _MASTER
        chosen = _master(problem, firm, active) if left > 0 else None
        if chosen is None:
            break
        hidden = chosen
        found = audit(problem.out(hidden), problem.aggregates, problem.truth, most_solved=left)
    return Choice(hidden, found, _MOST_ROUNDS)


def _master(
    problem: Problem, firm: NDArray[np.bool_], active: dict[int, bool]
) -> NDArray[np.bool_] | None:
    """Return the cheapest choice that leaves two worlds for each sum; None where none does."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    truth, numbers = problem.truth, problem.candidates
    free = np.flatnonzero(~firm & ~problem.fixed)
    shown = np.flatnonzero(~firm & problem.fixed)
    reach = _REACH * int(problem.aggregates.need.max(initial=1))
    same = sparse.vstack([problem.known.rows, numbers.rows[shown]]).astype(float)
    loose = numbers.rows[free].astype(float)
    down = np.minimum(numbers.values[free], reach).astype(float)
    worlds = 2 * len(active)
    steps = sparse.identity(worlds, format="csr")
    nothing = sparse.csr_array((worlds * same.shape[0], len(free)))
    each = np.ones((worlds, 1))
    rows = [
        sparse.hstack([nothing, sparse.kron(steps, same)]),
        # a free number may be less by `down` or more by `reach`, if it is left out
        sparse.hstack([sparse.kron(each, sparse.diags(down)), sparse.kron(steps, loose)]),
        sparse.hstack(
            [
                sparse.kron(each, sparse.diags(np.full(len(free), float(reach)))),
                -sparse.kron(steps, loose),
            ]
        ),
    ]
    least = [np.zeros(sum(part.shape[0] for part in rows))]
    most = [np.zeros(rows[0].shape[0]), np.full(2 * worlds * len(free), np.inf)]
    high, low = (
        part[list(active)].astype(float)
        for part in (problem.aggregates.high, problem.aggregates.low)
    )
    for number in range(len(active)):
        ends = [sparse.csr_array((1, len(free)))]
        ends += [sparse.csr_array((1, len(truth)))] * worlds
        ends[1 + 2 * number], ends[2 + 2 * number] = high[[number]], -low[[number]]
        rows.append(sparse.hstack(ends))
    missing = problem.aggregates.need[list(active)] - (high @ truth - low @ truth)
    least.append(missing.astype(float))
    most.append(np.full(len(active), np.inf))
    whole = np.repeat([float(one) for one in active.values()], 2 * len(truth))
    found = milp(
        np.concatenate([problem.costs[free], np.zeros(worlds * len(truth))]),
        integrality=np.concatenate([np.ones(len(free)), whole]),
        bounds=Bounds(
            np.concatenate([np.zeros(len(free)), np.tile(-np.minimum(truth, reach), worlds)]),
            np.concatenate([np.ones(len(free)), np.full(worlds * len(truth), float(reach))]),
        ),
        constraints=LinearConstraint(
            sparse.csr_array(sparse.vstack(rows)), np.concatenate(least), np.concatenate(most)
        ),
        options={"node_limit": _NODES, "mip_rel_gap": _GAP},
    )
    if found.x is None:
        return None
    hidden = firm.copy()
    hidden[free] |= found.x[: len(free)] > 1e-6
    return hidden
