"""The register: what is read, what is refused with row and column, and what is due when."""

from datetime import date, datetime
from types import SimpleNamespace

import pandas as pd
import pytest
from conftest import write
from openpyxl import Workbook

from est_analysis import municipality as municipalities
from est_analysis.errors import DeliveryError
from est_analysis.measures.due import due, late_days, left
from est_analysis.measures.register import (
    DECISION_COLUMNS,
    MEASURE_COLUMNS,
    PROBLEM_COLUMNS,
    read,
)
from est_analysis.reports.findings import _has_register

PROBLEM = {
    "id": "P1",
    "beskrivning": "Klotter på skolan",
    "plats": "Skolan",
    "x": "500100,5",
    "y": "6500100",
    "radie_m": "150",
    "grupp": "Klotter",
    "vald_period": "2025Q4",
    "paverkbarhet": "3",
}
MEASURE = {
    "id": "A1",
    "problem": "P1",
    "atgard": "Ny belysning",
    "atgardstyp": "situationell",
    "sikt": "kort",
    "ansvarig_funktion": "Gatuchef",
    "startdatum": "2026-01-15",
    "klart_senast": "2026-03-31",
    "status": "Pågår",
    "uppfoljningsdatum": "2026-09-30",
}
DECISION = {
    "id": "B1",
    "motesdatum": "2026-01-08",
    "beslut": "Belysningen byts",
    "ansvarig_funktion": "Gatuchef",
    "klart_senast": "2026-03-31",
    "status": "Öppet",
}
PARTS = {
    "problems": (PROBLEM_COLUMNS, PROBLEM),
    "measures": (MEASURE_COLUMNS, MEASURE),
    "decisions": (DECISION_COLUMNS, DECISION),
}
NAMES = {part: f"register/{part}" for part in PARTS}


def as_csv(columns, rows):
    lines = [columns, *([row.get(column, "") for column in columns] for row in rows)]
    return "".join(";".join(line) + "\n" for line in lines)


@pytest.fixture
def register(make_folder):
    """Read a register of one good row in each part, changed as the test says."""

    def make(suffix=".csv", *, files=None, **parts):
        rows = {part: parts.get(part, [ordinary]) for part, (_, ordinary) in PARTS.items()}
        folder = make_folder(
            files={
                NAMES[part] + ".csv": as_csv(columns, rows[part])
                for part, (columns, _) in PARTS.items()
            },
            registers={part: name + suffix for part, name in NAMES.items()},
        )
        write(folder, files or {})
        return read(municipalities.load(folder))

    return make


def faults(found):
    return found.faults[["file", "row", "column", "reason"]].to_numpy().tolist()


def test_a_register_that_holds_has_no_faults(register):
    found = register()
    assert faults(found) == []
    problem, measure, decision = (
        t.iloc[0] for t in (found.problems, found.measures, found.decisions)
    )
    assert problem[["x", "y", "radie_m", "paverkbarhet"]].tolist() == [500100.5, 6500100, 150, 3]
    assert measure["startdatum"] == pd.Timestamp("2026-01-15")
    assert pd.isna(measure["slutdatum"])
    assert decision["klart_senast"] == pd.Timestamp("2026-03-31")


