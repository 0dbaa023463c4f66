"""Doors: a process that renders the published edition opens no file outside its own rooms."""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_SYSTEM = ("/dev", "/proc", "/sys", "/etc", "/usr", "/lib", "/lib64", "/var/lib/dbus")
_SHUT: list[tuple[str, ...]] = []


def own_rooms(*more: Path) -> tuple[str, ...]:
    """Return where such a process may open files: Python, this package, and the rooms given."""
    package = Path(__file__).resolve().parents[2]
    paths: list[str | Path] = [
        sys.prefix,
        sys.base_prefix,
        *sysconfig.get_paths().values(),
        tempfile.gettempdir(),
        package,
        package.parent / "notebooks",
        *more,
    ]
    return tuple(sorted({os.path.realpath(path) for path in paths} | set(_SYSTEM)))


def outside(path: str, rooms: Iterable[str]) -> bool:
    """Tell whether a path lies in none of the rooms."""
    real = os.path.realpath(path)
    return not any(real == room or real.startswith(room.rstrip(os.sep) + os.sep) for room in rooms)


def shut(*more: Path) -> None:
    """
    Refuse from now on, in this process, to open any file outside `own_rooms`; it cannot be undone.

    The process knows no path to a municipality anyway; this is for the day somebody gives it one.
    """
    rooms = own_rooms(*more)
    if rooms in _SHUT:
        return
    _SHUT.append(rooms)

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], (str, bytes)):
            return
        path = os.fsdecode(arguments[0])
        if outside(path, rooms):
            raise PermissionError(f"the published edition does not open {Path(path).name}")

    sys.addaudithook(guard)
