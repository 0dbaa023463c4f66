"""Which places hold more than a stated background says, one claim over all places together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
Counts = NDArray[np.int64]

FEWEST_EVENTS = 30
"""Below so many events now and before together nothing is claimed."""
FEWEST_YEARS = 2
"""One earlier year tells nothing of how much years differ by themselves."""
REPLICATES = 999
_AT_ONCE = 2_000_000  # simulated counts held in memory at a time


@dataclass(frozen=True)
class Unrest:
    """
    How much a place's counts differ between periods beyond Poisson counts.

    Given a place's total of m over T periods, its counts are Dirichlet-multinomial of weight
    T `a` + `b` m: a large weight is multinomial, a small one puts all in one period. `a` alone is
    a level that varies by its own size (gamma-Poisson); `b` alone is events in bursts, variance
    1 + 1/b times the mean.
    """

    a: float
    b: float

    def weight(self, total: NDArray, periods: int) -> Values:
        """Return the Dirichlet weight of places with these totals over so many periods."""
        return np.asarray(periods * self.a + self.b * total, dtype=float)


CALM = Unrest(np.inf, np.inf)
"""Poisson counts: periods differ by no more than chance."""
_LEAST, _MOST = np.log(1e-4), np.log(1e5)


@dataclass(frozen=True, eq=False)
class Unusual:
    """
    How far each place lies above its background, and what chance makes of it.

    Parameters
    ----------
    n
        Shape (places,), events now.
    expected
        What the background says, given all events; their sum is that of `n`.
    ratio
        `n` over what the background alone would say if the whole had grown as it did: 2 is twice
        the place's usual share. NaN where both are zero, infinite where only the background is.
    shrunken
        The same drawn towards 1, the more so the less the place's own counts can tell: rank by
        this, or one event in an empty cell comes first.
    score
        Log likelihood ratio; zero where `n` is not above `expected`.
    p_place
        Adjusted over all places (step down): the chance of any false place among those at or below
        0.05 is at most 5 %.
    p
        Of the highest score: that no place at all is above its background.
    unrest
        What places were allowed to differ by themselves.
    gate
        Whether there is enough to claim anything.
    """

    n: Counts
    expected: Values
    ratio: Values
    shrunken: Values
    score: Values
    p_place: Values
    p: float
    unrest: Unrest
    gate: bool


def against_earlier(
    now: ArrayLike,
    earlier: ArrayLike,
    *,
    unrest: Unrest | None = None,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Unusual:
    """
    Hold every place against the same places' own earlier periods.

    The null: each place has the share of all events that it had before, and periods differ by
    themselves as much as the earlier ones did. A change of the whole is no finding here.

    Parameters
    ----------
    now
        Shape (places,), whole numbers: events, or better occasions (`occasions`).
    earlier
        Shape (places, periods): the same season of earlier years, as long as now and counted alike.
        Places without events in any period may be left out: they say nothing.
    unrest
        How much places differ by themselves, where more is known of it than `earlier` tells; None
        estimates it from `earlier`.
    replicates, seed
        Of the simulation.

    Returns
    -------
    Unusual

    Raises
    ------
    ValueError
        If the tables do not fit each other or hold anything but whole numbers of zero or more.

    Notes
    -----
    Given a place's total over all periods, how many are of now is binomial for Poisson counts and
    beta-binomial for restless ones: the place's true level drops out, so that earlier years of
    small counts carry their own uncertainty. The unrest is estimated from `earlier` alone: what is
    tested does not excuse itself. Scores are Kulldorff's (1997, Communications in Statistics
    26:1481-1496, Bernoulli model), the highest of all places judged by simulation; step-down
    adjustment by Westfall & Young (1993), algorithm 2.8. Places are taken to vary by themselves:
    bursts over several cells at once make neighbours alike, not a false place likelier.
    """
    own, before = _whole(now, 1), _whole(earlier, 2)
    if len(own) != len(before):
        raise ValueError("now and earlier have the same places")
    periods = before.shape[1]
    own_unrest = _unrest_of(before) if unrest is None else unrest
    enough = periods >= FEWEST_YEARS
    return _labelled(own, before.sum(axis=1), own_unrest, periods + 1, enough, replicates, seed)


def against_other(
    counts: ArrayLike,
    other: ArrayLike,
    *,
    unrest: Unrest = CALM,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Unusual:
    """
    Hold every place's count of one kind of record against another kind there.

    The null: both kinds fall on places alike; which of all records are of the one kind is by lot.

    Parameters
    ----------
    counts, other
        Shape (places,), whole numbers.
    unrest
        Of either kind between comparable periods; chance is Poisson if it is not given.
    replicates, seed
        Of the simulation.

    Returns
    -------
    Unusual

    Raises
    ------
    ValueError
        As `against_earlier`.
    """
    own, rest = _whole(counts, 1), _whole(other, 1)
    if len(own) != len(rest):
        raise ValueError("both kinds have the same places")
    return _labelled(own, rest, unrest, 2, True, replicates, seed)


def against_background(
    counts: ArrayLike,
    background: ArrayLike,
    *,
    unrest: Unrest = CALM,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Unusual:
    """
    Hold every place against a background known without error: inhabitants, built-up area.

    The null: every head, or every hectare, bears the same risk. It is false in every town, since a
    centre has more visitors than inhabitants: say which background it was, and expect it to hold
    for no centre.

    Parameters
    ----------
    counts
        Shape (places,), whole numbers.
    background
        Shape (places,), zero or more, in any unit. An event where it is zero contradicts it: such
        places are left out (NaN), as their events cannot be expected anywhere.
    unrest, replicates, seed
        As `against_other`.

    Returns
    -------
    Unusual

    Raises
    ------
    ValueError
        If the two do not fit each other, or the background is negative or nothing at all.
    """
    own, level = _whole(counts, 1), np.asarray(background, dtype=float)
    if level.shape != own.shape or not (level >= 0).all() or not level.sum() > 0:
        raise ValueError("a background is zero or more, one a place, and not all zero")
    order = np.lexsort((own, level))  # the draws follow the counts, not the order of the places
    order = order[level[order] > 0]
    n, share = own[order], level[order] / level.sum()
    total = int(n.sum())
    likely = total * share
    rng = np.random.default_rng(seed)

    def draw(rows: int) -> Values:
        if unrest == CALM or total == 0:
            return _poisson_score(rng.multinomial(total, share, size=rows), likely, total)
        size = rng.gamma(unrest.weight(likely, 1), size=(rows, len(share))) + 1e-9 * share
        return _poisson_score(
            rng.multinomial(total, size / size.sum(axis=1, keepdims=True)), likely, total
        )

    expected, score, judged = (np.full(len(own), np.nan) for _ in range(3))
    expected[order], score[order] = likely, _poisson_score(n, likely, total)
    judged[order], p = _judged(score[order], draw, replicates)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = own / expected
    shrunken = smoothed(np.where(level > 0, own, 0), np.nan_to_num(expected))
    shrunken[level == 0] = np.nan
    gate = total >= FEWEST_EVENTS and len(order) >= 2
    return Unusual(own, expected, ratio, shrunken, score, judged, p, unrest, gate)


def occasions(place: ArrayLike, day: ArrayLike, *, gap: int = 1) -> tuple[NDArray, Counts]:
    """
    Count separate occasions: reports of one place close in time are often of one happening.

    Ten cars scratched in one night are ten offences and one occasion; counted as ten they would
    make a place look as if it had changed.

    Parameters
    ----------
    place
        Shape (n,), what tells places apart.
    day
        Shape (n,), whole days on any scale.
    gap
        An event at most so many days after the one before it, at the same place, belongs to the
        same occasion.

    Returns
    -------
    place, day
        One entry an occasion, sorted: its place, and its first day.
    """
    where, when = np.asarray(place), np.asarray(day).astype(np.int64)
    names, number = np.unique(where, return_inverse=True)
    order = np.lexsort((when, number))
    number, when = number[order], when[order]
    first = np.ones(len(when), dtype=bool)
    first[1:] = (number[1:] != number[:-1]) | (when[1:] - when[:-1] > gap)
    return names[number[first]], when[first]


def unrest(*earlier: ArrayLike) -> Unrest:
    """
    Estimate how much places differ from period to period by themselves.

    Parameters
    ----------
    earlier
        Tables of shape (places, periods), whole numbers: comparable periods, in which nothing is
        tested. Each table is a season of its own, with its own level and its own places.

    Returns
    -------
    Unrest

    Notes
    -----
    Maximum likelihood of each place's counts given its total (Dirichlet-multinomial; Mosimann 1962,
    Biometrika 49:65-82), so that the places' levels need not be known.
    """
    seasons = []
    for given in earlier:
        table = np.asarray(given, dtype=float)
        table = table[table.sum(axis=1) > 1]
        table = table[:, table.sum(axis=0) > 0]
        if table.shape[1] >= FEWEST_YEARS and len(table) >= 2:
            rows, times = np.unique(table, axis=0, return_counts=True)
            seasons.append((rows, times, rows.sum(axis=1), table.sum(axis=0) / table.sum()))
    if not seasons:
        return CALM
    log, slope = scipy.special.gammaln, scipy.special.psi

    def unlikely(logs: Values) -> tuple[float, Values]:
        a, b = np.exp(logs)
        value, slopes = 0.0, np.zeros(2)
        for rows, times, m, share in seasons:
            periods = rows.shape[1]
            weight = Unrest(a, b).weight(m, periods)
            alpha = weight[:, None] * share
            each = (log(alpha + rows) - log(alpha)).sum(axis=1) + log(weight) - log(weight + m)
            rise = ((slope(alpha + rows) - slope(alpha)) * share).sum(axis=1)
            rise = (rise + slope(weight) - slope(weight + m)) * times
            value -= float(each @ times)
            slopes -= np.array([periods * a * rise.sum(), b * (rise @ m)])
        return value, slopes

    fits = [
        scipy.optimize.minimize(
            unlikely, start, jac=True, method="L-BFGS-B", bounds=[(_LEAST, _MOST)] * 2
        )
        for start in ([-2.0, 1.0], [2.0, -2.0])
    ]
    best = min(fits, key=lambda fit: float(fit.fun))
    return Unrest(float(np.exp(best.x[0])), float(np.exp(best.x[1])))


_unrest_of = unrest  # `against_earlier` has a parameter of that name


def smoothed(events: ArrayLike, at_risk: ArrayLike) -> Values:
    """
    Draw raw rates towards the mean of all, the more so the less each place can tell.

    Parameters
    ----------
    events
        Shape (places,), counts.
    at_risk
        Shape (places,): inhabitants, hectares or expected events; where it is zero the mean of all
        is given.

    Returns
    -------
    array of float, shape (places,)
        Events per unit at risk; NaN where nobody is at risk anywhere.

    Notes
    -----
    Empirical Bayes, gamma-Poisson with Marshall's (1991, Applied Statistics 40:283-294) moments.
    """
    own, risk = np.asarray(events, dtype=float), np.asarray(at_risk, dtype=float)
    some = risk > 0
    if not some.any():
        return np.full(own.shape, np.nan)
    mean = own[some].sum() / risk[some].sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(some, own / risk, mean)
        noise = np.where(some, mean / risk, np.inf)
    between = (risk * (rate - mean) ** 2)[some].sum() / risk[some].sum() - mean / risk[some].mean()
    if between <= 0:
        return np.full(own.shape, mean)
    return np.asarray(mean + between / (between + noise) * (rate - mean))


def _whole(table: ArrayLike, axes: int) -> Counts:
    own = np.asarray(table)
    if own.ndim != axes or (own < 0).any() or (own != np.floor(own)).any():
        raise ValueError("counts are whole numbers of zero or more, one row a place")
    return own.astype(np.int64)


def _labelled(
    now: Counts,
    base: Counts,
    unrest: Unrest,
    periods: int,
    enough: bool,
    replicates: int,
    seed: int,
) -> Unusual:
    """Judge how much of each place's total is now's, against now's share of all."""
    total = now + base
    whole, own = int(total.sum()), int(now.sum())
    share = own / whole if whole else 0.0
    order = np.lexsort((now, total))  # the draws follow the counts, not the order of the places
    order = order[total[order] > 0]
    n, m = now[order], total[order]
    rng = np.random.default_rng(seed)

    def draw(rows: int) -> Values:
        level: float | Values = share
        if unrest != CALM and 0 < share < 1:
            weight = unrest.weight(m, periods)
            level = rng.beta(weight * share, weight * (1 - share), size=(rows, len(m)))
        return _binomial_score(rng.binomial(m, level, size=(rows, len(m))), m)

    score, judged = np.zeros(len(now)), np.ones(len(now))
    score[order] = _binomial_score(n, m)
    judged[order], p = _judged(score[order], draw, replicates)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = now / base / (own / (whole - own)) if own < whole else np.full(len(now), np.nan)
    shrunken = np.full(len(now), np.nan)
    shrunken[order] = _shrunken_ratio(n, m, share)
    gate = enough and whole >= FEWEST_EVENTS and len(order) >= 2 and 0 < own < whole
    return Unusual(
        now, np.asarray(total * share, dtype=float), ratio, shrunken, score, judged, p, unrest, gate
    )


