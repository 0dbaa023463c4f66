"""Make the environment from the lock, then run a task: ``python run.py TASK [args...]``.

Needs Python 3.11-3.13 and its standard library only, by design on Linux, macOS and Windows. The
first run makes ``.venv`` (``.venv-lab``, ``.venv-peers`` for those tasks) and takes about half a
minute; later runs only check a stamp. Tasks run in the folder of this file: give relative paths
from there.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
SUPPORTED = ((3, 11), (3, 12), (3, 13))
STAMP = "est-ready"  # written last: a venv without it, or with other text in it, is made anew
LOCKS = {
    ".venv": "requirements.lock",
    ".venv-lab": "requirements-lab.lock",
    ".venv-peers": "requirements-peers.lock",
}
EXAMPLE = ["data/exempelsjo"]
WHEEL = ["-t", "wheel"]
LINT = ["ruff check", "ruff format --check", "mypy est_analysis run.py"]
COMPILE = (
    "uv pip compile pyproject.toml --extra test --universal --python-version 3.11 --quiet"
    " --generate-hashes --custom-compile-command 'python run.py lock' -o requirements"
)
TRUTH = [
    f"python -m benchmarks.{name}"
    for name in (
        *("truth", "truth_of_change", "truth_of_time", "truth_of_situations"),
        "truth_of_measures",
    )
]
LOCK = [
    f"{COMPILE}.lock",
    f"{COMPILE}-lab.lock --extra lab -c requirements.lock",
    f"{COMPILE}-peers.lock --extra peers -c requirements.lock",
]

# task: what it does, environment, commands (first word: a program in it), arguments if none given
TASKS = {
    "report": ("gör rapporten", ".venv", ["est report"], EXAMPLE),
    "check": ("granskar en kommuns mapp", ".venv", ["est check"], EXAMPLE),
    "fleet": ("gör rapporten för varje kommun i en mapp", ".venv", ["est fleet"], []),
    "schedule": ("skriver scheman för cron, systemd och Windows", ".venv", ["est schedule"], []),
    "retention": ("listar vad som ska gallras", ".venv", ["est retention"], EXAMPLE),
    "new": ("lägger upp en ny kommuns mapp", ".venv", ["est new"], []),
    "lab": ("öppnar anteckningsböckerna i JupyterLab", ".venv-lab", ["est lab"], []),
    "test": ("kör testerna", ".venv", ["python -m pytest -n auto --dist loadfile"], []),
    "lint": ("granskar koden", ".venv", LINT, []),
    "lock": ("räknar om låsfilerna (--upgrade: med nyare paket)", ".venv", LOCK, []),
    "wheel": ("gör paketet att installera, i dist", ".venv", ["python -m hatchling build"], WHEEL),
    "catalogue": (
        "listar texter som saknar engelska, och för in dem i katalogen",
        ".venv",
        ["python -m est_analysis.reports.msgids"],
        [],
    ),
    "sample": ("gör om exemplet", ".venv", ["python -m est_analysis.gather.sample"], EXAMPLE),
    "real": ("provar på verkliga data", ".venv", ["python -m pytest -m real tests/real"], []),
    "readers": (
        "prövar varje sida i en webbläsare",
        ".venv",
        ["python -m pytest -m readers tests/readers"],
        [],
    ),
    "truth": ("frågar efter det planterade", ".venv", TRUTH, []),
    "faults": (
        "skadar och dödar körningar och ser vad som håller",
        ".venv",
        ["python -m benchmarks.faults"],
        [],
    ),
    "bench": (
        "mäter vad allt kostar, bredvid andras verktyg",
        ".venv-peers",
        ["python -m benchmarks.bench"],
        [],
    ),
    "scale": ("mäter tjugo kommuner på ett kluster", ".venv", ["python -m benchmarks.fleet"], []),
    "peers": (
        "mäter mot andras verktyg, sida vid sida",
        ".venv-peers",
        ["python -m benchmarks.peers"],
        [],
    ),
}


def say(text: str) -> None:
    """Tell the person at the keyboard, apart from what the task itself prints."""
    print(text, file=sys.stderr, flush=True)


def refusal(version: tuple[int, int], has_venv: bool, other: str | None) -> str:
    """Say, in Swedish and English, why this Python cannot be used; empty when it can."""
    this = f"Python {version[0]}.{version[1]}"
    if version not in SUPPORTED:
        mend = ("Kör", "Run", f": {other} run.py")
        if not other:
            mend = ("Installera", "Install", " Python 3.13.")
        return (
            f"{this} duger inte, här behövs 3.11, 3.12 eller 3.13. {mend[0]}{mend[2]}\n"
            f"{this} will not do, 3.11, 3.12 or 3.13 is needed. {mend[1]}{mend[2]}"
        )
    package = f"(Debian, Ubuntu: sudo apt install python{version[0]}.{version[1]}-venv)"
    if not has_venv:
        return (
            f"{this} saknar venv: installera det {package} och kör sedan om.\n"
            f"{this} lacks venv: install it {package}, then run again."
        )
    return ""


def other_python() -> str | None:
    """Find a command on this machine that starts a Python which will do."""
    for major, minor in reversed(SUPPORTED):
        for command in (f"python{major}.{minor}", f"py -{major}.{minor}"):
            found = shutil.which(command.split()[0])
            probe = [found or "", *command.split()[1:], "-c", "import ensurepip, venv"]
            if found and not subprocess.run(probe, capture_output=True, check=False).returncode:
                return command
    return None


def fingerprint(root: Path, lock: str, version: tuple[int, int]) -> str:
    """Sum up all that an environment is made from."""
    import tomllib

    pyproject = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    project = [pyproject["build-system"], pyproject["project"], pyproject["tool"]["hatch"]]
    parts = [str(root), version, project, (root / lock).read_text("utf-8")]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def program(venv: Path, name: str) -> str:
    """Give the path of a program in an environment, on this kind of system."""
    return str(venv / "Scripts" / f"{name}.exe" if os.name == "nt" else venv / "bin" / name)


def is_ready(venv: Path, wanted: str) -> bool:
    """Tell whether an environment was made to its end, and from what is wanted."""
    stamp = venv / STAMP
    made = stamp.is_file() and stamp.read_text("utf-8") == wanted
    return made and Path(program(venv, "python")).exists()


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until no other run makes the same environment; a crash lets go of it."""
    with path.open("w") as handle:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def install(venv: Path, lock: Path) -> None:
    """Fill a new environment: with uv, or with pip, slower, where only pip knows the way out."""
    pip = [program(venv, "python"), "-m", "pip", "install", "--quiet"]
    uv = [program(venv, "uv"), "pip", "install", "--quiet", "--python", pip[0]]
    own_block = re.search(r"^uv==.*?(?=^\S|\Z)", lock.read_text("utf-8"), re.M | re.S)
    (venv / "uv.txt").write_text(own_block[0] if own_block else "", "utf-8")
    try:
        subprocess.run([*pip, "--require-hashes", "-r", venv / "uv.txt"], check=True)
        subprocess.run([*uv, "--compile-bytecode", "--require-hashes", "-r", lock], check=True)
    except (OSError, subprocess.CalledProcessError):
        say("Det gick inte med uv, försöker med pip. / uv could not do it, trying pip.")
        subprocess.run([*pip, "--require-hashes", "-r", lock], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", ROOT], check=True)


def prepare(venv: Path) -> None:
    """Make an environment unless it is ready; a broken-off attempt never looks ready."""
    lock = ROOT / LOCKS[venv.name]
    wanted = fingerprint(ROOT, lock.name, sys.version_info[:2])
    if is_ready(venv, wanted):
        return
    with alone(ROOT / f"{venv.name}.lock"):
        if is_ready(venv, wanted):  # another run has just made it
            return
        say(f"Gör {venv.name} av {lock.name}, ungefär en halv minut. / Making {venv.name}.")
        (venv / STAMP).unlink(missing_ok=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        install(venv, lock)
        (venv / STAMP).write_text(wanted, "utf-8")


def main(argv: Sequence[str]) -> int:
    """Run one task and return its exit code."""
    if not argv or argv[0] not in TASKS:
        say("python run.py TASK [...]")
        say("\n".join(f"  {task:10}{what}" for task, (what, *_) in TASKS.items()))
        return 0 if argv and argv[0] == "help" else 2
    version = sys.version_info[:2]
    has_venv = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
    refused = refusal(version, has_venv, None if version in SUPPORTED else other_python())
    if refused:
        say(refused)
        return 1
    _, name, commands, default = TASKS[argv[0]]
    venv = ROOT / name
    os.chdir(ROOT)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # without .pyc every start is four times slower
    programs = str(Path(program(venv, "python")).parent)
    os.environ["PATH"] = programs + os.pathsep + os.environ.get("PATH", "")
    if not (argv[0] == "lock" and shutil.which(program(venv, "uv"))):  # mends a lock that fails
        try:
            prepare(venv)
        except (OSError, subprocess.CalledProcessError) as error:
            say(f"{name} blev inte klar. / {name} could not be made.\n{error}")
            return 1
    calls = [[*shlex.split(command), *(argv[1:] or default)] for command in commands]
    calls = [[program(venv, first), *rest] for first, *rest in calls]
    if len(calls) == 1 and os.name == "posix":
        os.execv(calls[0][0], calls[0])  # signals then reach the task itself
    codes = [subprocess.run(call, check=False).returncode for call in calls]
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
