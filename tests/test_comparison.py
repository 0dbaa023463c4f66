"""National figures: every documented quirk is read, everything else is listed, nothing guessed."""

from __future__ import annotations

import math
from datetime import date

import openpyxl
import pytest
from frames import settings

from est_analysis import municipality, periods
from est_analysis.counts import poisson_interval
from est_analysis.errors import SettingsError
from est_analysis.gather import comparison
from est_analysis.reports import tables
from est_analysis.reports.language import Language
from est_analysis.reports.results import Results

HEAD = "Region;Brott;År;Period;Antal;/100 000 inv\n"
YEARS = (
    HEAD
    + """Hela landet;Skadegörelse;År;2024;190\u00a0000;1 800;
Hela landet;Skadegörelse;År;2025 prel.;171 000;1 612,5;
Region Öst;Skadegörelse;År;2024;1 900;1 700;
Lillby;Skadegörelse;År;2023;40;400;
Lillby;Skadegörelse;År;2024;50;500;
Lillby;Skadegörelse;År;2025 prel.;30;300;
Lillby;Bedrägeri;År;2025;..;..;
Lillby;Cykelstöld;År;2024;0;0;
Lillby;Cykelstöld;År;2025;3;30;
"""
)


@pytest.fixture
def read(make_folder):
    def read(text, name="reference/bra.csv", encoding="iso-8859-1"):
        content = text if isinstance(text, bytes) else text.encode(encoding)
        folder = make_folder({name: content}, reference={"comparison": [name]})
        return comparison.read(municipality.load(folder))

    return read


def figures(got):
    columns = ["region", "crime", "year", "period", "count", "per_100k", "preliminary"]
    return got.table[columns].to_numpy().tolist()


def reasons(got):
    return list(zip(got.faults["row"], got.faults["column"], got.faults["reason"], strict=True))


def test_the_statistics_file_is_read_with_its_quirks(read):
    got = read(YEARS)
    assert reasons(got) == []
    assert list(got.table.columns) == list(comparison.COLUMNS)
    assert set(got.table["source"]) == {"reference/bra.csv"}
    first, second = figures(got)[:2]
    assert first == ["Hela landet", "Skadegörelse", 2024, "år", 190_000, 1800, False]
    assert second == ["Hela landet", "Skadegörelse", 2025, "år", 171_000, 1612.5, True]
    (fraud,) = (line for line in figures(got) if line[1] == "Bedrägeri")
    assert math.isnan(fraud[4])
    assert math.isnan(fraud[5])


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8", "utf-8-sig"])
def test_the_encoding_does_not_change_what_is_read(read, encoding):
    assert "Skadegörelse" in set(read(YEARS, encoding=encoding).table["crime"])


def test_months_are_kept_apart_from_years(read):
    got = read(HEAD + "Hela landet;Klotter;2026 prel.;Aug;498;5;\nHela landet;Klotter;2025;;9;1;\n")
    assert [line[2:4] + line[6:] for line in figures(got)] == [
        [2026, "Aug", True],
        [2025, "år", False],
    ]


def test_a_title_above_and_columns_in_another_order_are_read(read):
    head = "Anmälda brott\n\nBrott;Region;Period;År;/100\u00a0000 inv.;Antal\n"
    assert figures(read(head + "Klotter;Lillby;2025;År;7;8\n")) == [
        ["Lillby", "Klotter", 2025, "år", 8, 7, False]
    ]


BAD = {
    "Lillby;;År;2025;1;1": ("Brott", "saknas"),
    ";Klotter;År;2025;1;1": ("Region", "saknas"),
    "Lillby;Klotter;i fjol;2025;1;1": ("År", "är inget årtal"),
    "Lillby;Klotter;År;i fjol;1;1": ("År", "är inget årtal"),
    "Lillby;Klotter;2025;;;1": ("Antal", "saknas"),
    "Lillby;Klotter;2025;;1": ("/100 000 inv", "saknas"),
    "Lillby;Klotter;2025;;-1;1": ("Antal", "går inte att läsa som ett tal"),
    "Lillby;Klotter;2025;;1.200;1": ("Antal", "går inte att läsa som ett tal"),
    "Lillby;Klotter;2025;;1 20;1": ("Antal", "går inte att läsa som ett tal"),
    "Lillby;Klotter;2025;;1,5;1": ("Antal", "är inget heltal"),
    "Lillby;Klotter;2025;;–;1": ("Antal", "går inte att läsa som ett tal"),
    "Källa: Brå": ("Brott", "saknas"),
}


