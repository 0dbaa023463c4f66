"""The data dictionary is what the schemas say, and says something of every column."""

from __future__ import annotations

import pandera.pandas as pa
import pytest

from est_analysis.gather import dictionary, form, tables


def test_the_committed_dictionary_is_current():
    mend = "kör python -m est_analysis.gather.dictionary"
    assert dictionary.FILE.read_text(encoding="utf-8") == dictionary.text(), mend


def test_a_changed_schema_changes_the_dictionary(monkeypatch):
    changed = tables.EVENTS.update_column("x", description="Något annat")
    monkeypatch.setitem(dictionary.TABLES, "Händelser (events)", (changed, ""))
    assert dictionary.FILE.read_text(encoding="utf-8") != dictionary.text()


def test_every_schema_and_column_is_described():
    schemas = [one for one in vars(tables).values() if isinstance(one, pa.DataFrameSchema)]
    described = [schema for schema, _ in dictionary.TABLES.values()]
    assert all(any(schema is one for one in described) for schema in schemas)
    for schema in schemas:
        for column in schema.columns.values():
            assert column.description, column.name
            assert column.metadata["sensitivity"] in {"", "intern", "plats", "fritext"}


def test_a_column_without_description_is_refused(monkeypatch):
    bare = pa.DataFrameSchema({"x": pa.Column(float)})
    monkeypatch.setitem(dictionary.TABLES, "Händelser (events)", (bare, ""))
    with pytest.raises(ValueError, match="column x has no description"):
        dictionary.text()


def test_the_form_is_in_it():
    assert all(f"`{field.name}`" in dictionary.text() for field in form.FIELDS)
