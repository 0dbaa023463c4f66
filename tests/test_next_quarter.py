"""A quarter is added by dropping its files in and running one command."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup

LAST = "2026Q3"


def report(folder, out):
    command = [sys.executable, "-m", "est_analysis.cli", "report", str(folder), "--out", str(out)]
    shown = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert shown.returncode == 0, shown.stderr
    return shown.stdout


@pytest.fixture(scope="module")
def quarters(home, tmp_path_factory):
    """Return both reports' folder; the second came after the last quarter's files were dropped."""
    place = tmp_path_factory.mktemp("next")
    folder, out = place / "exempelsjo", place / "reports"
    shutil.copytree(home, folder, ignore=shutil.ignore_patterns("store", "ledger", f"*{LAST}*"))
    assert "2026Q2" in report(folder, out)
    for file in home.glob(f"deliveries/*/*{LAST}*"):
        shutil.copy(file, folder / file.relative_to(home))
    assert LAST in report(folder, out)
    return out / "exempelsjo"


def section(folder, title="Vad sa förra rapporten?"):
    """Return the paragraphs and captions under a heading of the report."""
    page = BeautifulSoup((folder / "rapport.html").read_text("utf-8"), "html.parser")
    heading = next(h for h in page.find_all(["h2", "h3"]) if h.get_text(strip=True) == title)
    texts = []
    for element in heading.find_all_next():
        if element.name in {"h2", "h3"}:
            break
        texts += [element.get_text(" ", strip=True)] if element.name in {"p", "caption"} else []
    return texts


def findings(folder):
    return json.loads((folder / "findings.json").read_text(encoding="utf-8"))["rapport"]


def test_both_reports_stand_side_by_side(quarters):
    assert sorted(p.name for p in quarters.glob("[!.]*")) == ["2026Q2", LAST, "index.html"]
    for quarter, month in (("2026Q2", "april"), (LAST, "juli")):
        html = (quarters / quarter / "rapport.html").read_text("utf-8")
        assert month in BeautifulSoup(html, "html.parser").h1.text


def test_the_first_report_says_that_none_came_before(quarters):
    assert section(quarters / "2026Q2")[-1] == (
        "Förra rapporten: det finns ingen tidigare kvartalsrapport."
    )


def test_the_later_report_sets_what_is_claimed_beside_what_was_said_then(quarters):
    words = {"clear", "indication"}
    then, now = ({f["id"]: f for f in findings(quarters / quarter)} for quarter in ("2026Q2", LAST))
    claimed = [
        i for i in then | now if {(q.get(i) or {}).get("claim") for q in (then, now)} & words
    ]
    table = (quarters / LAST / "tables/rapport/forra_rapporten.csv").read_text("utf-8-sig")
    lines = table.strip().split("\n")[1:]
    assert len(lines) == len(claimed) > 0
    # a place is named only while it may stand out: it may be missing from one of the two
    told = [q[i]["sentence"] for i in claimed for q in (then, now) if i in q]
    assert len(told) > len(claimed)
    assert all(sentence in table for sentence in told)
    assert "Förra rapporten (april–juni 2026) och den här" in section(quarters / LAST)


def test_baselines_were_frozen_by_the_first_report_and_held_by_the_later(quarters):
    ledger = quarters.parents[1] / "exempelsjo/ledger/baselines.jsonl"
    lines = [json.loads(line) for line in ledger.read_text("utf-8").splitlines()]
    later = {line["measure"] for line in lines if line["until"] and line["period"] != "2026Q2"}
    assert later == {"A4"}, "it begins to act within the later quarter"
    counted = [line["measure"] for line in lines if line["until"]]
    assert sorted(set(counted)) == sorted(counted)
    assert "A1" in counted
    for quarter in ("2026Q2", LAST):
        table = (quarters / quarter / "tables/rapport/insatser.csv").read_text("utf-8-sig")
        assert "fryst april–juni 2026" in table


def test_the_difference_is_told(quarters):
    def counts(quarter):
        return {
            f["id"]: f["n"] for f in findings(quarters / quarter) if f["id"].startswith("change/")
        }

    before, after = counts("2026Q2"), counts(LAST)
    shared = set(before) & set(after)
    assert shared
    assert any(before[i] != after[i] for i in shared)
