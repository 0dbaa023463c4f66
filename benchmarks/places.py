"""
What the kernels of place cost: seconds, memory and growth by cells and events, peers beside them.

Each piece of work runs in a process of its own. A peer is measured where it can be imported (run
with an interpreter that has esda, libpysal and KDEpy to see them); only ratios of one run carry
over to another machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from math import isqrt, log
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

SIDE = 100.0
Prepared = Callable[[], Any]


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


def to_grid(n: int, cells: int) -> Prepared:
    """Count events in cells."""
    at, grid = spots(n, cells), frame(cells)
    return lambda: grid.tally(at[:, 0], at[:, 1])


def to_grid_sjoin(n: int, cells: int) -> Prepared:
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


def gi_star(n: int, cells: int) -> Prepared:
    """Getis-Ord Gi*, with p and q."""
    from est_analysis.patterns import local

    table = counts(n, cells)
    return lambda: local.gi_star(table)


def gi_star_esda(n: int, cells: int) -> Prepared:
    """Getis-Ord Gi* by esda, without permutations; making the weights is not counted."""
    from esda.getisord import G_Local
    from libpysal.weights import lat2W

    table = counts(n, cells).ravel().astype(float)
    weights = lat2W(isqrt(cells), isqrt(cells), rook=False)
    return lambda: G_Local(table, weights, transform="B", star=True, permutations=0)


def density(n: int, cells: int) -> Prepared:
    """Quartic density from coordinates, edges allowed for."""
    from est_analysis.patterns.density import kernel

    at, grid = spots(n, cells), frame(cells)
    return lambda: kernel(grid, 500.0).density(grid.tally(at[:, 0], at[:, 1]).counts)


def density_kdepy(n: int, cells: int) -> Prepared:
    """Quartic density by KDEpy's FFT, edges not allowed for."""
    from KDEpy import FFTKDE

    at, rows = spots(n, cells), isqrt(cells)
    return lambda: FFTKDE(kernel="biweight", bw=500 / 7**0.5).fit(at).evaluate((rows, rows))


def concentration(n: int, cells: int) -> Prepared:
    """Concentration with 99 draws by lot."""
    from est_analysis.patterns import concentration as module

    table = counts(n, cells).ravel()
    return lambda: module.concentration(table, replicates=99)


def unusual(n: int, cells: int) -> Prepared:
    """Places against three earlier years, 99 replicates."""
    import numpy as np

    from est_analysis.patterns.unusual import against_earlier

    share = (counts(n, cells).ravel() + 0.01) / n
    years = np.random.default_rng(1).poisson(share[:, None] * n / 4, (cells, 4))
    return lambda: against_earlier(years[:, 3], years[:, :3], replicates=99)


def emerging(n: int, cells: int) -> Prepared:
    """Mann-Kendall and classes of 24 months."""
    import numpy as np

    from est_analysis.patterns.emerging import classify, mann_kendall

    share = counts(n, cells).ravel() / 24
    months = np.random.default_rng(1).poisson(share[:, None], (cells, 24))
    return lambda: (classify(months), mann_kendall(months))


SIZES: dict[str, list[tuple[int, int]]] = {
    "to_grid": [(10_000, 10_000), (100_000, 10_000), (1_000_000, 10_000)],
    "to_grid_sjoin": [(100_000, 10_000), (1_000_000, 10_000)],
    "gi_star": [(100_000, 10_000), (100_000, 160_000), (1_000_000, 1_000_000)],
    "gi_star_esda": [(100_000, 10_000), (100_000, 160_000), (1_000_000, 1_000_000)],
    "density": [(10_000, 40_000), (100_000, 40_000), (1_000_000, 1_000_000)],
    "density_kdepy": [(10_000, 40_000), (100_000, 40_000), (1_000_000, 1_000_000)],
    "concentration": [(1_000, 10_000), (10_000, 10_000), (1_000_000, 10_000)],
    "unusual": [(1_000, 2_500), (10_000, 10_000), (100_000, 40_000)],
    "emerging": [(10_000, 10_000), (100_000, 160_000)],
}


def memory_peak() -> float:
    """Return this process's peak of resident memory so far, in megabytes (Linux)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("no peak of memory is told here")


def child(name: str, n: int, cells: int) -> None:
    """Do one piece of work; print its seconds (a second go, imports done) and added memory."""
    import scipy.signal
    import scipy.stats  # noqa: F401 - what every side loads is no one's cost

    try:
        work: Prepared = globals()[name](n, cells)
    except ImportError:
        print(json.dumps({"missing": True}))
        return
    before = memory_peak()
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    print(json.dumps({"seconds": sorted(seconds)[1], "megabytes": memory_peak() - before}))


def main() -> int:
    """Print every piece of work at every size, with its growth from the size before."""
    if len(sys.argv) == 4:
        child(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
        return 0
    print(f"{'work':<15}{'events':>11}{'cells':>11}{'seconds':>10}{'MB':>8}{'slope':>7}")
    for name, sizes in SIZES.items():
        former: tuple[int, int, float] | None = None
        for n, cells in sizes:
            ran = subprocess.run(
                [sys.executable, "-W", "ignore", __file__, name, str(n), str(cells)],
                check=True,
                capture_output=True,
                text=True,
            )
            got = json.loads(ran.stdout.splitlines()[-1])
            if got.get("missing"):
                print(f"{name:<15}  cannot be imported here")
                break
            seconds, slope = got["seconds"], ""
            if former:  # the exponent, by whichever of the two grew more
                grown = max(n / former[0], cells / former[1])
                slope = f"{log(seconds / former[2]) / log(grown):.2f}"
            former = n, cells, seconds
            print(
                f"{name:<15}{n:>11,}{cells:>11,}{seconds:>10.4f}{got['megabytes']:>8.0f}{slope:>7}"
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
