"""The same map as a picture: for print, for pages without scripts, and with words for its sight."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from PIL import Image

from est_analysis.reports.maps.ground import Bounds, Ground
from est_analysis.reports.maps.layers import BLUES, HATCHES, INK, Layer, Part
from est_analysis.reports.maps.live import QUIET, STREET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_IN, HEIGHT_IN = 5.0, 4.2
MOST_PRINTED = 150
"""So many cells carry their number; where more are seen a pattern tells their class."""
_PATTERNS = {"plain": "", "dots": "..", "lines": "//", "cross": "xx"}
_SCALES_M = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "text.color": INK,
    "hatch.linewidth": 0.5,
}
_MARKERS = {"triangle": "^", "plus": "P", "clear": "D", "indication": "D"}
_HALO = [withStroke(linewidth=4, foreground="#ffffff")]
"""What lets a dark line be seen on a dark cell."""
_DPI, _COLOURS = 180, 64
_DARK = BLUES[2:]
_NAME_ROOM = 0.25


def drawn(
    layers: tuple[Layer, ...], ground: Ground, names: gpd.GeoDataFrame, view: Bounds
) -> bytes:
    """
    Return the layers that a map opens with as PNG; the same bytes from the same input.

    Parameters
    ----------
    layers, ground, names, view
        As `live.drawn` takes them.
    """
    seen = _fitted(view)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=_DPI)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(seen[0], seen[2])
        axes.set_ylim(seen[1], seen[3])
        axes.set_xticks([])
        axes.set_yticks([])
        frame = shapely.box(*seen)
        _lines(axes, _within(ground.streets, frame), color=STREET, linewidth=0.8)
        _lines(axes, _within(ground.areas, frame), color=QUIET, linewidth=0.6, linestyle="--")
        _lines(axes, _within(ground.boundary, frame), color=QUIET, linewidth=1.4)
        for layer in layers:
            shown = [(part, _seen(part, frame)) for part in layer.parts] if layer.on else []
            printed = sum(len(shapes) for _, shapes in shown) <= MOST_PRINTED
            for part, shapes in shown:
                _draw(axes, part, shapes, printed=printed)
        _names(axes, names[names.geometry.intersects(frame)])
        _scale(axes, seen)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    out = io.BytesIO()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    # an octree keeps colours that few points have; a median cut would paint rings blue
    few = picture.quantize(_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


def _fitted(view: Bounds) -> Bounds:
    """Widen a view to the picture's proportions, its middle kept."""
    west, south, east, north = view
    across = max(east - west, (north - south) * WIDTH_IN / HEIGHT_IN) / 2
    along = across * HEIGHT_IN / WIDTH_IN
    x, y = (west + east) / 2, (south + north) / 2
    return (x - across, y - along, x + across, y + along)


def _within(shapes: np.ndarray, frame: shapely.Geometry) -> np.ndarray:
    """Return the lines and outlines that are seen, cut at the frame."""
    if not len(shapes):
        return shapes
    lines = np.where(shapely.get_dimensions(shapes) == 2, shapely.boundary(shapes), shapes)
    west, south, east, north = frame.buffer((frame.bounds[2] - frame.bounds[0]) / 50).bounds
    cut = shapely.clip_by_rect(lines, west, south, east, north)
    return np.asarray(shapely.get_parts(cut[~shapely.is_empty(cut)]))


def _seen(part: Part, frame: shapely.Geometry) -> gpd.GeoDataFrame:
    shapes = part.shapes[part.shapes.geometry.notna()]
    return shapes[shapes.geometry.intersects(frame)]


def _lines(axes: Axes, shapes: np.ndarray, **style: Any) -> None:
    paths = [shapely.get_coordinates(line) for line in shapes]
    axes.add_collection(LineCollection(paths, **style), autolim=False)


