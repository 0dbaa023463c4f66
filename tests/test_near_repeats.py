"""Near repeats: published tables, brute force on small cases, and p-values that hold."""

import csv
import gzip
import math
import os
from datetime import date
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from chance import at_most, town
from hypothesis import given
from hypothesis import strategies as st

from est_analysis.patterns import near_repeats, near_spots, near_tally
from est_analysis.patterns.near_repeats import (
    band_names,
    by_window,
    chains,
    knox,
    near_neighbours,
    near_pairs,
)

ORACLES = Path(__file__).parent / "oracles"
DATA = os.environ.get("EST_REAL_DATA")
INF = math.inf


def rng(seed=1):
    return np.random.default_rng(seed)


def burkitt():
    return np.loadtxt(ORACLES / "burkitt.csv", delimiter=",", skiprows=1).T


# published tables; the peers count distances up to and with the limit, these bands end before it

UP_TO_20 = math.nextafter(20, INF)


def test_burkitt_as_published():
    found = knox(
        *burkitt(), metres=(0, UP_TO_20, INF), day_bands=(0, 6, INF), draws=1999, rng=rng()
    )
    assert found.observed.tolist() == [[13, 3416], [39, 14110]]
    expected = [[10.14382, 3418.856], [41.85618, 14107.14]]
    np.testing.assert_allclose(found.expected, expected, rtol=1e-6)
    assert found.poisson_p[0, 0] == pytest.approx(0.222267, abs=1e-6)  # P(X >= 13), not P(X > 13)
    assert found.p[0, 0] == pytest.approx(0.2038, abs=0.02)
    assert found.mean[0, 0] == pytest.approx(10.136, abs=0.2)
    # the half-open bands say what they count: 5 days are not under 5 days
    half_open = knox(*burkitt(), metres=(0, 20, INF), day_bands=(0, 5, INF), draws=0, rng=rng())
    assert half_open.observed[0, 0] < 13


def test_burkitt_event_by_event_as_published():
    found = near_neighbours(*burkitt(), within_m=UP_TO_20, within_days=6)
    near = "25 26 30 31 35 36 41 42 46 47 51 52 102 103 116 118 122 123 137 138 139 140 158 159"
    assert np.flatnonzero(found["in_both"]).tolist() == [*map(int, near.split()), 162, 163]
    assert found["p"][41] == pytest.approx(0.0175806, abs=1e-7)
    assert found["p"][118] == pytest.approx(0.0319256, abs=1e-7)


@pytest.fixture(scope="module")
def january():
    if not DATA:
        pytest.skip("EST_REAL_DATA is not set: no real data is read")
    file = Path(DATA) / "near_repeat_chicago" / "chicago_be.csv.gz"
    with gzip.open(file, "rt", encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if "2015" < row["date"] < "2016-02"]
    days = [date.fromisoformat(row["date"]).toordinal() for row in rows]
    return [float(row["X"]) for row in rows], [float(row["Y"]) for row in rows], days


@pytest.mark.real
def test_chicago_as_published(january):
    bands = {"metres": (0, 0.1, 200, 400, 600), "day_bands": (0, 7, 14, 21)}
    found = knox(*january, **bands, manhattan=True, draws=9999, rng=rng())
    assert found.observed.tolist() == [[28, 5, 5], [141, 69, 27], [186, 140, 100], [237, 192, 128]]
    ratio = [[1.803, 0.404, 0.613], [1.412, 0.862, 0.517], [1.014, 0.950, 1.051]]
    ratio.append([0.975, 0.981, 1.007])
    np.testing.assert_allclose(found.ratio[1:], ratio[1:], atol=0.03)
    np.testing.assert_allclose(found.ratio[0], ratio[0], atol=0.06)
    p = [[0.001, 1, 0.943], [0.001, 0.929, 1], [0.435, 0.785, 0.312], [0.696, 0.635, 0.479]]
    np.testing.assert_allclose(found.p, p, atol=0.04)
    by_margins = [[1.8032, 0.4016, 0.6163], [1.4133, 0.8625, 0.5180], [1.0151, 0.9529, 1.0446]]
    by_margins.append([0.9737, 0.9837, 1.0066])
    np.testing.assert_allclose(found.observed / found.expected, by_margins, atol=5e-5)
    straight = knox(*january, **bands, draws=0, rng=rng())
    cells = [[28, 5, 5], [164, 85, 41], [275, 197, 145], [325, 295, 175]]
    assert straight.observed.tolist() == cells


