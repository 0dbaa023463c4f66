"""The clock: every hour of the five years, how weeks and seasons run, and how long is unknown."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Moments = npt.NDArray[np.datetime64]

FIRST = date(2021, 10, 1)
AFTER = date(2026, 10, 1)  # the first day that no delivery covers
YEARS = 5
LAST_DELIVERY = "2026Q3"

# A week as bumps: hour of the day, width in hours, weight on each day from Monday to Sunday.
RHYTHMS: dict[str, list[tuple[float, float, tuple[float, ...]]]] = {
    "night": [(23.5, 2.2, (0.1, 0.1, 0.15, 0.25, 1.5, 1.8, 0.15)),
              (18.0, 3.0, (0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.1))],
    "school": [(12.0, 1.5, (0.8, 0.8, 0.8, 0.8, 0.7, 0, 0)),
               (17.0, 1.8, (1, 1, 1, 1, 1.1, 0.25, 0.25))],
    "shop": [(16.5, 2.2, (1, 1, 1, 1.1, 1.4, 1.2, 0.7)), (12.0, 1.8, (0.4,) * 6 + (0.5,))],
    "day": [(13.0, 3.5, (1, 1, 1, 1, 1.1, 0.8, 0.6))],
    "evening": [(20.0, 3.0, (0.8, 0.8, 0.8, 0.9, 1.4, 1.5, 0.8)),
                (14.0, 4.0, (0.3,) * 7)],
    "overnight": [(24.5, 3.5, (1, 1, 1, 1, 1.3, 1.3, 1))],
    "weekend night": [(23.5, 2.0, (0, 0, 0, 0.02, 1, 1.1, 0.02))],
    "small hours": [(26.5, 1.2, (0, 0, 0, 0, 1, 1, 0))],
    "lessons": [(12.0, 2.2, (1, 1, 1, 1, 1, 0, 0))],
    "training": [(19.5, 1.0, (1, 1, 1, 1, 0.5, 0, 0))],
    "control": [(21.0, 3.5, (0.5, 0.6, 0.8, 1, 1.7, 1.6, 0.5)), (14.0, 3.0, (0.7,) * 7)],
}  # fmt: skip


class Clock(NamedTuple):
    """Every hour of the five years and what a draw needs to know of it."""

    start: Moments
    month: npt.NDArray[np.int64]
    week_hour: npt.NDArray[np.int64]  # 0 is Monday's first hour
    year: npt.NDArray[np.int64]  # 0 is October 2021 to September 2022
    term: Floats


@cache
def clock() -> Clock:
    """Return the hours."""
    hours = pd.date_range(FIRST, AFTER, freq="h", inclusive="left")
    day = hours.month * 100 + hours.day
    free = ((day >= 612) & (day < 818)) | (day >= 1220) | (day < 109)
    free |= np.isin(hours.isocalendar().week.to_numpy(), (8, 44))
    return Clock(
        hours.to_numpy().astype("datetime64[m]"),
        hours.month.to_numpy(np.int64),
        (hours.day_of_week * 24 + hours.hour).to_numpy(np.int64),
        (hours.year - FIRST.year - (hours.month < FIRST.month)).to_numpy(np.int64),
        np.where(free, 0.12, 1.0),
    )


@cache
def week(rhythm: str) -> Floats:
    """Return a weight for each of the week's 168 hours."""
    hour = np.arange(168) + 0.5
    weights = np.full(168, 0.01)
    for at, width, days in RHYTHMS[rhythm]:
        for day, weight in enumerate(days):
            away = np.abs(hour - (24 * day + at))
            weights += weight * np.exp(-0.5 * (np.minimum(away, 168 - away) / width) ** 2)
    return weights


@cache
def intensity(rhythm: str, season: tuple[float, int]) -> Floats:
    """Return a weight for each hour of the five years, before what differs between years."""
    hours, (amplitude, peak) = clock(), season
    months = 1 + amplitude * np.cos(2 * np.pi * (np.arange(13) - peak) / 12)
    weight: Floats = week(rhythm)[hours.week_hour] * months[hours.month]
    return weight * hours.term if rhythm in {"school", "lessons"} else weight


def span(rng: np.random.Generator, moments: Moments, how: str) -> tuple[Moments, Moments]:
    """Return from when to when each event is known to have happened."""
    n = moments.size

    def spread(low: float, high: float) -> npt.NDArray[np.timedelta64]:
        return rng.uniform(60 * low, 60 * high, n).astype(np.int64).astype("timedelta64[m]")

    if how == "minutes":
        return moments, moments + rng.integers(1, 25, n).astype("timedelta64[m]")
    night = (moments - np.timedelta64(12, "h")).astype("datetime64[D]")
    evening = night.astype("datetime64[m]") + spread(16, 22.5)
    morning = night.astype("datetime64[m]") + spread(30, 33.5)
    start, end = np.minimum(evening, moments), np.maximum(morning, moments)
    weekday = (night.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    weekend = (weekday >= 4) & (rng.random(n) < 0.35)
    friday = (night - (weekday - 4).astype("timedelta64[D]")).astype("datetime64[m]")
    start = np.where(weekend, np.minimum(friday + spread(15, 18), moments), start)
    end = np.where(weekend, np.maximum(friday + spread(78, 80), moments), end)
    if how == "hours":
        start, end = moments - spread(0.2, 2.5), moments + spread(0.2, 2.5)
    elif how == "absence":
        away = rng.random(n) < 0.4
        start = np.where(away, moments - spread(6, 160), start)
        end = np.where(away, moments + spread(6, 160), end)
    return _to_five(start, 0), _to_five(end, 4)


def _to_five(moments: Moments, add: int) -> Moments:
    minutes = moments.astype("datetime64[m]").astype(np.int64) + add
    rounded: Moments = (minutes - minutes % 5).astype("datetime64[m]")
    return rounded


def wall(moments: Moments) -> Moments:
    """Move what falls in the hour that summer time skips to the hour after."""
    stamp = pd.DatetimeIndex(moments.astype("datetime64[s]"))
    skipped = (stamp.month == 3) & (stamp.day_of_week == 6) & (stamp.day > 24) & (stamp.hour == 2)
    moved: Moments = moments + np.asarray(skipped, np.int64) * np.timedelta64(60, "m")
    return moved


def quarter(moments: Any) -> Any:
    """Return the quarter of each moment, as 2026Q3."""
    stamp = pd.DatetimeIndex(moments)
    return stamp.year.astype(str) + "Q" + stamp.quarter.astype(str)


def next_quarter(quarter: str) -> str:
    """Return the quarter after."""
    year, q = int(quarter[:4]), int(quarter[-1])
    return f"{year + q // 4}Q{q % 4 + 1}"
