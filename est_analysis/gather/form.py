"""The reporting sheet: each column once, for the sheet, its settings and the dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SHEET = "Rapport"

KINDS = {
    "händelse": "event",
    "otrygg plats": "unsafe_place",
    "trygg plats": "safe_place",
    "fysisk brist": "physical_defect",
    "kommande": "upcoming",
    "nollrapport": "nil_report",
}
"""What the reporting sheet calls each kind of record."""

CATEGORIES = (
    *("Skadegörelse", "Klotter", "Anlagd brand/eldning", "Stöld/snatteri"),
    *("Inbrott (lokal/förråd/fordon)", "Våld utomhus", "Hot/ofredande på allmän plats"),
    *("Olaga intrång", "Misstänkt narkotikahantering (plats)", "Incident mot anställd"),
    *("Störande folksamling", "Störande körning/buskörning", "Fortkörning/osäker trafik"),
    *("Störande berusning", "Buller", "Falskt brandlarm/okynne", "Tillhåll"),
    *("Bristande/trasig belysning", "Skymmande växtlighet", "Nedskräpning"),
    *("Eftersatt underhåll", "Trasigt lås/tillträde", "Utformning/dålig sikt"),
    *("Brist på alternativ gångväg", "Otrygg plats", "Få människor", "Dåligt rykte"),
    *("Undviker plats", "Ryktesspridning/oro", "Trygg plats", "Arrangemang/evenemang"),
    *("Risk inför helg/lov", "Förväntad samling", "Inget att rapportera"),
)
"""A proposal, merged from what municipalities' forms ask for; the group edits it in the TOML."""

REPORTERS = (
    *("Barn- och utbildningsförvaltningen", "Socialförvaltningen"),
    *("Kultur- och fritidsförvaltningen", "Samhällsbyggnadsförvaltningen"),
    *("Kommunledningsförvaltningen", "Bostadsbolaget", "Servicebolaget", "Räddningstjänsten"),
    *("Fastighetsägarna", "Näringslivet"),
)
"""Bodies, never persons; a proposal that the group edits in the TOML."""

PLACE_TYPES = (
    *("torg", "skola", "park", "parkering", "gc-väg", "station", "butik"),
    *("trapphus-gemensamt", "idrottsplats"),
)
FACTORS = (*("belysning", "växtlighet", "skräp", "klotter", "insyn", "övergivet", "samlingsplats"),)


@dataclass(frozen=True)
class Field:
    """
    One column of the sheet.

    Parameters
    ----------
    name
        Its heading.
    fills
        The key under ``columns`` in the settings.
    help
        How to fill it in, in Swedish.
    needed
        True where a row without it cannot be used.
    looks
        What its cells hold.
    choices
        The list to choose from; empty for none.
    several
        Several of the choices may stand in one cell.
    """

    name: str
    fills: str
    help: str
    needed: bool = False
    looks: Literal["text", "date", "clock", "whole"] = "text"
    choices: tuple[str, ...] = ()
    several: bool = False


FIELDS = (
    Field("id", "id", "Radens nummer, vilket som helst men aldrig samma två gånger."),
    Field("kalla", "partner", "Förvaltning eller bolag som rapporterar.", choices=REPORTERS),
    Field("typ", "kind", "Vad raden är.", needed=True, choices=tuple(KINDS)),
    Field("kategori", "code", "Vad det handlar om.", needed=True, choices=CATEGORIES),
    Field("datum_fran", "start", "Dagen då det hände eller började.", True, "date"),
    Field(
        "tid_fran",
        "start",
        "Klockslaget, till exempel 21:15. Tomt om det är okänt.",
        False,
        "clock",
    ),
    Field("datum_till", "end", "Sista dagen det kan ha hänt, om ni inte vet när.", False, "date"),
    Field("tid_till", "end", "Klockslaget då det senast var över.", False, "clock"),
    Field("plats_namn", "place", "Platsens namn så som det står i platslistan, eller en gata."),
    Field("platstyp", "place_type", "Slag av plats.", choices=PLACE_TYPES),
    Field("omrade", "area", "Område, om platsen inte står i platslistan."),
    Field("x_sweref99tm", "x", "Öst i SWEREF 99 TM, sex siffror. Behövs inte om platsen har namn."),
    Field("y_sweref99tm", "y", "Norr i SWEREF 99 TM, sju siffror."),
    Field("allvar", "severity", "1 är minst, 3 är allvarligast.", choices=("1", "2", "3")),
    Field(
        "miljofaktorer",
        "factors",
        "Vad i miljön som spelar in; flera skrivs med komma mellan.",
        choices=FACTORS,
        several=True,
    ),
    Field(
        "antal", "count", "Hur många händelser raden gäller. Tomt räknas som en.", False, "whole"
    ),
    Field("rapporterad_datum", "registered", "Dagen då ni rapporterar.", False, "date"),
)
"""No comment column: what is written freely tells of persons sooner or later."""

ADVICE = (
    "En rad är en händelse, en plats eller en brist. Skriv vad, var och när.",
    "Skriv aldrig namn, personnummer, bilnummer eller något annat om en person.",
    "Händelser i bostäder ska inte vara med.",
    "Platser skrivs som de står i platslistan (reference/places.csv).",
    "Har inget hänt: skriv en rad med typ nollrapport, kategori Inget att rapportera och datum.",
)


def columns() -> dict[str, str | list[str]]:
    """Return the settings' ``columns`` for the sheet; a moment has its date and its clock."""
    found: dict[str, str | list[str]] = {}
    for field in FIELDS:
        before = found.get(field.fills)
        if before is None:
            found[field.fills] = field.name
        else:
            found[field.fills] = [*([before] if isinstance(before, str) else before), field.name]
    return found
