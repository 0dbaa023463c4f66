"""The truth: where, when and what each plant is, the expected counts, and the power to see it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import cache, singledispatch
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from est_analysis.gather.sample import plants
from est_analysis.gather.sample.clock import AFTER, FIRST, clock
from est_analysis.gather.sample.happenings import ORDINARY_SHARE, Flow
from est_analysis.gather.sample.partners import LAYOUT_B_FROM
from est_analysis.gather.sample.plants import (
    Fear,
    Fewer,
    Hours,
    Late,
    More,
    Plant,
    Series,
    Share,
    Silence,
    Stack,
    flows,
)
from est_analysis.gather.sample.register import Chosen
from est_analysis.gather.sample.town import Floats, the_map

RADIUS_M = 75.0
YEAR = (date(2025, 10, 1), AFTER)  # the last twelve months
LEVEL = 0.05


@dataclass(frozen=True)
class Scope:
    """
    Which of the events are counted; `expected` and `observed` read it alike.

    Parameters
    ----------
    realm
        As of a `Flow`.
    start, end
        From one day to another.
    groups
        Groups or categories; none is all.
    x, y, radius_m
        Within so many metres; a radius of 0 is anywhere.
    places
        Named places; none is any.
    hours
        ``weekend nights``, ``school hours``, ``training`` or ``small hours``; empty is any.
    counted
        ``police`` (reported to them), ``seen`` (by a partner), ``both``, ``late`` (registered
        more than `LATE_DAYS` late), ``recorded`` (to the police, where they record it) or ``own``
        (the realm's own partner).
    """

    realm: str
    start: date
    end: date
    groups: tuple[str, ...] = ()
    x: float = 0.0
    y: float = 0.0
    radius_m: float = 0.0
    places: tuple[str, ...] = ()
    hours: str = ""
    counted: str = "police"


@cache
def _week(hours: str) -> npt.NDArray[np.bool_]:
    """Tell which of the week's 168 hours belong to a scope's hours."""
    hour = np.arange(168)
    day, clock_hour = hour // 24, hour % 24
    return {
        "": hour >= 0,
        "weekend nights": ((hour >= 116) & (hour < 124)) | ((hour >= 140) & (hour < 148)),
        "school hours": (day < 5) & (clock_hour >= 8) & (clock_hour < 17),
        "training": (day < 5) & (clock_hour >= 17) & (clock_hour < 22),
        "small hours": (day >= 5) & (clock_hour < 6),
    }[hours]


def _inside(x: Any, y: Any, scope: Scope) -> Any:
    return np.hypot(x - scope.x, y - scope.y) <= scope.radius_m


def _counts(scope: Scope, flow: Flow) -> bool:
    if flow.realm != scope.realm or (scope.groups and flow.what not in scope.groups):
        return False
    return not scope.places or flow.place in scope.places


def _share(scope: Scope, flow: Flow, strength: float) -> float:
    """Return the share of a flow's events, as its own partner hears of them, that are counted."""
    here = float(flow.sites.weight[_inside(flow.sites.x, flow.sites.y, scope)].sum())
    share = here if scope.radius_m else 1.0
    if scope.counted == "recorded":
        moved = sum(part for _, _, part in flow.stacks)
        into = sum(part for x, y, part in flow.stacks if _inside(x, y, scope))
        return share * (1 - moved) + into
    if scope.counted == "late":
        return share * min(1.0, plants.LATE_SHARE * strength)
    factor = {"seen": flow.seen, "both": flow.seen * flow.reported}
    return share * factor.get(scope.counted, 1.0)


def expected(scope: Scope, strength: float, without: str = "") -> float:
    """Return the expected count, exactly: the sum of the flows' rates over places and hours."""
    hours = clock()
    day = hours.start.astype("datetime64[D]")
    within = (day >= np.datetime64(scope.start)) & (day < np.datetime64(scope.end))
    within &= _week(scope.hours)[hours.week_hour]
    total, late = 0.0, 0.0 if without == "late" else strength
    for flow in flows(strength, without):
        if _counts(scope, flow) and (share := _share(scope, flow, late)) > 0:
            total += share * float(flow.hourly()[within].sum())
    return total


def observed(scope: Scope, events: pd.DataFrame) -> int:
    """Return the count among what happened."""
    at = events["at"]
    mask = events["realm"].eq(scope.realm)
    mask &= (at >= pd.Timestamp(scope.start)) & (at < pd.Timestamp(scope.end))
    if scope.groups:
        mask &= events["what"].isin(scope.groups)
    if scope.places:
        mask &= events["place"].isin(scope.places)
    if scope.hours:
        mask &= _week(scope.hours)[(at.dt.day_of_week * 24 + at.dt.hour).to_numpy()]
    x, y = events["x"], events["y"]
    if scope.counted == "recorded":
        x, y = events["stack_x"].fillna(x), events["stack_y"].fillna(y)
    if scope.radius_m:
        mask &= _inside(x, y, scope)
    if scope.counted in {"police", "recorded", "both"}:
        mask &= events["polis"]
    if scope.counted in {"seen", "both"}:
        mask &= events["seen"]
    if scope.counted == "late":
        mask &= events["late"]
    return int(mask.sum())


# --- power ------------------------------------------------------------------------------------


def poisson_power(without: float, with_: float) -> float:
    """
    Return how likely an exact two-sided 5 % test of a known Poisson mean sees the plant.

    The test rejects where either tail has at most 2.5 % without the plant; the power is the exact
    Poisson probability of those counts with it.
    """
    k = np.arange(int(max(without, with_) + 12 * np.sqrt(max(without, with_)) + 40))
    below, above = _poisson_tails(k, without)
    rejects = (below <= LEVEL / 2) | (above <= LEVEL / 2)
    return float(_poisson(k, with_)[rejects].sum())


def _poisson(k: npt.NDArray[np.int64], mean: float) -> Floats:
    density: Floats = np.exp(special.xlogy(k, mean) - mean - special.gammaln(k + 1))
    return density


def _poisson_tails(k: npt.NDArray[np.int64], mean: float) -> tuple[Floats, Floats]:
    density = _poisson(k, mean)
    below = np.cumsum(density)
    return below, 1 - below + density


def two_count_power(before: float, after: float, exposure: float) -> float:
    """
    Return how likely an exact conditional two-sided 5 % test sees the difference of two counts.

    `before` was counted over `exposure` times the length of `after`. Given their sum the later
    count is binomial; the power is the exact sum over both Poisson counts.
    """
    b, a = (np.arange(int(m + 8 * np.sqrt(m) + 20)) for m in (before, after))
    total = b[:, None] + a[None, :]
    share = 1 / (1 + exposure)
    below = special.bdtr(np.broadcast_to(a, total.shape).astype(float), total, share)
    above = np.where(a > 0, special.bdtrc(np.maximum(a - 1, 0).astype(float), total, share), 1.0)
    rejects = 2 * np.minimum(below, above) <= LEVEL
    weight = _poisson(b, before)[:, None] * _poisson(a, after)[None, :]
    return float(weight[rejects].sum())


def binomial_power(n: int, without: float, with_: float) -> float:
    """Return how likely an exact two-sided 5 % test of a share among n sees the other share."""
    k = np.arange(n + 1.0)
    below = special.bdtr(k, n, without)
    above = np.concatenate([[1.0], special.bdtrc(k[:-1], n, without)])
    rejects = (below <= LEVEL / 2) | (above <= LEVEL / 2)
    steps = np.diff(np.concatenate([[0.0], special.bdtr(k, n, with_)]))
    return float(steps[rejects].sum())


# --- the entries ------------------------------------------------------------------------------


def _near(name: str, radius: float = RADIUS_M) -> dict[str, Any]:
    place = the_map().places.set_index("name").loc[name]
    return {"x": float(place["x"]), "y": float(place["y"]), "radius_m": radius}


@singledispatch
def scope_of(plant: Plant) -> Scope:
    """Return where and when a plant shows."""
    raise TypeError(f"no scope is known for a plant of sort {type(plant).__name__}")


@scope_of.register
def _(plant: More) -> Scope:
    groups = tuple(group for group, _ in plant.mix or ())
    if plant.kind == "situation type":
        names = tuple(place for place, _ in plant.places)
        return Scope("crime", FIRST, AFTER, groups, places=names, hours=plant.rhythm)
    ended = plant.end < AFTER
    start, end = (FIRST, plant.end) if ended else (max(plant.start, YEAR[0]), AFTER)
    return Scope("crime", start, end, groups, **_near(plant.places[0][0]))


@scope_of.register
def _(plant: Fewer) -> Scope:
    return Scope("crime", plant.start, AFTER, plant.groups, **_near(plant.place))


@scope_of.register
def _(plant: Hours) -> Scope:
    return Scope("crime", FIRST, AFTER, **_near(plant.place), hours=plant.hours)


@scope_of.register
def _(plant: Series) -> Scope:
    x, y = plants.series_point(plant)
    groups = (plant.group,)
    return Scope("crime", plant.start, plant.end, groups, x=x, y=y, radius_m=plant.radius_m)


@scope_of.register
def _(plant: Fear) -> Scope:
    start, end = YEAR if plant.yearly else (FIRST, AFTER)
    near = _near(plant.place)
    return Scope("citizens", start, end, ("otrygg plats",), **near, counted="own")


@scope_of.register
def _(plant: Stack) -> Scope:
    x, y = plants.stack_point(plant)
    scope = Scope("crime", LAYOUT_B_FROM, AFTER, plant.groups, counted="recorded")
    return replace(scope, x=x, y=y, radius_m=30.0)


@scope_of.register
def _(plant: Silence) -> Scope:
    return Scope(plant.source, plant.start, AFTER, counted="own")


@scope_of.register
def _(_: Late) -> Scope:
    return Scope("crime", LAYOUT_B_FROM, date(2026, 7, 1), counted="late")


@scope_of.register
def _(plant: Share) -> Scope:
    return Scope("crime", FIRST, date(2026, 4, 1), (plant.group,), counted="both")


def entry(id_: str, kind: str, scope: Scope, place: str, with_: float, without: float) -> dict:
    """Return one line of the truth, in what JSON can hold."""
    line = asdict(scope)
    line["start"], line["end"] = scope.start.isoformat(), scope.end.isoformat()
    line["groups"], line["places"] = list(scope.groups), list(scope.places)
    return {
        "id": id_,
        "kind": kind,
        "place": place,
        "scope": line,
        "expected_with": round(with_, 3),
        "expected_without": round(without, 3),
        "power": round(poisson_power(without, with_), 4),
        "power_of": "exact Poisson test of the count against the rate without the plant",
    }


def scope_from(line: dict[str, Any]) -> Scope:
    """Return an entry's scope as it was."""
    told = dict(line["scope"])
    told["start"], told["end"] = (date.fromisoformat(told[key]) for key in ("start", "end"))
    told["groups"], told["places"] = tuple(told["groups"]), tuple(told["places"])
    return Scope(**told)


@cache
def _planted(strength: float) -> tuple[dict[str, Any], ...]:
    lines = []
    for plant in plants.PLANTS:
        scope = scope_of(plant)
        with_, without = expected(scope, strength), expected(scope, strength, plant.id)
        place = getattr(plant, "place", "")
        if isinstance(plant, More):
            place = ", ".join(name for name, _ in plant.places)
        line = entry(plant.id, plant.kind, scope, place, with_, without)
        if isinstance(plant, More) and plant.end < AFTER:
            _cooled(line, plant, scope, strength)
        if isinstance(plant, Share):
            _shared(line, scope, strength, with_)
        if isinstance(plant, Fewer):
            _measured(line, plant, scope, strength)
        lines.append(line)
    return tuple(lines)


def _cooled(line: dict[str, Any], plant: More, scope: Scope, strength: float) -> None:
    later = replace(scope, start=plant.end, end=AFTER)
    after = expected(later, strength)
    exposure = (plant.end - FIRST).days / (AFTER - plant.end).days
    line["expected_after"] = round(after, 3)
    line["power"] = round(two_count_power(line["expected_with"], after, exposure), 4)
    line["power_of"] = "exact conditional test of the count after it cooled against before"


def _shared(line: dict[str, Any], scope: Scope, strength: float, both: float) -> None:
    seen = expected(replace(scope, counted="seen"), strength)
    share = both / seen
    line["seen_by_partners"] = round(seen, 3)
    line["reported_share"] = round(share, 4)
    line["power"] = round(binomial_power(round(seen), ORDINARY_SHARE, share), 4)
    line["power_of"] = "exact binomial test of the share against the ordinary one"


def _measured(line: dict[str, Any], plant: Fewer, scope: Scope, strength: float) -> None:
    line["measure"] = plant.measure
    line["true_effect"] = round(max(0.0, 1 - strength * (1 - plant.left)), 4)
    years = [
        replace(scope, start=scope.start - weeks, end=scope.end - weeks)
        for weeks in (timedelta(weeks=52), timedelta(weeks=104))
    ]
    before = sum(expected(year, strength) for year in years)
    line["expected_two_years_before"] = round(before, 3)
    power = two_count_power(before, line["expected_with"], len(years))
    line["power_against_own_years"] = round(power, 4)
    if plant.moved_to:
        there = Scope(**{**vars(scope), **_near(plant.moved_to)})
        line["moved_to"] = plant.moved_to
        line["moved_with"] = round(expected(there, strength), 3)
        line["moved_without"] = round(expected(there, strength, plant.id), 3)


def chosen_line(chosen: Chosen, strength: float) -> dict[str, Any]:
    """Return the truth about a measure that does nothing; its place may hang on what happened."""
    scope = Scope("crime", chosen.effect_from, AFTER, chosen.groups, **_near(chosen.place))
    rate = expected(scope, strength)
    line = entry(f"measure-{chosen.why}", chosen.kind, scope, chosen.place, rate, rate)
    line["measure"], line["true_effect"] = chosen.measure, 1.0
    line["power_to_see_a_halving"] = round(poisson_power(rate, rate / 2), 4)
    if chosen.start is not None and chosen.end is not None:
        when = replace(scope, start=chosen.start, end=chosen.end)
        line["chosen_period"] = [chosen.start.isoformat(), chosen.end.isoformat()]
        line["chosen_count"] = chosen.count
        line["chosen_expected"] = round(expected(when, strength), 3)
    return line


def known(strength: float, planted: bool, chosen: list[Chosen]) -> list[dict[str, Any]]:
    """Return every truth; where nothing is planted only the measures, which do nothing."""
    lines = [dict(line) for line in _planted(strength)] if planted else []
    return lines + [chosen_line(one, strength if planted else 0.0) for one in chosen]
