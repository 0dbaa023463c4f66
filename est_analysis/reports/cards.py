"""Findings as people meet them: the word with its symbol, then the sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from est_analysis.evidence import Finding, Text, Word, foremost
from est_analysis.reports.language import SYMBOLS, Language, Said

if TYPE_CHECKING:
    from est_analysis.reports.results import Results


@dataclass(frozen=True)
class Findings:
    """Some findings, in order."""

    findings: tuple[Finding, ...]
    language: Language = field(repr=False)

    def _repr_html_(self) -> str:
        return "".join(html(finding, self.language) for finding in self.findings)

    def __str__(self) -> str:
        """Return the sentences, each on its line with its word."""
        return "\n".join(line(finding, self.language) for finding in self.findings)


def line(finding: Finding, language: Language) -> str:
    """Return a finding as plain text."""
    word = f"[{language.word(finding.word)}] " if finding.word else ""
    return Said(word + language.sentence(finding.text))


def html(finding: Finding, language: Language) -> str:
    """Return a finding as an HTML paragraph; every text is escaped."""
    sentence = escape(language.sentence(finding.text))
    if finding.word is None:
        return f'<p class="finding">{sentence}</p>'
    return (
        f'<p class="finding {finding.word.value}">'
        f'<span class="word"><span aria-hidden="true">{SYMBOLS[finding.word]}</span> '
        f"{escape(language.word(finding.word))}</span> {sentence}</p>"
    )


@dataclass(frozen=True)
class Points:
    """A sentence, and the points under it."""

    head: Finding
    points: tuple[Text, ...]
    language: Language = field(repr=False)

    def _repr_html_(self) -> str:
        items = "".join(
            f'<li><span aria-hidden="true">▲</span> {escape(self.language.sentence(point))}</li>'
            for point in self.points
        )
        return html(self.head, self.language) + (
            f'<ul class="points">{items}</ul>' if items else ""
        )

    def __str__(self) -> str:
        """Return the sentences, each on its line."""
        points = [f"- {self.language.sentence(point)}" for point in self.points]
        return "\n".join([line(self.head, self.language), *points])


def quality(results: Results) -> Points:
    """Return how good the deliveries are, and everything that people should look at."""
    (head,) = finding(results, "quality").findings
    return Points(head, tuple(one.text for one in results.quality.warnings), results.language)


def finding(results: Results, identity: str, *, brief: bool = False) -> Findings:
    """
    Return one finding by its id.

    Raises
    ------
    KeyError
        If the report has no finding of that id.
    """
    found = {f.id: f for f in (results.brief_findings if brief else results.findings)}
    return Findings((found[identity],), results.language)


def claims(
    results: Results,
    prefix: str,
    *,
    parts: int | None = None,
    brief: bool = False,
    gated: bool = True,
    most: int = 8,
) -> Findings:
    """
    Return findings whose id begins with `prefix`, strongest word first.

    Parameters
    ----------
    results
        The report's.
    prefix
        Such as ``change/``.
    parts
        Take only ids with so many parts after the prefix; None takes all.
    brief
        Take the meeting's findings instead of the quarter's.
    gated
        Leave out those with too few events to try.
    most
        At most so many.
    """
    listed = results.brief_findings if brief else results.findings
    own = [f for f in listed if f.id.startswith(prefix) and (f.word is None or f.gate or not gated)]
    if parts is not None:
        own = [f for f in own if len(f.id.removeprefix(prefix).split("/")) == parts]
    return Findings(tuple(foremost(own)[:most]), results.language)


def tally(findings: list[Finding]) -> dict[Word, int]:
    """Count the claims by their word; every word is present."""
    return {word: sum(f.word is word for f in findings) for word in Word}
