"""
Do to runs what can befall them, and see that nothing is lost, nothing is half, and all is said.

``make faults`` has five parts, two of them at a time, and closes each and the whole with ``N met, M
missed``. Faults injected one at a time into whole report runs (`benchmarks.injected`), and into the
published edition, what is due and a fleet (`benchmarks.injected_around`). The corpus of malicious
inputs, each refused with a sentence (``tests/test_malicious*.py``). Whole report runs killed at
random moments (`benchmarks.kills`). And, here, the store by itself: the sample municipality is
gathered and its store and ledger written in child processes that are killed (``kill -9``), half at
random times, half at random touches of the disk, half of each onto an empty folder and half onto
the store of an earlier delivery. After each the store must be whole (or absent, as before), the
ledger readable, and the next run must leave the same bytes as one that nobody disturbed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.measured import Aim, Figure, Measured, Part
from est_analysis import municipality
from est_analysis.errors import ReportError
from est_analysis.gather import accept, store

ROOT = Path(__file__).resolve().parents[1]
CORPUS = 40
"""Fewer malicious inputs than so are too few."""
DAY = date(2026, 10, 1)
LAST = "2026Q3"
ASIDE = "later"
TOUCHES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate"}
WRITING = os.O_WRONLY | os.O_RDWR
Write = Callable[[municipality.Municipality, accept.Gathered], Any]

_children = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
_children.set_forkserver_preload(["est_analysis.gather.accept", "est_analysis.gather.store"])


def run(folder: Path, write: Write = store.write_store) -> None:
    """Gather, write the store and enter the deliveries in the ledger, as a report does."""
    settings = municipality.load(folder)
    gathered = accept.gather(settings)
    write(settings, gathered)
    store.record_deliveries(settings, gathered, store.input_hashes(settings), seen=DAY)


def _touching(folder: Path, at: int, touched: Any, write: Write) -> None:
    """Run, and be killed just before the `at`-th touch of store or ledger; 0 is never."""
    derived = tuple(str(folder / name) for name in (store.STORE, store.LEDGER))
    number = count(1)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" and event not in TOUCHES:
            return
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & WRITING):
            return
        if not str(arguments[0]).startswith(derived):
            return
        touched.value = next(number)
        if touched.value == at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    run(folder, write)


def child(
    folder: Path, *, at: int = 0, after_s: float | None = None, write: Write = store.write_store
) -> tuple[int, int]:
    """
    Run in a process of its own.

    Parameters
    ----------
    folder
        The municipality.
    at
        Which touch of the disk kills it; 0 for none.
    after_s
        After how many seconds it is killed; None for never.
    write
        What writes the store.

    Returns
    -------
    int, int
        Its exit code (negative: the signal that killed it), and how often it touched the disk.
    """
    touched = _children.Value("i", 0)
    process = _children.Process(target=_touching, args=(folder, at, touched, write))
    return ended(process, after_s), int(touched.value)


def ended(process: Any, after_s: float | None) -> int:
    """Start a process, kill it after some seconds where asked, and return its exit code."""
    process.start()
    if after_s is not None:
        process.join(after_s)
        process.kill()
    process.join()
    return int(process.exitcode or 0)


def tree(folder: Path) -> dict[str, bytes]:
    """Return what stands in store and ledger, by path."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for name in (store.STORE, store.LEDGER)
        for file in sorted((folder / name).rglob("*"))
        if file.is_file()
    }


def current(folder: Path) -> str:
    """Return the name of the generation that is the store; empty where there is none."""
    file = folder / store.STORE / "current"
    return file.read_text(encoding="ascii").strip() if file.exists() else ""


def damage(folder: Path, allowed: Iterable[str]) -> str:
    """Say what is wrong with a store and a ledger after a kill; empty where nothing is."""
    settings = municipality.load(folder)
    if current(folder) not in allowed:
        return f"the store is {current(folder) or 'absent'}"
    try:
        if current(folder):
            store.read_store(settings)
        store.entries(settings, "deliveries")
    except ReportError as error:
        return str(error)
    return ""


