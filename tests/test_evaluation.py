"""Whether a measure worked: published figures, every refusal, and the fall after a peak."""

import json
import math
import os
import warnings
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from frames import each_day, events, settings
from frames_of_measures import BEFORE, FULL, GEOGRAPHY, HISTORY, Q1, THERE, register, yearly

from est_analysis.counts import compare_rates
from est_analysis.measures.comparisons import Alternative, depends, point_apart
from est_analysis.measures.design import exact
from est_analysis.measures.evaluation import (
    evaluate,
    naive_change,
    weighted_displacement_difference,
)
from est_analysis.measures.judgement import answer
from est_analysis.measures.register import Register
from est_analysis.periods import parse

# weighted displacement difference: the figures of Wheeler & Ratcliffe (2018) and of ptools


def test_the_published_case_with_displacement():  # AT-01
    local = weighted_displacement_difference((207, 110), (308, 318))
    assert (local.estimate, local.standard_error) == pytest.approx((-107, 30.7083), abs=1e-4)
    displaced = weighted_displacement_difference((178, 157), (150, 140))
    assert (displaced.estimate, displaced.standard_error) == pytest.approx((-11, 25), abs=1e-4)
    whole = weighted_displacement_difference(
        (207, 110), (308, 318), displaced=(178, 157), displaced_comparison=(150, 140)
    )
    assert (whole.estimate, whole.variance) == (-118, 1568)
    assert whole.standard_error == pytest.approx(39.5980, abs=1e-4)
    assert whole.estimate / whole.standard_error == pytest.approx(-2.980, abs=1e-3)
    assert (whole.interval.low, whole.interval.high) == pytest.approx((-195.61, -40.39), abs=0.01)
    assert whole.p == pytest.approx(0.002883, abs=1e-6)


def test_the_published_case_with_unequal_times():  # AT-02
    found = weighted_displacement_difference((80, 20), (100, 50), time_weights=(2, 1))
    assert (found.estimate, found.variance) == (-20, 115)
    assert found.standard_error == pytest.approx(10.7238, abs=1e-4)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, (-40, 22.4, -76.8, -3.2)),
        ({"displaced": (40, 25), "displaced_comparison": (30, 25)}, (-50, 24.9, -91.0, -9.0)),
    ],
)
def test_the_published_notebook(more, expected):  # AT-05, at 90 %
    found = weighted_displacement_difference((120, 100), (130, 150), level=0.9, **more)
    figures = (found.estimate, found.standard_error, found.interval.low, found.interval.high)
    assert figures == pytest.approx(expected, abs=0.05)


def test_the_published_notebook_with_unequal_times():  # AT-05, at 90 %
    found = weighted_displacement_difference((100, 20), (200, 100), time_weights=(2, 1), level=0.9)
    figures = (found.estimate, found.standard_error, found.interval.low, found.interval.high)
    assert figures == pytest.approx((-30, 14.0, -53.0, -7.0), abs=0.05)


def test_it_is_the_interaction_of_a_poisson_model_with_identity_link():  # AT-06
    treated, after = [1, 1, 0, 0], [0, 1, 0, 1]
    design = np.column_stack([np.ones(4), treated, after, np.multiply(treated, after)])
    family = sm.families.Poisson(link=sm.families.links.Identity())
    with warnings.catch_warnings():  # of a link that could leave the domain, and of a full model
        warnings.simplefilter("ignore")
        model = sm.GLM([207, 110, 308, 318], design, family=family)
        fit = model.fit(start_params=[300, -100, 10, -90])
    found = weighted_displacement_difference((207, 110), (308, 318))
    assert fit.params[3] == pytest.approx(found.estimate, abs=1e-6)
    assert fit.bse[3] == pytest.approx(found.standard_error, abs=1e-4)


