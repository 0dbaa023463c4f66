"""A catalogue of measures for places, and which of them a place gives reason to discuss."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pandas as pd

from est_analysis.gather.lists import read_list
from est_analysis.municipality import Municipality
from est_analysis.patterns.coverage import in_period
from est_analysis.patterns.hotspots import PLACE_KINDS, located
from est_analysis.patterns.rhythms import daypart
from est_analysis.patterns.traits import split
from est_analysis.periods import Period

SHIPPED = Path(__file__).with_name("catalogue.csv")
COLUMNS = ("id", "familj", "namn", "villkor")
OPTIONAL = (
    *("teknik", "vad", "faktorer", "grupper", "platstyper", "tider", "ansvarig", "risk"),
    *("fynd", "kalla"),
)
FAMILIES = (
    *("större ansträngning", "större risk", "mindre vinst", "färre provokationer"),
    *("färre ursäkter", "miljöns utformning"),
)
"""The five families of situational prevention (Cornish & Clarke 2003), and environment design."""
HOURS = ("natt", "dag", "eftermiddag", "kväll")
MOST = 3
"""So many measures are put up for discussion at a place."""
FIRST = 4
"""So many of the places in the council's matrix are looked at, and the most unsafe one."""
ENOUGH_TIMED = 5
"""With so many crimes of a known time of day it is told whether a measure's hours are theirs."""
_SAME = {
    "bristande/trasig belysning": "belysning",
    "skymmande växtlighet": "växtlighet",
    "trasigt lås/tillträde": "lås",
    "utformning/dålig sikt": "mörkt eller dålig sikt",
    "eftersatt underhåll": "övergivet",
    "anlagd brand/eldning": "brand",
    "stöld/snatteri": "stöld och snatteri",
    "hot/ofredande på allmän plats": "hot och ofredande",
    "misstänkt narkotikahantering (plats)": "narkotika och alkohol",
    "störande körning/buskörning": "störande körning",
    "fortkörning/osäker trafik": "trafik",
}
"""What the reporting sheet calls a thing that the catalogue has another word for."""
_SIGNS, _HAPPENINGS = ("unsafe_place", "physical_defect"), ("reported_crime", "event")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True)
class Entry:
    """
    One measure; all texts are Swedish.

    Parameters
    ----------
    id, family, technique, name, what
        What it is: one of `FAMILIES`, a technique of it, its name, and what it does.
    factors
        What is reported of the surroundings that it speaks to: environment factors, reasons why a
        place is unsafe, and physical defects, in lower case.
    groups
        What happens that it speaks to, in lower case.
    place_types, hours
        Where and when (of `HOURS`) it makes sense; empty for anywhere and any time.
    responsible
        Who usually answers for such ground: a function, never a person.
    condition, risk
        What must be true for it to work, and what may go wrong.
    found, source
        What research found, and author, year and title; both empty where no source is named.
    """

    id: str
    family: str
    technique: str
    name: str
    what: str
    factors: frozenset[str]
    groups: frozenset[str]
    place_types: frozenset[str]
    hours: frozenset[str]
    responsible: str
    condition: str
    risk: str
    found: str
    source: str

    @property
    def cited(self) -> str:
        """The source's author and year."""
        year = _YEAR.search(self.source)
        return self.source[: year.end()] if year else ""


@dataclass(frozen=True)
class Catalogue:
    """The measures, the municipality's own first, and its rows that cannot be used."""

    entries: tuple[Entry, ...]
    faults: pd.DataFrame


@dataclass(frozen=True)
class Reported:
    """So many reports of one kind that name one thing; ``name`` as the reports write it."""

    name: str
    kind: str
    n: int


