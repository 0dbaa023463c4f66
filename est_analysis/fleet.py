"""Many municipalities on Dask: each in a process of its own, and how it went told on one page."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from est_analysis import runs
from est_analysis.errors import EstError, SettingsError
from est_analysis.gather.files import told, write_whole
from est_analysis.municipality import SETTINGS_FILE
from est_analysis.reports.build import Progress
from est_analysis.reports.language import Language
from est_analysis.reports.room import tidy

if TYPE_CHECKING:
    from distributed import Client

TEMPLATES = Path(__file__).parent / "reports" / "templates"
PATIENCE_S = 30
"""How long a scheduler is waited for, and a cluster that has lost all of its workers."""
LOOK_S = 5
"""How often it is looked whether the cluster has any worker left."""

DUE = "due"
"""In the place of a period: in each municipality what is due, as `catch_up` finds it."""
ALLOWED_DEATHS = 1
"""How often a municipality may lose its worker, on this machine, and be tried again."""
_SETTINGS = {
    "distributed.scheduler.allowed-failures": ALLOWED_DEATHS,
    "distributed.scheduler.http.routes": [],  # nothing is told to whoever asks over HTTP
    "distributed.worker.http.routes": [],
}
Work = Callable[[str, "str | None", str, float], dict[str, Any]]

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_COUNTS = ("rows", "accepted", "quarantined", "dropped", "repeated")


@dataclass(frozen=True)
class Outcome:
    """
    How one municipality's run went; nothing of what its rows say.

    Parameters
    ----------
    key
        The folder's name.
    name, period
        The municipality's, and the period reported; empty where the run did not come so far.
    report
        The finished report, as a path from the overview; empty where there is none.
    message
        What to mend, in Swedish; empty where all went well.
    rows
        Delivered rows by fate, as the report's provenance counts them.
    unread
        Files that the report was made without.
    seconds
        Of wall time.
    peak_mb, largest_child_mb
        The most memory that the run itself and its largest chapter held; None where unknown.
    """

    key: str
    name: str = ""
    period: str = ""
    report: str = ""
    message: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    seconds: float | None = None
    peak_mb: int | None = None
    largest_child_mb: int | None = None


@dataclass(frozen=True)
class Overview:
    """What a fleet's run made."""

    page: Path
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Those that got no report."""
        return tuple(one for one in self.outcomes if one.message)

    @property
    def done(self) -> int:
        """How many got their report."""
        return len(self.outcomes) - len(self.failed)


def run(
    root: Path,
    period: str | None,
    *,
    out: Path,
    scheduler: str | None = None,
    workers: int | None = None,
    longest_s: float = 4 * 3600.0,
    progress: Progress = lambda *_: None,
    work: Work | None = None,
) -> Overview:
    """
    Make the report of every municipality folder under a folder.

    The cluster is told paths and tells how it went; what was delivered is read only by each
    municipality's own process, which ends with it.

    Parameters
    ----------
    root
        The folder of municipalities' folders; each worker must see it under the same path.
    period
        As `reports.build.build` takes it, or `DUE`.
    out
        Where reports go, and ``fleet.html`` and ``fleet.json``.
    scheduler
        Address of a cluster that runs; None makes one of processes on this machine.
    workers
        Of a cluster on this machine; None is as many as there are processors.
    longest_s
        Seconds that one municipality may take.
    progress
        Told about each municipality that is finished.
    work
        What a worker does with one municipality; None is `run_one`.

    Returns
    -------
    Overview

    Raises
    ------
    SettingsError
        If there is no municipality under `root`, or reports would lie among the municipalities.
    EstError
        If the scheduler does not answer, or its workers do not have this program.
    ReportError
        If the overview cannot be written.
    """
    folders, other = municipalities(root)
    if not folders:
        raise SettingsError(
            f"Ingen kommunmapp under {root}: ingen mapp har en {SETTINGS_FILE}.",
            mend="Ange mappen som kommunernas mappar ligger i.",
        )
    home = out.resolve()
    if home == root.resolve():
        raise SettingsError(
            "Rapporterna kan inte ligga bland kommunernas mappar.",
            mend="Ange en annan mapp med --out.",
        )
    linked = {folder: link for folder in folders if (link := _leads_out(folder))}
    outcomes = [
        Outcome(folder.name, message=_LINKED.format(link)) for folder, link in linked.items()
    ]
    waiting = sorted(  # the largest first: nobody waits for it alone at the end
        (folder for folder in folders if folder not in linked),
        key=lambda folder: (-_size(folder), folder.name),
    )
    progress("startar", 0, len(folders))
    if waiting:
        with _client(scheduler, workers) as client:
            for outcome in _outcomes(client, waiting, period, home, longest_s, work or run_one):
                outcomes.append(outcome)
                progress(f"klar: {outcome.key}", len(outcomes), len(folders))
    return _write(home, outcomes, other, period)


_LINKED = (
    "{} är en länk ut ur mappen, kanske till en annan kommuns uppgifter.\n"
    "Gör så här: Lägg filen eller mappen själv där i stället för en länk."
)


def _leads_out(folder: Path) -> str:
    """Return the first link in a folder, or the folder itself, that leads out of it; else empty."""
    if folder.is_symlink():
        return folder.name
    home = folder.resolve()
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and not path.resolve().is_relative_to(home):
            return path.relative_to(folder.parent).as_posix()
    return ""


def municipalities(root: Path) -> tuple[list[Path], list[str]]:
    """
    Return the municipalities' folders just under a folder, by name, and the names of the others.

    Raises
    ------
    SettingsError
        If there is no such folder.
    """
    if not root.is_dir():
        raise SettingsError(f"Mappen {root} finns inte.", mend="Ange en mapp med kommunmappar.")
    try:
        inside = sorted(p for p in root.resolve().iterdir() if p.is_dir() and p.name[0] != ".")
    except OSError as error:
        raise SettingsError(
            f"Mappen {root} går inte att läsa.", mend="Ge den som kör programmet rätt att läsa den."
        ) from error
    own = [folder for folder in inside if _is_one(folder)]
    return own, [folder.name for folder in inside if folder not in own]


def _is_one(folder: Path) -> bool:
    """Tell whether a folder is a municipality's; one that is closed to us is, to be told of."""
    try:
        return (folder / SETTINGS_FILE).is_file()
    except OSError:
        return True


