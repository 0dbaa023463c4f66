"""The schemas: what an accepted event is, and how every row of a delivery is accounted for."""

from __future__ import annotations

from typing import Any, get_args

import pandas as pd
import pandera.pandas as pa

from est_analysis.errors import DeliveryError
from est_analysis.gather import guard, spread
from est_analysis.gather.times import PRECISIONS
from est_analysis.municipality import PlacePrecision, RecordKind

_WALL_TIME = "datetime64[s]"


def _told(description: str, *, unit: str = "", sensitivity: str = "") -> dict[str, Any]:
    """
    Return what the data dictionary says of a column, in Swedish.

    Sensitivity is ``intern`` (stays with the analyst), ``plats`` (shown only as places with enough
    events), ``fritext`` (only where the group has switched it on), or empty.
    """
    return {
        "description": description,
        "metadata": {"unit": unit, "sensitivity": sensitivity},
    }


def _once(texts: pd.Series) -> bool | pd.Series:
    """Tell whether no text stands twice, or else which stand there for the first time."""
    return spread.unlike(texts) or ~texts.duplicated()


EVENTS = pa.DataFrameSchema(
    {
        "event_id": pa.Column(
            str,
            pa.Check(_once, name="unique", ignore_na=False),
            **_told(
                "Radens nyckel: källans namn och partens eget nummer, eller ett avtryck av raden",
                sensitivity="intern",
            ),
        ),
        "source": pa.Column(str, **_told("Källans namn i municipality.toml")),
        "partner": pa.Column(
            str, **_told("Vem som rapporterat: en part, förvaltning eller ett bolag")
        ),
        "kind": pa.Column(
            str,
            pa.Check.isin(get_args(RecordKind)),
            **_told("Slag av uppgift; slagen räknas aldrig ihop"),
        ),
        "group": pa.Column(
            str,
            pa.Check.str_length(min_value=1),
            **_told("Grupp som koden eller kategorin räknas till"),
        ),
        "police_activity": pa.Column(
            bool, **_told("Om gruppen följer hur mycket polisen kontrollerar")
        ),
        "start": pa.Column(_WALL_TIME, **_told("När det började, lokal tid på klockan")),
        "end": pa.Column(_WALL_TIME, nullable=True, **_told("När det senast var över, lokal tid")),
        "registered": pa.Column(
            _WALL_TIME,
            nullable=True,
            **_told("När det registrerades eller rapporterades, lokal tid"),
        ),
        "time_precision": pa.Column(
            str, pa.Check.isin(PRECISIONS), **_told("Hur fint tiden är känd")
        ),
        "x": pa.Column(
            float,
            nullable=True,
            **_told("Öst, i kommunens koordinatsystem", unit="meter", sensitivity="plats"),
        ),
        "y": pa.Column(
            float,
            nullable=True,
            **_told("Norr, i kommunens koordinatsystem", unit="meter", sensitivity="plats"),
        ),
        "place_precision": pa.Column(
            str,
            pa.Check.isin(get_args(PlacePrecision)),
            **_told("Hur fint platsen är känd; bara point, street och place är en plats"),
        ),
        "place": pa.Column(
            str,
            **_told(
                "Offentlig plats, gata eller ruta; aldrig en bostadsadress", sensitivity="plats"
            ),
        ),
        "place_type": pa.Column(str, **_told("Slag av plats")),
        "area": pa.Column(str, **_told("Område")),
        "severity": pa.Column(
            float,
            pa.Check.in_range(1, 3),
            nullable=True,
            **_told("Allvar enligt rapportören", unit="1–3"),
        ),
        "factors": pa.Column(str, **_told("Faktorer i miljön, med komma mellan")),
        "count": pa.Column(
            "int64", pa.Check.ge(1), **_told("Hur många händelser raden räknar", unit="antal")
        ),
        "text": pa.Column(
            str, **_told("Fritext, tom om den inte är påslagen", sensitivity="fritext")
        ),
        "same_as": pa.Column(
            str,
            **_told(
                "Nyckel till den rad som denna räknas tillsammans med; annars tom",
                sensitivity="intern",
            ),
        ),
        "file": pa.Column(str, **_told("Levererad fil", sensitivity="intern")),
        "row": pa.Column(
            "int64", **_told("Radens nummer i filen, som man ser det", sensitivity="intern")
        ),
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
        "source": pa.Column(str, **_told("Källans namn i municipality.toml")),
        "file": pa.Column(str, **_told("Levererad fil", sensitivity="intern")),
        "row": pa.Column(
            "int64", **_told("Radens nummer i filen, som man ser det", sensitivity="intern")
        ),
        "column": pa.Column(str, **_told("Kolumnen med felet")),
        "reason": pa.Column(str, **_told("Skälet; listan står nedan")),
        "value": pa.Column(
            str,
            **_told("Värdet, bara där det inte kan vara en personuppgift", sensitivity="intern"),
        ),
    },
    strict=True,
    ordered=True,
)
"""Rows that cannot be used: file, row and reason; a value only where it can be no personal data."""

