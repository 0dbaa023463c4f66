"""English is complete: no Swedish is left in an English report, and no English in a Swedish one."""

from __future__ import annotations

import csv
import json

import pytest
from matplotlib.text import Text as Drawn

from est_analysis import municipality, periods
from est_analysis.measures import catalogue
from est_analysis.reports import charts, curves
from est_analysis.reports.build import build
from est_analysis.reports.language import Language
from est_analysis.reports.results import Results
from tests.reading import ENGLISH, SWEDISH, cells, data_of, ordered, visible, without, words_in

LEFT = {"vid", "kr", "kod", "plats", "situation", "miljö"}
"""Between names: a street's crossing, a near miss as the row to write, a register's own answer."""


@pytest.fixture(scope="module")
def data(home):
    return ordered(data_of(home))


@pytest.fixture(scope="module")
def english(home, tmp_path_factory):
    """Return the folder of the sample's reports in English: the year, its brief, the published."""
    out = tmp_path_factory.mktemp("english")
    build(home, "2025", language="en", out=out)
    build(home, "2026Q3", language="en", edition="published", out=out)
    return out / home.name


def pages(folder):
    return [page for page in sorted(folder.rglob("*.html")) if page.name != "index.html"]


def swedish_in(html, data):
    return [(text, found) for text in visible(html) if (found := words_in(text, SWEDISH, data))]


def test_no_swedish_is_left_in_the_english_pages(english, data):
    assert len(pages(english)) == 5
    for page in pages(english):
        html = page.read_text(encoding="utf-8")
        assert '<html lang="en">' in html
        assert swedish_in(html, data) == [], page.name


def test_one_swedish_sentence_is_found(english, data):
    html = (english / "2025-en" / "rapport.html").read_text(encoding="utf-8")
    assert "About the report" in html
    assert swedish_in(html.replace("About the report", "Om den här rapporten"), data)
    assert swedish_in(html.replace('alt="', 'alt="Stapeldiagram över brott. ', 1), data)


def test_what_is_marked_as_swedish_is_the_municipality_s_own(english, data):
    def strange(text):
        return {word for word in without(text, data).split() if word.isalpha()} - LEFT

    for page in pages(english):
        for text in visible(page.read_text(encoding="utf-8"), only_own=True):
            assert not strange(text), text
    assert strange("Går inte att avgöra")


def test_no_swedish_is_left_in_the_english_tables(english, data):
    found = [(cell, words) for cell in cells(english) if (words := words_in(cell, SWEDISH, data))]
    assert found == []
    assert words_in("Anmälda brott", SWEDISH)


def test_no_swedish_is_left_in_the_english_findings(english, data):
    told = json.loads((english / "2025-en" / "findings.json").read_text(encoding="utf-8"))
    for finding in (one for part in told.values() for one in part):
        for key in ("sentence", "word", "null"):
            assert not words_in(finding[key] or "", SWEDISH, data), finding[key]


def test_no_swedish_is_drawn_in_the_english_charts(home, data, monkeypatch):
    own = Results(municipality.load(home), periods.parse("2026Q3"), "internal", Language("en"))
    drawn = set()
    write = Drawn.set_text

    def note(self, text):
        drawn.add(str(text))
        write(self, text)

    monkeypatch.setattr(Drawn, "set_text", note)
    for make in (charts.change, charts.rhythm, charts.year_wheel, charts.measures, curves.course):
        make(own)
    charts.study(own)
    assert {"time of day", "periods since the start"} & drawn
    lines = [line.replace("\n", " ") for line in drawn]
    assert [line for line in lines if words_in(line, SWEDISH, data)] == []
    assert words_in("anmälda brott per timme i veckan", SWEDISH, data)


def test_no_english_is_left_in_the_swedish_report(built, home, data):
    cited = set()
    with catalogue.SHIPPED.open(encoding="utf-8-sig", newline="") as stream:
        cited = {row["kalla"].casefold() for row in csv.DictReader(stream, delimiter=";")} - {""}
    cited.add(
        "guerette & bowers 2009, assessing the extent of crime displacement and diffusion of "
        "benefits: a review of situational crime prevention evaluations"
    )
    known = ordered({*data, *cited})
    for name in ("rapport.html", "mote.html"):
        html = (built.folder / name).read_text(encoding="utf-8")
        texts = list(visible(html, own="en"))
        assert [text for text in texts if words_in(text, ENGLISH, known)] == []
        spoilt = html.replace("Om rapporten", "About this report and the sources")
        assert [text for text in visible(spoilt, own="en") if words_in(text, ENGLISH, known)]


def test_the_english_report_lies_beside_the_swedish_one(english):
    assert (english / "2025-en" / "rapport.html").is_file()
    assert (english / "published" / "2026Q3-en" / "publik.html").is_file()
    index = (english / "index.html").read_text(encoding="utf-8")
    assert "Internt arbetsmaterial, på engelska" in index
    assert ' lang="en"' in index
