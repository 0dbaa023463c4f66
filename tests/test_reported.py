"""Who would have reported: shares without chance, a lower bound, and who reports now and then."""

import numpy as np
import pandas as pd
import pytest
from frames import events, settings
from hypothesis import given
from hypothesis import strategies as st

from est_analysis import periods
from est_analysis.gather import link
from est_analysis.gather.locate import Geography
from est_analysis.patterns.reported import chapman, reported, reporting, without_chance

NOWHERE = Geography(None, None, None, None)
QUARTER = periods.parse("2026Q3")


def town(**parts):
    sources = {"polis": {}, "est": {"kind": "event"}, "bostad": {"kind": "physical_defect"}}
    return settings(sources=sources, **parts)


def seen(n, told, *, partner="Bostadsbolaget", group="Skadegörelse", first="2026-01-05 12:00"):
    """Return what a partner saw on days a week apart, and the police report of some of them."""
    rows = []
    for i, day in enumerate(pd.date_range(first, periods=n, freq="31D")):
        name = f"{partner[:3]}{group[:2]}{i}"
        at = {"start": day, "x": 500_000.0 + 5_000 * (hash_of(partner) % 50), "group": group}
        est = {"source": "est", "kind": "event", "partner": partner, "event_id": f"est:{name}"}
        rows.append({**at, **est})
        if i < told:
            rows.append({**at, "event_id": f"polis:{name}"})
    return rows


def hash_of(text):
    return sum(map(ord, text))


def asked(*rows, period=QUARTER, **parts):
    own = town(**parts)
    table, links = link.link(events(*rows), own, NOWHERE)
    return reported(table, links, period, own, NOWHERE)


def test_the_share_of_each_partner_and_group():
    rows = seen(20, 12, first="2024-07-05") + seen(
        12, 3, partner="Skolan", group="Klotter", first="2025-01-03"
    )
    found = asked(*rows)
    assert found.partners[["partner", "n", "found"]].values.tolist() == [
        ["Bostadsbolaget", 20, 12],
        ["Skolan", 12, 3],
    ]
    assert found.groups["group"].tolist() == ["Skadegörelse", "Klotter"]
    assert found.partners["share"].tolist() == pytest.approx([0.6, 0.25])
    assert found.partners["chance"].tolist() == [0, 0]
    assert (found.whole["n"], found.whole["found"]) == (32, 15)
    assert found.whole["low"] < 15 / 32 < found.whole["high"]


@pytest.mark.parametrize(("n", "gate"), [(9, False), (10, True)])
def test_the_gate_is_ten_events(n, gate):
    assert asked(*seen(n, 5, first="2025-07-05")).partners["gate"].tolist() == [gate]


def test_what_happened_lately_may_not_be_registered_yet_and_what_is_old_is_not_counted():
    rows = seen(10, 5, first="2025-07-05")
    late = {**rows[0], "event_id": "est:late", "start": "2026-09-03"}
    old = {**rows[0], "event_id": "est:old", "start": "2023-09-30"}
    assert asked(*rows, late, old).whole["n"] == 10
    assert asked(*rows, {**late, "start": "2026-09-02"}).whole["n"] == 11


def test_what_could_not_be_found_is_not_held_against_anyone():
    rows = seen(10, 5, first="2025-07-05")
    vague = {**rows[0], "event_id": "est:a", "place_precision": "municipality"}
    dateless = {**rows[0], "event_id": "est:b", "time_precision": "month"}
    other = {**rows[0], "event_id": "est:c", "group": "Incident i skolan"}
    assert asked(*rows, vague, dateless, other).whole["n"] == 10


def test_none_are_none():
    found = asked(*[row for row in seen(10, 5) if row.get("source") != "est"])
    assert found.whole is None
    assert (len(found.partners), len(found.totals)) == (0, 0)
    assert asked().whole is None


def test_groups_that_are_the_same_by_the_settings_are_counted_as_one():
    rows = [
        {**row, "group": "Klotter och skadegörelse"} if row.get("source") == "est" else row
        for row in seen(12, 12, first="2025-07-05")
    ]
    links = {"same": (("Skadegörelse", "Klotter och skadegörelse"),)}
    found = asked(*rows, links=links)
    assert found.groups["group"].tolist() == ["Skadegörelse"]
    assert found.groups["found"].tolist() == [12]


def crowded(n=200, seed=3):
    """Return partners' events that have no true partner, amid many reports at the same place."""
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.uniform(0, 900, 4 * n), unit="D")
    rows = [{"start": day.floor("min"), "event_id": f"polis:{i}"} for i, day in enumerate(days)]
    est = {"source": "est", "kind": "event", "partner": "Skolan"}
    for i in range(n):
        rows[i] |= {**est, "event_id": f"est:{i}"}
    return rows


def test_links_by_chance_are_taken_out():
    line = asked(*crowded()).partners.iloc[0]
    assert line["found"] > 0.3 * line["n"]  # by chance alone
    assert line["low"] == 0
    assert line["share"] < 0.15
    assert not line["gate"]  # and so much chance that nothing is said


def test_without_the_shifts_chance_would_be_taken_for_reports():
    line = asked(*crowded()).partners.iloc[0]
    raw, _ = without_chance(int(line["found"]), int(line["n"]), 0.0)
    assert raw > 0.3


