"""
Ask whether the fortnight's alarms and the quarter's changes keep quiet where nothing is new.

Quiet municipalities are made in memory: seasons, trends, unrest of weeks and of groups, bursts, and
crimes that are registered late. Each is asked about one fortnight, through the same calls as the
meeting's brief. Then a rise is planted in one series. Run by itself:

    python -m benchmarks.truth_of_change --seeds 1000
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom

from est_analysis import periods
from est_analysis.evidence import Finding, Word, judge
from est_analysis.municipality import Municipality, Thresholds
from est_analysis.patterns.alarms import alarms
from est_analysis.patterns.change import compare
from est_analysis.reports.findings import CLAIMED, change_findings
from est_analysis.reports.findings_of_alarms import alarm_findings

PERIOD = periods.parse("2026-09-14--2026-09-27")
DELIVERED = pd.Timestamp("2026-10-02")
WEEKS = 52 * 4
CLAIMS = {Word.CLEAR, Word.INDICATION}
AREAS = 6
PLANTED = "Planterad"
MEANS = {
    "reported_crime": (5.0, 4.0, 3.5, 3.0, 2.5, 2.0, 1.5, 1.2, 1.0, 0.6, 0.4, 0.2),
    "event": (2.5, 1.5, 1.2, 1.0, 0.8, 0.5, 0.3, 0.2),
    "unsafe_place": (2.0, 1.0),
    "physical_defect": (2.0, 1.0),
}
"""Events a fortnight of each group: a municipality of about a thousand crimes a year."""
POWER_OF = [(mean, times) for mean in (2.0, 5.0, 10.0) for times in (3.0, 5.0)] + [
    (mean, 2.0) for mean in (2.0, 5.0, 10.0)
]


def settings() -> Municipality:
    """Return the settings of a municipality whose one source tells of everything."""
    source = {
        "partner": "Alla",
        "kind": "reported_crime",
        "files": "deliveries/alla/*.csv",
        "format": "csv",
        "columns": {"start": "datum"},
        "constants": {"group": "A"},
    }
    return Municipality.model_validate(
        {
            "folder": Path("tyst"),
            "name": "Tyst",
            "code": "9999",
            "purpose": "prov",
            "controller": "prov",
            "crs": "EPSG:3006",
            "sources": {"alla": source},
        }
    )


def town(
    seed: int, *, planted: tuple[float, float] | None = None, unrest: float = 1.0
) -> pd.DataFrame:
    """
    Return four years of a quiet municipality's events, as delivered five days after the fortnight.

    Parameters
    ----------
    seed
        Of everything.
    planted
        Mean a fortnight of one more group of crime, and how many times as many it has now.
    unrest
        Scales the variance that weeks and groups have beyond Poisson's.
    """
    rng = np.random.default_rng(seed)
    first = pd.Timestamp(PERIOD.end) - pd.Timedelta(weeks=WEEKS)
    day0, week = first.day_of_year, np.arange(WEEKS)
    parts = []
    for kind, means in MEANS.items():
        own = list(means) + ([planted[0]] if planted and kind == "reported_crime" else [])
        names = [f"G{i:02d}" for i in range(len(own))]
        mean = np.array(own)[:, None] / 2
        season = 1 + rng.uniform(0, 0.5, (len(own), 1)) * np.cos(
            2 * np.pi * (week * 7 + day0) / 365.25 - rng.uniform(0, 2 * np.pi, (len(own), 1))
        )
        trend = (1 + rng.uniform(-0.1, 0.1, (len(own), 1))) ** (week / 52)
        rate = mean * season * trend * _gamma(rng, 0.03 * unrest, WEEKS)
        bursts = rng.uniform(0.0, 0.3, (len(own), 1)) * unrest  # some groups are restless
        rate = rate * _gamma(rng, np.broadcast_to(bursts, rate.shape), rate.shape)
        if planted and kind == "reported_crime":
            names[-1] = PLANTED
            rate[-1, -2:] *= planted[1]
        n = rng.poisson(rate)
        group, at = (np.repeat(index, n.ravel()) for index in np.indices(n.shape).reshape(2, -1))
        start = first + pd.to_timedelta(at * 7 + rng.integers(0, 7, len(at)), unit="D")
        late = rng.choice([1.5, 14.0, 60.0], len(at), p=[0.6, 0.3, 0.1])
        registered = start + pd.to_timedelta(rng.exponential(late).astype(int), unit="D")
        shares = rng.dirichlet(np.full(AREAS, 2.0))
        area = rng.choice([f"O{i}" for i in range(AREAS)], len(at), p=shares)
        table = pd.DataFrame(
            {
                "kind": kind,
                "group": np.array(names)[group],
                "area": area,
                "start": start,
                "registered": registered,
            }
        )
        table = table[table["registered"] <= DELIVERED]
        if kind != "reported_crime":  # the others never tell when they were registered
            table["registered"] = pd.NaT
        parts.append(table)
    events = pd.concat(parts, ignore_index=True)
    return events.assign(
        source="alla",
        partner="Alla",
        time_precision="day",
        count=1,
        police_activity=False,
        same_as="",
        registered=events["registered"].astype("datetime64[ns]"),
    )


def _gamma(rng: np.random.Generator, variance: Any, shape: Any) -> np.ndarray:
    """Return draws of mean 1 and a variance, where zero is none."""
    floor = np.maximum(variance, 1e-9)
    return rng.gamma(1 / floor, floor, shape)


def asked(events: pd.DataFrame) -> list[Finding]:
    """Return the brief's claims of a town."""
    own = settings()
    found = alarms(events, PERIOD, own)
    return judge(alarm_findings(found, own.thresholds.interval_level), own.thresholds)


