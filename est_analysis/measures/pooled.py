"""Like measures taken together: one common ratio of ratios, exact however few events there are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from est_analysis.counts import Interval
from est_analysis.measures.design import POWER, Outcomes, outcomes
from est_analysis.measures.evaluation import Evaluation
from est_analysis.measures.ground import Gazetteer, Site
from est_analysis.measures.since_start import SinceStart
from est_analysis.municipality import Thresholds

_SEVERAL = 2
"""So many whole years since a start say more than the last year, which is told already."""
UNLIKE = 0.05
"""Below this p the single measures are said to differ more than chance makes them."""


@dataclass(frozen=True)
class Common:
    """
    What several tables of four counts say together.

    Parameters
    ----------
    ratio
        The most likely common ratio of ratios, given each table's sums; 0 or infinite where every
        table lies at its edge, NaN where nothing can vary.
    interval
        Of the ratio.
    p
        Twice the smaller tail of no effect.
    unlike
        p-value of one common ratio; None with a single table that can vary, or at the edge.
    strata
        How many tables could vary at all: the others say nothing.
    """

    ratio: float
    interval: Interval
    p: float
    unlike: float | None
    strata: int


def common(tables: ArrayLike, *, dispersion: float = 1.0, level: float = 0.95) -> Common:
    """
    Return the ratio of ratios that several tables have in common, given each one's sums.

    The number of seasons falls away, as in `measures.design.exact`, which this is with one table.

    Parameters
    ----------
    tables
        Shape (n, 4): events before and after at the treated place, before and after at the
        comparison place; tables share no event.
    dispersion
        Variance over mean between comparable periods; below 1 counts as 1.
    level
        Coverage of the interval, at least.

    Returns
    -------
    Common

    Raises
    ------
    ValueError
        If a count is negative, or `tables` has not four columns.

    Notes
    -----
    The stratified exact test: Gart (1970), Biometrika 57:471-475; Mehta, Patel & Gray (1985),
    Journal of the American Statistical Association 80:969-973. With many events it is Mantel and
    Haenszel's. Whether the tables are alike is Breslow and Day's statistic with conditional
    moments, over the dispersion.

    Examples
    --------
    >>> round(common([(2, 10, 15, 3)]).p, 6)
    0.00093
    """
    counts = np.asarray(tables)
    if counts.ndim != 2 or counts.shape[1] != 4:
        raise ValueError("four counts a table")
    phi = max(1.0, dispersion)
    laid = [_laid(row, phi) for row in counts.tolist()]
    kept = [(one, int(row[1])) for one, row in zip(laid, counts, strict=True) if len(one.after) > 1]
    if not kept:
        return Common(math.nan, Interval(0.0, math.inf, level), 1.0, None, 0)
    free = [one for one, _ in kept]
    seen = sum(after for _, after in kept)
    first, last = (sum(int(one.after[at]) for one in free) for at in (0, -1))
    null = _sum_of(free, 0.0)
    at = seen - first
    p = min(1.0, 2 * min(float(null[: at + 1].sum()), float(null[at:].sum())))
    # the distribution is laid out round what was seen, and tilted from there
    middle = _log_odds(free, min(max(seen, first + 0.5), last - 0.5))
    near = _sum_of(free, middle)
    steps = (np.arange(len(near)) - at) / phi
    tail = (1 - level) / 2

    def edge(part: slice) -> float:
        def beyond(log_odds: float) -> float:
            with np.errstate(divide="ignore"):
                tilted = np.log(near) + steps * (log_odds - middle)
            chances = np.exp(tilted - tilted.max())
            return float(chances[part].sum() / chances.sum()) - tail

        return math.exp(scipy.optimize.brentq(beyond, middle - 40, middle + 40, xtol=1e-10))

    low = edge(slice(at, None)) if seen > first else 0.0
    high = edge(slice(0, at + 1)) if seen < last else math.inf
    ratio = 0.0 if seen == first else math.inf if seen == last else math.exp(middle)
    inside = first < seen < last and len(kept) > 1
    return Common(
        ratio,
        Interval(low, high, level),
        p,
        _unlike(kept, middle) if inside else None,
        len(kept),
    )


def power(
    tables: ArrayLike, effect: float, *, alpha: float = 0.05, dispersion: float = 1.0
) -> float:
    """
    Return the chance that a common ratio of `effect` is told from none, given the tables' sums.

    Raises
    ------
    ValueError
        If a count is negative, or `tables` has not four columns.
    """
    counts = np.asarray(tables)
    if counts.ndim != 2 or counts.shape[1] != 4:
        raise ValueError("four counts a table")
    laid = [_laid(row, max(1.0, dispersion)) for row in counts.tolist()]
    null, real = _sum_of(laid, 0.0), _sum_of(laid, math.log(effect))
    tails = np.cumsum(null) if effect < 1 else np.cumsum(null[::-1])[::-1]
    return float(real[2 * tails <= alpha].sum())


def reaches(tables: ArrayLike, *, alpha: float = 0.05, dispersion: float = 1.0) -> bool:
    """Tell whether any outcome with the tables' sums could be told from no effect."""
    laid = [_laid(row, max(1.0, dispersion)) for row in np.asarray(tables).tolist()]
    null = _sum_of(laid, 0.0)
    return bool(2 * min(null[0], null[-1]) <= alpha)


