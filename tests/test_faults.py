"""The fault suite: kills cover a run from end to end, and a part that breaks off is a miss."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from benchmarks import faults, injected, injected_around, kills


def gaps(moments):
    """Return the widest stretch of a run that no kill falls in, as a share."""
    return max(b - a for a, b in pairwise([0.0, *sorted(moments), 1.0]))


def kinds(number_of=200):
    """Return the moments of every kind of kill."""
    found = {}
    for number in range(number_of):
        real = kills.is_real(number)
        moment = kills.spread(number, number_of, real, random.Random(1 + number))
        found.setdefault((real, number % 4), []).append(moment)
    return found


def test_kills_cover_a_run_from_end_to_end():
    found = kinds()
    assert sum(map(len, found.values())) == 200
    assert sum(len(moments) for (real, _), moments in found.items() if real) == 20
    for moments in found.values():
        assert all(0 <= moment < 1 for moment in moments)
        assert gaps(moments) <= 2 / len(moments)


def test_kills_that_are_left_to_chance_leave_gaps():
    """The sibling: drawn freely, some tenth of the run has no kill."""
    free = [[random.Random(seed * 50 + n).random() for n in range(45)] for seed in range(20)]
    assert max(map(gaps, free)) > 2 / 45


@pytest.mark.parametrize(
    ("printed", "means"),
    [
        ("x\n33 met, 0 missed\n", (33, 0)),
        ("7 met, 2 missed", (7, 2)),
        ("", (0, 1)),
        ("33 met, 0 missed\nTraceback", (0, 1)),
        ("met    a fault", (0, 1)),
    ],
)
def test_a_part_that_breaks_off_is_a_miss(printed, means):
    assert faults.counted(printed) == means


def test_the_whole_is_missed_when_one_part_is(monkeypatch, capsys):
    said = {"malicious": "8 met, 1 missed"}
    monkeypatch.setattr(faults, "apart", lambda name, _: said.get(name, "2 met, 0 missed"))
    monkeypatch.setattr("sys.argv", ["faults", "--quick"])
    assert faults.main() == 1
    assert capsys.readouterr().out.splitlines()[-1] == "all parts: 16 met, 1 missed"
    said.clear()
    assert faults.main() == 0
    assert capsys.readouterr().out.splitlines()[-1] == "all parts: 10 met, 0 missed"


def test_there_are_faults_enough_and_each_says_what_survives():
    both = [*injected.FAULTS.items(), *injected_around.FAULTS.items()]
    assert len({name for name, _ in both}) == len(both) >= 40
    assert all(survives for _, (survives, _) in both)
