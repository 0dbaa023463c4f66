"""Cells: the numbers that a release could hold, each as a sum over atoms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from est_analysis.release.atoms import PARTS, UNKNOWN_PART, Atoms

TABLES = ("total", "area", "group", "area_group", "part")
OF_KIND: dict[str, tuple[str, ...]] = {
    "reported_crime": TABLES,
    "event": ("total", "area", "group", "part"),
    "unsafe_place": ("total", "area"),
    "physical_defect": ("total", "area", "group"),
}
"""Which tables each kind of record is released in; kinds are never summed."""
NEWEST_ONLY = frozenset({"area_group", "part"})
TIERS: tuple[frozenset[str], ...] = (
    frozenset(TABLES),
    frozenset(TABLES) - {"area_group"},
    frozenset({"total", "area"}),
    frozenset({"total"}),
)
"""From the finest tables to the coarsest, tried in order until one is shown to be safe."""
_WORTH = {"total": 4000.0, "area": 60.0, "group": 40.0, "part": 10.0, "area_group": 2.0}
_OLDER = 0.5


@dataclass(frozen=True)
class Cell:
    """
    One number that could be released: the events of one kind in twelve months.

    Parameters
    ----------
    kind, table
        Of `OF_KIND` and `TABLES`.
    quarters
        The quarters that it sums, oldest first.
    area, group, part
        Empty for all.
    groups
        The groups of the data that `group` stands for.
    """

    kind: str
    table: str
    quarters: tuple[str, ...]
    area: str = ""
    group: str = ""
    part: str = ""
    groups: tuple[str, ...] = ()

    @property
    def until(self) -> str:
        """The quarter that it ends with."""
        return self.quarters[-1]

    def entry(self, n: int | None) -> dict[str, Any]:
        """Return the cell with its number as plain values."""
        return {
            "kind": self.kind,
            "table": self.table,
            "quarters": list(self.quarters),
            "area": self.area,
            "group": self.group,
            "part": self.part,
            "groups": list(self.groups),
            "n": n,
        }

    @staticmethod
    def of_entry(entry: dict[str, Any]) -> Cell:
        """Return what `entry` wrote, without its number."""
        return Cell(
            entry["kind"],
            entry["table"],
            tuple(entry["quarters"]),
            entry["area"],
            entry["group"],
            entry["part"],
            tuple(entry["groups"]),
        )


def candidates(
    kind: str,
    windows: Sequence[Sequence[str]],
    areas: Sequence[str],
    coarse: Mapping[str, str],
    tables: Iterable[str] | None = None,
) -> list[Cell]:
    """
    Return every cell that a release of one kind could hold.

    Parameters
    ----------
    kind
        Kind of record.
    windows
        Quarters of each twelve months, newest first.
    areas
        Every area, and the unknown one.
    coarse
        Each group of the data to the group it is released under.
    tables
        Only these; None for all of the kind.
    """
    wanted = [t for t in OF_KIND[kind] if tables is None or t in tables]
    names = sorted(set(coarse.values()))
    members = {name: tuple(sorted(g for g in coarse if coarse[g] == name)) for name in names}
    found: list[Cell] = []
    for number, window in enumerate(windows):
        for table in wanted:
            if number and table in NEWEST_ONLY:
                continue
            span = tuple(window)
            if table == "total":
                found.append(Cell(kind, table, span))
            elif table == "area":
                found += [Cell(kind, table, span, area=area) for area in areas]
            elif table == "group":
                found += [Cell(kind, table, span, group=g, groups=members[g]) for g in names]
            elif table == "part":
                found += [Cell(kind, table, span, part=p) for p in (*PARTS, UNKNOWN_PART)]
            else:
                found += [
                    Cell(kind, table, span, area=area, group=g, groups=members[g])
                    for area in areas
                    for g in names
                ]
    return found


def value(cell: Cell, atoms: Mapping[str, Atoms]) -> tuple[int, frozenset[str]]:
    """Return a cell's number and who told of it."""
    n, who = 0, frozenset[str]()
    for quarter in cell.quarters:
        own = atoms[quarter]
        parts: list[tuple[int, frozenset[str]]]
        if cell.table == "part":
            parts = [own.when[cell.part]] if cell.part in own.when else []
        else:
            parts = [
                told
                for (area, group), told in own.what.items()
                if cell.area in {"", area} and (not cell.groups or group in cell.groups)
            ]
        n += sum(told[0] for told in parts)
        who = who.union(*(told[1] for told in parts))
    return n, who


