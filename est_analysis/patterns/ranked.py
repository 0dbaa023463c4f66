"""Places first: ranked by plain counts, with the year before, the trend and what happens there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

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


def leading_kind(events: pd.DataFrame, period: Period) -> str:
    """Return the first kind of record that has any place in twelve months: crime, where it is."""
    year = located(in_period(events, period.year_to_end()))
    present = set(year["kind"])
    return next((kind for kind in PLACE_KINDS if kind in present), PLACE_KINDS[0])


def year_before(year: Period) -> Period:
    """Return the twelve months before twelve months, by the calendar."""
    return Period(year.start, year.start, "interval").year_to_end()


def covered_before(
    events: pd.DataFrame,
    kind: str,
    period: Period,
    municipality: Municipality,
    missing: Collection[str] = (),
) -> bool:
    """Tell whether this and the year before can be compared place by place."""
    first = first_covered(events, kind, municipality, by_place=True)
    return (
        first is not None
        and first <= year_before(period.year_to_end()).start
        and kind not in missing
        and silent_since(events, kind, period, municipality) is None
    )


def rank(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    *,
    units: Units | None = None,
    missing: Collection[str] = (),
    dispersion: float | None = None,
    most: int = MOST,
) -> Ranked:
    """
    Rank places of one sort by what was reported there in twelve months.

    Parameters
    ----------
    events
        Accepted events of all periods and kinds.
    period
        Now; the twelve months end where it ends.
    municipality
        Gives thresholds, what may be shown, and what its sources cover.
    units
        What places are counted by; None is their public names.
    missing
        Kinds of which a file could not be read: they are compared with nothing.
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
    kind = leading_kind(events, period)
    own = _with_unit(events[events["kind"] == kind], units)
    year = period.year_to_end()
    now, first = in_period(own, year), first_covered(events, kind, municipality, by_place=True)
    counted = _tally(now)
    covered = covered_before(events, kind, period, municipality, missing)
    before = in_period(known_then(own, year_before(year), year), year_before(year))
    shown = counted[counted >= smallest]
    listed = shown.sort_index().sort_values(ascending=False, kind="stable").head(most)
    table = pd.DataFrame({"n": listed}).rename_axis(index="unit")
    intervals = [counts.poisson_interval(int(n)) for n in listed]
    table["low"], table["high"] = [i.low for i in intervals], [i.high for i in intervals]
    table["share"] = listed / max(1, int(counted.sum()))
    states = _states(pd.concat([before, now]), year) if covered else pd.Series(dtype=str)
    if dispersion is None:
        dispersion = unrest(own, period, municipality, by="unit", first=first) if covered else 1.0
    base = _tally(before) if covered else None
    table = table.join(_changes(listed, base, year, municipality, dispersion))
    table["state"] = states.reindex(table.index).fillna("").to_numpy(object)
    table = table.join(_seasons(own, period, municipality, first, missing, table.index))
    inside = {unit: rows for unit, rows in now.groupby("unit") if unit in table.index}
    longest = municipality.thresholds.longest_span_hours
    table["groups"] = pd.Series(
        {unit: commonest(rows, "group", smallest) for unit, rows in inside.items()}, dtype=object
    )
    table["peak"] = pd.Series(
        {unit: peak(rows, longest_span_hours=longest) for unit, rows in inside.items()},
        dtype=object,
    )
    table["around"] = pd.Series(
        {unit: _most(rows, "place") for unit, rows in inside.items()}, dtype=object
    )
    table, mean = _rates(table, counted, units)
    names = list(table.index) if units is None else units.names([int(u) for u in table.index])
    return Ranked(
        table.assign(name=pd.Series(names, index=table.index, dtype=object)).reset_index(drop=True),
        kind,
        "place" if units is None else units.sort,
        int(counted.sum()),
        len(counted),
        mean,
        _tallied(states.reindex(shown.index)) if covered else {},
        covered,
        dispersion,
    )


def commonest(rows: pd.DataFrame, column: str, smallest: int, most: int = GROUPS) -> list[str]:
    """Return the commonest values of a column that stand for at least `smallest` events each."""
    tally = rows[rows[column] != ""].groupby(column)["count"].sum().sort_index()
    tally = tally[tally >= smallest].sort_values(ascending=False, kind="stable")
    return [str(name) for name in tally.index[:most]]


def _with_unit(events: pd.DataFrame, units: Units | None) -> pd.DataFrame:
    """Return the events that have a place of the sort, with their ``unit``."""
    if units is None:
        here = located(events)
        return here.assign(unit=here["place"])
    number = units.number.reindex(events.index)
    return events.assign(unit=number)[number.to_numpy() >= 0]


def _tally(events: pd.DataFrame) -> pd.Series:
    return events.groupby("unit")["count"].sum()


def _most(rows: pd.DataFrame, column: str) -> str:
    tally = rows.groupby(column)["count"].sum().sort_index()
    return str(tally.sort_values(ascending=False, kind="stable").index[0])


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


def _seasons(
    own: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    first: date | None,
    missing: Collection[str],
    index: pd.Index,
) -> pd.DataFrame:
    """Count the period, and the same season of the earlier years that are covered."""
    smallest = municipality.disclosure.smallest_place_count

    def shown(tally: pd.Series) -> pd.Series:
        full = tally.reindex(index, fill_value=0).astype(float)
        return full.where((full == 0) | (full >= smallest))

    seasons = [
        season
        for season in period.same_season(municipality.thresholds.history_years)
        if first is not None and season.start >= first
    ]
    if len(own) and own["kind"].iloc[0] in missing:
        seasons = []
    base = [_tally(in_period(known_then(own, s, period), s)) for s in seasons]
    together = pd.concat(base).groupby(level=0).sum() if base else pd.Series(dtype="int64")
    return pd.DataFrame(
        {
            "now": shown(_tally(in_period(own, period))),
            "season": shown(together) if seasons else np.nan,
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
