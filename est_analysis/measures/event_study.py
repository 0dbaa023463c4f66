"""Many places over many periods: how treated places went from the start, beside untreated ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from est_analysis.counts import Interval, permutation_p
from est_analysis.gather.geography import Geography
from est_analysis.measures.ground import Site, clear_of, sites_of
from est_analysis.measures.placebo import untreated
from est_analysis.measures.register import Register
from est_analysis.measures.tallies import Tallies
from est_analysis.municipality import Municipality
from est_analysis.patterns.coverage import first_covered
from est_analysis.patterns.hotspots import located
from est_analysis.periods import Period

NEVER = -1
FEWEST_CLUSTERS = 10
"""With fewer treated or untreated places, errors learnt from the places are too small."""
FEWEST_UNTREATED = 19
"""With fewer untreated places one place by chance would decide."""
FEWEST_FOR_TREND = 3
_DRAWS, _SEED = 999, 26
_Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """
    Counts of places by period, and when something was done.

    Parameters
    ----------
    counts
        Shape (n_places, n_periods): events; periods are equally long and share no day.
    start
        Shape (n_places,): the first period with the measure, `NEVER` where nothing was done.
    periods
        The periods, oldest first; empty where nobody asks for dates.
    """

    counts: NDArray[np.int64]
    start: NDArray[np.int64]
    periods: tuple[Period, ...] = ()

    def __post_init__(self) -> None:
        """
        Refuse what is no panel.

        Raises
        ------
        ValueError
            If a count is negative, shapes differ, a start lies outside the periods or has nothing
            before it, or there are no treated or no untreated places.
        """
        if self.counts.ndim != 2 or len(self.start) != len(self.counts) or (self.counts < 0).any():
            raise ValueError("counts by place and period, zero or more; a start for each place")
        treated = self.start[self.start != NEVER]
        if not 0 < len(treated) < len(self.start):
            raise ValueError("both treated and untreated places are needed")
        if treated.min() < 1 or treated.max() >= self.counts.shape[1]:
            raise ValueError("each start has a period before it and lies within the periods")

    @property
    def cohorts(self) -> list[int]:
        """The different starts, earliest first."""
        return sorted({int(s) for s in self.start if s != NEVER})

    @property
    def treated(self) -> int:
        """How many places are treated."""
        return int((self.start != NEVER).sum())

    @property
    def untreated(self) -> int:
        """How many are not."""
        return int((self.start == NEVER).sum())


@dataclass(frozen=True)
class Effect:
    """
    A ratio of ratios with its error.

    Parameters
    ----------
    log_ratio
        Natural logarithm.
    error
        Standard error of a Poisson model with an effect of each place and of each period, times
        the square root of the dispersion.
    clustered
        The same learnt from how the places differ among themselves; too small with few places.
    interval
        Of the ratio, from the larger of the two errors.
    """

    log_ratio: float
    error: float
    clustered: float
    interval: Interval

    @property
    def ratio(self) -> float:
        """So many times as many as without the measure."""
        return math.exp(self.log_ratio)


@dataclass(frozen=True)
class Step:
    """
    One period of an event study.

    Parameters
    ----------
    since
        Periods since the start: 0 is the first with the measure, -1 the last without.
    effect
        Relative to the last period without; None where events are too few, and in that period.
    cohorts
        How many different starts reach so far.
    """

    since: int
    effect: Effect | None
    cohorts: int


@dataclass(frozen=True)
class Study:
    """
    What many places say together of a measure.

    Parameters
    ----------
    treated, untreated
        Numbers of places that take part.
    cohorts
        Numbers of different starts; above one each was treated apart and then weighted together.
    dispersion
        Variance over mean, learnt from the untreated places.
    effect
        After against before; None where events are too few.
    steps
        The event study.
    drift
        How much treated places drew apart from the others per period before the start, as a
        ratio; None with fewer than three periods before, or too few events.
    randomised
        p-value of the effect, had the places been drawn by lot: (r + 1) / (R + 1), two-sided;
        None with fewer than 19 untreated places.
    too_few
        Treated places left out since those with their start had too few events before it.
    """

    treated: int
    untreated: int
    cohorts: int
    dispersion: float
    effect: Effect | None
    steps: tuple[Step, ...]
    drift: Effect | None
    randomised: float | None
    too_few: int = 0

    @property
    def few_clusters(self) -> bool:
        """Whether the places are too few for errors learnt from the places themselves."""
        return min(self.treated, self.untreated) < FEWEST_CLUSTERS


def two_way(panel: Panel, *, dispersion: float = 1.0, level: float = 0.95) -> Effect:
    """
    Return the effect of a Poisson model with an effect of each place and each period.

    With one common start it has a closed form: the ratio of ratios of the sums, whose error is the
    root of the sum of the inverse counts.

    Parameters
    ----------
    panel
        With one start only.
    dispersion
        Variance over mean; below 1 counts as 1.
    level
        Coverage of the interval.

    Returns
    -------
    Effect

    Raises
    ------
    ValueError
        If starts differ: the model then compares places that are treated already with each other,
        and can turn the sign of an effect that grows (Goodman-Bacon 2021, Journal of Econometrics
        225:254-277). `event_study` treats each start apart. Or if a sum is zero.

    Examples
    --------
    >>> counts = np.array([[207, 110], [308, 318]])
    >>> round(two_way(Panel(counts, np.array([1, -1]))).log_ratio, 6)
    -0.66419
    """
    if len(panel.cohorts) > 1:
        raise ValueError("starts differ: no effect of place and period can be told for all at once")
    found = _effect([_after_before(panel, panel.cohorts[0])], [1.0], panel, dispersion, level, 1)
    if found is None:
        raise ValueError("a sum is zero: there is no ratio")
    return found


def event_study(panel: Panel, *, least: int = 10, level: float = 0.95) -> Study:
    """
    Return how treated places went from the start of the measure, beside those never treated.

    Parameters
    ----------
    panel
        Places by periods.
    least
        The smallest sum of counts that the normal approximation is trusted with.
    level
        Coverage of the intervals.

    Returns
    -------
    Study

    Notes
    -----
    Every number is a contrast of logarithms of sums, so its errors follow from each count's share
    in it. Where starts differ each is held against the places that are never treated, and they are
    weighted by their events before the start, which no outcome has touched (Callaway & Sant'Anna
    2021, Journal of Econometrics 225:200-230); a start with too few events before it is left out.
    Errors learnt from few places are too small (MacKinnon & Webb 2018, Econometrics Journal
    21:114-135): the larger of both is used, and lots are drawn where there are places to draw.
    """
    phi = _dispersion(panel.counts[panel.start == NEVER])
    weights = {s: float(_sum(panel, panel.start == s, range(s))) for s in panel.cohorts}
    kept = [s for s in panel.cohorts if weights[s] >= least]
    based = [s for s in kept if _sum(panel, panel.start == s, range(s - 1, s)) >= least]

    def together(contrast: Callable[[int], _Contrast], cohorts: Sequence[int]) -> Effect | None:
        own = [weights[s] for s in cohorts]
        return _effect([contrast(s) for s in cohorts], own, panel, phi, level, least)

    n_periods, steps = panel.counts.shape[1], []
    for since in range(-max(kept, default=0), n_periods - min(kept, default=n_periods)):
        reach = [s for s in based if 0 <= s + since < n_periods]
        found = together(partial(_step, panel, since), reach) if since != -1 else None
        steps.append(Step(since, found, len(reach)))
    return Study(
        int(np.isin(panel.start, kept).sum()),
        panel.untreated,
        len(kept),
        phi,
        together(partial(_after_before, panel), kept),
        tuple(steps),
        together(partial(_slope, panel), [s for s in kept if s >= FEWEST_FOR_TREND]),
        _randomised(panel, kept),
        panel.treated - int(np.isin(panel.start, kept).sum()),
    )


@dataclass(frozen=True)
class _Contrast:
    """A weighted sum of logarithms of sums: parts are (places, periods, weight)."""

    parts: tuple[tuple[NDArray[np.bool_], range, float], ...]


def _contrast(panel: Panel, start: int, after: range, before: range) -> _Contrast:
    here, there = panel.start == start, panel.start == NEVER
    return _Contrast(
        ((here, after, 1.0), (here, before, -1.0), (there, after, -1.0), (there, before, 1.0))
    )


def _step(panel: Panel, since: int, start: int) -> _Contrast:
    """Return a period so long since the start, against the last one before it."""
    return _contrast(panel, start, range(start + since, start + since + 1), range(start - 1, start))


def _after_before(panel: Panel, start: int) -> _Contrast:
    return _contrast(panel, start, range(start, panel.counts.shape[1]), range(start))


def _slope(panel: Panel, start: int) -> _Contrast:
    """Return the least-squares slope over the periods before the start, here against there."""
    here, there = panel.start == start, panel.start == NEVER
    time = np.arange(start) - (start - 1) / 2
    weights = time / (time**2).sum()
    parts = []
    for t, weight in enumerate(weights.tolist()):
        if weight:
            parts += [(here, range(t, t + 1), weight), (there, range(t, t + 1), -weight)]
    return _Contrast(tuple(parts))


def _sum(panel: Panel, places: NDArray[np.bool_], periods: range) -> int:
    return int(panel.counts[places][:, periods.start : periods.stop].sum())


def _effect(
    contrasts: Sequence[_Contrast],
    weights: Sequence[float],
    panel: Panel,
    dispersion: float,
    level: float,
    least: int,
) -> Effect | None:
    """Return the weighted mean of contrasts; None where any sum is below `least`."""
    whole = sum(weights)
    if not contrasts or whole <= 0:
        return None
    value, shares = 0.0, np.zeros(panel.counts.shape)
    for contrast, weight in zip(contrasts, weights, strict=True):
        for places, periods, sign in contrast.parts:
            total = _sum(panel, places, periods)
            if total < max(1, least):
                return None
            value += weight / whole * sign * math.log(total)
            shares[places, periods.start : periods.stop] += weight / whole * sign / total
    variance = max(1.0, dispersion) * float((shares**2 * panel.counts).sum())
    clustered = _clustered(shares * panel.counts, panel)
    error = math.sqrt(variance)
    used = max(error, clustered)
    reach = float(scipy.special.ndtri((1 + level) / 2)) * used
    return Effect(
        value,
        error,
        clustered,
        Interval(math.exp(value - reach), math.exp(value + reach), level),
    )


def _clustered(scores: _Matrix, panel: Panel) -> float:
    """Return the error that the places' own differences give, each side corrected for its size."""
    variance = 0.0
    by_place = scores.sum(axis=1)
    for side in (panel.start != NEVER, panel.start == NEVER):
        n = int(side.sum())
        variance += float((by_place[side] ** 2).sum()) * n / max(1, n - 1)
    return math.sqrt(variance)


