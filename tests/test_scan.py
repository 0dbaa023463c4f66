"""The space-time scan: a published run, brute force on small cases, and p-values that hold."""

import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from chance import at_most, town
from hypothesis import given
from hypothesis import strategies as st

from est_analysis.patterns import cylinders
from est_analysis.patterns.cylinders import Search
from est_analysis.patterns.scan import scan

ORACLES = Path(__file__).parent / "oracles"


def rng(seed=1):
    return np.random.default_rng(seed)


def test_the_published_run():
    cases = np.loadtxt(ORACLES / "satscan_test3.cas", dtype=int)
    at = {int(place): (x, y) for place, x, y in np.loadtxt(ORACLES / "satscan_test3.geo")}
    x, y = np.array([at[place] for place in cases[:, 0]]).T
    found = scan(
        x, y, cases[:, 2], radius=50, longest=100, end=1000, smallest=2, draws=99, rng=rng()
    )
    best = found.cylinders[0]
    assert best.llr == pytest.approx(1.622161, abs=1e-6)
    assert (best.x, best.y, best.radius) == (30, 30, 20)
    assert (best.first, best.last, best.observed) == (930, 1000, 10)
    assert best.expected == pytest.approx(5.46)
    assert best.p > 0.8
    assert best.recurrence == 14 / best.p


# against brute force


def ratio(inside, expected, total):
    if inside <= expected:
        return 0.0
    llr = inside * math.log(inside / expected)
    beyond = total - inside
    return llr + (beyond * math.log(beyond / (total - expected)) if beyond else 0.0)


def by_hand(events, *, radius, longest, end=None, smallest=2):
    """Weigh every circle around every event, at every distance, over every run of days."""
    best, total = 0.0, len(events)
    days = range(
        min((t for *_, t in events), default=0), max((t for *_, t in events), default=0) + 1
    )
    lasts = days if end is None else [end]
    runs = [(a, b) for a, b in product(days, lasts) if 0 <= b - a < longest]
    within = {(a, b): sum(a <= t <= b for *_, t in events) for a, b in runs}
    circles = set()
    for (x, y, _), (u, v, _) in product(events, repeat=2):
        reach = math.dist((x, y), (u, v))
        if reach <= radius:
            circles.add(tuple(t for a, b, t in events if math.dist((x, y), (a, b)) <= reach))
    for circle, (first, last) in product(circles, runs):
        inside = sum(first <= t <= last for t in circle)
        if inside >= smallest:
            expected = len(circle) * within[first, last] / total
            best = max(best, ratio(inside, expected, total))
    return best


_EVENTS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 6)), min_size=0, max_size=10
)


def columns(events):
    return np.array(events, dtype=float).reshape(-1, 3).T


@given(
    events=_EVENTS,
    radius=st.sampled_from([0, 1, 2, 9]),
    longest=st.sampled_from([1, 3, 9]),
    end=st.sampled_from([None, 6, 8]),
    smallest=st.sampled_from([2, 3]),
)
def test_the_best_cylinder_is_what_brute_force_finds(events, radius, longest, end, smallest):
    how = {"radius": radius, "longest": longest, "end": end, "smallest": smallest}
    found = scan(*columns(events), **how, draws=9, rng=rng())
    expected = by_hand(events, **how)
    assert bool(found.cylinders) == (expected > 0)
    if not found.cylinders:
        return
    best = found.cylinders[0]
    assert best.llr == pytest.approx(expected)
    # the figures told are those of the cylinder told
    inside = [e for e in events if math.dist((best.x, best.y), e[:2]) <= best.radius + 1e-6]
    within = [e for e in events if best.first <= e[2] <= best.last]
    both = [e for e in inside if e in within]
    assert best.observed == len(both)
    assert best.expected == pytest.approx(len(inside) * len(within) / len(events))
    assert best.last - best.first < longest
    assert best.radius <= radius


@given(events=_EVENTS, seed=st.integers(0, 99), end=st.sampled_from([None, 8]))
def test_the_order_of_rows_and_the_place_of_the_map_do_not_matter(events, seed, end):
    how = {"radius": 3, "longest": 4, "smallest": 2, "draws": 9}
    found = scan(*columns(events), **how, end=end, rng=rng(seed))
    order = rng(seed).permutation(len(events))
    moved = columns(events)[:, order] + [[6000], [-8000], [0]]
    again = scan(*moved, **how, end=end, rng=rng(seed))
    np.testing.assert_array_equal(found.simulated, again.simulated)
    assert [c.llr for c in found.cylinders] == [c.llr for c in again.cylinders]
    assert [(c.x + 6000, c.y - 8000) for c in found.cylinders] == [
        (c.x, c.y) for c in again.cylinders
    ]


