"""Many places over many periods: closed forms against a kept library, and what is refused."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from frames import events, settings
from frames_of_measures import GEOGRAPHY, HISTORY, Q1, register
from scipy import stats

from est_analysis.evidence import judge
from est_analysis.measures.event_study import NEVER, Panel, event_study, panel_of, two_way
from est_analysis.reports.findings_of_studies import caveats, drift_text, study_finding
from est_analysis.reports.language import Language

SAY = Language("sv")


def rests_on(study):
    return " ".join(SAY.say(text) for text in caveats(study))


def made(rng, *, treated=6, untreated=20, periods=8, start=5, effect=1.0, mean=12.0, phi=1.0):
    """Return a panel in which treated places have `effect` times as many from the start."""
    places = treated + untreated
    level = rng.gamma(4, mean / 4, places)[:, None] * np.linspace(1.0, 0.8, periods)[None, :]
    level[:treated, start:] *= effect
    counts = rng.poisson(level) if phi == 1 else rng.negative_binomial(level / (phi - 1), 1 / phi)
    return Panel(counts, np.array([start] * treated + [NEVER] * untreated))


def fitted(panel, columns, **how):
    """Return a kept library's Poisson model with an effect of each place and each period."""
    places, periods = panel.counts.shape
    place, period = np.indices(panel.counts.shape).reshape(2, -1)
    design = np.column_stack(
        [
            *columns(panel.start[place], period),
            *((place == i).astype(float) for i in range(places)),
            *((period == t).astype(float) for t in range(1, periods)),
        ]
    )
    model = sm.GLM(panel.counts.reshape(-1), design, family=sm.families.Poisson())
    return model.fit(tol=1e-12, maxiter=200, **how), place


PANEL = made(np.random.default_rng(1), effect=0.6)


def treated_after(start, period):
    return [((start != NEVER) & (period >= start)).astype(float)]


def test_the_published_two_by_two():  # AT-06
    found = two_way(Panel(np.array([[207, 110], [308, 318]]), np.array([1, NEVER])))
    assert found.log_ratio == pytest.approx(-0.664190, abs=1e-6)
    assert found.error == pytest.approx(0.142524, abs=1e-6)
    assert found.ratio == pytest.approx(0.514690, abs=1e-6)
    ends = (found.interval.low, found.interval.high)
    assert ends == pytest.approx((0.3892, 0.6806), abs=1e-4)


def test_it_is_the_model_with_an_effect_of_each_place_and_period():
    found = two_way(PANEL)
    kept, place = fitted(PANEL, treated_after)
    assert found.log_ratio == pytest.approx(kept.params[0], abs=1e-7)
    assert found.error == pytest.approx(kept.bse[0], rel=1e-5)
    robust, _ = fitted(
        PANEL,
        treated_after,
        cov_type="cluster",
        cov_kwds={"groups": place, "use_correction": False},
    )
    # ours corrects each side for its number of places; theirs is uncorrected
    assert robust.bse[0] < found.clustered < robust.bse[0] * math.sqrt(6 / 5)
    assert found.clustered == pytest.approx(robust.bse[0] * math.sqrt(6 / 5), rel=0.05)


def test_each_period_is_the_models_own():
    def each(start, period):
        return [((start != NEVER) & (period == t)).astype(float) for t in (0, 1, 2, 3, 5, 6, 7)]

    kept, _ = fitted(PANEL, each)
    steps = {step.since + 5: step.effect for step in event_study(PANEL).steps}
    assert steps[4] is None  # the last period before is what the others are held against
    for at, t in enumerate((0, 1, 2, 3, 5, 6, 7)):
        assert steps[t].log_ratio == pytest.approx(kept.params[at], abs=1e-7)
        phi = event_study(PANEL).dispersion
        assert steps[t].error == pytest.approx(kept.bse[at] * math.sqrt(phi), rel=1e-5)


# starts that differ


