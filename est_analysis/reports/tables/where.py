"""Tables of where: public places and dense areas, in twelve months and in a fortnight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from est_analysis.counts import Interval
from est_analysis.evidence import Share, Text
from est_analysis.patterns.hotspots import PLACE_KINDS
from est_analysis.reports.language import KINDS
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from est_analysis.reports.results import Results


def shown(n: int, smallest: int) -> int | None:
    """Return a place's count, or None where it would show a single event."""
    return n if n == 0 or n >= smallest else None


def places(results: Results, most: int | None = 15) -> Table:
    """Return public places with what was reported there in twelve months."""
    table = results.places if most is None else results.places.head(most)
    led_by = next((kind for kind in PLACE_KINDS if table[kind].any()), PLACE_KINDS[0])
    smallest = results.municipality.disclosure.smallest_place_count

    rows = [
        [
            str(row["place"]),
            str(row["area"]),
            shown(int(row["reported_crime"]), smallest),
            Interval(row["low"], row["high"], 0.95) if row["reported_crime"] >= smallest else None,
            Share(row["share"]) if row["reported_crime"] >= smallest else None,
            shown(int(row["event"]), smallest),
            shown(int(row["unsafe_place"]), smallest),
            shown(int(row["physical_defect"]), smallest),
        ]
        for row in table.to_dict("records")
    ]
    return Table(
        "platser",
        Text(
            "Platser med flest {kind}, {year}", {"kind": Text(KINDS[led_by]), "year": results.year}
        ),
        [
            *("Plats", "Område", "Anmälda brott", "Osäkerhet", "Andel", "Händelser"),
            *("Otrygg plats", "Fysiska brister"),
        ],
        rows,
        results.language,
        Text(
            "Streck: färre än {smallest} (gruppens val). Platser där inget når {smallest} visas "
            "inte. Osäkerheten är vad slumpen ensam ger vid lika stor risk.",
            {"smallest": smallest},
        ),
    )


def clusters(results: Results) -> Table:
    """Return the dense areas of reported crime."""
    rows = [
        [
            str(row["name"]),
            int(row["n"]),
            Share(row["share"]),
            int(row["places"]),
            list(row["groups"]),
        ]
        for row in results.clusters.drop(columns="geometry").to_dict("records")
    ]
    return Table(
        "tata_omraden",
        Text("Täta områden av anmälda brott, {year}", {"year": results.year}),
        ["Kring", "Anmälda brott", "Andel", "Adresser", "Vanligast"],
        rows,
        results.language,
    )


_STATES = {"new": "ny", "again": "återkommande", "unsure": "går inte att säga"}


def fortnight_places(results: Results) -> Table:
    """Return the places of the fortnight."""
    rows = [
        [
            row["place"],
            Text(KINDS[row["kind"]]),
            int(row["n"]),
            float(row["usual"]),
            Text(_STATES[row["state"]]),
        ]
        for row in results.fortnight_places.head(10).to_dict("records")
    ]
    return Table(
        "platser_motesperiod",
        Text(
            "Platser med minst {n} uppgifter, {period}",
            {
                "n": results.municipality.disclosure.smallest_place_count,
                "period": results.period,
            },
        ),
        ["Plats", "Slag", "Nu", "Vanligt", "Läge"],
        rows,
        results.language,
        Text(
            "Vanligt är snittet för lika lång tid de senaste tolv månaderna. Ny: inget där på tolv "
            "månader. Få händelser på en plats växlar mycket av en slump."
        ),
    )
