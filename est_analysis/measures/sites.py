"""Where a measure acts: its problem's place and its comparison place, as centres and radii."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from est_analysis.gather.geography import Geography
from est_analysis.measures.evaluation import DEFAULT_RADIUS_M
from est_analysis.measures.register import Register
from est_analysis.patterns.coverage import in_period
from est_analysis.periods import Period

_COUNTED = ["x", "y", "start", "time_precision", "count"]


@dataclass(frozen=True)
class Site:
    """
    A round piece of ground.

    Parameters
    ----------
    name
        As the register writes it.
    x, y, radius
        Metres, in the municipality's own coordinates.
    """

    name: str
    x: float
    y: float
    radius: float

    def touches(self, other: Site) -> bool:
        """Tell whether the two share ground."""
        return math.hypot(self.x - other.x, self.y - other.y) < self.radius + other.radius

    def holds(self, events: pd.DataFrame) -> pd.DataFrame:
        """Return the events within the radius; `events` are located, with ``x`` and ``y``."""
        return events[np.hypot(events["x"] - self.x, events["y"] - self.y) <= self.radius]

    def counted(self, events: pd.DataFrame, periods: list[Period]) -> int:
        """Count the events within the radius that began in any of the periods."""
        own = self.holds(events[_COUNTED])
        return sum(int(in_period(own, period)["count"].sum()) for period in periods)


Pair = tuple[Site | None, Site | None]
"""A measure's place and its comparison place; None where it is not known where."""


def sites_of(register: Register, geography: Geography) -> dict[str, Pair]:
    """
    Return each measure's place and its comparison place, by the measure's id.

    Coordinates in the register come first, then the gazetteer's by name; None where neither is
    known. Measures without a problem in the list are left out.
    """
    known = {} if geography.places is None else _by_name(geography.places)
    problems = register.problems.set_index("id")
    measures = register.measures[register.measures["problem"].isin(problems.index)]
    found = {}
    for measure in measures.to_dict("records"):
        problem = problems.loc[measure["problem"]]
        radius = DEFAULT_RADIUS_M if pd.isna(problem["radie_m"]) else float(problem["radie_m"])
        at = (float(problem["x"]), float(problem["y"]))
        if math.isnan(at[0]) or math.isnan(at[1]):
            at = known.get(_key(problem["plats"]), at)
        there = known.get(_key(measure["jamforelseplats"]), (math.nan, math.nan))
        found[str(measure["id"])] = (
            _site(str(problem["plats"] or problem["beskrivning"]), at, radius),
            _site(str(measure["jamforelseplats"]), there, radius),
        )
    return found


def _site(name: str, at: tuple[float, float], radius: float) -> Site | None:
    return None if math.isnan(at[0]) or math.isnan(at[1]) else Site(name, *at, radius)


def _by_name(places: pd.DataFrame) -> dict[str, tuple[float, float]]:
    known: dict[str, tuple[float, float]] = {}
    for name, x, y in zip(places["name"], places["x"], places["y"], strict=True):
        if key := _key(name):
            known.setdefault(key, (float(x), float(y)))
    return known


def _key(name: object) -> str:
    """Return a name without regard to case and spaces, as `gather.gazetteer.normal` does."""
    return " ".join(str(name).casefold().split())
