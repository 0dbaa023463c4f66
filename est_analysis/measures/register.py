"""The register that the group keeps: problems, measures, the meetings' decisions, the calendar."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from est_analysis.errors import PeriodError
from est_analysis.gather import times
from est_analysis.gather.lists import read_list
from est_analysis.municipality import Municipality
from est_analysis.periods import parse

PROBLEM_COLUMNS = (
    *("id", "beskrivning", "plats", "x", "y", "radie_m", "omrade", "grupp", "orsak"),
    *("vald_period", "paverkbarhet"),
)
MEASURE_COLUMNS = (
    *("id", "problem", "atgard", "atgardstyp", "sikt", "ansvarig_funktion", "startdatum"),
    *("klart_senast", "slutdatum", "status", "mal", "indikator", "forvantad_effekt_fran"),
    *("jamforelseplats", "uppfoljningsdatum", "kostnad_tid"),
)
DECISION_COLUMNS = ("id", "motesdatum", "beslut", "ansvarig_funktion", "klart_senast", "status")
CALENDAR_COLUMNS = ("id", "namn", "slag", "datum_fran", "datum_till")

MEASURE_TYPES = ("situationell", "social", "kontroll")
TERMS = ("kort", "lång")
MEASURE_STATES = ("Planerad", "Pågår", "Avslutad", "Försenad", "Avbruten")
DECISION_STATES = ("Öppet", "Klart")
INFLUENCE = (1, 2, 3)
CLOSED = ("Avslutad", "Avbruten", "Klart")

_DATES = ("startdatum", "klart_senast", "slutdatum", "forvantad_effekt_fran", "uppfoljningsdatum")
_DATE_COLUMNS = {
    "measures": _DATES,
    "decisions": ("motesdatum", "klart_senast"),
    "problems": (),
    "calendar": ("datum_fran", "datum_till"),
}
_NUMBER_COLUMNS = {"problems": ("x", "y", "radie_m", "paverkbarhet")}
_FOLLOW_UP_BEFORE, _FOLLOW_UP_AFTER = pd.Timedelta(days=31), pd.Timedelta(days=92)
"""A follow-up is listed from a month before its day until a quarter after."""
_CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "measures": {"atgardstyp": MEASURE_TYPES, "sikt": TERMS, "status": MEASURE_STATES},
    "decisions": {"status": DECISION_STATES},
}
_COLUMNS = {
    "problems": PROBLEM_COLUMNS,
    "measures": MEASURE_COLUMNS,
    "decisions": DECISION_COLUMNS,
    "calendar": CALENDAR_COLUMNS,
}


@dataclass(frozen=True)
class Register:
    """
    The group's lists, with the columns above; dates are ``datetime64``, coordinates metres.

    Parameters
    ----------
    problems, measures, decisions
        The usable rows.
    faults
        Rows that cannot be used: ``file``, ``row``, ``column``, ``reason``.
    calendar
        The usable rows of holidays and events; ``datum_till`` is the last day, never missing.
    """

    problems: pd.DataFrame
    measures: pd.DataFrame
    decisions: pd.DataFrame
    faults: pd.DataFrame
    calendar: pd.DataFrame = field(
        default_factory=lambda: _sift(_nothing(CALENDAR_COLUMNS), "calendar")[0]
    )


def read(municipality: Municipality) -> Register:
    """
    Read the register from CSV or Excel, as the settings name the files.

    Raises
    ------
    DeliveryError
        If a file cannot be read or lacks a column. A row that does not hold is no error: it is
        listed among the faults, with what is wrong.
    """
    tables, faults = {}, []
    for part, columns in _COLUMNS.items():
        inside: str | None = getattr(municipality.registers, part)
        if inside is None:
            tables[part], _ = _sift(_nothing(columns), part)
            continue
        raw = read_list(municipality.path(inside), inside, columns)
        table, wrong = _sift(raw, part)
        faults.append(wrong.assign(file=inside))
        tables[part] = table
    orphans = ~tables["measures"]["problem"].isin(tables["problems"]["id"])
    if orphans.any():
        rows = tables["measures"].index[orphans]
        faults.append(
            _faults(rows, "problem", "problemet finns inte i listan").assign(
                file=municipality.registers.measures
            )
        )
    listed = pd.concat(faults) if faults else _faults(pd.Index([]), "", "").assign(file="")
    return Register(
        problems=tables["problems"].reset_index(drop=True),
        measures=tables["measures"].reset_index(drop=True),
        decisions=tables["decisions"].reset_index(drop=True),
        calendar=tables["calendar"].reset_index(drop=True),
        faults=listed[["file", "row", "column", "reason"]].reset_index(drop=True),
    )


def _nothing(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns), dtype=str)


def _faults(rows: pd.Index, column: str, reason: str) -> pd.DataFrame:
    return pd.DataFrame({"row": rows.astype("int64"), "column": column, "reason": reason})


def _sift(raw: pd.DataFrame, part: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows that hold, typed, and the faults of the others."""
    found = [
        _faults(raw.index[raw["id"] == ""], "id", "id saknas"),
        _faults(
            raw.index[raw["id"].duplicated() & (raw["id"] != "")], "id", "id används två gånger"
        ),
    ]
    table = raw.copy()
    for column, moments in _moments(raw, _DATE_COLUMNS[part]).items():
        table[column] = moments.at
        wrong = raw.index[moments.unreadable]
        found.append(_faults(wrong, column, "datumet går inte att läsa"))
    if part == "measures":
        backwards = table["slutdatum"] < table["startdatum"]
        found.append(_faults(raw.index[backwards], "slutdatum", "slutar innan det börjar"))
    if part == "problems":
        unknown = ~raw["vald_period"].map(_is_period)
        found.append(_faults(raw.index[unknown], "vald_period", "perioden går inte att läsa"))
    if part == "calendar":
        first, last = table["datum_fran"], table["datum_till"].fillna(table["datum_fran"])
        table["datum_till"] = last
        found.append(_faults(raw.index[raw["datum_fran"] == ""], "datum_fran", "datum saknas"))
        found.append(_faults(raw.index[last < first], "datum_till", "slutar innan det börjar"))
    for column in _NUMBER_COLUMNS.get(part, ()):
        number = pd.to_numeric(raw[column].str.replace(",", "."), errors="coerce")
        table[column] = number.astype(float)
        wrong = raw.index[number.isna() & (raw[column] != "")]
        found.append(_faults(wrong, column, "är inget tal"))
    if part == "problems":
        influence, radius = table["paverkbarhet"], table["radie_m"]
        wrong = raw.index[influence.notna() & ~influence.isin(INFLUENCE)]
        found.append(_faults(wrong, "paverkbarhet", "ska vara 1, 2 eller 3"))
        found.append(_faults(raw.index[radius <= 0], "radie_m", "ska vara över noll"))
        half = raw.index[(raw["x"] == "") != (raw["y"] == "")]
        found.append(_faults(half, "x", "både x och y behövs"))
    for column, choices in _CHOICES.get(part, {}).items():
        wrong = raw.index[~raw[column].isin(choices)]
        found.append(_faults(wrong, column, f"ska vara något av: {', '.join(choices)}"))
    faults = pd.concat(found)
    return table.drop(index=faults["row"].unique()), faults


