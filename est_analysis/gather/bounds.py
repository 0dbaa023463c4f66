"""How large a file may be, unpacked, before it is refused for what it would fill."""

from __future__ import annotations

import gzip
import io
import re
import sqlite3
import zipfile
from pathlib import Path

MOST_BYTES = 1 << 30
"""Unpacked. A city's million rows are a tenth of it."""
MOST_ROWS = 20_000_000
MOST_CELLS = 50_000_000
"""In the box that holds all cells of a sheet: it is read whole, empty cells too."""
MOST_OBJECTS = 20_000_000
"""Brackets in JSON: each becomes an object in memory."""
MOST_PARTS = 10_000
"""Files in an archive."""

_CHUNK = 1 << 22
_OVERLAP = 64
_FAR = re.compile(rb'r="(?:[A-Za-z]{2}|[A-Za-z]?[0-9]{6})')
_COLUMN = re.compile(rb'r="([A-Za-z]{1,7})[0-9]')
_ROW = re.compile(rb'r="[A-Za-z]{0,7}([0-9]+)')
_SPACED = re.compile(rb"""\br\s*=\s*["']""")
_ODD = (b"='", b" =", b"= ", b"\t=", b"=\t", b"\n=", b"=\n", b"\r=", b"=\r")
"""Signs that an attribute may be written in another way than r="A1", which XML allows."""
_SQLITE = b"SQLite format 3\0"


class BoundError(ValueError):
    """A file that is refused; the text is a Swedish clause."""


def content_of(file: Path) -> bytes:
    """
    Return a file's content, unpacked where it is packed with gzip.

    Raises
    ------
    BoundError
        If it is too large, packed or unpacked.
    OSError, EOFError, zlib.error
        If it cannot be read, or is packed and broken.
    """
    if file.stat().st_size > MOST_BYTES:
        raise BoundError(_too_large())
    content = file.read_bytes()
    if not content.startswith(b"\x1f\x8b"):
        return content
    with gzip.open(io.BytesIO(content)) as packed:
        content = packed.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise BoundError(_too_large())
    return content


def _too_large() -> str:
    return f"den är större än {MOST_BYTES / 1e9:.1f} GB uppackad"


def refuse_many_rows(content: bytes) -> None:
    """Refuse text of more lines than any delivery has."""
    if max(content.count(b"\n"), content.count(b"\r")) > MOST_ROWS:
        raise BoundError(f"den har fler än {MOST_ROWS} rader")


def refuse_many_objects(content: bytes) -> None:
    """Refuse JSON of more objects than any delivery has."""
    if content.count(b"{") + content.count(b"[") > MOST_OBJECTS:
        raise BoundError(f"den har fler än {MOST_OBJECTS} objekt")


def refuse_workbook(content: bytes) -> None:
    """
    Refuse a workbook that unpacks to more than memory holds, before anything is made of it.

    A sheet is read as the box around all its cells: two cells far apart are billions. The old
    binary form has at most 65,536 rows and 256 columns; other archives than xlsx are not taken,
    since what they repeat cannot be seen without reading them.

    Raises
    ------
    BoundError
        If it is too large, cells lie too far apart, it is no xlsx, or the archive is broken.
    """
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise BoundError("den är ingen xlsx; spara om den som Excel-arbetsbok (.xlsx)")
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
                raise BoundError(_too_large())
            for part in parts:
                _refuse_far_cells(archive, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise BoundError("arkivet är skadat eller skyddat") from error


def _refuse_far_cells(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    width, height, before = 0, 0, b""
    with archive.open(part) as stream:  # reads what the archive states, and no more
        while chunk := stream.read(_CHUNK):
            text = before + chunk
            columns, rows = _box(text)
            width, height = max(width, columns), max(height, rows)
            before = text[-_OVERLAP:]
    if width * height > MOST_CELLS:
        raise BoundError(f"bladet spänner över {height} rader och {width} kolumner")


def _box(text: bytes) -> tuple[int, int]:
    """Return how many columns and rows a part has at most; exactly, where that may be many."""
    if any(sign in text for sign in _ODD):
        text = _SPACED.sub(b'r="', text)
    if not _FAR.search(text):
        return (26, 99_999) if b'r="' in text else (0, 0)
    width = max((_number(column) for column in set(_COLUMN.findall(text))), default=0)
    return width, max((int(digits[:12]) for digits in set(_ROW.findall(text))), default=0)


def _number(column: bytes) -> int:
    """Return the number of a column from its letters: A is 1, AA is 27."""
    number = 0
    for letter in column.upper():
        number = number * 26 + letter - 64
    return number


def refuse_database(file: Path) -> None:
    """
    Refuse a GeoPackage that is no plain SQLite file of tables: a view may never end.

    Raises
    ------
    BoundError
        If it is something else, or holds views or virtual tables other than spatial indexes.
    """
    with file.open("rb") as stream:
        if stream.read(len(_SQLITE)) != _SQLITE:
            raise BoundError("den är inget GeoPackage")
    try:
        connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            made = connection.execute("SELECT type, sql FROM sqlite_master").fetchall()
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeError) as error:
        raise BoundError("den är skadad") from error
    for kind, statement in made:
        words = " ".join(str(statement).upper().split())
        virtual = words.startswith("CREATE VIRTUAL") and "USING RTREE" not in words
        if kind == "view" or virtual:
            raise BoundError("den innehåller mer än tabeller")


def refuse_shapes(file: Path) -> None:
    """
    Refuse a file of shapes that is not what its ending says: some forms name other files.

    Raises
    ------
    BoundError
        If it is too large, of another form than Parquet, GeoJSON, GeoPackage or Shapefile, or not
        of the form that its ending says.
    """
    if file.stat().st_size > MOST_BYTES:
        raise BoundError(_too_large())
    suffix = file.suffix.lower()
    with file.open("rb") as stream:
        head = stream.read(4096)
    if suffix in {".geojson", ".json"}:
        good = head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    elif suffix == ".gpkg":
        refuse_database(file)
        good = True
    elif suffix == ".shp":
        good = head.startswith(b"\x00\x00\x27\x0a")
    else:
        good = suffix == ".parquet" and head.startswith(b"PAR1")
    if not good:
        raise BoundError("den är ingen GeoJSON, GeoPackage, Shapefile eller Parquet")
