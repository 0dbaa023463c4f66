"""The whole years since a measure's start: by hand, against the model, and never counted twice."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from frames import events, settings
from frames_of_measures import BEFORE, GEOGRAPHY, HISTORY, THERE, register
from test_pooled import KINDS, THRESHOLDS, evaluated, ground

from est_analysis.measures.design import exact
from est_analysis.measures.evaluation import evaluate
from est_analysis.measures.pooled import common, pool
from est_analysis.measures.since_start import SinceStart, Span, years_since
from est_analysis.periods import Period, parse
from est_analysis.reports import tables
from est_analysis.reports.findings_of_pooled import pooled_finding
from est_analysis.reports.language import Language

SAY = Language("sv")
LATEST = parse("2026Q1")
OLD = {"startdatum": "2023-04-05"}  # 156 weeks, three whole years, to 1 April 2026


def yearly(counts, **row):
    """Return rows of `counts` events on 1 October of 2025, 2024, ..."""
    return [
        {"start": f"{2025 - back}-10-01 12:00", "count": n, **row}
        for back, n in enumerate(counts)
        if n
    ]


FIRST = {**HISTORY, "start": "2018-01-01"}
ROWS = [FIRST, *yearly([9, 6, 3, 12, 11, 10], **BEFORE), *yearly([8, 10, 9, 9, 12, 8], **THERE)]


def judged(rows=ROWS, measure=OLD, problem=None, period=LATEST):
    (found,) = evaluate(events(*rows), register(measure, problem), period, settings(), GEOGRAPHY)
    return found


def test_each_year_and_all_of_them_by_hand():
    since = judged().since
    assert (since.seasons, since.before, since.comparison_before) == (3, 33, 29)
    assert [(one.after, one.comparison_after) for one in since.each] == [(3, 9), (6, 10), (9, 8)]
    assert since.table == (33, 18, 29, 27)
    assert (since.whole.years, since.whole.ratio) == (3, pytest.approx(18 * 29 / (33 * 27)))
    third = since.each[2]
    assert third.ratio == pytest.approx(9 * 29 / (33 * 8))
    alone = exact((33, 9), (29, 8))
    assert (third.interval.low, third.interval.high) == (alone.interval.low, alone.interval.high)
    assert judged().after == 9  # the answer is still about the last year


def test_it_is_the_model_with_an_effect_of_each_place_and_year():
    """Poisson over twelve counts: the years' effects fall away, and the baseline counts once."""
    here, there = [10, 11, 12, 3, 6, 9], [8, 12, 9, 9, 10, 8]
    years = np.tile(np.eye(6), (2, 1))
    place = np.repeat([1.0, 0.0], 6)
    after = place * np.tile([0, 0, 0, 1, 1, 1], 2)
    fit = sm.GLM([*here, *there], np.column_stack([years, place, after]), sm.families.Poisson())
    found = fit.fit()
    assert np.exp(found.params[-1]) == pytest.approx(judged().since.whole.ratio)
    error = np.sqrt(sum(1 / n for n in judged().since.table))
    assert found.bse[-1] == pytest.approx(error)


def covered(*, years_apart):
    """Return how often no effect lies outside the interval, of years together or as strata."""
    rng, missed, n = np.random.default_rng(3), 0, 400
    for _ in range(n):
        before, there = rng.poisson([20, 20])
        after = rng.poisson(20, (2, 4))
        rows = [(before, a, there, c) for a, c in after.T]
        if not years_apart:
            rows = [(before, after[0].sum(), there, after[1].sum())]
        seen = common(rows)
        missed += not seen.interval.low <= 1 <= seen.interval.high
    return missed / n


def test_years_are_no_strata_since_they_share_their_baseline():
    assert covered(years_apart=False) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    assert covered(years_apart=True) > 0.15


def test_only_whole_years_count_and_none_is_none():
    assert judged(measure={"startdatum": "2025-04-03"}).since is None  # a day short of 52 weeks
    one = judged(measure={"startdatum": "2025-04-02"}).since
    assert (one.whole.years, one.whole, one.seasons) == (1, one.each[0], 3)
    assert judged(measure={**OLD, "jamforelseplats": "x"}).since is None


