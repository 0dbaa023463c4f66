"""
Inject one fault at a time into whole report runs, and see that what must survive does.

Each line of the table is a fault, what must survive it, and whether it did. A finished report of a
small generated municipality stands from the start; a late delivery gives the run something to do.
Where a run must stop, it must say why in a sentence that tells what to do, the former report must
stand to the byte, and the next run must leave what an undisturbed one leaves. Kernels are started
where the fault is theirs; other chapters are taken as they stand.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat

from benchmarks import faults, kills
from benchmarks.fleet import make
from est_analysis.errors import EstError
from est_analysis.gather import files as disk
from est_analysis.reports import build as builder
from est_analysis.reports import chapters, unchanged

REFERENCE = '\n[reference]\nplaces = "reference/places.csv"\n'


@dataclass
class Town:
    """A folder with a finished report and a late delivery, and what the next run leaves."""

    root: Path
    former: dict[str, bytes]
    whole: dict[str, bytes]
    saved: Path
    """The run's results, so that they need not be computed for every fault."""
    former_editions: dict[str, bytes] = field(default_factory=dict)
    whole_editions: dict[str, bytes] = field(default_factory=dict)
    """What is published before and after, and what the ledger says of it."""
    whole_due: dict[str, bytes] = field(default_factory=dict)
    """What a run of what is due leaves."""

    def build(self, **more: Any) -> None:
        """Run, without kernels unless told."""
        kernels = more.pop("kernels", None)
        chapter = kernels or kills.unexecuted
        given = {"out": self.root / "reports", "today": faults.DAY, "fresh": True} | more
        with (
            mock.patch.object(chapters, "run_chapter", chapter),
            mock.patch.object(builder, "Results", kills.taken(self.saved)),
        ):
            builder.build(self.root / "kommun", kills.PERIOD, **given)

    def stands(self) -> str:
        """Say what is wrong with the former report; empty where it stands."""
        same = kills.report_of(kills.files(self.root)) == kills.report_of(self.former)
        return "" if same else "the former report is another"

    def made(self) -> str:
        """Say what differs from an undisturbed run; empty where nothing does."""
        tree = kills.files(self.root)
        other = sorted(p for p in {*tree, *self.whole} if tree.get(p) != self.whole.get(p))
        return f"other bytes: {other[:3]}" if other else ""

    def stopped(self, says: str, **more: Any) -> str:
        """Run into the fault: it must say so, and leave the former report."""
        try:
            self.build(**more)
        except EstError as error:
            text = str(error)
            if says not in text or "Gör så här" not in text:
                return f"it says: {text}"
        else:
            return "nothing is said"
        return self.stands()

    def mended(self) -> str:
        """Run again, undisturbed."""
        self.build()
        return self.made()


@contextmanager
def refusing(code: int, inside: str, reading: bool = False) -> Iterator[None]:
    """Let every write (or reading) of a path that holds a text fail as a disk would."""
    plain, low, folder, rename = io.open, os.open, os.mkdir, os.rename

    def refuse(path: Any) -> None:
        if inside in str(path):
            raise OSError(code, os.strerror(code), str(path))

    def opened(file: Any, mode: str = "r", *more: Any, **named: Any) -> Any:
        if (set(mode) & set("wxa+")) or reading:
            refuse(file)
        return plain(file, mode, *more, **named)

    def opened_low(file: Any, flags: int, *more: Any, **named: Any) -> int:
        if flags & faults.WRITING or reading:
            refuse(file)
        return low(file, flags, *more, **named)

    def made(path: Any, *more: Any, **named: Any) -> None:
        refuse(path)
        folder(path, *more, **named)

    def renamed(old: Any, new: Any, *more: Any, **named: Any) -> None:
        refuse(new)
        rename(old, new, *more, **named)

    patches = [mock.patch("io.open", opened), mock.patch("os.open", opened_low)]
    if not reading:
        patches += [mock.patch("os.mkdir", made), mock.patch("os.rename", renamed)]
        patches.append(mock.patch("builtins.open", opened))
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


