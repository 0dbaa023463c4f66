"""Who and where: a municipality's folder, its ``municipality.toml`` validated into one object."""

from __future__ import annotations

import codecs
import re
import tomllib
from datetime import date
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from est_analysis.errors import SettingsError
from est_analysis.shipped import shipped

SETTINGS_FILE = "municipality.toml"
MOST_SETTINGS = 4_000_000
"""Bytes of settings; the longest list of codes takes a hundredth of it."""
EXAMPLES = shipped("data")

RecordKind = Literal[
    "reported_crime",
    "event",
    "unsafe_place",
    "safe_place",
    "physical_defect",
    "upcoming",
    "nil_report",
]
PlacePrecision = Literal["point", "street", "place", "cell", "area", "municipality", "unknown"]
Moment = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    Field(min_length=1, max_length=5),
]


Filter = dict[
    str,
    Annotated[
        tuple[str, ...],
        BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
        Field(min_length=1),
    ],
]
"""Column to the values that are kept of it, or to its other names."""


def _known_crs(value: str) -> str:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        CRS.from_user_input(value)
    except CRSError as error:
        raise ValueError(f"{value!r} är inget känt koordinatsystem") from error
    return value


def _metric_crs(value: str) -> str:
    from pyproj import CRS

    crs = CRS.from_user_input(_known_crs(value))
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info):
        raise ValueError(f"{value!r} räknar inte i meter; välj till exempel EPSG:3006")
    if "Pseudo-Mercator" in crs.name:  # a metre there is half a metre on Swedish ground
        raise ValueError(f"{value!r} är gjort för webbkartor, inte för avstånd; välj EPSG:3006")
    return value


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} är ingen känd tidszon") from error
    return value


def _known_encoding(value: str) -> str:
    try:
        if value != "auto" and not codecs.lookup(value)._is_text_encoding:
            raise LookupError(value)  # such as zip, which would unpack without end
    except (LookupError, ValueError) as error:
        raise ValueError(f"{value!r} är ingen känd teckenkodning") from error
    return value


def _one_sign(value: str) -> str:
    if value != "auto" and len(value) != 1:
        raise ValueError(f"{'är för lång' if value else 'är tom'}; ska vara ett tecken, eller auto")
    return value


def _date_format(value: str) -> str:
    parts = set(re.findall("%(.?)", value))
    if unknown := sorted(parts - set("YymbBdHIpMSf%")):
        raise ValueError(f"%{unknown[0]} går inte att använda i date_format")
    if not (parts & set("Yy") and parts & set("mbB")):
        raise ValueError("date_format ska ha år (%Y eller %y) och månad (%m, %b eller %B)")
    return value


def _tuples(value: Any) -> Any:  # noqa: ANN401 - whatever TOML held
    """Let TOML's arrays of arrays be tuples; what is anything else is refused as it is."""
    if not isinstance(value, (list, tuple)):
        return value
    return tuple(tuple(part) if isinstance(part, list) else part for part in value)


def _inside(value: str) -> str:
    """Refuse what leads out of the folder on any system, and patterns that cannot be matched."""
    for path in (PurePosixPath(value), PureWindowsPath(value)):
        if not path.parts or path.anchor or ".." in path.parts:
            raise ValueError(f"{value!r} ska vara en sökväg inne i kommunens mapp")
    if any(ord(sign) < 32 for sign in value):
        raise ValueError(f"{value!r} har ett tecken som inga filnamn har")
    parts = PurePosixPath(value).parts
    if parts.count("**") > 1 or any("**" in part and part != "**" for part in parts):
        raise ValueError(f"{value!r} ska ha ** högst en gång, och för en hel mapp")
    return value


Inside = Annotated[str, AfterValidator(_inside)]
Files = Annotated[
    tuple[Inside, ...],
    BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
]


