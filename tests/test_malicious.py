"""A corpus of malicious inputs: each is refused with a sentence, and what is good stands."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import sqlite3
import zipfile

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from conftest import DELIVERY
from shapely import Point

from est_analysis import municipality
from est_analysis.errors import EstError
from est_analysis.gather import accept, bounds
from est_analysis.reports import open_report
from est_analysis.reports.results import RESULTS_FOLDER

posix = pytest.mark.skipif(os.name != "posix", reason="links and modes")


def is_sentence(error):
    """Tell whether an error is what a person can read: a sentence, and nothing of a program's."""
    text = str(error)
    inside = ("Traceback", "0x", "<class", "Error(", "recursion depth")
    first = error.what.splitlines()[0]
    good = first[:1].isupper() or first.startswith("municipality.toml")
    return good and len(text) < 1500 and not any(w in text for w in inside)


# --- settings: nothing outside the folder, nothing run

PATHS = {
    "absolute": "/etc/passwd",
    "parent": "../annan/places.csv",
    "parent inside": "reference/../../annan.csv",
    "parent of Windows": "..\\annan\\places.csv",
    "drive": "C:\\annan\\places.csv",
    "drive, relative": "C:places.csv",
    "share": "\\\\server\\share\\places.csv",
    "share with slashes": "//server/share/places.csv",
    "root of Windows": "\\annan.csv",
    "device": "\\\\.\\PhysicalDrive0",
    "nothing": "",
    "the folder itself": ".",
    "null byte": "reference/places.csv\0.png",
    "line break": "reference/\nplaces.csv",
    "address": "https://example.org/places.csv",
    "archive": "/vsizip/vsicurl/https://example.org/a.zip",
    "stars in a name": "reference/**a/places.csv",
    "many stars": "**/**/**/**/**/places.csv",
}


