"""The space-time permutation scan: events that gather beyond what their places and days explain."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from est_analysis import counts

SAME_DISTANCE = 0.001
"""Metres; distances are read to this, so that points meant to be equally far are so."""
_PAIRS = 1 << 15

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
    rng
        Source of the permutations. The same seed gives the same result in any order of the events.

    Returns
    -------
    Scan
        No cylinders where none holds `smallest` events and more than expected.

    Raises
    ------
    ValueError
        If the arrays differ in length, hold NaN or part days, an event falls after `end`, or
        `smallest`, `radius` or `longest` make no cylinder.

    Notes
    -----
    Kulldorff et al. (2005), PLoS Medicine 2:e59. With c events in a cylinder, C in all and
    mu = (events at its places) x (events on its days) / C, the log-likelihood ratio is
    c ln(c / mu) + (C - c) ln((C - c) / (C - mu)). A cylinder need only be weighed if even all its
    window's events within the radius, and the smallest circle that reaches the window's first and
    last event, could beat the best so far: a bound that leaves few. Cost: pairs of a place and an
    event within the radius, times events of such a circle within `longest`, times permutations.
    """
    if smallest < 2 or radius < 0 or longest < 1:
        raise ValueError("a cylinder holds at least 2 events, a place and a day")
    at, when = _canonical(x, y, days)
    if end is not None and (when > end).any():
        raise ValueError("no event falls after the scan's end")
    search = _Search(at, when, radius, longest, end, smallest)
    simulated = np.empty(draws)
    floor = search.start
    for draw in range(draws):
        simulated[draw] = search.best(when[rng.permutation(len(when))], floor)
        if draw < 9:
            floor = 0.9 * float(simulated[: draw + 1].mean())
    enough = float(np.median(simulated)) if draws else math.inf
    found = []
    for cylinder in search.cylinders(when, enough, most):
        p = counts.permutation_p(cylinder["llr"], simulated)
        found.append(Cylinder(**cylinder, p=p, recurrence=math.nan if end is None else every / p))
    return Scan(len(at), tuple(found), simulated)


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


def _joined(windows: list[tuple[Ints, Ints, Ints]]) -> tuple[Ints, Ints, Ints]:
    start, length, events = map(np.concatenate, zip(*windows, strict=True))
    return start, length, events.astype(np.int64)


