"""The bench's map: a frame that is opened once and redraws what it is handed, with no network."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from est_analysis.bench.answers import Bench
from est_analysis.bench.choices import Choices
from est_analysis.reports.leaflet import leaflet
from est_analysis.reports.maps import ground as grounds
from est_analysis.reports.maps import live
from est_analysis.reports.maps.layers import Layer

NAME = "karta-bank"
HEIGHT_PX = 640
_HERE = Path(__file__).parent
_STYLE = _HERE.parent / "reports" / "templates" / "style.css"


def framed(bench: Bench) -> str:
    """
    Return an iframe that holds Leaflet and the ground, and draws what `handed` puts beside it.

    It looks for an element of class ``est-map-data`` within the nearest ``est-bench`` around
    itself, and draws anew when that element is another; the view stays where the analyst left it.
    """
    script, style = leaflet()
    below = grounds.under(bench.results.gathered.geography, bench.view(bench.usual))
    crs = bench.results.municipality.crs
    ground = [
        {"line": line, "shapes": live.geojson(gpd.GeoDataFrame(geometry=shapes, crs=crs))}
        for shapes, line in (
            (below.boundary, {"color": live.QUIET, "weight": 2}),
            (below.areas, {"color": live.QUIET, "weight": 1, "dashArray": "4 4"}),
            (below.streets, {"color": live.STREET, "weight": 1.5}),
        )
        if len(shapes)
    ]
    own = (_HERE / "frame.js").read_text(encoding="utf-8")
    words = {"in": bench.say.translate("Zooma in"), "out": bench.say.translate("Zooma ut")}
    page = (
        f'<!doctype html><html lang="{bench.say.code}"><meta charset="utf-8"><title>Karta</title>'
        f"<style>{style}{_STYLE.read_text(encoding='utf-8')}"
        "html,body{margin:0;padding:0;height:100%}#karta{height:430px;background:#fff}"
        "</style><body><div id='karta'></div><div id='monster'></div>"
        f'<figure class="map drawn" id="{NAME}-figur"><div id="forklaring"></div></figure>'
        f"<script>{script}</script><script>{own}\nfollow({_inert(ground)}, {_inert(words)});"
        "</script></body></html>"
    )
    title = html.escape(bench.say.translate("Karta som följer valen"))
    return (
        f'<iframe class="est-map" title="{title}" '
        f'style="width:100%;height:{HEIGHT_PX}px;border:0" srcdoc="{html.escape(page)}"></iframe>'
    )


def handed(bench: Bench, choices: Choices, place: str = "") -> str:
    """Return the element that tells the frame what to draw: layers, legend and the chosen place."""
    shown = bench.layers(choices)
    corners = gpd.points_from_xy(*_corners(bench, choices))
    degrees = gpd.GeoSeries(corners, crs=bench.results.municipality.crs).to_crs(4326)
    west, south, east, north = degrees.total_bounds
    told = {
        "patterns": live.patterns(shown, NAME),
        "legend": live.legend(shown, NAME, bench.say),
        "layers": [_layer(layer) for layer in shown],
        "view": [[south, west], [north, east]],
        "place": place,
    }
    return f'<div class="est-map-data" hidden>{html.escape(json.dumps(told))}</div>'


def _corners(bench: Bench, choices: Choices) -> tuple[list[float], list[float]]:
    west, south, east, north = bench.view(choices)
    return [west, east], [south, north]


def _layer(layer: Layer) -> dict[str, Any]:
    parts = []
    for part in layer.parts:
        style = part.style
        drawn = {"color": style.stroke, "weight": style.weight, "fill": bool(style.fill)}
        if style.fill:
            drawn |= {"fillColor": live.filled(style, NAME), "fillOpacity": style.opacity}
        shapes = part.shapes[["where", "text", "size", "geometry"]]
        shapes = shapes.assign(size=np.asarray(shapes["size"], dtype=float))
        parts.append({"style": drawn, "shapes": live.geojson(shapes)})
    return {"key": layer.key, "parts": parts}


def _inert(value: Any) -> str:  # noqa: ANN401 - anything that JSON holds
    """Return JSON that cannot end the script it stands in."""
    return json.dumps(value).replace("<", "\\u003c")
