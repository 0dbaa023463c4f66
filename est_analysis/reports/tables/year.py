"""Tables of the year review: measures, claims, decisions, accounts and what next year needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from est_analysis.evidence import Share, Text, Word
from est_analysis.periods import Period
from est_analysis.reports import cards
from est_analysis.reports.findings_of_situations import situation_label
from est_analysis.reports.language import KINDS
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from est_analysis.reports.results import Results

STATES = {
    "in_time": "klar i tid",
    "too_late": "klar för sent",
    "done": "klar, ingen dag satt",
    "overdue": "försenad",
    "running": "fortsätter",
    "cut": "avbruten",
}
TOPICS = {
    "all": "Alla anmälda brott som tas in",
    "public": "Anmälda brott med känd plats i offentlig miljö",
    "unsafe": "Rapporter om otrygg plats",
    "fire": "Bränder",
    "traffic": "Trafik",
    "falls": "Fall",
}
_MISSING_TOPICS = ("fire", "traffic", "falls")


def _day(value: Any) -> Any:  # noqa: ANN401 - a date, or None
    return None if pd.isna(value) else value.date()


def year_measures(results: Results) -> Table:
    """Return the year's measures in order of time, with what can be said of each."""
    words = {f.id.removeprefix("measure/"): f.word for f in results.findings}
    rows = [
        [
            Text("{name} ({place})", {name: row[name] for name in ("name", "place")})
            if row["place"]
            else row["name"],
            row["start"].date(),
            _day(row["due"]),
            _day(row["end"]),
            Text(STATES[row["state"]]),
            row["cost"] or Text("inte angiven"),
            _word(results, words.get(row["id"])),
        ]
        for row in results.year_measures.to_dict("records")
    ]
    return Table(
        "arets_insatser",
        Text("Årets insatser i tidsordning, {year}", {"year": results.period}),
        ["Insats", "Började", "Klar senast", "Klar", "Läge", "Kostnad", "Gick det att se?"],
        rows,
        results.language,
        Text(
            "Läget är det som registret säger i dag, räknat till {day}. Om en insats gick att se i "
            "siffrorna avgörs i kapitlet om insatser, mot tidigare år och en jämförelseplats.",
            {"day": results.period.last},
        ),
        empty=Text("registret har ingen insats för året"),
    )


def _word(results: Results, word: Word | None) -> str | None:
    return None if word is None else results.language.word(word)


def year_coinciding(results: Results) -> Table:
    """Return the year's claimed changes beside the measures that went on at the same time."""
    from est_analysis.reports.findings_of_year import coinciding

    say = results.language
    rows = [
        [
            cards.line(finding, say),
            [
                Text("{name} (från {start})", {"name": one["name"], "start": one["start"].date()})
                for one in beside
            ]
            or Text("ingen insats i registret"),
        ]
        for finding, beside in coinciding(results, results.findings)
    ]
    return Table(
        "sammanfaller",
        Text("Årets förändringar och insatser som sammanfaller med dem, {year}", _year(results)),
        ["Förändring", "Sammanfaller med"],
        rows,
        say,
        Text(
            "En insats sammanfaller med en förändring när den pågick under året och gäller samma "
            "grupp, område eller plats. Det säger när, inte varför."
        ),
        empty=Text("året har ingen förändring som hör till slutsatserna"),
    )


def _year(results: Results) -> dict[str, Any]:
    return {"year": results.period}


def year_claims(results: Results) -> Table:
    """Return what the year's earlier reports claimed, and what the whole year says of it."""
    from est_analysis.measures.year_review import CLAIMS

    say = results.language
    now = {finding.id: finding for finding in results.findings}
    rows = [
        [
            say.period(period),
            f"[{one['word']}] {one['sentence']}",
            cards.line(now[one["id"]], say) if one["id"] in now else Text("prövades inte"),
        ]
        for period, findings in results.year_reports.items()
        for one in findings
        if one["claim"] in CLAIMS
    ]
    return Table(
        "arets_slutsatser",
        Text("Vad årets tidigare rapporter påstod, och året som helhet, {year}", _year(results)),
        ["Rapport", "Då", "Året som helhet"],
        rows,
        say,
        empty=Text(
            "liggaren har ingen tidigare rapport om delar av året"
            if not results.year_reports
            else "de tidigare rapporterna hade inga slutsatser"
        ),
    )


