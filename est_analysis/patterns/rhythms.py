"""When: aoristic hours by weekday, from intervals in which an event happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HOURS, DAYS = 24, 7
_WEEK_MINUTES = DAYS * HOURS * 60


@dataclass(frozen=True)
class Rhythm:
    """
    How events spread over the week.

    Parameters
    ----------
    weights
        Shape (7, 24), Monday first: expected events in each hour; sums to `n`.
    n
        Events with a usable time.
    unknown
        Events of which only the day, or less, is known.
    too_long
        Events whose interval is longer than the limit.
    """

    weights: NDArray[np.float64]
    n: int
    unknown: int
    too_long: int


def aoristic(events: pd.DataFrame, *, longest_span_hours: int) -> Rhythm:
    """
    Spread each event evenly over the interval in which it happened, hour by weekday.

    Parameters
    ----------
    events
        With ``start``, ``end`` (local wall time, end exclusive), ``time_precision``, ``count``.
    longest_span_hours
        Longer intervals say nothing about the hour; they are counted and left out.

    Returns
    -------
    Rhythm
        An event without an end happened in its start's minute.

    Notes
    -----
    Ratcliffe & McCullagh (1998), International Journal of Geographical Information Science
    12:751-764; Ratcliffe (2000), IJGIS 14:669-679. Wall time is used as it stands, so that the
    hour skipped or repeated by daylight saving time counts as on the clock.
    """
    weight = events["count"].to_numpy(float)
    minutes = ((events["end"] - events["start"]).dt.total_seconds() / 60).to_numpy(float)
    whole_days = ~events["time_precision"].isin(["minute", "hour"]).to_numpy()
    unknown = whole_days & (np.isnan(minutes) | (minutes >= HOURS * 60))
    span = np.where(np.isnan(minutes) | (minutes < 1), 1, minutes)
    too_long = ~unknown & (span > longest_span_hours * 60)
    used = ~unknown & ~too_long

    start = events.loc[used, "start"]
    first = ((start.dt.day_of_week * HOURS + start.dt.hour) * 60 + start.dt.minute).to_numpy(int)
    length = span[used].astype(int)
    share = weight[used] / length
    weeks, rest = np.divmod(length, _WEEK_MINUTES)
    last = first + rest
    steps = np.zeros(_WEEK_MINUTES + 1)
    np.add.at(steps, first, share)
    np.add.at(steps, np.minimum(last, _WEEK_MINUTES), -share)
    wrapped = last > _WEEK_MINUTES
    steps[0] += share[wrapped].sum()
    np.add.at(steps, last[wrapped] - _WEEK_MINUTES, -share[wrapped])
    # the sum comes back to zero only nearly
    by_minute = np.maximum(np.cumsum(steps[:-1]), 0) + (share * weeks).sum()
    return Rhythm(
        weights=by_minute.reshape(DAYS, HOURS, 60).sum(axis=2),
        n=int(weight[used].sum()),
        unknown=int(weight[unknown].sum()),
        too_long=int(weight[too_long].sum()),
    )


DAYPARTS = {"natt": (0, 6), "dag": (6, 15), "eftermiddag": (15, 18), "kväll": (18, 24)}
"""Parts of the day, hours from and to; night belongs to the date on which it falls."""


def daypart(events: pd.DataFrame) -> pd.Series:
    """
    Return the part of the day in which each event surely happened, else an empty text.

    An event belongs to a part when its whole interval lies within it, or when it has no end.
    """
    part = pd.Series("", index=events.index, dtype=str)
    timed = events["time_precision"].isin(["minute", "hour"])
    clock = events["start"].dt.hour * 60 + events["start"].dt.minute
    minutes = (events["end"] - events["start"]).dt.total_seconds().fillna(0) / 60
    for name, (low, high) in DAYPARTS.items():
        inside = timed & (clock >= low * 60) & (clock < high * 60)
        inside &= clock + minutes <= high * 60
        part = part.mask(inside, name)
    return part
