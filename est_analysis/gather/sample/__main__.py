"""The command: write the synthetic municipality into a folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from est_analysis.gather.sample import SEED, make, write


def main(arguments: list[str] | None = None) -> None:
    """Write the synthetic municipality into a folder."""
    parser = argparse.ArgumentParser(prog="python -m est_analysis.gather.sample")
    parser.add_argument("folder", type=Path, help="the municipality's folder")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--strength", type=float, default=1.0)
    parser.add_argument("--nothing-planted", action="store_true")
    given = parser.parse_args(arguments)
    made = make(given.seed, strength=given.strength, planted=not given.nothing_planted)
    write(made, given.folder)


if __name__ == "__main__":
    main()
