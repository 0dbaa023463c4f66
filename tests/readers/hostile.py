"""A municipality every text of which is hostile, and what a page may not hold of it."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import tomllib
from pathlib import Path

import openpyxl
import payloads

NUMBERS_AND_TIMES = re.compile(r"[\d .,:/Q%-]*|ja|nej")
FIXED = {
    *("typ", "typer", "kalla_typ", "status", "sikt", "atgardstyp", "genomford", "orsakstyp"),
    *("gemensamt_utrymme", "tas_in", "polisstyrd", "avslutsskal", "jamforelseregel"),
}
"""Columns with words of their own: a payload there is a fault of the row, and gets its own row."""
IDS = {"id", "problem", "atgard_id", "kod", "Brottskod", "BROTTSKOD", "ID", "arendenr", "arende"}


class Renamer:
    """Gives each text its payloads, the same everywhere, so that names still find each other."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.turn = itertools.cycle(payloads.PRINTABLE)

    def __call__(self, text: str, *, most: int = len(payloads.PRINTABLE)) -> str:
        if not text.strip() or NUMBERS_AND_TIMES.fullmatch(text):
            return text
        if text not in self.names:
            own = [next(self.turn) for _ in range(most)]
            formula = re.match(r"\s*[=+@＝＋＠-]", own[0])
            self.names[text] = " ".join([*own, text] if formula else [text, *own])
        return self.names[text]


