"""Whether a measure worked: before and after at its place, against a comparison place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import scipy

from est_analysis.counts import Interval, compare_rates
from est_analysis.errors import PeriodError
from est_analysis.evidence import SHARES
from est_analysis.gather.gazetteer import normal
from est_analysis.gather.geography import Geography
from est_analysis.measures.design import POWER, Design, Outcomes, exact, outcomes
from est_analysis.measures.frozen import Held, freeze, hold
from est_analysis.measures.placebo import Placebo, placebo, untreated
from est_analysis.measures.register import Register
from est_analysis.measures.regression import FEWEST_PLACES, Fall, counts_at, fall
from est_analysis.measures.rings import WIDTH_M, ring_of
from est_analysis.municipality import Municipality, Thresholds
from est_analysis.patterns.coverage import first_covered, in_period
from est_analysis.patterns.hotspots import located
from est_analysis.periods import Period, parse

DEFAULT_RADIUS_M = 150.0
_ONE_YEAR = timedelta(weeks=52)  # as seasons move, so that one year's window never meets the next


@dataclass(frozen=True)
class Displacement:
    """A weighted displacement difference: events more (positive) or fewer after the measure."""

    estimate: float
    variance: float
    interval: Interval
    p: float

    @property
    def standard_error(self) -> float:
        """Square root of the variance, in events."""
        return math.sqrt(self.variance)


def weighted_displacement_difference(
    treated: tuple[float, float],
    comparison: tuple[float, float],
    *,
    displaced: tuple[float, float] = (0, 0),
    displaced_comparison: tuple[float, float] = (0, 0),
    time_weights: tuple[float, float] = (1, 1),
    dispersion: float = 1.0,
    level: float = 0.95,
) -> Displacement:
    """
    Difference in differences of Poisson counts, with displacement areas where there are any.

    Parameters
    ----------
    treated, comparison, displaced, displaced_comparison
        Events before and after, in each area; zero or more.
    time_weights
        Lengths of the before and the after periods, in any unit; counts are divided by them.
    dispersion
        Variance over mean between comparable periods; the variance is multiplied by it. Values
        below 1 count as 1.
    level
        Coverage of the interval.

    Returns
    -------
    Displacement
        Events per unit of time; the p-value is two-sided. Counts under about ten in any cell make
        the normal approximation too bold: the caller gates.

    Raises
    ------
    ValueError
        If a count is negative or a weight is not above zero.

    Notes
    -----
    Wheeler & Ratcliffe (2018), Crime Science 7:11; weights by Wheeler (2021).

    Examples
    --------
    >>> weighted_displacement_difference((207, 110), (308, 318)).estimate
    -107.0
    """
    before, after = time_weights
    cells = (treated, comparison, displaced, displaced_comparison)
    if min(before, after) <= 0 or min(min(cell) for cell in cells) < 0:
        raise ValueError("counts are zero or more, time weights above zero")
    signs = (1, -1, 1, -1)
    pairs = list(zip(signs, cells, strict=True))
    estimate = sum(sign * (a / after - b / before) for sign, (b, a) in pairs)
    variance = sum(a / after**2 + b / before**2 for _, (b, a) in pairs) * max(1.0, dispersion)
    error = math.sqrt(variance)
    z = estimate / error if error else 0.0
    reach = float(scipy.special.ndtri((1 + level) / 2)) * error
    p = float(2 * scipy.special.ndtr(-abs(z)))
    return Displacement(
        float(estimate), float(variance), Interval(estimate - reach, estimate + reach, level), p
    )


@dataclass(frozen=True)
class Evaluation:
    """
    What can be said of one measure.

    Parameters
    ----------
    measure, problem
        Their ids in the register.
    place
        Where it acts, as a public name.
    group
        The indicator's group of events; empty means all reported crimes.
    before, after
        Treated place: events in the earlier seasons together, and since the effect was expected.
    comparison_before, comparison_after
        The same at the comparison place; -1 where there is none.
    comparison
        Name of the comparison place; empty where there is none.
    years
        How many earlier seasons the baseline holds.
    window
        The time since the effect was expected, up to the end of the reported period.
    difference
        Weighted displacement difference in events per window; None where a count is below
        ``thresholds.minimum_evaluation``.
    ratio, interval
        Ratio of rates after to before, relative to the comparison place; None where the four
        counts' sums could not carry a claim.
    p
        The larger of the p-values of difference and ratio, so that a claim needs both; the exact
        test's where a count is below ``thresholds.minimum_evaluation``.
    chosen
        Whether the register says on which period the place was chosen. If it does not, the
        baseline may hold the peak that chose it, and nothing can be more than an indication.
    sufficient
        Whether a change of ``thresholds.relevant_change``, either way, would have been seen with
        a power of 80 %; if not, "no sign" is not said.
    fall
        How much the place falls by itself if it was chosen by the years before; None where the
        choice is known to have been made on other years, or too few places are alike.
    ring, comparison_ring
        Events before and after in the rings around the two places; see `measures.rings`.
    moved, whole
        Weighted displacement difference of the rings, and of places and rings together; None
        where a count is below ``thresholds.minimum_evaluation``.
    placebo
        The change among those of untreated places; None without a gazetteer.
    design
        What there was to see an effect by; None without a baseline or a comparison place.
    held
        The frozen baseline that the counts before are taken from; see `measures.frozen`.
    baseline
        The earlier seasons that are counted.
    why_not
        Empty, or why nothing can be judged: ``not_started``, ``no_place``, ``no_baseline``,
        ``no_comparison``, ``too_few``, ``missing_file``, ``row_fault``.
    """

    measure: str
    problem: str
    place: str
    group: str
    before: int = 0
    after: int = 0
    comparison_before: int = -1
    comparison_after: int = -1
    comparison: str = ""
    years: int = 0
    window: Period | None = None
    difference: Displacement | None = None
    ratio: float | None = None
    interval: Interval | None = None
    p: float | None = None
    why_not: str = ""
    chosen: bool = True
    sufficient: bool = False
    fall: Fall | None = None
    ring: tuple[int, int] = (0, 0)
    comparison_ring: tuple[int, int] = (0, 0)
    moved: Displacement | None = None
    whole: Displacement | None = None
    placebo: Placebo | None = None
    design: Design | None = None
    held: Held | None = None
    baseline: tuple[Period, ...] = ()


def evaluate(
    events: pd.DataFrame,
    register: Register,
    period: Period,
    municipality: Municipality,
    geography: Geography,
    *,
    dispersion: float = 1.0,
    whole: bool = True,
    ledger: Sequence[Mapping[str, Any]] = (),
) -> list[Evaluation]:
    """
    Evaluate every measure of the register, in its order.

    The window runs from when the effect was expected, or the start if that is later, to the end
    of `period`, at most 52 weeks. The baseline is the same window in earlier years that are
    covered, that ended before the measure started, and that share no day with the period on which
    the place was chosen: a place chosen at its peak falls back by itself.

    Parameters
    ----------
    events
        Accepted events of all periods.
    register
        The group's.
    period
        The reported period.
    municipality
        Gives thresholds.
    geography
        Gives the gazetteer in which places are looked up.
    dispersion
        Variance over mean of reported crime by place between earlier years; it widens intervals.
    whole
        False where a file of reported crime could not be read: nothing is judged then.
    ledger
        The baselines that earlier reports froze, as `frozen.read` gives them.

    Returns
    -------
    list of Evaluation
    """
    problems = register.problems.set_index("id")
    known = register.measures[register.measures["problem"].isin(problems.index)]
    pairs = [(measure, problems.loc[measure["problem"]]) for _, measure in known.iterrows()]
    taken = _ground(pairs, geography)
    crimes = located(events[events["kind"] == "reported_crime"])
    groups = {"": crimes} | dict(tuple(crimes.groupby("group")))
    counted = [
        _counted(
            events,
            groups.get(str(problem["grupp"]), crimes.head(0)),
            measure,
            problem,
            period,
            municipality,
            geography,
            taken,
            ledger,
        )
        if measure["id"] not in register.held
        else _refused(measure, problem)
        for measure, problem in pairs
    ]
    if not whole:
        return [_unjudged(one) for one in counted]
    return _judged(counted, municipality.thresholds, max(1.0, dispersion))


def _unjudged(evaluation: Evaluation) -> Evaluation:
    """Return what is known of a measure without any count: some would be too low."""
    keep = ("measure", "problem", "place", "group", "chosen")  # nothing is frozen of such counts
    why = evaluation.why_not if evaluation.window is None else "missing_file"
    return Evaluation(**{name: getattr(evaluation, name) for name in keep}, why_not=why)


def _refused(measure: pd.Series, problem: pd.Series) -> Evaluation:
    """Return no counts at all: what they rest on in the register is at fault."""
    place = str(problem["plats"] or problem["beskrivning"])
    return Evaluation(
        *(measure["id"], problem.name, place, str(problem["grupp"])), why_not="row_fault"
    )


def _counted(
    events: pd.DataFrame,
    own: pd.DataFrame,
    measure: pd.Series,
    problem: pd.Series,
    period: Period,
    municipality: Municipality,
    geography: Geography,
    taken: Ground,
    ledger: Sequence[Mapping[str, Any]],
) -> Evaluation:
    """Return the counts, or why there are none; nothing is judged yet."""
    group = str(problem["grupp"])
    centre = _centre(problem["plats"], problem["x"], problem["y"], geography)
    place = str(problem["plats"] or problem["beskrivning"])
    known = {"measure": measure["id"], "problem": problem.name, "place": place, "group": group}
    known["chosen"] = _chosen(str(problem["vald_period"])) is not None
    if centre is None:
        return Evaluation(**known, why_not="no_place")
    window = _window(measure, period)
    if window is None:
        known["held"] = hold(ledger, freeze(measure, problem, period))
        return Evaluation(**known, why_not="not_started")
    first = first_covered(events, "reported_crime", municipality, by_place=True)
    earlier = _seasons(first, window, measure)
    chosen, most = _chosen(str(problem["vald_period"])), municipality.thresholds.history_years
    baseline = [season for season in earlier if not _overlap(season, chosen)][:most]
    radius = _radius(problem)
    near = _within(own, centre, radius)
    other = _centre(measure["jamforelseplats"], math.nan, math.nan, geography)
    there = None if other is None else _within(own, other, radius)
    if there is not None:
        there = there[~there["event_id"].isin(near["event_id"])]
    held = hold(ledger, freeze(measure, problem, period, first=first, near=near, there=there))
    after, (before, before_there) = _tally(near, [window]), held.tally(baseline)
    known.update(window=window, years=len(baseline), after=after, before=before)
    known.update(held=held, baseline=tuple(baseline))
    if chosen is None or baseline != earlier[:most]:
        known["fall"] = _fall(own, near, earlier[:most], geography, place, radius)
    if not baseline:
        return Evaluation(**known, why_not="no_baseline")
    if other is None or there is None:
        return Evaluation(**known, why_not="no_comparison")
    comparison = (before_there, _tally(there, [window]))
    known.update(
        comparison=str(measure["jamforelseplats"]),
        comparison_before=comparison[0],
        comparison_after=comparison[1],
    )
    rings = [
        (_tally(events_of, baseline), _tally(events_of, [window]))
        for events_of in _rings(own, (centre, other), taken)
    ]
    known.update(ring=rings[0], comparison_ring=rings[1])
    if geography.places is not None:
        points = geography.places[["x", "y"]].to_numpy(float)
        seasons = pd.concat([in_period(own, season) for season in baseline])
        levels = counts_at(seasons, points, radius)
        places = untreated(points, levels, before, taken.centres, radius)
        later = counts_at(in_period(own, window), points[places], radius)
        known["placebo"] = placebo(
            (before, after), np.column_stack([levels[places], later]), comparison
        )
    return Evaluation(**known)


@dataclass(frozen=True)
class Ground:
    """Centres (metres) and radii of every treated place and of every comparison place."""

    centres: list[tuple[float, float]]
    radii: list[float]


def _ground(pairs: list[tuple[pd.Series, pd.Series]], geography: Geography) -> Ground:
    found: dict[tuple[float, float], float] = {}
    for measure, problem in pairs:
        for centre in (
            _centre(problem["plats"], problem["x"], problem["y"], geography),
            _centre(measure["jamforelseplats"], math.nan, math.nan, geography),
        ):
            if centre is not None:
                found[centre] = max(found.get(centre, 0.0), _radius(problem))
    return Ground(list(found), list(found.values()))


def _radius(problem: pd.Series) -> float:
    return DEFAULT_RADIUS_M if pd.isna(problem["radie_m"]) else float(problem["radie_m"])


def _rings(
    own: pd.DataFrame,
    centres: tuple[tuple[float, float], tuple[float, float]],
    taken: Ground,
) -> list[pd.DataFrame]:
    """Return the events of each centre's ring; ground near no centre is never looked at."""
    middles, radii = np.asarray(taken.centres), np.asarray(taken.radii)
    rings = []
    for centre in centres:
        reach = radii[taken.centres.index(centre)] + WIDTH_M
        near = _within(own, centre, reach)
        close = np.hypot(*(middles - centre).T) <= reach + radii + WIDTH_M
        at = close[: taken.centres.index(centre)].sum()
        ring = ring_of(near[["x", "y"]].to_numpy(float), middles[close], radii[close])
        rings.append(near[ring == at])
    return rings


