"""The register that the group keeps: problems, measures, the meetings' decisions, the calendar."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from est_analysis.gather import rulings
from est_analysis.gather.lists import left_out, read_list
from est_analysis.measures import checks
from est_analysis.measures.checks import NOT_EVALUATED, NOT_USED, REMARK, Notes
from est_analysis.municipality import Municipality

if TYPE_CHECKING:
    from est_analysis.gather.geography import Geography

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

NEED_GRADES = ("signalbrott", "beror_manga", "konsekvens")
"""The group's own grades of how great a need is, 1 to 3."""
INFLUENCE_GRADES = ("resurser", "kostnad")
"""The group's own grades, 1 to 3, of how well something can be done: much to do it with, and its
cost (3 is dear); with ``paverkbarhet``."""
PROBLEM_MORE = (
    *("gata", "polygon", "varfor_vald", "orsakstyp", *NEED_GRADES, *INFLUENCE_GRADES),
    *("status", "avslutsskal", "avslutsdatum", "publiceras"),
)
MEASURE_MORE = (
    *("intensitet", "jamforelseregel", "genomford", "process", "produktion", "effekt", "skal"),
    "publiceras",
)
"""Among them: whether it was done as decided, how it went, what was done and how much (the process
and the output), and apart from that what the group found to have changed (the effect)."""
DECISION_MORE = ("problem", "atgard", "utfall")

CAUSES = ("plats", "situation", "miljö")
MEASURE_TYPES = ("situationell", "social", "kontroll")
TERMS = ("kort", "lång")
MEASURE_STATES = ("Planerad", "Pågår", "Avslutad", "Försenad", "Avbruten")
DELIVERED = ("ja", "delvis", "nej")
PUBLISHED = ("ja", "nej")
"""Whether the words of a row may be published; an empty cell is a no."""
PROBLEM_STATES = ("Öppet", "Avslutat")
DECISION_STATES = ("Öppet", "Klart")
CLOSED = ("Avslutad", "Avbruten", "Klart", "Avslutat")

COLUMNS = {
    "problems": (PROBLEM_COLUMNS, PROBLEM_MORE),
    "measures": (MEASURE_COLUMNS, MEASURE_MORE),
    "decisions": (DECISION_COLUMNS, DECISION_MORE),
    "calendar": (CALENDAR_COLUMNS, ()),
}
"""The columns of each list: those that it must have, and those that it may leave out."""

_DATES = ("startdatum", "klart_senast", "slutdatum", "forvantad_effekt_fran", "uppfoljningsdatum")
_DATE_COLUMNS = {
    "problems": ("avslutsdatum",),
    "measures": _DATES,
    "decisions": ("motesdatum", "klart_senast"),
    "calendar": ("datum_fran", "datum_till"),
}
_CHOICES: dict[str, dict[str, tuple[tuple[str, ...], str]]] = {
    "problems": {"status": (PROBLEM_STATES, REMARK), "publiceras": (PUBLISHED, REMARK)},
    "measures": {
        "atgardstyp": (MEASURE_TYPES, NOT_USED),
        "sikt": (TERMS, NOT_USED),
        "status": (MEASURE_STATES, NOT_USED),
        "genomford": (DELIVERED, REMARK),
        "publiceras": (PUBLISHED, REMARK),
    },
    "decisions": {"status": (DECISION_STATES, NOT_USED)},
    "calendar": {},
}
_REQUIRED = {
    "problems": {"beskrivning": "vad problemet är"},
    "measures": {
        "atgard": "vad som görs",
        "ansvarig_funktion": "vilken funktion som ansvarar",
        "mal": "vad insatsen ska uppnå",
        "indikator": "hur ni ska se om målet nås",
    },
    "decisions": {"beslut": "vad som beslutades"},
    "calendar": {},
}
_FAULT_COLUMNS = ["file", "row", "column", "reason", "values"]


def _no_faults() -> pd.DataFrame:
    return pd.DataFrame(columns=_FAULT_COLUMNS).astype({"row": "int64"})


def _no_remarks() -> pd.DataFrame:
    return _no_faults().assign(cost="")


