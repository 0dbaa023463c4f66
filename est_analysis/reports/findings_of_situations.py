"""What is said of situations: types, what stands out, who would have reported, what belongs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Finding, Share, Text
from est_analysis.patterns.traits import TRAITS
from est_analysis.reports.language import KINDS, ONE

if TYPE_CHECKING:
    import pandas as pd

    from est_analysis.patterns.combinations import Combinations
    from est_analysis.patterns.reported import Reported
    from est_analysis.patterns.situations import Situations, Typology
    from est_analysis.patterns.together import Together
    from est_analysis.reports.results import Results

MOST = 3
"""So many are named in a sentence; the tables have the rest."""


def situation_findings(results: Results) -> list[Finding]:
    """Return everything that is said of situations; all of it describes, nothing is claimed."""
    return [
        types_finding(results.situations),
        types_finding(results.event_situations),
        combinations_finding(results.combinations),
        *reported_findings(results.reported),
        *reporting_findings(results.reporting),
        together_finding(results.together),
    ]


def in_sentence(name: str) -> str:
    """Return a name as it stands within a sentence: a small letter first, but not in an acronym."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def situation_label(row: Mapping[str, Any]) -> Text:
    """Return a situation's name by the fixed template: what · where · when · what else."""
    named = [in_sentence(str(row[trait])) for trait in TRAITS if row.get(trait)]
    return Text("{name}", {"name": " · ".join(named)}) if named else Text("blandat")


def types_finding(situations: Situations) -> Finding:
    """Return the commonest situation, since when the types are fixed, and how much fits none."""
    kind, n = situations.typology.kind, situations.n
    identity = "situations" if kind == "reported_crime" else f"situations/{kind}"
    of_kind = Text((ONE if n == 1 else KINDS)[kind])
    if n == 0:
        text = Text(
            "Inga {kind} har levererats, så inga situationer går att se.", {"kind": of_kind}
        )
        return _told(identity, text, 0)
    if not situations.typology.types:
        text = Text(
            "Ingen situation återkommer ofta nog bland {n} {kind}.", {"n": n, "kind": of_kind}
        )
        return _told(identity, text, n)
    first = situations.table.iloc[0].to_dict()
    values = {
        "label": situation_label(first),
        "count": int(first["n"]),
        "n": n,
        "kind": of_kind,
        "share": Share(first["share"]),
        "basis": _basis(situations.typology),
        "lost": situations.nowhere,
        "lost_share": Share(situations.nowhere / n),
    }
    common = (
        "Vanligaste situationen: {label}. {count} av {n} {kind} ({share}). "
        if first["n"]
        else "Ingen av situationerna har hänt de senaste tolv månaderna, bland {n} {kind}. "
    )
    rest = (
        "{lost} av {n} passar ingen typ ({lost_share})."
        if situations.nowhere
        else "Ingenting faller utanför typerna."
    )
    return _told(identity, Text(common + "{basis} " + rest, values), int(first["n"]) or n)


def _basis(typology: Typology) -> Text:
    if typology.frozen:
        return Text("Typerna är bestämda på år {year} och hålls fasta.", {"year": typology.fitted})
    return Text(
        "Typerna är tillfälliga, för uppgifterna täcker inget helt kalenderår före perioden."
    )


def combinations_finding(combinations: Combinations) -> Finding:
    """Return the combinations that are commoner than the group's own times give."""
    from est_analysis.patterns.combinations import FEWEST_THERE

    table, n = combinations.table, combinations.n
    values: dict[str, Any] = {"tried": combinations.tried, "gate": FEWEST_THERE}
    if not combinations.tried:
        text = Text(
            "För få anmälda brott med känd platstyp och tid för att söka ovanliga kombinationer: "
            "inget slag har minst {gate} på en platstyp.",
            values,
        )
    elif table.empty:
        text = Text(
            "Ingen av {tried} prövade kombinationer av brott, platstyp och tid är säkert vanligare "
            "än brottets tider på andra slags platser ger.",
            values,
        )
    else:
        parts = [
            Text(
                "{label} ({share} av brotten där, mot {elsewhere} på andra slags platser)",
                {
                    "label": situation_label(row),
                    "share": Share(row["share"]),
                    "elsewhere": Share(row["elsewhere"]),
                },
            )
            for row in table.head(MOST).to_dict("records")
        ]
        text = Text(
            "Oftare än brottets tider på andra slags platser ger: {parts}.", {"parts": parts}
        )
    return _told("situations/combinations", text, n)


