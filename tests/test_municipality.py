"""Settings: what does not hold is refused with the line to mend."""

from __future__ import annotations

import shutil

import pytest

from est_analysis import municipality
from est_analysis.errors import SettingsError

GOOD = """\
name = "Lillby"
code = "9998"
purpose = "prov"
controller = "Kommunstyrelsen"
crs = "EPSG:3006"

[reference]
places = "reference/places.csv" # [sources.polis]

[thresholds]
cell_m = 250.0
clear = 0.05

# källorna
[sources.polis]
partner = "Polisen"
files = "deliveries/polis/*.csv"
format = "csv"
covers_from = 2021-10-01
codes = { K1 = "Skadegörelse" }
drop = [
  "K9",
]

[sources.polis.columns]
code = "kod"
kind = "typ"
start = ["datum", "tid"]

[sources.polis.kinds]
"otrygg plats" = "unsafe_place"
"trygg # plats" = "safe_place"
"""
LINES = GOOD.splitlines()


def line(start):
    return next(n for n, text in enumerate(LINES, 1) if text.startswith(start))


@pytest.fixture
def folder(make_folder):
    folder = make_folder({"reference/places.csv": "name;place_type;x;y;area\n"})
    (folder / "municipality.toml").write_text(GOOD, encoding="utf-8")
    return folder


def refused(folder, old, new, encoding="utf-8"):
    """The message after `old` was replaced by `new` in good settings."""
    assert GOOD.count(old) == 1
    text = GOOD.replace(old, new)
    (folder / "municipality.toml").write_bytes(text.encode(encoding))
    with pytest.raises(SettingsError) as caught:
        municipality.load(folder)
    return str(caught.value)


def test_good_settings_are_read(folder):
    settings = municipality.load(folder)
    source = settings.sources["polis"]
    assert (settings.key, settings.folder) == ("lillby", folder)
    assert source.columns.named() == ["datum", "tid", "kod", "typ"]
    assert source.drop == ("K9",)
    assert settings.thresholds.cell_m == 250
    assert [file.name for file in settings.delivered("polis")] == ["a.csv"]


UNKNOWN, TEXT = "okänd nyckel", "ska vara text"
FAULTS = [
    # top-level keys
    ('code = "9998"', 'kod = "9998"', 2, f"kod: {UNKNOWN}"),
    ('code = "9998"', 'kod = "9998"', 1, "code: saknas"),
    ('code = "9998"', "code = 9998", 2, f"code: {TEXT}"),
    ('purpose = "prov"', 'purpose = "prov"\nfolder = "/etc"', 4, f"folder: {UNKNOWN}"),
    ("EPSG:3006", "EPSG:4326", 5, "räknar inte i meter"),
    ("EPSG:3006", "EPSG:4978", 5, "räknar inte i meter"),
    ("EPSG:3006", "EPSG:3857", 5, "webbkartor"),
    ("EPSG:3006", "EPSG:99999", 5, "inget känt koordinatsystem"),
    ('crs = "EPSG:3006"', 'crs = "EPSG:3006"\ntime_zone = "Europe/Lillby"', 6, "tidszon"),
    ('crs = "EPSG:3006"', 'crs = "EPSG:3006"\ntime_zone = "Europe"', 6, "tidszon"),
    # keys in small tables
    ("places =", "platser =", line("places"), f"reference.platser: {UNKNOWN}"),
    ('"reference/places.csv"', '"../places.csv"', line("places"), "inne i kommunens mapp"),
    ('"reference/places.csv"', '"/etc/passwd"', line("places"), "inne i kommunens mapp"),
    ('"reference/places.csv"', '""', line("places"), "inne i kommunens mapp"),
    ("cell_m = 250.0", "cell_m = -1.0", line("cell_m"), "ska vara > 0.0, inte -1.0"),
    ("cell_m = 250.0", "cell_m = inf", line("cell_m"), "ändligt"),
    ("cell_m = 250.0", 'cell_m = "250"', line("cell_m"), "ska vara ett tal"),
    ("cell_m = 250.0", "cluster_minimum = 2", line("cell_m"), "ska vara ≥ 3, inte 2"),
    ("cell_m = 250.0", "history_years = 3.5", line("cell_m"), "ska vara ett heltal"),
    ("clear = 0.05", "clear = 0.5", line("clear"), "ska vara < 0.5, inte 0.5"),
    ("clear = 0.05", "clear = 0.3", line("[thresholds]"), "clear ska vara högst"),
    # keys in a source
    ("partner =", "partnr =", line("partner"), f"sources.polis.partnr: {UNKNOWN}"),
    ("partner =", "partnr =", line("[sources.polis]"), "sources.polis.partner: saknas"),
    ('"csv"', '"xml"', line("format"), "ska vara något av"),
    ('format = "csv"', 'format = "csv"\nfollows = "ny"', 1, "källan 'ny' finns inte"),
    ('format = "csv"', 'format = "csv"\nfollows = "polis"', 1, "följer varandra runt"),
    ('format = "csv"', 'format = "csv"\nencoding = "utf-9"', line("format") + 1, "teckenkodning"),
    ('format = "csv"', 'format = "csv"\ndelimiter = ";;"', line("format") + 1, "för lång"),
    ('"csv"', '"csv"\ndate_format = "%d %Q"', line("format") + 1, "%Q går inte"),
    ('"csv"', '"csv"\ndate_format = "%d.%m"', line("format") + 1, "ska ha år"),
    ('"csv"', '"csv"\nkeep = { A = [] }', line("format") + 1, "sources.polis.keep.A: är tom"),
    ("2021-10-01", '"2021-10-01"', line("covers_from"), "ska vara ett datum"),
    (
        '"deliveries/polis/*.csv"',
        '"polis/*.csv"',
        line("files"),
        "sources.polis.files = ”polis/*.csv”",
    ),
    ('{ K1 = "Skadegörelse" }', "5", line("codes"), "sources.polis.codes: ska vara en tabell"),
    ('{ K1 = "Skadegörelse" }', "5", line("codes"), f"sources.polis.codes: {TEXT}"),
    ('{ K1 = "Skadegörelse" }', "{ K1 = 5 }", line("codes"), f"sources.polis.codes.K1: {TEXT}"),
    ('{ K1 = "Skadegörelse" }', '"ref/k.csv"', line("codes"), "sources.polis.codes = ”ref/k.csv”"),
    ('  "K9",', "  9,", line("drop"), "sources.polis.drop"),
    ('codes = { K1 = "Skadegörelse" }\n', "", line("[sources.polis]"), "columns.code kräver codes"),
    # keys in a source's tables
    ('code = "kod"', 'kod = "kod"', line('code = "kod"'), f"columns.kod: {UNKNOWN}"),
    ('start = ["datum", "tid"]', "", line("[sources.polis]"), "columns.start saknas"),
    ('["datum", "tid"]', "7", line("start"), "columns.start"),
    ('["datum", "tid"]', '["a","b","c","d","e","f"]', line("start"), "för många värden"),
    ('["datum", "tid"]', '["datum", "tid"]\nx = "x"', line("[sources.polis.columns]"), "x och y"),
    ('"unsafe_place"', '"farlig"', line('"otrygg plats"'), "kinds.otrygg plats: ska vara något av"),
    ('"safe_place"', '"farlig"', line('"trygg # plats"'), "kinds.trygg # plats: ska vara något av"),
]


