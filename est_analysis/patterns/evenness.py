"""Whether events fall evenly over the day and the week: circular statistics and exact tests."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, xlogy

from est_analysis.counts import permutation_p

ENUMERATED = 15
"""Up to so many events every way they could fall on seven days is gone through (54,264 ways)."""
DRAWS = 9_999
_TIE = 1e-9


@dataclass(frozen=True)
class Clock:
    """
    The middle of the day's events on a clock face.

    Parameters
    ----------
    hour
        The mean hour, 0-24; NaN without events.
    length
        Resultant length: 0 when events fall evenly (or at two opposite hours), 1 when all fall at
        one moment. Below about 0.2 the mean hour says little.
    p
        Rayleigh's: that the day is even, against one peak. Two peaks half a day apart look even.
    n
        Events.
    """

    hour: float
    length: float
    p: float
    n: float


def circular(by_hour: ArrayLike) -> Clock:
    """
    Return mean hour, resultant length and Rayleigh's test of events by hour of the day.

    Parameters
    ----------
    by_hour
        Shape (bins,), equally long bins of one day from midnight: expected events, whole or not.

    Returns
    -------
    Clock
        Its n is the sum of `by_hour`: events spread over several hours weigh one each, so that p
        is rather too high than too low.

    Raises
    ------
    ValueError
        If a value is negative or not finite.

    Notes
    -----
    Mardia & Jupp (2000), Directional Statistics, sections 2.2 and 6.3.1; p by the approximation in
    Zar (2010), Biostatistical Analysis, eq. 27.4. The length is corrected for binning (Mardia &
    Jupp, 2.4.3: divide by the sinc of half a bin).
    """
    weights = np.asarray(by_hour, dtype=float)
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError("expected events are finite and zero or more")
    n = float(weights.sum())
    if n == 0:
        return Clock(math.nan, math.nan, 1.0, 0.0)
    bins = len(weights)
    angle = (np.arange(bins) + 0.5) * 2 * np.pi / bins
    vector = complex(weights @ np.exp(1j * angle)) / n
    length = min(1.0, abs(vector) * (math.pi / bins) / math.sin(math.pi / bins))
    hour = (math.atan2(vector.imag, vector.real) * 24 / (2 * math.pi)) % 24
    resultant = n * abs(vector)
    p = math.exp(math.sqrt(1 + 4 * n + 4 * (n * n - resultant**2)) - (1 + 2 * n))
    return Clock(hour, length, min(1.0, p), n)


@dataclass(frozen=True)
class Evenness:
    """
    Whether whole events fall on days as the calendar has days.

    Parameters
    ----------
    statistic
        G, twice the log likelihood ratio.
    p
        How often chance alone gives as much or more.
    n
        Events.
    exact
        Whether every way they could fall was gone through; else p is from draws.
    """

    statistic: float
    p: float
    n: int
    exact: bool


def weekdays(
    counts: ArrayLike, days: ArrayLike | None = None, *, draws: int = DRAWS, seed: int = 0
) -> Evenness:
    """
    Test whether events fall on the days of the week by chance alone.

    Parameters
    ----------
    counts
        Shape (7,), whole events by weekday: only those known to have happened within one day.
    days
        Shape (7,): how many of each weekday there were; None takes them as equally many.
    draws, seed
        Where the events are too many to go through every way.

    Returns
    -------
    Evenness
        The exact multinomial distribution of G up to `ENUMERATED` events; drawn from it above.

    Raises
    ------
    ValueError
        If counts are not whole numbers of zero or more, or a weekday that never came has events.

    Notes
    -----
    Wheeler (2016), Journal of Investigative Psychology and Offender Profiling 13:148-165: with a
    few events the chi-square approximation does not hold; the exact test does at any n, and G has
    more power than chi-square when events gather on one or two days.

    Examples
    --------
    >>> weekdays([2, 0, 0, 0, 0, 0, 0]).p * 7  # both on one day, whichever it is
    1.0
    """
    seen = np.asarray(counts)
    if (seen < 0).any() or (seen != np.round(seen)).any():
        raise ValueError("events are counted in whole numbers")
    calendar = np.ones(len(seen)) if days is None else np.asarray(days, dtype=float)
    if (seen[calendar <= 0] > 0).any():
        raise ValueError("a day that never came has events")
    n = int(seen.sum())
    share = calendar / calendar.sum()
    statistic = float(_g(seen[None, :].astype(float), share)[0])
    if n == 0:
        return Evenness(0.0, 1.0, 0, exact=True)
    if n <= ENUMERATED:
        ways = _ways(n, len(seen))
        logs = gammaln(n + 1) - gammaln(ways + 1).sum(axis=1) + xlogy(ways, share).sum(axis=1)
        as_far = _g(ways, share) >= statistic - _TIE
        return Evenness(statistic, min(1.0, float(np.exp(logs[as_far]).sum())), n, exact=True)
    drawn = np.random.default_rng(seed).multinomial(n, share, size=draws)
    p = permutation_p(statistic - _TIE, _g(drawn.astype(float), share))
    return Evenness(statistic, p, n, exact=False)


def _g(counts: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    expected = np.where(share > 0, share * counts.sum(axis=1, keepdims=True), 1.0)
    expected = np.where(expected > 0, expected, 1.0)
    found: NDArray[np.float64] = 2 * xlogy(counts, counts / expected).sum(axis=1)
    return found


@cache
def _ways(n: int, days: int) -> NDArray[np.float64]:
    """Return every way that n events can fall on some days: stars and bars."""
    bars = np.array(list(combinations(range(n + days - 1), days - 1)), dtype=np.int64)
    edges = np.column_stack([np.full(len(bars), -1), bars, np.full(len(bars), n + days - 1)])
    return np.diff(edges, axis=1).astype(float) - 1
