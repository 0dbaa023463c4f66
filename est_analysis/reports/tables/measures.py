"""Tables of the group's own work: priorities, measures, what is due, faults in the register."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from est_analysis.evidence import Text
from est_analysis.reports.language import KINDS
from est_analysis.reports.table import Table
from est_analysis.reports.tables.where import shown

if TYPE_CHECKING:
    from est_analysis.reports.results import Results


def priorities(results: Results) -> Table:
    """Return places against the council's criteria."""
    smallest = results.municipality.disclosure.smallest_place_count
    rows = [
        [
            row["place"],
            shown(int(row["commonest"]), smallest),
            None if pd.isna(row["increasing"]) else int(row["increasing"]),
            shown(int(row["unsafe"]), smallest),
            shown(int(row["severe"]), smallest),
            float(row["need"]),
            Text("{best}–{worst}", {"best": row["best"], "worst": row["worst"]}),
            None if pd.isna(row["influence"]) else int(row["influence"]),
        ]
        for row in results.priorities.to_dict("records")
    ]
    return Table(
        "prioritering",
        Text("Platser mot kriterierna för prioritering, {year}", {"year": results.year}),
        [
            *("Plats", "Vanligast", "Ökar", "Otrygg", "Allvarlig"),
            *("Behov", "Plats i listan", "Påverkbarhet"),
        ],
        rows,
        results.language,
        Text(
            "Behov är medelplaceringen över de fyra första kriterierna; lägst är störst behov. "
            "Plats i listan visar hur placeringen växlar när ett kriterium i taget tas bort. "
            "Påverkbarhet (1–3) fyller gruppen i."
        ),
    )


def measures(results: Results) -> Table:
    """Return measures with events before and after."""
    by_id = results.register.measures.set_index("id")
    smallest = results.municipality.disclosure.smallest_place_count
    rows = []
    for e in results.evaluations:
        judged = e.difference is not None
        rows.append(
            [
                Text(
                    "{measure} ({place}; {what})",
                    {
                        "measure": str(by_id.loc[e.measure, "atgard"]),
                        "place": e.place,
                        "what": e.group or Text(KINDS["reported_crime"]),
                    },
                ),
                e.before / e.years if e.years and e.before >= smallest else None,
                e.after if e.window and e.after >= smallest else None,
                e.comparison_before / e.years if e.comparison_before >= smallest else None,
                e.comparison_after if e.comparison_after >= smallest else None,
                e.difference.estimate if judged and e.difference else None,
                e.difference.interval if judged and e.difference else None,
            ]
        )
    return Table(
        "insatser",
        Text("Insatser: före och efter, till och med {day}", {"day": results.period.last}),
        [
            *("Insats", "Före, per år", "Efter"),
            *("Jämförelse före", "Jämförelse efter", "Skillnad", "Osäkerhet"),
        ],
        rows,
        results.language,
        Text(
            "Före är snittet för samma del av året tidigare år, utan den period då platsen "
            "valdes. Skillnad är hur många fler eller färre det blev än om platsen hade ändrats "
            "som jämförelsen; den räknas bara när alla fyra antalen är minst {gate}. Streck: "
            "färre än {smallest}, eller inget att räkna.",
            {
                "gate": results.municipality.thresholds.minimum_evaluation,
                "smallest": smallest,
            },
        ),
    )


_WHY = {
    "overdue": "försenad",
    "follow_up": "ska följas upp",
    "open": "öppen",
    "no_follow_up": "saknar dag för uppföljning",
    "no_measure": "problem utan insats",
}


def due(results: Results, most: int | None = None) -> Table:
    """Return what is overdue, waits for follow-up or is open; at most so many, the oldest first."""
    listed = results.due.to_dict("records")
    rows = [
        [
            row["text"],
            None if pd.isna(row["due"]) else row["due"].date(),
            Text(_WHY[row["why"]]),
            row["responsible"],
        ]
        for row in listed[:most]
    ]
    left_out = len(listed) - len(rows)
    return Table(
        "att_folja_upp",
        Text("Att besluta om och följa upp, {day}", {"day": results.period.last}),
        ["Vad", "Senast", "Läge", "Ansvarig"],
        rows,
        results.language,
        Text("{n} till står i kvartalsrapporten.", {"n": left_out}) if left_out else None,
    )


def register_faults(results: Results) -> Table:
    """Return the register's rows that cannot be used."""
    rows = [
        [row["file"], int(row["row"]), row["column"], Text(row["reason"])]
        for row in results.register.faults.to_dict("records")
    ]
    return Table(
        "registerfel",
        Text("Rader i registret som inte går att använda"),
        ["Fil", "Rad", "Kolumn", "Skäl"],
        rows,
        results.language,
    )
