"""
Ask whether what is claimed about measures keeps its error rates, and what it can see.

Towns are made in memory: two hundred places whose yearly rates follow a gamma distribution, four
years before and one after, years that vary more than chance makes them where asked. Five places
are treated, chosen at random, on the worst of the years, or on three years' total; the choice is
written in the register, or not. By itself::

    python -m benchmarks.truth_of_measures --towns 500
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from est_analysis.evidence import Word, judge
from est_analysis.gather.geography import Geography
from est_analysis.gather.tables import EVENTS
from est_analysis.measures.evaluation import evaluate
from est_analysis.measures.register import MEASURE_COLUMNS, PROBLEM_COLUMNS, Register
from est_analysis.municipality import Municipality
from est_analysis.periods import parse
from est_analysis.reports.findings_of_measures import judged_finding

PLACES, TREATED, YEARS = 200, 5, 4
PERIOD = parse("2026Q1")  # 52 weeks from the start of 2 April 2025
STARTED = "2025-04-02"
CHOICES = ("random", "worst year", "three years")
_YEAR_BEFORE = "2024-04-03--2025-04-01"
_THREE_YEARS = "2022-04-06--2025-04-01"
_NAMES = [f"Plats {i:03}" for i in range(PLACES)]
_XY = np.stack([1_000.0 * np.arange(PLACES), np.zeros(PLACES)], axis=1)
_SETTINGS = Municipality.model_validate(
    {
        "folder": Path("prov"),
        "name": "Prov",
        "code": "9998",
        "purpose": "prov",
        "controller": "prov",
        "crs": "EPSG:3006",
        "sources": {
            "polis": {
                "partner": "Polisen",
                "kind": "reported_crime",
                "files": "*.csv",
                "format": "csv",
                "columns": {"start": "datum"},
                "constants": {"group": "Alla"},
            }
        },
    }
)
_GEOGRAPHY = Geography(
    boundary=None,
    areas=None,
    places=pd.DataFrame(
        {"name": _NAMES, "place_type": "torg", "x": _XY[:, 0], "y": _XY[:, 1], "area": "A"}
    ),
    streets=None,
)


def _events(counts: np.ndarray) -> pd.DataFrame:
    """Return events of `counts`, shape (places, years), the newest year last."""
    place, year = np.nonzero(counts)
    n = len(place)
    days = pd.to_datetime([f"{2025 - YEARS + y}-10-01 12:00" for y in year])
    table = {
        "event_id": [f"polis:{i}" for i in range(n)],
        "source": "polis",
        "partner": "Polisen",
        "kind": "reported_crime",
        "group": "Alla",
        "start": days,
        "place_precision": "point",
        "x": _XY[place, 0],
        "y": 0.0,
        "place": np.array(_NAMES)[place],
        "count": counts[place, year],
    }
    empty = {"end": pd.NaT, "registered": pd.NaT, "severity": np.nan, "police_activity": False}
    plain = {"row": 2, "time_precision": "minute"}
    kinds = {name: str(column.dtype) for name, column in EVENTS.columns.items()}
    whole = {name: {**empty, **plain, **table}.get(name, "") for name in kinds}
    return pd.DataFrame(whole, index=range(n)).astype(kinds)


def town(
    rng: np.random.Generator,
    choice: str,
    *,
    stated: bool = True,
    effect: float = 1.0,
    dispersion: float = 1.0,
    scale: float = 5.0,
) -> list[Word | None]:
    """
    Make a town, treat five of its places, and return the word of each measure.

    Parameters
    ----------
    rng
        Where chance comes from.
    choice
        One of `CHOICES`: how the treated places were chosen.
    stated
        Whether the register says on which period they were chosen.
    effect
        The true ratio of rates after to before, at treated places.
    dispersion
        Variance over mean between years.
    scale
        Of the gamma distribution (shape 2) of yearly rates.

    Returns
    -------
    list of Word
        None where nothing could be tried.
    """
    rates = rng.gamma(2, scale, PLACES)[:, None] * np.ones(YEARS + 1)
    if dispersion > 1:
        unrest = (dispersion - 1) / rates
        rates = rng.gamma(1 / unrest, unrest * rates)
    counts = rng.poisson(rates)
    by = {
        "random": rng.random(PLACES),
        "worst year": counts[:, YEARS - 1],
        "three years": counts[:, YEARS - 3 : YEARS].sum(axis=1),
    }[choice]
    order = np.argsort(-by, kind="stable")
    treated, rest = order[:TREATED], order[TREATED:]
    counts[treated, YEARS] = rng.poisson(rates[treated, YEARS] * effect)
    # the comparison place: of those left, one with about as many events in the oldest year
    near = [
        rest[np.argsort(np.abs(counts[rest, 0] - counts[t, 0]), kind="stable")] for t in treated
    ]
    other = [candidates[i] for i, candidates in enumerate(near)]
    period = {"random": "2020", "worst year": _YEAR_BEFORE, "three years": _THREE_YEARS}[choice]
    ids = [f"A{i}" for i in range(TREATED)]
    problems = pd.DataFrame({c: [""] * TREATED for c in PROBLEM_COLUMNS}).assign(
        id=ids,
        plats=[_NAMES[t] for t in treated],
        **dict.fromkeys(("x", "y", "radie_m", "paverkbarhet"), np.nan),
        vald_period=period if stated else "",
    )
    measures = pd.DataFrame({c: [""] * TREATED for c in MEASURE_COLUMNS}).assign(
        id=ids,
        problem=ids,
        jamforelseplats=[_NAMES[t] for t in other],
        startdatum=pd.Timestamp(STARTED),
        forvantad_effekt_fran=pd.NaT,
        slutdatum=pd.NaT,
    )
    register = Register(problems, measures, pd.DataFrame(), pd.DataFrame())
    found = evaluate(
        _events(counts), register, PERIOD, _SETTINGS, _GEOGRAPHY, dispersion=dispersion
    )
    findings = judge(
        [judged_finding(e, e.measure, rank) for rank, e in enumerate(found)], _SETTINGS.thresholds
    )
    return [finding.word if finding.tested else None for finding in findings]


def shares(towns: int, seed: int, choice: str, **parts: float) -> dict[str, float]:
    """Return shares of towns with a false (or any) word, and the share of measures claimed."""
    rng = np.random.default_rng([seed, CHOICES.index(choice)])
    words = [town(rng, choice, **parts) for _ in range(towns)]  # type: ignore[arg-type]
    claims = (Word.CLEAR, Word.INDICATION)
    each = Counter(word for one in words for word in one)
    return {
        "clear": sum(Word.CLEAR in one for one in words) / towns,
        "claim": sum(any(word in claims for word in one) for one in words) / towns,
        "claimed": sum(each[word] for word in claims) / (towns * TREATED),
        "tried": 1 - each[None] / (towns * TREATED),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measures: error rates and power.")
    parser.add_argument("--towns", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    for scale in (1.0, 5.0, 20.0):
        for dispersion in (1.0, 1.5):
            for choice in CHOICES:
                for stated in (True, False):
                    for effect in (1.0, 0.25):
                        parts = {"effect": effect, "dispersion": dispersion, "scale": scale}
                        found = shares(asked.towns, asked.seed, choice, stated=stated, **parts)
                        told = " ".join(f"{name} {share:.3f}" for name, share in found.items())
                        print(f"{scale:g} {dispersion:g} {choice} {stated} {effect:g}: {told}")


if __name__ == "__main__":
    main()