@pytest.mark.parametrize("line", BAD)
def test_a_bad_row_is_listed_and_the_others_stand(read, line):
    got = read(
        f"{HEAD}Lillby;Cykelstöld;2024;;1;1\n{line}\nLillby;Cykelstöld;2025;;1;1\n",
        encoding="utf-8",
    )
    assert reasons(got) == [(3, *BAD[line])]
    assert len(got.table) == 2


def test_a_file_without_its_headings_is_listed(read):
    got = read(YEARS.replace("Brott", "Vad"))
    assert got.table.empty
    assert "rubrikerna" in got.faults["reason"].item()
    assert read("").faults["row"].tolist() == [0]


def test_a_name_that_stands_several_times_is_never_chosen_between(read):
    twice = "Lillby;Internationell;2025;;4;40\nLillby;Internationell;2025;;{};50\n"
    differing = read(HEAD + twice.format(5))
    assert differing.table.empty
    assert [row for row, *_ in reasons(differing)] == [2, 3]
    alike = read(HEAD + "Lillby;A;2025;;4;40\nLillby;A;2025;;4;40\n")
    assert (len(alike.table), reasons(alike)) == (1, [])
    heading = read(HEAD + "Lillby;A;2025;;..;..\nLillby;A;2025;;4;40\nLillby;A;2025;;..;..\n")
    assert (figures(heading)[0][4], reasons(heading)) == (4, [])


