"""Columns of text, where few texts or plain numbers spare going through every row's own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def same(text: str, index: pd.Index, among: Iterable[str] = ()) -> pd.Series:
    """Return one text for every row, as a category, with what more texts it may become."""
    number = np.zeros(len(index), dtype=np.int8)
    categories = list(dict.fromkeys([text, *among]))
    return pd.Series(pd.Categorical.from_codes(number, categories), index=index)


def each(texts: Iterable[str], number: ArrayLike, index: pd.Index) -> pd.Series:
    """Return each row's text by its number; -1 is the last of them, as in any list."""
    return pd.Series([*texts], dtype=str).take(number).set_axis(index)


def plain(column: pd.Series) -> pd.Series:
    """Return a column of categories as text, missing as empty; any other as it is."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column
    return each([*column.cat.categories, ""], column.cat.codes, column.index)


def unlike(texts: pd.Series) -> bool:
    """
    Tell whether no text stands twice; unlike numbers are unlike texts, and faster told apart.

    As much is cut off each text as stands before the first one's number: what then is unlike, was.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = pa.array(texts, type=pa.large_string())
    before = re.split(r"\d", str(next(iter(texts), "")), maxsplit=1)[0]
    try:
        numbers = pc.utf8_slice_codeunits(cells, len(before)).cast(pa.int64())
    except pa.ArrowInvalid:
        return texts.is_unique
    return pd.Series(numbers).is_unique or texts.is_unique


def in_full(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with text for its categories; columns that say the same share their text."""
    import pyarrow as pa

    @cache
    def all_of(text: str) -> pd.Series:
        repeated = pa.repeat(pa.scalar(text, pa.large_string()), len(table))
        return pd.Series(pd.array(repeated, dtype="str"), index=table.index)

    columns = {}
    for name, column in table.items():
        categories = isinstance(column.dtype, pd.CategoricalDtype)
        alike = categories and len(column.cat.categories) == 1 and not column.hasnans
        columns[name] = all_of(column.cat.categories[0]) if alike else plain(column)
    return pd.DataFrame(columns, copy=False)


def stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return tables of the same columns one after another; categories stay categories."""
    if len(parts) == 1:
        return parts[0].reset_index(drop=True)
    columns = {}
    for name in parts[0]:
        own = [part[name] for part in parts]
        if all(isinstance(column.dtype, pd.CategoricalDtype) for column in own):
            columns[name] = pd.Series(pd.api.types.union_categoricals(own))
        else:
            columns[name] = pd.concat([plain(column) for column in own], ignore_index=True)
    return pd.DataFrame(columns)
