"""Profiles of places as people meet them: a short list each, folded."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from est_analysis.evidence import Text
from est_analysis.patterns.hotspots import PLACE_KINDS
from est_analysis.reports.language import KINDS, ONE, Language
from est_analysis.reports.tables.beside import name, situation
from est_analysis.reports.tables.where import when

if TYPE_CHECKING:
    from est_analysis.patterns.profiles import Profile
    from est_analysis.reports.results import Results


@dataclass(frozen=True)
class Profiles:
    """Some profiles, in order; a sentence where there are none."""

    profiles: tuple[Profile, ...]
    language: Language = field(repr=False)

    def _repr_html_(self) -> str:
        if not self.profiles:
            return f'<p class="note">{escape(self.language.say(_NOTHING))}</p>'
        return "".join(self._html(one) for one in self.profiles)

    def _html(self, one: Profile) -> str:
        say = self.language
        rows = "".join(
            f"<li><strong>{escape(say.translate(what))}:</strong> {escape(say.write(told))}</li>"
            for what, told in lines(one)
        )
        head = escape(say.say(name(one)))
        return f'<details class="profile"><summary>{head}</summary><ul>{rows}</ul></details>'

    def __str__(self) -> str:
        """Return the profiles as plain text."""
        say = self.language
        return "\n".join(
            "\n".join(
                [
                    say.say(name(one)),
                    *(f"- {say.translate(w)}: {say.write(t)}" for w, t in lines(one)),
                ]
            )
            for one in self.profiles
        ) or say.say(_NOTHING)


_NOTHING = Text("Ingen plats har så många händelser att den kan beskrivas.")


def lines(one: Profile) -> list[tuple[str, Text | list[str] | str]]:
    """Return what is told of a place, each with its heading; what is not known is left out."""
    counted = [
        Text("{n} {kind}", {"n": n, "kind": Text((ONE if n == 1 else KINDS)[kind])})
        for kind in PLACE_KINDS
        for n in [one.counts.get(kind)]
        if n
    ]
    situations = [
        Text("{label} ({n})", {"label": situation(key), "n": n}) for key, n in one.situations
    ]
    told: list[tuple[str, Text | list[str] | str | None]] = [
        ("På tolv månader", Text("{parts}", {"parts": counted}) if counted else None),
        ("Vad", one.groups),
        ("När", when(one.peak) or Text("för få för att säga")),
        ("Situation", Text("{parts}", {"parts": situations}) if situations else None),
        ("Miljön, enligt dem som rapporterar", one.factors),
        ("Varför otryggt", one.why),
        ("Brister", one.defects),
        ("Slags plats", one.place_type),
        ("Ansvarar för marken", one.responsible),
    ]
    return [(what, value) for what, value in told if value]


def profiles(results: Results) -> Profiles:
    """Return the profiles of the foremost places and the dense areas."""
    return Profiles(tuple(results.profiles), results.language)
