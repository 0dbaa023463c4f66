"""Which column of a delivered file is which, by its own name, a known synonym or an alias."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from est_analysis.errors import DeliveryError
from est_analysis.gather import near
from est_analysis.gather.guard import shown_columns
from est_analysis.gather.near import fold
from est_analysis.municipality import Source

_DATUM = re.compile(r"[\d\s.,:/T-]*\d[\d\s.,:/T-]*")

SEARCHED_ROWS = 30
"""So far down a header is looked for."""


class MissingColumnsError(DeliveryError):
    """A file lacks columns that the settings name; `near` holds what may be meant."""

    near: tuple[near.Miss, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """
    The columns that a source's settings name, and what else they may be called.

    Parameters
    ----------
    names
        As the settings name them.
    synonyms
        Name to other names, from the settings.
    aliases
        What is written to the name that it means, from people's own list.
    dates, clocks
        Those that hold a date, and those that hold the time of day to a date beside them.
    """

    names: tuple[str, ...]
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    dates: frozenset[str] = frozenset()
    clocks: frozenset[str] = frozenset()

    @classmethod
    def of(cls, source: Source, aliases: Mapping[str, str] | None = None) -> Wanted:
        """Return what a source's settings want, with people's aliases for its columns."""
        own = source.columns
        moments = [moment for moment in (own.start, own.end, own.registered) if moment]
        return cls(
            tuple(source.read_columns()),
            source.synonyms,
            aliases or {},
            frozenset(moment[0] for moment in moments if len(moment) <= 2),
            frozenset(moment[1] for moment in moments if len(moment) == 2),
        )

    def find(self, header: Sequence[str]) -> dict[str, list[int]]:
        """
        Return the positions in a header of each column that is there.

        A column is found by its exact name, else without regard to case, spaces, hyphens,
        underscores and the marks of å, ä, ö and é, else by a synonym, else by an alias. More than
        one position means that the header does not say which; no position is given to two columns.
        """
        plain = [text.strip().lstrip("\ufeff") for text in header]
        folded = [fold(text) for text in plain]
        aliases = {fold(written): means for written, means in self.aliases.items()}
        found: dict[str, list[int]] = {}
        taken: set[int] = set()
        for step in range(4):
            for name in self.names:
                if name in found:
                    continue
                if step == 0:
                    here = [i for i, text in enumerate(plain) if text == name]
                elif step == 1:
                    here = [i for i, text in enumerate(folded) if text == fold(name)]
                elif step == 2:
                    others = {fold(other) for other in self.synonyms.get(name, ())}
                    here = [i for i, text in enumerate(folded) if text in others]
                else:
                    here = [i for i, text in enumerate(folded) if aliases.get(text) == name]
                if here := [i for i in here if i not in taken]:
                    found[name] = here
            taken.update(i for positions in found.values() for i in positions)
        return found

    def holds_all(self, header: Sequence[str]) -> bool:
        """Tell whether every column is in a header."""
        return len(self.find(header)) == len(self.names)

    def header_at(self, rows: Sequence[Sequence[str]]) -> int:
        """
        Return which of a file's first rows is its header, counted from 0.

        The first that holds every column; else the first of those that hold most; else the first
        that is not empty.
        """
        counts: list[int] = []
        for row in rows[:SEARCHED_ROWS]:
            counts.append(len(self.find(row)))
            if counts[-1] == len(self.names):
                break
        if any(counts):
            return counts.index(max(counts))
        return next((i for i, row in enumerate(rows) if any(text.strip() for text in row)), 0)


def choose(
    wanted: Wanted, header: Sequence[str], *, source: str, where: str, rows: int
) -> list[int]:
    """
    Return the position in a header of each wanted column, in the order of their names.

    Parameters
    ----------
    source
        The source's name in the settings.
    where
        File and row, for messages.
    rows
        How many rows the file has, for near misses.

    Raises
    ------
    MissingColumnsError
        If a column is not there; what is like it is offered, and not taken.
    DeliveryError
        If a column stands more than once.
    """
    found = wanted.find(header)
    if missing := [name for name in wanted.names if name not in found]:
        raise _missing(wanted, header, missing, source=source, where=where, rows=rows)
    if twice := [name for name in wanted.names if len(found[name]) > 1]:
        raise DeliveryError(
            f"Kolumnen ”{'”, ”'.join(twice)}” står mer än en gång.",
            where=where,
            mend="Ta bort den ena kolumnen i filen, eller be om en ny leverans.",
        )
    return [found[name][0] for name in wanted.names]


def _told(header: Sequence[str]) -> str:
    """Return a header for a message; the names of a row that holds data are not told."""
    texts = [text.strip() for text in header if text.strip()]
    if any(_DATUM.fullmatch(text) for text in texts):
        return f"där står data, inga rubriker ({len(texts)} fält)"
    return f"filen har: {shown_columns(header)}"


def _missing(
    wanted: Wanted,
    header: Sequence[str],
    missing: list[str],
    *,
    source: str,
    where: str,
    rows: int,
) -> MissingColumnsError:
    taken = {i for positions in wanted.find(header).values() for i in positions}
    free = [text.strip() for i, text in enumerate(header) if i not in taken and text.strip()]
    safe = dict.fromkeys((text for text in free if shown_columns([text]) == text), rows)
    offered = near.misses(source, "column", safe, missing)
    lines = [f"kolumn;{source};{miss.written};{miss.means}" for miss in offered]
    mend = f"Rätta [sources.{source}.columns] i municipality.toml, eller be om en ny leverans."
    if lines:
        meant = "”, ”".join(miss.written for miss in offered)
        mend = (
            f"Menas ”{meant}”? Skriv då i reference/aliases.csv, under rubriken "
            f"slag;kalla;skrivet;betyder: {' och '.join(lines)}. Annars: {mend}"
        )
    error = MissingColumnsError(
        f"Kolumnen ”{'”, ”'.join(missing)}” saknas.",
        where=f"{where}; {_told(header)}",
        mend=mend,
    )
    error.near = tuple(offered)
    return error
