"""The analyst's bench: choose, see map, table and rhythm follow, ask why, take along."""

from __future__ import annotations

from est_analysis.bench.answers import Bench, open_bench

__all__ = ["Bench", "open_bench"]
