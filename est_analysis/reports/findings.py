"""From results to findings: which questions a report asks, and the sentence for each answer."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from est_analysis.counts import Interval, poisson_interval
from est_analysis.evidence import Finding, Share, Text, Word, judge
from est_analysis.patterns.change import COMPARED_KINDS
from est_analysis.patterns.near_repeats import Knox, bands
from est_analysis.periods import Period
from est_analysis.reports.findings_of_alarms import POLICE, alarm_findings
from est_analysis.reports.findings_of_places import described
from est_analysis.reports.findings_of_time import of_time
from est_analysis.reports.language import KINDS, ONE, WEEKDAYS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from est_analysis.gather.deliveries import Unread
    from est_analysis.gather.quality import Quality
    from est_analysis.municipality import Municipality, Thresholds
    from est_analysis.patterns.change import Change
    from est_analysis.patterns.reporters import Reporters
    from est_analysis.patterns.rhythms import Rhythm
    from est_analysis.patterns.where import Bursts, Repeats, StandingOut
    from est_analysis.reports.results import Results

SEASONS = Text("jämfört med samma tid på året tidigare år")
COMPARISON = Text("jämfört med jämförelseplatsen och samma tid på året tidigare år")

CLAIMED = {
    "kind": ("reported_crime", "event", "unsafe_place", "physical_defect"),
    "group": ("reported_crime", "event"),
    "area": ("reported_crime",),
}
"""Of which kinds of record a report claims changes, as a whole, by group and by area."""

_MORE = {
    Word.CLEAR: "{label}: fler än vanligt för årstiden. {n} mot {expected} i snitt {years} "
    "({ratio} gånger så många, osäkerhet {interval}).",
    Word.INDICATION: "{label}: kanske fler än vanligt för årstiden. {n} mot {expected} i snitt "
    "{years} ({ratio} gånger så många, osäkerhet {interval}).",
}
_FEWER = {
    Word.CLEAR: "{label}: färre än vanligt för årstiden. {n} mot {expected} i snitt {years} "
    "({ratio} gånger så många, osäkerhet {interval}).",
    Word.INDICATION: "{label}: kanske färre än vanligt för årstiden. {n} mot {expected} i snitt "
    "{years} ({ratio} gånger så många, osäkerhet {interval}).",
}
_STEADY = {
    Word.NO_SIGN: "{label}: ungefär som vanligt för årstiden. {n} mot {expected} i snitt {years}; "
    "en förändring till under {low} eller över {high} gånger är utesluten.",
    Word.CANNOT_TELL: "{label}: {n} mot {expected} i snitt {years}. Allt mellan {interval} "
    "gånger så många är möjligt.",
}
_BY_CHANCE = (
    "{label}: {n} mot {expected} i snitt {years} ({ratio} gånger så många, osäkerhet {interval}). "
    "Så stora skillnader uppstår också av en slump när många grupper jämförs."
)


def change_findings(change: Change, by: str, level: float) -> list[Finding]:
    """
    Return one claim a series, against the same season of earlier years.

    Claims are made of the kinds in `CLAIMED` only; the rest stands in the tables. Every further
    question would make each answer weaker, since the whole report is one family. A kind with a
    single group or area is claimed as a whole only.
    """
    series = change.table["kind"].value_counts()
    return [
        _change_finding(row, by, change, level, rank)
        for rank, row in enumerate(change.table.to_dict("records"))
        if row["kind"] in CLAIMED[by] and (by == "kind" or series[row["kind"]] > 1)
    ]


def _change_finding(  # noqa: PLR0911 - one sentence of each sort
    row: dict[str, Any], by: str, change: Change, level: float, rank: int
) -> Finding:
    kind = str(row["kind"])
    seasons = change.seasons[kind]
    label = (
        Text(KINDS[kind])
        if by == "kind"
        else Text("{key} ({kind})", {"key": str(row[by]), "kind": Text(KINDS[kind])})
    )
    identity = f"change/{kind}" + ("" if by == "kind" else f"/{by}/{row[by]}")
    n = int(row["n"])
    common: dict[str, Any] = {"id": identity, "n": n, "null": SEASONS, "rank": float(rank)}
    if kind in change.missing:
        text = Text(
            "{label}: {n} i det som gick att läsa. Filen {file} saknas, så det går inte att "
            "jämföra med tidigare år.",
            {"label": label, "n": n, "file": change.missing[kind]},
        )
        return Finding(sentences=dict.fromkeys(Word, text), gate=False, **common)
    if kind in change.silent:
        text = Text(
            "{label}: {n}, men en källa har inte lämnat något sedan {day}. Därför går det inte "
            "att jämföra med tidigare år.",
            {"label": label, "n": n, "day": change.silent[kind]},
        )
        return Finding(sentences=dict.fromkeys(Word, text), gate=False, **common)
    if (kind, str(row[by])) in change.broken:
        text = Text(
            "{label}: {n}. Brottskoderna i gruppen har ändrats under åren som jämförs, så det går "
            "inte att säga om det har blivit fler eller färre.",
            {"label": label, "n": n},
        )
        return Finding(sentences=dict.fromkeys(Word, text), gate=False, **common)
    if not seasons:
        text = Text(
            "{label}: {n}. Det finns inga tidigare år att jämföra med, så det går inte att säga "
            "om det är många eller få.",
            {"label": label, "n": n},
        )
        return Finding(sentences=dict.fromkeys(Word, text), gate=False, **common)
    values = {
        "label": label,
        "n": n,
        "expected": float(row["expected"]),
        "years": _years(seasons),
    }
    if len(seasons) == 1:
        text = Text(
            "{label}: {n} mot {expected} {years}. Ett enda tidigare år säger inte hur mycket år "
            "skiljer sig av sig själva, så det går inte att avgöra om något har ändrats.",
            values,
        )
        return Finding(sentences=dict.fromkeys(Word, text), gate=False, **common)
    if not row["gate"]:
        text = Text(
            "{label}: för få att jämföra. {n} mot {expected} i snitt {years}.",
            values,
        )
        return Finding(sentences=dict.fromkeys(Word, text), gate=False, **common)
    interval = Interval(float(row["low"]), float(row["high"]), level)
    values |= {
        "ratio": float(row["ratio"]),
        "interval": interval,
        "low": interval.low,
        "high": interval.high,
    }
    templates = (_MORE if row["ratio"] > 1 else _FEWER) | _STEADY
    if not interval.low <= 1 <= interval.high:
        templates[Word.CANNOT_TELL] = _BY_CHANCE
    if by == "group" and row["police_activity"]:
        templates = {word: text + POLICE for word, text in templates.items()}
    return Finding(
        sentences={word: Text(text, values) for word, text in templates.items()},
        estimate=float(row["ratio"]),
        interval=interval,
        unit="ratio",
        p=float(row["p"]),
        **common,
    )


def _years(seasons: list[Period]) -> Text:
    first, last = seasons[-1].start.year, seasons[0].start.year
    if first == last:
        return Text("samma tid {first}", {"first": str(first)})
    return Text("samma tid {first}–{last}", {"first": str(first), "last": str(last)})


def totals_finding(totals: Change, period: Period, undated: int = 0) -> Finding:
    """Return what came in, kind by kind; the kinds are never summed."""
    parts = [
        Text(
            "{n} {kind}",
            {"n": int(row["n"]), "kind": Text((ONE if row["n"] == 1 else KINDS)[row["kind"]])},
        )
        for row in totals.table.to_dict("records")
        if row["n"]
    ]
    values = {"period": period, "parts": parts, "undated": undated}
    some, none = "{period} rapporterades {parts}.", "Inget rapporterades {period}."
    if undated:
        some += " Dessutom kan {undated} uppgifter höra dit, men de är inte daterade på dagen."
        none = (
            "För {period} går inget att räkna: {undated} uppgifter kan höra dit, men de är inte "
            "daterade på dagen."
        )
    return _descriptive(
        "totals",
        Text(some if parts else none, values),
        n=int(totals.table["n"].sum()) if len(totals.table) else 0,
    )


def unread_findings(results: Results) -> list[Finding]:
    """Return, for each file that could not be read, what is missing and what to do about it."""
    return [_unread_finding(one, results.municipality) for one in results.unread]


def _unread_finding(one: Unread, municipality: Municipality) -> Finding:
    source = municipality.sources[one.source]
    kinds = [Text(KINDS[kind]) for kind in COMPARED_KINDS if kind in source.record_kinds]
    values = {
        "file": one.file,
        "partner": source.partner,
        "what": one.error.what.rstrip("."),
        "kinds": kinds,
        "mend": one.error.mend or "Be om en ny leverans.",
    }
    text = "En fil saknas i bilden: {file} från {partner} gick inte att läsa ({what})."
    if kinds:
        text += " Antalen är därför för låga, och {kinds} jämförs inte med tidigare år."
    text += " Gör så här: {mend} Gör sedan om rapporten."
    return _descriptive(f"unread/{one.file}", Text(text, values), n=0)


def quality_finding(quality: Quality) -> Finding:
    """Return how many measures of the deliveries' quality are as they should be."""
    n, warned = len(quality.measures), len(quality.warnings)
    text = Text(
        "Alla {n} mått på uppgifternas kvalitet är som de ska."
        if not warned
        else "{fine} av {n} mått på uppgifternas kvalitet är som de ska. Se upp med:",
        {"n": n, "fine": n - warned},
    )
    return _descriptive("quality", text, n=n)


