"""Priorities: the council's matrix, filled as far as data can, the rest left to the group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from est_analysis.counts import compare_rates
from est_analysis.measures.register import NEED_GRADES, PROBLEM_STATES
from est_analysis.patterns.hotspots import located

CRITERIA = ("commonest", "increasing", "deviating", "unsafe", "severe")
"""What data speak to; with the group's own `NEED_GRADES` it makes the need."""
DRAWS = 1_000
FIRST = 3
"""So many places at the head of the list are told to hold, or not."""
HOLDS = 0.8
"""The order holds where the same places come first in so large a share of the draws."""
FOREMOST = 5
"""So many places have a great need, in the four fields."""
_COMPARED, _MOST = 20, 10
_FEWEST_ALIKE = 3
_SEED = 106
_POSSIBLE = 2.0
"""A mean grade above this is a good possibility to influence."""


@dataclass(frozen=True)
class Priorities:
    """
    The matrix, and how much its order can be trusted.

    Parameters
    ----------
    table
        The ten places of highest need, and those of the register's open problems, among the
        twenty with most reported crime and those problems': ``place``, ``problems`` (their ids),
        ``commonest`` (reported crimes, twelve months) with ``low`` and ``high`` (exact interval),
        ``increasing`` (difference to the twelve months before; missing where it cannot be told)
        with ``ratio_low`` and ``ratio_high`` (how many times as many, exact interval),
        ``deviating`` (how many more than the mean of the other places of its sort), ``unsafe``
        (reports of an unsafe place), ``severe`` (events of severity 3), the group's grades 1-3
        (``signalbrott``, ``beror_manga``, ``konsekvens``, ``resurser``, ``kostnad``; NaN where it
        has not judged), ``need`` (mean rank over the criteria weighed, 1 is highest), ``best`` and
        ``worst`` (rank when any one criterion is left out), ``top`` (share of the draws in which
        the place is among the `FIRST`), ``first`` and ``last`` (rank, 5-95 % of the draws),
        ``influence`` (``paverkbarhet``) and ``possible`` (mean of influence, resources and low
        cost, as far as they are judged). In the list's order.
    weighed
        The criteria that the need rests on. A grade of the group's takes part only if every place
        in the matrix has it: a missing grade is not guessed.
    same
        Share of the draws in which the same `FIRST` places come first: with other ``weights``,
        other ``counts``, and ``both``. Empty where there are no more places than that.
    """

    table: pd.DataFrame
    weighed: tuple[str, ...]
    same: Mapping[str, float] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether the same places come first whatever the weights and the counts' chance."""
        return self.same.get("both", 0.0) >= HOLDS


def matrix(
    places: pd.DataFrame,
    events: pd.DataFrame,
    preceding: pd.DataFrame | None,
    problems: pd.DataFrame,
    known: pd.DataFrame | None = None,
) -> Priorities:
    """
    Lay out places against the council's criteria, and try the order that they give.

    Parameters
    ----------
    places
        As `patterns.hotspots.places` gives them.
    events, preceding
        Accepted events of the last twelve months, and of the twelve before; None where those are
        not covered: no increase can be told then.
    problems
        The register's problems, with the group's own grades.
    known
        The gazetteer, by which a place deviates from its sort; None where there is none.

    Returns
    -------
    Priorities
        Only located events take part, as in `places`, and only places that some criterion of the
        data's speaks of.

    Notes
    -----
    The order is drawn a thousand times from a fixed seed: weights evenly among all that sum to one
    (Dirichlet), and every count from the Poisson distribution with the count as its mean: another
    year of the same risk. The criteria are ranked anew in each draw, and equals stay equal.
    """
    from est_analysis.gather.gazetteer import normal

    judged = _judged(problems)
    table = _by_data(places, events, preceding, known, set(judged.index))
    criteria = [name for name in CRITERIA if table[name].notna().all()]
    table = table[(table[[c for c in criteria if c != "deviating"]] != 0).any(axis=1)]
    table = table.join(judged.reindex(normal(table.index.to_series())).set_index(table.index))
    table["problems"] = table["problems"].fillna("")
    graded = [name for name in NEED_GRADES if len(table) and table[name].notna().all()]
    weighed = (*criteria, *graded)
    ranks = table[list(weighed)].astype(float).rank(ascending=False, method="min")
    table["need"] = ranks.mean(axis=1)
    without = pd.DataFrame(
        {one: ranks.drop(columns=one).mean(axis=1).rank(method="min") for one in weighed}
    )
    table["best"], table["worst"] = without.min(axis=1).astype(int), without.max(axis=1).astype(int)
    table = table.rename_axis("place").reset_index()
    table = table.sort_values(["need", "commonest", "place"], ascending=[True, False, True])
    table = table.reset_index(drop=True)
    places_of_draws, same = _tried(table, weighed)
    for name, values in places_of_draws.items():
        table[name] = values
    shown = (table.index < _MOST) | (table["problems"] != "")
    return Priorities(table[shown].drop(columns=_DRAWN).reset_index(drop=True), weighed, same)


