"""The store can be made again to the byte; the ledger only grows; no file is ever half written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from est_analysis import municipality
from est_analysis.errors import ReportError
from est_analysis.gather import accept, store

HEAD = "id;kod;datum;x;y;plats\n"


def parquets(settings):
    return {file.name: file.read_bytes() for file in settings.path("store").iterdir()}


def ledger(settings, name="deliveries"):
    return (settings.path("ledger") / f"{name}.jsonl").read_text(encoding="utf-8")


@pytest.fixture
def lillby(make_folder):
    return municipality.load(make_folder())


def test_the_store_is_the_same_to_the_byte(lillby):
    store.write_store(lillby, accept.gather(lillby))
    first = parquets(lillby)
    store.write_store(lillby, accept.gather(lillby))
    assert parquets(lillby) == first
    assert set(first) == {"events.parquet", "quarantine.parquet", "accounting.parquet"}


def test_the_store_gives_back_what_was_accepted(lillby):
    gathered = accept.gather(lillby)
    store.write_store(lillby, gathered)
    for name in ("events", "quarantine", "accounting"):
        again = pd.read_parquet(lillby.path("store") / f"{name}.parquet")
        # Parquet has no seconds: wall times come back in milliseconds
        pd.testing.assert_frame_equal(again, getattr(gathered, name), check_dtype=name != "events")


def test_a_file_is_written_whole(tmp_path):
    file = tmp_path / "a.txt"
    store.write_whole(file, b"old")
    store.write_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("step", ["replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    file = tmp_path / "a.txt"
    store.write_whole(file, b"old")

    def fail(*args):
        raise OSError("disken är full")

    monkeypatch.setattr(Path, step, fail)
    with pytest.raises(OSError, match="full"):
        store.write_whole(file, b"new")
    monkeypatch.undo()
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_write_cut_off_in_the_middle_leaves_the_old_file(tmp_path):
    file = tmp_path / "a.txt"
    store.write_whole(file, b"old")
    with pytest.raises(TypeError):
        store.write_whole(file, "no bytes")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_every_file_that_a_report_rests_on_is_hashed(make_folder):
    files = {
        "deliveries/polis/a.csv": HEAD,
        "deliveries/polis/b.csv": HEAD,
        "deliveries/polis/~$b.csv": "",
        "reference/koder.csv": "kod;grupp\n",
        "reference/places.csv": "name;place_type;x;y;area\n",
        "register/problem.csv": "id\n",
        "register/annat.csv": "id\n",
    }
    folder = make_folder(
        files,
        source={"codes": "reference/koder.csv"},
        reference={"places": "reference/places.csv"},
        registers={"problems": "register/problem.csv"},
    )
    hashes = store.input_hashes(municipality.load(folder))
    left_out = {"deliveries/polis/~$b.csv", "register/annat.csv"}
    assert list(hashes) == sorted({"municipality.toml", *files} - left_out)
    assert hashes["deliveries/polis/a.csv"] == hashlib.sha256(HEAD.encode()).hexdigest()


def test_a_delivery_is_entered_once_and_nothing_is_rewritten(lillby):
    gathered = accept.gather(lillby)
    hashes = store.input_hashes(lillby)
    store.record_deliveries(lillby, gathered, hashes)
    first = ledger(lillby)
    store.record_deliveries(lillby, gathered, hashes)
    assert ledger(lillby) == first
    entry = json.loads(first)
    assert entry["sha256"] == hashes["deliveries/polis/a.csv"]
    assert (entry["rows"], entry["accepted"]) == (2, 2)

    (lillby.folder / "deliveries/polis/b.csv").write_text(HEAD + "9;K1;2026-07-05;;;\n")
    store.record_deliveries(lillby, accept.gather(lillby), store.input_hashes(lillby))
    assert ledger(lillby).startswith(first)
    assert ledger(lillby).count("\n") == 2


def test_alike_in_one_go_are_one_entry(lillby):
    store._append(lillby, "deliveries", [{"file": "a"}, {"file": "a"}])
    assert ledger(lillby) == '{"file": "a"}\n'


def test_reports_come_back_in_the_order_they_were_entered(lillby):
    assert store.earlier_reports(lillby) == []
    entries = [{"period": "2026Q3", "text": "Å\u2028ä\x85"}, {"period": "2026Q2"}]
    for entry in (*entries, *entries):
        store.record_report(lillby, entry)
    assert store.earlier_reports(lillby) == entries


def test_a_line_that_was_cut_off_spoils_no_other(lillby):
    store.record_report(lillby, {"period": "2026Q2"})
    file = lillby.path("ledger") / "reports.jsonl"
    with file.open("a", encoding="utf-8") as handle:
        handle.write('{"period": "2026')
    store.record_report(lillby, {"period": "2026Q3"})
    assert ledger(lillby, "reports").splitlines()[2] == '{"period": "2026Q3"}'
    with pytest.raises(ReportError, match="liggaren") as caught:
        store.earlier_reports(lillby)
    assert "reports.jsonl, rad 2" in str(caught.value)