def _judged(
    counted: list[Evaluation], thresholds: Thresholds, dispersion: float
) -> list[Evaluation]:
    """Judge what can be judged; which that is hangs on sums only."""
    laid = [
        None
        if e.comparison_before < 0
        else outcomes(
            (e.before, e.after),
            (e.comparison_before, e.comparison_after),
            seasons=(e.years, 1),
            dispersion=dispersion,
            least=thresholds.minimum_evaluation,
        )
        for e in counted
    ]
    alpha = _alpha([one for one in laid if one is not None], thresholds)
    return [
        e if one is None else _held(e, one, alpha, thresholds, dispersion)
        for e, one in zip(counted, laid, strict=True)
    ]


def _alpha(laid: Iterable[Outcomes], thresholds: Thresholds) -> float:
    """
    Return the level at which a claim is possible: questions that could not reach it are not asked.

    The risk is shared by no more questions than can reach their share (Tarone 1990, Biometrics
    46:515-522).
    """
    asked, questions = list(laid), 1
    whole = thresholds.indication * SHARES["measure"]
    while sum(one.reaches(whole / questions) for one in asked) > questions:
        questions += 1
    return whole / questions


def _held(
    counted: Evaluation, laid: Outcomes, alpha: float, thresholds: Thresholds, dispersion: float
) -> Evaluation:
    treated = counted.before, counted.after
    comparison = counted.comparison_before, counted.comparison_after
    level, change = thresholds.interval_level, thresholds.relevant_change
    known = replace(
        counted,
        sufficient=min(laid.power(1 / change, 1 - level), laid.power(change, 1 - level)) >= POWER,
        design=Design(
            counted.before / counted.years,
            sum(comparison) / (counted.years + 1),
            counted.years,
            dispersion,
            alpha,
            thresholds.minimum_evaluation,
        ),
    )
    rings = counted.ring, counted.comparison_ring
    if min(*rings[0], *rings[1]) >= thresholds.minimum_evaluation:
        known = replace(known, moved=_moved(rings, counted.years, dispersion, level))
    if not laid.reaches(alpha):
        return replace(known, why_not="too_few")
    if min(*treated, *comparison) < thresholds.minimum_evaluation:
        found = exact(treated, comparison, dispersion=dispersion, level=level)
        return replace(known, ratio=found.ratio, interval=found.interval, p=found.p)
    lengths = (counted.years, 1)
    difference = weighted_displacement_difference(
        treated, comparison, time_weights=lengths, dispersion=dispersion, level=level
    )
    log_ratio = math.log(treated[1] * comparison[0] / (treated[0] * comparison[1]))
    error = math.sqrt(dispersion * sum(1 / n for n in (*treated, *comparison)))
    reach = float(scipy.special.ndtri((1 + level) / 2)) * error
    if known.moved is not None:
        whole = weighted_displacement_difference(
            treated,
            comparison,
            displaced=rings[0],
            displaced_comparison=rings[1],
            time_weights=lengths,
            dispersion=dispersion,
            level=level,
        )
        known = replace(known, whole=whole)
    return replace(
        known,
        difference=difference,
        ratio=math.exp(log_ratio),
        interval=Interval(math.exp(log_ratio - reach), math.exp(log_ratio + reach), level),
        p=float(laid.p[counted.after - int(laid.after[0])]),
    )


