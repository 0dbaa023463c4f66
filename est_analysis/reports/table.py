"""What a table is: a caption, headings and rows, as HTML and as CSV that Swedish Excel opens."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from typing import Any

from est_analysis.counts import Interval
from est_analysis.evidence import Text
from est_analysis.reports.language import SOURCE_LANGUAGE, Language

_NUMBER = ' class="number"'
_DATE = ' class="date"'
_LONG = ' class="long"'
_SWEDISH = f' lang="{SOURCE_LANGUAGE}"'
_MANY_LETTERS = 40
_BREAKS = re.compile(r"[\0\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Table:
    """
    One table.

    Parameters
    ----------
    name
        Of its CSV file, without ending.
    caption
        What it shows, of what and when.
    headings
        In order; the first column names the row.
    rows
        Values as `Language.write` takes them; None is shown as a dash.
    language
        In which it is read.
    note
        Below the table; empty for none.
    empty
        What is said instead of a table without rows.
    folded
        The words to press to see the table; empty for a table that stands open.
    """

    name: str
    caption: Text
    headings: Sequence[str | Text]
    rows: Sequence[Sequence[Any]]
    language: Language = field(repr=False)
    note: Text | None = None
    empty: Text = field(default=Text("inget att visa"))
    folded: str = ""

    def html(self) -> str:
        """Return the table as HTML; every text is escaped."""
        say = self.language
        caption = escape(say.say(self.caption))
        if not self.rows:
            empty = escape(say.say(self.empty))
            return f'<p class="note">{caption}: {empty}.</p>'
        numeric = [self._is_numeric(i) for i in range(len(self.headings))]
        head = "".join(
            f'<th scope="col"{_NUMBER if number else ""}>{escape(self._heading(heading))}</th>'
            for heading, number in zip(self.headings, numeric, strict=True)
        )
        body = "".join(f"<tr>{self._cells(row, numeric)}</tr>" for row in self.rows)
        note = f'<p class="note">{escape(say.say(self.note))}</p>' if self.note else ""
        whole = (
            f'<div class="table" role="region" tabindex="0" aria-label="{caption}"><table>'
            f"<caption><span>{caption}</span></caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
            f"</table></div>{note}"
        )
        if not self.folded:
            return whole
        return f"<details><summary>{escape(say.translate(self.folded))}</summary>{whole}</details>"

    def _heading(self, heading: str | Text) -> str:
        """Return a heading: words of the report, or a name such as a group's."""
        say = self.language
        if isinstance(heading, Text):
            return say.say(heading)
        told = say.translate(heading)
        return told if told != heading else say.name(heading)

    def _is_numeric(self, column: int) -> bool:
        """Tell whether a column holds numbers (one word may fill in): it is set flush right."""
        values = [row[column] for row in self.rows if row[column] is not None]
        words = {v for v in values if isinstance(v, str)}
        other = any(isinstance(v, (Text, list, date)) for v in values)
        filled = len(words) == 1 and not all(isinstance(v, str) for v in values)
        return column > 0 and not other and (not words or filled)

    def _cells(self, row: Sequence[Any], numeric: Sequence[bool]) -> str:
        cells = [f'<th scope="row"{self._own(row[0])}>{escape(self._cell(row[0]))}</th>']
        for value, number in zip(row[1:], numeric[1:], strict=True):
            text = self._cell(value)
            kind = _NUMBER if number else _DATE if isinstance(value, date) else ""
            if not kind and len(text) > _MANY_LETTERS:
                kind = _LONG
            cells.append(f"<td{kind}{self._own(value)}>{escape(text)}</td>")
        return "".join(cells)

    def _own(self, value: Any) -> str:  # noqa: ANN401 - whatever a cell holds
        """Mark as Swedish what is the municipality's own, in a report in another language."""
        return _SWEDISH if isinstance(value, str) and self.language.is_own(value) else ""

    def _cell(self, value: Any) -> str:  # noqa: ANN401 - whatever a cell holds
        if isinstance(value, date):
            return self.language.short_date(value)
        return self.language.write(value)

    def csv(self) -> str:
        """Return the table as CSV that Swedish Excel opens: semicolons, and intervals in two."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=";", lineterminator="\n")
        spread = [
            any(isinstance(row[i], Interval) for row in self.rows)
            for i in range(len(self.headings))
        ]
        low, high = (self.language.translate(t) for t in ("lägst", "högst"))
        heads: list[str] = []
        for heading, two in zip(self.headings, spread, strict=True):
            name = self._heading(heading)
            heads += [f"{name}, {low}", f"{name}, {high}"] if two else [name]
        heads = [self._raw(head) for head in heads]  # a heading may be a name of somebody's
        writer.writerow(heads)
        for row in self.rows:
            cells: list[str] = []
            for value, two in zip(row, spread, strict=True):
                parts = (value.low, value.high) if isinstance(value, Interval) else (value, None)
                cells += [self._raw(part) for part in parts[: 2 if two else 1]]
            writer.writerow(cells)
        return out.getvalue()

    def _raw(self, value: Any) -> str:  # noqa: ANN401 - whatever a cell holds
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return ""
        if isinstance(value, (datetime, date)):
            return value.isoformat()[:10]
        if isinstance(value, int) or hasattr(value, "dtype"):
            return str(value)
        if isinstance(value, float):
            return f"{value:.6g}".replace(".", self.language.decimal_mark)
        text = _BREAKS.sub(" ", self.language.write(value))  # a lone return would begin a new row
        return "'" + text if text.lstrip(" ").startswith(_FORMULA) else text

    def _repr_html_(self) -> str:
        return self.html()

    def __str__(self) -> str:
        """Return the caption."""
        return self.language.say(self.caption)


@dataclass(frozen=True)
class Tables:
    """Some tables, of which only those with rows are shown; a sentence where none has any."""

    tables: tuple[Table, ...]
    nothing: Text
    language: Language = field(repr=False)

    def _repr_html_(self) -> str:
        shown = "".join(table.html() for table in self.tables if table.rows)
        return shown or f'<p class="note">{escape(self.language.say(self.nothing))}</p>'

    def __str__(self) -> str:
        """Return the captions of the tables that have rows."""
        shown = [str(table) for table in self.tables if table.rows]
        return "\n".join(shown) or self.language.say(self.nothing)
