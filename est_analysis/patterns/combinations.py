"""Combinations of what, where and when that are commoner than what happens there else explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from est_analysis import counts
from est_analysis.patterns.traits import MAIN, traits

FEWEST_THERE = 10
"""A group is tried at a sort of place from so many occasions with a known time."""
FEWEST = 5
"""A combination of fewer occasions is not told."""
LEVEL = 0.05
"""The chance of even one false combination in a table, at most."""


@dataclass(frozen=True)
class Combinations:
    """
    Combinations that stand out against the group's own times.

    Parameters
    ----------
    table
        One row a combination, the surest first: ``group``, ``place_type``, ``daypart``,
        ``weekend``, ``n`` (occasions), ``there`` (of the group at that sort of place, any time),
        ``share``, ``elsewhere`` (the group's share at that time at other sorts of place),
        ``others`` (the share at that time of other groups at that sort of place; NaN without any),
        ``low``, ``high`` (95 % interval of ``share``), ``p`` (adjusted over all that were tried).
    tried
        How many combinations were tried.
    n
        Occasions with a known group, sort of place and time.
    """

    table: pd.DataFrame
    tried: int
    n: int


def combinations(events: pd.DataFrame, *, level: float = LEVEL) -> Combinations:
    """
    Find when a group happens at a sort of place, against when it happens elsewhere.

    The null: at this sort of place the group keeps the times that it has elsewhere. It says
    nothing of why: a sort of place may have times of its own, which ``others`` shows.

    Parameters
    ----------
    events
        Accepted events of one kind of record.
    level
        Only combinations whose adjusted p is at most this are in the table.

    Returns
    -------
    Combinations
        Blind to the order of rows. Events of one group and place on one day are one occasion.

    Notes
    -----
    Fisher's exact test of the excess, given how many occasions the group has there and at that
    time; Holm (1979) over every time of day and week of every group and sort of place with
    `FEWEST_THERE` occasions, whatever was seen at that time.
    """
    own = traits(events)[list(MAIN)].assign(
        place=events["place"], day=events["start"].dt.normalize()
    )
    own = own[(own[list(MAIN)] != "").all(axis=1)].drop_duplicates(["group", "place", "day"])
    own = own.assign(time=own["daypart"] + " " + own["weekend"])
    if own.empty:
        return Combinations(pd.DataFrame(columns=_COLUMNS), 0, 0)
    groups, types, times = (np.unique(own[c], return_inverse=True) for c in _AXES)
    table = np.zeros((len(groups[0]), len(types[0]), len(times[0])), dtype=np.int64)
    np.add.at(table, (groups[1], types[1], times[1]), 1)
    there = table.sum(axis=2)
    of_group, of_type = table.sum(axis=1), table.sum(axis=0)
    tried = np.argwhere((there >= FEWEST_THERE)[:, :, None] & np.ones_like(table, dtype=bool))
    if not len(tried):
        return Combinations(pd.DataFrame(columns=_COLUMNS), 0, len(own))
    g, t, at = tried.T
    n, here = table[g, t, at], there[g, t]
    whole, timed = there[g].sum(axis=1), of_group[g, at]
    p = counts.holm(excess(n, here, timed, whole))
    busy, then = there[:, t].sum(axis=0), of_type[t, at]
    with np.errstate(divide="ignore", invalid="ignore"):
        elsewhere, others = (timed - n) / (whole - here), (then - n) / (busy - here)
    found = pd.DataFrame(
        {
            "group": groups[0][g],
            "place_type": types[0][t],
            "daypart": [str(name).split()[0] for name in times[0][at]],
            "weekend": [str(name).split()[1] for name in times[0][at]],
            "n": n,
            "there": here,
            "share": n / here,
            "elsewhere": elsewhere,
            "others": others,
            "p": p,
        }
    )
    found = found[(found["p"] <= level) & (found["n"] >= FEWEST) & (whole > here)]
    intervals = [
        counts.wilson_interval(int(k), int(m))
        for k, m in zip(found["n"], found["there"], strict=True)
    ]
    found = found.assign(low=[i.low for i in intervals], high=[i.high for i in intervals])
    found = found.sort_values(["p", "n", *MAIN], ascending=[True, False] + [True] * len(MAIN))
    return Combinations(found[_COLUMNS].reset_index(drop=True), len(tried), len(own))


def excess(
    n: NDArray[np.int64],
    there: NDArray[np.int64],
    then: NDArray[np.int64],
    whole: NDArray[np.int64],
) -> NDArray[np.float64]:
    """
    Return the chance of so many or more at one place and time, given both sums.

    Parameters
    ----------
    n, there, then, whole
        Shape (m,): seen there and then, seen there, seen then, and seen at all.

    Returns
    -------
    array of float, shape (m,)
        The upper tail of the hypergeometric distribution (Fisher's exact test, one-sided).
    """
    if not len(n):
        return np.empty(0)
    x = np.arange(int(there.max()) + 1)[None]
    own, now, every = (part[:, None] for part in (there, then, whole))

    def ways(of: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(gammaln(of + 1.0) - gammaln(chosen + 1.0) - gammaln(of - chosen + 1.0))

    fits = (x <= own) & (x <= now) & (own - x <= every - now)
    x = np.where(fits, x, n[:, None])
    log = ways(now, x) + ways(every - now, own - x) - ways(every, own)
    chance = np.where(fits & (x >= n[:, None]), np.exp(log), 0.0).sum(axis=1)
    return np.asarray(np.minimum(chance, 1.0))


_AXES = ("group", "place_type", "time")
_COLUMNS = [*MAIN, "n", "there", "share", "low", "high", "elsewhere", "others", "p"]
