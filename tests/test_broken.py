"""Broken deliveries, each with a named defect: told so that it can be mended, the rest kept."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import Point

from est_analysis import municipality
from est_analysis.gather import accept, deliveries, tables
from est_analysis.gather.fates import REASONS
from est_analysis.gather.formats import encoding_of

NAMES = ["id", "kod", "datum", "till", "x", "y", "plats", "antal"]
HEAD = ";".join(NAMES)
GOOD = "1;K1;2026-07-01 21:30;2026-07-01 22:00;500100;6500100;Ängen;1"
LAST = GOOD.replace("1;K1", "9;K2", 1)
RECORD = dict(zip(NAMES, GOOD.split(";"), strict=True))
CODES = {"K1": "Skadegörelse", "K2": "Klotter", "0801": "Stöld", "Nedskräpning": "Skräp"}
SQUARE = json.dumps(
    {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3006"}},
        "features": [
            {
                "type": "Feature",
                "properties": {},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [
                        [[5e5, 65e5], [501e3, 65e5], [501e3, 6501e3], [5e5, 6501e3], [5e5, 65e5]]
                    ],
                },
            }
        ],
    }
)
BESIDE = """
[sources.andra]
partner = "Bolaget"
kind = "event"
files = "deliveries/andra/*.csv"
format = "csv"
[sources.andra.columns]
start = "datum"
[sources.andra.constants]
group = "Klotter"
"""


def text(*rows, head=HEAD, end="\n"):
    return end.join([head, *rows]) + end


def workbook(*rows, merge=(), sheets=None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name, lines in (sheets or {}).items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    for cells in merge:
        book.active.merge_cells(cells)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def package(layers, crs="EPSG:3006"):
    with TemporaryDirectory() as folder:
        file = Path(folder) / "made.gpkg"
        for name, rows in layers.items():
            points = [Point(500100, 6500100)] * len(rows)
            frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=points, crs="EPSG:3006")
            frame.to_crs(crs).to_file(file, layer=name, driver="GPKG")
        return file.read_bytes()


@pytest.fixture
def gather(make_folder):
    """Gather a broken file `a` of one source, beside a good one of another."""

    def gather(content, suffix="csv", *, files=None, source=None, columns=None, sound=True):
        own = {"format": "csv", "files": "deliveries/polis/*", "codes": CODES, **(source or {})}
        folder = make_folder(
            {
                **({f"deliveries/polis/a.{suffix}": content} if content is not None else {}),
                "deliveries/andra/a.csv": "datum\n2026-07-01\n",
                "reference/boundary.geojson": SQUARE,
                **(files or {}),
            },
            source=own,
            columns={"end": "till", "count": "antal", **(columns or {})},
            reference={"boundary": "reference/boundary.geojson"},
            more=BESIDE,
        )
        got = accept.gather(municipality.load(folder))
        if sound:
            add_up(got)
        return got

    return gather


def add_up(got):
    """Hold that every row has one fate, and that the good delivery beside stands."""
    fates = got.accounting[["accepted", "quarantined", "dropped", "repeated"]].sum()
    assert got.accounting["rows"].sum() == fates.sum()
    assert (len(got.events), len(got.quarantine)) == (fates["accepted"], fates["quarantined"])
    assert (got.events["source"] == "andra").sum() == 1
    tables.check(got.near_misses, tables.NEAR_MISSES, what="prov")


def own(got):
    return got.events[got.events["source"] == "polis"]


def stopped(got):
    lines = got.quarantine[["row", "column", "reason", "value"]]
    return [tuple(line) for line in lines.to_numpy()]


def fates(got):
    line = got.accounting[got.accounting["source"] == "polis"]
    return tuple(line[["accepted", "quarantined", "dropped", "repeated"]].sum())


# --- files that cannot be read at all


@dataclass(frozen=True)
class Refused:
    content: bytes | str
    says: tuple[str, ...]
    suffix: str = "csv"
    source: dict = field(default_factory=dict)


EXCEL = {"format": "excel"}
WHOLE = workbook(NAMES, GOOD.split(";"))
PACKAGE = package({"brott": [RECORD]})
PARQUET = pd.DataFrame([RECORD]).to_parquet()
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
HTML = "<html><table><tr><td>id</td></tr></table></html>"
REFUSED = {
    "an empty file": Refused("", ("den är tom",)),
    "only blank lines": Refused("\n\n\n", ("den är tom",)),
    "only delimiters": Refused(";;;\n;;;\n", ("den är tom",)),
    "binary": Refused(bytes(range(256)) * 20, ("ingen text",)),
    "zeros": Refused(b"\0" * 4000, ("ingen text",)),
    "a workbook named csv": Refused(WHOLE, ("en arbetsbok i Excel",)),
    "a pdf named csv": Refused("%PDF-1.7 ...", ("en PDF",)),
    "html named csv": Refused(HTML, ("en webbsida",)),
    "parquet named csv": Refused(PARQUET, ("en Parquet-fil",)),
    "half utf-8, half windows": Refused(
        text(GOOD).encode() + GOOD.encode("cp1252"), ("blandar teckenkodningar", "rad 3")
    ),
    "utf-8 cut off in a letter": Refused(
        text(GOOD).encode() + "2;K1;2026-07-01;;;;Å".encode()[:-1], ("blandar", "rad 3")
    ),
    "another encoding than stated": Refused(
        text(GOOD).encode("cp1252"),
        ("inte sparad som utf-8", "rad 2"),
        source={"encoding": "utf-8"},
    ),
    "utf-16 stated, but it is not": Refused(
        text(GOOD), ("inte sparad som utf-16",), source={"encoding": "utf-16"}
    ),
    "another delimiter than stated": Refused(
        text(GOOD), ("”id”", "saknas"), source={"delimiter": ","}
    ),
    "a header further down than stated": Refused(
        text(GOOD), ("saknas", "rad 2"), source={"header_row": 2}
    ),
    "no header": Refused(GOOD + "\n" + LAST, ("saknas",)),
    "a column missing": Refused(text("1;2", head="id;kod"), ("”datum”", "rad 1", "id, kod")),
    "a column misspelt": Refused(
        text(GOOD, head=HEAD.replace("datum", "datumm")),
        ("”datum” saknas", "Menas ”datumm”?", "kolumn;polis;datumm;datum", "aliases.csv"),
    ),
    "a column twice": Refused(
        text(GOOD + ";K2", head=HEAD + ";kod"), ("”kod” står mer än en gång",)
    ),
    "a column twice but for its case": Refused(
        text(GOOD + ";K2;K3", head=HEAD.replace("kod", "Kod") + ";KOD"), ("”kod” står mer än",)
    ),
    "gzip cut off": Refused(gzip.compress(text(GOOD).encode() * 50)[:-20], ("packad", "skadad")),
    "gzip of nothing": Refused(gzip.compress(b""), ("den är tom",)),
    "an empty workbook": Refused(workbook(), ("bladet är tomt",), "xlsx", EXCEL),
    "a workbook cut off": Refused(WHOLE[: len(WHOLE) // 2], ("som excel",), "xlsx", EXCEL),
    "a workbook of zero bytes": Refused(b"", ("som excel",), "xlsx", EXCEL),
    "a workbook with a password": Refused(
        OLE + "EncryptedPackage".encode("utf-16-le"), ("skyddad med lösenord",), "xlsx", EXCEL
    ),
    "an old workbook cut off": Refused(OLE, ("som excel", "en äldre"), "xls", EXCEL),
    "html named xls": Refused(HTML, ("som excel", "en webbsida"), "xls", EXCEL),
    "csv named xls": Refused(text(GOOD), ("som excel", "CSV"), "xls", EXCEL),
    "two sheets with the columns": Refused(
        workbook(NAMES, sheets={"Kopia": [NAMES]}), ("flera blad: Sheet, Kopia",), "xlsx", EXCEL
    ),
    "no sheet with the columns": Refused(
        workbook(["Rapport"], sheets={"Data": [NAMES[:3]]}),
        ("”x”", "bladet ”Data”", "rad 1"),
        "xlsx",
        EXCEL,
    ),
    "a sheet that is not there": Refused(
        WHOLE, ("”Utdrag” finns inte", "Sheet"), "xlsx", {**EXCEL, "sheet": "Utdrag"}
    ),
    "json cut off": Refused('[{"id": 1', ("som json",), "json", {"format": "json"}),
    "json that is one record": Refused('{"id": 1}', ("lista",), "json", {"format": "json"}),
    "json nested without end": Refused("[" * 10**5, ("som json",), "json", {"format": "json"}),
    "json with an endless number": Refused(
        '[{"id": ' + "9" * 5000 + "}]", ("som json",), "json", {"format": "json"}
    ),
    "csv named json": Refused(text(GOOD), ("som json", "CSV"), "json", {"format": "json"}),
    "geojson without features": Refused("{}", ("features",), "json", {"format": "geojson"}),
    "parquet cut off": Refused(PARQUET[:-9], ("som parquet",), "parquet", {"format": "parquet"}),
    "a package that is none": Refused(
        b"SQLite format 3\0" + bytes(99), ("som gpkg",), "gpkg", {"format": "gpkg"}
    ),
    "a package cut off": Refused(PACKAGE[:-20_000], ("som gpkg",), "gpkg", {"format": "gpkg"}),
    "json named gpkg": Refused("[]", ("som gpkg", "JSON"), "gpkg", {"format": "gpkg"}),
}


@pytest.mark.parametrize("defect", REFUSED)
def test_a_file_that_cannot_be_read_says_why_and_stops_no_other(gather, defect):
    case = REFUSED[defect]
    got = gather(case.content, case.suffix, source=case.source)
    [one] = got.unread
    assert (one.source, one.file) == ("polis", f"deliveries/polis/a.{case.suffix}")
    assert own(got).empty
    message = str(one.error)
    assert one.file in message
    assert one.error.mend
    for says in case.says:
        assert says in message
    assert "Ängen" not in message


def test_a_file_that_reads_is_in_no_such_list(gather):
    assert gather(text(GOOD)).unread == ()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (PermissionError(13, "Permission denied"), "öppna"),
        (FileNotFoundError(2, "No such file"), "öppna"),
        (OSError(5, "Input/output error"), "Input/output error"),
    ],
    ids=["no permission", "gone since it was listed", "a disk that fails"],
)
def test_a_file_that_cannot_be_opened_is_refused(gather, monkeypatch, error, says):
    whole = Path.read_bytes

    def failing(file):
        if file.parent.name == "polis":
            raise error
        return whole(file)

    monkeypatch.setattr(Path, "read_bytes", failing)
    [one] = gather(text(GOOD)).unread
    assert says in str(one.error)


def test_a_folder_or_a_broken_link_in_a_files_place_is_refused(gather, tmp_path):
    made = tmp_path / "lillby/deliveries/polis"
    (made / "b.csv").mkdir(parents=True)
    (made / "c.csv").symlink_to(made / "nowhere.csv")
    (made / "arkiv").mkdir()  # no file is expected under such a name
    got = gather(text(GOOD))
    assert [Path(one.file).name for one in got.unread] == ["b.csv", "c.csv"]
    assert "mapp" in str(got.unread[0].error)
    assert fates(got) == (1, 0, 0, 0)


# --- rows that cannot be used


def row(**changes):
    return ";".join(str({**RECORD, "id": 5, **changes}[name]) for name in NAMES)


STOPPED = {
    "a field too many": (row() + ";x", "", "broken_row"),
    "an unquoted delimiter": (row(plats="Torget; 3 tr") + ";1", "", "broken_row"),
    "a quote never closed": (row(plats='"Torget'), "", "broken_row"),
    "a zero byte": (row(plats="Tor\0get"), "", "broken_row"),
    "a code nobody knows": (row(kod="9899"), "kod", "unknown_code"),
    "a code misspelt": (row(kod="Nedskrapning"), "kod", "unknown_code"),
    "no code": (row(kod=""), "kod", "unknown_code"),
    "a zero too few that may be another": (row(kod="01"), "kod", "unknown_code"),
    "no date": (row(datum=""), "datum", "no_start"),
    "a date that is none": (row(datum="2026-02-30"), "datum", "unreadable_start"),
    "half past twenty-four": (row(datum="2026-07-01 24:30"), "datum", "unreadable_start"),
    "a clock of 61 minutes": (row(datum="2026-07-01 12:61"), "datum", "unreadable_start"),
    "an american date": (row(datum="07/31/2026"), "datum", "unreadable_start"),
    "a date in words": (row(datum="i juli"), "datum", "unreadable_start"),
    "a year of two digits": (row(datum="1/7 26"), "datum", "unreadable_start"),
    "the year 202": (row(datum="202-07-01"), "datum", "unreadable_start"),
    "excel's count of days as text": (row(datum="46204"), "datum", "unreadable_start"),
    "an end that is no date": (row(till="nyss"), "till", "unreadable_end"),
    "an end before its start": (row(till="2026-06-30"), "till", "end_before_start"),
    "an end the minute before": (row(till="2026-07-01 21:29"), "till", "end_before_start"),
    "a coordinate in words": (row(x="öster"), "x", "unreadable_coordinates"),
    "two decimal marks": (row(x="500.100,5"), "x", "unreadable_coordinates"),
    "infinity": (row(y="inf"), "x", "unreadable_coordinates"),
    "degrees for metres": (row(x="14,68", y="57,39"), "x", "degrees"),
    "axes swapped": (row(x="6500100", y="500100"), "x", "swapped_axes"),
    "far away": (row(x="900100"), "x", "outside"),
    "a count of none": (row(antal="0"), "antal", "bad_count"),
    "half a count": (row(antal="1,5"), "antal", "bad_count"),
    "a count in words": (row(antal="två"), "antal", "bad_count"),
}
SHOWN = {"a code nobody knows": "9899", "a code misspelt": "Nedskrapning"}
SHOWN |= {"a zero too few that may be another": "01"}
SHOWN |= {"degrees for metres": "EPSG:4326"}


@pytest.mark.parametrize("defect", STOPPED)
def test_a_row_that_cannot_be_used_is_told_with_its_row_and_the_others_stand(gather, defect):
    line, column, reason = STOPPED[defect]
    got = gather(text(GOOD, line, LAST))
    assert stopped(got) == [(3, column, reason, SHOWN.get(defect, ""))]
    assert fates(got) == (2, 1, 0, 0)
    assert set(own(got)["row"]) == {2, 4}
    assert reason in REASONS


def test_all_defects_at_once_in_an_ugly_file(gather):
    """A heading above, another encoding, another delimiter, and every fault, one a row."""
    lines = [line for line, *_ in STOPPED.values()]
    content = ("Utdrag ur systemet\n\n" + text(GOOD, *lines, LAST, end="\r\n")).encode("cp1252")
    got = gather(content.replace(b"\r\n", b"\r\n"))
    assert [(number, *told[1:3]) for number, told in zip(range(5, 99), stopped(got), strict=False)]
    assert [line[:3] for line in stopped(got)] == [
        (number, column, reason)
        for number, (_, column, reason) in enumerate(STOPPED.values(), start=5)
    ]
    assert fates(got) == (2, len(lines), 0, 0)


def test_a_million_of_anything_does_not_hide_the_good_rows(gather):
    got = gather(text(GOOD, row(plats="x" * 300_000), LAST))
    assert fates(got) == (3, 0, 0, 0)
    got = gather(text(GOOD, *[row(plats='"T')] * 300, LAST))
    assert fates(got) == (2, 300, 0, 0)


# --- files that look wrong and can be read all the same


def sheet(*cells):
    return workbook(NAMES, *cells)


EXCEL_ROW = [1, "K1", dt.datetime(2026, 7, 1, 21, 30), None, 500100, 6500100, "Ängen", 1]


def with_(**changes):
    return [changes.get(name, cell) for name, cell in zip(NAMES, EXCEL_ROW, strict=True)]


CSV_READ = {
    "utf-8 with a mark": text(GOOD).encode("utf-8-sig"),
    "windows": text(GOOD).encode("cp1252"),
    "latin-1 with what windows lacks": text(GOOD, row(plats="Ö\x81")).encode("iso-8859-1"),
    "utf-16 with a mark": text(GOOD).encode("utf-16"),
    "utf-16 without a mark": text(GOOD).encode("utf-16-le"),
    "utf-16, the other end first": text(GOOD).encode("utf-16-be"),
    "commas": text(GOOD).replace(";", ","),
    "tabs": text(GOOD).replace(";", "\t"),
    "everything quoted": "\n".join(
        ";".join(f'"{cell}"' for cell in line.split(";")) for line in (HEAD, GOOD)
    ),
    "the lines of an old mac": text(GOOD, end="\r"),
    "the lines of windows": text(GOOD, end="\r\n"),
    "no line feed at the end": text(GOOD).strip(),
    "a mark for excel": "sep=;\n" + text(GOOD),
    "a heading above": "Utdrag;2026-10-01\n\n" + text(GOOD),
    "blank rows between": text("", GOOD, "", ";;;;;;;"),
    "capitals": text(GOOD, head=HEAD.upper()),
    "spaces and hyphens": text(GOOD, head=HEAD.replace("kod", " K-o_d ")),
    "marks on letters": text(GOOD, head=HEAD.replace("antal", "äntål").replace("id", "ID ")),
    "columns in another order": "\n".join(
        ";".join(reversed(line.split(";"))) for line in (HEAD, GOOD)
    ),
    "a delimiter after each row": text(GOOD + ";"),
    "fewer fields": text(GOOD, GOOD.rsplit(";", 2)[0]),
    "decimals with commas": text(row(id=1, x="500100,0", y="6500100,00")),
    "decimals with points": text(row(id=1, x="500100.0", y="6500100.00")),
    "thousands with spaces": text(row(id=1, x="500 100", y="6 500 100,0")),
    "packed": gzip.compress(text(GOOD).encode("cp1252")),
}


@pytest.mark.parametrize("looks", CSV_READ)
def test_what_only_looks_wrong_is_read(gather, looks):
    got = gather(CSV_READ[looks])
    assert [str(one.error) for one in got.unread] == []
    first = own(got).iloc[0]
    assert (str(first["start"]), first["group"]) == ("2026-07-01 21:30:00", "Skadegörelse")
    assert (first["x"], first["y"]) == (500100, 6500100)
    assert fates(got)[1] == 0


def test_swedish_letters_survive_every_encoding(make_folder):
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "iso-8859-1", "utf-16", "utf-16-be"):
        folder = make_folder({"deliveries/polis/a.csv": text(GOOD, LAST).encode(encoding)})
        got, _ = deliveries.read_all(municipality.load(folder))
        assert got[0].rows["plats"].tolist() == ["Ängen", "Ängen"], encoding


def test_which_encoding_the_bytes_decide():
    assert encoding_of(b"id;kod") == "utf-8"
    assert encoding_of("–Å".encode("cp1252")) == "cp1252"
    assert encoding_of(b"\xc5\x81") == "utf-8"  # a Polish letter, as it happens
    assert encoding_of(b"\xe4\x81 ") == "iso-8859-1"
    with pytest.raises(UnicodeDecodeError):
        encoding_of("Å".encode() + b"\xe4 ")


EXCEL_READ = {
    "excel's count of days": (sheet(with_(datum=46204.895833333)), "2026-07-01 21:30:00"),
    "text for numbers": (sheet(with_(x="500100", y="6500100,0", antal="1")), None),
    "a heading above, merged": (
        workbook(["Utdrag"], [None], NAMES, EXCEL_ROW, merge=["A1:D1"]),
        None,
    ),
    "the data on another sheet": (workbook(["Läs mig"], sheets={"D": [NAMES, EXCEL_ROW]}), None),
    "line feeds in the header": (workbook([f"{n}\n " for n in NAMES], EXCEL_ROW), None),
    "a zero lost": (sheet(with_(kod=801)), None),
}


@pytest.mark.parametrize("looks", EXCEL_READ)
@pytest.mark.parametrize("suffix", ["xlsx", "xls"])
def test_what_only_looks_wrong_in_excel_is_read(gather, looks, suffix):
    content, start = EXCEL_READ[looks]
    got = gather(content, suffix, source=EXCEL)  # whatever the name says of the kind of workbook
    assert [str(one.error) for one in got.unread] == []
    assert fates(got) == (1, 0, 0, 0)
    first = own(got).iloc[0]
    assert str(first["start"]) == (start or "2026-07-01 21:30:00")
    assert (first["x"], first["y"]) == (500100, 6500100)


def test_merged_cells_hold_for_every_row_that_they_cover(gather):
    rows = [with_(id=i, kod="K2" if i == 1 else None) for i in (1, 2, 3)]
    got = gather(workbook(NAMES, *rows, merge=["B2:B4"]), "xlsx", source=EXCEL)
    assert own(got)["group"].tolist() == ["Klotter"] * 3
    apart = gather(workbook(NAMES, *rows), "xlsx", source=EXCEL)
    assert fates(apart) == (1, 2, 0, 0)


def test_midnight_is_a_clock_only_where_the_column_has_clocks(gather):
    midnight = with_(id=2, datum=dt.datetime(2026, 7, 2))
    both = gather(sheet(EXCEL_ROW, midnight), "xlsx", source=EXCEL)
    assert own(both)["time_precision"].tolist() == ["minute", "minute"]
    alone = gather(sheet(midnight), "xlsx", source=EXCEL)
    assert own(alone)["time_precision"].tolist() == ["day"]


def test_a_lost_zero_is_given_back_only_where_nothing_else_is_meant(gather):
    got = gather(text(row(kod="801")))
    assert own(got)["group"].tolist() == ["Stöld"]
    got = gather(text(row(kod="801")), source={"codes": {"801": "Annat", "0801": "Stöld"}})
    assert own(got)["group"].tolist() == ["Annat"]
    got = gather(text(row(kod="857")), source={"drop": ["0857"]})
    assert fates(got) == (0, 0, 1, 0)  # what is never taken in is not taken in for a lost zero


def test_a_point_that_may_be_thousands_is_not_guessed(gather):
    lines = [row(id=1, x="500100,5"), row(id=2, x="500.100"), row(id=3, x="500100.5")]
    assert stopped(gather(text(*lines))) == [(3, "x", "unreadable_coordinates", "")]
    assert stopped(gather(text(lines[1])))[0][2] == "outside"  # 500,1 metres


def test_a_package_of_points(gather):
    rows = [{**RECORD, "id": i} for i in (1, 2)]
    points = {"x": "geometry_x", "y": "geometry_y"}
    for crs in ("EPSG:3006", "EPSG:4326"):
        made = package({"brott": rows, "annat": [{"namn": "x"}]}, crs)
        got = gather(made, "gpkg", source={"format": "gpkg"}, columns=points)
        assert [str(one.error) for one in got.unread] == []
        assert own(got)[["x", "y"]].round(1).to_numpy().tolist() == [[500100, 6500100]] * 2
        assert own(got)["row"].tolist() == [1, 2]
    made = package({"brott": rows, "kopia": rows})
    [one] = gather(made, "gpkg", source={"format": "gpkg"}, columns=points).unread
    assert "flera lager" in str(one.error)
    named = {"format": "gpkg", "sheet": "kopia"}
    assert fates(gather(made, "gpkg", source=named, columns=points)) == (2, 0, 0, 0)


def test_the_events_of_the_police_as_their_service_gives_them(gather):
    event = {"id": 1, "datetime": "2026-07-01 9:07:02 +02:00", "type": "K1"}
    event["location"] = {"name": "Lillby", "gps": "58.641195,15.001723"}
    lost = {**event, "id": 2, "location": {"name": "Lillby", "gps": "okänd"}}
    got = gather(
        json.dumps([event, lost]),
        "json",
        source={"format": "json", "crs": "EPSG:4326"},
        columns={
            "code": "type",
            "start": "datetime",
            "x": "location.gps",
            "y": "location.gps",
            "place": "location.name",
            "end": None,
            "count": None,
        },
    )
    assert stopped(got) == [(2, "location.gps", "unreadable_coordinates", "")]
    first = own(got).iloc[0]
    assert str(first["start"]) == "2026-07-01 09:07:00"
    assert (first["x"], first["y"]) == pytest.approx((500100, 6500100), abs=1)


# --- near misses and what people decide

ALIASES = "reference/aliases.csv"
DECISIONS = "reference/decisions.csv"
FILE = "deliveries/polis/a.csv"


def aliases(*lines):
    return {ALIASES: "\n".join(["slag;kalla;skrivet;betyder", *lines])}


def decided(*lines):
    return {DECISIONS: "\n".join(["fil;rad;beslut;andra_fil;andra_rad", *lines])}


def test_a_near_column_is_offered_and_taken_only_by_an_alias(gather):
    content = text(GOOD, LAST, head=HEAD.replace("kod", "kodd"))
    got = gather(content)
    assert got.near_misses.to_numpy().tolist() == [["polis", "column", "kodd", "kod", 85.7, 2]]
    again = gather(content, files=aliases("kolumn;polis;kodd;kod"))
    assert fates(again) == (2, 0, 0, 0)
    assert again.near_misses.empty
    by_settings = gather(content, source={"synonyms": {"kod": ["brottskod", "Kodd"]}})
    assert fates(by_settings) == (2, 0, 0, 0)


def test_an_exact_name_wins_over_all_others(gather):
    content = text(GOOD + ";9899", head=HEAD + ";KOD")
    assert fates(gather(content, files=aliases("kolumn;;KOD;kod"))) == (1, 0, 0, 0)


def test_near_codes_are_offered_and_taken_only_by_an_alias(gather):
    content = text(row(kod="Nedskrapning"), row(id=6, kod="Nedskrapning"), row(kod="Anna Ek"))
    got = gather(content)
    line = ["polis", "code", "Nedskrapning", "Nedskräpning", 100.0, 2]
    assert got.near_misses.to_numpy().tolist() == [line]
    again = gather(content, files=aliases("kod;polis;Nedskrapning;Nedskräpning"))
    assert fates(again) == (2, 1, 0, 0)


def test_near_kinds_are_offered_and_taken_only_by_an_alias(gather):
    content = text(row() + ";händelsse", head=HEAD + ";typ")
    kinds = {"source": {"kind": None, "kinds": {"händelse": "event"}}, "columns": {"kind": "typ"}}
    got = gather(content, **kinds)
    assert got.near_misses[["sort", "written", "means"]].to_numpy().tolist() == [
        ["kind", "händelsse", "händelse"]
    ]
    assert fates(gather(content, files=aliases("typ;;händelsse;händelse"), **kinds))[0] == 1


def test_a_person_is_no_near_miss(gather):
    codes = {"Anna Andersson": "x", "K1": "y"}
    got = gather(text(row(kod="Anna Anderson 19850101-1234")), source={"codes": codes})
    assert got.near_misses.empty
    content = text(GOOD, head=HEAD.replace("datum", "datum 850101-1234"))
    assert "850101" not in str(gather(content).unread[0].error)


def test_a_removed_row_is_dropped_also_when_it_is_broken(gather):
    content = text(GOOD, row() + ";x;y", LAST)
    assert fates(gather(content)) == (2, 1, 0, 0)
    got = gather(content, files=decided(f"{FILE};2;ta bort;;", f"{FILE};3;ta bort;;"))
    assert fates(got) == (1, 0, 2, 0)
    assert got.rulings.faults.empty


def test_a_removed_row_does_not_come_back_from_an_earlier_file(gather):
    files = {"deliveries/polis/b.csv": text(GOOD)}
    assert fates(gather(text(GOOD), files=files)) == (1, 0, 0, 1)
    files |= decided("deliveries/polis/b.csv;2;ta bort;;")
    assert fates(gather(text(GOOD), files=files)) == (0, 0, 1, 1)


def test_a_withdrawn_file_is_counted_and_not_used(gather):
    later = {"deliveries/polis/b.csv": text(GOOD, row() + ";x;y")}
    got = gather(text(GOOD), files={**later, **decided("deliveries/polis/b.csv;;dra tillbaka;;")})
    assert fates(got) == (1, 0, 2, 0)  # nor does it supersede what came before
    assert own(got)["file"].tolist() == [FILE]
    withdrawn = decided("deliveries/polis/b.csv;;dra tillbaka;;")
    got = gather(text(GOOD), files={"deliveries/polis/b.csv": b"", **withdrawn})
    assert (got.unread, fates(got)) == ((), (1, 0, 0, 0))
    assert got.rulings.faults.empty
    assert "deliveries/polis/b.csv" in set(got.accounting["file"])


def test_a_kept_row_is_accepted_in_spite_of_where_it_lies(gather):
    content = text(row(x="900100"), row(id=6, kod="9899"))
    got = gather(content, files=decided(f"{FILE};2;behåll;;", f"{FILE};3;behåll;;"))
    assert fates(got) == (1, 1, 0, 0)
    [fault] = got.rulings.faults[["file", "row", "reason"]].to_numpy().tolist()
    assert fault == [DECISIONS, 3, "raden stoppas ändå: okänd kod"]


def test_a_kept_row_is_counted_although_its_id_is_delivered_again(gather):
    files = {"deliveries/polis/b.csv": text(GOOD)}
    got = gather(text(GOOD), files={**files, **decided(f"{FILE};2;behåll;;")})
    assert fates(got) == (2, 0, 0, 0)
    assert set(own(got)["event_id"]) == {"polis:1", f"polis:1#{FILE}:2"}


def test_a_ruling_on_what_is_not_there_is_told(gather):
    files = decided(
        f"{FILE};7;ta bort;;",
        "deliveries/polis/c.csv;2;behåll;;",
        f"{FILE};2;samma;deliveries/andra/a.csv;9",
        "deliveries/polis/b.csv;2;ta bort;;",
        f"{FILE};3;ta bort;;",
    )
    got = gather(text(GOOD, LAST), files={**files, "deliveries/polis/b.csv": b""})
    assert sorted(got.rulings.faults[["row", "column"]].itertuples(index=False, name=None)) == [
        (2, "rad"),
        (3, "fil"),
        (4, "andra_rad"),
        (5, "fil"),
    ]
    assert fates(got) == (1, 0, 1, 0)


# --- whatever comes

clocks = st.one_of(
    st.just(""),
    st.sampled_from([" 0:00", " 24:00", " 9.05", " 21:30", " 2130", "T23:59:59", " 24:30"]),
)
dates = st.builds(
    lambda day, form, clock: day.strftime(form) + clock,
    st.dates(dt.date(2026, 6, 1), dt.date(2026, 9, 30)),
    st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%d/%m/%Y", "%Y-%m", "%d.%m.%Y"]),
    clocks,
)
words = st.text("abåäöÅÄÖ é-/,.0123456789", max_size=12)
rows_ = st.lists(
    st.fixed_dictionaries(
        {
            "kod": st.sampled_from(["K1", "K2", "801", "0801", "Nedskräpning", "Nedskrpäning"]),
            "datum": st.one_of(dates, words),
            "till": st.one_of(st.just(""), dates),
            "x": st.sampled_from(["500100", "500 200,5", "500300.25", "", "14,6", "öst"]),
            "y": st.sampled_from(["6500100", "6 500 200,5", "6500300.25", "", "57,4"]),
            "plats": words,
            "antal": st.sampled_from(["1", "1", "2", "0", "x"]),
        }
    ),
    max_size=8,
)
encodings = st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "iso-8859-1", "utf-16"])
delimiters = st.sampled_from([";", ",", "\t"])


def written(rows, encoding, delimiter):
    frame = pd.DataFrame([{"id": i, **r} for i, r in rows], columns=NAMES, dtype=str)
    return frame.to_csv(index=False, sep=delimiter).encode(encoding)


def comparable(got):
    frame = own(got).drop(columns="row").sort_values("event_id", ignore_index=True)
    return frame.to_csv(index=False)


WITHOUT_CLASH = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(suppress_health_check=WITHOUT_CLASH, max_examples=8)
@given(rows=rows_, encoding=encodings, delimiter=delimiters, order=st.randoms())
def test_whatever_is_delivered_adds_up_however_it_is_written(
    gather, tmp_path, rows, encoding, delimiter, order
):
    """The same rows in another order, in another encoding, or twice, are the same events."""
    for old in tmp_path.glob("lillby/deliveries/polis/*"):
        old.unlink()
    numbered = list(enumerate(rows))
    first = gather(written(numbered, "utf-8", ";"))
    assert sum(fates(first)) == len(rows)
    order.shuffle(numbered)
    other = written(numbered, encoding, delimiter)
    again = gather(other)
    assert comparable(again) == comparable(first)
    assert sorted(line[1:] for line in stopped(again)) == sorted(
        line[1:] for line in stopped(first)
    )
    twice = gather(other, files={"deliveries/polis/0.csv": other})
    assert comparable(twice) == comparable(again)
    accepted, quarantined, _, repeated = fates(twice)
    assert (accepted, quarantined, repeated) == (fates(again)[0], 2 * fates(again)[1], accepted)


@settings(suppress_health_check=WITHOUT_CLASH, max_examples=20)
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_no_bytes_at_all_bring_it_down(make_folder, content):
    for form in ("csv", "excel", "json", "geojson", "parquet", "gpkg"):
        head = (HEAD + "\n").encode() if form == "csv" else b""
        source = {"format": form, "files": "deliveries/polis/*"}
        folder = make_folder({"deliveries/polis/a": head + content}, source=source)
        read, unread = deliveries.read_all(municipality.load(folder))
        assert len(read) + len(unread) == 1