def _csv(content: bytes, rename: Renamer, name: str) -> bytes:
    text = content.decode("utf-8-sig")
    delimiter = max(";,\t", key=text.splitlines()[0].count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    head, out = rows[0], io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(head)
    fixed = FIXED | IDS | ({"atgard"} if "beslut" in name else set())  # there a measure's id
    free = [column not in fixed for column in head]
    for row in rows[1:]:
        writer.writerow([rename(v) if f else v for v, f in zip(row, free, strict=True)])
    if "reference" not in name:  # a fault in a reference list stops the run, as it should
        writer.writerow([next(rename.turn) for _ in head])
    return out.getvalue().encode("utf-8-sig")


def _excel(file: Path, rename: Renamer) -> None:
    book = openpyxl.load_workbook(file)
    for sheet in book:
        head = [cell.value for cell in sheet[1]]
        for row in sheet.iter_rows(min_row=2):
            for cell, column in zip(row, head, strict=True):
                if isinstance(cell.value, str) and column not in FIXED | IDS:
                    cell.value, cell.data_type = rename(cell.value), "s"
        last = sheet.max_row + 1
        for at in range(1, len(head) + 1):
            cell = sheet.cell(last, at)
            cell.value, cell.data_type = next(rename.turn), "s"
    book.save(file)


def _settings(value, rename: Renamer, path: tuple[str, ...] = ()):
    """Rename the texts of the settings that are names; leave keys, files and formats."""
    kept = {
        *("crs", "time_zone", "language", "files", "format", "sheet", "kind", "decimal"),
        *("delimiter", "follows", "columns", "reference", "registers", "code", "drop", "start"),
        "covers_from",
    }
    if path and path[-1] in kept and not (path[-1] == "drop" and "polis" not in path[1]):
        return value
    if isinstance(value, dict):
        keys = path and path[-1] in {"codes", "groups"}
        inner = path and path[-1] == "kinds"
        return {
            (rename(k) if keys else k): (v if inner else _settings(v, rename, (*path, k)))
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [_settings(v, rename, path) for v in value]
    if path[-1] == "codes":
        return value
    return rename(value) if isinstance(value, str) else value


def _toml(value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return json.dumps(value) if isinstance(value, (str, bool, int, float)) else str(value)


def poison(folder: Path) -> Renamer:
    """Put payloads into every text field of a municipality's folder; return who got which."""
    rename = Renamer()
    settings = tomllib.loads((folder / "municipality.toml").read_text(encoding="utf-8"))
    for key in ("name", "purpose", "controller"):
        rename.names[settings[key]] = f"{settings[key]} " + " ".join(payloads.PRINTABLE)
    settings["contact"] = "javascript:ond(500)"
    settings = _settings(settings, rename)
    settings["reference"]["places"] = "reference/places.csv"
    text = "".join(f"{key} = {_toml(value)}\n" for key, value in settings.items())
    (folder / "municipality.toml").write_text(text, encoding="utf-8")
    for file in sorted((folder / "reference").glob("*.geojson")):
        shapes = json.loads(file.read_text(encoding="utf-8"))
        for feature in shapes["features"]:
            feature["properties"] = {
                k: rename(v) if isinstance(v, str) else v for k, v in feature["properties"].items()
            }
        file.write_text(json.dumps(shapes), encoding="utf-8")
    for file in sorted(folder.rglob("*.csv")):
        file.write_bytes(_csv(file.read_bytes(), rename, file.relative_to(folder).as_posix()))
    for file in sorted(folder.rglob("*.xlsx")):
        _excel(file, rename)
    aliases = [["slag", "kalla", "skrivet", "betyder"]]
    aliases += [["plats", "", text, text[::-1]] for text in payloads.PRINTABLE]
    rulings = [["fil", "rad", "beslut", "andra_fil", "andra_rad"]]
    rulings += [[text, "9", text, text, text] for text in payloads.PRINTABLE]
    for name, rows in (("aliases", aliases), ("decisions", rulings)):
        with (folder / f"reference/{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, delimiter=";").writerows(rows)
    return rename


LISTEN = """window.hits = []; window.ond = (n) => { window.hits.push(String(n)); return n; };
document.addEventListener('securitypolicyviolation',
  (e) => window.hits.push('policy: ' + e.blockedURI));"""

_MARKED = r"""() => {
  const faults = [], name = (e) => e.outerHTML.slice(0, 140);
  const tags = new Set(('html head meta title style body a header p h1 h2 h3 h4 h5 h6 main section '
    + 'dl div dt dd span strong em b i code pre nav ol ul li article search label input fieldset '
    + 'legend figure figcaption img details summary table caption thead tbody tr th td script '
    + 'svg defs pattern rect circle path line g text polygon polyline '
    + 'ellipse br hr small').split(' '));
  for (const e of document.querySelectorAll('*')) {
    if (!tags.has(e.localName)) faults.push('an element of its own: ' + name(e));
    for (const a of e.attributes) {
      if (/^on/i.test(a.name)) faults.push('a handler: ' + name(e));
      const spoken = ['alt', 'aria-label', 'title', 'content'].includes(a.name);
      const map = e.closest('.leaflet-pane') && a.name === 'class';
      if (!spoken && !map && /ond\W?\(|ond\.invalid|javascript:/i.test(a.value)) {
        faults.push(`in ${a.name}: ` + name(e));
      }
      if (/[<>"'=`]/.test(a.name)) faults.push('broken out: ' + name(e));
    }
    if (e.localName === 'img' && !e.src.startsWith('data:image/')) {
      faults.push('fetches: ' + name(e));
    }
    if (e.localName === 'a' && !/^(#|mailto:|https:\/\/www\.digg\.se\/|[^:]*\.html)/.test(
        e.getAttribute('href') || '#')) faults.push('leads out: ' + name(e));
    if (e.localName === 'style' && /ond\.invalid/.test(e.textContent)) faults.push('a style');
    if (e.localName === 'meta' && /refresh/i.test(e.httpEquiv)) faults.push('sends away');
  }
  return faults.slice(0, 8);
}"""


def harm(visit) -> list[str]:
    """Return what payloads have done to a page that is open, or become in it."""
    page = visit.page
    page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
    for hover in page.query_selector_all(".leaflet-interactive, .leaflet-marker-icon")[:40]:
        hover.dispatch_event("mouseover")
        hover.dispatch_event("click")
    page.wait_for_timeout(200)
    found = [f"ran: {one}" for one in page.evaluate("window.hits")]
    found += [f"dialog: {one}" for one in visit.dialogs]
    found += [f"asked: {one}" for one in visit.asked()]
    found += [f"complaint: {one}" for one in visit.complaints]
    return found + page.evaluate(_MARKED)


def told(visit, where: str) -> set[int]:
    """Return the numbers of the payloads that can be read in some elements, or are spoken there."""
    text = visit.page.eval_on_selector_all(
        where,
        "all => all.map((e) => [e, ...e.querySelectorAll('[alt], [aria-label]')].map((one) => "
        "[one.textContent, one.alt, one.getAttribute('aria-label')].join(' ')).join(' '))"
        ".join(' ')",
    )
    numbers = range(payloads.FIRST, payloads.FIRST + len(payloads.EVERY))
    ours = re.findall(r"(?:nd\W{1,3}|ond\.invalid/|Rubrik |ond_|tpircs/<\()(\d{3})", text)
    return set(numbers) & {int(n) for n in ours}


NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:e[+-]?\d+)?")
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def formulas(file: Path) -> list[str]:
    """Return the cells of a CSV that a spreadsheet would count with."""
    rows = csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""), delimiter=";")
    cells = [cell for row in rows for cell in row]
    return [
        cell for cell in cells if cell.lstrip(" ").startswith(STARTS) and not NUMBER.fullmatch(cell)
    ]
