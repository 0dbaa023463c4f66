"""The last look at finished files: anything that a published edition must not hold stops it."""

from __future__ import annotations

import base64
import binascii
import csv
import html
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from est_analysis.periods import parse

if TYPE_CHECKING:
    from est_analysis.measures.register import Register
    from est_analysis.reports.results import Results

_FILES = re.compile(
    r"(?:publik|aterkoppling|tillganglighet)\.html|findings\.json|provenance\.json|tables/[a-z_]+\.csv"
)
_MONTHS = (
    "januari|februari|mars|april|maj|juni|juli|augusti|september|oktober|november|december|"
    "January|February|March|April|May|June|July|August|September|October|November|December"
)
_METRES = re.compile(r"(?<![\w#./-])\d{6,7}(?:[.,]\d+)?(?![\w-])")
_DEGREES = re.compile(r"(?<![\w.,#-])(?:5[4-9]|6\d)[.,]\d{3,}(?!\w)")
_PATH = re.compile(
    r"(?:/(?:home|Users|tmp|work|srv|mnt|var)/|[A-Za-z]:\\|deliveries/|store/|ledger/)"
)
_DATA = re.compile(r"data:([\w/+.-]+);base64,([A-Za-z0-9+/=]+)")
_TOKEN = re.compile(r"[\w:-]{5,}")
_PNG_CHUNKS = (b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"tIME")
_FEWEST_LETTERS = 4
_FEWEST_WORDS = 4
"""A text of fewer words may well be said by the page itself."""
_OWN_WORDS = {
    "problems": ("beskrivning", "orsak", "varfor_vald", "avslutsskal"),
    "measures": (
        *("atgard", "mal", "indikator", "kostnad_tid", "intensitet", "jamforelseregel"),
        *("process", "produktion", "effekt", "skal"),
    ),
    "decisions": ("beslut", "utfall"),
}
_RELEASABLE = {"beskrivning", "atgard"}
_SPOKEN = {"alt", "aria-label", "title", "summary", "content", "aria-description"}
_UNCOUNTED = {"style"}
_QUESTIONS = ("words", "note")
"""Classes of elements that count questions and rules, never events."""


@dataclass(frozen=True)
class Secrets:
    """
    What must not be found in a finished file.

    Parameters
    ----------
    names
        Public places and streets, apart from those that are also names of areas.
    identities
        The partners' own numbers of their events.
    paths
        Folders of this house.
    texts
        What somebody has written in the register and nobody has released.
    """

    names: frozenset[str]
    identities: frozenset[str]
    paths: frozenset[str]
    texts: frozenset[str] = frozenset()


def secrets_of(results: Results) -> Secrets:
    """Return what must not be found, of one municipality."""
    geography = results.geography
    areas = set() if geography.areas is None else set(geography.areas["name"].astype(str))
    names: set[str] = set()
    for shapes in (geography.places, geography.streets):
        if shapes is not None:
            names |= {str(name) for name in shapes["name"] if name}
    identities = {
        part
        for identity in results.gathered.events["event_id"].unique()
        for part in (identity, identity.split(":", 1)[-1])
        if len(part) >= _FEWEST_LETTERS + 1
    }
    register, municipality = results.register, results.municipality
    problems = register.problems
    areas |= set(problems.loc[problems["publiceras"] == "ja", "plats"])  # released by the group
    named = f" {municipality.name} {municipality.purpose} {municipality.controller} "
    return Secrets(
        frozenset(
            name
            for name in names - areas
            if len(name) >= _FEWEST_LETTERS
            and not any(name in area for area in areas)
            and name not in named
        ),
        frozenset(identities),
        frozenset({str(municipality.folder), str(Path.home())} - {"/"}),
        _written(register),
    )


