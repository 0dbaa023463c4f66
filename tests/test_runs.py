"""A run's line in the log: one whole line however it ends, and nothing of what was delivered."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, datetime

import pytest

from est_analysis import runs
from est_analysis.errors import DeliveryError, ReportError, SettingsError

STARTED = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)


def ended(tmp_path, error=None, **more):
    """Run something that ends with an error, or without; return its line."""
    file = tmp_path / "loggar/est.jsonl"
    raises = nullcontext() if error is None else pytest.raises(type(error))
    with raises, runs.logged(file, STARTED, "report", "lillby") as entry:
        entry.update(more)
        if error is not None:
            raise error
    return json.loads(file.read_bytes().splitlines()[-1])


def test_what_stands_in_a_line(tmp_path):
    line = ended(tmp_path, period="2026Q3")
    assert (line["exit"], line["message"], line["period"]) == (0, "", "2026Q3")
    assert line["started"] == "2026-10-01T04:00:00+00:00"
    assert line["seconds"] >= 0


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (SettingsError("Fel.", mend="Rätta."), runs.BAD_INPUT, "Fel.\nGör så här: Rätta."),
        (DeliveryError("Fel."), runs.BAD_INPUT, "Fel."),
        (ReportError("Disken är full."), runs.FAILED, "Disken är full."),
        (KeyError("Anna Andersson 19121212-1212"), runs.FAILED, "Oväntat fel: KeyError."),
        (KeyboardInterrupt(), runs.FAILED, "Oväntat fel: KeyboardInterrupt."),
    ],
)
def test_an_error_is_told_with_its_exit_code(tmp_path, error, code, says):
    line = ended(tmp_path, error)
    assert (line["exit"], line["message"]) == (code, says)


def test_lines_are_added_and_a_cut_off_one_is_passed_over(tmp_path):
    ended(tmp_path)
    ended(tmp_path, ReportError("Nej."))
    file = tmp_path / "loggar/est.jsonl"
    with file.open("a", encoding="utf-8") as stream:
        stream.write('{"command": "rep')
    assert [one["exit"] for one in runs.entries(file)] == [0, 1]
    with file.open("ab") as stream:
        stream.write(b"\n\xff\xfe\n" + b"[" * 100_000 + b"\n7\n{")
    ended(tmp_path, SettingsError("Igen."))  # on a line of its own, though the last was cut off
    assert [one["exit"] for one in runs.entries(file)] == [0, 1, 2]
    assert runs.entries(tmp_path / "ingen") == []


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path, capsys):
    (tmp_path / "fil").write_text("", encoding="utf-8")
    with runs.logged(tmp_path / "fil/est.jsonl", STARTED, "report", "lillby"):
        pass
    assert "Loggen kunde inte skrivas" in capsys.readouterr().err
