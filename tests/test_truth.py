"""The truth check itself: it runs, and each of its verdicts can fail."""

from __future__ import annotations

import pytest

from benchmarks import truth
from est_analysis.municipality import Thresholds

QUIET = {"clear": False, "claim": False, "claims": [], "answers": {}, "unasked": []}


def verdicts(lines):
    return [met for _, met in lines]


def test_false_claims_beyond_the_binomial_bound_are_missed():
    loud = {**QUIET, "clear": True, "claim": True}
    # of 100 reports, the 99 % bounds of 5 % and 20 % are 11 and 30
    assert verdicts(truth.null_checks([loud] * 11 + [QUIET] * 89, Thresholds())) == [True, True]
    assert verdicts(truth.null_checks([loud] * 12 + [QUIET] * 88, Thresholds())) == [False, True]
    assert verdicts(truth.null_checks([loud] * 31 + [QUIET] * 69, Thresholds())) == [False, False]


@pytest.mark.parametrize(
    ("kind", "power", "found", "met"),
    [
        ("stable hot spot", 0.95, 8, [True]),
        ("stable hot spot", 0.95, 7, [False]),
        ("measure that worked", 0.10, 2, [True]),
        ("measure that worked", 0.10, 3, [False]),
        ("measure that worked", 0.60, 5, []),
        ("stacked at the police station", 1.0, 0, [True]),
        ("stacked at the police station", 1.0, 1, [False]),
    ],
)
def test_each_verdict_on_a_plant_can_fail(kind, power, found, met):
    reports = [{**QUIET, "answers": {"a": (kind, power, number < found)}} for number in range(10)]
    assert verdicts(truth.plant_checks(reports, 1.0)) == met


def test_one_municipality_is_asked_about_in_memory():
    said = truth.one(7, 1.0, True)
    assert set(said["answers"]) >= {"hot-1", "measure-worked", "stack-station"}
    assert {kind for kind, _, _ in said["answers"].values()} <= set(truth.QUESTIONS)
    null = truth.one(7, 0.0, False)
    assert {kind for kind, _, _ in null["answers"].values()} == {"measure that did nothing"}
