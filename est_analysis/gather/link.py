"""The same event seen by several partners: probable pairs with a score, and each counted once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from est_analysis.gather import tables
from est_analysis.gather.gazetteer import normal
from est_analysis.gather.geography import Geography
from est_analysis.gather.rulings import DECISIONS, Rulings
from est_analysis.municipality import Links, Municipality

KINDS = ("reported_crime", "event", "physical_defect")
"""Kinds of record that tell of something that happened once, so that two can tell of the same."""
PLACED, STREET = ("point", "place"), "street"
BEST_PLACE = ("point", "place", "street", "area", "municipality", "unknown")
BEST_TIME = ("minute", "hour", "day", "month", "unknown")
COARSE = 0.5
"""What the closeness in place is worth where only the street is known, not where along it."""
UNLIKE = 0.8
"""What a score is worth where the groups are comparable by the settings, but not the same."""
CHANCE_SHIFTS = (-28, -21, -14, 14, 21, 28)
"""Days by which a source is moved to see what links by chance: the same weekday and season."""
_HOURS_OF = {"minute": 0.0, "hour": 1.0, "day": 24.0}
Pair = tuple[str, str]
Row = tuple[str, int]
Integers = NDArray[np.int64]


def link(
    events: pd.DataFrame,
    municipality: Municipality,
    geography: Geography,
    *,
    same: Iterable[Pair] = (),
    not_same: Iterable[Pair] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Find the records that are probably the same event, and say which of them is counted.

    Two records can be the same event if they come from different sources, are of `KINDS` and of
    comparable groups, and lie within the tolerances of ``[links]`` in time and place. Pairs are
    taken best first; a record gets at most one partner in each other source, and an event holds
    at most one record of each. What people have decided goes before all this.

    Parameters
    ----------
    events
        Accepted events, placed (`tables.EVENTS`).
    municipality
        Its sources and its ``[links]``.
    geography
        Gives the streets of records that have no coordinates.
    same, not_same
        Ids of the pairs that people have ruled on; ids that are not among the events are left out.

    Returns
    -------
    tuple of DataFrame
        The events with ``same_as`` set, same rows and order; and the links (`tables.LINKS`),
        sorted by ids.

    Notes
    -----
    Records of different kinds are linked but never counted as one another: kinds are never summed.
    """
    same, not_same = list(same), list(not_same)
    spoken_of = {id_ for pair in (*same, *not_same) for id_ in pair}
    able = _comparable(events, municipality.links)
    own = events[able | events["event_id"].isin(spoken_of) if spoken_of else able]
    if own.empty:
        return events.assign(same_as=""), tables.empty(tables.LINKS)
    row_of = pd.Series(np.arange(len(own)), index=own["event_id"].to_numpy())
    ruled, forbidden = (_rows_of(pairs, row_of) for pairs in (same, not_same))
    records = _Records.of(own, municipality, geography)
    found = _candidates(records, municipality.links)
    taken = _settle(found, ruled, forbidden, records)
    same_as = _same_as(own, taken).reindex(events.index, fill_value="")
    return events.assign(same_as=same_as), _links(taken, own)


def linked(
    events: pd.DataFrame,
    rows: pd.DataFrame,
    municipality: Municipality,
    geography: Geography,
    decided: Rulings,
) -> tuple[pd.DataFrame, pd.DataFrame, Rulings]:
    """
    Link the events under what people have decided about pairs of delivered rows.

    Parameters
    ----------
    events, municipality, geography
        As `link` takes them.
    rows
        Every delivered row that a pair names, whatever its fate: ``file``, ``row``,
        ``event_id``. A decision on a row that was delivered again later holds for the row that
        stands.
    decided
        What people have decided.

    Returns
    -------
    tuple
        The events and the links, as `link` returns them, and the decisions, with one fault more
        for each pair of which a row is not among the events.
    """
    pairs = {ruling: decided.pairs(ruling) for ruling in ("same", "not_same")}
    known = _ids(rows, {row for each in pairs.values() for pair in each for row in pair})
    accepted = set(events["event_id"]) if known else set()
    ids: dict[str, list[Pair]] = {}
    lost: list[tuple[str, int]] = []
    for ruling, each in pairs.items():
        ids[ruling] = []
        for pair in each:
            missing = [row for row in pair if known.get(row) not in accepted]
            lost += missing
            if not missing:
                ids[ruling].append((known[pair[0]], known[pair[1]]))
    events, links = link(
        events, municipality, geography, same=ids["same"], not_same=ids["not_same"]
    )
    decided = _with_lost(decided, set(lost)) if lost else decided
    return events, links, decided


