"""Before a measure starts: how many events there are to see it by, and how long that will take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

import pandas as pd

from est_analysis.errors import PeriodError
from est_analysis.evidence import SHARES
from est_analysis.gather.geography import Geography
from est_analysis.measures.comparisons import Comparisons
from est_analysis.measures.design import LONGEST_YEARS, POWER, Design
from est_analysis.measures.evaluation import Evaluation
from est_analysis.measures.ground import Gazetteer, Site, clear_of, name_of, sites_of, taken
from est_analysis.measures.placebo import untreated
from est_analysis.measures.register import CLOSED, Register
from est_analysis.measures.tallies import Tallies
from est_analysis.municipality import Municipality, Thresholds
from est_analysis.patterns.coverage import first_covered
from est_analysis.patterns.hotspots import located
from est_analysis.periods import Period, parse

STOP = 0.01
"""A ratio that stands for a full stop, which has no logarithm."""
_YEAR = timedelta(weeks=52)
_SEASONS_LOOKED_AT = 10
_PER_CENT = r"(\d{1,3})\s*(?:procent|%)"
_FALLS = (
    re.compile(rf"{_PER_CENT}\s*(?:färre|mindre|lägre)", re.IGNORECASE),
    re.compile(rf"minsk\w*\s[^.;\d]*?(?:med\s+)?(?:minst\s+)?{_PER_CENT}", re.IGNORECASE),
)


@dataclass(frozen=True)
class Prospect:
    """
    What the numbers at a place and at a comparison place could show.

    Parameters
    ----------
    design
        What is expected per year without any effect, and by which rule it will be judged.
    fall
        The weakest effect (a ratio, 0.4 is a fall of 60 %) seen after one year; None where not
        even a full stop is.
    years
        Years needed to see a change of the size that matters; None over ten.
    years_goal
        Years needed to see the goal; None over ten, and where no goal is named.
    years_stop
        Years needed to see a full stop; None over ten.
    rule, compared
        What it is compared with, as in `measures.evaluated.Evaluation`; both empty where an equally
        large place is supposed.
    """

    design: Design
    fall: float | None
    years: int | None
    years_goal: int | None
    years_stop: int | None
    rule: str = ""
    compared: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """
    What can be said before a measure starts.

    Parameters
    ----------
    measure, place, group
        As in `measures.evaluation.Evaluation`.
    count, seasons
        Events of the place, over so many earlier years of 52 weeks.
    comparison
        The comparison as the register writes it; empty where it says nothing.
    comparison_count
        Events where it is compared, by the register's word or by rule; -1 where the register names
        a place that nobody knows.
    chosen_then
        Whether the place was chosen on these very years, or nobody says on which: then fewer are
        to be expected.
    goal
        The fall that the register's goal names, as a ratio; None where it names none.
    prospect
        With the comparison that an evaluation would choose, or an equally large one where the
        register names a place that nobody knows.
    other
        With the most alike place where nothing is done; None where there is none, or no need.
    why_not
        Empty, or why nothing can be told: ``no_place``, ``no_history``, ``missing_file``.
    """

    measure: str
    place: str
    group: str
    count: int = 0
    seasons: int = 0
    comparison: str = ""
    comparison_count: int = -1
    chosen_then: bool = False
    goal: float | None = None
    prospect: Prospect | None = None
    other: Prospect | None = None
    why_not: str = ""


def goal_of(text: str) -> float | None:
    """
    Return the fall that a goal names, as a ratio; None where it names none.

    Only plain words are read: so many per cent fewer, half, none. Nothing is guessed of others.

    Examples
    --------
    >>> goal_of("Minst 30 procent färre anmälda brott på ett år")
    0.7
    >>> goal_of("Fri sikt femton meter") is None
    True
    """
    for pattern in _FALLS:
        if found := pattern.search(text):
            share = int(found[1]) / 100
            return round(max(STOP, 1 - share), 4) if 0 < share <= 1 else None
    if re.search(r"\b(halver\w*|hälften)\b", text, re.IGNORECASE):
        return 0.5
    return STOP if re.match(r"\s*(inga|inget|ingen)\b", text, re.IGNORECASE) else None


def level_of(
    evaluations: Iterable[Evaluation], thresholds: Thresholds, *, further: int = 1
) -> float:
    """
    Return the level at which a measure will be judged once `further` are asked about as well.

    The room's risk is shared by the measures that can be asked about: see
    `measures.evaluation.evaluate`.
    """
    whole = thresholds.indication * SHARES["measure"]
    alphas = [e.design.alpha for e in evaluations if e.design is not None]
    return whole / (max((round(whole / alpha) for alpha in alphas), default=0) + max(1, further))


def prospect(
    counts: tuple[int, int],
    seasons: int,
    thresholds: Thresholds,
    *,
    goal: float | None = None,
    dispersion: float = 1.0,
    alpha: float = 0.05,
) -> Prospect:
    """
    Return what counts over earlier years say of what can be seen later.

    Parameters
    ----------
    counts
        Events at the place and at the comparison place, all `seasons` together.
    seasons
        Earlier years; one or more.
    thresholds
        The change that matters, and from how many events approximations are trusted.
    goal
        A fall as a ratio.
    dispersion
        Variance over mean between comparable years.
    alpha
        The two-sided level of the claim.

    Returns
    -------
    Prospect

    Raises
    ------
    ValueError
        If a count is negative or there is no earlier year.
    """
    if min(counts) < 0 or seasons < 1:
        raise ValueError("counts are zero or more, of one year or more")
    design = Design(
        counts[0] / seasons,
        counts[1] / seasons,
        min(seasons, thresholds.history_years),
        dispersion,
        alpha,
        thresholds.minimum_evaluation,
    )
    stop = None if counts[0] == 0 else _years(design, STOP)
    if stop is None:  # what is weaker is not seen either
        return Prospect(design, None, None, None, None)
    change = 1 / thresholds.relevant_change
    years = _years(design, change)
    return Prospect(
        design,
        design.smallest_fall() if stop == 1 else None,
        years,
        years if goal == change else None if goal is None else _years(design, goal),
        stop,
    )


def _years(design: Design, effect: float) -> int | None:
    """Return the years needed; what is not seen in ten is not looked for year by year."""
    if design.power(effect, LONGEST_YEARS) < POWER:
        return None
    return design.years_needed(effect)


def what_if(
    tallies: Tallies,
    group: str,
    place: Site,
    comparison: Site | None,
    seasons: list[Period],
    thresholds: Thresholds,
    *,
    goal: float | None = None,
    dispersion: float = 1.0,
    alpha: float = 0.05,
) -> Prospect:
    """
    Return what any place could show; for the analyst who wonders before anything is decided.

    Parameters
    ----------
    tallies
        Of located events, all periods.
    group
        Of events; empty is all.
    place, comparison
        Where; without a comparison place an equally large one is supposed.
    seasons
        Earlier years: see `earlier_years`.
    thresholds, goal, dispersion, alpha
        As in `prospect`.

    Returns
    -------
    Prospect

    Raises
    ------
    ValueError
        If there is no earlier year.
    """
    own = tallies.count(group, place.spots(tallies), seasons)
    there = own
    if comparison is not None:
        there = tallies.count(group, comparison.spots(tallies), seasons)
    return prospect(
        (own, there), len(seasons), thresholds, goal=goal, dispersion=dispersion, alpha=alpha
    )


def earlier_years(end: date, first: date | None, *, most: int = _SEASONS_LOOKED_AT) -> list[Period]:
    """Return years of 52 weeks up to `end` that are covered from `first` on, nearest first."""
    years = (Period(end - _YEAR * (k + 1), end - _YEAR * k, "interval") for k in range(most))
    return [year for year in years if first is not None and year.start >= first]


def plans(
    events: pd.DataFrame,
    register: Register,
    period: Period,
    municipality: Municipality,
    geography: Geography,
    evaluations: Iterable[Evaluation] = (),
    *,
    dispersion: float = 1.0,
    whole: bool = True,
) -> list[Plan]:
    """
    Say of every measure that has not started what its numbers could show.

    The years counted are those that the evaluation will compare with: covered, before the start,
    and free of the period on which the place was chosen. Where none is free, all are counted and
    the plan says so.

    Parameters
    ----------
    events
        Accepted events of all periods.
    register
        The group's.
    period
        The reported period; what starts after it is planned.
    municipality, geography
        Thresholds; the gazetteer.
    evaluations
        The measures that have started: they share the risk of a false word.
    dispersion
        Variance over mean of reported crime by place between earlier years.
    whole
        False where a file of reported crime could not be read: nothing is counted then.

    Returns
    -------
    list of Plan
        In the register's order; measures that were closed before they began are left out.
    """
    waiting = planned(register, period)
    if waiting.empty:
        return []
    thresholds = municipality.thresholds
    alpha = level_of(evaluations, thresholds, further=len(waiting))
    sites, gazetteer = sites_of(register, geography), Gazetteer(geography.places)
    tallies = Tallies(located(events[events["kind"] == "reported_crime"]))
    treated = taken((site.centre, site.reach) for site in sites.values())  # as once it has begun
    comparisons = Comparisons(tallies, gazetteer, treated)
    first = first_covered(events, "reported_crime", municipality, by_place=True)
    years = earlier_years(period.end, first)
    problems = register.problems.set_index("id")
    found = []
    for measure in waiting.to_dict("records"):
        problem = problems.loc[measure["problem"]]
        group, site = str(problem["grupp"]), sites[str(measure["id"])]
        plan = Plan(
            *(str(measure["id"]), name_of(problem), group), goal=goal_of(str(measure["mal"]))
        )
        if site.centre is None or not years or not whole:
            why = "no_place" if site.centre is None else "no_history" if whole else "missing_file"
            found.append(replace(plan, why_not=why))
            continue
        chosen = _period(str(problem["vald_period"]))
        free = [year for year in years if not _overlap(year, chosen)]
        seasons = (free or years)[: thresholds.history_years]
        spots = site.spots(tallies)
        count = tallies.count(group, spots, seasons)
        asked = str(measure["jamforelseplats"]).strip()
        spare = [year for year in years if year not in seasons]
        choices = comparisons.choices(asked, group, site, spots, seasons, spare)
        main = choices[0] if choices else None
        there = count if main is None else main.count(group, seasons)
        tell = partial(
            prospect,
            seasons=len(seasons),
            thresholds=thresholds,
            goal=plan.goal,
            dispersion=dispersion,
            alpha=alpha,
        )
        seen = tell((count, there))
        if main is not None:
            seen = replace(seen, rule=main.rule, compared=main.places)
        other = None
        if seen.years_stop is not None and seen.years != 1:
            alike = _most_alike(tallies, group, count, seasons, site, sites, gazetteer)
            if alike is not None and (alike[0],) != seen.compared:
                other = replace(tell((count, alike[1])), rule="register", compared=(alike[0],))
        found.append(
            replace(
                plan,
                count=count,
                seasons=len(seasons),
                comparison=asked,
                comparison_count=-1 if main is None else there,
                chosen_then=chosen is None or not free,
                prospect=seen,
                other=other,
            )
        )
    return found


def planned(register: Register, period: Period) -> pd.DataFrame:
    """Return the measures that start after `period`, or have no start yet, and are not closed."""
    measures = register.measures
    starts = measures["startdatum"]
    later = starts.isna() | (starts >= pd.Timestamp(period.end))
    known = measures["problem"].isin(register.problems["id"])
    return measures[later & known & ~measures["status"].isin(CLOSED)]


def _most_alike(
    tallies: Tallies,
    group: str,
    count: int,
    seasons: list[Period],
    place: Site,
    sites: Mapping[str, Site],
    gazetteer: Gazetteer,
) -> tuple[str, int] | None:
    """Return the place of nearest level that shares no ground with any measure's, and its count."""
    if gazetteer.table is None or count == 0:
        return None
    points = gazetteer.points
    free = clear_of(points, place.radius, sites.values())
    levels = tallies.each(group, points, place.radius, seasons, only=free)
    found = untreated(points[free], levels, count, [], place.radius)
    if len(found) == 0:
        return None
    return gazetteer.names[int(free[found[0]])], int(levels[found[0]])


def _period(text: str) -> Period | None:
    try:
        return parse(text)
    except PeriodError:
        return None


def _overlap(season: Period, chosen: Period | None) -> bool:
    return chosen is not None and season.start < chosen.end and chosen.start < season.end
