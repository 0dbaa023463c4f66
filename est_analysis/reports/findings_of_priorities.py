"""What is said of the order of places: whether it holds with other weights and other chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Finding, Share, Text
from est_analysis.measures.priorities import DRAWS, FIRST

if TYPE_CHECKING:
    from est_analysis.measures.priorities import Priorities


def order_finding(found: Priorities) -> Finding:
    """Return whether the first places of the matrix would come first again; nothing is claimed."""
    n = len(found.table)
    if not found.same:
        text = Text(
            "{n} platser i prioriteringen: för få för att pröva ordningen.",
            {"n": n},
            "En plats i prioriteringen: för få för att pröva ordningen.",
        )
        return Finding(id="priorities", sentences={None: text}, n=n)
    values: dict[str, Any] = {
        "first": FIRST,
        "draws": DRAWS,
        "same": Share(found.same["both"]),
        "other": Share(1 - found.same["both"]),
        "weights": Share(1 - found.same["weights"]),
        "counts": Share(1 - found.same["counts"]),
        "top": [str(place) for place in found.table["place"].head(FIRST)],
    }
    template = (
        "Ordningen håller: {top} kommer först i {same} av {draws} försök med andra vikter och med "
        "slumpen i antalen."
        if found.holds
        else "Ordningen är osäker: någon av de {first} första ({top}) byts ut i {other} av {draws} "
        "försök. Andra vikter ensamma byter ut någon i {weights}, slumpen i antalen i {counts}. "
        "Skillnaden mellan platser som står nära varandra säger inget."
    )
    return Finding(id="priorities", sentences={None: Text(template, values)}, n=n)
