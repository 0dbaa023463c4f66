"""Making the published edition: release, render elsewhere, scan, remember, and only then show."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from est_analysis import municipality as municipalities
from est_analysis.errors import ReportError
from est_analysis.gather import accept
from est_analysis.gather.files import alone, told
from est_analysis.municipality import Municipality
from est_analysis.release import past as pasts
from est_analysis.release.made import Release, release
from est_analysis.reports import site
from est_analysis.reports.asked import period_of
from est_analysis.reports.chapters import LONGEST_S
from est_analysis.reports.language import Language
from est_analysis.reports.published import bundle as bundles
from est_analysis.reports.published.released import RELEASED_FOLDER
from est_analysis.reports.published.render import PAGE
from est_analysis.reports.results import Results
from est_analysis.reports.room import room
from est_analysis.reports.scan_release import scan, secrets_of

if TYPE_CHECKING:
    from est_analysis.reports.build import Built

ROOT = Path(__file__).resolve().parents[3]
_KEPT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONHASHSEED")
_STEPS = 6
MARGIN_S = 300.0
_STAYS = "Inget har publicerats."


def released_of(results: Results) -> Release:
    """
    Return the released tables of a report, beside what the ledger says is out.

    Raises
    ------
    PeriodError, ReportError
        As `release.made.release` and `release.past.past` raise them.
    """
    areas = results.geography.areas
    return release(
        results.events,
        results.period,
        results.municipality,
        [] if areas is None else sorted(areas["name"].astype(str)),
        pasts.past(results.municipality),
        delivered=results.gathered.events,
        missing=results.missing,
    )


def build_published(
    name_or_path: str | Path,
    period_text: str | None = None,
    *,
    language: str = "sv",
    out: Path = Path("reports"),
    progress: Callable[[str, int, int], None] = lambda *_: None,
    reason: str = "",
    longest_s: float = LONGEST_S,
) -> Built:
    """
    Make the published edition of one municipality and period.

    Parameters
    ----------
    name_or_path, period_text, language, out, progress
        As `build.build` takes them. The folder is ``out/<municipality>/published/<period>``: it
        can be handed over whole, nothing internal lies in it or above it.

    reason
        Why an edition that is out is corrected; a new version says it.
    longest_s
        How long its one chapter may take.

    Returns
    -------
    Built

    Raises
    ------
    SettingsError, DeliveryError, PeriodError
        If the input does not hold.
    ReportError
        If it differs from an edition that is out and no reason is given, nothing can be shown to
        be safe, the rendering fails, is killed or takes too long, the scan finds anything in the
        finished files, or another edition came out meanwhile. Nothing is published then.
    """
    from est_analysis.reports.build import Built, _publish, _recover

    progress("läser inställningar och leveranser", 0, _STEPS)
    municipality = municipalities.load(name_or_path)
    words = Language(language)
    gathered = accept.gather(municipality)
    period = period_of(period_text, gathered.events, municipality, public=True)
    results = Results(municipality, period, "internal", words, gathered=gathered)
    progress("väljer vad som kan visas", 1, _STEPS)
    before = pasts.past(municipality).releases
    made = released_of(results)
    content = bundles.bundle(results, made)
    place = out / municipality.key
    target = place / site.PUBLISHED / words.folder(str(period))
    with ExitStack() as stack:
        with told("Den publika utgåvan kunde inte skrivas", target, _STAYS):
            own = stack.enter_context(room(place))
            target.parent.mkdir(exist_ok=True)
            with alone(place):
                _recover(target)
        content |= _version(content, target, reason)
        fresh = own / target.name
        progress("gör sidan av de släppta tabellerna", 2, _STEPS)
        with told("Den publika utgåvan kunde inte skrivas", fresh, _STAYS):
            fresh.mkdir()
            render_apart(content, fresh, language, longest_s)
        progress("granskar de färdiga filerna", 3, _STEPS)
        faults = scan(fresh, content, secrets_of(results))
        if faults:
            raise ReportError(
                "De färdiga filerna innehåller något som inte får publiceras: "
                + "; ".join(faults[:3])
                + ".",
                where=str(target),
                mend=f"{_STAYS} Anmäl det tillsammans med meddelandet.",
            )
        progress("skriver liggaren", 4, _STEPS)
        with told("Den publika utgåvan kunde inte skrivas", target, _STAYS), alone(place):
            _refuse_meanwhile(municipality, before, made)
            pasts.record(municipality, made.entry(), made.atoms)
            _publish(fresh, target)
            site.write(place, municipality.name)
    progress("klart", _STEPS, _STEPS)
    return Built(target, target / PAGE, None, gathered.unread)


def _refuse_meanwhile(
    municipality: Municipality, before: list[dict[str, Any]], made: Release
) -> None:
    """Stop where another edition came out since ours was held against what was out."""
    own = json.loads(json.dumps(made.entry()))
    if any(one != own for one in pasts.past(municipality).releases[len(before) :]):
        raise ReportError(
            "En annan publik utgåva kom ut medan den här gjordes.",
            where="releases.jsonl",
            mend=f"Kör igen: då prövas den mot den andra. {_STAYS}",
        )


def _version(content: dict[str, Any], target: Path, reason: str) -> dict[str, Any]:
    """Return which version a bundle makes, and why: numbers that are out are never replaced."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    own = hashlib.sha256(text.encode()).hexdigest()
    file = target / site.PROVENANCE
    if not file.is_file():
        return {"version": 1, "reason": "", "sha256": own}
    former = json.loads(file.read_text(encoding="utf-8"))
    number = int(former.get("report_versions", {}).get("publik", 1))
    if former.get("content", own) == own:
        return {"version": number, "reason": former.get("reason", ""), "sha256": own}
    if not reason.strip():
        raise ReportError(
            f"Den publika utgåvan för {content['period']} är redan ute och skulle bli en annan.",
            mend="Skriv varför den rättas med --reason. Då blir den en ny version, och den förra "
            "finns kvar.",
        )
    return {"version": number + 1, "reason": reason.strip(), "sha256": own}


