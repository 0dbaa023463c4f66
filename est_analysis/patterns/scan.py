"""The space-time permutation scan: events that gather beyond what their places and days explain."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from est_analysis import counts

SAME_DISTANCE = 0.001
"""Metres; distances are read to this, so that points meant to be equally far are so."""
MOST_PAIRS, MOST_WINDOWS = 20_000_000, 10**10
"""More pairs of places within the radius, or windows around places, than this are not searched."""
_PAIRS, _AT_ONCE, _STEP = 1 << 18, 64, 1.3

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
    search = _Search(at, when, radius, longest, end, smallest)
    own = search.order(when)
    best = float(search.best(own[None], search.start)[0])
    simulated = np.empty(0)
    floor = search.start
    while len(simulated) < draws and best > 0:
        size = min(search.at_once, draws - len(simulated))
        orders = np.stack([rng.permutation(len(at)) for _ in range(size)])
        simulated = np.append(simulated, search.best(orders, floor))
        floor = 0.9 * float(simulated.mean())
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


def _ratio(inside: NDArray, expected: NDArray, total: int) -> Floats:
    """Return the log-likelihood ratio; 0 where no more events than expected."""
    from scipy.special import xlogy

    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = total - inside
        llr = inside * np.log(inside / expected) + xlogy(beyond, beyond / (total - expected))
    return np.where(inside > expected, llr, 0.0)


def _joined(parts: Sequence[tuple[NDArray, ...]]) -> tuple[NDArray, ...]:
    return tuple(map(np.concatenate, zip(*parts, strict=True)))


class _Circles:
    """Every circle of places around a place, up to a radius, and how many events it holds."""

    def __init__(self, at: Floats, radius: float) -> None:
        from scipy.spatial import cKDTree

        new = np.ones(len(at), dtype=bool)
        new[1:] = (at[1:] != at[:-1]).any(axis=1)
        start = np.flatnonzero(new)
        size = np.diff(np.append(start, len(at)))
        self.places, self.of_event = at[start], np.repeat(np.arange(len(start)), size)
        near = np.empty((0, 2), dtype=np.int64)
        if len(start):
            reach = radius * (1 + 1e-9) + SAME_DISTANCE
            tree = cKDTree(self.places)
            if tree.count_neighbors(tree, reach) - len(start) > 2 * MOST_PAIRS:
                raise ValueError("too many places lie within the radius: make it smaller")
            near = tree.query_pairs(reach, output_type="ndarray")
        itself = np.repeat(np.arange(len(start))[:, None], 2, axis=1)
        centre, place = np.concatenate([itself, near, near[:, ::-1]]).T
        step = self.places[centre] - self.places[place]
        metres = np.hypot(step[:, 0], step[:, 1])
        apart = np.rint(metres / SAME_DISTANCE)
        kept = apart <= np.rint(radius / SAME_DISTANCE)
        centre, place, apart, metres = centre[kept], place[kept], apart[kept], metres[kept]
        order = np.lexsort([place, apart, centre])
        self.centre, self.place = centre[order], place[order]
        self.metres, apart = metres[order], apart[order]
        # events in the circle that reaches this place; places equally far come in together
        running = np.cumsum(size[self.place])
        first = np.searchsorted(self.centre, self.centre)
        outside = running[first] - size[self.place[first]]
        last = np.ones(len(order), dtype=bool)
        last[:-1] = (np.diff(self.centre) != 0) | (np.diff(apart) != 0)
        tied = np.flatnonzero(last)[np.cumsum(last) - last]
        self.inside = running[tied] - outside
        self.events = size[self.place]
        self.largest = np.zeros(len(start), dtype=np.int32)
        np.maximum.at(self.largest, self.centre, self.inside.astype(np.int32))

    def blocks(self) -> Iterator[tuple[int, Any]]:
        """
        Yield blocks of whole centres, not much larger than a cache.

        Each is its first centre, and a sparse table (places, centres of the block) of the events
        in the smallest circle around the centre that reaches the place.
        """
        from scipy.sparse import csr_array

        whole = np.append(np.flatnonzero(np.diff(self.centre, prepend=-1)), len(self.centre))
        filled = np.append(0, np.cumsum(self.events))[whole[:-1]]
        cuts = np.append(np.flatnonzero(np.diff(filled // _PAIRS, prepend=-1)), len(whole) - 1)
        for low, high in itertools.pairwise(cuts.tolist()):
            part = slice(whole[low], whole[high])
            ends = (self.place[part], self.centre[part] - low)
            shape = (len(self.places), high - low)
            yield low, csr_array((self.inside[part].astype(np.int32), ends), shape)


@dataclass(frozen=True)
class _Level:
    """Circles of more than `above` and at most `upto` events, weighed together."""

    above: int
    upto: int


_Found = tuple[_Level, Ints, list[tuple[Ints, Ints]]]
"""A level, its events, and windows: the first event's position among them, and how many."""


