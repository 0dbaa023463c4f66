"""The published edition: rendered from released tables, by a process that sees nothing else."""

from est_analysis.reports.published.released import open_release

__all__ = ["open_release"]
