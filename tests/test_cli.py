"""The command: help that teaches, sentences instead of tracebacks, exit codes with a meaning."""

from __future__ import annotations

import subprocess
import sys

import openpyxl
import pytest

from est_analysis import municipality
from est_analysis.gather.accept import gather
from est_analysis.measures import register
from est_analysis.scaffold import CATEGORIES, KINDS, REPORT_COLUMNS, make


def est(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "est_analysis.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        env=None,
        **options,
    )


@pytest.fixture
def fresh(tmp_path):
    folder = tmp_path / "sjöbyn"
    make(folder, 'Sjö "byn"')
    return folder


def test_help_teaches():
    shown = est("--help")
    assert shown.returncode == 0
    for command in ("new", "check", "report", "lab", "est report exempelsjo"):
        assert command in shown.stdout
    help_of_report = "".join(est("report", "--help").stdout.split())
    assert "2026-09-17--2026-09-30" in help_of_report


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("report", "ingenstans"), "ingenstans"),
        (("report", "exempelsjo", "--period", "2031Q1"), "2031Q1"),
        (("report", "exempelsjo", "--period", "i fjol"), "i fjol"),
        (("report", "exempelsjo", "--edition", "published"), "släppta tabeller"),
        (("report", "exempelsjo", "--perod", "2026Q3"), "--perod"),
        (("check", "ingenstans"), "ingenstans"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_2(arguments, says, tmp_path):
    shown = est(*arguments, cwd=tmp_path)
    assert shown.returncode == 2
    assert says in shown.stderr
    assert "Traceback" not in shown.stderr
    assert list(tmp_path.iterdir()) == []


def test_check_names_file_row_column_and_reason():
    shown = est("check", "exempelsjo")
    assert shown.returncode == 0
    assert "väntar på rättning" in shown.stdout
    assert "okänd kod" in shown.stdout
    gathered = gather(municipality.load("exempelsjo"))
    for row in gathered.quarantine.itertuples():
        assert f"{row.file} rad {row.row}, {row.column}" in shown.stdout


def test_lab_without_jupyterlab_says_what_to_do():
    shown = est("lab")
    assert shown.returncode == 2
    assert "make lab" in shown.stderr


def test_a_new_folder_is_accepted_as_it_stands(fresh):
    settings = municipality.load(fresh)
    assert settings.name == 'Sjö "byn"'
    gathered = gather(settings)
    assert gathered.accounting["rows"].sum() == 0
    assert est("check", str(fresh)).returncode == 0
    empty = est("report", str(fresh), "--out", str(fresh / "ut"))
    assert empty.returncode == 2
    assert "Ingen rad" in empty.stderr
    assert not (fresh / "ut").exists()


def test_a_folder_that_holds_something_is_left_alone(fresh):
    before = (fresh / "municipality.toml").read_bytes()
    shown = est("new", str(fresh))
    assert shown.returncode == 2
    assert "inte tom" in shown.stderr
    assert (fresh / "municipality.toml").read_bytes() == before


def test_the_reporting_sheet_offers_what_the_settings_read(fresh):
    source = municipality.load(fresh).sources["est"]
    assert set(source.columns.named()) <= set(REPORT_COLUMNS)
    assert set(source.kinds) == set(KINDS)
    assert set(source.codes) == set(CATEGORIES)
    book = openpyxl.load_workbook(fresh / "deliveries/est/est_rapport.xlsx")
    page = book["Rapport"]
    assert [cell.value for cell in page[1]] == list(REPORT_COLUMNS)
    lists = {}
    for rule in page.data_validations.dataValidation:
        column = page[f"{str(rule.sqref)[0]}1"].value
        place = rule.formula1.removeprefix("Listor!").replace("$", "")
        lists[column] = [cell.value for row in book["Listor"][place] for cell in row]
    assert lists["typ"] == list(KINDS)
    assert lists["kategori"] == list(CATEGORIES)
    assert lists["allvar"] == ["1", "2", "3"]


def test_a_filled_row_is_accepted_and_a_filled_register_read(fresh):
    file = fresh / "deliveries/est/est_rapport.xlsx"
    book = openpyxl.load_workbook(file)
    row = dict.fromkeys(REPORT_COLUMNS, "") | {
        "id": "1",
        "typ": "händelse",
        "kategori": "Klotter",
        "datum_fran": "2026-09-01",
        "tid_fran": "21:15",
    }
    book["Rapport"].append(list(row.values()))
    book.save(file)
    gathered = gather(municipality.load(fresh))
    assert gathered.events[["kind", "group"]].to_numpy().tolist() == [["event", "Klotter"]]
    book = openpyxl.load_workbook(fresh / "register/problem.xlsx")
    values = dict.fromkeys(register.PROBLEM_COLUMNS, "") | {"id": "P1", "beskrivning": "Klotter"}
    book["Problem"].append(list(values.values()))
    book.save(fresh / "register/problem.xlsx")
    assert register.read(municipality.load(fresh)).problems["id"].tolist() == ["P1"]