def _with_lost(decided: Rulings, lost: set[tuple[str, int]]) -> Rulings:
    """Return the rulings, with those that pair a row which is not used among the faults."""
    told = set(decided.faults.loc[decided.faults["file"] == DECISIONS, "row"])
    reason = "raden är inte bland dem som används"
    faults = [decided.faults]
    for line in decided.rows[decided.rows["other_file"] != ""].to_dict("records"):
        for file, row, column in (("file", "row", "rad"), ("other_file", "other_row", "andra_rad")):
            if (line[file], line[row]) in lost and line["line"] not in told:
                fault = {"file": DECISIONS, "row": line["line"], "column": column, "reason": reason}
                faults.append(pd.DataFrame([fault]))
    return replace(decided, faults=pd.concat(faults, ignore_index=True))


def _ids(rows: pd.DataFrame, wanted: set[Row]) -> dict[Row, str]:
    """Return the ids of delivered rows, by file and row."""
    own = rows[rows["file"].isin({file for file, _ in wanted})]
    at = zip(own["file"], own["row"], strict=True)
    return {row: id_ for row, id_ in zip(at, own["event_id"], strict=True) if row in wanted}


def counted_once(events: pd.DataFrame) -> pd.DataFrame:
    """Return the events without those that are counted with another record of their kind."""
    return events[events["same_as"] == ""]


def groups(events: pd.DataFrame, links: pd.DataFrame) -> pd.Series:
    """
    Return, for each record, the id of the record that stands for its event whatever the kind.

    An analysis that pools kinds counts the rows whose own id this is.

    Parameters
    ----------
    events, links
        As `link` returned them.

    Returns
    -------
    Series
        Ids, indexed as `events`.
    """
    row_of = pd.Series(np.arange(len(events)), index=events["event_id"].to_numpy())
    pairs = links[["event_id", "other_id"]].itertuples(index=False, name=None)
    part = _components(len(events), _rows_of(pairs, row_of))
    ids = events["event_id"].to_numpy()
    return pd.Series(ids[_leaders(events, part)], index=events.index, dtype=str)


def chance_links(
    events: pd.DataFrame, municipality: Municipality, geography: Geography
) -> pd.DataFrame:
    """
    Say how many links the tolerances would give by chance, beside how many they give.

    Parameters
    ----------
    events
        Accepted events, placed.
    municipality, geography
        As `link` takes them.

    Returns
    -------
    DataFrame
        One row a pair of sources that have any: ``source``, ``other``, ``links``, and ``chance``:
        the mean number when all records of the one are moved by each of `CHANCE_SHIFTS` days.

    Notes
    -----
    A link by chance needs two records that have no true partner, so ``chance`` is a little high.
    """
    own = events[_comparable(events, municipality.links)]
    records = _Records.of(own, municipality, geography)
    seen = _between(_candidates(records, municipality.links), records)
    moved = [
        _between(_candidates(records, municipality.links, days=days), records)
        for days in CHANCE_SHIFTS
    ]
    chance = sum((one for one in moved), start=seen * 0) / len(moved)
    table = pd.DataFrame({"links": seen, "chance": chance}).fillna(0.0)
    table = table[table.sum(axis=1) > 0].rename_axis(["source", "other"]).reset_index()
    return table.astype({"links": "int64"})