@dataclass(frozen=True)
class Register:
    """
    The group's lists, with the columns above; dates are ``datetime64``, coordinates metres.

    Parameters
    ----------
    problems, measures, decisions
        The usable rows.
    faults
        Rows that cannot be used: ``file``, ``row``, ``column``, ``reason`` (a sentence with places
        for ``values``).
    calendar
        The usable rows of holidays and events; ``datum_till`` is the last day, never missing.
    remarks
        What is to be mended in rows that are used: as `faults`, and ``cost``:
        ``checks.NOT_EVALUATED`` where the measure is not evaluated until it is mended.
    held
        The ids of the measures that are not evaluated for it.
    """

    problems: pd.DataFrame
    measures: pd.DataFrame
    decisions: pd.DataFrame
    faults: pd.DataFrame
    calendar: pd.DataFrame = field(default_factory=lambda: _empty("calendar"))
    remarks: pd.DataFrame = field(default_factory=_no_remarks)
    held: frozenset[str] = frozenset()


def read(
    municipality: Municipality,
    geography: Geography | None = None,
    *,
    today: date | None = None,
) -> Register:
    """
    Read the register from CSV or Excel, as the settings name the files.

    Parameters
    ----------
    municipality
        Whose.
    geography
        The municipality's own, against which places are checked; None leaves them unchecked.
    today
        The day that states and periods are held against; None leaves that unchecked.

    Returns
    -------
    Register
        A name of a place that ``reference/aliases.csv`` gives a meaning for every source stands
        as what it means.

    Raises
    ------
    DeliveryError
        If a file cannot be read or lacks a column. A row that does not hold is no error: it is
        listed among the faults, with what is wrong.
    """
    notes = Notes()
    raw = {part: _raw(municipality, part, notes) for part in COLUMNS}
    tables = {part: _typed(notes, part, raw[part]) for part in COLUMNS}
    day = None if today is None else pd.Timestamp(today)

    chosen_by_row = checks.periods(notes, raw["problems"], day)
    checks.closed(notes, tables["problems"], PROBLEM_STATES)
    problems = _usable(notes, tables, "problems")
    chosen = {problem: chosen_by_row[row] for row, problem in problems["id"].items()}
    checks.groups(notes, problems, known_groups(municipality))

    checks.order_of_days(notes, tables["measures"])
    checks.orphans(notes, tables["measures"], set(problems["id"]), list(raw["problems"]["id"]))
    measures = _usable(notes, tables, "measures")
    checks.states(notes, measures, day)
    checks.chosen_before(notes, measures, chosen)
    if geography is not None:
        own = checks.ground(notes, problems, geography, municipality.crs)
        unsure = problems.index.isin(notes.rows("problems", NOT_EVALUATED))
        sure = {problem: own[problem] for problem in problems.loc[~unsure, "id"]}
        checks.comparisons(notes, measures, sure, geography)

    known = {"problems": set(problems["id"]), "measures": set(measures["id"])}
    checks.decisions(notes, tables["decisions"], known)
    return _register(municipality, tables, notes)


def known_groups(municipality: Municipality) -> set[str]:
    """Return the groups that reported crimes may have by the settings; none where any may."""
    from est_analysis.gather.codes import read as read_codes

    found: set[str] = set()
    for source in municipality.sources.values():
        if source.kind == "reported_crime":
            own = set(read_codes(municipality, source).groups.values())
            found |= own | ({source.constants.group} if source.constants.group else set())
    return found


def _raw(municipality: Municipality, part: str, notes: Notes) -> pd.DataFrame:
    """Return a list's text, places by people's aliases; note headings that are nearly known."""
    inside: str | None = getattr(municipality.registers, part)
    columns, more = COLUMNS[part]
    if inside is None:
        return pd.DataFrame(columns=[*columns, *more], dtype=str).rename_axis(None)
    file = municipality.path(inside)
    raw = read_list(file, inside, columns, optional=more)
    _misspelt(notes, part, left_out(file, (*columns, *more)), more)
    alias = _aliases(municipality)
    for column in {"plats", "jamforelseplats"} & set(raw.columns) if alias else ():
        folded = raw[column].str.casefold().str.split().str.join(" ")
        raw[column] = folded.map(alias).fillna(raw[column])
    return raw


def _aliases(municipality: Municipality) -> dict[str, str]:
    if not Path(municipality.path(rulings.ALIASES)).is_file():
        return {}
    named = rulings.read(municipality).alias("place", "")
    return {" ".join(written.casefold().split()): place for written, place in named.items()}


def _misspelt(notes: Notes, part: str, header: list[str], more: tuple[str, ...]) -> None:
    from est_analysis.gather.near import misses

    for miss in misses("", "", dict.fromkeys(header, 1), more) if header else []:
        notes.add(
            *(part, [1], miss.means),
            "en rubrik är nästan ”{meant}” och läses inte: menades den, rätta rubriken",
            cost=REMARK,
            values=[{"meant": miss.means}],
        )


