"""Deletion when its time has come (*gallring*): what is due, and under which decision it goes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from est_analysis.errors import SettingsError
from est_analysis.gather import store
from est_analysis.gather.files import told
from est_analysis.municipality import SETTINGS_FILE, Municipality

DELIVERIES = "deliveries"
LEDGER_PART = "retention"


@dataclass(frozen=True)
class Raw:
    """
    One raw file that is kept.

    Parameters
    ----------
    file
        Its path inside the folder.
    sha256
        Of its content.
    seen
        The day that the ledger first saw this content in this file; where it never did, the day
        that the file was last changed.
    due
        The first day on which it is to be deleted.
    rows, quarantined
        Its rows, and those of them in quarantine, as the ledger last counted them; None where it
        never did.
    linked
        It is a link, or lies behind one: such a file is never deleted by the program.
    """

    file: str
    sha256: str
    seen: date
    due: date
    rows: int | None
    quarantined: int | None
    linked: bool


def kept(municipality: Municipality) -> list[Raw]:
    """
    Return every raw file, whether a source reads it or not, the first due first.

    Raises
    ------
    ReportError
        If the ledger cannot be read.
    """
    folder = municipality.folder
    lines: dict[tuple[str, str], list[dict]] = {}
    for entry in store.entries(municipality, "deliveries"):
        lines.setdefault((entry["file"], entry["sha256"]), []).append(entry)
    found = []
    for path in _raw_files(municipality):
        inside = path.relative_to(folder).as_posix()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        known = lines.get((inside, digest), [])
        if known and not any(entry["rows"] for entry in known):  # an empty form: nothing to delete
            continue
        days = [date.fromisoformat(entry["seen"]) for entry in known if "seen" in entry]
        seen = min(days, default=date.fromtimestamp(path.stat().st_mtime))
        counted = {entry["source"]: entry for entry in known}.values()  # the last of each source
        found.append(
            Raw(
                file=inside,
                sha256=digest,
                seen=seen,
                due=seen + timedelta(days=municipality.retention.raw_days),
                rows=max((entry["rows"] for entry in counted), default=None),
                quarantined=sum(entry["quarantined"] for entry in counted) if known else None,
                linked=path.resolve() != folder.resolve() / inside,
            )
        )
    return sorted(found, key=lambda raw: (raw.due, raw.file))


def due(municipality: Municipality, today: date) -> list[Raw]:
    """
    Return the raw files that are due for deletion; their quarantined rows go with them.

    Raises
    ------
    ReportError
        If the ledger cannot be read.
    """
    return [raw for raw in kept(municipality) if raw.due <= today]


def delete(municipality: Municipality, today: date) -> list[Raw]:
    """
    Delete what is due, under the group's own decision, and the store that was made of it.

    Each file is entered in the ledger before it goes, so that a run that is cut off has deleted
    nothing in silence. The store is taken away whole: the next report makes it of what is kept.

    Returns
    -------
    list of Raw
        What was deleted. Links, and what lies behind them, stay.

    Raises
    ------
    SettingsError
        If ``retention.decision`` names no decision; nothing is deleted.
    ReportError
        If a file, the ledger or the store cannot be written.
    """
    decision = (municipality.retention.decision or "").strip()
    if not decision:
        raise SettingsError(
            "Gallring kräver gruppens beslut. Inget har tagits bort.",
            where=f"{municipality.path(SETTINGS_FILE)}, [retention]",
            mend='Skriv beslutets diarienummer: decision = "KS 2026/123".',
        )
    going = [raw for raw in due(municipality, today) if not raw.linked]
    if not going:
        return []
    entries = [
        {
            "file": raw.file,
            "sha256": raw.sha256,
            "rows": raw.rows,
            "quarantined": raw.quarantined,
            "seen": raw.seen.isoformat(),
            "decision": decision,
            "day": today.isoformat(),
        }
        for raw in going
    ]
    store.append(municipality, LEDGER_PART, entries, apart=("day",))
    for raw in going:
        path = municipality.path(raw.file)
        with told("Filen kunde inte tas bort", path, "Den står kvar på listan."):
            path.unlink(missing_ok=True)
    store.remove_store(municipality)
    return going


def emptied(municipality: Municipality) -> list[str]:
    """Return the sources that have no file left; the settings must let go of them."""
    return [name for name in municipality.sources if not municipality.delivered(name)]


def shorter_than_history(municipality: Municipality) -> int:
    """Return how many days longer deliveries would have to be kept for all earlier years."""
    # the reported period ends up to a year after the first day of its own year's comparison
    wanted = (municipality.thresholds.history_years + 1) * 366
    return max(0, wanted - municipality.retention.raw_days)


def _raw_files(municipality: Municipality) -> list[Path]:
    """Return all files under deliveries, and those that a source reads elsewhere."""
    files = {path for name in municipality.sources for path in municipality.delivered(name)}
    for path in municipality.path(DELIVERIES).rglob("*"):
        if path.is_file() and not path.name.startswith((".", "~$")):
            files.add(path)
    return sorted(files)
