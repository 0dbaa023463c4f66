"""The files: each partner's rows as the files that hold them, in memory or on disk, to the byte."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd
from shapely.geometry import Polygon

from est_analysis.gather.deliveries import Delivery
from est_analysis.gather.sample import partners
from est_analysis.gather.sample.town import NAME
from est_analysis.municipality import Municipality


class Layout(NamedTuple):
    """How a source's rows become files: which columns, and what each file is called."""

    columns: list[str]
    file: str
    delimiter: str = ";"
    sheet: str = ""


LAYOUTS = {
    "polis_a": Layout(
        partners.POLICE_A_COLUMNS, "deliveries/polis_a/polis_a_{}.xlsx", sheet="Utdrag"
    ),
    "polis": Layout(partners.POLICE_B_COLUMNS, "deliveries/polis/polis_{}.csv"),
    "est": Layout(partners.EST_COLUMNS, "deliveries/est/est_{}.xlsx", sheet="Rapport"),
    "medborgare": Layout(
        partners.CITIZEN_COLUMNS, "deliveries/medborgare/medborgare_{}.csv", delimiter=","
    ),
    "bostad": Layout(partners.HOUSING_COLUMNS, "deliveries/bostad/felanmalan_{}.csv"),
    "raddning": Layout(partners.RESCUE_COLUMNS, "deliveries/raddning/raddning_{}.csv"),
    "skola": Layout(partners.SCHOOL_COLUMNS, "deliveries/skola/skola_{}.csv"),
    "kalender": Layout(partners.CALENDAR_COLUMNS, "register/kalender.csv"),
}


def files(tables: dict[str, pd.DataFrame]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield each file's source, path inside the folder, and rows, in the order of their names."""
    for source, table in tables.items():
        for delivery, rows in table.groupby("delivery", sort=True):
            yield source, LAYOUTS[source].file.format(delivery), rows


def delivered(tables: dict[str, pd.DataFrame], municipality: Municipality) -> list[Delivery]:
    """Return what reading the written files would give."""
    found = []
    for source, file, rows in files(tables):
        named = municipality.sources[source].columns.named()
        cells = {name: ["" if c is None else str(c) for c in rows[name]] for name in named}
        frame = pd.DataFrame(cells, dtype=str)
        if LAYOUTS[source].sheet:  # the reader strips a sheet's cells
            frame = frame.apply(lambda column: column.str.strip())
        frame.index = pd.RangeIndex(2, 2 + len(frame))
        found.append(Delivery(source, file, frame))
    order = list(municipality.sources)
    return sorted(found, key=lambda one: order.index(one.source))


def write(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    """Write every delivery."""
    for source, file, rows in files(tables):
        layout = LAYOUTS[source]
        own = rows[layout.columns]
        content = (
            _workbook(own, layout.sheet) if layout.sheet else _csv(own, delimiter=layout.delimiter)
        )
        _save(folder / file, content)


def write_table(file: Path, table: pd.DataFrame) -> None:
    """Write a table of the reference or the register."""
    _save(file, _csv(table))


def write_shapes(file: Path, shapes: gpd.GeoDataFrame) -> None:
    """Write shapes as GeoJSON, coordinates to the decimetre."""
    _save(file, _geojson(shapes, file.stem))


def write_truth(file: Path, truth: dict[str, Any]) -> None:
    """Write the truth, a line for each."""
    lines = ",\n".join("  " + json.dumps(line, ensure_ascii=False) for line in truth["truth"])
    head = {key: value for key, value in truth.items() if key != "truth"}
    text = json.dumps(head, ensure_ascii=False)[:-1] + ', "truth": [\n' + lines + "\n]}\n"
    _save(file, text.encode())


def _save(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _csv(table: pd.DataFrame, delimiter: str = ";") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.itertuples(index=False))
    return text.getvalue().encode("utf-8-sig")


def _geojson(frame: gpd.GeoDataFrame, name: str) -> bytes:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3006"}}
    head = json.dumps({"type": "FeatureCollection", "name": name, "crs": crs})[:-1]
    properties = frame.drop(columns="geometry").to_dict("records")
    features = [
        json.dumps(
            {
                "type": "Feature",
                "properties": record,
                "geometry": {"type": shape.geom_type, "coordinates": _rounded(shape)},
            },
            ensure_ascii=False,
        )
        for record, shape in zip(properties, frame.geometry, strict=True)
    ]
    return (head + ', "features": [\n' + ",\n".join(features) + "\n]}\n").encode()


def _rounded(shape: Any) -> Any:
    def points(ring: Any) -> list[list[float]]:
        return [[round(x, 1), round(y, 1)] for x, y in ring.coords]

    if isinstance(shape, Polygon):
        return [points(ring) for ring in (shape.exterior, *shape.interiors)]
    return points(shape)


def _workbook(rows: pd.DataFrame, title: str) -> bytes:
    """Return a sheet as a workbook whose bytes depend on the rows alone."""
    import openpyxl
    from openpyxl.styles import Font

    book = openpyxl.Workbook()
    book.properties.creator = NAME
    book.properties.created = datetime(2021, 10, 1)
    sheet = book.active
    sheet.title = title
    sheet.append(list(rows.columns))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in rows.itertuples(index=False):
        sheet.append(list(row))
    sheet.freeze_panes = "A2"
    for column in ("B", "C", "H", "J", "N", "Q"):
        sheet.column_dimensions[column].width = 24
    written = io.BytesIO()
    book.save(written)
    return _timeless(written.getvalue())


def _timeless(archive: bytes) -> bytes:
    """Rewrite a workbook without the time of writing."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        for name in sorted(old.namelist()):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"2021-10-01T00:00:00Z", content)
            entry = zipfile.ZipInfo(name, date_time=(2021, 10, 1, 0, 0, 0))
            entry.create_system = 3
            new.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return out.getvalue()
