"""Pieces of work on what is delivered, ours and the peers', for ``benchmarks.peers`` to measure."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

WARM = (100,)
"""A tiny case."""
Work = Callable[[], Any]
NEEDED = ["start", "end", "time_precision", "count"]
"""The columns that the hours of the week are made of."""


def intervals(n: int) -> Any:
    """Return `n` events of five years, most of them within up to ten hours; the same each time."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(n)
    start = np.datetime64("2021-01-01", "s") + rng.integers(0, 5 * 525_600, n) * 60
    end = start + rng.integers(0, 600, n) * 60
    end[rng.random(n) < 0.3] = np.datetime64("NaT")
    return pd.DataFrame({"start": start, "end": end, "time_precision": "minute", "count": 1})


def aoristic(n: int) -> Work:
    """Spread every event over the hours of the week in which it may have happened."""
    from est_analysis.patterns import rhythms

    events = intervals(n)
    return lambda: rhythms.aoristic(events, longest_span_hours=24, zone="Europe/Stockholm")


def aoristic_read(n: int) -> Work:
    """Read the columns that this needs, from a file in the form of the store."""
    import pandas as pd

    file = Path(tempfile.mkdtemp(prefix="est-bench-")) / "events.parquet"
    intervals(n).to_parquet(file)
    return lambda: (pd.read_parquet(file, columns=NEEDED), file.stat())


def aoristic_read_csv(n: int) -> Work:
    """Read start and end alone from a delivery in CSV, dates parsed."""
    import pandas as pd

    file = Path(tempfile.mkdtemp(prefix="est-bench-")) / "events.csv"
    intervals(n).to_csv(file, index=False)
    return lambda: pd.read_csv(file, usecols=["start", "end"], parse_dates=["start", "end"])


SHEET = ("Diarienummer", "Brottskod", "Startdatum", "Slutdatum", "X", "Y", "Gata", "Kommun")


def workbook(n: int) -> Path:
    """Write a delivery of `n` rows and eight columns as Excel does."""
    import openpyxl

    events = intervals(n)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Blad1")
    sheet.append(SHEET)
    ends = events["end"].fillna(events["start"]).dt.to_pydatetime()
    for row, (start, end) in enumerate(zip(events["start"].dt.to_pydatetime(), ends, strict=True)):
        street = f"Gata {row % 2_000}"
        sheet.append((row, f"{801 + row % 40:04}", start, end, row % 9_999, 7.5, street, "Stad"))
    file = Path(tempfile.mkdtemp(prefix="est-bench-")) / "stor.xlsx"
    book.save(file)
    return file


def excel(n: int) -> Work:
    """Read an Excel file as gathering does: header found, cells as texts, bombs refused."""
    from est_analysis.gather import formats
    from est_analysis.gather.columns import Wanted
    from est_analysis.municipality import Source

    columns = dict(zip(("id", "code", "start", "end", "x", "y", "place"), SHEET, strict=False))
    given = {"partner": "Polisen", "kind": "reported_crime", "files": "*.xlsx", "format": "excel"}
    source = Source.model_validate({**given, "columns": columns, "codes": {"0801": "Stöld"}})
    file, wanted = workbook(n), Wanted.of(source)
    return lambda: formats.read(file, source, wanted, shown=file.name, crs="EPSG:3006")


def excel_openpyxl(n: int) -> Work:
    """Read the same file with openpyxl, the cells as they stand."""
    import openpyxl

    file = workbook(n)
    return lambda: [
        row
        for sheet in openpyxl.load_workbook(file, read_only=True, data_only=True)
        for row in sheet.iter_rows(values_only=True)
    ]


def excel_fastexcel(n: int) -> Work:
    """Read the same file with fastexcel, the cells in columns of Arrow."""
    import fastexcel

    file = workbook(n)
    return lambda: fastexcel.read_excel(file).load_sheet(0).to_arrow()