def worth(cell: Cell, n: int, *, newest: str) -> float:
    """Return how much a reader loses when a cell is left out; totals last of all."""
    return _WORTH[cell.table] * (1 + float(np.log1p(n))) * (1.0 if cell.until == newest else _OLDER)


@dataclass(frozen=True)
class System:
    """
    Linear relations between atoms: ``rows @ x == values``, x whole numbers of at least zero.

    Parameters
    ----------
    rows
        Shape (n_relations, n_atoms).
    values
        What each relation sums to.
    """

    rows: sparse.csr_array
    values: NDArray[np.int64]

    def only(self, chosen: NDArray[np.bool_]) -> System:
        """Return some of the relations."""
        where = np.flatnonzero(chosen)
        return System(self.rows[where], self.values[where])


@dataclass(frozen=True)
class Aggregates:
    """
    Sums that somebody might work out, with how wide their interval must be.

    An aggregate that holds only a part of an atom counts it with nothing in `low`, and whole in
    `high`: that part may be any of it.

    Parameters
    ----------
    low, high
        Shape (n_aggregates, n_atoms).
    need
        At least so many whole numbers must be possible, minus one.
    cells
        What each is.
    """

    low: sparse.csr_array
    high: sparse.csr_array
    need: NDArray[np.int64]
    cells: list[Cell] = field(repr=False)


