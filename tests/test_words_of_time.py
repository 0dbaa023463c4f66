"""What is said of when: every form of every sentence, and the tables and charts behind them."""

import numpy as np
import pandas as pd
import pytest
from frames import events, settings

from est_analysis import periods
from est_analysis.patterns import own_rhythms
from est_analysis.patterns.rhythms import aoristic
from est_analysis.patterns.year_wheel import year_wheel
from est_analysis.reports import charts, findings_of_time, open_report, tables
from est_analysis.reports.findings import rhythm_finding
from est_analysis.reports.language import Language

SAY = Language("sv")
SPAN = periods.parse("2023-10-01--2026-09-30")


def said(finding):
    return SAY.say(finding.text).replace("\xa0", " ")


def places(*p_all):
    names = ["Torget", "Skolan", "Parken"]
    rows = [
        (name, 40, 2, 0.9, 0.2, p, p, late, 20 if late else 8, 8, 20.0, 0.5, 0.34, 0.66, 0.18)
        for name, p, late in zip(names, p_all, [True, False, True], strict=False)
    ]
    return pd.DataFrame(rows, columns=list(own_rhythms.COLUMNS))


CHANCE = "Av {} undersökta, 1 oktober 2023 – 30 september 2026; att någon nämns av en slump händer"


@pytest.mark.parametrize(
    ("p_all", "sentence"),
    [
        ((), "Ingen plats har så många anmälda brott med klockslag (minst 30) att dess tider går"),
        ((0.4,), "Torget har inte andra tider än övriga platser, utöver vad slumpen ger (1 okt"),
        ((0.4, 0.051), "Ingen av de 2 platserna med flest anmälda brott har andra tider än övriga"),
        (
            (0.01, 0.4),
            "En plats har andra tider än övriga: Torget (helg kl. 20–04: 50 % av brotten, 18 % på "
            "andra platser). " + CHANCE.format(2),
        ),
        (
            (0.01, 0.05, 0.4),
            "2 platser har andra tider än övriga: Torget (helg kl. 20–04: 50 % av brotten, 18 % på "
            "andra platser) och Skolan (vardag kl. 08–16: 50 % av brotten, 18 % på andra platser). "
            + CHANCE.format(3),
        ),
    ],
)
def test_places_with_hours_of_their_own_in_words(p_all, sentence):
    finding = findings_of_time.own_hours_finding(places(*p_all), SPAN, 30)
    assert said(finding).startswith(sentence)
    assert finding.null is None  # it describes: no room pays for it


def wheel(rows, **thresholds):
    none = pd.DataFrame({name: [] for name in ("namn", "slag", "datum_fran", "datum_till")})
    parts = {"thresholds": thresholds} if thresholds else {}
    return year_wheel(events(*rows), periods.parse("2026Q3"), settings(**parts), none)


OCTOBER = [{"start": "2025-10-01"}]
MAY = [{"start": f"2026-05-{day:02d}"} for day in range(1, 32)]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "Det finns inte tolv månader av anmälda brott bakåt, så inget årshjul än."),
        (MAY, "Det finns inte tolv månader av anmälda brott bakåt, så inget årshjul än."),
        (OCTOBER, "Ett anmält brott: för få för ett årshjul."),
        ([*OCTOBER, MAY[0]], "2 anmälda brott: för få för ett årshjul."),
        (
            [*OCTOBER, *MAY],
            "Flest anmälda brott kom i maj (31) och färst i november (0,0), sett över ett år. Ett "
            "enda år säger inte vad som är vanligt.",
        ),
        (
            [{"start": "2024-10-01"}, *OCTOBER, *MAY],
            "Flest anmälda brott har kommit i maj (16 i snitt) och färst i november (0,0 i snitt), "
            "sett över 2 år.",
        ),
    ],
)
def test_the_year_wheel_in_words(rows, sentence):
    assert said(findings_of_time.year_finding(wheel(rows), 30)) == sentence


@pytest.mark.parametrize(
    ("known", "unknown", "sentence"),
    [
        (0, 0, "Inga anmälda brott har levererats, så ingen veckorytm finns."),
        (0, 1, "När på dygnet det enda anmälda brottet skedde är okänt, så ingen veckorytm går"),
        (0, 9, "När på dygnet de 9 anmälda brotten skedde är okänt, så ingen veckorytm går att"),
        (1, 9, "Ett anmält brott har en användbar tid: för få för en veckorytm."),
        (2, 0, "2 anmälda brott har en användbar tid: för få för en veckorytm."),
        (
            30,
            10,
            "Tätast i veckan är onsdag kl. 09–13: 100 % av de anmälda brotten. Jämnt utspritt",
        ),
    ],
)
def test_the_rhythm_in_words(known, unknown, sentence):
    table = events(
        *({"start": "2026-07-01 12:00"} for _ in range(known)),
        *({"start": "2026-07-01", "time_precision": "month"} for _ in range(unknown)),
    )
    finding = rhythm_finding(aoristic(table, longest_span_hours=72), 30)
    assert said(finding).startswith(sentence)


@pytest.fixture(scope="module")
def report(home):
    return open_report(str(home), "2026Q3")


def test_the_sample_tells_of_the_planted_hours(report):
    table, _ = report.own_hours
    own = table[table["p_all"] <= findings_of_time.OWN_HOURS].set_index("label")
    assert own.loc["Torget", "weekend"]
    assert own.loc["Torget", "first"] == 20
    assert not own.loc["Norrängsskolan", "weekend"]
    assert own.loc["Norrängsskolan", "first"] == 8


def test_every_chart_of_time_says_of_how_many_the_time_is_unknown(report):
    chart = charts.rhythm(report)
    left = report.rhythm.total - report.rhythm.n
    assert left > 0
    assert f"oviss för {left} av {report.rhythm.total}" in chart.subtitle.replace("\xa0", " ")


def test_the_year_wheel_has_picture_words_and_numbers(report):
    chart = charts.year_wheel(report)
    assert chart.svg.startswith(b"<?xml")
    assert "Höstlov (26 oktober 2026)" in chart.alt
    rows = [line.split(";") for line in chart.table.csv().splitlines()]
    assert rows[1][0] == "oktober 2026"
    assert rows[1][-1] == "Höstlov"
    assert len(rows) == 13
    html = chart._repr_html_()
    assert "Siffrorna bakom diagrammet" in html


def test_a_place_that_is_like_the_others_gets_no_hot_time(report, monkeypatch):
    monkeypatch.setitem(report.__dict__, "own_hours", (places(0.01, 0.4), SPAN))
    first, second = tables.own_hours(report).rows
    assert SAY.say(first[1]) == "helg kl. 20–04"
    assert SAY.say(second[1]) == "som andra"
    assert second[2:5] == [None, None, None]


def test_the_analyst_sees_what_a_naive_choice_claims(report):
    table = tables.hours(report)
    assert table.folded
    sums = np.array([[float(x) for x in row[3:]] for row in table.rows]).sum(axis=0)
    assert sums.tolist() == [report.rhythm.n] * 3
    note = SAY.say(table.note)
    assert f"kl. {report.hours.peaks['midpoint']:02d} efter mittpunkt" in note
    assert len(set(report.hours.peaks.values())) > 1  # the choice matters in the sample


def test_measures_of_the_rhythm_describe_and_say_how_often_chance_does(report):
    text = tables.clock(report).html().replace("\xa0", " ")
    assert "inga slutsatser" in text
    assert "under 1 %" in text
    sure = tables.weekdays(report)
    assert sum(row[2] for row in sure.rows) == report.clock.weekdays.n