def _moved(
    rings: tuple[tuple[int, int], tuple[int, int]], years: int, dispersion: float, level: float
) -> Displacement:
    return weighted_displacement_difference(
        *rings, time_weights=(years, 1), dispersion=dispersion, level=level
    )


def _window(measure: pd.Series, period: Period) -> Period | None:
    start, expected = measure["startdatum"], measure["forvantad_effekt_fran"]
    if pd.isna(start):
        return None
    start = start if pd.isna(expected) else max(start, expected)
    if start.date() >= period.end:
        return None
    return Period(max(start.date(), period.end - _ONE_YEAR), period.end, "interval")


def _seasons(first: date | None, window: Period, measure: pd.Series) -> list[Period]:
    """Return the earlier seasons that are covered and that the measure did not touch."""
    started = measure["startdatum"].date()
    seasons = (window.years_earlier(k) for k in range(1, 10))
    return [
        season
        for season in seasons
        if first is not None and season.start >= first and season.end <= started
    ]


def _fall(
    own: pd.DataFrame,
    near: pd.DataFrame,
    seasons: list[Period],
    geography: Geography,
    place: str,
    radius: float,
) -> Fall | None:
    """Return the fall to be expected by itself, if the place was chosen by these seasons."""
    if geography.places is None or not seasons:
        return None
    keys = normal(geography.places["name"])
    sort = geography.places["place_type"][keys == normal(pd.Series([place])).iloc[0]]
    alike = geography.places[geography.places["place_type"].isin(sort)]
    if len(alike) < FEWEST_PLACES:
        alike = geography.places
    counted = pd.concat([in_period(own, season) for season in seasons])
    similar = counts_at(counted, alike[["x", "y"]].to_numpy(float), radius)
    return fall(_tally(near, seasons), len(seasons), similar)