_DRAWN = ["before", "alike"]


def _by_data(
    places: pd.DataFrame,
    events: pd.DataFrame,
    preceding: pd.DataFrame | None,
    known: pd.DataFrame | None,
    in_register: set[str],
) -> pd.DataFrame:
    """Return what data say of each compared place, by its name."""
    from est_analysis.gather.gazetteer import normal

    named = normal(places["place"]).isin(in_register).to_numpy()
    kept = (np.arange(len(places)) < _COMPARED) | named
    columns = {"reported_crime": "commonest", "unsafe_place": "unsafe"}
    every = places.set_index("place").rename(columns=columns)
    table = every.loc[kept, ["commonest", "unsafe", "low", "high"]].copy()
    table["before"] = np.nan
    table["increasing"] = pd.Series(pd.NA, index=table.index, dtype="Int64")
    table["ratio_low"] = table["ratio_high"] = np.nan
    if preceding is not None:
        before = located(preceding[preceding["kind"] == "reported_crime"])
        before = before.groupby("place")["count"].sum().reindex(table.index, fill_value=0)
        table["before"] = before.astype(float)
        table["increasing"] = table["commonest"] - before
        pairs = zip(table["commonest"], before, strict=True)
        intervals = [compare_rates(float(n), 1, float(b), 1).interval for n, b in pairs]
        table["ratio_low"] = [interval.low for interval in intervals]
        table["ratio_high"] = [interval.high for interval in intervals]
    severe = located(events[events["severity"] == 3]).groupby("place")["count"].sum()
    table["severe"] = severe.reindex(table.index, fill_value=0)
    table["alike"] = _of_its_sort(every, table.index, known)
    table["deviating"] = table["commonest"] - table["alike"]
    whole = ["commonest", "increasing", "unsafe", "severe"]
    return table.astype(dict.fromkeys(whole, "Int64"))


def _of_its_sort(
    every: pd.DataFrame, names: pd.Index, known: pd.DataFrame | None
) -> NDArray[np.float64]:
    """Return the mean of the other places of each one's sort; of all others if they are few."""
    from est_analysis.gather.gazetteer import normal

    if known is None or "place_type" not in every:
        return np.full(len(names), np.nan)
    sort = pd.Series(known["place_type"].to_numpy(), normal(known["name"])).groupby(level=0).first()
    counts = every["commonest"].groupby(normal(every.index.to_series()).to_numpy()).sum()
    listed = sort.index.union(counts.index)
    counts = counts.reindex(listed, fill_value=0).astype(float)
    kinds = sort.reindex(listed).fillna("")
    keys = normal(names.to_series())
    found = []
    for key in keys:
        others = counts[(kinds == kinds[key]) & (listed != key)]
        if len(others) < _FEWEST_ALIKE or kinds[key] == "":
            others = counts[listed != key]
        found.append(float(others.mean()) if len(others) else np.nan)
    return np.array(found, dtype=float)


