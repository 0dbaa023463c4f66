"""
Run a fleet of generated municipalities of unequal size, and see what a second worker is worth.

``python run.py scale`` makes twenty municipalities, a million incidents together, runs them with
one worker and with two, kills one of two workers in the middle of a third run, and runs a fourth on
a scheduler and workers that were started apart. It prints wall time, the ratio, the peak memory of
each municipality's process, and what the kill cost. Run it on a machine that does nothing else.
``--municipalities 4 --incidents 8000`` is a quick look at whether all parts work.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measured import Aim, Figure, Measured, Part, Table, ratio

PERIOD = "2026Q3"
CODES = {"0801": "Skadegörelse", "1204": "Klotter", "0825": "Stöld ur fordon", "3001": "Rån"}
TOML = """\
name = "{name}"
code = "{code}"
purpose = "prov"
controller = "Kommunstyrelsen"
crs = "EPSG:3006"

[sources.polis]
partner = "Polisen"
kind = "reported_crime"
files = "deliveries/polis/*.csv"
format = "csv"
codes = {{ {codes} }}

[sources.polis.columns]
id = "id"
code = "kod"
start = "datum"
x = "x"
y = "y"
"""


def sizes(municipalities: int, incidents: int) -> list[int]:
    """Return incidents by municipality: as Zipf has it, and as many together as asked for."""
    share = 1 / np.arange(1, municipalities + 1)
    return np.maximum(200, np.round(incidents * share / share.sum())).astype(int).tolist()


def make(folder: Path, number: int, incidents: int) -> None:
    """Write a municipality of four years in one file a quarter, drawn from its number."""
    chance = np.random.default_rng([9, number])
    middle = np.array([500_000, 6_500_000])
    addresses = middle + chance.normal(0, 3_000, (max(50, incidents // 10), 2)).round()
    where = addresses[chance.integers(0, len(addresses), incidents)].astype(int)
    first = pd.Timestamp("2022-10-01")
    minutes = chance.integers(0, (pd.Timestamp("2026-10-01") - first).days * 24 * 60, incidents)
    when = (first + pd.to_timedelta(np.sort(minutes), unit="m")).round("min")
    rows = pd.DataFrame(
        {
            "id": np.arange(incidents) + 1,
            "kod": np.array(list(CODES))[chance.integers(0, len(CODES), incidents)],
            "datum": when.strftime("%Y-%m-%d %H:%M"),
            "x": where[:, 0],
            "y": where[:, 1],
        }
    )
    place = folder / "deliveries/polis"
    place.mkdir(parents=True)
    for quarter, own in rows.groupby(when.to_period("Q")):
        own.to_csv(place / f"polis_{quarter}.csv", sep=";", index=False)
    codes = ", ".join(f'"{code}" = "{name}"' for code, name in CODES.items())
    text = TOML.format(name=f"Kommun {number:02}", code=f"{9000 + number}", codes=codes)
    (folder / "municipality.toml").write_text(text, encoding="utf-8")


def command(root: Path, out: Path, *more: str) -> list[str]:
    """Return the command that runs a fleet."""
    base = [sys.executable, "-m", "est_analysis.cli", "fleet", str(root), "--period", PERIOD]
    return [*base, "--out", str(out), *more]


def fleet(root: Path, out: Path, *more: str, kill_after_s: float | None = None) -> float:
    """Run a fleet and return its seconds; where asked, kill one of its workers on the way."""
    began = time.perf_counter()
    with subprocess.Popen(command(root, out, *more)) as process:
        if kill_after_s is not None:
            threading.Timer(kill_after_s, kill_a_worker, [process.pid]).start()
        if process.wait():
            raise SystemExit("a municipality failed")
    return time.perf_counter() - began


def kill_a_worker(parent: int) -> None:
    """Kill the worker process whose child has run the longest: a parent of est report."""
    reports = [(pid, of) for pid, of, line in processes() if "est_analysis.cli report" in line]
    own = [(pid, of) for pid, of in reports if parent in ancestors(pid)]
    if own:
        os.kill(own[0][1], signal.SIGKILL)
        print(f"  killed worker {own[0][1]}", flush=True)


def processes() -> list[tuple[int, int, str]]:
    """Return pid, parent and command line of every process."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            of = int(re.search(r"^PPid:\s+(\d+)", (place / "status").read_text(), re.M)[1])
        except (OSError, TypeError):
            continue
        found.append((int(place.name), of, line))
    return sorted(found)


def ancestors(pid: int) -> set[int]:
    """Return the processes that a process comes from."""
    parents = {own: of for own, of, _ in processes()}
    found: set[int] = set()
    while pid in parents and pid not in found:
        found.add(pid)
        pid = parents[pid]
    return found


