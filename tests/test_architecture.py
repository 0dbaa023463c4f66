"""The house: imports run one way, modules say their idea, nothing heavy is loaded for nothing."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from est_analysis.reports.build import YEARLY
from est_analysis.reports.chapters import NOTEBOOKS

PACKAGE = Path(__file__).resolve().parents[1] / "est_analysis"
FLOORS = [
    {"errors", "shipped", "runs", "contents", "__init__"},
    {"periods", "municipality", "counts"},
    {"evidence"},
    {"gather"},
    {"patterns"},
    {"measures"},
    {"release"},
    {"reports", "scaffold"},
    {"catch_up", "fleet", "schedule", "bench"},
    {"cli"},
]
HEAVY = ("sklearn", "pandera", "papermill", "statsmodels", "kmedoids", "nbconvert", "openpyxl")


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def floor_of(name: str) -> int:
    return next(i for i, floor in enumerate(FLOORS) if name in floor)


def imported(source: str) -> set[str]:
    """Return the package's own modules that a source imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("est_analysis"):
            if node.module == "est_analysis":
                found |= {f"est_analysis.{alias.name}" for alias in node.names}
            else:
                found.add(str(node.module))
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names if a.name.startswith("est_analysis")}
    return found


def upward(name: str, source: str) -> list[str]:
    """Return the imports of a module that run up the house."""
    own = floor_of(name)
    return [m for m in imported(source) if room(m) != "__version__" and floor_of(room(m)) > own]


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


@pytest.mark.parametrize("file", modules(), ids=lambda f: f.relative_to(PACKAGE).as_posix())
def test_imports_run_one_way(file):
    assert upward(name_of(file), file.read_text(encoding="utf-8")) == []


def test_an_import_upward_is_noticed():
    assert upward("gather", "from est_analysis.reports.build import build")
    assert upward("counts", "def f():\n    from est_analysis import evidence")


@pytest.mark.parametrize("file", modules(), ids=lambda f: f.relative_to(PACKAGE).as_posix())
def test_a_module_says_its_idea_in_a_sentence(file):
    first = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").split("\n\n")[0]
    assert first.endswith(".")
    assert first.count(". ") == 0


def test_the_clock_and_hidden_chance_stay_out():
    """Time and chance enter by argument, the day by the command alone, or two runs would differ."""
    for file in modules():
        assert hidden(file.stem, file.read_text(encoding="utf-8")) == [], file


def hidden(name: str, source: str) -> list[str]:
    """Return where a module asks the clock, or draws without a seed."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and name != "cli":
            found += [node.attr] if node.attr in {"today", "now", "utcnow"} else []
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("default_rng"):
            found += [] if node.args else ["default_rng"]
    return found


def test_a_clock_outside_the_command_is_noticed():
    clock = "from datetime import date\ndate.today()"
    assert hidden("store", clock) == ["today"]
    assert hidden("cli", clock) == []
    assert hidden("cli", "np.random.default_rng()") == ["default_rng"]


def loaded(code: str) -> set[str]:
    listing = f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    out = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    ).stdout
    return {name.split(".")[0] for name in json.loads(out.splitlines()[-1])}


@pytest.mark.parametrize("chapter", [*YEARLY.chapters, "meeting"])
def test_a_chapter_loads_nothing_heavy(chapter):
    cells = json.loads((NOTEBOOKS / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    line = next(
        ast.unparse(node)
        for cell in cells
        if cell["cell_type"] == "code"
        for node in ast.parse("".join(cell["source"])).body
        if isinstance(node, ast.ImportFrom) and node.module == "est_analysis.reports"
    )
    names = loaded(line)
    assert names.isdisjoint(HEAVY)
    assert ("folium" in names) == ("maps" in line)
    assert ("matplotlib" in names) == ("charts" in line or "maps" in line)


def test_help_loads_no_analysis():
    assert loaded("import est_analysis.cli").isdisjoint({*HEAVY, "pandas", "geopandas", "scipy"})


def test_a_heavy_import_is_noticed():
    assert not loaded("import sklearn").isdisjoint(HEAVY)
