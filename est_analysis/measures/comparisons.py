"""What a measure's place is compared with: by the register's word or by rule, never by outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import scipy
from numpy.typing import NDArray

from est_analysis.counts import Interval
from est_analysis.measures.ground import Gazetteer, Ground, Point, Site, disjoint
from est_analysis.measures.rings import WIDTH_M
from est_analysis.measures.tallies import Hours, Tallies, Whole
from est_analysis.periods import Period

FEWEST_PLACES, MOST_ALIKE = 3, 5
"""Fewer places than three are no comparison by rule; the five most alike are enough."""
RULES = ("register", "similar", "sort", "rest")
"""The register's own place; the most similar places; all of the same sort; everywhere else."""
ASKED = {"": "similar", "liknande": "similar", "samma sort": "sort", "övriga kommunen": "rest"}
"""What the register may say instead of a place's name, and the rule that it asks for."""
_FACTOR = 2.0


class Count(Protocol):
    """How many events of a group some ground had in some periods together."""

    def __call__(self, group: str, periods: Sequence[Period], hours: Hours = "all") -> int:
        """Return the number of events."""
        ...


@dataclass(frozen=True)
class Choice:
    """
    What a place is compared with.

    Parameters
    ----------
    rule
        One of `RULES`.
    places
        The names of its places; empty where it is everywhere else.
    count
        Counts its events.
    centres
        Of its places, metres, where they are few enough to have rings of their own.
    spots
        Its coordinates, as `Tallies.within` gives them; None where it is everywhere else.
    """

    rule: str
    places: tuple[str, ...]
    count: Count = field(repr=False)
    centres: tuple[Point, ...] = ()
    spots: Whole | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Alternative:
    """The answer under one choice: its counts before and after, ratio of ratios and interval."""

    rule: str
    places: tuple[str, ...]
    before: int
    after: int
    ratio: float
    interval: Interval

    @property
    def way(self) -> int:
        """-1 where the interval lies below one, 1 where above, else 0."""
        return int(self.interval.low > 1) - int(self.interval.high < 1)


def depends(main: Alternative, others: Sequence[Alternative]) -> bool:
    """
    Tell whether the answer hangs on what the place is compared with.

    It does where two choices show opposite effects, where another choice shows one and the main
    one does not, and where the main one shows one that another choice's estimate contradicts. A
    choice that merely sees less does not contradict.
    """
    if main.way == 0:
        return any(other.way != 0 for other in others)
    contrary = (other for other in others if (other.ratio - 1) * main.way < 0)
    return next(contrary, None) is not None


def point_apart(alternatives: Sequence[Alternative]) -> bool:
    """Tell whether some choices' estimates say fewer and some more, however surely."""
    ratios = [one.ratio for one in alternatives]
    return any(ratio < 1 for ratio in ratios) and any(ratio > 1 for ratio in ratios)


