"""What is wrong with a row of the register: by row and column, what to do, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from est_analysis.errors import PeriodError
from est_analysis.gather import times
from est_analysis.gather.guard import DOUBTFUL, HIDDEN, SORTS, not_a_role, personal, shown_code
from est_analysis.periods import Period, parse

if TYPE_CHECKING:
    from est_analysis.gather.geography import Geography
    from est_analysis.measures.places import Footprint

NOT_USED, NOT_EVALUATED, REMARK = "not_used", "not_evaluated", "remark"
"""What a mistake costs: the whole row, the evaluation of the measure, or nothing yet."""
NOTE_COLUMNS = ["part", "row", "column", "reason", "values", "cost"]

MOST_RADIUS_M = 2_000.0
"""A greater radius is no place."""
ASTRAY_M = 500.0
"""Coordinates so far from the gazetteer's for the same name are remarked upon."""
COMPARED = timedelta(weeks=3 * 52)
"""A measure at a comparison place counts if it began so long before the compared one, or less."""
_YEAR = timedelta(weeks=52)
_FIRST_YEAR = 1990

_DAY = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:\D.*)?")
_SERIAL = re.compile(r"(\d{5})(?:[.,]\d+)?")
_FORMULA = re.compile(r"[=@]|#[A-ZÅÄÖ/]+[!?]?$")
_LONG_DASH = re.compile("[\u2012\u2013\u2014\u2212]")
_PLACE_SORTS = ("identity", "phone", "email")
"""Places have capitals and numbers of their own: only this is sought in their names."""
_PLACE_NAMES = ("plats", "gata", "omrade", "jamforelseplats")
_UNSCANNED = (
    *("id", "problem", "x", "y", "radie_m", "polygon", "vald_period", "ansvarig_funktion"),
    *("startdatum", "klart_senast", "slutdatum", "status"),
)


