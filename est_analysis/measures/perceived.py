"""Perceived safety as an outcome: surveys by area, and reports of unsafe places near a measure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from est_analysis.counts import Interval, dispersion
from est_analysis.errors import PeriodError
from est_analysis.gather.geography import Geography
from est_analysis.gather.surveys import Surveys
from est_analysis.measures.comparisons import Comparisons
from est_analysis.measures.design import exact, outcomes
from est_analysis.measures.evaluation import Evaluation
from est_analysis.measures.ground import Gazetteer, begun, sites_of
from est_analysis.measures.planning import earlier_years
from est_analysis.measures.register import Register
from est_analysis.measures.tallies import Tallies
from est_analysis.municipality import Municipality
from est_analysis.patterns.coverage import first_covered
from est_analysis.patterns.hotspots import located
from est_analysis.periods import Period, parse

_SEASONS_LOOKED_AT = 9
_LEVEL = 0.95
"""Of the intervals in lists of surveys."""


@dataclass(frozen=True)
class Reports:
    """
    Reports of unsafe places near a measure, before and after, against its comparison place.

    Parameters
    ----------
    measure, place
        The measure's id, and the name of its place.
    rule, compared
        What it is compared with, as in `measures.evaluated.Evaluation`: the same as its crimes.
    before, after, comparison_before, comparison_after
        Reports in the earlier seasons together, and since the effect was expected.
    years
        How many earlier seasons.
    ratio, interval
        Ratio of ratios and its exact interval; None where no outcome with the same sums could be
        told from no change.
    """

    measure: str
    place: str
    rule: str
    compared: tuple[str, ...]
    before: int
    after: int
    comparison_before: int
    comparison_after: int
    years: int
    ratio: float | None
    interval: Interval | None


@dataclass(frozen=True)
class Answers:
    """
    Answers to a survey's question in a measure's area and in the other areas.

    Parameters
    ----------
    measure, area, question
        The measure's id; where; what was asked.
    years
        The last survey before the year in which the measure started, and the last one after it.
    shares, others
        Shares, 0-1, before and after: in the area, and in the other areas that answered both
        times, together.
    difference, interval
        How much more the share grew in the area than in the others; None where some share has no
        interval.
    """

    measure: str
    area: str
    question: str
    years: tuple[int, int]
    shares: tuple[float, float]
    others: tuple[float, float]
    difference: float
    interval: Interval | None


@dataclass(frozen=True)
class Perceived:
    """What is known of perceived safety, measure by measure; empty where nothing is."""

    reports: tuple[Reports, ...]
    answers: tuple[Answers, ...]


def difference_of_shares(
    here: tuple[float, float],
    there: tuple[float, float],
    variances: Iterable[float],
    *,
    level: float = _LEVEL,
) -> tuple[float, Interval | None]:
    """
    Return how much more a share grew here than there, with its interval.

    Parameters
    ----------
    here, there
        Shares before and after, 0-1.
    variances
        Of the four shares; the surveys are of different people.
    level
        Coverage of the interval.

    Returns
    -------
    tuple
        The difference in differences, and its interval; None where a variance is not known.

    Examples
    --------
    >>> round(difference_of_shares((0.3, 0.2), (0.2, 0.2), [0.001] * 4)[0], 2)
    -0.1
    """
    found = (here[1] - here[0]) - (there[1] - there[0])
    whole = sum(variances)
    if not math.isfinite(whole):
        return found, None
    reach = float(scipy.special.ndtri((1 + level) / 2)) * math.sqrt(whole)
    return found, Interval(found - reach, found + reach, level)


def perceived(
    events: pd.DataFrame,
    register: Register,
    evaluations: Iterable[Evaluation],
    period: Period,
    municipality: Municipality,
    geography: Geography,
    surveys: Surveys,
    *,
    whole: bool = True,
) -> Perceived:
    """
    Return what reports and surveys say of each started measure; all of it describes.

    Parameters
    ----------
    events
        Accepted events of all periods.
    register
        The group's.
    evaluations
        Give each measure's window.
    period
        The reported period.
    municipality, geography
        Thresholds and coverage; the gazetteer.
    surveys
        As `gather.surveys.read` gives them.
    whole
        False where a file of reports of unsafe places could not be read.

    Returns
    -------
    Perceived
    """
    listed = [e for e in evaluations if e.window is not None]
    reports = _reports(events, register, listed, period, municipality, geography) if whole else ()
    return Perceived(reports, _answers(surveys.table, register, listed, municipality, period))


def _reports(
    events: pd.DataFrame,
    register: Register,
    evaluations: list[Evaluation],
    period: Period,
    municipality: Municipality,
    geography: Geography,
) -> tuple[Reports, ...]:
    own = located(events[events["kind"] == "unsafe_place"])
    if own.empty or not evaluations:
        return ()
    thresholds = municipality.thresholds
    first = first_covered(events, "unsafe_place", municipality, by_place=True)
    phi = _unrest(own, earlier_years(period.end, first)[1:])
    tallies, gazetteer = Tallies(own), Gazetteer(geography.places)
    sites = sites_of(register, geography)
    comparisons = Comparisons(tallies, gazetteer, begun(register, sites, period))
    started = register.measures.set_index("id")["startdatum"]
    named = register.measures.set_index("id")["jamforelseplats"]
    chosen = register.problems.set_index("id")["vald_period"]
    found = []
    for e in evaluations:
        site = sites[e.measure]
        if e.window is None:
            continue
        spots = site.spots(tallies)
        there = (
            comparisons.chosen(e.rule, e.compared, site, spots)
            if e.rule
            else comparisons.named(named[e.measure], site, spots)  # its crimes are not judged
        )
        seasons = [
            season
            for season in (e.window.years_earlier(k) for k in range(1, _SEASONS_LOOKED_AT + 1))
            if first is not None
            and season.start >= first
            and season.end <= started[e.measure].date()
            and not _overlap(season, str(chosen[e.problem]))
        ][: thresholds.history_years]
        if not seasons or there is None:
            continue
        here = (tallies.count("", spots, seasons), tallies.count("", spots, [e.window]))
        other = (there.count("", seasons), there.count("", [e.window]))
        if sum(here) == 0:
            continue
        level = thresholds.interval_level
        told = outcomes(here, other, dispersion=phi, least=sum(here) + 1).reaches(1 - level)
        seen = exact(here, other, dispersion=phi, level=level) if told else None
        found.append(
            Reports(
                *(e.measure, e.place, there.rule, there.places, *here, *other, len(seasons)),
                ratio=None if seen is None else seen.ratio,
                interval=None if seen is None else seen.interval,
            )
        )
    return tuple(found)


def _unrest(events: pd.DataFrame, years: list[Period]) -> float:
    """Return variance over mean between whole years, place by place; the newest year stays out."""
    if len(years) < 2:
        return 1.0
    edges = np.array([year.start for year in years[::-1]] + [years[0].end], "datetime64[s]")
    at = np.searchsorted(edges, events["start"].to_numpy("datetime64[s]"), side="right") - 1
    inside = (at >= 0) & (at < len(years))
    places, names = pd.factorize(events["place"])
    table = np.zeros((len(names), len(years)))
    np.add.at(table, (places[inside], at[inside]), events["count"].to_numpy(float)[inside])
    return dispersion(table)


def _overlap(season: Period, text: str) -> bool:
    try:
        chosen = parse(text)
    except PeriodError:
        return False
    return season.start < chosen.end and chosen.start < season.end


def _answers(
    table: pd.DataFrame,
    register: Register,
    evaluations: list[Evaluation],
    municipality: Municipality,
    period: Period,
) -> tuple[Answers, ...]:
    shares = table[table["share"] & (table["area"] != municipality.name)]
    shares = shares[shares["year"] <= period.last.year]
    if shares.empty:
        return ()
    areas = register.problems.set_index("id")["omrade"].map(_key)
    started = register.measures.set_index("id")["startdatum"]
    found = []
    for e in evaluations:
        year = started[e.measure].year
        for (question, _), asked in shares.groupby(["question", "source"], sort=True):
            before, after = asked[asked["year"] < year], asked[asked["year"] > year]
            if before.empty or after.empty:
                continue
            years = (int(before["year"].max()), int(after["year"].max()))
            both = [asked[asked["year"] == y].set_index("area") for y in years]
            common = both[0].index.intersection(both[1].index)
            own = [area for area in common if _key(area) == areas[e.problem]]
            others = [area for area in common if area not in own]
            if not own or not others:
                continue
            here = [_together(part.loc[own]) for part in both]
            there = [_together(part.loc[others]) for part in both]
            pair, rest = (here[0][0], here[1][0]), (there[0][0], there[1][0])
            difference, interval = difference_of_shares(
                pair, rest, [variance for _, variance in (*here, *there)]
            )
            found.append(
                Answers(
                    *(e.measure, own[0], str(question), years, pair, rest, difference),
                    interval=interval,
                )
            )
    return tuple(found)


def _key(name: object) -> str:
    return " ".join(str(name).casefold().split())


def _together(rows: pd.DataFrame) -> tuple[float, float]:
    """Return the share of some areas together and its variance, each area by its answers."""
    n = rows["n"].to_numpy(float)
    weights = np.full(len(rows), 1 / len(rows)) if np.isnan(n).any() else n / n.sum()
    errors = (rows["high"] - rows["low"]).to_numpy(float) / (
        2 * float(scipy.special.ndtri((1 + _LEVEL) / 2))
    )
    return float(weights @ rows["value"]), float((weights**2) @ (errors**2))
