"""The traits of an event, in words that a group uses: what, where, when, in what surroundings."""

from __future__ import annotations

import pandas as pd

from est_analysis.patterns.rhythms import daypart

MAIN = ("group", "place_type", "daypart", "weekend")
"""What, where and when: the traits of a combination."""
TRAITS = (*MAIN, "factors", "season", "severity")
SEASONS = {12: "vinter", 1: "vinter", 2: "vinter", 3: "vår", 4: "vår", 5: "vår"} | {
    6: "sommar",
    7: "sommar",
    8: "sommar",
    9: "höst",
    10: "höst",
    11: "höst",
}
SEVERITIES = {1.0: "lindrigt", 2.0: "måttligt", 3.0: "allvarligt"}
BETWEEN = ", "
"""What stands between the factors of one event."""


def traits(events: pd.DataFrame) -> pd.DataFrame:
    """
    Return the traits of each event as text; empty where unknown.

    Parameters
    ----------
    events
        Accepted events.

    Returns
    -------
    DataFrame
        Indexed as `events`, columns `TRAITS`. ``weekend`` is from Friday 18:00 to Monday 06:00 by
        the start of the event; ``factors`` are in alphabetical order with `BETWEEN` between.
    """
    start = events["start"]
    clock = start.dt.day_of_week * 24 + start.dt.hour
    weekend = (clock >= 4 * 24 + 18) | (clock < 6)
    timed = events["time_precision"].isin(["minute", "hour"])
    dated = events["time_precision"] != "unknown"
    return pd.DataFrame(
        {
            "group": events["group"],
            "place_type": events["place_type"],
            "daypart": daypart(events),
            "weekend": weekend.map({True: "helg", False: "vardag"}).where(timed, ""),
            "factors": events["factors"].map({f: _in_order(f) for f in events["factors"].unique()}),
            "season": start.dt.month.map(SEASONS).where(dated, ""),
            "severity": events["severity"].map(SEVERITIES).fillna(""),
        },
        index=events.index,
    ).astype(str)


def split(factors: str) -> set[str]:
    """Return the single factors of one event."""
    return {part.strip() for part in factors.split(",")} - {""}


def _in_order(factors: str) -> str:
    return BETWEEN.join(sorted(split(factors)))
