"""Distinct coordinates: what is asked of a place is worked out once, however many events it has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from est_analysis.gather.spread import each, plain


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

    def among(self, rows: NDArray[np.bool_]) -> Spots:
        """Return the spots of some of the rows only; the others have none."""
        number = np.where(rows, self.number, -1)
        used = np.zeros(len(self.xy) + 1, dtype=bool)  # the last is that of rows without a spot
        used[number] = True
        used[-1] = False
        renumbered = np.where(used, np.cumsum(used) - 1, -1)
        return Spots(renumbered[number], self.xy[used[:-1]])

    def spread(self, texts: Iterable[str], index: pd.Index) -> pd.Series:
        """Return each row's text, from one text a spot; empty where a row has no spot."""
        return each([*texts, ""], self.number, index)


def changed(column: pd.Series, where: pd.Series, values: object) -> pd.Series:
    """
    Return a column with other values somewhere; nothing is copied if it is nowhere, or all.

    Categories become text where they are changed.
    """
    if isinstance(values, pd.Series) and where.all():
        return values
    return plain(column).mask(where, values) if where.any() else column


def spots(x: ArrayLike, y: ArrayLike) -> Spots:
    """Return the distinct pairs of coordinates, each known to the last bit."""
    east, north = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    number, distinct = pd.factorize(np.column_stack([east, north]).view(complex).ravel())
    return Spots(number, distinct.view(float).reshape(-1, 2))
