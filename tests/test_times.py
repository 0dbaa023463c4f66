"""Times: what people and systems write, its precision, and when it is surely over."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from frames import events
from hypothesis import given, settings
from hypothesis import strategies as st

from est_analysis.gather import times


def read(*columns, **options):
    """(time, precision) of each row, or "unreadable"."""
    moments = times.read([pd.Series(column) for column in columns], **options)
    assert moments.at.dtype == "datetime64[s]"
    rows = zip(moments.at, moments.precision, moments.unreadable, strict=True)
    return ["unreadable" if bad else (str(at), precision) for at, precision, bad in rows]


DAY, NOTHING = "2026-09-30", ("NaT", "unknown")


@pytest.mark.parametrize(
    ("text", "at", "precision"),
    [
        ("2026-09-30", f"{DAY} 00:00:00", "day"),
        ("20260930", f"{DAY} 00:00:00", "day"),
        ("30.9.2026", f"{DAY} 00:00:00", "day"),
        ("30/9/2026", f"{DAY} 00:00:00", "day"),
        ("2026-09", "2026-09-01 00:00:00", "month"),
        ("2026-9-3 7", "2026-09-03 07:00:00", "hour"),
        ("2026-09-30 9:30", f"{DAY} 09:30:00", "minute"),
        ("2026/09/30 09.30", f"{DAY} 09:30:00", "minute"),
        ("2026-09-30 930", f"{DAY} 09:30:00", "minute"),
        ("2026-09-30T21:30:59.123", f"{DAY} 21:30:00", "minute"),
        ("2026-09-30 24:00", "2026-10-01 00:00:00", "minute"),
        ("2026-12-31 2400", "2027-01-01 00:00:00", "minute"),
        # the hour that comes twice is let be; in the one that is skipped no clock showed this
        ("2026-10-25 02:30", "2026-10-25 02:30:00", "minute"),
        ("2026-03-29 02:30", "2026-03-29 00:00:00", "day"),
        ("2026-03-29 2", "2026-03-29 00:00:00", "day"),
        ("2026-03-29 01:59", "2026-03-29 01:59:00", "minute"),
        ("2026-03-29 03:00", "2026-03-29 03:00:00", "minute"),
        ("2026-03-29T00:30Z", "2026-03-29 01:30:00", "minute"),
        ("2026-03-29T01:30Z", "2026-03-29 03:30:00", "minute"),
        ("2026-10-25T00:30Z", "2026-10-25 02:30:00", "minute"),
        ("2026-10-25T01:30Z", "2026-10-25 02:30:00", "minute"),
        # what people write
        ("3 juli 2026", "2026-07-03 00:00:00", "day"),
        ("den 3:e juli 2026 kl. 21.30", "2026-07-03 21:30:00", "minute"),
        ("Fre 3 JULI 2026", "2026-07-03 00:00:00", "day"),
        ("fredagen den 3 juli 2026, klockan 21", "2026-07-03 21:00:00", "hour"),
        ("tors. 2 sept. 2027", "2027-09-02 00:00:00", "day"),
        ("3/7 2026", "2026-07-03 00:00:00", "day"),
        ("3/7-26", "2026-07-03 00:00:00", "day"),
        ("3/7-69", "1969-07-03 00:00:00", "day"),
        ("3 juli-68 21:30", "2068-07-03 21:30:00", "minute"),
        ("03.07.2026", "2026-07-03 00:00:00", "day"),
        ("20260703T2130", "2026-07-03 21:30:00", "minute"),
        ("2026-07-03 kl. 21.30", "2026-07-03 21:30:00", "minute"),
        ("2026-09-30 kl 21", f"{DAY} 21:00:00", "hour"),
        ("maj 2026", "2026-05-01 00:00:00", "month"),
        # an offset from UTC says what the wall time is
        ("2026-09-30T21:30:00Z", f"{DAY} 23:30:00", "minute"),
        ("2026-01-30T21:30+00:00", "2026-01-30 22:30:00", "minute"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25 02:30:00", "minute"),
        ("2026-09-30 21:30-0430", "2026-10-01 04:00:00", "minute"),
    ],
)
def test_one_column(text, at, precision):
    assert read([text]) == [(at, precision)]


@pytest.mark.parametrize(
    "text",
    [
        *("igår", "2026", "46295", "12345678", "2026-02-30", "9/30/2026", "2026-W36", "2026-13-01"),
        *("2026-09-30 25:00", "2026-09-30 24:30", "2026-09-30 21:75", "2026-09 12:00"),
        *("0201-09-30", "9999-12-31", "19850101-1234"),
        # a weekday that it was not, a year that is none, a month first, a year of two digits
        *("lör 3 juli 2026", "3/7", "3 juli", "3/7 26", "7/30 2026", "3 juli 26", "03-07-26"),
        *("31 juni 2026", "3 july 2026", "juli", "260703"),
    ],
)
def test_what_is_no_time_is_said_to_be_none(text):
    assert read([text]) == ["unreadable"]


def test_nothing_given_is_nothing_wrong():
    assert read(["", None, np.nan, "  "]) == [NOTHING] * 4
    assert read([]) == []
    assert read(["", ""], ["", None]) == [NOTHING] * 2
    assert read([""], [None], [""]) == [NOTHING]


def test_date_and_clock():
    clocks = ["9:30", "24:00", "21.05", "9", "09", "", None, "2130", "0", "abc"]
    expected = ["09:30", "24:00", "21:05", "09", "09", "", "", "21:30", "00", None]
    got = read([DAY] * 10, clocks)
    for clock, row in zip(expected, got, strict=True):
        if clock is None:
            assert row == "unreadable"
        else:
            assert row == read([f"{DAY} {clock}".strip()])[0]
    assert read([""], ["12:00"]) == ["unreadable"]


def test_a_clock_of_bare_numbers_is_hhmm_without_zeros():
    numbers = [2130, 930, 45, 9, 0, 2400]
    expected = ["21:30", "09:30", "00:45", "00:09", "00:00", "24:00"]
    want = read([f"{DAY} {clock}" for clock in expected])
    assert read([DAY] * 6, numbers) == want
    assert read([DAY] * 6, [float(n) for n in numbers]) == want
    assert read([DAY] * 6, [str(n) for n in numbers]) == want
    # where people write whole hours, 9 is nine o'clock
    assert read([DAY] * 2, ["9", "21"]) == read([f"{DAY} 9", f"{DAY} 21"])


def test_a_day_without_a_year_does_not_take_its_clock_for_one():
    assert read(["3/7", "3 juli"], ["2030", "1945"]) == ["unreadable"] * 2
    assert read(["3/7 2026"], ["2030"]) == [("2026-07-03 20:30:00", "minute")]


def test_a_clock_that_stands_for_no_time_is_a_day():
    given = ["2026-09-30 00:00", "2026-09-30 12:00", "2026-09-30 12:01", "2026-09-29 24:00", "2026"]
    day, noon = (f"{DAY} 00:00:00", "day"), (f"{DAY} 12:00:00", "minute")
    late = (f"{DAY} 12:01:00", "minute")
    midnight = (f"{DAY} 00:00:00", "minute")  # 24:00 is said on purpose
    got = read(given, placeholders=("00:00", "12:00"))
    assert got == [day, day, late, midnight, "unreadable"]
    assert read(given, placeholders=("00:00",)) == [day, noon, late, midnight, "unreadable"]
    assert read(pd.to_datetime(given[1:3]), placeholders=("12:00",)) == [day, late]
    assert read(given[:2], finest="month", placeholders=("12:00",))[1] == (
        "2026-09-01 00:00:00",
        "month",
    )


def ends(start, end):
    moments = times.read([pd.Series([end])])
    since = times.read([pd.Series([start])]).at
    return str(times.end_of(moments, since, zone="Europe/Stockholm")[0])


@pytest.mark.parametrize(
    ("start", "end", "over"),
    [
        # 02:50 summer time to 02:10 normal time is twenty minutes
        ("2026-10-25 02:50", "2026-10-25 02:10", "2026-10-25 03:10:00"),
        ("2026-10-25T00:50Z", "2026-10-25T01:10Z", "2026-10-25 03:10:00"),
        ("2026-10-25 02:10", "2026-10-25 02:50", "2026-10-25 02:50:00"),
        ("2026-10-25 01:50", "2026-10-25 02:10", "2026-10-25 02:10:00"),
        # any other interval that is turned round stays so, and is set aside
        ("2026-10-25 03:10", "2026-10-25 02:50", "2026-10-25 02:50:00"),
        ("2026-10-24 02:50", "2026-10-24 02:10", "2026-10-24 02:10:00"),
        ("2027-10-31 02:10", "2026-10-25 02:50", "2026-10-25 02:50:00"),
        ("2026-10-25 02:50", "2026-10-25", "2026-10-26 00:00:00"),
    ],
)
def test_an_interval_over_the_hour_that_comes_twice_is_not_turned_round(start, end, over):
    assert ends(start, end) == over


def test_without_the_start_the_autumn_hour_is_turned_round():
    moments = times.read([pd.Series(["2026-10-25 02:10"])])
    assert str(times.end_of(moments)[0]) == "2026-10-25 02:10:00"


MONTHS = ("januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september")
MONTHS += ("oktober", "november", "december")
WEEKDAYS = ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag")
DAYS = {
    "iso": lambda d: f"{d:%Y-%m-%d}",
    "together": lambda d: f"{d:%Y%m%d}",
    "strokes": lambda d: f"{d:%Y/%m/%d}",
    "points": lambda d: f"{d:%d.%m.%Y}",
    "unpadded": lambda d: f"{d.day}/{d.month}/{d.year}",
    "slash": lambda d: f"{d.day}/{d.month} {d.year}",
    "short": lambda d: f"{d.day}/{d.month}-{d:%y}",
    "month": lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
    "abbreviated": lambda d: f"{d.day} {MONTHS[d.month - 1][:3]}. {d.year}",
    "weekday": lambda d: f"{WEEKDAYS[d.weekday()]} {d.day} {MONTHS[d.month - 1]} {d.year}",
    "short weekday": lambda d: f"{WEEKDAYS[d.weekday()][:3]} {d.day}/{d.month} {d.year}",
}
CLOCKS = {
    "colon": lambda d: f" {d:%H:%M}",
    "point": lambda d: f" {d:%H.%M}",
    "T": lambda d: f"T{d:%H:%M:%S}",
    "bare": lambda d: f" {d:%H%M}",
    "kl": lambda d: f" kl. {d:%H.%M}",
    "klockan": lambda d: f", klockan {d.hour}.{d:%M}",
    "none": lambda d: "",
}


@settings(max_examples=30)
@given(at=st.datetimes(pd.Timestamp("1969-01-01"), pd.Timestamp("2068-12-31")))
def test_what_is_written_in_any_form_is_read_back(at):
    zone = "Europe/Stockholm"
    skipped = pd.isna(pd.Timestamp(at).tz_localize(zone, ambiguous=True, nonexistent="NaT"))
    day = (f"{at:%Y-%m-%d} 00:00:00", "day")
    minute = day if skipped else (f"{at:%Y-%m-%d %H:%M}:00", "minute")
    written = {
        (name, clock): write_day(at) + write_clock(at)
        for name, write_day in DAYS.items()
        for clock, write_clock in CLOCKS.items()
    }
    expected = {form: day if form[1] == "none" else minute for form in written}
    assert dict(zip(written, read(list(written.values())), strict=True)) == expected


def test_a_form_that_is_not_read_is_seen(monkeypatch):
    monkeypatch.setattr(times, "_MONTHS", times._MONTHS[1:] + times._MONTHS[:1])
    with pytest.raises(AssertionError):
        test_what_is_written_in_any_form_is_read_back.hypothesis.inner_test(
            pd.Timestamp("2026-07-03 21:30")
        )


# --- clocks that stand for no time


def with_spike(n, clock, source="polis"):
    clocks = [f"{hour:02d}:{minute}" for hour in range(24) for minute in ("00", "17", "30")] * 4
    return events(
        *({"start": f"2026-07-05 {at}", "source": source} for at in [*clocks, *[clock] * n])
    )


def test_a_clock_that_is_far_more_usual_than_its_neighbours_is_suspected():
    got = times.suspected_default_times(with_spike(30, "00:00"))
    assert got[["source", "clock", "n"]].to_numpy().tolist() == [["polis", "00:00", 34]]
    line = got.iloc[0]
    total = 24 * 3 * 4 + 30
    assert line["share"] == pytest.approx(34 / total)
    assert line["expected"] == pytest.approx(4 / total)
    assert line["p"] == pytest.approx(scipy.stats.binom.sf(33, 42, 1 / 3))


@pytest.mark.parametrize(("n", "clock"), [(0, "00:00"), (3, "12:00"), (30, "15:00")])
def test_round_hours_and_small_numbers_are_not_suspected(n, clock):
    assert times.suspected_default_times(with_spike(n, clock)).empty


def test_each_source_is_judged_alone_and_days_are_no_clocks():
    both = pd.concat([with_spike(30, "12:00"), with_spike(0, "12:00", "est")], ignore_index=True)
    assert times.suspected_default_times(both)["source"].tolist() == ["polis"]
    assert times.suspected_default_times(both.assign(time_precision="day")).empty
    assert times.suspected_default_times(both.iloc[:0]).empty


def test_a_date_column_that_carries_midnight():
    assert read(["2026-09-30 00:00:00"], ["21:30"]) == [(f"{DAY} 21:30:00", "minute")]


def test_three_and_five_columns():
    assert read([2026.0, 2026], [9.0, None], [30.0, 3]) == [
        (f"{DAY} 00:00:00", "day"),
        "unreadable",
    ]
    assert read(["2026", "", "2026"], ["9", "", "13"], ["30", "", "1"]) == [
        (f"{DAY} 00:00:00", "day"),
        NOTHING,
        "unreadable",
    ]
    parts = ([2026] * 4, [9] * 4, [30] * 4, [7, 24, None, 25], [5, 0, 5, 0])
    assert read(*parts) == [
        (f"{DAY} 07:05:00", "minute"),
        ("2026-10-01 00:00:00", "minute"),
        (f"{DAY} 00:00:00", "day"),
        "unreadable",
    ]


def test_a_stated_form_is_read_and_nothing_else():
    april = ("2012-04-01 00:00:00", "day")
    got = read(["1-Apr-12", "31-Feb-12", "2012-04-01", ""], form="%d-%b-%y")
    assert got == [april, "unreadable", "unreadable", NOTHING]
    got = read(["1/4/12", ""], ["9.30", ""], form="%d/%m/%y %H.%M")
    assert got == [("2012-04-01 09:30:00", "minute"), NOTHING]
    assert read(["Apr 2012"], form="%b %Y") == [("2012-04-01 00:00:00", "month")]
    assert read(["1 04 2012"], form="%H %m %Y")[0][1] == "hour"


@pytest.mark.parametrize(
    ("finest", "cut"),
    [
        ("hour", "2022-08-17 21:00:00"),
        ("day", "2022-08-17 00:00:00"),
        ("month", "2022-08-01 00:00:00"),
        ("unknown", "2022-08-17 00:00:00"),
    ],
)
def test_what_is_finer_than_the_source_knows_is_cut_off(finest, cut):
    given = ["2022-08-17 21:45", "2022-08", ""]
    month = "unknown" if finest == "unknown" else "month"
    assert read(given, finest=finest) == [(cut, finest), ("2022-08-01 00:00:00", month), NOTHING]
    assert read(pd.to_datetime(given[:1]), finest=finest) == [(cut, finest)]


def test_an_offset_that_means_nothing_is_let_be():
    utc = ["2019-07-01T19:50:00Z", "2019-07-01 19:50:00 +00:00"]  # with a space, as Polisen writes
    assert [at for at, _ in read(utc)] == ["2019-07-01 21:50:00"] * 2
    for columns in (utc, pd.to_datetime(utc[:1])):
        assert {at for at, _ in read(columns, ignore_offset=True)} == {"2019-07-01 19:50:00"}


def test_numbers_that_are_no_dates_do_not_stop_the_reading():
    assert read([46295.5, np.nan]) == ["unreadable", NOTHING]


def test_columns_that_know_their_type():
    days = pd.to_datetime(["2026-09-30", None])
    assert read(days) == [(f"{DAY} 00:00:00", "day"), NOTHING]
    times_ = pd.to_datetime(["2026-09-30 00:00", "2026-09-30 21:30"])
    assert [precision for _, precision in read(times_)] == ["minute", "minute"]
    utc = pd.to_datetime(["2026-09-30 21:30"]).tz_localize("UTC")
    assert read(utc) == [(f"{DAY} 23:30:00", "minute")]
    assert read(utc, zone="America/New_York") == [(f"{DAY} 17:30:00", "minute")]
    assert read(pd.Series(["0201-09-30"]).astype("datetime64[s]")) == ["unreadable"]


@settings(max_examples=15)
@given(at=st.datetimes(pd.Timestamp("1950-01-01"), pd.Timestamp("2150-01-01")))
def test_every_way_to_write_a_minute_reads_the_same(at):
    minute = (f"{at:%Y-%m-%d %H:%M}:00", "minute")
    day = f"{at:%Y-%m-%d}"
    texts = [
        f"{at:%Y-%m-%d %H:%M}",
        f"{at:%Y%m%d %H%M}",
        f"{at.day}.{at.month}.{at.year} {at:%H.%M}",
    ]
    assert read(texts) == [minute] * 3
    assert read([day, day], [f"{at.hour}:{at:%M}", f"{at:%H%M}"]) == [minute] * 2
    assert read(*([part] for part in (at.year, at.month, at.day, at.hour, at.minute))) == [minute]


@pytest.mark.parametrize(
    ("given", "end"),
    [
        ("2026-12-31", "2027-01-01 00:00:00"),  # a day is over at the next midnight
        ("2026-12", "2027-01-01 00:00:00"),
        ("2026-02", "2026-03-01 00:00:00"),
        ("2026-09-30 21:30", "2026-09-30 21:30:00"),
        ("2026-09-30 21", "2026-09-30 21:00:00"),
        ("2026-09-30 24:00", "2026-10-01 00:00:00"),
        ("", "NaT"),
        ("igår", "NaT"),
    ],
)
def test_when_a_moment_is_surely_over(given, end):
    moments = times.read([pd.Series([given, "2026-09-30 21:30"])])
    ends = times.end_of(moments)
    assert str(ends[0]) == end
    assert ends.dtype == "datetime64[s]"
