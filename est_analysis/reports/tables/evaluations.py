"""Tables behind the verdicts: other comparisons, where crime may have gone, and its course."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Text
from est_analysis.measures.tallies import PART_HOURS
from est_analysis.reports.table import Table
from est_analysis.reports.words_of_measures import compared_with

if TYPE_CHECKING:
    from est_analysis.measures.evaluated import Evaluation
    from est_analysis.reports.results import Results

_WHAT = {
    "ring": "runt platsen",
    "busy": "kl. {start}–{end}, då sådana brott är vanligast",
    "rest": "övriga timmar",
    "kinds": "andra brott på platsen",
}


def measure_names(results: Results) -> dict[str, Text]:
    """Return each measure with its place, by its id."""
    names = results.register.measures.set_index("id")["atgard"]
    return {
        e.measure: Text("{measure} ({place})", {"measure": str(names[e.measure]), "place": e.place})
        for e in results.evaluations
    }


def comparisons(results: Results) -> Table:
    """Return each measure's answer under every choice of comparison."""
    names, smallest = measure_names(results), results.municipality.disclosure.smallest_place_count
    rows: list[list[Any]] = [
        [
            names[e.measure],
            Text("{what} (svaret)" if one is e.alternatives[0] else "{what}", {"what": what}),
            one.before / e.years if one.before >= smallest else None,
            one.after if one.after >= smallest else None,
            one.ratio if tells(e, smallest) else None,
            one.interval if tells(e, smallest) else None,
        ]
        for e in results.evaluations
        for one in e.alternatives
        for what in [compared_with(one.rule, one.places)]
    ]
    return Table(
        "jamforelser",
        Text(
            "Samma insats mot olika jämförelser, till och med {day}", {"day": results.period.last}
        ),
        ["Insats", "Jämförd med", "Före, per år", "Efter", "Gånger så många", "Osäkerhet"],
        rows,
        results.language,
        Text(
            "Svaret bygger på en enda jämförelse, bestämd i förväg: platsen i registret, annars de "
            "platser som liknade mest under år som inte räknas i före. De andra raderna visar om "
            "svaret hänger på valet. Liknande platser har ingen insats och ligger inte intill. "
            "Streck: färre än {smallest}.",
            {"smallest": smallest},
        ),
        empty=Text("ingen insats har något att jämföras med"),
    )


def tells(evaluation: Evaluation, smallest: int) -> bool:
    """Tell whether the measure's own counts are large enough to be compared in a table."""
    return evaluation.before >= smallest


def elsewhere(results: Results) -> Table:
    """Return what happened around the places, at other hours and with other crimes."""
    names, smallest = measure_names(results), results.municipality.disclosure.smallest_place_count
    rows: list[list[Any]] = []
    for e in results.evaluations:
        for one in e.elsewhere:
            clock = {}
            if one.part is not None:
                start = one.part * PART_HOURS
                clock = {"start": f"{start:02d}", "end": f"{(start + PART_HOURS) % 24:02d}"}
            told = one.here[0] >= smallest and one.there[0] >= smallest
            rows.append(
                [
                    names[e.measure],
                    Text(_WHAT[one.what], clock),
                    *_before_and_after(one.here, e.years, smallest),
                    *_before_and_after(one.there, e.years, smallest),
                    one.interval if told else None,
                ]
            )
    return Table(
        "flyttade_brott",
        Text("Omgivning, timmar och andra brott, till och med {day}", {"day": results.period.last}),
        [
            *("Insats", "Var och när", "Före, per år", "Efter"),
            *("Jämförelse före", "Jämförelse efter", "Gånger så många, osäkerhet"),
        ],
        rows,
        results.language,
        Text(
            "Blir det färre på platsen men fler här kan brotten ha flyttat. Timmarna är de då "
            "sådana brott är vanligast i hela kommunen. Beskriver; med så här många rader sticker "
            "någon ut av en slump. Streck: färre än {smallest}.",
            {"smallest": smallest},
        ),
        empty=Text("ingen insats har något att jämföras med"),
        folded="Visa omgivning, timmar och andra brott",
    )


def _before_and_after(counts: tuple[int, int], years: int, smallest: int) -> list[Any]:
    before, after = counts
    return [
        before / years if before >= smallest else None,
        after if after >= smallest else None,
    ]


def course(results: Results) -> Table:
    """Return the cumulative difference of each measure that is drawn."""
    names = measure_names(results)
    rows: list[list[Any]] = [
        [names[e.measure], step.end - _A_DAY, step.estimate, *(step.low, step.high)]
        for e in drawn(results)
        for step in e.course
    ]
    return Table(
        "sedan_start",
        Text("Skillnad sedan insatsen började, summerad, antal händelser"),
        ["Insats", "Till och med", "Skillnad", "Lägst", "Högst"],
        rows,
        results.language,
        empty=Text("ingen insats har händelser nog"),
    )


def since_start(results: Results) -> Table:
    """Return each measure's whole years since its start, and all of them together."""
    names, smallest = measure_names(results), results.municipality.disclosure.smallest_place_count
    rows: list[list[Any]] = []
    for e in results.evaluations:
        if e.since is None or e.since.whole.years < _SEVERAL:
            continue
        own = e.since
        spans = [(Text("alla {years} åren", {"years": own.whole.years}), own.whole)]
        if all(span.after >= smallest for span in own.each):  # else the sum gives one away
            years = enumerate(own.each, start=1)
            spans = [*((Text("år {n}", {"n": n}), span) for n, span in years), *spans]
        for what, span in spans:
            told = own.before >= smallest and span.after >= smallest
            rows.append(
                [
                    names[e.measure],
                    what,
                    span.days.last,
                    own.before / own.seasons if own.before >= smallest else None,
                    span.after / span.years if span.after >= smallest else None,
                    span.ratio if told else None,
                    span.interval if told else None,
                ]
            )
    return Table(
        "hela_ar_sedan_start",
        Text("Hela år sedan insatsen började verka, {day}", {"day": results.period.last}),
        [
            *("Insats", "År sedan starten", "Till och med", "Före, per år", "Efter, per år"),
            *("Gånger så många", "Osäkerhet"),
        ],
        rows,
        results.language,
        Text(
            "Varje år jämförs med samma år före insatsen och med samma jämförelse som svaret. "
            "Beskriver: slutsatsen gäller det senaste året. Ju fler år, desto mer annat hinner "
            "ändras på platsen. Åren för sig står bara där inget år har färre än {smallest}.",
            {"smallest": smallest},
        ),
        empty=Text("ingen insats har verkat i två hela år"),
    )


_SEVERAL = 2


def drawn(results: Results) -> list[Evaluation]:
    """Return the evaluations with events enough for a curve, most events first; at most four."""
    enough = [e for e in results.evaluations if e.difference is not None and e.course]
    return sorted(enough, key=lambda e: (-(e.before + e.after), e.measure))[:_MOST_CURVES]


_MOST_CURVES = 4
_A_DAY = timedelta(days=1)
