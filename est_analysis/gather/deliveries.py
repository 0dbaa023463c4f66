"""One delivered file in, one frame of its named columns out, or the reason why it is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from est_analysis.errors import DeliveryError
from est_analysis.gather import columns, formats, rulings
from est_analysis.gather.columns import MissingColumnsError, Wanted
from est_analysis.gather.near import Miss
from est_analysis.gather.rulings import Rulings
from est_analysis.municipality import Municipality


@dataclass(frozen=True)
class Delivery:
    """
    One file of one source, as read.

    Parameters
    ----------
    rows
        The columns that the settings name, shape (n_rows, n_named), indexed by the row number
        that a person sees in the file (records from 1 where the format has no rows). Cells are
        text, or the file's own numbers and dates where the format knows them.
    broken
        Row numbers whose fields do not fit the header.
    taken_away
        How many more rows the file has, that people have decided are not to be used.
    """

    source: str
    file: str
    rows: pd.DataFrame
    broken: tuple[int, ...] = ()
    taken_away: int = 0

    def as_ruled(self, decided: Rulings) -> Delivery:
        """Return the delivery without what people have taken away before it could be read."""
        if (self.file, 0) in decided.ruled("withdraw"):
            n = len(self.rows) + len(self.broken) + self.taken_away
            return replace(self, rows=self.rows[:0], broken=(), taken_away=n)
        removed = decided.ruled("remove")
        broken = tuple(row for row in self.broken if (self.file, row) not in removed)
        n = len(self.broken) - len(broken)
        return replace(self, broken=broken, taken_away=self.taken_away + n) if n else self


@dataclass(frozen=True)
class Unread:
    """A file that could not be read: what is wrong with it, where, what to do, what is near."""

    source: str
    file: str
    error: DeliveryError
    near: tuple[Miss, ...] = ()


def read_all(
    municipality: Municipality, decided: Rulings | None = None
) -> tuple[list[Delivery], list[Unread]]:
    """
    Read every delivered file of every source, in the order of the settings and of file names.

    Parameters
    ----------
    decided
        People's rulings, for their aliases for columns; None reads them.

    Returns
    -------
    list of Delivery, list of Unread
        A file that cannot be read as its source says does not stop the others.

    Raises
    ------
    DeliveryError
        If the rulings cannot be read.
    """
    decided = rulings.read(municipality) if decided is None else decided
    read_, unread = [], []
    for name, source in municipality.sources.items():
        wanted = Wanted.of(source, decided.alias("column", name))
        for file in [*municipality.delivered(name), *municipality.misplaced(name)]:
            shown = file.relative_to(municipality.folder).as_posix()
            try:
                read_.append(read(municipality, name, file, wanted))
            except MissingColumnsError as error:
                unread.append(Unread(name, shown, error, error.near))
            except DeliveryError as error:
                unread.append(Unread(name, shown, error))
    return read_, unread


def read(
    municipality: Municipality, name: str, file: Path, wanted: Wanted | None = None
) -> Delivery:
    """
    Read one file of the source `name`.

    Parameters
    ----------
    wanted
        Its columns and what they may be called; None is what the settings say.

    Raises
    ------
    DeliveryError
        If the file is empty, is no table of the stated format, is in another encoding, or lacks
        a column that the settings name; the message says which, and what may be meant.
    """
    source = municipality.sources[name]
    wanted = Wanted.of(source) if wanted is None else wanted
    shown = file.relative_to(municipality.folder).as_posix()
    if file.is_dir():
        raise DeliveryError(
            "Det är en mapp, ingen fil.", where=shown, mend="Lägg filen själv på dess plats."
        )
    raw = formats.read(file, source, wanted, shown=shown, crs=municipality.crs)
    sheet = f", bladet ”{raw.sheet}”" if raw.sheet else ""
    row = f", rad {raw.header_row}" if raw.header_row else ""
    positions = columns.choose(
        wanted, raw.header, source=name, where=f"{shown}{sheet}{row}", rows=len(raw.cells)
    )
    rows = raw.cells[positions].set_axis(list(wanted.names), axis=1)
    return Delivery(name, shown, rows, raw.broken)
