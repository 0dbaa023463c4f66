"""What leaves the bench: a table, a map, a chapter; never a row, no count too small to show."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd

from est_analysis.bench.answers import Bench
from est_analysis.bench.choices import Choices
from est_analysis.evidence import Text
from est_analysis.gather.files import told, write_whole
from est_analysis.periods import parse
from est_analysis.reports.leaflet import leaflet
from est_analysis.reports.maps import Map, ground, live, still
from est_analysis.reports.page import policy

FOLDER = "exporterat"
_STYLE = Path(__file__).parents[1] / "reports" / "templates" / "style.css"
_MOST_LETTERS = 80
_MAP = "karta-platser"


def table(bench: Bench, choices: Choices, folder: Path = Path(FOLDER)) -> Path:
    """
    Write the table of places as CSV that Swedish Excel opens; texts are never formulas.

    Returns
    -------
    Path
        The file; one of the same choices is written over.

    Raises
    ------
    ReportError
        If the folder cannot be written.
    """
    csv = bench.table(choices, leaving=True, most=None).csv()
    return _write(folder, _name("tabell", choices), ".csv", csv.encode("utf-8-sig"))


def map_of(bench: Bench, choices: Choices) -> Map:
    """Return the map of a set of choices as reports show it, its table behind it."""
    say, shown = bench.say, bench.layers(choices, leaving=True)
    sentence = bench.sentence(choices, leaving=True)
    behind = bench.table(choices, leaving=True, most=None)
    if not any(layer.parts for layer in shown):
        nothing = say.translate("Ingen karta: inget har en plats som är känd nog, eller visas.")
        return Map(nothing, "", "", (), (), "", "", b"", behind, say)
    opened = bench.view(choices)
    below = ground.under(bench.results.gathered.geography, opened)
    names = _named(bench, choices)
    div, script = live.drawn(shown, below, names, opened, name=_MAP, language=say)
    what = Text(
        "Platser: {what}, {period}", {"what": bench.what(choices), "period": choices.period}
    )
    alt = say.translate("Karta.") + " " + sentence
    return Map(
        title=say.sentence(what),
        subtitle=sentence,
        alt=f"{alt} {say.translate('Allt på kartan står i tabellen under den.')}",
        layers=shown,
        notes=(
            say.say(
                Text("Platser med färre än {smallest} visas inte.", {"smallest": bench.smallest})
            ),
            say.translate("Norr är uppåt. Skalan är i meter."),
        ),
        div=div,
        script=script,
        png=still.drawn(shown, below, names, opened),
        table=behind,
        language=say,
    )


def map_page(bench: Bench, choices: Choices, folder: Path = Path(FOLDER)) -> Path:
    """
    Write the map as one HTML file that opens anywhere without a network.

    Raises
    ------
    ReportError
        If the folder cannot be written.
    """
    shown = map_of(bench, choices)
    script, style = leaflet()
    scripts = [script, shown.script] if shown.script else []
    own = _STYLE.read_text(encoding="utf-8")
    page = (
        f'<!doctype html>\n<html lang="{bench.say.code}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy(scripts))}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(shown.title)}</title><style>{style}{own}</style></head>"
        f"<body><main>{shown.figure()}</main>"
        f"{''.join(f'<script>{one}</script>' for one in scripts)}</body></html>\n"
    )
    return _write(folder, _name("karta", choices), ".html", page.encode())


def chapter(
    bench: Bench, choices: Choices, folder: Path = Path(FOLDER), *, title: str = ""
) -> Path:
    """
    Write a chapter: a notebook with the choices as parameters, that papermill runs like any other.

    Parameters
    ----------
    bench, choices
        The analyst's.
    folder
        Where it goes; a chapter of the same name is never written over, since it may be edited.
    title
        Of the chapter; empty for what is counted.

    Returns
    -------
    Path

    Raises
    ------
    ReportError
        If the folder cannot be written.
    """
    results = bench.results
    heading = " ".join(title.split()) or bench.say.sentence(bench.what(choices))
    heading = re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", heading)
    parameters = {
        "municipality": (str(results.municipality.folder), "kommunens mapp"),
        "period": (str(results.period), "rapportens period"),
        "edition": (results.edition, "internal är gruppens arbetsmaterial"),
        "language": (bench.say.code, "rapportens språk"),
        "counted": (str(choices.period), "perioden som räknas"),
        "kind": (choices.kind, "slag av uppgift"),
        "group": (choices.group, "tomt är alla grupper"),
        "area": (choices.area, "tomt är alla områden"),
        "bandwidth": (choices.bandwidth, "meter"),
    }
    lines = [
        f"{name}: {type(value).__name__} = {_literal(value)}  # {comment}"
        for name, (value, comment) in parameters.items()
    ]
    opening = (
        "from est_analysis.bench import exports, open_bench\n\n"
        "bench = open_bench(municipality, period, edition=edition, language=language)\n"
        "choices = exports.choices_of(counted, kind, group, area, bandwidth)"
    )
    cells = [
        _cell("markdown", f"# {heading}\n\nUrvalet gjordes vid analytikerns bänk."),
        _cell("code", "\n".join(lines), ["parameters"]),
        _cell("code", opening),
        _cell("code", "exports.shown(bench.sentence(choices, leaving=True))"),
        _cell("markdown", "## Vilka platser har flest omkring sig?"),
        _cell("code", "bench.table(choices, leaving=True)"),
        _cell("markdown", "## Hur ser det ut på kartan?"),
        _cell("code", "exports.map_of(bench, choices)"),
        _cell("markdown", "## När i veckan?"),
        _cell("code", "exports.shown(markup=bench.rhythm(choices, leaving=True))"),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"eget-{number:02d}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    content = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
    name, number = _name("kapitel", choices), 1
    while (folder / f"{name}{'' if number == 1 else f'-{number}'}.ipynb").exists():
        number += 1
    return _write(folder, name + ("" if number == 1 else f"-{number}"), ".ipynb", content.encode())


def choices_of(counted: str, kind: str, group: str, area: str, bandwidth: int) -> Choices:
    """
    Return the choices that a chapter's parameters name.

    Raises
    ------
    PeriodError, SettingsError
        If one of them does not hold.
    """
    return Choices(parse(counted), kind, group, area, int(bandwidth))


class shown:  # noqa: N801 - reads as a word in a cell
    """A text, or markup made by the bench, as a notebook shows it."""

    def __init__(self, text: str = "", *, markup: str = "") -> None:
        self._markup = markup or f"<p>{html.escape(text)}</p>"
        self._text = text

    def _repr_html_(self) -> str:
        return self._markup

    def __repr__(self) -> str:
        """Return the text."""
        return self._text


def _named(bench: Bench, choices: Choices) -> gpd.GeoDataFrame:
    """Return the foremost places that may leave and that the municipality's own map knows."""
    top = bench.counted(choices).places
    top = top[top["n"] >= bench.smallest].head(6)
    names = top["place"].astype(str).tolist()
    points = ground.spots(bench.results.gathered.geography, names)
    crs = bench.results.municipality.crs
    named = gpd.GeoDataFrame({"where": names}, geometry=points, crs=crs)
    return named[named.geometry.notna()]


def _cell(kind: str, source: str, tags: list[str] | None = None) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {"tags": tags} if tags else {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": source}


def _literal(value: object) -> str:
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False)


def _name(what: str, choices: Choices) -> str:
    """Return a file's name that says the choices, safe on every system."""
    parts = [what, str(choices.period), choices.kind, choices.group, choices.area]
    text = "_".join(part for part in parts if part) + f"_{choices.bandwidth}m"
    return re.sub(r"[^\w.-]+", "-", text, flags=re.UNICODE).strip("-.")[:_MOST_LETTERS]


def _write(folder: Path, name: str, ending: str, content: bytes) -> Path:
    file = folder / f"{name}{ending}"
    with told("Det gick inte att spara", file, "Inget annat är ändrat."):
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(file, content)
    return file


Export = Callable[[Bench, Choices], Path]
"""Writes one file about a set of choices."""
EXPORTS: dict[str, Export] = {
    "Spara tabellen": table,
    "Spara kartan": map_page,
    "Gör ett kapitel": chapter,
}
"""What each button of the bench does."""
