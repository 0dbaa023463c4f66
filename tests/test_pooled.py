"""Like measures together: exact against enumeration, kept libraries, and no event counted twice."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from frames import events, settings
from scipy import stats
from test_evaluation import GEOGRAPHY, HISTORY, Q1, register, yearly

from est_analysis.evidence import judge
from est_analysis.measures.design import exact
from est_analysis.measures.evaluation import Evaluation, evaluate
from est_analysis.measures.ground import Gazetteer, Site, sites_of
from est_analysis.measures.pooled import Ground, common, grounds_of, pool, power, reaches
from est_analysis.measures.register import Register
from est_analysis.reports.findings_of_pooled import pooled_finding
from est_analysis.reports.language import Language

SAY = Language("sv")
THRESHOLDS = settings().thresholds
FEW = [(2, 1, 3, 4), (5, 0, 2, 2), (1, 1, 0, 3)]
MANY = [(200, 150, 180, 190), (400, 380, 300, 310), (90, 60, 85, 90)]


def by_enumeration(tables, odds):
    """Return the chance of each sum of the treated counts after, table by table."""
    sums = {}
    spans = [
        range(max(0, t1 + c1 - c0 - c1), min(t0 + t1, t1 + c1) + 1) for t0, t1, c0, c1 in tables
    ]
    for cells in itertools.product(*spans):
        ways = 1.0
        for k, (t0, t1, c0, c1) in zip(cells, tables, strict=True):
            ways *= math.comb(t0 + t1, k) * math.comb(c0 + c1, t1 + c1 - k) * odds**k
        sums[sum(cells)] = sums.get(sum(cells), 0.0) + ways
    whole = sum(sums.values())
    return {k: ways / whole for k, ways in sums.items()}


def test_it_is_what_counting_every_outcome_gives():
    found, seen = common(FEW), sum(row[1] for row in FEW)
    null = by_enumeration(FEW, 1.0)
    lower = sum(chance for k, chance in null.items() if k <= seen)
    upper = sum(chance for k, chance in null.items() if k >= seen)
    assert found.p == pytest.approx(min(1, 2 * min(lower, upper)))
    likely = by_enumeration(FEW, found.ratio)
    assert sum(k * chance for k, chance in likely.items()) == pytest.approx(seen)
    at_low = by_enumeration(FEW, found.interval.low)
    assert sum(chance for k, chance in at_low.items() if k >= seen) == pytest.approx(0.025)
    at_high = by_enumeration(FEW, found.interval.high)
    assert sum(chance for k, chance in at_high.items() if k <= seen) == pytest.approx(0.025)
    claimed = [k for k in null if 2 * sum(chance for j, chance in null.items() if j <= k) <= 0.4]
    halved = by_enumeration(FEW, 0.5)
    assert power(FEW, 0.5, alpha=0.4) == pytest.approx(sum(halved[k] for k in claimed))


def test_the_published_rabbits():
    """Agresti (1990), pages 231-237, as R's mantelhaen.test has them: exact p 0.040."""
    delayed = [(0, 0, 6, 5), (3, 0, 3, 6), (6, 2, 0, 4), (5, 6, 1, 0), (2, 5, 0, 0)]
    found = common([(died, cured, late, now) for cured, now, died, late in delayed])
    assert found.p == pytest.approx(0.040, abs=0.0005)
    assert found.strata == 3  # the weakest and the strongest dose say nothing


def test_with_many_events_it_is_mantel_and_haenszels():
    found = common(MANY)
    kept = sm.stats.StratifiedTable([np.array([[b, a], [d, c]], float) for a, b, c, d in MANY])
    assert found.ratio == pytest.approx(kept.oddsratio_pooled, rel=1e-3)
    low, high = kept.oddsratio_pooled_confint()
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), rel=0.01)
    assert found.p == pytest.approx(kept.test_null_odds(correction=True).pvalue, abs=5e-4)
    assert found.unlike == pytest.approx(kept.test_equal_odds().pvalue, abs=2e-3)


