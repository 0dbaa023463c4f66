"""Everything a report says, computed once; chapters read it, or compute what they need."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from est_analysis import municipality as municipalities
from est_analysis import periods
from est_analysis.errors import SettingsError
from est_analysis.municipality import Municipality
from est_analysis.periods import Period

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from est_analysis.evidence import Finding
    from est_analysis.gather.accept import Gathered
    from est_analysis.gather.comparison import Comparison
    from est_analysis.gather.deliveries import Unread
    from est_analysis.gather.geography import Geography
    from est_analysis.gather.quality import Quality
    from est_analysis.gather.surveys import Surveys
    from est_analysis.measures.catalogue import Candidate, Catalogue, Seen
    from est_analysis.measures.evaluation import Evaluation
    from est_analysis.measures.event_study import Study
    from est_analysis.measures.follow_up import Followed
    from est_analysis.measures.perceived import Perceived
    from est_analysis.measures.planning import Plan
    from est_analysis.measures.pooled import Pooled
    from est_analysis.measures.priorities import Priorities
    from est_analysis.measures.register import Register
    from est_analysis.measures.year_review import Account, Costs, Promise
    from est_analysis.patterns.alarms import Alarms
    from est_analysis.patterns.change import Change
    from est_analysis.patterns.combinations import Combinations
    from est_analysis.patterns.few import Few
    from est_analysis.patterns.moved import Moved
    from est_analysis.patterns.profiles import Profile
    from est_analysis.patterns.ranked import Basis, Ranked
    from est_analysis.patterns.reported import Reported
    from est_analysis.patterns.reporters import Reporters
    from est_analysis.patterns.rhythms import Hours, Rhythm
    from est_analysis.patterns.situations import Situations, Typology
    from est_analysis.patterns.surfaces import Surfaces
    from est_analysis.patterns.together import Together
    from est_analysis.patterns.tried import Tried
    from est_analysis.patterns.units import Units
    from est_analysis.patterns.week import Clock
    from est_analysis.patterns.where import Bursts, Repeats, StandingOut
    from est_analysis.patterns.year_wheel import YearWheel
    from est_analysis.reports.language import Language

RESULTS_FOLDER = "EST_RESULTS"
"""Environment variable with the folder of a run's saved results; set by `build` only."""

_SETTINGS = "municipality.json"
EDITIONS = ("internal", "published")
_T = TypeVar("_T")


class result(Generic[_T]):  # noqa: N801 - reads as a decorator
    """
    A result that is computed at most once, and read from the run's folder where it stands there.

    Results made of rows (``keep=False``) never leave the process that gathered them.
    """

    def __init__(self, compute: Callable[[Any], _T], *, keep: bool = True) -> None:
        self._compute, self.keep = compute, keep
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> result[_T]: ...
    @overload
    def __get__(self, instance: Any, owner: type) -> _T: ...  # noqa: ANN401
    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        file = instance.saved and instance.saved / f"{self._name}.json"
        if file and self.keep and file.exists():
            from est_analysis.reports import handed

            value = handed.read(file.read_text("utf-8"))
        else:
            value = self._compute(instance)
        instance.__dict__[self._name] = value
        return value


def _rows(compute: Callable[[Any], _T]) -> result[_T]:
    return result(compute, keep=False)


