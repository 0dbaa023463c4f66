"""Accepted events and settings in memory, for tests that need neither files nor gathering."""

from pathlib import Path

import pandas as pd

from est_analysis.gather.tables import EVENTS
from est_analysis.municipality import Municipality

_ORDINARY = {
    "source": "polis",
    "partner": "Polisen",
    "kind": "reported_crime",
    "group": "Skadegörelse",
    "police_activity": False,
    "start": "2026-07-01 12:00",
    "end": pd.NaT,
    "registered": pd.NaT,
    "time_precision": "minute",
    "x": 500_100.0,
    "y": 6_500_100.0,
    "place_precision": "point",
    "place": "Torget",
    "place_type": "torg",
    "area": "Centrum",
    "severity": float("nan"),
    "factors": "",
    "count": 1,
    "text": "",
    "same_as": "",
    "file": "deliveries/polis/a.csv",
}
TYPES = [(name, str(column.dtype)) for name, column in EVENTS.columns.items()]


def events(*rows):
    """Return accepted events; each row states only what is not ordinary."""
    lines = [
        {**_ORDINARY, "event_id": f"polis:{i}", "row": i + 2, **row} for i, row in enumerate(rows)
    ]
    return pd.DataFrame(
        {name: pd.Series([line[name] for line in lines], dtype=kind) for name, kind in TYPES}
    )


def each_day(first, n, **row):
    """Return `n` rows of events on `n` days in a row from `first`."""
    days = pd.date_range(first, periods=n, freq="D")
    return [{"start": day + pd.Timedelta(hours=12), **row} for day in days]


def settings(*, sources=None, folder="lillby", **parts):
    """Return a municipality's settings; `parts` are tables such as ``thresholds``."""
    source = {
        "partner": "Polisen",
        "kind": "reported_crime",
        "files": "deliveries/polis/*.csv",
        "format": "csv",
        "columns": {"start": "datum"},
        "constants": {"group": "Skadegörelse"},
    }
    more = {"polis": {}} if sources is None else sources
    return Municipality.model_validate(
        {
            "folder": Path(folder),
            "name": "Lillby",
            "code": "9998",
            "purpose": "prov",
            "controller": "Kommunstyrelsen",
            "crs": "EPSG:3006",
            "sources": {name: {**source, **own} for name, own in more.items()},
            **parts,
        }
    )