def _clock(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError(f"{value!r} är inget klockslag; skriv till exempel 00:00")
    return value


Clock = Annotated[str, AfterValidator(_clock)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Columns(_Part):
    """
    Which of a source's columns holds what; columns not named here are never read.

    ``start``, ``end`` and ``registered`` name one column (date, or date and time), two (date and
    time), three (year, month, day) or five (year, month, day, hour, minute).
    """

    start: Moment | None = None
    end: Moment | None = None
    registered: Moment | None = None
    id: str | None = None
    code: str | None = None
    kind: str | None = None
    x: str | None = None
    y: str | None = None
    place: str | None = None
    place_type: str | None = None
    area: str | None = None
    factors: str | None = None
    severity: str | None = None
    count: str | None = None
    text: str | None = None
    partner: str | None = None

    @model_validator(mode="after")
    def _both_axes(self) -> Columns:
        if (self.x is None) != (self.y is None):
            raise ValueError("x och y ska anges båda eller ingen")
        return self

    def named(self) -> list[str]:
        """Return every column that must be in the file, in the order of the fields."""
        names: list[str] = []
        for value in self.model_dump().values():
            if value is not None:
                names += [value] if isinstance(value, str) else list(value)
        return list(dict.fromkeys(names))


class Constants(_Part):
    """Values that hold for every row of a source which has no column for them."""

    group: str | None = None
    place_type: str | None = None
    start: date | None = None


class Source(_Part):
    """One partner's deliveries of one layout."""

    partner: str
    kind: RecordKind | None = None
    files: Inside
    covers_from: date | None = None
    follows: str | None = None
    format: Literal["csv", "excel", "json", "geojson", "parquet", "gpkg"]
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "auto"
    delimiter: Annotated[str, AfterValidator(_one_sign)] = "auto"
    decimal: Literal["auto", ",", "."] = "auto"
    sheet: str | None = None
    header_row: Annotated[int, Field(ge=1)] | None = None
    synonyms: Filter = {}
    crs: Annotated[str, AfterValidator(_known_crs)] | None = None
    precision: Literal["point", "street", "place", "area", "municipality"] = "point"
    snap: Literal["none", "street", "cell"] = "none"
    time_precision: Literal["minute", "hour", "day", "month", "unknown"] = "minute"
    date_format: Annotated[str, AfterValidator(_date_format)] | None = None
    ignore_offset: bool = False
    keep: Filter = {}
    outside: Literal["quarantine", "drop"] = "quarantine"
    columns: Columns
    constants: Constants = Constants()
    codes: dict[str, str] | Inside | None = None
    drop: tuple[str, ...] = ()
    unknown_places: tuple[str, ...] = ()
    kinds: dict[str, RecordKind] = {}
    police_activity: tuple[str, ...] = ()
    unlisted: Literal["quarantine", "drop"] = "quarantine"
    counts: Literal["offence", "incident", "victim", "report"] | None = None
    default_times: tuple[Clock, ...] = ()
    free_text: bool = False
    personal_data: Literal["stop", "drop_text"] = "stop"
    partners: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, value: Any) -> Any:  # noqa: ANN401 - whatever TOML held
        """Let TOML's arrays be tuples."""
        if isinstance(value, dict):
            value = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}
            if isinstance(columns := value.get("columns"), dict):
                value["columns"] = {
                    k: tuple(v) if isinstance(v, list) else v for k, v in columns.items()
                }
        return value

    @model_validator(mode="after")
    def _says_what_rows_are(self) -> Source:
        if self.kind is None and self.columns.kind is None:
            raise ValueError("ange kind för källan, eller columns.kind och kinds för varje rad")
        if self.columns.kind is not None and not self.kinds:
            raise ValueError("columns.kind kräver kinds: vad varje värde i kolumnen betyder")
        if self.columns.code is not None and self.codes is None:
            raise ValueError("columns.code kräver codes: vilken grupp varje kod hör till")
        if self.columns.code is None and self.constants.group is None:
            raise ValueError("ange columns.code och codes, eller constants.group")
        if self.columns.start is None and self.constants.start is None:
            raise ValueError("columns.start saknas, eller constants.start för en hel källa")
        if self.columns.text is not None and not self.free_text:
            raise ValueError("columns.text kräver free_text = true: gruppens beslut om fritext")
        if self.columns.partner is not None and not self.partners:
            raise ValueError("columns.partner kräver partners: vilka som får stå i kolumnen")
        if unknown := sorted(set(self.synonyms) - set(self.read_columns())):
            raise ValueError(f"synonyms.{unknown[0]}: kolumnen nämns inte i columns")
        return self

    @property
    def unit(self) -> str:
        """What one counted record is: as stated, else offences of the police and reports."""
        return self.counts or ("offence" if self.kind == "reported_crime" else "report")

    @property
    def delivered_crs(self) -> str | None:
        """The CRS of the coordinates: as stated; None is the municipality's own."""
        if self.crs is None and self.format == "geojson" and self.columns.x == "geometry_x":
            return "EPSG:4326"  # RFC 7946: the geometry of GeoJSON is WGS 84
        return self.crs

    @property
    def record_kinds(self) -> frozenset[str]:
        """Every kind of record that the source's rows can be."""
        if self.columns.kind is None:
            return frozenset() if self.kind is None else frozenset({self.kind})
        return frozenset(self.kinds.values())

    def read_columns(self) -> list[str]:
        """Return every column that must be in the files; no other is read."""
        return list(dict.fromkeys([*self.columns.named(), *self.keep]))


