"""Which days a follow-up counts: since the effect, and the same season of untouched years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from est_analysis.errors import PeriodError
from est_analysis.periods import Period, parse

_ONE_YEAR = timedelta(weeks=52)  # as seasons move, so that one year's window never meets the next
_FARTHEST = 10


@dataclass(frozen=True)
class Windows:
    """
    The days that a follow-up counts.

    Parameters
    ----------
    after
        Since the effect was expected.
    baseline
        The same season of earlier years that the place was not chosen on, nearest first.
    choosing
        Seasons left out of the baseline because the place was chosen on them.
    naive
        The seasons that would be the baseline if nobody minded what the place was chosen on.
    spare
        Covered seasons before the start that the baseline does not hold: they can tell which other
        places are alike without leaning on the counts that are compared.
    """

    after: Period
    baseline: tuple[Period, ...]
    choosing: tuple[Period, ...]
    naive: tuple[Period, ...]
    spare: tuple[Period, ...]


def windows(
    measure: pd.Series, chosen: Period | None, period: Period, first: date | None, most: int
) -> Windows | None:
    """
    Lay out a measure's windows.

    Parameters
    ----------
    measure
        The register's row: ``startdatum`` and ``forvantad_effekt_fran``.
    chosen
        On which period the place was chosen; None where the register does not say.
    period
        The reported period; the window ends with it and is at most 52 weeks.
    first
        The first day that the deliveries cover; None where nothing is covered.
    most
        So many seasons make a baseline at most.

    Returns
    -------
    Windows or None
        None where the measure has not begun to act.
    """
    after = _since(measure, period)
    if after is None:
        return None
    started = measure["startdatum"].date()
    seasons = (after.years_earlier(k) for k in range(1, _FARTHEST))
    earlier = [s for s in seasons if first is not None and s.start >= first and s.end <= started]
    clean = [season for season in earlier if not overlap(season, chosen)]
    baseline, naive = clean[:most], earlier[:most]
    return Windows(
        after,
        tuple(baseline),
        tuple(season for season in earlier if season not in clean),
        tuple(naive),
        tuple(season for season in earlier if season not in baseline),
    )


def _since(measure: pd.Series, period: Period) -> Period | None:
    start, expected = measure["startdatum"], measure["forvantad_effekt_fran"]
    if pd.isna(start):
        return None
    start = start if pd.isna(expected) else max(start, expected)
    if start.date() >= period.end:
        return None
    return Period(max(start.date(), period.end - _ONE_YEAR), period.end, "interval")


def choice(text: str) -> Period | None:
    """Return the period on which a place was chosen; None where the register does not say."""
    try:
        return parse(text)
    except PeriodError:
        return None


def overlap(season: Period, chosen: Period | None) -> bool:
    """Tell whether a season shares a day with the period of choice."""
    return chosen is not None and season.start < chosen.end and chosen.start < season.end
