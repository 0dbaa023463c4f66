"""What is nearly, but not surely, something known: offered with how alike it is, never taken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from est_analysis.gather import tables

LEAST_ALIKE = 80.0
"""How alike, of 100, two texts must be for the one to be offered for the other."""

_BETWEEN = re.compile(r"[\s_\-\ufeff\u200b]+")


class Miss(NamedTuple):
    """One row of `tables.NEAR_MISSES`."""

    source: str
    sort: str
    written: str
    means: str
    score: float
    rows: int


@lru_cache(maxsize=10_000)
def fold(text: str) -> str:
    """Return a text without case, spaces, hyphens and underscores, and without marks: å is a."""
    plain = unicodedata.normalize("NFKD", _BETWEEN.sub("", text)).casefold()
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def misses(source: str, sort: str, written: Mapping[str, int], known: Iterable[str]) -> list[Miss]:
    """
    Return those texts that are much like something known, each with its best candidate.

    Parameters
    ----------
    written
        What stands in the delivery, to how many rows it concerns.
    known
        What it may mean; of equally good candidates the first is offered.
    """
    from rapidfuzz import fuzz, process

    choices = {candidate: fold(candidate) for candidate in known}
    found = []
    for text, rows in written.items():
        best = process.extractOne(
            fold(text), choices, scorer=fuzz.ratio, score_cutoff=LEAST_ALIKE, processor=None
        )
        if best is not None:
            found.append(Miss(source, sort, text, best[2], round(best[1], 1), max(int(rows), 1)))
    return found


def table(found: Iterable[Miss]) -> pd.DataFrame:
    """Return near misses as a table, those that concern most rows first."""
    lines = sorted(found, key=lambda miss: (-miss.rows, *miss[:4]))
    empty = tables.empty(tables.NEAR_MISSES)
    if not lines:
        return empty
    return pd.DataFrame(lines, columns=list(Miss._fields)).astype(empty.dtypes.to_dict())
