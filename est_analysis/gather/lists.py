"""Lists that people keep in the folder, as CSV or Excel: their text, by row and named column."""

from __future__ import annotations

import io
import zlib
from datetime import date
from pathlib import Path

import pandas as pd

from est_analysis.errors import DeliveryError
from est_analysis.gather import bounds

EXCEL = {".xlsx", ".xlsm", ".xls", ".ods"}


def read_list(
    file: Path, inside: str, columns: tuple[str, ...], *, optional: tuple[str, ...] = ()
) -> pd.DataFrame:
    """
    Read a list.

    Parameters
    ----------
    file
        CSV (semicolons, UTF-8) or Excel (first sheet).
    inside
        Its path inside the municipality's folder, for messages.
    columns, optional
        That it must have, and that are empty where it does not; others are left out.

    Returns
    -------
    DataFrame
        The columns as stripped text, indexed by the row that a person sees; empty rows left out.

    Raises
    ------
    DeliveryError
        If the file cannot be read, is no table, or lacks a column.
    """
    from python_calamine import CalamineError

    try:
        table = _whole(file)
    except (
        ValueError,
        OSError,
        EOFError,
        zlib.error,
        CalamineError,
    ) as error:  # pandas' own are ValueErrors
        raise DeliveryError(
            f"Listan går inte att läsa: {error}",
            where=inside,
            mend="Spara om den som Excel, eller som CSV med semikolon i UTF-8.",
        ) from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas took a surplus field for row names
        raise DeliveryError(
            "Raderna har fler fält än rubriken.",
            where=f"{inside}, rad 2",
            mend="Ta bort det överflödiga semikolonet, eller spara listan som Excel.",
        )
    if missing := [column for column in columns if column not in table.columns]:
        raise DeliveryError(
            f"Kolumnen ”{'”, ”'.join(missing)}” saknas.",
            where=f"{inside}, rad 1",
            mend=f"Listan ska ha kolumnerna {';'.join(columns)}.",
        )
    table.index = pd.RangeIndex(2, len(table) + 2)
    text = table.reindex(columns=[*columns, *optional], fill_value="").map(_text)
    return text[(text != "").any(axis=1)]


def left_out(file: Path, columns: tuple[str, ...]) -> list[str]:
    """Return the headings of a list that `read_list` could read and that are none of `columns`."""
    names = [str(column).strip() for column in _whole(file, rows=0).columns]
    return [name for name in names if name not in columns and not name.startswith("Unnamed:")]


def _whole(file: Path, rows: int | None = None) -> pd.DataFrame:
    """Return a file as it stands, or so many rows of it, with the headings stripped."""
    content = bounds.content_of(file)
    if file.suffix.lower() in EXCEL:
        bounds.refuse_workbook(content)
        table = pd.read_excel(
            io.BytesIO(content), engine="calamine", dtype=object, na_filter=False, nrows=rows
        )
    else:
        bounds.refuse_many_rows(content)
        table = pd.read_csv(
            io.BytesIO(content),
            sep=";",
            encoding="utf-8-sig",
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            nrows=rows,
        )
    table.columns = [str(column).strip() for column in table.columns]
    return table


def _text(cell: object) -> str:
    if cell is None or (isinstance(cell, float) and pd.isna(cell)) or cell is pd.NaT:
        return ""
    if isinstance(cell, (pd.Timestamp, date)):
        return str(cell)[:10]
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
