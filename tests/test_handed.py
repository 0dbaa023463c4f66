"""Results handed from a run to its chapters: the same when read, and never code."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from est_analysis.evidence import Share, Text, Word
from est_analysis.gather.columns import MissingColumnsError
from est_analysis.periods import parse
from est_analysis.reports import handed

TABLES = {
    "plain": pd.DataFrame({"n": [1, 2], "share": [0.1, np.nan], "yes": [True, False]}),
    "text": pd.DataFrame({"name": pd.array(["å", None], dtype="str")}, index=pd.Index(["a", "b"])),
    "objects": pd.DataFrame(
        {"what": pd.Series([date(2026, 9, 30), [1, ("x", None)]], dtype=object)}
    ),
    "text as objects": pd.DataFrame({"name": pd.Series(["a", "b"], dtype=object)}),
    "moments": pd.DataFrame({"at": pd.to_datetime(["2026-09-30 12:00", None])}),
    "moments of a zone": pd.DataFrame(
        {"at": pd.to_datetime(["2026-09-30 12:00"]).tz_localize("Europe/Stockholm")}
    ),
    "nullable": pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}),
    "categories": pd.DataFrame(
        {"kind": pd.Categorical(["b", "a", None], ["b", "a"], ordered=True)}
    ),
    "named index": pd.DataFrame({"n": [1]}, index=pd.RangeIndex(3, 4, name="hour")),
    "two levels": pd.DataFrame(
        {"n": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None])
    ),
    "numbers for columns": pd.DataFrame(np.eye(2)),
    "no row": pd.DataFrame({"n": pd.Series([], dtype="int32"), "o": pd.Series([], dtype=object)}),
    "no column": pd.DataFrame(index=pd.RangeIndex(2)),
    "the same column twice": pd.DataFrame([[1, 2.5]], columns=["a", "a"]),
}
VALUES = {
    "nothing": None,
    "truth": True,
    "whole": 10**20,
    "fraction": 0.1 + 0.2,
    "share": Share(0.25),
    "infinite": -math.inf,
    "text": "Ö ”x” \u2028 </script>",
    "moment": pd.Timestamp("2026-09-30 12:00:00.000000001"),
    "span": pd.Timedelta(minutes=90),
    "time": datetime(2026, 9, 30, 12),
    "day": date(2026, 9, 30),
    "path": Path("a/b"),
    "word": Word.CLEAR,
    "sentence": Text("{n} händelser", {"n": 3, "share": Share(0.5)}),
    "period": parse("2026Q3"),
    "list": [1, [2.0, ()]],
    "tuple": ((1, 2), "x"),
    "set": {"b", "a"},
    "frozen set": frozenset({(1, 2), (0, 9)}),
    "keys of any kind": {("a", 1): 1, 2: "x", "is": "y", None: {}},
    "numpy's number": np.float32(0.1),
    "numpy's truth": np.bool_(True),
    "array": np.arange(6, dtype="int16").reshape(2, 3).T,
    "array of objects": np.array([["a", None], [(1,), 2.5]], dtype=object),
    "shape": shapely.Polygon([(0, 0), (1, 0), (1, 1)]),
}


def same(one, other):
    """Assert that two values are of one type and say the same."""
    assert type(one) is type(other)
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True, check_freq=False)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    else:
        assert one == other


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_what_is_read_is_what_was_written(value):
    back = handed.read(handed.write(value))
    same(value, back)
    assert handed.write(back) == handed.write(value)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_comes_back_as_it_was(table):
    same(table, handed.read(handed.write(table)))


def test_missing_values_stay_what_they_are():
    assert math.isnan(handed.read(handed.write(math.nan)))
    assert handed.read(handed.write(pd.NaT)) is pd.NaT
    assert handed.read(handed.write(pd.NA)) is pd.NA


def test_an_error_comes_back_with_what_it_says():
    error = MissingColumnsError("Kolumnen saknas.", where="a.csv", mend="Skriv den.")
    back = handed.read(handed.write((error,)))[0]
    assert type(back) is MissingColumnsError
    assert str(back) == str(error)


def test_a_map_keeps_its_shapes_and_their_reference_system():
    shapes = [shapely.Point(674_032, 6_580_822), None]
    table = gpd.GeoDataFrame({"n": [1, 2]}, geometry=shapes, crs="EPSG:3006")
    back = handed.read(handed.write(table))
    assert back.crs == table.crs
    assert back.geometry.name == "geometry"
    assert shapely.equals_exact(back.geometry.iloc[0], shapes[0])
    assert back.geometry.iloc[1] is None


class Heir(dict):
    pass


@pytest.mark.parametrize("value", [object(), lambda: 1, Heir(), {"x": [type]}, b"bytes", 1j])
def test_what_cannot_be_told_is_refused(value):
    with pytest.raises(TypeError, match="a result cannot hold"):
        handed.write(value)


EVIL = {
    "a function elsewhere": {"is": "os:system", "has": {}},
    "a class elsewhere": {"is": "subprocess:Popen", "has": {"args": "true"}},
    "a module of ours that has imported it": {"is": "est_analysis.reports.build:os", "has": {}},
    "a function of ours": {"is": "est_analysis.cli:main", "has": {}},
    "a class that is no dataclass": {"is": "est_analysis.reports.results:Results", "has": {}},
    "a part of something": {"is": "est_analysis.reports.build:os.system", "has": {}},
    "an enumeration elsewhere": {"enum": ["signal:Signals", "SIGKILL"]},
    "an error elsewhere": {"error": ["builtins:SystemExit", "", "", ""]},
    "a dataclass for an error": {"error": ["est_analysis.evidence:Text", "", "", ""]},
    "a dataclass for an enumeration": {"enum": ["est_analysis.evidence:Text", "template"]},
    "an array of addresses": {"array": {"of": "|O", "shape": [1], "values": "AAAAAAAAAAA="}},
    "an unknown kind": {"code": "print(1)"},
    "two kinds at once": {"tuple": [], "set": []},
}


@pytest.mark.parametrize("told", EVIL.values(), ids=EVIL)
def test_nothing_but_data_is_made_of_a_text(told):
    with pytest.raises(ValueError):
        handed.read(json.dumps(told))


def test_the_sibling_is_read():
    text = {"is": "est_analysis.evidence:Text", "has": {"template": "x", "values": {"dict": []}}}
    assert handed.read(json.dumps(text)).template == "x"
