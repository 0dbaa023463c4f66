"""A finding: a sentence with its number, its n, its uncertainty, and one of four words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from est_analysis.counts import Interval, holm
from est_analysis.municipality import Thresholds


class Word(Enum):
    """
    The four words, strongest first.

    ``CLEAR`` and ``INDICATION`` are claims; ``NO_SIGN`` says that a change of the relevant size is
    excluded; ``CANNOT_TELL`` that it is not.
    """

    CLEAR = "clear"
    INDICATION = "indication"
    NO_SIGN = "no_sign"
    CANNOT_TELL = "cannot_tell"


class Share(float):
    """A part of a whole, 0-1, put into words as per cent."""


@dataclass(frozen=True)
class Text:
    """
    A Swedish sentence with named places for values; it is put into words by the report's language.

    Parameters
    ----------
    template
        The sentence, with ``{name}`` for each value; it is the key of its translation.
    values
        Numbers, dates, periods, intervals and names; never formatted beforehand.
    singular
        The sentence to use when ``values["n"]`` is one, where it reads differently.
    """

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    singular: str | None = None

    @property
    def chosen(self) -> str:
        """The template that fits ``values["n"]``."""
        use_singular = self.singular is not None and self.values.get("n") == 1
        return str(self.singular) if use_singular else self.template


@dataclass(frozen=True)
class Finding:
    """
    What one question was answered with.

    Parameters
    ----------
    id
        Stable from report to report, for example ``change/reported_crime/Skadegörelse``.
    sentences
        The sentence for each word that the whole report's family may give; a descriptive finding,
        which carries no word, has one sentence under None.
    n
        Events that the finding rests on.
    null
        What the claim is held against, for example "its own earlier years"; None if descriptive.
    estimate, interval, unit
        The number and its uncertainty; `unit` is "ratio" or "events".
    p
        p-value against `null`; None where nothing is claimed or too little is known.
    block
        Claims with the same block were already adjusted for each other: `p` is then the adjusted
        one (max-statistic, step down), and the block is one question of its room.
    gate
        True when there are events enough for the method; below it nothing is claimed.
    strongest
        No stronger word is given, whatever the p-value: `Word.INDICATION` where something is
        unknown that could have made the number.
    sufficient
        False where a relevant change might well have gone unseen: "no sign" is not said then.
    rank
        Smaller comes first among findings of equal word.
    word
        Set by `judge`; None for descriptive findings.
    """

    id: str
    sentences: Mapping[Any, Text]
    n: int
    null: Text | None = None
    estimate: float | None = None
    interval: Interval | None = None
    unit: str | None = None
    p: float | None = None
    block: str | None = None
    gate: bool = True
    strongest: Word = Word.CLEAR
    sufficient: bool = True
    rank: float = 0.0
    word: Word | None = None

    @property
    def tested(self) -> bool:
        """Whether it claims anything and there is enough to try it."""
        return self.null is not None and self.gate and self.p is not None and self.p == self.p

    @property
    def room(self) -> str:
        """The part of the report that it belongs to: what its id begins with."""
        return self.id.split("/")[0]

    @property
    def text(self) -> Text:
        """The sentence for the word it was given."""
        return self.sentences[self.word]


SHARES = {"change": 0.5, "where": 0.2, "measure": 0.3}
"""How the report's chances of a false word are divided among its rooms; see decision 15."""


def judge(findings: Iterable[Finding], thresholds: Thresholds) -> list[Finding]:
    """
    Give every claim of one whole report its word; the report is one family.

    The chances of a false word, ``thresholds.clear`` of even one false *clear* and
    ``thresholds.indication`` of even one false *clear* or *indication*, are divided among the rooms
    that ask anything (`SHARES`), and within a room by Holm's method over its questions.

    Parameters
    ----------
    findings
        All findings of the report, descriptive ones included; those with a `null` are claims.
    thresholds
        The municipality's.

    Returns
    -------
    list of Finding
        The same findings in the same order, claims with their word.

    Raises
    ------
    ValueError
        If two findings share an id, or a claim's room has no share.
    """
    family = list(findings)
    ids = [finding.id for finding in family]
    if len(set(ids)) != len(ids):
        twice = sorted({i for i in ids if ids.count(i) > 1})
        raise ValueError(f"findings share an id: {', '.join(twice)}")
    tested = [f for f in family if f.tested]
    if strangers := sorted({f.room for f in tested} - set(SHARES)):
        raise ValueError(f"no share for: {', '.join(strangers)}")
    rooms = {room: [f for f in tested if f.room == room] for room in SHARES}
    asking = {room: own for room, own in rooms.items() if own}
    whole = sum(SHARES[room] for room in asking)
    adjusted = {
        identity: min(1.0, p * whole / SHARES[room])
        for room, own in asking.items()
        for identity, p in _adjusted(own).items()
    }
    return [
        finding
        if finding.null is None
        else replace(finding, word=_word(finding, adjusted.get(finding.id), thresholds))
        for finding in family
    ]


def _adjusted(room: list[Finding]) -> dict[str, float]:
    """
    Adjust for a room's questions; a block is one question.

    Single claims take part in Holm's method. A block keeps its place in the count whatever comes
    of it: some of its claims may be true nulls after others were rejected.
    """
    single = [f for f in room if f.block is None]
    blocks = {f.block for f in room} - {None}
    stepped = holm([float(f.p or 0.0) for f in single], others=len(blocks))
    questions = len(single) + len(blocks)
    return {f.id: float(p) for f, p in zip(single, stepped, strict=True)} | {
        f.id: min(1.0, float(f.p or 0.0) * questions) for f in room if f.block is not None
    }


def _word(finding: Finding, adjusted: float | None, thresholds: Thresholds) -> Word:
    if adjusted is None:
        return Word.CANNOT_TELL
    if adjusted <= thresholds.clear:
        return finding.strongest
    if adjusted <= thresholds.indication:
        return Word.INDICATION
    ratio = finding.interval if finding.unit == "ratio" and finding.sufficient else None
    if ratio and ratio.excludes_change(thresholds.relevant_change):
        return Word.NO_SIGN
    return Word.CANNOT_TELL


_ORDER = {Word.CLEAR: 0, Word.INDICATION: 1, None: 2, Word.NO_SIGN: 3, Word.CANNOT_TELL: 4}


def foremost(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with the strongest word first, then by rank and id."""
    return sorted(findings, key=lambda f: (_ORDER[f.word], f.rank, f.id))
