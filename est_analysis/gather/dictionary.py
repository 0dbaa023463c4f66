"""The data dictionary in Swedish, written from the schemas by ``python -m`` this module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandera.pandas as pa

from est_analysis.gather import form, tables
from est_analysis.gather.fates import REASONS, REMEDIES

FILE = Path(__file__).resolve().parents[2] / "data" / "dictionary.md"

TABLES = {
    "Händelser (events)": (
        tables.EVENTS,
        "Rader som används, en rad en händelse, plats eller brist. Ligger i store/ och stannar hos "
        "den som analyserar.",
    ),
    "Karantän (quarantine)": (
        tables.QUARANTINE,
        "Rader som väntar på rättning. De kommer med av sig själva när de är rättade.",
    ),
    "Radräkning (accounting)": (
        tables.ACCOUNTING,
        "Vad som hände med varje rad: rader = används + karantän + tas ej in + upprepade.",
    ),
    "Nästan-träffar (near_misses)": (
        tables.NEAR_MISSES,
        "Det som liknar något känt. Inget tas för det förrän en rad i reference/aliases.csv säger "
        "det.",
    ),
    "Länkar (links)": (
        tables.LINKS,
        "Par av rader som troligen, eller enligt beslut, är samma händelse sedd av två källor.",
    ),
    "Högar (stacks)": (
        tables.STACKS,
        "Koordinater som många händelser delar, och vad de troligen är.",
    ),
    "Tömda texter (texts_dropped)": (
        tables.TEXTS_DROPPED,
        "Hur många texter som tömts för att de innehöll personuppgifter; aldrig vad där stod.",
    ),
}
"""Each table of the store by its heading: its schema, and what it is."""

_TYPES = {"str": "text", "float": "tal", "int": "heltal", "bool": "ja/nej", "datetime": "tid"}
"""How a type's name begins, and what people call it."""

_SAID = {"str_length": "inte tom", "unique": "unik"}
"""What people call a rule without limits."""


def text() -> str:
    """Return the whole dictionary as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Datalexikon"
    yield ""
    yield "Gjort av `python -m est_analysis.gather.dictionary`; ändra i schemana, inte här."
    yield ""
    yield (
        "Känslighet: *intern* stannar hos den som analyserar; *plats* visas bara som platser med "
        "tillräckligt många händelser; *fritext* tas in bara om gruppen har slagit på den."
    )
    for heading, (schema, about) in TABLES.items():
        yield from ("", f"## {heading}", "", about, "")
        yield from _table(
            ("Kolumn", "Är", "Typ", "Enhet", "Tillåtet", "Får saknas", "Känslighet"),
            [_column(name, column) for name, column in schema.columns.items()],
        )
    yield from ("", "## Skäl till karantän", "")
    yield from _table(
        ("Kod", "Skäl", "Gör så här"),
        [(f"`{key}`", reason, REMEDIES[key]) for key, reason in REASONS.items()],
    )
    yield from ("", "## Rapporteringsmallen (est_rapport.xlsx)", "")
    yield "Mallen som `est new` lägger i mappen. Listorna är förslag; ändra i municipality.toml."
    yield ""
    yield from _table(
        ("Kolumn", "Fyll i", "Måste", "Välj ur", "Blir"),
        [
            (
                f"`{field.name}`",
                field.help,
                "ja" if field.needed else "",
                ", ".join(field.choices),
                f"`{field.fills}`",
            )
            for field in form.FIELDS
        ],
    )


def _column(name: str, column: pa.Column) -> tuple[str, ...]:
    if not column.description:
        raise ValueError(f"column {name} has no description")
    told = column.metadata or {}
    kind = next(word for name, word in _TYPES.items() if str(column.dtype).startswith(name))
    return (
        f"`{name}`",
        str(column.description),
        kind,
        str(told.get("unit", "")),
        "; ".join(map(_allowed, column.checks)),
        "ja" if column.nullable else "",
        str(told.get("sensitivity", "")),
    )


def _allowed(check: pa.Check) -> str:
    """Return a rule as people read it."""
    limits = check.statistics or {}
    if "allowed_values" in limits:
        return ", ".join(str(value) for value in limits["allowed_values"])
    if "min_val" in limits or "max_val" in limits:
        return f"{limits['min_val']}–{limits['max_val']}"
    if "min_value" in limits and "max_value" in limits and limits["max_value"] is not None:
        return f"{limits['min_value']}–{limits['max_value']}"
    if check.name in _SAID:
        return _SAID[check.name]
    return f"minst {limits['min_value']}"


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8", newline="\n")
