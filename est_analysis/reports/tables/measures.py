"""Tables of the group's own work: priorities, measures, what is due, faults in the register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from est_analysis.counts import Interval
from est_analysis.evidence import Share, Text
from est_analysis.measures.checks import NOT_EVALUATED, NOT_USED, REMARK
from est_analysis.measures.due import late_days, left
from est_analysis.measures.priorities import DRAWS, FOREMOST, fields
from est_analysis.measures.register import NEED_GRADES
from est_analysis.periods import parse
from est_analysis.reports.language import KINDS
from est_analysis.reports.table import Table
from est_analysis.reports.tables.where import shown

if TYPE_CHECKING:
    from est_analysis.measures.evaluation import Evaluation
    from est_analysis.measures.frozen import Changed
    from est_analysis.reports.results import Results

_POSSIBLE = ("influence", "resurser", "kostnad")


def priorities(results: Results) -> Table:
    """Return places against the council's criteria."""
    smallest = results.municipality.disclosure.smallest_place_count
    level = 0.95  # of the exact intervals
    rows = [
        [
            row["place"],
            row["problems"] or None,
            shown(int(row["commonest"]), smallest),
            Interval(row["low"], row["high"], level) if row["commonest"] >= smallest else None,
            None if pd.isna(row["increasing"]) else int(row["increasing"]),
            None
            if pd.isna(row["ratio_low"]) or row["commonest"] < smallest
            else Interval(row["ratio_low"], row["ratio_high"], level),
            None if pd.isna(row["deviating"]) else float(row["deviating"]),
            shown(int(row["unsafe"]), smallest),
            shown(int(row["severe"]), smallest),
            *(None if pd.isna(row[name]) else int(row[name]) for name in NEED_GRADES),
            float(row["need"]),
            Text("{best}–{worst}", {"best": row["best"], "worst": row["worst"]}),
            None if pd.isna(row["top"]) else Share(row["top"]),
            None
            if pd.isna(row["first"])
            else Text("{first}–{last}", {"first": int(row["first"]), "last": int(row["last"])}),
            *(None if pd.isna(row[name]) else int(row[name]) for name in _POSSIBLE),
        ]
        for row in results.priorities.table.to_dict("records")
    ]
    return Table(
        "prioritering",
        Text("Platser mot kriterierna för prioritering, {year}", {"year": results.year}),
        [
            *("Plats", "Problem", "Vanligast", "Osäkerhet", "Ökar", "Gånger så många"),
            *("Avviker", "Otrygg", "Allvarlig", "Signalbrott", "Berör många", "Konsekvens"),
            *("Behov", "Plats i listan", "Bland de tre första", "Plats, 5–95 %"),
            *("Påverkbarhet", "Resurser", "Kostnad"),
        ],
        rows,
        results.language,
        Text(
            "Ökar är mot året före, med osäkerhet i gånger så många. Avviker är hur många fler än "
            "snittet av andra platser av samma slag. Behov är medelplaceringen över kriterierna; "
            "lägst är störst behov. Plats i listan visar hur placeringen växlar när ett kriterium "
            "i taget tas bort. De två följande prövar {draws} gånger med andra vikter och med "
            "slumpen i antalen. Gruppens egna omdömen (1–3) vägs in först när alla platser har "
            "ett; gruppen fyller i dem i registret.",
            {"draws": DRAWS},
        ),
    )


_FIELDS = {"good": "lätt att påverka", "small": "svårt att påverka", "unjudged": "inte bedömt"}
_CAPITALS = {"good": "Lätt att påverka", "small": "Svårt att påverka", "unjudged": "Inte bedömt"}


def four_fields(results: Results) -> Table:
    """Return the places by need and the possibility to influence."""
    laid = fields(results.priorities)
    rows = [
        [
            Text(name),
            *(
                list(laid.loc[(laid["need"] == need) & (laid["influence"] == influence), "place"])
                or None
                for influence in _FIELDS
            ),
        ]
        for need, name in (("great", "Störst behov"), ("less", "Mindre behov"))
        if (laid["need"] == need).any()
    ]
    return Table(
        "fyrfalt",
        Text("Behov och möjlighet att påverka, {year}", {"year": results.year}),
        ["", *(_CAPITALS[name] for name in _FIELDS)],
        rows,
        results.language,
        Text(
            "Störst behov är de {n} första i listan. Lätt att påverka är ett medelomdöme över 2 av "
            "3 på påverkbarhet, resurser och låg kostnad, så långt gruppen har fyllt i dem.",
            {"n": FOREMOST},
        ),
    )


