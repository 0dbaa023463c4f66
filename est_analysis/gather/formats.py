"""One file's bytes become a raw table of cells, with the row numbers that a person sees."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from est_analysis.errors import DeliveryError
from est_analysis.gather import bounds
from est_analysis.gather.columns import SEARCHED_ROWS, Wanted
from est_analysis.municipality import Source

DELIMITERS = (";", ",", "\t")
SERIAL_DATES = (20_000, 80_000)
"""Excel's day numbers that are taken for dates, in columns of dates only: 1954 to 2119."""

_HEAD = 1 << 16
_OLE = b"\xd0\xcf\x11\xe0"
_MAGIC = {
    b"PK\x03\x04": "en arbetsbok i Excel eller ett zip-arkiv",
    _OLE: "en äldre arbetsbok i Excel",
    b"%PDF": "en PDF",
    b"PAR1": "en Parquet-fil",
    b"SQLite format 3": "en GeoPackage-fil",
}
_MARKUP = re.compile(rb"\s*<(!doctype|html|head|body|table|meta|\?xml)", re.IGNORECASE)
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_NOT_WINDOWS = b"\x81\x8d\x8f\x90\x9d"
_SWEDISH_UTF8 = re.compile(rb"\xc3[\xa5\xa4\xb6\x85\x84\x96\xa9]")
_CONTROLS = bytes(set(range(32)) - {9, 10, 11, 12, 13, 27})
_EPOCH = datetime(1899, 12, 30)
_POINT = ("geometry_x", "geometry_y")


@dataclass(frozen=True)
class Raw:
    """
    A file as a table, before it is said which column is which.

    Parameters
    ----------
    header
        The names of the columns, by position.
    cells
        The rows, indexed by the number that a person sees (records from 1 where the format has no
        rows), its columns named by their position in `header`; those that nobody wants may be
        left out. Text, or the file's own numbers and dates where the format knows them.
    broken
        Numbers of the rows that cannot be divided as the header is.
    header_row
        The row of the header; 0 where the format has none.
    sheet
        The sheet or layer, where there are several to choose among.
    """

    header: list[str]
    cells: pd.DataFrame
    broken: tuple[int, ...] = ()
    header_row: int = 0
    sheet: str = ""


def read(file: Path, source: Source, wanted: Wanted, *, shown: str, crs: str) -> Raw:
    """
    Read one file as its source says.

    Parameters
    ----------
    shown
        The file's path inside the municipality's folder, for messages.
    crs
        The municipality's coordinate system: what a GeoPackage that knows its own is turned into
        where the source names none.

    Raises
    ------
    DeliveryError
        If the file is empty, cannot be opened, is no table of the stated format, or is in another
        encoding than stated; the message says what it looks like.
    """
    reader = {
        "csv": _read_csv,
        "excel": _read_excel,
        "json": _read_json,
        "geojson": _read_geojson,
        "parquet": _read_parquet,
        "gpkg": _read_gpkg,
    }[source.format]
    try:
        content = bounds.content_of(file)
    except bounds.BoundError as error:
        raise DeliveryError(
            f"Filen läses inte: {error}.",
            where=shown,
            mend="Dela upp leveransen i mindre filer, till exempel en för varje år.",
        ) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DeliveryError(
            f"Filen går inte att läsa som {source.format}: den är packad med gzip, och skadad.",
            where=shown,
            mend="Lägg dit filen på nytt, eller be om en ny leverans.",
        ) from error
    except OSError as error:
        raise DeliveryError(
            f"Filen går inte att öppna: {error.strerror or error}.",
            where=shown,
            mend="Stäng filen i andra program, och kontrollera att den finns och får läsas.",
        ) from error
    delivered = _File(content, source, wanted, shown, crs)
    try:
        return reader(delivered)
    except bounds.BoundError as error:
        raise delivered.refused(str(error)) from error


