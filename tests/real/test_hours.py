"""Hours of real deliveries: the right story, or none where the clock is not known."""

import re
from pathlib import Path

import pandas as pd
import pytest
from test_real import DATA, HERE, REAL, link, needs_data

from est_analysis import municipality, periods
from est_analysis.gather.accept import gather
from est_analysis.patterns import rhythms
from est_analysis.patterns.coverage import in_period
from est_analysis.reports.findings import rhythm_finding
from est_analysis.reports.language import Language

SAY = Language("sv")


def of_new_york():
    delivered = pd.read_parquet(
        Path(DATA) / "aoristic_intervals/nyc_vehicle_thefts_2014_2017.parquet"
    )
    columns = ["date_single", "date_start", "date_end"]
    return delivered[columns].apply(lambda c: c.astype("datetime64[s]"))


def as_events(start, end):
    return pd.DataFrame({"start": start, "end": end, "time_precision": "minute", "count": 1})


@needs_data
@pytest.mark.real
def test_new_yorks_small_hours_are_made_by_the_midpoint():
    delivered = of_new_york()
    found = rhythms.hours(
        as_events(delivered["date_start"], delivered["date_end"]), longest_span_hours=10**6
    )
    assert found.peaks["start"] == 20
    assert found.peaks["midpoint"] == 2  # nobody saw a theft at two
    share = found.table / found.table.sum()
    assert share.loc[2, "midpoint"] > 1.3 * share.loc[2, "expected"]
    # the single date alone: a moment without an end is taken as it stands, no spread is invented
    single = as_events(delivered["date_single"], pd.NaT)
    single["end"] = single["end"].astype("datetime64[s]")
    alone = rhythms.aoristic(single, longest_span_hours=72)
    assert (alone.no_end, alone.n) == (len(single), len(single))
    assert alone.by_hour.argmax() == 2  # so the trap is there, and what is told is that no end is
    whole = rhythms.hours(single, longest_span_hours=72)
    assert whole.spread == 0


@needs_data
@pytest.mark.real
def test_arlingtons_burglaries_without_an_end_are_counted_as_such():
    file = Path(DATA) / "aoristic_intervals/arlington_tx_burglary_2012.csv.gz"
    delivered = pd.read_csv(file)
    start, end = (
        pd.to_datetime(delivered[c], format="mixed").astype("datetime64[s]")
        for c in ("DateTimeFrom", "DateTimeTo")
    )
    rhythm = rhythms.aoristic(as_events(start, end), longest_span_hours=10**6)
    assert rhythm.no_end == end.isna().sum() == 530
    assert rhythm.weights.sum() == pytest.approx(rhythm.n)
    longer = (end - start) > pd.Timedelta(hours=72)
    short = rhythms.aoristic(as_events(start, end), longest_span_hours=72)
    assert short.too_long == longer.sum()


def gathered(name, tmp_path, instead=()):
    """Return the events of a real municipality's period, its settings changed as told."""
    folder = tmp_path / name
    folder.mkdir()
    written = (HERE / name / "municipality.toml").read_text(encoding="utf-8")
    for pattern, text in instead:
        written, n = re.subn(pattern, text, written)
        assert n
    (folder / "municipality.toml").write_text(written, encoding="utf-8")
    for kept in (HERE / name).glob("*/*"):
        link(kept.resolve(), folder / kept.relative_to(HERE / name))
    for inside, delivered in REAL[name].links.items():
        link((Path(DATA) / delivered).resolve(), folder / inside)
    settings = municipality.load(folder)
    found = gather(settings).events
    return in_period(found, periods.parse(REAL[name].period).year_to_end()), settings


def hours_of(events, settings):
    longest = settings.thresholds.longest_span_hours
    return rhythms.aoristic(events, longest_span_hours=longest, zone=settings.time_zone)


@needs_data
@pytest.mark.real
def test_vancouvers_midnight_is_made_by_what_was_hidden(tmp_path):
    events, settings = gathered("vancouver", tmp_path)
    rhythm = hours_of(events, settings)
    share = rhythm.by_hour / rhythm.n
    hidden = [
        (r'drop = \["Offence.*\n', ""),
        (r"\[sources.vpd.codes\]\n", '[sources.vpd.codes]\n"Offence Against a Person" = "Våld"\n'),
    ]
    (tmp_path / "all").mkdir()
    everything, _ = gathered("vancouver", tmp_path / "all", hidden)
    false = hours_of(everything, settings).by_hour
    assert false[0] / false.sum() > 1.7 * share[0]  # a peak that nobody saw
    assert share[0] < 0.12


@needs_data
@pytest.mark.real
@pytest.mark.parametrize(("name", "kind"), [("ribblevalley", "event"), ("savsjo", "event")])
def test_what_is_known_to_the_month_or_day_tells_no_hour(name, kind, tmp_path):
    events, settings = gathered(name, tmp_path)
    own = events[events["kind"] == kind]
    rhythm = hours_of(own, settings)
    assert rhythm.n == 0
    assert rhythm.unknown == own["count"].sum() > 0
    said = SAY.say(rhythm_finding(rhythm, settings.thresholds.minimum_rhythm).text)
    assert "okänt, så ingen veckorytm går att se" in said
