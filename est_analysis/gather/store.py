"""The store of accepted data (derived) and the ledger of what has come and gone (append-only)."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from est_analysis.errors import DeliveryError, ReportError
from est_analysis.gather import tables
from est_analysis.gather.files import (
    alone,
    append_whole,
    settle,
    told,
    write_new,
    write_whole,
)
from est_analysis.municipality import SETTINGS_FILE, Municipality

if TYPE_CHECKING:
    import pandera.pandas as pa

    from est_analysis.gather.accept import Gathered

STORE, LEDGER = "store", "ledger"
VERSION = 1
"""Of the store's layout and of its tables' schemas; a store of another version is made anew."""

_CURRENT, _MANIFEST = "current", "manifest.json"
_NEW = ".new-"
_HALF = (f".{_CURRENT}.", ".rested.json.")
_GENERATION = re.compile(r"[0-9a-f]{16}")
_FORMER_LAYOUT = {"events.parquet", "quarantine.parquet", "accounting.parquet"}
_SCHEMAS: dict[str, pa.DataFrameSchema] = {
    "events": tables.EVENTS,
    "quarantine": tables.QUARANTINE,
    "accounting": tables.ACCOUNTING,
    "near_misses": tables.NEAR_MISSES,
    "links": tables.LINKS,
    "stacks": tables.STACKS,
    "texts_dropped": tables.TEXTS_DROPPED,
}


@dataclass(frozen=True)
class Stored:
    """The tables of a store, each as `tables` says; sorted as `accept.gather` gave them."""

    events: pd.DataFrame
    quarantine: pd.DataFrame
    accounting: pd.DataFrame
    near_misses: pd.DataFrame
    links: pd.DataFrame
    stacks: pd.DataFrame
    texts_dropped: pd.DataFrame


def write_store(municipality: Municipality, gathered: Gathered) -> Path:
    """
    Write the gathered tables as a new generation of the store, and let go of the former one.

    A generation is a folder named after its content: events as one Parquet file for each delivered
    file, the other tables as one each, and a manifest with the hash of every file. It is written
    beside the others, and becomes the store when the small file ``current`` names it. A run that
    is cut off at any moment leaves the former store; what it left lying goes with the next run.

    Returns
    -------
    Path
        The generation's folder. The same tables give the same name and the same bytes.

    Raises
    ------
    ReportError
        If the disk is full, the folder cannot be written, or another run does not let go of it.
    """
    folder = municipality.path(STORE)
    with told("Lagret kunde inte skrivas", folder, "Det förra lagret står kvar."):
        folder.mkdir(exist_ok=True)
        with alone(folder):
            _clear(folder, keep=_current(folder))
            fresh = Path(tempfile.mkdtemp(dir=folder, prefix=_NEW))
            try:
                generation = folder / _fill(fresh, gathered)
                if not _is_whole(generation):
                    shutil.rmtree(generation, ignore_errors=True)
                    fresh.rename(generation)
                    settle(folder)
                write_whole(folder / _CURRENT, f"{generation.name}\n".encode())
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
            _clear(folder, keep=generation.name)
    return generation


def read_store(municipality: Municipality) -> Stored:
    """
    Read the store, whole and checked against its manifest and its schemas.

    Returns
    -------
    Stored
        Equal to what was gathered, types included.

    Raises
    ------
    ReportError
        If there is no store, a file of it is missing or changed, or it is of another version. The
        way out is always the same: it is made anew from the deliveries.
    """
    folder = municipality.path(STORE)
    while True:
        name = _current(folder)
        if name is None:
            raise ReportError(
                "Det finns inget lager.",
                where=str(folder),
                mend="Kör est report: lagret görs ur leveranserna.",
            )
        try:
            return _read(folder / name)
        except (OSError, ValueError, KeyError, TypeError, DeliveryError) as error:
            if _current(folder) != name:  # another run has put a new generation in its place
                continue
            raise ReportError(
                f"Lagret går inte att använda: {_told(error)}.",
                where=str(folder / name),
                mend="Ta bort mappen store och kör est report: lagret görs om ur leveranserna.",
            ) from error


def generation(municipality: Municipality) -> str | None:
    """Return the name of the generation that is the store; None where there is none."""
    return _current(municipality.path(STORE))


def remove_store(municipality: Municipality) -> None:
    """
    Take the store away; the next report makes it anew from what is retained.

    Raises
    ------
    ReportError
        If the folder cannot be written, or another run does not let go of it.
    """
    folder = municipality.path(STORE)
    if not folder.exists():
        return
    with (
        told("Lagret kunde inte tas bort", folder, "Ta bort mappen store för hand."),
        alone(folder),
    ):
        (folder / _CURRENT).unlink(missing_ok=True)
        _clear(folder, keep=None, strict=True)


def _told(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"filen {Path(str(error.filename)).name} saknas"
    if isinstance(error, DeliveryError):
        return "en tabell håller inte sitt schema"
    return str(error) if isinstance(error, _UnlikeError) else "innehållet går inte att läsa"


class _UnlikeError(ValueError):
    """A store that is not what its manifest says; the text is a Swedish clause."""


def _current(folder: Path) -> str | None:
    """Return the name of the generation that is the store, if there is one."""
    try:
        name = (folder / _CURRENT).read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeError):
        return None
    return name if _GENERATION.fullmatch(name) else None


def _clear(folder: Path, keep: str | None, *, strict: bool = False) -> None:
    """Remove former generations and what dead runs left; anything else is not ours."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            ours = path.name.startswith(_NEW) or _GENERATION.fullmatch(path.name)
            if ours and path.name != keep:
                shutil.rmtree(path, ignore_errors=not strict)
        elif (
            path.name.startswith((f".{_CURRENT}.", ".rested.json.")) or path.name in _FORMER_LAYOUT
        ):
            path.unlink(missing_ok=True)


