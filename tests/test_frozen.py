"""Frozen baselines: what is delivered or rewritten later changes no baseline, and is told."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from frames import events, settings
from frames_of_measures import BEFORE, FULL, GEOGRAPHY, HISTORY, Q1, THERE, register, yearly

from est_analysis.gather import store
from est_analysis.measures import frozen
from est_analysis.measures.evaluation import evaluate
from est_analysis.measures.register import Register
from est_analysis.periods import parse
from est_analysis.reports.findings_of_baselines import changed_finding, moved_finding
from est_analysis.reports.language import Language

SAY = Language("sv")
LATE = [*FULL, *yearly([0, 3, 0, 2], **BEFORE), *yearly([0, 1], **THERE)]  # five and one came late


def judged(rows=FULL, ledger=(), *, measure=None, problem=None, period=Q1):
    listed = register(measure, problem)
    (found,) = evaluate(events(*rows), listed, period, settings(), GEOGRAPHY, ledger=list(ledger))
    return found


def entries(*evaluations):
    """Return what the ledger holds after reports with these evaluations, in their order."""
    return [json.loads(json.dumps(e.held.kept.entry())) for e in evaluations if e.held.new]


def said(finding):
    return SAY.sentence(finding.sentences[None])


def test_a_first_report_freezes_what_it_counts_and_says_nothing_of_it():
    first = judged()
    assert first.held.new
    assert first.held.kept.counted
    assert first.held.tally(first.baseline) == (first.before, first.comparison_before) == (120, 90)
    assert (first.held.kept.first, first.held.kept.until) == ("2021-01-01", "2025-04-02")
    assert changed_finding(first, "Ny belysning", 2) is None
    assert moved_finding(first, "Ny belysning") is None


def test_the_same_report_again_is_the_same():
    first = judged()
    again = judged(ledger=entries(first))
    assert not again.held.new
    assert again.held.kept == first.held.kept
    assert (again.p, again.before, again.difference) == (first.p, first.before, first.difference)
    assert changed_finding(again, "x", 2) is None


def test_late_registrations_do_not_rewrite_the_baseline_and_are_told():
    first = judged()
    later = judged(LATE, entries(first))
    assert (later.before, later.comparison_before) == (120, 90)
    assert later.difference == first.difference
    sentence = said(changed_finding(later, "Ny belysning", 2))
    assert "120 då, 125 nu" in sentence
    assert "Där den jämförs: 90 då, 91 nu" in sentence
    assert "rapporten för januari–mars 2026" in sentence


def test_without_the_ledger_the_late_ones_would_have_moved_the_baseline():
    """The sibling: what the freeze is there to stop does happen without it."""
    loose = judged(LATE)
    assert (loose.before, loose.comparison_before) == (125, 91)
    assert loose.difference != judged().difference


def test_a_redelivery_that_drops_rows_does_not_rewrite_the_baseline_either():
    fewer = [HISTORY, *yearly([20, 30, 40, 40], **BEFORE), *yearly([30] * 4, **THERE)]
    later = judged(fewer, entries(judged()))
    assert later.before == 120
    assert "120 då, 110 nu" in said(changed_finding(later, "x", 2))


def test_what_comes_after_the_start_is_never_frozen():
    more = [*FULL, *yearly([7], **BEFORE)]
    later = judged(more, entries(judged()))
    assert later.after == 27
    assert changed_finding(later, "x", 2) is None


def test_any_later_window_is_counted_from_the_same_frozen_days():
    first = judged(period=parse("2025Q4"))
    later = judged(LATE, entries(first))
    assert later.window != first.window
    assert later.before == judged().before == 120


@pytest.mark.parametrize(
    ("changed", "column", "then", "now"),
    [
        ({"measure": {"jamforelseplats": "Intill"}}, "jämförelseplatsen", "Parken", "Intill"),
        ({"problem": {"plats": "Parken"}}, "platsen", "Torget", "Parken"),
        ({"problem": {"grupp": "Klotter"}}, "brottsgruppen", "", "Klotter"),
        ({"measure": {"startdatum": "2025-05-02"}}, "startdatum", "2025-04-02", "2025-05-02"),
        ({"problem": {"radie_m": 75.0}}, "radien", "", "75"),
    ],
)
def test_another_place_or_comparison_is_another_baseline_and_the_change_is_told(
    changed, column, then, now
):
    first = judged()
    other = judged(LATE, entries(first), **changed)
    assert other.held.new
    kept = entries(first, other)
    assert len(kept) == 2
    assert kept[0] == entries(first)[0]
    sentence = said(moved_finding(other, "Ny belysning"))
    assert f"{column} var {f'”{then}”' if then else 'tom'} och är ”{now}”" in sentence
    again = judged(LATE, kept, **changed)
    assert not again.held.new
    assert said(moved_finding(again, "Ny belysning")) == sentence


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"measure": {"mal": "Fem procent färre"}}, "målet"),
        ({"measure": {"indikator": "Synpunkter"}}, "indikatorn"),
        ({"problem": {"vald_period": "2024Q4"}}, "perioden som platsen valdes på"),
        ({"measure": {"forvantad_effekt_fran": "2025-06-01"}}, "dagen då effekten väntades"),
    ],
)
def test_a_moved_goal_is_told_and_frees_no_baseline(changed, column):
    first = judged()
    later = judged(LATE, entries(first), **changed)
    assert not later.held.new
    assert column in said(moved_finding(later, "x"))
    assert later.held.tally(later.baseline) != later.held.fresh.tally(later.baseline[0])


def test_capitals_and_spaces_are_no_change():
    later = judged(LATE, entries(judged()), measure={"jamforelseplats": " PARKEN "})
    assert not later.held.new
    assert moved_finding(later, "x") is None
    assert later.before == 120


def test_a_name_beside_coordinates_decides_nothing():
    at = {"x": 0.0, "y": 0.0}
    first = judged(problem={**at, "plats": "Torget"})
    later = judged(LATE, entries(first), problem={**at, "plats": "Stora torget"})
    assert later.before == 120
    assert moved_finding(later, "x") is None


def test_a_planned_measure_is_known_at_once_and_counted_when_it_begins():
    planned = judged(measure={"startdatum": "2026-05-01"})
    assert planned.why_not == "not_started"
    assert planned.held.new
    assert not planned.held.kept.counted
    ledger = entries(planned)
    assert not judged(ledger=ledger, measure={"startdatum": "2026-05-01"}).held.new
    begun = judged(ledger=ledger, measure={"startdatum": "2026-05-01"}, period=parse("2026Q2"))
    assert begun.held.new
    assert begun.held.kept.counted
    moved = judged(
        ledger=ledger,
        measure={"startdatum": "2026-05-01", "jamforelseplats": "Intill"},
        period=parse("2026Q2"),
    )
    assert "jämförelseplatsen" in said(moved_finding(moved, "x"))


def test_a_season_before_the_frozen_days_is_counted_as_it_is_now():
    short = [*FULL[1:], {"start": "2024-01-01", "x": 9_000.0, "y": 9_000.0}]
    short = [row for row in short if row["start"] >= "2024"]
    first = judged(short)
    assert first.held.kept.first == "2024-01-01"
    assert (first.years, first.before) == (1, 40)
    later = judged(FULL, entries(first))
    assert (later.years, later.before) == (3, 120)


def test_the_content_hangs_on_the_events_and_not_on_their_order():
    rows = [HISTORY, *yearly([20, 40], **BEFORE), *yearly([30, 30], **THERE)]
    one, turned = judged(rows), judged(rows[::-1])
    assert one.held.kept.content == turned.held.kept.content
    moved = [{**row, "x": row["x"] + 1} for row in rows]
    assert judged(moved).held.kept.content != one.held.kept.content


def test_a_month_counts_only_in_whole_months():
    row = {"start": "2024-10-01", "time_precision": "month", "count": 5, **BEFORE}
    assert judged([*FULL, row]).before == 120
    kept = judged([*FULL, row]).held.kept
    assert kept.tally(parse("2024-10"))[0] == 45
    assert kept.tally(parse("2024-10-01--2024-10-15"))[0] == 40


def test_an_unread_file_freezes_nothing():
    listed = register()
    (found,) = evaluate(events(*FULL), listed, Q1, settings(), GEOGRAPHY, whole=False)
    assert found.held is None


def test_a_row_at_fault_is_neither_judged_nor_frozen():
    base = register()
    stopped = base.__class__(
        *(base.problems, base.measures, base.decisions, base.faults), held=frozenset({"A1"})
    )
    (found,) = evaluate(events(*FULL), stopped, Q1, settings(), GEOGRAPHY)
    assert (found.why_not, found.held, found.window) == ("row_fault", None, None)
    assert judged().why_not == ""


def test_the_ledger_is_added_to_and_never_rewritten(make_folder):
    from est_analysis import municipality as municipalities

    home = municipalities.load(make_folder())
    first = judged()
    frozen.append(home, [first.held])
    file = home.path("ledger/baselines.jsonl")
    before = file.read_bytes()
    again = judged(LATE, frozen.read(home))
    frozen.append(home, [again.held])
    assert file.read_bytes() == before
    other = judged(LATE, frozen.read(home), measure={"jamforelseplats": "Intill"})
    frozen.append(home, [other.held])
    assert file.read_bytes().startswith(before)
    assert len(frozen.read(home)) == 2
    assert frozen.read(home)[0]["version"] == frozen.VERSION
    assert store.entries(home, "reports") == []


def test_an_entry_of_another_version_is_passed_over():
    (entry,) = entries(judged())
    later = judged(LATE, [{**entry, "version": 0}])
    assert later.held.new
    assert later.before == 125


def test_nothing_and_numbers_are_written_the_same_each_time():
    row = {"id": "A1", "x": 494877.0, "y": np.float64(2.5), "radie_m": math.nan, "grupp": None}
    kept = frozen.freeze(row, {}, Q1)
    assert dict(kept.decides)["x"] == "494877"
    assert dict(kept.decides)["y"] == "2.5"
    assert dict(kept.decides)["radie_m"] == ""
    dated = frozen.freeze({"id": "A1", "startdatum": pd.Timestamp("2025-04-02")}, {}, Q1)
    assert dict(dated.decides)["startdatum"] == "2025-04-02"


BESIDE = {"id": "A2", "problem": "P2", "jamforelseplats": "Lunden"}
AT = {"id": "P2", "plats": "", "x": 300.0, "y": 0.0, "radie_m": 60.0}
AROUND = [*FULL, *yearly([4, 5, 6, 7], x=280.0, y=0.0), *yearly([2] * 4, x=0.0, y=250.0)]


def ring(ledger=(), *, start=None):
    """Return the first measure's ring, with a second measure registered within it or not."""
    one = register()
    if start is not None:
        two = register({**BESIDE, "startdatum": start}, AT)
        problems, measures = (
            pd.concat([getattr(one, part), getattr(two, part)], ignore_index=True)
            for part in ("problems", "measures")
        )
        one = Register(problems, measures, one.decisions, one.faults)
    found, *_ = evaluate(events(*AROUND), one, Q1, settings(), GEOGRAPHY, ledger=list(ledger))
    return found


def test_a_measure_registered_later_does_not_change_the_ring_until_it_acts():
    first = ring()
    assert first.ring == (18 + 6, 4 + 2)
    ledger = entries(first)
    assert ring(ledger, start="2026-06-01").ring == first.ring  # planned: nothing is done there yet
    assert ring(ledger, start="2026-01-01").ring == (6, 2)  # done: no ring may hold treated ground


def test_without_the_ledger_a_plan_would_have_cut_the_ring():
    """The sibling."""
    assert ring(start="2026-06-01").ring == (6, 2)


def test_ledgers_from_before_rings_were_frozen_are_read():
    old = [{k: v for k, v in entry.items() if k != "ground"} for entry in entries(ring())]
    assert ring(old).ring == (18 + 6, 4 + 2)
    assert not ring(old).held.new
