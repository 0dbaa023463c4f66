"""The town: one invented map for every seed, its streets, houses and named public places."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.ops import substring

Floats = npt.NDArray[np.float64]

GEOGRAPHY_SEED = 9999  # one map for every seed: seeds vary what happens, not where one can be
CRS = "EPSG:3006"
NAME = "Exempelsjö"


class Spot(NamedTuple):
    """A named public place: where it lies in its settlement's frame and what it draws a year."""

    name: str
    place_type: str
    settlement: str
    u: float
    v: float
    mix: str
    police: float
    est: float
    citizens: float = 0.0


_T = NAME
SPOTS = (
    Spot("Resecentrum", "station", _T, 20, 48, "station", 18, 26, 4),
    Spot("Centralskolan", "skola", _T, -240, 520, "skola", 12, 18, 2),
    Spot("Stationsparken", "park", _T, -365, 125, "park", 44, 18, 5),
    Spot("Kvarnparken", "park", _T, 640, 480, "park", 34, 16, 4),
    Spot("Gångtunneln vid stationen", "gc-väg", _T, 440, 0, "gc", 1.2, 8, 3),
    Spot("Badhusparkeringen", "parkering", _T, 880, 130, "parkering", 3.5, 3),
    Spot("Badhuset", "bad", _T, 930, 215, "fritid", 8.2, 2),
    Spot("Torget", "torg", _T, 50, 235, "torg", 22, 14, 2.5),
    Spot("Järnvägstorget", "torg", _T, -130, 110, "torg", 16, 4, 1),
    Spot("Norrängsskolan", "skola", _T, -720, 660, "skola", 17, 12, 1),
    Spot("Sörbyskolan", "skola", _T, -180, -300, "skola", 9.2, 4),
    Spot("Lindängens förskola", "skola", _T, 480, 700, "skola", 1.5, 1.5),
    Spot("Tallbackens förskola", "skola", _T, -530, -400, "skola", 1, 1),
    Spot("Folkets park", "park", _T, -900, 320, "park", 6, 8, 2),
    Spot("Hembygdsparken", "park", _T, 250, 640, "park", 2, 2, 1),
    Spot("Kyrkparken", "park", _T, -110, 360, "park", 3, 2.5, 1),
    Spot("Livsmedelshallen", "butik", _T, 180, 330, "butik", 7, 4, 4),
    Spot("Sjögallerian", "butik", _T, 310, 225, "butik", 4.3, 6, 1),
    Spot("Byggvaruhuset", "butik", _T, -460, -130, "butik", 5.8, 1.5),
    Spot("Bensinstationen vid Riksvägen", "butik", _T, -860, 20, "butik", 8.3, 2),
    Spot("Torgparkeringen", "parkering", _T, 110, 160, "parkering", 4, 2),
    Spot("Pendlarparkeringen", "parkering", _T, -170, -35, "parkering", 7, 3, 2),
    Spot("Sjövallens parkering", "parkering", _T, 760, -320, "parkering", 2.2, 1.5),
    Spot("Sjövallen", "idrottsplats", _T, 650, -410, "fritid", 8, 3),
    Spot("Ishallen", "idrottsplats", _T, 540, -290, "fritid", 7.6, 3),
    Spot("Fritidsgården Kvarnen", "fritidsgård", _T, 500, 330, "fritid", 7, 9),
    Spot("Exempelsjöbadet", "bad", _T, 1010, -170, "fritid", 8.2, 4, 0.5),
    Spot("Åpromenaden", "gc-väg", _T, 330, -240, "gc", 1, 4, 4),
    Spot("Skolstigen", "gc-väg", _T, -420, 590, "gc", 1, 2.5, 2),
    Spot("Ljungaholms torg", "torg", "Ljungaholm", 20, 20, "torg", 3, 2.5, 1),
    Spot("Ljungaholms skola", "skola", "Ljungaholm", -190, 140, "skola", 4, 3),
    Spot("Ljungaholms lanthandel", "butik", "Ljungaholm", 90, -30, "butik", 3, 1.5),
    Spot("Ljungavallen", "idrottsplats", "Ljungaholm", 260, 190, "fritid", 1.5, 1.5),
    Spot("Fritidsgården Ljungan", "fritidsgård", "Ljungaholm", -60, -110, "fritid", 1, 2),
    Spot("Stensåkra hållplats", "station", "Stensåkra", 30, 40, "station", 3, 2.5, 1),
    Spot("Stensåkra skola", "skola", "Stensåkra", -140, -90, "skola", 2, 2),
    Spot("Stensåkra bygdepark", "park", "Stensåkra", 150, 120, "park", 1, 1.5),
    Spot("Björnarps skola", "skola", "Björnarp", 100, 70, "skola", 1, 1.5),
    Spot("Björnarps bollplan", "idrottsplats", "Björnarp", -120, 80, "fritid", 0.6, 1),
    Spot("Hökasjö badplats", "bad", "Hökasjö", 180, -120, "fritid", 1.5, 2.5, 0.5),
    Spot("Hökasjö handelsbod", "butik", "Hökasjö", -20, 25, "butik", 1.5, 1),
)  # fmt: skip


