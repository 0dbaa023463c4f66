"""Near pairs counted by how far apart in time, for many orders of the times side by side."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from est_analysis.patterns.near_spots import Ints, NearSpots, finite

MINUTES = 1440
"""In a day."""
_ROWS, _LANES, _BUSY, _CELLS = 192, 512, 10, 1 << 17


class Clock:
    """
    The times of events, in their coarsest common unit, and the limits of the bands.

    Attributes
    ----------
    values
        The different times, rising, as the smallest integers that hold their differences.
    times
        Which of `values` each event has, as the smallest integers.
    limits
        Upper limits of the finite bands, in the same unit.
    """

    def __init__(self, minutes: Ints, edges: tuple[float, ...]) -> None:
        since = minutes - minutes.min() if len(minutes) else minutes
        unit = int(np.gcd.reduce(since)) or 1
        since = since // unit
        span = int(since.max(initial=0))
        values, times = np.unique(since, return_inverse=True)
        self.values: NDArray = values.astype(_narrow(span))
        self.times: NDArray = times.astype(_narrow(len(values)))
        limits = (-(-round(edge * MINUTES) // unit) for edge in finite(edges))
        self.limits = [min(limit, span + 1) for limit in limits]

    def totals(self) -> Ints:
        """Return how many pairs of all events, wherever they are, fall in each finite band."""
        clock = np.sort(self.values[self.times].astype(np.int64))
        later = np.arange(1, len(clock) + 1)
        below = [int((np.searchsorted(clock, clock + e) - later).sum()) for e in self.limits]
        return np.array([b - a for a, b in itertools.pairwise([0, *below])], dtype=np.int64)


def _narrow(most: int) -> type:
    return next(kind for kind in (np.int16, np.int32, np.int64) if most < np.iinfo(kind).max)


def _cut(rows: Ints, by: NDArray) -> list[Ints]:
    """Cut rows up where what they are sorted by changes."""
    return np.split(rows, np.flatnonzero(np.diff(by[rows])) + 1) if len(rows) else []


def permuted(times: NDArray, labels: Ints | None, size: int, rng: np.random.Generator) -> NDArray:
    """Return `size` lanes of permuted times, shape (n, size), within labels where given."""
    lanes = np.empty((size, len(times)), dtype=times.dtype)
    if labels is None:
        for lane in lanes:
            lane[:] = times[rng.permutation(len(times))]
    else:
        grouped = np.argsort(labels, kind="stable")
        for lane in lanes:
            lane[grouped] = times[np.argsort(labels + rng.random(len(times)))]
    return np.ascontiguousarray(lanes.T)


@dataclass(frozen=True)
class _Busy:
    """
    An address with so many pairs that they are counted by time, not one by one.

    Attributes
    ----------
    own
        Its events.
    bands
        Bands of space, each with the events there that are paired with its own; whether its own
        events are paired with each other in that band too.
    most
        Most pairs in one of the bands.
    """

    own: Ints
    bands: list[tuple[int, Ints, bool]]
    most: int


class Tally:
    """
    Counts of near pairs by band of space and of time, for any order of the times.

    Pairs are looked at one by one, many orders side by side, but for those of the busiest
    addresses: there the events at each time are counted first, so that the work grows with the
    different times and not with pairs.
    """

    def __init__(self, near: NearSpots, clock: Clock) -> None:
        self.near, self.clock = near, clock
        a, b = near.of_spots.T
        bands = len(near.totals)
        band = np.repeat(np.arange(bands, dtype=np.int16), np.diff(near.ends))
        larger, other = np.where(near.size[a] >= near.size[b], (a, b), (b, a))
        group = larger * np.int64(bands) + band
        pairs = np.bincount(group, near.pairs_of_spots, len(near.size) * bands)
        busy = pairs[group] > _BUSY * len(clock.values)
        self.one_by_one = [np.flatnonzero(~busy & (band == at)) for at in range(bands)]
        self.busy = []
        ours = np.flatnonzero(busy)
        ours = ours[np.argsort(group[ours], kind="stable")]
        for of_spot in _cut(ours, larger):
            spot, parts = int(larger[of_spot[0]]), []
            for of_band in _cut(of_spot, band):
                rest = other[of_band][other[of_band] != spot]
                own = len(rest) < len(of_band)
                parts.append((int(band[of_band[0]]), near.events(rest), own))
            most = int(pairs[spot * bands : (spot + 1) * bands].max())
            self.busy.append(_Busy(near.events(np.array([spot])), parts, most))

    def __call__(self, lanes: NDArray) -> Ints:
        """
        Count.

        Parameters
        ----------
        lanes
            Which of the clock's times each event has: shape (events, lanes).

        Returns
        -------
        array of int, shape (lanes, space bands, time bands)
        """
        values, limits = self.clock.values, self.clock.limits
        as_they_are = len(values) == 0 or int(values[-1]) == len(values) - 1
        below = self._one_by_one(lanes if as_they_are else values.take(lanes), limits)
        piece = max(1, _CELLS // max(len(values), 1))
        for low in range(0, lanes.shape[1], piece):
            part = slice(low, low + piece)
            for busy in self.busy:
                self._by_time(busy, lanes[:, part], below[part])
        return np.diff(below, axis=2, prepend=0)

    def _one_by_one(self, lanes: NDArray, limits: Sequence[int]) -> Ints:
        """Count, per lane and band of space, pairs nearer in time than each limit."""
        width = lanes.shape[1]
        rows = max(_ROWS, _ROWS * _LANES // width)
        left, right = np.empty((2, rows, width), dtype=lanes.dtype)
        under = np.empty((rows, width), dtype=bool)
        # one byte a pair and lane: emptied before it can run over
        kept = np.zeros((len(limits), rows, width), dtype=np.uint8)
        below = np.zeros((width, len(self.one_by_one), len(limits)), dtype=np.int64)
        whole = (left, right, under, under.view(np.uint8), list(kept))
        for band, spots in enumerate(self.one_by_one):
            filled = 0
            for i, j in self.near.pairs(spots):
                for row in range(0, len(i), rows):
                    k = min(rows, len(i) - row)
                    one, other, less, as_bytes, sums = whole
                    if k < rows:
                        one, other, less, as_bytes = (part[:k] for part in whole[:4])
                        sums = [part[:k] for part in kept]
                    lanes.take(i[row : row + k], axis=0, out=one, mode="clip")
                    lanes.take(j[row : row + k], axis=0, out=other, mode="clip")
                    np.subtract(one, other, out=one)
                    np.abs(one, out=one)
                    for limit, counted in zip(limits, sums, strict=True):
                        np.less(one, limit, out=less)
                        np.add(counted, as_bytes, out=counted)
                    filled += 1
                    if filled == 255:
                        below[:, band] += kept.sum(axis=1, dtype=np.int64).T
                        kept[:], filled = 0, 0
            if filled:
                below[:, band] += kept.sum(axis=1, dtype=np.int64).T
                kept[:] = 0
        return below

    def _by_time(self, busy: _Busy, lanes: NDArray, below: Ints) -> None:
        """Add a busy address's pairs to `below`, shape (lanes, space bands, time bands)."""
        values = self.clock.values.astype(np.int64)
        # twice the pairs, and each event with itself, are counted on the way
        kind: Any = np.int32 if 2 * busy.most + len(busy.own) < 2**31 else np.int64
        own = self._at_each_time(busy.own, lanes).astype(kind)
        upto = np.zeros((len(own) + 1, own.shape[1]), dtype=kind)
        np.cumsum(own, axis=0, out=upto[1:])
        theirs = []
        for band, events, among_own in busy.bands:
            others = 2 * self._at_each_time(events, lanes).astype(kind)
            themselves = len(busy.own) if among_own else 0
            theirs.append((band, others + own if among_own else others, themselves))
        for at, limit in enumerate(self.clock.limits):
            near = upto[np.searchsorted(values, values + limit, side="left")]
            near -= upto[np.searchsorted(values, values - limit, side="right")]
            for band, events_at, themselves in theirs:
                twice = np.einsum("ij,ij->j", events_at, near)
                below[:, band, at] += (twice - themselves) // 2

    def _at_each_time(self, events: Ints, lanes: NDArray) -> Ints:
        """Count events by time and lane: shape (times, lanes)."""
        times, width = len(self.clock.values), lanes.shape[1]
        cells = lanes[events] * np.int64(width) + np.arange(width)
        return np.bincount(cells.ravel(), minlength=times * width).reshape(times, width)