@pytest.mark.parametrize("dispersion", [1.0, 1.6])
def test_one_table_is_the_exact_test_of_one_measure(dispersion):
    alone = exact((40, 7), (46, 25), dispersion=dispersion)
    found = common([(40, 7, 46, 25)], dispersion=dispersion)
    assert (found.p, found.strata, found.unlike) == (pytest.approx(alone.p), 1, None)
    ends = (found.interval.low, found.interval.high)
    assert ends == pytest.approx((alone.interval.low, alone.interval.high), rel=1e-6)


def test_thousands_of_events_do_not_lose_the_tails():
    far = common([(9_000, 3_000, 9_000, 9_000)] * 3)
    assert far.ratio == pytest.approx(1 / 3, rel=1e-3)
    assert far.p < 1e-100
    reach = 1.96 * math.sqrt(sum(1 / n for n in (27_000, 9_000, 27_000, 27_000)))
    assert math.log(far.interval.high / far.ratio) == pytest.approx(reach, rel=0.01)


def test_tables_of_unlike_size_are_never_added_up():
    """Nothing happened at either place; the sum of both says that it fell to less than half."""
    apart = [(100, 20, 1_000, 200), (20, 100, 4, 20)]
    assert common(apart).ratio == pytest.approx(1, abs=0.01)
    added = np.sum(apart, axis=0)
    assert common([tuple(added)]).ratio > 4


def test_edges_and_nothing():
    none_after = common([(5, 0, 5, 5), (4, 0, 3, 6)])
    assert (none_after.ratio, none_after.interval.low, none_after.unlike) == (0, 0, None)
    assert none_after.interval.high < 1
    all_after = common([(0, 5, 5, 5)])
    assert (all_after.ratio, all_after.interval.high) == (math.inf, math.inf)
    empty = common([(0, 0, 3, 4)])
    assert math.isnan(empty.ratio)
    assert (empty.p, empty.strata) == (1.0, 0)
    with pytest.raises(ValueError, match="zero or more"):
        common([(-1, 2, 3, 4)])
    with pytest.raises(ValueError, match="four counts"):
        common([(1, 2, 3)])
    with pytest.raises(ValueError, match="four counts"):
        power([(1, 2, 3)], 0.5)


def test_what_cannot_be_told_alone_can_be_told_together():
    alone = (9, 2, 9, 8)
    assert not reaches([(3, 1, 3, 1)], alpha=0.02)
    assert reaches([(3, 1, 3, 1)] * 4, alpha=0.02)
    assert power([alone] * 5, 0.5) > 2 * power([alone], 0.5)


def shares(counted, ratio, n=600, **how):
    """Return how often the interval leaves out the true ratio, and how often p is below 5 %."""
    rng = np.random.default_rng(11)
    missed = claimed = 0
    for _ in range(n):
        found = common(counted(rng, ratio), **how)
        missed += not found.interval.low <= ratio <= found.interval.high
        claimed += found.p <= 0.05
    return missed / n, claimed / n


def small_places(rng, ratio):
    means = np.array([[9, 3 * ratio, 12, 4], [6, 2 * ratio, 9, 3], [15, 5 * ratio, 6, 2]])
    return rng.poisson(means)


BOUND = stats.binom.ppf(0.999, 600, 0.05) / 600


def test_the_interval_covers_and_no_effect_is_rarely_claimed():
    assert shares(small_places, 1.0)[1] <= BOUND
    assert shares(small_places, 0.4)[0] <= BOUND


def one_comparison(rng, *, merged):
    """Return three places without effect, all held against the same few events."""
    there = rng.poisson([24, 8])
    places = rng.poisson([[60, 20]] * 3)
    if merged:
        return [(*places.sum(axis=0), *there)]
    return [(*place, *there) for place in places]


def test_one_comparison_place_counted_three_times_is_too_sure():
    apart = shares(lambda rng, _: one_comparison(rng, merged=False), 1.0)
    merged = shares(lambda rng, _: one_comparison(rng, merged=True), 1.0)
    assert merged[1] <= BOUND
    assert apart[1] > BOUND


def test_unlike_measures_are_told_and_like_ones_are_not():
    assert common([(60, 5, 60, 20), (60, 60, 60, 20)]).unlike < 0.001
    rng = np.random.default_rng(12)
    found = [common(small_places(rng, 0.6)).unlike for _ in range(600)]
    unlike = [one is not None and one <= 0.05 for one in found]
    assert sum(unlike) / len(unlike) <= BOUND


# which measures are taken together

