"""Maps that need no network: Leaflet inlined once, the municipality's own geometry as ground."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folium
import geopandas as gpd
import shapely

from est_analysis.evidence import Text
from est_analysis.patterns.hotspots import PLACE_KINDS
from est_analysis.reports import tables
from est_analysis.reports.table import Table
from est_analysis.reports.charts import INK, ORANGE, QUIET, SEQUENCE
from est_analysis.reports.language import KINDS, Language
from est_analysis.reports.leaflet import leaflet

if TYPE_CHECKING:
    from est_analysis.reports.results import Results

TEMPLATES = Path(__file__).parent / "templates"
MAP_MIME = "application/vnd.est.map+json"
"""Carries a map's ``html`` and ``script`` to the builder, which alone blesses the script."""

BREAKS = (2, 5, 10, 20)
"""Lower ends of the classes of cells; the same for every period, so that maps compare."""

AROUND_M = 900.0
"""How far around the largest dense area a map opens, metres."""

_DEGREES_DIGITS = 5
_SWATCH = "display:inline-block;width:1.1em;height:1.1em;"


@dataclass(frozen=True)
class Map:
    """A map ready to be shown, in a report or alone in a notebook."""

    title: str
    subtitle: str
    alt: str
    legend: tuple[tuple[str, str], ...]
    div: str = field(repr=False)
    script: str = field(repr=False)
    table: Table = field(repr=False)
    language: Language = field(repr=False)

    def figure(self, inner: str) -> str:
        """Return the map's figure around `inner`; a sentence where there is no map."""
        if not self.div:
            return f'<p class="finding">{html.escape(self.title)}</p>'
        swatches = "".join(
            f'<li><span class="swatch" style="{_SWATCH}{html.escape(style)}"></span> '
            f"{html.escape(text)}</li>"
            for style, text in self.legend
        )
        behind = html.escape(self.language.translate("Siffrorna bakom kartan"))
        return (
            '<figure class="map"><figcaption>'
            f'<strong class="title">{html.escape(self.title)}</strong>'
            f'<span class="subtitle">{html.escape(self.subtitle)}</span></figcaption>'
            f'<div role="img" aria-label="{html.escape(self.alt)}">{inner}</div>'
            f'<ul class="legend">{swatches}</ul>'
            f"<details><summary>{behind}</summary>{self.table.html()}</details></figure>"
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401
        if not self.div:
            return {"text/plain": str(self), "text/html": self.figure("")}
        script, style = leaflet()
        own = (TEMPLATES / "style.css").read_text(encoding="utf-8")
        page = (
            f"<style>{style}{own} body{{padding:0}} .folium-map{{height:100vh}}</style>{self.div}"
            f"<script>{script}</script><script>{self.script}</script>"
        )
        frame = f'<iframe style="width:100%;height:440px;border:0" srcdoc="{html.escape(page)}">'
        return {
            "text/plain": str(self),
            "text/html": self.figure(frame + "</iframe>"),
            MAP_MIME: {"html": self.figure(self.div), "script": self.script},
        }

    def __str__(self) -> str:
        """Return the title."""
        return self.title


def places(results: Results) -> Map:
    """Return where reported crime gathers and which places are pointed out as unsafe."""
    say = results.language
    found = {f.id: f for f in results.findings}["clusters"]
    if results.cells.empty and not (results.places["unsafe_place"] > 0).any():
        return Map(
            title=say.translate("Ingen karta: inget har en plats som är känd nog, eller visas."),
            subtitle="",
            alt="",
            legend=(),
            div="",
            script="",
            table=tables.places(results),
            language=say,
        )
    chart = folium.Map(
        tiles=None,
        zoom_control=True,
        attributionControl=False,
        scrollWheelZoom=False,
        zoomSnap=0.25,
    )
    _ground(chart, results)
    legend = _cells(chart, results)
    legend += _clusters(chart, results)
    legend += _unsafe(chart, results)
    _labels(chart, results)
    chart.fit_bounds(_view(results))
    div, script = _parts(chart, "karta-platser")
    shown = Text(
        "{kind} i rutor om {side} meter, täta områden och otrygga platser, {year}",
        {
            "kind": Text(KINDS[_led_by(results)]),
            "side": int(results.municipality.thresholds.cell_m),
            "year": results.year,
        },
    )
    return Map(
        title=say.sentence(found.text if found.n else shown),
        subtitle=say.sentence(shown) if found.n else "",
        alt=say.translate("Karta; samma uppgifter står i tabellen under kartan.")
        + " "
        + say.say(found.text),
        legend=tuple(legend),
        div=div,
        script=script,
        table=tables.places(results),
        language=say,
    )


def _geojson(shapes: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return shapes as GeoJSON in degrees, about a metre fine."""
    degrees = shapes.to_crs(4326)
    rounded = shapely.set_precision(degrees.geometry.to_numpy(), 10.0**-_DEGREES_DIGITS)
    features: dict[str, Any] = json.loads(
        degrees.set_geometry(rounded).to_json(drop_id=True, na="null")
    )
    return features


def _layer(
    chart: folium.Map, shapes: gpd.GeoDataFrame, style: dict[str, Any], label: str = ""
) -> None:
    if shapes.empty:
        return
    tooltip = None
    if label:
        shapes = shapes.assign(**{label: shapes[label].map(html.escape)})
        tooltip = folium.GeoJsonTooltip([label], labels=False, sticky=True)
    columns = [label, "geometry"] if label else ["geometry"]
    folium.GeoJson(
        _geojson(shapes[columns]), style_function=lambda _: style, tooltip=tooltip
    ).add_to(chart)


def _ground(chart: folium.Map, results: Results) -> None:
    geography = results.geography
    if geography.boundary is not None:
        outline = gpd.GeoDataFrame(geometry=[geography.boundary], crs=results.municipality.crs)
        _layer(chart, outline, {"color": QUIET, "weight": 2, "fill": False, "interactive": False})
    if geography.areas is not None:
        style = {"color": QUIET, "weight": 1, "dashArray": "4 4", "fill": False}
        _layer(chart, geography.areas, {**style, "interactive": False})
    if geography.streets is not None:
        style = {"color": "#b4bcc6", "weight": 1.5, "interactive": False}
        _layer(chart, geography.streets, style)


def _led_by(results: Results) -> str:
    """Return the kind of record that the cells show: reported crime, or the first there is."""
    shown = (kind for kind in PLACE_KINDS if results.cells[kind].any())
    return next(shown, PLACE_KINDS[0])


def _cells(chart: folium.Map, results: Results) -> list[tuple[str, str]]:
    say, cells, kind = results.language, results.cells, _led_by(results)
    legend = []
    for low, high, colour in zip(BREAKS, (*BREAKS[1:], None), SEQUENCE[1:], strict=True):
        n = cells[kind]
        own = cells[(n >= low) & (n < high if high else True)]
        texts = [
            say.say(
                Text(
                    "{n} {kind}, {cell}",
                    {"n": int(row[kind]), "kind": Text(KINDS[kind]), "cell": str(row["cell"])},
                )
            )
            for row in own.drop(columns="geometry").to_dict("records")
        ]
        style = {"color": "#ffffff", "weight": 0.5, "fillColor": colour, "fillOpacity": 0.75}
        _layer(chart, own.assign(text=texts), style, "text")
        span = {"low": low, "high": (high or 0) - 1, "kind": Text(KINDS[kind])}
        text = say.say(
            Text(
                "{low}–{high} {kind} i rutan" if high else "{low} eller fler {kind} i rutan",
                span,
            )
        )
        legend.append((f"background:{colour}", text))
    return legend


def _clusters(chart: folium.Map, results: Results) -> list[tuple[str, str]]:
    say, clusters = results.language, results.clusters
    if clusters.empty:
        return []
    texts = [
        say.say(
            Text("Tätt område kring {name}: {n} anmälda brott", {"name": row.name_, "n": row.n})
        )
        for row in clusters.rename(columns={"name": "name_"}).itertuples()
    ]
    style = {"color": INK, "weight": 2.5, "fill": True, "fillOpacity": 0.0}
    _layer(chart, clusters.assign(text=texts), style, "text")
    return [(f"border:2.5px solid {INK}", say.translate("tätt område"))]


def _unsafe(chart: folium.Map, results: Results) -> list[tuple[str, str]]:
    say, geography = results.language, results.geography
    smallest = results.municipality.disclosure.smallest_place_count
    unsafe = results.places[results.places["unsafe_place"] >= smallest]
    if geography.places is None or unsafe.empty:
        return []
    spots = geography.places.drop_duplicates("name").set_index("name")
    unsafe = unsafe[unsafe["place"].isin(spots.index)]
    at = spots.loc[unsafe["place"], ["x", "y"]].to_numpy(float)
    points = gpd.GeoSeries(gpd.points_from_xy(at[:, 0], at[:, 1]), crs=results.municipality.crs)
    for point, row in zip(points.to_crs(4326), unsafe.to_dict("records"), strict=True):
        text = Text(
            "{place}: {n} har pekat ut platsen som otrygg",
            {"place": str(row["place"]), "n": int(row["unsafe_place"])},
        )
        folium.CircleMarker(
            (round(point.y, _DEGREES_DIGITS), round(point.x, _DEGREES_DIGITS)),
            radius=5 + 2 * min(6.0, float(row["unsafe_place"]) ** 0.5),
            color=ORANGE,
            weight=3,
            fill=False,
            tooltip=_inert(say.say(text)),
        ).add_to(chart)
    return [
        (
            f"border:3px solid {ORANGE};border-radius:50%",
            say.translate("utpekad som otrygg (större ring: fler)"),
        )
    ]


def _inert(text: str) -> str:
    """Return a text that neither HTML nor a JavaScript template reads as anything but text."""
    escaped = html.escape(text)
    return "".join(f"&#{ord(c)};" if c in "`$\\{}" else c for c in escaped)


def _labels(chart: folium.Map, results: Results, most: int = 6) -> None:
    """Write the names of the leading gazetteer places beside them."""
    geography = results.geography
    if geography.places is None:
        return
    spots = geography.places.drop_duplicates("name").set_index("name")
    leading = [name for name in results.places["place"] if name in spots.index][:most]
    at = spots.loc[leading, ["x", "y"]].to_numpy(float)
    points = gpd.GeoSeries(gpd.points_from_xy(at[:, 0], at[:, 1]), crs=results.municipality.crs)
    for name, point in zip(leading, points.to_crs(4326), strict=True):
        label = folium.Tooltip(
            _inert(name), permanent=True, direction="right", class_name="place-name", offset=(4, 0)
        )
        folium.CircleMarker(
            (round(point.y, _DEGREES_DIGITS), round(point.x, _DEGREES_DIGITS)),
            radius=2,
            color=INK,
            weight=1,
            fill=True,
            fill_opacity=1,
            tooltip=label,
        ).add_to(chart)


def _view(results: Results) -> list[list[float]]:
    """Return the corners (degrees) around the largest dense area, or around everything."""
    crs, boundary = results.municipality.crs, results.geography.boundary
    if len(results.clusters):
        shapes = results.clusters.head(1).buffer(AROUND_M)
    elif len(results.cells):
        shapes = results.cells.geometry
    elif boundary is not None:
        shapes = gpd.GeoSeries([boundary], crs=crs)
    else:
        return [[-60.0, -180.0], [75.0, 180.0]]
    west, south, east, north = shapes.to_crs(4326).total_bounds.round(_DEGREES_DIGITS)
    return [[float(south), float(west)], [float(north), float(east)]]


def _parts(chart: folium.Map, name: str) -> tuple[str, str]:
    """Return a folium map's element and script, with ids that are the same in every run."""
    root: Any = chart.get_root()
    for number, element in enumerate(_walk(root)):
        element._id = f"{name.replace('-', '_')}_{number}"
    root.render()
    identity = chart.get_name()
    phone = f"if (L.Browser.mobile) {{ {identity}.dragging.disable(); }}"
    script = f"(function () {{\n{root.script.render()}\n{phone}\n}})();"
    return root.html.render(), _tidy(script)


def _walk(element: Any) -> list[Any]:  # noqa: ANN401 - branca's elements are untyped
    found = [element]
    for child in element._children.values():
        found += _walk(child)
    return found


def _tidy(script: str) -> str:
    return re.sub(r"\n\s*\n+", "\n", re.sub(r"[ \t]+\n", "\n", script))