class _Search:
    """The best cylinders for given times; places and the number of events a day never change."""

    def __init__(
        self,
        at: Floats,
        when: Ints,
        radius: float,
        longest: int,
        end: int | None,
        smallest: int,
    ) -> None:
        self.total, self.longest, self.smallest, self.end = len(at), longest, smallest, end
        self.circles = _Circles(at, radius)
        self.days = np.sort(when)
        if end is not None:
            self.days = self.days[self.days > end - longest]
        since = self.total - len(self.days)
        self.before = np.searchsorted(self.days, self.days, side="left") + since
        self.upto = np.searchsorted(self.days, self.days, side="right") + since
        if end is not None:
            self.upto[:] = self.total
        # no window within `longest` holds more events than this
        reach = np.searchsorted(self.days, self.days + longest, side="left") + since
        self.fullest = int((reach - self.before).max(initial=0))
        self.narrow: type = np.uint16 if self.total < 1 << 13 else np.uint32
        self.most = int(self.circles.inside.max(initial=0))
        around = float((self.circles.largest.astype(float) ** 2).sum())
        if end is None and around * self.fullest / max(self.total, 1) > MOST_WINDOWS:
            raise ValueError("too many events lie within the radius of each other for one scan")
        self.levels = list(self._levels())
        self.blocks = list(self.circles.blocks())
        self.start = math.log(max(self.total, 2)) + 1
        self._caps: dict[float, Floats] = {}
        pairs = sum(self.circles.events.tolist()) * len(self.days) // max(self.total, 1)
        self.at_once = max(1, min(_AT_ONCE, _PAIRS // max(pairs, 1)))

    def _levels(self) -> Iterator[_Level]:
        above = self.smallest - 1
        while above < self.most:
            upto = min(max(above + 1, int(above * _STEP)), self.most)
            yield _Level(above, upto)
            above = upto

    def order(self, when: Ints) -> Ints:
        """Return the events in order of time."""
        return np.argsort(when, kind="stable")

    def best(self, orders: Ints, floor: float) -> Floats:
        """
        Return the largest ratio for each order of the events in time, 0 where no cylinder is.

        Parameters
        ----------
        orders
            Shape (orders, events): which event is first, second, ... in time.
        floor
            Sought above this first; it is lowered until something is found.
        """
        best = np.zeros(len(orders))
        left = np.arange(len(orders))
        while len(left):
            for found in self._above(orders[left], floor):
                np.maximum.at(best, left[found["lane"]], found["llr"])
            left = left[best[left] < floor]
            floor = floor * 0.8 if floor > 1 else 0.0
        return best

    def cylinders(self, order: Ints, enough: float, most: int) -> list[dict[str, Any]]:
        """Return the best cylinder, and others that share no place with it and reach `enough`."""
        best = float(self.best(order[None], self.start)[0])
        if best == 0:
            return []
        parts = list(self._above(order[None], min(best, enough)))
        found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        by = [found[name] for name in ("last", "first", "size", "centre")]
        used: set[int] = set()
        seen: set[int] = set()
        cylinders: list[dict[str, Any]] = []
        circles = self.circles
        for row in np.lexsort([*by, -found["llr"]]):
            llr, centre = float(found["llr"][row]), int(found["centre"][row])
            if len(cylinders) == most or (cylinders and llr < enough):
                break
            if centre in seen:
                continue
            seen.add(centre)
            ours = (circles.centre == centre) & (circles.inside <= found["size"][row])
            places = set(circles.place[ours].tolist())
            if places & used:
                continue
            used |= places
            cylinders.append(
                {
                    "x": float(circles.places[centre, 0]),
                    "y": float(circles.places[centre, 1]),
                    "radius": float(circles.metres[ours].max()),
                    "first": int(found["first"][row]),
                    "last": int(found["last"][row]),
                    "observed": int(found["observed"][row]),
                    "expected": float(found["expected"][row]),
                    "llr": llr,
                }
            )
        return cylinders

    def _above(self, orders: Ints, floor: float) -> Iterator[dict[str, NDArray]]:
        """Yield, piece by piece, every cylinder whose ratio reaches the floor (and is above 0)."""
        caps = self._allowed(floor)
        windows = self._anywhere if self.end is None else self._backward
        for first, table in self.blocks:
            laid_out = self._laid_out(first, table, orders)
            circle, time, size, _ = laid_out
            for level, kept, parts in windows(*laid_out, caps):
                start, length = _joined(parts)
                found = self._circles_of(start, length, time[kept], size[kept], level, caps, floor)
                begin = kept[found.pop("begin")]
                found["lane"], found["centre"] = np.divmod(circle[begin], table.shape[1])
                found["centre"] += first
                found["first"] = self.days[time[begin]]
                last = self.days[time[kept[found.pop("finish")]]]
                found["last"] = last if self.end is None else np.full_like(last, self.end)
                yield found

    def _laid_out(
        self,
        first: int,
        table: Any,
        orders: Ints,
    ) -> tuple[Ints, Ints, Ints, Ints]:
        """
        Lay out the events around every centre in order of time, one lane after the other.

        Returns
        -------
        tuple of array of int, shape (events around centres in all lanes,)
            Lane and centre as one number; place in time; size of the circle that reaches the
            event; size of the centre's largest circle.
        """
        centres = table.shape[1]
        own = np.arange(centres, dtype=np.int32)
        parts: list[tuple[NDArray, ...]] = []
        for lane, order in enumerate(orders):
            ours = table[self.circles.of_event[order[self.total - len(self.days) :]]].tocsc()
            centre = np.repeat(own, np.diff(ours.indptr))
            parts.append((centre + np.int32(lane * centres), ours.indices, ours.data))
        circle, time, size = _joined(parts)
        largest = np.tile(self.circles.largest[first : first + centres], len(orders))
        return circle, time, size, largest[circle]

    def _anywhere(
        self, circle: Ints, time: Ints, size: Ints, largest: Ints, caps: Floats
    ) -> Iterator[_Found]:
        """Find windows from one event around a centre to another that could reach the floor."""
        # this is where the time goes: few operations, on narrow integers. Neighbouring centres lie
        # further apart than any window; should they meet again, the integers run over, it is seen
        base = circle.astype(self.narrow) * self.narrow(self.total + 1)
        upto: NDArray = base + self.upto.astype(self.narrow)[time]
        before: NDArray = base + self.before.astype(self.narrow)[time]
        events, under = np.empty_like(upto), np.empty(len(upto), dtype=bool)
        furthest = 1
        for level in self.levels:
            kept = np.flatnonzero((size <= level.upto) & (largest > level.above))
            ends, begins, whose = upto[kept], before[kept], circle[kept]

            def near(
                more: int, ends: NDArray = ends, begins: NDArray = begins, whose: Ints = whose
            ) -> bool:
                few = ends[more:] - begins[: len(begins) - more] <= self.fullest
                return bool((few & (whose[more:] == whose[: len(whose) - more])).any())

            # from level to level circles grow, and with them the most events in a window
            while furthest < min(level.upto, len(kept)) and near(furthest):
                furthest += 1
            parts = []
            for more in range(1, min(furthest, len(kept))):
                allowed = min(int(caps[more + 1]) // (level.above + 1), self.fullest)
                if allowed <= more:
                    continue
                k = len(kept) - more
                np.subtract(ends[more:], begins[:-more], out=events[:k])
                np.less_equal(events[:k], allowed, out=under[:k])
                start = under[:k].nonzero()[0]
                if len(start):
                    first, last = kept[start], kept[start + more]
                    spent = np.maximum(size[first], size[last]) * events[start].astype(np.int64)
                    close = self.days[time[last]] - self.days[time[first]] < self.longest
                    close &= (circle[first] == circle[last]) & (spent <= caps[more + 1])
                    start = start[close]
                    parts.append((start, np.full_like(start, more + 1)))
            if parts:
                yield level, kept, parts

    def _backward(
        self, circle: Ints, time: Ints, size: Ints, largest: Ints, caps: Floats
    ) -> Iterator[_Found]:
        """Find windows from an event around a centre to the end that could reach the floor."""
        beyond = self.total - self.before[time]
        for level in self.levels:
            kept = np.flatnonzero((size <= level.upto) & (largest > level.above))
            if not len(kept):
                continue
            last = np.flatnonzero(np.diff(circle[kept], append=-1))
            length = np.repeat(last + 1, np.diff(last, prepend=-1)) - np.arange(len(kept))
            spent = np.maximum(size[kept], level.above + 1) * beyond[kept]
            start = np.flatnonzero(spent <= caps[length])
            if len(start):
                yield level, kept, [(start, length[start])]

    def _circles_of(
        self,
        start: Ints,
        length: Ints,
        time: Ints,
        size: Ints,
        level: _Level,
        caps: Floats,
        floor: float,
    ) -> dict[str, NDArray]:
        """Weigh every circle of the windows; a circle reaches one of the window's events."""
        bits = level.upto.bit_length()
        finish = start + length - 1
        events = self.upto[time[finish]] - self.before[time[start]]
        narrow = len(start) << bits < 2**31
        window: Ints = np.repeat(np.arange(len(start), dtype="i4" if narrow else "i8"), length)
        step = np.arange(len(window)) - np.repeat(np.cumsum(length) - length, length)
        sizes = window << bits | size[start[window] + step].astype(window.dtype)
        sizes.sort()
        sizes &= (1 << bits) - 1
        inside = step + 1  # of circles equally large the last counts them all
        spent = sizes * events[window]
        could = np.flatnonzero((spent <= caps[inside]) & (sizes > level.above))
        window, sizes, inside = window[could], sizes[could], inside[could]
        expected = spent[could] / self.total
        llr = _ratio(inside, expected, self.total)
        kept = (llr > 0) & (llr >= floor)
        window = window[kept]
        return {
            "begin": start[window],
            "finish": finish[window],
            "size": sizes[kept],
            "observed": inside[kept],
            "expected": expected[kept],
            "llr": llr[kept],
        }

    def _allowed(self, floor: float) -> Floats:
        """Return, for each count, the largest (events in circle x in window) to reach the floor."""
        if floor in self._caps:
            return self._caps[floor]
        inside = np.arange(min(self.most, self.fullest) + 1)
        low, high = np.zeros(len(inside)), inside.astype(float)
        for _ in range(50):
            middle = (low + high) / 2
            reaches = _ratio(inside, middle, self.total) >= floor
            low, high = np.where(reaches, middle, low), np.where(reaches, high, middle)
        caps = np.where(inside < self.smallest, -1.0, high * self.total * (1 + 1e-9))
        self._caps[floor] = caps
        return caps
