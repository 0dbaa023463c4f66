"""
Ask whether the same event seen by several partners is linked: recall and precision by tolerance.

Part of ``make truth``; alone: ``python -m benchmarks.links --seeds 10 --first 21``. The defaults of
``[links]`` were chosen on seeds 11-20; what is stated comes from others.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import pandas as pd

from est_analysis import municipality
from est_analysis.gather import accept, link, sample
from est_analysis.gather.accept import Gathered
from est_analysis.municipality import Links

LEAST_RECALL, LEAST_PRECISION = 0.95, 0.90
CURVE: tuple[dict[str, float], ...] = (
    {},
    *({"metres": metres} for metres in (25, 50, 100, 200, 300, 500)),
    *({"hours": hours} for hours in (1, 6, 24, 48, 96)),
    *({"minimum_score": score} for score in (0.0, 0.2, 0.3, 0.5)),
    *({"found_hours": hours} for hours in (0, 24, 120)),
)
"""Each tolerance in turn, the others as by default."""
Pairs = set[tuple[str, str]]


class Score(NamedTuple):
    """How many pairs are true, found, and both; the same for pairs of one kind; and by chance."""

    true: int
    found: int
    both: int
    found_of_kind: int
    both_of_kind: int
    chance: float

    @property
    def recall(self) -> float:
        """The share of the true pairs that are found."""
        return self.both / self.true

    @property
    def precision(self) -> float:
        """The share of the found pairs that are true."""
        return self.both / self.found if self.found else float("nan")


def gathered(made: sample.Sample) -> Gathered:
    """Gather a municipality that was never written."""
    settings = municipality.load("exempelsjo")
    return accept.gather(settings, delivered=made.delivered(settings), geography=made.geography())


def true_pairs(made: sample.Sample, events: pd.DataFrame) -> Pairs:
    """Return the ids of accepted records of two sources that are one event."""
    at = ["source", "file", "row"]
    known = made.links().merge(events[[*at, "event_id"]], on=at)
    pairs = known.merge(known, on="event", suffixes=("", "_other"))
    pairs = pairs[pairs["source"] < pairs["source_other"]]
    return _pairs(pairs["event_id"], pairs["event_id_other"])


def _pairs(one: pd.Series, other: pd.Series) -> Pairs:
    return {(min(a, b), max(a, b)) for a, b in zip(one, other, strict=True)}


def score(
    got: Gathered, true: Pairs, settings: Links | None = None, *, chance: bool = False
) -> Score:
    """Link one municipality's events with other tolerances and compare with the truth."""
    own = municipality.load("exempelsjo")
    own = own.model_copy(update={"links": settings or own.links})
    _, links = link.link(got.events, own, got.geography)
    found = _pairs(links["event_id"], links["other_id"])
    kind = dict(zip(got.events["event_id"], got.events["kind"], strict=True))
    alike = {pair for pair in found if kind[pair[0]] == kind[pair[1]]}
    expected = link.chance_links(got.events, own, got.geography)["chance"].sum() if chance else 0
    return Score(
        len(true), len(found), len(found & true), len(alike), len(alike & true), float(expected)
    )


def _one(seed: int) -> list[Score]:
    made = sample.make(seed)
    got = gathered(made)
    true = true_pairs(made, got.events)
    return [score(got, true, Links(**one), chance=not one) for one in CURVE]


def curve(seeds: Iterable[int]) -> list[Score]:
    """Return the scores of every step of `CURVE`, added up over the seeds."""
    with ProcessPoolExecutor(os.cpu_count() or 1) as pool:
        each = list(pool.map(_one, seeds))
    return [Score(*map(sum, zip(*scores, strict=True))) for scores in zip(*each, strict=True)]


def told(scores: list[Score], seeds: int) -> list[str]:
    """Return the curve as lines, pairs counted a municipality."""
    lines = []
    for one, s in zip(CURVE, scores, strict=True):
        what = ", ".join(f"{key} {value:g}" for key, value in one.items()) or "as by default"
        lines.append(
            f"{what}: recall {s.recall:.1%}, precision {s.precision:.1%}, "
            f"{s.found / seeds:.1f} links; of one kind {s.both_of_kind / seeds:.1f} true of "
            f"{s.found_of_kind / seeds:.1f}"
            + (f"; {s.chance / seeds:.1f} expected by chance" if not one else "")
        )
    return lines


def checks(scores: list[Score]) -> list[tuple[str, bool]]:
    """Return whether the defaults find what they should and little else."""
    s = scores[0]
    return [
        (f"links: recall {s.recall:.1%} (at least {LEAST_RECALL:.0%})", s.recall >= LEAST_RECALL),
        (
            f"links: precision {s.precision:.1%} (at least {LEAST_PRECISION:.0%})",
            s.precision >= LEAST_PRECISION,
        ),
    ]


def main() -> int:
    """Print the curve; return non-zero when the defaults miss."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=21)
    asked = parser.parse_args()
    scores = curve(range(asked.first, asked.first + asked.seeds))
    print("\n".join(told(scores, asked.seeds)))
    lines = checks(scores)
    for text, met in lines:
        print(f"{'met   ' if met else 'MISSED'} {text}")
    return int(not all(met for _, met in lines))


if __name__ == "__main__":
    raise SystemExit(main())
