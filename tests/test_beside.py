"""Crime beside unsafety, profiles and moves: by hand, with too few, and with what is hidden."""

import numpy as np
import pytest
from frames import events, settings
from frames_of_places import FULL

from est_analysis.gather.geography import Geography
from est_analysis.patterns.beside import WORDS, beside
from est_analysis.patterns.hotspots import clusters
from est_analysis.patterns.moved import moved
from est_analysis.patterns.profiles import profiles
from est_analysis.patterns.ranked import basis, rank
from est_analysis.periods import parse

Q3 = parse("2026Q3")


def crime(place, n, **row):
    return {"place": place, "count": n, **row}


def fear(place, n, **row):
    return {"place": place, "count": n, "kind": "unsafe_place", **row}


RANK_AND_FILE = [crime(f"P{i}", 2) for i in range(20)] + [fear(f"P{i}", 1) for i in range(20)]


def test_each_class_by_its_rule():
    table = events(
        *RANK_AND_FILE,
        *(crime("Både", 30), fear("Både", 15)),
        *(crime("Gångtunneln", 1), fear("Gångtunneln", 20)),
        *(crime("Gallerian", 60), fear("Gallerian", 2)),
        crime("Liten", 4),
        *(crime("Oviss", 14), fear("Oviss", 3)),
        crime("Vanlig", 6),
    )
    found = beside(table, Q3, by="place", smallest=2).set_index("name")
    assert found.loc["Både", "state"] == "both"
    assert found.loc["Gångtunneln", "state"] == "fear"
    assert found.loc["Gallerian", "state"] == "crime"
    assert found.loc["Oviss", "state"] == "unclear"
    assert found.loc["Vanlig", "state"] == "neither"
    assert found.loc["Liten", "state"] == "too_few"
    assert np.isnan(found.loc["Gångtunneln", "crime"])  # one crime is not shown
    assert found.loc["Gångtunneln", ["fear", "fear_rank"]].tolist() == [20, 1]
    assert set(found["state"]) == set(WORDS)
    order = list(found.index)
    assert order.index("Oviss") < order.index("Vanlig")  # what sticks out comes first


def faults(found, smallest):
    """Return what a table of crime beside unsafety must not show."""
    shown = found[["crime", "fear"]]
    told = []
    if ((shown > 0) & (shown < smallest)).any(axis=None):
        told.append("few")
    if set(found) != {"name", "crime", "fear", "crime_rank", "fear_rank", "state"}:
        told.append("sum")
    alone = found["state"].isin(["both", "fear", "crime"])
    if (alone & (found[["crime", "fear"]].fillna(0).max(axis=1) < 5)).any():
        told.append("gate")
    return told


@pytest.mark.parametrize("smallest", [2, 5])
def test_few_are_neither_shown_nor_called_anything(smallest):
    rng = np.random.default_rng(7)
    rows = [crime(f"P{i}", int(n)) for i, n in enumerate(rng.poisson(2, 40)) if n]
    rows += [fear(f"P{i}", int(n)) for i, n in enumerate(rng.poisson(1, 40)) if n]
    found = beside(events(*rows), Q3, by="place", smallest=smallest)
    assert faults(found, smallest) == []


def test_a_shown_single_and_a_bold_class_are_noticed():
    good = beside(events(*RANK_AND_FILE), Q3, by="place", smallest=2)
    assert faults(good.assign(fear=1.0), 2) == ["few"]
    assert faults(good.assign(state="fear"), 2) == ["gate"]
    assert "sum" in faults(good.assign(sum=3), 2)


def test_nothing_one_event_and_one_kind():
    assert beside(events(), Q3, by="place", smallest=2).empty
    assert beside(events(crime("Torget", 1)), Q3, by="place", smallest=2).empty
    only = beside(events(*RANK_AND_FILE[:20], crime("Torget", 50)), Q3, by="place", smallest=2)
    assert set(only["state"]) == {"unclear", "too_few"}
    everything = beside(events(crime("Torget", 90), fear("Torget", 9)), Q3, by="area", smallest=2)
    assert everything[["name", "crime", "fear"]].to_numpy().tolist() == [["Centrum", 90, 9]]