@dataclass(frozen=True)
class _File:
    """A file's unpacked content, and what is known of how to read it."""

    content: bytes
    source: Source
    wanted: Wanted
    shown: str
    crs: str

    def refused(self, why: str) -> DeliveryError:
        """Return that this is no table of the stated format, and what it looks like."""
        looks = looks_like(self.content)
        return DeliveryError(
            f"Filen går inte att läsa som {self.source.format}: {why}.",
            where=self.shown,
            mend=(f"Innehållet ser ut att vara {looks}. " if looks else "")
            + "Kontrollera att rätt fil ligger i mappen, och format i municipality.toml.",
        )

    def positions(self, header: list[str]) -> list[int]:
        """Return the positions that anybody wants, in order."""
        return sorted({i for here in self.wanted.find(header).values() for i in here})


def looks_like(content: bytes) -> str:
    """Return what content looks like, in Swedish; empty where it cannot be told."""
    for start, what in _MAGIC.items():
        if content.startswith(start):
            return what
    if _MARKUP.match(content[:1000]):
        return "en webbsida (HTML eller XML)"
    head = content[:_HEAD]
    if head.lstrip().startswith((b"{", b"[")):
        return "JSON"
    line = head.split(b"\n", 1)[0]
    if any(line.count(sign.encode()) > 1 for sign in DELIMITERS) and not _is_binary(head):
        return "text med fältskiljare (CSV)"
    return ""


# --- text


def encoding_of(content: bytes) -> str:
    """
    Return how text is encoded, as far as its bytes decide it.

    A byte order mark decides; then zero bytes (UTF-16), then whether all of it is UTF-8. What is
    left is Windows-1252, or ISO-8859-1 where a byte has no meaning in Windows-1252; the two differ
    in no Swedish letter.

    Raises
    ------
    UnicodeDecodeError
        If some of it is UTF-8 and some is not: no encoding reads it all.
    """
    for mark, name in _BOMS.items():
        if content.startswith(mark):
            return name
    head = content[:_HEAD]
    if len(head) >= 4 and len(head.strip(b"\0")) > 1:
        even, odd = head[0::2].count(0) / len(head), head[1::2].count(0) / len(head)
        if max(even, odd) > 0.2 and min(even, odd) < 0.05:
            return "utf-16-le" if odd > even else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(content), _HEAD):
            decoder.decode(content[at : at + _HEAD])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        if _SWEDISH_UTF8.search(content):
            content.decode("utf-8")  # raises, and says where
        undefined = len(content) != len(content.translate(None, _NOT_WINDOWS))
        return "iso-8859-1" if undefined else "cp1252"
    return "utf-8"


def _is_binary(head: bytes) -> bool:
    """Tell whether bytes hold more control characters than any text does."""
    return len(head) - len(head.translate(None, _CONTROLS)) > len(head) / 20


def _decided(file: _File) -> str:
    """Return the encoding that the settings state, or that the bytes decide."""
    if file.source.encoding != "auto":
        return file.source.encoding
    try:
        return encoding_of(file.content)
    except UnicodeDecodeError as error:
        raise DeliveryError(
            "Filen blandar teckenkodningar: en del är UTF-8, en annan är det inte.",
            where=f"{file.shown}, rad {_line(file.content, error)}",
            mend="Spara om filen som UTF-8, eller be om en ny leverans.",
        ) from error


def _wrong_encoding(file: _File, encoding: str) -> DeliveryError:
    where = file.shown
    try:
        file.content.decode(encoding)
    except UnicodeDecodeError as error:
        where += f", rad {_line(file.content, error)}"
    except UnicodeError:
        pass
    return DeliveryError(
        f"Filen är inte sparad som {encoding}.",
        where=where,
        mend="Ta bort encoding för källan i municipality.toml, eller skriv rätt, till exempel "
        '"cp1252".',
    )


def _line(content: bytes, error: UnicodeDecodeError) -> int:
    return content.count(b"\n", 0, error.start) + 1


# --- CSV


