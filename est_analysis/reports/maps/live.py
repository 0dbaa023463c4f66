"""Layers as a folium map that needs no network: its element, its script and its legend."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import shapely

from est_analysis.reports.language import Language
from est_analysis.reports.maps.ground import Bounds, Ground
from est_analysis.reports.maps.layers import HATCHES, INK, Layer, Part, Style

SCRIPT = Path(__file__).parents[1] / "templates" / "map.js"
QUIET, STREET = "#5b6570", "#b4bcc6"
_DEGREES_DIGITS = 5
_SIGN_PX = 22
_TILES = {
    "dots": '<circle cx="2" cy="2" r="1"{0}/><circle cx="6" cy="6" r="1"{0}/>',
    "lines": '<path d="M-2 2l4-4M0 8l8-8M6 10l4-4"{1}/>',
    "cross": '<path d="M-2 2l4-4M0 8l8-8M6 10l4-4M-2 6l4 4M0 0l8 8M6-2l4 4"{1}/>',
}


def drawn(
    layers: tuple[Layer, ...],
    ground: Ground,
    names: gpd.GeoDataFrame,
    view: Bounds,
    *,
    name: str,
    language: Language,
) -> tuple[str, str]:
    """
    Return a map's element and script, with ids that are the same in every run.

    Parameters
    ----------
    layers
        The lowest first.
    ground
        Under them.
    names
        ``where`` is written beside each point; CRS metric.
    view
        What it opens on, in the same CRS.
    name
        Of the map in the page; letters and hyphens.
    language
        Of the map's buttons.
    """
    chart = folium.Map(
        tiles=None,
        zoom_control=False,
        attributionControl=False,
        scrollWheelZoom=False,
        zoomSnap=0.25,
    )
    crs = names.crs
    quiet = {"color": QUIET, "fill": False, "interactive": False}
    _add(chart, _merged(ground.boundary, crs), {**quiet, "weight": 2})
    _add(chart, _merged(ground.areas, crs), {**quiet, "weight": 1, "dashArray": "4 4"})
    _add(chart, _merged(ground.streets, crs), {**quiet, "color": STREET, "weight": 1.5})
    groups = []
    for layer in layers:
        group = folium.FeatureGroup(name=layer.key, control=False, show=layer.on)
        for part in layer.parts:
            _draw(group, part, name)
        group.add_to(chart)
        groups.append(group)
    for at, where in _degrees(names, "where"):
        label = folium.Tooltip(
            inert(where), permanent=True, direction="right", class_name="place-name", offset=(4, 0)
        )
        folium.CircleMarker(
            at, tooltip=label, radius=2, color=INK, weight=1, fill=True, fill_opacity=1
        ).add_to(chart)
    corners = gpd.GeoSeries([shapely.box(*view)], crs=crs).to_crs(4326)
    west, south, east, north = (float(v) for v in corners.total_bounds.round(_DEGREES_DIGITS))
    chart.fit_bounds([[south, west], [north, east]])

    root: Any = chart.get_root()
    for number, element in enumerate(_walk(root)):
        element._id = f"{name.replace('-', '_')}_{number}"
    root.render()
    keys = ", ".join(
        f"{json.dumps(layer.key)}: {group.get_name()}"
        for layer, group in zip(layers, groups, strict=True)
    )
    behaviour = SCRIPT.read_text(encoding="utf-8")
    calls = {
        "figure": json.dumps(f"{name}-figur"),
        "map": chart.get_name(),
        "layers": f"{{{keys}}}",
        "zoomIn": json.dumps(language.translate("Zooma in")),
        "zoomOut": json.dumps(language.translate("Zooma ut")),
    }
    shown = "\n".join(
        [
            "(function () {",
            f"document.getElementById({calls['figure']}).classList.add('drawn');",
            root.script.render(),
            behaviour,
            f"behave({', '.join(calls.values())});",
            "})();",
        ]
    )
    return root.html.render(), _tidy(shown)


def patterns(layers: tuple[Layer, ...], name: str) -> str:
    """Return the patterns that shapes and legend are filled with, as SVG that shows nothing."""
    tiles = []
    for layer in layers:
        for part in layer.parts:
            style = part.style
            if style.fill and style.hatch in _TILES:
                over = "#fff" if HATCHES.index(style.hatch) >= HATCHES.index("lines") else INK
                tile = _TILES[style.hatch].format(
                    f' fill="{over}"', f' stroke="{over}" stroke-opacity=".6"'
                )
                tiles.append(
                    f'<pattern id="{_pattern(name, style)}" width="8" height="8" '
                    f'patternUnits="userSpaceOnUse"><rect width="8" height="8" '
                    f'fill="{style.fill}"/>{tile}</pattern>'
                )
    return (
        '<svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false"><defs>'
        + "".join(dict.fromkeys(tiles))
        + "</defs></svg>"
    )


def legend(layers: tuple[Layer, ...], name: str, language: Language) -> str:
    """Return the legend, where layers are also switched: those that are on first, topmost first."""
    shown = []
    for layer in sorted(reversed(layers), key=lambda layer: not layer.on):
        lines = "".join(
            f"<li>{_swatch(part.style, name)} {html.escape(part.legend)}</li>"
            for part in layer.parts
        )
        listed = f"<ul>{lines}</ul>" if lines else ""
        told = layer.note or ("" if lines else language.translate("Inget att visa."))
        kind = "note" if lines else "note nothing"
        note = f'<p class="{kind}">{html.escape(told)}</p>' if told else ""
        state = " checked" if layer.on else ""
        state = state if lines else " disabled"
        kept = " kept" if layer.on and lines else ""
        shown.append(
            f'<div class="layer{kept}"><label><input type="checkbox" value="{layer.key}"{state}> '
            f"{html.escape(layer.title)}</label>{listed}{note}</div>"
        )
    title = html.escape(language.translate("Visa på kartan"))
    return f'<fieldset class="legend"><legend>{title}</legend>{"".join(shown)}</fieldset>'


def inert(text: str) -> str:
    """Return a text that neither HTML nor a JavaScript template reads as anything but text."""
    escaped = html.escape(text)
    return "".join(f"&#{ord(c)};" if c in "`$\\{}" else c for c in escaped)


def _pattern(name: str, style: Style) -> str:
    return f"{name}-{style.hatch}-{style.fill.lstrip('#')}"


def filled(style: Style, name: str) -> str:
    """Return what fills a shape on the map `name`: a colour, or one of its patterns."""
    return f"url(#{_pattern(name, style)})" if style.hatch in _TILES else style.fill


def _swatch(style: Style, name: str) -> str:
    inner = _sign(style)
    if not inner:
        fill = filled(style, name) if style.fill else "none"
        dash = f' stroke-dasharray="{style.dash}"' if style.dash else ""
        edge = QUIET if style.stroke == "#ffffff" else style.stroke
        inner = (
            f'<rect x="2" y="2" width="18" height="18" fill="{fill}" stroke="{edge}" '
            f'stroke-width="{style.weight:g}"{dash}/>'
        )
    return f'<svg class="swatch" viewBox="0 0 22 22" aria-hidden="true">{inner}</svg>'


def _sign(style: Style) -> str:
    """Return a point's sign as SVG on 22 by 22; empty for shapes that have none."""
    line = f'stroke="{style.stroke}" stroke-width="{style.weight:g}"'
    match style.symbol:
        case "ring":
            return f'<circle cx="11" cy="11" r="8" fill="none" {line}/>'
        case "triangle":
            return f'<path d="M11 3l9 16H2z" fill="#fff" {line}/>'
        case "plus":
            ring = f'<circle cx="11" cy="11" r="9" fill="#fff" {line}/>'
            return f'{ring}<path d="M11 6v10M6 11h10" {line}/>'
        case "clear" | "indication":
            half = "M11 6l5 5-5 5z" if style.symbol == "indication" else "M11 6l5 5-5 5-5-5z"
            return (
                f'<path d="M11 1l10 10-10 10L1 11z" fill="#fff" {line}/>'
                f'<path d="{half}" fill="{style.stroke}"/>'
            )
    return ""


