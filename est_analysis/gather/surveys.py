"""What people answered in surveys of safety, area by area, from a list in the folder."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import pandas as pd

from est_analysis.counts import wilson_interval
from est_analysis.errors import DeliveryError
from est_analysis.gather.gazetteer import normal
from est_analysis.gather.geography import Geography
from est_analysis.gather.guard import shown_code
from est_analysis.gather.lists import read_list
from est_analysis.municipality import Municipality

COLUMNS = ("omrade", "fraga", "ar")
FIGURES = ("andel", "varde", "lagst", "hogst", "n", "kalla")
"""Columns that may be left out; each row has either ``andel`` (per cent) or ``varde``."""
FEWEST = 30
"""An area where fewer answered is not shown: single answers could be worked out."""
_FAULTS = ["file", "row", "column", "reason"]
_TABLE = {
    "area": str,
    "question": str,
    "year": "int64",
    "share": bool,
    "value": float,
    "low": float,
    "high": float,
    "n": float,
    "source": str,
    "computed": bool,
}


@dataclass(frozen=True)
class Surveys:
    """
    Answers, and what could not be read.

    Parameters
    ----------
    table
        ``area``, ``question``, ``year``, ``share`` (whether `value` is a share, 0-1), ``value``,
        ``low``, ``high`` (its interval, NaN where there is none), ``n`` (answers, NaN where not
        told), ``source``, ``computed`` (whether the interval was computed here).
    faults
        ``file``, ``row`` (0 for a whole file), ``column``, ``reason``.
    """

    table: pd.DataFrame
    faults: pd.DataFrame


class _RowError(ValueError):
    """A row that cannot be used; the arguments are its column and the reason, in Swedish."""


def read(municipality: Municipality, geography: Geography) -> Surveys:
    """
    Read the list that ``reference.surveys`` names.

    Parameters
    ----------
    municipality
        Gives the file.
    geography
        Its areas; a row about another is listed as a fault, unless there are no areas at all or
        it is about the municipality as a whole.

    Returns
    -------
    Surveys
        Shares are per cent in the list and 0-1 here. Where `n` is told and no interval, a share
        gets Wilson's interval, and is marked: it takes the answers for a simple random sample,
        and is too narrow for a weighted or clustered one. A file or a row that cannot be read is
        listed, and stops nothing.
    """
    inside = municipality.reference.surveys
    rows: list[tuple[object, ...]] = []
    faults: list[tuple[str, int, str, str]] = []
    if inside is not None:
        try:
            listed = read_list(municipality.path(inside), inside, COLUMNS, optional=FIGURES)
        except DeliveryError as error:
            faults.append((inside, 0, "", error.what))
            listed = pd.DataFrame(columns=[*COLUMNS, *FIGURES])
        known = _known(municipality, geography)
        fractions = _may_be_fractions(listed)
        seen: set[tuple[object, ...]] = set()
        for number, cells in zip(listed.index, listed.to_dict("records"), strict=True):
            try:
                row = _row(cells, known, fractions=fractions)
                key = (row[0], row[1], row[2], row[8])
                if key in seen:
                    raise _RowError("fraga", "området, frågan, året och källan står två gånger")
            except _RowError as error:
                faults.append((inside, int(number), *error.args))
                continue
            seen.add(key)
            rows.append(row)
    table = pd.DataFrame(rows, columns=list(_TABLE)).astype(_TABLE)
    return Surveys(table, pd.DataFrame(faults, columns=_FAULTS))


def _known(municipality: Municipality, geography: Geography) -> dict[str, str] | None:
    """Return the areas by their normal name; None where any name will do."""
    if geography.areas is None:
        return None
    names = pd.Series([municipality.name, *geography.areas["name"]], dtype=str)
    return dict(zip(normal(names), names, strict=True))


def _may_be_fractions(listed: pd.DataFrame) -> bool:
    """Tell whether every share is at most one: then nobody knows if they are per cent."""
    values = [_number_or_nan(text) for text in listed["andel"] if text]
    return any(value > 0 for value in values) and all(value <= 1 for value in values)


def _number_or_nan(text: str) -> float:
    try:
        return float(text.replace("%", "").replace("\u00a0", "").replace(" ", "").replace(",", "."))
    except ValueError:
        return math.nan


def _row(
    cells: dict[str, str], known: dict[str, str] | None, *, fractions: bool
) -> tuple[object, ...]:
    area, question, year = _asked(cells, known)
    is_share = cells["andel"] != ""
    if is_share == (cells["varde"] != ""):
        raise _RowError("andel", "ange antingen andel (i procent) eller varde")
    if is_share and fractions:
        raise _RowError("andel", "andelarna ska vara i procent (0–100), inte delar av ett")
    scale = 100.0 if is_share else 1.0
    figures = {name: _figure(cells, name) for name in ("andel", "varde", "lagst", "hogst", "n")}
    value = figures["andel" if is_share else "varde"] / scale
    low, high, n = figures["lagst"] / scale, figures["hogst"] / scale, figures["n"]
    if is_share and not 0 <= value <= 1:
        raise _RowError("andel", "andelen ska ligga mellan 0 och 100 procent")
    if math.isnan(low) != math.isnan(high):
        raise _RowError("lagst", "ange både lagst och hogst, eller ingen av dem")
    if not math.isnan(low) and not low <= value <= high:
        raise _RowError("lagst", "resultatet ska ligga mellan lagst och hogst")
    if n < FEWEST:
        raise _RowError("n", f"färre än {FEWEST} svar visas inte")
    computed = is_share and math.isnan(low) and not math.isnan(n)
    if computed:
        interval = wilson_interval(value * n, n)
        low, high = interval.low, interval.high
    return area, question, year, is_share, value, low, high, n, cells["kalla"], computed


def _asked(cells: dict[str, str], known: dict[str, str] | None) -> tuple[str, str, int]:
    """Return where, what and when."""
    area, question, year = (cells[name] for name in COLUMNS)
    if not area:
        raise _RowError("omrade", "området saknas")
    if known is not None:
        key = " ".join(area.casefold().split())
        if key not in known:
            shown = shown_code(area, known.values())
            raise _RowError("omrade", f"området ”{shown}” finns inte bland kommunens områden")
        area = known[key]
    if not question:
        raise _RowError("fraga", "frågan saknas")
    if not re.fullmatch(r"(19|20)\d\d", year):
        raise _RowError("ar", "året ska vara fyra siffror, till exempel 2026")
    return area, question, int(year)


def _figure(cells: dict[str, str], name: str) -> float:
    """Return a cell's number; NaN where it is empty."""
    if cells[name] == "":
        return math.nan
    value = _number_or_nan(cells[name])
    if not math.isfinite(value):
        raise _RowError(name, "talet går inte att läsa")
    return value
