"""Tables of when: hours with their uncertainty, weekdays, hours of places, and the year wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from est_analysis.counts import Interval
from est_analysis.evidence import Share, Text
from est_analysis.reports.findings_of_time import OWN_HOURS, hot_time
from est_analysis.reports.language import WEEKDAYS
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from est_analysis.reports.results import Results


def hours(results: Results) -> Table:
    """Return each hour's expected crimes, beside what start, midpoint and end would claim."""
    table, level = results.hours.table, results.municipality.thresholds.interval_level
    rows = [
        [
            Text("kl. {hour}", {"hour": f"{hour:02d}"}),
            float(row["expected"]),
            Interval(row["low"], row["high"], level),
            *(int(row[choice]) for choice in ("start", "midpoint", "end")),
        ]
        for hour, row in enumerate(table.to_dict("records") if results.rhythm.n else [])
    ]
    peaks = {name: f"{hour:02d}" for name, hour in results.hours.peaks.items()}
    return Table(
        "timmar",
        Text("Timmar på dygnet: vad valet av tidpunkt gör, {year}", {"year": results.year}),
        ["Timme", "Fördelat jämnt", "Osäkerhet", "Efter starttid", "Efter mittpunkt", "Efter slut"],
        rows,
        results.language,
        Text(
            "Flest brott tycks ske kl. {expected} när varje brott fördelas jämnt, kl. {start} "
            "efter starttid, kl. {midpoint} efter mittpunkt och kl. {end} efter sluttid. "
            "{spread} av {n} "
            "brott har ett intervall längre än en timme: av dem kommer skillnaden. {no_end} brott "
            "utan sluttid räknas där de börjar: är den enda tiden i en leverans en mittpunkt visar "
            "tabellen mittpunkter. {known} av brotten har känd tid.",
            peaks
            | {
                "spread": round(results.hours.spread),
                "n": results.rhythm.n,
                "no_end": results.rhythm.no_end,
                "known": _known(results),
            },
        ),
        folded="För analytikern: timmarna med start, mitt och slut",
    )


def _known(results: Results) -> Share:
    rhythm = results.rhythm
    return Share(rhythm.n / rhythm.total if rhythm.total else 0.0)


def clock(results: Results) -> Table:
    """Return circular statistics, the test of weekdays, and this season against earlier ones."""
    found = results.clock
    rows: list[list[Any]] = []
    if found.circular.n:
        at = round(found.circular.hour * 60) % (24 * 60)
        n = round(found.circular.n)
        hour = Text("kl. {at}", {"at": f"{at // 60:02d}:{at % 60:02d}"})
        rows = [
            [Text("Medelklockslag"), hour, None, n],
            [Text("Samling kring det"), Share(found.circular.length), _p(found.circular.p), n],
        ]
    if found.weekdays.n:
        rows.append(
            [
                Text("Ojämnhet över veckodagarna, exakt G-test")
                if found.weekdays.exact
                else Text("Ojämnhet över veckodagarna, G-test med dragning"),
                found.weekdays.statistic,
                _p(found.weekdays.p),
                found.weekdays.n,
            ]
        )
    if found.season is not None:
        now = Text("{period}", {"period": results.period})
        rows.append(
            [
                Text("Skillnad mot samma tid tidigare år, {now}", {"now": now}),
                Share(found.season.distance / 2),
                _p(found.season.p),
                round(found.season.n),
            ]
        )
        chance = Text("Skillnad som slumpen ger i snitt")
        rows.append([chance, Share(found.season.by_chance / 2), None, round(found.season.n)])
    return Table(
        "rytmmatt",
        Text("Mått på rytmen, {year}", {"year": results.year}),
        ["Mått", "Värde", "Så ofta ger slumpen minst så mycket", "Anmälda brott"],
        rows,
        results.language,
        Text(
            "Samlingen är 0 % när brotten är jämnt spridda över dygnet och 100 % när alla sker vid "
            "samma tid; två toppar på var sin sida av dygnet ser jämna ut. Skillnaden är hur stor "
            "del av brotten som skulle behöva flytta i veckan. Måtten beskriver: inga slutsatser "
            "dras av dem, och de räknas inte in i rapportens risk."
        ),
        folded="För analytikern: mått på rytmen",
    )