def _shrunken_ratio(now: Counts, total: Counts, share: float) -> Values:
    """Shrink each place's share of now, beta-binomial by moments, and return its odds ratio."""
    m, places = total.astype(float), len(total)
    if not 0 < share < 1 or places < 2:
        return np.full(places, np.nan)
    between = (m * (now / m - share) ** 2).sum() / (share * (1 - share)) - (places - 1)
    room = m.sum() - (m**2).sum() / m.sum() - (places - 1)
    if between <= 0 or room <= 0:
        return np.ones(places)
    alike = min(between / room, 0.5)  # the background weighs at least as much as one event
    weight = 1 / alike - 1
    part = (share * weight + now) / (weight + total)
    return np.asarray(part / (1 - part) / (share / (1 - share)))


def _binomial_score(now: NDArray, total: NDArray) -> Values:
    """Kulldorff's log likelihood ratio, Bernoulli; shapes (..., places) and (places,)."""
    own = now.sum(axis=-1, keepdims=True)
    whole = total.sum()
    rest, outside = own - now, whole - total
    log = scipy.special.xlogy
    with np.errstate(divide="ignore", invalid="ignore"):
        high = now * whole > total * own
        value = (
            log(now, now / total)
            + log(total - now, (total - now) / total)
            + log(rest, rest / outside)
            + log(outside - rest, (outside - rest) / outside)
            - log(own, own / whole)
            - log(whole - own, (whole - own) / whole)
        )
    return np.where(high, value, 0.0)


def _poisson_score(n: NDArray, expected: Values, total: int) -> Values:
    log = scipy.special.xlogy
    with np.errstate(divide="ignore", invalid="ignore"):
        value = log(n, n / expected) + log(total - n, (total - n) / (total - expected))
    return np.where(n > expected, value, 0.0)


def _judged(score: Values, draw: Callable[[int], Values], replicates: int) -> tuple[Values, float]:
    """Return step-down adjusted p-values and that of the highest score; ties count against."""
    if not len(score):
        return np.empty(0), 1.0
    order = np.argsort(score, kind="stable")
    near = score[order] - 1e-9
    reached = np.zeros(len(score), dtype=np.int64)
    at_once = max(1, _AT_ONCE // len(score))
    for first in range(0, replicates, at_once):
        drawn = draw(min(at_once, replicates - first))[:, order]
        reached += (np.maximum.accumulate(drawn, axis=1) >= near).sum(axis=0)
    stepped = (reached + 1) / (replicates + 1)
    stepped = np.maximum.accumulate(stepped[::-1])[::-1]
    p_place = np.empty(len(score))
    p_place[order] = stepped
    return p_place, float(stepped[-1])
