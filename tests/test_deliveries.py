"""Delivered files: read cell for cell with the rows that people see, or refused by name."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json

import openpyxl
import pandas as pd
import pytest

from est_analysis import municipality
from est_analysis.errors import DeliveryError
from est_analysis.gather import deliveries

HEAD = "id;kod;datum;x;y;plats\n"
ROW = "1;K1;2026-07-01;500100;6500100;Torget\n"
ORDER = HEAD.strip().split(";")
DELIVERY = HEAD + ROW
FILE = "deliveries/polis/a.csv"


@pytest.fixture
def read(make_folder):
    """Write one delivery and read it; `content` is text or bytes, and settings go through."""

    def read(content, suffix="csv", **settings):
        source = {"files": "deliveries/polis/*", **settings.pop("source", {})}
        folder = make_folder({f"deliveries/polis/a.{suffix}": content}, source=source, **settings)
        read_, unread = deliveries.read_all(municipality.load(folder))
        for one in unread:
            raise one.error
        return read_[0]

    return read


@pytest.fixture
def refused(read):
    def refused(*args, **settings):
        with pytest.raises(DeliveryError) as caught:
            read(*args, **settings)
        return str(caught.value)

    return refused


def workbook(*rows, sheets=("Blad1",)):
    book = openpyxl.Workbook()
    book.active.title = sheets[0]
    for other in sheets[1:]:
        book.create_sheet(other)
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def parquet(frame):
    return frame.to_parquet()


def feature(properties, geometry):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


EXCEL = {"source": {"format": "excel"}}
JSON = {"source": {"format": "json"}}
GEO = {"source": {"format": "geojson"}, "columns": {"x": "geometry_x", "y": "geometry_y"}}
PARQUET = {"source": {"format": "parquet"}}


# --- CSV


def test_csv_keeps_text_as_it_stands_and_rows_as_they_are_numbered(read):
    got = read(HEAD + '01;NA;null;"1,5";;"Torg;et"\n\n;;;;;\n' + ROW)
    assert (got.source, got.file, got.broken) == ("polis", FILE, ())
    assert list(got.rows.index) == [2, 5]
    assert list(got.rows.loc[2, ORDER]) == ["01", "NA", "null", "1,5", "", "Torg;et"]


def test_columns_that_are_not_named_are_not_kept(read):
    got = read("namn;" + HEAD + "Anna Andersson;" + ROW)
    assert sorted(got.rows.columns) == ["datum", "id", "kod", "plats", "x", "y"]
    assert not got.rows.isin(["Anna Andersson"]).any(axis=None)


def test_a_header_further_down(read):
    got = read("Utdrag 2026-10-01\n\n" + HEAD + ROW, source={"header_row": 3})
    assert list(got.rows.index) == [4]


@pytest.mark.parametrize("first", [ROW, "", "\n"])
def test_a_row_with_too_many_fields_is_broken_and_the_others_stand(read, first):
    long = "7;K1;2026-07-01;500100;6500100;Torget; 3 tr;ringde\n"
    got = read(HEAD + first + long + "\n" + ROW + "9;K2\n")
    before = len(first.splitlines())
    assert got.broken == (2 + before,)
    assert list(got.rows["id"]) == ["1"] * (first == ROW) + ["1", "9"]
    assert list(got.rows.index)[-2:] == [4 + before, 5 + before]
    assert list(got.rows.loc[5 + before, ["kod", "plats"]]) == ["K2", ""]


def test_an_empty_field_too_many_does_not_break_a_row(read):
    got = read(HEAD + ROW.replace("\n", ";\n") * 3)
    assert got.broken == ()
    assert list(got.rows["id"]) == ["1"] * 3


def test_a_header_with_no_rows_is_an_empty_delivery(read):
    for content in (HEAD, HEAD.strip(), HEAD + "\n\n"):
        assert read(content).rows.shape == (0, 6)


def test_an_empty_file_is_refused(refused):
    for content in ("", "\n\n", ";;;\n"):
        message = refused(content)
        assert "den är tom" in message
        assert FILE in message
    assert "den är tom" in refused(HEAD, source={"header_row": 9})


def test_a_missing_column_is_named_with_what_the_file_has(refused):
    message = refused("id;kodd;datum;x;y;plats\n" + ROW)
    assert "Kolumnen ”kod” saknas." in message
    assert f"{FILE}, rad 1; filen har: id, kodd, datum" in message
    assert "[sources.polis.columns]" in message
    assert "Menas ”kodd”?" in message
    assert "kolumn;polis;kodd;kod" in message


def test_a_file_without_a_header_does_not_show_its_first_row(refused):
    message = refused("19850101-1234;anna@lillby.se;070-123 45 67;ABC 123\n")
    for secret in ("1985", "anna", "070", "ABC"):
        assert secret not in message


@pytest.mark.parametrize("extra", ["", "9;K1;2026-07-01;5;6;Torget;7;8\n"])
def test_a_column_that_stands_twice_is_refused(refused, extra):
    message = refused("id;kod;datum;x;y;plats;kod\n1;K1;2026-07-01;5;6;Torget;K2\n" + extra)
    assert "”kod” står mer än en gång" in message


def test_another_encoding_is_refused_with_its_row(refused, read):
    content = (HEAD + ROW + ROW.replace("Torget", "Ängen")).encode("cp1252")
    stated = {"encoding": "utf-8-sig"}
    message = refused(content, source=stated)
    assert "inte sparad som utf-8-sig" in message
    assert f"{FILE}, rad 3" in message
    assert "encoding" in message
    for source in ({}, {"encoding": "cp1252"}):
        assert read(content, source=source).rows.loc[3, "plats"] == "Ängen"
    # found also where the first row sends the reading another way
    assert "rad 3" in refused(content.replace(b"Torget", b"Torget;;x"), source=stated)


def test_binary_rubbish_is_refused(refused):
    assert FILE in refused(bytes(range(256)) * 20)
    assert FILE in refused(bytes(range(256)) * 20, source={"encoding": "cp1252"})
    assert FILE in refused(b"\x00" * 5000)
    assert FILE in refused(workbook(["id"]))
    assert FILE in refused(HEAD, source={"encoding": "utf-16"})


def test_a_quotation_mark_that_is_never_closed_breaks_its_row_and_no_other(read):
    swallowing = '2;K1;2026-07-01;500100;6500100;"Torget\n'
    quoted = ROW.replace("Torget", '"Torget"')
    for after in (ROW * 3, quoted * 3, ROW + quoted + ROW):
        got = read(HEAD + ROW + swallowing + after)
        assert (got.broken, list(got.rows.index)) == ((3,), [2, 4, 5, 6])
        assert set(got.rows["plats"]) == {"Torget"}
    got = read(HEAD + ROW.replace("\n", ";x\n") + swallowing + ROW * 3)
    assert (got.broken, list(got.rows.index)) == ((2, 3), [4, 5, 6])


def test_a_quoted_field_may_go_over_several_lines(read):
    got = read(HEAD + ROW.replace("Torget", '"Torget\nvid bron"') + ROW)
    assert (got.broken, list(got.rows.index)) == ((), [2, 3])
    assert got.rows.loc[2, "plats"] == "Torget\nvid bron"


# --- Excel


def test_excel_cells_become_what_they_show(read):
    when = dt.datetime(2026, 7, 1, 21, 30)
    got = read(
        workbook(
            ["id", "kod", "datum", "x", "y", "plats"],
            [1, "K1", when, 500100.0, 6500100.5, " Torget "],
            [],
            [2.0, 101, dt.date(2026, 7, 2), None, None, dt.time(21, 30)],
            [3, "K1", dt.datetime(2026, 7, 3), None, None, dt.timedelta(days=1)],
            [4, "K1", when - dt.timedelta(milliseconds=3), None, None, dt.timedelta(minutes=570)],
        ),
        "xlsx",
        **EXCEL,
    )
    assert list(got.rows.index) == [2, 4, 5, 6]
    assert [list(row) for row in got.rows[ORDER].to_numpy()] == [
        ["1", "K1", "2026-07-01 21:30:00", "500100", "6500100.5", "Torget"],
        ["2", "101", "2026-07-02 00:00:00", "", "", "21:30"],
        ["3", "K1", "2026-07-03 00:00:00", "", "", "24:00"],
        ["4", "K1", "2026-07-01 21:30:00", "", "", "09:30"],
    ]


def test_excel_with_a_header_further_down_and_no_rows(read):
    content = workbook(["Rapport"], [], ["id", "kod", "datum", "x", "y", "plats", None, None])
    got = read(content, "xlsx", source={"format": "excel", "header_row": 3})
    assert got.rows.shape == (0, 6)


def test_excel_sheets(read, refused):
    several = workbook(HEAD.strip().split(";"), sheets=("Rapport", "Listor"))
    assert read(several, "xlsx", **EXCEL).rows.empty  # only one sheet has the columns
    wrong = {"source": {"format": "excel", "sheet": "Blad1"}}
    message = refused(several, "xlsx", **wrong)
    assert "Bladet ”Blad1” finns inte." in message
    assert "a.xlsx; bladen är: Rapport, Listor" in message
    right = {"source": {"format": "excel", "sheet": "Rapport"}}
    assert read(several, "xlsx", **right).rows.empty
    empty = {"source": {"format": "excel", "sheet": "Listor"}}
    assert "a.xlsx" in refused(several, "xlsx", **empty)


def test_what_is_no_workbook_is_refused(refused):
    whole = workbook(["id"])
    for content in (DELIVERY, b"", whole[: len(whole) // 2], b"PK\x03\x04" + bytes(500)):
        message = refused(content, "xlsx", **EXCEL)
        assert "går inte att läsa som excel" in message
        assert "deliveries/polis/a.xlsx" in message


def test_an_excel_column_that_stands_twice_or_is_missing_is_refused(refused):
    message = refused(workbook(["id", "kod", "datum", "x", "y", "plats", "kod"]), "xlsx", **EXCEL)
    assert "står mer än en gång" in message
    message = refused(workbook(["id", "kod", "datum"]), "xlsx", **EXCEL)
    assert "”x”, ”y”, ”plats” saknas" in message


# --- JSON and GeoJSON

RECORD = {"id": 7, "kod": "K1", "datum": "2026-07-01", "x": 1.5, "y": None, "plats": "Ån"}


def test_json_records_are_numbered_from_one(read):
    got = read(json.dumps([RECORD, {"id": "8"}]), "json", **JSON)
    assert list(got.rows.index) == [1, 2]
    assert list(got.rows.loc[1, ["id", "x", "y", "plats"]]) == ["7", "1.5", "", "Ån"]
    assert list(got.rows.loc[2, ["id", "kod"]]) == ["8", ""]


def test_geojson_points_have_coordinates_and_others_none(read):
    point = {"type": "Point", "coordinates": [500100, 6500100, 3]}
    line = {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}
    shapes = [point, line, None, {"type": "Point", "coordinates": []}]
    features = [feature(RECORD, shape) for shape in shapes] + [feature(None, point)]
    got = read(json.dumps({"features": features}), "json", **GEO)
    assert list(got.rows["geometry_x"]) == ["500100", "", "", "", "500100"]
    assert list(got.rows["id"]) == ["7", "7", "7", "7", ""]


def test_a_list_of_nothing_is_an_empty_delivery(read):
    assert read("[]", "json", **JSON).rows.shape == (0, 6)
    assert read('{"features": []}', "json", **GEO).rows.shape == (0, 6)


@pytest.mark.parametrize(
    "content", ["{}", "5", "[1, 2]", '[{"id": 1}, []]', "", "[", "[" * 100_000]
)
def test_json_that_is_no_list_of_records_is_refused(refused, content):
    message = refused(content, "json", **JSON)
    assert "går inte att läsa som json" in message
    assert "deliveries/polis/a.json" in message


@pytest.mark.parametrize("content", ["{}", "[]", '{"features": 5}', '{"features": [5]}', "{"])
def test_geojson_without_features_is_refused(refused, content):
    assert "går inte att läsa som geojson" in refused(content, "json", **GEO)


def test_json_in_another_encoding_or_without_a_column_is_refused(refused):
    text = json.dumps([RECORD], ensure_ascii=False).encode("cp1252")
    stated = {"source": {"format": "json", "encoding": "utf-8-sig"}}
    assert "inte sparad som utf-8-sig" in refused(text, "json", **stated)
    assert "”kod”, ”x”, ”y”, ”plats” saknas" in refused('[{"id": 1}]', "json", **JSON)


# --- Parquet


def test_parquet_keeps_types_and_reads_only_what_is_named(read):
    frame = pd.DataFrame([RECORD]).assign(datum=pd.Timestamp("2026-07-01 21:30"), namn="Anna")
    got = read(parquet(frame), "parquet", **PARQUET)
    assert list(got.rows.index) == [1]
    assert "namn" not in got.rows
    assert got.rows["datum"].dtype.kind == "M"
    assert got.rows.loc[1, "x"] == 1.5


def test_a_parquet_file_that_is_none_is_refused(refused):
    whole = parquet(pd.DataFrame([RECORD]))
    for content in (whole[:-20], whole[: len(whole) // 2], b"", DELIVERY):
        message = refused(content, "parquet", **PARQUET)
        assert "går inte att läsa som parquet" in message
        assert "deliveries/polis/a.parquet" in message
    assert "”kod”" in refused(parquet(pd.DataFrame({"id": [1]})), "parquet", **PARQUET)


# --- packed, nested and filtered


def test_what_is_packed_with_gzip_reads_the_same(read):
    for content in (DELIVERY, HEAD + ROW.replace("\n", ";x\n") + ROW):
        plain, packed = read(content), read(gzip.compress(content.encode()))
        pd.testing.assert_frame_equal(plain.rows, packed.rows)
        assert plain.broken == packed.broken
    packed = gzip.compress(json.dumps([RECORD]).encode())
    assert read(packed, **JSON).rows.loc[1, "plats"] == "Ån"


def test_a_packed_file_that_is_cut_off_or_in_another_encoding_is_refused(refused):
    packed = gzip.compress((DELIVERY * 50).encode())
    for content in (packed[:-20], packed[:10] + b"\xff" * 20 + packed[30:]):
        assert "packad med gzip, och skadad" in refused(content, "csv.gz")
    ugly = gzip.compress((HEAD + ROW.replace("Torget", "Ängen")).encode("cp1252"))
    assert "rad 2" in refused(ugly, "csv.gz", source={"encoding": "utf-8"})


def test_what_stands_inside_another_value_is_named_by_both(read):
    record = {**RECORD, "location": {"name": "Sävsjö", "gps": "57.4,14.6"}, "tom": {}}
    got = read(
        json.dumps([record]),
        "json",
        source={"format": "json", "keep": {"location.name": ["Sävsjö"]}},
        columns={"area": "location.name"},
    )
    assert got.rows.loc[1, "location.name"] == "Sävsjö"


def test_a_column_that_only_sorts_rows_out_must_be_there(refused, read):
    assert "”kommun” saknas" in refused(DELIVERY, source={"keep": {"kommun": ["0684"]}})
    with_town = DELIVERY.replace("plats", "plats;kommun", 1).replace("Torget", "Torget;0684")
    assert read(with_town, source={"keep": {"kommun": ["0684"]}}).rows.loc[2, "kommun"] == "0684"


# --- several files


def test_files_are_read_in_the_order_of_sources_and_names(make_folder):
    more = """
[sources.a]
partner = "A"
kind = "event"
files = "deliveries/a/*.csv"
format = "csv"
[sources.a.columns]
start = "datum"
[sources.a.constants]
group = "Annat"
"""
    names = ["deliveries/polis/b.csv", "deliveries/polis/a.csv", "deliveries/a/c.csv"]
    folder = make_folder(dict.fromkeys(names, DELIVERY), more=more)
    got, _ = deliveries.read_all(municipality.load(folder))
    assert [d.file for d in got] == [names[1], names[0], names[2]]
