"""Files that appear whole or not at all, and what a disk refuses said in a sentence."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from est_analysis.errors import ReportError

LOCK = ".lock"
PATIENCE_S = 60.0
"""How long a run waits for another that writes in the same folder; a write takes seconds."""

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM}


@contextmanager
def told(what: str, where: Path, stays: str) -> Iterator[None]:
    """
    Turn a fault of the disk into a sentence.

    Parameters
    ----------
    what
        What could not be done, in Swedish, without full stop.
    where
        The file or folder.
    stays
        What is left as it was, as a Swedish sentence.

    Raises
    ------
    ReportError
        In the place of any `OSError` inside: full disk, no right to write, anything else.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            why, mend = "disken är full", "Frigör plats på disken och kör igen."
        elif error.errno in _CLOSED:
            why = "det går inte att skriva där"
            mend = "Ge den som kör programmet rätt att skriva i mappen och kör igen."
        else:
            why, mend = error.strerror or str(error), "Kontrollera mappen och kör igen."
        raise ReportError(f"{what}: {why}.", where=str(where), mend=f"{mend} {stays}") from error


@contextmanager
def alone(folder: Path, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """
    Be the only one who writes in a folder; a run that is killed lets go at once.

    Raises
    ------
    ReportError
        If another run holds the folder for longer than `patience_s`.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=patience_s)
    except Timeout as error:
        raise ReportError(
            "En annan körning skriver i samma mapp.",
            where=str(folder),
            mend="Vänta tills den är klar och kör igen.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def write_new(file: Path, content: bytes) -> None:
    """Write a file that nobody reads yet, down to the disk."""
    with file.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def write_whole(file: Path, content: bytes) -> None:
    """Write a file, for its owner only, so that readers see the old content or the new, whole."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    settle(file.parent)


def append_whole(file: Path, content: bytes) -> None:
    """Add to the end of a file, in one write; where that fails the file is as it was."""
    before = file.stat().st_size if file.exists() else 0
    with file.open("ab", buffering=0) as stream:
        try:
            done = 0
            while done < len(content):  # a disk that fills up takes a part first
                done += stream.write(content[done:])
            os.fsync(stream.fileno())
        except BaseException:
            stream.truncate(before)
            raise


def settle(folder: Path) -> None:
    """See to it that the names in a folder outlive a power cut, where the system knows how."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
