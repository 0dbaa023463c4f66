"""Every delivered row has one fate, for one reason, told without telling of anyone."""

from __future__ import annotations

import datetime as dt
import io
import re

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from est_analysis import municipality
from est_analysis.errors import DeliveryError
from est_analysis.gather import accept, store, tables
from est_analysis.gather.fates import REASONS, Fates
from est_analysis.gather.guard import HIDDEN, shown_code, shown_columns

HEAD = "id;kod;datum;x;y;plats\n"
FILE = "deliveries/polis/a.csv"
SQUARE = """{"type": "FeatureCollection",
"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3006"}},
"features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates":
[[[500000, 6500000], [501000, 6500000], [501000, 6501000], [500000, 6501000], [500000, 6500000]]]}}
]}"""
INSIDE = {"files": {"reference/boundary.geojson": SQUARE}}
BOUNDARY = {"reference": {"boundary": "reference/boundary.geojson"}}


@pytest.fixture
def gather(make_folder):
    """Gather one or several deliveries: rows under HEAD, or {file: content}."""

    def gather(rows="", **settings):
        files = {FILE: HEAD + rows} if isinstance(rows, str) else dict(rows)
        files |= settings.pop("files", {})
        return accept.gather(municipality.load(make_folder(files, **settings)))

    return gather


def totals(got):
    counted = got.accounting[["accepted", "quarantined", "dropped", "repeated"]].sum()
    assert got.accounting["rows"].sum() == counted.sum()
    assert len(got.events) == counted["accepted"]
    assert len(got.quarantine) == counted["quarantined"]
    return tuple(counted)


def stopped(got):
    columns = ["file", "row", "column", "reason", "value"]
    return [tuple(line) for line in got.quarantine[columns].to_numpy()]


# --- every reason, with file, row and column

WIDE = "id;kod;typ;datum;till;reg;x;y;plats;allvar;antal\n"
WIDE_COLUMNS = {
    "kind": "typ",
    "end": "till",
    "registered": "reg",
    "severity": "allvar",
    "count": "antal",
}
FINE = "1;K1;brott;2026-07-01 12:00;2026-07-01;2026-07-02;500100;6500100;Torget;1;1"
FAULTS = {
    "broken_row": ("", FINE + ";och;mer", ""),
    "unknown_kind": ("typ", FINE.replace("brott", "brot"), "brot"),
    "unknown_code": ("kod", FINE.replace("K1", "K7"), "K7"),
    "no_start": ("datum", FINE.replace("2026-07-01 12:00", ""), ""),
    "unreadable_start": ("datum", FINE.replace("2026-07-01 12:00", "i juli"), ""),
    "unreadable_end": ("till", FINE.replace(";2026-07-01;", ";sen;"), ""),
    "unreadable_registered": ("reg", FINE.replace("2026-07-02", "2026-07-32"), ""),
    "end_before_start": ("till", FINE.replace(";2026-07-01;", ";2026-06-30;"), ""),
    "unreadable_coordinates": ("x", FINE.replace("500100;6500100", "500100;norr"), ""),
    "degrees": ("x", FINE.replace("500100;6500100", "18,07;59,33"), "EPSG:4326"),
    "swapped_axes": ("x", FINE.replace("500100;6500100", "6500100;500100"), ""),
    "outside": ("x", FINE.replace("500100;6500100", "600100;6500100"), ""),
    "bad_count": ("antal", FINE[:-1] + "0", ""),
    "bad_severity": ("allvar", FINE[:-3] + "4;1", ""),
    "personal_data": ("plats", FINE.replace("Torget", "070-123 45 67"), ""),
}


@pytest.fixture
def gather_wide(gather):
    def gather_wide(content, **settings):
        source = {"kind": None, "kinds": {"brott": "reported_crime"}, "drop": ["K9"]}
        return gather(
            {FILE: content, **INSIDE["files"]},
            source=source,
            columns=WIDE_COLUMNS,
            **BOUNDARY,
            **settings,
        )

    return gather_wide


