"""
Inject faults around the report: into the published edition, into what is due, and into a fleet.

As in `benchmarks.injected` each line is a fault, what must survive it, and whether it did. Of the
published edition a quarter is out already, and the next is being made: what is out must stand, and
the next be whole or absent. Its page is rendered once by the real process; after that the rendered
files are taken as they stand, where the fault is not the rendering's own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks import faults, injected, kills
from benchmarks.injected import CLOSED, FULL, NEW, Town, refusing
from est_analysis import catch_up, fleet, municipality, runs
from est_analysis.errors import EstError
from est_analysis.gather import store
from est_analysis.reports import build as builder
from est_analysis.reports import chapters
from est_analysis.reports.published import make as maker

DAY = date(2026, 10, 2)
OUT, NEXT = "2026Q2", kills.PERIOD
EDITIONS = "reports/kommun/published/"


def publish(town: Town, rendered: Path | None, period: str = NEXT) -> None:
    """Make the published edition; with rendered files, take them."""

    def take(_: object, out: Path, *__: object) -> None:
        shutil.copytree(rendered / period, out, dirs_exist_ok=True)

    with mock.patch.object(maker, "render_apart", take if rendered else maker.render_apart):
        maker.build_published(town.root / "kommun", period, out=town.root / "reports")


def rendered_of(town: Town) -> Path:
    """Return where the rendered files of both quarters lie."""
    return town.saved.with_name("rendered")


def editions(town: Town) -> dict[str, bytes]:
    """Return what is published, and what the ledger says is out."""
    own = (EDITIONS, "kommun/ledger/release")
    return {path: text for path, text in kills.files(town.root).items() if path.startswith(own)}


def stands(town: Town) -> str:
    """Say what is wrong with what is out; empty where nothing is."""
    now, before = editions(town), town.former_editions
    former = {path for path in before if path.startswith(EDITIONS)}
    if any(now.get(path) != before[path] for path in former):
        return "the edition that is out is another"
    fresh = {path: text for path, text in now.items() if path.startswith(EDITIONS + NEXT)}
    if fresh and any(town.whole_editions.get(path) != text for path, text in fresh.items()):
        return "the new edition is half"
    settings = municipality.load(town.root / "kommun")
    known = {one["period"] for one in store.entries(settings, "releases")}
    if fresh and NEXT not in known:
        return "an edition is out that the ledger does not know"
    return ""


def again(town: Town) -> str:
    """Publish once more, undisturbed; say what differs."""
    publish(town, rendered_of(town))
    now, whole = editions(town), town.whole_editions
    other = sorted(path for path in {*now, *whole} if now.get(path) != whole.get(path))
    rooms = list((town.root / "reports/kommun").glob(".run-*"))
    return f"other bytes: {other[:3]}" if other else f"left: {rooms}" if rooms else ""


def refused(fault: tuple[int, str], inside: str) -> Callable[[Town], str]:
    """Return a fault of the disk while an edition is published."""

    def inject(town: Town) -> str:
        with refusing(fault[0], inside):
            wrong = _says(fault[1], lambda: publish(town, rendered_of(town)))
        return wrong or stands(town) or again(town)

    return inject


def rendering(program: str, longest_s: float, says: str) -> Callable[[Town], str]:
    """Return a fault of the process that renders: this in its place."""

    def inject(town: Town) -> str:
        python = town.root / "python"
        python.write_text(f"#!/bin/sh\n{program}\n")
        python.chmod(0o755)
        limits = mock.patch.object(maker, "MARGIN_S", 0.0)
        apart = maker.render_apart

        def within(content: Any, out: Path, language: str, _: float) -> None:
            with mock.patch.object(sys, "executable", str(python)):
                apart(content, out, language, longest_s)

        with limits, mock.patch.object(maker, "render_apart", within):
            wrong = _says(says, lambda: publish(town, None))
        return wrong or stands(town) or again(town)

    return inject


def _says(says: str, run: Callable[[], object]) -> str:
    try:
        run()
    except EstError as error:
        text = str(error)
        return "" if says in text and "Gör så här" in text else f"it says: {text}"
    return "nothing is said"


def killed(event: str, inside: str) -> Callable[[Town], str]:
    """Return a kill while an edition is published, at the first touch of a path."""

    def inject(town: Town) -> str:
        return _killed(_publishing, town, event, inside) or stands(town) or again(town)

    return inject


def _killed(target: Callable[..., None], *given: Any) -> str:
    process = kills._children.Process(target=target, args=given)
    process.start()
    process.join()
    return "" if process.exitcode == -signal.SIGKILL else f"not killed: {process.exitcode}"


def _die_at(event: str, inside: str) -> None:
    """Kill this process when it opens a path to write, or renames something to it."""

    def watch(name: str, arguments: tuple[Any, ...]) -> None:
        if name != event or inside not in str(arguments[1 if name == "os.rename" else 0]):
            return
        if name != "open" or (isinstance(arguments[2], int) and arguments[2] & faults.WRITING):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def _publishing(town: Town, event: str, inside: str) -> None:
    _die_at(event, inside)
    publish(town, rendered_of(town))


def make_due(town: Town) -> list[catch_up.Step]:
    """Make what is due, without kernels."""
    with (
        mock.patch.object(chapters, "run_chapter", kills.unexecuted),
        mock.patch.object(builder, "Results", kills.taken(town.saved)),
    ):
        return catch_up.catch_up(town.root / "kommun", out=town.root / "reports", today=DAY)


def _dying_due(town: Town, event: str, inside: str) -> None:
    _die_at(event, inside)
    make_due(town)


def due(event: str, inside: str) -> Callable[[Town], str]:
    """Return a kill while what is due is made: the page says so, the next run ends it."""

    def inject(town: Town) -> str:
        if wrong := _killed(_dying_due, town, event, inside):
            return wrong
        page = (town.root / "reports/kommun" / catch_up.STATUS).read_text("utf-8")
        if "Körningen har börjat" not in page or "avbröts körningen" not in page:
            return "the page does not say that the run was cut off"
        if wrong := kills.wrong(town.root, [town.former, town.whole_due]):
            return wrong
        make_due(town)
        now, whole = kills.files(town.root), town.whole_due
        own = f"reports/kommun/{catch_up.STATUS}"  # says whether it was made again
        other = sorted(p for p in {*now, *whole} - {own} if now.get(p) != whole.get(p))
        return f"other bytes: {other[:3]}" if other else "; ".join(map(str, make_due(town)))

    return inject


def spoiled_log(town: Town) -> str:
    """Cut off and spoil lines of the log: the next line stands, and the others are read."""
    log = town.root / "est.jsonl"
    log.write_bytes(b'{"exit": 0}\n\xff\x00\n[[[\n{"exit": 1, "mess')
    with runs.logged(log, runs.datetime.now().astimezone(), "report", "kommun"):
        pass
    told = [entry["exit"] for entry in runs.entries(log)]
    return "" if told == [0, 0] else f"read: {told}"


def work(folder: str, _: str, out: str, __: float) -> dict[str, Any]:
    """Make a report inside a worker, without kernels; and die at the end if asked."""
    root = Path(folder).parent
    first = root / "dies"
    if first.exists():
        first.unlink()
        _die_at("os.rename", f"kommun/{kills.PERIOD}")
    saved = root.with_name("results")
    Town(root, {}, {}, saved).build(out=Path(out))
    return {"key": Path(folder).name, "report": f"kommun/{kills.PERIOD}/rapport.html"}


def run_fleet(town: Town) -> fleet.Overview:
    """Run a fleet of the one municipality, by two workers."""
    out = town.root / "reports"
    return fleet.run(town.root, kills.PERIOD, out=out, workers=2, work=work)


def _fleet_made(town: Town) -> str:
    for name in ("fleet.html", "fleet.json"):
        (town.root / "reports" / name).unlink()
    return town.made()


def worker_killed(town: Town) -> str:
    """Kill a worker at the end of its work: it is tried again, and leaves no room."""
    (town.root / "dies").touch()
    overview = run_fleet(town)
    left = [*(town.root / "reports/kommun").glob(".run-*"), *town.root.glob("dies")]
    return str(overview.failed or left or "") or _fleet_made(town)


def overview_refused(town: Town) -> str:
    """Let the overview not be written: the reports stand, and the next run writes it."""
    with refusing(FULL[0], "fleet.json"):
        wrong = _says("Översikten kunde inte skrivas: disken är full", lambda: run_fleet(town))
    if wrong := wrong or town.made():
        return wrong
    run_fleet(town)
    return _fleet_made(town)


def two_fleets(town: Town) -> str:
    """Run two fleets over the same folder at once."""
    both = [kills._children.Process(target=run_fleet, args=(town,)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    codes = [process.exitcode for process in both]
    told = json.loads((town.root / "reports/fleet.json").read_text("utf-8"))["municipalities"]
    if codes != [0, 0] or [one["message"] for one in told] != [""]:
        return f"exit codes {codes}, {told}"
    return _fleet_made(town)


SAID = "said; what is out stands; rerun whole"
ABSENT = "what is out stands; the new whole or absent; rerun whole"
FAULTS: dict[str, tuple[str, Callable[[Town], str]]] = {
    "published: full disk, page": (SAID, refused(FULL, f"/{NEXT}")),
    "published: full disk, what is out": (SAID, refused(FULL, "ledger/releases.jsonl")),
    "published: full disk, its counts": (SAID, refused(FULL, "ledger/released_counts.jsonl")),
    "published: read-only folder": (SAID, refused(CLOSED, f"published/{NEXT}")),
    "published: rendering killed": (SAID, rendering("kill -9 $$", 60.0, "försvann")),
    "published: rendering never ends": (SAID, rendering("exec sleep 60", 1.0, "längre tid än")),
    "published: killed at its counts": (ABSENT, killed("open", "ledger/released_counts.jsonl")),
    "published: killed at what is out": (ABSENT, killed("open", "ledger/releases.jsonl")),
    "published: killed at its name": (ABSENT, killed("os.rename", f"published/{NEXT}")),
    "published: killed at the list": (ABSENT, killed("os.rename", "kommun/index.html")),
    "due: killed before the report": ("page says so; " + NEW, due("os.rename", f"kommun/{NEXT}")),
    "due: killed before the ledger": (
        "page says so; " + NEW,
        due("open", "ledger/reports.jsonl"),
    ),
    "log: lines cut off and spoiled": ("the next line, and the whole ones", spoiled_log),
    "fleet: worker killed": ("tried again, nothing left; " + NEW, worker_killed),
    "fleet: full disk, overview": ("said; reports whole; rerun whole", overview_refused),
    "fleet: two at once": ("both end well; " + NEW, two_fleets),
}


def prepare(town: Town, start: Path) -> None:
    """Let one edition be out from the start, and see what undisturbed runs leave."""
    place = rendered_of(town)
    _restore(town, start)
    for period in (OUT, NEXT):
        publish(town, None, period)
        shutil.copytree(town.root / EDITIONS / period, place / period)
    _restore(town, start)
    publish(town, place, OUT)
    shutil.rmtree(start)
    shutil.copytree(town.root, start)
    town.former, town.former_editions = kills.files(town.root), editions(town)
    publish(town, place)
    town.whole_editions = editions(town)
    _restore(town, start)
    town.build()
    town.whole = kills.files(town.root)
    _restore(town, start)
    make_due(town)
    town.whole_due = kills.files(town.root)


def _restore(town: Town, start: Path) -> None:
    shutil.rmtree(town.root)
    shutil.copytree(start, town.root)


def run() -> tuple[int, int]:
    """Print the table; return how many faults were survived and how many not."""
    with tempfile.TemporaryDirectory(prefix="est-around-") as name:
        room = Path(name)
        town = injected.town(room)
        prepare(town, room / "start")
        return injected.table(FAULTS, town, room / "start")


if __name__ == "__main__":
    began = time.perf_counter()
    done, not_done = run()
    print(f"{done} met, {not_done} missed ({time.perf_counter() - began:.0f} s)")
    raise SystemExit(not_done > 0)
