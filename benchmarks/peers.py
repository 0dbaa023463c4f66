"""
The kernels beside their peers, in one run: seconds, whole-process memory, growth, and the aims.

Made-up towns of rising size go through every kernel and, in turn, through the peer that does the
same or less. Each piece of work runs in a process of its own. Seconds are the processor's, without
imports; memory is the process's peak, imports included. Permutations that a peer cannot make in
reasonable time are carried on from fewer; a size at which a peer is hopeless is left out, and told.
Only ratios carry over to another machine. Peers that no registry has (SaTScan, R) are quoted in
docs/benchmarks.md, not run.

    python run.py peers              everything, in some minutes
    python run.py peers knox scan    pieces of work whose name begins so, and their aims
"""

from __future__ import annotations

import importlib.util
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import places, space_time

LIMIT = 300
TOOLS = {"pointpats": "pointpats", "esda": "esda", "kdepy": "KDEpy", "sjoin": "geopandas"}
FEW = {"knox_pointpats": 9}
"""Permutations that are made of work that is too slow for all."""
Case = tuple[int, ...]

SIZES: dict[str, list[Case]] = {
    "knox": [(1_000,), (3_000,), (10_000,), (30_000,), (100_000, 999, 100)],
    "knox_pointpats": [(1_000,), (3_000,)],
    "knox_in_one_town": [(100_000, 9)],
    "knox_stopping": [(1_000,), (10_000,)],
    "knox_expected": [(10_000, 0, 100), (100_000, 0, 100), (1_000_000, 0, 100)],
    "scan": [(1_000,), (3_000,), (10_000, 99)],
    "scan_to_the_end": [(1_000,), (3_000,), (10_000,)],
    "scan_stopping": [(1_000,), (3_000,), (10_000,)],
    "to_grid": [(n, 10_000) for n in (1_000, 10_000, 100_000, 1_000_000)],
    "to_grid_sjoin": [(n, 10_000) for n in (1_000, 10_000, 100_000, 1_000_000)],
    "gi_star": [(10_000, 1_600), (10_000, 10_000), (100_000, 160_000), (1_000_000, 1_000_000)],
    "gi_star_esda": [(10_000, 1_600), (10_000, 10_000), (100_000, 160_000), (1_000_000, 1_000_000)],
    "gi_star_esda_permuted": [(10_000, 1_600), (100_000, 160_000)],
    "density": [(1_000, 40_000), (10_000, 40_000), (100_000, 40_000), (1_000_000, 1_000_000)],
    "density_kdepy": [(1_000, 40_000), (10_000, 40_000), (100_000, 40_000), (1_000_000, 1_000_000)],
    "concentration": [(n, 10_000) for n in (1_000, 10_000, 100_000, 1_000_000)],
}
HOPELESS = {
    "knox_pointpats": "10 thousand events and more: over 300 s and many gigabytes",
    "gi_star_esda_permuted": "a million cells: over 300 s",
}


@dataclass(frozen=True)
class Aim:
    """What a ratio of two costs is held to, told with its figure whether met or missed."""

    text: str
    over: tuple[str, Case]
    under: tuple[str, Case]
    least: float = 0.0
    most: float = math.inf
    of: str = "seconds"


AIMS = [
    Aim(
        "one band of pointpats / our 64 bands, 3,000 events",
        ("knox_pointpats", (3_000,)),
        ("knox", (3_000,)),
        least=300,
    ),
    Aim("our 10,000 events / our 3,000", ("knox", (10_000,)), ("knox", (3_000,)), most=10),
    Aim(
        "one band of pointpats / the scan of all windows, 3,000 events",
        ("knox_pointpats", (3_000,)),
        ("scan", (3_000,)),
        least=20,
    ),
    Aim(
        "one band of pointpats / the scan to the end, 3,000 events (SaTScan: 29)",
        ("knox_pointpats", (3_000,)),
        ("scan_to_the_end", (3_000,)),
        least=29,
    ),
    Aim(
        "geopandas' sjoin / points to grid, a million",
        ("to_grid_sjoin", (1_000_000, 10_000)),
        ("to_grid", (1_000_000, 10_000)),
        least=50,
    ),
    Aim(
        "Gi* with p and q / esda's z alone, a million cells",
        ("gi_star", (1_000_000, 1_000_000)),
        ("gi_star_esda", (1_000_000, 1_000_000)),
        most=0.1,
    ),
    Aim(
        "Gi* with p and q / esda's z alone, 160,000 cells",
        ("gi_star", (100_000, 160_000)),
        ("gi_star_esda", (100_000, 160_000)),
        most=1,
    ),
    Aim(
        "esda with 999 permutations / Gi*, 160,000 cells",
        ("gi_star_esda_permuted", (100_000, 160_000)),
        ("gi_star", (100_000, 160_000)),
        least=100,
    ),
    *(
        Aim(
            f"density, edges allowed for / KDEpy, {n:,} events on {cells:,} cells",
            ("density", (n, cells)),
            ("density_kdepy", (n, cells)),
            most=1,
        )
        for n, cells in SIZES["density"]
    ),
]
MEMORY = [
    ("knox_in_one_town", (100_000, 9), 2_000),
    ("knox_expected", (1_000_000, 0, 100), 4_300),
]