def test_every_reason_has_its_case():
    of_many_rows = {"metres_for_degrees", "other_crs"}  # in test_coordinates
    assert set(FAULTS) | of_many_rows == set(REASONS)


@pytest.mark.parametrize("reason", FAULTS)
def test_each_reason_is_reached_with_its_file_row_and_column(gather_wide, reason):
    column, faulty, value = FAULTS[reason]
    fine = FINE.replace("1;K1", "2;K1", 1)
    got = gather_wide(f"{WIDE}{fine}\n\n{faulty}\n")
    assert stopped(got) == [(FILE, 4, column, reason, value)]
    assert totals(got) == (1, 1, 0, 0)
    assert list(got.events["event_id"]) == ["polis:2"]


def test_only_the_first_fault_of_a_row_is_told(gather_wide):
    everything = "1;K7;brot;i juli;sen;nyss;öst;norr;Torget;9;-1"
    assert [line[3] for line in stopped(gather_wide(f"{WIDE}{everything}\n"))] == ["unknown_kind"]


@pytest.mark.parametrize("number", ["1,5", "inf", "nan", "1e9", "två", "-1"])
def test_what_is_no_whole_count_is_told(gather_wide, number):
    assert [s[3] for s in stopped(gather_wide(WIDE + FINE[:-1] + number))] == ["bad_count"]


def test_rows_are_numbered_as_people_see_them_in_excel_too(gather):
    book = openpyxl.Workbook()
    for row in (["Rapport"], [], ["id", "kod", "datum", "x", "y", "plats"], [1, "K1", "i juli"]):
        book.active.append(row)
    book.active.append([])
    book.active.append([2, "K8", dt.date(2026, 7, 1)])
    stream = io.BytesIO()
    book.save(stream)
    file = "deliveries/polis/a.xlsx"
    source = {"files": "deliveries/polis/*.xlsx", "format": "excel", "header_row": 3}
    got = gather({file: stream.getvalue()}, source=source)
    assert stopped(got) == [
        (file, 4, "datum", "unreadable_start", ""),
        (file, 6, "kod", "unknown_code", "K8"),
    ]


def test_each_row_is_told_with_its_own_file(gather):
    bad = HEAD + "1;K8;2026-07-01;;;\n"
    got = gather({"deliveries/polis/b.csv": bad, FILE: HEAD + "\n" + bad.splitlines()[1]})
    assert [line[:2] for line in stopped(got)] == [(FILE, 3), ("deliveries/polis/b.csv", 2)]
    assert list(got.accounting["quarantined"]) == [1, 1]


# --- nobody exposed

PERSONAL = [
    *("19850101-1234", "850101-1234", "8501011234", "1985-01-01", "070-123 45 67", "08-12 34 56"),
    *("+46701234567", "anna@lillby.se", "Anna Andersson", "anna andersson", "Andersson", "Anna"),
    *("ABC 123", "ABC12D", "Storgatan 12", "Skadegörelse Anna A", "K1 Anna", "K1 850101"),
    *("Klotter av Kalle", "<b>Kalle</b>", "x" * 300),
]


def test_no_person_typed_for_a_code_is_shown(gather):
    codes = {"K1": "Skadegörelse", "Skadegörelse": "Skadegörelse", "Klotter": "Klotter"}
    rows = "".join(f'{i};"{text}";2026-07-01;;;\n' for i, text in enumerate(PERSONAL))
    got = gather(rows, source={"codes": codes})
    assert got.quarantine["value"].tolist() == [HIDDEN] * len(PERSONAL)


@pytest.mark.parametrize("text", ["9899", "K7", "BR 12", "12b", "Skadegorelse", "skadegörelse", ""])
def test_codes_and_slips_of_the_pen_are_shown(text):
    assert shown_code(text, ["0857", "Skadegörelse"]) == text


def test_what_is_shown_of_a_header():
    assert shown_columns(["Id", "Brottskod (4)", "850101-1234", "a@b"]) == (
        f"Id, Brottskod (4), {HIDDEN}, {HIDDEN}"
    )
    assert shown_columns(range(99)).endswith(", 29, …")