def render_apart(
    content: dict[str, object], out: Path, language: str, longest_s: float = LONGEST_S
) -> None:
    """
    Render a bundle in another process, in an otherwise empty temporary folder.

    The process gets no argument, no variable and no working folder that leads to a municipality.

    Parameters
    ----------
    content
        A bundle.
    out
        An empty folder, filled from the process's own.
    language
        As `Language` takes it.
    longest_s
        How long its chapter may take; the process has `MARGIN_S` more, and is then killed.

    Raises
    ------
    ReportError
        If it fails, is killed, or takes too long.
    """
    with tempfile.TemporaryDirectory(prefix="est-publik-") as work:
        room = Path(work)
        bundles.write(content, room / "bundle")
        for inside in ("out", "home", "tmp"):
            (room / inside).mkdir()
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= {
            "HOME": str(room / "home"),
            "USERPROFILE": str(room / "home"),
            "TMPDIR": str(room / "tmp"),
            "TEMP": str(room / "tmp"),
            "TMP": str(room / "tmp"),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            RELEASED_FOLDER: str(room / "bundle"),
        }
        module = "est_analysis.reports.published.render"
        try:
            ran = subprocess.run(
                [sys.executable, "-m", module, str(room / "out"), language, str(longest_s)],
                cwd=room / "home",
                env=environment,
                capture_output=True,
                text=True,
                encoding="utf-8",
                check=False,
                timeout=longest_s + MARGIN_S,
            )
        except subprocess.TimeoutExpired as error:
            minutes = Language("sv").number(round(longest_s / 60, 1))
            raise ReportError(
                f"Den publika sidan avbröts: det tog längre tid än {minutes} minuter.",
                mend=f"Ge den längre tid med --longest. {_STAYS}",
            ) from error
        if ran.returncode < 0:
            raise ReportError(
                "Den publika sidan avbröts: processen som gjorde den försvann. Troligen tog minnet "
                "slut.",
                mend=f"Stäng andra program och kör igen. {_STAYS}",
            )
        if ran.returncode:
            last = [line for line in ran.stderr.splitlines() if line.strip()][-6:]
            raise ReportError("Den publika sidan kunde inte göras: " + " ".join(last), mend=_STAYS)
        shutil.copytree(room / "out", out, dirs_exist_ok=True)
