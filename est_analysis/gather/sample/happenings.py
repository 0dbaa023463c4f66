"""What happens: the background of the town, and the flows that plants add or change."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from est_analysis.gather.sample.clock import AFTER, FIRST, YEARS, clock, intensity, span, wall
from est_analysis.gather.sample.town import SPOTS, Floats, Spot, doors, stream, the_map


class Group(NamedTuple):
    """One group of crimes: background volume, season, rhythm, how it is dated, and its codes."""

    name: str
    yearly: float  # outside the named places
    rhythm: str
    season: tuple[float, int]  # amplitude, month of the peak
    span: str
    zones: tuple[float, float, float]  # town, village, country
    codes: dict[str, float]


def _even(*codes: str) -> dict[str, float]:
    return dict.fromkeys(codes, 1.0)


def _codes(first: int, last: int) -> list[str]:
    return [f"{code:04d}" for code in range(first, last + 1)]


BURGLARY = "Bostadsinbrott"  # delivered by the police, dropped by rule on arrival
GROUPS = (
    Group("Fordonstillgrepp", 29, "overnight", (0.45, 7), "overnight", (0.5, 0.2, 0.3),
          {"9830": 6, "9829": 1, "0802": 2, "0801": 1, "0804": 1.5, "0803": 0.5, "9833": 0.3}),
    Group("Stöld ur fordon", 40, "overnight", (0.2, 10), "overnight", (0.4, 0.15, 0.45),
          {"9827": 3, "9828": 3, "9823": 0.7, "9824": 0.7, "9825": 0.7, "9826": 0.7}),
    Group("Inbrott i lokal och förråd", 95, "overnight", (0.25, 10), "absence", (0.35, 0.15, 0.5),
          {"0825": 3, "0826": 2, "0830": 3, **dict.fromkeys(_codes(811, 823), 0.4)}),
    Group("Stöld och snatteri", 36, "day", (0.15, 12), "hours", (0.5, 0.2, 0.3),
          {"0880": 6, "9817": 1, "9818": 1, "0846": 1}),
    Group("Rån i offentlig miljö", 1.5, "night", (0.1, 11), "minutes", (0.9, 0.1, 0),
          _even(*_codes(9806, 9813))),
    Group("Skadegörelse", 38, "evening", (0.25, 5), "hours", (0.5, 0.2, 0.3),
          {"1201": 4, "1203": 2, "1212": 2, "1205": 1}),
    Group("Klotter", 8, "evening", (0.2, 4), "overnight", (0.85, 0.15, 0), _even("1208", "1209")),
    Group("Brand", 5, "evening", (0.4, 5), "hours", (0.4, 0.2, 0.4),
          _even("1210", "1211", "1301", "1302")),
    Group("Våld utomhus", 17, "night", (0.25, 7), "minutes", (0.7, 0.2, 0.1),
          _even(*_codes(9317, 9320), *_codes(9357, 9364), *_codes(9373, 9380))),
    Group("Hot och ofredande", 40, "evening", (0.1, 5), "minutes", (0.42, 0.23, 0.35),
          _even(*_codes(9440, 9447), *_codes(9456, 9463))),
    Group("Olaga intrång", 8, "evening", (0.1, 9), "hours", (0.6, 0.1, 0.3), {"9472": 1}),
    Group("Narkotika och alkohol", 80, "control", (0.15, 6), "minutes", (0.75, 0.15, 0.1),
          {"5010": 4, "5011": 4, "5005": 2, "5043": 0.5, "5047": 0.5}),
    Group("Trafik", 135, "control", (0.2, 6), "minutes", (0.35, 0.15, 0.5),
          {"3001": 2, "3002": 2, "3005": 3, "3070": 3}),
    Group(BURGLARY, 120, "day", (0.4, 12), "absence", (0.45, 0.2, 0.35),
          {"9801": 4, "9802": 4, "9831": 1, "9832": 1}),
)  # fmt: skip
ACTIVITY = ("Narkotika och alkohol", "Trafik")

# Groups of brottskoder.csv: the codes and ranges of the domain notes, ended codes included.
CODE_LIST: dict[str, list[str]] = {
    "Fordonstillgrepp": [*_codes(801, 804), "0807", "9829", "9830", "9833"],
    "Stöld ur fordon": ["0840", *_codes(9823, 9828)],
    "Inbrott i lokal och förråd": [*_codes(811, 823), "0825", "0826", "0830"],
    "Stöld och snatteri": [
        *(code for code in _codes(846, 860) if code != "0857"), "0880", *_codes(9817, 9820),
    ],
    "Rån i offentlig miljö": ["0864", "0870", *_codes(9806, 9813)],
    "Skadegörelse": ["1201", "1203", "1205", "1212"],
    "Klotter": ["1207", "1208", "1209"],
    "Brand": ["1202", "1210", "1211", "1301", "1302"],
    "Våld utomhus": [
        "0355", "0357", *_codes(9317, 9320), *_codes(9357, 9364), *_codes(9373, 9380),
    ],
    "Hot och ofredande": ["0407", "0408", *_codes(9440, 9447), *_codes(9456, 9463)],
    "Olaga intrång": ["0401", "9472"],
    "Narkotika och alkohol": ["5005", "5010", "5011", "5043", "5047"],
    "Trafik": ["3001", "3002", "3005", "3070"],
}  # fmt: skip
UNLISTED = ("5084", "5085", "8008", "4023", "1602", "4145", "1701", "1312")

# What a named place draws: shares of each group.
MIXES: dict[str, dict[str, float]] = {
    "station": {"Våld utomhus": 14, "Hot och ofredande": 9, "Skadegörelse": 14, "Klotter": 4,
                "Fordonstillgrepp": 6, "Stöld och snatteri": 5, "Rån i offentlig miljö": 1},
    "skola": {"Skadegörelse": 20, "Klotter": 5, "Fordonstillgrepp": 4, "Brand": 1.5,
              "Hot och ofredande": 3, "Våld utomhus": 2, "Stöld och snatteri": 2},
    "park": {"Skadegörelse": 9, "Våld utomhus": 5, "Hot och ofredande": 5, "Klotter": 3,
             "Stöld och snatteri": 3, "Brand": 1.5},
    "torg": {"Skadegörelse": 5, "Våld utomhus": 4, "Hot och ofredande": 4, "Fordonstillgrepp": 3,
             "Stöld och snatteri": 4, "Klotter": 2},
    "butik": {"Stöld och snatteri": 17, "Hot och ofredande": 1.5, "Skadegörelse": 2,
              "Fordonstillgrepp": 1.5, "Rån i offentlig miljö": 0.2},
    "parkering": {"Stöld ur fordon": 6, "Fordonstillgrepp": 3, "Skadegörelse": 1},
    "fritid": {"Stöld och snatteri": 4, "Fordonstillgrepp": 3, "Skadegörelse": 3,
               "Olaga intrång": 1, "Våld utomhus": 1},
    "gc": {"Hot och ofredande": 1, "Skadegörelse": 1, "Klotter": 1},
}  # fmt: skip
PLACE_CODES: dict[tuple[str, str], dict[str, float]] = {
    ("butik", "Stöld och snatteri"): {"0853": 1},
    ("parkering", "Fordonstillgrepp"): {"0802": 4, "0801": 2, "0803": 0.5},
    ("skola", "Skadegörelse"): {"1205": 4, "1203": 1, "1212": 1},
    ("station", "Stöld och snatteri"): {"9817": 1, "9818": 1, "9819": 1, "9820": 1},
}

EST_KIND = {
    "Skadegörelse": "händelse", "Klotter": "händelse", "Anlagd brand/eldning": "händelse",
    "Störande folksamling": "händelse", "Störande körning/buskörning": "händelse",
    "Störande berusning": "händelse", "Tillhåll": "händelse",
    "Bristande/trasig belysning": "fysisk brist", "Skymmande växtlighet": "fysisk brist",
    "Nedskräpning": "fysisk brist", "Otrygg plats": "otrygg plats",
    "Få människor": "otrygg plats", "Trygg plats": "trygg plats",
    "Arrangemang/evenemang": "kommande", "Inget att rapportera": "nollrapport",
}  # fmt: skip
EST_MIXES: dict[str, dict[str, float]] = {
    "station": {"Störande folksamling": 8, "Störande berusning": 7, "Skadegörelse": 6,
                "Klotter": 2, "Nedskräpning": 3, "Otrygg plats": 4, "Få människor": 1},
    "skola": {"Skadegörelse": 10, "Klotter": 3, "Störande folksamling": 4, "Nedskräpning": 2,
              "Anlagd brand/eldning": 1, "Störande körning/buskörning": 2},
    "park": {"Störande folksamling": 4, "Skadegörelse": 3, "Störande berusning": 3,
             "Nedskräpning": 3, "Tillhåll": 2, "Klotter": 1, "Skymmande växtlighet": 1,
             "Bristande/trasig belysning": 1, "Otrygg plats": 1},
    "torg": {"Störande berusning": 3, "Störande folksamling": 2, "Nedskräpning": 2,
             "Skadegörelse": 2, "Trygg plats": 3, "Arrangemang/evenemang": 3},
    "butik": {"Nedskräpning": 2, "Störande folksamling": 2, "Trygg plats": 1, "Klotter": 1},
    "parkering": {"Störande körning/buskörning": 6, "Nedskräpning": 2, "Skadegörelse": 1,
                  "Bristande/trasig belysning": 1},
    "fritid": {"Störande folksamling": 2, "Skadegörelse": 2, "Nedskräpning": 1, "Trygg plats": 2,
               "Arrangemang/evenemang": 2, "Störande körning/buskörning": 1},
    "gc": {"Bristande/trasig belysning": 6, "Otrygg plats": 5, "Få människor": 3,
           "Skymmande växtlighet": 2, "Klotter": 1},
}  # fmt: skip
SEEN_BY_OTHERS = ("Skadegörelse", "Klotter", "Brand")
"""Crimes that partners see too, so that one event may come from several."""
ORDINARY_SHARE = 0.8
"""The share of such crimes that is reported to the police where nothing is planted."""
SEEN_AT_PLACES = {"Skadegörelse": 0.40, "Klotter": 0.45, "Brand": 0.35}
"""EST reports of a crime at a named place, for each that is reported to the police."""
SEEN_BY_HOUSING = {"Skadegörelse": 0.30, "Klotter": 0.40}
"""The same for the housing company's fault reports, along the streets of town and villages."""
CALLED_OUT = 0.8
"""The share of all fires to which the rescue service is called."""