def test_a_value_of_any_other_column_is_never_shown(gather_wide):
    secret = "850101-1234"
    for field in ("2026-07-01 12:00", "2026-07-02", "500100"):
        got = gather_wide(WIDE + FINE.replace(field, secret, 1))
        assert totals(got)[1] == 1
        assert list(got.quarantine["value"]) == [""]


def test_dropped_rows_leave_one_total_and_nothing_else(gather_wide, tmp_path):
    # whatever else is wrong with them; the code of a broken row is not read
    faulty = [FINE, *(row for reason, (_, row, _) in FAULTS.items() if reason != "broken_row")]
    hidden = [
        re.sub("^1;K[17]", "hemlig-7;K9", row).replace("Torget", "Hemgatan") for row in faulty
    ]
    got = gather_wide("\n".join([WIDE.strip(), FINE, *hidden]))
    assert totals(got) == (1, 0, len(hidden), 0)
    lillby = municipality.load(tmp_path / "lillby")
    store.write_store(lillby, got)
    store.record_deliveries(lillby, got, store.input_hashes(lillby))
    written = b"".join(
        file.read_bytes()
        for folder in ("store", "ledger")
        for file in lillby.path(folder).rglob("*")
        if file.is_file()
    )
    tables_ = got.events.to_csv() + got.quarantine.to_csv() + got.accounting.to_csv()
    for trace in ("hemlig", "Hemgatan", "K9"):
        assert trace not in tables_
        assert trace.encode() not in written


# --- repeated and corrected rows


def test_a_row_delivered_twice_is_counted_once(gather):
    row = "1;K1;2026-07-01;500100;6500100;Torget\n"
    got = gather({FILE: HEAD + row, "deliveries/polis/b.csv": HEAD + row})
    assert totals(got) == (1, 0, 0, 1)
    assert list(got.accounting["repeated"]) == [1, 0]


def test_of_a_corrected_row_the_later_file_stands(gather):
    before, after = "1;K1;2026-07-01;;;\n", "1;K2;2026-07-03;;;\n"
    got = gather({"deliveries/polis/b.csv": HEAD + after, FILE: HEAD + before})
    assert got.events["group"].tolist() == ["Klotter"]
    assert got.events["file"].tolist() == ["deliveries/polis/b.csv"]


def test_a_correction_that_cannot_be_used_leaves_the_earlier_row(gather):
    before, after = "1;K1;2026-07-01;;;\n", "1;K8;2026-07-01;;;\n"
    got = gather({FILE: HEAD + before, "deliveries/polis/b.csv": HEAD + after})
    assert totals(got) == (1, 1, 0, 0)


def test_a_row_that_is_dropped_later_does_not_stand_under_its_first_code(gather):
    before, after = "1;K1;2026-07-01;;;\n", "1;K9;2026-07-01;;;\n"
    files = {FILE: HEAD + before, "deliveries/polis/b.csv": HEAD + after}
    assert totals(gather(files, source={"drop": ["K9"]})) == (0, 0, 1, 1)
    files = {FILE: HEAD + after, "deliveries/polis/b.csv": HEAD + before}
    assert totals(gather(files, source={"drop": ["K9"]})) == (1, 0, 1, 0)


def test_without_ids_likes_within_a_file_are_many_and_across_files_the_same(gather):
    head, row = "kod;datum;x;y;plats\n", "K1;2026-07-01;500100;6500100;Torget\n"
    files = {FILE: head + row * 2, "deliveries/polis/b.csv": head + row * 3}
    got = gather(files, columns={"id": None})
    assert totals(got) == (3, 0, 0, 2)
    assert got.events["event_id"].is_unique


def test_a_row_that_lacks_its_id_gets_one_from_its_content(gather):
    got = gather(";K1;2026-07-01;;;\n;K1;2026-07-01;;;\n7;K1;2026-07-01;;;\n")
    assert totals(got) == (3, 0, 0, 0)
    assert "polis:7" in set(got.events["event_id"])


SECOND = """
[sources.andra]
partner = "Bolaget"
kind = "event"
files = "{files}"
format = "csv"
[sources.andra.columns]
id = "id"
start = "datum"
[sources.andra.constants]
group = "Klotter"
"""