class Grid(NamedTuple):
    """The street plan of a settlement: a frame on the ground and named lines in it."""

    x: float
    y: float
    angle: float
    across: dict[float, str]  # u -> the street that crosses the length
    along: dict[float, str]  # v -> the street along it
    reach: tuple[float, float]
    ragged: float  # how likely a block edge far from the middle lacks its street
    south: Mapping[float, str] = MappingProxyType({})  # names across, south of the railway


SETTLEMENTS: dict[str, Grid] = {
    NAME: Grid(
        495200.0, 6374600.0, 0.47,
        {-1010: "Västergatan", -800: "Folkparksgatan", -610: "Ängsgatan", -440: "Skolgatan",
         -290: "Kyrkogatan", -150: "Trädgårdsgatan", -20: "Stationsgatan", 110: "Torggatan",
         240: "Smedjegatan", 380: "Sjögatan", 560: "Kvarngatan", 770: "Badhusgatan",
         1000: "Östergatan"},
        {-570: "Tallvägen", -380: "Lindvägen", -210: "Industrigatan", -75: "Spårgatan",
         75: "Järnvägsgatan", 190: "Storgatan", 300: "Nygatan", 430: "Prästgatan",
         600: "Norrgatan", 790: "Åsvägen"},
        (1120.0, 860.0), 0.24,
        {-610: "Verkstadsgatan", -440: "Sågverksgatan", -290: "Granvägen", -150: "Rönnvägen",
         -20: "Almvägen", 110: "Oxelvägen", 240: "Åvägen", 380: "Strandgatan",
         560: "Ishallsvägen", 770: "Sjövallsvägen", -800: "Mejerigatan", -1010: "Lokgatan",
         1000: "Badstigen"},
    ),
    "Ljungaholm": Grid(
        501300.0, 6379500.0, 0.9,
        {-250: "Mossvägen", -110: "Kyrkvägen", 20: "Bygatan", 150: "Skolvägen", 290: "Tegelvägen"},
        {-180: "Ljungstigen", -60: "Ljungaholms storgata", 70: "Bruksgatan", 200: "Åkervägen"},
        (360.0, 270.0), 0.25,
    ),
    "Stensåkra": Grid(
        486900.0, 6375700.0, -0.15,
        {-200: "Stenvägen", -60: "Hållplatsvägen", 90: "Mejerivägen", 230: "Hagvägen"},
        {-120: "Skolbacken", 10: "Stensåkra bygata", 130: "Dalvägen"},
        (300.0, 200.0), 0.25,
    ),
    "Björnarp": Grid(
        493900.0, 6368200.0, 1.25,
        {-150: "Lillgatan", -10: "Björnvägen", 130: "Kvarnstigen"},
        {-60: "Björnarps bygata", 70: "Backvägen"},
        (230.0, 150.0), 0.2,
    ),
    "Hökasjö": Grid(
        502400.0, 6368900.0, 0.2,
        {-130: "Sågvägen", 0: "Handelsvägen", 140: "Badvägen"},
        {-70: "Sjövägen", 50: "Hökasjö bygata"},
        (210.0, 140.0), 0.2,
    ),
}  # fmt: skip
CROSSINGS = (-610.0, 770.0)  # where streets pass the railway
CLOSES = (
    "Björkstigen", "Hasselvägen", "Syrenvägen", "Ekorrstigen", "Blåbärsvägen", "Smultronstigen",
    "Liljevägen", "Tussilagovägen", "Bofinksvägen", "Lövsångarvägen", "Kantarellstigen",
    "Videvägen", "Sälgvägen", "Nyponstigen",
)  # fmt: skip
LANES = (
    "Granbacksvägen", "Ängsmovägen", "Torparvägen", "Stenkullavägen", "Rävakullavägen",
    "Klintvägen", "Sjöhagavägen", "Norrkvarnsvägen", "Svedjevägen", "Kolbottenvägen",
    "Lyckebovägen", "Hultavägen", "Myravägen", "Skogaholmsvägen", "Brännevägen", "Ekhagavägen",
)  # fmt: skip
ROADS = (  # name, from, to; a number is a bearing in radians from the place to the boundary
    ("Riksvägen", NAME, "Ljungaholm"), ("Riksvägen", NAME, "Stensåkra"),
    ("Björnarpsvägen", NAME, "Björnarp"), ("Hökasjövägen", NAME, "Hökasjö"),
    ("Norra Häradsvägen", NAME, 2.2), ("Riksvägen", "Ljungaholm", 0.75),
    ("Riksvägen", "Stensåkra", 2.95), ("Södra Häradsvägen", "Björnarp", 4.55),
    ("Östra Häradsvägen", "Hökasjö", 5.85), ("Byavägen", "Björnarp", "Hökasjö"),
    ("Gamla Häradsvägen", "Ljungaholm", 1.6), ("Sjörundan", "Hökasjö", "Ljungaholm"),
    ("Skogsvägen", "Stensåkra", "Björnarp"),
)  # fmt: skip
AREAS = ("Centrum", "Norrängen", "Sörby",
         "Ljungaholm med omnejd", "Stensåkra med omnejd", "Björnarp och Hökasjö")  # fmt: skip


