"""Who would have reported: how much of what partners saw is found among the police reports."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from est_analysis.counts import Interval, wilson_interval
from est_analysis.gather.geography import Geography
from est_analysis.gather.link import chance_of_each
from est_analysis.municipality import Municipality
from est_analysis.patterns.coverage import covered_seasons, in_period
from est_analysis.periods import Period

CRIME = "reported_crime"
FEWEST = 10
"""Fewer events of a partner say nothing of its share."""
MOST_CHANCE = 0.1
"""Where a larger share would be found by chance, nothing is said."""
UNSETTLED_DAYS = 28
"""What happened in the last days may not be registered by the police yet, and is left out."""
FEWEST_OVERLAP = 10
"""Fewer found by both give no total."""
EXPECTED = 3.0
"""A partner with fewer rows in a season can be silent, or be heard of, by chance."""


@dataclass(frozen=True)
class Reported:
    """
    How much of what partners saw is found among the police reports.

    Parameters
    ----------
    partners, groups
        One row a partner, and one a group, most events first: ``partner`` or ``group``, ``n``
        (events that could be found), ``found``, ``chance`` (how many of the others would be found
        by chance), ``share``, ``low``, ``high`` (0-1, chance taken out), ``gate``.
    whole
        The same of all of them, under the same names; None where there are none.
    totals
        For the analyst: one row a group, of the twelve months: ``group``, ``police``, ``partners``
        (events of each), ``both``, ``chance``, ``total``, ``low``, ``high``, ``gate``. The total is
        a lower bound: partners that tend to see the same events as the police make it too low.
    since
        The first day counted.
    until
        The day after the last.
    """

    partners: pd.DataFrame
    groups: pd.DataFrame
    whole: dict[str, float] | None
    totals: pd.DataFrame
    since: pd.Timestamp
    until: pd.Timestamp


def reported(
    events: pd.DataFrame,
    links: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    geography: Geography,
) -> Reported:
    """
    Count how much of what partners saw is found among the reported crimes.

    Parameters
    ----------
    events
        All accepted records, also those counted with another.
    links
        As gathering found them (`tables.LINKS`).
    period
        Ends the years that are counted: as many as are compared with, since one year of one
        partner says little.
    municipality, geography
        As `link.link` takes them.

    Returns
    -------
    Reported
        Of events and physical defects of a group that the police tell of, with a place and a time
        that links can use. A record counted with another of its partner is not counted twice.
    """
    until = pd.Timestamp(period.end) - pd.Timedelta(days=UNSETTLED_DAYS)
    since = pd.Timestamp(period.end) - pd.DateOffset(years=municipality.thresholds.history_years)
    own = events[(events["start"] >= since) & (events["start"] < until)]
    chance = chance_of_each(own, municipality, geography, kind=CRIME)
    found, taken = _found(links, own)
    seen = own[own["event_id"].isin(chance.index) & (own["same_as"] == "")]
    group = _alike(municipality)
    seen = seen.assign(
        found=seen["event_id"].isin(found),
        chance=seen["event_id"].map(chance).astype(float),
        group=seen["group"].replace(group),
    )
    told = own[own["kind"] == CRIME]
    told = told.assign(group=told["group"].replace(group))
    told = told[told["group"].isin(seen["group"])]
    free = 1 - told["event_id"].isin(taken).mean() if len(told) else 1.0
    seen["chance"] *= free
    whole = _shares(seen.assign(all=""), "all").to_dict("records")
    year = pd.Timestamp(period.year_to_end().start)
    return Reported(
        _shares(seen, "partner"),
        _shares(seen, "group"),
        whole[0] if whole else None,
        _totals(seen[seen["start"] >= year], told[told["start"] >= year]),
        since,
        until,
    )


def without_chance(
    hits: int, n: int, chance: float, *, level: float = 0.95
) -> tuple[float, Interval]:
    """
    Return a share from which chance links are taken out, with its interval.

    Parameters
    ----------
    hits, n
        How many of how many are linked.
    chance
        The chance that one without a true partner is linked all the same, 0 up to 1.
    level
        Of the interval.

    Returns
    -------
    tuple
        The share, and Wilson's interval with its ends moved alike.

    Raises
    ------
    ValueError
        If `chance` is not from 0 up to, but not including, 1, or the counts are no share.

    Notes
    -----
    Rogan & Gladen (1978), American Journal of Epidemiology 107:71-76, with every true partner
    found: what linking misses makes the share too low.
    """
    if not 0 <= chance < 1:
        raise ValueError(f"a chance is from 0 to below 1, not {chance}")
    raw = wilson_interval(hits, n, level=level)

    def moved(share: float) -> float:
        return max(0.0, (share - chance) / (1 - chance))

    share = moved(hits / n) if n else math.nan
    return share, Interval(moved(raw.low), moved(raw.high), level)


def chapman(one: int, other: int, both: int, *, level: float = 0.95) -> tuple[float, Interval]:
    """
    Estimate how many there were from two who each saw some; a lower bound in practice.

    Parameters
    ----------
    one, other, both
        How many each saw, and how many both did; `both` is at most either.
    level
        Of the interval.

    Returns
    -------
    tuple
        The total, and its interval (lognormal in those whom nobody saw). It holds where the two
        see independently of one another, which partners seldom do.

    Raises
    ------
    ValueError
        If `both` is more than either saw, or a count is negative.

    Notes
    -----
    Chapman (1951); variance by Seber (1970), Biometrics 26:13-22; interval by Chao (1987),
    Biometrics 43:783-791.

    Examples
    --------
    >>> round(chapman(100, 50, 20)[0], 2)
    244.29
    """
    if not 0 <= both <= min(one, other):
        raise ValueError("both have seen at most what either has")
    total = (one + 1) * (other + 1) / (both + 1) - 1
    variance = float(one + 1) * (other + 1) * (one - both) * (other - both)
    variance /= (both + 1) ** 2 * (both + 2)
    seen = one + other - both
    unseen = total - seen
    if unseen <= 0:
        return float(seen), Interval(float(seen), float(seen), level)
    from scipy.special import ndtri

    wide = math.exp(ndtri((1 + level) / 2) * math.sqrt(math.log1p(variance / unseen**2)))
    return total, Interval(seen + unseen / wide, seen + unseen * wide, level)


def reporting(events: pd.DataFrame, period: Period, municipality: Municipality) -> pd.DataFrame:
    """
    Tell changes in who reports from changes in what is reported.

    Parameters
    ----------
    events
        Accepted events of all periods.
    period
        Now.
    municipality
        Says how many earlier years count.

    Returns
    -------
    DataFrame
        One row a kind of record with at least two earlier years where someone is new or gone:
        ``kind``, ``seasons`` (how many), ``active``, ``then`` (reporters now, and on average the
        same season of earlier years), ``new`` (at least
        `EXPECTED` rows, and never heard of in them), ``gone`` (heard of in each,
        with at least `EXPECTED` rows on average, and now neither rows nor a nil report), ``n``,
        ``n_then`` (of all), ``same``, ``same_then`` (of those who report now and did each year).
    """
    rows = []
    for kind in ("event", "unsafe_place", "physical_defect"):
        own = events[events["kind"] == kind]
        seasons = covered_seasons(events, kind, period, municipality)
        if own.empty or len(seasons) < 2:
            continue
        own = own.assign(partner=_named(own, municipality))
        now = _by_partner(own, period)
        before = pd.DataFrame({str(s): _by_partner(own, s) for s in seasons}).fillna(0)
        nil = set(in_period(events[events["kind"] == "nil_report"], period)["partner"])
        new = sorted(set(now.index[now >= EXPECTED]) - set(before.index))
        usual = before[(before > 0).all(axis=1)]
        gone = sorted(set(usual.index[usual.mean(axis=1) >= EXPECTED]) - set(now.index) - nil)
        both = usual.index.intersection(now.index)
        if new or gone:
            rows.append(
                {
                    "kind": kind,
                    "seasons": len(seasons),
                    "active": len(now),
                    "then": float((before > 0).sum().mean()),
                    "new": tuple(new),
                    "gone": tuple(gone),
                    "n": int(now.sum()),
                    "n_then": float(before.sum().mean()),
                    "same": int(now[both].sum()),
                    "same_then": float(before.loc[both].sum().mean()),
                }
            )
    columns = ["kind", "seasons", "active", "then", "new", "gone", "n", "n_then"]
    return pd.DataFrame(rows, columns=[*columns, "same", "same_then"])


def found_by(events: pd.DataFrame, links: pd.DataFrame) -> set[str]:
    """Return the ids of the records of other kinds that are linked to a reported crime."""
    return _found(links, events)[0]


def _named(events: pd.DataFrame, municipality: Municipality) -> pd.Series:
    """Return who reported, with the source where one reports in several ways."""
    pairs = pd.DataFrame(
        {"source": events["source"].map(municipality.first_form), "partner": events["partner"]}
    )
    several = pairs.groupby("partner")["source"].transform("nunique") > 1
    return pairs["partner"].where(~several, pairs["partner"] + " (" + pairs["source"] + ")")


def _by_partner(events: pd.DataFrame, period: Period) -> pd.Series:
    return in_period(events, period).groupby("partner")["count"].sum()


def _found(links: pd.DataFrame, events: pd.DataFrame) -> tuple[set[str], set[str]]:
    """Return the ids that are linked to a crime, and the crimes that are linked to another kind."""
    linked = pd.concat([links["event_id"], links["other_id"]]).unique()
    ids = events.loc[events["kind"] == CRIME, "event_id"]
    crimes = ids[ids.isin(linked)]  # few: of a nation's crimes hardly any has a second partner
    first, second = (links[c].isin(crimes) for c in ("event_id", "other_id"))
    one, other = links[first & ~second], links[second & ~first]
    return (
        {*one["other_id"], *other["event_id"]},
        {*one["event_id"], *other["other_id"]},
    )


def _alike(municipality: Municipality) -> dict[str, str]:
    """Return the name under which groups are counted that the settings call the same."""
    return {name: part[0] for part in municipality.links.same for name in part}


def _shares(seen: pd.DataFrame, by: str) -> pd.DataFrame:
    rows = []
    for name, own in seen.groupby(by):
        n, hits, expected = len(own), int(own["found"].sum()), float(own["chance"].sum())
        share, interval = without_chance(hits, n, min(expected / n, 0.99))
        gate = n >= FEWEST and expected <= MOST_CHANCE * n
        lost = max(0.0, n * (1 - share)) * expected / n
        rows.append((name, n, hits, lost, share, interval.low, interval.high, gate))
    columns = [by, "n", "found", "chance", "share", "low", "high", "gate"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["n", by], ascending=[False, True], ignore_index=True)


def _totals(seen: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name, own in seen.groupby("group"):
        police = int((told["group"] == name).sum())
        both, expected = int(own["found"].sum()), float(own["chance"].sum())
        lost = expected * (1 - both / len(own))
        both = min(both, police)
        total, interval = chapman(police, len(own), both)
        gate = both >= FEWEST_OVERLAP and lost <= MOST_CHANCE * both
        rows.append((name, police, len(own), both, lost, total, interval.low, interval.high, gate))
    columns = ["group", "police", "partners", "both", "chance", "total", "low", "high", "gate"]
    return pd.DataFrame(rows, columns=columns)
