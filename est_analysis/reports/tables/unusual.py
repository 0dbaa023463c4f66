"""Tables behind what is claimed about where: places, near repeats and bursts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from est_analysis.counts import Interval
from est_analysis.evidence import Text
from est_analysis.patterns.where import LIVE_DAYS, LIVE_METRES
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from est_analysis.patterns.where import Bursts
    from est_analysis.reports.results import Results


def standing_out(results: Results, most: int | None = 10) -> Table:
    """Return the places farthest above their own earlier years."""
    found, level = results.standing_out, results.municipality.thresholds.interval_level
    smallest = results.municipality.disclosure.smallest_place_count
    own = found.table[found.table["n"] >= smallest]
    own = own[own["ratio"] > 1]
    rows = [
        [
            str(row["place"]),
            int(row["n"]),
            float(row["base_n"]) / len(found.seasons),
            float(row["ratio"]),
            Interval(float(row["low"]), float(row["high"]), level),
            float(row["shrunken"]),
        ]
        for row in (own if most is None else own.head(most)).to_dict("records")
        if found.seasons
    ]
    return Table(
        "platser_mot_egna_ar",
        Text("Platser mot sina egna tidigare år, {period}", {"period": results.period}),
        ["Plats", "Nu", "Vanligt", "Gånger", "Osäkerhet", "Dämpat"],
        rows,
        results.language,
        Text(
            "Tillfällen: flera brott på en plats samma eller följande dag räknas som ett. Vanligt: "
            "snittet för samma tid tidigare år. Gånger: platsens andel av alla tillfällen nu, "
            "delat med dess andel då. Dämpat: samma sak, dragen mot 1 ju färre tillfällen platsen "
            "har; "
            "jämför platser med den. Platser under {smallest} tillfällen visas inte.",
            {"smallest": smallest},
        ),
        folded="Visa platserna mot deras tidigare år",
    )


def near_repeats(results: Results) -> Table:
    """Return pairs of crimes of the strongest group by distance and days apart."""
    from est_analysis.patterns.near_repeats import bands

    groups = results.repeats.groups
    rows: list[list[Any]] = []
    names: list[Text] = []
    title = Text("Inga grupper har brott nog för att räkna par")
    if len(groups):
        knox = groups["knox"].iloc[0]
        say = results.language
        names = bands(knox.days, "dygn")
        for space, name in enumerate(bands(knox.metres, "m")):
            pairs = zip(knox.observed[space], knox.mean[space], strict=True)
            cells = [f"{say.write(int(seen))} ({say.number(float(mean))})" for seen, mean in pairs]
            rows.append([name, *cells])
        title = Text(
            "{group}: par av brott efter avstånd och tid emellan, {year}",
            {"group": str(groups["group"].iloc[0]), "year": results.year},
        )
    return Table(
        "par_i_tid_och_rum",
        title,
        ["Avstånd", *names],
        rows,
        results.language,
        Text(
            "Inom parentes: så många par det blir i snitt om dagarna byter plats med varandra. "
            "Från och med, till (men inte med)."
        ),
        folded="Visa par efter avstånd och tid",
    )


def repeat_windows(results: Results) -> Table:
    """Return how the answer about near repeats hangs on the length of the window."""
    from est_analysis.patterns.near_repeats import band_names, bands

    found = results.repeats
    rows: list[list[Any]] = []
    if len(found.groups):
        edges = found.groups["knox"].iloc[0]
        metres, days = (
            dict(zip(band_names(*one), bands(*one), strict=True))
            for one in ((edges.metres, "m"), (edges.days, "dygn"))
        )
        for row in found.windows.to_dict("records"):
            apart = Text("{m}, {d}", {"m": metres[row["space"]], "d": days[row["time"]]})
            rows.append([int(row["days"]), int(row["n"]), apart, row["observed"], row["ratio"]])
    return Table(
        "par_efter_fonster",
        Text("Hur svaret hänger på hur lång tid som ses"),
        ["Dygn", "Brott", "Mest skiljer", "Par", "Gånger"],
        rows,
        results.language,
        Text(
            "Växer skillnaden med tiden talar det för att brotten flyttar sig under året, inte för "
            "att de upprepas."
        ),
        folded="Visa hur svaret hänger på tiden som ses",
    )


def bursts(results: Results) -> Table:
    """Return where crimes gathered most in time within the period."""
    return _bursts(results, results.bursts, "anhopningar", Text("Tätast i både tid och rum"))


def _bursts(results: Results, found: Bursts, name: str, title: Text) -> Table:
    smallest = results.municipality.disclosure.smallest_place_count
    rows = [
        [
            str(row["place"]),
            int(row["n"]),
            float(row["expected"]),
            round(float(row["metres"]), -1),
            row["first"],
            row["last"],
            list(row["groups"]),
        ]
        for row in found.found.to_dict("records")
        if row["n"] >= smallest
    ]
    return Table(
        name,
        title,
        ["Kring", "Brott", "Väntat", "Inom meter", "Från", "Till", "Vanligast"],
        rows,
        results.language,
        Text(
            "Väntat: vad platsernas och dagarnas vanliga mängd ger tillsammans. Den tätaste "
            "anhopningen finns alltid; om den är mer än en slump säger meningen ovan."
        ),
        folded="Visa de tätaste anhopningarna",
    )


def live_repeats(results: Results, most: int | None = None) -> Table:
    """Return the chains of near repeats that go on."""
    rows = [
        [row["group"], row["place"], int(row["n"]), row["first"], row["last"]]
        for row in results.live_repeats[:most].to_dict("records")
    ]
    return Table(
        "upprepningar_nu",
        Text("Brott av samma slag nära varandra, och den senaste nu"),
        ["Slag", "Kring", "Brott", "Från", "Till"],
        rows,
        results.language,
        Text(
            "Inom {metres} meter och {days} dygn från varandra. Några blir det alltid av en slump.",
            {"metres": int(LIVE_METRES), "days": int(LIVE_DAYS)},
        ),
    )