class Results:
    """
    The answers of one report on one municipality and one period.

    Parameters
    ----------
    municipality
        Whose.
    period
        The reported period; for the meeting's brief a fortnight.
    edition
        One of `EDITIONS`.
    language
        Of all that is read.
    saved
        Folder of results that a run has computed; None when an analyst works alone.
    gathered
        Deliveries already gathered, where another report of the same run did it.
    """

    def __init__(
        self,
        municipality: Municipality,
        period: Period,
        edition: str,
        language: Language,
        *,
        saved: Path | None = None,
        gathered: Gathered | None = None,
    ) -> None:
        self.municipality, self.period = municipality, period
        self.edition, self.language, self.saved = edition, language, saved
        if gathered is not None:
            self.__dict__["gathered"] = gathered

    def ending(self, period: Period) -> Results:
        """
        Return a report on another period that ends on the same day, with nothing read anew.

        Parameters
        ----------
        period
            The other's; the register is judged on its last day.
        """
        assert period.end == self.period.end
        saved = self.saved and self.saved.with_name(str(period))
        other = Results(self.municipality, period, self.edition, self.language, saved=saved)
        for name in ("gathered", "events", "geography", "register"):
            other.__dict__[name] = getattr(self, name)
        return other

    @_rows
    def gathered(self) -> Gathered:
        """Every delivered row with its fate; rows are for the analyst's eyes only."""
        from est_analysis.gather.accept import gather

        return gather(self.municipality)

    @_rows
    def events(self) -> pd.DataFrame:
        """
        Accepted events of all periods, each counted once; rows are for the analyst's eyes only.

        All records, also those that tell of an event that another tells of, stand in `gathered`.
        """
        from est_analysis.gather.link import counted_once

        return counted_once(self.gathered.events)

    @_rows
    def crimes_of_year(self) -> pd.DataFrame:
        """Reported crimes of the twelve months up to the period's end; rows."""
        from est_analysis.patterns.coverage import in_period

        own = in_period(self.events, self.year)
        return own[own["kind"] == "reported_crime"]

    @property
    def year(self) -> Period:
        """The twelve months up to the period's end."""
        return self.period.year_to_end()

    @result
    def geography(self) -> Geography:
        """The municipality's own geometry."""
        return self.gathered.geography

    @result
    def accounting(self) -> pd.DataFrame:
        """Rows in and what became of them, file by file."""
        return self.gathered.accounting

    @result
    def unread(self) -> tuple[Unread, ...]:
        """Files that could not be read: the report is made without them, and says so."""
        return self.gathered.unread

    @property
    def missing(self) -> dict[str, str]:
        """The kinds of record that nothing is compared of, each with the file that is missing."""
        from est_analysis.patterns.coverage import kinds_with_unread

        return kinds_with_unread(self.unread, self.municipality)

    @result
    def quality(self) -> Quality:
        """Every measure of the deliveries' quality, source by source."""
        from est_analysis.gather.quality import measure

        return measure(self.gathered, self.municipality, self.period)

    @result
    def near_misses(self) -> pd.DataFrame:
        """What is nearly something known, and waits for the group's decision."""
        return self.gathered.near_misses

    @result
    def ruling_faults(self) -> pd.DataFrame:
        """Lines of the group's aliases and decisions that cannot be used."""
        return self.gathered.rulings.faults

    @result
    def reporters(self) -> Reporters:
        """Who reported in each of the last fortnights."""
        from est_analysis.patterns.reporters import reporters

        unread = {one.source for one in self.unread}
        # also what is counted with another's record was reported
        return reporters(self.gathered.events, self.period, self.municipality, unread=unread)

    @result
    def quarantine(self) -> pd.DataFrame:
        """Quarantined rows by reason: ``n``, ``first`` (where), ``values``."""
        from est_analysis.gather.quality import stopped

        return stopped(self.gathered.quarantine, ["reason"])

    @result
    def comparison(self) -> Comparison:
        """National figures for comparison, from the files that the settings name."""
        from est_analysis.gather.comparison import read

        return read(self.municipality)

    @result
    def coverage(self) -> pd.DataFrame:
        """First and last day that each source covers."""
        from est_analysis.patterns.coverage import by_source

        return by_source(self.gathered.events, self.municipality)

    @result
    def undated(self) -> int:
        """How many events may belong to the period, but are dated too coarsely to say."""
        from est_analysis.patterns.coverage import undated

        return undated(self.events, self.period)

    def _change(self, by: str) -> Change:
        from est_analysis.patterns.change import compare

        return compare(
            self.events,
            self.period,
            self.municipality,
            by=by,
            delivered=self.gathered.events,
            missing=self.missing,
            broken=self.broken,
        )

    @result
    def broken(self) -> frozenset[tuple[str, str]]:
        """Kind and group of series that a change of codes breaks within the years compared."""
        from est_analysis.gather.codes import broken

        earliest = self.period.years_earlier(self.municipality.thresholds.history_years)
        return broken(self.municipality, earliest.start, self.period.last)

    @result
    def alarms(self) -> Alarms:
        """What is new in the last fortnight, series by series."""
        from est_analysis.patterns.alarms import alarms

        return alarms(
            self.events,
            self.period,
            self.municipality,
            delivered=self.gathered.events,
            missing=self.missing,
            broken=self.broken,
        )

    @result
    def totals(self) -> Change:
        """Change of each kind of record as a whole."""
        return self._change("kind")

    @result
    def groups(self) -> Change:
        """Change of each group within each kind of record."""
        return self._change("group")

    @result
    def levels(self) -> pd.DataFrame:
        """Where the level of each kind of record changed, for the analyst."""
        from est_analysis.patterns.levels import levels

        return levels(self.events, self.period, self.municipality, delivered=self.gathered.events)

    @result
    def areas(self) -> Change:
        """Change of each kind of record in each area."""
        return self._change("area")

    @result
    def places(self) -> pd.DataFrame:
        """Public places, ranked by the twelve months' reported crimes."""
        from est_analysis.patterns.hotspots import places

        smallest = self.municipality.disclosure.smallest_place_count
        return places(self.events, self.period, smallest=smallest)

    @result
    def located_crimes(self) -> int:
        """Reported crimes of the twelve months whose place is known."""
        from est_analysis.patterns.hotspots import located

        return int(located(self.crimes_of_year)["count"].sum())

    @result
    def cells(self) -> gpd.GeoDataFrame:
        """Twelve months' counts in square cells; cells with a single event are left out."""
        from est_analysis.patterns.coverage import in_period
        from est_analysis.patterns.hotspots import PLACE_KINDS, cells

        table = cells(in_period(self.events, self.year), self.municipality)
        smallest = self.municipality.disclosure.smallest_place_count
        shown = (table[list(PLACE_KINDS)] >= smallest).any(axis=1)
        return table[shown].reset_index(drop=True)

    @result
    def clusters(self) -> gpd.GeoDataFrame:
        """Dense areas of reported crime, twelve months."""
        from est_analysis.patterns.hotspots import clusters

        return clusters(self.crimes_of_year, self.municipality)

    @_rows
    def basis(self) -> Basis:
        """The events that places are ranked by; rows."""
        from est_analysis.patterns.ranked import basis

        return basis(self.events, self.period, self.municipality, missing=self.missing.keys())

    @_rows
    def streets(self) -> Units | None:
        """Every event's stretch of street; None where there are no streets."""
        from est_analysis.patterns.units import streets

        return streets(self.events, self.gathered.geography, self.basis.latest)

    @_rows
    def ground(self) -> Units | None:
        """Every event's cell, of those that could hold anything."""
        from est_analysis.patterns.units import cells

        side = self.municipality.thresholds.cell_m
        return cells(self.events, self.gathered.geography, side)

    def _ranked(self, units: Units | None, dispersion: float | None = None) -> Ranked:
        from est_analysis.patterns.ranked import rank

        return rank(self.basis, self.period, self.municipality, units=units, dispersion=dispersion)

    @result
    def ranked_places(self) -> Ranked:
        """Public places with the year before, their class over two years and what happens there."""
        return self._ranked(None)

    @result
    def ranked_streets(self) -> Ranked | None:
        """The same of stretches of street; None where there are no streets."""
        if self.streets is None:
            return None
        return self._ranked(self.streets, self.ranked_places.dispersion)

    @result
    def ranked_cells(self) -> Ranked | None:
        """The same of cells; None where they cannot be counted."""
        return (
            None
            if self.ground is None
            else self._ranked(self.ground, self.ranked_places.dispersion)
        )

    @result
    def few(self) -> Few | None:
        """How few stretches of street, or cells, hold how much."""
        from est_analysis.patterns.few import few

        units = self.ground if self.streets is None else self.streets
        return few(self.basis, units)

    @result
    def profiles(self) -> list[Profile]:
        """What the foremost places and the dense areas are like."""
        from est_analysis.patterns.profiles import profiles

        return profiles(
            self.events,
            self.period,
            self.municipality,
            self.gathered.geography,
            self.ranked_places,
            self.clusters,
        )

    @result
    def beside(self) -> pd.DataFrame:
        """Crime beside unsafety at each place."""
        return self._beside("place")

    @result
    def beside_areas(self) -> pd.DataFrame:
        """Crime beside unsafety in each area."""
        return self._beside("area")

    def _beside(self, by: str) -> pd.DataFrame:
        from est_analysis.patterns.beside import beside

        return beside(
            self.events,
            self.period,
            by=by,
            smallest=self.municipality.disclosure.smallest_place_count,
            level=self.municipality.thresholds.interval_level,
        )

    @result
    def surveys(self) -> Surveys:
        """What people answered in surveys, area by area."""
        from est_analysis.gather.surveys import read

        return read(self.municipality, self.gathered.geography)

    @result
    def tried(self) -> Tried:
        """Every kind of map tried on the quarters that are covered."""
        from est_analysis.patterns.tried import tried

        return tried(self.basis, self.period, self.ground)

    @result
    def moved(self) -> Moved:
        """Whether reported crime lies otherwise over the areas than the year before."""
        from est_analysis.patterns.moved import moved

        return moved(self.events, self.period, self.municipality, missing=self.missing.keys())

    @result
    def surfaces(self) -> Surfaces:
        """How dense reported crime lay, twelve months and the twelve before."""
        from est_analysis.patterns.surfaces import surfaces

        return surfaces(self.events, self.period, self.municipality, self.geography.boundary)

    @result
    def safe_places(self) -> pd.DataFrame:
        """Public places pointed out as safe in twelve months: ``place``, ``n``."""
        from est_analysis.patterns.hotspots import reported_at

        smallest = self.municipality.disclosure.smallest_place_count
        return reported_at(self.events, "safe_place", self.year, smallest=smallest)

    @result
    def standing_out(self) -> StandingOut:
        """Places that hold more than their own earlier years say."""
        from est_analysis.patterns.where import standing_out

        return standing_out(self.events, self.period, self.municipality, missing=self.missing)

    @result
    def repeats(self) -> Repeats:
        """Whether crimes of one group come close together in both space and time."""
        from est_analysis.patterns.where import repeats

        return repeats(self.events, self.period, self.municipality)

    @result
    def bursts(self) -> Bursts:
        """Where crimes gathered in time within the period."""
        from est_analysis.patterns.where import bursts

        return bursts(self.events, self.period, self.municipality)

    @result
    def going_on(self) -> Bursts:
        """Where crimes gather at the period's end; for the meeting."""
        from est_analysis.patterns.where import bursts

        return bursts(self.events, self.period, self.municipality, prospective=True)

    @result
    def live_repeats(self) -> pd.DataFrame:
        """Chains of near repeats that go on; for the meeting."""
        from est_analysis.patterns.where import live

        smallest = self.municipality.disclosure.smallest_place_count
        return live(self.events, self.period, smallest=smallest)

    @result
    def rhythm(self) -> Rhythm:
        """Hours by weekday of reported crime, twelve months."""
        from est_analysis.patterns.rhythms import aoristic

        longest = self.municipality.thresholds.longest_span_hours
        zone = self.municipality.time_zone
        return aoristic(self.crimes_of_year, longest_span_hours=longest, zone=zone)

    @result
    def hours(self) -> Hours:
        """Hours of the day with their uncertainty, and what naive choices would claim."""
        from est_analysis.patterns.rhythms import hours

        longest = self.municipality.thresholds.longest_span_hours
        zone = self.municipality.time_zone
        return hours(self.crimes_of_year, longest_span_hours=longest, zone=zone)

    @result
    def clock(self) -> Clock:
        """Measures of the rhythm, for the analyst."""
        from est_analysis.patterns.week import clock

        return clock(self.events, self.crimes_of_year, self.period, self.municipality)

    @result
    def own_hours(self) -> tuple[pd.DataFrame, Period | None]:
        """Hot times of the places with most reported crime, and the months they rest on."""
        from est_analysis.patterns.own_rhythms import by_place

        return by_place(self.events, self.period, self.municipality)

    @result
    def ahead(self) -> pd.DataFrame:
        """What the calendar holds for the fortnight to come, and what it brought the last time."""
        from est_analysis.patterns.ahead import ahead

        return ahead(self.events, self.period, self.municipality, self.register.calendar)

    @result
    def year_wheel(self) -> YearWheel:
        """What the coming months usually bring, and what the calendar holds."""
        from est_analysis.patterns.year_wheel import year_wheel

        return year_wheel(self.events, self.period, self.municipality, self.register.calendar)

    @property
    def years(self) -> Period:
        """The years up to the period's end that are compared with; twelve months at least."""
        first = self.year
        for _ in range(1, self.municipality.thresholds.history_years):
            first = Period(first.start, first.start, "interval").year_to_end()
        return Period(first.start, self.year.end, "interval")

    @_rows
    def events_of_years(self) -> pd.DataFrame:
        """Accepted events of `years`, each counted once; rows."""
        from est_analysis.patterns.coverage import in_period

        return in_period(self.events, self.years)

    @result
    def ledger_of_typologies(self) -> list[dict[str, Any]]:
        """The typologies that were frozen by earlier reports, oldest first."""
        from est_analysis.gather.store import frozen_typologies

        return frozen_typologies(self.municipality)

    @result
    def typologies(self) -> dict[str, Typology]:
        """The types of situation by kind of record: as frozen, or fitted for the first time."""
        from est_analysis.patterns.coverage import in_period
        from est_analysis.patterns.situations import fitting_period, thawed, typology

        found = {}
        for kind in ("reported_crime", "event"):
            wanted = self.municipality.situations.fitted
            kept = thawed(self.ledger_of_typologies, kind, self.period, wanted)
            if kept is None:
                fitted = fitting_period(self.events, kind, self.period, self.municipality)
                own = in_period(self.events, fitted)
                own = own[own["kind"] == kind]
                kept = typology(own, self.municipality, kind=kind, fitted=fitted)
            found[kind] = kept
        return found

    def _sorted(self, kind: str) -> Situations:
        from est_analysis.patterns.coverage import in_period
        from est_analysis.patterns.situations import sort_into

        own = in_period(self.events, self.year)
        own = own[own["kind"] == kind]
        return sort_into(own, self.typologies[kind], self.period, self.municipality)

    @result
    def situations(self) -> Situations:
        """Reported crimes of twelve months, sorted into the frozen types."""
        return self._sorted("reported_crime")

    @result
    def event_situations(self) -> Situations:
        """The partners' events of twelve months, sorted into the frozen types."""
        return self._sorted("event")

    @result
    def combinations(self) -> Combinations:
        """Combinations of what, where and when among reported crimes that stand out; years."""
        from est_analysis.patterns.combinations import combinations

        own = self.events_of_years
        return combinations(own[own["kind"] == "reported_crime"])

    @result
    def reported(self) -> Reported:
        """How much of what partners saw is found among the police reports; years."""
        from est_analysis.patterns.reported import reported

        return reported(
            self.gathered.events,
            self.gathered.links,
            self.period,
            self.municipality,
            self.gathered.geography,
        )

    @result
    def reporting(self) -> pd.DataFrame:
        """Kinds of record where someone new reports, or someone has stopped."""
        from est_analysis.patterns.reported import reporting

        return reporting(self.events, self.period, self.municipality)

    @result
    def together(self) -> Together:
        """What goes with which crimes at the same places; years."""
        from est_analysis.patterns.reported import found_by
        from est_analysis.patterns.together import together

        found = found_by(self.gathered.events, self.gathered.links)
        return together(self.events_of_years, found)

    @result
    def register(self) -> Register:
        """The group's problems, measures and decisions."""
        from est_analysis.measures.register import read

        return read(self.municipality, self.geography, today=self.period.last)

    @result
    def due(self) -> pd.DataFrame:
        """What is overdue, waits for follow-up or is open on the period's last day."""
        from est_analysis.measures.due import due

        return due(self.register, self.period.last)

    @result
    def priorities(self) -> Priorities:
        """Places against the council's criteria, and how far their order holds."""
        from est_analysis.measures.priorities import matrix
        from est_analysis.patterns.coverage import first_covered, in_period

        before = Period(self.year.years_earlier(1).start, self.year.start, "interval")
        first = first_covered(self.gathered.events, "reported_crime", self.municipality)
        covered = first is not None and first <= before.start
        covered &= "reported_crime" not in self.missing
        return matrix(
            self.places,
            in_period(self.events, self.year),
            in_period(self.events, before) if covered else None,
            self.register.problems,
            self.geography.places,
        )

    @result
    def unrest_of_places(self) -> float:
        """Variance over mean of reported crime by place between years, at least 1."""
        from est_analysis.measures.unrest import of_places
        from est_analysis.patterns.coverage import first_covered
        from est_analysis.patterns.hotspots import located

        return of_places(
            located(self.events[self.events["kind"] == "reported_crime"]),
            self.period,
            self.municipality,
            first=first_covered(
                self.gathered.events, "reported_crime", self.municipality, by_place=True
            ),
            treated=self.register.problems["plats"],
        )

    @property
    def foremost_places(self) -> list[str]:
        """Places in the order of the council's matrix."""
        return [str(name) for name in self.priorities.table["place"]]

    @result
    def catalogue(self) -> Catalogue:
        """Measures for places: the shipped catalogue and the municipality's own."""
        from est_analysis.measures.catalogue import read

        return read(self.municipality)

    @result
    def candidates(self) -> list[tuple[Seen, list[Candidate]]]:
        """What the foremost places give reason to discuss, place by place."""
        from est_analysis.measures.catalogue import candidates, places_to_discuss, seen_at

        smallest = self.municipality.disclosure.smallest_place_count
        names = places_to_discuss(self.foremost_places, self.places, smallest=smallest)
        seen = seen_at(self.events, self.period, names, smallest=smallest)
        return [(one, candidates(one, self.catalogue)) for one in seen]

    @result
    def evaluations(self) -> list[Evaluation]:
        """What can be said of each measure."""
        from est_analysis.measures.evaluation import evaluate

        return evaluate(
            self.events,
            self.register,
            self.period,
            self.municipality,
            self.gathered.geography,
            dispersion=self.unrest_of_places,
            whole="reported_crime" not in self.missing,
            ledger=self.ledger_of_baselines,
            delivered=self.gathered.events,
        )

    @result
    def pooled(self) -> list[Pooled]:
        """What like measures say together."""
        from est_analysis.measures.ground import Gazetteer, sites_of
        from est_analysis.measures.pooled import grounds_of, pool

        measures, geography = self.register.measures, self.gathered.geography
        sites = sites_of(self.register, geography)
        return pool(
            self.evaluations,
            dict(zip(measures["id"], measures["atgardstyp"], strict=True)),
            grounds_of(self.evaluations, sites, Gazetteer(geography.places)),
            self.municipality.thresholds,
            dispersion=self.unrest_of_places,
        )

    @result
    def perceived(self) -> Perceived:
        """Perceived safety near measures: reports, and surveys by area."""
        from est_analysis.measures.perceived import perceived

        return perceived(
            self.events,
            self.register,
            self.evaluations,
            self.period,
            self.municipality,
            self.gathered.geography,
            self.surveys,
            whole="unsafe_place" not in self.missing,
        )

    @result
    def study(self) -> Study | None:
        """How places with a measure went beside places without, quarter by quarter."""
        from est_analysis.measures.event_study import event_study, panel_of

        if "reported_crime" in self.missing:
            return None
        panel = panel_of(
            self.events, self.register, self.period, self.municipality, self.gathered.geography
        )
        thresholds = self.municipality.thresholds
        return (
            None
            if panel is None
            else event_study(
                panel, least=thresholds.minimum_evaluation, level=thresholds.interval_level
            )
        )

    @result
    def plans(self) -> list[Plan]:
        """What the numbers of each planned measure could show."""
        from est_analysis.measures.planning import plans

        return plans(
            self.events,
            self.register,
            self.period,
            self.municipality,
            self.gathered.geography,
            self.evaluations,
            dispersion=self.unrest_of_places,
            whole="reported_crime" not in self.missing,
        )

    @result
    def ledger_of_baselines(self) -> list[dict[str, Any]]:
        """The baselines that were frozen by earlier reports, oldest first."""
        from est_analysis.measures.frozen import read

        return read(self.municipality)

    @result
    def year_measures(self) -> pd.DataFrame:
        """The measures that went on in the period; for the year review."""
        from est_analysis.measures.year_review import measures_of

        return measures_of(self.register, self.period)

    @result
    def year_costs(self) -> Costs:
        """What those measures cost, as far as it can be added."""
        from est_analysis.measures.year_review import costs

        return costs(self.year_measures["cost"])

    @result
    def year_reports(self) -> dict[Period, list[dict[str, Any]]]:
        """Findings of the reports on parts of the period, from the ledger."""
        from est_analysis.gather.store import earlier_reports
        from est_analysis.measures.year_review import reports_of

        return reports_of(earlier_reports(self.municipality), self.period, self.edition)

    @result
    def year_types(self) -> Typology:
        """The types of situation that the period itself would give, beside the frozen ones."""
        from est_analysis.patterns.coverage import in_period
        from est_analysis.patterns.situations import typology

        own = in_period(self.events, self.period)
        own = own[own["kind"] == "reported_crime"]
        return typology(own, self.municipality, kind="reported_crime", fitted=self.period)

    @result
    def year_accounts(self) -> list[Account]:
        """Lines of the yearly safety accounts."""
        from est_analysis.measures.year_review import accounts

        return accounts(
            self.events,
            self.period,
            self.municipality,
            self.groups,
            self.totals,
            delivered=self.gathered.events,
            missing=self.missing,
        )

    @result
    def year_severity(self) -> tuple[int, int]:
        """How many records of the period have their severity judged, and how many as the worst."""
        from est_analysis.patterns.coverage import in_period

        own = in_period(self.events, self.period)
        judged = own[own["severity"].notna()]
        return int(judged["count"].sum()), int(judged.loc[judged["severity"] == 3, "count"].sum())

    @result
    def year_promise(self) -> Promise:
        """What a citizens' promise is followed up by, tertial by tertial."""
        from est_analysis.measures.year_review import promise

        return promise(self.events, self.period, self.municipality, self.register)

    @result
    def fortnight_places(self) -> pd.DataFrame:
        """Places of the fortnight: new, or come back, with what was reported there."""
        from est_analysis.patterns.hotspots import recent_places

        smallest = self.municipality.disclosure.smallest_place_count
        return recent_places(
            self.events, self.period, smallest=smallest, missing=self.missing.keys()
        )

    @result
    def earlier(self) -> list[tuple[Period, list[dict[str, Any]]]]:
        """Period and findings of earlier reports of the same kind, from the ledger, in order."""
        from est_analysis.gather.store import earlier_reports

        own = (self.period.kind, self.edition)
        found = {}
        for entry in earlier_reports(self.municipality):
            period = periods.parse(entry["period"])
            if entry.get("report", "rapport") != "rapport":
                continue  # a brief, which may be as long
            if (period.kind, entry["edition"]) == own and period.end <= self.period.start:
                found[period] = entry["findings"]  # of a period that was reported twice, the last
        return sorted(found.items(), key=lambda line: line[0].start)

    @property
    def former(self) -> tuple[Period, list[dict[str, Any]]] | None:
        """Period and findings of the latest earlier report of the same kind."""
        return self.earlier[-1] if self.earlier else None

    @result
    def followed(self) -> list[Followed]:
        """What earlier reports claimed, what was decided since, and what happened."""
        from est_analysis.measures.follow_up import follow_up, open_claims

        return follow_up(open_claims(self.earlier), self.register, self.findings, self.period)

    @result
    def findings(self) -> list[Finding]:
        """Every finding of the quarterly report, with its word."""
        from est_analysis.reports.findings import quarterly

        return quarterly(self)

    @result
    def brief_findings(self) -> list[Finding]:
        """Every finding of the meeting's brief, with its word."""
        from est_analysis.reports.findings import meeting

        return meeting(self)

    def save(self, folder: Path, names: tuple[str, ...]) -> None:
        """Compute the named results and write them where a run's chapters will read them."""
        from est_analysis.reports import handed

        folder.mkdir(parents=True, exist_ok=True)
        (folder / _SETTINGS).write_text(handed.write(self.municipality.model_dump()), "utf-8")
        for name in names:
            (folder / f"{name}.json").write_text(handed.write(getattr(self, name)), "utf-8")

    def __repr__(self) -> str:
        """Return what an analyst wants to see first."""
        return (
            f"{self.municipality.name}, {self.language.period(self.period)}, "
            f"{self.edition}, {self.language.code}"
        )


