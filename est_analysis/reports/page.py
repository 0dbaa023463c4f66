"""One self-contained HTML page: the answer first, then the chapters, with nothing to fetch."""

from __future__ import annotations

import base64
import copy
import hashlib
import html
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from traitlets.config import Config

from est_analysis import __version__
from est_analysis.evidence import Finding, Share, Text, Word, foremost
from est_analysis.reports import cards
from est_analysis.reports.language import CAVEATS, SYMBOLS, Language
from est_analysis.reports.leaflet import leaflet
from est_analysis.reports.versions import Sentence, Version

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from est_analysis.reports.results import Results

TEMPLATES = Path(__file__).parent / "templates"
STATEMENT = "tillganglighet.html"
"""The page beside a published edition that says how accessible it is."""
MOST_ANSWERS, MOST_CHANGED, MOST_FILES = 4, 30, 5

_MEANS = {
    Word.CLEAR: "slutsatser som håller även när alla jämförelser räknas",
    Word.INDICATION: "slutsatser som kan vara riktiga, men osäkra",
    Word.NO_SIGN: "frågor där en stor förändring är utesluten",
    Word.CANNOT_TELL: "frågor som siffrorna inte räcker till för",
}
_TITLES = {
    "rapport": Text("Trygghet och brott i {name}, {period}"),
    "mote": Text("Inför mötet: {name}, {period}"),
    "publik": Text("Trygghet och brott i {name}, {period}"),
}
_LEADS = {
    "rapport": "EST-gruppens gemensamma lägesbild och uppföljning.",
    "mote": "Nytt, förändrat och återkommande sedan förra mötet, och vad gruppen ska besluta om.",
    "publik": "EST-gruppens lägesbild för alla: tolv månader och områden, aldrig platser.",
}
_BANNERS = {
    "internal": "Internt arbetsmaterial för EST-gruppen. Visar platser, aldrig personer.",
    "published": "Publik utgåva. Gjord av släppta tabeller: inga platser, inga enskilda händelser.",
}
_LEAD_OF_YEAR = (
    "EST-gruppens årsöversyn: gemensam lägesbild, uppföljning och underlag för nästa år."
)


@dataclass(frozen=True)
class Chapter:
    """One executed chapter as HTML, and the scripts that its maps need."""

    id: str
    title: str
    html: str
    scripts: tuple[str, ...]


def page(
    results: Results,
    kind: str,
    notebooks: list[NotebookNode],
    findings: list[Finding],
    *,
    version: Version | None = None,
) -> str:
    """
    Join executed chapters into one page.

    Parameters
    ----------
    results
        The report's.
    kind
        ``rapport`` or ``mote``.
    notebooks
        Executed, in the order of the chapters.
    findings
        All of the report's, with their words.
    version
        Which version it is, by default the first; a later one says what made it differ, and in
        what.

    Returns
    -------
    str
        HTML that loads nothing; only scripts that the maps module made are allowed to run.
    """
    say, version = results.language, version or Version()
    chapters = [chapter(notebook, number, say) for number, notebook in enumerate(notebooks, 1)]
    whole = len(chapters) > 1
    contents = [(part.id, part.title) for part in chapters] if whole else []
    if kind == "publik":
        chapters, contents = _numbered(chapters)
    scripts = [script for part in chapters for script in part.scripts]
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    if scripts:
        library, library_style = leaflet()
        scripts = [library, *scripts]
        style = library_style + style
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.globals["_"] = say.translate
    values = {"name": results.municipality.name, "period": results.period}
    accounted = {f.id: f for f in findings}.get("accounting")
    shown = environment.get_template("page.html.j2").render(
        lang=say.code,
        kind=kind,
        policy=policy(scripts),
        style=style,
        title=say.say(Text(_TITLES[kind].template, values)),
        banner=say.translate(_BANNERS[results.edition]),
        lead=say.translate(_lead(results, kind)),
        version=said_of(version, say),
        changed=[_changed(one, say) for one in version.sentences[:MOST_CHANGED]],
        answers=[cards.html(f, say) for f in answers(findings, steady=2 if whole else 0)],
        verdicts=_verdicts(results, findings) if whole else [],
        family=_family(results, findings),
        chapters=chapters,
        contents=contents,
        accounting=say.say(accounted.text) if accounted else "",
        purpose=say.say(
            Text(
                "Ändamål: {purpose} Personuppgiftsansvarig: {controller}.",
                {
                    "purpose": results.municipality.purpose,
                    "controller": results.municipality.controller,
                },
            )
        ),
        caveats=[say.translate(caveat) for caveat in CAVEATS],
        made=_made(results),
        scripts=scripts,
        statement=STATEMENT if kind == "publik" else "",
    )
    return shown if shown.endswith("\n") else shown + "\n"


