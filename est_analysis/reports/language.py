"""Putting things into words: Swedish at the source, numbers and dates by Babel."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent, get_decimal_symbol

from est_analysis.counts import Interval
from est_analysis.errors import SettingsError
from est_analysis.evidence import Share, Text, Word
from est_analysis.periods import Period

LOCALES = Path(__file__).parent / "locale"
SOURCE_LANGUAGE = "sv"
NAMES = "name"
"""The catalogue's context of names that the package carries and deliveries use."""
_LOCALES = {"en": "en_GB"}
_JOINT = " · "
"""What stands between the traits of a situation."""
_BETWEEN = ", "
_CELL = re.compile(r"\bRuta( \d+/\d+)")
_VALUE = re.compile(r"[^\w{]|\d+|\{\w+\}")
_LETTER = re.compile(r"[^\W\d_](?![^{}]*\})")

WORDS = {
    Word.CLEAR: "Tydligt",
    Word.INDICATION: "Antydan",
    Word.NO_SIGN: "Inget tecken",
    Word.CANNOT_TELL: "Går inte att avgöra",
}
SYMBOLS = {Word.CLEAR: "●", Word.INDICATION: "◐", Word.NO_SIGN: "○", Word.CANNOT_TELL: "?"}

KINDS = {
    "reported_crime": "anmälda brott",
    "event": "händelser",
    "unsafe_place": "rapporter om otrygg plats",
    "safe_place": "rapporter om trygg plats",
    "physical_defect": "fysiska brister",
    "upcoming": "kommande händelser",
    "nil_report": "nollrapporter",
}
ONE = {
    "reported_crime": "anmält brott",
    "event": "händelse",
    "unsafe_place": "rapport om otrygg plats",
    "safe_place": "rapport om trygg plats",
    "physical_defect": "fysisk brist",
    "upcoming": "kommande händelse",
    "nil_report": "nollrapport",
}
"""The same for one of them."""
WEEKDAYS = ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag")

CAVEATS = (
    "Anmälda brott är inte alla brott: många anmäls aldrig, och en del som anmäls visar sig inte "
    "vara brott.",
    "Mörkertalet är okänt och olika stort för olika slags händelser.",
    "Benägenheten att anmäla och rapportera ändras över tid. Fler rapporter kan bero på fler som "
    "rapporterar.",
    "Antalet narkotika- och trafikbrott följer hur mycket polisen kontrollerar.",
)
"""The four standing caveats; they stand beside the figures they concern."""


def catalogues() -> list[str]:
    """Return the codes of the languages that have a catalogue."""
    return sorted(file.parts[-3] for file in LOCALES.glob("*/LC_MESSAGES/est.po"))


@cache
def _catalogue(code: str) -> dict[str | None, dict[str, str]]:
    """Return the texts of a language by context, read once in a process."""
    from babel.messages.pofile import read_po

    known: dict[str | None, dict[str, str]] = {None: {}, NAMES: {}}
    with (LOCALES / code / "LC_MESSAGES" / "est.po").open("rb") as stream:
        for message in read_po(stream, locale=code):
            if message.id and message.string:
                known[message.context][str(message.id)] = str(message.string)
    return known


@cache
def _translated(code: str, text: str) -> str:
    """Return a text in a language: whole, or of known parts, or as it is."""
    known = _catalogue(code)[None]
    if text in known:
        return known[text]
    by_length = sorted((part for part in known if part in text), key=lambda part: -len(part))

    def compose(rest: str) -> str | None:
        if not _LETTER.search(rest):
            return rest
        for part in by_length:
            if rest.startswith(part):
                tail = compose(rest[len(part) :])
                if tail is not None:
                    return known[part] + tail
        value = _VALUE.match(rest)
        tail = compose(rest[value.end() :]) if value else None
        return None if value is None or tail is None else value[0] + tail

    return compose(text) or text


class Said(str):
    """Words that are in the report's language already, unlike those of a delivery or a register."""

    __slots__ = ()

    def __str__(self) -> str:
        """Return itself, so that it is still known for what it is."""
        return self


