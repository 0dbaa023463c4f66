"""Notebooks: thin, parameterised, committed without outputs but for the compared facts."""

from __future__ import annotations

import ast
import copy
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from est_analysis import municipality
from est_analysis.bench.server import FIRST as BENCH
from est_analysis.gather.accept import gather
from est_analysis.periods import parse
from est_analysis.reports import handed
from est_analysis.reports.build import MEETING, QUARTERLY, YEARLY
from est_analysis.reports.chapters import NOTEBOOKS
from est_analysis.reports.language import Language
from est_analysis.reports.published.render import CHAPTERS as PUBLISHED
from est_analysis.reports.results import RESULTS_FOLDER, Results

CHAPTERS = [*YEARLY.chapters, *MEETING.chapters, *PUBLISHED]
IN_A_RUN = {*QUARTERLY.chapters, *MEETING.chapters}
COMPARED = "nbval-check-output"
PARAMETERS = ["municipality", "period", "edition", "language"]
BANNED = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try, ast.With, ast.Lambda)


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def faults(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what a notebook does that belongs in the package, or lacks."""
    found = []
    cells = notebook.cells
    if notebook.metadata.kernelspec.name != "python3":
        found.append("kernelspec")
    headings = [
        len(mark)
        for cell in cells
        if cell.cell_type == "markdown"
        for mark in re.findall(r"^(#+) ", cell.source, re.MULTILINE)
    ]
    if headings.count(1) != 1 or headings[0] != 1 or max(headings) > 2:
        found.append("headings")
    tagged = [c for c in cells if "parameters" in c.metadata.get("tags", [])]
    body = [statement for cell in tagged for statement in ast.parse(cell.source).body]
    names = [s.target.id for s in body if isinstance(s, ast.AnnAssign)]
    if names != PARAMETERS:
        found.append("parameters")
    compared = [c for c in cells if COMPARED in c.metadata.get("tags", [])]
    if not compared or not all(c.outputs and c.execution_count for c in compared):
        found.append("no compared output")
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            if re.search(r"\d+([.,]\d+)? ?(%|procent|brott|händelser|gånger)", cell.source):
                found.append(f"cell {number}: a statistic typed in prose")
            continue
        tree = ast.parse(cell.source)
        if any(isinstance(node, BANNED) for node in ast.walk(tree)):
            found.append(f"cell {number}: a branch, loop or definition")
        if cell not in compared and (cell.outputs or cell.execution_count):
            found.append(f"cell {number}: stored output")
        if len(cell.source.splitlines()) > 12:
            found.append(f"cell {number}: long")
    return found


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_notebook_is_thin(name):
    assert faults(read(name)) == []


def test_every_notebook_is_a_chapter():
    assert sorted(p.stem for p in NOTEBOOKS.glob("*.ipynb")) == sorted([*CHAPTERS, BENCH])


def test_the_bench_is_as_thin_as_a_chapter():
    """It has no compared facts: what it shows needs the lab's environment, and is tried there."""
    assert faults(read(BENCH)) == ["no compared output"]
    assert [cell.id for cell in read(BENCH).cells] == [
        f"{BENCH}-{number:02d}" for number in range(len(read(BENCH).cells))
    ]


@pytest.mark.parametrize(
    ("fault", "spoil"),
    [
        ("kernelspec", lambda n: n.metadata.kernelspec.update(name="mine")),
        ("headings", lambda n: n.cells[0].update(source="## Fel")),
        ("parameters", lambda n: n.cells[1].update(source="period = '2026Q3'")),
        ("no compared output", lambda n: n.cells[-1].update(outputs=[])),
        ("branch", lambda n: n.cells[2].update(source="for x in []:\n    pass")),
        ("statistic", lambda n: n.cells[0].update(source="# Titel\n\nDet var 31 % fler.")),
        ("long", lambda n: n.cells[2].update(source="\n".join(["x = 1"] * 13))),
        (
            "stored",
            lambda n: n.cells[2].update(
                outputs=[nbformat.v4.new_output("stream", text="x")], execution_count=1
            ),
        ),
    ],
)
def test_each_rule_can_fail(fault, spoil):
    notebook = copy.deepcopy(read("1_situation"))
    spoil(notebook)
    assert any(fault in found for found in faults(notebook))


def nbval(*files: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "-c", "/dev/null" if sys.platform != "win32" else "nul", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        cwd=NOTEBOOKS,
        env=os.environ | environment,
    )


@pytest.fixture(scope="module")
def saved(home, tmp_path_factory):
    """Return the folder with what the chapters of a quarter and its brief read in a run."""
    own, say = municipality.load(home), Language("sv")
    gathered, folder = gather(own), tmp_path_factory.mktemp("results")
    folder.chmod(0o700)
    for name in ("1_situation", "meeting"):
        period = parse(re.search(r'period: str = "([^"]+)"', read(name).cells[1].source)[1])
        kind = MEETING if name == "meeting" else QUARTERLY
        results = Results(own, period, "internal", say, gathered=gathered)
        results.save(folder / str(period), kind.results)
    return folder


def test_what_chapters_are_handed_is_what_was_computed(saved):
    """Told again after reading, each result is the same text, types and all; see test_handed."""
    files = sorted(saved.rglob("*.json"))
    assert len(files) > len(QUARTERLY.results)
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert handed.write(handed.read(text)) == text, file.name


def test_stored_facts_are_what_a_run_computes(saved):
    names = [*QUARTERLY.chapters, *MEETING.chapters]
    run = nbval(*(NOTEBOOKS / f"{name}.ipynb" for name in names), **{RESULTS_FOLDER: str(saved)})
    assert run.returncode == 0, run.stdout[-3000:]


@pytest.mark.parametrize("name", ["2_places", *sorted({*CHAPTERS} - IN_A_RUN)])
def test_stored_facts_are_what_a_notebook_opened_by_hand_computes(name):
    run = nbval(NOTEBOOKS / f"{name}.ipynb")
    assert run.returncode == 0, run.stdout[-3000:]


def test_a_wrong_stored_number_fails(saved, tmp_path):
    notebook = copy.deepcopy(read("5_measures"))
    output = notebook.cells[-1].outputs[0]
    right = output.text
    output.text = re.sub(r"\d", lambda m: str((int(m[0]) + 1) % 10), right, count=2)
    assert output.text != right
    file = tmp_path / "5_measures.ipynb"
    nbformat.write(notebook, file)
    run = nbval(file, **{RESULTS_FOLDER: str(saved)})
    assert run.returncode == 1
    assert "1 failed" in run.stdout
