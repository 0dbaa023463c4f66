"""A quarter is added by dropping its files in and running one command."""

from __future__ import annotations

import csv
import json
import shutil

import pytest
from bs4 import BeautifulSoup
from commanding import est

LAST = "2026Q3"


def report(folder, out):
    shown = est("report", str(folder), "--out", str(out))
    assert shown.returncode == 0, shown.stderr
    return shown.stdout


CLAIMED = {
    "change/reported_crime/group/Skadegörelse": "P2 stängs",
    "change/reported_crime/group/Stöld ur fordon": "ingen beslutar något",
    "measure/A1": "gruppen beslutar",
}


def claim(ledger):
    """Let a new version of the first report claim more than it did, so that each end is met."""
    lines = [json.loads(line) for line in ledger.read_text("utf-8").splitlines()]
    entry = next(line for line in lines if line["report"] == "rapport")
    for one in entry["findings"]:
        if one["id"] in CLAIMED:
            one.update(claim="clear", word="Tydligt", p=0.001, sentence=f"Då: {one['id']}.")
    with ledger.open("a", encoding="utf-8", newline="\n") as out:
        out.write(json.dumps(entry, ensure_ascii=False) + "\n")


def decide(register):
    """Let the group decide about one of them, and close the problem behind another."""
    decisions, problems = register / "beslut.csv", register / "problem.csv"
    text = decisions.read_text("utf-8-sig").rstrip("\n")
    text += "\nB90;2026-08-20;Buskarna klipps igen;Gatuchef;2026-12-01;Öppet;A1\n"
    decisions.write_text(text, "utf-8-sig")
    lines = problems.read_text("utf-8-sig").split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("P2;"))
    assert lines[at].endswith(";Öppet;;")
    lines[at] = lines[at].removesuffix(";Öppet;;") + ";Avslutat;Lugnt sedan maj;2026-08-20"
    problems.write_text("\n".join(lines), "utf-8-sig")


@pytest.fixture(scope="module")
def quarters(home, tmp_path_factory):
    """Return both reports' folder; the second came after the last quarter's files were dropped."""
    place = tmp_path_factory.mktemp("next")
    folder, out = place / "exempelsjo", place / "reports"
    shutil.copytree(home, folder, ignore=shutil.ignore_patterns("store", "ledger", f"*{LAST}*"))
    assert "2026Q2" in report(folder, out)
    claim(folder / "ledger/reports.jsonl")
    decide(folder / "register")
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
        "Förra rapporten: det finns ingen tidigare rapport av samma slag."
    )


def test_the_later_report_sets_what_is_claimed_beside_what_was_said_then(quarters):
    words = {"clear", "indication"}
    ledger = quarters.parents[1] / "exempelsjo/ledger/reports.jsonl"
    lines = [json.loads(line) for line in ledger.read_text("utf-8").splitlines()]
    versions = [e for e in lines if (e["report"], e["period"]) == ("rapport", "2026Q2")]
    then = {f["id"]: f for f in versions[-1]["findings"]}
    now = {f["id"]: f for f in findings(quarters / LAST)}
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


def followed(folder):
    """Return the rows of the table of what was claimed, decided and happened, by what was said."""
    table = (folder / "tables/rapport/pastatt_beslutat_hant.csv").read_text("utf-8-sig")
    return list(csv.reader(table.splitlines(), delimiter=";"))[1:]


def test_each_claim_is_followed_to_what_was_decided_and_what_happened(quarters):
    rows = followed(quarters / LAST)
    by_name = {name: row for name in CLAIMED for row in rows if f"Då: {name}." in row[0]}
    assert set(by_name) == set(CLAIMED)
    vandals, cars, lights = (by_name[name] for name in CLAIMED)
    assert vandals[3] == "lämnar: gruppen har avslutat problemet (Lugnt sedan maj)"
    assert cars[1] == "inget beslut i registret"
    assert cars[3] == "lämnar: prövades och är ingen slutsats längre"
    assert lights[1] == "beslut 20 augusti 2026: Buskarna klipps igen"
    assert "Stationsparken" in lights[2]
    still = [row for row in rows if row[3] == "kvar: påstås igen"]
    assert still
    assert all("[" in row[2] for row in still)


def test_the_first_report_has_nothing_to_follow_up(quarters):
    """The sibling: without a report before there is no row, and without a decision none is told."""
    assert followed(quarters / "2026Q2") == []
    told = [row[1] for row in followed(quarters / LAST)]
    assert sum("beslut 20 augusti" in text for text in told) == 1


def test_the_difference_is_told(quarters):
    def counts(quarter):
        return {
            f["id"]: f["n"] for f in findings(quarters / quarter) if f["id"].startswith("change/")
        }

    before, after = counts("2026Q2"), counts(LAST)
    shared = set(before) & set(after)
    assert shared
    assert any(before[i] != after[i] for i in shared)
