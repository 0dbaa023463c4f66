"""What a report claims about where: places that stand out, near repeats, and bursts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

import numpy as np
import pandas as pd

from est_analysis.municipality import Municipality
from est_analysis.patterns import near_repeats, scan, unusual
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
        (occasions now), ``base_n`` (in the earlier seasons together), ``expected`` (what its
        share of all says), ``ratio``, ``shrunken``, ``p`` (adjusted over all places).
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
    Whether crimes of one group come close together in both space and time, twelve months.

    Parameters
    ----------
    knox
        The table; None below the gate.
    n
        Occasions that take part.
    windows
        How the answer hangs on the window's length (`near_repeats.by_window`).
    """

    knox: near_repeats.Knox | None
    n: int
    windows: pd.DataFrame


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
    """

    found: pd.DataFrame
    n: int
    gate: bool


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
    table = pd.DataFrame(
        {
            "place": counted.index,
            "n": found.n,
            "base_n": earlier.sum(axis=1),
            "expected": found.expected,
            "ratio": found.ratio,
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


def repeats(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    *,
    draws: int = DRAWS,
    stop_after: int | None = None,
) -> Repeats:
    """
    Ask whether crimes of one group come close together in both space and time.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        The twelve months up to its end are looked at.
    municipality
        Its thresholds give the gate.
    draws, stop_after
        As in `near_repeats.knox`.

    Returns
    -------
    Repeats
        Only pairs of one group count, and dates change places only within a group, a month and a
        sort of place: neither a season nor a term at some places is taken for repeats.
    """
    own = _occasions(in_period(located(events[events["kind"] == KIND]), period.year_to_end()))
    if len(own) < municipality.thresholds.minimum_repeats:
        return Repeats(None, len(own), pd.DataFrame())
    x, y, days, within = _of_one_group(own)
    rng = np.random.default_rng(SEED)
    knox = near_repeats.knox(x, y, days, rng=rng, within=within, draws=draws, stop_after=stop_after)
    windows = near_repeats.by_window(
        x, y, days, end=float(days.max()) + 1, rng=rng, within=within, draws=min(draws, 99)
    )
    return Repeats(knox, len(own), windows)


def bursts(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    *,
    prospective: bool = False,
    draws: int = DRAWS,
    stop_after: int | None = None,
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
    end = int(np.datetime64(period.last, "D").astype(int)) if prospective else None
    found = scan.scan(
        own["x"],
        own["y"],
        own["day"],
        end=end,
        every=float(period.days),
        draws=draws,
        stop_after=stop_after,
        rng=np.random.default_rng(SEED),
    )
    return Bursts(_cylinders(list(found.cylinders), own), len(own), gate)


def _cylinders(found: list[scan.Cylinder], own: pd.DataFrame) -> pd.DataFrame:
    """Return cylinders as a table, each with its commonest place and groups."""
    rows = []
    for one in found:
        inside = own[
            (np.hypot(own["x"] - one.x, own["y"] - one.y) <= one.radius + scan.SAME_DISTANCE)
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


def _of_one_group(own: pd.DataFrame) -> tuple[np.ndarray, ...]:
    """
    Set groups far apart, so that only pairs of one group are near; label who may change dates.

    Those are of one group, month and sort of place: schools have terms, and baths have summers.
    """
    group = pd.factorize(own["group"], sort=True)[0]
    apart = 10 * (np.ptp(own["x"].to_numpy()) + near_repeats.SPACE_BANDS[-1])
    month = own["day"].to_numpy().astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    x = own["x"].to_numpy() + group * apart
    days = own["day"].to_numpy(float)
    sort = pd.factorize(own["place_type"], sort=True)[0]
    within = np.unique(np.column_stack([group, month, sort]), axis=0, return_inverse=True)[1]
    return x, own["y"].to_numpy(), days, within.ravel()


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