def _read_csv(file: _File) -> Raw:
    if any(map(file.content.startswith, _MAGIC)) or _MARKUP.match(file.content[:1000]):
        raise file.refused("innehållet är något annat")
    bounds.refuse_many_rows(file.content)
    encoding = _decided(file)
    try:
        if encoding.startswith(("utf-16", "utf-32")):
            text = file.content.decode(encoding)
            file, encoding = replace(file, content=text.encode()), "utf-8"
        if file.source.encoding == "auto" and _is_binary(file.content[:_HEAD]):
            raise file.refused("den är ingen text")
        delimiter, at, first = _layout(file, _head(file.content, encoding))
        header = first[at] if at < len(first) else []
        if not any(text.strip() for text in header):
            raise file.refused("den är tom")
        shifted = len(first) > at + 1 and len(first[at + 1]) > len(header)
        cells = None if shifted else _quickly(file.content, encoding, delimiter, at, len(header))
        if cells is None:
            return _row_by_row(file, file.content.decode(encoding), delimiter, at, header)
        blank = cells[cells[0] == ""]  # only of these can all be empty
        blank = blank[(blank == "").all(axis=1)]
        cells = cells[file.positions(header)]
        return Raw(header, cells.drop(blank.index) if len(blank) else cells, (), at + 1)
    except UnicodeError as error:
        raise _wrong_encoding(file, encoding) from error


def _head(content: bytes, encoding: str) -> str:
    """Return the text of the first whole rows."""
    if len(content) <= _HEAD:
        return content.decode(encoding)
    text = codecs.getincrementaldecoder(encoding)().decode(content[:_HEAD])
    return text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text


def _layout(file: _File, head: str) -> tuple[str, int, list[list[str]]]:
    """
    Return the delimiter, the header's place from 0, and the first rows.

    The delimiter is the one under which the header holds most of the columns, then under which
    most of the rows below have as many fields as the header.
    """
    source = file.source
    stated = source.header_row
    best: tuple[tuple[int, float, bool], str, int, list[list[str]]] | None = None
    for delimiter in DELIMITERS if source.delimiter == "auto" else (source.delimiter,):
        wanted_rows = (stated or 0) + SEARCHED_ROWS
        rows = [row or [] for row in islice(_records(head, delimiter), wanted_rows)]
        at = stated - 1 if stated else file.wanted.header_at(rows)
        header = rows[at] if at < len(rows) else []
        below = [len(row) for row in rows[at + 1 :] if any(row)]
        alike = sum(n == len(header) for n in below) / max(len(below), 1)
        score = (len(file.wanted.find(header)), alike * (len(header) > 1), len(header) > 1)
        if best is None or score > best[0]:
            best = (score, delimiter, at, rows)
    assert best is not None
    return best[1:]