def chance_of_each(
    events: pd.DataFrame, municipality: Municipality, geography: Geography, *, kind: str
) -> pd.Series:
    """
    Say how often each record would be linked to one of `kind` by chance.

    Parameters
    ----------
    events
        Accepted events, placed.
    municipality, geography
        As `link` takes them.
    kind
        Of the records that others are held against, for example reported crimes.

    Returns
    -------
    Series
        By ``event_id``: of the records of other kinds that could be linked to one of `kind`, in how
        large a share of the `CHANCE_SHIFTS` each is. Records without a place or a time that linking
        can use, or of a group that `kind` does not tell of, are not there.

    Notes
    -----
    When dates are moved every record of `kind` is free, also those that have a true partner: who
    holds the figure against real links multiplies it by the share of `kind` without a link.
    """
    own = events[_comparable(events, municipality.links)]
    records = _Records.of(own, municipality, geography)
    of_kind = (own["kind"] == kind).to_numpy() & (records.alike >= 0)
    able = (own["kind"] != kind).to_numpy() & np.isin(records.alike, records.alike[of_kind])
    able &= records.alike >= 0
    sides = replace(  # two sources: those of the kind, and all the others
        records,
        source=np.where(of_kind, 0, 1),
        names=["kind", "others"],
        series=["kind", "others"],
        alike=np.where(of_kind | able, records.alike, -1),
    )
    times = np.zeros(len(own))
    for days in CHANCE_SHIFTS:
        found = _matched(_candidates(sides, municipality.links, days=days), sides)
        rows = found[["one", "other"]].to_numpy().ravel()
        times[np.unique(rows)] += 1
    share = pd.Series(times / len(CHANCE_SHIFTS), index=own["event_id"].to_numpy(), dtype=float)
    return share[able]


# --- the records ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Records:
    """
    What linking reads of the events, in arrays of one length; hours and metres.

    `alike` is the same for groups that are comparable, `group` for groups of the same name; -1
    says that a record takes no part. `start` is when it may have happened, `seen` when it was seen:
    what is found was there before. `street` is -1 where coordinates are known. `near` pairs each
    record that has coordinates with the streets within reach: ``row``, ``street``, ``metres``.
    """

    source: Integers
    names: list[str]
    series: list[str]
    start: NDArray[np.float64]
    seen: NDArray[np.float64]
    end: NDArray[np.float64]
    registered: NDArray[np.float64]
    group: Integers
    alike: Integers
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    street: Integers
    near: pd.DataFrame

    @classmethod
    def of(cls, events: pd.DataFrame, municipality: Municipality, geography: Geography) -> _Records:
        settings = municipality.links
        names = list(municipality.sources)
        source = pd.Categorical(events["source"], categories=names).codes.astype("int64")
        began, over, registered = (_hours(events[c]) for c in ("start", "end", "registered"))
        lasts = events["time_precision"].map(_HOURS_OF).to_numpy(float)
        end = np.where(np.isnan(over), began + lasts, over)
        found_later = (events["kind"] == "physical_defect").to_numpy()
        start = began - settings.found_hours * found_later
        placed = events["place_precision"].isin(PLACED).to_numpy() & events["x"].notna().to_numpy()
        only_street = (events["place_precision"] == STREET) & (events["place"] != "")
        street = np.full(len(events), -1, dtype="int64")
        codes, named = pd.factorize(normal(events.loc[only_street, "place"]))
        street[only_street.to_numpy()] = codes
        takes_part = (
            events["kind"].isin(KINDS).to_numpy()
            & ~np.isnan(lasts)
            & (end - began <= municipality.thresholds.longest_span_hours)
            & (placed | (street >= 0))
        )
        group = pd.factorize(events["group"])[0]
        alike = pd.factorize(_alike(events["group"], settings))[0]
        x, y = (events[axis].to_numpy(float) for axis in ("x", "y"))
        points = np.flatnonzero(takes_part & placed)
        return cls(
            source=source,
            names=names,
            series=[municipality.first_form(name) for name in names],
            start=start,
            seen=began,
            end=end,
            registered=registered,
            group=group.astype("int64"),
            alike=np.where(takes_part, alike, -1).astype("int64"),
            x=x,
            y=y,
            street=street,
            near=_near(points, x[points], y[points], named, geography, settings.metres),
        )


def _alike(group: pd.Series, settings: Links) -> pd.Series:
    """Return one name for groups that are comparable."""
    first = {name: listed[0] for listed in settings.same for name in listed}
    return group.map({name: first.get(name, name) for name in group.unique()}).astype(str)


def _comparable(events: pd.DataFrame, settings: Links) -> pd.Series:
    """Tell which records are of `KINDS` and of a group that more than one source tells of."""
    able = events["kind"].isin(KINDS)
    if events["source"].nunique() < 2:
        return pd.Series(False, index=events.index)
    told = events.loc[able, ["source", "group"]].drop_duplicates()
    alike = _alike(told["group"], settings)
    sources = told["source"].groupby(alike).transform("nunique")
    return able & events["group"].isin(told["group"][sources > 1])


def _hours(moments: pd.Series) -> NDArray[np.float64]:
    seconds = moments.astype("datetime64[s]")
    return seconds.astype("int64").where(seconds.notna()).to_numpy(float) / 3600


