"""What earlier reports claimed, what the group decided since, and what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import pandas as pd

from est_analysis.evidence import Finding, Word
from est_analysis.measures.ground import name_of
from est_analysis.measures.register import PROBLEM_STATES, Register
from est_analysis.periods import Period

CLAIMS = ("clear", "indication")
_RATIOS = ("ratio", "share")
"""Units of estimates that say a way: above one is more, below is fewer."""
_T = TypeVar("_T")
Said = tuple[str, date | None]
"""A text of the register, and its day."""


@dataclass(frozen=True)
class Claim:
    """
    A claim of an earlier report that has not left the list.

    Parameters
    ----------
    id
        The finding's.
    since
        The period of the first report in the unbroken run of reports that claimed it.
    period
        Of the latest of them.
    said
        What that report said, as the ledger has it.
    """

    id: str
    since: Period
    period: Period
    said: Mapping[str, Any]


@dataclass(frozen=True)
class Followed:
    """
    A claim, what was decided about it since, and what happened.

    Parameters
    ----------
    claim
        As it was made.
    known
        Whether any problem of the register is about what it says.
    decisions, begun, going_on
        Decisions of meetings since; measures that began since; measures that had begun before and
        had not ended when the claim was made.
    outcome
        ``still`` (claimed again, the same way), ``turned`` (claimed the other way), ``untried``
        (it could not be asked now, so it stays on the list), ``gone`` (asked, and no claim),
        ``closed`` (the group has closed its problems, and it is not claimed again), ``removed``
        (it was about a measure that the register does not hold any longer).
    answer
        This report's; None where it says nothing of it.
    asked
        Whether this report could ask about it: a place that stands out no longer is not named.
    reasons
        The group's reasons for closing the problems; empty where it has closed none, or not said.
    """

    claim: Claim
    known: bool
    decisions: tuple[Said, ...]
    begun: tuple[Said, ...]
    going_on: tuple[Said, ...]
    outcome: str
    answer: Finding | None
    asked: bool = False
    reasons: tuple[str, ...] = ()

    @property
    def leaves(self) -> bool:
        """Whether it leaves the list with this report."""
        return self.outcome in {"gone", "closed", "removed"}

    @property
    def decided(self) -> bool:
        """Whether the register holds any decision or new measure about it since."""
        return bool(self.decisions or self.begun)


def open_claims(reports: Iterable[tuple[Period, Sequence[Mapping[str, Any]]]]) -> list[Claim]:
    """
    Return the claims that no later report has answered otherwise.

    Parameters
    ----------
    reports
        Earlier reports of the same kind: period and findings as the ledger has them, oldest first,
        each period once.

    Returns
    -------
    list of Claim
        A claim stays while reports repeat it, and over reports that could not ask; the strongest
        of the latest report first.
    """
    found: dict[str, Claim] = {}
    for period, findings in reports:
        told = {str(one["id"]): one for one in findings}
        for identity in list(found):
            now = told.get(identity)
            if now is not None and now["claim"] in CLAIMS:
                continue
            asked = _asked(identity, now, told)
            if asked is not None and asked.get("p") is not None:  # only what is asked has one
                del found[identity]
        for identity, one in told.items():
            if one["claim"] in CLAIMS:
                since = found[identity].since if identity in found else period
                found[identity] = Claim(identity, since, period, one)
    order = {word: place for place, word in enumerate(CLAIMS)}
    return sorted(found.values(), key=lambda c: (order[str(c.said["claim"])], c.id))


def _asked(identity: str, own: _T | None, told: Mapping[str, _T]) -> _T | None:
    """Return what a report was to answer a claim's question with: of a place, that of all."""
    if own is not None or not identity.startswith("where/place/"):
        return own
    places = (one for key, one in told.items() if key.startswith("where/place/"))
    return told.get("where/places") or next(places, None)


def follow_up(
    claims: Iterable[Claim], register: Register, findings: Iterable[Finding], period: Period
) -> list[Followed]:
    """
    Set what was decided and what happened beside each claim.

    Parameters
    ----------
    claims
        As `open_claims` gives them.
    register
        The group's. A decision is about a claim where its ``problem`` is, or the problem of its
        ``atgard``; a problem is where its group, area or place is the claim's, or where the claim
        is about one of its measures. Texts are not searched: nothing is guessed.
    findings
        This report's, with their words.
    period
        The reported period: what was decided after it is not told.

    Returns
    -------
    list of Followed
        In the claims' order.
    """
    now = {finding.id: finding for finding in findings}
    return [_followed(claim, register, now, period) for claim in claims]


