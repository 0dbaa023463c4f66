"""The best cylinders for given times: circles of places over runs of days, searched by bounds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAME_DISTANCE = 0.001
"""Metres; distances are read to this, so that points meant to be equally far are so."""
MOST_PAIRS, MOST_WINDOWS = 20_000_000, 10**10
"""More pairs of places within the radius, or windows around places, than this are not searched."""
_PAIRS, _AT_ONCE = 1 << 18, 64
# sizes and counts are weighed together in steps that grow as chance does, by the root
_CIRCLES, _COUNTS = 0.6, 0.8
_CELLS, _KEPT = 1 << 16, 1 << 22

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def _ratio(inside: NDArray, expected: NDArray, total: int) -> Floats:
    """Return the log-likelihood ratio; 0 where no more events than expected."""
    from scipy.special import xlogy

    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = total - inside
        llr = inside * np.log(inside / expected) + xlogy(beyond, beyond / (total - expected))
    return np.where(inside > expected, llr, 0.0)


class Circles:
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
        self.ends = np.flatnonzero(last)
        self.centres, self.sizes = self.centre[self.ends], self.inside[self.ends]
        # the places, and the events, around every centre, from the nearest to the farthest
        self.first_place = np.searchsorted(self.centre, np.arange(len(start)))
        self.first_member = outside[self.first_place]
        every = int(running[-1]) if len(running) else 0
        kind = np.int32 if every < 2**31 else np.int64
        begun = start[self.place] - (running - self.events)
        self.members = np.repeat(begun.astype(kind), self.events) + np.arange(every, dtype=kind)


@dataclass(frozen=True)
class _Rows:
    """
    Circles of nearly as many events, those of one centre in one row, weighed together.

    Attributes
    ----------
    events
        Shape (rows, width): the events of each row's largest circle, the nearest first; filled up
        with an event that is none.
    centre
        Each row's centre.
    circles
        The row's circles among all: the first, and after the last. Shape (rows, 2).
    smallest
        Events in the row's smallest circle.
    """

    events: Ints
    centre: Ints
    circles: Ints
    smallest: Ints


class Search:
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
        self.circles = Circles(at, radius)
        self.days = np.sort(when)
        if end is not None:
            self.days = self.days[self.days > end - longest]
        self.since = self.total - len(self.days)
        self.before = np.searchsorted(self.days, self.days, side="left") + self.since
        # no window within `longest` holds more events than this
        reach = np.searchsorted(self.days, self.days + longest, side="left") + self.since
        self.fullest = int((reach - self.before).max(initial=0))
        self.most = int(self.circles.inside.max(initial=0))
        around = float((self.circles.largest.astype(float) ** 2).sum())
        if end is None and around * self.fullest / max(self.total, 1) > MOST_WINDOWS:
            raise ValueError("too many events lie within the radius of each other for one scan")
        self.start = math.log(max(self.total, 2)) + 1
        self._caps: dict[float, Floats] = {}
        pairs = sum(self.circles.events.tolist()) * len(self.days) // max(self.total, 1)
        self.at_once = max(1, min(_AT_ONCE, _PAIRS // max(pairs, 1)))
        self._encode()
        self._group()

    def _encode(self) -> None:
        """
        Give each time a small number.

        An event's code is how many come before its day, and 1. In a scan to the end, 0 stands for
        what came too early, and for no event; else a code beyond all others stands for no event.
        """
        none = self.total + 1 if self.end is None else 0
        self.narrow: type = np.uint16 if self.total < 1 << 14 else np.uint32
        self.codes = np.zeros(self.total + 1, dtype=self.narrow)
        self.codes[self.since : self.total] = self.before + 1
        self.codes[self.total] = none
        self.last_of = np.zeros(self.total + 2, dtype=self.narrow)
        self.day_of = np.zeros(self.total + 2, dtype=np.int64)
        upto = np.searchsorted(self.days, self.days, side="right") + self.since
        self.last_of[self.before + 1] = upto + 1
        self.day_of[self.before + 1] = self.days
        if self.end is not None:
            self.last_of[:] = self.total + 1
        # a window that holds no event is too full
        self.last_of[none] = none + self.fullest + 1

    def _group(self) -> None:
        """Put circles of nearly as many events around one centre together."""
        from scipy.sparse import csr_array

        circles = self.circles
        able = np.flatnonzero(circles.sizes >= self.smallest)
        sizes, centres = circles.sizes[able], circles.centres[able]
        level = (_CIRCLES * np.sqrt(sizes)).astype(np.int64)
        new = np.ones(len(able), dtype=bool)
        new[1:] = (np.diff(centres) != 0) | (np.diff(level) != 0)
        first = np.flatnonzero(new)
        last = np.append(first, len(able))[1:] - 1
        order = np.lexsort([sizes[last], level[first]])
        self.first, self.last = able[first[order]], able[last[order]]
        rows = np.append(np.flatnonzero(np.diff(level[first[order]], prepend=-1)), len(order))
        self.levels = list(zip(rows[:-1].tolist(), rows[1:].tolist(), strict=True))
        cells = sum((b - a) * int(circles.sizes[self.last[b - 1]]) for a, b in self.levels)
        self.kept = list(self._pieces()) if cells <= _KEPT else None
        if self.end is not None:
            # what lies in which row
            first = circles.first_place[circles.centres[self.last]]
            count = circles.ends[self.last] + 1 - first
            row = np.repeat(np.arange(len(count), dtype=np.int32), count)
            at = np.arange(len(row)) + np.repeat(first - (np.cumsum(count) - count), count)
            ones = np.ones(len(row), dtype=np.int8)
            shape = (len(circles.places), len(count))
            self.table = csr_array((ones, (circles.place[at], row)), shape)

    def _pieces(self) -> Iterator[_Rows]:
        """Yield rows of one level, about a cache's worth at a time."""
        circles = self.circles
        for begin, stop in self.levels:
            low = begin
            while low < stop:
                width = int(circles.sizes[self.last[stop - 1]])
                high = min(stop, low + max(1, _CELLS // (width * self.at_once)))
                first, last = self.first[low:high], self.last[low:high]
                size, centre = circles.sizes[last], circles.centres[last]
                column = np.arange(int(size[-1]))
                at = circles.first_member[centre][:, None] + column
                inside = column < size[:, None]
                events = circles.members[np.where(inside, at, 0)].astype(np.intp)
                events[~inside] = self.total
                ends = np.column_stack([first, last + 1])
                yield _Rows(events, centre, ends, circles.sizes[first])
                low = high

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
        codes: NDArray = np.empty((len(orders), self.total + 1), dtype=self.narrow)
        for lane, order in zip(codes, orders, strict=True):
            lane[order] = self.codes[:-1]
            lane[-1] = self.codes[-1]
        if self.end is not None:
            yield from self._above_at_the_end(codes, orders, caps, floor)
            return
        for rows in self.kept or self._pieces():
            of_rows = codes.take(rows.events, axis=1, mode="clip")
            for windows in self._anywhere(np.sort(of_rows, axis=2), rows, caps):
                yield from self._weighed(rows, codes, *windows, caps, floor)

    def _above_at_the_end(
        self, codes: NDArray, orders: Ints, caps: Floats, floor: float
    ) -> Iterator[dict[str, NDArray]]:
        """Do `_above`'s work for windows that last until the end: few events are so late."""
        found = [self._to_the_end(order, caps) for order in orders]
        lane = np.repeat(np.arange(len(orders)), [len(row) for row, _ in found])
        row, first = map(np.concatenate, zip(*found, strict=True))
        pieces, low = self.kept or self._pieces(), 0
        for rows in pieces:
            high = low + len(rows.centre)
            ours = np.flatnonzero((row >= low) & (row < high))
            last = np.full(len(ours), self.total)
            yield from self._weighed(
                rows, codes, lane[ours], row[ours] - low, first[ours], last, caps, floor
            )
            low = high

    def _anywhere(
        self, in_time: NDArray, rows: _Rows, caps: Floats
    ) -> Iterator[tuple[Ints, Ints, NDArray, NDArray]]:
        """
        Find windows from one event to another that could reach the floor.

        Parameters
        ----------
        in_time
            Codes of the events, in order of time: shape (lanes, rows, width).

        Yields
        ------
        tuple of array, shape (windows,)
            Lane, row, codes of the first and of the last event.
        """
        # this is where the time goes: few operations, on narrow integers. A window that runs on
        # into the next row mostly begins after it ends: the integers run over, and it is too full
        width = in_time.shape[2]
        begins = in_time.ravel()
        ends = self.last_of.take(begins, mode="clip")
        events, under = np.empty_like(ends), np.empty(len(ends), dtype=bool)
        least = int(rows.smallest.min())
        found: list[tuple[Ints, int, int]] = []
        held = 0
        low, most = self.smallest, min(width, len(caps) - 1)
        while low <= most:
            high = min(low + int(_COUNTS * (math.sqrt(low) - 1)), most)
            allowed = min(int(caps[high]) // least, self.fullest)
            if allowed >= low:
                k = len(ends) - low + 1
                np.subtract(ends[low - 1 :], begins[:k], out=events[:k])
                np.less_equal(events[:k], allowed, out=under[:k])
                start = under[:k].nonzero()[0]
                if not len(start) and allowed == self.fullest:
                    break
                step = max(1, _KEPT // max(len(start), 1))
                for inside in range(low, high + 1, step) if len(start) else ():
                    upto = min(inside + step, high + 1)
                    if held + len(start) * (upto - inside) > _KEPT:
                        yield self._narrowed(in_time, rows, found, caps)
                        found, held = [], 0
                    found.append((start, inside, upto))
                    held += len(start) * (upto - inside)
            low = high + 1
        yield self._narrowed(in_time, rows, found, caps)

    def _narrowed(
        self, in_time: NDArray, rows: _Rows, found: list[tuple[Ints, int, int]], caps: Floats
    ) -> tuple[Ints, Ints, NDArray, NDArray]:
        """Keep, of windows from these events on, what could reach the floor by itself."""
        width, begins = in_time.shape[2], in_time.ravel()
        none = np.empty(0, dtype=np.int64)
        start = np.concatenate([none, *(np.tile(at, upto - low) for at, low, upto in found)])
        inside = np.concatenate(
            [none, *(np.repeat(np.arange(low, upto), len(at)) for at, low, upto in found)]
        )
        start, inside = (part[start % width + inside <= width] for part in (start, inside))
        lane, row = np.divmod(start // width, len(rows.centre))
        first, last = begins[start], begins[start + inside - 1]
        spent = (self.last_of[last] - first).astype(np.int64)
        close = self.day_of[last] - self.day_of[first] < self.longest
        close &= spent <= self.fullest
        close &= spent * rows.smallest[row] <= caps[inside]
        return lane[close], row[close], first[close], last[close]

    def _to_the_end(self, order: Ints, caps: Floats) -> tuple[Ints, Ints]:
        """Return the rows, among all, and the codes of first events whose windows could do."""
        late = self.table[self.circles.of_event[order[self.since :]]].tocsc()
        upto = late.indptr[1:]
        count = np.diff(late.indptr)
        inside = np.repeat(upto, count) - np.arange(len(late.indices))
        first = self.before[late.indices] + 1
        spent = (self.total + 1 - first) * np.repeat(self.circles.sizes[self.first], count)
        could = np.flatnonzero(spent <= caps[np.minimum(inside, len(caps) - 1)])
        return np.searchsorted(upto, could, side="right"), first[could]

    def _weighed(
        self,
        rows: _Rows,
        codes: NDArray,
        lane: Ints,
        row: Ints,
        first: NDArray,
        last: NDArray,
        caps: Floats,
        floor: float,
    ) -> Iterator[dict[str, NDArray]]:
        """Weigh every circle of the windows' rows."""
        sizes = self.circles.sizes
        at_once = max(1, 4 * _CELLS // rows.events.shape[1])
        for low in range(0, len(row), at_once):
            part = slice(low, low + at_once)
            line = row[part]
            when = codes[lane[part, None], rows.events[line]]
            within = (when >= first[part, None]) & (when <= last[part, None])
            running = np.cumsum(within, axis=1, dtype=np.int32)
            events = (self.last_of[last[part]] - first[part]).astype(np.int64)
            circles = rows.circles[line]
            count = circles[:, 1] - circles[:, 0]
            window = np.repeat(np.arange(len(line)), count)
            circle = np.arange(len(window)) - np.repeat(np.cumsum(count) - count, count)
            circle += circles[window, 0]
            size = sizes[circle]
            inside = running[window, size - 1]
            spent = size * events[window]
            could = np.flatnonzero(spent <= caps[np.minimum(inside, len(caps) - 1)])
            window, size, inside = window[could], size[could], inside[could]
            expected = spent[could] / self.total
            llr = _ratio(inside, expected, self.total)
            kept = (llr > 0) & (llr >= floor)
            window = window[kept]
            ended = self.day_of[last[part][window]]
            yield {
                "lane": lane[part][window],
                "centre": rows.centre[line[window]],
                "first": self.day_of[first[part][window]],
                "last": ended if self.end is None else np.full_like(ended, self.end),
                "size": size[kept],
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
