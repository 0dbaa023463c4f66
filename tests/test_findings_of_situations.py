"""What is said of situations, in Swedish that holds for none, one, two and many."""

import pandas as pd
import pytest
from frames import events, settings

from est_analysis import periods
from est_analysis.patterns.combinations import Combinations
from est_analysis.patterns.reported import Reported
from est_analysis.patterns.situations import Situations, sort_into, typology
from est_analysis.patterns.together import Together
from est_analysis.reports import tables
from est_analysis.reports.findings_of_situations import (
    combinations_finding,
    in_sentence,
    reported_findings,
    reporting_findings,
    situation_label,
    together_finding,
    types_finding,
)
from est_analysis.reports.language import Language
from est_analysis.reports.results import Results
from est_analysis.reports.tables.behaviour import LOWER_BOUND

SV = Language("sv")
SCHOOL = {"group": "Skadegörelse", "place_type": "skola", "start": "2026-07-01 20:00"}
STRANGE = {"group": "Brand", "place_type": "bad", "start": "2026-07-02 12:00"}
QUARTER = periods.parse("2026Q3")
DAY = pd.Timestamp("2023-10-01")


def say(finding):
    return SV.sentence(finding.text)


def sorted_(*rows, kind="reported_crime", fitted="2025", known=6):
    own = settings(thresholds={"minimum_situations": 20})
    types = typology(events(*[SCHOOL] * known), own, kind=kind, fitted=periods.parse(fitted))
    return sort_into(events(*rows), types, QUARTER, own)


@pytest.mark.parametrize(
    ("name", "written"),
    [("Skadegörelse", "skadegörelse"), ("PTK", "PTK"), ("", ""), ("X", "X"), ("Å a", "Å a")],
)
def test_a_name_within_a_sentence_begins_small_unless_it_is_an_acronym(name, written):
    assert in_sentence(name) == written


def test_the_template_is_what_where_when():
    row = {"group": "Skadegörelse", "place_type": "skola", "daypart": "kväll", "weekend": ""}
    assert SV.say(situation_label(row)) == "skadegörelse · skola · kväll"
    assert SV.say(situation_label({"group": ""})) == "blandat"
    assert SV.say(situation_label({"group": "A {b}"})) == "A {b}"  # a name is no template


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (sorted_(), "Inga anmälda brott har levererats, så inga situationer går att se."),
        (
            sorted_(SCHOOL, known=0),
            "Ingen situation återkommer ofta nog bland 1 anmält brott.",
        ),
        (
            sorted_(SCHOOL, SCHOOL, known=0),
            "Ingen situation återkommer ofta nog bland 2 anmälda brott.",
        ),
        (
            sorted_(SCHOOL),
            "Vanligaste situationen: skadegörelse · skola · kväll · vardag. 1 av 1 anmält brott "
            "(100\u00a0%). Typerna är bestämda på år 2025 och hålls fasta. Ingenting faller "
            "utanför typerna.",
        ),
        (
            sorted_(SCHOOL, SCHOOL, STRANGE, kind="event", fitted="2025-10-01--2026-09-30"),
            "Vanligaste situationen: skadegörelse · skola · kväll · vardag. 2 av 3 händelser "
            "(67\u00a0%). Typerna är tillfälliga, för uppgifterna täcker inget helt kalenderår "
            "före perioden. 1 av 3 passar ingen typ (33\u00a0%).",
        ),
        (
            sorted_(STRANGE, STRANGE),
            "Ingen av situationerna har hänt de senaste tolv månaderna, bland 2 anmälda brott. "
            "Typerna är bestämda på år 2025 och hålls fasta. 2 av 2 passar ingen typ "
            "(100\u00a0%).",
        ),
    ],
)
def test_situations_in_words(found, said):
    assert say(types_finding(found)) == said
    assert isinstance(found, Situations)


COMBINATION = {
    **{"group": "Skadegörelse", "place_type": "park", "daypart": "natt", "weekend": "helg"},
    **{"share": 0.25, "elsewhere": 0.02},
}


def stands_out(n, tried=10):
    return Combinations(pd.DataFrame([COMBINATION] * n), tried, 50)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            stands_out(0, 0),
            "För få anmälda brott med känd platstyp och tid för att söka ovanliga kombinationer: "
            "inget slag har minst 10 på en platstyp.",
        ),
        (
            stands_out(0),
            "Ingen av 10 prövade kombinationer av brott, platstyp och tid är säkert vanligare än "
            "brottets tider på andra slags platser ger.",
        ),
        (
            stands_out(1),
            "Oftare än brottets tider på andra slags platser ger: skadegörelse · park · natt · "
            "helg (25\u00a0% av brotten där, mot 2\u00a0% på andra slags platser).",
        ),
    ],
)
def test_combinations_in_words(found, said):
    assert say(combinations_finding(found)) == said


@pytest.mark.parametrize(("n", "named"), [(2, 2), (9, 3)])
def test_a_sentence_names_at_most_three(n, named):
    assert say(combinations_finding(stands_out(n))).count("helg") == named


def line(n, found, gate=True, chance=0.4):
    return {
        **{"n": n, "found": found, "chance": chance, "share": found / n, "gate": gate},
        **{"low": 0.5, "high": 0.7},
    }


def shares(whole, *partners):
    rows = [{"partner": name, **row} for name, row in partners]
    columns = ["partner", "n", "found", "chance", "share", "low", "high", "gate"]
    table = pd.DataFrame(rows, columns=columns)
    return Reported(table, table.iloc[:0], whole, table.iloc[:0], DAY, DAY)


