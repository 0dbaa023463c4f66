"""From choices to what is shown of them: a sentence, a table, a rhythm and the layers of a map."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cached_property
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from est_analysis.bench.choices import USUAL_M, Choices, Offered, offered
from est_analysis.bench.counted import Counted, Frame, about, select, slim
from est_analysis.errors import SettingsError
from est_analysis.evidence import Text
from est_analysis.patterns.coverage import first_covered
from est_analysis.patterns.density import breaks
from est_analysis.patterns.hotspots import located
from est_analysis.patterns.peaks import FEWEST
from est_analysis.patterns.surfaces import lying_near, round_up
from est_analysis.reports.language import KINDS, WEEKDAYS, Language
from est_analysis.reports.maps import ground as grounds
from est_analysis.reports.maps.contours import reaching
from est_analysis.reports.maps.layers import HATCHES, ORANGE, PURPLE, PURPLES, Layer, Part, Style
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from est_analysis.bench.view import View
    from est_analysis.reports.results import Results

MOST_PLACES = 15
_KEPT = 200
_SHADES = ("#f3f6fa", "#c6dbef", "#6baed6", "#2171b5", "#08306b")


class Bench:
    """
    What an analyst asks of one municipality; each set of choices is counted once.

    Parameters
    ----------
    results
        The report's, of the internal edition: rows are seen here, and nowhere else.

    Raises
    ------
    SettingsError
        If the edition is another: what is published is made of released tables only.
    """

    def __init__(self, results: Results) -> None:
        if results.edition != "internal":
            raise SettingsError(
                "Analytikerns bänk visar rader, och finns bara för den interna utgåvan.",
                mend='Skriv edition = "internal" i första rutan.',
            )
        self.results = results
        self._selected: dict[Choices, Counted] = {}
        self._counted: dict[Choices, Counted] = {}
        self._covered: dict[str, date | None] = {}

    @property
    def say(self) -> Language:
        """The language of all that is read."""
        return self.results.language

    @property
    def smallest(self) -> int:
        """No count below this leaves the bench."""
        return self.results.municipality.disclosure.smallest_place_count

    @cached_property
    def offered(self) -> Offered:
        """What there is to choose among."""
        return offered(self.results)

    @cached_property
    def usual(self) -> Choices:
        """What the bench opens with."""
        return Choices(self.offered.periods[0], self.offered.kinds[0])

    @cached_property
    def frame(self) -> Frame:
        """One frame for all choices."""
        kinds = self.events["kind"].isin(self.offered.kinds)
        return Frame(located(self.events[kinds]), self.results.gathered.geography.boundary)

    def counted(self, choices: Choices) -> Counted:
        """Return what a set of choices counts."""
        usual = replace(choices, bandwidth=USUAL_M)
        if usual not in self._selected:
            first = self.first_day(choices.kind)
            found = select(self.events, usual, self.results.municipality, first)
            _keep(self._selected, usual, found)
        if choices not in self._counted:
            found = about(self._selected[usual], choices.bandwidth, self.frame)
            _keep(self._counted, choices, found)
        return self._counted[choices]

    @cached_property
    def events(self) -> pd.DataFrame:
        """What is counted: every accepted event once, light to pick from."""
        return slim(self.results.events)

    def first_day(self, kind: str) -> date | None:
        """Return the first day from which a kind of record is delivered with places, or None."""
        if kind not in self._covered:
            events, municipality = self.results.gathered.events, self.results.municipality
            self._covered[kind] = first_covered(events, kind, municipality, by_place=True)
        return self._covered[kind]

    def what(self, choices: Choices) -> Text:
        """Return what is counted, for example "anmälda brott (Klotter), Centrum"."""
        kind = Text(KINDS[choices.kind])
        names = [name for name in (choices.group, choices.area) if name]
        if not names:
            return kind
        template = "{kind} ({one}, {other})" if len(names) > 1 else "{kind} ({one})"
        return Text(template, {"kind": kind, "one": names[0], "other": names[-1]})

    def sentence(self, choices: Choices, *, leaving: bool = False) -> str:
        """Return how many there are, of how many the place and the hour are known."""
        found, what = self.counted(choices), self.what(choices)
        if leaving and 0 < found.n < self.smallest:
            values = {"smallest": self.smallest, "what": what, "period": choices.period}
            return self.say.sentence(Text("Färre än {smallest} {what}, {period}.", values))
        if found.n == 0:
            text = Text("Inga {what}, {period}.", {"what": what, "period": choices.period})
            return self.say.sentence(text)
        values = {
            "count": found.n,
            "what": what,
            "period": choices.period,
            "placed": found.placed,
            "timed": found.rhythm.n,
        }
        return self.say.sentence(
            Text(
                "{count} {what}, {period}. Platsen är känd för {placed} av dem och tiden på dygnet "
                "för {timed}.",
                values,
            )
        )

    def table(
        self, choices: Choices, *, leaving: bool = False, most: int | None = MOST_PLACES
    ) -> Table:
        """
        Return the places of a set of choices, those with most about them first.

        Parameters
        ----------
        choices
            Which.
        leaving
            True for what leaves the bench: counts below what a report may show are left out.
        most
            At most so many places; None for all.
        """
        table = self.counted(choices).places
        if leaving:
            table = table[table["n"] >= self.smallest]
        rows: list[list[Any]] = []
        for row in table.head(len(table) if most is None else most).itertuples():
            before = None if np.isnan(row.before) else int(row.before)
            if leaving and before is not None and 0 < before < self.smallest:
                before = None
            dense = None if np.isnan(row.density) else round(float(row.density))
            rows.append([str(row.place), str(row.area), int(row.n), before, int(row.near), dense])
        note = Text(
            "Ett år tidigare: samma tid på året, som uppgifterna är kända nu. Platser nära "
            "varandra räknas in i varandras omgivning. Täthet per kvadratkilometer, runt platsen."
        )
        return Table(
            "platser",
            Text(
                "Platser: {what}, {period}", {"what": self.what(choices), "period": choices.period}
            ),
            [
                "Plats",
                "Område",
                "Antal",
                "Ett år tidigare",
                self.say.say(Text("Inom {bandwidth} meter", {"bandwidth": choices.bandwidth})),
                "Täthet",
            ],
            rows,
            self.say,
            note,
        )

    def rhythm(self, choices: Choices, *, leaving: bool = False) -> str:
        """Return hours by weekday as a picture in HTML; a sentence where too few are known."""
        say, rhythm = self.say, self.counted(choices).rhythm
        if rhythm.n == 0 or (leaving and rhythm.n < FEWEST):
            few = "Tiden på dygnet är känd för få." if rhythm.n else "Ingen tid på dygnet är känd."
            return f'<p class="est-note">{escape(say.translate(few))}</p>'
        top = float(rhythm.weights.max())
        day, hour = divmod(int(rhythm.weights.argmax()), 24)
        told = say.say(
            Text(
                "Veckans timmar: flest {day} klockan {hour}–{next}, {most} av {n}. Händelser som "
                "har en från- och en tilltid fördelas jämnt mellan dem.",
                {
                    "day": Text(WEEKDAYS[day]),
                    "hour": hour,
                    "next": (hour + 1) % 24,
                    "most": top,
                    "n": rhythm.n,
                },
            )
        )
        marks = []
        for at, each in enumerate(WEEKDAYS):
            name = escape(say.translate(each)[:3])
            marks.append(f'<text x="30" y="{at * 16 + 12}" text-anchor="end">{name}</text>')
            for clock in range(24):
                weight = float(rhythm.weights[at, clock])
                shade = _SHADES[min(4, int(5 * weight / top))] if weight else "#ffffff"
                title = f"{say.translate(each)} {clock:02d}: {say.number(weight)}"
                marks.append(
                    f'<rect x="{34 + clock * 16}" y="{at * 16}" width="15" height="15" '
                    f'fill="{shade}"><title>{escape(title)}</title></rect>'
                )
        for clock in (0, 6, 12, 18):
            marks.append(f'<text x="{34 + clock * 16}" y="126">{clock:02d}</text>')
        return (
            f'<svg class="est-week" viewBox="0 0 420 130" role="img" aria-label="{escape(told)}">'
            f'{"".join(marks)}</svg><p class="est-note">{escape(told)}</p>'
        )

    def layers(self, choices: Choices, *, leaving: bool = False) -> tuple[Layer, ...]:
        """Return the layers of a set of choices, the lowest first; see `table` for `leaving`."""
        return self._density(choices, leaving), self._places(choices, leaving)

    def _density(self, choices: Choices, leaving: bool) -> Layer:
        say, found = self.say, self.counted(choices)
        title = Text("Täthet, {bandwidth} meter runt om", {"bandwidth": choices.bandwidth})
        if found.surface is None or found.grid is None:
            why = say.translate("För få med känd plats för en täthetskarta.")
            return Layer("tathet", say.say(title), (), on=True, note=why)
        unit = say.translate("per kvadratkilometer")
        step = round_up(float(breaks(found.surface)[1]))
        limits = [step * level for level in range(6)]
        surface = np.nan_to_num(found.surface)
        if leaving:
            here = found.here
            table = found.grid.tally(here["x"], here["y"], here["count"]).counts
            few = lying_near(table, choices.bandwidth / found.grid.side) < self.smallest
            surface = np.where(few, 0.0, surface)
        rows, columns = np.nonzero(surface > limits[1])
        parts = []
        if len(rows):
            low, west = max(rows.min() - 1, 0), max(columns.min() - 1, 0)
            part = surface[low : rows.max() + 2, west : columns.max() + 2]
            side = found.grid.side
            at = {
                "west": (found.grid.east + west) * side,
                "south": (found.grid.north + low) * side,
                "side": side,
            }
            reached = [reaching(part, limit, **at) for limit in limits[1:]]
            for level, (outline, higher) in enumerate(pairwise(reached)):
                own = outline.difference(higher)
                if own.is_empty:
                    continue
                span = {"low": limits[level + 1], "high": limits[level + 2], "unit": unit}
                legend = say.say(Text("{low}–{high} {unit}", span))
                style = Style(PURPLE, 0.5, "", PURPLES[level], HATCHES[level], 0.6)
                shapes = self._shapes([own], [legend], [None], [legend], [0.0])
                parts.append(Part(style, legend, shapes, unit))
        return Layer("tathet", say.say(title), tuple(parts), on=True)

    def _places(self, choices: Choices, leaving: bool) -> Layer:
        say, table = self.say, self.counted(choices).places
        title = say.translate("Platser")
        if leaving:
            table = table[table["n"] >= self.smallest]
        if table.empty:
            return Layer("platser", title, (), on=True)
        unit = say.translate(KINDS[choices.kind])
        told = [
            say.say(
                Text(
                    "{place}: {count} på platsen, {near} inom {bandwidth} meter",
                    {
                        "place": str(row.place),
                        "count": int(row.n),
                        "near": int(row.near),
                        "bandwidth": choices.bandwidth,
                    },
                )
            )
            for row in table.itertuples()
        ]
        points = shapely.points(table[["x", "y"]].to_numpy(float))
        if leaving:  # where events were is the bench's; a report shows where the place is
            points = grounds.spots(self.results.gathered.geography, list(table["place"]))
        shapes = self._shapes(
            points,
            table["place"].astype(str),
            table["n"],
            told,
            3 + 2 * np.minimum(7.0, table["n"].to_numpy(float) ** 0.5),
        )
        legend = say.translate("en plats (större ring: fler på platsen)")
        return Layer(
            "platser",
            title,
            (Part(Style(ORANGE, 2.5, symbol="ring"), legend, shapes, unit),),
            on=True,
        )

    def _shapes(self, geometry: Any, where: Any, n: Any, text: Any, size: Any) -> gpd.GeoDataFrame:  # noqa: ANN401
        columns = {"where": list(where), "n": list(n), "text": list(text), "size": list(size)}
        return gpd.GeoDataFrame(
            columns | {"mark": [""] * len(columns["text"])},
            geometry=np.asarray(geometry, dtype=object),
            crs=self.results.municipality.crs,
        )

    def view(self, choices: Choices) -> grounds.Bounds:
        """Return the bounds that a map opens on: around the places with most about them."""
        top = self.counted(choices).places.head(MOST_PLACES // 2)
        if top.empty:
            extent = self.results.gathered.geography.extent()
            return extent if extent is not None else (0.0, 0.0, 2000.0, 2000.0)
        x, y = float(top["x"].iloc[0]), float(top["y"].iloc[0])
        about = [max(abs(top[c] - at).median() * 2, 700.0) for c, at in (("x", x), ("y", y))]
        return (x - about[0], y - about[1], x + about[0], y + about[1])

    @cached_property
    def controls(self) -> View:
        """The controls, made once; every part of a notebook shows the same ones."""
        from est_analysis.bench.view import View

        return View(self)

    def explore(self) -> Any:  # noqa: ANN401 - a widget, of a library that only the lab has
        """Show controls with map, table and rhythm; needs ipywidgets."""
        return self.controls.explore()

    def reasons(self) -> Any:  # noqa: ANN401
        """Show why a chosen place is a hot spot, down to the rows; needs ipywidgets."""
        return self.controls.reasons()

    def export(self) -> Any:  # noqa: ANN401
        """Show what can be taken along; needs ipywidgets."""
        return self.controls.export()

    def what_if(self) -> Any:  # noqa: ANN401
        """Show what a planned measure could show; needs ipywidgets."""
        return self.controls.what_if()

    def __repr__(self) -> str:
        """Return what an analyst wants to see first."""
        return f"Bench({self.results!r})"


def _keep(store: dict[Choices, Counted], choices: Choices, found: Counted) -> None:
    """Remember what was counted, and forget the oldest where there is much."""
    if len(store) >= _KEPT:
        store.pop(next(iter(store)))
    store[choices] = found


def open_bench(
    municipality: str, period: str, *, edition: str = "internal", language: str = "sv"
) -> Bench:
    """
    Open the bench on a municipality and a period, as the first cell of ``explore`` does.

    Parameters
    ----------
    municipality, period, edition, language
        As `results.open_report` takes them.

    Returns
    -------
    Bench

    Raises
    ------
    SettingsError, DeliveryError, PeriodError
        As `results.open_report` and gathering raise them.
    """
    from est_analysis.reports.results import open_report

    return Bench(open_report(municipality, period, edition=edition, language=language))
