"""What a map of places can show: layers, each with shapes, signs, a legend and lines of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from est_analysis.evidence import Text, Word
from est_analysis.patterns.hotspots import PLACE_KINDS
from est_analysis.reports.language import KINDS
from est_analysis.reports.maps.contours import reaching
from est_analysis.reports.maps.ground import near_names, spots

if TYPE_CHECKING:
    from est_analysis.reports.results import Results

INK, ORANGE, GREEN, PURPLE = "#1b1f24", "#a34700", "#0a5c4a", "#6a1b9a"
BLUES = ("#c6dbef", "#6baed6", "#2171b5", "#08306b")
PURPLES = ("#e4d3ee", "#c39bd8", "#9a5cb8", "#5e1a82")
HATCHES = ("plain", "dots", "lines", "cross")
"""The second sign of a class, beside its colour: the denser the pattern, the higher the class."""

BREAKS = (2, 5, 10, 20)
"""Lower ends of the classes of cells; the same for every period, so that maps compare."""
MOST_CELLS = 1200
"""So many cells are drawn, those with most; a legend says when there are more."""


@dataclass(frozen=True)
class Style:
    """
    How shapes are drawn; never by colour alone.

    Parameters
    ----------
    stroke, weight, dash
        The outline: colour, width in pixels, and a dash pattern or nothing.
    fill, hatch, opacity
        The inside: colour (empty: none), one of `HATCHES`, and how much covers the ground.
    symbol
        For points: ``ring``, ``triangle``, ``plus``, or the sign of a word.
    """

    stroke: str
    weight: float = 1.0
    dash: str = ""
    fill: str = ""
    hatch: str = "plain"
    opacity: float = 0.75
    symbol: str = ""


@dataclass(frozen=True)
class Part:
    """
    One class of a layer.

    Parameters
    ----------
    style
        Of all its shapes.
    legend
        What the sign means, with its unit.
    shapes
        One row a shape, CRS the municipality's: ``where`` (its name), ``n`` (a number, or None),
        ``text`` (what is said when it is pointed at), ``mark`` (what is printed on it), ``size``
        (radius of a ring, pixels).
    unit
        Of ``n``.
    """

    style: Style
    legend: str
    shapes: gpd.GeoDataFrame
    unit: str


@dataclass(frozen=True)
class Layer:
    """
    What can be switched on and off together.

    Parameters
    ----------
    key
        Names it in the page; letters only.
    title
        In the legend.
    parts
        Lowest class first; none where there is nothing to show.
    on
        Whether the map opens with it; these are also what the printed map shows.
    note
        What a reader must know of it; empty for nothing.
    """

    key: str
    title: str
    parts: tuple[Part, ...]
    on: bool = False
    note: str = ""


def of(results: Results) -> tuple[Layer, ...]:
    """Return every layer of the map of places, the lowest first; kinds are never summed."""
    return (
        *_density(results),
        cells(results),
        dense_areas(results),
        unsafe(results),
        standing_out(results),
        *(_marked(results, kind) for kind in ("physical_defect", "safe_place")),
    )


def led_by(results: Results) -> str:
    """Return the kind of record that the cells show: reported crime, or the first there is."""
    shown = (kind for kind in PLACE_KINDS if results.cells[kind].any())
    return next(shown, PLACE_KINDS[0])


def cells(results: Results) -> Layer:
    """Return the square cells with their counts, in classes that are the same every period."""
    say, kind = results.language, led_by(results)
    smallest = max(BREAKS[0], results.municipality.disclosure.smallest_place_count)
    shown = results.cells[results.cells[kind] >= smallest]
    shown = shown.sort_values([kind, "cell"], ascending=[False, True])
    note = ""
    if len(shown) > MOST_CELLS:
        text = "De {most} rutor som har flest visas; {left} rutor med färre ritas inte."
        note = say.say(Text(text, {"most": MOST_CELLS, "left": len(shown) - MOST_CELLS}))
        shown = shown.head(MOST_CELLS)
    names = near_names(results, shown.geometry.centroid)
    where = [
        say.say(Text("{cell}, vid {name}", {"cell": cell, "name": name})) if name else cell
        for cell, name in zip(shown["cell"].astype(str), names, strict=True)
    ]
    shown = shown.assign(where=where)
    parts = []
    for low, high, fill, hatch in zip(BREAKS, (*BREAKS[1:], None), BLUES, HATCHES, strict=True):
        own = shown[(shown[kind] >= low) & (shown[kind] < high if high else True)]
        if high and high <= smallest:
            continue
        span = {"low": max(low, smallest), "high": (high or 0) - 1, "kind": Text(KINDS[kind])}
        many = "{low}–{high} {kind} i rutan" if high else "{low} eller fler {kind} i rutan"
        style = Style("#ffffff", 0.5, fill=fill, hatch=hatch)
        told = [
            say.say(Text("{n} {kind}, {cell}", {"n": n, "kind": Text(KINDS[kind]), "cell": cell}))
            for n, cell in zip(own[kind], own["where"], strict=True)
        ]
        shapes = _shapes(results, own.geometry, own["where"], own[kind], told, marks=own[kind])
        parts.append(Part(style, say.say(Text(many, span)), shapes, say.translate(KINDS[kind])))
    side = int(results.municipality.thresholds.cell_m)
    title = Text("Rutor om {side} meter: {kind}", {"side": side, "kind": Text(KINDS[kind])})
    filled = tuple(parts) if len(shown) else ()
    return Layer("rutor", say.say(title), filled, on=True, note=note)


def dense_areas(results: Results) -> Layer:
    """Return the dense areas, numbered as in the table."""
    say, found = results.language, results.clusters
    parts: tuple[Part, ...] = ()
    if len(found):
        told = [
            say.say(
                Text(
                    "Tätt område {number}, kring {name}: {n} anmälda brott",
                    {"number": number, "name": str(name), "n": int(n)},
                )
            )
            for number, (name, n) in enumerate(zip(found["name"], found["n"], strict=True), 1)
        ]
        marks = range(1, len(found) + 1)
        where = [f"{number}. {name}" for number, name in zip(marks, found["name"], strict=True)]
        shapes = _shapes(results, found.geometry, where, found["n"], told, marks=marks)
        legend = say.translate("tätt område; numret är det i tabellen")
        unit = say.translate(KINDS["reported_crime"])
        parts = (Part(Style(INK, 2.5), legend, shapes, unit),)
    return Layer("tata", say.translate("Täta områden av anmälda brott"), parts, on=True)


def unsafe(results: Results) -> Layer:
    """Return the places that people point out as unsafe; larger rings for more."""
    say = results.language
    own = _at_least(results, "unsafe_place")
    told = _pointed_out(results, own, "{place}: {n} har pekat ut platsen som otrygg")
    sizes = [5 + 2 * min(6.0, n**0.5) for n in own["n"]]
    legend = say.translate("utpekad som otrygg (större ring: fler)")
    style = Style(ORANGE, 3, symbol="ring")
    unit = say.translate(KINDS["unsafe_place"])
    return Layer(
        "otrygga",
        say.translate("Otrygga platser"),
        _point_part(results, own, told, style, legend, unit, sizes),
        on=True,
    )


def standing_out(results: Results) -> Layer:
    """Return the places that a finding says hold more than their own earlier years."""
    say, start = results.language, "where/place/"
    found = [
        finding
        for finding in results.findings
        if finding.id.startswith(start) and finding.word in {Word.CLEAR, Word.INDICATION}
    ]
    parts: list[Part] = []
    for word in (Word.INDICATION, Word.CLEAR):
        own = [finding for finding in found if finding.word is word]
        table = pd.DataFrame(
            {"place": [f.id.removeprefix(start) for f in own], "n": [f.n for f in own]}
        )
        parts += _point_part(
            results,
            table,
            [f"{say.word(word)}: {say.sentence(f.text)}" for f in own],
            Style(ORANGE, 2, symbol=word.value),
            say.word(word).lower(),
            say.translate("tillfällen med anmälda brott"),
        )
    title = say.translate("Platser med fler brott än under sina egna tidigare år")
    return Layer("avviker", title, tuple(parts))


def _marked(results: Results, kind: str) -> Layer:
    """Return the public places of one other kind of record, each under its own sign."""
    say = results.language
    title, legend, style = {
        "physical_defect": (
            "Fysiska brister",
            "plats med fysiska brister",
            Style(INK, 2, symbol="triangle"),
        ),
        "safe_place": (
            "Trygga platser",
            "utpekad som trygg",
            Style(GREEN, 2.5, symbol="plus"),
        ),
    }[kind]
    own = results.safe_places if kind == "safe_place" else _at_least(results, kind)
    many = {
        "physical_defect": "{place}: {n} fysiska brister",
        "safe_place": "{place}: {n} har pekat ut platsen som trygg",
    }[kind]
    told = _pointed_out(results, own, many)
    unit = say.translate(KINDS[kind])
    part = _point_part(results, own, told, style, say.translate(legend), unit)
    return Layer(
        {"physical_defect": "brister", "safe_place": "trygga"}[kind], say.translate(title), part
    )


def _density(results: Results) -> tuple[Layer, Layer]:
    """Return the surfaces of two times twelve months, in the same classes."""
    say, found = results.language, results.surfaces
    nothing = {
        "few": "För få brott med känd plats för en täthetskarta.",
        "wide": "Brotten ligger för glest för en täthetskarta.",
        "years": "Året dessförinnan täcks inte av leveranserna.",
        "": "",
    }
    unit = say.translate("anmälda brott per km² på tolv månader")
    both = []
    for key, title, surface, dash, why in (
        ("fore", "Täthet av anmälda brott, tolv månader dessförinnan", found.before, "5 4",
         found.why_not_before),
        ("tathet", "Täthet av anmälda brott, tolv månader", found.latest, "", found.why_not),
    ):  # fmt: skip
        parts = []
        at = {"west": found.west, "south": found.south, "side": found.side}
        reached = [] if surface is None else [
            reaching(surface, limit, **at) for limit in found.limits[1:]
        ]  # fmt: skip
        for level, (outline, higher) in enumerate(pairwise(reached), 1):
            # what reaches a higher class is drawn on its own: opacities must not add up
            own = gpd.GeoSeries([outline.difference(higher)], crs=results.municipality.crs)
            if own.is_empty.all():
                continue
            low, high = found.limits[level], found.limits[level + 1]
            span = {"low": float(low), "high": float(high), "unit": unit}
            legend = say.say(Text("{low}–{high} {unit}", span))
            shade = level - 1
            style = Style(PURPLE, 0.5 + 0.6 * level, dash, PURPLES[shade], HATCHES[shade], 0.6)
            shapes = _shapes(results, own, [legend], [None], [legend])
            parts.append(Part(style, legend, shapes, unit))
        told = Text(
            "Beskriver var det är tätt; säger inget om vad som är mer än väntat. Under {low} per "
            "km² ritas inte. Klasserna är desamma för båda åren.",
            {"low": float(found.limits[1]) if parts else 0},
        )
        note = say.say(told) if parts else say.translate(nothing[why])
        both.append(Layer(key, say.translate(title), tuple(parts), note=note))
    return both[0], both[1]


def _at_least(results: Results, kind: str) -> pd.DataFrame:
    smallest = results.municipality.disclosure.smallest_place_count
    own = results.places[results.places[kind] >= smallest]
    table = own[["place", kind]].rename(columns={kind: "n"})
    return table.sort_values(["n", "place"], ascending=[False, True], ignore_index=True)


def _pointed_out(results: Results, own: pd.DataFrame, template: str) -> list[str]:
    return [
        results.language.say(Text(template, {"place": str(place), "n": int(n)}))
        for place, n in zip(own["place"], own["n"], strict=True)
    ]


def _point_part(
    results: Results,
    own: pd.DataFrame,
    told: Sequence[str],
    style: Style,
    legend: str,
    unit: str,
    sizes: Sequence[float] = (),
) -> tuple[Part, ...]:
    """Return one part of points; names that the municipality's own map lacks have no point."""
    if own.empty:
        return ()
    points = spots(results.geography, own["place"].astype(str))
    shapes = _shapes(results, points, own["place"], own["n"], told, sizes=sizes)
    return (Part(style, legend, shapes, unit),)


def _shapes(
    results: Results,
    geometry: Any,  # noqa: ANN401 - a series or an array of shapes
    where: Sequence[str],
    n: Sequence[Any],
    text: Sequence[str],
    *,
    marks: Sequence[Any] = (),
    sizes: Sequence[float] = (),
) -> gpd.GeoDataFrame:
    many = len(text)
    return gpd.GeoDataFrame(
        {
            "where": list(where),
            "n": pd.Series(list(n), dtype=object),
            "text": list(text),
            "mark": [str(mark) for mark in marks] or [""] * many,
            "size": list(sizes) or [7.0] * many,
        },
        geometry=np.asarray(geometry, dtype=object),
        crs=results.municipality.crs,
    )
