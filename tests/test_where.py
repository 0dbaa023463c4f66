"""What is claimed about where: what is there is seen, and what only looks so is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from frames import each_day, events, settings

from est_analysis import periods
from est_analysis.evidence import Word, judge
from est_analysis.municipality import Thresholds
from est_analysis.patterns import where
from est_analysis.reports import findings
from est_analysis.reports.language import Language

NOW = periods.parse("2026Q3")
LILLBY = settings()
SAY = Language("sv").sentence


def town(*extra, per_place=4, places=12, years=(2023, 2024, 2025, 2026), seed=1):
    """Return four third quarters of a town whose places stay as they are, and what is added."""
    rng = np.random.default_rng(seed)
    rows = []
    for year in years:
        for k in range(places):
            for day in rng.choice(92, size=per_place, replace=False):
                start = pd.Timestamp(f"{year}-07-01") + pd.Timedelta(days=int(day), hours=12)
                at = {"x": 500_000.0 + 300 * k, "y": 6_500_000.0}
                rows.append({"start": start, "place": f"Plats {k:02d}", **at})
    rows.append({"start": pd.Timestamp("2023-01-01"), "place": "Plats 00"})
    return events(*rows, *extra)


def grown(n, **row):
    at = {"x": 500_900.0, "y": 6_500_000.0, "place": "Plats 03", **row}
    return each_day("2026-07-01", 2 * n, **at)[::2]


def claimed(found):
    own = findings.standing_out_findings(found, 0.95, worth=0.2, smallest=2)
    return {f.id: f for f in judge(own, Thresholds())}


def test_a_place_that_grew_is_claimed_and_a_quiet_town_is_not():
    quiet = claimed(where.standing_out(town(), NOW, LILLBY))
    assert list(quiet) == ["where/places"]
    assert quiet["where/places"].word is Word.CANNOT_TELL
    assert SAY(quiet["where/places"].text).startswith("Ingen plats har fler anmälda brott")
    found = where.standing_out(town(*grown(15)), NOW, LILLBY)
    assert found.table["place"].iloc[0] == "Plats 03"
    loud = claimed(found)
    assert list(loud) == ["where/place/Plats 03"]
    assert loud["where/place/Plats 03"].word is Word.CLEAR
    first = found.table.iloc[0]
    assert (first["n"], first["base_n"], len(found.seasons)) == (19, 12, 3)
    assert first["low"] < first["ratio"] < first["high"]
    said = SAY(loud["where/place/Plats 03"].text)
    assert said.startswith(
        "Plats 03: fler anmälda brott än vanligt just här. 19 tillfällen mot 4,0"
    )


def test_ten_cars_in_one_night_are_one_occasion():
    night = [{"start": "2026-08-01 23:00", "place": "Plats 03", "x": 500_900.0, "y": 6_500_000.0}]
    found = where.standing_out(town(*(night * 15)), NOW, LILLBY)
    row = found.table.set_index("place").loc["Plats 03"]
    assert row["n"] <= 5
    assert row["p"] > 0.2


def test_a_rise_of_the_whole_town_is_no_finding_here():
    more = [
        row for k in range(12) for row in grown(4, place=f"Plats {k:02d}", x=500_000.0 + 300 * k)
    ]
    assert list(claimed(where.standing_out(town(*more), NOW, LILLBY))) == ["where/places"]


def test_a_place_from_nothing_has_its_own_words():
    found = where.standing_out(town(*grown(12, place="Nytorget", x=510_000.0)), NOW, LILLBY)
    said = SAY(claimed(found)["where/place/Nytorget"].text)
    assert "12 tillfällen mot inget samma tid 2023–2025 (minst" in said


def test_late_registration_is_no_fall_and_no_rise():
    table = town(*grown(6))
    table["registered"] = table["start"] + pd.Timedelta(days=10)
    # of earlier years half came in a year later: then nobody knew of them
    late = (table["start"].dt.year < 2026) & (np.arange(len(table)) % 2 == 0)
    table.loc[late, "registered"] = table["start"] + pd.Timedelta(days=400)
    counted = where.standing_out(table, NOW, LILLBY).table
    assert counted["base_n"].sum() == pytest.approx(12 * 12 / 2, abs=8)


@pytest.mark.parametrize(
    ("table", "why", "words"),
    [
        (town(years=(2025, 2026)).iloc[:-1], "years", "inte två år"),
        (events(), "years", "inte två år"),
        (town(per_place=1, places=2), "few", "För få"),
        (town(years=(2023, 2024, 2025)), "silent", "slutat lämna"),
    ],
)
def test_why_nothing_is_claimed(table, why, words):
    found = where.standing_out(table, NOW, LILLBY)
    assert found.why_not == why
    (one,) = claimed(found).values()
    assert one.word is Word.CANNOT_TELL
    assert words in SAY(one.text)


def test_with_a_file_missing_nothing_is_compared():
    found = where.standing_out(town(*grown(15)), NOW, LILLBY, missing={"reported_crime": "a.csv"})
    assert found.why_not == "missing"
    assert "gick inte att läsa" in SAY(claimed(found)["where/places"].text)


def test_a_place_with_a_single_event_is_never_named():
    table = where.standing_out(town(*grown(15)), NOW, LILLBY)
    made = findings.standing_out_findings(table, 0.95, worth=0.2, smallest=20)
    assert [f.id for f in made] == ["where/places"]


# --- near repeats


def scattered(n=150, *, seed=1, year=2026, group="Skadegörelse"):
    rng = np.random.default_rng(seed)
    start = pd.Timestamp(f"{year}-01-01") + pd.to_timedelta(rng.integers(0, 270, n), unit="D")
    at = rng.uniform(0, 8000, size=(n, 2))
    return [
        {"start": s, "x": 500_000 + x, "y": 6_500_000 + y, "group": group, "place": f"Gata {i % 9}"}
        for i, (s, (x, y)) in enumerate(zip(start, at, strict=True))
    ]


def followed(rows, n, *, group=None):
    """Return the first `n` rows again, three days later and 30 metres away."""
    return [
        {**row, "start": row["start"] + pd.Timedelta(days=3), "x": row["x"] + 30}
        | ({} if group is None else {"group": group})
        for row in rows[:n]
    ]


def test_near_repeats_of_one_group_are_seen_and_of_two_groups_are_not():
    rows = scattered()
    same = where.repeats(events(*rows, *followed(rows, 40)), NOW, LILLBY)
    assert list(same.groups["group"]) == ["Skadegörelse"]
    assert same.groups["knox"].iloc[0].strongest == (1, 0)
    assert max(same.p, same.groups["within_month"].iloc[0]) <= 0.005
    other = where.repeats(events(*rows, *followed(rows, 110, group="Stöld ur fordon")), NOW, LILLBY)
    assert len(other.groups) == 2
    assert other.p == pytest.approx(1 - (1 - other.groups["p"].min()) ** 2)
    assert other.p > 0.05
    (judged,) = judge([findings.repeats_finding(same, 100, 2, 0.95)], Thresholds())
    assert judged.word is Word.CLEAR
    assert "par med 1 till under 100 m och 0 till under 7 dygn emellan" in SAY(judged.text)
    quiet = findings.repeats_finding(other, 100, 2, 0.95).sentences[Word.CANNOT_TELL]
    assert SAY(quiet).startswith("Inget visar att brott av samma slag upprepas")


def test_a_sure_but_small_excess_is_not_worth_a_word():
    rows = scattered()
    found = where.repeats(events(*rows, *followed(rows, 40)), NOW, LILLBY)
    knox = found.groups["knox"].iloc[0]
    weak = replace(knox, mean=knox.observed / 1.1)
    small = replace(found, groups=found.groups.assign(knox=[weak]))
    (judged,) = judge([findings.repeats_finding(small, 100, 2, 0.95)], Thresholds())
    assert judged.word is Word.CANNOT_TELL


def test_in_a_city_the_latest_are_searched_and_it_is_said(monkeypatch):
    monkeypatch.setattr(where, "MOST", 120)
    rows = scattered()
    table = events(*rows, *followed(rows, 40))
    found = where.repeats(table, NOW, LILLBY)
    best = found.groups.iloc[0]
    day = table["start"].sort_values().iloc[-120].date()
    assert day < best["since"] <= date(2026, 9, 30)
    assert best["n"] < 120
    said = findings.repeats_finding(found, 100, 2, 0.95).sentences[Word.CLEAR]
    assert "Räknat från" in SAY(said)
    monkeypatch.setattr(where, "MOST_PAIRS", 150)
    burst = where.bursts(events(*scattered(600)), NOW, LILLBY)
    assert burst.since is not None
    assert burst.n < len(scattered(600)) / 3
    one_day = [{**row, "start": pd.Timestamp("2026-07-05")} for row in scattered(300)]
    assert where.bursts(events(*one_day), NOW, LILLBY).since is None
    told = findings.bursts_finding(burst, 60, 0.95).sentences[Word.CANNOT_TELL]
    assert "eftersom brotten är många" in SAY(told)


def test_a_risk_that_moves_over_the_map_is_told_from_repeats():
    north, south = scattered(220, seed=4), scattered(220, seed=5)
    north = [{**row, "y": row["y"] / 50, "x": row["x"] / 50} for row in north]
    south = [{**row, "y": row["y"] / 50 + 9000, "x": row["x"] / 50} for row in south]
    moved = [row for row in north if row["start"].month <= 4]
    moved += [row for row in south if row["start"].month > 4]
    moved = [row for row in moved if row["start"].month not in (4, 5)]
    found = where.repeats(events(*moved), NOW, LILLBY).groups.iloc[0]
    assert found["p"] <= 0.05 < found["within_month"]
    said = findings.repeats_finding(where.repeats(events(*moved), NOW, LILLBY), 100, 2, 0.95)
    assert "bero på att brotten flyttade" in SAY(said.sentences[Word.CLEAR])


def test_too_few_for_near_repeats():
    found = where.repeats(events(*scattered(99)), NOW, LILLBY)
    assert (len(found.groups), found.n, found.p) == (0, 99, 1.0)
    (judged,) = judge([findings.repeats_finding(found, 100, 2, 0.95)], Thresholds())
    assert judged.word is Word.CANNOT_TELL
    assert SAY(judged.text).startswith("Ingen brottsgrupp har 100 brott")


def test_only_what_is_known_to_the_day_takes_part():
    rows = [{**row, "time_precision": "month"} for row in scattered()]
    assert where.repeats(events(*rows), NOW, LILLBY).n == 0


# --- bursts


def test_a_burst_in_the_quarter_is_found_and_named():
    rows = [row for row in scattered(270, seed=2) if row["start"] >= pd.Timestamp("2026-07-01")]
    at = {"x": 504_000.0, "y": 6_504_000.0, "place": "Hamnen"}
    burst = each_day("2026-08-03", 18, **at)[::2]
    burst = [{**row, "x": row["x"] + 20 * i} for i, row in enumerate(burst)]
    found = where.bursts(events(*rows, *burst), NOW, LILLBY)
    best = found.found.iloc[0]
    assert (best["place"], best["n"] >= 8) == ("Hamnen", True)
    assert date(2026, 8, 3) <= best["first"] < best["last"] <= date(2026, 8, 20)
    (judged,) = judge([findings.bursts_finding(found, 60, 0.95)], Thresholds())
    assert judged.word is Word.CLEAR
    assert SAY(judged.text).startswith("Anhopning kring Hamnen: ")


def test_too_few_for_bursts_and_nothing_at_all():
    for table, n in ((events(*scattered(20)), None), (events(), 0)):
        found = where.bursts(table, NOW, LILLBY)
        assert not found.gate
        assert found.found.empty
        (judged,) = judge([findings.bursts_finding(found, 60, 0.95)], Thresholds())
        assert judged.word is Word.CANNOT_TELL
        assert n is None or found.n == n


# --- the live list


def test_the_live_list_holds_chains_that_end_now_and_no_single_events():
    fortnight = periods.parse("2026-09-17--2026-09-30")
    at = {"x": 500_000.0, "y": 6_500_000.0, "place": "Torget"}
    chain = [
        {"start": f"2026-09-{day:02d} 10:00", **at, "x": 500_000.0 + day} for day in (5, 12, 20)
    ]
    ended = [{"start": f"2026-08-{day:02d} 10:00", **at, "y": 6_600_000.0} for day in (5, 12)]
    alone = [{"start": "2026-09-20 10:00", **at, "y": 6_700_000.0}]
    found = where.live(events(*chain, *ended, *alone), fortnight, smallest=2)
    assert len(found) == 1
    assert dict(found.iloc[0]) == {
        "group": "Skadegörelse",
        "place": "Torget",
        "n": 3,
        "metres": 15.0,
        "first": date(2026, 9, 5),
        "last": date(2026, 9, 20),
    }
    assert where.live(events(*chain), fortnight, smallest=4).empty
    assert where.live(events(), fortnight, smallest=2).empty


def test_row_order_changes_nothing():
    rows = scattered()
    table = events(*rows, *followed(rows, 10), *town(*grown(8)).to_dict("records"))
    mixed = table.sample(frac=1, random_state=3)
    one, other = (where.standing_out(t, NOW, LILLBY).table for t in (table, mixed))
    pd.testing.assert_frame_equal(one, other)
    assert where.repeats(table, NOW, LILLBY).p == where.repeats(mixed, NOW, LILLBY).p


def test_the_meeting_is_told_how_often_chance_alone_is_as_strong():
    fortnight = periods.parse("2026-09-17--2026-09-30")
    rows = [row for row in scattered(500, seed=6) if row["start"] >= pd.Timestamp("2026-07-02")]
    at = {"x": 509_000.0, "y": 6_509_000.0, "place": "Hamnen"}
    burst = [{"start": f"2026-09-{19 + k} 12:00", **at, "x": at["x"] + 9 * k} for k in range(9)]
    found = where.bursts(events(*rows, *burst), fortnight, LILLBY, prospective=True)
    best = found.found.iloc[0]
    assert best["recurrence"] == pytest.approx(14 / best["p"])
    for recurrence, word in ((365, "Larm: så starkt"), (364, "Bevaka: så starkt"), (99, "")):
        told = replace(found, found=found.found.assign(recurrence=float(recurrence)))
        said = findings.bursts_finding(told, 60, 0.95, now=True).sentences[Word.CLEAR]
        assert (word or "Anhopning") in SAY(said)
        assert ("en gång på" in SAY(said)) == bool(word)