def _draw(group: folium.FeatureGroup, part: Part, name: str) -> None:
    style, shapes = part.style, part.shapes[part.shapes.geometry.notna()]
    if shapes.empty:
        return
    if style.symbol == "ring":
        for (at, text), size in zip(_degrees(shapes, "text"), shapes["size"], strict=True):
            folium.CircleMarker(
                at,
                radius=float(size),
                color=style.stroke,
                weight=style.weight,
                fill=False,
                className="ring",
                tooltip=inert(text),
            ).add_to(group)
    elif style.symbol:
        picture = f'<svg viewBox="0 0 22 22" aria-hidden="true">{_sign(style)}</svg>'
        for at, text in _degrees(shapes, "text"):
            _badge(group, at, f'{picture}<span class="unseen">{inert(text)}</span>', text, "sign")
    elif style.fill:
        options = {
            "color": style.stroke,
            "weight": style.weight,
            "dashArray": style.dash or None,
            "fillColor": filled(style, name),
            "fillOpacity": style.opacity,
        }
        _add(group, shapes, options, "text")
    else:  # an outline must not hide what lies in it: its number is what is pointed at
        for colour, wider in (("#ffffff", 3), (style.stroke, 0)):
            outline = {"color": colour, "weight": style.weight + wider, "fill": False}
            _add(group, shapes, {**outline, "interactive": False})
        west, south, _, north = shapes.bounds.to_numpy().T
        sides = shapes.set_geometry(shapely.points(west, (south + north) / 2), crs=shapes.crs)
        for (at, text), mark in zip(_degrees(sides, "text"), shapes["mark"], strict=True):
            badge = f'<b>{inert(mark)}</b><span class="unseen">{inert(text)}</span>'
            _badge(group, at, badge, text, "number-sign")


