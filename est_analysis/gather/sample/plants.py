"""The planted truths: what each adds to the background, moves or takes away from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache, singledispatch

import numpy as np

from est_analysis.gather.sample.clock import AFTER, FIRST, YEARS
from est_analysis.gather.sample.happenings import (
    GROUPS,
    MIXES,
    ORDINARY_SHARE,
    Flow,
    Sites,
    at_place,
    background,
    citizens_at_place,
    est_at_place,
    spot_of,
)
from est_analysis.gather.sample.town import SETTLEMENTS, police_station, the_map, to_ground

SHARE_GROUP = "Skadegörelse"
LATE_SHARE = 0.25
"""How many of the police's rows come more than `LATE_DAYS` days late, where that is planted."""
LATE_DAYS = 30


@dataclass(frozen=True)
class Plant:
    """One planted truth; `kind` says of what sort."""

    id: str
    kind: str


@dataclass(frozen=True)
class More(Plant):
    """
    More crimes at named places than the background has.

    Parameters
    ----------
    places
        Each place, and how many more a year.
    mix
        Shares of the groups; None is the ordinary mix of such a place.
    """

    places: tuple[tuple[str, float], ...]
    mix: tuple[tuple[str, float], ...] | None = None
    rhythm: str = ""
    start: date = FIRST
    end: date = AFTER


@dataclass(frozen=True)
class Fewer(Plant):
    """Only so many of a place's crimes and disorders are left from a day; the rest may move."""

    place: str
    start: date
    left: float
    moved_to: str = ""
    groups: tuple[str, ...] = ()
    measure: str = ""


@dataclass(frozen=True)
class Hours(Plant):
    """A place's crimes follow a rhythm of its own; there are no more of them."""

    place: str
    rhythm: str
    share: float
    hours: str


@dataclass(frozen=True)
class Series(Plant):
    """Events close to each other within a few weeks, along the streets of one neighbourhood."""

    group: str
    u: float
    v: float
    radius_m: float
    n: float
    start: date
    end: date


@dataclass(frozen=True)
class Fear(Plant):
    """A place where people report that they feel unsafe far more, or never."""

    place: str
    yearly: float
    crimes: float  # so many of the place's crimes are left


@dataclass(frozen=True)
class Stack(Plant):
    """Crimes along the streets that the police record at one point where they did not happen."""

    groups: tuple[str, ...]
    share: float
    at: str


@dataclass(frozen=True)
class Silence(Plant):
    """A partner that stops reporting."""

    source: str
    start: date


@dataclass(frozen=True)
class Late(Plant):
    """A source that registers part of its rows weeks later."""

    source: str


@dataclass(frozen=True)
class Share(Plant):
    """A known share of a group's crimes is reported to the police."""

    group: str
    reported: float


MEASURED = date(2025, 10, 6)
"""From this day the register's measures act; 52 and 104 weeks before it layout B is delivered."""
STACKED = ("Stöld och snatteri", "Hot och ofredande", "Stöld ur fordon")
PLANTS: tuple[Plant, ...] = (
    More("hot-1", "stable hot spot", (("Resecentrum", 36.0),)),
    More("hot-2", "stable hot spot", (("Centralskolan", 26.0),)),
    More("emerging", "emerging hot spot", (("Badhusparkeringen", 60.0),), start=date(2026, 7, 1)),
    More("cooled", "cooled hot spot", (("Fritidsgården Kvarnen", 20.0),), end=date(2024, 7, 1)),
    Series("series", "near-repeat series", "Inbrott i lokal och förråd", -450, -330, 220.0, 12.0,
           date(2026, 2, 2), date(2026, 2, 23)),
    Hours("nights", "weekend-night rhythm", "Torget", "weekend night", 0.6, "weekend nights"),
    Hours("lessons", "school-hours rhythm", "Norrängsskolan", "lessons", 0.6, "school hours"),
    More("situation-1", "situation type",
         (("Torgparkeringen", 6.0), ("Pendlarparkeringen", 5.0), ("Badhusparkeringen", 3.0)),
         (("Stöld ur fordon", 1.0),), "training"),
    More("situation-2", "situation type",
         (("Folkets park", 4.0), ("Hembygdsparken", 4.0), ("Kyrkparken", 4.0)),
         (("Skadegörelse", 1.0),), "small hours"),
    Fear("feared", "feared but without crime", "Gångtunneln vid stationen", 14.0, 0.0),
    More("unfeared", "crime but no fear", (("Livsmedelshallen", 13.0),),
         (("Stöld och snatteri", 1.0),), "shop"),
    Fear("unfeared-fear", "crime but no fear", "Livsmedelshallen", 0.0, 1.0),
    Stack("stack-station", "stacked at the police station", STACKED, 0.12, "station"),
    Stack("stack-centroid", "stacked at the municipality's centroid", STACKED, 0.08, "centroid"),
    Silence("silent", "partner that stopped reporting", "bostad", date(2026, 4, 1)),
    Late("late", "late-registering source", "polis"),
    Share("share", "true share reported to the police", SHARE_GROUP, 0.6),
    Fewer("measure-worked", "measure that worked", "Stationsparken", MEASURED, 0.25, measure="A1"),
    Fewer("measure-displaced", "measure that displaced", "Järnvägstorget", MEASURED, 0.15,
          "Pendlarparkeringen", measure="A6"),
    Fewer("measure-few", "measure with too few events", "Sjövallens parkering", MEASURED, 0.5,
          groups=("Stöld ur fordon",), measure="A3"),
)  # fmt: skip