def _written(register: Register) -> frozenset[str]:
    """Return what the register says in somebody's own words, and nobody has released."""
    kept, out = set[str](), set[str]()
    for part, columns in _OWN_WORDS.items():
        table = getattr(register, part)
        for column in columns:
            released = pd.Series(data=False, index=table.index)
            if column in _RELEASABLE:
                released = table["publiceras"] == "ja"
            kept |= set(table.loc[~released, column])
            out |= set(table.loc[released, column])
    long = {" ".join(text.split()) for text in kept if len(text.split()) >= _FEWEST_WORDS}
    return frozenset(text for text in long if not any(text in other for other in out))


def text_faults(text: str, minimum: int, secrets: Secrets) -> list[str]:
    """Return what stands in one text that may not be published, in words without values."""
    return _everywhere(text, secrets) + _small(text, minimum, "")


def scan(folder: Path, released: dict[str, Any], secrets: Secrets) -> list[str]:
    """
    Look through every finished file of a published edition.

    Parameters
    ----------
    folder
        The edition.
    released
        The bundle that it was made of.
    secrets
        What must not be found.

    Returns
    -------
    list of str
        What was found, in Swedish, each with its file but never with a value; empty when all is
        well.
    """
    found: list[str] = []
    numbers = {c["n"] for tables in released["kinds"].values() for c in tables["cells"]}
    numbers = {n for n in numbers if n is not None}
    minimum = int(released["minimum"])
    for file in sorted(folder.rglob("*")):
        if file.is_dir():
            continue
        inside = file.relative_to(folder).as_posix()
        if file.is_symlink() or not _FILES.fullmatch(inside):
            found.append(f"{inside}: filen hör inte till utgåvan")
            continue
        text = file.read_text(encoding="utf-8-sig")
        faults = _everywhere(text, secrets)
        if inside.endswith(".html"):
            faults += _page(text, minimum, secrets) + _days(text, released)
        elif inside.endswith(".csv"):
            faults += _table(text, minimum, numbers)
        else:
            faults += _small(text, minimum, inside)
        found += [f"{inside}: {fault}" for fault in dict.fromkeys(faults)]
    return found


def _everywhere(text: str, secrets: Secrets) -> list[str]:
    plain = _DATA.sub("", text)
    found = []
    if _METRES.search(plain) or _DEGREES.search(plain):
        found.append("ett tal som kan vara en koordinat")
    if _PATH.search(plain) or any(path in plain for path in secrets.paths):
        found.append("en sökväg")
    if secrets.identities & set(_TOKEN.findall(plain)):
        found.append("ett ärendenummer")
    if any(re.search(rf"\b{re.escape(name)}\b", plain) for name in secrets.names if name in plain):
        found.append("namnet på en plats")
    said = " ".join(html.unescape(plain).split())
    if any(written in said for written in secrets.texts):
        found.append("en text ur registret som inte är släppt")
    return found