def withhold(folder: Path) -> None:
    """Set the latest quarter aside, as if it had not been delivered."""
    for file in sorted((folder / "deliveries").rglob(f"*{LAST}*")):
        aside = folder / ASIDE / file.relative_to(folder / "deliveries")
        aside.parent.mkdir(parents=True, exist_ok=True)
        file.rename(aside)


def deliver(folder: Path) -> None:
    """Deliver what was set aside."""
    for file in sorted((folder / ASIDE).rglob("*.*")):
        file.rename(folder / "deliveries" / file.relative_to(folder / ASIDE))
    shutil.rmtree(folder / ASIDE, ignore_errors=True)


def kill_stores(kills: int, first: int) -> tuple[int, int]:
    """Print every missed check of killed stores; return how many were met, and missed."""
    ignored = shutil.ignore_patterns(store.STORE, store.LEDGER)
    met = missed = killed = changed = 0
    with tempfile.TemporaryDirectory(prefix="est-faults-") as name:
        fresh, earlier, work = (Path(name) / part for part in ("fresh", "earlier", "work"))
        shutil.copytree(municipality.EXAMPLES / "exempelsjo", fresh, ignore=ignored)
        shutil.copytree(fresh, earlier)
        withhold(earlier)
        run(earlier)
        deliver(earlier)
        starts = []
        for start in (fresh, earlier):
            shutil.copytree(start, work)
            child(work)  # the first child of all pays for loading the program
            shutil.rmtree(work)
            shutil.copytree(start, work)
            began = time.perf_counter()
            code, touches = child(work)
            starts.append((start, tree(work), time.perf_counter() - began, touches))
            shutil.rmtree(work)
            if code:
                raise SystemExit("an undisturbed run fails")
        for number in range(kills):
            chance = random.Random(first + number)
            start, expected, seconds, touches = starts[number % 2]
            shutil.copytree(start, work)
            if number % 4 < 2:
                how = {"after_s": chance.uniform(0, seconds)}
            else:
                how = {"at": chance.randint(1, touches)}
            code, _ = child(work, **how)
            killed += code == -signal.SIGKILL
            changed += tree(work) not in (tree(start), expected)
            whole = expected[f"{store.STORE}/current"].decode().strip()
            wrong = damage(work, {current(start), whole})
            child(work)
            again = tree(work) == expected
            for good, what in ((not wrong, wrong), (again, "the next run leaves other bytes")):
                met, missed = met + good, missed + (not good)
                if not good:
                    print(f"MISSED kill {number} ({start.name}, {how}): {what}")
            shutil.rmtree(work)
    print(
        f"{killed} of {kills} runs of the store were killed, {changed} of them within their writing"
    )
    return met, missed


def malicious() -> tuple[int, int]:
    """Run the corpus of malicious inputs; return how many were refused as they must, or not."""
    files = sorted(str(file) for file in (ROOT / "tests").glob("test_malicious*.py"))
    call = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *files]
    ran = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    last = ran.stdout.strip().splitlines()[-1]
    print("\n".join(line for line in ran.stdout.splitlines() if line.startswith("FAILED")) or last)
    met, failed, broken = (
        int(found[1]) if (found := re.search(rf"(\d+) {word}", last)) else 0
        for word in ("passed", "failed", "error")
    )
    return met, failed + broken + int(met < CORPUS)


FEWER = "A run that was shorter than `make faults` makes it."


def _part(name: str, title: str, file: str, text: str, least: int) -> Part:
    """Return how a part is told: no check may be missed, and there must be so many."""
    aims = (
        Aim("missed", f"{title.lower()}: checks missed", 0, unit=""),
        Aim("met", f"{title.lower()}: checks met", least, least=True, unit="", why=FEWER),
    )
    return Part(name, title, "make faults", file, text, aims)