def test_chance_by_hand():
    # 60 of 100 where one in five would be found anyway: half are truly there
    share, interval = without_chance(60, 100, 0.2)
    assert share == pytest.approx(0.5)
    assert interval.low < 0.5 < interval.high
    assert without_chance(5, 100, 0.2)[0] == 0
    with pytest.raises(ValueError, match="chance"):
        without_chance(1, 2, 1.0)


@given(st.integers(0, 40), st.integers(0, 40), st.floats(0, 0.9))
def test_a_share_lies_within_its_interval(hits, more, chance):
    if hits + more:
        share, interval = without_chance(hits, hits + more, chance)
        assert 0 <= interval.low <= share + 1e-12
        assert share <= interval.high + 1e-12 <= 1 + 2e-12


def test_a_share_without_chance_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(5)
    truth, chance, n = 0.6, 0.05, 60
    hits = rng.binomial(n, truth + (1 - truth) * chance, 1_000)
    inside = [
        i.low <= truth <= i.high for i in (without_chance(int(k), n, chance)[1] for k in hits)
    ]
    assert 0.93 <= np.mean(inside) <= 0.97
    naive = [i.low <= truth <= i.high for i in (without_chance(int(k), n, 0)[1] for k in hits)]
    assert np.mean(naive) < np.mean(inside)


def test_chapman_by_hand():
    total, interval = chapman(100, 50, 20)
    assert total == pytest.approx(101 * 51 / 21 - 1)
    assert 130 < interval.low < total < interval.high
    assert chapman(8, 11, 8)[0] == 11  # all that the police have is known
    with pytest.raises(ValueError, match="at most"):
        chapman(5, 5, 6)


def twice(rng, n, together):
    """Return what two partners saw of `n`; the second is so many times likelier where both are."""
    one = rng.random(n) < 0.4
    other = rng.random(n) < np.where(one, 0.3 * together, 0.3)
    return int(one.sum()), int(other.sum()), int((one & other).sum())


def coverage(together):
    rng = np.random.default_rng(9)
    found = [chapman(*twice(rng, 400, together)) for _ in range(400)]
    inside = np.mean([i.low <= 400 <= i.high for _, i in found])
    return float(inside), float(np.median([total for total, _ in found]))


def test_the_total_holds_for_partners_who_see_independently_and_is_low_for_others():
    inside, middle = coverage(1)
    assert inside >= 0.92
    assert middle == pytest.approx(400, rel=0.05)
    inside, middle = coverage(2)
    assert inside < 0.2
    assert middle < 320  # never too high: a lower bound


@pytest.mark.parametrize(("both", "gate"), [(9, False), (10, True)])
def test_a_total_needs_ten_seen_by_both(both, gate):
    rows = seen(12, both, first="2025-10-05 12:00")
    extra = [{**rows[-1], "event_id": f"polis:x{i}", "source": "polis", "kind": "reported_crime",
              "start": f"2026-02-{i + 1:02d} 23:00", "x": 900_000.0} for i in range(9)]  # fmt: skip
    day = [{**row, "start": pd.Timestamp(row["start"])} for row in rows]
    for number, row in enumerate(r for r in day if r["event_id"].startswith("est:")):
        start = pd.Timestamp("2025-10-05 12:00") + pd.Timedelta(days=25 * number)
        for other in day:
            if other["event_id"].split(":")[1] == row["event_id"].split(":")[1]:
                other["start"] = start
    assert asked(*day, *extra).totals["gate"].tolist() == [gate]


def reports(partner, years, n, source="est", **row):
    return [
        {
            "event_id": f"{source}:{partner}{year}{i}",
            "source": source,
            "partner": partner,
            "kind": "event",
            "start": f"{year}-08-{i + 1:02d} 12:00",
            **row,
        }
        for year in years
        for i in range(n)
    ]


ALWAYS = reports("Skolan", (2023, 2024, 2025, 2026), 4)


def changed(*rows):
    own = settings(sources={"est": {"kind": "event", "covers_from": periods.parse("2023").start}})
    return reporting(events(*ALWAYS, *rows), QUARTER, own)


def test_a_new_reporter_and_one_who_has_stopped_are_told_with_what_the_others_report():
    line = changed(*reports("Ny", (2026,), 3), *reports("Borta", (2023, 2024, 2025), 3)).iloc[0]
    assert (line["new"], line["gone"]) == (("Ny",), ("Borta",))
    assert (line["active"], line["then"]) == (2, 2)
    assert (line["n"], line["n_then"], line["same"], line["same_then"]) == (7, 7, 4, 4)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        reports("Ny", (2026,), 2),  # so few may come by chance
        reports("Borta", (2023, 2024, 2025), 2),
        reports("Ibland", (2023, 2025), 9),  # was silent in 2024 too
        [
            *reports("Borta", (2023, 2024, 2025), 5),
            *reports("Borta", (2026,), 1, kind="nil_report"),
        ],
    ],
)
def test_what_chance_or_a_nil_report_explains_is_not_told(rows):
    assert changed(*rows).empty


def test_one_earlier_year_says_nothing_of_who_usually_reports():
    own = settings(sources={"est": {"kind": "event"}})
    table = events(*reports("Skolan", (2025, 2026), 4), *reports("Ny", (2026,), 5))
    assert reporting(table, QUARTER, own).empty