def _numbered(chapters: list[Chapter]) -> tuple[list[Chapter], list[tuple[str, str]]]:
    """Give every question of the chapters an id, so that a list of contents can lead to it."""
    contents: list[tuple[str, str]] = []

    def mark(found: re.Match[str]) -> str:
        contents.append((f"fraga-{len(contents) + 1}", html.unescape(found[1])))
        return f'<h3 id="{contents[-1][0]}">{found[1]}</h3>'

    marked = [replace(c, html=re.sub(r"<h3>([^<]+)</h3>", mark, c.html)) for c in chapters]
    return marked, contents


def _lead(results: Results, kind: str) -> str:
    of_year = kind == "rapport" and results.period.kind == "year"
    return _LEAD_OF_YEAR if of_year else _LEADS[kind]


_NOTHING = Finding(
    id="nothing",
    sentences={
        None: Text(
            "Inget skiljer sig säkert från samma tid på året tidigare år eller från veckorna före."
        )
    },
    n=0,
)


_UNTRIED = Finding(
    id="nothing",
    sentences={
        None: Text(
            "Ingenting gick att jämföra med tidigare år: de saknas, eller så är händelserna för få."
        )
    },
    n=0,
)


def answers(findings: list[Finding], *, steady: int) -> list[Finding]:
    """
    Choose what stands first.

    Files that are missing from the picture, the totals, the strongest claims, then where and in
    what situation.

    When nothing is claimed the page says so, and up to `steady` things that are ruled out;
    "nothing found" is a result.
    """
    by_id = {finding.id: finding for finding in findings}
    claims = [f for f in foremost(findings) if f.word in {Word.CLEAR, Word.INDICATION}]
    ruled_out = [f for f in foremost(findings) if f.word is Word.NO_SIGN]
    unread = [f for f in findings if f.id.startswith("unread/")]
    chosen = [*unread, by_id["totals"], *claims[:MOST_ANSWERS]]
    if not claims:
        tried = any(f.id.startswith("change/") and f.gate and f.interval for f in findings)
        chosen += [_NOTHING if tried else _UNTRIED, *ruled_out[:steady]]
    described = ("places/crime", "places/unsafe", "rhythm", "situations", "due")
    listed = [by_id[name] for name in described if name in by_id]
    return chosen + [f for f in listed if f.n or f.id not in {"rhythm", "situations"}]


def _verdicts(results: Results, findings: list[Finding]) -> list[dict[str, Any]]:
    say, counted = results.language, cards.tally(findings)
    if not sum(counted.values()):
        return []
    return [
        {
            "key": word.value,
            "symbol": SYMBOLS[word],
            "word": say.word(word),
            "n": counted[word],
            "means": say.translate(_MEANS[word]),
        }
        for word in Word
    ]


def _family(results: Results, findings: list[Finding]) -> str:
    thresholds = results.municipality.thresholds
    return results.language.say(
        Text(
            "{tested} av {n} frågor hade händelser nog att pröva. Händer ingenting i "
            "kommunen är risken högst {clear} att något här ändå kallas tydligt, och högst "
            "{indication} att något kallas tydligt eller antydan.",
            {
                "n": sum(f.null is not None for f in findings),
                "tested": sum(f.null is not None and f.gate for f in findings),
                "clear": Share(thresholds.clear),
                "indication": Share(thresholds.indication),
            },
        )
    )


