"""What is said of measures: small counts, an unknown choice, and what numbers could have shown."""

from dataclasses import replace

import pandas as pd
import pytest
from frames import each_day, events, settings
from test_evaluation import (
    BEFORE,
    FULL,
    GEOGRAPHY,
    HISTORY,
    Q1,
    THERE,
    judged,
    quarter_of,
    register,
    yearly,
)

from est_analysis.evidence import Word, judge
from est_analysis.measures.design import Design
from est_analysis.measures.evaluation import evaluate
from est_analysis.measures.regression import Fall
from est_analysis.reports.findings_of_measures import (
    design_finding,
    fall_finding,
    judged_finding,
    moved_finding,
    placebo_finding,
    power_line,
)
from est_analysis.reports.language import Language

SAY = Language("sv")
THRESHOLDS = settings().thresholds
CHOSEN = {"vald_period": "2021Q1"}
SILENT = [HISTORY, *yearly([2, 25, 25, 25], **BEFORE), *yearly([25] * 4, **THERE)]


def word_of(evaluation):
    (found,) = judge([judged_finding(evaluation, "Belysning", 0)], THRESHOLDS)
    return found


def test_a_place_that_went_silent_is_clear():
    found = word_of(judged(SILENT, problem=CHOSEN))
    assert found.word is Word.CLEAR
    said = SAY.say(found.text)
    assert "tydligt färre" in said
    assert "2 anmälda brott mot 25" in said
    assert "Registret säger inte" not in said


def test_an_unknown_period_of_choice_is_at_most_an_indication():
    found = word_of(judged(SILENT))
    assert found.word is Word.INDICATION
    assert "Registret säger inte" in SAY.say(found.text)
    many = word_of(judged(quarter_of([40, 200, 200, 200])))
    assert (many.word, many.strongest) == (Word.INDICATION, Word.INDICATION)
    known = word_of(judged(quarter_of([40, 200, 200, 200]), problem=CHOSEN))
    assert known.word is Word.CLEAR


def test_no_sign_is_not_said_of_a_design_that_might_have_missed_it():
    rows = quarter_of([60, 60, 60, 60])
    found = judged_finding(judged(rows, problem=CHOSEN), "Belysning", 0)
    assert found.interval.excludes_change(THRESHOLDS.relevant_change) is not found.sufficient
    assert judge([found], THRESHOLDS)[0].word is Word.CANNOT_TELL
    enough = word_of(judged(quarter_of([200] * 4), problem=CHOSEN))
    assert enough.word is Word.NO_SIGN


def test_nothing_judged_is_said_as_before():
    found = word_of(judged(measure={"jamforelseplats": "Ingenstans"}))
    assert found.word is Word.CANNOT_TELL
    assert not found.tested


LINES = [
    (Design(200, 200, 3), "en minskning måste vara minst", "behövs"),
    (Design(50, 50, 3, alpha=0.06), "Det behövs 2 år för att se en minskning med 50", "tio år"),
    (Design(10, 10, 3, alpha=0.06), "syns inte ens på tio år", "Det behövs"),
    (Design(1, 1, 3), "inte ens ett helt stopp", "måste vara"),
]


@pytest.mark.parametrize(("design", "said", "unsaid"), LINES)
def test_the_line_says_what_the_numbers_can_show(design, said, unsaid):
    line = SAY.say(power_line(design, 2.0))
    assert said in line
    assert unsaid not in line


def test_a_shorter_period_is_not_called_a_year():
    line = SAY.say(power_line(Design(50, 50, 3, alpha=0.06), 2.0, whole_year=False))
    assert "2 så långa perioder" in line
    line = SAY.say(power_line(Design(10, 10, 3, alpha=0.06), 2.0, whole_year=False))
    assert "tio så långa perioder" in line


def test_the_line_of_a_measure_has_its_name_and_no_word():
    found = design_finding(judged(), "Belysning", THRESHOLDS)
    (kept,) = judge([found], THRESHOLDS)
    assert kept.word is None
    assert SAY.say(kept.text).startswith("Belysning (Torget): en minskning måste vara minst")
    with pytest.raises(ValueError, match="no numbers"):
        design_finding(judged(measure={"jamforelseplats": "Ingenstans"}), "Belysning", THRESHOLDS)


def evaluated_among_level(alike):
    return evaluated_among(alike, "", level=20)


def evaluated_among(alike, chosen, level=10):
    """Return the evaluation of Torget, with so many other squares of `level` events a year."""
    squares = [
        {"name": f"Torg {i}", "place_type": "torg", "x": 20_000.0 + 1_000 * i, "y": 0.0}
        for i in range(alike)
    ]
    places = pd.concat([GEOGRAPHY.places, pd.DataFrame(squares)], ignore_index=True)
    rows = [*SILENT]
    for i, square in enumerate(squares):
        rows += yearly([level, level + i % 5, level, level - i % 4], x=square["x"], y=0.0)
    (found,) = evaluate(
        events(*rows),
        register(problem={"vald_period": chosen}),
        Q1,
        settings(),
        replace(GEOGRAPHY, places=places),
    )
    return found


