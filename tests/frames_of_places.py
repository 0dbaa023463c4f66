"""A small invented town, and events placed in it."""

import geopandas as gpd
import pandas as pd
import shapely

from est_analysis.gather import locate
from est_analysis.gather.geography import Geography
from est_analysis.gather.locate import Ways

NOTHING = Geography(None, None, None, None)
PLACES = pd.DataFrame(
    [
        ("Torget", "torg", 100.0, 100.0, "Centrum"),
        ("Kiosken", "butik", 100.0, 100.0, "Centrum"),  # as near, but listed later
        ("Skolan", "skola", 600.0, 100.0, "Norr"),
    ],
    columns=["name", "place_type", "x", "y", "area"],
)


def frame(names, shapes):
    return gpd.GeoDataFrame({"name": names}, geometry=shapes, crs="EPSG:3006")


LONG, CROSS = shapely.LineString([(0, 300), (900, 300)]), shapely.LineString([(450, 0), (450, 900)])
STREETS = frame(["", "Storgatan", "Tvärgatan"], [LONG, LONG, CROSS])
AREAS = frame(["Centrum", "Norr"], [shapely.box(0, 0, 500, 900), shapely.box(500, 0, 900, 900)])
FULL = Geography(shapely.box(0, 0, 900, 900), AREAS, PLACES, STREETS)


def place(*rows, geography=FULL, precision="point"):
    """Place events given as (x, y, place, place_type, area), the last ones left out at will."""
    columns = ["x", "y", "place", "place_type", "area"]
    full = [(*row, *[""] * (5 - len(row))) for row in rows]
    table = pd.DataFrame(full, columns=columns).astype(dict.fromkeys(columns[2:], str))
    table[["x", "y"]] = table[["x", "y"]].astype(float)
    return settle(table, geography, precision).events


def settle(table, geography=FULL, precision="point", *, decided=None, start=None, **ways):
    """Place events; what a test does not care about is filled in."""
    whole = {"source": "polis", "group": "Skadegörelse", "count": 1, "time_precision": "day"}
    table = table.assign(**{k: v for k, v in whole.items() if k not in table})
    table["start"] = pd.Timestamp("2026-01-01") if start is None else start
    sources = dict.fromkeys(table["source"].unique(), precision) or {"polis": precision}
    return locate.place_events(table, geography, Ways(250, sources, **ways), decided)
