"""Tables of what the picture rests on: rows, quality, what waits for somebody, who reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from est_analysis.evidence import Share, Text
from est_analysis.patterns.coverage import SILENT_DAYS
from est_analysis.patterns.reporters import FORTNIGHTS, NIL, REPORTED, SILENT, STATES, UNREAD
from est_analysis.reports.table import Table, Tables

if TYPE_CHECKING:
    from est_analysis.reports.results import Results

MOST_VALUES = 6

_UNITS = {
    "offence": "brott",
    "incident": "händelser",
    "victim": "utsatta",
    "report": "rapporter",
}


def accounting(results: Results) -> Table:
    """Return rows in and what became of them, source by source."""
    rows = [
        [
            row["label"],
            *(row[fate] for fate in ("rows", "accepted", "quarantined", "dropped", "repeated")),
            row["first"],
            row["last"],
            None if pd.isna(row["age_95"]) else int(row["age_95"]),
            Text(_UNITS[row["unit"]]),
        ]
        for row in results.quality.sources.to_dict("records")
    ]
    return Table(
        "underlag",
        Text("Levererade rader och vad som hände med dem"),
        [
            *("Källa", "Rader", "Används", "Karantän", "Tas ej in", "Upprepade"),
            *("Första dag", "Sista dag", "Dagar till 95 %", "Räknar"),
        ],
        rows,
        results.language,
        Text(
            "Rader = används + karantän + tas ej in + upprepade. Dagar till 95 %: så gammal är en "
            "händelse när 95 av 100 är registrerade. Räknar: vad som räknas; sådant räknas "
            "aldrig ihop."
        ),
        folded="Visa vad som hände med varje rad",
    )


_FINE, _LOOK = "●\u00a0bra", "▲\u00a0se\u00a0upp"


def quality(results: Results) -> Table:
    """Return the measures of quality, one row a source."""
    warned = {one.source for one in results.quality.warnings}
    rows = [
        [
            row["label"],
            Text(_LOOK if row["source"] in warned else _FINE),
            row["accepted"],
            row["quarantined"],
            None if pd.isna(row["placed"]) else Share(row["placed"]),
            None if pd.isna(row["vague"]) else Share(1 - row["vague"]),
            row["until"] if row["until"] and row["until"] > row["as_of"] else None,
        ]
        for row in results.quality.sources.to_dict("records")
    ]
    return Table(
        "kvalitet",
        Text("Källornas kvalitet"),
        ["Källa", "Läge", "Används", "Väntar", "Har plats", "Har tid", "Preliminärt till"],
        rows,
        results.language,
        Text(
            "Har plats: punkt, gata eller namngiven plats. Har tid: brott och händelser med "
            "klockslag, på högst ett dygn när. Preliminärt till: då har 95 av 100 hunnit "
            "registreras. Streck: gäller inte, eller så saknas uppgiften."
        ),
    )


def quarantine(results: Results) -> Table:
    """Return why rows are in quarantine, what to do, and where the first of each sort stand."""
    from est_analysis.gather.fates import REASONS, REMEDIES

    rows = [
        [
            Text(REASONS[row["reason"]]),
            int(row["n"]),
            Text(REMEDIES[row["reason"]]),
            row["first"],
            [*row["values"][:MOST_VALUES], *(["…"] if len(row["values"]) > MOST_VALUES else [])],
        ]
        for row in results.quarantine.to_dict("records")
    ]
    return Table(
        "karantan",
        Text("Rader som väntar på rättning"),
        ["Skäl", "Rader", "Gör så här", "De första", "Värden"],
        rows,
        results.language,
        Text("Alla rader: est check --all. De kommer med av sig själva när de är rättade."),
    )


_SORTS = {"column": "kolumn", "code": "kod", "kind": "typ", "place": "plats"}


def near_misses(results: Results) -> Table:
    """Return what is nearly something known, and the line that would take it for that."""
    from est_analysis.gather.quality import alias_line

    rows = [
        [
            row.written,
            row.means,
            Text(_SORTS[row.sort]),
            int(row.rows),
            alias_line(row),
        ]
        for row in results.near_misses.itertuples()
    ]
    return Table(
        "nastan_traffar",
        Text("Nästan rätt: menas detta?"),
        ["Skrivet", "Liknar", "Slag", "Rader", "Rad att lägga till"],
        rows,
        results.language,
        Text(
            "Stämmer det: lägg till raden i reference/aliases.csv (rubrik: "
            "slag;kalla;skrivet;betyder). Annars gör inget."
        ),
    )


def unread(results: Results) -> Table:
    """Return the files that could not be read, and what to do about each."""
    rows = [
        [one.file, Text(one.error.what), Text(one.error.mend or "Be om en ny leverans.")]
        for one in results.unread
    ]
    return Table(
        "olasta_filer",
        Text("Filer som inte gick att läsa och saknas i bilden"),
        ["Fil", "Fel", "Gör så här"],
        rows,
        results.language,
    )


def ruling_faults(results: Results) -> Table:
    """Return the lines of the group's own decisions that cannot be used."""
    rows = [
        [row["file"], int(row["row"]), row["column"], Text(row["reason"])]
        for row in results.ruling_faults.to_dict("records")
    ]
    return Table(
        "beslutsfel",
        Text("Rader i gruppens listor som inte går att använda"),
        ["Fil", "Rad", "Kolumn", "Skäl"],
        rows,
        results.language,
    )


