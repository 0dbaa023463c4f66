"""Curves of measures: how many events more or fewer since each began, with the band."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

from est_analysis.evidence import Text
from est_analysis.reports.charts import _STYLE, BLUE, QUIET, WIDTH_IN, Chart, _svg
from est_analysis.reports.language import Language
from est_analysis.reports.tables import evaluations as tables

if TYPE_CHECKING:
    from est_analysis.measures.evaluated import Evaluation
    from est_analysis.reports.results import Results


def course(results: Results) -> Chart:
    """Return the cumulative difference of the measures with events enough, one panel each."""
    say, shown = results.language, tables.drawn(results)
    names = {key: say.say(name) for key, name in tables.measure_names(results).items()}
    lasts = [
        Text(
            "{name}: {estimate} händelser ({low} till {high})",
            {
                "name": names[e.measure],
                "estimate": e.course[-1].estimate,
                "low": e.course[-1].low,
                "high": e.course[-1].high,
            },
        )
        for e in shown
    ]
    title = (
        Text("Skillnaden sedan insatsen började, summerad var fjärde vecka.")
        if shown
        else Text("Ingen insats har händelser nog för att följas vecka för vecka.")
    )
    return Chart(
        title=say.say(title),
        subtitle=say.translate(
            "Händelser fler (uppåt) eller färre (nedåt) än om platsen hade ändrats som sin "
            "jämförelse. Bandet visar osäkerheten vid varje tidpunkt för sig; svaret gäller "
            "slutet av linjen."
        ),
        alt=say.translate("Linjediagram, en ruta per insats.")
        + " "
        + "; ".join(say.say(one) for one in lasts),
        svg=_svg(_panels(shown, names, say)) if shown else b"",
        table=tables.course(results),
        language=say,
    )


def _panels(shown: list[Evaluation], names: dict[str, str], say: Language) -> Figure:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH_IN, 1.9 * len(shown)), layout="constrained")
        axes = figure.subplots(len(shown), squeeze=False)[:, 0]
        for one, e in zip(axes, shown, strict=True):
            weeks = [0.0, *((s.end - e.window.start).days / 7 for s in e.course if e.window)]
            low, middle, high = (
                [0.0, *(getattr(step, name) for step in e.course)]
                for name in ("low", "estimate", "high")
            )
            one.axhline(0, color=QUIET, linewidth=1)
            one.fill_between(weeks, low, high, color=BLUE, alpha=0.15, linewidth=0)
            one.plot(weeks, middle, color=BLUE, linewidth=2)
            one.set_title(textwrap.fill(names[e.measure], 52), fontsize=9, loc="left")
            one.set_xlim(0, weeks[-1])
            one.tick_params(labelsize=9)
        axes[-1].set_xlabel(say.translate("veckor sedan start"), fontsize=9)
    return figure