def year_decisions(results: Results) -> Table:
    """Return what the year's meetings decided, and what became of it."""
    from est_analysis.measures.year_review import decisions_of

    rows = [
        [
            row["beslut"],
            row["motesdatum"].date(),
            row["ansvarig_funktion"] or None,
            _day(row["klart_senast"]),
            Text("{status}: {utfall}", {name: row[name] for name in ("status", "utfall")})
            if row.get("utfall")
            else row["status"],
        ]
        for row in decisions_of(results.register, results.period).to_dict("records")
    ]
    return Table(
        "arets_beslut",
        Text("Vad gruppen beslutade, {year}", _year(results)),
        ["Beslut", "Möte", "Ansvarig", "Klart senast", "Läge i dag"],
        rows,
        results.language,
        empty=Text("registret har inget beslut från året"),
    )


def year_left(results: Results) -> Table:
    """Return the problems that left the list, with the group's reason."""
    from est_analysis.measures.year_review import left

    rows = [
        [row["place"] or row["id"], row["text"], row["reason"] or Text("inget skäl angivet")]
        for row in left(results.register, results.period).to_dict("records")
    ]
    return Table(
        "lamnat_listan_under_aret",
        Text("Platser och problem som lämnat listan, {year}", _year(results)),
        ["Plats", "Problem", "Skäl"],
        rows,
        results.language,
        empty=Text("inget problem är avslutat"),
    )


def year_types(results: Results) -> Table:
    """Return the frozen types of situation beside those that the year itself would give."""
    held, fresh = results.situations, results.year_types
    stands = {tuple(sorted(one.name.items())): one for one in fresh.types}
    rows: list[list[Any]] = []
    for line, own in zip(held.table.to_dict("records"), _types(results), strict=True):
        again = stands.pop(tuple(sorted(own.items())), None)
        rows.append(
            [
                situation_label(own),
                int(line["n"]),
                Share(line["share"]),
                again.n if again else None,
            ]
        )
    rows += [[situation_label(one.name), None, None, one.n] for one in stands.values()]
    return Table(
        "arets_situationstyper",
        Text("Fasta situationstyper, och de som året själv skulle ge, {year}", _year(results)),
        ["Situation", "Brott i den fasta typen", "Andel", "Brott i en ny typ"],
        rows,
        results.language,
        Text(
            "Streck betyder att typen bara finns i den ena indelningen. De fasta typerna "
            "är bestämda på {fitted}.",
            {"fitted": Text(held.typology.fitted)},
        ),
        empty=Text("det finns inga anmälda brott att sortera"),
    )


def _types(results: Results) -> list[dict[str, str]]:
    from est_analysis.patterns.traits import TRAITS

    return [
        {trait: row[trait] for trait in TRAITS if row[trait]}
        for row in results.situations.table.to_dict("records")
    ]


def safety_accounts(results: Results) -> Table:
    """Return the figures of the yearly safety accounts that deliveries can fill."""
    from est_analysis.measures.year_review import MEASURE_YEARS

    years = [results.period, *results.period.same_season(MEASURE_YEARS - 1)]
    rows: list[list[Any]] = [
        [
            _topic(one.topic, one.kind, one.group),
            *one.counts,
            one.ratio,
            one.interval,
        ]
        for one in results.year_accounts
    ]
    told = {one.topic for one in results.year_accounts}
    rows += [
        [
            Text("{topic}: fylls i av gruppen", {"topic": Text(TOPICS[topic])}),
            *[None] * (len(years) + 2),
        ]
        for topic in _MISSING_TOPICS
        if topic not in told
    ]
    return Table(
        "trygghetsbokslut",
        Text("Underlag till trygghetsbokslutet, {year}", _year(results)),
        ["Vad", *(str(each) for each in years), "Gånger", "Osäkerhet"],
        rows,
        results.language,
        Text(
            "Streck: året täcks inte av alla källor, eller går inte att jämföra. "
            "Gånger är året delat med snittet av tidigare år som de var kända vid samma ålder. "
            "Slagen räknas aldrig ihop. Anmälda brott är inte alla brott: mörkertalet är okänt, "
            "benägenheten att anmäla ändras, och trafikbrotten följer hur mycket polisen "
            "kontrollerar."
        ),
    )


def _topic(topic: str, kind: str, group: str) -> Text:
    if not group:
        return Text(TOPICS[topic])
    return Text("{group} ({kind})", {"group": group, "kind": Text(KINDS[kind])})


