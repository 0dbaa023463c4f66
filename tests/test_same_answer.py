"""The kernels of where give one answer, whatever the order of rows, the origin, the deliveries."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from est_analysis.patterns import concentration, density, grid, local, near_repeats, scan

SIDE = 100.0
WITHIN = {"within_m": 200, "within_days": 7}


def rng(seed=1):
    return np.random.default_rng(seed)


# a kernel takes x, y and days, and returns figures that should hang on nothing else


def knox(x, y, days):
    found = near_repeats.knox(x, y, days, draws=19, rng=rng())
    return [found.observed, found.expected, found.mean, found.p, found.maximum, found.maximum_p]


def pairs(x, y, days):
    found = near_repeats.near_pairs(x, y, days, **WITHIN)
    return [np.sort(found["metres"]), np.sort(found["days"])]


def neighbours(x, y, days):
    found = near_repeats.near_neighbours(x, y, days, **WITHIN)
    return [found.sort_values(list(found)).to_numpy()]


def chains(x, y, days):
    found = near_repeats.chains(x, y, days, **WITHIN)[["n", "first", "last", "metres"]]
    return [found.to_numpy(dtype=float)]


def scanned(x, y, days, end=None):
    found = scan.scan(x, y, days, radius=300, longest=7, smallest=2, end=end, draws=9, rng=rng())
    corner = np.min(x, initial=0), np.min(y, initial=0)
    if len(x):
        corner = x.min(), y.min()
    rows = [
        (c.x - corner[0], c.y - corner[1], c.radius, c.first, c.last, c.observed, c.llr, c.p)
        for c in found.cylinders
    ]
    return [found.simulated, np.array(rows)]


def scanned_to_the_end(x, y, days):
    return scanned(x, y, days, end=40)


def tally(x, y, days):
    found = grid.around(x, y, SIDE).tally(x, y)
    return [found.counts, found.outside]


def gi_star(x, y, days):
    found = local.gi_star(tally(x, y, days)[0])
    return [found.z, found.p, found.q]


def gi_star_of_places(x, y, days):
    spots, counts = np.unique(np.column_stack([x, y]), axis=0, return_counts=True)
    found = local.gi_star_of_places(*spots.T, counts, radius=300)
    return [found.z, found.p, found.q]


def surface(x, y, days):
    frame = grid.around(x, y, SIDE)
    return [density.kernel(frame, 300).density(frame.tally(x, y).counts)]


def concentrated(x, y, days):
    found = concentration.concentration(tally(x, y, days)[0].ravel(), replicates=19)
    figures = [*found.holders.values(), found.gini, found.general]
    return [found.n, found.empty, [(m.value, m.chance, m.low, m.high) for m in figures]]


KERNELS = [
    knox,
    pairs,
    neighbours,
    chains,
    scanned,
    scanned_to_the_end,
    tally,
    gi_star,
    gi_star_of_places,
    surface,
    concentrated,
]

# the laws


def same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def shuffled(kernel, x, y, days, seed):
    order = rng(seed).permutation(len(x))
    same(kernel(x, y, days), kernel(x[order], y[order], days[order]))


def moved(kernel, x, y, days, seed):
    east, north = rng(seed).integers(-900, 9000, 2) * SIDE
    same(kernel(x, y, days), kernel(x + east, y + north, days))


def split(kernel, x, y, days, seed):
    """Two deliveries, the later one read first, each in its own order."""
    first = rng(seed).random(len(x)) < 0.5
    parts = [np.concatenate([column[~first], column[first]]) for column in (x, y, days)]
    same(kernel(x, y, days), kernel(*parts))


LAWS = [shuffled, moved, split]
_EVENT = st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(0, 40))
_SHAPES = st.one_of(
    st.lists(_EVENT, max_size=20),
    st.lists(st.tuples(st.sampled_from([0, 250, 400]), st.just(5), st.integers(0, 9)), max_size=20),
    st.lists(st.tuples(st.just(150), st.just(60), st.integers(0, 40)), max_size=20),
    st.lists(st.integers(0, 20).map(lambda i: (i * 40, i * 30, i)), max_size=20),
)


def columns(events):
    return np.array(events, dtype=float).reshape(-1, 3).T


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.__name__)
def test_one_answer(kernel, law):
    @given(events=_SHAPES, seed=st.integers(0, 99))
    def holds(events, seed):
        law(kernel, *columns(events), seed)

    holds()


def from_the_first_row(x, y, days):
    return [np.hypot(x - x[:1], y - y[:1]).sum()]


def at_absolute_coordinates(x, y, days):
    return [np.floor(x / 250).sum()]


def without_the_last_delivery(x, y, days):
    return [days[: len(x) // 2].sum()]


@pytest.mark.parametrize(
    ("law", "flawed"),
    [
        (shuffled, from_the_first_row),
        (moved, at_absolute_coordinates),
        (split, without_the_last_delivery),
    ],
)
def test_a_kernel_that_breaks_a_law_is_noticed(law, flawed):
    x, y, days = rng().integers(0, 900, (3, 20)).astype(float)
    with pytest.raises(AssertionError):
        for seed in range(5):
            law(flawed, x, y, days, seed)


def test_cells_of_equally_far_places_let_in_by_row_are_noticed(monkeypatch):
    """The flaw of a peer: events in the order of the rows."""
    x, y = np.tile([[0.0, 250.0], [0.0, 250.0]], 8)
    days = np.arange(16.0)
    monkeypatch.setattr(
        near_repeats,
        "_canonical",
        lambda x, y, days, labels=None: (
            np.column_stack([x, y]),
            (days * 1440).astype(np.int64),
            np.arange(len(x)),
        ),
    )
    with pytest.raises(AssertionError):
        for seed in range(9):
            shuffled(knox, x, y, days, seed)


# what has little to tell, and very much

SHAPES = {
    "none": np.empty((3, 0)),
    "one": np.array([[150.0], [60.0], [3.0]]),
    "one address": np.array([[150.0] * 40, [60.0] * 40, np.arange(40.0)]),
    "one address and day": np.array([[150.0] * 40, [60.0] * 40, [3.0] * 40]),
    "a line": np.array([np.arange(40.0) * 30, np.full(40, 60.0), np.arange(40.0) % 9]),
}


def sensible(kernel, events):
    """Every figure is defined, or NaN where nothing can be said; nothing stands out by itself."""
    for figure in kernel(*events):
        values = np.asarray(figure, dtype=float)
        assert not np.isinf(values).any()
        assert len(events[0]) < 2 or kernel is knox or not np.isnan(values).any()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.__name__)
def test_little_to_tell_gives_a_sensible_answer(kernel, shape):
    sensible(kernel, SHAPES[shape])


@pytest.mark.parametrize("shape", ["none", "one", "one address", "one address and day"])
def test_nothing_is_claimed_where_there_is_nothing_to_compare(shape):
    x, y, days = SHAPES[shape]
    assert near_repeats.knox(x, y, days, draws=19, rng=rng()).maximum_p == 1
    assert scan.scan(x, y, days, draws=9, rng=rng()).cylinders == ()
    assert scan.scan(x, y, days, draws=9, end=60, rng=rng()).cylinders == ()
    found = local.gi_star(tally(x, y, days)[0])
    assert not found.gate
    assert not concentration.concentration(np.array([len(x)])).gate


def test_a_division_by_nothing_is_noticed():
    def flawed(x, y, days):
        with np.errstate(divide="ignore", invalid="ignore"):
            return [len(x) / np.float64(np.ptp(x))]

    with pytest.raises(AssertionError):
        sensible(flawed, SHAPES["one address"])


def test_a_million_events_in_cells():
    x, y = rng().normal(0, 4000, (2, 1_000_000))
    frame = grid.around(x, y, SIDE)
    found = frame.tally(x, y)
    assert found.n + found.outside == 1_000_000
    halves = [
        frame.tally(x[part], y[part]).counts for part in (slice(500_000), slice(500_000, None))
    ]
    np.testing.assert_array_equal(found.counts, sum(halves))
    assert np.isfinite(local.gi_star(found.counts).z).all()
    events = np.nansum(density.kernel(frame, 500).density(found.counts)) * (SIDE / 1000) ** 2
    assert math.isclose(events, found.n, rel_tol=0.01)
    assert concentration.concentration(found.counts.ravel(), replicates=9).n == found.n


@pytest.mark.parametrize("kernel", [near_repeats.knox, scan.scan])
def test_a_million_too_close_are_refused_in_words(kernel):
    x, y = rng().integers(0, 300, (2, 1_000_000))
    with pytest.raises(ValueError, match="too many"):
        kernel(x, y, np.arange(1_000_000) % 365, draws=0, rng=rng())


def test_a_million_at_one_address_claim_nothing():
    x = np.zeros(1_000_000)
    days = rng().integers(0, 365, 1_000_000)
    assert scan.scan(x, x, days, end=364, draws=2, rng=rng()).cylinders == ()
    for kernel in (near_repeats.knox, scan.scan):
        with pytest.raises(ValueError, match="too many"):
            kernel(x, x, days, draws=0, rng=rng())
