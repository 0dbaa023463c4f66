"""Numbers as delivered, with their spaces and commas, become floats; what is none is said."""

from __future__ import annotations

import numpy as np
import pandas as pd

from est_analysis.gather.times import text_of

_SPACES = "[ \u00a0\u2009\u202f'’]"
"""What stands between thousands: a space, in one of its four forms, or an apostrophe."""
_GROUPED = r"^[-+]?\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?$"

_THOUSANDS = r"-?[1-9]\d{0,2}(?:[.,]\d{3})+"
_PAIR = r"^([-+]?\d+(?:\.\d+)?) *[,; ] *([-+]?\d+(?:\.\d+)?)$"


def read(column: pd.Series, *, decimal: str = "auto") -> tuple[pd.Series, pd.Series]:
    """
    Read a column of numbers.

    Parameters
    ----------
    column
        Text or numbers.
    decimal
        The decimal sign of text: a comma (a point is then one too), a point, or ``auto``: each
        number may have either.

    Returns
    -------
    tuple of Series
        The numbers (NaN where nothing, or no number, was given), and where something was given
        that is no finite number. ``6 500 100``, with any sort of space, is a number, and so is
        ``6.500.100,5``: two points cannot both be decimal signs. With ``auto``, where a column has
        both commas and points, what may be thousands (1.234) is none: nothing tells which it is.
    """
    if pd.api.types.is_numeric_dtype(column):
        numbers = column.astype(float)
        return numbers, pd.Series(np.isinf(numbers), index=column.index)
    text = text_of(column)
    numbers = _parsed(text)
    if (failed := numbers.isna() & (text != "")).any():
        plain = text[failed].str.replace(_SPACES, "", regex=True).str.replace("\u2212", "-")
        grouped = plain.str.fullmatch(_GROUPED)
        plain = plain.mask(grouped, plain.str.replace(".", "", regex=False))
        if decimal != ".":
            unsure = _may_be_thousands(text, plain) if decimal == "auto" else pd.Series(dtype=bool)
            plain = plain.str.replace(",", ".", regex=False)
            numbers = numbers.mask(unsure.reindex(text.index, fill_value=False))
            plain = plain.mask(unsure.reindex(plain.index, fill_value=False), "")
        numbers = numbers.mask(failed, _parsed(plain).reindex(text.index))
    return numbers, ~np.isfinite(numbers) & (text != "")


def _may_be_thousands(text: pd.Series, failed: pd.Series) -> pd.Series:
    """Tell which numbers of a column with both commas and points may have either for thousands."""
    mended = text.copy()
    mended[failed.index] = failed
    commas = mended.str.contains(",", regex=False)
    points = mended.str.contains(".", regex=False)
    if not (commas.any() and points.any()):
        return pd.Series(False, index=text.index)
    return (commas & points) | mended.str.fullmatch(_THOUSANDS)


def _parsed(text: pd.Series) -> pd.Series:
    import pyarrow as pa

    try:  # all at once, where every cell is a number or empty
        plain = pa.array(text.where(text != ""), type=pa.string()).cast(pa.float64())
    except pa.ArrowInvalid:
        return pd.to_numeric(text, errors="coerce").astype(float)
    return pd.Series(plain.to_numpy(zero_copy_only=False), index=text.index, dtype=float)


def read_pair(column: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series]:
    """
    Read a column that holds two numbers, ``59.3293,18.0686``: latitude first, as maps are told.

    Returns
    -------
    tuple of Series
        The second number (easting or longitude), the first (northing or latitude), and where
        something was given that is no such pair.
    """
    text = text_of(column)
    parts = text.str.extract(_PAIR)
    north, east = (pd.to_numeric(parts[half]).astype(float) for half in (0, 1))
    return east, north, north.isna() & (text != "")
