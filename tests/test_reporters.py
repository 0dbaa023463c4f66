"""Who reported when: rows, a nil report and silence are three things."""

from __future__ import annotations

from datetime import date

import pandas as pd
from frames import each_day, events, settings

from est_analysis.patterns.reporters import FORTNIGHTS, reporters
from est_analysis.periods import parse

QUARTER = parse("2026Q3")
EST = settings(
    sources={
        "polis": {},
        "est": {
            "partner": "EST",
            "partners": ("Skolan", "Bolaget"),
            "columns": {"start": "datum", "partner": "kalla"},
        },
        "bolag": {"partner": "Bolaget", "kind": "physical_defect"},
        "kalender": {"partner": "Kalendern", "kind": "upcoming"},
    }
)


def est(start, partner="Skolan", **more):
    return {"source": "est", "partner": partner, "kind": "event", "start": start, **more}


def states(found, partner):
    own = found.table[found.table["partner"] == partner]
    return own.sort_values("fortnight")["state"].tolist()


def test_rows_a_nil_report_and_silence_are_told_apart():
    nil = {"kind": "nil_report", "end": "2026-09-16", "time_precision": "day"}
    found = reporters(events(est("2026-09-20"), est("2026-09-03", **nil)), QUARTER, EST)
    assert states(found, "Skolan")[-3:] == ["silent", "nil", "reported"]
    row = found.partners.set_index("partner").loc["Skolan"]
    assert (row["reported"], row["nil"], row["silent"]) == (1, 1, FORTNIGHTS - 2)
    assert found.fortnights[-1].end == QUARTER.end
    assert len(found.fortnights) == FORTNIGHTS


def test_partners_are_those_who_should_be_heard_of():
    """One who reports in two ways is two, and a calendar reports nothing."""
    names = reporters(events(), QUARTER, EST).partners["partner"].tolist()
    assert names == ["Polisen", "Skolan", "Bolaget (est)", "Bolaget (bolag)"]


def test_the_day_of_registration_counts():
    late = est("2026-09-03", registered=pd.Timestamp("2026-09-21"))
    assert states(reporters(events(late), QUARTER, EST), "Skolan")[-2:] == ["silent", "reported"]
    after = est("2026-09-03", registered=pd.Timestamp("2026-10-02"))
    assert set(states(reporters(events(after), QUARTER, EST), "Skolan")) == {"silent"}


def test_a_month_is_a_report_for_all_of_it():
    month = est("2026-09-01", time_precision="month")
    assert states(reporters(events(month), QUARTER, EST), "Skolan")[-3:] == ["reported"] * 3
    day = est("2026-09-01", time_precision="day")
    assert states(reporters(events(day), QUARTER, EST), "Skolan")[-3:].count("reported") == 1


def test_one_who_falls_silent_is_flagged_and_one_who_often_pauses_is_not():
    steady = each_day("2026-01-01", 150, source="polis")
    fallen = reporters(events(*steady), QUARTER, EST).partners.set_index("partner")
    assert fallen.loc["Polisen", "fallen"]
    assert fallen.loc["Polisen", "last"] == date(2026, 5, 30)
    pauses = each_day("2025-01-01", 10) + each_day("2026-03-01", 92)
    used = reporters(events(*pauses), QUARTER, EST).partners.set_index("partner")
    assert not used.loc["Polisen", "fallen"]
    going = reporters(events(*each_day("2026-01-01", 272)), QUARTER, EST)
    assert not going.partners["fallen"].any()


def test_more_rows_from_more_reporters_is_no_rise_for_each():
    """The police are no reporter of the sheet: their rows would drown the others'."""
    before = [est(f"2026-09-{day:02d}") for day in (4, 5)]
    now = [est(f"2026-09-{day}", who) for day in (20, 21) for who in ("Skolan", "Bolaget")]
    found = reporters(events(*before, *now, *each_day("2026-09-17", 9)), QUARTER, EST)
    assert found.activity[["n", "active", "each"]].tail(2).to_numpy().tolist() == [
        [2, 1, 2.0],
        [4, 2, 2.0],
    ]
    assert found.listed == 2
    assert reporters(events(*before), QUARTER, settings()).activity.empty


def test_one_whose_file_could_not_be_read_is_not_called_silent():
    steady = events(*each_day("2026-01-01", 150, source="polis"))
    found = reporters(steady, QUARTER, EST, unread={"polis"})
    assert states(found, "Polisen")[-1] == "unread"
    assert states(found, "Skolan")[-1] == "silent"
    assert not found.partners["fallen"].any()
