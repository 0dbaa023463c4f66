"""Pieces of work in space and time, ours and the peers', for ``benchmarks.peers`` to measure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Work = Callable[[], Any]
DRAWS = 999
WARM = (100, 2)
"""A tiny case: events, permutations."""


def town(n: int, kilometres: int = 10) -> tuple[Any, Any, Any]:
    """Return x, y (metres) and day of `n` events of a year; the same for the same `n`."""
    import numpy as np

    rng = np.random.default_rng(n)
    side, clusters = kilometres * 1000, 12 * kilometres**2 // 100
    centres = rng.uniform(0, side, (clusters, 2))
    addresses = max(n // 3, 50)
    spots = centres[rng.integers(0, clusters, addresses)] + rng.normal(0, 900, (addresses, 2))
    flat = rng.random(addresses) < 0.4
    spots[flat] = rng.uniform(0, side, (int(flat.sum()), 2))
    weight = rng.pareto(1.5, addresses) + 0.2
    at = spots.round()[rng.choice(addresses, n, p=weight / weight.sum())]
    return at[:, 0], at[:, 1], rng.integers(0, 365, n)


def knox(n: int, draws: int = DRAWS, kilometres: int = 10) -> Work:
    """Count 8 bands to 800 m by 8 to 56 days, permuted."""
    import numpy as np

    from est_analysis.patterns import near_repeats

    x, y, days = town(n, kilometres)
    metres, bands = np.arange(0, 900, 100), np.arange(0, 63, 7)
    rng = np.random.default_rng(1)
    return lambda: near_repeats.knox(
        x, y, days, metres=metres, day_bands=bands, draws=draws, rng=rng
    )


def knox_stopping(n: int, draws: int = DRAWS) -> Work:
    """Count the same bands; stop once 20 permutations have reached the observed."""
    import numpy as np

    from est_analysis.patterns import near_repeats

    x, y, days = town(n)
    metres, bands = np.arange(0, 900, 100), np.arange(0, 63, 7)
    rng = np.random.default_rng(1)
    return lambda: near_repeats.knox(
        x, y, days, metres=metres, day_bands=bands, draws=draws, stop_after=20, rng=rng
    )


def knox_pointpats(n: int, draws: int = DRAWS) -> Work:
    """Count one band, permuted, by pointpats."""
    import numpy as np
    from pointpats.spacetime import Knox

    x, y, days = town(n)
    at, when = np.column_stack([x, y]), days[:, None].astype(float)
    return lambda: Knox(at, when, 100, 7, permutations=draws)


def scan(n: int, draws: int = DRAWS, *, end: int | None = None, stop: int | None = None) -> Work:
    """Scan windows of up to 30 days anywhere, or to the end, within 1,000 m."""
    import numpy as np

    from est_analysis.patterns.scan import scan as search

    x, y, days = town(n)
    rng = np.random.default_rng(1)
    return lambda: search(x, y, days, longest=30, end=end, draws=draws, stop_after=stop, rng=rng)


def scan_to_the_end(n: int, draws: int = DRAWS) -> Work:
    """Scan windows that end at the end."""
    return scan(n, draws, end=364)


def scan_stopping(n: int, draws: int = DRAWS) -> Work:
    """Scan windows anywhere; stop once 20 permutations have reached the observed."""
    return scan(n, draws, stop=20)