def _quickly(
    content: bytes, encoding: str, delimiter: str, at: int, width: int
) -> pd.DataFrame | None:
    """
    Return the rows under the header, or None where they need reading one by one.

    That is where a row has other fields than the header, where a zero byte stands, and where a
    quoted field goes over several lines: it may be a quotation mark that was never closed.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow

    encoding = encoding.removesuffix("-sig")  # the mark stands before the header
    length = len(content)
    while length > 0 and content[length - 1] in b"\r\n":
        length -= 1
    end = b"\n" if content.find(b"\n", 0, length) >= 0 else b"\r"
    lines = content.count(end, 0, length) + 1 - (at + 1)
    if b"\0" in content or lines == 0:
        return None
    names = [str(i) for i in range(width)]
    try:
        table = arrow.read_csv(
            pa.BufferReader(pa.py_buffer(content).slice(0, length)),
            arrow.ReadOptions(column_names=names, skip_rows=at + 1, encoding=encoding),
            arrow.ParseOptions(delimiter=delimiter, ignore_empty_lines=False),
            arrow.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string())),
        )
    except pa.ArrowInvalid:
        return None
    if len(table) != lines:
        return None
    cells = table.to_pandas(types_mapper=lambda _: pd.StringDtype(na_value=float("nan")))
    cells = cells.set_axis(list(range(width)), axis=1)
    return cells.set_axis(pd.RangeIndex(at + 2, at + 2 + len(cells)), axis=0)


def _row_by_row(file: _File, text: str, delimiter: str, at: int, header: list[str]) -> Raw:
    """Read the rows of which some are broken; the others stand."""
    numbers: list[int] = []
    kept: list[list[str]] = []
    broken: list[int] = []
    positions = file.positions(header)
    for number, row in enumerate(_records(text, delimiter), 1):
        if number <= at + 1 or (row is not None and not any(row)):
            continue
        if row is None or any(row[len(header) :]):
            broken.append(number)
        else:
            numbers.append(number)
            kept.append([row[i] if i < len(row) else "" for i in positions])
    cells = pd.DataFrame(kept, columns=positions, index=pd.Index(numbers, dtype="int64"), dtype=str)
    return Raw(header, cells, tuple(broken), at + 1)


def _records(text: str, delimiter: str) -> Iterator[list[str] | None]:
    """
    Yield each row's fields, or None for a row that cannot be divided.

    A quotation mark that is never closed breaks the row that it stands in, and no row after it.
    """
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="").readlines()
    at = 0
    while at < len(lines):
        done = 0
        rest = (lines[i] for i in range(at, len(lines)))
        reader = csv.reader(rest, delimiter=delimiter, strict=True)
        try:
            for row in reader:
                yield None if any("\0" in field for field in row) else row
                done = reader.line_num
            return
        except csv.Error:
            yield _leniently(lines[at + done], delimiter)
            at += done + 1


def _leniently(line: str, delimiter: str) -> list[str] | None:
    """Return the fields of one line whose quotation marks at least come in pairs."""
    if line.count('"') % 2 or "\0" in line:
        return None
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return None


# --- Excel


def _read_excel(file: _File) -> Raw:
    from python_calamine import CalamineError, CalamineWorkbook

    source, content = file.source, file.content
    if content.startswith(_OLE) and "EncryptedPackage".encode("utf-16-le") in content:
        raise DeliveryError(
            "Arbetsboken är skyddad med lösenord.",
            where=file.shown,
            mend="Spara den utan lösenord, eller be om en ny leverans.",
        )
    bounds.refuse_workbook(content)
    try:
        workbook = CalamineWorkbook.from_object(io.BytesIO(content))
        names = workbook.sheet_names
        if source.sheet is not None and source.sheet not in names:
            raise DeliveryError(
                f"Bladet ”{source.sheet}” finns inte.",
                where=f"{file.shown}; bladen är: {', '.join(names)}",
                mend="Rätta sheet för källan i municipality.toml, eller ta bort raden.",
            )
        heads = {
            name: _header(file, workbook.get_sheet_by_name(name))
            for name in ([source.sheet] if source.sheet else names)
        }
        name = _only(file, {n: header for n, (_, header) in heads.items()}, "blad")
        sheet = workbook.get_sheet_by_name(name)
        cells = sheet.to_python(skip_empty_area=False)
        merged = sheet.merged_cell_ranges or []
    except (CalamineError, OSError, ValueError) as error:
        raise file.refused(str(error)) from error
    at, header = heads[name]
    if not any(header):
        raise file.refused("bladet är tomt")
    numbers = [
        i for i in range(at + 1, len(cells)) if any(cell not in ("", None) for cell in cells[i])
    ]
    for (top, left), (bottom, _) in merged:  # only the first of the cells holds the value
        for i in range(top + 1, min(bottom + 1, len(cells))) if top > at else ():
            cells[i][left] = cells[top][left]
    columns = {
        position: _texts(
            [cells[i][position] for i in numbers],
            date_=any(position in found[name] for name in file.wanted.dates if name in found),
            clock=any(position in found[name] for name in file.wanted.clocks if name in found),
        )
        for found in [file.wanted.find(header)]
        for position in file.positions(header)
    }
    index = pd.Index([i + 1 for i in numbers], dtype="int64")
    several = name if len(names) > 1 else ""
    return Raw(header, pd.DataFrame(columns, index=index, dtype=str), (), at + 1, several)


def _header(file: _File, sheet: Any) -> tuple[int, list[str]]:  # noqa: ANN401 - a CalamineSheet
    """Return where a sheet's header stands, from 0, and its names."""
    stated = file.source.header_row
    rows = sheet.to_python(skip_empty_area=False, nrows=stated or SEARCHED_ROWS)
    texts = [[_cell_text(cell) for cell in row] for row in rows]
    at = stated - 1 if stated else file.wanted.header_at(texts)
    return at, texts[at] if at < len(texts) else []