class Space:
    """
    The atoms of one kind as variables: as few as all its cells need.

    Quarters that every cell takes together are one stretch of time, and groups that every cell
    takes together are one group. Parts of the week are variables of their own, tied to the others
    by each stretch's total.

    Parameters
    ----------
    cells
        All that was or may be released of the kind.
    atoms
        Quarter to its atoms; every quarter of `cells`.
    areas
        Every area, and the unknown one.
    """

    def __init__(
        self, cells: Sequence[Cell], atoms: Mapping[str, Atoms], areas: Sequence[str]
    ) -> None:
        windows = sorted({cell.quarters for cell in cells})
        quarters = sorted({quarter for window in windows for quarter in window})
        spans = _alike(quarters, [set(window) for window in windows])
        named = sorted({cell.groups for cell in cells if cell.groups})
        groups = sorted({g for own in atoms.values() for _, g in own.what} | {*sum(named, ())})
        kinds = _alike(groups, [set(group) for group in named])
        self.cells, self.atoms, self.areas = list(cells), atoms, list(areas)
        self._span = {quarter: i for i, span in enumerate(spans) for quarter in span}
        self._group = {group: i for i, one in enumerate(kinds) for group in one}
        self.spans, self.kinds = spans, kinds
        self._area = {area: i for i, area in enumerate(self.areas)}
        self._parts = {part: i for i, part in enumerate((*PARTS, UNKNOWN_PART))}
        timed = {self._span[q] for cell in cells if cell.table == "part" for q in cell.quarters}
        self._timed = {span: i for i, span in enumerate(sorted(timed))}
        self._where = len(spans) * len(self.areas) * len(kinds)
        self.size = self._where + len(timed) * len(self._parts)

    def _at(self, span: int, area: int, group: int) -> int:
        return (span * len(self.areas) + area) * len(self.kinds) + group

    def truth(self) -> NDArray[np.int64]:
        """Return the atoms as they are, shape (n_atoms,)."""
        x = np.zeros(self.size, dtype=np.int64)
        for quarter, span in self._span.items():
            for (area, group), (n, _) in self.atoms[quarter].what.items():
                x[self._at(span, self._area[area], self._group[group])] += n
            if span in self._timed:
                for part, (n, _) in self.atoms[quarter].when.items():
                    at = self._timed[span] * len(self._parts) + self._parts[part]
                    x[self._where + at] += n
        return x

    def covered(self, cell: Cell) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the atoms that a cell holds whole, and all that it holds anything of."""
        spans = {self._span[quarter] for quarter in cell.quarters}
        whole = {i for i in spans if set(self.spans[i]) <= set(cell.quarters)}
        if cell.table == "part":
            part = self._parts[cell.part]
            touched = sorted(i for i in spans if i in self._timed)
            at = [self._where + self._timed[i] * len(self._parts) + part for i in touched]
            full = [one for one, span in zip(at, touched, strict=True) if span in whole]
            return np.array(full, dtype=np.int64), np.array(at, dtype=np.int64)
        areas = [self._area[cell.area]] if cell.area else range(len(self.areas))
        wanted = {self._group[g] for g in cell.groups} if cell.groups else range(len(self.kinds))
        complete = {g for g in wanted if not cell.groups or set(self.kinds[g]) <= set(cell.groups)}
        held = [
            (self._at(s, a, g), s in whole and g in complete)
            for s in sorted(spans)
            for a in areas
            for g in sorted(wanted)
        ]
        return (
            np.array([one for one, full in held if full], dtype=np.int64),
            np.array([one for one, _ in held], dtype=np.int64),
        )

    def rows(self, cells: Sequence[Cell]) -> sparse.csr_array:
        """Return the atoms of each cell as ones; every cell is whole atoms."""
        return _ones([self.covered(cell)[0] for cell in cells], self.size)

    def ties(self) -> System:
        """Return what ties parts of the week to areas and groups: each stretch's total."""
        rows = sparse.lil_array((len(self._timed), self.size), dtype=np.int64)
        each = len(self.areas) * len(self.kinds)
        for span, i in self._timed.items():
            rows[i, span * each : (span + 1) * each] = 1
            start = self._where + i * len(self._parts)
            rows[i, start : start + len(self._parts)] = -1
        return System(sparse.csr_array(rows), np.zeros(len(self._timed), dtype=np.int64))

    def aggregates(self, cells: Sequence[Cell], need: Sequence[int]) -> Aggregates:
        """Return cells, whole atoms or not, as sums that somebody might work out."""
        held = [self.covered(cell) for cell in cells]
        return Aggregates(
            _ones([low for low, _ in held], self.size),
            _ones([high for _, high in held], self.size),
            np.array(need, dtype=np.int64),
            list(cells),
        )

    def small(self, kind: str, stretches: Iterable[Sequence[str]], minimum: int) -> list[Cell]:
        """
        Return every sum within a stretch of time that is at least one but below `minimum`.

        All, each area, each group, each group of an area and, where they were released, each part
        of the week.
        """
        quarters = sorted(self._span)
        row = {quarter: i for i, quarter in enumerate(quarters)}
        what = np.zeros((len(quarters), len(self.areas), len(self.kinds)), dtype=np.int64)
        when = np.zeros((len(quarters), len(self._parts)), dtype=np.int64)
        for quarter in quarters:
            for (area, group), (n, _) in self.atoms[quarter].what.items():
                what[row[quarter], self._area[area], self._group[group]] += n
            for part, (n, _) in self.atoms[quarter].when.items():
                when[row[quarter], self._parts[part]] += n

        def few(counted: NDArray[np.int64]) -> list[tuple[int, ...]]:
            return [tuple(at) for at in np.argwhere((counted > 0) & (counted < minimum))]

        names, found = ["+".join(group) for group in self.kinds], []
        for stretch in stretches:
            span = tuple(stretch)
            own = what[[row[quarter] for quarter in span]].sum(axis=0)
            found += [Cell(kind, "total", span) for _ in few(own.sum(keepdims=True)[0])]
            found += [Cell(kind, "area", span, area=self.areas[a]) for (a,) in few(own.sum(axis=1))]
            found += [
                Cell(kind, "group", span, group=names[g], groups=self.kinds[g])
                for (g,) in few(own.sum(axis=0))
            ]
            found += [
                Cell(kind, "area_group", span, self.areas[a], names[g], groups=self.kinds[g])
                for a, g in few(own)
            ]
            if {self._span[quarter] for quarter in span} <= set(self._timed):
                parts = list(self._parts)
                timed = when[[row[quarter] for quarter in span]].sum(axis=0)
                found += [Cell(kind, "part", span, part=parts[p]) for (p,) in few(timed)]
        return found


def _alike(names: Sequence[str], sets: Sequence[set[str]]) -> list[tuple[str, ...]]:
    """Return names in classes: those that stand in just the same sets."""
    classes: dict[tuple[bool, ...], list[str]] = {}
    for name in names:
        classes.setdefault(tuple(name in one for one in sets), []).append(name)
    return [tuple(one) for one in classes.values()]


def _ones(columns: Sequence[NDArray[np.int64]], width: int) -> sparse.csr_array:
    ends = np.cumsum([0, *(len(one) for one in columns)])
    where = np.concatenate([*columns, np.array([], dtype=np.int64)])
    ones = np.ones(len(where), dtype=np.int64)
    return sparse.csr_array((ones, where, ends), shape=(len(columns), width))
