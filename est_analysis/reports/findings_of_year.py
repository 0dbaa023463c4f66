"""What the year review says in sentences: described, never claimed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Finding, Text, Word
from est_analysis.measures.year_review import CLAIMS, Costs, renew_by
from est_analysis.periods import Period

if TYPE_CHECKING:
    import pandas as pd

    from est_analysis.reports.results import Results

_CLAIMED = (Word.CLEAR, Word.INDICATION)


def year_findings(results: Results, judged: Sequence[Finding]) -> list[Finding]:
    """
    Return what the year review says; nothing where the period is no year.

    Parameters
    ----------
    results
        The report's.
    judged
        Its other findings, with their words.
    """
    if results.period.kind != "year":
        return []
    pairs = coinciding(results, judged)
    return [
        measures_finding(results.year_measures, results.period),
        costs_finding(results.year_costs),
        coinciding_finding(len(pairs), sum(bool(found) for _, found in pairs)),
        reported_finding(results.year_reports, results.period),
        types_finding(results),
        law_finding(results.municipality.law.picture_decided, results.period.last),
    ]


def measures_finding(table: pd.DataFrame, year: Period) -> Finding:
    """Return how many measures went on, and how they came along."""
    n = len(table)
    if not n:
        return _told("measures", Text("Registret har ingen insats för {year}.", {"year": year}), 0)
    counted = table["state"].value_counts()
    parts = [
        Text(many, {"n": int(counted[state])}, one)
        for state, (many, one) in _STATES.items()
        if counted.get(state, 0)
    ]
    text = Text(
        "{n} insatser pågick under {year}: {parts}.",
        {"n": n, "year": year, "parts": parts},
        "En insats pågick under {year}: {parts}.",
    )
    return _told("measures", text, n)


_STATES = {
    "in_time": ("{n} blev klara i tid", "en blev klar i tid"),
    "too_late": ("{n} blev klara för sent", "en blev klar för sent"),
    "done": ("{n} blev klara utan att någon dag var satt", "en blev klar utan satt dag"),
    "overdue": ("{n} är försenade", "en är försenad"),
    "running": ("{n} fortsätter", "en fortsätter"),
    "cut": ("{n} avbröts", "en avbröts"),
}


def costs_finding(costs: Costs) -> Finding:
    """Return what the year's measures cost, as far as it can be added."""
    if costs.stated:
        head = Text(
            "Kostnaden i kronor är angiven för {n} insatser: {kronor} kronor tillsammans",
            {"n": costs.stated, "kronor": costs.kronor},
            "Kostnaden i kronor är angiven för en insats: {kronor} kronor",
        )
    else:
        head = Text("Ingen insats har sin kostnad angiven i kronor")
    rest = []
    if costs.other:
        rest.append(
            Text(
                "{n} anger något annat, till exempel timmar",
                {"n": costs.other},
                "en anger något annat, till exempel timmar",
            )
        )
    if costs.missing:
        rest.append(Text("{n} anger inget", {"n": costs.missing}, "en anger inget"))
    text = (
        Text("{head}; {rest}.", {"head": head, "rest": rest})
        if rest
        else Text("{head}.", {"head": head})
    )
    return _told("costs", text, costs.stated)


def coinciding(
    results: Results, judged: Sequence[Finding]
) -> list[tuple[Finding, list[dict[str, Any]]]]:
    """
    Return the year's claimed changes, each with the measures that went on beside it.

    A measure stands beside a change of the group that its problem is about, of the area that it
    lies in, or of its own place. That says when, and nothing of why.
    """
    measures = results.year_measures.to_dict("records")
    claimed = [f for f in judged if f.word in _CLAIMED and f.room in {"change", "where"}]
    return [
        (finding, [one for one in measures if _beside(finding, one)])
        for finding in sorted(claimed, key=lambda f: (_CLAIMED.index(f.word or Word.CLEAR), f.id))
    ]


def _beside(finding: Finding, measure: dict[str, Any]) -> bool:
    parts = finding.id.split("/", 3)
    if len(parts) == 4 and parts[2] in {"group", "area"}:
        return bool(measure[parts[2]] == parts[3])
    return bool(measure["place"]) and measure["place"] in map(str, finding.text.values.values())


