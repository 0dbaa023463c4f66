"""
Ask whether what is claimed about where keeps its error rates, and what it can see.

Quiet municipalities are made in memory, of three sorts: the synthetic one's own background, and
invented ones of about 300 and 1,500 located crimes a year with places of very unequal size,
addresses that many reports share, seasons and weekdays that differ between groups and between
sorts of places, years that differ from each other and places that differ from year to year,
several reports of one night, and late registration. Nothing else is in them. Each question of
`patterns.where` is asked of each; then truths of graded strength are planted. `make truth` asks it
all; by itself::

    python -m benchmarks.truth_of_places --seeds 1000
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom

from est_analysis import evidence
from est_analysis.evidence import Finding, Text, Word
from est_analysis.gather.sample.clock import FIRST, clock
from est_analysis.gather.sample.happenings import BURGLARY, happen
from est_analysis.gather.sample.plants import flows
from est_analysis.municipality import Municipality, Thresholds
from est_analysis.patterns import where
from est_analysis.periods import Period, parse

QUARTERS = ("2025Q4", "2026Q1", "2026Q2", "2026Q3")
SORTS = ("sample", "small", "medium")
YEARLY = {"small": 300, "medium": 1500}
DRAWS, STOP_AFTER = 999, 10
KNOWN_AFTER = pd.Timedelta(days=14)
"""So long after the period's end the last delivery was made."""
Line = tuple[str, bool]

# --- quiet municipalities ----------------------------------------------------------------------

# group: share of crimes along the streets, season (amplitude, month of the peak), weekday
GROUPS: dict[str, tuple[float, tuple[float, int], str]] = {
    "Skadegörelse": (0.22, (0.25, 5), "late"),
    "Våld utomhus": (0.08, (0.25, 7), "weekend"),
    "Stöld och snatteri": (0.10, (0.15, 12), "trade"),
    "Fordonstillgrepp": (0.16, (0.45, 7), "even"),
    "Stöld ur fordon": (0.18, (0.2, 10), "even"),
    "Inbrott i lokal och förråd": (0.16, (0.25, 10), "even"),
    "Hot och ofredande": (0.10, (0.1, 5), "late"),
}
WEEKDAYS = {
    "even": (1, 1, 1, 1, 1.2, 1.2, 1),
    "late": (0.8, 0.8, 0.8, 0.9, 1.5, 1.6, 0.8),
    "weekend": (0.3, 0.3, 0.3, 0.4, 2.2, 2.8, 0.7),
    "trade": (1, 1, 1, 1.1, 1.4, 1.2, 0.5),
}
# sort of place: how many of ten, its groups, its own season
PLACES: dict[str, tuple[int, dict[str, float], str]] = {
    "torg": (3, {"Våld utomhus": 4, "Hot och ofredande": 3, "Skadegörelse": 3}, ""),
    "butik": (2, {"Stöld och snatteri": 8, "Hot och ofredande": 1, "Skadegörelse": 1}, ""),
    "skola": (2, {"Skadegörelse": 6, "Hot och ofredande": 2, "Fordonstillgrepp": 2}, "term"),
    "bad": (1, {"Fordonstillgrepp": 3, "Stöld och snatteri": 2, "Stöld ur fordon": 2}, "summer"),
    "parkering": (2, {"Stöld ur fordon": 6, "Fordonstillgrepp": 3, "Skadegörelse": 1}, ""),
}
BETWEEN_YEARS, BETWEEN_PLACES = 0.12, 0.3
"""Coefficients of variation: of a group's level from year to year, and of a place's beyond that."""
SPREES = 0.06
"""The share of crimes that more reports of the same place and night follow."""


@dataclass(frozen=True)
class Days:
    """Every day that is delivered: year (from October), and weight by season and weekday."""

    day: np.ndarray
    year: np.ndarray
    month: np.ndarray
    weekday: np.ndarray
    term: np.ndarray


