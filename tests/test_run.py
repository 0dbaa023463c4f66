"""run.py: its tasks, its stamp, what it says to a Python that cannot be used. No network."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import run


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A project whose environment is made at once, and a list of the commands that made it."""
    for name in ("pyproject.toml", *run.LOCKS.values()):
        (tmp_path / name).write_text((run.ROOT / name).read_text("utf-8"), "utf-8")
    commands = []

    def call(command, **_):
        commands.append(words := [str(word) for word in command])
        if "venv" in words:
            python = Path(run.program(Path(words[-1]), "python"))
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(subprocess, "run", call)
    return tmp_path, commands


def test_an_unknown_task_gets_the_list_and_2(capsys):
    assert run.main(["rapport"]) == 2
    shown = capsys.readouterr().err
    assert all(f"  {task} " in shown for task in run.TASKS)
    assert run.main([]) == 2
    assert run.main(["help"]) == 0


def test_an_environment_is_made_once(house):
    root, commands = house
    run.prepare(root / ".venv")
    assert len(commands) == 4  # venv, uv, the lock, the project
    hashed = [words for words in commands if "-r" in words]
    assert len(hashed) == 2
    assert all("--require-hashes" in words for words in hashed)
    assert "--compile-bytecode" in hashed[1]
    assert (root / ".venv" / "uv.txt").read_text().startswith("uv==")
    run.prepare(root / ".venv")
    assert len(commands) == 4


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("requirements.lock", "pandas==3.", "pandas==4."),
        ("pyproject.toml", '"pandas>=3.0"', '"pandas>=3.1"'),
        ("pyproject.toml", 'est = "', 'trygg = "'),
    ],
)
def test_what_has_changed_is_made_anew(house, name, old, new):
    root, commands = house
    run.prepare(root / ".venv")
    text = (root / name).read_text("utf-8")
    assert old in text
    (root / name).write_text(text.replace(old, new), "utf-8")
    run.prepare(root / ".venv")
    assert len(commands) == 8


def test_a_linter_setting_or_the_other_lock_changes_nothing(house):
    root, commands = house
    run.prepare(root / ".venv")
    for name in ("pyproject.toml", "requirements-lab.lock"):
        (root / name).write_text((root / name).read_text("utf-8") + "\n# more\n", "utf-8")
    run.prepare(root / ".venv")
    assert len(commands) == 4


def test_another_python_or_another_folder_is_another_environment(house, tmp_path):
    root, _ = house
    one = run.fingerprint(root, "requirements.lock", (3, 11))
    assert one != run.fingerprint(root, "requirements.lock", (3, 12))
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("pyproject.toml", "requirements.lock"):
        (moved / name).write_bytes((root / name).read_bytes())
    assert one != run.fingerprint(moved, "requirements.lock", (3, 11))


@pytest.mark.parametrize("broken_at", ["venv", "pip"])
def test_a_broken_off_attempt_does_not_look_ready(house, monkeypatch, broken_at):
    root, _ = house
    venv = root / ".venv"
    run.prepare(venv)
    (root / "requirements.lock").write_text("uv==1\nrich==1\n", "utf-8")
    whole = subprocess.run

    def broken(command, **kwargs):
        if broken_at in [str(word) for word in command]:
            raise KeyboardInterrupt
        return whole(command, **kwargs)

    monkeypatch.setattr(subprocess, "run", broken)
    with pytest.raises(KeyboardInterrupt):
        run.prepare(venv)
    assert not (venv / run.STAMP).exists()


def test_a_stamp_without_its_python_is_not_ready(house):
    root, _ = house
    run.prepare(root / ".venv")
    wanted = (root / ".venv" / run.STAMP).read_text()
    assert run.is_ready(root / ".venv", wanted)
    assert not run.is_ready(root / ".venv", wanted[:-1])
    Path(run.program(root / ".venv", "python")).unlink()
    assert not run.is_ready(root / ".venv", wanted)


def test_pip_stands_in_where_uv_fails(house, monkeypatch, capsys):
    root, commands = house
    whole = subprocess.run

    def no_uv(command, **kwargs):
        done = whole(command, **kwargs)
        if Path(str(command[0])).stem == "uv":
            raise subprocess.CalledProcessError(2, "uv")
        return done

    monkeypatch.setattr(subprocess, "run", no_uv)
    run.prepare(root / ".venv")
    assert commands[-2][1:3] == ["-m", "pip"]
    assert commands[-2][-2:] == ["-r", str(root / "requirements.lock")]
    assert "--require-hashes" in commands[-2]
    assert "försöker med pip" in capsys.readouterr().err