def _fill(folder: Path, gathered: Gathered) -> str:
    """Write all files of a generation; return its name, a digest of what was written."""
    hashes, deliveries = {}, {}
    for inside, table in _parts(gathered):
        file = folder / inside
        if not file.parent.exists():
            file.parent.mkdir(parents=True)
        content = _parquet(table)
        write_new(file, content)
        hashes[inside] = hashlib.sha256(content).hexdigest()
        if inside.startswith("events/"):
            deliveries[inside] = str(table["file"].iat[0]) if len(table) else ""
    manifest = {"version": VERSION, "files": hashes, "deliveries": deliveries}
    content = (json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    write_new(folder / _MANIFEST, content)
    for inner in {folder / Path(inside).parent for inside in hashes} | {folder / "events", folder}:
        settle(inner)
    return _name(content)


def _name(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()[:16]


def _parts(gathered: Gathered) -> Iterator[tuple[str, pd.DataFrame]]:
    """Return each file of a generation: its path inside, and its rows."""
    for (source, file), rows in gathered.events.groupby(["source", "file"], sort=True):
        yield partition(str(source), str(file)), rows.reset_index(drop=True)
    if gathered.events.empty:
        yield "events/none.parquet", gathered.events
    for name in _SCHEMAS:
        if name != "events":
            yield f"{name}.parquet", getattr(gathered, name)


def partition(source: str, file: str) -> str:
    """
    Return where the events of one delivered file lie inside a generation.

    The names can be read, and the digest keeps apart what they cannot say on every kind of disk.
    """
    digest = hashlib.sha256(f"{source}\x1f{file}".encode()).hexdigest()[:12]
    readable = [re.sub(r"[^A-Za-z0-9_-]+", "_", text)[:60] for text in (source, Path(file).name)]
    return f"events/{readable[0]}/{readable[1]}-{digest}.parquet"


def _parquet(table: pd.DataFrame) -> bytes:
    import pyarrow as arrow
    from pyarrow import parquet

    content = arrow.Table.from_pandas(table, preserve_index=False)
    version = {b"est_version": str(VERSION).encode()}
    content = content.replace_schema_metadata({**(content.schema.metadata or {}), **version})
    out = io.BytesIO()
    parquet.write_table(content, out, compression="zstd")
    return out.getvalue()


def _manifest(generation: Path) -> dict[str, Any]:
    content = (generation / _MANIFEST).read_bytes()
    if _name(content) != generation.name:
        raise _UnlikeError(f"filen {_MANIFEST} är ändrad")
    manifest = json.loads(content)
    if manifest["version"] != VERSION:
        raise _UnlikeError("det är skrivet av en annan version av programmet")
    return dict(manifest)


def _content(generation: Path, inside: str, digest: str) -> bytes:
    content = (generation / inside).read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise _UnlikeError(f"filen {inside} är ändrad")
    return content


def _is_whole(generation: Path) -> bool:
    try:
        for inside, digest in _manifest(generation)["files"].items():
            _content(generation, inside, digest)
    except (OSError, ValueError, KeyError):
        return False
    return True


def _read(generation: Path) -> Stored:
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in _SCHEMAS}
    for inside, digest in _manifest(generation)["files"].items():
        content = io.BytesIO(_content(generation, inside, digest))
        parts[inside.split("/")[0].removesuffix(".parquet")].append(pd.read_parquet(content))
    read = {name: _restored(name, frames) for name, frames in parts.items()}
    return Stored(**{field.name: read[field.name] for field in fields(Stored)})


def _restored(name: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    schema = _SCHEMAS[name]
    if not frames:
        raise _UnlikeError(f"tabellen {name} saknas")
    table = pd.concat(frames, ignore_index=True)
    for column in table.select_dtypes("datetime"):
        table[column] = table[column].astype("datetime64[s]")  # Parquet has no seconds
    if name == "events":
        table = table.sort_values(["start", "event_id"], ignore_index=True)
    return tables.check(table, schema, what=name)


def input_hashes(municipality: Municipality) -> dict[str, str]:
    """
    Return the SHA-256 of every file that a report on this municipality rests on.

    Returns
    -------
    dict
        Path inside the folder, in sorted order, to hexadecimal digest; empty for a file that
        nobody may open, which the report is made without.
    """
    folder = municipality.folder
    files = {folder / SETTINGS_FILE}
    for name in municipality.sources:
        files.update(municipality.delivered(name))
    named = [part[1] for part in (*municipality.reference, *municipality.registers)]
    for inside in (*named, *municipality.reference.comparison):
        if isinstance(inside, str) and (folder / inside).is_file():
            files.add(folder / inside)
    for source in municipality.sources.values():
        if isinstance(source.codes, str):
            files.add(folder / source.codes)
    return {file.relative_to(folder).as_posix(): _hash(file) for file in sorted(files)}


def _hash(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except PermissionError:
        return ""


def record_deliveries(
    municipality: Municipality,
    gathered: Gathered,
    hashes: dict[str, str],
    *,
    seen: date | None = None,
) -> None:
    """
    Add to the ledger the deliveries that it has not seen, with their row accounting.

    Parameters
    ----------
    municipality, gathered
        Whose, and what became of the rows.
    hashes
        As `input_hashes` gives them.
    seen
        The day of the run, from which `retention` counts; it makes no new entry by itself.

    Raises
    ------
    ReportError
        If the ledger cannot be written; what stands in it is as it was.
    """
    day = {} if seen is None else {"seen": seen.isoformat()}
    entries = [
        {**row, "sha256": hashes[row["file"]], **day}
        for row in gathered.accounting.to_dict("records")
    ]
    append(municipality, "deliveries", entries, apart=("seen",))


def record_report(municipality: Municipality, entry: dict[str, Any]) -> None:
    """
    Add a report's findings to the ledger, unless the same findings already stand there.

    Raises
    ------
    ReportError
        If the ledger cannot be written; what stands in it is as it was.
    """
    append(municipality, "reports", [entry])


def earlier_reports(municipality: Municipality) -> list[dict[str, Any]]:
    """
    Return the reports of the ledger, oldest entry first.

    Raises
    ------
    ReportError
        If a line cannot be read.
    """
    return entries(municipality, "reports")


def freeze_typologies(municipality: Municipality, frozen: list[dict[str, Any]]) -> None:
    """
    Add typologies of situations to the ledger, each once.

    Raises
    ------
    ReportError
        If the ledger cannot be written; what stands in it is as it was.
    """
    append(municipality, "typologies", frozen)


def frozen_typologies(municipality: Municipality) -> list[dict[str, Any]]:
    """
    Return the typologies that earlier reports have frozen, oldest entry first.

    Raises
    ------
    ReportError
        If a line cannot be read.
    """
    return entries(municipality, "typologies")


def entries(municipality: Municipality, name: str) -> list[dict[str, Any]]:
    """
    Return the entries of one part of the ledger, oldest first.

    A last line that a run was cut off within is no entry: that run's next attempt writes it.

    Raises
    ------
    ReportError
        If any other line cannot be read.
    """
    file = municipality.path(LEDGER) / f"{name}.jsonl"
    if not file.exists():
        return []
    found = []
    for number, line in enumerate(_whole_lines(file.read_bytes()).split(b"\n"), 1):
        try:
            found += [json.loads(line)] if line else []
        except ValueError as error:
            raise ReportError(
                "En rad i liggaren går inte att läsa.",
                where=f"{file}, rad {number}",
                mend="Återställ filen från säkerhetskopian, eller ta bort den ofullständiga raden.",
            ) from error
    return found


def append(
    municipality: Municipality,
    name: str,
    added: list[dict[str, Any]],
    *,
    apart: tuple[str, ...] = (),
) -> None:
    """
    Add entries to one part of the ledger, each once; what stands there is never rewritten.

    Parameters
    ----------
    municipality, name
        Whose, and which part: ``deliveries``, ``reports``, ``retention``, ``typologies`` or
        ``baselines``.
    added
        Entries as plain values.
    apart
        Keys that do not make an entry another one, such as the day it was made.

    Raises
    ------
    ReportError
        If the ledger cannot be written, or another run does not let go of it.
    """
    folder = municipality.path(LEDGER)
    file = folder / f"{name}.jsonl"
    with told("Liggaren kunde inte skrivas", file, "Det som redan står i den är orört."):
        folder.mkdir(exist_ok=True)
        with alone(folder):
            present = file.read_bytes() if file.exists() else b""
            whole = _whole_lines(present)
            seen = {_key(line, apart) for line in whole.split(b"\n")}
            lines: dict[str, str] = {}
            for entry in added:
                line = json.dumps(entry, ensure_ascii=False, sort_keys=True)
                lines.setdefault(_key(line.encode(), apart), line)
            new = [line for key, line in lines.items() if key not in seen]
            if len(whole) < len(present):  # a run was cut off within its line
                with file.open("r+b") as stream:
                    stream.truncate(len(whole))
            start = b"\n" if whole and not whole.endswith(b"\n") else b""
            if new:
                append_whole(file, start + "".join(line + "\n" for line in new).encode())


def _key(line: bytes, apart: tuple[str, ...]) -> str:
    try:
        entry = json.loads(line)
        kept = {key: value for key, value in entry.items() if key not in apart}
    except (ValueError, AttributeError):
        return ""
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def _whole_lines(content: bytes) -> bytes:
    """Return a ledger's content without a last line that was cut off."""
    head, newline, last = content.rpartition(b"\n")
    try:
        json.loads(last or b"0")
    except ValueError:
        return head + newline
    return content
