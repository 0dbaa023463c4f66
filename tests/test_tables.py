"""The schemas: each constraint refuses one bad row."""

from __future__ import annotations

import pandas as pd
import pytest

from est_analysis.errors import DeliveryError
from est_analysis.gather import tables

WHEN = pd.Timestamp("2026-07-01 21:30").as_unit("s")
EVENT = {
    "event_id": "polis:1",
    "source": "polis",
    "partner": "Polisen",
    "kind": "reported_crime",
    "group": "Klotter",
    "police_activity": False,
    "start": WHEN,
    "end": WHEN,
    "registered": WHEN,
    "time_precision": "minute",
    "x": 500_100.0,
    "y": 6_500_100.0,
    "place_precision": "point",
    "place": "Torget",
    "place_type": "torg",
    "area": "Centrum",
    "severity": 1.0,
    "factors": "",
    "count": 1,
    "text": "",
    "same_as": "",
    "file": "a.csv",
    "row": 2,
}
LINE = {"source": "polis", "file": "a.csv", "row": 2, "column": "kod", "reason": "outside"}
LINE["value"] = ""
FILE = {"source": "polis", "file": "a.csv", "rows": 10, "accepted": 4, "quarantined": 3}
FILE |= {"dropped": 2, "repeated": 1}
GOOD = {"events": (tables.EVENTS, EVENT), "quarantine": (tables.QUARANTINE, LINE)}
GOOD["accounting"] = (tables.ACCOUNTING, FILE)


def good(name):
    """Two rows that fit, the second with all that may be missing left out."""
    schema, row = GOOD[name]
    table = pd.DataFrame([row, row])
    if name == "events":
        table.loc[1, "event_id"] = "polis:2"
        table.loc[1, ["end", "registered", "x", "y", "severity"]] = None
        times = ["start", "end", "registered"]
        table[times] = table[times].astype("datetime64[s]")
    return schema, table


def complaint(schema, table):
    with pytest.raises(DeliveryError) as caught:
        tables.check(table, schema, what="prov")
    assert "Tabellen ”prov” håller inte sitt schema." in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", GOOD)
def test_what_fits_is_returned_unchanged_and_may_be_empty(name):
    schema, table = good(name)
    assert tables.check(table, schema, what="prov").equals(table)
    assert tables.check(table.iloc[:0], schema, what="prov").empty


VALUES = [
    ("kind", "crime"),
    ("group", ""),
    ("time_precision", "second"),
    ("place_precision", "home"),
    ("severity", 0.0),
    ("severity", 4.0),
    ("count", 0),
    ("event_id", "polis:1"),
]


@pytest.mark.parametrize(("column", "value"), VALUES)
def test_a_value_out_of_range_is_refused(column, value):
    schema, table = good("events")
    table.loc[1, column] = value
    assert f"kolumn {column}" in complaint(schema, table)
    assert "rad 1" in complaint(schema, table)


@pytest.mark.parametrize(
    "column", [c for c in EVENT if c not in {"police_activity", "count", "row"}]
)
def test_only_what_may_be_missing_may(column):
    schema, table = good("events")
    table.loc[0, column] = None
    if column in {"end", "registered", "severity"}:
        assert len(tables.check(table, schema, what="prov")) == 2
    elif column in {"x", "y"}:
        assert "x without y" in complaint(schema, table)
    else:
        assert f"kolumn {column}" in complaint(schema, table)


def test_an_end_before_its_start_is_refused():
    schema, table = good("events")
    table.loc[0, "end"] = WHEN - pd.Timedelta(minutes=1)
    assert "end before start" in complaint(schema, table)


TYPES = [(name, column) for name, (_, row) in GOOD.items() for column in row]


@pytest.mark.parametrize(("name", "column"), TYPES)
def test_a_column_of_another_type_is_refused(name, column):
    schema, table = good(name)
    other = "int64" if table[column].dtype in ("str", "bool") else str
    table[column] = pd.Series([7, 7], index=table.index).astype(other)
    assert f"kolumn {column}" in complaint(schema, table)


@pytest.mark.parametrize("name", GOOD)
def test_columns_are_all_there_in_order_and_no_others(name):
    schema, table = good(name)
    complaint(schema, table.iloc[:, 1:])
    complaint(schema, table[table.columns[::-1]])
    assert "personnummer" in complaint(schema, table.assign(personnummer=""))


@pytest.mark.parametrize("column", ["rows", "accepted", "quarantined", "dropped", "repeated"])
def test_rows_that_do_not_add_up_are_refused(column):
    schema, table = good("accounting")
    table.loc[1, column] += 1
    assert "rows in are not accounted for" in complaint(schema, table)
    table.loc[1, column] = -1
    assert f"kolumn {column}" in complaint(schema, table)


def test_a_complaint_holds_no_value():
    schema, table = good("events")
    table.loc[1, "kind"] = "Anna Andersson"
    assert "Anna" not in complaint(schema, table)
