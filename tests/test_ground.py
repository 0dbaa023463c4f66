"""The ground agrees with itself: pyproject, both locks, environment.yml, Makefile, .gitignore.

Each check takes texts and gives a list of faults; each has a sibling that plants a fault and sees
it caught.
"""

import ast
import re
import subprocess
import sys
import tomllib
from itertools import product
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import run

ROOT = Path(__file__).parents[1]
PYPROJECT, LOCK, LAB, CONDA, MAKEFILE, IGNORED = (
    (ROOT / name).read_text("utf-8")
    for name in (
        "pyproject.toml",
        "requirements.lock",
        "requirements-lab.lock",
        "environment.yml",
        "Makefile",
        ".gitignore",
    )
)
MACHINES = [
    {
        "python_version": f"3.{minor}",
        "python_full_version": f"3.{minor}.9",
        "sys_platform": platform,
        "platform_system": {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}[platform],
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for minor, platform in product((11, 12, 13), ("linux", "darwin", "win32"))
]
# an address, a local path or a place to look for packages; none may stand in a lock
ADDRESS = re.compile(
    r"[a-z]+://|\b[\w-]+\.(?:org|com|net|io|se)\b|(?:^|[\s=])(?:/|[A-Za-z]:[\\/])"
    r"|--(?:index|extra-index|find-links|trusted-host)|\bfile:",
    re.MULTILINE,
)
HEAVY = {"jupyterlab", "jupyter-server", "jupyter-events", "rfc3987-syntax", "notebook"}


def locked(lock: str) -> list[Requirement]:
    lines = lock.replace("\\\n", " ").splitlines()
    return [Requirement(line.split(" --hash")[0]) for line in lines if re.match(r"\w", line)]


def applying(lines: list[Requirement], machine: dict[str, str]) -> dict[str, list[str]]:
    versions: dict[str, list[str]] = {}
    for line in lines:
        if line.marker is None or line.marker.evaluate(machine):
            found = versions.setdefault(canonicalize_name(line.name), [])
            found.append(str(line.specifier).removeprefix("=="))
    return versions


def wrong_versions(pyproject: str, lock: str, *extras: str) -> list[str]:
    project = tomllib.loads(pyproject)["project"]
    wanted = list(project["dependencies"])
    wanted += [line for extra in extras for line in project["optional-dependencies"][extra]]
    wanted += tomllib.loads(pyproject)["build-system"]["requires"]
    lines, faults = locked(lock), []
    for machine in MACHINES:
        versions = applying(lines, machine)
        where = f"{machine['python_version']} {machine['sys_platform']}"
        faults += [f"{n}: {len(v)} versions on {where}" for n, v in versions.items() if len(v) > 1]
        for direct in map(Requirement, wanted):
            got = versions.get(canonicalize_name(direct.name), [])
            if not got:
                faults.append(f"{direct.name}: not locked on {where}")
            elif not all(direct.specifier.contains(version, prereleases=True) for version in got):
                faults.append(f"{direct.name}: {got} is outside {direct.specifier}")
    return faults


def test_locks_hold_every_direct_dependency_within_its_bounds():
    assert wrong_versions(PYPROJECT, LOCK, "test") == []
    assert wrong_versions(PYPROJECT, LAB, "test", "lab") == []


@pytest.mark.parametrize(
    ("pyproject", "lock", "fault"),
    [
        (PYPROJECT.replace('"pandas>=3.0"', '"pandas>=99"'), LOCK, "pandas: ['3"),
        (PYPROJECT.replace('"rich>=', '"polars",\n  "rich>='), LOCK, "polars: not locked"),
        (PYPROJECT, re.sub(r"^folium==.*", "# gone \\\\", LOCK, flags=re.M), "folium: not locked"),
        (PYPROJECT, LOCK.replace("numpy==2.", "numpy==1."), "numpy: ['1."),
        (PYPROJECT, LOCK + "rich==1.0\n", "rich: 2 versions"),
        (PYPROJECT, LOCK.replace("python_full_version < '3.12'", "python_full_version < '3.11'"),
         "numpy: not locked on 3.11"),
    ],
)  # fmt: skip
def test_a_version_out_of_bounds_is_caught(pyproject, lock, fault):
    assert any(found.startswith(fault) for found in wrong_versions(pyproject, lock, "test"))


def disagreements(lock: str, lab: str) -> set[str]:
    """What a run gets and the bench lacks, or gets in another version, on some machine."""
    run_lines, lab_lines = locked(lock), locked(lab)
    pairs = [(applying(run_lines, each), applying(lab_lines, each)) for each in MACHINES]
    return {name for runs, bench in pairs for name in runs if bench.get(name) != runs[name]}


def test_the_bench_has_all_that_runs_have_at_the_same_versions():
    assert disagreements(LOCK, LAB) == set()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (("\npandas==3.", "\npandas==4."), "pandas"),
        (("\nrich==", "\n# rich=="), "rich"),
        (("\nscipy==1.17", "\nscipy==1.16"), "scipy"),
    ],
)
def test_locks_that_disagree_are_caught(change, name):
    assert disagreements(LOCK, LAB.replace(*change)) == {name}


