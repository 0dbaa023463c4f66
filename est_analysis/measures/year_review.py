"""What a year review counts: the year's measures, what was claimed and decided, the law's dates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from est_analysis import periods
from est_analysis.counts import Interval
from est_analysis.gather.comparison import WHOLE_YEAR, own_names
from est_analysis.measures.catalogue import word
from est_analysis.measures.due import left as left_ever
from est_analysis.measures.register import Register
from est_analysis.municipality import Municipality
from est_analysis.patterns.change import Change, compare
from est_analysis.patterns.coverage import first_covered, in_period
from est_analysis.patterns.hotspots import located
from est_analysis.periods import Period

LAW_YEARS = 2
"""The situational picture is renewed at least every second year (Lag 2023:196)."""
MEASURE_YEARS = 4
"""So many years stand beside each other in the accounts."""
TOPICS = {
    "fire": ("brand",),
    "traffic": ("trafik", "trafikolycka"),
    "falls": ("fall", "fallolycka", "fallolyckor"),
}
"""What yearly safety accounts follow besides crime in public, by what the groups are called."""
CLAIMS = ("clear", "indication")
_KRONOR = re.compile(r"(\d[\d \u00a0\u202f.]*)\s*(?:kr|kronor|sek)\b\.?", re.IGNORECASE)


def renew_by(decided: date) -> date:
    """Return the last day on which a picture decided on a day is to be decided anew."""
    try:
        return decided.replace(year=decided.year + LAW_YEARS)
    except ValueError:  # 29 February
        return decided.replace(year=decided.year + LAW_YEARS, day=28)


def measures_of(register: Register, year: Period) -> pd.DataFrame:
    """
    Return the measures that went on in a year, with how far they came by its last day.

    Parameters
    ----------
    register
        The group's.
    year
        The period.

    Returns
    -------
    DataFrame
        ``id``, ``name``, ``sort`` (as the register has it), ``place``, ``area``, ``group`` (of the
        problem; empty where it has none), ``responsible``, ``start``, ``due``, ``end``, ``state``
        (``in_time``, ``too_late``, ``done`` where no day was set, ``cut``, ``overdue``,
        ``running``), ``cost`` (as written), in the order of their starts. What the register says
        today is what is known: an end after the year counts as not yet reached.
    """
    first, last = pd.Timestamp(year.start), pd.Timestamp(year.last)
    problems = register.problems.set_index("id")[["plats", "omrade", "grupp"]]
    own = register.measures.join(problems, on="problem")
    own = own[(own["startdatum"] <= last) & ~(own["slutdatum"] < first)]
    own = own[~((own["status"] == "Avbruten") & own["slutdatum"].isna())]
    ended, due = own["slutdatum"] <= last, own["klart_senast"]
    state = pd.Series("running", index=own.index)
    state = state.mask(~ended & (due <= last), "overdue")
    state = state.mask(ended & due.isna(), "done")
    state = state.mask(ended & (own["slutdatum"] <= due), "in_time")
    state = state.mask(ended & (own["slutdatum"] > due), "too_late")
    state = state.mask(ended & (own["status"] == "Avbruten"), "cut")
    table = pd.DataFrame(
        {
            "id": own["id"],
            "name": own["atgard"],
            "sort": own["atgardstyp"],
            "place": own["plats"].fillna(""),
            "area": own["omrade"].fillna(""),
            "group": own["grupp"].fillna(""),
            "responsible": own["ansvarig_funktion"],
            "start": own["startdatum"],
            "due": due,
            "end": own["slutdatum"].where(ended),
            "state": state,
            "cost": own["kostnad_tid"],
        }
    )
    return table.sort_values(["start", "id"], ignore_index=True)


@dataclass(frozen=True)
class Costs:
    """
    What measures cost, as far as it can be added.

    Parameters
    ----------
    kronor, stated
        The sum in kronor, and of how many measures.
    other, missing
        How many state something else (hours), and how many nothing.
    """

    kronor: int
    stated: int
    other: int
    missing: int


def costs(texts: Iterable[str]) -> Costs:
    """Return the costs that are stated in kronor, and how many are not."""
    kronor, stated, other, missing = 0, 0, 0, 0
    for text in texts:
        found = _KRONOR.fullmatch(text.strip())
        if found:
            kronor, stated = kronor + int(re.sub(r"\D", "", found[1])), stated + 1
        elif text.strip():
            other += 1
        else:
            missing += 1
    return Costs(kronor, stated, other, missing)


def reports_of(
    entries: Iterable[Mapping[str, Any]], year: Period, edition: str
) -> dict[Period, list[dict[str, Any]]]:
    """
    Return the findings of the reports on parts of a year, from the ledger.

    Parameters
    ----------
    entries
        Of the ledger, oldest first; the meetings' briefs are left out.
    year
        The year.
    edition
        Of the reports.

    Returns
    -------
    dict
        Period to findings, the earliest first; of a period that was reported twice, the last.
    """
    found: dict[Period, list[dict[str, Any]]] = {}
    for entry in entries:
        if entry.get("report") != "rapport" or entry["edition"] != edition:
            continue
        period = periods.parse(entry["period"])
        if year.start <= period.start and period.end <= year.end and period != year:
            found[period] = entry["findings"]
    return dict(sorted(found.items()))


def decisions_of(register: Register, year: Period) -> pd.DataFrame:
    """Return the decisions of the year's meetings, as the register has them, in order."""
    own = register.decisions
    day = own["motesdatum"]
    own = own[(day >= pd.Timestamp(year.start)) & (day < pd.Timestamp(year.end))]
    return own.sort_values(["motesdatum", "id"], ignore_index=True)