def test_swapped_areas_give_the_opposite_and_no_events_give_nothing():
    one = weighted_displacement_difference((20, 10), (30, 31))
    other = weighted_displacement_difference((30, 31), (20, 10))
    assert (one.estimate, one.variance, one.p) == (-other.estimate, other.variance, other.p)
    nothing = weighted_displacement_difference((0, 0), (0, 0))
    assert (nothing.estimate, nothing.p) == (0, 1)


@pytest.mark.parametrize(
    "wrong", [{"treated": (-1, 2)}, {"time_weights": (0, 1)}, {"displaced": (1, -1)}]
)
def test_what_is_no_count_is_refused(wrong):
    with pytest.raises(ValueError, match="zero or more"):
        weighted_displacement_difference(**{"treated": (1, 2), "comparison": (3, 4), **wrong})


CASES = "wdd_evaluation_cases"


@pytest.mark.real
def test_the_published_cases_of_dallas():
    if not os.environ.get("EST_REAL_DATA"):
        pytest.skip("EST_REAL_DATA is not set: the published cases are not compared")
    folder = Path(os.environ["EST_REAL_DATA"]) / CASES
    months = pd.read_csv(folder / "dallas_redbird_pid_violent_monthly.csv").set_index("month")
    told = []
    for row in pd.read_csv(folder / "published_wdd_results.csv").to_dict("records"):
        before, after = (slice(-row["compare_pre_months"], -1), slice(0, row["n_post_months"] - 1))
        treated, other = (
            (int(months.loc[before, area].sum()), int(months.loc[after, area].sum()))
            for area in ("treated", row["method"])
        )
        assert (*treated, *other) == (row["T0"], row["T1"], row["C0"], row["C1"])
        found = weighted_displacement_difference(treated, other, area_weights=(1, row["k"], 1, 1))
        assert found.estimate == pytest.approx(row["wdd_est"])
        assert found.standard_error == pytest.approx(row["wdd_se"])
        assert (found.interval.low, found.interval.high) == pytest.approx(
            (row["ci_low"], row["ci_high"])
        )
        same = answer(treated, other, years=1, dispersion=1.0, level=0.95, least=10)
        told.append(Alternative(row["method"], (), *other, same.ratio, same.interval))
    # told honestly: fewer beside two choices, more beside the third, and nothing sure by any
    assert [one.ratio < 1 for one in told] == [True, True, False]
    assert all(one.way == 0 for one in told)
    assert point_apart(told)
    assert not depends(told[0], told[1:])
    case = json.loads((folder / "wdd_worked_example_with_displacement.json").read_text())
    areas = ("treated", "control_treated", "displacement", "control_displacement")
    treated, comparison, displaced, other = ((case[a]["pre"], case[a]["post"]) for a in areas)
    found = weighted_displacement_difference(
        treated, comparison, displaced=displaced, displaced_comparison=other
    )
    assert found.estimate == case["wdd"]
    assert [found.interval.low, found.interval.high] == pytest.approx(case["ci95"], abs=1e-3)


# one measure at Torget from 2 April 2025, with Parken as comparison place


def judged(rows=FULL, *, measure=None, problem=None, period=Q1, **parts):
    (found,) = evaluate(
        events(*rows), register(measure, problem), period, settings(**parts), GEOGRAPHY
    )
    return found


def test_a_measure_by_hand():
    found = judged()
    assert (found.before, found.after, found.years) == (120, 20, 3)
    assert (found.comparison, found.comparison_before, found.comparison_after) == ("Parken", 90, 30)
    assert found.why_not == ""
    # 20 - 120 / 3 - (30 - 90 / 3) / 0.75: Parken has three quarters of Torget's level
    assert found.difference.estimate == pytest.approx(-20)
    scaled = (30 + 90 / 9) / 0.75**2
    assert found.difference.variance == pytest.approx(20 + 120 / 9 + scaled)
    assert found.ratio == pytest.approx(0.5)
    reach = 1.959964 * math.sqrt(1 / 20 + 1 / 120 + 1 / 30 + 1 / 90)
    low, high = 0.5 * math.exp(-reach), 0.5 * math.exp(reach)
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), rel=1e-6)
    p_ratio = math.erfc(math.log(2) / (reach / 1.959964) / math.sqrt(2))
    assert found.p == pytest.approx(p_ratio, rel=1e-5)
    assert (found.window.start, found.window.end) == (date(2025, 4, 2), date(2026, 4, 1))


