"""What is said in the published edition: every sentence made anew from released numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from est_analysis import counts
from est_analysis.evidence import Finding, Text, Word, judge
from est_analysis.reports.language import KINDS, ONE

if TYPE_CHECKING:
    from est_analysis.reports.published.released import Released

_FEWEST_EARLIER = 2
_NULL = Text("de tidigare åren")
_LABELS = {"group": "Anmälda brott, {name}", "area": "Anmälda brott i {name}"}
_WORDED = {
    Word.CLEAR: "{label}: tydligt {direction} än tidigare år. {n} mot {usual} i snitt, "
    "{interval} gånger så många.",
    Word.INDICATION: "{label}: kanske {direction} än tidigare år. {n} mot {usual} i snitt, "
    "{interval} gånger så många.",
    Word.NO_SIGN: "{label}: varken halverat eller fördubblat. {n} mot {usual} i snitt tidigare år.",
    Word.CANNOT_TELL: "{label}: {n} mot {usual} i snitt tidigare år. Siffrorna räcker inte för att "
    "säga om det har ändrats.",
}


def findings(released: Released) -> list[Finding]:
    """Return every finding, judged as one family of its own."""
    found = [_totals(released), _quality(released)]
    for kind in released.kinds:
        found += _changes(released, kind)
    found += _where(released)
    found += [*_what(released), *_when(released)]
    return judge(found, released.municipality.thresholds)


def counted(kind: str, n: int) -> Text:
    """Return a number of records in words."""
    return Text("{n} {kind}", {"n": n, "kind": Text(ONE[kind] if n == 1 else KINDS[kind])})


def _totals(released: Released) -> Finding:
    newest = released.windows[0]
    told = [
        counted(kind, n)
        for kind in released.kinds
        if (n := released.number(kind, "total", newest)) is not None
    ]
    return Finding(
        id="totals",
        sentences={
            None: Text("Tolv månader, {period}: {told}.", {"period": released.period, "told": told})
        },
        n=0,
    )


def _quality(released: Released) -> Finding:
    quality = released.content["quality"]
    text = (
        "Uppgifterna kommer från {partners}. {usable} av de rader som ska räknas gick att använda."
    )
    if quality["unread"]:
        text += " Någon fil gick inte att läsa; det slag av uppgift som den gäller visas inte."
    usable = Text(quality["usable"])
    return Finding(
        id="accounting",
        sentences={None: Text(text, {"partners": quality["partners"], "usable": usable})},
        n=0,
    )


def _changes(released: Released, kind: str) -> list[Finding]:
    """Return the change of a kind as a whole, and of its groups and areas where they are told."""
    found = []
    phi = _dispersion(released, kind)
    claims: list[tuple[str, str, dict[str, str], Text]] = [
        (f"change/{kind}", "total", {}, Text(KINDS[kind]))
    ]
    if kind == "reported_crime":
        claims += [
            (f"change/{kind}/{table}/{name}", table, {table: name}, Text(label, {"name": name}))
            for table, label in _LABELS.items()
            for name in released.names(kind, table)
        ]
    for rank, (identity, table, where, label) in enumerate(claims):
        windows = released.windows_of(kind, table)
        series = [released.number(kind, table, until, **where) for until in windows]
        if not series or series[0] is None or any(n is None for n in series[1:]):
            continue
        now, *earlier = [int(n) for n in series if n is not None]
        if not earlier:
            continue
        found.append(_change(released, identity, label, now, earlier, phi, rank, kind))
    return found


def _change(
    released: Released,
    identity: str,
    label: Text,
    now: int,
    earlier: list[int],
    phi: float,
    rank: int,
    kind: str,
) -> Finding:
    thresholds = released.municipality.thresholds
    compared = counts.compare_rates(
        now,
        1,
        sum(earlier),
        len(earlier),
        level=thresholds.interval_level,
        dispersion=phi,
    )
    values = {
        "label": label,
        "n": now,
        "usual": sum(earlier) / len(earlier),
        "interval": compared.interval,
        "direction": Text("fler" if compared.ratio > 1 else "färre"),
    }
    enough = now + sum(earlier) >= thresholds.minimum_change
    return Finding(
        id=identity,
        sentences={word: Text(text, values) for word, text in _WORDED.items()},
        n=now,
        null=_NULL,
        estimate=compared.ratio,
        interval=compared.interval,
        unit="ratio",
        p=compared.p,
        gate=enough and len(earlier) >= _FEWEST_EARLIER and released.whole(kind),
        rank=float(rank),
    )


def _dispersion(released: Released, kind: str) -> float:
    """Return the unrest between the earlier years, from released numbers alone."""
    rows = []
    for name in released.names(kind, "area"):
        windows = released.windows_of(kind, "area")[1:]
        series = [released.number(kind, "area", until, area=name) for until in windows]
        rows.append([np.nan if n is None else float(n) for n in series])
    return counts.dispersion(np.array(rows)) if rows else 1.0


def _where(released: Released) -> list[Finding]:
    found = []
    newest = released.windows[0]
    sorts = (
        (
            "reported_crime",
            "places/crime",
            "Flest anmälda brott bland de områden som visas: {most}.",
        ),
        (
            *("unsafe_place", "places/unsafe"),
            "Flest rapporter om otrygg plats bland de områden som visas: {most}.",
        ),
    )
    for kind, identity, sentence in sorts:
        shown = [
            (n, area)
            for area in released.areas
            if (n := released.number(kind, "area", newest, area=area))
        ]
        shown.sort(key=lambda one: (-one[0], one[1]))
        if shown:
            most = [Text("{area} ({n})", {"area": area, "n": n}) for n, area in shown[:2]]
            text = Text(sentence, {"most": most})
            found.append(Finding(id=identity, sentences={None: text}, n=shown[0][0]))
    return found


def _what(released: Released) -> list[Finding]:
    newest = released.windows[0]
    shown = [
        (n, group)
        for group in released.names("reported_crime", "group")
        if (n := released.number("reported_crime", "group", newest, group=group))
    ]
    if not shown:
        return []
    n, group = max(shown, key=lambda one: (one[0], one[1]))
    text = Text(
        "Flest anmälda brott bland de grupper som visas: {group} ({n}).", {"group": group, "n": n}
    )
    return [Finding(id="groups/crime", sentences={None: text}, n=n)]


def _when(released: Released) -> list[Finding]:
    newest = released.windows[0]
    shown = [
        (n, part)
        for part in released.names("reported_crime", "part")[:-1]
        if (n := released.number("reported_crime", "part", newest, part=part))
    ]
    if not shown:
        return []
    n, part = max(shown, key=lambda one: (one[0], one[1]))
    text = Text(
        "Flest anmälda brott vars tid är känd: {part} ({n}). Vardagarna är fler än helgens dagar.",
        {"part": part, "n": n},
    )
    return [Finding(id="rhythm", sentences={None: text}, n=n)]
