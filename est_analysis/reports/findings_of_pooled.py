"""What like measures say together; it describes, and no single measure pays for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Finding, Text
from est_analysis.measures.pooled import UNLIKE
from est_analysis.reports.findings_of_plans import change_named, joined
from est_analysis.reports.language import KINDS

if TYPE_CHECKING:
    from est_analysis.measures.pooled import Pooled
    from est_analysis.municipality import Thresholds
    from est_analysis.reports.results import Results

_KINDS = {
    "situationell": "situationella insatser",
    "social": "sociala insatser",
    "kontroll": "kontrollinsatser",
}


def pooled_findings(results: Results) -> list[Finding]:
    """Return what the measures of each kind say together; nothing is claimed."""
    return [pooled_finding(one, results.municipality.thresholds) for one in results.pooled]


def pooled_finding(pooled: Pooled, thresholds: Thresholds) -> Finding:
    """Return the sentences about like measures, with what could make the number."""
    own = "alla" if pooled.group is None else pooled.group or "anmälda brott"
    values: dict[str, Any] = {
        "n": len(pooled.measures),
        "kind": Text(_KINDS[pooled.kind]),
        "what": _what(pooled.group),
    }
    seen = pooled.common
    if seen is None:
        parts = [
            Text("{n} {kind} tillsammans ({what}): för få händelser även tillsammans.", values)
        ]
    else:
        values |= {"ratio": seen.ratio, "interval": seen.interval}
        parts = [
            Text(
                "{n} {kind} tillsammans ({what}): {ratio} gånger så många efter insatserna som "
                "annars väntat, när jämförelseplatsernas förändring räknats bort (osäkerhet "
                "{interval}).",
                values,
            )
        ]
        parts += _since(pooled) + _alike(pooled) + _caveats(pooled, thresholds)
    if pooled.doubled:
        parts.append(
            Text(
                "{n} till delar mark eller jämförelseplats med dem och räknas inte med, så att "
                "inget brott räknas två gånger.",
                {"n": len(pooled.doubled)},
            )
        )
    return Finding(
        id=f"pooled/{pooled.kind}/{own}",
        sentences={None: joined(parts)},
        n=pooled.before + pooled.after,
        estimate=None if seen is None else seen.ratio,
        interval=None if seen is None else seen.interval,
        unit="ratio",
    )


def _what(group: str | None) -> Text:
    if group is None:
        return Text("olika slags anmälda brott")
    if not group:
        return Text(KINDS["reported_crime"])
    return Text("anmälda brott, {group}", {"group": group})


def _since(pooled: Pooled) -> list[Text]:
    """Return what every whole year since the starts says, where some measure has several."""
    if pooled.since is None:
        return []
    return [
        Text(
            "Räknat på alla hela år sedan starten ({years} år tillsammans): {ratio} gånger så "
            "många (osäkerhet {interval}).",
            {
                "years": pooled.since_years,
                "ratio": pooled.since.ratio,
                "interval": pooled.since.interval,
            },
        )
    ]


def _alike(pooled: Pooled) -> list[Text]:
    """Return whether the single measures differ, in words."""
    if pooled.common is None or pooled.common.unlike is None:
        return []
    if pooled.common.unlike <= UNLIKE:
        return [
            Text(
                "De skiljer sig mer från varandra än slumpen brukar göra: talet är ett snitt av "
                "olika effekter, så läs dem var för sig."
            )
        ]
    return [Text("De skiljer sig inte mer från varandra än slumpen brukar göra.")]


def _caveats(pooled: Pooled, thresholds: Thresholds) -> list[Text]:
    """Return what the numbers could not have shown, and what else could have made them."""
    parts = []
    seen = pooled.common
    nothing_seen = seen is None or seen.interval.low <= 1 <= seen.interval.high
    if nothing_seen and not pooled.sufficient:
        parts.append(
            Text(
                "Inte heller tillsammans räcker händelserna för att säkert se {change}.",
                {"change": change_named(1 / thresholds.relevant_change)},
            )
        )
    if pooled.unknown_choice:
        parts.append(
            Text(
                "För {n} av dem står det inte när platsen valdes; valdes den på en topp blir den "
                "bättre av sig själv.",
                {"n": pooled.unknown_choice},
            )
        )
    return parts
