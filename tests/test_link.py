"""The same event seen by several partners: linked, counted once, both records kept."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from frames import events, settings
from scipy.spatial import cKDTree
from shapely.geometry import LineString

from benchmarks import links as benchmark
from est_analysis import municipality
from est_analysis.gather import accept, link, sample
from est_analysis.gather.locate import Geography
from est_analysis.gather.tables import EVENTS
from est_analysis.municipality import Links
from est_analysis.patterns.hotspots import clusters, smallest_cluster

NOWHERE = Geography(None, None, None, None)
POLICE = {"event_id": "polis:1", "source": "polis", "start": "2026-07-01 21:30"}
EST = {
    **{"event_id": "est:1", "source": "est", "kind": "event", "start": "2026-07-01 22:00"},
    "x": 500_130.0,
}
RESCUE = {
    **{"event_id": "raddning:1", "source": "raddning", "kind": "event"},
    **{"start": "2026-07-01 21:45", "x": 500_101.0},
}
DEFECT = {
    **{"event_id": "bostad:1", "source": "bostad", "kind": "physical_defect"},
    **{"start": "2026-07-03", "time_precision": "day"},
}


def town(**links):
    sources = {
        "polis_a": {},
        "polis": {"follows": "polis_a"},
        "est": {"kind": "event"},
        "raddning": {"kind": "event"},
        "bostad": {"kind": "physical_defect"},
        "medborgare": {"kind": "unsafe_place"},
    }
    return settings(sources=sources, links=links)


def linked(*rows, geography=NOWHERE, same=(), not_same=(), **links):
    """Return the linked pairs as a set, and what each record that is not counted goes with."""
    table, pairs = link.link(events(*rows), town(**links), geography, same=same, not_same=not_same)
    assert len(table) == len(rows)  # both records are kept
    EVENTS.validate(table)
    follows = table.loc[table["same_as"] != ""].set_index("event_id")["same_as"].to_dict()
    return {pair(*ids) for ids in zip(pairs["event_id"], pairs["other_id"], strict=True)}, follows


def pair(*ids):
    return frozenset(ids)


def test_a_report_of_the_same_is_linked_but_kinds_are_never_counted_as_one_another():
    pairs, follows = linked(POLICE, EST)
    assert pairs == {pair("polis:1", "est:1")}
    assert follows == {}


def test_within_a_kind_the_better_known_record_is_counted():
    on_the_map = {**EST, "place_precision": "place"}
    pairs, follows = linked(on_the_map, RESCUE)
    assert pairs == {pair("est:1", "raddning:1")}
    assert follows == {"est:1": "raddning:1"}
    first = {**EST, "registered": "2026-07-02"}
    assert linked(first, {**RESCUE, "registered": "2026-07-03"})[1] == {"raddning:1": "est:1"}
    assert linked(EST, RESCUE)[1] == {"raddning:1": "est:1"}  # by id where all else is alike


@pytest.mark.parametrize(
    "other",
    [
        {"start": "2026-07-03 12:00"},
        {"x": 500_300.0},
        {"group": "Klotter"},
        {"kind": "unsafe_place"},
        {"source": "polis"},
        {"time_precision": "month"},
        {"place_precision": "area"},
        {"end": "2026-07-09 12:00"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_far_or_unlike_or_loose_is_not_linked(other):
    assert linked(POLICE, EST)[0]
    assert not linked(POLICE, {**EST, **other})[0]


def test_a_day_is_met_anywhere_within_it():
    day = {**EST, "start": "2026-07-01", "time_precision": "day"}
    assert linked({**POLICE, "start": "2026-07-01 02:00"}, day, hours=1)[0]
    assert not linked({**POLICE, "start": "2026-07-02 02:00"}, day, hours=1)[0]
    assert not linked(POLICE, {**day, "time_precision": "minute"}, hours=1)[0]


def test_damage_is_found_after_it_was_done_never_before():
    assert linked(POLICE, DEFECT)[0]
    assert not linked(POLICE, DEFECT, found_hours=0)[0]
    assert not linked({**POLICE, "start": "2026-07-05 12:00"}, DEFECT)[0]


def test_groups_are_comparable_as_the_settings_say():
    tag = {**EST, "group": "Klotter"}
    assert not linked(POLICE, tag)[0]
    _, pairs = link.link(events(POLICE, tag), town(same=[["Skadegörelse", "Klotter"]]), NOWHERE)
    assert len(pairs) == 1
    assert pairs["score"].iloc[0] < link.link(events(POLICE, EST), town(), NOWHERE)[1]["score"][0]


def test_a_group_stands_once_in_same():
    with pytest.raises(ValueError, match="Klotter"):
        Links(same=[["Klotter", "Skadegörelse"], ["Klotter", "Brand"]])


def test_each_record_has_one_partner_in_each_source_the_best_first():
    near, far = {**EST, "x": 500_110.0}, {**EST, "event_id": "est:2", "x": 500_190.0}
    assert linked(POLICE, near, far)[0] == {pair("polis:1", "est:1")}
    second = {**POLICE, "event_id": "polis:2", "x": 500_200.0}
    both = {pair("polis:1", "est:1"), pair("polis:2", "est:2")}
    assert linked(POLICE, second, near, far)[0] == both


def test_an_event_holds_one_record_of_each_source():
    # est-1 is nearest to polis-1, raddning-1 to polis-2, and est-1 to raddning-1: a chain
    est = {**EST, "x": 500_140.0}
    rescue = {**RESCUE, "x": 500_160.0, "start": "2026-07-01 21:45"}
    other = {**POLICE, "event_id": "polis:2", "x": 500_200.0}
    pairs, _ = linked(POLICE, other, est, rescue)
    assert pair("est:1", "raddning:1") in pairs
    assert len(pairs & {pair("polis:1", "est:1"), pair("polis:2", "raddning:1")}) == 1


def test_a_street_without_coordinates_meets_what_lies_along_it():
    road = gpd.GeoDataFrame(
        {"name": ["Storgatan"]},
        geometry=[LineString([(500_000, 6_500_120), (500_900, 6_500_120)])],
        crs="EPSG:3006",
    )
    geography = Geography(None, None, None, road)
    nowhere = {"place_precision": "street", "place": "STORGATAN", "x": np.nan, "y": np.nan}
    for one in ({**POLICE, **nowhere}, {**POLICE, **nowhere, "x": 500_800.0, "y": 6_500_120.0}):
        assert linked(one, EST, geography=geography)[0]
        assert not linked(one, {**EST, "y": 6_500_400.0}, geography=geography)[0]
        assert linked(one, {**DEFECT, **nowhere}, geography=geography)[0]
        assert not linked(one, EST)[0]  # a street that nobody drew lies nowhere
    assert linked(POLICE, {**DEFECT, **nowhere}, geography=geography)[0]
    assert not linked({**POLICE, "place_precision": "area"}, {**DEFECT, **nowhere})[0]


def test_two_layouts_of_one_partner_hold_a_crime_twice_only_if_it_began_the_same_minute():
    former = {**POLICE, "event_id": "polis_a:1", "source": "polis_a"}
    assert linked(former, POLICE) == (
        {pair("polis_a:1", "polis:1")},
        {"polis_a:1": "polis:1"},
    )
    next_car = {**former, "start": "2026-07-01 21:40"}
    assert not linked(next_car, POLICE)[0]
    days = {"registered": "2026-07-02"}, {"registered": "2026-07-04"}
    assert not linked({**former, **days[0]}, {**POLICE, **days[1]})[0]


def test_people_decide_before_the_program():
    far = {**EST, "x": 508_000.0, "group": "Tillhåll"}
    assert linked(POLICE, far, same=[("est:1", "polis:1")])[0] == {pair("polis:1", "est:1")}
    assert not linked(POLICE, EST, not_same=[("est:1", "polis:1")])[0]
    # given a partner, a record seeks no other in that source
    other = {**EST, "event_id": "est:2"}
    assert linked(POLICE, EST, other, same=[("polis:1", "est:2")])[0] == {pair("polis:1", "est:2")}
    # nor are two held together by a third
    parted, _ = linked(POLICE, EST, RESCUE, not_same=[("est:1", "polis:1")])
    assert len(parted) == 1
    assert len(linked(POLICE, EST, RESCUE)[0]) == 3
    _, pairs = link.link(events(POLICE, EST), town(), NOWHERE, same=[("est:1", "polis:1")])
    assert pairs["decided"].tolist() == [True]


def test_the_record_for_all_kinds_is_one_an_event():
    table, pairs = link.link(events(POLICE, EST, RESCUE, {"event_id": "polis:9"}), town(), NOWHERE)
    stands = link.groups(table, pairs)
    assert stands.nunique() == 2
    assert stands.tolist()[-1] == "polis:9"
    assert link.groups(table, pairs.head(0)).tolist() == table["event_id"].tolist()


MORE = """
[sources.est]
partner = "EST"
kind = "event"
files = "deliveries/est/*.csv"
format = "csv"
codes = {K1 = "Skadegörelse"}
columns = {id = "id", code = "kod", start = "datum", x = "x", y = "y"}
"""
TWO = {
    "deliveries/polis/a.csv": "id;kod;datum;x;y;plats\n1;K1;2026-07-01 21:30;500100;6500100;\n",
    "deliveries/est/a.csv": "id;kod;datum;x;y\n7;K1;2026-07-01 22:00;500120;6500100\n",
}
HEAD = "fil;rad;beslut;andra_fil;andra_rad\n"


def test_decisions_name_rows_of_deliveries(make_folder):
    decided = HEAD + "deliveries/est/a.csv;2;inte samma;deliveries/polis/a.csv;2\n"
    plain = make_folder(TWO, more=MORE)
    assert len(accept.gather(municipality.load(plain)).links) == 1
    ruled = make_folder({**TWO, "reference/decisions.csv": decided}, more=MORE, name="two")
    got = accept.gather(municipality.load(ruled))
    assert got.links.empty
    assert got.rulings.faults.empty
    lost = make_folder(
        {**TWO, "reference/decisions.csv": decided.replace("a.csv;2\n", "a.csv;9\n")},
        more=MORE,
        name="three",
    )
    got = accept.gather(municipality.load(lost))
    assert len(got.links) == 1
    told = got.rulings.faults[["file", "row"]].to_numpy().tolist()
    assert told == [["reference/decisions.csv", 2]]


# --- on the synthetic municipality ------------------------------------------------------------


@pytest.fixture(scope="module")
def known():
    """Return the committed sample gathered, and its true pairs."""
    made = sample.make()
    got = benchmark.gathered(made)
    return got, benchmark.true_pairs(made, got.events)


def test_known_pairs_are_found_and_little_else(known):
    found = benchmark.score(*known)
    assert found.true > 250
    assert found.recall >= benchmark.LEAST_RECALL
    assert found.precision >= benchmark.LEAST_PRECISION


def test_too_narrow_loses_pairs_and_too_wide_invents_them(known):
    assert benchmark.score(*known, Links(metres=5)).recall < benchmark.LEAST_RECALL
    wide = Links(metres=1000, hours=240, minimum_score=0)
    assert benchmark.score(*known, wide).precision < benchmark.LEAST_PRECISION


def test_dates_that_were_mixed_up_lose_the_pairs(known):
    got, true = known
    mixed = got.events.copy()
    order = np.random.default_rng(1).permutation(len(mixed))
    for column in ("start", "end", "time_precision"):
        mixed[column] = mixed[column].to_numpy()[order]
    again = accept.Gathered(mixed, got.quarantine, got.accounting, got.geography)
    assert benchmark.score(again, true).recall < 0.1


def test_links_by_chance_are_as_many_as_the_false_ones(known):
    got, true = known
    table = link.chance_links(got.events, municipality.load("exempelsjo"), got.geography)
    found = benchmark.score(got, true)
    false = found.found - found.both
    assert false / 2 <= table["chance"].sum() <= 4 * max(false, 5)
    assert table["chance"].sum() < table["links"].sum() / 5
    shifted = got.events.assign(  # where the sources never met there is no more than chance
        start=got.events["start"].where(
            got.events["source"] != "est", got.events["start"] + pd.Timedelta(days=42)
        ),
        end=pd.NaT,
    )
    apart = link.chance_links(shifted, municipality.load("exempelsjo"), got.geography)
    apart = apart[(apart["source"] == "polis") & (apart["other"] == "est")].iloc[0]
    assert apart["links"] < 3 * apart["chance"] + 5


def near_pairs(events_):
    """Count pairs of events within 200 m and 14 days."""
    here = events_[events_["x"].notna() & (events_["kind"] != "upcoming")]
    close = cKDTree(here[["x", "y"]].to_numpy()).query_pairs(200, output_type="ndarray")
    day = here["start"].to_numpy().astype("datetime64[s]").astype("int64") / 86400
    return int((np.abs(day[close[:, 0]] - day[close[:, 1]]) <= 14).sum())


def dense(events_, settings_):
    return len(clusters(events_, settings_))


@pytest.fixture(scope="module")
def quiet():
    """Return the last year of a municipality where nothing is planted, emptied around one spot."""
    made = sample.make(5, planted=False)
    got = benchmark.gathered(made)
    year = got.events[got.events["start"] >= "2025-10-01"]
    year = year[year["kind"].isin(link.KINDS) & year["x"].notna()]
    at = year[year["place_precision"] == "point"].iloc[0]
    away = np.hypot(year["x"] - at["x"], year["y"] - at["y"]) > 400
    return year[away].reset_index(drop=True), (at["x"], at["y"]), got.geography


def reported(spot, n, partners):
    """Return `n` fires at one spot 20 days apart, each told of by so many partners."""
    x, y = spot
    told = (("polis", "reported_crime", 0), ("est", "event", 30), ("raddning", "event", 2))
    rows = [
        {
            **{"event_id": f"{source}:plant{k}", "source": source, "kind": kind, "group": "Brand"},
            **{"start": pd.Timestamp("2025-10-05 21:00") + pd.Timedelta(days=20 * k)},
            **{"x": x + metres, "y": y},
        }
        for k in range(n)
        for source, kind, metres in told[:partners]
    ]
    return events(*rows)


def pooled(year, geography, own, *, link_them=True):
    """Return the records that stand for the events of all kinds."""
    table, pairs = link.link(year, own, geography)
    if not link_them:
        return table
    return table[link.groups(table, pairs) == table["event_id"]]


def test_a_triple_report_makes_no_near_repeat(quiet):
    year, spot, geography = quiet
    own = municipality.load("exempelsjo")
    with_ = [pd.concat([year, reported(spot, 1, n)], ignore_index=True) for n in (1, 3)]
    once, thrice = (near_pairs(pooled(one, geography, own)) for one in with_)
    assert thrice == once
    assert near_pairs(pooled(with_[1], geography, own, link_them=False)) > once


def test_triple_reports_make_no_hot_spot(quiet):
    year, spot, geography = quiet
    own = municipality.load("exempelsjo")
    n = smallest_cluster(len(year), own) // 2
    assert n <= 18  # they are 20 days apart, within the year
    with_ = [pd.concat([year, reported(spot, n, k)], ignore_index=True) for k in (1, 3)]
    once, thrice = (dense(pooled(one, geography, own), own) for one in with_)
    assert thrice == once
    assert dense(pooled(with_[1], geography, own, link_them=False), own) == once + 1
    # and each kind counts an event once
    table, _ = link.link(with_[1], own, geography)
    counted = link.counted_once(table)
    planted = counted[counted["event_id"].str.contains("plant")]
    assert planted.groupby("kind").size().to_dict() == {"event": n, "reported_crime": n}


def moved(*rows, kind="reported_crime"):
    return link.chance_of_each(events(*rows), town(), NOWHERE, kind=kind).to_dict()


def test_chance_is_counted_for_what_could_be_found_among_the_other_kind():
    crimes = [
        {**POLICE, "event_id": f"polis:{i}", "start": day}
        for i, day in enumerate(("2026-06-03 21:30", "2026-07-15 21:30", "2026-07-22 21:30"))
    ]
    # four, two and three weeks away: three of the six shifts meet one
    assert moved(EST, *crimes) == {"est:1": 0.5}
    assert moved(EST, POLICE) == {"est:1": 0.0}  # a true partner is no chance
    vague = {**EST, "event_id": "est:2", "time_precision": "month"}
    other = {**EST, "event_id": "est:3", "group": "Tillhåll"}
    assert set(moved(EST, vague, other, *crimes)) == {"est:1"}
    assert moved(EST, RESCUE) == {}
    assert moved() == {}


def test_one_crime_is_chance_for_one_record_at_a_time():
    crime = {**POLICE, "start": "2026-07-15 21:30"}
    twice = [{**EST, "event_id": f"est:{i}"} for i in range(2)]
    assert sum(moved(crime, *twice).values()) == pytest.approx(1 / 6)
