"""Situations: types of events fitted on one year and then frozen, to which periods are assigned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from est_analysis import counts, periods
from est_analysis.errors import ReportError
from est_analysis.municipality import Municipality
from est_analysis.patterns.coverage import first_covered, in_period
from est_analysis.patterns.rhythms import aoristic
from est_analysis.patterns.traits import MAIN, TRAITS, split, traits
from est_analysis.periods import Period

WEIGHTS = {"group": 2.0, "place_type": 2.0, "daypart": 1.0, "weekend": 1.0, "factors": 1.0}
"""What tells situations apart, and its weight: what and where count as much as when."""
SELDOM = 0.2
"""A trait that is known for a smaller share of the events tells none of them apart."""
WITHIN = 0.5
"""An event fits a type that shares more than half of the traits known for both, by weight."""
MOST_TYPES, FEWEST_EACH = 16, 25
"""At most so many types, and at most one for so many events."""
PARSIMONY = 0.02
"""The fewest types whose silhouette comes so near to the best."""
HALVES = 12
"""On so many random halves of the events are the types sought again."""
STABLE, DISSOLVED = 0.75, 0.6
"""Mean Jaccard index of a type that is found again; below the second it is no type at all."""
FEWEST = 5
"""Fewer events of one trait, or of one combination, name nothing."""
SMALLEST_RHYTHM = 10
"""From so many events with a known time are a type's busiest hours told."""
BUSY_HOURS = 4
"""So many hours in a row are told as a type's busiest."""
PLACED = ("point", "street", "place")
"""Precisions of what is counted at a named place."""
VERSION = 1
"""Of a frozen typology's entry in the ledger; entries of other versions are not read."""

_LARGEST_FIT = 1_500
_SEED = 20260930
Values = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Type:
    """
    One type of situation.

    Parameters
    ----------
    name
        Trait to value: what distinguishes it, in the order of `TRAITS`.
    centres
        The most typical events, trait to value; several where types of one name were merged.
    n
        Events of the fitted year that are of the type.
    stability
        Mean Jaccard index over random halves, 0-1; None for a counted combination.
    """

    name: dict[str, str]
    centres: tuple[dict[str, str], ...]
    n: int
    stability: float | None


@dataclass(frozen=True)
class Typology:
    """
    Types of situations, fitted on one period.

    Parameters
    ----------
    kind
        Of record.
    fitted
        The period; a year, or the twelve months to the period's end where no year is covered.
    method
        ``k-medoids`` (on Gower distances) or ``configurations`` (counted combinations).
    n
        Events fitted.
    fit
        Mean silhouette, -1 to 1; None for configurations and for a single type.
    dissolved
        How many types were found, but not again in random halves, or were without a name.
    types
        Largest first.
    """

    kind: str
    fitted: str
    method: str
    n: int
    fit: float | None
    dissolved: int
    types: tuple[Type, ...]

    @property
    def frozen(self) -> bool:
        """Whether it is of a whole calendar year, so that it is kept."""
        return periods.parse(self.fitted).kind == "year"

    @property
    def digest(self) -> str:
        """What tells it from any other: a hash of all it holds."""
        content = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def entry(self) -> dict[str, Any]:
        """Return it as plain values for the ledger."""
        return {"version": VERSION, "sha256": self.digest, **asdict(self)}


@dataclass(frozen=True)
class Situations:
    """
    Events sorted by a typology.

    Parameters
    ----------
    typology
        The types.
    table
        One row a type, most events first: the traits that name it (columns `TRAITS`, empty where
        it has none), ``n`` events, ``share`` of all, ``now`` (those of the reported period),
        ``stability``, ``places`` (tuple of place and count, most first), ``busiest`` (weekday,
        first hour, or None).
    n, now
        Events sorted, and those of them in the reported period.
    nowhere, nowhere_now
        Those that fit no type.
    """

    typology: Typology
    table: pd.DataFrame
    n: int
    now: int
    nowhere: int
    nowhere_now: int