def workbook(tmp_path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    file = tmp_path / "indikatorer.xlsx"
    book.save(file)
    return file.read_bytes()


IN_ONE_CELL = [
    ["Anmälda skadegörelsebrott 2024–2025"],
    ["", "Antal 2024", "Antal 2025", "Antal per 100 000 2024", "Antal per 100 000 2025 prel."],
    ["Lillby", 50, 30, 500.4, "300,5"],
    ["Länet", 1999, 2001, 1700, ".."],
    [],
    ["Källa: Brå"],
]
ABOVE = [
    ["", "Antal", None, "Antal per 100 000 invånare", None],
    ["Kommun/län", 2024, 2025, 2024, "2025 (prel.)"],
    *IN_ONE_CELL[2:4],
]


@pytest.mark.parametrize("rows", [IN_ONE_CELL, ABOVE])
def test_the_workbook_is_read_by_what_its_cells_say(read, tmp_path, rows):
    got = read(workbook(tmp_path, Skadegörelse=rows), "reference/ind.xlsx")
    assert reasons(got) == []
    lillby = ["Lillby", "Skadegörelse", 2024, "år", 50, 500.4, False]
    assert figures(got)[0] == lillby
    assert figures(got)[1][4:] == [30, 300.5, True]
    assert figures(got)[2][:6] == ["Länet", "Skadegörelse", 2024, "år", 1999, 1700]
    assert math.isnan(figures(got)[3][5])


def test_what_a_sheet_does_not_say_is_listed_not_guessed(read, tmp_path):
    unnamed = [["Region", 2024, 2025], ["Lillby", 3, 4]]
    odd = [["Region", "Antal 2024", "Antal 2025"], ["Lillby", "många", 4], [None, 3, 4]]
    book = workbook(tmp_path, Omslag=[["Indikatorer"]], Namnlös=unnamed, Udda=odd)
    got = read(book, "reference/ind.xlsx")
    assert [line[:5] for line in figures(got)] == [["Lillby", "Udda", 2025, "år", 4]]
    listed = [(row, column) for row, column, _ in reasons(got)]
    assert listed == [
        (0, "Omslag"),
        (2, "Namnlös"),
        (2, "Namnlös"),
        *[(n, "Udda") for n in (2, 3, 3)],
    ]


def test_a_workbook_that_is_none_is_listed(read):
    got = read(b"no workbook", "reference/ind.xlsx")
    assert "arbetsboken går inte att läsa" in got.faults["reason"].item()


def test_a_file_that_is_not_there_is_told_by_the_settings(make_folder):
    folder = make_folder(reference={"comparison": ["reference/borta.csv"]})
    with pytest.raises(SettingsError, match="reference/borta"):
        municipality.load(folder)
    folder = make_folder(reference={"comparison": ["../borta.csv"]})
    with pytest.raises(SettingsError, match="inne i kommunens mapp"):
        municipality.load(folder)


def beside(got, last=date(2026, 6, 30), **parts):
    return comparison.beside(got.table, settings(**parts), last)


def test_own_rates_stand_first_with_an_interval_and_the_two_latest_years(read):
    shown = beside(read(YEARS))
    assert shown[["crime", "region", "year"]].to_numpy().tolist() == [
        ["Skadegörelse", "Lillby", 2024],
        ["Skadegörelse", "Lillby", 2025],
        ["Skadegörelse", "Hela landet", 2024],
        ["Skadegörelse", "Hela landet", 2025],
        ["Skadegörelse", "Region Öst", 2024],
        ["Cykelstöld", "Lillby", 2024],
        ["Cykelstöld", "Lillby", 2025],
    ]
    exact = poisson_interval(3)
    theft = shown.iloc[-1]
    assert theft[["low", "high"]].tolist() == pytest.approx([exact.low * 10, exact.high * 10])
    nought = shown.iloc[-2]
    assert nought[["low", "high"]].tolist() == pytest.approx([0, poisson_interval(0).high * 10])
    assert shown.loc[~shown["own"], "low"].isna().all()
    assert list(comparison.preliminary_years(shown)) == [2025]


def test_no_year_after_the_report_is_used_and_an_unknown_municipality_gets_none(read):
    got = read(YEARS)
    assert set(beside(got, date(2025, 12, 30))["year"]) == {2023, 2024}
    assert set(beside(got, date(2025, 12, 31))["year"]) == {2024, 2025}
    assert beside(read(YEARS.replace("Lillby", "Storby"))).empty
    assert not beside(read(YEARS.replace("Lillby", "Lillbys kommun"))).empty
    assert beside(read(HEAD)).empty


def results(read, text):
    got = read(text)
    made = Results(settings(), periods.parse("2026Q3"), "internal", Language("sv"))
    made.__dict__["comparison"] = got
    return made


def test_the_table_says_what_is_counted_and_marks_what_is_preliminary(read):
    table = tables.comparison(results(read, YEARS + "Källa: Brå\n"))
    assert table.headings == ["Brott", "Region", "2024", "2025 *", "Osäkerhet", "Antal"]
    html = table.html()
    for said in (
        "enligt Brå",
        "Brå räknar alla brott som anmälts",
        "* Preliminära",
        "inte kunde läsas: 1.",
    ):
        assert said in html
    assert table.rows[0][1:4] == ["Lillby", 500.0, 300.0]
    assert table.rows[0][5] == 30
    assert table.rows[1][1] == "Hela landet"
    assert table.rows[1][4] is None
    faults = tables.comparison_faults(results(read, YEARS + "Källa: Brå\n"))
    assert [row[1:3] for row in faults.rows] == [[11, "Brott"]]


def test_without_files_there_is_nothing_to_show(read):
    assert "ingen fil från Brå är inlagd" in tables.comparison(results(read, HEAD)).html()
    assert comparison.read(settings()).table.empty


def test_a_crime_from_a_file_is_never_markup(read):
    table = tables.comparison(results(read, YEARS.replace("Skadegörelse", "<b>{x}</b>")))
    assert "&lt;b&gt;{x}&lt;/b&gt;" in table.html()
