"""Released tables: the audit against known tables and brute force, the choice, and what is kept."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from est_analysis import municipality as municipalities
from est_analysis import periods
from est_analysis.errors import PeriodError, ReportError
from est_analysis.release import past as pasts
from est_analysis.release.atoms import PARTS, UNKNOWN_PART, Atoms, count, part_of_week, quarters_to
from est_analysis.release.audit import audit, interval
from est_analysis.release.cells import Aggregates, Cell, Space, System, candidates, value
from est_analysis.release.made import release
from est_analysis.release.suppress import Problem, choose

KIND = "reported_crime"


def table(counts, hidden=()):
    """The linear relations of a two-way table with its margins, without the hidden cells."""
    counts = np.array(counts)
    rows, columns = counts.shape
    at = np.arange(counts.size).reshape(counts.shape)
    sums = [at[i] for i in range(rows)] + [at[:, j] for j in range(columns)]
    sums += [[at[i, j]] for i, j in np.ndindex(rows, columns) if (i, j) not in set(hidden)]
    matrix = np.zeros((len(sums), counts.size), dtype=np.int64)
    for row, own in zip(matrix, sums, strict=True):
        row[own] = 1
    return System(sparse.csr_array(matrix), matrix @ counts.ravel())


def one(counts, where):
    row = np.zeros(np.array(counts).shape, dtype=np.int64)
    row[where] = 1
    return row.ravel()


INVESTMENT = [[20, 50, 10], [8, 19, 22], [17, 32, 12]]
"""Fischetti & Salazar-González (2001), Management Science 47:1008-1027: the first table."""


def test_primary_suppression_alone_is_undone_by_subtraction():
    cell = one(INVESTMENT, (1, 2))
    assert interval(table(INVESTMENT, [(1, 2)]), cell, cell) == (22, 22, True)


def test_the_published_protection_interval():
    hidden = [(1, 0), (1, 2), (2, 0), (2, 2)]
    cell = one(INVESTMENT, (1, 2))
    assert interval(table(INVESTMENT, hidden), cell, cell) == (5, 30, True)


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_is_that_of_every_possible_table(seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 5, size=(3, 3))
    hidden = [tuple(at) for at in rng.permutation(list(np.ndindex(3, 3)))[:5]]
    system = table(counts, hidden)
    for where in hidden:
        cell = one(counts, where)
        found = interval(system, cell, cell)
        assert found == (*brute(system, hidden, counts, cell), True)


def brute(system, hidden, counts, cell):
    possible = []
    free = [i * 3 + j for i, j in hidden]
    for values in grid(free, counts):
        world = counts.ravel().copy()
        world[free] = values
        if (system.rows @ world == system.values).all():
            possible.append(int(cell @ world))
    return min(possible), max(possible)


def grid(free, counts):
    tops = [min(counts[i // 3].sum(), counts[:, i % 3].sum()) for i in free]
    return itertools.product(*(range(int(top) + 1) for top in tops))


def guarded(counts, minimum=5):
    """Every small cell of a two-way table, each to be at least `minimum` different numbers."""
    small = [at for at in np.ndindex(np.array(counts).shape) if 0 < np.array(counts)[at] < minimum]
    rows = sparse.csr_array(np.array([one(counts, at) for at in small]))
    cells = [Cell(KIND, "area_group", ("2026Q3",), f"a{i}", f"g{j}") for i, j in small]
    return small, Aggregates(rows, rows, np.full(len(small), minimum - 1), cells)


COUNTS = [[20, 3, 10], [8, 19, 22], [17, 32, 2]]


def test_the_audit_names_what_is_pinned_and_shows_worlds_for_the_rest():
    small, sums = guarded(COUNTS)
    truth = np.array(COUNTS).ravel()
    bare = audit(table(COUNTS, small), sums, truth)
    assert [(one.low, one.high, one.proved) for one in bare.pinned] == [(3, 3, True), (2, 2, True)]
    every = [*small, (0, 0), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1)]
    safe = table(COUNTS, every)
    found = audit(safe, sums, truth)
    assert found.safe
    for world in found.worlds:
        assert (safe.rows @ world == safe.values).all()
        assert world.min() >= 0


def test_an_audit_without_work_left_fails_closed():
    small, sums = guarded(COUNTS)
    found = audit(table(COUNTS, small), sums, np.array(COUNTS).ravel(), most_solved=0)
    assert [one.proved for one in found.pinned] == [False, False]


def test_an_audit_of_other_numbers_is_refused():
    _, sums = guarded(COUNTS)
    with pytest.raises(ValueError, match="do not agree"):
        audit(table(COUNTS), sums, np.array(COUNTS).ravel() + 1)


def problem(counts, minimum=5):
    _, sums = guarded(counts, minimum)
    flat = np.array(counts).ravel()
    margins = table(counts, list(np.ndindex(np.array(counts).shape)))
    cells = System(sparse.csr_array(np.eye(flat.size, dtype=np.int64)), flat)
    hide = (flat > 0) & (flat < minimum)
    return Problem(margins, cells, 1.0 + flat, hide, np.zeros(flat.size, bool), sums, flat)


@pytest.mark.parametrize("seed", range(2))
def test_the_choice_is_safe_and_no_cheaper_one_is(seed):
    """Held against every choice there is, of a table small enough to try them all."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(5, 15, size=(3, 3))
    counts[0, 0] = 2
    given = problem(counts)
    choice = choose(given)
    assert choice.audit.safe
    paid = given.costs[choice.hidden].sum()
    for more in itertools.product([False, True], repeat=9):
        hidden = given.small | np.array(more)
        if given.costs[hidden].sum() < paid * 0.99 - 1e-9:
            assert not audit(given.out(hidden), given.aggregates, given.truth).safe


