"""The published edition, the whole way: made, scanned, remembered, and out of the data's sight."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from est_analysis import municipality
from est_analysis.errors import ReportError
from est_analysis.release import past as pasts
from est_analysis.reports import build as builder
from est_analysis.reports.published import bundle as bundles
from est_analysis.reports.published import make as maker

PERIOD = "2026Q3"


@pytest.fixture(scope="module")
def published(home, tmp_path_factory):
    """Return the edition, the bundle it was made of and the municipality, moved away while made."""
    folder = tmp_path_factory.mktemp("publik") / "exempelsjo"
    shutil.copytree(home, folder, ignore=shutil.ignore_patterns("store", "ledger"))
    seen = {}
    original = maker.render_apart

    def out_of_sight(content, out, language, *_):
        seen["bundle"] = content
        away = folder.with_name("away")
        folder.rename(away)
        try:
            original(content, out, language)
        finally:
            away.rename(folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(maker, "render_apart", out_of_sight)
        made = builder.build(folder, PERIOD, edition="published", out=folder.parent / "reports")
    return made, seen["bundle"], folder


def test_the_edition_is_made_where_the_data_cannot_be_seen(published):
    made, _, folder = published
    names = sorted(p.relative_to(made.folder).as_posix() for p in made.folder.rglob("*.*"))
    assert made.folder.parts[-3:] == ("exempelsjo", "published", PERIOD)
    assert {"publik.html", "findings.json", "provenance.json"} <= set(names)
    assert made.brief is None
    assert not (folder / "store").exists()


def test_every_number_of_its_tables_is_released_and_none_is_small(published):
    made, bundle, _ = published
    released = {c["n"] for kind in bundle["kinds"].values() for c in kind["cells"]}
    assert not {1, 2, 3, 4} & released
    told = set()
    for file in (made.folder / "tables").glob("*.csv"):
        rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))
        told |= {int(cell) for row in rows[1:] for cell in row[1:] if cell.isdigit()}
    assert told <= released
    assert len(told) > 50


def test_its_statement_of_accessibility_lies_beside_it_and_is_linked(published):
    made, _, _ = published
    page = BeautifulSoup(made.report.read_text(encoding="utf-8"), "html.parser")
    links = [a["href"] for a in page.find_all("a") if not a["href"].startswith("#")]
    assert links == ["tillganglighet.html"]
    assert "delvis förenlig" in (made.folder / links[0]).read_text(encoding="utf-8")


def test_it_still_answers_the_questions(published):
    made, _, _ = published
    page = BeautifulSoup(made.report.read_text(encoding="utf-8"), "html.parser")
    headings = [h.text for h in page.find_all(["h2", "h3"])]
    for asked in ("Hur många", "Var?", "otrygga", "Vad?", "När?", "gruppen gjort", "inte att säga"):
        assert any(asked in heading for heading in headings), asked
    assert "gruppens eget val" in page.text
    assert "Publik utgåva" in page.text
    assert "Internt arbetsmaterial" not in page.text
    assert all(len(picture["alt"]) >= 40 for picture in page.find_all("img"))
    findings = json.loads((made.folder / "findings.json").read_text(encoding="utf-8"))["publik"]
    assert {"totals", "change/reported_crime", "places/unsafe", "rhythm"} <= {
        f["id"] for f in findings
    }


def test_the_ledger_knows_the_release_and_the_same_again_adds_nothing(published, monkeypatch):
    _, bundle, folder = published
    file = folder / "ledger" / "releases.jsonl"
    before = file.read_bytes()
    again = {}
    monkeypatch.setattr(maker, "render_apart", lambda content, *_: again.update(content))
    builder.build(folder, PERIOD, edition="published", out=folder.parent / "again")
    assert again == bundle
    assert file.read_bytes() == before
    assert before.count(b"\n") == 1


def test_a_failing_scan_publishes_and_remembers_nothing(published, tmp_path, monkeypatch):
    _, _, folder = published
    copy = tmp_path / "exempelsjo"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("store", "ledger"))

    def leak(content, out, language, *_):
        (out / "places.csv").write_text("Plats;n\nTorget;3\n", encoding="utf-8")

    monkeypatch.setattr(maker, "render_apart", leak)
    with pytest.raises(ReportError, match="filen hör inte till utgåvan"):
        builder.build(copy, PERIOD, edition="published", out=tmp_path / "reports")
    assert not list((tmp_path / "reports").rglob("[!.]*.*"))
    assert not (copy / "ledger").exists()


@pytest.mark.parametrize(
    ("program", "longest_s", "says"),
    [
        ("kill -9 $$", 9.0, "processen som gjorde den försvann"),
        ("sleep 60", 0.5, "det tog längre tid än"),
        ("echo Kapitlet stannade. >&2; exit 3", 9.0, "kunde inte göras: Kapitlet stannade."),
        ("exit 0", 9.0, ""),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="a program of the shell")
def test_a_rendering_that_dies_or_never_ends_is_told(
    published, tmp_path, monkeypatch, program, longest_s, says
):
    _, bundle, _ = published
    (tmp_path / "python").write_text(f"#!/bin/sh\n{program}\n")
    (tmp_path / "python").chmod(0o755)
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(maker, "MARGIN_S", 0.0)
    with pytest.raises(ReportError, match=says) if says else nullcontext() as error:
        maker.render_apart(bundle, tmp_path / "out", "sv", longest_s)
    assert not says or "Inget har publicerats." in str(error.value)
    assert not list((tmp_path / "out").iterdir())


def test_its_chapter_has_a_time_limit(published, tmp_path):
    _, bundle, _ = published
    with pytest.raises(ReportError, match="det tog längre tid än 0,0 minuter"):
        maker.render_apart(bundle, tmp_path, "sv", 0.5)


def test_an_edition_that_came_out_meanwhile_stops_this_one(published, monkeypatch):
    """Each is safe beside what was out; nobody has looked at the two together."""
    _, _, folder = published
    settings = municipality.load(folder)
    (own,) = pasts.past(settings).releases
    made, other = SimpleNamespace(entry=lambda: own), {**own, "period": "2025Q1"}
    out = pasts.Past([other], {})
    monkeypatch.setattr(pasts, "past", lambda _: out)
    maker._refuse_meanwhile(settings, [other], made)  # it was out already
    with pytest.raises(ReportError, match="kom ut medan"):
        maker._refuse_meanwhile(settings, [], made)
    out.releases[:] = [own]  # the same edition, by another run at once
    maker._refuse_meanwhile(settings, [], made)


def test_the_rendering_process_cannot_open_a_municipality(published, tmp_path):
    """Even when somebody gives it the path; a process whose doors stand open reads it."""
    _, bundle, folder = published
    bundles.write(bundle, tmp_path / "bundle")
    reads = f"print(open({str(folder / 'municipality.toml')!r}, encoding='utf-8').read()[:20])"
    opened = (
        "from pathlib import Path\nimport tempfile\ntempfile.tempdir = '/dev/shm'\n"
        "from est_analysis.reports.published import open_release\n"
        "report = open_release('', '2026Q3')\n"
    )
    environment = {"EST_RELEASED": str(tmp_path / "bundle"), "PYTHONPATH": str(maker.ROOT)}

    def run(code):
        command = [sys.executable, "-c", code]
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    shut = run(opened + reads)
    assert shut.returncode == 1
    assert "PermissionError: the published edition does not open" in shut.stderr
    assert run(reads).returncode == 0
