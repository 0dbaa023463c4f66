"""The list of reports: newest first, what changed, and every version that was replaced."""

import json
import re

import pytest
from bs4 import BeautifulSoup

from est_analysis.reports import site
from est_analysis.reports.page import policy


def claim(identity: str, word: str = "clear") -> dict:
    said = {"clear": "Tydligt", "indication": "Antydan"}[word]
    return {"id": identity, "claim": word, "word": said, "sentence": f"Om {identity}."}


def lay(folder, period, *claims, edition="internal", version=1, name=None):
    """Lay a finished report as a run would."""
    own = folder / (name or period)
    own.mkdir(parents=True)
    parameters = {"period": period, "edition": edition, "language": "sv"}
    totals = {"id": "totals", "claim": None, "word": None, "sentence": f"Så var det {period}."}
    origin = {"parameters": parameters, "report_versions": {"rapport": version}}
    (own / "provenance.json").write_text(json.dumps(origin), encoding="utf-8")
    (own / "findings.json").write_text(json.dumps({"rapport": [totals, *claims]}), encoding="utf-8")
    (own / "rapport.html").write_text(f"rapport {version}", encoding="utf-8")
    return own


def listed(folder) -> BeautifulSoup:
    return BeautifulSoup(site.write(folder, "Provby").read_text(encoding="utf-8"), "html.parser")


def test_newest_stands_first_with_links_that_lead_somewhere(tmp_path):
    for period in ("2026Q1", "2025Q4", "2026Q2", "2025"):
        lay(tmp_path, period)
    page = listed(tmp_path)
    assert [h.text for h in page.find_all("h2")] == [
        *("April–juni 2026", "Januari–mars 2026", "Oktober–december 2025", "2025")
    ]
    links = [a["href"] for a in page.select(".doors a")]
    assert len(links) == 4
    assert all((tmp_path / link).is_file() for link in links)


def test_what_changed_since_the_last_of_its_sort(tmp_path):
    lay(tmp_path, "2026Q1", claim("a"), claim("b", "indication"))
    lay(tmp_path, "2026Q2", claim("b"), claim("c"), claim("d"))
    lay(tmp_path, "2026Q3")
    lay(tmp_path, "2026Q4")
    lay(tmp_path, "2026-10")
    told = {a.h2.text: [p.text for p in a.select("p.note")] for a in listed(tmp_path)("article")}
    assert told["April–juni 2026"][1] == (
        "Sedan januari–mars 2026: 2 slutsatser är nya, en kvarstår och en gäller inte längre."
    )
    assert told["Juli–september 2026"][1] == "Sedan april–juni 2026: 3 gäller inte längre."
    assert told["Oktober–december 2026"][1] == (
        "Inget skiljer sig säkert, varken nu eller juli–september 2026."
    )
    assert len(told["Oktober 2026"]) == 1, "a month is not held against a quarter"


def test_editions_stand_apart(tmp_path):
    lay(tmp_path, "2026Q1", claim("a"))
    lay(tmp_path, "2026Q2", edition="published", name="2026Q2-publicerad")
    (entry,) = [a for a in listed(tmp_path)("article") if "Publicerad" in a.text]
    assert "Sedan" not in entry.text


def test_a_replaced_version_is_kept_and_linked(tmp_path):
    standing = lay(tmp_path, "2026Q3")
    for version in (2, 3):
        fresh = lay(tmp_path, "2026Q3", version=version, name=f"new{version}")
        site.keep_former(standing, fresh)
        standing = fresh
    page = listed(tmp_path)
    entry = next(a for a in page("article") if "version 3" in a.text)
    links = {a.text: a["href"] for a in entry.select("p.note a")}
    assert list(links) == ["2 (rapport)", "1 (rapport)"]
    said = [(tmp_path / link).read_text(encoding="utf-8") for link in links.values()]
    assert said == ["rapport 2", "rapport 1"]


def test_the_same_version_again_is_not_kept_twice(tmp_path):
    standing, fresh = lay(tmp_path, "2026Q3"), lay(tmp_path, "2026Q3", name="again")
    site.keep_former(standing, fresh)
    assert not (fresh / site.VERSIONS).exists()