CITIZENS_ELSEWHERE = 12.0  # a year, along the streets
FAULTS = {"belysning": 14.0, "lås": 12.0, "nedskräpning": 10.0,
          "störning i gemensamt utrymme": 14.0}  # fmt: skip
CALLS = {"automatlarm": 26.0, "trafikolycka": 14.0, "brand ej i byggnad": 6.0,
         "annan hjälp": 12.0}  # fmt: skip
EST_CRIMES = {"Skadegörelse": "Skadegörelse", "Klotter": "Klotter", "Anlagd brand/eldning": "Brand"}
"""Categories of the EST sheet that are crimes too, and their group."""
EST_RHYTHM = {"park": "evening", "butik": "shop"}


@dataclass(frozen=True, eq=False)
class Sites:
    """Where a flow's events can be, and how likely each spot is; the weights sum to one."""

    x: Floats
    y: Floats
    street: npt.NDArray[Any]
    number: npt.NDArray[Any]
    weight: Floats


@dataclass(frozen=True, eq=False)
class Flow:
    """
    One kind of event at one set of sites, as a Poisson process; it is drawn and it is reckoned on.

    Parameters
    ----------
    name
        Names its stream of chance, so that a change in one flow leaves the others.
    realm
        ``crime``, ``est``, ``citizens``, ``bostad`` or ``raddning``: whose kind of event it is.
    what
        Group of crimes, or category.
    place
        Name of the public place; empty along streets and roads.
    yearly
        Events a year that the realm's own partner hears of.
    rhythm
        Shares of the rhythms of `clock`.
    windows
        From one day to another, so many times the ordinary; otherwise once.
    reported
        The share of all such events that is reported to the police (crimes only).
    stacks
        Where else, and how likely, the police record an event: x, y, probability.
    """

    name: str
    realm: str
    what: str
    place: str
    place_type: str
    sites: Sites
    yearly: float
    rhythm: tuple[tuple[str, float], ...]
    season: tuple[float, int] = (0.0, 1)
    how: str = "minutes"
    codes: dict[str, float] = field(default_factory=dict)
    windows: tuple[tuple[date, date, float], ...] = ()
    reported: float = 1.0
    seen: float = 0.0
    stacks: tuple[tuple[float, float, float], ...] = ()

    def hourly(self) -> Floats:
        """Return the expected events in each hour of the five years."""
        hours = clock()
        weight = np.zeros(hours.start.size)
        for rhythm, share in self.rhythm:
            weight += share * _even_share(rhythm, self.season)
        weight *= self.yearly * YEARS
        for start, end, factor in self.windows:
            weight[_between(start, end)] *= factor
        return weight