def _laid(row: Sequence[int], phi: float) -> Outcomes:
    t0, t1, c0, c1 = (int(n) for n in row)
    return outcomes((t0, t1), (c0, c1), dispersion=phi, least=t0 + t1 + 1)


def _chances(one: Outcomes, log_odds: float) -> NDArray[np.float64]:
    tilted = (one.log_weight + one.after * log_odds) / one.dispersion
    chances = np.exp(tilted - tilted.max())
    return np.asarray(chances / chances.sum())


def _sum_of(laid: Sequence[Outcomes], log_odds: float) -> NDArray[np.float64]:
    """Return the distribution of the sum of all treated counts after, from its least value on."""
    parts = sorted((_chances(one, log_odds) for one in laid), key=len)
    return reduce(np.convolve, parts, np.ones(1))


def _moments(laid: Sequence[Outcomes], log_odds: float) -> NDArray[np.float64]:
    """Return the mean and the variance of each table's treated count after; shape (2, n)."""
    found = []
    for one in laid:
        chances = _chances(one, log_odds)
        mean = float(chances @ one.after)
        found.append((mean, float(chances @ (one.after - mean) ** 2)))
    return np.asarray(found).T


def _log_odds(laid: Sequence[Outcomes], seen: float) -> float:
    """Return the log odds under which `seen` is to be expected: the most likely ones."""

    def short(log_odds: float) -> float:
        return float(_moments(laid, log_odds)[0].sum()) - seen

    return float(scipy.optimize.brentq(short, -40.0, 40.0, xtol=1e-10))


def _unlike(kept: Sequence[tuple[Outcomes, int]], log_odds: float) -> float:
    """Return the p-value of one common ratio; variances hold the dispersion already."""
    mean, variance = _moments([one for one, _ in kept], log_odds)
    counts = np.array([after for _, after in kept])
    statistic = float(((counts - mean) ** 2 / variance).sum())
    return float(scipy.special.chdtrc(len(kept) - 1, statistic))


@dataclass(frozen=True)
class Pooled:
    """
    Like measures taken together.

    Parameters
    ----------
    kind
        The measures' kind: situational, social or control, in the register's words.
    group
        Their group of events; None where they have several.
    measures
        Ids of those taken together.
    left_out
        Id to why it is not among them: ``ground`` (shares ground with another), ``comparison``
        (shares its comparison place with another that ran in another time), ``too_few`` (its
        counts could not have fallen out otherwise), or what kept it from being counted at all.
    tables
        Four counts for each group of measures with a comparison place of their own.
    before, after
        Events at the treated places.
    common
        What they say together; None where not even the most extreme outcome could tell.
    power
        The chance that a change of the size that matters would have been told from none.
    unknown_choice
        How many of them were chosen on a period that nobody knows.
    since
        The same over every whole year since each one's start; None where none has gone on for two,
        or the counts could not tell.
    since_years
        The measures' whole years since their starts, added up; 0 where `since` is not asked for.
    """

    kind: str
    group: str | None
    measures: tuple[str, ...]
    left_out: dict[str, str]
    tables: tuple[tuple[int, int, int, int], ...]
    before: int
    after: int
    common: Common | None
    power: float
    unknown_choice: int
    since: Common | None = None
    since_years: int = 0

    @property
    def doubled(self) -> list[str]:
        """Ids of those left out so that no event is counted twice."""
        return [one for one, why in self.left_out.items() if why in {"ground", "comparison"}]

    @property
    def sufficient(self) -> bool:
        """Whether a change of the size that matters would have been seen in four cases of five."""
        return self.power >= POWER


