"""Tables of when and how: hours, situations, who would have reported, what goes together."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from est_analysis.counts import Interval
from est_analysis.evidence import Share, Text
from est_analysis.patterns.situations import BUSY_HOURS, STABLE
from est_analysis.reports.findings_of_situations import share_interval, situation_label
from est_analysis.reports.language import KINDS, WEEKDAYS
from est_analysis.reports.table import Table
from est_analysis.reports.tables.where import shown

if TYPE_CHECKING:
    from est_analysis.patterns.situations import Situations, Typology
    from est_analysis.periods import Period
    from est_analysis.reports.results import Results


def rhythm(results: Results) -> Table:
    """Return expected reported crimes by hour and weekday."""
    weights = results.rhythm.weights
    rows = [
        [
            Text("kl. {hour}", {"hour": f"{hour:02d}"}),
            *(float(weights[day, hour]) for day in range(len(WEEKDAYS))),
        ]
        for hour in range(weights.shape[1] if results.rhythm.n else 0)
    ]
    return Table(
        "veckorytm",
        Text("Anmälda brott per timme och veckodag, {year}", {"year": results.year}),
        ["Timme", *(results.language.translate(day)[:3] for day in WEEKDAYS)],
        rows,
        results.language,
        Text(
            "Ett brott som skedde någon gång mellan två tider fördelas jämnt över dem. {unknown} "
            "brott utan klockslag och {long} med längre intervall än {hours} timmar är inte med.",
            {
                "unknown": results.rhythm.unknown,
                "long": results.rhythm.too_long,
                "hours": results.municipality.thresholds.longest_span_hours,
            },
        ),
    )


def situations(results: Results) -> Table:
    """Return recurring situations of reported crime, most first."""
    return _situations(results, results.situations, "situationer")


def event_situations(results: Results) -> Table:
    """Return recurring situations among the partners' events, most first."""
    return _situations(results, results.event_situations, "situationer_handelser")


def _situations(results: Results, found: Situations, name: str) -> Table:
    smallest = results.municipality.disclosure.smallest_place_count
    typology = found.typology
    rows: list[list[Any]] = [
        [
            situation_label(row),
            shown(int(row["n"]), smallest),
            Share(row["share"]) if row["n"] >= smallest else None,
            shown(int(row["now"]), smallest),
            _stability(row["stability"]),
            [Text("{place} ({n})", {"place": place, "n": n}) for place, n in row["places"]] or None,
            _busiest(row["busiest"]),
        ]
        for row in found.table.to_dict("records")
    ]
    if found.nowhere and rows:
        share = Share(found.nowhere / found.n) if found.nowhere >= smallest else None
        rows.append(
            [
                Text("passar ingen typ"),
                shown(found.nowhere, smallest),
                share,
                shown(found.nowhere_now, smallest),
                *(None, None, None),
            ]
        )
    kind = KINDS[typology.kind]
    return Table(
        name,
        Text(
            "Återkommande situationer, {kind}, {year}", {"kind": Text(kind), "year": results.year}
        ),
        [
            *("Situation", "Tolv månader", "Andel", "Perioden", "Stabil"),
            *("Platser med flest", "Tätast i veckan"),
        ],
        rows,
        results.language,
        _note(typology, results.period),
        folded="" if typology.kind == "reported_crime" else "Visa händelsernas situationer",
    )


def _note(typology: Typology, period: Period) -> Text:
    values = {
        "fitted": typology.fitted if typology.frozen else Text("de tolv månaderna"),
        "n": typology.n,
        "fit": math.nan if typology.fit is None else typology.fit,
        "lost": typology.dissolved,
        "period": period,
    }
    if typology.method == "configurations":
        return Text(
            "För få för att gruppera ({n} från {fitted}): kombinationer som förekom minst fem "
            "gånger. Perioden är {period}. Streck: färre än vad gruppen visar.",
            values,
        )
    text = (
        "Grupperade efter likhet ({n} från {fitted}). Ett drag står i namnet när minst hälften i "
        "typen har det, och säkert oftare än alla. Stabil: typen återfinns när den söks i "
        "slumpvis valda halvor. Perioden är {period}. Streck: färre än vad gruppen visar."
    )
    if typology.fit is not None:
        text += " Passning {fit} (1 är tydligt skilda typer, 0 är inga)."
    if typology.dissolved:
        text += " Upplösta, för att de inte återfanns eller saknade egna drag: {lost}."
    return Text(text, values)


def _stability(value: float) -> Text | None:
    if math.isnan(value):
        return None
    return Text("ja") if value >= STABLE else Text("osäker")


def _busiest(when: tuple[int, int] | None) -> Text | None:
    if when is None:
        return None
    day, hour = when
    return Text(
        "{day} kl. {start}–{end}",
        {
            "day": Text(WEEKDAYS[day]),
            "start": f"{hour:02d}",
            "end": f"{(hour + BUSY_HOURS) % 24:02d}",
        },
    )


