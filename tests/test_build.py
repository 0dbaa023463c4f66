"""The main job: deliveries in, a report out; whole or not at all, and the same every time."""

from __future__ import annotations

import filecmp
import json
import re
import shutil
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from benchmarks.faults import tree
from est_analysis import municipality
from est_analysis.errors import DeliveryError, EstError, PeriodError, ReportError, SettingsError
from est_analysis.reports import build as builder
from est_analysis.reports.build import build
from est_analysis.reports.chapters import run_chapter

PERIOD = "2026Q3"


@pytest.fixture(params=["report", "brief"])
def page(request, built):
    return BeautifulSoup(getattr(built, request.param).read_text(encoding="utf-8"), "html.parser")


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def differing(left: Path, right: Path) -> list[str]:
    names = files(left)
    if names != files(right):
        return sorted(set(names) ^ set(files(right)))
    return filecmp.cmpfiles(left, right, names, shallow=False)[1]


def test_everything_is_there(built):
    names = files(built.folder)
    assert {"rapport.html", "mote.html", "findings.json", "provenance.json"} <= set(names)
    assert sum(name.endswith(".csv") for name in names) == len(builder.QUARTERLY.tables) + len(
        builder.MEETING.tables
    )


def test_the_same_run_gives_the_same_bytes_and_the_ledger_grows_once(built, made, tmp_path):
    shutil.copytree(made / "exempelsjo", tmp_path / "exempelsjo")
    before = tree(tmp_path / "exempelsjo")
    assert {"store/current", "ledger/reports.jsonl"} <= set(before)
    again = build(tmp_path / "exempelsjo", PERIOD, out=tmp_path / "reports")
    assert differing(built.folder, again.folder) == []
    assert tree(tmp_path / "exempelsjo") == before
    page = again.folder / "rapport.html"
    page.write_text(page.read_text(encoding="utf-8").replace("250", "251", 1), encoding="utf-8")
    assert differing(built.folder, again.folder) == ["rapport.html"]


def test_provenance_accounts_for_every_row(built):
    origin = json.loads((built.folder / "provenance.json").read_text(encoding="utf-8"))
    rows = origin["rows"]
    kept = ("accepted", "quarantined", "dropped", "repeated")
    assert rows["rows"] == sum(rows[name] for name in kept) > 6000
    assert set(origin["inputs"]) >= {f["file"] for f in origin["files"]}
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in origin["inputs"].values())
    assert origin["parameters"] == {"edition": "internal", "language": "sv", "period": PERIOD}


def test_every_claim_has_its_word_number_and_null(built):
    findings = json.loads((built.folder / "findings.json").read_text(encoding="utf-8"))
    for finding in findings["rapport"] + findings["mote"]:
        assert finding["sentence"]
        assert "{" not in finding["sentence"]
        assert (finding["word"] is None) == (finding["null"] is None)
        if finding["claim"] in {"clear", "indication", "no_sign"}:
            assert finding["interval"]
            assert finding["p"] is not None
            assert finding["n"] > 0


def test_no_measure_is_judged_to_have_worked_but_the_one_that_did(built):
    """Whether the one is found hangs on the seed; how often it is takes many, and no report."""
    findings = json.loads((built.folder / "findings.json").read_text(encoding="utf-8"))["rapport"]
    measures = {f["id"]: f for f in findings if f["id"].startswith("measure/")}
    worked = measures.pop("measure/A1")
    assert worked["estimate"] < 0.75
    assert {f["claim"] for f in measures.values()} == {"cannot_tell"}


def test_nothing_refers_to_a_network(page):
    for tag in page.find_all(True):
        for name in ("src", "href", "srcset", "data", "action"):
            value = str(tag.get(name, ""))
            assert value == "" or value.startswith(("#", "data:")), (tag.name, value[:80])
    styles = " ".join(style.text for style in page.find_all("style"))
    assert not re.search(r"@import|url\((?!data:|#)", styles)


