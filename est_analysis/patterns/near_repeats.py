"""Near repeats: whether, and where, events that lie close in space also lie close in time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from est_analysis import counts
from est_analysis.evidence import Text
from est_analysis.patterns.near_spots import NearSpots, apart
from est_analysis.patterns.near_tally import MINUTES, Clock, Tally, permuted

SAME_PLACE = 1.0
"""Metres; two events nearer each other than this happened at the same place."""
SPACE_BANDS = (0.0, SAME_PLACE, 100.0, 200.0, 400.0, 800.0)
TIME_BANDS = (0.0, 7.0, 14.0, 21.0, 28.0)
PILOT = 99
"""When permutations may stop early, the first so many set the scale and are not ranked."""
_LANES = 512

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Knox:
    """
    A Knox table: pairs of events by how far apart they are in space and in time.

    Tables have the shape (space bands, time bands). A band from a to b counts a <= distance < b.

    Attributes
    ----------
    metres, days
        The bands' edges; the last may be infinite.
    n
        Events.
    observed
        Pairs of events.
    expected
        Pairs if space and time had nothing to do with each other: products of the margins.
    mean
        Mean of the permutations; NaN without any. When times are permuted within groups this, not
        `expected`, is what to compare with.
    p
        Monte Carlo p of each cell by itself; 1 without permutations. Not for claims: there are as
        many as cells.
    poisson_p
        P(X >= observed) of a Poisson count with mean `expected`; approximate.
    maximum
        The largest standardised excess over the bands with finite edges: (pairs - mean) over their
        standard deviation under permutation, at least 1.
    maximum_p
        Its Monte Carlo p: one question, however many the bands.
    strongest
        The cell (space, time) that has it.
    draws
        Permutations made.
    """

    metres: tuple[float, ...]
    days: tuple[float, ...]
    n: int
    observed: Ints
    expected: Floats
    mean: Floats
    p: Floats
    poisson_p: Floats
    maximum: float
    maximum_p: float
    strongest: tuple[int, int]
    draws: int

    @property
    def ratio(self) -> Floats:
        """Observed over the permutations' mean (over `expected` without any); NaN for 0 over 0."""
        base = self.mean if self.draws else self.expected
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.observed / base)

    def table(self) -> pd.DataFrame:
        """Return one row a cell: its bands as counted, and every figure of it."""
        names = [band_names(self.metres, "m"), band_names(self.days, "dygn")]
        rows = pd.MultiIndex.from_product(names, names=["space", "time"])
        figures = {
            key: getattr(self, key).ravel()
            for key in ("observed", "expected", "mean", "ratio", "p", "poisson_p")
        }
        return pd.DataFrame(figures, index=rows).reset_index()


_SAME = "samma plats (under {high} m)"
_BANDS = {"m": "{low} till under {high} m", "dygn": "{low} till under {high} dygn"}
_OPEN = {"m": "{low} m eller mer", "dygn": "{low} dygn eller mer"}


def bands(edges: Sequence[float], unit: str) -> list[Text]:
    """Return what each half-open band counts, to be put into words; `unit` is m or dygn."""
    return [
        Text(
            _SAME
            if unit == "m" and low == 0 and high <= SAME_PLACE
            else (_OPEN if math.isinf(high) else _BANDS)[unit],
            {"low": _plain(low), "high": _plain(high)},
        )
        for low, high in itertools.pairwise(edges)
    ]


def band_names(edges: Sequence[float], unit: str) -> list[str]:
    """
    Say in Swedish what each half-open band counts.

    Examples
    --------
    >>> band_names((0, 1, 100, math.inf), "m")
    ['samma plats (under 1 m)', '1 till under 100 m', '100 m eller mer']
    """
    return [text.template.format(**text.values) for text in bands(edges, unit)]


def _plain(edge: float) -> str:
    return f"{edge:.10g}".replace(".", ",")


