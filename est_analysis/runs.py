"""How a run went, as one line of JSON: for monitoring, and for the overview of a fleet."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from est_analysis.errors import EstError, ReportError

DONE, FAILED, BAD_INPUT = 0, 1, 2
"""Exit codes: done; the run failed and the former report stands; people must mend the input."""


def exit_code(error: BaseException) -> int:
    """Return the exit code that an error ends the command with."""
    return (
        BAD_INPUT if isinstance(error, EstError) and not isinstance(error, ReportError) else FAILED
    )


@contextmanager
def logged(
    file: Path | None, started: datetime, command: str, municipality: str
) -> Iterator[dict[str, Any]]:
    """
    Add one line to a log when what is inside ends, however it ends.

    What stands in the line: ``command``, ``municipality``, ``started``, ``seconds``, ``exit``,
    ``message`` (empty when it went well), ``peak_mb`` and ``largest_child_mb``, and what the caller
    puts into the yielded dictionary. An error that nobody foresaw is told by its kind alone: its
    text may hold what was delivered.

    Parameters
    ----------
    file
        The log, made where it is missing; None writes none.
    started
        When the run began; it stands in the log only.
    command, municipality
        What was run, and on which folder.
    """
    entry: dict[str, Any] = {}
    began, code, message = time.perf_counter(), DONE, ""
    try:
        yield entry
    except EstError as error:
        code, message = exit_code(error), str(error)
        raise
    except BaseException as error:
        code, message = FAILED, f"Oväntat fel: {type(error).__name__}."
        raise
    finally:
        if file is not None:
            own, child = peaks_mb()
            line = {
                "command": command,
                "municipality": municipality,
                "started": started.isoformat(timespec="seconds"),
                "seconds": round(time.perf_counter() - began, 3),
                "exit": code,
                "message": message,
                "peak_mb": own,
                "largest_child_mb": child,
                **entry,
            }
            _add(file, json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")


def _add(file: Path, line: str) -> None:
    """Add a line in one write; a log that cannot be written is told, and stops nothing."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a+b", buffering=0) as stream:
            end = stream.seek(0, os.SEEK_END)
            stream.seek(max(end - 1, 0))
            cut_off = end and stream.read(1) != b"\n"  # by a full disk: a new line begins anyway
            stream.write(b"\n" * bool(cut_off) + line.encode())
    except OSError as error:
        print(f"Loggen kunde inte skrivas: {file}: {error.strerror}", file=sys.stderr)


def entries(file: Path) -> list[dict[str, Any]]:
    """Return the lines of a log, oldest first; a line that is cut off or spoiled is none."""
    found = []
    for line in file.read_bytes().splitlines() if file.exists() else []:
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError):
            continue
    return [entry for entry in found if isinstance(entry, dict)]


def peaks_mb() -> tuple[int | None, int | None]:
    """
    Return the most memory that this process and its largest finished child have held.

    Returns
    -------
    int or None, int or None
        Megabytes (10^6 bytes); None on a system that does not say.
    """
    try:
        import resource
    except ImportError:
        return None, None
    unit = 1 if sys.platform == "darwin" else 1024
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    own, child = (resource.getrusage(one).ru_maxrss * unit // 1_000_000 for one in who)
    return own, child


def tie_to_input(private: Path) -> None:
    """
    End this process when its standard input ends: the one that started it is gone.

    All that it writes is whole at any moment, so it need not be asked. Its notebooks' kernels look
    for their parent by themselves.

    Parameters
    ----------
    private
        Where its temporary files go; the folder goes with it.
    """
    tempfile.tempdir = str(private)

    ending, at = threading.Event(), sys.stdin.fileno()

    def watch() -> None:
        while os.read(at, 4096):  # not sys.stdin: a thread that holds it makes a normal end a crash
            pass
        ending.set()
        gone = private.with_name(f"{private.name}.gone")
        with suppress(OSError):  # what is still being written finds no folder to write in
            private.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
        os._exit(FAILED)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    atexit.register(lambda: thread.join() if ending.is_set() else None)  # it ends the process