def reporters_finding(reporters: Reporters) -> Finding:
    """Return who has fallen silent, and how much each active reporter reports."""
    partners, activity = reporters.partners, reporters.activity
    fallen = partners[partners["fallen"]]
    parts: list[Any] = [
        Text(
            "Har tystnat, längre än någonsin förr: {partners}.",
            {
                "partners": [
                    Text("{name} sedan {day}", {"name": str(row["partner"]), "day": row["last"]})
                    for row in fallen.to_dict("records")
                ]
            },
        )
        if len(fallen)
        else Text("Ingen som brukar rapportera har tystnat.")
    ]
    if len(activity) and activity["active"].sum():
        last, before = activity.iloc[-1], activity.iloc[:-1]
        parts.append(
            Text(
                "Senaste två veckorna kom {n} rader från {active} av {all} rapportörer, {each} "
                "var. Perioderna före kom i snitt {usual} rader från {usually} rapportörer, "
                "{each_before} var.",
                {
                    "n": int(last["n"]),
                    "active": int(last["active"]),
                    "all": reporters.listed,
                    "each": float(last["each"]),
                    "usual": float(before["n"].mean()),
                    "usually": float(before["active"].mean()),
                    "each_before": float(before["n"].sum() / max(1, before["active"].sum())),
                },
            )
        )
    joined = " ".join(f"{{part{i}}}" for i in range(len(parts)))
    return _descriptive(
        "reporters",
        Text(joined, {f"part{i}": part for i, part in enumerate(parts)}),
        n=len(partners),
    )


