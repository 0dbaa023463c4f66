"""A release: the tables of one published edition, shown to be safe beside all that is out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from est_analysis import periods
from est_analysis.errors import ReportError
from est_analysis.municipality import Municipality
from est_analysis.patterns.coverage import first_covered, silent_since
from est_analysis.periods import Period
from est_analysis.release.atoms import UNKNOWN_AREA, Atoms, count, quarters_to
from est_analysis.release.cells import (
    OF_KIND,
    TIERS,
    Aggregates,
    Cell,
    Space,
    System,
    candidates,
    value,
    worth,
)
from est_analysis.release.past import Past, digest
from est_analysis.release.suppress import Problem, choose

WINDOWS = 3
"""So many periods of twelve months are released: this one and two before it."""
_MOST_CELLS = 1500
"""A kind with more numbers than this is released in coarser tables: the work stays bounded."""


@dataclass(frozen=True)
class KindTables:
    """
    The released numbers of one kind of record.

    Parameters
    ----------
    kind
        Kind of record.
    tier
        Which of `cells.TIERS`; None where no table could be shown to be safe, and none is out.
    numbers
        Each cell to its number; None where it is left out.
    whole
        Whether it can be compared over time: no file is missing and no source silent.
    """

    kind: str
    tier: int | None
    numbers: dict[Cell, int | None]
    whole: bool


@dataclass(frozen=True)
class Release:
    """
    The tables of one published edition.

    Parameters
    ----------
    period
        The period of the edition; it ends with a quarter.
    design
        The rules that it was made by.
    kinds
        By kind.
    atoms
        The counts that it is made of; for the ledger, never for a reader.
    rounds
        By kind: how many times the choice was made anew.
    """

    period: Period
    design: dict[str, Any]
    kinds: dict[str, KindTables]
    atoms: list[Atoms] = field(repr=False)
    rounds: dict[str, int] = field(default_factory=dict)

    def entry(self) -> dict[str, Any]:
        """Return the release as a line of the ledger."""
        kinds = {
            kind: {
                "tier": tables.tier,
                "cells": [cell.entry(n) for cell, n in tables.numbers.items()],
            }
            for kind, tables in self.kinds.items()
        }
        return {
            "period": str(self.period),
            "design": self.design,
            "kinds": kinds,
            "sha256": digest(kinds),
        }


def release(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    areas: Sequence[str],
    past: Past,
    *,
    delivered: pd.DataFrame | None = None,
    missing: Collection[str] = (),
) -> Release:
    """
    Make the released tables of one edition.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        It ends where a quarter ends.
    municipality
        Gives what is small and which groups are told together.
    areas
        The names of the municipality's areas.
    past
        What is out already.
    delivered
        All accepted records; None takes `events`. What sources cover is told by them.
    missing
        Kinds of record that lack a file; nothing is released of them.

    Returns
    -------
    Release

    Raises
    ------
    PeriodError
        If the period does not end with a quarter.
    ReportError
        If nothing at all can be shown to be safe, or the areas are not those of earlier releases.
    """
    records = events if delivered is None else delivered
    windows = quarters_to(period, WINDOWS)
    disclosure = municipality.disclosure
    together = {group: name for name, groups in disclosure.groups.items() for group in groups}
    made: dict[str, KindTables] = {}
    atoms: list[Atoms] = []
    rounds: dict[str, int] = {}
    design: dict[str, Any] = {
        "minimum": disclosure.minimum,
        "reporters": disclosure.smallest_reporters,
        "groups": {name: list(groups) for name, groups in sorted(disclosure.groups.items())},
        "areas": sorted(areas),
    }
    former = past.same(str(period), design)
    for kind in OF_KIND:
        first = first_covered(records, kind, municipality)
        if kind in missing or first is None:
            continue
        covered = [w for w in windows if periods.parse(w[0]).start >= first]
        if not covered:
            continue
        counted = _counts(events, kind, covered, past)
        _same_areas(counted, areas)
        whole = silent_since(records, kind, period, municipality) is None
        kept = None if former is None else former["kinds"].get(kind)
        tables, rounds[kind] = _tables(
            kind, covered, counted, areas, together, past, municipality, whole=whole, kept=kept
        )
        made[kind] = tables
        own = {q for cell in tables.numbers for q in cell.quarters}
        atoms += [counted[quarter] for quarter in sorted(own)]
    if not any(tables.numbers for tables in made.values()):
        raise ReportError(
            "Ingen tabell kan visas vara trygg att publicera.",
            mend="Den publika utgåvan görs inte. Välj en senare period, eller slå ihop fler "
            "grupper under [disclosure.groups].",
        )
    return Release(period, design, made, atoms, rounds)


def _counts(
    events: pd.DataFrame, kind: str, windows: Sequence[Sequence[str]], past: Past
) -> dict[str, Atoms]:
    """Return every quarter's atoms: as first used where it is out, else as they are now."""
    out = {quarter: atoms for (own, quarter), atoms in past.atoms.items() if own == kind}
    new = sorted({q for window in windows for q in window} - set(out))
    return out | count(events, kind, new)


