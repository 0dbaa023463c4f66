"""Weekly counts watched in the published ways: the analyst's second opinion, never a claim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_EXTREME = 2.58
"""Anscombe residuals above this mark past outbreaks, which are weighted down."""
_SEASONS = 10
_FEWEST_EVENTS, _FEWEST_WEEKS = 5, 4


def ears(counts: ArrayLike, *, baseline: int = 7, lag: int = 0, alpha: float = 0.001) -> Floats:
    """
    Return the upper limit of EARS C1 (`lag` 0) or C2 (`lag` 2) for every period.

    Parameters
    ----------
    counts
        Shape (..., n_periods), oldest first.
    baseline
        How many earlier periods are compared with.
    lag
        How many of the nearest are left out.
    alpha
        One-sided level of the normal distribution that the limit takes for granted.

    Returns
    -------
    array of float, same shape
        NaN where there is too little history. The limit of a count is mean + z x standard
        deviation of the `baseline` periods that end `lag` periods before it.

    Notes
    -----
    Hutwagner et al. (2003), Journal of Urban Health 80:i89-i96; equal to ``earsC`` of R's
    surveillance 1.20.3. Counts are discrete and seasons move: C1 alone alarms too often.
    """
    values = np.asarray(counts, dtype=float)
    limits = np.full(values.shape, np.nan)
    if values.shape[-1] <= baseline + lag:
        return limits
    windows = np.lib.stride_tricks.sliding_window_view(values, baseline, axis=-1)
    windows = windows[..., : values.shape[-1] - baseline - lag, :]
    z = float(scipy.special.ndtri(1 - alpha))
    limits[..., baseline + lag :] = windows.mean(axis=-1) + z * windows.std(axis=-1, ddof=1)
    return limits


def root_band(mean: ArrayLike, *, z: float = 3.0) -> tuple[Floats, Floats]:
    """
    Return the lower and upper limit of a count whose mean is known, by the square-root rule.

    Parameters
    ----------
    mean
        Any shape, for example of the eight weeks before.
    z
        How many standard deviations; 2(sqrt(y) - sqrt(mean)) is about standard normal.

    Returns
    -------
    two arrays of float, same shape

    Notes
    -----
    Wheeler (2016), International Journal of Police Science & Management 18:223-232. It takes
    counts for Poisson, and the mean for known: too narrow for totals.
    """
    root = np.sqrt(np.asarray(mean, dtype=float))
    return np.maximum(root - z / 2, 0.0) ** 2, (root + z / 2) ** 2


def poisson_z(before: ArrayLike, after: ArrayLike) -> Floats:
    """Return 2(sqrt(after) - sqrt(before)): two counts' difference in standard deviations."""
    return np.asarray(2 * (np.sqrt(after) - np.sqrt(before)), dtype=float)


@dataclass(frozen=True)
class Farrington:
    """
    What the flexible Farrington method expects of the newest week.

    Parameters
    ----------
    expected, limit
        Events in the newest week; NaN where the method cannot be used.
    dispersion
        Variance over mean that the model leaves, at least 1.
    alarm
        The newest week is above `limit`, with enough events in the last weeks.
    why_not
        ``short`` (under three years of weeks), ``few`` (under five events in four weeks),
        ``unfit`` (the model cannot be fitted) or empty.
    """

    expected: float
    limit: float
    dispersion: float
    alarm: bool
    why_not: str = ""


