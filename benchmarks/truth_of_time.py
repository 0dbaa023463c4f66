"""
Ask whether what is said of hours is as sure as it says, where the hours are known.

``python -m benchmarks.truth_of_time`` draws events whose true minutes are known, hides them in
intervals as police reports do, and asks: how often do bands cover, how often is a place said to
have hours of its own where none has, how often is one found that has, and how far from the truth
is each choice of time. It closes with ``N met, M missed``.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd
from scipy.stats import binom

from est_analysis.counts import holm
from est_analysis.patterns import evenness, own_rhythms, rhythms

Line = tuple[str, bool]
START = np.datetime64("2025-10-06", "m")
LEVEL, TOP = 0.05, 8
NIGHT = np.exp(-0.5 * ((np.arange(24) - 12 + 3) % 24 - 12) ** 2 / 9)  # a peak at 21


def week(by_hour: np.ndarray, late: float = 1.5) -> np.ndarray:
    """Return a weight for each of the week's hours: the day's, more in the weekend."""
    hour = np.arange(168)
    weight = (0.25 + by_hour[hour % 24]) * np.where(own_rhythms.weekend(hour), late, 1.0)
    return weight / weight.sum()


def happened(rng: np.random.Generator, n: int, weight: np.ndarray) -> np.ndarray:
    """Return the true minute of each event, over a year."""
    hour = rng.choice(168, n, p=weight)
    weeks = rng.integers(0, 52, n)
    return START.astype(int) + (weeks * 168 + hour) * 60 + rng.integers(0, 60, n)


def seen(
    rng: np.random.Generator, at: np.ndarray, missed: float, *, overnight: bool = False
) -> rhythms.Spans:
    """
    Return the intervals in which events are known to have happened: some missed for hours.

    What is missed was last seen and then found missing as long before and after on average; or
    `overnight`, as cars and bicycles are: left in the evening, missed in the morning.
    """
    n = len(at)
    late = rng.random(n) < missed
    before = np.where(late, rng.exponential(360, n), 2).astype(int)
    after = np.where(late, rng.exponential(360, n), 2).astype(int)
    if overnight:
        noon = (at - 720) // 1440 * 1440 + 720
        evening = np.minimum(noon + rng.integers(240, 630, n), at)  # 16.00 to 22.30
        morning = np.maximum(noon + rng.integers(1080, 1290, n), at)  # 6.00 to 9.30
        before = np.where(late, at - evening, 2)
        after = np.where(late, morning - at, 2)
    minutes = np.maximum(before + after, 1)
    return rhythms.Spans(at - before, minutes, np.ones(n), np.ones(n, dtype=bool))


def by_hour(spans: rhythms.Spans) -> np.ndarray:
    """Return each interval's share of the day's hours."""
    return rhythms.profiles(spans, fold=np.tile(np.eye(24), (7, 1)))


def coverage(seeds: range, n: int) -> Line:
    """Return how often an hour's band covers what such events give on average."""
    weight = week(NIGHT)
    rng = np.random.default_rng(0)
    many = seen(rng, happened(rng, 200_000, weight), 0.5)
    truth = rhythms.totals(many).reshape(7, 24).sum(axis=0) * n / 200_000
    inside = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        own = seen(rng, happened(rng, int(rng.poisson(n)), weight), 0.5)
        low, high = rhythms.band(by_hour(own), own.weight, draws=199, seed=seed)
        inside += int(((low <= truth) & (truth <= high)).sum())
    share = inside / (24 * len(seeds))
    return f"bands of hours, {n} events: cover in {share:.1%} (at least 93 %)", share >= 0.93


