"""Times: what people and systems write, its precision, and when it is surely over."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
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
        # wall times: neither the hour that is skipped nor the one that comes twice is moved
        ("2026-03-29 02:30", "2026-03-29 02:30:00", "minute"),
        ("2026-10-25 02:30", "2026-10-25 02:30:00", "minute"),
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
        *("2026-09-30 kl 21", "0201-09-30", "9999-12-31", "19850101-1234"),
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
