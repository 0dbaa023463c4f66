"""
What is odd about real deliveries is found by the quality measures, without being told.

Settings that hide a known oddity (each README of the data names some) are taken out of the
municipality's own, and the measure must then say it; with the settings as they are it must not.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_real import DATA, HERE, REAL, link, needs_data

from est_analysis import municipality, periods
from est_analysis.gather import quality
from est_analysis.gather.accept import gather
from est_analysis.patterns.hotspots import located
from est_analysis.reports.language import Language

SAY = Language("sv")


@dataclass(frozen=True)
class Quirk:
    """Which line is taken out (a pattern, and what stands instead), what is then told, and how."""

    name: str
    line: str
    instead: str
    measure: str
    says: str
    hushed: bool = True
    more: str = ""


QUIRKS = {
    "a municipality's middle for every notice": Quirk(
        "savsjo",
        "$^",
        "",
        "stacked",
        "100 % av raderna med koordinater ligger i en hög som inte säger var",
        hushed=False,
    ),
    "notices before collection began": Quirk(
        "jonkoping", r"covers_from = .*\n", "", "thin_start", "börjat glest"
    ),
    "offences against persons moved to 0, 0 at midnight": Quirk(
        "vancouver",
        r'drop = \["Offence.*\n',
        "# alla typer tas in\n",
        "default_times",
        "% av klockslagen är 00:00",
        hushed=False,
        more='"Offence Against a Person" = "Våld"\n"Homicide" = "Våld"\n',
    ),
    "coordinates rounded to three decimals": Quirk(
        "memphis", r'precision = "street".*\n', "", "rounded", "omkring 110 meter"
    ),
    "cars missed after days, and clocks on the hour": Quirk(
        "newyork", "$^", "", "heaped", "av klockslagen står på hel timme", hushed=False
    ),
    "a workbook with a sheet a city": Quirk(
        "seattle", r'sheet = "Seattle"\n', "", "unread", "gick inte att läsa"
    ),
    "months in English and years of two digits": Quirk(
        "chicago_belysning", r"date_format = .*\n", "", "empty", "ingen rad går att använda"
    ),
    "answers of a survey that are not on the scale": Quirk(
        "raleigh", r'drop = \["3", "9"\].*\n', "", "stopped", "väntar"
    ),
}


def told(folder, name):
    """Return gathered, and the sentence of each measure by its name."""
    settings = municipality.load(folder)
    gathered = gather(settings)
    found = quality.measure(gathered, settings, periods.parse(REAL[name].period))
    said: dict[str, str] = {}
    for measure in found.warnings:
        said[measure.name] = said.get(measure.name, "") + SAY.say(measure.text).replace("\xa0", " ")
    return gathered, said


@needs_data
@pytest.mark.real
@pytest.mark.parametrize("quirk", list(QUIRKS.values()), ids=lambda q: q.name)
def test_a_known_quirk_is_found_by_itself(quirk, tmp_path, capsys):
    folder = tmp_path / quirk.name
    shutil.copytree(HERE / quirk.name, folder)
    for inside, delivered in REAL[quirk.name].links.items():
        link((Path(DATA) / delivered).resolve(), folder / inside)
    file = folder / "municipality.toml"
    written = file.read_text(encoding="utf-8")
    if quirk.hushed:
        assert quirk.measure not in told(folder, quirk.name)[1]
    bare, n = re.subn(quirk.line, quirk.instead, written)
    assert n or quirk.line == "$^"
    file.write_text(bare + quirk.more, encoding="utf-8")
    gathered, said = told(folder, quirk.name)
    assert quirk.says in said[quirk.measure], said
    if quirk.more:  # and what is moved to 0, 0 is an unknown place, not a point
        assert int(re.search(r"(\d+) %", said[quirk.measure])[1]) >= 14
        assert len(located(gathered.events)) < len(gathered.events) - 3_700
    if quirk.measure == "unread":
        assert "blad" in str(gathered.unread[0].error)
    if quirk.measure == "stacked":
        assert located(gathered.events).empty  # no centroid reaches a hot spot
    with capsys.disabled():
        print(f"\n  {quirk.name}: {said[quirk.measure]}")