def unhashed(lock: str) -> list[str]:
    blocks = re.findall(r"^(\w[^\s=]*)==(.*?)(?=^\w|\Z)", lock, re.MULTILINE | re.DOTALL)
    whole = r"--hash=sha256:[0-9a-f]{64}\b"
    return [name for name, rest in blocks if not re.search(whole, rest)]


def test_every_locked_package_has_a_hash():
    assert len(locked(LOCK)) > 100
    assert unhashed(LOCK) == unhashed(LAB) == []


@pytest.mark.parametrize("bare", ["rich==1.0\n", "rich==1.0 \\\n    --hash=sha256:abc\n"])
def test_a_package_without_a_hash_is_caught(bare):
    assert unhashed(LOCK + bare) == ["rich"]
    assert unhashed(bare + LOCK) == ["rich"]


def addresses(lock: str) -> list[str]:
    return ADDRESS.findall(lock)


def test_locks_name_no_address_and_no_path():
    assert addresses(LOCK) == addresses(LAB) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url somewhere",
        "--find-links wheels",
        "    # via from https" + "://host/simple",
        "# python run.py lock, packages.example" + ".org",
        "-e /home/me/est",
        "# via -r C:\\est\\requirements.in",
        "rich @ file:rich.whl",
    ],
)
def test_an_address_in_a_lock_is_caught(line):
    assert addresses(f"{LOCK}{line}\n") != []


def heavy(lock: str) -> set[str]:
    return HEAVY & {canonicalize_name(line.name) for line in locked(lock)}


def test_runs_do_not_carry_jupyterlab():
    assert heavy(LOCK) == set()


def test_jupyterlab_is_found_where_it_is():
    assert "jupyterlab" in heavy(LAB)


def conda_faults(conda: str, pyproject: str, names: set[str]) -> list[str]:
    shell = yaml.safe_load(conda)
    wanted = SpecifierSet(tomllib.loads(pyproject)["project"]["requires-python"])
    own = [line for line in shell["dependencies"] if isinstance(line, str)]
    (pip,) = (line["pip"] for line in shell["dependencies"] if isinstance(line, dict))
    faults = [] if shell["name"] == "est" else ["name"]
    pythons = [SpecifierSet(line[6:]) for line in own if line.startswith("python")]
    if pythons != [wanted]:
        faults.append(f"python: {own}, not {wanted}")
    if {re.split(r"\W", line)[0] for line in own} != {"python", "pip"}:
        faults.append(f"more than Python and pip: {own}")
    files = [line.removeprefix("-r ") for line in pip]
    if len(files) != 1 or files[0] not in names:
        faults.append(f"not one of the locks: {pip}")
    return faults


def test_conda_stands_on_the_same_lock():
    assert conda_faults(CONDA, PYPROJECT, set(run.LOCKS.values())) == []
    assert all((ROOT / name).is_file() for name in run.LOCKS.values())


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("<3.14", "<3.13"), "python"),
        (("-r requirements.lock", "-r requirements.txt"), "not one of the locks"),
        (("-r requirements.lock", "-r requirements.lock\n      - -e ."), "not one of the locks"),
        (("  - pip\n", "  - pip\n  - pandas\n"), "more than Python and pip"),
        (("name: est", "name: base"), "name"),
    ],
)
def test_a_conda_shell_that_strays_is_caught(change, fault):
    (found,) = conda_faults(CONDA.replace(*change), PYPROJECT, set(run.LOCKS.values()))
    assert found.startswith(fault)


def make_faults(makefile: str, tasks: set[str]) -> list[str]:
    rules = re.findall(r"^([a-z]+):[^=\n]*\n((?:\t.*\n?)*)", makefile, re.MULTILINE)
    faults = [
        name for name, body in rules if body.strip("\n") != f"\t@$(PYTHON) run.py {name} $(ARGS)"
    ]
    phony = re.findall(r"^\.PHONY: (.*)", makefile, re.MULTILINE)
    targets = {name for name, _ in rules}
    faults += sorted(targets ^ (tasks | {"help"})) + sorted(targets ^ set(" ".join(phony).split()))
    return faults


def test_make_targets_are_one_line_each_over_run():
    assert make_faults(MAKEFILE, set(run.TASKS)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("\t@$(PYTHON) run.py test $(ARGS)", "\t.venv/bin/pytest"), "test"),
        (("run.py lint $(ARGS)\n", "run.py lint $(ARGS)\n\t@echo done\n"), "lint"),
        (("sample:\n", "sampel:\n"), "sampel"),
    ],
)
def test_a_make_target_that_strays_is_caught(change, fault):
    assert fault in make_faults(MAKEFILE.replace(*change), set(run.TASKS))
    assert make_faults(MAKEFILE, {*run.TASKS, "absent"}) == ["absent"]