@cache
def centroid() -> tuple[float, float]:
    """Return the middle of the municipality."""
    middle = the_map().boundary.centroid
    return float(round(middle.x)), float(round(middle.y))


def stack_point(plant: Stack) -> tuple[float, float]:
    """Return where a stack lies."""
    return police_station() if plant.at == "station" else centroid()


def series_point(plant: Series) -> tuple[float, float]:
    """Return the middle of a series."""
    x, y = to_ground(SETTLEMENTS["Exempelsjö"], plant.u, plant.v)[0].round(0)
    return float(x), float(y)


def _more(plant: More, strength: float) -> list[Flow]:
    added = []
    for place, yearly in plant.places:
        spot = spot_of(place)
        mix = dict(plant.mix) if plant.mix else MIXES[spot.mix]
        windows = ((FIRST, plant.start, 0.0), (plant.end, AFTER, 0.0))
        added += [
            replace(flow, windows=windows)
            for flow in at_place(spot, mix, yearly * strength, name=plant.id, rhythm=plant.rhythm)
        ]
    return added


def _fewer(plant: Fewer, flows: list[Flow], strength: float) -> list[Flow]:
    left = max(0.0, 1 - strength * (1 - plant.left))
    changed, moved = [], []
    for flow in flows:
        elsewhere = flow.place != plant.place or flow.realm == "citizens"
        if elsewhere or (plant.groups and flow.what not in plant.groups):
            changed.append(flow)
            continue
        changed.append(replace(flow, windows=(*flow.windows, (plant.start, AFTER, left))))
        if plant.moved_to:
            moved.append(_moved(flow, plant, 1 - left))
    return changed + moved


def _moved(flow: Flow, plant: Fewer, share: float) -> Flow:
    there = spot_of(plant.moved_to)
    template = (at_place(there, {"Skadegörelse": 1}, 1.0) + est_at_place(there))[0]
    return replace(
        flow,
        name=f"{plant.id} {flow.name}",
        place=there.name,
        place_type=there.place_type,
        sites=template.sites,
        yearly=flow.yearly * share,
        windows=(*flow.windows, (FIRST, plant.start, 0.0)),
    )


def _hours(plant: Hours, flow: Flow, strength: float) -> Flow:
    if flow.place != plant.place or flow.realm != "crime":
        return flow
    share = min(1.0, plant.share * strength)
    own = tuple((name, part * (1 - share)) for name, part in flow.rhythm)
    return replace(flow, rhythm=(*own, (plant.rhythm, share)), how="minutes")


def _series(plant: Series, strength: float) -> Flow:
    houses, group = the_map().addresses, next(g for g in GROUPS if g.name == plant.group)
    x, y = series_point(plant)
    near = houses[np.hypot(houses["x"] - x, houses["y"] - y) <= plant.radius_m]
    x_, y_, street, number = (near[c].to_numpy() for c in ("x", "y", "GATA", "GATUNR"))
    share = (plant.end - plant.start).days / (AFTER - FIRST).days
    return Flow(
        name=plant.id,
        realm="crime",
        what=plant.group,
        place="",
        place_type="",
        sites=Sites(x_, y_, street, number, np.full(len(near), 1 / len(near))),
        yearly=strength * plant.n / share / YEARS,
        rhythm=((group.rhythm, 1.0),),
        how="hours",
        codes={"0825": 1.0},
        windows=((FIRST, plant.start, 0.0), (plant.end, AFTER, 0.0)),
    )