NEAR_MISSES = pa.DataFrameSchema(
    {
        "source": pa.Column(str, **_told("Källans namn i municipality.toml")),
        "sort": pa.Column(
            str, pa.Check.isin(["column", "code", "kind", "place"]), **_told("Vad det gäller")
        ),
        "written": pa.Column(str, **_told("Så som det står i leveransen", sensitivity="intern")),
        "means": pa.Column(str, **_told("Det kända som liknar mest")),
        "score": pa.Column(
            float, pa.Check.in_range(0, 100), **_told("Hur lika de är", unit="0–100")
        ),
        "rows": pa.Column(
            "int64", pa.Check.ge(1), **_told("Hur många rader det gäller", unit="antal")
        ),
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
        "event_id": pa.Column(str, **_told("Den ena raden", sensitivity="intern")),
        "other_id": pa.Column(str, **_told("Den andra raden", sensitivity="intern")),
        "metres": pa.Column(float, nullable=True, **_told("Avstånd", unit="meter")),
        "hours": pa.Column(float, nullable=True, **_told("Tid emellan", unit="timmar")),
        "score": pa.Column(
            float, pa.Check.in_range(0, 1), **_told("Hur troligt det är samma händelse", unit="0–1")
        ),
        "decided": pa.Column(bool, **_told("Om gruppen har bestämt det")),
    },
    strict=True,
    ordered=True,
)
"""Pairs of records that are probably, or by decision, the same event seen by two sources."""

STACKS = pa.DataFrameSchema(
    {
        "x": pa.Column(
            float, **_told("Öst, i kommunens koordinatsystem", unit="meter", sensitivity="plats")
        ),
        "y": pa.Column(
            float, **_told("Norr, i kommunens koordinatsystem", unit="meter", sensitivity="plats")
        ),
        "n": pa.Column(
            "int64",
            pa.Check.ge(1),
            **_told("Hur många händelser som delar koordinaten", unit="antal"),
        ),
        "place": pa.Column(str, **_told("Platsens namn", sensitivity="plats")),
        "what": pa.Column(str, **_told("Vad högen troligen är")),
        "kept_out": pa.Column(
            bool, **_told("Om den hålls utanför det som ser på enskilda platser")
        ),
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
        "source": pa.Column(str, **_told("Källans namn i municipality.toml")),
        "file": pa.Column(str, **_told("Levererad fil", sensitivity="intern")),
        "rows": pa.Column("int64", pa.Check.ge(0), **_told("Rader i filen", unit="antal")),
        "accepted": pa.Column("int64", pa.Check.ge(0), **_told("Rader som används", unit="antal")),
        "quarantined": pa.Column(
            "int64", pa.Check.ge(0), **_told("Rader som väntar på rättning", unit="antal")
        ),
        "dropped": pa.Column(
            "int64",
            pa.Check.ge(0),
            **_told("Rader som inte tas in enligt regel; bara antalet finns kvar", unit="antal"),
        ),
        "repeated": pa.Column(
            "int64", pa.Check.ge(0), **_told("Rader som levererats förut", unit="antal")
        ),
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
        "source": pa.Column(str, **_told("Källans namn i municipality.toml")),
        "file": pa.Column(str, **_told("Den levererade filen")),
        "column": pa.Column(str, **_told("Vad texten skulle ha beskrivit")),
        "sort": pa.Column(
            str, pa.Check.isin(list(guard.SORTS)), **_told("Vad för personuppgift som fanns där")
        ),
        "rows": pa.Column("int64", pa.Check.ge(1), **_told("Hur många rader", unit="antal")),
    },
    strict=True,
    ordered=True,
)
"""How many texts were emptied because they held personal data, where the settings ask for that."""


def empty(schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return a table of this schema without rows."""
    kinds = {name: str(column.dtype) for name, column in schema.columns.items()}
    plain = {k: "str" if v.startswith("string") else v for k, v in kinds.items()}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in plain.items()})


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
        return schema.validate(frame, lazy=True, inplace=True)  # nothing is coerced
    except pa.errors.SchemaErrors as error:
        faults = dict.fromkeys(_fault(fault) for fault in error.failure_cases.itertuples())
        raise DeliveryError(
            f"Tabellen ”{what}” håller inte sitt schema.",
            where="; ".join(list(faults)[:3]),
            mend="Det är ett fel i programmet. Anmäl det tillsammans med meddelandet.",
        ) from error


def _fault(fault: Any) -> str:
    """Return column, rule and row, without the value: it may be anything."""
    if str(fault.check).startswith("column_"):  # the fault is the column itself
        return f"kolumn {fault.failure_case}, regel {fault.check}"
    column = f"kolumn {fault.column}, " if fault.schema_context == "Column" else ""
    row = f", rad {fault.index}" if pd.notna(fault.index) else ""
    return f"{column}regel {fault.check}{row}"