@cache
def _even_share(rhythm: str, season: tuple[float, int]) -> Floats:
    weight = intensity(rhythm, season)
    return weight / weight.sum()


def _between(start: date, end: date) -> slice:
    hour = np.array([start, end], "datetime64[h]") - np.datetime64(FIRST, "h")
    low, high = np.clip(hour.astype(int), 0, clock().start.size)
    return slice(int(low), int(high))


def pick(rng: np.random.Generator, n: int, weights: Floats) -> npt.NDArray[np.int64]:
    """Draw n times among weights that need not sum to one."""
    return np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(n))


def choose(rng: np.random.Generator, shares: dict[str, float], n: int) -> npt.NDArray[np.object_]:
    """Draw n of some names by their shares."""
    names = np.array(list(shares), dtype=object)
    return names[pick(rng, n, np.array(list(shares.values()), float))]


# --- the background ---------------------------------------------------------------------------


@cache
def place_sites(spot: Spot) -> Sites:
    """Return the three points where a place's events are recorded."""
    at = doors(spot)
    return Sites(at["x"], at["y"], at["GATA"], at["GATUNR"], np.array([0.6, 0.25, 0.15]))


@cache
def street_sites(zones: tuple[tuple[str, float], ...], power: float = 1.0) -> Sites:
    """Return the houses along streets and roads, some of which draw most of what happens."""
    houses = the_map().addresses
    pull, zone = houses["weight"].to_numpy() ** power, houses["zone"].to_numpy()
    weight = np.zeros(len(houses))
    for name, share in zones:
        weight += np.where(zone == name, pull, 0) / pull[zone == name].sum() * share
    x, y, street, number = (houses[c].to_numpy() for c in ("x", "y", "GATA", "GATUNR"))
    return Sites(x, y, street, number, weight / weight.sum())


