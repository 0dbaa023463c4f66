"""The quality of deliveries: each measure on data that has, and has not, what it looks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from frames import each_day as at_noon
from frames import events, settings

from est_analysis.errors import DeliveryError
from est_analysis.gather import quality, tables, times
from est_analysis.gather.accept import Gathered
from est_analysis.gather.deliveries import Unread
from est_analysis.gather.fates import REASONS, REMEDIES
from est_analysis.periods import parse
from est_analysis.reports.language import Language

QUARTER = parse("2026Q3")
SAY = Language("sv")


def each_day(first, n, **row):
    """Return one event a day, on no clock that stands for none."""
    minutes = [pd.Timedelta(minutes=1 + 7 * i % 59) for i in range(n)]
    return [
        {**line, "start": line["start"] + minute}
        for line, minute in zip(at_noon(first, n, **row), minutes, strict=True)
    ]


def said(measure):
    return SAY.say(measure.text).replace("\u00a0", " ")


def gathered(table, *, quarantined=0, **parts):
    """Return what gathering would have given of one source."""
    n = len(table)
    counts = {"rows": n + quarantined, "accepted": n, "quarantined": quarantined}
    accounting = pd.DataFrame(
        [{"source": "polis", "file": "a.csv", **counts, "dropped": 0, "repeated": 0}]
    )
    return Gathered(table, tables.empty(tables.QUARANTINE), accounting, None, **parts)


def measured(table, municipality=None, period=QUARTER, **parts):
    found = quality.measure(gathered(table, **parts), municipality or settings(), period)
    return found, {m.name: m for m in found.measures}


def test_every_reason_has_a_remedy():
    assert set(REMEDIES) == set(REASONS)
    assert all(text.endswith(".") for text in REMEDIES.values())


def test_what_is_fine_gives_no_warning():
    found, by_name = measured(events(*each_day("2026-07-01", 60)))
    assert found.warnings == ()
    assert said(by_name["placed"]) == "Polisen: 60 av 60 rader (100 %) har en plats."


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("placed", {"place_precision": "area", "x": None, "y": None}),
        ("vague", {"time_precision": "day"}),
        ("vague", {"end": "2026-12-31"}),
    ],
)
def test_a_share_is_judged_from_enough_rows_only(name, row):
    good, bad = each_day("2026-07-01", 60), each_day("2026-07-01", 40, **row)
    assert not measured(events(*good, *bad))[1][name].ok
    assert measured(events(*good, *bad[:2]))[1][name].ok
    assert measured(events(*good[:3], *bad[:3]))[1][name].ok


def test_a_source_that_never_tells_a_clock_is_as_agreed():
    _, by_name = measured(events(*each_day("2026-07-01", 40, time_precision="day")))
    assert by_name["vague"].ok
    assert "aldrig klockslag" in said(by_name["vague"])


def test_many_stopped_rows_are_a_warning():
    table = events(*each_day("2026-07-01", 90))
    assert not measured(table, quarantined=10)[1]["stopped"].ok
    assert measured(table, quarantined=1)[1]["stopped"].ok


def test_rows_that_turned_out_to_lie_nowhere_are_told():
    out = {"x": None, "y": None, "place_precision": "municipality"}
    table = events(*each_day("2026-07-01", 20, **out), *each_day("2026-07-01", 40))
    assert "stacked" not in measured(events(*each_day("2026-07-01", 40)))[1]
    _, by_name = measured(table)
    assert not by_name["stacked"].ok
    assert "33 %" in said(by_name["stacked"])


def test_default_times_come_from_the_reader_of_times(monkeypatch):
    def suspected(_):
        return pd.DataFrame(
            [("polis", "12:00", 9, 0.4, 0.1, 0.0)],
            columns=["source", "clock", "n", "share", "expected", "p"],
        )

    monkeypatch.setattr(times, "suspected_default_times", suspected, raising=False)
    _, by_name = measured(events(*each_day("2026-07-01", 40)))
    assert not by_name["default_times"].ok
    assert "40 % av klockslagen är 12:00" in said(by_name["default_times"])


# --- late registration ------------------------------------------------------------------------


def late(n_days, rng, as_of):
    """Return days from event to registration, and ages, of what was registered by `as_of`."""
    day = rng.integers(0, n_days, 20_000)
    lag = rng.geometric(0.05, 20_000)
    seen = day + lag <= as_of
    return lag[seen], as_of - day[seen]


def test_the_share_registered_is_freed_from_truncation():
    """Of the newest days only the early ones are seen; plain quantiles are too short."""
    lag, age = late(60, np.random.default_rng(5), as_of=60)
    truth = 1 - 0.95 ** np.arange(61)
    estimate = quality.registered_within(lag, age, 60)
    plain = np.array([(lag <= d).mean() for d in range(61)])
    conditional = truth / truth[60]  # what takes longer than anyone could see is never seen
    assert np.abs(estimate - conditional).max() < 0.05
    assert np.abs(plain - conditional).max() > 0.1


def test_without_truncation_the_estimate_is_the_plain_share():
    lag = np.array([0, 0, 1, 2, 5])
    within = quality.registered_within(lag, np.full(5, 100), 10)
    assert within[[0, 1, 2, 5, 10]] == pytest.approx([0.4, 0.6, 0.8, 1, 1])


def registered(day, lag):
    return {"start": day, "registered": pd.Timestamp(day).normalize() + pd.Timedelta(days=lag)}


def test_the_newest_weeks_are_preliminary_until_a_day():
    days = pd.date_range("2025-07-01", "2026-09-30", freq="D")
    # one in ten takes sixty days, the others one
    rows = [registered(d, 60 if i % 10 == 0 else 1) for i, d in enumerate(days)]
    seen = [row for row in rows if row["registered"] <= pd.Timestamp("2026-09-30")]
    found, by_name = measured(events(*seen))
    row = found.sources.iloc[0]
    assert (row["lag_median"], row["age_95"]) == (1, 60)
    assert row["until"] == date(2026, 11, 29)
    assert not by_name["lag"].ok
    assert "preliminära till 29 november 2026" in said(by_name["lag"])
    soon = [registered(d, 1) for d in days[:-1]]
    assert measured(events(*soon))[1]["lag"].ok
    assert "lag" not in measured(events(*seen[:20]))[1]


def test_a_source_that_goes_on_in_another_form_has_no_newest_weeks():
    days = pd.date_range("2025-01-01", periods=60, freq="D")
    table = events(*[registered(d, 1) for d in days])
    two = settings(sources={"polis": {}, "ny": {"follows": "polis"}})
    found, by_name = measured(table, two)
    assert "lag" not in by_name
    assert found.sources.loc[0, "lag_median"] == 1
    assert list(found.sources["label"]) == ["Polisen (polis)", "Polisen (ny)"]


# --- gaps -------------------------------------------------------------------------------------


def two_years(without=()):
    days = pd.date_range("2024-07-01", "2026-09-30", freq="3D")
    return events(
        *[{"start": d} for d in days if not any(str(d).startswith(month) for month in without)]
    )


def test_a_month_that_is_missing_is_a_gap():
    assert "gap" not in measured(two_years())[1]
    found, by_name = measured(two_years(["2025-11"]))
    assert [str(g) for g in found.sources.loc[0, "gaps"]] == ["2025-11-01--2025-11-30"]
    assert not by_name["gap"].ok
    _, stopped = measured(two_years(["2026-08", "2026-09"]))
    assert "sedan 1 augusti 2026" in said(stopped["gap"])


def test_a_month_that_is_always_empty_is_no_gap():
    assert "gap" not in measured(two_years(["2024-07", "2025-07", "2026-07"]))[1]


# --- files and decisions ----------------------------------------------------------------------


def test_files_near_misses_and_faults_are_told():
    table = events(*each_day("2026-07-01", 30))
    unread = Unread("polis", "deliveries/polis/b.csv", DeliveryError("Filen är tom."))
    near = pd.DataFrame(
        [("polis", "code", "Kloter", "Klotter", 92.0, 3)],
        columns=list(tables.NEAR_MISSES.columns),
    )
    whole = gathered(table, unread=(unread,), near_misses=near)
    faults = pd.DataFrame(
        [("x.csv", 2, "slag", "fel")], columns=["file", "row", "column", "reason"]
    )
    whole = replace(whole, rulings=replace(whole.rulings, faults=faults))
    found = quality.measure(whole, settings(), QUARTER)
    assert [m.name for m in found.warnings] == ["unread", "near_misses", "rulings"]
    assert all("{" not in said(m) for m in found.measures)


def test_the_line_to_add_is_what_the_reader_of_aliases_takes():
    near = pd.DataFrame(
        [("est", "place", "Torg;et", "Torget", 92.0, 3)], columns=list(tables.NEAR_MISSES.columns)
    )
    assert quality.alias_line(next(near.itertuples())) == 'plats;est;"Torg;et";Torget'


def test_unlisted_reporters_are_counted():
    named = settings(
        sources={
            "polis": {
                "partners": ("Skolan",),
                "columns": {"start": "datum", "partner": "kalla"},
            }
        }
    )
    table = events({"partner": "Skolan"}, {"partner": "Polisen"}, {"partner": "Polisen"})
    assert "2 rader" in said(measured(table, named)[1]["partners"])
    assert "partners" not in measured(table)[1]


def test_stopped_rows_are_listed_by_reason_with_the_first_of_them():
    rows = [("polis", "deliveries/polis/a.csv", r, "kod", "unknown_code", "K9") for r in range(5)]
    rows += [("polis", "deliveries/polis/a.csv", 9, "datum", "no_start", "")]
    table = quality.stopped(pd.DataFrame(rows, columns=list(tables.QUARANTINE.columns)), ["reason"])
    assert table["n"].tolist() == [5, 1]
    assert table.loc[0, "first"] == ["a.csv rad 0", "a.csv rad 1", "a.csv rad 2"]
    assert table.loc[0, "values"] == ["K9"]


def test_what_an_unread_file_takes_away_is_not_told_as_a_gap():
    table = two_years(["2026-08", "2026-09"])
    unread = Unread("polis", "deliveries/polis/b.csv", DeliveryError("Filen är tom."))
    assert "gap" in measured(table)[1]
    assert "gap" not in measured(table, unread=(unread,))[1]


# --- what is rounded, heaped or thin at first ---------------------------------------------------


def spread(n, step, seed=3):
    """Return points of a source, rounded to a step in metres."""
    at = np.random.default_rng(seed).uniform(0, 9_000, (n, 2))
    east, north = (np.round((500_000 + at[:, 0]) / step), np.round((6_500_000 + at[:, 1]) / step))
    return [{"x": x * step, "y": y * step} for x, y in zip(east, north, strict=True)]


@pytest.mark.parametrize(("step", "told"), [(100.0, True), (10.0, False), (0.1, False)])
def test_coordinates_rounded_to_a_coarse_step_are_told(step, told):
    days = each_day("2026-05-01", 60)
    table = events(*({**day, **at} for day, at in zip(days, spread(60, step), strict=True)))
    columns = {"start": "datum", "x": "x", "y": "y"}
    _, by_name = measured(table, settings(sources={"polis": {"columns": columns}}))
    assert ("rounded" in by_name) == told
    if told:
        assert "omkring 100 meter" in said(by_name["rounded"])


def test_clocks_on_the_hour_are_told():
    def at(minute):
        return [{"start": f"2026-07-{d:02d} 15:{minute}"} for d in range(1, 29)]

    assert "heaped" in measured(events(*at("00"), *at("17")))[1]
    assert "heaped" not in measured(events(*at("00"), *at("17"), *at("31")))[1]


def test_a_thin_beginning_is_told_and_a_full_one_is_not():
    def months(first, n, each):
        starts = pd.period_range(first, periods=n, freq="M").to_timestamp()
        return [{"start": m + pd.Timedelta(days=1 + i)} for m in starts for i in range(each)]

    thin = events(*months("2024-01", 4, 1), *months("2024-05", 28, 12))
    _, by_name = measured(thin)
    assert "4 rader för 1 januari – 30 april 2024, mot 12" in said(by_name["thin_start"])
    assert "thin_start" not in measured(events(*months("2024-01", 32, 12)))[1]
    stated = settings(sources={"polis": {"covers_from": date(2024, 5, 1)}})
    assert "thin_start" not in measured(thin, stated)[1]
