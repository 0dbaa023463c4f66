"""The familiar quotient, by hand; and where it is not to be had."""

import pytest

from est_analysis.measures.evaluation import weighted_displacement_difference
from est_analysis.measures.quotient import quotient


def test_by_hand():
    # the comparison place fell by a tenth: 180 were to be expected, and 90 in the ring
    found = quotient((200, 120), (100, 95), (50, 45))
    assert found.net == pytest.approx(200 * 0.9 - 120)
    assert found.total == pytest.approx(200 * 0.9 - 120 + 100 * 0.9 - 95)
    assert found.quotient == pytest.approx((95 / 45 - 100 / 50) / (120 / 45 - 200 / 50))


@pytest.mark.parametrize(("after", "sign"), [(80, 1), (120, -1)])
def test_its_sign_tells_gain_from_displacement(after, sign):
    assert quotient((200, 100), (100, after), (300, 300)).quotient * sign > 0
    assert quotient((200, 100), (100, 250), (300, 300)).quotient < -1  # more moved than was gained


def test_with_a_steady_comparison_the_total_is_the_difference():
    found = quotient((207, 110), (178, 157), (300, 300))
    whole = weighted_displacement_difference((207, 110), (300, 300), displaced=(178, 157))
    assert found.total == pytest.approx(-whole.estimate)


def test_where_it_is_not_to_be_had():
    assert quotient((20, 10), (10, 9), (0, 5)) is None
    assert quotient((20, 10), (10, 9), (5, 0)) is None
    assert quotient((20, 30), (10, 9), (10, 10)).quotient is None  # the place did not gain
    assert quotient((20, 10), (0, 0), (10, 10)).quotient is None
    with pytest.raises(ValueError, match="zero or more"):
        quotient((-1, 2), (3, 4), (5, 6))
