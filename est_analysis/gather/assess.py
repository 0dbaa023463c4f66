"""What each row of a source says, as an event with its fate: code, time, place, texts and id."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pandas as pd

from est_analysis.gather import codes, coordinates, guard, numbers, tables, times
from est_analysis.gather.abreast import abreast
from est_analysis.gather.coordinates import Coordinates
from est_analysis.gather.fates import Fates, Pile
from est_analysis.gather.geography import Geography
from est_analysis.gather.rulings import Rulings
from est_analysis.gather.spots import changed
from est_analysis.gather.spread import plain, same, unlike
from est_analysis.municipality import Municipality, Source


@dataclass(frozen=True)
class Assessed:
    """
    One source's rows, assessed.

    Parameters
    ----------
    table
        Every row as ``tables.EVENTS`` has it, and its ``fate``.
    fates
        How the rows got theirs.
    emptied
        As ``tables.TEXTS_DROPPED``.
    repeats
        Whether an id may stand twice.
    """

    table: pd.DataFrame
    fates: Fates
    emptied: pd.DataFrame
    repeats: bool


def assess(
    municipality: Municipality, pile: Pile, geography: Geography, decided: Rulings
) -> Assessed:
    """
    Return a pile's rows as events with their fate, and how they got it.

    Raises
    ------
    DeliveryError
        If the source's code list cannot be read.
    """
    source = municipality.sources[pile.source]
    fates = Fates(pile, decided)
    rows = pile.rows

    for column, values in source.keep.items():
        fates.drop(~_text(rows, column).isin(values))
    (at, unreadable), moments = abreast(
        len(rows),
        lambda: _coordinates(municipality, source, rows, geography),
        lambda: _moments(municipality, source, rows),
    )
    if source.outside == "drop":  # a row of somewhere else is not ours to mend
        _stop_coordinates(source, at, unreadable, fates)
    group, kind, police = _group_and_kind(municipality, source, rows, fates, decided)
    _stop_moments(source, moments, fates)
    _stop_coordinates(source, at, unreadable, fates)
    severity = _whole(rows, source.columns.severity, fates, "bad_severity", 1, 3)
    count = _whole(rows, source.columns.count, fates, "bad_count", 1, 10**6).fillna(1)
    (texts, emptied), (ids, repeats) = abreast(
        len(rows), lambda: _texts(pile, source, fates), lambda: _identity(pile, source)
    )

    table = pd.DataFrame(
        {
            "event_id": ids,
            "source": same(pile.source, rows.index),
            "partner": _partner(rows, source),
            "kind": kind,
            "group": group,
            "police_activity": police,
            "start": moments["start"].at,
            "end": moments["end"].at if "end" in moments else pd.NaT,
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
            "same_as": same("", rows.index),
            "file": pile.at["file"],
            "row": pile.at["row"],
            "fate": fates.fate,
        },
        index=rows.index,
        copy=False,
    )
    for column in ("start", "end", "registered"):
        table[column] = table[column].astype("datetime64[s]")
    return Assessed(table, fates, emptied, repeats)


def _texts(pile: Pile, source: Source, fates: Fates) -> tuple[dict[str, pd.Series], pd.DataFrame]:
    """Return the texts that are taken in, with nothing about a person, and what was emptied."""
    rows, columns = pile.rows, source.columns
    own = _still(_text(rows, columns.id), fates)
    numbers = guard.personal(own, ["identity"])
    fates.quarantine(numbers != "", "personal_data", columns.id or "")
    texts: dict[str, pd.Series] = {}
    emptied = [tables.empty(tables.TEXTS_DROPPED)]
    for name in ("place", "place_type", "area", "factors", "text"):
        column: str | None = getattr(columns, name)
        default = (source.constants.place_type or "") if name == "place_type" else ""
        if column is None:
            texts[name] = same(default, rows.index)
            continue
        text = texts[name] = _text(rows, column)
        if name != "text":  # named things, which come again
            text = texts[name] = text.astype("category")
        sorts = [sort for sort in guard.SORTS if sort != "name" or name == "text"]
        found = guard.personal(_still(text, fates), sorts)
        if source.personal_data == "stop":
            fates.quarantine(found != "", "personal_data", column)
            continue
        texts[name] = changed(text, found != "", "")
        hit = pd.DataFrame({"file": pile.at["file"], "sort": found})[found != ""]
        counted = hit.groupby(["file", "sort"]).size().rename("rows").reset_index()
        emptied.append(counted.assign(source=pile.source, column=column))
    table = pd.concat(emptied, ignore_index=True)
    return texts, table[list(tables.TEXTS_DROPPED.columns)].astype({"rows": "int64"})


def _still(text: pd.Series, fates: Fates) -> pd.Series:
    """Return the texts of the rows that nothing has stopped yet; the others are empty."""
    return changed(text, ~fates.open, "")


def _text(rows: pd.DataFrame, column: str | None) -> pd.Series:
    if column is None:
        return plain(same("", rows.index))
    return times.text_of(rows[column])


def _partner(rows: pd.DataFrame, source: Source) -> pd.Series:
    """Return who reported each row: a body that the settings list, else the source's partner."""
    if source.columns.partner is None:
        return same(source.partner, rows.index)
    given = _text(rows, source.columns.partner)
    return given.where(given.isin(source.partners), source.partner)


