"""How few places hold how much, and whether few events alone would have given as much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

SHARES = (0.25, 0.5, 0.8)
FEWEST = 30
"""Below so many events, or two places, concentration is nothing but arithmetic."""
REPLICATES = 999
_AT_ONCE = 4_000_000  # drawn counts held in memory at a time


@dataclass(frozen=True)
class Measure:
    """
    A measure of concentration beside what chance alone gives.

    Parameters
    ----------
    value
        As observed.
    chance
        Its mean when the same number of events falls on the same places by lot.
    low, high
        Between these lie 95 % of such draws.
    """

    value: float
    chance: float
    low: float
    high: float

    @property
    def beyond_chance(self) -> float:
        """Return observed less what chance gives: the part that says something of the places."""
        return self.value - self.chance


@dataclass(frozen=True)
class Concentration:
    """
    How concentrated events are on places.

    Parameters
    ----------
    n, places, empty
        Events; places, those without events included; places without events.
    holders
        By share (0.25, 0.5, 0.8): the smallest number of places that together hold it.
    gini
        Gini's coefficient over all places, 0-1.
    general
        The generalised Gini G': as Gini where there are more events than places; otherwise 0 means
        as evenly spread as so few events can be. Chance alone gives more than 0: compare.
    gate
        Whether there are `FEWEST` events and two places.
    """

    n: int
    places: int
    empty: int
    holders: dict[float, Measure]
    gini: Measure
    general: Measure
    gate: bool


def gini(counts: ArrayLike) -> float:
    """
    Gini's coefficient of counts, places without events included.

    Parameters
    ----------
    counts
        Shape (places,), zero or more.

    Returns
    -------
    float
        0 where all hold alike; NaN without events.

    Examples
    --------
    >>> round(gini([10, 8, 2, 0, 0, 0, 0, 0, 0, 0]), 2)
    0.78
    """
    return float(_gini(np.sort(np.asarray(counts, dtype=float))[None, ::-1])[0])


def generalised_gini(counts: ArrayLike, *, unbiased: bool = False) -> float:
    """
    Gini's coefficient for fewer events than places.

    Parameters
    ----------
    counts
        Shape (places,), whole numbers, zero or more.
    unbiased
        Correct for few places or events.

    Returns
    -------
    float
        max(1, places / events) (G - 1) + 1; NaN without events.

    Notes
    -----
    Bernasco & Steenbeek (2017), Journal of Quantitative Criminology 33:451-467.

    Examples
    --------
    >>> round(generalised_gini([3, 1, 1, 0, 0, 0, 0, 0, 0, 0]), 2)
    0.56
    """
    own = np.asarray(counts, dtype=float)
    general = float(_general(np.array([gini(own)]), len(own), own.sum())[0])
    fewest = min(len(own), own.sum())
    if not unbiased:
        return general
    return general * fewest / (fewest - 1) if fewest > 1 else float("nan")


def concentration(
    counts: ArrayLike,
    *,
    risk: ArrayLike | None = None,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Concentration:
    """
    Measure concentration beside its chance level.

    Parameters
    ----------
    counts
        Shape (places,), whole numbers: events in every place that could hold one, in any order;
        leaving out the empty ones would hide the concentration.
    risk
        Shape (places,), zero or more: how likely each place is by chance (metres of street,
        dwellings); None is equal for all.
    replicates
        Draws by lot.
    seed
        Of the draws.

    Returns
    -------
    Concentration
        A description: that events are concentrated is the rule everywhere, and no finding.

    Raises
    ------
    ValueError
        If `counts` is no row of whole numbers of zero or more, or `risk` does not fit it.

    Notes
    -----
    Weisburd (2015), Criminology 53:133-157; the comparison with chance follows Chalfin, Kaplan &
    Cuellar (2021), Journal of Research in Crime and Delinquency 58:138-178.
    """
    own = np.asarray(counts)
    if own.ndim != 1 or (own < 0).any() or (own != np.floor(own)).any():
        raise ValueError("counts are whole numbers of zero or more, one a place")
    own = own.astype(np.int64)
    share = None if risk is None else np.asarray(risk, dtype=float)
    if share is not None and (share.shape != own.shape or (share < 0).any() or share.sum() <= 0):
        raise ValueError("risk is zero or more, one a place, and not all zero")
    n, places = int(own.sum()), len(own)
    observed = _measures(np.sort(own)[None, ::-1], n, places)
    drawn = _by_lot(n, places, share, replicates, np.random.default_rng(seed))
    rows = [
        Measure(float(value), *_level(simulated))
        for value, simulated in zip(observed[0], drawn.T, strict=True)
    ]
    return Concentration(
        n=n,
        places=places,
        empty=int((own == 0).sum()),
        holders=dict(zip(SHARES, rows, strict=False)),
        gini=rows[len(SHARES)],
        general=rows[len(SHARES) + 1],
        gate=n >= FEWEST and places >= 2,
    )


@dataclass(frozen=True)
class SameTop:
    """
    How many of the foremost places stayed foremost.

    Parameters
    ----------
    before, now
        How many places are foremost in each period.
    both
        How many in both.
    chance
        How many would be by lot.
    p
        The chance of so many or more by lot (hypergeometric). NaN where no place stands out.
    """

    before: int
    now: int
    both: int
    chance: float
    p: float


def same_top(before: ArrayLike, now: ArrayLike, k: int) -> SameTop:
    """
    Compare the foremost places of two periods.

    Parameters
    ----------
    before, now
        Shape (places,): the same places, empty ones included, in the same order.
    k
        How many places are looked at. Places tied over the border are left out, and a place
        without events is never foremost: which of them is listed would be an accident of order.

    Returns
    -------
    SameTop

    Raises
    ------
    ValueError
        If the two do not have the same places, or `k` is below 1.
    """
    first, second = np.asarray(before), np.asarray(now)
    if first.shape != second.shape or first.ndim != 1 or k < 1:
        raise ValueError("two periods have the same places, and at least one is foremost")
    tops = [_foremost(counts, k) for counts in (first, second)]
    a, b = (int(top.sum()) for top in tops)
    both, places = int((tops[0] & tops[1]).sum()), len(first)
    if a == 0 or b == 0:
        return SameTop(a, b, both, 0.0, float("nan"))
    p = float(scipy.stats.hypergeom.sf(both - 1, places, a, b))
    return SameTop(a, b, both, a * b / places, p)


def _foremost(counts: NDArray, k: int) -> Mask:
    if len(counts) <= k:
        return np.asarray(counts > 0)
    border = np.partition(counts, len(counts) - k - 1)[len(counts) - k - 1]
    return np.asarray(counts > max(border, 0))


def _measures(falling: NDArray, n: int, places: int) -> Values:
    """Return holders of each share, G and G' of rows of counts sorted from most to fewest."""
    total = np.cumsum(falling, axis=1)
    holders = [(total < share * n - 1e-9).sum(axis=1) + (n > 0) for share in SHARES]
    even = _gini(falling, total, places)
    return np.column_stack([*holders, even, _general(even, places, n)]).astype(float)


