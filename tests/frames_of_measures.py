"""One measure at Torget from 2 April 2025, with Parken as comparison place, in memory."""

import numpy as np
import pandas as pd

from est_analysis.gather.geography import Geography
from est_analysis.measures.register import (
    DECISION_COLUMNS,
    MEASURE_COLUMNS,
    PROBLEM_COLUMNS,
    Register,
)
from est_analysis.periods import parse

GEOGRAPHY = Geography(
    boundary=None,
    areas=None,
    places=pd.DataFrame(
        {
            "name": ["Torget", "Parken", "Intill"],
            "place_type": ["torg", "park", "gata"],
            "x": [0.0, 5_000.0, 100.0],
            "y": [0.0, 0.0, 0.0],
            "area": ["Centrum"] * 3,
        }
    ),
    streets=None,
)
Q1 = parse("2026Q1")  # 2 April 2025 to 31 March 2026 is 52 weeks
BEFORE, THERE = {"x": 0.0, "y": 0.0}, {"x": 5_000.0, "y": 0.0}


def register(measure=None, problem=None):
    problems = pd.DataFrame([{c: "" for c in PROBLEM_COLUMNS}]).assign(
        **{
            **{"id": "P1", "plats": "Torget", "x": np.nan, "y": np.nan, "radie_m": np.nan},
            **{"paverkbarhet": np.nan},
            **(problem or {}),
        }
    )
    dates = ("startdatum", "forvantad_effekt_fran", "slutdatum")
    measures = pd.DataFrame([{c: "" for c in MEASURE_COLUMNS}]).assign(
        **{
            **{"id": "A1", "problem": "P1", "jamforelseplats": "Parken"},
            **dict.fromkeys(dates, pd.NaT),
            "startdatum": "2025-04-02",
            **(measure or {}),
        }
    )
    measures = measures.astype(dict.fromkeys(dates, "datetime64[s]"))
    nothing = pd.DataFrame(columns=list(DECISION_COLUMNS))
    return Register(problems, measures, nothing, pd.DataFrame())


def yearly(counts, **row):
    """Return rows of `counts` events on 1 October of 2025, 2024, ..."""
    return [
        {"start": f"{2025 - back}-10-01 12:00", "count": n, **row}
        for back, n in enumerate(counts)
        if n
    ]


HISTORY = {"start": "2021-01-01", "x": 9_000.0, "y": 9_000.0}  # the source has begun
FULL = [HISTORY, *yearly([20, 40, 40, 40], **BEFORE), *yearly([30, 30, 30, 30], **THERE)]
