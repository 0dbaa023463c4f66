"""Names become places: exactly, by people's alias, or as a near miss that is never taken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from est_analysis.gather import rulings, tables
from est_analysis.gather.geography import Geography
from est_analysis.gather.guard import shown_code
from est_analysis.gather.rulings import Rulings
from est_analysis.gather.times import text_of

SHORT_STREET_M = 400.0
"""A street that reaches no farther is a place on the map; a longer one is only a name."""
ALIKE = 85.0
"""How alike, of 100, a name and a place must be to be a near miss."""
SHORTEST = 4
"""A shorter name is like too many others."""
MOST_NAMES = 5000
"""So many different unknown names, the commonest first, are compared with what is known."""
_NUMBER = re.compile(r"[\s,]+\d{1,4}\s?[^\W\d_]?(?=$|[\s,/:-]).*$", re.DOTALL)
_SHORTENED = {"g.": ("gatan", "gata", "gränd", "gården"), "v.": ("vägen", "väg", "vallen")}


@dataclass(frozen=True)
class Names:
    """
    What the delivered names mean.

    Parameters
    ----------
    table
        A row for each distinct name of a source. ``level``: ``place`` (in the gazetteer),
        ``street``, or empty. ``name``, ``place_type``, ``x``, ``y``: of the place or street;
        metres, NaN for a long street. ``likely``: the place that an unknown name is most like, or
        empty; ``score``: how much; ``written``: what of it may be shown.
    number
        The row in `table` of each event; the events' index.
    """

    table: pd.DataFrame
    number: pd.Series

    def each(self, column: str) -> pd.Series:
        """Return what a column of the table says of each event."""
        return self.table[column].take(self.number).set_axis(self.number.index)

    def near_misses(self, events: pd.DataFrame, lost: pd.Series) -> pd.DataFrame:
        """Return the near misses among the `lost` events, as ``tables.NEAR_MISSES`` says."""
        number = self.number[lost]
        own = self.table.take(number).set_axis(number.index)
        own = own[own["likely"] != ""]
        if own.empty:
            return tables.empty(tables.NEAR_MISSES)
        own = own.assign(source=events["source"].astype(str), sort="place", means=own["likely"])
        keys = ["source", "sort", "written", "means"]
        found = own.groupby(keys, as_index=False).agg(score=("score", "max"), rows=("x", "size"))
        found = found.sort_values(
            ["source", "rows", "written", "means"],
            ascending=[True, False, True, True],
            ignore_index=True,
        )
        return found[list(tables.NEAR_MISSES.columns)].astype({"rows": "int64"})


def match(events: pd.DataFrame, geography: Geography, decided: Rulings | None = None) -> Names:
    """
    Look the delivered names of places up.

    A name is first what people's aliases say. It is a place if the gazetteer has it, without
    regard to case and spaces; else a street, if the street's name is left when a house number and
    what follows it are dropped (which only makes it coarser), or when ``g.`` or ``v.`` can mean
    but one of the streets. Nothing of a number, a flat or what else was written is kept.

    Parameters
    ----------
    events
        With columns ``source`` and ``place`` as delivered.
    geography
        The municipality's.
    decided
        What people have decided; None is nothing.

    Returns
    -------
    Names
        In the order of `events`. Work is done once for each name, however many rows carry it.
    """
    decided = decided or rulings.none()
    source_of, sources = pd.factorize(events["source"])
    place_of, places = pd.factorize(events["place"])
    sources, places = sources.astype(str), places.astype(str)
    number, pairs = pd.factorize(source_of * len(places) + place_of)
    at_source, at_place = np.divmod(pairs, max(len(places), 1))
    distinct = pd.DataFrame({"source": sources[at_source], "place": places[at_place]})
    rows = pd.Series(np.bincount(number, minlength=len(distinct)))
    known = _known(geography)
    streets = set(known.index[known["level"] == "street"])
    means: dict[Any, str | None] = {}
    for source, own in distinct.groupby("source", sort=False)["place"]:
        alias = decided.alias("place", str(source))
        alias = {_normal(written): _normal(place) for written, place in alias.items()}
        means |= {at: _meaning(name, alias, known, streets) for at, name in own.items()}
    keys = pd.Series(means, dtype=object).reindex(distinct.index)
    found = known.reindex(keys).set_axis(distinct.index, axis=0)
    found = found.assign(**{text: text_of(found[text]) for text in ("level", "name", "place_type")})
    likely = _likely(distinct["place"].where(found["level"] == "", ""), rows, known)
    return Names(found.join(likely), pd.Series(number, index=events.index))


def normal(name: pd.Series) -> pd.Series:
    """Return names without regard to case and spaces, for matching."""
    return name.str.casefold().str.split().str.join(" ")


def _normal(name: str) -> str:
    return " ".join(name.casefold().split())


def without_number(name: str) -> str:
    """Return a street's name without the house number and all that follows it."""
    return _NUMBER.sub("", name.strip())


