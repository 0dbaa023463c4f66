"""Which version of a report this is, and what made its figures differ from the former one's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_SAME = ("report", "period", "edition", "language")
"""What makes two entries of the ledger one report."""


@dataclass(frozen=True)
class Sentence:
    """A finding that is not what it was; either text is empty where it is new or gone."""

    new: str
    old: str


@dataclass(frozen=True)
class Version:
    """
    One version of one report.

    Parameters
    ----------
    number
        1 for the first.
    inputs
        Files that are new, changed or gone since the former version; empty where the same files
        give other figures: then an earlier report, or the program, is another.
    sentences
        Findings that are not what they were, in the report's order; those that are gone come last.
    reason
        Why a published edition was corrected, in the group's words; empty for an internal report.
    """

    number: int = 1
    inputs: tuple[str, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    reason: str = ""


def entry(
    key: Mapping[str, str],
    findings: list[dict[str, Any]],
    tables: Iterable[str],
    inputs: Mapping[str, str],
) -> dict[str, Any]:
    """
    Return what the ledger keeps of a report.

    Parameters
    ----------
    key
        ``report``, ``period``, ``edition`` and ``language``.
    findings
        As plain values, in order.
    tables
        The report's tables as text.
    inputs
        Path inside the municipality's folder to hash, of every file that it rests on.

    Returns
    -------
    dict
        ``figures`` is a hash of findings and tables: it tells whether any figure is another.
    """
    digest = hashlib.sha256(json.dumps(findings, ensure_ascii=False, sort_keys=True).encode())
    for table in tables:
        digest.update(b"\0" + table.encode())
    return {
        **key,
        "findings": findings,
        "figures": digest.hexdigest(),
        "inputs": short(inputs),
    }


def short(inputs: Mapping[str, str]) -> dict[str, str]:
    """Return inputs as the ledger keeps them: path to the first twelve digits of its hash."""
    return {file: sha[:12] for file, sha in inputs.items()}


def version_of(made: Mapping[str, Any], ledger: Iterable[Mapping[str, Any]]) -> Version:
    """
    Tell which version a report is.

    Parameters
    ----------
    made
        As `entry` gives it.
    ledger
        Every entry of earlier runs, oldest first. Those without figures, of older programs, say
        nothing of versions.

    Returns
    -------
    Version
        The same again when the same report is made again.
    """
    own = [
        line
        for line in ledger
        if "version" in line and all(line[name] == made[name] for name in _SAME)
    ]
    if not own:
        return Version()
    last = own[-1]
    if last["figures"] != made["figures"]:
        return _differing(int(last["version"]) + 1, made, last)
    number = int(last["version"])
    if number == 1:
        return Version()
    first = next(line for line in own if line["version"] == number)
    former = [line for line in own if line["version"] == number - 1]
    return _differing(number, first, former[-1]) if former else Version(number)


def _differing(number: int, now: Mapping[str, Any], before: Mapping[str, Any]) -> Version:
    files = {**before["inputs"], **now["inputs"]}
    said_now = {line["id"]: str(line["sentence"]) for line in now["findings"]}
    said_before = {line["id"]: str(line["sentence"]) for line in before["findings"]}
    sentences = (
        Sentence(said_now.get(name, ""), said_before.get(name, ""))
        for name in dict.fromkeys([*said_now, *said_before])
    )
    return Version(
        number,
        tuple(f for f in sorted(files) if before["inputs"].get(f) != now["inputs"].get(f)),
        tuple(sentence for sentence in sentences if sentence.new != sentence.old),
    )
