"""Every delivered row gets one fate: accepted, quarantined, dropped by rule, or repeated."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
import pandas as pd

from est_analysis.errors import DeliveryError
from est_analysis.gather import deliveries, locate, near, rulings, tables, times
from est_analysis.gather.deliveries import Delivery, Unread
from est_analysis.gather.guard import HIDDEN, shown_code
from est_analysis.gather.locate import Geography
from est_analysis.gather.rulings import Rulings
from est_analysis.municipality import Municipality, Source

ACCEPTED, QUARANTINED, DROPPED, REPEATED = "accepted", "quarantined", "dropped", "repeated"
_FATES = (ACCEPTED, QUARANTINED, DROPPED, REPEATED)

REASONS = {
    "broken_row": "raden går inte att dela i samma fält som rubriken",
    "unknown_kind": "okänd typ av post",
    "unknown_code": "okänd kod",
    "no_start": "datum saknas",
    "unreadable_start": "datumet går inte att läsa",
    "unreadable_end": "slutdatumet går inte att läsa",
    "unreadable_registered": "registreringsdatumet går inte att läsa",
    "end_before_start": "slutar innan den börjar",
    "unreadable_coordinates": "koordinaterna går inte att läsa",
    "degrees": "koordinaterna är grader, inte meter: ange crs för källan",
    "outside": "ligger utanför kommunen",
    "bad_count": "antalet är inget heltal från 1",
    "bad_severity": "allvaret är inte 1, 2 eller 3",
}
"""What each reason for quarantine is called in what people read."""

OVERRIDABLE = {"outside", "personal_data"}
"""Reasons that people may set aside, row by row; what they judge, the program cannot."""


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
        geography = locate.read_geography(municipality)
    decided = rulings.read(municipality)
    unread: list[Unread] = []
    if delivered is None:
        delivered, unread = deliveries.read_all(municipality, decided)
        unread, withdrawn = _without_withdrawn(municipality, unread, decided)
        delivered = [*delivered, *withdrawn]
    decided = rulings.checked(decided, _places(delivered), {one.file for one in unread})
    delivered = [one.as_ruled(decided) for one in delivered]
    piles = [
        _Pile.of(name, source, [d for d in delivered if d.source == name])
        for name, source in municipality.sources.items()
    ]
    assessed = [_assess(municipality, pile, geography, decided) for pile in piles]
    rows = pd.concat([table for table, _ in assessed], ignore_index=True)
    rows = _with_kept_repeats(rows, decided)
    rows["fate"] = rows["fate"].mask(_repeats(rows), REPEATED)
    accounting = _account(delivered, rows)
    quarantine = pd.concat([fates.stopped() for _, fates in assessed], ignore_index=True)
    misses = [miss for one in unread for miss in one.near]
    misses += [miss for _, fates in assessed for miss in fates.misses]

    accepted = rows[rows["fate"] == ACCEPTED].reset_index(drop=True)
    accepted = locate.place_events(
        accepted,
        geography,
        cell_m=municipality.thresholds.cell_m,
        precision_of={name: s.precision for name, s in municipality.sources.items()},
    )
    events = accepted[list(tables.EVENTS.columns)].sort_values(["start", "event_id"])
    return Gathered(
        events=tables.check(events.reset_index(drop=True), tables.EVENTS, what="händelser"),
        quarantine=tables.check(quarantine, tables.QUARANTINE, what="karantän"),
        accounting=tables.check(accounting, tables.ACCOUNTING, what="radräkning"),
        geography=geography,
        near_misses=tables.check(near.table(misses), tables.NEAR_MISSES, what="nästan träffar"),
        unread=tuple(unread),
        rulings=rulings.in_vain(decided, quarantine, REASONS),
    )


def _without_withdrawn(
    municipality: Municipality, unread: list[Unread], decided: Rulings
) -> tuple[list[Unread], list[Delivery]]:
    """Return unread files without those that are withdrawn, and these as deliveries of nothing."""
    withdrawn = decided.ruled("withdraw")
    nothing = [
        Delivery(one.source, one.file, _no_rows(municipality.sources[one.source]))
        for one in unread
        if (one.file, 0) in withdrawn
    ]
    return [one for one in unread if (one.file, 0) not in withdrawn], nothing


def _no_rows(source: Source) -> pd.DataFrame:
    return pd.DataFrame(columns=source.read_columns(), dtype=str)


def _places(delivered: list[Delivery]) -> dict[str, pd.Index]:
    """Return the row numbers of every delivered file."""
    return {d.file: d.rows.index.append(pd.Index(d.broken, dtype="int64")) for d in delivered}


@dataclass(frozen=True)
class _Pile:
    """All rows of one source, however many files they came in; `at` says file and row of each."""

    source: str
    rows: pd.DataFrame
    at: pd.DataFrame
    broken: pd.DataFrame

    @classmethod
    def of(cls, name: str, source: Source, delivered: list[Delivery]) -> _Pile:
        delivered = delivered or [Delivery(name, "", _no_rows(source))]
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

    def __init__(self, pile: _Pile, decided: Rulings) -> None:
        self.pile = pile
        self.fate = pd.Series(ACCEPTED, index=pile.rows.index, dtype=str)
        self.kept = rulings.among(pile.at, decided.ruled("keep"))
        self.misses: list[near.Miss] = []
        self._stopped = [self._lines(pile.broken, "broken_row", "")]
        self.drop(rulings.among(pile.at, decided.ruled("remove")))

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
        if reason in OVERRIDABLE:
            hit &= ~self.kept
        if not hit.any():
            return
        self.fate = self.fate.mask(hit, QUARANTINED)
        lines = self._lines(self.pile.at[hit], reason, column)
        if values is not None:
            shown = {value: shown_code(value, known) for value in values[hit].unique()}
            lines["value"] = values[hit].map(shown).to_numpy()
        self._stopped.append(lines)

    def unknown(self, sort: str, column: str, given: pd.Series, known: Iterable[str]) -> None:
        """Set rows aside whose code or kind is not known, and offer what they may mean."""
        wrong = ~given.isin(list(known)) & (self.fate == ACCEPTED)
        self.quarantine(wrong, f"unknown_{sort}", column, given, known)
        counts = given[wrong & (given != "")].value_counts(sort=False).to_dict()
        found = near.misses(self.pile.source, sort, counts, known)
        self.misses += [miss for miss in found if shown_code(miss.written, known) != HIDDEN]

    def _lines(self, at: pd.DataFrame, reason: str, column: str) -> pd.DataFrame:
        where = {"source": self.pile.source, "file": at["file"], "row": at["row"]}
        return pd.DataFrame({**where, "column": column, "reason": reason, "value": ""})

    def stopped(self) -> pd.DataFrame:
        """Return the quarantined rows in the order of files and rows."""
        table = pd.concat(self._stopped, ignore_index=True)
        table = table.sort_values(["file", "row"], ignore_index=True)
        return table.astype(dict.fromkeys(("source", "file", "column", "reason", "value"), str))


def _assess(
    municipality: Municipality, pile: _Pile, geography: Geography, decided: Rulings
) -> tuple[pd.DataFrame, _Fates]:
    """Return a pile's rows as events with their fate, and how they got it."""
    source = municipality.sources[pile.source]
    fates = _Fates(pile, decided)
    rows = pile.rows

    for column, values in source.keep.items():
        fates.drop(~_text(rows, column).isin(values))
    if source.outside == "drop":  # a row of somewhere else is not ours to mend
        _coordinates(municipality, source, rows, fates, geography)
    group, kind = _group_and_kind(municipality, source, rows, fates, decided)
    moments = _moments(municipality, source, rows, fates)
    x, y = _coordinates(municipality, source, rows, fates, geography)
    severity = _whole(rows, source.columns.severity, fates, "bad_severity", 1, 3)
    count = _whole(rows, source.columns.count, fates, "bad_count", 1, 10**6).fillna(1)

    table = pd.DataFrame(
        {
            "event_id": _identity(pile, source),
            "source": pile.source,
            "partner": source.partner,
            "kind": kind,
            "group": group,
            "police_activity": group.isin(source.police_activity),
            "start": moments["start"].at,
            "end": times.end_of(moments["end"]) if "end" in moments else pd.NaT,
            "registered": moments["registered"].at if "registered" in moments else pd.NaT,
            "time_precision": moments["start"].precision,
            "x": x,
            "y": y,
            "place": _text(rows, source.columns.place),
            "place_type": _text(rows, source.columns.place_type, source.constants.place_type or ""),
            "area": _text(rows, source.columns.area),
            "severity": severity,
            "factors": _text(rows, source.columns.factors),
            "count": count.astype("int64"),
            "text": "",
            "same_as": "",
            "file": pile.at["file"],
            "row": pile.at["row"],
            "fate": fates.fate,
        },
        index=rows.index,
    )
    for column in ("start", "end", "registered"):
        table[column] = table[column].astype("datetime64[s]")
    return table, fates