def _badge(
    group: folium.FeatureGroup, at: tuple[float, float], inner: str, text: str, kind: str
) -> None:
    size = (_SIGN_PX, _SIGN_PX)
    icon = folium.DivIcon(html=inner, icon_size=size, class_name=kind)
    folium.Marker(at, icon=icon, tooltip=inert(text)).add_to(group)


def _degrees(points: gpd.GeoDataFrame, column: str) -> list[tuple[tuple[float, float], str]]:
    """Return (latitude, longitude) and text of each point."""
    return [
        ((round(point.y, _DEGREES_DIGITS), round(point.x, _DEGREES_DIGITS)), str(text))
        for point, text in zip(points.geometry.to_crs(4326), points[column], strict=True)
    ]


def _merged(shapes: np.ndarray, crs: Any) -> gpd.GeoDataFrame:  # noqa: ANN401 - pyproj's
    """Return shapes as one feature: one element in the page instead of thousands."""
    whole = [shapely.geometrycollections(shapes)] if len(shapes) else []
    return gpd.GeoDataFrame(geometry=whole, crs=crs)


def _add(target: Any, shapes: gpd.GeoDataFrame, style: dict[str, Any], label: str = "") -> None:  # noqa: ANN401
    if shapes.empty:
        return
    tooltip = None
    if label:
        shapes = shapes.assign(**{label: shapes[label].map(inert)})
        tooltip = folium.GeoJsonTooltip([label], labels=False, sticky=True)
    columns = [label, "geometry"] if label else ["geometry"]
    folium.GeoJson(
        geojson(shapes[columns]), style_function=lambda _: style, tooltip=tooltip
    ).add_to(target)


def geojson(shapes: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return shapes as GeoJSON in degrees, about a metre fine."""
    degrees = shapes.to_crs(4326)
    rounded = shapely.set_precision(
        degrees.geometry.to_numpy(), 10.0**-_DEGREES_DIGITS, mode="pointwise"
    )
    features: dict[str, Any] = json.loads(
        degrees.set_geometry(rounded).to_json(drop_id=True, na="null")
    )
    return features


def _walk(element: Any) -> list[Any]:  # noqa: ANN401 - branca's elements are untyped
    found = [element]
    for child in element._children.values():
        found += _walk(child)
    return found


def _tidy(script: str) -> str:
    return re.sub(r"\n\s*\n+", "\n", re.sub(r"[ \t]+\n", "\n", script))
