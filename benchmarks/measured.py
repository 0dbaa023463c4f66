"""
What a benchmark says: aims stand in code, figures are measured, and one document is made of both.

`Part` is declared beside the code that measures it: what is held to what, and why where we lose.
`Measured` is what one run of it gave, kept in docs/benchmarks.json. `document` makes all of
docs/benchmarks.md of the two; no word or figure there is written by hand.
"""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MET, MISSED, UNTOLD = "met", "MISSED", "not measured"
HEAD = ("work", "ours", "beside", "figure", "aim", "")


@dataclass(frozen=True)
class Aim:
    """
    What a figure is held to.

    Parameters
    ----------
    key
        What the measuring code calls it.
    what
        The work, as told: mostly one cost divided by another.
    limit
        The figure may be at most so much.
    least
        Whether it must be at least so much instead.
    unit
        Of `Figure.ours` and `Figure.beside`.
    peer
        Whether what stands beside is another tool's, so that the slower of the two has lost.
    why
        Why we lose where we do; told only then.
    """

    key: str
    what: str
    limit: float
    least: bool = False
    unit: str = "s"
    peer: bool = False
    why: str = ""

    @property
    def bound(self) -> str:
        """The limit in words."""
        return f"{'at least' if self.least else 'at most'} {number(self.limit)}"


@dataclass(frozen=True)
class Figure:
    """
    What was measured for an aim.

    Parameters
    ----------
    value
        What the aim's limit is about.
    ours, beside
        The costs that it is made of; None where it is one thing alone.
    bound
        ``over`` or ``under`` where work was stopped, so that the true figure lies beyond.
    """

    value: float
    ours: float | None = None
    beside: float | None = None
    bound: str = ""


@dataclass(frozen=True)
class Table:
    """Details of a part, as texts."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Part:
    """
    One benchmark, as declared: its name, title, the command and file, how it measures, its aims.

    ``after`` is what is told below its tables.
    """

    name: str
    title: str
    command: str
    file: str
    text: str
    aims: tuple[Aim, ...] = ()
    after: str = ""


@dataclass(frozen=True)
class Measured:
    """What one run of a part gave: figures by the aims' keys, tables, and what could not be run."""

    figures: Mapping[str, Figure] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    left_out: tuple[str, ...] = ()
    on: str = ""

    @classmethod
    def of(cls, given: dict[str, Any]) -> Measured:
        """Return what was kept as plain values."""
        return cls(
            {key: Figure(**figure) for key, figure in given["figures"].items()},
            tuple(
                Table(tuple(table["head"]), tuple(map(tuple, table["rows"])))
                for table in given["tables"]
            ),
            tuple(given["left_out"]),
            given["on"],
        )


def here() -> str:
    """Return when and on what a run is made."""
    return f"{date.today()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def ratio(ours: float, beside: float, *, turned: bool = False) -> Figure:
    """Return ours divided by what stands beside, or (`turned`) the other way."""
    return Figure(beside / ours if turned else ours / beside, ours, beside)


def verdict(aim: Aim, figure: Figure | None) -> str:
    """Return whether an aim is met; what was stopped meets none that it would make easier."""
    if figure is None:
        return UNTOLD
    if aim.least:
        met = figure.value >= aim.limit and figure.bound != "under"
    else:
        met = figure.value <= aim.limit and figure.bound != "over"
    return MET if met else MISSED


def loses(aim: Aim, figure: Figure | None) -> bool:
    """Tell whether the aim is missed, or another tool costs less than we do."""
    if figure is None:
        return False
    costs = (figure.ours, figure.beside)
    dearer = aim.peer and None not in costs and figure.ours > figure.beside
    return dearer or verdict(aim, figure) == MISSED


def number(value: float, beside: float | None = None) -> str:
    """Return a number with three digits, or so many that it falls on its own side of another."""
    for digits in range(3, 17):
        whole = abs(value) >= 10 ** (digits - 1)
        text = f"{value:,.0f}" if whole else f"{value:.{digits}g}"
        shown = float(text.replace(",", ""))
        if beside is None or (shown < beside, shown > beside) == (value < beside, value > beside):
            return text
    return repr(value)


