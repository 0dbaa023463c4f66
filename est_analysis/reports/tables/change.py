"""Tables of what changed: against earlier years, the former report, and other municipalities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from est_analysis.counts import Interval
from est_analysis.evidence import Text, foremost
from est_analysis.reports import cards
from est_analysis.reports.language import KINDS
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from est_analysis.patterns.change import Change
    from est_analysis.reports.results import Results


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


_CLAIMS = {"clear", "indication"}

_THEN_AND_NOW = ["Då", "Nu"]


def followed_up(results: Results) -> Table:
    """Return what the latest earlier report claimed and what this one says, and what is new."""
    say = results.language
    former = results.former
    if former is None:
        caption, empty = (
            Text("Förra rapporten"),
            Text("det finns ingen tidigare rapport av samma slag"),
        )
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
            "Brå räknar alla brott som anmälts, även sådant som sedan visar sig inte vara brott, "
            "och en kommuns brott efter platsen. Därför är talen andra än rapportens egna. "
            "Osäkerhet och antal gäller {name} det senaste året; osäkerheten är vad slumpen ensam "
            "ger vid lika stor risk. Ordningen är filens, ingen rangordning. * Preliminära "
            "uppgifter.{wrong}",
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