def test_a_choice_that_hides_the_small_alone_is_not_safe():
    given = problem(COUNTS)
    assert not audit(given.out(given.small), given.aggregates, given.truth).safe
    choice = choose(given)
    assert choice.audit.safe
    assert (choice.hidden & given.small).sum() == given.small.sum() < choice.hidden.sum()


def test_what_is_out_cannot_be_hidden_again():
    given = problem([[20, 3], [8, 19]])
    fixed = Problem(
        given.known, given.candidates, given.costs, given.small,
        ~given.small, given.aggregates, given.truth,
    )  # fmt: skip
    out = System(
        sparse.csr_array(sparse.vstack([given.known.rows, given.candidates.rows[~given.small]])),
        np.concatenate([given.known.values, given.candidates.values[~given.small]]),
    )
    closed = Problem(
        out, given.candidates, given.costs, given.small, ~given.small, given.aggregates, given.truth
    )
    assert not choose(fixed).audit.safe
    assert not choose(closed).audit.safe
    assert choose(given).audit.safe


# ---------------------------------------------------------------- atoms and cells


def events(rows):
    """Accepted events of one kind: (day and hour, area, group, count, partner)."""
    frame = pd.DataFrame(rows, columns=["start", "area", "group", "count", "partner"])
    frame["start"] = pd.to_datetime(frame["start"]).astype("datetime64[s]")
    return frame.assign(
        kind=KIND, end=pd.NaT, time_precision="minute", source="polis", police_activity=False
    )


def test_parts_of_the_week_are_whole_events():
    frame = events(
        [
            ("2026-07-01 05:59", "A", "G", 1, "P"),
            ("2026-07-01 06:00", "A", "G", 1, "P"),
            ("2026-07-01 18:00", "A", "G", 1, "P"),
            ("2026-07-04 12:00", "A", "G", 1, "P"),
            ("2026-07-05 23:59", "A", "G", 1, "P"),
            ("2026-07-06 12:00", "A", "G", 1, "P"),
        ]
    )
    frame["end"] = pd.Series([pd.NaT] * 5 + ["2026-07-06 19:00"], dtype="datetime64[s]")
    assert list(part_of_week(frame)) == [
        *("vardag, natt", "vardag, dag", "vardag, kväll"),
        *("helg, dag", "helg, kväll", UNKNOWN_PART),
    ]
    frame["time_precision"] = "day"
    assert set(part_of_week(frame)) == {UNKNOWN_PART}


def test_atoms_add_up_and_survive_the_ledger():
    frame = events([("2026-07-01 12:00", "A", "G", 2, "P"), ("2026-08-01 12:00", "", "H", 1, "Q")])
    atoms = count(frame, KIND, ["2026Q3", "2026Q2"])
    q3 = atoms["2026Q3"]
    assert sum(n for n, _ in q3.what.values()) == sum(n for n, _ in q3.when.values()) == 3
    assert q3.what["okänt område", "H"] == (1, frozenset({"Q"}))
    assert not atoms["2026Q2"].what
    assert Atoms.of_entry(json.loads(json.dumps(q3.entry()))) == q3


def test_windows_are_twelve_months_back_to_back():
    windows = quarters_to(periods.parse("2026Q3"), 2)
    assert windows[0] == ["2025Q4", "2026Q1", "2026Q2", "2026Q3"]
    assert windows[1][-1] == "2025Q3"
    assert quarters_to(periods.parse("2025"), 1) == [["2025Q1", "2025Q2", "2025Q3", "2025Q4"]]
    with pytest.raises(PeriodError, match="kvartal"):
        quarters_to(periods.parse("2026-07"), 1)


