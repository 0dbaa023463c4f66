"""What a measure is compared with: by rule, never by outcome, and when choices part."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from frames import events, settings
from frames_of_measures import GEOGRAPHY, HISTORY, Q1, register, yearly
from test_evaluation import judged

from est_analysis.counts import Interval
from est_analysis.evidence import Word, judge
from est_analysis.measures.comparisons import Alternative, depends
from est_analysis.measures.evaluation import evaluate
from est_analysis.measures.register import Register
from est_analysis.reports.findings_of_measures import judged_finding
from est_analysis.reports.language import Language

SAY = Language("sv")
LEVEL = [20, 20, 20, 20, 20]  # of 2025 (after), 2024-2022 (baseline) and 2021 (spare)
CHOSEN = {"vald_period": "2020"}


def square(i, counts, *, sort="torg", x=None):
    """Return a place and its rows."""
    at = {"x": 20_000.0 + 2_000 * i if x is None else x, "y": 0.0}
    return {"name": f"Torg {i}", "place_type": sort, **at}, yearly(counts, **at)


def compared(
    squares, own=LEVEL, *, asked="", extra=(), measures=None, chosen=CHOSEN, ledger=(), **parts
):
    """Return the evaluation of Torget among these places."""
    first = {**HISTORY, "start": "2020-01-01"}
    places = pd.concat(
        [GEOGRAPHY.places, pd.DataFrame([place for place, _ in squares])], ignore_index=True
    )
    rows = [first, *yearly(own, x=0.0, y=0.0), *extra]
    rows += [row for _, its in squares for row in its]
    listed = register({"jamforelseplats": asked}, chosen) if measures is None else measures
    return evaluate(
        *(events(*rows), listed, Q1, settings(**parts), replace(GEOGRAPHY, places=places)),
        ledger=ledger,
    )[0]


SEVEN = [square(i, [20, 20, 20, 20, 20 + i]) for i in range(7)]


def test_the_five_most_alike_over_years_that_the_baseline_leaves_out():
    found = compared(SEVEN)
    assert found.rule == "similar"
    assert found.compared == ("Torg 0", "Torg 1", "Torg 2", "Torg 3", "Torg 4")
    assert (found.comparison_before, found.comparison_after) == (300, 100)
    assert found.why_not == ""


def later(first, squares, **parts):
    """Return the evaluation as it is when the ledger holds the first one's baseline."""
    return compared(squares, ledger=[first.held.kept.entry()], **parts)


def test_the_places_that_a_rule_chose_are_frozen_with_the_baseline():
    """Later data make Torg 0 unlike, and add to it: neither the choice nor the counts move."""
    first = compared(SEVEN)
    changed = [square(0, [20, 25, 20, 20, 60]), *SEVEN[1:]]
    assert "Torg 0" not in compared(changed).compared, "the sibling: it would be chosen anew"
    held = later(first, changed)
    assert held.compared == first.compared
    assert (held.comparison_before, held.comparison_after) == (300, 100)
    assert held.held.changed(held.baseline).comparison == (300, 305)
    assert held.held.moved == ()


def test_a_frozen_choice_where_something_is_done_since_is_made_again_and_told():
    held = later(compared(SEVEN), SEVEN, measures=two_measures("2025-11-01"))
    assert "Torg 0" not in held.compared
    (moved,) = held.held.moved
    assert (moved.column, "Torg 0" in moved.before, "Torg 0" in moved.after) == (
        *("jamforelseplats", True, False),
    )
    assert held.comparison_before == held.held.tally(held.baseline)[1]


def test_everywhere_else_is_not_frozen():
    found = compared(SEVEN, asked="övriga kommunen")
    assert found.rule == "rest"
    assert found.held.kept.compared == found.held.kept.comparison == ()
    assert found.comparison_before > 300


@pytest.mark.parametrize("after", [0, 5, 90])
@pytest.mark.parametrize("before", [10, 30])
def test_neither_what_happened_after_nor_the_baseline_has_a_say(after, before):
    """Torg 0 has any numbers at all in what is compared: it is chosen just the same."""
    changed = [square(0, [after, before, before, before, 20]), *SEVEN[1:]]
    assert compared(changed).compared == compared(SEVEN).compared


def test_a_choice_that_looked_at_the_baseline_would_be_noticed():
    spare = [square(0, [20, 20, 20, 20, 90]), *SEVEN[1:]]
    assert "Torg 0" not in compared(spare).compared


def test_trend_counts_as_well_as_level():
    """With two years to choose by, a place that fell is less alike than one that stood still."""
    own = [*LEVEL, 20]
    level = [square(i, [*LEVEL, 24]) for i in range(5)]
    fell = square(5, [20, 20, 20, 20, 10, 30])
    found = compared([fell, *level], own, extra=[{**HISTORY, "start": "2018-01-01"}])
    assert found.rule == "similar"
    assert "Torg 5" not in found.compared


