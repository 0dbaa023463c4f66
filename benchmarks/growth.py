"""
What a whole report costs as the municipality grows: from a thousand incidents to a million.

``python -m benchmarks.growth`` generates municipalities of each size and makes the whole report of
each in a process of its own, with all chapters. It prints seconds, seconds of the processor
(kernels too), the most memory of one process, and the slope of growth between sizes: 1 is linear.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.fleet import PERIOD, make

SIZES = (1_000, 10_000, 100_000, 1_000_000)
LIMIT = 1.1


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


def slope(small: tuple[int, float], large: tuple[int, float]) -> float:
    """Return the exponent of growth between two sizes and what they cost."""
    return math.log(large[1] / small[1]) / math.log(large[0] / small[0])


def main() -> int:
    """Print the table and the verdict; return non-zero when growth is steeper than linear."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    sizes = parser.parse_args().sizes
    former: tuple[int, float] | None = None
    steepest = 0.0
    print("| incidents | seconds | of the processor | MB | slope |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="est-growth-") as name:
        for number, size in enumerate(sizes):
            folder, out = Path(name) / f"kommun{number}", Path(name) / f"out{number}"
            make(folder, 1, size)
            out.mkdir()
            wall, used, memory = report(folder, out)
            grown = slope(former, (size, used)) if former else None
            steepest = max(steepest, grown or 0.0)
            told = "" if grown is None else f"{grown:.2f}"
            print(f"| {size:,} | {wall:.1f} | {used:.1f} | {memory:.0f} | {told} |", flush=True)
            former = (size, used)
    met = steepest <= LIMIT
    print(f"{'met   ' if met else 'MISSED'} steepest slope = {steepest:.2f} (at most {LIMIT})")
    print(f"{int(met)} met, {int(not met)} missed")
    return int(not met)


if __name__ == "__main__":
    raise SystemExit(main())
