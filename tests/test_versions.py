"""A corrected report is a new version that says why; the same report again is no other version."""

import pytest

from est_analysis.reports.versions import entry, version_of

KEY = {"report": "rapport", "period": "2026Q3", "edition": "internal", "language": "sv"}


def made(said: str, *, table: str = "a;1", inputs: dict[str, str] | None = None, **key: str):
    findings = [{"id": "totals", "sentence": said}, {"id": "same", "sentence": "Lika."}]
    return entry({**KEY, **key}, findings, [table], inputs or {"polis/1.csv": "a" * 64})


def kept(ledger: list[dict], one: dict) -> list[dict]:
    """Return the ledger as it stands after a run, where the same entry is not written twice."""
    line = {**one, "version": version_of(one, ledger).number}
    return ledger if line in ledger else [*ledger, line]


def test_the_first_version_and_the_same_again():
    first = made("Tio brott.")
    ledger = kept([], first)
    assert version_of(first, ledger).number == 1
    assert kept(ledger, first) == ledger


def test_a_changed_delivery_makes_a_second_version_that_says_what_and_why():
    first = made("Tio brott.")
    inputs = {"polis/1.csv": "b" * 64, "polis/2.csv": "c" * 64}
    second = made("Elva brott.", inputs=inputs)
    ledger = kept([], first)
    version = version_of(second, ledger)
    assert version.number == 2
    assert version.inputs == ("polis/1.csv", "polis/2.csv")
    assert [(s.new, s.old) for s in version.sentences] == [("Elva brott.", "Tio brott.")]
    assert version_of(second, kept(ledger, second)) == version


def test_a_removed_delivery_is_told_too():
    both = made("Tio brott.", inputs={"polis/1.csv": "a" * 64, "polis/2.csv": "b" * 64})
    assert version_of(made("Nio brott."), kept([], both)).inputs == ("polis/2.csv",)


def test_a_table_that_differs_is_another_version_though_no_sentence_does():
    version = version_of(made("Tio brott.", table="a;2"), kept([], made("Tio brott.")))
    assert (version.number, version.inputs, version.sentences) == (2, (), ())


def test_other_inputs_with_the_same_figures_are_no_other_version():
    ledger = kept([], made("Tio brott."))
    other = made("Tio brott.", inputs={"polis/1.csv": "b"})
    assert version_of(other, ledger).number == 1
    again = kept(ledger, other)
    assert version_of(made("Elva brott.", inputs={"polis/1.csv": "c"}), again).number == 2


def test_going_back_is_a_third_version():
    ledger = kept(kept([], made("Tio brott.")), made("Elva brott."))
    assert version_of(made("Tio brott."), ledger).number == 3
    assert version_of(made("Tio brott."), kept(ledger, made("Tio brott."))).number == 3


@pytest.mark.parametrize("name", KEY)
def test_another_report_has_versions_of_its_own(name):
    ledger = kept([], made("Tio brott."))
    assert version_of(made("Elva brott.", **{name: "annan"}), ledger).number == 1


def test_a_ledger_from_before_versions_says_nothing_of_them():
    old = {**KEY, "findings": [{"id": "totals", "sentence": "Nio brott."}]}
    assert version_of(made("Tio brott."), [old]).number == 1


def test_findings_that_came_or_went_are_told():
    one, other = made("Tio brott."), made("Tio brott.", table="b")
    other["findings"] = [{"id": "new", "sentence": "Ny."}, other["findings"][0]]
    told = version_of(other, kept([], one)).sentences
    assert [(s.new, s.old) for s in told] == [("Ny.", ""), ("", "Lika.")]
