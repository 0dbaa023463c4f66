"""Whether a measure worked: before and after at its place, against where nothing was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from est_analysis.counts import Interval, compare_rates
from est_analysis.gather.geography import Geography
from est_analysis.measures.counting import Counting
from est_analysis.measures.design import POWER, Design, Outcomes, outcomes
from est_analysis.measures.displacement import Displacement, weighted_displacement_difference
from est_analysis.measures.evaluated import Evaluation
from est_analysis.measures.ground import DEFAULT_RADIUS_M, name_of
from est_analysis.measures.judgement import answer, risk, scaled
from est_analysis.measures.register import Register
from est_analysis.municipality import Municipality, Thresholds
from est_analysis.patterns.coverage import first_covered, silent_since
from est_analysis.periods import Period

__all__ = [
    "DEFAULT_RADIUS_M",
    "Displacement",
    "Evaluation",
    "evaluate",
    "naive_change",
    "weighted_displacement_difference",
]


def evaluate(
    events: pd.DataFrame,
    register: Register,
    period: Period,
    municipality: Municipality,
    geography: Geography,
    *,
    dispersion: float = 1.0,
    whole: bool = True,
    delivered: pd.DataFrame | None = None,
    ledger: Sequence[Mapping[str, Any]] = (),
) -> list[Evaluation]:
    """
    Evaluate every measure of the register, in its order.

    The window runs from when the effect was expected, or the start if that is later, to the end
    of `period`, at most 52 weeks. The baseline is the same window in earlier years that are
    covered, that ended before the measure started, and that share no day with the period on which
    the place was chosen: a place chosen at its peak falls back by itself.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    register
        The group's.
    period
        The reported period.
    municipality
        Gives thresholds.
    geography
        Gives the gazetteer in which places are looked up.
    dispersion
        Variance over mean of reported crime by place between earlier years; it widens intervals.
    whole
        False where a file of reported crime could not be read: nothing is judged then.
    delivered
        All accepted records, also those counted with another; None takes `events`. What sources
        cover, and whether they are silent, is told by them.
    ledger
        The baselines that earlier reports froze, as `frozen.read` gives them.

    Returns
    -------
    list of Evaluation
    """
    problems = register.problems.set_index("id")
    known = register.measures[register.measures["problem"].isin(problems.index)]
    pairs = [(measure, problems.loc[measure["problem"]]) for _, measure in known.iterrows()]
    records = events if delivered is None else delivered
    counting = Counting(
        events,
        pairs,
        period,
        municipality,
        geography,
        first=first_covered(records, "reported_crime", municipality, by_place=True),
        dispersion=max(1.0, dispersion),
        ledger=ledger,
    )
    counted = [
        counting.counted(measure, problem, site)
        if measure["id"] not in register.held
        else _refused(measure, problem)
        for (measure, problem), site in zip(pairs, counting.sites, strict=True)
    ]
    if not whole:
        return [_unjudged(one, "missing_file") for one in counted]
    if silent_since(records, "reported_crime", period, municipality) is not None:
        return [_unjudged(one, "silent") for one in counted]
    return _judged(counted, municipality.thresholds, counting.dispersion)


def _unjudged(evaluation: Evaluation, why: str) -> Evaluation:
    """Return what is known of a measure without any count: some are too low; none is frozen."""
    keep = ("measure", "problem", "place", "group", "chosen", "window")
    kept = evaluation.why_not if evaluation.window is None else why
    return Evaluation(**{name: getattr(evaluation, name) for name in keep}, why_not=kept)


def _refused(measure: pd.Series, problem: pd.Series) -> Evaluation:
    """Return no counts at all: what they rest on in the register is at fault."""
    return Evaluation(
        *(measure["id"], str(problem.name), name_of(problem), str(problem["grupp"])),
        why_not="row_fault",
    )


def _judged(
    counted: list[Evaluation], thresholds: Thresholds, dispersion: float
) -> list[Evaluation]:
    """Judge what can be judged; which that is hangs on sums only."""
    laid = [
        None
        if e.comparison_before < 0
        else outcomes(
            (e.before, e.after),
            (e.comparison_before, e.comparison_after),
            dispersion=dispersion,
            least=thresholds.minimum_evaluation,
        )
        for e in counted
    ]
    alpha = risk([one for one in laid if one is not None], thresholds)
    return [
        e if one is None else _held(e, one, alpha, thresholds, dispersion)
        for e, one in zip(counted, laid, strict=True)
    ]


def _held(
    counted: Evaluation, laid: Outcomes, alpha: float, thresholds: Thresholds, dispersion: float
) -> Evaluation:
    treated = counted.before, counted.after
    comparison = counted.comparison_before, counted.comparison_after
    level, change = thresholds.interval_level, thresholds.relevant_change
    least, among = thresholds.minimum_evaluation, counted.placebo
    known = replace(
        counted,
        sufficient=min(laid.power(1 / change, 1 - level), laid.power(change, 1 - level)) >= POWER,
        design=Design(
            counted.before / counted.years,
            sum(comparison) / (counted.years + 1),
            counted.years,
            dispersion,
            alpha,
            least,
            0 if among is None or among.p is None else among.places,
            thresholds.clear,
        ),
    )
    difference = partial(scaled, years=counted.years, dispersion=dispersion, level=level)
    rings = counted.ring, counted.comparison_ring
    around = min(*rings[0], *rings[1]) >= least
    if around:
        known = replace(known, moved=difference(*rings))
    if not laid.reaches(alpha):
        return replace(known, why_not="too_few")
    found = answer(
        *(treated, comparison),
        years=counted.years,
        dispersion=dispersion,
        level=level,
        least=least,
    )
    if found.difference is not None and around:
        known = replace(known, whole=difference(treated, comparison, rings=rings))
    return replace(
        known,
        difference=found.difference,
        ratio=found.ratio,
        interval=found.interval,
        p=_headline(_beyond_peak(laid, counted, thresholds, dispersion), counted, thresholds),
    )


def _beyond_peak(
    laid: Outcomes, counted: Evaluation, thresholds: Thresholds, dispersion: float
) -> float:
    """
    Return the p-value; of a fall where nobody says what chose the place, the larger of two.

    A place that was chosen at its peak falls by itself, so such a fall must also show against the
    shrunken baseline. A rise cannot come of it.
    """
    at = counted.after - int(laid.after[0])
    p, fell = float(laid.p[at]), laid.way[at] < 0
    if counted.chosen or counted.fall is None or not fell:
        return p
    expected = round(counted.fall.shrunken * counted.years)
    shrunken = outcomes(
        (min(counted.before, expected), counted.after),
        (counted.comparison_before, counted.comparison_after),
        dispersion=dispersion,
        least=thresholds.minimum_evaluation,
    )
    at = counted.after - int(shrunken.after[0])
    return max(p, float(shrunken.p[at])) if shrunken.way[at] < 0 else 1.0


def _headline(p: float, counted: Evaluation, thresholds: Thresholds) -> float:
    """Return the placebo's p instead where it says that places change so much by themselves."""
    among = None if counted.placebo is None else counted.placebo.p
    return p if among is None or among <= thresholds.clear else max(p, among)


def naive_change(evaluation: Evaluation, level: float) -> Interval | None:
    """
    Return the interval of after against before at the place alone, without any comparison.

    It is shown beside the judgement so that a group sees what a plain before-and-after would have
    claimed; None without a baseline.
    """
    if evaluation.years == 0 or evaluation.window is None:
        return None
    return compare_rates(
        evaluation.after, 1, evaluation.before, evaluation.years, level=level
    ).interval