@dataclass(frozen=True)
class Seen:
    """
    What was reported at one place in twelve months, as far as it may be shown.

    Parameters
    ----------
    place, place_type
        Its name and its sort.
    factors, groups
        Of the surroundings, and of what happens, by the catalogue's word. Counts are of one kind of
        record, the kind with most; kinds are never summed.
    hours
        By group, the crimes by time of day, where it is known.
    """

    place: str
    place_type: str = ""
    factors: Mapping[str, Reported] = field(default_factory=dict)
    groups: Mapping[str, Reported] = field(default_factory=dict)
    hours: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Candidate:
    """
    A measure to discuss at a place, and why.

    Parameters
    ----------
    entry
        The measure.
    factors, groups
        What is reported there that it speaks to, most first.
    hours
        The fewest of its own hours that hold half of those crimes, most first; empty where it has
        no hours, or that cannot be told, or they lie at other hours.
    """

    entry: Entry
    factors: tuple[Reported, ...]
    groups: tuple[Reported, ...]
    hours: tuple[str, ...]


def read(municipality: Municipality) -> Catalogue:
    """
    Read the shipped catalogue, and the municipality's own list where the settings name one.

    Returns
    -------
    Catalogue
        A row of the municipality's own replaces the shipped one of the same id. A row that does not
        hold is listed, and stops nothing.

    Raises
    ------
    DeliveryError
        If the municipality's list cannot be read or lacks a column.
    """
    shipped = _shipped()
    inside = municipality.reference.measures
    if inside is None:
        return Catalogue(shipped, _faults([], ""))
    raw = read_list(municipality.path(inside), inside, COLUMNS, optional=OPTIONAL)
    own, faults = sift(raw)
    ids = {entry.id for entry in own}
    kept = tuple(entry for entry in shipped if entry.id not in ids)
    return Catalogue((*own, *kept), _faults(faults, inside))


@cache
def _shipped() -> tuple[Entry, ...]:
    entries, faults = sift(read_list(SHIPPED, SHIPPED.name, COLUMNS, optional=OPTIONAL))
    if faults:
        raise ValueError(f"the shipped catalogue does not hold: {faults[0]}")
    return entries


def sift(raw: pd.DataFrame) -> tuple[tuple[Entry, ...], list[tuple[int, str, str]]]:
    """
    Return the rows of a list that hold, and what is wrong with the others.

    Parameters
    ----------
    raw
        `COLUMNS` and `OPTIONAL` as text, indexed by the row that a person sees.

    Returns
    -------
    tuple
        Entries in the order of the list; row, column and reason of each fault.
    """
    entries: list[Entry] = []
    faults: list[tuple[int, str, str]] = []
    seen: set[str] = set()
    for at, row in zip(raw.index, raw.to_dict("records"), strict=True):
        wrong = list(_wrong(row, seen))
        seen.add(row["id"])
        if wrong:
            faults += [(int(at), column, reason) for column, reason in wrong]
        else:
            entries.append(_entry(row))
    return tuple(entries), faults


def _wrong(row: Mapping[str, str], seen: set[str]) -> Iterable[tuple[str, str]]:
    for column in ("id", "namn", "villkor"):
        if not row[column]:
            yield column, "saknas"
    if row["id"] and row["id"] in seen:
        yield "id", "id används två gånger"
    if row["familj"] not in FAMILIES:
        yield "familj", f"ska vara något av: {', '.join(FAMILIES)}"
    if unknown := sorted(_words(row["tider"]) - set(HOURS)):
        yield "tider", f"ska vara något av: {', '.join(HOURS)}, inte {len(unknown)} annat"
    if not _words(row["faktorer"]) | _words(row["grupper"]):
        yield "faktorer", "varken faktorer eller grupper: då kan insatsen inte föreslås"
    if bool(row["fynd"]) != bool(row["kalla"]):
        yield "kalla", "fynd och kalla ska anges båda eller ingen"
    elif row["kalla"] and not _YEAR.search(row["kalla"]):
        yield "kalla", "ska ha författare, år och titel"


