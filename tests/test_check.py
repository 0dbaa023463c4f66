"""What waits for somebody, as the report and the command show it: escaped, and short."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
from frames import each_day, events, settings

from est_analysis.errors import DeliveryError
from est_analysis.evidence import Finding, Text
from est_analysis.gather import quality, tables
from est_analysis.gather.accept import Gathered
from est_analysis.gather.deliveries import Unread
from est_analysis.periods import parse
from est_analysis.reports import cards, check
from est_analysis.reports import tables as shown
from est_analysis.reports.language import Language

SAY = Language("sv")
BAD = "<script>x</script>"
QUARANTINE = pd.DataFrame(
    [("polis", f"deliveries/polis/{BAD}.csv", r, "kod", "unknown_code", BAD) for r in range(2, 9)],
    columns=list(tables.QUARANTINE.columns),
)
NEAR = pd.DataFrame(
    [("polis", "code", BAD, "Klotter", 92.4, 3)], columns=list(tables.NEAR_MISSES.columns)
)
UNREAD = (Unread("polis", f"deliveries/polis/{BAD}", DeliveryError("Filen är tom.", mend="Fyll.")),)
NO_FAULTS = pd.DataFrame(columns=["file", "row", "column", "reason"])
FAULTS = pd.DataFrame([("reference/aliases.csv", 3, "slag", BAD)], columns=NO_FAULTS.columns)


def results(**parts):
    """Return of a report only what waits; nothing where nothing is given."""
    empty = {
        "unread": (),
        "quarantine": quality.stopped(QUARANTINE.iloc[:0], ["reason"]),
        "near_misses": NEAR.iloc[:0],
        "ruling_faults": NO_FAULTS,
        "surveys": SimpleNamespace(faults=NO_FAULTS),
        "language": SAY,
    }
    return SimpleNamespace(**empty | parts)


@pytest.mark.parametrize(
    ("part", "value", "says"),
    [
        ("unread", UNREAD, "Fyll."),
        ("quarantine", quality.stopped(QUARANTINE, ["reason"]), "Rätta koden"),
        ("near_misses", NEAR, "Rad att lägga till"),
        ("ruling_faults", FAULTS, "aliases.csv"),
        ("surveys", SimpleNamespace(faults=FAULTS), "trygghetsmätning"),
    ],
)
def test_what_waits_is_shown_escaped_and_nothing_else_is(part, value, says):
    html = shown.waiting(results(**{part: value}))._repr_html_()
    assert says in html
    assert BAD not in html
    assert "&lt;script&gt;" in html
    assert html.count("<table>") == 1


def test_where_nothing_waits_one_sentence_says_so():
    html = shown.waiting(results())._repr_html_()
    assert html == '<p class="note">Inget väntar: alla filer och rader gick att använda.</p>'


def test_points_and_folded_tables_are_escaped():
    head = Finding("x", {None: Text("{bad}", {"bad": BAD})}, n=1)
    points = cards.Points(head, (Text("{bad}", {"bad": BAD}),), SAY)
    folded = shown.Table("t", Text("x"), ["a", "b"], [[BAD, BAD]], SAY, folded=BAD)
    for html in (points._repr_html_(), folded.html()):
        assert BAD not in html
        assert html.count("&lt;script&gt;") >= 2
    assert folded.html().startswith("<details><summary>")


REMARKS = pd.DataFrame(
    [
        ("register/a.csv", 4, "plats", "Menades ”{meant}”?", {"meant": BAD}, "not_evaluated"),
        ("register/a.csv", 5, "mal", "är tom", {}, "remark"),
    ],
    columns=[*NO_FAULTS.columns, "values", "cost"],
)


def lines(every=False, **parts):
    table = events(*each_day("2026-07-01", 30))
    accounting = pd.DataFrame(
        [{"source": "polis", "file": "a.csv", "rows": 37, "accepted": 30, "quarantined": 7}]
    ).assign(dropped=0, repeated=0)
    gathered = Gathered(table, QUARANTINE, accounting, None, **parts)
    found = quality.measure(gathered, settings(), parse("2026Q3"))
    register = SimpleNamespace(faults=FAULTS, remarks=REMARKS)
    said = check.lines(gathered, found, register, SAY, every=every)
    return [*said, check.verdict(gathered, register, SAY)]


def test_the_first_of_each_reason_are_named_and_all_are_counted():
    (line,) = [one for one in lines() if "rad 2" in one]
    assert line.endswith(" och 4 till")
    assert line.count(" rad ") == check.MOST
    every = [one for one in lines(every=True) if "kod: deliveries" in one]
    assert len(every) == len(QUARANTINE)


def test_near_misses_come_with_the_very_line_and_files_with_what_to_do():
    said = lines(near_misses=NEAR, unread=UNREAD)
    assert f"  kod;polis;{BAD};Klotter   (3 rader, likhet 92 av 100)" in said
    assert "  Gör så här: Fyll." in said
    assert said[-1].startswith("Väntar på rättning: 7 rader, 1 filer, 1 nästan-träffar och 2 rader")


def test_what_holds_a_measure_back_is_told_apart_from_what_is_merely_to_be_mended():
    said = lines()
    at = said.index("Insatser som inte utvärderas förrän raden är rättad:")
    assert said[at + 1] == f"  register/a.csv rad 4, plats: Menades ”{BAD}”?"
    at = said.index("Att se över i registret (raderna används):")
    assert said[at + 1] == "  register/a.csv rad 5, mal: är tom"
