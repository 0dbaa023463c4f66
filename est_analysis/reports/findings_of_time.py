"""What a report says of when: hours of places of their own, and the year wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Finding, Share, Text

if TYPE_CHECKING:
    import pandas as pd

    from est_analysis.patterns.year_wheel import YearWheel
    from est_analysis.periods import Period
    from est_analysis.reports.results import Results

OWN_HOURS = 0.05
"""Adjusted over all places looked at: at most one report in twenty names a place by chance."""
MONTHS = (
    *("januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti"),
    *("september", "oktober", "november", "december"),
)


def of_time(results: Results) -> list[Finding]:
    """Return every finding about when; all describe, and no room pays for them."""
    table, span = results.own_hours
    return [
        own_hours_finding(table, span, results.municipality.thresholds.minimum_rhythm),
        year_finding(results.year_wheel, results.municipality.thresholds.minimum_rhythm),
    ]


def hot_time(row: dict[str, Any]) -> Text:
    """Return a hot time in words, for example helg kl. 20–04."""
    first, hours = int(row["first"]), int(row["hours"])
    return Text(
        "helg kl. {start}–{end}" if row["weekend"] else "vardag kl. {start}–{end}",
        {"start": f"{first:02d}", "end": f"{(first + hours) % 24:02d}"},
    )


def own_hours_finding(table: pd.DataFrame, span: Period | None, gate: int) -> Finding:
    """Return which of the places with most crime have hours of their own, and when."""
    if span is None or table.empty:
        text = Text(
            "Ingen plats har så många anmälda brott med klockslag (minst {gate}) att dess tider "
            "går att jämföra med andra platsers.",
            {"gate": gate},
        )
        return _descriptive("rhythm/places", text, n=0)
    own = table[table["p_all"] <= OWN_HOURS]
    n = int(table["n"].sum())
    common = {"looked": len(table), "span": span, "n": len(own)}
    if own.empty:
        text = Text(
            "Ingen av de {looked} platserna med flest anmälda brott har andra tider än övriga "
            "platser, utöver vad slumpen ger ({span}).",
            common,
            singular=None,
        )
        if len(table) == 1:
            text = Text(
                "{place} har inte andra tider än övriga platser, utöver vad slumpen ger ({span}).",
                common | {"place": str(table["label"].iloc[0])},
            )
        return _descriptive("rhythm/places", text, n=n)
    listed = [
        Text(
            "{place} ({when}: {share} av brotten, {other} på andra platser)",
            {
                "place": str(row["label"]),
                "when": hot_time(row),
                "share": Share(row["share"]),
                "other": Share(row["other"]),
            },
        )
        for row in own.to_dict("records")
    ]
    text = Text(
        "{n} platser har andra tider än övriga: {listed}. Av {looked} undersökta, {span}; att "
        "någon nämns av en slump händer i högst en rapport av tjugo.",
        common | {"listed": listed},
        singular="En plats har andra tider än övriga: {listed}. Av {looked} undersökta, {span}; "
        "att någon nämns av en slump händer i högst en rapport av tjugo.",
    )
    return _descriptive("rhythm/places", text, n=n)


def year_finding(wheel: YearWheel, gate: int) -> Finding:
    """Return the months that usually bring most and least, or that too little is known."""
    if wheel.years == 0:
        text = Text("Det finns inte tolv månader av anmälda brott bakåt, så inget årshjul än.")
        return _descriptive("rhythm/year", text, n=0)
    if wheel.n < gate:
        text = Text(
            "{n} anmälda brott: för få för ett årshjul.",
            {"n": wheel.n},
            singular="Ett anmält brott: för få för ett årshjul.",
        )
        return _descriptive("rhythm/year", text, n=wheel.n)
    means = wheel.means["all"]
    values: dict[str, Any] = {
        "n": wheel.years,
        "most": Text(MONTHS[wheel.months[int(means.idxmax())].start.month - 1]),
        "least": Text(MONTHS[wheel.months[int(means.idxmin())].start.month - 1]),
        "high": float(means.max()),
        "low": float(means.min()),
    }
    text = Text(
        "Flest anmälda brott har kommit i {most} ({high} i snitt) och färst i {least} ({low} i "
        "snitt), sett över {n} år.",
        values,
        singular="Flest anmälda brott kom i {most} ({high}) och färst i {least} ({low}), sett över "
        "ett år. Ett enda år säger inte vad som är vanligt.",
    )
    return _descriptive("rhythm/year", text, n=wheel.n)


def _descriptive(identity: str, text: Text, *, n: int) -> Finding:
    return Finding(id=identity, sentences={None: text}, n=n)
