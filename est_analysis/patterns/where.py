"""What a report claims about where: places that stand out, near repeats, and bursts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from est_analysis import counts
from est_analysis.municipality import Municipality
from est_analysis.patterns import cylinders, near_repeats, scan, unusual
from est_analysis.patterns.change import known_then
from est_analysis.patterns.coverage import (
    covered_seasons,
    first_covered,
    in_period,
    silent_since,
)
from est_analysis.patterns.hotspots import located
from est_analysis.periods import Period

KIND = "reported_crime"
"""The kind of record that is asked about; kinds are never summed."""
DRAWS = 999
"""Permutations and simulations of each question, unless fewer are asked for."""
MANY = 2000
"""From so many crimes of a group fewer permutations are made: each one costs more."""
MOST = 5000
"""In a city near repeats are sought among so many of a group's latest occasions; it is said."""
MOST_PAIRS = 60_000
"""The scan goes back as far as its circles hold so many pairs in time and space; it is said."""
RADIUS, LONGEST = 1000.0, 28
"""A burst's largest circle in metres, and its longest run of days."""
STUDY = timedelta(weeks=13)
"""What is going on is held against so long a time before: places have seasons of their own."""
SEED = 2023
"""Of every permutation here; the results hang on it only within Monte Carlo error."""


@dataclass(frozen=True)
class StandingOut:
    """
    The places that hold more than their own earlier years say.

    Parameters
    ----------
    table
        One row a place with any occasion now or then, the farthest above first: ``place``, ``n``
        (occasions now), ``base_n`` (in the earlier seasons together), ``ratio`` (its share of all
        now over its share then), ``low``, ``high`` (its interval, widened by the unrest),
        ``shrunken`` (`ratio` drawn towards 1), ``p`` (adjusted over all places).
    seasons
        The earlier periods compared with, nearest first.
    why_not
        Why nothing is claimed: ``years``, ``few``, ``silent`` or ``missing``; empty otherwise.
    """

    table: pd.DataFrame
    seasons: list[Period]
    why_not: str = ""


@dataclass(frozen=True)
class Repeats:
    """
    Whether crimes of any one group come close together in both space and time, twelve months.

    Parameters
    ----------
    groups
        One row a group with enough occasions, the strongest first: ``group``, ``n``, ``p`` (of the
        largest excess over its bands), ``within_month`` (the same if dates also stay within their
        month: what remains is no risk that moves over the map), ``since`` (the first day, where
        there are more than `MOST` in twelve months; else None), ``knox`` (the table).
    p
        That no group has near repeats: the smallest `p`, adjusted for the number of groups. Dates
        are permuted group by group, so the groups are independent (Sidak).
    n
        Occasions that are known to the day and the place, all groups.
    windows
        How the strongest group's answer hangs on the window (`near_repeats.by_window`).
    chains
        The strongest group's chains, as `live` gives them, the most events first.
    """

    groups: pd.DataFrame
    p: float
    n: int
    windows: pd.DataFrame
    chains: pd.DataFrame


@dataclass(frozen=True)
class Bursts:
    """
    Where crimes gathered in time beyond what places and days explain.

    Parameters
    ----------
    found
        The cylinders, best first; ``place`` names each one's commonest place.
    n
        Occasions that take part.
    gate
        Whether there are enough.
    since
        The first day searched, where the whole period would be too much (`MOST_PAIRS`); else None.
    """

    found: pd.DataFrame
    n: int
    gate: bool
    since: date | None = None