def _text(rows: pd.DataFrame, column: str | None, default: str = "") -> pd.Series:
    if column is None:
        return pd.Series(default, index=rows.index, dtype=str)
    return times.text_of(rows[column])


def _numbers(
    rows: pd.DataFrame, column: str | None, decimal: str = "."
) -> tuple[pd.Series, pd.Series]:
    """Return a column's numbers (NaN where empty), and where something given is no number."""
    if column is None:
        nothing = pd.Series(np.nan, index=rows.index)
        return nothing, nothing.notna()
    if pd.api.types.is_numeric_dtype(rows[column]):
        numbers = rows[column].astype(float)
        return numbers, pd.Series(np.isinf(numbers), index=rows.index)
    return _read_numbers(_text(rows, column), decimal)


def _read_numbers(text: pd.Series, decimal: str) -> tuple[pd.Series, pd.Series]:
    """
    Read numbers, with a comma or a point before the decimals.

    With ``decimal`` auto each number may have either. A number with both is none; and where the
    column has both, one that may be thousands (1.234) is none, for nothing tells which it is.
    """
    numbers = pd.to_numeric(text, errors="coerce").astype(float)
    rest = text[numbers.isna() & (text != "")]  # few: most are plain numbers
    if decimal == "auto":
        rest = rest.str.replace(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?:\D|$))", "", regex=True)
        if rest.str.contains(",", regex=False).any():
            points = text.str.contains(".", regex=False)
            if points.any():
                thousands = r"-?[1-9]\d{0,2}(?:[.,]\d{3})+"
                numbers = numbers.mask(points & text.str.fullmatch(thousands))
                rest = rest[~rest.str.fullmatch(thousands)]
        decimal = ","
    rest = rest.str.replace(decimal, ".", regex=False)
    numbers[rest.index] = pd.to_numeric(rest, errors="coerce").astype(float)
    return numbers, ~np.isfinite(numbers) & (text != "")