def places(seed: int, n: int, burst: int, own: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return spread, place and occasion of a year; the first place may have hours of its own."""
    rng = np.random.default_rng(seed)
    occasions = n // burst
    place = rng.choice(TOP + 1, occasions, p=[0.05] * TOP + [1 - 0.05 * TOP]) - 1
    at = happened(rng, occasions, week(NIGHT))
    school = np.zeros(168)
    school[[24 * day + hour for day in range(5) for hour in range(8, 16)]] = 1 / 40
    mine = (place == 0) & (rng.random(occasions) < own)
    at[mine] = happened(rng, int(mine.sum()), school)
    at, place = np.repeat(at, burst), np.repeat(place, burst)
    spread = rhythms.profiles(seen(rng, at, 0.5), fold=own_rhythms.stretches())
    return spread, place, np.repeat(np.arange(occasions), burst)


def named(seeds: range, *, n: int, burst: int, own: float, units: bool) -> tuple[int, int]:
    """Return in how many years any place is said to have hours of its own, and the first is."""
    any_place = first = 0
    for seed in seeds:
        spread, place, occasion = places(seed, n, burst, own)
        found = own_rhythms.by_label(
            spread,
            np.ones(len(place)),
            place,
            TOP,
            units=occasion if units else None,
            draws=499,
            seed=seed,
        )
        adjusted = holm([one.p for one in found])
        any_place += bool((adjusted <= LEVEL).any())
        first += bool(adjusted[0] <= LEVEL)
    return any_place, first


def place_checks(seeds: range) -> list[Line]:
    """Return whether places without hours of their own are left alone, and others are found."""
    allowed = int(binom.ppf(0.99, len(seeds), LEVEL))
    lines = []
    for burst in (1, 4):
        false, _ = named(seeds, n=900, burst=burst, own=0.0, units=True)
        what = f"no place differs, bursts of {burst}: one is named in {false} of {len(seeds)}"
        lines.append((f"{what} (at most {allowed})", false <= allowed))
    false, _ = named(seeds, n=900, burst=4, own=0.0, units=False)
    what = f"breaking sibling, bursts taken for proofs: {false} of {len(seeds)}"
    lines.append((f"{what} (more than {allowed})", false > allowed))
    for own, least in ((0.6, 0.8), (0.3, None)):
        _, first = named(seeds, n=900, burst=1, own=own, units=True)
        share = first / len(seeds)
        what = f"a place with {own:.0%} of 45 crimes in school hours: named in {share:.0%}"
        lines.append((what + (f" (at least {least:.0%})" if least else ""), share >= (least or 0)))
    return lines


def choice_checks(seeds: range) -> list[Line]:
    """
    Return how far from the true hours each choice of time lies.

    Aoristic must be nearest where things are missed overnight, and within 0.02 of the nearest where
    before and after are alike: there the midpoint is right on average by construction.
    """
    weight, lines = week(NIGHT), []
    for overnight in (True, False):
        apart: dict[str, list[float]] = {name: [] for name in ("aoristic", *rhythms.CHOICES)}
        for seed in seeds:
            rng = np.random.default_rng(seed)
            at = happened(rng, 800, weight)
            own = seen(rng, at, 0.5, overnight=overnight)
            true = np.bincount((at // 60) % 24, minlength=24) / len(at)
            shown = {"aoristic": rhythms.totals(own).reshape(7, 24), **rhythms.naive(own)}
            for name, table in shown.items():
                apart[name].append(float(np.abs(table.sum(axis=0) / len(at) - true).sum()))
        mean = {name: float(np.mean(values)) for name, values in apart.items()}
        told = ", ".join(f"{name} {value:.2f}" for name, value in mean.items())
        what = "missed overnight" if overnight else "missed as long before as after"
        near = 0.0 if overnight else 0.02
        met = mean["aoristic"] <= min(mean.values()) + near
        lines.append((f"distance to the true hours, half {what}: {told}", met))
    return lines


def weekday_checks(seeds: range) -> list[Line]:
    """Return how often an even week is called uneven, by the exact test and by draws."""
    lines = []
    allowed = int(binom.ppf(0.99, len(seeds), LEVEL))
    for n in (6, 12, 60):
        drawn = [np.random.default_rng(s).multinomial(n, np.full(7, 1 / 7)) for s in seeds]
        called = sum(evenness.weekdays(one, draws=999).p <= LEVEL for one in drawn)
        what = f"an even week of {n} events called uneven in {called} of {len(seeds)}"
        lines.append((f"{what} (at most {allowed})", called <= allowed))
    return lines


def speed() -> Line:
    """Return what a million intervals cost beside reading their two columns from Parquet."""
    import tempfile
    from pathlib import Path

    rng = np.random.default_rng(1)
    n = 1_000_000
    start = np.datetime64("2020-01-01", "s") + rng.integers(0, 5 * 365 * 86_400, n)
    end = start + rng.exponential(36_000, n).astype(int)
    events = pd.DataFrame({"start": start, "end": end, "count": 1})
    events["time_precision"] = pd.Series(["minute"] * n, dtype=str)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.parquet"
        events.to_parquet(file)
        read = min(_took(lambda: pd.read_parquet(file, columns=["start", "end"])) for _ in range(5))
    zone = "Europe/Stockholm"
    own = min(
        _took(lambda: rhythms.aoristic(events, longest_span_hours=72, zone=zone)) for _ in range(5)
    )
    what = f"a million intervals in {own:.2f} s, their columns read in {read:.2f} s"
    return f"{what}: {own / read:.1f} times (at most 3)", own <= 3 * read


def _took(what: object) -> float:
    begun = time.perf_counter()
    what()  # type: ignore[operator]
    return time.perf_counter() - begun


def checks(seeds: range) -> list[Line]:
    """Return every check of hours with its figure."""
    return [
        *(coverage(seeds, n) for n in (50, 200, 800)),
        *place_checks(seeds),
        *choice_checks(seeds),
        *weekday_checks(seeds),
    ]


def main() -> int:
    """Print every check with its figure; return non-zero when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=1, help="first seed; never chosen for results")
    asked = parser.parse_args()
    lines = [*checks(range(asked.first, asked.first + asked.seeds)), speed()]
    for text, met in lines:
        print(f"{'met   ' if met else 'MISSED'} {text}")
    met = sum(ok for _, ok in lines)
    print(f"{met} met, {len(lines) - met} missed")
    return int(met < len(lines))


if __name__ == "__main__":
    raise SystemExit(main())
