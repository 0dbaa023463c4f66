"""What four counts can tell: every outcome that their sums allow, its p-value, and its power."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from est_analysis.counts import Comparison, Interval

POWER = 0.8
LONGEST_YEARS = 10
_TAIL = 1e-6
"""What is left out on either side of a count's distribution."""
_FEW = 9
_DEVIATIONS, _PARTS = np.polynomial.hermite_e.hermegauss(5)
"""Deviations and weights that give the mean of a smooth function of a normal count."""
Whole = NDArray[np.int64]
Real = NDArray[np.float64]


@dataclass(frozen=True)
class Outcomes:
    """
    Every way in which four counts with the same sums can fall out, and what each is worth.

    The sums (each place's, and all before and all after) say nothing of the effect; given them one
    count decides the other three. It has the noncentral hypergeometric distribution, whose odds
    are the ratio of ratios: the length of the periods falls away.

    Parameters
    ----------
    after
        Shape (n,): events after at the treated place, smallest first.
    log_weight
        Shape (n,): logarithm of the number of ways, of no effect.
    p
        Shape (n,): two-sided p-value of the rule that judges measures.
    way
        Shape (n,): -1 where the treated place did better than the other, 1 where worse, else 0.
    dispersion
        Variance over mean; weights are flattened by it.
    """

    after: NDArray[np.int64]
    log_weight: NDArray[np.float64]
    p: NDArray[np.float64]
    way: NDArray[np.int64]
    dispersion: float

    def power(self, effect: float, alpha: float) -> float:
        """Return the chance that a true ratio of `effect` is claimed, in the right direction."""
        claimed = (self.p <= alpha) & (self.way == (-1 if effect < 1 else 1))
        return float(_chances(self.after, self.log_weight, effect, self.dispersion)[claimed].sum())

    def reaches(self, alpha: float) -> bool:
        """Tell whether any outcome at all would be a claim: otherwise there is no question."""
        return bool((self.p <= alpha).any())


def _chances(
    after: NDArray[np.int64], log_weight: NDArray[np.float64], odds: float, dispersion: float
) -> NDArray[np.float64]:
    tilted = (log_weight + after * math.log(odds)) / dispersion
    chances = np.exp(tilted - tilted.max())
    return np.asarray(chances / chances.sum())


def outcomes(
    treated: tuple[int, int],
    comparison: tuple[int, int],
    *,
    dispersion: float = 1.0,
    least: int = 10,
) -> Outcomes:
    """
    Lay out every outcome that the sums of four counts allow, as the rule judges it.

    Where every count is `least` or more, p is that of the logarithm of the ratio of ratios, which
    is about normal; otherwise it is twice the smaller tail of the exact conditional distribution
    (Fisher's).

    Parameters
    ----------
    treated, comparison
        Events before and after; whole numbers, zero or more.
    dispersion
        Variance over mean between comparable periods; below 1 counts as 1.
    least
        The smallest count that the normal approximation is trusted with.

    Returns
    -------
    Outcomes

    Raises
    ------
    ValueError
        If a count is negative.

    Notes
    -----
    Fisher (1935), Journal of the Royal Statistical Society 98:39-82. Overdispersion flattens the
    distribution (its logarithm is divided by `dispersion`), which keeps its middle and about
    multiplies its variance.
    """
    if min(*treated, *comparison) < 0:
        raise ValueError("counts are zero or more")
    phi = max(1.0, dispersion)
    here, there = sum(treated), sum(comparison)
    later = treated[1] + comparison[1]
    k = np.arange(max(0, later - there), min(here, later) + 1)
    ways = _log_choose(here, k) + _log_choose(there, later - k)
    chances = _chances(k, ways, 1.0, phi)
    lower, upper = np.cumsum(chances), np.cumsum(chances[::-1])[::-1]
    p = np.minimum(1.0, 2 * np.minimum(lower, upper))
    cells = np.stack([here - k, k, there - (later - k), later - k]).astype(float)
    enough = cells.min(axis=0) >= least
    p[enough] = _approximate(cells[:, enough], phi)
    way = np.sign(cells[1] * cells[2] - cells[0] * cells[3]).astype(np.int64)
    return Outcomes(k, ways, p, way, phi)