def _judged(problems: pd.DataFrame) -> pd.DataFrame:
    """Return the group's grades by place's normal name: the highest of its open problems."""
    from est_analysis.gather.gazetteer import normal

    grades = [*NEED_GRADES, "resurser", "kostnad", "paverkbarhet"]
    open_ones = problems.reindex(columns=["id", "plats", "status", *grades])
    open_ones["id"] = open_ones["id"].astype(object).where(open_ones["id"].notna(), "").astype(str)
    open_ones = open_ones[open_ones["status"] != PROBLEM_STATES[1]]
    open_ones = open_ones.assign(key=normal(open_ones["plats"].astype(str)))
    numbers = open_ones[grades].astype(float)
    sides = numbers[["paverkbarhet", "resurser"]].assign(cheap=4 - numbers["kostnad"])
    numbers = numbers.assign(possible=sides.mean(axis=1)).rename(
        columns={"paverkbarhet": "influence"}
    )
    found = numbers.groupby(open_ones["key"]).max()
    told = open_ones["id"].groupby(open_ones["key"])
    return found.assign(problems=told.agg(lambda ids: ", ".join(one for one in ids if one)))


def _tried(
    table: pd.DataFrame, weighed: tuple[str, ...]
) -> tuple[dict[str, NDArray[np.float64]], dict[str, float]]:
    """Return each place's standing in the draws, and how often the same come first."""
    n = len(table)
    nothing = np.full(n, np.nan)
    if n <= FIRST or not weighed:
        return {"top": nothing, "first": nothing, "last": nothing}, {}
    rng = np.random.default_rng(_SEED)
    stated = table[list(weighed)].astype(float).rank(ascending=False, method="min").to_numpy()
    drawn = _drawn_ranks(table, weighed, stated, rng)
    weights = rng.dirichlet(np.ones(len(weighed)), DRAWS)
    even = np.full((1, len(weighed)), 1 / len(weighed))
    standing = {
        "weights": _standing(stated[None], weights),
        "counts": _standing(drawn, even),
        "both": _standing(drawn, weights),
    }
    same = {
        name: float((ranks[:, :FIRST] <= FIRST).all(axis=1).mean())
        for name, ranks in standing.items()
    }
    both = standing["both"]
    low, high = np.quantile(both, (0.05, 0.95), axis=0, method="inverted_cdf")
    return {"top": (both <= FIRST).mean(axis=0), "first": low, "last": high}, same


def _drawn_ranks(
    table: pd.DataFrame,
    weighed: tuple[str, ...],
    stated: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return ranks by draw, place and criterion, shape (`DRAWS`, n, criteria); 1 is highest."""

    def drawn(column: str) -> NDArray[np.float64]:
        counted = table[column].to_numpy(float, na_value=0.0)
        return rng.poisson(np.nan_to_num(counted), size=(DRAWS, len(table))).astype(float)

    crimes, before = drawn("commonest"), drawn("before")
    values = {
        "commonest": crimes,
        "increasing": crimes - before,
        "deviating": crimes - table["alike"].to_numpy(float),
        "unsafe": drawn("unsafe"),
        "severe": drawn("severe"),
    }
    ranks = np.broadcast_to(stated, (DRAWS, *stated.shape)).copy()
    for at, name in enumerate(weighed):
        if name in values:
            own = values[name]
            ranks[:, :, at] = 1 + (own[:, None, :] > own[:, :, None]).sum(axis=2)
    return ranks


def _standing(ranks: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return each place's standing by draw; places that are equal stand as in the list."""
    need = (ranks * weights[:, None, :]).sum(axis=2)
    return np.asarray(need.round(9).argsort(axis=1, kind="stable").argsort(axis=1) + 1)


def fields(found: Priorities) -> pd.DataFrame:
    """
    Lay the listed places out in four fields: need by the possibility to influence.

    Returns
    -------
    DataFrame
        ``place``, ``need`` (``great`` for the `FOREMOST` of the list, else ``less``) and
        ``influence`` (``good``, ``small``, or ``unjudged`` where the group has graded nothing).
    """
    table = found.table
    possible = table["possible"].astype(float)
    influence = np.where(
        possible.isna(), "unjudged", np.where(possible > _POSSIBLE, "good", "small")
    )
    need = np.where(np.arange(len(table)) < FOREMOST, "great", "less")
    return pd.DataFrame({"place": table["place"], "need": need, "influence": influence})
