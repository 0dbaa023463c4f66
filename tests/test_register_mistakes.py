"""Every kind of mistake in a register, told by file, row and column, and its mended sibling."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from conftest import write

from est_analysis import municipality as municipalities
from est_analysis.errors import DeliveryError
from est_analysis.evidence import Text
from est_analysis.gather.geography import Geography
from est_analysis.measures.checks import NOT_EVALUATED, NOT_USED, REMARK
from est_analysis.measures.register import COLUMNS, read
from est_analysis.reports.language import Language

TODAY = date(2026, 9, 30)
CRS = "EPSG:3006"
FILES = {part: f"register/{part}.csv" for part in COLUMNS}
GEOGRAPHY = Geography(
    boundary=shapely.box(490_000, 6_490_000, 510_000, 6_510_000),
    areas=gpd.GeoDataFrame(
        {"name": ["Centrum", "Norrängen"]},
        geometry=[
            shapely.box(490_000, 6_490_000, 510_000, 6_500_000),
            shapely.box(490_000, 6_500_000, 510_000, 6_510_000),
        ],
        crs=CRS,
    ),
    places=pd.DataFrame(
        {
            "name": ["Torget", "Parken", "Badhuset", "Intill torget", "Ishallen", "Hamnen"],
            "place_type": ["torg", "park", "bad", "gata", "idrottsplats", "hamn"],
            "x": [500_100.0, 502_000.0, 504_000.0, 500_200.0, 506_000.0, 508_000.0],
            "y": [6_500_100.0, 6_502_000.0, 6_504_000.0, 6_500_100.0, 6_506_000.0, 6_508_000.0],
            "area": ["Norrängen"] * 6,
        }
    ),
    streets=gpd.GeoDataFrame(
        {"name": ["Storgatan"]},
        geometry=[shapely.LineString([(500_000, 6_500_500), (500_300, 6_500_500)])],
        crs=CRS,
    ),
)
GOOD = {
    "problems": {
        "beskrivning": "Klotter på torget",
        "plats": "Torget",
        "radie_m": "75",
        "omrade": "Norrängen",
        "grupp": "Klotter",
        "orsak": "Mörkt och utan insyn",
        "orsakstyp": "miljö, plats",
        "vald_period": "2025Q2",
        "paverkbarhet": "3",
        "signalbrott": "2",
    },
    "measures": {
        "atgard": "Ny belysning",
        "atgardstyp": "situationell",
        "sikt": "kort",
        "ansvarig_funktion": "Gatuchef",
        "startdatum": "2026-01-15",
        "klart_senast": "2026-03-31",
        "status": "Pågår",
        "mal": "Hälften så mycket klotter på ett år",
        "indikator": "Anmält klotter inom 75 m",
        "forvantad_effekt_fran": "2026-02-01",
        "jamforelseplats": "Parken",
        "uppfoljningsdatum": "2026-12-15",
    },
    "decisions": {
        "motesdatum": "2026-01-08",
        "beslut": "Belysningen byts",
        "ansvarig_funktion": "Gatuchef",
        "klart_senast": "2026-03-31",
        "status": "Öppet",
    },
    "calendar": {"namn": "Höstlov", "slag": "Lov", "datum_fran": "2026-10-26"},
}
SQUARE = (
    "POLYGON ((500000 6500000, 500200 6500000, 500200 6500200, 500000 6500200, 500000 6500000))"
)


class Mistake(NamedTuple):
    """What is written, in which part; which column is told of, what is said, what it costs."""

    part: str
    written: dict[str, str]
    column: str
    said: str
    cost: str = NOT_USED
    mended: dict[str, str] | None = None
    hidden: str = ""


def problem(written, column, said, cost=NOT_USED, mended=None, hidden=""):
    return Mistake("problems", written, column, said, cost, mended, hidden)


def measure(written, column, said, cost=NOT_USED, mended=None, hidden=""):
    return Mistake("measures", written, column, said, cost, mended, hidden)


def decision(written, column, said, cost=NOT_USED, mended=None, hidden=""):
    return Mistake("decisions", written, column, said, cost, mended, hidden)


AT = {"plats": "", "x": "500100", "y": "6500100"}
PERSON = "aldrig"
WRONG = {
    # ids
    "id missing": problem({"id": ""}, "id", "id saknas"),
    "id twice": problem({"id": "P0"}, "id", "används två gånger"),
    "ids alike": measure({"id": "a0"}, "id", "bara i stora bokstäver"),
    # dates
    "no date": measure({"startdatum": "nästa vecka"}, "startdatum", "skriv det som 2026-09-30"),
    "31 February": measure({"startdatum": "2026-02-31"}, "startdatum", "inte i kalendern"),
    "a month only": measure({"startdatum": "2026-01"}, "startdatum", "dagen saknas"),
    "a serial number": measure(
        {"startdatum": "46037"}, "startdatum", "är det 15 januari 2026 menas"
    ),
    "an ancient year": measure({"startdatum": "1926-01-15"}, "startdatum", "året är orimligt"),
    "end before start": measure(
        {"slutdatum": "2026-01-14", "status": "Avslutad"},
        *("slutdatum", "slutar innan det börjar", NOT_USED),
        {"slutdatum": "2026-01-16", "status": "Avslutad"},
    ),
    "due before start": measure(
        {"klart_senast": "2025-12-31"}, "klart_senast", "före startdatum", REMARK
    ),
    "effect before start": measure(
        *({"forvantad_effekt_fran": "2025-12-31"}, "forvantad_effekt_fran"),
        *("effekten räknas från startdatum", REMARK),
    ),
    "follow-up before start": measure(
        {"uppfoljningsdatum": "2025-12-31"}, "uppfoljningsdatum", "före startdatum", REMARK
    ),
    "a meeting without a day": decision({"motesdatum": "i torsdags"}, "motesdatum", "datumet"),
    "due before the meeting": decision(
        {"klart_senast": "2026-01-07"}, "klart_senast", "före mötet", REMARK
    ),
    # choices
    "unknown kind": measure({"atgardstyp": "belysning"}, "atgardstyp", "social, kontroll"),
    "kind nearly right": measure(
        {"atgardstyp": "situationel"}, "atgardstyp", "Menades ”situationell”?"
    ),
    "unknown state": measure({"status": "på gång"}, "status", "Planerad, Pågår"),
    "unknown term": measure({"sikt": "medellång"}, "sikt", "kort, lång"),
    "unknown state of a decision": decision({"status": "Stängt"}, "status", "Öppet, Klart"),
    "unknown side of the triangle": problem(
        {"orsakstyp": "gärningsmannen"}, "orsakstyp", "plats, situation, miljö", REMARK
    ),
    "unknown delivery": measure({"genomford": "kanske"}, "genomford", "ja, delvis, nej", REMARK),
    # links
    "orphan": measure({"problem": "Q77"}, "problem", "finns inte i listan"),
    "nearly a problem": measure({"problem": "p 0"}, "problem", "Menades ”P0”"),
    "no problem": measure({"problem": ""}, "problem", "finns inte i listan"),
    "a decision of no problem": decision({"problem": "Q77"}, "problem", "finns inte", REMARK),
    "a decision of no measure": decision({"atgard": "Q77"}, "atgard", "finns inte", REMARK),
    # places
    "unknown place": problem(
        {"plats": "Stadsparken"}, "plats", "finns inte i platslistan", NOT_EVALUATED
    ),
    "place nearly right": problem(
        {"plats": "Badhset"}, "plats", "Menades ”Badhuset” (skrivet: Badhset, likhet 93 av 100)?",
        NOT_EVALUATED, {"plats": "Hamnen"},
    ),
    "no place": problem({"plats": "", "omrade": ""}, "plats", "ingen plats", NOT_EVALUATED),
    "unknown area": problem({"omrade": "Norrängn"}, "omrade", "Menades ”Norrängen”", REMARK),
    "unknown street": problem(
        {"plats": "", "gata": "Storgatn"}, "gata", "Menades ”Storgatan”", NOT_EVALUATED,
        {"plats": "", "gata": "Storgatan"},
    ),
    "no number": problem({**AT, "x": "öster"}, "x", "är inget tal", NOT_USED, AT),
    "a number with its unit": problem({"radie_m": "75 m"}, "radie_m", "är inget tal"),
    "half a point": problem({**AT, "y": ""}, "x", "både x och y behövs", NOT_USED, AT),
    "axes swapped": problem(
        {"plats": "", "x": "6500100", "y": "500100"}, "x", "bytt plats", NOT_EVALUATED, AT
    ),
    "degrees": problem(
        {"plats": "", "x": "15.0", "y": "58.6"}, "x", "är grader", NOT_EVALUATED, AT
    ),
    "outside": problem(
        {"plats": "", "x": "700000", "y": "6700000"}, "x", "utanför kommunen", NOT_EVALUATED, AT
    ),
    "zeros": problem({"plats": "", "x": "0", "y": "0"}, "x", "är noll", NOT_EVALUATED, AT),
    "far from its name": problem(
        {"x": "502000", "y": "6500100"}, "x", "meter från platsen i platslistan", REMARK,
        {"x": "500110", "y": "6500100"},
    ),
    "radius zero": problem({"radie_m": "0"}, "radie_m", "över noll"),
    "radius absurd": problem({"radie_m": "5000"}, "radie_m", "är ingen plats", NOT_EVALUATED),
    "polygon unreadable": problem(
        {"polygon": "500000,6500000"}, "polygon", "går inte att läsa", NOT_EVALUATED,
        {"polygon": SQUARE},
    ),
    "polygon a line": problem(
        {"polygon": "LINESTRING (0 0, 1 1)"}, "polygon", "ingen yta", NOT_EVALUATED,
        {"polygon": SQUARE},
    ),
    "polygon crossed": problem(
        {"polygon": "POLYGON ((500000 6500000, 500200 6500200, 500200 6500000, 500000 6500200, "
         "500000 6500000))"},
        "polygon", "korsar sig själv", NOT_EVALUATED, {"polygon": SQUARE},
    ),
    "polygon outside": problem(
        {"plats": "", "polygon": "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0))"},
        "polygon", "utanför kommunen", NOT_EVALUATED, {"polygon": SQUARE},
    ),
    "unknown group": problem({"grupp": "Åverkan"}, "grupp", "brottskoderna", NOT_EVALUATED),
    "group nearly right": problem(
        {"grupp": "Kloter"}, "grupp", "Menades ”Klotter”", NOT_EVALUATED, {"grupp": "Skadegörelse"}
    ),
    # the period of choice
    "period unreadable": problem({"vald_period": "i våras"}, "vald_period", "skriv till exempel"),
    "period to come": problem(
        {"vald_period": "2027Q1"}, "vald_period", "inte börjat", NOT_EVALUATED
    ),
    "started before the place was chosen": measure(
        {"startdatum": "2025-03-01", "klart_senast": ""}, "startdatum", "innan den period",
        NOT_EVALUATED, {"startdatum": "2025-07-01", "klart_senast": ""},
    ),
    "started while the place was chosen": measure(
        {"startdatum": "2025-05-01"}, "startdatum", "var slut", REMARK, {"startdatum": "2025-07-01"}
    ),
    # grades
    "influence 4": problem({"paverkbarhet": "4"}, "paverkbarhet", "1, 2 eller 3"),
    "influence in words": problem({"paverkbarhet": "hög"}, "paverkbarhet", "1, 2 eller 3"),
    "a grade of the group's": problem({"signalbrott": "9"}, "signalbrott", "1, 2 eller 3", REMARK),
    # comparison
    "comparison unknown": measure(
        {"jamforelseplats": "Åparken"}, "jamforelseplats", "platslistan", NOT_EVALUATED
    ),
    "comparison nearly right": measure(
        {"jamforelseplats": "Ishalen"}, "jamforelseplats", "Menades ”Ishallen”", NOT_EVALUATED,
        {"jamforelseplats": "Ishallen"},
    ),
    "comparison the same": measure(
        {"jamforelseplats": "Torget"}, "jamforelseplats", "samma plats", NOT_EVALUATED
    ),
    "comparison shares ground": measure(
        {"jamforelseplats": "Intill torget"}, "jamforelseplats", "delar mark", REMARK
    ),
    "comparison treated itself": measure(
        {"jamforelseplats": "Badhuset"}, "jamforelseplats",
        "egen insats från 1 mars 2026", NOT_EVALUATED,
    ),
    # nobody is named
    "a person's name": measure(
        {"ansvarig_funktion": "Anna Lindqvist"}, "ansvarig_funktion", PERSON, hidden="Lindqvist"
    ),
    "an initial and a name": measure(
        {"ansvarig_funktion": "K. Svensson"}, "ansvarig_funktion", PERSON, hidden="Svensson"
    ),
    "perhaps a name": measure(
        {"ansvarig_funktion": "Tekla Nygren"}, "ansvarig_funktion", "visas därför inte", REMARK,
        hidden="Tekla",
    ),
    "an address": decision(
        {"ansvarig_funktion": "a.l@kommunen.se"}, "ansvarig_funktion", "e-postadress", hidden="a.l"
    ),
    "a telephone number": measure(
        {"ansvarig_funktion": "070-123 45 67"}, "ansvarig_funktion", "telefonnummer", hidden="070"
    ),
    "a personal number": problem(
        {"beskrivning": "Rör 811218-9876"}, "beskrivning", "personnummer", hidden="811218"
    ),
    "a name in free text": decision(
        {"beslut": "Kalle Karlsson pratar med ägaren"}, "beslut", "innehåller namn", hidden="Karl"
    ),
    "a registration plate": problem(
        {"orsak": "Bilen ABC 123 står där"}, "orsak", "registreringsnummer", hidden="ABC"
    ),
    # cells
    "a formula": measure({"atgard": "=A1&B1"}, "atgard", "är en formel", hidden="&B1"),
    "Excel's own error": problem({"beskrivning": "#REF!"}, "beskrivning", "fel från Excel"),
    "no title": measure({"atgard": ""}, "atgard", "skriv vad som görs", REMARK),
    "no description": problem({"beskrivning": ""}, "beskrivning", "vad problemet är", REMARK),
    "nobody responsible": measure(
        {"ansvarig_funktion": ""}, "ansvarig_funktion", "vilken funktion", REMARK
    ),
    "no goal": measure({"mal": ""}, "mal", "ska uppnå", REMARK),
    "no indicator": measure({"indikator": ""}, "indikator", "om målet nås", REMARK),
    # states that the days contradict
    "finished without an end": measure(
        {"status": "Avslutad"}, "slutdatum", "skriv när", REMARK,
        {"status": "Avslutad", "slutdatum": "2026-03-30"},
    ),
    "cancelled without a reason": measure(
        {"status": "Avbruten"}, "skal", "skriv varför", REMARK,
        {"status": "Avbruten", "skal": "Pengarna räckte inte"},
    ),
    "planned though begun": measure({"status": "Planerad"}, "status", "har passerat", REMARK),
    "begun without a start": measure({"startdatum": ""}, "startdatum", "insatsen började", REMARK),
    "going on before its start": measure(
        {"startdatum": "2026-11-01", "klart_senast": "", "forvantad_effekt_fran": ""},
        "status", "inte är här än", REMARK,
    ),
    "going on after its end": measure(
        {"slutdatum": "2026-03-30"}, "status", "slutdatum har passerat", REMARK
    ),
    "finished in the future": measure(
        {"status": "Avslutad", "slutdatum": "2026-12-01"}, "slutdatum", "i framtiden", REMARK,
        {"status": "Avslutad", "slutdatum": "2026-03-30"},
    ),
    "left the list without a reason": problem(
        {"status": "Avslutat", "avslutsdatum": "2026-09-01"}, "avslutsskal", "varför", REMARK,
        {"status": "Avslutat", "avslutsdatum": "2026-09-01", "avslutsskal": "Målet är nått"},
    ),
    "left the list without a day": problem(
        {"status": "Avslutat", "avslutsskal": "Målet är nått"}, "avslutsdatum", "skriv när", REMARK
    ),
    "a reason but still open": problem(
        {"avslutsskal": "Målet är nått"}, "status", "ska vara Avslutat", REMARK
    ),
    # the calendar
    "a holiday without a day": Mistake("calendar", {"datum_fran": ""}, "datum_fran", "saknas"),
    "a holiday that ends first": Mistake(
        "calendar", {"datum_till": "2026-10-01"}, "datum_till", "slutar innan"
    ),
}  # fmt: skip
ROWS = {name: 3 + place for place, name in enumerate(WRONG)}
"""Row 2 of each list is sound; each mistake stands on a row of its own, in one of the lists."""


def lists(written):
    """Return the lists' rows: row 2 sound, then a row in each list for every entry of `written`."""
    found = {part: [] for part in COLUMNS}
    for number, (part_wrong, changes) in enumerate([("", {}), *written]):
        for part, good in GOOD.items():
            key = {"problems": "P", "measures": "A", "decisions": "B", "calendar": "K"}[part]
            row = {**good, "id": f"{key}{number}"}
            row |= {"problem": f"P{number}"} if part == "measures" else {}
            found[part].append({**row, **(changes if part == part_wrong else {})})
    beside = {**GOOD["problems"], "id": "PX", "plats": "Badhuset"}
    found["problems"].append(beside)
    found["measures"].append(
        {**GOOD["measures"], "id": "AX", "problem": "PX", "startdatum": "2026-03-01"}
        | {"jamforelseplats": "", "klart_senast": "", "forvantad_effekt_fran": ""}
    )
    return found