def typology(
    events: pd.DataFrame, municipality: Municipality, *, kind: str, fitted: Period
) -> Typology:
    """
    Find the types of situation among the events of one period.

    Parameters
    ----------
    events
        Accepted events of one kind of record, of the fitted period.
    municipality
        Its thresholds say from how many rows clustering is tried; below, combinations of traits
        are counted, and those of five events or more are types.
    kind, fitted
        What the events are.

    Returns
    -------
    Typology
        Blind to the order of rows. With k-medoids on Gower distances the number of types is the
        fewest whose mean silhouette is within `PARSIMONY` of the best, from 2 to `MOST_TYPES`. A
        type that is not found again on random halves (`DISSOLVED`), or that nothing distinguishes,
        is dissolved. Types of one name are one. At most 1,500 events, drawn with a fixed seed, are
        fitted.

    Notes
    -----
    Gower (1971), Biometrics 27:857-871: an unknown trait compares with nothing; factors compare by
    Jaccard's distance. Schubert & Rousseeuw (2021), Information Systems 101:101804 (FasterPAM).
    Hennig (2007), Computational Statistics & Data Analysis 52:258-271: stability by subsets.
    Configurations: Miethe, Hart & Regoeczi (2008), Journal of Quantitative Criminology 24:227-241.
    """
    features = traits(events)
    order = features.sort_values(list(TRAITS), kind="stable").index
    features, count = features.loc[order], events.loc[order, "count"].to_numpy(np.int64)
    clustered = len(features) >= municipality.thresholds.minimum_situations
    fit, types, dissolved = (
        _medoids(features, count) if clustered else (None, _configurations(features, count), 0)
    )
    return Typology(
        kind=kind,
        fitted=str(fitted),
        method="k-medoids" if clustered else "configurations",
        n=int(count.sum()),
        fit=fit,
        dissolved=dissolved,
        types=tuple(sorted(types, key=lambda one: (-one.n, tuple(one.name.items())))),
    )


