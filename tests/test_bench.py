"""The analyst's bench without a notebook: what choices count, why, what if, what leaves it."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from conftest import DELIVERY

from est_analysis.bench import copies, exports, frame, open_bench, server
from est_analysis.bench.choices import Choices
from est_analysis.bench.whatif import planned
from est_analysis.bench.why import why
from est_analysis.errors import PeriodError, ReportError, SettingsError
from est_analysis.patterns.coverage import in_period
from est_analysis.patterns.hotspots import located
from est_analysis.periods import parse
from est_analysis.reports.chapters import run_chapter


@pytest.fixture(scope="module")
def bench(home):
    return open_bench(str(home), "2026Q3")


PLACES = """name;place_type;x;y;area;responsible
Torget;torg;500100;6500100;Centrum;
=1+1;torg;500140;6500100;Centrum;
Parken;park;500900;6500900;Centrum;
"""


@pytest.fixture
def small(make_folder):
    """A town with two crimes at the square, two where the name is a formula, one in the park."""
    lines = [f"{n};K1;2026-07-0{n} 21:30;500100;6500100;Torget" for n in (3, 4)]
    lines += [f"{n};K1;2026-07-0{n} 20:00;500140;6500100;=1+1" for n in (5, 6)]
    lines += ["7;K1;2026-07-07 20:00;500900;6500900;Parken"]
    files = {
        "deliveries/polis/a.csv": DELIVERY.splitlines()[0] + "\n" + "\n".join(lines) + "\n",
        "reference/places.csv": PLACES,
    }
    folder = make_folder(files, reference={"places": "reference/places.csv"})
    return open_bench(str(folder), "2026Q3")


def by_hand(bench, choices):
    """Count the choices' places by plain pandas, from the rows."""
    events = in_period(bench.results.events, choices.period)
    own = events[events["kind"] == choices.kind]
    if choices.group:
        own = own[own["group"] == choices.group]
    if choices.area:
        own = own[own["area"] == choices.area]
    return own


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"bandwidth": 400},
        {"kind": "unsafe_place"},
        {"group": "Klotter", "area": "Centrum", "bandwidth": 100},
        {"period": parse("2026Q2"), "group": "Stöld ur fordon"},
    ],
)
def test_what_is_counted_is_what_the_rows_say(bench, changes):
    choices = replace(bench.usual, **changes)
    found, own = bench.counted(choices), by_hand(bench, choices)
    here = located(own)
    assert found.n == own["count"].sum()
    assert found.placed == here["count"].sum()
    counts = here.groupby("place")["count"].sum()
    assert dict(zip(found.places["place"], found.places["n"], strict=True)) == dict(counts)
    assert found.n > 0
    for row in found.places.head(5).itertuples():
        away = np.hypot(here["x"] - row.x, here["y"] - row.y)
        assert row.near == here.loc[away <= choices.bandwidth, "count"].sum()


def test_the_bandwidth_changes_table_and_map(bench):
    near, far = bench.usual, replace(bench.usual, bandwidth=500)
    assert bench.table(near).rows != bench.table(far).rows
    assert frame.handed(bench, near) != frame.handed(bench, far)
    assert bench.rhythm(near) == bench.rhythm(far)  # it does not hang on the bandwidth


def test_an_answer_is_counted_once(bench, monkeypatch):
    bench.counted(bench.usual)
    monkeypatch.setattr("est_analysis.bench.answers.select", None)
    monkeypatch.setattr("est_analysis.bench.answers.about", None)
    assert bench.counted(bench.usual).n > 0
    with pytest.raises(TypeError):
        bench.counted(replace(bench.usual, bandwidth=950))


@pytest.mark.parametrize("wrong", [{"bandwidth": 20}, {"bandwidth": 5000}, {"kind": "brott"}])
def test_a_choice_that_does_not_hold_is_refused(bench, wrong):
    with pytest.raises(SettingsError):
        replace(bench.usual, **wrong)


