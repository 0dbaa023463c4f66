"""Charts whose title is the finding, with the numbers behind them in a table."""

from __future__ import annotations

import base64
import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.text
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from est_analysis.evidence import Finding, Text
from est_analysis.municipality import Thresholds
from est_analysis.reports import tables
from est_analysis.reports.language import SYMBOLS, WEEKDAYS, Language
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from est_analysis.measures.event_study import Step
    from est_analysis.patterns.year_wheel import YearWheel
    from est_analysis.reports.results import Results

INK, QUIET, GRID = "#1b1f24", "#5b6570", "#d5dae0"
BLUE, ORANGE, BAND = "#0b5394", "#a34700", "#eef1f4"
SEQUENCE = ("#f3f6fa", "#c6dbef", "#6baed6", "#2171b5", "#08306b")
WIDTH_IN = 4.4
_SEED = "est"
_STYLE: Any = {
    "svg.hashsalt": _SEED,
    "svg.fonttype": "path",
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


@dataclass(frozen=True)
class Chart:
    """
    A chart ready to be shown.

    Parameters
    ----------
    title
        The finding, as a sentence.
    subtitle
        What is measured, where and when.
    alt
        What the picture shows, for those who do not see it.
    svg
        The picture; empty where there is nothing to draw.
    table
        The numbers behind it.
    """

    title: str
    subtitle: str
    alt: str
    svg: bytes = field(repr=False)
    table: Table = field(repr=False)
    language: Language = field(repr=False)

    def _repr_html_(self) -> str:
        picture = base64.b64encode(self.svg).decode("ascii")
        behind = escape(self.language.translate("Siffrorna bakom diagrammet"))
        title = f'<strong class="title">{escape(self.title)}</strong>'
        if not self.svg:
            return (
                f'<figure class="chart"><figcaption>{title}</figcaption>'
                f"<details><summary>{behind}</summary>{self.table.html()}</details></figure>"
                if self.table.rows
                else f'<p class="finding">{escape(self.title)}</p>'
            )
        return (
            f'<figure class="chart"><figcaption>{title}'
            f'<span class="subtitle">{escape(self.subtitle)}</span></figcaption>'
            f'<img decoding="async" src="data:image/svg+xml;base64,{picture}" '
            f'alt="{escape(self.alt)}">'
            f"<details><summary>{behind}</summary>{self.table.html()}</details></figure>"
        )

    def __str__(self) -> str:
        """Return the title."""
        return self.title


def as_written(figure: Figure) -> Figure:
    """Let every text of a figure be drawn as it is written: a name with $ is no formula."""
    for text in figure.findobj(mpl.text.Text):
        text.set_parse_math(False)
    return figure


def _svg(figure: Figure) -> bytes:
    out = io.BytesIO()
    with mpl.rc_context(_STYLE):
        FigureCanvasSVG(as_written(figure)).print_svg(out, metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _figure(height: float) -> tuple[Figure, Axes]:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
        return figure, figure.add_subplot()


def change(results: Results, *, brief: bool = False, most: int = 12) -> Chart:
    """
    Return how many times as many as usual there are in each group, with uncertainty.

    Parameters
    ----------
    results
        The report's.
    brief
        Take the meeting's findings instead of the quarter's.
    most
        At most this many groups, those with most events.
    """
    say = results.language
    listed = results.brief_findings if brief else results.findings
    shown = [f for f in listed if f.id.startswith("change/") and "/group/" in f.id and f.interval]
    shown = sorted(shown, key=lambda f: (-f.n, f.id))[:most]
    claims = [f for f in shown if f.word and f.word.value in {"clear", "indication"}]
    title = (
        say.sentence(claims[0].text)
        if claims
        else say.translate("Ingen grupp skiljer sig säkert från sin vanliga nivå.")
        if shown
        else say.translate("Inga slutsatser dras grupp för grupp här; siffrorna står i tabellen.")
        if results.groups.table["gate"].any()
        else say.translate(
            "Ingen grupp går att jämföra med tidigare år: de saknas, eller så är händelserna för "
            "få."
        )
    )
    alt = say.translate(
        "Punktdiagram: antal nu delat med vanligt antal, grupp för grupp, med osäkerhet."
    )
    parts = [
        f"{say.write(f.sentences[f.word].values['label'])} {say.write(f.estimate)} "
        f"({say.write(f.interval)})"
        for f in shown
    ]
    return Chart(
        title=title,
        subtitle=say.say(
            Text(
                "Gånger så många som samma tid på året tidigare år, {period}. Linjen visar "
                "osäkerheten, bandet en halvering till en fördubbling.",
                {"period": results.period},
            )
        ),
        alt=" ".join([alt, "; ".join(parts)]),
        svg=_svg(_ratios(_rows(shown, say), say, results.municipality.thresholds))
        if shown
        else b"",
        table=tables.groups(results),
        language=say,
    )


def _rows(findings: Sequence[Finding], say: Language) -> list[tuple[str, Finding | None]]:
    """Return labelled rows, each kind of record under a heading row of its own."""
    rows: list[tuple[str, Finding | None]] = []
    for finding in sorted(findings, key=lambda f: f.id.split("/")[1] != "reported_crime"):
        _, kind, _, group = finding.id.split("/", 3)
        heading = say.kind(kind)
        if (heading, None) not in rows:
            rows.append((heading, None))
        rows.append((textwrap.fill(group, 22), finding))
    return rows


def _ratios(
    rows: Sequence[tuple[str, Finding | None]], say: Language, thresholds: Thresholds
) -> Figure:
    """Draw ratios with intervals on a log scale; rows without a finding are headings."""
    figure, axes = _figure(0.8 + 0.31 * max(1, len(rows)))
    low, high = 1 / 8, 8.0
    axes.axvspan(1 / thresholds.relevant_change, thresholds.relevant_change, color=BAND, zorder=0)
    axes.axvline(1, color=QUIET, linewidth=1, zorder=1)
    for row, (_, finding) in enumerate(rows):
        if finding is None or finding.interval is None or finding.word is None:
            continue
        claim = finding.word.value in {"clear", "indication"}
        colour = ORANGE if claim else BLUE
        ends = (max(low, finding.interval.low), min(high, finding.interval.high))
        axes.plot(ends, (row, row), color=colour, linewidth=2, solid_capstyle="butt")
        if finding.estimate is not None and low <= finding.estimate <= high:
            axes.plot(finding.estimate, row, "D" if claim else "o", color=colour, markersize=6)
        axes.annotate(
            SYMBOLS[finding.word],
            (1.0, row),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=colour,
        )
    axes.set_xscale("log", base=2)
    axes.set_xlim(low, high)
    axes.set_xticks([1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8], ["⅛", "¼", "½", "1", "2", "4", "8"])
    axes.minorticks_off()
    axes.set_yticks(range(len(rows)), [label for label, _ in rows], fontsize=9)
    for tick, (_, finding) in zip(axes.get_yticklabels(), rows, strict=True):
        tick.set_fontweight("bold" if finding is None else "normal")
    axes.set_ylim(max(0.5, len(rows) - 0.5), -0.5)
    axes.set_xlabel(say.translate("gånger så många som vanligt"), fontsize=9)
    axes.tick_params(axis="y", length=0)
    return figure


def rhythm(results: Results) -> Chart:
    """Return reported crime by hour and weekday, twelve months."""
    say, weights = results.language, results.rhythm.weights
    found = {f.id: f for f in results.findings}["rhythm"]
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(3.0)
        scale = LinearSegmentedColormap.from_list("est", SEQUENCE)
        top = max(float(weights.max()), 1e-9)
        image = axes.imshow(weights, cmap=scale, vmin=0, vmax=top, aspect="auto")
        axes.set_xticks([-0.5, 5.5, 11.5, 17.5, 23.5], ["00", "06", "12", "18", "24"])
        axes.set_yticks(range(7), [say.translate(day)[:3] for day in WEEKDAYS])
        axes.set_xlabel(say.translate("klockslag"), fontsize=9)
        axes.tick_params(length=0)
        for edge in axes.spines.values():
            edge.set_visible(False)
        bar = figure.colorbar(image, ax=axes, location="bottom", fraction=0.06, pad=0.03)
        bar.set_label(say.translate("anmälda brott per timme i veckan"), fontsize=9)
        bar.outline.set_visible(False)
    return Chart(
        title=say.sentence(found.text),
        subtitle=say.say(
            Text(
                "Anmälda brott per timme och veckodag, {year}. Tiden är okänd eller för oviss för "
                "{left} av {total}.",
                {
                    "year": results.year,
                    "left": results.rhythm.total - results.rhythm.n,
                    "total": results.rhythm.total,
                },
            )
        ),
        alt=say.translate("Rutnät med veckodagar och klockslag; mörkare ruta är fler brott.")
        + " "
        + say.say(found.text),
        svg=_svg(figure) if results.rhythm.n else b"",
        table=tables.rhythm(results),
        language=say,
    )


def year_wheel(results: Results) -> Chart:
    """Return the coming twelve months: what they usually bring, and the calendar under them."""
    say, wheel = results.language, results.year_wheel
    found = {f.id: f for f in results.findings}["rhythm/year"]
    marked = [
        Text("{name} ({first})", {"name": str(mark["name"]), "first": mark["first"].date()})
        for mark in wheel.marks.to_dict("records")
    ]
    alt = say.translate("Rutnät med grupper och månader; mörkare ruta är fler brott av gruppen.")
    coming = (
        say.say(Text("I kalendern: {marked}.", {"marked": marked}))
        if marked
        else say.translate("Kalendern är tom.")
    )
    return Chart(
        title=say.sentence(found.text),
        subtitle=say.say(
            Text(
                "Varje grupps brott per månad i snitt, mot dess eget snitt, de tolv månader som "
                "kommer. Under rutorna: lov, helger och evenemang ur kalendern. Skillnaden mellan "
                "två rutor är oftast slump."
            )
        ),
        alt=" ".join([alt, say.say(found.text), coming]),
        svg=_svg(_wheel(wheel, say)) if wheel.years and len(wheel.means.columns) > 1 else b"",
        table=tables.year_wheel(results),
        language=say,
    )


_MARK_ROWS = 3


def _wheel(wheel: YearWheel, say: Language) -> Figure:
    """Draw groups by coming month, with the calendar as bars under them."""
    kinds = list(dict.fromkeys(wheel.marks["kind"].astype(str)))[:_MARK_ROWS]
    names = [str(name) for name in wheel.means.columns]
    usual = wheel.means.to_numpy(float).T
    against = usual / np.maximum(usual.mean(axis=1, keepdims=True), 1e-9)
    figure, axes = _figure(1.3 + 0.3 * (len(names) + len(kinds)))
    with mpl.rc_context(_STYLE):
        scale = LinearSegmentedColormap.from_list("est", SEQUENCE)
        image = axes.imshow(against, cmap=scale, vmin=0, vmax=2, aspect="auto")
        labels = [say.translate("alla") if name == "all" else name for name in names]
        for row, kind in enumerate(kinds, start=len(names)):
            labels.append(kind)
            for mark in wheel.marks[wheel.marks["kind"] == kind].to_dict("records"):
                first = _at(wheel, mark["first"])
                width = max(0.15, _at(wheel, mark["last"] + pd.Timedelta(days=1)) - first)
                axes.barh(row, width, left=first, height=0.5, color=ORANGE)
        months = [say.month(month.start)[:1].upper() for month in wheel.months]
        axes.set_xticks(range(len(months)), months)
        axes.set_yticks(
            range(len(labels)), [textwrap.fill(name, 22) for name in labels], fontsize=9
        )
        axes.set_xlim(-0.5, len(months) - 0.5)
        axes.set_ylim(len(labels) - 0.5, -0.5)
        axes.tick_params(length=0)
        for edge in axes.spines.values():
            edge.set_visible(False)
        bar = figure.colorbar(image, ax=axes, location="bottom", fraction=0.06, pad=0.03)
        bar.set_label(say.translate("gånger gruppens vanliga månad"), fontsize=9)
        bar.outline.set_visible(False)
    return figure


def _at(wheel: YearWheel, day: pd.Timestamp) -> float:
    """Return where a day lies on the axis of months, whose middles are whole numbers."""
    start = wheel.months[0].start
    months = (day.year - start.year) * 12 + day.month - start.month
    return min(max(months + (day.day - 1) / 31 - 0.5, -0.5), len(wheel.months) - 0.5)


def measures(results: Results) -> Chart:
    """Return what can be said of each measure that can be judged."""
    say = results.language
    judged = [f for f in results.findings if f.id.startswith("measure/") and f.interval]
    listed = [f for f in results.findings if f.id.startswith("measure/")]
    title = say.say(
        Text(
            "{judged} av {all} insatser har händelser nog för att bedömas.",
            {"judged": len(judged), "all": len(listed)},
        )
        if listed
        else Text("Inga insatser finns att följa upp.")
    )
    parts = [say.say(f.text) for f in judged]
    return Chart(
        title=title,
        subtitle=say.translate(
            "Gånger så många efter insatsen, när jämförelseplatsens förändring räknats bort. "
            "Linjen visar osäkerheten."
        ),
        alt=" ".join([title, *parts]),
        svg=_svg(
            _ratios(
                [(textwrap.fill(str(f.text.values["measure"]), 24), f) for f in judged],
                say,
                results.municipality.thresholds,
            )
        )
        if judged
        else b"",
        table=tables.measures(results),
        language=say,
    )


def study(results: Results) -> Chart:
    """Return how treated places went beside untreated ones, period by period since the start."""
    say = results.language
    found = {f.id: f for f in results.findings}.get("study")
    title = say.sentence(
        found.text
        if found
        else Text("För få platser med insats och utan för att följa dem period för period.")
    )
    seen = [] if results.study is None else results.study.steps
    drawn = [step for step in seen if step.effect is not None]
    parts = [
        f"{step.since}: {say.write(step.effect.ratio)} ({say.write(step.effect.interval)})"
        for step in drawn
        if step.effect is not None
    ]
    alt = say.translate("Punktdiagram: gånger så många per period, med osäkerhet.")
    return Chart(
        title=title,
        subtitle=say.translate(
            "Gånger så många anmälda brott som i den sista perioden före starten, när platser utan "
            "insats räknats bort. Alla slags insatser. En period är tretton veckor. Linjen visar "
            "osäkerheten."
        ),
        alt=" ".join([alt, "; ".join(parts)]),
        svg=_svg(_course(drawn, say)) if drawn else b"",
        table=tables.study(results),
        language=say,
    )


def _course(steps: Sequence[Step], say: Language) -> Figure:
    """Draw ratios by period since the start on a log scale; the start is a line."""
    figure, axes = _figure(2.6)
    low, high = 1 / 8, 8.0
    axes.axhline(1, color=QUIET, linewidth=1, zorder=1)
    axes.axvline(-0.5, color=ORANGE, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    axes.plot(-1, 1, "o", color=BLUE, markersize=5, markerfacecolor="white")
    for step in steps:
        if step.effect is None:
            continue
        ends = max(low, step.effect.interval.low), min(high, step.effect.interval.high)
        axes.plot((step.since, step.since), ends, color=BLUE, linewidth=2, solid_capstyle="butt")
        axes.plot(step.since, min(max(step.effect.ratio, low), high), "o", color=BLUE, markersize=5)
    axes.set_yscale("log", base=2)
    axes.set_ylim(low, high)
    axes.set_yticks([1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8], ["⅛", "¼", "½", "1", "2", "4", "8"])
    axes.minorticks_off()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(say.translate("perioder sedan starten"), fontsize=9)
    axes.set_ylabel(say.translate("gånger så många"), fontsize=9)
    axes.annotate(
        say.translate("start"),
        (-0.5, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(4, -10),
        textcoords="offset points",
        color=ORANGE,
        fontsize=9,
    )
    return figure
