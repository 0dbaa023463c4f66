"""The page that lists a municipality's reports, newest first, and versions that were replaced."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from babel import Locale

from est_analysis import periods
from est_analysis.evidence import Text
from est_analysis.periods import Period
from est_analysis.reports.language import SYMBOLS, WORDS, Language

INDEX, VERSIONS = "index.html", "versioner"
FINDINGS, PROVENANCE = "findings.json", "provenance.json"
MOST_CLAIMS = 3

_REPORTS = {
    "rapport": Text("rapport"),
    "mote": Text("inför mötet"),
}
_EDITIONS = {
    "internal": Text("Internt arbetsmaterial"),
    "published": Text("Publicerad utgåva"),
}
_CLAIMED = {"clear": 0, "indication": 1}
_SYMBOL = {word.value: (SYMBOLS[word], WORDS[word]) for word in WORDS}


@dataclass(frozen=True)
class Made:
    """
    One folder of finished reports.

    Parameters
    ----------
    folder
        Where it lies.
    origin, findings
        What stands in its ``provenance.json`` and ``findings.json``.
    """

    folder: Path
    origin: Mapping[str, Any]
    findings: Mapping[str, list[Mapping[str, Any]]]

    @cached_property
    def period(self) -> Period:
        """The period that it is about."""
        return periods.parse(self.origin["parameters"]["period"])

    @property
    def sort(self) -> tuple[str, str, str]:
        """What two reports must share to be compared: kind of period, edition, language."""
        parameters = self.origin["parameters"]
        return self.period.kind, parameters["edition"], parameters["language"]

    @property
    def version(self) -> int:
        """The highest version of its reports."""
        return max(self.origin.get("report_versions", {}).values(), default=1)

    @property
    def main(self) -> list[Mapping[str, Any]]:
        """The findings of its main report."""
        return next(iter(self.findings[name] for name in _REPORTS if name in self.findings), [])

    @property
    def claims(self) -> list[Mapping[str, Any]]:
        """What is claimed, strongest first."""
        claimed = [one for one in self.main if one["claim"] in _CLAIMED]
        return sorted(claimed, key=lambda one: _CLAIMED[one["claim"]])


def reports(folder: Path) -> list[Made]:
    """
    Return the reports that lie in a municipality's folder, newest first.

    A folder whose files cannot be read is left out: it is not of this program's making, or older.
    """
    found = []
    for origin in folder.glob(f"*/{PROVENANCE}"):
        if origin.parent.name.startswith("."):
            continue
        try:
            made = Made(
                origin.parent,
                json.loads(origin.read_text(encoding="utf-8")),
                json.loads((origin.parent / FINDINGS).read_text(encoding="utf-8")),
            )
            found.append((made.period.end, made.period.start, made.folder.name, made))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return [line[-1] for line in sorted(found, key=lambda line: line[:-1], reverse=True)]


def keep_former(former: Path, fresh: Path) -> None:
    """
    Keep a version that is about to be replaced, inside the folder that replaces it.

    Parameters
    ----------
    former, fresh
        The folder that stands, and the one that will take its place. Where both hold the same
        version, or the former tells of none, only versions kept earlier are carried over.

    Raises
    ------
    OSError
        If it cannot be copied; the former folder is as it was.
    """
    if (former / VERSIONS).is_dir():
        shutil.copytree(former / VERSIONS, fresh / VERSIONS)
    standing, coming = _version(former), _version(fresh)
    if standing is None or coming is None or standing >= coming:
        return
    place = fresh / VERSIONS / str(standing)
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(former, place, ignore=shutil.ignore_patterns(VERSIONS))


def _version(folder: Path) -> int | None:
    try:
        origin = json.loads((folder / PROVENANCE).read_text(encoding="utf-8"))
        return max(int(number) for number in origin["report_versions"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write(folder: Path, name: str, language: str = "sv") -> Path:
    """
    Write the list of a municipality's reports, whole or not at all.

    Parameters
    ----------
    folder
        Where its reports lie, each in a folder of its own.
    name
        The municipality's.
    language
        Of the list; the reports have their own.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OSError
        If it cannot be written; the former list stands.
    """
    html = _html(reports(folder), name, Language(language))
    with tempfile.NamedTemporaryFile(
        "w", dir=folder, prefix=".", suffix=".html", delete=False, encoding="utf-8", newline="\n"
    ) as stream:
        stream.write(html)
    fresh = Path(stream.name)
    fresh.chmod(0o644)
    return fresh.replace(folder / INDEX)


def _html(made: list[Made], name: str, say: Language) -> str:
    import jinja2

    from est_analysis.reports.page import TEMPLATES, policy

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.globals["_"] = say.translate
    script = (TEMPLATES / "index.js").read_text(encoding="utf-8")
    html = environment.get_template("index.html.j2").render(
        lang=say.code,
        policy=policy([script]),
        style=(TEMPLATES / "style.css").read_text(encoding="utf-8"),
        title=say.say(Text("Rapporter: {name}", {"name": name})),
        entries=[_entry(one, made, say) for one in made],
        script=script,
    )
    return html if html.endswith("\n") else html + "\n"


def _entry(one: Made, made: list[Made], say: Language) -> dict[str, Any]:
    own = [
        other for other in made if other.sort == one.sort and other.period.end <= one.period.start
    ]
    links = [
        {"href": f"{one.folder.name}/{file}.html", "text": say.sentence(text)}
        for file, text in _REPORTS.items()
        if (one.folder / f"{file}.html").is_file()
    ]
    kept = one.folder / VERSIONS
    numbers = sorted((int(p.name) for p in kept.glob("*") if p.name.isdigit()), reverse=True)
    return {
        "lang": one.sort[2],
        "period": say.sentence(Text("{period}", {"period": one.period})),
        "edition": _edition(one, say),
        "version": say.say(Text("version {n}, rättad", {"n": one.version}))
        if one.version > 1
        else "",
        "links": links,
        "answer": next((line["sentence"] for line in one.main if line["id"] == "totals"), ""),
        "claims": [
            {"key": line["claim"], "symbol": _SYMBOL[line["claim"]][0], **line}
            for line in one.claims[:MOST_CLAIMS]
        ],
        "since": _since(one, own[0], say) if own else "",
        "former": [
            {
                "href": f"{one.folder.name}/{VERSIONS}/{n}/{file}.html",
                "text": say.say(Text("{n} ({report})", {"n": n, "report": text})),
            }
            for n in numbers
            for file, text in _REPORTS.items()
            if (kept / str(n) / f"{file}.html").is_file()
        ],
    }


def _edition(one: Made, say: Language) -> str:
    """Return a report's edition, and its language where that is not the list's."""
    edition = _EDITIONS.get(one.sort[1], Text(one.sort[1]))
    if one.sort[2] == say.code:
        return say.say(edition)
    language = Locale.parse(one.sort[2]).get_language_name(say.code)
    return say.say(Text("{edition}, på {language}", {"edition": edition, "language": language}))


def _since(one: Made, former: Made, say: Language) -> str:
    """Say what is claimed now and was not, and the other way round."""
    now, then = ({line["id"] for line in made.claims} for made in (one, former))
    if not now | then:
        return say.say(
            Text(
                "Inget skiljer sig säkert, varken nu eller {period}.",
                {"period": former.period},
            )
        )
    parts = (
        (now - then, Text("{n} slutsatser är nya", singular="en slutsats är ny")),
        (now & then, Text("{n} kvarstår", singular="en kvarstår")),
        (then - now, Text("{n} gäller inte längre", singular="en gäller inte längre")),
    )
    told = [replace(text, values={"n": len(ids)}) for ids, text in parts if ids]
    return say.say(
        Text("Sedan {period}: {parts}.", {"period": former.period, "parts": tuple(told)})
    )
