"""Each measure's verdict with its reasons, as a short list that a group can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from est_analysis.evidence import Finding, Text, foremost
from est_analysis.measures.comparisons import point_apart
from est_analysis.reports import cards
from est_analysis.reports.language import Language
from est_analysis.reports.words_of_measures import compared_with

if TYPE_CHECKING:
    from est_analysis.measures.evaluated import Evaluation
    from est_analysis.reports.results import Results


@dataclass(frozen=True)
class Verdicts:
    """Each measure's claim, with its reasons folded under it."""

    items: tuple[tuple[Finding, tuple[Text, ...]], ...]
    language: Language = field(repr=False)

    def _repr_html_(self) -> str:
        return "".join(self._item(finding, reasons) for finding, reasons in self.items)

    def _item(self, finding: Finding, reasons: tuple[Text, ...]) -> str:
        said = cards.html(finding, self.language)
        if not reasons:
            return said
        points = "".join(f"<li>{escape(self.language.sentence(one))}</li>" for one in reasons)
        summary = escape(self.language.translate("Så kom vi fram till det"))
        return f"{said}<details><summary>{summary}</summary><ul>{points}</ul></details>"

    def __str__(self) -> str:
        """Return the claims, each with its reasons on lines of their own."""
        return "\n".join(
            "\n".join(
                [
                    cards.line(finding, self.language),
                    *(f"- {self.language.sentence(one)}" for one in reasons),
                ]
            )
            for finding, reasons in self.items
        )


def verdicts(results: Results) -> Verdicts:
    """Return the verdict of every measure with its reasons, strongest word first."""
    found = {finding.id: finding for finding in results.findings}
    measures = results.register.measures.set_index("id")
    why = {
        f"measure/{e.measure}": (
            *(reasons(e, found.get(f"design/{e.measure}"))),
            *carried_out(measures.loc[e.measure]),
        )
        for e in results.evaluations
    }
    listed = foremost(found[identity] for identity in why)
    return Verdicts(tuple((one, why[one.id]) for one in listed), results.language)


def reasons(evaluation: Evaluation, design: Finding | None) -> tuple[Text, ...]:
    """
    Return why a measure got the word that it got.

    Parameters
    ----------
    evaluation
        What was counted and judged.
    design
        The finding of what its numbers could have shown, if there is one.
    """
    found = []
    if evaluation.baseline:
        found.append(
            Text(
                "Före är samma tid på året {n} tidigare år: {seasons}.",
                {"n": evaluation.years, "seasons": list(evaluation.baseline)},
                singular="Före är samma tid på året ett tidigare år: {seasons}.",
            )
        )
    if evaluation.choosing:
        left_out = {"seasons": list(evaluation.choosing)}
        found.append(Text("Utelämnat, för att platsen valdes på den tiden: {seasons}.", left_out))
    elif not evaluation.chosen and evaluation.baseline:
        found.append(
            Text("Inget är utelämnat: registret säger inte vilken period platsen valdes på.")
        )
    if evaluation.rule:
        found.append(_compared(evaluation))
    if len(evaluation.alternatives) > 1:
        found.append(_agreement(evaluation))
    if design is not None:
        found.append(Text("Vad siffrorna kan visa: {line}", {"line": design.text.values["line"]}))
    if evaluation.placebo is not None and evaluation.rule:
        found.append(_among(evaluation))
    return tuple(found)


_BY = {
    "register": "Jämförd med {what}, som registret anger.",
    "similar": "Jämförd med {what}, {places}: de som liknade mest i nivå och förlopp under år som "
    "inte räknas i före, utan insats och inte intill.",
    "sort": "Jämförd med {what}: så är det när inga år finns över att välja de mest lika efter, "
    "eller när registret ber om det.",
    "rest": "Jämförd med övriga kommunen, utan platser med insats: så är det när tre liknande "
    "platser saknas, eller när registret ber om det.",
}


def _compared(evaluation: Evaluation) -> Text:
    what = compared_with(evaluation.rule, evaluation.compared)
    values = {"what": what, "places": list(evaluation.compared)}
    return Text(_BY[evaluation.rule], values)


def _agreement(evaluation: Evaluation) -> Text:
    if evaluation.dependent:
        return Text("Andra jämförelser ger ett annat svar, se tabellen.")
    if point_apart(evaluation.alternatives):
        return Text(
            "Jämförelserna pekar åt olika håll, se tabellen, men osäkerheten rymmer dem alla."
        )
    return Text(
        "{n} andra jämförelser säger inte emot.",
        {"n": len(evaluation.alternatives) - 1},
        singular="En annan jämförelse säger inte emot.",
    )


def _among(evaluation: Evaluation) -> Text:
    """Return what untreated places show: a p with 39, a rank with 19, else that there are few."""
    found = evaluation.placebo
    if found is None or found.rank is None:
        n = 0 if found is None else found.places
        if n == 0:
            return Text("Ingen plats utan insats är av samma storlek.")
        return Text(
            "Bara {n} platser utan insats är av samma storlek: för få att jämföra förändringen "
            "med.",
            {"n": n},
            singular="Bara en plats utan insats är av samma storlek: för få att jämföra "
            "förändringen med.",
        )
    values = {"n": found.places, "more": found.rank - 1, "p": found.p}
    template = "Av {n} platser utan insats, av samma storlek, ändrades {more} lika mycket eller mer"
    return Text(template + (" (p = {p})." if found.p is not None else "."), values)


def carried_out(measure: pd.Series) -> tuple[Text, ...]:
    """Return how the measure itself went, apart from its effect: done or not, on time or not."""
    done, due = measure["slutdatum"], measure["klart_senast"]
    values = {
        "state": str(measure["status"]).lower(),
        "done": None if pd.isna(done) else done.date(),
        "due": None if pd.isna(due) else due.date(),
    }
    if pd.isna(done):
        late = "" if pd.isna(due) else ", ska vara klar {due}"
        return (Text("Genomförandet: {state}" + late + ".", values),)
    if pd.isna(due):
        return (Text("Genomförandet: {state}, klar {done}.", values),)
    when = "i tid" if done <= due else "för sent"
    return (Text("Genomförandet: {state}, klar {done}, " + when + " ({due}).", values),)