def _entry(row: Mapping[str, str]) -> Entry:
    return Entry(
        id=row["id"],
        family=row["familj"],
        technique=row["teknik"] or row["familj"],
        name=row["namn"],
        what=row["vad"],
        factors=frozenset(map(word, _words(row["faktorer"]))),
        groups=frozenset(map(word, _words(row["grupper"]))),
        place_types=frozenset(_words(row["platstyper"])),
        hours=frozenset(_words(row["tider"])),
        responsible=row["ansvarig"],
        condition=row["villkor"],
        risk=row["risk"],
        found=row["fynd"],
        source=row["kalla"],
    )


def _words(text: str) -> set[str]:
    return {part.casefold() for part in split(text)}


def _faults(found: list[tuple[int, str, str]], inside: str) -> pd.DataFrame:
    table = pd.DataFrame(found, columns=["row", "column", "reason"]).astype({"row": "int64"})
    return table.assign(file=inside)[["file", "row", "column", "reason"]]


def word(name: str) -> str:
    """Return the catalogue's word for a group or a factor, however the municipality writes it."""
    folded = " ".join(name.casefold().split())
    return _SAME.get(folded, folded)


def places_to_discuss(order: Iterable[str], places: pd.DataFrame, *, smallest: int) -> list[str]:
    """
    Return the places that measures are put up for: the first ones, and the one most call unsafe.

    Parameters
    ----------
    order
        Places, the foremost first.
    places
        As `patterns.hotspots.places` gives them.
    smallest
        A place that fewer have called unsafe than this is not one.

    Returns
    -------
    list of str
        At most `FIRST` and one more.
    """
    chosen = list(order)[:FIRST]
    unsafe = places[places["unsafe_place"] >= smallest]
    unsafe = unsafe.sort_values(["unsafe_place", "place"], ascending=[False, True])
    return list(dict.fromkeys([*chosen, *map(str, unsafe["place"].head(1))]))


def seen_at(
    events: pd.DataFrame,
    period: Period,
    names: Iterable[str],
    *,
    smallest: int,
) -> list[Seen]:
    """
    Tell what was reported at some places in the twelve months up to the period's end.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        Now.
    names
        The places', in the order wanted; one with nothing reported is left out.
    smallest
        What fewer reports name than this is left out, so that no single event is shown.

    Returns
    -------
    list of Seen
    """
    wanted = list(dict.fromkeys(names))
    year = period.year_to_end()
    here = in_period(events[events["place"].isin(wanted) & events["kind"].isin(PLACE_KINDS)], year)
    here = located(here)
    described = here.drop_duplicates("place").set_index("place")["place_type"]
    factors, groups, hours = _factors(here, smallest), _groups(here, smallest), _hours(here)
    return [
        Seen(
            place=name,
            place_type=str(described[name]),
            factors=factors.get(name, {}),
            groups=groups.get(name, {}),
            hours=hours.get(name, {}),
        )
        for name in wanted
        if name in described.index
    ]


_Told = dict[str, dict[str, Reported]]


def _factors(here: pd.DataFrame, smallest: int) -> _Told:
    named = here.loc[here["factors"] != "", ["place", "factors", "kind", "count"]]
    named = named.assign(name=named["factors"].map(split)).explode("name").dropna(subset=["name"])
    signs = here[here["kind"].isin(_SIGNS)].rename(columns={"group": "name"})
    columns = ["place", "name", "kind", "count"]
    return _most(pd.concat([named[columns], signs[columns]]), smallest)


def _groups(here: pd.DataFrame, smallest: int) -> _Told:
    return _most(here[here["kind"].isin(_HAPPENINGS)].rename(columns={"group": "name"}), smallest)


def _most(named: pd.DataFrame, smallest: int) -> _Told:
    """Return each place's words with the kind that names each most; none below `smallest`."""
    tally = named.groupby(["place", "name", "kind"])["count"].sum().reset_index()
    tally = tally[tally["count"] >= smallest]
    tally = tally.sort_values(["count", "kind", "name"], ascending=[False, False, True])
    found: _Told = {}
    for place, name, kind, n in tally.itertuples(index=False):
        own = found.setdefault(str(place), {})
        own.setdefault(word(str(name)), Reported(str(name), str(kind), int(n)))
    return found


