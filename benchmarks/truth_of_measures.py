"""
Ask whether what is claimed about measures keeps its error rates, and what it can see.

Towns are made in memory: places whose yearly rates differ, five years before and one after, quarter
by quarter, years or quarters that vary more than chance makes them where asked. Some places are
treated: chosen at random, on a peak, or on several years' total; the register says on which period,
or not. Each town is asked what the report asks, with the dispersion that the report would estimate
from that town. `make truth` runs it; by itself, and to write the figures into docs/truth.md::

    python -m benchmarks.truth_of_measures --write
"""

from __future__ import annotations

import argparse
import itertools
import math
import resource
import sys
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from benchmarks.truth import report
from est_analysis.evidence import SHARES, Finding, Text, Word, judge
from est_analysis.gather import sample
from est_analysis.gather.geography import Geography
from est_analysis.gather.tables import EVENTS
from est_analysis.measures.design import Design
from est_analysis.measures.evaluation import (
    Evaluation,
    evaluate,
    weighted_displacement_difference,
)
from est_analysis.measures.register import MEASURE_COLUMNS, PROBLEM_COLUMNS, Register
from est_analysis.measures.unrest import of_places
from est_analysis.municipality import Municipality, Thresholds
from est_analysis.patterns.coverage import first_covered
from est_analysis.periods import parse
from est_analysis.reports.findings_of_measures import judged_finding, measure_findings

YEARS, QUARTERS = 5, 4
PERIOD = parse("2026Q1")
SEASON = pd.Timedelta(weeks=52)
STARTED = pd.Timestamp(PERIOD.end) - SEASON
FIRST = STARTED - YEARS * SEASON
CLAIMS = (Word.CLEAR, Word.INDICATION)
LEVELS = (2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200)
EFFECTS = (0.8, 0.65, 0.5, 0.35, 0.25, 0.1, 1.5, 2.0, 3.0)
SURE, CALLED, TOLD = 0.90, 0.80, 0.80
"""A planted effect with this power must be called in this share; the power of the line told."""
SLACK = 0.05
"""How near the planned power should be, apart from chance."""
PAGE = Path(__file__).parents[1] / "docs/truth.md"
MARKS = ("<!-- measures: from here -->", "<!-- measures: to here -->")
Line = tuple[str, bool]
Say = Callable[[Evaluation, str, int], Finding]


@dataclass(frozen=True)
class Sort:
    """
    A sort of town.

    Parameters
    ----------
    name
        Also decides where its chance comes from.
    choice
        One of `CHOICES`: how the treated places were chosen.
    stated
        ``yes``: the register says so; ``no``: it does not; ``wrong``: it names another year, which
        is what the program would do if it did not heed the period.
    effect
        The true ratio of rates after to before, at treated places.
    dispersion
        Variance over mean of a year's count at a place.
    lasts
        ``year``: a restless year is so all through; ``quarter``: each quarter by itself.
    scale
        Of the gamma distribution (shape 2) of yearly rates.
    level
        Yearly rate of every place instead, if above zero.
    treated, places
        How many.
    moved
        This share of what was prevented happens around the place instead.
    rings
        Whether anything happens around places.
    compared
        ``size``: with a place of the same size, which the group knows without counting;
        ``counts``: with one that had as many events in the three years before; ``rule``: with
        what the program chooses; ``rest``: with all the rest of the town.
    history
        Years before the measures that the deliveries cover, of five.
    coverage
        Of intervals.
    """

    name: str
    choice: str = "random"
    stated: str = "yes"
    effect: float = 1.0
    dispersion: float = 1.0
    lasts: str = "year"
    scale: float = 5.0
    level: float = 0.0
    treated: int = 10
    places: int = 200
    moved: float = 0.0
    rings: bool = False
    compared: str = "size"
    history: int = YEARS
    coverage: float = 0.95


# --- towns ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Town:
    """
    What happened, and where something was done.

    Parameters
    ----------
    rates
        Shape (n_places,): true rates a year, without any effect.
    counts, around
        Shape (n_places, 24): by quarter, at places and around them.
    treated, others, by_lot
        Places: treated, like them, and any others.
    periods
        What the register says that each was chosen on.
    chosen_on
        The quarters that each was chosen on; empty where by lot.
    """

    rates: np.ndarray
    counts: np.ndarray
    around: np.ndarray
    treated: np.ndarray
    others: np.ndarray
    by_lot: np.ndarray
    periods: list[str]
    chosen_on: list[slice]

    @property
    def before(self) -> np.ndarray:
        """Counts by year before the measures, shape (n, 5), the latest last."""
        return self.counts[:, : YEARS * QUARTERS].reshape(-1, YEARS, QUARTERS).sum(axis=2)