@pytest.mark.real
def test_chicago_with_open_bands_as_published(january):
    found = knox(
        *january,
        metres=(0, 1, 100, 200, 300, INF),
        day_bands=(0, 7, 14, 21, INF),
        manhattan=True,
        draws=0,
        rng=rng(),
    )
    assert found.observed.tolist() == [
        [28, 5, 5, 2],
        [44, 13, 8, 4],
        [97, 56, 19, 16],
        [77, 67, 45, 20],
        [182194, 146149, 95237, 45879],
    ]
    assert found.observed.sum() == 970 * 969 // 2


# against brute force

_EVENT = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 9))
_EVENTS = st.lists(_EVENT, min_size=0, max_size=25)
METRES, DAYS = (0, 1, 2, 5, INF), (0, 1, 3, INF)


def columns(events):
    return np.array(events, dtype=float).reshape(-1, 3).T


def by_hand(events, metres, days, *, manhattan=False):
    table = np.zeros((len(metres) - 1, len(days) - 1), dtype=int)
    for (x, y, t), (u, v, s) in combinations(events, 2):
        apart = abs(x - u) + abs(y - v) if manhattan else math.dist((x, y), (u, v))
        for i in range(len(metres) - 1):
            for j in range(len(days) - 1):
                inside = metres[i] <= apart < metres[i + 1]
                table[i, j] += inside and days[j] <= abs(t - s) < days[j + 1]
    return table


