"""What is due of reports, made by itself; and a page that says in words how it went."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jinja2

from est_analysis import municipality as municipalities
from est_analysis.errors import EstError, PeriodError, ReportError
from est_analysis.gather import store
from est_analysis.gather.files import told, write_whole
from est_analysis.municipality import Municipality
from est_analysis.periods import Period, between_meetings, latest_whole, parse
from est_analysis.reports.asked import BETWEEN_MEETINGS, meetings
from est_analysis.reports.build import MEETING, Built, Progress, build
from est_analysis.reports.chapters import LONGEST_S
from est_analysis.reports.language import Language
from est_analysis.reports.versions import short

TEMPLATES = Path(__file__).parent / "reports" / "templates"
STATUS = "status.html"
PERIODS_BACK = 4
"""How far back a missed run is caught up; older periods are made by asking for them."""


@dataclass(frozen=True)
class Due:
    """
    A period whose report is to be made.

    Parameters
    ----------
    period
        Which.
    inputs
        Files that are new, changed or gone since the report that stands; None where none stands.
        Empty where a report stands that the ledger does not tell of: its run was cut off.
    """

    period: Period
    inputs: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Step:
    """What became of one period that was due."""

    due: Due
    built: Built | None = None
    error: BaseException | None = None
    changed: tuple[str, ...] = ()
    """Sentences of the report that are new, and were not in the former version."""
    gone: tuple[str, ...] = ()
    """Sentences of the former version that are no longer in the report."""


def due(municipality: Municipality, out: Path, today: date) -> list[Due]:
    """
    Find the periods that have ended and have no report, and the report that is out of date.

    The first run makes the latest period alone. Later ones make what has been missed since the
    first report, four periods back at most, and make the latest report again where its settings or
    deliveries have changed: a late delivery gives a new version. A report that the ledger does not
    tell of is made again too: the run that made it was killed before its last step.

    Parameters
    ----------
    municipality
        Whose.
    out
        Where its reports lie, in ``<key>/<period>``.
    today
        The day of the run.

    Returns
    -------
    list of Due
        Oldest first: a period reads what the one before it found.

    Raises
    ------
    ReportError
        If a report's provenance, or the ledger, cannot be read.
    """
    ended = _ended(municipality, today - timedelta(days=1))
    made = {period: out / municipality.key / str(period) for period in ended}
    there = [period for period in ended if (made[period] / "rapport.html").is_file()]
    if not there:
        return [Due(period) for period in ended[:1]]
    found = [Due(period) for period in ended if period not in there and period > there[-1]]
    differing = _differing(_inputs(made[there[0]]), store.input_hashes(municipality))
    if differing:
        found.append(Due(there[0], differing))
    entries = store.earlier_reports(municipality)
    cut_off = [period for period in there if not _is_told(period, made[period], entries)]
    found += [Due(period, ()) for period in cut_off if not differing or period != there[0]]
    return sorted(found, key=lambda one: one.period)


def _is_told(period: Period, report: Path, entries: list[dict[str, Any]]) -> bool:
    """Tell whether the ledger has the last line of the run that made a report, its brief's."""
    last: dict[str, Any] = {
        "report": MEETING.file,
        "period": str(period.last_fortnight()),
        "edition": "internal",
        "language": "sv",
    }
    try:
        last["inputs"] = short(_inputs(report))
    except ReportError:
        return False
    return any(all(entry.get(key) == last[key] for key in last) for entry in entries)


def _ended(municipality: Municipality, day: date) -> list[Period]:
    """Return the latest periods that have ended, of the settings' kind, newest first."""
    kind = municipality.reports.period
    if kind == BETWEEN_MEETINGS:
        return between_meetings(meetings(municipality), day)[:PERIODS_BACK]
    ended = [latest_whole(day, kind)]
    while len(ended) < PERIODS_BACK:
        ended.append(ended[-1].preceding())
    return ended


def _inputs(report: Path) -> dict[str, str]:
    return dict(_read(report / "provenance.json")["inputs"])


def _read(file: Path) -> Any:  # noqa: ANN401 - what JSON holds
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError(
            f"Filen {file.name} i den förra rapporten går inte att läsa.",
            where=str(file),
            mend="Gör om rapporten: est report med --period.",
        ) from error


def _differing(before: dict[str, str], now: dict[str, str]) -> tuple[str, ...]:
    return tuple(name for name in sorted({*before, *now}) if before.get(name) != now.get(name))


