"""Times as delivered become local wall time with a precision; what cannot be read is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from est_analysis.gather import spread

PRECISIONS = ("minute", "hour", "day", "month", "unknown")

_DATE = (
    r"(?:(?P<y>\d{4})[-/.](?P<m>\d{1,2})(?:[-/.](?P<d>\d{1,2}))?"
    r"|(?P<y8>\d{4})(?P<m8>\d{2})(?P<d8>\d{2})"
    r"|(?P<dd>\d{1,2})[./](?P<mm>\d{1,2})[./](?P<yy>\d{4}))"
)
_CLOCK = r"(?P<H>\d{1,2})(?:[:.](?P<M>\d{2})|(?P<M4>\d{2}))?(?:[:.]\d{2}(?:\.\d+)?)?"
_OFFSET = r"(?P<offset>Z|[+-]\d{2}(?::?\d{2})?)"
_MOMENT = rf"^{_DATE}(?:[T ]+{_CLOCK}(?: ?{_OFFSET})?)?$"
_COMMON = r"\d{4}-\d\d-\d\d[T ]\d\d[:.]?\d\d(?::\d\d(?:\.\d+)?)?(?: ?(?:Z|[+-]\d\d:?\d\d))?"
_YEARS = (1900, 2200)

_MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uari)?|feb(?:ruari)?|mar(?:s)?|apr(?:il)?|maj|juni?|juli?|aug(?:usti)?"
    r"|sept?(?:ember)?|okt(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAYS = ("mån", "tis", "ons", "tor", "fre", "lör", "sön")
_WEEKDAY = re.compile(rf"({'|'.join(_WEEKDAYS)})s?(?:dag(?:en)?)?\.?,? +(?=\d|den )", re.IGNORECASE)
_SAID_CLOCK = re.compile(r",? +(?:kl|klockan)\.? *(?=\d)", re.IGNORECASE)
_WORDS = re.compile(
    rf"(?:(?P<day>\d{{1,2}})(?::?[ea]|\.)? *)?{_MONTH}\.?,?"
    r"(?: +(?P<y>\d{4})| *-(?P<y2>\d\d))(?!\d)",
    re.IGNORECASE,
)
_SLASH = re.compile(
    r"(?P<day>\d{1,2})/(?P<month>\d{1,2})(?:[ -](?P<y>(?:19|20)\d\d)|-(?P<y2>\d\d))(?!\d)"
)
_PIVOT = 69


@dataclass(frozen=True)
class Moments:
    """
    One moment a row.

    Parameters
    ----------
    at
        Local wall time, ``datetime64[s]``; NaT where nothing was given or nothing could be read.
    precision
        One of `PRECISIONS`, as categories from the finest on.
    unreadable
        True where something was given but is no date.
    """

    at: pd.Series
    precision: pd.Series
    unreadable: pd.Series


def read(
    columns: list[pd.Series],
    *,
    zone: str = "Europe/Stockholm",
    form: str | None = None,
    finest: str = "minute",
    ignore_offset: bool = False,
    placeholders: Sequence[str] = (),
) -> Moments:
    """
    Read a moment from one to five columns of a delivery.

    Parameters
    ----------
    columns
        One (date, or date and time), two (date, time), three (year, month, day) or five columns
        (year, month, day, hour, minute); text or numbers, same index.
    zone
        The municipality's time zone: a moment that carries its own offset from UTC is moved to
        the wall time there; all others are wall times already.
    form
        How the text is written, as `datetime.strptime` takes it (month names in English), the
        columns with a space between them; None reads what is listed below.
    finest
        The finest of `PRECISIONS` that the times can be trusted to: what is finer is cut off.
    ignore_offset
        The moments are wall times although they carry an offset.
    placeholders
        Clocks (``HH:MM``) that the source writes where it knows none: exactly these are days.

    Returns
    -------
    Moments
        Swedish and ISO dates, ``20260930``, ``3 juli 2026``, ``fre 3/7 2026 kl. 21.30``, unpadded
        hours, ``HHmm`` and ``H:MM`` are read. A date alone is a day, a year and month alone a
        month, an hour alone an hour; 24:00 is the next midnight. Hours and minutes that no clock
        shows, a weekday that the date was not, and years outside 1900-2199, are unreadable. The
        day stands before the month. A year of two digits is read only after a hyphen
        (``3/7-26``): 69-99 are of the 1900s, as in `datetime.strptime`. A clock in the hour that
        summer time skips was never shown: of it only the day is kept.
    """
    home = None if ignore_offset else zone
    if len(columns) == 1 and pd.api.types.is_datetime64_any_dtype(columns[0]):
        moments = _typed(columns[0], home)
        return _cut(_known_clock(moments, zone, placeholders), finest)
    texts = [text_of(column) for column in columns]
    text = _joined(texts) if form is None else texts[0].str.cat(texts[1:], sep=" ").str.strip()
    plain = _plain(text) if form is None else None
    if plain is not None:
        return _cut(_known_clock(plain, zone, placeholders), finest)
    row_of, distinct = pd.factorize(text)
    each = pd.Series(distinct, dtype=str)
    parsed = _parse(each, home) if form is None else _parse_as(each, form)
    unreadable = (each != "") & parsed["at"].isna()
    moments = Moments(parsed["at"], _fineness(parsed["precision"]), unreadable)
    closing = each.str.contains(r"\b24[:.]?00")  # the end of a day, said on purpose
    moments = _cut(_known_clock(moments, zone, placeholders, closing), finest)
    at, precision, wrong = (
        part.take(row_of).set_axis(text.index)
        for part in (moments.at, moments.precision, moments.unreadable)
    )
    return Moments(at, precision, wrong)


def _known_clock(
    moments: Moments, zone: str, placeholders: Sequence[str], meant: pd.Series | None = None
) -> Moments:
    """Keep only the day of clocks that stand for no time, or that no clock showed."""
    at = moments.at
    clocked = at.notna() & moments.precision.isin(["minute", "hour"])
    if not clocked.any():
        return moments
    only_day = clocked & _never_shown(at, zone)
    if placeholders:
        minute = at.dt.hour * 60 + at.dt.minute
        held = clocked & minute.isin([60 * int(c[:2]) + int(c[3:]) for c in placeholders])
        only_day |= held if meant is None else held & ~meant
    if not only_day.any():
        return moments
    return Moments(
        at.mask(only_day, at.dt.normalize()),
        moments.precision.mask(only_day, "day"),
        moments.unreadable,
    )


def _never_shown(at: pd.Series, zone: str) -> pd.Series:
    """Tell which wall times no clock in `zone` showed: those that summer time skips."""
    day = at.to_numpy().astype("datetime64[D]")
    days = pd.DatetimeIndex(pd.unique(day)).dropna()
    noon = pd.Timedelta(hours=12)  # every zone has a clock for noon, and none changes there
    length = (days + noon).tz_localize(zone) - (days - noon).tz_localize(zone)
    short = days[length < pd.Timedelta(hours=24)].to_numpy().astype("datetime64[D]")
    odd = np.flatnonzero(np.isin(day, short))
    first = np.ones(len(odd), dtype=bool)
    local = at.iloc[odd].dt.tz_localize(zone, ambiguous=first, nonexistent="NaT")
    skipped = np.zeros(len(at), dtype=bool)
    skipped[odd] = local.isna()
    return pd.Series(skipped, index=at.index)


_PLAIN = {
    r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$": "minute",
    r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$": "minute",
    r"^\d{4}-\d{2}-\d{2}$": "day",
}
"""How texts look that need no search, and how fine they are."""


def _plain(text: pd.Series) -> Moments | None:
    """Read a column wholly written in one plain form, empty cells apart; None if it is not."""
    import pyarrow as pa

    given = text != ""
    first = text[given].head(1)
    for looks, precision in _PLAIN.items():
        if not first.str.match(looks).any():
            continue
        if not (text.str.len() == len(first.iloc[0])).eq(given).all():
            return None
        try:
            cells = pa.array(text.where(given), type=pa.string()).cast(pa.timestamp("s"))
        except pa.ArrowInvalid:
            return None
        at = pd.Series(cells.to_numpy(zero_copy_only=False), index=text.index)
        if given.any() and not _YEARS[0] <= at.min().year <= at.max().year < _YEARS[1]:
            return None
        told = _fineness(spread.same(precision, text.index))
        told = told if given.all() else told.where(given, "unknown")
        return Moments(at, told, pd.Series(False, index=text.index))
    return None


def _fineness(precision: pd.Series) -> pd.Series:
    return precision.astype(pd.CategoricalDtype(PRECISIONS, ordered=True))


def _cut(moments: Moments, finest: str) -> Moments:
    """Cut off what of each moment is finer than `finest`."""
    if finest == PRECISIONS[0]:
        return moments
    step = {"hour": "h", "month": "M"}.get(finest, "D")
    finer = moments.precision < finest
    cut = moments.at.dt.to_period(step).dt.to_timestamp().astype(moments.at.dtype)
    return Moments(
        moments.at.mask(finer, cut), moments.precision.mask(finer, finest), moments.unreadable
    )


def _typed(column: pd.Series, zone: str | None) -> Moments:
    if column.dt.tz is not None:
        column = (column.dt.tz_convert(zone) if zone else column).dt.tz_localize(None)
    at = column.astype("datetime64[s]")
    unreadable = at.notna() & ~at.dt.year.between(*_YEARS, inclusive="left")
    at = at.mask(unreadable)
    only_days = bool((at.dropna().dt.normalize() == at.dropna()).all())
    precision = _fineness(spread.same("day" if only_days else "minute", at.index))
    return Moments(at, precision.where(at.notna(), "unknown"), unreadable)


def text_of(column: pd.Series) -> pd.Series:
    """Return a column as stripped text, whole numbers without decimals, missing as empty."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        texts = text_of(column.cat.categories.to_series())
        return spread.each([*texts, ""], column.cat.codes, column.index)
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    return column.astype("string").fillna("").astype(str).str.strip()