def test_who_would_have_reported_in_words():
    none = reported_findings(shares(None))
    assert [say(f) for f in none] == [
        "Det går inte att säga hur mycket av det som parterna ser som anmäls: inga av deras "
        "händelser går att söka bland polisens anmälningar."
    ]
    found = reported_findings(
        shares(line(20, 12, chance=3.2), ("Bostadsbolaget", line(12, 6)), ("B", line(4, 1, False)))
    )
    assert [f.id for f in found] == ["reported", "reported/Bostadsbolaget"]
    assert say(found[0]).startswith(
        "Av de 20 händelser som parterna har sett sedan 2023, och som kunde sökas, finns 60\u00a0% "
        "bland polisens anmälningar (osäkerhet 50–70\u00a0%). Det som stämmer av en slump är "
        "borträknat (3)."
    )
    assert say(found[1]) == (
        "Av de 12 händelser som Bostadsbolaget har sett finns 50\u00a0% bland polisens "
        "anmälningar (osäkerhet 50–70\u00a0%)."
    )


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "Parterna har sett en händelse som kunde sökas bland polisens anmälningar: för litet"),
        (2, "Parterna har sett 2 händelser som kunde sökas bland polisens anmälningar: för få"),
    ],
)
def test_too_few_are_said_to_be(n, said):
    assert say(reported_findings(shares(line(n, 0, False)))[0]).startswith(said)


def changed(active, new=(), gone=()):
    row = {"kind": "event", "active": active, "then": 4.5, "new": new, "gone": gone, "n": 3}
    return say(reporting_findings(pd.DataFrame([{**row, "same": 3, "same_then": 2.5}]))[0])


def test_reporters_come_and_gone_in_words():
    assert changed(1, gone=("A", "B")) == (
        "Händelser: en enda part rapporterade i perioden, mot 4,5 i snitt samma tid tidigare år. "
        "Rapporterar inte längre: A och B. De som har rapporterat alla åren står för 3 nu, mot 2,5 "
        "i snitt. En ändring i antalet kan bero på vilka som rapporterar, inte på vad som händer."
    )
    assert " 6 parter rapporterade " in changed(6, new=("A",))
    assert "Ny: A." in changed(6, new=("A",))
    assert "Nya: A och B." in changed(6, new=("A", "B"))
    assert "längre" not in changed(6, new=("A",))
    assert reporting_findings(pd.DataFrame()) == []


PAIR = {"group": "Inbrott", "what": "Belysning", "lift": 2.04}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Together(pd.DataFrame(), 3, 0), "För få uppgifter för att se vad som hör ihop på plats"),
        (Together(pd.DataFrame(), 9, 40), "Av 40 prövade par av brott och annat som rapporteras p"),
        (
            Together(pd.DataFrame([PAIR]), 9, 40),
            "Jämfört med platser för brott i allmänhet: där inbrott anmäls rapporteras belysning "
            "2,0 gånger så ofta. Det är underlag för en orsaksanalys, inget bevis",
        ),
        (
            Together(pd.DataFrame([PAIR, {**PAIR, "what": "Lås"}]), 9, 40),
            "Jämfört med platser för brott i allmänhet: där inbrott anmäls rapporteras belysning "
            "2,0 gånger så ofta och där inbrott anmäls rapporteras lås 2,0 gånger så ofta. Det",
        ),
    ],
)
def test_what_goes_together_in_words(found, said):
    assert say(together_finding(found)).startswith(said)


def test_a_total_is_always_called_a_lower_bound():
    class Held:
        """A report that holds one group's total."""

        year = QUARTER.year_to_end()
        language = SV
        reported = shares(None)

    row = {"group": "Skadegörelse", "police": 120, "partners": 50, "both": 30, "chance": 0.5}
    row |= {"total": 199.4, "low": 170.0, "high": 240.0}
    for gate, total in ((True, "minst 199"), (False, None)):
        totals = pd.DataFrame([{**row, "gate": gate}])
        Held.reported = Reported(**{**shares(None).__dict__, "totals": totals})
        table = tables.lower_bounds(Held)
        cell = table.rows[0][4]
        assert (cell and SV.say(cell)) == total
        assert "undre gräns" in SV.say(table.caption).lower()
        assert "undre gräns" in SV.say(LOWER_BOUND)


def test_the_total_is_not_in_the_groups_report():
    assert "lower_bounds" not in tables.QUARTERLY


def opened(table, ledger, period="2026Q3"):
    """Return a report on some events, with what earlier reports have frozen."""
    own = settings(thresholds={"minimum_situations": 20})
    results = Results(own, periods.parse(period), "internal", SV)
    results.__dict__ |= {"events": table, "ledger_of_typologies": ledger}
    return results


def test_a_later_report_sorts_into_the_types_that_the_first_froze():
    year = [{**SCHOOL, "start": f"2025-07-{day:02d} 20:00"} for day in range(1, 9)]
    before = {**SCHOOL, "start": "2024-12-31 20:00"}
    first = opened(events(before, *year, SCHOOL), []).typologies["reported_crime"]
    assert (first.fitted, first.frozen, first.n) == ("2025", True, 8)
    late = [{**STRANGE, "start": "2025-06-02 12:00"}] * 30  # registered after the year was over
    later = opened(events(before, *year, *late, *[STRANGE] * 3), [first.entry()], "2026Q3")
    assert later.typologies["reported_crime"] == first
    assert later.situations.nowhere_now == 3
    anew = opened(events(before, *year, *late), []).typologies["reported_crime"]
    assert anew != first  # without the ledger the types would have moved


@pytest.mark.parametrize(
    ("period", "first"), [("2026Q3", "2023-10-01"), ("2024-02-16--2024-02-29", "2021-03-01")]
)
def test_the_years_begin_on_the_same_day(period, first):
    years = opened(events(), [], period).years
    assert str(years.start) == first
    assert years.end == periods.parse(period).end
