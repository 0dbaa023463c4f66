"""The feedback sheet, ”du rapporterade, detta gjordes”: one page, made of the bundle alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Text, Word
from est_analysis.reports.language import CAVEATS, KINDS, SYMBOLS, Language, Said
from est_analysis.reports.published.shown import HIDDEN
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from est_analysis.reports.published.released import Released

SHEET = "aterkoppling.html"
_TOLD = ("unsafe_place", "physical_defect", "event")
"""The kinds of record that people and partners report to the group."""
_SORTS = {
    "situationell": "Ändring av platsen eller miljön",
    "social": "Social insats",
    "kontroll": "Tillsyn eller kontroll",
}
_CAUSES = {"plats": "platsen", "miljö": "miljön", "situation": "situationen"}
_STATES = {
    "Planerad": "Planerad",
    "Pågår": "Pågår",
    "Försenad": "Försenad",
    "Avslutad": "Klar",
    "Avbruten": "Avbruten",
}
_DONE = {"Avslutad", "Avbruten"}
_AFTER = {
    Word.CLEAR: "Tydlig förändring",
    Word.INDICATION: "Kanske en förändring",
    Word.NO_SIGN: "Ingen stor förändring",
    Word.CANNOT_TELL: "Går inte att avgöra",
}
_HEADINGS = ("Område", "Vad det gäller", "Vad gruppen gör", "Läge", "Vad som hände sedan")


def reported(released: Released) -> Table:
    """Return what has been reported area by area, the last twelve months."""
    newest = released.windows[0]
    kinds = [
        kind
        for kind in _TOLD
        if kind in released.kinds and newest in released.windows_of(kind, "area")
    ]
    return Table(
        "rapporterat",
        Text("Rapporterat per område, {period}", {"period": released.period}),
        ["Område", *(KINDS[kind][:1].upper() + KINDS[kind][1:] for kind in kinds)],
        [
            [
                area,
                *(
                    Text(HIDDEN) if n is None else n
                    for kind in kinds
                    for n in [released.number(kind, "area", newest, area=area)]
                ),
            ]
            for area in released.areas
        ]
        if kinds
        else [],
        released.language,
        Text("Antal under {k}, och de som röjer dem, visas inte.", {"k": released.minimum}),
        Text("inga antal kan visas"),
    )


def done(released: Released) -> Table:
    """Return the measures that are finished, or broken off."""
    return Table(
        "gjort",
        Text("Insatser som är klara eller avbrutna"),
        _HEADINGS,
        _rows(released, done=True),
        released.language,
        empty=Text("ingen insats är klar än"),
    )


def coming(released: Released) -> Table:
    """Return the measures that go on or are planned, and what nothing is decided about yet."""
    return Table(
        "pa_gang",
        Text("Insatser som pågår eller är planerade"),
        _HEADINGS,
        _rows(released, done=False),
        released.language,
        empty=Text("inget pågår eller är planerat"),
    )


def _rows(released: Released, *, done: bool) -> list[list[Any]]:
    say = released.language
    rows = []
    for problem in released.content["taken_up"]:
        where = (problem["area"] or None, _about(problem, say))
        for measure in problem["measures"]:
            if (measure["state"] in _DONE) == done:
                state = say.translate(_STATES.get(measure["state"], ""))
                rows.append([*where, _what(measure, say), state or None, _after(measure, say)])
        if not done and not problem["measures"] and problem["state"] != "Avslutat":
            rows.append([*where, say.translate("Inget är beslutat än"), None, None])
    return [list(row) for row in dict.fromkeys(tuple(row) for row in rows)]


def _about(problem: dict[str, Any], say: Language) -> str:
    """Return what a problem is: the group's released words, or what closed lists tell."""
    if problem["about"]:
        named = Text("{place}: {about}", problem)
        return say.say(named) if problem["place"] else str(problem["about"])
    if problem["group"]:
        return str(problem["group"])
    if not problem["causes"]:
        return say.translate("Otrygghet eller brott")
    causes = [Text(_CAUSES[cause]) for cause in problem["causes"]]
    return Said(say.say(Text("Något i {causes}", {"causes": causes})))


def _what(measure: dict[str, str], say: Language) -> str:
    what = measure["what"] or say.translate(_SORTS.get(measure["sort"], "Insats"))
    if not measure["function"]:
        return what
    return say.say(Text("{what} ({function})", {"what": what, "function": measure["function"]}))


def _after(measure: dict[str, str], say: Language) -> str:
    if measure["state"] == "Planerad":
        return say.translate("Inte gjord än")
    word = next((word for word in Word if word.value == measure["word"]), None)
    if word is None:
        return say.translate("Inte bedömt än")
    return Said(f"{SYMBOLS[word]} {say.translate(_AFTER[word])}")


def answers(released: Released) -> list[str]:
    """Return what stands first: how much was reported, and where the group has done something."""
    newest, say = released.windows[0], released.language
    told = [
        Text("{n} {kind}", {"n": n, "kind": Text(KINDS[kind])})
        for kind in _TOLD
        if kind in released.kinds
        and (n := released.number(kind, "total", newest)) is not None
        and n >= released.minimum
    ]
    found = []
    if told:
        values = {"told": told, "period": released.period}
        found.append(say.say(Text("Ni har rapporterat {told} på tolv månader, {period}.", values)))
    areas = {
        problem["area"]
        for problem in released.content["taken_up"]
        if problem["area"] and problem["measures"]
    }
    if areas:
        text = Text("Gruppen har gjort eller beslutat något i {areas}.", {"areas": sorted(areas)})
        found.append(say.say(text))
    else:
        found.append(say.translate("Gruppen har inte beslutat någon insats än."))
    return found


def sheet(released: Released) -> str:
    """
    Return the sheet as one page of HTML that loads nothing and runs nothing.

    Parameters
    ----------
    released
        The released tables, and what the bundle says of measures.
    """
    import jinja2

    from est_analysis.reports.page import TEMPLATES, policy, said_of

    say = released.language
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.globals["_"] = say.translate
    title = Text(
        "Du rapporterade, detta gjordes: {name}, {period}",
        {"name": released.municipality.name, "period": released.quarter},
    )
    html = environment.get_template("feedback.html.j2").render(
        lang=say.code,
        policy=policy([]),
        style=(TEMPLATES / "style.css").read_text(encoding="utf-8"),
        title=say.say(title),
        version=said_of(released.version, say),
        answers=answers(released),
        reported=reported(released).html(),
        caveats=[say.translate(caveat) for caveat in CAVEATS],
        done=done(released).html(),
        coming=coming(released).html(),
        how_to_report=released.content["how_to_report"],
        controller=say.say(
            Text(
                "Personuppgiftsansvarig: {controller}.",
                {"controller": released.municipality.controller},
            )
        ),
    )
    return html if html.endswith("\n") else html + "\n"
