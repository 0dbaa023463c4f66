"""The fall after a peak: what a place's baseline would be, had it not been chosen for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

FEWEST_PLACES = 10


@dataclass(frozen=True)
class Spread:
    """
    How places of one sort differ: their true rates per season follow a gamma distribution.

    Parameters
    ----------
    shape
        Infinite where the places differ no more than chance makes them.
    mean
        Events per season.
    places
        How many places it was learnt from.
    """

    shape: float
    mean: float
    places: int

    @property
    def weight_of_prior(self) -> float:
        """So many seasons is the places' common level worth."""
        return self.shape / self.mean if self.mean > 0 else math.inf

    def shrunken(self, count: ArrayLike, seasons: float) -> NDArray[np.float64]:
        """
        Return the expected events per season at places where `count` were seen in `seasons`.

        The mean of the gamma distribution that the counts leave (Robbins 1956; Hauer 1997): a
        place's own count and the places' common level, weighted by what each is worth. It holds
        whatever chose the place, as long as it was chosen among these places by these counts.
        """
        own = np.asarray(count, dtype=float)
        if math.isinf(self.shape) or self.mean == 0:
            return np.full(own.shape, self.mean)
        return np.asarray((self.shape + own) / (self.weight_of_prior + seasons))

    def variance(self, count: ArrayLike, seasons: float) -> NDArray[np.float64]:
        """Return the variance of what `shrunken` returns."""
        if math.isinf(self.shape) or self.mean == 0:
            return np.zeros(np.asarray(count).shape)
        return np.asarray(self.shrunken(count, seasons) / (self.weight_of_prior + seasons))


def spread(counts: ArrayLike, seasons: float) -> Spread | None:
    """
    Learn how similar places differ from their counts over the same seasons.

    Parameters
    ----------
    counts
        Shape (n_places,): events of each place, all seasons together; the chosen places and those
        without any event are among them.
    seasons
        How many seasons the counts hold.

    Returns
    -------
    Spread or None
        None with fewer than ten places or no event at all.

    Raises
    ------
    ValueError
        If a count is negative or `seasons` is not above zero.

    Notes
    -----
    Counts are then negative binomial; its shape is the most likely one, its mean the counts' own.

    Examples
    --------
    >>> spread([4] * 20, 2).shrunken(4, 2).item()
    2.0
    """
    n = np.asarray(counts, dtype=float)
    if seasons <= 0 or (n < 0).any():
        raise ValueError("counts are zero or more, seasons above zero")
    if len(n) < FEWEST_PLACES or n.sum() == 0:
        return None
    mean = float(n.mean())
    if n.var(ddof=1) <= mean:
        return Spread(math.inf, mean / seasons, len(n))

    def unlikely(log_shape: float) -> float:
        shape = math.exp(log_shape)
        chance = shape / (shape + mean)
        terms = scipy.special.gammaln(n + shape) - scipy.special.gammaln(shape)
        return -float((terms + shape * math.log(chance) + n * math.log1p(-chance)).sum())

    best = scipy.optimize.minimize_scalar(unlikely, bounds=(-7, 9), method="bounded")
    return Spread(math.exp(best.x), mean / seasons, len(n))


@dataclass(frozen=True)
class Fall:
    """
    The naive baseline of a place beside the shrunken one, in events per season.

    Parameters
    ----------
    count
        Events of the place, all seasons together.
    naive, shrunken
        Events per season.
    places
        How many similar places the shrunken one rests on.
    """

    count: int
    naive: float
    shrunken: float
    places: int

    @property
    def by_itself(self) -> float:
        """The share by which the place falls without any measure; below zero it rises."""
        return 1 - self.shrunken / self.naive if self.naive > 0 else 0.0


def fall(count: int, seasons: float, similar: ArrayLike, *, dispersion: float = 1.0) -> Fall | None:
    """
    Return how much of a fall is to be expected where the baseline holds what chose the place.

    Parameters
    ----------
    count, seasons
        Events of the place, over so many seasons.
    similar
        Shape (n_places,): the same of every similar place, this one included.
    dispersion
        Variance over mean between comparable seasons; counts are worth so much less, and a place
        falls back the farther. Below 1 counts as 1.

    Returns
    -------
    Fall or None
        None where there are too few similar places to tell.
    """
    phi = max(1.0, dispersion)
    learnt = spread(np.asarray(similar, dtype=float) / phi, seasons)
    if learnt is None:
        return None
    shrunken = phi * float(learnt.shrunken(count / phi, seasons))
    return Fall(count, count / seasons, shrunken, learnt.places)


def counts_at(events: pd.DataFrame, centres: ArrayLike, radius: float) -> NDArray[np.int64]:
    """
    Count the events within `radius` of each centre.

    Parameters
    ----------
    events
        Located events with ``x``, ``y`` (metres) and ``count``.
    centres
        Shape (n, 2), metres.
    radius
        Metres.

    Returns
    -------
    array of int, shape (n,)
    """
    points = np.asarray(centres, dtype=float).reshape(-1, 2)
    if events.empty or len(points) == 0:
        return np.zeros(len(points), dtype=np.int64)
    known = scipy.spatial.cKDTree(events[["x", "y"]].to_numpy(float))
    weights = events["count"].to_numpy(np.int64)
    return np.array([weights[near].sum() for near in known.query_ball_point(points, radius)])
