"""The table of planned measures: what is expected, and after how long an effect could be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Share, Text
from est_analysis.reports.findings_of_plans import change_named
from est_analysis.reports.language import KINDS
from est_analysis.reports.table import Table
from est_analysis.reports.words_of_measures import compared_with

if TYPE_CHECKING:
    from est_analysis.measures.planning import Plan, Prospect
    from est_analysis.reports.results import Results

_NEVER = Text("över tio")


def plans(results: Results) -> Table:
    """Return each planned measure, with its own comparison place and with the most alike one."""
    names = results.register.measures.set_index("id")["atgard"]
    smallest = results.municipality.disclosure.smallest_place_count
    change = results.municipality.thresholds.relevant_change
    rows = [
        _row(plan, seen, str(names[plan.measure]), smallest)
        for plan in results.plans
        for seen in (plan.prospect, plan.other)
        if seen is not None
    ]
    return Table(
        "planerade_insatser",
        Text(
            "Planerade insatser: vad en uppföljning kan visa, {day}", {"day": results.period.last}
        ),
        [
            *("Insats", "Per år", "Jämförd med", "Per år där"),
            "Minskning som syns efter ett år",
            "År till en halvering" if change == 2 else "År till den ändring som räknas",
            "År till målet",
        ],
        rows,
        results.language,
        Text(
            "Syns: skulle ge en slutsats i fyra fall av fem. Per år är snittet av tidigare år, "
            "utan den period då platsen valdes. Ändringen som räknas är {change}.",
            {"change": change_named(1 / change)},
        ),
        empty=Text("ingen insats väntar på att börja"),
    )


def _row(plan: Plan, seen: Prospect, name: str, smallest: int) -> list[Any]:
    design = seen.design
    own, there = plan.count, round(design.comparison * plan.seasons)
    return [
        Text(
            "{measure} ({place}; {what})",
            {
                "measure": name,
                "place": plan.place,
                "what": plan.group or Text(KINDS["reported_crime"]),
            },
        ),
        design.before if own == 0 or own >= smallest else None,
        compared_with(seen.rule, seen.compared) if seen.rule else Text("en lika stor"),
        design.comparison if there == 0 or there >= smallest else None,
        None if seen.fall is None else Share(1 - seen.fall),
        _NEVER if seen.years is None else seen.years,
        None if plan.goal is None else _NEVER if seen.years_goal is None else seen.years_goal,
    ]
