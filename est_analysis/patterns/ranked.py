"""Places first: ranked by plain counts, with the year before, the trend and what happens there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from est_analysis import counts
from est_analysis.municipality import Municipality
from est_analysis.patterns import emerging, unusual
from est_analysis.patterns.change import known_then, unrest
from est_analysis.patterns.coverage import first_covered, in_period, silent_since
from est_analysis.patterns.hotspots import PLACE_KINDS, located
from est_analysis.patterns.peaks import peak
from est_analysis.patterns.units import Units
from est_analysis.periods import Period

MOST = 15
"""So many places are described; all are counted."""
GROUPS = 3
_NEEDED = [
    *("source", "kind", "group", "start", "end", "registered", "time_precision"),
    *("x", "y", "place_precision", "place", "count"),
]


@dataclass(frozen=True)
class Ranked:
    """
    Places of one sort, those with most in twelve months first.

    Parameters
    ----------
    table
        One row a place: ``name``, ``around`` (the commonest public place of its events), ``n``
        (twelve months), ``low``, ``high`` (95 % interval, as a Poisson mean), ``share`` (of all
        that is known to a place of this sort), ``before`` (the twelve months before, as they were
        known at the same age), ``ratio``, ``ratio_low``, ``ratio_high``, ``state`` (of
        `emerging.WORDS`), ``now`` (in the period), ``season`` (all earlier seasons' events),
        ``seasons`` (how many), ``groups`` (the commonest, each with as many events as may be
        shown), ``peak`` (`Peak`), ``rate`` and ``shrunken`` (per unit of size, the latter drawn
        towards the mean of all; NaN where there is no size).
        NaN and empty where something is not covered, or would show fewer than may be shown.
    kind
        The kind of record that is counted.
    sort
        ``place``, ``stretch``, ``street`` or ``cell``.
    n
        Events that are counted in all, also at places that are not listed.
    places
        How many places hold anything, listed or not.
    mean
        Events per unit of size over all; NaN without.
    states
        How many of the places that may be shown are in each state; empty where not covered.
    covered
        Whether the twelve months before are covered by every source.
    dispersion
        Variance over mean between years by which the changes' intervals are widened.
    """

    table: pd.DataFrame
    kind: str
    sort: str
    n: int
    places: int
    mean: float
    states: dict[str, int]
    covered: bool
    dispersion: float = 1.0


@dataclass(frozen=True, eq=False)
class Basis:
    """
    The events that places are ranked by, of one kind; computed once for every sort of place.

    Parameters
    ----------
    kind
        The kind of record.
    events
        All of it, all periods.
    latest, before
        Twelve months, and the twelve before as they were known at the same age.
    period, seasons
        The period, and the same season of earlier years that are covered, as known at its age.
    covered
        Whether this and the year before can be compared place by place.
    first
        The first day that every source tells of places; None where none does.
    """

    kind: str
    events: pd.DataFrame
    latest: pd.DataFrame
    before: pd.DataFrame
    period: pd.DataFrame
    seasons: list[pd.DataFrame]
    covered: bool
    first: date | None


def basis(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    *,
    missing: Collection[str] = (),
) -> Basis:
    """
    Choose what places are ranked by.

    Parameters
    ----------
    events
        Accepted events of all periods and kinds.
    period
        Now; the twelve months end where it ends.
    municipality
        Gives thresholds, and what its sources cover.
    missing
        Kinds of which a file could not be read: they are compared with nothing.

    Returns
    -------
    Basis
        Of the first kind of record in `hotspots.PLACE_KINDS` that has any place in the twelve
        months: reported crime, where it is.
    """
    year = period.year_to_end()
    present = set(located(in_period(events, year))["kind"])
    kind = next((kind for kind in PLACE_KINDS if kind in present), PLACE_KINDS[0])
    own = events.loc[events["kind"] == kind, _NEEDED]
    first = first_covered(own, kind, municipality, by_place=True)
    whole = kind not in missing
    earlier = year_before(year)
    covered = whole and first is not None and first <= earlier.start
    covered = covered and silent_since(own, kind, period, municipality) is None
    seasons = [
        in_period(known_then(own, season, period), season)
        for season in period.same_season(municipality.thresholds.history_years)
        if whole and first is not None and season.start >= first
    ]
    before = in_period(known_then(own, earlier, year), earlier) if covered else own.iloc[:0]
    now = in_period(own, year)
    return Basis(kind, own, now, before, in_period(now, period), seasons, covered, first)


def year_before(year: Period) -> Period:
    """Return the twelve months before twelve months, by the calendar."""
    return Period(year.start, year.start, "interval").year_to_end()


def rank(
    found: Basis,
    period: Period,
    municipality: Municipality,
    *,
    units: Units | None = None,
    dispersion: float | None = None,
    most: int = MOST,
) -> Ranked:
    """
    Rank places of one sort by what was reported there in twelve months.

    Parameters
    ----------
    found
        As `basis` gives it.
    period
        Now; the twelve months end where it ends.
    municipality
        Gives thresholds, and what may be shown.
    units
        What places are counted by; None is their public names.
    dispersion
        Variance over mean between years; None is what the places' own earlier years show.
    most
        So many places are listed.

    Returns
    -------
    Ranked
        A place with fewer events than ``disclosure.smallest_place_count`` is counted, not listed.
        Changes are exact for Poisson counts, widened by the unrest that quarters of earlier years
        show from year to year; each is of its own place, and none is a claim.
    """
    smallest = municipality.disclosure.smallest_place_count
    year = period.year_to_end()
    now, before = _with_unit(found.latest, units), _with_unit(found.before, units)
    counted = _tally(now)
    shown = counted[counted >= smallest]
    listed = shown.sort_index().sort_values(ascending=False, kind="stable").head(most)
    table = pd.DataFrame({"n": listed}).rename_axis(index="unit")
    intervals = [counts.poisson_interval(int(n)) for n in listed]
    table["low"], table["high"] = [i.low for i in intervals], [i.high for i in intervals]
    table["share"] = listed / max(1, int(counted.sum()))
    if dispersion is None:
        own = _with_unit(found.events, units)
        dispersion = (
            unrest(own, period, municipality, by="unit", first=found.first)
            if found.covered
            else 1.0
        )
    base = _tally(before) if found.covered else None
    table = table.join(_changes(listed, base, year, municipality, dispersion))
    states = _states(pd.concat([before, now]), year) if found.covered else pd.Series(dtype=object)
    table["state"] = states.reindex(table.index).fillna("").to_numpy(object)
    table = table.join(_seasons(found, units, smallest, table.index))
    inside = now[now["unit"].isin(table.index)]
    groups = commonest_of(inside, "unit", "group", smallest)
    around = commonest_of(inside, "unit", "place", 1, most=1)
    longest = municipality.thresholds.longest_span_hours
    rows = {unit: part for unit, part in inside.groupby("unit")}
    names = list(table.index) if units is None else units.names([int(u) for u in table.index])
    columns = {
        "groups": [groups.get(unit, []) for unit in table.index],
        "peak": [peak(rows[unit], longest_span_hours=longest) for unit in table.index],
        "around": [around[unit][0] for unit in table.index],
        "name": [str(name) for name in names],
    }
    table = table.assign(
        **{name: pd.Series(v, index=table.index, dtype=object) for name, v in columns.items()}
    )
    table, mean = _rates(table, counted, units)
    return Ranked(
        table.reset_index(drop=True),
        found.kind,
        "place" if units is None else units.sort,
        int(counted.sum()),
        len(counted),
        mean,
        _tallied(states.reindex(shown.index)) if found.covered else {},
        found.covered,
        dispersion,
    )


def commonest_of(
    rows: pd.DataFrame, by: str, column: str, smallest: int, most: int = GROUPS
) -> dict[Any, list[str]]:
    """
    Return each place's commonest values of a column, most first.

    Parameters
    ----------
    rows
        Events.
    by, column
        What tells places apart, and what is counted; empty values are passed over.
    smallest
        Values that stand for fewer events at a place are left out, so that none shows one event.
    most
        So many of each place.

    Returns
    -------
    dict
        Place to values.
    """
    tally = rows[rows[column] != ""].groupby([by, column])["count"].sum().reset_index()
    tally = tally[tally["count"] >= smallest]
    tally = tally.sort_values([by, "count", column], ascending=[True, False, True])
    tally = tally[tally.groupby(by).cumcount() < most]
    return {place: [str(v) for v in part] for place, part in tally.groupby(by)[column]}


def _with_unit(events: pd.DataFrame, units: Units | None) -> pd.DataFrame:
    """Return the events that have a place of the sort, with their ``unit``."""
    if units is None:
        here = located(events)
        return here.assign(unit=here["place"])
    number = units.number.reindex(events.index).to_numpy()
    return events.assign(unit=number)[number >= 0]


def _tally(events: pd.DataFrame) -> pd.Series:
    return events.groupby("unit")["count"].sum()


def _states(rows: pd.DataFrame, year: Period) -> pd.Series:
    """Return each place's class over the 24 whole months up to the year's end."""
    rows = rows[rows["time_precision"] != "unknown"]
    months = emerging.by_month(rows["unit"], rows["start"], last=year.last, count=rows["count"])
    found = emerging.classify(months.to_numpy())
    return pd.Series(found["state"].to_numpy(object), index=months.index)


def _tallied(states: pd.Series) -> dict[str, int]:
    tally = states.fillna("too_few").value_counts()
    return {name: int(tally.get(name, 0)) for name in emerging.WORDS}


def _changes(
    listed: pd.Series,
    before: pd.Series | None,
    year: Period,
    municipality: Municipality,
    dispersion: float,
) -> pd.DataFrame:
    """Hold each place against the twelve months before; None is not covered."""
    columns = ["before", "ratio", "ratio_low", "ratio_high"]
    if before is None or listed.empty:
        return pd.DataFrame(np.nan, index=listed.index, columns=columns)
    base = before.reindex(listed.index, fill_value=0)
    smallest = municipality.disclosure.smallest_place_count
    rows = []
    for n, was in zip(listed, base, strict=True):
        if 0 < was < smallest:  # neither may it be worked out from the ratio
            rows.append((np.nan,) * 4)
            continue
        found = counts.compare_rates(
            int(n),
            year.days,
            int(was),
            year_before(year).days,
            level=municipality.thresholds.interval_level,
            dispersion=dispersion,
        )
        rows.append((float(was), found.ratio, found.interval.low, found.interval.high))
    return pd.DataFrame(rows, index=listed.index, columns=columns)


def _seasons(found: Basis, units: Units | None, smallest: int, index: pd.Index) -> pd.DataFrame:
    """Count the period, and the same season of the earlier years that are covered."""

    def shown(tally: pd.Series) -> pd.Series:
        full = tally.reindex(index, fill_value=0).astype(float)
        return full.where((full == 0) | (full >= smallest))

    seasons = found.seasons
    together = _tally(_with_unit(pd.concat(seasons), units)) if seasons else None
    return pd.DataFrame(
        {
            "now": shown(_tally(_with_unit(found.period, units))),
            "season": np.nan if together is None else shown(together),
            "seasons": len(seasons),
        },
        index=index,
    )


def _rates(
    table: pd.DataFrame, counted: pd.Series, units: Units | None
) -> tuple[pd.DataFrame, float]:
    """Add raw and shrunken rates per unit of size, over all places that could hold anything."""
    if units is None or not units.size.sum() > 0:
        return table.assign(rate=np.nan, shrunken=np.nan), float("nan")
    whole = np.zeros(len(units.size))
    whole[counted.index.to_numpy(int)] = counted.to_numpy()
    shrunken = unusual.smoothed(whole, units.size)
    at = table.index.to_numpy(int)
    mean = float(whole.sum() / units.size.sum())
    return table.assign(rate=whole[at] / units.size[at], shrunken=shrunken[at]), mean
