"""The year review: what it counts, in which years, and what it leaves to the group."""

import json
from datetime import date

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from frames import events, settings
from test_findings_of_year import SAY

from est_analysis import municipality, periods
from est_analysis.gather import comparison, store
from est_analysis.measures import register, year_review
from est_analysis.measures.year_review import Costs
from est_analysis.reports import build as builder
from est_analysis.reports import statutory, tables
from est_analysis.reports.results import Results

YEAR = periods.parse("2025")
MEASURES = (
    "id;problem;atgard;atgardstyp;sikt;ansvarig_funktion;startdatum;klart_senast;slutdatum;status;"
    "mal;indikator;forvantad_effekt_fran;jamforelseplats;uppfoljningsdatum;kostnad_tid\n"
)
PROBLEMS = (
    "id;beskrivning;plats;x;y;radie_m;omrade;grupp;orsak;vald_period;paverkbarhet\n"
    "P1;Klotter;Torget;500100;6500100;75;Centrum;Klotter;Mörkt;;2\n"
)
DECISIONS = (
    "id;motesdatum;beslut;ansvarig_funktion;klart_senast;status\n"
    "B1;2025-02-01;Ljus;Gatuchef;2025-06-01;Klart\nB2;2025-02-01;Bom;Gatuchef;2025-06-01;Öppet\n"
    "B3;2025-11-01;Bänk;Gatuchef;;Öppet\nB4;2026-01-01;Senare;Gatuchef;;Öppet\n"
)


def line(identity, start="2025-03-01", due="", end="", status="Pågår", cost="", sort="kontroll"):
    return (
        f"{identity};P1;Insats {identity};{sort};kort;Gatuchef;{start};{due};{end};{status};"
        f";;;;2026-02-01;{cost}\n"
    )


@pytest.fixture
def kept(make_folder):
    """Return a function that keeps a register of these measures, and reads it."""

    def keep(*measures, problems=PROBLEMS, **more):
        return municipality.load(
            make_folder(
                {
                    "register/a.csv": MEASURES + "".join(measures),
                    "register/p.csv": problems,
                    "register/b.csv": DECISIONS,
                },
                registers={
                    "measures": "register/a.csv",
                    "problems": "register/p.csv",
                    "decisions": "register/b.csv",
                },
                **more,
            )
        )

    return keep


def test_each_measure_of_the_year_comes_as_far_as_it_did_by_its_last_day(kept):
    found = year_review.measures_of(
        register.read(
            kept(
                line("A1", due="2025-05-01", end="2025-05-01", status="Avslutad"),
                line("A2", due="2025-05-01", end="2025-05-02", status="Avslutad"),
                line("A3", end="2025-05-02", status="Avslutad"),
                line("A4", due="2025-05-01"),
                line("A5", due="2026-05-01", end="2026-04-01", status="Avslutad"),
                line("A6", end="2025-05-02", status="Avbruten"),
                line("B1", start="2026-01-01"),
                line("B2", start="2024-01-01", end="2024-12-31", status="Avslutad"),
                line("B3", status="Avbruten"),
                line("B4", start=""),
            )
        ),
        YEAR,
    )
    assert dict(zip(found["id"], found["state"], strict=True)) == {
        "A1": "in_time",
        "A2": "too_late",
        "A3": "done",
        "A4": "overdue",
        "A5": "running",
        "A6": "cut",
    }
    assert found["end"].isna().tolist() == [False, False, False, True, True, False]
    assert set(found["group"]) == {"Klotter"}
    assert set(found["area"]) == {"Centrum"}


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ([], Costs(0, 0, 0, 0)),
        (["240 000 kr", "85\u00a0000 kronor", "1.500 SEK"], Costs(326_500, 3, 0, 0)),
        (["16 timmar i veckan", "", " ", "cirka 500 kr"], Costs(0, 0, 2, 2)),
    ],
)
def test_only_kronor_are_added(texts, found):
    assert year_review.costs(texts) == found


def entry(period, report="rapport", edition="internal", claims=()):
    return {
        "report": report,
        "edition": edition,
        "period": period,
        "findings": [{"claim": claim} for claim in claims],
    }


def test_the_years_reports_are_the_last_of_each_part_of_it():
    found = year_review.reports_of(
        [
            entry("2025Q2"),
            entry("2025Q1", claims=["clear"]),
            entry("2025Q1", claims=["clear", "no_sign"]),
            entry("2024Q4"),
            entry("2025"),
            entry("2025-06-01--2025-06-14", report="mote"),
            entry("2025Q3", edition="published"),
        ],
        YEAR,
        "internal",
    )
    assert [str(period) for period in found] == ["2025Q1", "2025Q2"]
    assert len(found[periods.parse("2025Q1")]) == 2


