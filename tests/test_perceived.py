"""Perceived safety as an outcome: reports near a measure, and surveys of its area."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from frames import events, settings
from test_evaluation import BEFORE, GEOGRAPHY, HISTORY, Q1, THERE, register, yearly

from est_analysis.counts import wilson_interval
from est_analysis.gather.surveys import Surveys
from est_analysis.measures.design import exact
from est_analysis.measures.evaluation import evaluate
from est_analysis.measures.perceived import difference_of_shares, perceived
from est_analysis.reports import tables
from est_analysis.reports.language import Language

UNSAFE = {"kind": "unsafe_place"}
AREA = {"omrade": "Centrum"}
SOURCES = {"polis": {}, "trygg": {"kind": "unsafe_place"}}
OWN = settings(sources=SOURCES)


def answered(*rows):
    """Return surveys of (area, year, share, n); the interval is Wilson's where n is told."""
    table = []
    for area, year, share, n in rows:
        known = wilson_interval(share * n, n) if n > 0 else None
        low, high = (known.low, known.high) if known else (math.nan, math.nan)
        table.append(("Otrygg ute", "", True, area, year, share, low, high, float(n)))
    names = ["question", "source", "share", "area", "year", "value", "low", "high", "n"]
    return Surveys(pd.DataFrame(table, columns=names), pd.DataFrame())


def known(rows=(), surveys=None, *, problem=AREA, measure=None, own=OWN, **parts):
    own_register = register(measure, problem)
    told = [HISTORY, {**HISTORY, **UNSAFE, "source": "trygg"}]
    told += [{**row, **UNSAFE, "source": "trygg"} for row in rows]
    listed = events(*told)
    found = evaluate(listed, own_register, Q1, own, GEOGRAPHY)
    surveys = surveys or answered(("Norr", 2020, 0.5, 100))
    return perceived(listed, own_register, found, Q1, own, GEOGRAPHY, surveys, **parts)


NEAR = [*yearly([2, 9, 8, 7, 8], **BEFORE), *yearly([6, 5, 6, 7, 6], **THERE)]


def test_reports_are_compared_as_crimes_are():
    (found,) = known(NEAR).reports
    assert (found.before, found.after, found.years) == (24, 2, 3)
    assert (found.comparison_before, found.comparison_after) == (18, 6)
    alone = exact((24, 2), (18, 6))
    assert found.ratio == alone.ratio
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (alone.interval.low, alone.interval.high)
    )


def test_crimes_are_no_reports():
    """The same rows as crimes tell nothing of how safe people feel."""
    crimes = [{**row, "kind": "reported_crime"} for row in NEAR]
    own_register = register(None, AREA)
    listed = events(HISTORY, *crimes)
    found = evaluate(listed, own_register, Q1, OWN, GEOGRAPHY)
    surveys = answered(("Norr", 2020, 0.5, 100))
    assert perceived(listed, own_register, found, Q1, OWN, GEOGRAPHY, surveys).reports == ()


def test_unruly_reports_widen_the_interval_and_the_chosen_year_stays_out():
    calm = known(NEAR).reports[0].interval
    wild = [*NEAR, *yearly([0, 14, 4, 12, 6], x=20_000.0, y=0.0, place="Skogen")]
    widened = known(wild).reports[0].interval
    assert widened.low < calm.low and widened.high > calm.high
    (apart,) = known(NEAR, problem={**AREA, "vald_period": "2024Q4"}).reports
    assert (apart.before, apart.years) == (8 + 7 + 8, 3)  # the year before, one earlier instead


def test_nothing_is_told_of_what_is_not_there():
    assert known().reports == ()  # no report near
    assert known(NEAR, whole=False).reports == ()
    assert known(NEAR, measure={"jamforelseplats": "Ingenstans"}).reports == ()
    assert known(NEAR, measure={"startdatum": "2026-06-01"}).reports == ()
    (few,) = known(yearly([0, 1], **BEFORE)).reports
    assert (few.before, few.ratio, few.interval) == (1, None, None)