def test_places_of_the_same_sort_go_first_if_there_are_three():
    parks = [square(i, LEVEL, sort="park") for i in range(5)]
    squares = [square(i + 5, [20, 20, 20, 20, 30]) for i in range(3)]
    assert compared([*parks, *squares]).compared == ("Torg 5", "Torg 6", "Torg 7")
    assert compared([*parks, *squares[:2]]).compared[:2] == ("Torg 0", "Torg 1")


def test_neighbours_and_shared_ground_are_no_comparison():
    near = square(9, LEVEL, x=699.0)  # rings of 350 metres would meet
    twin = square(8, LEVEL, x=20_100.0)  # shares ground with Torg 0
    kept = compared([near, twin, *SEVEN]).compared
    assert "Torg 9" not in kept
    assert "Torg 8" not in kept
    assert "Torg 9" in compared([square(9, LEVEL, x=700.0), *SEVEN]).compared


def two_measures(started):
    """Return a register where something is done at Torg 0 too."""
    base = register({"jamforelseplats": ""}, CHOSEN)
    problems = pd.concat([base.problems, base.problems.assign(id="P2", plats="Torg 0")])
    other = base.measures.assign(id="A2", problem="P2", startdatum=pd.Timestamp(started))
    measures = pd.concat([base.measures, other])
    return Register(
        problems.reset_index(drop=True),
        measures.reset_index(drop=True),
        base.decisions,
        base.faults,
    )


def test_a_treated_place_is_no_comparison_while_its_measure_can_act():
    assert "Torg 0" not in compared(SEVEN, measures=two_measures("2025-11-01")).compared
    assert "Torg 0" not in compared(SEVEN, measures=two_measures("2022-01-01")).compared
    assert "Torg 0" in compared(SEVEN, measures=two_measures("2026-04-01")).compared


def test_without_years_to_choose_by_it_is_all_of_the_sort_and_else_everywhere():
    young = {"sources": {"polis": {"covers_from": pd.Timestamp("2022-04-06").date()}}}
    squares = [square(i, [20, 20, 20, 20]) for i in range(7)]
    found = compared(squares, LEVEL[:4], **young)
    assert (found.rule, len(found.compared)) == ("sort", 7)
    few = compared(squares[:2], LEVEL[:4], **young)
    assert (few.rule, few.compared) == ("rest", ())
    assert (few.comparison_before, few.comparison_after) == (120, 40)


@pytest.mark.parametrize(
    ("asked", "rule"),
    [("liknande", "similar"), ("Samma sort", "sort"), ("övriga kommunen", "rest")],
)
def test_the_register_may_say_which_rule(asked, rule):
    found = compared(SEVEN, asked=asked)
    assert found.rule == rule
    assert found.alternatives[0].rule == rule
    assert {one.rule for one in found.alternatives} == {"similar", "sort", "rest"}


def test_a_place_that_the_register_names_goes_first_and_an_unknown_name_is_no_rule():
    named = compared(SEVEN, asked="Torg 6")
    assert (named.rule, named.comparison, named.compared) == ("register", "Torg 6", ("Torg 6",))
    assert [one.rule for one in named.alternatives] == ["register", "similar", "sort", "rest"]
    assert compared(SEVEN, asked="Torgett 6").why_not == "unknown_comparison"


def test_the_rest_is_everywhere_but_treated_ground_and_its_rings():
    ring = yearly(LEVEL, x=300.0, y=0.0)
    rest = compared(SEVEN, asked="övriga kommunen", extra=ring)
    assert rest.comparison_before == 7 * 60
    outside = compared(SEVEN, asked="övriga kommunen", extra=yearly(LEVEL, x=351.0, y=0.0))
    assert outside.comparison_before == 8 * 60


# when the choices part


def one(rule, low, ratio, high):
    return Alternative(rule, (), 0, 0, ratio, Interval(low, high, 0.95))


FEWER, MORE = one("register", 0.2, 0.4, 0.8), one("sort", 1.2, 2.0, 4.0)
BLIND, AGAINST = one("similar", 0.3, 0.7, 1.5), one("rest", 0.7, 1.2, 2.0)


@pytest.mark.parametrize(
    ("main", "others", "parted"),
    [
        (FEWER, [BLIND, FEWER], False),
        (FEWER, [BLIND, AGAINST], True),
        (FEWER, [MORE], True),
        (BLIND, [AGAINST], False),
        (BLIND, [FEWER], True),
        (MORE, [BLIND], True),
        (MORE, [AGAINST], False),
        (FEWER, [], False),
        (FEWER, [one("rest", 0, math.nan, math.inf)], False),
    ],
)
def test_the_answer_hangs_on_the_choice_where_choices_contradict(main, others, parted):
    assert depends(main, others) is parted


