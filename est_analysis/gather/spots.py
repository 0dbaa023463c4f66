"""Distinct coordinates: what is asked of a place is worked out once, however many events it has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Spots:
    """
    The distinct pairs among some coordinates.

    Parameters
    ----------
    number
        The spot of each row, shape (n_rows,); -1 where a coordinate is missing.
    xy
        The spots in order of appearance, shape (n_spots, 2).
    """

    number: NDArray[np.intp]
    xy: NDArray[np.float64]

    def spread(self, values: ArrayLike, missing: object) -> NDArray[np.object_]:
        """Return each row's value, from one value a spot; `missing` where it has no spot."""
        told = [*np.asarray(values, dtype=object), missing]
        return np.array(told, dtype=object)[self.number]


def spots(x: ArrayLike, y: ArrayLike) -> Spots:
    """Return the distinct pairs of coordinates, each known to the last bit."""
    east, north = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    at_x, at_y = pd.factorize(east)[0], pd.factorize(north)[0]
    pair = at_x.astype("int64") * (int(at_y.max(initial=0)) + 1) + at_y
    known = (at_x >= 0) & (at_y >= 0)
    number = np.full(len(east), -1, dtype=np.intp)
    number[known], distinct = pd.factorize(pair[known])
    first = np.zeros(len(distinct), dtype=np.intp)
    rows = np.flatnonzero(known)
    first[number[rows][::-1]] = rows[::-1]
    return Spots(number, np.column_stack([east[first], north[first]]))