def python_faults(pyproject: str, supported: tuple[tuple[int, int], ...]) -> list[str]:
    project = tomllib.loads(pyproject)["project"]
    allowed = SpecifierSet(project["requires-python"])
    minors = tuple((3, minor) for minor in range(30) if allowed.contains(f"3.{minor}.9"))
    floor = f"--python-version {supported[0][0]}.{supported[0][1]} "
    faults = [] if minors == supported else [f"pyproject allows {minors}"]
    return faults + [f"not locked from {floor}" for line in run.LOCK if floor not in line]


def test_run_supports_the_pythons_that_pyproject_names():
    assert python_faults(PYPROJECT, run.SUPPORTED) == []


def test_another_python_in_pyproject_is_caught():
    assert python_faults(PYPROJECT.replace("<3.14", "<3.15"), run.SUPPORTED) != []
    assert python_faults(PYPROJECT.replace(">=3.11", ">=3.12"), run.SUPPORTED[1:]) != []


def committable(ignored: str, folder: Path) -> set[str]:
    """Which of some typical files git would take in."""
    files = {
        "data/exempelsjo/municipality.toml",
        "data/exempelsjo/deliveries/polis/2025.csv",
        "data/exempelsjo/store/events.parquet",
        "data/exempelsjo/ledger/deliveries.csv",
        "data/storstad/municipality.toml",
        "data/storstad/deliveries/polis/2025.csv",
        "reports/2025-Q1/report.html",
        "reports/.gitkeep",
        "notebooks/1_situation.failed.ipynb",
        "notebooks/1_situation.ipynb",
        ".venv/bin/python",
        ".venv-lab.lock",
    }
    (folder / ".gitignore").write_text(ignored, "utf-8")
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    checked = subprocess.run(
        [*git, "check-ignore", "--no-index", "--stdin"],
        input="\n".join(sorted(files)), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return files - set(checked.stdout.splitlines())


COMMITTED = {
    "data/exempelsjo/municipality.toml",
    "data/exempelsjo/deliveries/polis/2025.csv",
    "reports/.gitkeep",
    "notebooks/1_situation.ipynb",
}


def test_real_data_and_derived_files_stay_out(tmp_path):
    assert committable(IGNORED, tmp_path) == COMMITTED


def test_a_gap_in_what_is_ignored_is_caught(tmp_path):
    assert committable(IGNORED.replace("/data/*\n", ""), tmp_path) > COMMITTED


def test_markers_are_judged_for_other_machines_than_this():
    assert [Marker("sys_platform == 'win32'").evaluate(m) for m in MACHINES].count(True) == 3


def imported_by(folder: Path) -> set[str]:
    """Return the top-level modules that a folder's code imports, anywhere in it."""
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom) and not node.level:
                found.add(str(node.module).split(".")[0])
    return found - {"est_analysis", *sys.stdlib_module_names}


# used by what we use (kernels, zoneinfo, TLS), or for the files that it carries
UNSEEN = {"ipykernel", "tzdata", "cryptography", "js_lib_leaflet"}
IN_THE_LAB = {"ipywidgets"}  # the bench's view, which only the lab opens
MODULES = {"pillow": "PIL", "scikit-learn": "sklearn", "django-js-lib-leaflet": "js_lib_leaflet"}
WITH_IT = {"dask": "distributed"}  # the same project in two packages


def misnamed(pyproject: str, modules: set[str]) -> tuple[set[str], set[str]]:
    """Return what is imported and not named, and what is named and not imported."""
    names = {Requirement(line).name for line in tomllib.loads(pyproject)["project"]["dependencies"]}
    named = {MODULES.get(name, name.replace("-", "_")) for name in names}
    used = {WITH_IT.get(module, module) for module in modules}
    return used - named - IN_THE_LAB, named - used - UNSEEN


def test_what_is_imported_is_named_and_what_is_named_is_imported():
    modules = imported_by(ROOT / "est_analysis")
    assert misnamed(PYPROJECT, modules) == (set(), set())
    assert misnamed(PYPROJECT.replace('"pillow>=12",', ""), modules) == ({"PIL"}, set())
    assert misnamed(PYPROJECT, modules - {"babel"}) == (set(), {"babel"})


def unexplained(pyproject: str, docs: str) -> set[str]:
    """Return the dependencies without a reason, and the reasons without a dependency."""
    wanted = tomllib.loads(pyproject)["project"]["dependencies"]
    reasons = dict(re.findall(r"^\| ([\w-]+) \| (.+\w.*) \|$", docs, re.M))
    return {Requirement(line).name for line in wanted} ^ (set(reasons) - {"package"})


def test_every_dependency_has_its_reason():
    docs = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    assert unexplained(PYPROJECT, docs) == set()
    assert unexplained(PYPROJECT.replace('"folium>=0.20",', ""), docs) == {"folium"}
    assert unexplained(PYPROJECT, docs.replace("| babel | Swedish", "| babelfish | Swe")) == {
        "babel",
        "babelfish",
    }