def left(register: Register, year: Period) -> pd.DataFrame:
    """Return the problems that left the list in a year, or on no day told, as `due.left` does."""
    gone = left_ever(register)
    outside = (gone["day"] < pd.Timestamp(year.start)) | (gone["day"] >= pd.Timestamp(year.end))
    return gone[~outside].reset_index(drop=True)


@dataclass(frozen=True)
class Account:
    """
    One line of the yearly safety accounts.

    Parameters
    ----------
    topic
        ``all`` (reported crime), ``public`` (of it what has a place), ``unsafe``, or one of
        `TOPICS`.
    kind, group
        Of record; the group is empty for all of the kind.
    counts
        By year, the latest first; None for a year that is not covered.
    ratio, interval
        The year against the earlier ones, as `patterns.change` has it; None where not compared.
    """

    topic: str
    kind: str
    group: str
    counts: tuple[int | None, ...]
    ratio: float | None
    interval: Interval | None


def accounts(
    events: pd.DataFrame,
    year: Period,
    municipality: Municipality,
    groups: Change,
    totals: Change,
    *,
    delivered: pd.DataFrame,
    missing: Mapping[str, str],
) -> list[Account]:
    """
    Return the lines of the yearly safety accounts that the deliveries can fill.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    year
        The year.
    municipality
        Gives thresholds, and what its sources cover.
    groups, totals
        The year's changes.
    delivered
        All accepted records: they tell what sources cover.
    missing
        By kind: a file that could not be read.

    Returns
    -------
    list of Account
        A topic that nothing is delivered of has no line.
    """
    years = [year, *year.same_season(MEASURE_YEARS - 1)]
    crimes = events[events["kind"] == "reported_crime"]
    placed = located(crimes)
    told = compare(placed, year, municipality, by="kind", delivered=delivered, missing=missing)
    first_placed = first_covered(delivered, "reported_crime", municipality, by_place=True)
    earlier = told.seasons.get("reported_crime", [])
    whole = first_placed is not None and all(first_placed <= each.start for each in earlier)
    public = told.table if whole else told.table.head(0)  # half of the years tell no places
    level = municipality.thresholds.interval_level
    unsafe = events[events["kind"] == "unsafe_place"]
    lines = [
        _account("all", "reported_crime", "", crimes, years, totals.table, level),
        _account("public", "reported_crime", "", placed, years, public, level),
        _account("unsafe", "unsafe_place", "", unsafe, years, totals.table, level),
    ]
    for topic, names in TOPICS.items():
        own = groups.table[groups.table["group"].map(word).isin(names)]
        lines += [
            _account(
                topic,
                kind,
                group,
                events[(events["kind"] == kind) & (events["group"] == group)],
                years,
                own[(own["kind"] == kind) & (own["group"] == group)],
                level,
            )
            for kind, group in zip(own["kind"], own["group"], strict=True)
        ]
    first = {
        kind: first_covered(delivered, kind, municipality) for kind in {one.kind for one in lines}
    }
    return [
        _covered(one, years, first_placed if one.topic == "public" else first[one.kind])
        for one in lines
        if any(one.counts)
    ]