@pytest.mark.parametrize("files", ["deliveries/andra/*.csv", "deliveries/polis/*.csv"])
def test_ids_are_a_sources_own_also_when_two_read_one_file(gather, files):
    row = HEAD + "1;K1;2026-07-01;;;\n2;K8;2026-07-01;;;\n"
    delivered = {FILE: row, files.replace("*", "a"): row}
    got = gather(delivered, more=SECOND.format(files=files))
    assert sorted(got.events["event_id"]) == ["andra:1", "andra:2", "polis:1"]
    assert got.accounting[["accepted", "quarantined"]].to_numpy().tolist() == [[1, 1], [2, 0]]


# --- what is accepted


def test_an_accepted_event(gather_wide):
    got = gather_wide(WIDE + FINE.replace(";1;1", ";2;3"))
    event = got.events.iloc[0].to_dict()
    assert event["event_id"] == "polis:1"
    assert (event["kind"], event["group"]) == ("reported_crime", "Skadegörelse")
    assert (str(event["start"]), event["time_precision"]) == ("2026-07-01 12:00:00", "minute")
    assert str(event["end"]) == "2026-07-02 00:00:00"  # the day given, to its end
    assert str(event["registered"]) == "2026-07-02 00:00:00"
    assert (event["x"], event["y"], event["place_precision"]) == (500100, 6500100, "point")
    assert (event["severity"], event["count"], event["row"]) == (2, 3, 2)


def test_what_a_source_says_of_its_groups_and_places(gather):
    rows = "1;K1;2026-07-01;500100;6500100;ok nd\n2;K2;2026-07-01;500100;6500100;Torget\n"
    got = gather(rows, source={"police_activity": ["Klotter"], "unknown_places": ["ok nd"]})
    assert got.events["police_activity"].tolist() == [False, True]
    assert got.events["x"].isna().tolist() == [True, False]
    assert got.events["place_precision"].tolist() == ["unknown", "point"]


def test_rows_of_other_municipalities_leave_one_total(gather):
    """Kept by a column, or by the boundary; what is elsewhere is not ours to mend."""
    head = "id;kod;datum;x;y;plats;kommun\n"
    rows = "1;K1;2026-07-01;500100;6500100;;0684\n2;okänd;i går;500100;6500100;;0685\n"
    keep = {"keep": {"kommun": ["0684"]}}
    got = gather({"deliveries/polis/a.csv": head + rows}, source=keep)
    assert totals(got) == (1, 0, 1, 0)
    rows = rows.replace("i går;500100", "i går;700100") + "3;K1;i går;500100;6500100;;\n"
    for outside, counts in (("drop", (1, 1, 1, 0)), ("quarantine", (1, 2, 0, 0))):
        got = gather(
            {"deliveries/polis/a.csv": head + rows},
            source={"outside": outside},
            **INSIDE,
            **BOUNDARY,
        )
        assert totals(got) == counts


def test_a_round_of_questions_has_one_date(gather):
    got = gather(
        {"deliveries/polis/a.csv": "kod;x;y\nK1;500100;6500100\n"},
        source={"time_precision": "unknown"},
        columns={"id": None, "start": None, "place": None},
        more="[sources.polis.constants]\nstart = 2018-01-01\n",
    )
    assert got.events["start"].tolist() == [pd.Timestamp("2018-01-01")]
    assert got.events["time_precision"].tolist() == ["unknown"]


def test_an_end_may_equal_its_start(gather_wide):
    for end in ("2026-07-01 12:00", "2026-07-01", "2026-07", ""):
        got = gather_wide(WIDE + FINE.replace(";2026-07-01;", f";{end};"))
        assert totals(got) == (1, 0, 0, 0)


def test_events_come_in_order_of_start_then_id(gather):
    got = gather("3;K1;2026-07-02;;;\n2;K1;2026-07-01;;;\n1;K1;2026-07-02;;;\n")
    assert got.events["event_id"].tolist() == ["polis:2", "polis:1", "polis:3"]


