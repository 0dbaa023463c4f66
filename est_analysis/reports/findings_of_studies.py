"""What treated places say together beside untreated ones; it describes, and claims nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Finding, Share, Text
from est_analysis.reports.findings_of_plans import joined

if TYPE_CHECKING:
    from est_analysis.measures.event_study import Study
    from est_analysis.reports.results import Results


def study_findings(results: Results) -> list[Finding]:
    """Return what the event study says, and what it rests on, if there are places for one."""
    if results.study is None:
        return []
    rests = Finding(
        id="study/rests_on",
        sentences={None: joined([drift_text(results.study), *caveats(results.study)])},
        n=results.study.treated,
    )
    return [study_finding(results.study), *([] if results.study.effect is None else [rests])]


def study_finding(study: Study) -> Finding:
    """Return the effect over all places; nothing is claimed."""
    values: dict[str, Any] = {"n": study.treated, "untreated": study.untreated}
    if study.effect is None:
        text = Text("Platser med insats mot platser utan: för få händelser att jämföra.", values)
        return Finding(id="study", sentences={None: text}, n=study.treated)
    values |= {"ratio": study.effect.ratio, "interval": study.effect.interval}
    text = Text(
        "{n} platser med insats mot {untreated} utan: {ratio} gånger så många anmälda brott efter "
        "starten som annars väntat (osäkerhet {interval}).",
        values,
        singular="En plats med insats mot {untreated} utan: {ratio} gånger så många anmälda brott "
        "efter starten som annars väntat (osäkerhet {interval}).",
    )
    return Finding(
        id="study",
        sentences={None: text},
        n=study.treated,
        estimate=study.effect.ratio,
        interval=study.effect.interval,
        unit="ratio",
    )


def drift_text(study: Study) -> Text:
    """Return whether treated places had drawn apart from the others before, in words."""
    drift = study.drift
    if drift is None:
        return Text(
            "Om platserna gick isär redan före går inte att säga: tiden före är för kort, eller "
            "händelserna för få."
        )
    values = {"ratio": drift.ratio, "interval": drift.interval}
    if drift.interval.low <= 1 <= drift.interval.high:
        return Text(
            "Före starten syns inget tecken på att platserna gick isär, men {interval} gånger för "
            "varje period går inte att utesluta.",
            values,
        )
    return Text(
        "Platserna gick isär redan före starten ({interval} gånger för varje period), så "
        "skillnaden efteråt kan vara en fortsättning på det.",
        values,
    )


def caveats(study: Study) -> list[Text]:
    """Return what the numbers of an event study rest on."""
    parts = []
    if study.cohorts > 1:
        parts.append(
            Text(
                "Insatserna började vid {n} olika tider. Varje start är jämförd för sig med "
                "platser utan insats och de är sedan vägda ihop: en enda modell för alla skulle "
                "jämföra platser med insats med varandra.",
                {"n": study.cohorts},
            )
        )
    if study.few_clusters:
        parts.append(
            Text("Platserna är få, så osäkerheten kan vara större än den ser ut att vara.")
        )
    if study.randomised is not None:
        parts.append(
            Text(
                "Lottas platserna i stället blir skillnaden minst lika stor i {share} av fallen.",
                {"share": Share(study.randomised)},
            )
        )
    elif study.few_clusters:
        parts.append(Text("Platserna utan insats är för få för att pröva det med lottning."))
    if study.too_few:
        parts.append(
            Text(
                "{n} platser till hade för få händelser före starten för att tas med.",
                {"n": study.too_few},
                singular="En plats till hade för få händelser före starten för att tas med.",
            )
        )
    return parts