def as_csv(part, rows):
    columns = [*COLUMNS[part][0], *COLUMNS[part][1]]
    lines = [columns, *([row.get(column, "") for column in columns] for row in rows)]
    return "".join(";".join(line) + "\n" for line in lines)


def read_lists(folder, written):
    write(folder, {FILES[part]: as_csv(part, rows) for part, rows in lists(written).items()})
    return read(municipalities.load(folder), GEOGRAPHY, today=TODAY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("register")
    header = "id;kod;datum;x;y;plats\n"
    write(place, {"deliveries/polis/a.csv": header, **dict.fromkeys(FILES.values(), "")})
    named = "\n".join(f'{part} = "{file}"' for part, file in FILES.items())
    settings = f'''name = "Lillby"
code = "9998"
purpose = "prov"
controller = "Kommunstyrelsen"
crs = "{CRS}"
[registers]
{named}
[sources.polis]
partner = "Polisen"
kind = "reported_crime"
files = "deliveries/polis/*.csv"
format = "csv"
codes = {{ K1 = "Klotter", K2 = "Skadegörelse" }}
[sources.polis.columns]
code = "kod"
start = "datum"
'''
    write(place, {"municipality.toml": settings})
    return place


@pytest.fixture(scope="module")
def wrong(folder):
    return read_lists(folder, [(one.part, one.written) for one in WRONG.values()])


@pytest.fixture(scope="module")
def mended(folder):
    return read_lists(folder, [(one.part, one.mended or {}) for one in WRONG.values()])


def told(register):
    """Return every note: file, row, column, what it costs, and the sentence."""
    both = [register.faults.assign(cost=NOT_USED), register.remarks]
    say = Language("sv")
    return [
        (one.file, one.row, one.column, one.cost, say.say(Text(one.reason, one.values)))
        for table in both
        for one in table.itertuples()
    ]


def test_there_are_thirty_kinds_and_more():
    assert len({one.said for one in WRONG.values()}) > 50


@pytest.mark.parametrize("name", WRONG)
def test_the_mistake_is_told_by_file_row_and_column(wrong, name):
    one = WRONG[name]
    own = [line for line in told(wrong) if line[:2] == (FILES[one.part], ROWS[name])]
    assert [line[2:4] for line in own] == [(one.column, one.cost)], own
    assert one.said in own[0][4]


@pytest.mark.parametrize("name", WRONG)
def test_the_mended_row_has_no_message(mended, name):
    one = WRONG[name]
    assert [line for line in told(mended) if line[:2] == (FILES[one.part], ROWS[name])] == []


def test_no_message_is_about_a_sound_row(wrong, mended):
    assert told(mended) == []
    wrong_rows = {(FILES[one.part], ROWS[name]) for name, one in WRONG.items()}
    strays = [line for line in told(wrong) if line[:2] not in wrong_rows]
    # a problem that cannot be used leaves its measure without one: that row says so
    assert {line[0] for line in strays} <= {FILES["measures"]}
    lost = {ROWS[n] for n, one in WRONG.items() if (one.part, one.cost) == ("problems", NOT_USED)}
    assert {line[1] for line in strays if line[2] == "problem"} == lost
    assert [line for line in strays if line[2] != "problem"] == []


@pytest.mark.parametrize("name", [name for name, one in WRONG.items() if one.hidden])
def test_what_is_about_a_person_is_repeated_nowhere(wrong, name):
    hidden = WRONG[name].hidden
    assert hidden not in repr(told(wrong))
    for part in COLUMNS:
        assert hidden not in getattr(wrong, part).to_csv()


def test_a_row_is_used_and_a_measure_evaluated_only_where_it_may(wrong):
    for name, one in WRONG.items():
        key, number = {"problems": "P", "measures": "A"}.get(one.part), ROWS[name] - 2
        if key is None or one.column == "id":
            continue
        used = set(getattr(wrong, one.part)["id"])
        assert (f"{key}{number}" in used) == (one.cost != NOT_USED), name
        if one.cost != NOT_USED:
            assert (f"A{number}" in wrong.held) == (one.cost == NOT_EVALUATED), name


def test_no_sound_measure_is_held_back(mended):
    assert mended.held == frozenset()
    assert len(mended.measures) == len(WRONG) + 2


# files


BAD_FILES = {
    "empty": (b"", "läsa"),
    "a column missing": (b"id;problem\nA1;P1\n", "saknas"),
    "another encoding": ("id;plats\nP1;Ån\n".encode("cp1252"), "läsa"),
    "too many fields": (
        ";".join(COLUMNS["measures"][0]).encode() + b"\nA1" + b";" * 60 + b"\n",
        "fält",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_no_list_is_refused_with_its_name_and_what_to_do(folder, name):
    content, said = BAD_FILES[name]
    write(folder, {FILES[part]: as_csv(part, rows) for part, rows in lists([]).items()})
    assert len(read(municipalities.load(folder)).measures) == 2
    write(folder, {FILES["measures"]: content})
    with pytest.raises(DeliveryError, match=said) as refused:
        read(municipalities.load(folder))
    assert FILES["measures"] in refused.value.where
    assert refused.value.mend


def test_a_heading_nearly_right_is_offered(folder):
    write(folder, {FILES[part]: as_csv(part, rows) for part, rows in lists([]).items()})
    text = as_csv("problems", lists([])["problems"]).replace("signalbrott", "signal_brot", 1)
    write(folder, {FILES["problems"]: text})
    found = read(municipalities.load(folder), GEOGRAPHY, today=TODAY)
    ((file, row, column, cost, sentence),) = told(found)
    assert (file, row, column, cost) == (FILES["problems"], 1, "signalbrott", REMARK)
    assert "nästan ”signalbrott”" in sentence
    assert found.problems["signalbrott"].isna().all()


def test_an_alias_makes_a_near_miss_a_place(folder):
    near = [("problems", {"plats": "Badhset"}), ("measures", {"jamforelseplats": "Ishalen"})]
    assert len(told(read_lists(folder, near))) == 2
    lines = "slag;kalla;skrivet;betyder\nplats;;badhset;Badhuset\nplats;;Ishalen;Ishallen\n"
    write(folder, {"reference/aliases.csv": lines})
    found = read_lists(folder, near)
    (folder / "reference/aliases.csv").unlink()
    assert told(found) == []
    assert found.problems["plats"].tolist()[1] == "Badhuset"
    assert found.measures["jamforelseplats"].tolist()[2] == "Ishallen"


def test_a_register_without_the_newer_columns_is_read_as_before(folder):
    old = {}
    for part, rows in lists([]).items():
        columns = COLUMNS[part][0]
        lines = [columns, *([row.get(column, "") for column in columns] for row in rows)]
        old[FILES[part]] = "".join(";".join(line) + "\n" for line in lines)
    write(folder, old)
    found = read(municipalities.load(folder), GEOGRAPHY, today=TODAY)
    assert told(found) == []
    assert len(found.measures) == 2
