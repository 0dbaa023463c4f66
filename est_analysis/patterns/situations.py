"""Situations: which kinds of event recur at which kinds of place at which time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from est_analysis.municipality import Municipality
from est_analysis.patterns.rhythms import daypart

TRAITS = {"group": 2.0, "place_type": 2.0, "daypart": 1.0, "weekend": 1.0}
"""What tells situations apart, and its weight: what and where count as much as when."""
_LARGEST_FIT = 1_500
_MOST_TYPES = 8
_SEED = 20260930


@dataclass(frozen=True)
class Situations:
    """
    A typology of situations.

    Parameters
    ----------
    table
        One row a situation, largest first: the traits that distinguish it (``group``,
        ``place_type``, ``daypart``, ``weekend``; empty where it has none), ``n`` events, ``share``
        of all, ``fit`` (mean silhouette in -1 to 1; NaN for configurations).
    method
        ``k-medoids`` (on Gower distances) or ``configurations`` (counted combinations of traits).
    n
        Events described.
    """

    table: pd.DataFrame
    method: str
    n: int


def traits(events: pd.DataFrame) -> pd.DataFrame:
    """
    Return the traits of each event as text; empty where unknown.

    ``weekend`` is from Friday 18:00 to Monday 06:00 by the start of the event.
    """
    start = events["start"]
    clock = start.dt.day_of_week * 24 + start.dt.hour
    weekend = (clock >= 4 * 24 + 18) | (clock < 6)
    timed = events["time_precision"].isin(["minute", "hour"])
    return pd.DataFrame(
        {
            "group": events["group"],
            "place_type": events["place_type"],
            "daypart": daypart(events),
            "weekend": weekend.map({True: "helg", False: "vardag"}).where(timed, ""),
        },
        index=events.index,
    ).astype(str)


def typology(events: pd.DataFrame, municipality: Municipality) -> Situations:
    """
    Sort events into situations by what, where and when.

    Parameters
    ----------
    events
        Accepted events of one kind of record; twelve months serve a small municipality.
    municipality
        Its thresholds say from how many rows clustering is tried; below, combinations of traits
        are counted, and those of five events or more shown.

    Returns
    -------
    Situations
        With k-medoids on Gower distances the number of types is the one, from 2 to 8, with the
        largest mean silhouette. At most 1,500 events, drawn with a fixed seed, are fitted; the
        rest go to the nearest type.

    Notes
    -----
    Gower (1971), Biometrics 27:857-871: an unknown trait compares with nothing. Schubert &
    Rousseeuw (2021), Information Systems 101:101804 (FasterPAM). Configurations: Miethe, Hart &
    Regoeczi (2008), Journal of Quantitative Criminology 24:227-241.
    """
    features, count = traits(events), events["count"]
    if len(features) < municipality.thresholds.minimum_situations:
        return _configurations(features, count)
    return _medoids(features, count.to_numpy())


def _configurations(features: pd.DataFrame, count: pd.Series) -> Situations:
    total = int(count.sum())
    combined = features.assign(n=count).groupby(list(TRAITS))["n"].sum().reset_index()
    combined = combined[combined["n"] >= 5]
    combined = combined.sort_values(["n", *TRAITS], ascending=[False] + [True] * len(TRAITS))
    table = combined.assign(share=combined["n"] / max(1, total), fit=np.nan)
    return Situations(table.reset_index(drop=True), "configurations", total)


def _medoids(features: pd.DataFrame, count: np.ndarray) -> Situations:
    import kmedoids

    codes = np.column_stack([pd.factorize(features[t], sort=True)[0] for t in TRAITS])
    known = np.column_stack([(features[t] != "").to_numpy() for t in TRAITS])
    weights = list(TRAITS.values())
    rng = np.random.default_rng(_SEED)
    fitted = np.arange(len(features))
    if len(fitted) > _LARGEST_FIT:
        fitted = np.sort(rng.choice(fitted, _LARGEST_FIT, replace=False))
    distance = gower(codes[fitted], known[fitted], codes[fitted], known[fitted], weights=weights)
    centres, best_fit = np.empty(0, dtype=np.int64), -np.inf
    for k in range(2, _MOST_TYPES + 1):
        model = kmedoids.fasterpam(distance, k, random_state=_SEED, init="build", n_cpu=1)
        fit, _ = kmedoids.silhouette(distance, model.labels, n_cpu=1)
        if fit > best_fit + 1e-9:
            centres, best_fit = np.asarray(model.medoids, dtype=np.int64), fit
    medoids = fitted[centres]
    labels = gower(codes, known, codes[medoids], known[medoids], weights=weights).argmin(axis=1)
    rows = [
        {**_distinguishing(features, labels == label), "n": int(count[labels == label].sum())}
        for label in range(len(medoids))
    ]
    table = pd.DataFrame(rows).assign(fit=float(best_fit))
    table["share"] = table["n"] / count.sum()
    table = table[[*TRAITS, "n", "share", "fit"]]
    order = ["n", *TRAITS]
    table = table.sort_values(order, ascending=[False] + [True] * len(TRAITS), ignore_index=True)
    return Situations(table, "k-medoids", int(count.sum()))


def gower(
    left: np.ndarray,
    left_known: np.ndarray,
    right: np.ndarray,
    right_known: np.ndarray,
    *,
    weights: Sequence[float],
) -> np.ndarray:
    """
    Gower distances between rows of categorical codes.

    Parameters
    ----------
    left, right
        Integer codes, shapes (n, p) and (m, p).
    left_known, right_known
        Where the trait is known, same shapes.
    weights
        Of the p traits, above zero.

    Returns
    -------
    array of float, shape (n, m)
        Weighted share of the traits known for both that differ; 1 where none is.
    """
    differ = np.zeros((len(left), len(right)), dtype=np.float32)
    both = np.zeros_like(differ)
    for trait, weight in enumerate(weights):
        known = left_known[:, trait, None] & right_known[None, :, trait]
        both += weight * known
        differ += weight * (known & (left[:, trait, None] != right[None, :, trait]))
    return np.where(both > 0, differ / np.maximum(both, 1e-9), 1.0).astype(np.float32)


def _distinguishing(features: pd.DataFrame, member: np.ndarray) -> dict[str, str]:
    """Return for each trait the value that at least half of the members with a known one share."""
    named = {}
    for trait in TRAITS:
        values = features.loc[member, trait]
        tally = values[values != ""].value_counts()
        tally = tally[tally == tally.max()].sort_index() if len(tally) else tally
        common = len(tally) and tally.iloc[0] >= 0.5 * (values != "").sum()
        named[trait] = str(tally.index[0]) if common else ""
    return named
