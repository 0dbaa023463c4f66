"""Whether events lie otherwise over the areas than before, area by area and as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Shift:
    """
    Two patterns over the same areas.

    Parameters
    ----------
    share_base, share_test
        Shape (areas,): each area's share of the period's events.
    p
        Shape (areas,), two-sided: the area's share is the same in both.
    q
        `p` after Benjamini & Hochberg over the areas that hold anything; 1 elsewhere.
    unchanged
        Share of the areas that hold anything whose `q` is above 0.05; NaN where none does.
        It says what is not shown to have changed: with few events it is near 1 whatever happens.
    """

    share_base: Values
    share_test: Values
    p: Values
    q: Values
    unchanged: float


def shift(base: ArrayLike, test: ArrayLike) -> Shift:
    """
    Test every area's share of the events, and correct for the number of areas.

    The result is the same, mirrored, when the two periods change places.

    Parameters
    ----------
    base, test
        Shape (areas,), whole numbers: the same areas in the same order.

    Returns
    -------
    Shift

    Raises
    ------
    ValueError
        If the two do not have the same areas or hold anything but counts.

    Notes
    -----
    N-1 chi-square of the area against the rest, Fisher's exact test where an expected count lies
    below 1 (Campbell 2007, Statistics in Medicine 26:3661-3675); Wheeler, Steenbeek & Andresen
    (2018), Transactions in GIS 22:872-883.
    """
    first, second = _counts(base, test)
    n, m = int(first.sum()), int(second.sum())
    some = first + second > 0
    p = np.ones(len(first))
    if n and m:
        both, whole = first + second, n + m
        expected = np.minimum(np.minimum(both, whole - both) * min(n, m) / whole, np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            cross = (first * (m - second) - second * (n - first)).astype(float)
            chi2 = cross**2 * (whole - 1) / (both * (whole - both) * float(n) * m)
        p = np.where(np.isfinite(chi2), scipy.special.chdtrc(1, np.nan_to_num(chi2)), 1.0)
        for area in np.flatnonzero(some & (expected < 1)):
            table = [[first[area], n - first[area]], [second[area], m - second[area]]]
            p[area] = min(1.0, scipy.stats.fisher_exact(table).pvalue)
    q = np.ones(len(first))
    if some.any():
        q[some] = scipy.stats.false_discovery_control(p[some])
    unchanged = float((q[some] > 0.05).mean()) if some.any() and n and m else float("nan")
    return Shift(_share(first), _share(second), p, q, unchanged)


def similarity(base: ArrayLike, test: ArrayLike, *, draws: int = 200, seed: int = 0) -> float:
    """
    Andresen's S-index as first published: kept to compare with the literature, not for reports.

    It is not symmetric (the worked example gives 0.83 one way and 0.5 the other), since only one of
    the two patterns is allowed to vary, and it reads few events as change. Use `shift`.

    Parameters
    ----------
    base, test
        Shape (areas,), whole numbers; `test` is drawn from.
    draws
        Samples of 85 % of the test events, without replacement.
    seed
        Of the draws.

    Returns
    -------
    float
        Share of areas whose base share lies in the middle 95 % of the drawn shares; NaN where
        either period is empty.

    Raises
    ------
    ValueError
        As `shift`.

    Notes
    -----
    Andresen (2009), Applied Geography 29:333-345.
    """
    first, second = _counts(base, test)
    if not first.sum() or not second.sum():
        return float("nan")
    size = max(1, round(0.85 * int(second.sum())))
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.multivariate_hypergeometric(second, size, size=draws) / size, axis=0)
    cut = int(draws * 0.025)
    low, high = drawn[cut], drawn[draws - 1 - cut]
    share = _share(first)
    return float(((share >= low - 1e-12) & (share <= high + 1e-12)).mean())


def _counts(base: ArrayLike, test: ArrayLike) -> tuple[Counts, Counts]:
    tables = np.asarray(base), np.asarray(test)
    for table in tables:
        if table.shape != tables[0].shape or table.ndim != 1 or (table < 0).any():
            raise ValueError("two rows of counts over the same areas")
        if (table != np.floor(table)).any():
            raise ValueError("counts are whole numbers")
    return tables[0].astype(np.int64), tables[1].astype(np.int64)


def _share(counts: Counts) -> Values:
    return np.asarray(counts / counts.sum() if counts.sum() else np.full(len(counts), np.nan))
