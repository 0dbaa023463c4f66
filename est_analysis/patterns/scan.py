"""The space-time permutation scan: events that gather beyond what their places and days explain."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from est_analysis import counts
from est_analysis.patterns.cylinders import Search

_SHARE, _MANY = 0.8, 32
"""Sought above this share of the mean so far; so many permutations at once when all are made."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cylinder:
    """
    A circle of places over a run of days, with more events than expected.

    Attributes
    ----------
    x, y, radius
        Centre (an event's place) and the distance to the farthest place in it, in metres.
    first, last
        First and last day with an event in it; in a prospective scan `last` is the scan's end.
    observed, expected
        Events in it, and events expected from its places' and its days' shares of all.
    llr
        Log-likelihood ratio.
    p
        Monte Carlo p: how often the best cylinder of permuted days is as good. For a second
        cylinder this is on the safe side.
    recurrence
        Days between false alarms as strong as this, if one scans every `every` days; NaN for a
        retrospective scan.
    """

    x: float
    y: float
    radius: float
    first: int
    last: int
    observed: int
    expected: float
    llr: float
    p: float
    recurrence: float


@dataclass(frozen=True)
class Scan:
    """The cylinders found, best first, none sharing a place; and the best of each permutation."""

    n: int
    cylinders: tuple[Cylinder, ...]
    simulated: Floats


def scan(
    x: ArrayLike,
    y: ArrayLike,
    days: ArrayLike,
    *,
    radius: float = 1000.0,
    longest: int = 28,
    end: int | None = None,
    every: float = 14.0,
    smallest: int = 3,
    draws: int = 999,
    most: int = 5,
    stop_after: int | None = None,
    rng: np.random.Generator,
) -> Scan:
    """
    Search for cylinders in space and time where events outnumber what place and day explain.

    Circles are centred on the events' places and grow to `radius`; places equally far come in
    together, and so do events of the same day, so nothing hangs on the order of rows. Times are
    permuted over the events, so that neither a place that is always busy nor days that are busy
    everywhere stand out.

    Parameters
    ----------
    x, y
        Coordinates in metres, shape (n,), in a projected CRS.
    days
        Whole numbers of steps (days or weeks), shape (n,).
    radius
        Largest radius in metres, itself included.
    longest
        Longest window in steps.
    end
        The study's last step. Given, the scan is prospective: windows end there. None: windows lie
        anywhere.
    every
        Days between two runs of a prospective scan.
    smallest
        Fewest events in a cylinder; at least 2.
    draws
        Permutations.
    most
        Most cylinders returned. After the first, only those that reach the median of the
        permutations' best.
    stop_after
        Stop once so many permutations have reached the best (Besag & Clifford): the p of what is
        far from a claim is then had cheaply. None makes them all.
    rng
        Source of the permutations. The same seed gives the same result in any order of the events.

    Returns
    -------
    Scan
        No cylinders, and no permutations, where none holds `smallest` events and more than
        expected.

    Raises
    ------
    ValueError
        If the arrays differ in length, hold NaN or part days, an event falls after `end`,
        `smallest`, `radius` or `longest` make no cylinder, or more than `MOST_PAIRS` pairs of
        places lie within the radius of each other or `MOST_WINDOWS` windows are to be weighed.

    Notes
    -----
    Kulldorff et al. (2005), PLoS Medicine 2:e59. With c events in a cylinder, C in all and
    mu = (events at its places) x (events on its days) / C, the log-likelihood ratio is
    c ln(c / mu) + (C - c) ln((C - c) / (C - mu)). Circles of nearly as many events are weighed
    together: a window is looked into only if all its events in the largest of them, set against
    the smallest, could beat a floor near the usual maximum. The floor is lowered until something
    is found, so the maximum is exact. Sequential p: Besag & Clifford (1991), Biometrika
    78:301-304: h/l when the h-th exceedance comes at draw l. Cost: pairs of a place and an event
    within the radius, times events of such a circle within `longest`, times permutations.
    """
    if smallest < 2 or radius < 0 or longest < 1:
        raise ValueError("a cylinder holds at least 2 events, a place and a day")
    if stop_after is not None and stop_after < 1:
        raise ValueError("permutations stop once the observed is reached at least once")
    at, when = _canonical(x, y, days)
    if end is not None and (when > end).any():
        raise ValueError("no event falls after the scan's end")
    search = Search(at, when, radius, longest, end, smallest)
    own = search.order(when)
    best = float(search.best(own[None], search.start)[0])
    simulated = np.empty(0)
    floor = search.start
    while len(simulated) < draws and best > 0:
        size = min(search.at_once if stop_after else _MANY, draws - len(simulated))
        orders = np.stack([rng.permutation(len(at)) for _ in range(size)])
        simulated = np.append(simulated, search.best(orders, floor))
        floor = math.floor(_SHARE * 10 * float(simulated.mean())) / 10
        reached = np.flatnonzero(simulated >= best)
        if stop_after is not None and len(reached) >= stop_after:
            simulated = simulated[: reached[stop_after - 1] + 1]
            break
    enough = float(np.median(simulated)) if len(simulated) else math.inf
    found = []
    for cylinder in search.cylinders(own, enough, most):
        p = _p(cylinder["llr"], simulated, stop_after)
        found.append(Cylinder(**cylinder, p=p, recurrence=math.nan if end is None else every / p))
    return Scan(len(at), tuple(found), simulated)


def _p(llr: float, simulated: Floats, stop_after: int | None) -> float:
    """Return the Monte Carlo p of a ratio, of draws that stopped as soon as so many reached it."""
    reached = np.flatnonzero(simulated >= llr)
    if stop_after is not None and len(reached) >= stop_after:
        return stop_after / (int(reached[stop_after - 1]) + 1)
    return counts.permutation_p(llr, simulated)


def _canonical(x: ArrayLike, y: ArrayLike, days: ArrayLike) -> tuple[Floats, Ints]:
    """Return points and steps in an order that does not hang on the rows' order."""
    at = np.column_stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
    steps = np.asarray(days, dtype=float)
    if steps.shape != (len(at),):
        raise ValueError("one x, y and day an event")
    if not (np.isfinite(at).all() and (steps == np.rint(steps)).all()):
        raise ValueError("coordinates are finite numbers and days whole ones")
    order = np.lexsort([steps, at[:, 1], at[:, 0]])
    return at[order], steps[order].astype(np.int64)