def open_report(
    municipality: str, period: str, *, edition: str = "internal", language: str = "sv"
) -> Results:
    """
    Open a report on a municipality and a period, as the first cell of every chapter does.

    Parameters
    ----------
    municipality
        A municipality's folder, or the name of a shipped example.
    period
        As `periods.parse` reads it.
    edition
        ``internal``; the published edition is made from released tables only.
    language
        ``sv``, or the code of a shipped catalogue.

    Returns
    -------
    Results

    Raises
    ------
    SettingsError
        If the municipality, its settings, the edition or the language do not hold.
    PeriodError
        If the period cannot be read.
    """
    from est_analysis.reports import handed
    from est_analysis.reports.language import Language

    check_edition(edition)
    parsed = periods.parse(period)
    run = os.environ.get(RESULTS_FOLDER)
    saved = _private(Path(run)) / str(parsed) if run else None
    settings = (
        Municipality.model_validate(handed.read((saved / _SETTINGS).read_text("utf-8")))
        if saved
        else municipalities.load(municipality)
    )
    return Results(settings, parsed, edition, Language(language), saved=saved)


def _private(folder: Path) -> Path:
    """
    Return the folder of a run's results, which nobody else may write in.

    Raises
    ------
    SettingsError
        If it belongs to, or can be changed by, anyone else.
    """
    if os.name == "posix":
        about = folder.stat()
        if about.st_uid != os.getuid() or about.st_mode & 0o022:
            raise SettingsError(
                "Mappen med körningens resultat är inte bara din.",
                where=str(folder),
                mend=f"Ta bort {RESULTS_FOLDER} ur miljön; kapitlen räknar då själva.",
            )
    return folder


def check_edition(edition: str) -> None:
    """
    Refuse editions that do not exist.

    Raises
    ------
    SettingsError
        If the edition is unknown.
    """
    if edition not in EDITIONS:
        raise SettingsError(
            f"Utgåvan ”{edition}” finns inte.", mend=f"Välj någon av: {', '.join(EDITIONS)}."
        )
