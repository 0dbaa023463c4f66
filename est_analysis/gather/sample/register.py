"""The group's register: problems, measures and decisions, and how the places were chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from est_analysis.gather.sample.plants import MEASURED
from est_analysis.gather.sample.town import SPOTS, stream, the_map

POOL = (
    "Badhuset", "Sörbyskolan", "Sjögallerian", "Byggvaruhuset", "Bensinstationen vid Riksvägen",
    "Ishallen", "Sjövallen", "Exempelsjöbadet",
)  # fmt: skip
"""Places of much the same ordinary rate where nothing is planted."""
CHOICE_RADIUS_M = 75.0
PEAK = (date(2025, 4, 1), date(2025, 7, 1))
WORST = (date(2022, 9, 1), date(2025, 9, 1))


LEFT = ("Lugnt i mer än ett år utan egen insats", "2025-09-18")
"""Why, and when, the problem at the place that cooled left the list."""


@dataclass(frozen=True)
class Chosen:
    """A measure that does nothing, at a place chosen by what happened there, or without looking."""

    measure: str
    why: str
    kind: str
    place: str
    other: str  # the comparison place
    effect_from: date
    groups: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    count: int = 0

    @property
    def period(self) -> str:
        """The period that the place was chosen by, as the register writes it; empty for none."""
        if self.start is None or self.end is None:
            return ""
        return (
            "2025Q2"
            if (self.start, self.end) == PEAK
            else f"{self.start}--{self.end - timedelta(days=1)}"
        )


def choose(events: pd.DataFrame, seed: int, planted: bool) -> list[Chosen]:
    """
    Choose the places of the measures that do nothing.

    Where things are planted, one place is taken for its worst quarter and one for its worst years,
    by the crimes that did happen in the pool; where nothing is, places are drawn by lot.
    """
    if not planted:
        names = [spot.name for spot in SPOTS if spot.settlement == "Exempelsjö"]
        drawn = stream(seed, "lots").choice(names, 12, replace=False)
        return [
            Chosen(f"A{k}", f"lot-{n}", "measure that did nothing", str(a), str(b), MEASURED)
            for n, (k, a, b) in enumerate(
                zip((1, 2, 3, 6, 7, 8), drawn[:6], drawn[6:], strict=True)
            )
        ]
    nothing = Chosen(
        "A2", "nothing", "measure that did nothing", "Centralskolan", "Norrängsskolan", MEASURED,
        ("Skadegörelse",),
    )  # fmt: skip
    peak = _worst(events, PEAK, [])
    worst = _worst(events, WORST, [peak[0]])
    free = [name for name in POOL if name not in {peak[0], worst[0]}]
    return [
        nothing,
        Chosen("A7", "peak", "measure where a quarter was worst", peak[0], free[0], MEASURED,
               (), *PEAK, peak[1]),
        Chosen("A8", "worst", "measure where years were worst", worst[0], free[1], MEASURED,
               (), *WORST, worst[1]),
    ]  # fmt: skip


def _worst(events: pd.DataFrame, when: tuple[date, date], taken: list[str]) -> tuple[str, int]:
    at, places = events["at"], the_map().places.set_index("name")
    rows = events[events["polis"] & (at >= pd.Timestamp(when[0])) & (at < pd.Timestamp(when[1]))]
    counts = {
        name: int(
            (
                np.hypot(rows["x"] - places.at[name, "x"], rows["y"] - places.at[name, "y"])
                <= CHOICE_RADIUS_M
            ).sum()
        )
        for name in POOL
        if name not in taken
    }
    name = max(counts, key=lambda place: counts[place])
    return name, counts[name]


def problems(chosen: list[Chosen]) -> pd.DataFrame:
    """
    Return the problems that the group works on.

    The places that something is planted at, and those drawn by lot, were chosen without looking at
    what happened: the periods that the register names for them are those of the group's own story.
    P4 names none, since the tunnel was chosen on a walk and nobody wrote down what was counted.
    """
    of = {one.measure: one for one in chosen}
    rows = [
        ("A1", "P1", "Skadegörelse, bråk och ordningsstörningar kvällstid", "Stationsparken", 75,
         "", "Mörkt, igenvuxet och utan insyn från gatan", "2023Q3", 3,
         "Återkom i varje genomgång sommaren 2023; pengar fanns först 2025", "plats, miljö",
         (3, 3, 2, 3, 3)),
        ("A2", "P2", "Skadegörelse kring skolan", "Centralskolan", 75, "Skadegörelse",
         "Få vuxna på skolgården mellan skolslut och kväll", "2023Q2", 2,
         "Mest skadegörelse av skolorna våren 2023", "situation", (1, 2, 2, 2, 2)),
        ("A3", "P3", "Stölder ur bilar under träningar och matcher", "Sjövallens parkering", 75,
         "Stöld ur fordon", "Parkeringen kan nås från två håll och saknar insyn", "2023Q3", 3,
         "Föreningarna tog upp det hösten 2023", "plats, situation", (1, 2, 2, 3, 1)),
        ("", "P4", "Många undviker tunneln efter mörkrets inbrott", "Gångtunneln vid stationen", 75,
         "", "Trasig belysning och skymd sikt vid mynningen", "", None,
         "Pekades ut på en trygghetsvandring", "plats, miljö", (2, 3, 1, None, None)),
        ("A6", "P5", "Bråk och skadegörelse vid bänkarna", "Järnvägstorget", 75, "",
         "Undanskymda bänkar med tak", "2023Q3", 2,
         "Butikerna vid torget hörde av sig sommaren 2023", "plats", (2, 2, 2, 2, 1)),
        ("A7", "P6", "Många händelser under våren", "Ishallen", 75, "",
         "Platsen står tom på kvällar", "", 2, "Flest händelser i grannskapet under kvartalet",
         "situation", (1, 1, 1, 2, 2)),
        ("A8", "P7", "Flest händelser av platserna i sitt slag under flera år", "Badhuset", 75, "",
         "Dålig uppsikt över entrén", "", 2, "Flest händelser av platserna i sitt slag",
         "plats", (1, 2, 1, 2, 1)),
    ]  # fmt: skip
    places = the_map().places.set_index("name")
    lines = []
    for measure, key, text, named, radius, named_group, cause, when, grade, *more in rows:
        place, group, period, told = named, named_group, when, text
        why, side, grades = more
        if measure in of:
            place, period = of[measure].place, of[measure].period or when
            group = ", ".join(of[measure].groups)
            if place != named and not of[measure].period:
                told, why, side = "Återkommande anmälda brott", "", ""
        at = places.loc[place]
        lines.append((key, told, place, int(at["x"]), int(at["y"]), radius, at["area"], group,
                      cause, period, grade, why, side, *grades, "Öppet"))  # fmt: skip
    # one that left the list before the measures of today, with its reason
    at = places.loc["Fritidsgården Kvarnen"]
    lines.append(("P0", "Skadegörelse och bråk vid entrén", "Fritidsgården Kvarnen", int(at["x"]),
                  int(at["y"]), 75, at["area"], "", "Ingen personal utomhus vid stängning",
                  "2023Q3", 2, "Mest bråk av fritidsgårdarna", "situation", *(1, 2, 2, 2, 2),
                  "Avslutat"))  # fmt: skip
    table = pd.DataFrame(
        lines,
        columns=["id", "beskrivning", "plats", "x", "y", "radie_m", "omrade", "grupp", "orsak",
                 "vald_period", "paverkbarhet", "varfor_vald", "orsakstyp", "signalbrott",
                 "beror_manga", "konsekvens", "resurser", "kostnad", "status"],
        dtype=object,
    )  # fmt: skip
    left = table["status"] == "Avslutat"
    table["avslutsskal"] = [LEFT[0] if one else "" for one in left]
    table["avslutsdatum"] = [LEFT[1] if one else "" for one in left]
    return table


MORE = {
    "intensitet": {
        "A1": "Varje kväll, hela året", "A2": "16 timmar i veckan", "A3": "Varje kväll kl. 17–22",
        "A7": "Två rundor varje kväll",
    },
    "jamforelseregel": dict.fromkeys(
        ("A1", "A2", "A3", "A6", "A7", "A8"),
        "Samma slags plats, ungefär lika många händelser, inte intill, ingen insats",
    ),
    "genomford": {"A1": "ja", "A2": "ja", "A3": "ja", "A6": "ja", "A7": "delvis", "A8": "ja"},
    "process": {
        "A1": "Klart två veckor före utsatt tid", "A7": "Rundorna ställdes in under sommaren",
    },
    "produktion": {
        "A1": "14 armaturer och 60 meter buskage", "A3": "En bom", "A6": "Fem bänkar",
        "A7": "Omkring 500 rundor", "A8": "Sex skyltar",
    },
}  # fmt: skip
"""What the group wrote of some measures in the columns that may be left out; what changed stays
empty, since the report is to say it."""


def measures(chosen: list[Chosen]) -> pd.DataFrame:
    """Return the measures; each of those that do nothing is compared with a place of its sort."""
    columns = [
        "id", "problem", "atgard", "atgardstyp", "sikt", "ansvarig_funktion", "startdatum",
        "klart_senast", "slutdatum", "status", "mal", "indikator", "forvantad_effekt_fran",
        "jamforelseplats", "uppfoljningsdatum", "kostnad_tid",
    ]  # fmt: skip
    effect = MEASURED.isoformat()
    goal = "Minst 30 procent färre anmälda brott på ett år"
    near = "Anmälda brott inom 75 m"
    rows = [
        ("A1", "P1", "Ny belysning och beskärning av buskar", "situationell", "lång", "Gatuchef",
         effect, "2025-10-31", "2025-10-17", "Avslutad", goal, near,
         effect, "Kvarnparken", "2026-10-15", "240 000 kr"),
        ("A2", "P2", "Vuxna på skolgården kl. 15–19", "social", "kort", "Rektor",
         effect, "2026-12-18", "", "Pågår", "Högst hälften så mycket skadegörelse på ett år",
         "Skadegörelse inom 75 m från skolan", effect, "Norrängsskolan", "2026-10-15",
         "16 timmar i veckan"),
        ("A3", "P3", "Bom vid infarten på kvällar", "situationell", "lång", "Fritidschef",
         effect, "2025-10-31", "2025-10-17", "Avslutad", "Inga stölder ur bilar på ett år",
         "Stölder ur fordon inom 75 m", effect, "Torgparkeringen", "2026-09-30",
         "85 000 kr"),
        ("A4", "P4", "Byte till slagtålig belysning i tunneln", "situationell", "kort", "Gatuchef",
         "2026-05-04", "2026-08-31", "", "Försenad", "Färre än fem synpunkter om mörker på ett år",
         "Synpunkter om tunneln", "2026-09-15", "", "2027-03-31", "60 000 kr"),
        ("A5", "P4", "Beskärning vid tunnelmynningen", "situationell", "kort", "Parkförman",
         "2026-10-12", "2026-11-15", "", "Planerad", "Fri sikt femton meter från mynningen",
         "Synpunkter om tunneln", "2026-12-01", "", "2027-03-31", "20 timmar"),
        ("A6", "P5", "Bänkarna flyttas fram mot gatan", "situationell", "kort", "Gatuchef",
         effect, "2025-10-31", "2025-10-17", "Avslutad", goal, near,
         effect, "Torget", "2026-10-15", "45 000 kr"),
        ("A7", "P6", "Tätare rondering", "kontroll", "kort", "Säkerhetssamordnare",
         effect, "2026-08-31", "2026-08-31", "Avslutad", goal, near,
         effect, "Sjövallen", "2026-10-15", "6 timmar i veckan"),
        ("A8", "P7", "Nya skyltar och öppettider", "situationell", "lång", "Fritidschef",
         effect, "2025-10-31", "2025-10-17", "Avslutad", goal, near,
         effect, "Exempelsjöbadet", "2026-10-15", "30 000 kr"),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns, dtype=object)
    for column, texts in MORE.items():
        table[column] = [texts.get(key, "") for key in table["id"]]
    others = {one.measure: one.other for one in chosen}
    table["jamforelseplats"] = [
        others.get(key, own) for key, own in zip(table["id"], table["jamforelseplats"], strict=True)
    ]
    return table


def decisions() -> pd.DataFrame:
    """Return what the meetings decided."""
    rows = [
        ("B1", "2025-08-14", "Belysningen i Stationsparken byts och buskarna beskärs",
         "Gatuchef", "2025-10-31", "Klart"),
        ("B2", "2025-06-12", "Skolan bemannar skolgården efter skoltid från oktober",
         "Rektor", "2025-10-06", "Klart"),
        ("B3", "2025-08-28", "Bom sätts upp vid Sjövallens parkering", "Fritidschef",
         "2025-10-31", "Klart"),
        ("B4", "2026-04-23", "Belysningen i gångtunneln byts", "Gatuchef", "2026-08-31", "Öppet"),
        ("B5", "2026-06-11", "Trygghetsvandring mellan stationen och Torget i oktober",
         "Säkerhetssamordnare", "2026-10-22", "Öppet"),
        ("B6", "2026-09-03", "Bolaget går igenom låsen i cykelförrådet vid Resecentrum",
         "Förvaltare på bostadsbolaget", "2026-09-15", "Klart"),
        ("B7", "2026-09-03", "Ny tidsplan för belysningen i gångtunneln tas fram", "Gatuchef",
         "2026-09-17", "Öppet"),
        ("B8", "2026-09-17", "Underlag om Badhusparkeringen tas fram till nästa möte",
         "Säkerhetssamordnare", "2026-10-01", "Öppet"),
        ("B9", "2026-09-17", "Bostadsbolaget tillfrågas om varför felanmälningarna uteblivit",
         "Säkerhetssamordnare", "2026-10-15", "Öppet"),
    ]  # fmt: skip
    columns = ["id", "motesdatum", "beslut", "ansvarig_funktion", "klart_senast", "status"]
    table = pd.DataFrame(rows, columns=columns, dtype=object)
    about = {"B1": "A1", "B2": "A2", "B3": "A3", "B4": "A4", "B7": "A4"}
    table["atgard"] = [about.get(key, "") for key in table["id"]]
    return table
