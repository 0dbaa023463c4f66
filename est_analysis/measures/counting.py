"""What is counted for a measure: its place, what it is compared with, and what lies around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from est_analysis.gather.geography import Geography
from est_analysis.measures.comparisons import ASKED, Alternative, Choice, Comparisons, depends
from est_analysis.measures.course import course
from est_analysis.measures.elsewhere import Elsewhere, other_hours_and_kinds
from est_analysis.measures.evaluated import Evaluation
from est_analysis.measures.frozen import Held, Moved, freeze, hold
from est_analysis.measures.ground import (
    Gazetteer,
    Ground,
    Point,
    Site,
    apart,
    name_of,
    sites,
    taken,
)
from est_analysis.measures.judgement import Answer, Pair, answer
from est_analysis.measures.placebo import Placebo, placebo, untreated
from est_analysis.measures.regression import FEWEST_PLACES, Fall, fall
from est_analysis.measures.rings import WIDTH_M
from est_analysis.measures.since_start import SinceStart, since_start, years_since
from est_analysis.measures.tallies import Hours, Tallies, Whole
from est_analysis.measures.windows import Windows, choice, windows
from est_analysis.municipality import Municipality
from est_analysis.patterns.hotspots import located
from est_analysis.periods import Period


class Counting:
    """
    What all measures of one municipality are counted with.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    pairs
        Each measure of the register with its problem.
    period
        The reported period.
    municipality
        Gives thresholds.
    geography
        Gives the gazetteer in which places are looked up.
    first
        The first day that the deliveries cover by place; None where nothing is covered.
    dispersion
        Variance over mean of reported crime by place between earlier years, at least 1.
    ledger
        The baselines that earlier reports froze, as `frozen.read` gives them.
    """

    def __init__(
        self,
        events: pd.DataFrame,
        pairs: list[tuple[pd.Series, pd.Series]],
        period: Period,
        municipality: Municipality,
        geography: Geography,
        *,
        first: date | None,
        dispersion: float,
        ledger: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.period, self.first, self.dispersion = period, first, dispersion
        self.ledger: dict[str, list[Mapping[str, Any]]] = {}
        for entry in ledger:
            self.ledger.setdefault(str(entry.get("measure")), []).append(entry)
        self.thresholds = municipality.thresholds
        self.tallies = Tallies(located(events[events["kind"] == "reported_crime"]))
        self.gazetteer = Gazetteer(geography.places)
        self.sites = sites(pairs, geography)
        begun = [
            site
            for (measure, _), site in zip(pairs, self.sites, strict=True)
            if not pd.isna(measure["startdatum"]) and measure["startdatum"].date() < period.end
        ]
        self.treated = taken((site.centre, site.reach) for site in begun)
        self.ground = taken(
            ground
            for site in self.sites
            for ground in ((site.centre, site.reach), (site.other, site.radius))
        )
        self.comparisons = Comparisons(self.tallies, self.gazetteer, self.treated)

    def counted(self, measure: pd.Series, problem: pd.Series, site: Site) -> Evaluation:
        """Return the counts, or why there are none; nothing is judged yet."""
        group, chosen = str(problem["grupp"]), choice(str(problem["vald_period"]))
        known = Evaluation(
            measure["id"],
            str(problem.name),
            name_of(problem),
            group,
            chosen=chosen is not None,
        )
        if site.centre is None:
            return replace(known, why_not="no_place")
        most = self.thresholds.history_years
        days = windows(measure, chosen, self.period, self.first, most)
        if days is None:
            return replace(known, held=self._held(measure, problem), why_not="not_started")
        spots = site.spots(self.tallies)
        asked = str(measure["jamforelseplats"]).strip()
        choices = (
            self.comparisons.choices(asked, group, site, spots, days.baseline, days.spare)
            if days.baseline
            else []
        )
        choices = self._as_then(choices, measure, problem, site)
        held = self._held(measure, problem, group, spots, choices)
        known = replace(
            known,
            held=held,
            window=days.after,
            baseline=days.baseline,
            choosing=days.choosing,
            years=len(days.baseline),
            before=held.tally(days.baseline)[0],
            after=self.tallies.count(group, spots, [days.after]),
        )
        if chosen is None or days.baseline != days.naive:
            known = replace(known, fall=self._fall(group, spots, days.naive, site))
        if not days.baseline:
            return replace(known, why_not="no_baseline")
        if not choices:
            rule = ASKED.get(asked.lower())
            why = "unknown_comparison" if rule is None else "no_comparison"
            return replace(known, comparison=asked if rule is None else "", why_not=why)
        known = self._compared(known, site, spots, days, choices)
        return replace(known, since=self._since(known, measure, spots, days, chosen, choices[0]))

    def _since(
        self,
        known: Evaluation,
        measure: pd.Series,
        spots: Whole,
        days: Windows,
        chosen: Period | None,
        main: Choice,
    ) -> SinceStart | None:
        """Return the whole years since the start, held against the frozen baseline."""
        most, matched = self.thresholds.history_years, days.spare if main.rule == "similar" else ()
        years, seasons = years_since(measure, chosen, self.period.end, self.first, most, matched)
        here, there = (0, 0) if known.held is None else known.held.tally(seasons)
        return since_start(
            known.group,
            partial(self._at, spots),
            main.count,
            (here, there if main.spots is not None else main.count(known.group, seasons)),
            years,
            len(seasons),
            dispersion=self.dispersion,
            level=self.thresholds.interval_level,
            least=self.thresholds.minimum_evaluation,
        )

    def _as_then(
        self, choices: list[Choice], measure: pd.Series, problem: pd.Series, site: Site
    ) -> list[Choice]:
        """Return the choices, with the places that a rule chose when the baseline was frozen."""
        if not choices or str(measure["id"]) not in self.ledger:
            return choices
        names = self._held(measure, problem).kept.compared
        if not names or choices[0].rule == "register" or choices[0].spots is None:
            return choices
        again = self.comparisons.again(choices[0].rule, names, site)
        return choices if again is None else [again, *choices[1:]]

    def _held(
        self,
        measure: pd.Series,
        problem: pd.Series,
        group: str = "",
        spots: Whole | None = None,
        choices: Sequence[Choice] = (),
    ) -> Held:
        """Hold the baseline to what earlier reports froze; without coordinates, count nothing."""
        ledger = self.ledger.get(str(measure["id"]), [])
        if spots is None:
            return hold(ledger, freeze(measure, problem, self.period))
        main = choices[0] if choices else None
        there = None if main is None else main.spots
        by_rule = main is not None and there is not None and main.rule != "register"
        fresh = freeze(
            *(measure, problem, self.period),
            first=self.first,
            near=self.tallies.events(group, spots),
            there=None if there is None else self.tallies.events(group, there),
            compared=main.places if by_rule and main is not None else (),
        )
        held = hold(ledger, fresh)
        if held.kept.compared == fresh.compared:
            return held
        was, now = (", ".join(one.compared) for one in (held.kept, fresh))
        moved = Moved("jamforelseplats", was, now)
        return Held(fresh, fresh, (*held.moved, moved), held.kept.period)

    def _compared(
        self,
        known: Evaluation,
        site: Site,
        spots: Whole,
        days: Windows,
        choices: Sequence[Choice],
    ) -> Evaluation:
        """Add what is counted at the comparison, around the places, and where nothing was done."""
        main, group = choices[0], known.group
        own = partial(self._at, spots)
        treated = known.before, known.after
        frozen = None if main.spots is None or known.held is None else known.held
        before = None if frozen is None else frozen.tally(days.baseline)[1]
        told = [
            self._alternative(one, treated, group, days, before if one is main else None)
            for one in choices
        ]
        there = told[0].before, told[0].after
        ground = self.ground
        if main.rule != "register":
            ground = ground.with_more(main.centres, site.radius)
        known = replace(
            known,
            comparison=main.places[0] if main.rule == "register" else "",
            rule=main.rule,
            compared=main.places,
            comparison_before=there[0],
            comparison_after=there[1],
            alternatives=tuple(told),
            dependent=depends(told[0], told[1:]),
            close=main.rule == "register" and self._close(site),
            treated_too=main.rule == "register" and self._treated_too(site),
            ring=self._ring(ground, [] if site.centre is None else [site.centre], group, days),
            comparison_ring=self._ring(ground, main.centres, group, days),
            placebo=self._placebo(known, ground, site, there, days),
            course=course(
                group,
                own,
                main.count,
                days.baseline,
                days.after,
                dispersion=self.dispersion,
                level=self.thresholds.interval_level,
            ),
        )
        part = self.tallies.busiest_part(group)
        beside = other_hours_and_kinds(group, own, main, days.baseline, [days.after], part)
        if main.centres:
            beside = [Elsewhere("ring", known.ring, known.comparison_ring), *beside]
        return replace(known, elsewhere=tuple(self._told(one, days) for one in beside))

    def _at(self, spots: Whole, group: str, periods: Sequence[Period], hours: Hours = "all") -> int:
        return self.tallies.count(group, spots, periods, hours=hours)

    def _alternative(
        self, one: Choice, treated: Pair, group: str, days: Windows, before: int | None
    ) -> Alternative:
        """Return the answer under one choice; `before` is its frozen count, if it has one."""
        counted = one.count(group, days.baseline) if before is None else before
        there = counted, one.count(group, [days.after])
        found = self._answer(treated, there, days)
        return Alternative(one.rule, one.places, *there, found.ratio, found.interval)

    def _answer(self, here: Pair, there: Pair, days: Windows) -> Answer:
        return answer(
            here,
            there,
            years=len(days.baseline),
            dispersion=self.dispersion,
            level=self.thresholds.interval_level,
            least=self.thresholds.minimum_evaluation,
        )

    def _told(self, one: Elsewhere, days: Windows) -> Elsewhere:
        if min(one.here[0], one.there[0]) == 0:
            return one
        found = self._answer(one.here, one.there, days)
        return replace(one, ratio=found.ratio, interval=found.interval)

    def _close(self, site: Site) -> bool:
        if site.centre is None or site.other is None:
            return False
        return apart(site.centre, site.other) < site.reach + site.radius + WIDTH_M

    def _treated_too(self, site: Site) -> bool:
        if site.other is None:
            return False
        return any(
            apart(site.other, centre) < site.radius + radius
            for centre, radius in zip(self.treated.centres, self.treated.radii, strict=True)
            if centre != site.centre
        )

    def _ring(self, ground: Ground, centres: Sequence[Point], group: str, days: Windows) -> Pair:
        """Count the rings of some places, before and after."""
        points = self.tallies.points
        found = []
        for centre in centres:
            near = self.tallies.within(centre, ground.radius_at(centre) + WIDTH_M)
            found.append(ground.ring(points, near, centre))
        spots = np.unique(np.concatenate([*found, np.empty(0, dtype=np.int64)]))
        count = partial(self.tallies.count, group, spots)
        return count(days.baseline), count([days.after])

    def _placebo(
        self, known: Evaluation, ground: Ground, site: Site, there: Pair, days: Windows
    ) -> Placebo | None:
        """Return the change among those of untreated places of about the same level."""
        if self.gazetteer.table is None:
            return None
        points, each = self.gazetteer.points, self.tallies.each
        levels = each(known.group, points, site.radius, days.baseline)
        places = untreated(points, levels, known.before, ground.centres, site.radius)
        later = each(known.group, points, site.radius, [days.after])
        others = np.column_stack([levels[places], later[places]])
        return placebo((known.before, known.after), others, there)

    def _fall(self, group: str, spots: Whole, seasons: Sequence[Period], site: Site) -> Fall | None:
        """Return the fall to be expected by itself, if the place was chosen by these seasons."""
        if self.gazetteer.table is None or not seasons:
            return None
        alike = self.gazetteer.sorts == site.sort
        if alike.sum() < FEWEST_PLACES:
            alike[:] = True
        similar = self.tallies.each(group, self.gazetteer.points, site.radius, seasons)[alike]
        count = self.tallies.count(group, spots, seasons)
        return fall(count, len(seasons), similar, dispersion=self.dispersion)