def test_decisions_are_those_of_the_years_meetings(kept):
    found = year_review.decisions_of(register.read(kept()), YEAR)
    assert found["id"].tolist() == ["B1", "B2", "B3"]


def closed(plain, **told):
    problems = plain.problems.assign(**told)
    return register.Register(problems, plain.measures, plain.decisions, plain.faults)


def test_who_left_the_list_is_told_where_the_register_says_it(kept):
    plain = register.read(kept())
    found = closed(plain, status="Avslutat", avslutsskal="Löst efter ny belysning")
    assert year_review.left(found, YEAR)[["place", "reason"]].values.tolist() == [
        ["Torget", "Löst efter ny belysning"]
    ]
    assert year_review.left(closed(plain, status="Öppet"), YEAR).empty


@pytest.mark.parametrize(
    ("day", "n"), [("2025-01-01", 1), ("2025-12-31", 1), (None, 1), ("2024-12-31", 0), ("2026", 0)]
)
def test_a_problem_leaves_the_list_in_its_own_year(kept, day, n):
    gone = closed(register.read(kept()), status="Avslutat", avslutsdatum=pd.Timestamp(day))
    assert len(year_review.left(gone, YEAR)) == n


# --- accounts and promise


def yearly(first=2022, **row):
    return [{"start": f"{year}-05-05 12:00", "count": 20, **row} for year in range(first, 2026)]


def accounts(table, kept):
    results = Results(kept, YEAR, "internal", SAY)
    results.__dict__["events"] = table
    from est_analysis.patterns.change import compare

    changes = [compare(table, YEAR, kept, by=by) for by in ("group", "kind")]
    return {
        (one.topic, one.kind): one
        for one in year_review.accounts(table, YEAR, kept, *changes, delivered=table, missing={})
    }


PLACED = {"start": "datum", "x": "x", "y": "y"}


def test_accounts_count_years_that_are_covered_and_no_others():
    kept = settings(sources={"polis": {"covers_from": date(2023, 1, 1), "columns": PLACED}})
    table = events(*yearly(group="Brand"), {"start": "2025-02-02", "place_precision": "area"})
    found = accounts(table, kept)
    assert found["all", "reported_crime"].counts == (21, 20, 20, None)
    assert found["public", "reported_crime"].counts == (20, 20, 20, None)
    assert found["fire", "reported_crime"].counts == (20, 20, 20, None)
    assert found["public", "reported_crime"].ratio == pytest.approx(1, abs=0.1)
    assert ("traffic", "reported_crime") not in found
    assert ("unsafe", "unsafe_place") not in found  # nothing was ever delivered of it


def test_years_without_coordinates_are_not_compared_place_by_place():
    """A form without coordinates made the years before look free from crime in public."""
    kept = settings(
        sources={
            "old": {"covers_from": date(2020, 1, 1)},
            "polis": {"covers_from": date(2024, 1, 1), "follows": "old", "columns": PLACED},
        }
    )
    nowhere = {"source": "old", "x": float("nan"), "y": float("nan"), "place_precision": "street"}
    table = events(
        *({"start": f"{year}-05-05", "count": 20, **nowhere} for year in (2022, 2023)),
        *yearly(2024),
    )
    found = accounts(table, kept)
    assert found["all", "reported_crime"].counts == (20, 20, 20, 20)
    assert found["all", "reported_crime"].interval is not None
    assert found["public", "reported_crime"].counts == (20, 20, None, None)
    assert found["public", "reported_crime"].interval is None


def test_a_promise_is_followed_up_by_tertial(kept):
    folder = kept(line("A1", start="2025-05-01"), line("A2", sort="social"))
    table = events(
        {"start": "2025-01-31", "group": "Narkotika", "police_activity": True, "count": 3},
        {"start": "2025-09-01", "group": "Narkotika", "police_activity": True},
        {"start": "2024-09-01", "group": "Trafik", "police_activity": True},
        {"start": "2025-08-31", "kind": "unsafe_place", "count": 2},
    )
    found = year_review.promise(table, YEAR, folder, register.read(folder))
    assert found.police == {"Narkotika": (3, 0, 1)}
    assert found.unsafe == (0, 2, 0)
    assert found.controls == (0, 1, 0)
    assert found.meetings == (1, 0, 1)  # two decisions of one meeting are one meeting
    bare = settings()
    empty = year_review.promise(table, YEAR, bare, register.read(bare))
    assert (empty.controls, empty.meetings) == (None, None)


# --- the council's aggregates