def farrington(
    weeks: ArrayLike, *, years: int = 3, alpha: float = 0.005, half_width: int = 3
) -> Farrington:
    """
    Ask of the newest week what a trend, a season and earlier outbreaks taken down would expect.

    Parameters
    ----------
    weeks
        Shape (n_weeks,), oldest first, the newest last.
    years
        How many years back, at least three for the trend.
    alpha
        One-sided chance of a count above the limit where nothing goes on.
    half_width
        So many weeks at either side of the same week of earlier years are one season; the rest
        of the year is divided in nine equal parts.

    Returns
    -------
    Farrington

    Raises
    ------
    ValueError
        If counts are negative, not finite or not in one row.

    Notes
    -----
    Noufaily et al. (2013), Statistics in Medicine 32:1206-1222: quasi-Poisson regression with
    trend and a ten-level season, the newest 26 weeks left out, Anscombe residuals above 2.58
    weighted down, negative binomial limit, and no expected count above the highest ever seen.
    """
    y = np.asarray(weeks, dtype=float)
    if y.ndim != 1 or not (np.isfinite(y).all() and (y >= 0).all()):
        raise ValueError("weeks are one row of counts, zero or more")
    back = 52 * years + half_width
    if years < 3 or len(y) <= back:
        return Farrington(np.nan, np.nan, 1.0, alarm=False, why_not="short")
    if y[-_FEWEST_WEEKS:].sum() < _FEWEST_EVENTS:
        return Farrington(np.nan, np.nan, 1.0, alarm=False, why_not="few")
    age = np.arange(back, 26, -1)  # weeks before the newest
    history = y[len(y) - 1 - age]
    expected, phi = _fitted(history, age, half_width)
    if not np.isfinite(expected):
        return Farrington(np.nan, np.nan, 1.0, alarm=False, why_not="unfit")
    limit = _upper_quantile(expected, phi, alpha)
    return Farrington(expected, limit, phi, alarm=bool(y[-1] > limit))


def season_of(age: NDArray[np.int_], half_width: int) -> NDArray[np.int_]:
    """Return each week's season: 0 around the same week of a year, 1 to 9 between."""
    place = (age + half_width) % 52
    width = 2 * half_width + 1
    parts = (place - width) * (_SEASONS - 1) // (52 - width) + 1
    return np.where(place < width, 0, parts)


def _fitted(history: Floats, age: NDArray[np.int_], half_width: int) -> tuple[float, float]:
    """Return what is expected of the newest week, and the dispersion, with and without trend."""
    season = season_of(age, half_width)
    dummies = (season[:, None] == np.arange(1, _SEASONS)).astype(float)
    scale = float(age.max())
    whole = np.column_stack([np.ones(len(age)), -age / scale, dummies])
    for design in (whole, np.delete(whole, 1, axis=1)):
        now = np.zeros(design.shape[1])
        now[0] = 1.0  # the newest week: season 0, age 0
        expected, phi = _reweighted(history, design, now)
        if np.isfinite(expected) and expected <= history.max():
            return expected, phi
    return (float(min(expected, history.max())), phi) if np.isfinite(expected) else (np.nan, 1.0)


def _reweighted(history: Floats, design: Floats, now: Floats) -> tuple[float, float]:
    import warnings

    import statsmodels.api as sm

    weights = np.ones(len(history))
    free = len(history) - design.shape[1]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a history without any spread is fitted perfectly
        for _ in range(2):
            model = sm.GLM(history, design, family=sm.families.Poisson(), freq_weights=weights)
            try:
                fit = model.fit()
            except (ValueError, np.linalg.LinAlgError):
                return np.nan, 1.0
            mu = np.maximum(fit.mu, 1e-9)
            phi = max(1.0, float((weights * (history - mu) ** 2 / mu).sum() / free))
            leverage = np.clip(fit.get_hat_matrix_diag(), 0, 0.999)
            anscombe = 1.5 * (history ** (2 / 3) - mu ** (2 / 3)) / mu ** (1 / 6)
            residual = anscombe / np.sqrt(phi * (1 - leverage))
            weights = np.where(residual > _EXTREME, np.maximum(residual, 1e-9) ** -2.0, 1.0)
            weights *= len(weights) / weights.sum()
        fit = sm.GLM(history, design, family=sm.families.Poisson(), freq_weights=weights).fit()
        mu = np.maximum(fit.mu, 1e-9)
        phi = max(1.0, float((weights * (history - mu) ** 2 / mu).sum() / free))
        return float(np.exp(now @ fit.params)), phi


def _upper_quantile(mean: float, phi: float, alpha: float) -> float:
    """Return the smallest count that is exceeded with chance `alpha` at most."""
    from scipy import stats

    if phi <= 1 + 1e-9:
        return float(stats.poisson.ppf(1 - alpha, mean))
    return float(stats.nbinom.ppf(1 - alpha, mean / (phi - 1), 1 / phi))
