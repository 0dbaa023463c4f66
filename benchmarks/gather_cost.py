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

SIZES = (10_000, 100_000, 1_000_000)
RUNS = 3
TIME_LIMIT, MEMORY_LIMIT, SLOPE_LIMIT = 6.0, 3.0, 1.1
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


def memory_peak() -> float:
    """Return this process's peak of resident memory so far, in megabytes (Linux)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("no peak of memory is told here")


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


def measure(what: str, folder: Path) -> dict[str, Any]:
    """Run one piece of work in a process of its own."""
    shown = subprocess.run(
        [sys.executable, __file__, what, str(folder)], check=True, capture_output=True, text=True
    )
    measured: dict[str, Any] = json.loads(shown.stdout)
    return measured


def main() -> int:
    """Print every check with its figure; return non-zero when one is missed."""
    if len(sys.argv) == 3:
        child(*sys.argv[1:])
        return 0
    figures: dict[tuple[int, str], dict[str, float]] = {}
    for n in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, n)
            runs: dict[str, list[dict[str, Any]]] = {what: [] for what in WORK}
            for _ in range(RUNS):
                for what in WORK:
                    runs[what].append(measure(what, folder))
        for what, seen in runs.items():
            figures[n, what] = {
                key: statistics.median(run[key] for run in seen) for key in ("seconds", "megabytes")
            }
            assert {run["n"] for run in seen} == {n}, "rows were lost"
            print(
                f"{n:>9,} rows, {what:5}: {figures[n, what]['seconds']:.2f} s, "
                f"{figures[n, what]['megabytes']:.0f} MB"
            )
    largest = SIZES[-1]
    bare_, whole_ = figures[largest, "bare"], figures[largest, "whole"]
    slope, slope_of_guard = (
        figures[largest, what]["seconds"]
        / figures[SIZES[1], what]["seconds"]
        / (largest / SIZES[1])
        for what in ("whole", "guard")
    )
    lines = [
        ("time of gather / bare read", whole_["seconds"] / bare_["seconds"], TIME_LIMIT),
        ("memory of gather / bare read", whole_["megabytes"] / bare_["megabytes"], MEMORY_LIMIT),
        ("growth from 100 thousand to a million, per row", slope, SLOPE_LIMIT),
        ("the same of the guard over free texts", slope_of_guard, SLOPE_LIMIT),
    ]
    for text, figure, limit in lines:
        met = figure <= limit
        print(f"{'met   ' if met else 'MISSED'} {text}: {figure:.2f} (at most {limit:g})")
    missed = sum(figure > limit for _, figure, limit in lines)
    print(f"{len(lines) - missed} met, {missed} missed")
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