def _known(geography: Geography) -> pd.DataFrame:
    """Return places, then streets, by normal name: level, name, place_type, x and y."""
    columns = ["level", "name", "place_type", "x", "y"]
    parts = [pd.DataFrame(columns=columns).astype({"x": float, "y": float})]
    if geography.places is not None:
        places = geography.places.assign(level="place")
        parts.append(places.set_axis(normal(places["name"]), axis=0)[columns])
    if geography.streets is not None:
        parts.append(_middles(geography.streets).assign(level="street", place_type="gata")[columns])
    known = pd.concat([part for part in parts if len(part)] or parts[:1])
    return known[~known.index.duplicated() & (known.index != "")]


def _meaning(
    name: str, alias: dict[str, str], known: pd.DataFrame, streets: set[str]
) -> str | None:
    """Return the normal name of what is known by this name; None if nothing is, surely."""
    whole = _normal(name)
    street = without_number(whole)
    for key in (alias.get(whole), whole):
        if key in known.index:
            return key
    street = alias.get(street, street)
    if street in streets:
        return street
    endings = _SHORTENED.get(street[-2:], ())
    possible = [street[:-2] + ending for ending in endings if street[:-2] + ending in streets]
    return possible[0] if len(possible) == 1 else None


def _likely(names: pd.Series, rows: pd.Series, known: pd.DataFrame) -> pd.DataFrame:
    """Return the best candidate for each unknown name, how alike, and what may be shown of it."""
    none = pd.DataFrame({"likely": "", "score": np.nan, "written": ""}, index=names.index)
    plain = names.map(without_number)
    asked = rows.groupby(plain).sum()
    asked = asked[asked.index.str.len() >= SHORTEST].sort_index()
    asked = asked.sort_values(ascending=False, kind="stable").head(MOST_NAMES)
    if known.empty or asked.empty:
        return none
    from rapidfuzz import fuzz, process

    best: dict[str, tuple[str, float, str]] = {}
    choices = list(known.index)
    for name in asked.index:
        hit = process.extractOne(
            _normal(name), choices, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE
        )
        if hit is not None:
            place = known.loc[hit[0], "name"]
            best[name] = (place, round(float(hit[1]), 1), shown_code(name, [place]))
    found = pd.DataFrame.from_dict(best, orient="index", columns=["likely", "score", "written"])
    each = found.reindex(plain).set_axis(names.index, axis=0)
    return each.assign(likely=text_of(each["likely"]), written=text_of(each["written"]))


def _middles(streets: gpd.GeoDataFrame) -> pd.DataFrame:
    """
    Return each street by its name without regard to case: ``name``, and the middle of it.

    The middle of a long street is nowhere in particular, and events stacked on it would look like
    a hot spot: it has none (NaN).
    """
    named = streets[streets["name"] != ""]
    whole = named.dissolve(normal(named["name"]), aggfunc="first")
    bounds = whole.bounds
    reach = np.hypot(bounds["maxx"] - bounds["minx"], bounds["maxy"] - bounds["miny"])
    lines = whole.geometry.to_numpy()
    middle = shapely.get_point(shapely.shortest_line(lines, shapely.centroid(lines)), 0)
    short = reach.to_numpy() <= SHORT_STREET_M
    return pd.DataFrame(
        {
            "name": whole["name"],
            "x": np.where(short, shapely.get_x(middle), np.nan),
            "y": np.where(short, shapely.get_y(middle), np.nan),
        },
        index=whole.index,
    )
