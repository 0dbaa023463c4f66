"""The statistics of small counts: exact intervals and tests, and permutation p-values."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Interval:
    """An interval with its level, for example 0.95; `low` and `high` have the estimate's unit."""

    low: float
    high: float
    level: float

    def excludes_change(self, factor: float) -> bool:
        """Tell whether a ratio of 1/`factor` or less, or `factor` or more, lies outside."""
        return self.low > 1 / factor and self.high < factor


@dataclass(frozen=True)
class Comparison:
    """Two counts compared: their ratio, its interval, and a two-sided p-value."""

    ratio: float
    interval: Interval
    p: float


def poisson_interval(count: float, *, level: float = 0.95) -> Interval:
    """
    Exact (Garwood) interval of a Poisson mean from one count.

    Parameters
    ----------
    count
        Events seen, zero or more.
    level
        Coverage, at least; between 0 and 1.

    Returns
    -------
    Interval
        Unit: events in the same period.

    Raises
    ------
    ValueError
        If `count` is negative or not finite.

    Notes
    -----
    Garwood (1936), Biometrika 28:437-442: quantiles of the gamma distribution.

    Examples
    --------
    >>> round(poisson_interval(0).high, 3)
    3.689
    """
    if not math.isfinite(count) or count < 0:
        raise ValueError(f"a count is zero or more, not {count}")
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(scipy.special.gammaincinv(count, tail))
    return Interval(low, float(scipy.special.gammaincinv(count + 1, 1 - tail)), level)


def wilson_interval(hits: float, n: float, *, level: float = 0.95) -> Interval:
    """
    Wilson's interval of a share.

    Parameters
    ----------
    hits, n
        How many of how many; 0 <= `hits` <= `n`.
    level
        Coverage, about; between 0 and 1.

    Returns
    -------
    Interval
        Of the share, 0-1; all of it where `n` is zero.

    Raises
    ------
    ValueError
        If `hits` is not within 0 and `n`.

    Notes
    -----
    Wilson (1927), Journal of the American Statistical Association 22:209-212; Brown, Cai &
    DasGupta (2001), Statistical Science 16:101-133.

    Examples
    --------
    >>> interval = wilson_interval(3, 10)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.1078, 0.6032)
    """
    if not 0 <= hits <= n:
        raise ValueError(f"a share is of 0 to all, not {hits} of {n}")
    if n == 0:
        return Interval(0.0, 1.0, level)
    z = float(scipy.special.ndtri((1 + level) / 2))
    share, wide = hits / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / wide
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / wide
    return Interval(max(0.0, middle - half), min(1.0, middle + half), level)


def bh(p_values: ArrayLike) -> NDArray[np.float64]:
    """
    Benjamini and Hochberg's q-values: the share of false ones among all at most so large.

    Parameters
    ----------
    p_values
        Shape (n,), each in 0-1.

    Returns
    -------
    array of float, shape (n,), in the same order

    Raises
    ------
    ValueError
        If a value is NaN or outside 0-1.

    Notes
    -----
    Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57:289-300. For lists
    that describe; what is claimed is adjusted by `holm`.
    """
    p = np.asarray(p_values, dtype=float)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p-values lie between 0 and 1")
    return np.asarray(scipy.stats.false_discovery_control(p)) if len(p) else p


