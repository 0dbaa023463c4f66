"""How good what was delivered is: every measure once, source by source, with its plain sentence."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from est_analysis.evidence import Share, Text
from est_analysis.gather import coordinates, times
from est_analysis.gather.rulings import SORTS
from est_analysis.municipality import Municipality, Source
from est_analysis.periods import Period

if TYPE_CHECKING:
    from collections.abc import Iterator

    from est_analysis.gather.accept import Gathered

FEWEST = 20
"""Shares are judged from so many rows; below it one row would decide."""
MOST_STOPPED = 0.02
"""Of all rows, in quarantine; above it the totals are visibly low."""
LEAST_PLACED = 0.85
"""Of the rows that should have a place; below it maps mislead (Ratcliffe 2004: 85 %)."""
MOST_VAGUE = 0.25
"""Of crimes and events, without a clock or over an interval longer than `LONG`."""
LONG = timedelta(hours=24)
MOST_STACKED = 0.10
"""Of the rows with coordinates, on a stack that says nothing of where."""
THIN_CHANCE = 0.001
"""A source that begins with so improbably few rows began thinly."""
COARSE_STEP_M = 50.0
"""Coordinates rounded to such a step are no addresses, and neighbours share a point."""
MOST_HEAPED = 0.40
"""Of the clocks, on the whole hour; more, and the minute says nothing."""
MOST_MISSING = 0.05
"""Of the period's rows, not registered yet by the estimate."""
GAP = 6.0
"""Rows expected in months without any: by chance alone that happens once in 400 such times."""
MOST_DEFAULT = 0.02
"""Of all clocks, at a time that is probably written where none is known."""
LAG_DAYS, LAG_YEARS, FEWEST_LAGS = 365, 2, 30
"""Delays are followed for a year, over the last two years, and told from so many rows."""

PLACED_KINDS = ("reported_crime", "event", "unsafe_place", "safe_place", "physical_defect")
TIMED_KINDS = ("reported_crime", "event")
_PLACED = ("point", "street", "place")
_CLOCKED = ("minute", "hour")


@dataclass(frozen=True)
class Measure:
    """
    One measure of one source.

    Parameters
    ----------
    source
        Its name in the settings; empty for what concerns all.
    name
        Which measure.
    ok
        False where people should look.
    text
        What it says, as a sentence.
    """

    source: str
    name: str
    ok: bool
    text: Text


@dataclass(frozen=True)
class Quality:
    """
    The quality of a municipality's deliveries.

    Parameters
    ----------
    sources
        One row a source, in the order of the settings: ``source``, ``partner``, ``label`` (the
        partner, told apart where it has several sources), ``unit`` (what one counted record is:
        ``offence``, ``incident``, ``victim`` or ``report``), ``rows``, ``accepted``,
        ``quarantined``, ``dropped``, ``repeated``,
        ``counted`` (events that the accepted rows count), ``first``, ``last`` (dates, None where
        nothing is accepted), ``unread`` (files), ``near_misses``, ``placeable`` (rows that should
        have a place), ``placed`` (share of them), ``timeable``, ``vague`` (share without a usable
        time), ``stacked`` (share of the rows with coordinates), ``step_m`` (metres that coordinates
        were rounded to, 0 where that is not told), ``heaped`` (share of clocks on the whole hour,
        NaN where too few), ``default_share`` (share of
        all clocks at a suspected default time), ``default_at`` (that time, empty where there is
        none), ``lags``
        (rows with a day of registration that the estimate rests on), ``lag_median``, ``age_90``,
        ``age_95`` (days after the event by which that share is registered, NaN where not told),
        ``as_of`` (last day of registration), ``missing`` (share of the period's rows not yet
        registered), ``until`` (the day on which the period is no longer preliminary), ``gaps``
        (tuple of periods), ``thin`` (period, rows and usual rows a month of a thin beginning, or
        None), ``unlisted`` (rows whose reporter is not in ``partners``). Shares are
        NaN where there is nothing to share.
    measures
        Every measure that can be told, source by source.
    """

    sources: pd.DataFrame
    measures: tuple[Measure, ...]

    @property
    def warnings(self) -> tuple[Measure, ...]:
        """The measures that people should look at."""
        return tuple(measure for measure in self.measures if not measure.ok)