@given(events=_EVENTS, seed=st.integers(0, 99))
def test_every_permutation_is_searched_as_the_events_are(events, seed):
    """Whatever floor the search starts from, it ends at the same maximum."""
    x, y, days = columns(events)
    at, when = np.column_stack([x, y]), days.astype(int)
    order = np.lexsort([when, y, x])
    at, when = at[order], when[order]
    search = Search(at, when, 3, 4, None, 2)
    orders = np.stack([rng(seed + draw).permutation(len(when)) for draw in range(3)])
    expected = []
    for order in orders:
        shuffled = np.empty_like(when)
        shuffled[order] = np.sort(when)
        events = [(*p, t) for p, t in zip(at, shuffled, strict=True)]
        expected.append(by_hand(events, radius=3, longest=4))
    for floor in (0.0, expected[0] / 2, expected[0], expected[0] + 5, 50.0):
        np.testing.assert_allclose(search.best(orders, floor), expected)


@pytest.mark.parametrize("end", [None, 111])
def test_pieces_and_steps_lose_nothing(monkeypatch, end):
    """However the circles are grouped and cut up, the best are the same; not with a wrong bound."""
    x, y, days = town(4, n=80, kind="centre")
    x[:20], y[:20] = x[0], y[0]
    how = {"radius": 900, "longest": 14, "end": end, "draws": 9}
    expected = scan(x, y, days, **how, rng=rng())
    for name, value in (("_CELLS", 5000), ("_KEPT", 0), ("_CIRCLES", 0.1), ("_COUNTS", 5.0)):
        monkeypatch.setattr(cylinders, name, value)
        again = scan(x, y, days, **how, rng=rng())
        assert [c.llr for c in again.cylinders] == [c.llr for c in expected.cylinders]
        np.testing.assert_array_equal(again.simulated, expected.simulated)
    allowed = cylinders.Search._allowed
    monkeypatch.setattr(cylinders.Search, "_allowed", lambda *a: np.floor(allowed(*a) * 0.8))
    assert (scan(x, y, days, **how, rng=rng()).simulated < expected.simulated).any()


def test_places_equally_far_come_in_together():
    """A cross of four around a centre: no order of rows may let in one arm without the others."""
    arms = [(0, 250), (250, 0), (0, -250), (-250, 0)]
    events = [(0, 0, 5), (0, 0, 5), *((*arm, 5) for arm in arms[:2]), *((*arm, 1) for arm in arms)]
    events += [(9000 + 1000 * i, 0, i % 5) for i in range(12)]
    for seed in range(5):
        shuffled = [events[i] for i in rng(seed).permutation(len(events))]
        found = scan(*columns(shuffled), radius=250, longest=1, draws=0, smallest=2, rng=rng())
        assert found.cylinders[0].llr == pytest.approx(by_hand(events, radius=250, longest=1))


@given(
    n=st.integers(15, 30),
    seed=st.integers(0, 99),
    end=st.sampled_from([None, 30]),
)
def test_larger_towns_too_are_searched_to_the_end(n, seed, end):
    """Circles of many sizes, weighed many at a time."""
    at = rng(seed).integers(0, 5, (n, 2)).tolist()
    events = [(x, y, int(t)) for (x, y), t in zip(at, rng(seed).integers(0, 30, n), strict=True)]
    how = {"radius": 3, "longest": 9, "end": end, "smallest": 3}
    found = scan(*columns(events), **how, draws=0, rng=rng())
    best = max((c.llr for c in found.cylinders), default=0.0)
    assert best == pytest.approx(by_hand(events, **how))