def test_what_is_offered_can_be_counted(bench):
    offered = bench.offered
    for period in offered.periods:
        assert bench.counted(Choices(period)).n > 0
    assert set(offered.groups["reported_crime"]) >= {"Klotter", "Stöld ur fordon"}
    assert offered.periods[0] == bench.results.year


def test_the_bench_is_for_the_internal_edition_only(home):
    with pytest.raises(SettingsError, match="interna"):
        open_bench(str(home), "2026Q3", edition="published")


def test_why_is_answered_down_to_the_rows(bench):
    top = bench.counted(bench.usual).places.iloc[0]
    found = why(bench, bench.usual, str(top["place"]))
    assert f"{top['place']} är nummer 1 av" in found.sentences[0]
    assert f"{top['near']} inom 250 meter" in found.sentences[0]
    events = bench.results.events
    rows = {(str(e.file).removeprefix("deliveries/"), int(e.row)) for e in events.itertuples()}
    assert len(found.rows.rows) == top["near"]
    for line in found.rows.rows:
        file, row = str(line[0]).split(" : ")
        assert (file, int(row)) in rows
    assert [line[1] for line in found.rows.rows] == sorted(line[1] for line in found.rows.rows)


def test_why_of_a_place_with_nothing(bench):
    found = why(bench, bench.usual, "Ingenstans")
    assert found.sentences[0].startswith("Ingenstans: inga anmälda brott")
    assert found.rows.rows == []


def test_what_if_says_what_could_be_seen(bench):
    more = planned(bench, bench.usual, "Resecentrum", fall=0.6, years=2)
    less = planned(bench, bench.usual, "Resecentrum", fall=0.2, years=2)
    assert more.power > less.power
    assert more.smallest == less.smallest
    assert f"{round(100 * (1 - more.smallest))}\u00a0% färre" in more.sentence
    assert 0 < planned(bench, bench.usual, "Resecentrum", fall=0.6, years=1).power < more.power
    rare = replace(bench.usual, group="Rån i offentlig miljö")
    assert planned(bench, rare, "Badhuset", fall=0.5).power in (None, 0.0)
    other = planned(bench, replace(bench.usual, kind="event"), "Resecentrum", fall=0.5)
    assert other.power is None
    with pytest.raises(ValueError, match="fall"):
        planned(bench, bench.usual, "Resecentrum", fall=0)


def leaks(text, bench, choices):
    """Return the places of too few events that a text names, and whatever looks like a row."""
    table = bench.counted(choices).places
    few = table.loc[table["n"] < bench.smallest, "place"].astype(str)
    shown = set(table.loc[table["n"] >= bench.smallest, "place"].astype(str))
    # a name that is part of one that may be shown is not told by it
    few = [name for name in few if not any(name in other for other in shown)]
    return [name for name in few if name in text] + [".csv"] * (".csv" in text)


def test_what_leaves_the_bench_tells_of_no_row_and_no_small_count(bench, tmp_path):
    choices = replace(bench.usual, group="Klotter")
    table = exports.table(bench, choices, tmp_path).read_bytes()
    page = exports.map_page(bench, choices, tmp_path).read_text(encoding="utf-8")
    assert table.startswith(b"\xef\xbb\xbf")
    assert leaks(table.decode("utf-8-sig"), bench, choices) == []
    assert leaks(page, bench, choices) == []
    assert "http-equiv" in page
    assert leaks(bench.table(choices, most=None).csv(), bench, choices)
    assert leaks(frame.handed(bench, choices), bench, choices)
    assert leaks(why(bench, choices, "Resecentrum").rows.csv(), bench, choices)


