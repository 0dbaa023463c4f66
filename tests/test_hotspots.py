"""Where: places, cells and clusters, by hand and against plain scikit-learn."""

import numpy as np
import pandas as pd
import pytest
import shapely
from frames import events, settings
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import DBSCAN

from est_analysis.counts import poisson_interval
from est_analysis.gather.locate import cell_name
from est_analysis.patterns.hotspots import (
    PLACE_KINDS,
    cells,
    clusters,
    located,
    places,
    recent_places,
)
from est_analysis.periods import parse

Q3 = parse("2026Q3")
ROUGH = ("area", "municipality", "unknown")


def at(x, y, **row):
    return {"x": float(x), "y": float(y), **row}


@pytest.mark.parametrize("precision", ["point", "street", "place", *ROUGH])
def test_only_what_is_known_well_enough_is_located(precision):
    table = events(
        {"place_precision": precision}, {"place_precision": precision, "x": None, "y": None}
    )
    assert len(located(table)) == (precision not in ROUGH)


# places


def test_places_by_hand():
    table = events(
        {"place": "Torget", "count": 3},
        {"place": "Torget", "kind": "unsafe_place", "count": 2},
        {"place": "Torget", "start": "2025-12-01", "count": 4},  # within twelve months, not now
        {"place": "Torget", "start": "2025-09-30", "count": 50},  # before them
        {"place": "Parken", "kind": "unsafe_place", "count": 5, "place_type": "park"},
        {"place": "Parken", "kind": "safe_place", "count": 9},
        {"place": "Gatan", "count": 1},
        {"place": "Ån", "count": 99, "place_precision": "area"},
    )
    found = places(table, Q3, smallest=2).set_index("place")
    assert list(found.index) == ["Torget", "Parken"]
    assert found.loc["Torget", list(PLACE_KINDS)].tolist() == [7, 0, 2, 0]
    assert found.loc["Parken", list(PLACE_KINDS)].tolist() == [0, 0, 5, 0]
    assert found["n"].tolist() == [3, 0]
    assert found["place_type"].tolist() == ["torg", "park"]
    assert found["share"].tolist() == [7 / 8, 0]  # Gatan's single one counts in the whole
    interval = poisson_interval(7)
    assert (found.loc["Torget", "low"], found.loc["Torget", "high"]) == (
        interval.low,
        interval.high,
    )


def test_places_are_ranked_by_crime_then_fear_then_events_then_name():
    table = events(
        {"place": "B", "count": 2},
        {"place": "A", "count": 2},
        {"place": "C", "count": 2},
        {"place": "C", "kind": "event"},
        {"place": "D", "count": 2},
        {"place": "D", "kind": "unsafe_place"},
        {"place": "E", "count": 3},
    )
    assert places(table, Q3, smallest=2)["place"].tolist() == ["E", "D", "C", "A", "B"]


@pytest.mark.parametrize("smallest", [2, 3, 5])
def test_a_place_where_nothing_reaches_the_smallest_count_is_not_shown(smallest):
    rows = [{"place": f"P{n}", "kind": k, "count": n} for n in range(1, 7) for k in PLACE_KINDS]
    found = places(events(*rows), Q3, smallest=smallest)
    assert sorted(found["place"]) == [f"P{n}" for n in range(smallest, 7)]
    # small counts of different kinds do not add up to a place that may be shown
    mixed = [{"place": "P", "kind": kind, "count": smallest - 1} for kind in PLACE_KINDS]
    assert places(events(*mixed), Q3, smallest=smallest).empty


def test_no_events_are_no_places():
    assert places(events(), Q3, smallest=2).empty
    assert recent_places(events(), Q3.last_fortnight(), smallest=2).empty
    only_fear = places(events({"kind": "unsafe_place", "count": 3}), Q3, smallest=2)
    assert only_fear["share"].isna().all()


# the meeting's places


def test_recent_places_are_new_or_come_back():
    fortnight = parse("2026-09-17--2026-09-30")
    table = events(
        {"place": "Torget", "start": "2026-09-17", "count": 2},
        {"place": "Torget", "start": "2026-09-16", "count": 26},
        {"place": "Torget", "start": "2025-09-17", "count": 1},  # the first of the twelve months
        {"place": "Torget", "start": "2025-09-16", "count": 50},
        {"place": "Parken", "start": "2026-09-30 23:00", "count": 3},
        {"place": "Parken", "start": "2026-09-01", "count": 9, "kind": "unsafe_place"},
        {"place": "Gatan", "start": "2026-09-20"},
        {"place": "Skolan", "start": "2026-09-20", "kind": "upcoming", "count": 9},
        {"place": "Ån", "start": "2026-09-20", "place_precision": "area", "count": 9},
    )
    found = recent_places(table, fortnight, smallest=2)
    columns = ["place", "kind", "n", "before", "state"]
    assert found[columns].to_numpy().tolist() == [
        ["Parken", "reported_crime", 3, 0, "new"],
        ["Torget", "reported_crime", 2, 27, "again"],
    ]
    assert found["usual"].tolist() == [0, pytest.approx(27 * 14 / 365)]