def _joined(columns: list[pd.Series]) -> pd.Series:
    if len(columns) == 2:
        day, clock = columns
        if _is_unpadded(clock):
            clock = clock.where(~clock.str.fullmatch(r"\d{1,4}"), clock.str.zfill(4))
        bare = clock.str.fullmatch(r"\d{4}")  # ”3/7” and ”2030” is no day of the year 2030
        clock = clock.where(~bare, clock.str.slice(0, 2) + ":" + clock.str.slice(2))
        return (day.str.replace(r"[ T]0?0:00(:00)?$", "", regex=True) + " " + clock).str.strip()
    if len(columns) >= 3:
        padded = [columns[0], *(c.where(c == "", c.str.zfill(2)) for c in columns[1:])]
        text = padded[0] + "-" + padded[1] + "-" + padded[2]
        if len(columns) == 5:
            clock = padded[3] + ":" + padded[4]
            text = text + (" " + clock).where((padded[3] != "") & (padded[4] != ""), "")
        return text.where(text.str.strip("-") != "", "")
    return columns[0]


def _is_unpadded(clock: pd.Series) -> bool:
    """
    Tell whether bare numbers in a column are ``HHmm`` without zeros in front: 930, 45 and 9.

    A bare 9 is nine minutes past midnight there, and nine o'clock where people write hours.
    """
    only_numbers = not clock.str.contains("[:.]").any()
    return only_numbers and bool(clock.str.fullmatch(r"[1-9]\d{2}|2[5-9]|[3-9]\d").any())