# profiles


def profile(*rows, geography=FULL, smallest=2):
    own = settings(disclosure={"smallest_place_count": smallest})
    table = events(*rows)
    ranked = rank(basis(table, Q3, own), Q3, own)
    year = table[table["kind"] == "reported_crime"]
    return profiles(table, Q3, own, geography, ranked, clusters(year, own))


def test_a_place_is_described_by_what_recurs_there():
    evening = {"start": "2026-07-03 21:00"}  # a Friday
    rows = [crime("Torget", 1, group="Klotter", **evening)] * 6
    rows += [crime("Torget", 1, group="Rån")]
    rows += [fear("Torget", 3, group="Mörkt", factors="belysning, skräp")]
    rows += [fear("Torget", 1, group="Ensligt", factors="insyn")]
    rows += [{"place": "Torget", "kind": "event", "factors": "insyn"}]
    places = FULL.places.assign(responsible=["Gatuenheten", "", ""])
    (found,) = profile(*rows, geography=Geography(None, None, places, None))
    assert found.counts == {
        **{"reported_crime": 7, "event": None, "unsafe_place": 4, "physical_defect": 0}
    }
    assert found.groups == ["Klotter"] and found.why == ["Mörkt"]
    assert found.situations == [(("Klotter", "kväll", "helg"), 6)]
    # named once by each of two kinds is not twice: kinds are never summed
    assert found.factors == ["belysning", "skräp"]
    assert found.responsible == "Gatuenheten" and not found.peak.enough


def test_a_list_of_places_without_a_column_leaves_it_blank():
    (found,) = profile(crime("Torget", 9))
    assert found.responsible == "" and found.factors == [] and found.why == []
    assert profile(crime("Torget", 4))[0].situations == []
    (unlisted,) = profile(crime("Ingenstans", 9))
    assert unlisted.responsible == ""


def test_dense_areas_have_their_own_and_no_place_has_none():
    rows = [crime("Torget", 1, x=100.0 + i, y=100.0) for i in range(40)]
    rows += [fear("Kiosken", 4, x=110.0, y=110.0)]
    place, dense = profile(*rows)
    assert (place.dense, place.counts["unsafe_place"]) == (False, 0)
    assert (dense.dense, dense.counts["unsafe_place"]) == (True, 4)
    assert dense.counts["reported_crime"] == 40
    assert profile() == [] and profile(crime("Torget", 1)) == []


# moves between areas


def move(*rows, **kwargs):
    from datetime import date

    sources = {"polis": {"covers_from": kwargs.pop("first", date(2023, 1, 1))}}
    return moved(events(*rows), Q3, settings(sources=sources), **kwargs)


def in_area(area, n, start="2026-08-01"):
    return {"area": area, "count": n, "start": start}


def test_a_move_is_a_share_that_changed_and_a_rise_of_all_is_none():
    before = "2025-08-01"
    found = move(
        *(in_area("A", 80), in_area("B", 20)),
        *(in_area("A", 40, before), in_area("B", 60, before)),
    )
    assert found.table["share_now"].tolist() == [0.8, 0.2] and (found.table["q"] < 0.001).all()
    rise = move(
        *(in_area("A", 80), in_area("B", 40)),
        *(in_area("A", 40, before), in_area("B", 20, before)),
    )
    assert (rise.table["q"] > 0.9).all()


def test_why_nothing_is_compared_is_told():
    from datetime import date

    before = "2025-08-01"
    few = [in_area("A", 10), in_area("B", 9), in_area("A", 90, before)]
    assert move(*few).why_not == "few"
    assert move(in_area("A", 90), in_area("A", 90, before)).why_not == "areas"
    assert move(in_area("A", 90), first=date(2026, 1, 1)).why_not == "years"
    assert move(in_area("A", 90), missing=["reported_crime"]).why_not == "years"
    assert move().why_not == "years" and move().table.empty