def citizens_promise(results: Results) -> Table:
    """Return what a citizens' promise can be followed up by, tertial by tertial."""
    from est_analysis.measures.year_review import tertials

    found = results.year_promise
    lines: list[tuple[Text, tuple[int, ...] | None]] = [
        *(
            (Text("{group} (anmälda brott) *", {"group": group}), counts)
            for group, counts in found.police.items()
        ),
        (Text("Rapporter om otrygg plats"), found.unsafe),
        (Text("Insatser av slaget kontroll som började"), found.controls),
        (Text("Möten som registret har beslut från"), found.meetings),
    ]
    rows = [
        [name, *(counts or [None] * 3), None if counts is None else sum(counts)]
        for name, counts in lines
    ]
    return Table(
        "medborgarlofte",
        Text("Underlag till medborgarlöftet, tertial för tertial, {year}", _year(results)),
        ["Vad", *(results.language.period(part) for part in tertials(results.period)), "Året"],
        rows,
        results.language,
        Text(
            "* Följer hur mycket polisen kontrollerar: fler anmälda brott kan vara just det löftet "
            "gällde. Löftets egna mål, och de aktiviteter som registret inte har, fylls i av "
            "gruppen och polisen. Streck betyder att registret inte förs."
        ),
    )


def other_crimes(results: Results) -> Table:
    """Return the council's municipal totals of crimes that this report does not take in."""
    from est_analysis.measures.year_review import other_crimes as others

    groups = results.groups.table
    told = groups.loc[groups["kind"] == "reported_crime", "group"]
    shown = others(results.comparison.table, results.municipality, results.period, told)
    years = sorted(set(shown["year"]), reverse=True)
    unsure = set(shown.loc[shown["preliminary"], "year"])
    rows = []
    for crime, lines in shown.groupby("crime", sort=False):
        by_year = lines.drop_duplicates("year").set_index("year")
        counts = [by_year["count"].get(year) for year in years]
        rate = by_year["per_100k"].get(years[0])
        rows.append(
            [
                str(crime),
                *(None if pd.isna(n) else int(n) for n in counts),
                None if pd.isna(rate) else float(rate),
            ]
        )
    return Table(
        "ovriga_brott",
        Text("Övriga brott enligt Brå, hela kommunen"),
        ["Brott", *(f"{year} *" if year in unsure else str(year) for year in years), LATEST_RATE],
        rows,
        results.language,
        Text(
            "Brås egna rubriker och kommunens totaler, i filens ordning. En rubrik kan rymma en "
            "annan, och en del av brotten finns också i rapportens egna uppgifter: raderna läggs "
            "aldrig ihop, varken med varandra eller med dem. * Preliminära uppgifter."
        ),
        empty=NOT_INCLUDED,
    )


LATEST_RATE = "Per 100 000 invånare, senaste året"
NOT_INCLUDED = Text(
    "ingår inte. Brott i nära relationer, sexualbrott, brott mot barn och brott i bostäder tas "
    "inte in, för att ingen ska kunna pekas ut. Lägesbilden behöver dem ändå: lägg Brås siffror "
    "för kommunen i mappen och ange filen som comparison under [reference]"
)


def next_year(results: Results) -> Table:
    """Return what the year after has to do, with the day and who is responsible."""
    from est_analysis.measures.year_review import renew_by

    last = results.period.last
    coming = Period(results.period.end, results.period.years_earlier(-1).end, "year")
    until = pd.Timestamp(coming.last)
    rows: list[tuple[Any, str | Text, Any, str | None]] = []
    for row in results.year_measures.to_dict("records"):
        if row["state"] in {"running", "overdue"}:
            rows.append((row["due"], row["name"], Text("ska bli klar"), row["responsible"]))
    for row in results.register.measures.to_dict("records"):
        follow = row["uppfoljningsdatum"]
        if row["startdatum"] > pd.Timestamp(last) and row["startdatum"] <= until:
            rows.append(
                (row["startdatum"], row["atgard"], Text("börjar"), row["ansvarig_funktion"])
            )
        if pd.Timestamp(last) < follow <= until:
            rows.append((follow, row["atgard"], Text("följs upp"), row["ansvarig_funktion"]))
    decided = results.municipality.law.picture_decided
    if decided is not None and renew_by(decided) < coming.end:
        day = pd.Timestamp(renew_by(decided))
        what = Text("Lägesbild enligt lagen (2023:196)")
        rows.append((day, what, Text("beslutas på nytt"), None))
    rows.sort(key=lambda one: (pd.isna(one[0]), one[0] if not pd.isna(one[0]) else until, str(one)))
    return Table(
        "infor_nasta_ar",
        Text("Inför {year}", {"year": coming}),
        ["Vad", "Vad ska ske", "Dag", "Ansvarig"],
        [[what, act, _day(day), who or None] for day, what, act, who in rows],
        results.language,
        empty=Text("registret har inget som väntar"),
    )