@dataclass(frozen=True)
class Map:
    """Outline, areas, streets, named places, and every house with its pull."""

    boundary: Polygon
    areas: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame  # with zone: town, village, country
    places: gpd.GeoDataFrame
    addresses: pd.DataFrame  # x, y, GATA, GATUNR, zone, weight


def stream(seed: int, name: str) -> np.random.Generator:
    """Return a stream of its own for each part, so that a change in one leaves the others."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def to_ground(grid: Grid, u: Any, v: Any) -> Floats:
    """Turn a settlement's frame into coordinates, bending it so that no grid looks drawn."""
    scale = max(grid.reach)
    u, v = np.asarray(u, float), np.asarray(v, float)
    bent_u = u + 0.045 * scale * np.sin(2.4 * v / scale + 0.6)
    bent_v = v + 0.06 * scale * np.sin(2.1 * u / scale) + 0.02 * scale * np.sin(5.0 * u / scale + 1)
    c, s = np.cos(grid.angle), np.sin(grid.angle)
    return np.column_stack(
        [np.ravel(grid.x + bent_u * c - bent_v * s), np.ravel(grid.y + bent_u * s + bent_v * c)]
    )


def _line(points: Any) -> LineString:
    return LineString(np.round(np.asarray(points, float), 1))


def _inside_plan(grid: Grid, u: float, v: float) -> bool:
    a = np.arctan2(v, u)
    edge = 1.04 + 0.06 * np.sin(3 * a + 0.5) + 0.05 * np.sin(5 * a + 2)
    lake = len(grid.across) > 10 and u > 500 and v < -0.9 * u + 380 and v < -420
    return bool(np.hypot(u / grid.reach[0], v / grid.reach[1]) < edge and not lake)