def test_the_ratio_is_the_published_one():  # AT-06: 0.514690 (0.3892-0.6806)
    rows = [HISTORY, *yearly([110, 207], **BEFORE), *yearly([318, 308], **THERE)]
    found = judged(rows, thresholds={"history_years": 1})
    assert found.ratio == pytest.approx(0.514690, abs=1e-5)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.3892, 0.6806), abs=1e-4)
    assert found.difference.estimate == pytest.approx(-97 - 10 * 207 / 308)


def test_difference_and_ratio_never_point_apart():
    """60 to 70 against 10 to 15: more by number, less than if it had followed the comparison."""
    rows = [HISTORY, *yearly([70, 60], **BEFORE), *yearly([15, 10], **THERE)]
    found = judged(rows, thresholds={"history_years": 1})
    assert found.difference.estimate == pytest.approx(70 - 60 * 15 / 10)
    assert found.ratio < 1
    plain = weighted_displacement_difference((60, 70), (10, 15))
    assert plain.estimate > 0


LATEST = {"start": "2026-03-25", "x": 9_000.0, "y": 9_000.0}  # the source goes on
WHY_NOT = {
    "silent": {"rows": [*FULL, *each_day("2021-01-01", 1_700, x=9_000.0, y=9_000.0)]},
    "not_started": {"measure": {"startdatum": "2026-04-01"}},
    "no_place": {"problem": {"plats": "Ingenstans"}},
    "no_baseline": {"rows": [*yearly([20], **BEFORE), *yearly([20], **THERE), LATEST]},
    "no_comparison": {
        "rows": [HISTORY, *yearly([20, 40], **BEFORE)],
        "measure": {"jamforelseplats": ""},
    },
    "unknown_comparison": {"measure": {"jamforelseplats": "Ingenstans"}},
    "too_few": {"rows": [HISTORY, *yearly([1, 2], **BEFORE), *yearly([2, 1], **THERE)]},
}


@pytest.mark.parametrize("why", WHY_NOT)
def test_every_reason_why_not_is_reached(why):
    found = judged(**WHY_NOT[why])
    assert found.why_not == why
    assert (found.difference, found.ratio, found.interval, found.p) == (None,) * 4


def test_more_ways_to_the_same_refusals():
    assert judged(measure={"startdatum": pd.NaT}).why_not == "not_started"
    undated = {"startdatum": pd.NaT, "forvantad_effekt_fran": "2025-05-01"}
    assert judged(measure=undated).why_not == "not_started"
    later = {"forvantad_effekt_fran": "2026-04-01"}
    assert judged(measure=later).why_not == "not_started"
    assert judged(problem={"plats": "", "beskrivning": "Mörkt"}).why_not == "no_place"
    assert judged(problem={"grupp": "Klotter"}).why_not == "too_few"
    # the comparison place holds nothing but what the treated place holds
    assert judged(measure={"jamforelseplats": "Torget"}).why_not == "too_few"
    assert judged(measure={"jamforelseplats": "Torget"}).comparison_after == 0


def test_one_count_in_any_of_the_four_cells_below_the_gate_is_judged_exactly():
    for cell in range(4):
        counts = [10, 10, 10, 10]
        assert judged(quarter_of(counts)).difference is not None
        counts[cell] = 9
        found = judged(quarter_of(counts))
        now, before, there_now, there_before = counts
        assert found.why_not == ""
        assert found.difference is None
        kept = exact((before, now), (there_before, there_now))
        assert (found.ratio, found.interval, found.p) == (kept.ratio, kept.interval, kept.p)


