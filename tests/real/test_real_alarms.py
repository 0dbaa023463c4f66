"""Real weeks: Memphis as R sees it, notices whose collection began, restless burglaries."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from frames import events, settings
from test_surveillance import MEMPHIS

from est_analysis.evidence import Word, judge
from est_analysis.patterns.alarms import alarms, limit, unrest
from est_analysis.periods import FORTNIGHT, Period
from est_analysis.reports.findings_of_alarms import alarm_findings

CLAIMS = {Word.CLEAR, Word.INDICATION}
DATA = os.environ.get("EST_REAL_DATA")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA, reason="EST_REAL_DATA is not set: no real data is read"),
]


def test_the_weeks_of_memphis_are_those_of_the_file():
    file = Path(DATA) / "memphis_robberies_2019" / "memphis_robberies_2019.csv.gz"
    day = pd.to_datetime(pd.read_csv(file)["date"]).dt.normalize()
    week = (day - pd.Timestamp("2019-01-01")).dt.days // 7
    assert list(week[week < 52].value_counts().sort_index()) == list(MEMPHIS)


@pytest.fixture(scope="module")
def notices():
    """Return the notices of one county's towns, as events."""
    file = Path(DATA) / "polisen_events" / "polisen_events_2022-09_2025-08.parquet"
    table = pd.read_parquet(file)
    own = table[table["location_name"].isin(["Jönköping", "Nässjö", "Värnamo", "Tranås"])]
    own = own[~own["type"].str.startswith("Sammanfattning")]
    wall = own["datetime"].str[:19]
    rows = [
        {"start": start, "group": kind, "kind": "event", "source": "polis"}
        for start, kind in zip(wall, own["type"], strict=True)
    ]
    return events(*rows)


def fortnights(first, n):
    starts = pd.date_range(first, periods=n, freq="14D")
    return [Period(s.date(), s.date() + FORTNIGHT, "fortnight") for s in starts]


def test_the_beginning_of_a_collection_is_no_rise(notices):
    """Before 20 March 2023 only a handful a month was collected."""
    seen = []
    for period in fortnights("2024-12-30", 5):
        found = alarms(notices, period, settings())
        row = found.table[found.table["by"] == "kind"].iloc[0]
        seen.append(row["n"] > 1.5 * row["season"])
        judged = judge(alarm_findings(found, 0.95), settings().thresholds)
        rises = [f.id for f in judged if f.word in CLAIMS and (f.estimate or 0) > 1]
        assert rises == []
    # against the same weeks of earlier years alone, it would look like a rise
    assert np.mean(seen) >= 0.6


def test_with_its_first_day_stated_it_has_too_few_years(notices):
    stated = settings(sources={"polis": {"covers_from": pd.Timestamp("2023-03-20").date()}})
    found = alarms(notices, fortnights("2025-01-13", 1)[0], stated)
    assert set(found.table["why_not"]) == {"short"}
    later = alarms(notices, fortnights("2025-05-05", 1)[0], stated)
    assert later.tried


def test_burglaries_of_vancouver_are_restless_and_one_year_claims_nothing():
    file = Path(DATA) / "vancouver_crime_2020" / "vancouver_crime_2020.parquet"
    table = pd.read_parquet(file)
    own = table[table["TYPE"].str.startswith("Break and Enter")]
    months = own.groupby("MONTH").size().to_numpy()
    (phi,) = unrest([months])
    assert phi > 3
    history = int(months[:4].sum())
    assert limit(history, 4, phi, 0.01) > limit(history, 4, 1.0, 0.01) + 20  # Poisson cries wolf
    days = pd.to_datetime(own[["YEAR", "MONTH", "DAY"]].rename(columns=str.lower))
    rows = [{"start": day, "group": kind} for day, kind in zip(days, own["TYPE"], strict=True)]
    found = alarms(events(*rows), fortnights("2020-11-30", 1)[0], settings())
    assert set(found.table["why_not"]) == {"short"}
