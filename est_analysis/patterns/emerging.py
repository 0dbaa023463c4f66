"""How each place has gone over two years: new, growing, persistent, cooling, sporadic."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

MONTHS = 24
FEWEST = 5
"""With fewer events no year-to-year difference can reach 0.05: the place is called too few."""
WORDS = {
    "new": "ny",
    "growing": "tilltagande",
    "persistent": "bestående",
    "cooling": "avtagande",
    "sporadic": "ojämn",
    "too_few": "för få",
}
"""The report's classes, and what they are called."""
FULL = (
    *("none", "new", "consecutive", "intensifying", "persistent"),
    *("diminishing", "sporadic", "oscillating", "historical"),
)
"""The analyst's classes."""
_LASTING = 0.9


def by_month(
    place: ArrayLike,
    start: pd.Series,
    *,
    last: date,
    months: int = MONTHS,
    count: ArrayLike | None = None,
) -> pd.DataFrame:
    """
    Count events by place and calendar month, whole months only.

    Parameters
    ----------
    place
        Shape (n,), what tells places apart.
    start
        Shape (n,), when each event began (local wall time); NaT are passed over.
    last
        The last day that the deliveries cover; a month that had not ended then is left out.
    months
        How many; whole years, so that seasons weigh alike.
    count
        Shape (n,), how many events each row stands for; None is one.

    Returns
    -------
    DataFrame
        One row a place with any event in those months, sorted; one column a month (its first day).
    """
    after = pd.Timestamp(last) + pd.Timedelta(days=1)
    end = after.to_period("M").start_time
    columns = pd.date_range(end - pd.DateOffset(months=months), periods=months, freq="MS")
    rows = pd.DataFrame({"place": np.asarray(place), "start": np.asarray(start)})
    rows["count"] = 1 if count is None else np.asarray(count)
    rows = rows[(rows["start"] >= columns[0]) & (rows["start"] < end)]
    month = rows["start"].dt.to_period("M").dt.start_time
    table = rows["count"].groupby([rows["place"], month]).sum().unstack(fill_value=0)
    return table.reindex(columns=columns, fill_value=0).rename_axis(index=None, columns=None)


def classify(counts: ArrayLike) -> pd.DataFrame:
    """
    Sort places into the report's classes by exact rules for small counts.

    The last half of the steps is held against the first (with 24 months: year against year, the
    same seasons). Given the place's total, its events fall on either half by even chance.

    Parameters
    ----------
    counts
        Shape (places, steps), whole numbers; an even number of steps.

    Returns
    -------
    DataFrame
        One row a place, in order: ``before`` and ``now`` (events in each half), ``p`` (one-sided,
        of the direction seen), ``state``: ``too_few`` under `FEWEST` events; ``new`` (none before,
        p <= 0.05); ``growing`` or ``cooling`` (p <= 0.05); ``persistent`` (events in three of four
        quarters of a year, or of what eight equal parts there are); else ``sporadic``.
        A sorting of places one by one, not corrected for their number: it describes.

    Raises
    ------
    ValueError
        If the number of steps is odd.
    """
    table = np.asarray(counts)
    if table.ndim != 2 or table.shape[1] % 2:
        raise ValueError("places by an even number of steps")
    half = table.shape[1] // 2
    before, now = table[:, :half].sum(axis=1), table[:, half:].sum(axis=1)
    total = before + now
    p = scipy.stats.binom.cdf(np.minimum(before, now), total, 0.5)
    parts = np.array_split(np.arange(table.shape[1]), min(8, table.shape[1]))
    seen = np.mean([table[:, part].any(axis=1) for part in parts], axis=0)
    rules: list[tuple[Any, str]] = [
        (total < FEWEST, "too_few"),
        ((p <= 0.05) & (now > before) & (before == 0), "new"),
        ((p <= 0.05) & (now > before), "growing"),
        ((p <= 0.05) & (now < before), "cooling"),
        (seen >= 0.75, "persistent"),
    ]
    state = np.select([rule for rule, _ in rules], [name for _, name in rules], "sporadic")
    return pd.DataFrame({"before": before, "now": now, "p": p, "state": state})


def classify_fully(hot: ArrayLike, trend: ArrayLike, cold: ArrayLike | None = None) -> NDArray:
    """
    Sort places into the eight classes of an emerging hot spot analysis.

    Parameters
    ----------
    hot
        Shape (places, steps): whether the place was hot in that step, corrected for the number of
        places and steps (for example ``local.gi_star(...).q`` over the whole cube).
    trend
        Shape (places,): sign of a Mann-Kendall trend with p < 0.05, else 0.
    cold
        Shape (places, steps); None is never. A cold step is never taken for a hot one.

    Returns
    -------
    array of str
        Each one of `FULL`. For the cold counterparts pass them the other way round.

    Notes
    -----
    The rules are those published with ArcGIS' Emerging Hot Spot Analysis: lasting is 90 % of the
    steps.
    """
    on = np.asarray(hot, dtype=bool)
    off = np.zeros_like(on) if cold is None else np.asarray(cold, dtype=bool)
    way = np.asarray(trend)
    steps = on.shape[1]
    if steps == 0:
        return np.full(len(on), "none")
    share, last = on.mean(axis=1), on[:, -1]
    run = np.cumprod(on[:, ::-1], axis=1).sum(axis=1)  # hot steps in a row up to now
    once = on.sum(axis=1) == run
    lasting = share >= _LASTING
    earlier = on[:, :-1].mean(axis=1) if steps > 1 else np.zeros(len(on))
    rules: list[tuple[Any, str]] = [
        (last & once & (run == 1), "new"),
        (last & once & (run >= 2) & ~lasting, "consecutive"),
        (last & lasting & (way > 0), "intensifying"),
        (last & lasting & (way < 0), "diminishing"),
        (last & lasting, "persistent"),
        (last & off.any(axis=1), "oscillating"),
        (last, "sporadic"),
        (~last & (earlier >= _LASTING), "historical"),
    ]
    return np.select([rule for rule, _ in rules], [name for _, name in rules], "none")


def mann_kendall(series: ArrayLike) -> tuple[Values, Values]:
    """
    Mann-Kendall's test of a trend, many series at once.

    Parameters
    ----------
    series
        Shape (series, steps).

    Returns
    -------
    s, p : arrays of shape (series,)
        Steps that rise less steps that fall, over all pairs; and a two-sided p-value (normal, ties
        allowed for, continuity corrected). Neighbouring steps that depend on each other make it
        too bold: a description only.

    Notes
    -----
    Mann (1945), Econometrica 13:245-259; Kendall (1975), Rank Correlation Methods.
    """
    table = np.asarray(series, dtype=float)
    rows, steps = table.shape
    s = np.zeros(rows)
    for lag in range(1, steps):
        s += np.sign(table[:, lag:] - table[:, :-lag]).sum(axis=1)
    ordered = np.sort(table, axis=1)
    # how many equal each value: t of them give t times t(t-1)(2t+5)/t
    alike = np.ones_like(table)
    for lag in range(1, steps):
        same = ordered[:, lag:] == ordered[:, :-lag]
        alike[:, lag:] += same
        alike[:, :-lag] += same
    ties = ((alike - 1) * (2 * alike + 5)).sum(axis=1)
    variance = (steps * (steps - 1) * (2 * steps + 5) - ties) / 18
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, (s - np.sign(s)) / np.sqrt(variance), 0.0)
    return s, 2 * scipy.special.ndtr(-np.abs(z))
