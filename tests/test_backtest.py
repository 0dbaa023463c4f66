"""Maps scored on what followed: published figures, and worlds where the answer is known."""

import numpy as np
import pandas as pd
import pytest
import shapely

from est_analysis.patterns import grid
from est_analysis.patterns.backtest import Against, against_simple, backtest, maps, scores


def test_scores_are_the_published_ones():
    found = scores([8, 4, 4, 2, 1, 0], [6, 7, 3, 2, 1, 0])
    assert found["hits"].diff().fillna(6).tolist() == [6, 3, 7, 2, 1, 0]
    expected = [1.8947, 1.4211, 1.6842, 1.4211, 1.2, 1]
    assert found["pai"].tolist() == pytest.approx(expected, abs=1e-4)
    assert found["pei"].tolist() == pytest.approx([0.8571, 0.6923, 1, 1, 1, 1], abs=1e-4)
    simple = scores([3, 2, 1], [6, 3, 0])
    assert simple["pai"].tolist() == [2, 1.5, 1] and simple["pei"].tolist() == [1, 1, 1]
    assert simple["rri"].tolist() == pytest.approx([3 / 6, 5 / 9, 6 / 9])


def test_ties_count_against_the_map():
    flat = scores(np.zeros(10), np.arange(10))
    assert flat["hits"].tolist() == np.cumsum(np.arange(10)).tolist()
    assert scores([], []).empty
    assert scores([1, 2], [0, 0])["pai"].isna().all()


CELLS = grid.within(shapely.box(0, 0, 3000, 3000), 100.0)


def world(seed, quarters=14, moving=False):
    """Return quarters of a town whose hot cells stay, or are others every quarter."""
    rng = np.random.default_rng(seed)
    level = rng.gamma(0.1, 3.0, CELLS.shape)
    return np.array(
        [rng.poisson(rng.permuted(level.ravel()).reshape(level.shape) if moving else level)
         for _ in range(quarters)]
    )  # fmt: skip


def test_last_year_points_to_what_stays_and_to_nothing_where_nothing_stays():
    kinds = maps(CELLS, bandwidth=250.0)
    stays = backtest(world(1), CELLS, kinds)
    assert set(stays["map"]) == {"counts", "latest", "density", "gi_star"}
    assert stays["quarter"].unique().tolist() == list(range(4, 14))
    assert stays.groupby("area")["cells"].first().to_dict() == {
        0.005: 4,
        0.01: 9,
        0.02: 18,
        0.05: 45,
    }
    mean = stays.groupby(["map", "area"])["pai"].mean()
    assert mean["counts", 0.01] > 10
    assert stays["pei"].between(0, 1).all()
    moves = backtest(world(1, moving=True), CELLS, kinds)
    assert moves.groupby("map")["pai"].mean().max() < 3


def test_a_map_is_never_scored_on_what_it_was_made_from():
    cube = world(2)
    seen = []

    def spy(quarters):
        seen.append(quarters)
        return quarters.sum(axis=0)

    backtest(cube, CELLS, {"counts": spy})
    for start, given in enumerate(seen):
        np.testing.assert_array_equal(given, cube[start : start + 4])

    def peeks(_):
        return cube[4].astype(float)

    cheat = backtest(cube[:5], CELLS, {"counts": peeks})
    assert (cheat["pei"] == 1).all()  # which an honest map does not reach
    assert (backtest(cube[:5], CELLS, {"counts": spy})["pei"] < 1).any()


def test_advice_needs_eight_quarters_and_an_interval_without_zero():
    def table(gains):
        rows = [(q, name, 0.01, 0.2 + g * (name == "density"))
                for q, g in enumerate(gains) for name in ("counts", "density")]  # fmt: skip
        return pd.DataFrame(rows, columns=["quarter", "map", "area", "share"])

    gains = [0.1, 0.12, 0.08, 0.1, 0.11, 0.09, 0.1, 0.12]
    found = against_simple(table(gains), "density", 0.01)
    assert found.advice and found.quarters == 8
    assert found.mean == pytest.approx(np.mean(gains))
    assert found.low < found.mean < found.high
    assert not against_simple(table(gains[:7]), "density", 0.01).advice
    assert not against_simple(
        table([g * (-1) ** i for i, g in enumerate(gains)]), "density", 0.01
    ).advice
    assert against_simple(table([-g for g in gains]), "density", 0.01).advice
    for few in ([], [0.1]):
        found = against_simple(table(few), "density", 0.01)
        assert isinstance(found, Against) and not found.advice and np.isnan(found.low)


def test_nothing_to_score_is_an_empty_table():
    kinds = maps(CELLS, bandwidth=250.0)
    assert backtest(world(1, quarters=4), CELLS, kinds).empty
    assert backtest(np.zeros((6, *CELLS.shape), int), CELLS, kinds).empty
