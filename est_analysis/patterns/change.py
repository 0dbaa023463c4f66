"""What changed: each series against the same season of its own earlier years."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from est_analysis import counts
from est_analysis.municipality import Municipality
from est_analysis.patterns.coverage import (
    COARSE,
    covered_seasons,
    first_covered,
    in_period,
    silent_since,
    too_coarse,
)
from est_analysis.periods import Period

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_YEARS = 2
"""With one earlier year nothing tells how much years differ by themselves; nothing is claimed."""
COMPARED_KINDS = ("reported_crime", "event", "unsafe_place", "physical_defect")
"""Kinds of record that are compared over time; they are never summed."""


@dataclass(frozen=True)
class Change:
    """
    Changes in one period.

    Parameters
    ----------
    table
        One row a series: ``kind``, the series' key columns, ``n`` (events now), ``preceding``
        (events in the period before, NaN where it is not covered), ``expected`` (mean of the
        same season of earlier years), ``base_n`` (their sum), ``base_years`` (how many),
        ``ratio``, ``low``, ``high`` (its interval), ``p`` (two-sided), ``gate`` (enough events to
        compare), ``police_activity``.
        Sorted by kind, then `n` falling, then key. Where there is no earlier year, `expected` and
        what follows from it are NaN.
    seasons
        By kind: the earlier periods compared with, nearest first.
    dispersion
        By kind: variance over mean of the series between earlier years, pooled over the periods
        of a year, at least 1.
    silent
        By kind: the last day of a source that stopped delivering before the period's end; its
        kind is not compared.
    missing
        By kind: a file that would have told of it but could not be read; its kind is not compared.
    broken
        Kind and group of series whose codes began or ended within the years compared; they are
        not compared.
    """

    table: pd.DataFrame
    seasons: dict[str, list[Period]]
    dispersion: dict[str, float]
    silent: dict[str, date]
    missing: dict[str, str] = field(default_factory=dict)
    broken: frozenset[tuple[str, str]] = frozenset()


def compare(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    *,
    by: str,
    delivered: pd.DataFrame | None = None,
    missing: Mapping[str, str] = MappingProxyType({}),
    broken: Collection[tuple[str, str]] = (),
) -> Change:
    """
    Compare every series of `period` with the same season of earlier years.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        Now.
    municipality
        Gives thresholds, and what its sources cover.
    by
        The column that tells series apart within a kind of record: ``kind`` itself (totals),
        ``group`` or ``area``.
    delivered
        All accepted records, also those counted with another; None takes `events`. What sources
        cover, and whether they are silent, is told by them: a source is heard of also where all
        that it tells is counted with another's.
    missing
        By kind: a file that could not be read (`coverage.kinds_with_unread`).
    broken
        Kind and group of series that a change of codes breaks (`codes.broken`).

    Returns
    -------
    Change
        Intervals and p-values are exact for Poisson counts given their sum, widened by the
        dispersion that the earlier years show.
    """
    tables, seasons, dispersions, stopped = [], {}, {}, {}
    records = events if delivered is None else delivered
    breaks = frozenset(broken) if by == "group" else frozenset()
    for kind in COMPARED_KINDS:
        own = events[(events["kind"] == kind) & (events[by] != "")]
        if period.days < _SHORTEST_MONTH:  # a month's events all stand on its first day
            own = own[own["time_precision"] != "month"]
        if own.empty:
            continue
        earlier = covered_seasons(records, kind, period, municipality)
        now = _tally(own, period, by)
        before = _tally(own, period.preceding(), by)
        known = [_tally(known_then(own, s, period), s, by) for s in earlier]
        base = pd.DataFrame({str(s): t for s, t in zip(earlier, known, strict=True)}).fillna(0)
        keys = now.index.union(base.index) if earlier else now.index
        if keys.empty:
            continue
        base = base.reindex(keys, fill_value=0)
        first = first_covered(records, kind, municipality)
        phi = unrest(own, period, municipality, by=by, first=first)
        silent = silent_since(records, kind, period, municipality)
        table = pd.DataFrame(
            {
                "kind": kind,
                by: keys,
                "n": now.reindex(keys, fill_value=0).to_numpy(int),
                "preceding": before.reindex(keys, fill_value=0).to_numpy(float)
                if first is not None and period.preceding().start >= first
                else np.nan,
                "base_n": base.sum(axis=1).to_numpy(int),
                "base_years": len(earlier),
            }
        )
        police = own.groupby(by)["police_activity"].any()
        table["police_activity"] = police.reindex(keys).to_numpy(bool)
        table = _compared(table, period, earlier, phi, municipality)
        if kind in missing:  # whatever stood in that file, now or then
            table[[*_JUDGED, "preceding"]] = np.nan
        whole = silent is None and kind not in missing
        unbroken = np.array([(kind, key) not in breaks for key in keys], dtype=bool)
        tables.append(table.assign(gate=table["gate"] & whole & unbroken))
        seasons[kind], dispersions[kind] = earlier, phi
        if silent is not None:
            stopped[kind] = silent
    if not tables:
        columns = list(dict.fromkeys(by if name == "key" else name for name in _COLUMNS))
        table = pd.DataFrame(columns=columns)
    else:
        table = _sorted(pd.concat(tables, ignore_index=True), by)
    return Change(table, seasons, dispersions, stopped, dict(missing), breaks)


_SHORTEST_MONTH = 28
_JUDGED = ["expected", "ratio", "low", "high", "p"]
_COLUMNS = (
    *("kind", "key", "n", "preceding", "base_n", "base_years", "police_activity"),
    *_JUDGED,
    "gate",
)


def unrest(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    *,
    by: str,
    first: date | None,
) -> float:
    """
    Return variance over mean between years, pooled over series and over the periods of a year.

    One season has a few years only; the other seasons' years tell of the same unrest. The period
    itself stays out, so that what is tested does not excuse itself.

    Parameters
    ----------
    events
        Accepted events of one kind, all periods.
    period
        Now.
    municipality
        Says how many earlier years count.
    by
        The column that tells series apart.
    first
        The first day covered; None where there is none.

    Returns
    -------
    float
        At least 1.
    """
    years = municipality.thresholds.history_years
    counted, tables, shifted = _Counted(events, by), [], period
    for shift in range(max(1, 364 // period.days)):
        windows = [shifted.years_earlier(k) for k in range(shift == 0, years + (shift == 0))]
        covered = [w for w in windows if first is not None and w.start >= first]
        if covered:
            tables.append(np.stack([counted.within(w) for w in covered], axis=1))
        shifted = shifted.preceding()
    return counts.dispersion(*tables)


class _Counted:
    """Events by day, so that a period's counts of every series are two look-ups and a sum."""

    def __init__(self, events: pd.DataFrame, by: str) -> None:
        dated = events[events["start"].notna()].sort_values("start", kind="stable")
        self._start = dated["start"].to_numpy()
        self._is = {name: (dated["time_precision"] == name).to_numpy() for name in COARSE}
        self._series, names = pd.factorize(dated[by], sort=True)
        self._number = len(names)
        self._count = dated["count"].to_numpy(float)

    def within(self, period: Period) -> NDArray[np.float64]:
        """Return the counts of shape (n_series,) of a period, by `coverage.in_period`'s rule."""
        edges = [np.datetime64(day) for day in (period.start, period.end)]
        own = slice(*np.searchsorted(self._start, edges))
        weights = self._count[own].copy()
        for name in too_coarse(period):
            weights[self._is[name][own]] = 0
        counted = np.bincount(self._series[own], weights, minlength=self._number)
        return counted.astype(float)


