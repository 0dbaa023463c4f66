"""Reports on municipalities unlike the sample: no crimes, only months, no place, no register."""

from __future__ import annotations

import pytest

from est_analysis import municipality, periods
from est_analysis.evidence import Finding, Text
from est_analysis.reports import charts, maps, tables
from est_analysis.reports.language import Language
from est_analysis.reports.page import answers
from est_analysis.reports.results import Results

ROWS = "id;kod;datum;x;y;plats\n" + "".join(
    f"{n};K1;2026-07-{1 + n % 9:02d};{500100 + n % 2};6500100;Torget\n" for n in range(12)
)


@pytest.fixture
def results(make_folder):
    def results(period="2026Q3", **source):
        folder = make_folder({"deliveries/polis/a.csv": ROWS}, source=source)
        parsed = periods.parse(period)
        return Results(municipality.load(folder), parsed, "internal", Language("sv"))

    return results


def said(report, identity, which="findings"):
    (found,) = [f for f in getattr(report, which) if f.id == identity]
    return report.language.sentence(found.text)


def test_where_there_are_no_crimes_the_report_speaks_of_what_there_is(results):
    report = results(kind="physical_defect")
    assert "Inga anmälda brott har levererats" in said(report, "rhythm")
    assert "Inga anmälda brott har levererats" in said(report, "situations")
    assert "inget register" in said(report, "due")
    for chart in (charts.rhythm(report), charts.measures(report), charts.change(report)):
        assert "<img" not in chart._repr_html_()
    assert "Platser med flest fysiska brister" in str(tables.places(report))
    assert "5–9 fysiska brister i rutan" in maps.places(report)._repr_mimebundle_()["text/html"]
    assert tables.priorities(report).rows == []
    shown = [f.id for f in answers(report.findings, steady=2)]
    assert not {"rhythm", "situations"} & set(shown)
    assert "nothing" in shown


def test_where_nothing_has_a_place_there_is_no_map(results):
    shown = maps.places(results(precision="municipality"))._repr_mimebundle_()
    assert "Ingen karta" in shown["text/html"]
    assert maps.MAP_MIME not in shown
    assert maps.MAP_MIME in maps.places(results())._repr_mimebundle_()


def test_months_are_not_called_silence_in_a_fortnight(results):
    fortnight = results("2026-07-18--2026-07-31", time_precision="month")
    text = said(fortnight, "totals", "brief_findings")
    assert "går inget att räkna: 12 uppgifter kan höra dit" in text
    assert "Inget rapporterades" in said(
        results("2026-07-18--2026-07-31"), "totals", "brief_findings"
    )


def test_what_was_never_compared_is_not_called_steady():
    total = Finding(id="totals", sentences={None: Text("x")}, n=1)
    assert "Ingenting gick att jämföra" in answers([total], steady=2)[1].text.template


def test_one_earlier_year_is_said_to_be_too_little_to_tell_by():
    from frames import events
    from frames import settings as plain

    from est_analysis.evidence import Word
    from est_analysis.patterns.change import compare
    from est_analysis.periods import parse
    from est_analysis.reports.findings import change_findings
    from est_analysis.reports.language import Language

    rows = [{"start": "2025-07-01", "count": 50}, {"start": "2026-07-05", "count": 90}]
    change = compare(events(*rows), parse("2026Q3"), plain(), by="kind")
    (finding,) = change_findings(change, "kind", 0.95)
    assert not finding.gate
    assert "Ett enda tidigare år" in Language("sv").say(finding.sentences[Word.CANNOT_TELL])
