"""The baseline of a measure as a report first counted it: what is delivered later leaves it be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pandas as pd

from est_analysis.gather import store
from est_analysis.municipality import Municipality
from est_analysis.periods import Period

LEDGER = "baselines"
VERSION = 1

GROUND = (
    ("polygon",),
    ("x", "y", "radie_m"),
    ("plats", "radie_m"),
    ("gata", "radie_m"),
    ("omrade",),
)
"""Where a problem lies, by the first of these that is given; see `measures.places`."""
DECIDES = ("grupp", "startdatum", "jamforelseplats")
"""With the ground, what decides which events are counted: another is another baseline."""
TOLD = ("vald_period", "forvantad_effekt_fran", "mal", "indikator")
"""What chooses among the seasons counted, and the goal: the baseline stays, the change is told."""

_COARSE = ("month", "unknown")
Days = tuple[tuple[str, str, int], ...]
"""Day, how coarsely it is known (`_COARSE`, or empty), and events."""


@dataclass(frozen=True)
class Frozen:
    """
    One measure's baseline, day by day: any season of the days frozen can be summed from it.

    Parameters
    ----------
    measure
        Its id in the register.
    period
        The period of the report that froze it.
    decides, told
        What the register said, as pairs of column and text: of `GROUND` and `DECIDES`, and of
        `TOLD`.
    first, until
        ISO days: the first that is counted, and the day after the last, which is the measure's
        start. Both empty where nothing is counted yet, since the measure had not begun.
    treated, comparison
        Events by day at the two places; days without events are left out. Both are empty where
        nothing is counted, and the comparison where there is no comparison place.
    content
        SHA-256 of the events counted, their places included.
    compared
        Names of the places compared with; the frozen choice of a rule is not made again.
    """

    measure: str
    period: str
    decides: tuple[tuple[str, str], ...]
    told: tuple[tuple[str, str], ...]
    first: str = ""
    until: str = ""
    treated: Days = ()
    comparison: Days = ()
    content: str = ""
    compared: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of what decides the baseline, without regard to case and spaces."""
        plain = [(column, " ".join(text.casefold().split())) for column, text in self.decides]
        return hashlib.sha256(json.dumps(plain, ensure_ascii=False).encode()).hexdigest()

    @property
    def counted(self) -> bool:
        """Whether its events are counted: only when the measure has begun."""
        return self.until != ""

    def covers(self, season: Period) -> bool:
        """Tell whether every day of a season is frozen."""
        return self.counted and self.first <= str(season.start) and str(season.end) <= self.until

    def tally(self, season: Period) -> tuple[int, int]:
        """Return the events of a season at the treated and at the comparison place."""
        return _sum(self.treated, season), _sum(self.comparison, season)

    def entry(self) -> dict[str, Any]:
        """Return it as plain values, for the ledger."""
        return {"version": VERSION, "digest": self.digest, **asdict(self)}


@dataclass(frozen=True)
class Changed:
    """Events of the baseline's seasons together, as frozen and as delivered now."""

    treated: tuple[int, int]
    comparison: tuple[int, int]


@dataclass(frozen=True)
class Moved:
    """A text of the register that decides a measure's baseline, or its goal, was changed."""

    column: str
    before: str
    after: str


@dataclass(frozen=True)
class Held:
    """
    A measure's baseline as it is held: the frozen one, beside what the deliveries say now.

    Parameters
    ----------
    kept
        The baseline that counts.
    fresh
        The same as the deliveries say now; it equals `kept` when it is frozen by this report.
    moved
        What the register said otherwise when an earlier report froze it.
    moved_since
        The period of that report; empty where nothing was moved.
    new
        Whether this report freezes it.
    """

    kept: Frozen
    fresh: Frozen
    moved: tuple[Moved, ...] = ()
    moved_since: str = ""
    new: bool = True

    def tally(self, seasons: Iterable[Period]) -> tuple[int, int]:
        """
        Return the events of some seasons at the two places, frozen where they are frozen.

        A season that reaches outside the frozen days, since older data were delivered later, is
        counted as it is now.
        """
        parts = [(self.kept if self.kept.covers(s) else self.fresh).tally(s) for s in seasons]
        return sum(a for a, _ in parts), sum(b for _, b in parts)

    def changed(self, seasons: Sequence[Period]) -> Changed | None:
        """Return what the seasons held then and hold now, None where they hold the same."""
        then, now = self.tally(seasons), _together(self.fresh.tally(s) for s in seasons)
        return None if then == now else Changed((then[0], now[0]), (then[1], now[1]))