@pytest.mark.parametrize("value", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("key", ["files", "codes", "places", "problems", "comparison"])
def test_no_setting_names_a_path_outside_its_folder(make_folder, key, value):
    given = {
        "files": {"source": {"files": value}},
        "codes": {"source": {"codes": value}},
        "places": {"reference": {"places": value}},
        "problems": {"registers": {"problems": value}},
        "comparison": {"reference": {"comparison": [value]}},
    }[key]
    with pytest.raises(EstError) as caught:
        municipality.load(make_folder(**given))
    assert is_sentence(caught.value)


def test_a_path_inside_is_taken(make_folder):
    files = {"reference/a b/platser.csv": "name;place_type;x;y;area\n"}
    folder = make_folder(files, reference={"places": "reference/a b/platser.csv"})
    assert municipality.load(folder).reference.places == "reference/a b/platser.csv"
    assert municipality.load(make_folder(source={"files": "deliveries/**/*.csv"})).sources


SETTINGS = {
    "zip as encoding": {"source": {"encoding": "zip"}},
    "rot13 as encoding": {"source": {"encoding": "rot13"}},
    "no encoding": {"source": {"encoding": "../utf-8"}},
    "null in encoding": {"source": {"encoding": "utf\0-8"}},
    "pickle as format": {"source": {"format": "pickle"}},
    "a command": {"source": {"command": "rm -rf /"}},
    "a notebook": {"top": {"notebooks": "/tmp/evil"}},
    "another folder": {"top": {"folder": "/etc"}},
    "a file as CRS": {"top": {"crs": "/etc/passwd"}},
    "a grid as CRS": {"top": {"crs": "+proj=longlat +nadgrids=@/etc/passwd +no_defs"}},
    "a path as time zone": {"top": {"time_zone": "../../../etc/passwd"}},
    "an absolute time zone": {"top": {"time_zone": "/etc/localtime"}},
    "a long delimiter": {"source": {"delimiter": ";" * 10_000}},
    "a date with the locale's own": {"source": {"date_format": "%Y-%m-%x"}},
    "text for a number": {"thresholds": {"history_years": "3; import os"}},
    "a number beyond": {"thresholds": {"history_years": 10**30}},
    "a list for a table": {"source": {"columns": ["id"]}},
    "a formula as precision": {"source": {"precision": "=1+1"}},
}


@pytest.mark.parametrize("given", SETTINGS.values(), ids=SETTINGS)
def test_no_setting_runs_or_reaches_anything(make_folder, given):
    with pytest.raises(EstError) as caught:
        municipality.load(make_folder(**given))
    assert is_sentence(caught.value)


WHOLE = {
    "deep": b"a = " + b"[" * 100_000,
    "deep tables": b"a = " + b"{b = " * 5_000,
    "huge": b'a = "' + b"x" * 5_000_000 + b'"',
    "binary": bytes(range(256)) * 100,
    "a pickle": pickle.dumps({"name": "x"}),
    "empty": b"",
}


@pytest.mark.parametrize("content", WHOLE.values(), ids=WHOLE)
def test_settings_that_are_none_are_refused(make_folder, content):
    folder = make_folder({"municipality.toml": content})
    with pytest.raises(EstError) as caught:
        municipality.load(folder)
    assert is_sentence(caught.value)


@posix
@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_reference_that_is_a_link_out_is_refused(make_folder, tmp_path, what):
    outside = tmp_path / "annan"
    outside.mkdir()
    (outside / "places.csv").write_text("name;place_type;x;y;area\n", encoding="utf-8")
    folder = make_folder({"reference/a.txt": ""}, reference={"places": "reference/p/places.csv"})
    if what == "folder":
        (folder / "reference/p").symlink_to(outside)
    else:
        (folder / "reference/p").mkdir()
        (folder / "reference/p/places.csv").symlink_to(outside / "places.csv")
    with pytest.raises(EstError, match="länkar ut ur") as caught:
        municipality.load(folder)
    assert is_sentence(caught.value)


# --- deliveries: bombs, lies, wrong types

SHEET = '<?xml version="1.0"?><worksheet xmlns="x"><sheetData>{}</sheetData></worksheet>'


def workbook(sheet=None, **parts):
    """Return a good workbook, with a sheet's XML or other parts put in the place of its own."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["id", "kod", "datum", "x", "y", "plats"])
    book.active.append(["1", "K1", "2026-07-01", 500100, 6500100, "Torget"])
    book.save(out)
    if sheet is None and not parts:
        return out.getvalue()
    parts = {name.replace("__", "/"): content for name, content in parts.items()}
    if sheet is not None:
        parts["xl/worksheets/sheet1.xml"] = sheet
    changed = io.BytesIO()
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return changed.getvalue()


def archive(**parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def far(*cells):
    rows = "".join(f'<row r="{c.lstrip("ABCDEFXZ")}"><c r="{c}"><v>1</v></c></row>' for c in cells)
    return SHEET.format(rows)


def lying():
    """Return a workbook whose archive states that its largest part is of a hundred bytes."""
    content = workbook(SHEET.format("<row/>" * 100_000))
    size = len(SHEET.format("<row/>" * 100_000)).to_bytes(4, "little")
    assert size in content
    return content.replace(size, (100).to_bytes(4, "little"))


def parquet(rows):
    out = io.BytesIO()
    pd.DataFrame({"id": ["1"] * rows}).to_parquet(out)
    return out.getvalue()


def geopackage(tmp_path, *statements):
    file = tmp_path / "a.gpkg"
    shape = gpd.GeoDataFrame({"id": ["1"]}, geometry=[Point(5e5, 65e5)], crs="EPSG:3006")
    shape.to_file(file, layer="a")
    with sqlite3.connect(file) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return file.read_bytes()


VIEW = """CREATE VIEW evig AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
SELECT i AS fid, i AS id FROM n"""
LAYER = """INSERT INTO gpkg_contents (table_name, data_type, identifier)
VALUES ('evig', 'attributes', 'evig')"""
VRT = b'<OGRVRTDataSource><OGRVRTLayer name="a">'
VRT = VRT + b" " * (68 - len(VRT)) + b"GPKG<SrcDataSource>/etc/passwd</SrcDataSource>"
ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + ']><worksheet><sheetData><row r="1"><c r="A1" t="str"><v>&i;</v></c></row></sheetData>'
    "</worksheet>"
)

FILES = {
    "gzip bomb": ("csv", lambda _: gzip.compress(b"\0" * 2_000_000)),
    "gzip bomb in JSON": ("json", lambda _: gzip.compress(b"[" + b" " * 2_000_000 + b"]")),
    "gzip cut off": ("csv", lambda _: gzip.compress(DELIVERY.encode())[:-9]),
    "a huge file": ("csv", lambda _: DELIVERY.encode() + b"x" * 2_000_000),
    "a billion empty rows": ("csv", lambda _: gzip.compress(DELIVERY.encode() + b"\n" * 9_000)),
    "rows ended as of old": (
        "csv", lambda _: DELIVERY.replace("\n", "\r").encode() + b"\r" * 9_000,
    ),
    "a page for a table": ("csv", lambda _: b"<html><script>alert(1)</script></html>"),
    "a program for a table": ("csv", lambda _: b"\x7fELF" + bytes(range(256)) * 40),
    "only zeros": ("csv", lambda _: b"\0" * 10_000),
    "a workbook for a table": ("csv", lambda _: workbook()),
    "zip bomb": ("excel", lambda _: workbook(SHEET.format(" " * 2_000_000))),
    "zip bomb beside the sheet": (
        "excel", lambda _: workbook(**{"xl__media__a.bin": b"\0" * 2_000_000}),
    ),
    "zip of many parts": ("excel", lambda _: workbook(**{f"a{i}": b"" for i in range(400)})),
    "zip that lies of its size": ("excel", lambda _: lying()),
    "zip with a way out": ("excel", lambda _: archive(**{"../../etc/cron.d/x": b"* * * * * x"})),
    "zip cut off": ("excel", lambda _: workbook()[:-40]),
    "zip of nothing": ("excel", lambda _: archive()),
    "cells far apart": ("excel", lambda _: workbook(far("A1", "XFD1048576"))),
    "cells far apart, the last first": ("excel", lambda _: workbook(far("XFD1048576", "A1"))),
    "cells far apart, single quotes": (
        "excel", lambda _: workbook(far("A1", "XFD1048576").replace('"', "'")),
    ),
    "cells beyond any sheet": ("excel", lambda _: workbook(far("A1", "ZZZZZZ999999999"))),
    "entities in entities": ("excel", lambda _: workbook(ENTITIES)),
    "a sheet that is no XML": ("excel", lambda _: workbook("<worksheet><sheetData><row")),
    "a binary workbook": ("excel", lambda _: archive(**{"xl/workbook.bin": b"\0" * 100})),
    "repeated cells": (
        "excel",
        lambda _: archive(**{
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": '<table:table-cell table:number-columns-repeated="1000000000"/>',
        }),
    ),
    "an old workbook cut off": (
        "excel", lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    ),
    "text for a workbook": ("excel", lambda _: DELIVERY.encode()),
    "deep JSON": ("json", lambda _: b"[" * 200_000 + b"]" * 200_000),
    "deep objects": ("json", lambda _: b'[{"a":' * 900 + b"1" + b"}]" * 900),
    "many objects": ("json", lambda _: b"[" + b"{}," * 9_000 + b"{}]"),
    "a number for a list": ("json", lambda _: b"42"),
    "a list of lists": ("json", lambda _: b"[[1], [2]]"),
    "a number without end": ("json", lambda _: b'[{"id": ' + b"9" * 10_000 + b"}]"),
    "features that are none": ("geojson", lambda _: b'{"features": [1, null]}'),
    "features in a text": ("geojson", lambda _: b'{"features": "alla"}'),
    "a billion equal rows": ("parquet", lambda _: parquet(9_000)),
    "a Parquet cut off": ("parquet", lambda _: parquet(10)[:-8]),
    "a pickle for a table": ("parquet", lambda _: pickle.dumps(os.getcwd)),
    "a view without end": ("gpkg", lambda tmp: geopackage(tmp, VIEW, LAYER)),
    "a map of other files": ("gpkg", lambda _: VRT),
    "a database of something else": ("gpkg", lambda _: b"SQLite format 3\0" + b"\0" * 4_000),
}  # fmt: skip


@pytest.fixture
def low(monkeypatch):
    """Bounds low enough for bombs that a test can carry; the mechanism is the same."""
    for name, value in (
        ("MOST_BYTES", 1_000_000),
        ("MOST_ROWS", 5_000),
        ("MOST_OBJECTS", 5_000),
        ("MOST_PARTS", 300),
    ):
        monkeypatch.setattr(bounds, name, value)


GOOD = """
[sources.god]
partner = "Bolaget"
kind = "event"
files = "deliveries/god/*.csv"
format = "csv"
[sources.god.columns]
start = "datum"
[sources.god.constants]
group = "Klotter"
"""


@pytest.mark.parametrize(("form", "make"), FILES.values(), ids=FILES)
def test_a_malicious_delivery_is_refused_and_the_good_stands(
    make_folder, low, tmp_path, form, make
):
    files = {
        "deliveries/polis/a.bin": make(tmp_path),
        "deliveries/god/a.csv": "datum\n2026-07-01\n",
    }
    given = {"files": "deliveries/polis/*", "format": form}
    gathered = accept.gather(municipality.load(make_folder(files, source=given, more=GOOD)))
    (unread,) = gathered.unread
    assert is_sentence(unread.error)
    assert len(gathered.events) == 1


ROW = {"kod": "K1", "datum": "2026-07-01"}


def test_what_is_within_the_bounds_is_read(make_folder, low, tmp_path):
    good = {
        "excel": workbook(),
        "csv": gzip.compress(DELIVERY.encode()),
        "json": json.dumps([dict.fromkeys(["id", "plats", "x", "y"], "") | ROW]).encode(),
    }
    for form, content in good.items():
        given = {"files": "deliveries/polis/*", "format": form}
        folder = make_folder({"deliveries/polis/a.bin": content}, source=given, name=form)
        gathered = accept.gather(municipality.load(folder))
        assert gathered.unread == ()
        assert len(gathered.events) >= 1
    file = tmp_path / "b.gpkg"
    file.write_bytes(geopackage(tmp_path))
    bounds.refuse_database(file)


def test_a_long_narrow_and_a_short_wide_sheet_are_taken():
    bounds.refuse_workbook(workbook(far("A1", "F1048576")))
    bounds.refuse_workbook(workbook(far("A1", "XFD2000")))


# --- lists and maps

LISTS = {
    "a bomb of places": ("places", "reference/p.xlsx", lambda: workbook(far("A1", "XFD1048576"))),
    "a packed list": ("places", "reference/p.csv", lambda: gzip.compress(b"\n" * 9_000)),
    "a map of other files": ("boundary", "reference/b.vrt", lambda: VRT),
    "a map that is not what it says": ("boundary", "reference/b.geojson", lambda: VRT),
    "a map in an archive": ("areas", "reference/a.zip", lambda: archive(a=b"1")),
    "a map with a view": ("streets", "reference/a.gpkg", lambda: VRT),
    "a deep map": ("boundary", "reference/b.geojson", lambda: b'{"features":' + b"[" * 100_000),
    "a pickle for a map": ("boundary", "reference/b.parquet", lambda: pickle.dumps(os.getcwd)),
}


@pytest.mark.parametrize(("key", "inside", "make"), LISTS.values(), ids=LISTS)
def test_a_malicious_list_or_map_is_refused(make_folder, low, key, inside, make):
    folder = make_folder({inside: make()}, reference={key: inside})
    with pytest.raises(EstError) as caught:
        accept.gather(municipality.load(folder))
    assert is_sentence(caught.value)


# --- results between processes


@posix
def test_results_are_read_only_from_a_folder_that_is_ones_own(make_folder, tmp_path, monkeypatch):
    shared = tmp_path / "delad"
    (shared / "2026Q3").mkdir(parents=True)
    evil = f"cos\nsystem\n(S'touch {tmp_path / 'ran'}'\ntR.".encode()
    (shared / "2026Q3/municipality.json").write_bytes(evil)
    shared.chmod(0o777)
    monkeypatch.setenv(RESULTS_FOLDER, str(shared))
    with pytest.raises(EstError, match="inte bara din") as caught:
        open_report(str(make_folder()), "2026Q3")
    assert is_sentence(caught.value)
    assert not (tmp_path / "ran").exists()


def test_the_corpus_is_large_enough():
    assert len(PATHS) + len(SETTINGS) + len(WHOLE) + len(FILES) + len(LISTS) >= 80
