"""The truth check itself: it runs, and each of its verdicts can fail."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
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


@pytest.mark.parametrize(
    ("low", "high", "gate", "found"),
    [
        (0.5, 0.7, True, True),
        (0.5, 0.81, True, False),  # holds the ordinary share too
        (0.61, 0.7, True, False),
        (0.5, 0.7, False, False),
    ],
)
def test_a_share_is_found_only_apart_from_the_ordinary_one(low, high, gate, found):
    told = pd.DataFrame([{"group": "Skadegörelse", "low": low, "high": high, "gate": gate}])
    results = SimpleNamespace(reported=SimpleNamespace(groups=told))
    planted = {
        "scope": {"groups": ["Skadegörelse"]},
        **{"reported_share": 0.6, "seen_by_partners": 100.0, "expected_without": 80.0},
    }
    assert truth.a_share(results, planted) == found
    elsewhere = SimpleNamespace(groups=told.assign(group="Klotter"))
    assert not truth.a_share(SimpleNamespace(reported=elsewhere), planted)


@pytest.mark.parametrize(
    ("daypart", "typed", "found"),
    [("natt", [], True), ("kväll", [], False), ("kväll", [("Skadegörelse", "park")], True)],
)
def test_a_combination_is_the_situation_only_at_its_hours(daypart, typed, found):
    line = {"group": "Skadegörelse", "place_type": "park", "daypart": daypart}
    results = SimpleNamespace(
        geography=SimpleNamespace(
            places=pd.DataFrame({"name": ["Folkets park"], "place_type": ["park"]})
        ),
        situations=SimpleNamespace(table=pd.DataFrame(typed, columns=["group", "place_type"])),
        combinations=SimpleNamespace(table=pd.DataFrame([line])),
    )
    scope = {"groups": ["Skadegörelse"], "places": ["Folkets park"], "hours": "small hours"}
    assert truth.a_situation(results, {"scope": scope}) == found