def told(out: Path) -> pd.DataFrame:
    """Return the overview's municipalities as a table."""
    return pd.DataFrame(json.loads((out / "fleet.json").read_text("utf-8"))["municipalities"])


def started_apart(stack: ExitStack, workers: int) -> str:
    """Start a scheduler and workers as an agency would; return the scheduler's address."""
    file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "scheduler.json"
    base = [sys.executable, "-m", "distributed.cli.dask_"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    calls = [
        [f"{base[-1]}scheduler", *local, "--port", "0", "--scheduler-file", str(file)],
        *([f"{base[-1]}worker", "--scheduler-file", str(file), "--nthreads", "1", *local],)
        * workers,
    ]
    for call in calls:
        process = subprocess.Popen([*base[:2], *call], **quiet)
        stack.callback(process.wait)
        stack.callback(process.terminate)
    until = time.monotonic() + 60
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.1)
    return str(json.loads(file.read_text("utf-8"))["address"])


PART = Part(
    "fleet",
    "Many municipalities at once",
    "make scale",
    "benchmarks/fleet.py",
    """\
Generated municipalities of unequal size (as Zipf has it) with one worker and with two, with one
of two workers killed in the middle, and on a scheduler and workers that were started apart.
Memory is one municipality's: its own process and its largest child.""",
    (
        Aim(
            "two",
            "two workers / one",
            0.6,
            why="The largest municipality is worked on by one worker to its end.",
        ),
        Aim(
            "killed",
            "a worker killed in the middle, beyond two workers / the longest municipality's time",
            1.1,
            why="What the kill costs is the killed municipality's time and a new worker's start.",
        ),
        Aim("memory", "the most memory of a municipality (MB)", 2_000.0, unit="MB"),
    ),
)


def measure(municipalities: int, incidents: int, ways: list[str]) -> Measured:
    """Run the fleet in each way, one after another."""
    seconds: dict[str, float] = {}
    tables: dict[str, pd.DataFrame] = {}
    rows = []
    with tempfile.TemporaryDirectory(prefix="est-fleet-") as name, ExitStack() as stack:
        root = Path(name) / "kommuner"
        listed = sizes(municipalities, incidents)
        for number, own in enumerate(listed, 1):
            make(root / f"kommun{number:02}", number, own)
        for way in ways:
            out = Path(name) / way
            if way == "apart":
                more = ["--scheduler", started_apart(stack, 2)]
            else:
                more = ["--workers", "1" if way == "one" else "2"]
            after = seconds.get("two", 40.0) / 2 if way == "killed" else None
            seconds[way] = fleet(root, out, *more, kill_after_s=after)
            tables[way] = table = told(out)
            peak = table["peak_mb"] + table["largest_child_mb"]
            figures = (seconds[way], table["seconds"].max(), peak.max(), peak.median())
            rows.append((WAYS[way], *(f"{figure:,.0f}" for figure in figures)))
            print("  ".join(rows[-1]), file=sys.stderr, flush=True)
    found = {}
    if {"one", "two"} <= set(seconds):
        found["two"] = ratio(seconds["two"], seconds["one"])
    if {"two", "killed"} <= set(seconds):
        longest = float(tables["two"]["seconds"].max())
        found["killed"] = ratio(seconds["killed"] - seconds["two"], longest)
    most = max(float((one["peak_mb"] + one["largest_child_mb"]).max()) for one in tables.values())
    found["memory"] = Figure(most, most)
    made = (f"{len(listed)}", f"{sum(listed):,}", f"{min(listed):,}", f"{max(listed):,}")
    return Measured(
        found,
        (
            Table(("municipalities", "incidents", "fewest", "most"), (made,)),
            Table(
                ("way", "seconds", "longest municipality", "MB, most", "MB, median"), tuple(rows)
            ),
        ),
    )


WAYS = {
    "one": "one worker",
    "two": "two workers",
    "killed": "two workers, one killed in the middle",
    "apart": "scheduler and two workers started apart",
}


def main() -> int:
    """Print what was measured; return non-zero when an aim is missed."""
    from benchmarks import bench

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--municipalities", type=int, default=20)
    parser.add_argument("--incidents", type=int, default=1_000_000)
    parser.add_argument("--only", choices=list(WAYS), nargs="*")
    parser.add_argument("--write", type=Path, help="the document to put the figures in")
    asked = parser.parse_args()
    found = measure(asked.municipalities, asked.incidents, asked.only or list(WAYS))
    if asked.write:
        bench.put(asked.write, PART.name, found)
    return bench.told({PART.name: found}, whole=not asked.only)


if __name__ == "__main__":
    raise SystemExit(main())