def test_structure_can_be_read_aloud(page):
    assert page.html["lang"] == "sv"
    levels = [int(h.name[1]) for h in page.find_all(re.compile("^h[1-6]$"))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    for picture in page.find_all("img"):
        assert len(picture["alt"]) >= 40
    for table in page.find_all("table"):
        assert table.caption.text
        assert all(th.get("scope") in {"col", "row"} for th in table.find_all("th"))
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert all(page.find(id=a["href"][1:]) for a in page.find_all("a"))


def test_only_the_builders_scripts_may_run(page):
    from est_analysis.reports.page import policy

    scripts = [script.string for script in page.find_all("script")]
    stated = page.find("meta", attrs={"http-equiv": True})["content"]
    assert stated == policy(scripts)
    assert "unsafe-eval" not in stated
    assert "'unsafe-inline'" not in stated.split("script-src")[1].split(";")[0]


def ids_shown(html: str, ids: list[str]) -> list[str]:
    """Return the partners' own ids that stand as a text of their own in a page."""
    shown = set(re.findall(r">\s*([^<>]+?)\s*<", html))
    return sorted(set(ids) & shown)


def test_no_row_reaches_a_reader(built):
    """Ids stay with the analyst; readers see public places."""
    events = builder.accept.gather(municipality.load("exempelsjo")).events
    ids = [identity for identity in events["event_id"].str.split(":").str[1] if len(identity) > 4]
    html = built.report.read_text(encoding="utf-8") + built.brief.read_text(encoding="utf-8")
    assert len(ids) > 1000
    assert ids_shown(html, ids) == []
    assert ids_shown(html + f"<td>{ids[7]}</td>", ids) == [ids[7]]


def test_the_next_quarter_follows_up(made):
    own, say = municipality.load(made / "exempelsjo"), builder.Language("sv")
    gathered = builder.accept.gather(own)
    period = builder.period_of(PERIOD, gathered.events, own)
    before = period.preceding().preceding()
    assert builder.Results(own, before, "internal", say, gathered=gathered).former is None
    later = builder.Results(own, period.years_earlier(-1), "internal", say, gathered=gathered)
    period, findings = later.former
    assert str(period) == PERIOD
    assert any(entry["id"] == "measure/A1" for entry in findings)


def test_a_failing_chapter_leaves_the_former_report(built, home, tmp_path, monkeypatch):
    out = tmp_path / "reports"
    shutil.copytree(built.folder, out / "exempelsjo" / PERIOD)
    spoiled = tmp_path / "notebooks"
    shutil.copytree(builder.NOTEBOOKS, spoiled)
    notebook = nbformat.read(spoiled / "3_patterns.ipynb", as_version=4)
    notebook.cells[4].source = "1 / 0"
    nbformat.write(notebook, spoiled / "3_patterns.ipynb")
    monkeypatch.setattr(builder, "NOTEBOOKS", spoiled)
    with pytest.raises(ReportError) as caught:
        build(home, PERIOD, out=out)
    assert "3_patterns" in str(caught.value)
    assert "cell 5: 1 / 0" in str(caught.value)
    assert "ZeroDivisionError" in str(caught.value)
    assert differing(built.folder, out / "exempelsjo" / PERIOD) == []
    assert [p.name for p in (out / "exempelsjo").glob("[!.]*")] == [PERIOD]


def test_an_unknown_parameter_is_refused():
    with pytest.raises(SettingsError, match="Okänd parameter: perod"):
        run_chapter(builder.NOTEBOOKS / "1_situation.ipynb", {"perod": "2026Q3"})


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"name_or_path": "ingenstans"}, SettingsError, "ingenstans"),
        ({"period_text": "2031Q1"}, PeriodError, "2031Q1"),
        ({"period_text": "kvartal tre"}, PeriodError, "kvartal tre"),
        ({"edition": "published", "period_text": "2026-08"}, PeriodError, "kvartal"),
        ({"edition": "hemlig"}, SettingsError, "hemlig"),
        ({"language": "tlh"}, SettingsError, "tlh"),
    ],
)
def test_bad_parameters_write_nothing(arguments, error, says, home, tmp_path):
    out = tmp_path / "reports"
    with pytest.raises(error, match=says) as caught:
        build(**{"name_or_path": home, "period_text": PERIOD, "out": out} | arguments)
    assert isinstance(caught.value, EstError)
    assert not out.exists()


def spoil(home: Path, to: Path, what: str) -> Path:
    folder = to / "kommun"
    shutil.copytree(home, folder, ignore=shutil.ignore_patterns("store", "ledger"))
    delivery = sorted((folder / "deliveries/polis").glob("*.csv"))[0]
    text = delivery.read_text(encoding="utf-8-sig")
    if what == "column":
        delivery.write_text(text.replace("BROTTSKOD", "KOD", 1), encoding="utf-8")
    elif what == "every file":
        for file in (folder / "deliveries/polis").glob("*.csv"):
            file.write_text("KOD\n1\n", encoding="utf-8")
    elif what == "no table":
        delivery.write_bytes(bytes(range(256)) * 40)
    elif what == "source":
        shutil.rmtree(folder / "deliveries/medborgare")
    return folder


@pytest.mark.parametrize(
    ("what", "error", "says"),
    [
        ("every file", DeliveryError, "BROTTSKOD"),
        ("source", SettingsError, "deliveries/medborgare"),
    ],
)
def test_bad_deliveries_write_nothing(what, error, says, home, tmp_path):
    folder = spoil(home, tmp_path, what)
    with pytest.raises(error, match=says):
        build(folder, PERIOD, out=tmp_path / "reports")
    assert not (tmp_path / "reports").exists()
    assert not (folder / "store").exists()


@pytest.fixture(scope="module")
def without(home, tmp_path_factory):
    """Return what is built when one of the police's files cannot be read."""
    folder = spoil(home, tmp_path_factory.mktemp("spoilt"), "column")
    return build(folder, PERIOD, out=tmp_path_factory.mktemp("reports"))


def test_a_file_that_cannot_be_read_is_told_first(without, built):
    for name in ("report", "brief"):
        page = BeautifulSoup(getattr(without, name).read_text(encoding="utf-8"), "html.parser")
        first = page.find(id="svaret").find(class_="finding").text
        assert "polis_2023Q4.csv från Polisen gick inte att läsa" in first
        assert "anmälda brott jämförs inte" in first
        assert "Gör så här: Rätta [sources.polis.columns]" in first
    assert [one.file for one in without.unread] == ["deliveries/polis/polis_2023Q4.csv"]
    assert built.unread == ()
    assert "gick inte att läsa" not in built.brief.read_text(encoding="utf-8")


def test_a_missing_file_never_looks_like_a_fall(without, built):
    """The rest is compared as before; nothing that the file would have told of is."""
    there, here = (
        {f["id"]: f for f in json.loads((b.folder / "findings.json").read_text("utf-8"))["rapport"]}
        for b in (without, built)
    )
    crimes = [i for i in there if i.startswith(("change/reported_crime", "measure/"))]
    assert len(crimes) > 10
    assert all(there[i]["estimate"] is None and there[i]["interval"] is None for i in crimes)
    assert any(here[i]["estimate"] for i in crimes)
    assert there["change/event"]["estimate"] == here["change/event"]["estimate"]
    table = (without.folder / "tables/rapport/forandring.csv").read_text("utf-8-sig")
    crime = next(line for line in table.splitlines() if line.startswith("anmälda brott"))
    assert re.fullmatch(r"anmälda brott;\d+;+", crime)