def _parse_as(text: pd.Series, form: str) -> pd.DataFrame:
    """Parse distinct texts written as `form` says; columns as `_parse` gives them."""
    at = pd.to_datetime(text, format=form, errors="coerce").astype("datetime64[s]")
    at = at.where(at.dt.year.between(*_YEARS, inclusive="left"))
    precision = "month"
    for part, finer in (("d", "day"), ("H", "hour"), ("I", "hour"), ("M", "minute")):
        precision = finer if f"%{part}" in form.replace("%%", "") else precision
    return pd.DataFrame({"at": at, "precision": np.where(at.notna(), precision, "unknown")})


def _parse(text: pd.Series, zone: str | None) -> pd.DataFrame:
    """Parse distinct texts; columns ``at`` (NaT where unreadable) and ``precision``."""
    common = text[text.str.fullmatch(_COMMON)]  # what systems write, without a regex for each
    clock = common.str.slice(11, 16).str.replace(r"[:.]", "", regex=True)
    iso = common.str.slice(0, 10) + " " + clock.str.slice(0, 2) + ":" + clock.str.slice(2, 4)
    at = pd.to_datetime(iso, format="%Y-%m-%d %H:%M", errors="coerce")
    at = at.astype("datetime64[s]")
    at = at[at.dt.year.between(*_YEARS, inclusive="left")]
    if zone and common.str.contains(r"Z$|:.*[+-]", regex=True).any():
        offset = common.str.extract(rf" ?{_OFFSET}$", expand=False)
        at = _at_home(at, offset[at.index], zone)
    quick = pd.DataFrame({"at": at, "precision": "minute"})
    slow = _parse_any(text.drop(at.index), zone)
    return pd.concat([quick, slow]).sort_index()