def spot_of(name: str) -> Spot:
    """Return a named place."""
    return next(spot for spot in SPOTS if spot.name == name)


def at_place(
    spot: Spot, mix: dict[str, float], yearly: float, *, name: str = "police", rhythm: str = ""
) -> list[Flow]:
    """Return crimes at a named place: `yearly` in all, shared by group as `mix` says."""
    flows = []
    for group in GROUPS:
        if group.name not in mix:
            continue
        shop = spot.mix == "butik" and group.name == "Stöld och snatteri"
        own = rhythm or ("shop" if shop else group.rhythm)
        flows.append(
            Flow(
                name=f"{name} {spot.name} {group.name}",
                realm="crime",
                what=group.name,
                place=spot.name,
                place_type=spot.place_type,
                sites=place_sites(spot),
                yearly=yearly * mix[group.name] / sum(mix.values()),
                rhythm=((own, 1.0),),
                season=group.season,
                how="minutes" if shop else group.span,
                codes=PLACE_CODES.get((spot.mix, group.name), group.codes),
                reported=ORDINARY_SHARE if group.name in SEEN_BY_OTHERS else 1.0,
                seen=SEEN_AT_PLACES.get(group.name, 0.0),
            )
        )
    return flows


def _streets(group: Group) -> Flow:
    zones = tuple(zip(("town", "village", "country"), group.zones, strict=True))
    # homes are chosen far more evenly than public places
    sites = street_sites(zones, 0.3 if group.name == BURGLARY else 1.0)
    return Flow(
        name=f"streets {group.name}",
        realm="crime",
        what=group.name,
        place="",
        place_type="",
        sites=sites,
        yearly=group.yearly,
        rhythm=((group.rhythm, 1.0),),
        season=group.season,
        how=group.span,
        codes=group.codes,
        reported=ORDINARY_SHARE if group.name in SEEN_BY_OTHERS else 1.0,
        seen=SEEN_BY_HOUSING.get(group.name, 0.0),
    )