class StandIn(_Part):
    """A coordinate that is known to stand for something: its own, or that of a public place."""

    x: float | None = None
    y: float | None = None
    place: str | None = None
    what: Annotated[str, Field(min_length=1)]
    kept_out: bool = True

    @model_validator(mode="after")
    def _one_way_to_say_where(self) -> StandIn:
        if (self.x is None) != (self.y is None) or (self.x is None) == (self.place is None):
            raise ValueError("ange antingen x och y eller place")
        return self


class Reference(_Part):
    """Files about the place itself; each may be left out."""

    boundary: Inside | None = None
    boundary_keep: Filter = {}
    areas: Inside | None = None
    areas_keep: Filter = {}
    area_name: str = "name"
    places: Inside | None = None
    streets: Inside | None = None
    stacked: Annotated[
        tuple[StandIn, ...],
        BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
    ] = ()
    comparison: Files = ()
    surveys: Inside | None = None
    measures: Inside | None = None


class Registers(_Part):
    """The group's own lists; each may be left out."""

    problems: Inside | None = None
    measures: Inside | None = None
    decisions: Inside | None = None
    calendar: Inside | None = None


class Thresholds(_Part):
    """From how many events each method speaks, and what size of change matters."""

    relevant_change: Annotated[float, Field(gt=1)] = 2.0
    clear: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    indication: Annotated[float, Field(gt=0, lt=0.5)] = 0.20
    interval_level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    history_years: Annotated[int, Field(ge=1, le=10)] = 3
    minimum_change: Annotated[int, Field(ge=1)] = 10
    minimum_alarm: Annotated[int, Field(ge=2)] = 5
    cell_m: Annotated[float, Field(gt=0)] = 250.0
    cluster_radius_m: Annotated[float, Field(gt=0)] = 100.0
    cluster_minimum: Annotated[int, Field(ge=3)] = 10
    cluster_method: Literal["dbscan", "hdbscan"] = "dbscan"
    cluster_by: Literal["count", "severity"] = "count"
    minimum_clusters: Annotated[int, Field(ge=3)] = 30
    minimum_repeats: Annotated[int, Field(ge=10)] = 100
    minimum_scan: Annotated[int, Field(ge=10)] = 60
    minimum_rhythm: Annotated[int, Field(ge=1)] = 30
    longest_span_hours: Annotated[int, Field(ge=1)] = 72
    minimum_situations: Annotated[int, Field(ge=20)] = 100
    minimum_evaluation: Annotated[int, Field(ge=1)] = 10

    @model_validator(mode="after")
    def _clear_is_the_stricter(self) -> Thresholds:
        if self.clear > self.indication:
            raise ValueError("clear ska vara högst lika med indication")
        return self


