"""The store can be made again to the byte; the ledger only grows; no file is ever half written."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import threading
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pyarrow import parquet

from benchmarks import faults
from est_analysis import municipality
from est_analysis.errors import ReportError
from est_analysis.gather import accept, files, store

HEAD = "id;kod;datum;x;y;plats\n"
MORE = HEAD + "9;K1;2026-07-05;;;\n"


def parquets(settings):
    return {name for name in faults.tree(settings.folder) if name.endswith(".parquet")}


def ledger(settings, name="deliveries"):
    return (settings.path("ledger") / f"{name}.jsonl").read_text(encoding="utf-8")


@pytest.fixture
def lillby(make_folder):
    return municipality.load(make_folder())


@pytest.fixture
def stored(lillby):
    store.write_store(lillby, accept.gather(lillby))
    return lillby


def deliver(settings, text=MORE, name="b.csv"):
    (settings.folder / "deliveries/polis" / name).write_text(text, encoding="utf-8")


def test_the_store_is_the_same_to_the_byte(stored):
    first = faults.tree(stored.folder)
    store.write_store(stored, accept.gather(stored))
    assert faults.tree(stored.folder) == first
    shutil.rmtree(stored.path("store"))
    store.write_store(stored, accept.gather(stored))
    assert faults.tree(stored.folder) == first
    deliver(stored)
    store.write_store(stored, accept.gather(stored))
    assert faults.tree(stored.folder) != first


@pytest.mark.parametrize("delivery", [None, HEAD])
def test_the_store_gives_back_what_was_accepted(make_folder, delivery):
    files_ = None if delivery is None else {"deliveries/polis/a.csv": delivery}
    settings = municipality.load(make_folder(files_))
    gathered = accept.gather(settings)
    store.write_store(settings, gathered)
    again = store.read_store(settings)
    for name in ("events", "quarantine", "accounting", "near_misses", "links", "stacks"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(gathered, name))


def test_a_delivered_file_is_a_partition_of_its_own(stored):
    deliver(stored)
    generation = store.write_store(stored, accept.gather(stored))
    inside = store.partition("polis", "deliveries/polis/b.csv")
    assert list(pd.read_parquet(generation / inside)["event_id"]) == ["polis:9"]
    assert parquet.read_schema(generation / inside).metadata[b"est_version"] == b"1"
    assert sum("/events/" in name for name in parquets(stored)) == 2
    assert (stored.path("store") / "current").read_text().strip() == generation.name


def test_no_name_of_a_source_or_a_file_leads_out_or_collides():
    names = [store.partition(s, f) for s in ("..", "a/../b", "å") for f in ("../x.csv", "x/x.csv")]
    assert len(set(names)) == len(names)
    assert all(Path(name).parts[0] == "events" and ".." not in Path(name).parts for name in names)
    assert len(Path(store.partition("s" * 300, "f" * 300)).name) < 100


def spoil(generation: Path, how: str) -> None:
    events = next(generation.glob("events/*/*.parquet"))
    manifest = generation / "manifest.json"
    if how == "a file is gone":
        events.unlink()
    elif how == "a file is cut off":
        events.write_bytes(events.read_bytes()[:-100])
    elif how == "a byte is another":
        events.write_bytes(bytes([events.read_bytes()[0] ^ 1]) + events.read_bytes()[1:])
    elif how == "the manifest is another":
        manifest.write_bytes(manifest.read_bytes().replace(b'"version": 1', b'"version": 2'))
    elif how == "the manifest is gone":
        manifest.unlink()
    elif how == "all is gone":
        shutil.rmtree(generation)


@pytest.mark.parametrize(
    "how",
    [
        *("a file is gone", "a file is cut off", "a byte is another", "all is gone"),
        *("the manifest is another", "the manifest is gone"),
    ],
)
def test_a_store_that_is_not_whole_is_refused_and_made_anew(stored, how):
    whole = faults.tree(stored.folder)
    generation = stored.path("store") / faults.current(stored.folder)
    spoil(generation, how)
    with pytest.raises(ReportError, match="Lagret går inte att använda") as caught:
        store.read_store(stored)
    assert "Ta bort mappen store" in caught.value.mend
    store.write_store(stored, accept.gather(stored))
    assert faults.tree(stored.folder) == whole


def renamed(settings, manifest: dict) -> None:
    """Plant a generation that agrees with its own manifest, whatever that says."""
    folder = settings.path("store")
    content = json.dumps(manifest).encode()
    former = folder / faults.current(settings.folder)
    (former / "manifest.json").write_bytes(content)
    name = hashlib.sha256(content).hexdigest()[:16]
    former.rename(folder / name)
    (folder / "current").write_text(name)


def test_a_store_of_another_version_or_schema_is_refused(stored):
    generation = stored.path("store") / faults.current(stored.folder)
    manifest = json.loads((generation / "manifest.json").read_text())
    renamed(stored, {**manifest, "version": store.VERSION + 1})
    with pytest.raises(ReportError, match="annan version"):
        store.read_store(stored)
    renamed(stored, {**manifest, "files": {}})
    with pytest.raises(ReportError, match="tabellen events saknas"):
        store.read_store(stored)
    generation = stored.path("store") / faults.current(stored.folder)
    table = pd.read_parquet(generation / "accounting.parquet").assign(accepted=99)
    table.to_parquet(generation / "accounting.parquet")
    digest = hashlib.sha256((generation / "accounting.parquet").read_bytes()).hexdigest()
    lines = {**manifest["files"], "accounting.parquet": digest}
    renamed(stored, {**manifest, "files": lines})
    with pytest.raises(ReportError, match="håller inte sitt schema"):
        store.read_store(stored)


def test_no_store_is_said_and_a_store_can_be_taken_away(stored):
    store.remove_store(stored)
    assert set(faults.tree(stored.folder)) == {"store/.lock"}
    with pytest.raises(ReportError, match="Det finns inget lager") as caught:
        store.read_store(stored)
    assert "est report" in caught.value.mend


def test_what_dead_runs_left_is_cleared_and_nothing_else(stored):
    folder = stored.path("store")
    (folder / ".new-dead/events").mkdir(parents=True)
    (folder / ".new-dead/events/a.parquet").write_text("half")
    (folder / ".current.dead").write_text("half")
    (folder / ("0" * 16)).mkdir()
    (folder / "events.parquet").write_text("of the former layout")
    (folder / "anteckning.txt").write_text("not ours")
    store.write_store(stored, accept.gather(stored))
    names = {path.name for path in folder.iterdir()}
    assert names == {".lock", "current", "anteckning.txt", faults.current(stored.folder)}


def test_a_reader_in_the_middle_of_a_change_gets_the_new_store(stored, monkeypatch):
    former = store._read
    calls = []

    def change_first(generation):
        if not calls:
            calls.append(generation)
            deliver(stored)
            store.write_store(stored, accept.gather(stored))
        return former(generation)

    monkeypatch.setattr(store, "_read", change_first)
    assert len(store.read_store(stored).events) == 3
    assert calls


def test_a_file_is_written_whole(tmp_path):
    file = tmp_path / "a.txt"
    files.write_whole(file, b"old")
    files.write_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("content", [b"new", "no bytes"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, content):
    file = tmp_path / "a.txt"
    files.write_whole(file, b"old")

    def fail(*args):
        raise OSError("disken är full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises((OSError, TypeError)):
        files.write_whole(file, content)
    monkeypatch.undo()
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


# ------------------------------------------------------------------ killed at any moment

posix = pytest.mark.skipif(os.name != "posix", reason="kills by signal")


def careless(settings, gathered):
    """Write the store as one would at first: in place, and named before it is there."""
    folder = settings.path("store")
    folder.mkdir(exist_ok=True)
    shutil.rmtree(folder / "scratch", ignore_errors=True)
    (folder / "scratch").mkdir()
    name = store._fill(folder / "scratch", gathered)
    (folder / "current").write_text(name)
    shutil.rmtree(folder / name, ignore_errors=True)
    for inside in sorted((folder / "scratch").rglob("*")):
        there = folder / name / inside.relative_to(folder / "scratch")
        if inside.is_dir():
            there.mkdir(parents=True)
        else:
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(inside.read_bytes())
    shutil.rmtree(folder / "scratch")


def kills(folder: Path, n: int, write=store.write_store):
    """Kill at `n` moments spread over the writing; return what was wrong after each."""
    start = folder.with_name("start")
    folder.rename(start)
    shutil.copytree(start, folder)
    code, touches = faults.child(folder, write=write)
    assert code == 0
    expected = faults.tree(folder)
    allowed = {faults.current(start), faults.current(folder)}
    found = []
    for at in sorted({round(1 + (touches - 1) * i / (n - 1)) for i in range(n)}):
        shutil.rmtree(folder)
        shutil.copytree(start, folder)
        code, _ = faults.child(folder, at=at, write=write)
        assert code == -signal.SIGKILL
        found.append(faults.damage(folder, allowed))
        faults.run(folder, write)
        if write is store.write_store:
            assert faults.tree(folder) == expected
    return found


@posix
def test_a_run_killed_at_any_moment_leaves_a_whole_store_and_the_next_the_same_bytes(stored):
    store.record_deliveries(stored, accept.gather(stored), store.input_hashes(stored))
    deliver(stored)
    assert kills(stored.folder, 7) == [""] * 7


@posix
def test_a_writer_that_is_not_atomic_is_caught(stored):
    deliver(stored)
    assert any(
        "Lagret går inte att använda" in wrong for wrong in kills(stored.folder, 7, careless)
    )


def test_two_runs_at_once_leave_one_whole_store(stored):
    fewer = accept.gather(stored)
    deliver(stored)
    gathered = accept.gather(stored)
    errors = []

    def write(tables):
        try:
            for number in range(5):
                store.write_store(stored, tables)
                store.append(stored, "reports", [{"by": len(tables.events), "number": number}])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(tables,)) for tables in (gathered, fewer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(store.read_store(stored).events) in {2, 3}
    assert len(store.entries(stored, "reports")) == 10
    left = {path.name for path in stored.path("store").iterdir()}
    assert left == {".lock", "current", faults.current(stored.folder)}


def test_one_who_does_not_let_go_is_said(tmp_path, monkeypatch):
    other = files.alone(tmp_path, patience_s=0.1)
    with files.alone(tmp_path), pytest.raises(ReportError, match="En annan körning") as caught:
        other.__enter__()
    assert str(tmp_path) in str(caught.value)
    with files.alone(tmp_path, patience_s=0.1):
        pass  # and it is let go of


# ------------------------------------------------------------------ full, or closed to us


def full(folder: Path, bytes_: int) -> None:
    """Run where no file can grow above so many bytes, in a process of its own."""
    import resource  # there is none on Windows

    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))
    try:
        faults.run(folder)
    except ReportError as error:
        os._exit(7 if "disken är full" in str(error) else 8)


@posix
@pytest.mark.parametrize("bytes_", [0, 3000, 6000])
def test_a_full_disk_is_said_and_leaves_the_former_store(stored, bytes_):
    before = faults.tree(stored.folder)
    deliver(stored)
    process = faults._children.Process(target=full, args=(stored.folder, bytes_))
    process.start()
    process.join()
    assert process.exitcode == 7
    assert faults.tree(stored.folder) == before
    assert len(store.read_store(stored).events) == 2


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EIO])
def test_a_folder_that_cannot_be_written_is_said(stored, monkeypatch, code):
    before = faults.tree(stored.folder)
    deliver(stored)
    gathered = accept.gather(stored)

    def refuse(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(store.tempfile, "mkdtemp", refuse)
    monkeypatch.setattr(store, "append_whole", refuse)
    says = {errno.EROFS: "går inte att skriva", errno.EACCES: "går inte att skriva"}
    says |= {errno.ENOSPC: "disken är full", errno.EIO: os.strerror(errno.EIO)}
    with pytest.raises(ReportError, match=says[code]) as caught:
        store.write_store(stored, gathered)
    assert "Det förra lagret står kvar" in caught.value.mend
    assert caught.value.where == str(stored.path("store"))
    with pytest.raises(ReportError, match=says[code]):
        store.record_deliveries(stored, gathered, store.input_hashes(stored))
    monkeypatch.undo()
    after = faults.tree(stored.folder)
    assert {name: after[name] for name in before} == before


# ------------------------------------------------------------------ the ledger


def test_every_file_that_a_report_rests_on_is_hashed(make_folder):
    files_ = {
        "deliveries/polis/a.csv": HEAD,
        "deliveries/polis/b.csv": HEAD,
        "deliveries/polis/~$b.csv": "",
        "reference/koder.csv": "kod;grupp\n",
        "reference/places.csv": "name;place_type;x;y;area\n",
        "reference/bra.csv": "Region;Brott;År;Period;Antal;/100 000 inv\n",
        "register/problem.csv": "id\n",
        "register/annat.csv": "id\n",
    }
    folder = make_folder(
        files_,
        source={"codes": "reference/koder.csv"},
        reference={"places": "reference/places.csv", "comparison": ["reference/bra.csv"]},
        registers={"problems": "register/problem.csv"},
    )
    hashes = store.input_hashes(municipality.load(folder))
    left_out = {"deliveries/polis/~$b.csv", "register/annat.csv"}
    assert list(hashes) == sorted({"municipality.toml", *files_} - left_out)
    assert hashes["deliveries/polis/a.csv"] == hashlib.sha256(HEAD.encode()).hexdigest()


def test_a_delivery_is_entered_once_and_nothing_is_rewritten(lillby):
    gathered = accept.gather(lillby)
    hashes = store.input_hashes(lillby)
    store.record_deliveries(lillby, gathered, hashes, seen=date(2026, 10, 1))
    first = ledger(lillby)
    store.record_deliveries(lillby, gathered, hashes)
    store.record_deliveries(lillby, gathered, hashes, seen=date(2026, 12, 24))
    assert ledger(lillby) == first
    entry = json.loads(first)
    assert entry["sha256"] == hashes["deliveries/polis/a.csv"]
    assert (entry["rows"], entry["accepted"], entry["seen"]) == (2, 2, "2026-10-01")

    deliver(lillby)
    store.record_deliveries(lillby, accept.gather(lillby), store.input_hashes(lillby))
    assert ledger(lillby).startswith(first)
    assert ledger(lillby).count("\n") == 2


def test_alike_in_one_go_are_one_entry(lillby):
    store.append(lillby, "deliveries", [{"file": "a"}, {"file": "a"}, {"file": "b"}])
    assert ledger(lillby) == '{"file": "a"}\n{"file": "b"}\n'


def test_reports_come_back_in_the_order_they_were_entered(lillby):
    assert store.earlier_reports(lillby) == []
    entries = [{"period": "2026Q3", "text": "Å\u2028ä\x85"}, {"period": "2026Q2"}]
    for entry in (*entries, *entries):
        store.record_report(lillby, entry)
    assert store.earlier_reports(lillby) == entries


@pytest.mark.parametrize("torn", ['{"period": "2026', '{"period": "2026Q2", "text": "å'])
def test_a_line_that_was_cut_off_spoils_no_other(lillby, torn):
    entries = [{"period": period} for period in ("2026Q2", "2026Q3")]
    store.record_report(lillby, entries[0])
    file = lillby.path("ledger") / "reports.jsonl"
    file.write_bytes(file.read_bytes() + torn.encode()[:-1])
    assert store.earlier_reports(lillby) == entries[:1]
    store.record_report(lillby, entries[1])
    assert store.earlier_reports(lillby) == entries
    assert ledger(lillby, "reports").count("\n") == 2


def test_a_whole_line_without_its_end_is_kept(lillby):
    file = lillby.path("ledger") / "reports.jsonl"
    file.parent.mkdir()
    file.write_text('{"period": "2026Q2"}')
    store.record_report(lillby, {"period": "2026Q3"})
    assert [entry["period"] for entry in store.earlier_reports(lillby)] == ["2026Q2", "2026Q3"]


def test_a_spoiled_line_within_is_said(lillby):
    store.record_report(lillby, {"period": "2026Q2"})
    file = lillby.path("ledger") / "reports.jsonl"
    file.write_text(file.read_text() + '{"period": "2026\n')
    store.record_report(lillby, {"period": "2026Q3"})
    with pytest.raises(ReportError, match="liggaren") as caught:
        store.earlier_reports(lillby)
    assert "reports.jsonl, rad 2" in str(caught.value)


def test_an_addition_that_fails_leaves_the_ledger_as_it_was(tmp_path, monkeypatch):
    file = tmp_path / "a.jsonl"
    files.append_whole(file, b"one\n")

    def fail(handle):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="full"):
        files.append_whole(file, b"two\n")
    monkeypatch.undo()
    assert file.read_bytes() == b"one\n"


def test_a_typology_is_frozen_once_and_comes_back_as_it_was(lillby):
    entry = {"version": 1, "kind": "event", "fitted": "2025", "fit": 0.1 + 0.2, "types": []}
    assert store.frozen_typologies(lillby) == []
    store.freeze_typologies(lillby, [entry])
    store.freeze_typologies(lillby, [entry, {**entry, "fitted": "2026"}])
    assert store.frozen_typologies(lillby) == [entry, {**entry, "fitted": "2026"}]