def _period(quarters: slice) -> str:
    """Return the days of quarters of thirteen weeks, counted from the first."""
    first, last = (FIRST + SEASON * at / QUARTERS for at in (quarters.start, quarters.stop))
    return f"{first.date()}--{(last - pd.Timedelta(days=1)).date()}"


def _chosen_on(counts: np.ndarray, choice: str, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return by what places are chosen, and the first and the last quarter looked at, of each."""
    end = YEARS * QUARTERS
    years = counts[:, :end].reshape(-1, YEARS, QUARTERS).sum(axis=2)
    whole = np.zeros(len(counts), dtype=int)
    if choice == "random":
        return rng.random(len(counts)), whole, whole
    if choice == "worst of four years":
        worst = 1 + years[:, 1:].argmax(axis=1)
        return years[:, 1:].max(axis=1), QUARTERS * worst, QUARTERS * (worst + 1)
    reach = {"last year": 4, "last quarter": 1, "three years": 12, "four years": 16}[choice]
    return counts[:, end - reach : end].sum(axis=1), whole + end - reach, whole + end


CHOICES = ("random", "last year", "last quarter", "worst of four years", "three years")
CHOICES += ("four years",)


def draw(sort: Sort, rng: np.random.Generator) -> Town:
    """Draw a town: what happened, and where something was done."""
    n, quarters = sort.places, (YEARS + 1) * QUARTERS
    rates = np.full(n, sort.level) if sort.level else rng.gamma(2, sort.scale, n)
    expected = np.repeat(rates[:, None] / QUARTERS, quarters, axis=1)
    around = expected * sort.rings
    counts = rng.poisson(_restless(sort, expected, rng))
    by, first, last = _chosen_on(counts, sort.choice, rng)
    order = np.argsort(-by, kind="stable")
    treated, rest = order[: sort.treated], list(order[sort.treated :])
    size = (
        rates
        if sort.compared != "counts"
        else counts[:, 2 * QUARTERS : YEARS * QUARTERS].sum(axis=1)
    )
    others = []
    for place in treated:
        others.append(min(rest, key=lambda other: (abs(size[other] - size[place]), other)))
        rest.remove(others[-1])
    after = slice(YEARS * QUARTERS, None)
    restless = _restless(sort, expected[treated, after] * sort.effect, rng)
    counts[treated, after] = rng.poisson(restless)
    prevented = expected[treated, after] * (1 - sort.effect)
    around[treated, after] += sort.moved * prevented
    looked = [slice(first[place], last[place]) for place in treated]
    periods = [
        {"yes": "2015" if one.stop == 0 else _period(one), "no": "", "wrong": "2015"}[sort.stated]
        for one in looked
    ]
    chance_around = rng.poisson(_restless(sort, around, rng)) if sort.rings else around.astype(int)
    by_lot = rng.permutation(order[sort.treated :])[: sort.treated]
    return Town(rates, counts, chance_around, treated, np.array(others), by_lot, periods, looked)


def _restless(sort: Sort, expected: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return rates that vary so that the counts they give have the variance asked for."""
    if sort.dispersion <= 1:
        return expected
    length = QUARTERS if sort.lasts == "year" else 1
    whole = expected.reshape(len(expected), -1, length).sum(axis=2)
    unit = np.maximum(whole, 1e-9) / (sort.dispersion - 1)
    varied = rng.gamma(unit, sort.dispersion - 1) / np.maximum(whole, 1e-9)
    return expected * np.repeat(varied, length, axis=1)


@cache
def _settings(coverage: float = 0.95, history: int = YEARS) -> Municipality:
    return Municipality.model_validate(
        {
            "folder": Path("prov"),
            "name": "Prov",
            "code": "9998",
            "purpose": "prov",
            "controller": "prov",
            "crs": "EPSG:3006",
            "thresholds": {"interval_level": coverage},
            "sources": {
                "polis": {
                    "partner": "Polisen",
                    "kind": "reported_crime",
                    "files": "*.csv",
                    "format": "csv",
                    "columns": {"start": "datum"},
                    "constants": {"group": "Alla"},
                    "covers_from": (STARTED - history * SEASON).date(),
                }
            },
        }
    )


def _name(place: int) -> str:
    return f"Plats {place:03}"


@cache
def _geography(places: int) -> Geography:
    table = pd.DataFrame({"name": [_name(i) for i in range(places)], "place_type": "torg"})
    table = table.assign(x=1_000.0 * np.arange(places), y=0.0, area="A")
    return Geography(boundary=None, areas=None, places=table, streets=None)


def events(town: Town, history: int = YEARS) -> pd.DataFrame:
    """Return the town's reported crimes; a quarter's at a place, or around it, are one row."""
    counts = np.concatenate([town.counts, town.around])
    counts[:, : (YEARS - history) * QUARTERS] = 0
    at, quarter = np.nonzero(counts)
    place, outside = at % len(town.counts), at >= len(town.counts)
    named = np.char.add(np.where(outside, "Runt ", ""), np.array([_name(i) for i in place]))
    table = {
        "event_id": [f"polis:{i}" for i in range(len(at))],
        "source": "polis",
        "partner": "Polisen",
        "kind": "reported_crime",
        "group": "Alla",
        "start": FIRST + pd.to_timedelta(91 * quarter + 45, unit="D"),
        "place_precision": "point",
        "x": 1_000.0 * place,
        "y": 250.0 * outside,
        "place": named,
        "count": counts[at, quarter],
        "end": pd.NaT,
        "registered": pd.NaT,
        "severity": np.nan,
        "police_activity": False,
        "row": 2,
        "time_precision": "minute",
    }
    kinds = {name: str(column.dtype) for name, column in EVENTS.columns.items()}
    return pd.DataFrame({k: table.get(k, "") for k in kinds}, index=range(len(at))).astype(kinds)


def register(town: Town, sort: Sort, started: pd.Timestamp = STARTED) -> Register:
    """Return the group's register of the town's measures."""
    ids = [f"A{i}" for i in range(len(town.treated))]
    problems = pd.DataFrame({c: [""] * len(ids) for c in PROBLEM_COLUMNS}).assign(
        id=ids,
        plats=[_name(i) for i in town.treated],
        **dict.fromkeys(("x", "y", "radie_m", "paverkbarhet"), np.nan),
        vald_period=town.periods,
    )
    measures = pd.DataFrame({c: [""] * len(ids) for c in MEASURE_COLUMNS}).assign(
        id=ids,
        problem=ids,
        jamforelseplats={"rule": "", "rest": "övriga kommunen"}.get(
            sort.compared, [_name(i) for i in town.others]
        ),
        startdatum=started,
        forvantad_effekt_fran=pd.NaT,
        slutdatum=pd.NaT,
    )
    return replace(_no_register(), problems=problems, measures=measures)


@cache
def _no_register() -> Register:
    return Register(*(pd.DataFrame() for _ in range(4)))


# --- what is asked of a town ---------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """
    What was said of a town's measures.

    Parameters
    ----------
    shared, lone
        The words where the other rooms of the report ask too, and where only measures do; None
        where nothing could be tried.
    fell
        Whether each ratio of rates was below one.
    naive
        Whether the plain test of the chosen places together against the period on which they were
        chosen claims a fall (one-sided 5 %); None where they were chosen at random.
    falls
        Naive baseline, shrunken baseline and true rate, where the program tells them.
    covered
        Whether the interval holds the true ratio, of those evaluated.
    moved
        p and estimate of the rings.
    dispersion
        As estimated.
    """

    shared: list[Word | None]
    lone: list[Word | None]
    fell: list[bool]
    naive: bool | None
    falls: list[tuple[float, float, float]]
    covered: list[bool]
    moved: list[tuple[float, float]]
    dispersion: float


def ask(sort: Sort, number: int, say: Say = judged_finding) -> Told:
    """Return what is said of the town with this number."""
    rng = np.random.default_rng([7, zlib.crc32(sort.name.encode()), number])
    town, settings = draw(sort, rng), _settings(sort.coverage, sort.history)
    happened = events(town, sort.history)
    kept = register(town, sort)
    phi = estimated(happened, kept, settings)
    found = evaluate(happened, kept, PERIOD, settings, _geography(sort.places), dispersion=phi)
    findings = [say(e, e.measure, rank) for rank, e in enumerate(found)]
    known = [(e, town.rates[place]) for e, place in zip(found, town.treated, strict=True)]
    return Told(
        shared=_words([*findings, *OTHERS], settings.thresholds)[: len(found)],
        lone=_words(findings, settings.thresholds),
        fell=[e.ratio is not None and e.ratio < 1 for e in found],
        naive=naive(town),
        falls=[(e.fall.naive, e.fall.shrunken, rate) for e, rate in known if e.fall],
        covered=[e.interval.low <= sort.effect <= e.interval.high for e in found if e.interval],
        moved=[(e.moved.p, e.moved.estimate) for e in found if e.moved],
        dispersion=phi,
    )


def estimated(happened: pd.DataFrame, kept: Register, settings: Municipality) -> float:
    """Return the dispersion as the report estimates it."""
    first = first_covered(happened, "reported_crime", settings, by_place=True)
    return of_places(happened, PERIOD, settings, first=first, treated=kept.problems["plats"])


OTHERS = [
    Finding(f"{room}/x", dict.fromkeys(Word, Text("")), 100, null=Text(""), p=1.0)
    for room in SHARES
    if room != "measure"
]
"""The other rooms' questions, to which nothing is the answer."""


def _words(findings: list[Finding], thresholds: Thresholds) -> list[Word | None]:
    return [one.word if one.tested else None for one in judge(findings, thresholds)]


def naive(town: Town) -> bool | None:
    """
    Tell whether a plain test of all treated places together claims a fall.

    The period on which they were chosen is before; other places drawn by lot are compared with.
    """
    sums = np.zeros((2, 2), dtype=int)
    for place, other, looked in zip(town.treated, town.by_lot, town.chosen_on, strict=True):
        if looked.stop == 0:
            return None
        for row, one in enumerate((place, other)):
            sums[row] += town.counts[one, looked].sum(), town.counts[one, -QUARTERS:].sum()
    lengths = (town.chosen_on[0].stop - town.chosen_on[0].start, QUARTERS)
    found = weighted_displacement_difference(
        *((int(before), int(after)) for before, after in sums), time_weights=lengths
    )
    return found.estimate / found.standard_error < ndtri(0.05)


# --- bounds --------------------------------------------------------------------------------------


def at_most(what: str, seen: int, of: int, rate: float, tail: float = 0.99) -> Line:
    """Return a line that is met when no more were seen than chance gives at `rate`."""
    bound = int(binom.ppf(tail, of, rate))
    return f"{what}: {seen} of {of} (at most {bound})", seen <= bound


def at_least(what: str, seen: int, of: int, rate: float, tail: float = 0.99) -> Line:
    """Return a line that is met when no fewer were seen than chance gives at `rate`."""
    bound = int(binom.ppf(1 - tail, of, rate))
    return f"{what}: {seen} of {of} (at least {bound})", seen >= bound


def as_planned(what: str, seen: int, of: int, power: float) -> Line:
    """Return a line that is met when as many were called as planned, but for slack and chance."""
    low = int(binom.ppf(0.005, of, max(0.0, power - SLACK)))
    high = int(binom.ppf(0.995, of, min(1.0, power + SLACK)))
    text = f"{what}, planned {power:.1%}: called {seen} of {of} ({low} to {high})"
    return text, low <= seen <= high


def percent(part: int, of: int) -> str:
    """Return a share in per cent, with one decimal under ten."""
    share = 100 * part / of if of else math.nan
    return "–" if math.isnan(share) else f"{share:.{1 if share < 10 else 0}f} %"


@dataclass(frozen=True)
class Part:
    """Some of the questions: the lines that are met or missed, and the text for the page."""

    lines: list[Line]
    page: list[str]


# --- no effect -----------------------------------------------------------------------------------

GUARD_OFF = "alike: one year of history, period not heeded (the guard off)"
ALIKE = Sort("alike: last year, stated", "last year", level=20, compared="rest")
"""Where all places are alike, those that were hottest last year were so by chance only."""
QUIET = {
    Sort("random places"): 0.15,
    Sort("hottest last year, stated", "last year"): 1,
    Sort("hottest last year, not stated", "last year", "no"): 1,
    Sort("hottest last quarter, stated", "last quarter"): 0.15,
    Sort("hottest last quarter, not stated", "last quarter", "no"): 0.15,
    Sort("worst of four years, stated", "worst of four years"): 0.15,
    Sort("worst of four years, not stated", "worst of four years", "no"): 0.15,
    Sort("three years' total, stated", "three years"): 1,
    Sort("three years' total, not stated", "three years", "no"): 1,
    Sort("four years' total, stated", "four years"): 0.15,
    Sort("four years' total, not stated", "four years", "no"): 0.15,
    Sort("large: hottest last year, stated", "last year", scale=20): 0.15,
    Sort("large: hottest last year, not stated", "last year", "no", scale=20): 0.15,
    Sort("large: three years' total, not stated", "three years", "no", scale=20): 0.15,
    Sort("restless: random places", dispersion=1.5): 0.15,
    Sort("restless: hottest last year, stated", "last year", dispersion=1.5): 0.15,
    Sort("restless: hottest last year, not stated", "last year", "no", dispersion=1.5): 0.15,
    Sort("restless: three years' total, not stated", "three years", "no", dispersion=1.5): 0.15,
    Sort("very restless: last year, stated", "last year", dispersion=2.4): 0.15,
    Sort("very restless: last year, not stated", "last year", "no", dispersion=2.4): 0.15,
    Sort("compared by counts: last year, stated", "last year", compared="counts"): 0.15,
    Sort("compared by rule: last year, stated", "last year", compared="rule"): 0.15,
    Sort("compared by rule: last year, not stated", "last year", "no", compared="rule"): 0.15,
    Sort("two years of history: last year, stated", "last year", history=2): 0.15,
    Sort("two years of history: last year, not stated", "last year", "no", history=2): 0.15,
    Sort("one year of history: last year, not stated", "last year", "no", history=1): 0.15,
    ALIKE: 0.15,
    replace(ALIKE, name="alike: last year, not stated", stated="no"): 0.15,
    replace(ALIKE, name="alike: one year of history, not stated", stated="no", history=1): 0.15,
    replace(ALIKE, name=GUARD_OFF, stated="wrong", history=1): 0.1,
}
"""Sorts of quiet towns, and how many of the towns asked for each has."""


def errors(said: Sequence[Told], thresholds: Thresholds, tail: float = 0.99) -> dict[str, Line]:
    """Return the false words of quiet towns, each held against its share."""
    lines = {}
    for room, share in (("shared", SHARES["measure"]), ("lone", 1.0)):
        words = [getattr(one, room) for one in said]
        clear = sum(Word.CLEAR in own for own in words)
        claim = sum(any(word in CLAIMS for word in own) for own in words)
        n = len(said)
        lines[f"{room} clear"] = at_most("clear", clear, n, share * thresholds.clear, tail)
        lines[f"{room} claim"] = at_most("any claim", claim, n, share * thresholds.indication, tail)
    return lines


def quiet(said: dict[Sort, list[Told]]) -> Part:
    """Return what is claimed where nothing was done."""
    lines: list[Line] = []
    page = [
        "| ten places of two hundred, no effect | towns | *clear* | any claim | alone: *clear* "
        "| any claim | tried | naive test |",
        *("|---|---|---|---|---|---|---|---|",),
    ]
    for sort, own in said.items():
        found = errors(own, _settings(sort.coverage).thresholds)
        if sort.name != GUARD_OFF:
            for which, (text, met) in found.items():
                lines.append((f"quiet, {sort.name}, {which.split()[0]}: {text}", met))
        else:
            text, met = found["lone claim"]
            lines.append((f"{sort.name} is seen to err: {text}", not met))
        n = len(own)
        cells = [_cell(*found[which]) for which in found]
        tried = sum(word is not None for one in own for word in one.shared)
        plain = [one.naive for one in own if one.naive is not None]
        page.append(
            f"| {sort.name} | {n:,} | {' | '.join(cells)} | "
            f"{percent(tried, n * sort.treated)} | {percent(sum(plain), len(plain))} |"
        )
    return Part(lines, page)


def _cell(text: str, met: bool) -> str:
    seen, of = (int(part) for part in text.rsplit(": ", 1)[-1].split(" (", 1)[0].split(" of "))
    return percent(seen, of) if met else f"**{percent(seen, of)}**"


def regression(said: dict[Sort, list[Told]]) -> Part:
    """Return how far baselines lie from the true rate where the choice is not stated."""
    lines, page = [], ["| not stated, chosen on | naive baseline | shrunken |", "|---|---|---|"]
    for sort, own in said.items():
        falls = np.array([one for told in own for one in told.falls])
        if sort.stated != "no" or not len(falls):
            continue
        wrong, shrunken = falls[:, :2].sum(axis=0) / falls[:, 2].sum() - 1
        page.append(f"| {sort.name} | {100 * wrong:+.1f} % | {100 * shrunken:+.1f} % |")
        if sort.dispersion == 1:
            text = f"{100 * shrunken:+.1f} % (within 2), naive {100 * wrong:+.1f} %"
            lines.append((f"shrunken baseline, {sort.name}: {text}", abs(shrunken) <= 0.02))
    return Part(lines, page)


# --- intervals -----------------------------------------------------------------------------------

COVER = [
    Sort(
        f"{lasts}s of {phi:g}, {level:.0%}",
        effect=0.6,
        scale=20,
        dispersion=phi,
        lasts=lasts,
        coverage=level,
    )
    for phi, lasts in itertools.product((1.0, 1.5, 2.4), ("year", "quarter"))
    for level in (0.95, 0.90)
    if phi > 1 or lasts == "year"
]
COVERED = 0.1


def covered(said: dict[Sort, list[Told]]) -> Part:
    """Return how often the interval of the ratio holds the true one."""
    lines = []
    page = [
        "| variance over mean of a year | as estimated | 95 % intervals hold the truth | 90 % |",
        "|---|---|---|---|",
    ]
    by_sort: dict[str, list[str]] = defaultdict(list)
    for sort, own in said.items():
        hits = [hit for one in own for hit in one.covered]
        what = f"intervals, {sort.name}"
        lines.append(at_least(what, sum(hits), len(hits), sort.coverage))
        kind = f"{sort.dispersion:g}" + (
            "" if sort.dispersion == 1 else f", each {sort.lasts} by itself"
        )
        phi = np.mean([one.dispersion for one in own])
        cells = by_sort[kind] or by_sort[kind].append(f"{phi:.2f}") or by_sort[kind]
        cells.append(_cell(*lines[-1]))
    page += [f"| {kind} | {' | '.join(cells)} |" for kind, cells in by_sort.items()]
    return Part(lines, page)


# --- power ---------------------------------------------------------------------------------------


PLACES = 60
"""In towns with one measure: all but two are the untreated places that it is ranked among."""


def design(level: float, thresholds: Thresholds) -> Design:
    """Return the design of a lone measure at a place like its comparison place."""
    alpha, least = thresholds.indication * SHARES["measure"], thresholds.minimum_evaluation
    return Design(level, level, 3, 1.0, alpha, least, PLACES - 2, thresholds.clear)


def weakest(level: float, power: float) -> float | None:
    """Return the weakest fall, in hundredths, that is planned to be called with `power`."""
    planned = design(level, _settings().thresholds)
    low, high = 1, 99
    if planned.power(low / 100) < power:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if planned.power(middle / 100) >= power else (low, middle)
    return low / 100


def planted(level: float, effect: float) -> Sort:
    """Return towns of equal places, one of which is treated."""
    name = f"{level:g} a year times {effect:g}"
    return Sort(name, level=level, effect=effect, treated=1, places=PLACES)


def called(sort: Sort, own: Sequence[Told]) -> int:
    """Count the towns where the effect was called, in the right direction."""
    return sum(one.shared[0] in CLAIMS and one.fell[0] == (sort.effect < 1) for one in own)


def sure(said: dict[Sort, list[Told]], planned: dict[Sort, float]) -> Part:
    """Return whether falls are called as often as planned, by level."""
    lines, rows = [], {level: ["none", "–"] * 2 for level in LEVELS}
    for sort, own in said.items():
        seen, n, power = called(sort, own), len(own), planned[sort]
        what = f"planted, {sort.name}, planned power {power:.0%}, called"
        if power >= SURE:
            line = f"{what}: {seen} of {n} (at least {CALLED:.0%})", seen >= CALLED * n
        else:
            line = at_least(what, seen, n, power)
        at = 0 if power >= SURE else 2
        rows[int(sort.level)][at : at + 2] = [f"{1 - sort.effect:.0%}", _cell(*line)]
        lines.append(line)
    page = ["| events a year | a fall of | called | a fall of | called |", "|---|---|---|---|---|"]
    page += [f"| {level} | {' | '.join(cells)} |" for level, cells in rows.items()]
    return Part(lines, page)


def curve(said: dict[Sort, list[Told]], planned: dict[Sort, float]) -> Part:
    """Return planned power beside the share called, in tenths of planned power."""
    tenths: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
    for sort, own in said.items():
        tenths[min(9, int(10 * planned[sort]))].append((planned[sort], called(sort, own), len(own)))
    lines, page = [], ["```", "planned      called  (#: called, |: planned)"]
    for tenth in sorted(tenths):
        own = tenths[tenth]
        n, seen = sum(one[2] for one in own), sum(one[1] for one in own)
        power = sum(one[0] * one[2] for one in own) / n
        marks = list("#" * round(40 * seen / n) + " " * 41)
        marks[round(40 * power)] = "|"
        page.append(f"{power:6.0%} {seen / n:12.0%}  {''.join(marks).rstrip()}  ({n} towns)")
        lines.append(as_planned("curve", seen, n, power))
    return Part(lines, [*page, "```"])


# --- displacement --------------------------------------------------------------------------------

AROUND = {
    (level, moved, phi): Sort(
        f"{moved:.0%} of {level} moves, {phi:g}",
        effect=0.25,
        level=level,
        moved=moved,
        rings=True,
        treated=2,
        dispersion=phi,
    )
    for level in (30, 100, 200)
    for moved, phi in ((0.0, 1.0), (0.0, 1.5), (0.5, 1.0), (0.5, 1.5))
}
RINGED = 0.15


def ring_power(sort: Sort) -> float:
    """Return the chance that what moved lifts the rings' difference off zero (normal)."""
    more = sort.moved * (1 - sort.effect) * sort.level
    variance = sort.dispersion * (2 * sort.level + more + 2 * sort.level / 3)
    return float(ndtr(more / math.sqrt(variance) - ndtri((1 + sort.coverage) / 2)))


def around(said: dict[Sort, list[Told]]) -> Part:
    """Return whether displacement is found where planted, and not claimed where absent."""
    lines = []
    page = [
        "| around each place a year | variance over mean | half of what was prevented moves there: "
        "power, found | nothing moves: claimed (5 % promised) |",
        "|---|---|---|---|",
    ]
    rows: dict[tuple[float, float], list[str]] = defaultdict(list)
    for sort, own in said.items():
        rings = [one for told in own for one in told.moved]
        alpha = 1 - sort.coverage
        if sort.moved:
            found, power = sum(p <= alpha and more > 0 for p, more in rings), ring_power(sort)
            # how well the normal approximation of the power holds: two hundredths
            line = at_least(f"displacement, {sort.name}", found, len(rings), power - 0.02)
            cell = f"{power:.0%}, {_cell(*line)}"
        else:
            line = at_most(
                f"displacement, {sort.name}", sum(p <= alpha for p, _ in rings), len(rings), alpha
            )
            cell = _cell(*line)
        lines.append(line)
        rows[(sort.level, sort.dispersion)].insert(0, cell)
    page += [f"| {level:g} | {phi:g} | {' | '.join(c)} |" for (level, phi), c in rows.items()]
    return Part(lines, page)


# --- Exempelsjö ----------------------------------------------------------------------------------

Verdict = tuple[str, float, float, bool, bool, float | None]


def verdicts(seed: int) -> list[Verdict]:
    """
    Return each planted measure of a synthetic municipality.

    Its sort, the true effect, the power of an ideal analyst, whether anything was claimed, whether
    the ratio was below one, and the planned power by its own numbers. The effect is on what is
    counted, within 75 metres of the place: a fifth of that happens in the streets around it, where
    nothing was done.
    """
    made = sample.make(seed, strength=1.0, planted=True)
    results = report(made)
    said = judge([*measure_findings(results), *OTHERS], results.municipality.thresholds)
    claimed = {f.id for f in said if f.word in CLAIMS}
    known = {one.measure: one for one in results.evaluations}
    told = []
    for truth in made.truth:
        if "true_effect" not in truth:
            continue
        one = known[truth["measure"]]
        effect = round(truth["expected_with"] / truth["expected_without"], 2)
        planned = one.design.power(effect) if one.design else None
        fell = one.ratio is not None and one.ratio < 1
        power, said_so = truth["power"], f"measure/{one.measure}" in claimed
        told.append((truth["kind"], effect, power, said_so, fell, planned))
    return told


def exempelsjo(told: Sequence[list[Verdict]]) -> Part:
    """Return whether the planted measures of Exempelsjö get the right verdict, or none."""
    alpha = _settings().thresholds.indication * SHARES["measure"]
    by_kind: dict[str, list[Verdict]] = defaultdict(list)
    for one in itertools.chain.from_iterable(told):
        by_kind[one[0]].append(one)
    lines = []
    page = [
        "| Exempelsjö | true effect | claimed | planned by its own numbers | ideal analyst |",
        "|---|---|---|---|---|",
    ]
    for kind, own in by_kind.items():
        n, seen, effect = len(own), sum(one[3] for one in own), own[0][1]
        plans = [one[5] for one in own if one[5] is not None]
        astray = sum(one[3] and one[4] != (one[1] < 1) for one in own)
        if effect == 1:
            line = at_most(f"Exempelsjö, {kind}, claimed", seen, n, alpha)
        else:
            line = at_most(f"Exempelsjö, {kind}, claimed to have done harm", astray, n, alpha / 2)
            if plans:
                power = float(np.mean(plans)) * len(plans) / n
                lines.append(as_planned(f"Exempelsjö, {kind}", seen - astray, n, power))
        lines.append(line)
        planned = f"{np.mean(plans):.0%}" if plans and effect != 1 else "–"
        ideal = f"{np.mean([one[2] for one in own]):.0%}" if effect != 1 else "–"
        page.append(f"| {kind} | {effect:g} | {percent(seen, n)} | {planned} | {ideal} |")
    return Part(lines, page)


POWERED, SPREAD, SAMPLES = 0.25, 0.04, 0.1
"""Shares of the towns asked for: planted at either power, at all effects, and Exempelsjö's."""

# --- all of it -----------------------------------------------------------------------------------


def long_windows() -> str:
    """Say how long a follow-up is judged where the measure has run for three years."""
    sort = Sort("long")
    town = draw(sort, np.random.default_rng(7))
    kept = register(town, sort, STARTED - 2 * SEASON)
    made = evaluate(events(town), kept, PERIOD, _settings(), _geography(sort.places))
    weeks = max(e.window.days for e in made if e.window) // 7
    return f"Of a measure that has run for three years, the last {weeks} weeks are judged."


def _planned(sort: Sort) -> float:
    return design(sort.level, _settings().thresholds).power(sort.effect)


def _ask(job: tuple[Sort, int]) -> tuple[Sort, Told]:
    return job[0], ask(*job)


def gather(
    sorts: dict[Sort, int], pool: ProcessPoolExecutor | None = None
) -> dict[Sort, list[Told]]:
    """Ask so many towns of each sort."""
    jobs = [(sort, number) for sort, towns in sorts.items() for number in range(towns)]
    found: dict[Sort, list[Told]] = {sort: [] for sort in sorts}
    answers: Iterable[tuple[Sort, Told]]
    answers = map(_ask, jobs) if pool is None else pool.map(_ask, jobs, chunksize=5)
    for sort, told in answers:
        found[sort].append(told)
        if len(found[sort]) == sorts[sort]:
            print(f"asked: {sort.name}", file=sys.stderr, flush=True)
    return found


def asked(towns: int, pool: ProcessPoolExecutor) -> tuple[list[Line], list[str]]:
    """Ask everything; return the lines and the page."""
    few, samples = max(10, round(towns * POWERED)), max(3, round(towns * SAMPLES))
    calm = gather({sort: max(10, round(towns * part)) for sort, part in QUIET.items()}, pool)
    held = gather(dict.fromkeys(COVER, max(5, round(towns * COVERED))), pool)
    rings = gather(dict.fromkeys(AROUND.values(), max(5, round(towns * RINGED))), pool)
    wanted = list(itertools.product(LEVELS, (SURE, TOLD)))
    effects = pool.map(weakest, *zip(*wanted, strict=True))
    aimed = {
        planted(level, effect): power
        for (level, power), effect in zip(wanted, effects, strict=True)
        if effect is not None
    }
    sorts = [planted(level, effect) for level, effect in itertools.product(LEVELS, EFFECTS)]
    planned = dict(zip(sorts, pool.map(_planned, sorts), strict=True))
    found = gather(dict.fromkeys(aimed, few), pool)
    spread = gather(dict.fromkeys(sorts, max(5, round(towns * SPREAD))), pool)
    parts = {
        "quiet": quiet(calm),
        "regression": regression(calm),
        "covered": covered(held),
        "power": sure(found, aimed),
        "curve": curve(spread, planned),
        "around": around(rings),
        "exempelsjo": exempelsjo(list(pool.map(verdicts, range(1, samples + 1)))),
    }
    page = [
        "No effect. *Alone*: no other room of the report asks. Promised are *clear* in 1.5 % and",
        "any claim in 6 %, alone 5 and 20 %; bold is above the binomial 99 % bound. *Tried* is of",
        "the measures. The naive test holds the ten together against ten others by lot, after",
        "against the period they were chosen on (one-sided 5 %), in the same towns. Places have 10",
        "crimes a year on average (large: 40); restless is a variance of 1.5 times the mean, very",
        "restless of 2.4, all through the year. Alike: all have 20, and are held against the rest.",
        *("", *parts["quiet"].page, ""),
        "How far the baseline of the years before lies from the true rate:",
        *("", *parts["regression"].page, ""),
        "Intervals of the ratio where the true one is 0.6, with the dispersion that is estimated:",
        *("", *parts["covered"].page, ""),
        f"Planted falls at a lone measure, of a planned power of {SURE:.0%} (called in at least",
        f"{CALLED:.0%}) and of {TOLD:.0%} (the smallest fall that is told), {few} towns each:",
        *("", *parts["power"].page, ""),
        "Planned power, of the line told beside each result, against the share called; falls and",
        "rises at 2 to 200 events a year:",
        *("", *parts["curve"].page, ""),
        "Displacement, where three quarters were prevented:",
        *("", *parts["around"].page, ""),
        f"The planted measures of Exempelsjö, seeds 1-{samples}, strength 1. The effect is the one",
        "on what is counted, within 75 metres. Of what the places themselves had a quarter is left",
        "(worked) and 15 % (displaced), but a fifth happens around them, where nothing was done:",
        *("", *parts["exempelsjo"].page, ""),
        long_windows(),
    ]
    return [line for part in parts.values() for line in part.lines], page


def write(page: Sequence[str], file: Path = PAGE) -> None:
    """Put the page's part between its marks."""
    text = file.read_text(encoding="utf-8")
    head, rest = text.split(MARKS[0])
    _, tail = rest.split(MARKS[1])
    made = "\n".join([MARKS[0], *page, MARKS[1]])
    file.write_text(head + made + tail, encoding="utf-8")


def spent_minutes() -> float:
    """Return the processor's minutes, of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used) / 60


def main() -> int:
    """Print every check with its figure; return non-zero when one is missed."""
    parser = argparse.ArgumentParser(description="Measures: error rates and power.")
    parser.add_argument("--towns", type=int, default=300)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/truth.md")
    given = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:
        lines, page = asked(given.towns, pool)
    met = sum(ok for _, ok in lines)
    spent = f"{spent_minutes():.1f} minutes of computing, half that on two cores"
    page = [f"{met} met, {len(lines) - met} missed; {spent}.", "", *page]
    print("\n".join(page))
    for text, ok in lines:
        print(f"{'met   ' if ok else 'MISSED'} {text}")
    print(f"{met} met, {len(lines) - met} missed; {spent}")
    if given.write:
        write(page)
    return int(met < len(lines))


if __name__ == "__main__":
    raise SystemExit(main())
