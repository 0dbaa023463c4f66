"""
What tests share: a municipality small enough to be read in the test that uses it.

``make_folder`` writes a folder with one source, *polis*, of two ordinary rows; a test states only
what differs:

    folder = make_folder({"deliveries/polis/a.csv": "id;kod;datum;x;y;plats\\n..."})
    folder = make_folder(source={"decimal": ".", "drop": ["K9"]}, columns={"end": "till"})
    folder = make_folder(files={...}, reference={"places": "reference/places.csv"})
    settings = municipality.load(folder)
"""

from __future__ import annotations

import json
import os
import shutil

import pytest
from browsing import browser  # noqa: F401 - a fixture
from hypothesis import settings

settings.register_profile(
    "same-every-time", derandomize=True, database=None, deadline=None, max_examples=30
)
settings.load_profile("same-every-time")

LONGEST = (
    *("test_unchanged", "test_next_quarter", "test_notebooks", "test_english", "test_build"),
    *("test_broken", "test_fleet", "test_published", "test_maps", "test_lab", "test_browser"),
    *("test_install", "test_site", "test_one_report", "test_same_answer", "test_sample"),
)
"""The files that take longest, longest first."""


def pytest_configure(config):
    """Let workers take files in the order below, not those of most tests first."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    """Begin with what takes longest, so that no worker is left alone with it at the end."""
    order = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


def _copy_of_the_sample(folder):
    from est_analysis import municipality

    ignore = shutil.ignore_patterns("store", "ledger")
    shutil.copytree(municipality.EXAMPLES / "exempelsjo", folder, ignore=ignore)


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """Return a copy of the sample municipality, without store or ledger, that tests may run on."""
    folder = tmp_path_factory.mktemp("home") / "exempelsjo"
    _copy_of_the_sample(folder)
    return folder


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """
    Return where the sample and its report for 2026Q3 lie, made once for all workers: only read it.

    ``exempelsjo`` is the municipality, with the store and the ledger of that one run; ``reports``
    is what the run wrote.
    """
    from filelock import FileLock

    from est_analysis.reports.build import build

    own = tmp_path_factory.getbasetemp()
    place = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "made"
    with FileLock(f"{place}.lock"):
        if not place.exists():
            half = place.with_name("half")
            shutil.rmtree(half, ignore_errors=True)
            _copy_of_the_sample(half / "exempelsjo")
            run = build(half / "exempelsjo", "2026Q3", out=half / "reports")
            unread = [one.file for one in run.unread]
            (half / "unread.json").write_text(json.dumps(unread), encoding="utf-8")
            half.rename(place)
    return place


@pytest.fixture(scope="session")
def built(made):
    """Return the sample's report and brief for 2026Q3, for all tests that only read."""
    from est_analysis.reports.build import Built

    folder = made / "reports/exempelsjo/2026Q3"
    unread = tuple(json.loads((made / "unread.json").read_text(encoding="utf-8")))
    return Built(folder, folder / "rapport.html", folder / "mote.html", unread)


TOP = {
    "name": "Lillby",
    "code": "9998",
    "purpose": "prov",
    "controller": "Kommunstyrelsen",
    "crs": "EPSG:3006",
}
SOURCE = {
    "partner": "Polisen",
    "kind": "reported_crime",
    "files": "deliveries/polis/*.csv",
    "format": "csv",
    "codes": {"K1": "Skadegörelse", "K2": "Klotter"},
}
COLUMNS = {"id": "id", "code": "kod", "start": "datum", "x": "x", "y": "y", "place": "plats"}
DELIVERY = """id;kod;datum;x;y;plats
1;K1;2026-07-01 21:30;500100;6500100;Torget
2;K2;2026-07-02;500900;6500900;Parken
"""


def write(folder, files):
    """Write each file of {path inside the folder: text or bytes}, text as UTF-8."""
    for inside, content in files.items():
        file = folder / inside
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())


def _toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{k}" = {_toml(v)}' for k, v in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def _table(header, values):
    """One TOML table; a value of None leaves its key out."""
    lines = [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]
    return "\n".join([f"[{header}]" if header else "", *lines, ""])


@pytest.fixture
def make_folder(tmp_path):
    """
    Return a function that writes a municipality's folder and returns its path.

    `files` maps paths inside the folder to text or bytes, and replaces the ordinary delivery when
    it holds any delivery. `top`, `source` and `columns` are laid over TOP, SOURCE and COLUMNS
    (None takes a key away); other tables (``thresholds``, ``reference``, ``registers``, ...) are
    given by name. `more` is TOML text added at the end, for example a second source. A second call
    with the same `name` writes over the first.
    """

    def make(files=None, *, top=None, source=None, columns=None, more="", name="lillby", **tables):
        folder = tmp_path / name
        files = dict(files or {})
        if not any(inside.startswith("deliveries/") for inside in files):
            files["deliveries/polis/a.csv"] = DELIVERY
        text = _table("", {**TOP, **(top or {})})
        for header, values in tables.items():
            text += _table(header, values)
        text += _table("sources.polis", {**SOURCE, **(source or {})})
        text += _table("sources.polis.columns", {**COLUMNS, **(columns or {})})
        write(folder, {"municipality.toml": text + more, **files})
        return folder

    return make
