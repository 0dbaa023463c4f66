"""Every delivered row gets one fate: accepted, quarantined, dropped by rule, or repeated."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
import pandas as pd

from est_analysis.gather import (
    codes,
    coordinates,
    deliveries,
    guard,
    link,
    locate,
    numbers,
    rulings,
    tables,
    times,
)
from est_analysis.gather.coordinates import Coordinates
from est_analysis.gather.deliveries import Delivery, Unread
from est_analysis.gather.geography import Geography, read_geography
from est_analysis.gather.guard import shown_code
from est_analysis.gather.locate import Ways
from est_analysis.gather.rulings import Rulings
from est_analysis.municipality import Municipality, Source

ACCEPTED, QUARANTINED, DROPPED, REPEATED = "accepted", "quarantined", "dropped", "repeated"
_FATES = (ACCEPTED, QUARANTINED, DROPPED, REPEATED)

REASONS = {
    "broken_row": "raden har fler fält än rubriken",
    "unknown_kind": "okänd typ av post",
    "unknown_code": "okänd kod",
    "no_start": "datum saknas",
    "unreadable_start": "datumet går inte att läsa",
    "unreadable_end": "slutdatumet går inte att läsa",
    "unreadable_registered": "registreringsdatumet går inte att läsa",
    "end_before_start": "slutar innan den börjar",
    "unreadable_coordinates": "koordinaterna går inte att läsa",
    "degrees": "koordinaterna är grader, inte meter",
    "metres_for_degrees": "koordinaterna är meter, inte grader",
    "swapped_axes": "x och y har bytt plats",
    "other_crs": "koordinaterna passar i ett annat system än det angivna",
    "outside": "ligger utanför kommunen",
    "bad_count": "antalet är inget heltal från 1",
    "bad_severity": "allvaret är inte 1, 2 eller 3",
    "personal_data": "innehåller personuppgifter",
}
"""What each reason for quarantine is called in what people read."""

REMEDIES = {
    "broken_row": "Ta bort det överflödiga skiljetecknet på raden, eller sätt texten inom "
    "citattecken.",
    "unknown_kind": "Rätta typen, eller skriv under kinds för källan vad den betyder.",
    "unknown_code": "Rätta koden, eller för in den i kodlistan med sin grupp. Ska den aldrig tas "
    "in: skriv den under drop.",
    "no_start": "Fyll i när det hände. Vet ni bara månaden: skriv 2026-09.",
    "unreadable_start": "Skriv datumet som 2026-09-30 och klockslaget som 21:15.",
    "unreadable_end": "Skriv slutdatumet som 2026-09-30, eller lämna det tomt.",
    "unreadable_registered": "Skriv registreringsdatumet som 2026-09-30, eller lämna det tomt.",
    "end_before_start": "Se efter om från och till har bytt plats.",
    "unreadable_coordinates": "Skriv koordinaterna som tal, eller lämna dem tomma och skriv "
    "platsens namn.",
    "degrees": 'Skriv crs = "EPSG:4326" för källan i municipality.toml.',
    "metres_for_degrees": "Skriv systemet för källan i municipality.toml, till exempel "
    'crs = "EPSG:3006".',
    "swapped_axes": "Byt x och y i källans columns i municipality.toml. Gäller det enstaka rader: "
    "rätta dem.",
    "other_crs": "Skriv det system som värdet anger som crs för källan i municipality.toml.",
    "outside": 'Rätta koordinaterna. Gäller raden en annan kommun: skriv outside = "drop" för '
    "källan.",
    "bad_count": "Skriv antalet som ett heltal från 1.",
    "bad_severity": "Skriv allvaret som 1, 2 eller 3, eller lämna det tomt.",
    "personal_data": "Ta bort uppgiften om en person ur raden. Är det ingen personuppgift: skriv "
    "behåll för raden i reference/decisions.csv.",
}
"""What to do about each reason, for those who can mend the row or ask for a new delivery."""


@dataclass(frozen=True)
class Gathered:
    """
    What gathering gave.

    Parameters
    ----------
    events, quarantine, accounting, near_misses, links, stacks
        As `tables` says.
    geography
        The municipality's own geometry.
    unread
        Files that could not be read at all; the others stand.
    rulings
        What people have decided, with the lines of theirs that do not hold.
    texts_dropped
        As `tables` says: texts that were emptied, where the settings let their rows stay.
    """

    events: pd.DataFrame
    quarantine: pd.DataFrame
    accounting: pd.DataFrame
    geography: Geography
    near_misses: pd.DataFrame = field(default_factory=lambda: tables.empty(tables.NEAR_MISSES))
    links: pd.DataFrame = field(default_factory=lambda: tables.empty(tables.LINKS))
    stacks: pd.DataFrame = field(default_factory=lambda: tables.empty(tables.STACKS))
    unread: tuple[Unread, ...] = ()
    rulings: Rulings = field(default_factory=rulings.none)
    texts_dropped: pd.DataFrame = field(default_factory=lambda: tables.empty(tables.TEXTS_DROPPED))


def gather(
    municipality: Municipality,
    *,
    delivered: list[Delivery] | None = None,
    geography: Geography | None = None,
) -> Gathered:
    """
    Read every delivery and decide every row's fate.

    Parameters
    ----------
    municipality
        Whose deliveries.
    delivered, geography
        What is in memory already, so that simulations skip files; None is read from files.

    Returns
    -------
    Gathered
        Events sorted by start, then id.

    Raises
    ------
    DeliveryError
        If one of the municipality's own files (map, places, codes, decisions) cannot be read. A
        delivery that cannot be read is no error: it is listed in `Gathered.unread`.
    """
    if geography is None:
        geography = read_geography(municipality)
    decided = rulings.read(municipality)
    unread: list[Unread] = []
    if delivered is None:
        delivered, unread = deliveries.read_all(municipality)
    piles = [
        _Pile.of(name, source, [d for d in delivered if d.source == name])
        for name, source in municipality.sources.items()
    ]
    assessed = [_assess(municipality, pile, geography) for pile in piles]
    rows = pd.concat([table for table, *_ in assessed], ignore_index=True)
    rows["fate"] = rows["fate"].mask(_repeats(rows), REPEATED)
    accounting = _account(delivered, rows)
    quarantine = pd.concat([stopped for _, stopped, _ in assessed], ignore_index=True)
    emptied = pd.concat([emptied for *_, emptied in assessed], ignore_index=True)

    accepted = rows[rows["fate"] == ACCEPTED].reset_index(drop=True)
    placed = locate.place_events(accepted, geography, Ways.of(municipality), decided)
    events = placed.events[list(tables.EVENTS.columns)].sort_values(["start", "event_id"])
    events, links, decided = link.linked(
        events.reset_index(drop=True), rows, municipality, geography, decided
    )
    return Gathered(
        events=tables.check(events, tables.EVENTS, what="händelser"),
        quarantine=tables.check(quarantine, tables.QUARANTINE, what="karantän"),
        accounting=tables.check(accounting, tables.ACCOUNTING, what="radräkning"),
        geography=geography,
        near_misses=tables.check(placed.near_misses, tables.NEAR_MISSES, what="nästan kända"),
        links=links,
        stacks=tables.check(placed.stacks, tables.STACKS, what="staplade koordinater"),
        unread=tuple(unread),
        rulings=decided,
        texts_dropped=tables.check(emptied, tables.TEXTS_DROPPED, what="tömda texter"),
    )


@dataclass(frozen=True)
class _Pile:
    """All rows of one source, however many files they came in; `at` says file and row of each."""

    source: str
    rows: pd.DataFrame
    at: pd.DataFrame
    broken: pd.DataFrame

    @classmethod
    def of(cls, name: str, source: Source, delivered: list[Delivery]) -> _Pile:
        nothing = pd.DataFrame(columns=source.read_columns(), dtype=str)
        delivered = delivered or [Delivery(name, "", nothing)]
        at = [pd.DataFrame({"file": d.file, "row": d.rows.index}) for d in delivered]
        broken = [pd.DataFrame({"file": d.file, "row": list(d.broken)}) for d in delivered]
        return cls(
            name,
            pd.concat([d.rows for d in delivered], ignore_index=True),
            pd.concat(at, ignore_index=True).astype({"file": str, "row": "int64"}),
            pd.concat(broken, ignore_index=True).astype({"file": str, "row": "int64"}),
        )


class _Fates:
    """The fate of each row of a pile; the first rule that speaks decides."""

    def __init__(self, pile: _Pile) -> None:
        self.pile = pile
        self.fate = pd.Series(ACCEPTED, index=pile.rows.index, dtype=str)
        self._stopped = [self._lines(pile.broken, "broken_row", "")]

    def drop(self, rule: pd.Series) -> None:
        """Drop by rule; nothing about the row is kept but the count."""
        self.fate = self.fate.mask(rule & (self.fate == ACCEPTED), DROPPED)

    def quarantine(
        self,
        rule: pd.Series,
        reason: str,
        column: str,
        values: pd.Series | None = None,
        known: Iterable[str] = (),
    ) -> None:
        """Set rows aside with a reason, and with those `values` that are like the `known` ones."""
        hit = rule & (self.fate == ACCEPTED)
        if not hit.any():
            return
        self.fate = self.fate.mask(hit, QUARANTINED)
        lines = self._lines(self.pile.at[hit], reason, column)
        if values is not None:
            shown = {value: shown_code(value, known) for value in values[hit].unique()}
            lines["value"] = values[hit].map(shown).to_numpy()
        self._stopped.append(lines)

    def _lines(self, at: pd.DataFrame, reason: str, column: str) -> pd.DataFrame:
        where = {"source": self.pile.source, "file": at["file"], "row": at["row"]}
        return pd.DataFrame({**where, "column": column, "reason": reason, "value": ""})

    def stopped(self) -> pd.DataFrame:
        """Return the quarantined rows in the order of files and rows."""
        table = pd.concat(self._stopped, ignore_index=True)
        table = table.sort_values(["file", "row"], ignore_index=True)
        return table.astype(dict.fromkeys(("source", "file", "column", "reason", "value"), str))


def _assess(
    municipality: Municipality, pile: _Pile, geography: Geography
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return a pile's rows as events with their fate, its quarantined rows, its emptied texts."""
    source = municipality.sources[pile.source]
    fates = _Fates(pile)
    rows = pile.rows

    for column, values in source.keep.items():
        fates.drop(~_text(rows, column).isin(values))
    at, unreadable = _coordinates(municipality, source, rows, geography)
    if source.outside == "drop":  # a row of somewhere else is not ours to mend
        _stop_coordinates(source, at, unreadable, fates)
    group, kind, police = _group_and_kind(municipality, source, rows, fates)
    moments = _moments(municipality, source, rows, fates)
    _stop_coordinates(source, at, unreadable, fates)
    severity = _whole(rows, source.columns.severity, fates, "bad_severity", 1, 3)
    count = _whole(rows, source.columns.count, fates, "bad_count", 1, 10**6).fillna(1)
    texts, emptied = _texts(pile, source, fates)

    table = pd.DataFrame(
        {
            "event_id": _identity(pile, source),
            "source": pile.source,
            "partner": _partner(rows, source),
            "kind": kind,
            "group": group,
            "police_activity": police,
            "start": moments["start"].at,
            "end": _end(municipality, moments),
            "registered": moments["registered"].at if "registered" in moments else pd.NaT,
            "time_precision": moments["start"].precision,
            "x": at.x,
            "y": at.y,
            "place": texts["place"],
            "place_type": texts["place_type"],
            "area": texts["area"],
            "severity": severity,
            "factors": texts["factors"],
            "count": count.astype("int64"),
            "text": texts["text"],
            "same_as": "",
            "file": pile.at["file"],
            "row": pile.at["row"],
            "fate": fates.fate,
        },
        index=rows.index,
    )
    for column in ("start", "end", "registered"):
        table[column] = table[column].astype("datetime64[s]")
    return table, fates.stopped(), emptied