def _size(folder: Path) -> int:
    size = 0
    for file in (folder / "deliveries").rglob("*"):
        with suppress(OSError):  # gone meanwhile, or closed: its own run says so
            size += file.stat().st_size if file.is_file() else 0
    return size


@contextmanager
def _client(scheduler: str | None, workers: int | None) -> Iterator[Client]:
    """Connect to a cluster, or make one whose processes speak TLS among themselves only."""
    import dask
    from distributed import Client, LocalCluster

    if scheduler is not None:
        with _connected(scheduler) as client:
            yield client
        return
    with (
        dask.config.set(_SETTINGS),
        LocalCluster(
            n_workers=workers or os.cpu_count() or 1,
            threads_per_worker=1,
            memory_limit=0,  # the work is done in processes that Dask does not see
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            security=True,
            silence_logs="ERROR",
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@contextmanager
def _connected(scheduler: str) -> Iterator[Client]:
    """Connect to a cluster that runs, whose workers have this program in this version."""
    from distributed import Client

    try:
        _knock(scheduler)
        client = Client(scheduler, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise EstError(_SILENT.format(scheduler), mend=_LOOK) from error
    except TypeError as error:  # tls:// without certificates
        raise EstError(
            f"Certifikat saknas för {scheduler}.",
            mend="Ange ca-file, client.cert och client.key i Dasks inställningar "
            "(distributed.comm.tls), se docs/scale.md.",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE_S)
        except (OSError, TimeoutError) as error:
            raise EstError(f"Klustret på {scheduler} har ingen arbetare.", mend=_LOOK) from error
        own, mend = own_version(), "Lägg samma version av programmet på varje maskin."
        try:
            others = set(client.run(own_version).values()) - {own}
        except (ImportError, AttributeError) as error:
            raise EstError("En arbetare i klustret saknar programmet.", mend=mend) from error
        if others:
            raise EstError(
                f"Klustret kör version {', '.join(sorted(others))} av programmet, här är {own}.",
                mend=mend,
            )
        yield client


def _knock(scheduler: str) -> None:
    """Raise OSError or ValueError where nobody listens: Dask's client would try for long."""
    from distributed.comm.addressing import parse_address, parse_host_port

    protocol, place = parse_address(scheduler)
    if protocol in {"tcp", "tls"}:
        socket.create_connection(parse_host_port(place), PATIENCE_S).close()


def own_version() -> str:
    """Return which version of this program a process runs."""
    return version("est-analysis")


_SILENT = "Klustret på {} svarar inte."
_LOOK = "Kontrollera adressen, och att dask scheduler och dask worker är igång där."
_GONE = (
    "Klustret försvann innan kommunen var klar.\n"
    "Gör så här: Starta dask scheduler och dask worker igen, och kör sedan est fleet igen."
)
_LOST = (
    "Processen som körde kommunen försvann: {}.\n"
    "Gör så här: Kör est report för kommunen; tar minnet slut, kör färre samtidigt."
)


def _outcomes(
    client: Client,
    waiting: list[Path],
    period: str | None,
    out: Path,
    longest_s: float,
    work: Work,
) -> Iterator[Outcome]:
    """Give each thread of the cluster one municipality at a time; return each as it ends."""
    queue = waiting[::-1]
    running: dict[Any, str] = {}
    threads = sum(client.nthreads().values()) or 1
    try:
        while queue or running:
            while queue and len(running) < threads:
                folder = queue.pop()
                # two fleets on one cluster, or two roots, must never share a task
                key = f"est-{folder.name}-{uuid.uuid4().hex}"
                given = (str(folder), period, str(out), longest_s)
                running[client.submit(work, *given, pure=False, key=key)] = folder.name
            for future in _finished(client, list(running)):
                yield _ended(future, running.pop(future))
                future.release()  # or a worker that dies later would have its work done again
    except _GoneError:
        for key in [*running.values(), *(folder.name for folder in queue[::-1])]:
            yield Outcome(key, message=_GONE)


class _GoneError(Exception):
    """The scheduler, or every worker, is no more."""


def _finished(client: Client, running: list[Any]) -> set[Any]:
    """Wait until some municipality has ended; raise _GoneError when nobody is left to end one."""
    from distributed import wait
    from distributed.client import FutureCancelledError, FuturesCancelledError

    seen = time.monotonic()
    while True:
        try:
            with client.as_current():
                done: set[Any] = wait(running, LOOK_S, "FIRST_COMPLETED").done
            return done
        except TimeoutError:
            pass
        except (FutureCancelledError, FuturesCancelledError) as error:  # the scheduler is gone
            raise _GoneError from error
        try:
            seen = time.monotonic() if client.nthreads() else seen
        except Exception as error:  # whatever a dead connection raises
            raise _GoneError from error
        if time.monotonic() - seen > PATIENCE_S:
            raise _GoneError


def _ended(future: Any, key: str) -> Outcome:  # noqa: ANN401 - Dask's future
    try:
        return Outcome(**future.result())
    except Exception as error:  # noqa: BLE001 - whatever befell a worker stops no other
        return Outcome(key, message=_LOST.format(type(error).__name__))


def run_one(folder: str, period: str | None, out: str, longest_s: float) -> dict[str, Any]:
    """
    Make one municipality's report in a process of its own, and tell how it went.

    Runs inside a worker. The process ends when the worker does; its chapters run one by one. One
    that is killed, as a system without memory does, is tried once more.

    Returns
    -------
    dict
        The fields of an `Outcome`.
    """
    key, place = Path(folder).name, Path(out) / Path(folder).name
    for _ in range(1 + ALLOWED_DEATHS):
        code, told_of = _report(folder, period, out, longest_s)
        if told_of:
            return asdict(_outcome(key, told_of[-1], Path(out)))
        tidy(place)  # it could not take its room away itself
        if code is None:
            return asdict(Outcome(key, message=_TOO_LONG.format(longest_s / 60)))
        if code >= 0:
            break  # it ended by itself, and would again
    return asdict(Outcome(key, message=_CUT_OFF.format(code)))


def _report(
    folder: str, period: str | None, out: str, longest_s: float
) -> tuple[int | None, list[dict[str, Any]]]:
    """Run the command; return its exit code, None if the time was over, and its log."""
    with tempfile.TemporaryDirectory(prefix="est-fleet-") as private:
        log = Path(private) / "log.jsonl"
        command = [sys.executable, "-m", "est_analysis.cli", "report", folder, "--out", out]
        command += ["--log", str(log), "--at-once", "1", "--tied", private]
        command += ["--due"] if period == DUE else ["--period", period] if period else []
        threads = dict.fromkeys(_THREADS, "1")  # the fleet shares the processors out already
        with subprocess.Popen(
            command,
            env=os.environ | threads,
            stdin=subprocess.PIPE,  # whose end tells the process that the worker is gone
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                code = process.wait(longest_s)
            except subprocess.TimeoutExpired:
                process.kill()
                return None, []
            except BaseException:
                process.kill()
                raise
        return code, runs.entries(log)


_TOO_LONG = (
    "Körningen avbröts efter {:.0f} minuter.\n"
    "Gör så här: Kör igen med längre tid (--longest), eller est report för kommunen."
)
_CUT_OFF = (
    "Körningen avbröts utan besked (kod {}).\n"
    "Gör så här: Kör est report för kommunen; tar minnet slut, kör färre samtidigt."
)


def _outcome(key: str, entry: dict[str, Any], out: Path) -> Outcome:
    report = entry.get("report", "")
    return Outcome(
        key,
        name=entry.get("name", ""),
        period=entry.get("period", ""),
        report=Path(os.path.relpath(report, out)).as_posix() if report else "",
        message=entry["message"],
        rows=entry.get("rows", {}),
        unread=tuple(entry.get("unread", ())),
        seconds=entry["seconds"],
        peak_mb=entry["peak_mb"],
        largest_child_mb=entry["largest_child_mb"],
    )


def _write(out: Path, outcomes: list[Outcome], other: list[str], period: str | None) -> Overview:
    """Write the overview, in the order of the alphabet: no municipality is before another."""
    ordered = sorted(outcomes, key=lambda one: _alphabetical(one.name or one.key))
    overview = Overview(out / "fleet.html", tuple(ordered))
    records = {"period": period, "not_run": other, "municipalities": [asdict(o) for o in ordered]}
    with told("Översikten kunde inte skrivas", out, "Kommunernas rapporter är klara."):
        out.mkdir(parents=True, exist_ok=True)
        _put(out / "fleet.json", json.dumps(records, ensure_ascii=False, indent=1) + "\n")
        _put(overview.page, page(overview, other, period))
    return overview


def _put(file: Path, text: str) -> None:
    write_whole(file, text.encode())
    file.chmod(0o644)  # as the reports beside it


def _alphabetical(name: str) -> tuple[str, str]:
    """Sort as Swedish does: å, ä and ö last, whatever the machine's own language."""
    order = str.maketrans("åäö", "{|}")
    return name.casefold().translate(order), name


def page(overview: Overview, other: list[str], period: str | None) -> str:
    """Return the overview as HTML that loads nothing: what ran, what failed, how good the data."""
    say = Language("sv")
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return templates.get_template("fleet.html.j2").render(
        title=f"Körningen för alla kommuner, {_about(period)}",
        style=(TEMPLATES / "style.css").read_text(encoding="utf-8"),
        done=overview.done,
        failed=overview.failed,
        other=other,
        outcomes=[
            {
                "name": f"{one.name} ({one.key})" if one.name else one.key,
                "period": one.period or "–",
                "link": one.report,
                "state": "gick inte" if one.message else "inget nytt",
                "cells": _cells(one, say),
            }
            for one in overview.outcomes
        ],
    )


def _about(period: str | None) -> str:
    return "det som väntade" if period == DUE else period or "senaste kvartalet"


def _cells(one: Outcome, say: Language) -> list[str]:
    figures = [
        *(one.rows.get(name) for name in _COUNTS),
        None if one.message else len(one.unread),
        None if one.seconds is None else round(one.seconds),
        one.peak_mb and one.peak_mb + (one.largest_child_mb or 0),
    ]
    return ["–" if figure is None else say.number(figure) for figure in figures]