# one row for each fault: the part, what is written, the column, the reason
FAULTS = [
    ("problems", {"id": ""}, "id", "id saknas"),
    ("measures", {"id": ""}, "id", "id saknas"),
    ("decisions", {"id": ""}, "id", "id saknas"),
    ("problems", {"x": "öster"}, "x", "är inget tal"),
    ("problems", {"y": "6 500 100 m"}, "y", "är inget tal"),
    ("problems", {"radie_m": "stor"}, "radie_m", "är inget tal"),
    ("problems", {"paverkbarhet": "hög"}, "paverkbarhet", "är inget tal"),
    *(
        ("problems", {"paverkbarhet": wrong}, "paverkbarhet", "ska vara 1, 2 eller 3")
        for wrong in ("0", "4", "-1", "2,5", "30")
    ),
    ("problems", {"radie_m": "0"}, "radie_m", "ska vara över noll"),
    ("problems", {"radie_m": "-150"}, "radie_m", "ska vara över noll"),
    ("problems", {"y": ""}, "x", "både x och y behövs"),
    ("problems", {"x": ""}, "x", "både x och y behövs"),
    ("measures", {"slutdatum": "2026-01-14"}, "slutdatum", "slutar innan det börjar"),
    ("problems", {"vald_period": "hösten 2025"}, "vald_period", "perioden går inte att läsa"),
    ("problems", {"vald_period": "2025Q5"}, "vald_period", "perioden går inte att läsa"),
    *(
        ("measures", {column: "nästa vecka"}, column, "datumet går inte att läsa")
        for column in (
            *("startdatum", "klart_senast", "slutdatum"),
            *("forvantad_effekt_fran", "uppfoljningsdatum"),
        )
    ),
    ("measures", {"startdatum": "2026-02-30"}, "startdatum", "dagen finns inte i kalendern"),
    ("decisions", {"motesdatum": "i torsdags"}, "motesdatum", "datumet går inte att läsa"),
    ("decisions", {"klart_senast": "snart"}, "klart_senast", "datumet går inte att läsa"),
    (
        *("measures", {"atgardstyp": "belysning"}, "atgardstyp"),
        "ska vara något av: situationell, social, kontroll",
    ),
    ("measures", {"sikt": ""}, "sikt", "ska vara något av: kort, lång"),
    (
        *("measures", {"status": "pågår"}, "status"),
        "ska vara något av: Planerad, Pågår, Avslutad, Försenad, Avbruten",
    ),
    ("decisions", {"status": "Stängt"}, "status", "ska vara något av: Öppet, Klart"),
    ("measures", {"problem": "P9"}, "problem", "problemet finns inte i listan"),
    ("measures", {"problem": ""}, "problem", "problemet finns inte i listan"),
]


@pytest.mark.parametrize(("part", "written", "column", "reason"), FAULTS)
def test_every_fault_is_said_with_its_row_and_column(register, part, written, column, reason):
    good = PARTS[part][1]
    found = register(**{part: [good, {**good, "id": "X2", **written}]})
    ((file, row, at, said),) = faults(found)
    assert (file, row, at) == (NAMES[part] + ".csv", 3, column)
    assert said.startswith(reason)


def test_a_row_with_a_fault_is_not_used_and_the_others_are(register):
    rows = [{**PROBLEM, "id": "P0", "x": "?"}, PROBLEM, {**PROBLEM, "id": "P2", "y": "?"}]
    assert register(problems=rows).problems["id"].tolist() == ["P1"]


def test_an_id_used_twice_stands_for_its_first_row(register):
    found = register(measures=[MEASURE, {**MEASURE, "atgard": "Annat"}])
    (((*where, said),)) = faults(found)
    assert where == ["register/measures.csv", 3, "id"]
    assert said.startswith("id används två gånger")
    assert found.measures["atgard"].tolist() == ["Ny belysning"]


def test_a_measure_of_a_problem_with_a_fault_is_a_fault_of_its_own(register):
    found = register(problems=[{**PROBLEM, "x": "?"}])
    assert [line[:3] for line in faults(found)] == [
        ["register/problems.csv", 2, "x"],
        ["register/measures.csv", 2, "problem"],
    ]


def test_every_fault_of_a_row_is_listed(register):
    found = register(decisions=[{**DECISION, "id": "", "status": "", "motesdatum": "?"}])
    assert [(row, column) for _, row, column, _ in faults(found)] == [
        *((2, "id"), (2, "motesdatum"), (2, "status"))
    ]


def test_blank_lines_do_not_shift_the_row_that_is_named(register):
    text = as_csv(DECISION_COLUMNS, [DECISION, {**DECISION, "id": "B2", "status": "?"}])
    head, first, second = text.splitlines()
    blank = "\n".join([head, "", first, ";" * 5, "", second, ""])
    found = register(files={"register/decisions.csv": blank})
    assert [(row, column) for _, row, column, _ in faults(found)] == [(6, "status")]
    assert found.decisions["id"].tolist() == ["B1"]


