"""A new municipality's folder, ready to fill: settings, reporting sheet, register, gazetteer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from est_analysis.errors import SettingsError
from est_analysis.gather import codes, form
from est_analysis.gather.store import LEDGER, STORE
from est_analysis.measures import register
from est_analysis.municipality import SETTINGS_FILE, find

EXAMPLE = "exempelsjo"
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
sheet = "{sheet}"
# Förvaltningar och bolag som rapporterar, aldrig personer. Ändra fritt, här och i mallens lista.
partners = [
{partners}
]

[sources.est.columns]
{columns}

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

# [law]
# picture_decided = 2026-03-10 # då lägesbilden enligt lag (2023:196) senast beslutades

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
    _refuse_filled(folder)
    try:
        for part in ("deliveries/est", "reference", "register"):
            (folder / part).mkdir(parents=True)
    except OSError as error:
        raise SettingsError(f"Mappen går inte att göra: {error}.") from error
    settings = _SETTINGS.format(
        name=name.replace("\n", " "),
        quoted=_toml(name),
        sheet=form.SHEET,
        partners="\n".join(f"  {_toml(name)}," for name in form.REPORTERS),
        columns="\n".join(f"{key} = {_toml(value)}" for key, value in form.columns().items()),
        kinds="\n".join(f"{_toml(key)} = {_toml(value)}" for key, value in form.KINDS.items()),
        codes="\n".join(f"{_toml(name)} = {_toml(name)}" for name in form.CATEGORIES),
    )
    (folder / SETTINGS_FILE).write_text(settings, encoding="utf-8", newline="\n")
    header = "name;place_type;x;y;area;responsible\n"
    (folder / "reference/places.csv").write_text(header, encoding="utf-8", newline="\n")
    (folder / "reference/brottskoder.csv").write_bytes(codes.SHIPPED.read_bytes())
    write_form(folder / "deliveries/est/est_rapport.xlsx")
    _register(
        folder / "register/problem.xlsx",
        "Problem",
        register.PROBLEM_COLUMNS + register.PROBLEM_MORE,
        {"status": register.PROBLEM_STATES, "publiceras": register.PUBLISHED},
    )
    _register(
        folder / "register/atgarder.xlsx",
        "Åtgärder",
        register.MEASURE_COLUMNS + register.MEASURE_MORE,
        {
            "atgardstyp": register.MEASURE_TYPES,
            "sikt": register.TERMS,
            "status": register.MEASURE_STATES,
            "genomford": register.DELIVERED,
            "publiceras": register.PUBLISHED,
        },
    )
    _register(
        folder / "register/beslut.xlsx",
        "Beslut",
        register.DECISION_COLUMNS + register.DECISION_MORE,
        {"status": register.DECISION_STATES},
    )
    return [
        f"Fyll i kommunkod och personuppgiftsansvarig i {folder / SETTINGS_FILE}.",
        f"Skriv era offentliga platser i {folder / 'reference/places.csv'} (SWEREF 99 TM).",
        f"Rapportera i {folder / 'deliveries/est/est_rapport.xlsx'}; spara en fil per kvartal.",
        f"Se vad som går att använda: est check {folder}",
        f"Gör rapporten: est report {folder}",
    ]


def make_example(folder: Path) -> list[str]:
    """
    Make a copy of the shipped example to try things on; arguments and errors as `make`.

    Returns
    -------
    list of str
        What to do next, in Swedish, step by step.
    """
    _refuse_filled(folder)
    derived = shutil.ignore_patterns(STORE, LEDGER)
    try:
        shutil.copytree(find(EXAMPLE), folder, ignore=derived, dirs_exist_ok=True)
    except OSError as error:
        raise SettingsError(f"Mappen går inte att göra: {error}.") from error
    return [f"Gör rapporten: est report {folder}"]


def _refuse_filled(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(
            f"{folder} finns redan och är inte tom.", mend="Välj en ny mapp; inget har ändrats."
        )


def _toml(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)


def write_form(file: Path) -> None:
    """Write the empty reporting sheet: `form.FIELDS` with lists, formats and how to fill in."""
    columns = [
        _Column(field.name, field.choices, field.looks, field.several) for field in form.FIELDS
    ]
    needed = {True: "ja", False: ""}
    advice = [
        *((text,) for text in form.ADVICE),
        (),
        ("Kolumn", "Så fyller du i", "Måste fyllas i", "Välj ur listan"),
        *(
            (field.name, field.help, needed[field.needed], ", ".join(field.choices))
            for field in form.FIELDS
        ),
    ]
    _write(file, form.SHEET, columns, "Så fyller du i", advice)


def _register(
    file: Path, title: str, names: tuple[str, ...], lists: dict[str, tuple[str, ...]]
) -> None:
    """Write one of the group's registers, empty."""
    columns = [
        _Column(name, lists.get(name, ()), "written" if _is_date(name) else "text")
        for name in names
    ]
    _write(file, title, columns, "Läs mig", [(text,) for text in _REGISTER_HELP])


