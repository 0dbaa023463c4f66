"""The table behind the event study: each period since the start against the last one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from est_analysis.evidence import Text
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from est_analysis.reports.results import Results


def study(results: Results) -> Table:
    """Return how treated places went beside untreated ones, period by period."""
    found = results.study
    rows = [
        [
            str(step.since),
            1.0 if step.since == -1 else None if step.effect is None else step.effect.ratio,
            None if step.effect is None else step.effect.interval,
            step.cohorts,
        ]
        for step in ([] if found is None else found.steps)
    ]
    return Table(
        "platser_med_insats",
        Text(
            "Platser med insats mot platser utan, period för period, till och med {day}",
            {"day": results.period.last},
        ),
        ["Perioder sedan starten", "Gånger så många", "Osäkerhet", "Starter som ingår"],
        rows,
        results.language,
        Text(
            "En period är tretton veckor; 0 är den första med insatsen och -1 den sista utan, som "
            "de andra jämförs med. Streck betyder för få händelser."
        ),
        empty=Text("för få platser med insats och utan"),
    )