@cache
def calendar() -> Days:
    """Return the five years, day by day."""
    hours = clock()
    noon = slice(12, None, 24)
    day = hours.start[noon].astype("datetime64[D]").astype(np.int64)
    return Days(day, hours.year[noon], hours.month[noon], (day + 3) % 7, hours.term[noon])


@cache
def weights(group: str, own: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a group's risk each day, a mean of 1, summed; and each year's part of it."""
    days, (_, (amplitude, peak), week) = calendar(), GROUPS[group]
    weight = 1 + amplitude * np.cos(2 * np.pi * (days.month - peak) / 12)
    weight = weight * np.array(WEEKDAYS[week])[days.weekday]
    if own == "term":
        weight = weight * days.term
    if own == "summer":
        weight = weight * np.where(np.isin(days.month, (6, 7, 8)), 1.0, 0.1)
    weight = weight / weight.mean() / 365.25
    summed = np.append(0.0, np.cumsum(weight))
    return summed, np.searchsorted(days.year, np.arange(days.year.max() + 2))


@dataclass(frozen=True)
class Town:
    """Where crimes can happen: addresses, each of a place and a sort of place, and their risk."""

    x: np.ndarray
    y: np.ndarray
    place: np.ndarray  # number, by address
    within: np.ndarray  # the address's part of its place's risk
    sort: list[str]  # by place
    share: np.ndarray  # by place: part of all crimes

    def names(self) -> np.ndarray:
        """Return the places' names."""
        return np.array([f"{sort or 'gata'} {i}" for i, sort in enumerate(self.sort)], dtype=object)


def build(rng: np.random.Generator, yearly: int) -> Town:
    """Return a town of a size that fits so many crimes a year: places, streets and lone roads."""
    places, streets = round(4 + yearly**0.5 * 0.9), round(yearly**0.5 * 3.5)
    centres = rng.uniform(0, 20_000, (3, 2))
    reach = np.array([900.0, 350.0, 200.0]) * (yearly / 300) ** 0.25
    order = [sort for sort, (n, _, _) in PLACES.items() for _ in range(n)]
    sorts = [order[i % 10] for i in range(places)] + [""] * streets
    of = rng.choice(3, len(sorts), p=(0.65, 0.22, 0.13))
    middle = centres[of] + rng.normal(0, 1, (len(sorts), 2)) * reach[of][:, None]
    lone = (np.array(sorts) == "") & (rng.random(len(sorts)) < 0.2)
    middle[lone] = rng.uniform(0, 20_000, (int(lone.sum()), 2))
    n = np.where(np.array(sorts) == "", rng.integers(2, 25, len(sorts)), rng.integers(1, 4))
    place = np.repeat(np.arange(len(sorts)), n)
    angle = rng.uniform(0, np.pi, len(sorts))[place]
    along = np.where(np.array(sorts)[place] == "", 1.0, 0.2) * rng.uniform(-250, 250, len(place))
    x = (middle[place, 0] + along * np.cos(angle)).round()
    y = (middle[place, 1] + along * np.sin(angle)).round()
    within = rng.pareto(1.5, len(place)) + 0.2
    within /= np.bincount(place, within)[place]
    share = rng.lognormal(0, 1.1, len(sorts))
    named = np.array(sorts) != ""
    share *= np.where(named, 0.5 / share[named].sum(), 0.5 / share[~named].sum())
    return Town(x, y, place, within, sorts, share)


def draw(town: Town, yearly: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return what happens in a town: ``group``, ``address``, ``day`` (numbers), spree by spree."""
    years = calendar().year.max() + 1
    level = {group: rng.gamma(1 / BETWEEN_YEARS**2, BETWEEN_YEARS**2, years) for group in GROUPS}
    own = rng.gamma(1 / BETWEEN_PLACES**2, BETWEEN_PLACES**2, (len(town.sort), years))
    sort = np.array(town.sort)
    start = np.searchsorted(town.place, np.arange(len(sort)))
    summed_within = np.cumsum(town.within)
    parts = []
    for name in ["", *PLACES]:
        mix = PLACES[name][1] if name else {group: part for group, (part, _, _) in GROUPS.items()}
        season = PLACES[name][2] if name else ""
        places = np.flatnonzero(sort == name)
        for group, part in mix.items():
            summed, bounds = weights(group, season)
            mass = np.diff(summed[bounds])
            rate = yearly * part / sum(mix.values()) * town.share[places]
            n = rng.poisson(rate[:, None] * mass * level[group] * own[places])
            where_, year = (np.repeat(a.ravel(), n.ravel()) for a in np.indices(n.shape))
            at = summed[bounds[year]] + rng.random(len(year)) * mass[year]
            day = np.searchsorted(summed, at, side="right") - 1
            p = places[where_]
            address = np.searchsorted(summed_within, p + rng.random(len(p)))
            address = np.clip(address, start[p], np.append(start[1:], len(town.place))[p] - 1)
            parts.append(pd.DataFrame({"group": group, "address": address, "day": day}))
    found = pd.concat(parts, ignore_index=True)
    more = np.where(rng.random(len(found)) < SPREES, rng.geometric(0.4, len(found)), 0)
    spree = found.loc[found.index.repeat(more)]
    spree = spree.assign(day=spree["day"] + rng.integers(0, 2, len(spree)))
    return pd.concat([found, spree], ignore_index=True)


def table(
    group: Any, place: Any, sort: Any, x: Any, y: Any, day: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Return accepted events, those columns of them that are read; registered late at times."""
    late = rng.exponential(np.where(rng.random(len(day)) < 0.15, 30.0, 3.0)).astype(np.int64)
    return pd.DataFrame(
        {
            "source": "polis",
            "partner": "Polisen",
            "kind": "reported_crime",
            "group": pd.Series(group, dtype=str),
            "police_activity": False,
            "start": pd.Series(np.asarray(day, "datetime64[D]").astype("datetime64[s]")),
            "registered": pd.Series((day + late).astype("datetime64[D]").astype("datetime64[s]")),
            "time_precision": "minute",
            "x": np.asarray(x, float),
            "y": np.asarray(y, float),
            "place_precision": "point",
            "place": pd.Series(place, dtype=str),
            "place_type": pd.Series(sort, dtype=str),
            "count": 1,
        }
    )


@cache
def settings() -> Municipality:
    """Return a municipality with one source and nothing but ordinary thresholds."""
    source = {
        "partner": "Polisen",
        "kind": "reported_crime",
        "files": "deliveries/polis/*.csv",
        "format": "csv",
        "columns": {"start": "datum", "x": "x", "y": "y"},
        "constants": {"group": "Skadegörelse"},
        "covers_from": FIRST,
    }
    return Municipality.model_validate(
        {
            "folder": Path("lillby"),
            "name": "Lillby",
            "code": "9998",
            "purpose": "prov",
            "controller": "Kommunstyrelsen",
            "crs": "EPSG:3006",
            "sources": {"polis": source},
        }
    )


def quiet(sort: str, seed: int) -> tuple[pd.DataFrame, Period]:
    """
    Return the accepted events of a municipality where nothing goes on, and a period to report.

    Parameters
    ----------
    sort
        One of `SORTS`.
    seed
        Of everything in it; the period goes through the year's quarters with it.
    """
    period = parse(QUARTERS[seed % 4])
    rng = np.random.default_rng([seed, SORTS.index(sort)])
    if sort == "sample":
        all_of_it = happen(flows(0.0), seed)
        own = all_of_it[all_of_it["polis"] & (all_of_it["what"] != BURGLARY)]
        place = own["place"].where(own["place"] != "", own["street"])
        day = own["start"].to_numpy().astype("datetime64[D]").astype(np.int64)
        of = own["what"].to_numpy(), place.to_numpy(), own["place_type"].to_numpy()
        events = table(*of, own["x"], own["y"], day, rng)
    else:
        town = build(rng, YEARLY[sort])
        own = draw(town, YEARLY[sort], rng)
        own = own[own["day"] < len(calendar().day)]
        events = accepted(town, own, rng)
    return events[events["registered"] < pd.Timestamp(period.end) + KNOWN_AFTER], period


def accepted(town: Town, own: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return what happened in a town as accepted events."""
    address = own["address"].to_numpy()
    place = town.names()[town.place[address]]
    day = calendar().day[own["day"].to_numpy()]
    of = own["group"].to_numpy(), place, np.array(town.sort, dtype=object)[town.place[address]]
    return table(*of, town.x[address], town.y[address], day, rng)


# --- what is said ------------------------------------------------------------------------------

Answers = dict[str, float]
"""By question: the raw p; missing below its gate."""


def answers(events: pd.DataFrame, period: Period, asked: Iterable[str]) -> Answers:
    """Ask the questions of one municipality."""
    found: Answers = {}
    for question in asked:
        p = QUESTIONS[question](events, period)
        if p is not None:
            found[question] = p
    return found


def of_places(events: pd.DataFrame, period: Period) -> float | None:
    """Return the p of the place that stands out most, adjusted over all places."""
    said = where.standing_out(events, period, settings(), draws=DRAWS)
    return None if said.why_not else float(said.table["p"].min())


def of_repeats(events: pd.DataFrame, period: Period) -> float | None:
    """Return the p of near repeats."""
    said = where.repeats(events, period, settings(), draws=DRAWS, stop_after=STOP_AFTER)
    return said.p if len(said.groups) else None


def of_bursts(events: pd.DataFrame, period: Period) -> float | None:
    """Return the p of the best cylinder at any time of the quarter."""
    return _best(where.bursts(events, period, settings(), draws=DRAWS, stop_after=STOP_AFTER))


def of_what_goes_on(events: pd.DataFrame, period: Period) -> float | None:
    """Return the p of the best cylinder that is still going on, as the fortnight's brief asks."""
    said = where.bursts(
        events,
        period.last_fortnight(),
        settings(),
        prospective=True,
        draws=DRAWS,
        stop_after=STOP_AFTER,
    )
    return _best(said)


def _best(said: where.Bursts) -> float | None:
    if not said.gate:
        return None
    return float(said.found["p"].iloc[0]) if len(said.found) else 1.0


QUESTIONS: dict[str, Callable[[pd.DataFrame, Period], float | None]] = {
    "places": of_places,
    "repeats": of_repeats,
    "bursts": of_bursts,
    "going on": of_what_goes_on,
}
REPORT = ("places", "repeats", "bursts")
"""What a quarterly report asks; the fortnight's brief asks what is going on instead of bursts."""


# --- what is planted ---------------------------------------------------------------------------

Planted = tuple[pd.DataFrame, Period]


def grown(sort: str, seed: int, times: float) -> tuple[pd.DataFrame, Period, str]:
    """Let one place, of about a fiftieth of all crimes before, grow in the period; and name it."""
    events, period = quiet(sort, seed)
    rng = np.random.default_rng([seed, 1])
    before = events[events["start"] < pd.Timestamp(period.start)]
    n = before["place"].value_counts().sort_index()
    place = str((n - 0.02 * len(before)).abs().idxmin())
    # as many more as the place's own earlier level says, not as happened to be there now
    days = (before["start"].max() - before["start"].min()).days
    more = rng.poisson((times - 1) * n[place] * period.days / days)
    own = before[before["place"] == place].sample(more, replace=True, random_state=seed)
    day = np.datetime64(period.start, "D") + rng.integers(0, period.days, more)
    return _with(events, own, own["x"], own["y"], day), period, place


def spreading(sort: str, seed: int, share: float) -> Planted:
    """Let so many of a year's crimes follow another of their group within 150 m and ten days."""
    events, period = quiet(sort, seed)
    rng = np.random.default_rng([seed, 2])
    year = period.year_to_end()
    inside = where.in_period(events, year)
    follows = pd.Series(rng.random(len(inside)) < share, index=inside.index)
    first = inside[~follows]
    parts = [events.drop(index=follows.index[follows])]
    for group, own in inside[follows].groupby("group"):
        led = first[first["group"] == group]
        if led.empty:
            continue
        led = led.iloc[rng.integers(0, len(led), len(own))]
        x, y = _around(led["x"], led["y"], 150, rng)
        day = led["start"].to_numpy().astype("datetime64[D]") + rng.integers(1, 11, len(own))
        day = np.minimum(day, np.datetime64(year.last, "D"))
        parts.append(_with(events.iloc[:0], led, x, y, day))
    return pd.concat(parts, ignore_index=True), period


def bursting(sort: str, seed: int, n: int, *, now: bool) -> Planted:
    """Add a burst of `n` of one group within 200 m and ten days, ending with the period if now."""
    events, period = quiet(sort, seed)
    rng = np.random.default_rng([seed, 3])
    inside = where.in_period(events, period)
    led = inside.iloc[np.full(n, rng.integers(len(inside)))]
    x, y = _around(led["x"], led["y"], 200, rng)
    last = 0 if now else int(rng.integers(0, period.days - 10))
    day = np.datetime64(period.last, "D") - last - rng.integers(0, 10, n)
    return _with(events, led, x, y, day), period


def _around(x: Any, y: Any, metres: float, rng: np.random.Generator) -> tuple[Any, Any]:
    away, angle = metres * np.sqrt(rng.random(len(x))), rng.uniform(0, 2 * np.pi, len(x))
    return (x + away * np.cos(angle)).round(), (y + away * np.sin(angle)).round()


def _with(events: pd.DataFrame, like: pd.DataFrame, x: Any, y: Any, day: Any) -> pd.DataFrame:
    start = np.asarray(day).astype("datetime64[s]")
    more = like.assign(x=np.asarray(x), y=np.asarray(y), start=start, registered=start)
    return pd.concat([events, more], ignore_index=True)


STRENGTHS: dict[str, tuple[float, ...]] = {
    "places": (2, 3, 5, 10),
    "repeats": (0.05, 0.1, 0.2, 0.4),
    "bursts": (4, 6, 9, 12),
    "going on": (4, 6, 9, 12),
}


def seen(question: str, sort: str, seed: int, strength: float) -> float | None:
    """Return the p of what was planted; for a place that of the very place, adjusted over all."""
    if question == "places":
        events, period, place = grown(sort, seed, strength)
        said = where.standing_out(events, period, settings(), draws=DRAWS)
        if said.why_not:
            return None
        return float(said.table.set_index("place")["p"].get(place, 1.0))
    if question == "repeats":
        events, period = spreading(sort, seed, strength)
    else:
        events, period = bursting(sort, seed, int(strength), now=question == "going on")
    return QUESTIONS[question](events, period)


# --- the lines ---------------------------------------------------------------------------------


def words(said: Answers, thresholds: Thresholds) -> tuple[bool, bool]:
    """Return whether the room says a false *clear*, a false claim, if the other rooms ask too."""
    nothing = Text("")
    findings = [
        Finding(
            f"where/{question}",
            {},
            n=0,
            null=nothing,
            p=said[question],
            block="places" if question == "places" else None,
        )
        for question in REPORT
        if question in said
    ]
    others = [
        Finding(f"{room}/x", {}, n=0, null=nothing, p=1.0)
        for room in evidence.SHARES
        if room != "where"
    ]
    judged = {f.word for f in evidence.judge([*findings, *others], thresholds)}
    return Word.CLEAR in judged, bool(judged & {Word.CLEAR, Word.INDICATION})


def levels(thresholds: Thresholds) -> dict[str, float]:
    """Return the p at which a question is claimed: by itself, and as the room's least (Holm)."""
    return {
        "by itself": thresholds.clear,
        "clear": thresholds.clear * evidence.SHARES["where"] / len(REPORT),
        "claim": thresholds.indication * evidence.SHARES["where"] / len(REPORT),
    }


def null_checks(said: Sequence[tuple[str, Answers]], thresholds: Thresholds) -> list[Line]:
    """
    Return whether each question, and the room, keeps within the binomial 99 % bound.

    Parameters
    ----------
    said
        The sort of municipality, and what was answered.
    thresholds
        The municipality's.
    """
    lines = []
    for rate in (thresholds.clear, thresholds.indication):
        for question in QUESTIONS:
            for sorts in (SORTS, *((sort,) for sort in SORTS)):
                p = [a[question] for sort, a in said if sort in sorts and question in a]
                lines.append(bounded(f"{question}, {_all(sorts)}", [q <= rate for q in p], rate))
    share = evidence.SHARES["where"]
    clear, claim = zip(*(words(answer, thresholds) for _, answer in said), strict=True)
    lines.append(bounded("the room: any false clear", clear, thresholds.clear * share))
    lines.append(bounded("the room: any false claim", claim, thresholds.indication * share))
    return lines


def _all(sorts: Sequence[str]) -> str:
    return "all" if len(sorts) == len(SORTS) else sorts[0]


def bounded(what: str, false: Sequence[bool], rate: float) -> Line:
    """Return whether so many false claims are no more than chance makes at this rate."""
    n, bound = len(false), int(binom.ppf(0.99, len(false), rate))
    text = f"null, {what}: {sum(false)} of {n} false at {rate:.0%} (at most {bound})"
    return text, n > 0 and sum(false) <= bound


def _quiet_one(job: tuple[str, int]) -> tuple[str, Answers]:
    sort, seed = job
    return sort, answers(*quiet(sort, seed), QUESTIONS)


def _planted_one(job: tuple[str, str, int, float]) -> tuple[tuple[str, str, float], float | None]:
    question, sort, seed, strength = job
    return (question, sort, strength), seen(question, sort, seed, strength)


def curve(found: Iterable[tuple[tuple[str, str, float], float | None]]) -> list[str]:
    """Return the power by question, size of town and strength, as lines of a table."""
    of: dict[tuple[str, str, float], list[float]] = {}
    for key, p in found:
        of.setdefault(key, []).append(1.0 if p is None else p)
    at = levels(Thresholds())
    rows = ["| question | town | strength | n | " + " | ".join(at) + " | |", "|---" * 8 + "|"]
    for (question, sort, strength), p in of.items():
        power = [float(np.mean(np.array(p) <= level)) for level in at.values()]
        shown = " | ".join(f"{share:.0%}" for share in power)
        bar = "#" * round(20 * power[0])
        rows.append(f"| {question} | {sort} | {strength:g} | {len(p)} | {shown} | {bar} |")
    return rows


def asked(seeds: int, planted: int, pool: ProcessPoolExecutor) -> tuple[list[Line], list[str]]:
    """
    Ask everything.

    Parameters
    ----------
    seeds
        Quiet municipalities in all, the sorts in turn, seeds from 1.
    planted
        Municipalities for each strength of what is planted.
    pool
        To spread the work over.

    Returns
    -------
    lines, rows
        Each check with its figure and whether it is met; and the power, as a table.
    """
    jobs = [(SORTS[i % len(SORTS)], i // len(SORTS) + 1) for i in range(seeds)]
    said = list(pool.map(_quiet_one, jobs, chunksize=3))
    plants = [
        (question, sort, seed, strength)
        for question, strengths in STRENGTHS.items()
        for sort in YEARLY
        for strength in strengths
        for seed in range(1, planted + 1)
    ]
    found = list(pool.map(_planted_one, plants, chunksize=4))
    return null_checks(said, Thresholds()), curve(found)


def main() -> int:
    """Print every check with its figure and the power; return non-zero when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="quiet municipalities in all")
    parser.add_argument("--planted", type=int, default=50, help="for each strength")
    options = parser.parse_args()
    began = time.monotonic()
    with ProcessPoolExecutor(2) as pool:
        lines, rows = asked(options.seeds, options.planted, pool)
    print("\n".join(rows))
    for text, met in lines:
        print(f"{'met   ' if met else 'MISSED'} {text}")
    met = sum(ok for _, ok in lines)
    print(f"{met} met, {len(lines) - met} missed; {(time.monotonic() - began) / 60:.0f} minutes")
    return int(met < len(lines))


if __name__ == "__main__":
    raise SystemExit(main())