def knox(
    x: ArrayLike,
    y: ArrayLike,
    days: ArrayLike,
    *,
    metres: Sequence[float] = SPACE_BANDS,
    day_bands: Sequence[float] = TIME_BANDS,
    manhattan: bool = False,
    draws: int = 999,
    rng: np.random.Generator,
    within: ArrayLike | None = None,
    stop_after: int | None = None,
) -> Knox:
    """
    Count pairs of events by distance and time apart, and compare with permuted times.

    Parameters
    ----------
    x, y
        Coordinates in metres, shape (n,), in a projected CRS. Identical points are as good as any.
    days
        Times in days, shape (n,), whole or read to the minute. Whole days differ by whole days:
        "0 till under 7 dygn" is then 0-6 days apart.
    metres, day_bands
        Edges of the bands, rising from 0; the last may be infinite. Only pairs nearer than the
        largest finite edge are looked at; the rest follows from the margins.
    manhattan
        Measure along the axes instead of straight.
    draws
        Permutations; 0 gives counts and expectations only.
    rng
        Source of the permutations. The same seed gives the same result in any order of the events.
    within
        Labels, shape (n,), for example months: times change places only between events of the
        same label, so that a shift of the whole pattern from month to month is no near repeat.
    stop_after
        Stop once so many permutations have reached the observed maximum (Besag & Clifford): the p
        of what is far from a claim is then had cheaply. None makes them all.

    Returns
    -------
    Knox
        Without pairs, with all events at one place or at one time, every p is 1.

    Raises
    ------
    ValueError
        If the arrays differ in length, hold NaN, the edges do not rise from 0, or more than
        `MOST_PAIRS` pairs of events or `MOST_OF_SPOTS` of addresses lie near each other.

    Notes
    -----
    Knox (1964), Applied Statistics 13:25-29; Johnson et al. (2007), Journal of Quantitative
    Criminology 23:201-219. Sequential p: Besag & Clifford (1991), Biometrika 78:301-304: h/l when
    the h-th exceedance comes at draw l. A Knox table is also raised where the risk shifts over the
    map without any contagion (Kulldorff & Hjalmars 1999, Biometrics 55:544-552): see `within` and
    `by_window`. Cost: pairs nearer than the largest finite edge times permutations; memory: pairs
    of different addresses.
    """
    labels = None if within is None else np.unique(np.asarray(within), return_inverse=True)[1]
    at, minutes, order = _canonical(x, y, days, labels)
    labels = None if labels is None else labels[order]
    space, time = _edges(metres), _edges(day_bands)
    near = NearSpots(at, space, manhattan=manhattan)
    clock = Clock(minutes, time)
    tally = Tally(near, clock)
    total = len(at) * (len(at) - 1) // 2
    margins = _margin(near.totals, space, total), _margin(clock.totals(), time, total)
    expected = np.outer(*margins) / max(total, 1)

    def tables(lanes: NDArray) -> Ints:
        return _complete(tally(lanes), *margins)

    observed = tables(clock.times[:, None])[0]
    fixed = len(near.size) < 2 or (clock.times == clock.times[:1]).all()

    def draw(size: int) -> Ints:
        if fixed:
            return np.repeat(observed[None], size, axis=0)
        return tables(permuted(clock.times, labels, size, rng))

    finite = np.isfinite(np.add.outer(space[1:], time[1:]))
    ranking = _Ranking(observed, finite, draw)
    if stop_after is None:
        drawn, maximum_p, scale = ranking.all(draws)
    else:
        drawn, maximum_p, scale = ranking.until(stop_after, draws)
    if not len(drawn):
        scale = expected, np.maximum(np.sqrt(expected), 1.0)
    excess = np.where(finite, (observed - scale[0]) / scale[1], -np.inf)
    strongest = divmod(int(np.argmax(excess)), len(time) - 1)
    return Knox(
        metres=space,
        days=time,
        n=len(at),
        observed=observed,
        expected=expected,
        mean=drawn.mean(axis=0) if len(drawn) else np.full(observed.shape, np.nan),
        p=((drawn >= observed).sum(axis=0) + 1) / (len(drawn) + 1),
        poisson_p=_poisson_tail(observed, expected),
        maximum=float(excess[strongest]),
        maximum_p=maximum_p,
        strongest=strongest,
        draws=len(drawn),
    )