FULL, CLOSED = (errno.ENOSPC, "disken är full"), (errno.EROFS, "går inte att skriva")


def refused(fault: tuple[int, str], inside: str, report: str = "former") -> Callable[[Town], str]:
    """Return a fault of the disk at paths that hold a text."""

    def inject(town: Town) -> str:
        with refusing(fault[0], inside):
            wrong = town.stopped(fault[1]) if report == "former" else _said(town, fault[1])
        return wrong or town.mended()

    return inject


def _said(town: Town, says: str) -> str:
    """Run into a fault that comes when the new report stands: it must be said, and be whole."""
    try:
        town.build()
    except EstError as error:
        if says not in str(error):
            return f"it says: {error}"
    else:
        return "nothing is said"
    now = kills.report_of(kills.files(town.root))
    whole = [kills.report_of(town.whole), kills.report_of(town.former)]
    return "" if now in whole else "the report is half"


def clock(day: date, seconds: float) -> Callable[[Town], str]:
    """Return a jump of the clock by so many seconds, to a day."""

    def inject(town: Town) -> str:
        real = time.time
        with mock.patch("time.time", lambda: real() + seconds):
            town.build(today=day)
        report = kills.report_of(kills.files(town.root))
        return "" if report == kills.report_of(town.whole) else "the clock is in the report"

    return inject


def chapter(source: str, says: str, **more: Any) -> Callable[[Town], str]:
    """Return a chapter whose first cell does harm."""

    def inject(town: Town) -> str:
        harmed = town.root / "harmed.ipynb"
        code = nbformat.v4.new_code_cell(source)
        notebook = nbformat.v4.new_notebook(cells=[code])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
        nbformat.write(notebook, harmed)
        real = chapters.run_chapter

        def one(file: Path, _: dict[str, str], *how: Any) -> Any:
            if file.stem == "3_patterns":
                return real(harmed, {}, *how)
            return kills.unexecuted(file)

        wrong = town.stopped(says, kernels=one, **more)
        harmed.unlink()
        return wrong or town.mended()

    return inject


def spoiled(inside: str, how: Callable[[bytes], bytes | None]) -> Callable[[Town], str]:
    """Return damage to one file; the next run must make it good."""

    def inject(town: Town) -> str:
        _spoil(town, inside, how)
        town.build(fresh=False)
        return town.made()

    return inject


def refused_file(
    inside: str, how: Callable[[bytes], bytes | None], says: str
) -> Callable[[Town], str]:
    """Return damage that a person must mend; it is said, and mended the next run is whole."""

    def inject(town: Town) -> str:
        file, before = _spoil(town, inside, how)
        wrong = town.stopped(says)
        file.write_bytes(before)
        return wrong or town.mended()

    return inject


def _spoil(town: Town, inside: str, how: Callable[[bytes], bytes | None]) -> tuple[Path, bytes]:
    file = sorted(town.root.glob(inside))[0]
    before = file.read_bytes()
    after = how(before)
    if after is None:
        file.unlink()
    else:
        file.write_bytes(after)
    return file, before


def killed(event: str, inside: str) -> Callable[[Town], str]:
    """Return a kill at the first touch of a path that holds a text."""

    def inject(town: Town) -> str:
        process = kills._children.Process(target=_dying, args=(town, event, inside))
        process.start()
        process.join()
        if process.exitcode != -signal.SIGKILL:
            return f"not killed: {process.exitcode}"
        wrong = kills.wrong(town.root, [town.former, town.whole])
        return wrong or town.mended()

    return inject


def _dying(town: Town, event: str, inside: str) -> None:
    def watch(name: str, arguments: tuple[Any, ...]) -> None:
        if name == event and inside in str(arguments[1 if name == "os.rename" else 0]):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    town.build()


def unread(town: Town) -> str:
    """Let a delivery not be opened: the report is made of the others, and says so."""
    with (
        refusing(errno.EACCES, "polis_2025Q1", reading=True),
        mock.patch.object(town, "saved", town.root / "none"),
    ):
        town.build()
    page = (town.root / "reports/kommun" / kills.PERIOD / "rapport.html").read_text("utf-8")
    said = "polis_2025Q1.csv" in page and "gick inte att läsa" in page
    town.build()
    gone = kills.rows(town.root) == kills.INCIDENTS
    return "" if said and gone else "the file is not told of, or rows are lost"