def _chosen(text: str) -> Period | None:
    try:
        return parse(text)
    except PeriodError:
        return None


def _overlap(season: Period, chosen: Period | None) -> bool:
    return chosen is not None and season.start < chosen.end and chosen.start < season.end


def _centre(name: object, x: float, y: float, geography: Geography) -> tuple[float, float] | None:
    if not (pd.isna(x) or pd.isna(y)):
        return float(x), float(y)
    if geography.places is None or not str(name):
        return None
    keys = normal(geography.places["name"])
    hits = np.flatnonzero(keys == normal(pd.Series([str(name)])).iloc[0])
    if len(hits) == 0:
        return None
    row = geography.places.iloc[hits[0]]
    return float(row["x"]), float(row["y"])


def _within(events: pd.DataFrame, centre: tuple[float, float], radius: float) -> pd.DataFrame:
    return events[np.hypot(events["x"] - centre[0], events["y"] - centre[1]) <= radius]


def _tally(events: pd.DataFrame, periods: list[Period]) -> int:
    return sum(int(in_period(events, p)["count"].sum()) for p in periods)


def naive_change(evaluation: Evaluation, level: float) -> Interval | None:
    """
    Return the interval of after against before at the place alone, without any comparison.

    It is shown beside the judgement so that a group sees what a plain before-and-after would have
    claimed; None without a baseline.
    """
    if evaluation.years == 0 or evaluation.window is None:
        return None
    return compare_rates(
        evaluation.after, 1, evaluation.before, evaluation.years, level=level
    ).interval
