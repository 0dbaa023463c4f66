"""What is said before a measure starts: what its numbers could show, and after how long."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Finding, Share, Text
from est_analysis.reports.language import KINDS
from est_analysis.reports.words_of_measures import compared_with

if TYPE_CHECKING:
    from est_analysis.measures.planning import Plan, Prospect
    from est_analysis.municipality import Thresholds
    from est_analysis.reports.results import Results

_WHY_NOT = {
    "no_place": "{measure} ({place}): platsen finns inte i platslistan och saknar koordinater, så "
    "det går inte att säga vad en uppföljning kan visa.",
    "no_history": "{measure} ({place}): det finns inga tidigare år att räkna på.",
    "missing_file": "{measure} ({place}): en fil med anmälda brott gick inte att läsa, så det går "
    "inte att säga vad en uppföljning kan visa.",
}
PEAK = (
    " Platsen kan vara vald på just de åren. Då är färre att vänta även utan insats, och det tar "
    "längre tid."
)


def plan_findings(results: Results) -> list[Finding]:
    """Return what each planned measure's numbers could show; nothing is claimed."""
    names = results.register.measures.set_index("id")["atgard"]
    smallest = results.municipality.disclosure.smallest_place_count
    return [
        plan_finding(plan, str(names[plan.measure]), results.municipality.thresholds, smallest)
        for plan in results.plans
    ]


def plan_finding(plan: Plan, name: str, thresholds: Thresholds, smallest: int) -> Finding:
    """Return the sentences about one planned measure."""
    values: dict[str, Any] = {"measure": name, "place": plan.place}
    if plan.prospect is None:
        text = Text(_WHY_NOT[plan.why_not], values)
    else:
        what = (
            Text("anmälda brott ({group})", {"group": plan.group})
            if plan.group
            else Text(KINDS["reported_crime"])
        )
        many = how_many(plan.count, plan.seasons, what, smallest)
        values |= {"many": many, "line": _line(plan, plan.prospect, thresholds)}
        text = Text("{measure} ({place}): {many}. {line}", values)
        if plan.chosen_then and plan.prospect.years_stop is not None:
            text = Text(text.template + PEAK, values)
    return Finding(id=f"plan/{plan.measure}", sentences={None: text}, n=plan.count)


def how_many(count: int, seasons: int, what: Text, smallest: int) -> Text:
    """Return how many events there have been, without showing a single one."""
    values = {"n": seasons, "what": what, "count": count, "smallest": smallest}
    if count == 0:
        return Text("inga {what} på {n} år", values, singular="inga {what} på ett år")
    if count < smallest:
        return Text(
            "färre än {smallest} {what} på {n} år",
            values,
            singular="färre än {smallest} {what} på ett år",
        )
    return Text(
        "i snitt {mean} {what} om året",
        values | {"mean": count / seasons},
        singular="{count} {what} på ett år",
    )


def _line(plan: Plan, seen: Prospect, thresholds: Thresholds) -> Text:
    """Return what is seen after a year, when the change that matters is, and with which place."""
    if plan.count == 0:
        return Text("Där finns inget som kan bli färre, så en effekt kan inte synas i antalet.")
    if seen.years_stop is None:
        return Text("Det är så få att inte ens ett helt stopp säkert skulle synas inom tio år.")
    parts: list[Text | None] = [_after_a_year(seen, seen.years_stop), _years(seen, thresholds)]
    if plan.goal is not None and plan.goal != 1 / thresholds.relevant_change:
        parts.append(_goal(plan.goal, seen))
    if not seen.rule:
        parts.append(
            Text(
                "Det är räknat med en lika stor jämförelseplats: den i registret finns inte i "
                "platslistan."
            )
        )
    elif seen.rule != "register":
        parts.append(
            Text(
                "Det är räknat mot {compared}, som en uppföljning jämför med när registret inte "
                "pekar ut någon plats.",
                {"compared": compared_with(seen.rule, seen.compared)},
            )
        )
    if plan.other is not None:
        parts.append(_other(plan.other, seen, thresholds))
    return joined(part for part in parts if part is not None)


def joined(parts: Iterable[Text]) -> Text:
    """Return sentences as one text."""
    values = {f"part{i}": part for i, part in enumerate(parts)}
    return Text(" ".join(f"{{{name}}}" for name in values), values)


def _after_a_year(seen: Prospect, stop: int) -> Text:
    if seen.fall is not None:
        return Text(
            "Efter ett år syns bara en minskning på minst {fall}.", {"fall": Share(1 - seen.fall)}
        )
    return Text("Inte ens ett helt stopp syns förrän efter {n} år.", {"n": stop})


def change_named(ratio: float) -> Text:
    """Return a fall in words: a halving, a full stop, or so many per cent."""
    if ratio == 0.5:
        return Text("en halvering")
    if ratio <= 0.01:
        return Text("ett helt stopp")
    return Text("en minskning med {share}", {"share": Share(1 - ratio)})


def _years(seen: Prospect, thresholds: Thresholds) -> Text:
    named = {"change": change_named(1 / thresholds.relevant_change)}
    if seen.years is not None:
        return Text(
            "Med de här talen behövs {n} år för att se {change}.",
            named | {"n": seen.years},
            singular="Med de här talen räcker ett år för att se {change}.",
        )
    return Text("Att se {change} tar mer än tio år.", named)


def _goal(goal: float, seen: Prospect) -> Text:
    named = {"goal": change_named(goal)}
    if seen.years_goal is not None:
        return Text(
            "Målet ({goal}) syns efter {n} år.",
            named | {"n": seen.years_goal},
            singular="Målet ({goal}) syns efter ett år.",
        )
    return Text("Målet ({goal}) syns inte ens på tio år.", named)


def _other(other: Prospect, seen: Prospect, thresholds: Thresholds) -> Text | None:
    """Return the most alike place as a comparison, where one could be of help."""
    if other.years is None or (seen.rule and (seen.years or 11) <= other.years):
        return None
    named = {"other": other.compared[0], "change": change_named(1 / thresholds.relevant_change)}
    return Text(
        "Med {other} som jämförelseplats, som har ungefär lika många, behövs {n} år för att se "
        "{change}.",
        named | {"n": other.years},
        singular="Med {other} som jämförelseplats, som har ungefär lika många, räcker ett år för "
        "att se {change}.",
    )