def measure(gathered: Gathered, municipality: Municipality, period: Period) -> Quality:
    """
    Measure the quality of all that was delivered.

    Parameters
    ----------
    gathered
        What gathering gave.
    municipality
        Whose.
    period
        The reported period: gaps are sought up to its end, and lateness is told for it.

    Returns
    -------
    Quality
    """
    gaps, suspected = _gaps(gathered.events, municipality, period), _suspected(gathered.events)
    by_source = dict(list(gathered.events.groupby("source")))
    nothing = gathered.events.iloc[:0]
    rows = [
        _source(name, by_source.get(name, nothing), gathered, municipality, period)
        | dict(zip(("default_at", "default_share"), suspected.get(name, ("", 0.0)), strict=True))
        | {"gaps": gaps.get(name, ())}
        for name in municipality.sources
    ]
    told = [one for row in rows for one in _told(row, period)]
    faults = len(gathered.rulings.faults)
    if faults:
        text = Text(
            "{n} rader i aliases.csv eller decisions.csv går inte att använda.",
            {"n": faults},
            singular="En rad i aliases.csv eller decisions.csv går inte att använda.",
        )
        told.append(Measure("", "rulings", False, text))
    return Quality(pd.DataFrame(rows), tuple(told))


def alias_line(near_miss: Any) -> str:
    """Return the line that takes a near miss for its candidate, as it is written in the file."""
    word = {sort: written for written, sort in SORTS.items()}[near_miss.sort]
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="").writerow(
        [word, near_miss.source, near_miss.written, near_miss.means]
    )
    return out.getvalue()


def stopped(quarantine: pd.DataFrame, by: list[str], *, most: int | None = 3) -> pd.DataFrame:
    """
    Return quarantined rows together, `by` reason and what else is asked, most rows first.

    Returns
    -------
    DataFrame
        `by`, ``n``, ``first`` (the first `most` rows as texts ``file rad 7``, by delivery),
        ``values`` (those that may be shown, sorted).
    """
    where = (
        quarantine["file"].str.rsplit("/", n=1).str[-1] + " rad " + quarantine["row"].astype(str)
    )
    table = (
        quarantine.assign(where=where)
        .groupby(by)
        .agg(
            n=("row", "size"),
            first=("where", lambda each: list(each[:most])),
            values=("value", lambda each: sorted(set(each) - {""})),
        )
        .reset_index()
    )
    order = [False, *[True] * len(by)]
    return table.sort_values(["n", *by], ascending=order, ignore_index=True)


def _source(
    name: str,
    events: pd.DataFrame,
    gathered: Gathered,
    municipality: Municipality,
    period: Period,
) -> dict[str, Any]:
    source = municipality.sources[name]
    partners = [other.partner for other in municipality.sources.values()]
    continued = any(other.follows == name for other in municipality.sources.values())
    fates = ["rows", "accepted", "quarantined", "dropped", "repeated"]
    own = gathered.accounting[gathered.accounting["source"] == name]
    placeable = events[events["kind"].isin(PLACED_KINDS)]
    timeable = events[events["kind"].isin(TIMED_KINDS)]
    long = (timeable["end"] - timeable["start"]) > pd.Timedelta(LONG)
    coarse = ~timeable["time_precision"].isin(_CLOCKED)
    return {
        "source": name,
        "partner": source.partner,
        "label": f"{source.partner} ({name})"
        if partners.count(source.partner) > 1
        else source.partner,
        "unit": source.unit,
        **{fate: int(own[fate].sum()) for fate in fates},
        "counted": int(events["count"].sum()),
        "first": events["start"].min().date() if len(events) else None,
        "last": events["start"].max().date() if len(events) else None,
        "unread": tuple(one.file for one in gathered.unread if one.source == name),
        "near_misses": int((gathered.near_misses["source"] == name).sum()),
        "placeable": len(placeable),
        "placed": _share(placeable["place_precision"].isin(_PLACED)),
        "timeable": len(timeable),
        "vague": _share(coarse | long),
        "coarse": _share(coarse),
        "stacked": _stacked(events, source),
        "step_m": _step(events, source, municipality),
        "heaped": _heaped(timeable),
        **_lags(events, None if continued else period),
        "unlisted": int((events["partner"] == source.partner).sum())
        if source.columns.partner
        else 0,
        "thin": None if source.covers_from or source.follows else _thin_start(events),
    }