def _draw(axes: Axes, part: Part, shapes: gpd.GeoDataFrame, *, printed: bool) -> None:
    style = part.style
    if shapes.empty:
        return
    if style.symbol:
        x, y = shapes.geometry.x, shapes.geometry.y
        if style.symbol == "ring":
            axes.scatter(
                x,
                y,
                s=shapes["size"].to_numpy(float) ** 2 * 1.6,
                facecolors="none",
                edgecolors=style.stroke,
                linewidths=1.6,
                path_effects=_HALO,
            )
        else:
            full = style.stroke if style.symbol == "clear" else "#ffffff"
            marker = _MARKERS[style.symbol]
            axes.scatter(x, y, s=45, marker=marker, facecolors=full, edgecolors=style.stroke)
        return
    outlines = [_outline(shape) for shape in shapes.geometry]
    hatch = _PATTERNS[style.hatch] if style.fill else ""
    over = "#ffffff" if HATCHES.index(style.hatch) >= HATCHES.index("lines") else INK
    axes.add_collection(
        PathCollection(
            outlines,
            facecolors=style.fill or "none",
            edgecolors="#ffffff" if style.fill else style.stroke,
            hatchcolors=over,
            linewidths=0.5 if style.fill else 1.6,
            linestyles="-",
            alpha=style.opacity if style.fill else 1.0,
            hatch=hatch or None,
            path_effects=None if style.fill else _HALO,
        ),
        autolim=False,
    )
    for shape, mark in zip(shapes.geometry, shapes["mark"], strict=True):
        if style.fill and printed and mark:
            ink = "#ffffff" if style.fill in _DARK else INK
            place = shape.centroid
            halo = [withStroke(linewidth=3, foreground=style.fill)]
            text: dict[str, Any] = {"color": ink, "fontsize": 7, "ha": "center", "va": "center"}
            axes.text(place.x, place.y, mark, clip_on=True, path_effects=halo, **text)
        elif mark and not style.fill:
            west, south, _, north = shape.bounds
            box = {"boxstyle": "round,pad=0.2", "facecolor": INK, "edgecolor": "#ffffff"}
            text = {"color": "#ffffff", "fontsize": 7, "ha": "center", "va": "center"}
            axes.text(
                west, (south + north) / 2, mark, clip_on=True, weight="bold", bbox=box, **text
            )


def _outline(shape: Any) -> Outline:
    """Return a polygon, or several, with holes, as one path."""
    rings = [
        Outline(shapely.get_coordinates(ring), closed=True)
        for polygon in shapely.get_parts(shape)
        for ring in (polygon.exterior, *polygon.interiors)
    ]
    return Outline.make_compound_path(*rings)


def _names(axes: Axes, names: gpd.GeoDataFrame) -> None:
    side = axes.get_xlim()[1] - _NAME_ROOM * (axes.get_xlim()[1] - axes.get_xlim()[0])
    for point, where in zip(names.geometry, names["where"], strict=True):
        left = point.x > side  # a name at the right edge is written to the left
        axes.plot(point.x, point.y, "o", color=INK, markersize=2.5)
        axes.annotate(
            where.replace("$", r"\$"),
            (point.x, point.y),
            xytext=(-4 if left else 4, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            weight="bold",
            annotation_clip=True,
            path_effects=[withStroke(linewidth=2.5, foreground="#ffffff")],
        )


def _scale(axes: Axes, seen: Bounds) -> None:
    """Draw a bar of a round number of metres, and which way is north."""
    across, high = seen[2] - seen[0], seen[3] - seen[1]
    metres = max([m for m in _SCALES_M if m <= across / 4] or [_SCALES_M[0]])
    x, y = seen[0] + 0.03 * across, seen[1] + 0.035 * high
    halo = [withStroke(linewidth=3, foreground="#ffffff")]
    axes.plot((x, x + metres), (y, y), color=INK, linewidth=2.5, path_effects=halo)
    said = f"{metres} m" if metres < 1000 else f"{metres // 1000} km"
    text: dict[str, Any] = {"va": "bottom", "path_effects": halo}
    axes.text(x, y + 0.01 * high, said, **text)
    top, side = seen[3] - 0.04 * high, seen[2] - 0.03 * across
    axes.annotate(
        "N",
        (side, top),
        xytext=(side, top - 0.07 * high),
        ha="center",
        va="top",
        arrowprops={"arrowstyle": "-|>", "color": INK},
    )
