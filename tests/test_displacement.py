"""The weighted difference: areas of unlike size, crimes of unlike harm, and its course in time."""

import math

import pytest
from frames import each_day, events, settings
from frames_of_measures import BEFORE, GEOGRAPHY, HISTORY, Q1, THERE, register, yearly
from test_evaluation import judged

from est_analysis.measures.course import course
from est_analysis.measures.displacement import of_harm, weighted_displacement_difference
from est_analysis.measures.evaluation import evaluate
from est_analysis.periods import parse


def test_areas_are_divided_by_their_size_and_variances_by_its_square():
    """The published case (AT-01) with areas of sizes that nobody can mistake for each other."""
    found = weighted_displacement_difference(
        (207, 110),
        (308, 318),
        displaced=(178, 157),
        displaced_comparison=(150, 140),
        area_weights=(1, 2, 4, 5),
    )
    assert found.estimate == pytest.approx(-97 - 10 / 2 - 21 / 4 + 10 / 5)
    assert found.variance == pytest.approx(317 + 626 / 4 + 335 / 16 + 290 / 25)


def test_a_comparison_ten_times_as_large_and_weighted_so_is_the_same_with_less_noise():
    one = weighted_displacement_difference((120, 20), (90, 30), time_weights=(3, 1))
    ten = weighted_displacement_difference(
        (120, 20), (900, 300), time_weights=(3, 1), area_weights=(1, 10, 1, 1)
    )
    assert ten.estimate == pytest.approx(one.estimate)
    assert ten.variance == pytest.approx(20 + 120 / 9 + (30 + 90 / 9) / 10)
    bare = weighted_displacement_difference((120, 20), (900, 300), time_weights=(3, 1))
    assert bare.variance > 10 * ten.variance


@pytest.mark.parametrize("weights", [(1, 0, 1, 1), (1, -1, 1, 1)])
def test_an_area_without_size_is_refused(weights):
    with pytest.raises(ValueError, match="above zero"):
        weighted_displacement_difference((1, 2), (3, 4), area_weights=weights)


def test_harm_adds_what_each_crime_weighs():
    light = weighted_displacement_difference((130, 120), (100, 110))
    grave = weighted_displacement_difference((30, 10), (25, 25))
    found = of_harm([light, grave], [1, 3])
    assert found.estimate == light.estimate + 3 * grave.estimate
    assert found.variance == light.variance + 9 * grave.variance
    z = found.estimate / math.sqrt(found.variance)
    assert found.p == pytest.approx(math.erfc(abs(z) / math.sqrt(2)))
    alone = of_harm([grave], [1])
    assert (alone.estimate, alone.interval) == (grave.estimate, grave.interval)


def test_harm_that_does_not_add_up_is_refused():
    one = weighted_displacement_difference((1, 2), (3, 4))
    wide = weighted_displacement_difference((1, 2), (3, 4), level=0.99)
    for parts, weights in (([], []), ([one], []), ([one], [-1])):
        with pytest.raises(ValueError, match="zero or more"):
            of_harm(parts, weights)
    with pytest.raises(ValueError, match="one level"):
        of_harm([one, wide], [1, 1])


# the course


def counted(days):
    """Return a count of events on days."""

    def count(group, periods, hours="all"):
        assert group == "A"
        return sum(sum(p.start <= day.date() < p.end for day in days) for p in periods)

    return count


def daily(first, n):
    return [line["start"] for line in each_day(first, n)]


AFTER = parse("2025-04-02--2026-03-31")
BASELINE = [AFTER.years_earlier(1), AFTER.years_earlier(2)]


def test_the_course_ends_where_the_answer_stands():
    found = judged()
    last = found.course[-1]
    assert last.end == Q1.end
    assert last.estimate == pytest.approx(found.difference.estimate)
    assert (last.low, last.high) == pytest.approx(
        (found.difference.interval.low, found.difference.interval.high)
    )
    assert len(found.course) == 13


def test_each_step_holds_the_same_days_of_every_year():
    here = counted([*daily("2023-04-05", 727), *daily("2025-04-02", 56)])  # stops after eight weeks
    there = counted(daily("2023-04-05", 3 * 364))
    steps = course("A", here, there, BASELINE, AFTER)
    assert [round(step.estimate) for step in steps[:4]] == [0, 0, -28, -56]
    assert steps[2].low < steps[2].estimate < steps[2].high
    widths = [step.high - step.low for step in steps]
    assert widths == sorted(widths)
    wide = course("A", here, there, BASELINE, AFTER, dispersion=4.0)
    assert wide[5].high - wide[5].low == pytest.approx(2 * widths[5])


def test_a_place_without_any_past_has_no_course():
    nothing, there = counted([]), counted(daily("2023-04-05", 3 * 364))
    assert course("A", nothing, there, BASELINE, AFTER) == ()
    assert course("A", there, nothing, BASELINE, AFTER) == ()


# other hours and other kinds


def test_other_hours_and_kinds_stand_beside_each_with_its_comparison():
    def at(hour, counts, **row):
        return [
            {**line, "start": line["start"].replace("12:00", hour)}
            for line in yearly(counts, **row)
        ]

    rows = [
        HISTORY,
        *at("20:15", [5, 20, 20, 20], **BEFORE),
        *at("09:15", [22, 10, 10, 10], **BEFORE),
        *at("20:15", [20] * 4, **THERE),
        *at("09:15", [10] * 4, **THERE),
        *yearly([9, 3, 3, 3], group="Klotter", **BEFORE),
        *yearly([4] * 4, group="Klotter", **THERE),
    ]
    (found,) = evaluate(
        events(*rows), register(problem={"grupp": "Skadegörelse"}), Q1, settings(), GEOGRAPHY
    )
    told = {one.what: one for one in found.elsewhere}
    assert (told["busy"].here, told["busy"].there, told["busy"].part) == ((60, 5), (60, 20), 3)
    assert (told["rest"].here, told["rest"].there) == ((30, 22), (30, 10))
    assert told["rest"].ratio == pytest.approx(2.2)
    assert told["rest"].interval.low < 2.2 < told["rest"].interval.high
    assert (told["kinds"].here, told["kinds"].there) == ((9, 9), (12, 4))
    assert told["ring"].ratio is None
    every = judged(rows)
    assert "kinds" not in {one.what for one in every.elsewhere}