SURVEYED = [
    *(("Centrum", 2023, 0.40, 200), ("Centrum", 2026, 0.25, 180)),
    *(("Norr", 2023, 0.30, 300), ("Norr", 2026, 0.28, 310)),
    *(("Söder", 2023, 0.20, 100), ("Söder", 2026, 0.22, 90)),
]


def test_a_survey_is_compared_with_the_other_areas():
    (found,) = known(surveys=answered(*SURVEYED)).answers
    assert (found.area, found.years) == ("Centrum", (2023, 2026))
    before, after = (0.3 * 300 + 0.2 * 100) / 400, (0.28 * 310 + 0.22 * 90) / 400
    assert found.others == pytest.approx((before, after))
    assert found.difference == pytest.approx(-0.15 - (after - before))
    assert found.interval.low < found.difference < found.interval.high < 0


def test_the_difference_covers_as_it_says():
    """Four samples of people, nothing changed but by what is said."""
    rng = np.random.default_rng(5)
    shares, n, missed = np.array([0.4, 0.25, 0.3, 0.28]), np.array([200, 180, 400, 400]), 0
    true = (0.25 - 0.4) - (0.28 - 0.3)
    for _ in range(1_000):
        seen = rng.binomial(n, shares) / n
        found = [wilson_interval(s * m, m) for s, m in zip(seen, n, strict=True)]
        variances = [((i.high - i.low) / 3.92) ** 2 for i in found]
        _, interval = difference_of_shares(tuple(seen[:2]), tuple(seen[2:]), variances)
        missed += not interval.low <= true <= interval.high
    assert 0.03 < missed / 1_000 < 0.07


def test_what_a_survey_cannot_say():
    assert known(surveys=answered(*SURVEYED[::2])).answers == ()  # only before
    assert known(surveys=answered(*SURVEYED[:2])).answers == ()  # no other area
    started = [(a, 2025 if y == 2026 else y, s, n) for a, y, s, n in SURVEYED]
    assert known(surveys=answered(*started)).answers == ()  # the year of the start is neither
    assert known(surveys=answered(*SURVEYED), problem={"omrade": "Väster"}).answers == ()
    untold = [(a, y, s, math.nan) for a, y, s, _ in SURVEYED]
    (found,) = known(surveys=answered(*untold)).answers
    assert found.interval is None
    assert found.others[0] == pytest.approx(0.25)  # no numbers: the areas weigh alike


def test_later_surveys_than_the_period_wait():
    later = [(a, 2027 if y == 2026 else y, s, n) for a, y, s, n in SURVEYED]
    assert known(surveys=answered(*later)).answers == ()


def shown(found):
    names = register().measures.assign(atgard="Belysning")
    return SimpleNamespace(
        perceived=found,
        register=SimpleNamespace(measures=names),
        municipality=OWN,
        period=Q1,
        language=Language("sv"),
    )


def test_the_tables_say_what_they_measure():
    html = tables.perceived(shown(known(NEAR, answered(*SURVEYED))))._repr_html_()
    assert "hur många som rapporterar" in html
    assert "Belysning (Torget)" in html and "Belysning (Centrum)" in html
    assert "procentenheter" in html
    nothing = tables.perceived(shown(known()))._repr_html_()
    assert "varken rapporter eller mätningar" in nothing


def test_a_single_report_is_neither_shown_nor_to_be_worked_out():
    one = [*yearly([1, 9, 8, 7, 8], **BEFORE), *yearly([6, 5, 6, 7, 6], **THERE)]
    ((row,), (open_row,)) = (
        tables.perceived_reports(shown(known(rows))).rows for rows in (one, NEAR)
    )
    assert row[2] is None
    assert row[6:] == [None, None]
    assert open_row[6] == pytest.approx((2 / 24) / (6 / 18))