def accounting_finding(accounting: pd.DataFrame) -> Finding:
    """Return what became of every delivered row."""
    sums = accounting[["rows", "accepted", "quarantined", "dropped", "repeated"]].sum()
    return _descriptive(
        "accounting",
        Text(
            "Av {rows} levererade rader används {accepted}. {quarantined} kan inte användas och "
            "väntar på rättning, {dropped} tas inte in enligt regel och {repeated} är upprepade.",
            {name: int(value) for name, value in sums.items()},
        ),
        n=int(sums["rows"]),
    )


def place_findings(places: pd.DataFrame, year: Period, smallest: int) -> list[Finding]:
    """Return where most was reported, and how fear and crime fall on the same places."""
    found = []
    crimes = places[places["reported_crime"] >= smallest].head(3)
    if len(crimes):
        found.append(
            _descriptive(
                "places/crime",
                Text(
                    "Flest anmälda brott på en och samma plats, {year}: {places}.",
                    {"year": year, "places": _counted(crimes, "reported_crime")},
                ),
                n=int(crimes["reported_crime"].sum()),
            )
        )
    unsafe = places[places["unsafe_place"] >= smallest]
    unsafe = unsafe.sort_values(["unsafe_place", "place"], ascending=[False, True]).head(5)
    if len(unsafe):
        most_crime = set(places.head(10)["place"])
        both = int(unsafe["place"].isin(most_crime).sum())
        found.append(
            _descriptive(
                "places/unsafe",
                Text(
                    "Flest pekar ut {places} som otrygga. Av de {m} platser som oftast pekas ut "
                    "hör {both} till de tio med flest anmälda brott: otrygghet och brott är "
                    "inte samma sak.",
                    {
                        "places": _counted(unsafe.head(3), "unsafe_place"),
                        "m": len(unsafe),
                        "both": both,
                    },
                ),
                n=int(unsafe["unsafe_place"].sum()),
            )
        )
    return found


