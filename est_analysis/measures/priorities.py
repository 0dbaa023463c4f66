"""Priorities: the council's matrix, filled as far as data can, the rest left to the group."""

from __future__ import annotations

import pandas as pd

from est_analysis.gather.gazetteer import normal
from est_analysis.patterns.hotspots import located

CRITERIA = ("commonest", "increasing", "unsafe", "severe")
_COMPARED, _MOST = 20, 10


def matrix(
    places: pd.DataFrame,
    events: pd.DataFrame,
    preceding: pd.DataFrame | None,
    problems: pd.DataFrame,
) -> pd.DataFrame:
    """
    Lay out places against the criteria that data can speak to.

    Parameters
    ----------
    places
        As `patterns.hotspots.places` gives them.
    events, preceding
        Accepted events of the last twelve months, and of the twelve before; None where those are
        not covered: no increase can be told then.
    problems
        The register's problems; ``paverkbarhet`` is the group's own judgement.

    Returns
    -------
    DataFrame
        The ten places of highest need among the twenty with most reported crime: ``place``,
        ``commonest`` (reported crimes, twelve months), ``increasing`` (difference to the twelve
        months before; missing where it cannot be told), ``unsafe`` (reports of an unsafe place),
        ``severe`` (events of severity 3), ``need`` (mean rank over the criteria, 1 is highest),
        ``best`` and ``worst`` (the place's rank when any one criterion is left out),
        ``influence`` (1-3 from the register, NaN where the group has not judged). Only located
        events take part, as in `places`, and only places that some criterion speaks of.
    """
    table = places.set_index("place")[["reported_crime", "unsafe_place"]]
    table = table.rename(columns={"reported_crime": "commonest", "unsafe_place": "unsafe"})
    criteria = [name for name in CRITERIA if name != "increasing" or preceding is not None]
    table["increasing"] = pd.Series(pd.NA, index=table.index, dtype="Int64")
    if preceding is not None:
        before = located(preceding[preceding["kind"] == "reported_crime"])
        before = before.groupby("place")["count"].sum()
        table["increasing"] = table["commonest"] - before.reindex(table.index, fill_value=0)
    severe = located(events[events["severity"] == 3]).groupby("place")["count"].sum()
    table["severe"] = severe.reindex(table.index, fill_value=0)
    table = table[list(CRITERIA)].astype("Int64").head(_COMPARED)
    table = table[(table[criteria] != 0).any(axis=1)]
    ranks = table[criteria].astype(int).rank(ascending=False, method="min")
    table["need"] = ranks.mean(axis=1)
    without = pd.DataFrame(
        {
            criterion: ranks.drop(columns=criterion).mean(axis=1).rank(method="min")
            for criterion in criteria
        }
    )
    table["best"], table["worst"] = without.min(axis=1).astype(int), without.max(axis=1).astype(int)
    judged = problems.assign(key=normal(problems["plats"].astype(str)))
    judged = judged.dropna(subset=["paverkbarhet"]).groupby("key")["paverkbarhet"].max()
    table["influence"] = judged.reindex(normal(table.index.to_series())).to_numpy(float)
    table = table.rename_axis("place").reset_index()
    table = table.sort_values(["need", "commonest", "place"], ascending=[True, False, True])
    return table.head(_MOST).reset_index(drop=True)
