"""What an analyst can choose at the bench: period, kind, group, area and bandwidth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from est_analysis.errors import SettingsError
from est_analysis.patterns.coverage import first_covered, in_period
from est_analysis.patterns.hotspots import PLACE_KINDS
from est_analysis.periods import Period

if TYPE_CHECKING:
    from est_analysis.reports.results import Results

BANDWIDTHS_M = (100, 1000, 50)
"""Least, most and step of the bandwidth, metres."""
USUAL_M = 250
_MOST_BACK = 12
_KINDS = (*PLACE_KINDS, "safe_place")


@dataclass(frozen=True)
class Choices:
    """
    One set of choices.

    Parameters
    ----------
    period
        What is counted.
    kind
        Of record; kinds are never summed.
    group, area
        Empty for all of them.
    bandwidth
        Metres: how far around a place is counted, and how far the density's kernel reaches.
    """

    period: Period
    kind: str = "reported_crime"
    group: str = ""
    area: str = ""
    bandwidth: int = USUAL_M

    def __post_init__(self) -> None:
        least, most, _ = BANDWIDTHS_M
        if not least <= self.bandwidth <= most:
            raise SettingsError(
                f"Bandbredden {self.bandwidth} m går inte att välja.",
                mend=f"Välj mellan {least} och {most} meter.",
            )
        if self.kind not in _KINDS:
            raise SettingsError(
                f"Slaget ”{self.kind}” finns inte.", mend=f"Välj något av: {', '.join(_KINDS)}."
            )


@dataclass(frozen=True)
class Offered:
    """
    What there is to choose among.

    Parameters
    ----------
    periods
        The twelve months up to the report's end first, then the report's own period and earlier
        ones that are covered, nearest first, then twelve months a year earlier.
    kinds
        Kinds of record that have a place.
    groups
        Of each kind, the largest first.
    areas
        By name.
    """

    periods: tuple[Period, ...]
    kinds: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]
    areas: tuple[str, ...]

    def fitted(self, choices: Choices) -> Choices:
        """Return the choices without a group that their kind does not have."""
        if choices.group in ("", *self.groups.get(choices.kind, ())):
            return choices
        return Choices(choices.period, choices.kind, "", choices.area, choices.bandwidth)


def year_before(period: Period) -> Period:
    """Return the same season a year earlier; of twelve months, the twelve months before."""
    if period.kind == "interval" and period == period.year_to_end():
        return Period(period.start, period.start, "interval").year_to_end()
    return period.years_earlier(1)


def offered(results: Results) -> Offered:
    """Return what the deliveries of a municipality let an analyst choose among."""
    events = results.events
    kinds = tuple(kind for kind in _KINDS if (events["kind"] == kind).any())
    first = min(
        (
            day
            for kind in kinds
            if (day := first_covered(events, kind, results.municipality)) is not None
        ),
        default=results.period.start,
    )
    back, period = [results.period], results.period.preceding()
    while len(back) < _MOST_BACK and period.start >= first:
        back.append(period)
        period = period.preceding()
    years = [results.year, year_before(results.year), year_before(year_before(results.year))]
    earlier = [year for year in years[1:] if year.start >= first]
    periods = dict.fromkeys([years[0], *back, *earlier])
    groups = {}
    for kind in kinds:
        own = events[events["kind"] == kind].groupby("group")["count"].sum().sort_index()
        groups[kind] = tuple(own.sort_values(ascending=False, kind="stable").index.astype(str))
    areas = sorted({str(name) for name in events["area"].unique() if name})
    some = tuple(p for p in periods if len(in_period(events, p))) or (results.period,)
    return Offered(some, kinds or ("reported_crime",), groups, tuple(areas))
