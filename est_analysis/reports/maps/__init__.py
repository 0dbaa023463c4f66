"""The map of places: layers to switch, a legend, a picture for print, and the table behind it."""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd

from est_analysis.evidence import Text
from est_analysis.reports.language import KINDS, Language
from est_analysis.reports.leaflet import leaflet
from est_analysis.reports.maps import ground, layers, live, still, view
from est_analysis.reports.maps.layers import Layer, led_by
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from est_analysis.reports.results import Results

MAP_MIME = "application/vnd.est.map+json"
"""Carries a map's ``html`` and ``script`` to the builder, which alone blesses the script."""

MOST_NAMES = 6
"""So many of the leading places have their names written on the map."""

_TEMPLATES = Path(__file__).parents[1] / "templates"
_NAME = "karta-platser"


@dataclass(frozen=True)
class Map:
    """
    A map ready to be shown, in a report or alone in a notebook.

    Parameters
    ----------
    title, subtitle
        The finding as a sentence; what is shown, where and when.
    alt
        What the picture shows, for those who do not see it.
    layers
        The lowest first.
    notes
        Sentences below the legend.
    div, script
        The map that can be moved; empty where there is no map.
    png
        The same as a picture.
    table
        The same as a table.
    """

    title: str
    subtitle: str
    alt: str
    layers: tuple[Layer, ...] = field(repr=False)
    notes: tuple[str, ...]
    div: str = field(repr=False)
    script: str = field(repr=False)
    png: bytes = field(repr=False)
    table: Table = field(repr=False)
    language: Language = field(repr=False)

    def figure(self) -> str:
        """Return the map's figure; a sentence where there is no map."""
        if not self.div:
            return f'<p class="finding">{html.escape(self.title)}</p>'
        say = self.language
        picture = base64.b64encode(self.png).decode("ascii")
        region = html.escape(say.translate("Karta som går att flytta; samma uppgifter i tabellen"))
        behind = html.escape(say.translate("Siffrorna bakom kartan"))
        notes = html.escape(" ".join(self.notes))
        return (
            f'<figure class="map" id="{_NAME}-figur"><figcaption>'
            f'<strong class="title">{html.escape(self.title)}</strong>'
            f'<span class="subtitle">{html.escape(self.subtitle)}</span></figcaption>'
            f"{live.patterns(self.layers, _NAME)}"
            f'<div class="live" role="region" aria-label="{region}">{self.div}</div>'
            f'<img class="still" decoding="async" src="data:image/png;base64,{picture}" '
            f'alt="{html.escape(self.alt)}">'
            f"{live.legend(self.layers, _NAME, say)}"
            f'<p class="note">{notes}</p>'
            f"<details><summary>{behind}</summary>{self.table.html()}</details></figure>"
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401
        if not self.div:
            return {"text/plain": str(self), "text/html": self.figure()}
        script, style = leaflet()
        own = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
        page = (
            f"<style>{style}{own} body{{padding:0}}</style>{self.figure()}"
            f"<script>{script}</script><script>{self.script}</script>"
        )
        title = html.escape(self.title)
        size = "width:100%;height:760px;border:0"
        frame = f'<iframe title="{title}" style="{size}" srcdoc="{html.escape(page)}"></iframe>'
        return {
            "text/plain": str(self),
            "text/html": frame,
            MAP_MIME: {"html": self.figure(), "script": self.script},
        }

    def __str__(self) -> str:
        """Return the title."""
        return self.title


def places(results: Results) -> Map:
    """Return where reported crime gathers, which places are unsafe, and what else is known."""
    say = results.language
    found = {f.id: f for f in results.findings}["clusters"]
    shown = layers.of(results)
    table = _table(results, shown)
    if not any(part.shapes.geometry.notna().any() for layer in shown for part in layer.parts):
        nothing = say.translate("Ingen karta: inget har en plats som är känd nog, eller visas.")
        return Map(nothing, "", "", (), (), "", "", b"", table, say)
    opened = view.opening(results, shown)
    below = ground.under(results.geography, opened)
    names = _names(results)
    div, script = live.drawn(shown, below, names, opened, name=_NAME, language=say)
    what = Text(
        "{kind} i rutor om {side} meter, täta områden och otrygga platser, {year}",
        {
            "kind": Text(KINDS[led_by(results)]),
            "side": int(results.municipality.thresholds.cell_m),
            "year": results.year,
        },
    )
    notes = [say.translate("Norr är uppåt. Skalan är i meter.")]
    if not below.whole:
        notes.append(say.translate("Alla gator ritas inte: de är för många."))
    return Map(
        title=say.sentence(found.text if found.n else what),
        subtitle=say.sentence(what) if found.n else "",
        alt=_alt(results, shown, say.sentence(found.text)),
        layers=shown,
        notes=tuple(notes),
        div=div,
        script=script,
        png=still.drawn(shown, below, names, opened),
        table=table,
        language=say,
    )


def _names(results: Results) -> gpd.GeoDataFrame:
    """Return the leading places that have a point, as many as are written on the map."""
    places = results.geography.places
    known = set() if places is None else set(places["name"].astype(str))
    leading = [name for name in results.places["place"] if name in known][:MOST_NAMES]
    points = ground.spots(results.geography, leading)
    return gpd.GeoDataFrame({"where": leading}, geometry=points, crs=results.municipality.crs)


def _alt(results: Results, shown: tuple[Layer, ...], finding: str, most: int = 5) -> str:
    """Return what the picture says: the finding, then the first of each layer."""
    say = results.language
    parts = [say.translate("Karta."), finding]
    for layer in shown:
        rows = [
            f"{where} ({say.write(n)})"
            for part in reversed(layer.parts)
            for where, n in zip(part.shapes["where"], part.shapes["n"], strict=True)
        ]
        if layer.on and rows:
            parts.append(f"{layer.title}: {'; '.join(rows[:most])}.")
    parts.append(say.translate("Allt på kartan står i tabellen under den."))
    return " ".join(parts)


def _table(results: Results, shown: tuple[Layer, ...]) -> Table:
    """Return all that the layers show, the topmost layer first."""
    peak = results.surfaces.peak
    rows: list[list[Any]] = []
    for layer in reversed(shown):
        for part in reversed(layer.parts):
            for where, n in zip(part.shapes["where"], part.shapes["n"], strict=True):
                if n is not None:
                    rows.append([str(where), layer.title, int(n), part.unit])
        if layer.key == "tathet" and layer.parts and peak is not None:
            where = f"{peak[0]:.0f}/{peak[1]:.0f}"
            rows.append([where, layer.title, round(peak[2]), layer.parts[0].unit])
    return Table(
        "karta",
        Text("Det som kartan visar, {year}", {"year": results.year}),
        ["Var", "Lager", "Antal", "Vad som räknas"],
        rows,
        results.language,
        Text("Rutor heter efter sitt sydvästra hörn i meter."),
    )
