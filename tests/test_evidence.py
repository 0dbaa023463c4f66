"""The four words, and the promise over a whole report: few false claims, and seen when broken."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from est_analysis import counts, evidence
from est_analysis.counts import Interval
from est_analysis.evidence import Finding, Text, Word
from est_analysis.municipality import Thresholds

THRESHOLDS = Thresholds()
SAYS = {word: Text(word.value) for word in Word} | {None: Text("beskriver")}


def claim(name, p, *, low=0.1, high=9.0, **other):
    given = {"n": 20, "null": Text("sina egna år"), "unit": "ratio", **other}
    return Finding(
        id=f"change/{name}", sentences=SAYS, p=p, interval=Interval(low, high, 0.95), **given
    )


def words(*findings):
    return [f.word for f in evidence.judge(findings, THRESHOLDS)]


def test_the_four_words():
    alone = [claim("a", 0.05), claim("b", 0.20), claim("c", 0.21, low=0.6, high=1.9)]
    alone.append(claim("d", 0.21, low=0.4, high=1.9))
    assert [words(f)[0] for f in alone] == list(Word)


def test_the_family_is_the_whole_report():
    # 0.02 alone is clear; as one of five claims it is 0.10; as one of twenty, 0.40
    for others, word in ((0, Word.CLEAR), (4, Word.INDICATION), (19, Word.CANNOT_TELL)):
        family = [claim("a", 0.02), *(claim(f"x{i}", 0.9) for i in range(others))]
        assert words(*family)[0] is word


def test_descriptive_findings_carry_no_word_and_do_not_enlarge_the_family():
    described = [replace(claim(f"x{i}", None), null=None) for i in range(50)]
    assert words(claim("a", 0.02), *described) == [Word.CLEAR, *[None] * 50]
    assert evidence.judge(described, THRESHOLDS)[0].text.template == "beskriver"


@pytest.mark.parametrize("too_little", [{"gate": False, "p": 1e-9}, {"p": None}, {"p": math.nan}])
def test_below_the_gate_nothing_is_claimed_nor_excluded(too_little):
    silent = claim("b", **{"p": 0.5, "low": 0.9, "high": 1.1, **too_little})
    assert words(claim("a", 0.05), silent) == [Word.CLEAR, Word.CANNOT_TELL]


def test_only_a_ratio_can_exclude_a_halving():
    assert words(claim("a", 0.9, low=0.6, high=1.9, unit="events")) == [Word.CANNOT_TELL]


def test_order_and_findings_are_kept_and_an_id_twice_is_refused():
    given = [claim("b", 0.9), claim("a", 0.001)]
    judged = evidence.judge(given, THRESHOLDS)
    assert [replace(f, word=None) for f in judged] == given
    assert judged[1].text.template == "clear"
    with pytest.raises(ValueError, match="share an id: change/a"):
        evidence.judge([claim("a", 0.1), claim("a", 0.2)], THRESHOLDS)
    assert evidence.judge([], THRESHOLDS) == []


def test_the_rooms_divide_the_risk_and_a_room_that_asks_nothing_leaves_its_share():
    alone = claim("a", 0.05)
    assert words(alone) == [Word.CLEAR]
    asked = replace(claim("b", 0.9), id="where/b")
    share = evidence.SHARES["change"] / (evidence.SHARES["change"] + evidence.SHARES["where"])
    for p, word in ((0.05 * share, Word.CLEAR), (0.05 * share + 1e-9, Word.INDICATION)):
        assert words(claim("a", p), asked)[0] is word
    silent = replace(claim("c", 0.9, gate=False), id="measure/c")
    assert words(alone, silent)[0] is Word.CLEAR
    assert sum(evidence.SHARES.values()) == pytest.approx(1)
    with pytest.raises(ValueError, match="no share for: rumour"):
        evidence.judge([replace(alone, id="rumour/a")], THRESHOLDS)


def test_a_block_is_one_question_and_is_never_handed_on():
    block = [claim(f"p{i}", p, block="places") for i, p in enumerate((0.001, 0.026, 0.4))]
    single = claim("s", 0.04)
    # two questions, not four: 0.026 is 0.052, and what the block claims frees nothing for others
    found = words(*block, single)
    assert found == [Word.CLEAR, Word.INDICATION, Word.CANNOT_TELL, Word.INDICATION]
    assert words(claim("p", 0.001), single) == [Word.CLEAR, Word.CLEAR]  # Holm hands on


def test_foremost_puts_the_strongest_word_first_then_rank_then_id():
    weak, strong = replace(claim("a", 0.9), rank=-1), claim("z", 0.001)
    also, none = claim("y", 0.001), replace(claim("m", None), null=None)
    judged = evidence.judge([weak, none, strong, also], THRESHOLDS)
    assert [f.id for f in evidence.foremost(judged)] == [f"change/{name}" for name in "yzma"]


def test_a_sentence_has_its_singular():
    text = Text("{n} händelser", {"n": 1}, singular="En händelse")
    assert text.chosen == "En händelse"
    assert replace(text, values={"n": 2}).chosen == Text("{n} händelser").chosen


# --- the bound over a whole report on a municipality where nothing is going on

REPORTS, CLAIMS = 2_000, 20


def _null_p():
    """p-values of null reports: each claim is one season against three, its own rate unchanged."""
    rng = np.random.default_rng(20261)
    mean = rng.uniform(3, 40, size=(REPORTS, CLAIMS))
    now, before = rng.poisson(mean), rng.poisson(3 * mean)
    seen: dict[tuple[int, int], float] = {}
    for pair in {(int(a), int(b)) for a, b in zip(now.flat, before.flat, strict=True)}:
        seen[pair] = counts.compare_rates(pair[0], 1, pair[1], 3).p
    pairs = zip(now.flat, before.flat, strict=True)
    return np.array([seen[int(a), int(b)] for a, b in pairs]).reshape(now.shape)


def _false_shares(p_values, judged_as_one_report):
    """Share of reports with at least one false clear, and one false clear or indication."""
    clear = claimed = 0
    for report in p_values:
        findings = [claim(str(i), p) for i, p in enumerate(report)]
        given = words(*findings) if judged_as_one_report else [words(f)[0] for f in findings]
        clear += Word.CLEAR in given
        claimed += Word.CLEAR in given or Word.INDICATION in given
    return clear / len(p_values), claimed / len(p_values)


def _margin(share, reports=REPORTS):
    return 3 * math.sqrt(share * (1 - share) / reports)


def test_a_report_on_nothing_keeps_its_promise():
    clear, claimed = _false_shares(_null_p(), judged_as_one_report=True)
    assert 0 < clear <= 0.05 + _margin(0.05)
    assert clear < claimed <= 0.20 + _margin(0.20)


def test_the_promise_is_seen_broken_without_the_family():
    clear, claimed = _false_shares(_null_p()[:300], judged_as_one_report=False)
    assert clear > 0.05 + _margin(0.05, 300)
    assert claimed > 0.20 + _margin(0.20, 300)


def test_the_promise_is_seen_broken_by_counts_that_vary_more_than_is_said():
    rng = np.random.default_rng(5)
    mean = rng.gamma(4, 5, size=(300, CLAIMS)) * rng.gamma(4, 1 / 4, size=(300, CLAIMS))
    base = rng.poisson(60, size=(300, CLAIMS))
    p = np.vectorize(lambda a, b: counts.compare_rates(a, 1, b, 3).p)(rng.poisson(mean), base)
    assert _false_shares(p, judged_as_one_report=True)[0] > 0.05 + _margin(0.05, 300)
    shy = np.vectorize(lambda a, b: counts.compare_rates(a, 1, b, 3, dispersion=12).p)
    assert _false_shares(shy(rng.poisson(mean), base), judged_as_one_report=True)[0] <= 0.05
