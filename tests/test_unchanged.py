"""Nothing changed: nothing made again. Anything changed: made again, from where it hangs on it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from est_analysis import contents, municipality
from est_analysis.errors import SettingsError
from est_analysis.gather import accept, again, store
from est_analysis.reports import build as builder
from est_analysis.reports import unchanged
from est_analysis.reports.build import build
from est_analysis.reports.room import clear, room

ASKED = unchanged.Asked("2026Q3")


@pytest.fixture
def copied(made, tmp_path):
    """Return a copy of the sample with its report, that a test may spoil."""
    shutil.copytree(made, tmp_path / "made")
    return tmp_path / "made"


def stands(root, asked=ASKED):
    return unchanged.standing(root / "exempelsjo", asked, root / "reports")


def add(root, inside, text="\n"):
    file = next(iter(sorted(root.glob(inside))))
    file.write_bytes(file.read_bytes() + text.encode())
    return file


CHANGES = {
    "a delivery": "exempelsjo/deliveries/polis/*.csv",
    "a register": "exempelsjo/register/atgarder.csv",
    "a list": "exempelsjo/reference/places.csv",
    "the settings": "exempelsjo/municipality.toml",
    "the ledger": "exempelsjo/ledger/baselines.jsonl",
    "the store": "exempelsjo/store/*/links.parquet",
    "a page": "reports/exempelsjo/2026Q3/rapport.html",
    "a table": "reports/exempelsjo/2026Q3/tables/rapport/*.csv",
    "the list of reports": "reports/exempelsjo/index.html",
    "what was kept": "reports/exempelsjo/.made/*.json",
}


def test_what_nobody_touched_stands(copied):
    found = stands(copied)
    assert found.report == copied / "reports/exempelsjo/2026Q3/rapport.html"
    assert found.brief.is_file()


@pytest.mark.parametrize("what", CHANGES)
def test_what_has_changed_does_not_stand(copied, what):
    file = add(copied, CHANGES[what], "x")
    assert stands(copied) is None
    file.write_bytes(file.read_bytes()[:-1])
    assert stands(copied) is not None


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_gone_does_not_stand(copied, what):
    next(iter(sorted(copied.glob(CHANGES[what])))).unlink()
    assert stands(copied) is None


@pytest.mark.parametrize(
    "inside", ["exempelsjo/deliveries/polis/ny.csv", "exempelsjo/reference/aliases.csv"]
)
def test_a_new_file_counts_though_no_setting_names_it(copied, inside):
    (copied / inside).write_text("ny\n")
    assert stands(copied) is None


def test_another_call_or_another_program_does_not_stand(copied, monkeypatch):
    assert stands(copied, unchanged.Asked("2026Q2")) is None
    assert stands(copied, unchanged.Asked("2026Q3", language="en")) is None
    assert stands(copied, unchanged.Asked(None)) is None
    monkeypatch.setattr(contents, "of_program", lambda: "another")
    assert stands(copied) is None


def test_a_key_that_forgets_the_inputs_would_be_noticed(copied, monkeypatch):
    """The sibling: what the tests above see changed, a blind hash does not see."""
    monkeypatch.setattr(contents, "of_file", lambda file: file.name)
    kept = next((copied / "reports/exempelsjo/.made").glob("*.json"))
    text = json.loads(kept.read_text("utf-8"))

    def blind(part):
        return {k: k.rsplit("/", 1)[-1] for k in part}

    text["rested"]["inputs"] = blind(text["rested"]["inputs"])
    text["rested"]["ledger"] = blind(text["rested"]["ledger"])
    text["rested"]["program"] = contents.of_program()
    text["outputs"] = {k: blind(v) for k, v in text["outputs"].items()}
    kept.write_text(json.dumps(text))
    (kept.parent / "list").write_text("index.html")
    add(copied, CHANGES["a delivery"])
    assert stands(copied) is not None


def test_the_program_is_its_files_its_chapters_and_what_is_installed(tmp_path, monkeypatch):
    package = tmp_path / "est_analysis"
    (package / "templates").mkdir(parents=True)
    (package / "a.py").write_text("a = 1")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks/1.ipynb").write_text("{}")
    seen = [contents.of_program(package)]
    for inside, text in (
        ("est_analysis/a.py", "a = 2"),
        ("est_analysis/templates/page.html", "<p>"),
        ("notebooks/1.ipynb", "{ }"),
        ("site/pandas-9.dist-info/METADATA", ""),
    ):
        (tmp_path / inside).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / inside).write_text(text)
        monkeypatch.syspath_prepend(tmp_path / "site")
        seen.append(contents.of_program(package))
    (package / "__pycache__").mkdir()
    (package / "__pycache__/a.pyc").write_text("compiled")
    assert contents.of_program(package) == seen[-1]
    assert len(set(seen)) == len(seen)


def test_a_link_to_a_folder_above_ends(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file").write_text("x")
    (tmp_path / "a/up").symlink_to(tmp_path)
    assert list(contents.of_folder(tmp_path)) == ["a/file"]


def test_the_command_says_so_loads_little_and_ends_with_0(copied, monkeypatch):
    code = (
        "import sys\nfrom est_analysis import cli\n"
        f"sys.argv = ['est', 'report', {str(copied / 'exempelsjo')!r}, '--period', '2026Q3',"
        f" '--out', {str(copied / 'reports')!r}, '--log', {str(copied / 'log')!r}]\n"
        "try:\n    cli.main()\nexcept SystemExit as end:\n    print(end.code)\n"
        "print(sorted({'pandas', 'numpy', 'papermill', 'geopandas'} & set(sys.modules)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    assert lines[0].startswith("Ingenting har ändrats: rapporten står som den är.")
    assert lines[-2:] == ["0", "[]"]
    entry = json.loads((copied / "log").read_text("utf-8"))
    assert (entry["exit"], entry["made"], entry["period"]) == (0, [], "2026Q3")


def test_a_changed_register_is_not_gathered_anew_and_gives_what_fresh_gives(copied, monkeypatch):
    """One run reads the store; the other gathers; every byte of both reports is the same."""
    register = copied / "exempelsjo/register/atgarder.csv"
    lines = register.read_text("utf-8-sig").splitlines(keepends=True)
    register.write_text("".join(lines[:-1]), "utf-8-sig")
    shutil.copytree(copied, copied.parent / "fresh")
    gathered = []
    anew = accept.gather
    monkeypatch.setattr(accept, "gather", lambda *a, **k: gathered.append(1) or anew(*a, **k))
    assert stands(copied) is None
    build(copied / "exempelsjo", "2026Q3", out=copied / "reports")
    assert gathered == []
    other = copied.parent / "fresh"
    build(other / "exempelsjo", "2026Q3", out=other / "reports", fresh=True)
    assert gathered == [1]
    assert contents.of_folder(other / "reports") == contents.of_folder(copied / "reports")
    for inside in ("store", "ledger"):
        here, there = (contents.of_folder(r / "exempelsjo" / inside) for r in (copied, other))
        assert here == there
    assert stands(copied) is not None
    assert stands(other) is not None


@pytest.mark.parametrize(
    ("what", "stored"),
    [
        ("a register", True),
        ("a delivery", False),
        ("a list", False),
        ("the settings", False),
        ("the store", False),
    ],
)
def test_what_gathering_rests_on(copied, what, stored, monkeypatch):
    anew = object()
    monkeypatch.setattr(accept, "gather", lambda municipality: anew)
    add(copied, CHANGES[what])
    folder = copied / "exempelsjo"
    rested = unchanged.rested(folder, copied / "reports/exempelsjo")
    came = again.gather(municipality.load(folder), rested.program, rested.inputs)
    assert came.stored is stored
    assert (came.gathered is anew) is not stored
    assert again.gather(municipality.load(folder), "another", rested.inputs).stored is False


def test_a_register_that_is_also_a_list_is_gathered_from(copied):
    settings = municipality.load(copied / "exempelsjo")
    inputs = {settings.registers.measures: "1", settings.reference.places: "1"}
    both = settings.model_copy(
        update={
            "registers": settings.registers.model_copy(
                update={"measures": settings.reference.places}
            )
        }
    )
    changed = {**inputs, settings.reference.places: "2"}
    assert again.key_of(both, "", inputs) != again.key_of(both, "", changed)


def test_files_that_could_not_be_read_are_tried_again(copied, monkeypatch):
    folder = copied / "exempelsjo"
    (folder / "deliveries/polis/polis_fel.csv").write_text("fel\n1\n")
    settings = municipality.load(folder)
    rested = unchanged.rested(folder, copied / "reports/exempelsjo")
    came = again.gather(settings, rested.program, rested.inputs)
    assert came.gathered.unread
    again.remember(settings, came)
    monkeypatch.setattr(accept, "gather", lambda municipality: came.gathered)
    assert again.gather(settings, rested.program, rested.inputs).stored is False
    assert store.generation(settings) is not None


def test_a_report_of_another_run_in_the_ledger_meanwhile_is_not_rested_on(copied):
    folder, place = copied / "exempelsjo", copied / "reports/exempelsjo"
    settings, rested = municipality.load(folder), unchanged.rested(folder, place)
    shutil.rmtree(place / unchanged.RUNS)
    files = (place / "2026Q3/rapport.html", place / "2026Q3/mote.html")
    entry = {"report": "rapport", "period": "2026Q1", "edition": "internal", "language": "sv"}
    store.record_report(settings, entry)
    unchanged.remember(settings, place, ASKED, rested, [], files)
    assert stands(copied) is None
    unchanged.remember(settings, place, ASKED, rested, [entry], files)
    assert stands(copied) is not None


def test_a_dead_run_s_room_is_cleared_and_a_living_one_s_stays(tmp_path):
    dead = tmp_path / ".run-dead"
    dead.mkdir()
    (dead / ".lock").touch()
    (dead / "half.html").write_text("<p>")
    with room(tmp_path) as own:
        assert not dead.exists()
        clear(tmp_path)  # as another run would
        assert own.is_dir()
        with room(tmp_path) as second:
            assert own.is_dir()
            assert second != own
    assert list(tmp_path.glob(".run-*")) == []


def test_the_latest_quarter_is_remembered_as_it_was_asked_for(copied):
    """No period means the latest: the same folder, another call."""
    place = copied / "reports/exempelsjo"
    folder = copied / "exempelsjo"
    rested = unchanged.rested(folder, place)
    files = (place / "2026Q3/rapport.html", place / "2026Q3/mote.html")
    unchanged.remember(municipality.load(folder), place, unchanged.Asked(), rested, [], files)
    assert stands(copied, unchanged.Asked()) is not None
    assert builder.QUARTERLY.file in files[0].name


def test_reports_never_lie_in_the_municipality_s_own_folder(copied):
    """All of it would be left out of what the run rests on, and a late delivery never seen."""
    folder = copied / "exempelsjo"
    with pytest.raises(OSError, match="own files"):
        unchanged.rested(folder, folder)
    with pytest.raises(SettingsError, match="kommunens egen mapp"), room(folder):
        pass
    assert not list(folder.glob(".run-*"))
    with room(folder / "reports"):  # inside it, they are told apart
        assert list(unchanged.rested(folder, folder / "reports").inputs) == list(
            unchanged.rested(folder, copied / "reports").inputs
        )