def _only(file: _File, headers: dict[str, list[str]], what: str) -> str:
    """
    Return the only sheet or layer that has the columns; where none has, that which has most.

    Raises
    ------
    DeliveryError
        If several have them.
    """
    having = [name for name, header in headers.items() if file.wanted.holds_all(header)]
    if len(having) > 1:
        raise DeliveryError(
            f"Filen har kolumnerna på flera {what}: {', '.join(having)}.",
            where=file.shown,
            mend='Skriv sheet = "..." för källan i municipality.toml.',
        )
    most = {name: (len(file.wanted.find(h)), any(h)) for name, h in headers.items()}
    return having[0] if having else max(most, key=lambda name: most[name])


def _texts(cells: list[Any], *, date_: bool, clock: bool) -> list[str]:
    """
    Return a column of a sheet as text.

    In a column of dates, a number from 20000 to 80000 is Excel's count of days; in a column of
    clocks, a part of one is a part of a day. Where some dates have a clock, midnight is one too.
    """
    if date_:
        low, high = SERIAL_DATES
        cells = [
            _EPOCH + timedelta(days=cell) if type(cell) in (int, float) and low <= cell <= high
            else cell
            for cell in cells
        ]  # fmt: skip
    if clock:
        cells = [
            timedelta(days=cell) if type(cell) is float and 0 < cell < 1 else cell for cell in cells
        ]
    texts = [_cell_text(cell) for cell in cells]
    has_clock = any(
        isinstance(cell, datetime) and len(text) > 10
        for cell, text in zip(cells, texts, strict=True)
    )
    if not has_clock:
        return texts
    return [
        f"{text} 00:00:00" if isinstance(cell, date) and len(text) == 10 else text
        for cell, text in zip(cells, texts, strict=True)
    ]


def _cell_text(cell: Any) -> str:  # noqa: ANN401 - whatever a sheet holds
    """Return an Excel cell as text: dates in ISO form, whole numbers without decimals."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        # Excel counts in parts of a day: 21:30 may come as 21:29:59.997
        cell = (cell + timedelta(milliseconds=500)).replace(microsecond=0)
        return str(cell.date() if cell.time() == time(0, 0) else cell)
    if isinstance(cell, time):
        return cell.strftime("%H:%M")
    if isinstance(cell, timedelta):  # a clock that Excel holds as a duration, 24:00 among them
        minutes = round(cell.total_seconds() / 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell) if whole else cell).strip()


# --- JSON and GeoJSON


def _read_json(file: _File) -> Raw:
    records = _json(file)
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise file.refused("den är ingen lista av poster")
    return _of_records(file, records)


def _read_geojson(file: _File) -> Raw:
    content = _json(file)
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        raise file.refused("den har inga ”features”")
    records = []
    for feature in features:
        if not isinstance(feature, dict):
            raise file.refused("något i ”features” är inget objekt")
        x, y = _point(feature.get("geometry"))
        properties = feature.get("properties")
        own = properties if isinstance(properties, dict) else {}
        records.append({**own, "geometry_x": x, "geometry_y": y})
    return _of_records(file, records)


def _point(geometry: Any) -> tuple[Any, Any]:  # noqa: ANN401 - whatever a file holds
    """Return a point's coordinates; what is no point has none."""
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return "", ""
    point = geometry.get("coordinates")
    return (point[0], point[1]) if isinstance(point, list) and len(point) >= 2 else ("", "")


def _json(file: _File) -> Any:  # noqa: ANN401 - whatever it holds
    bounds.refuse_many_objects(file.content)
    encoding = _decided(file)
    try:
        return json.loads(file.content.decode(encoding))
    except UnicodeError as error:
        raise _wrong_encoding(file, encoding) from error
    except RecursionError as error:
        raise file.refused("den är för djup") from error
    except ValueError as error:
        raise file.refused(str(error)) from error


