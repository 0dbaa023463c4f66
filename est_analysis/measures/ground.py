"""Where measures act and what they are compared with, as round pieces of ground."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from est_analysis.measures.rings import WIDTH_M, ring_of

if TYPE_CHECKING:
    from est_analysis.gather.geography import Geography

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
    """

    centre: Point | None
    radius: float
    sort: str = ""
    other: Point | None = None


def sites(pairs: list[tuple[pd.Series, pd.Series]], geography: Geography) -> list[Site]:
    """Return each measure's ground, with its problem's; the problem's own coordinates go first."""
    gazetteer = Gazetteer(geography.places)
    here = gazetteer.find(problem["plats"] for _, problem in pairs)
    there = gazetteer.find(measure["jamforelseplats"] for measure, _ in pairs)
    found = []
    for (_, problem), own, other in zip(pairs, here, there, strict=True):
        x, y = problem["x"], problem["y"]
        stated = not (pd.isna(x) or pd.isna(y))
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