def est_at_place(spot: Spot) -> list[Flow]:
    """Return what the EST group's reporters see at a place beside the crimes."""
    mix, flows = EST_MIXES[spot.mix], []
    for category, share in mix.items():
        if category in EST_CRIMES:
            continue
        event = EST_KIND[category] == "händelse"
        flows.append(
            Flow(
                name=f"est {spot.name} {category}",
                realm="est",
                what=category,
                place=spot.name,
                place_type=spot.place_type,
                sites=place_sites(spot),
                yearly=spot.est * share / sum(mix.values()),
                rhythm=((EST_RHYTHM.get(spot.mix, "evening") if event else "day", 1.0),),
                season=(0.35, 12) if "belysning" in category else (0.3, 7),
            )
        )
    return flows


def citizens_at_place(spot: Spot, yearly: float, what: str, name: str = "citizens") -> Flow:
    """Return the places that citizens point out near a named place, safe or unsafe."""
    return Flow(
        name=f"{name} {spot.name} {what}",
        realm="citizens",
        what=what,
        place=spot.name,
        place_type=spot.place_type,
        sites=place_sites(spot),
        yearly=yearly,
        rhythm=(("evening", 1.0),),
        season=(0.45, 12),
    )


def _elsewhere(realm: str, what: str, yearly: float, rhythm: str, country: float = 0.0) -> Flow:
    zones = (("town", 0.8 - country), ("village", 0.2), ("country", country))
    return Flow(
        name=f"{realm} elsewhere {what}",
        realm=realm,
        what=what,
        place="",
        place_type="",
        sites=street_sites(zones),
        yearly=yearly,
        rhythm=((rhythm, 1.0),),
        season=(0.45, 12) if realm == "citizens" else (0.15, 11),
    )


@cache
def background() -> tuple[Flow, ...]:
    """Return every flow of the town where nothing is planted."""
    flows = [_streets(group) for group in GROUPS]
    for spot in SPOTS:
        flows += at_place(spot, MIXES[spot.mix], spot.police)
        flows += est_at_place(spot)
        safe = 0.6 if spot.mix in {"torg", "butik"} else 0.04
        flows.append(citizens_at_place(spot, spot.citizens * (1 - safe), "otrygg plats"))
        flows.append(citizens_at_place(spot, spot.citizens * safe, "trygg plats"))
    flows.append(_elsewhere("citizens", "otrygg plats", CITIZENS_ELSEWHERE * 0.9, "evening"))
    flows.append(_elsewhere("citizens", "trygg plats", CITIZENS_ELSEWHERE * 0.1, "evening"))
    flows += [_elsewhere("bostad", what, yearly, "day") for what, yearly in FAULTS.items()]
    flows += [_elsewhere("raddning", what, n, "day", 0.3) for what, n in CALLS.items()]
    return tuple(flow for flow in flows if flow.yearly > 0)


