"""Whether a place, a situation or a season has hours of its own: labels changed by lot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from est_analysis import counts
from est_analysis.municipality import Municipality
from est_analysis.patterns.change import known_then
from est_analysis.patterns.coverage import covered_seasons, first_covered, in_period
from est_analysis.patterns.hotspots import located
from est_analysis.patterns.rhythms import HOURS, WEEK, profiles, spans
from est_analysis.periods import Period

if TYPE_CHECKING:
    import geopandas as gpd

KIND = "reported_crime"
DRAWS = 499
SEED = 2023
STEP = 4
"""Hours in each of the stretches by which the hours of places are compared."""
LONGEST = 3
"""A hot time is at most so many stretches long."""
MOST_PLACES = 8
"""So many of the places with most events are looked at: each further one weakens every answer."""
_STRETCHES = HOURS // STEP
_TIE = 1e-9
_NEEDED = [
    *("source", "kind", "group", "start", "end", "registered", "time_precision", "count"),
    *("place", "x", "y", "place_precision"),
]
"""All that is asked of an event here; rows of few columns are cheap to choose among."""

Values = NDArray[np.float64]


def weekend(hour: ArrayLike) -> NDArray[np.bool_]:
    """
    Tell which hours of the week (0 is Monday's first) are weekend: Friday 16 to Sunday 20.

    So the nights before Saturday and Sunday are weekend's, and Sunday night the working week's.
    """
    at = np.asarray(hour)
    low, high = 4 * HOURS + 16, 6 * HOURS + 20
    return np.asarray((at >= low) & (at < high))


def stretches() -> Values:
    """
    Fold the week to stretches of `STEP` hours, workdays and weekend apart.

    Returns
    -------
    array of shape (168, 12)
        As `rhythms.profiles` takes it: six stretches of the working week from midnight, then six of
        the weekend. With tens of events a table of 168 hours tells two rhythms apart by chance
        only.
    """
    hour = np.arange(WEEK)
    fold = np.zeros((WEEK, 2 * _STRETCHES))
    fold[hour, weekend(hour) * _STRETCHES + hour % HOURS // STEP] = 1
    return fold


@dataclass(frozen=True)
class Difference:
    """
    How far apart two rhythms are.

    Parameters
    ----------
    distance
        Sum of the absolute differences of their shares: 0 is the same, 2 nothing in common.
    by_chance
        What two rhythms of so few events differ by on average if they are one.
    p
        That they are one.
    n, other_n
        Events in each.
    """

    distance: float
    by_chance: float
    p: float
    n: float
    other_n: float


def compare(
    spread: ArrayLike,
    weight: ArrayLike,
    inside: ArrayLike,
    *,
    units: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Difference:
    """
    Compare the rhythm of some events with that of the others, by changing labels by lot.

    Parameters
    ----------
    spread
        Shape (events, bins): each event's share of each bin; fractions are welcome.
    weight
        Shape (events,): how many events each stands for.
    inside
        Shape (events,), bool: which belong to the one rhythm.
    units
        Shape (events,): what is drawn as a whole, such as the occasion to which reports belong;
        all of a unit lie inside, or none. None draws each event by itself.
    draws, seed
        Of the permutation.

    Returns
    -------
    Difference
        p is 1 when either side is empty.
    """
    labels = np.where(np.asarray(inside, dtype=bool), 0, -1)
    return by_label(spread, weight, labels, 1, units=units, draws=draws, seed=seed)[0]


def by_label(
    spread: ArrayLike,
    weight: ArrayLike,
    labels: ArrayLike,
    n_labels: int,
    *,
    units: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> list[Difference]:
    """
    Compare the rhythm of each label's events with that of all other events.

    Parameters
    ----------
    spread, weight, units, draws, seed
        As `compare` takes them.
    labels
        Shape (events,): 0 to `n_labels` - 1; -1 belongs to none and is among everybody's others.
    n_labels
        How many labels there are.

    Returns
    -------
    list of Difference
        By label. p-values are each label's own, not adjusted for the number of labels.

    Raises
    ------
    ValueError
        If a unit has events of two labels.
    """
    each = np.asarray(spread, float) * np.asarray(weight, float)[:, None]
    size, label = np.asarray(weight, float), np.asarray(labels)
    if units is not None:
        _, unit = np.unique(np.asarray(units), return_inverse=True)
        of_unit = np.full(unit.max(initial=-1) + 1, -1)
        of_unit[unit] = label
        if (of_unit[unit] != label).any():
            raise ValueError("a unit has events of two labels")
        each = _sums(each, unit, len(of_unit))
        size = np.bincount(unit, size, len(of_unit))
        label = of_unit
    table = np.column_stack([each, size])
    members = [np.flatnonzero(label == one) for one in range(n_labels)]
    taken = np.concatenate([*members, np.array([], dtype=int)])
    ends = np.cumsum([0, *(len(own) for own in members)])
    whole_table = table.sum(axis=0)

    def apart(rows: NDArray[np.int64]) -> Values:
        return _distances(table[rows], ends, whole_table)

    seen = apart(taken)
    rng = np.random.default_rng(seed)
    drawn = np.empty((draws, n_labels))
    for draw in range(draws):
        drawn[draw] = apart(rng.choice(len(size), len(taken), replace=False))
    whole = float(size.sum())
    own_n = [float(size[own].sum()) for own in members]
    return [
        Difference(
            float(seen[one]),
            float(drawn[:, one].mean()),
            counts.permutation_p(float(seen[one]) - _TIE, drawn[:, one])
            if 0 < own_n[one] < whole
            else 1.0,
            own_n[one],
            whole - own_n[one],
        )
        for one in range(n_labels)
    ]


def _sums(rows: Values, group: NDArray[np.int64], n: int) -> Values:
    summed = np.zeros((n, rows.shape[1]))
    np.add.at(summed, group, rows)
    return summed


def _distances(rows: Values, ends: NDArray[np.int64], whole: Values) -> Values:
    """Return each label's L1 distance to all others, its rows being those up to its end."""
    own = np.array([rows[a:b].sum(axis=0) for a, b in pairwise(ends)]).reshape(-1, len(whole))
    rest = whole - own
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(own[:, :-1] / own[:, -1:] - rest[:, :-1] / rest[:, -1:]).sum(axis=1)
    return np.nan_to_num(apart)


def hot_time(own: ArrayLike, other: ArrayLike) -> tuple[bool, int, int, float, float]:
    """
    Return when a rhythm lies highest above another.

    Parameters
    ----------
    own, other
        Shape (12,), by `stretches`: expected events.

    Returns
    -------
    weekend, first hour, hours, share, other share
        The run of stretches, within the weekend or the working week and over midnight if need be,
        where the own share exceeds the other's most; the earliest of equals.
    """
    mine, theirs = (np.asarray(x, float) / max(float(np.sum(x)), _TIE) for x in (own, other))
    best = (-np.inf, False, 0, 1, 0.0, 0.0)
    for late in (False, True):
        for first in range(_STRETCHES):
            for length in range(1, LONGEST + 1):
                run = [late * _STRETCHES + (first + k) % _STRETCHES for k in range(length)]
                share, rest = float(mine[run].sum()), float(theirs[run].sum())
                if share - rest > best[0] + _TIE:
                    best = (share - rest, late, first, length, share, rest)
    _, late, first, length, share, rest = best
    return late, first * STEP, length * STEP, share, rest


COLUMNS = (
    *("label", "n", "unknown", "distance", "by_chance", "p", "p_all"),
    *("weekend", "first", "hours", "expected", "share", "low", "high", "other"),
)


def own_hours(
    events: pd.DataFrame,
    labels: Sequence[str] | pd.Series,
    municipality: Municipality,
    *,
    most: int = MOST_PLACES,
) -> pd.DataFrame:
    """
    Hold the hours of each label's events against those of all others.

    Parameters
    ----------
    events
        Accepted events of one kind.
    labels
        One a row: a place, a dense area, a situation; an empty text belongs to none.
    municipality
        Gives the gate (``minimum_rhythm`` events with a usable time), the longest interval, the
        time zone, and below how many events nothing is shown.
    most
        Only so many labels are looked at, those with most events.

    Returns
    -------
    DataFrame
        One row a label above the gate, most events first: ``label``, ``n`` (with a usable time),
        ``unknown`` (without), ``distance``, ``by_chance``, ``p``, ``p_all`` (Holm, over the labels
        here), and the hot time: ``weekend``, ``first`` (hour), ``hours``, ``expected`` (events
        there), ``share`` (of the label's events) with ``low`` and ``high``, ``other`` (share of
        the others).

    Notes
    -----
    Reports of one label and group on one day are drawn as one: ten cars in a night are no ten
    proofs of the night. The hot time was chosen as the highest, so that its share is rather too
    high; `p` is not, since it asks of the whole week. The interval is Clopper & Pearson's at
    fractional counts, which is rather too wide.
    """
    longest = municipality.thresholds.longest_span_hours
    usable = spans(events, longest_span_hours=longest)
    spread = profiles(usable, zone=municipality.time_zone, fold=stretches())
    named = pd.Series(np.asarray(labels, dtype=object), index=events.index).astype(str)
    whole = events["count"].groupby(named).sum()
    own = events[usable.used].assign(label=named[usable.used])
    timed = own.groupby("label")["count"].sum().drop("", errors="ignore")
    timed = timed[timed >= municipality.thresholds.minimum_rhythm].sort_index()
    shown = timed.sort_values(ascending=False, kind="stable").index[:most]
    if shown.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    number = pd.Series(range(len(shown)), index=shown)
    at = own["label"].map(number).fillna(-1).to_numpy(int)
    found = by_label(spread, usable.weight, at, len(shown), units=_occasions(own))
    adjusted = counts.holm([one.p for one in found])
    summed = spread * usable.weight[:, None]
    rows = []
    for one, label in enumerate(shown):
        mine, rest = summed[at == one].sum(axis=0), summed[at != one].sum(axis=0)
        late, first, hours, share, other = hot_time(mine, rest)
        n = int(timed[label])
        low, high = _share_interval(share * n, n, municipality.thresholds.interval_level)
        known = (n, int(whole[label]) - n, found[one].distance, found[one].by_chance)
        hot = (late, first, hours, share * n, share, low, high, other)
        rows.append((label, *known, found[one].p, float(adjusted[one]), *hot))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _occasions(events: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for each occasion: one label, place and group on one day."""
    day = events["start"].dt.normalize()
    keys = [events["label"], events["place"], events["group"], day]
    return events.groupby(keys, sort=False).ngroup().to_numpy(np.int64)


def _share_interval(part: float, n: float, level: float) -> tuple[float, float]:
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = 0.0 if part <= 0 else float(betaincinv(part, n - part + 1, tail))
    high = 1.0 if part >= n else float(betaincinv(part + 1, n - part, 1 - tail))
    return low, high


def in_areas(events: pd.DataFrame, areas: gpd.GeoDataFrame) -> pd.Series:
    """
    Return the name of the dense area in which each event lies, else an empty text.

    Parameters
    ----------
    events
        Accepted events, some with coordinates.
    areas
        As `hotspots.clusters` outlines them; the first that holds an event counts.
    """
    import shapely

    label = pd.Series("", index=events.index, dtype=object)
    for name, shape in zip(areas["name"][::-1], areas.geometry[::-1], strict=True):
        label[shapely.contains_xy(shape, events["x"].to_numpy(), events["y"].to_numpy())] = name
    return label


def by_place(
    events: pd.DataFrame, period: Period, municipality: Municipality
) -> tuple[pd.DataFrame, Period | None]:
    """
    Return the hot times of the places with most reported crime.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        Now.
    municipality
        Says how many years count.

    Returns
    -------
    table, span
        As `own_hours`, and the months it rests on: up to ``history_years`` years to the period's
        end, as far back as coordinates are delivered. A place's hours change slowly, and one year
        of one place is too little. Hot times with fewer expected events than may be shown are
        left out.
    """
    events = events[_NEEDED]
    first = first_covered(events, KIND, municipality, by_place=True)
    if first is None:
        return pd.DataFrame(columns=list(COLUMNS)), None
    back = period.year_to_end().start
    back = back.replace(year=back.year - municipality.thresholds.history_years + 1, day=1)
    span = Period(max(back, first), period.end, "interval")
    own = located(in_period(events[events["kind"] == KIND], span))
    table = own_hours(own, own["place"], municipality)
    smallest = municipality.disclosure.smallest_place_count
    return table[table["expected"] >= smallest].reset_index(drop=True), span


def season(
    events: pd.DataFrame, period: Period, municipality: Municipality
) -> tuple[Difference | None, list[Period]]:
    """
    Compare the rhythm of a period with that of the same season of earlier years.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        Now.
    municipality
        Gives the gate, which both sides must pass.

    Returns
    -------
    Difference, seasons
        None below the gate, or without an earlier year. Earlier years are counted as they were
        known at the same age: what is registered late is often what was found late.
    """
    events = events[_NEEDED]
    own = events[events["kind"] == KIND]
    seasons = covered_seasons(events, KIND, period, municipality)
    if not seasons:
        return None, seasons
    now = in_period(own, period).assign(label="now")
    then = [in_period(known_then(own, s, period), s).assign(label="then") for s in seasons]
    both = pd.concat([now, *then], ignore_index=True)
    usable = spans(both, longest_span_hours=municipality.thresholds.longest_span_hours)
    timed = both[usable.used]
    inside = (timed["label"] == "now").to_numpy()
    gate = municipality.thresholds.minimum_rhythm
    if min(usable.weight[inside].sum(), usable.weight[~inside].sum()) < gate:
        return None, seasons
    spread = profiles(usable, zone=municipality.time_zone, fold=stretches())
    return compare(spread, usable.weight, inside, units=_occasions(timed)), seasons
