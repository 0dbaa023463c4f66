"""What is described of places, as sentences: few places, the same places, classes, fear, maps."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Finding, Share, Text
from est_analysis.patterns import concentration
from est_analysis.patterns.backtest import FEWEST_QUARTERS
from est_analysis.patterns.emerging import WORDS
from est_analysis.patterns.tried import ADVICE_AT, NAMES
from est_analysis.reports.language import KINDS
from est_analysis.reports.tables.where import HOLDERS

if TYPE_CHECKING:
    import pandas as pd

    from est_analysis.patterns.few import Few
    from est_analysis.patterns.ranked import Ranked
    from est_analysis.patterns.tried import Tried
    from est_analysis.reports.results import Results

MOST_NAMED = 3


def described(results: Results) -> list[Finding]:
    """Return every descriptive finding about places; none carries a word."""
    return [
        concentration_finding(results.few),
        stability_finding(results.few),
        classes_finding(results.ranked_places),
        beside_finding(results.beside),
        maps_finding(results.tried),
    ]


def concentration_finding(few: Few | None) -> Finding:
    """Return how many places hold half, beside how many would by lot."""
    if few is None or few.found.n == 0:
        return _described("concentration", Text("Inget går att räkna på gator eller rutor."))
    found = few.found
    values: dict[str, Any] = {
        "n": found.n,
        "kind": Text(KINDS[few.kind]),
        "units": Text(HOLDERS[few.sort]),
        "gate": concentration.FEWEST,
    }
    if not found.gate:
        text = "{n} {kind} ligger vid {units}: för få för att säga om de samlas på få ställen."
        return _described("concentration", Text(text, values), found.n)
    half = found.holders[0.5]
    outside = not half.low <= half.value <= half.high
    values |= {
        "half": int(half.value),
        "places": found.places,
        "chance": half.chance,
        "low": int(half.low),
        "high": int(half.high),
    }
    text = "Hälften av de {n} {kind} som har en plats ligger på {half} av {places} {units}. "
    text += (
        "Hade lotten bestämt var, hade det varit omkring {chance} ({low}–{high})."
        if outside
        else "Så få blir det också av en slump ({low}–{high}): det säger inget om platserna."
    )
    return _described("concentration", Text(text, values), found.n)


def stability_finding(few: Few | None) -> Finding:
    """Return how many of the foremost places were foremost the year before."""
    same = None if few is None else few.same
    if few is None or same is None:
        text = Text(
            "Året innan är inte täckt plats för plats, så det går inte att säga om de "
            "främsta platserna är desamma."
        )
        return _described("stability", text)
    values: dict[str, Any] = {**asdict(same), "units": Text(HOLDERS[few.sort])}
    if not few.found.gate or min(values["now"], values["before"]) == 0:
        text = Text(
            "Inga {units} skiljer ut sig båda åren, så det går inte att säga om de "
            "främsta är desamma.",
            values,
        )
        return _described("stability", text, few.found.n)
    text = Text(
        "Av de {now} {units} som har flest hörde {both} dit också året innan. Av en slump vore "
        "det {chance}.",
        values,
    )
    return _described("stability", text, few.found.n)


_TOLD = ("new", "growing", "persistent", "cooling", "sporadic", "too_few")


def classes_finding(ranked: Ranked) -> Finding:
    """Return how many places are new, growing, persistent or cooling over two years."""
    states = ranked.states
    if not ranked.covered or not sum(states.values()):
        text = Text(
            "Två år är inte täckta plats för plats, så inget går att säga om hur "
            "platserna utvecklas."
        )
        return _described("classes", text)
    parts = [
        Text("{n} {state}", {"n": states[name], "state": Text(_STATES[name][states[name] != 1])})
        for name in _TOLD
        if states.get(name)
    ]
    text = Text(
        "Av de {places} platser som har fler än enstaka {kind} är, sedda över två år, {parts}.",
        {"places": sum(states.values()), "kind": Text(KINDS[ranked.kind]), "parts": parts},
    )
    return _described("classes", text, ranked.n)


_STATES = {
    "new": (WORDS["new"], "nya"),
    "growing": (WORDS["growing"], "tilltagande"),
    "persistent": (WORDS["persistent"], "bestående"),
    "cooling": (WORDS["cooling"], "avtagande"),
    "sporadic": (WORDS["sporadic"], "ojämna"),
    "too_few": ("med för få händelser", "med för få händelser"),
}


def beside_finding(beside: pd.DataFrame) -> Finding:
    """Return where crime and unsafety stand together, and where unsafety stands alone."""
    told = {state: list(part["name"]) for state, part in beside.groupby("state")}
    parts = [
        Text(template, {"n": len(told[state]), "places": _named(told[state])})
        for state, template in (
            ("both", "Både brott och otrygghet sticker ut på {n} platser: {places}."),
            ("fear", "Otryggheten står ensam på {n}: {places}."),
            ("crime", "Brotten står ensamma på {n}: {places}."),
        )
        if told.get(state)
    ]
    if not parts:
        text = Text("Det är för få uppgifter för att säga var brott och otrygghet hör ihop.")
        return _described("beside", text)
    joined = " ".join(f"{{part{i}}}" for i in range(len(parts)))
    return _described(
        "beside", Text(joined, {f"part{i}": part for i, part in enumerate(parts)}), len(beside)
    )


def _named(names: list[str]) -> Any:
    if len(names) <= MOST_NAMED:
        return names
    more = Text("{n} till", {"n": len(names) - MOST_NAMED})
    return [*names[:MOST_NAMED], more]


def maps_finding(tried: Tried) -> Finding:
    """Return whether any kind of map pointed better than a plain count."""
    if not tried.quarters:
        text = Text("Det är för få täckta kvartal för att pröva hur väl kartor pekar framåt.")
        return _described("maps", text)
    values: dict[str, Any] = {"quarters": tried.quarters, "gate": FEWEST_QUARTERS}
    if tried.quarters < FEWEST_QUARTERS:
        text = Text("Kartorna är prövade på {quarters} kvartal. Råd ges från {gate}.", values)
        return _described("maps", text, tried.quarters)
    simple = tried.table[(tried.table["map"] == "counts") & (tried.table["area"] == ADVICE_AT)]
    values |= {"area": Share(ADVICE_AT), "hits": Share(float(simple["share"].mean()))}
    better = [
        Text(NAMES[name]) for name, one in tried.against.items() if one.advice and one.low > 0
    ]
    said = (
        "Rutorna med flest brott på ett år, {area} av ytan, fick {hits} av brotten kvartalet "
        "efter. "
    )
    said += (
        "Bättre pekade {better}, prövat på {quarters} kvartal."
        if better
        else "Ingen annan sorts karta pekade säkert bättre, prövat på {quarters} kvartal: "
        "räkna brotten."
    )
    return _described("maps", Text(said, values | {"better": better}), tried.quarters)


def _described(identity: str, text: Text, n: int = 0) -> Finding:
    return Finding(id=identity, sentences={None: text}, n=n)