def quiet(seed: int) -> list[tuple[str, str, bool]]:
    """Return the false claims of one quiet town: id, word, and whether it is a rise."""
    return [
        (f.id, f.word.value, (f.estimate or 0) > 1) for f in asked(town(seed)) if f.word in CLAIMS
    ]


QUARTER = periods.parse("2026Q2")


def quarter(seed: int) -> list[tuple[str, str, bool]]:
    """Return the false claims of the quarterly questions about change in one quiet town."""
    events, own = town(seed), settings()
    level = own.thresholds.interval_level
    findings = [
        finding
        for by in CLAIMED
        for finding in change_findings(compare(events, QUARTER, own, by=by), by, level)
    ]
    return [
        (f.id, f.word.value, (f.estimate or 0) > 1)
        for f in judge(findings, own.thresholds)
        if f.word in CLAIMS
    ]


def loud(job: tuple[int, float, float]) -> tuple[bool, bool]:
    """Tell whether a planted rise is claimed at all, and clearly."""
    seed, mean, times = job
    wanted = f"change/reported_crime/group/{PLANTED}"
    words = {f.id: f.word for f in asked(town(seed, planted=(mean, times)))}
    return words.get(wanted) in CLAIMS, words.get(wanted) is Word.CLEAR


def null_lines(
    said: list[list[tuple[str, str, bool]]], limits: Thresholds, of: str = "fortnights"
) -> list[tuple[str, bool]]:
    """Return whether false words stay within the binomial 99 % bound of what is promised."""
    lines, n = [], len(said)
    for name, rate, words in (
        ("clear", limits.clear, {"clear"}),
        ("claim", limits.indication, {"clear", "indication"}),
    ):
        seen = sum(any(word in words for _, word, _ in town) for town in said)
        bound = int(binom.ppf(0.99, n, rate))
        text = f"null: any false {name} in {seen} of {n} {of} (at most {bound})"
        lines.append((text, seen <= bound))
    return lines


def main() -> int:
    """Print false alarms and power; return non-zero when the promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1, help="first seed; never chosen for results")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    few = range(given.first, given.first + max(1, given.seeds // 20))
    with ProcessPoolExecutor(os.cpu_count() or 1) as pool:
        said = list(pool.map(quiet, seeds, chunksize=10))
        lines = null_lines(said, settings().thresholds)
        quarters = list(pool.map(quarter, seeds, chunksize=10))
        lines += null_lines(quarters, settings().thresholds, "quarters")
        for text, met in lines:
            print(f"{'met   ' if met else 'MISSED'} {text}", flush=True)
        whole = sum(any(i.count("/") == 1 for i, _, _ in town) for town in said)
        falls = sum(any(not rise for _, _, rise in town) for town in said)
        print(f"of those, of a whole kind in {whole}; a fall in {falls}")
        for mean, times in sorted(POWER_OF):
            jobs = [(seed, mean, times) for seed in few]
            found = np.array(list(pool.map(loud, jobs, chunksize=5)))
            share, clear = found.mean(axis=0)
            print(
                f"{mean:g} a fortnight, now {times:g} times: found {share:.0%}, clear {clear:.0%}"
            )
    met = sum(ok for _, ok in lines)
    print(f"{met} met, {len(lines) - met} missed")
    return int(met < len(lines))


if __name__ == "__main__":
    raise SystemExit(main())
