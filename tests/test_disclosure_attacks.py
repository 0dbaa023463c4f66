"""Attacks on a published edition: each fails, and succeeds as soon as its gate is weakened."""

from __future__ import annotations

import base64
import io
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

from est_analysis.municipality import Disclosure, Thresholds
from est_analysis.release.atoms import PARTS, UNKNOWN_AREA, UNKNOWN_PART, Atoms
from est_analysis.release.audit import audit
from est_analysis.release.cells import Cell, Space, System, candidates, value
from est_analysis.release.made import _counts, _tables
from est_analysis.release.past import Past
from est_analysis.reports import scan_release
from est_analysis.reports.language import Language
from est_analysis.reports.published import doors, shown
from est_analysis.reports.published.feedback import sheet
from est_analysis.reports.published.released import Released
from est_analysis.reports.scan_release import Secrets, pdf_faults, scan

KIND = "reported_crime"
YEAR = ("2025Q1", "2025Q2", "2025Q3", "2025Q4")
SETTINGS = SimpleNamespace(disclosure=Disclosure())
GROUPS = {"G": "G", "H": "H", "I": "I"}


# ------------------------------------------------------------ sums, tables and releases


def atoms_of(counts, parts=None, who=("P",), quarters=YEAR):
    """Atoms with all of a year in its last quarter; {(area, group): n}."""
    made = {quarter: Atoms(KIND, quarter, {}, {}) for quarter in quarters}
    total = sum(counts.values())
    told = frozenset(who)
    when = parts or {UNKNOWN_PART: total}
    made[quarters[-1]] = Atoms(
        KIND,
        quarters[-1],
        {key: (n, told) for key, n in counts.items() if n},
        {part: (n, told) for part, n in when.items() if n},
    )
    return made


def guarded(atoms, windows=(YEAR,), past=None, together=None, settings=SETTINGS):
    """The published numbers."""
    tables, _ = _tables(
        KIND, [list(w) for w in windows], atoms, ["A", "B"], together or {},
        past or Past([], {}), settings, whole=True, kept=None,
    )  # fmt: skip
    return tables.numbers


def naive(atoms, windows=(YEAR,), **_):
    """What one would publish who only leaves out the small numbers themselves."""
    cells = candidates(KIND, [list(w) for w in windows], ["A", "B", UNKNOWN_AREA], GROUPS)
    numbers = {cell: value(cell, atoms)[0] for cell in cells}
    return {cell: None if 0 < n < 5 else n for cell, n in numbers.items()}


def difference(numbers, whole, pieces):
    """Work out the one piece that is left out of a whole, if it is only one."""
    own = {cell: n for cell, n in numbers.items() if pieces(cell)}
    sums = [n for cell, n in numbers.items() if whole(cell)]
    left = [cell for cell, n in own.items() if n is None]
    if len(left) != 1 or sums[0] is None:
        return None
    return sums[0] - sum(n for n in own.values() if n is not None)


