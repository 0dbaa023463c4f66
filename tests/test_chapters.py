"""A chapter that takes too long, dies or finds no memory: which, and what to do."""

from __future__ import annotations

import os
import time

import nbformat
import pytest

from est_analysis.errors import ReportError
from est_analysis.reports.build import run_chapter

posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits")


def chapter(folder, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    file = folder / "3_prov.ipynb"
    nbformat.write(notebook, file)
    return file


def pid_of(folder):
    return int((folder / "pid").read_text())


def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@posix
def test_a_chapter_over_time_is_named_and_its_kernel_killed(tmp_path):
    note = f"import os, time\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))"
    file = chapter(tmp_path, note, "while True: pass")
    began = time.monotonic()
    with pytest.raises(ReportError) as caught:
        run_chapter(file, {}, longest_s=6.0)
    assert 5 < time.monotonic() - began < 40
    text = str(caught.value)
    assert "Kapitlet 3_prov avbröts: det tog längre tid än 0,1 minuter." in text
    assert "--longest" in text
    assert "Den förra rapporten står kvar." in text
    assert not lives(pid_of(tmp_path))


def test_the_time_is_the_whole_chapter_s_not_each_cell_s(tmp_path):
    """Ten cells of a second each are over six seconds together, though none is by itself."""
    file = chapter(tmp_path, *["import time; time.sleep(1)"] * 10)
    with pytest.raises(ReportError, match="längre tid"):
        run_chapter(file, {}, longest_s=6.0)


def test_a_chapter_within_its_time_is_left_alone(tmp_path):
    ran = run_chapter(chapter(tmp_path, "1 + 1"), {}, longest_s=60.0)
    assert ran.cells[0].outputs[0]["data"]["text/plain"] == "2"


@posix
def test_a_kernel_that_is_killed_is_told_as_such(tmp_path):
    with pytest.raises(ReportError) as caught:
        run_chapter(chapter(tmp_path, "import os, signal; os.kill(os.getpid(), 9)"), {})
    assert "Kapitlet 3_prov avbröts: processen som körde det försvann" in str(caught.value)
    assert "--at-once 1" in str(caught.value)


@posix
def test_memory_that_is_out_is_told_as_such(tmp_path):
    limit = (
        "import resource; now = int(open('/proc/self/statm').read().split()[0]) * 4096;"
        "resource.setrlimit(resource.RLIMIT_AS, (now + 10**8,) * 2)"
    )
    with pytest.raises(ReportError) as caught:
        run_chapter(chapter(tmp_path, limit, "x = bytearray(10**9)"), {})
    assert "MemoryError" in str(caught.value)
    assert "Minnet tog slut" in str(caught.value)
    with pytest.raises(ReportError) as other:
        run_chapter(chapter(tmp_path, "1 / 0"), {})
    assert "Minnet" not in str(other.value)
