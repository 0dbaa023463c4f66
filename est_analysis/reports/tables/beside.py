"""Tables of crime beside unsafety: place by place, area by area, with surveys, and profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from est_analysis.counts import Interval
from est_analysis.evidence import Share, Text
from est_analysis.patterns.beside import FEWEST, WORDS
from est_analysis.patterns.hotspots import PLACE_KINDS
from est_analysis.reports.findings_of_situations import situation_label
from est_analysis.reports.table import Table
from est_analysis.reports.tables.where import when

if TYPE_CHECKING:
    from est_analysis.patterns.profiles import Profile
    from est_analysis.reports.results import Results

_HEADS = ("Brott", "Brott, nr", "Otrygg", "Otrygg, nr")


def _rows(table: pd.DataFrame) -> list[list[Any]]:
    return [
        [
            str(row["name"]),
            *(
                None if pd.isna(row[column]) else int(row[column])
                for column in ("crime", "crime_rank", "fear", "fear_rank")
            ),
            Text(WORDS[row["state"]]),
        ]
        for row in table.to_dict("records")
    ]


def beside(results: Results, most: int | None = 15) -> Table:
    """Return crime beside unsafety at each place; at most so many, those high in either first."""
    table = results.beside if most is None else results.beside.head(most)
    return Table(
        "brott_och_otrygghet",
        Text("Brott och otrygghet, plats för plats, {year}", {"year": results.year}),
        ["Plats", *_HEADS, "Läge"],
        _rows(table),
        results.language,
        Text(
            "Brott är anmälda brott, otrygg är rapporter om otrygg plats: två slags uppgifter, som "
            "aldrig räknas ihop. Nr är platsens nummer i var lista. "
            "Sticker ut: minst {gate}, och över snittet för platser med någon uppgift också när "
            "slumpen räknats bort. Ensam: större del av det ena än av det andra; går det inte att "
            "avgöra är det oklart. Gjord plats för "
            "plats, ingen slutsats. Streck: färre än {smallest}.",
            {
                "gate": FEWEST,
                "smallest": results.municipality.disclosure.smallest_place_count,
            },
        ),
    )


def beside_areas(results: Results) -> Table:
    """Return crime beside unsafety in each area."""
    return Table(
        "brott_och_otrygghet_omrade",
        Text("Brott och otrygghet, område för område, {year}", {"year": results.year}),
        ["Område", *_HEADS, "Läge"],
        _rows(results.beside_areas),
        results.language,
        Text("Samma regler som för platser. Stora områden har mer av allt."),
        folded="Visa område för område",
    )


def surveys(results: Results) -> Table:
    """Return what people answered, area by area, beside crimes and reports of unsafe places."""
    level = results.municipality.thresholds.interval_level
    beside = results.beside_areas.set_index("name")
    rows = []
    for row in results.surveys.table.to_dict("records"):
        known = row["area"] in beside.index
        rows.append(
            [
                str(row["area"]),
                Text("{question}", {"question": str(row["question"])}),
                str(row["year"]),
                Share(row["value"]) if row["share"] else float(row["value"]),
                _interval(row, level),
                None if pd.isna(row["n"]) else int(row["n"]),
                *(
                    int(beside.loc[row["area"], column])
                    if known and not pd.isna(beside.loc[row["area"], column])
                    else None
                    for column in ("crime", "fear")
                ),
                str(row["source"]),
            ]
        )
    return Table(
        "trygghetsmatning",
        Text("Vad människor svarat, område för område"),
        [
            *("Område", "Fråga", "År", "Resultat", "Osäkerhet", "Svar"),
            *("Anmälda brott", "Otrygg plats", "Källa"),
        ],
        rows,
        results.language,
        Text(
            "Brott och rapporter gäller {year}, svaren sitt år. * Osäkerheten är räknad här, som "
            "om de som svarat vore ett enkelt slumpurval; den verkliga är större.",
            {"year": results.year},
        ),
        empty=Text("ingen mätning är inlagd i [reference] surveys"),
    )


def _interval(row: dict[str, Any], level: float) -> Any:
    if pd.isna(row["low"]):
        return None
    if not row["share"]:
        return Interval(row["low"], row["high"], level)
    values = {"low": Share(row["low"]), "high": Share(row["high"])}
    return Text("{low}–{high} *" if row["computed"] else "{low}–{high}", values)


def profiles(results: Results) -> Table:
    """Return the profiles of places and dense areas as one table, for the analyst."""
    rows = [
        [
            name(one),
            *(one.counts.get(kind) for kind in PLACE_KINDS),
            one.groups or None,
            when(one.peak),
            [situation(key) for key, _ in one.situations] or None,
            one.factors or None,
            one.why or None,
            one.defects or None,
            one.responsible or None,
        ]
        for one in results.profiles
    ]
    return Table(
        "platsprofiler",
        Text("Platser och täta områden, en profil av var och en, {year}", {"year": results.year}),
        [
            *("Plats", "Anmälda brott", "Händelser", "Otrygg plats", "Fysiska brister"),
            *("Vad", "När", "Situation", "Miljö", "Varför otryggt", "Brister", "Ansvar"),
        ],
        rows,
        results.language,
    )


def name(profile: Profile) -> Text:
    """Return what a profile is of."""
    if profile.dense:
        return Text("Tätt område kring {place}", {"place": profile.name})
    return Text("{place}", {"place": profile.name})


def situation(key: tuple[str, ...]) -> Text:
    """Return a situation's name by the fixed template."""
    group, daypart, weekend = key
    return situation_label(
        {"group": group, "place_type": "", "daypart": daypart, "weekend": weekend}
    )
