"""What is out already: earlier releases and the counts that they were made of, from the ledger."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from est_analysis.errors import ReportError
from est_analysis.gather import store
from est_analysis.municipality import Municipality
from est_analysis.release.atoms import Atoms
from est_analysis.release.cells import Cell

RELEASES, COUNTS = "releases", "released_counts"


@dataclass(frozen=True)
class Past:
    """
    What the ledger holds.

    Parameters
    ----------
    releases
        Every published edition, oldest first.
    atoms
        ``(kind, quarter)`` to the counts that were first used; they are never changed, so that no
        two releases differ in a late row.
    """

    releases: list[dict[str, Any]]
    atoms: dict[tuple[str, str], Atoms]

    def cells(self, kind: str) -> dict[Cell, int | None]:
        """Return every cell of a kind that was ever released or left out, with its number."""
        found: dict[Cell, int | None] = {}
        for release in self.releases:
            for entry in release["kinds"].get(kind, {"cells": []})["cells"]:
                cell = Cell.of_entry(entry)
                if found.get(cell) is None:
                    found[cell] = entry["n"]
        return found

    def same(self, period: str, design: dict[str, Any]) -> dict[str, Any] | None:
        """Return the latest release of a period, if it was made by the same rules."""
        own = [one for one in self.releases if one["period"] == period]
        return own[-1] if own and own[-1]["design"] == design else None


def digest(kinds: dict[str, Any]) -> str:
    """Return the SHA-256 of a release's tables."""
    return hashlib.sha256(
        json.dumps(kinds, ensure_ascii=False, sort_keys=True).encode()
    ).hexdigest()


def past(municipality: Municipality) -> Past:
    """
    Read what is out already.

    Raises
    ------
    ReportError
        If a line cannot be read, or an earlier release is not what was written: then nobody can
        say what is out, and nothing more is published.
    """
    releases = store.entries(municipality, RELEASES)
    for number, release in enumerate(releases, 1):
        if digest(release.get("kinds", {})) != release.get("sha256"):
            raise ReportError(
                "En tidigare publicering i liggaren är ändrad.",
                where=f"{RELEASES}.jsonl, rad {number}",
                mend="Återställ filen från säkerhetskopian. Utan den går det inte att säga vad som "
                "redan är publicerat, och inget mer publiceras.",
            )
    counts: dict[tuple[str, str], Atoms] = {}
    for entry in store.entries(municipality, COUNTS):
        atoms = Atoms.of_entry(entry)
        counts.setdefault((atoms.kind, atoms.quarter), atoms)
    for release in releases:
        for kind, tables in release["kinds"].items():
            needed = {(kind, q) for cell in tables["cells"] for q in cell["quarters"]}
            if needed - set(counts):
                raise ReportError(
                    "Liggaren saknar siffror som en tidigare publicering bygger på.",
                    where=f"{COUNTS}.jsonl",
                    mend="Återställ filen från säkerhetskopian. Inget mer publiceras utan den.",
                )
    return Past(releases, counts)


def record(municipality: Municipality, entry: dict[str, Any], atoms: list[Atoms]) -> None:
    """
    Add a release and its counts to the ledger, before any file of it can be read by others.

    Raises
    ------
    ReportError
        If the ledger cannot be written; what stands in it is as it was.
    """
    store.append(municipality, COUNTS, [one.entry() for one in atoms])
    store.append(municipality, RELEASES, [entry])
