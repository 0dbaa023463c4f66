"""What the group took up and did, as far as it may be told: closed lists, and words it released."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from est_analysis.errors import ReportError
from est_analysis.gather.guard import HIDDEN
from est_analysis.measures.register import CAUSES, known_groups

if TYPE_CHECKING:
    import pandas as pd

    from est_analysis.reports.results import Results

YES = "ja"
"""What stands in the register's column ``publiceras`` where the words of a row may be published."""


def taken_up(results: Results) -> list[dict[str, Any]]:
    """
    Return the register's problems with their measures, as the feedback sheet may tell them.

    Area, group, cause, sort and state come from closed lists. The group's own words (what the
    problem is and where, what is done and by which function) are there only where the row says
    that they may be published.

    Parameters
    ----------
    results
        The internal report's.

    Returns
    -------
    list of dict
        In an order that says nothing of when they were written.

    Raises
    ------
    ReportError
        If released words hold something that may not be published: a small count, another place's
        name, a case's number. The message names the row by its id, never what it says.
    """
    measures = results.register.measures
    listed = [
        _problem(results, row, measures[measures["problem"] == row["id"]])
        for row in results.register.problems.to_dict("records")
    ]
    return sorted(listed, key=repr)


def _problem(results: Results, row: dict[str, Any], measures: pd.DataFrame) -> dict[str, Any]:
    geography, municipality = results.geography, results.municipality
    areas = set() if geography.areas is None else set(geography.areas["name"].astype(str))
    places = set() if geography.places is None else set(geography.places["name"].astype(str))
    together = {g: name for name, groups in municipality.disclosure.groups.items() for g in groups}
    group = row["grupp"] if row["grupp"] in known_groups(municipality) else ""
    yes = row["publiceras"] == YES
    return {
        "area": row["omrade"] if row["omrade"] in areas else "",
        "group": together.get(group, group),
        "causes": [cause for cause in CAUSES if cause in row["orsakstyp"].split(", ")],
        "state": row["status"],
        "about": _released(results, row["id"], row["beskrivning"]) if yes else "",
        "place": row["plats"] if yes and row["plats"] in places else "",
        "measures": sorted(
            (_measure(results, one) for one in measures.to_dict("records")), key=repr
        ),
    }


def _measure(results: Results, row: dict[str, Any]) -> dict[str, str]:
    words = {f.id: f.word.value for f in results.findings if f.word and f.id.startswith("measure/")}
    yes = row["publiceras"] == YES
    function = row["ansvarig_funktion"] if yes and row["ansvarig_funktion"] != HIDDEN else ""
    return {
        "sort": row["atgardstyp"],
        "state": row["status"],
        "word": words.get(f"measure/{row['id']}", ""),
        "what": _released(results, row["id"], row["atgard"]) if yes else "",
        "function": _released(results, row["id"], function),
    }


def _released(results: Results, identity: str, text: str) -> str:
    """Return words that somebody has released, if they hold nothing that may not be published."""
    from est_analysis.reports.scan_release import secrets_of, text_faults

    faults = text_faults(text, results.municipality.disclosure.minimum, secrets_of(results))
    if faults:
        raise ReportError(
            f"Texten i {identity} i registret ska publiceras men innehåller {faults[0]}.",
            mend="Inget har publicerats. Skriv om texten, eller skriv nej i kolumnen publiceras.",
        )
    return text