def by_window(
    x: ArrayLike,
    y: ArrayLike,
    days: ArrayLike,
    *,
    end: float,
    windows: Sequence[float] = (92, 183, 365),
    rng: np.random.Generator,
    **options: Any,  # noqa: ANN401 - what `knox` takes
) -> pd.DataFrame:
    """
    Tell how the answer hangs on the length of the window.

    Parameters
    ----------
    x, y, days
        As in `knox`.
    end
        The windows end before this day (same clock as `days`).
    windows
        Their lengths in days.
    rng
        Source of the permutations.
    options
        Passed on to `knox`, which also raises its errors; `within` goes with the events.

    Returns
    -------
    DataFrame
        One row a window: ``days``, ``n``, ``maximum``, ``maximum_p``, ``space``, ``time`` (the
        strongest cell's bands), ``observed``, ``ratio`` (of that cell). An excess that grows with
        the window speaks for a shifting background, not for repeats.
    """
    x, y, days = (np.asarray(values, dtype=float) for values in (x, y, days))
    within = options.pop("within", None)
    rows = []
    for length in windows:
        inside = (days >= end - length) & (days < end)
        labels = None if within is None else np.asarray(within)[inside]
        found = knox(x[inside], y[inside], days[inside], rng=rng, within=labels, **options)
        cell = found.strongest
        rows.append(
            {
                "days": length,
                "n": found.n,
                "maximum": found.maximum,
                "maximum_p": found.maximum_p,
                "space": band_names(found.metres, "m")[cell[0]],
                "time": band_names(found.days, "dygn")[cell[1]],
                "observed": int(found.observed[cell]),
                "ratio": float(found.ratio[cell]),
            }
        )
    return pd.DataFrame(rows)


def near_pairs(
    x: ArrayLike,
    y: ArrayLike,
    days: ArrayLike,
    *,
    within_m: float,
    within_days: float,
    manhattan: bool = False,
    since: float = -math.inf,
) -> pd.DataFrame:
    """
    List the pairs of events that lie near each other in both space and time.

    Parameters
    ----------
    x, y, days
        As in `knox`.
    within_m, within_days
        Nearer than this, in metres and in days (half-open, as the bands are).
    manhattan
        Measure along the axes instead of straight.
    since
        Only pairs whose later event is of this day or after: the live ones.

    Returns
    -------
    DataFrame
        ``first``, ``then`` (positions of the events in the arrays; the earlier one first),
        ``metres``, ``days``, ``joint`` (at the same time, so that none is first). Sorted by the
        later event's time, then position.

    Raises
    ------
    ValueError
        As `knox`.
    """
    at, minutes, order = _canonical(x, y, days)
    near = NearSpots(at, _edges((0.0, within_m)), manhattan=manhattan)
    limit = round(within_days * MINUTES)
    kept: list[Ints] = []
    for i, j in near.pairs(np.arange(len(near.of_spots))):
        close = np.abs(minutes[i] - minutes[j]) < limit
        kept.append(np.column_stack([i[close], j[close]]))
    pairs = np.concatenate([np.empty((0, 2), dtype=np.int64), *kept])
    swap = minutes[pairs[:, 0]] > minutes[pairs[:, 1]]
    pairs[swap] = pairs[swap][:, ::-1]
    metres = apart(at[pairs[:, 0]] - at[pairs[:, 1]], manhattan=manhattan)
    gap = minutes[pairs[:, 1]] - minutes[pairs[:, 0]]
    ends = order[pairs]
    joint = gap == 0
    ends[joint] = np.sort(ends[joint], axis=1)
    found = pd.DataFrame(
        {
            "first": ends[:, 0],
            "then": ends[:, 1],
            "metres": metres,
            "days": gap / MINUTES,
            "joint": joint,
        }
    )
    later = minutes[pairs[:, 1]]
    by_time = np.lexsort([ends[:, 0], ends[:, 1], later])
    live = by_time[later[by_time] >= since * MINUTES] if math.isfinite(since) else by_time
    return found.iloc[live].reset_index(drop=True)


