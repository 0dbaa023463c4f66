"""Tables of measures to discuss: what a place gives reason to consider, why, and on what terms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from est_analysis.evidence import Text
from est_analysis.reports.language import KINDS, ONE
from est_analysis.reports.table import Table, Tables

if TYPE_CHECKING:
    from est_analysis.measures.catalogue import Candidate, Entry, Reported
    from est_analysis.reports.results import Results

NO_SOURCE = "ingen källa angiven"
_MOST_NAMED = 2
_DISPLACEMENT = (
    "Guerette & Bowers 2009, Assessing the extent of crime displacement and diffusion of benefits: "
    "a review of situational crime prevention evaluations"
)


def candidates(results: Results) -> Table:
    """Return measures to discuss at the foremost places."""
    from est_analysis.measures.catalogue import FIRST

    wrong = results.catalogue.faults["row"].nunique()
    rows = [
        [seen.place, Text("{name}", {"name": one.entry.name}), why(one), one.entry.condition]
        for seen, found in results.candidates
        for one in found
    ]
    return Table(
        "tankbara_insatser",
        Text(
            "Underlag för diskussion, aldrig ett beslut: tänkbara insatser, {year}",
            {"year": results.year},
        ),
        ["Plats", "Tänkbar insats", "Varför här", "Vad som ska vara sant"],
        rows,
        results.language,
        Text(
            "Platserna är de {n} första i prioriteringen och den som flest pekat ut som otrygg. "
            "Ordningen följer fasta regler: först det som rapportörerna nämner i miljön, sedan vad "
            "som händer där, när och på vilket slags plats. Inget är räknat på vad som brukar "
            "hjälpa. Det som färre än {smallest} nämner visas inte.{wrong}",
            {
                "n": FIRST,
                "smallest": results.municipality.disclosure.smallest_place_count,
                "wrong": Text(
                    " Rader i kommunens egen lista som inte går att använda: {n}.", {"n": wrong}
                )
                if wrong
                else "",
            },
        ),
        empty=Text("ingen plats har så mycket rapporterat att något kan föreslås"),
    )


def candidate_tables(results: Results) -> Tables:
    """Return the same, one table a place, with the rules under the last."""
    whole = candidates(results)
    places = list(dict.fromkeys(row[0] for row in whole.rows))
    return Tables(
        tuple(
            replace(
                whole,
                caption=Text("{place}: tänkbara insatser", {"place": place}),
                headings=whole.headings[1:],
                rows=[row[1:] for row in whole.rows if row[0] == place],
                note=whole.note if place == places[-1] else None,
            )
            for place in places
        ),
        Text("Ingen plats har så mycket rapporterat att något kan föreslås."),
        results.language,
    )


def measures_discussed(results: Results) -> Table:
    """Return each measure put up for discussion: what it does, what may go wrong, what is known."""
    entries = {one.entry.id: one.entry for _, found in results.candidates for one in found}
    rows = [
        [
            entry.name,
            Text("{what} Brukar ansvara: {who}.", {"what": entry.what, "who": entry.responsible})
            if entry.responsible
            else entry.what or None,
            entry.risk or None,
            evidence(entry),
        ]
        for entry in entries.values()
    ]
    sources = sorted({_DISPLACEMENT, *(entry.source for entry in entries.values())} - {""})
    return Table(
        "om_insatserna",
        Text("Om insatserna: vad de gör, vad som kan gå fel och vad forskningen säger"),
        ["Insats", "Vad den gör", "Vad som kan gå fel", "Vad forskningen säger"],
        rows,
        results.language,
        Text(
            "Brott flyttar sällan helt när en plats ändras (Guerette & Bowers 2009), men följ "
            "platserna omkring. En del av forskningen gäller storstäder i andra länder. Källor: "
            "{sources}.",
            {"sources": "; ".join(sources)},
        ),
        empty=Text("ingen insats föreslås"),
        folded="Om insatserna: vad de gör, vad som kan gå fel och vad forskningen säger",
    )


def catalogue_faults(results: Results) -> Table:
    """Return the rows of the municipality's own catalogue that cannot be used."""
    rows = [
        [row["file"], int(row["row"]), row["column"], Text(row["reason"])]
        for row in results.catalogue.faults.to_dict("records")
    ]
    return Table(
        "insatskatalogfel",
        Text("Rader i kommunens egen insatskatalog som inte går att använda"),
        ["Fil", "Rad", "Kolumn", "Skäl"],
        rows,
        results.language,
    )


def why(candidate: Candidate) -> Text:
    """Return what is reported at the place that the measure speaks to."""
    told = [_named(one) for one in candidate.factors[:_MOST_NAMED]]
    told += [
        Text(
            "{name} ({n} {kind})",
            {"name": one.name, "n": one.n, "kind": Text((ONE if one.n == 1 else KINDS)[one.kind])},
        )
        for one in candidate.groups[:_MOST_NAMED]
    ]
    if not candidate.hours:
        return Text("{told}", {"told": told})
    hours = [Text(hour) for hour in candidate.hours]
    return Text("{told}; oftast {hours}", {"told": told, "hours": hours})


def _named(one: Reported) -> Text:
    return Text(
        "”{name}” nämns {n} gånger",
        {"name": one.name[:1].lower() + one.name[1:], "n": one.n},
        "”{name}” nämns en gång",
    )


def evidence(entry: Entry) -> Text:
    """Return what research found with author and year, or that no source is named."""
    if not entry.source:
        return Text(NO_SOURCE)
    return Text("{found} ({cited})", {"found": entry.found, "cited": entry.cited})