def _log_choose(n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    log_factorial = scipy.special.gammaln
    return np.asarray(log_factorial(n + 1) - log_factorial(k + 1) - log_factorial(n - k + 1))


def _approximate(cells: Real, phi: float) -> Real:
    """Return the p-value of the logarithm of the ratio of ratios."""
    t0, t1, c0, c1 = cells
    z = np.log(t1 * c0 / (t0 * c1)) / np.sqrt(phi * (1 / cells).sum(axis=0))
    return np.asarray(2 * scipy.special.ndtr(-np.abs(z)))


def p_values(cells: Whole, phi: float, least: int) -> Real:
    """
    Return the p-values of many outcomes at once, each as `outcomes` would judge it.

    Parameters
    ----------
    cells
        Shape (4, n): before and after at the treated place, before and after at the comparison.
    phi
        Variance over mean, at least 1.
    least
        The smallest count that the normal approximation is trusted with.

    Returns
    -------
    array of float, shape (n,)
    """
    p = np.ones(cells.shape[1])
    enough = cells.min(axis=0) >= least
    p[enough] = _approximate(cells[:, enough].astype(float), phi)
    sums = _sums(cells[:, ~enough])
    key = np.ravel_multi_index(tuple(sums), tuple(sums.max(axis=1, initial=0) + 1))
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    p[~enough] = _exactly(sums[:, first], cells[1, ~enough], which, phi)
    return p


def _sums(cells: Whole) -> Whole:
    """Return the sums that tell nothing of the effect: the places', and all that came after."""
    t0, t1, c0, c1 = cells
    return np.stack([t0 + t1, c0 + c1, t1 + c1])


def _exactly(sums: Whole, after: Whole, which: NDArray[np.intp], phi: float) -> Real:
    """Return twice the smaller tail, of the counts after that have each of the sums."""
    if not len(after):
        return np.empty(0)
    here, there, later = sums[:, :, None]
    lowest = np.maximum(0, later - there)
    k = lowest + np.arange(int((np.minimum(here, later) - lowest).max()) + 1)
    log_factorial = scipy.special.gammaln(np.arange(int(sums.sum(axis=0).max()) + 2) + 1.0)
    inside = k <= np.minimum(here, later)
    at = np.where(inside, k, lowest)
    ways = -sum(log_factorial[one] for one in (at, here - at, later - at, there - later + at))
    ways = np.where(inside, ways, -np.inf) / phi
    chances = np.exp(ways - ways.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    lower = np.cumsum(chances, axis=1)
    place = which, after - lowest[which, 0]
    below, own = lower[place], chances[place]
    return np.asarray(np.minimum(1.0, 2 * np.minimum(below, 1 - below + own)))


def unlikeness(cells: ArrayLike) -> Real:
    """
    Return how far two places' changes lie apart: the root of the deviance of four counts.

    Unlike the logarithm of the ratio over its standard error it grows all the way down to nothing
    at all: none left is farther from no change than one left.

    Parameters
    ----------
    cells
        Shape (4, ...): before and after at the one place, before and after at the other.

    Returns
    -------
    array of float, zero or more
    """
    t0, t1, c0, c1 = cells = np.asarray(cells, dtype=float)
    entropy = scipy.special.xlogy
    sums = (t0 + t1, c0 + c1, t0 + c0, t1 + c1)
    whole = cells.sum(axis=0)
    half = entropy(cells, cells).sum(axis=0) + entropy(whole, whole)
    return np.asarray(np.sqrt(2 * np.maximum(0.0, half - sum(entropy(n, n) for n in sums))))


def _all(mean: float, phi: float) -> tuple[Whole, Real]:
    """Return every value of a count and its chance: Poisson, or with unrest negative binomial."""
    reach = 6 * math.sqrt(phi * mean) + 6 * phi
    k = np.arange(max(0, math.floor(mean - reach)), math.ceil(mean + reach) + 1)
    if mean <= 0:
        return k[:1], np.ones(1)
    log_factorial = scipy.special.gammaln
    if phi > 1:
        size = mean / (phi - 1)
        ways = log_factorial(k + size) - log_factorial(size) + k * math.log(1 - 1 / phi)
        logs = ways - size * math.log(phi)
    else:
        logs = k * math.log(mean) - mean
    chances = np.exp(logs - log_factorial(k + 1))
    keep = chances > _TAIL
    return k[keep], chances[keep] / chances[keep].sum()


def _few(mean: float, phi: float) -> tuple[Whole, Real]:
    """Return values of a count that stand for all: all, where they are few; else five."""
    values, chances = _all(mean, phi)
    if len(values) <= _FEW:
        return values, chances
    near = np.rint(mean + _DEVIATIONS * math.sqrt(phi * mean)).astype(np.int64)
    return np.maximum(near, 0), _PARTS / _PARTS.sum()


def exact(
    treated: tuple[int, int],
    comparison: tuple[int, int],
    *,
    dispersion: float = 1.0,
    level: float = 0.95,
) -> Comparison:
    """
    Compare four small counts exactly, given their sums.

    Parameters
    ----------
    treated, comparison
        Events before and after; whole numbers, zero or more.
    dispersion
        Variance over mean between comparable periods; below 1 counts as 1.
    level
        Coverage of the interval, at least.

    Returns
    -------
    Comparison
        Ratio of ratios (NaN where it is nothing over nothing), its interval, and twice the smaller
        tail as p-value.

    Raises
    ------
    ValueError
        If a count is negative.

    Examples
    --------
    >>> round(exact((2, 10), (15, 3)).p, 6)
    0.00093
    """
    laid = outcomes(treated, comparison, dispersion=dispersion, least=sum(treated) + 1)
    seen = int(np.searchsorted(laid.after, treated[1]))
    (t0, t1), (c0, c1) = treated, comparison
    over, under = t1 * c0, t0 * c1
    ratio = over / under if under else (math.inf if over else math.nan)
    tail = (1 - level) / 2

    def edge(part: slice) -> float:
        def beyond(log_odds: float) -> float:
            chances = _chances(laid.after, laid.log_weight, math.exp(log_odds), laid.dispersion)
            return float(chances[part].sum()) - tail

        return math.exp(scipy.optimize.brentq(beyond, -60.0, 60.0, xtol=1e-10))

    low = edge(slice(seen, None)) if seen > 0 else 0.0
    high = edge(slice(0, seen + 1)) if seen < len(laid.after) - 1 else math.inf
    return Comparison(ratio, Interval(low, high, level), float(laid.p[seen]))


@dataclass(frozen=True)
class Design:
    """
    What is known of a follow-up before its outcome: how many events there are to see it by.

    Parameters
    ----------
    before, comparison
        Events expected per season at the treated and at the comparison place, without any effect.
    baseline
        Seasons before.
    dispersion
        Variance over mean between comparable seasons.
    alpha
        The two-sided level at which something is claimed.
    least
        The smallest count that the normal approximation is trusted with.
    places, rare
        How many untreated places it is ranked among where the rank has a say (else 0), and the
        p-value that the rank must reach then.
    """

    before: float
    comparison: float
    baseline: int
    dispersion: float = 1.0
    alpha: float = 0.05
    least: int = 10
    places: int = 0
    rare: float = 0.05

    def power(self, effect: float, seasons: int = 1) -> float:
        """
        Return the chance that `effect` (a ratio, 0.5 is a halving) is claimed after `seasons`.

        Every count after is judged as it would be, and weighed by its chance; the three other
        counts take five values each (Gauss and Hermite's), or all where they are few.
        """
        if self.baseline < 1 or effect == 1:
            return 0.0
        phi = max(1.0, self.dispersion)
        spread = (
            *(_few(self.before * self.baseline, phi), _all(self.before * seasons * effect, phi)),
            *(_few(self.comparison * self.baseline, phi), _few(self.comparison * seasons, phi)),
        )
        cells = np.stack(np.meshgrid(*(values for values, _ in spread), indexing="ij"))
        t0, t1, c0, c1 = cells
        right = np.sign(t1 * c0 - t0 * c1) == (-1 if effect < 1 else 1)
        claimed = np.zeros(t0.shape)
        claimed[right] = p_values(cells[:, right], phi, self.least) <= self.alpha
        if self.places:
            claimed *= self._rare_among_others(cells, seasons, phi)
        return float(np.einsum("abcd,a,b,c,d", claimed, *(chances for _, chances in spread)))

    def _rare_among_others(self, cells: Whole, seasons: int, phi: float) -> Real:
        """Return the chance that so few places of the same level, untreated, changed as much."""
        before, chance_before = _few(self.before * self.baseline, phi)
        after, chance_after = _all(self.before * seasons, phi)
        chances = np.outer(chance_before, chance_after).ravel()
        most = math.floor(max(self.rare, self.alpha) * (self.places + 1) + 1e-9) - 1
        found = np.zeros(cells.shape[1:])
        for at in np.ndindex(*cells.shape[3:]):
            there = cells[2:, 0, 0, *at]
            theirs = np.stack(np.meshgrid(before, after, *there, indexing="ij"))[..., 0, 0]
            size = unlikeness(theirs).ravel()
            order = np.argsort(size)
            as_much = np.append(np.cumsum(chances[order][::-1])[::-1], 0.0)
            own = unlikeness(cells[:, :, :, *at])
            beyond = as_much[np.searchsorted(size[order], own - 1e-9)]
            found[:, :, *at] = scipy.special.bdtr(most, self.places, np.minimum(beyond, 1.0))
        return found

    def smallest_fall(self, seasons: int = 1) -> float | None:
        """
        Return the weakest effect below 1 that is claimed with a power of 80 %.

        A ratio such as 0.4, in steps of a hundredth; None where not even 0.01 is.
        """
        return self._smallest(np.arange(99, 0, -1) / 100, seasons)

    def smallest_rise(self, seasons: int = 1) -> float | None:
        """Return the weakest effect above 1 that is claimed with a power of 80 %; None above 10."""
        return self._smallest(np.arange(21, 201) / 20, seasons)

    def _smallest(self, weakest_first: NDArray[np.float64], seasons: int) -> float | None:
        at = bisect.bisect_left(
            weakest_first, POWER, key=lambda effect: self.power(float(effect), seasons)
        )
        return float(weakest_first[at]) if at < len(weakest_first) else None

    def years_needed(self, effect: float) -> int | None:
        """Return the seasons until `effect` is claimed with a power of 80 %; None over ten."""
        years = range(1, LONGEST_YEARS + 1)
        at = bisect.bisect_left(years, POWER, key=lambda seasons: self.power(effect, seasons))
        return years[at] if at < len(years) else None