def _texts(pile: _Pile, source: Source, fates: _Fates) -> tuple[dict[str, pd.Series], pd.DataFrame]:
    """Return the texts that are taken in, with nothing about a person, and what was emptied."""
    rows, columns = pile.rows, source.columns
    own = _text(rows, columns.id)
    numbers = guard.personal(own.where(fates.fate == ACCEPTED, ""), ["identity"])
    fates.quarantine(numbers != "", "personal_data", columns.id or "")
    texts: dict[str, pd.Series] = {}
    emptied = [tables.empty(tables.TEXTS_DROPPED)]
    for name in ("place", "place_type", "area", "factors", "text"):
        column: str | None = getattr(columns, name)
        default = (source.constants.place_type or "") if name == "place_type" else ""
        text = texts[name] = _text(rows, column, default)
        if column is None:
            continue
        sorts = [sort for sort in guard.SORTS if sort != "name" or name == "text"]
        found = guard.personal(text.where(fates.fate == ACCEPTED, ""), sorts)
        if source.personal_data == "stop":
            fates.quarantine(found != "", "personal_data", column)
            continue
        texts[name] = text.mask(found != "", "")
        hit = pd.DataFrame({"file": pile.at["file"], "sort": found})[found != ""]
        counted = hit.groupby(["file", "sort"]).size().rename("rows").reset_index()
        emptied.append(counted.assign(source=pile.source, column=column))
    table = pd.concat(emptied, ignore_index=True)
    return texts, table[list(tables.TEXTS_DROPPED.columns)].astype({"rows": "int64"})