def _fear(plant: Fear, flow: Flow, strength: float) -> Flow:
    if flow.place != plant.place:
        return flow
    left = plant.crimes if flow.realm == "crime" else 1.0
    if plant.yearly == 0 and (flow.realm, flow.what) == ("citizens", "otrygg plats"):
        left = 0.0
    left = max(0.0, 1 - strength * (1 - left))
    return replace(flow, yearly=flow.yearly * left)


@singledispatch
def plant_one(plant: Plant, flows: list[Flow], strength: float) -> list[Flow]:
    """Return the flows as one plant changes them; some plants change no flow."""
    del plant, strength
    return flows


@plant_one.register
def _(plant: More, flows: list[Flow], strength: float) -> list[Flow]:
    return flows + _more(plant, strength)


@plant_one.register
def _(plant: Fewer, flows: list[Flow], strength: float) -> list[Flow]:
    return _fewer(plant, flows, strength)


@plant_one.register
def _(plant: Hours, flows: list[Flow], strength: float) -> list[Flow]:
    return [_hours(plant, flow, strength) for flow in flows]


@plant_one.register
def _(plant: Series, flows: list[Flow], strength: float) -> list[Flow]:
    return [*flows, _series(plant, strength)]


@plant_one.register
def _(plant: Fear, flows: list[Flow], strength: float) -> list[Flow]:
    more = citizens_at_place(
        spot_of(plant.place), plant.yearly * strength, "otrygg plats", plant.id
    )
    return [*(_fear(plant, flow, strength) for flow in flows), more]


@plant_one.register
def _(plant: Stack, flows: list[Flow], strength: float) -> list[Flow]:
    at = (*stack_point(plant), min(0.5, plant.share * strength))

    def stacked(flow: Flow) -> bool:
        return flow.realm == "crime" and not flow.place and flow.what in plant.groups

    return [replace(f, stacks=(*f.stacks, at)) if stacked(f) else f for f in flows]


@plant_one.register
def _(plant: Silence, flows: list[Flow], strength: float) -> list[Flow]:
    gone = (plant.start, AFTER, max(0.0, 1 - strength))
    silent = plant.source
    return [replace(f, windows=(*f.windows, gone)) if f.realm == silent else f for f in flows]


@plant_one.register
def _(plant: Share, flows: list[Flow], strength: float) -> list[Flow]:
    share = ORDINARY_SHARE + strength * (plant.reported - ORDINARY_SHARE)
    share = min(1.0, max(0.05, share))

    def shared(flow: Flow) -> bool:
        return flow.realm == "crime" and flow.what == plant.group

    return [replace(flow, reported=share) if shared(flow) else flow for flow in flows]


def _plant(flows: Iterable[Flow], strength: float, without: str = "") -> list[Flow]:
    planted = list(flows)
    if strength == 0:
        return planted
    for plant in PLANTS:
        if plant.id != without:
            planted = plant_one(plant, planted, strength)
    return [flow for flow in planted if flow.yearly > 0]


def _by_group(flows: Iterable[Flow]) -> dict[str, float]:
    total = dict.fromkeys((group.name for group in GROUPS), 0.0)
    for flow in flows:
        if flow.realm == "crime":
            total[flow.what] += float(flow.hourly().sum()) if flow.windows else flow.yearly * YEARS
    return total


@cache
def _lacking(strength: float) -> dict[str, float]:
    """Return what the plants add to each group at full strength and not at this one, a year."""
    full, here = (_by_group(_plant(background(), s)) for s in (1.0, strength))
    return {name: max(0.0, full[name] - here[name]) / YEARS for name in full}


@lru_cache(maxsize=64)
def flows(strength: float, without: str = "") -> tuple[Flow, ...]:
    """
    Return everything that can happen.

    Parameters
    ----------
    strength
        Of every plant: 0 is none, 1 as committed. What weaker plants do not add happens along the
        streets and roads instead, so that volumes are the same.
    without
        The id of a plant to leave out, all else being equal.
    """
    lacking = _lacking(strength)
    even = [
        replace(flow, yearly=flow.yearly + lacking[flow.what])
        if flow.realm == "crime" and flow.name.startswith("streets ")
        else flow
        for flow in background()
    ]
    return tuple(_plant(even, strength, without))


def find(plant: str) -> Plant:
    """Return a plant by its id."""
    return next(p for p in PLANTS if p.id == plant)
