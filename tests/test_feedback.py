"""The feedback sheet: what it tells, and that only released words and numbers can reach it."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from est_analysis import municipality as municipalities
from est_analysis.errors import ReportError
from est_analysis.evidence import Finding, Text, Word
from est_analysis.gather.geography import read_geography
from est_analysis.measures.register import read
from est_analysis.reports import scan_release
from est_analysis.reports.language import CAVEATS, Language
from est_analysis.reports.published.feedback import SHEET, sheet
from est_analysis.reports.published.released import Released
from est_analysis.reports.published.taken_up import taken_up
from est_analysis.reports.scan_release import scan, secrets_of

KINDS = ("unsafe_place", "physical_defect")
MEASURE = {
    "sort": "situationell",
    "state": "Avslutad",
    "word": "indication",
    "what": "",
    "function": "",
}
PROBLEM = {
    "area": "Centrum",
    "group": "",
    "causes": ["plats", "miljö"],
    "state": "Öppet",
    "about": "",
    "place": "",
    "measures": [MEASURE],
}


def content(problems=(PROBLEM,), numbers=(("Centrum", 25), ("Sörby", None))):
    cells = [
        {"table": "area", "until": "2026Q3", "area": area, "group": "", "part": "", "n": n}
        for area, n in numbers
    ]
    whole = {"table": "total", "until": "2026Q3", "area": "", "group": "", "part": "", "n": 61}
    return {
        "name": "Lillby",
        "purpose": "prov",
        "controller": "Nämnden",
        "thresholds": municipalities.Thresholds().model_dump(),
        "minimum": 5,
        "period": "2026Q3",
        "areas": [area for area, _ in numbers],
        "kinds": {kind: {"tier": 0, "whole": True, "cells": [whole, *cells]} for kind in KINDS},
        "taken_up": list(problems),
        "how_to_report": "",
    }


def page(*problems, **more):
    return BeautifulSoup(sheet(Released(content(problems, **more), Language("sv"))), "html.parser")


def test_the_sheet_tells_what_was_reported_done_and_is_coming():
    waiting = PROBLEM | {"measures": []}
    coming = PROBLEM | {"measures": [MEASURE | {"state": "Planerad", "sort": "social"}]}
    told = page(PROBLEM, waiting, coming)
    reported, done, going = [table.text for table in told.find_all("table")]
    assert "Ni har rapporterat 61 rapporter om otrygg plats och 61 fysiska brister" in told.text
    assert "Centrum2525" in reported.replace("\n", "")
    assert "visas inte" in reported
    assert "Något i platsen och miljön" in done
    assert "◐ Kanske en förändring" in done
    assert "Inget är beslutat än" in going
    assert "Inte gjord än" in going
    assert all(caveat in told.text for caveat in CAVEATS)
    assert not told.find_all(["script", "img", "iframe", "link"])


def test_a_measure_that_is_not_judged_gets_no_word():
    assert "Inte bedömt än" in page(PROBLEM | {"measures": [MEASURE | {"word": ""}]}).text


def test_nothing_written_becomes_markup():
    written = "<img src=x onerror=alert(1)>"
    told = page(
        PROBLEM | {"about": written, "measures": [MEASURE | {"what": written}]},
        numbers=((written, 25),),
    )
    assert told.find("img") is None
    assert told.text.count(written) >= 3


# ------------------------------------------------------------------- what may leave the register


@pytest.fixture(scope="module")
def results():
    municipality = municipalities.load("exempelsjo")
    geography = read_geography(municipality)
    word = Finding("measure/A1", {word: Text("x") for word in Word}, 9, word=Word.CANNOT_TELL)
    return SimpleNamespace(
        municipality=municipality,
        geography=geography,
        register=read(municipality, geography),
        findings=[word],
        gathered=SimpleNamespace(events=pd.DataFrame({"event_id": ["polis:K2026-00123"]})),
    )


def released(results, part, identity, **written):
    """Return the results where somebody has said that a row's words may be published."""
    table = getattr(results.register, part).copy()
    row = table.index[table["id"] == identity][0]
    for column, text in (written | {"publiceras": "ja"}).items():
        table.loc[row, column] = text
    return SimpleNamespace(
        **vars(results) | {"register": replace(results.register, **{part: table})}
    )