def _end(municipality: Municipality, moments: dict[str, times.Moments]) -> pd.Series:
    """Return when each row is surely over; missing where the source does not say."""
    if "end" not in moments:
        return pd.Series(pd.NaT, index=moments["start"].at.index, dtype="datetime64[s]")
    return times.end_of(moments["end"], moments["start"].at, zone=municipality.time_zone)


def _text(rows: pd.DataFrame, column: str | None, default: str = "") -> pd.Series:
    if column is None:
        return pd.Series(default, index=rows.index, dtype=str)
    return times.text_of(rows[column])


def _partner(rows: pd.DataFrame, source: Source) -> pd.Series:
    """Return who reported each row: a body that the settings list, else the source's partner."""
    given = _text(rows, source.columns.partner)
    return given.where(given.isin(source.partners), source.partner)


def _whole(
    rows: pd.DataFrame, column: str | None, fates: _Fates, reason: str, low: int, high: int
) -> pd.Series:
    if column is None:
        return pd.Series(np.nan, index=rows.index)
    given, bad = numbers.read(rows[column])
    wrong = bad | (given.notna() & ~(given.between(low, high) & (given % 1 == 0)))
    fates.quarantine(wrong, reason, column)
    return given.mask(wrong)


def _group_and_kind(
    municipality: Municipality, source: Source, rows: pd.DataFrame, fates: _Fates
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return each row's group and kind, and whether it follows what the police control."""
    code = _text(rows, source.columns.code)
    known = codes.read(municipality, source)
    fates.drop(code.isin([*source.drop, *known.drop]))
    if source.columns.code is not None and source.unlisted == "drop":
        fates.drop(~code.isin(known.groups))
    if source.columns.kind is None:
        kind = pd.Series(source.kind, index=rows.index, dtype=str)
    else:
        given = _text(rows, source.columns.kind)
        kind = given.map(source.kinds)
        fates.quarantine(kind.isna(), "unknown_kind", source.columns.kind, given, source.kinds)
    if source.columns.code is None:
        group = pd.Series(source.constants.group, index=rows.index, dtype=str)
    else:
        group = code.map(known.groups)
        fates.quarantine(group.isna(), "unknown_code", source.columns.code, code, known.groups)
    police = group.isin(source.police_activity) | code.isin(known.police)
    return times.text_of(group), times.text_of(kind), police


def _moments(
    municipality: Municipality, source: Source, rows: pd.DataFrame, fates: _Fates
) -> dict[str, times.Moments]:
    moments: dict[str, times.Moments] = {}
    if source.columns.start is None:
        start = pd.Series(pd.Timestamp(source.constants.start), index=rows.index)
        moments["start"] = times.read([start], finest=source.time_precision)
    for part in ("start", "end", "registered"):
        columns: tuple[str, ...] | None = getattr(source.columns, part)
        if columns is None:
            continue
        given = [rows[column] for column in columns]
        read = times.read(
            given,
            zone=municipality.time_zone,
            form=source.date_format,
            finest=source.time_precision,
            ignore_offset=source.ignore_offset,
            placeholders=() if part == "registered" else source.default_times,
        )
        fates.quarantine(read.unreadable, f"unreadable_{part}", columns[0])
        if part == "start":
            fates.quarantine(read.at.isna(), "no_start", columns[0])
        moments[part] = read
    if "end" in moments:
        reversed_ = _end(municipality, moments) < moments["start"].at
        fates.quarantine(reversed_, "end_before_start", source.columns.end[0])  # type: ignore[index]
    return moments


def _coordinates(
    municipality: Municipality, source: Source, rows: pd.DataFrame, geography: Geography
) -> tuple[Coordinates, pd.Series]:
    """Return where each row was, and where something given cannot be read."""
    if source.columns.x is None or source.columns.y is None:
        x = y = pd.Series(np.nan, index=rows.index)
        bad = x.notna()
    elif source.columns.x == source.columns.y:
        x, y, bad = numbers.read_pair(rows[source.columns.x])
    else:
        x, bad_x = numbers.read(rows[source.columns.x], decimal=source.decimal)
        y, bad_y = numbers.read(rows[source.columns.y], decimal=source.decimal)
        bad = bad_x | bad_y
    nowhere = _text(rows, source.columns.place).isin(source.unknown_places) | bad
    found = coordinates.read(
        x.mask(nowhere),
        y.mask(nowhere),
        source_crs=source.delivered_crs,
        crs=municipality.crs,
        boundary=geography.boundary,
        extent=geography.extent(),
        covers_more=source.outside == "drop",
    )
    return found, bad


def _stop_coordinates(
    source: Source, at: Coordinates, unreadable: pd.Series, fates: _Fates
) -> None:
    column = source.columns.x or ""
    fates.quarantine(unreadable, "unreadable_coordinates", column)
    for reason in ("degrees", "metres_for_degrees", "swapped_axes", "other_crs"):
        fates.quarantine(at.fault == reason, reason, column, at.fits, set(at.fits))
    if source.outside == "drop":
        fates.drop(at.fault == "outside")
    fates.quarantine(at.fault == "outside", "outside", column)


def _identity(pile: _Pile, source: Source) -> pd.Series:
    """
    Give every row an id: the source's own, or a digest of its content.

    Within one file, rows with one id and different content are different events (several crimes
    in one case), and the second gets ``#2``; a row that stands twice to the letter is one event.
    Without ids, rows that are alike within one file are different events (the k-th of its kind).
    The same id, or the same content, in another file is the same event delivered again.
    """
    rows = pile.rows
    own = _text(rows, source.columns.id)
    if (own != "").all():
        suffix = _suffix(pile.at["file"], own, rows)
        return pile.source + ":" + (own if suffix is None else own + suffix)
    content = _content(rows)
    nth = content.groupby([pile.at["file"], content]).cumcount().astype(str)
    digest = (content + "\x1f" + nth).map(
        lambda text: hashlib.sha256(text.encode()).hexdigest()[:16]
    )
    given = own[own != ""]
    suffix = _suffix(pile.at.loc[given.index, "file"], given, rows.loc[given.index])
    own = own if suffix is None else own + suffix.reindex(own.index, fill_value="")
    return pile.source + ":" + own.where(own != "", digest)


def _content(rows: pd.DataFrame) -> pd.Series:
    """Return all of each row as one text."""
    texts = [rows[column].astype("string").fillna("").astype(str) for column in rows.columns]
    return reduce(lambda left, right: left + "\x1f" + right, texts)


def _suffix(file: pd.Series, own: pd.Series, rows: pd.DataFrame) -> pd.Series | None:
    """
    Return ``#k`` for the k-th different content of an id in a file; empty for the first.

    None where no id stands twice, so that nothing need be compared.
    """
    twice = own.duplicated(keep=False)
    if not twice.any():
        return None
    alike = pd.DataFrame({"file": file[twice], "own": own[twice], "content": _content(rows[twice])})
    distinct = alike.drop_duplicates()
    nth = distinct.groupby(["file", "own"]).cumcount() + 1
    numbered = distinct.assign(nth=nth)
    each = alike.merge(numbered, how="left", on=["file", "own", "content"])["nth"].to_numpy()
    suffix = pd.Series("", index=own.index, dtype=str)
    suffix[twice] = np.where(each > 1, "#" + each.astype(str).astype(object), "")
    return suffix


def _repeats(rows: pd.DataFrame) -> pd.Series:
    """
    Tell which accepted rows are superseded: of rows with one id, the last delivered stands.

    A row that is dropped by rule supersedes too: a crime that is given another code later must
    not stand under its first. A row in quarantine does not: it says nothing that can be used.
    """
    usable = rows[rows["fate"].isin([ACCEPTED, DROPPED])]
    repeated = usable["event_id"].duplicated(keep="last") & (usable["fate"] == ACCEPTED)
    return repeated.reindex(rows.index, fill_value=False)


def _account(delivered: list[Delivery], rows: pd.DataFrame) -> pd.DataFrame:
    files = pd.DataFrame(
        [(d.source, d.file, len(d.rows) + len(d.broken), len(d.broken)) for d in delivered],
        columns=["source", "file", "rows", "broken"],
    )
    fates = rows.groupby(["source", "file", "fate"]).size().unstack(fill_value=0)
    each = pd.MultiIndex.from_frame(files[["source", "file"]])
    fates = fates.reindex(index=each, columns=list(_FATES), fill_value=0)
    fates = fates.reset_index(drop=True).rename_axis(columns=None)
    fates[QUARANTINED] += files["broken"]
    table = pd.concat([files[["source", "file", "rows"]], fates], axis=1)
    return table.astype(dict.fromkeys(("rows", *_FATES), "int64"))