def said_of(version: Version, say: Language) -> str:
    """Return what is said of a version that replaces another; nothing of the first."""
    if version.number == 1:
        return ""
    parts = [
        Text(
            "Version {number}, rättad: den ersätter version {former}.",
            {"number": version.number, "former": version.number - 1},
        )
    ]
    if version.reason:
        parts.append(Text("Skälet: {reason}", {"reason": version.reason}))
        return " ".join(say.say(part) for part in parts)
    files = version.inputs
    if not files:
        parts.append(
            Text("Underlaget är detsamma: en tidigare rapport eller programmet har ändrats.")
        )
    else:
        more = Text(" och {n} till", {"n": len(files) - MOST_FILES})
        parts.append(
            Text(
                "Nytt, ändrat eller borttaget underlag: {files}{more}.",
                {
                    "files": ", ".join(files[:MOST_FILES]),
                    "more": more if len(files) > MOST_FILES else "",
                },
            )
        )
    parts.append(
        Text(
            "{n} slutsatser lyder annorlunda; de står under Om rapporten.",
            {"n": len(version.sentences)},
            singular="En slutsats lyder annorlunda; den står under Om rapporten.",
        )
        if version.sentences
        else Text("Slutsatserna är desamma; någon tabell har andra tal.")
    )
    return " ".join(say.say(part) for part in parts)


def _changed(sentence: Sentence, say: Language) -> str:
    if not sentence.old:
        return say.say(Text("Ny: {new}", {"new": sentence.new}))
    if not sentence.new:
        return say.say(Text("Borta: {old}", {"old": sentence.old}))
    return say.say(Text("{new} Förut: {old}", {"new": sentence.new, "old": sentence.old}))


def _made(results: Results) -> str:
    return results.language.say(
        Text(
            "Gjord med est-analysis {version}. Källor, versioner och inställningar står i "
            "provenance.json, slutsatserna i findings.json och tabellerna i mappen tables, bredvid "
            "den här filen.",
            {"version": __version__},
        )
    )


def policy(scripts: list[str]) -> str:
    """
    Return a content security policy that lets just these scripts run and nothing be fetched.

    Parameters
    ----------
    scripts
        The texts between the script tags that the builder itself puts in.
    """
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode('ascii')}'"
        for s in scripts
    )
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src {hashes or chr(39) + 'none' + chr(39)}; base-uri 'none'; form-action 'none'"
    )


def chapter(notebook: NotebookNode, number: int, say: Language | None = None) -> Chapter:
    """
    Turn one executed notebook into HTML, its prose in a language, its headings one level down.

    Scripts are taken from the maps' own output type only; markup in any other output stays inert
    under the page's policy.
    """
    notebook = copy.deepcopy(notebook)
    title, scripts = "", []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = say.translate(cell.source) if say else cell.source
            if not title and (found := re.search(r"^# (.+)$", cell.source, re.MULTILINE)):
                title = found[1].strip()
            cell.source = re.sub(r"^(#{1,4}) ", r"#\1 ", cell.source, flags=re.MULTILINE)
            continue
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).get("application/vnd.est.map+json")
            if shown:
                scripts.append(shown["script"])
    return Chapter(
        f"kapitel-{number}", title, _exporter().from_notebook_node(notebook)[0], tuple(scripts)
    )


@cache
def _exporter() -> Any:  # noqa: ANN401 - nbconvert is untyped
    from nbconvert import HTMLExporter

    return HTMLExporter(
        config=Config(
            {
                "HTMLExporter": {
                    "extra_template_basedirs": [str(TEMPLATES)],
                    "template_name": "chapter",
                    "exclude_anchor_links": True,
                }
            }
        )
    )
