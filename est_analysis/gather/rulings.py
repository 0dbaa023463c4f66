"""What people have decided: aliases for near misses, and rulings on single rows and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import pandas as pd

from est_analysis.gather.lists import read_list
from est_analysis.municipality import Municipality

ALIASES, DECISIONS = "reference/aliases.csv", "reference/decisions.csv"

ALIAS_COLUMNS = ("slag", "kalla", "skrivet", "betyder")
SORTS = {"kolumn": "column", "kod": "code", "typ": "kind", "plats": "place"}
"""What an alias is for, as people write it and as the program calls it."""

DECISION_COLUMNS = ("fil", "rad", "beslut", "andra_fil", "andra_rad")
RULINGS = {
    "behåll": "keep",
    "ta bort": "remove",
    "dra tillbaka": "withdraw",
    "samma": "same",
    "inte samma": "not_same",
}
"""
What can be decided: keep a row that was stopped, remove a row, withdraw a whole file, and that two
rows are, or are not, the same event.
"""


@dataclass(frozen=True)
class Rulings:
    """
    The decisions that hold.

    Parameters
    ----------
    aliases
        ``sort`` (a value of `SORTS`), ``source`` (empty: every source), ``written``, ``means``.
    rows
        ``file``, ``row`` (0 for a whole file), ``ruling`` (a value of `RULINGS`), ``other_file``,
        ``other_row`` (empty and 0 where the ruling names no second row), ``line`` (in people's own
        list).
    faults
        Lines that cannot be used: ``file``, ``row``, ``column``, ``reason``.
    """

    aliases: pd.DataFrame
    rows: pd.DataFrame
    faults: pd.DataFrame

    def alias(self, sort: str, source: str) -> dict[str, str]:
        """Return what is written to what it means, for one sort and source; its own line wins."""
        own = self.aliases[self.aliases["sort"] == sort]
        lines = pd.concat([own[own["source"] == ""], own[own["source"] == source]])
        return dict(zip(lines["written"], lines["means"], strict=True))

    def ruled(self, ruling: str) -> set[tuple[str, int]]:
        """Return file and row of every row, or whole file (row 0), with this ruling."""
        own = self.rows[self.rows["ruling"] == ruling]
        return set(zip(own["file"], own["row"], strict=True))

    def pairs(self, ruling: str) -> list[tuple[tuple[str, int], tuple[str, int]]]:
        """Return both rows, each as file and row, of every pair with this ruling."""
        own = self.rows[self.rows["ruling"] == ruling]
        first = zip(own["file"], own["row"], strict=True)
        second = zip(own["other_file"], own["other_row"], strict=True)
        return list(zip(first, second, strict=True))


@cache
def none() -> Rulings:
    """Return no decisions at all; one for all, not to be changed."""
    return Rulings(
        _aliases(pd.DataFrame(columns=list(ALIAS_COLUMNS), dtype=str))[0],
        _rows(pd.DataFrame(columns=list(DECISION_COLUMNS), dtype=str))[0],
        _faults(pd.Index([]), "", "", ""),
    )


def read(municipality: Municipality) -> Rulings:
    """
    Read ``reference/aliases.csv`` and ``reference/decisions.csv``, each if it is there.

    Returns
    -------
    Rulings
        A line that does not hold is no error: it is listed among the faults, and the others hold.

    Raises
    ------
    DeliveryError
        If a file cannot be read or lacks a column.
    """
    known = none()
    aliases, rows, faults = known.aliases, known.rows, [known.faults]
    if (file := municipality.path(ALIASES)).is_file():
        aliases, wrong = _aliases(read_list(file, ALIASES, ALIAS_COLUMNS))
        faults.append(wrong)
    if (file := municipality.path(DECISIONS)).is_file():
        rows, wrong = _rows(read_list(file, DECISIONS, DECISION_COLUMNS))
        faults.append(wrong)
    return Rulings(aliases, rows, pd.concat(faults, ignore_index=True))


def among(at: pd.DataFrame, ruled: set[tuple[str, int]]) -> pd.Series:
    """Tell which rows, each with its ``file`` and ``row``, are among those with a ruling."""
    if not ruled:
        return pd.Series(False, index=at.index)
    by_file: dict[str, list[int]] = {}
    for file, row in ruled:
        by_file.setdefault(file, []).append(row)
    hit = pd.Series(False, index=at.index)
    for file, numbers in by_file.items():
        hit |= (at["file"] == file) & at["row"].isin(numbers)
    return hit


def checked(decided: Rulings, delivered: Mapping[str, pd.Index], unread: set[str]) -> Rulings:
    """
    Return the rulings, with those among the faults that name a file or a row that is not there.

    Parameters
    ----------
    delivered
        Every file that could be read, with its row numbers.
    unread
        Files that could not.
    """
    faults = [decided.faults]
    for file, row in (("file", "row"), ("other_file", "other_row")):
        column, number = ("fil", "rad") if file == "file" else ("andra_fil", "andra_rad")
        for line in decided.rows[decided.rows[file] != ""].to_dict("records"):
            at = pd.Index([line["line"]])
            if line[file] in unread:
                faults.append(_faults(at, DECISIONS, column, "filen gick inte att läsa"))
            elif line[file] not in delivered:
                faults.append(_faults(at, DECISIONS, column, "filen finns inte bland leveranserna"))
            elif line[row] != 0 and line[row] not in delivered[line[file]]:
                faults.append(_faults(at, DECISIONS, number, "raden finns inte i filen"))
    return replace(decided, faults=pd.concat(faults, ignore_index=True))


def in_vain(decided: Rulings, quarantine: pd.DataFrame, reasons: Mapping[str, str]) -> Rulings:
    """Return the rulings, with those that keep a row in vain among the faults."""
    keeps = decided.rows[decided.rows["ruling"] == "keep"]
    stopped = keeps.merge(quarantine[["file", "row", "reason"]], on=["file", "row"])
    faults = [decided.faults] + [
        _faults(
            pd.Index([line["line"]]),
            DECISIONS,
            "beslut",
            f"raden stoppas ändå: {reasons.get(line['reason'], line['reason'])}",
        )
        for line in stopped.to_dict("records")
    ]
    return replace(decided, faults=pd.concat(faults, ignore_index=True))


def _faults(rows: pd.Index, file: str, column: str, reason: str) -> pd.DataFrame:
    rows = pd.Index(rows, dtype="int64")
    return pd.DataFrame({"file": file, "row": rows, "column": column, "reason": reason})


def _aliases(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    sort = raw["slag"].str.casefold().map(SORTS)
    empty = (raw["skrivet"] == "") | (raw["betyder"] == "")
    twice = raw.duplicated(["slag", "kalla", "skrivet"])
    faults = [
        _faults(raw.index[sort.isna()], ALIASES, "slag", f"ska vara något av: {', '.join(SORTS)}"),
        _faults(raw.index[empty], ALIASES, "betyder", "skrivet eller betyder är tomt"),
        _faults(raw.index[twice], ALIASES, "skrivet", "står redan på en tidigare rad"),
    ]
    table = pd.DataFrame(
        {
            "sort": sort.astype("string").fillna("").astype(str),
            "source": raw["kalla"],
            "written": raw["skrivet"],
            "means": raw["betyder"],
        }
    )
    good = sort.notna() & ~empty & ~twice
    return table[good].reset_index(drop=True), pd.concat(faults, ignore_index=True)


def _rows(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    ruling = raw["beslut"].str.casefold().map(RULINGS)
    row, other_row = (
        pd.to_numeric(raw[column].replace("", "0"), errors="coerce")
        for column in ("rad", "andra_rad")
    )
    whole = ruling == "withdraw"
    pair = ruling.isin(["same", "not_same"])
    bad_row = ~(whole & (row == 0)) & ~(row >= 1)
    no_other = pair & ~((raw["andra_fil"] != "") & (other_row >= 1))
    choices = f"ska vara något av: {', '.join(RULINGS)}"
    faults = [
        _faults(raw.index[ruling.isna()], DECISIONS, "beslut", choices),
        _faults(raw.index[raw["fil"] == ""], DECISIONS, "fil", "filen saknas"),
        _faults(raw.index[bad_row], DECISIONS, "rad", "ska vara radens nummer i filen"),
        _faults(raw.index[no_other], DECISIONS, "andra_rad", "den andra raden saknas"),
    ]
    table = pd.DataFrame(
        {
            "file": raw["fil"],
            "row": row.fillna(0).astype("int64"),
            "ruling": ruling.astype("string").fillna("").astype(str),
            "other_file": raw["andra_fil"].where(pair, ""),
            "other_row": other_row.where(pair, 0).fillna(0).astype("int64"),
            "line": pd.Index(raw.index, dtype="int64"),
        }
    )
    good = ruling.notna() & (raw["fil"] != "") & ~bad_row & ~no_other
    return table[good].reset_index(drop=True), pd.concat(faults, ignore_index=True)
