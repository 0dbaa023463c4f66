"""What the benchmark of many measures counts is what going through every event gives."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.measures_cost import PERIOD, city, register, settings
from est_analysis.measures.evaluation import evaluate
from est_analysis.measures.regression import counts_at, fall
from est_analysis.measures.rings import ring_of
from est_analysis.patterns.coverage import in_period
from est_analysis.patterns.hotspots import located

MEASURES, RADIUS = 12, 100.0


@pytest.fixture(scope="module")
def town():
    """Return a small city, its measures and what is found of them."""
    table, geography = city(150_000)
    listed = register(MEASURES)
    return table, geography, listed, evaluate(table, listed, PERIOD, settings(), geography)


def within(events, centre, radius=RADIUS):
    return events[np.hypot(events["x"] - centre[0], events["y"] - centre[1]) <= radius]


def tally(events, periods):
    return sum(int(in_period(events, period)["count"].sum()) for period in periods)


def faults(town):
    """Return what differs from counting event by event, as it was first written."""
    table, geography, listed, found = town
    at = geography.places.set_index("name")[["x", "y"]].apply(tuple, axis=1)
    names = [*listed.problems["plats"], *(n for n in listed.measures["jamforelseplats"] if n)]
    taken = list(dict.fromkeys(at[name] for name in names))
    wrong = []
    for e, other in zip(found, listed.measures["jamforelseplats"], strict=True):
        own = located(table if e.group == "" else table[table["group"] == e.group])
        here = within(own, at[e.place])
        periods = (e.baseline, [e.window])
        told = [(e.before, e.after)]
        plain = [tuple(tally(here, p) for p in periods)]
        points = geography.places[["x", "y"]].to_numpy(float)
        if e.fall is not None:
            alike = (
                geography.places["place_type"]
                == geography.places["place_type"][geography.places["name"] == e.place].item()
            )
            naive = sorted([*e.baseline, *e.choosing], reverse=True)[:3]
            seasons = pd.concat([in_period(own, s) for s in naive])
            similar = counts_at(seasons, points[alike], RADIUS)
            told.append(e.fall)
            plain.append(fall(tally(here, naive), len(naive), similar))
        if other:
            there = within(own, at[other])
            there = there[~there["event_id"].isin(here["event_id"])]
            told.append((e.comparison_before, e.comparison_after))
            plain.append(tuple(tally(there, p) for p in periods))
            ring = ring_of(own[["x", "y"]].to_numpy(float), taken, [RADIUS] * len(taken))
            for place, counted in ((e.place, e.ring), (other, e.comparison_ring)):
                around = own[ring == taken.index(at[place])]
                told.append(counted)
                plain.append(tuple(tally(around, p) for p in periods))
        if told != plain:
            wrong.append((e.measure, told, plain))
    return wrong


def test_measures_are_counted_as_event_by_event(town):
    assert sum(e.before + e.after for e in town[3]) > 50
    assert sum(e.ring[1] for e in town[3]) > 10
    assert faults(town) == []


def test_a_lost_event_is_noticed(town):
    table, geography, listed, found = town
    hit = within(
        located(table), tuple(geography.places.set_index("name").loc[found[0].place, ["x", "y"]])
    )
    lost = in_period(hit, found[0].window).index[:1]
    assert faults((table.drop(index=lost), geography, listed, found))