def _whole(
    rows: pd.DataFrame, column: str | None, fates: _Fates, reason: str, low: int, high: int
) -> pd.Series:
    numbers, bad = _numbers(rows, column)
    wrong = bad | (numbers.notna() & ~(numbers.between(low, high) & (numbers % 1 == 0)))
    fates.quarantine(wrong, reason, column or "")
    return numbers.mask(wrong)


def _group_and_kind(
    municipality: Municipality, source: Source, rows: pd.DataFrame, fates: _Fates, decided: Rulings
) -> tuple[pd.Series, pd.Series]:
    groups = {} if source.columns.code is None else code_groups(municipality, source)
    code = _text(rows, source.columns.code).replace(decided.alias("code", fates.pile.source))
    code = _with_lost_zeros(code, {*groups, *source.drop})
    fates.drop(code.isin(source.drop))
    if source.columns.kind is None:
        kind = pd.Series(source.kind, index=rows.index, dtype=str)
    else:
        given = _text(rows, source.columns.kind).replace(decided.alias("kind", fates.pile.source))
        fates.unknown("kind", source.columns.kind, given, source.kinds)
        kind = given.map(source.kinds)
    if source.columns.code is None:
        group = pd.Series(source.constants.group, index=rows.index, dtype=str)
    else:
        fates.unknown("code", source.columns.code, code, groups)
        group = code.map(groups)
    return times.text_of(group), times.text_of(kind)


