"""Tables behind the study of treated places: period by period, and the familiar quotient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from est_analysis.evidence import Text
from est_analysis.measures.quotient import quotient
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


def quotients(results: Results) -> Table:
    """Return the weighted displacement quotient of each measure with events enough around it."""
    names = results.register.measures.set_index("id")["atgard"]
    gate = results.municipality.thresholds.minimum_evaluation
    rows = []
    for e in results.evaluations:
        counts = (e.before, e.after, *e.ring, e.comparison_before, e.comparison_after)
        if e.years == 0 or min(counts) < gate:
            continue
        found = quotient(
            (e.before / e.years, e.after),
            (e.ring[0] / e.years, e.ring[1]),
            (e.comparison_before / e.years, e.comparison_after),
        )
        if found is None:
            continue
        label = Text("{measure} ({place})", {"measure": str(names[e.measure]), "place": e.place})
        rows.append([label, found.net, found.total, found.quotient])
    return Table(
        "omflyttningskvot",
        Text("Omflyttningskvot (WDQ), till och med {day}", {"day": results.period.last}),
        ["Insats", "Färre på platsen", "Färre på platsen och runt den", "Kvot"],
        rows,
        results.language,
        Text(
            "Kvoten är känd från andra uppföljningar: över 0 blev det bättre också runt platsen, "
            "under 0 flyttade något dit. Den saknar osäkerhet och svänger kraftigt när effekten på "
            "platsen är liten, så inget i rapporten bygger på den."
        ),
        empty=Text("för få händelser på och runt platserna"),
        folded="Visa kvoten WDQ, som andra uppföljningar använder",
    )