def _parse_any(text: pd.Series, zone: str | None) -> pd.DataFrame:
    """Parse what is written in any of the forms that are read; as `_parse`."""
    written = text.map(_without_words)
    weekday = written.str[1].astype(float)
    found = written.str[0].astype(str).str.extract(_MOMENT)
    year = found["y"].fillna(found["y8"]).fillna(found["yy"])
    month = found["m"].fillna(found["m8"]).fillna(found["mm"])
    day = found["d"].fillna(found["d8"]).fillna(found["dd"])
    minute = found["M"].fillna(found["M4"])
    parts = pd.DataFrame(
        {
            "year": year,
            "month": month,
            "day": day.fillna("1"),
            "hour": found["H"].fillna("0"),
            "minute": minute.fillna("0"),
        }
    ).astype(float)
    end_of_day = (parts["hour"] == 24) & (parts["minute"] == 0)
    parts.loc[end_of_day, "hour"] = 0
    wrong = (parts["hour"] > 23) | (parts["minute"] > 59) | (found["H"].notna() & day.isna())
    wrong |= ~parts["year"].between(*_YEARS, inclusive="left")
    at = pd.to_datetime(parts.mask(wrong), errors="coerce").astype("datetime64[s]")
    at = at + pd.to_timedelta(end_of_day.astype(int), unit="D").astype("timedelta64[s]")
    at = at.mask(weekday.notna() & (weekday != at.dt.day_of_week))
    at = _at_home(at, found["offset"], zone) if zone else at
    precision = pd.Series("minute", index=text.index, dtype=str)
    for part, coarser in ((minute, "hour"), (found["H"], "day"), (day, "month")):
        precision = precision.where(part.notna(), coarser)
    return pd.DataFrame({"at": at, "precision": precision.where(at.notna(), "unknown")})


def _without_words(text: str) -> tuple[str, int | None]:
    """Return a Swedish date in numbers, year first, and the weekday it names (0 is Monday)."""
    weekday = None
    if found := _WEEKDAY.match(text):
        weekday = _WEEKDAYS.index(found[1].lower())
        text = text[found.end() :]
    text = _SAID_CLOCK.sub(" ", re.sub("^den +", "", text, flags=re.IGNORECASE))
    found = _WORDS.match(text) or _SLASH.match(text)
    if found is None:
        return text, weekday
    day, month = found["day"], found["month"].lower()
    number = month if month.isdigit() else str(_MONTHS.index(month[:3]) + 1)
    year = found["y"] or f"{20 if int(found['y2']) < _PIVOT else 19}{found['y2']}"
    numbers = f"{year}-{number}" + (f"-{day}" if day else "")
    return numbers + text[found.end() :], weekday


