"""The situational picture and the action plan under the law's headings, as far as data reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from est_analysis.evidence import Finding, Text, Word, foremost
from est_analysis.measures.register import CLOSED
from est_analysis.reports.language import Language

if TYPE_CHECKING:
    from est_analysis.reports.results import Results

LEFT_TO_GROUP = "Fylls i av gruppen: {what}."
_MOST_CLAIMS = 4


@dataclass(frozen=True)
class Section:
    """
    One demand of the law.

    Parameters
    ----------
    heading
        What the law asks for.
    told
        Sentences from computed results.
    left
        What no data can say; the group fills it in.
    """

    heading: Text
    told: tuple[Text, ...]
    left: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Outline:
    """Sections in the law's order."""

    sections: tuple[Section, ...]
    language: Language = field(repr=False)

    def _repr_html_(self) -> str:
        return "".join(self._html(section) for section in self.sections)

    def _html(self, section: Section) -> str:
        say = self.language
        items = "".join(f"<li>{escape(say.sentence(text))}</li>" for text in section.told)
        items += "".join(
            f"<li><em>{escape(say.sentence(_left(text)))}</em></li>" for text in section.left
        )
        return f"<h4>{escape(say.say(section.heading))}</h4><ul>{items}</ul>"

    def __str__(self) -> str:
        """Return the outline as plain text."""
        say = self.language
        return "\n".join(
            line
            for section in self.sections
            for line in (
                say.say(section.heading),
                *(f"- {say.sentence(text)}" for text in section.told),
                *(f"- {say.sentence(_left(text))}" for text in section.left),
            )
        )


def _left(what: Text) -> Text:
    return Text(LEFT_TO_GROUP, {"what": what})


def picture(results: Results) -> Outline:
    """Return the situational picture under the headings of section 4 of the law."""
    found = {finding.id: finding for finding in results.findings}
    return Outline(
        (
            Section(
                Text("1. Kartläggning: brottsligheten och dess omfattning"),
                (
                    *_told(found, "totals"),
                    *_claims(results.findings, "change/reported_crime"),
                    *_told(found, "places/crime", "concentration", "rhythm", "rhythm/year"),
                    _dropped(results),
                ),
                (Text("vad som är känt om brott som sällan anmäls"),),
            ),
            Section(
                Text("1. Kartläggning: brottslighetens konsekvenser"),
                tuple(_consequences(results)),
                (
                    Text("vad brotten kostat i skador och städning"),
                    Text("hur människor och verksamheter har påverkats"),
                ),
            ),
            Section(
                Text("2. Annan information av betydelse"),
                (
                    *_told(found, "places/unsafe", "beside", "reported"),
                    _surveys(results),
                    *_claims(results.findings, "change/unsafe_place", "change/event"),
                ),
                (Text("samtal med boende, skolor, företag och polis"),),
            ),
            Section(
                Text("3. Analys av kartläggningen och informationen"),
                (
                    *_told(found, "situations", "situations/combinations", "together"),
                    *_told(found, "where/places", "where/repeats"),
                    *_causes(results),
                ),
                (Text("varför det ser ut så, och vad som är viktigast"),),
            ),
        ),
        results.language,
    )


def plan(results: Results) -> Outline:
    """Return the action plan: what is to be done, by whom and when, how it is followed up."""
    found = {finding.id: finding for finding in results.findings}
    return Outline(
        (
            Section(
                Text("Ställningstagande till behovet av åtgärder"),
                tuple(_priorities(results)),
                (Text("vilka behov kommunen tar sig an, och varför"),),
            ),
            Section(
                Text("Åtgärder, ansvar och tid"),
                tuple(_planned(results)),
                (Text("beslut om åtgärdsplanen, med datum och diarienummer"),),
            ),
            Section(
                Text("Uppföljning"),
                (
                    *_told(found, "year/measures", "year/costs", "due"),
                    *_claims(results.findings, "measure/"),
                ),
                (Text("vad kommunen drar för slutsats av uppföljningen"),),
            ),
            Section(
                Text("Samordning"),
                (),
                (
                    Text("samordningsfunktion, råd och överenskommelser"),
                    Text("vilka som har deltagit i arbetet"),
                ),
            ),
            Section(
                Text("Uppdatering minst vartannat år"),
                _told(found, "year/law"),
            ),
        ),
        results.language,
    )


def _told(found: dict[str, Finding], *names: str) -> tuple[Text, ...]:
    return tuple(found[name].text for name in names if name in found and found[name].word is None)


def _claims(findings: list[Finding], *prefixes: str) -> tuple[Text, ...]:
    claimed = {Word.CLEAR, Word.INDICATION}
    own = [f for f in foremost(findings) if f.id.startswith(prefixes) and f.word in claimed]
    return tuple(f.text for f in own[:_MOST_CLAIMS])


def _dropped(results: Results) -> Text:
    n = int(results.accounting["dropped"].sum())
    kept = "Sådana brott finns här bara som Brås siffror för kommunen, om filen är inlagd."
    if not n:
        return Text("Brott i bostäder och nära relationer levereras inte hit. " + kept)
    return Text(
        "Av alla rader som levererats tas {n} inte in enligt regel, till exempel brott i bostäder. "
        + kept,
        {"n": n},
        "Av alla rader som levererats tas en inte in enligt regel, till exempel brott i bostäder. "
        + kept,
    )


def _consequences(results: Results) -> Iterator[Text]:
    n, worst = results.year_severity
    if n:
        yield Text(
            "Rapportörerna har bedömt allvaret i {n} uppgifter: {worst} som allvarliga (3 av 3).",
            {"n": n, "worst": worst},
            "Rapportörerna har bedömt allvaret i en uppgift: {worst} som allvarlig (3 av 3).",
        )
    else:
        yield Text("Ingen uppgift från året har bedömt allvar.")


def _surveys(results: Results) -> Text:
    table = results.surveys.table
    own = table[table["year"] <= results.period.start.year]
    n = len(own.drop_duplicates(["question", "year"]))
    if not n:
        return Text("Ingen trygghetsmätning är inlagd.")
    return Text(
        "{n} frågor ur trygghetsmätningar finns i kapitlet om platser, den senaste från {year}.",
        {"n": n, "year": Text(str(int(own["year"].max())))},
        "En fråga ur en trygghetsmätning finns i kapitlet om platser, från {year}.",
    )


def _causes(results: Results) -> Iterator[Text]:
    for row in results.register.problems.to_dict("records"):
        if row["orsak"]:
            yield Text(
                "{place}: {cause} (gruppens bedömning av orsaken)",
                {"place": row["plats"] or row["beskrivning"], "cause": row["orsak"]},
            )


def _priorities(results: Results) -> Iterator[Text]:
    if names := results.foremost_places[:3]:
        yield Text("Störst behov enligt prioriteringen har {places}.", {"places": names})
    n = len(results.register.problems)
    if n:
        yield Text("{n} problem står i registret.", {"n": n}, "Ett problem står i registret.")
    else:
        yield Text("Registret har inget problem.")


def _planned(results: Results) -> Iterator[Text]:
    measures = results.register.measures
    own = measures[~measures["status"].isin(CLOSED)]
    for row in own.to_dict("records"):
        due = row["klart_senast"]
        values = {"name": row["atgard"], "who": row["ansvarig_funktion"] or Text("ingen angiven")}
        if pd.isna(due):
            yield Text("{name}. Ansvarig: {who}. Ingen dag satt.", values)
        else:
            yield Text("{name}. Ansvarig: {who}. Klar senast {due}.", values | {"due": due.date()})
    if own.empty:
        yield Text("Registret har ingen insats som pågår eller är planerad.")
