"""How a measure's difference grew since its start, step by step, with its band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from est_analysis.measures.comparisons import Count
from est_analysis.measures.displacement import weighted_displacement_difference
from est_analysis.periods import Period

STEP = timedelta(weeks=4)


@dataclass(frozen=True)
class Step:
    """The difference from the start up to `end` (the day after the last), in events."""

    end: date
    estimate: float
    low: float
    high: float


def course(
    group: str,
    own: Count,
    other: Count,
    baseline: Sequence[Period],
    after: Period,
    *,
    dispersion: float = 1.0,
    level: float = 0.95,
) -> tuple[Step, ...]:
    """
    Return the cumulative weighted difference every four weeks.

    Parameters
    ----------
    group
        The indicator's group of events; empty is all.
    own, other
        Count events at the place and at what it is compared with.
    baseline
        The same season of earlier years; each is cut off at the same age as `after`.
    after
        Since the effect was expected.
    dispersion
        Variance over mean; it widens the band.
    level
        Of the band, at each step by itself: a look at all of them is no test.

    Returns
    -------
    tuple of Step
        Empty where either place had nothing before.
    """
    before = own(group, baseline), other(group, baseline)
    if min(before) == 0:
        return ()
    size = before[1] / before[0]
    steps = []
    ends = [after.start + k * STEP for k in range(1, 1 + (after.days - 1) // STEP.days)]
    for end in [*ends, after.end]:
        age = end - after.start
        now = [Period(after.start, end, "interval")]
        then = [Period(season.start, season.start + age, "interval") for season in baseline]
        found = weighted_displacement_difference(
            (own(group, then), own(group, now)),
            (other(group, then), other(group, now)),
            time_weights=(len(baseline), 1),
            area_weights=(1, size, 1, 1),
            dispersion=dispersion,
            level=level,
        )
        steps.append(Step(end, found.estimate, found.interval.low, found.interval.high))
    return tuple(steps)