def _with_lost_zeros(code: pd.Series, known: set[str]) -> pd.Series:
    """Give codes back the zeros that a spreadsheet took: 801 is 0801 where only that is known."""
    lost = {
        text: text.zfill(4)
        for text in code.unique()
        if text.isdecimal() and len(text) < 4 and text not in known and text.zfill(4) in known
    }
    return code.replace(lost) if lost else code


def code_groups(municipality: Municipality, source: Source) -> dict[str, str]:
    """
    Return which group each of a source's codes belongs to; a code without a group is not known.

    Raises
    ------
    DeliveryError
        If the code list lacks a column or names a code twice.
    """
    if not isinstance(source.codes, str):
        return {code: group for code, group in (source.codes or {}).items() if group.strip()}
    try:
        table = pd.read_csv(
            municipality.path(source.codes),
            sep=";",
            encoding="utf-8-sig",
            dtype=str,
            keep_default_na=False,
            index_col=False,
        )
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DeliveryError(f"Kodlistan går inte att läsa: {error}", where=source.codes) from error
    if missing := {"kod", "grupp"} - set(table.columns):
        raise DeliveryError(
            f"Kolumnen ”{'”, ”'.join(sorted(missing))}” saknas i kodlistan.",
            where=f"{source.codes}; filen har: {', '.join(table.columns)}",
            mend="Kodlistan ska ha kolumnerna kod;grupp.",
        )
    table = table[["kod", "grupp"]].apply(lambda column: column.str.strip())
    table = table[(table["kod"] != "") & (table["grupp"] != "")]
    if (twice := table["kod"].duplicated()).any():
        first = ", ".join(table.loc[twice, "kod"].head(3))
        raise DeliveryError(f"En kod står två gånger i kodlistan: {first}.", where=source.codes)
    return dict(zip(table["kod"], table["grupp"], strict=True))


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
        )
        fates.quarantine(read.unreadable, f"unreadable_{part}", columns[0])
        if part == "start":
            fates.quarantine(read.at.isna(), "no_start", columns[0])
        moments[part] = read
    if "end" in moments:
        reversed_ = times.end_of(moments["end"]) < moments["start"].at
        fates.quarantine(reversed_, "end_before_start", source.columns.end[0])  # type: ignore[index]
    return moments


def _axes(
    rows: pd.DataFrame, source: Source
) -> tuple[tuple[pd.Series, pd.Series], tuple[pd.Series, pd.Series]]:
    """Return x and y as `_numbers` gives them; both may stand in one column, as ``lat,lon``."""
    column = source.columns.x
    if column is None or column != source.columns.y:
        return (
            _numbers(rows, column, source.decimal),
            _numbers(rows, source.columns.y, source.decimal),
        )
    text = _text(rows, column)
    parts = text.str.extract(r"^\(?([^,;\s]+)[,;\s]+([^,;\s]+?)\)?$")
    bad = (text != "") & parts[0].isna()
    lat, lon = (_read_numbers(parts[i].fillna("").astype(str), ".") for i in (0, 1))
    return (lon[0], lon[1] | bad), (lat[0], lat[1] | bad)


