"""What if something were done here: which effect the numbers of a place could show, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from est_analysis.bench.answers import Bench
from est_analysis.bench.choices import Choices
from est_analysis.evidence import Share, Text
from est_analysis.measures.design import POWER
from est_analysis.measures.evaluation import DEFAULT_RADIUS_M
from est_analysis.measures.ground import Site
from est_analysis.measures.planning import earlier_years, level_of, what_if
from est_analysis.measures.tallies import Tallies
from est_analysis.patterns.hotspots import located
from est_analysis.reports.findings_of_plans import PEAK, change_named, how_many, joined

if TYPE_CHECKING:
    from est_analysis.measures.planning import Prospect


@dataclass(frozen=True)
class WhatIf:
    """
    What a planned measure at a place could show.

    Parameters
    ----------
    sentence
        In words, with its numbers.
    power
        The chance, 0-1, that the supposed effect would be seen after so many years; None where it
        cannot be told.
    smallest
        The weakest fall (a ratio) that is seen then; None where not even a full stop is.
    years
        Years until the supposed effect is seen; None over ten, or where it cannot be told.
    """

    sentence: str
    power: float | None = None
    smallest: float | None = None
    years: int | None = None


def planned(bench: Bench, choices: Choices, place: str, *, fall: float, years: int = 1) -> WhatIf:
    """
    Say what the numbers of a place could show of a measure that is only thought of.

    It is judged by the rule, the radius and the level that the report will judge measures by, with
    one measure more than there are, and an equally large place to compare with.

    Parameters
    ----------
    bench
        The analyst's.
    choices
        Which group is counted; the kind must be reported crime, as in the report.
    place
        A public place, as the table names it.
    fall
        How much fewer, 0-1: 0.3 is thirty per cent.
    years
        After how many years it is looked for.

    Returns
    -------
    WhatIf

    Raises
    ------
    ValueError
        If `fall` is not above 0 and at most 1, or `years` is below 1.
    """
    if not 0 < fall <= 1 or years < 1:
        raise ValueError("a fall is above 0 and at most 1, after one year or more")
    results, say = bench.results, bench.say
    if choices.kind != "reported_crime":
        return WhatIf(say.translate("Effekten av åtgärder följs bara upp i anmälda brott."))
    at = bench.counted(Choices(choices.period, choices.kind)).places
    at = at[at["place"] == place]
    events = located(bench.events[bench.events["kind"] == "reported_crime"])
    first = bench.first_day("reported_crime")
    thresholds = results.municipality.thresholds
    seasons = earlier_years(results.period.end, first, most=thresholds.history_years)
    if at.empty or not seasons or "reported_crime" in results.missing:
        return WhatIf(say.say(Text("{place}: det finns inget att räkna på.", {"place": place})))
    tallies, group = Tallies(events), choices.group or ""
    site = Site((float(at["x"].iloc[0]), float(at["y"].iloc[0])), DEFAULT_RADIUS_M)
    effect = max(0.01, 1 - fall)
    seen = what_if(
        tallies,
        group,
        site,
        None,
        seasons,
        thresholds,
        goal=effect,
        dispersion=results.unrest_of_places,
        alpha=level_of(results.evaluations, thresholds),
    )
    count = tallies.count(group, site.spots(tallies), seasons)
    what = bench.what(Choices(choices.period, choices.kind, choices.group))
    many = how_many(count, len(seasons), what, bench.smallest)
    start = Text(
        "{place}, inom {radius} meter: {many}.",
        {"place": place, "radius": int(DEFAULT_RADIUS_M), "many": many},
    )
    if seen.years_stop is None:
        never = Text("Det är så få att inte ens ett helt stopp säkert skulle synas inom tio år.")
        return WhatIf(say.sentence(joined([start, never])), power=0.0)
    power = min(1.0, seen.design.power(effect, years))
    smallest = seen.design.smallest_fall(years)
    parts = [start, *_told(seen, fall, years, power, smallest)]
    parts.append(Text(PEAK.strip()))
    return WhatIf(say.sentence(joined(parts)), power, smallest, seen.years_goal)


def _told(
    seen: Prospect, fall: float, years: int, power: float, smallest: float | None
) -> list[Text]:
    named = {"change": change_named(round(1 - fall, 4)), "n": years, "power": Share(power)}
    chance = Text(
        "Chansen att {change} syns efter {n} år är {power}.",
        named,
        singular="Chansen att {change} syns efter ett år är {power}.",
    )
    rule = {"n": years, "aim": Share(POWER)}
    if smallest is None:
        least = Text("Inte ens ett helt stopp syns då med {aim} chans.", rule)
    else:
        least = Text(
            "Det minsta som syns då, med {aim} chans, är {fall} färre.",
            rule | {"fall": Share(1 - smallest)},
        )
    if seen.years_goal is None:
        wait = Text("Att se {change} tar mer än tio år.", named)
    else:
        wait = Text(
            "För att se {change} behövs {n} år.",
            named | {"n": seen.years_goal},
            singular="För att se {change} räcker ett år.",
        )
    return [chance, least, wait, Text("Det är räknat med en lika stor jämförelseplats.")]