def _hours(here: pd.DataFrame) -> dict[str, dict[str, dict[str, int]]]:
    """Count each place's crimes by group and time of day, where that is known."""
    crimes = here[here["kind"] == "reported_crime"]
    timed = crimes[["place", "group", "count"]].assign(hour=daypart(crimes))
    timed = timed[timed["hour"] != ""].groupby(["place", "group", "hour"])["count"].sum()
    found: dict[str, dict[str, dict[str, int]]] = {}
    for place, group, hour, n in timed.reset_index().itertuples(index=False):
        own = found.setdefault(str(place), {}).setdefault(word(str(group)), {})
        own[str(hour)] = own.get(str(hour), 0) + int(n)
    return found


def candidates(seen: Seen, catalogue: Catalogue, most: int = MOST) -> list[Candidate]:
    """
    Return the measures that a place gives reason to discuss, by rules that anyone can follow.

    Parameters
    ----------
    seen
        What was reported there.
    catalogue
        The measures.
    most
        At most so many, and one of each technique.

    Returns
    -------
    list of Candidate
        A measure is considered where something that it speaks to is reported, and it is meant for
        such a place. First those whose factor in the surroundings is named there; then those that
        speak to what happens there; then those whose hours are the crimes' hours; then those that
        speak to more of what is named; then those made for this sort of place; then what is named
        most; then the catalogue's order. A measure whose hours are others is considered only for a
        factor. Nothing is learned from outcomes.
    """
    ranked = sorted(
        (
            (key, number, candidate)
            for number, entry in enumerate(catalogue.entries)
            for key, candidate in [_considered(entry, seen)]
            if candidate is not None
        ),
        key=lambda one: one[:2],
    )
    chosen: dict[str, Candidate] = {}
    for _, _, candidate in ranked:
        chosen.setdefault(candidate.entry.technique, candidate)
    return list(chosen.values())[:most]


def _considered(entry: Entry, seen: Seen) -> tuple[tuple[int, ...], Candidate | None]:
    factors = _of(entry.factors, seen.factors)
    groups = _of(entry.groups, seen.groups)
    misplaced = entry.place_types and seen.place_type and seen.place_type not in entry.place_types
    fits, hours = _fits(entry, seen)
    if misplaced or not (factors or groups) or (fits is False and not factors):
        return (), None
    key = (
        not factors,
        not groups,
        1 if fits is None else 0 if fits else 2,
        -len(factors),
        seen.place_type not in entry.place_types,
        -(factors[0].n if factors else 0),
        -(groups[0].n if groups else 0),
    )
    return tuple(map(int, key)), Candidate(entry, factors, groups, hours)


def _of(words: frozenset[str], told: Mapping[str, Reported]) -> tuple[Reported, ...]:
    found = [told[one] for one in words if one in told]
    return tuple(sorted(found, key=lambda one: (-one.n, one.name)))


def _fits(entry: Entry, seen: Seen) -> tuple[bool | None, tuple[str, ...]]:
    """Tell whether half of its crimes lie in its hours, None where unknown; and in which."""
    own = [seen.hours[group] for group in sorted(entry.groups) if group in seen.hours]
    tally = {hour: sum(each.get(hour, 0) for each in own) for hour in HOURS}
    known = sum(tally.values())
    if not entry.hours or known < ENOUGH_TIMED:
        return None, ()
    fewest: list[str] = []
    for hour in sorted(entry.hours, key=lambda hour: (-tally[hour], HOURS.index(hour))):
        if 2 * sum(tally[one] for one in fewest) >= known:
            break
        fewest.append(hour)
    fits = 2 * sum(tally[hour] for hour in fewest) >= known
    return fits, tuple(fewest) if fits else ()
