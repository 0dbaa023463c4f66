"""Why is this a hot spot: what stands behind a place, in sentences, down to the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from est_analysis.bench.answers import Bench
from est_analysis.bench.choices import Choices
from est_analysis.bench.counted import Counted
from est_analysis.counts import compare_rates
from est_analysis.evidence import Share, Text
from est_analysis.patterns.hotspots import smallest_cluster
from est_analysis.patterns.peaks import BLOCK, peak
from est_analysis.reports.language import KINDS, ONE, WEEKDAYS
from est_analysis.reports.table import Table

_MOST_ROWS = 400
_MOST_GROUPS = 4
_ROOT = "deliveries/"
_CLOCKED = {"minute": 16, "hour": 13}


@dataclass(frozen=True)
class Why:
    """
    What stands behind a place.

    Parameters
    ----------
    sentences
        The answer first.
    rows
        Every record counted within the bandwidth, nearest first: for the analyst's eyes only, and
        with no way out of the bench.
    """

    sentences: tuple[str, ...]
    rows: Table


def why(bench: Bench, choices: Choices, place: str) -> Why:
    """
    Say why a place stands where it does among the places of a set of choices.

    Parameters
    ----------
    bench
        The analyst's.
    choices
        Which events.
    place
        A public place, as the table names it.

    Returns
    -------
    Why
        A sentence alone, without rows, where the choices count nothing at the place.
    """
    found, say = bench.counted(choices), bench.say
    at = found.places[found.places["place"] == place]
    if at.empty:
        text = Text(
            "{place}: inga {what}, {period}.",
            {"place": place, "what": bench.what(choices), "period": choices.period},
        )
        return Why(
            (say.sentence(text),),
            _rows(bench, choices, found.here.head(0).assign(metres=0.0), place),
        )
    row = at.iloc[0]
    near = found.around(float(row["x"]), float(row["y"]))
    told = [
        _standing(bench, found, row, int(at.index[0]) + 1),
        _before(bench, found, row),
        _dense(bench, found, row),
        _commonest(near, choices),
        _when(bench, near),
        _ground(bench, choices, place),
        Text(
            "Många på en plats kan bero på att många rör sig där. Listan säger var och när, inte "
            "varför."
        ),
    ]
    return Why(
        tuple(say.sentence(text) for text in told if text is not None),
        _rows(bench, choices, near, place),
    )


def _standing(bench: Bench, found: Counted, row: pd.Series, rank: int) -> Text:
    return Text(
        "{place} är nummer {rank} av {places} platser: {count} {what} på platsen och {near} inom "
        "{bandwidth} meter, {share} av alla vars plats är känd.",
        {
            "place": str(row["place"]),
            "rank": rank,
            "places": len(found.places),
            "count": int(row["n"]),
            "what": bench.what(found.choices),
            "near": int(row["near"]),
            "bandwidth": found.choices.bandwidth,
            "share": Share(float(row["near"]) / found.placed),
        },
    )


def _before(bench: Bench, found: Counted, row: pd.Series) -> Text | None:
    if pd.isna(row["before"]):
        return Text("Ett år tidigare täcks inte av leveranserna.")
    values: dict[str, Any] = {"before": int(row["before"]), "count": int(row["n"])}
    if found.choices.kind != "reported_crime":
        return Text("På platsen var det {before} ett år tidigare och {count} nu.", values)
    level = bench.results.municipality.thresholds.interval_level
    ratio = compare_rates(
        values["count"],
        1,
        values["before"],
        1,
        level=level,
        dispersion=bench.results.unrest_of_places,
    )
    values["interval"] = ratio.interval
    return Text(
        "På platsen var det {before} ett år tidigare och {count} nu. Små tal växlar av en slump: "
        "det kan vara {interval} gånger så många som då. Det är platsens egna tal; rapporten "
        "prövar alla platser tillsammans.",
        values,
    )


def _dense(bench: Bench, found: Counted, row: pd.Series) -> Text | None:
    """Return whether the place lies in a dense area by the report's rule."""
    thresholds = bench.results.municipality.thresholds
    if found.choices.kind != "reported_crime" or found.placed < thresholds.minimum_clusters:
        return None
    needed = smallest_cluster(found.placed, bench.results.municipality)
    x, y = float(row["x"]), float(row["y"])
    away = ((found.here["x"] - x) ** 2 + (found.here["y"] - y) ** 2) ** 0.5
    inside = int(found.here.loc[away <= thresholds.cluster_radius_m, "count"].sum())
    values = {"inside": inside, "radius": int(thresholds.cluster_radius_m), "needed": needed}
    if inside >= needed:
        return Text(
            "Det är ett tätt område: {inside} inom {radius} meter, och regeln kräver {needed}.",
            values,
        )
    return Text(
        "Platsen själv är inget tätt område: {inside} inom {radius} meter, och regeln kräver "
        "{needed}.",
        values,
    )