@dataclass(frozen=True)
class Ground:
    """
    Where a measure acts, and where it was compared with.

    Parameters
    ----------
    own
        Its own ground.
    against
        That of the places compared with; empty where it is everywhere else.
    """

    own: Site
    against: tuple[Site, ...]

    def treats(self, other: Ground) -> bool:
        """Tell whether its own ground is the other's, or is what the other is compared with."""
        return any(self.own.touches(one) for one in (other.own, *other.against))

    def compares(self, other: Ground) -> bool:
        """Tell whether the two are compared with ground that they share."""
        if not self.against or not other.against:
            return True
        return any(one.touches(there) for one in self.against for there in other.against)


def grounds_of(
    evaluations: Iterable[Evaluation], sites: Mapping[str, Site], gazetteer: Gazetteer
) -> dict[str, Ground]:
    """
    Return the grounds of measures that were compared with anything, by their ids.

    Parameters
    ----------
    evaluations
        Say what each was compared with.
    sites
        As `measures.ground.sites_of` gives them.
    gazetteer
        Where the places lie that a rule chose.
    """
    found = {}
    for e in evaluations:
        site = sites.get(e.measure)
        if site is None or not e.rule:
            continue
        by_rule = [] if e.rule == "register" else gazetteer.find(e.compared)
        against = [Site(gazetteer.at(at), site.radius) for at in by_rule]
        found[e.measure] = Ground(site, (site.against,) if e.rule == "register" else tuple(against))
    return found


def pool(
    evaluations: Iterable[Evaluation],
    kinds: dict[str, str],
    grounds: Mapping[str, Ground],
    thresholds: Thresholds,
    *,
    dispersion: float = 1.0,
) -> list[Pooled]:
    """
    Take measures of the same kind together: those of one group of events, and all of the kind.

    No event is counted twice. A measure whose ground touches that of one already taken is left
    out; so is one whose ground is another's comparison place. Measures with one comparison place
    and the same time become one table, their own places added up; with another time the later is
    left out. The order is the register's; counts have a say by their sums only, which say nothing
    of the effect.

    Parameters
    ----------
    evaluations
        As `measures.evaluation.evaluate` gives them.
    kinds
        Measure's id to its kind.
    grounds
        As `grounds_of` gives them.
    thresholds
        The change that matters, and the level of intervals.
    dispersion
        Variance over mean between comparable years.

    Returns
    -------
    list of Pooled
        Only of two measures or more; the whole of a kind only where its groups differ.
    """
    listed = [e for e in evaluations if kinds.get(e.measure)]
    found: list[Pooled] = []
    for kind in dict.fromkeys(kinds[e.measure] for e in listed):
        own = [e for e in listed if kinds[e.measure] == kind]
        groups = list(dict.fromkeys(e.group for e in own))
        parts: list[tuple[str | None, list[Evaluation]]] = [
            (group, [e for e in own if e.group == group]) for group in groups
        ]
        if len(groups) > 1:
            parts.append((None, own))
        for group, some in parts:
            one = _pooled(kind, group, some, grounds, thresholds, dispersion)
            if one is not None and one.measures not in [former.measures for former in found]:
                found.append(one)
    return found