KINDS = {"A": "situationell", "B": "situationell", "C": "situationell", "D": "social"}


def evaluated(name, counts=(60, 20, 60, 30), group="", **more):
    before, after, there_before, there_after = counts
    return Evaluation(
        **{
            **{"measure": name, "problem": "P", "place": name, "group": group, "years": 3},
            **{"before": before, "after": after, "comparison": f"vid {name}"},
            **{"comparison_before": there_before, "comparison_after": there_after},
            **more,
        }
    )


def ground(**moved):
    """Return sites far apart, each with a comparison place of its own, but for those moved."""
    found = {}
    for i, name in enumerate("ABCD"):
        own, there = moved.get(name, (10_000.0 * i, 10_000.0 * i + 5_000))
        found[name] = Ground(Site((own, 0.0), 150.0), (Site((there, 0.0), 150.0),))
    return found


def test_like_measures_are_taken_together():
    listed = [evaluated(name) for name in "ABCD"]
    (found,) = pool(listed, KINDS, ground(), THRESHOLDS)
    assert (found.kind, found.group, found.measures) == ("situationell", "", ("A", "B", "C"))
    assert found.tables == ((60, 20, 60, 30),) * 3
    assert found.common == common(found.tables)
    assert (found.before, found.after, found.left_out) == (180, 60, {})
    assert found.unknown_choice == 0
    assert found.sufficient == (found.power >= 0.8)


def test_groups_stand_apart_and_then_together():
    listed = [
        *(evaluated(name, group="Stöld") for name in "AB"),
        evaluated("C", group="Skadegörelse", chosen=False),
    ]
    one, whole = pool(listed, KINDS, ground(), THRESHOLDS)
    assert (one.group, one.measures, one.unknown_choice) == ("Stöld", ("A", "B"), 0)
    assert (whole.group, whole.measures, whole.unknown_choice) == (None, ("A", "B", "C"), 1)


def test_ground_is_never_counted_twice():
    near = ground(B=(200.0, 15_000.0))
    (found,) = pool([evaluated(n) for n in "ABC"], KINDS, near, THRESHOLDS)
    assert (found.measures, found.left_out) == (("A", "C"), {"B": "ground"})
    assert found.doubled == ["B"]
    own = ground(B=(5_000.0, 15_000.0))  # what is treated is another's comparison place
    (found,) = pool([evaluated(n) for n in "ABC"], KINDS, own, THRESHOLDS)
    assert found.left_out == {"B": "ground"}
    other = ground(B=(10_000.0, 200.0))
    (found,) = pool([evaluated(n) for n in "ABC"], KINDS, other, THRESHOLDS)
    assert found.left_out == {"B": "ground"}


def test_one_comparison_place_is_one_table():
    shared = ground(B=(10_000.0, 5_000.0))
    listed = [evaluated("A"), evaluated("B", (30, 5, 60, 30)), evaluated("C")]
    listed[1] = replace(listed[1], comparison="vid A")
    (found,) = pool(listed, KINDS, shared, THRESHOLDS)
    assert found.measures == ("A", "B", "C")
    assert found.tables == ((90, 25, 60, 30), (60, 20, 60, 30))
    later = replace(listed[1], comparison_after=20, window=Q1)
    (found,) = pool([listed[0], later, listed[2]], KINDS, shared, THRESHOLDS)
    assert (found.measures, found.left_out) == (("A", "C"), {"B": "comparison"})


def test_what_says_nothing_keeps_nobody_out():
    near = ground(B=(200.0, 15_000.0))
    listed = [evaluated("A", (0, 0, 15, 5)), evaluated("B"), evaluated("C")]
    (found,) = pool(listed, KINDS, near, THRESHOLDS)
    assert (found.measures, found.left_out) == (("B", "C"), {"A": "too_few"})
    nobody = replace(evaluated("A"), comparison_before=-1, why_not="no_comparison")
    assert pool([nobody, evaluated("B")], KINDS, ground(), THRESHOLDS) == []


def told(*listed, sites=None, **parts):
    (found,) = pool(listed, KINDS, sites or ground(), settings(**parts).thresholds)
    (kept,) = judge([pooled_finding(found, THRESHOLDS)], THRESHOLDS)
    assert kept.word is None  # it describes: no single measure pays for it
    return SAY.sentence(kept.text)


