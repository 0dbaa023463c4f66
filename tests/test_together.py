"""What goes together: lifts by hand, places as the unit, gates, and lots that stay lots."""

import numpy as np
import pandas as pd
import pytest
from chance import at_most
from frames import events

from est_analysis.counts import bh
from est_analysis.patterns.together import lifts, together


def town(places=10, dark=5, crimes=6, reports=6):
    """Return burglary and theft at places; half of them have reports that tell of darkness."""
    rows = []
    for i in range(places):
        at = {"place": f"P{i:02d}", "start": "2026-07-01 12:00"}
        group = "Inbrott" if i < dark else "Stöld"
        rows += [{**at, "group": group}] * crimes
        factors = "belysning, skräp" if i < dark else "skräp"
        own = {"source": "est", "partner": "A", "kind": "event", "group": "Tillhåll"}
        rows += [{**at, **own, "factors": factors}] * reports
    return events(*({**row, "event_id": f"e{n}"} for n, row in enumerate(rows)))


def test_a_lift_by_hand():
    # of A's ten crimes 8 are where half of the records tell of it, of all twenty 10: 0.4 / 0.25
    found = lifts([[8, 2], [2, 8]], [[5], [0]], [10, 10], replicates=19)
    assert found.lift[:, 0] == pytest.approx([1.6, 0.4])


@pytest.mark.parametrize("records", [[10, 0], [10]])
def test_what_does_not_fit_is_refused(records):
    with pytest.raises(ValueError, match="same places"):
        lifts([[1], [1]], [[1], [1]], records)


def test_darkness_goes_with_burglary_and_what_is_everywhere_with_nothing():
    found = together(town(12, 6), [])
    assert found.places == 12
    assert found.table[["group", "what", "sort"]].values.tolist() == [
        ["Inbrott", "belysning", "factor"]
    ]
    line = found.table.iloc[0]
    assert (line["lift"], line["n"], line["told"]) == (2, 36, 36)
    assert 1 < line["low"] <= 2 <= line["high"]


def test_events_that_are_the_crime_itself_say_nothing_of_what_else_happens():
    table = town(12, 6)
    own = table["kind"].eq("event") & table["place"].isin([f"P{i:02d}" for i in range(6)])
    table.loc[own, "group"] = "Krossad ruta"
    ids = set(table.loc[own, "event_id"])
    assert "Krossad ruta" in set(together(table, []).table["what"])
    left = set(together(table, ids).table["what"])
    assert "Krossad ruta" not in left
    assert "belysning" in left  # the surroundings are there all the same


@pytest.mark.parametrize(("places", "tried"), [(7, False), (8, True)])
def test_the_gate_is_eight_places(places, tried):
    found = together(town(places, 4), [], replicates=19)
    assert (found.tried > 0) == tried


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: t.assign(place_precision="area"),
        lambda t: t.assign(place=""),
        lambda t: t[t["kind"] == "event"],
        lambda t: t[t["kind"] == "reported_crime"],
        lambda t: t.iloc[:0],
    ],
)
def test_without_named_places_of_both_nothing_is_tried(spoil):
    assert together(spoil(town()), []).tried == 0


def test_the_order_of_rows_changes_nothing():
    table = town(12, 6)
    one, other = (together(t, []).table for t in (table, table.sample(frac=1, random_state=1)))
    pd.testing.assert_frame_equal(one, other)


def by_lot(seed, shown):
    rng = np.random.default_rng(seed)
    groups = rng.poisson(rng.gamma(1, 5, (30, 1)) * rng.gamma(1, 1, (1, 4))) + 1
    records = rng.integers(5, 60, 30)
    told = rng.binomial(records[:, None], rng.beta(1, 4, (30, 5)))
    found = lifts(groups, told, records, replicates=199, seed=seed)
    return shown(found.p)


def test_lots_are_called_lots():
    # under the null of all, the chance of any q below 5 % is at most 5 %
    false = sum(by_lot(seed, lambda p: (bh(p.ravel()) <= 0.05).any()) for seed in range(150))
    assert false <= at_most(150)


def test_the_bound_would_notice_p_values_that_are_not_adjusted():
    false = sum(by_lot(seed, lambda p: (p <= 0.05).any()) for seed in range(150))
    assert false > at_most(150)
