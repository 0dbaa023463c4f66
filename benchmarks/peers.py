"""
The kernels beside their peers, in one run: seconds, whole-process memory, growth, and the aims.

Made-up towns of rising size go through every kernel and, in turn, through the peer that does the
same or less. Each piece of work runs in a process of its own. Seconds are the processor's, without
imports; memory is the process's peak, imports included. Permutations that a peer cannot make in
reasonable time are carried on from fewer; work over two minutes is stopped, and its ratios are then
"over"; a size at which a peer is hopeless is left out, and told. Peers that no registry has are
quoted, not run. By itself::

    python run.py peers              everything, in some minutes
    python run.py peers knox scan    pieces of work whose name begins so, and their aims
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
from typing import Any

from benchmarks import delivered, measured, places, space_time
from benchmarks.measured import ROOT, Measured, Part, Table, memory_peak, number

LIMIT, PATIENCE = 120, 600
"""Seconds of the clock for one run of a piece of work; for its process."""
TOOLS = {
    "pointpats": "pointpats",
    "esda": "esda",
    "kdepy": "KDEpy",
    "sjoin": "geopandas",
    "sklearn": "sklearn",
    "openpyxl": "openpyxl",
    "fastexcel": "fastexcel",
}
"""Peers, by the word in a piece of work's name."""
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
    "to_areas": [(100_000, 200, 10), (1_000_000, 200, 10), (1_000_000, 200, 1)],
    "to_areas_sjoin": [(100_000, 200, 10), (1_000_000, 200, 10), (1_000_000, 200, 1)],
    "clusters": [(3_000,), (30_000,)],
    "clusters_sklearn": [(3_000,), (30_000,)],
    "aoristic": [(10_000,), (100_000,), (1_000_000,)],
    "aoristic_read": [(1_000_000,)],
    "aoristic_read_csv": [(1_000_000,)],
    "excel": [(10_000,), (100_000,)],
    "excel_openpyxl": [(10_000,), (100_000,)],
    "excel_fastexcel": [(10_000,), (100_000,)],
}
LARGEST_OF_QUICK = 3_000
"""Events in the largest case that is measured where small sizes will do."""
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
    why: str = ""


POINTPATS, DAVIES, SATSCAN, SATSCAN_TO_THE_END, CRIMEPY = 81.0, 28.0, 135.0, 2.8, 4.4
"""Quoted seconds of one other day: see `QUOTED`."""
QUOTED = f"""\
Quoted, not run, since no registry has them (two cores, another day): at {3_000:,} events, when
one band of pointpats took {POINTPATS:g} s, SaTScan 10.3.2 took {SATSCAN:g} s for the
retrospective scan and {SATSCAN_TO_THE_END:g} s for the prospective one, R NearRepeat 11 s and
Davies' Python {DAVIES:g} s for the Knox table; crimepy took {CRIMEPY:g} s for the aoristic
totals of {100_000:,} intervals (the registry's package of that name is another). Aims against
these are held by pointpats' time in this run as the yardstick."""
SAME = "Both stand on the same library; ours also groups the events by address first."