def test_a_density_that_leaves_does_not_draw_a_single_event(bench):
    choices = replace(bench.usual, bandwidth=100)
    here = bench.counted(choices).here
    inside, leaving = (bench.layers(choices, leaving=flag)[0] for flag in (False, True))

    def alone(layer):
        """Return how many drawn outlines have fewer events about them than may be shown."""
        pieces = [g for part in layer.parts for g in part.shapes.geometry.explode()]
        return sum(
            here.loc[
                np.hypot(here["x"] - p.centroid.x, here["y"] - p.centroid.y) <= 200, "count"
            ].sum()
            < bench.smallest
            for p in pieces
        )

    assert alone(leaving) == 0
    assert len(inside.parts) == len(leaving.parts) > 1


def test_a_map_that_leaves_shows_where_places_are_not_where_events_were(bench):
    choices, known = bench.usual, bench.results.gathered.geography.places.set_index("name")
    inside, leaving = (bench.layers(choices, leaving=flag)[1] for flag in (False, True))

    def moved(layer):
        """Return how many places of the gazetteer are drawn elsewhere than it says."""
        shapes = layer.parts[0].shapes
        shapes = shapes[shapes["where"].isin(known.index) & shapes.geometry.notna()]
        at, drawn = known.loc[shapes["where"]], shapes.geometry
        away = np.hypot(drawn.x - at["x"].to_numpy(), drawn.y - at["y"].to_numpy())
        return int((away > 0.5).sum())

    assert moved(leaving) == 0
    assert moved(inside) > 0


def test_a_formula_in_a_delivery_is_text_in_a_table(small, tmp_path):
    csv = exports.table(small, small.usual, tmp_path).read_text(encoding="utf-8-sig")
    assert "\n'=1+1;" in csv
    assert "\nTorget;" in csv
    assert "Parken" not in csv
    assert "Parken" in small.table(small.usual).csv()


def test_a_name_is_never_markup(small):
    page = frame.handed(small, small.usual, "</div><script>")
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


def test_few_events_make_no_surface_and_no_rhythm_that_leaves(small):
    choices = small.usual
    density, _ = small.layers(choices)
    assert density.parts == ()
    assert "få" in density.note
    assert "<svg" in small.rhythm(choices)
    assert "<svg" not in small.rhythm(choices, leaving=True)


def test_a_chapter_runs_and_holds_to_what_a_report_may_show(small, tmp_path):
    choices = replace(small.usual, group="Skadegörelse")
    file = exports.chapter(small, choices, tmp_path, title="Mitt *eget* kapitel")
    notebook = json.loads(file.read_text(encoding="utf-8"))
    assert notebook["cells"][0]["source"].startswith("# Mitt \\*eget\\* kapitel")
    assert exports.chapter(small, choices, tmp_path) != file  # it may have been edited
    executed = run_chapter(file, {"bandwidth": 300})
    told = json.dumps([c.outputs for c in executed.cells if c.cell_type == "code"])
    assert "Inom 300 meter" in told
    assert "Torget" in told
    assert leaks(told, small, choices) == []


def test_a_folder_that_cannot_be_written_is_a_sentence(small, tmp_path):
    (tmp_path / "fil").write_text("", encoding="utf-8")
    with pytest.raises(ReportError, match="spara"):
        exports.table(small, small.usual, tmp_path / "fil" / "inuti")


# the analyst's copies


def notebook(text, period="2026Q3"):
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "outputs": []}
    cells = [
        {**cell, "source": f'municipality: str = "x"  # m\nperiod: str = "{period}"  # p'},
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": text},
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def originals(tmp_path):
    folder = tmp_path / "original"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.ipynb").write_text(notebook("1"), encoding="utf-8")
    return sorted(folder.glob("*.ipynb"))


CHOICES = {"municipality": 'C:\\mapp "x"', "period": "2026Q2"}


def edit(file, change):
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content["cells"])
    file.write_text(json.dumps(content), encoding="utf-8")