def _typed(notes: Notes, part: str, raw: pd.DataFrame) -> pd.DataFrame:
    """Return a list with dates and numbers read, and note what cannot be."""
    checks.ids(notes, part, raw)
    table = checks.dates(notes, part, checks.cells(notes, part, raw), _DATE_COLUMNS[part])
    for column, (known, cost) in _CHOICES[part].items():
        table[column] = checks.choices(notes, part, raw, column, known, cost=cost)
    checks.required(notes, part, raw, _REQUIRED[part])
    if part == "problems":
        _typed_problems(notes, raw, table)
    if part == "calendar":
        first, last = table["datum_fran"], table["datum_till"].fillna(table["datum_fran"])
        table["datum_till"] = last
        notes.add(part, raw.index[raw["datum_fran"] == ""], "datum_fran", "datum saknas")
        notes.add(part, raw.index[last < first], "datum_till", "slutar innan det börjar")
    return table


def _typed_problems(notes: Notes, raw: pd.DataFrame, table: pd.DataFrame) -> None:
    where = checks.numbers(notes, "problems", raw, ("x", "y", "radie_m"))
    influence = checks.grades(notes, "problems", raw, ("paverkbarhet",), cost=NOT_USED)
    more = checks.grades(notes, "problems", raw, (*NEED_GRADES, *INFLUENCE_GRADES), cost=REMARK)
    for part in (where, influence, more):
        table[part.columns] = part
    small = raw.index[table["radie_m"] <= 0]
    notes.add("problems", small, "radie_m", "ska vara över noll: skriv meter, eller lämna tom")
    half = raw.index[(raw["x"] == "") != (raw["y"] == "")]
    notes.add("problems", half, "x", "både x och y behövs: skriv det andra, eller lämna båda tomma")
    table["orsakstyp"] = _causes(notes, raw["orsakstyp"])


def _causes(notes: Notes, written: pd.Series) -> pd.Series:
    """Return the sides of the triangle that a problem's cause has, several with commas."""
    kept = {}
    for row, text in written.items():
        parts = [part.strip().casefold() for part in text.split(",") if part.strip()]
        kept[row] = ", ".join(part for part in parts if part in CAUSES)
        if any(part not in CAUSES for part in parts):
            notes.add(
                *("problems", [int(str(row))], "orsakstyp"),
                f"ska vara något av: {', '.join(CAUSES)} (flera skiljs med komma)",
                cost=REMARK,
            )
    return pd.Series(kept, index=written.index, dtype=str)


def _usable(notes: Notes, tables: dict[str, pd.DataFrame], part: str) -> pd.DataFrame:
    gone = notes.rows(part, NOT_USED)
    return tables[part][~tables[part].index.isin(gone)]


def _register(
    municipality: Municipality, tables: dict[str, pd.DataFrame], notes: Notes
) -> Register:
    kept = {part: _usable(notes, tables, part) for part in tables}
    table = notes.table()
    table["file"] = [getattr(municipality.registers, part) or "" for part in table["part"]]
    order = {part: place for place, part in enumerate(COLUMNS)}
    table = table.assign(at=table["part"].map(order))
    table = table.sort_values(["at", "row"], kind="stable", ignore_index=True)
    dead = table["cost"] == NOT_USED
    gone = set(zip(table.loc[dead, "part"], table.loc[dead, "row"], strict=True))
    keys = zip(table["part"], table["row"], strict=True)
    alive = ~dead & ~pd.Series([key in gone for key in keys], index=table.index, dtype=bool)
    problems, measures = kept["problems"], kept["measures"]
    unsure = problems.loc[problems.index.isin(notes.rows("problems", NOT_EVALUATED)), "id"]
    held = measures.index.isin(notes.rows("measures", NOT_EVALUATED)) | measures["problem"].isin(
        unsure
    )
    return Register(
        **{part: own.reset_index(drop=True) for part, own in kept.items()},
        faults=table.loc[dead, _FAULT_COLUMNS].reset_index(drop=True),
        remarks=table.loc[alive, [*_FAULT_COLUMNS, "cost"]].reset_index(drop=True),
        held=frozenset(measures.loc[held, "id"]),
    )


def _empty(part: str) -> pd.DataFrame:
    columns, more = COLUMNS[part]
    table: Any = pd.DataFrame(columns=[*columns, *more], dtype=str)
    return _typed(Notes(), part, table)
