"""When: aoristic hours by weekday, from intervals in which an event happened."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from est_analysis import counts

HOURS, DAYS = 24, 7
WEEK = HOURS * DAYS
_HOUR = 60
_DAY_MINUTES = HOURS * _HOUR
_WEEK_MINUTES = DAYS * _DAY_MINUTES
_THURSDAY = 3  # 1970-01-01
CLOCKED = ("minute", "hour")
"""Precisions of time that tell a clock."""

Minutes = NDArray[np.int64]
Values = NDArray[np.float64]


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
    no_end
        Of `n`: events without an end, taken to have happened in their start's minute.
    backwards
        Of `n`: events that end before they start, taken by their start too.
    """

    weights: Values
    n: int
    unknown: int
    too_long: int
    no_end: int = 0
    backwards: int = 0

    @property
    def total(self) -> int:
        """All events, also those that say nothing about the hour."""
        return self.n + self.unknown + self.too_long

    @property
    def by_hour(self) -> Values:
        """Shape (24,): expected events in each hour of the day."""
        by_hour: Values = self.weights.sum(axis=0)
        return by_hour

    @property
    def by_weekday(self) -> Values:
        """Shape (7,): expected events on each weekday, Monday first."""
        by_weekday: Values = self.weights.sum(axis=1)
        return by_weekday


@dataclass(frozen=True)
class Spans:
    """
    The intervals that say something about the hour, as arrays of equal length.

    Parameters
    ----------
    first
        Whole minutes from 1970-01-01 00:00 by the local clock.
    minutes
        Length by the local clock, at least one.
    weight
        How many events each stands for.
    used
        Shape (events,): which of the events they are.
    """

    first: Minutes
    minutes: Minutes
    weight: Values
    used: NDArray[np.bool_]


def aoristic(events: pd.DataFrame, *, longest_span_hours: int, zone: str | None = None) -> Rhythm:
    """
    Spread each event evenly over the interval in which it happened, hour by weekday.

    Parameters
    ----------
    events
        With ``start``, ``end`` (local wall time, end exclusive), ``time_precision``, ``count``.
    longest_span_hours
        Longer intervals say nothing about the hour; they are counted and left out.
    zone
        Whose local time it is. Intervals over one of the year's two odd hours are then as long as
        they were: the hour that spring skips holds nothing, the one that autumn shows twice holds
        twice as much. None takes every hour of the clock for an hour.

    Returns
    -------
    Rhythm

    Notes
    -----
    Ratcliffe & McCullagh (1998), International Journal of Geographical Information Science
    12:751-764; Ratcliffe (2000), IJGIS 14:669-679. The rules: an event without an end, or with an
    end before its start, happened in its start's minute; one of a week or more falls evenly on all
    hours (where the limit lets it in). Of an interval that starts or ends inside autumn's odd hour
    nobody can say which of the two is meant: each of its minutes there counts as two.
    """
    spans, rhythm = _sorted_out(events, longest_span_hours)
    return Rhythm(totals(spans, zone=zone).reshape(DAYS, HOURS), *rhythm)


def spans(events: pd.DataFrame, *, longest_span_hours: int) -> Spans:
    """Return the intervals that `aoristic` spreads, by its rules."""
    return _sorted_out(events, longest_span_hours)[0]


def by_weekday(events: pd.DataFrame, *, zone: str | None = None) -> Rhythm:
    """
    Spread each event over the days on which it may have happened.

    As `aoristic`, but an event of which only the day is known counts on that day, and intervals up
    to a week take part: too long for the hour, they still tell something of the weekday. Only
    `Rhythm.by_weekday` of the result means anything.
    """
    found, rhythm = _sorted_out(events, WEEK, whole_days=True)
    return Rhythm(totals(found, zone=zone).reshape(DAYS, HOURS), *rhythm)


