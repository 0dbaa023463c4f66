"""
Measure what evaluating many measures costs, and how it grows.

Ten years of a city are made in memory: a million located crimes of twelve groups at as many
coordinates as a city has, two thousand public places, and 10, 100 and 1,000 measures with places
to compare with that the register names or not. Each size runs in a process of its own. By itself::

    python -m benchmarks.measures_cost
"""

from __future__ import annotations

import resource
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measured import Aim, Figure, Measured, Part, Table
from est_analysis.gather.geography import Geography
from est_analysis.gather.tables import EVENTS
from est_analysis.measures.evaluation import evaluate
from est_analysis.measures.register import MEASURE_COLUMNS, PROBLEM_COLUMNS, Register
from est_analysis.municipality import Municipality
from est_analysis.periods import parse

SIZES = (10, 100, 1_000)
EVENTS_IN_ALL, PLACES, ADDRESSES, SIDE_M = 1_000_000, 2_000, 60_000, 12_000
GROUPS = [f"Grupp {i}" for i in range(12)]
SORTS = ("torg", "park", "skola", "parkering", "station", "gata")
PERIOD = parse("2025Q4")


def settings() -> Municipality:
    """Return a city's settings."""
    source = {
        "partner": "Polisen",
        "kind": "reported_crime",
        "files": "*.csv",
        "format": "csv",
        "columns": {"start": "datum", "x": "x", "y": "y"},
        "constants": {"group": GROUPS[0]},
    }
    named = {"name": "Stad", "code": "9997", "purpose": "prov", "controller": "prov"}
    return Municipality.model_validate(
        {"folder": Path("stad"), "crs": "EPSG:3006", "sources": {"polis": source}, **named}
    )


def city(events: int = EVENTS_IN_ALL, seed: int = 7) -> tuple[pd.DataFrame, Geography]:
    """Return ten years of a city's crimes (2016-2025) and its public places, metres."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, SIDE_M, (PLACES, 2)).round()
    near = places[rng.integers(0, PLACES, ADDRESSES)] + rng.normal(0, 120, (ADDRESSES, 2))
    at = np.concatenate([places, near.round()])
    share = rng.pareto(1.2, len(at)) + 0.2
    spot = rng.choice(len(at), events, p=share / share.sum())
    start = np.datetime64("2016-01-01", "s") + rng.integers(0, 3_653 * 86_400, events)
    table = {
        "event_id": np.char.add("polis:", np.arange(events).astype(str)),
        "source": "polis",
        "partner": "Polisen",
        "kind": "reported_crime",
        "group": np.array(GROUPS)[rng.integers(0, len(GROUPS), events)],
        "start": start,
        "x": at[spot, 0],
        "y": at[spot, 1],
        "count": 1,
        "row": 2,
        "time_precision": "minute",
        "place_precision": "point",
        "end": pd.NaT,
        "registered": pd.NaT,
        "severity": np.nan,
        "police_activity": False,
    }
    kinds = {name: str(column.dtype) for name, column in EVENTS.columns.items()}
    whole = {name: table.get(name, "") for name in kinds}
    gazetteer = pd.DataFrame(
        {
            "name": [f"Plats {i}" for i in range(PLACES)],
            "place_type": np.array(SORTS)[np.arange(PLACES) % len(SORTS)],
            "x": places[:, 0],
            "y": places[:, 1],
            "area": "A",
        }
    )
    geography = Geography(boundary=None, areas=None, places=gazetteer, streets=None)
    return pd.DataFrame(whole, index=range(events)).astype(kinds), geography


def register(measures: int, seed: int = 8) -> Register:
    """Return so many measures at as many places; every second names a comparison place."""
    rng = np.random.default_rng(seed)
    ids = [f"A{i}" for i in range(measures)]
    order = rng.permutation(PLACES)
    problems = pd.DataFrame({c: [""] * measures for c in PROBLEM_COLUMNS}).assign(
        id=ids,
        plats=[f"Plats {i}" for i in order[:measures]],
        grupp=["" if i % 3 == 0 else GROUPS[i % len(GROUPS)] for i in range(measures)],
        vald_period="2019",
        **dict.fromkeys(("x", "y", "paverkbarhet"), np.nan),
        radie_m=100.0,
    )
    started = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 1_300, measures), "D")
    others = order[::-1][:measures]
    measures_ = pd.DataFrame({c: [""] * measures for c in MEASURE_COLUMNS}).assign(
        id=ids,
        problem=ids,
        jamforelseplats=["" if i % 2 else f"Plats {others[i]}" for i in range(measures)],
        startdatum=started,
        forvantad_effekt_fran=pd.NaT,
        slutdatum=pd.NaT,
    )
    return Register(problems, measures_, pd.DataFrame(), pd.DataFrame())


def cost(measures: int, events: int = EVENTS_IN_ALL) -> tuple[float, float, int]:
    """Return seconds, the process's growth in memory (MB), and how many measures were judged."""
    table, geography = city(events)
    listed, stad = register(measures), settings()
    evaluate(table.head(1_000), register(2), PERIOD, stad, geography)  # imports
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    found = evaluate(table, listed, PERIOD, stad, geography, dispersion=1.2)
    seconds = time.perf_counter() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return seconds, grown, sum(one.p is not None for one in found)


PART = Part(
    "measures",
    "Many measures",
    "make bench",
    "benchmarks/measures_cost.py",
    f"""\
{EVENTS_IN_ALL:,} located crimes of ten years in {len(GROUPS)} groups at {ADDRESSES + PLACES:,}
coordinates, {PLACES:,} public places; each measure with its windows, four comparisons, rings,
hours, kinds, course and placebo. Each size in a process of its own, once. Memory is what
evaluation adds. Some of the time is the city's, however few the measures.""",
    (
        Aim("thousand", "a thousand measures among a million crimes", 60.0),
        Aim("each", "a measure of a thousand / a measure of a hundred", 1.1),
    ),
)


def measure(quick: bool = False) -> Measured:
    """Evaluate each number of measures; fewer, among fewer crimes, where small sizes will do."""
    events, sizes = (50_000, (5, 10)) if quick else (EVENTS_IN_ALL, SIZES)
    rows, spent = [], []
    for size in sizes:
        with get_context("spawn").Pool(1) as pool:
            seconds, memory, judged = pool.apply(cost, (size, events))
        spent.append(seconds / size)
        slope = f"{spent[-1] / spent[-2]:.2f}" if len(spent) > 1 else ""
        rows.append((f"{size:,}", f"{seconds:.2f}", f"{memory:.0f} MB", str(judged), slope))
    figures = {
        "thousand": Figure(seconds, seconds),
        "each": Figure(spent[-1] / spent[-2], spent[-1], spent[-2]),
    }
    head = ("measures", "seconds", "memory", "judged", "seconds a measure, against the former")
    return Measured(figures, (Table(head, tuple(rows)),))


def main() -> int:
    """Measure by itself and print the table; return non-zero when an aim is missed."""
    from benchmarks import bench

    return bench.alone(PART.name)


if __name__ == "__main__":
    raise SystemExit(main())
