"""What is said of measures: whether each helped, and what its numbers could have shown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Finding, Share, Text, Word
from est_analysis.reports.findings import COMPARISON
from est_analysis.reports.language import KINDS
from est_analysis.reports.words_of_measures import average, compared_with, few

if TYPE_CHECKING:
    from est_analysis.measures.design import Design
    from est_analysis.measures.evaluation import Evaluation
    from est_analysis.municipality import Thresholds
    from est_analysis.reports.results import Results

_EFFECT = {
    Word.CLEAR: "tydligt {direction}",
    Word.INDICATION: "kanske {direction}",
    Word.NO_SIGN: "varken halverat eller fördubblat",
    Word.CANNOT_TELL: "effekten är oviss",
}
_JUDGED = (
    "{measure} ({place}): {effect} efter insatsen. {after} {what} mot {base} i snitt tidigare år "
    "({comparison}: {comparison_after} mot {comparison_base}). "
)
_BY_RATIO = (
    "När jämförelsens förändring räknats bort {ratio} gånger så många (osäkerhet {interval})."
)
_EXACTLY = "När jämförelsens förändring räknats bort är osäkerheten {interval} gånger så många."
_SINCE = "{measure} ({place}): {after} {what} sedan insatsen"
_WHY_NOT = {
    "missing_file": "{measure} ({place}): en fil med anmälda brott gick inte att läsa, så insatsen "
    "går inte att följa upp.",
    "silent": "{measure} ({place}): en källa med anmälda brott har tystnat, så insatsen går inte "
    "att följa upp.",
    "row_fault": "{measure} ({place}): raden i registret måste rättas innan insatsen går att följa "
    "upp; se listan över vad som ska rättas.",
    "not_started": "{measure} ({place}): insatsen har inte börjat verka, så det finns inget att "
    "följa upp.",
    "no_place": "{measure} ({place}): platsen finns inte i platslistan och saknar koordinater, "
    "så insatsen går inte att följa upp.",
    "no_baseline": _SINCE + ", men inga tidigare år att jämföra med.",
    "all_chosen": _SINCE + ", men platsen valdes på alla de tidigare år som finns. Då kan den bli "
    "bättre av sig själv, så de går inte att jämföra med.",
    "no_comparison": _SINCE + " mot {before} på {years} tidigare år, men ingen annan plats att "
    "jämföra med. Utan den går det inte att skilja insatsen från annat.",
    "unknown_comparison": _SINCE + " mot {before} på {years} tidigare år, men jämförelseplatsen "
    "”{comparison}” finns inte i platslistan. Utan den går det inte att skilja insatsen från "
    "annat.",
    "too_few": "{measure} ({place}): för få händelser: {after} {what} sedan insatsen mot "
    "{before} på {years} tidigare år ({comparison}: {comparison_after} mot {comparison_before}).",
}
CAPS = {
    "chosen": " Registret säger inte vilken period platsen valdes på. Valdes den när den var som "
    "värst blir den bättre av sig själv",
    "dependent": " Svaret beror på vad platsen jämförs med",
    "close": " Jämförelseplatsen ligger så nära att brott kan ha flyttat dit",
    "treated_too": " Också på jämförelseplatsen görs något",
}
CAPPED = ", så mer än en antydan kan det inte bli."
"""Why the word is held back, and that it is."""
_FULL_YEAR = 360


def measure_findings(results: Results) -> list[Finding]:
    """Return the claim about each measure, and what its numbers could have shown."""
    names = results.register.measures.set_index("id")["atgard"]
    thresholds = results.municipality.thresholds
    smallest = results.municipality.disclosure.smallest_place_count
    found = [
        judged_finding(evaluation, str(names[evaluation.measure]), rank, smallest=smallest)
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


def judged_finding(evaluation: Evaluation, name: str, rank: int, *, smallest: int = 2) -> Finding:
    """
    Return the claim about one measure, or why none can be made.

    Parameters
    ----------
    evaluation
        What was counted and judged.
    name
        Of the measure.
    rank
        Its place in the register.
    smallest
        Counts below it are not written out (``disclosure.smallest_place_count``).

    Returns
    -------
    Finding
        No stronger than an indication where something is unknown or hangs on the comparison.
    """
    values = _values(evaluation, name, smallest)
    counted = evaluation.before + evaluation.after
    common: dict[str, Any] = {
        "id": f"measure/{evaluation.measure}",
        "n": counted if counted >= smallest else 0,
        "null": COMPARISON,
        "rank": 100.0 + rank,
    }
    if evaluation.p is None or evaluation.interval is None:
        used_up = evaluation.why_not == "no_baseline" and evaluation.choosing
        text = Text(_WHY_NOT["all_chosen" if used_up else evaluation.why_not], values)
        return Finding(sentences=dict.fromkeys(Word, text), gate=False, **common)
    ratio = math.nan if evaluation.ratio is None else evaluation.ratio
    values |= {"ratio": ratio, "interval": evaluation.interval}
    direction = Text("färre" if ratio < 1 else "fler")
    figures = _EXACTLY if evaluation.difference is None else _BY_RATIO
    held = [reason for reason in CAPS if _holds_back(evaluation, reason)]
    return Finding(
        sentences={
            word: Text(
                _JUDGED + figures + _held_back(word, held),
                values | {"effect": Text(effect, {"direction": direction})},
            )
            for word, effect in _EFFECT.items()
        },
        estimate=ratio if math.isfinite(ratio) else None,
        interval=evaluation.interval,
        unit="ratio",
        p=evaluation.p,
        sufficient=evaluation.sufficient and not evaluation.dependent,
        strongest=Word.INDICATION if held else Word.CLEAR,
        **common,
    )


def _holds_back(evaluation: Evaluation, reason: str) -> bool:
    return bool(getattr(evaluation, reason)) is not (reason == "chosen")


def _held_back(word: Word, held: list[str]) -> str:
    if word in (Word.CLEAR, Word.INDICATION):
        return ".".join(CAPS[reason] for reason in held) + (CAPPED if held else "")
    return CAPS["dependent"] + "." if "dependent" in held else ""


def _values(evaluation: Evaluation, name: str, smallest: int) -> dict[str, Any]:
    years = evaluation.years
    return {
        "measure": name,
        "place": evaluation.place,
        "what": Text("anmälda brott ({group})", {"group": evaluation.group})
        if evaluation.group
        else Text(KINDS["reported_crime"]),
        "years": years,
        "before": few(evaluation.before, smallest),
        "after": few(evaluation.after, smallest),
        "base": average(evaluation.before, years, smallest),
        "comparison": compared_with(evaluation.rule, evaluation.compared)
        if evaluation.rule
        else evaluation.comparison,
        "comparison_before": few(evaluation.comparison_before, smallest),
        "comparison_after": few(evaluation.comparison_after, smallest),
        "comparison_base": average(evaluation.comparison_before, years, smallest),
    }


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
