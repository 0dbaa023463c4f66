"""Rendering: a bundle in, a page with its tables out, in a process that knows nothing more."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from est_analysis.errors import EstError
from est_analysis.reports.chapters import LONGEST_S, NOTEBOOKS, run_chapter
from est_analysis.reports.language import Language
from est_analysis.reports.page import STATEMENT, page
from est_analysis.reports.published import bundle, doors, shown
from est_analysis.reports.published.feedback import SHEET, sheet
from est_analysis.reports.published.released import RELEASED_FOLDER, Released
from est_analysis.reports.published.statement import statement

CHAPTERS = ("published",)
PAGE = "publik.html"
FAILED = 3


def render(folder: Path, out: Path, language: str, longest_s: float = LONGEST_S) -> None:
    """
    Render a bundle.

    Parameters
    ----------
    folder
        Holds the bundle and nothing else.
    out
        An empty folder.
    language
        As `Language` takes it.
    longest_s
        How long a chapter may take.

    Raises
    ------
    ReportError
        If a chapter fails.
    """
    doors.shut(folder, out)
    content = bundle.read(folder)
    released = Released(content, Language(language))
    parameters = {
        "municipality": "",
        "period": content["period"],
        "edition": "published",
        "language": language,
    }
    notebooks = [
        run_chapter(NOTEBOOKS / f"{chapter}.ipynb", parameters, longest_s) for chapter in CHAPTERS
    ]
    html = page(
        released,  # type: ignore[arg-type]
        "publik",
        notebooks,
        released.findings,
        version=released.version,
    )
    (out / PAGE).write_text(html, encoding="utf-8", newline="\n")
    (out / STATEMENT).write_text(statement(released), encoding="utf-8", newline="\n")
    (out / SHEET).write_text(sheet(released), encoding="utf-8", newline="\n")
    place = out / "tables"
    place.mkdir()
    for make in shown.TABLES.values():
        table = make(released)
        (place / f"{table.name}.csv").write_text(table.csv(), encoding="utf-8-sig", newline="\n")
    _write(out / "findings.json", {"publik": _findings(released)})
    _write(out / "provenance.json", _provenance(released))


def _write(file: Path, content: object) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    file.write_text(text, encoding="utf-8", newline="\n")


def _findings(released: Released) -> list[dict[str, object]]:
    say = released.language
    return [
        {
            "id": finding.id,
            "sentence": say.sentence(finding.text),
            "word": say.word(finding.word) if finding.word else None,
            "claim": finding.word.value if finding.word else None,
        }
        for finding in released.findings
    ]


def _provenance(released: Released) -> dict[str, object]:
    """Return what the edition rests on: its rules and versions, no files and no rows."""
    return {
        "municipality": released.municipality.name,
        "purpose": released.municipality.purpose,
        "controller": released.municipality.controller,
        "parameters": {
            "period": str(released.quarter),
            "edition": released.edition,
            "language": released.language.code,
        },
        "report_versions": {"publik": released.version.number},
        "reason": released.version.reason,
        "content": released.content.get("sha256", ""),
        "disclosure": {"minimum": released.minimum, "reporters": released.content["reporters"]},
        "versions": {
            "python": ".".join(platform.python_version_tuple()[:2]),
            "est-analysis": version("est-analysis"),
        },
    }


def main() -> int:
    """Render what the environment names; a fault is told in a sentence."""
    try:
        render(
            Path(os.environ[RELEASED_FOLDER]), Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
        )
    except EstError as error:
        print(str(error), file=sys.stderr)
        return FAILED
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
