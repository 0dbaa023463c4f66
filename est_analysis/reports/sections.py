"""Sections of a chapter that are made of several parts, shown one under the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from est_analysis.reports import cards, charts, tables

if TYPE_CHECKING:
    from est_analysis.reports.results import Results


class _Shown(Protocol):
    def _repr_html_(self) -> str: ...


@dataclass(frozen=True)
class Section:
    """Some findings, charts and tables, in order."""

    parts: tuple[_Shown, ...]

    def _repr_html_(self) -> str:
        return "".join(part._repr_html_() for part in self.parts)

    def __str__(self) -> str:
        """Return the parts as plain text, each on its line."""
        return "\n".join(str(part) for part in self.parts)


def together(results: Results) -> Section:
    """Return what like measures say together, and how treated places went beside others."""
    return Section(
        (
            cards.claims(results, "pooled/"),
            charts.study(results),
            cards.claims(results, "study/"),
            tables.quotients(results),
        )
    )


def plans(results: Results) -> Section:
    """Return what the numbers of each planned measure could show, with the figures folded."""
    table = replace(tables.plans(results), folded="Visa siffrorna")
    return Section((cards.claims(results, "plan/"), table))