def work(name: str) -> Callable[..., Callable[[], Any]]:
    """Return what prepares a piece of work."""
    if name in {"knox_in_one_town", "knox_expected"}:
        return space_time.knox
    found: Callable[..., Callable[[], Any]] = getattr(
        space_time if hasattr(space_time, name) else places, name
    )
    return found


def memory_peak() -> float:
    """Return this process's peak of resident memory so far, in megabytes (Linux)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("no peak of memory is told here")


def child(name: str, case: Case) -> None:
    """Do one piece of work after a tiny one; print seconds (median of up to three) and peak."""
    prepare = work(name)
    prepare(100, *((2,) if hasattr(space_time, prepare.__name__) else (100,)))()
    piece = prepare(*case)
    seconds: list[float] = []
    while len(seconds) < 3 and sum(seconds) < 3:
        began = time.process_time()
        piece()
        seconds.append(time.process_time() - began)
    print(json.dumps({"seconds": statistics.median(seconds), "megabytes": memory_peak()}))


def measure(name: str, case: Case) -> dict[str, float] | None:
    """Run one piece of work in a process of its own; None when it takes too long."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.peers", "child", name]
    try:
        shown = subprocess.run(
            [*command, *map(str, case)], check=True, capture_output=True, text=True, timeout=LIMIT
        )
    except subprocess.TimeoutExpired:
        return None
    measured: dict[str, float] = json.loads(shown.stdout.splitlines()[-1])
    return measured


def cost(name: str, case: Case) -> dict[str, float] | None:
    """Measure, carrying on from few permutations where all would take too long."""
    if name not in FEW:
        return measure(name, case)
    one, few = (measure(name, (*case, draws)) for draws in (1, FEW[name]))
    if one is None or few is None:
        return None
    each = (few["seconds"] - one["seconds"]) / (FEW[name] - 1)
    return {**few, "seconds": few["seconds"] + each * (space_time.DRAWS - FEW[name])}


def tell(name: str, case: Case, found: dict[str, float], former: Any) -> None:
    """Print one line: what, how large, seconds, memory, and the slope from the size before."""
    slope = ""
    if former is not None and len(case) == len(former[0]):  # the same work but for its size
        grown = max(now / then for now, then in zip(case, former[0], strict=False) if then)
        if grown > 1:
            slope = f"{math.log(found['seconds'] / former[1]) / math.log(grown):6.2f}"
    carried = f" carried on from {FEW[name]} permutations" if name in FEW else ""
    size = " ".join(f"{value:,}" for value in case)
    print(
        f"{name:22}{size:>20}{found['seconds']:12.4f}{found['megabytes']:8.0f}{slope:>7}{carried}",
        flush=True,
    )


def missing(name: str) -> str:
    """Return the peer that a piece of work needs and that is not installed; empty otherwise."""
    tool = next((tool for part, tool in TOOLS.items() if part in name.split("_")), "")
    return tool if tool and importlib.util.find_spec(tool) is None else ""


def main() -> int:
    """Print what every piece of work costs, then every aim; non-zero when one is missed."""
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], tuple(map(int, sys.argv[3:])))
        return 0
    wanted = tuple(sys.argv[1:]) or ("",)
    figures: dict[tuple[str, Case], dict[str, float]] = {}
    print(f"{'work':22}{'events, cells/draws':>20}{'seconds':>12}{'MB':>8}{'slope':>7}")
    for name, cases in SIZES.items():
        if not name.startswith(wanted):
            continue
        if tool := missing(name):
            print(f"{name:22}{tool} is not installed")
            continue
        former = None
        for case in cases:
            found = cost(name, case)
            if found is None:
                print(f"{name:22}{case[0]:>20,}  stopped after {LIMIT} s")
                break
            tell(name, case, found, former)
            figures[name, case] = found
            former = case, found["seconds"]
        if name in HOPELESS:
            print(f"{name:22}left out: {HOPELESS[name]}")
    held = []
    for aim in AIMS:
        if aim.over in figures and aim.under in figures:
            ratio = figures[aim.over][aim.of] / figures[aim.under][aim.of]
            bound = f"at least {aim.least:g}" if aim.least else f"at most {aim.most:g}"
            held.append((aim.text, ratio, bound, aim.least <= ratio <= aim.most))
    for name, case, most in MEMORY:
        if (name, case) in figures:
            peak = figures[name, case]["megabytes"]
            held.append((f"MB of {name}, {case[0]:,}", peak, f"at most {most}", peak <= most))
    for text, figure, bound, met in held:
        print(f"{'met   ' if met else 'MISSED'} {text}: {figure:.3g} ({bound})")
    missed = sum(not met for *_, met in held)
    print(f"{len(held) - missed} met, {missed} missed")
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
