"""Works done two at a time give what they give one by one."""

from __future__ import annotations

import threading

import pandas as pd
import pytest

from est_analysis import municipality
from est_analysis.gather import abreast as module
from est_analysis.gather import accept
from est_analysis.gather.abreast import MANY, abreast


@pytest.mark.parametrize("n", [0, MANY - 1, MANY])
def test_each_work_is_done_once_and_told_in_its_place(n):
    done = []
    works = [lambda i=i: done.append(i) or i for i in range(5)]
    assert abreast(n, *works) == [0, 1, 2, 3, 4]
    assert sorted(done) == [0, 1, 2, 3, 4]


def test_two_are_at_work_where_rows_are_many():
    meet = threading.Barrier(2, timeout=30)
    assert sorted(abreast(MANY, meet.wait, meet.wait)) == [0, 1]


def test_few_rows_stay_in_the_thread_they_came_in():
    own = threading.get_ident()
    assert abreast(MANY - 1, threading.get_ident, threading.get_ident) == [own, own]
    assert own not in abreast(MANY, threading.get_ident)


@pytest.mark.parametrize("n", [1, MANY])
def test_the_first_that_fails_is_the_error(n):
    def fails(text):
        raise ValueError(text)

    with pytest.raises(ValueError, match="first"):
        abreast(n, lambda: 1, lambda: fails("first"), lambda: fails("second"))


def test_a_sample_is_gathered_alike_by_one_thread_and_by_two(home, monkeypatch):
    one = accept.gather(municipality.load(home))
    monkeypatch.setattr(module, "MANY", 0)
    two = accept.gather(municipality.load(home))
    assert len(one.events) and len(one.quarantine)
    for table in ("events", "quarantine", "accounting", "near_misses", "links", "stacks"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(two, table))
