"""What four counts answer, and how many follow-ups share the risk of a false word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from est_analysis.counts import Interval
from est_analysis.evidence import SHARES
from est_analysis.measures.design import Outcomes, exact
from est_analysis.measures.displacement import Displacement, weighted_displacement_difference
from est_analysis.municipality import Thresholds

Pair = tuple[int, int]


@dataclass(frozen=True)
class Answer:
    """
    What four counts answer.

    Parameters
    ----------
    ratio, interval
        Ratio of ratios.
    difference
        Events more or fewer than if the place had changed as its comparison did, on the place's
        own level; None where a count is too small for the normal approximation.
    """

    ratio: float
    interval: Interval
    difference: Displacement | None = None


def answer(
    treated: Pair,
    comparison: Pair,
    *,
    years: int,
    dispersion: float,
    level: float,
    least: int,
) -> Answer:
    """
    Compare four counts: exactly where one is below `least`, else by the ratio's logarithm.

    Parameters
    ----------
    treated, comparison
        Events before and after.
    years
        How many seasons the counts before hold.
    dispersion
        Variance over mean between comparable seasons, at least 1.
    level
        Coverage of the intervals.
    least
        The smallest count that the normal approximation is trusted with.
    """
    if min(*treated, *comparison) < least:
        found = exact(treated, comparison, dispersion=dispersion, level=level)
        return Answer(found.ratio, found.interval)
    log_ratio = math.log(treated[1] * comparison[0] / (treated[0] * comparison[1]))
    error = math.sqrt(dispersion * sum(1 / n for n in (*treated, *comparison)))
    reach = float(scipy.special.ndtri((1 + level) / 2)) * error
    return Answer(
        math.exp(log_ratio),
        Interval(math.exp(log_ratio - reach), math.exp(log_ratio + reach), level),
        scaled(treated, comparison, years=years, dispersion=dispersion, level=level),
    )


def scaled(
    treated: Pair,
    comparison: Pair,
    *,
    years: int,
    dispersion: float,
    level: float,
    rings: tuple[Pair, Pair] | None = None,
) -> Displacement:
    """
    Return the weighted difference with every comparison brought to the level of its own place.

    A larger comparison then costs no power, and a change that all places share is no difference.
    `rings` are the counts around the place and around its comparison.
    """
    around, around_there = rings if rings is not None else ((0, 0), (0, 0))
    weights = (1.0, comparison[0] / treated[0], 1.0, 1.0)
    if rings is not None:
        weights = (*weights[:3], around_there[0] / around[0])
    return weighted_displacement_difference(
        treated,
        comparison,
        displaced=around,
        displaced_comparison=around_there,
        time_weights=(years, 1),
        area_weights=weights,
        dispersion=dispersion,
        level=level,
    )


def risk(laid: Sequence[Outcomes], thresholds: Thresholds) -> float:
    """
    Return the level at which a claim is possible: questions that could not reach it are not asked.

    The risk is shared by no more questions than can reach their share (Tarone 1990, Biometrics
    46:515-522).
    """
    strongest = np.sort([one.p.min() for one in laid])
    whole, questions = thresholds.indication * SHARES["measure"], 1
    while np.searchsorted(strongest, whole / questions, side="right") > questions:
        questions += 1
    return whole / questions
