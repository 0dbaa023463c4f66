"""Docs say what is: every setting, every module, every command of the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

import run
from est_analysis import municipality

ROOT = Path(__file__).resolve().parents[1]
PARTS = (
    municipality.Municipality,
    municipality.Reference,
    municipality.Registers,
    municipality.Source,
    municipality.Columns,
    municipality.Constants,
    municipality.Thresholds,
    municipality.Links,
    municipality.SituationTypes,
    municipality.Law,
    municipality.Disclosure,
    municipality.Reports,
    municipality.Retention,
)


def undocumented(text: str, parts: tuple[type[BaseModel], ...] = PARTS) -> list[str]:
    inner = {
        *("folder", "sources", "reference", "registers", "thresholds", "links", "situations"),
        *("law", "disclosure", "reports", "retention"),
    }
    keys = [key for part in parts for key in part.model_fields if key not in inner]
    return [key for key in keys if not re.search(rf"[`.]{key}[`\]]", text)]


def test_every_setting_is_documented():
    assert undocumented((ROOT / "docs/settings.md").read_text(encoding="utf-8")) == []


def test_a_missing_setting_is_noticed():
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8").replace("`covers_from`", "")
    assert undocumented(text) == ["covers_from"]


def test_default_thresholds_are_those_documented():
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    defaults = municipality.Thresholds()
    for line in text.splitlines():
        if m := re.match(r"\| (`\w+`(?:, `\w+`)*) \| ([\d., ]+) \|", line):
            keys = re.findall(r"`(\w+)`", m[1])
            values = [float(v) for v in m[2].split(", ")]
            assert [getattr(defaults, key) for key in keys] == values


def test_the_readme_names_real_tasks_and_files():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for task in re.findall(r"(?:make|python run\.py|py run\.py) ([a-z]+)\b", text):
        assert task in run.TASKS
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize(
    "file", sorted((ROOT / "docs/decisions").glob("*.md")), ids=lambda f: f.name
)
def test_a_decision_fits_one_screen(file):
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    for part in ("**Context.**", "**Decision.**", "**Consequences.**", "**Revisit when**"):
        assert part in text
