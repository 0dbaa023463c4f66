"""Which tables the report, the brief and the analyst have."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from est_analysis.counts import Interval
from est_analysis.evidence import Share, Text, foremost
from est_analysis.patterns.coverage import SILENT_DAYS
from est_analysis.patterns.hotspots import PLACE_KINDS
from est_analysis.patterns.reporters import FORTNIGHTS, NIL, REPORTED, SILENT, STATES, UNREAD
from est_analysis.reports import cards
from est_analysis.reports.findings import situation_label
from est_analysis.reports.language import KINDS, WEEKDAYS, Language
from est_analysis.reports.table import Table, Tables

if TYPE_CHECKING:
    from est_analysis.patterns.change import Change
    from est_analysis.reports.results import Results

MOST_VALUES = 6


def _shown(n: int, smallest: int) -> int | None:
    """Return a place's count, or None where it would show a single event."""
    return n if n == 0 or n >= smallest else None


def _or_none(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _change_rows(change: Change, by: str, level: float, *, one_kind: bool) -> list[list[Any]]:
    rows = []
    for row in change.table.to_dict("records"):
        kind = Text(KINDS[row["kind"]])
        key = kind if by == "kind" else str(row[by])
        known = not pd.isna(row["expected"]) and row["gate"]
        flag = " *" if row["police_activity"] and by == "group" else ""
        rows.append(
            [
                Text("{key}{flag}", {"key": key, "flag": flag}) if flag else key,
                *([] if by == "kind" or one_kind else [kind]),
                int(row["n"]),
                _or_none(row["expected"]),
                None if pd.isna(row["preceding"]) else int(row["preceding"]),
                float(row["ratio"]) if known else None,
                Interval(row["low"], row["high"], level) if known else None,
            ]
        )
    return rows


_CHANGE_CAPTIONS = {
    "kind": "Förändring per slag av uppgift, {period}",
    "group": "Förändring per grupp, {period}",
    "area": "Förändring per område, {period}",
}
_CHANGE_HEADS = {"kind": ["Slag"], "group": ["Grupp", "Slag"], "area": ["Område", "Slag"]}


def _change(results: Results, by: str, change: Change, kinds: Sequence[str] | None = None) -> Table:
    if kinds is not None:
        change = replace(change, table=change.table[change.table["kind"].isin(kinds)])
    levels = results.municipality.thresholds
    one_kind = kinds is not None and len(kinds) == 1
    heads = _CHANGE_HEADS[by][:1] if one_kind else _CHANGE_HEADS[by]
    caption = _CHANGE_CAPTIONS[by]
    values: dict[str, Any] = {"period": results.period}
    if kinds is not None and one_kind:
        caption = (
            "Förändring per område, {kind}, {period}"
            if by == "area"
            else ("Förändring per grupp, {kind}, {period}")
        )
        values["kind"] = Text(KINDS[kinds[0]])
    return Table(
        name={"kind": "forandring", "group": "forandring_grupp", "area": "forandring_omrade"}[by],
        caption=Text(caption, values),
        headings=[
            *heads,
            *("Nu", "Vanligt", "Innan", "Gånger", "Osäkerhet"),
        ],
        rows=_change_rows(change, by, levels.interval_level, one_kind=one_kind),
        language=results.language,
        note=Text(
            "Vanligt är snittet för samma tid på året tidigare år, innan är perioden närmast före, "
            "gånger är nu delat med vanligt. Streck betyder att det är för få händelser (under "
            "{gate} sammanlagt) eller inga tidigare år att jämföra med. "
            "* Följer hur mycket polisen kontrollerar.",
            {"gate": levels.minimum_change},
        ),
    )


def totals(results: Results) -> Table:
    """Return each kind of record as a whole, now and before."""
    return _change(results, "kind", results.totals)


def groups(results: Results, kinds: Sequence[str] | None = None) -> Table:
    """Return each group within each kind of record, or within `kinds`, now and before."""
    return _change(results, "group", results.groups, kinds)


def areas(results: Results, kinds: Sequence[str] | None = None) -> Table:
    """
    Return each kind of record, or `kinds`, in each area, now and before.

    Where nothing of `kinds` has an area, the first kind that does is shown.
    """
    present = list(results.areas.table["kind"])
    if kinds is not None and present and not set(kinds) & set(present):
        kinds = [str(present[0])]
    return _change(results, "area", results.areas, kinds)


_UNITS = {
    "offence": "brott",
    "incident": "händelser",
    "victim": "utsatta",
    "report": "rapporter",
}


def accounting(results: Results) -> Table:
    """Return rows in and what became of them, source by source."""
    rows = [
        [
            row["label"],
            *(row[fate] for fate in ("rows", "accepted", "quarantined", "dropped", "repeated")),
            row["first"],
            row["last"],
            None if pd.isna(row["age_95"]) else int(row["age_95"]),
            Text(_UNITS[row["unit"]]),
        ]
        for row in results.quality.sources.to_dict("records")
    ]
    return Table(
        "underlag",
        Text("Levererade rader och vad som hände med dem"),
        [
            *("Källa", "Rader", "Används", "Karantän", "Tas ej in", "Upprepade"),
            *("Första dag", "Sista dag", "Dagar till 95 %", "Räknar"),
        ],
        rows,
        results.language,
        Text(
            "Rader = används + karantän + tas ej in + upprepade. Dagar till 95 %: så gammal är en "
            "händelse när 95 av 100 är registrerade. Räknar: vad som räknas; sådant räknas "
            "aldrig ihop."
        ),
        folded="Visa vad som hände med varje rad",
    )


_FINE, _LOOK = "●\u00a0bra", "▲\u00a0se\u00a0upp"


def quality(results: Results) -> Table:
    """Return the measures of quality, one row a source."""
    warned = {one.source for one in results.quality.warnings}
    rows = [
        [
            row["label"],
            Text(_LOOK if row["source"] in warned else _FINE),
            row["accepted"],
            row["quarantined"],
            None if pd.isna(row["placed"]) else Share(row["placed"]),
            None if pd.isna(row["vague"]) else Share(1 - row["vague"]),
            row["until"] if row["until"] and row["until"] > row["as_of"] else None,
        ]
        for row in results.quality.sources.to_dict("records")
    ]
    return Table(
        "kvalitet",
        Text("Källornas kvalitet"),
        ["Källa", "Läge", "Används", "Väntar", "Har plats", "Har tid", "Preliminärt till"],
        rows,
        results.language,
        Text(
            "Har plats: punkt, gata eller namngiven plats. Har tid: brott och händelser med "
            "klockslag, på högst ett dygn när. Preliminärt till: då har 95 av 100 hunnit "
            "registreras. Streck: gäller inte, eller så saknas uppgiften."
        ),
    )


def quarantine(results: Results) -> Table:
    """Return why rows are in quarantine, what to do, and where the first of each sort stand."""
    from est_analysis.gather.fates import REASONS, REMEDIES

    rows = [
        [
            Text(REASONS[row["reason"]]),
            int(row["n"]),
            Text(REMEDIES[row["reason"]]),
            row["first"],
            [*row["values"][:MOST_VALUES], *(["…"] if len(row["values"]) > MOST_VALUES else [])],
        ]
        for row in results.quarantine.to_dict("records")
    ]
    return Table(
        "karantan",
        Text("Rader som väntar på rättning"),
        ["Skäl", "Rader", "Gör så här", "De första", "Värden"],
        rows,
        results.language,
        Text("Alla rader: est check --all. De kommer med av sig själva när de är rättade."),
    )


_SORTS = {"column": "kolumn", "code": "kod", "kind": "typ", "place": "plats"}


def near_misses(results: Results) -> Table:
    """Return what is nearly something known, and the line that would take it for that."""
    from est_analysis.gather.quality import alias_line

    rows = [
        [
            row.written,
            row.means,
            Text(_SORTS[row.sort]),
            int(row.rows),
            alias_line(row),
        ]
        for row in results.near_misses.itertuples()
    ]
    return Table(
        "nastan_traffar",
        Text("Nästan rätt: menas detta?"),
        ["Skrivet", "Liknar", "Slag", "Rader", "Rad att lägga till"],
        rows,
        results.language,
        Text(
            "Stämmer det: lägg till raden i reference/aliases.csv (rubrik: "
            "slag;kalla;skrivet;betyder). Annars gör inget."
        ),
    )


def unread(results: Results) -> Table:
    """Return the files that could not be read, and what to do about each."""
    rows = [
        [one.file, Text(one.error.what), Text(one.error.mend or "Be om en ny leverans.")]
        for one in results.unread
    ]
    return Table(
        "olasta_filer",
        Text("Filer som inte gick att läsa och saknas i bilden"),
        ["Fil", "Fel", "Gör så här"],
        rows,
        results.language,
    )


def ruling_faults(results: Results) -> Table:
    """Return the lines of the group's own decisions that cannot be used."""
    rows = [
        [row["file"], int(row["row"]), row["column"], Text(row["reason"])]
        for row in results.ruling_faults.to_dict("records")
    ]
    return Table(
        "beslutsfel",
        Text("Rader i gruppens listor som inte går att använda"),
        ["Fil", "Rad", "Kolumn", "Skäl"],
        rows,
        results.language,
    )


def waiting(results: Results) -> Tables:
    """Return what waits for somebody: unread files, stopped rows, near misses, faulty decisions."""
    return Tables(
        tuple(make(results) for make in (unread, quarantine, near_misses, ruling_faults)),
        Text("Inget väntar: alla filer och rader gick att använda."),
        results.language,
    )


_STATE = {REPORTED: "●\u00a0rapporterar", NIL: "○\u00a0nollrapport", SILENT: "–\u00a0tyst"}
_STATE[UNREAD] = "?\u00a0fil\u00a0oläst"
_FALLEN = "▲\u00a0har\u00a0tystnat"


def reporters(results: Results) -> Table:
    """Return how each partner has reported in the last fortnights."""
    found = results.reporters
    newest = found.table[found.table["fortnight"] == len(found.fortnights) - 1]
    state = newest.set_index("partner")["state"]
    rows = [
        [
            row["partner"],
            Text(_FALLEN if row["fallen"] else _STATE[state[row["partner"]]]),
            *(int(row[name]) for name in STATES),
            row["last"],
        ]
        for row in found.partners.to_dict("records")
    ]
    return Table(
        "tackning",
        Text("Vem som rapporterat, de senaste {n} tvåveckorsperioderna", {"n": FORTNIGHTS}),
        ["Part", "Läge", "Med rader", "Noll", "Tyst", "Senast"],
        rows,
        results.language,
        Text(
            "Läge gäller {fortnight}. Med rader, noll och tyst: antal perioder. Nollrapport: parten "
            "har sagt att inget hänt. Tyst: inget har hörts, och det är inte samma sak. Har "
            "tystnat: tyst längre än någonsin förr, och minst {days} dagar.",
            {"fortnight": found.fortnights[-1], "days": SILENT_DAYS},
        ),
    )


def fortnights(results: Results) -> Table:
    """Return what each partner reported in each fortnight."""
    found, say = results.reporters, results.language
    rows: list[list[Any]] = []
    for partner, own in found.table.groupby("partner", sort=False):
        cells = zip(own["state"][::-1], own["n"][::-1], strict=True)
        rows.append([str(partner), *(_fortnight(state, int(n)) for state, n in cells)])
    if len(found.activity):
        newest_first = found.activity[::-1]
        active, each = newest_first["active"], newest_first["each"]
        rows.append([Text("Rapportörer med rader"), *(say.write(int(n)) for n in active)])
        rows.append([Text("Rader per rapportör"), *(say.number(float(n), 1) for n in each)])
    return Table(
        "tackning_perioder",
        Text("Rader per tvåveckorsperiod"),
        [
            "Part, två veckor till och med",
            *(f"{f.last.day}/{f.last.month}" for f in reversed(found.fortnights)),
        ],
        rows,
        say,
        Text(
            "Noll: nollrapport. Streck: tyst. ?: en fil gick inte att läsa. En rad räknas när den registrerades, annars när den började; en månadsuppgift i varje "
            "period som den rör. Fler rader för att fler rapporterar är ingen ökning: jämför med "
            "rader per rapportör."
        ),
        folded="Visa period för period",
    )


def _fortnight(state: str, n: int) -> Text:
    return Text("{n}", {"n": n}) if state == REPORTED else Text({NIL: "noll", SILENT: "–", UNREAD: "?"}[state])


def places(results: Results, most: int | None = 15) -> Table:
    """Return public places with what was reported there in twelve months."""
    table = results.places if most is None else results.places.head(most)
    led_by = next((kind for kind in PLACE_KINDS if table[kind].any()), PLACE_KINDS[0])
    smallest = results.municipality.disclosure.smallest_place_count

    rows = [
        [
            str(row["place"]),
            str(row["area"]),
            _shown(int(row["reported_crime"]), smallest),
            Interval(row["low"], row["high"], 0.95) if row["reported_crime"] >= smallest else None,
            Share(row["share"]) if row["reported_crime"] >= smallest else None,
            _shown(int(row["event"]), smallest),
            _shown(int(row["unsafe_place"]), smallest),
            _shown(int(row["physical_defect"]), smallest),
        ]
        for row in table.to_dict("records")
    ]
    return Table(
        "platser",
        Text(
            "Platser med flest {kind}, {year}", {"kind": Text(KINDS[led_by]), "year": results.year}
        ),
        [
            *("Plats", "Område", "Anmälda brott", "Osäkerhet", "Andel", "Händelser"),
            *("Otrygg plats", "Fysiska brister"),
        ],
        rows,
        results.language,
        Text(
            "Streck: färre än {smallest} (gruppens val). Platser där inget når {smallest} visas "
            "inte. Osäkerheten är vad slumpen ensam ger vid lika stor risk.",
            {"smallest": smallest},
        ),
    )


def clusters(results: Results) -> Table:
    """Return the dense areas of reported crime."""
    rows = [
        [
            str(row["name"]),
            int(row["n"]),
            Share(row["share"]),
            int(row["places"]),
            list(row["groups"]),
        ]
        for row in results.clusters.drop(columns="geometry").to_dict("records")
    ]
    return Table(
        "tata_omraden",
        Text("Täta områden av anmälda brott, {year}", {"year": results.year}),
        ["Kring", "Anmälda brott", "Andel", "Adresser", "Vanligast"],
        rows,
        results.language,
    )


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
        ["Timme", *(day[:3] for day in WEEKDAYS)],
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
    """Return recurring situations, largest first."""
    rows = [
        [situation_label(row), int(row["n"]), Share(row["share"])]
        for row in results.situations.table.to_dict("records")
    ]
    clustered = results.situations.method == "k-medoids"
    fit = results.situations.table["fit"].max() if clustered else math.nan
    note = (
        Text(
            "Grupperade efter likhet i brott, platstyp, tid på dygnet och vardag eller helg. "
            "Passning {fit} (1 är tydligt skilda typer, 0 är inga). Ett namn gäller minst hälften "
            "i typen.",
            {"fit": float(fit)},
        )
        if clustered
        else Text("För få för att gruppera: kombinationer som förekommer minst fem gånger.")
    )
    return Table(
        "situationer",
        Text("Återkommande situationer bland anmälda brott, {year}", {"year": results.year}),
        ["Situation", "Anmälda brott", "Andel"],
        rows,
        results.language,
        note,
    )


def priorities(results: Results) -> Table:
    """Return places against the council's criteria."""
    smallest = results.municipality.disclosure.smallest_place_count
    rows = [
        [
            row["place"],
            _shown(int(row["commonest"]), smallest),
            None if pd.isna(row["increasing"]) else int(row["increasing"]),
            _shown(int(row["unsafe"]), smallest),
            _shown(int(row["severe"]), smallest),
            float(row["need"]),
            Text("{best}–{worst}", {"best": row["best"], "worst": row["worst"]}),
            None if pd.isna(row["influence"]) else int(row["influence"]),
        ]
        for row in results.priorities.to_dict("records")
    ]
    return Table(
        "prioritering",
        Text("Platser mot kriterierna för prioritering, {year}", {"year": results.year}),
        [
            *("Plats", "Vanligast", "Ökar", "Otrygg", "Allvarlig"),
            *("Behov", "Plats i listan", "Påverkbarhet"),
        ],
        rows,
        results.language,
        Text(
            "Behov är medelplaceringen över de fyra första kriterierna; lägst är störst behov. "
            "Plats i listan visar hur placeringen växlar när ett kriterium i taget tas bort. "
            "Påverkbarhet (1–3) fyller gruppen i."
        ),
    )


def measures(results: Results) -> Table:
    """Return measures with events before and after."""
    by_id = results.register.measures.set_index("id")
    rows = []
    for e in results.evaluations:
        judged = e.difference is not None
        rows.append(
            [
                Text(
                    "{measure} ({place}; {what})",
                    {
                        "measure": str(by_id.loc[e.measure, "atgard"]),
                        "place": e.place,
                        "what": e.group or Text(KINDS["reported_crime"]),
                    },
                ),
                e.before / e.years if e.years else None,
                e.after if e.window else None,
                None if e.comparison_before < 0 else e.comparison_before / e.years,
                None if e.comparison_before < 0 else e.comparison_after,
                e.difference.estimate if judged and e.difference else None,
                e.difference.interval if judged and e.difference else None,
            ]
        )
    return Table(
        "insatser",
        Text("Insatser: före och efter, till och med {day}", {"day": results.period.last}),
        [
            *("Insats", "Före, per år", "Efter"),
            *("Jämförelse före", "Jämförelse efter", "Skillnad", "Osäkerhet"),
        ],
        rows,
        results.language,
        Text(
            "Före är snittet för samma del av året tidigare år, utan den period då platsen "
            "valdes. Skillnad är förändringen här minus förändringen på jämförelseplatsen, i "
            "antal händelser; den räknas bara när alla fyra antalen är minst {gate}.",
            {"gate": results.municipality.thresholds.minimum_evaluation},
        ),
    )


_WHY = {"overdue": "försenad", "follow_up": "ska följas upp", "open": "öppen"}


def due(results: Results, most: int | None = None) -> Table:
    """Return what is overdue, waits for follow-up or is open; at most so many, the oldest first."""
    listed = results.due.to_dict("records")
    rows = [
        [
            row["text"],
            None if pd.isna(row["due"]) else row["due"].date(),
            Text(_WHY[row["why"]]),
            row["responsible"],
        ]
        for row in listed[:most]
    ]
    left_out = len(listed) - len(rows)
    return Table(
        "att_folja_upp",
        Text("Att besluta om och följa upp, {day}", {"day": results.period.last}),
        ["Vad", "Senast", "Läge", "Ansvarig"],
        rows,
        results.language,
        Text("{n} till står i kvartalsrapporten.", {"n": left_out}) if left_out else None,
    )


def register_faults(results: Results) -> Table:
    """Return the register's rows that cannot be used."""
    rows = [
        [row["file"], int(row["row"]), row["column"], Text(row["reason"])]
        for row in results.register.faults.to_dict("records")
    ]
    return Table(
        "registerfel",
        Text("Rader i registret som inte går att använda"),
        ["Fil", "Rad", "Kolumn", "Skäl"],
        rows,
        results.language,
    )


_STATES = {"new": "ny", "again": "återkommande", "unsure": "går inte att säga"}


def fortnight_places(results: Results) -> Table:
    """Return the places of the fortnight."""
    rows = [
        [
            row["place"],
            Text(KINDS[row["kind"]]),
            int(row["n"]),
            float(row["usual"]),
            Text(_STATES[row["state"]]),
        ]
        for row in results.fortnight_places.head(10).to_dict("records")
    ]
    return Table(
        "platser_motesperiod",
        Text(
            "Platser med minst {n} uppgifter, {period}",
            {
                "n": results.municipality.disclosure.smallest_place_count,
                "period": results.period,
            },
        ),
        ["Plats", "Slag", "Nu", "Vanligt", "Läge"],
        rows,
        results.language,
        Text(
            "Vanligt är snittet för lika lång tid de senaste tolv månaderna. Ny: inget där på tolv "
            "månader. Få händelser på en plats växlar mycket av en slump."
        ),
    )


def followed_up(results: Results) -> Table:
    """Return what the latest earlier report claimed and what this one says, and what is new."""
    say = results.language
    former = results.former
    if former is None:
        caption, empty = Text("Förra rapporten"), Text("det finns ingen tidigare kvartalsrapport")
        return Table("forra_rapporten", caption, _THEN_AND_NOW, [], say, empty=empty)
    period, then = former
    before = {entry["id"]: entry for entry in then}
    now = {finding.id: finding for finding in foremost(results.findings)}
    claimed = [identity for identity in before if before[identity]["claim"] in _CLAIMS]
    new = [i for i, f in now.items() if f.word and f.word.value in _CLAIMS and i not in claimed]
    return Table(
        "forra_rapporten",
        Text("Förra rapporten ({period}) och den här", {"period": period}),
        _THEN_AND_NOW,
        [
            [
                f"[{before[i]['word']}] {before[i]['sentence']}" if i in before else None,
                cards.line(now[i], say) if i in now else None,
            ]
            for i in claimed + new
        ],
        say,
        empty=Text("inga slutsatser höll, varken då eller nu"),
    )


def comparison(results: Results) -> Table:
    """Return the municipality's reported crime per 100 000 inhabitants beside that of others."""
    from est_analysis.gather.comparison import beside, preliminary_years

    municipality = results.municipality
    shown = beside(results.comparison.table, municipality, results.period.last)
    unsure = preliminary_years(shown)
    years = [int(year) for year in sorted(set(shown["year"]))]
    level = municipality.thresholds.interval_level
    rows = []
    for (crime, region), lines in shown.groupby(["crime", "region"], sort=False):
        by_year = lines.set_index("year")
        latest = by_year[by_year["low"].notna() & (by_year.index == years[-1])].to_dict("records")
        rows.append(
            [
                Text("{crime}", {"crime": str(crime)}),
                str(region),
                *(_or_none(by_year["per_100k"].get(year, math.nan)) for year in years),
                Interval(latest[0]["low"], latest[0]["high"], level) if latest else None,
                int(latest[0]["count"]) if latest else None,
            ]
        )
    heads = [f"{year} *" if year in unsure else str(year) for year in years]
    wrong = len(results.comparison.faults)
    return Table(
        "jamforelse",
        Text("Alla anmälda brott enligt Brå, per 100 000 invånare och år"),
        ["Brott", "Region", *heads, "Osäkerhet", "Antal"],
        rows,
        results.language,
        Text(
            "Brå räknar alla brott som anmälts, även sådant som sedan visar sig inte vara brott, och "
            "en kommuns brott efter platsen. Därför är talen andra än rapportens egna. Osäkerhet och "
            "antal gäller {name} det senaste året; osäkerheten är vad slumpen ensam ger vid lika "
            "stor risk. Ordningen är filens, ingen rangordning. * Preliminära uppgifter.{wrong}",
            {
                "name": municipality.name,
                "wrong": Text(" Rader i filerna som inte kunde läsas: {n}.", {"n": wrong})
                if wrong
                else "",
            },
        ),
        empty=Text("ingen fil från Brå är inlagd i [reference] comparison"),
    )


def comparison_faults(results: Results) -> Table:
    """Return what could not be read of the files for comparison."""
    rows = [
        [row["file"], int(row["row"]) or None, row["column"], Text(row["reason"])]
        for row in results.comparison.faults.to_dict("records")
    ]
    return Table(
        "jamforelsefel",
        Text("Rader för jämförelse som inte går att använda"),
        ["Fil", "Rad", "Kolumn", "Skäl"],
        rows,
        results.language,
    )


_CLAIMS = {"clear", "indication"}
_THEN_AND_NOW = ["Då", "Nu"]


TablesOf = dict[str, Callable[["Results"], Table]]

QUARTERLY: TablesOf = {
    function.__name__: function
    for function in (
        *(totals, groups, areas, accounting, quality, quarantine, near_misses, unread),
        *(ruling_faults, reporters, fortnights, places, clusters, rhythm, situations),
        *(priorities, measures, due, register_faults, followed_up, comparison, comparison_faults),
    )
}
"""The tables of the quarterly report, also written as CSV."""

MEETING: TablesOf = {function.__name__: function for function in (fortnight_places, due)}
"""The tables of the meeting's brief."""
