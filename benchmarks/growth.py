"""
What a whole report costs as the municipality grows, and what a nation of them would.

``python -m benchmarks.growth`` generates municipalities of each size and makes the whole report of
each in a process of its own, with all chapters. It tells seconds, seconds of the processor
(kernels too), the most memory of one process, and the slope of growth between sizes: 1 is linear.
The arithmetic of a whole nation is made of these and stands in docs/scale.md.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.fleet import PERIOD, make
from benchmarks.measured import ROOT, Aim, Figure, Kept, Measured, Part, Table, slope, table

SIZES = (1_000, 10_000, 100_000, 1_000_000, 3_000_000)
MUNICIPALITIES, NATION = 290, 30_000_000
"""Sweden's, and what a report of each would rest on; the largest city is taken to have a tenth."""
ORDINARY, MILLION, LARGEST = SIZES[2], SIZES[3], SIZES[4]
WORKERS = (2, 8, 16)
SCALE = ROOT / "docs/scale.md"
BEGINS, ENDS = "<!-- growth: written by make bench -->", "<!-- /growth -->"


def report(folder: Path, out: Path) -> tuple[float, float, float]:
    """Make the report of a folder; return seconds, seconds of the processor, and megabytes."""
    call = [sys.executable, "-m", "est_analysis.cli", "report", str(folder), "--period", PERIOD]
    log = out / "log.jsonl"
    before, began = os.times(), time.perf_counter()
    code = os.spawnv(
        os.P_WAIT, sys.executable, [*call, "--out", str(out), "--fresh", "--log", str(log)]
    )
    wall, after = time.perf_counter() - began, os.times()
    if code:
        raise SystemExit("the report fails")
    from est_analysis.runs import entries

    line = entries(log)[-1]
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return wall, used, max(line["peak_mb"] or 0, line["largest_child_mb"] or 0)


PART = Part(
    "growth",
    "The whole report as the municipality grows",
    "make bench",
    "benchmarks/growth.py",
    """\
Generated municipalities; the whole report of each with all chapters, made anew, once. Seconds of
the processor count kernels too and are what slopes are of (1 is linear); memory is the most of
one process.""",
    (
        Aim(
            "slope",
            "steepest growth of the whole report between sizes, to three million incidents",
            1.1,
            unit="",
        ),
        Aim(
            "million",
            "the most memory of one process, a million incidents (MB)",
            2_000.0,
            unit="MB",
        ),
    ),
)


def measure(quick: bool = False) -> Measured:
    """Make the report of each size; of two small ones where that will do."""
    former: tuple[int, float] | None = None
    slopes: list[float] = []
    peaks: dict[int, float] = {}
    rows = []
    with tempfile.TemporaryDirectory(prefix="est-growth-") as name:
        for at, size in enumerate(SIZES[:2] if quick else SIZES):
            folder, out = Path(name) / f"kommun{at}", Path(name) / f"out{at}"
            make(folder, 1, size)
            out.mkdir()
            wall, used, memory = report(folder, out)
            slopes += [slope(former, (size, used))] if former else []
            told = f"{slopes[-1]:.2f}" if former else ""
            rows.append((f"{size:,}", f"{wall:.1f}", f"{used:.1f}", f"{memory:.0f}", told))
            peaks[size] = memory
            former = (size, used)
    figures = {
        "slope": Figure(max(slopes)),
        **({"million": Figure(peaks[MILLION], peaks[MILLION])} if MILLION in peaks else {}),
    }
    head = ("incidents", "seconds", "of the processor", "MB", "slope")
    return Measured(figures, (Table(head, tuple(rows)),))


def plan(found: Measured) -> str:
    """Return what one municipality costs and what a nation would, as Markdown."""
    (measured,) = found.tables
    cost = {
        int(row[0].replace(",", "")): (float(row[2]), float(row[3]) / 1000) for row in measured.rows
    }
    (each, own_gb), (longest, largest_gb) = cost[ORDINARY], cost[LARGEST]
    others = MUNICIPALITIES - 1
    whole = others * each + longest
    lines = [
        *table(measured.head, measured.rows),
        "",
        f"Measured: {found.on}.",
        "",
        f"A nation: {MUNICIPALITIES} municipalities, {NATION:,} incidents. The largest is taken to "
        f"have {LARGEST:,} and each of the others {ORDINARY:,}: together somewhat too many.",
        "",
        f"- *Time of the processor*: {others} x {each:.1f} s + {longest:.0f} s = {whole:,.0f} s, "
        f"**{whole / 3600:.1f} hours of one core**.",
    ]
    lines += [
        f"- *On {workers} workers*: {max(longest, whole / workers) / 60:.0f} minutes, and "
        f"{largest_gb + (workers - 1) * own_gb:.1f} GB while the largest runs."
        for workers in WORKERS
    ]
    lines += [
        f"- *The largest*: {largest_gb:.1f} GB in one process, begun first; up to "
        f"{whole / longest:.0f} workers nobody waits for it.",
    ]
    return "\n".join(lines)


def tell(kept: Kept, file: Path = SCALE) -> None:
    """Write `plan` into the document of scale, between its marks."""
    if PART.name in kept:
        text = file.read_text("utf-8")
        before, rest = text.split(BEGINS)
        after = rest.split(ENDS)[1]
        told = f"{before}{BEGINS}\n\n{plan(kept[PART.name])}\n\n{ENDS}{after}"
        file.write_text(told, "utf-8")


def main() -> int:
    """Measure by itself and print the table; return non-zero when an aim is missed."""
    from benchmarks import bench

    return bench.alone(PART.name)


if __name__ == "__main__":
    raise SystemExit(main())
