"""The table of the coming fortnight in the meeting's brief."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from est_analysis.evidence import Text
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from est_analysis.reports.results import Results


def upcoming(results: Results, most: int | None = None) -> Table:
    """Return what is coming the next fortnight; at most so many, the earliest first."""
    listed = results.ahead.to_dict("records")
    rows = [
        [
            row["name"],
            row["first"].date(),
            row["last"].date(),
            None
            if pd.isna(row["n"])
            else Text(
                "{n} anmälda brott, mot {usual} veckorna omkring",
                {"n": int(row["n"]), "usual": float(row["usual"])},
                singular="ett anmält brott, mot {usual} veckorna omkring",
            ),
        ]
        for row in listed[:most]
    ]
    left_out = len(listed) - len(rows)
    return Table(
        "kommande",
        Text("De två veckorna efter {day}", {"day": results.period.last}),
        ["Vad", "Från", "Till", "Förra gången"],
        rows,
        results.language,
        Text("{n} till står i kalendern.", {"n": left_out}) if left_out else None,
        Text("inget i kalendern"),
    )