def word_of(evaluation):
    (found,) = judge([judged_finding(evaluation, "Belysning", 0)], settings().thresholds)
    return found


FELL = [20, 100, 100, 100, 100]


def parting(named_after, rest_after):
    """Return Torget, which fell, beside a named place and others."""
    others = [square(i, [rest_after, 100, 100, 100, 100]) for i in range(6)]
    named = square(9, [named_after, 100, 100, 100, 100])
    return compared([*others, named], FELL, asked="Torg 9")


def test_a_clear_answer_that_hangs_on_the_choice_is_an_indication():
    agreed = word_of(parting(100, 100))
    assert agreed.word is Word.CLEAR
    assert "beror på vad platsen jämförs med" not in SAY.say(agreed.text)
    parted = word_of(parting(100, 15))
    assert parted.word is Word.INDICATION
    assert "Svaret beror på vad platsen jämförs med, så mer än" in SAY.say(parted.text)


def test_no_sign_is_not_said_where_another_choice_shows_one():
    squares = [square(i, [400] + [100] * 4) for i in range(6)]
    steady = square(9, [200] * 5)
    found = word_of(compared([*squares, steady], [200] * 5, asked="Torg 9"))
    assert found.word is Word.CANNOT_TELL
    assert SAY.say(found.text).endswith("Svaret beror på vad platsen jämförs med.")
    calm = [square(i, [200] * 5) for i in range(6)]
    assert word_of(compared([*calm, steady], [200] * 5, asked="Torg 9")).word is Word.NO_SIGN


def test_a_comparison_in_the_ring_or_treated_too_holds_the_word_back():
    close = square(9, [100] * 5, x=400.0)
    found = word_of(compared([close, *SEVEN], FELL, asked="Torg 9"))
    assert found.strongest is Word.INDICATION
    assert "så nära att brott kan ha flyttat dit" in SAY.say(found.text)
    far = word_of(compared([square(9, [100] * 5, x=500.0), *SEVEN], FELL, asked="Torg 9"))
    assert far.strongest is Word.CLEAR
    both = two_measures("2025-11-01")
    both = replace(both, measures=both.measures.assign(jamforelseplats=["Torg 0", ""]))
    found = word_of(compared(SEVEN, FELL, measures=both))
    assert found.strongest is Word.INDICATION
    assert "Också på jämförelseplatsen görs något" in SAY.say(found.text)


# why the choice does not look at the baseline: matched places fall back by themselves


def fall_of_chosen(by, runs=300):
    """Return how much five places alike fall on average, chosen on `by`; nothing is done."""
    rng = np.random.default_rng(11)
    before, after = 0, 0
    for _ in range(runs):
        rates = rng.gamma(2, 5, 200)
        spare, baseline, later = rng.poisson(rates, size=(3, 200))
        used = spare if by == "spare" else baseline
        alike = np.argsort(np.abs(used - 30.0), kind="stable")[:5]
        before, after = before + baseline[alike].sum(), after + later[alike].sum()
    return 1 - after / before


def test_places_matched_on_their_own_baseline_fall_back_and_those_on_other_years_do_not():
    assert abs(fall_of_chosen("spare")) < 0.03
    assert fall_of_chosen("baseline") > 0.08


# the placebo's p: the headline where it can speak


def among(swings, own=FELL):
    """Return Torget's evaluation among 40 untreated squares that change by `swings`."""
    squares = [square(i, [100 + swings * (-1) ** i, 100, 100, 100, 100]) for i in range(45)]
    return compared(squares, own, asked="Torg 44")


def test_where_places_change_so_much_by_themselves_nothing_is_claimed():
    calm, unruly = among(5), among(85)
    assert calm.placebo.places >= 39
    assert calm.p < 0.001
    assert unruly.placebo.p > 0.05
    assert unruly.p == unruly.placebo.p
    assert word_of(calm).word is Word.CLEAR
    assert word_of(unruly).word is Word.CANNOT_TELL


def test_with_fewer_places_the_placebo_only_describes():
    squares = [square(i, [100 + 85 * (-1) ** i, 100, 100, 100, 100]) for i in range(25)]
    found = compared(squares, FELL, asked="Torg 24")
    assert found.placebo.p is None
    assert found.placebo.rank is not None
    assert found.p < 0.01


def test_a_measure_judged_alone_is_the_same_as_before():
    assert judged().rule == "register"