def growing(rng=None):
    """Return three starts, and an effect that deepens for each period; no chance, or some."""
    start = np.repeat([2, 5, 8, NEVER], [6, 6, 6, 8])
    period = np.arange(12)
    since = period[None, :] - start[:, None] + 1
    depth = np.where((start[:, None] != NEVER) & (since > 0), since, 0)
    level = 400 * np.exp(-0.12 * depth)
    counts = np.rint(level).astype(int) if rng is None else rng.poisson(level)
    true = -0.12 * depth[depth > 0].mean()
    return Panel(counts, start), true


def test_starts_that_differ_are_refused_in_one_model_and_treated_apart():
    panel, true = growing()
    with pytest.raises(ValueError, match="starts differ"):
        two_way(panel)
    kept, _ = fitted(panel, treated_after)  # what is refused, and why
    study = event_study(panel)
    assert study.cohorts == 3
    assert abs(kept.params[0] - true) > 0.1
    for step in study.steps:
        if step.effect is not None:
            grown = -0.12 * max(0, step.since + 1)
            assert step.effect.log_ratio == pytest.approx(grown, abs=0.005)
    assert "började vid 3 olika tider" in rests_on(study)
    alone = event_study(PANEL)
    assert "olika tider" not in rests_on(alone)


def test_weights_come_from_before_only():
    panel, _ = growing()
    changed = panel.counts.copy()
    early = panel.start == 2
    changed[early, 2:] = 50
    one = event_study(panel).effect.log_ratio
    other = event_study(Panel(changed, panel.start)).effect.log_ratio
    share = panel.counts[early, :2].sum() / sum(
        panel.counts[panel.start == s, :s].sum() for s in (2, 5, 8)
    )
    shift = math.log(50 * 10 * 6 / panel.counts[early, 2:].sum())
    assert other - one == pytest.approx(share * shift)


# error rates


def rates(n, *, read, **how):
    rng = np.random.default_rng(3)
    return sum(read(event_study(made(rng, **how))) for _ in range(n)) / n


def missed(true):
    return lambda study: not study.effect.interval.low <= true <= study.effect.interval.high


BOUND = stats.binom.ppf(0.999, 400, 0.05) / 400


def test_intervals_cover_also_when_places_are_unruly():
    assert rates(400, read=missed(1.0)) <= BOUND
    assert rates(400, read=missed(0.6), effect=0.6, phi=2.0) <= BOUND


def test_without_the_dispersion_they_would_not():
    def careless(study):
        effect = study.effect
        reach = 1.96 * effect.error / math.sqrt(study.dispersion)
        return abs(effect.log_ratio) > reach

    assert rates(400, read=careless, phi=3.0) > BOUND


def test_lots_find_an_effect_and_claim_none_where_there_is_none():
    def low(study):
        return study.randomised <= 0.05

    assert rates(100, read=low) <= stats.binom.ppf(0.999, 100, 0.05) / 100
    assert rates(20, read=low, effect=0.4) == 1.0
    assert event_study(made(np.random.default_rng(4), untreated=18)).randomised is None


def test_places_that_drew_apart_before_are_told():
    rng = np.random.default_rng(6)
    calm = [event_study(made(rng, mean=60)) for _ in range(200)]
    out = sum(not s.drift.interval.low <= 1 <= s.drift.interval.high for s in calm)
    assert out <= stats.binom.ppf(0.999, 200, 0.05)
    panel = made(rng, mean=60)
    bent = panel.counts.astype(float)
    bent[:6] *= 1.15 ** np.arange(8)
    drifting = event_study(Panel(np.rint(bent).astype(int), panel.start))
    assert drifting.drift.ratio == pytest.approx(1.15, abs=0.06)
    assert "gick isär redan före" in SAY.say(drift_text(drifting))
    assert "inget tecken" in SAY.say(drift_text(calm[0]))
    short = event_study(made(rng, start=2))
    assert short.drift is None
    assert "inte att säga" in SAY.say(drift_text(short))


# gates, and what is no panel