class Comparisons:
    """
    What the places of one municipality can be compared with.

    Nothing that happened after a start has a say in any choice, nor have the counts that are
    compared: a place matched by its own baseline falls back by itself where the level is high
    (Daw & Hatfield 2018, Health Services Research 53:4138-4156).

    Parameters
    ----------
    tallies
        Of located reported crimes.
    gazetteer
        The public places.
    treated
        Ground where some measure has begun before the reported period's end.
    """

    def __init__(self, tallies: Tallies, gazetteer: Gazetteer, treated: Ground) -> None:
        self._tallies, self._gazetteer, self._treated = tallies, gazetteer, treated
        self._clear: dict[float, NDArray[np.bool_]] = {}
        self._spread: dict[tuple[float, str], Whole] = {}
        reach = [tallies.within(c, r + WIDTH_M) for c, r in zip(*_pairs(treated), strict=True)]
        self._touched = np.unique(np.concatenate([*reach, np.empty(0, dtype=np.int64)]))

    def choices(
        self,
        asked: str,
        group: str,
        site: Site,
        spots: Whole,
        baseline: Sequence[Period],
        spare: Sequence[Period],
    ) -> list[Choice]:
        """
        Return what the place can be compared with, the main choice first; none if unknown.

        Parameters
        ----------
        asked
            What the register says: a place's name, one of `ASKED`, or nothing.
        group
            The indicator's group of events; empty is all.
        site, spots
            The place's ground, and its coordinates.
        baseline, spare
            The seasons that are compared with, and covered seasons that are not.
        """
        named = self.named(asked, site, spots)
        by_rule = [self.similar(group, site, spots, spare), self.same_sort(site), self.rest()]
        found = [one for one in (named, *by_rule) if one is not None]
        found = [one for one in found if one is named or one.count(group, baseline) > 0]
        if named is not None:
            return found
        rule = ASKED.get(asked.lower())
        if rule is None:
            return []
        order = [one.rule for one in found]
        main = order.index(rule) if rule in order else 0
        return [*found[main : main + 1], *found[:main], *found[main + 1 :]]

    def chosen(self, rule: str, names: Sequence[str], site: Site, spots: Whole) -> Choice | None:
        """Return what an evaluation compared a place with, to count other events there too."""
        if rule == "register":
            return self.named(names[0], site, spots)
        return self.rest() if rule == "rest" else self.again(rule, names, site)

    def named(self, name: str, site: Site, spots: Whole) -> Choice | None:
        """Return the comparison place that the register names; ground shared is the measure's."""
        if site.other is None:
            return None
        there = np.setdiff1d(self._tallies.within(site.other, site.radius), spots)
        return Choice("register", (name,), self._at(there), (site.other,), there)

    def similar(
        self, group: str, site: Site, spots: Whole, spare: Sequence[Period]
    ) -> Choice | None:
        """
        Return the places most alike in level and trend over seasons that the baseline leaves out.

        The level is half to twice the place's own; likeness is the distance between the square
        roots of the seasons' counts, which tells of both. Of the same sort if there are three,
        else of any; they share no ground, and their rings meet neither the place's ring nor
        treated ground. None without such seasons or with fewer than three such places.
        """
        if not spare:
            return None
        points = self._gazetteer.points
        free = np.flatnonzero(self._free(site))
        own = np.array([self._tallies.count(group, spots, [season]) for season in spare], float)
        seasons = [self._tallies.each(group, points, site.radius, [s])[free] for s in spare]
        level = np.sum(seasons, axis=0)
        alike = (level > 0) & (level >= own.sum() / _FACTOR) & (level <= own.sum() * _FACTOR)
        at = free[alike]
        roots = np.sqrt(np.stack(seasons, axis=1)[alike]) - np.sqrt(own)
        order = at[np.lexsort((points[at, 1], points[at, 0], np.square(roots).sum(axis=1)))]
        for among in (order[self._gazetteer.sorts[order] == site.sort], order):
            kept = disjoint(points, among, 2 * site.radius, most=MOST_ALIKE)
            if len(kept) >= FEWEST_PLACES:
                return self._together("similar", kept, site, few=True)
        return None

    def same_sort(self, site: Site) -> Choice | None:
        """Return all untreated places of the same sort; None with fewer than three."""
        if not site.sort:
            return None
        key = (site.radius, site.sort)
        if key not in self._spread:
            own = np.flatnonzero(self._gazetteer.sorts == site.sort)
            own = own[self._unbroken(site.radius)[own]]
            self._spread[key] = disjoint(self._gazetteer.points, own, 2 * site.radius)
        kept = self._spread[key]
        kept = kept[self._far(site)[kept]]
        return self._together("sort", kept, site) if len(kept) >= FEWEST_PLACES else None

    def again(self, rule: str, names: Sequence[str], site: Site) -> Choice | None:
        """
        Return the places that a rule chose once, by name.

        None where one is not known now, or where something has been done there since.
        """
        at = self._gazetteer.find(names)
        known = np.array([one for one in at if one is not None], dtype=np.int64)
        if len(known) < len(at) or not self._unbroken(site.radius)[known].all():
            return None
        return self._together(rule, known, site, few=rule == "similar")

    def rest(self) -> Choice:
        """Return everywhere but treated places and their rings."""

        def count(group: str, periods: Sequence[Period], hours: Hours = "all") -> int:
            return self._tallies.outside(group, self._touched, periods, hours=hours)

        return Choice("rest", (), count)

    def _at(self, spots: Whole) -> Count:
        def count(group: str, periods: Sequence[Period], hours: Hours = "all") -> int:
            return self._tallies.count(group, spots, periods, hours=hours)

        return count

    def _together(self, rule: str, kept: Whole, site: Site, *, few: bool = False) -> Choice:
        points, names = self._gazetteer.points, self._gazetteer.names

        def count(group: str, periods: Sequence[Period], hours: Hours = "all") -> int:
            each = self._tallies.each(
                *(group, points, site.radius, periods), hours=hours, only=kept
            )
            return int(each.sum())

        middles = tuple((float(x), float(y)) for x, y in points[kept])
        near = [self._tallies.within(middle, site.radius) for middle in middles]
        spots = np.concatenate([*near, np.empty(0, dtype=np.int64)])
        own = tuple(names[at] for at in kept)
        return Choice(rule, own, count, middles if few else (), spots)

    def _free(self, site: Site) -> NDArray[np.bool_]:
        return self._unbroken(site.radius) & self._far(site)

    def _far(self, site: Site) -> NDArray[np.bool_]:
        """Tell which places are so far away that the rings do not meet."""
        if site.centre is None:
            return np.zeros(len(self._gazetteer.points), dtype=bool)
        reach = site.reach + site.radius + 2 * WIDTH_M
        far: NDArray[np.bool_] = np.hypot(*(self._gazetteer.points - site.centre).T) >= reach
        return far

    def _unbroken(self, radius: float) -> NDArray[np.bool_]:
        """Tell which places lie outside treated ground and its rings."""
        if radius not in self._clear:
            points = self._gazetteer.points
            clear = np.ones(len(points), dtype=bool)
            if len(points):
                tree = scipy.spatial.cKDTree(points)
                for centre, reach in zip(*_pairs(self._treated), strict=True):
                    clear[tree.query_ball_point(centre, reach + WIDTH_M + radius)] = False
            self._clear[radius] = clear
        return self._clear[radius]


def _pairs(ground: Ground) -> tuple[list[Point], list[float]]:
    return ground.centres, ground.radii