# cells


def test_cells_are_aligned_to_multiples_of_their_side():
    table = events(at(0, 0), at(249.9, 249.9), at(250, 0), at(-0.1, -250), at(-250, -250.1))
    found = cells(table, settings()).set_index("cell")
    assert found["reported_crime"].to_dict() == {
        "Ruta 0/0": 2,
        "Ruta 250/0": 1,
        "Ruta -250/-250": 1,
        "Ruta -250/-500": 1,
    }
    assert found.loc["Ruta -250/-500"].geometry.bounds == (-250, -500, 0, -250)
    assert found.crs.to_epsg() == 3006


_SPOT = st.floats(-5_000, 5_000, allow_nan=False)
_ROWS = st.lists(
    st.tuples(
        _SPOT,
        _SPOT,
        st.sampled_from([*PLACE_KINDS, "safe_place"]),
        st.sampled_from(["point", "street", "area"]),
        st.integers(1, 9),
    ),
    max_size=20,
)


def cell_faults(found, table, side):
    """Return what in the cells does not follow from the events."""
    faults = []
    here = located(table)
    for kind in PLACE_KINDS:
        if found[kind].sum() != here.loc[here["kind"] == kind, "count"].sum():
            faults.append(f"sum of {kind}")
    if (found[list(PLACE_KINDS)].sum(axis=1) == 0).any():
        faults.append("empty cell")
    corners = found.geometry.bounds.to_numpy()
    if not np.array_equal(corners, np.round(corners / side) * side):
        faults.append("not aligned")
    shown = here[here["kind"].isin(PLACE_KINDS)]
    if set(found["cell"]) != set(cell_name(shown["x"], shown["y"], side)):
        faults.append("name")
    return faults


@given(rows=_ROWS, side=st.sampled_from([100.0, 250.0]))
def test_cells_hold_every_located_event_once_and_never_mix_kinds(rows, side):
    table = events(*(at(x, y, kind=k, place_precision=p, count=n) for x, y, k, p, n in rows))
    found = cells(table, settings(thresholds={"cell_m": side}))
    assert cell_faults(found, table, side) == []


def test_a_lost_event_a_moved_cell_and_mixed_kinds_are_noticed():
    table = events(at(10, 10), at(300, 10, kind="event"))
    good = cells(table, settings())
    assert cell_faults(good, table, 250) == []
    lost = good.assign(reported_crime=0)
    assert cell_faults(lost, table, 250) == ["sum of reported_crime", "empty cell"]
    assert cell_faults(good.set_geometry(good.translate(5)), table, 250) == ["not aligned"]
    mixed = good.assign(reported_crime=good["reported_crime"] + good["event"])
    assert cell_faults(mixed, table, 250) == ["sum of reported_crime"]


# clusters