def _followed(
    claim: Claim, register: Register, now: Mapping[str, Finding], period: Period
) -> Followed:
    problems = _about(claim.id, register)
    own = set(problems["id"])
    span = (pd.Timestamp(claim.since.end), pd.Timestamp(period.end))
    measures = register.measures[register.measures["problem"].isin(own)]
    decisions = register.decisions
    about = decisions["atgard"].isin(measures["id"]) if "atgard" in decisions else False
    about |= decisions["problem"].isin(own) if "problem" in decisions else False
    decided = decisions[about & _within(decisions["motesdatum"], span)] if own else decisions[:0]
    start = measures["startdatum"]
    earlier = measures[(start < span[0]) & ~(measures["slutdatum"] < span[0])]
    found = now.get(claim.id)
    asked = _asked(claim.id, found, now)
    outcome = _outcome(claim, found, asked=asked is not None and asked.tested)
    if claim.id.startswith("measure/") and claim.id[8:] not in set(register.measures["id"]):
        outcome = "removed"
    closed = _closed(problems, span)
    if closed is not None and outcome in {"untried", "gone"}:
        outcome = "closed"
    return Followed(
        claim,
        bool(own),
        _said(decided, "beslut", "motesdatum"),
        _said(measures[_within(start, span)], "atgard", "startdatum"),
        _said(earlier, "atgard", "startdatum"),
        outcome,
        found,
        asked is not None and asked.tested,
        closed or (),
    )


def _about(identity: str, register: Register) -> pd.DataFrame:
    """Return the problems that a claim is about."""
    problems = register.problems
    parts = identity.split("/", 3)
    if parts[0] == "measure":
        own = register.measures.loc[register.measures["id"] == identity[8:], "problem"]
        return problems[problems["id"].isin(own)]
    if parts[:2] == ["where", "place"]:
        names = pd.Series([name_of(one) for _, one in problems.iterrows()], problems.index, str)
        return problems[_plain(names) == _plain(pd.Series([identity[12:]])).iloc[0]]
    column = {"group": "grupp", "area": "omrade"}.get(parts[2]) if len(parts) == 4 else None
    if column is None:
        return problems[:0]
    return problems[_plain(problems[column]) == _plain(pd.Series([parts[3]])).iloc[0]]


def _plain(texts: pd.Series) -> pd.Series:
    return texts.astype(str).str.casefold().str.split().str.join(" ")


def _within(days: pd.Series, span: tuple[pd.Timestamp, pd.Timestamp]) -> pd.Series:
    return (days >= span[0]) & (days < span[1])


def _said(rows: pd.DataFrame, text: str, day: str) -> tuple[Said, ...]:
    listed = rows.sort_values([day, "id"])
    days = (None if pd.isna(one) else one.date() for one in listed[day])
    return tuple(zip(listed[text].astype(str), days, strict=True))


def _closed(
    problems: pd.DataFrame, span: tuple[pd.Timestamp, pd.Timestamp]
) -> tuple[str, ...] | None:
    """Return the reasons where every problem was closed since; None where one is open."""
    if problems.empty or "status" not in problems:
        return None
    day = problems["avslutsdatum"]
    gone = (problems["status"] == PROBLEM_STATES[1]) & (day.isna() | _within(day, span))
    if not gone.all():
        return None
    return tuple(dict.fromkeys(reason for reason in problems["avslutsskal"] if reason))


def _outcome(claim: Claim, found: Finding | None, *, asked: bool) -> str:
    if found is None or found.word not in (Word.CLEAR, Word.INDICATION):
        return "gone" if asked else "untried"
    same = found.unit == claim.said.get("unit") and found.unit in _RATIOS
    ways = _way(found.estimate) * _way(claim.said.get("estimate")) if same else 1
    return "still" if ways >= 0 else "turned"


def _way(estimate: Any) -> int:  # noqa: ANN401 - a ratio, or None
    """Return 1 for a ratio above one, -1 below, 0 where there is none."""
    return 0 if estimate is None else int(estimate > 1) - int(estimate < 1)
