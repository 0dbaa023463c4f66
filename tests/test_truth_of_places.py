"""What is claimed about where keeps its error rates; a broken statistic is caught."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import truth_of_places as truth
from est_analysis import counts
from est_analysis.municipality import Thresholds
from est_analysis.patterns import near_repeats, unusual, where

NULLS = {"places": 16, "repeats": 12, "bursts": 12, "going on": 12}


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(truth, "DRAWS", 599)


def kept(question, *, sort, rate=0.05):
    """Tell whether a question's false claims are within the bound, on seeds from 1."""
    said = [
        truth.QUESTIONS[question](*truth.quiet(sort, seed))
        for seed in range(1, NULLS[question] + 1)
    ]
    return truth.bounded(question, [p <= rate for p in said if p is not None], rate)


def restless(monkeypatch):
    """Let places differ much from year to year."""
    monkeypatch.setattr(truth, "BETWEEN_PLACES", 0.8)


def test_places_that_differ_from_year_to_year_are_no_finding(monkeypatch):
    restless(monkeypatch)
    text, met = kept("places", sort="small")
    assert met, text


def test_taking_years_to_be_alike_is_caught(monkeypatch):
    restless(monkeypatch)
    monkeypatch.setattr(unusual, "unrest", lambda *_: unusual.CALM)
    text, met = kept("places", sort="small")
    assert not met, text


def test_reports_of_one_night_are_no_near_repeats(monkeypatch):
    monkeypatch.setattr(truth, "SPREES", 0.3)
    text, met = kept("repeats", sort="medium")
    assert met, text


def test_counting_records_instead_of_occasions_is_caught(monkeypatch):
    monkeypatch.setattr(truth, "SPREES", 0.3)
    monkeypatch.setattr(where, "_occasions", records)
    text, met = kept("repeats", sort="medium")
    assert not met, text


def records(events):
    """Return what `where._occasions` does, but one row a report."""
    day = events["start"].to_numpy().astype("datetime64[D]").astype(np.int64)
    return events[["group", "place", "place_type", "x", "y"]].assign(day=day).reset_index()


@pytest.fixture
def seasonal(monkeypatch):
    """Let every sort of place have a season of its own: terms and summers, by turns."""
    own = {
        sort: (n, mix, ("term", "summer")[i % 2])
        for i, (sort, (n, mix, _)) in enumerate(truth.PLACES.items())
    }
    monkeypatch.setattr(truth, "PLACES", own)


@pytest.mark.usefixtures("seasonal")
def test_seasons_of_places_are_no_near_repeats():
    text, met = kept("repeats", sort="medium")
    assert met, text


@pytest.mark.usefixtures("seasonal")
def test_letting_dates_change_over_everything_is_caught(monkeypatch):
    ours = near_repeats.knox

    def anywhere(*at, within, **more):
        return ours(*at, **more)

    monkeypatch.setattr(near_repeats, "knox", anywhere)
    text, met = kept("repeats", sort="medium")
    assert not met, text


@pytest.mark.parametrize("question", ["bursts", "going on"])
def test_quiet_towns_have_no_bursts(question):
    text, met = kept(question, sort="medium")
    assert met, text


def test_a_p_that_forgets_what_was_observed_is_caught(monkeypatch):
    # with four permutations every fifth quiet town has none as high: no p may be below 1 in 5
    monkeypatch.setattr(truth, "DRAWS", 4)
    monkeypatch.setitem(NULLS, "bursts", 30)
    monkeypatch.setattr(truth, "STOP_AFTER", None)
    assert kept("bursts", sort="small")[1]
    monkeypatch.setattr(
        counts, "permutation_p", lambda seen, drawn: float(np.mean(np.asarray(drawn) >= seen))
    )
    text, met = kept("bursts", sort="small")
    assert not met, text


def test_too_many_false_claims_are_missed():
    # of 1,000, the 99 % bound of 5 % is 67
    assert truth.bounded("x", [True] * 67 + [False] * 933, 0.05)[1]
    assert not truth.bounded("x", [True] * 68 + [False] * 932, 0.05)[1]
    assert not truth.bounded("nobody was asked", [], 0.05)[1]
    quiet = {"places": 1.0, "repeats": 1.0, "bursts": 1.0, "going on": 1.0}
    said = [(sort, quiet) for sort in truth.SORTS] * 10
    assert all(met for _, met in truth.null_checks(said, Thresholds()))
    loud = [(sort, {**quiet, "repeats": 0.001}) for sort in truth.SORTS] * 10
    missed = [text for text, met in truth.null_checks(loud, Thresholds()) if not met]
    assert {text.split(":")[0] for text in missed} == {"null, repeats, all", "null, the room"} | {
        f"null, repeats, {sort}" for sort in truth.SORTS
    }


@pytest.mark.parametrize(
    ("p", "said"), [(0.003, (True, True)), (0.01, (False, True)), (0.02, (False, False))]
)
def test_the_room_has_a_fifth_of_the_risk_for_its_three_questions(p, said):
    answers = {"places": 1.0, "repeats": p, "bursts": 1.0}
    assert truth.words(answers, Thresholds()) == said


@pytest.mark.parametrize(
    ("question", "weak", "strong"),
    [("places", 1, 10), ("repeats", 0.0, 0.4), ("bursts", 0, 12), ("going on", 0, 12)],
)
def test_what_is_planted_strongly_is_seen_and_what_is_not_less(question, weak, strong, monkeypatch):
    if question == "repeats":  # the number of groups is allowed for: fewer draws cannot tell
        monkeypatch.setattr(truth, "DRAWS", 4999)
    found = truth.seen(question, "medium", 1, strong)
    assert found <= 0.05
    assert found < truth.seen(question, "medium", 1, weak)
