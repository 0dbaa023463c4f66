"""Towns where nothing goes on, for tests of whether a method calls chance by its name."""

import numpy as np
from scipy.stats import binom


def town(seed, *, n, kind="centre", spread=3000, span=112):
    """
    Return x, y (metres) and whole days of `n` events whose places and days are independent.

    Events stack on addresses, some of which have many; `kind` is ``flat`` or ``centre`` (most
    addresses near the middle). Some days are busier than others, everywhere alike.
    """
    rng = np.random.default_rng(seed)
    addresses = max(n // 2, 5)
    spots = rng.integers(0, spread, (addresses, 2)).astype(float)
    if kind == "centre":
        middle = rng.random(addresses) < 0.7
        spots[middle] = rng.normal(spread / 2, spread / 15, (int(middle.sum()), 2)).round()
    weight = 1 / np.arange(1, addresses + 1)
    at = spots[rng.choice(addresses, n, p=weight / weight.sum())]
    busy = 1 + 4 * (np.arange(span) % 28 < 7)
    return at[:, 0], at[:, 1], rng.choice(span, n, p=busy / busy.sum())


def at_most(trials, *, level=0.05):
    """Return how many false claims at `level` chance makes, but for one time in a hundred."""
    return int(binom.ppf(0.99, trials, level))
