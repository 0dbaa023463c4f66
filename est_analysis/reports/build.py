"""From a municipality and a period to finished files, whole or not at all."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from est_analysis import municipality as municipalities
from est_analysis.errors import ReportError
from est_analysis.gather import accept, again, store
from est_analysis.gather.deliveries import Unread
from est_analysis.gather.files import alone, told
from est_analysis.measures import frozen
from est_analysis.municipality import Municipality
from est_analysis.periods import Period
from est_analysis.reports import site, tables, unchanged
from est_analysis.reports.asked import period_of
from est_analysis.reports.chapters import LONGEST_S, NOTEBOOKS, run_chapters
from est_analysis.reports.language import Language
from est_analysis.reports.results import RESULTS_FOLDER, Results, check_edition
from est_analysis.reports.room import room
from est_analysis.reports.versions import entry, version_of

if TYPE_CHECKING:
    from nbformat import NotebookNode

_SHOWN = ("geography", "cells", "clusters", "surfaces", "safe_places")


@dataclass(frozen=True)
class Kind:
    """
    One kind of report.

    Parameters
    ----------
    file
        Name of the HTML file, without ending.
    chapters
        Its notebooks, in order, without ending.
    results
        The results that its chapters read.
    findings
        Which of them holds its findings.
    tables
        The tables written beside it as CSV.
    """

    file: str
    chapters: tuple[str, ...]
    results: tuple[str, ...]
    findings: str
    tables: tables.TablesOf


QUARTERLY = Kind(
    "rapport",
    ("1_situation", "2_places", "3_patterns", "4_priorities", "5_measures"),
    (
        *("accounting", "quarantine", "coverage", "unread", "quality", "reporters"),
        *("near_misses", "ruling_faults", "totals", "groups", "areas", "places"),
        *("located_crimes", "rhythm", "situations", "register", "due", "priorities"),
        *("ranked_places", "ranked_streets", "ranked_cells", "few", "profiles", "beside"),
        *("beside_areas", "surveys", "tried", "moved"),
        *("hours", "clock", "own_hours", "year_wheel"),
        *("typologies", "event_situations", "combinations", "reported", "reporting", "together"),
        *("evaluations", "pooled", "study", "perceived", "plans", "earlier"),
        *("findings", "followed", "comparison", *_SHOWN),
        *("standing_out", "repeats", "bursts"),
        *("catalogue", "candidates"),
    ),
    "findings",
    tables.QUARTERLY,
)
YEARLY = replace(
    QUARTERLY,
    chapters=(*QUARTERLY.chapters, "6_year"),
    results=(
        *QUARTERLY.results,
        *("year_measures", "year_costs", "year_reports", "year_types", "year_accounts"),
        *("year_severity", "year_promise"),
    ),
    tables=tables.YEARLY,
)
"""The report on a whole year: the quarterly one, with the year review as its last chapter."""
MEETING = Kind(
    "mote",
    ("meeting",),
    (
        *("unread", "totals", "alarms", "due", "fortnight_places", "brief_findings"),
        *("going_on", "live_repeats", "ahead"),
    ),
    "brief_findings",
    tables.MEETING,
)


def kinds_of(period: Period) -> tuple[Kind, Kind]:
    """Return the reports that a run on a period makes: the whole one, and the meeting's brief."""
    return (YEARLY if period.kind == "year" else QUARTERLY), MEETING


def _kinds(results: dict[str, Results]) -> tuple[Kind, Kind]:
    return kinds_of(results[QUARTERLY.file].period)


Progress = Callable[[str, int, int], None]
"""Told what is being done, how many steps are done, and how many there are."""


@dataclass(frozen=True)
class Built:
    """What a run made, and the files that it had to be made without."""

    folder: Path
    report: Path
    brief: Path | None
    unread: tuple[Unread, ...] = ()


