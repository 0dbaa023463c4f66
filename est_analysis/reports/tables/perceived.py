"""Tables of perceived safety near measures: reports of unsafe places, and surveys by area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from est_analysis.evidence import Share, Text
from est_analysis.reports.table import Table, Tables
from est_analysis.reports.tables.where import shown
from est_analysis.reports.words_of_measures import compared_with

if TYPE_CHECKING:
    from est_analysis.reports.results import Results


def perceived_reports(results: Results) -> Table:
    """Return reports of unsafe places near each measure, against its comparison place."""
    names = results.register.measures.set_index("id")["atgard"]
    smallest = results.municipality.disclosure.smallest_place_count
    rows = []
    for one in results.perceived.reports:
        counts = (one.before, one.after, one.comparison_before, one.comparison_after)
        before, after, there, there_after = (shown(n, smallest) for n in counts)
        told = None not in (before, after, there, there_after)  # else the ratio would give it away
        rows.append(
            [
                Text(
                    "{measure} ({place})", {"measure": str(names[one.measure]), "place": one.place}
                ),
                None if before is None else before / one.years,
                after,
                compared_with(one.rule, one.compared),
                None if there is None else there / one.years,
                there_after,
                one.ratio if told else None,
                one.interval if told else None,
            ]
        )
    return Table(
        "rapporter_vid_insatser",
        Text(
            "Rapporter om otrygg plats vid insatser, till och med {day}",
            {"day": results.period.last},
        ),
        [
            *("Insats", "Före, per år", "Efter", "Jämförd med"),
            *("Före där, per år", "Efter där", "Gånger så många", "Osäkerhet"),
        ],
        rows,
        results.language,
        Text(
            "Rapporterna säger både hur otrygg platsen är och hur många som rapporterar: en insats "
            "som märks kan ge fler rapporter. Siffrorna beskriver och ger ingen slutsats. Streck "
            "betyder för få."
        ),
        empty=Text("inga rapporter om otrygg plats nära någon insats"),
    )


def perceived_answers(results: Results) -> Table:
    """Return answers to surveys in each measure's area, against the other areas."""
    names = results.register.measures.set_index("id")["atgard"]
    rows = [
        [
            Text("{measure} ({place})", {"measure": str(names[one.measure]), "place": one.area}),
            one.question,
            Text("{first} och {last}", {"first": str(one.years[0]), "last": str(one.years[1])}),
            *(Share(share) for share in (*one.shares, *one.others)),
            100 * one.difference,
            None
            if one.interval is None
            else Text(
                "{low} till {high}",
                {"low": 100 * one.interval.low, "high": 100 * one.interval.high},
            ),
        ]
        for one in results.perceived.answers
    ]
    return Table(
        "trygghetsmatning_vid_insatser",
        Text("Svar i trygghetsmätningar före och efter insatser"),
        [
            *("Insats", "Fråga", "År", "Före", "Efter", "Andra områden före"),
            *("Andra områden efter", "Skillnad, procentenheter", "Osäkerhet"),
        ],
        rows,
        results.language,
        Text(
            "Skillnad är förändringen i området minus förändringen i de andra områdena som svarat "
            "båda åren. Ett område är större än platsen där något gjordes, så också en insats som "
            "hjälpte kan försvinna i svaren. Siffrorna beskriver och ger ingen slutsats."
        ),
        empty=Text("ingen mätning från både före och efter någon insats"),
    )


def perceived(results: Results) -> Tables:
    """Return both tables, those that have rows."""
    return Tables(
        (perceived_reports(results), perceived_answers(results)),
        Text("Det finns varken rapporter eller mätningar av trygghet kring insatserna."),
        results.language,
    )