def _share(hits: pd.Series) -> float:
    return float(hits.mean()) if len(hits) else float("nan")


def _stacked(events: pd.DataFrame, source: Source) -> float:
    """Return the share of rows with coordinates that turned out to say nothing of where."""
    if source.precision in {"area", "municipality"}:
        return float("nan")
    out = events["place_precision"] == "municipality"
    return _share(out[out | events["x"].notna()])


def _step(events: pd.DataFrame, source: Source, municipality: Municipality) -> float:
    """Return the metres that a source's coordinates were rounded to; 0 where that is not told."""
    if source.columns.x is None or source.precision != "point" or source.snap != "none":
        return 0.0
    own = events[events["place_precision"] == "point"]
    delivered = source.delivered_crs or municipality.crs
    return coordinates.step(own["x"], own["y"], delivered_crs=delivered, crs=municipality.crs)


def _heaped(events: pd.DataFrame) -> float:
    """Return the share of clocks on the whole hour, midnight and noon apart."""
    clock = events.loc[events["time_precision"] == "minute", "start"]
    clock = clock[~clock.dt.hour.isin([0, 12])]
    return _share(clock.dt.minute == 0) if len(clock) >= FEWEST else float("nan")


def _suspected(events: pd.DataFrame) -> dict[str, tuple[str, float]]:
    """Return, by source, the commonest suspected default time and its share of all clocks."""
    table = times.suspected_default_times(events).sort_values("share")
    return {row.source: (row.clock, float(row.share)) for row in table.itertuples()}


def _lags(events: pd.DataFrame, period: Period | None) -> dict[str, Any]:
    """
    Return how late a source registers, from rows whose delay could have been seen.

    A source that goes on in another form has no newest weeks: `period` is None.

    Rows of the newest days can only be seen if they were registered soon, so plain quantiles are
    too short. The distribution is estimated backwards in time: of the rows that were registered
    within d days and are at least d days old, which share took just d days (Lagakos et al. 1988,
    *Biometrika* 75:515; Kalbfleisch & Lawless 1989, *JASA* 84:360).
    """
    told = events[
        events["registered"].notna()
        & events["kind"].isin(PLACED_KINDS)
        & ~events["time_precision"].isin(["month", "unknown"])
    ]
    nan = float("nan")
    none: dict[str, Any] = {"lags": 0, "lag_median": nan, "age_90": nan, "age_95": nan}
    none |= {"as_of": None, "missing": nan, "until": None}
    if told.empty:
        return none
    registered = told["registered"].dt.normalize()
    start = told["start"].dt.normalize()
    as_of = registered.max()
    # what happened before the first delivery was seen only if it was registered late
    since = max(registered.min(), as_of - pd.DateOffset(years=LAG_YEARS))
    lag = (registered - start).dt.days.clip(lower=0)
    used = (start >= since) & (lag <= LAG_DAYS)
    known = none | {"lags": int(used.sum()), "as_of": as_of.date()}
    if known["lags"] < FEWEST_LAGS:
        return known
    age = (as_of - start[used]).dt.days
    within = registered_within(lag[used].to_numpy(), age.to_numpy())
    median, age_90, age_95 = (int(np.argmax(within >= part)) for part in (0.5, 0.9, 0.95))
    known |= {"lag_median": median, "age_90": age_90, "age_95": age_95}
    if period is None:
        return known
    ages = (as_of - pd.date_range(period.start, period.last)).days.to_numpy()
    seen = np.where(ages < 0, 0.0, within[np.clip(ages, 0, LAG_DAYS)])
    until = period.last + timedelta(days=age_95)
    return known | {"missing": float(1 - seen.mean()), "until": until}


def registered_within(lag: np.ndarray, age: np.ndarray, days: int = LAG_DAYS) -> np.ndarray:
    """
    Estimate the share that is registered within each number of days, freed from truncation.

    Parameters
    ----------
    lag
        Days from event to registration, shape (n,); 0 to `days`.
    age
        Days from event to the last day of registration seen, shape (n,); at least `lag`.
    days
        The longest delay that counts.

    Returns
    -------
    ndarray
        Shape (days + 1,), rising to 1: the share of all that will be registered within `days`.
    """
    just = np.bincount(lag, minlength=days + 1)[: days + 1]
    younger = np.concatenate([[0], np.cumsum(np.bincount(np.minimum(age, days), minlength=days))])
    # of rows with a delay of at most d, those younger than d are not asked: a row's delay is never
    # longer than its age, so they are all among them
    asked = np.cumsum(just) - younger[: days + 1]
    stay = 1 - np.divide(just, asked, out=np.zeros(days + 1), where=asked > 0)
    later = np.concatenate([stay[1:], [1.0]])
    within: np.ndarray = np.cumprod(later[::-1])[::-1]
    return within