def coinciding_finding(changes: int, beside: int) -> Finding:
    """Return how many of the year's changes coincide with measures."""
    if not changes:
        text = Text("Året har ingen förändring som hör till slutsatserna: inget att sätta bredvid.")
    elif not beside:
        text = Text(
            "Ingen av årets {n} förändringar sammanfaller med en insats i registret.",
            {"n": changes},
            "Årets enda förändring sammanfaller inte med någon insats i registret.",
        )
    else:
        text = Text(
            "{beside} av årets {n} förändringar sammanfaller med insatser i registret. Att två "
            "saker sammanfaller säger inte att den ena gav den andra.",
            {"n": changes, "beside": beside},
            "Årets enda förändring sammanfaller med insatser i registret. Att två saker "
            "sammanfaller säger inte att den ena gav den andra.",
        )
    return _told("coinciding", text, changes)


def reported_finding(reports: dict[Period, list[dict[str, Any]]], year: Period) -> Finding:
    """Return how many reports the year had before this one, and what they claimed."""
    n = len(reports)
    claims = sum(one["claim"] in CLAIMS for own in reports.values() for one in own)
    if not n:
        text = Text(
            "Liggaren har ingen tidigare rapport om någon del av {year}: det finns inget påstående "
            "att följa upp.",
            {"year": year},
        )
        return _told("reported", text, 0)
    claimed = (
        Text("{n} slutsatser", {"n": claims}, "en slutsats") if claims else Text("ingen slutsats")
    )
    text = Text(
        "{n} tidigare rapporter om delar av {year} hade tillsammans {claimed} som var tydlig eller "
        "antydan."
        if claims < 2
        else "{n} tidigare rapporter om delar av {year} hade tillsammans {claimed} som var tydliga "
        "eller antydningar.",
        {"n": n, "year": year, "claimed": claimed},
        "En tidigare rapport om en del av {year} hade {claimed} som var tydlig eller antydan."
        if claims < 2
        else "En tidigare rapport om en del av {year} hade {claimed} som var tydliga eller "
        "antydningar.",
    )
    return _told("reported", text, claims)


def types_finding(results: Results) -> Finding:
    """Return whether the frozen types of situation still fit, and how they are changed."""
    held, fresh = results.situations, results.year_types
    year = Text(str(results.period.start.year))
    old = {tuple(sorted(one.name.items())) for one in held.typology.types}
    new = {tuple(sorted(one.name.items())) for one in fresh.types}
    share = _share(held.nowhere, held.n)
    if not held.n:
        return _told("types", Text("Det finns inga anmälda brott att sortera i situationer."), 0)
    text = Text(
        "Av årets {all} anmälda brott passar {nowhere} ({share}) ingen av de {held} fasta "
        "situationstyperna. Bestämda på nytt på {year} blir typerna {fresh}, varav {same} finns "
        "redan. Vill gruppen byta: skriv fitted = {year} under [situations]; det gäller perioder "
        "efter {year}.",
        {
            "all": held.n,
            "nowhere": held.nowhere,
            "share": share,
            "held": len(old),
            "fresh": len(new),
            "same": len(old & new),
            "year": year,
        },
    )
    return _told("types", text, held.n)


def _share(part: int, whole: int) -> Any:  # noqa: ANN401 - a share, or None
    from est_analysis.evidence import Share

    return Share(part / whole) if whole else None


def law_finding(decided: date | None, today: date) -> Finding:
    """
    Return when the situational picture under the law is to be decided anew.

    Parameters
    ----------
    decided
        When the latest was; None where the settings do not say.
    today
        The report's last day.
    """
    if decided is None:
        text = Text(
            "Inställningarna säger inte när den senaste lägesbilden enligt lagen (2023:196) "
            "beslutades. Ange dagen: picture_decided under [law]. Den ska uppdateras minst "
            "vartannat år."
        )
        return _told("law", text, 0)
    values = {"decided": decided, "due": renew_by(decided), "today": today}
    if renew_by(decided) < today:
        text = Text(
            "Lägesbilden enligt lagen (2023:196) beslutades {decided} och skulle ha uppdaterats "
            "senast {due}. Den dagen var passerad {today}.",
            values,
        )
    else:
        text = Text(
            "Lägesbilden enligt lagen (2023:196) beslutades {decided} och ska uppdateras senast "
            "{due}.",
            values,
        )
    return _told("law", text, 1)


def _told(name: str, text: Text, n: int) -> Finding:
    return Finding(id=f"year/{name}", sentences={None: text}, n=n)
