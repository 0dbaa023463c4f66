"""A measure in Dallas, month by month: the published figures, and what we say of the months."""

import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from frames import events, settings
from frames_of_measures import GEOGRAPHY, register

from est_analysis.evidence import Finding, Text, Word, judge
from est_analysis.measures.comparisons import Alternative, depends
from est_analysis.measures.evaluation import evaluate, weighted_displacement_difference
from est_analysis.measures.event_study import NEVER, Panel, event_study
from est_analysis.periods import parse
from est_analysis.reports.findings_of_measures import judged_finding
from est_analysis.reports.language import Language

SAY = Language("sv")
CHOICES = ("contiguous", "scan", "city")
REPORTED = parse("2026Q3")  # the measure began on 1 January 2026; nine months after


def months():
    if not os.environ.get("EST_REAL_DATA"):
        pytest.skip("EST_REAL_DATA is not set: the months of Dallas are not read")
    folder = Path(os.environ["EST_REAL_DATA"]) / "wdd_evaluation_cases"
    table = pd.read_csv(folder / "dallas_redbird_pid_violent_monthly.csv", parse_dates=["start"])
    return table, pd.read_csv(folder / "published_wdd_results.csv").set_index("method")


@pytest.mark.real
@pytest.mark.parametrize("choice", CHOICES)
def test_the_published_figures_come_from_the_months(choice):
    """Nine months before against nine months after; the city is scaled down to the place."""
    table, published = months()
    row = published.loc[choice]
    before, after = table["month"].between(-9, -1), table["month"] >= 0
    counts = [
        int(table.loc[part, c].sum()) for c in ("treated", choice) for part in (before, after)
    ]
    assert counts == [row["T0"], row["T1"], row["C0"], row["C1"]]
    long_before = table[table["month"] < 0]
    k = long_before[choice].sum() / long_before["treated"].sum() if choice == "city" else 1.0
    assert k == pytest.approx(row["k"])
    here = weighted_displacement_difference((counts[0], counts[1]), (0, 0))
    there = weighted_displacement_difference((counts[2], counts[3]), (0, 0))
    estimate = here.estimate - there.estimate / k
    error = math.sqrt(here.variance + there.variance / k**2)
    assert estimate == pytest.approx(row["wdd_est"])
    assert error == pytest.approx(row["wdd_se"])
    assert estimate / error == pytest.approx(row["z"])
    ends = (estimate - 1.959964 * error, estimate + 1.959964 * error)
    assert ends == pytest.approx((row["ci_low"], row["ci_high"]), abs=1e-4)


def evaluated(table, choice, *, after=None):
    """Return our evaluation: the same nine months of up to three earlier years are the baseline."""
    rows = []
    for line in table.to_dict("records"):
        day = line["start"] + pd.Timedelta(days=14)  # a month's middle is in its own season
        treated = line["treated"] if after is None or line["month"] < 0 else after
        for x, n in ((0.0, treated), (5_000.0, line[choice])):
            if n:
                rows.append({"start": day, "count": n, "x": x, "y": 0.0})
    own = register({"startdatum": "2026-01-01"}, {"vald_period": ""})
    (found,) = evaluate(events(*rows), own, REPORTED, settings(), GEOGRAPHY)
    return found


def told(found):
    """Return the word and the sentence as they stand in a report that asks of other things too."""
    others = [
        Finding(f"{room}/nothing", dict.fromkeys(Word, Text("")), 100, null=Text("intet"), p=1.0)
        for room in ("change", "where")
    ]
    kept, *_ = judge([judged_finding(found, "Insatsen", 0), *others], settings().thresholds)
    return kept.word, SAY.sentence(kept.text)


@pytest.mark.real
@pytest.mark.parametrize(
    ("choice", "word", "said"),
    [
        ("contiguous", Word.CANNOT_TELL, "effekten är oviss"),
        ("scan", Word.CANNOT_TELL, "effekten är oviss"),
        # the city fell by itself for three years, and the place never followed it
        ("city", Word.INDICATION, "kanske fler"),
    ],
)
def test_each_choice_of_control_has_its_sentence(choice, word, said):
    table, _ = months()
    found = evaluated(table, choice)
    season = table[table["start"].dt.month <= 9]
    sums = season.groupby(season["start"].dt.year)[["treated", choice]].sum()
    assert found.before == sums.loc[2023:2025, "treated"].sum()
    assert (found.after, found.comparison_after) == tuple(sums.loc[2026])
    assert told(found)[0] is word
    assert said in told(found)[1]
    assert "35 anmälda brott mot 28 i snitt" in told(found)[1]


@pytest.mark.real
def test_the_answer_hangs_on_the_control_and_nothing_is_clear():
    table, published = months()
    assert set(np.sign(published["wdd_est"])) == {-1.0, 1.0}
    assert (published["z"].abs() < 1.96).all()
    listed = {choice: evaluated(table, choice) for choice in CHOICES}
    assert [round(e.ratio, 2) for e in listed.values()] == [1.03, 1.08, 1.62]
    words = {told(e)[0] for e in listed.values()}
    assert words == {Word.CANNOT_TELL, Word.INDICATION}
    told_by = [
        Alternative(choice, (), e.comparison_before, e.comparison_after, e.ratio, e.interval)
        for choice, e in listed.items()
    ]
    near, scan, city = told_by
    # beside a control of its own size nothing is seen, beside the city more: the answer hangs on it
    assert depends(near, [scan, city]) and depends(scan, [near, city])
    assert not depends(near, [scan])  # without the city nobody would know
    assert (near.way, scan.way, city.way) == (0, 0, 1)
    assert not depends(city, [near, scan])  # which only see less than it
    # nobody wrote down when the place was chosen: even alone the city could not make it clear
    assert judged_finding(listed["city"], "Insatsen", 0).strongest is Word.INDICATION


@pytest.mark.real
def test_the_years_before_say_how_much_the_controls_can_carry():
    """Seven years of January-September: no control drifts for sure, and none is sure not to."""
    table, _ = months()
    season = table[table["start"].dt.month <= 9]
    years = season.groupby(season["start"].dt.year)[["treated", *CHOICES]].sum()
    drifts = {}
    for choice in CHOICES:
        panel = Panel(years[["treated", choice]].to_numpy().T, np.array([7, NEVER]))
        drifts[choice] = event_study(panel).drift
        assert event_study(panel).few_clusters
    for drift in drifts.values():
        assert drift.interval.low < 1 and drift.interval.high > 1.1
    assert drifts["city"].ratio == pytest.approx(1.044, abs=0.001)


@pytest.mark.real
def test_a_place_that_had_gone_silent_would_have_been_seen():
    table, _ = months()
    for choice in CHOICES:
        word, said = told(evaluated(table, choice, after=0))
        assert word is Word.INDICATION
        assert "kanske färre" in said