def build(
    name_or_path: str | Path,
    period_text: str | None = None,
    *,
    edition: str = "internal",
    language: str = "sv",
    out: Path = Path("reports"),
    progress: Progress = lambda *_: None,
    today: date | None = None,
    at_once: int | None = None,
    longest_s: float = LONGEST_S,
    fresh: bool = False,
    reason: str = "",
) -> Built:
    """
    Make the quarterly report and the meeting's brief of one municipality.

    Parameters
    ----------
    name_or_path
        The municipality's folder, or the name of a shipped example.
    period_text
        As `periods.parse` reads it; None takes the latest whole quarter delivered. The brief is
        about the last fortnight of the period.
    edition, language
        As `results.open_report` takes them.
    out
        Where reports go; this one's folder is ``out/<municipality>/<period>``.
    progress
        Told about each step.
    today
        The day of the run: when the ledger first saw a delivery. Nothing else hangs on it.
    at_once
        How many chapters run at a time; None is as many as there are processors.
    longest_s
        How long one chapter may take.
    fresh
        Gather anew, also where the store holds what would be gathered.
    reason
        Why a published edition that is out is corrected; not used for the internal one.

    Returns
    -------
    Built

    Raises
    ------
    SettingsError, DeliveryError, PeriodError
        If the input does not hold; nothing is written. A file that cannot be read stops nothing
        as long as its source has others: the report says what it lacks, and compares nothing that
        the file would have told of.
    ReportError
        If a chapter fails, the folder cannot be written, or another run does not let go of it; the
        former report stands.
    """
    check_edition(edition)
    if edition == "published":
        from est_analysis.reports.published.make import build_published

        return build_published(
            name_or_path,
            period_text,
            language=language,
            out=out,
            progress=progress,
            reason=reason,
            longest_s=longest_s,
        )
    progress(
        "läser inställningar och leveranser", 0, len(QUARTERLY.chapters) + len(MEETING.chapters) + 4
    )
    place = out / municipalities.find(name_or_path).name
    asked, rested = unchanged.Asked(period_text, edition, language), _rested(name_or_path, place)
    municipality = municipalities.load(name_or_path)
    words = Language(language)
    came = again.gather(
        municipality,
        *((rested.program, rested.inputs) if rested else ("", {})),
        fresh=fresh,
    )
    gathered = came.gathered
    _refuse_silence(municipality, gathered)
    period = period_of(period_text, gathered.events, municipality)
    kinds = kinds_of(period)
    steps = sum(len(kind.chapters) for kind in kinds) + 4
    whole = Results(municipality, period, edition, words, gathered=gathered)
    brief = whole.ending(period.last_fortnight())
    results = {kind.file: each for kind, each in zip(kinds, (whole, brief), strict=True)}

    target = place / words.folder(str(period))
    stays = "Den förra rapporten står kvar."
    with ExitStack() as stack:
        with told("Rapporten kunde inte skrivas", target, stays):
            own = stack.enter_context(room(place))
            with alone(place):
                _recover(target)
        progress("räknar", 1, steps)
        with told("Resultaten kunde inte sparas", own, stays):
            work = own / "results"
            work.mkdir(mode=0o700)
            for kind in kinds:
                each = results[kind.file]
                each.save(work / str(each.period), kind.results)
        executed = _execute(municipality, results, work, progress, steps, at_once, longest_s)
        progress("sätter ihop rapporten", steps - 2, steps)
        with told("Rapporten kunde inte skrivas", target, stays), alone(place):
            coming = own / target.name
            coming.mkdir()
            made = _write(coming, results, executed)
            _publish(coming, target)
            site.write(place, municipality.name)
    progress("skriver liggaren", steps - 1, steps)
    _remember(municipality, came, results, made, today)
    report_page, brief_page = (target / f"{kind.file}.html" for kind in kinds)
    if rested is not None and not gathered.unread:
        # what cannot be kept is made again: no run fails for it
        with suppress(OSError, ValueError, ReportError), alone(place):
            unchanged.remember(municipality, place, asked, rested, made, (report_page, brief_page))
    progress("klart", steps, steps)
    return Built(target, report_page, brief_page, gathered.unread)


def _rested(name_or_path: str | Path, place: Path) -> unchanged.Rested | None:
    """Return what the run rests on; None where a file cannot be read: the reading says which."""
    try:
        return unchanged.rested(municipalities.find(name_or_path), place)
    except OSError:
        return None


def _refuse_silence(municipality: Municipality, gathered: accept.Gathered) -> None:
    """Stop where none of a source's files can be read: no report can stand on the rest."""
    for unread in gathered.unread:
        own = [one for one in gathered.unread if one.source == unread.source]
        if len(own) == len(municipality.delivered(unread.source)):
            raise unread.error


def _execute(
    municipality: Municipality,
    results: dict[str, Results],
    work: Path,
    progress: Progress,
    steps: int,
    at_once: int | None,
    longest_s: float,
) -> dict[str, list[NotebookNode]]:
    """Run every chapter, as many at a time as there are processors unless said otherwise."""
    kinds = _kinds(results)
    jobs, own = [], []
    for kind in kinds:
        each = results[kind.file]
        parameters = {
            "municipality": str(municipality.folder),
            "period": str(each.period),
            "edition": each.edition,
            "language": each.language.code,
        }
        jobs += [(NOTEBOOKS / f"{chapter}.ipynb", parameters) for chapter in kind.chapters]
        own += [kind.file] * len(kind.chapters)
    done = count(2)
    with _environment(RESULTS_FOLDER, str(work)):
        notebooks = run_chapters(
            jobs,
            at_once=at_once or os.cpu_count() or 1,
            longest_s=longest_s,
            told=lambda notebook: progress(f"kör {notebook.stem}", next(done), steps),
        )
    executed: dict[str, list[NotebookNode]] = {kind.file: [] for kind in kinds}
    for file, notebook in zip(own, notebooks, strict=True):
        executed[file].append(notebook)
    return executed


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    former = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if former is None:
            del os.environ[name]
        else:
            os.environ[name] = former