def test_the_sentences():
    many = (300, 60, 300, 100)
    said = told(evaluated("A", many), evaluated("B", many))
    assert said.startswith("2 situationella insatser tillsammans (anmälda brott): 0,6 gånger")
    assert "skiljer sig inte mer" in said
    assert "Inte heller" not in said
    assert "står det inte när" not in said
    apart = told(evaluated("A", many), evaluated("B", (300, 300, 300, 100)))
    assert "ett snitt av olika effekter" in apart
    small = told(evaluated("A", (9, 2, 9, 8)), evaluated("B", (9, 3, 9, 4), chosen=False))
    assert "säkert se en halvering" in small
    assert "För 1 av dem står det inte när platsen valdes" in small
    nothing = told(evaluated("A", (1, 1, 1, 1)), evaluated("B", (1, 1, 1, 1)))
    assert "för få händelser även tillsammans" in nothing
    near = ground(C=(200.0, 25_000.0))
    assert "1 till delar mark" in told(*(evaluated(n, many) for n in "ABC"), sites=near)


def test_from_the_register_to_the_pool():
    one = register({"atgardstyp": "situationell"})
    two = register(
        {"id": "A2", "problem": "P2", "jamforelseplats": "Lunden", "atgardstyp": "situationell"},
        {"id": "P2", "plats": "Backen"},
    )
    both = Register(
        pd.concat([one.problems, two.problems], ignore_index=True),
        pd.concat([one.measures, two.measures], ignore_index=True),
        one.decisions,
        pd.DataFrame(),
    )
    more = {"name": ["Backen", "Lunden"], "place_type": "park", "y": 0.0, "area": "Centrum"}
    places = pd.concat(
        [GEOGRAPHY.places, pd.DataFrame({**more, "x": [20_000.0, 30_000.0]})], ignore_index=True
    )
    geography = replace(GEOGRAPHY, places=places)
    rows = [HISTORY]
    for x, now in ((0.0, 3), (5_000.0, 9), (20_000.0, 4), (30_000.0, 8)):
        rows += yearly([now, 8, 8, 8], x=x, y=0.0)
    listed = evaluate(events(*rows), both, Q1, settings(), geography)
    kinds = dict(zip(both.measures["id"], both.measures["atgardstyp"], strict=True))
    grounds = grounds_of(listed, sites_of(both, geography), Gazetteer(geography.places))
    (found,) = pool(listed, kinds, grounds, THRESHOLDS)
    assert found.tables == ((24, 3, 24, 9), (24, 4, 24, 8))
    assert found.unknown_choice == 2
    assert 0.2 < found.common.ratio < 0.7


def by_rule(name, rule="similar", compared=("Torg",), **more):
    return evaluated(name, comparison="", rule=rule, compared=compared, **more)


def test_measures_compared_by_rule_are_pooled_too():
    """They were left out while only a named comparison place was known."""
    places = pd.DataFrame(
        {"name": ["Torg", "Park"], "place_type": "torg", "x": [0.0, 9e4], "y": 0.0}
    )
    own = {name: Site((1e4 * i, 5e4), 150.0) for i, name in enumerate("ABC")}
    listed = [by_rule("A"), by_rule("B"), by_rule("C", compared=("Park",))]
    grounds = grounds_of(listed, own, Gazetteer(places))
    assert grounds["A"].against == (Site((0.0, 0.0), 150.0),)
    (found,) = pool(listed, KINDS, grounds, THRESHOLDS)
    assert found.tables == ((120, 40, 60, 30), (60, 20, 60, 30))
    partly = [by_rule("A"), by_rule("B", compared=("Torg", "Park")), by_rule("C", "rest", ())]
    assert pool(partly, KINDS, grounds_of(partly, own, Gazetteer(places)), THRESHOLDS) == []
    everywhere = [by_rule(name, "rest", ()) for name in "AB"]
    (found,) = pool(everywhere, KINDS, grounds_of(everywhere, own, Gazetteer(places)), THRESHOLDS)
    assert found.tables == ((120, 40, 60, 30),)
    nothing = replace(by_rule("A"), rule="", comparison_before=-1, why_not="no_comparison")
    assert grounds_of([nothing], own, Gazetteer(places)) == {}
