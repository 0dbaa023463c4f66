"""The bundle: all that the published edition may know, as plain values in one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from est_analysis.release.atoms import UNKNOWN_AREA
from est_analysis.release.cells import OF_KIND
from est_analysis.release.made import Release
from est_analysis.reports.published.taken_up import taken_up

if TYPE_CHECKING:
    from est_analysis.reports.results import Results

FILE = "released.json"
_ACROSS = 360
"""Areas are drawn this many units wide; a corner is a whole number of units."""
_COARSE_UNITS = 2.0
_FEWEST_CORNERS = 4
_SHARES = ((0.98, "Minst 98 procent"), (0.9, "90 till 98 procent"), (0.0, "Under 90 procent"))


def bundle(results: Results, release: Release) -> dict[str, Any]:
    """
    Return what may leave the house: released numbers, words, and areas as a drawing.

    Parameters
    ----------
    results
        The internal report's; only words and names are taken of it, and of deliveries a class.
    release
        The released tables.
    """
    municipality = results.municipality
    return {
        "name": municipality.name,
        "purpose": municipality.purpose,
        "controller": municipality.controller,
        "contact": municipality.contact,
        "thresholds": municipality.thresholds.model_dump(),
        "minimum": municipality.disclosure.minimum,
        "reporters": municipality.disclosure.smallest_reporters,
        "period": str(results.period),
        "areas": [*_names(results), UNKNOWN_AREA],
        "kinds": {
            kind: {
                "tier": tables.tier,
                "whole": tables.whole,
                "cells": [
                    {
                        "table": cell.table,
                        "until": cell.until,
                        "area": cell.area,
                        "group": cell.group,
                        "part": cell.part,
                        "n": n,
                    }
                    for cell, n in tables.numbers.items()
                ],
            }
            for kind, tables in release.kinds.items()
        },
        "police": _police(results, release),
        "measures": _measures(results),
        "taken_up": taken_up(results),
        "how_to_report": municipality.reports.how_to_report,
        "quality": _quality(results),
        "shapes": _shapes(results),
    }


def write(content: dict[str, Any], folder: Path) -> Path:
    """Write a bundle into an empty folder of its own; return the file."""
    folder.mkdir(parents=True)
    file = folder / FILE
    file.write_text(
        json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
    return file


def read(folder: Path) -> dict[str, Any]:
    """Read what `write` wrote."""
    content: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return content


def _names(results: Results) -> list[str]:
    areas = results.geography.areas
    return [] if areas is None else sorted(areas["name"].astype(str))


def _police(results: Results, release: Release) -> list[str]:
    """Return the released groups that follow how much the police control."""
    events = results.events
    own = set(events.loc[events["police_activity"], "group"])
    cells = (cell for tables in release.kinds.values() for cell in tables.numbers)
    return sorted({cell.group for cell in cells if own & set(cell.groups)})


def _measures(results: Results) -> list[dict[str, str]]:
    """Return each measure's sort, area and word: no text that anyone has written freely."""
    words = {f.id: f.word.value for f in results.findings if f.word and f.id.startswith("measure/")}
    register = results.register
    problems = register.problems.set_index("id")
    listed = []
    for row in register.measures.to_dict("records"):
        problem = problems.loc[row["problem"]] if row["problem"] in problems.index else None
        area = "" if problem is None else str(problem["omrade"])
        listed.append(
            {
                "sort": str(row["atgardstyp"]),
                "state": str(row["status"]),
                "area": area if area in _names(results) else "",
                "word": words.get(f"measure/{row['id']}", ""),
            }
        )
    return sorted(listed, key=lambda one: sorted(one.items()))


def _quality(results: Results) -> dict[str, Any]:
    """Return the deliveries in outline: who delivers, and a class for how much can be used."""
    sums = results.accounting[["rows", "accepted", "dropped", "repeated"]].sum()
    wanted = sums["rows"] - sums["dropped"] - sums["repeated"]
    share = float(sums["accepted"] / wanted) if wanted else 0.0
    return {
        "partners": sorted(
            {
                source.partner
                for source in results.municipality.sources.values()
                if source.record_kinds & set(OF_KIND)
            }
        ),
        "usable": next(words for least, words in _SHARES if share >= least),
        "unread": bool(results.unread),
        "missing": sorted(results.missing),
    }


def _shapes(results: Results) -> list[dict[str, Any]]:
    """Return areas as outlines in whole units of a drawing, north up; no coordinates are left."""
    import shapely

    areas = results.geography.areas
    if areas is None or areas.empty:
        return []
    west, south, east, north = areas.total_bounds
    unit = max(east - west, north - south) / _ACROSS
    found = []
    for name, shape in zip(areas["name"].astype(str), areas.geometry, strict=True):
        rings = []
        for part in shapely.get_parts(shapely.simplify(shape, _COARSE_UNITS * unit)):
            corners = shapely.get_coordinates(shapely.get_exterior_ring(part))
            drawn = np.rint((corners - (west, south)) / unit).astype(int)
            keep = np.r_[True, (np.diff(drawn, axis=0) != 0).any(axis=1)]
            if keep.sum() >= _FEWEST_CORNERS:
                rings.append(drawn[keep].tolist())
        found.append({"area": name, "rings": rings})
    return sorted(found, key=lambda one: one["area"])
