"""Gallring: what is due is listed, and goes only under a decision, and leaves a trace."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date, datetime, timedelta

import pytest
from commanding import est

from benchmarks import faults
from est_analysis import municipality
from est_analysis.errors import ReportError, SettingsError
from est_analysis.gather import accept, retention, store

HEAD = "id;kod;datum;x;y;plats\n"
OLD = "deliveries/polis/2024.csv"
NEW = "deliveries/polis/2026.csv"
DELIVERED = {
    OLD: HEAD + "1;K1;2024-01-05 21:30;500100;6500100;Torget\n2;okänd;2024-02-01;;;\n",
    NEW: HEAD + "3;K1;2026-07-05;;;\n",
}
SEEN = {OLD: date(2024, 4, 1), NEW: date(2026, 10, 1)}
TODAY = date(2026, 11, 22)
DECIDED = {"decision": "KS 2026/123"}


@pytest.fixture
def make(make_folder):
    """Return a function that makes a folder whose two files were read on the days of SEEN."""

    def make(rules=DECIDED, recorded=True, files=DELIVERED, **options):
        settings = municipality.load(make_folder(files, retention=rules, **options))
        gathered = accept.gather(settings)
        hashes = store.input_hashes(settings)
        for file, day in SEEN.items() if recorded else ():
            own = gathered.accounting[gathered.accounting["file"] == file]
            one = accept.Gathered(gathered.events, gathered.quarantine, own, gathered.geography)
            store.record_deliveries(settings, one, hashes, seen=day)
        store.write_store(settings, gathered)
        return settings

    return make


def names(listed):
    return [raw.file for raw in listed]


def test_days_are_counted_from_when_the_ledger_first_saw_the_content(make):
    settings = make()
    (raw,) = retention.due(settings, TODAY)
    assert (raw.file, raw.seen, raw.rows, raw.quarantined) == (OLD, SEEN[OLD], 2, 1)
    assert raw.due == SEEN[OLD] + timedelta(days=730)
    assert names(retention.due(settings, raw.due)) == [OLD]
    assert retention.due(settings, raw.due - timedelta(days=1)) == []
    assert names(retention.kept(settings)) == [OLD, NEW]


def test_other_content_is_another_delivery(make):
    settings = make()
    settings.path(OLD).write_text(DELIVERED[OLD] + "5;K1;2024-03-01;;;\n")
    (raw,) = (raw for raw in retention.kept(settings) if raw.file == OLD)
    assert raw.seen == date.fromtimestamp(settings.path(OLD).stat().st_mtime)
    assert raw.rows is None


def test_a_file_that_the_ledger_never_saw_counts_from_its_last_change(make):
    settings = make(recorded=False)
    long_ago = datetime(2020, 5, 1, 12).timestamp()
    os.utime(settings.path(NEW), (long_ago, long_ago))
    os.utime(settings.path(OLD), (long_ago, long_ago + 86_400 * 3650))
    (raw,) = retention.due(settings, TODAY)
    assert (raw.file, raw.seen, raw.rows) == (NEW, date(2020, 5, 1), None)


def test_a_file_that_no_source_reads_is_raw_too_and_an_empty_form_is_not(make):
    stray = {"deliveries/gammal/utdrag.txt": "x", "deliveries/polis/~$2024.csv": "x"}
    settings = make(files={**DELIVERED, **stray, "deliveries/polis/mall.csv": HEAD})
    gathered = accept.gather(settings)
    store.record_deliveries(settings, gathered, store.input_hashes(settings), seen=SEEN[OLD])
    assert names(retention.kept(settings)) == [OLD, NEW, "deliveries/gammal/utdrag.txt"]


@pytest.mark.parametrize("rules", [{}, {"decision": ""}, {"decision": "  "}])
def test_without_a_decision_nothing_is_deleted(make, rules):
    settings = make(rules)
    before = faults.tree(settings.folder)
    with pytest.raises(SettingsError, match="Gallring kräver gruppens beslut") as caught:
        retention.delete(settings, TODAY)
    assert "diarienummer" in caught.value.mend
    assert settings.path(OLD).exists()
    assert faults.tree(settings.folder) == before


def test_what_is_due_is_deleted_under_the_decision_and_entered(make):
    settings = make()
    content = settings.path(OLD).read_bytes()
    (raw,) = retention.delete(settings, TODAY)
    assert not settings.path(OLD).exists()
    assert settings.path(NEW).exists()
    (entry,) = store.entries(settings, "retention")
    assert entry == {
        "file": OLD,
        "sha256": raw.sha256,
        "rows": 2,
        "quarantined": 1,
        "seen": "2024-04-01",
        "decision": "KS 2026/123",
        "day": "2026-11-22",
    }
    assert retention.delete(settings, TODAY) == []
    assert len(store.entries(settings, "retention")) == 1
    trace = b"".join(faults.tree(settings.folder).values())
    assert content.splitlines()[1] not in trace
    with pytest.raises(ReportError, match="Det finns inget lager"):
        store.read_store(settings)


def stores_differ(settings, never):
    return {
        name: content
        for name, content in faults.tree(settings.folder).items()
        if name.startswith("store/")
    } != {
        name: content
        for name, content in faults.tree(never.folder).items()
        if name.startswith("store/")
    }


def test_the_store_after_deletion_is_that_of_a_folder_that_never_had_the_file(make):
    settings = make()
    never = make(recorded=False, files={NEW: DELIVERED[NEW]}, name="aldrig")
    assert stores_differ(settings, never)
    retention.delete(settings, TODAY)
    store.write_store(settings, accept.gather(settings))
    assert not stores_differ(settings, never)


def test_a_run_that_is_cut_off_before_the_file_goes_is_made_good(make, monkeypatch):
    settings = make()

    def fail(*args, **kwargs):
        raise PermissionError(13, "no")

    with monkeypatch.context() as patch, pytest.raises(ReportError, match="Filen kunde inte"):
        patch.setattr(type(settings.path(OLD)), "unlink", fail)
        retention.delete(settings, TODAY)
    assert len(store.entries(settings, "retention")) == 1
    assert names(retention.due(settings, TODAY)) == [OLD]
    retention.delete(settings, TODAY + timedelta(days=1))
    assert len(store.entries(settings, "retention")) == 1
    assert not settings.path(OLD).exists()


@pytest.mark.skipif(os.name != "posix", reason="links")
@pytest.mark.parametrize("link", ["file", "folder"])
def test_a_link_and_what_lies_outside_is_never_deleted(make, tmp_path, link):
    settings = make()
    outside = tmp_path / "utanför"
    outside.mkdir()
    target = outside / "2023.csv"
    target.write_text(DELIVERED[OLD])
    old = datetime(2020, 5, 1).timestamp()
    os.utime(target, (old, old))
    if link == "file":
        (settings.folder / "deliveries/polis/2023.csv").symlink_to(target)
    else:
        shutil.move(settings.folder / "deliveries/polis/2024.csv", outside / "2024.csv")
        shutil.move(settings.folder / "deliveries/polis/2026.csv", outside / "2026.csv")
        (settings.folder / "deliveries/polis").rmdir()
        (settings.folder / "deliveries/polis").symlink_to(outside)
    (raw,) = (raw for raw in retention.due(settings, TODAY) if raw.file.endswith("2023.csv"))
    assert raw.linked
    assert "deliveries/polis/2023.csv" not in names(retention.delete(settings, TODAY))
    assert target.read_text() == DELIVERED[OLD]
    assert (settings.folder / "deliveries/polis/2023.csv").exists()


def test_emptied_sources_and_too_short_a_time_are_told(make):
    settings = make(files={OLD: DELIVERED[OLD]})
    assert retention.emptied(settings) == []
    retention.delete(settings, TODAY)
    assert retention.emptied(settings) == ["polis"]
    assert retention.shorter_than_history(settings) == 4 * 366 - 730
    kept = make({"raw_days": 2000})
    assert retention.shorter_than_history(kept) == 0


def test_the_command_lists_refuses_and_deletes(make):
    undecided = make({})
    shown = est("retention", str(undecided.folder))
    assert shown.returncode == 0
    assert OLD in shown.stdout
    assert NEW not in shown.stdout
    refused = est("retention", str(undecided.folder), "--delete")
    assert refused.returncode == 2
    assert "Gallring kräver gruppens beslut" in refused.stderr
    assert undecided.path(OLD).exists()
    decided = make()
    deleted = est("retention", str(decided.folder), "--delete")
    assert "borttagen" in deleted.stdout
    assert not decided.path(OLD).exists()
    assert "Inget ska gallras" in est("retention", str(decided.folder)).stdout
    (entry,) = store.entries(decided, "retention")
    assert json.dumps(entry)
