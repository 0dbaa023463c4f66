"""Rings: no ground is counted twice, and what moved is found in them."""

import numpy as np
import pytest

from est_analysis.measures.evaluation import weighted_displacement_difference
from est_analysis.measures.rings import ring_of


def test_a_ring_begins_where_its_place_ends():
    points = [(0, 0), (100, 0), (100.1, 0), (300, 0), (300.1, 0)]
    assert ring_of(points, [(0, 0)], [100]).tolist() == [-1, -1, 0, 0, -1]


def test_ground_of_a_place_or_of_two_rings_is_counted_once():
    centres, radii = [(0, 0), (400, 0), (150, 0)], [100, 100, 20]
    points = [(199, 0), (201, 0), (150, 0), (120, 0)]
    # nearest centre of the rings that hold it; (150, 0) lies within the third place
    assert ring_of(points, centres, radii).tolist() == [2, 2, -1, 2]
    assert ring_of(points, centres[:2], radii[:2]).tolist() == [0, 1, 0, 0]


def test_no_point_lies_in_a_place_and_in_a_ring():
    rng = np.random.default_rng(2)
    points, centres = rng.uniform(0, 2_000, (3_000, 2)), rng.uniform(0, 2_000, (12, 2))
    radii = rng.uniform(50, 150, 12)
    found = ring_of(points, centres, radii)
    far = np.hypot(*(points[:, None] - centres).transpose(2, 0, 1))
    assert (far[found >= 0] > radii).all()
    careless = (far > radii) & (far <= radii + 200)  # each ring by itself
    assert careless.sum() > (found >= 0).sum()


@pytest.mark.parametrize(("radii", "width"), [([0.0], 200), ([100.0], 0)])
def test_what_is_no_ring_is_refused(radii, width):
    with pytest.raises(ValueError, match="above zero"):
        ring_of([(1, 1)], [(0, 0)], radii, width=width)


def moved(share, runs=400):
    """Return how often more events in the ring are found when so many of the stopped ones move."""
    rng, hits = np.random.default_rng(5), 0
    for _ in range(runs):
        stopped = rng.binomial(60, 0.7)
        ring = rng.poisson(30), rng.poisson(30) + rng.binomial(stopped, share)
        found = weighted_displacement_difference(ring, tuple(rng.poisson(30, 2)))
        hits += found.p <= 0.05 and found.estimate > 0
    return hits / runs


def test_what_moved_is_found_and_what_did_not_is_not():
    assert moved(1.0) > 0.8
    assert moved(0.0) < 0.05