@given(events=_EVENTS, manhattan=st.booleans(), seed=st.integers(0, 99))
def test_knox_is_what_brute_force_counts_in_any_order_and_place(events, manhattan, seed):
    bands = {"metres": METRES, "day_bands": DAYS, "manhattan": manhattan, "draws": 19}
    found = knox(*columns(events), **bands, rng=rng(seed))
    expected = by_hand(events, METRES, DAYS, manhattan=manhattan)
    assert found.observed.tolist() == expected.tolist()
    total = max(len(events) * (len(events) - 1) // 2, 1)
    margins = np.outer(expected.sum(axis=1), expected.sum(axis=0)) / total
    np.testing.assert_allclose(found.expected, margins)
    order = rng(seed).permutation(len(events))
    moved = columns(events)[:, order] + [[5000], [-7000], [365]]
    again = knox(*moved, **bands, rng=rng(seed))
    np.testing.assert_array_equal(again.p, found.p)
    assert again.maximum_p == found.maximum_p
    assert again.observed.tolist() == found.observed.tolist()
    assert 1 / 20 <= found.maximum_p <= 1


@given(events=_EVENTS)
def test_split_bands_add_up(events):
    fine = knox(*columns(events), metres=METRES, day_bands=DAYS, draws=0, rng=rng()).observed
    coarse = knox(*columns(events), metres=(0, 2, INF), day_bands=(0, 3, INF), draws=0, rng=rng())
    merged = np.add.reduceat(np.add.reduceat(fine, [0, 2], axis=0), [0, 2], axis=1)
    assert merged.tolist() == coarse.observed.tolist()


@given(events=_EVENTS, unit=st.sampled_from([1 / 24, 1 / 1440, 7, 400]))
def test_the_unit_of_time_does_not_matter(events, unit):
    x, y, days = columns(events)
    bands = tuple(edge * unit for edge in DAYS)
    found = knox(x, y, days * unit, metres=METRES, day_bands=bands, draws=0, rng=rng())
    assert found.observed.tolist() == by_hand(events, METRES, DAYS).tolist()


def test_pieces_and_full_bytes_lose_nothing(monkeypatch):
    """Many pairs in one band, through small pieces: counts of a byte must be emptied in time."""
    x, y, days = town(1, n=100, spread=200)
    expected = knox(x, y, days, draws=0, rng=rng()).observed
    monkeypatch.setattr(near_spots, "_PAIRS", 50)
    monkeypatch.setattr(near_tally, "_ROWS", 1)
    monkeypatch.setattr(near_tally, "_LANES", 1)
    monkeypatch.setattr(near_repeats, "_LANES", 1)
    again = knox(x, y, days, draws=2, rng=rng())
    assert again.observed.tolist() == expected.tolist()
    assert expected.sum() > 255 * 2
    together = np.zeros(90), np.zeros(90), np.arange(90)
    assert knox(*together, draws=0, rng=rng()).observed.sum() == sum(90 - d for d in range(1, 28))


@pytest.mark.parametrize("minutes", [0, 1])
def test_busy_addresses_are_counted_as_the_others_are(monkeypatch, minutes):
    """By time or one by one, every pair is counted once."""
    x, y, days = town(2, n=300, spread=900)
    x[:150], y[:150] = x[0], y[0]
    x[150:180], y[150:180] = x[150], y[150]
    days = days + minutes * rng().integers(0, 1440, 300) / 1440
    at, when, _ = near_repeats._canonical(x, y, days)
    near, clock = near_spots.NearSpots(at, METRES, manhattan=False), near_tally.Clock(when, DAYS)
    lanes = near_tally.permuted(clock.times, None, 3, rng())
    counted = []
    for busy, cells in ((10**9, 1), (0, 1), (0, 10**6), (1, 10**6)):
        monkeypatch.setattr(near_tally, "_BUSY", busy)
        monkeypatch.setattr(near_tally, "_CELLS", cells)
        tally = near_tally.Tally(near, clock)
        assert bool(tally.busy) == (busy < 10**9)
        counted.append(tally(lanes))
    for again in counted[1:]:
        np.testing.assert_array_equal(again, counted[0])


# permutations


@given(seed=st.integers(0, 99))
def test_permuted_tables_are_those_of_permuted_times(seed):
    """Every lane is one joint permutation, counted as the observed table is."""
    events = rng(seed).integers(0, [6, 6, 9], (20, 3))
    at, minutes, _ = near_repeats._canonical(*events.T)
    clock = near_tally.Clock(minutes, DAYS)
    near = near_spots.NearSpots(at, METRES, manhattan=False)
    lanes = near_tally.permuted(clock.times, None, 5, rng(seed))
    counted = near_tally.Tally(near, clock)(lanes)
    unit = (minutes.max() - minutes.min()) / 1440 / max(clock.values.max(), 1)
    for lane, table in zip(lanes.T, counted, strict=True):
        assert sorted(lane) == sorted(clock.times)
        again = np.column_stack([at, clock.values[lane] * unit])
        assert table.tolist() == by_hand(again.tolist(), METRES, DAYS)[:-1, :-1].tolist()


def test_times_stay_within_their_month():
    days = np.arange(90)
    months = days // 30
    lanes = near_tally.permuted(days, months, 9, rng())
    assert (np.sort(lanes // 30, axis=0) == months[:, None]).all()
    assert (lanes // 30 == months[:, None]).all()
    assert (lanes != days[:, None]).any(axis=0).all()


def test_a_shift_between_months_is_no_near_repeat():
    """All in the east one month, all in the west the next: contagion only to the naive."""
    x, y, days = town(3, n=300)
    months = (days >= 56).astype(int)
    x = x + 100_000 * months
    bands = {"metres": (0, 1, 200, 800), "day_bands": (0, 28, 56)}
    assert knox(x, y, days, **bands, draws=99, rng=rng()).maximum_p == 0.01
    assert knox(x, y, days, **bands, draws=99, within=months, rng=rng()).maximum_p > 0.05


def planted(seed, n=200):
    """A town where events are followed by one within 50 m and a week."""
    x, y, days = town(seed, n=n, kind="flat", spread=9000)
    follow = rng(seed).integers(0, n, n // 2)
    step = rng(seed + 1).integers(0, 35, (2, n // 2))
    later = days[follow] + rng(seed + 2).integers(0, 7, n // 2)
    return (
        np.append(x, x[follow] + step[0]),
        np.append(y, y[follow] + step[1]),
        np.append(days, later),
    )


def test_planted_repeats_are_found_where_they_are():
    found = knox(*planted(5), draws=199, rng=rng())
    assert found.maximum_p == 1 / 200
    assert found.strongest == (1, 0)
    assert found.ratio[1, 0] > 1.5
    row = (
        found.table()
        .set_index(["space", "time"])
        .loc[("1 till under 100 m", "0 till under 7 dygn")]
    )
    assert row["observed"] == found.observed[1, 0]


def test_stopping_early_makes_fewer_permutations_and_the_same_claim():
    chance = knox(*town(7, n=150), draws=999, stop_after=20, rng=rng())
    assert chance.draws < 999
    assert chance.maximum_p > 0.05
    real = knox(*planted(5), draws=499, stop_after=20, rng=rng())
    assert real.draws == 499
    assert real.maximum_p == 1 / (499 - near_repeats.PILOT + 1)


def test_windows_tell_a_table_each():
    x, y, days = planted(5)
    found = by_window(x, y, days, end=days.max() + 1, windows=(30, 200), draws=99, rng=rng())
    assert found["n"].tolist() == [(days >= days.max() + 1 - 30).sum(), len(days)]
    assert found["maximum_p"][1] == 0.01
    assert found["space"][1] == "1 till under 100 m"
    labels = days // 30
    within = by_window(x, y, days, end=112, windows=(200,), draws=9, within=labels, rng=rng())
    assert within["n"].tolist() == [(days < 112).sum()]


# what there is nothing to say of


@pytest.mark.parametrize(
    "events",
    [
        [],
        [(1, 1, 1)],
        [(1, 1, t) for t in range(9)],  # one address
        [(t, t * 30, 4) for t in range(9)],  # no variation in time
        [(1, 1, 4)] * 9,
    ],
)
def test_nothing_to_tell_is_told_so(events):
    found = knox(*columns(events), draws=19, rng=rng())
    assert found.maximum_p == 1
    assert (found.p == 1).all()
    assert found.maximum == 0
    assert len(found.table()) == 20
    assert knox(*columns(events), draws=500, stop_after=5, rng=rng()).maximum_p == 1


def test_events_in_a_line_are_as_good_as_any():
    events = [(30 * i, 0, i) for i in range(20)]
    found = knox(*columns(events), draws=99, rng=rng())
    assert found.observed.tolist() == by_hand(events, found.metres, found.days).tolist()
    assert found.maximum_p == 0.01


@pytest.mark.parametrize(
    "wrong",
    [
        {"metres": (1, 2)},
        {"metres": (0,)},
        {"day_bands": (0, 7, 7)},
        {"x": [0.0, math.nan]},
        {"days": [1.0]},
        {"within": [1]},
    ],
)
def test_what_cannot_be_counted_is_refused(wrong):
    given_ = {"x": [0.0, 1.0], "y": [0.0, 1.0], "days": [1.0, 2.0], "rng": rng(), **wrong}
    with pytest.raises(ValueError, match=r"edges of bands|finite|an event"):
        knox(**given_)


def test_bands_say_what_they_count():
    assert band_names((0, 1, 100), "m") == ["samma plats (under 1 m)", "1 till under 100 m"]
    assert band_names((0, 0.1, 2.5, INF), "m")[1:] == ["0,1 till under 2,5 m", "2,5 m eller mer"]
    assert band_names((0, 7, INF), "dygn") == ["0 till under 7 dygn", "7 dygn eller mer"]


# lists for the meeting


@given(events=_EVENTS, within_m=st.sampled_from([1, 2, 3]), within_days=st.sampled_from([1, 2, 4]))
def test_near_pairs_neighbours_and_chains_are_what_brute_force_finds(events, within_m, within_days):
    limits = {"within_m": within_m, "within_days": within_days}
    close = {
        (i, j)
        for (i, a), (j, b) in combinations(enumerate(events), 2)
        if math.dist(a[:2], b[:2]) < within_m and abs(a[2] - b[2]) < within_days
    }
    pairs = near_pairs(*columns(events), **limits)
    assert {tuple(sorted(p)) for p in zip(pairs["first"], pairs["then"], strict=True)} == close
    assert len(pairs) == len(close)
    for row in pairs.itertuples():
        first, then = events[row.first], events[row.then]
        assert row.days == then[2] - first[2] >= 0
        assert row.joint == (row.days == 0)
        assert row.metres == pytest.approx(math.dist(first[:2], then[:2]))
    each = near_neighbours(*columns(events), **limits)
    for i, (x, y, t) in enumerate(events):
        others = [e for j, e in enumerate(events) if j != i]
        assert each["in_space"][i] == sum(math.dist((x, y), e[:2]) < within_m for e in others)
        assert each["in_time"][i] == sum(abs(t - e[2]) < within_days for e in others)
        assert each["in_both"][i] == sum(i in pair for pair in close)
    found = chains(*columns(events), **limits)
    joined = [set(members) for members in found["events"]]
    assert set().union(*joined) == {i for pair in close for i in pair}
    assert sum(map(len, joined)) == len(set().union(*joined))
    assert all(any({i, j} <= chain for chain in joined) for i, j in close)
    for row in found.itertuples():
        members = [events[i] for i in row.events]
        assert row.first == min(e[2] for e in members)
        assert row.last == max(e[2] for e in members)
        farthest = max(math.dist(a[:2], b[:2]) for a in members for b in members)
        assert row.metres == pytest.approx(farthest)


def test_live_chains_by_hand():
    x = [0, 150, 300, 5000, 5010, 9000]
    days = [1, 10, 20, 3, 4, 20]
    places = ["Torget", "Parken", "Parken", "Ån", "Bron", "Skolan"]
    near = {"within_m": 200, "within_days": 14}
    found = chains(x, [0] * 6, days, **near, places=places)
    assert found.to_dict("list") == {
        "n": [3, 2],
        "first": [1, 3],
        "last": [20, 4],
        "metres": [300, 10],
        "place": ["Parken", "Bron"],
        "events": [[0, 1, 2], [3, 4]],
    }
    assert chains(x, [0] * 6, days, **near, since=20)["events"].tolist() == [[0, 1, 2]]
    live = near_pairs(x, [0] * 6, days, **near, since=10)
    assert live[["first", "then"]].to_numpy().tolist() == [[0, 1], [1, 2]]
    assert near_pairs(x, [0] * 6, days, **near, since=21).empty
    assert chains([], [], [], **near).empty


# p-values that hold

SEEDS = range(1, 61)
BANDS = {"metres": (0, 1, 200, 800), "day_bands": (0, 7, 14)}


def false_claims(**how):
    """Count p <= 5 % in towns where nothing goes on; some flat, some with a busy centre."""
    claims = 0
    for seed in SEEDS:
        for kind in ("flat", "centre"):
            events = town(seed, n=80, kind=kind)
            options = {**BANDS, "draws": 39, "rng": rng(seed), **how}
            claims += knox(*events, **options).maximum_p <= 0.05
    return claims


@pytest.mark.parametrize("how", [{}, {"draws": near_repeats.PILOT + 59, "stop_after": 3}])
def test_chance_is_called_chance(how):
    assert false_claims(**how) <= at_most(2 * len(SEEDS))


def test_a_closed_band_in_the_observed_table_only_is_noticed(monkeypatch):
    tally = near_tally.Tally.__call__

    def closed(self, lanes):
        limits = self.clock.limits
        self.clock.limits = [e + (lanes.shape[1] == 1) for e in limits]
        counted = tally(self, lanes)
        self.clock.limits = limits
        return counted

    monkeypatch.setattr(near_tally.Tally, "__call__", closed)
    assert false_claims() > at_most(2 * len(SEEDS))


def test_times_spread_evenly_instead_of_permuted_are_noticed(monkeypatch):
    class Whole(near_tally.Clock):
        """Knows every time of the span, not only those that events have."""

        def __init__(self, minutes, edges):
            super().__init__(minutes, edges)
            self.times = self.values[self.times]
            self.values = np.arange(self.values[-1] + 1, dtype=self.values.dtype)

    def even(times, labels, size, rng):
        return rng.integers(0, times.max() + 1, (len(times), size)).astype(times.dtype)

    monkeypatch.setattr(near_repeats, "Clock", Whole)
    assert false_claims() <= at_most(2 * len(SEEDS))
    monkeypatch.setattr(near_repeats, "permuted", even)
    assert false_claims() > at_most(2 * len(SEEDS))