def standing_out(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    *,
    missing: Mapping[str, str] = MappingProxyType({}),
    draws: int = DRAWS,
) -> StandingOut:
    """
    Hold every public place against the same season of its own earlier years.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        Now.
    municipality
        Gives thresholds, and what its sources cover.
    missing
        By kind: a file that could not be read.
    draws
        Simulations.

    Returns
    -------
    StandingOut
        Occasions are compared: reports of one place on following days are one
        (`unusual.occasions`). Earlier years are counted as they were known at the same age.
    """
    own = located(events[events["kind"] == KIND])
    first = first_covered(events, KIND, municipality, by_place=True)
    seasons = [
        season
        for season in covered_seasons(events, KIND, period, municipality)
        if first is not None and season.start >= first
    ]
    counted = _by_place(own, period, [period, *seasons])
    earlier = counted.iloc[:, 1:].to_numpy()
    others = [
        _by_place(own, past, [past, *past.same_season(len(seasons))]).to_numpy()
        for past in _periods_between(period)
        if first is not None and past.years_earlier(1).start >= first
    ]
    found = unusual.against_earlier(
        counted.iloc[:, 0].to_numpy(),
        earlier,
        unrest=unusual.unrest(earlier, *others),
        replicates=draws,
        seed=SEED,
    )
    level = municipality.thresholds.interval_level
    intervals = _intervals(found.n, earlier.sum(axis=1), len(seasons), found.unrest, level)
    table = pd.DataFrame(
        {
            "place": counted.index,
            "n": found.n,
            "base_n": earlier.sum(axis=1),
            "ratio": found.ratio,
            "low": [interval.low for interval in intervals],
            "high": [interval.high for interval in intervals],
            "shrunken": found.shrunken,
            "p": found.p_place,
        }
    )
    order = np.lexsort((table["place"], -found.score))
    why_not = ""
    if KIND in missing:
        why_not = "missing"
    elif silent_since(events, KIND, period, municipality) is not None:
        why_not = "silent"
    elif len(seasons) < unusual.FEWEST_YEARS:
        why_not = "years"
    elif not found.gate:
        why_not = "few"
    return StandingOut(table.iloc[order].reset_index(drop=True), seasons, why_not)


def _intervals(
    now: np.ndarray, base: np.ndarray, years: int, own: unusual.Unrest, level: float
) -> list[counts.Interval]:
    """Return the interval of each place's ratio of shares, its spread widened by the unrest."""
    weight = own.weight(now + base, years + 1)
    spread = 1 + np.maximum(now + base - 1, 0) / (weight + 1)
    whole, before = int(now.sum()), int(base.sum())
    if not (whole and before):
        return [counts.Interval(0.0, np.inf, level)] * len(now)
    return [
        counts.compare_rates(
            int(n), whole, int(b), before, level=level, dispersion=float(s)
        ).interval
        for n, b, s in zip(now, base, spread, strict=True)
    ]


def repeats(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    *,
    draws: int = 4999,
    stop_after: int | None = 50,
) -> Repeats:
    """
    Ask of each group whether its crimes come close together in both space and time.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        The twelve months up to its end are looked at.
    municipality
        ``thresholds.minimum_repeats`` is the fewest occasions of a group.
    draws, stop_after
        As `near_repeats.knox` takes them; of a group of `MANY` at most `DRAWS`.

    Returns
    -------
    Repeats
        Only pairs of one group count: a scratched car does not foretell a burglary. Dates change
        places only within a group and a sort of place: schools have terms, and baths have summers.
    """
    own = _occasions(in_period(located(events[events["kind"] == KIND]), period.year_to_end()))
    rows = []
    for group, whole in own.groupby("group"):
        if len(whole) < municipality.thresholds.minimum_repeats:
            continue
        part, since = _latest(whole)
        at = (part["x"].to_numpy(), part["y"].to_numpy(), part["day"].to_numpy(float))
        few = len(part) < MANY
        options: dict[str, Any] = {"draws": draws if few else min(draws, DRAWS)}
        options["stop_after"] = stop_after
        sort = pd.factorize(part["place_type"], sort=True)[0]
        month = part["day"].to_numpy().astype("datetime64[D]").astype("datetime64[M]")
        knox, calm = (
            near_repeats.knox(*at, rng=np.random.default_rng(SEED), within=within, **options)
            for within in (sort, month.astype(np.int64) * (sort.max() + 2) + sort)
        )
        rows.append((str(group), len(part), knox.maximum_p, calm.maximum_p, since, knox))
    table = pd.DataFrame(rows, columns=["group", "n", "p", "within_month", "since", "knox"])
    table = table.sort_values(["p", "group"], ignore_index=True)
    if table.empty:
        return Repeats(table, 1.0, len(own), pd.DataFrame(), _chains(own[:0]))
    part, _ = _latest(own[own["group"] == table["group"].iloc[0]])
    windows = near_repeats.by_window(
        part["x"],
        part["y"],
        part["day"].astype(float),
        end=float(np.datetime64(period.end, "D").astype(int)),
        rng=np.random.default_rng(SEED),
        draws=99,
    )
    p = 1 - (1 - float(table["p"].iloc[0])) ** len(table)
    return Repeats(table, p, len(own), windows, _chains(part.reset_index(drop=True)))