def _is_date(name: str) -> bool:
    return name.startswith("datum") or name.endswith("datum")


_REGISTER_HELP = (
    "Ansvarig är alltid en funktion, aldrig en person.",
    "vald_period är den period då platsen valdes, till exempel 2026Q2. Den räknas aldrig som före.",
    "jamforelseplats är en plats ur platslistan som liknar platsen men inte fick insatsen. Tomt, "
    "liknande, samma sort eller övriga kommunen: den väljs efter regel.",
    "Platsen skrivs på ett av fem sätt: plats (namn i platslistan), x och y med radie_m, gata, "
    "polygon (WKT i meter) eller område.",
    "orsakstyp är plats, situation eller miljö. Omdömen (signalbrott, beror_manga, konsekvens, "
    "resurser, kostnad, paverkbarhet) är 1, 2 eller 3; kostnad 3 är dyrt.",
    "genomford, process och produktion säger vad som gjordes; effekt vad det ändrade.",
    "Ett problem lämnar listan med status Avslutat, avslutsskal och avslutsdatum.",
    "Kolumner efter paverkbarhet, kostnad_tid och status kan tas bort.",
    "Datum skrivs 2026-09-30.",
)


class _Column(NamedTuple):
    """One column of a workbook: heading, choices, looks, and whether several may stand."""

    name: str
    choices: tuple[str, ...]
    looks: str
    several: bool = False


_FORMATS = {"date": "yyyy\\-mm\\-dd", "clock": "hh:mm", "whole": "0", "written": "@"}
_RULES: dict[str, dict[str, Any]] = {
    "date": {
        "type": "date",
        "operator": "greaterThan",
        "formula1": "36526",  # 2000-01-01
        "error": "Skriv ett datum, till exempel 2026-09-30.",
    },
    "clock": {
        "type": "time",
        "operator": "between",
        "formula1": "0",
        "formula2": "0.999988425925926",  # 23:59:59
        "error": "Skriv ett klockslag, till exempel 21:15.",
    },
    "whole": {
        "type": "whole",
        "operator": "greaterThanOrEqual",
        "formula1": "1",
        "error": "Skriv ett heltal från 1.",
    },
}


def _write(
    file: Path,
    title: str,
    columns: list[_Column],
    advice_title: str,
    advice: list[tuple[str, ...]],
) -> None:
    """Write a workbook with headings, lists to choose from, formats and, last, a page of advice."""
    book = Workbook()
    page: Worksheet = book.active
    page.title = title
    choices = book.create_sheet("Listor")
    for number, column in enumerate(columns, 1):
        letter = get_column_letter(number)
        page.cell(1, number, column.name).font = Font(bold=True)
        page.column_dimensions[letter].width = max(12, len(column.name) + 2)
        if column.looks in _FORMATS:
            for row in range(2, _ROWS + 1):
                page.cell(row, number).number_format = _FORMATS[column.looks]
        rule = _rule(choices, column)
        if rule is not None:
            page.add_data_validation(rule)
            rule.add(f"{letter}2:{letter}{_ROWS}")
    page.freeze_panes = "A2"
    if choices.cell(1, 1).value is None:
        book.remove(choices)
    explained = book.create_sheet(advice_title)
    for row, cells in enumerate(advice, 1):
        for number, text in enumerate(cells, 1):
            explained.cell(row, number, text)
            explained.cell(row, number).font = Font(bold=cells[0] == "Kolumn")
    for letter, width in zip("ABCD", (20, 70, 16, 60), strict=True):
        explained.column_dimensions[letter].width = width
    book.save(file)


def _rule(choices: Worksheet, column: _Column) -> DataValidation | None:
    """Return what a column's cells must hold, if anything, its choices written among the lists."""
    if not column.choices:
        rule = _RULES.get(column.looks)
        title = "Det går inte att läsa"
        return rule and DataValidation(
            **rule, allow_blank=True, showErrorMessage=True, errorTitle=title
        )
    at = choices.max_column + (1 if choices.cell(1, 1).value else 0)
    choices.cell(1, at, column.name).font = Font(bold=True)
    for row, value in enumerate(column.choices, 2):
        choices.cell(row, at, value)
    where = get_column_letter(at)
    return DataValidation(
        type="list",
        formula1=f"Listor!${where}$2:${where}${len(column.choices) + 1}",
        allow_blank=True,
        showErrorMessage=not column.several,
        errorTitle="Välj ur listan",
        error="Värdet finns inte i listan.",
    )
