"""The bench in a notebook: controls whose every change redraws map, table, rhythm and reasons."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from est_analysis.bench.answers import Bench
from est_analysis.bench.choices import BANDWIDTHS_M, USUAL_M, Choices
from est_analysis.bench.exports import EXPORTS
from est_analysis.bench.frame import framed, handed
from est_analysis.bench.whatif import planned
from est_analysis.bench.why import places_of, why
from est_analysis.errors import EstError
from est_analysis.reports.language import KINDS

STYLE = """<style>
.est-bench table{border-collapse:collapse;font-size:12px;line-height:1.35;width:100%}
.est-bench caption{text-align:left;font-weight:600;padding:4px 0}
.est-bench th,.est-bench td{padding:2px 6px;text-align:left;vertical-align:bottom}
.est-bench tr{border-bottom:1px solid #d5dae0}
.est-bench td.number,.est-bench th.number{text-align:right}
.est-bench .table{max-height:460px;overflow:auto}
.est-rows td,.est-rows th{white-space:nowrap}
.est-bench p{margin:6px 0;line-height:1.45;max-width:70em}
.est-bench .est-note,.est-bench .note{color:#5b6570;font-size:12px}
.est-bench .est-week{width:100%;max-width:620px}
.est-bench .est-week text{font-size:10px;fill:currentColor}
.est-bench .widget-label{width:7.5em}
</style>"""


class View:
    """
    The controls, and what follows them.

    Parameters
    ----------
    bench
        Answers every choice.
    """

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        say, offer, usual = bench.say, bench.offered, bench.usual
        least, most, step = BANDWIDTHS_M
        self.period = _dropdown(
            say.translate("Period"), [(say.period(p), p) for p in offer.periods], "est-period"
        )
        self.kind = _dropdown(
            say.translate("Slag"), [(say.translate(KINDS[k]), k) for k in offer.kinds], "est-kind"
        )
        self.group = _dropdown(say.translate("Grupp"), self._groups(usual.kind), "est-group")
        every = (say.translate("alla områden"), "")
        self.area = _dropdown(
            say.translate("Område"), [every, *((a, a) for a in offer.areas)], "est-area"
        )
        self.bandwidth = _slider(
            say.translate("Bandbredd, m"), usual.bandwidth, (least, most, step), "est-bandwidth"
        )
        self.place = _dropdown(say.translate("Plats"), places_of(bench, usual), "est-place")
        self.fall = _slider(say.translate("Färre, %"), 30, (5, 100, 5), "est-fall")
        self.years = _slider(say.translate("Efter, år"), 1, (1, 10, 1), "est-years")
        shown = ("sentence", "map", "table", "rhythm", "why", "rows", "whatif", "saved")
        self.shown = {name: _html(f"est-{name}") for name in shown}
        self._quiet = False
        self._asked: tuple[Any, ...] = ()
        self._followers: dict[widgets.Widget, Callable[[], None]] = {
            **dict.fromkeys((self.period, self.kind, self.group, self.area), self._all),
            self.bandwidth: self._all,
            self.place: self._place,
            **dict.fromkeys((self.fall, self.years), self._whatif),
        }
        for control in self._followers:
            control.observe(self._changed, names="value")
        self._all()

    @property
    def choices(self) -> Choices:
        """What is chosen now."""
        return Choices(
            self.period.value,
            self.kind.value,
            self.group.value,
            self.area.value,
            self.bandwidth.value,
        )

    def explore(self) -> widgets.Widget:
        """Return controls with map, table and rhythm."""
        controls = [self.period, self.kind, self.group, self.area, self.bandwidth, self.place]
        frame = _html("est-frame", framed(self.bench))
        left = widgets.VBox([frame, self.shown["map"]], layout={"width": "50%"})
        right = widgets.VBox(
            [self.shown["table"], self.shown["rhythm"]],
            layout={"width": "50%", "padding": "0 0 0 14px"},
        )
        below = widgets.HBox([left, right])
        grid = widgets.GridBox(
            controls, layout={"grid_template_columns": "repeat(auto-fill, minmax(330px, 1fr))"}
        )
        return _bench([grid, self.shown["sentence"], below])

    def reasons(self) -> widgets.Widget:
        """Return why the chosen place stands where it does, and its rows."""
        return _bench([self._again(self.place), self.shown["why"], self.shown["rows"]])

    def export(self) -> widgets.Widget:
        """Return a button for each thing that can be taken along."""
        buttons = []
        for label, write in EXPORTS.items():
            button = widgets.Button(description=self.bench.say.translate(label))
            button.on_click(lambda _, write=write: self._saved(write))
            buttons.append(button)
        return _bench([widgets.HBox(buttons), self.shown["saved"]])

    def what_if(self) -> widgets.Widget:
        """Return what a measure at the chosen place could show."""
        return _bench([self._again(self.place), self.fall, self.years, self.shown["whatif"]])

    def _again(self, control: widgets.Dropdown) -> widgets.Dropdown:
        """Return another control over the same choice."""
        other = _dropdown(control.description, control.options, "est-again")
        widgets.link((control, "options"), (other, "options"))
        widgets.link((control, "index"), (other, "index"))
        return other

    def _groups(self, kind: str) -> list[tuple[str, str]]:
        every = (self.bench.say.translate("alla grupper"), "")
        return [every, *((name, name) for name in self.bench.offered.groups.get(kind, ()))]

    def _changed(self, change: dict[str, Any]) -> None:
        if self._quiet:
            return
        self._quiet = True  # what follows sets controls of its own
        try:
            if change["owner"] is self.kind:
                self.group.options = self._groups(self.kind.value)
                self.group.value = ""
            self._followers[change["owner"]]()
        finally:
            self._quiet = False

    def _all(self) -> None:
        bench, choices = self.bench, self.choices
        names, former = places_of(bench, choices), self.place.value
        if list(self.place.options) != names:
            self.place.options = names
            self.place.value = former if former in names else names[0] if names else None
        self.shown["sentence"].value = f"<p>{html.escape(bench.sentence(choices))}</p>"
        self.shown["table"].value = bench.table(choices).html()
        self.shown["rhythm"].value = bench.rhythm(choices)
        self._place()

    def _place(self) -> None:
        bench, choices, place = self.bench, self.choices, self.place.value or ""
        self.shown["map"].value = handed(bench, choices, place)
        reasons = why(bench, choices, place) if place else None
        said = reasons.sentences if reasons else ()
        self.shown["why"].value = "".join(f"<p>{html.escape(one)}</p>" for one in said)
        self.shown["rows"].value = reasons.rows.html() if reasons else ""
        self._whatif()

    def _whatif(self) -> None:
        choices = replace(self.choices, bandwidth=USUAL_M)
        asked = (choices, self.place.value, self.fall.value, self.years.value)
        if asked == self._asked:
            return
        self._asked, told = asked, ""
        if self.place.value:
            fall, years = self.fall.value / 100, self.years.value
            what = planned(self.bench, self.choices, self.place.value, fall=fall, years=years)
            told = what.sentence
        self.shown["whatif"].value = f"<p>{html.escape(told)}</p>"

    def _saved(self, write: Callable[[Bench, Choices], Any]) -> None:
        try:
            said = f"{self.bench.say.translate('Sparat:')} {write(self.bench, self.choices)}"
        except EstError as error:
            said = str(error)
        self.shown["saved"].value = f"<p>{html.escape(said)}</p>"


def _bench(children: list[widgets.Widget]) -> widgets.VBox:
    box = widgets.VBox([_html("est-style", STYLE), *children])
    box.add_class("est-bench")
    return box


def _html(name: str, value: str = "") -> widgets.HTML:
    shown = widgets.HTML(value, layout={"width": "100%"})
    shown.add_class(name)
    return shown


def _dropdown(label: str, options: Any, name: str) -> widgets.Dropdown:  # noqa: ANN401
    control = widgets.Dropdown(options=options, description=label, layout={"width": "330px"})
    control.add_class(name)
    return control


def _slider(label: str, value: int, span: tuple[int, int, int], name: str) -> widgets.IntSlider:
    control = widgets.IntSlider(
        value=value,
        min=span[0],
        max=span[1],
        step=span[2],
        description=label,
        continuous_update=False,
        layout={"width": "330px"},
    )
    control.add_class(name)
    return control