def _whole(
    rows: pd.DataFrame, column: str | None, fates: Fates, reason: str, low: int, high: int
) -> pd.Series:
    if column is None:
        return pd.Series(np.nan, index=rows.index)
    given, bad = numbers.read(rows[column])
    wrong = bad | (given.notna() & ~(given.between(low, high) & (given % 1 == 0)))
    fates.quarantine(wrong, reason, column)
    return given.mask(wrong)


def _group_and_kind(
    municipality: Municipality, source: Source, rows: pd.DataFrame, fates: Fates, decided: Rulings
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return each row's group and kind, and whether it follows what the police control."""
    known = codes.read(municipality, source)
    out = {*source.drop, *known.drop}
    code = _renamed(_text(rows, source.columns.code), decided.alias("code", fates.pile.source))
    code = _with_lost_zeros(code, {*known.groups, *out}).astype("category")
    fates.drop(code.isin(out))
    if source.columns.code is not None and source.unlisted == "drop":
        fates.drop(~code.isin(known.groups))
    if source.columns.kind is None:
        kind = same(source.kind or "", rows.index)
    else:
        given = _renamed(_text(rows, source.columns.kind), decided.alias("kind", fates.pile.source))
        fates.unknown("kind", source.columns.kind, given, source.kinds)
        kind = times.text_of(given.map(source.kinds))
    if source.columns.code is None:
        group = same((source.constants.group or "").strip(), rows.index)
    else:
        fates.unknown("code", source.columns.code, code, known.groups)
        distinct = times.text_of(pd.Series(code.cat.categories).map(known.groups))
        group = distinct.astype("category").take(code.cat.codes).set_axis(rows.index)
    return group, kind, group.isin(source.police_activity) | code.isin(known.police)


def _renamed(text: pd.Series, alias: dict[str, str]) -> pd.Series:
    return text.replace(alias) if alias else text


def _with_lost_zeros(code: pd.Series, known: set[str]) -> pd.Series:
    """Give codes back the zeros that a spreadsheet took: 801 is 0801 where only that is known."""
    lost = {
        text: text.zfill(4)
        for text in code.unique()
        if text.isdecimal() and len(text) < 4 and text not in known and text.zfill(4) in known
    }
    return code.replace(lost) if lost else code


def _moments(
    municipality: Municipality, source: Source, rows: pd.DataFrame
) -> dict[str, times.Moments]:
    """Return when each row began, was surely over and was registered, as far as the source says."""
    moments: dict[str, times.Moments] = {}
    if source.columns.start is None:
        start = pd.Series(pd.Timestamp(source.constants.start), index=rows.index)
        moments["start"] = times.read([start], finest=source.time_precision)
    for part in ("start", "end", "registered"):
        columns: tuple[str, ...] | None = getattr(source.columns, part)
        if columns is None:
            continue
        given = [rows[column] for column in columns]
        moments[part] = times.read(
            given,
            zone=municipality.time_zone,
            form=source.date_format,
            finest=source.time_precision,
            ignore_offset=source.ignore_offset,
            placeholders=() if part == "registered" else source.default_times,
        )
    if "end" in moments:
        over = times.end_of(moments["end"], moments["start"].at, zone=municipality.time_zone)
        moments["end"] = replace(moments["end"], at=over)
    return moments


def _stop_moments(source: Source, moments: dict[str, times.Moments], fates: Fates) -> None:
    for part, read in moments.items():
        if (columns := getattr(source.columns, part)) is None:
            continue
        fates.quarantine(read.unreadable, f"unreadable_{part}", columns[0])
        if part == "start":
            fates.quarantine(read.at.isna(), "no_start", columns[0])
    if "end" in moments:
        wrong = moments["end"].at < moments["start"].at
        fates.quarantine(wrong, "end_before_start", source.columns.end[0])  # type: ignore[index]


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


def _stop_coordinates(source: Source, at: Coordinates, unreadable: pd.Series, fates: Fates) -> None:
    column = source.columns.x or ""
    fates.quarantine(unreadable, "unreadable_coordinates", column)
    if (at.fault == "").all():
        return
    systems = set(at.fits.unique())
    for reason in ("degrees", "metres_for_degrees", "swapped_axes", "other_crs"):
        fits = None if reason == "swapped_axes" else at.fits  # what would mend it: another system
        fates.quarantine(at.fault == reason, reason, column, fits, systems)
    if source.outside == "drop":
        fates.drop((at.fault == "outside") & ~fates.kept)
    fates.quarantine(at.fault == "outside", "outside", column)


def _identity(pile: Pile, source: Source) -> tuple[pd.Series, bool]:
    """
    Give every row an id, the source's own or a digest of its content; tell if one may stand twice.

    Within one file, rows with one id and different content are different events (several crimes
    in one case), and the second gets ``#2``; a row that stands twice to the letter is one event.
    Without ids, rows that are alike within one file are different events (the k-th of its kind).
    The same id, or the same content, in another file is the same event delivered again.
    """
    rows = pile.rows
    own = _text(rows, source.columns.id)
    if (own != "").all():
        suffix = _suffix(pile.at["file"], own, rows)
        if suffix is None:
            return pile.source + ":" + own, False
        return pile.source + ":" + (own + suffix), True
    content = _content(rows)
    nth = content.groupby([pile.at["file"], content]).cumcount().astype(str)
    digest = (content + "\x1f" + nth).map(
        lambda text: hashlib.sha256(text.encode()).hexdigest()[:16]
    )
    given = own[own != ""]
    suffix = _suffix(pile.at.loc[given.index, "file"], given, rows.loc[given.index])
    own = own if suffix is None else own + suffix.reindex(own.index, fill_value="")
    return pile.source + ":" + own.where(own != "", digest), True


def _content(rows: pd.DataFrame) -> pd.Series:
    """Return all of each row as one text."""
    texts = [rows[column].astype("string").fillna("").astype(str) for column in rows.columns]
    return reduce(lambda left, right: left + "\x1f" + right, texts)


def _suffix(file: pd.Series, own: pd.Series, rows: pd.DataFrame) -> pd.Series | None:
    """
    Return ``#k`` for the k-th different content of an id in a file; empty for the first.

    None where no id stands twice, so that nothing need be compared.
    """
    if unlike(own):
        return None
    twice = own.duplicated(keep=False)
    alike = pd.DataFrame({"file": file[twice], "own": own[twice], "content": _content(rows[twice])})
    distinct = alike.drop_duplicates()
    nth = distinct.groupby(["file", "own"]).cumcount() + 1
    numbered = distinct.assign(nth=nth)
    each = alike.merge(numbered, how="left", on=["file", "own", "content"])["nth"].to_numpy()
    suffix = pd.Series("", index=own.index, dtype=str)
    suffix[twice] = np.where(each > 1, "#" + each.astype(str).astype(object), "")
    return suffix
