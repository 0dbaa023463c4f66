"""How counts of measures are put into words: what is small, and what a place is compared with."""

from __future__ import annotations

import math

from est_analysis.evidence import Text


def few(n: int, smallest: int) -> int | Text:
    """Return a count, or that it is small: zero too, lest the others tell of a single event."""
    return n if n >= smallest else Text("färre än {n}", {"n": smallest})


def average(n: int, years: int, smallest: int) -> float | Text:
    """Return events per year; where there are few, only that there are."""
    if not years:
        return math.nan
    return n / years if n >= smallest else Text("mindre än {n}", {"n": smallest / years})


def compared_with(rule: str, places: tuple[str, ...]) -> Text:
    """Return what a place is compared with, in words."""
    if rule == "register":
        return Text("{place}", {"place": places[0]})
    if rule == "rest":
        return Text("övriga kommunen")
    template = "{n} liknande platser" if rule == "similar" else "{n} platser av samma sort"
    return Text(template, {"n": len(places)})
