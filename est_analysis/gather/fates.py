"""The fate of every row of a source: accepted, quarantined, dropped by rule, or repeated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from est_analysis.gather import near, rulings
from est_analysis.gather.deliveries import Delivery
from est_analysis.gather.guard import HIDDEN, shown_code
from est_analysis.gather.rulings import Rulings
from est_analysis.gather.spread import same, stacked
from est_analysis.municipality import Source

ACCEPTED, QUARANTINED, DROPPED, REPEATED = "accepted", "quarantined", "dropped", "repeated"
FATES = (ACCEPTED, QUARANTINED, DROPPED, REPEATED)

REASONS = {
    "broken_row": "raden har fler fält än rubriken",
    "unknown_kind": "okänd typ av post",
    "unknown_code": "okänd kod",
    "no_start": "datum saknas",
    "unreadable_start": "datumet går inte att läsa",
    "unreadable_end": "slutdatumet går inte att läsa",
    "unreadable_registered": "registreringsdatumet går inte att läsa",
    "end_before_start": "slutar innan den börjar",
    "unreadable_coordinates": "koordinaterna går inte att läsa",
    "degrees": "koordinaterna är grader, inte meter",
    "metres_for_degrees": "koordinaterna är meter, inte grader",
    "swapped_axes": "x och y har bytt plats",
    "other_crs": "koordinaterna passar i ett annat system än det angivna",
    "outside": "ligger utanför kommunen",
    "bad_count": "antalet är inget heltal från 1",
    "bad_severity": "allvaret är inte 1, 2 eller 3",
    "personal_data": "innehåller personuppgifter",
}
"""What each reason for quarantine is called in what people read."""

REMEDIES = {
    "broken_row": "Ta bort det överflödiga skiljetecknet på raden, eller sätt texten inom "
    "citattecken.",
    "unknown_kind": "Rätta typen, eller skriv under kinds för källan vad den betyder.",
    "unknown_code": "Rätta koden, eller för in den i kodlistan med sin grupp. Ska den aldrig tas "
    "in: skriv den under drop.",
    "no_start": "Fyll i när det hände. Vet ni bara månaden: skriv 2026-09.",
    "unreadable_start": "Skriv datumet som 2026-09-30 och klockslaget som 21:15.",
    "unreadable_end": "Skriv slutdatumet som 2026-09-30, eller lämna det tomt.",
    "unreadable_registered": "Skriv registreringsdatumet som 2026-09-30, eller lämna det tomt.",
    "end_before_start": "Se efter om från och till har bytt plats.",
    "unreadable_coordinates": "Skriv koordinaterna som tal, eller lämna dem tomma och skriv "
    "platsens namn.",
    "degrees": 'Skriv crs = "EPSG:4326" för källan i municipality.toml.',
    "metres_for_degrees": "Skriv systemet för källan i municipality.toml, till exempel "
    'crs = "EPSG:3006".',
    "swapped_axes": "Byt x och y i källans columns i municipality.toml. Gäller det enstaka rader: "
    "rätta dem.",
    "other_crs": "Skriv det system som värdet anger som crs för källan i municipality.toml.",
    "outside": 'Rätta koordinaterna. Gäller raden en annan kommun: skriv outside = "drop" för '
    "källan.",
    "bad_count": "Skriv antalet som ett heltal från 1.",
    "bad_severity": "Skriv allvaret som 1, 2 eller 3, eller lämna det tomt.",
    "personal_data": "Ta bort uppgiften om en person ur raden. Är det ingen personuppgift: skriv "
    "behåll för raden i reference/decisions.csv.",
}
"""What to do about each reason, for those who can mend the row or ask for a new delivery."""

OVERRIDABLE = {"outside", "personal_data"}
"""Reasons that people may set aside, row by row; what they judge, the program cannot."""


def no_rows(source: Source) -> pd.DataFrame:
    """Return what a delivery of nothing would hold."""
    return pd.DataFrame(columns=source.read_columns(), dtype=str)


@dataclass(frozen=True)
class Pile:
    """All rows of one source, however many files they came in; `at` says file and row of each."""

    source: str
    rows: pd.DataFrame
    at: pd.DataFrame
    broken: pd.DataFrame

    @classmethod
    def of(cls, name: str, source: Source, delivered: list[Delivery]) -> Pile:
        """Return the rows of a source's deliveries, in their order."""
        delivered = delivered or [Delivery(name, "", no_rows(source))]
        at = [
            pd.DataFrame({"file": same(d.file, d.rows.index), "row": d.rows.index})
            for d in delivered
        ]
        broken = [pd.DataFrame({"file": d.file, "row": list(d.broken)}) for d in delivered]
        return cls(
            name,
            stacked([d.rows for d in delivered]),
            stacked(at).astype({"row": "int64"}),
            pd.concat(broken, ignore_index=True).astype({"file": str, "row": "int64"}),
        )