def line(aim: Aim, figure: Figure | None) -> tuple[str, ...]:
    """Return an aim and its figure as a row under `HEAD`."""
    if figure is None:
        return aim.what, "", "", "", aim.bound, UNTOLD
    costs = [
        "" if cost is None else f"{number(cost)} {aim.unit}".strip()
        for cost in (figure.ours, figure.beside)
    ]
    value = f"{figure.bound} {number(figure.value, aim.limit)}".strip()
    return aim.what, *costs, value, aim.bound, verdict(aim, figure)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return a table as lines of Markdown."""
    names = tuple(head)
    return [f"| {' | '.join(one)} |" for one in (names, ("---",) * len(names), *rows)]


def aligned(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table for the eye."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if 0 < at < 4 else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in lines
    )


Kept = dict[str, Measured]


def pairs(parts: Iterable[Part], kept: Kept) -> list[tuple[Aim, Figure | None]]:
    """Return every aim of the parts with its figure, None where there is none."""
    return [
        (aim, kept[part.name].figures.get(aim.key) if part.name in kept else None)
        for part in parts
        for aim in part.aims
    ]


def verdicts(parts: Iterable[Part], kept: Kept) -> dict[str, int]:
    """Return how many aims are met, missed and not measured."""
    told = [verdict(*pair) for pair in pairs(parts, kept)]
    return {word: told.count(word) for word in (MET, MISSED, UNTOLD)}


def shown(parts: Iterable[Part], kept: Kept) -> str:
    """Return the one table of aims for the eye, and how many are met."""
    own = list(parts)
    counted = verdicts(own, kept)
    rows = [line(*pair) for pair in pairs(own, kept)]
    summed = f"{counted[MET]} met, {counted[MISSED]} missed"
    more = f", {counted[UNTOLD]} not measured" if counted[UNTOLD] else ""
    return f"{aligned(HEAD, rows)}\n{summed}{more}"


INTRODUCTION = """\
Made by `make bench ARGS="--write docs/benchmarks.md"` in one run (fleet and faults with the same
words after `make scale` and `make faults`): nothing here is written by hand. Words stand in
`benchmarks/`, beside the code that measures; figures in `benchmarks.json`. Ratios are what carries
over to another machine: both sides are run in turn in the same minutes, on one that does nothing
else. Times are seconds, memory is a whole process's peak."""
NOTHING_LOST = (
    "Nowhere: every aim is met, and no other tool that was measured beside ours is faster."
)
NO_REASON = "Not explained yet."


def document(parts: Iterable[Part], kept: Kept) -> str:
    """Return the whole document: where we lose, the aims, and each part's details."""
    own = list(parts)
    both = pairs(own, kept)
    lines = ["# Benchmarks", "", INTRODUCTION, "", "## Where we lose", ""]
    lost = [(aim, figure) for aim, figure in both if figure and loses(aim, figure)]
    for aim, figure in sorted(lost, key=lambda pair: verdict(*pair) == MET):
        _, ours, beside, value, bound, met = line(aim, figure)
        costs = f" ({ours} against {beside})" if beside else ""
        word = "**MISSED**" if met == MISSED else "Within the aim, but dearer"
        lines += [f"- {word}: {aim.what}: {value}{costs}, aim {bound}. {aim.why or NO_REASON}"]
    untold = [f"{part.title} (`{part.command}`)" for part in own if part.name not in kept]
    begun = pairs([part for part in own if part.name in kept], kept)
    untold += [aim.what for aim, figure in begun if figure is None]
    lines += [f"- Not measured: {what}." for what in untold]
    if not lost and not untold:
        lines += [NOTHING_LOST]
    lines += ["", "## Aims", "", *table(HEAD, [line(*pair) for pair in both])]
    for part in own:
        lines += ["", f"## {part.title} (`{part.command}`, `{part.file}`)", "", part.text]
        found = kept.get(part.name)
        if found is None:
            lines += ["", "Not measured yet."]
            continue
        for one in found.tables:
            lines += ["", *table(one.head, one.rows)]
        lines += ["", *([part.after, ""] if part.after else [])]
        lines += [*(f"Left out: {what}." for what in found.left_out), f"Measured: {found.on}."]
    return "\n".join(lines) + "\n"


def figures_of(file: Path) -> Path:
    """Return where the figures of a document are kept."""
    return file.with_suffix(".json")


def read(file: Path) -> Kept:
    """Return what is kept of earlier runs beside a document; nothing where there is none."""
    beside = figures_of(file)
    if not beside.exists():
        return {}
    given = json.loads(beside.read_text("utf-8"))
    return {name: Measured.of(one) for name, one in given.items()}


def write(file: Path, parts: Iterable[Part], found: Kept) -> Kept:
    """Write a document anew with what was found; parts that were not measured now stay."""
    kept = {**read(file), **found}
    plain = {name: asdict(one) for name, one in sorted(kept.items())}
    text = json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False)
    figures_of(file).write_text(text + "\n", "utf-8")
    file.write_text(document(parts, kept), "utf-8")
    return kept


def slope(small: tuple[float, float], large: tuple[float, float]) -> float:
    """Return the exponent of growth between two sizes and what they cost: 1 is linear."""
    return math.log(large[1] / small[1]) / math.log(large[0] / small[0])


def memory_peak() -> float:
    """Return this process's peak of resident memory so far, in megabytes (Linux)."""
    for entry in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if entry.startswith("VmHWM:"):
            return int(entry.split()[1]) / 1024
    raise OSError("no peak of memory is told here")