def _dispersion(counts: NDArray[np.int64]) -> float:
    """Return variance over mean beside what place and period explain; at least 1."""
    table = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0].astype(float)
    degrees = (table.shape[0] - 1) * (table.shape[1] - 1)
    if degrees < 1:
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return max(1.0, float(((table - expected) ** 2 / expected).sum()) / degrees)


def _randomised(panel: Panel, cohorts: Sequence[int]) -> float | None:
    """Return how often lots give as large an effect; each lot keeps the starts as they are."""
    if panel.untreated < FEWEST_UNTREATED or not cohorts:
        return None
    rng = np.random.default_rng(_SEED)
    drawn = np.array([rng.permutation(panel.start) for _ in range(_DRAWS)])
    running = np.hstack([np.zeros((len(panel.counts), 1)), np.cumsum(panel.counts, axis=1)])
    sizes = np.zeros((2, _DRAWS + 1))
    lots = np.vstack([panel.start[None, :], drawn])
    never = (lots == NEVER).astype(float)
    for start in cohorts:
        here = (lots == start).astype(float)
        before, after = running[:, start], running[:, -1] - running[:, start]
        cells = [
            half + 0.5 for half in (here @ after, here @ before, never @ after, never @ before)
        ]
        t1, t0, c1, c0 = cells
        weight = t0
        sizes[0] += weight * np.log(t1 * c0 / (t0 * c1))
        sizes[1] += weight**2 * (1 / t1 + 1 / t0 + 1 / c1 + 1 / c0)
    size = np.abs(sizes[0]) / np.sqrt(sizes[1])
    return permutation_p(float(size[0]), size[1:])