def compare_rates(
    count: float,
    exposure: float,
    base_count: float,
    base_exposure: float,
    *,
    level: float = 0.95,
    dispersion: float = 1.0,
) -> Comparison:
    """
    Compare two Poisson rates exactly, given their sum.

    Given the total, `count` is binomial; the ratio of rates gets the Clopper-Pearson interval and
    twice the smaller tail as p-value, so both say the same and neither is too bold.

    Parameters
    ----------
    count, base_count
        Events in the two periods; zero or more.
    exposure, base_exposure
        Their lengths (any unit, the same for both), greater than zero.
    level
        Coverage of the interval, at least.
    dispersion
        Variance over mean between comparable periods; counts are divided by it, so that series
        which vary more than Poisson counts do not speak too soon. Values below 1 count as 1.

    Returns
    -------
    Comparison
        ``ratio`` is NaN when both counts are zero and infinite when only the base is.

    Raises
    ------
    ValueError
        If a count is negative or an exposure is not above zero.

    Notes
    -----
    Przyborowski & Wilenski (1940), Biometrika 31:313-323; the quasi-Poisson scaling is
    McCullagh & Nelder (1989), section 6.2.

    Examples
    --------
    >>> round(compare_rates(0, 1, 3, 1).p, 2)
    0.25
    """
    if min(count, base_count) < 0 or min(exposure, base_exposure) <= 0:
        raise ValueError("counts are zero or more, exposures above zero")
    phi = max(1.0, dispersion)
    a, b = count / phi, base_count / phi
    if a + b == 0:
        return Comparison(math.nan, Interval(0.0, math.inf, level), 1.0)
    tail = (1 - level) / 2
    odds = base_exposure / exposure

    def to_ratio(share: float) -> float:
        return math.inf if share >= 1 else share / (1 - share) * odds

    low = 0.0 if a == 0 else to_ratio(float(scipy.special.betaincinv(a, b + 1, tail)))
    high = math.inf if b == 0 else to_ratio(float(scipy.special.betaincinv(a + 1, b, 1 - tail)))
    null = exposure / (exposure + base_exposure)
    upper = 1.0 if a == 0 else float(scipy.special.betainc(a, b + 1, null))
    lower = 1.0 if b == 0 else float(scipy.special.betainc(b, a + 1, 1 - null))
    ratio = math.inf if b == 0 else a / b * odds
    return Comparison(ratio, Interval(low, high, level), min(1.0, 2 * min(lower, upper)))


def dispersion(*tables: ArrayLike) -> float:
    """
    Variance over mean between comparable periods, pooled over series; never below 1.

    Parameters
    ----------
    tables
        Counts, each of shape (n_series, n_periods); the periods of one table are comparable with
        each other. Series without events and rows with NaN are left out.

    Returns
    -------
    float
        Pearson's chi-square over its degrees of freedom; 1.0 when there is nothing to judge by.

    Notes
    -----
    McCullagh & Nelder (1989), section 6.2.3.
    """
    chi2, degrees = 0.0, 0
    for series in tables:
        table = np.asarray(series, dtype=float)
        if table.ndim != 2 or table.shape[1] < 2:
            continue
        table = table[~np.isnan(table).any(axis=1) & (table.sum(axis=1) > 0)]
        mean = table.mean(axis=1, keepdims=True)
        chi2 += float(((table - mean) ** 2 / mean).sum())
        degrees += len(table) * (table.shape[1] - 1)
    return max(1.0, chi2 / degrees) if degrees else 1.0


def permutation_p(observed: float, simulated: ArrayLike) -> float:
    """Monte Carlo p-value (r + 1) / (R + 1); a tie, or a NaN, counts against the claim."""
    values = np.asarray(simulated, dtype=float)
    return float((np.sum(~(values < observed)) + 1) / (values.size + 1))


def holm(p_values: ArrayLike, *, others: int = 0) -> NDArray[np.float64]:
    """
    Holm's step-down adjusted p-values; they bound the chance of even one false claim.

    Parameters
    ----------
    p_values
        Shape (n,), each in 0-1.
    others
        Further questions of the same family that are judged apart, each at the whole family's
        number of questions.

    Returns
    -------
    array of float, shape (n,), in the same order

    Raises
    ------
    ValueError
        If a value is NaN or outside 0-1.

    Notes
    -----
    Holm (1979), Scandinavian Journal of Statistics 6:65-70. Valid under any dependence.
    """
    p = np.asarray(p_values, dtype=float)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p-values lie between 0 and 1")
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (len(p) + others - np.arange(len(p))))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
