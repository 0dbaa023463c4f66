"""What is said of measures: whether each helped, and what its numbers could have shown."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Finding, Share, Text, Word
from est_analysis.reports.findings import COMPARISON, measure_finding
from est_analysis.reports.language import KINDS

if TYPE_CHECKING:
    from est_analysis.measures.design import Design
    from est_analysis.measures.evaluation import Evaluation
    from est_analysis.municipality import Thresholds
    from est_analysis.reports.results import Results

UNKNOWN_CHOICE = (
    " Registret säger inte vilken period platsen valdes på. Valdes den när den var som värst blir "
    "den bättre av sig själv, så mer än en antydan kan det inte bli."
)
_EXACT = {
    Word.CLEAR: "tydligt {direction}",
    Word.INDICATION: "kanske {direction}",
    Word.NO_SIGN: "varken halverat eller fördubblat",
    Word.CANNOT_TELL: "effekten är oviss",
}
_FULL_YEAR = 360


def measure_findings(results: Results) -> list[Finding]:
    """Return the claim about each measure, and what its numbers could have shown."""
    names = results.register.measures.set_index("id")["atgard"]
    thresholds = results.municipality.thresholds
    found = [
        judged_finding(evaluation, str(names[evaluation.measure]), rank)
        for rank, evaluation in enumerate(results.evaluations)
    ]
    lines = [
        design_finding(evaluation, str(names[evaluation.measure]), thresholds)
        for evaluation in results.evaluations
        if evaluation.design is not None
    ]
    falls = [
        fall_finding(evaluation, str(names[evaluation.measure]))
        for evaluation in results.evaluations
        if evaluation.fall is not None and evaluation.fall.count >= thresholds.minimum_evaluation
    ]
    around = [
        finding
        for evaluation in results.evaluations
        for finding in (
            moved_finding(evaluation, str(names[evaluation.measure])),
            placebo_finding(evaluation, str(names[evaluation.measure])),
        )
        if finding is not None
    ]
    return [*found, *lines, *falls, *around]


def judged_finding(evaluation: Evaluation, name: str, rank: int) -> Finding:
    """Return the claim about one measure; capped where the period of choice is unknown."""
    small = evaluation.difference is None and evaluation.p is not None
    found = (_exact_finding if small else measure_finding)(evaluation, name, rank)
    if evaluation.p is None:
        return found
    found = replace(found, sufficient=evaluation.sufficient)
    if evaluation.chosen:
        return found
    claims = (Word.CLEAR, Word.INDICATION)
    sentences = {
        word: replace(text, template=text.template + UNKNOWN_CHOICE) if word in claims else text
        for word, text in found.sentences.items()
    }
    return replace(found, strongest=Word.INDICATION, sentences=sentences)


def _exact_finding(evaluation: Evaluation, name: str, rank: int) -> Finding:
    """Return the claim of the exact test, where some count is small."""
    ratio = math.nan if evaluation.ratio is None else evaluation.ratio
    values: dict[str, Any] = {
        "measure": name,
        "place": evaluation.place,
        "what": Text("anmälda brott ({group})", {"group": evaluation.group})
        if evaluation.group
        else Text(KINDS["reported_crime"]),
        "after": evaluation.after,
        "base": evaluation.before / evaluation.years,
        "comparison": evaluation.comparison,
        "comparison_after": evaluation.comparison_after,
        "comparison_base": evaluation.comparison_before / evaluation.years,
        "interval": evaluation.interval,
    }
    direction = Text("färre" if ratio < 1 else "fler")
    return Finding(
        id=f"measure/{evaluation.measure}",
        sentences={
            word: Text(
                "{measure} ({place}): {effect} efter insatsen. {after} {what} mot {base} i snitt "
                "tidigare år ({comparison}: {comparison_after} mot {comparison_base}). När "
                "jämförelseplatsens förändring räknats bort är osäkerheten {interval} gånger så "
                "många.",
                values | {"effect": Text(effect, {"direction": direction})},
            )
            for word, effect in _EXACT.items()
        },
        n=evaluation.before + evaluation.after,
        null=COMPARISON,
        rank=100.0 + rank,
        estimate=ratio if math.isfinite(ratio) else None,
        interval=evaluation.interval,
        unit="ratio",
        p=evaluation.p,
    )


def design_finding(evaluation: Evaluation, name: str, thresholds: Thresholds) -> Finding:
    """Return the smallest fall that a measure's numbers could have shown; nothing is claimed."""
    if evaluation.design is None:
        raise ValueError(f"{evaluation.measure} has no numbers to see anything by")
    days = 364 if evaluation.window is None else evaluation.window.days
    text = power_line(evaluation.design, thresholds.relevant_change, whole_year=days >= _FULL_YEAR)
    values = {"measure": name, "place": evaluation.place, "line": text}
    return Finding(
        id=f"design/{evaluation.measure}",
        sentences={None: Text("{measure} ({place}): {line}", values)},
        n=evaluation.before + max(0, evaluation.comparison_before),
    )