PARTS = {
    part.name: part
    for part in (
        _part(
            "injected",
            "Faults injected into whole report runs",
            "benchmarks/injected.py",
            "One at a time: full disk, read-only folders, clocks that jump, two runs at once, "
            "kernels killed, out of memory and over time, damaged store and ledger, files that "
            "are gone.",
            20,
        ),
        _part(
            "around",
            "Faults injected around the report",
            "benchmarks/injected_around.py",
            "The same of the published edition, of fleets, of what is due, and of the memory of "
            "what was made.",
            10,
        ),
        _part(
            "malicious",
            "Malicious inputs",
            "tests/test_malicious.py",
            "Each refused with a sentence: paths that leave the folder, bombs, formulas, "
            "markup, files that are huge, deeply nested or of the wrong type.",
            CORPUS,
        ),
        _part(
            "kills",
            "Whole report runs killed",
            "benchmarks/kills.py",
            "At a random moment or a random touch of the disk; afterwards the report is the "
            "former one or the new one, to the byte, and every tenth run is made again with "
            "every row counted.",
            200,
        ),
        _part(
            "stores",
            "Stores killed",
            "benchmarks/faults.py",
            "The sample gathered and its store and ledger written, killed in the same ways; the "
            "store is whole after each, and the next run leaves an undisturbed one's bytes.",
            50,
        ),
    )
}
"""How each part stands in docs/benchmarks.md."""


def put(file: Path | None, name: str, met: int, missed: int) -> None:
    """Put how many checks of a part were met and missed into a document, where one is asked for."""
    from benchmarks import bench

    if file is not None:
        bench.put(file, name, Measured({"met": Figure(met), "missed": Figure(missed)}))


def parts(asked: argparse.Namespace) -> dict[str, Callable[[], tuple[int, int]]]:
    """Return what there is to run, the longest first."""
    from benchmarks import injected, injected_around, kills

    return {
        "kills": lambda: kills.run_all(asked.kills, asked.first),
        "injected": injected.run,
        "around": injected_around.run,
        "malicious": malicious,
        "stores": lambda: kill_stores(asked.store_kills, asked.first),
    }


def apart(name: str, asked: argparse.Namespace) -> str:
    """Run one part in a process of its own, in folders of its own; return what it prints."""
    call = [sys.executable, "-m", "benchmarks.faults", "--part", name]
    for option in ("kills", "store_kills", "first"):
        call += [f"--{option.replace('_', '-')}", str(getattr(asked, option))]
    ran = subprocess.run(call, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    return ran.stdout


def counted(printed: str) -> tuple[int, int]:
    """Return how many checks a part met and missed; a part that broke off has missed one."""
    last = (printed.strip().splitlines() or [""])[-1]
    found = re.fullmatch(r"(\d+) met, (\d+) missed", last)
    return (int(found[1]), int(found[2])) if found else (0, 1)


def main() -> int:
    """Print each part and the sum of all; return non-zero when one check is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, help="of whole report runs; 200")
    parser.add_argument("--store-kills", type=int, help="50")
    parser.add_argument("--first", type=int, default=1, help="first seed; never chosen for results")
    parser.add_argument("--quick", action="store_true", help="10 kills and 8: do all parts work?")
    parser.add_argument("--at-once", type=int, default=2, help="how many parts run at a time")
    parser.add_argument("--part", help="only this one, here")
    parser.add_argument("--write", type=Path, help="the document to put the figures in")
    asked = parser.parse_args()
    asked.kills = asked.kills or (10 if asked.quick else 200)
    asked.store_kills = asked.store_kills or (8 if asked.quick else 50)
    known = parts(asked)
    if asked.part:
        good, bad = known[asked.part]()
        print(f"{good} met, {bad} missed", flush=True)
        return int(bad > 0)
    met = missed = 0
    with ThreadPoolExecutor(asked.at_once) as pool:
        for name, printed in zip(known, pool.map(lambda n: apart(n, asked), known), strict=True):
            good, bad = counted(printed)
            met, missed = met + good, missed + bad
            print(f"\n{PARTS[name].title.lower()}\n{printed}", end="", flush=True)
            put(asked.write, name, good, bad)
    print(f"\nall parts: {met} met, {missed} missed", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
