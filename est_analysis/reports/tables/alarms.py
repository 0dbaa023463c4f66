"""Tables of what is new this fortnight: the alarm list, and every series for the analyst."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Text, Word
from est_analysis.reports.findings_of_alarms import identity, label
from est_analysis.reports.language import KINDS
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from est_analysis.reports.results import Results

MOST = 5
"""A longer list is read by nobody."""

_STATES = {Word.CLEAR: "Larm", Word.INDICATION: "Bevaka"}
_FIRST = "Ny i uppgifterna"


def alarm_list(results: Results) -> Table:
    """Return what rises above both references: alarms, what to watch, and what was never seen."""
    alarms, say = results.alarms, results.language
    words = {f.id: f.word for f in results.brief_findings}
    least = results.municipality.thresholds.minimum_alarm
    lines: list[tuple[int, float, list[Any]]] = []
    for row in alarms.table.to_dict("records"):
        word = words.get(identity(row))
        if row["why_not"] == "first" and row["n"] >= least:
            state, order = _FIRST, 2
        elif word in _STATES and row["ratio"] > 1:
            state, order = _STATES[word], list(_STATES).index(word)
        else:
            continue
        seen = state != _FIRST
        lines.append(
            (
                order,
                float(row["adjusted"]) if seen else -float(row["n"]),
                [
                    _named(row),
                    Text(state),
                    int(row["n"]),
                    float(row["recent"]),
                    float(row["season"]),
                    int(row["limit"]) if seen else None,
                ],
            )
        )
    lines.sort(key=lambda line: line[:2])
    left = len(lines) - MOST
    note = Text(
        "Före är snittet de åtta veckorna före, tidigare år snittet vid samma tid. Gräns är det "
        "minsta antal som hade varit ett skäl att bevaka. Aldrig larm under {least}.{left}",
        {"least": least, "left": Text(" Fler finns: {n}.", {"n": left}) if left > 0 else ""},
    )
    return Table(
        "larm",
        Text("Larmlista, {period}", {"period": alarms.period}),
        ["Serie", "Läge", "Nu", "Före", "Tidigare år", "Gräns"],
        [line for _, _, line in lines[:MOST]],
        say,
        note,
        empty=Text("inget som stiger över både de senaste åtta veckorna och tidigare år"),
    )


def series(results: Results) -> Table:
    """Return every series that was tried, with its limits and second opinions, for the analyst."""
    rows = [
        [
            _named(row),
            int(row["n"]),
            float(row["recent"]),
            float(row["season"]),
            int(row["limit"]),
            float(row["dispersion"]),
            _thousandths(row["p"]),
            _thousandths(row["q"]),
            *(None if row[name] != row[name] else float(row[name]) for name in ("c1", "c2")),
        ]
        for row in results.alarms.table.to_dict("records")
        if row["tried"]
    ]
    return Table(
        "serier",
        Text("Alla serier som prövats, {period}", {"period": results.alarms.period}),
        [
            *("Serie", "Nu", "Före", "Tidigare år", "Gräns", "Spridning", "p", "q"),
            *("EARS C1", "EARS C2"),
        ],
        rows,
        results.language,
        Text(
            "p gäller en serie för sig, q är rättat för antalet serier (Benjamini–Hochberg). EARS "
            "är ett andra utlåtande mot de sju senaste perioderna, utan hänsyn till årstid och "
            "antalet serier: inget påstås av det."
        ),
        empty=Text("för få händelser eller tidigare år"),
        folded="Alla serier, för analytikern",
    )


def levels(results: Results) -> Table:
    """Return when the level of each kind of record changed, if it did, for the analyst."""
    rows = [
        [
            Text(KINDS[row["kind"]]),
            row["day"] if row["changed"] else None,
            float(row["before"]) if row["changed"] else None,
            float(row["after"]) if row["changed"] else None,
            _thousandths(row["p"]),
        ]
        for row in results.levels.to_dict("records")
    ]
    return Table(
        "nivaer",
        Text("När nivån ändrades, till och med {period}", {"period": results.alarms.period}),
        ["Slag", "Ny nivå från", "Före", "Efter", "p"],
        rows,
        results.language,
        Text(
            "Den enda ändring av nivån som talen stöder mest, med hänsyn till årstiden, och hur "
            "ofta slumpen ger en lika stor. Streck betyder att ingen ändring syns. En beskrivning: "
            "en ny nivå kan bero på vem som rapporterar."
        ),
        empty=Text("för få händelser eller för kort tid"),
        folded="Nivåer, för analytikern",
    )


def _named(row: dict[str, Any]) -> Text:
    name = label(row)
    if not row["police_activity"] or row["by"] != "group":
        return name
    return Text("{label}, följer polisens kontroller", {"label": name})


def _thousandths(p: float) -> Text:
    """Return a p-value in three decimals, never as zero."""
    return Text(f"{p:.3f}".replace(".", ",") if p >= 0.001 else "under 0,001")