def _counted(rows: pd.DataFrame, column: str) -> list[Text]:
    return [
        Text("{place} ({count})", {"place": str(row["place"]), "count": int(row[column])})
        for row in rows.to_dict("records")
    ]


OWN_YEARS = Text("jämfört med platsens egna tidigare år")
SHUFFLED = Text("jämfört med samma brott på andra dagar under året")
PLACE_AND_DAY = Text("jämfört med vad platserna och dagarna har var för sig")

_NO_PLACES = {
    "missing": "Platserna jämförs inte med tidigare år: en fil med anmälda brott gick inte att "
    "läsa.",
    "silent": "Platserna jämförs inte med tidigare år: en källa har slutat lämna anmälda brott.",
    "years": "Platserna jämförs inte med tidigare år: det finns inte två år att jämföra med.",
    "few": "För få anmälda brott med känd plats för att jämföra platserna med tidigare år.",
}
_PLACE = {
    Word.CLEAR: "{place}: fler anmälda brott än vanligt just här. {against}.",
    Word.INDICATION: "{place}: kanske fler anmälda brott än vanligt just här. {against}.",
}
_PLACE_BY_CHANCE = (
    "{place}: {against}. Så stora skillnader uppstår också av en slump när många platser jämförs."
)
_AGAINST = (
    "{n} tillfällen mot {expected} i snitt {years} ({ratio} gånger så stor andel av kommunens "
    "brott, osäkerhet {interval})"
)
_AGAINST_NONE = (
    "{n} tillfällen mot inget {years} ({interval} gånger så stor andel av kommunens brott)"
)


def standing_out_findings(
    found: StandingOut, level: float, *, worth: float, smallest: int
) -> list[Finding]:
    """
    Return a claim for each place that may lie above its own earlier years, or one for them all.

    All places are one block of the room: they are adjusted for each other. Only those whose `p`
    is at most `worth` can become claims, and have a sentence; a place with fewer than `smallest`
    now is never named.
    """
    common: dict[str, Any] = {"null": OWN_YEARS, "block": "where/places"}
    if found.why_not:
        text = Text(_NO_PLACES[found.why_not])
        return [Finding("where/places", dict.fromkeys(Word, text), n=0, gate=False, **common)]
    table = found.table
    likely = table[(table["p"] <= worth) & (table["n"] >= smallest)]
    if likely.empty:
        text = Text(
            "Ingen plats har fler anmälda brott än dess egna tidigare år låter vänta: {n} platser "
            "jämförda med {years}. På en plats med få brott måste de bli många gånger fler för "
            "att synas.",
            {"n": len(table), "years": _years(found.seasons)},
        )
        n = int(table["n"].sum())
        p = float(table["p"].min())
        return [Finding("where/places", dict.fromkeys(Word, text), n=n, p=p, **common)]
    findings = []
    for rank, row in enumerate(likely.to_dict("records")):
        interval = Interval(float(row["low"]), float(row["high"]), level)
        against = Text(
            _AGAINST if row["base_n"] else _AGAINST_NONE,
            {
                "n": int(row["n"]),
                "expected": float(row["base_n"]) / len(found.seasons),
                "years": _years(found.seasons),
                "ratio": float(row["ratio"]),
                "interval": interval,
            },
        )
        values = {"place": str(row["place"]), "against": against}
        findings.append(
            Finding(
                f"where/place/{row['place']}",
                {word: Text(_PLACE.get(word, _PLACE_BY_CHANCE), values) for word in Word},
                n=int(row["n"]),
                estimate=float(row["ratio"]),
                interval=interval,
                unit="share",
                p=float(row["p"]),
                rank=50.0 + rank,
                **common,
            )
        )
    return findings


def _ratio_to(observed: int, expected: float, level: float) -> Interval:
    """Return the interval of an observed count over an expected one, as for a Poisson count."""
    if not expected:
        return Interval(0.0, math.inf, level)
    own = poisson_interval(observed, level=level)
    return Interval(own.low / expected, own.high / expected, level)