class _Reader(HTMLParser):
    """What a page says: its texts, what is spoken of pictures, and what hides in it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.hidden: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        uncounted = tag in _UNCOUNTED or any(name in classes for name in _QUESTIONS)
        self.hidden += [f"attributet {name}" for name in given if name.startswith("data-")]
        if tag == "meta" and given.get("name") not in {None, "viewport", "robots"}:
            self.hidden.append("metadata")
        if tag == "script":
            self.hidden.append("ett skript")
        if tag != "meta":
            self.texts += [given[name] or "" for name in _SPOKEN & set(given)]
        if tag not in {"meta", "img", "br", "hr", "link", "input", "col"}:
            self._open.append((tag, uncounted))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        if not any(uncounted for _, uncounted in self._open):
            self.texts.append(data)

    def handle_comment(self, _data: str) -> None:
        self.hidden.append("en kommentar")


def _page(text: str, minimum: int, secrets: Secrets) -> list[str]:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    found = list(reader.hidden)
    found += [fault for said in reader.texts for fault in _small(said, minimum, "")]
    for kind, coded in _DATA.findall(text):
        found += _picture(kind, coded, secrets)
    return found


def _small(text: str, minimum: int, inside: str) -> list[str]:
    """Tell whether a whole number from one up to the minimum stands in a text, dates apart."""
    del inside
    plain = re.sub(rf"\b\d{{1,2}} (?=(?:{_MONTHS})\b)", "", text)
    plain = re.sub(
        r"\d{4}Q[1-4]|\"(?:python|est-analysis)\": \"[\d.]+\"|\"reporters\": \d+", "", plain
    )
    plain = re.sub(r"\b20\d\d\b", "", plain)
    for number in re.findall(r"(?<![\w.,:/-])\d+(?![\w:/-]|[.,]\d)", plain):
        if 0 < int(number) < minimum:
            return ["ett antal under gränsen"]
    return []


def _days(text: str, released: dict[str, Any]) -> list[str]:
    """Tell whether a page names a day: only events have days, apart from the period's ends."""
    period = parse(released["period"])
    own = {day for one in (period, period.year_to_end()) for day in (one.start, one.last)}
    months = _MONTHS.split("|")
    ends = {f"{day.day} {months[day.month - 1]}" for day in own} | {str(day) for day in own}
    plain = " ".join(html.unescape(_DATA.sub("", text)).split())
    named = re.findall(rf"\b\d{{1,2}} (?:{_MONTHS})\b|\b20\d\d-\d\d-\d\d\b", plain)
    return ["en dag"] if set(named) - ends else []


def _table(text: str, minimum: int, numbers: set[int]) -> list[str]:
    found = []
    for row in list(csv.reader(io.StringIO(text), delimiter=";"))[1:]:
        for cell in row[1:]:
            if not re.fullmatch(r"-?\d+", cell.strip()):
                continue
            if 0 < int(cell) < minimum:
                found.append("ett antal under gränsen")
            if int(cell) not in numbers:
                found.append("ett tal som inte är släppt")
    return found


def _picture(kind: str, coded: str, secrets: Secrets) -> list[str]:
    try:
        content = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        return ["en bild som inte går att läsa"]
    look = _LOOKS.get(kind)
    return ["ett slag av fil som inte får bäddas in"] if look is None else look(content, secrets)


def _drawing(content: bytes, secrets: Secrets) -> list[str]:
    text = content.decode("utf-8", errors="replace")
    found = [
        f"{what} i en bild"
        for what, pattern in (
            ("metadata", r"<(?:metadata|title|desc|script|foreignObject|text)\b"),
            ("en kommentar", r"<!--"),
            ("ett dolt attribut", r"\sdata-|\baria-|inkscape:|\bonload="),
            ("en länk ut", r"(?:href|src)\s*=\s*[\"'](?!#)"),
        )
        if re.search(pattern, text)
    ]
    named = re.sub(r"<path\b[^>]*>|<use\b[^>]*>|xmlns\S*=\"[^\"]*\"|<!DOCTYPE[^>]*>", "", text)
    if _METRES.search(text) or any(path in text for path in secrets.paths):
        found.append("ett tal som kan vara en koordinat, i en bild")
    if any(name in named for name in secrets.names):
        found.append("namnet på en plats, i en bild")
    return found


def _raster(content: bytes, secrets: Secrets) -> list[str]:
    del secrets
    return ["metadata i en bild"] if any(chunk in content for chunk in _PNG_CHUNKS) else []


_LOOKS: dict[str, Callable[[bytes, Secrets], list[str]]] = {
    "image/svg+xml": _drawing,
    "image/png": _raster,
}


def pdf_faults(content: bytes) -> list[str]:
    """Return what a printed edition must not hold: who made it, with what, embedded files."""
    marks: Iterable[bytes] = (b"/Author", b"/Creator", b"/EmbeddedFile", b"<x:xmpmeta")
    return ["metadata i en PDF"] if any(mark in content for mark in marks) else []
