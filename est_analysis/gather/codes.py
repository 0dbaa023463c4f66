"""What each of a source's codes is: its group, whether it is taken in, when it began or ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from est_analysis.errors import DeliveryError
from est_analysis.gather.lists import read_list
from est_analysis.municipality import Municipality, Source

SHIPPED = Path(__file__).with_name("brottskoder.csv")
"""The crime codes of the domain notes: a proposal to verify, which ``est new`` copies."""

_OPTIONAL = ("tas_in", "polisstyrd", "galler_fran", "galler_till", "ersatt_av", "marke", "kalla")
_ANSWERS = ("ja", "nej", "")


@dataclass(frozen=True)
class Codes:
    """
    A source's codes.

    Parameters
    ----------
    groups
        Code to group, of the codes that are taken in.
    drop
        Codes that are never taken in.
    police
        Codes that follow how much the police control.
    """

    groups: dict[str, str]
    drop: frozenset[str] = frozenset()
    police: frozenset[str] = frozenset()


def read(municipality: Municipality, source: Source) -> Codes:
    """
    Return what the settings, or the code list that they name, say of a source's codes.

    Returns
    -------
    Codes
        A code without a group is not known. Nothing is known where the source has no codes.

    Raises
    ------
    DeliveryError
        If the code list cannot be read, lacks a column, names a code twice, or answers a
        question with anything but *ja* and *nej*.
    """
    if not isinstance(source.codes, str):
        known = {code: group for code, group in (source.codes or {}).items() if group.strip()}
        return Codes(known)
    table = read_table(municipality.path(source.codes), source.codes)
    out = table["tas_in"] == "nej"
    known = table[~out & (table["grupp"] != "")]
    return Codes(
        dict(zip(known["kod"], known["grupp"], strict=True)),
        frozenset(table.loc[out, "kod"]),
        frozenset(table.loc[table["polisstyrd"] == "ja", "kod"]),
    )


def read_table(file: Path, inside: str) -> pd.DataFrame:
    """
    Read a code list.

    Parameters
    ----------
    file
        As `read_list` takes it: ``kod;grupp``, and what else `SHIPPED` has, or less.
    inside
        Its path inside the municipality's folder, for messages.

    Returns
    -------
    DataFrame
        A row for each code, with the columns of `SHIPPED` as stripped text; empty where the file
        has no such column.

    Raises
    ------
    DeliveryError
        As `read` says.
    """
    table = read_list(file, inside, ("kod", "grupp"), optional=_OPTIONAL)
    table = table[table["kod"] != ""].reset_index(drop=True)
    for column in ("tas_in", "polisstyrd"):
        table[column] = table[column].str.casefold()
        if (wrong := ~table[column].isin(_ANSWERS)).any():
            first = ", ".join(table.loc[wrong, "kod"].head(3))
            raise DeliveryError(
                f"I kolumnen ”{column}” står varken ja eller nej för: {first}.", where=inside
            )
    named = table[(table["grupp"] != "") | (table["tas_in"] == "nej")]
    if (twice := named["kod"].duplicated()).any():
        first = ", ".join(named.loc[twice, "kod"].head(3))
        raise DeliveryError(f"En kod står två gånger i kodlistan: {first}.", where=inside)
    return named.reset_index(drop=True)


def breaks(table: pd.DataFrame) -> pd.DataFrame:
    """
    List the codes that begin or end, so that a series which they break can be marked.

    Parameters
    ----------
    table
        As `read_table` gives it.

    Returns
    -------
    DataFrame
        ``group``, ``code``, ``began``, ``ended`` and ``replaced_by`` as the list writes them
        (empty where it says nothing), by group and code. Only what the list states: a code whose
        end is not known, but its successor is, stands with an empty end.
    """
    changed = table[(table[["galler_fran", "galler_till", "ersatt_av"]] != "").any(axis=1)]
    names = {
        "grupp": "group",
        "kod": "code",
        "galler_fran": "began",
        "galler_till": "ended",
        "ersatt_av": "replaced_by",
    }
    found = changed[list(names)].rename(columns=names)
    return found.sort_values(["group", "code"], ignore_index=True)


def broken(municipality: Municipality, first: date, last: date) -> frozenset[tuple[str, str]]:
    """
    Return the series that a change of codes breaks within a span of days.

    A code that ends, or begins, breaks its group's series unless the code that follows, or went
    before, is of the same group. What the list gives no date for cannot be placed, and breaks
    nothing here; it stands in `breaks`.

    Parameters
    ----------
    municipality
        Its sources name the code lists.
    first, last
        The earliest and the latest day compared.

    Returns
    -------
    frozenset of (kind of record, group)

    Raises
    ------
    DeliveryError
        As `read_table` says.
    """
    lists = {
        (source.codes, kind)
        for source in municipality.sources.values()
        if isinstance(source.codes, str)
        for kind in source.record_kinds
    }
    return frozenset(
        (kind, group)
        for inside, kind in sorted(lists)
        for group in groups_broken(read_table(municipality.path(inside), inside), first, last)
    )


def groups_broken(table: pd.DataFrame, first: date, last: date) -> list[str]:
    """
    Return the groups of a code list that a code's beginning or end breaks within a span of days.

    Parameters
    ----------
    table
        As `read_table` gives it. Days are written as ``2018``, ``2018-07`` or ``2018-07-01``; what
        is known to the year may be any day of it.
    first, last
        The earliest and the latest day compared.

    Returns
    -------
    list of str, sorted
    """
    taken = table[(table["tas_in"] != "nej") & (table["grupp"] != "")]
    group = dict(zip(taken["kod"], taken["grupp"], strict=True))
    follows = {
        (group[old], new)
        for old, text in zip(taken["kod"], taken["ersatt_av"], strict=True)
        for new in _codes_in(text)
    }
    found = set()
    for row in taken.to_dict("records"):
        own = row["grupp"]
        goes_on = any(group.get(new) == own for new in _codes_in(row["ersatt_av"]))
        went_before = (own, row["kod"]) in follows
        for text, mended in ((row["galler_till"], goes_on), (row["galler_fran"], went_before)):
            span = _days(text)
            if span and not mended and span[0] <= last and span[1] >= first:
                found.add(own)
    return sorted(found)


def _codes_in(text: str) -> Iterator[str]:
    """Yield the codes of a list such as ``9829, 9830`` or ``9456-9463``."""
    for part in re.split(r"[,;\s]+", text.strip()):
        if m := re.fullmatch(r"(\d+)[-–](\d+)", part):
            width = len(m[1])
            yield from (f"{code:0{width}d}" for code in range(int(m[1]), int(m[2]) + 1))
        elif part:
            yield part


def _days(text: str) -> tuple[date, date] | None:
    """Return the first and last day that a day, month or year may be; None for anything else."""
    m = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", text.strip())
    if m is None:
        return None
    year, month, day = (int(part) if part else None for part in m.groups())
    try:
        first = date(year or 1, month or 1, day or 1)
        if day:
            return first, first
        following = date(first.year + 1, 1, 1) if not month or month == 12 else None
        return first, (following or date(first.year, month + 1, 1)) - timedelta(days=1)  # type: ignore[operator]
    except ValueError:
        return None