def repeats_finding(found: Repeats, gate: int, smallest: int, level: float) -> Finding:
    """Return whether crimes of one group come close together in both space and time."""
    common: dict[str, Any] = {"id": "where/repeats", "n": found.n, "null": SHUFFLED, "rank": 80.0}
    if found.groups.empty:
        text = Text(
            "Ingen brottsgrupp har {gate} brott med känd plats och dag på tolv månader: för få för "
            "att se om de upprepas nära i både tid och rum.",
            {"gate": gate},
        )
        return Finding(sentences=dict.fromkeys(Word, text), gate=False, **common)
    best = found.groups.iloc[0].to_dict()
    knox: Knox = best["knox"]
    space, time = knox.strongest
    observed, mean = int(knox.observed[space, time]), float(knox.mean[space, time])
    values: dict[str, Any] = {
        "group": str(best["group"]),
        "metres": bands(knox.metres, "m")[space],
        "days": bands(knox.days, "dygn")[time],
        "observed": observed,
        "mean": mean,
        "ratio": observed / mean if mean else math.inf,
        "interval": _ratio_to(observed, mean, level),
    }
    seen = "{observed} par med {metres} och {days} emellan, mot {mean} om dagarna byter plats "
    seen += "({ratio} gånger så många, osäkerhet {interval})"
    sentences = {
        Word.CLEAR: "{group} upprepas nära i både tid och rum: " + seen + ".",
        Word.INDICATION: "{group} upprepas kanske nära i både tid och rum: " + seen + ".",
    }
    more = (
        " Det gäller även inom en och samma månad."
        if best["within_month"] <= _LASTS
        else " Det kan också bero på att brotten flyttade under året."
    )
    tight = (found.chains["n"] >= smallest) & (found.chains["metres"] <= TIGHT_METRES)
    if best["since"] is not None:
        more += " Räknat från {since}."
        values["since"] = best["since"]
    chain = found.chains[tight].head(1).to_dict("records")
    if chain:
        more += " Mest: {count} brott kring {place}, {when}."
        first, last = chain[0]["first"], chain[0]["last"]
        values |= {
            "count": int(chain[0]["n"]),
            "place": str(chain[0]["place"]),
            "when": Period(first, last + timedelta(days=1), "interval"),
        }
    sentences = {word: text + more for word, text in sentences.items()}
    quiet = Text(
        "Inget visar att brott av samma slag upprepas nära i både tid och rum. Mest skiljer "
        "{group}: " + seen + ".",
        values,
    )
    return Finding(
        sentences={w: Text(sentences[w], values) if w in sentences else quiet for w in Word},
        estimate=observed / mean if mean else math.inf,
        interval=_ratio_to(observed, mean, level),
        unit="pairs",
        p=found.p if observed >= MEANINGFUL * mean else 1.0,
        **common,
    )


_LASTS = 0.05
TIGHT_METRES = 400.0
"""A chain that reaches farther is no place to go to: in a city everything is near something."""
MEANINGFUL = 1.2
"""So many times the expected pairs before near repeats are worth a word, however sure they are."""


def bursts_finding(found: Bursts, gate: int, level: float, *, now: bool = False) -> Finding:
    """Return where crimes gathered in time; `now` for what goes on at a meeting."""
    common: dict[str, Any] = {
        "id": "where/going_on" if now else "where/burst",
        "n": found.n,
        "null": PLACE_AND_DAY,
        "rank": 70.0,
    }
    if not found.gate:
        text = Text(
            "{n} anmälda brott har känd plats och dag: för få för att söka anhopningar (minst "
            "{gate}).",
            {"n": found.n, "gate": gate},
        )
        return Finding(sentences=dict.fromkeys(Word, text), gate=False, **common)
    if found.found.empty:
        text = Text("Ingen anhopning: inga brott ligger tätare i tid och rum än väntat.")
        return Finding(sentences=dict.fromkeys(Word, text), p=1.0, **common)
    best = found.found.iloc[0].to_dict()
    values = {
        "place": str(best["place"]),
        "count": int(best["n"]),
        "expected": float(best["expected"]),
        "metres": math.ceil(best["metres"] / 10) * 10,
        "when": Period(best["first"], best["last"] + timedelta(days=1), "interval"),
    }
    where = "kring {place}: {count} anmälda brott inom {metres} meter {when}, mot {expected} "
    where += "väntade"
    sentences = {
        Word.CLEAR: "Anhopning " + where + ".",
        Word.INDICATION: "Kanske en anhopning " + where + ".",
    }
    quiet = "Ingen säker anhopning. Tätast är det " + where + ": så tätt blir det ofta av en slump."
    often = ""
    if found.since is not None:
        values["since"] = found.since
        often = " Sökt från {since}, eftersom brotten är många."
    if now and best["recurrence"] >= WATCH_DAYS:
        values["days"] = round(best["recurrence"])
        values["label"] = Text("Larm" if best["recurrence"] >= ALARM_DAYS else "Bevaka")
        often += " {label}: så starkt av en slump ungefär en gång på {days} dagar."
    return Finding(
        sentences={word: Text(sentences.get(word, quiet) + often, values) for word in Word},
        estimate=float(best["n"] / best["expected"]),
        interval=_ratio_to(int(best["n"]), float(best["expected"]), level),
        unit="burst",
        p=float(best["p"]),
        **common,
    )