AIMS = [
    Aim(
        "one band of pointpats / our 64 bands, 3,000 events",
        ("knox_pointpats", (3_000,)),
        ("knox", (3_000,)),
        least=300,
    ),
    Aim(
        "one band of pointpats / our 64 bands, 3,000 events (80 of Davies' Python)",
        ("knox_pointpats", (3_000,)),
        ("knox", (3_000,)),
        least=round(80 * POINTPATS / DAVIES),
    ),
    Aim("our 10,000 events / our 3,000", ("knox", (10_000,)), ("knox", (3_000,)), most=10),
    Aim(
        "one band of pointpats / the scan of all windows, 3,000 events",
        ("knox_pointpats", (3_000,)),
        ("scan", (3_000,)),
        least=20,
    ),
    Aim(
        "one band of pointpats / the scan to the end, 3,000 events (SaTScan's)",
        ("knox_pointpats", (3_000,)),
        ("scan_to_the_end", (3_000,)),
        least=round(POINTPATS / SATSCAN_TO_THE_END),
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
    *(
        Aim(
            f"points to 200 areas / geopandas' sjoin, a million, {of} of its own address",
            ("to_areas", (1_000_000, 200, each)),
            ("to_areas_sjoin", (1_000_000, 200, each)),
            most=1,
            why="Where no two events share an address, ours also looks for those that do and gives "
            "each row its text; a delivery of reported crimes has several events an address.",
        )
        for each, of in ((10, "each tenth"), (1, "each"))
    ),
    *(
        Aim(
            f"dense places, each address once / sklearn's DBSCAN on events, {n:,}",
            ("clusters", (n,)),
            ("clusters_sklearn", (n,)),
            most=1 if n > 3_000 else 1.5,  # a hundredth of a second, either way
            why=SAME,
        )
        for (n,) in SIZES["clusters"]
    ),
    Aim(
        "aoristic totals / reading their columns from the store's form, a million",
        ("aoristic", (1_000_000,)),
        ("aoristic_read", (1_000_000,)),
        most=3,
        why="Reading is a floor and no peer.",
    ),
    Aim(
        "one band of pointpats, 3,000 events / aoristic totals, 100,000 (300 of crimepy)",
        ("knox_pointpats", (3_000,)),
        ("aoristic", (100_000,)),
        least=round(300 * POINTPATS / CRIMEPY),
        why="Ours is the whole call of a report: which intervals may count, and the year's two odd "
        "hours, beside the totals.",
    ),
    Aim(
        "an Excel file of 100,000 rows / openpyxl",
        ("excel", (100_000,)),
        ("excel_openpyxl", (100_000,)),
        most=1,
    ),
    Aim(
        "an Excel file of 100,000 rows / fastexcel",
        ("excel", (100_000,)),
        ("excel_fastexcel", (100_000,)),
        most=10,
        why="fastexcel gives a column one type and so loses what a cell said where a column holds "
        "several (dates and texts, numbers with leading zeros); ours keeps each cell's own form as "
        "text, with merged cells and headers found, and bombs refused.",
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
    found: Callable[..., Callable[[], Any]] = getattr(home(name), name)
    return found


def home(name: str) -> Any:
    """Return the module that has a piece of work."""
    return next((one for one in (space_time, places, delivered) if hasattr(one, name)), space_time)


def child(name: str, case: Case) -> None:
    """Do one piece of work after a tiny one; print seconds (median of up to three) and peak."""
    prepare = work(name)
    prepare(*home(name).WARM[: len(case)])()
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


def run(name: str, case: Case) -> dict[str, float] | None:
    """Run one piece of work in a process of its own; None when it takes too long."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.peers", "child", name]
    try:
        shown = subprocess.run(
            [*command, *map(str, case)],
            check=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            cwd=ROOT,
        )
    except subprocess.TimeoutExpired:
        return None
    found: dict[str, float] = json.loads(shown.stdout.splitlines()[-1])
    return found


def cost(name: str, case: Case) -> dict[str, float] | None:
    """Measure, carrying on from few permutations where all would take too long."""
    if name not in FEW:
        return run(name, case)
    one, few = (run(name, (*case, draws)) for draws in (1, FEW[name]))
    if one is None or few is None:
        return None
    each = (few["seconds"] - one["seconds"]) / (FEW[name] - 1)
    return {**few, "seconds": few["seconds"] + each * (space_time.DRAWS - FEW[name])}


def row(name: str, case: Case, found: dict[str, float], former: Any) -> list[str]:
    """Say what, how large, seconds, memory, and the slope from the size before."""
    slope = ""
    if former is not None and len(case) == len(former[0]):  # the same work but for its size
        grown = max(now / then for now, then in zip(case, former[0], strict=True) if then)
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


def is_peer(name: str) -> bool:
    """Tell whether a piece of work is another tool's."""
    return not TOOLS.keys().isdisjoint(name.split("_"))


def declared() -> tuple[measured.Aim, ...]:
    """Return the aims in the form that all benchmarks share."""
    aims = [
        measured.Aim(
            aim.text,
            aim.text,
            aim.least or aim.most,
            least=bool(aim.least),
            peer=is_peer(aim.over[0]) or is_peer(aim.under[0]),
            why=aim.why,
        )
        for aim in AIMS
    ]
    for name, case, most in MEMORY:
        text = f"MB of {name}, {case[0]:,}"
        aims.append(measured.Aim(text, text, most, unit="MB"))
    return tuple(aims)


def held(figures: dict[tuple[str, Case], dict[str, float]]) -> dict[str, measured.Figure]:
    """Return the figure of every aim that can be told."""
    found = {}
    for aim in AIMS:
        if aim.over not in figures or aim.under not in figures:
            continue
        over, under = figures[aim.over], figures[aim.under]
        bound = "under" if under["stopped"] else "over" if over["stopped"] else ""
        costs = over[aim.of], under[aim.of]
        ours, beside = costs[::-1] if is_peer(aim.over[0]) else costs
        found[aim.text] = measured.Figure(costs[0] / costs[1], ours, beside, bound)
    for name, case, _ in MEMORY:
        if (name, case) in figures:
            peak = figures[name, case]["megabytes"]
            found[f"MB of {name}, {case[0]:,}"] = measured.Figure(peak, peak)
    return found


PART = Part(
    "peers",
    "The kernels beside their peers",
    "make bench",
    "benchmarks/peers.py",
    f"""\
Ours and the peer in turn, in processes of their own; seconds of the processor without imports,
medians of up to three, memory of the whole process. {space_time.DRAWS} permutations unless told;
{", ".join(FEW)} carried on from {max(FEW.values())}. Work over {number(LIMIT)} s is stopped.
Sizes of a Knox table: events, permutations, kilometres across; of a scan: events, permutations;
of cells and areas: events, cells or areas, events an address.""",
    declared(),
    after=f"""\
What is too large is refused in words, not tried: see `MOST_PAIRS`, `MOST_WINDOWS`. k-modes,
k-prototypes and correspondence analysis are not ours, and are not measured. The aim of aoristic
totals is against reading the columns from the store's own form (Parquet); a CSV takes longer
(`aoristic_read_csv`).

{QUOTED}""",
)


def measure(quick: bool = False, begins: tuple[str, ...] = ("",)) -> Measured:
    """Run every piece of work whose name begins so; its small cases where they will do."""
    figures: dict[tuple[str, Case], dict[str, float]] = {}
    rows: list[list[str]] = []
    left_out = [f"{name}, {why}" for name, why in HOPELESS.items() if name.startswith(begins)]
    for name, cases in SIZES.items():
        if not name.startswith(begins):
            continue
        if tool := missing(name):
            left_out.append(f"{name}, {tool} is not installed")
            continue
        former = None
        for case in cases:
            if quick and case[0] > LARGEST_OF_QUICK and case != cases[0]:
                continue
            found = cost(name, case)
            if found is None:
                left_out.append(f"{name}, {case[0]:,}: stopped after {PATIENCE} s")
                break
            rows.append(row(name, case, found, former))
            print(told(rows[-1]), file=sys.stderr, flush=True)
            figures[name, case] = found
            former = case, found["seconds"]
    head = ("work", "events, cells or draws", "seconds", "MB", "slope")
    table = Table(head, tuple(map(tuple, rows)))
    return Measured(held(figures), (table,), tuple(left_out))


def main() -> int:
    """Measure by itself and print the table, or do one piece of work of a child process."""
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], tuple(map(int, sys.argv[3:])))
        return 0
    from benchmarks import bench  # not in a child, whose memory is measured

    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0].strip())
    parser.add_argument("begins", nargs="*", default=[""], help="pieces of work that begin so")
    parser.add_argument("--quick", action="store_true", help="small sizes, which show nothing")
    asked = parser.parse_args()
    found = measure(asked.quick, tuple(asked.begins))
    return bench.told({PART.name: found}, whole=not asked.quick and asked.begins == [""])


if __name__ == "__main__":
    raise SystemExit(main())
