"""Readers: one delivered file in, one frame of its named columns out, with its row numbers."""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import json
import zlib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from est_analysis.errors import DeliveryError
from est_analysis.gather.guard import shown_columns
from est_analysis.municipality import Municipality, Source

MIDNIGHT = time(0, 0)
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Delivery:
    """
    One file of one source, as read.

    Parameters
    ----------
    rows
        The columns that the settings name, shape (n_rows, n_named), indexed by the row number
        that a person sees in the file (records from 1 where the format has no rows). Cells are
        text, or the file's own numbers and dates where the format knows them.
    broken
        Row numbers whose fields do not fit the header.
    """

    source: str
    file: str
    rows: pd.DataFrame
    broken: tuple[int, ...] = ()


@dataclass(frozen=True)
class Unread:
    """A file that could not be read: what is wrong with it, where, and what to do."""

    source: str
    file: str
    error: DeliveryError


def read_all(municipality: Municipality) -> tuple[list[Delivery], list[Unread]]:
    """
    Read every delivered file of every source, in the order of the settings and of file names.

    Returns
    -------
    list of Delivery, list of Unread
        A file that cannot be read as its source says does not stop the others.
    """
    read_, unread = [], []
    for name in municipality.sources:
        for file in municipality.delivered(name):
            try:
                read_.append(read(municipality, name, file))
            except DeliveryError as error:
                shown = file.relative_to(municipality.folder).as_posix()
                unread.append(Unread(name, shown, error))
    return read_, unread


def read(municipality: Municipality, name: str, file: Path) -> Delivery:
    """
    Read one file of the source `name`.

    Raises
    ------
    DeliveryError
        If the file is empty, is no table of the stated format, is in another encoding, or lacks
        a column that the settings name; the message says which.
    """
    source = municipality.sources[name]
    shown = file.relative_to(municipality.folder).as_posix()
    reader = {
        "csv": _read_csv,
        "excel": _read_excel,
        "json": _read_json,
        "geojson": _read_geojson,
        "parquet": _read_parquet,
    }[source.format]
    try:
        frame, broken = reader(file, source, shown)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _no_table(shown, source, "den är packad med gzip, och skadad") from error
    frame.columns = [str(column).strip() for column in frame.columns]
    named = source.read_columns()
    where = f"{shown}, rad {source.header_row}" if source.format in {"csv", "excel"} else shown
    if missing := [column for column in named if column not in frame.columns]:
        raise DeliveryError(
            f"Kolumnen ”{'”, ”'.join(missing)}” saknas.",
            where=f"{where}; filen har: {shown_columns(frame.columns)}",
            mend=_column_hint(name, missing, list(frame.columns)),
        )
    if twice := [column for column in named if list(frame.columns).count(column) > 1]:
        raise DeliveryError(
            f"Kolumnen ”{'”, ”'.join(twice)}” står mer än en gång.",
            where=where,
            mend="Ta bort den ena kolumnen i filen, eller be om en ny leverans.",
        )
    return Delivery(name, shown, frame[named].copy(), tuple(broken))


def _column_hint(name: str, missing: list[str], present: list[str]) -> str:
    near = difflib.get_close_matches(missing[0], present, n=1)
    guess = f" Menas ”{near[0]}”?" if near else ""
    return f"Rätta [sources.{name}.columns] i municipality.toml, eller be om en ny leverans.{guess}"


def _no_table(shown: str, source: Source, why: str) -> DeliveryError:
    return DeliveryError(
        f"Filen går inte att läsa som {source.format}: {why}.",
        where=shown,
        mend="Kontrollera att rätt fil ligger i mappen, och format i municipality.toml.",
    )


def _is_packed(file: Path) -> bool:
    with file.open("rb") as handle:
        return handle.read(2) == _GZIP


def _bytes(file: Path) -> bytes:
    """Return a file's content, unpacked where it came packed with gzip."""
    content = file.read_bytes()
    return gzip.decompress(content) if content.startswith(_GZIP) else content


def _opened(file: Path, source: Source) -> TextIO:
    if _is_packed(file):
        return io.TextIOWrapper(gzip.open(file), encoding=source.encoding, newline="")
    return file.open(encoding=source.encoding, newline="")


def _read_csv(file: Path, source: Source, shown: str) -> tuple[pd.DataFrame, list[int]]:
    skip = source.header_row - 1
    try:
        header, wider = _first_rows(file, source)
        if wider:  # pandas would take the first column for an index, and shift the others
            return _read_ragged_csv(file, source, shown)
        frame = pd.read_csv(
            file,
            sep=source.delimiter,
            encoding=source.encoding,
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            skiprows=skip,
            compression="gzip" if _is_packed(file) else None,
        )
    except UnicodeError as error:
        raise _wrong_encoding(file, source, shown) from error
    except pd.errors.EmptyDataError as error:
        raise _no_table(shown, source, "den är tom") from error
    except (pd.errors.ParserError, csv.Error):
        return _read_ragged_csv(file, source, shown)
    frame.columns = header
    frame.index = pd.RangeIndex(skip + 2, skip + 2 + len(frame))
    return frame[(frame != "").any(axis=1)], []


def _first_rows(file: Path, source: Source) -> tuple[list[str], bool]:
    """Return the header, and whether the first row under it has more fields."""
    with _opened(file, source) as handle:
        rows = csv.reader(handle, delimiter=source.delimiter)
        header: list[str] = next(islice(rows, source.header_row - 1, None), [])
        if not any(header):
            raise pd.errors.EmptyDataError
        return header, len(next(rows, [])) > len(header)