WATCH_DAYS, ALARM_DAYS = 100, 365
"""Days between false alarms as strong from which the meeting is told to watch, or to act."""


def cluster_finding(clusters: pd.DataFrame, located: int, thresholds: Thresholds) -> Finding:
    """Return how many dense clusters there are, or that there are too few events to look."""
    values: dict[str, Any] = {
        "n": len(clusters),
        "located": located,
        "gate": thresholds.minimum_clusters,
        "radius": int(thresholds.cluster_radius_m),
    }
    if located == 0:
        text = Text("Inga anmälda brott har en känd plats, så täta områden går inte att söka.")
    elif located < thresholds.minimum_clusters:
        text = Text(
            "{located} anmälda brott har en känd plats: för få för att söka täta områden (minst "
            "{gate}).",
            values,
        )
    elif len(clusters) == 0:
        text = Text(
            "Inga täta områden: ingenstans ligger så många av de {located} anmälda brotten inom "
            "{radius} meter att de räknas som ett.",
            values,
        )
    else:
        text = Text(
            "{n} täta områden samlar {share} av de {located} anmälda brotten med känd plats. "
            "Störst är {name} ({largest}). Ett tätt område säger inte att det är tätare än väntat.",
            values
            | {
                "share": Share(clusters["share"].sum()),
                "name": str(clusters["name"].iloc[0]),
                "largest": int(clusters["n"].iloc[0]),
            },
            singular="Ett tätt område, {name}, samlar {share} av de {located} anmälda brotten med "
            "känd plats. Ett tätt område säger inte att det är tätare än väntat.",
        )
    return _descriptive("clusters", text, n=located)


def rhythm_finding(rhythm: Rhythm, gate: int) -> Finding:
    """Return the busiest stretch of the week, or that there are too few events to tell."""
    total = rhythm.n + rhythm.unknown + rhythm.too_long
    values: dict[str, Any] = {
        "n": rhythm.n,
        "total": total,
        "known": Share(rhythm.n / total if total else 0.0),
        "gate": gate,
    }
    if total == 0:
        return _descriptive(
            "rhythm", Text("Inga anmälda brott har levererats, så ingen veckorytm finns."), n=0
        )
    if rhythm.n == 0:
        text = Text(
            "När på dygnet de {total} anmälda brotten skedde är okänt, så ingen veckorytm går att "
            "se."
            if total > 1
            else "När på dygnet det enda anmälda brottet skedde är okänt, så ingen veckorytm går "
            "att se.",
            values,
        )
        return _descriptive("rhythm", text, n=0)
    if rhythm.n < gate:
        text = Text(
            "{n} anmälda brott har en användbar tid: för få för en veckorytm.",
            values,
            singular="Ett anmält brott har en användbar tid: för få för en veckorytm.",
        )
        return _descriptive("rhythm", text, n=rhythm.n)
    day, start, share = busiest(rhythm.weights)
    values |= {
        "day": Text(WEEKDAYS[day]),
        "start": f"{start:02d}",
        "end": f"{(start + BUSY_HOURS) % 24:02d}",
        "share": Share(share),
        "even": Share(BUSY_HOURS / 168),
    }
    text = Text(
        "Tätast i veckan är {day} kl. {start}–{end}: {share} av de anmälda brotten. Jämnt "
        "utspritt vore {even}. Tiden är känd för {known} av {total} brott.",
        values,
    )
    return _descriptive("rhythm", text, n=rhythm.n)


