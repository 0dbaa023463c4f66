"""The simulation of measures in small, and siblings that it catches; bounds are binomial 99.9 %."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import truth_of_measures as asked
from benchmarks.truth_of_measures import ALIKE, Sort, ask, at_least, at_most, errors
from est_analysis.measures.evaluation import evaluate
from est_analysis.municipality import Thresholds
from est_analysis.reports.findings_of_measures import judged_finding

TAIL = 0.999
TOWNS = 10
HOTTEST = replace(ALIKE, treated=3, places=500)
"""The three that were hottest of so many by chance alone fall the farthest by themselves."""


def missed(said, tail=TAIL):
    return [which for which, (_, met) in errors(said, Thresholds(), tail).items() if not met]


def towns(sort, n=TOWNS, **parts):
    return [ask(sort, number, **parts) for number in range(n)]


# --- regression to the mean ----------------------------------------------------------------------


@pytest.mark.parametrize(("stated", "history"), [("yes", 5), ("no", 1)])
def test_the_hottest_places_are_not_said_to_have_improved(stated, history):
    said = towns(replace(HOTTEST, stated=stated, history=history))
    assert missed(said) == []
    assert sum(one.naive for one in said) > TOWNS / 2


def test_without_the_guard_they_are():
    assert "lone claim" in missed(towns(replace(HOTTEST, stated="wrong", history=1)))


def test_an_unknown_choice_only_makes_falls_harder_to_claim():
    settings, geography = asked._settings(), asked._geography(ALIKE.places)
    town = asked.draw(replace(ALIKE, stated="no"), np.random.default_rng(3))
    happened, kept = asked.events(town), asked.register(town, ALIKE)
    unknown = evaluate(happened, kept, asked.PERIOD, settings, geography)
    kept.problems["vald_period"] = "2015"
    known = evaluate(happened, kept, asked.PERIOD, settings, geography)
    assert any(a.p > b.p for a, b in zip(unknown, known, strict=True))
    for a, b in zip(unknown, known, strict=True):
        assert a.p >= b.p if b.ratio < 1 else a.p == b.p


# --- unrest, power, displacement -----------------------------------------------------------------

RESTLESS = Sort("restless", dispersion=4.0, scale=20, effect=0.6, places=100)


def test_intervals_cover_in_restless_years_and_not_without_the_dispersion(monkeypatch):
    (line,) = asked.covered({RESTLESS: towns(RESTLESS, 6)}).lines
    assert line[1]
    monkeypatch.setattr(asked, "estimated", lambda *_: 1.0)
    (line,) = asked.covered({RESTLESS: towns(RESTLESS, 6)}).lines
    assert not line[1]


def nothing_said(evaluation, name, rank):
    return replace(judged_finding(evaluation, name, rank), gate=False)


def test_what_has_the_power_is_called_and_a_tool_that_never_calls_is_caught():
    effect = asked.weakest(30, asked.SURE)
    sort = asked.planted(30, effect)
    planned = {sort: asked.SURE}
    called = asked.called(sort, towns(sort, 20))
    assert at_least("called", called, 20, asked.SURE, TAIL)[1]
    mute = towns(sort, 6, say=nothing_said)
    assert [met for _, met in asked.sure({sort: mute}, planned).lines] == [False]
    assert not all(met for _, met in asked.curve({sort: mute}, planned).lines)
    assert missed(mute) == []  # its silence alone would never be seen


def test_what_moved_is_found_and_what_did_not_is_not():
    still, moving = asked.AROUND[200, 0.0, 1.0], asked.AROUND[200, 0.5, 1.0]
    said = {sort: towns(sort) for sort in (still, moving)}
    claimed, found = ([p <= 0.05 for one in said[s] for p, _ in one.moved] for s in said)
    assert at_most("claimed", sum(claimed), len(claimed), 0.05, TAIL)[1]
    assert at_least("found", sum(found), len(found), asked.ring_power(moving), TAIL)[1]
    assert not at_most("claimed", sum(found), len(found), 0.05, TAIL)[1]


# --- the page ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "seen", "met"), [(at_most, 11, True), (at_most, 12, False), (at_least, 1, True)]
)
def test_bounds_can_be_missed(bound, seen, met):
    assert bound("", seen, 100, 0.05)[1] == met


def test_nothing_is_written_outside_the_marks(tmp_path):
    page = tmp_path / "truth.md"
    page.write_text("before\n{}\nold\n{}\nafter\n".format(*asked.MARKS), encoding="utf-8")
    asked.write(["new"], page)
    text = page.read_text(encoding="utf-8")
    assert text == "before\n{}\nnew\n{}\nafter\n".format(*asked.MARKS)
    page.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="unpack"):
        asked.write(["new"], page)
