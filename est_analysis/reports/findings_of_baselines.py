"""What is said of frozen baselines: what was delivered or rewritten since; nothing is claimed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Finding, Text
from est_analysis.periods import parse
from est_analysis.reports.words_of_measures import few

if TYPE_CHECKING:
    from est_analysis.measures.evaluation import Evaluation
    from est_analysis.reports.results import Results

_COLUMNS = {
    "polygon": "ytan",
    "x": "x",
    "y": "y",
    "radie_m": "radien",
    "plats": "platsen",
    "gata": "gatan",
    "omrade": "området",
    "grupp": "brottsgruppen",
    "startdatum": "startdatum",
    "jamforelseplats": "jämförelseplatsen",
    "vald_period": "perioden som platsen valdes på",
    "forvantad_effekt_fran": "dagen då effekten väntades",
    "mal": "målet",
    "indikator": "indikatorn",
}


def baseline_findings(results: Results) -> list[Finding]:
    """Return what has changed under each measure since it was first counted, if anything has."""
    names = results.register.measures.set_index("id")["atgard"]
    smallest = results.municipality.disclosure.smallest_place_count
    found = [
        finding
        for evaluation in results.evaluations
        for finding in (
            changed_finding(evaluation, str(names[evaluation.measure]), smallest),
            moved_finding(evaluation, str(names[evaluation.measure])),
        )
    ]
    told = [finding for finding in found if finding is not None]
    if told:
        return told
    frozen = sum(e.held is not None and e.held.kept.counted for e in results.evaluations)
    text = Text(
        "{n} insatser har en fryst baslinje, och inget har ändrats under dem."
        if frozen
        else "Ingen insats har räknats ännu, så ingen baslinje är fryst.",
        {"n": frozen},
        "En insats har en fryst baslinje, och inget har ändrats under den.",
    )
    return [Finding(id="baseline", sentences={None: text}, n=frozen)]


def changed_finding(evaluation: Evaluation, name: str, smallest: int) -> Finding | None:
    """
    Return what later deliveries would have made of a frozen baseline; None if the same.

    Counts under `smallest` are told to be so, in numbers too small to tell what changed.
    """
    held = evaluation.held
    changed = None if held is None else held.changed(evaluation.baseline)
    if held is None or changed is None:
        return None
    values: dict[str, Any] = {
        "measure": name,
        "place": evaluation.place,
        "period": parse(held.kept.period),
        "then": few(changed.treated[0], smallest),
        "now": few(changed.treated[1], smallest),
    }
    template = (
        "{measure} ({place}): underlaget har ändrats sedan baslinjen frystes i rapporten för "
        "{period}. Före insatsen: {then} då, {now} nu."
    )
    if evaluation.rule and evaluation.rule != "rest":
        template += " Där den jämförs: {there_then} då, {there_now} nu."
        then, now = (few(n, smallest) for n in changed.comparison)
        values |= {"there_then": then, "there_now": now}
    template += " Insatsen bedöms mot det som räknades då."
    return Finding(
        id=f"baseline/{evaluation.measure}",
        sentences={None: Text(template, values)},
        n=changed.treated[0],
    )


def moved_finding(evaluation: Evaluation, name: str) -> Finding | None:
    """Return what the register said otherwise when an earlier report read it; None if the same."""
    held = evaluation.held
    if held is None or not held.moved:
        return None
    parts = [
        Text(
            "{what} var {then} och är {now}" if one.before else "{what} var tom och är {now}",
            {
                "what": Text(_COLUMNS.get(one.column, one.column)),
                "then": f"”{one.before}”",
                "now": f"”{one.after}”" if one.after else Text("tom"),
            },
        )
        for one in held.moved
    ]
    text = Text(
        "{measure} ({place}): registret är ändrat sedan rapporten för {period}: {changes}. Att "
        "flytta målstolparna efteråt gör svaret svagare; den förra baslinjen finns kvar i "
        "liggaren.",
        {
            "measure": name,
            "place": evaluation.place,
            "period": parse(held.moved_since),
            "changes": parts,
        },
    )
    return Finding(
        id=f"baseline/{evaluation.measure}/register", sentences={None: text}, n=evaluation.before
    )