@pytest.mark.parametrize("wrong", ["", "{", "[]", '{"parameters": {}}'])
def test_a_folder_that_cannot_be_read_stops_nothing(tmp_path, wrong):
    lay(tmp_path, "2026Q2")
    odd = lay(tmp_path, "2026Q3")
    (odd / "provenance.json").write_text(wrong, encoding="utf-8")
    assert len(listed(tmp_path)("article")) == 1
    fresh = lay(tmp_path, "2026Q3", version=2, name="fresh")
    site.keep_former(odd, fresh)
    assert not (fresh / site.VERSIONS).exists()


def test_nothing_is_loaded_and_nothing_in_a_sentence_is_markup(tmp_path):
    lay(tmp_path, "2026Q2", claim("<img src=x onerror=alert(1)>"))
    text = site.write(tmp_path, "<b>By</b>").read_text(encoding="utf-8")
    page = BeautifulSoup(text, "html.parser")
    assert page.img is None
    assert page.b is None
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", text)
    (script,) = page("script")
    assert page.find("meta", {"http-equiv": True})["content"] == policy([script.string])


def test_an_empty_site_says_so(tmp_path):
    assert "Ännu finns ingen rapport." in listed(tmp_path).text


def test_a_correction_is_a_version_that_says_why(built, made, tmp_path):
    """From a changed delivery to the sentence in the report and the former version beside it."""
    import shutil

    from est_analysis.reports.build import build

    own, out = tmp_path / "home", tmp_path / "out"
    shutil.copytree(made / "exempelsjo", own)
    shutil.copytree(built.folder, out / "home" / built.folder.name)
    delivery = sorted((own / "deliveries" / "polis").iterdir())[-1]
    lines = delivery.read_bytes().split(b"\n")
    delivery.write_bytes(b"\n".join(lines[:-20]) + b"\n")
    again = build(own, "2026Q3", out=out)
    page = BeautifulSoup(again.report.read_text(encoding="utf-8"), "html.parser")
    assert page.select_one(".version").text.startswith("Version 2, rättad: den ersätter version 1.")
    assert delivery.name in page.select_one(".version").text
    assert page.select("#underlag ul:last-of-type li")
    former = again.folder / site.VERSIONS / "1"
    assert (former / "rapport.html").read_bytes() == built.report.read_bytes()
    first = BeautifulSoup(built.report.read_text(encoding="utf-8"), "html.parser")
    assert first.select_one(".version") is None


def lay_published(folder, period, version=1):
    own = lay(folder / "published", period, claim("a"), edition="published", version=version)
    findings = json.loads((own / "findings.json").read_text(encoding="utf-8"))
    (own / "findings.json").write_text(json.dumps({"publik": findings["rapport"]}), "utf-8")
    (own / "rapport.html").rename(own / "publik.html")
    (own / "aterkoppling.html").write_text("tack", encoding="utf-8")
    return own


def test_published_editions_status_and_year_reviews_are_linked(tmp_path):
    lay(tmp_path, "2026Q3")
    lay(tmp_path, "2025")
    lay_published(tmp_path, "2026Q3", version=2)
    lay_published(tmp_path, "2026Q2")
    (tmp_path / "status.html").write_text("så gick det", encoding="utf-8")
    page = listed(tmp_path)
    links = [a["href"] for a in page("a") if not a["href"].startswith("#")]
    assert all((tmp_path / link).is_file() for link in links)
    own = {f"published/2026Q3/{name}.html" for name in ("publik", "aterkoppling")}
    assert own | {"status.html"} <= set(links)
    assert "Rapport med årsöversyn" in page.text
    (own,) = [a for a in page("article") if "version 2" in a.text]
    assert "Publicerad utgåva" in own.text
    assert "Sedan april–juni 2026: en kvarstår." in own.text


def test_no_link_to_what_is_not_there(tmp_path):
    own = lay_published(tmp_path, "2026Q3")
    (own / "aterkoppling.html").unlink()
    links = [a["href"] for a in listed(tmp_path)("a")]
    assert "published/2026Q3/publik.html" in links
    assert not [link for link in links if "aterkoppling" in link or "status" in link]
