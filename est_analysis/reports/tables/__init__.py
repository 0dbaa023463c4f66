"""Which tables the report, the brief and the analyst have, room by room."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from est_analysis.reports.table import Table
from est_analysis.reports.tables.behaviour import (
    combinations,
    event_situations,
    lower_bounds,
    reported,
    rhythm,
    situations,
    together,
)
from est_analysis.reports.tables.change import (
    areas,
    comparison,
    comparison_faults,
    followed_up,
    groups,
    totals,
)
from est_analysis.reports.tables.deliveries import (
    accounting,
    fortnights,
    near_misses,
    quality,
    quarantine,
    reporters,
    ruling_faults,
    unread,
    waiting,
)
from est_analysis.reports.tables.measures import due, measures, priorities, register_faults
from est_analysis.reports.tables.where import clusters, fortnight_places, places

if TYPE_CHECKING:
    from est_analysis.reports.results import Results

TablesOf = dict[str, Callable[["Results"], Table]]


QUARTERLY: TablesOf = {
    function.__name__: function
    for function in (
        *(totals, groups, areas, accounting, quality, quarantine, near_misses, unread),
        *(ruling_faults, reporters, fortnights, places, clusters, rhythm, situations),
        *(event_situations, combinations, reported, together),
        *(priorities, measures, due, register_faults, followed_up, comparison, comparison_faults),
    )
}
"""The tables of the quarterly report, also written as CSV."""

MEETING: TablesOf = {function.__name__: function for function in (fortnight_places, due)}
"""The tables of the meeting's brief."""

__all__ = [
    "MEETING",
    "QUARTERLY",
    "TablesOf",
    "accounting",
    "areas",
    "clusters",
    "combinations",
    "comparison",
    "comparison_faults",
    "due",
    "event_situations",
    "followed_up",
    "fortnight_places",
    "fortnights",
    "groups",
    "lower_bounds",
    "measures",
    "near_misses",
    "places",
    "priorities",
    "quality",
    "quarantine",
    "register_faults",
    "reported",
    "reporters",
    "rhythm",
    "ruling_faults",
    "situations",
    "together",
    "totals",
    "unread",
    "waiting",
]