@pytest.mark.parametrize("period", ["", "2025", "2025Q4", "2025-11", "2025-10-01--2025-11-15"])
def test_the_period_that_chose_the_place_is_any_period_or_none(register, period):
    assert faults(register(problems=[{**PROBLEM, "vald_period": period}])) == []


# files


def as_excel(path, columns, rows):
    book = Workbook()
    book.active.append(list(columns))
    for row in rows:
        book.active.append([row.get(column) for column in columns])
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


def test_excel_and_csv_are_read_alike(make_folder, register):
    broken = {"id": "A2", "status": "?", "startdatum": "2026-05-04", "atgard": "NA"}
    from_csv = register(
        problems=[PROBLEM, {}, {**PROBLEM, "id": "NA", "x": "", "y": ""}],
        measures=[MEASURE, {**MEASURE, **broken}],
    )
    folder = make_folder(registers={part: name + ".xlsx" for part, name in NAMES.items()})
    number = {"x": 500100.5, "y": 6500100, "radie_m": 150, "paverkbarhet": 3}
    as_excel(
        folder / "register/problems.xlsx",
        PROBLEM_COLUMNS,
        [{**PROBLEM, **number}, {}, {**PROBLEM, **number, "id": "NA", "x": None, "y": None}],
    )
    start = {"startdatum": datetime(2026, 1, 15), "klart_senast": date(2026, 3, 31)}
    second = {**MEASURE, **start, **broken, "startdatum": datetime(2026, 5, 4)}
    as_excel(folder / "register/measures.xlsx", MEASURE_COLUMNS, [{**MEASURE, **start}, second])
    as_excel(folder / "register/decisions.xlsx", DECISION_COLUMNS, [DECISION])
    from_excel = read(municipalities.load(folder))
    for part in PARTS:
        pd.testing.assert_frame_equal(getattr(from_csv, part), getattr(from_excel, part))
    assert len(from_csv.problems) == 2
    pd.testing.assert_frame_equal(
        from_csv.faults,
        from_excel.faults.assign(file=from_excel.faults["file"].str.replace("xlsx", "csv")),
    )
    assert [line[1:3] for line in faults(from_csv)] == [[3, "status"]]


def test_no_register_at_all_is_an_empty_one(make_folder):
    found = read(municipalities.load(make_folder()))
    for part, (columns, _) in PARTS.items():
        assert list(getattr(found, part).columns)[: len(columns)] == list(columns)
        assert getattr(found, part).empty
    assert list(found.faults.columns) == ["file", "row", "column", "reason", "values"]
    assert due(found, date(2026, 9, 30)).empty


def test_a_header_alone_is_an_empty_list(register):
    found = register(problems=[], measures=[], decisions=[])
    assert (len(found.problems), len(found.measures), len(found.decisions)) == (0, 0, 0)
    assert faults(found) == []
    assert due(found, date(2026, 9, 30)).empty


BAD_FILES = [
    ("problems", b"", "läsa"),
    ("problems", b"id;beskrivning\nP1;Klotter\n", "saknas"),
    ("problems", "id;plats\nP1;Ån\n".encode("cp1252"), "läsa"),
    ("measures", ";".join(MEASURE_COLUMNS).encode() + b"\nA1" + b";" * 40 + b"\n", "fält"),
    (
        *("decisions", ";".join(DECISION_COLUMNS).encode() + b"\nB1;2026-01-08;x;y;;Klart;\n"),
        "fler fält",
    ),
    ("decisions", ";".join(DECISION_COLUMNS).encode() + b"\nB1;;;;;Klart\nB2;;;;;;;;;\n", "läsa"),
]


@pytest.mark.parametrize(("part", "content", "said"), BAD_FILES)
def test_a_file_that_is_no_register_is_refused_with_its_name(register, part, content, said):
    with pytest.raises(DeliveryError, match=said) as refused:
        register(files={f"register/{part}.csv": content})
    assert f"register/{part}.csv" in refused.value.where
    assert refused.value.mend