class Language:
    """
    One language of a report.

    Parameters
    ----------
    code
        ``sv``, or the code of a catalogue in `LOCALES`.

    Raises
    ------
    SettingsError
        If there is no catalogue for the code.
    """

    def __init__(self, code: str) -> None:
        known = (SOURCE_LANGUAGE, *catalogues())
        if code not in known:
            raise SettingsError(
                f"Språket ”{code}” finns inte.", mend=f"Välj något av: {', '.join(known)}."
            )
        self.code = code
        self._names = {} if code == SOURCE_LANGUAGE else _catalogue(code)[NAMES]

    @cached_property
    def locale(self) -> Locale:
        """Babel's locale."""
        return Locale.parse(_LOCALES.get(self.code, self.code))

    @property
    def decimal_mark(self) -> str:
        """The sign between whole and part."""
        return str(get_decimal_symbol(self.locale))

    def folder(self, period: str) -> str:
        """Return the folder of a report, for example 2026Q3, or 2026Q3-en in English."""
        return period if self.code == SOURCE_LANGUAGE else f"{period}-{self.code}"

    def translate(self, text: str) -> str:
        """
        Return a Swedish text in this language.

        A text that was put together of parts is translated part by part, the longest first; one
        that the catalogue does not know stays as it is.
        """
        if not text or self.code == SOURCE_LANGUAGE:
            return text
        return Said(_translated(self.code, text))

    def name(self, text: str) -> str:
        """
        Return a name in this language where the package itself carries it, else as it is.

        A group of codes or a state in a register is such a name; the names of places, problems and
        measures are the municipality's own, and stay as they were written.
        """
        if not self._names or not text:
            return text
        if _JOINT in text:
            return _JOINT.join(self.name(part) for part in text.split(_JOINT))
        own = self._names.get(text)
        if own is None and _BETWEEN in text:
            parts = [self.name(part) for part in text.split(_BETWEEN)]
            known = all(part in self._names or part in self._lower for part in text.split(_BETWEEN))
            return Said(_BETWEEN.join(parts)) if known else text
        if own is None and text[:1].islower():  # a group's name inside a sentence
            own = self._lower.get(text)
        if own is not None:
            return Said(own)
        return _CELL.sub(self._names.get("Ruta", "Ruta") + r"\1", text)

    @cached_property
    def _lower(self) -> dict[str, str]:
        return {
            text[:1].lower() + text[1:]: own[:1].lower() + own[1:]
            for text, own in self._names.items()
        }

    def is_own(self, text: str) -> bool:
        """Tell whether a text stays in Swedish in another language, so that it must be marked."""
        return (
            self.code != SOURCE_LANGUAGE
            and not isinstance(text, Said)
            and any(letter.isalpha() for letter in text)
            and text not in self._names
            and self.name(text) == text
            and not text.startswith(f"{self._names.get('Ruta')} ")
        )

    def say(self, text: Text) -> str:
        """Return a sentence with its values written out."""
        values = {name: self.write(value) for name, value in text.values.items()}
        return Said(self.translate(text.chosen).format(**values))

    def sentence(self, text: Text) -> str:
        """Return a text as a sentence of its own, with a capital first."""
        said = self.say(text)
        return Said(said[:1].upper() + said[1:])

    def write(self, value: Any) -> str:  # noqa: ANN401, PLR0911 - one writer of all
        """Return one value as text; what it is decides how."""
        match value:
            case None:
                return "–"
            case Text():
                return self.say(value)
            case Share():
                form = "#,##0\u00a0%" if self.code == SOURCE_LANGUAGE else None
                return str(format_percent(value, format=form, locale=self.locale))
            case bool():
                return self.translate("ja" if value else "nej")
            case Interval():
                return self._interval(value)
            case Period():
                return self.period(value)
            case datetime() | date():
                return self.long_date(value)
            case str():
                return self.name(value)
            case int():
                return str(format_decimal(value, locale=self.locale))
            case float():
                return self.number(value)
            case Sequence():
                return format_list([self.write(part) for part in value], locale=self.locale)
        return self._numpy(value)

    def _numpy(self, value: Any) -> str:  # noqa: ANN401
        return self.write(value.item()) if hasattr(value, "item") else str(value)

    def number(self, value: float, digits: int | None = None) -> str:
        """Return a number with as many decimals as it carries: one up to ten, two near zero."""
        if math.isnan(value):
            return "–"
        if math.isinf(value):
            return "∞" if value > 0 else "−∞"
        if digits is None:
            digits = 0 if abs(value) >= 10 else 2 if 0 < abs(value) < 0.095 else 1
        return str(format_decimal(round(value, digits), f"#,##0.{'0' * digits}", self.locale))

    def _interval(self, interval: Interval) -> str:
        if math.isinf(interval.high):
            return self.translate("minst {low}").format(low=self.number(interval.low))
        return f"{self.number(interval.low)}–{self.number(interval.high)}"

    def long_date(self, day: date) -> str:
        """Return a day, for example 30 september 2026."""
        return str(format_date(day, "d MMMM y", locale=self.locale))

    def short_date(self, day: date) -> str:
        """Return a day as it stands in tables, for example 2026-09-30."""
        return day.isoformat()[:10]

    def period(self, period: Period) -> str:
        """Return a period, for example juli–september 2026 or 17–30 september 2026."""
        if period.kind == "year":
            return str(period.start.year)
        if period.kind == "month":
            return str(format_date(period.start, "MMMM y", locale=self.locale))
        if period.kind in {"quarter", "tertial"}:
            first = format_date(period.start, "MMMM", locale=self.locale)
            return f"{first}–{format_date(period.last, 'MMMM y', locale=self.locale)}"
        first_day, last_day = period.start, period.last
        if first_day == last_day:
            return self.long_date(first_day)
        if (first_day.year, first_day.month) == (last_day.year, last_day.month):
            return f"{first_day.day}–{self.long_date(last_day)}"
        same_year = first_day.year == last_day.year
        first = format_date(first_day, "d MMMM" if same_year else "d MMMM y", locale=self.locale)
        return f"{first} – {self.long_date(last_day)}"

    def month(self, day: date) -> str:
        """Return the month of a day, for example september."""
        return str(format_date(day, "LLLL", locale=self.locale))

    def kind(self, kind: str) -> str:
        """Return what records of a kind are called."""
        return self.translate(KINDS[kind])

    def word(self, word: Word) -> str:
        """Return one of the four words."""
        return self.translate(WORDS[word])