def _near(
    rows: Integers,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    named: pd.Index,
    geography: Geography,
    metres: float,
) -> pd.DataFrame:
    """Return which of the `named` streets lie within so many metres of each point."""
    nothing = pd.DataFrame({"row": [], "street": [], "metres": []})
    if geography.streets is None or not len(rows):
        return nothing.astype({"row": "int64", "street": "int64", "metres": float})
    number = named.get_indexer(normal(geography.streets["name"]))
    wanted = (number >= 0) & (geography.streets["name"] != "").to_numpy()
    lines, number = geography.streets.geometry.to_numpy()[wanted], number[wanted]
    spots, spot_of = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True)
    points = shapely.points(spots)
    at, which = shapely.STRtree(lines).query(points, predicate="dwithin", distance=metres)
    close = pd.DataFrame(
        {
            "spot": at,
            "street": number[which],
            "metres": shapely.distance(points[at], lines[which]),
        }
    )
    close = close.groupby(["spot", "street"], as_index=False)["metres"].min()
    own = pd.DataFrame({"spot": spot_of.ravel(), "row": rows})
    return own.merge(close, on="spot")[["row", "street", "metres"]]


# --- candidates -------------------------------------------------------------------------------


def _candidates(records: _Records, settings: Links, *, days: int = 0) -> pd.DataFrame:
    """
    Return every pair of records within the tolerances, best first.

    Parameters
    ----------
    records
        What `link` reads of the events.
    settings
        The tolerances, metres and hours, and the smallest score.
    days
        By how many days the later source of each pair is moved, to see what meets by chance.

    Returns
    -------
    DataFrame
        ``one``, ``other`` (rows), ``metres`` (NaN where only the street's name is the same),
        ``hours`` (between the two intervals; 0 where they meet), ``score``.

    Notes
    -----
    The score is the closeness in place times the closeness in time, each falling in a straight
    line from 1 to 0 at its tolerance. Where one record has only a street the closeness in place is
    worth `COARSE`; where the groups are comparable but not the same the score is worth `UNLIKE`.
    """
    parts = [_nothing()]
    later = 24.0 * days
    for left, right in combinations(range(len(records.names)), 2):
        one, other, metres = _meetings(records, settings, left, right, later)
        hours = _hours_between(records, one, other, later)
        street = (records.street[one] >= 0) | (records.street[other] >= 0)
        score = (1 - np.nan_to_num(metres) / settings.metres) * (1 - hours / settings.hours)
        score *= np.where(street, COARSE, 1.0)
        score *= np.where(records.group[one] == records.group[other], 1.0, UNLIKE)
        keep = (np.nan_to_num(metres) <= settings.metres) & (hours <= settings.hours)
        keep &= score >= settings.minimum_score
        if records.series[left] == records.series[right]:
            keep &= _delivered_twice(records, one, other)
        columns = {"one": one, "other": other, "metres": metres, "hours": hours, "score": score}
        parts.append(pd.DataFrame(columns)[keep])
    table = pd.concat(parts, ignore_index=True)
    middle = records.start + records.end
    away = np.abs(middle[table["one"]] - middle[table["other"]])  # of equals, the nearer in time
    order = np.lexsort((table["other"], table["one"], away, -table["score"].round(9)))
    return table.iloc[order].reset_index(drop=True)


def _nothing() -> pd.DataFrame:
    kinds = {"one": "int64", "other": "int64", "metres": float, "hours": float, "score": float}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _hours_between(
    records: _Records, one: Integers, other: Integers, later: float = 0.0
) -> NDArray[np.float64]:
    """Return the hours between two records' intervals, the other moved; 0 where they meet."""
    both_found = (records.start < records.seen)[one] & (records.start < records.seen)[other]
    ours, theirs = (  # two who found it are compared by when they saw it
        np.where(both_found, records.seen[row], records.start[row]) for row in (one, other)
    )
    after = theirs + later - records.end[one]
    before = ours - (records.end[other] + later)
    return np.maximum(np.maximum(after, before), 0.0)


def _delivered_twice(records: _Records, one: Integers, other: Integers) -> NDArray[np.bool_]:
    """Tell which pairs of one partner's two layouts are one row told twice, not two events."""
    days = records.registered[one] // 24, records.registered[other] // 24
    unknown = np.isnan(days[0]) | np.isnan(days[1])
    return (records.start[one] == records.start[other]) & (unknown | (days[0] == days[1]))


