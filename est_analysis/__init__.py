"""Shared situational pictures for EST groups: from deliveries to an honest quarterly report.

The package follows the EST cycle: `gather` (kartläggning), `patterns` (analys), `measures`
(insatser, uppföljning) and `reports` (återkoppling). Notebooks and the command ``est`` call it;
start reading in ``docs/architecture.md``.
"""

__version__ = "0.1.0"
