"""
Measure everything in one run, and say in one table what is met, what is missed, and where we lose.

    python run.py bench                                  all parts, about twenty minutes
    python run.py bench --quick                          small sizes: do all parts work?
    python run.py bench --only gather peers              some parts
    python run.py bench --write docs/benchmarks.md       and the document anew
    python run.py bench --only --write docs/benchmarks.md    the document's words, nothing measured
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    faults,
    fleet,
    gather_cost,
    growth,
    measured,
    measures_cost,
    page_cost,
    peers,
    report_cost,
)

MEASURES: dict[str, Callable[[bool], measured.Measured]] = {
    module.PART.name: module.measure
    for module in (report_cost, growth, gather_cost, measures_cost, page_cost, peers)
}
"""What measures each part of `make bench`; given whether small sizes will do."""
PARTS = (
    *(report_cost.PART, growth.PART, gather_cost.PART, measures_cost.PART, page_cost.PART),
    *(peers.PART, fleet.PART, *faults.PARTS.values()),
)
"""Every part of the document, in its order."""


def run(name: str, quick: bool = False) -> measured.Measured:
    """Measure one part, and remember when and on what."""
    print(f"\n{name}", file=sys.stderr, flush=True)
    return dataclasses.replace(MEASURES[name](quick), on=measured.here())


def told(found: measured.Kept, *, whole: bool = True) -> int:
    """Print the table of what was measured; non-zero when an aim is missed, or not measured."""
    parts = [part for part in PARTS if part.name in found]
    print(measured.shown(parts, found))
    counted = measured.verdicts(parts, found)
    return int(counted[measured.MISSED] > 0 or (whole and counted[measured.UNTOLD] > 0))


def put(file: Path, name: str, found: measured.Measured) -> None:
    """Put what one part gave into the document."""
    measured.write(file, PARTS, {name: dataclasses.replace(found, on=measured.here())})


def main() -> int:
    """Measure, print the one table, and write the document where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", choices=list(MEASURES), metavar="PART")
    parser.add_argument("--quick", action="store_true", help="small sizes, which show nothing")
    parser.add_argument("--write", type=Path, help="the document to write")
    asked = parser.parse_args()
    if asked.quick and asked.write:
        parser.error("small sizes are no figures for a document")
    names = list(MEASURES) if asked.only is None else asked.only
    found = {}
    for name in names:
        found[name] = run(name, asked.quick)
        if asked.write:  # a part that fails takes no other with it
            measured.write(asked.write, PARTS, {name: found[name]})
    if asked.write:
        growth.tell(measured.write(asked.write, PARTS, found))
    return told(found, whole=not asked.quick)


def alone(name: str) -> int:
    """Measure one part by itself: what its own ``python -m`` does."""
    parser = argparse.ArgumentParser(description=MEASURES[name].__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, which show nothing")
    quick = parser.parse_args().quick
    return told({name: run(name, quick)}, whole=not quick)


if __name__ == "__main__":
    raise SystemExit(main())
