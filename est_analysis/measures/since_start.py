"""A measure's whole years since its start: each for itself, and together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import pandas as pd

from est_analysis.counts import Interval
from est_analysis.measures.comparisons import Count
from est_analysis.measures.judgement import answer
from est_analysis.measures.windows import overlap
from est_analysis.periods import Period

_YEAR = timedelta(weeks=52)
_FARTHEST = 10


@dataclass(frozen=True)
class Span:
    """
    Some whole years since the start, against the baseline.

    Parameters
    ----------
    days
        From the first of them to the last.
    years
        How many.
    after, comparison_after
        Events then, at the place and where it is compared.
    ratio, interval
        Ratio of ratios; how many seasons are on either side falls away.
    """

    days: Period
    years: int
    after: int
    comparison_after: int
    ratio: float
    interval: Interval


@dataclass(frozen=True)
class SinceStart:
    """
    What the whole years since a measure's start say; it describes.

    Parameters
    ----------
    seasons
        How many years before make the baseline that every year is held against.
    before, comparison_before
        Events in them together.
    each
        Year by year, the first since the start first.
    whole
        All of them together.
    """

    seasons: int
    before: int
    comparison_before: int
    each: tuple[Span, ...]
    whole: Span

    @property
    def table(self) -> tuple[int, int, int, int]:
        """Four counts: before and after at the place, before and after at the comparison."""
        return self.before, self.whole.after, self.comparison_before, self.whole.comparison_after


def years_since(
    measure: pd.Series,
    chosen: Period | None,
    end: date,
    first: date | None,
    most: int,
    matched: Sequence[Period] = (),
) -> tuple[list[Period], list[Period]]:
    """
    Return the whole years (52 weeks) since the effect was expected, and the years to hold against.

    Parameters
    ----------
    measure
        The register's row: ``startdatum``, which is known, and ``forvantad_effekt_fran``.
    chosen
        On which period the place was chosen; no such year is held against.
    end
        Of the reported period. The year that goes on is not whole, and is left out: at a school
        and in a park the seasons differ.
    first
        The first day that the deliveries cover.
    most
        So many years to hold against at most, the nearest.
    matched
        Seasons that the comparison was chosen by; no such year is held against.
    """
    start, expected = measure["startdatum"], measure["forvantad_effekt_fran"]
    begin = (start if pd.isna(expected) else max(start, expected)).date()
    edges = [begin + k * _YEAR for k in range((end - begin) // _YEAR + 1)]
    years = [Period(a, b, "interval") for a, b in pairwise(edges)]
    before = (
        Period(begin - (k + 1) * _YEAR, begin - k * _YEAR, "interval") for k in range(_FARTHEST)
    )
    kept = [
        season
        for season in before
        if first is not None
        and first <= season.start
        and season.end <= start.date()
        and not any(overlap(season, other) for other in (chosen, *matched))
    ]
    return years, kept[:most]


def since_start(
    group: str,
    own: Count,
    other: Count,
    before: tuple[int, int],
    years: Sequence[Period],
    seasons: int,
    *,
    dispersion: float,
    level: float,
    least: int,
) -> SinceStart | None:
    """
    Compare each year, and all together, with the years before.

    What a year brings to both places falls away year by year, since both are counted over the
    same years. All years are held against one baseline, so their tables share its events and are
    no strata: given each year's sum over both places, the counts of all years after add up to all
    that is to know of an effect that lasts, and four sums answer exactly.

    Parameters
    ----------
    group
        The indicator's group of events; empty is all.
    own, other
        Count events at the place and at what it is compared with.
    before
        Events in the baseline, at the place and at the comparison.
    years
        As `years_since` gives them.
    seasons
        How many years the baseline holds.
    dispersion
        Variance over mean between comparable years.
    level
        Coverage of the intervals.
    least
        The smallest count that the normal approximation is trusted with.

    Returns
    -------
    SinceStart or None
        None without a whole year since the start or a year before.
    """
    if not years or not seasons:
        return None

    def span(part: Sequence[Period]) -> Span:
        after, there = own(group, part), other(group, part)
        found = answer(
            (before[0], after),
            (before[1], there),
            years=seasons,
            dispersion=dispersion,
            level=level,
            least=least,
        )
        days = Period(part[0].start, part[-1].end, "interval")
        return Span(days, len(part), after, there, found.ratio, found.interval)

    return SinceStart(seasons, *before, tuple(span([year]) for year in years), span(years))