def _same_areas(counted: Mapping[str, Atoms], areas: Sequence[str]) -> None:
    known = {*areas, UNKNOWN_AREA}
    strange = sorted({area for own in counted.values() for area, _ in own.what} - known)
    if strange:
        raise ReportError(
            "Områdena är inte desamma som i tidigare publiceringar: "
            + ", ".join(f"”{area}”" for area in strange[:3])
            + " finns inte längre.",
            mend="Återställ områdenas namn i kartfilen. Byts områden ut går gamla och nya siffror "
            "att dra ifrån varandra.",
        )


def _tables(
    kind: str,
    windows: Sequence[Sequence[str]],
    counted: Mapping[str, Atoms],
    areas: Sequence[str],
    together: Mapping[str, str],
    past: Past,
    municipality: Municipality,
    *,
    whole: bool,
    kept: dict[str, Any] | None,
) -> tuple[KindTables, int]:
    """Return the finest tables of a kind that can be shown to be safe."""
    groups = sorted({group for own in counted.values() for _, group in own.what})
    coarse = {group: together.get(group, group) for group in groups}
    everywhere = [*areas, UNKNOWN_AREA]
    rounds = 0
    if kept is not None:  # the same edition again: what was chosen then, audited once more
        old = {Cell.of_entry(entry): entry["n"] for entry in kept["cells"]}
        return KindTables(kind, kept["tier"], old, whole), 0
    for tier, wanted in enumerate(TIERS):
        cells = candidates(kind, windows, everywhere, coarse, wanted)
        if len(cells) > _MOST_CELLS and tier < len(TIERS) - 1:
            continue
        chosen, tried = _chosen(kind, cells, counted, everywhere, past, municipality)
        rounds += tried
        if chosen is not None:
            return KindTables(kind, tier, chosen, whole), rounds
    return KindTables(kind, None, {}, whole), rounds


def _chosen(
    kind: str,
    cells: list[Cell],
    counted: Mapping[str, Atoms],
    areas: Sequence[str],
    past: Past,
    municipality: Municipality,
) -> tuple[dict[Cell, int | None] | None, int]:
    minimum = municipality.disclosure.minimum
    out = past.cells(kind)
    told = [cell for cell, n in out.items() if n is not None]
    space = Space([*cells, *out], counted, areas)
    ties = space.ties()
    known = System(
        sparse.csr_array(sparse.vstack([ties.rows, space.rows(told)])),
        np.concatenate([ties.values, np.array([out[cell] for cell in told], dtype=np.int64)]),
    )
    held = {cell: value(cell, counted) for cell in [*cells, *out]}
    one = {
        cell
        for cell, (n, who) in held.items()
        if n and _one_reporter(cell, who, held, counted, municipality)
    }
    numbers = np.array([held[cell][0] for cell in cells], dtype=np.int64)
    small = (numbers > 0) & (numbers < minimum) | np.array([cell in one for cell in cells])
    guarded = _guarded(kind, space, minimum, one)
    problem = Problem(
        known,
        System(space.rows(cells), numbers),
        np.array([worth(c, n, newest=cells[0].until) for c, n in zip(cells, numbers, strict=True)]),
        small,
        np.array([cell in set(told) for cell in cells]) & ~small,
        guarded,
        space.truth(),
    )
    choice = choose(problem)
    if not choice.audit.safe:
        return None, choice.rounds
    return {
        cell: None if hidden else int(n)
        for cell, n, hidden in zip(cells, numbers, choice.hidden, strict=True)
    }, choice.rounds


def _guarded(kind: str, space: Space, minimum: int, one: set[Cell]) -> Aggregates:
    """Return all that must not be worked out: small sums of quarters and windows, one's reports."""
    windows = {cell.quarters for cell in space.cells}
    quarters = {(quarter,) for window in windows for quarter in window}
    small = dict.fromkeys(space.small(kind, sorted(windows | quarters), minimum))
    cells = [*small, *(cell for cell in sorted(one, key=repr) if cell not in small)]
    return space.aggregates(cells, [minimum - 1] * len(cells))


def _one_reporter(
    cell: Cell,
    who: frozenset[str],
    held: Mapping[Cell, tuple[int, frozenset[str]]],
    counted: Mapping[str, Atoms],
    municipality: Municipality,
) -> bool:
    """Tell whether too few partners told of a number, where the kind as a whole has enough."""
    fewest = municipality.disclosure.smallest_reporters
    if len(who) >= fewest:
        return False
    total = Cell(cell.kind, "total", cell.quarters)
    everyone = held[total] if total in held else value(total, counted)
    return len(everyone[1]) >= fewest