def test_ids_of_one_moment_are_in_order_as_texts_wherever_they_stand(gather):
    ids = ["9", "10", "b", "1", "a", "2"]
    days = [3, 3, 1, 3, 1, 2]
    got = gather("".join(f"{i};K1;2026-07-0{day};;;\n" for i, day in zip(ids, days, strict=True)))
    expected = [f"polis:{i}" for i in ("a", "b", "2", "1", "10", "9")]
    assert got.events["event_id"].tolist() == expected
    assert got.events["row"].tolist() == [6, 4, 7, 5, 3, 2]


def test_moments_with_an_offset_become_the_municipalitys_wall_time(gather):
    got = gather("1;K1;2026-07-01T22:30:00Z;;;\n", top={"time_zone": "Europe/Helsinki"})
    assert str(got.events["start"].iloc[0]) == "2026-07-02 01:30:00"


def test_whole_numbers_in_a_parquet_file_are_codes_without_decimals(gather):
    columns = {"id": [1.0, None], "kod": [801.0, 9.5], "datum": ["2026-07-01"] * 2}
    frame = pd.DataFrame(columns | {"x": [5e5] * 2, "y": [6.5e6] * 2, "plats": ["", ""]})
    for codes, accepted in (({"801": "Klotter"}, 0), ({"801.0": "Klotter", "9.5": "Skada"}, 2)):
        source = {"files": "deliveries/polis/*.parquet", "format": "parquet", "codes": codes}
        got = gather({"deliveries/polis/a.parquet": frame.to_parquet()}, source=source)
        assert totals(got)[0] == accepted  # 9.5 keeps the column from being whole numbers
        frame_ = frame.assign(kod=[801.0, None])
        got = gather({"deliveries/polis/a.parquet": frame_.to_parquet()}, source=source)
        assert totals(got)[0] == (accepted == 0)


# --- small and ugly deliveries


@pytest.mark.parametrize(
    ("rows", "fates"),
    [
        ("", (0, 0, 0, 0)),
        ("1;K1;2026-07-01;500100;6500100;Torget\n", (1, 0, 0, 0)),
        ("1;K8;2026-07-01;;;\n2;K1;;;;\n", (0, 2, 0, 0)),
        ("1;K9;2026-07-01;;;\n", (0, 0, 1, 0)),
        ("".join(f"{i};K1;2026-07-01;500100;6500100;Torget\n" for i in range(9)), (9, 0, 0, 0)),
    ],
)
def test_small_and_ugly_deliveries(gather, rows, fates):
    for more in ({}, {**INSIDE, **BOUNDARY}):
        got = gather(rows, source={"drop": ["K9"]}, **more)
        assert totals(got) == fates
        assert got.events["place"].nunique() <= 1
        for table, schema in ((got.events, tables.EVENTS), (got.quarantine, tables.QUARANTINE)):
            tables.check(table, schema, what="prov")


def test_an_empty_delivery_beside_a_full_one(gather):
    got = gather({FILE: HEAD, "deliveries/polis/b.csv": HEAD + "1;K1;2026-07-01;;;\n"})
    assert got.accounting["rows"].tolist() == [0, 1]