@pytest.mark.parametrize("content", [b"", b"inget kalkylark", b"PK\x03\x04 trasig"])
def test_a_broken_workbook_is_refused_with_its_name(register, content):
    with pytest.raises(DeliveryError, match="läsa") as refused:
        register(".xlsx", files={name + ".xlsx": content for name in NAMES.values()})
    assert refused.value.where == "register/problems.xlsx"


@pytest.mark.parametrize("part", PARTS)
def test_every_column_must_be_there(register, part):
    columns, row = PARTS[part]
    for gone in columns:
        text = as_csv([column for column in columns if column != gone], [row])
        with pytest.raises(DeliveryError, match=f"”{gone}” saknas"):
            register(files={f"register/{part}.csv": text})


# what is due


def due_on(found, day):
    return due(found, day)[["what", "id", "why"]].to_numpy().tolist()


def test_what_is_due_by_date(register):
    found = register()  # measure and decision by 31 March, follow-up on 30 September
    late_measure, late_decision = ["measure", "A1", "overdue"], ["decision", "B1", "overdue"]
    follow_up = ["measure", "A1", "follow_up"]
    assert due_on(found, date(2026, 3, 31)) == [["decision", "B1", "open"]]
    assert due_on(found, date(2026, 4, 1)) == [late_measure, late_decision]
    assert due_on(found, date(2026, 8, 29)) == [late_measure, late_decision]
    assert due_on(found, date(2026, 8, 30)) == [late_measure, late_decision, follow_up]  # 31 days
    assert due_on(found, date(2026, 12, 1)) == [late_measure, late_decision, follow_up]


def test_a_follow_up_that_has_passed_is_not_listed_for_ever(register):
    found = register()  # follow-up on 30 September
    follow_up = ["measure", "A1", "follow_up"]
    assert follow_up in due_on(found, date(2026, 12, 31))  # 92 days
    assert follow_up not in due_on(found, date(2027, 1, 1))


def with_more(make, **columns):
    """Return a register whose measure has `columns` beside the ordinary ones."""
    head = (*MEASURE_COLUMNS, *columns)
    text = as_csv(head, [{**MEASURE, **columns}, {**MEASURE, "id": "A2", "effekt": ""}])
    return make(files={"register/measures.csv": text})


def test_a_follow_up_that_is_written_down_leaves_the_list(register):
    found = with_more(register, effekt="Nio anmälda mot tolv året före")
    listed = due_on(found, date(2026, 10, 1))
    assert ["measure", "A1", "follow_up"] not in listed
    assert ["measure", "A2", "follow_up"] in listed


def test_that_something_was_done_is_no_follow_up_of_what_it_changed(register):
    found = with_more(register, genomford="ja", produktion="14 armaturer")
    assert ["measure", "A1", "follow_up"] in due_on(found, date(2026, 10, 1))


def test_where_follow_ups_are_written_down_a_forgotten_one_stays(register):
    day = date(2027, 6, 1)  # eight months after its day
    written = with_more(register, effekt="Nio anmälda mot tolv året före")
    assert ["measure", "A2", "not_followed"] in due_on(written, day)
    never = with_more(register, genomford="ja")
    assert "not_followed" not in {why for *_, why in due_on(never, day)}


def test_a_problem_leaves_the_list_with_a_reason_and_a_day(register):
    columns = (*PROBLEM_COLUMNS, "status", "avslutsskal", "avslutsdatum")
    gone = {**PROBLEM, "id": "P2", "status": "Avslutat", "avslutsskal": "Målet är nått"}
    rows = [PROBLEM, {**gone, "avslutsdatum": "2026-02-01"}, {**gone, "id": "P3"}]
    found = register(files={"register/problems.csv": as_csv(columns, rows)})
    assert "no_measure" not in {why for *_, why in due_on(found, date(2026, 1, 9))}
    listed = left(found)
    assert listed["id"].tolist() == ["P2", "P3"]
    assert listed["reason"].tolist() == ["Målet är nått"] * 2
    assert listed["day"].notna().tolist() == [True, False]
    assert left(register()).empty


