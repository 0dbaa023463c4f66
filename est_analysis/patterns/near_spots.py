"""Pairs of addresses that lie near each other, found once, and the pairs of events there."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

MOST_PAIRS, MOST_OF_SPOTS = 10**10, 50_000_000
"""More pairs of events, or of addresses, nearer than the largest finite edge are not counted."""
_PAIRS = 1 << 17

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def finite(edges: Sequence[float]) -> list[float]:
    """Return the upper edges of the bands that end."""
    return [edge for edge in edges[1:] if math.isfinite(edge)]


def apart(steps: Floats, *, manhattan: bool) -> Floats:
    """Return the lengths of steps, shape (n, 2)."""
    return np.abs(steps).sum(axis=1) if manhattan else np.hypot(steps[:, 0], steps[:, 1])


def _runs(lengths: Ints) -> tuple[Ints, Ints]:
    """Return, for runs of these lengths laid end to end, whose run and the step within it."""
    whose = np.repeat(np.arange(len(lengths)), lengths)
    return whose, np.arange(len(whose)) - np.repeat(np.cumsum(lengths) - lengths, lengths)


class NearSpots:
    """
    The pairs of addresses nearer than the largest finite edge; events come sorted by address.

    Attributes
    ----------
    start, size
        Each address's first event, and how many it has.
    of_spots
        Pairs of addresses, shape (pairs, 2), an address of several events with itself among
        them; those of the first band first, up to `ends`.
    ends
        Where each band begins among them, and where the last ends.
    pairs_of_spots
        Pairs of events in each.
    totals
        Pairs of events in each band.
    """

    def __init__(self, at: Floats, edges: tuple[float, ...], *, manhattan: bool) -> None:
        from scipy.spatial import cKDTree

        new = np.ones(len(at), dtype=bool)
        new[1:] = (at[1:] != at[:-1]).any(axis=1)
        self.start = np.flatnonzero(new)
        self.size = np.diff(np.append(self.start, len(at)))
        spots = at[self.start]
        limits = finite(edges)
        pairs, bands = np.empty((0, 2), dtype=np.int64), np.empty(0, dtype=np.int64)
        if limits and len(spots):
            reach = limits[-1] * (1 + 1e-9)
            tree, power = cKDTree(spots), 1 if manhattan else 2
            sizes = self.size.astype(float)
            ordered = tree.count_neighbors(tree, reach, p=power) - len(spots)
            of_events = tree.count_neighbors(tree, reach, p=power, weights=(sizes, sizes))
            if ordered > 2 * MOST_OF_SPOTS or of_events > 2 * MOST_PAIRS:
                raise ValueError("too many events lie so near each other: narrow the bands")
            pairs = tree.query_pairs(reach, p=power, output_type="ndarray")
            metres = apart(spots[pairs[:, 0]] - spots[pairs[:, 1]], manhattan=manhattan)
            bands = np.searchsorted(limits, metres, side="right")
            pairs, bands = pairs[bands < len(limits)], bands[bands < len(limits)]
            stacked = np.flatnonzero(self.size > 1)
            pairs = np.concatenate([np.column_stack([stacked, stacked]), pairs])
            bands = np.concatenate([np.zeros(len(stacked), dtype=np.int64), bands])
            order = np.lexsort([pairs[:, 1], pairs[:, 0], bands])
            pairs, bands = pairs[order].astype(np.int32), bands[order]
        self.of_spots = pairs
        self.ends = np.searchsorted(bands, np.arange(len(limits) + 1))
        a, b = pairs.T
        n = np.where(a == b, self.size[a] * (self.size[a] - 1) // 2, self.size[a] * self.size[b])
        self.pairs_of_spots = n
        running = np.append(0, np.cumsum(n))
        self.totals = np.diff(running[self.ends])

    def events(self, spots: Ints) -> Ints:
        """Return the events at addresses."""
        whose, step = _runs(self.size[spots])
        return self.start[spots][whose] + step

    def pairs(self, of_spots: Ints) -> Iterator[tuple[Ints, Ints]]:
        """Yield the pairs of events (i, j) of some rows of `of_spots`, piece by piece."""
        for block in range(0, len(of_spots), _PAIRS):
            a, b = self.of_spots[of_spots[block : block + _PAIRS]].T
            a, b = np.where(self.size[a] <= self.size[b], (a, b), (b, a))
            whose, step = _runs(self.size[a])
            i = self.start[a][whose] + step
            same = (a == b)[whose]
            first = np.where(same, i + 1, self.start[b][whose])
            length = np.where(same, self.size[a][whose] - step - 1, self.size[b][whose])
            pieces = np.cumsum(length) // _PAIRS
            cuts = np.append(np.flatnonzero(np.diff(pieces, prepend=-1)), len(i))
            for low, high in itertools.pairwise(cuts.tolist()):
                whose_i, step_j = _runs(length[low:high])
                yield i[low:high][whose_i], first[low:high][whose_i] + step_j
