"""Installed as people install it: a wheel that holds all it needs, run from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from est_analysis import municipality
from est_analysis.gather import store
from est_analysis.reports.build import MEETING, QUARTERLY
from est_analysis.reports.chapters import NOTEBOOKS
from est_analysis.shipped import shipped

ROOT = Path(__file__).resolve().parents[1]


def lacking(names: set[str]) -> list[str]:
    """Return what a wheel of these files cannot do without."""
    package = {
        f"est_analysis/{file.relative_to(ROOT / 'est_analysis').as_posix()}"
        for file in (ROOT / "est_analysis").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    chapters = {
        f"est_analysis/_shipped/notebooks/{chapter}.ipynb"
        for chapter in (*QUARTERLY.chapters, *MEETING.chapters)
    }
    example = {"est_analysis/_shipped/data/exempelsjo/municipality.toml"}
    return sorted((package | chapters | example) - names)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build a wheel with what the lock holds; no network."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def est(wheel, tmp_path_factory):
    """Return the command of an environment that holds the wheel, and sees what it depends on."""
    place = tmp_path_factory.mktemp("elsewhere") / "env"
    venv.create(place, symlinks=os.name == "posix")
    bin_folder = place / ("Scripts" if os.name == "nt" else "bin")
    python = str(bin_folder / "python")
    paths = sysconfig.get_paths(vars={"base": str(place), "platbase": str(place)})
    own = Path(paths["purelib"])
    depends = sysconfig.get_paths()["purelib"]
    (own / "depends.pth").write_text(depends + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    return bin_folder / "est"


def run(est: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    clean["JUPYTER_PATH"] = str(Path(sys.prefix, "share", "jupyter"))  # nbconvert's own templates
    return subprocess.run(
        [str(est), *arguments],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        cwd="/",
        env=clean,
    )


def test_a_wheel_holds_all_it_needs_and_nothing_derived(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert lacking(names) == []
    assert not [n for n in names if "/store/" in n or "/ledger/" in n or "checkpoint" in n]
    gone = "est_analysis/_shipped/notebooks/meeting.ipynb"
    assert lacking(names - {gone}) == [gone]


def test_what_is_shipped_is_found_in_a_checkout_and_in_a_wheel(tmp_path):
    package = tmp_path / "est_analysis"
    assert shipped("notebooks", package) == tmp_path / "notebooks"
    (package / "_shipped/notebooks").mkdir(parents=True)
    assert shipped("notebooks", package) == package / "_shipped/notebooks"
    assert NOTEBOOKS == ROOT / "notebooks"


def test_an_installed_command_makes_a_report_from_the_root(est, make_folder, tmp_path):
    folder, out = make_folder(), tmp_path / "ut"
    shown = run(est, "report", str(folder), "--period", "2026Q3", "--out", str(out))
    assert shown.returncode == 0, shown.stderr
    assert (out / "lillby/2026Q3/rapport.html").stat().st_size > 10_000
    assert str(ROOT) not in shown.stdout + shown.stderr


def test_the_example_comes_out_of_the_wheel_whole(est, tmp_path):
    folder = tmp_path / "prov"
    made = run(est, "new", str(folder), "--example")
    assert made.returncode == 0, made.stderr
    assert municipality.load(folder).name == "Exempelsjö"
    assert store.input_hashes(municipality.load(folder)) == store.input_hashes(
        municipality.load("exempelsjo")
    )
    again = run(est, "new", str(folder), "--example")
    assert again.returncode == 2
    assert "inte tom" in again.stderr


def test_the_installed_command_is_not_the_checkout(est):
    code = "import est_analysis; print(est_analysis.__file__)"
    python = est.with_name("python")
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    out = subprocess.run(
        [str(python), "-c", code], capture_output=True, text=True, check=True, cwd="/", env=clean
    ).stdout
    assert Path(out.strip()).is_relative_to(est.parents[1])