@pytest.mark.parametrize("end", [None, 111])
def test_stopping_early_gives_the_same_draws(end):
    """The draws are the first of those that would have been made, and each p is h / l."""
    events = town(4, n=80, kind="flat")
    how = {"radius": 800, "longest": 14, "end": end, "smallest": 2}
    every = scan(*events, **how, draws=199, rng=rng())
    early = scan(*events, **how, draws=199, stop_after=10, rng=rng())
    best = every.cylinders[0].llr
    drawn = len(early.simulated)
    assert 10 <= drawn < 199
    np.testing.assert_array_equal(early.simulated, every.simulated[:drawn])
    assert (early.simulated >= best).sum() == 10
    assert early.simulated[-1] >= best
    assert early.cylinders[0].p == 10 / drawn
    for cylinder in early.cylinders[1:]:
        tenth = np.flatnonzero(early.simulated >= cylinder.llr)[9]
        assert cylinder.p == 10 / (tenth + 1)
    # what is not reached so often has had every permutation
    x, y, days = planted()
    found = scan(x, y, days, radius=500, longest=7, draws=49, stop_after=10, rng=rng())
    assert len(found.simulated) == 49
    assert found.cylinders[0].p == 1 / 50


def planted(seed=3):
    x, y, days = town(seed, n=400, kind="flat", spread=9000)
    here, there = rng(seed).normal(0, 80, (2, 2, 12)).round()
    x = np.concatenate([x, 2000 + here[0], 7000 + there[0][:9]])
    y = np.concatenate([y, 2000 + here[1], 7000 + there[1][:9]])
    return x, y, np.concatenate([days, np.full(12, 109), np.full(9, 40)])


def test_planted_clusters_are_found_and_share_no_place():
    found = scan(*planted(), radius=500, longest=7, draws=99, rng=rng())
    first, second = found.cylinders[:2]
    assert math.dist((first.x, first.y), (2000, 2000)) < 300
    assert math.dist((second.x, second.y), (7000, 7000)) < 300
    assert first.first <= 109 <= first.last
    assert first.p == second.p == 0.01
    assert math.isnan(first.recurrence)
    for a, b in product(found.cylinders, repeat=2):
        assert a is b or math.dist((a.x, a.y), (b.x, b.y)) > max(a.radius, b.radius)
    # looking back from the last day, only what still goes on is seen
    now = scan(*planted(), radius=500, longest=7, end=111, every=14, draws=99, rng=rng())
    assert math.dist((now.cylinders[0].x, now.cylinders[0].y), (2000, 2000)) < 300
    assert now.cylinders[0].last == 111
    assert now.cylinders[0].recurrence == 1400
    assert all(c.p > 0.05 for c in now.cylinders[1:])


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
@pytest.mark.parametrize("end", [None, 9])
def test_nothing_to_tell_is_told_so(events, end):
    found = scan(*columns(events), end=end, draws=9, rng=rng())
    assert found.cylinders == ()
    assert (found.simulated == 0).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": [1, 2.5]},
        {"days": [1]},
        {"x": [0, math.nan]},
        {"end": 1},
        {"smallest": 1},
        {"longest": 0},
        {"radius": -1},
        {"stop_after": 0},
    ],
)
def test_what_cannot_be_scanned_is_refused(wrong):
    given_ = {"x": [0, 1], "y": [0, 1], "days": [1, 2], "rng": rng(), **wrong}
    with pytest.raises(ValueError, match=r"an event|finite|after|holds|once"):
        scan(**given_)


# p-values that hold

SEEDS = range(1, 31)


def false_claims(**draws):
    """Count p <= 5 % where nothing goes on: flat and centred, looking back and anywhere."""
    claims = 0
    for seed in SEEDS:
        for kind, end in product(("flat", "centre"), (None, 111)):
            events = town(seed, n=60, kind=kind)
            how = {"longest": 14, "smallest": 2, "end": end, "rng": rng(seed)}
            found = scan(*events, **how, **draws)
            claims += bool(found.cylinders) and found.cylinders[0].p <= 0.05
    return claims


def test_chance_is_called_chance():
    assert false_claims(draws=19) <= at_most(4 * len(SEEDS))


def test_chance_is_called_chance_when_the_draws_stop_early():
    assert false_claims(draws=99, stop_after=5) <= at_most(4 * len(SEEDS))


def test_permutations_searched_less_than_the_events_are_noticed(monkeypatch):
    """Stop at the first cylinder above the floor, and every p is too small."""

    def hasty(self, orders, floor):
        if len(orders) == 1:
            return search(self, orders, floor)
        best = np.zeros(len(orders))
        for found in self._above(orders, 0.0):
            best[found["lane"]] = found["llr"]
        return best

    search = Search.best
    monkeypatch.setattr(Search, "best", hasty)
    assert false_claims(draws=19) > at_most(4 * len(SEEDS))
