"""Each run's own room beside the reports, taken away with the run, also one that was killed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from est_analysis.errors import ReportError, SettingsError
from est_analysis.gather.files import LOCK, alone
from est_analysis.municipality import SETTINGS_FILE

_ROOM = ".run-"


@contextmanager
def room(place: Path) -> Iterator[Path]:
    """
    Give a run a hidden folder of its own on the disk where its report will stand.

    Rooms of runs that were killed are taken away first: a run holds the lock of its room as long
    as it lives, and the system lets go of it however the run ends. No clock is asked.

    Parameters
    ----------
    place
        Where the reports lie; made where it is missing.

    Yields
    ------
    Path
        The folder; it goes, with all that is left in it, when the run is over.

    Raises
    ------
    SettingsError
        If `place` is a municipality's own folder: then its reports would be its input.
    ReportError
        If another run does not let go of `place`.
    OSError
        If it cannot be written.
    """
    if (place / SETTINGS_FILE).exists():
        raise SettingsError(
            "Rapporterna kan inte ligga i kommunens egen mapp.",
            where=str(place),
            mend="Ange en annan mapp med --out.",
        )
    place.mkdir(parents=True, exist_ok=True)
    with alone(place):  # nobody clears between the making of a room and the taking of its lock
        clear(place)
        own = Path(tempfile.mkdtemp(dir=place, prefix=_ROOM))
        lock = alone(own)
        lock.__enter__()
    try:
        yield own
    finally:
        lock.__exit__(None, None, None)
        shutil.rmtree(own, ignore_errors=True)


def clear(place: Path) -> None:
    """Take away the rooms whose runs are dead, and lists that they were cut off in writing."""
    for half in place.glob(".*.html"):  # whoever writes a list holds the folder, as we do
        half.unlink(missing_ok=True)
    for left in place.glob(f"{_ROOM}*"):
        if (left / LOCK).exists():
            try:
                with alone(left, patience_s=0):
                    pass
            except ReportError:  # its run lives
                continue
        shutil.rmtree(left, ignore_errors=True)


def tidy(place: Path) -> None:
    """Take away what killed runs left, unless somebody writes there: then that run does it."""
    with suppress(OSError, ReportError):
        if place.is_dir():
            with alone(place, patience_s=0):
                clear(place)
