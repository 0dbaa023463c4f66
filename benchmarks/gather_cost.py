"""
What it costs to gather a large delivery, beside a bare read of the same file.

A made-up city's delivery in a police layout is written at three sizes. The whole of gather (read,
guard, times, places, codes, repeats, links, checks) and a bare ``pandas.read_csv`` with dates
parsed run in processes of their own, in turn. Medians are compared: of time without imports, which
both sides share, and of the whole process's peak of memory. The delivery has no free text; what
the guard costs over free texts is told apart. Only ratios carry over to another machine.
"""

from __future__ import annotations

import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measured import ROOT, Aim, Figure, Measured, Part, Table, memory_peak, ratio

SIZES = (10_000, 100_000, 1_000_000)
RUNS = 3
SETTINGS = """
name = "Storstad"
code = "9997"
purpose = "mätning"
controller = "ingen"
crs = "EPSG:3006"
[sources.polis]
partner = "Polisen"
kind = "reported_crime"
files = "deliveries/polis/*.csv"
format = "csv"
encoding = "utf-8"
delimiter = ";"
decimal = "."
crs = "EPSG:4326"
[sources.polis.columns]
id = "ID"
code = "BROTTSKOD"
start = "BROTTSDATUMTID_START"
end = "BROTTSDATUMTID_SLUT"
x = "LONGITUDE"
y = "LATITUDE"
place = "GATA"
[sources.polis.codes]
"""
CODES = [f"{code:04d}" for code in range(801, 841)]


def write(folder: Path, n: int) -> None:
    """Write a municipality with one delivery of `n` rows; the same for the same `n`."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(n)
    start = pd.Timestamp("2021-01-01") + pd.to_timedelta(
        rng.integers(0, 5 * 525_600, n), unit="min"
    )
    addresses = rng.integers(0, max(n // 20, 100), n)
    spread = np.random.default_rng(1).normal(size=(max(n // 20, 100), 2)) * (0.02, 0.01)
    table = pd.DataFrame(
        {
            "ID": np.arange(n),
            "BROTTSKOD": rng.choice(CODES, n),
            "LATITUDE": (59.3 + spread[addresses, 1]).round(6),
            "LONGITUDE": (18.05 + spread[addresses, 0]).round(6),
            "GATA": pd.Series("Gata " + pd.Series(addresses % 2000).astype(str)),
            "KOMMUN": "Storstad",
            "BROTTSDATUMTID_START": start.strftime("%Y-%m-%d %H:%M"),
            "BROTTSDATUMTID_SLUT": (
                start + pd.to_timedelta(rng.integers(0, 600, n), unit="min")
            ).strftime("%Y-%m-%d %H:%M"),
        }
    )
    file = folder / "deliveries" / "polis" / "stor.csv"
    file.parent.mkdir(parents=True)
    table.to_csv(file, sep=";", index=False)
    groups = "\n".join(f'"{code}" = "Grupp {int(code) % 8}"' for code in CODES)
    (folder / "municipality.toml").write_text(SETTINGS + groups, encoding="utf-8")
    (folder / "rows").write_text(str(n), encoding="ascii")


def bare(folder: Path) -> int:
    """Read the delivery with pandas alone."""
    import pandas as pd

    table = pd.read_csv(
        folder / "deliveries" / "polis" / "stor.csv",
        sep=";",
        parse_dates=["BROTTSDATUMTID_START", "BROTTSDATUMTID_SLUT"],
    )
    return len(table)


def whole(folder: Path) -> int:
    """Gather the municipality."""
    from est_analysis import municipality
    from est_analysis.gather.accept import gather

    return len(gather(municipality.load(folder)).events)


def guarded(folder: Path) -> int:
    """Look for personal data in as many free texts as the delivery has rows, none alike."""
    import pandas as pd

    from est_analysis.gather import guard

    n = int((folder / "rows").read_text(encoding="ascii"))
    number = (1_000_000 + pd.Series(range(n)) * 7_919 % 9_000_000).astype(str)  # alike in any size
    texts = "Klotter på gaveln, ärende K" + number + "-26, kl. 21.30, cirka 4 500 kr"
    found = guard.personal(texts, guard.SORTS)
    assert (found == "").all(), "an ordinary text was stopped"
    return n


WORK = {"bare": bare, "whole": whole, "guard": guarded}


def child(what: str, folder: str) -> None:
    """Do one piece of work; print rows, seconds and the process's peak of memory."""
    importlib.import_module("pandas" if what == "bare" else "est_analysis.gather.accept")
    if what == "whole":  # pandera imports the rest of itself when it first checks something
        tables = importlib.import_module("est_analysis.gather.tables")
        tables.check(tables.empty(tables.LINKS), tables.LINKS, what="")
    began = time.perf_counter()
    n = WORK[what](Path(folder))
    taken = time.perf_counter() - began
    print(json.dumps({"n": n, "seconds": taken, "megabytes": memory_peak()}))


