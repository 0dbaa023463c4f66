"""What a place is like: what happens there, when, in which situation, and in what surroundings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from est_analysis.gather.gazetteer import normal
from est_analysis.gather.geography import Geography
from est_analysis.municipality import Municipality
from est_analysis.patterns.coverage import in_period
from est_analysis.patterns.hotspots import PLACE_KINDS, located
from est_analysis.patterns.peaks import Peak, peak
from est_analysis.patterns.ranked import Ranked, commonest_of
from est_analysis.patterns.traits import traits
from est_analysis.periods import Period

MOST_PLACES, MOST_AREAS = 5, 5
SITUATION = 5
"""So many events of the same sort, time of day and part of the week are a situation."""
MOST_SITUATIONS, MOST_FACTORS = 2, 4


@dataclass(frozen=True)
class Profile:
    """
    One place, twelve months.

    Parameters
    ----------
    name
        The place's, or of a dense area that of its commonest place.
    dense
        Whether it is a dense area.
    place_type, responsible
        As the list of places has them; who answers for the ground is a function, never a person.
    counts
        By kind of record; None where fewer than may be shown. Never summed.
    groups
        The commonest groups of what leads the ranking.
    peak
        When, as far as it can be told.
    situations
        What, time of day and part of the week, each with its count; at least `SITUATION`.
    factors
        What reporters name in the surroundings, most often named first, each at least as often as
        may be shown by reports of one kind.
    why
        What reports of an unsafe place are about.
    defects
        What physical defects are about.
    """

    name: str
    dense: bool
    place_type: str
    responsible: str
    counts: dict[str, int | None] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    peak: Peak = field(default_factory=lambda: Peak(0))
    situations: list[tuple[tuple[str, ...], int]] = field(default_factory=list)
    factors: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)


def profiles(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    geography: Geography,
    ranked: Ranked,
    clusters: gpd.GeoDataFrame,
) -> list[Profile]:
    """
    Describe the foremost places and the dense areas.

    Parameters
    ----------
    events
        Accepted events of all periods.
    period
        The twelve months end where it ends.
    municipality
        Gives what may be shown.
    geography
        Says what sort of place it is and who answers for the ground.
    ranked
        Places by name, as `ranked.rank` gives them.
    clusters
        Dense areas, as `hotspots.clusters` gives them.

    Returns
    -------
    list of Profile
        Places first, then dense areas, each with most first. What lies within a dense area's
        outline, or as near to it as the outline is to the middle of things, is of the area.
    """
    here = located(in_period(events, period.year_to_end()))
    here = here[here["kind"].isin(PLACE_KINDS)]
    names = list(ranked.table["name"].head(MOST_PLACES))
    parts = [here[here["place"] == name] for name in names]
    near = municipality.thresholds.cluster_radius_m / 2
    spots = here[["x", "y"]].to_numpy(float)
    for outline in shapely.buffer(clusters.geometry.head(MOST_AREAS).to_numpy(), near):
        shapely.prepare(outline)
        parts.append(here[shapely.intersects_xy(outline, spots)])
    titles = [*names, *map(str, clusters["name"].head(MOST_AREAS))]
    rows = pd.concat(
        [part.assign(of=number) for number, part in enumerate(parts)] or [here.assign(of=0)],
        ignore_index=True,
    )
    told = _told(rows, ranked.kind, municipality)
    return [
        Profile(
            name,
            number >= len(names),
            *(("", "") if number >= len(names) else _ground(name, parts[number], geography)),
            **{trait: of_each[number] for trait, of_each in told.items() if number in of_each},
        )
        for number, name in enumerate(titles)
    ]


def _told(rows: pd.DataFrame, kind: str, municipality: Municipality) -> dict[str, dict[int, Any]]:
    """Return each of a profile's fields by the number of the profile that the rows are ``of``."""
    smallest = municipality.disclosure.smallest_place_count
    longest = municipality.thresholds.longest_span_hours
    own = rows[rows["kind"] == kind]
    tally = rows.pivot_table(
        index="of", columns="kind", values="count", aggfunc="sum", fill_value=0
    ).reindex(columns=list(PLACE_KINDS), fill_value=0)
    return {
        "counts": {
            number: {one: int(n) if n == 0 or n >= smallest else None for one, n in line.items()}
            for number, line in tally.to_dict("index").items()
        },
        "groups": commonest_of(own, "of", "group", smallest),
        "peak": {
            number: peak(part, longest_span_hours=longest) for number, part in own.groupby("of")
        },
        "situations": _situations(own),
        "factors": _factors(rows, smallest),
        "why": commonest_of(rows[rows["kind"] == "unsafe_place"], "of", "group", smallest),
        "defects": commonest_of(rows[rows["kind"] == "physical_defect"], "of", "group", smallest),
    }


def _ground(name: str, rows: pd.DataFrame, geography: Geography) -> tuple[str, str]:
    place_type = str(rows["place_type"].iloc[0]) if len(rows) else ""
    if geography.places is None or "responsible" not in geography.places:
        return place_type, ""
    listed = geography.places[normal(geography.places["name"]) == normal(pd.Series([name]))[0]]
    return place_type, str(listed["responsible"].iloc[0]) if len(listed) else ""


def _situations(own: pd.DataFrame) -> dict[int, list[tuple[tuple[str, ...], int]]]:
    """Count what, time of day and part of the week together; those that recur, most first."""
    keys = ["group", "daypart", "weekend"]
    named = traits(own)[keys].assign(of=own["of"], n=own["count"])
    named = named[(named["daypart"] != "") & (named["weekend"] != "")]
    tally = named.groupby(["of", *keys])["n"].sum().reset_index()
    tally = tally[tally["n"] >= SITUATION]
    tally = tally.sort_values(["of", "n", *keys], ascending=[True, False, True, True, True])
    tally = tally[tally.groupby("of").cumcount() < MOST_SITUATIONS]
    found: dict[int, list[tuple[tuple[str, ...], int]]] = {}
    for of, *key, n in tally.itertuples(index=False):
        found.setdefault(of, []).append((tuple(map(str, key)), int(n)))
    return found


def _factors(rows: pd.DataFrame, smallest: int) -> dict[int, list[str]]:
    """Return factors named often enough by reports of one kind, the most named first."""
    named = rows.loc[rows["factors"] != "", ["of", "kind", "factors", "count"]]
    each = named.assign(factor=named["factors"].str.split(",")).explode("factor")
    each["factor"] = each["factor"].astype(str).str.strip()
    each = each[each["factor"] != ""]
    most = each.groupby(["of", "factor", "kind"])["count"].sum().groupby(level=[0, 1]).max()
    return commonest_of(most.reset_index(), "of", "factor", smallest, most=MOST_FACTORS)
