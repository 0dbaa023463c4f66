"""Chapters one after another in a kernel; one that takes too long, dies or finds no memory."""

from __future__ import annotations

import os
import signal
import time

import nbformat
import pytest

from est_analysis.errors import ReportError, SettingsError
from est_analysis.reports import chapters
from est_analysis.reports.chapters import Kernel, run_chapter, run_chapters

posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits")


def chapter(folder, *sources, name="3_prov"):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    file = folder / f"{name}.ipynb"
    nbformat.write(notebook, file)
    return file


def said(cell):
    return cell.outputs[0]["data"]["text/plain"]


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


def test_nothing_of_a_chapter_is_left_for_the_next_but_what_it_imported(tmp_path):
    first = chapter(tmp_path, "left = 1", "import colorsys, os", "os.getpid()", name="a")
    asks = "import sys; print('left' in globals(), 'os' in globals(), 'colorsys' in sys.modules)"
    second = chapter(tmp_path, asks, "len(Out)", "import os; os.getpid()", name="b")
    with Kernel() as kernel:
        one, two = (run_chapter(file, {}, 60.0, kernel) for file in (first, second))
    alone = run_chapter(second, {})
    assert two.cells[0].outputs[0]["text"] == "False False True\n"
    assert alone.cells[0].outputs[0]["text"] == "False False False\n"
    assert said(two.cells[1]) == "0"
    assert said(one.cells[2]) == said(two.cells[2]) != said(alone.cells[2])  # whose process it is
    assert [c.execution_count for c in two.cells] == [c.execution_count for c in alone.cells]


def test_a_kernel_that_is_not_emptied_keeps_what_it_had(tmp_path, monkeypatch):
    """The sibling: without the emptying the test above would see the name."""
    monkeypatch.setattr(chapters, "_EMPTY", "pass")
    first = chapter(tmp_path, "left = 1", name="a")
    second = chapter(tmp_path, "'left' in globals()", name="b")
    with Kernel() as kernel:
        two = [run_chapter(file, {}, 60.0, kernel) for file in (first, second)][1]
    assert said(two.cells[0]) == "True"


def test_after_a_chapter_that_fails_the_next_has_a_new_kernel(tmp_path):
    pid = "import os; os.getpid()"
    files = [chapter(tmp_path, pid, name=name) for name in "ab"]
    bad = chapter(tmp_path, "left = 1", "1 / 0", name="bad")
    with Kernel() as kernel:
        one = run_chapter(files[0], {}, 60.0, kernel)
        with pytest.raises(ReportError, match="ZeroDivisionError"):
            run_chapter(bad, {}, 60.0, kernel)
        two = run_chapter(files[1], {}, 60.0, kernel)
    assert said(one.cells[0]) != said(two.cells[0])
    if os.name == "posix":
        assert not lives(int(said(one.cells[0])))
        assert not lives(int(said(two.cells[0])))


@posix
def test_a_kernel_that_dies_between_two_chapters_is_replaced(tmp_path):
    pid = "import os; os.getpid()"
    first, second = (chapter(tmp_path, pid, name=name) for name in "ab")
    with Kernel() as kernel:
        one = run_chapter(first, {}, 60.0, kernel)
        os.kill(int(said(one.cells[0])), signal.SIGKILL)
        two = run_chapter(second, {}, 60.0, kernel)
    assert said(one.cells[0]) != said(two.cells[0])
    assert not lives(int(said(two.cells[0])))


def test_side_by_side_each_answer_stands_where_its_chapter_stood(tmp_path):
    waits = (1.0, 0.0, 0.0, 0.0)
    sources = [f"import time; time.sleep({wait}); {n}" for n, wait in enumerate(waits)]
    files = [chapter(tmp_path, source, name=f"c{n}") for n, source in enumerate(sources)]
    heard = []
    ran = run_chapters([(file, {}) for file in files], at_once=2, told=heard.append)
    assert [said(one.cells[0]) for one in ran] == ["0", "1", "2", "3"]
    assert heard == files


def test_the_first_failure_is_raised_and_what_has_not_begun_does_not(tmp_path):
    bad = chapter(tmp_path, "1 / 0", name="bad")
    late = chapter(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')", name="late")
    with pytest.raises(ReportError, match="Kapitlet bad stannade"):
        run_chapters([(bad, {}), *[(late, {})] * 3], at_once=1)
    assert not (tmp_path / "ran").exists()
    run_chapters([(late, {})], at_once=1)
    assert (tmp_path / "ran").exists()
    wrong = chapter(tmp_path, "pass", name="wrong")
    with pytest.raises(SettingsError, match="Okänd parameter: perod"):
        run_chapters([(wrong, {"perod": "2026Q3"}), (bad, {})], at_once=2)