def near_neighbours(
    x: ArrayLike,
    y: ArrayLike,
    days: ArrayLike,
    *,
    within_m: float,
    within_days: float,
    manhattan: bool = False,
) -> pd.DataFrame:
    """
    Count each event's neighbours in space, in time, and in both.

    Parameters
    ----------
    x, y, days, within_m, within_days, manhattan
        As in `near_pairs`.

    Returns
    -------
    DataFrame
        One row an event, in the order given: ``in_space``, ``in_time``, ``in_both``, ``p``
        (chance of so many in both if times were permuted; exact for one event looked at by
        itself, and no claim: there are as many as events).

    Raises
    ------
    ValueError
        As `knox`.
    """
    at, minutes, order = _canonical(x, y, days)
    n, limit = len(at), round(within_days * MINUTES)
    near = NearSpots(at, _edges((0.0, within_m)), manhattan=manhattan)
    in_space, in_both = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for i, j in near.pairs(np.arange(len(near.of_spots))):
        close = np.abs(minutes[i] - minutes[j]) < limit
        for ends in (i, j):
            in_space += np.bincount(ends, minlength=n)
            in_both += np.bincount(ends[close], minlength=n)
    clock = np.sort(minutes)
    upto = np.searchsorted(clock, minutes + limit, side="left")
    in_time = upto - np.searchsorted(clock, minutes - limit, side="right") - 1
    p = _by_chance(in_space, in_time, in_both)
    columns = {"in_space": in_space, "in_time": in_time, "in_both": in_both, "p": p}
    found = pd.DataFrame(columns)
    found.index = pd.Index(order)
    return found.sort_index()


def _by_chance(in_space: Ints, in_time: Ints, in_both: Ints) -> Floats:
    """Return the hypergeometric chance of so many in both, over all times an event could have."""
    from scipy.stats import hypergeom

    p = np.ones(len(in_both))
    some = np.flatnonzero(in_both > 0)
    if len(some):
        times, weight = np.unique(in_time, return_counts=True)
        cases, back = np.unique(
            np.column_stack([in_both[some], in_space[some]]), axis=0, return_inverse=True
        )
        tail = hypergeom.sf(cases[:, :1] - 1, len(in_both) - 1, times, cases[:, 1:])
        p[some] = (tail @ weight / weight.sum())[back.ravel()]
    return p


def chains(
    x: ArrayLike,
    y: ArrayLike,
    days: ArrayLike,
    *,
    within_m: float,
    within_days: float,
    manhattan: bool = False,
    since: float = -math.inf,
    places: Sequence[str] | None = None,
) -> pd.DataFrame:
    """
    Join near pairs into chains: events each of which is near another of the same chain.

    Parameters
    ----------
    x, y, days, within_m, within_days, manhattan
        As in `near_pairs`.
    since
        Only chains whose last event is of this day or after; their earlier events are kept.
    places
        The events' public places, shape (n,).

    Returns
    -------
    DataFrame
        One row a chain, the most events first, then the latest: ``n``, ``first``, ``last`` (days,
        same clock), ``metres`` (the greatest straight distance between two of its events),
        ``place`` (the commonest, of equally common ones the first by name; empty without
        `places`), ``events`` (positions, in order of time).

    Raises
    ------
    ValueError
        As `knox`.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    x, y, days = (np.asarray(values, dtype=float) for values in (x, y, days))
    pairs = near_pairs(x, y, days, within_m=within_m, within_days=within_days, manhattan=manhattan)
    links = coo_array((np.ones(len(pairs)), (pairs["first"], pairs["then"])), (len(x), len(x)))
    members = np.union1d(pairs["first"], pairs["then"]).astype(np.int64)
    label = connected_components(links, directed=False)[1][members] if len(members) else members
    rows = []
    for _, positions in pd.Series(members).groupby(label):
        events = positions.to_numpy()
        events = events[np.lexsort([events, days[events]])]
        if days[events[-1]] < since:
            continue
        names = pd.Series([] if places is None else [places[i] for i in events], dtype=object)
        rows.append(
            {
                "n": len(events),
                "first": days[events[0]],
                "last": days[events[-1]],
                "metres": _span(np.column_stack([x[events], y[events]])),
                "place": min(names.mode(), default=""),
                "events": events.tolist(),
            }
        )
    rows.sort(key=lambda row: (-row["n"], -row["last"], row["first"], row["place"], row["events"]))
    return pd.DataFrame(rows, columns=["n", "first", "last", "metres", "place", "events"])


def _span(at: Floats) -> float:
    """Return the greatest distance between two of the points."""
    import shapely
    from scipy.spatial.distance import pdist

    corners = shapely.get_coordinates(shapely.convex_hull(shapely.MultiPoint(at)))
    return float(pdist(corners).max(initial=0.0))


def _canonical(
    x: ArrayLike, y: ArrayLike, days: ArrayLike, labels: Ints | None = None
) -> tuple[Floats, Ints, Ints]:
    """Return points, minutes and positions in an order that does not hang on the rows' order."""
    at = np.column_stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
    minutes = np.asarray(days, dtype=float) * MINUTES
    if minutes.shape != (len(at),) or (labels is not None and labels.shape != (len(at),)):
        raise ValueError("one x, y, day and label an event")
    if not (np.isfinite(at).all() and np.isfinite(minutes).all()):
        raise ValueError("coordinates and days are finite numbers")
    whole = np.rint(minutes).astype(np.int64)
    keys = [whole, at[:, 1], at[:, 0]]
    order = np.lexsort(keys if labels is None else [labels, *keys])
    return at[order], whole[order], order