def _account(
    topic: str,
    kind: str,
    group: str,
    events: pd.DataFrame,
    years: list[Period],
    change: pd.DataFrame,
    level: float,
) -> Account:
    told = change[change["kind"] == kind].to_dict("records")
    known = bool(told) and not pd.isna(told[0]["expected"]) and bool(told[0]["gate"])
    return Account(
        topic,
        kind,
        group,
        tuple(int(in_period(events, each)["count"].sum()) for each in years),
        float(told[0]["ratio"]) if known else None,
        Interval(told[0]["low"], told[0]["high"], level) if known else None,
    )


def _covered(line: Account, years: list[Period], first: date | None) -> Account:
    counts = tuple(
        n if first is not None and first <= each.start else None
        for n, each in zip(line.counts, years, strict=True)
    )
    return Account(line.topic, line.kind, line.group, counts, line.ratio, line.interval)


def tertials(year: Period) -> list[Period]:
    """Return the three parts of a year by which a citizens' promise is followed up."""
    return [periods.parse(f"{year.start.year}T{part}") for part in (1, 2, 3)]


@dataclass(frozen=True)
class Promise:
    """
    What a citizens' promise is followed up by, tertial by tertial.

    Parameters
    ----------
    police
        Groups of crime that follow how much the police control, to counts.
    unsafe, controls, meetings
        Reports of unsafe places; measures of control that began; days of meetings that the register
        has decisions of. None where nothing is kept.
    """

    police: dict[str, tuple[int, ...]]
    unsafe: tuple[int, ...]
    controls: tuple[int, ...] | None
    meetings: tuple[int, ...] | None


def promise(
    events: pd.DataFrame, year: Period, municipality: Municipality, register: Register
) -> Promise:
    """Return the counts of a year's tertials that a citizens' promise can be followed up by."""
    parts = tertials(year)
    own = [in_period(events, part) for part in parts]
    driven = events[(events["kind"] == "reported_crime") & events["police_activity"]]
    police = {
        str(group): tuple(
            int(
                part.loc[
                    (part["kind"] == "reported_crime") & (part["group"] == group), "count"
                ].sum()
            )
            for part in own
        )
        for group in sorted(driven["group"].unique())
    }
    controls = register.measures[register.measures["atgardstyp"] == "kontroll"]["startdatum"]
    kept = municipality.registers
    return Promise(
        police={group: counts for group, counts in police.items() if any(counts)},
        unsafe=tuple(int(p.loc[p["kind"] == "unsafe_place", "count"].sum()) for p in own),
        controls=_days(controls, parts) if kept.measures else None,
        meetings=_days(register.decisions["motesdatum"].drop_duplicates(), parts)
        if kept.decisions
        else None,
    )


def _days(days: pd.Series, parts: list[Period]) -> tuple[int, ...]:
    return tuple(
        int(((days >= pd.Timestamp(p.start)) & (days < pd.Timestamp(p.end))).sum()) for p in parts
    )


def other_crimes(
    table: pd.DataFrame, municipality: Municipality, year: Period, groups: Iterable[str]
) -> pd.DataFrame:
    """
    Return the municipality's own lines of the council's file, of crimes not told of elsewhere.

    Parameters
    ----------
    table
        As `gather.comparison.Comparison.table`.
    municipality
        Whose.
    year
        The latest year wanted; the two before it stand beside it.
    groups
        What the report itself tells of: a crime of just that name is left out.

    Returns
    -------
    DataFrame
        ``crime``, ``year``, ``count`` and ``per_100k`` (NaN is not applicable), ``preliminary``, in
        the order of the files. Crimes are headings of the council's own, which may hold one
        another: they are never added.
    """
    known = {word(group) for group in groups}
    own = table["region"].str.casefold().isin(own_names(municipality))
    wanted = range(year.start.year - 2, year.start.year + 1)
    whole = table[own & (table["period"] == WHOLE_YEAR) & table["year"].isin(wanted)]
    whole = whole[~whole["crime"].map(word).isin(known).astype(bool)]
    return whole[["crime", "year", "count", "per_100k", "preliminary"]].reset_index(drop=True)