def _wrong_encoding(file: Path, source: Source, shown: str) -> DeliveryError:
    content = _bytes(file)
    try:
        content.decode(source.encoding)
        where = shown
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        where = f"{shown}, rad {line}"
    except UnicodeError:
        where = shown
    return DeliveryError(
        f"Filen är inte sparad som {source.encoding}.",
        where=where,
        mend='Skriv rätt encoding för källan i municipality.toml, till exempel "cp1252".',
    )


def _read_ragged_csv(file: Path, source: Source, shown: str) -> tuple[pd.DataFrame, list[int]]:
    """Read a file in which some rows have too many fields; those rows are returned as broken."""
    good: dict[int, list[str]] = {}
    broken: list[int] = []
    rows: list[list[str]] = []
    try:
        with _opened(file, source) as handle:
            # strict: a quotation mark that is never closed would swallow the rows after it
            rows.extend(csv.reader(handle, delimiter=source.delimiter, strict=True))
    except UnicodeError as error:
        raise _wrong_encoding(file, source, shown) from error
    except csv.Error as error:
        why = f"ett citattecken stänger inte, i rad {len(rows) + 1} eller senare ({error})"
        raise _no_table(shown, source, why) from error
    header = rows[source.header_row - 1]
    for number, row in enumerate(rows[source.header_row :], source.header_row + 1):
        if not any(row):
            continue
        if any(row[len(header) :]):
            broken.append(number)
        else:
            good[number] = (row + [""] * (len(header) - len(row)))[: len(header)]
    return pd.DataFrame.from_dict(good, orient="index", columns=header, dtype=str), broken


def _read_excel(file: Path, source: Source, shown: str) -> tuple[pd.DataFrame, list[int]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(file)
    except (CalamineError, OSError) as error:
        raise _no_table(shown, source, str(error)) from error
    sheets = workbook.sheet_names
    if source.sheet is None and len(sheets) > 1:
        raise DeliveryError(
            f"Arbetsboken har flera blad: {', '.join(sheets)}.",
            where=shown,
            mend='Skriv sheet = "..." för källan i municipality.toml.',
        )
    sheet = source.sheet or sheets[0]
    if sheet not in sheets:
        raise DeliveryError(
            f"Bladet ”{sheet}” finns inte.", where=f"{shown}; bladen är: {', '.join(sheets)}"
        )
    cells = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    if len(cells) < source.header_row:
        raise _no_table(shown, source, "bladet är tomt")
    header = [str(cell).strip() for cell in cells[source.header_row - 1]]
    rows = {
        number: [_cell_text(cell) for cell in row]
        for number, row in enumerate(cells[source.header_row :], source.header_row + 1)
        if any(cell not in ("", None) for cell in row)
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=header, dtype=str), []


def _cell_text(cell: Any) -> str:  # noqa: ANN401 - whatever a sheet holds
    """Return an Excel cell as text: dates in ISO form, whole numbers without decimals."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        # Excel counts in parts of a day: 21:30 may come as 21:29:59.997
        cell = (cell + timedelta(milliseconds=500)).replace(microsecond=0)
        return str(cell.date() if cell.time() == MIDNIGHT else cell)
    if isinstance(cell, time):
        return cell.strftime("%H:%M")
    if isinstance(cell, timedelta):  # a clock that Excel holds as a duration, 24:00 among them
        minutes = round(cell.total_seconds() / 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell) if whole else cell).strip()


def _read_json(file: Path, source: Source, shown: str) -> tuple[pd.DataFrame, list[int]]:
    records = _json(file, source, shown)
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise _no_table(shown, source, "den är ingen lista av poster")
    return _records(records, source), []


def _read_geojson(file: Path, source: Source, shown: str) -> tuple[pd.DataFrame, list[int]]:
    content = _json(file, source, shown)
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        raise _no_table(shown, source, "den har inga ”features”")
    records = []
    for feature in features:
        if not isinstance(feature, dict):
            raise _no_table(shown, source, "något i ”features” är inget objekt")
        geometry = feature.get("geometry") or {}
        point = geometry.get("coordinates") or [] if geometry.get("type") == "Point" else []
        x, y = point[:2] if len(point) >= 2 else ("", "")
        records.append({**(feature.get("properties") or {}), "geometry_x": x, "geometry_y": y})
    return _records(records, source), []


def _json(file: Path, source: Source, shown: str) -> Any:  # noqa: ANN401 - whatever it holds
    try:
        return json.loads(_bytes(file).decode(source.encoding))
    except UnicodeError as error:
        raise _wrong_encoding(file, source, shown) from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise _no_table(shown, source, str(error)) from error


def _records(records: list[dict[str, Any]], source: Source) -> pd.DataFrame:
    if not records:  # nothing to report: no record tells which columns there are
        return pd.DataFrame(columns=source.read_columns(), dtype=str)
    flat = [{k: _cell_text(v) for k, v in _flat(record).items()} for record in records]
    frame = pd.DataFrame(flat, dtype=str)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame.fillna("")


def _flat(record: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Return a record's values by name; what stands inside another is ``outer.inner``."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        inner = _flat(value, f"{before}{name}.") if isinstance(value, dict) else {}
        flat |= inner or {f"{before}{name}": value}
    return flat


def _read_parquet(file: Path, source: Source, shown: str) -> tuple[pd.DataFrame, list[int]]:
    from pyarrow import ArrowInvalid, parquet

    try:
        present = parquet.read_schema(file).names
        wanted = [column for column in source.read_columns() if column in present]
        frame = pd.read_parquet(file, columns=wanted or None)
    except (ArrowInvalid, OSError) as error:
        raise _no_table(shown, source, str(error)) from error
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame, []