def _p(p: float) -> Text | Share:
    """Return how often chance gives as much, in whole per cent."""
    return Text("under 1 %") if p < _RARE else Share(p)


_RARE = 0.01


def own_hours(results: Results) -> Table:
    """Return the hot times of the places with most crime."""
    table, span = results.own_hours
    level = results.municipality.thresholds.interval_level
    rows = [
        [
            str(row["label"]),
            *(
                (
                    hot_time(row),
                    Share(row["share"]),
                    Interval(100 * row["low"], 100 * row["high"], level),
                    Share(row["other"]),
                )
                if row["p_all"] <= OWN_HOURS
                else (Text("som andra"), None, None, None)
            ),
            int(row["n"]),
            int(row["unknown"]),
        ]
        for row in table.to_dict("records")
    ]
    return Table(
        "platsers_tider",
        Text("När brotten sker på platserna med flest, {span}", {"span": span or results.year}),
        [
            *("Plats", "Mest över andra platser", "Andel då", "Osäkerhet, %", "På andra platser"),
            *("Brott med tid", "Utan tid"),
        ],
        rows,
        results.language,
        Text(
            "Helg är fredag kl. 16 till söndag kl. 20. Bara platser med minst {gate} brott med "
            "känd tid jämförs, högst åtta. Tiden är vald för att den skiljer mest, så andelen är "
            "snarast för hög. Brott av ett slag på en plats en och samma dag prövas som ett. Att "
            "en plats har andra tider än andra är ofta naturligt: en butik har dem när den är "
            "öppen.",
            {"gate": results.municipality.thresholds.minimum_rhythm},
        ),
    )


def year_wheel(results: Results) -> Table:
    """Return the coming months: what they usually bring, and what the calendar holds."""
    wheel = results.year_wheel
    groups = [name for name in wheel.means.columns if name != "all"]
    rows: list[list[Any]] = []
    for month, means in zip(wheel.months, wheel.means.to_dict("records"), strict=True):
        inside = (wheel.marks["first"].dt.date < month.end) & (
            wheel.marks["last"].dt.date >= month.start
        )
        names = list(dict.fromkeys(wheel.marks.loc[inside, "name"].astype(str)))
        usual = [float(means[name]) if wheel.years else None for name in ("all", *groups)]
        rows.append([month, *usual, names or None])
    return Table(
        "arshjul",
        Text("Årshjul: anmälda brott i snitt per månad, och vad kalendern säger"),
        ["Månad", "Alla", *groups, "I kalendern"],
        rows,
        results.language,
        Text(
            "Snitt över {n} hela år till och med den senaste hela månaden.",
            {"n": wheel.years},
            singular="Ett enda år: det säger inte vad som är vanligt.",
        ),
    )


def weekdays(results: Results) -> Table:
    """Return expected crimes by weekday, those known to the day and long intervals included."""
    spread, sure = results.clock.by_weekday, results.clock.surely_on
    rows = [
        [Text(day), float(spread.by_weekday[i]), int(sure[i])]
        for i, day in enumerate(WEEKDAYS if spread.n else ())
    ]
    return Table(
        "veckodagar",
        Text("Anmälda brott per veckodag, {year}", {"year": results.year}),
        ["Veckodag", "Fördelat jämnt", "Säkert den dagen"],
        rows,
        results.language,
        Text(
            "Här är även brott med som bara har ett datum, och intervall upp till en vecka. "
            "{left} brott säger inget om veckodagen.",
            {"left": spread.unknown + spread.too_long},
        ),
        folded="För analytikern: veckodagarna",
    )