class Fates:
    """
    The fate of each row of a pile; the first rule that speaks decides.

    `open` tells the rows that no rule has stopped yet; `kept` those that people want kept.
    """

    def __init__(self, pile: Pile, decided: Rulings) -> None:
        self.pile = replace(pile, rows=pile.rows[[]])  # what is delivered need not be kept
        self.open = pd.Series(True, index=pile.rows.index)
        self._dropped = pd.Series(False, index=pile.rows.index)
        self.kept = rulings.among(pile.at, decided.ruled("keep"))
        self.misses: list[near.Miss] = []
        self._stopped = [self._lines(pile.broken, "broken_row", "")]
        self.drop(rulings.among(pile.at, decided.ruled("remove")))

    def drop(self, rule: pd.Series) -> None:
        """Drop by rule; nothing about the row is kept but the count."""
        self._dropped |= rule & self.open
        self.open &= ~rule

    def quarantine(
        self,
        rule: pd.Series,
        reason: str,
        column: str,
        values: pd.Series | None = None,
        known: Iterable[str] = (),
    ) -> None:
        """Set rows aside with a reason, and with those `values` that are like the `known` ones."""
        hit = rule & self.open
        if reason in OVERRIDABLE:
            hit &= ~self.kept
        if not hit.any():
            return
        self.open &= ~hit
        lines = self._lines(self.pile.at[hit], reason, column)
        if values is not None:
            shown = {value: shown_code(value, known) for value in values[hit].unique()}
            lines["value"] = values[hit].map(shown).to_numpy()
        self._stopped.append(lines)

    def unknown(self, sort: str, column: str, given: pd.Series, known: Iterable[str]) -> None:
        """Set rows aside whose code or kind is not known, and offer what they may mean."""
        wrong = ~given.isin(list(known)) & self.open
        self.quarantine(wrong, f"unknown_{sort}", column, given, known)
        counts = given[wrong & (given != "")].astype(str).value_counts(sort=False).to_dict()
        found = near.misses(self.pile.source, sort, counts, known)
        self.misses += [miss for miss in found if shown_code(miss.written, known) != HIDDEN]

    @property
    def fate(self) -> pd.Series:
        """Each row's fate so far, one of the categories `FATES`."""
        stopped = np.where(self._dropped, FATES.index(DROPPED), FATES.index(QUARANTINED))
        told = np.where(self.open, FATES.index(ACCEPTED), stopped)
        return pd.Series(pd.Categorical.from_codes(told, FATES), index=self.open.index)

    def _lines(self, at: pd.DataFrame, reason: str, column: str) -> pd.DataFrame:
        where = {"source": self.pile.source, "file": at["file"].astype(str), "row": at["row"]}
        return pd.DataFrame({**where, "column": column, "reason": reason, "value": ""})

    def stopped(self) -> pd.DataFrame:
        """Return the quarantined rows in the order of files and rows."""
        table = pd.concat(self._stopped, ignore_index=True)
        table = table.sort_values(["file", "row"], ignore_index=True)
        return table.astype(dict.fromkeys(("source", "file", "column", "reason", "value"), str))
