"""What a run rests on, by content: the files of a folder, and the program itself."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from est_analysis.shipped import shipped

_PACKAGE = Path(__file__).resolve().parent
_MADE = {"__pycache__", ".lock"}
"""Names of what running the program leaves behind: no content."""


def of_folder(folder: Path, without: Iterable[Path] = ()) -> dict[str, str]:
    """
    Return the SHA-256 of every file in a folder, links followed.

    Parameters
    ----------
    folder
        Where; one that is not there has no files.
    without
        Files and folders that are left out, with all in them.

    Returns
    -------
    dict
        Path inside the folder, with ``/``, in sorted order, to hexadecimal digest.

    Raises
    ------
    OSError
        If a file cannot be read.
    """
    left_out = {path.resolve() for path in without}
    seen: set[Path] = set()
    found = {}
    for name, folders, files in os.walk(folder, followlinks=True, onerror=_refuse):
        place = Path(name)
        here = place.resolve()
        if here in seen or here in left_out:  # a link to a folder above would never end
            folders.clear()
            continue
        seen.add(here)
        folders[:] = [inner for inner in folders if inner not in _MADE]
        for file in files:
            path = place / file
            if file in _MADE or (left_out and path.resolve() in left_out):
                continue
            found[path.relative_to(folder).as_posix()] = of_file(path)
    return dict(sorted(found.items()))


def _refuse(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def of_file(file: Path) -> str:
    """
    Return the SHA-256 of a file's bytes, as hexadecimal digits.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def of_program(package: Path = _PACKAGE) -> str:
    """
    Return one digest of all that makes the same input give the same output.

    That is the package's own files (code, templates, lists), the chapters, the name and version of
    every installed package, the Python and the kind of machine.

    Raises
    ------
    OSError
        If a file cannot be read.
    """
    installed = sorted(
        {
            entry.name
            for place in sys.path
            if Path(place).is_dir()
            for entry in Path(place).glob("*.dist-info")
        }
    )
    machine = [sys.version, sys.platform, platform.machine()]
    own = [of_folder(package), of_folder(shipped("notebooks", package))]
    return of_value([own, installed, machine])


def of_value(value: object) -> str:
    """Return the digest of a value that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def differing(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files that are new, changed or gone, sorted."""
    return tuple(name for name in sorted({*before, *now}) if before.get(name) != now.get(name))
