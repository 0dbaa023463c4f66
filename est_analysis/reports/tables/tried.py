"""Tables for the analyst: how maps did when tried, and whether events moved between areas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Share, Text
from est_analysis.patterns.moved import FEWEST as MOVED_FROM
from est_analysis.patterns.tried import ADVICE_AT, NAMES
from est_analysis.patterns.tried import FEWEST as TRIED_FROM
from est_analysis.reports.language import KINDS
from est_analysis.reports.table import Table
from est_analysis.reports.tables.where import shown

if TYPE_CHECKING:
    from est_analysis.reports.results import Results


def tried(results: Results) -> Table:
    """Return how each kind of map did on the quarters that followed it."""
    found, say = results.tried, results.language
    rows: list[list[Any]] = []
    mean = found.table.groupby(["map", "area"])[["share", "pai", "pei"]].mean()
    for one, label in NAMES.items():
        if one not in mean.index.get_level_values(0):
            continue
        for area, line in mean.loc[one].iterrows():
            against = found.against.get(one) if area == ADVICE_AT else None
            known = against is not None and against.quarters > 1
            rows.append(
                [
                    Text(label),
                    Text("{area} %", {"area": say.number(100 * float(area), 1)}),
                    Share(line["share"]),
                    float(line["pai"]),
                    Text("{pei}", {"pei": say.number(float(line["pei"]), 2)}),
                    Text(
                        "{low} till {high}",
                        {
                            "low": say.number(100 * against.low, 1),
                            "high": say.number(100 * against.high, 1),
                        },
                    )
                    if known and against
                    else None,
                ]
            )
    return Table(
        "kartor_provade",
        Text(
            "Hur kartor av ett år pekade ut kvartalet efter, {kind}, {quarters} kvartal",
            {"kind": Text(KINDS[found.kind]), "quarters": found.quarters},
        ),
        ["Karta", "Av ytan", "Träffar", "PAI", "PEI", "Mot antal"],
        rows,
        say,
        Text(
            "Träffar: andel av kvartalets brott i så stor del av ytan, i snitt. PAI: gånger "
            "slumpen. PEI: av det bästa möjliga. Mot antal: hur många procentenheter fler träffar "
            "än antalet på ett år ger, 95 % osäkerhet över kvartalen, vid {area} av ytan. Ytan är "
            "rutor med väg, plats eller händelse. Lika höga rutor räknas till kartans nackdel.",
            {"area": Share(ADVICE_AT)},
        ),
        empty=Text("det krävs minst fem täckta kvartal med {n} brott om året", {"n": TRIED_FROM}),
        folded="Visa hur kartorna klarade provet",
    )


_WHY_NOT = {
    "years": "året innan är inte täckt",
    "few": "för få: färre än {n} något av åren",
    "areas": "färre än två områden",
    "": "inget att visa",
}


def moved(results: Results) -> Table:
    """Return each area's share of the year before and of this one."""
    found, say = results.moved, results.language
    smallest = results.municipality.disclosure.smallest_place_count
    rows: list[list[Any]] = []
    for row in found.table.to_dict("records"):
        before, now = (shown(int(row[name]), smallest) for name in ("before", "now"))
        told = before is not None and now is not None  # neither may be worked out from a share
        q = Text("under 0,01") if row["q"] < 0.01 else say.number(float(row["q"]), 2)
        rows.append(
            [
                str(row["area"]),
                before,
                now,
                Share(row["share_before"]) if before is not None else None,
                Share(row["share_now"]) if now is not None else None,
                q if told else None,
            ]
        )
    return Table(
        "flyttat",
        Text(
            "Områdenas del av {kind}, {year} och året innan",
            {"kind": Text(KINDS[found.kind]), "year": results.year},
        ),
        ["Område", "Innan", "Nu", "Andel innan", "Andel nu", "q"],
        rows,
        say,
        Text(
            "q: den andel av områden med så litet q eller mindre som vore slump, om inget flyttat "
            "(Benjamini–Hochberg). Att allt ökar eller minskar lika mycket är ingen flytt. "
            "Beskriver; slutsatserna står för sig. Streck: färre än {smallest}.",
            {"smallest": smallest},
        ),
        empty=Text(_WHY_NOT[found.why_not], {"n": MOVED_FROM}),
        folded="Visa om brotten flyttat mellan områden",
    )
