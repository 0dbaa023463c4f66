"""National figures to compare with: what Brå publishes on reported crime, as one tidy table."""

from __future__ import annotations

import csv
import io
import math
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from est_analysis.counts import poisson_interval
from est_analysis.gather import bounds
from est_analysis.gather.lists import EXCEL
from est_analysis.municipality import Municipality

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = {
    "source": str,
    "region": str,
    "crime": str,
    "year": "int64",
    "period": str,
    "count": float,
    "per_100k": float,
    "preliminary": bool,
}
"""Of the tidy table; NaN is "not applicable" (``..``), and never nought."""

WHOLE_YEAR = "år"
_WHOLE_YEAR = {"", "år", "helår", "hela året"}
_HEADER = ("region", "brott", "år", "period", "antal", "per_100k")
_HEADER_WITHIN = 30
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_NUMBER = re.compile(r"(?:\d{1,3}(?: \d{3})+|\d+)(?:,\d+)?")
_PRELIMINARY = re.compile(r"\s*\(?\bprel(?:iminär(?:t|a)?)?\b\.?\)?\s*", re.IGNORECASE)
_NOT_APPLICABLE = ".."


@dataclass(frozen=True)
class Comparison:
    """
    What the files for comparison gave.

    Parameters
    ----------
    table
        `COLUMNS`, in the order of the files; one row for each source, region, crime and period.
    faults
        What could not be used: ``file``, ``row`` (0 for a whole file or sheet), ``column``,
        ``reason``.
    """

    table: pd.DataFrame
    faults: pd.DataFrame


class _CellError(ValueError):
    """A cell that cannot be read; the arguments are its column and the reason, in Swedish."""


@dataclass(frozen=True)
class _Line:
    """One figure with where it stands."""

    row: int
    region: str
    crime: str
    year: int
    period: str
    count: float
    per_100k: float
    preliminary: bool

    @property
    def key(self) -> tuple[str, str, int, str]:
        return self.region, self.crime, self.year, self.period

    @property
    def figures(self) -> tuple[str, str]:
        return str(self.count), str(self.per_100k)  # as text, so that NaN equals NaN

    @property
    def is_empty(self) -> bool:
        return math.isnan(self.count) and math.isnan(self.per_100k)


_Fault = tuple[int, str, str]


def read(municipality: Municipality) -> Comparison:
    """
    Read the files that ``reference.comparison`` names.

    Two sorts are known. Brå's statistics file is text with the columns ``Region;Brott;År;Period;
    Antal;/100 000 inv``. The municipal indicator workbook is Excel with one sheet an indicator; its
    layout is known only from public code that reads it, so the cells are read by what they say,
    which is a proposal.

    Returns
    -------
    Comparison
        A row or a file that cannot be read is listed, and stops nothing.
    """
    lines: list[dict[str, Any]] = []
    faults: list[tuple[str, int, str, str]] = []
    for inside in municipality.reference.comparison:
        file = municipality.path(inside)
        reader = _workbook if file.suffix.lower() in EXCEL else _statistics
        found, wrong = reader(file)
        found, doubled = _once(found)
        lines += [{"source": inside, **vars(line)} for line in found]
        faults += [(inside, *fault) for fault in (*wrong, *doubled)]
    table = pd.DataFrame(lines, columns=[*COLUMNS, "row"]).drop(columns="row").astype(COLUMNS)
    listed = pd.DataFrame(faults, columns=["file", "row", "column", "reason"])
    return Comparison(table, listed.astype({"row": "int64"}))


def _once(lines: list[_Line]) -> tuple[list[_Line], list[_Fault]]:
    """
    Return one line for each region, crime and period.

    Brå repeats a crime's name: for a heading, without figures, and where a name stands under
    several headings. Lines that say the same are one; where they differ none can be chosen.
    """
    said: dict[tuple[str, str, int, str], dict[tuple[str, str], _Line]] = {}
    for line in lines:
        said.setdefault(line.key, {}).setdefault(line.figures, line)
    kept, faults = [], []
    for alike in said.values():
        told = [line for line in alike.values() if not line.is_empty] or list(alike.values())[:1]
        if len(told) == 1:
            kept += told
        else:
            faults += [(line.row, "Brott", "står flera gånger med olika tal") for line in told]
    return kept, sorted(faults)


# ---------------------------------------------------------------- Brå's statistics file


def _statistics(file: Path) -> tuple[list[_Line], list[_Fault]]:
    try:
        content = bounds.content_of(file)
        bounds.refuse_many_rows(content)
        rows = list(csv.reader(io.StringIO(_text(content)), delimiter=";"))
    except (OSError, EOFError, zlib.error, ValueError, csv.Error) as error:
        return [], [(0, "", f"filen går inte att läsa: {error}")]
    at = next((i for i, row in enumerate(rows[:_HEADER_WITHIN]) if _is_header(row)), None)
    if at is None:
        wanted = "Region;Brott;År;Period;Antal;/100 000 inv"
        return [], [(0, "", f"filen har inte rubrikerna {wanted}")]
    place = {_heading(cell): i for i, cell in enumerate(rows[at]) if _heading(cell)}
    lines, faults = [], []
    for number, row in enumerate(rows[at + 1 :], at + 2):
        if not any(_plain(cell) for cell in row):
            continue
        try:
            lines.append(_line(number, {name: _cell(row, i) for name, i in place.items()}))
        except _CellError as error:
            faults.append((number, *error.args))
    return lines, faults