def _together(parts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    listed = list(parts)
    return sum(a for a, _ in listed), sum(b for _, b in listed)


def freeze(
    measure: Mapping[Any, Any],
    problem: Mapping[Any, Any],
    period: Period,
    *,
    first: date | None = None,
    near: pd.DataFrame | None = None,
    there: pd.DataFrame | None = None,
    compared: Sequence[str] = (),
) -> Frozen:
    """
    Return a measure's baseline as the register and the deliveries say now.

    Parameters
    ----------
    measure, problem
        Rows of the register.
    period
        The reported period.
    first
        The first day that is covered; None where none is.
    near, there
        Events at the treated and at the comparison place, of all time; None where the measure has
        not begun, or where there is no comparison place.
    compared
        Names of the places that `there` is of.

    Returns
    -------
    Frozen
        Nothing is counted without `first` and `near`, or before the measure has begun.
    """
    said = {str(k): _written(v) for k, v in problem.items()}
    said |= {str(k): _written(v) for k, v in measure.items()}
    ground = next((columns for columns in GROUND if said.get(columns[0])), GROUND[-1])
    plain = Frozen(
        *(str(measure["id"]), str(period)),
        decides=tuple((column, said.get(column, "")) for column in (*ground, *DECIDES)),
        told=tuple((column, said.get(column, "")) for column in TOLD),
    )
    start: Any = measure.get("startdatum")
    if near is None or first is None or pd.isna(start) or start.date() >= period.end:
        return plain
    span = (pd.Timestamp(first), pd.Timestamp(start).normalize())
    if span[0] >= span[1]:
        return plain
    own = [_between(events, span) for events in (near, there)]
    return Frozen(
        *(plain.measure, plain.period, plain.decides, plain.told),
        first=str(span[0].date()),
        until=str(span[1].date()),
        treated=_days(own[0]),
        comparison=_days(own[1]),
        content=_content(own),
        compared=tuple(compared),
    )


def hold(ledger: Iterable[Mapping[str, Any]], now: Frozen) -> Held:
    """
    Hold a measure's baseline to what earlier reports froze.

    Parameters
    ----------
    ledger
        Entries of `LEDGER`, oldest first; those of another version are passed over.
    now
        As `freeze` gives it.

    Returns
    -------
    Held
        The first counted entry that was decided by the same holds. What was decided otherwise is
        told, and the former entries stay in the ledger.
    """
    own = [_thawed(entry) for entry in ledger if entry.get("measure") == now.measure]
    former = [one for one in own if one is not None]
    same = [one for one in former if one.digest == now.digest]
    counted = [one for one in same if one.counted]
    kept = (counted or ([] if now.counted else same) or [now])[0]
    others = [one for one in former if one.digest != now.digest]
    moved = _moved(others[-1].decides, now.decides) if others else ()
    since = others[-1].period if others else ""
    if former and (told := _moved(former[0].told, now.told)):
        moved, since = (*moved, *told), since or former[0].period
    return Held(kept, now, moved, since, new=kept is now)


def read(municipality: Municipality) -> list[dict[str, Any]]:
    """
    Return the baselines that earlier reports froze, oldest entry first.

    Raises
    ------
    ReportError
        If a line cannot be read.
    """
    return store.entries(municipality, LEDGER)


def append(municipality: Municipality, held: Iterable[Held]) -> None:
    """
    Add to the ledger the baselines that this report froze.

    Raises
    ------
    ReportError
        If the ledger cannot be written; what stands in it is as it was.
    """
    store.append(municipality, LEDGER, [one.kept.entry() for one in held if one.new])


def _thawed(entry: Mapping[str, Any]) -> Frozen | None:
    if entry.get("version") != VERSION:
        return None
    plain = {name: entry[name] for name in ("measure", "period", "first", "until", "content")}
    days = {
        name: tuple((str(day), str(sort), int(n)) for day, sort, n in entry[name])
        for name in ("treated", "comparison")
    }
    pairs = {
        name: tuple((str(column), str(text)) for column, text in entry[name])
        for name in ("decides", "told")
    }
    parts: dict[str, Any] = {**plain, **days, **pairs}
    return Frozen(**parts, compared=tuple(entry.get("compared", ())))


def _moved(
    then: tuple[tuple[str, str], ...], now: tuple[tuple[str, str], ...]
) -> tuple[Moved, ...]:
    """Return what differs; of ground that is given in another way, both ways."""
    before, after = dict(then), dict(now)
    return tuple(
        Moved(column, before.get(column, ""), text)
        for column, text in {**dict.fromkeys(before, ""), **after}.items()
        if before.get(column, "").casefold().split() != text.casefold().split()
    )


def _written(value: object) -> str:
    """Return a cell as text: days as ISO, numbers without needless decimals, nothing as empty."""
    if isinstance(value, str):
        return value.strip()
    plain: Any = value
    if value is None or pd.isna(plain):
        return ""
    if isinstance(value, (pd.Timestamp, date)):
        return str(value)[:10]
    return f"{float(plain):.1f}".removesuffix(".0")


def _between(
    events: pd.DataFrame | None, span: tuple[pd.Timestamp, pd.Timestamp]
) -> pd.DataFrame | None:
    if events is None:
        return None
    return events[(events["start"] >= span[0]) & (events["start"] < span[1])]


def _days(events: pd.DataFrame | None) -> Days:
    if events is None or events.empty:
        return ()
    precision = events["time_precision"].astype(str)
    sort = precision.where(precision.isin(_COARSE), "")
    tally = events["count"].groupby([events["start"].dt.strftime("%Y-%m-%d"), sort]).sum()
    return tuple((str(day), str(sort), int(n)) for (day, sort), n in tally.items())


def _sum(days: Days, season: Period) -> int:
    """Sum as `coverage.in_period` does: a month counts in whole months, a year in whole years."""
    of_months = season.start.day == season.end.day == 1
    of_years = of_months and season.start.month == season.end.month == 1
    taken = {"", *(("month",) if of_months else ()), *(("unknown",) if of_years else ())}
    start, end = str(season.start), str(season.end)
    return sum(n for day, sort, n in days if start <= day < end and sort in taken)


def _content(parts: Sequence[pd.DataFrame | None]) -> str:
    """Return a hash of the events that does not hang on their order, nor on their sources' ids."""
    digest = hashlib.sha256()
    for events in parts:
        if events is not None:
            rows = events[["start", "group", "count", "x", "y"]].round({"x": 1, "y": 1})
            lines = zip(*(rows[column].astype(str) for column in rows), strict=True)
            digest.update("\n".join(sorted(map("|".join, lines))).encode())
        digest.update(b"\x1e")
    return digest.hexdigest()