def _moments(raw: pd.DataFrame, columns: tuple[str, ...]) -> dict[str, times.Moments]:
    """Read all date columns at once: a call costs more than the few dates of a register."""
    if not columns:
        return {}
    stacked = pd.concat([raw[column] for column in columns], ignore_index=True)
    read = times.read([stacked])
    parts = [slice(i * len(raw), (i + 1) * len(raw)) for i in range(len(columns))]
    return {
        column: times.Moments(
            *(s.iloc[part].set_axis(raw.index) for s in (read.at, read.precision, read.unreadable))
        )
        for column, part in zip(columns, parts, strict=True)
    }


def _is_period(text: str) -> bool:
    """Tell whether `text` is empty or a period: a baseline must not hold what chose the place."""
    try:
        return text == "" or parse(text) is not None
    except PeriodError:
        return False


def due(register: Register, today: date) -> pd.DataFrame:
    """
    List what is overdue, waits for follow-up or hangs loose on the day `today`.

    Returns
    -------
    DataFrame
        ``what`` (``measure``, ``decision`` or ``problem``), ``id``, ``text``, ``responsible`` (a
        role), ``due`` (date), ``why`` (``overdue``, ``follow_up``, ``open``, ``no_follow_up`` of a
        running measure without a day for it, ``no_measure`` of a problem that nothing is done
        about), earliest first.
    """
    day = pd.Timestamp(today)
    measures = register.measures
    running = measures[~measures["status"].isin(CLOSED)]
    late = running[running["klart_senast"] < day]
    left = measures["uppfoljningsdatum"] - day
    follow = measures[(left <= _FOLLOW_UP_BEFORE) & (left >= -_FOLLOW_UP_AFTER)]
    problems = register.problems
    idle = problems[~problems["id"].isin(measures["problem"])]
    decisions = register.decisions[~register.decisions["status"].isin(CLOSED)]
    parts = [
        _due_lines(late, "measure", "atgard", "klart_senast").assign(why="overdue"),
        _due_lines(follow, "measure", "atgard", "uppfoljningsdatum").assign(why="follow_up"),
        _due_lines(decisions, "decision", "beslut", "klart_senast").assign(
            why=(decisions["klart_senast"] < day).map({True: "overdue", False: "open"}).to_numpy()
        ),
        _due_lines(
            running[running["uppfoljningsdatum"].isna()], "measure", "atgard", "uppfoljningsdatum"
        ).assign(why="no_follow_up"),
        _due_lines(
            idle.assign(ansvarig_funktion="", due=pd.NaT), "problem", "beskrivning", "due"
        ).assign(why="no_measure"),
    ]
    listed = pd.concat(parts, ignore_index=True)
    return listed.sort_values(["due", "id"], ignore_index=True)


def _due_lines(rows: pd.DataFrame, what: str, text: str, when: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "what": what,
            "id": rows["id"].to_numpy(str),
            "text": rows[text].to_numpy(str),
            "responsible": rows["ansvarig_funktion"].to_numpy(str),
            "due": rows[when].to_numpy("datetime64[s]"),
        }
    )