def _at_home(at: pd.Series, offset: pd.Series, zone: str) -> pd.Series:
    """Move the moments that carry an offset from UTC to the wall time of `zone`."""
    given = offset.notna() & at.notna()
    if not given.any():
        return at
    minutes = offset[given].map({text: _minutes(text) for text in offset[given].unique()})
    utc = at[given] - pd.to_timedelta(minutes, unit="min")
    at = at.copy()
    at[given] = utc.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None).astype(at.dtype)
    return at


def _minutes(offset: str) -> int:
    """Return an offset from UTC, such as ``+01:30`` or ``Z``, in minutes."""
    if offset == "Z":
        return 0
    digits = offset[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return -minutes if offset[0] == "-" else minutes


def end_of(
    moments: Moments, since: pd.Series | None = None, *, zone: str = "Europe/Stockholm"
) -> pd.Series:
    """
    Return when each moment is surely over: a day or a month ends after its last minute.

    Parameters
    ----------
    moments
        The ends.
    since
        Their starts, where they are known: an end that comes before its start within the hour
        that autumn's clock shows twice is told by the clock that has been turned back, and one
        hour is added, so that the interval is as long as it was.
    zone
        The municipality's time zone.
    """
    at = moments.at.copy()
    day, month = moments.precision == "day", moments.precision == "month"
    if day.any():
        at[day] += pd.Timedelta(days=1)
    if month.any():
        at[month] = (at[month] + pd.offsets.MonthBegin(1)).astype(at.dtype)
    if since is None or not (turned := (at < since) & ~day & ~month).any():
        return at
    twice = _comes_twice(at[turned], zone) & _comes_twice(since[turned], zone)
    twice &= at[turned].dt.normalize() == since[turned].dt.normalize()
    at[twice[twice].index] += pd.Timedelta(hours=1)
    return at


def _comes_twice(at: pd.Series, zone: str) -> pd.Series:
    shown = at.dt.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward")
    return shown.isna() & at.notna()


def suspected_default_times(events: pd.DataFrame) -> pd.DataFrame:
    """
    List clocks that a source probably writes where it knows no time: exactly 00:00 or 12:00.

    People round to whole and half hours, so exactly 12:00 is compared with exactly 11:00 and
    13:00, and with 11:30 and 12:30; the larger of both means is what a smooth day would give.

    Parameters
    ----------
    events
        Accepted events.

    Returns
    -------
    DataFrame
        A row for each suspected clock: ``source``, ``clock``, ``n``, ``share`` and ``expected``
        (shares of the source's events with a clock), ``p`` (exact, one-sided: n against each
        pair of neighbours, the larger p). Suspected is what is twice the expected, with
        p <= 0.001.
    """
    from scipy.stats import binom

    rows: list[tuple[str, str, int, float, float, float]] = []
    clocked = events[events["time_precision"] == "minute"]
    minute = clocked["start"].dt.hour * 60 + clocked["start"].dt.minute
    for source, own in minute.groupby(clocked["source"]):
        counts = own.value_counts()
        for clock, at in (("00:00", 0), ("12:00", 720)):
            n = int(counts.get(at, 0))
            pairs = [
                sum(int(counts.get((at + sign * step) % 1440, 0)) for sign in (-1, 1))
                for step in (60, 30)
            ]
            p = max(float(binom.sf(n - 1, n + pair, 1 / 3)) for pair in pairs)
            expected = max(pairs) / 2
            if n > 2 * expected and p <= 0.001:
                rows.append((str(source), clock, n, n / len(own), expected / len(own), p))
    return pd.DataFrame(rows, columns=["source", "clock", "n", "share", "expected", "p"])
