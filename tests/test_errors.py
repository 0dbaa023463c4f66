"""Errors say what, where and what to do, also after the way between processes."""

from __future__ import annotations

import pickle

import pytest

from est_analysis import errors


@pytest.mark.parametrize("name", ["Settings", "Delivery", "Period", "Report"])
def test_an_error_keeps_its_parts_between_processes(name):
    error = getattr(errors, f"{name}Error")("Fel.", where="a.csv, rad 3", mend="Rätta.")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert isinstance(again, errors.EstError)
    assert str(again).splitlines() == ["Fel.", "Var: a.csv, rad 3", "Gör så här: Rätta."]


def test_a_message_has_no_empty_lines():
    assert str(errors.EstError("Fel.")) == "Fel."