def panel_of(
    events: pd.DataFrame,
    register: Register,
    period: Period,
    municipality: Municipality,
    geography: Geography,
    *,
    group: str = "",
    kind: str = "",
    weeks: int = 13,
) -> Panel | None:
    """
    Lay out the register's treated places and untreated ones of about their level, by period.

    Parameters
    ----------
    events
        Accepted events of all periods.
    register
        The group's; a measure counts from the period in which it started, so that a first period
        is diluted.
    period
        The last period ends where it ends.
    municipality, geography
        What is covered; the public places.
    group
        Of events; empty takes all reported crimes.
    kind
        Of measures (``situationell``, ``social``, ``kontroll``); empty takes all.
    weeks
        Length of a period.

    Returns
    -------
    Panel or None
        None where no started measure has a known place with a covered period before, or no
        untreated place is of about its level. No two places share ground; of two measures on the
        same ground the earlier counts.
    """
    first = first_covered(events, "reported_crime", municipality, by_place=True)
    periods = _back_from(period.end, first, weeks)
    sites = sites_of(register, geography)
    treated = _treated(register, sites, periods, kind)
    if not treated or geography.places is None:
        return None
    tallies = Tallies(located(events[events["kind"] == "reported_crime"]))
    own = [(site.spots(tallies), start) for site, start in treated]
    radius = max(site.radius for site, _ in treated)
    points = geography.places[["x", "y"]].to_numpy(float)
    free = clear_of(points, radius, sites.values())
    before = periods[: min(start for _, start in treated)]
    usual = float(np.mean([tallies.count(group, spots, before) for spots, _ in own]))
    levels = tallies.each(group, points, radius, before)[free]
    alike = free[untreated(points[free], levels, usual, [], radius)]
    if len(alike) == 0:
        return None
    rows = [[tallies.count(group, spots, [one]) for one in periods] for spots, _ in own]
    each = [tallies.each(group, points, radius, [one], only=alike) for one in periods]
    counts = np.vstack([np.array(rows, dtype=np.int64), np.stack(each, axis=1)])
    start = np.array([start for _, start in own] + [NEVER] * len(alike))
    return Panel(counts, start, tuple(periods))


def _back_from(end: date, first: date | None, weeks: int) -> list[Period]:
    """Return the covered periods up to `end`, oldest first."""
    step = timedelta(weeks=weeks)
    found: list[Period] = []
    while first is not None and end - step >= first:
        found.append(Period(end - step, end, "interval"))
        end -= step
    return found[::-1]


def _treated(
    register: Register, sites: Mapping[str, Site], periods: list[Period], kind: str
) -> list[tuple[Site, int]]:
    """Return the places where something was done, with the period of their start."""
    measures = register.measures[register.measures["startdatum"].notna()]
    measures = measures[measures["atgardstyp"] == kind] if kind else measures
    found: list[tuple[Site, int]] = []
    for measure in measures.sort_values("startdatum", kind="stable").to_dict("records"):
        site = sites.get(str(measure["id"]))
        day = measure["startdatum"].date()
        start = next((i for i, p in enumerate(periods) if p.start <= day < p.end), 0)
        if site is None or site.centre is None or start == 0:
            continue
        if any(site.touches(other) for other, _ in found):
            continue
        found.append((site, start))
    return found
