"""Gathering: every delivered row gets one fate, and what is accepted gets its place and links."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from est_analysis.gather import deliveries, link, locate, near, rulings, spread, tables
from est_analysis.gather.assess import assess
from est_analysis.gather.deliveries import Delivery, Unread
from est_analysis.gather.fates import (
    ACCEPTED,
    DROPPED,
    FATES,
    QUARANTINED,
    REASONS,
    REPEATED,
    Pile,
    no_rows,
)
from est_analysis.gather.geography import Geography, read_geography
from est_analysis.gather.locate import Ways
from est_analysis.gather.rulings import Rulings
from est_analysis.municipality import Municipality


@dataclass(frozen=True)
class Gathered:
    """
    What gathering gave.

    Parameters
    ----------
    events, quarantine, accounting, near_misses, links, stacks
        As `tables` says.
    geography
        The municipality's own geometry.
    unread
        Files that could not be read at all; the others stand.
    rulings
        What people have decided, with the lines of theirs that do not hold.
    texts_dropped
        As `tables` says: texts that were emptied, where the settings let their rows stay.
    """

    events: pd.DataFrame
    quarantine: pd.DataFrame
    accounting: pd.DataFrame
    geography: Geography
    near_misses: pd.DataFrame = field(default_factory=lambda: tables.empty(tables.NEAR_MISSES))
    links: pd.DataFrame = field(default_factory=lambda: tables.empty(tables.LINKS))
    stacks: pd.DataFrame = field(default_factory=lambda: tables.empty(tables.STACKS))
    unread: tuple[Unread, ...] = ()
    rulings: Rulings = field(default_factory=rulings.none)
    texts_dropped: pd.DataFrame = field(default_factory=lambda: tables.empty(tables.TEXTS_DROPPED))


def gather(
    municipality: Municipality,
    *,
    delivered: list[Delivery] | None = None,
    geography: Geography | None = None,
) -> Gathered:
    """
    Read every delivery and decide every row's fate.

    Parameters
    ----------
    municipality
        Whose deliveries.
    delivered, geography
        What is in memory already, so that simulations skip files; None is read from files.

    Returns
    -------
    Gathered
        Events sorted by start, then id.

    Raises
    ------
    DeliveryError
        If one of the municipality's own files (map, places, codes, decisions) cannot be read. A
        delivery that cannot be read is no error: it is listed in `Gathered.unread`.
    """
    if geography is None:
        geography = read_geography(municipality)
    decided = rulings.read(municipality)
    unread: list[Unread] = []
    if delivered is None:
        delivered, unread = deliveries.read_all(municipality, decided)
        unread, withdrawn = _without_withdrawn(municipality, unread, decided)
        delivered = [*delivered, *withdrawn]
    decided = rulings.checked(decided, _places(delivered), {one.file for one in unread})
    delivered = [one.as_ruled(decided) for one in delivered]
    judged = _judge(municipality, delivered, geography, decided)
    near_misses = [miss for one in unread for miss in one.near] + judged.near_misses
    paired = [*decided.pairs("same"), *decided.pairs("not_same")]
    spoken_of = rulings.among(judged.rows, {row for pair in paired for row in pair})
    ids = judged.rows.loc[spoken_of, ["file", "row", "event_id"]]
    placed = locate.place_events(_accepted(judged.rows), geography, Ways.of(municipality), decided)
    events = spread.in_full(placed.events[list(tables.EVENTS.columns)])
    events, links, decided = link.linked(events, ids, municipality, geography, decided)
    nearly = pd.concat([near.table(near_misses), placed.near_misses], ignore_index=True)
    return Gathered(
        events=tables.check(events, tables.EVENTS, what="händelser"),
        quarantine=tables.check(judged.quarantine, tables.QUARANTINE, what="karantän"),
        accounting=tables.check(judged.accounting, tables.ACCOUNTING, what="radräkning"),
        geography=geography,
        near_misses=tables.check(nearly, tables.NEAR_MISSES, what="nästan träffar"),
        links=links,
        stacks=tables.check(placed.stacks, tables.STACKS, what="staplade koordinater"),
        unread=tuple(unread),
        rulings=rulings.in_vain(decided, judged.quarantine, REASONS),
        texts_dropped=tables.check(judged.emptied, tables.TEXTS_DROPPED, what="tömda texter"),
    )


@dataclass(frozen=True)
class _Judged:
    """Every row with its fate, and what is told of those that were not accepted."""

    rows: pd.DataFrame
    accounting: pd.DataFrame
    quarantine: pd.DataFrame
    emptied: pd.DataFrame
    near_misses: list[near.Miss]


def _judge(
    municipality: Municipality, delivered: list[Delivery], geography: Geography, decided: Rulings
) -> _Judged:
    """
    Decide every row's fate.

    The list is emptied on the way: a large delivery is not held in two forms longer than it must.
    """
    files = _sizes(delivered)
    assessed = [
        assess(municipality, Pile.of(name, source, _taken(delivered, name)), geography, decided)
        for name, source in municipality.sources.items()
    ]
    rows = spread.stacked([one.table for one in assessed])
    alike = any(":" in name for name in municipality.sources)  # ids of two sources may be alike
    if alike or any(one.repeats for one in assessed):
        rows = _with_kept_repeats(rows, decided)
        rows["fate"] = rows["fate"].mask(_repeats(rows), REPEATED)
    return _Judged(
        rows,
        _account(files, rows),
        pd.concat([one.fates.stopped() for one in assessed], ignore_index=True),
        pd.concat([one.emptied for one in assessed], ignore_index=True),
        [miss for one in assessed for miss in one.fates.misses],
    )


def _taken(delivered: list[Delivery], source: str) -> list[Delivery]:
    """Take the deliveries of one source out of the list."""
    own = [one for one in delivered if one.source == source]
    delivered[:] = [one for one in delivered if one.source != source]
    return own


def _without_withdrawn(
    municipality: Municipality, unread: list[Unread], decided: Rulings
) -> tuple[list[Unread], list[Delivery]]:
    """Return unread files without those that are withdrawn, and these as deliveries of nothing."""
    withdrawn = decided.ruled("withdraw")
    nothing = [
        Delivery(one.source, one.file, no_rows(municipality.sources[one.source]))
        for one in unread
        if (one.file, 0) in withdrawn
    ]
    return [one for one in unread if (one.file, 0) not in withdrawn], nothing


def _places(delivered: list[Delivery]) -> dict[str, pd.Index]:
    """Return the row numbers of every delivered file."""
    return {
        d.file: d.rows.index.append(pd.Index(d.broken, dtype="int64")) if d.broken else d.rows.index
        for d in delivered
    }


def _with_kept_repeats(rows: pd.DataFrame, decided: Rulings) -> pd.DataFrame:
    """Give rows that people keep, although their id stands twice, an id of their own."""
    kept = rulings.among(rows[["file", "row"]], decided.ruled("keep"))
    if not kept.any():
        return rows
    kept &= rows["event_id"].duplicated(keep=False) & (rows["fate"] == ACCEPTED)
    own = rows["event_id"] + "#" + spread.plain(rows["file"]) + ":" + rows["row"].astype(str)
    return rows.assign(event_id=rows["event_id"].mask(kept, own))


def _repeats(rows: pd.DataFrame) -> pd.Series:
    """
    Tell which accepted rows are superseded: of rows with one id, the last delivered stands.

    A row that is dropped by rule supersedes too: a crime that is given another code later must
    not stand under its first. A row in quarantine does not: it says nothing that can be used.
    """
    ids = rows["event_id"][rows["fate"].isin([ACCEPTED, DROPPED])]
    later = ids.duplicated(keep="last").reindex(rows.index, fill_value=False)
    return later & (rows["fate"] == ACCEPTED)


def _accepted(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the accepted rows, sorted by start, then id; `rows` is emptied."""
    import pyarrow as pa
    import pyarrow.compute as pc

    own = np.flatnonzero(rows["fate"] == ACCEPTED)
    start = rows["start"].to_numpy()
    own = own[_in_time(start[own])]
    as_next = np.diff(start[own]) == np.timedelta64(0)
    tied = np.zeros(len(own), dtype=bool)
    tied[1:] |= as_next
    tied[:-1] |= as_next
    keys = {name: pa.array(rows[name].take(own[tied])) for name in ("start", "event_id")}
    ascending = [(name, "ascending") for name in keys]
    own[tied] = own[tied][pc.sort_indices(pa.table(keys), sort_keys=ascending)]
    return _taken_out(rows, own)


