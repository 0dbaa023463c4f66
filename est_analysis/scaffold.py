"""A new municipality's folder, ready to fill: settings, reporting sheet, register, gazetteer."""

from __future__ import annotations

import json
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from est_analysis.errors import SettingsError
from est_analysis.gather import codes
from est_analysis.measures import register
from est_analysis.municipality import SETTINGS_FILE

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

PLACE_TYPES = (
    *("torg", "skola", "park", "parkering", "gc-väg", "station", "butik"),
    *("trapphus-gemensamt", "idrottsplats"),
)
FACTORS = (*("belysning", "växtlighet", "skräp", "klotter", "insyn", "övergivet", "samlingsplats"),)
REPORT_COLUMNS = (
    *("id", "typ", "kategori", "datum_fran", "tid_fran", "datum_till", "tid_till", "plats_namn"),
    *("platstyp", "omrade", "x_sweref99tm", "y_sweref99tm", "allvar", "miljofaktorer", "antal"),
    "rapporterad_datum",
)
_REPORT_LISTS = {
    "typ": tuple(KINDS),
    "kategori": CATEGORIES,
    "platstyp": PLACE_TYPES,
    "allvar": ("1", "2", "3"),
    "miljofaktorer": FACTORS,
}
_HELP = (
    "En rad är en händelse, en plats eller en brist. Skriv vad, var och när.",
    "Skriv aldrig namn, personnummer, bilnummer eller något annat om en person.",
    "Händelser i bostäder ska inte vara med.",
    "Datum skrivs 2026-09-30 och klockslag 21:15. Vet du inte när: skriv från och till.",
    "plats_namn ska stå i platslistan (reference/places.csv). Koordinater behövs inte då.",
    "Har inget hänt: skriv en rad med typ nollrapport, kategori Inget att rapportera och datum.",
)
_ROWS = 2_000

_SETTINGS = """\
# Inställningar för {name}. Alla nycklar beskrivs i docs/settings.md.

name = {quoted}
code = "" # kommunkod, fyra siffror
purpose = "Gemensam lägesbild över händelser och otrygga platser, som grund för åtgärder."
controller = "" # personuppgiftsansvarig
crs = "EPSG:3006" # SWEREF 99 TM
time_zone = "Europe/Stockholm"

[reference]
# Kartfiler i GeoPackage eller GeoJSON. Ta bort # när filen ligger i mappen reference.
# boundary = "reference/kommungrans.geojson"
# areas = "reference/omraden.geojson" # områden, med namnet i kolumnen area_name
# area_name = "namn"
# streets = "reference/gator.geojson" # linjer med kolumnen name
places = "reference/places.csv"

[registers]
problems = "register/problem.xlsx"
measures = "register/atgarder.xlsx"
decisions = "register/beslut.xlsx"

[sources.est]
partner = "EST-gruppens rapportörer"
files = "deliveries/est/*.xlsx"
format = "excel"
sheet = "Rapport"

[sources.est.columns]
id = "id"
kind = "typ"
code = "kategori"
start = ["datum_fran", "tid_fran"]
end = ["datum_till", "tid_till"]
registered = "rapporterad_datum"
place = "plats_namn"
place_type = "platstyp"
area = "omrade"
x = "x_sweref99tm"
y = "y_sweref99tm"
severity = "allvar"
factors = "miljofaktorer"
count = "antal"

[sources.est.kinds]
{kinds}

# Vilken grupp varje kategori räknas till. Ändra fritt till höger om likhetstecknet.
[sources.est.codes]
{codes}

# Polisens uttag: ta bort # och rätta kolumnnamnen. reference/brottskoder.csv säger vilken grupp
# varje kod hör till, vilka som aldrig tas in (tas_in = nej) och vilka som följer hur mycket polisen
# kontrollerar. Listan är ett förslag: kontrollera den mot Brås. Andra koder går till karantän; med
# unlisted = "drop" blir av dem bara ett antal kvar (välj det om uttaget rymmer mer än ni ska ha).
# [sources.polis]
# partner = "Polisen"
# kind = "reported_crime"
# files = "deliveries/polis/*.csv"
# format = "csv"
# decimal = "."
# crs = "EPSG:4326"
# codes = "reference/brottskoder.csv"
# unlisted = "drop"
# default_times = ["00:00", "12:00"] # klockslag som betyder att tiden är okänd, om det är så
# [sources.polis.columns]
# id = "ID"
# code = "BROTTSKOD"
# start = "BROTTSDATUMTID_START"
# end = "BROTTSDATUMTID_SLUT"
# x = "LONGITUDE"
# y = "LATITUDE"

[disclosure]
smallest_place_count = 2 # gruppens val: platser med en enda händelse visas inte

[retention]
raw_days = 730 # så länge sparas råa leveranser; gallring kräver gruppens beslut
"""


