"""Claimed, decided, happened: what stays on the list, what leaves it, and with which reason."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from frames import settings
from frames_of_measures import register

from est_analysis.evidence import Finding, Text, Word
from est_analysis.measures.follow_up import follow_up, open_claims
from est_analysis.measures.register import Register
from est_analysis.periods import parse
from est_analysis.reports import tables
from est_analysis.reports.language import Language
from est_analysis.reports.tables.follow_up import short

Q1, Q2, Q3 = (parse(f"2026Q{n}") for n in (1, 2, 3))
GROUP = "change/reported_crime/group/Skadegörelse"
PLACE = "where/place/Torget"


def said(identity, claim="clear", p=0.001, estimate=2.0):
    return {
        **{"id": identity, "claim": claim, "word": claim and "Tydligt", "p": p},
        **{"estimate": estimate, "unit": "ratio", "sentence": "Fler. Mycket fler."},
    }


def now(identity, word=Word.CLEAR, p=0.001, estimate=2.0):
    texts = dict.fromkeys(Word, Text("Nu är det {what}. Och så.", {"what": "så"}))
    return Finding(
        identity, texts, 30, null=Text("intet"), p=p, estimate=estimate, unit="ratio", word=word
    )


def group(*, decisions=(), **problem):
    """Return a register whose problem is vandalism at Torget, with these decisions."""
    told = {"grupp": "Skadegörelse", "status": "Öppet", "avslutsskal": "", "avslutsdatum": pd.NaT}
    plain = register({"atgard": "Ljus", "startdatum": "2026-02-01"}, told | problem)
    rows = [
        {"id": f"B{i}", "beslut": text, "motesdatum": pd.Timestamp(day), "problem": p, "atgard": a}
        for i, (text, day, p, a) in enumerate(decisions)
    ]
    names = ["id", "beslut", "motesdatum", "problem", "atgard"]
    listed = pd.DataFrame(rows, columns=names).astype({"motesdatum": "datetime64[s]"})
    return Register(plain.problems, plain.measures, listed, plain.faults)


def followed(claimed=GROUP, own=None, found=(), reports=None):
    claims = open_claims(reports or [(Q2, [said(claimed)])])
    (one,) = follow_up(claims, own or group(), found, Q3)
    return one


def test_a_claim_stays_while_reports_repeat_it_and_over_those_that_could_not_ask():
    told = [(Q1, [said(GROUP)]), (Q2, [said(GROUP, None, None)])]
    (kept,) = open_claims(told)
    assert (kept.since, kept.period) == (Q1, Q1)
    (again,) = open_claims([*told, (Q3, [said(GROUP, "indication")])])
    assert (again.since, again.period, again.said["claim"]) == (Q1, Q3, "indication")


def test_a_claim_that_a_later_report_answered_otherwise_is_off_the_list():
    """The sibling: what was asked and not claimed is answered."""
    assert open_claims([(Q1, [said(GROUP)]), (Q2, [said(GROUP, "cannot_tell", 0.6)])]) == []
    (anew,) = open_claims(
        [(Q1, [said(GROUP)]), (Q2, [said(GROUP, "no_sign", 0.6)]), (Q3, [said(GROUP)])]
    )
    assert anew.since == Q3


def test_a_place_that_nobody_names_is_answered_by_the_question_of_all_places():
    asked = [(Q1, [said(PLACE)]), (Q2, [said("where/places", "cannot_tell", 0.4)])]
    assert open_claims(asked) == []
    silent = [(Q1, [said(PLACE)]), (Q2, [said("where/places", "cannot_tell", None)])]
    assert [one.id for one in open_claims(silent)] == [PLACE]


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        ([now(GROUP)], "still"),
        ([now(GROUP, Word.INDICATION)], "still"),
        ([now(GROUP, estimate=0.5)], "turned"),
        ([now(GROUP, Word.CANNOT_TELL)], "gone"),
        ([now(GROUP, Word.CANNOT_TELL, p=None)], "untried"),
        ([], "untried"),
    ],
)
def test_what_happened(found, outcome):
    one = followed(found=found)
    assert one.outcome == outcome
    assert one.leaves == (outcome == "gone")


def test_a_place_leaves_when_places_were_asked_about_and_it_does_not_stand_out():
    assert followed(PLACE, found=[now("where/place/Parken")]).outcome == "gone"
    assert followed(PLACE, found=[now("where/places", Word.CANNOT_TELL)]).outcome == "gone"
    unasked = [now("where/places", Word.CANNOT_TELL, p=None)]
    assert followed(PLACE, found=unasked).outcome == "untried"


CLOSED = {"status": "Avslutat", "avslutsskal": "Löst av ljuset"}


@pytest.mark.parametrize(
    ("day", "outcome"),
    [("2026-08-01", "closed"), (pd.NaT, "closed"), ("2026-06-30", "gone"), ("2026-10-01", "gone")],
)
def test_the_groups_reason_is_told_where_it_closed_the_problem_since(day, outcome):
    own = group(**CLOSED, avslutsdatum=pd.Timestamp(day))
    one = followed(own=own, found=[now(GROUP, Word.CANNOT_TELL)])
    assert (one.outcome, one.leaves) == (outcome, True)
    assert one.reasons == (("Löst av ljuset",) if outcome == "closed" else ())


def test_a_closed_problem_that_is_claimed_again_stays():
    own = group(**CLOSED, avslutsdatum=pd.Timestamp("2026-08-01"))
    assert not followed(own=own, found=[now(GROUP)]).leaves


def test_a_measure_that_is_struck_out_of_the_register_leaves_with_that_reason():
    assert followed("measure/A9").outcome == "removed"
    assert followed("measure/A1").outcome == "untried"


DECIDED = ("Bom sätts upp", "2026-08-01", "P1", "")


@pytest.mark.parametrize(
    ("decision", "n"),
    [
        (DECIDED, 1),
        (("Bom sätts upp", "2026-08-01", "", "A1"), 1),
        (("Bom sätts upp", "2026-08-01", "", ""), 0),  # of nothing told: not guessed
        (("Bom vid Torget", "2026-08-01", "P2", ""), 0),
        (("Bom sätts upp", "2026-06-30", "P1", ""), 0),  # before the claim could be read
        (("Bom sätts upp", "2026-10-01", "P1", ""), 0),  # after the period
    ],
)
def test_only_what_the_register_links_and_dates_was_decided_since(decision, n):
    for claimed in (GROUP, PLACE, "measure/A1"):
        one = followed(claimed, group(decisions=[decision]))
        assert len(one.decisions) == n
        assert one.decided == bool(n)
    assert followed("change/reported_crime", group(decisions=[decision])).known is False


def test_decisions_count_from_the_first_report_that_claimed_it():
    reports = [(Q1, [said(GROUP)]), (Q2, [said(GROUP)])]
    early = group(decisions=[("Bom", "2026-05-01", "P1", "")])
    assert followed(own=early, reports=reports).decided
    assert not followed(own=early).decided


def test_measures_that_began_since_stand_apart_from_those_going_on():
    one = followed()
    assert (one.begun, [text for text, _ in one.going_on]) == ((), ["Ljus"])
    later = group()
    later.measures["startdatum"] = pd.Timestamp("2026-07-15")
    assert [text for text, _ in followed(own=later).begun] == ["Ljus"]
    ended = group()
    ended.measures["slutdatum"] = pd.Timestamp("2026-03-01")
    assert followed(own=ended).going_on == ()


def row(one):
    kept = SimpleNamespace(
        followed=[one], language=Language("sv"), period=Q3, municipality=settings()
    )
    ((*cells,),) = tables.claims_followed(kept).rows
    return [Language("sv").write(cell) for cell in cells]


def test_the_row_says_each_part():
    cells = row(followed(own=group(decisions=[DECIDED]), found=[now(GROUP)]))
    assert cells[0] == "[Tydligt] Fler. (april–juni 2026)"
    assert cells[1] == "beslut 1 augusti 2026: Bom sätts upp"
    assert cells[2:] == ["[Tydligt] Nu är det så.", "kvar: påstås igen"]
    assert row(followed(own=group()))[1] == "inget nytt beslut; sedan förr: Ljus"
    bare = group()
    none = Register(bare.problems, bare.measures.iloc[:0], bare.decisions, bare.faults)
    assert row(followed(own=none))[1] == "inget beslut i registret"
    assert row(followed("change/reported_crime"))[1] == "inget problem i registret gäller detta"
    own = group(**CLOSED | {"avslutsskal": "Löst {så}"})
    gone = row(followed(PLACE, own, found=[now("where/places", Word.NO_SIGN)]))
    assert gone[2] == "hör inte till platserna som skiljer ut sig"
    assert gone[3] == "lämnar: gruppen har avslutat problemet (Löst {så})"
    told = row(followed(reports=[(Q1, [said(GROUP)]), (Q2, [said(GROUP)])]))
    assert "april–juni 2026, först januari–mars 2026" in told[0]


def test_no_report_before_is_said():
    kept = SimpleNamespace(followed=[], language=Language("sv"), period=Q3)
    assert "ingen tidigare rapport har en slutsats" in tables.claims_followed(kept).html()


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("A (B): färre. 3 mot 9.", "A (B): färre."),
        ("Kl. tre var det 1,5 fler. Sedan.", "Kl. tre var det 1,5 fler."),
        ("Utan punkt", "Utan punkt"),
        ("", ""),
    ],
)
def test_a_long_sentence_is_cut_after_its_first(text, first):
    assert short(text) == first


def test_names_are_compared_without_regard_to_case_and_spaces():
    own = group(decisions=[DECIDED], grupp="skadegörelse ")
    assert followed(own=own).decided
    assert not followed(own=group(decisions=[DECIDED], grupp="Stöld")).decided
    assert np.isnan(own.problems["x"].iat[0])  # found by its group, wherever it is
