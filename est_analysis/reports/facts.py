"""The facts of a chapter as plain text, to be compared cell by cell when notebooks are tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from est_analysis.reports.results import Results


def situation(results: Results) -> str:
    """Return the totals and the row accounting."""
    sums = results.accounting[["rows", "accepted", "quarantined", "dropped", "repeated"]].sum()
    totals = results.totals.table.set_index("kind")
    return _lines(
        {
            **{name: int(value) for name, value in sums.items()},
            **{f"{kind} now": int(n) for kind, n in totals["n"].items()},
            **{f"{kind} usual": f"{x:.2f}" for kind, x in totals["expected"].items()},
        }
    )


def places(results: Results) -> str:
    """Return the leading places, the clusters' sizes, and what the claims rest on."""
    likely = results.standing_out.table
    likely = likely[likely["p"] <= results.municipality.thresholds.indication]
    top = results.places.head(3)
    return _lines(
        {
            **dict(zip(top["place"], top["reported_crime"].astype(int), strict=True)),
            "located crimes": results.located_crimes,
            "cells shown": len(results.cells),
            "clusters": " ".join(str(n) for n in results.clusters["n"]),
            **{f"stands out: {row.place}": row.n for row in likely.itertuples()},
            **{
                f"repeats: {row.group}": f"{row.p:.4f}"
                for row in results.repeats.groups.itertuples()
            },
            "densest burst": " ".join(
                f"{row.n} of {row.expected:.2f}" for row in results.bursts.found[:1].itertuples()
            ),
        }
    )


def patterns(results: Results) -> str:
    """Return the rhythm's sums and the situations' sizes."""
    rhythm = results.rhythm
    return _lines(
        {
            "timed": rhythm.n,
            "unknown": rhythm.unknown,
            "too long": rhythm.too_long,
            "by weekday": " ".join(f"{x:.1f}" for x in rhythm.weights.sum(axis=1)),
            "situations": " ".join(str(n) for n in results.situations.table["n"]),
        }
    )


def priorities(results: Results) -> str:
    """Return the order of the places."""
    found = results.priorities
    return _lines(
        {
            **{
                str(row.place): f"{row.need:.2f} ({row.best}-{row.worst}) {row.top:.2f}"
                for row in found.table.itertuples()
            },
            "same three": " ".join(f"{share:.2f}" for share in found.same.values()),
        }
    )


def measures(results: Results) -> str:
    """Return each measure's counts and estimate."""
    facts: dict[str, Any] = {}
    for e in results.evaluations:
        exact = "" if e.p is None else f"p {e.p:.4f}"
        estimate = f"{e.difference.estimate:.2f}" if e.difference else e.why_not or exact
        facts[e.measure] = (
            f"{e.before} {e.after} {e.comparison_before} {e.comparison_after} {estimate}"
        )
    return _lines(facts)


def year(results: Results) -> str:
    """Return the year's measures, costs, accounts and the promise's counts."""
    states = results.year_measures["state"].value_counts()
    promise = results.year_promise
    return _lines(
        {
            **{str(state): int(n) for state, n in sorted(states.items())},
            "kronor": results.year_costs.kronor,
            "reports": len(results.year_reports),
            "types": f"{len(results.situations.typology.types)} {len(results.year_types.types)}",
            **{
                " ".join(part for part in (one.topic, one.kind, one.group) if part): " ".join(
                    "-" if n is None else str(n) for n in one.counts
                )
                for one in results.year_accounts
            },
            **{group: " ".join(map(str, counts)) for group, counts in promise.police.items()},
        }
    )


def meeting(results: Results) -> str:
    """Return the fortnight's counts."""
    totals = results.totals.table.set_index("kind")["n"]
    places = results.fortnight_places
    return _lines(
        {
            **{kind: int(n) for kind, n in totals.items()},
            "places": len(places),
            "new places": int((places["state"] == "new").sum()),
            "due": len(results.due),
        }
    )


def _lines(facts: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in facts.items())