def test_few_events_are_told_and_nothing_is_made_of_them():
    few = event_study(made(np.random.default_rng(8), mean=0.1))
    assert few.effect is None
    assert "för få händelser" in SAY.say(study_finding(few).text)
    panel, _ = growing()
    counts = panel.counts.copy()
    counts[panel.start == 2] = 0
    left = event_study(Panel(counts, panel.start))
    assert (left.cohorts, left.treated, left.too_few) == (2, 12, 6)
    assert "6 platser till hade för få" in rests_on(left)


def test_few_places_are_told():
    few = event_study(made(np.random.default_rng(9), treated=2, untreated=5, mean=40))
    assert few.few_clusters and few.randomised is None
    said = rests_on(few)
    assert "Platserna är få" in said
    assert "för få för att pröva det med lottning" in said
    many = event_study(made(np.random.default_rng(9), treated=12, untreated=24))
    assert not many.few_clusters
    assert "Platserna är få" not in rests_on(many)
    assert "Lottas platserna" in rests_on(many)


@pytest.mark.parametrize(
    ("counts", "start"),
    [
        ([[1, 2], [3, 4]], [1, 1]),  # nobody untreated
        ([[1, 2], [3, 4]], [NEVER, NEVER]),
        ([[1, 2], [3, 4]], [0, NEVER]),  # nothing before
        ([[1, 2], [3, 4]], [2, NEVER]),
        ([[1, -2], [3, 4]], [1, NEVER]),
        ([[1, 2], [3, 4]], [1]),
    ],
)
def test_what_is_no_panel_is_refused(counts, start):
    with pytest.raises(ValueError, match=r"needed|start|counts"):
        Panel(np.array(counts), np.array(start))
    with pytest.raises(ValueError, match="no ratio"):
        two_way(Panel(np.array([[0, 2], [3, 4]]), np.array([1, NEVER])))


def test_it_claims_nothing():
    (kept,) = judge([study_finding(event_study(PANEL))], settings().thresholds)
    assert kept.word is None


# from the register


def town(*, far=(20_000.0, 30_000.0, 40_000.0), measure=None, rows=()):
    """Return the panel of Torget, treated from 2 April 2025, and of places far away."""
    more = {"name": [f"Torg {i}" for i in range(len(far))], "place_type": "torg"}
    places = pd.DataFrame({**more, "x": far, "y": 0.0, "area": "Centrum"})
    geography = replace(GEOGRAPHY, places=pd.concat([GEOGRAPHY.places, places], ignore_index=True))
    lines = [HISTORY, *rows]
    for x in (0.0, *far):
        days = pd.date_range("2021-02-01", "2026-03-20", freq="20D")
        lines += [{"start": day, "x": x, "y": 0.0} for day in days]
    return panel_of(events(*lines), register(measure), Q1, settings(), geography)


def test_a_panel_from_the_register():
    panel = town()
    assert panel.periods[-1].end == Q1.end
    assert {period.days for period in panel.periods} == {91}
    assert (panel.treated, panel.untreated) == (1, 3)
    (start,) = panel.cohorts
    assert panel.periods[start].start.isoformat() == "2025-04-02"
    days = pd.date_range("2021-02-01", "2026-03-20", freq="20D")
    covered = days >= pd.Timestamp(panel.periods[0].start)
    assert (panel.counts.sum(axis=1) == covered.sum()).all()
    # a day in March 2026 falls in the last period, of its own place only
    more = town(rows=[{"start": "2026-03-10", "x": 20_000.0, "y": 0.0, "count": 7}])
    assert (more.counts - panel.counts).sum() == 7
    assert (more.counts - panel.counts)[1:, -1].sum() == 7


def test_places_that_share_ground_or_level_with_nobody_stay_out():
    assert town(far=(20_000.0, 20_100.0)).untreated == 1
    assert town(far=(200.0,)) is None  # within the treated place's own ground
    assert town(measure={"startdatum": pd.NaT}) is None
    assert town(measure={"startdatum": "2026-06-01"}) is None