def survey_faults(results: Results) -> Table:
    """Return what could not be read of the surveys."""
    rows = [
        [row["file"], int(row["row"]) or None, row["column"], Text(row["reason"])]
        for row in results.surveys.faults.to_dict("records")
    ]
    return Table(
        "trygghetsmatningsfel",
        Text("Rader i trygghetsmätningen som inte går att använda"),
        ["Fil", "Rad", "Kolumn", "Skäl"],
        rows,
        results.language,
    )


def waiting(results: Results) -> Tables:
    """Return what waits for somebody: unread files, stopped rows, near misses, faulty decisions."""
    return Tables(
        tuple(
            make(results)
            for make in (unread, quarantine, near_misses, ruling_faults, survey_faults)
        ),
        Text("Inget väntar: alla filer och rader gick att använda."),
        results.language,
    )


_STATE = {REPORTED: "●\u00a0rapporterar", NIL: "○\u00a0nollrapport", SILENT: "–\u00a0tyst"}

_STATE[UNREAD] = "?\u00a0fil\u00a0oläst"

_FALLEN = "▲\u00a0har\u00a0tystnat"


def reporters(results: Results) -> Table:
    """Return how each partner has reported in the last fortnights."""
    found = results.reporters
    newest = found.table[found.table["fortnight"] == len(found.fortnights) - 1]
    state = newest.set_index("partner")["state"]
    rows = [
        [
            row["partner"],
            Text(_FALLEN if row["fallen"] else _STATE[state[row["partner"]]]),
            *(int(row[name]) for name in STATES),
            row["last"],
        ]
        for row in found.partners.to_dict("records")
    ]
    return Table(
        "tackning",
        Text("Vem som rapporterat, de senaste {n} tvåveckorsperioderna", {"n": FORTNIGHTS}),
        ["Part", "Läge", "Med rader", "Noll", "Tyst", "Senast"],
        rows,
        results.language,
        Text(
            "Läge gäller {fortnight}. Med rader, noll och tyst: antal perioder. Nollrapport: "
            "parten har sagt att inget hänt. Tyst: inget har hörts, och det är inte samma sak. Har "
            "tystnat: tyst längre än någonsin förr, och minst {days} dagar.",
            {"fortnight": found.fortnights[-1], "days": SILENT_DAYS},
        ),
    )


def fortnights(results: Results) -> Table:
    """Return what each partner reported in each fortnight."""
    found, say = results.reporters, results.language
    rows: list[list[Any]] = []
    for partner, own in found.table.groupby("partner", sort=False):
        cells = zip(own["state"][::-1], own["n"][::-1], strict=True)
        rows.append([str(partner), *(_fortnight(state, int(n)) for state, n in cells)])
    if len(found.activity):
        newest_first = found.activity[::-1]
        active, each = newest_first["active"], newest_first["each"]
        rows.append([Text("Rapportörer med rader"), *(say.write(int(n)) for n in active)])
        rows.append([Text("Rader per rapportör"), *(say.number(float(n), 1) for n in each)])
    return Table(
        "tackning_perioder",
        Text("Rader per tvåveckorsperiod"),
        [
            "Part, två veckor till och med",
            *(f"{f.last.day}/{f.last.month}" for f in reversed(found.fortnights)),
        ],
        rows,
        say,
        Text(
            "Noll: nollrapport. Streck: tyst. ?: en fil gick inte att läsa. En rad räknas när den "
            "registrerades, annars när den började; en månadsuppgift i varje period som "
            "den rör. Fler rader för att fler rapporterar är ingen ökning: jämför med rader per "
            "rapportör."
        ),
        folded="Visa period för period",
    )


def _fortnight(state: str, n: int) -> Text:
    return (
        Text("{n}", {"n": n})
        if state == REPORTED
        else Text({NIL: "noll", SILENT: "–", UNREAD: "?"}[state])
    )
