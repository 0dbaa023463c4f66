"""Before a measure starts: what is expected, how long it takes to see a halving, and the words."""

from dataclasses import replace
from functools import partial

import pandas as pd
import pytest
from frames import events, settings
from test_evaluation import BEFORE, GEOGRAPHY, HISTORY, Q1, THERE, judged, register, yearly

from est_analysis.evidence import SHARES, judge
from est_analysis.measures.design import Design
from est_analysis.measures.ground import Site, sites_of
from est_analysis.measures.planning import (
    STOP,
    earlier_years,
    goal_of,
    level_of,
    plans,
    prospect,
    what_if,
)
from est_analysis.measures.tallies import Tallies
from est_analysis.reports.findings_of_plans import how_many, plan_finding
from est_analysis.reports.language import Language

SAY = Language("sv")
THRESHOLDS = settings().thresholds
LATER = {"startdatum": "2026-06-01", "status": "Planerad"}
CHOSEN = {"vald_period": "2021Q1"}


def planned(here, there=(), *, measure=None, problem=CHOSEN, geography=GEOGRAPHY, **parts):
    """Return the plan of a measure at Torget, with so many events this year, the last, ..."""
    rows = [HISTORY, *yearly(here, **BEFORE), *yearly(there, **THERE)]
    own = register({**LATER, **(measure or {})}, problem)
    found = plans(events(*rows), own, Q1, settings(), geography, **parts)
    return found[0] if found else None


def told(plan, smallest=2):
    (kept,) = judge([plan_finding(plan, "Belysning", THRESHOLDS, smallest)], THRESHOLDS)
    assert kept.word is None  # a plan describes: it costs no measure anything
    return SAY.sentence(kept.text)


def test_the_place_and_its_comparison_are_counted_over_the_covered_years():
    plan = planned([10, 20, 30, 0, 999], [40, 41, 42])
    assert (plan.count, plan.seasons, plan.comparison_count) == (60, 3, 123)
    assert (plan.prospect.design.before, plan.prospect.design.comparison) == (20, 41)
    assert (plan.prospect.rule, plan.prospect.compared) == ("register", ("Parken",))
    assert not plan.chosen_then
    short = planned([10, 20], measure=LATER, problem={"vald_period": "2025Q4"})
    assert (short.count, short.seasons) == (20, 3)  # the year that chose the place is left out


def test_a_place_that_every_year_chose_says_so():
    all_years = planned([60] * 4, [60] * 4, problem={"vald_period": "2021-01-01--2026-03-31"})
    assert all_years.chosen_then
    assert "vald på just de åren" in told(all_years)
    assert "vald på just de åren" in told(planned([60] * 4, [60] * 4, problem={"vald_period": ""}))
    assert "vald på just de åren" not in told(planned([60] * 4, [60] * 4))


@pytest.mark.parametrize(
    ("measure", "known"),
    [
        ({}, True),
        ({"startdatum": "2025-04-02"}, False),  # has started: it is evaluated instead
        ({"startdatum": pd.NaT}, True),
        ({"status": "Avbruten"}, False),
    ],
)
def test_only_what_waits_to_begin_is_planned(measure, known):
    assert (planned([10] * 3, [10] * 3, measure=measure) is not None) is known


SAID = [
    ([0, 0, 0], "inga anmälda brott på 3 år. Där finns inget", "Efter ett år"),
    ([1, 0, 0], "färre än 2 anmälda brott på 3 år. Det är så få", "i snitt"),
    ([2, 1, 3], "i snitt 2,0 anmälda brott om året. Det är så få", "behövs"),
    (
        [8] * 3,
        "Inte ens ett helt stopp syns förrän efter 2 år. Att se en halvering tar mer än tio",
        "bara",
    ),
    (
        [17] * 3,
        "Efter ett år syns bara en minskning på minst 84\N{NO-BREAK SPACE}%. Att se en halvering",
        "stopp",
    ),
    ([50] * 3, "Med de här talen behövs 2 år för att se en halvering", "tio år"),
    ([300] * 3, "Med de här talen räcker ett år för att se en halvering", "behövs"),
]


@pytest.mark.parametrize(("counts", "said", "unsaid"), SAID)
def test_the_sentence_for_none_one_few_and_many(counts, said, unsaid):
    line = told(planned(counts, counts, dispersion=1.16))
    assert said in line
    assert unsaid not in line


def test_the_years_are_those_of_the_design_and_the_goal_has_its_own():
    plan = planned([70] * 3, [70] * 3, measure={"mal": "Minst 40 procent färre brott"})
    design = plan.prospect.design
    assert design == Design(70, 70, 3, 1.0, level_of([], THRESHOLDS), 10)
    assert plan.prospect.years == design.years_needed(0.5)
    assert plan.prospect.years_goal == design.years_needed(0.6)
    assert plan.prospect.fall == design.smallest_fall()
    assert "Målet (en minskning med 40" in told(plan)
    weak = replace(plan, prospect=replace(plan.prospect, years_goal=None))
    assert "syns inte ens på tio år" in told(weak)
    assert "Målet" not in told(replace(plan, goal=None))


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        ("Minst 30 procent färre anmälda brott på ett år", 0.7),
        ("Minska skadegörelsen med minst 25 %", 0.75),
        ("Högst hälften så mycket skadegörelse", 0.5),
        ("Brotten ska halveras", 0.5),
        ("Inga stölder ur bilar på ett år", STOP),
        ("100 % färre", STOP),
        ("Färre än fem synpunkter om mörker", None),
        ("30 procent fler besökare", None),
        ("Minst 300 procent färre", None),
        ("Fri sikt femton meter från mynningen", None),
        ("", None),
    ],
)
def test_goals_are_read_only_where_they_are_plain(text, ratio):
    assert goal_of(text) == ratio


