"""Where measures act and what they are compared with, as pieces of ground."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from est_analysis.measures.rings import WIDTH_M, ring_of
from est_analysis.periods import Period

if TYPE_CHECKING:
    import shapely

    from est_analysis.gather.geography import Geography
    from est_analysis.measures.register import Register
    from est_analysis.measures.tallies import Tallies, Whole

DEFAULT_RADIUS_M = 150.0
Point = tuple[float, float]


@dataclass(frozen=True)
class Gazetteer:
    """The municipality's public places, to be found by name."""

    table: pd.DataFrame | None

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """Shape (n, 2), metres."""
        if self.table is None:
            return np.empty((0, 2))
        return self.table[["x", "y"]].to_numpy(float)

    @cached_property
    def names(self) -> list[str]:
        """Names as people write them."""
        return [] if self.table is None else self.table["name"].astype(str).tolist()

    @cached_property
    def sorts(self) -> NDArray[np.object_]:
        """What sort of place each is."""
        if self.table is None:
            return np.empty(0, dtype=object)
        return self.table["place_type"].to_numpy(object)

    @cached_property
    def _first(self) -> dict[str, int]:
        from est_analysis.gather.gazetteer import normal

        keys = [] if self.table is None else normal(self.table["name"]).astype(str).tolist()
        return {key: at for at, key in reversed(list(enumerate(keys))) if key}

    def find(self, names: Iterable[str]) -> list[int | None]:
        """Return each name's position in the list, without regard to case and spaces."""
        from est_analysis.gather.gazetteer import normal

        asked = pd.Series([str(name) for name in names], dtype=str)
        return [self._first.get(str(key)) for key in normal(asked)]

    def at(self, position: int | None) -> Point | None:
        """Return the coordinates (metres) of a position; None where there is none."""
        if position is None:
            return None
        x, y = self.points[position]
        return float(x), float(y)


@dataclass(frozen=True)
class Site:
    """
    One measure's ground.

    Parameters
    ----------
    centre
        Where it acts, metres; None where nobody knows.
    radius
        Metres.
    sort
        What sort of place the gazetteer says it is; empty where it does not.
    other
        Its comparison place as the register names it; None where it names none that is known.
    shape
        The ground, where it is not round: `radius` is then that of a circle of the same area,
        which is what it is compared with.
    """

    centre: Point | None
    radius: float
    sort: str = ""
    other: Point | None = None
    shape: shapely.Geometry | None = field(default=None, repr=False)

    @cached_property
    def reach(self) -> float:
        """Metres from the centre to the farthest of its ground."""
        if self.shape is None or self.centre is None:
            return self.radius
        import shapely

        return float(shapely.hausdorff_distance(self.shape, shapely.Point(self.centre)))

    @property
    def against(self) -> Site:
        """The ground of its comparison place: a circle of the same area."""
        return Site(self.other, self.radius)

    def spots(self, tallies: Tallies) -> Whole:
        """Return the coordinates of events on the ground, as `Tallies.within` does."""
        if self.centre is None:
            return np.empty(0, dtype=np.int64)
        if self.shape is None:
            return tallies.within(self.centre, self.radius)
        return tallies.inside(self.shape)

    def touches(self, other: Site) -> bool:
        """Tell whether the two share ground; what nobody knows shares none."""
        if self.centre is None or other.centre is None:
            return False
        if apart(self.centre, other.centre) >= self.reach + other.reach:
            return False
        if self.shape is None and other.shape is None:
            return True
        import shapely

        own, there = (
            (shapely.Point(one.centre), one.radius) if one.shape is None else (one.shape, 0.0)
            for one in (self, other)
        )
        return float(shapely.distance(own[0], there[0])) < own[1] + there[1] or bool(
            shapely.intersects(own[0], there[0])
        )


def sites_of(register: Register, geography: Geography) -> dict[str, Site]:
    """Return each measure's ground by its id; measures without a problem in the list have none."""
    problems = register.problems.set_index("id")
    known = register.measures[register.measures["problem"].isin(problems.index)]
    pairs = [(measure, problems.loc[measure["problem"]]) for _, measure in known.iterrows()]
    return dict(zip(known["id"].astype(str), sites(pairs, geography), strict=True))


def sites(pairs: list[tuple[pd.Series, pd.Series]], geography: Geography) -> list[Site]:
    """
    Return each measure's ground, which is its problem's.

    The first that says where it is holds: a polygon, coordinates, a named place, a street, an area
    (`places.footprint`).
    """
    from est_analysis.measures.places import footprint

    gazetteer = Gazetteer(geography.places)
    here = gazetteer.find(problem["plats"] for _, problem in pairs)
    there = gazetteer.find(measure["jamforelseplats"] for measure, _ in pairs)
    found = []
    for (_, problem), own, other in zip(pairs, here, there, strict=True):
        x, y = problem["x"], problem["y"]
        stated = not (pd.isna(x) or pd.isna(y))
        if _drawn(problem, round_ground=stated or _told(problem, "plats") != ""):
            ground = footprint(problem, geography)
            found.append(Site(ground.centre, ground.reach_m, "", gazetteer.at(other), ground.shape))
            continue
        radius = DEFAULT_RADIUS_M if pd.isna(problem["radie_m"]) else float(problem["radie_m"])
        found.append(
            Site(
                (float(x), float(y)) if stated else gazetteer.at(own),
                radius,
                "" if own is None else str(gazetteer.sorts[own]),
                gazetteer.at(other),
            )
        )
    return found