def _meetings(
    records: _Records, settings: Links, left: int, right: int, later: float
) -> tuple[Integers, Integers, NDArray[np.float64]]:
    """
    Return the rows of two sources that are near in place and time, and their metres.

    Each row stands in the blocks where it could meet another: a point in its grid cell (on the
    smaller side also in those around it), a street in its own name, and a point in the names of
    the streets near it, so that it meets rows which have only the street.
    """
    ours, theirs = (
        np.flatnonzero((records.source == source) & (records.alike >= 0))
        for source in (left, right)
    )
    ours, theirs = (  # only what someone on the other side could have told of too
        rows[np.isin(records.alike[rows], records.alike[others])]
        for rows, others in ((ours, theirs), (theirs, ours))
    )
    nowhere = np.zeros(0, dtype="int64")
    if not len(ours):
        return nowhere, nowhere, nowhere.astype(float)
    around = ((-1, 0, 1), (0,)) if len(ours) < len(theirs) else ((0,), (-1, 0, 1))
    streets = [rows[records.street[rows] >= 0] for rows in (ours, theirs)]
    one = pd.concat(
        [
            _cells(records, ours, settings.metres, around[0]),
            _by_points(records, ours, streets[1], _POINT_AND_STREET),
            _by_streets(records, streets[0], _STREET_AND_ANY),
        ],
        ignore_index=True,
    )
    other = pd.concat(
        [
            _cells(records, theirs, settings.metres, around[1]),
            _by_streets(records, streets[1], _POINT_AND_STREET),
            _by_points(records, theirs, streets[0], _STREET_AND_ANY),
            _by_streets(records, streets[1], _STREET_AND_ANY),
        ],
        ignore_index=True,
    )
    if one.empty or other.empty:
        return nowhere, nowhere, nowhere.astype(float)
    at, to = _join(records, settings.hours, one, other, later)
    rows, others = one["row"].to_numpy()[at], other["row"].to_numpy()[to]
    metres = np.hypot(records.x[rows] - records.x[others], records.y[rows] - records.y[others])
    named = one["sort"].to_numpy()[at] != _CELL
    given = np.fmax(one["metres"].to_numpy()[at], other["metres"].to_numpy()[to])
    return rows, others, np.where(named, given, metres)


_CELL, _POINT_AND_STREET, _STREET_AND_ANY = range(3)
"""Sorts of block: two points, a point of ours and a street of theirs, a street of ours."""


def _blocks(
    records: _Records,
    rows: Integers,
    sort: int,
    a: Integers,
    b: Integers,
    metres: float | pd.Series,
) -> pd.DataFrame:
    columns = {"row": rows, "alike": records.alike[rows], "sort": sort, "a": a, "b": b}
    return pd.DataFrame({**columns, "metres": metres})


def _cells(records: _Records, rows: Integers, side: float, steps: tuple[int, ...]) -> pd.DataFrame:
    rows = rows[records.street[rows] < 0]
    east = np.floor(records.x[rows] / side).astype("int64")
    north = np.floor(records.y[rows] / side).astype("int64")
    around = [(east + i, north + j) for i in steps for j in steps]
    return pd.concat([_blocks(records, rows, _CELL, a, b, np.nan) for a, b in around])


def _by_streets(records: _Records, rows: Integers, sort: int) -> pd.DataFrame:
    return _blocks(records, rows, sort, records.street[rows], np.zeros_like(rows), np.nan)


def _by_points(records: _Records, rows: Integers, streets: Integers, sort: int) -> pd.DataFrame:
    """Return points in the blocks of those streets near them that the others' rows name."""
    near = records.near[records.near["street"].isin(records.street[streets])]
    near = near[near["row"].isin(rows)].reset_index(drop=True)
    row, street = near["row"].to_numpy(), near["street"].to_numpy()
    return _blocks(records, row, sort, street, np.zeros_like(row), near["metres"])


def _numbered(one: pd.DataFrame, other: pd.DataFrame) -> tuple[Integers, Integers]:
    """Return the number of each line's block, counted from 0."""
    code = np.zeros(len(one) + len(other), dtype="int64")
    for column in ("alike", "sort", "a", "b"):
        part = np.concatenate([one[column].to_numpy(), other[column].to_numpy()])
        part -= part.min()
        code = code * (part.max() + 1) + part  # metres of a municipality: far below 2**63
    number = pd.factorize(code)[0].astype("int64")
    return number[: len(one)], number[len(one) :]