def provenance(results: Results, numbers: dict[str, int]) -> dict[str, Any]:
    """
    Return what a report rests on: inputs, versions, parameters and row accounting.

    Parameters
    ----------
    results
        The quarterly report's.
    numbers
        By report: which version of it this is.
    """
    municipality = results.municipality
    packages = ("est-analysis", "pandas", "geopandas", "scikit-learn", "matplotlib", "folium")
    sums = results.accounting[["rows", "accepted", "quarantined", "dropped", "repeated"]].sum()
    return {
        "municipality": municipality.name,
        "code": municipality.code,
        "report_versions": numbers,
        "purpose": municipality.purpose,
        "controller": municipality.controller,
        "parameters": {
            "period": str(results.period),
            "edition": results.edition,
            "language": results.language.code,
        },
        "thresholds": municipality.thresholds.model_dump(),
        "inputs": store.input_hashes(municipality),
        "rows": {name: int(value) for name, value in sums.items()},
        "unread": [one.file for one in results.unread],
        "files": results.accounting.to_dict("records"),
        "dispersion": {
            name: {kind: round(phi, 6) for kind, phi in change.dispersion.items()}
            for name, change in (("kind", results.totals), ("group", results.groups))
        },
        "typologies": {
            kind: {"fitted": one.fitted, "sha256": one.digest}
            for kind, one in results.typologies.items()
        },
        "versions": {
            "python": ".".join(platform.python_version_tuple()[:2]),
            **{name: version(name) for name in packages},
        },
    }


def findings_records(results: Results, kind: Kind) -> list[dict[str, Any]]:
    """Return a report's findings as plain values, for ``findings.json`` and the ledger."""
    say = results.language
    return [
        {
            "id": finding.id,
            "sentence": say.sentence(finding.text),
            "word": say.word(finding.word) if finding.word else None,
            "claim": finding.word.value if finding.word else None,
            "n": finding.n,
            "estimate": finding.estimate,
            "interval": None
            if finding.interval is None
            else [finding.interval.low, finding.interval.high, finding.interval.level],
            "unit": finding.unit,
            "p": finding.p,
            "null": say.say(finding.null) if finding.null else None,
        }
        for finding in getattr(results, kind.findings)
    ]


def _json(value: Any) -> str:  # noqa: ANN401 - anything that JSON holds
    def plain(part: Any) -> Any:  # noqa: ANN401
        if isinstance(part, float):
            return round(part, 10) if abs(part) != float("inf") else None
        if isinstance(part, dict):
            return {key: plain(v) for key, v in part.items()}
        return [plain(v) for v in part] if isinstance(part, list) else part

    return json.dumps(plain(value), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _write(
    folder: Path, results: dict[str, Results], executed: dict[str, list[NotebookNode]]
) -> list[dict[str, Any]]:
    """Write every file of the run; return what the ledger is to keep of it."""
    from est_analysis.reports.page import page

    municipality = results[QUARTERLY.file].municipality
    inputs, before = store.input_hashes(municipality), store.earlier_reports(municipality)
    findings, made = {}, []
    for kind in _kinds(results):
        own, findings[kind.file] = results[kind.file], findings_records(results[kind.file], kind)
        place = folder / "tables" / kind.file
        place.mkdir(parents=True)
        csvs = {table.name: table.csv() for table in (make(own) for make in kind.tables.values())}
        for name, csv in csvs.items():
            (place / f"{name}.csv").write_text(csv, encoding="utf-8-sig", newline="\n")
        key = {
            "report": kind.file,
            "period": str(own.period),
            "edition": own.edition,
            "language": own.language.code,
        }
        kept = entry(key, findings[kind.file], csvs.values(), inputs)
        version = version_of(kept, before)
        made.append({**kept, "version": version.number})
        html = page(
            own, kind.file, executed[kind.file], getattr(own, kind.findings), version=version
        )
        (folder / f"{kind.file}.html").write_text(html, encoding="utf-8", newline="\n")
    numbers = {one["report"]: one["version"] for one in made}
    origin = provenance(results[QUARTERLY.file], numbers)
    for name, value in (("findings", findings), ("provenance", origin)):
        (folder / f"{name}.json").write_text(_json(value), encoding="utf-8", newline="\n")
    return made


def _publish(fresh: Path, target: Path) -> None:
    """Put the new folder in the place of the old one, which stays until the new one is there."""
    fresh.chmod(0o755)
    former = target.with_name(f".{target.name}.former")
    if target.exists():
        site.keep_former(target, fresh)
        target.rename(former)
    fresh.rename(target)
    shutil.rmtree(former, ignore_errors=True)


def _recover(target: Path) -> None:
    """Put back the former report if a run was cut off between its two renames."""
    former = target.with_name(f".{target.name}.former")
    if former.exists() and not target.exists():
        former.rename(target)
    shutil.rmtree(former, ignore_errors=True)


def _remember(
    municipality: Municipality,
    came: again.Again,
    results: dict[str, Results],
    made: list[dict[str, Any]],
    today: date | None,
) -> None:
    again.remember(municipality, came)
    hashes = store.input_hashes(municipality)
    store.record_deliveries(municipality, came.gathered, hashes, seen=today)
    typologies = results[QUARTERLY.file].typologies.values()
    store.freeze_typologies(municipality, [one.entry() for one in typologies if one.frozen])
    evaluations = results[QUARTERLY.file].evaluations
    frozen.append(municipality, [one.held for one in evaluations if one.held is not None])
    for one in made:
        store.record_report(municipality, one)
