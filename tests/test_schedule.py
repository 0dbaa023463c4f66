"""What clocks are given: read back by their own rules, and by their own checkers where they are."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from commanding import est

from est_analysis import runs, schedule
from est_analysis.errors import SettingsError

ODD = ("Sjö", "50 %h", 'a"b', "pris $HOME", "it's", "a\\b", "[x];y&z")
NS = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
ORDER = {  # as Microsoft's schema has them
    "Task": ["RegistrationInfo", "Triggers", "Principals", "Settings", "Data", "Actions"],
    "CalendarTrigger": [
        *("Repetition", "StartBoundary", "EndBoundary", "ExecutionTimeLimit", "Enabled"),
        *("RandomDelay", "ScheduleByDay", "ScheduleByWeek", "ScheduleByMonth"),
    ],
    "Exec": ["Command", "Arguments", "WorkingDirectory"],
}


@pytest.fixture(params=ODD)
def plan(request, tmp_path):
    if sys.platform == "win32":
        pytest.skip("names that Windows does not take")
    return schedule.plan(tmp_path / request.param, tmp_path / "ut 1", "05:10")


def words_of_cron(line):
    """Return the words of a crontab line, or nothing where cron would not take it."""
    found = re.fullmatch(r"([0-5]?\d) (1?\d|2[0-3]) \* \* \* (.+)\n", line)
    if not found or re.search(r"(?<!\\)%", found[3]):
        return None
    words = shlex.split(found[3].replace(r"\%", "%"))
    return words[:-1] if words[-1] == ">/dev/null" else None


def words_of_systemd(text):
    """Return the words of ExecStart as systemd reads double quotes, % and $."""
    (line,) = re.findall(r"^ExecStart=(.*)$", text, re.M)
    words = re.findall(r'"((?:[^"\\]|\\.)*)"(?: |$)', line)
    if re.search(r"(?<!%)(?:%%)*%(?!%)", line) or re.search(r"(?<!\$)(?:\$\$)*\$(?!\$)", line):
        return None
    words = [re.sub(r"\\(.)", r"\1", word) for word in words]
    return [word.replace("%%", "%").replace("$$", "$") for word in words]


def out_of_order(task):
    """Return the elements that the schema does not have where they stand."""
    wrong = []
    for element in task.iter():
        known = ORDER.get(element.tag.removeprefix(NS))
        if known is not None:
            names = [child.tag.removeprefix(NS) for child in element]
            wrong += [n for n in names if n not in known]
            places = [known.index(n) for n in names if n in known]
            wrong += [] if places == sorted(set(places)) else [element.tag]
    return wrong


def test_cron_reads_back_the_command(plan):
    assert words_of_cron(schedule.cron(plan)) == list(plan.command)


def test_a_line_that_cron_would_cut_is_noticed():
    assert words_of_cron("10 5 * * * est report /a/50%\n") is None
    assert words_of_cron("10 25 * * * est report >/dev/null\n") is None
    assert words_of_cron("10 5 * * * est report\n") is None  # a letter every morning


def test_systemd_reads_back_the_command(plan):
    assert words_of_systemd(schedule.service(plan)) == list(plan.command)
    assert words_of_systemd('ExecStart="/a" "50%h"') is None


def test_windows_gets_what_its_schema_has(plan):
    content = schedule.windows(plan)
    task = ET.fromstring(content)
    assert content.startswith((b"\xff\xfe", b"\xfe\xff"))
    assert out_of_order(task) == []
    assert task.find(f".//{NS}Command").text == plan.command[0]
    arguments = task.find(f".//{NS}Arguments").text
    assert arguments == subprocess.list2cmdline(plan.command[1:])
    assert task.find(f".//{NS}StopIfGoingOnBatteries").text == "false"
    assert task.find(f".//{NS}StartBoundary").text == "2026-01-01T05:10:00"
    actions = task.find(f"{NS}Actions")
    task.remove(actions)
    task.insert(0, actions)
    assert out_of_order(task) == [f"{NS}Task"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_takes_its_own_files(plan, tmp_path):
    def verify():
        units = [str(tmp_path / name) for name in files]
        return subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *units],
            capture_output=True,
            text=True,
            check=False,
        )

    files = schedule.files(plan, "systemd")
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    shown = verify()
    assert (shown.returncode, shown.stderr) == (0, "")
    timer = tmp_path / f"{plan.name}.timer"
    timer.write_text(timer.read_text("utf-8").replace("05:10:00", "25:10:00"), encoding="utf-8")
    assert verify().stderr != ""


def test_two_folders_never_share_a_name(tmp_path):
    names = {schedule.plan(tmp_path / f, tmp_path, "05:10").name for f in ("å", "ä", "a", "x/a")}
    assert len(names) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in names)


@pytest.mark.parametrize("at", ["24:00", "5:10", "05:60", "nu", "05:10 * * * rm"])
def test_what_is_no_time_of_day_is_refused(at, tmp_path):
    with pytest.raises(SettingsError, match="klockslag"):
        schedule.plan(tmp_path, tmp_path, at)


def test_a_line_break_in_a_path_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="tecken"):
        schedule.plan(tmp_path / "a\n* * * * * rm", tmp_path, "05:10")


def test_the_command_tells_one_municipality_from_many(make_folder, tmp_path):
    folder = make_folder(name="kommuner/lillby")
    one = est("schedule", str(folder), "--for", "cron", "--out", str(tmp_path / "ut"))
    many = est("schedule", str(folder.parent), "--for", "cron")
    assert " report " in one.stdout
    assert " fleet " in many.stdout
    assert words_of_cron(one.stdout)[-2:] == ["--log", str(tmp_path / "ut/est.jsonl")]
    written = est("schedule", str(folder), "--for", "windows", "--write", str(tmp_path / "w"))
    assert written.returncode == 0
    assert len(list((tmp_path / "w").glob("*.xml"))) == 1
    for arguments in (("--for", "launchd"), ("--at", "26:00")):
        assert est("schedule", str(folder), *arguments).returncode == 2
    assert est("schedule", str(tmp_path / "w")).returncode == 2


@pytest.mark.skipif(os.name != "posix", reason="a shell")
def test_the_line_is_silent_when_all_goes_well_and_told_when_not(make_folder, tmp_path):
    """As cron runs it: a shell, nearly no environment, another folder, letters of what is said."""
    folder, out = make_folder(), tmp_path / "ut"
    line = schedule.cron(schedule.plan(folder, out, "05:10"))
    (folder / "municipality.toml").write_text("name = ", encoding="utf-8")
    command = line.split(" * * * ", 1)[1].replace(r"\%", "%")
    own = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}

    def as_cron_does():
        return subprocess.run(
            ["/bin/sh", "-c", command],
            env=own, cwd=tmp_path, capture_output=True, text=True, check=False, encoding="utf-8",
        )  # fmt: skip

    failed = as_cron_does()
    assert failed.returncode == 2
    assert "municipality.toml går inte att läsa" in failed.stderr
    assert "municipality.toml går inte att läsa" in (out / "lillby/status.html").read_text("utf-8")
    (line,) = runs.entries(out / "est.jsonl")
    assert line["exit"] == 2
