"""Tables of where: places, streets and cells, how few hold how much, dense areas, the fortnight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from est_analysis.counts import Interval
from est_analysis.evidence import Share, Text
from est_analysis.patterns.concentration import FEWEST as CONCENTRATED_FROM
from est_analysis.patterns.emerging import WORDS
from est_analysis.patterns.hotspots import PLACE_KINDS
from est_analysis.patterns.peaks import BLOCK, FEWEST, Peak
from est_analysis.reports.language import KINDS, WEEKDAYS
from est_analysis.reports.table import Table, Tables

if TYPE_CHECKING:
    from est_analysis.patterns.ranked import Ranked
    from est_analysis.reports.results import Results


def shown(n: int, smallest: int) -> int | None:
    """Return a place's count, or None where it would show a single event."""
    return n if n == 0 or n >= smallest else None


def places(results: Results, most: int | None = 15) -> Table:
    """Return public places with what was reported there in twelve months."""
    table = results.places if most is None else results.places.head(most)
    led_by = next((kind for kind in PLACE_KINDS if table[kind].any()), PLACE_KINDS[0])
    smallest = results.municipality.disclosure.smallest_place_count

    rows = [
        [
            str(row["place"]),
            str(row["area"]),
            shown(int(row["reported_crime"]), smallest),
            Interval(row["low"], row["high"], 0.95) if row["reported_crime"] >= smallest else None,
            Share(row["share"]) if row["reported_crime"] >= smallest else None,
            shown(int(row["event"]), smallest),
            shown(int(row["unsafe_place"]), smallest),
            shown(int(row["physical_defect"]), smallest),
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


def place_list(results: Results) -> Tables:
    """Return the ranked places: the list, what changed, and what happens there and when."""
    return _lists(results, results.ranked_places)


def street_list(results: Results) -> Tables:
    """Return the ranked stretches of street, in the same way."""
    return _lists(results, results.ranked_streets)


def cell_list(results: Results) -> Tables:
    """Return the ranked cells, in the same way."""
    return _lists(results, results.ranked_cells)


def ranked_places(results: Results) -> Table:
    """Return all that is told of the ranked places in one table, for the analyst."""
    return _whole(results, results.ranked_places, "platser_rankade")


def ranked_streets(results: Results) -> Table:
    """Return all that is told of the ranked stretches of street."""
    return _whole(results, results.ranked_streets, "gatustrackor")


def ranked_cells(results: Results) -> Table:
    """Return all that is told of the ranked cells."""
    return _whole(results, results.ranked_cells, "rutor")


_CAPTIONS = {
    "place": "Platser med flest {kind}, {year}",
    "stretch": "Gatusträckor om hundra meter med flest {kind}, {year}",
    "street": "Gator med flest {kind}, {year}",
    "cell": "Rutor om {side} m med flest {kind}, {year}",
}
_FIRST = {"place": "Plats", "stretch": "Gatusträcka", "street": "Gata", "cell": "Ruta"}
_RATES = {"stretch": "Per 100 m", "street": "Per 100 m", "cell": "Gånger snittrutan"}
NAMED = 2
"""So many groups are named in a list that a phone shows."""
_NOTHING = Text("Det finns inga gator eller rutor att räkna på.")
_COUNTED = "Antal"


def _lists(results: Results, ranked: Ranked | None) -> Tables:
    if ranked is None:
        return Tables((), _NOTHING, results.language)
    nothing = Text(
        "Ingenstans nådde {kind} {smallest} på tolv månader.",
        {
            "kind": Text(KINDS[ranked.kind]),
            "smallest": results.municipality.disclosure.smallest_place_count,
        },
    )
    parts = (_ranking(results, ranked), _change(results, ranked), _what(results, ranked))
    return Tables(parts, nothing, results.language)


def _caption(results: Results, ranked: Ranked, template: str) -> Text:
    values = {
        "kind": Text(KINDS[ranked.kind]),
        "year": results.year,
        "side": int(results.municipality.thresholds.cell_m),
    }
    return Text(template, values)


def _name(row: dict[str, Any], sort: str) -> Any:  # noqa: ANN401 - what a cell holds
    """Return a place's name; of a cell also the public place that it is known by."""
    if sort != "cell" or row["around"] == row["name"]:
        return row["name"]
    return Text("{around} ({cell})", {"around": row["around"], "cell": row["name"]})


def _ranking(results: Results, ranked: Ranked) -> Table:
    smallest = results.municipality.disclosure.smallest_place_count
    rows = [
        [
            _name(row, ranked.sort),
            int(row["n"]),
            Interval(row["low"], row["high"], 0.95),
            _whole_number(row["before"]),
            Text(WORDS[row["state"]]) if row["state"] else None,
        ]
        for row in ranked.table.to_dict("records")
    ]
    note = Text(
        "Osäkerheten är vad slumpen ensam ger vid lika stor risk. Året innan: de tolv månaderna "
        "före. Läge: de två åren mot varandra, plats för plats; en sortering, ingen slutsats. "
        "Streck: inte täckt, eller färre än {smallest}.",
        {"smallest": smallest},
    )
    return Table(
        f"{ranked.sort}_lista",
        _caption(results, ranked, _CAPTIONS[ranked.sort]),
        [_FIRST[ranked.sort], _COUNTED, "Osäkerhet", "Året innan", "Läge"],
        rows,
        results.language,
        note,
    )


def _change(results: Results, ranked: Ranked) -> Table:
    rated = ranked.sort in _RATES
    level = results.municipality.thresholds.interval_level
    rows = [
        [
            _name(row, ranked.sort),
            *_ratio(row, level),
            _whole_number(row["now"]),
            _season(row),
            *(_rates(row, ranked) if rated else ()),
        ]
        for row in ranked.table.to_dict("records")
    ]
    note = Text(
        "Gånger: tolv månader delat med de tolv före; osäkerheten är vidgad för att år skiljer "
        "sig av sig själva ({phi} gånger slumpen). Nu: {period}; förr är snittet för samma tid "
        "tidigare år.{rate}",
        {
            "phi": float(ranked.dispersion),
            "period": results.period,
            "rate": _ABOUT_RATES[ranked.sort] if rated else "",
        },
    )
    return Table(
        f"{ranked.sort}_forandring",
        _caption(results, ranked, "Förändring och takt, {kind}, {year}"),
        [
            *(_FIRST[ranked.sort], "Gånger", "Osäkerhet", "Nu", "Förr"),
            *((_RATES[ranked.sort], "Utjämnat") if rated else ()),
        ],
        rows,
        results.language,
        note,
        folded="Visa förändringen i siffror",
    )


_ABOUT_LENGTH = Text(
    " Utjämnat: drar takten mot snittet för alla gator, mer ju mindre sträckan kan säga."
)
_ABOUT_RATES = {
    "stretch": _ABOUT_LENGTH,
    "street": _ABOUT_LENGTH,
    "cell": Text(
        " Gånger snittrutan: per hektar inom kommunen, mot alla rutor med väg, plats eller "
        "händelse. Utjämnat: drar mot snittet, mer ju mindre rutan kan säga."
    ),
}


def _what(results: Results, ranked: Ranked) -> Table:
    rows = [
        [_name(row, ranked.sort), list(row["groups"][:NAMED]) or None, when(row["peak"])]
        for row in ranked.table.to_dict("records")
    ]
    return Table(
        f"{ranked.sort}_vad",
        _caption(results, ranked, "Vad och när, {kind}, {year}"),
        [_FIRST[ranked.sort], "Vanligast", "Tätast"],
        rows,
        results.language,
        _about_when(results),
        folded="Visa vad som händer och när",
    )


def _about_when(results: Results) -> Text:
    return Text(
        "Vanligast: grupper med minst {smallest}. Tätast: de {hours} timmar i följd, och den "
        "veckodag, som har mer än slumpen brukar ge; streck är färre än {gate} brott med tid.",
        {
            "smallest": results.municipality.disclosure.smallest_place_count,
            "hours": BLOCK,
            "gate": FEWEST,
        },
    )


def when(peak: Peak) -> Text | None:
    """Return when a place is busiest; None where there are too few to tell."""
    if not peak.enough:
        return None
    parts = []
    if peak.hour is not None:
        hours = {
            "start": f"{peak.hour:02d}",
            "end": f"{(peak.hour + BLOCK) % 24:02d}",
            "share": Share(peak.hour_share),
        }
        parts.append(Text("kl. {start}–{end} ({share})", hours))
    if peak.day is not None:
        day = {"day": Text(WEEKDAYS[peak.day]), "share": Share(peak.day_share)}
        parts.append(Text("{day} ({share})", day))
    return Text("{parts}", {"parts": parts}) if parts else Text("ingen topp")


def _whole_number(value: float) -> int | None:
    return None if pd.isna(value) else int(value)


def _ratio(row: dict[str, Any], level: float) -> tuple[float | None, Interval | None]:
    if pd.isna(row["ratio_high"]):
        return None, None
    return float(row["ratio"]), Interval(row["ratio_low"], row["ratio_high"], level)


def _season(row: dict[str, Any]) -> float | None:
    if not row["seasons"] or pd.isna(row["season"]):
        return None
    return float(row["season"] / row["seasons"])


def _rates(row: dict[str, Any], ranked: Ranked) -> tuple[float | None, float | None]:
    """Return the raw and the shrunken rate; of a cell as so many times the mean."""
    unit = ranked.mean if ranked.sort == "cell" else 1.0
    if pd.isna(row["rate"]) or not unit > 0:
        return None, None
    return float(row["rate"] / unit), float(row["shrunken"] / unit)


def _again(heading: str, results: Results) -> Text:
    """Return a heading that an earlier column has too, as that of the change."""
    return Text("Ändring, {what}", {"what": results.language.translate(heading).lower()})


def _whole(results: Results, ranked: Ranked | None, name: str) -> Table:
    """Return everything about the ranked places of one sort in one table."""
    if ranked is None:
        return Table(name, Text("Rankade platser"), ["Plats"], [], results.language, empty=_NOTHING)
    parts = (_ranking(results, ranked), _change(results, ranked), _what(results, ranked))
    headings = [parts[0].headings[0]]
    rows = [[row[0]] for row in parts[0].rows]
    for part in parts:
        headings += [_again(str(h), results) if h in headings else h for h in part.headings[1:]]
        rows = [[*row, *more[1:]] for row, more in zip(rows, part.rows, strict=True)]
    headings += ["Andel", "Kring"]
    told = ranked.table.to_dict("records")
    rows = [[*row, Share(t["share"]), t["around"]] for row, t in zip(rows, told, strict=True)]
    return Table(name, parts[0].caption, headings, rows, results.language, parts[0].note)


_SHARE_OF = {0.25: "En fjärdedel", 0.5: "Hälften", 0.8: "Fyra femtedelar"}
HOLDERS = {"stretch": "gatusträckor", "street": "gator", "cell": "rutor"}
"""What the units of concentration are called, in the plural."""


def few(results: Results) -> Table:
    """Return how many places hold how much, beside what chance gives."""
    told = results.few
    head = Text("Så få platser rymmer så mycket, {year}", {"year": results.year})
    headings = ["Andel", "Platser", "Av en slump", "Slumpens spann"]
    if told is None or not told.found.gate:
        empty = Text("för få för att säga något (under {gate})", {"gate": CONCENTRATED_FROM})
        return Table("fa_platser", head, headings, [], results.language, empty=empty)
    measures = [(_SHARE_OF[share], m) for share, m in told.found.holders.items()]
    rows: list[list[Any]] = [
        [Text(name), int(m.value), m.chance, Interval(m.low, m.high, 0.95)] for name, m in measures
    ]
    even = told.found.general
    rows.append(
        [
            Text("Ginis tal, för få händelser"),
            Text("{x}", {"x": results.language.number(even.value, 2)}),
            Text("{x}", {"x": results.language.number(even.chance, 2)}),
            Text(
                "{low}–{high}",
                {
                    "low": results.language.number(even.low, 2),
                    "high": results.language.number(even.high, 2),
                },
            ),
        ]
    )
    return Table(
        "fa_platser",
        head,
        headings,
        rows,
        results.language,
        Text(
            "{n} {kind} på {places} {units}, de tomma medräknade. Av en slump: lika många på samma "
            "platser, varje meter eller hektar lika trolig. Få händelser samlas alltid på få "
            "platser; bara det som är utanför spannet säger något om platserna.",
            {
                "n": told.found.n,
                "kind": Text(KINDS[told.kind]),
                "places": told.found.places,
                "units": Text(HOLDERS[told.sort]),
            },
        ),
        folded="Visa hur samlat det är",
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


_STATES = {"new": "ny", "again": "återkommande", "unsure": "går inte att säga"}


def fortnight_places(results: Results, most: int | None = 10) -> Table:
    """Return the places of the fortnight."""
    rows = [
        [
            row["place"],
            Text(KINDS[row["kind"]]),
            int(row["n"]),
            float(row["usual"]),
            Text(_STATES[row["state"]]),
        ]
        for row in results.fortnight_places[:most].to_dict("records")
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
            "månader."
        ),
    )
