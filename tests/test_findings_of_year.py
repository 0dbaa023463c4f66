"""The year review's sentences: in none, one, two and many, and never a word of cause."""

from datetime import date

import pandas as pd
import pytest

from est_analysis import periods
from est_analysis.evidence import Finding, Text, Word
from est_analysis.measures.year_review import Costs
from est_analysis.reports import findings_of_year as told
from est_analysis.reports.language import Language

SAY = Language("sv")
YEAR = periods.parse("2025")


def said(finding):
    assert finding.word is None
    assert finding.null is None
    return SAY.sentence(finding.text)


def states(*names):
    return pd.DataFrame({"state": pd.Series(names, dtype=str)})


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ((), "Registret har ingen insats för 2025."),
        (("in_time",), "En insats pågick under 2025: en blev klar i tid."),
        (
            ("too_late", "cut"),
            "2 insatser pågick under 2025: en blev klar för sent och en avbröts.",
        ),
        (
            ("in_time",) * 3 + ("overdue",) * 2 + ("running", "done"),
            "7 insatser pågick under 2025: 3 blev klara i tid, en blev klar utan satt dag, "
            "2 är försenade och en fortsätter.",
        ),
    ],
)
def test_measures(names, sentence):
    assert said(told.measures_finding(states(*names), YEAR)) == sentence


@pytest.mark.parametrize(
    ("costs", "sentence"),
    [
        (Costs(0, 0, 0, 0), "Ingen insats har sin kostnad angiven i kronor."),
        (
            Costs(500, 1, 0, 1),
            "Kostnaden i kronor är angiven för en insats: 500 kronor; en anger inget.",
        ),
        (
            Costs(400_000, 2, 1, 3),
            "Kostnaden i kronor är angiven för 2 insatser: 400\u00a0000 kronor tillsammans; en "
            "anger något annat, till exempel timmar och 3 anger inget.",
        ),
    ],
)
def test_costs(costs, sentence):
    assert said(told.costs_finding(costs)) == sentence


@pytest.mark.parametrize(
    ("changes", "beside", "opening"),
    [
        (0, 0, "Året har ingen förändring"),
        (1, 0, "Årets enda förändring sammanfaller inte med någon insats"),
        (1, 1, "Årets enda förändring sammanfaller med insatser"),
        (2, 0, "Ingen av årets 2 förändringar sammanfaller"),
        (5, 2, "2 av årets 5 förändringar sammanfaller med insatser"),
    ],
)
def test_what_coincides(changes, beside, opening):
    sentence = said(told.coinciding_finding(changes, beside))
    assert sentence.startswith(opening)
    assert blames(sentence) == []
    if beside:
        assert "säger inte att den ena gav den andra" in sentence


def blames(sentence):
    return [word for word in ("orsak", "tack vare", "berodde", "ledde till") if word in sentence]


def test_a_word_of_cause_is_noticed():
    assert blames("Insatsen ledde till färre brott.") == ["ledde till"]


def report(*claims):
    return [{"claim": claim} for claim in claims]


@pytest.mark.parametrize(
    ("reports", "sentence"),
    [
        ({}, "Liggaren har ingen tidigare rapport"),
        (
            {"2025Q1": report(None, "no_sign")},
            "En tidigare rapport om en del av 2025 hade ingen slutsats som var tydlig",
        ),
        (
            {"2025Q1": report("clear", "indication")},
            "En tidigare rapport om en del av 2025 hade 2 slutsatser som var tydliga",
        ),
        (
            {"2025Q1": report("clear"), "2025Q2": report()},
            "2 tidigare rapporter om delar av 2025 hade tillsammans en slutsats som var tydlig",
        ),
        (
            {"2025Q1": report("clear"), "2025Q2": report("clear"), "2025Q3": report("indication")},
            "3 tidigare rapporter om delar av 2025 hade tillsammans 3 slutsatser som var tydliga",
        ),
    ],
)
def test_earlier_reports(reports, sentence):
    found = told.reported_finding({periods.parse(k): v for k, v in reports.items()}, YEAR)
    assert said(found).startswith(sentence)


LAST = date(2025, 12, 31)


@pytest.mark.parametrize(
    ("decided", "part"),
    [
        (None, "säger inte när"),
        (date(2024, 3, 1), "ska uppdateras senast 1 mars 2026"),
        (date(2023, 12, 31), "ska uppdateras senast 31 december 2025"),
        (date(2023, 12, 30), "skulle ha uppdaterats senast 30 december 2025"),
        (date(2024, 2, 29), "ska uppdateras senast 28 februari 2026"),
    ],
)
def test_the_two_years_of_the_law(decided, part):
    sentence = said(told.law_finding(decided, LAST))
    assert part in sentence
    assert ("passerad" in sentence) == (decided == date(2023, 12, 30))


MEASURES = pd.DataFrame(
    {
        "id": ["A1", "A2"],
        "name": ["Ljus", "Bom"],
        "place": ["Parken", ""],
        "area": ["Centrum", ""],
        "group": ["Stöld/snatteri", ""],
        "start": pd.to_datetime(["2025-03-01", "2025-04-01"]),
    }
)


class Review:
    year_measures = MEASURES


def change(identity, word=Word.CLEAR, **values):
    return Finding(identity, {word: Text("x", values)}, 1, word=word)


@pytest.mark.parametrize(
    ("finding", "beside"),
    [
        (change("change/reported_crime/group/Stöld/snatteri"), ["A1"]),
        (change("change/reported_crime/area/Centrum"), ["A1"]),
        (change("where/place/1", place="Parken"), ["A1"]),
        (change("change/reported_crime/group/Klotter"), []),
        (change("change/reported_crime"), []),
    ],
)
def test_a_measure_stands_beside_a_change_of_its_group_area_or_place(finding, beside):
    ((_, found),) = told.coinciding(Review(), [finding])
    assert [one["id"] for one in found] == beside


def test_only_claimed_changes_have_measures_beside_them():
    others = [
        change("change/reported_crime/area/Centrum", Word.NO_SIGN),
        change("measure/A1"),
    ]
    assert told.coinciding(Review(), others) == []
    assert len(told.coinciding(Review(), [change("change/x/area/Centrum", Word.INDICATION)])) == 1
