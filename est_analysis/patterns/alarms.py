"""What is new this fortnight: each series against its last eight weeks and its earlier years."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from est_analysis import counts
from est_analysis.municipality import Municipality, Thresholds
from est_analysis.patterns.change import COMPARED_KINDS, FEWEST_YEARS
from est_analysis.patterns.coverage import first_covered, silent_since
from est_analysis.patterns.surveillance import ears
from est_analysis.periods import FORTNIGHT, Period

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BLOCKS = {"kind": "change/whole", "group": "change/new", "area": "change/new"}
"""Two questions share the risk evenly: whether a kind as a whole, or any other series, is new."""
WATCHED = {
    "kind": COMPARED_KINDS,
    "group": ("reported_crime", "event"),
    "area": ("reported_crime", "event"),
}
"""Which series are watched; the kinds as a whole for rise and fall, the others for rise."""
RECENT_DAYS = 56
YEAR_DAYS = 364
_PRIOR_DEGREES = 20.0
_KNOWN_LAG = 0.9
_EARS_BASELINE = 7


@dataclass(frozen=True)
class Reference:
    """
    Some earlier periods that a series' count is held against.

    Parameters
    ----------
    counts
        Events in all of them, shape (n_series,).
    windows
        How many periods they are.
    dispersion
        Variance over mean between such periods, shape (n_series,), at least 1.
    """

    counts: Floats
    windows: int
    dispersion: Floats

    @property
    def mean(self) -> Floats:
        """Events a period; NaN without any period."""
        return self.counts / self.windows if self.windows else np.full(len(self.counts), np.nan)


def predictive(
    count: float, history: float, windows: int, dispersion: float = 1.0
) -> tuple[float, float]:
    """
    Return P(Y >= count) and P(Y <= count) of a period, given what earlier periods had.

    Parameters
    ----------
    count
        Events now.
    history
        Events in `windows` earlier periods of the same length.
    windows
        How many; at least one.
    dispersion
        Variance over mean between periods; 1 for Poisson counts.

    Returns
    -------
    two floats, 0-1

    Notes
    -----
    Given the sum of all, the count is binomial, and beta-binomial if counts are negative
    binomial with a variance of `dispersion` times the mean. The binomial tail is the same
    figure as the Poisson-gamma predictive P(Y >= count) with a gamma of shape `history` + 1 and
    rate `windows` (Nelson 1982, Applied Life Data Analysis, section 6.2): exact, never too bold.

    Examples
    --------
    >>> round(predictive(5, 0, 4)[0], 5)
    0.00032
    """
    total, share = count + history, 1 / (windows + 1)
    if total == 0:
        return 1.0, 1.0
    if dispersion <= 1 + 1e-6:
        up = 1.0 if count <= 0 else float(scipy.special.betainc(count, history + 1, share))
        down = 1.0 if history <= 0 else float(scipy.special.betainc(history, count + 1, 1 - share))
        return up, down
    shape = total * share / (dispersion - 1)
    mass = _beta_binomial(int(total), shape, windows * shape)
    n = int(count)
    return min(1.0, float(mass[n:].sum())), min(1.0, float(mass[: n + 1].sum()))


def _beta_binomial(total: int, a: float, b: float) -> Floats:
    k = np.arange(total + 1)
    log = scipy.special.gammaln
    choose = log(total + 1) - log(k + 1) - log(total - k + 1)
    beta = scipy.special.betaln
    return np.asarray(np.exp(choose + beta(k + a, total - k + b) - beta(a, b)))


def limit(history: float, windows: int, dispersion: float, level: float) -> int:
    """Return the smallest count whose P(Y >= count), given the history, is `level` at most."""
    low, high = 0, max(1, int(np.ceil(history / windows)) + 1)
    while predictive(high, history, windows, dispersion)[0] > level:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if predictive(middle, history, windows, dispersion)[0] > level:
            low = middle
        else:
            high = middle
    return high


def unrest(*tables: ArrayLike) -> Floats:
    """
    Return each series' variance over mean between comparable periods, drawn to that of all.

    Parameters
    ----------
    tables
        Each of shape (n_series, n_periods), the same series in each; the periods of one table are
        comparable with each other.

    Returns
    -------
    array of float, shape (n_series,)
        At least 1. A series speaks for itself by its degrees of freedom, against twenty for what
        all show together: few events tell little of their own unrest, and bursts are not evenly
        spread over groups.
    """
    n = len(np.asarray(tables[0])) if tables else 0
    chi2, degrees = np.zeros(n), np.zeros(n)
    for one in tables:
        table = np.asarray(one, dtype=float)
        if table.shape[1] < 2:
            continue
        mean = table.mean(axis=1)
        some = mean > 0
        squares = ((table[some] - mean[some, None]) ** 2).sum(axis=1)
        chi2[some] += squares / mean[some]
        degrees[some] += table.shape[1] - 1
    together = max(1.0, float(chi2.sum() / degrees.sum())) if degrees.sum() else 1.0
    drawn = (chi2 + _PRIOR_DEGREES * together) / (degrees + _PRIOR_DEGREES)
    return np.maximum(1.0, drawn)


def references(series: Ints, step: int, years: int) -> tuple[Reference, Reference, int]:
    """
    Return the last eight weeks, the same weeks of earlier years, and how many years those are.

    Parameters
    ----------
    series
        Counts of shape (n_series, n_periods), **newest first**; only periods that are covered.
    step
        Days in a period; 52 weeks hold a whole number of them.
    years
        At most so many earlier years.

    Returns
    -------
    Reference, Reference, int
        The same weeks are the periods 52, 104 ... weeks back that are covered. Their neighbours
        are left out: they would hide what recurs in one fortnight of each year. The newest
        period's own count is in neither reference, nor in its unrest.
    """
    n, covered = series.shape
    table = series.astype(float)
    recent = min(max(1, RECENT_DAYS // step), max(0, covered - 1))
    a_year = YEAR_DAYS // step
    back = [a_year * k for k in range(1, years + 1) if a_year * k < covered]
    runs = recent + 1
    recent_tables = [
        table[:, first : first + runs] for first in range(1, covered - runs + 1, max(1, runs))
    ]
    season_tables = [
        table[:, [k for k in range(place or a_year, covered, a_year)][:years]]
        for place in range(a_year)
    ]
    return (
        Reference(table[:, 1 : 1 + recent].sum(axis=1), recent, _unrest_of(recent_tables, n)),
        Reference(table[:, back].sum(axis=1), len(back), _unrest_of(season_tables, n)),
        len(back),
    )


def _unrest_of(tables: list[Floats], n: int) -> Floats:
    return unrest(*tables) if tables else np.ones(n)


@dataclass(frozen=True)
class Alarms:
    """
    What is new in one fortnight.

    Parameters
    ----------
    table
        One row a series: ``kind``, ``by`` (``kind``, ``group`` or ``area``), ``key``, ``n`` (now),
        ``recent`` and ``season`` (what is usual for the last eight weeks, and for the same weeks of
        earlier years), ``recent_n``, ``season_n`` (the events these rest on), ``years``,
        ``dispersion`` (the greater of two), ``ratio``, ``low``, ``high`` (against the reference
        that is nearer, and its interval that covers both), ``p`` (of the kinds two-sided, of the
        others of a rise, not adjusted), ``tried`` (enough to be asked), ``adjusted`` (Holm, among
        the series of its block), ``q`` (Benjamini-Hochberg, for the analyst), ``limit`` (the
        smallest count that would be an indication), ``c1``, ``c2`` (limits of EARS),
        ``police_activity``, ``late`` (no day of registration, so that a fall may be delay),
        ``why_not`` (see `WHY_NOT`, empty where tried).
    period
        The fortnight.
    seasons
        By kind: the same weeks of earlier years, nearest first.
    silent, missing
        By kind, as `change.Change` has them.
    """

    table: pd.DataFrame
    period: Period
    seasons: dict[str, list[Period]] = field(default_factory=dict)
    silent: dict[str, date] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def tried(self) -> int:
        """How many series were asked about."""
        return int(self.table["tried"].sum())


WHY_NOT = ("missing", "silent", "short", "first", "break", "few")
"""An unread file; a silent source; under two earlier years; never seen before; codes; too few."""
COLUMNS = (
    *("kind", "by", "key", "n", "recent", "season", "recent_n", "season_n", "years", "dispersion"),
    *("ratio", "low", "high", "p", "tried", "adjusted", "q", "limit", "c1", "c2"),
    *("police_activity", "late", "why_not"),
)


def window(period: Period) -> Period:
    """Return the fourteen days, or the week of a single one, that end where `period` ends."""
    days = period.days if YEAR_DAYS % period.days == 0 and period.days <= FORTNIGHT.days else 14
    start = (pd.Timestamp(period.end) - pd.Timedelta(days=days)).date()
    return period if start == period.start else Period(start, period.end, "fortnight")


def alarms(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    *,
    delivered: pd.DataFrame | None = None,
    missing: Mapping[str, str] = MappingProxyType({}),
    broken: Collection[tuple[str, str]] = (),
) -> Alarms:
    """
    Hold each series of a fortnight against its last eight weeks and its earlier years.

    A rise must stand against both: against the weeks before alone every season would be news, and
    against earlier years alone every trend. Earlier periods are counted as they were known at the
    same age, so that late registration is no fall.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        It ends with the fortnight.
    municipality
        Gives thresholds, and what its sources cover.
    delivered
        All accepted records, also those counted with others: what sources cover is told by them.
    missing
        By kind: a file that could not be read.
    broken
        Kind and group of series whose codes began or ended within what is compared.

    Returns
    -------
    Alarms
    """
    now = window(period)
    limits = municipality.thresholds
    records = events if delivered is None else delivered
    lines: list[dict[str, Any]] = []
    seasons: dict[str, list[Period]] = {}
    stopped: dict[str, date] = {}
    for kind in COMPARED_KINDS:
        own = events[
            (events["kind"] == kind) & ~events["time_precision"].isin(["month", "unknown"])
        ]
        first = first_covered(records, kind, municipality)
        if own.empty or first is None:
            continue
        silent = silent_since(records, kind, now, municipality)
        if silent is not None:
            stopped[kind] = silent
        grid = Grid(own, now, first, limits.history_years)
        for by in (name for name, kinds in WATCHED.items() if kind in kinds):
            own_lines = _series(grid, kind, by, limits.history_years, limits.interval_level)
            if by != "kind" and len(own_lines) < 2:  # a single group is the kind as a whole
                continue
            whole = "missing" if kind in missing else "silent" if silent is not None else ""
            for line in own_lines:
                line["why_not"] = _why_not(line, whole, broken, limits)
                seasons[kind] = [now.years_earlier(k + 1) for k in range(line["years"])]
            lines += own_lines
    return Alarms(_judged(lines, limits), now, seasons, stopped, dict(missing))


class Grid:
    """A kind's events on a grid of equal periods, newest first, as known at the same age."""

    def __init__(self, own: pd.DataFrame, now: Period, first: date, years: int) -> None:
        end, self.step = pd.Timestamp(now.end), now.days
        covered = (now.end - first).days // self.step
        self.periods = max(1, min(covered, (years + 1) * (YEAR_DAYS // self.step)))
        back = (end - pd.Timedelta(days=1) - own["start"].dt.normalize()).dt.days.to_numpy()
        index = np.floor_divide(back, self.step)
        inside = (back >= 0) & (index < self.periods)
        inside &= known_at_same_age(own["registered"], index * self.step)
        self.events, self.index = own[inside], index[inside].astype(int)
        self.late = bool(own["registered"].notna().mean() < _KNOWN_LAG)
        self.before = own[own["start"] < pd.Timestamp(now.start)]

    def counts(self, by: str) -> tuple[list[str], Ints]:
        """Return the series' names, and their counts of shape (n_series, n_periods)."""
        named = (self.events[by] != "").to_numpy()
        code, keys = pd.factorize(self.events.loc[named, by], sort=True)
        table = np.zeros((len(keys), self.periods), dtype=np.int64)
        np.add.at(table, (code, self.index[named]), self.events.loc[named, "count"].to_numpy(int))
        return [str(key) for key in keys], table


def known_at_same_age(registered: pd.Series, days_back: NDArray[np.int_]) -> NDArray[np.bool_]:
    """
    Tell which events were registered as soon after their own period as we stand now.

    Parameters
    ----------
    registered
        Day of registration of each event, NaT where it is not told.
    days_back
        How many days before the newest period each event's own period ended.

    Returns
    -------
    array of bool
        Events without a day of registration are kept.
    """
    if registered.isna().all():
        return np.ones(len(registered), dtype=bool)
    day = registered.dt.normalize()
    seen = day.max() - pd.to_timedelta(days_back, unit="D")
    return np.asarray(~(day > seen), dtype=bool)


def _series(grid: Grid, kind: str, by: str, years: int, level: float) -> list[dict[str, Any]]:
    """Return each series of a kind with its two references, not yet judged."""
    keys, table = grid.counts(by)
    recent, season, back = references(table, grid.step, years)
    both = [reference for reference in (recent, season) if reference.windows]
    means = np.stack([recent.mean, season.mean])
    limits = [ears(table[:, ::-1], baseline=_EARS_BASELINE, lag=lag)[:, -1] for lag in (0, 2)]
    police = set(grid.events.loc[grid.events["police_activity"], by])
    before = set(grid.before[by])
    lines = []
    for i, key in enumerate(keys):
        n = int(table[i, 0])
        tails = [_tails(n, reference, i) for reference in both]
        ratio, low, high = _ratio(n, i, both, level)
        lines.append(
            {
                "kind": kind,
                "by": by,
                "key": key,
                "n": n,
                "recent": float(means[0, i]),
                "season": float(means[1, i]),
                "recent_n": int(recent.counts[i]),
                "season_n": int(season.counts[i]),
                "years": back,
                "dispersion": float(max(recent.dispersion[i], season.dispersion[i])),
                "ratio": ratio,
                "low": low,
                "high": high,
                "up": max((up for up, _ in tails), default=np.nan),
                "down": max((down for _, down in tails), default=np.nan),
                "references": [
                    (float(r.counts[i]), r.windows, float(r.dispersion[i])) for r in both
                ],
                "c1": float(limits[0][i]),
                "c2": float(limits[1][i]),
                "police_activity": key in police,
                "late": grid.late,
                "new": key not in before,
            }
        )
    return lines


def _tails(n: int, reference: Reference, i: int) -> tuple[float, float]:
    return predictive(
        n, float(reference.counts[i]), reference.windows, float(reference.dispersion[i])
    )


def _ratio(n: int, i: int, both: list[Reference], level: float) -> tuple[float, float, float]:
    """Return the ratio to the reference that is nearer, and an interval that covers both."""
    compared = [
        counts.compare_rates(
            n, 1, float(r.counts[i]), r.windows, level=level, dispersion=float(r.dispersion[i])
        )
        for r in both
    ]
    if not compared:
        return np.nan, np.nan, np.nan
    ratios = [c.ratio for c in compared if not np.isnan(c.ratio)]
    nearest = min(
        ratios, key=lambda x: abs(np.log(x)) if 0 < x < np.inf else np.inf, default=np.nan
    )
    low, high = (min(c.interval.low for c in compared), max(c.interval.high for c in compared))
    return nearest, low, high


def _why_not(
    row: dict[str, Any], whole: str, broken: Collection[tuple[str, str]], limits: Thresholds
) -> str:
    """Return why a series is not asked about; what decides is never the newest count alone."""
    least = limits.minimum_change if row["by"] == "kind" else limits.minimum_alarm
    if whole:
        return whole
    if row["years"] < FEWEST_YEARS:
        return "short"
    if row["by"] == "group" and (row["kind"], row["key"]) in broken:
        return "break"
    if row["by"] != "kind" and row["new"]:
        return "first"
    return "few" if row["n"] + min(row["recent_n"], row["season_n"]) < least else ""


def _judged(lines: list[dict[str, Any]], limits: Thresholds) -> pd.DataFrame:
    """Adjust over the series, and say from which count each would be an indication."""
    tried = [line for line in lines if not line["why_not"]]
    blocks = [
        [line for line in tried if BLOCKS[line["by"]] == name]
        for name in sorted(set(BLOCKS.values()))
    ]
    questions = sum(bool(block) for block in blocks)
    for line in lines:
        line |= {"p": np.nan, "adjusted": np.nan, "q": np.nan, "limit": np.nan}
        line["tried"] = not line["why_not"]
    for line in tried:
        up = line["up"] if line["n"] >= limits.minimum_alarm else 1.0
        down = 1.0 if line["late"] else line["down"]
        line["p"] = min(1.0, 2 * min(up, down)) if line["by"] == "kind" else up
    for block in blocks:
        for line, p in zip(block, counts.holm([line["p"] for line in block]), strict=True):
            line["adjusted"] = float(p)
            sides = 2 if line["by"] == "kind" else 1
            level = limits.indication / questions / len(block) / sides
            bounds = [limit(n, windows, phi, level) for n, windows, phi in line["references"]]
            line["limit"] = max(limits.minimum_alarm, *bounds)
    for line, q in zip(tried, counts.bh([line["p"] for line in tried]), strict=True):
        line["q"] = float(q)
    ranks, parts = list(COMPARED_KINDS), list(WATCHED)
    lines = sorted(
        lines,
        key=lambda x: (ranks.index(x["kind"]), parts.index(x["by"]), -x["n"], x["key"]),
    )
    return pd.DataFrame(lines, columns=list(COLUMNS))
