"""Where the level of a series of counts changed once, against its season: a description."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from est_analysis import counts
from est_analysis.municipality import Municipality
from est_analysis.patterns.alarms import YEAR_DAYS, Grid, references, window
from est_analysis.patterns.change import COMPARED_KINDS
from est_analysis.patterns.coverage import first_covered, silent_since
from est_analysis.periods import Period

Floats = NDArray[np.float64]

SHORTEST = 4
"""A level lasts at least so many periods."""
FEWEST_PERIODS, FEWEST_EVENTS = 52, 50
LEVEL = 0.05
SIMULATED = 999


@dataclass(frozen=True)
class Shift:
    """
    The most likely single change of level.

    Parameters
    ----------
    at
        The first period of the new level, counted from the oldest.
    before, after
        Events a period, at the season's mean, in the old level and the new.
    p
        Chance that a series without any change shows one as large anywhere.
    """

    at: int
    before: float
    after: float
    p: float


def shift(
    series: ArrayLike,
    *,
    exposure: ArrayLike | None = None,
    dispersion: float = 1.0,
    simulations: int = SIMULATED,
    seed: int = 0,
) -> Shift:
    """
    Find the split of a series that the counts support most, and how often chance supports one so.

    Parameters
    ----------
    series
        Counts of shape (n_periods,), oldest first; at least twice `SHORTEST`.
    exposure
        What each period would have of an even series, same shape, above zero; None for alike.
    dispersion
        Variance over mean between periods; simulated series have it too.
    simulations
        How many.
    seed
        Of the simulation.

    Returns
    -------
    Shift

    Raises
    ------
    ValueError
        If the series is too short, or an exposure is not above zero.

    Notes
    -----
    Worsley (1986), Biometrika 73:91-104, for Poisson counts: the highest log likelihood ratio over
    all splits, given the total; p by simulation, so that dispersion can be had too.
    """
    y = np.asarray(series, dtype=float)
    size = np.ones_like(y) if exposure is None else np.asarray(exposure, dtype=float)
    if y.ndim != 1 or len(y) < 2 * SHORTEST or size.shape != y.shape or not (size > 0).all():
        raise ValueError(f"at least {2 * SHORTEST} periods, with exposures above zero")
    share = size / size.sum()
    ratios = _log_ratios(y[None, :], share)[0]
    at = int(np.argmax(ratios)) + SHORTEST
    rng, total = np.random.default_rng(seed), int(y.sum())
    if dispersion > 1 + 1e-6:
        weights = rng.gamma(total * share / (dispersion - 1), size=(simulations, len(y)))
        weights = np.maximum(weights, 1e-300)
        weights /= weights.sum(axis=1, keepdims=True)
    else:
        weights = np.broadcast_to(share, (simulations, len(y)))
    simulated = _log_ratios(rng.multinomial(total, weights).astype(float), share).max(axis=1)
    mean = size.mean()
    return Shift(
        at,
        float(y[:at].sum() / size[:at].sum() * mean),
        float(y[at:].sum() / size[at:].sum() * mean),
        counts.permutation_p(float(ratios.max()), simulated),
    )


def _log_ratios(table: Floats, share: Floats) -> Floats:
    """Return the log likelihood ratio of each split of each row, shape (n_rows, n_splits)."""
    from scipy.special import xlogy

    cut = slice(SHORTEST - 1, table.shape[1] - SHORTEST)
    first = table.cumsum(axis=1)[:, cut]
    total = table.sum(axis=1, keepdims=True)
    part = share.cumsum()[cut]
    expected = total * part
    second, rest = total - first, total - expected
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = xlogy(first, first / expected) + xlogy(second, second / rest)
    return np.nan_to_num(np.asarray(gain))


def season_profile(series: ArrayLike, per_year: int) -> Floats:
    """
    Return what each period of a series would have if only the season moved it.

    Parameters
    ----------
    series
        Counts of shape (n_periods,), oldest first.
    per_year
        Periods in 52 weeks.

    Returns
    -------
    array of float, same shape
        Each year's counts as parts of that year, averaged over years and over five neighbouring
        periods: a change of level between years leaves no mark on it. Alike under two whole years.
    """
    y = np.asarray(series, dtype=float)
    years = len(y) // per_year
    if years < 2:
        return np.ones_like(y)
    whole = y[len(y) - years * per_year :].reshape(years, per_year)
    parts = whole / np.maximum(whole.sum(axis=1, keepdims=True), 1)
    mean = parts.mean(axis=0) + 1e-3 / per_year
    smooth = np.mean([np.roll(mean, d) for d in (-2, -1, 0, 1, 2)], axis=0)
    place = np.arange(len(y) - 1, -1, -1) % per_year  # periods before the newest
    return np.asarray(smooth[per_year - 1 - place] * per_year)


def levels(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    *,
    delivered: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """
    Tell, kind by kind, whether and when the level of its fortnights changed.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        It ends with the newest fortnight.
    municipality
        Says how many years count, and what its sources cover.
    delivered
        All accepted records; what sources cover is told by them.

    Returns
    -------
    DataFrame
        One row a kind with two covered years and fifty events, whose sources go on: ``kind``,
        ``day`` (the first of the new level), ``before``, ``after`` (events a fortnight), ``p``,
        ``changed`` (p at most `LEVEL`). A description: who reports changes too.
    """
    now = window(period)
    records = events if delivered is None else delivered
    rows = []
    for kind in COMPARED_KINDS:
        own = events[
            (events["kind"] == kind) & ~events["time_precision"].isin(["month", "unknown"])
        ]
        first = first_covered(records, kind, municipality)
        if own.empty or first is None or silent_since(records, kind, now, municipality):
            continue
        years = municipality.thresholds.history_years
        grid = Grid(own, now, first, years)
        _, table = grid.counts("kind")
        if grid.periods < FEWEST_PERIODS or table.sum() < FEWEST_EVENTS:
            continue
        series = table[0, ::-1]
        phi = float(references(table, grid.step, years)[0].dispersion[0])
        profile = season_profile(series, YEAR_DAYS // grid.step)
        found = shift(series, exposure=profile, dispersion=phi)
        back = (grid.periods - found.at) * grid.step
        day = (pd.Timestamp(now.end) - pd.Timedelta(days=back)).date()
        rows.append((kind, day, found.before, found.after, found.p, found.p <= LEVEL))
    return pd.DataFrame(rows, columns=["kind", "day", "before", "after", "p", "changed"])
