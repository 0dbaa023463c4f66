"""The weighted displacement difference: events more or fewer than where nothing was done."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import scipy

from est_analysis.counts import Interval

_SIGNS = (1, -1, 1, -1)


@dataclass(frozen=True)
class Displacement:
    """A weighted displacement difference: events more (positive) or fewer after the measure."""

    estimate: float
    variance: float
    interval: Interval
    p: float

    @property
    def standard_error(self) -> float:
        """Square root of the variance, in events."""
        return math.sqrt(self.variance)


def weighted_displacement_difference(
    treated: tuple[float, float],
    comparison: tuple[float, float],
    *,
    displaced: tuple[float, float] = (0, 0),
    displaced_comparison: tuple[float, float] = (0, 0),
    time_weights: tuple[float, float] = (1, 1),
    area_weights: tuple[float, float, float, float] = (1, 1, 1, 1),
    dispersion: float = 1.0,
    level: float = 0.95,
) -> Displacement:
    """
    Difference in differences of Poisson counts, with displacement areas where there are any.

    Parameters
    ----------
    treated, comparison, displaced, displaced_comparison
        Events before and after, in each area; zero or more.
    time_weights
        Lengths of the before and the after periods, in any unit; counts are divided by them.
    area_weights
        Sizes of the four areas, in that order and in any unit; counts are divided by them, and
        the variance by their squares. A comparison area three times as large has weight 3.
    dispersion
        Variance over mean between comparable periods; the variance is multiplied by it. Values
        below 1 count as 1.
    level
        Coverage of the interval.

    Returns
    -------
    Displacement
        Events per unit of time and area; the p-value is two-sided. Counts under about ten in any
        cell make the normal approximation too bold: the caller gates.

    Raises
    ------
    ValueError
        If a count is negative or a weight is not above zero.

    Notes
    -----
    Wheeler & Ratcliffe (2018), Crime Science 7:11; weights by Wheeler (2021).

    Examples
    --------
    >>> weighted_displacement_difference((207, 110), (308, 318)).estimate
    -107.0
    """
    before, after = time_weights
    cells = (treated, comparison, displaced, displaced_comparison)
    if min(before, after, *area_weights) <= 0 or min(min(cell) for cell in cells) < 0:
        raise ValueError("counts are zero or more, time and area weights above zero")
    parts = list(zip(_SIGNS, cells, area_weights, strict=True))
    estimate = sum(sign * (a / after - b / before) / size for sign, (b, a), size in parts)
    variance = sum((a / after**2 + b / before**2) / size**2 for _, (b, a), size in parts)
    return _normal(float(estimate), float(variance) * max(1.0, dispersion), level)


def of_harm(parts: Sequence[Displacement], weights: Sequence[float]) -> Displacement:
    """
    Add the differences of crimes of unlike harm, each times what one such crime weighs.

    Parameters
    ----------
    parts
        One difference for each sort of crime, all with intervals of the same level.
    weights
        Harm of one crime of each sort, in any unit; zero or more.

    Returns
    -------
    Displacement
        In units of harm; the variance is the sum of the parts' times their weights squared.

    Raises
    ------
    ValueError
        If there is no part, a weight is missing or negative, or the levels differ.

    Notes
    -----
    Wheeler (2021), as in the weighted displacement difference of crime harm.
    """
    if not parts or len(parts) != len(weights) or min(weights) < 0:
        raise ValueError("every part has a weight of zero or more")
    (level, *others) = {part.interval.level for part in parts}
    if others:
        raise ValueError("the parts' intervals have one level")
    estimate = sum(w * part.estimate for w, part in zip(weights, parts, strict=True))
    variance = sum(w**2 * part.variance for w, part in zip(weights, parts, strict=True))
    return _normal(estimate, variance, level)


def _normal(estimate: float, variance: float, level: float) -> Displacement:
    error = math.sqrt(variance)
    z = estimate / error if error else 0.0
    reach = float(scipy.special.ndtri((1 + level) / 2)) * error
    p = float(2 * scipy.special.ndtr(-abs(z)))
    return Displacement(estimate, variance, Interval(estimate - reach, estimate + reach, level), p)
