"""Together: what partners tell of at the places where a group of crime is commoner than others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from est_analysis import counts
from est_analysis.patterns.traits import split

FEWEST = 10
"""A group, or what it goes with, is tried from so many records at the places compared."""
FEWEST_THERE = 5
"""A place takes part with so many crimes and so many of the partners' records."""
FEWEST_PLACES = 8
"""Fewer places say nothing."""
REPLICATES = 1_999
LEVEL = 0.05
"""The share of false rows in a table, at most (Benjamini & Hochberg)."""
PLACED = ("point", "street", "place")
_SEED = 20260930
_AT_ONCE = 250
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Lifts:
    """
    How much commoner each thing is where each group happens than where anything happens.

    Parameters
    ----------
    lift, low, high
        Shape (groups, things): ratio and its 95 % interval (bootstrap over places).
    p
        Of a lift so high or higher, by permuting places.
    """

    lift: Values
    low: Values
    high: Values
    p: Values


@dataclass(frozen=True)
class Together:
    """
    What goes together at places.

    Parameters
    ----------
    table
        One row a pair, the surest first: ``group`` (of reported crime), ``what`` (an environment
        factor or a group of the partners' events), ``sort`` (``factor`` or ``event``), ``lift``,
        ``low``, ``high``, ``n`` (crimes), ``told`` (the partners' records of it), ``q``.
    places
        Places compared.
    tried
        Pairs tried.
    """

    table: pd.DataFrame
    places: int
    tried: int


def lifts(
    groups: ArrayLike,
    told: ArrayLike,
    records: ArrayLike,
    *,
    replicates: int = REPLICATES,
    seed: int = _SEED,
) -> Lifts:
    """
    Compare what is told of at places with what happens there.

    Parameters
    ----------
    groups
        Shape (places, groups): crimes of each group.
    told
        Shape (places, things): the partners' records that tell of each thing.
    records
        Shape (places,): all the partners' records; above zero.
    replicates, seed
        Of permutation and bootstrap.

    Returns
    -------
    Lifts
        The lift is the mean rate at which a thing is told of at a place, weighted by the group's
        crimes, over the same mean weighted by all crimes. The null: which places have which rates
        is by lot, so that the unit is the place, not the event.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a place has no records.
    """
    own, has = np.asarray(groups, float), np.asarray(told, float)
    base = np.asarray(records, float)
    if own.shape[0] != len(base) or has.shape[0] != len(base) or (base <= 0).any():
        raise ValueError("groups, things and records are of the same places, each with records")
    rate, whole = has / base[:, None], own.sum(axis=1)
    rng = np.random.default_rng(seed)

    def lift(weights: Values, rates: Values, every: Values) -> Values:
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.swapaxes(weights, -1, -2) @ rates / weights.sum(axis=-2)[..., None]
            usual = (every[..., None] * rates).sum(axis=-2) / every.sum(axis=-1)[..., None]
            return np.asarray(part / usual[..., None, :])

    seen = lift(own, rate, whole)
    near = seen - 1e-9
    reached = np.ones_like(seen)
    drawn = []
    for first in range(0, replicates, _AT_ONCE):
        size = (min(_AT_ONCE, replicates - first), len(base))
        lots = rng.permuted(np.broadcast_to(np.arange(len(base)), size), axis=1)
        reached += (~(lift(own, rate[lots], whole) < near)).sum(axis=0)  # ties count against
        again = rng.integers(len(base), size=size)
        drawn.append(lift(own[again], rate[again], whole[again]))
    low, high = np.quantile(np.nan_to_num(np.concatenate(drawn), nan=1.0), [0.025, 0.975], axis=0)
    return Lifts(seen, low, high, reached / (replicates + 1))


def together(
    events: pd.DataFrame,
    linked: Collection[str],
    *,
    level: float = LEVEL,
    replicates: int = REPLICATES,
) -> Together:
    """
    Find which environment factors and events go with which groups of crime, at named places.

    Parameters
    ----------
    events
        Accepted events, each counted once, of the months wanted.
    linked
        Ids of the partners' events that are a reported crime too: they say nothing of what else
        happens there, only what factors surround it.
    level
        Of the false rows in the table.
    replicates
        Of permutation and bootstrap.

    Returns
    -------
    Together
        Only pairs with a lift above 1: what goes together. Material for the analysis of causes,
        never a proof: a sort of place may explain both.

    Notes
    -----
    Benjamini & Hochberg (1995) over all pairs tried.
    """
    placed = events[events["place_precision"].isin(PLACED) & (events["place"] != "")]
    crimes = placed[placed["kind"] == "reported_crime"]
    others = placed[placed["kind"].isin(["event", "physical_defect"])]
    own = crimes.pivot_table(index="place", columns="group", values="count", aggfunc="sum")
    base = others.groupby("place").size()
    own = own[own.sum(axis=1) >= FEWEST_THERE]
    places = own.index.intersection(base.index[base >= FEWEST_THERE]).sort_values()
    own, base = own.reindex(places).fillna(0), base.reindex(places)
    factors = others[["place", "factors"]].assign(what=others["factors"].map(split)).explode("what")
    factors = factors.dropna(subset=["what"])
    apart = others[~others["event_id"].isin(list(linked))]
    tables = {
        "factor": factors.groupby(["place", "what"]).size(),
        "event": apart.groupby(["place", "group"]).size(),
    }
    wide = {
        (sort, str(what)): column
        for sort, tally in tables.items()
        for what, column in tally.unstack(fill_value=0).reindex(places).fillna(0).items()
        if column.sum() >= FEWEST
    }
    own = own.loc[:, own.sum() >= FEWEST]
    if len(places) < FEWEST_PLACES or own.empty or not wide:
        return Together(pd.DataFrame(columns=_COLUMNS), len(places), 0)
    has = np.column_stack([column.to_numpy(float) for column in wide.values()])
    found = lifts(own.to_numpy(float), has, base.to_numpy(float), replicates=replicates)
    rows = [
        {
            "group": str(group),
            "what": what,
            "sort": sort,
            "lift": float(found.lift[g, t]),
            "low": float(found.low[g, t]),
            "high": float(found.high[g, t]),
            "n": int(own[group].sum()),
            "told": int(has[:, t].sum()),
            "p": float(found.p[g, t]),
        }
        for g, group in enumerate(own)
        for t, (sort, what) in enumerate(wide)
        if not (sort == "event" and what == group)
    ]
    table = pd.DataFrame(rows)
    table = table.assign(q=counts.bh(table["p"]))
    shown = table[(table["q"] <= level) & (table["lift"] > 1) & (table["low"] > 1)]
    shown = shown.sort_values(["q", "lift", "group", "what"], ascending=[True, False, True, True])
    return Together(shown[_COLUMNS].reset_index(drop=True), len(places), len(table))


_COLUMNS = ["group", "what", "sort", "lift", "low", "high", "n", "told", "q"]
