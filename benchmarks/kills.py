"""
Kill whole report runs at random moments, and see that no row is lost and no report is half.

A quarter's run of a small generated municipality, from settings to the list of reports, is killed
(``kill -9``) 200 times: half at a random moment, half at a random touch of the disk that holds
deliveries, store, ledger and reports; half of each from an empty start, half where an earlier
report stands and a late delivery makes a new version of it. The run is cut into as many equal parts
as there are kills of a kind, and each part has its own kill: they cover it from end to end. After
each kill the report must be the former one or the new one, every byte of it, or lie aside whole;
store and ledger must be readable. After every tenth kill the run is made again, and must leave the
bytes of one that nobody disturbed, with every row accounted for. Computing and chapters write
nothing: in nine of ten runs results are taken from a run before, and no kernel is started, so that
two hundred kills fall where something is written; the tenth is real in every part.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import nbformat

from benchmarks import faults
from benchmarks.fleet import make
from est_analysis import municipality
from est_analysis.errors import ReportError
from est_analysis.gather import accept, store
from est_analysis.reports import build as builder
from est_analysis.reports import chapters
from est_analysis.reports.results import Results

PERIOD = "2026Q3"
LATE = "*2026Q3*"
EVERY = 10
INCIDENTS = 600
IMPORTED = (
    *("papermill", "nbconvert", "jinja2", "sklearn.cluster", "scipy.stats", "rapidfuzz", "pandera"),
    *("geopandas", "folium", "kmedoids", "est_analysis.reports.page", "est_analysis.reports.maps"),
    *("est_analysis.patterns.situations", "est_analysis.measures.evaluation"),
)
_children = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
_children.set_forkserver_preload(["benchmarks.fleet", *IMPORTED])


def unexecuted(notebook: Path, *_: object) -> nbformat.NotebookNode:
    """Return a chapter as it stands, in the place of one that a kernel went through."""
    return nbformat.read(notebook, as_version=4)


def saved_results(root: Path, to: Path) -> Path:
    """Compute the results of a run on a folder, and save them for runs that take them."""
    settings = municipality.load(root / "kommun")
    gathered = accept.gather(settings)
    period = builder.period_of(PERIOD, gathered.events, settings)
    periods = (period, period.last_fortnight())
    for kind, each in zip(builder.kinds_of(period), periods, strict=True):
        own = builder.Results(settings, each, "internal", builder.Language("sv"), gathered=gathered)
        own.save(to / str(each), kind.results)
    return to


def taken(saved: Path) -> Callable[..., builder.Results]:
    """Return what stands in the place of `Results`, and reads what it can from a folder."""

    def results(settings: object, period: object, *more: Any, **named: Any) -> builder.Results:
        return Results(settings, period, *more, saved=saved / str(period), **named)

    return results


def _run(root: Path, saved: Path | None, at: int, touched: Any) -> None:
    """Make the report, and be killed just before the `at`-th touch of the folder; 0 is never."""
    if saved is not None:
        chapters.run_chapter = unexecuted
        builder.Results = taken(saved)
    number = count(1)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" and event not in faults.TOUCHES:
            return
        if event == "open" and not (
            isinstance(arguments[2], int) and arguments[2] & faults.WRITING
        ):
            return
        if not str(arguments[0]).startswith(str(root)):
            return
        reached = next(number)
        if touched is not None:
            touched.value = reached
        if reached == at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    try:
        builder.build(root / "kommun", PERIOD, out=root / "reports", today=faults.DAY)
    except ReportError as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None


def run(
    root: Path, saved: Path | None = None, *, at: int = 0, after_s: float | None = None
) -> tuple[int, int]:
    """
    Run in a process of its own; return its exit code and how often it touched the disk.

    Without saved results it computes them, and goes through the chapters with kernels.
    """
    touched = _children.Value("i", 0)
    process = _children.Process(target=_run, args=(root, saved, at, touched))
    return faults.ended(process, after_s), int(touched.value)


def files(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder, without locks."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != ".lock"
    }


@dataclass
class Start:
    """A folder to start from: what stands in it, and what an undisturbed run leaves."""

    name: str
    root: Path
    before: dict[str, bytes]
    after: dict[bool, dict[str, bytes]]
    """Without and with kernels: every file when the run is over."""
    seconds: dict[bool, float]
    touches: int
    saved: Path
    """Its results, for runs that do not compute them."""


def report_of(tree: dict[str, bytes], name: str = PERIOD) -> dict[str, bytes]:
    """Return the files of one report folder."""
    own = f"reports/kommun/{name}/"
    return {
        path.removeprefix(own): content for path, content in tree.items() if path.startswith(own)
    }


def wrong(root: Path, allowed: list[dict[str, bytes]]) -> str:
    """Say what is half or lost after a kill; empty where nothing is."""
    now = files(root)
    seen, aside = report_of(now), report_of(now, f".{PERIOD}.former")
    reports = [report_of(tree) for tree in allowed]
    if seen not in reports and not (not seen and aside in reports):
        return f"the report is half: {len(seen)} files"
    lists = [tree.get("reports/kommun/index.html") for tree in allowed]
    if now.get("reports/kommun/index.html") not in lists:
        return "the list of reports is half"
    settings = municipality.load(root / "kommun")
    try:
        if faults.current(root / "kommun"):
            store.read_store(settings)
        for name in ("deliveries", "reports", "typologies", "baselines"):
            store.entries(settings, name)
    except ReportError as error:
        return str(error)
    return ""


def rows(root: Path) -> int:
    """Return how many rows the finished report accounts for."""
    folder = root / "reports/kommun" / PERIOD
    told = json.loads((folder / "provenance.json").read_text("utf-8"))["rows"]
    parts = ("accepted", "quarantined", "dropped", "repeated")
    return int(told["rows"]) if told["rows"] == sum(told[part] for part in parts) else -1


def starts(room: Path) -> list[Start]:
    """Make both folders to start from, and run each undisturbed."""
    empty, earlier = room / "empty", room / "earlier"
    for root in (empty, earlier):
        make(root / "kommun", 1, INCIDENTS)
    late = sorted((earlier / "kommun/deliveries").rglob(LATE))[0]
    content = late.read_bytes()
    half = content.splitlines(keepends=True)
    late.write_bytes(b"".join(half[: len(half) // 2]))
    run(earlier)
    late.write_bytes(content)
    found = []
    for root in (empty, earlier):
        after, seconds, touches = {}, {}, 0
        saved = saved_results(root, room / f"results of {root.name}")
        for kernels in (True, False):
            work = _copy(root, room)
            began = time.perf_counter()
            code, touches = run(work, None if kernels else saved)
            seconds[kernels] = time.perf_counter() - began
            if code:
                raise SystemExit("an undisturbed run fails")
            after[kernels] = files(work)
        found.append(Start(root.name, root, files(root), after, seconds, touches, saved))
    return found


def _copy(root: Path, room: Path) -> Path:
    """Copy a start to the one path that every run has: what hangs on a path is then the same."""
    work = room / "work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(root, work)
    return work


def is_real(number: int) -> bool:
    """Tell whether a kill falls on a run that computes and starts kernels: every tenth."""
    return number % 10 == number // 10 % 10


def spread(number: int, kills: int, kernels: bool, chance: random.Random) -> float:
    """
    Return when a kill falls, as a share of the run.

    Kills of a kind (real or not, by time or by touch, of one start) divide the run among them.
    """

    def kind(other: int) -> tuple[bool, int]:
        return is_real(other), other % 4

    alike = [other for other in range(kills) if kind(other) == (kernels, number % 4)]
    return (alike.index(number) + chance.random()) / len(alike)


def run_all(kills: int, first: int) -> tuple[int, int]:
    """Print every missed check; return how many were met, and missed."""
    met = missed = killed = new = aside = reruns = 0
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="est-kills-") as name:
        room = Path(name)
        both = starts(room)
        for number in range(kills):
            chance = random.Random(first + number)
            start, kernels = both[number // 2 % 2], is_real(number)
            whole = start.after[kernels]
            work, saved = _copy(start.root, room), None if kernels else start.saved
            moment = spread(number, kills, kernels, chance)
            if number % 2:
                how = {"at": 1 + int(moment * start.touches)}
            else:
                how = {"after_s": moment * start.seconds[kernels]}
            code, _ = run(work, saved, **how)
            killed += code == -signal.SIGKILL
            tree = files(work)
            new += report_of(tree) == report_of(whole)
            aside += not report_of(tree) and bool(report_of(tree, f".{PERIOD}.former"))
            checks = [wrong(work, [start.before, whole])]
            if number % EVERY == EVERY - 1:
                reruns += 1
                run(work, saved)
                tree = files(work)
                other = sorted(p for p in {*tree, *whole} if tree.get(p) != whole.get(p))
                checks.append(f"the next run leaves other bytes: {other[:4]}" if other else "")
                found = rows(work)
                checks.append("" if found == INCIDENTS else f"{found} rows of {INCIDENTS}")
            for fault in checks:
                met, missed = met + (not fault), missed + bool(fault)
                if fault:
                    print(f"MISSED kill {number} ({start.name}, {how}): {fault}", flush=True)
            if sys.stderr.isatty() or number % 10 == 9:
                print(f"{number + 1} kills", file=sys.stderr, flush=True)
    print(
        f"{killed} of {kills} report runs were killed, {new} of them when the new report "
        f"stood, {aside} between the two renames; {reruns} made again"
    )
    print(f"({time.perf_counter() - began:.0f} s)")
    return met, missed


def main() -> int:
    """Print every missed check and the sum of all; return non-zero when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--first", type=int, default=1, help="first seed; never chosen for results")
    parser.add_argument("--write", type=Path, help="the document to put the figures in")
    asked = parser.parse_args()
    met, missed = run_all(asked.kills, asked.first)
    faults.put(asked.write, "kills", met, missed)
    print(f"{met} met, {missed} missed")
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