def test_the_fall_that_comes_by_itself_stands_beside_the_naive_baseline():
    found = evaluated_among(20, "")
    assert found.fall.naive == 25
    assert 10 < found.fall.shrunken < 25
    assert found.fall.places == 21
    said = SAY.say(fall_finding(found, "Belysning").text)
    assert "regression mot medelvärdet" in said
    assert "25 i snitt före" in said
    assert "21 liknande platser" in said


def test_no_fall_is_told_where_the_choice_is_clean_or_few_places_are_alike():
    assert evaluated_among(20, "2020").fall is None
    assert evaluated_among(3, "").fall is None
    assert evaluated_among(20, "2024").fall is not None
    with pytest.raises(ValueError, match="by itself"):
        fall_finding(evaluated_among(20, "2020"), "Belysning")


def test_a_place_chosen_at_its_best_is_not_said_to_improve():
    low = replace(evaluated_among(20, ""), fall=Fall(6, 2.0, 4.0, 21))
    assert "väntas den inte bli bättre" in SAY.say(fall_finding(low, "Belysning").text)


def test_what_happened_around_the_place_is_told():
    rings = [*yearly([30, 15, 15, 15], x=250.0, y=0.0), *yearly([15] * 4, x=5_250.0, y=0.0)]
    found = judged([*FULL, *rings])
    assert (found.ring, found.comparison_ring) == ((45, 30), (45, 15))
    assert found.moved.estimate == pytest.approx(15)
    assert found.whole.estimate == pytest.approx(-20 + 15)
    said = SAY.say(moved_finding(found, "Belysning").text)
    assert "runt platsen 30 mot 15" in said
    assert "tillsammans" in said
    assert moved_finding(judged(), "Belysning") is None
    beyond = [*yearly([30] * 4, x=351.0, y=0.0), *yearly([30] * 4, x=5_351.0, y=0.0)]
    assert judged([*FULL, *beyond]).ring == (0, 0)


def test_the_rank_among_untreated_places_is_told_from_nineteen():
    enough = evaluated_among_level(19)
    assert enough.placebo.places == 19
    assert enough.placebo.rank == 1
    said = SAY.say(placebo_finding(enough, "Belysning").text)
    assert "av 19 platser av samma storlek där inget gjordes ändrades 0" in said
    assert placebo_finding(evaluated_among_level(18), "Belysning") is None
    assert evaluated_among_level(39).placebo.p == 1 / 40
    assert evaluated_among(40, "").placebo.places == 0  # all have less than half of its crimes


def quiet(now, before, there_now=30):
    return [HISTORY, *yearly([now, before], **BEFORE), *yearly([there_now, 30, 30, 30], **THERE)]


@pytest.mark.parametrize(("now", "hidden"), [(0, True), (1, True), (2, False), (3, False)])
def test_a_single_event_is_never_told_of_nor_none_beside_it(now, hidden):
    said = SAY.say(word_of(judged(quiet(now, 25))).text)
    assert ("färre än 2 anmälda brott mot" in said) is hidden
    assert (f" {now} anmälda brott mot" in said) is not hidden
    strict = judged_finding(judged(quiet(now, 25)), "Belysning", 0, smallest=5)
    assert "färre än 5 anmälda brott mot" in SAY.say(strict.sentences[Word.CLEAR])


def test_small_averages_and_refusals_hide_it_too():
    few = word_of(judged([HISTORY, *yearly([0, 1], **BEFORE), *yearly([1, 1], **THERE)]))
    said = SAY.say(few.text)
    assert "färre än 2 anmälda brott sedan insatsen mot färre än 2" in said
    assert "(Parken: färre än 2 mot 1" not in said
    assert few.n == 0
    base = SAY.say(word_of(judged(quiet(12, 1, there_now=40))).text)
    assert "mot mindre än 0,7 i snitt tidigare år" in base


def test_a_source_that_fell_silent_is_no_fall():
    rows = [*FULL, *each_day("2021-01-01", 1_700, x=9_000.0, y=9_000.0)]
    found = judged(rows)
    assert (found.why_not, found.after, found.p) == ("silent", 0, None)
    assert "har tystnat" in SAY.say(word_of(found).text)
    heard = events({**HISTORY, "start": "2026-03-30"})
    (known,) = evaluate(
        events(*rows),
        register(),
        Q1,
        settings(),
        GEOGRAPHY,
        delivered=pd.concat([events(*rows), heard], ignore_index=True),
    )
    assert known.why_not == ""  # what it told of is counted with another's record


def test_what_is_covered_is_told_by_everything_delivered():
    alone = judged(FULL[1:])
    assert alone.years == 2
    (known,) = evaluate(
        events(*FULL[1:]), register(), Q1, settings(), GEOGRAPHY, delivered=events(*FULL)
    )
    assert known.years == 3
