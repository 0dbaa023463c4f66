"""The command: help that teaches, sentences instead of tracebacks, exit codes with a meaning."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, time
from importlib.metadata import version

import openpyxl
import pytest
from commanding import est
from conftest import DELIVERY

from est_analysis import municipality
from est_analysis.gather.accept import gather
from est_analysis.gather.form import CATEGORIES, FIELDS, KINDS, REPORTERS
from est_analysis.measures import register
from est_analysis.scaffold import make

REPORT_COLUMNS = [field.name for field in FIELDS]


@pytest.fixture
def fresh(tmp_path):
    folder = tmp_path / "sjöbyn"
    make(folder, 'Sjö "byn"')
    return folder


def test_the_version_is_said():
    shown = est("--version")
    assert (shown.returncode, shown.stdout) == (0, f"est {version('est-analysis')}\n")


def test_help_teaches():
    shown = est("--help")
    assert shown.returncode == 0
    for command in ("new", "check", "report", "lab", "est report exempelsjo"):
        assert command in shown.stdout
    help_of_report = "".join(est("report", "--help").stdout.split())
    assert "2026-09-17--2026-09-30" in help_of_report


@pytest.mark.parametrize("arguments", [("--help",), ("report", "ingenstans"), ("check", "--al")])
def test_a_process_of_its_own_says_the_same_and_gives_the_same_code(arguments):
    """The other tests call the command within their own process; this is the real one."""
    command = [sys.executable, "-m", "est_analysis.cli", *arguments]
    apart = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    here = est(*arguments)

    def said(shown):
        lines = (shown.stdout + shown.stderr).splitlines()
        return [line for line in lines if "Usage" not in line and "Try" not in line]

    assert apart.returncode == here.returncode == (0 if arguments == ("--help",) else 2)
    assert said(apart) == said(here) != []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("report", "ingenstans"), "ingenstans"),
        (("report", "lillby", "--period", "2031Q1"), "2031Q1"),
        (("report", "lillby", "--period", "i fjol"), "i fjol"),
        (("report", "exempelsjo", "--edition", "published", "--period", "2026-08"), "kvartal"),
        (("report", "lillby", "--perod", "2026Q3"), "--perod"),
        (("report", "lillby", "--due", "--period", "2026Q3"), "--due väljer själv"),
        (("fleet", ".", "--due", "--period", "2026Q3"), "--due väljer själv"),
        (("fleet", "."), "Ingen kommunmapp"),
        (("schedule", "ingenstans"), "ingenstans"),
        (("check", "ingenstans"), "ingenstans"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_2(arguments, says, make_folder, tmp_path):
    folder, here = make_folder(), tmp_path / "here"
    here.mkdir()
    shown = est(*(str(folder) if one == "lillby" else one for one in arguments), cwd=here)
    assert shown.returncode == 2
    assert says in shown.stderr
    assert "Traceback" not in shown.stderr
    assert list(here.iterdir()) == []
    assert not (folder / "store").exists()


def test_check_says_what_waits_and_what_to_do():
    shown = est("check", "exempelsjo")
    assert shown.returncode == 0
    assert "Väntar på rättning: 47 rader, 0 filer, 6 nästan-träffar" in shown.stdout
    assert "okänd kod. Rätta koden" in shown.stdout
    assert "och 2 till" in shown.stdout
    assert "Polisen (polis)  " in shown.stdout
    assert len(shown.stdout.splitlines()) < 57


def test_check_all_names_every_row():
    shown = est("check", "exempelsjo", "--all").stdout
    gathered = gather(municipality.load("exempelsjo"))
    for row in gathered.quarantine.itertuples():
        assert f"{row.column}: {row.file} rad {row.row}" in shown
    assert " till\n" not in shown


def test_check_tells_an_unread_file_by_its_exit_code(make_folder):
    files = {"deliveries/polis/a.csv": DELIVERY, "deliveries/polis/b.csv": "fel\n1\n"}
    shown = est("check", str(make_folder(files)))
    assert shown.returncode == 2
    assert "En fil gick inte att läsa:\n  Kolumnen ”" in shown.stdout
    assert "deliveries/polis/b.csv" in shown.stdout
    assert "Gör så här:" in shown.stdout
    whole = est("check", str(make_folder({"deliveries/polis/a.csv": DELIVERY}, name="hel")))
    assert whole.returncode == 0
    assert "Allt går att använda." in whole.stdout


def test_markup_in_a_delivery_is_shown_as_it_stands(make_folder):
    folder = make_folder({"deliveries/polis/[red]a.csv": DELIVERY.replace("K2", "K3")})
    assert "[red]a.csv rad 3 (K3)" in est("check", str(folder)).stdout


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


def lists_of(book):
    """Return the choices of each column of a filled-in sheet, by its heading."""
    page, found = book["Rapport"], {}
    for rule in page.data_validations.dataValidation:
        if rule.type == "list":
            column = page[f"{str(rule.sqref).split(':')[0].rstrip('0123456789')}1"].value
            place = rule.formula1.removeprefix("Listor!").replace("$", "")
            found[column] = [cell.value for row in book["Listor"][place] for cell in row]
    return found


def test_the_reporting_sheet_offers_what_the_settings_read(fresh):
    source = municipality.load(fresh).sources["est"]
    assert sorted(source.columns.named()) == sorted(REPORT_COLUMNS)
    assert set(source.kinds) == set(KINDS)
    assert set(source.codes) == set(CATEGORIES)
    assert source.partners == REPORTERS
    book = openpyxl.load_workbook(fresh / "deliveries/est/est_rapport.xlsx")
    assert [cell.value for cell in book["Rapport"][1]] == REPORT_COLUMNS
    assert lists_of(book) == {f.name: list(f.choices) for f in FIELDS if f.choices}
    told = {row[0].value: row[1].value for row in book["Så fyller du i"].iter_rows()}
    assert {f.name: f.help for f in FIELDS}.items() <= told.items()
    assert not any("kommentar" in name for name in REPORT_COLUMNS)


def test_dates_and_clocks_are_asked_for_as_such(fresh):
    page = openpyxl.load_workbook(fresh / "deliveries/est/est_rapport.xlsx")["Rapport"]
    rules = {str(r.sqref).split(":")[0]: r.type for r in page.data_validations.dataValidation}
    for field, cell in zip(FIELDS, page[2], strict=True):
        if field.looks in {"date", "clock"}:
            assert rules[cell.coordinate] == {"date": "date", "clock": "time"}[field.looks]
            assert cell.number_format == {"date": "yyyy\\-mm\\-dd", "clock": "hh:mm"}[field.looks]


def fill(file, rows):
    """Write rows of {heading: value} into the reporting sheet, as a person would."""
    book = openpyxl.load_workbook(file)
    for at, row in enumerate(rows, 2):
        for number, name in enumerate(REPORT_COLUMNS, 1):
            book["Rapport"].cell(at, number, row.get(name))
    book.save(file)


def every_choice():
    """Return rows with every choice of every list, dates and clocks as Excel has them."""
    longest = max(len(field.choices) for field in FIELDS)
    ordinary = {
        "datum_fran": date(2026, 9, 1),
        "tid_fran": time(21, 15),
        "datum_till": date(2026, 9, 2),
        "tid_till": time(6, 0),
        "rapporterad_datum": date(2026, 9, 3),
        "antal": 2,
    }
    rows = []
    for at in range(longest):
        chosen = {f.name: f.choices[at % len(f.choices)] for f in FIELDS if f.choices}
        rows.append({"id": at + 1, **ordinary, **chosen})
    return rows


def test_a_filled_sheet_is_accepted_row_for_row(fresh):
    rows = every_choice()
    fill(fresh / "deliveries/est/est_rapport.xlsx", rows)
    gathered = gather(municipality.load(fresh))
    assert len(gathered.quarantine) == 0
    events = gathered.events.sort_values("row")
    assert events["partner"].tolist() == [row["kalla"] for row in rows]
    assert events["kind"].tolist() == [KINDS[row["typ"]] for row in rows]
    assert set(events["time_precision"]) == {"minute"}
    assert set(events["count"]) == {2}
    fill(fresh / "deliveries/est/est_rapport.xlsx", [rows[0] | {"kategori": "Något annat"}])
    assert gather(municipality.load(fresh)).quarantine["reason"].tolist() == ["unknown_code"]


def test_a_reporter_who_is_not_listed_counts_as_the_partner(fresh):
    row = every_choice()[0]
    fill(
        fresh / "deliveries/est/est_rapport.xlsx",
        [row | {"kalla": "Anna Andersson"}, row | {"id": 2, "kalla": None}],
    )
    assert set(gather(municipality.load(fresh)).events["partner"]) == {"EST-gruppens rapportörer"}


def test_a_filled_register_is_read(fresh):
    book = openpyxl.load_workbook(fresh / "register/problem.xlsx")
    values = dict.fromkeys(register.PROBLEM_COLUMNS, "") | {"id": "P1", "beskrivning": "Klotter"}
    book["Problem"].append(list(values.values()))
    book.save(fresh / "register/problem.xlsx")
    assert register.read(municipality.load(fresh)).problems["id"].tolist() == ["P1"]


def test_progress_is_told_to_a_screen_only():
    """A run by a clock says nothing when all goes well: cron would send it as a letter."""
    code = "from est_analysis import cli\n{}with cli._progress() as show: show('läser', 1, 2)"
    shown = []
    for screen in ("", "cli._err._force_terminal = True\n"):
        command = [sys.executable, "-c", code.format(screen)]
        shown.append(subprocess.run(command, capture_output=True, check=True).stderr)
    assert shown[0] == b""
    assert shown[1] != b""