def test_nothing_that_anyone_wrote_leaves_without_a_yes(results):
    told = repr(taken_up(results))
    register = results.register
    for table, column in (
        *((register.problems, "beskrivning"), (register.problems, "plats")),
        *((register.measures, "atgard"), (register.measures, "ansvarig_funktion")),
    ):
        assert not [text for text in table[column] if text and text in told], column
    assert "Centrum" in told
    assert "cannot_tell" in told


def test_a_yes_releases_that_row_and_no_other(results):
    told = repr(taken_up(released(results, "measures", "A1")))
    assert "Ny belysning och beskärning av buskar" in told
    assert "Gatuchef" in told
    assert "Vuxna på skolgården" not in told
    assert "Stationsparken" not in told
    assert "Stationsparken" in repr(taken_up(released(results, "problems", "P1")))


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("Tre lampor och 2 buskar", "ett antal under gränsen"),
        ("Som vid Gångtunneln vid stationen", "namnet på en plats"),
        ("Efter ärende K2026-00123 byttes lampan", "ett ärendenummer"),
        ("Se deliveries/polis/a.csv", "en sökväg"),
        ("Vid 494830.3, 6374330.7 sattes en bom", "ett tal som kan vara en koordinat"),
    ],
)
def test_released_words_are_looked_at(results, written, fault, monkeypatch):
    """With a breaking sibling: a look that sees nothing lets them through."""
    own = released(results, "measures", "A1", atgard=written)
    with pytest.raises(ReportError, match=fault) as caught:
        taken_up(own)
    assert written not in str(caught.value)
    assert "A1" in str(caught.value)
    monkeypatch.setattr(scan_release, "text_faults", lambda *_: [])
    assert written in repr(taken_up(own))


def look(folder, results, text):
    """Scan a sheet that has a text planted in it."""
    folder.mkdir()
    made = sheet(Released(content(), Language("sv")))
    planted = made.replace("</main>", f"<p>{text}</p></main>")
    (folder / SHEET).write_text(planted, encoding="utf-8")
    return scan(folder, content(), secrets_of(results))


PLANTED = {
    "a free text": ("Skadegörelse, bråk och ordningsstörningar kvällstid", "_written", frozenset),
    "a case": ("Ärende K2026-00123", "_everywhere", list),
    "a place": ("Stationsparken", "_everywhere", list),
    "a small count": ("Tre platser hade 4 rapporter", "_small", list),
    "a single event's day": ("Den 14 augusti 2026 kl. 21", "_days", list),
    "a day in figures": ("2026-08-14", "_days", list),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_in_the_sheet_is_caught(name, results, tmp_path, monkeypatch):
    text, gate, empty = PLANTED[name]
    assert look(tmp_path / "a", results, "Ingenting") == []
    assert look(tmp_path / "b", results, text) != []
    monkeypatch.setattr(scan_release, gate, lambda *_: empty())
    assert look(tmp_path / "c", results, text) == []


def test_a_text_is_found_however_it_is_written(results, tmp_path):
    text = "Skadegörelse, br&aring;k och\n  ordningsst&ouml;rningar kv&auml;llstid"
    assert look(tmp_path / "a", results, text) != []


def test_released_words_pass_the_scan(results, tmp_path):
    """A decision that says the same in fewer words is no secret then either."""
    own = released(results, "measures", "A1")
    assert look(tmp_path / "a", results, "Ny belysning och beskärning av buskar") != []
    assert look(tmp_path / "b", own, "Ny belysning och beskärning av buskar") == []


def test_the_sheet_knows_the_days_of_its_own_period():
    told = sheet(Released(content(), Language("sv")))
    assert re.search(r"1 oktober 2025 – 30 september 2026", told)
    assert scan_release._days(told, content()) == []