def bursts(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    *,
    prospective: bool = False,
    draws: int = DRAWS,
    stop_after: int | None = 50,
) -> Bursts:
    """
    Search for bursts: circles of places over runs of days with more crimes than both explain.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        Whose bursts are looked for.
    municipality
        Its thresholds give the gate.
    prospective
        Look for what is going on at the period's end against the thirteen weeks up to it, as
        the fortnight's meeting needs; otherwise for what went on at any time within the period.
    draws, stop_after
        As in `scan.scan`.

    Returns
    -------
    Bursts
    """
    weeks = Period(period.end - STUDY, period.end, "interval")
    span = weeks if prospective else period
    own = _occasions(in_period(located(events[events["kind"] == KIND]), span))
    gate = len(own) >= municipality.thresholds.minimum_scan
    if not gate:
        return Bursts(_cylinders([], own), len(own), gate)
    own, since = _searchable(own)
    end = int(np.datetime64(period.last, "D").astype(int)) if prospective else None
    found = scan.scan(
        own["x"],
        own["y"],
        own["day"],
        end=end,
        radius=RADIUS,
        longest=LONGEST,
        every=float(period.days),
        draws=draws,
        stop_after=stop_after,
        rng=np.random.default_rng(SEED),
    )
    return Bursts(_cylinders(list(found.cylinders), own), len(own), gate, since)


LIVE_METRES, LIVE_DAYS = 200.0, 14.0
"""How near in space and time a crime of the same group is a live near repeat."""


def live(events: pd.DataFrame, period: Period, *, smallest: int) -> pd.DataFrame:
    """
    List the chains of near repeats that go on: for the meeting, whatever chance makes of them.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        Now: a chain is live if its last event is of this period.
    smallest
        Chains with fewer events are left out, and so are those at places of fewer.

    Returns
    -------
    DataFrame
        One row a chain of crimes of one group, each within `LIVE_METRES` and `LIVE_DAYS` of
        another: ``group``, ``place`` (its commonest), ``n``, ``metres`` (across), ``first``,
        ``last`` (dates). The most events first. A list, no claim: chance alone makes some.
    """
    since = int(np.datetime64(period.start, "D").astype(int))
    quarter = Period(period.start - timedelta(days=LOOK_BACK), period.end, "interval")
    own = _occasions(in_period(located(events[events["kind"] == KIND]), quarter))
    found = _chains(own, since=since)
    return found[found["n"] >= smallest].reset_index(drop=True)


def _chains(own: pd.DataFrame, *, since: float = -np.inf) -> pd.DataFrame:
    """Return chains of occasions of one group, each near another in space and time."""
    columns = ["group", "place", "n", "metres", "first", "last"]
    if own.empty:
        return pd.DataFrame(columns=columns)
    found = near_repeats.chains(
        _apart(own),
        own["y"],
        own["day"],
        within_m=LIVE_METRES,
        within_days=LIVE_DAYS,
        since=since,
        places=own["place"].to_list(),
    )
    found["group"] = [own["group"].iloc[events[0]] for events in found["events"]]
    for name in ("first", "last"):
        found[name] = found[name].to_numpy().astype(int).astype("datetime64[D]").astype(object)
    return found[columns]


LOOK_BACK = 92
"""So many days before the period a chain may have begun."""


