"""Surveys: every row is shown or listed, and intervals are told or computed."""

import pytest
from frames_of_places import FULL, NOTHING
from statsmodels.stats.proportion import proportion_confint

from est_analysis import municipality
from est_analysis.counts import wilson_interval
from est_analysis.gather.surveys import read

HEAD = "omrade;fraga;ar;andel;varde;lagst;hogst;n;kalla\n"
GOOD = "Centrum;Otrygg ute sent;2025;23,5 %;;20;27;;NTU Lokal\n"


@pytest.fixture
def surveys(make_folder):
    def surveys(text, geography=FULL, file="reference/trygghet.csv"):
        folder = make_folder({file: text}, reference={"surveys": "reference/trygghet.csv"})
        return read(municipality.load(folder), geography)

    return surveys


def test_a_row_is_read_as_told(surveys):
    found = surveys(
        HEAD + GOOD + " NORR ;Trygghet, index;2024;;7,1;;;;Egen\nLillby;A;2025;5;;;;100;\n"
    )
    assert found.faults.empty
    first, second, whole = found.table.to_dict("records")
    assert (first["area"], first["share"], first["value"]) == ("Centrum", True, 0.235)
    assert (first["low"], first["high"], first["computed"]) == (0.20, 0.27, False)
    assert (second["area"], second["share"], second["value"]) == ("Norr", False, 7.1)
    assert second["low"] != second["low"]
    assert whole["computed"] and whole["area"] == "Lillby"
    assert whole["low"] == pytest.approx(wilson_interval(5, 100).low)


@pytest.mark.parametrize(("share", "n"), [(0, 30), (0.1, 100), (0.5, 47), (1, 200)])
def test_wilson_is_that_of_others(share, n):
    found = wilson_interval(share * n, n)
    low, high = proportion_confint(share * n, n, method="wilson")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (";A;2025;5;;;;;", "omrade"),
        ("Cntrum;A;2025;5;;;;;", "omrade"),
        ("Anna Svensson;A;2025;5;;;;;", "omrade"),
        ("Centrum;;2025;5;;;;;", "fraga"),
        ("Centrum;A;25;5;;;;;", "ar"),
        ("Centrum;A;2025;;;;;;", "andel"),
        ("Centrum;A;2025;5;5;;;;", "andel"),
        ("Centrum;A;2025;105;;;;;", "andel"),
        ("Centrum;A;2025;fem;;;;;", "andel"),
        ("Centrum;A;2025;5;;4;;;", "lagst"),
        ("Centrum;A;2025;5;;6;7;;", "lagst"),
        ("Centrum;A;2025;5;;;;29;", "n"),
        ("Centrum;Otrygg ute sent;2025;24;;;;;NTU Lokal", "fraga"),
    ],
)
def test_a_row_that_cannot_be_used_is_listed_and_stops_nothing(surveys, line, column):
    found = surveys(HEAD + GOOD + line + "\n")
    assert len(found.table) == 1
    (fault,) = found.faults.to_dict("records")
    assert (fault["row"], fault["column"]) == (3, column)
    assert "Svensson" not in fault["reason"]


def test_parts_of_one_are_not_taken_for_per_cent(surveys):
    found = surveys(HEAD + "Centrum;A;2025;0,23;;;;;\nNorr;A;2025;0,31;;;;;\n")
    assert found.table.empty and "i procent" in found.faults["reason"][0]
    assert surveys(HEAD + "Centrum;A;2025;0,9;;;;;\nNorr;A;2025;3;;;;;\n").faults.empty


def test_a_file_that_cannot_be_read_is_listed(surveys):
    found = surveys("helt;annat\n1;2\n")
    assert found.table.empty and found.faults["row"].tolist() == [0]
    missing = surveys(HEAD, file="reference/annan.csv")
    assert len(missing.faults) == 1


def test_without_areas_any_name_will_do_and_without_a_list_there_is_nothing(surveys, make_folder):
    assert surveys(HEAD + "Kvarteret;A;2025;5;;;;;\n", NOTHING).table["area"].tolist() == [
        "Kvarteret"
    ]
    assert read(municipality.load(make_folder()), FULL).table.empty