def _edges(edges: Sequence[float]) -> tuple[float, ...]:
    values = tuple(float(edge) for edge in edges)
    if len(values) < 2 or values[0] != 0 or not all(np.diff(values) > 0):
        raise ValueError(f"edges of bands rise from 0, not {values}")
    return values


def _margin(totals: Ints, edges: tuple[float, ...], total: int) -> Ints:
    """Add what the infinite band holds, if there is one."""
    return np.append(totals, total - totals.sum()) if math.isinf(edges[-1]) else totals


def _complete(cells: Ints, space: Ints, time: Ints) -> Ints:
    """Fill the infinite bands of tables of shape (lanes, space, time) from the margins."""
    if cells.shape[2] < len(time):
        rest = space[: cells.shape[1]] - cells.sum(axis=2)
        cells = np.concatenate([cells, rest[:, :, None]], axis=2)
    if cells.shape[1] < len(space):
        rest = time - cells.sum(axis=1)
        cells = np.concatenate([cells, rest[:, None, :]], axis=1)
    return cells


class _Ranking:
    """Where the observed table's largest standardised cell stands among permuted ones."""

    def __init__(self, observed: Ints, finite: NDArray, draw: Callable[[int], Ints]) -> None:
        self.observed, self.finite, self.draw = observed[None], finite, draw

    def all(self, draws: int) -> tuple[Ints, float, tuple[Floats, Floats]]:
        """Make every permutation; all of them, and the observed, set the scale alike."""
        empty = np.empty((0, *self.observed.shape[1:]), dtype=np.int64)
        drawn = np.concatenate([empty, *map(self.draw, _batches(draws))])
        scale = _scale(np.concatenate([self.observed, drawn]))
        seen, maxima = self.maxima(self.observed, scale), self.maxima(drawn, scale)
        return drawn, counts.permutation_p(seen[0], maxima), scale

    def until(self, reached: int, draws: int) -> tuple[Ints, float, tuple[Floats, Floats]]:
        """Stop at so many exceedances; the first permutations set the scale and are not ranked."""
        drawn = [self.draw(min(PILOT, draws))]
        scale = _scale(drawn[0])
        seen, hits, ranked = self.maxima(self.observed, scale)[0], 0, 0
        for size in _batches(draws - len(drawn[0]), 128):
            batch = self.draw(size)
            running = hits + np.cumsum(self.maxima(batch, scale) >= seen)
            last = int(np.searchsorted(running, reached))
            drawn.append(batch[: last + 1])
            ranked += len(drawn[-1])
            if last < size:
                return np.concatenate(drawn), reached / ranked, scale
            hits = int(running[-1])
        return np.concatenate(drawn), (hits + 1) / (ranked + 1), scale

    def maxima(self, tables: Ints, scale: tuple[Floats, Floats]) -> Floats:
        """Return each table's largest standardised cell among the bands with finite edges."""
        excess = np.where(self.finite, (tables - scale[0]) / scale[1], -np.inf)
        return excess.max(axis=(1, 2), initial=-np.inf)


def _batches(draws: int, most: int = _LANES) -> list[int]:
    return [min(most, draws - done) for done in range(0, draws, most)]


def _scale(tables: Ints) -> tuple[Floats, Floats]:
    """Return the cells' mean and standard deviation, the latter at least one pair."""
    if not len(tables):
        return np.zeros(tables.shape[1:]), np.ones(tables.shape[1:])
    return tables.mean(axis=0), np.maximum(tables.std(axis=0), 1.0)


def _poisson_tail(observed: Ints, expected: Floats) -> Floats:
    """Return P(X >= observed) of Poisson counts."""
    import scipy

    tail = scipy.special.gammainc(np.maximum(observed, 1), expected)
    return np.where(observed > 0, tail, 1.0)
