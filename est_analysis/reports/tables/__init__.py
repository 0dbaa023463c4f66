"""Which tables the report, the brief and the analyst have, room by room."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from est_analysis.reports.table import Table
from est_analysis.reports.tables.alarms import alarm_list, levels, series
from est_analysis.reports.tables.behaviour import (
    combinations,
    event_situations,
    lower_bounds,
    reported,
    rhythm,
    situations,
    together,
)
from est_analysis.reports.tables.beside import (
    beside,
    beside_areas,
    profiles,
    surveys,
)
from est_analysis.reports.tables.candidates import (
    candidate_tables,
    candidates,
    catalogue_faults,
    measures_discussed,
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
    survey_faults,
    unread,
    waiting,
)
from est_analysis.reports.tables.evaluations import comparisons, course, elsewhere, since_start
from est_analysis.reports.tables.follow_up import claims_followed
from est_analysis.reports.tables.measures import (
    chain,
    due,
    four_fields,
    left_list,
    measures,
    priorities,
    register_faults,
)
from est_analysis.reports.tables.perceived import (
    perceived,
    perceived_answers,
    perceived_reports,
)
from est_analysis.reports.tables.plans import plans
from est_analysis.reports.tables.studies import quotients, study
from est_analysis.reports.tables.time import clock, hours, own_hours, weekdays, year_wheel
from est_analysis.reports.tables.tried import moved, tried
from est_analysis.reports.tables.unusual import (
    bursts,
    live_repeats,
    near_repeats,
    repeat_windows,
    standing_out,
)
from est_analysis.reports.tables.where import (
    cell_list,
    clusters,
    few,
    fortnight_places,
    place_list,
    places,
    ranked_cells,
    ranked_places,
    ranked_streets,
    street_list,
)
from est_analysis.reports.tables.year import (
    citizens_promise,
    next_year,
    other_crimes,
    safety_accounts,
    year_claims,
    year_coinciding,
    year_decisions,
    year_left,
    year_measures,
    year_types,
)

if TYPE_CHECKING:
    from est_analysis.reports.results import Results

TablesOf = dict[str, Callable[["Results"], Table]]


QUARTERLY: TablesOf = {
    function.__name__: function
    for function in (
        *(totals, groups, areas, accounting, quality, quarantine, near_misses, unread),
        *(ruling_faults, reporters, fortnights, places, clusters, rhythm, situations),
        *(standing_out, near_repeats, repeat_windows, bursts),
        *(ranked_places, ranked_streets, ranked_cells, few, profiles, beside, beside_areas),
        *(surveys, survey_faults, tried, moved),
        *(own_hours, year_wheel, hours, weekdays, clock),
        *(event_situations, combinations, reported, together),
        *(comparisons, elsewhere, course, since_start),
        *(priorities, four_fields, chain, left_list),
        *(measures, plans, study, quotients, due, register_faults),
        *(perceived_reports, perceived_answers),
        *(followed_up, claims_followed, comparison, comparison_faults),
        *(candidates, measures_discussed, catalogue_faults),
    )
}
"""The tables of the quarterly report, also written as CSV."""

YEARLY: TablesOf = QUARTERLY | {
    function.__name__: function
    for function in (
        *(year_measures, year_coinciding, year_claims, year_decisions, year_left, year_types),
        *(safety_accounts, citizens_promise, other_crimes, next_year),
    )
}
"""The tables of the year review: the quarterly report's, and its own."""

MEETING: TablesOf = {
    function.__name__: function
    for function in (alarm_list, series, levels, fortnight_places, live_repeats, due)
}
"""The tables of the meeting's brief."""

__all__ = [
    "MEETING",
    "QUARTERLY",
    "YEARLY",
    "TablesOf",
    "accounting",
    "alarm_list",
    "areas",
    "beside",
    "beside_areas",
    "bursts",
    "candidate_tables",
    "candidates",
    "catalogue_faults",
    "cell_list",
    "chain",
    "citizens_promise",
    "claims_followed",
    "clock",
    "clusters",
    "combinations",
    "comparison",
    "comparison_faults",
    "comparisons",
    "course",
    "due",
    "elsewhere",
    "event_situations",
    "few",
    "followed_up",
    "fortnight_places",
    "fortnights",
    "four_fields",
    "groups",
    "hours",
    "left_list",
    "levels",
    "live_repeats",
    "lower_bounds",
    "measures",
    "measures_discussed",
    "moved",
    "near_misses",
    "near_repeats",
    "next_year",
    "other_crimes",
    "own_hours",
    "perceived",
    "perceived_answers",
    "perceived_reports",
    "place_list",
    "places",
    "plans",
    "priorities",
    "profiles",
    "quality",
    "quarantine",
    "quotients",
    "ranked_cells",
    "ranked_places",
    "ranked_streets",
    "register_faults",
    "repeat_windows",
    "reported",
    "reporters",
    "rhythm",
    "ruling_faults",
    "safety_accounts",
    "series",
    "since_start",
    "situations",
    "standing_out",
    "street_list",
    "study",
    "survey_faults",
    "surveys",
    "together",
    "totals",
    "tried",
    "unread",
    "waiting",
    "weekdays",
    "year_claims",
    "year_coinciding",
    "year_decisions",
    "year_left",
    "year_measures",
    "year_types",
    "year_wheel",
]
