"""What each of a source's codes is: its group, whether it is taken in, when it began or ended."""

from __future__ import annotations

from dataclasses import dataclass
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