def _join(
    records: _Records, hours: float, one: pd.DataFrame, other: pd.DataFrame, later: float
) -> tuple[Integers, Integers]:
    """Return which lines share a block and come within so many hours of one another."""
    ours, theirs = _numbered(one, other)
    lines = [np.flatnonzero(np.isin(a, b)) for a, b in ((ours, theirs), (theirs, ours))]
    if not len(lines[0]):
        return lines[0], lines[1]
    one, other = one.iloc[lines[0]], other.iloc[lines[1]]
    ours, theirs = ours[lines[0]], theirs[lines[1]]
    began, over = (moments[one["row"]] for moments in (records.start, records.end))
    start, end = (moments[other["row"]] + later for moments in (records.start, records.end))
    first = min(start.min(), began.min()) - hours
    last = max(end.max(), over.max()) + hours
    wide = last - first + 1  # the hours of a block never reach into the next block's
    order = np.lexsort((start, theirs))
    key = theirs[order] * wide + (start[order] - first)
    earliest = np.maximum(began - hours - float((end - start).max()), first)
    low = np.searchsorted(key, ours * wide + (earliest - first), side="left")
    high = np.searchsorted(key, ours * wide + (over + hours - first), side="right")
    n = high - low
    at = np.repeat(np.arange(len(n)), n)
    to = order[np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n) + np.repeat(low, n)]
    meets = end[to] >= began[at] - hours
    return lines[0][at[meets]], lines[1][to[meets]]


# --- from candidates to events ----------------------------------------------------------------


def _matched(found: pd.DataFrame, records: _Records) -> pd.DataFrame:
    """Take pairs best first, so that each record has at most one partner in each other source."""
    n = len(records.names)
    left = found["one"].to_numpy() * n + records.source[found["other"]]
    right = found["other"].to_numpy() * n + records.source[found["one"]]
    open_ = np.arange(len(found))
    taken: list[Integers] = []
    while len(open_):  # a pair that is the best of both its records is taken; then once more
        a, b = left[open_], right[open_]
        best = ~pd.Series(a).duplicated().to_numpy() & ~pd.Series(b).duplicated().to_numpy()
        taken.append(open_[best])
        free = ~np.isin(a, a[best]) & ~np.isin(b, b[best])
        open_ = open_[free]
    rows = np.sort(np.concatenate(taken)) if taken else open_
    return found.iloc[rows]


def _between(found: pd.DataFrame, records: _Records) -> pd.Series:
    """Count the matched pairs between each two sources."""
    pairs = _matched(found, records)
    names = np.array(records.names, dtype=object)
    every = pd.MultiIndex.from_tuples(list(combinations(records.names, 2)), names=["one", "other"])
    between = pd.MultiIndex.from_arrays(
        [names[records.source[pairs["one"]]], names[records.source[pairs["other"]]]]
    )
    return pd.Series(1, index=between).groupby(level=[0, 1]).sum().reindex(every, fill_value=0)


def _rows_of(pairs: Iterable[Pair], row_of: pd.Series) -> Integers:
    """Return the rows of pairs of ids, shape (n, 2); pairs with an unknown id are left out."""
    ids = np.array(list(pairs), dtype=object).reshape(-1, 2)
    rows = row_of.reindex(ids.ravel()).to_numpy(float).reshape(-1, 2)
    known = ~np.isnan(rows).any(axis=1) & (rows[:, 0] != rows[:, 1])
    return np.unique(np.sort(rows[known].astype("int64"), axis=1), axis=0)