class Links(_Part):
    """How near in place and time two partners' records are probably the same event."""

    metres: Annotated[float, Field(ge=1)] = 150.0
    hours: Annotated[float, Field(gt=0)] = 12.0
    found_hours: Annotated[float, Field(ge=0)] = 72.0
    minimum_score: Annotated[float, Field(ge=0, le=1)] = 0.1
    same: Annotated[
        tuple[tuple[str, ...], ...],
        BeforeValidator(_tuples),
    ] = ()

    @model_validator(mode="after")
    def _each_group_once(self) -> Links:
        names = [name for part in self.same for name in part]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"gruppen {twice[0]!r} står två gånger i same")
        return self


class SituationTypes(_Part):
    """Of which year the frozen typology of situations is."""

    fitted: Annotated[int, Field(ge=1990, le=2100)] | None = None


class Law(_Part):
    """When the latest situational picture under the law (2023:196) was decided."""

    picture_decided: date | None = None


class Disclosure(_Part):
    """What may be shown; a choice of the group, not a rule of law."""

    smallest_place_count: Annotated[int, Field(ge=2)] = 2
    minimum: Annotated[int, Field(ge=3, le=100)] = 5
    smallest_reporters: Annotated[int, Field(ge=1, le=10)] = 2
    groups: Filter = {}

    @model_validator(mode="after")
    def _each_group_once(self) -> Disclosure:
        names = [name for part in self.groups.values() for name in part]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"gruppen {twice[0]!r} står två gånger i groups")
        return self


class Reports(_Part):
    """Which period the group analyses by itself, and how people tell it more."""

    period: Literal["week", "fortnight", "month", "tertial", "quarter", "year", "meeting"] = (
        "quarter"
    )
    how_to_report: str = ""


class Retention(_Part):
    """When raw deliveries are due for deletion, and the decision to delete them."""

    raw_days: Annotated[int, Field(ge=1)] = 730
    decision: str | None = None


class Municipality(_Part):
    """
    Everything the settings say about one municipality; immutable.

    Paths in the settings are relative to `folder`; distances are metres in `crs`; times are local
    wall time in `time_zone`.
    """

    folder: Path
    name: str
    code: str
    purpose: str
    controller: str
    contact: str = ""
    crs: Annotated[str, AfterValidator(_metric_crs)]
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Stockholm"
    language: str = "sv"
    sources: Annotated[dict[str, Source], Field(min_length=1)]
    reference: Reference = Reference()
    registers: Registers = Registers()
    thresholds: Thresholds = Thresholds()
    links: Links = Links()
    situations: SituationTypes = SituationTypes()
    law: Law = Law()
    disclosure: Disclosure = Disclosure()
    reports: Reports = Reports()
    retention: Retention = Retention()

    @model_validator(mode="after")
    def _follows_known_sources(self) -> Municipality:
        for name, source in self.sources.items():
            seen, before = {name}, source.follows
            while before is not None:
                if before not in self.sources:
                    raise ValueError(f"sources.{name}.follows: källan {before!r} finns inte")
                if before in seen:
                    raise ValueError(f"sources.{name}.follows: källorna följer varandra runt")
                seen.add(before)
                before = self.sources[before].follows
        return self

    def first_form(self, source: str) -> str:
        """Return the source that this one continues in a new form, or itself."""
        known = self.sources.get(source)
        return source if known is None or known.follows is None else self.first_form(known.follows)

    @cached_property
    def key(self) -> str:
        """The folder's name, used in output paths."""
        return self.folder.name

    def path(self, inside: str) -> Path:
        """Return the absolute path of a path that the settings give."""
        return self.folder / inside

    def leads_out(self, inside: str) -> bool:
        """Tell whether a path in the folder is, or lies behind, a link to somewhere else."""
        return not self.path(inside).resolve().is_relative_to(self.folder.resolve())

    def delivered(self, source: str) -> list[Path]:
        """Return a source's delivered files by name; hidden files and Excel's locks are none."""
        return [file for file in self._matching(source) if file.is_file()]

    def misplaced(self, source: str) -> list[Path]:
        """Return what stands where a source's files should, and is named so, but is no file."""
        return [file for file in self._matching(source) if not file.is_file() and file.suffix]

    def _matching(self, source: str) -> list[Path]:
        found = sorted(self.folder.glob(self.sources[source].files))
        return [file for file in found if not file.name.startswith((".", "~$"))]


