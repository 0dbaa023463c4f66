"""What a reader meets in finished files, and the words that give a language away."""

from __future__ import annotations

import csv
import re
import tomllib

# fmt: off
SWEDISH = {
    "och", "att", "inte", "för", "med", "som", "är", "av", "från", "på", "ett", "en", "vid", "kan",
    "har", "inom", "mot", "eller", "sedan", "fler", "färre", "än", "brott", "händelser", "platser",
    "månader", "över", "anmälda", "mellan", "när", "insats", "insatser", "utan", "efter", "före",
    "varje", "andra", "alla", "något", "ingen", "inget", "det", "visas", "antal", "siffror",
    "område", "grupp", "vanligt", "tidigare", "osäkerhet", "snitt", "gånger",
}
ENGLISH = {
    "the", "and", "with", "of", "from", "this", "that", "these", "are", "is", "not", "than",
    "which", "were", "been", "there", "their", "between", "reported", "crimes", "places",
    "measures", "without", "within", "against", "unknown", "nothing", "report", "year", "cannot",
}
# fmt: on
_ATTRIBUTES = ("alt", "title", "aria-label", "placeholder")
_BLOCKS = ["p", "li", "td", "th", "caption", "summary", "h1", "h2", "h3", "h4", "dt", "dd"]
_BLOCKS += ["label", "legend", "strong", "span", "a", "title", "text", "div", "option"]


def visible(html, *, own="sv", only_own=False):
    """Yield the texts of a page, one for each leaf and attribute that somebody reads."""
    from bs4 import BeautifulSoup

    page = BeautifulSoup(html, "html.parser")
    for hidden in page(["style", "script"]):
        hidden.decompose()
    marked = [tag for tag in page.find_all(lang=own) if tag.name != "html"]
    if only_own:
        yield from (tag.get_text(" ", strip=True) for tag in marked)
        return
    for tag in marked:
        tag.decompose()
    for tag in page.find_all(True):
        yield from (tag[name] for name in _ATTRIBUTES if tag.get(name))
        if tag.name in _BLOCKS and not tag.find(_BLOCKS):
            yield tag.get_text(" ", strip=True)
        elif tag.name in _BLOCKS:
            yield " ".join(str(part) for part in tag.find_all(string=True, recursive=False))


def cells(folder):
    """Yield every cell of the tables written beside a report."""
    for file in sorted(folder.rglob("*.csv")):
        rows = csv.reader(file.read_text(encoding="utf-8-sig").splitlines(), delimiter=";")
        yield from (cell for row in rows for cell in row)


def data_of(home):
    """Return every text that a municipality's folder holds: its names are not ours to translate."""
    import json

    from python_calamine import CalamineWorkbook

    found = set()

    def walk(value):
        if isinstance(value, dict):
            for key, part in value.items():
                found.add(str(key))
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)
        else:
            found.add(str(value))

    walk(tomllib.loads((home / "municipality.toml").read_text(encoding="utf-8")))
    for file in [*home.glob("reference/*.geojson")]:
        for feature in json.loads(file.read_text(encoding="utf-8"))["features"]:
            walk(feature["properties"])
    for file in home.glob("deliveries/**/*.xlsx"):
        for rows in CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python():
            found.update(str(cell) for cell in rows)
    for file in [*home.glob("re*/*.csv"), *home.glob("deliveries/**/*.csv")]:
        raw = file.read_bytes()
        text = raw.decode("utf-8-sig" if raw[:3] == b"\xef\xbb\xbf" else "utf-8", "replace")
        for row in csv.reader(text.splitlines(), delimiter=";" if ";" in text else ","):
            for cell in row:
                found.update({cell, *cell.split(", ")})
    found |= {part for text in set(found) for part in re.split(r"(?<=[.!?]) ", text)}
    return {text.casefold().strip() for text in found if re.search(r"[^\W\d_]{3}", text)}


def without(text, data):
    """Return a text in lower case without what comes from deliveries, the longest first."""
    low = text.casefold()
    for name in (name for name in data if name in low):
        low = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "□", low)
    return re.sub(r"□\W*(?:vid\W*□)?", " ", low)  # a street by its crossing: A vid B


def words_in(text, language, data=()):
    """Return the words of a language that a text holds, what comes from deliveries apart."""
    low = without(text.replace("EN 301 549", ""), data)  # the standard's name, in any language
    words = re.findall(r"[^\W\d_]+", low)
    told = [word for word in words if word in language]
    if language is SWEDISH:
        told += [word for word in words if re.search("[åäö]", word) and word not in {"brå", "brås"}]
    return told


def ordered(data):
    """Return texts with the longest first."""
    return sorted(data, key=lambda one: (-len(one), one))