def make(folder: Path, name: str) -> list[str]:
    """
    Make a municipality's folder that ``est check`` accepts as it stands.

    Parameters
    ----------
    folder
        Where; must not exist, or be empty.
    name
        The municipality's.

    Returns
    -------
    list of str
        What to do next, in Swedish, step by step.

    Raises
    ------
    SettingsError
        If the folder holds anything already, or cannot be made.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(
            f"{folder} finns redan och är inte tom.", mend="Välj en ny mapp; inget har ändrats."
        )
    try:
        for part in ("deliveries/est", "reference", "register"):
            (folder / part).mkdir(parents=True)
    except OSError as error:
        raise SettingsError(f"Mappen går inte att göra: {error}.") from error
    settings = _SETTINGS.format(
        name=name.replace("\n", " "),
        quoted=json.dumps(name, ensure_ascii=False),
        kinds="\n".join(f'"{key}" = "{value}"' for key, value in KINDS.items()),
        codes="\n".join(f'"{category}" = "{category}"' for category in CATEGORIES),
    )
    (folder / SETTINGS_FILE).write_text(settings, encoding="utf-8", newline="\n")
    header = "name;place_type;x;y;area\n"
    (folder / "reference/places.csv").write_text(header, encoding="utf-8", newline="\n")
    (folder / "reference/brottskoder.csv").write_bytes(codes.SHIPPED.read_bytes())
    _sheet(folder / "deliveries/est/est_rapport.xlsx", "Rapport", REPORT_COLUMNS, _REPORT_LISTS)
    _sheet(folder / "register/problem.xlsx", "Problem", register.PROBLEM_COLUMNS, {})
    _sheet(
        folder / "register/atgarder.xlsx",
        "Åtgärder",
        register.MEASURE_COLUMNS,
        {
            "atgardstyp": register.MEASURE_TYPES,
            "sikt": register.TERMS,
            "status": register.MEASURE_STATES,
        },
    )
    _sheet(
        folder / "register/beslut.xlsx",
        "Beslut",
        register.DECISION_COLUMNS,
        {"status": register.DECISION_STATES},
    )
    return [
        f"Fyll i kommunkod och personuppgiftsansvarig i {folder / SETTINGS_FILE}.",
        f"Skriv era offentliga platser i {folder / 'reference/places.csv'} (SWEREF 99 TM).",
        f"Rapportera i {folder / 'deliveries/est/est_rapport.xlsx'}; spara en fil per kvartal.",
        f"Se vad som går att använda: est check {folder}",
        f"Gör rapporten: est report {folder}",
    ]


def _sheet(
    file: Path, title: str, columns: tuple[str, ...], lists: dict[str, tuple[str, ...]]
) -> None:
    """Write a workbook with headings, drop-down lists and, last, a page of advice."""
    book = Workbook()
    page: Worksheet = book.active
    page.title = title
    choices = book.create_sheet("Listor")
    for number, column in enumerate(columns, 1):
        letter = get_column_letter(number)
        cell = page.cell(1, number, column)
        cell.font = Font(bold=True)
        page.column_dimensions[letter].width = max(12, len(column) + 2)
        if column in lists:
            _drop_down(page, choices, letter, column, lists[column])
        elif column.startswith(("datum", "tid_")) or column.endswith("datum"):
            for row in range(2, _ROWS):
                page.cell(row, number).number_format = "@"
    page.freeze_panes = "A2"
    if not lists:
        book.remove(choices)
    advice = book.create_sheet("Läs mig")
    for row, text in enumerate(_HELP if title == "Rapport" else _REGISTER_HELP, 1):
        advice.cell(row, 1, text)
    advice.column_dimensions["A"].width = 100
    book.save(file)


_REGISTER_HELP = (
    "Ansvarig är alltid en funktion, aldrig en person.",
    "vald_period är den period då platsen valdes, till exempel 2026Q2. Den räknas aldrig som före.",
    "jamforelseplats är en plats ur platslistan som liknar platsen men inte fick insatsen.",
    "Datum skrivs 2026-09-30.",
)


def _drop_down(
    page: Worksheet, choices: Worksheet, letter: str, column: str, values: tuple[str, ...]
) -> None:
    at = choices.max_column + (1 if choices.cell(1, 1).value else 0)
    choices.cell(1, at, column).font = Font(bold=True)
    for row, value in enumerate(values, 2):
        choices.cell(row, at, value)
    where = get_column_letter(at)
    several = column == "miljofaktorer"
    rule = DataValidation(
        type="list",
        formula1=f"Listor!${where}$2:${where}${len(values) + 1}",
        allow_blank=True,
        showErrorMessage=not several,
        errorTitle="Välj ur listan",
        error="Värdet finns inte i listan.",
    )
    page.add_data_validation(rule)
    rule.add(f"{letter}2:{letter}{_ROWS}")