def _commonest(near: pd.DataFrame, choices: Choices) -> Text | None:
    if choices.group:
        return None
    by = near.groupby("group")["count"].sum().sort_index()
    by = by.sort_values(ascending=False, kind="stable")
    if len(by) < 2:
        return None
    named = [
        Text("{group} ({count})", {"group": str(group), "count": int(n)})
        for group, n in by.head(_MOST_GROUPS).items()
    ]
    return Text("Vanligast i omgivningen: {named}.", {"named": named})


def _when(bench: Bench, near: pd.DataFrame) -> Text:
    longest = bench.results.municipality.thresholds.longest_span_hours
    found = peak(near, longest_span_hours=longest)
    if not found.enough:
        return Text(
            "Tiden på dygnet är känd för {count}: för få för att peka ut en tid.",
            {"count": found.n},
        )
    parts = []
    if found.hour is not None:
        hours = {"first": found.hour, "last": (found.hour + BLOCK) % 24}
        share = {"share": Share(found.hour_share)}
        parts.append(Text("klockan {first}–{last} ({share})", hours | share))
    if found.day is not None:
        day = {"day": Text(WEEKDAYS[found.day]), "share": Share(found.day_share)}
        parts.append(Text("{day} ({share})", day))
    if not parts:
        return Text("Ingen tid på dygnet eller veckodag sticker ut mer än slumpen ger.")
    return Text("Tider som sticker ut: {parts}.", {"parts": parts})


def _ground(bench: Bench, choices: Choices, place: str) -> Text | None:
    """Return what else was reported at the place: kinds beside each other, never added."""
    others = [kind for kind in bench.offered.kinds if kind != choices.kind]
    named = []
    for kind in others:
        places = bench.counted(Choices(choices.period, kind)).places
        n = int(places.loc[places["place"] == place, "n"].sum())
        if n:
            named.append(
                Text("{count} {kind}", {"count": n, "kind": Text((ONE if n == 1 else KINDS)[kind])})
            )
    return Text("På samma plats finns också {named}.", {"named": named}) if named else None


def _rows(bench: Bench, choices: Choices, rows: pd.DataFrame, place: str) -> Table:
    """Return records as they were accepted, with file and row so that each can be found again."""
    whole = bench.results.events.loc[rows.index].assign(metres=rows["metres"])
    told = bool((whole["text"] != "").any())
    lines: list[list[Any]] = []
    for row in whole.head(_MOST_ROWS).rename(columns={"count": "n"}).itertuples():
        line = [
            f"{str(row.file).removeprefix(_ROOT)} : {row.row}",
            int(row.metres),
            str(row.place),
            str(row.group),
            _clock(row.start, str(row.time_precision)),
            _clock(row.end, str(row.time_precision)),
            str(row.partner),
            int(row.n),
        ]
        lines.append([*line, str(row.text)] if told else line)
    headings = ["Fil : rad", "Meter bort", "Plats", "Grupp", "Från", "Till", "Part", "Antal"]
    return Table(
        "rader",
        Text(
            "Rader inom {bandwidth} meter från {place}",
            {"bandwidth": choices.bandwidth, "place": place},
        ),
        [*headings, "Text"] if told else headings,
        lines,
        bench.say,
        Text(
            "Raderna visas bara här. De följer inte med i det som sparas eller exporteras. Högst "
            "{most} rader visas.",
            {"most": _MOST_ROWS},
        ),
    )


def _clock(when: Any, precision: str) -> str | None:  # noqa: ANN401 - pandas' own
    """Return a time as finely as it is known."""
    if pd.isna(when):
        return None
    return str(when)[: _CLOCKED.get(precision, 7 if precision == "month" else 10)]


def places_of(bench: Bench, choices: Choices) -> list[str]:
    """Return the places to ask about, those with most about them first."""
    return bench.counted(choices).places["place"].astype(str).tolist()
