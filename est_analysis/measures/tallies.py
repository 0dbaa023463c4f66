"""How many events lie near a place in a period, counted fast however many there are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from est_analysis.periods import Period

Whole = NDArray[np.int64]
Hours = Literal["all", "busy", "rest"]
PART_HOURS = 6
"""Parts of the day are so long: night, morning, afternoon, evening."""
_SPAN = 1 << 18
"""More days than any delivery holds: a unit and a day make one sortable number."""
_EPOCH = date(1970, 1, 1).toordinal()
_COARSENESS = {"month": 1, "unknown": 2}
_CLOCK = ("minute", "hour")


class Tally:
    """
    Events of numbered units (coordinates, or places), sorted so that any period is two look-ups.

    Parameters
    ----------
    units, days, coarse, weights
        Shape (n_events,): the unit, the day as a whole number, 0-2 for how coarsely the day is
        known (to the day, the month, the year), and how many events the row stands for.
    """

    def __init__(self, units: Whole, days: Whole, coarse: Whole, weights: Whole) -> None:
        self._zero = int(days.min()) if len(days) else 0
        self._layers: list[tuple[int, Whole, Whole]] = []
        for level in np.unique(coarse):
            own = coarse == level
            keys = units[own] * _SPAN + (days[own] - self._zero)
            order = np.argsort(keys, kind="stable")
            sums = np.concatenate([[0], np.cumsum(weights[own][order])])
            self._layers.append((int(level), keys[order], sums))

    def at(self, units: ArrayLike, period: Period) -> Whole:
        """
        Count each unit's events that began within `period`, as `coverage.in_period` does.

        Parameters
        ----------
        units
            Shape (n,).
        period
            Of whole days.

        Returns
        -------
        array of int, shape (n,)
        """
        own = np.asarray(units, dtype=np.int64) * _SPAN
        first, end = (
            min(max(day.toordinal() - _EPOCH - self._zero, 0), _SPAN - 1)
            for day in (period.start, period.end)
        )
        found = np.zeros(len(own), dtype=np.int64)
        for level, keys, sums in self._layers:
            if level <= _coarsest(period):
                found += sums[keys.searchsorted(own + end)] - sums[keys.searchsorted(own + first)]
        return found


def _coarsest(period: Period) -> int:
    """Return how coarsely a day may be known to be counted in `period`."""
    of_months = period.start.day == period.end.day == 1
    return int(of_months) + int(of_months and period.start.month == period.end.month == 1)


class Tallies:
    """
    Located events of one kind of record, to be counted near places, group by group.

    Distinct coordinates are told apart once; a period's events at some of them are then two
    look-ups each, and nothing is ever counted by going through the events.

    Parameters
    ----------
    events
        Located events (``x``, ``y`` in metres; ``start``, ``time_precision``, ``group``,
        ``count``), of all periods.
    """

    def __init__(self, events: pd.DataFrame) -> None:
        events = events[events["start"].notna()]
        at = np.ascontiguousarray(events[["x", "y"]].to_numpy(float))
        distinct, spot = np.unique(at.view(np.complex128).reshape(-1), return_inverse=True)
        self.points = np.stack([distinct.real, distinct.imag], axis=1)
        self._tree = scipy.spatial.cKDTree(self.points) if len(distinct) else None
        self._spot = spot.astype(np.int64)
        start = events["start"].to_numpy()
        self._day = start.astype("datetime64[D]").astype(np.int64)
        hour = start.astype("datetime64[h]").astype(np.int64) % 24
        clock = events["time_precision"].isin(_CLOCK).to_numpy()
        self._part = np.where(clock, hour // PART_HOURS, -1)
        coarse = events["time_precision"].map(_COARSENESS).fillna(0)
        self._coarse = coarse.to_numpy(np.int64)
        self._weight = events["count"].to_numpy(np.int64)
        self._group = events["group"].astype(str).to_numpy(object)
        self._by_spot: dict[str, tuple[Whole, Whole]] = {}
        codes, names = pd.factorize(events["group"].astype(str))
        order = np.argsort(codes, kind="stable")
        edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
        self._rows = {str(name): order[edges[i] : edges[i + 1]] for i, name in enumerate(names)}
        self._busiest: dict[str, int | None] = {}
        self._spots: dict[tuple[str, Hours], Tally] = {}
        self._places: dict[tuple[str, Hours, float, bytes], Tally] = {}
        self._nearby: dict[tuple[float, bytes], list[Whole]] = {}
        self._outside: dict[tuple[str, Hours, bytes], Tally] = {}

    def _of(self, group: str, hours: Hours = "all") -> Whole:
        """Return the rows of a group's events of some hours."""
        none = np.empty(0, dtype=np.int64)
        own = np.arange(len(self._day)) if group == "" else self._rows.get(group, none)
        if hours == "all":
            return own
        busy = self._part[own] == self.busiest_part(group)
        return own[busy if hours == "busy" else ~busy & (self._part[own] >= 0)]

    def busiest_part(self, group: str) -> int | None:
        """Return the quarter of the day (0 from midnight) with most events of a group."""
        if group not in self._busiest:
            own = self._of(group)
            own = own[self._part[own] >= 0]
            counted = np.bincount(self._part[own], weights=self._weight[own], minlength=4)
            self._busiest[group] = int(counted.argmax()) if counted.sum() else None
        return self._busiest[group]

    def _tally(self, group: str, hours: Hours) -> Tally:
        if (group, hours) not in self._spots:
            own = self._of(group, hours)
            self._spots[group, hours] = self._tallied(self._spot[own], own)
        return self._spots[group, hours]

    def _tallied(self, units: Whole, rows: Whole) -> Tally:
        return Tally(units, self._day[rows], self._coarse[rows], self._weight[rows])

    def within(self, centre: tuple[float, float], radius: float) -> Whole:
        """Return the coordinates (positions in `points`) no farther than `radius` metres away."""
        if self._tree is None:
            return np.empty(0, dtype=np.int64)
        # a hair wider, then measured as everywhere else: the tree rounds in its own way
        near = np.array(self._tree.query_ball_point(centre, radius + 1e-6), dtype=np.int64)
        near.sort()
        return near[np.hypot(*(self.points[near] - centre).T) <= radius]

    def count(
        self, group: str, spots: Whole, periods: Iterable[Period], *, hours: Hours = "all"
    ) -> int:
        """
        Count a group's events at some coordinates in some periods together.

        Parameters
        ----------
        group
            Its name; empty is all events.
        spots
            As `within` returns them.
        periods
            Events in two of them count twice.
        hours
            ``busy`` counts only the quarter of the day with most of the group's events, ``rest``
            the other three; an event without a clock time is in neither.
        """
        tally = self._tally(group, hours)
        return sum(int(tally.at(spots, period).sum()) for period in periods)

    def events(self, group: str, spots: Whole) -> pd.DataFrame:
        """
        Return a group's events at some coordinates, in no certain order.

        Returns
        -------
        DataFrame
            ``start`` (the day), ``time_precision`` (``day``, ``month`` or ``unknown``), ``group``,
            ``count``, ``x``, ``y`` (metres).
        """
        if group not in self._by_spot:
            own = self._of(group)
            order = own[np.argsort(self._spot[own], kind="stable")]
            edges = np.searchsorted(self._spot[order], np.arange(len(self.points) + 1))
            self._by_spot[group] = order, edges.astype(np.int64)
        order, edges = self._by_spot[group]
        parts = [order[edges[spot] : edges[spot + 1]] for spot in spots]
        rows = np.concatenate([*parts, np.empty(0, dtype=np.int64)])
        at = self.points[self._spot[rows]]
        return pd.DataFrame(
            {
                "start": self._day[rows].astype("datetime64[D]").astype("datetime64[s]"),
                "time_precision": np.array(["day", *_COARSENESS])[self._coarse[rows]],
                "group": self._group[rows],
                "count": self._weight[rows],
                "x": at[:, 0],
                "y": at[:, 1],
            }
        )

    def each(
        self,
        group: str,
        centres: ArrayLike,
        radius: float,
        periods: Iterable[Period],
        *,
        hours: Hours = "all",
        only: Whole | None = None,
    ) -> Whole:
        """
        Count a group's events around each of many places.

        Parameters
        ----------
        group
            Its name; empty is all events.
        centres
            Shape (n, 2), metres. Looked up once for every group and radius.
        radius
            Metres.
        periods
            Events in two of them count twice.
        hours
            As `count` takes them.
        only
            Positions of the centres wanted; None is all of them.

        Returns
        -------
        array of int, shape (n,) or that of `only`
        """
        points = np.asarray(centres, dtype=float).reshape(-1, 2)
        key = (group, hours, float(radius), points.tobytes())
        if key not in self._places:
            self._places[key] = self._around(self._of(group, hours), points, radius)
        own = np.arange(len(points)) if only is None else only
        found = np.zeros(len(own), dtype=np.int64)
        for period in periods:
            found += self._places[key].at(own, period)
        return found

    def _around(self, own: Whole, points: NDArray[np.float64], radius: float) -> Tally:
        """Give each place the events of all coordinates near it."""
        near = self._near(points, radius)
        order = own[np.argsort(self._spot[own], kind="stable")]
        edges = np.searchsorted(self._spot[order], np.arange(len(self.points) + 1))
        spots = np.concatenate([*near, np.empty(0, dtype=np.int64)])
        place = np.repeat(np.arange(len(points)), [len(one) for one in near])
        sizes = edges[spots + 1] - edges[spots]
        starts = np.cumsum(sizes) - sizes
        rows = order[np.arange(int(sizes.sum())) + np.repeat(edges[spots] - starts, sizes)]
        return self._tallied(np.repeat(place, sizes), rows)

    def _near(self, points: NDArray[np.float64], radius: float) -> list[Whole]:
        key = (float(radius), points.tobytes())
        if key not in self._nearby:
            self._nearby[key] = [self.within((x, y), radius) for x, y in points]
        return self._nearby[key]

    def outside(
        self, group: str, spots: Whole, periods: Iterable[Period], *, hours: Hours = "all"
    ) -> int:
        """Count a group's events everywhere but at some coordinates, as `count` does at them."""
        key = (group, hours, spots.tobytes())
        if key not in self._outside:
            touched = np.zeros(len(self.points), dtype=bool)
            touched[spots] = True
            rows = self._of(group, hours)
            rows = rows[~touched[self._spot[rows]]]
            self._outside[key] = self._tallied(np.zeros(len(rows), dtype=np.int64), rows)
        return sum(int(self._outside[key].at([0], period).sum()) for period in periods)
