"""The store of accepted data (derived) and the ledger of what has come and gone (append-only)."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from est_analysis.errors import ReportError
from est_analysis.gather.accept import Gathered
from est_analysis.municipality import SETTINGS_FILE, Municipality


def write_store(municipality: Municipality, gathered: Gathered) -> None:
    """Write the accepted tables as Parquet, each file whole or not at all."""
    folder = municipality.path("store")
    folder.mkdir(exist_ok=True)
    for name in ("events", "quarantine", "accounting"):
        table: pd.DataFrame = getattr(gathered, name)
        content = table.to_parquet(index=False, compression="zstd")
        write_whole(folder / f"{name}.parquet", content)


def write_whole(file: Path, content: bytes) -> None:
    """Write a file, for its owner only, so that readers see the old content or the new, whole."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def input_hashes(municipality: Municipality) -> dict[str, str]:
    """
    Return the SHA-256 of every file that a report on this municipality rests on.

    Returns
    -------
    dict
        Path inside the folder, in sorted order, to hexadecimal digest.
    """
    folder = municipality.folder
    files = {folder / SETTINGS_FILE}
    for name in municipality.sources:
        files.update(municipality.delivered(name))
    for part in (*municipality.reference, *municipality.registers):
        inside = part[1]
        if isinstance(inside, str) and (folder / inside).is_file():
            files.add(folder / inside)
    for source in municipality.sources.values():
        if isinstance(source.codes, str):
            files.add(folder / source.codes)
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(files)
    }


def record_deliveries(
    municipality: Municipality, gathered: Gathered, hashes: dict[str, str]
) -> None:
    """Add to the ledger the deliveries that it has not seen, with their row accounting."""
    entries = []
    for row in gathered.accounting.to_dict("records"):
        entries.append({**row, "sha256": hashes[row["file"]]})
    _append(municipality, "deliveries", entries)


def record_report(municipality: Municipality, entry: dict[str, Any]) -> None:
    """Add a report's findings to the ledger, unless the same findings already stand there."""
    _append(municipality, "reports", [entry])


def earlier_reports(municipality: Municipality) -> list[dict[str, Any]]:
    """Return the reports of the ledger, oldest entry first."""
    file = municipality.path("ledger") / "reports.jsonl"
    if not file.exists():
        return []
    entries = []
    for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), 1):
        try:
            entries += [json.loads(line)] if line else []
        except json.JSONDecodeError as error:
            raise ReportError(
                "En rad i liggaren går inte att läsa.",
                where=f"{file}, rad {number}",
                mend="Återställ filen från säkerhetskopian, eller ta bort den ofullständiga raden.",
            ) from error
    return entries


def _append(municipality: Municipality, name: str, entries: list[dict[str, Any]]) -> None:
    folder = municipality.path("ledger")
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.jsonl"
    present = file.read_text(encoding="utf-8") if file.exists() else ""
    seen = set(present.split("\n"))
    lines = [json.dumps(entry, ensure_ascii=False, sort_keys=True) for entry in entries]
    added = "".join(line + "\n" for line in dict.fromkeys(lines) if line not in seen)
    if present and not present.endswith("\n"):  # an earlier run was cut off within a line
        added = "\n" + added
    with file.open("a", encoding="utf-8", newline="\n") as handle:
        handle.write(added)
