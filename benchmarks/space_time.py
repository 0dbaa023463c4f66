"""
What near repeats and the space-time scan cost, beside their peers where these are installed.

Made-up towns of rising size (events clustered and stacked on addresses, 10 x 10 km, one year) go
through the Knox table (8 space bands to 800 m, 8 time bands to 56 days) and the space-time
permutation scan (radius 1,000 m, up to 30 days, daily), 999 permutations each. Every piece of work
runs in a process of its own; printed are n, seconds of the processor, memory above the started
interpreter and the slope (1 is proportional to n). pointpats, one band only, is measured in the
same run with few permutations: what each costs is carried on to 999. Nothing is held to a limit.

    python benchmarks/space_time.py            the usual sizes
    python benchmarks/space_time.py 1000 3000  these sizes
"""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

SIZES = (1_000, 3_000, 10_000)
DRAWS, PEER_DRAWS = 999, 9
PEER_SIZES = (1_000, 3_000)


def town(n: int) -> tuple[Any, Any, Any]:
    """Return x, y (metres) and day of `n` events; the same for the same `n`."""
    import numpy as np

    rng = np.random.default_rng(n)
    centres = rng.uniform(0, 10_000, (12, 2))
    addresses = max(n // 3, 50)
    spots = centres[rng.integers(0, 12, addresses)] + rng.normal(0, 900, (addresses, 2))
    flat = rng.random(addresses) < 0.4
    spots[flat] = rng.uniform(0, 10_000, (int(flat.sum()), 2))
    weight = rng.pareto(1.5, addresses) + 0.2
    at = spots.round()[rng.choice(addresses, n, p=weight / weight.sum())]
    return at[:, 0], at[:, 1], rng.integers(0, 365, n)


def knox_table(n: int, draws: int) -> int:
    """Count every band, permuted."""
    import numpy as np

    from est_analysis.patterns.near_repeats import knox

    x, y, days = town(n)
    metres, bands = np.arange(0, 900, 100), np.arange(0, 63, 7)
    found = knox(
        x, y, days, metres=metres, day_bands=bands, draws=draws, rng=np.random.default_rng(1)
    )
    return int(found.observed.sum())


def knox_margins(n: int, _: int) -> int:
    """Take counts, and expectations from the margins, only."""
    return knox_table(n, 0)


def scan_prospective(n: int, draws: int) -> int:
    """Scan windows that end at the end."""
    import numpy as np

    from est_analysis.patterns.scan import scan

    x, y, days = town(n)
    rng = np.random.default_rng(1)
    return len(scan(x, y, days, longest=30, end=364, draws=draws, rng=rng).simulated)


def scan_retrospective(n: int, draws: int) -> int:
    """Scan windows anywhere."""
    import numpy as np

    from est_analysis.patterns.scan import scan

    x, y, days = town(n)
    return len(scan(x, y, days, longest=30, draws=draws, rng=np.random.default_rng(1)).simulated)


def pointpats_one_band(n: int, draws: int) -> int:
    """Count one band with the peer."""
    import numpy as np
    from pointpats.spacetime import Knox

    x, y, days = town(n)
    found = Knox(np.column_stack([x, y]), days[:, None].astype(float), 100, 7, permutations=draws)
    return int(found.statistic_)


WORK = {
    work.__name__: work
    for work in (
        knox_margins,
        knox_table,
        scan_prospective,
        scan_retrospective,
        pointpats_one_band,
    )
}


def memory_peak() -> float:
    """Return this process's peak of resident memory so far, in megabytes (Linux)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("no peak of memory is told here")


def child(what: str, n: int, draws: int) -> None:
    """Do one piece of work and print its seconds and memory; imports are left out of the time."""
    WORK[what](60, 1)
    before = memory_peak()
    began = time.process_time()
    WORK[what](n, draws)
    taken = time.process_time() - began
    print(json.dumps({"seconds": taken, "megabytes": memory_peak() - before}))


def measure(what: str, n: int, draws: int) -> dict[str, float]:
    """Run one piece of work in a process of its own."""
    command = [sys.executable, __file__, "child", what, str(n), str(draws)]
    shown = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(shown.stdout)
    return measured


def main() -> int:
    """Print what every kernel costs at every size."""
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], *map(int, sys.argv[3:]))
        return 0
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    for what in WORK:
        peer = what == "pointpats_one_band"
        if peer and importlib.util.find_spec("pointpats") is None:
            print(f"{what:20} not installed")
            continue
        former: tuple[int, float] | None = None
        for n in (n for n in sizes if not peer or n in PEER_SIZES):
            cost = measure(what, n, PEER_DRAWS if peer else DRAWS)
            seconds = cost["seconds"]
            if peer:
                each = (seconds - measure(what, n, 1)["seconds"]) / (PEER_DRAWS - 1)
                seconds += each * (DRAWS - PEER_DRAWS)
            slope = ""
            if former is not None:
                slope = f"slope {math.log(seconds / former[1]) / math.log(n / former[0]):.2f}"
            print(
                f"{what:20} {n:>7,} events {seconds:9.2f} s {cost['megabytes']:7.0f} MB {slope}"
                + (f" (carried on from {PEER_DRAWS} permutations)" if peer else ""),
                flush=True,
            )
            former = n, seconds
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