def _in_time(at: NDArray[np.datetime64]) -> NDArray[np.intp]:
    """Return the stable order of moments, sorted by 16 bits at a time: far faster than by 64."""
    if len(at) == 0:
        return np.arange(0)
    since = (at - at.min()).astype("<i8")
    return np.lexsort(since.view("<u2").reshape(-1, 4).T)


def _taken_out(rows: pd.DataFrame, order: NDArray[np.intp]) -> pd.DataFrame:
    """
    Return rows in another order, taking their columns out of `rows` one by one.

    A column that says the same of every row is cut, not reordered.
    """
    taken = {}
    for name in list(rows):
        column = rows.pop(name)
        taken[name] = column.array[: len(order)] if _same(column) else column.array.take(order)
    return pd.DataFrame(taken, copy=False)


def _same(column: pd.Series) -> bool:
    """Tell whether every row of a column says the same; a look at a few often tells that not."""
    few = column.iloc[:: max(len(column) // 8, 1)]
    if len(few) == 0 or pd.isna(few.iloc[0]):
        return len(few) > 0 and all(bool(part.isna().all()) for part in (few, column))
    return all(bool((part == few.iloc[0]).all()) for part in (few, column))


def _sizes(delivered: list[Delivery]) -> pd.DataFrame:
    """Return what each file held: rows, of which broken, and rows that people took away."""
    files = pd.DataFrame(
        [(d.source, d.file, len(d.rows), len(d.broken), d.taken_away) for d in delivered],
        columns=["source", "file", "rows", "broken", "taken_away"],
    )
    files["rows"] += files["broken"] + files["taken_away"]
    return files.astype({"source": str, "file": str})


def _account(files: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    fates = rows.value_counts(["source", "file", "fate"]).unstack(fill_value=0)
    each = pd.MultiIndex.from_frame(files[["source", "file"]])
    fates = fates.reindex(index=each, columns=list(FATES), fill_value=0)
    fates = fates.reset_index(drop=True).rename_axis(columns=None)
    fates[QUARANTINED] += files["broken"]
    fates[DROPPED] += files["taken_away"]
    table = pd.concat([files[["source", "file", "rows"]], fates], axis=1)
    return table.astype(dict.fromkeys(("rows", *FATES), "int64"))