@dataclass
class Notes:
    """The mistakes found so far; a row may have several."""

    found: list[tuple[int, str, str, str, Mapping[str, Any], str]] = field(default_factory=list)

    def add(
        self,
        part: str,
        rows: pd.Index | Sequence[int],
        column: str,
        reason: str,
        *,
        cost: str = NOT_USED,
        values: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Note a mistake of some rows; `values` are those of the reason's text, row by row."""
        each = values if values is not None else [{} for _ in rows]
        for row, own in zip(rows, each, strict=True):
            self.found.append((int(row), part, column, reason, own, cost))

    def table(self) -> pd.DataFrame:
        """Return all notes in the order they were made: the columns of `NOTE_COLUMNS`."""
        names = ["row", "part", "column", "reason", "values", "cost"]
        table = pd.DataFrame(self.found, columns=names)
        return table[NOTE_COLUMNS].astype({"row": "int64"})

    def rows(self, part: str, *costs: str) -> set[int]:
        """Return the rows of a part that cost so much."""
        return {row for row, own, *_, cost in self.found if own == part and cost in costs}


# --- cells


def dates(notes: Notes, part: str, raw: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """
    Return the date columns as ``datetime64``; what is no whole day costs the row.

    All are read at once: a call costs more than the few dates of a register.
    """
    if not columns:
        return raw.copy()
    stacked = pd.concat([raw[column] for column in columns], ignore_index=True)
    read = times.read([stacked])
    table = raw.copy()
    for i, column in enumerate(columns):
        piece = slice(i * len(raw), (i + 1) * len(raw))
        at = read.at.iloc[piece].set_axis(raw.index).dt.normalize()
        precision = read.precision.iloc[piece].set_axis(raw.index)
        unreadable = read.unreadable.iloc[piece].set_axis(raw.index)
        coarse = at.notna() & precision.astype(str).isin(["month", "unknown"])
        early = at.notna() & (at.dt.year < _FIRST_YEAR)
        _told_dates(notes, part, column, raw[column][unreadable])
        notes.add(part, raw.index[coarse], column, "dagen saknas: skriv hela datumet, 2026-09-30")
        notes.add(part, raw.index[early], column, "året är orimligt: rätta datumet")
        table[column] = at
    return table


def _told_dates(notes: Notes, part: str, column: str, wrong: pd.Series) -> None:
    for row, text in wrong.items():
        reason, values = "datumet går inte att läsa: skriv det som 2026-09-30", {}
        if (serial := _SERIAL.fullmatch(text)) and 30_000 <= int(serial[1]) <= 75_000:
            values = {"day": date(1899, 12, 30) + timedelta(days=int(serial[1]))}
            reason = "det är Excels eget nummer på en dag: är det {day} menas, skriv det så"
        elif (day := _DAY.fullmatch(text)) and not _exists(*map(int, day.groups())):
            reason = "dagen finns inte i kalendern: rätta datumet"
        notes.add(part, [int(str(row))], column, reason, values=[values])


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def numbers(notes: Notes, part: str, raw: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return columns of numbers, NaN where nothing stands; what is no number costs the row."""
    table = {}
    for column in columns:
        plain = raw[column].str.replace(",", ".").str.replace(_LONG_DASH, "-", regex=True)
        number = pd.to_numeric(plain, errors="coerce").astype(float)
        number = number.where(np.isfinite(number))
        wrong = raw.index[number.isna() & (raw[column] != "")]
        notes.add(part, wrong, column, "är inget tal: skriv bara siffror, utan enhet")
        table[column] = number
    return pd.DataFrame(table, index=raw.index)


def grades(
    notes: Notes, part: str, raw: pd.DataFrame, columns: Sequence[str], *, cost: str
) -> pd.DataFrame:
    """Return the group's own grades, 1 to 3; NaN where there is none."""
    table = {}
    for column in columns:
        number = pd.to_numeric(raw[column].str.replace(",", "."), errors="coerce").astype(float)
        text = number.isna() & (raw[column] != "")
        outside = number.notna() & ~number.isin((1, 2, 3))
        notes.add(part, raw.index[text], column, "är inget tal: skriv 1, 2 eller 3", cost=cost)
        notes.add(part, raw.index[outside], column, "ska vara 1, 2 eller 3", cost=cost)
        table[column] = number.where(~outside)
    return pd.DataFrame(table, index=raw.index)


def choices(
    notes: Notes, part: str, raw: pd.DataFrame, column: str, known: Sequence[str], *, cost: str
) -> pd.Series:
    """Return a column of choices; what is none of them is emptied, and offered the likeliest."""
    asked = raw[column] if cost == NOT_USED else raw[column][raw[column] != ""]
    wrong = asked[~asked.isin(known)]
    listed = ", ".join(known)
    for row, text in wrong.items():
        meant, _ = _likeliest(str(text), known)
        reason = f"ska vara något av: {listed}"
        if meant:
            reason += ". Menades ”{meant}”?"
        notes.add(
            *(part, [int(str(row))], column, reason),
            cost=cost,
            values=[{"meant": meant} if meant else {}],
        )
    return raw[column].where(~raw.index.isin(wrong.index), "")


def _likeliest(text: str, known: Iterable[str]) -> tuple[str, float]:
    """Return what a text is most like, and how alike of 100; nothing where it is like nothing."""
    from est_analysis.gather.near import misses

    found = misses("", "", {text: 1}, known) if text else []
    return (found[0].means, found[0].score) if found else ("", 0.0)


def ids(notes: Notes, part: str, raw: pd.DataFrame) -> None:
    """Note rows without an id, and ids that are used twice; the first row keeps its id."""
    known = raw["id"] != ""
    folded = raw["id"].str.casefold().str.split().str.join("")
    twice, alike = raw["id"].duplicated() & known, folded.duplicated() & known
    notes.add(part, raw.index[~known], "id", "id saknas: ge raden ett id som ingen annan rad har")
    notes.add(part, raw.index[twice], "id", "id används två gånger: ge raden ett eget id")
    notes.add(
        *(part, raw.index[alike & ~twice], "id"),
        "id skiljer sig från ett annat bara i stora bokstäver eller mellanslag: ge raden ett eget",
    )


def cells(notes: Notes, part: str, raw: pd.DataFrame) -> pd.DataFrame:
    """
    Return the table without names of persons; formulas and what is about a person cost the row.

    What a message says is what sort of thing it is, never the thing.
    """
    table = raw.copy()
    stacked = raw.melt(ignore_index=False, var_name="column", value_name="text")
    formula = stacked[stacked["text"].str.match(_FORMULA)]
    for column, rows in formula.groupby("column", sort=False):
        reason = "cellen är en formel eller ett fel från Excel: skriv värdet"
        notes.add(part, rows.index, str(column), reason)
    if "ansvarig_funktion" in raw:
        table["ansvarig_funktion"] = _roles(notes, part, raw["ansvarig_funktion"])
    texts = stacked[(stacked["text"] != "") & ~stacked["column"].isin(_UNSCANNED)]
    named = texts["column"].isin(_PLACE_NAMES)
    for own, sorts in ((texts[~named], tuple(SORTS)), (texts[named], _PLACE_SORTS)):
        found = own.assign(sort=personal(own["text"].reset_index(drop=True), sorts).to_numpy())
        for (column, sort), rows in found[found["sort"] != ""].groupby(
            ["column", "sort"], sort=False, observed=True
        ):
            reason = f"innehåller {SORTS[str(sort)]}: skriv bara om platsen, aldrig om personer"
            notes.add(part, rows.index, str(column), reason)
    return table


def _roles(notes: Notes, part: str, column: pd.Series) -> pd.Series:
    found = not_a_role(column)
    for sort, words in SORTS.items():
        rows = column.index[(found == sort).to_numpy()]
        reason = f"innehåller {words}: skriv en funktion, till exempel gatuchef, aldrig en person"
        notes.add(part, rows, column.name, reason)
    doubtful = (found == DOUBTFUL).to_numpy()
    notes.add(
        *(part, column.index[doubtful], column.name),
        "kan vara en persons namn och visas därför inte: skriv en funktion, till exempel gatuchef",
        cost=REMARK,
    )
    return column.where(~doubtful, HIDDEN)


def required(notes: Notes, part: str, raw: pd.DataFrame, columns: Mapping[str, str]) -> None:
    """Remark upon columns that are empty; `columns` says what each should hold."""
    for column, what in columns.items():
        rows = raw.index[raw[column] == ""]
        notes.add(part, rows, column, f"är tom: skriv {what}", cost=REMARK)


# --- problems


def periods(
    notes: Notes, raw: pd.DataFrame, today: pd.Timestamp | None
) -> dict[int, Period | None]:
    """Return the period that chose each problem's place; what is no period costs the row."""
    found: dict[int, Period | None] = {}
    for row, text in raw["vald_period"].items():
        number = int(str(row))
        try:
            found[number] = parse(text) if text else None
        except PeriodError:
            found[number] = None
            notes.add(
                *("problems", [number], "vald_period"),
                "perioden går inte att läsa: skriv till exempel 2026Q2 eller "
                "2026-04-01--2026-06-30",
            )
            continue
        period = found[number]
        if period is not None and today is not None and period.start > today.date():
            notes.add(
                *("problems", [number], "vald_period"),
                "perioden har inte börjat: skriv den period som platsen valdes på",
                cost=NOT_EVALUATED,
            )
            found[number] = None
    return found


_WHY_NO_PLACE = {
    "nothing": (
        "plats",
        "ingen plats är angiven: skriv till exempel plats, eller x och y",
    ),
    "unknown_place": ("plats", "platsen finns inte i platslistan"),
    "unknown_street": ("gata", "gatan finns inte på kartan"),
    "unknown_area": ("omrade", "området finns inte på kartan"),
    "not_wkt": ("polygon", "går inte att läsa: skriv POLYGON ((x y, x y, x y, x y)) i meter"),
    "no_polygon": ("polygon", "är ingen yta: skriv POLYGON ((x y, x y, x y, x y)) i meter"),
    "invalid": ("polygon", "ytan korsar sig själv eller är tom: rätta hörnens ordning"),
}


def ground(
    notes: Notes, problems: pd.DataFrame, geography: Geography, crs: str
) -> dict[str, Footprint]:
    """Return each problem's ground by its id; what cannot be placed is not evaluated."""
    from est_analysis.measures.places import footprint

    circles = problems["radie_m"] > MOST_RADIUS_M
    notes.add(
        *("problems", problems.index[circles], "radie_m"),
        f"är över {MOST_RADIUS_M:.0f} meter: så stor är ingen plats, ange en polygon eller ett "
        "område",
        cost=NOT_EVALUATED,
    )
    at_fault = _coordinates(notes, problems, geography, crs)
    found: dict[str, Footprint] = {}
    known = {
        "plats": [] if geography.places is None else list(geography.places["name"]),
        "gata": [] if geography.streets is None else sorted(set(geography.streets["name"])),
        "omrade": [] if geography.areas is None else list(geography.areas["name"]),
    }
    for row, problem in zip(problems.index, problems.to_dict("records"), strict=True):
        own = footprint(problem, geography)
        found[problem["id"]] = own
        if own.shape is None:
            column, reason = _WHY_NO_PLACE[own.why_not]
            written = str(problem[column])
            _unknown(notes, "problems", row, column, reason, written, known.get(column, []))
            continue
        if row not in at_fault:
            _outside(notes, row, own, geography)
        _astray(notes, row, problem, own, geography)
        if own.how != "area" and known["omrade"]:
            _other_area(notes, row, str(problem["omrade"]), known["omrade"])
    return found


def _unknown(
    notes: Notes,
    part: str,
    row: int,
    column: str,
    reason: str,
    written: str,
    known: Sequence[str],
    *,
    cost: str = NOT_EVALUATED,
) -> None:
    """Note a name that is not known, with what it is most like where it is like anything."""
    meant, score = _likeliest(written, known)
    values: dict[str, Any] = {}
    if meant:
        shown = shown_code(written, [meant])
        values = {"written": shown, "meant": meant, "score": round(score)}
        reason += ". Menades ”{meant}” (skrivet: {written}, likhet {score} av 100)? Rätta raden"
        if column in {"plats", "jamforelseplats"}:
            reason += ", eller lägg ett alias i reference/aliases.csv"
    notes.add(part, [row], column, reason, cost=cost, values=[values])


def _other_area(notes: Notes, row: int, written: str, known: Sequence[str]) -> None:
    folded = {name.casefold() for name in known}
    if written and written.casefold() not in folded:
        reason = "området finns inte på kartan"
        _unknown(notes, "problems", row, "omrade", reason, written, known, cost=REMARK)


def _coordinates(notes: Notes, problems: pd.DataFrame, geography: Geography, crs: str) -> set[int]:
    """Note coordinates that lie elsewhere, each with what it may be; return their rows."""
    from est_analysis.gather import coordinates

    said = {
        "degrees": "koordinaterna är grader: skriv dem i meter ({crs})",
        "swapped_axes": "x och y har bytt plats: x är öst, y är nord",
        "other_crs": "koordinaterna är i ett annat system: skriv dem i {crs}",
        "outside": "koordinaterna ligger utanför kommunen: rätta dem",
    }
    given = problems["x"].notna() & problems["y"].notna()
    zero = given & (problems["x"] == 0) & (problems["y"] == 0)
    notes.add(
        *("problems", problems.index[zero], "x"),
        "x och y är noll: skriv koordinaterna, eller lämna båda tomma",
        cost=NOT_EVALUATED,
    )
    rows = problems[given & ~zero]
    if rows.empty:
        return set(problems.index[zero])
    read = coordinates.read(
        *(rows["x"], rows["y"]),
        source_crs=None,
        crs=crs,
        boundary=geography.boundary,
        extent=geography.extent(),
    )
    fault = read.fault.astype(str)
    for name, reason in said.items():
        bad = rows.index[(fault == name).to_numpy()]
        values = [{"crs": crs} for _ in bad]
        notes.add("problems", bad, "x", reason, cost=NOT_EVALUATED, values=values)
    return {*problems.index[zero], *rows.index[(fault != "").to_numpy()]}


def _outside(notes: Notes, row: int, own: Footprint, geography: Geography) -> None:
    """Note ground of which the better part lies outside the municipality."""
    if geography.boundary is None or own.shape is None:
        return
    if own.shape.intersection(geography.boundary).area < own.shape.area / 2:
        column = {"polygon": "polygon", "place": "plats", "street": "gata"}.get(own.how, "x")
        notes.add(
            *("problems", [row], column),
            "ytan ligger utanför kommunen: rätta den (meter i kommunens system, öst före nord)",
            cost=NOT_EVALUATED,
        )


def _astray(
    notes: Notes, row: int, problem: Mapping[Any, Any], own: Footprint, geography: Geography
) -> None:
    from est_analysis.measures.places import centre_of

    known = centre_of(str(problem["plats"]), geography)
    if known is None or own.how not in {"point", "polygon"} or own.shape is None:
        return
    import shapely

    away = own.shape.distance(shapely.Point(known))
    if away > ASTRAY_M:
        notes.add(
            *("problems", [row], "x" if own.how == "point" else "polygon"),
            "ligger {away} meter från platsen i platslistan: det som står här gäller, rätta det "
            "ena eller det andra",
            cost=REMARK,
            values=[{"away": round(away)}],
        )


def groups(notes: Notes, problems: pd.DataFrame, known: set[str]) -> None:
    """Note groups of crime that no code belongs to: nothing would be counted of them."""
    if not known:
        return
    for row, written in problems.loc[problems["grupp"] != "", "grupp"].items():
        if written not in known:
            reason = "gruppen finns inte bland brottskoderna"
            _unknown(notes, "problems", int(str(row)), "grupp", reason, str(written), sorted(known))


def closed(notes: Notes, problems: pd.DataFrame, states: tuple[str, str]) -> None:
    """Remark upon problems that leave the list without a reason and a day, or half-way."""
    shut = problems["status"] == states[1]
    said, day = problems["avslutsskal"] != "", problems["avslutsdatum"].notna()
    for rows, column, reason in (
        (shut & ~said, "avslutsskal", "är tom: skriv varför problemet lämnar listan"),
        (shut & ~day, "avslutsdatum", "är tom: skriv när problemet lämnade listan"),
        (~shut & (said | day), "status", f"ska vara {states[1]} när problemet lämnar listan"),
    ):
        notes.add("problems", problems.index[rows], column, reason, cost=REMARK)


# --- measures


def orphans(notes: Notes, measures: pd.DataFrame, usable: set[str], written: Sequence[str]) -> None:
    """Note measures of no problem; a problem whose row cannot be used is none."""
    for row, problem in measures.loc[~measures["problem"].isin(usable), "problem"].items():
        number = int(str(row))
        if problem and problem in set(written):
            reason = "problemets rad har ett fel: rätta den först"
            notes.add("measures", [number], "problem", reason)
        else:
            reason = "problemet finns inte i listan"
            _unknown(
                *(notes, "measures", number, "problem", reason, str(problem), sorted(usable)),
                cost=NOT_USED,
            )


def order_of_days(notes: Notes, measures: pd.DataFrame) -> None:
    """Note days that come in the wrong order."""
    start, end = measures["startdatum"], measures["slutdatum"]
    notes.add(
        *("measures", measures.index[end < start], "slutdatum"),
        "slutar innan det börjar: rätta startdatum eller slutdatum",
    )
    for column, reason in (
        ("klart_senast", "ligger före startdatum: rätta den ena dagen"),
        ("forvantad_effekt_fran", "ligger före startdatum: effekten räknas från startdatum"),
        ("uppfoljningsdatum", "ligger före startdatum: välj en dag efter det"),
    ):
        rows = measures.index[measures[column] < start]
        notes.add("measures", rows, column, reason, cost=REMARK)


def chosen_before(
    notes: Notes, measures: pd.DataFrame, chosen: Mapping[str, Period | None]
) -> None:
    """Note measures that began before the period on which their place was chosen had ended."""
    for row, measure in zip(measures.index, measures.to_dict("records"), strict=True):
        period, start = chosen.get(measure["problem"]), measure["startdatum"]
        if period is None or pd.isna(start):
            continue
        if start.date() <= period.start:
            notes.add(
                *("measures", [row], "startdatum"),
                "insatsen började innan den period som problemets plats valdes på: rätta "
                "vald_period eller startdatum",
                cost=NOT_EVALUATED,
            )
        elif start.date() < period.end:
            notes.add(
                *("measures", [row], "startdatum"),
                "insatsen började innan perioden som problemets plats valdes på var slut: stämmer "
                "vald_period?",
                cost=REMARK,
            )


def states(notes: Notes, measures: pd.DataFrame, today: pd.Timestamp | None) -> None:
    """Remark upon states that the days contradict, and what a closed measure should say."""
    status = measures["status"]
    start, end = measures["startdatum"], measures["slutdatum"]
    untold = (measures["skal"] == "") & (measures["process"] == "")
    said = [
        ((status == "Avslutad") & end.isna(), "slutdatum", "är tom: skriv när insatsen avslutades"),
        ((status == "Avbruten") & untold, "skal", "är tom: skriv varför insatsen avbröts"),
        (
            status.isin(["Pågår", "Avslutad", "Försenad"]) & start.isna(),
            "startdatum",
            "är tom: skriv när insatsen började, annars går den inte att följa upp",
        ),
    ]
    if today is not None:
        said += [
            (
                (status == "Planerad") & (start <= today),
                "status",
                "är Planerad fast startdatum har passerat: ändra status eller startdatum",
            ),
            (
                (status == "Pågår") & (start > today),
                "status",
                "är Pågår fast startdatum inte är här än: ändra status eller startdatum",
            ),
            (
                (status == "Pågår") & (end <= today),
                "status",
                "är Pågår fast slutdatum har passerat: ändra status eller slutdatum",
            ),
            (
                (status == "Avslutad") & (end > today),
                "slutdatum",
                "ligger i framtiden fast insatsen är avslutad: rätta den ena",
            ),
        ]
    for rows, column, reason in said:
        notes.add("measures", measures.index[rows], column, reason, cost=REMARK)


def comparisons(
    notes: Notes, measures: pd.DataFrame, own: Mapping[str, Footprint], geography: Geography
) -> None:
    """Note comparison places that are unknown, treated themselves, or share the treated ground."""
    import shapely

    from est_analysis.measures.places import comparison

    listed = [] if geography.places is None else list(geography.places["name"])
    records = measures.to_dict("records")
    at = [own.get(measure["problem"]) for measure in records]
    treated = [k for k, place in enumerate(at) if place is not None and place.shape is not None]
    tree = shapely.STRtree([at[k].shape for k in treated])  # type: ignore[union-attr]
    for row, measure, place in zip(measures.index, records, at, strict=True):
        written = measure["jamforelseplats"]
        if not written or place is None or place.shape is None:
            continue
        other = comparison(written, place, geography)
        if other.shape is None:
            reason = "jämförelseplatsen finns inte i platslistan"
            _unknown(notes, "measures", row, "jamforelseplats", reason, written, listed)
            continue
        if _at(place, other):
            notes.add(
                *("measures", [row], "jamforelseplats"),
                "är samma plats som insatsens: välj en liknande plats där inget gjordes",
                cost=NOT_EVALUATED,
            )
            continue
        if place.shape.intersects(other.shape):
            notes.add(
                *("measures", [row], "jamforelseplats"),
                "delar mark med insatsens plats: välj en plats längre bort",
                cost=REMARK,
            )
        meddled = [
            records[k]["startdatum"].date()
            for k in (treated[hit] for hit in tree.query(other.shape, predicate="intersects"))
            if not _at(place, at[k]) and _meddles(records[k], measure)
        ]
        if meddled:
            notes.add(
                *("measures", [row], "jamforelseplats"),
                "har en egen insats från {day}, inom den tid som jämförs: välj en annan plats",
                cost=NOT_EVALUATED,
                values=[{"day": min(meddled)}],
            )


def _at(place: Footprint, other: Footprint | None) -> bool:
    """Tell whether other ground has its middle within a place: then it is the same place."""
    import shapely

    if other is None or place.shape is None:
        return False
    return bool(place.shape.contains(shapely.Point(other.centre)))


def _meddles(other: Mapping[Any, Any], measure: Mapping[Any, Any]) -> bool:
    """Tell whether another measure began within the time that a measure is judged by."""
    if (
        other["status"] == "Planerad"
        or pd.isna(other["startdatum"])
        or pd.isna(measure["startdatum"])
    ):
        return False
    began = other["startdatum"] - measure["startdatum"]
    return bool(-COMPARED < began < _YEAR)


# --- decisions


def decisions(notes: Notes, table: pd.DataFrame, known: Mapping[str, set[str]]) -> None:
    """Remark upon decisions that are due before they were taken, or belong to nothing known."""
    early = table["klart_senast"] < table["motesdatum"]
    notes.add(
        *("decisions", table.index[early], "klart_senast"),
        "ligger före mötet: rätta den ena dagen",
        cost=REMARK,
    )
    for column, part in (("problem", "problems"), ("atgard", "measures")):
        for row, written in table.loc[table[column] != "", column].items():
            if written not in known[part]:
                reason = "finns inte i listan"
                _unknown(
                    *(notes, "decisions", int(str(row)), column, reason, str(written)),
                    sorted(known[part]),
                    cost=REMARK,
                )