def reported_findings(reported: Reported) -> list[Finding]:
    """Return how much of what partners saw is found among the police reports."""
    whole = reported.whole
    if whole is None:
        text = Text(
            "Det går inte att säga hur mycket av det som parterna ser som anmäls: inga av deras "
            "händelser går att söka bland polisens anmälningar."
        )
        return [_told("reported", text, 0)]
    n = int(whole["n"])
    text = _share_text(whole, "parterna", since=reported.since.year)
    found = [_told("reported", text, n)]
    for rank, row in enumerate(reported.partners[reported.partners["gate"]].to_dict("records")):
        name = str(row["partner"])
        found.append(_told(f"reported/{name}", _share_text(row, name), int(row["n"]), rank))
    return found


def _share_text(row: Mapping[str, Any], who: str, since: int | None = None) -> Text:
    values = {
        "n": int(row["n"]),
        "who": who,
        "share": Share(row["share"]),
        "interval": share_interval(row["low"], row["high"]),
        "chance": Text("mindre än en") if row["chance"] < 1 else round(float(row["chance"])),
        "since": str(since),
    }
    if not row["gate"]:
        return Text(
            "{who} har sett {n} händelser som kunde sökas bland polisens anmälningar: för få, "
            "eller för lätta att förväxla, för att säga hur stor del som anmäls.",
            values,
            singular="{who} har sett en händelse som kunde sökas bland polisens anmälningar: för "
            "litet för att säga hur stor del som anmäls.",
        )
    if since is None:
        return Text(
            "Av de {n} händelser som {who} har sett finns {share} bland polisens anmälningar "
            "(osäkerhet {interval}).",
            values,
        )
    return Text(
        "Av de {n} händelser som {who} har sett sedan {since}, och som kunde sökas, finns {share} "
        "bland polisens anmälningar (osäkerhet {interval}). Det som stämmer av en slump är "
        "borträknat ({chance}). Resten kan vara oanmält, eller så olika beskrivet att det inte "
        "känns igen.",
        values,
    )


def reporting_findings(reporting: pd.DataFrame) -> list[Finding]:
    """Return, for each kind where reporters are new or gone, what that means for its number."""
    return [_reporting_finding(row) for row in reporting.to_dict("records")]


def _reporting_finding(row: Mapping[str, Any]) -> Finding:
    text = (
        "{kind}: {active} parter rapporterade i perioden, mot {then} i snitt samma tid tidigare år."
    )
    text += " Ny: {new}." if len(row["new"]) == 1 else " Nya: {new}." if row["new"] else ""
    text += " Rapporterar inte längre: {gone}." if row["gone"] else ""
    text += " De som har rapporterat alla åren står för {same} nu, mot {same_then} i snitt."
    text += " En ändring i antalet kan bero på vilka som rapporterar, inte på vad som händer."
    values = {
        "kind": Text(KINDS[str(row["kind"])]),
        "active": int(row["active"]),
        "n": int(row["active"]),
        "then": float(row["then"]),
        "new": list(row["new"]),
        "gone": list(row["gone"]),
        "same": int(row["same"]),
        "same_then": float(row["same_then"]),
    }
    one = text.replace("{active} parter rapporterade", "en enda part rapporterade", 1)
    return _told(f"reporting/{row['kind']}", Text(text, values, singular=one), int(row["n"]))


def together_finding(together: Together) -> Finding:
    """Return what goes with which crimes at the same places."""
    from est_analysis.patterns.together import FEWEST_PLACES

    values: dict[str, Any] = {
        "tried": together.tried,
        "places": together.places,
        "gate": FEWEST_PLACES,
    }
    if not together.tried:
        text = Text(
            "För få uppgifter för att se vad som hör ihop på platserna: minst {gate} platser "
            "behövs där både brott och annat är rapporterat.",
            values,
        )
    elif together.table.empty:
        text = Text(
            "Av {tried} prövade par av brott och annat som rapporteras på samma platser hör inget "
            "säkert ihop.",
            values,
        )
    else:
        parts = [
            Text(
                "där {group} anmäls rapporteras {what} {lift} gånger så ofta",
                {
                    "group": in_sentence(str(row["group"])),
                    "what": in_sentence(str(row["what"])),
                    "lift": float(row["lift"]),
                },
            )
            for row in together.table.head(MOST).to_dict("records")
        ]
        text = Text(
            "Jämfört med platser för brott i allmänhet: {parts}. Det är underlag för en "
            "orsaksanalys, inget bevis: platsens slag kan förklara båda.",
            {"parts": parts},
        )
    return _told("together", text, together.places)


def share_interval(low: float, high: float) -> Text:
    """Return an interval of shares as per cent."""
    ends = {"low": round(100 * low), "high": round(100 * high)}
    return Text("{low}–{high}\u00a0%", ends)


def _told(identity: str, text: Text, n: int, rank: int = 0) -> Finding:
    return Finding(id=identity, sentences={None: text}, n=n, rank=float(rank))