def test_a_place_that_goes_silent_is_no_longer_too_few():
    rows = [HISTORY, *yearly([2, 25, 25, 25], **BEFORE), *yearly([25] * 4, **THERE)]
    found = judged(rows)
    assert found.p < 0.001
    assert found.interval.high < 0.5


def several(n, rows, **parts):
    """Return evaluations of `n` measures with the same counts."""
    base = register()
    measures = pd.concat([base.measures.assign(id=f"A{i}") for i in range(n)], ignore_index=True)
    listed = Register(base.problems, measures, base.decisions, base.faults)
    return evaluate(events(*rows), listed, Q1, settings(**parts), GEOGRAPHY)


def test_a_question_is_asked_only_where_its_sums_could_answer_it():
    rows = [HISTORY, *yearly([0, 4, 0, 0], **BEFORE), *yearly([5, 4, 0, 0], **THERE)]
    (alone,) = several(1, rows)
    assert alone.why_not == ""
    assert alone.design.alpha == pytest.approx(0.06)
    crowd = several(9, rows)  # at a ninth of the risk not even the strongest outcome would do
    assert {e.why_not for e in crowd} == {"too_few"}


def test_no_sign_needs_a_design_that_would_have_seen_the_named_change():
    assert not judged(quarter_of([30, 30, 30, 30])).sufficient
    assert judged(quarter_of([200, 200, 200, 200])).sufficient
    small = judged(quarter_of([200] * 4), thresholds={"relevant_change": 1.1})
    assert not small.sufficient


def test_an_unknown_period_of_choice_is_told():
    assert not judged().chosen
    assert judged(problem={"vald_period": "2021Q1"}).chosen


def quarter_of(counts):
    now, before, there_now, there_before = counts
    return [HISTORY, *yearly([now, before], **BEFORE), *yearly([there_now, there_before], **THERE)]


def test_measures_are_judged_in_order_and_those_without_a_problem_left_out():
    base = register()
    three = pd.concat([base.measures.assign(id=i) for i in ("A3", "A1", "A2")], ignore_index=True)
    three.loc[1, "problem"] = "P9"
    listed = Register(base.problems, three, base.decisions, base.faults)
    found = evaluate(events(*FULL), listed, Q1, settings(), GEOGRAPHY)
    assert [e.measure for e in found] == ["A3", "A2"]


def test_only_located_crimes_of_the_group_within_the_radius_count():
    noise = [
        *yearly([100], kind="event", **BEFORE),
        *yearly([100], group="Klotter", **BEFORE),
        *yearly([100], place_precision="area", **BEFORE),
        *yearly([100], x=0.0, y=150.1),
    ]
    edge = yearly([1], x=150.0, y=0.0)
    found = judged([*FULL, *noise, *edge], problem={"grupp": "Skadegörelse"})
    assert (found.after, found.before) == (21, 120)
    wider = judged([*FULL, *noise], problem={"grupp": "Skadegörelse", "radie_m": 151.0})
    assert wider.after == 120


def test_the_problems_own_coordinates_stand_over_its_name():
    moved = judged(problem={"x": 5_000.0, "y": 0.0}, measure={"jamforelseplats": "Torget"})
    assert (moved.after, moved.before) == (30, 90)
    half = judged(problem={"x": 5_000.0})
    assert half.after == 20


def test_no_event_counts_both_at_the_place_and_in_its_comparison():
    shared = yearly([7, 7, 7, 7], x=50.0, y=0.0)  # between Torget and Intill, within both
    own = yearly([15, 15, 15, 15], x=200.0, y=0.0)  # within Intill only
    found = judged([*FULL, *shared, *own], measure={"jamforelseplats": "Intill"})
    assert (found.after, found.before) == (27, 141)
    assert (found.comparison_after, found.comparison_before) == (15, 45)


# what the baseline may hold


DIGITS = 15


