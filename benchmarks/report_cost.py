"""
What a warm report costs and why: kernel starts, imports, and the work itself.

``make bench`` prints one line a check, each with its figure, and closes with ``N met, M missed``.
The whole command runs as a user runs it; the parts are measured one after another, in the same
minutes, on the same machine. Only the ratio carries over to another. A run where nothing has
changed is held against starting Python, importing pandas and hashing the inputs.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import nbformat

from est_analysis import municipality
from est_analysis.reports import build as builder
from est_analysis.reports.chapters import run_chapter

ROOT = Path(__file__).resolve().parents[1]
RUNS = 5
LIMIT = 1.3
AGAIN = 2.0
FLOOR = """
import hashlib, pathlib, sys
import pandas
for file in sorted(pathlib.Path(sys.argv[1]).rglob("*.*")):
    if file.is_file():
        hashlib.sha256(file.read_bytes()).hexdigest()
"""
PERIOD = "2026Q3"
CHECK = ("-m", "est_analysis.cli", "check")
CHAPTERS = [*builder.QUARTERLY.chapters, *builder.MEETING.chapters]
IMPORTS_OF_RUN = (
    "import est_analysis.cli, est_analysis.reports.build, est_analysis.reports.page, papermill, "
    "nbconvert, jinja2, kmedoids, sklearn.cluster, rich.progress, est_analysis.reports.maps, "
    "est_analysis.patterns.situations, est_analysis.measures.evaluation"
)


def seconds(act: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def median(act: Callable[[], object], runs: int = RUNS) -> float:
    """Return the median of several calls."""
    return statistics.median(seconds(act) for _ in range(runs))


def command(*arguments: str) -> Callable[[], object]:
    """Return a call that runs Python with these arguments, quietly."""

    def run() -> None:
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=ROOT)

    return run


def empty_notebook(folder: Path) -> Path:
    """Write a notebook that knows the parameters and does nothing."""
    cell = nbformat.v4.new_code_cell("\n".join(f'{n}: str = ""' for n in PARAMETERS))
    cell.metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    file = folder / "empty.ipynb"
    nbformat.write(notebook, file)
    return file


PARAMETERS = {
    "municipality": "exempelsjo",
    "period": PERIOD,
    "edition": "internal",
    "language": "sv",
}


def parts(folder: Path, home: Path) -> dict[str, float]:
    """Return the cost of each part of a run, measured one after another."""
    found = {}
    bare = median(command("-c", "pass"))
    found["interpreter and imports of the run"] = median(command("-c", IMPORTS_OF_RUN))
    empty = empty_notebook(folder)
    run_chapter(empty, PARAMETERS)
    found["kernel starts"] = len(CHAPTERS) * median(lambda: run_chapter(empty, PARAMETERS))

    settings = municipality.load(home)
    words = builder.Language("sv")
    gathered = builder.accept.gather(settings)
    found["work: gathering"] = median(lambda: builder.accept.gather(settings))
    rested = partial(builder.unchanged.rested, home, folder / "reports" / home.name)
    found["work: hashing"] = 2 * median(rested)
    period = builder.period_of(PERIOD, gathered.events, settings)
    kinds = ((builder.QUARTERLY, period), (builder.MEETING, period.last_fortnight()))

    def results() -> dict[str, builder.Results]:
        return {
            kind.file: builder.Results(settings, p, "internal", words, gathered=gathered)
            for kind, p in kinds
        }

    def save() -> None:
        own = results()
        for kind, p in kinds:
            own[kind.file].save(folder / "results" / str(p), kind.results)

    save()
    found["work: results"] = median(save)
    chapters = {kind.file: [] for kind, _ in kinds}
    os.environ[builder.RESULTS_FOLDER] = str(folder / "results")
    first, rest = 0.0, 0.0
    for kind, p in kinds:
        for chapter in kind.chapters:
            given = {**PARAMETERS, "municipality": str(home), "period": str(p)}
            ran = run_chapter(builder.NOTEBOOKS / f"{chapter}.ipynb", given)
            chapters[kind.file].append(ran)
            times = [c.metadata.papermill.duration or 0 for c in ran.cells if c.cell_type == "code"]
            first, rest = first + times[2], rest + sum(times) - times[2]
    del os.environ[builder.RESULTS_FOLDER]
    found["imports of the chapters"] = first
    found["work: chapters' cells"] = rest
    own = results()
    for kind, _ in kinds:
        for name in kind.results:
            getattr(own[kind.file], name)

    def write() -> None:
        place = Path(tempfile.mkdtemp(dir=folder))
        builder._write(place, own, chapters)

    write()
    found["work: pages and tables"] = median(write)
    found["(bare interpreter)"] = bare
    return found


def main() -> int:
    """Print the table and the verdict; return non-zero when the limit is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = folder / "exempelsjo"
        ignore = shutil.ignore_patterns("store", "ledger")
        shutil.copytree(municipality.EXAMPLES / "exempelsjo", home, ignore=ignore)
        arguments = ("-m", "est_analysis.cli", "report", str(home), "--period", PERIOD)
        again = command(*arguments, "--out", str(folder / "reports"))
        whole = command(*arguments, "--out", str(folder / "reports"), "--fresh")
        whole()
        costs = parts(folder, home)
        wall = median(whole)
        unchanged, floor = median(again), median(command("-c", FLOOR, str(home)))
        ready, direct = command("run.py", "check", str(home)), command(*CHECK, str(home))
        ready()
        setup = min(seconds(ready) for _ in range(RUNS)) - min(seconds(direct) for _ in range(RUNS))
    bare = costs.pop("(bare interpreter)")
    nothing = unchanged / floor
    total = sum(costs.values())
    print(f"{'part':38}{'seconds':>9}{'share':>8}")
    for part, cost in sorted(costs.items(), key=lambda item: -item[1]):
        print(f"{part:38}{cost:9.2f}{cost / total:8.0%}")
    print(f"{'sum of the parts':38}{total:9.2f}")
    print(f"{'the whole command, warm':38}{wall:9.2f}   (bare interpreter {bare:.2f})")
    checks = {
        f"whole / sum of parts = {wall / total:.2f} (at most {LIMIT})": wall <= LIMIT * total,
        f"nothing changed = {unchanged:.2f} s, {nothing:.2f} of Python, pandas and hashing the "
        f"inputs ({floor:.2f} s; at most {AGAIN})": nothing <= AGAIN,
        f"second run's set-up = {setup:.2f} s (at most 1)": setup <= 1,
    }
    for text, met in checks.items():
        print(f"{'met   ' if met else 'MISSED'} {text}")
    met = sum(checks.values())
    print(f"{met} met, {len(checks) - met} missed")
    return int(met < len(checks))


if __name__ == "__main__":
    raise SystemExit(main())