def two_at_once(town: Town) -> str:
    """Start two runs together: both end well, and the report is whole."""
    processes = [
        kills._children.Process(target=kills._run, args=(town.root, town.saved, 0, None))
        for _ in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    codes = [process.exitcode for process in processes]
    return f"exit codes {codes}" if codes != [0, 0] else town.mended()


def held(town: Town) -> str:
    """Hold the folder and do not let go: it is said."""
    with disk.alone(town.root / "reports/kommun"), mock.patch.object(disk, "PATIENCE_S", 0.1):
        wrong = town.stopped("En annan körning skriver i samma mapp")
    return wrong or town.mended()


def left_room(town: Town) -> str:
    """Leave a killed run's room there: the next run takes it away."""
    left = town.root / "reports/kommun/.run-dead"
    left.mkdir()
    (left / ".lock").touch()
    (left / "rapport.html").write_text("half")
    return town.mended()


def tampered(inside: str, how: Callable[[bytes], bytes]) -> Callable[[Town], str]:
    """Return a change by hand of what a run made: the next run of the same call makes it again."""

    def inject(town: Town) -> str:
        town.build()
        _spoil(town, inside, how)
        asked = unchanged.Asked(kills.PERIOD)
        if unchanged.standing(town.root / "kommun", asked, town.root / "reports") is not None:
            return "it passes for whole"
        return town.mended()

    return inject


def _half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


SAID, NEW = "said; former report stands; rerun whole", "report whole, to the byte"
LATER = "said; report former or new, whole; rerun whole"
OOM = "raise MemoryError"
DIE = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
FAULTS: dict[str, tuple[str, Callable[[Town], str]]] = {
    "full disk: results": (SAID, refused(FULL, "/results/")),
    "full disk: pages": (SAID, refused(FULL, "mote.html")),
    "full disk: tables": (SAID, refused(FULL, "/tables/rapport/")),
    "full disk: provenance": (SAID, refused(FULL, "provenance.json")),
    "full disk: store": (LATER, refused(FULL, "/store/", "either")),
    "full disk: ledger": (LATER, refused(FULL, "/ledger/", "either")),
    "read-only: reports": (SAID, refused(CLOSED, "/reports/")),
    "read-only: store": (LATER, refused(CLOSED, "/store/", "either")),
    "read-only: ledger": (LATER, refused(CLOSED, "/ledger/", "either")),
    "clock a year back": (NEW, clock(date(2025, 1, 1), -365 * 86400)),
    "clock ten years on": (NEW, clock(date(2036, 1, 1), 3650 * 86400)),
    "two runs at once": ("both end well; " + NEW, two_at_once),
    "a run that does not let go": (SAID, held),
    "kernel killed": (SAID, chapter(DIE, "processen som körde det försvann")),
    "kernel out of memory": (SAID, chapter(OOM, "Minnet tog slut")),
    "a chapter that never ends": (
        SAID,
        chapter("while True: pass", "det tog längre tid än", longest_s=8.0),
    ),
    "a cell that fails": (SAID, chapter("1 / 0", "ZeroDivisionError")),
    "store: a flipped bit": (NEW, spoiled("kommun/store/*/links.parquet", _flip)),
    "store: no manifest": (NEW, spoiled("kommun/store/*/manifest.json", lambda _: None)),
    "store: names nothing": (NEW, spoiled("kommun/store/current", lambda _: b"0123456789abcdef\n")),
    "store: record spoiled": (NEW, spoiled("kommun/store/rested.json", _flip)),
    "ledger: last line cut off": (
        NEW,
        spoiled("kommun/ledger/reports.jsonl", lambda text: text + text[: len(text) // 3]),
    ),
    "ledger: a line spoiled": (
        SAID,
        refused_file(
            "kommun/ledger/reports.jsonl", lambda text: b"{\n" + text, "liggaren går inte att läsa"
        ),
    ),
    "a delivery that cannot be opened": ("report of the others, which says so", unread),
    "a list that is gone": (
        SAID,
        refused_file("kommun/reference/places.csv", lambda _: None, "filer som inte finns"),
    ),
    "settings cut off": (
        SAID,
        refused_file(
            "kommun/municipality.toml", lambda text: text[: len(text) // 2], "municipality.toml"
        ),
    ),
    "killed at the list of reports": (NEW, killed("os.rename", "index.html")),
    "killed between two renames": (NEW, killed("os.rename", f"kommun/{kills.PERIOD}")),
    "killed at the store's name": (NEW, killed("os.rename", "store/current")),
    "killed at the ledger": (NEW, killed("open", "ledger/reports.jsonl")),
    "a killed run's room": ("taken away; " + NEW, left_room),
    "a page changed by hand": (
        NEW,
        tampered("reports/kommun/2026Q3/rapport.html", lambda text: text + b"x"),
    ),
    "what was kept is spoiled": (NEW, tampered("reports/kommun/.made/*.json", _flip)),
    "what was kept is cut off": (NEW, tampered("reports/kommun/.made/*.json", _half)),
    "what was kept is another's": (
        NEW,
        tampered("reports/kommun/.made/*.json", lambda _: b'{"rested": 7, "outputs": []}\n'),
    ),
    "list of reports: kept is spoiled": (NEW, tampered("reports/kommun/.made/list", _flip)),
}


def town(room: Path) -> Town:
    """Make the municipality, its former report, and what an undisturbed run leaves."""
    root = room / "work"
    make(root / "kommun", 1, kills.INCIDENTS)
    settings = root / "kommun/municipality.toml"
    # a name with a small number in it would be taken for a small count, and not be published
    text = settings.read_text("utf-8").replace('"Kommun 01"', '"Lillby"')
    head, sources = text.split("[sources.polis]", 1)
    settings.write_text(f"{head}{REFERENCE.strip()}\n\n[sources.polis]{sources}", "utf-8")
    (root / "kommun/reference").mkdir()
    (root / "kommun/reference/places.csv").write_text(
        "name;place_type;x;y;area\nTorget;torg;500000;6500000;\n", "utf-8"
    )
    late = sorted((root / "kommun/deliveries").rglob(kills.LATE))[0]
    content = late.read_bytes()
    half = content.splitlines(keepends=True)
    late.write_bytes(b"".join(half[: len(half) // 2]))
    own = Town(root, {}, {}, kills.saved_results(root, room / "results of the former"))
    own.build()
    late.write_bytes(content)
    shutil.copytree(root, room / "start")
    own.former = kills.files(root)
    own.saved = kills.saved_results(root, room / "results")
    own.build()
    own.whole = kills.files(root)
    return own


def table(
    faults_of: dict[str, tuple[str, Callable[[Town], str]]], own: Town, start: Path
) -> tuple[int, int]:
    """Inject each fault into a copy of a start; return how many were survived and how many not."""
    met = missed = 0
    print(f"{'':7}{'fault':36}what must survive")
    for fault, (survives, inject) in faults_of.items():
        shutil.rmtree(own.root)
        shutil.copytree(start, own.root)
        try:
            wrong = inject(own)
        except Exception as error:  # noqa: BLE001 - whatever escapes is a miss, and told
            wrong = f"{type(error).__name__}: {error}"
        met, missed = met + (not wrong), missed + bool(wrong)
        print(f"{'met   ' if not wrong else 'MISSED'} {fault:36}{survives}", flush=True)
        if wrong:
            print(f"{'':7}{wrong[:300]}")
    return met, missed


def run() -> tuple[int, int]:
    """Print the table; return how many faults were survived and how many not."""
    with tempfile.TemporaryDirectory(prefix="est-injected-") as name:
        room = Path(name)
        return table(FAULTS, town(room), room / "start")


if __name__ == "__main__":
    done, not_done = run()
    print(f"{done} met, {not_done} missed")
    raise SystemExit(not_done > 0)