def sort_into(
    events: pd.DataFrame, frozen: Typology, period: Period, municipality: Municipality
) -> Situations:
    """
    Sort events into the types of a typology, and count those that fit nowhere.

    Parameters
    ----------
    events
        Accepted events of the typology's kind, of twelve months.
    frozen
        The types.
    period
        Now, within the twelve months.
    municipality
        Says from how many events a place is shown.

    Returns
    -------
    Situations
    """
    features, count = traits(events), events["count"].to_numpy(np.int64)
    label = _assign(features, frozen.types, exact=frozen.method == "configurations")
    now = events.index.isin(in_period(events, period).index)
    total = int(count.sum())
    rows = []
    for number, one in enumerate(frozen.types):
        member = label == number
        n = int(count[member].sum())
        rows.append(
            {
                **{trait: one.name.get(trait, "") for trait in TRAITS},
                "n": n,
                "share": n / total if total else np.nan,
                "now": int(count[member & now].sum()),
                "stability": np.nan if one.stability is None else one.stability,
                "places": _places(events[member], municipality.disclosure.smallest_place_count),
                "busiest": _busiest(events[member], municipality),
            }
        )
    columns = [*TRAITS, "n", "share", "now", "stability", "places", "busiest"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.sort_values(["n", *TRAITS], ascending=[False] + [True] * len(TRAITS))
    lost = label < 0
    return Situations(
        frozen,
        table.reset_index(drop=True),
        total,
        int(count[now].sum()),
        int(count[lost].sum()),
        int(count[lost & now].sum()),
    )


def fitting_period(
    events: pd.DataFrame, kind: str, period: Period, municipality: Municipality
) -> Period:
    """
    Return on what a typology is fitted for a report on `period`, where none is frozen.

    Parameters
    ----------
    events
        Accepted events of all periods.
    kind
        Of record.
    period
        The reported one.
    municipality
        Its ``[situations] fitted`` names a year; it holds for periods after that year.

    Returns
    -------
    Period
        That year, else the last whole calendar year before the period; where the kind's sources
        do not cover that, the twelve months to the period's end.
    """
    wanted = municipality.situations.fitted
    year = period.start.year - 1
    if wanted is not None and wanted < period.start.year:
        year = wanted
    whole = periods.parse(str(year))
    first = first_covered(events, kind, municipality)
    return whole if first is not None and first <= whole.start else period.year_to_end()


def thawed(
    entries: Iterable[Mapping[str, Any]], kind: str, period: Period, wanted: int | None
) -> Typology | None:
    """
    Return the frozen typology that holds for a period.

    Parameters
    ----------
    entries
        Of the ledger, oldest first, as `Typology.entry` made them.
    kind
        Of record.
    period
        The reported one.
    wanted
        The year that the settings name; it holds for periods after it.

    Returns
    -------
    Typology or None
        The first entry that was fitted on the wanted year, or, where none is wanted, on any year
        that ended before the period began: what once held for a period goes on to hold.

    Raises
    ------
    ReportError
        If the entry is not what its hash says.
    """
    for entry in entries:
        if entry.get("version") != VERSION or entry["kind"] != kind:
            continue
        year = periods.parse(entry["fitted"])
        asked = wanted is not None and wanted < period.start.year
        if year.end > period.start or (asked and year.start.year != wanted):
            continue
        own = {key: entry[key] for key in entry if key not in {"version", "sha256"}}
        types = tuple(Type(**{**one, "centres": tuple(one["centres"])}) for one in own["types"])
        found = Typology(**{**own, "types": types})
        if found.digest != entry["sha256"]:
            raise ReportError(
                f"Situationstyperna för {entry['fitted']} i liggaren är ändrade.",
                where="ledger/typologies.jsonl",
                mend="Återställ filen från säkerhetskopian.",
            )
        return found
    return None


def gower(
    left: Codes, right: Codes, *, weights: Sequence[float], unlike: Sequence[Values | None]
) -> NDArray[np.float32]:
    """
    Gower distances between rows of codes.

    Parameters
    ----------
    left, right
        Integer codes, shapes (n, p) and (m, p); below zero is unknown.
    weights
        Of the p traits, above zero.
    unlike
        For each trait the distances between its codes, 0-1, shape (codes, codes); None where
        different codes are wholly unlike.

    Returns
    -------
    array of float, shape (n, m)
        Weighted mean distance over the traits known for both; 1 where none is.
    """
    differ = np.zeros((len(left), len(right)), dtype=np.float32)
    both = np.zeros_like(differ)
    for trait, weight in enumerate(weights):
        one, other = left[:, trait, None], right[None, :, trait]
        known = (one >= 0) & (other >= 0)
        table = unlike[trait]
        apart = (one != other) if table is None else table[one, other]
        both += np.float32(weight) * known
        differ += np.float32(weight) * (known * apart).astype(np.float32)
    return np.where(both > 0, differ / np.maximum(both, 1e-9), 1.0).astype(np.float32)


def jaccard(members: Codes, again: Codes, types: int) -> Values:
    """
    Say how well each type is found again.

    Parameters
    ----------
    members, again
        Shape (n,): each event's type, first and the second time, from 0.
    types
        How many there are each time.

    Returns
    -------
    array of float, shape (types,)
        The largest Jaccard index of each first type with any second one.
    """
    both = np.zeros((types, types))
    np.add.at(both, (members, again), 1)
    either = both.sum(axis=1)[:, None] + both.sum(axis=0)[None] - both
    return np.asarray((both / np.maximum(either, 1)).max(axis=1))


def distinguishing(
    features: pd.DataFrame, count: Codes, member: NDArray[np.bool_]
) -> dict[str, str]:
    """
    Return the traits that distinguish some events from all.

    A trait names them if at least half of those for which it is known have it, at least `FEWEST`
    have it, and it is surely commoner among them than among all: the 95 % Wilson interval of its
    share lies above its share of all. Of factors each is tried by itself.

    Parameters
    ----------
    features
        As `traits` gives them, of all events.
    count
        Shape (n,), events a row.
    member
        Shape (n,), which of them.

    Returns
    -------
    dict
        Trait to value, in the order of `TRAITS`.
    """
    named: dict[str, str] = {}
    for trait in TRAITS:
        values = features[trait].to_numpy(object)
        known = values != ""
        inside = known & member
        total, own = int(count[known].sum()), int(count[inside].sum())
        if not own:
            continue
        held = _held(values, trait)
        tally = sorted(
            ((-int(count[inside & has].sum()), value) for value, has in held.items()),
        )
        for minus, value in tally[:1]:
            n, of_all = -minus, int(count[known & held[value]].sum())
            low = counts.wilson_interval(n, own).low
            if n >= FEWEST and 2 * n >= own and low > of_all / total:
                named[trait] = str(value)
    return named


def _held(values: NDArray[np.object_], trait: str) -> dict[str, NDArray[np.bool_]]:
    """Return, for each value of a trait, which events have it; an event has several factors."""
    distinct = [value for value in pd.unique(values) if value != ""]
    if trait != "factors":
        return {value: values == value for value in distinct}
    parts = {value: split(value) for value in distinct}
    single = sorted(set().union(*parts.values()))
    return {
        one: np.isin(values, [value for value in distinct if one in parts[value]]) for one in single
    }


def _configurations(features: pd.DataFrame, count: Codes) -> list[Type]:
    """Return the combinations of what, where and when that have events enough."""
    tally = features.assign(n=count).groupby(list(MAIN))["n"].sum().reset_index()
    return [
        Type({t: row[t] for t in MAIN if row[t]}, ({t: row[t] for t in MAIN},), row["n"], None)
        for row in tally[tally["n"] >= FEWEST].to_dict("records")
        if any(row[t] for t in MAIN)
    ]


def _medoids(features: pd.DataFrame, count: Codes) -> tuple[float | None, list[Type], int]:
    """Return the silhouette, the types, and how many were dissolved."""
    import kmedoids

    rng = np.random.default_rng(_SEED)
    used = features
    if len(features) > _LARGEST_FIT:
        used = features.iloc[np.sort(rng.choice(len(features), _LARGEST_FIT, replace=False))]
    active = _active(used)
    codes, unlike = _coded(used, used, active)
    distance = gower(codes[0], codes[1], weights=[WEIGHTS[t] for t in active], unlike=unlike)

    def medoids(own: NDArray[np.float32], k: int) -> tuple[Codes, Codes]:
        model = kmedoids.fasterpam(own, k, random_state=_SEED, init="build", n_cpu=1)
        return np.asarray(model.medoids, np.int64), np.asarray(model.labels, np.int64)

    distinct = len(used[list(active)].drop_duplicates())
    most = min(MOST_TYPES, len(used) // FEWEST_EACH, distinct)
    tried = {}
    for k in range(2, most + 1):
        centres, labels = medoids(distance, k)
        tried[k] = (float(kmedoids.silhouette(distance, labels, n_cpu=1)[0]), centres, labels)
    if tried:
        best = max(fit for fit, _, _ in tried.values())
        fit, centres, labels = next(t for t in tried.values() if t[0] >= best - PARSIMONY)
        stable, k = np.zeros(len(centres)), len(centres)
        for _ in range(HALVES):
            half = np.sort(rng.choice(len(used), len(used) // 2, replace=False))
            again = half[medoids(distance[np.ix_(half, half)], k)[0]]
            stable += jaccard(labels, distance[:, again].argmin(axis=1), k) / HALVES
    else:  # all alike
        fit, centres, stable = np.nan, np.zeros(1, np.int64), np.ones(1)
    found = [
        Type({}, ({t: str(used[t].iloc[at]) for t in active},), 0, round(float(s), 4))
        for at, s in zip(centres, stable, strict=True)
        if s >= DISSOLVED
    ]
    label = _assign(features, found, exact=False)
    types: dict[tuple[tuple[str, str], ...], Type] = {}
    alone = len(found) == 1
    for number, one in enumerate(found):
        member = label == number
        name = one.centres[0] if alone else distinguishing(features, count, member)
        name = {trait: value for trait, value in name.items() if value}
        if not name:
            continue
        key, n = tuple(name.items()), int(count[member].sum())
        if key in types:  # two parts of what people would call one situation
            former = types[key]
            least = min(former.stability or 0.0, one.stability or 0.0)
            types[key] = Type(name, (*former.centres, *one.centres), former.n + n, least)
        else:
            types[key] = Type(name, one.centres, n, one.stability)
    lost = len(centres) - sum(len(one.centres) for one in types.values())
    return (None if np.isnan(fit) else round(fit, 4)), list(types.values()), lost


def _active(features: pd.DataFrame) -> list[str]:
    """Return the traits that tell these events apart."""
    known = {trait: float((features[trait] != "").mean()) for trait in WEIGHTS}
    return [trait for trait in WEIGHTS if known[trait] >= SELDOM] or ["group"]


def _coded(
    left: pd.DataFrame, right: pd.DataFrame, active: Sequence[str]
) -> tuple[tuple[Codes, Codes], list[Values | None]]:
    """Return the codes of two tables' traits, below zero where unknown, and how unlike they are."""
    columns, unlike = [], []
    for trait in active:
        values = sorted({*left[trait].unique(), *right[trait].unique()} - {""})
        index = pd.Index(values)
        columns.append((index.get_indexer(left[trait]), index.get_indexer(right[trait])))
        unlike.append(_unlike_sets([split(v) for v in values]) if trait == "factors" else None)
    codes = tuple(np.column_stack(part).astype(np.int64) for part in zip(*columns, strict=True))
    return (codes[0], codes[1]), unlike


def _unlike_sets(sets: list[set[str]]) -> Values:
    parts = sorted(set().union(*sets))
    has = np.array([[part in one for part in parts] for one in sets], dtype=float)
    has = has.reshape(len(sets), len(parts))
    both = has @ has.T
    size = has.sum(axis=1)
    return np.asarray(1 - both / np.maximum(size[:, None] + size[None] - both, 1))


def _assign(features: pd.DataFrame, types: Sequence[Type], *, exact: bool) -> Codes:
    """Return each event's type, from 0; -1 where it fits none."""
    centres = pd.DataFrame([centre for one in types for centre in one.centres])
    if features.empty or centres.empty:
        return np.full(len(features), -1, dtype=np.int64)
    active = [trait for trait in WEIGHTS if trait in centres]
    centres = centres[active]
    owner = np.repeat(np.arange(len(types)), [len(one.centres) for one in types])
    rows = features[active].drop_duplicates()
    if exact:
        key = pd.MultiIndex.from_frame(centres)
        at = key.get_indexer(pd.MultiIndex.from_frame(rows))
        own = np.where(at >= 0, owner[at], -1)
    else:
        codes, unlike = _coded(rows, centres, active)
        apart = gower(*codes, weights=[WEIGHTS[trait] for trait in active], unlike=unlike)
        own = np.where(apart.min(axis=1) < WITHIN, owner[apart.argmin(axis=1)], -1)
    found = pd.MultiIndex.from_frame(rows).get_indexer(pd.MultiIndex.from_frame(features[active]))
    return np.asarray(own[found], dtype=np.int64)


def _places(events: pd.DataFrame, smallest: int) -> tuple[tuple[str, int], ...]:
    named = events[events["place_precision"].isin(PLACED) & (events["place"] != "")]
    tally = named.groupby("place")["count"].sum()
    tally = tally[tally >= smallest].reset_index()
    tally = tally.sort_values(["count", "place"], ascending=[False, True]).head(3)
    return tuple((str(place), int(n)) for place, n in tally.to_numpy().tolist())


def _busiest(events: pd.DataFrame, municipality: Municipality) -> tuple[int, int] | None:
    """Return the weekday and the first hour of the `BUSY_HOURS` busiest hours of the week."""
    rhythm = aoristic(events, longest_span_hours=municipality.thresholds.longest_span_hours)
    if rhythm.n < SMALLEST_RHYTHM:
        return None
    week = rhythm.weights.reshape(-1)
    sums = sum((np.roll(week, -ahead) for ahead in range(BUSY_HOURS)), start=np.zeros_like(week))
    return divmod(int(sums.round(9).argmax()), 24)