def find(name_or_path: str | Path) -> Path:
    """
    Find a municipality's folder by its path, or by its name among the shipped examples.

    Raises
    ------
    SettingsError
        If there is no such folder, or it holds no ``municipality.toml``.
    """
    given = Path(name_or_path)
    for folder in (given, EXAMPLES / given):
        if (folder / SETTINGS_FILE).is_file():
            return folder.resolve()
    if given.is_dir():
        raise SettingsError(
            f"Mappen {given} har ingen {SETTINGS_FILE}.",
            mend="Gör en ny kommun med: est new MAPP",
        )
    known = sorted(p.parent.name for p in EXAMPLES.glob(f"*/{SETTINGS_FILE}"))
    raise SettingsError(
        f"Kommunen ”{name_or_path}” finns inte: ingen mapp med det namnet.",
        mend="Ange sökvägen till kommunens mapp"
        + (f", eller ett av exemplen: {', '.join(known)}." if known else "."),
    )


def load(name_or_path: str | Path) -> Municipality:
    """
    Read and validate a municipality's settings.

    Parameters
    ----------
    name_or_path
        The folder, or the name of a shipped example.

    Returns
    -------
    Municipality

    Raises
    ------
    SettingsError
        If the folder or its settings are missing, the TOML cannot be read, a key is unknown or
        missing, a value is of the wrong type, or a file that the settings name is missing. The
        message gives the line to mend.
    """
    folder = find(name_or_path)
    file = folder / SETTINGS_FILE
    try:
        if file.stat().st_size > MOST_SETTINGS:
            raise SettingsError(
                f"{SETTINGS_FILE} är större än {MOST_SETTINGS // 1_000_000} MB.",
                where=str(file),
                mend="Lägg listor i filer i reference/.",
            )
        text = file.read_text(encoding="utf-8-sig")
        values = tomllib.loads(text)
    except RecursionError as error:
        raise SettingsError(
            f"{SETTINGS_FILE} går inte att läsa: den är för djup.", where=str(file)
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{SETTINGS_FILE} är inte sparad som UTF-8.", where=str(file), mend="Spara om filen."
        ) from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise SettingsError(
            f"{SETTINGS_FILE} går inte att läsa: {error}.",
            where=f"{file}, rad {line[1]}" if line else f"{file}, sista raden",
            mend="Rätta raden. Text står inom citattecken, och varje nyckel bara en gång.",
        ) from error
    if "folder" in values:  # a field of the object, but no setting
        raise SettingsError(
            "Inställningarna håller inte:\n"
            f"  rad {_line_of(text, ('folder',))}: folder: {_SWEDISH['extra_forbidden']}",
            where=str(file),
        )
    try:
        municipality = Municipality.model_validate({**values, "folder": folder})
    except ValidationError as error:
        raise SettingsError(
            "Inställningarna håller inte:\n"
            + "\n".join(_complaint(e, text) for e in error.errors()),
            where=str(file),
            mend="Rätta raderna. Alla nycklar beskrivs i docs/settings.md.",
        ) from error
    _refuse_missing_files(municipality, text)
    return municipality


