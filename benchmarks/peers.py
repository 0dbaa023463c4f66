"""
The kernels beside their peers, in one run: seconds, whole-process memory, growth, and the aims.

Made-up towns of rising size go through every kernel and, in turn, through the peer that does the
same or less. Each piece of work runs in a process of its own. Seconds are the processor's, without
imports; memory is the process's peak, imports included. Permutations that a peer cannot make in
reasonable time are carried on from fewer; work over two minutes is stopped, and its ratios are then
"over"; a size at which a peer is hopeless is left out, and told.
Only ratios carry over to another machine. Peers that no registry has (SaTScan, R) are quoted in
docs/benchmarks.md, not run.

    python run.py peers              everything, in some minutes
    python run.py peers knox scan    pieces of work whose name begins so, and their aims
    python run.py peers --write docs/benchmarks.md    everything, put between the marks there
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import places, space_time

LIMIT, PATIENCE = 120, 600
"""Seconds of the clock for one run of a piece of work; for its process."""
MARKS = "<!-- peers: written by make peers -->", "<!-- /peers -->"
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
    "gi_star_esda_permuted": [(10_000, 1_600), (10_000, 10_000), (100_000, 160_000)],
    "density": [(1_000, 40_000), (10_000, 40_000), (100_000, 40_000), (1_000_000, 1_000_000)],
    "density_kdepy": [(1_000, 40_000), (10_000, 40_000), (100_000, 40_000), (1_000_000, 1_000_000)],
    "concentration": [(n, 10_000) for n in (1_000, 10_000, 100_000, 1_000_000)],
}
HOPELESS = {
    "knox_pointpats": "10 thousand events and more: over 300 s and many gigabytes",
    "gi_star_esda_permuted": "a million cells: minutes and many gigabytes",
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
    signal.signal(signal.SIGALRM, _too_long)
    stopped = False
    while len(seconds) < 3 and sum(seconds) < 3:
        began = time.process_time()
        signal.setitimer(signal.ITIMER_REAL, LIMIT)
        try:
            piece()
        except TimeoutError:
            stopped = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        seconds.append(time.process_time() - began)
    figures = {"seconds": statistics.median(seconds), "megabytes": memory_peak()}
    print(json.dumps({**figures, "stopped": float(stopped)}))


def _too_long(*_: object) -> None:
    raise TimeoutError


def measure(name: str, case: Case) -> dict[str, float] | None:
    """Run one piece of work in a process of its own; None when it takes too long."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.peers", "child", name]
    try:
        shown = subprocess.run(
            [*command, *map(str, case)],
            check=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
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


def row(name: str, case: Case, found: dict[str, float], former: Any) -> list[str]:
    """Say what, how large, seconds, memory, and the slope from the size before."""
    slope = ""
    if former is not None and len(case) == len(former[0]):  # the same work but for its size
        grown = max(now / then for now, then in zip(case, former[0], strict=False) if then)
        if grown > 1 and not found["stopped"] and min(found["seconds"], former[1]) > 0:
            slope = f"{math.log(found['seconds'] / former[1]) / math.log(grown):.2f}"
    over = "over " if found["stopped"] else ""
    figures = [f"{over}{found['seconds']:.4g}", f"{found['megabytes']:.0f}", slope]
    return [name, ", ".join(f"{value:,}" for value in case), *figures]


def told(columns: list[str]) -> str:
    """Return a row as a line for the eye."""
    name, size, *figures = columns
    carried = f"  carried on from {FEW[name]} permutations" if name in FEW else ""
    return f"{name:22}{size:>22}" + "".join(f"{figure:>12}" for figure in figures) + carried


def missing(name: str) -> str:
    """Return the peer that a piece of work needs and that is not installed; empty otherwise."""
    tool = next((tool for part, tool in TOOLS.items() if part in name.split("_")), "")
    return tool if tool and importlib.util.find_spec(tool) is None else ""


def held(figures: dict[tuple[str, Case], dict[str, float]]) -> list[tuple[str, str, str, bool]]:
    """Return every aim that can be told: what, figure, bound, whether met."""
    lines = []
    for aim in AIMS:
        if aim.over not in figures or aim.under not in figures:
            continue
        over, under = figures[aim.over], figures[aim.under]
        ratio = over[aim.of] / under[aim.of]
        bound = f"at least {aim.least:g}" if aim.least else f"at most {aim.most:g}"
        # work that was stopped would have taken longer: no ratio under it can be told
        met = aim.least <= ratio <= aim.most and not under["stopped"]
        met &= not (over["stopped"] and aim.most < math.inf)
        lines.append((aim.text, f"{'over ' * bool(over['stopped'])}{ratio:.3g}", bound, met))
    for name, case, most in MEMORY:
        if (name, case) in figures:
            peak = figures[name, case]["megabytes"]
            lines.append(
                (f"MB of {name}, {case[0]:,}", f"{peak:.0f}", f"at most {most:,}", peak <= most)
            )
    return lines


def write(file: Path, rows: list[list[str]], aims: list[tuple[str, str, str, bool]]) -> None:
    """Put the tables between the marks of a text."""
    text = file.read_text("utf-8")
    before, after = text.split(MARKS[0])[0], text.split(MARKS[1])[1]
    lines = [MARKS[0], "", "| ratio | figure | aim | |", "|---|---|---|---|"]
    lines += [f"| {a} | {b} | {c} | {'met' if met else 'missed'} |" for a, b, c, met in aims]
    lines += [
        "",
        "| work | events, cells or draws | seconds | MB | slope |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(columns)} |" for columns in rows]
    file.write_text(before + "\n".join([*lines, "", MARKS[1]]) + after, "utf-8")


def main() -> int:
    """Print what every piece of work costs, then every aim; non-zero when one is missed."""
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], tuple(map(int, sys.argv[3:])))
        return 0
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0].strip())
    parser.add_argument("begins", nargs="*", default=[""], help="pieces of work that begin so")
    parser.add_argument("--write", type=Path, help="a text with marks to put the tables between")
    asked = parser.parse_args()
    figures: dict[tuple[str, Case], dict[str, float]] = {}
    rows: list[list[str]] = []
    print(told(["work", "events, cells/draws", "seconds", "MB", "slope"]))
    for name, cases in SIZES.items():
        if not name.startswith(tuple(asked.begins)):
            continue
        if tool := missing(name):
            print(f"{name:22}{tool} is not installed")
            continue
        former = None
        for case in cases:
            found = cost(name, case)
            if found is None:
                print(f"{name:22}{case[0]:>22,}  stopped after {PATIENCE} s")
                break
            rows.append(row(name, case, found, former))
            print(told(rows[-1]), flush=True)
            figures[name, case] = found
            former = case, found["seconds"]
        if name in HOPELESS:
            print(f"{name:22}left out: {HOPELESS[name]}")
    aims = held(figures)
    for text, figure, bound, met in aims:
        print(f"{'met   ' if met else 'MISSED'} {text}: {figure} ({bound})")
    missed = sum(not met for *_, met in aims)
    print(f"{len(aims) - missed} met, {missed} missed")
    if asked.write:
        write(asked.write, rows, aims)
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
