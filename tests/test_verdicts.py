"""A verdict has its reasons, its tables and its curve; none of them tells of a single event."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
from frames import settings
from frames_of_measures import BEFORE, FULL, HISTORY, Q1, THERE, yearly
from test_choice_of_comparison import FELL, LEVEL, SEVEN, among, compared, parting, square
from test_evaluation import judged

from est_analysis.evidence import judge
from est_analysis.reports import curves, tables, verdicts
from est_analysis.reports.findings_of_measures import design_finding, judged_finding
from est_analysis.reports.language import Language
from est_analysis.reports.verdicts import carried_out, reasons
from est_analysis.reports.words_of_measures import average, compared_with, few

SAY = Language("sv")
NEVER = pd.Timestamp("NaT")


def why(evaluation):
    design = None
    if evaluation.design is not None:
        design = design_finding(evaluation, "Belysning", settings().thresholds)
    return "\n".join(SAY.sentence(one) for one in reasons(evaluation, design))


def report(*evaluations, smallest=2, **measure):
    """Return what chapters read, of these evaluations only."""
    kept = {"status": "Avslutad", "klart_senast": NEVER, "slutdatum": NEVER, **measure}
    rows = [{"id": e.measure, "atgard": "Belysning", **kept} for e in evaluations]
    municipality = settings(disclosure={"smallest_place_count": smallest})
    found = judge(
        [judged_finding(e, "Belysning", i, smallest=smallest) for i, e in enumerate(evaluations)],
        municipality.thresholds,
    )
    return SimpleNamespace(
        evaluations=list(evaluations),
        register=SimpleNamespace(measures=pd.DataFrame(rows)),
        municipality=municipality,
        findings=found,
        language=SAY,
        period=Q1,
    )


def test_the_reasons_say_what_was_compared_with_what():
    said = why(judged(problem={"vald_period": "2024-06"}))
    assert "samma tid på året 3 tidigare år: 5 april 2023" in said
    assert "Utelämnat, för att platsen valdes på den tiden: 3 april 2024" in said
    one = judged(problem={"vald_period": "2024-06"}, thresholds={"history_years": 1})
    assert "samma tid på året ett tidigare år: 5 april 2023" in why(one)
    assert "Jämförd med Parken, som registret anger" in said
    assert "Vad siffrorna kan visa: en minskning måste vara minst" in said
    assert "registret säger inte vilken period" in why(judged())


def test_a_place_chosen_on_all_its_years_has_none_to_be_compared_with():
    used = judged(problem={"vald_period": "2020-01-01--2025-04-01"})
    assert used.why_not == "no_baseline"
    (found,) = report(used).findings
    assert "platsen valdes på alla de tidigare år som finns" in SAY.say(found.text)
    assert "Utelämnat, för att platsen valdes på den tiden" in why(used)
    young = judged([*yearly([20], **BEFORE), {"start": "2026-03-25", "x": 9e3, "y": 9e3}])
    (found,) = report(young).findings
    assert "men inga tidigare år att jämföra med" in SAY.say(found.text)


def test_the_reasons_say_by_what_rule_the_comparison_was_chosen():
    assert "5 liknande platser, Torg 0, Torg 1" in why(compared(SEVEN))
    assert "7 platser av samma sort" in why(compared(SEVEN, asked="samma sort"))
    assert "övriga kommunen" in why(compared(SEVEN, asked="övriga kommunen"))


def test_the_reasons_say_whether_the_others_agree():
    assert "3 andra jämförelser säger inte emot" in why(parting(100, 100))
    assert "ger ett annat svar" in why(parting(100, 15))
    named = square(9, [22, 20, 20, 20, 20])
    unsure = compared([*SEVEN, named], [21, 20, 20, 20, 20], asked="Torg 9")
    assert not unsure.dependent
    assert "pekar åt olika håll, se tabellen, men osäkerheten" in why(unsure)


def test_the_reasons_say_what_untreated_places_show_and_no_more():
    assert re.search(r"Av 4\d platser utan insats.* ändrades 0 .*\(p = 0,02\)", why(among(5)))
    twenty = compared([square(i, [100] * 5) for i in range(21)], FELL, asked="Torg 20")
    said = why(twenty)
    assert "Av 20 platser" in said
    assert "(p =" not in said
    assert "för få att jämföra" in why(compared(SEVEN, LEVEL))
    assert "Ingen plats utan insats" in why(compared(SEVEN[:1], [9] * 5))


DAY = pd.Timestamp


@pytest.mark.parametrize(
    ("status", "due", "done", "said"),
    [
        ("Avslutad", DAY("2025-10-31"), DAY("2025-10-17"), "klar 17 oktober 2025, i tid"),
        ("Avslutad", DAY("2025-10-31"), DAY("2025-10-31"), "i tid"),
        ("Avslutad", DAY("2025-10-31"), DAY("2025-11-01"), "för sent (31 oktober 2025)"),
        ("Avslutad", NEVER, DAY("2025-11-01"), "avslutad, klar 1 november 2025."),
        ("Pågår", DAY("2025-10-31"), NEVER, "pågår, ska vara klar 31 oktober 2025."),
        ("Planerad", NEVER, NEVER, "Genomförandet: planerad."),
    ],
)
def test_what_was_done_is_told_apart_from_what_it_did(status, due, done, said):
    measure = pd.Series({"status": status, "klart_senast": due, "slutdatum": done})
    (text,) = carried_out(measure)
    assert said in SAY.say(text)


def test_verdicts_come_strongest_first_each_with_its_reasons_folded():
    weak, strong = replace(judged(FULL), measure="A0"), parting(100, 100)
    shown = verdicts.verdicts(report(weak, strong))
    assert [finding.id for finding, _ in shown.items] == ["measure/A1", "measure/A0"]
    html = shown._repr_html_()
    assert html.count("<details>") == html.count("</details>") == 2
    assert "Genomförandet" in html
    assert "- Före är samma tid på året" in str(shown)
    waiting = verdicts.verdicts(report(judged(measure={"startdatum": "2026-04-01"})))
    ((_, only),) = waiting.items
    assert len(only) == 1


def test_texts_of_the_register_are_never_markup():
    shown = verdicts.verdicts(report(compared(SEVEN), status="<b>Klar</b>"))
    assert "<b>klar" not in shown._repr_html_()


def cells(table):
    return [value for row in table.rows for value in row[1:]]


def test_no_table_shows_a_single_event():
    rows = [HISTORY, *yearly([1, 1, 25, 25], **BEFORE), *yearly([1, 0, 1], **THERE)]
    alone = report(judged(rows))
    for table in (tables.measures, tables.comparisons, tables.elsewhere):
        shown = [v for v in cells(table(alone)) if isinstance(v, int)]
        assert all(v >= 2 for v in shown)
        strict = report(judged(FULL), smallest=50)
        assert not [v for v in cells(table(strict)) if isinstance(v, int) and v < 50]
    careless = report(judged(rows))
    careless.municipality = SimpleNamespace(
        disclosure=SimpleNamespace(smallest_place_count=0), thresholds=settings().thresholds
    )
    assert [v for v in cells(tables.measures(careless)) if v == 1]


def test_the_table_of_comparisons_marks_the_one_that_the_answer_rests_on():
    table = tables.comparisons(report(compared(SEVEN, asked="Torg 6")))
    said = [SAY.write(row[1]) for row in table.rows]
    assert said[0] == "Torg 6 (svaret)"
    assert said[1:] == ["5 liknande platser", "7 platser av samma sort", "övriga kommunen"]
    assert tables.comparisons(report(judged(measure={"startdatum": NEVER}))).rows == []


def test_the_curve_has_its_table_and_says_where_it_ends():
    chart = curves.course(report(judged(FULL)))
    assert b"<svg" in chart.svg
    assert "-20 händelser" in chart.alt
    assert len(chart.table.rows) == 13
    assert chart.table.rows[-1][1] == Q1.last
    none = curves.course(report(judged(measure={"startdatum": NEVER})))
    assert none.svg == b""
    assert "Ingen insats har händelser nog" in none.title
    same = curves.course(report(judged(FULL)))
    assert same.svg == chart.svg


def test_words_for_few():
    assert few(2, 2) == 2
    assert SAY.say(few(1, 2)) == SAY.say(few(0, 2)) == "färre än 2"
    assert average(6, 3, 2) == 2.0
    assert SAY.say(average(1, 3, 2)) == "mindre än 0,7"
    assert SAY.say(compared_with("rest", ())) == "övriga kommunen"