def test_copies_hold_the_choices_and_originals_stay(originals, tmp_path):
    before = [file.read_bytes() for file in originals]
    made = copies.copy(originals, tmp_path / "lab", CHOICES)
    assert made.fresh == ("a", "b")
    names = {}
    cell = json.loads((made.folder / "a.ipynb").read_text(encoding="utf-8"))["cells"][0]
    exec("".join(cell["source"]), names)
    assert {name: names[name] for name in CHOICES} == CHOICES
    assert [file.read_bytes() for file in originals] == before
    if os.name == "posix":
        assert made.folder.stat().st_mode & 0o077 == 0


def test_outputs_are_no_edit_and_a_new_period_is_taken(originals, tmp_path):
    lab = tmp_path / "lab"
    copies.copy(originals, lab, CHOICES)
    edit(lab / "a.ipynb", lambda cells: cells[1].update(outputs=[{"x": 1}]))
    same = (lab / "a.ipynb").read_bytes()
    assert copies.copy(originals, lab, CHOICES).kept == ()
    assert (lab / "a.ipynb").read_bytes() == same
    copies.copy(originals, lab, {**CHOICES, "period": "2025Q1"})
    assert '"2025Q1\\"' in (lab / "a.ipynb").read_text(encoding="utf-8")


def test_what_the_analyst_edited_is_never_written_over(originals, tmp_path):
    lab = tmp_path / "lab"
    copies.copy(originals, lab, CHOICES)
    edit(lab / "a.ipynb", lambda cells: cells[1].update(source="mitt = 1"))
    edit(lab / "b.ipynb", lambda cells: cells[0].update(source='period: str = "2024"  # mitt'))
    originals[0].write_text(notebook("2"), encoding="utf-8")
    made = copies.copy(originals, lab, {**CHOICES, "period": "2025Q1"})
    assert (made.fresh, made.kept, made.newer) == ((), ("a", "b"), ("a",))
    assert made.own_choice == ("b",)
    mine = (lab / "a.ipynb").read_text(encoding="utf-8")
    assert "mitt = 1" in mine
    assert '"2025Q1\\"' in mine  # the first cell was left alone: it takes the new choice
    assert "# mitt" in (lab / "b.ipynb").read_text(encoding="utf-8")
    assert "mitt" not in (lab / "a.ny.ipynb").read_text(encoding="utf-8")
    said = " ".join(made.lines())
    assert "Originalen rörs inte" in said
    assert "a.ny" in said


def test_a_changed_original_replaces_a_copy_that_was_left_alone(originals, tmp_path):
    lab = tmp_path / "lab"
    copies.copy(originals, lab, CHOICES)
    originals[0].write_text(notebook("nytt = 2"), encoding="utf-8")
    assert copies.copy(originals, lab, CHOICES).fresh == ("a", "b")
    assert "nytt = 2" in (lab / "a.ipynb").read_text(encoding="utf-8")


def test_a_copy_that_is_no_notebook_is_left_alone(originals, tmp_path):
    lab = tmp_path / "lab"
    copies.copy(originals, lab, CHOICES)
    (lab / "a.ipynb").write_text("min egen fil", encoding="utf-8")
    assert "a" in copies.copy(originals, lab, CHOICES).kept
    assert (lab / "a.ipynb").read_text(encoding="utf-8") == "min egen fil"


def test_the_lab_is_laid_out_with_nothing_to_fetch(home, tmp_path):
    made = server.prepare(str(home), "2026Q2", tmp_path)
    assert made.folder == (tmp_path / "lab" / home.name).resolve()
    assert server.FIRST in made.fresh
    assert "published" not in made.fresh
    told = (made.folder / ".jupyter/settings/@jupyterlab").rglob("*.jupyterlab-settings")
    assert any(json.loads(f.read_text("utf-8")).get("fetchNews") == "false" for f in told)
    call = server.command("python", made.folder, browser=False, port=9000)
    assert "--LabApp.news_url=None" in call
    assert "--no-browser" in call
    with pytest.raises(PeriodError):
        server.prepare(str(home), "i fjol", tmp_path)