def catch_up(
    name_or_path: str | Path,
    *,
    out: Path,
    today: date,
    progress: Progress = lambda *_: None,
    at_once: int | None = None,
    longest_s: float = LONGEST_S,
    fresh: bool = False,
) -> list[Step]:
    """
    Make every report that is due, and write ``<out>/<key>/status.html`` whatever happens.

    A period that cannot be made hinders no other. While it works the page says so, and from which
    day: a run that is killed, or a machine that loses its power, leaves that.

    Parameters
    ----------
    name_or_path
        The municipality's folder, or the name of a shipped example.
    out, progress, today, at_once, longest_s, fresh
        As `reports.build.build` takes them.

    Returns
    -------
    list of Step
        One for each period that was due; none if nothing was.

    Raises
    ------
    EstError
        The first that befell a period, when all that can be made is made and the page is written.
    """
    folder = municipalities.find(name_or_path)
    steps: list[Step] = []
    try:
        municipality = municipalities.load(folder)
        waiting = due(municipality, out, today)
        if waiting:
            with told("Sidan om körningen kunde inte skrivas", out, "Den förra rapporten står."):
                _write(out / folder.name, [], today, None, begun=waiting)

        def make(period: str) -> Built:
            return build(
                folder,
                period,
                out=out,
                progress=progress,
                today=today,
                at_once=at_once,
                longest_s=longest_s,
                fresh=fresh,
            )

        for one in waiting:
            steps.append(_step(one, out / folder.name / str(one.period), make))
        error = next((step.error for step in steps if step.error), None)
        if error is not None:
            raise error
    except BaseException as error:
        with suppress(OSError):  # a full disk is told by the error itself
            _write(out / folder.name, steps, today, error)
        raise
    _write(out / folder.name, steps, today, None)
    return steps


def _step(one: Due, target: Path, make: Callable[[str], Built]) -> Step:
    before = [] if one.inputs is None else _sentences(target)
    try:
        built = make(str(one.period))
    except EstError as error:
        return Step(one, error=error)
    step = Step(one, built)
    if one.inputs is None:
        return step
    now = _sentences(target)
    return replace(
        step,
        changed=tuple(sentence for sentence in now if sentence not in before),
        gone=tuple(sentence for sentence in before if sentence not in now),
    )


def _sentences(report: Path) -> list[str]:
    return [entry["sentence"] for entry in _read(report / "findings.json")["rapport"]]


def _write(
    place: Path,
    steps: list[Step],
    today: date,
    error: BaseException | None,
    begun: Sequence[Due] = (),
) -> None:
    reports = sorted((file.parent.name for file in place.glob("[!.]*/rapport.html")), reverse=True)
    place.mkdir(parents=True, exist_ok=True)
    write_whole(place / STATUS, page(place.name, reports, steps, today, error, begun).encode())
    (place / STATUS).chmod(0o644)


def _named(folder: str) -> str:
    """Return the period of a report's folder in words."""
    period = folder.removesuffix("-en")
    try:
        words = Language("sv").period(parse(period))
    except PeriodError:
        return folder
    return words if period == folder else f"{words} (på engelska)"


def page(
    key: str,
    reports: list[str],
    steps: list[Step],
    today: date,
    error: BaseException | None,
    begun: Sequence[Due] = (),
) -> str:
    """
    Return how the latest run went, as HTML that loads nothing.

    Parameters
    ----------
    key
        The municipality's folder.
    reports
        The periods whose reports stand beside the page, latest first.
    steps
        What was due.
    today
        The day of the run.
    error
        What ended it; an error that nobody foresaw is told by its kind alone.
    begun
        What a run that still works has begun to make.
    """
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    templates.filters["named"] = _named
    failed = [step for step in steps if step.error]
    message = str(error) if isinstance(error, EstError) else ""
    if error is not None and not message:
        message = f"Oväntat fel: {type(error).__name__}.\nGör så här: Kör est report för hand."
    return templates.get_template("status.html.j2").render(
        key=key,
        style=(TEMPLATES / "style.css").read_text(encoding="utf-8"),
        day=Language("sv").long_date(today),
        message=message.splitlines(),
        failed=[str(step.due.period) for step in failed],
        begun=[str(one.period) for one in begun],
        made=[step for step in steps if step.built],
        reports=reports,
    )
