"""
Ask whether situations, combinations and shares are what was planted, and quiet where nothing was.

Alone: ``python -m benchmarks.truth_of_situations --seeds 20 --first 1``; each line has its figure.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from scipy.stats import binom

from benchmarks.truth import STRENGTHS, a_share, a_situation, report
from est_analysis.counts import bh
from est_analysis.gather import sample
from est_analysis.patterns import combinations as combined
from est_analysis.patterns.reported import chapman
from est_analysis.patterns.together import lifts

Line = tuple[str, bool]
COVERAGE = 0.90
"""An interval of 95 % is to hold the truth at least so often (linking misses some too)."""


def one(job: tuple[int, float, bool]) -> dict[str, Any]:
    """Return what one municipality's report says of situations."""
    seed, strength, planted = job
    made = sample.make(seed, strength=strength, planted=planted)
    results = report(made)
    said: dict[str, Any] = {
        "types": len(results.situations.table),
        "stable": float((results.situations.table["stability"] >= 0.75).mean()),
        "nowhere": results.situations.nowhere / results.situations.n,
        "nowhere_now": results.situations.nowhere_now / max(1, results.situations.now),
        "combinations": len(results.combinations.table),
        "together": len(results.together.table),
    }
    for truth in made.truth:
        if truth["kind"] == "situation type":
            said[truth["id"]] = a_situation(results, truth)
        if truth["kind"] == "true share reported to the police":
            said["share"] = a_share(results, truth)
            groups = results.reported.groups.set_index("group")
            low, high = groups.loc[truth["scope"]["groups"][0], ["low", "high"]]
            said["covers"] = bool(low <= truth["reported_share"] <= high)
    return said


def quiet_combinations(seed: int, *, occasions: int = 1_400) -> bool:
    """Tell whether anything stands out where times hang on the group alone."""
    rng = np.random.default_rng(seed)
    groups, types, times = 13, 11, 8
    rhythm = rng.dirichlet(np.ones(times), groups)
    mix = rng.dirichlet(np.full(groups * types, 0.4)).reshape(groups, types)
    there = rng.multinomial(occasions, mix.ravel()).reshape(groups, types)
    table = np.stack([rng.multinomial(there[g], rhythm[g]) for g in range(groups)])
    of_group = table.sum(axis=1)
    g, t, at = np.argwhere(
        (there >= combined.FEWEST_THERE)[:, :, None] & np.ones_like(table, dtype=bool)
    ).T
    p = combined.excess(table[g, t, at], there[g, t], of_group[g, at], of_group[g].sum(axis=1))
    return bool(len(p) and p.min() * len(p) <= combined.LEVEL)


def quiet_lifts(seed: int) -> bool:
    """Tell whether anything goes together where it is by lot which places have what."""
    rng = np.random.default_rng(seed)
    groups = rng.poisson(rng.gamma(1, 5, (45, 1)) * rng.gamma(1, 1, (1, 12))) + 1
    records = rng.integers(5, 60, 45)
    told = rng.binomial(records[:, None], rng.beta(1, 4, (45, 20)))
    return bool((bh(lifts(groups, told, records, seed=seed).p.ravel()) <= 0.05).any())


def low_totals(together: float, runs: int = 2_000) -> tuple[float, float]:
    """
    Return how often the total's interval holds the truth, and the median share of it.

    The second partner is so many times likelier to see what the first does.
    """
    rng, truth = np.random.default_rng(1), 400
    inside, totals = 0, []
    for _ in range(runs):
        one = rng.random(truth) < 0.4
        other = rng.random(truth) < np.where(one, 0.3 * together, 0.3)
        total, interval = chapman(int(one.sum()), int(other.sum()), int((one & other).sum()))
        inside += interval.low <= truth <= interval.high
        totals.append(total / truth)
    return inside / runs, float(np.median(totals))


def kernel_lines(runs: int) -> list[Line]:
    """Return whether the kernels are quiet where nothing is, and totals too low where dependent."""
    lines = []
    with ProcessPoolExecutor(os.cpu_count() or 1) as pool:
        for name, ask in (("combinations", quiet_combinations), ("lifts", quiet_lifts)):
            false = sum(pool.map(ask, range(runs), chunksize=10))
            bound = int(binom.ppf(0.99, runs, 0.05))
            lines.append(
                (f"null {name}: any in {false} of {runs} (at most {bound})", false <= bound)
            )
    inside, share = low_totals(1)
    lines.append(
        (f"totals, independent: covered in {inside:.0%}, median {share:.2f}", inside >= 0.92)
    )
    inside, share = low_totals(2)
    lines.append((f"totals, dependent: covered in {inside:.0%}, median {share:.2f}", share < 1))
    return lines


def told(said: list[dict[str, Any]], what: str) -> list[str]:
    """Return the figures of some municipalities, as lines."""
    names = sorted({name for line in said for name in line})
    means = {n: float(np.mean([line[n] for line in said if n in line])) for n in names}
    return [f"{what}: " + ", ".join(f"{name} {mean:.2f}" for name, mean in means.items())]


def main() -> int:
    """Print every figure; return non-zero when a check is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--runs", type=int, default=1_000, help="towns of the kernels' nulls")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    lines = kernel_lines(asked.runs)
    with ProcessPoolExecutor(os.cpu_count() or 1) as pool:
        for strength in (*STRENGTHS, 0.0):
            said = list(pool.map(one, [(seed, strength, strength > 0) for seed in seeds]))
            print("\n".join(told(said, f"strength {strength:g}, {len(said)} municipalities")))
            covers = [line["covers"] for line in said if "covers" in line]
            if covers:
                share = float(np.mean(covers))
                text = f"strength {strength:g}: the share's interval holds the truth in {share:.0%}"
                lines.append((text, share >= COVERAGE))
    for text, met in lines:
        print(f"{'met   ' if met else 'MISSED'} {text}")
    return int(not all(met for _, met in lines))


if __name__ == "__main__":
    raise SystemExit(main())