def _gaps(
    events: pd.DataFrame, municipality: Municipality, period: Period
) -> dict[str, tuple[Period, ...]]:
    """
    Return the whole months without rows in which a source's own rhythm would expect some.

    Expected is the mean of the same calendar month in other years, from the source's first row on.
    A source in a new form goes on with the old one; a gap belongs to the form before it.
    """
    found: dict[str, tuple[Period, ...]] = {}
    past = events[(events["kind"] != "upcoming") & (events["start"] < pd.Timestamp(period.end))]
    months = past["start"].dt.to_period("M")
    last = pd.Timestamp(period.end).to_period("M") - 1
    for _, own in past.groupby(past["source"].map(municipality.first_form)):
        at = months.loc[own.index]
        every = pd.period_range(at.min() + 1, last, freq="M")
        if len(every) < 12:
            continue
        n = at.value_counts().reindex(every, fill_value=0)
        of_year = n.groupby(n.index.month)
        others = of_year.transform("size") - 1
        expected = (of_year.transform("sum") - n) / others.where(others > 0)
        empty = n.eq(0)
        run = (empty != empty.shift()).cumsum()
        for _, stretch in n[empty].groupby(run[empty]):
            if expected.loc[stretch.index].sum() >= GAP:
                before = own[own["start"] < stretch.index[0].to_timestamp()]
                source = str(before.loc[before["start"].idxmax(), "source"])
                first = stretch.index[0].to_timestamp().date()
                end = (stretch.index[-1] + 1).to_timestamp().date()
                found[source] = (*found.get(source, ()), Period(first, end, "interval"))
    return found


def _thin_start(events: pd.DataFrame) -> tuple[Period, int, float] | None:
    """
    Return the months with which a source began thinly: which, their rows, and the usual a month.

    Thin is at most half of the same months a year later, and fewer than chance gives (one in a
    thousand, Poisson) at the pace of the year that follows; None where it began in full. What
    begins so looks like a rise.
    """
    from scipy.stats import poisson

    if events.empty:
        return None
    at = events["start"].dt.to_period("M")
    n = at.value_counts().reindex(pd.period_range(at.min(), at.max(), freq="M"), fill_value=0)
    found = []
    for months in range(1, min(12, len(n) - 12) + 1):
        began, usual = int(n.iloc[:months].sum()), float(n.iloc[months : months + 12].mean())
        chance = float(poisson.logcdf(began, usual * months))
        if began <= n.iloc[12 : 12 + months].sum() / 2 and chance <= math.log(THIN_CHANCE):
            first, end = n.index[0].to_timestamp().date(), n.index[months].to_timestamp().date()
            found.append((chance, (Period(first, end, "interval"), began, usual)))
    return min(found, key=lambda one: one[0])[1] if found else None


def _told(row: dict[str, Any], period: Period) -> Iterator[Measure]:
    """Yield what can be said of one source."""
    for name, ok, text, values in (
        *_rows_told(row),
        *_where_and_when(row),
        *_lateness(row, period),
    ):
        told = Text(text, {"label": row["label"], **values})
        yield Measure(row["source"], name, ok, told)


_Said = tuple[str, bool, str, dict[str, Any]]


