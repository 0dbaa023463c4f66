"""
What a warm report costs and why: kernel starts, imports, and the work itself.

The whole command runs as a user runs it; the parts are measured one after another, in the same
minutes, on the same machine. It is held against their sum, and against as many empty notebooks
through the same machinery. A run where nothing has changed is held against starting Python,
importing pandas and hashing the inputs. By itself: ``python -m benchmarks.report_cost``.
"""

from __future__ import annotations

import os
import resource
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

from benchmarks.measured import ROOT, Aim, Figure, Measured, Part, Table, number, ratio
from est_analysis import municipality
from est_analysis.reports import build as builder
from est_analysis.reports.chapters import NOTEBOOKS, Kernel, run_chapter, run_chapters

RUNS = 5
FLOOR = """
import hashlib, pathlib, sys
import pandas
for file in sorted(pathlib.Path(sys.argv[1]).rglob("*.*")):
    if file.is_file():
        hashlib.sha256(file.read_bytes()).hexdigest()
"""
PERIOD = "2026Q3"
CHECK = ("-m", "est_analysis.cli", "check")
AT_ONCE = os.cpu_count() or 1
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


def used(act: Callable[[], object]) -> tuple[float, float]:
    """Return how long one call takes, and how much of the processor its processes use."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = seconds(act)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _median(act: Callable[[], object], runs: int) -> float:
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


def empty_notebooks(file: str) -> None:
    """Run an empty notebook as many times as there are chapters, as a report runs them."""
    run_chapters([(Path(file), PARAMETERS)] * len(CHAPTERS), at_once=AT_ONCE)


PARAMETERS = {
    "municipality": "exempelsjo",
    "period": PERIOD,
    "edition": "internal",
    "language": "sv",
}


def parts(folder: Path, home: Path, runs: int) -> dict[str, float]:
    """Return the cost of each part of a run, measured one after another."""
    found = {}
    median = partial(_median, runs=runs)
    bare = median(command("-c", "pass"))
    found["interpreter and imports of the run"] = median(command("-c", IMPORTS_OF_RUN))
    empty = empty_notebook(folder)
    run_chapter(empty, PARAMETERS)
    started = min(AT_ONCE, len(CHAPTERS))
    found["kernel starts"] = started * median(lambda: run_chapter(empty, PARAMETERS))

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
    jobs = [(kind.file, chapter, p) for kind, p in kinds for chapter in kind.chapters]
    for lane in range(started):
        with Kernel() as kernel:
            for file, chapter, p in jobs[lane::started]:
                given = {**PARAMETERS, "municipality": str(home), "period": str(p)}
                ran = run_chapter(NOTEBOOKS / f"{chapter}.ipynb", given, kernel=kernel)
                chapters[file].append(ran)
                cells = [cell for cell in ran.cells if cell.cell_type == "code"]
                times = [cell.metadata.papermill.duration or 0 for cell in cells]
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


PART = Part(
    "report",
    "A report, and a run where nothing has changed",
    "make bench",
    "benchmarks/report_cost.py",
    f"""\
The whole command on the sample municipality ({len(CHAPTERS)} chapters), warm, as a user runs it;
its parts one after another in the same minutes; as many empty notebooks in one process, as many
at once as the report runs its chapters; a run where nothing has changed beside starting Python,
importing pandas and hashing the inputs. Medians of {RUNS}.""",
    (
        Aim(
            "parts",
            "the whole report / the sum of kernel starts, imports and work",
            1.3,
            why="The sum is of parts that run alone; the report runs its chapters at once.",
        ),
        Aim(
            "processor",
            "the whole report, of all processors / the same sum",
            1.3,
            why="Two kernels at once wait for each other's memory and caches.",
        ),
        Aim(
            "floor",
            "the whole report / as many empty notebooks through the same machinery",
            2.0,
            why="Above the floor stand gathering, results and pages (the command's process) and "
            "the chapters' imports, of which pandas, numpy and the drawing of figures are the "
            "larger part; the table below says what each takes.",
        ),
        Aim(
            "nothing",
            "a run where nothing has changed / Python, pandas and hashing the inputs",
            2.0,
            why="It hashes the program, the inputs and what was made, which the floor does not.",
        ),
        Aim("setup", "set-up of a second run", 1.0, why="The stamp of the environment is checked."),
    ),
)


def measure(quick: bool = False) -> Measured:
    """Run the whole command and its parts; once each where small sizes will do."""
    runs = 1 if quick else RUNS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = folder / "exempelsjo"
        ignore = shutil.ignore_patterns("store", "ledger")
        shutil.copytree(municipality.EXAMPLES / "exempelsjo", home, ignore=ignore)
        arguments = ("-m", "est_analysis.cli", "report", str(home), "--period", PERIOD)
        again = command(*arguments, "--out", str(folder / "reports"))
        whole = command(*arguments, "--out", str(folder / "reports"), "--fresh")
        empty = command("-m", "benchmarks.report_cost", str(empty_notebook(folder)))
        whole()
        costs = parts(folder, home, runs)
        pairs = [(*used(whole), seconds(empty)) for _ in range(runs)]
        wall, cpu, floor = (statistics.median(own) for own in zip(*pairs, strict=True))
        pairs = [(seconds(again), seconds(command("-c", FLOOR, str(home)))) for _ in range(runs)]
        unchanged, hashing = (statistics.median(own) for own in zip(*pairs, strict=True))
        ready, direct = command("run.py", "check", str(home)), command(*CHECK, str(home))
        ready()
        setup = min(seconds(ready) for _ in range(runs)) - min(seconds(direct) for _ in range(runs))
    bare = costs.pop("(bare interpreter)")
    total = sum(costs.values())
    rows = [
        (part, f"{cost:.2f}", f"{cost / total:.0%}")
        for part, cost in sorted(costs.items(), key=lambda item: -item[1])
    ]
    rows += [
        ("sum of the parts", f"{total:.2f}", ""),
        ("the whole report, warm", f"{wall:.2f}", ""),
        ("the same, of the processor", f"{cpu:.2f}", ""),
        ("as many empty notebooks", f"{floor:.2f}", ""),
        ("a run where nothing has changed", f"{unchanged:.2f}", ""),
        ("Python, pandas and hashing the inputs", f"{hashing:.2f}", ""),
        ("a bare interpreter", number(bare), ""),
    ]
    figures = {
        "parts": ratio(wall, total),
        "processor": ratio(cpu, total),
        "floor": ratio(wall, floor),
        "nothing": ratio(unchanged, hashing),
        "setup": Figure(setup, setup),
    }
    return Measured(figures, (Table(("part", "seconds", "share"), tuple(rows)),))


def main() -> int:
    """Measure by itself and print the table, or run the empty notebooks of a child process."""
    if sys.argv[1:] and sys.argv[1].endswith(".ipynb"):
        empty_notebooks(sys.argv[1])
        return 0
    from benchmarks import bench  # not in a child, whose time is measured

    return bench.alone(PART.name)


if __name__ == "__main__":
    raise SystemExit(main())