BRA = """Region;Brott;År;Period;Antal;/100 000 inv
Lillby;Bostadsinbrott;2025 prel.;År;17;155
Lillby;Bostadsinbrott;2024;År;21;190
Lillby;Bostadsinbrott;2021;År;99;900
Lillby;Sexualbrott;2025;År;..;..
Lillby;Skadegörelse;2025;År;150;1 360
Hela landet;Bostadsinbrott;2025;År;12 000;115
"""


def other(make_folder, text=BRA):
    more = {} if text is None else {"reference": {"comparison": ["reference/bra.csv"]}}
    folder = make_folder({"reference/bra.csv": text or ""}, **more)
    results = Results(municipality.load(folder), YEAR, "internal", SAY)
    return tables.other_crimes(results)


def test_dropped_crimes_enter_as_the_councils_totals_alone(make_folder):
    table = other(make_folder)
    assert list(table.headings[:3]) == ["Brott", "2025 *", "2024"]
    assert [row[:4] for row in table.rows] == [
        ["Bostadsinbrott", 17, 21, 155.0],
        ["Sexualbrott", None, None, None],
        ["Skadegörelse", 150, None, 1360.0],
    ]


def test_what_the_report_itself_tells_of_is_left_out():
    kept = settings()
    table = pd.DataFrame(
        [("x", "Lillby", name, 2025, comparison.WHOLE_YEAR, 5.0, 50.0, False) for name in "ab"],
        columns=list(comparison.COLUMNS),
    )
    assert year_review.other_crimes(table, kept, YEAR, [])["crime"].tolist() == ["a", "b"]
    assert year_review.other_crimes(table, kept, YEAR, ["A"])["crime"].tolist() == ["b"]


def test_without_the_file_it_is_said_that_they_are_missing_and_why(make_folder):
    html = other(make_folder, None).html()
    assert "ingår inte" in html
    assert "för att ingen ska kunna pekas ut" in html


# --- the run


def test_only_a_year_has_the_year_review():
    assert builder.kinds_of(YEAR) == (builder.YEARLY, builder.MEETING)
    for other_period in ("2025Q4", "2025T3", "2025-12", "2025-01-01--2025-12-31"):
        assert builder.kinds_of(periods.parse(other_period))[0] == builder.QUARTERLY
    assert "6_year" not in builder.QUARTERLY.chapters
    assert not {name for name in builder.QUARTERLY.results if name.startswith("year_m")}


@pytest.fixture
def small_year(kept, tmp_path):
    """Build the year of a small municipality after a quarter whose claim stands in the ledger."""
    folder = kept(line("A1", due="2025-05-01"), law={})
    claim = {"id": "change/reported_crime", "claim": "clear", "word": "Tydligt", "sentence": "Då."}
    store.record_report(
        folder,
        {**entry("2026Q2"), "language": "sv", "findings": [claim]},
    )
    return builder.build(folder.folder, "2026", out=tmp_path / "reports")


@pytest.mark.slow
def test_a_small_municipalitys_year_is_told_with_what_there_is(small_year):
    page = BeautifulSoup(small_year.report.read_text(encoding="utf-8"), "html.parser")
    text = " ".join(page.get_text(" ").split())
    assert "Vad säger året som helhet?" in text
    assert "årsöversyn" in text
    for heading in (
        "1. Kartläggning: brottsligheten och dess omfattning",
        "1. Kartläggning: brottslighetens konsekvenser",
        "2. Annan information av betydelse",
        "3. Analys av kartläggningen och informationen",
        "Åtgärder, ansvar och tid",
        "Uppdatering minst vartannat år",
    ):
        assert page.find("h4", string=heading), heading
    assert text.count("Fylls i av gruppen") >= 8
    assert "En tidigare rapport om en del av 2026 hade en slutsats" in text
    assert "[Tydligt] Då." in text
    assert "säger inte när den senaste lägesbilden" in text
    assert "En insats pågick under 2026: en är försenad." in text
    found = json.loads((small_year.folder / "findings.json").read_text(encoding="utf-8"))
    own = [one for one in found["rapport"] if one["id"].startswith("year/")]
    assert len(own) == 6
    assert all(one["claim"] is None for one in own)  # described: nobody's risk grows
    assert len(list((small_year.folder / "tables/rapport").glob("*.csv"))) == len(
        builder.YEARLY.tables
    )


def test_what_is_left_to_the_group_is_escaped_and_marked():
    section = statutory.Section(
        statutory.Text("Rubrik <b>"),
        (statutory.Text("{x}", {"x": "<script>"}),),
        (statutory.Text("orsaken"),),
    )
    html = statutory.Outline((section,), SAY)._repr_html_()
    assert "<script>" not in html
    assert "<h4>Rubrik &lt;b&gt;</h4>" in html
    assert "<li><em>Fylls i av gruppen: orsaken.</em></li>" in html