def test_done_in_time_or_so_many_days_late(register):
    done = {**MEASURE, "status": "Avslutad"}
    rows = [
        {**done, "slutdatum": "2026-03-31"},
        {**done, "id": "A2", "slutdatum": "2026-04-10"},
        {**MEASURE, "id": "A3"},
    ]
    assert late_days(register(measures=rows).measures).fillna(-1).tolist() == [0, 10, -1]


def test_what_hangs_loose_is_listed(register):
    loose = {**PROBLEM, "id": "P2", "beskrivning": "Mörk gångväg"}
    found = register(problems=[PROBLEM, loose], measures=[{**MEASURE, "uppfoljningsdatum": ""}])
    assert due_on(found, date(2026, 1, 9)) == [
        ["decision", "B1", "open"],
        ["measure", "A1", "no_follow_up"],
        ["problem", "P2", "no_measure"],
    ]
    assert due(found, date(2026, 1, 9))["text"].tolist()[-1] == "Mörk gångväg"
    done = register(measures=[{**MEASURE, "uppfoljningsdatum": "", "status": "Avslutad"}])
    assert due_on(done, date(2026, 1, 9)) == [["decision", "B1", "open"]]


def test_what_is_closed_is_not_overdue_but_still_followed_up(register):
    for status in ("Avslutad", "Avbruten"):
        found = register(
            measures=[{**MEASURE, "status": status}], decisions=[{**DECISION, "status": "Klart"}]
        )
        assert due_on(found, date(2026, 9, 1)) == [["measure", "A1", "follow_up"]]
    for status in ("Planerad", "Pågår", "Försenad"):
        found = register(measures=[{**MEASURE, "status": status, "uppfoljningsdatum": ""}])
        assert ["measure", "A1", "overdue"] in due_on(found, date(2026, 9, 1))


def test_what_has_no_date_is_open_and_stands_last(register):
    undated = {**DECISION, "id": "B0", "klart_senast": ""}
    found = register(problems=[], measures=[], decisions=[undated, DECISION])
    listed = due(found, date(2026, 4, 1))
    assert listed["id"].tolist() == ["B1", "B0"]
    assert listed["why"].tolist() == ["overdue", "open"]
    assert listed.iloc[0][["text", "responsible"]].tolist() == ["Belysningen byts", "Gatuchef"]
    assert listed.iloc[0]["due"] == pd.Timestamp("2026-03-31")


CALENDAR = "id;namn;slag;datum_fran;datum_till\n"


def test_the_calendar_is_read_and_its_wrong_rows_are_told(make_folder):
    rows = [
        "1;Höstlov;Lov;2026-10-26;2026-11-01",
        "2;Marknad;Evenemang;2026-09-12;",
        "3;Baklänges;Lov;2026-12-24;2026-12-20",
        "4;Utan dag;Lov;;",
        "5;Oläslig;Lov;snart;",
        "5;Igen;Lov;2026-01-01;",
    ]
    folder = make_folder(
        files={"register/kalender.csv": CALENDAR + "\n".join(rows) + "\n"},
        registers={"calendar": "register/kalender.csv"},
    )
    kept = read(municipalities.load(folder))
    assert kept.calendar["namn"].tolist() == ["Höstlov", "Marknad"]
    assert kept.calendar["datum_till"].astype(str).tolist() == ["2026-11-01", "2026-09-12"]
    told = kept.faults[["row", "column"]].drop_duplicates().to_numpy().tolist()
    assert told == [[4, "datum_till"], [5, "datum_fran"], [6, "datum_fran"], [7, "id"]]
    assert (kept.faults["file"] == "register/kalender.csv").all()


def test_a_calendar_alone_is_no_register_of_measures(make_folder):
    folder = make_folder(
        files={"register/kalender.csv": CALENDAR}, registers={"calendar": "register/kalender.csv"}
    )
    settings = municipalities.load(folder)
    kept = read(settings)
    assert kept.calendar.empty
    assert kept.faults.empty
    assert not _has_register(SimpleNamespace(municipality=settings))
    lists = settings.registers.model_copy(update={"problems": "register/problem.csv"})
    more = settings.model_copy(update={"registers": lists})
    assert _has_register(SimpleNamespace(municipality=more))