def test_the_year_that_chose_the_place_is_no_baseline():
    since = judged(problem={"vald_period": "2022Q4"}).since
    assert (since.before, since.seasons) == (11 + 10, 3)  # the third year had no events


def test_nor_is_the_wait_for_the_effect_or_the_seasons_matched_by():
    row = pd.Series(
        {
            "startdatum": pd.Timestamp("2023-04-05"),
            "forvantad_effekt_fran": pd.Timestamp("2023-10-04"),
        }
    )
    first = parse("2018").start
    years, seasons = years_since(row, None, LATEST.end, first, 3)
    assert years[0].start.isoformat() == "2023-10-04"
    assert len(years) == 2
    assert seasons[0].end.isoformat() == "2022-10-05"  # the nearest would reach past the start
    (_, matched) = years_since(row, None, LATEST.end, first, 3, [seasons[0]])
    assert matched[0] == seasons[1]
    assert years_since(row, None, LATEST.end, None, 3)[1] == []


def spans(*counts, start="2023-04-05"):
    """Return a measure's whole years from (after, comparison after), before 30 and 30."""
    begin = pd.Timestamp(start).date()
    step = pd.Timedelta(weeks=52)
    each = [
        Span(Period(begin + k * step, begin + (k + 1) * step, "interval"), 1, a, c, 1.0, None)
        for k, (a, c) in enumerate(counts)
    ]
    days = Period(begin, each[-1].days.end, "interval")
    sums = np.sum(counts, axis=0)
    return SinceStart(3, 30, 30, tuple(each), Span(days, len(each), *map(int, sums), 1.0, None))


def pooled(*listed):
    (found,) = pool(list(listed), KINDS, ground(), THRESHOLDS)
    return found


def test_like_measures_are_pooled_over_all_their_years():
    one, two = spans((5, 10), (6, 9)), spans((4, 10))
    found = pooled(evaluated("A", since=one), evaluated("B", since=two))
    assert found.since == common([(30, 11, 30, 19), (30, 4, 30, 10)])
    assert found.since_years == 3
    said = SAY.sentence(pooled_finding(found, THRESHOLDS).sentences[None])
    assert "alla hela år sedan starten (3 år tillsammans): 0,5 gånger" in said


def test_a_single_year_each_says_nothing_more():
    found = pooled(evaluated("A", since=spans((5, 10))), evaluated("B", since=spans((4, 10))))
    assert (found.since, found.since_years) == (None, 0)
    said = SAY.sentence(pooled_finding(found, THRESHOLDS).sentences[None])
    assert "hela år" not in said


def test_one_comparison_over_the_same_years_is_one_table_and_over_others_counts_once():
    same = {"comparison": "vid A"}
    one = spans((5, 10), (6, 9))
    both = pooled(evaluated("A", since=one, **same), evaluated("B", since=one, **same))
    assert both.since == common([(60, 22, 30, 19)])
    later = spans((5, 10), start="2024-04-03")
    first = pooled(evaluated("A", since=one, **same), evaluated("B", since=later, **same))
    assert first.since == common([one.table])
    assert first.since_years == 2


def test_the_table_shows_years_and_their_sum_and_hides_the_few():
    def shown(found):
        names = register().measures.assign(atgard="Ljus")
        results = SimpleNamespace(
            evaluations=[found],
            register=SimpleNamespace(measures=names),
            municipality=settings(),
            period=LATEST,
            language=SAY,
        )
        return tables.since_start(results).rows

    rows = shown(judged())
    assert [SAY.write(row[1]) for row in rows] == ["år 1", "år 2", "år 3", "alla 3 åren"]
    assert rows[-1][3:6] == [11.0, 6.0, pytest.approx(18 * 29 / (33 * 27))]
    assert shown(judged(measure={"startdatum": "2025-04-02"})) == []
    few = [FIRST, *yearly([9, 6, 1, 12, 11, 10], **BEFORE), *yearly([8] * 6, **THERE)]
    (whole,) = shown(judged(few))  # the year with one event could be worked out from the others
    assert whole[4] == pytest.approx(16 / 3)
