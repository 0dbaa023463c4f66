"""Columns of few texts are held once; texts are told apart as texts, however it is done."""

import numpy as np
import pandas as pd
import pytest

from est_analysis.gather import spread

INDEX = pd.Index([7, 3, 5])


def told(texts):
    return pd.Series(texts, index=INDEX, dtype=str)


def test_one_text_for_all_is_held_once():
    column = spread.same("a", INDEX, ["b"])
    assert (column == "a").all() and column.index.equals(INDEX)
    assert column.memory_usage(index=False, deep=True) < 3 * 1000
    assert column.mask([False, True, False], "b").tolist() == ["a", "b", "a"]
    with pytest.raises(TypeError):  # what a column may become is said beforehand
        column.mask([False, True, False], "c")


def test_each_row_gets_its_text_by_number():
    got = spread.each(["a", "b", ""], np.array([1, -1, 0]), INDEX)
    pd.testing.assert_series_equal(got, told(["b", "", "a"]))


def test_categories_become_text_and_text_stays():
    column = pd.Series(pd.Categorical(["b", None, "a"]), index=INDEX)
    pd.testing.assert_series_equal(spread.plain(column), told(["b", "", "a"]))
    kept = told(["x", "y", "z"])
    assert spread.plain(kept) is kept


def test_a_table_in_full_is_what_each_column_says():
    table = pd.DataFrame(
        {
            "same": spread.same("a", INDEX),
            "also": spread.same("a", INDEX),
            "two": pd.Series(pd.Categorical(["b", "a", "b"]), index=INDEX),
            "gap": pd.Series(pd.Categorical(["a", None, "a"]), index=INDEX),
            "number": [1.0, np.nan, 3.0],
        }
    )
    expected = pd.DataFrame(
        {
            "same": told(["a", "a", "a"]),
            "also": told(["a", "a", "a"]),
            "two": told(["b", "a", "b"]),
            "gap": told(["a", "", "a"]),  # a row without a text is not like the others
            "number": [1.0, np.nan, 3.0],
        }
    )
    got = spread.in_full(table)
    pd.testing.assert_frame_equal(got, expected)
    got.loc[3, "same"] = "changed"  # shared, but changed alone
    assert got["also"].tolist() == ["a", "a", "a"]


@pytest.mark.parametrize("n", [1, 2])
def test_tables_one_after_another_keep_their_order_and_texts(n):
    parts = [
        pd.DataFrame({"c": pd.Series(pd.Categorical(texts)), "m": mixed, "t": texts})
        for texts, mixed in (
            (["b", "a"], pd.Series(["x", "y"], dtype=str)),
            (["c", "b"], pd.Series(pd.Categorical(["y", "z"]))),
        )
    ][:n]
    got = spread.stacked(parts)
    assert got["c"].dtype == "category" and got["m"].dtype == "str"
    assert got["c"].tolist() == got["t"].tolist() == ["b", "a", "c", "b"][: 2 * n]
    assert got["m"].tolist() == ["x", "y", "y", "z"][: 2 * n]
    assert got.index.tolist() == list(range(2 * n))


@pytest.mark.parametrize(
    "texts",
    [
        ["1", "2", "10"],
        ["1", "01", "2"],  # alike as numbers
        ["a", "b", ""],
        ["K7", "K8"],
        ["polis:7", "polis:12", "polis:-7"],
        ["polis:1", "polis:12", "polis:123", "polis:01"],
        ["å1", "ä1"],  # alike after what stands before the number
        ["9" * 30, "9" * 29 + "8"],
        ["x"],
        [],
    ],
)
def test_texts_are_told_apart_as_texts(texts):
    column = pd.Series(texts, dtype=str)
    assert spread.unlike(column)
    for text in texts:
        assert not spread.unlike(pd.concat([column, pd.Series([text], dtype=str)]))
