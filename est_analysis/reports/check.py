"""What ``est check`` says: the deliveries in short, and all that waits for somebody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from est_analysis.evidence import Text
from est_analysis.measures.checks import NOT_EVALUATED

if TYPE_CHECKING:
    import pandas as pd

    from est_analysis.gather.accept import Gathered
    from est_analysis.gather.quality import Measure, Quality
    from est_analysis.measures.catalogue import Catalogue
    from est_analysis.measures.register import Register
    from est_analysis.reports.language import Language

MOST = 3
"""So many rows of each reason and source are listed; ``est check --all`` lists every one."""


def summary(quality: Quality) -> list[tuple[str, ...]]:
    """Return one line of cells a source: label, rows, used, waiting, not taken in, repeated."""
    fates = ("rows", "accepted", "quarantined", "dropped", "repeated")
    return [
        (str(row["label"]), *(str(row[fate]) for fate in fates))
        for row in quality.sources.to_dict("records")
    ]


def lines(
    gathered: Gathered,
    quality: Quality,
    register: Register,
    say: Language,
    *,
    catalogue: Catalogue | None = None,
    every: bool = False,
) -> Iterator[str]:
    """
    Yield what waits for somebody, line by line, the gravest first; nothing where all is well.

    Parameters
    ----------
    gathered, quality, register
        What was read, and how good it is.
    say
        The language.
    catalogue
        Measures, where the municipality keeps a list of its own.
    every
        List every stopped row instead of the first `MOST` of each reason and source.
    """
    for unread in gathered.unread:
        yield from _headed("En fil gick inte att läsa:", str(unread.error).splitlines())
    yield from _headed("Se upp med:", [say.sentence(one.text) for one in _others(quality)])
    yield from _stopped(gathered.quarantine, quality, say, every=every)
    yield from _near_misses(gathered.near_misses, say)
    own = [] if catalogue is None else [catalogue.faults]
    held = register.remarks["cost"] == NOT_EVALUATED
    for head, noted in (
        (
            "Rader i gruppens egna listor som inte går att använda:",
            (gathered.rulings.faults, register.faults, *own),
        ),
        ("Insatser som inte utvärderas förrän raden är rättad:", (register.remarks[held],)),
        ("Att se över i registret (raderna används):", (register.remarks[~held],)),
    ):
        yield from _headed(head, [point for table in noted for point in _noted(table, say)])


def _noted(table: pd.DataFrame, say: Language) -> Iterator[str]:
    for row in table.to_dict("records"):
        told = str(row["reason"])
        said = say.say(Text(told, row["values"])) if "values" in row else say.translate(told)
        yield f"{row['file']} rad {row['row']}, {row['column']}: {said}"


def verdict(
    gathered: Gathered, register: Register, say: Language, catalogue: Catalogue | None = None
) -> str:
    """Return the last line: how much waits, in all."""
    rows = int(gathered.accounting["quarantined"].sum())
    waits = {
        "files": len(gathered.unread),
        "rows": rows,
        "near": len(gathered.near_misses),
        "faults": len(gathered.rulings.faults)
        + len(register.faults)
        + int((register.remarks["cost"] == NOT_EVALUATED).sum())
        + (0 if catalogue is None else len(catalogue.faults)),
    }
    if not any(waits.values()):
        return say.translate("Allt går att använda.")
    return say.say(
        Text(
            "Väntar på rättning: {rows} rader, {files} filer, {near} nästan-träffar och {faults} "
            "rader i egna listor. De kommer med när de är rättade.",
            waits,
        )
    )


def _others(quality: Quality) -> list[Measure]:
    """Return the warnings that no list below repeats."""
    listed = {"unread", "near_misses", "rulings"}
    return [one for one in quality.warnings if one.name not in listed]


def _headed(head: str, points: list[str]) -> Iterator[str]:
    if points:
        yield ""
        yield head
        yield from (f"  {point}" for point in points)


def _stopped(
    quarantine: pd.DataFrame, quality: Quality, say: Language, *, every: bool
) -> Iterator[str]:
    from est_analysis.gather.fates import REASONS, REMEDIES

    labels = quality.sources.set_index("source")["label"]
    in_all = quarantine["reason"].value_counts()
    for reason in sorted(in_all.index, key=lambda name: (-in_all[name], name)):
        own = quarantine[quarantine["reason"] == reason]
        points = []
        for (source, column), rows in own.groupby(["source", "column"], sort=False):
            said = [
                f"{row.file if every else row.file.rsplit('/', 1)[-1]} rad {row.row}"
                + (f" ({row.value})" if row.value else "")
                for row in (rows if every else rows.head(MOST)).itertuples()
            ]
            where = f"{labels[source]}, {column}" if column else str(labels[source])
            if every:
                points += [f"{where}: {one}" for one in said]
            else:
                more = f" och {len(rows) - len(said)} till" if len(rows) > len(said) else ""
                points.append(f"{where}: {', '.join(said)}{more}")
        head = f"{_rows(len(own), say)}: {say.translate(REASONS[reason])}."
        yield from _headed(f"{head} {say.translate(REMEDIES[reason])}", points)
    if len(quarantine) and not every:
        yield from ("", "Varje rad för sig: est check --all.")


def _rows(n: int, say: Language) -> str:
    return say.say(Text("{n} rader", {"n": n}, "{n} rad"))


def _near_misses(near_misses: pd.DataFrame, say: Language) -> Iterator[str]:
    from est_analysis.gather.quality import alias_line

    points = [
        f"{alias_line(row)}   ({_rows(int(row.rows), say)}, likhet {row.score:.0f} av 100)"
        for row in near_misses.itertuples()
    ]
    yield from _headed(
        "Nästan rätt. Stämmer det, lägg till raden i reference/aliases.csv "
        "(rubrik slag;kalla;skrivet;betyder):",
        points,
    )