def measured(what: str, folder: Path) -> dict[str, Any]:
    """Run one piece of work in a process of its own."""
    shown = subprocess.run(
        [sys.executable, "-m", "benchmarks.gather_cost", what, str(folder)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    found: dict[str, Any] = json.loads(shown.stdout)
    return found


PART = Part(
    "gather",
    "Gathering a large delivery",
    "make bench",
    "benchmarks/gather_cost.py",
    f"""\
A made-up city's delivery in a police layout: the whole of gather (read, guard, times, places,
codes, repeats, links, checks) and a bare `read_csv` with dates parsed, and the guard over as
many free texts, none alike; in turn, medians of {RUNS}. Seconds are without imports (pandera's
at its first check too); memory is the whole process's peak.""",
    (
        Aim(
            "time",
            "gathering a million rows / a bare read of them",
            6.0,
            peer=True,
            why="A bare read is a floor and no peer: nothing is looked for, placed or checked in "
            "it. From 100,000 rows two threads share the work, so where both cores are taken by "
            "others the ratio is larger.",
        ),
        Aim(
            "memory",
            "memory of gathering a million rows / of a bare read",
            3.0,
            unit="MB",
            peer=True,
            why="The events and what each row came to are held at once, beside the file's texts.",
        ),
        Aim("slope", "gathering, per row: a million / 100 thousand", 1.1, unit="µs"),
        Aim(
            "guard", "the guard over free texts, per row: a million / 100 thousand", 1.1, unit="µs"
        ),
    ),
    after="""\
The free texts have numbers of one length, so that as many look like telephone numbers at any
size. The sample's many small files are another matter, most of it files and small tables: these
figures concern cities and nations ([decision 22](decisions/0022-few-texts-for-many-rows.md)).""",
)


def measure(quick: bool = False) -> Measured:
    """Gather, read and guard at each size, in turn; at a tenth of it where small sizes will do."""
    sizes, runs = [n // 10 for n in SIZES] if quick else SIZES, 1 if quick else RUNS
    found: dict[tuple[int, str], dict[str, float]] = {}
    for n in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, n)
            seen: dict[str, list[dict[str, Any]]] = {what: [] for what in WORK}
            for _ in range(runs):
                for what in WORK:
                    seen[what].append(measured(what, folder))
        for what, own in seen.items():
            assert {run["n"] for run in own} == {n}, "rows were lost"
            found[n, what] = {
                key: statistics.median(run[key] for run in own) for key in ("seconds", "megabytes")
            }
    before, largest = sizes[-2:]

    def per_row(what: str) -> Figure:
        each = (1e6 * found[n, what]["seconds"] / n for n in (largest, before))
        return ratio(*each)

    whole_, bare_ = found[largest, "whole"], found[largest, "bare"]
    figures = {
        "time": ratio(whole_["seconds"], bare_["seconds"]),
        "memory": ratio(whole_["megabytes"], bare_["megabytes"]),
        "slope": per_row("whole"),
        "guard": per_row("guard"),
    }
    rows = []
    for n in sizes:
        both = [found[n, what] for what in WORK]
        rows.append((f"{n:,}", *(f"{c['seconds']:.2f} s, {c['megabytes']:.0f} MB" for c in both)))
    head = ("rows", "bare `read_csv`, dates parsed", "the whole of gather", "guard over free texts")
    return Measured(figures, (Table(head, tuple(rows)),))


def main() -> int:
    """Measure by itself and print the table, or do one piece of work of a child process."""
    if sys.argv[1:] and sys.argv[1] in WORK:
        child(*sys.argv[1:])
        return 0
    from benchmarks import bench  # not in a child, whose memory is measured

    return bench.alone(PART.name)


if __name__ == "__main__":
    raise SystemExit(main())
