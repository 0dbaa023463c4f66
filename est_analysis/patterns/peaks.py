"""When a place is busiest, told only where so few events would not look so by chance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from est_analysis.patterns.rhythms import DAYS, HOURS, aoristic

FEWEST = 20
"""Below so many events with a usable time no hour is called busier than another."""
BLOCK = 6
"""Hours in a row that are looked at."""
_DRAWS = 499
_TIE = 1e-6  # equal shares that differ in the last digits are equal


@dataclass(frozen=True)
class Peak:
    """
    The busiest hours and day of a place; None where they do not stand out from an even spread.

    Parameters
    ----------
    n
        Events with a usable time; where all of them are too few, all of them.
    hour, hour_share
        First of the `BLOCK` busiest hours in a row, any day, and their share of the events.
    day, day_share
        Busiest weekday (0 Monday) and its share.
    """

    n: int
    hour: int | None = None
    hour_share: float = float("nan")
    day: int | None = None
    day_share: float = float("nan")

    @property
    def enough(self) -> bool:
        """Whether there are `FEWEST` events."""
        return self.n >= FEWEST


def peak(events: pd.DataFrame, *, longest_span_hours: int) -> Peak:
    """
    Find the busiest hours and the busiest day.

    Parameters
    ----------
    events
        Of one place, with ``start``, ``end``, ``time_precision``, ``count``.
    longest_span_hours
        As `rhythms.aoristic` takes it.

    Returns
    -------
    Peak
        The highest of all blocks is held against the highest that as many events give when spread
        evenly (its 95 % level), since the best of 24 always looks good.
    """
    if (most := int(events["count"].sum())) < FEWEST:
        return Peak(most)
    found = aoristic(events, longest_span_hours=longest_span_hours)
    if found.n < FEWEST:
        return Peak(found.n)
    by_hour, by_day = found.weights.sum(axis=0), found.weights.sum(axis=1)
    blocks = np.round(_blocks(by_hour[None])[0] / found.n, 9)
    days = np.round(by_day / found.n, 9)
    chance_hour, chance_day = _by_chance(found.n)
    hour, day = int(blocks.argmax()), int(days.argmax())
    seen_hour, seen_day = blocks[hour] > chance_hour + _TIE, days[day] > chance_day + _TIE
    return Peak(
        found.n,
        hour if seen_hour else None,
        float(blocks[hour]) if seen_hour else float("nan"),
        day if seen_day else None,
        float(days[day]) if seen_day else float("nan"),
    )


def _blocks(by_hour: NDArray) -> NDArray:
    """Return the sum of `BLOCK` hours from each hour on, round the clock; shape (rows, 24)."""
    twice = np.concatenate([by_hour, by_hour[:, : BLOCK - 1]], axis=1)
    total = np.concatenate([np.zeros((len(twice), 1)), np.cumsum(twice, axis=1)], axis=1)
    return np.asarray(total[:, BLOCK:] - total[:, :-BLOCK])


@lru_cache(maxsize=4096)
def _by_chance(n: int) -> tuple[float, float]:
    """Return the 95 % level of the highest block's and the highest day's share, spread evenly."""
    rng = np.random.default_rng(n)
    hours = rng.multinomial(n, [1 / HOURS] * HOURS, size=_DRAWS)
    days = rng.multinomial(n, [1 / DAYS] * DAYS, size=_DRAWS)
    top = _blocks(hours).max(axis=1), days.max(axis=1)
    return float(np.quantile(top[0], 0.95) / n), float(np.quantile(top[1], 0.95) / n)