BUSY_HOURS = 4


def busiest(weights: NDArray[np.float64]) -> tuple[int, int, float]:
    """Return weekday (0 Monday), first hour and share of the busiest `BUSY_HOURS` of the week."""
    flat = weights.reshape(-1)
    sums = [float(sum(flat[(hour + k) % 168] for k in range(BUSY_HOURS))) for hour in range(168)]
    best = max(range(168), key=lambda hour: (round(sums[hour], 9), -hour))
    return best // 24, best % 24, sums[best] / float(flat.sum())


def due_finding(due: pd.DataFrame, *, kept: bool = True) -> Finding:
    """Return how much is overdue, open or waits for follow-up, if a register is `kept` at all."""
    if not kept:
        text = Text("Gruppen har inget register över problem, insatser och beslut här ännu.")
        return _descriptive("due", text, n=0)
    why = due["why"].value_counts()
    counted = {name: int(why.get(name, 0)) for name in ("overdue", "follow_up", "open")}
    text = Text(
        "I gruppens register är {overdue} insatser och beslut försenade, {follow_up} ska följas "
        "upp inom en månad och {open} beslut är öppna.",
        counted,
    )
    return _descriptive("due", text, n=len(due))


def _descriptive(identity: str, text: Text, *, n: int) -> Finding:
    return Finding(id=identity, sentences={None: text}, n=n)


def _has_register(results: Results) -> bool:
    kept = results.municipality.registers
    return any(value is not None for part, value in kept if part != "calendar")


def quarterly(results: Results) -> list[Finding]:
    """Return every finding of the quarterly report, judged as one family."""
    from est_analysis.reports.findings_of_baselines import baseline_findings
    from est_analysis.reports.findings_of_measures import measure_findings
    from est_analysis.reports.findings_of_plans import plan_findings
    from est_analysis.reports.findings_of_pooled import pooled_findings
    from est_analysis.reports.findings_of_priorities import order_finding
    from est_analysis.reports.findings_of_situations import situation_findings
    from est_analysis.reports.findings_of_studies import study_findings
    from est_analysis.reports.findings_of_year import year_findings

    thresholds = results.municipality.thresholds
    found = [
        *unread_findings(results),
        totals_finding(results.totals, results.period, results.undated),
        accounting_finding(results.accounting),
        quality_finding(results.quality),
        reporters_finding(results.reporters),
        *change_findings(results.totals, "kind", thresholds.interval_level),
        *change_findings(results.groups, "group", thresholds.interval_level),
        *change_findings(results.areas, "area", thresholds.interval_level),
        *place_findings(
            results.places,
            results.year,
            results.municipality.disclosure.smallest_place_count,
        ),
        cluster_finding(results.clusters, results.located_crimes, thresholds),
        *described(results),
        *standing_out_findings(
            results.standing_out,
            thresholds.interval_level,
            worth=thresholds.indication,
            smallest=results.municipality.disclosure.smallest_place_count,
        ),
        repeats_finding(
            results.repeats,
            thresholds.minimum_repeats,
            results.municipality.disclosure.smallest_place_count,
            thresholds.interval_level,
        ),
        bursts_finding(results.bursts, thresholds.minimum_scan, thresholds.interval_level),
        rhythm_finding(results.rhythm, thresholds.minimum_rhythm),
        *of_time(results),
        *situation_findings(results),
        order_finding(results.priorities),
        due_finding(results.due, kept=_has_register(results)),
        *measure_findings(results),
        *baseline_findings(results),
        *pooled_findings(results),
        *study_findings(results),
        *plan_findings(results),
    ]
    judged = judge(found, thresholds)
    return [*judged, *year_findings(results, judged)]


def meeting(results: Results) -> list[Finding]:
    """Return every finding of the fortnight's brief, judged as one family."""
    thresholds = results.municipality.thresholds
    found = [
        *unread_findings(results),
        totals_finding(results.totals, results.period, results.undated),
        due_finding(results.due, kept=_has_register(results)),
        *alarm_findings(results.alarms, thresholds.interval_level),
        bursts_finding(
            results.going_on, thresholds.minimum_scan, thresholds.interval_level, now=True
        ),
    ]
    return judge(found, thresholds)