COUNTS = {
    **{("A", "G"): 20, ("A", "H"): 2, ("A", "I"): 14},
    **{("B", "G"): 18, ("B", "H"): 25, ("B", "I"): 30},
}
ATTACKS = {
    "across a row": (
        {},
        2,
        lambda n: difference(
            n,
            lambda c: c.table == "area" and c.area == "A",
            lambda c: c.table == "area_group" and c.area == "A",
        ),
    ),
    "down a column": (
        {},
        2,
        lambda n: difference(
            n,
            lambda c: c.table == "group" and c.group == "H",
            lambda c: c.table == "area_group" and c.group == "H",
        ),
    ),
    "an area from the total": (
        {"counts": {("A", "G"): 40, ("B", "G"): 30, (UNKNOWN_AREA, "G"): 3}},
        3,
        lambda n: difference(n, lambda c: c.table == "total", lambda c: c.table == "area"),
    ),
    "a group from the total": (
        {"counts": {("A", "G"): 40, ("B", "H"): 30, ("A", "I"): 4}},
        4,
        lambda n: difference(n, lambda c: c.table == "total", lambda c: c.table == "group"),
    ),
    "a part of the week from the total": (
        {"counts": {("A", "G"): 40}, "parts": {PARTS[0]: 28, PARTS[1]: 9, PARTS[5]: 3}},
        3,
        lambda n: difference(n, lambda c: c.table == "total", lambda c: c.table == "part"),
    ),
    "a margin from one table, the rest from another": (
        {"counts": {("A", "G"): 40, ("A", "H"): 1, ("B", "G"): 30}},
        1,
        lambda n: difference(
            n,
            lambda c: c.table == "area" and c.area == "A",
            lambda c: c.table == "area_group" and c.area == "A",
        ),
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_subtraction(name):
    given, secret, attack = ATTACKS[name]
    atoms = atoms_of(given.get("counts", COUNTS), given.get("parts"))
    assert attack(naive(atoms)) == secret
    assert attack(guarded(atoms)) is None


def worked_out(releases, atoms):
    """All small sums of quarters and years that all releases together pin to under five numbers."""
    told = {cell: n for numbers in releases for cell, n in numbers.items() if n is not None}
    every = [cell for numbers in releases for cell in numbers]
    space = Space(every, atoms, ["A", "B", UNKNOWN_AREA])
    ties = space.ties()
    system = System(
        sparse.csr_array(sparse.vstack([ties.rows, space.rows(list(told))])),
        np.concatenate([ties.values, np.array(list(told.values()), dtype=np.int64)]),
    )
    windows = {cell.quarters for cell in every}
    small = space.small(KIND, sorted(windows | {(q,) for w in windows for q in w}), 5)
    sums = space.aggregates(small, [4] * len(small))
    return [small[one.which] for one in audit(system, sums, space.truth()).pinned]


LONG = tuple(f"{year}Q{q}" for year in (2024, 2025, 2026) for q in (1, 2, 3, 4))


def drawn(seed):
    """Twelve quarters, drawn; sparse enough that windows of a year hold few."""
    rng, made = np.random.default_rng(seed), {}
    for quarter in LONG:
        n = rng.poisson([[4, 1, 3], [2, 5, 1]])
        who = frozenset({"P"})
        what = {
            (a, g): (int(n[i, j]), who) for i, a in enumerate("AB") for j, g in enumerate("GHI")
        }
        when = dict.fromkeys([UNKNOWN_PART], (int(n.sum()), who))
        made[quarter] = Atoms(KIND, quarter, {k: v for k, v in what.items() if v[0]}, when)
    return made


def year_to(number):
    """The twelve months that end with a quarter of `LONG`."""
    return LONG[number - 3 : number + 1]


def remembered(atoms, spans, **more):
    """Releases made one after another, each beside those before."""
    past, made = Past([], {}), []
    for windows in spans:
        numbers = guarded(atoms, windows, past, **more)
        made.append(numbers)
        cells = [cell.entry(n) for cell, n in numbers.items()]
        line = {"period": windows[0][-1], "design": {}, "kinds": {KIND: {"cells": cells}}}
        past = Past([*past.releases, line], {})
    return made


SERIES = {
    "two quarters": [(year_to(6),), (year_to(7),)],
    "windows that overlap by nine months": [(year_to(n),) for n in range(4, 8)],
    "a year and the same year as the year before": [(year_to(7),), (year_to(11), year_to(7))],
}


@pytest.mark.parametrize("name", SERIES)
def test_differencing_releases(name):
    """One who leaves out only the small is undone; one who remembers what is out is not."""
    pinned = []
    for seed in (1, 2):
        atoms = drawn(seed)
        pinned += worked_out([naive(atoms, windows) for windows in SERIES[name]], atoms)
        assert worked_out(remembered(atoms, SERIES[name]), atoms) == []
    assert pinned


def test_releases_that_are_safe_each_by_itself():
    """Without the ledger each quarter's release is safe, and the four together are not."""
    forgot = []
    for seed in range(1, 7):
        atoms, spans = drawn(seed), SERIES["windows that overlap by nine months"]
        alone = [guarded(atoms, windows) for windows in spans]
        assert all(worked_out([one], atoms) == [] for one in alone)
        pinned = worked_out(alone, atoms)
        forgot += pinned
        if pinned:
            assert worked_out(remembered(atoms, spans), atoms) == []
    assert forgot


def test_other_groups_than_last_time():
    """G and H told apart once, together with I the next time: the difference would be I's."""
    counts = {("A", "G"): 40, ("A", "H"): 30, ("A", "I"): 3, ("B", "G"): 50, ("B", "H"): 60}
    atoms = atoms_of(counts)
    first = {c: n for c, n in naive(atoms).items() if c.table == "group"}
    coarse = candidates(KIND, [list(YEAR)], ["A", "B", UNKNOWN_AREA], dict.fromkeys("GHI", "all"))
    later = {c: value(c, atoms)[0] for c in coarse if c.table == "group"}
    assert next(iter(later.values())) - sum(n for n in first.values() if n) == 3
    cells = [c.entry(n) for c, n in first.items()]
    past = Past([{"period": "x", "design": {}, "kinds": {KIND: {"cells": cells}}}], {})
    second = guarded(atoms, past=past, together=dict.fromkeys("GHI", "all"))
    assert worked_out([first, second], atoms) == []
    assert worked_out([first, later], atoms)


def test_a_late_row_between_two_versions():
    """A correction of one row would tell of that row: the counts that are out stay as they were."""
    import pandas as pd

    def rows(n):
        frame = pd.DataFrame({"start": ["2025-11-01 12:00"] * n, "area": "A", "group": "G"})
        frame["start"] = pd.to_datetime(frame["start"]).astype("datetime64[s]")
        return frame.assign(kind=KIND, end=pd.NaT, time_precision="day", count=1, partner="P")

    def version(events, past):
        return value(Cell(KIND, "total", YEAR), _counts(events, KIND, [YEAR], past))[0]

    first = _counts(rows(20), KIND, [YEAR], Past([], {}))
    past = Past([], {(KIND, quarter): own for quarter, own in first.items()})
    assert version(rows(21), Past([], {})) - version(rows(20), Past([], {})) == 1
    assert version(rows(21), past) - version(rows(20), past) == 0


def test_a_number_that_one_reporter_stands_behind():
    who, others = frozenset({"Bolaget"}), frozenset({"Polisen", "Skolan"})
    last = YEAR[-1]
    what = {("A", "G"): (12, who), ("A", "H"): (20, others), ("B", "G"): (15, others)}
    atoms = atoms_of({}) | {last: Atoms(KIND, last, what, {UNKNOWN_PART: (47, who | others)})}
    cell = Cell(KIND, "area_group", YEAR, "A", "G", groups=("G",))
    open_ = SimpleNamespace(disclosure=Disclosure(smallest_reporters=1))
    assert guarded(atoms, settings=open_)[cell] == 12
    assert guarded(atoms)[cell] is None


def test_the_threshold_itself():
    atoms = atoms_of({("A", "G"): 40, ("B", "G"): 30, ("B", "H"): 4})
    assert all(n is None or n == 0 or n >= 5 for n in guarded(atoms).values())
    loose = guarded(atoms, settings=SimpleNamespace(disclosure=Disclosure(minimum=3)))
    assert 4 in loose.values()


# ------------------------------------------------------------ what is made of the numbers


def bundle(numbers):
    return {
        "name": "Lillby",
        "purpose": "prov",
        "controller": "Nämnden",
        "thresholds": Thresholds().model_dump(),
        "minimum": 5,
        "reporters": 2,
        "period": "2025Q4",
        "areas": ["A", "B", UNKNOWN_AREA],
        "kinds": {
            KIND: {
                "tier": 0,
                "whole": True,
                "cells": [c.entry(n) | {"until": c.until} for c, n in numbers.items()],
            }
        },
        "police": [],
        "measures": [],
        "taken_up": [],
        "how_to_report": "",
        "quality": {
            "partners": ["P"],
            "usable": "Minst 98 procent",
            "unread": False,
            "missing": [],
        },
        "shapes": [
            {"area": "A", "rings": [[[0, 0], [9, 0], [9, 9], [0, 9]]]},
            {"area": "B", "rings": [[[10, 0], [19, 0], [19, 9], [10, 9]]]},
        ],
    }


def worlds():
    """Two truths that differ only in what is left out of the release."""
    atoms = atoms_of(COUNTS)
    numbers = guarded(atoms)
    other = dict(COUNTS)
    rectangle = [("A", "H", 1), ("A", "G", -1), ("B", "H", -1), ("B", "G", 1)]
    hidden = {(c.area, c.group) for c, n in numbers.items() if n is None}
    if {("A", "I"), ("B", "I")} <= hidden:
        rectangle = [("A", "H", 1), ("A", "I", -1), ("B", "H", -1), ("B", "I", 1)]
    assert {(a, g) for a, g, _ in rectangle} <= hidden
    for area, group, more in rectangle:
        other[area, group] += more
    there = atoms_of(other)
    for cell, n in numbers.items():
        assert n is None or value(cell, there)[0] == n
    full = {c: value(c, atoms)[0] for c in numbers}, {c: value(c, there)[0] for c in numbers}
    return numbers, full


def crossed_of(numbers):
    return {(c.area, c.group): n for c, n in numbers.items() if c.table == "area_group"}


def shares(n):
    return {key: f"{100 * x / 109:.1f} %" for key, x in n.items() if x is not None}


def rounded(n):
    return {key: round(100 * x / 36) for key, x in n.items() if x is not None and key[0] == "A"}


def intervals(n):
    from est_analysis.counts import poisson_interval

    return {key: poisson_interval(x).high for key, x in n.items() if x is not None}


def means(n):
    return {key: x / 12 for key, x in n.items() if x is not None}


def ranked(n):
    return [key for key, x in sorted(n.items(), key=lambda one: (-(one[1] or 0), one[0]))] if (
        None not in n.values()
    ) else sorted(n)  # fmt: skip


def sums(n):
    return sum(x for x in n.values() if x is not None and x < 5)


@pytest.mark.parametrize(
    "derive", [shares, rounded, intervals, means, sums], ids=lambda derive: derive.__name__
)
def test_nothing_derived_tells_the_hidden(derive):
    """Shares, rounded shares, intervals, means and small sums tell two worlds apart if they may."""
    numbers, (here, there) = worlds()
    assert derive(crossed_of(here)) != derive(crossed_of(there))
    for truth in (here, there):
        told = {c: None if numbers[c] is None else n for c, n in truth.items()}
        assert derive(crossed_of(told)) == derive(crossed_of(numbers))


def everything(numbers):
    """Every table, chart and sentence of the edition."""
    released = Released(bundle(numbers), Language("sv"))
    tables = [make(released) for make in shown.TABLES.values()]
    bars = [
        shown.bars(released, shown.crimes_by_group(released), "x"),
        shown.bars(released, shown.crossed(released), "x"),
        shown.map_of_areas(released, shown.crimes_by_area(released), "x"),
    ]
    say = released.language
    return {
        "csv": [table.csv() for table in tables],
        "html": [table.html() for table in tables],
        "drawings": [chart.svg for chart in bars],
        "alt": [chart.alt for chart in bars],
        "sheet": sheet(released),
        "sentences": [say.sentence(f.text) for f in released.findings],
        "provenance": json.dumps(bundle(numbers), sort_keys=True),
    }


@pytest.mark.parametrize(
    "part", ["csv", "html", "drawings", "alt", "sheet", "sentences", "provenance"]
)
def test_two_worlds_give_the_same_edition(part):
    """Order of rows, heights of bars, titles, alt texts: all are made of what is shown alone."""
    numbers, (here, there) = worlds()

    def told(truth):
        return {c: None if numbers[c] is None else n for c, n in truth.items()}

    assert everything(told(here))[part] == everything(told(there))[part]
    if part not in {"sentences", "sheet"}:
        assert everything(here)[part] != everything(there)[part]


def test_the_order_of_rows_says_nothing_of_their_size():
    _, (here, _) = worlds()
    released = Released(bundle(here), Language("sv"))
    names = [row[0] for row in shown.crimes_by_area(released).rows]
    assert names == ["A", "B", UNKNOWN_AREA]
    by_size = sorted(names, key=lambda a: -(released.number(KIND, "area", "2025Q4", area=a) or 0))
    assert by_size != names


def test_the_sentence_of_change_keeps_quiet_of_small_numbers():
    """An increase from 4 to 9 is no sentence: one of the two is left out."""
    span, before = ("2024Q1", "2024Q2", "2024Q3", "2024Q4"), YEAR
    area = {"kind": KIND, "table": "area", "area": "A"}
    numbers = {
        Cell(quarters=YEAR, **area): 9,
        Cell(quarters=span, **area): 4,
        Cell(KIND, "total", YEAR): 90,
        Cell(KIND, "total", span): 80,
    }
    del before

    def said(told):
        released = Released(bundle(told), Language("sv"))
        return [f.text.values["usual"] for f in released.findings if f.id.endswith("/area/A")]

    assert said(numbers) == [4.0]
    assert said({c: None if n < 5 else n for c, n in numbers.items()}) == []


# ------------------------------------------------------------ finished files

SECRETS = Secrets(
    frozenset({"Stationsparken", "Storgatan"}),
    frozenset({"K2026-00123"}),
    frozenset({"/data/lillby"}),
)
PAGE = """<!DOCTYPE html><html lang="sv"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Läget</title></head><body><h1>Läget</h1>
<p>Tolv månader, 1 oktober 2024 – 30 september 2025: 90 anmälda brott, {text}</p>
<img alt="Karta. {alt}" src="data:image/svg+xml;base64,{svg}">{more}</body></html>"""
DRAWING = '<svg viewBox="0 0 300 300"><path d="M 12 14 L 61.2345 20"/>{more}</svg>'
CSV = "Område;nu\nA;90\nB;visas inte\n{more}"


def png(**texts):
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    out, told = io.BytesIO(), PngInfo()
    for name, text in texts.items():
        told.add_text(name, text)
    Image.new("RGB", (2, 2)).save(out, "PNG", pnginfo=told)
    return base64.b64encode(out.getvalue()).decode()


def edition(folder, *, text="", alt="", more="", drawing="", table="", findings="", files=()):
    (folder / "tables").mkdir(parents=True)
    svg = base64.b64encode(DRAWING.format(more=drawing).encode()).decode()
    page = PAGE.format(text=text, alt=alt, svg=svg, more=more)
    (folder / "publik.html").write_text(page, encoding="utf-8")
    (folder / "tables" / "brott_omraden.csv").write_text(CSV.format(more=table), encoding="utf-8")
    (folder / "findings.json").write_text(f'{{"publik": ["{findings}"]}}', encoding="utf-8")
    for name in files:
        (folder / name).write_text("Plats;n\nStationsparken;3\n", encoding="utf-8")
    return folder


RELEASED = {
    "minimum": 5,
    "period": "2025Q3",
    "kinds": {KIND: {"cells": [{"n": 90}, {"n": None}, {"n": 0}]}},
}
NEVER = re.compile(r"(?!)")


def nothing(*_):
    return []


def blind(name):
    """Return a weakened gate: the whole look at a part of the files left out."""
    return lambda patch: patch.setattr(scan_release, name, nothing)


def unlooked(name):
    return lambda patch: patch.setattr(scan_release, name, NEVER)


def unread(patch):
    patch.setattr(scan_release._Reader, "handle_starttag", lambda *_: None)


FILES = {
    "an internal table left behind": (
        {"files": ["places.csv"]},
        lambda patch: (
            patch.setattr(scan_release, "_FILES", re.compile(r".*"))
            or blind("_everywhere")(patch)
            or blind("_table")(patch)
        ),
    ),
    "geometry in metres": ({"text": "494830.3, 6374330.7"}, unlooked("_METRES")),
    "geometry in degrees": ({"text": "57.512345"}, unlooked("_DEGREES")),
    "geometry in a drawing": ({"drawing": '<path d="M 494830.3 6374330.7"/>'}, unlooked("_METRES")),
    "metadata of a drawing": (
        {"drawing": "<metadata>Anna</metadata>"},
        lambda p: p.setitem(scan_release._LOOKS, "image/svg+xml", nothing),
    ),
    "the title of a bar": (
        {"drawing": "<title>A H: 2</title>"},
        lambda p: p.setitem(scan_release._LOOKS, "image/svg+xml", nothing),
    ),
    "a comment in a drawing": (
        {"drawing": "<!-- 2 -->"},
        lambda p: p.setitem(scan_release._LOOKS, "image/svg+xml", nothing),
    ),
    "metadata of a picture": (
        {"more": f'<img alt="x" src="data:image/png;base64,{png(Author="Anna")}">'},
        lambda p: p.setitem(scan_release._LOOKS, "image/png", nothing),
    ),
    "a comment": (
        {"more": "<!-- A H 2 -->"},
        lambda p: p.setattr(scan_release._Reader, "handle_comment", nothing),
    ),
    "an attribute of data": ({"more": '<p data-n="2">x</p>'}, unread),
    "an alt text": ({"alt": "A, H: 2"}, unread),
    "a label for screen readers": ({"more": '<p aria-label="2 brott">x</p>'}, unread),
    "a tooltip": ({"more": '<p title="2 brott">x</p>'}, unread),
    "an embedded table": ({"more": '<script type="application/json">{"a": 90}</script>'}, unread),
    "another sort of file inside": (
        {"more": '<a href="data:text/csv;base64,QTsy">x</a>'},
        unlooked("_DATA"),
    ),
    "a small number in a sentence": ({"text": "varav 3 i A"}, blind("_small")),
    "a small number in the findings": ({"findings": "från 4 till 9"}, blind("_small")),
    "a small number in a table": ({"table": "C;3\n"}, blind("_table")),
    "a number that is not released": ({"table": "C;87\n"}, blind("_table")),
    "the name of a place": ({"text": "Stationsparken"}, blind("_everywhere")),
    "an identity": ({"text": "K2026-00123"}, blind("_everywhere")),
    "the day of an event": ({"text": "den 14 augusti 2025"}, blind("_days")),
    "a path": ({"text": "deliveries/polis/a.csv"}, blind("_everywhere")),
}


@pytest.mark.parametrize("name", FILES)
def test_what_hides_in_finished_files(name, tmp_path, monkeypatch):
    planted, weaken = FILES[name]
    folder = edition(tmp_path / "a", **planted)
    assert scan(folder, RELEASED, SECRETS) != []
    weaken(monkeypatch)
    assert scan(folder, RELEASED, SECRETS) == []


def test_a_clean_edition_passes(tmp_path):
    assert scan(edition(tmp_path / "a"), RELEASED, SECRETS) == []


def test_metadata_of_a_print():
    assert pdf_faults(b"%PDF-1.7 /Author (Anna)") == ["metadata i en PDF"]
    assert pdf_faults(b"%PDF-1.7 /Type /Catalog") == []


def test_a_scan_tells_no_value(tmp_path):
    folder = edition(tmp_path / "a", text="Stationsparken K2026-00123")
    said = " ".join(scan(folder, RELEASED, SECRETS))
    assert "Stationsparken" not in said
    assert "K2026" not in said


# ------------------------------------------------------------ the process that renders


def test_the_doors_are_shut(tmp_path):
    rooms = doors.own_rooms(tmp_path / "bundle")
    assert not doors.outside(str(tmp_path / "bundle" / "released.json"), rooms)
    assert not doors.outside(shown.__file__, rooms)
    assert doors.outside("/data/lillby/municipality.toml", rooms)
    assert not doors.outside("/data/lillby/municipality.toml", ("/data",))
