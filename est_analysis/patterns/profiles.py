"""What a place is like: what happens there, when, in which situation, and in what surroundings."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd
import shapely

from est_analysis.gather.gazetteer import normal
from est_analysis.gather.geography import Geography
from est_analysis.municipality import Municipality
from est_analysis.patterns.coverage import in_period
from est_analysis.patterns.hotspots import PLACE_KINDS, located
from est_analysis.patterns.peaks import Peak, peak
from est_analysis.patterns.ranked import Ranked, commonest
from est_analysis.patterns.situations import traits
from est_analysis.periods import Period

MOST_PLACES, MOST_AREAS = 5, 5
SITUATION = 5
"""So many events of the same sort, time of day and part of the week are a situation."""


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
    counts: dict[str, int | None]
    groups: list[str]
    peak: Peak
    situations: list[tuple[tuple[str, ...], int]]
    factors: list[str]
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
    by_place = {place: rows for place, rows in here.groupby("place") if place in names}
    found = [_profile(name, by_place[name], municipality, geography, ranked.kind) for name in names]
    near = municipality.thresholds.cluster_radius_m / 2
    for row in clusters.head(MOST_AREAS).itertuples():
        outline = shapely.buffer(row.geometry, near)
        shapely.prepare(outline)
        rows = here[shapely.intersects_xy(outline, here[["x", "y"]].to_numpy(float))]
        found.append(
            _profile(str(row.name), rows, municipality, geography, ranked.kind, dense=True)
        )
    return found


def _profile(
    name: str,
    rows: pd.DataFrame,
    municipality: Municipality,
    geography: Geography,
    kind: str,
    *,
    dense: bool = False,
) -> Profile:
    smallest = municipality.disclosure.smallest_place_count
    of_kind = {one: part for one, part in rows.groupby("kind")}
    none = rows.iloc[:0]
    own = of_kind.get(kind, none)
    tally = {one: int(of_kind.get(one, none)["count"].sum()) for one in PLACE_KINDS}
    place_type, responsible = ("", "") if dense else _ground(name, rows, geography)
    return Profile(
        name=name,
        dense=dense,
        place_type=place_type,
        responsible=responsible,
        counts={one: n if n == 0 or n >= smallest else None for one, n in tally.items()},
        groups=commonest(own, "group", smallest),
        peak=peak(own, longest_span_hours=municipality.thresholds.longest_span_hours),
        situations=_situations(own),
        factors=_factors(rows, smallest),
        why=commonest(of_kind.get("unsafe_place", none), "group", smallest),
        defects=commonest(of_kind.get("physical_defect", none), "group", smallest),
    )


def _ground(name: str, rows: pd.DataFrame, geography: Geography) -> tuple[str, str]:
    place_type = str(rows["place_type"].iloc[0]) if len(rows) else ""
    if geography.places is None or "responsible" not in geography.places:
        return place_type, ""
    listed = geography.places[normal(geography.places["name"]) == normal(pd.Series([name]))[0]]
    return place_type, str(listed["responsible"].iloc[0]) if len(listed) else ""


def _situations(own: pd.DataFrame) -> list[tuple[tuple[str, ...], int]]:
    """Count what, time of day and part of the week together; those that recur, most first."""
    named = traits(own)
    named = named[(named["daypart"] != "") & (named["weekend"] != "")]
    tally = own["count"].groupby([named["group"], named["daypart"], named["weekend"]]).sum()
    tally = tally.sort_index()
    tally = tally[tally >= SITUATION].sort_values(ascending=False, kind="stable")
    return [(tuple(map(str, key)), int(n)) for key, n in tally.head(2).items()]


def _factors(rows: pd.DataFrame, smallest: int) -> list[str]:
    """Return factors named often enough by reports of one kind, the most named first."""
    named = rows[rows["factors"] != ""]
    if named.empty:
        return []
    each = named.assign(factor=named["factors"].str.split(",")).explode("factor")
    each["factor"] = each["factor"].str.strip()
    each = each[each["factor"] != ""]
    tally = each.groupby(["factor", "kind"])["count"].sum().groupby(level=0).max().sort_index()
    tally = tally[tally >= smallest].sort_values(ascending=False, kind="stable")
    return [str(name) for name in tally.index[:4]]