def _text(content: bytes) -> str:
    """Return a file's text: ISO-8859-1 as Brå writes it, or UTF-8 if someone has saved it anew."""
    try:
        return content.decode("utf-8-sig")  # Swedish text in ISO-8859-1 never passes for UTF-8
    except UnicodeDecodeError:
        return content.decode("iso-8859-1")


def _is_header(row: list[str]) -> bool:
    return set(_HEADER) <= {_heading(cell) for cell in row}


def _heading(cell: object) -> str:
    """Return what a heading stands for, as in `_HEADER`; empty for any other text."""
    text = _plain(cell).casefold().rstrip(".:")
    if re.fullmatch(r"(?:antal )?(?:per |/ ?)100 ?000(?: inv(?:ånare)?)?", text):
        return "per_100k"
    return text if text in _HEADER else ""


def _line(number: int, cells: dict[str, str]) -> _Line:
    preliminary = any(_PRELIMINARY.search(cells[name]) for name in ("år", "period", "antal"))
    cells = {name: _PRELIMINARY.sub("", cell) for name, cell in cells.items()}
    for name in ("region", "brott"):
        if not cells[name]:
            raise _CellError(name.capitalize(), "saknas")
    year, period = cells["år"], cells["period"]
    if year.casefold() == "år":  # so Brå's own file of whole years has it: År;2025
        year, period = period, ""
    if not _YEAR.fullmatch(year):
        raise _CellError("År", "är inget årtal")
    count = _number(cells["antal"], "Antal")
    if not math.isnan(count) and count % 1:
        raise _CellError("Antal", "är inget heltal")
    return _Line(
        row=number,
        region=cells["region"],
        crime=cells["brott"],
        year=int(year),
        period=WHOLE_YEAR if period.casefold() in _WHOLE_YEAR else period,
        count=count,
        per_100k=_number(cells["per_100k"], "/100 000 inv"),
        preliminary=preliminary,
    )


def _cell(row: list[str], at: int) -> str:
    return _plain(row[at]) if at < len(row) else ""


def _plain(cell: object) -> str:
    """Return a cell's text with ordinary, single spaces."""
    return " ".join(str(cell).split()) if cell is not None else ""  # also U+00A0 and U+202F


def _number(text: str, column: str) -> float:
    if text == _NOT_APPLICABLE:
        return math.nan
    if not text:
        raise _CellError(column, "saknas")
    if not _NUMBER.fullmatch(text):
        raise _CellError(column, "går inte att läsa som ett tal")
    return float(text.replace(" ", "").replace(",", "."))


# ---------------------------------------------------------------- the indicator workbook


def _workbook(file: Path) -> tuple[list[_Line], list[_Fault]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        content = bounds.content_of(file)
        bounds.refuse_workbook(content)
        book = CalamineWorkbook.from_object(io.BytesIO(content))
        sheets = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
        }
    except (CalamineError, OSError, EOFError, zlib.error, ValueError) as error:
        return [], [(0, "", f"arbetsboken går inte att läsa: {error}")]
    lines: list[_Line] = []
    faults: list[_Fault] = []
    for name, cells in sheets.items():
        found, wrong = _sheet(name, cells)
        lines += found
        faults += wrong
    return lines, faults


def _sheet(name: str, cells: Sequence[Sequence[object]]) -> tuple[list[_Line], list[_Fault]]:
    """
    Return an indicator's figures; the sheet's name is the crime.

    A row with at least two years heads the columns. What a column counts stands with its year, or
    in the row above its block: *Antal*, or something *per 100 000*. Left of it stands the region.
    """
    lines: dict[tuple[str, int], _Line] = {}
    faults: list[_Fault] = []
    head: dict[int, tuple[int, bool, str]] = {}
    above: dict[int, str] = {}
    for number, row in enumerate(cells, 1):
        texts = [_plain(cell) for cell in row]
        if found := _head(row, texts, above, known=bool(head)):
            head = found
            continue
        above = {i: measure for i, text in enumerate(texts) if (measure := _measure(text))}
        filled = [i for i in head if texts[i]]
        if above or not filled:  # the names of what is counted, a title, an empty row, a note
            continue
        region = next((text for text in reversed(texts[: min(head)]) if text), "")
        for i in filled:
            year, preliminary, measure = head[i]
            try:
                if not region or not measure:
                    raise _CellError("", "det framgår inte vad som räknas, eller var")
                figures = {measure: _value(row[i], texts[i])}
            except _CellError as error:
                faults.append((number, name, f"{year}: {error.args[1]}"))
                continue
            former = lines.get((region, year))
            if former is not None and not math.isnan(getattr(former, measure)):
                faults.append((number, name, f"{year}: står flera gånger"))
                continue
            lines[region, year] = _Line(
                row=number,
                region=region,
                crime=name,
                year=year,
                period=WHOLE_YEAR,
                count=figures.get("count", former.count if former else math.nan),
                per_100k=figures.get("per_100k", former.per_100k if former else math.nan),
                preliminary=preliminary or (former is not None and former.preliminary),
            )
    if not lines and not faults:
        faults = [(0, name, "bladet har inga årtal med antal eller antal per 100 000")]
    return list(lines.values()), faults


