"""What the published chapters read: released tables, and what can be said of them alone."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from est_analysis import periods
from est_analysis.municipality import Thresholds
from est_analysis.periods import Period
from est_analysis.reports.language import KINDS, Language
from est_analysis.reports.published import bundle, doors

if TYPE_CHECKING:
    from est_analysis.evidence import Finding

RELEASED_FOLDER = "EST_RELEASED"
"""Environment variable with the folder of the bundle; set for the rendering process only."""


class Released:
    """
    The released tables of one published edition.

    Parameters
    ----------
    content
        A bundle.
    language
        Of all that is read.
    """

    edition = "published"

    def __init__(self, content: dict[str, Any], language: Language) -> None:
        self.content, self.language = content, language
        self.quarter = periods.parse(content["period"])
        self.period: Period = self.quarter.year_to_end()
        self.minimum, self.areas = int(content["minimum"]), list(content["areas"])
        self.contact = str(content.get("contact", ""))
        self.municipality = SimpleNamespace(
            name=content["name"],
            purpose=content["purpose"],
            controller=content["controller"],
            thresholds=Thresholds(**content["thresholds"]),
        )
        self._numbers = {
            (kind, c["table"], c["until"], c["area"], c["group"], c["part"]): c["n"]
            for kind, tables in content["kinds"].items()
            for c in tables["cells"]
        }

    @property
    def kinds(self) -> list[str]:
        """The kinds of record that anything is released of, reported crime first."""
        told = self.content["kinds"]
        return [kind for kind in KINDS if kind in told and told[kind]["cells"]]

    def whole(self, kind: str) -> bool:
        """Tell whether a kind can be compared over time."""
        return bool(self.content["kinds"][kind]["whole"])

    @cached_property
    def windows(self) -> list[str]:
        """The last quarter of each twelve months, newest first."""
        return sorted({key[2] for key in self._numbers}, reverse=True)

    def windows_of(self, kind: str, table: str) -> list[str]:
        """Return the windows that a table of a kind is released for, newest first."""
        own = {key[2] for key in self._numbers if key[:2] == (kind, table)}
        return sorted(own, reverse=True)

    def names(self, kind: str, table: str) -> list[str]:
        """Return what a table's rows are called, in an order that says nothing of their size."""
        at = {"area": 3, "group": 4, "part": 5, "area_group": 4}[table]
        found = dict.fromkeys(key[at] for key in self._numbers if key[:2] == (kind, table))
        return list(found)

    def number(
        self, kind: str, table: str, until: str, *, area: str = "", group: str = "", part: str = ""
    ) -> int | None:
        """Return a released number; None where it is left out or no such number is released."""
        found: int | None = self._numbers.get((kind, table, until, area, group, part))
        return found

    @cached_property
    def shown(self) -> tuple[int, int]:
        """How many of the numbers are shown, and how many there are."""
        return sum(n is not None for n in self._numbers.values()), len(self._numbers)

    @cached_property
    def findings(self) -> list[Finding]:
        """Every finding, made anew from the released numbers, with its word."""
        from est_analysis.reports.published.findings import findings

        return findings(self)

    def __repr__(self) -> str:
        """Return what an analyst wants to see first."""
        shown, of = self.shown
        return f"{self.municipality.name}, {self.quarter}, published: {shown} of {of} numbers"


def open_release(
    municipality: str,
    period: str,
    *,
    edition: str = "published",
    language: str = "sv",
) -> Released:
    """
    Open the released tables, as the first cell of every published chapter does.

    In the rendering process they are read from its bundle, and no other file can be opened after
    that. An analyst who runs the chapter gets them made from the municipality, beside what the
    ledger says is out; nothing is recorded.

    Parameters
    ----------
    municipality
        A municipality's folder, or the name of a shipped example; not used in the rendering.
    period
        As `periods.parse` reads it.
    edition
        ``published``; there for likeness with the other chapters.
    language
        ``sv``, or the code of a shipped catalogue.

    Raises
    ------
    SettingsError, PeriodError, ReportError
        If the municipality or the period do not hold, or nothing can be shown to be safe.
    """
    from est_analysis.reports.results import Results, check_edition

    check_edition(edition)
    folder = os.environ.get(RELEASED_FOLDER)
    if folder:
        doors.shut(Path(folder))
        return Released(bundle.read(Path(folder)), Language(language))
    from est_analysis import municipality as municipalities
    from est_analysis.reports.published.make import released_of

    settings = municipalities.load(municipality)
    results = Results(settings, periods.parse(period), "internal", Language(language))
    return Released(bundle.bundle(results, released_of(results)), Language(language))