def known_then(events: pd.DataFrame, season: Period, period: Period) -> pd.DataFrame:
    """
    Return the events that were registered as soon after `season` as we now stand after `period`.

    Late registration would otherwise make the newest period look like a fall: earlier years are
    counted as they were known at the same age. Events without a day of registration are kept.

    Parameters
    ----------
    events
        Accepted events of one kind, all periods.
    season
        The earlier period.
    period
        Now.

    Returns
    -------
    DataFrame
        Same columns and order.
    """
    registered = events["registered"]
    if registered.isna().all():
        return events
    age = registered.max().normalize() - pd.Timestamp(period.end)
    return events[~(registered.dt.normalize() > pd.Timestamp(season.end) + age)]


def _tally(events: pd.DataFrame, period: Period, by: str) -> pd.Series:
    return in_period(events, period).groupby(by)["count"].sum()


def _compared(
    table: pd.DataFrame,
    period: Period,
    earlier: list[Period],
    phi: float,
    municipality: Municipality,
) -> pd.DataFrame:
    thresholds = municipality.thresholds
    base_days = sum(season.days for season in earlier)
    lines = []
    for row in table.itertuples():
        if not earlier:
            lines.append((np.nan, np.nan, np.nan, np.nan, np.nan))
            continue
        compared = counts.compare_rates(
            row.n,
            period.days,
            row.base_n,
            base_days,
            level=thresholds.interval_level,
            dispersion=phi,
        )
        lines.append(
            (
                row.base_n * period.days / base_days,
                compared.ratio,
                compared.interval.low,
                compared.interval.high,
                compared.p,
            )
        )
    added = pd.DataFrame(lines, columns=_JUDGED)
    enough = table["n"] + table["base_n"] >= thresholds.minimum_change
    return table.assign(**added, gate=enough & (len(earlier) >= FEWEST_YEARS))


def _sorted(table: pd.DataFrame, by: str) -> pd.DataFrame:
    order = {kind: i for i, kind in enumerate(COMPARED_KINDS)}
    rank = table["kind"].map(order)
    columns = [rank.rename("rank"), (-table["n"]).rename("minus"), table[by].rename("key")]
    index = pd.concat(columns, axis=1).sort_values(["rank", "minus", "key"]).index
    return table.loc[index].reset_index(drop=True)
