"""How accessible a published edition is, said as the law asks, and only what is true of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import jinja2

from est_analysis.evidence import Text
from est_analysis.reports.page import TEMPLATES, policy

if TYPE_CHECKING:
    from est_analysis.reports.published.released import Released

ASSESSED = date(2026, 11, 23)
"""When the pages were last gone through by the tests of `tests/readers` and by eye."""
COMPLAINTS = "https://www.digg.se/tdosanmalan"
_POST = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_WEB = re.compile(r"https://[\w.-]+(?:/[\w./?=&%#-]*)?", re.ASCII)


@dataclass(frozen=True)
class Part:
    """One heading with its sentences, its points and where to turn."""

    heading: Text
    told: tuple[Text, ...]
    points: tuple[Text, ...] = ()
    link: tuple[str, str] | None = None


def statement(released: Released) -> str:
    """
    Return the accessibility statement of a published edition, as HTML that loads nothing.

    Parameters
    ----------
    released
        The edition; its name, period, controller and contact are used.
    """
    say = released.language
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.globals["_"] = say.translate
    shown = environment.get_template("statement.html.j2").render(
        lang=say.code,
        policy=policy([]),
        style=(TEMPLATES / "style.css").read_text(encoding="utf-8"),
        title=say.say(Text("Tillgänglighet för ”{name}”", {"name": _name(released)})),
        back=say.say(_name(released)),
        parts=[
            {
                "heading": say.say(part.heading),
                "told": [say.say(text) for text in part.told],
                "points": [say.say(text) for text in part.points],
                "link": part.link,
            }
            for part in _parts(released)
        ],
    )
    return shown if shown.endswith("\n") else shown + "\n"


def _name(released: Released) -> Text:
    values = {"name": released.municipality.name, "period": released.period}
    return Text("Trygghet och brott i {name}, {period}", values)


def _parts(released: Released) -> tuple[Part, ...]:
    controller = {"controller": released.municipality.controller}
    turn = Text("Skriv till {contact}.", {"contact": released.contact or controller["controller"]})
    link = _link(released.contact)
    return (
        Part(
            Text("Vad det gäller"),
            (
                Text("{controller} står bakom sidan.", controller),
                Text(
                    "Här står hur den uppfyller lagen (2018:1937) om tillgänglighet till digital "
                    "offentlig service, vilka brister som är kända och hur du kan anmäla fler."
                ),
            ),
        ),
        Part(
            Text("Hur tillgänglig är sidan?"),
            (
                Text("Sidan är delvis förenlig med lagen."),
                Text(
                    "De automatiska proven hittar ingen brist mot WCAG 2.1, nivå A och AA, som "
                    "standarden EN 301 549 hänvisar till. Men automatiska prov ser inte allt, och "
                    "detta är känt:"
                ),
            ),
            (
                Text("Ingen som använder hjälpmedel, till exempel skärmläsare, har provat sidan."),
                Text(
                    "Diagram och kartor är bilder. Texten i dem blir liten på en smal skärm. "
                    "Bildens beskrivning och tabellen under bilden har samma siffror."
                ),
                Text("Breda tabeller rullar i sidled i en egen ruta."),
                Text(
                    "Filerna i mappen tables är tabeller utan beskrivning. Sidan har samma "
                    "tabeller."
                ),
                Text("En utskrift till PDF har taggar, men är inte prövad mot PDF/UA."),
            ),
        ),
        Part(
            Text("Kan du inte använda sidan?"),
            (
                Text("Säg vad du behöver, så kan du få uppgifterna på ett annat sätt."),
                Text("Säg också till om du hittar en brist som inte står här."),
                *(() if link else (turn,)),
            ),
            link=link,
        ),
        Part(
            Text("Är du inte nöjd med svaret?"),
            (
                Text(
                    "Du kan anmäla det till Myndigheten för digital förvaltning, Digg, som hade "
                    "tillsynen över lagen när den här texten skrevs."
                ),
            ),
            link=(COMPLAINTS, COMPLAINTS.removeprefix("https://www.")),
        ),
        Part(
            Text("Så är sidan prövad"),
            (
                Text(
                    "Bedömningen är vår egen. Programmet som gör sidan prövas i en webbläsare på "
                    "en påhittad kommun: med reglerna i axe-core, på bred skärm och på 320 "
                    "bildpunkters bredd, med bara tangentbord, utan rörelse, utan nät och som "
                    "utskrift. Just den här sidan är inte prövad för sig."
                ),
                Text("Bedömd och uppdaterad: {day}.", {"day": ASSESSED}),
            ),
        ),
    )


def _link(contact: str) -> tuple[str, str] | None:
    """Return where a contact leads; nothing where it is a text and no address."""
    if _POST.fullmatch(contact):
        return f"mailto:{contact}", contact
    return (contact, contact) if _WEB.fullmatch(contact) else None