def measures(results: Results) -> Table:
    """Return measures with events before and after."""
    by_id = results.register.measures.set_index("id")
    smallest = results.municipality.disclosure.smallest_place_count
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
                e.before / e.years if e.years and e.before >= smallest else None,
                e.after if e.window and e.after >= smallest else None,
                e.comparison_before / e.years if e.comparison_before >= smallest else None,
                e.comparison_after if e.comparison_after >= smallest else None,
                e.difference.estimate if judged and e.difference else None,
                e.difference.interval if judged and e.difference else None,
                _baseline(e, smallest),
            ]
        )
    return Table(
        "insatser",
        Text("Insatser: före och efter, till och med {day}", {"day": results.period.last}),
        [
            *("Insats", "Före, per år", "Efter"),
            *("Jämförelse före", "Jämförelse efter", "Skillnad", "Osäkerhet", "Baslinje"),
        ],
        rows,
        results.language,
        Text(
            "Före är snittet för samma del av året tidigare år, utan den period då platsen "
            "valdes. Skillnad är hur många fler eller färre det blev än om platsen hade ändrats "
            "som jämförelsen; den räknas bara när alla fyra antalen är minst {gate}. Streck: "
            "färre än {smallest}, eller inget att räkna. Baslinjen fryses i den första rapport "
            "som räknar insatsen; det som levereras senare ändrar den inte.",
            {
                "gate": results.municipality.thresholds.minimum_evaluation,
                "smallest": smallest,
            },
        ),
    )


def _baseline(evaluation: Evaluation, smallest: int) -> Text | None:
    """Return when the baseline was frozen, and what later deliveries would have made of it."""
    held = evaluation.held
    if held is None or not held.kept.counted:
        return None
    values: dict[str, Any] = {"period": parse(held.kept.period)}
    changed = held.changed(evaluation.baseline)
    if changed is None:
        return Text("fryst {period}", values)
    then, now = sum(pair[0] for pair in _pairs(changed)), sum(pair[1] for pair in _pairs(changed))
    if min(then, now) < smallest:
        return Text("fryst {period}; underlaget har ändrats sedan", values)
    values |= {"then": then, "now": now}
    return Text("fryst {period}; underlaget har ändrats sedan: {then} då, {now} nu", values)


def _pairs(changed: Changed) -> tuple[tuple[int, int], tuple[int, int]]:
    return changed.treated, changed.comparison


def chain(results: Results) -> Table:
    """Return problem, cause, measure, indicator and follow-up, a row for each measure."""
    register = results.register
    late = late_days(register.measures)
    taken = register.decisions.groupby("atgard")["motesdatum"].min()
    problems = register.problems.set_index("id")
    rows = []
    for days, measure in zip(late, register.measures.to_dict("records"), strict=True):
        problem = problems.loc[measure["problem"]]
        decided = taken.get(measure["id"])
        rows.append(
            [
                measure["atgard"],
                problem["beskrivning"],
                problem["orsak"] or None,
                problem["orsakstyp"] or None,
                measure["atgardstyp"],
                measure["indikator"] or None,
                None if decided is None or pd.isna(decided) else decided.date(),
                None
                if pd.isna(days)
                else Text("i tid")
                if days == 0
                else Text("{n} dagar sent", {"n": int(days)}, "en dag sent"),
                measure["genomford"] or None,
                measure["produktion"] or None,
                measure["kostnad_tid"] or None,
            ]
        )
    return Table(
        "kedja",
        Text("Från problem till insats, {day}", {"day": results.period.last}),
        [
            *("Insats", "Problem", "Orsak", "Sida", "Slag", "Indikator", "Beslutad", "Klar"),
            *("Som beslutat", "Vad som gjordes", "Kostnad"),
        ],
        rows,
        results.language,
        Text(
            "Att något är gjort, i tid och som beslutat, är en sak. Om det hjälpte är en annan, "
            "och står i nästa kapitel."
        ),
    )


def left_list(results: Results) -> Table:
    """Return the problems that have left the list, and why."""
    rows = [
        [
            row["text"],
            row["place"] or None,
            None if pd.isna(row["day"]) else row["day"].date(),
            row["reason"] or None,
        ]
        for row in left(results.register).to_dict("records")
    ]
    return Table(
        "lamnat_listan",
        Text("Problem som har lämnat listan, {day}", {"day": results.period.last}),
        ["Problem", "Plats", "När", "Skäl"],
        rows,
        results.language,
    )


_WHY = {
    "overdue": "försenad",
    "follow_up": "ska följas upp",
    "not_followed": "har inte följts upp",
    "open": "öppen",
    "no_follow_up": "saknar dag för uppföljning",
    "no_measure": "problem utan insats",
}


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
        Text("{n} till står i rapporten.", {"n": left_out}) if left_out else None,
    )


_COST = {
    NOT_USED: "raden används inte",
    NOT_EVALUATED: "insatsen utvärderas inte",
    REMARK: "raden används",
}


def register_faults(results: Results) -> Table:
    """Return what is to be mended in the register: what cannot be used first."""
    register = results.register
    noted = pd.concat([register.faults.assign(cost=NOT_USED), register.remarks])
    grave = noted["cost"].map({cost: place for place, cost in enumerate(_COST)})
    noted = noted.iloc[grave.argsort(kind="stable")]
    rows = [
        [
            row["file"],
            int(row["row"]),
            row["column"],
            Text(row["reason"], row["values"]),
            Text(_COST[row["cost"]]),
        ]
        for row in noted.to_dict("records")
    ]
    return Table(
        "registerfel",
        Text("Att rätta i registret"),
        ["Fil", "Rad", "Kolumn", "Vad", "Följd"],
        rows,
        results.language,
    )