def town(seed, spots=60, extent=900.0):
    """Return seeded events on few addresses, so that many share one."""
    rng = np.random.default_rng(seed)
    middle = rng.uniform(0, extent, size=(4, 2))
    where = middle[rng.integers(4, size=spots)] + rng.normal(0, 60, size=(spots, 2))
    where[: spots // 3] = rng.uniform(0, extent, size=(spots // 3, 2))
    return [
        at(*np.round(xy, 1), count=int(n), place=f"P{i % 7}", group=f"G{i % 3}")
        for i, (xy, n) in enumerate(zip(where, rng.integers(1, 5, size=spots), strict=True))
    ]


def plainly(table, radius, smallest):
    """Return the clusters' sizes by scikit-learn alone, each event its own point."""
    each = table.loc[table.index.repeat(table["count"])].sort_values(["x", "y"])
    labels = DBSCAN(eps=radius, min_samples=smallest).fit_predict(each[["x", "y"]].to_numpy())
    return sorted(np.bincount(labels[labels >= 0]).tolist(), reverse=True)


@pytest.mark.parametrize("seed", range(8))
def test_clusters_are_those_of_scikit_learn_with_every_event_a_point(seed):
    table = events(*town(seed))
    found = clusters(table, settings(thresholds={"cluster_radius_m": 80.0}))
    expected = plainly(table, 80.0, max(10, round(0.02 * table["count"].sum())))
    assert found["n"].tolist() == expected
    assert len(expected) > 0
    assert found["share"].sum() == pytest.approx(sum(expected) / table["count"].sum())


def test_the_reference_tells_apart_another_radius_and_forgotten_weights():
    table = events(*town(0))
    here = plainly(table, 80.0, 10)
    assert here != plainly(table, 40.0, 10)
    assert here != plainly(table.assign(count=1), 80.0, 10)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_says_nothing(seed):
    table = events(*town(seed))
    plain = settings()
    here = clusters(table, plain)
    there = clusters(table.sample(frac=1, random_state=seed).reset_index(drop=True), plain)
    pd.testing.assert_frame_equal(pd.DataFrame(here), pd.DataFrame(there))


def outline_faults(found, cores):
    """Return the core points that no outline holds."""
    whole = found.geometry.union_all()
    return [core for core in cores.tolist() if not whole.contains(shapely.Point(core))]


@pytest.mark.parametrize("radius", [5.0, 80.0, 200.0])
def test_outlines_hold_their_core_points(radius):
    table = events(*town(1))
    found = clusters(table, settings(thresholds={"cluster_radius_m": radius, "cluster_minimum": 3}))
    total = table["count"].sum()
    model = DBSCAN(eps=radius, min_samples=max(3, round(0.02 * total)))
    points = table[["x", "y"]].to_numpy()
    model.fit(points, sample_weight=table["count"])
    cores = points[model.core_sample_indices_]
    assert outline_faults(found, cores) == []
    assert len(cores) > 0
    assert outline_faults(found.set_geometry(found.translate(10_000)), cores) == cores.tolist()
    assert (found.area <= np.pi * (radius / 2) ** 2 * len(cores)).all()


def test_all_events_at_one_address_are_one_cluster():
    found = clusters(events(*[at(100, 200)] * 40, at(100, 200, count=5)), settings())
    assert len(found) == 1
    assert found[["n", "share", "name", "places"]].iloc[0].tolist() == [45, 1, "Torget", 1]
    assert found.geometry.iloc[0].centroid.distance(shapely.Point(100, 200)) < 1


def test_a_cluster_is_described_by_what_is_commonest_in_it():
    rows = [
        at(0, 0, count=20, place="Torget", group="Klotter"),
        at(30, 0, count=20, place="Parken", group="Brand"),
        at(60, 0, count=21, place="Parken", group="Stöld"),
        at(90, 0, count=1, place="Parken", group="Hot"),
    ]
    found = clusters(events(*rows), settings())
    assert found["name"].tolist() == ["Parken"]
    assert found["groups"].tolist() == [["Stöld", "Brand", "Klotter"]]
    assert found["places"].tolist() == [4]


@pytest.mark.parametrize(("n", "sought"), [(29, False), (30, True)])
def test_below_the_gate_nothing_is_sought(n, sought):
    found = clusters(events(at(0, 0, count=n)), settings())
    assert (len(found) == 1) == sought
    assert list(found.columns) == ["n", "share", "name", "groups", "places", "geometry"]
    assert found.crs.to_epsg() == 3006


def test_scattered_events_and_no_events_are_no_cluster():
    scattered = events(*(at(1_000 * i, 0) for i in range(40)))
    for table in (scattered, events()):
        found = clusters(table, settings())
        assert found.empty
        assert list(found.columns) == ["n", "share", "name", "groups", "places", "geometry"]


@pytest.mark.parametrize("precision", ROUGH)
def test_the_middle_of_an_area_never_makes_a_cluster_nor_counts_in_a_share(precision):
    centroid = at(5_000, 5_000, count=500, place_precision=precision)
    found = clusters(events(at(0, 0, count=30), centroid), settings())
    assert found[["n", "share"]].to_numpy().tolist() == [[30, 1]]
    # while the same events at a point of their own do
    point = {**centroid, "place_precision": "point"}
    assert clusters(events(at(0, 0, count=30), point), settings())["n"].tolist() == [500, 30]


def test_severity_makes_a_place_dense_that_numbers_do_not():
    grave = [at(x, 0, severity=3.0) for x in (0, 1, 2, 3, 4)]
    mild = [at(3000 + 400 * k, 0, severity=1.0) for k in range(30)]
    by = {name: settings(thresholds={"cluster_by": name}) for name in ("count", "severity")}
    assert clusters(events(*grave, *mild), by["count"]).empty
    found = clusters(events(*grave, *mild), by["severity"])
    assert found["n"].tolist() == [5]
    unknown = [{**row, "severity": float("nan")} for row in grave]
    assert clusters(events(*unknown, *mild), by["severity"]).empty


def test_hdbscan_needs_no_radius():
    near = [at(x, y) for x in range(0, 50, 10) for y in range(0, 40, 10)]
    wide = [at(9000 + x, y) for x in range(0, 1500, 300) for y in range(0, 1200, 300)]
    plain = settings(thresholds={"cluster_radius_m": 100.0})
    assert clusters(events(*near, *wide), plain)["n"].tolist() == [20]
    free = settings(thresholds={"cluster_method": "hdbscan"})
    found = clusters(events(*near, *wide), free)
    assert found["n"].tolist() == [20, 20]
    assert clusters(events(*[at(0, 0)] * 40), free)["n"].sum() in (0, 40)


@pytest.mark.parametrize("method", ["dbscan", "hdbscan"])
def test_those_who_share_an_address_share_its_cluster(method):
    rows = [at(0, 0)] * 15 + [at(20, 0)] * 10 + [at(5000 + 50 * k, 0) for k in range(25)]
    found = clusters(events(*rows), settings(thresholds={"cluster_method": method}))
    assert found["n"].iloc[0] in (25, 50)