def _coordinates(
    municipality: Municipality,
    source: Source,
    rows: pd.DataFrame,
    fates: _Fates,
    geography: Geography,
) -> tuple[np.ndarray, np.ndarray]:
    (x, bad_x), (y, bad_y) = _axes(rows, source)
    fates.quarantine(bad_x | bad_y, "unreadable_coordinates", source.columns.x or "")
    nowhere = _text(rows, source.columns.place).isin(source.unknown_places)
    x, y = x.mask(nowhere), y.mask(nowhere)
    degrees = locate.degrees_for_metres(x, y, source.crs or municipality.crs)
    fates.quarantine(degrees, "degrees", source.columns.x or "")
    x, y = x.mask(degrees), y.mask(degrees)
    easting, northing = locate.to_metres(x, y, source_crs=source.crs, crs=municipality.crs)
    off = locate.outside(geography, easting, northing)
    beyond = pd.Series(off, index=rows.index) & ~fates.kept
    if source.outside == "drop":
        fates.drop(beyond)
    fates.quarantine(beyond, "outside", source.columns.x or "")
    return easting, northing


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
    texts = [rows[column].astype("string").fillna("").astype(str) for column in rows.columns]
    content = reduce(lambda left, right: left + "\x1f" + right, texts)
    if (own != "").all():
        return pile.source + ":" + own + _suffix(pile.at["file"], own, content)
    nth = content.groupby([pile.at["file"], content]).cumcount().astype(str)
    digest = (content + "\x1f" + nth).map(
        lambda text: hashlib.sha256(text.encode()).hexdigest()[:16]
    )
    return (
        pile.source + ":" + (own + _suffix(pile.at["file"], own, content)).where(own != "", digest)
    )


def _suffix(file: pd.Series, own: pd.Series, content: pd.Series) -> pd.Series:
    """Return ``#k`` for the k-th different content of an id in a file; empty for the first."""
    given = pd.DataFrame({"file": file, "own": own, "content": content})
    again = given[given.duplicated(["file", "own"], keep=False)]  # few: the rest has no suffix
    if again.empty:
        return pd.Series("", index=file.index, dtype=str)
    distinct = again.drop_duplicates()
    nth = distinct.groupby(["file", "own"]).cumcount() + 1
    numbered = distinct.assign(nth=nth)
    each = again.merge(numbered, how="left", validate="many_to_one").set_axis(again.index)["nth"]
    suffix = ("#" + each.astype(str)).where(each > 1, "")
    return suffix.reindex(file.index, fill_value="").astype(str)


def _repeats(rows: pd.DataFrame) -> pd.Series:
    """
    Tell which accepted rows are superseded: of rows with one id, the last delivered stands.

    A row that is dropped by rule supersedes too: a crime that is given another code later must
    not stand under its first. A row in quarantine does not: it says nothing that can be used.
    """
    usable = rows[rows["fate"].isin([ACCEPTED, DROPPED])]
    repeated = usable["event_id"].duplicated(keep="last") & (usable["fate"] == ACCEPTED)
    return repeated.reindex(rows.index, fill_value=False)


def _with_kept_repeats(rows: pd.DataFrame, decided: Rulings) -> pd.DataFrame:
    """Give rows that people keep, although their id stands twice, an id of their own."""
    kept = rulings.among(rows[["file", "row"]], decided.ruled("keep"))
    kept &= rows["event_id"].duplicated(keep=False) & (rows["fate"] == ACCEPTED)
    own = rows["event_id"] + "#" + rows["file"] + ":" + rows["row"].astype(str)
    return rows.assign(event_id=rows["event_id"].mask(kept, own)) if kept.any() else rows


def _account(delivered: list[Delivery], rows: pd.DataFrame) -> pd.DataFrame:
    files = pd.DataFrame(
        [(d.source, d.file, len(d.rows), len(d.broken), d.taken_away) for d in delivered],
        columns=["source", "file", "rows", "broken", "taken_away"],
    )
    files["rows"] += files["broken"] + files["taken_away"]
    fates = rows.groupby(["source", "file", "fate"]).size().unstack(fill_value=0)
    each = pd.MultiIndex.from_frame(files[["source", "file"]])
    fates = fates.reindex(index=each, columns=list(_FATES), fill_value=0)
    fates = fates.reset_index(drop=True).rename_axis(columns=None)
    fates[QUARANTINED] += files["broken"]
    fates[DROPPED] += files["taken_away"]
    table = pd.concat([files[["source", "file", "rows"]], fates], axis=1)
    return table.astype(dict.fromkeys(("rows", *_FATES), "int64"))
