"""Lines for the clocks that people already have: cron, systemd, Windows Task Scheduler."""

from __future__ import annotations

import hashlib
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from est_analysis.errors import SettingsError

Clock = Literal["cron", "systemd", "windows"]
CLOCKS: tuple[Clock, ...] = ("cron", "systemd", "windows")
_TASK = "http://schemas.microsoft.com/windows/2004/02/mit/task"


@dataclass(frozen=True)
class Plan:
    """
    What is to run every day.

    Parameters
    ----------
    name
        Of the job; letters, digits, ``_`` and ``-``.
    command
        The words of the command, with absolute paths.
    hour, minute
        Local wall time.
    """

    name: str
    command: tuple[str, ...]
    hour: int
    minute: int


def plan(folder: Path, out: Path, at: str, *, many: bool = False, python: str = "") -> Plan:
    """
    Say what runs: every day, what is due of one municipality or of all in a folder.

    Nothing is made on days when nothing is due, and a day when the machine was off is caught up on
    the next.

    Parameters
    ----------
    folder
        The municipality's, or with `many` the folder of municipalities.
    out
        Where reports go; the log ``est.jsonl`` lies there.
    at
        Local wall time, as ``05:10``.
    many
        Whether `folder` holds many municipalities.
    python
        The Python that runs it; empty is this one.

    Raises
    ------
    SettingsError
        If `at` is no time of the day, or a path holds a line break, which no clock can carry.
    """
    time = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", at)
    if not time:
        raise SettingsError(f"{at} är inget klockslag.", mend="Skriv till exempel 05:10.")
    where, to = folder.resolve(), out.resolve()
    if any(ord(sign) < 32 for sign in f"{where}{to}{python}"):
        raise SettingsError("Mappens namn har ett tecken som inte går att schemalägga.")
    command = (python or sys.executable, "-m", "est_analysis.cli", "fleet" if many else "report")
    options = ("--due", "--out", str(to), "--log", str(to / "est.jsonl"))
    return Plan(_name(where), (*command, str(where), *options), int(time[1]), int(time[2]))


def _name(folder: Path) -> str:
    """Return a name that every clock takes; two folders never get the same."""
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:6]
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", folder.name).strip("_-")
    return "-".join(part for part in ("est", readable, digest) if part)


def files(of: Plan, clock: Clock) -> dict[str, bytes]:
    """
    Return the files that one kind of clock needs.

    Returns
    -------
    dict
        File name to content: text in UTF-8, and Windows' XML in UTF-16 as it wants it.
    """
    if clock == "cron":
        return {f"{of.name}.cron": cron(of).encode()}
    if clock == "systemd":
        units = (f"{of.name}.service", service(of)), (f"{of.name}.timer", timer(of))
        return {name: text.encode() for name, text in units}
    return {f"{of.name}.xml": windows(of)}


def cron(of: Plan) -> str:
    """
    Return a line for ``crontab``: the shell reads it, after cron has read its percent signs.

    What goes well is silent, so that cron sends no letter about it; what does not is told.
    """
    command = f"{shlex.join(of.command)} >/dev/null".replace("%", r"\%")
    return f"{of.minute} {of.hour} * * * {command}\n"


def service(of: Plan) -> str:
    """Return the systemd unit that runs once, gives way to others and cannot gain rights."""
    return f"""\
[Unit]
Description=EST-rapporter ({of.name})

[Service]
Type=oneshot
ExecStart={" ".join(map(_quoted, of.command))}
Nice=10
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=full
TimeoutStartSec=12h
"""


def timer(of: Plan) -> str:
    """Return the systemd timer; a day when the machine was off is caught up when it starts."""
    return f"""\
[Unit]
Description=EST-rapporter varje dag ({of.name})

[Timer]
OnCalendar=*-*-* {of.hour:02}:{of.minute:02}:00
Persistent=true

[Install]
WantedBy=timers.target
"""


def _quoted(word: str) -> str:
    """Quote a word as systemd reads it, its percent and dollar signs meant as they stand."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped.replace("$", "$$")}"'


def windows(of: Plan) -> bytes:
    """Return the task for Windows Task Scheduler (``schtasks /Create /XML``)."""
    task = ET.Element("Task", {"version": "1.2", "xmlns": _TASK})
    for path, text in (
        ("RegistrationInfo/Description", f"EST-rapporter ({of.name})"),
        ("Triggers/CalendarTrigger/StartBoundary", f"2026-01-01T{of.hour:02}:{of.minute:02}:00"),
        ("Triggers/CalendarTrigger/Enabled", "true"),
        ("Triggers/CalendarTrigger/ScheduleByDay/DaysInterval", "1"),
        ("Settings/MultipleInstancesPolicy", "IgnoreNew"),
        ("Settings/DisallowStartIfOnBatteries", "false"),
        ("Settings/StopIfGoingOnBatteries", "false"),  # or a laptop that is unplugged kills it
        ("Settings/StartWhenAvailable", "true"),
        ("Settings/ExecutionTimeLimit", "PT12H"),
        ("Actions/Exec/Command", of.command[0]),
        ("Actions/Exec/Arguments", subprocess.list2cmdline(of.command[1:])),
    ):
        place = task
        for part in path.split("/"):
            there = place.find(part)
            place = ET.SubElement(place, part) if there is None else there
        place.text = text
    ET.indent(task)
    text = ET.tostring(task, encoding="unicode")
    return ('<?xml version="1.0" encoding="UTF-16"?>\n' + text + "\n").encode("utf-16")


def advice(of: Plan, clock: Clock) -> str:
    """Return how the files are put to use, as one Swedish sentence."""
    return {
        "cron": f"Lägg raden i crontab: crontab -l | cat - {of.name}.cron | crontab -",
        "systemd": f"Lägg filerna i ~/.config/systemd/user och kör: systemctl --user enable --now "
        f"{of.name}.timer. Ska det gå också när du är utloggad: loginctl enable-linger",
        "windows": f"Kör: schtasks /Create /TN {of.name} /XML {of.name}.xml. Ska det gå också när "
        "du är utloggad: lägg till /RU med ditt konto och /RP *",
    }[clock]