# --- the draw ---------------------------------------------------------------------------------


def happen(flows: tuple[Flow, ...], seed: int) -> pd.DataFrame:
    """
    Draw everything that happens.

    Returns
    -------
    DataFrame
        One row an event, in order of time, indexed by its number: ``realm``, ``what``, ``place``,
        ``place_type``, ``x``, ``y`` (where), ``street``, ``number``, ``at`` (when), ``start`` and
        ``end`` (between which it is known to have happened), ``code``, ``polis`` (the police were
        told), ``seen`` (a partner saw the crime), ``stack_x`` and ``stack_y`` (where the police
        record it if not there).
    """
    rng = stream(seed, "years")
    # one year is not as another: the same unrest everywhere, group by group
    years = {group.name: rng.gamma(1 / 0.09**2, 0.09**2, YEARS) for group in GROUPS}
    parts = [_drawn(flow, years.get(flow.what), seed) for flow in flows]
    columns = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    rows = pd.DataFrame(columns)
    for column in ("at", "start", "end"):
        rows[column] = wall(rows[column].to_numpy())
    known = (rows["start"] >= pd.Timestamp(FIRST)) & (rows["end"] < pd.Timestamp(AFTER))
    return rows[known].sort_values(["at", "x", "y", "what"], ignore_index=True)


@cache
def _year_bounds() -> npt.NDArray[np.int64]:
    return np.searchsorted(clock().year, np.arange(YEARS + 1))


@cache
def _summed_share(rhythm: str, season: tuple[float, int]) -> Floats:
    return np.concatenate([[0.0], np.cumsum(_even_share(rhythm, season))])


def _summed(flow: Flow) -> Floats:
    """Return the expected events before each hour, and in all; before what differs by year."""
    if flow.windows or len(flow.rhythm) > 1:
        return np.concatenate([[0.0], np.cumsum(flow.hourly())])
    (rhythm, _), *_ = flow.rhythm
    return _summed_share(rhythm, flow.season) * (flow.yearly * YEARS)


def _drawn(flow: Flow, years: Floats | None, seed: int) -> dict[str, npt.NDArray[Any]]:
    rng, hours = stream(seed, flow.name), clock()
    summed, factors = _summed(flow), np.ones(YEARS) if years is None else years
    ends = np.cumsum(np.diff(summed[_year_bounds()]) * factors)  # where each year ends, so grown
    n = rng.poisson(ends[-1] / flow.reported)
    mass = rng.random(n) * ends[-1]
    year = np.minimum(np.searchsorted(ends, mass), YEARS - 1)
    within = (mass - np.concatenate([[0.0], ends])[year]) / factors[year]
    hour = np.searchsorted(summed, summed[_year_bounds()][year] + within) - 1
    hour = np.clip(hour, 0, hours.start.size - 1)
    at = hours.start[hour] + rng.integers(0, 60, n).astype("timedelta64[m]")
    start, end = span(rng, at, flow.how)
    site = pick(rng, n, flow.sites.weight)
    told = rng.random(n) < flow.reported
    seen = rng.random(n) < min(1.0, flow.seen * flow.reported)
    luck, stack = rng.random(n), np.full((n, 2), np.nan)
    reach = 0.0
    for x, y, share in flow.stacks:
        stack[(luck >= reach) & (luck < reach + share)] = (x, y)
        reach += share
    code = choose(rng, flow.codes, n) if flow.codes else np.full(n, "", dtype=object)
    fixed = {
        name: np.full(n, getattr(flow, name), dtype=object)
        for name in ("realm", "what", "place", "place_type")
    }
    return fixed | {
        "x": flow.sites.x[site], "y": flow.sites.y[site],
        "street": flow.sites.street[site], "number": flow.sites.number[site],
        "at": at, "start": start, "end": end, "code": code,
        "polis": told & (flow.realm == "crime"), "seen": seen,
        "stack_x": stack[:, 0], "stack_y": stack[:, 1],
    }  # fmt: skip
