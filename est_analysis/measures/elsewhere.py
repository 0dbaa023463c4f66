"""Whether crime went elsewhere: to the ground around, to other hours, to other kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from est_analysis.counts import Interval
from est_analysis.measures.comparisons import Choice, Count
from est_analysis.periods import Period


@dataclass(frozen=True)
class Elsewhere:
    """
    Events beside those that the measure is to act on, here and at the comparison place.

    Parameters
    ----------
    what
        ``ring`` (around the places), ``busy`` (the quarter of the day with most such crimes),
        ``rest`` (the other hours), ``kinds`` (all other crimes at the places).
    here, there
        Events before (all baseline seasons together) and after.
    part
        Which quarter of the day is meant, 0 from midnight; None where none is.
    ratio, interval
        Ratio of ratios; None where there is nothing before to compare with.
    """

    what: str
    here: tuple[int, int]
    there: tuple[int, int]
    part: int | None = None
    ratio: float | None = None
    interval: Interval | None = None


def other_hours_and_kinds(
    group: str,
    own: Count,
    choice: Choice,
    baseline: Sequence[Period],
    after: Sequence[Period],
    part: int | None,
) -> list[Elsewhere]:
    """
    Count the other hours and the other kinds of crime at a place and at its comparison.

    The busy hours are those of all the municipality's crimes of the group: chosen on the place's
    own they would fall by themselves. Other kinds are counted where the measure has a group.
    """
    found = []
    if part is not None:
        for hours in ("busy", "rest"):
            here, there = (
                (count(group, baseline, hours), count(group, after, hours))
                for count in (own, choice.count)
            )
            found.append(Elsewhere(hours, here, there, part))
    if group:
        here, there = (
            (
                count("", baseline) - count(group, baseline),
                count("", after) - count(group, after),
            )
            for count in (own, choice.count)
        )
        found.append(Elsewhere("kinds", here, there))
    return found