class _Circles:
    """Every circle of places around a place, up to a radius, and the events in it."""

    def __init__(self, at: Floats, radius: float) -> None:
        from scipy.spatial import cKDTree

        new = np.ones(len(at), dtype=bool)
        new[1:] = (at[1:] != at[:-1]).any(axis=1)
        start = np.flatnonzero(new)
        size = np.diff(np.append(start, len(at)))
        self.places = at[start]
        near = np.empty((0, 2), dtype=np.int64)
        if len(start):
            reach = radius * (1 + 1e-9) + SAME_DISTANCE
            near = cKDTree(self.places).query_pairs(reach, output_type="ndarray")
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
        # the same, event by event
        whose = np.repeat(np.arange(len(order)), size[self.place])
        within = np.arange(len(whose)) - np.repeat(running - size[self.place], size[self.place])
        self.event = start[self.place[whose]] + within
        self.pair = whose

    def blocks(self) -> Iterator[slice]:
        """Yield slices of events that hold whole centres and are not much larger than a cache."""
        starts = np.flatnonzero(np.diff(self.centre[self.pair], prepend=-1))
        cuts = starts[np.flatnonzero(np.diff(starts // _PAIRS, prepend=-1))]
        yield from itertools.starmap(slice, itertools.pairwise([*cuts.tolist(), len(self.pair)]))


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
        self.total, self.longest, self.smallest = len(at), longest, smallest
        self.since = int(when.min()) if len(when) else 0
        self.end = None if end is None else end - self.since
        self.circles = _Circles(at, radius)
        day = np.bincount(when - self.since) if len(when) else np.zeros(1, dtype=np.int64)
        self.upto = np.cumsum(day)
        self.before = self.upto - day
        # one integer holds centre, day and size of circle, in this order: sorting is then quick
        self.size_bits = int(self.total).bit_length()
        self.day_bits = int(len(day) + longest).bit_length()
        if self.size_bits + self.day_bits + len(self.circles.places).bit_length() > 62:
            raise ValueError("too many events, places and days for one scan")
        key = self.circles.centre << (self.day_bits + self.size_bits) | self.circles.inside
        self.key = key[self.circles.pair]
        self.blocks = list(self.circles.blocks())
        self.most = int(self.circles.inside.max(initial=0))
        self.start = math.log(max(self.total, 2)) + 1
        self._caps: dict[float, Floats] = {}

    def best(self, when: Ints, floor: float) -> float:
        """Return the largest ratio, sought above the floor first; 0 if there is no cylinder."""
        while True:
            ratios = [found["llr"].max(initial=0.0) for found in self._above(when, floor)]
            best = float(max(ratios, default=0.0))
            if best >= floor:
                return best
            floor = floor * 0.8 if floor > 1 else 0.0

    def cylinders(self, when: Ints, enough: float, most: int) -> list[dict[str, Any]]:
        """Return the best cylinder, and others that share no place with it and reach `enough`."""
        best = self.best(when, self.start)
        if best == 0:
            return []
        parts = list(self._above(when, min(best, enough)))
        found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        order = np.lexsort(
            [found[name] for name in ("last", "first", "size", "centre")] + [-found["llr"]]
        )
        used: set[int] = set()
        seen: set[int] = set()
        cylinders: list[dict[str, Any]] = []
        circles = self.circles
        for row in order:
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
                    "first": int(found["first"][row]) + self.since,
                    "last": int(found["last"][row]) + self.since,
                    "observed": int(found["observed"][row]),
                    "expected": float(found["expected"][row]),
                    "llr": llr,
                }
            )
        return cylinders

    def _above(self, when: Ints, floor: float) -> Iterator[dict[str, NDArray]]:
        """Yield, piece by piece, every cylinder whose ratio reaches the floor (and is above 0)."""
        caps = self._allowed(floor)
        days = when - self.since
        for block in self.blocks:
            event, key = self.circles.event[block], self.key[block]
            day = days[event]
            if self.end is not None:
                live = day > self.end - self.longest
                day, key = day[live], key[live]
            if len(key) < self.smallest:
                continue
            key = np.sort(key | day << self.size_bits)
            size = key & ((1 << self.size_bits) - 1)
            key >>= self.size_bits
            day = key & ((1 << self.day_bits) - 1)
            windows = self._backward if self.end is not None else self._anywhere
            for start, length, events in windows(key, day, size, caps):
                found = self._circles_of(start, length, events, size, caps, floor)
                first = start[found["window"]]
                found["centre"] = key[first] >> self.day_bits
                found["first"] = day[first]
                last = first + length[found.pop("window")] - 1
                found["last"] = day[last] if self.end is None else np.full(len(last), self.end)
                yield found

    def _anywhere(
        self, key: Ints, day: Ints, size: Ints, caps: Floats
    ) -> Iterator[tuple[Ints, Ints, Ints]]:
        """Yield windows from one event around a centre to another that could reach the floor."""
        # narrow integers and plain slices: this is where the time goes
        narrow = max(self.total**2, int(key[-1])) < 2**31
        arrays = (key, size, self.upto[day], self.before[day])
        key, size, upto, before = (a.astype("int32" if narrow else "int64") for a in arrays)
        kept: list[tuple[Ints, Ints, Ints]] = []
        held = 0
        for more in range(1, len(key)):
            near = key[more:] - key[:-more] < self.longest
            if not near.any():
                break
            if caps[more + 1] < 0:
                continue
            events = upto[more:] - before[:-more]
            near &= np.maximum(size[more:], size[:-more]) * events <= int(caps[more + 1])
            start = np.flatnonzero(near)
            kept.append((start, np.full_like(start, more + 1), events[start]))
            held += len(start) * (more + 1)
            if held > _PAIRS * 16:
                yield _joined(kept)
                kept, held = [], 0
        if held:
            yield _joined(kept)

    def _backward(
        self, key: Ints, day: Ints, size: Ints, caps: Floats
    ) -> Iterator[tuple[Ints, Ints, Ints]]:
        """Yield windows from an event around a centre to the end that could reach the floor."""
        centre = key >> self.day_bits
        length = np.searchsorted(centre, centre, side="right") - np.arange(len(key))
        events = self.total - self.before[day]
        good = np.flatnonzero(size * events <= caps[length])
        yield good, length[good], events[good]

    def _circles_of(
        self, start: Ints, length: Ints, events: Ints, size: Ints, caps: Floats, floor: float
    ) -> dict[str, NDArray]:
        """Weigh every circle of the windows; a circle reaches one of the window's events."""
        narrow = len(start) << self.size_bits < 2**31
        whole = np.dtype("int32" if narrow else "int64")
        window: Ints = np.repeat(np.arange(len(start)).astype(whole), length)
        step = np.arange(len(window)) - np.repeat(np.cumsum(length) - length, length)
        sizes = window << self.size_bits | size[start[window] + step].astype(whole)
        sizes.sort()
        sizes &= (1 << self.size_bits) - 1
        inside = step + 1  # of circles equally large the last counts them all
        spent = sizes * events[window]
        could = np.flatnonzero(spent <= caps[inside])
        window, sizes, inside = window[could], sizes[could], inside[could]
        expected = spent[could] / self.total
        llr = _ratio(inside, expected, self.total)
        kept = (llr > 0) & (llr >= floor)
        return {
            "window": window[kept],
            "size": sizes[kept],
            "observed": inside[kept],
            "expected": expected[kept],
            "llr": llr[kept],
        }

    def _allowed(self, floor: float) -> Floats:
        """Return, for each count, the largest (events in circle x in window) to reach the floor."""
        if floor in self._caps:
            return self._caps[floor]
        inside = np.arange(self.most + 1)
        low, high = np.zeros(len(inside)), inside.astype(float)
        for _ in range(50):
            middle = (low + high) / 2
            reaches = _ratio(inside, middle, self.total) >= floor
            low, high = np.where(reaches, middle, low), np.where(reaches, high, middle)
        caps = np.where(inside < self.smallest, -1.0, high * self.total * (1 + 1e-9))
        self._caps[floor] = caps
        return caps