def _rows_told(row: dict[str, Any]) -> Iterator[_Said]:
    """Yield name, verdict, sentence and values of what concerns files and rows."""
    for file in row["unread"]:
        text = "{label}: filen {file} gick inte att läsa och saknas i bilden."
        yield "unread", False, text, {"file": file}
    if row["rows"]:
        part = row["quarantined"] / row["rows"]
        ok = part <= MOST_STOPPED or row["rows"] < FEWEST
        text = "{label}: {stopped} av {rows} rader ({share}) väntar på rättning."
        values = {"stopped": row["quarantined"], "rows": row["rows"], "share": Share(part)}
        yield "stopped", ok, text, values
    if row["accepted"] == 0 and not row["unread"]:
        yield "empty", False, "{label}: ingen rad går att använda.", {}
    if n := row["near_misses"]:
        text = "{label}: {n} stavningar liknar något känt men tas inte in utan ert beslut."
        if n == 1:
            text = "{label}: en stavning liknar något känt men tas inte in utan ert beslut."
        yield "near_misses", False, text, {"n": n}
    if n := row["unlisted"]:
        text = "{label}: {n} rader har ingen rapportör ur listan partners."
        yield "partners", False, text, {"n": n}


def _where_and_when(row: dict[str, Any]) -> Iterator[_Said]:
    """Yield the same of places and clocks."""
    if n := row["placeable"]:
        ok = row["placed"] >= LEAST_PLACED or n < FEWEST
        text = "{label}: {placed} av {n} rader ({share}) har en plats."
        text += "" if ok else " Resten syns varken på kartan eller bland platserna."
        placed = round(row["placed"] * n)
        yield "placed", ok, text, {"placed": placed, "share": Share(row["placed"]), "n": n}
    if row["stacked"] > 0:
        text = "{label}: {share} av raderna med koordinater ligger i en hög som inte säger var."
        yield "stacked", row["stacked"] <= MOST_STACKED, text, {"share": Share(row["stacked"])}
    if row["step_m"] >= COARSE_STEP_M:
        text = (
            "{label}: koordinaterna är avrundade till omkring {step} meter. Skriv i så fall "
            "precision för källan: de pekar inte på en adress."
        )
        yield "rounded", False, text, {"step": round(row["step_m"], -1)}
    if (n := row["timeable"]) and row["coarse"] == 1.0:  # as agreed: nothing to mend
        yield "vague", True, "{label}: lämnar dag eller månad, aldrig klockslag.", {}
    elif n:
        ok = row["vague"] <= MOST_VAGUE or n < FEWEST
        text = "{label}: {share} av {n} rader saknar klockslag eller spänner över mer än ett dygn."
        yield "vague", ok, text, {"share": Share(row["vague"]), "n": n}
    if row["default_at"]:
        text = (
            "{label}: {share} av klockslagen är {at}. Troligen skrivs det när tiden är okänd; "
            "skriv i så fall default_times för källan."
        )
        values = {"share": Share(row["default_share"]), "at": row["default_at"]}
        yield "default_times", row["default_share"] <= MOST_DEFAULT, text, values

    if row["heaped"] > MOST_HEAPED:
        text = "{label}: {share} av klockslagen står på hel timme. Läs dem som ungefärliga."
        yield "heaped", False, text, {"share": Share(row["heaped"])}


def _lateness(row: dict[str, Any], period: Period) -> Iterator[_Said]:
    """Yield the same of what comes late, or not at all; an unread file is told as such only."""
    if row["unread"]:
        return
    if row["until"]:
        ok = row["missing"] <= MOST_MISSING
        text = (
            "{label}: 95 % av raderna är registrerade {age} dagar efter händelsen (hälften inom "
            "{median}; {n} rader)."
        )
        if row["until"] > row["as_of"]:
            text += " De nyaste veckorna är preliminära till {until}."
        if not ok:
            text += " Uppskattningsvis {missing} av {period} saknas ännu."
        values = {
            "age": row["age_95"],
            "median": row["lag_median"],
            "n": row["lags"],
            "until": row["until"],
            "missing": Share(row["missing"]),
            "period": period,
        }
        yield "lag", ok, text, values
    if row["thin"] is not None:
        thin, n, usual = row["thin"]
        text = (
            "{label}: {n} rader för {thin}, mot {usual} i månaden året efter. Insamlingen verkar "
            "ha börjat glest, och det kan se ut som en ökning: skriv covers_from för källan."
        )
        yield "thin_start", False, text, {"n": n, "thin": thin, "usual": round(usual, 1)}
    for gap in row["gaps"]:
        still = gap.end >= period.end.replace(day=1)
        when = "sedan {first}" if still else "för {gap}"
        text = f"{{label}}: inget har kommit {when}, trots att det brukar."
        yield "gap", False, text, {"gap": gap, "first": gap.start}
