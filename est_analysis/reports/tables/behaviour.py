"""Tables of when and how: hours of the week, and recurring situations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from est_analysis.evidence import Share, Text
from est_analysis.reports.findings import situation_label
from est_analysis.reports.language import WEEKDAYS
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from est_analysis.reports.results import Results


def rhythm(results: Results) -> Table:
    """Return expected reported crimes by hour and weekday."""
    weights = results.rhythm.weights
    rows = [
        [
            Text("kl. {hour}", {"hour": f"{hour:02d}"}),
            *(float(weights[day, hour]) for day in range(len(WEEKDAYS))),
        ]
        for hour in range(weights.shape[1] if results.rhythm.n else 0)
    ]
    return Table(
        "veckorytm",
        Text("Anmälda brott per timme och veckodag, {year}", {"year": results.year}),
        ["Timme", *(day[:3] for day in WEEKDAYS)],
        rows,
        results.language,
        Text(
            "Ett brott som skedde någon gång mellan två tider fördelas jämnt över dem. {unknown} "
            "brott utan klockslag och {long} med längre intervall än {hours} timmar är inte med.",
            {
                "unknown": results.rhythm.unknown,
                "long": results.rhythm.too_long,
                "hours": results.municipality.thresholds.longest_span_hours,
            },
        ),
    )


def situations(results: Results) -> Table:
    """Return recurring situations, largest first."""
    rows = [
        [situation_label(row), int(row["n"]), Share(row["share"])]
        for row in results.situations.table.to_dict("records")
    ]
    clustered = results.situations.method == "k-medoids"
    fit = results.situations.table["fit"].max() if clustered else math.nan
    note = (
        Text(
            "Grupperade efter likhet i brott, platstyp, tid på dygnet och vardag eller helg. "
            "Passning {fit} (1 är tydligt skilda typer, 0 är inga). Ett namn gäller minst hälften "
            "i typen.",
            {"fit": float(fit)},
        )
        if clustered
        else Text("För få för att gruppera: kombinationer som förekommer minst fem gånger.")
    )
    return Table(
        "situationer",
        Text("Återkommande situationer bland anmälda brott, {year}", {"year": results.year}),
        ["Situation", "Anmälda brott", "Andel"],
        rows,
        results.language,
        note,
    )
