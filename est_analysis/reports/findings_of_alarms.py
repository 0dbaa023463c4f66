"""What the meeting is told is new: a claim a series, the kinds as a whole and the rest apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from est_analysis.counts import Interval
from est_analysis.evidence import Finding, Text, Word
from est_analysis.patterns.alarms import BLOCKS
from est_analysis.periods import FORTNIGHT, Period
from est_analysis.reports.language import KINDS

if TYPE_CHECKING:
    from est_analysis.patterns.alarms import Alarms

BOTH = Text("jämfört med de åtta veckorna före och samma tid tidigare år")

POLICE = " Antalet följer hur mycket polisen kontrollerar."
"""Said in the sentence itself of what rests on police activity."""

_AGAINST = (
    "{n} {these}, mot i snitt {recent} de åtta veckorna före och {season} vid samma tid {years}."
)
_MORE = {
    Word.CLEAR: "{label}: fler än vanligt. " + _AGAINST,
    Word.INDICATION: "{label}: kanske fler än vanligt. " + _AGAINST,
}
_FEWER = {
    Word.CLEAR: "{label}: färre än vanligt. " + _AGAINST,
    Word.INDICATION: "{label}: kanske färre än vanligt. " + _AGAINST,
}
_NO_SIGN = (
    "{label}: ungefär som vanligt. " + _AGAINST + " En förändring till under {low} eller över "
    "{high} gånger är utesluten."
)
_CANNOT = {
    "wide": "{label}: " + _AGAINST + " Allt mellan {interval} gånger så många är möjligt.",
    "open": "{label}: " + _AGAINST + " Det säger inte om det är fler eller färre än vanligt.",
    "chance": "{label}: " + _AGAINST + " Så stora skillnader uppstår också av en slump när många "
    "serier jämförs.",
    "late": "{label}: " + _AGAINST + " Uppgifterna saknar dag för registrering, så det kan bero "
    "på att en del inte har kommit in än.",
}
_UNTRIED = {
    "missing": "{label}: {n} i det som gick att läsa. Filen {file} saknas, så det går inte att "
    "säga om något är nytt.",
    "silent": "{label}: {n} {these}, men en källa har inte lämnat något sedan {day}. Därför går "
    "det inte att säga om något är nytt.",
    "short": "{label}: {n} {these}. Det behövs minst två tidigare år för att säga om det är fler "
    "än vanligt.",
    "first": "{label}: {n} {these} och aldrig förr i uppgifterna. Det kan vara något nytt, eller "
    "ett nytt sätt att rapportera.",
    "break": "{label}: {n} {these}. Brottskoderna i gruppen har ändrats under åren som jämförs, så "
    "det går inte att säga om det har blivit fler eller färre.",
    "few": "{label}: för få att jämföra. " + _AGAINST,
}


def alarm_findings(alarms: Alarms, level: float) -> list[Finding]:
    """
    Return what is asked of a fortnight: a claim a series, in two blocks.

    Parameters
    ----------
    alarms
        The fortnight's series.
    level
        Of the intervals.

    Returns
    -------
    list of Finding
        A descriptive summary, ``alarms``, comes first.
    """
    rows = alarms.table.to_dict("records")
    claims = [_claim(row, alarms, level, rank) for rank, row in enumerate(rows)]
    return [_summary(alarms), *claims]


def identity(row: dict[str, Any]) -> str:
    """Return the id of a series' claim."""
    whole = f"change/{row['kind']}"
    return whole if row["by"] == "kind" else f"{whole}/{row['by']}/{row['key']}"


def label(row: dict[str, Any]) -> Text:
    """Return what a series is called."""
    kind = Text(KINDS[row["kind"]])
    return (
        kind if row["by"] == "kind" else Text("{key} ({kind})", {"key": row["key"], "kind": kind})
    )


def years_of(seasons: list[Period]) -> Text:
    """Return the earlier years as words, for example 2023–2025."""
    first, last = seasons[-1].start.year, seasons[0].start.year
    return Text("{first}" if first == last else "{first}–{last}", _plain(first=first, last=last))


def _plain(**years: int) -> dict[str, str]:
    return {name: str(year) for name, year in years.items()}


def _summary(alarms: Alarms) -> Finding:
    asked = Text(
        "{n} serier har hållits mot de åtta veckorna före och samma tid tidigare år, räknade så "
        "som de var kända lika lång tid efteråt."
        if alarms.tried
        else "Ingen serie har händelser nog, eller tidigare år nog, för att säga om något är nytt.",
        {"n": alarms.tried},
        singular="En serie har hållits mot de åtta veckorna före och samma tid tidigare år, räknad "
        "så som den var känd lika lång tid efteråt.",
    )
    return Finding(id="alarms", sentences={None: asked}, n=alarms.tried)


def _claim(row: dict[str, Any], alarms: Alarms, level: float, rank: int) -> Finding:
    kind, n = str(row["kind"]), int(row["n"])
    seasons = alarms.seasons.get(kind, [])
    fortnight = alarms.period.days == FORTNIGHT.days
    values: dict[str, Any] = {
        "label": label(row),
        "n": n,
        "these": Text("på två veckor" if fortnight else "på en vecka"),
        "recent": float(row["recent"]),
        "season": float(row["season"]),
        "years": years_of(seasons) if seasons else None,
        "file": alarms.missing.get(kind),
        "day": alarms.silent.get(kind),
    }
    common: dict[str, Any] = {
        "id": identity(row),
        "n": n,
        "null": BOTH,
        "rank": float(rank),
        "block": BLOCKS[row["by"]],
    }
    if row["why_not"]:
        text = Text(_UNTRIED[row["why_not"]], values)
        return Finding(sentences=dict.fromkeys(Word, text), gate=False, **common)
    ratio = float(row["ratio"])
    interval = Interval(float(row["low"]), float(row["high"]), level)
    values |= {"interval": interval, "low": interval.low, "high": interval.high}
    templates = (_MORE if ratio > 1 else _FEWER) | {
        Word.NO_SIGN: _NO_SIGN if math.isfinite(interval.high) else _CANNOT["open"],
        Word.CANNOT_TELL: _CANNOT[_why_unsure(row, interval)],
    }
    follows = POLICE if row["police_activity"] and row["by"] == "group" else ""
    return Finding(
        sentences={word: Text(text + follows, values) for word, text in templates.items()},
        estimate=ratio,
        interval=interval,
        unit="ratio",
        p=float(row["adjusted"]),
        **common,
    )


def _why_unsure(row: dict[str, Any], interval: Interval) -> str:
    if interval.high < 1 and row["late"]:
        return "late"
    if not interval.low <= 1 <= interval.high:
        return "chance"
    return "wide" if math.isfinite(interval.high) else "open"