def _head(
    row: Sequence[object], texts: list[str], above: dict[int, str], *, known: bool
) -> dict[int, tuple[int, bool, str]]:
    """Return year, whether preliminary, and measure of each column of a row that heads a block."""
    found = {}
    for i, text in enumerate(texts):
        years = _YEAR.findall(text)
        rest = _PRELIMINARY.sub(" ", _YEAR.sub(" ", text, count=1)).strip(" ,.:;()")
        is_number = isinstance(row[i], (int, float))
        if len(years) != 1 or (is_number and known):  # a count may look like a year
            continue
        measure = _measure(rest)
        if rest.strip("0") and not measure:  # of a number such as 2024.0 nothing is left
            continue
        measure = measure or next((above[j] for j in sorted(above, reverse=True) if j <= i), "")
        found[i] = (int(years[0]), bool(_PRELIMINARY.search(text)), measure)
    return found if len(found) >= 2 else {}


def _measure(text: str) -> str:
    """Return what a heading says is counted; empty where it says nothing of it."""
    text = _plain(_PRELIMINARY.sub(" ", text)).casefold().strip(" ,.:;()")
    if re.search(r"\b100 ?000\b", text):
        return "per_100k"
    return "count" if re.fullmatch(r"antal(?: anmälda)?(?: brott)?", text) else ""


def _value(cell: object, text: str) -> float:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if not math.isfinite(cell) or cell < 0:
            raise _CellError("", "går inte att läsa som ett tal")
        return float(cell)
    return _number(_PRELIMINARY.sub("", text), "")


# ---------------------------------------------------------------- beside each other


def own_names(municipality: Municipality) -> set[str]:
    """Return what the municipality may be called in a file, in lower case."""
    name = municipality.name.casefold().removesuffix(" kommun")
    return {name, f"{name} kommun", f"{name}s kommun", f"{municipality.code} {name}"}


def beside(table: pd.DataFrame, municipality: Municipality, last: date) -> pd.DataFrame:
    """
    Set the municipality's rates beside those of the other regions in the same file.

    Parameters
    ----------
    table
        As `Comparison.table`.
    municipality
        Whose.
    last
        No year that ends after this day is used.

    Returns
    -------
    DataFrame
        For the two latest whole years that the municipality has figures of: ``crime``, ``region``,
        ``own``, ``year``, ``count``, ``per_100k``, ``low``, ``high`` (per 100 000 inhabitants and
        year; only for the municipality itself), ``preliminary``. In the order of the files, the
        municipality first within each crime; regions are not ranked.

    Notes
    -----
    The interval is Garwood's, of the count. It is turned into a rate by the number of inhabitants
    that the file itself implies: count over rate, where the count is largest, since Brå rounds.
    """
    whole = table[(table["period"] == WHOLE_YEAR) & table["per_100k"].notna()]
    whole = whole[whole["year"].map(lambda year: date(year, 12, 31) <= last).astype(bool)]
    own = whole["region"].str.casefold().isin(own_names(municipality))
    years = sorted(set(whole.loc[own, "year"]))[-2:]
    crimes = list(dict.fromkeys(whole.loc[own, "crime"]))
    shown = whole.assign(own=own)[whole["year"].isin(years) & whole["crime"].isin(crimes)]
    level = municipality.thresholds.interval_level
    bounds = [_bounds(line, whole, level) for line in shown.itertuples()]
    shown = shown.assign(low=[low for low, _ in bounds], high=[high for _, high in bounds])
    shown = shown.assign(
        order=shown["crime"].map(crimes.index), last=~shown["own"], at=range(len(shown))
    ).sort_values(["order", "last", "at"], ignore_index=True)
    names = ["crime", "region", "own", "year", "count", "per_100k", "low", "high", "preliminary"]
    return shown[names]


def _bounds(line: Any, whole: pd.DataFrame, level: float) -> tuple[float, float]:  # noqa: ANN401
    if not line.own or math.isnan(line.count):
        return math.nan, math.nan
    same = whole[
        (whole["source"] == line.source)
        & (whole["region"] == line.region)
        & (whole["year"] == line.year)
        & (whole["per_100k"] > 0)
    ]
    if same.empty or same["count"].isna().all():
        return math.nan, math.nan
    largest = same.loc[same["count"].idxmax()]
    each = largest["per_100k"] / largest["count"]
    interval = poisson_interval(line.count, level=level)
    return interval.low * each, interval.high * each


def preliminary_years(shown: pd.DataFrame) -> Iterable[int]:
    """Return the years of which some figure is preliminary."""
    return sorted(set(shown.loc[shown["preliminary"], "year"]))
