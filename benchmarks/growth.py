"""
What a whole report costs as the municipality grows: from a thousand incidents to a million.

``python -m benchmarks.growth`` generates municipalities of each size and makes the whole report of
each in a process of its own, with all chapters. It tells seconds, seconds of the processor
(kernels too), the most memory of one process, and the slope of growth between sizes: 1 is linear.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.fleet import PERIOD, make
from benchmarks.measured import Aim, Figure, Measured, Part, Table, slope

SIZES = (1_000, 10_000, 100_000, 1_000_000)


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
            "steepest growth of the whole report between sizes, to a million incidents",
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
    peaks: list[float] = []
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
            peaks.append(memory)
            former = (size, used)
    figures = {
        "slope": Figure(max(slopes)),
        "million": Figure(peaks[-1], peaks[-1]),
    }
    head = ("incidents", "seconds", "of the processor", "MB", "slope")
    return Measured(figures, (Table(head, tuple(rows)),))


def main() -> int:
    """Measure by itself and print the table; return non-zero when an aim is missed."""
    from benchmarks import bench

    return bench.alone(PART.name)


if __name__ == "__main__":
    raise SystemExit(main())