def _cylinders(found: list[scan.Cylinder], own: pd.DataFrame) -> pd.DataFrame:
    """Return cylinders as a table, each with its commonest place and groups."""
    rows = []
    for one in found:
        inside = own[
            (np.hypot(own["x"] - one.x, own["y"] - one.y) <= one.radius + cylinders.SAME_DISTANCE)
            & own["day"].between(one.first, one.last)
        ]
        rows.append(
            {
                "place": str(inside["place"].mode().iloc[0]),
                "groups": list(
                    inside["group"].value_counts(sort=False).sort_values().index[:-4:-1]
                ),
                "metres": one.radius,
                "first": np.datetime64(one.first, "D").astype(object),
                "last": np.datetime64(one.last, "D").astype(object),
                "n": one.observed,
                "expected": one.expected,
                "llr": one.llr,
                "p": one.p,
                "recurrence": one.recurrence,
            }
        )
    names = ["place", "groups", "metres", "first", "last", "n", "expected", "llr", "p"]
    return pd.DataFrame(rows, columns=[*names, "recurrence"])


def _searchable(own: pd.DataFrame) -> tuple[pd.DataFrame, date | None]:
    """Return the latest occasions that a scan can search, and since when if any fell."""
    from scipy.spatial import cKDTree

    part, since = own, None
    while True:
        tree = cKDTree(part[["x", "y"]].to_numpy())
        days = float(np.ptp(part["day"].to_numpy())) + 1
        pairs = tree.count_neighbors(tree, RADIUS) * min(1.0, 2 * LONGEST / days)
        fewer, later = _latest(part, len(part) * 2 // 3)
        if pairs <= MOST_PAIRS or fewer.empty:  # one day alone is soon searched
            return part, since
        part, since = fewer, later


def _latest(own: pd.DataFrame, most: int | None = None) -> tuple[pd.DataFrame, date | None]:
    """Return the latest occasions by whole days, `MOST` unless said; since when, if any fell."""
    most = MOST if most is None else most
    if len(own) <= most:
        return own, None
    first = int(np.sort(own["day"].to_numpy())[-most])
    after = own[own["day"] > first].reset_index(drop=True)
    return after, np.datetime64(first + 1, "D").astype(object)


def _occasions(events: pd.DataFrame) -> pd.DataFrame:
    """
    Return one row an occasion: group, place and its sort, x, y and first day, known to the day.

    Reports of one group at one coordinate on the same or following days are one occasion.
    """
    own = events[events["time_precision"].isin(["minute", "hour", "day"])]
    day = own["start"].to_numpy().astype("datetime64[D]").astype(np.int64)
    table = own[["group", "place", "place_type", "x", "y"]].assign(day=day)
    table = table.sort_values(["group", "x", "y", "day", "place"], ignore_index=True)
    same = (table[["group", "x", "y"]] == table[["group", "x", "y"]].shift()).all(axis=1)
    return table[~(same & (table["day"].diff() <= 1))].reset_index(drop=True)


def _apart(own: pd.DataFrame) -> np.ndarray:
    """Return x with the groups set far apart, so that only events of one group are near."""
    group = pd.factorize(own["group"], sort=True)[0]
    return np.asarray(own["x"] + group * 10 * (np.ptp(own["x"].to_numpy()) + 2 * LIVE_METRES))


def _by_place(own: pd.DataFrame, now: Period, windows: list[Period]) -> pd.DataFrame:
    """Count occasions by place in each window, as known at the age that `now` has."""
    counted = {}
    for window in windows:
        inside = in_period(known_then(own, window, now), window)
        day = inside["start"].to_numpy().astype("datetime64[D]").astype(np.int64)
        place, _ = unusual.occasions(inside["place"].to_numpy(str), day)
        counted[str(window)] = pd.Series(place, dtype=str).value_counts(sort=False)
    table = pd.DataFrame(counted, columns=[str(w) for w in windows]).fillna(0).astype(int)
    return table.sort_index()


def _periods_between(period: Period) -> list[Period]:
    """Return the periods between now and the same season a year ago: they tell of unrest only."""
    found: list[Period] = []
    past = period.preceding()
    while past.start >= period.years_earlier(1).end and len(found) < 12:
        found.append(past)
        past = past.preceding()
    return found
