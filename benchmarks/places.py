"""Pieces of work on places, ours and the peers', for ``benchmarks.peers`` to measure."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import Any

from benchmarks.space_time import town

SIDE = 100.0
WARM = (100, 100)
"""A tiny case, which imports and compiles what a piece of work needs."""
Work = Callable[[], Any]


def spots(n: int, cells: int) -> Any:
    """Return `n` clustered coordinates within a square of `cells` cells; the same each time."""
    import numpy as np

    rng = np.random.default_rng(n)
    width = isqrt(cells) * SIDE
    middle = rng.uniform(0.1, 0.9, (50, 2)) * width
    return np.clip(
        middle[rng.integers(50, size=n)] + rng.normal(0, width / 25, (n, 2)), 0, width - 1
    )


def frame(cells: int) -> Any:
    """Return a square grid."""
    import numpy as np

    from est_analysis.patterns.grid import Grid

    return Grid(SIDE, 0, 0, np.ones((isqrt(cells), isqrt(cells)), dtype=bool))


def to_grid(n: int, cells: int) -> Work:
    """Count events in cells."""
    at, grid = spots(n, cells), frame(cells)
    return lambda: grid.tally(at[:, 0], at[:, 1])


def to_grid_sjoin(n: int, cells: int) -> Work:
    """Count events in cells by a spatial join."""
    import geopandas as gpd
    import numpy as np

    grid = frame(cells)
    points = gpd.GeoSeries.from_xy(*spots(n, cells).T).to_frame("geometry")
    squares = gpd.GeoDataFrame(geometry=grid.squares(np.arange(cells)))
    return lambda: gpd.sjoin(points, squares).groupby("index_right").size()


def counts(n: int, cells: int) -> Any:
    """Return counts in cells."""
    return frame(cells).tally(*spots(n, cells).T).counts


def gi_star(n: int, cells: int) -> Work:
    """Getis-Ord Gi*, with p and q."""
    from est_analysis.patterns import local

    table = counts(n, cells)
    return lambda: local.gi_star(table)


def gi_star_esda(n: int, cells: int) -> Work:
    """Getis-Ord Gi* by esda, without permutations; making the weights is not counted."""
    from esda.getisord import G_Local
    from libpysal.weights import lat2W

    table = counts(n, cells).ravel().astype(float)
    weights = lat2W(isqrt(cells), isqrt(cells), rook=False)
    return lambda: G_Local(table, weights, transform="B", star=True, permutations=0)


def gi_star_esda_permuted(n: int, cells: int, draws: int = 999) -> Work:
    """Getis-Ord Gi* by esda, with permutations; making the weights is not counted."""
    from esda.getisord import G_Local
    from libpysal.weights import lat2W

    table = counts(n, cells).ravel().astype(float)
    weights = lat2W(isqrt(cells), isqrt(cells), rook=False)
    return lambda: G_Local(table, weights, transform="B", star=True, permutations=draws, n_jobs=1)


def density(n: int, cells: int) -> Work:
    """Quartic density from coordinates, edges allowed for."""
    from est_analysis.patterns.density import kernel

    at, grid = spots(n, cells), frame(cells)
    return lambda: kernel(grid, 500.0).density(grid.tally(at[:, 0], at[:, 1]).counts)


def density_kdepy(n: int, cells: int) -> Work:
    """Quartic density by KDEpy's FFT, edges not allowed for."""
    from KDEpy import FFTKDE

    at, rows = spots(n, cells), isqrt(cells)
    return lambda: FFTKDE(kernel="biweight", bw=500 / 7**0.5).fit(at).evaluate((rows, rows))


def concentration(n: int, cells: int) -> Work:
    """Concentration with 99 draws by lot."""
    from est_analysis.patterns import concentration as module

    table = counts(n, cells).ravel()
    return lambda: module.concentration(table, replicates=99)


def addresses(n: int, each: int) -> Any:
    """Return `n` coordinates at one address for every `each` of them; the same each time."""
    import numpy as np

    at = spots(max(n // each, 20), 10_000).round()
    return at[np.random.default_rng(n).integers(0, len(at), n)] if each > 1 else at


def districts(areas: int) -> Any:
    """Return so many areas that fill the square, with a corner every 25 metres."""
    import geopandas as gpd
    import numpy as np
    import shapely

    square = shapely.box(0, 0, 10_000, 10_000)
    middles = shapely.MultiPoint(np.random.default_rng(areas).uniform(0, 10_000, (areas, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(middles, extend_to=square))
    shapes = shapely.segmentize(shapely.intersection(cells, square), 25)
    names = [f"Område {number}" for number in range(areas)]
    return gpd.GeoDataFrame({"name": names}, geometry=shapes, crs="EPSG:3006")


def to_areas(n: int, areas: int, each: int = 10) -> Work:
    """Name the area of every event, as gathering does."""
    import pandas as pd

    from est_analysis.gather import locate, spread
    from est_analysis.gather.geography import Geography

    x, y = (pd.Series(axis) for axis in addresses(n, each).T)
    none = spread.same("", x.index)
    geography = Geography(boundary=None, areas=districts(areas), places=None, streets=None)
    return lambda: locate._area_of(x, y, none, geography)


def to_areas_sjoin(n: int, areas: int, each: int = 10) -> Work:
    """Name the area of every event by a spatial join, from coordinates too."""
    import geopandas as gpd

    at, shapes = addresses(n, each).T, districts(areas)

    def join() -> Any:
        points = gpd.GeoSeries.from_xy(*at, crs="EPSG:3006").to_frame("geometry")
        return gpd.sjoin(points, shapes, how="left")["name"]

    return join


def clusters(n: int) -> Work:
    """Find dense places, as a report does: each address once, with its weight."""
    import pandas as pd

    from est_analysis.municipality import Municipality, Thresholds
    from est_analysis.patterns import hotspots

    x, y, _ = town(n)
    here = pd.DataFrame({"x": x, "y": y, "count": 1})
    own = Municipality.model_construct(thresholds=Thresholds())

    def find() -> Any:
        weights = here["count"].groupby([here["x"], here["y"]]).sum()
        at = weights.index.to_frame().to_numpy(float)
        return hotspots._dense(at, weights.to_numpy(), own)

    return find


def clusters_sklearn(n: int) -> Work:
    """Find dense places by sklearn, an event at a time."""
    import numpy as np
    from sklearn.cluster import DBSCAN

    from est_analysis.municipality import Municipality, Thresholds
    from est_analysis.patterns.hotspots import smallest_cluster

    own = Municipality.model_construct(thresholds=Thresholds())
    radius, least = own.thresholds.cluster_radius_m, smallest_cluster(n, own)
    at = np.column_stack(town(n)[:2])
    return lambda: DBSCAN(eps=radius, min_samples=least).fit_predict(at)