def combinations(results: Results) -> Table:
    """Return combinations of what, where and when that are commoner than a crime's own times."""
    rows = [
        [
            situation_label(row),
            int(row["n"]),
            int(row["there"]),
            Share(row["share"]),
            share_interval(row["low"], row["high"]),
            Share(row["elsewhere"]),
            None if math.isnan(row["others"]) else Share(row["others"]),
        ]
        for row in results.combinations.table.to_dict("records")
    ]
    return Table(
        "kombinationer",
        Text("Kombinationer som sticker ut, anmälda brott, {years}", {"years": results.years}),
        [
            *("Situation", "Då", "Alla tider", "Andel då", "Osäkerhet"),
            *("På andra slags platser", "Andra brott där"),
        ],
        rows,
        results.language,
        Text(
            "Flera brott av ett slag på samma plats och dag räknas som ett tillfälle. {tried} "
            "kombinationer är prövade, och risken för att ens en av de visade är en slump är högst "
            "fem procent. ”Andra brott där” visar om platsen har sådana tider i sig.",
            {"tried": results.combinations.tried},
        ),
        folded="Visa kombinationerna",
    )


def reported(results: Results) -> Table:
    """Return the share of each partner's and each group's events among the police reports."""
    found = results.reported
    rows = [
        [
            str(row[by]),
            int(row["n"]),
            int(row["found"]) if row["gate"] else None,
            float(row["chance"]) if row["gate"] else None,
            Share(row["share"]) if row["gate"] else None,
            share_interval(row["low"], row["high"]) if row["gate"] else None,
        ]
        for by, table in (("partner", found.partners), ("group", found.groups))
        for row in table.to_dict("records")
        if row["n"] >= results.municipality.disclosure.smallest_place_count
    ]
    return Table(
        "aterfunna_hos_polisen",
        Text(
            "Del av parternas händelser som finns bland polisens anmälningar, {first} – {last}",
            {"first": found.since.date(), "last": (found.until - _DAY).date()},
        ),
        ["Part eller slag", "Händelser", "Funna", "Av en slump", "Andel", "Osäkerhet"],
        rows,
        results.language,
        Text(
            "Bara händelser med plats och tid, av slag som polisen också har. Slumpen är mätt "
            "genom att flytta datumen, och borträknad ur andelen. De sista fyra veckorna är inte "
            "med: de är kanske inte registrerade än. Streck: för få, eller för lätta att förväxla."
        ),
        folded="Visa alla parter och slag",
    )


def lower_bounds(results: Results) -> Table:
    """Return, for the analyst only, how many there were at least, seen by anyone or not."""
    rows = [
        [
            str(row["group"]),
            int(row["police"]),
            int(row["partners"]),
            int(row["both"]),
            Text("minst {n}", {"n": round(row["total"])}) if row["gate"] else None,
            _whole(row["low"], row["high"]) if row["gate"] else None,
        ]
        for row in results.reported.totals.to_dict("records")
    ]
    return Table(
        "undre_grans",
        Text("Undre gräns för hur många som hände, {year}", {"year": results.year}),
        ["Slag", "Polisen", "Parterna", "Båda", "Undre gräns", "Osäkerhet"],
        rows,
        results.language,
        LOWER_BOUND,
    )


LOWER_BOUND = Text(
    "För analytikern. Talet är en undre gräns: parter som ser samma händelser som polisen gör det "
    "för lågt, och hur mycket går inte att veta. Osäkerheten gäller bara om parterna ser oberoende "
    "av polisen. Streck: färre än tio sedda av båda, eller för många som stämmer av en slump."
)


def together(results: Results) -> Table:
    """Return what goes with which crimes at the same places."""
    sorts = {"factor": "miljöfaktor", "event": "händelse"}
    rows = [
        [
            str(row["group"]),
            str(row["what"]),
            Text(sorts[row["sort"]]),
            float(row["lift"]),
            Interval(row["low"], row["high"], 0.95),
            int(row["n"]),
            int(row["told"]),
        ]
        for row in results.together.table.to_dict("records")
    ]
    return Table(
        "hor_ihop",
        Text("Vad som hör ihop på samma platser, {years}", {"years": results.years}),
        [
            "Anmälda brott",
            "Hör ihop med",
            "Slag",
            "Gånger så ofta",
            "Osäkerhet",
            "Brott",
            "Uppgifter",
        ],
        rows,
        results.language,
        Text(
            "{places} platser och {tried} par är jämförda; av dem som visas är högst en av tjugo "
            "en slump. Underlag för en orsaksanalys (plats, situation, miljö), inget bevis.",
            {"places": results.together.places, "tried": results.together.tried},
        ),
        folded="Visa vad som hör ihop",
    )


def _whole(low: float, high: float) -> Text:
    return Text("{low}–{high}", {"low": round(low), "high": round(high)})


_DAY = timedelta(days=1)