def surely_on(events: pd.DataFrame) -> NDArray[np.int64]:
    """Return shape (7,): events known to have happened within one day, by weekday, Monday first."""
    found = _sorted_out(events, HOURS, whole_days=True)[0]
    first, last = (found.first // _DAY_MINUTES, (found.first + found.minutes - 1) // _DAY_MINUTES)
    same = first == last
    days = (first[same] + _THURSDAY) % DAYS
    return np.bincount(days, found.weight[same], DAYS).astype(np.int64)


def _sorted_out(
    events: pd.DataFrame, longest_span_hours: int, *, whole_days: bool = False
) -> tuple[Spans, tuple[int, int, int, int, int]]:
    """Return the usable intervals, and n, unknown, too long, without an end, backwards."""
    weight = events["count"].to_numpy(float)
    start = events["start"].to_numpy().astype("datetime64[s]")
    end = events["end"].to_numpy().astype("datetime64[s]")
    no_end = np.isnat(end)
    minutes = (np.where(no_end, start, end) - start).astype(np.int64) // 60
    backwards = minutes < 0
    precision = events["time_precision"]
    unclocked = ~precision.isin(CLOCKED).to_numpy()
    if whole_days:
        days = (precision == "day").to_numpy()
        unknown = np.isnat(start) | (unclocked & ~days)
        minutes = np.where(days & (minutes <= 0), _DAY_MINUTES, minutes)
    else:
        unknown = np.isnat(start) | (unclocked & (no_end | backwards | (minutes >= _DAY_MINUTES)))
    minutes = np.maximum(minutes, 1)
    too_long = ~unknown & (minutes > longest_span_hours * _HOUR)
    used = ~unknown & ~too_long
    first = start.astype("datetime64[m]").astype(np.int64)
    if used.all():
        found = Spans(first, minutes, weight, used)
    else:
        found = Spans(first[used], minutes[used], weight[used], used)
    left = [int(weight[part].sum()) for part in (unknown, too_long)]
    odd = [int(weight[used & part].sum()) for part in (no_end, backwards)]
    return found, (int(weight.sum()) - sum(left), left[0], left[1], odd[0], odd[1])


def totals(spans: Spans, *, zone: str | None = None) -> Values:
    """
    Return the expected events in each of the week's 168 hours, Monday's first hour first.

    Work is proportional to the intervals, whatever their length: each adds its share at its first
    minute and takes it away after its last, and the running sum is folded to hours.
    """
    flat = spans.minutes >= _WEEK_MINUTES
    first, length, weight = spans.first, spans.minutes, spans.weight
    if flat.any():
        first, length, weight = first[~flat], length[~flat], weight[~flat]
    odd = _over_odd_hours(first, length, zone)
    real = length.astype(float)
    for rows, _, minutes, sign in odd:
        real[rows] += sign * minutes
    real = np.where(real > 0, real, length)  # wholly in an hour that never was
    share = weight / real
    steps = np.zeros(_WEEK_MINUTES + 1)
    _add(steps, first, length, share)
    for rows, begins, minutes, sign in odd:
        _add(steps, begins, minutes, sign * share[rows] * (real[rows] != length[rows]))
    # the sum comes back to zero only nearly
    by_minute: Values = np.maximum(np.cumsum(steps[:-1]), 0).reshape(WEEK, _HOUR)
    by_hour: Values = by_minute.sum(axis=1)
    return by_hour + float(spans.weight[flat].sum()) / WEEK


def _add(steps: Values, first: Minutes, length: Minutes, share: Values) -> None:
    """Add a share to every minute of intervals shorter than a week, as steps up and down."""
    begins = (first + _THURSDAY * _DAY_MINUTES) % _WEEK_MINUTES
    ends = begins + length
    wrapped = ends > _WEEK_MINUTES
    steps += np.bincount(begins, share, len(steps))
    steps -= np.bincount(np.where(wrapped, ends - _WEEK_MINUTES, ends), share, len(steps))
    steps[0] += share[wrapped].sum()


def profiles(spans: Spans, *, zone: str | None = None, fold: ArrayLike | None = None) -> Values:
    """
    Return each interval's spread over the week, each row summing to 1.

    For what resamples or relabels events; `totals` needs no such table.

    Parameters
    ----------
    spans
        As `spans` gives them.
    zone
        As `aoristic` takes it.
    fold
        Shape (168, bins): 1 where an hour of the week belongs to a bin, each hour to one. None
        leaves the week's hours as they are.

    Returns
    -------
    array of shape (intervals, bins)
    """
    bins = np.eye(WEEK) if fold is None else np.asarray(fold, float)
    by_minute = np.repeat(np.tile(bins, (2, 1)), _HOUR, axis=0)
    until = np.vstack([np.zeros(bins.shape[1]), np.cumsum(by_minute, axis=0)])

    def overlap(first: Minutes, length: Minutes) -> Values:
        """Return the minutes of intervals shorter than a week in each bin."""
        begins = (first + _THURSDAY * _DAY_MINUTES) % _WEEK_MINUTES
        return np.asarray(until[begins + length] - until[begins])

    flat = spans.minutes >= _WEEK_MINUTES
    length = np.where(flat, 1, spans.minutes)
    spread = overlap(spans.first, length)
    for rows, begins, minutes, sign in _over_odd_hours(spans.first, length, zone):
        spread[rows] += sign * overlap(begins, minutes)
    empty = spread.sum(axis=1) <= 0
    spread[empty] = overlap(spans.first[empty], length[empty])
    spread[flat] = bins.sum(axis=0)
    spread /= spread.sum(axis=1, keepdims=True)
    return spread


Odd = tuple[Minutes, Minutes, Minutes, int]


def _over_odd_hours(first: Minutes, length: Minutes, zone: str | None) -> list[Odd]:
    """Return, for each odd hour: the intervals over it, what they hold of it, and its sign."""
    if zone is None or not len(first):
        return []
    found = []
    last = first + length
    years = np.array([first.min(), last.max()]).astype("datetime64[m]").astype("datetime64[Y]")
    for low, high, sign in odd_hours(zone, *(int(year) + 1970 for year in years.astype(int))):
        rows = np.flatnonzero((first < high) & (last > low))
        begins = np.maximum(first[rows], low)
        found.append((rows, begins, np.minimum(last[rows], high) - begins, sign))
    return [odd for odd in found if len(odd[0])]


@cache
def odd_hours(zone: str, first_year: int, last_year: int) -> tuple[tuple[int, int, int], ...]:
    """
    Return the stretches of local time that a zone skips or shows twice, in the years given.

    Returns
    -------
    tuple
        First minute and the minute after the last (from 1970-01-01 00:00 by the local clock), and
        -1 for a stretch that is skipped, 1 for one that comes twice.
    """

    def offsets(moments: pd.DatetimeIndex) -> Minutes:
        local = moments.tz_localize("UTC").tz_convert(zone).tz_localize(None)
        return ((local - moments) // pd.Timedelta(minutes=1)).to_numpy(np.int64)

    days = pd.date_range(f"{first_year - 1}-12-30", f"{last_year + 1}-01-02", freq="D")
    found = []
    for day in days[:-1][np.diff(offsets(days)) != 0]:
        minutes = pd.date_range(day, periods=_DAY_MINUTES + 1, freq="min")
        offset = offsets(minutes)
        for at in np.flatnonzero(np.diff(offset)):
            turn = int(minutes[at + 1].timestamp()) // 60
            before, after = int(offset[at]), int(offset[at + 1])
            sign = -1 if after > before else 1
            found.append((turn + min(before, after), turn + max(before, after), sign))
    return tuple(found)


def hours(events: pd.DataFrame, *, longest_span_hours: int, zone: str | None = None) -> Hours:
    """
    Return the hours of the day with their uncertainty, beside what a naive choice would claim.

    Parameters
    ----------
    events, longest_span_hours, zone
        As `aoristic` takes them.

    Returns
    -------
    Hours
    """
    own = spans(events, longest_span_hours=longest_span_hours)
    each = profiles(own, zone=zone, fold=np.tile(np.eye(HOURS), (DAYS, 1)))
    low, high = band(each, own.weight)
    chosen = {choice: shown.sum(axis=0) for choice, shown in naive(own).items()}
    table = pd.DataFrame({"expected": own.weight @ each, "low": low, "high": high, **chosen})
    spread = own.minutes > _HOUR
    return Hours(table.rename_axis("hour"), float(own.weight[spread].sum()))


@dataclass(frozen=True)
class Hours:
    """
    The hours of the day.

    Parameters
    ----------
    table
        24 rows: ``expected`` (aoristic), ``low``, ``high`` (its 95 % band), and by each of
        `CHOICES` how many events that choice would put there.
    spread
        Events whose interval is longer than an hour: of these the choices differ.
    """

    table: pd.DataFrame
    spread: float

    @property
    def peaks(self) -> dict[str, int]:
        """The busiest hour, aoristic (``expected``) and by each choice."""
        return {name: int(self.table[name].idxmax()) for name in ("expected", *CHOICES)}


CHOICES = ("start", "midpoint", "end")


def naive(spans: Spans) -> dict[str, Values]:
    """
    Return what the week would look like by each event's start, midpoint or end alone.

    Returns
    -------
    dict
        By choice (`CHOICES`): shape (7, 24), events by the hour of that one minute. The same
        events take part as in `aoristic`, so that differences are the choice's own.
    """
    begin = np.zeros_like(spans.minutes)
    shifts = {"start": begin, "midpoint": spans.minutes // 2, "end": spans.minutes - 1}
    shown = {}
    for choice in CHOICES:
        at = (spans.first + shifts[choice] + _THURSDAY * _DAY_MINUTES) % _WEEK_MINUTES // _HOUR
        shown[choice] = np.bincount(at, spans.weight, WEEK).astype(float).reshape(DAYS, HOURS)
    return shown


FEW = 10
"""Below so many expected events resampling cannot show what might happen; see `band`."""
_RESAMPLED = 5_000
DRAWS = 499


def band(
    spread: ArrayLike,
    weight: ArrayLike,
    *,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[Values, Values]:
    """
    Return lowest and highest expected events of each bin, by bootstrap over events.

    Parameters
    ----------
    spread
        Shape (events, bins): each event's share of each bin (`profiles`, or sums of its columns).
    weight
        Shape (events,): how many events each stands for.
    level
        Of each bin by itself, not of all bins at once.
    draws, seed
        Of the bootstrap.

    Returns
    -------
    two arrays of shape (bins,)

    Notes
    -----
    Each draw takes each event a Poisson number of times, so that the total varies as well (Hanley
    & MacGibbon 2006, Computer Methods and Programs in Biomedicine 83:57-62). A bin with fewer than
    `FEW` expected events gets the exact Poisson interval at that sum instead, which for fractions
    of events is rather too wide: what was hardly seen cannot be resampled into what might be. With
    very many events the bootstrap's own normal limit is used. The band is about the average
    spread of what is known, not about the true minutes inside the intervals.
    """
    each, times = np.asarray(spread, float), np.asarray(weight, float)
    expected = times @ each
    tail = (1 - level) / 2
    if len(times) > _RESAMPLED:
        from scipy.special import ndtri

        margin = float(ndtri(1 - tail)) * np.sqrt(times @ each**2)
        low, high = expected - margin, expected + margin
    else:
        rng = np.random.default_rng(seed)
        drawn = rng.poisson(times, (draws, len(times))).astype(float) @ each
        low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    exact = [counts.poisson_interval(float(x), level=level) for x in np.maximum(expected, 0)]
    few = expected < FEW
    low = np.where(few, [one.low for one in exact], low)
    high = np.where(few, [one.high for one in exact], high)
    return low, high


DAYPARTS = {"natt": (0, 6), "dag": (6, 15), "eftermiddag": (15, 18), "kväll": (18, 24)}
"""Parts of the day, hours from and to; night belongs to the date on which it falls."""


def daypart(events: pd.DataFrame) -> pd.Series:
    """
    Return the part of the day in which each event surely happened, else an empty text.

    An event belongs to a part when its whole interval lies within it, or when it has no end.
    """
    part = pd.Series("", index=events.index, dtype=str)
    timed = events["time_precision"].isin(CLOCKED)
    clock = events["start"].dt.hour * 60 + events["start"].dt.minute
    minutes = (events["end"] - events["start"]).dt.total_seconds().fillna(0) / 60
    for name, (low, high) in DAYPARTS.items():
        inside = timed & (clock >= low * 60) & (clock < high * 60)
        inside &= clock + minutes <= high * 60
        part = part.mask(inside, name)
    return part