def _block_edges(grid: Grid, rng: np.random.Generator) -> list[tuple[str, Any, Any]]:
    """Return the block edges that carry a street: name, and the (u, v) of both ends."""
    us, vs = sorted(grid.across), sorted(grid.along)
    edges: list[tuple[str, Any, Any]] = []
    for i, u in enumerate(us):
        for j, v in enumerate(vs):
            if i + 1 < len(us):
                edges.append((grid.along[v], (u, v), (us[i + 1], v)))
            if j + 1 < len(vs):
                south = grid.south and v < 0
                if south and vs[j + 1] > 0 and u not in CROSSINGS:
                    continue
                name = (grid.south if south and vs[j + 1] < 0 else grid.across)[u]
                edges.append((name, (u, v), (u, vs[j + 1])))
    main = {list(grid.along.values())[len(vs) // 2], "Järnvägsgatan", "Stationsgatan"}
    kept = []
    for name, a, b in edges:
        far = np.hypot((a[0] + b[0]) / 2 / grid.reach[0], (a[1] + b[1]) / 2 / grid.reach[1])
        lost = rng.random() < 0.02 + grid.ragged * far**1.5
        crossing = bool(grid.south) and a[1] < 0 < b[1]
        if _inside_plan(grid, *a) and _inside_plan(grid, *b) and (
            not lost or crossing or name in main
        ):  # fmt: skip
            kept.append((name, a, b))
    return _largest_piece(kept)


def _largest_piece(edges: list[tuple[str, Any, Any]]) -> list[tuple[str, Any, Any]]:
    """Keep the streets that hang together."""
    piece: dict[Any, int] = {}
    for label, node in enumerate(dict.fromkeys(n for _, a, b in edges for n in (a, b))):
        piece[node] = label
    changed = True
    while changed:
        changed = False
        for _, a, b in edges:
            if piece[a] != piece[b]:
                piece[a] = piece[b] = min(piece[a], piece[b])
                changed = True
    sizes = pd.Series([piece[a] for _, a, _ in edges]).value_counts()
    return [edge for edge in edges if piece[edge[1]] == sizes.idxmax()]


def _settlement_streets(name: str, rng: np.random.Generator) -> list[tuple[str, LineString]]:
    grid = SETTLEMENTS[name]
    edges = _block_edges(grid, rng)
    nodes = list(dict.fromkeys(n for _, a, b in edges for n in (a, b)))
    shift = {node: rng.normal(0, 0.009 * max(grid.reach) ** 0.98, 2) for node in nodes}
    lines = []
    for street, a, b in edges:
        t = np.linspace(0, 1, 4)[:, None]
        frame = np.asarray(a) * (1 - t) + np.asarray(b) * t
        ground = to_ground(grid, frame[:, 0], frame[:, 1]) + shift[a] * (1 - t) + shift[b] * t
        lines.append((street, _line(ground)))
    if grid.south:
        lines += _closes(grid, nodes, shift, rng)
        lines.append(("Tunnelgången", _line(to_ground(grid, [440, 440], [-62, 62]))))
    return lines


def _closes(
    grid: Grid, nodes: list[Any], shift: dict[Any, Floats], rng: np.random.Generator
) -> list[tuple[str, LineString]]:
    """Return the curved dead ends at the rim of the town."""
    rim = sorted(nodes, key=lambda n: -np.hypot(n[0] / grid.reach[0], n[1] / grid.reach[1]))
    lines = []
    for name, node in zip(CLOSES, rim[: 2 * len(CLOSES) : 2], strict=True):
        out = np.arctan2(node[1], node[0]) + rng.normal(0, 0.5)
        turn = rng.choice([-1, 1]) * rng.uniform(0.1, 0.3)
        at, points = np.asarray(node, float), [np.asarray(node, float)]
        for step in range(5):
            heading = out + turn * step
            at = at + rng.uniform(32, 46) * np.array([np.cos(heading), np.sin(heading)])
            points.append(at)
        frame = np.asarray(points)
        lines.append((name, _line(to_ground(grid, frame[:, 0], frame[:, 1]) + shift[node])))
    return lines


def _winding(
    a: Any,
    b: Any,
    rng: np.random.Generator,
    bend: float = 0.034,
) -> LineString:
    """Return a country road between two points."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    length = float(np.hypot(*(b - a)))
    t = np.linspace(0, 1, max(6, int(length / 180)))
    normal = np.array([-(b - a)[1], (b - a)[0]]) / length
    side = sum(
        rng.normal(0, bend / k) * np.sin(np.pi * k * t) for k in range(1, 3 + int(length / 900))
    )
    return _line(a + np.outer(t, b - a) + np.outer(side * length, normal))


def _country_roads(
    boundary: Polygon, built: dict[str, list[tuple[str, LineString]]], rng: np.random.Generator
) -> list[tuple[str, LineString]]:
    ends = {
        name: np.vstack([np.asarray(line.coords)[[0, -1]] for _, line in lines])
        for name, lines in built.items()
    }

    def gate(name: str, toward: Floats) -> Floats:
        here: Floats = ends[name][np.argmin(np.hypot(*(ends[name] - toward).T))]
        return here

    lines = []
    for name, start, goal in ROADS:
        grid = SETTLEMENTS[start]
        if isinstance(goal, str):
            target = np.array([SETTLEMENTS[goal].x, SETTLEMENTS[goal].y])
            a = gate(start, target)
            whole = _winding(a, gate(goal, a), rng)
        else:
            target = np.array([grid.x, grid.y]) + 16000 * np.array([np.cos(goal), np.sin(goal)])
            whole = _winding(gate(start, target), target, rng)
            inside = whole.intersection(boundary)
            whole = max(getattr(inside, "geoms", [inside]), key=lambda part: part.length)
        lines.append((name, whole))
    roads = [line for _, line in lines if line.length > 2000]
    for i, name in enumerate(LANES):
        road = roads[i % len(roads)]
        s = rng.uniform(0.1, 0.85)
        at, on = (np.asarray(road.interpolate(f, normalized=True).coords[0]) for f in (s, s + 0.02))
        side = rng.choice([-1, 1]) * np.array([-(on - at)[1], (on - at)[0]]) / np.hypot(*(on - at))
        turn = rng.uniform(-0.8, 0.8)
        side = side @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        lines.append((name, _winding(at, at + rng.uniform(700, 2100) * side, rng, 0.09)))
    return lines


def _pieces(line: LineString, length: float) -> list[LineString]:
    n = max(1, round(line.length / length))
    cuts = np.linspace(0, line.length, n + 1)
    return [_line(substring(line, a, b).coords) for a, b in pairwise(cuts)]


def _outline(rng: np.random.Generator) -> Polygon:
    """Return the municipality's boundary."""
    a = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    r = 11800 + 900 * np.sin(2 * a + 0.8) + 700 * np.sin(3 * a + 2.2) + 420 * np.sin(7 * a)
    r += rng.normal(0, 170, a.size) + 260 * np.sin(13 * a + 1)
    grid = SETTLEMENTS[NAME]
    return Polygon(
        np.round(np.column_stack([grid.x + r * np.cos(a), grid.y - 700 + r * np.sin(a)]), 1)
    )


def _areas(outline: Polygon, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Cut the municipality into areas that share their borders exactly."""
    grid = SETTLEMENTS[NAME]
    a = np.linspace(0, 2 * np.pi, 73)
    edge = 1.2 + 0.05 * np.sin(3 * a + 0.5) + 0.04 * np.sin(5 * a + 2)
    edge -= 0.22 * np.clip(np.sin(a), -1, 0) ** 2  # the town is shallower south of the railway
    t = np.linspace(0, 1, 15)
    u, v = 480.0, 490.0
    ring_u = np.concatenate([-u + 0 * t, -u + 2 * u * t, u + 0 * t])
    ring_v = np.concatenate([-60 + (v + 60) * t, v + 0 * t, v - (v + 60) * t])
    lines = [
        outline.exterior,
        _line(to_ground(grid, grid.reach[0] * edge * np.cos(a), grid.reach[1] * edge * np.sin(a))),
        _line(to_ground(grid, ring_u, ring_v)),
        _line(to_ground(grid, np.linspace(-2000, 2000, 60), np.zeros(60))),
    ]
    for bearing in (1.95, 3.9, 6.2):
        way = np.array([np.cos(bearing), np.sin(bearing)])
        at = np.array([grid.x, grid.y])
        lines.append(_winding(at + 760 * way, at + 16000 * way, rng))
    # a line over the town's rim hangs loose in the country, and polygonize leaves it out
    noded = shapely.set_precision(shapely.unary_union(lines), 0.1)
    cells = [
        g for g in shapely.polygonize([noded]).geoms if outline.covers(g.representative_point())
    ]
    middle = dict(zip(AREAS, ((0, 250), (-700, 600), (0, -300)), strict=False))
    seats = {name: Point(to_ground(grid, *at)[0]) for name, at in middle.items()} | {
        f"{name} med omnejd": Point(SETTLEMENTS[name].x, SETTLEMENTS[name].y)
        for name in ("Ljungaholm", "Stensåkra")
    }
    seats["Björnarp och Hökasjö"] = Point(SETTLEMENTS["Björnarp"].x, SETTLEMENTS["Björnarp"].y)
    parts = {name: next(c for c in cells if c.covers(seat)) for name, seat in seats.items()}
    left = [c for c in cells if not any(c is part for part in parts.values())]
    for cell in left:  # scraps at the rim join the neighbour with the longest common border
        name = max(parts, key=lambda n: parts[n].intersection(cell).length)
        parts[name] = shapely.unary_union([parts[name], cell])
    return gpd.GeoDataFrame({"namn": list(AREAS)}, geometry=[parts[n] for n in AREAS], crs=CRS)


def _addresses(streets: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the houses along every street; a few of them draw most of what happens."""
    spacing = {"town": 38.0, "village": 45.0, "country": 420.0}
    offset = {"town": 13.0, "village": 16.0, "country": 70.0}
    rows: list[tuple[Any, ...]] = []
    reached: dict[str, int] = {}
    for name, zone, line in streets[["name", "zone", "geometry"]].itertuples(index=False):
        house = reached.get(name, 0)
        for at in np.arange(spacing[zone] / 2, line.length, spacing[zone]):
            p, q = line.interpolate(at), line.interpolate(at + 1)
            along = np.array([q.x - p.x, q.y - p.y])
            along /= max(float(np.hypot(*along)), 1e-9)
            for side in (-1, 1):
                away = offset[zone] * rng.uniform(0.8, 1.6) * side
                rows.append(
                    (p.x - along[1] * away, p.y + along[0] * away, name,
                     2 * house + (1 if side < 0 else 2), zone)
                )  # fmt: skip
            house += 1
        reached[name] = house
    frame = pd.DataFrame(rows, columns=["x", "y", "GATA", "GATUNR", "zone"])
    middle = SETTLEMENTS[NAME]
    far = np.hypot(frame["x"] - middle.x, frame["y"] - middle.y)
    frame["weight"] = rng.gamma(0.45, 1.0, len(frame)) * np.where(
        frame["zone"].eq("town"), np.exp(-far / 900), 1.0
    )
    return frame.round({"x": 1, "y": 1})


@cache
def police_station() -> tuple[float, float]:
    """Return where the police station lies; no other public place lies near it."""
    x, y = to_ground(SETTLEMENTS[NAME], 660, 235)[0].round(0)
    return float(x), float(y)


def _gazetteer(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    at = np.vstack([to_ground(SETTLEMENTS[s.settlement], s.u, s.v) for s in SPOTS]).round(0)
    at = np.vstack([at, police_station()])
    places = gpd.GeoDataFrame(
        {
            "name": [*(s.name for s in SPOTS), "Polisstationen"],
            "place_type": [*(s.place_type for s in SPOTS), "polisstation"],
            "x": at[:, 0],
            "y": at[:, 1],
        },
        geometry=gpd.points_from_xy(at[:, 0], at[:, 1]),
        crs=CRS,
    )
    places["area"] = [
        areas.loc[areas.geometry.covers(point), "namn"].iloc[0] for point in places.geometry
    ]
    return places


@cache
def the_map() -> Map:
    """Return the map."""
    rng = stream(GEOGRAPHY_SEED, "map")
    areas = _areas(_outline(rng), rng)
    boundary = shapely.unary_union(areas.geometry.to_numpy())
    built = {name: _settlement_streets(name, rng) for name in SETTLEMENTS}
    rows = [
        (name, "town" if settlement == NAME else "village", line)
        for settlement, lines in built.items()
        for name, line in lines
    ]
    for name, road in _country_roads(boundary, built, rng):
        rows += [(name, "country", piece) for piece in _pieces(road, 1500)]
    streets = gpd.GeoDataFrame(rows, columns=["name", "zone", "geometry"], crs=CRS)
    addresses = _addresses(streets, rng)
    inner = boundary.buffer(-150)
    within = shapely.contains_xy(inner, addresses["x"], addresses["y"])
    return Map(
        boundary, areas, streets, _gazetteer(areas), addresses[within].reset_index(drop=True)
    )


DOORS = np.array([0.6, 0.25, 0.15])


@cache
def doors(spot: Spot) -> dict[str, npt.NDArray[Any]]:
    """Return the three points where a place's events are recorded, the first most often."""
    row = the_map().places.set_index("name").loc[spot.name]
    addresses = the_map().addresses
    near = addresses.iloc[np.argmin(np.hypot(addresses["x"] - row["x"], addresses["y"] - row["y"]))]
    rng = stream(GEOGRAPHY_SEED, spot.name)
    away = np.vstack([[0, 0], rng.normal(0, 24, (2, 2))]).round(0)
    return {
        "x": row["x"] + away[:, 0],
        "y": row["y"] + away[:, 1],
        "GATA": np.array([near["GATA"]] * 3, dtype=object),
        "GATUNR": np.array([near["GATUNR"]] * 3, dtype=object),
    }