def _settle(
    found: pd.DataFrame, ruled: Integers, forbidden: Integers, records: _Records
) -> pd.DataFrame:
    """Return the pairs that stand: those people decided, then the best of the others."""
    n, every = len(records.names), len(records.source)
    pairs = np.sort(found[["one", "other"]].to_numpy(), axis=1)
    spoken = np.vstack([ruled, forbidden])
    closed = np.isin(pairs @ [every, 1], spoken @ [every, 1])
    given = np.vstack([ruled, ruled[:, ::-1]])  # whom people gave a partner seeks no other there
    for one, other in (pairs.T, pairs[:, ::-1].T):
        end = one * n + records.source[other]
        closed |= np.isin(end, given[:, 0] * n + records.source[given[:, 1]])
    found = found[~closed]
    matched = _matched(found, records).assign(decided=False)
    decided = pd.DataFrame({"one": ruled[:, 0], "other": ruled[:, 1]}).assign(
        metres=np.hypot(
            records.x[ruled[:, 0]] - records.x[ruled[:, 1]],
            records.y[ruled[:, 0]] - records.y[ruled[:, 1]],
        ),
        hours=_hours_between(records, ruled[:, 0], ruled[:, 1]),
        score=1.0,
        decided=True,
    )
    taken = pd.concat([decided, matched], ignore_index=True)
    return _consistent(taken, forbidden, records)


def _components(n: int, pairs: Integers) -> Integers:
    """Return which connected component each of `n` rows belongs to."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(pairs), dtype="int8")
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype("int64")


def _consistent(taken: pd.DataFrame, forbidden: Integers, records: _Records) -> pd.DataFrame:
    """
    Leave out the weakest pairs that would put two records of a source in one event.

    So would pairs that join, by a third record, two that people have said are not the same.
    """
    pairs = taken[["one", "other"]].to_numpy()
    part = _components(len(records.source), pairs)
    linked = np.unique(pairs)
    twice = pd.DataFrame({"part": part[linked], "source": records.source[linked]}).duplicated()
    wrong = set(part[linked][twice.to_numpy()].tolist())
    apart = {(a, b) for a, b in forbidden.tolist() if part[a] == part[b]}
    wrong |= {int(part[a]) for a, _ in apart}
    if not wrong:
        return taken
    keep = ~np.isin(part[pairs[:, 0]], list(wrong))
    event: dict[int, set[int]] = {}
    for at in np.flatnonzero(~keep):  # few: those whose events do not hold together
        a, b = (event.get(row, {row}) for row in pairs[at].tolist())
        together = a | b
        sources = [int(records.source[row]) for row in sorted(together)]
        torn = any(one in together and other in together for one, other in apart)
        clash = len(set(sources)) < len(sources) and not taken["decided"].iloc[at]
        if not (torn or clash):
            keep[at] = True
            event |= dict.fromkeys(together, together)
    return taken[keep]


def _leaders(events: pd.DataFrame, part: Integers) -> Integers:
    """Return the row that stands for each row's part: best known, first registered, first id."""
    order = pd.DataFrame(
        {
            "part": part,
            "place": events["place_precision"].map(BEST_PLACE.index).to_numpy(),
            "time": events["time_precision"].map(BEST_TIME.index).to_numpy(),
            "registered": events["registered"].to_numpy(),
            "id": events["event_id"].to_numpy(),
        }
    ).sort_values(["part", "place", "time", "registered", "id"])
    first = order.drop_duplicates("part")
    return pd.Series(first.index, index=first["part"]).loc[part].to_numpy()


def _same_as(events: pd.DataFrame, taken: pd.DataFrame) -> pd.Series:
    """Return the id of the record of its own kind that each linked record is counted with."""
    same_as = pd.Series("", index=events.index, dtype=str)
    pairs = taken[["one", "other"]].to_numpy()
    linked = np.unique(pairs)
    if not len(linked):
        return same_as
    own = events.iloc[linked].reset_index(drop=True)
    part = _components(len(events), pairs)[linked]
    of_kind = pd.DataFrame({"part": part, "kind": own["kind"]}).groupby(["part", "kind"]).ngroup()
    leader = _leaders(own, of_kind.to_numpy())
    counted_with = own["event_id"].to_numpy()[leader]
    follows = leader != np.arange(len(own))
    same_as.iloc[linked[follows]] = counted_with[follows]
    return same_as


def _links(taken: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    ids = events["event_id"].to_numpy()
    table = pd.DataFrame(
        {
            "event_id": ids[taken["one"]],
            "other_id": ids[taken["other"]],
            "metres": taken["metres"].to_numpy(float).round(1),
            "hours": taken["hours"].to_numpy(float).round(2),
            "score": taken["score"].to_numpy(float).round(4),
            "decided": taken["decided"].to_numpy(bool),
        }
    ).astype({"event_id": str, "other_id": str})
    table = table.sort_values(["event_id", "other_id"], ignore_index=True)
    return tables.check(table, tables.LINKS, what="kopplingar")