def _of_records(file: _File, records: list[dict[str, Any]]) -> Raw:
    if not records:  # nothing to report: no record tells which columns there are
        header = list(file.wanted.names)
        return Raw(header, pd.DataFrame(columns=range(len(header)), dtype=str))
    try:
        flat = [_flat(record) for record in records]
    except RecursionError as error:
        raise file.refused("den är för djup") from error
    header = list(dict.fromkeys(name for record in flat for name in record))
    columns = {
        i: [_cell_text(record.get(header[i])) for record in flat] for i in file.positions(header)
    }
    index = pd.RangeIndex(1, len(flat) + 1)
    return Raw(header, pd.DataFrame(columns, index=index, dtype=str))


def _flat(record: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Return a record's values by name; what stands inside another is ``outer.inner``."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        inner = _flat(value, f"{before}{name}.") if isinstance(value, dict) else {}
        flat |= inner or {f"{before}{name}": value}
    return flat


# --- Parquet and GeoPackage


def _read_parquet(file: _File) -> Raw:
    from pyarrow import ArrowException, parquet

    try:
        stored = parquet.ParquetFile(io.BytesIO(file.content))
        if stored.metadata.num_rows > bounds.MOST_ROWS:
            raise bounds.BoundError(f"den har fler än {bounds.MOST_ROWS} rader")
        header = list(stored.schema_arrow.names)
        positions = file.positions(header)
        if len(set(header)) < len(header):  # which of them is meant is asked by position
            frame = stored.read().to_pandas(ignore_metadata=True).iloc[:, positions]
        else:
            names = [header[i] for i in positions]
            frame = stored.read(columns=names).to_pandas(ignore_metadata=True)
        rows = stored.metadata.num_rows
    except (ArrowException, OSError) as error:
        raise file.refused(str(error)) from error
    frame = frame.set_axis(positions, axis=1)
    return Raw(header, frame.set_axis(pd.RangeIndex(1, rows + 1), axis=0))


def _read_gpkg(file: _File) -> Raw:
    if file.content[68:70] != b"GP":  # where SQLite says whose file it is
        raise file.refused("den är inget GeoPackage")
    with TemporaryDirectory() as folder:  # the delivery itself is not opened as a database
        copy = Path(folder) / "a.gpkg"
        copy.write_bytes(file.content)
        bounds.refuse_database(copy)
        try:
            return _read_layers(file, copy)
        except (RuntimeError, ValueError) as error:
            raise file.refused("den är skadad") from error


def _read_layers(file: _File, copy: Path) -> Raw:
    import pyogrio

    layers = [str(name) for name, _ in pyogrio.list_layers(copy)]
    sheet = file.source.sheet
    if sheet is not None and sheet not in layers:
        raise DeliveryError(
            f"Lagret ”{sheet}” finns inte.",
            where=f"{file.shown}; lagren är: {', '.join(layers)}",
            mend="Rätta sheet för källan i municipality.toml, eller ta bort raden.",
        )
    headers = {
        layer: [*map(str, pyogrio.read_info(copy, layer=layer)["fields"]), *_POINT]
        for layer in ([sheet] if sheet else layers)
    }
    if not headers:
        raise file.refused("den har inga lager")
    layer = _only(file, headers, "lager")
    header = headers[layer]
    names = {i: header[i] for i in file.positions(header)}
    fields = [name for name in names.values() if name not in _POINT]
    frame = pyogrio.read_dataframe(copy, layer=layer, columns=fields)
    cells = pd.DataFrame(frame[fields])
    if hasattr(frame, "geometry"):  # a layer may hold a table only
        points = frame.geometry.where(frame.geometry.geom_type == "Point")
        if file.source.crs is None and points.crs is not None:
            points = points.to_crs(file.crs)
        cells = cells.assign(geometry_x=points.x, geometry_y=points.y)
    cells = cells.reindex(columns=list(names.values())).set_axis(list(names), axis=1)
    several = layer if len(layers) > 1 else ""
    return Raw(header, cells.set_axis(pd.RangeIndex(1, len(cells) + 1), axis=0), sheet=several)