def fall_finding(evaluation: Evaluation, name: str) -> Finding:
    """Return the naive baseline beside the shrunken one; nothing is claimed."""
    if evaluation.fall is None:
        raise ValueError(f"{evaluation.measure} has no fall that comes by itself")
    found = evaluation.fall
    values: dict[str, Any] = {
        "measure": name,
        "place": evaluation.place,
        "naive": found.naive,
        "shrunken": found.shrunken,
        "places": found.places,
        "share": Share(max(0.0, found.by_itself)),
    }
    opening = "{measure} ({place}): regression mot medelvärdet. Här var det {naive} i snitt före. "
    template = (
        "Valdes platsen för att den låg högt är {shrunken} att vänta utan insats, räknat på "
        "{places} liknande platser: den blir av sig själv {share} bättre."
        if found.shrunken < found.naive
        else "Av sig själv väntas den inte bli bättre ({shrunken}, räknat på {places} liknande "
        "platser)."
    )
    return Finding(
        id=f"regression/{evaluation.measure}",
        sentences={None: Text(opening + template, values)},
        n=found.count,
    )


def moved_finding(evaluation: Evaluation, name: str) -> Finding | None:
    """Return how crime changed around the place, where there is enough to see; no claim."""
    if evaluation.moved is None:
        return None
    values: dict[str, Any] = {
        "measure": name,
        "place": evaluation.place,
        "after": evaluation.ring[1],
        "base": evaluation.ring[0] / evaluation.years,
        "estimate": evaluation.moved.estimate,
        "interval": evaluation.moved.interval,
    }
    template = (
        "{measure} ({place}): runt platsen {after} mot {base} i snitt tidigare år. Skillnad mot "
        "runt jämförelseplatsen {estimate} händelser (osäkerhet {interval})."
    )
    if evaluation.whole is not None:
        template += " Platsen och dess omgivning tillsammans: {whole} (osäkerhet {both})."
        values |= {"whole": evaluation.whole.estimate, "both": evaluation.whole.interval}
    return Finding(
        id=f"displacement/{evaluation.measure}",
        sentences={None: Text(template, values)},
        n=sum(evaluation.ring),
        estimate=evaluation.moved.estimate,
        interval=evaluation.moved.interval,
        unit="events",
    )


def placebo_finding(evaluation: Evaluation, name: str) -> Finding | None:
    """Return the change among those of untreated places; nothing with fewer than 19 of them."""
    found = evaluation.placebo
    if found is None or found.rank is None:
        return None
    values: dict[str, Any] = {
        "measure": name,
        "place": evaluation.place,
        "places": found.places,
        "more": found.rank - 1,
    }
    text = Text(
        "{measure} ({place}): av {places} platser av samma storlek där inget gjordes ändrades "
        "{more} lika mycket eller mer.",
        values,
    )
    return Finding(id=f"placebo/{evaluation.measure}", sentences={None: text}, n=found.places)


def power_line(design: Design, change: float, *, whole_year: bool = True) -> Text:
    """
    Return what numbers can show, as planning help: the smallest fall, and the time it takes.

    Parameters
    ----------
    design
        What is expected without any effect.
    change
        The change that matters, 2 is a halving.
    whole_year
        Whether a season is a year; otherwise it is called a period of the same length.

    Returns
    -------
    Text
        A sentence or two, without a subject.
    """
    fall = design.smallest_fall()
    named = Share(1 - 1 / change)
    if fall is None:
        first = Text("så få händelser att inte ens ett helt stopp säkert skulle synas.")
    else:
        first = Text(
            "en minskning måste vara minst {fall} för att synas.", {"fall": Share(1 - fall)}
        )
    if fall is not None and fall >= 1 / change:
        return first
    years = design.years_needed(1 / change)
    if years is None:
        second = Text("En minskning med {named} syns inte ens på tio år.", {"named": named})
        if not whole_year:
            second = Text(
                "En minskning med {named} syns inte ens på tio så långa perioder.",
                {"named": named},
            )
    else:
        second = Text(
            "Det behövs {n} år för att se en minskning med {named}."
            if whole_year
            else "Det behövs {n} så långa perioder för att se en minskning med {named}.",
            {"n": years, "named": named},
        )
    return Text("{first} {second}", {"first": first, "second": second})
