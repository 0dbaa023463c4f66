"""What places where nothing was done show: a measure's change among theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from est_analysis.counts import permutation_p
from est_analysis.measures.design import unlikeness
from est_analysis.measures.ground import disjoint

FEWEST_FOR_P, FEWEST_FOR_RANK = 39, 19
MOST_PLACES = 199
"""The most alike; with them the smallest p is 0.005."""
_FACTOR = 2.0


@dataclass(frozen=True)
class Placebo:
    """
    A measure's change among those of untreated places.

    Parameters
    ----------
    places
        Untreated places compared with.
    rank
        1 where no place changed as much or more, either way; None with fewer than 19 places.
    p
        (r + 1) / (R + 1), two-sided; None with fewer than 39 places.
    """

    places: int
    rank: int | None = None
    p: float | None = None


def placebo(treated: tuple[int, int], others: ArrayLike, comparison: tuple[int, int]) -> Placebo:
    """
    Rank a place's change among those of places where nothing was done.

    Each is held against the same comparison place, by the root of the deviance (`unlikeness`).

    Parameters
    ----------
    treated
        Events before and after.
    others
        Shape (n_places, 2): the same of untreated places, as `untreated` chooses them.
    comparison
        Events before and after at the comparison place.

    Returns
    -------
    Placebo

    Raises
    ------
    ValueError
        If a count is negative.

    Notes
    -----
    With 39 places the smallest p is 0.025, a claim on either side of 5 %; with 19 it is 0.05,
    where one chance place would decide.
    """
    counts = np.vstack([np.asarray([treated]), np.asarray(others).reshape(-1, 2)]).astype(float)
    there = np.asarray(comparison, dtype=float)
    if (counts < 0).any() or (there < 0).any():
        raise ValueError("counts are zero or more")
    size = unlikeness([*counts.T, *(np.full(len(counts), n) for n in there)])
    own, theirs = float(size[0]), size[1:]
    if len(theirs) < FEWEST_FOR_RANK:
        return Placebo(len(theirs))
    rank = 1 + int((theirs >= own).sum())
    return Placebo(
        len(theirs), rank, permutation_p(own, theirs) if len(theirs) >= FEWEST_FOR_P else None
    )


def untreated(
    centres: ArrayLike,
    baseline: ArrayLike,
    own: float,
    taken: Sequence[tuple[float, float]],
    radius: float,
) -> NDArray[np.int64]:
    """
    Choose places where nothing was done, of about the same level, that share no ground.

    What happened after has no say in the choice.

    Parameters
    ----------
    centres
        Shape (n, 2), metres.
    baseline
        Shape (n,): events before.
    own
        Events before at the treated place; chosen places have half to twice as many.
    taken
        Centres of treated places and of comparison places.
    radius
        Of every place, metres.

    Returns
    -------
    array of int
        Positions in `centres`, most alike first; at most 199.
    """
    points, before = np.asarray(centres, dtype=float).reshape(-1, 2), np.asarray(baseline, float)
    if own <= 0 or len(points) == 0:
        return np.empty(0, dtype=np.int64)
    alike = np.flatnonzero((before >= own / _FACTOR) & (before <= own * _FACTOR))
    if len(taken):
        far, _ = scipy.spatial.cKDTree(np.asarray(taken, dtype=float)).query(points[alike])
        alike = alike[far >= 2 * radius]
    unlike = np.abs(np.log(before[alike] / own))
    order = alike[np.lexsort((points[alike, 1], points[alike, 0], unlike))]
    return disjoint(points, order, 2 * radius, most=MOST_PLACES)
