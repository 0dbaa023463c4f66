"""The measures of a year's rhythm that an analyst asks for, computed together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from est_analysis.municipality import Municipality
from est_analysis.patterns import evenness, own_rhythms, rhythms
from est_analysis.periods import Period


@dataclass(frozen=True)
class Clock:
    """
    Measures of a rhythm; they describe, and nothing is claimed from them.

    Parameters
    ----------
    circular
        Mean hour, resultant length, Rayleigh's test.
    weekdays
        Whether events known to the day fall evenly on the week, as the calendar has days.
    by_weekday, surely_on
        All events spread over the days, and those known to have happened on one.
    season
        The period against the same season of earlier years; None below the gate.
    """

    circular: evenness.Clock
    weekdays: evenness.Evenness
    by_weekday: rhythms.Rhythm
    surely_on: NDArray[np.int64]
    season: own_rhythms.Difference | None


def clock(
    events: pd.DataFrame, year: pd.DataFrame, period: Period, municipality: Municipality
) -> Clock:
    """
    Return the measures.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    year
        The twelve months' events of one kind.
    period
        Now; its year ends with it.
    municipality
        Gives thresholds and time zone.

    Returns
    -------
    Clock
    """
    zone, longest = municipality.time_zone, municipality.thresholds.longest_span_hours
    span = period.year_to_end()
    calendar = np.bincount(
        pd.date_range(span.start, span.last).day_of_week.to_numpy(), minlength=rhythms.DAYS
    )
    rhythm = rhythms.aoristic(year, longest_span_hours=longest, zone=zone)
    sure = rhythms.surely_on(year)
    return Clock(
        evenness.circular(rhythm.by_hour),
        evenness.weekdays(sure, calendar),
        rhythms.by_weekday(year, zone=zone),
        sure,
        own_rhythms.season(events, period, municipality)[0],
    )