cells = st.sampled_from(
    [
        *("", "1", "2", "K1", "K2", "K8", "K9", "2026-07-01", "2026-07-01 21:30", "i juli", "0"),
        *("500100", "6500100", "600000", "18,1", "Torget", '"en\nrad"', "Anna Andersson;"),
    ]
)
deliveries_ = st.lists(
    st.lists(
        st.one_of(
            st.just("1;K1;2026-07-01;500100;6500100;Torget"),
            st.lists(cells, min_size=1, max_size=6).map(";".join),
        ),
        max_size=6,
    ),
    min_size=1,
    max_size=3,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(files=deliveries_)
def test_every_row_in_is_accounted_for(gather, tmp_path, files):
    names = {f"deliveries/polis/{i}.csv": HEAD + "\n".join(f) for i, f in enumerate(files)}
    for old in tmp_path.glob("lillby/deliveries/polis/*"):
        old.unlink()
    got = gather({**names, **INSIDE["files"]}, source={"drop": ["K9"]}, **BOUNDARY)
    totals(got)
    rows_in = sum(bool(row.replace(";", "")) for rows in files for row in rows)
    assert got.accounting["rows"].sum() == rows_in
    assert set(got.quarantine["reason"]) <= set(REASONS)
    assert got.events["event_id"].is_unique
    told = set(zip(got.quarantine["file"], got.quarantine["row"], strict=True))
    stands = set(zip(got.events["file"], got.events["row"], strict=True))
    assert len(told) == len(got.quarantine)
    assert not told & stands


# --- code lists

LIST = "reference/koder.csv"


def with_list(text):
    return {"files": {LIST: text}, "source": {"codes": LIST}}


def test_a_code_list_is_read_as_text(gather):
    got = gather("1;0101;2026-07-01;;;\n", **with_list("kod;grupp\n 0101 ; Klotter \n\nNA;Annat\n"))
    assert got.events["group"].tolist() == ["Klotter"]
    assert totals(gather("1;NA;2026-07-01;;;\n", **with_list("kod;grupp\nNA;Annat\n")))[0] == 1


def test_a_code_whose_group_is_left_blank_is_not_known(gather):
    for more in (with_list("kod;grupp\nK1;\n"), {"source": {"codes": {"K1": " "}}}):
        assert stopped(gather("1;K1;2026-07-01;;;\n", **more))[0][3:] == ("unknown_code", "K1")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("kod;namn\nK1;Klotter\n", "Kolumnen ”grupp” saknas"),
        ("kod;grupp\nK1;Klotter\nK1;Skada\n", "En kod står två gånger i kodlistan: K1"),
        ("", "Listan går inte att läsa"),
        ("kod;grupp\nK1;Ån\n".encode("cp1252"), "Listan går inte att läsa"),
    ],
)
def test_a_code_list_that_is_none_is_refused(gather, content, says):
    with pytest.raises(DeliveryError, match=says) as caught:
        gather("1;K1;2026-07-01;;;\n", **with_list(content))
    assert LIST in str(caught.value)


# --- the checks themselves can fail


def test_a_lost_row_is_seen(gather, monkeypatch):
    whole = accept._repeats
    twice = "1;K1;2026-07-01;;;\n" * 2
    assert totals(gather(twice)) == (1, 0, 0, 1)
    monkeypatch.setattr(accept, "_repeats", lambda rows: whole(rows) | True)
    assert totals(gather(twice)) == (0, 0, 0, 2)
    counted = accept._account

    def losing(*args):
        return counted(*args).assign(repeated=0)

    monkeypatch.setattr(accept, "_account", losing)
    with pytest.raises(DeliveryError, match="radräkning"):
        gather(twice)


def test_an_event_that_should_have_been_stopped_is_seen(gather, monkeypatch):
    monkeypatch.setattr(Fates, "quarantine", lambda *args, **named: None)
    with pytest.raises(DeliveryError, match="händelser") as caught:
        gather("1;K1;Anna Andersson;;;\n")
    assert re.search(r"kolumn start, regel not_nullable, rad 0", str(caught.value))
    assert "Anna" not in str(caught.value)


def test_ids_that_are_alike_as_numbers_but_not_as_texts_are_two(gather):
    got = gather("7;K1;2026-07-01;;;\n07;K1;2026-07-01;;;\n7;K2;2026-07-01;;;\n")
    assert got.events["event_id"].tolist() == ["polis:07", "polis:7", "polis:7#2"]


def test_several_crimes_in_one_case_are_several_events(gather):
    case = "7;K1;2026-07-01;;;\n7;K2;2026-07-01;;;\n"
    got = gather({FILE: HEAD + case})
    assert got.events["event_id"].tolist() == ["polis:7", "polis:7#2"]
    twice = gather({FILE: HEAD + "7;K1;2026-07-01;;;\n7;K1;2026-07-01;;;\n"})
    assert totals(twice) == (1, 0, 0, 1)
    again = gather({FILE: HEAD + case, "deliveries/polis/b.csv": HEAD + case})
    assert totals(again) == (2, 0, 0, 2)