@pytest.mark.parametrize(("old", "new", "number", "what"), FAULTS)
def test_a_fault_is_refused_with_its_line(folder, old, new, number, what):
    message = refused(folder, old, new)
    at_line = [text for text in message.splitlines() if text.startswith(f"  rad {number}: ")]
    assert any(what in text for text in at_line), message
    assert f"Var: {folder / 'municipality.toml'}" in message
    assert "Gör så här: " in message or "folder" in what


def test_every_fault_is_told_at_once(folder):
    message = refused(folder, 'code = "9998"', "code = 9998\npurpse = 1")
    assert message.count("\n  rad ") == 2


def test_what_is_no_toml_is_refused_with_its_line(folder):
    assert "municipality.toml, rad 3" in refused(folder, 'purpose = "prov"', "purpose = prov")
    assert "rad 3" in refused(folder, 'purpose = "prov"', 'name = "Storby"')
    assert "UTF-8" in refused(folder, '"prov"', '"pröv"', encoding="cp1252")


def test_a_mark_that_notepad_writes_does_no_harm(folder):
    (folder / "municipality.toml").write_text(GOOD, encoding="utf-8-sig")
    assert municipality.load(folder).name == "Lillby"


def test_a_missing_file_is_named_with_its_line(folder):
    (folder / "reference/places.csv").unlink()
    shutil.rmtree(folder / "deliveries")
    with pytest.raises(SettingsError) as caught:
        municipality.load(folder)
    message = str(caught.value)
    assert f"rad {line('places')}: reference.places = ”reference/places.csv”" in message
    assert f"rad {line('files')}: sources.polis.files" in message


def test_what_the_desktop_leaves_behind_is_no_delivery(folder):
    for name in ("~$a.csv", ".a.csv"):
        (folder / "deliveries/polis" / name).write_text("")
    (folder / "deliveries/polis/b.csv").mkdir()
    assert [file.name for file in municipality.load(folder).delivered("polis")] == ["a.csv"]


def test_a_municipality_is_found_by_path_or_as_an_example(folder, tmp_path):
    assert municipality.find(folder) == folder
    assert municipality.find("exempelsjo") == municipality.EXAMPLES / "exempelsjo"
    with pytest.raises(SettingsError, match=r"municipality\.toml"):
        municipality.find(tmp_path)
    with pytest.raises(SettingsError, match="exempelsjo"):
        municipality.find("Storby")


def test_settings_cannot_be_changed_in_use(folder):
    settings = municipality.load(folder)
    with pytest.raises(ValueError, match="frozen"):
        settings.name = "Storby"