def world(seed=3, quarters=("2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1"), mean=3.0):
    """Atoms of two areas and three groups, drawn."""
    rng = np.random.default_rng(seed)
    made = {}
    for quarter in quarters:
        n = rng.poisson(mean, size=(2, 3))
        parts = rng.multinomial(n.sum(), [1 / 7] * 7)
        who = frozenset({"P"})
        made[quarter] = Atoms(
            KIND,
            quarter,
            {(a, g): (int(n[i, j]), who) for i, a in enumerate("AB") for j, g in enumerate("GHI")},
            dict(zip([*PARTS, UNKNOWN_PART], [(int(x), who) for x in parts], strict=True)),
        )
    return made


def test_variables_are_as_few_as_the_cells_need():
    atoms = world()
    windows = [["2025Q1", "2025Q2", "2025Q3", "2025Q4"]]
    cells = candidates(KIND, windows, ["A", "B"], {"G": "G", "H": "HI", "I": "HI"})
    space = Space(cells, atoms, ["A", "B"])
    assert len(space.spans) == 1
    assert space.size == 1 * 2 * 2 + 7
    overlapping = [
        *cells,
        *candidates(KIND, [["2025Q2", "2025Q3", "2025Q4", "2026Q1"]], ["A", "B"], {"G": "G"}),
    ]
    assert len(Space(overlapping, atoms, ["A", "B"]).spans) == 3


def test_every_cell_is_the_sum_that_its_row_says():
    atoms = world()
    windows = [["2025Q2", "2025Q3", "2025Q4", "2026Q1"], ["2025Q1", "2025Q2", "2025Q3", "2025Q4"]]
    cells = candidates(KIND, windows, ["A", "B"], {"G": "G", "H": "HI", "I": "HI"})
    space = Space(cells, atoms, ["A", "B"])
    told = np.array([value(cell, atoms)[0] for cell in cells])
    assert (space.rows(cells) @ space.truth() == told).all()
    ties = space.ties()
    assert (ties.rows @ space.truth() == ties.values).all()
    for cell in space.small(KIND, [("2025Q1",), tuple(windows[0])], 5):
        assert 0 < value(cell, atoms)[0] < 5


# ---------------------------------------------------------------- a release


def rows_of(counts, days):
    """Events with given counts: {(area, group): n} on each of some days."""
    return [
        (f"{day} 12:00", area, group, n, "P") for day in days for (area, group), n in counts.items()
    ]


@pytest.fixture
def made(make_folder):
    """Return a function that makes a release of rows, in the areas Norr and Söder."""

    def make(rows, period="2026Q3", past=None, folder=None, **disclosure):
        home = folder or make_folder(
            source={"partner": "P"}, disclosure=disclosure or {"minimum": 5}
        )
        settings = municipalities.load(home)
        past = pasts.Past([], {}) if past is None else past
        return settings, release(
            events(rows), periods.parse(period), settings, ["Norr", "Söder"], past
        )

    return make


DAYS = ["2023-10-15", "2024-10-15", "2025-10-15", "2026-09-15"]
COUNT = {
    ("Norr", "Skadegörelse"): 9,
    ("Norr", "Klotter"): 2,
    ("Söder", "Skadegörelse"): 8,
    ("Söder", "Klotter"): 11,
}


def test_a_release_shows_no_small_number_and_is_the_same_again(made):
    _, first = made(rows_of(COUNT, DAYS))
    numbers = [n for tables in first.kinds.values() for n in tables.numbers.values()]
    assert any(n is None for n in numbers)
    assert all(n == 0 or n >= 5 for n in numbers if n is not None)
    _, again = made(rows_of(COUNT, DAYS))
    assert again.entry() == first.entry()


def test_a_period_inside_a_quarter_is_refused(made):
    with pytest.raises(PeriodError, match="kvartal"):
        made(rows_of(COUNT, DAYS), period="2026-08")


def test_other_areas_than_before_are_refused(made):
    rows = rows_of({("Väster", "Klotter"): 9}, DAYS)
    with pytest.raises(ReportError, match="Områdena är inte desamma"):
        made(rows)


def test_the_ledger_keeps_releases_and_a_changed_one_stops_everything(made):
    settings, first = made(rows_of(COUNT, DAYS))
    pasts.record(settings, first.entry(), first.atoms)
    kept = pasts.past(settings)
    assert kept.same("2026Q3", first.design)["sha256"] == first.entry()["sha256"]
    pasts.record(settings, first.entry(), first.atoms)
    assert len(pasts.past(settings).releases) == 1
    file = settings.path("ledger") / "releases.jsonl"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"n": 11', '"n": 12', 1), encoding="utf-8")
    with pytest.raises(ReportError, match="ändrad"):
        pasts.past(settings)
    file.write_text(text, encoding="utf-8")
    (settings.path("ledger") / "released_counts.jsonl").unlink()
    with pytest.raises(ReportError, match="saknar siffror"):
        pasts.past(settings)