def test_a_failed_set_up_is_told_and_the_task_not_run(house, monkeypatch, capsys):
    def fails(command, **_):
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(subprocess, "run", fails)
    monkeypatch.setattr(os, "chdir", lambda _: None)
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("the task was run"))
    assert run.main(["report"]) == 1
    assert "blev inte klar" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "tail"),
    [
        (["report"], ["data/exempelsjo"]),
        (["report", "x", "--period", "2025Q1"], ["x", "--period", "2025Q1"]),
        (["check"], ["data/exempelsjo"]),
    ],
)
def test_report_and_check_fall_back_on_the_example(house, monkeypatch, argv, tail):
    root, commands = house
    monkeypatch.setattr(os, "chdir", lambda _: None)
    monkeypatch.setattr(os, "execv", lambda _, words: commands.append(words) or sys.exit(0))
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    with pytest.raises(SystemExit):
        run.main(argv)
        sys.exit(0)  # where there is no execv, the command was run by subprocess
    assert commands[-1] == [run.program(root / ".venv", "est"), argv[0], *tail]
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ


def test_all_of_lint_runs_and_the_first_failure_is_its_code(house, monkeypatch):
    whole = subprocess.run
    codes = {"ruff": 3, "mypy": 1}

    def call(command, **kwargs):
        done = whole(command, **kwargs)
        done.returncode = codes.get(Path(str(command[0])).stem, 0)
        return done

    monkeypatch.setattr(subprocess, "run", call)
    monkeypatch.setattr(os, "chdir", lambda _: None)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    assert run.main(["lint"]) == 3
    assert [Path(words[0]).stem for words in house[1][-3:]] == ["ruff", "ruff", "mypy"]


def test_a_python_that_is_too_old_or_new_hears_which_to_use(monkeypatch, capsys):
    for version in ((3, 9), (3, 10), (3, 14)):
        swedish, english = run.refusal(version, True, "python3.12").splitlines()
        assert swedish.endswith("Kör: python3.12 run.py")
        assert english.endswith("Run: python3.12 run.py")
        assert run.refusal(version, True, None).splitlines()[0].endswith("Installera Python 3.13.")
    assert run.refusal((3, 12), True, None) == ""
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    monkeypatch.setattr(run, "other_python", lambda: "py -3.13")
    assert run.main(["report"]) == 1
    assert "Python 3.10 duger inte" in capsys.readouterr().err


def test_only_a_python_that_starts_is_named(tmp_path, monkeypatch):
    if os.name == "nt":
        pytest.skip("plants shell scripts")
    for name, code in (("python3.13", 127), ("python3.12", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run.other_python() == "python3.12"
    (tmp_path / "python3.12").unlink()
    assert run.other_python() is None


def test_a_python_without_venv_hears_what_to_install(monkeypatch, capsys):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "ensurepip" else found(name)
    )
    assert run.main(["report"]) == 1
    swedish, english = capsys.readouterr().err.splitlines()
    minor = sys.version_info[1]
    assert "saknar venv" in swedish
    assert f"python3.{minor}-venv" in swedish
    assert f"python3.{minor}-venv" in english


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A project and a folder with one small package, in the place of any registry."""
    place = tmp_path / "index"
    place.mkdir()
    wheel = place / "liten-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("liten.py", "SAID = 'whole'\n")
        packed.writestr(
            "liten-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: liten\nVersion: 1.0\n"
        )
        packed.writestr(
            "liten-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        packed.writestr("liten-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(place))
    real = subprocess.run

    def no_project(command, **named):  # the last step installs the project itself
        return None if "-e" in command else real(command, **named)

    monkeypatch.setattr(subprocess, "run", no_project)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return tmp_path, wheel, f"liten==1.0 --hash=sha256:{digest}\n"


@pytest.fixture(scope="module")
def env(tmp_path_factory):
    place = tmp_path_factory.mktemp("tampered") / "env"
    venv.create(place, with_pip=True)
    return place


@pytest.mark.parametrize("harm", ["lock", "file", "no hash", ""])  # the whole one is left last
def test_a_package_that_is_not_what_the_lock_says_is_refused(index, env, capfd, harm):
    """The whole of `run.install`, with the real installer: whole, then tampered with in turn."""
    root, wheel, line = index
    if harm == "lock":
        line = line[:-5] + ("0000\n" if line[-5:-1] != "0000" else "1111\n")
    if harm == "no hash":
        line = line.split(" ")[0] + "\n"
    if harm == "file":
        with zipfile.ZipFile(wheel, "a") as packed:
            packed.writestr("more.py", "SAID = 'harm'\n")
    (root / "requirements.lock").write_text(line)
    if harm:
        with pytest.raises(subprocess.CalledProcessError):
            run.install(env, root / "requirements.lock")
        said = capfd.readouterr().err
        assert ("Hashes are required" if harm == "no hash" else "DO NOT MATCH THE HASHES") in said
    else:
        run.install(env, root / "requirements.lock")
    assert bool(list(env.rglob("liten.py"))) == (not harm)
