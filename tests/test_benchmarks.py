"""The document of benchmarks is made of aims and figures, and says where we lose."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from benchmarks import bench, delivered, growth, measured, peers, places
from benchmarks.measured import MET, MISSED, UNTOLD, Aim, Figure, Measured, Part, Table

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/benchmarks.md"
FAST = Aim("fast", "ours / theirs", 2, peer=True, why="Theirs does less.")
WIDE = Aim("wide", "theirs / ours", 10, least=True, peer=True)
ONE = Part("one", "One", "make bench", "benchmarks/one.py", "How.", (FAST, WIDE))
OTHER = Part("other", "Other", "make scale", "benchmarks/other.py", "So.", (Aim("x", "X", 1),))
PARTS = (ONE, OTHER)
TOLD = Measured(
    {"fast": Figure(0.5, 1, 2), "wide": Figure(20, 1, 20)},
    (Table(("size", "seconds"), (("10", "1.0"),)),),
    on="a day",
)


def lost(text):
    """Return the lines under the heading on where we lose."""
    return text.split("## Where we lose\n\n")[1].split("\n\n## Aims")[0].splitlines()


def faults(text):
    """Return the rows of aims whose verdict is not what figure and limit say."""
    wrong = []
    for row in text.split("## Aims\n\n")[1].split("\n\n")[0].splitlines()[2:]:
        what, _, _, figure, aim, told = (cell.strip() for cell in row.strip("|").split("|"))
        word, limit = re.fullmatch(r"(at most|at least) ([\d.,e+-]+)", aim).groups()
        found = re.fullmatch(r"(over|under)? ?([\d.,e+-]+)", figure)
        if found is None:
            expected = UNTOLD
        else:
            value, bar = (float(one.replace(",", "")) for one in (found[2], limit))
            easier = "over" if word == "at most" else "under"
            met = value <= bar if word == "at most" else value >= bar
            expected = MET if met and found[1] != easier else MISSED
        wrong += [what] if told != expected else []
    return wrong


def test_where_all_is_met_nothing_is_lost():
    whole = {"one": TOLD, "other": Measured({"x": Figure(1)})}
    text = measured.document(PARTS, whole)
    assert lost(text) == [measured.NOTHING_LOST]
    assert faults(text) == []
    assert "| 10 | 1.0 |" in text


@pytest.mark.parametrize(
    ("key", "figure"),
    [
        ("fast", Figure(2.0004, 2.0004, 1)),
        ("wide", Figure(9.999, 1, 9.999)),
        ("fast", Figure(0.5, 1, 2, "over")),
        ("wide", Figure(20, 1, 20, "under")),
    ],
)
def test_a_missed_aim_is_told_first_and_fails(key, figure, monkeypatch, capsys):
    kept = {"one": dataclasses.replace(TOLD, figures={**TOLD.figures, key: figure})}
    text = measured.document((ONE,), kept)
    [line] = lost(text)
    assert line.startswith("- **MISSED**")
    assert line.endswith("Theirs does less." if key == "fast" else measured.NO_REASON)
    assert faults(text) == []
    monkeypatch.setattr(bench, "PARTS", (ONE,))
    assert bench.told(kept) == 1
    assert "1 met, 1 missed" in capsys.readouterr().out
    assert bench.told({"one": TOLD}) == 0


def test_a_peer_that_is_faster_is_told_though_the_aim_is_met():
    kept = {"one": dataclasses.replace(TOLD, figures={**TOLD.figures, "fast": Figure(1.5, 3, 2)})}
    [line] = lost(measured.document((ONE,), kept))
    assert "dearer: ours / theirs: 1.5 (3 s against 2 s), aim at most 2. Theirs does less." in line


def test_what_was_not_measured_is_told_and_fails_a_whole_run(monkeypatch, capsys):
    kept = {"one": dataclasses.replace(TOLD, figures={"fast": TOLD.figures["fast"]})}
    assert lost(measured.document((ONE,), kept)) == ["- Not measured: theirs / ours."]
    monkeypatch.setattr(bench, "PARTS", (ONE,))
    assert bench.told(kept) == 1
    assert bench.told(kept, whole=False) == 0
    assert "1 not measured" in capsys.readouterr().out


def test_a_part_is_replaced_and_the_others_kept(tmp_path):
    file = tmp_path / "benchmarks.md"
    measured.write(file, PARTS, {"one": TOLD, "other": Measured({"x": Figure(3)}, on="then")})
    measured.write(file, PARTS, {"other": Measured({"x": Figure(0.25)}, on="now")})
    text = file.read_text("utf-8")
    assert "Measured: a day." in text
    assert "Measured: now." in text
    assert "then" not in text
    assert "| X |  |  | 0.25 | at most 1 | met |" in text
    assert measured.read(file)["one"] == TOLD


def test_numbers_fall_on_their_own_side_of_the_limit():
    assert measured.number(1.00004, 1) == "1.00004"
    assert measured.number(0.99996, 1) == "0.99996"
    assert measured.number(1, 1) == "1"
    assert measured.number(1302.4) == "1,302"


def test_a_verdict_that_its_figure_does_not_bear_is_noticed():
    text = measured.document((ONE,), {"one": TOLD})
    assert faults(text.replace("| 0.5 |", "| 2.5 |")) == ["ours / theirs"]
    assert faults(text.replace("| 20 | at least 10 | met |", "| 20 | at least 10 | MISSED |"))


def test_the_document_is_what_its_figures_and_the_code_say():
    text = DOCUMENT.read_text("utf-8")
    assert faults(text) == []
    kept = measured.read(DOCUMENT)
    assert text == measured.document(bench.PARTS, kept)
    assert set(kept) <= {part.name for part in bench.PARTS}


def test_the_arithmetic_of_a_nation_is_of_what_was_measured(tmp_path):
    kept = measured.read(DOCUMENT)
    file = tmp_path / "scale.md"
    file.write_text(growth.SCALE.read_text("utf-8"), "utf-8")
    growth.tell(kept, file)
    assert file.read_text("utf-8") == growth.SCALE.read_text("utf-8")
    rows = [(f"{size:,}", "1", f"{at + 1}", "1000", "") for at, size in enumerate(growth.SIZES)]
    table = measured.Table(("incidents", "s", "cpu", "MB", ""), tuple(rows))
    text = growth.plan(measured.Measured(tables=(table,), on="a day"))
    assert "289 x 3.0 s + 5 s = 872 s, **0.2 hours of one core**" in text
    assert "*On 2 workers*: 7 minutes, and 2.0 GB" in text


def test_a_figure_changed_by_hand_is_noticed(tmp_path):
    file = tmp_path / "benchmarks.md"
    measured.write(file, bench.PARTS, measured.read(DOCUMENT))
    beside = measured.figures_of(file)
    figures = json.loads(beside.read_text("utf-8"))
    name, part = next((name, one) for name, one in figures.items() if one["figures"])
    next(iter(part["figures"].values()))["value"] = 12_345.0
    beside.write_text(json.dumps(figures), "utf-8")
    assert measured.document(bench.PARTS, measured.read(file)) != file.read_text("utf-8"), name


def test_no_aim_is_declared_twice():
    assert len({part.name for part in bench.PARTS}) == len(bench.PARTS)
    for part in bench.PARTS:
        keys = [aim.key for aim in part.aims]
        assert len(set(keys)) == len(keys), part.name
        assert (ROOT / part.file).exists()


def unmeasured(aims, sizes):
    """Return the aims on work, or on sizes of it, that nothing measures."""
    pairs = [(aim.text, [aim.over, aim.under]) for aim in aims]
    return [text for text, both in pairs if any(case not in sizes[name] for name, case in both)]


def test_every_aim_beside_a_peer_can_be_measured():
    assert unmeasured(peers.AIMS, peers.SIZES) == []
    fewer = {**peers.SIZES, "excel": peers.SIZES["excel"][:1]}
    assert len(unmeasured(peers.AIMS, fewer)) == 2


def test_work_that_was_stopped_meets_no_aim_that_it_makes_easier():
    aim = next(aim for aim in peers.AIMS if aim.text.startswith("an Excel file"))
    ran = {"seconds": 1.0, "megabytes": 1.0, "stopped": 0.0}
    [figure] = peers.held({aim.over: {**ran, "stopped": 1.0}, aim.under: ran}).values()
    declared = next(one for one in peers.PART.aims if one.key == aim.text)
    assert measured.verdict(declared, figure) == MISSED
    [figure] = peers.held({aim.over: ran, aim.under: {**ran, "seconds": 2.0}}).values()
    assert measured.verdict(declared, figure) == MET
    assert not measured.loses(declared, figure)


def test_ours_and_the_peers_do_the_same_work():
    own, joined = places.to_areas(2_000, 20, 10)(), places.to_areas_sjoin(2_000, 20, 10)()
    assert (own == joined[~joined.index.duplicated()]).all()
    assert own.nunique() > 5
    labels, _ = places.clusters(3_000)()
    assert labels.max() == places.clusters_sklearn(3_000)().max() > 0
    raw, theirs = delivered.excel(50)(), delivered.excel_openpyxl(50)()
    assert len(raw.cells) == len(theirs) - 1 == 50
    assert raw.header == list(theirs[0])