def counted_days(probes, *, chosen="", started="2025-04-02", expected=pd.NaT):
    """
    Return how often an event of each probed day counts before, and how often after.

    One evaluation answers for all days: fifteen of them share a place, and the k-th has 4**k
    events, so that the digits of a sum say which days are in it, and how often.
    """
    lines = [
        {"start": day, "count": 4 ** (i % DIGITS), "x": 1_000.0 * (i // DIGITS), "y": 1_000.0}
        for i, day in enumerate(probes)
    ]
    places = len(probes) // DIGITS + 1
    ids = [f"P{i}" for i in range(places)]
    base = register({"startdatum": started, "forvantad_effekt_fran": expected})
    problems = pd.concat([base.problems] * places, ignore_index=True).assign(
        id=ids, vald_period=chosen, x=1_000.0 * np.arange(places), y=1_000.0, radie_m=10.0
    )
    measures = pd.concat([base.measures] * places, ignore_index=True)
    measures = measures.assign(id=ids, problem=ids)
    found = evaluate(
        events(HISTORY, *lines),
        Register(problems, measures, base.decisions, base.faults),
        Q1,
        settings(),
        GEOGRAPHY,
    )
    return pd.DataFrame(
        {
            side: [getattr(e, side) // 4**k % 4 for e in found for k in range(DIGITS)]
            for side in ("before", "after")
        }
    )[: len(probes)].set_index(pd.DatetimeIndex(probes))


def baseline_faults(counted, *, chosen, started):
    """Return the days that count in the baseline though they must not, or more than once."""
    faults = []
    period = parse(chosen) if chosen else None
    for day, times in counted["before"].items():
        touched = period is not None and period.start <= day.date() < period.end
        if times > 1 or (times and (touched or day >= pd.Timestamp(started))):
            faults.append(day.date())
    return faults


def probes(*edges):
    """Return every ninth day of five years, and the days around each edge."""
    days = pd.date_range("2021-01-01", "2026-04-02", freq="9D").tolist()
    near = [pd.Timestamp(e) + pd.Timedelta(days=d) for e in edges for d in (-2, -1, 0, 1, 2)]
    return sorted(set(days + near))


@pytest.mark.parametrize(
    ("chosen", "started", "expected"),
    [
        ("", "2025-04-02", pd.NaT),
        ("2024Q4", "2025-04-02", pd.NaT),
        ("2024", "2025-02-03", "2025-06-01"),
        ("2025-01-15--2025-03-02", "2025-03-10", "2025-10-01"),
        ("2023-06", "2025-01-01", pd.NaT),  # started more than a year before the period's end
    ],
)
def test_the_baseline_holds_no_day_that_chose_the_place_nor_one_after_the_start(
    chosen, started, expected
):
    edges = ["2025-04-02", "2024-04-03", "2023-04-05", "2022-04-06", "2024-04-01", started]
    if chosen:
        edges += [str(parse(chosen).start), str(parse(chosen).end)]
    counted = counted_days(probes(*edges), chosen=chosen, started=started, expected=expected)
    assert counted["before"].sum() > 20
    assert baseline_faults(counted, chosen=chosen, started=started) == []
    effect = max(pd.Timestamp(started), pd.Timestamp(started if expected is pd.NaT else expected))
    in_window = counted.index[counted["after"] > 0]
    assert in_window.min() >= effect
    assert set(counted["after"]) == {0, 1}


def test_a_baseline_that_holds_the_chosen_period_or_the_measure_is_noticed():
    chosen, started = "2024Q4", "2025-04-02"
    careless = counted_days(probes(), chosen="", started=started)  # nobody said what was chosen
    faults = baseline_faults(careless, chosen=chosen, started=started)
    assert faults
    assert all(date(2024, 10, 1) <= day < date(2025, 1, 1) for day in faults)
    late = counted_days(probes(), started="2025-04-02")
    assert baseline_faults(late, chosen="", started="2024-04-01")


def test_earlier_seasons_meet_and_never_overlap():
    days = pd.date_range("2022-03-25", "2025-04-05").tolist()
    counted = counted_days([d for d in days if d.month in (3, 4)])
    assert counted["before"].max() == 1
    inside = counted.loc["2022-04-06":"2025-04-01", "before"]
    assert (inside == 1).all()
    assert counted["before"].sum() == len(inside)


def test_an_effect_expected_before_the_start_counts_from_the_start():
    early = judged(measure={"forvantad_effekt_fran": "2024-01-01"})
    assert replace(early, held=None) == replace(judged(), held=None)
    assert early.held.tally(early.baseline) == judged().held.tally(early.baseline)


def test_history_that_begins_too_late_gives_fewer_years():
    rows = [*FULL[1:], {"start": "2023-04-05", "x": 9_000.0, "y": 9_000.0}]
    stated = {"sources": {"polis": {"covers_from": date(2023, 4, 5)}}}
    assert judged(rows, **stated).years == 2
    stated = {"sources": {"polis": {"covers_from": date(2023, 4, 6)}}}
    assert judged(rows, **stated).years == 1


def test_what_a_plain_before_and_after_would_have_said_stands_beside():
    found = judged()
    assert naive_change(found, 0.95) == compare_rates(20, 1, 120, 3).interval
    assert naive_change(judged(**WHY_NOT["no_baseline"]), 0.95) is None
    assert naive_change(judged(**WHY_NOT["silent"]), 0.95) is None
    assert naive_change(judged(**WHY_NOT["not_started"]), 0.95) is None
    assert naive_change(judged(**WHY_NOT["no_comparison"]), 0.95) is not None


# the fall after a peak (AT-38): places chosen at their worst get better by themselves


def false_alarms(independent, simulations=4_000):
    """
    Return the share of false alarms, and events before and after at the chosen places, on average.

    Two hundred places of gamma(2, 5) rates; the ten with most events in one period are treated,
    ten others are compared with, and nothing whatever is done to any of them.
    """
    rng = np.random.default_rng(38)
    alarms, before, after = 0, 0, 0
    for _ in range(simulations):
        rates = rng.gamma(2, 5, 200)
        selection, baseline, later = rng.poisson(rates, size=(3, 200))
        order = np.argsort(-selection, kind="stable")
        treated, comparison = order[:10], rng.choice(order[10:], 10, replace=False)
        used = baseline if independent else selection
        found = weighted_displacement_difference(
            (used[treated].sum(), later[treated].sum()),
            (used[comparison].sum(), later[comparison].sum()),
        )
        alarms += found.estimate < -1.645 * found.standard_error
        before, after = before + used[treated].sum(), after + later[treated].sum()
    return alarms / simulations, before / simulations / 10, after / simulations / 10


def test_a_place_chosen_at_its_peak_seems_helped_where_the_peak_is_the_baseline():
    share, before, after = false_alarms(independent=False)
    assert share == pytest.approx(0.42, abs=0.03)
    # the mean of the rate given a count s is (s + 2) / 1.2: a gamma prior and a Poisson count
    assert after == pytest.approx((before + 2) / 1.2, rel=0.005)
    assert after / before - 1 < -0.10


def test_with_a_baseline_of_its_own_the_test_keeps_its_level():
    share, before, after = false_alarms(independent=True)
    assert share == pytest.approx(0.05, abs=0.015)
    assert after / before - 1 == pytest.approx(0, abs=0.005)


def test_evaluation_itself_uses_the_independent_baseline():
    """Chosen in the worst of four years: the peak stands outside, whatever it is."""
    calm = [HISTORY, *yearly([20, 0, 20, 20, 20], **BEFORE), *yearly([20] * 5, **THERE)]
    for peak in (20, 60, 200):
        rows = [*calm, {"start": "2024-10-01", "count": peak, **BEFORE}]
        found = judged(rows, problem={"vald_period": "2024Q4"})
        assert (found.before, found.years, found.after) == (60, 3, 20)
        assert found.difference.estimate == 0
    untold = judged(rows)
    assert untold.difference.estimate < -1.645 * untold.difference.standard_error