def _gini(falling: NDArray, total: NDArray | None = None, places: int | None = None) -> Values:
    total = np.cumsum(falling, axis=1) if total is None else total
    size = falling.shape[1] if places is None else places
    if size == 0:
        return np.full(len(falling), np.nan)
    n = total[:, -1] if falling.shape[1] else np.zeros(len(falling))
    # places beyond the columns are empty: their running total is n
    under = total.sum(axis=1) + (size - falling.shape[1]) * n
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(2 * under / (size * n) - (size + 1) / size, dtype=float)


def _general(even: Values, places: int, n: float) -> Values:
    return max(1.0, places / n) * (even - 1) + 1 if n else np.full_like(even, np.nan)


def _level(simulated: Values) -> tuple[float, float, float]:
    if not len(simulated) or np.isnan(simulated).any():
        return float("nan"), float("nan"), float("nan")
    low, high = np.quantile(simulated, [0.025, 0.975])
    return float(simulated.mean()), float(low), float(high)


def _by_lot(
    n: int, places: int, risk: Values | None, replicates: int, rng: np.random.Generator
) -> Values:
    """Return the measures of `replicates` draws, shape (replicates, measures)."""
    if n == 0 or places == 0:
        return np.full((replicates, len(SHARES) + 2), np.nan)
    level = np.full(places, 1 / places) if risk is None else risk / risk.sum()
    sparse = n < places
    edges = np.cumsum(level)
    out = []
    at_once = max(1, _AT_ONCE // min(n, places))
    for first in range(0, replicates, at_once):
        size = min(at_once, replicates - first)
        if not sparse:
            falling = -np.sort(-rng.multinomial(n, level, size=size), axis=1)
        elif risk is None:
            falling = _stacks(rng.integers(0, places, (size, n)))
        else:
            drawn = np.searchsorted(edges, rng.random((size, n)) * edges[-1], side="right")
            falling = _stacks(np.minimum(drawn, places - 1))
        out.append(_measures(falling, n, places))
    return np.concatenate(out)


def _stacks(drawn: NDArray) -> NDArray:
    """Return how many of each row's draws share a place, most first; zeros fill up."""
    ordered = np.sort(drawn, axis=1)
    size, n = ordered.shape
    new = np.ones((size, n), dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    stack = np.cumsum(new.ravel()) - 1  # rows never share a stack: each begins with a new one
    lengths = np.bincount(stack)
    row = np.repeat(np.arange(size), n)[new.ravel()]
    first = np.concatenate([[0], np.cumsum(new.sum(axis=1))[:-1]])
    counts = np.zeros((size, n), dtype=np.int64)
    counts[row, np.arange(len(lengths)) - first[row]] = lengths
    return -np.sort(-counts, axis=1)