def name_of(problem: pd.Series) -> str:
    """Return what a problem's ground is called: place, street or area, else what the problem is."""
    told = (_told(problem, column) for column in ("plats", "gata", "omrade", "beskrivning"))
    return next((text for text in told if text), "")


def _drawn(problem: pd.Series, *, round_ground: bool) -> bool:
    """Tell whether a problem's ground is a polygon, a street or an area."""
    if _told(problem, "polygon"):
        return True
    return not round_ground and bool(_told(problem, "gata") or _told(problem, "omrade"))


def _told(problem: pd.Series, column: str) -> str:
    text = problem.get(column)
    return text.strip() if isinstance(text, str) else ""


@dataclass(frozen=True)
class Ground:
    """
    Ground that is taken: every treated place and every comparison place that the register names.

    Parameters
    ----------
    centres
        Metres.
    radii
        Metres; the largest where a place is named twice.
    """

    centres: list[Point]
    radii: list[float]
    _at: dict[Point, int] = field(default_factory=dict, repr=False, compare=False)

    def with_more(self, centres: Iterable[Point], radius: float) -> Ground:
        """Return the same ground and some more places of one radius."""
        return taken([*zip(self.centres, self.radii, strict=True), *((c, radius) for c in centres)])

    def radius_at(self, centre: Point) -> float:
        """Return the radius (metres) of the place around one of the centres."""
        return self.radii[self._at[centre]]

    @cached_property
    def middles(self) -> NDArray[np.float64]:
        """Shape (n, 2): the centres."""
        return np.asarray(self.centres, dtype=float).reshape(-1, 2)

    @cached_property
    def reaches(self) -> NDArray[np.float64]:
        """Shape (n,): the radii."""
        return np.asarray(self.radii, dtype=float)

    def ring(self, points: NDArray[np.float64], near: NDArray[np.int64], centre: Point) -> NDArray:
        """
        Return which of the points lie in the ring of a place; only ground near it is looked at.

        Parameters
        ----------
        points
            Shape (n, 2), metres.
        near
            Positions in `points` that may lie in the ring.
        centre
            One of the centres.
        """
        own = self._at[centre]
        reach = self.radii[own] + WIDTH_M
        close = np.hypot(*(self.middles - centre).T) <= reach + self.reaches + WIDTH_M
        ring = ring_of(points[near], self.middles[close], self.reaches[close])
        return near[ring == close[:own].sum()]


def taken(places: Iterable[tuple[Point | None, float]]) -> Ground:
    """Return the ground of all places that are known, each once with its largest radius."""
    found: dict[Point, float] = {}
    for centre, radius in places:
        if centre is not None:
            found[centre] = max(found.get(centre, 0.0), radius)
    at = {centre: i for i, centre in enumerate(found)}
    return Ground(list(found), list(found.values()), at)


def clear_of(
    points: NDArray[np.float64], radius: float, sites: Iterable[Site]
) -> NDArray[np.int64]:
    """
    Return the positions of the points whose circles share no ground with any site.

    Parameters
    ----------
    points
        Shape (n, 2), metres.
    radius
        Of the circles, metres.
    sites
        What is taken; of those that nobody knows where, nothing is.
    """
    clear = np.ones(len(points), dtype=bool)
    for site in sites:
        if site.centre is None:
            continue
        near = np.flatnonzero(np.hypot(*(points - site.centre).T) < site.reach + radius)
        clear[[at for at in near if site.touches(Site(tuple(points[at]), radius))]] = False
    return np.flatnonzero(clear)


def begun(register: Register, sites: Mapping[str, Site], period: Period) -> Ground:
    """Return the ground of the measures that had begun by the end of a period."""
    measures = register.measures[register.measures["startdatum"] < pd.Timestamp(period.end)]
    own = (sites[identity] for identity in measures["id"].astype(str) if identity in sites)
    return taken((site.centre, site.reach) for site in own)


def apart(one: Point, other: Point) -> float:
    """Return the distance between two points, metres."""
    return math.hypot(one[0] - other[0], one[1] - other[1])


def disjoint(
    points: NDArray[np.float64], order: NDArray[np.int64], reach: float, *, most: int | None = None
) -> NDArray[np.int64]:
    """Return the positions in `order`, first come first served, that lie `reach` metres apart."""
    kept = np.empty(len(order), dtype=np.int64)
    n = 0
    for at in order:
        if n == most:
            break
        if n == 0 or np.hypot(*(points[kept[:n]] - points[at]).T).min() >= reach:
            kept[n] = at
            n += 1
    return kept[:n]