def _pooled(
    kind: str,
    group: str | None,
    evaluations: list[Evaluation],
    grounds: Mapping[str, Ground],
    thresholds: Thresholds,
    dispersion: float,
) -> Pooled | None:
    taken, left_out = _apart(evaluations, grounds)
    if len(taken) < 2:
        return None
    tables = _tables(taken)
    level, change = thresholds.interval_level, thresholds.relevant_change
    seen = common(tables, dispersion=dispersion, level=level)
    longer, years = _since(taken)
    return Pooled(
        kind,
        group,
        tuple(e.measure for e in taken),
        left_out,
        tables,
        sum(e.before for e in taken),
        sum(e.after for e in taken),
        seen if reaches(tables, alpha=1 - level, dispersion=dispersion) else None,
        min(
            power(tables, effect, alpha=1 - level, dispersion=dispersion)
            for effect in (1 / change, change)
        ),
        sum(not e.chosen for e in taken),
        common(longer, dispersion=dispersion, level=level)
        if longer and reaches(longer, alpha=1 - level, dispersion=dispersion)
        else None,
        years,
    )


def _since(taken: list[Evaluation]) -> tuple[list[tuple[int, int, int, int]], int]:
    """
    Return four counts over the whole years since the start, for each comparison place, and years.

    Places that share a comparison are added up where their years are the same; of others with it
    the first counts, so that no event counts twice. Nothing where no measure has two whole years.
    """
    found: dict[
        tuple[str, str, tuple[str, ...], str], tuple[SinceStart, tuple[int, int, int, int]]
    ] = {}
    years = longest = 0
    for e in taken:
        if e.since is None:
            continue
        key = _against(e)
        table = e.since.table
        if key in found:
            former, so_far = found[key]
            same = (former.whole.days, former.seasons) == (e.since.whole.days, e.since.seasons)
            if not same or former.table[2:] != table[2:]:
                continue
            table = (so_far[0] + table[0], so_far[1] + table[1], *so_far[2:])
        found[key] = (e.since, table)
        years += e.since.whole.years
        longest = max(longest, e.since.whole.years)
    if longest < _SEVERAL:
        return [], 0
    return [table for _, table in found.values()], years


def _apart(
    evaluations: list[Evaluation], grounds: Mapping[str, Ground]
) -> tuple[list[Evaluation], dict[str, str]]:
    """Return the measures that share no event, and why the others are left out."""
    taken: list[Evaluation] = []
    left_out: dict[str, str] = {}
    for e in evaluations:
        ground = grounds.get(e.measure)
        if e.comparison_before < 0 or ground is None:
            left_out[e.measure] = e.why_not or "no_place"
            continue
        if not _varies(e):
            left_out[e.measure] = "too_few"
            continue
        why = ""
        for other in taken:
            there = grounds[other.measure]
            if ground.treats(there) or there.treats(ground):
                why = "ground"
            elif ground.compares(there) and not _same_table(e, other):
                why = "comparison"
        if why:
            left_out[e.measure] = why
        else:
            taken.append(e)
    return taken, left_out


def _varies(e: Evaluation) -> bool:
    """Tell whether the counts' sums leave anything open: otherwise they say nothing."""
    sums = (e.before + e.after, e.comparison_before + e.comparison_after)
    return min(*sums, e.before + e.comparison_before, e.after + e.comparison_after) > 0


def _same_table(e: Evaluation, other: Evaluation) -> bool:
    """Tell whether two measures were held against the very same events."""
    return _against(e) == _against(other) and (
        (e.window, e.years, e.comparison_before, e.comparison_after)
        == (other.window, other.years, other.comparison_before, other.comparison_after)
    )


def _against(e: Evaluation) -> tuple[str, str, tuple[str, ...], str]:
    return e.rule, e.comparison, e.compared, e.group


def _tables(taken: list[Evaluation]) -> tuple[tuple[int, int, int, int], ...]:
    """Return four counts for each comparison place; the treated places that share it added up."""
    found: dict[tuple[str, str, tuple[str, ...], str], Evaluation] = {}
    for e in taken:
        key = _against(e)
        if key in found:
            former = found[key]
            found[key] = replace(
                former, before=former.before + e.before, after=former.after + e.after
            )
        else:
            found[key] = e
    return tuple(
        (e.before, e.after, e.comparison_before, e.comparison_after) for e in found.values()
    )
