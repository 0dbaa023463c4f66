"""The schemas: what an accepted event is, and how every row of a delivery is accounted for."""

from __future__ import annotations

from typing import Any, get_args

import pandas as pd
import pandera.pandas as pa

from est_analysis.errors import DeliveryError
from est_analysis.gather import guard
from est_analysis.gather.times import PRECISIONS
from est_analysis.municipality import PlacePrecision, RecordKind

_WALL_TIME = "datetime64[s]"

EVENTS = pa.DataFrameSchema(
    {
        "event_id": pa.Column(str, unique=True),
        "source": pa.Column(str),
        "partner": pa.Column(str),
        "kind": pa.Column(str, pa.Check.isin(get_args(RecordKind))),
        "group": pa.Column(str, pa.Check.str_length(min_value=1)),
        "police_activity": pa.Column(bool),
        "start": pa.Column(_WALL_TIME),
        "end": pa.Column(_WALL_TIME, nullable=True),
        "registered": pa.Column(_WALL_TIME, nullable=True),
        "time_precision": pa.Column(str, pa.Check.isin(PRECISIONS)),
        "x": pa.Column(float, nullable=True),
        "y": pa.Column(float, nullable=True),
        "place_precision": pa.Column(str, pa.Check.isin(get_args(PlacePrecision))),
        "place": pa.Column(str),
        "place_type": pa.Column(str),
        "area": pa.Column(str),
        "severity": pa.Column(float, pa.Check.in_range(1, 3), nullable=True),
        "factors": pa.Column(str),
        "count": pa.Column("int64", pa.Check.ge(1)),
        "text": pa.Column(str),
        "same_as": pa.Column(str),
        "file": pa.Column(str),
        "row": pa.Column("int64"),
    },
    checks=[
        pa.Check(lambda t: ~(t["end"] < t["start"]), error="end before start"),
        pa.Check(lambda t: t["x"].isna() == t["y"].isna(), error="x without y"),
    ],
    strict=True,
    ordered=True,
)
"""
Accepted events: times are local wall time, x and y metres in the municipality's CRS. ``same_as`` is
the id of the record that this one is counted with, empty where it is counted itself; ``text`` is
empty unless the settings switch free text on.
"""

QUARANTINE = pa.DataFrameSchema(
    {
        "source": pa.Column(str),
        "file": pa.Column(str),
        "row": pa.Column("int64"),
        "column": pa.Column(str),
        "reason": pa.Column(str),
        "value": pa.Column(str),
    },
    strict=True,
    ordered=True,
)
"""Rows that cannot be used: file, row and reason; a value only where it can be no personal data."""

NEAR_MISSES = pa.DataFrameSchema(
    {
        "source": pa.Column(str),
        "sort": pa.Column(str, pa.Check.isin(["column", "code", "kind", "place"])),
        "written": pa.Column(str),
        "means": pa.Column(str),
        "score": pa.Column(float, pa.Check.in_range(0, 100)),
        "rows": pa.Column("int64", pa.Check.ge(1)),
    },
    strict=True,
    ordered=True,
)
"""
What is nearly, but not surely, something known: what was written, the best candidate, how alike
they are (0-100), and how many rows it concerns. Nothing is taken for its candidate until a line in
``reference/aliases.csv`` says so.
"""

LINKS = pa.DataFrameSchema(
    {
        "event_id": pa.Column(str),
        "other_id": pa.Column(str),
        "metres": pa.Column(float, nullable=True),
        "hours": pa.Column(float, nullable=True),
        "score": pa.Column(float, pa.Check.in_range(0, 1)),
        "decided": pa.Column(bool),
    },
    strict=True,
    ordered=True,
)
"""Pairs of records that are probably, or by decision, the same event seen by two sources."""

STACKS = pa.DataFrameSchema(
    {
        "x": pa.Column(float),
        "y": pa.Column(float),
        "n": pa.Column("int64", pa.Check.ge(1)),
        "place": pa.Column(str),
        "what": pa.Column(str),
        "kept_out": pa.Column(bool),
    },
    strict=True,
    ordered=True,
)
"""
Coordinates that many events share, in metres: how many, the place's name, what they probably are,
and whether they are kept out of what looks at single places.
"""

ACCOUNTING = pa.DataFrameSchema(
    {
        "source": pa.Column(str),
        "file": pa.Column(str),
        "rows": pa.Column("int64", pa.Check.ge(0)),
        "accepted": pa.Column("int64", pa.Check.ge(0)),
        "quarantined": pa.Column("int64", pa.Check.ge(0)),
        "dropped": pa.Column("int64", pa.Check.ge(0)),
        "repeated": pa.Column("int64", pa.Check.ge(0)),
    },
    checks=pa.Check(
        lambda t: t["rows"] == t[["accepted", "quarantined", "dropped", "repeated"]].sum(axis=1),
        error="rows in are not accounted for",
    ),
    strict=True,
    ordered=True,
)
"""Rows in = accepted + quarantined + dropped by rule + repeated, file by file."""

TEXTS_DROPPED = pa.DataFrameSchema(
    {
        "source": pa.Column(str),
        "file": pa.Column(str),
        "column": pa.Column(str),
        "sort": pa.Column(str, pa.Check.isin(list(guard.SORTS))),
        "rows": pa.Column("int64", pa.Check.ge(1)),
    },
    strict=True,
    ordered=True,
)
"""How many texts were emptied because they held personal data, where the settings ask for that."""


def empty(schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return a table of this schema without rows."""
    kinds = {name: str(column.dtype) for name, column in schema.columns.items()}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def check(frame: pd.DataFrame, schema: pa.DataFrameSchema, *, what: str) -> pd.DataFrame:
    """
    Return `frame` unchanged if it fits `schema`.

    Raises
    ------
    DeliveryError
        If it does not; the message names column, rule and the first offending rows. It means that
        the program let through what it should have quarantined.
    """
    try:
        return schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        faults = dict.fromkeys(_told(fault) for fault in error.failure_cases.itertuples())
        raise DeliveryError(
            f"Tabellen ”{what}” håller inte sitt schema.",
            where="; ".join(list(faults)[:3]),
            mend="Det är ett fel i programmet. Anmäl det tillsammans med meddelandet.",
        ) from error


def _told(fault: Any) -> str:  # noqa: ANN401 - a row of pandera's table of failures
    """Return column, rule and row, without the value: it may be anything."""
    if str(fault.check).startswith("column_"):  # the fault is the column itself
        return f"kolumn {fault.failure_case}, regel {fault.check}"
    column = f"kolumn {fault.column}, " if fault.schema_context == "Column" else ""
    row = f", rad {fault.index}" if pd.notna(fault.index) else ""
    return f"{column}regel {fault.check}{row}"
