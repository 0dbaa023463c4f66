"""Times as delivered become local wall time with a precision; what cannot be read is said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

PRECISIONS = ("minute", "hour", "day", "month", "unknown")

_DATE = (
    r"(?:(?P<y>\d{4})[-/.](?P<m>\d{1,2})(?:[-/.](?P<d>\d{1,2}))?"
    r"|(?P<y8>\d{4})(?P<m8>\d{2})(?P<d8>\d{2})"
    r"|(?P<dd>\d{1,2})[./](?P<mm>\d{1,2})[./](?P<yy>\d{4}))"
)
_CLOCK = r"(?P<H>\d{1,2})(?:[:.](?P<M>\d{2})|(?P<M4>\d{2}))?(?:[:.]\d{2}(?:\.\d+)?)?"
_OFFSET = r"(?P<offset>Z|[+-]\d{2}(?::?\d{2})?)"
_MOMENT = rf"^{_DATE}(?:[T ]+{_CLOCK}(?: ?{_OFFSET})?)?$"
_YEARS = (1900, 2200)


@dataclass(frozen=True)
class Moments:
    """
    One moment a row.

    Parameters
    ----------
    at
        Local wall time, ``datetime64[s]``; NaT where nothing was given or nothing could be read.
    precision
        One of `PRECISIONS`.
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

    Returns
    -------
    Moments
        Swedish and ISO dates, ``20260930``, unpadded hours, ``HHmm`` and ``H:MM`` are read. A
        date alone is a day, a year and month alone a month, an hour alone an hour; 24:00 is the
        next midnight. Hours and minutes that no clock shows, and years outside 1900-2199, are
        unreadable.
    """
    home = None if ignore_offset else zone
    if len(columns) == 1 and pd.api.types.is_datetime64_any_dtype(columns[0]):
        return _cut(_typed(columns[0], home), finest)
    texts = [text_of(column) for column in columns]
    text = _joined(texts) if form is None else texts[0].str.cat(texts[1:], sep=" ").str.strip()
    moments = _plain(text) if form is None else None
    return _cut(moments or _by_distinct(text, home, form), finest)


_PLAIN = {
    "%Y-%m-%d %H:%M": (r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$", "minute"),
    "%Y-%m-%d %H:%M:%S": (r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", "minute"),
    "%Y-%m-%d": (r"^\d{4}-\d{2}-\d{2}$", "day"),
}
"""Forms that need no search, with how each looks and how fine it is."""


def _plain(text: pd.Series) -> Moments | None:
    """Read a column wholly written in one plain form, empty cells apart; None if it is not."""
    given = text != ""
    first = text[given].head(1)
    for form, (looks, precision) in _PLAIN.items():
        if not first.str.match(looks).any():
            continue
        at = pd.to_datetime(text.where(given), format=form, errors="coerce", exact=True)
        if not (text.str.len() == len(first.iloc[0])).eq(given).all() or (at.isna() & given).any():
            return None
        at = at.astype("datetime64[s]")
        if not at.dropna().dt.year.between(*_YEARS, inclusive="left").all():
            return None
        each = pd.Series(precision, index=text.index, dtype=str).where(given, "unknown")
        return Moments(at, each, pd.Series(False, index=text.index))
    return None


def _by_distinct(text: pd.Series, zone: str | None, form: str | None) -> Moments:
    """Read every distinct text once."""
    distinct = pd.Series(text.unique(), dtype=str)
    parsed = _parse(distinct, zone) if form is None else _parse_as(distinct, form)
    parsed = parsed.set_axis(distinct, axis=0)
    rows = parsed.loc[text].set_axis(text.index, axis=0)
    return Moments(rows["at"], rows["precision"], (text != "") & rows["at"].isna())


def _cut(moments: Moments, finest: str) -> Moments:
    """Cut off what of each moment is finer than `finest`."""
    if finest == PRECISIONS[0]:
        return moments
    step = {"hour": "h", "month": "M"}.get(finest, "D")
    finer = moments.precision.map(PRECISIONS.index) < PRECISIONS.index(finest)
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
    precision = pd.Series("day" if only_days else "minute", index=at.index, dtype=str)
    return Moments(at, precision.where(at.notna(), "unknown"), unreadable)


def text_of(column: pd.Series) -> pd.Series:
    """Return a column as stripped text, whole numbers without decimals, missing as empty."""
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    return column.astype("string").fillna("").astype(str).str.strip()


def _joined(columns: list[pd.Series]) -> pd.Series:
    if len(columns) == 2:
        day, clock = columns
        if _is_unpadded(clock):
            clock = clock.where(~clock.str.fullmatch(r"\d{1,4}"), clock.str.zfill(4))
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
    found = text.str.extract(_MOMENT)
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
    at = _at_home(at, found["offset"], zone) if zone else at
    precision = pd.Series("minute", index=text.index, dtype=str)
    for part, coarser in ((minute, "hour"), (found["H"], "day"), (day, "month")):
        precision = precision.where(part.notna(), coarser)
    return pd.DataFrame({"at": at, "precision": precision.where(at.notna(), "unknown")})


def _at_home(at: pd.Series, offset: pd.Series, zone: str) -> pd.Series:
    """Move the moments that carry an offset from UTC to the wall time of `zone`."""
    given = offset.notna() & at.notna()
    if not given.any():
        return at
    parts = offset[given].replace("Z", "+0000").str.extract(r"([+-])(\d{2}):?(\d{2})?")
    minutes = parts[1].astype(int) * 60 + parts[2].fillna("0").astype(int)
    minutes = minutes.where(parts[0] == "+", -minutes)
    utc = at[given] - pd.to_timedelta(minutes, unit="min")
    at = at.copy()
    at[given] = utc.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None).astype(at.dtype)
    return at


def end_of(moments: Moments) -> pd.Series:
    """Return when each moment is surely over: a day or a month ends after its last minute."""
    at = moments.at.copy()
    day, month = moments.precision == "day", moments.precision == "month"
    at = at.mask(day, at + pd.Timedelta(days=1))
    return at.mask(month, (at + pd.offsets.MonthBegin(1)).astype(at.dtype))