def _refuse_missing_files(municipality: Municipality, text: str) -> None:
    named: list[tuple[tuple[str, ...], str]] = [
        ((part, key), value)
        for part in ("reference", "registers")
        for key, value in getattr(municipality, part).model_dump(exclude_none=True).items()
        if key not in {"area_name", "stacked", "comparison"} and not key.endswith("_keep")
    ]
    named += [(("reference", "comparison"), each) for each in municipality.reference.comparison]
    named += [
        (("sources", name, "codes"), source.codes)
        for name, source in municipality.sources.items()
        if isinstance(source.codes, str)
    ]
    missing = [(loc, value) for loc, value in named if not municipality.path(value).is_file()]
    outside = [(loc, value) for loc, value in named if municipality.leads_out(value)]
    if outside:
        raise SettingsError(
            "Inställningarna nämner filer som är länkar ut ur kommunens mapp:\n"
            + "\n".join(
                f"  rad {_line_of(text, loc)}: {'.'.join(loc)} = ”{value}”"
                for loc, value in outside
            ),
            where=str(municipality.folder / SETTINGS_FILE),
            mend="Lägg filen själv i mappen i stället för en länk.",
        )
    patterns: list[tuple[tuple[str, ...], str]] = [
        (("sources", name, "files"), source.files)
        for name, source in municipality.sources.items()
        if not municipality.delivered(name)
    ]
    if missing or patterns:
        raise SettingsError(
            "Inställningarna nämner filer som inte finns:\n"
            + "\n".join(
                f"  rad {_line_of(text, loc)}: {'.'.join(loc)} = ”{value}”"
                for loc, value in missing + patterns
            ),
            where=str(municipality.folder / SETTINGS_FILE),
            mend="Lägg filen på sin plats, eller ta bort raden (eller hela källan).",
        )


_SWEDISH = {
    "extra_forbidden": "okänd nyckel",
    "missing": "saknas",
    "string_type": "ska vara text inom citattecken",
    "int_type": "ska vara ett heltal",
    "float_type": "ska vara ett tal",
    "tuple_type": "ska vara en lista",
    "dict_type": "ska vara en tabell",
    "model_type": "ska vara en tabell",
    "date_type": "ska vara ett datum utan citattecken, till exempel 2021-10-01",
    "finite_number": "ska vara ett ändligt tal",
    "too_short": "är tom",
    "too_long": "har för många värden",
    "string_too_short": "är tom",
    "string_too_long": "är för lång",
}


def _complaint(error: Any, text: str) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    loc = tuple(str(part) for part in error["loc"] if not _is_branch(str(part)))
    kind, context = error["type"], error.get("ctx", {})
    if kind == "literal_error":
        what = f"ska vara något av {context['expected']}, inte {error['input']!r}"
    elif kind == "value_error":
        what = str(context["error"])
    elif kind in {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}:
        sign = {"greater_than": ">", "greater_than_equal": "≥", "less_than": "<"}.get(kind, "≤")
        what = f"ska vara {sign} {next(iter(context.values()))}, inte {error['input']!r}"
    else:
        what = _SWEDISH.get(kind, error["msg"])
    return f"  rad {_line_of(text, loc)}: {'.'.join(loc)}: {what}"


def _is_branch(part: str) -> bool:
    """Tell whether a part of pydantic's location names a branch of a union, not a key."""
    return bool(re.search(r"[\[(]", part)) or part in {"str", "tuple"}


_PART = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))


def _line_of(text: str, loc: tuple[str, ...]) -> int:
    """Return the line that sets `loc`, or the line of the nearest table above it."""
    best, best_length = 1, 0
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if m := re.match(rf"\s*\[\s*({_DOTTED})\s*\]", line):
            here = table = _parts(m[1])
        elif m := re.match(rf"\s*({_DOTTED})\s*=", line):
            here = (*table, *_parts(m[1]))
        else:
            continue
        if here == loc[: len(here)] and len(here) > best_length:
            best, best_length = number, len(here)
    return best