def test_the_level_is_shared_with_the_measures_that_are_judged():
    whole = THRESHOLDS.indication * SHARES["measure"]
    assert level_of([], THRESHOLDS) == pytest.approx(whole)
    one = judged([HISTORY, *yearly([20] * 4, **BEFORE), *yearly([20] * 4, **THERE)])
    assert one.design.alpha == pytest.approx(whole)
    assert level_of([one], THRESHOLDS) == pytest.approx(whole / 2)
    assert level_of([one], THRESHOLDS, further=3) == pytest.approx(whole / 4)


def test_without_a_comparison_place_an_equal_one_is_supposed_and_the_most_alike_is_offered():
    squares = {"name": ["Torg 1", "Torg 2", "Torg 3"], "place_type": "torg", "y": 0.0}
    squares |= {"x": [20_000.0, 30_000.0, 150.0], "area": "Centrum"}  # the last touches Torget
    places = pd.concat([GEOGRAPHY.places, pd.DataFrame(squares)], ignore_index=True)
    own = replace(GEOGRAPHY, places=places)
    rows = [HISTORY, *yearly([50] * 3, **BEFORE)]
    for x, n in ((20_000.0, 70), (30_000.0, 52), (290.0, 51)):
        rows += yearly([n] * 3, x=x, y=0.0)
    nobody = register({**LATER, "jamforelseplats": ""}, CHOSEN)
    (plan,) = plans(events(*rows), nobody, Q1, settings(), own)
    # what an evaluation would be held against: no year is spare to match by, so everywhere else
    assert (plan.prospect.rule, plan.comparison_count) == ("rest", 3 * (70 + 52))
    assert "mot övriga kommunen" in told(plan)
    assert (plan.prospect.years, plan.other) == (1, None)  # no need of another
    ruled = register({**LATER, "jamforelseplats": "liknande"}, CHOSEN)
    (by_rule,) = plans(events(*rows), ruled, Q1, settings(), own)
    assert by_rule.prospect == plan.prospect
    unknown = register({**LATER, "jamforelseplats": "Ingenstans"}, CHOSEN)
    (supposed,) = plans(events(*rows), unknown, Q1, settings(), own)
    assert (supposed.comparison_count, supposed.prospect.design.comparison) == (-1, 50)
    said = told(supposed)
    assert "räknat med en lika stor jämförelseplats: den i registret" in said
    assert supposed.other.compared == ("Torg 2",)
    assert supposed.other.design.comparison == 52
    assert "Med Torg 2 som jämförelseplats, som har ungefär lika många, behövs 2 år" in said
    chosen = register({**LATER, "jamforelseplats": "Torg 2"}, CHOSEN)
    (settled,) = plans(events(*rows), chosen, Q1, settings(), own)
    assert settled.other is None
    assert "Det är räknat m" not in told(settled)


def test_what_cannot_be_told_says_why():
    nowhere = planned([10] * 3, problem={**CHOSEN, "plats": "Ingenstans"})
    assert nowhere.why_not == "no_place"
    assert "platsen finns inte i platslistan" in told(nowhere)
    assert planned([10] * 3, whole=False).why_not == "missing_file"
    new = [{"start": "2026-03-01", **BEFORE}]
    (young,) = plans(events(*new), register(LATER, CHOSEN), Q1, settings(), GEOGRAPHY)
    assert young.why_not == "no_history"
    assert "inga tidigare år" in told(young)


def test_a_single_event_is_never_shown():
    text = how_many(1, 3, "brott", smallest=2)
    assert "färre än 2" in SAY.say(text)
    assert "0,3" not in SAY.say(text)
    assert "färre än 5" in SAY.say(how_many(4, 1, "brott", smallest=5))
    assert SAY.say(how_many(4, 1, "brott", smallest=2)) == "4 brott på ett år"


def test_an_analyst_may_ask_of_any_place():
    rows = events(HISTORY, *yearly([50, 40, 30], **BEFORE), *yearly([20] * 3, **THERE))
    years = earlier_years(Q1.end, Q1.start.replace(year=2020), most=3)
    torget, parken = Site((0.0, 0.0), 150.0), Site((5_000.0, 0.0), 150.0)
    asked = partial(what_if, Tallies(rows), "", torget)
    found = asked(parken, years, THRESHOLDS, goal=0.25, alpha=0.06)
    assert found == prospect((120, 60), 3, THRESHOLDS, goal=0.25, alpha=0.06)
    alone = asked(None, years, THRESHOLDS)
    assert alone.design.comparison == alone.design.before == 40
    assert earlier_years(Q1.end, None) == []
    with pytest.raises(ValueError, match="one year or more"):
        asked(parken, [], THRESHOLDS)


def test_sites_come_from_coordinates_first_and_then_from_names():
    at = {"x": 7.0, "y": 8.0, "radie_m": 75.0}
    place = sites_of(register(problem=at), GEOGRAPHY)["A1"]
    assert (place.centre, place.radius, place.other) == ((7, 8), 75, (5_000, 0))
    named = sites_of(register(problem={"plats": " torget "}), GEOGRAPHY)["A1"]
    assert (named.centre, named.radius) == ((0, 0), 150)
    nowhere = sites_of(register({"jamforelseplats": "x"}, {"plats": "y"}), GEOGRAPHY)["A1"]
    assert (nowhere.centre, nowhere.other) == (None, None)
    assert place.touches(Site((7.0, 150.0), 75.0))
    assert not place.touches(place.against)
    assert not place.touches(nowhere)
