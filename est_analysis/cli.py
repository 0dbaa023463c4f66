"""The command ``est``: new, check, report, fleet, schedule, retention, lab."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from est_analysis import runs
from est_analysis.errors import EstError, SettingsError

_TOML = "municipality.toml"

app = typer.Typer(
    epilog="Börja med: est report exempelsjo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

Folder = Annotated[
    str, typer.Argument(metavar="KOMMUN", help="Kommunens mapp, eller ett exempel: exempelsjo.")
]


Out = Annotated[Path, typer.Option(help="Mappen där rapporter läggs.")]
Log = Annotated[
    Path | None,
    typer.Option(help="Fil som får en rad JSON om hur körningen gick."),
]

Due = Annotated[
    bool,
    typer.Option(
        "--due", help="Gör det som väntar: perioder utan rapport, och nytt efter sena leveranser."
    ),
]


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar on the screen, and give what moves it; nothing where nobody looks, as in cron."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_err, transient=True, disable=not _err.is_terminal) as bar:
        task = bar.add_task("börjar", total=None)

        def show(what: str, done: int, steps: int) -> None:
            bar.update(task, description=escape(what), completed=done, total=steps)

        yield show


def _version(asked: bool) -> None:
    if asked:
        _out.print(f"est {metadata.version('est-analysis')}")
        raise typer.Exit


@app.callback()
def start(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Visa versionen.")
    ] = False,
) -> None:
    """Gemensam lägesbild för EST-grupper: från leveranser till en kvartalsrapport."""


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="MAPP", help="Mappen som ska göras.")],
    name: Annotated[str, typer.Option("--name", help="Kommunens namn.")] = "Vår kommun",
    example: Annotated[
        bool, typer.Option("--example", help="Lägg dit Exempelsjö, att prova på.")
    ] = False,
) -> None:
    """
    Gör en ny kommunmapp att fylla i: inställningar, rapporteringsmall och register.

    Exempel: est new ../savsjo --name Sävsjö
    """
    from est_analysis.scaffold import make, make_example

    made = make_example(folder) if example else make(folder, name)
    _out.print(f"Mappen {folder} är klar. Gör så här:")
    for step, text in enumerate(made, 1):
        _out.print(f"  {step}. {text}", soft_wrap=True)


@app.command()
def check(
    folder: Folder = "exempelsjo",
    every: Annotated[
        bool, typer.Option("--all", help="Lista varje stoppad rad, inte bara de första.")
    ] = False,
) -> None:
    """
    Läs inställningar, leveranser och register, och säg vad som inte går att använda.

    Skriver ingenting. Slutar med 0 när allt gick att läsa, också om rader väntar på rättning, och
    med 2 när en fil inte gick att läsa. Exempel: est check ../savsjo
    """
    from est_analysis import municipality as municipalities
    from est_analysis.gather.accept import gather
    from est_analysis.gather.quality import measure
    from est_analysis.measures import catalogue
    from est_analysis.measures.register import read
    from est_analysis.patterns.coverage import latest_of
    from est_analysis.reports.check import lines, summary, verdict
    from est_analysis.reports.language import Language

    municipality = municipalities.load(folder)
    gathered, say = gather(municipality), Language("sv")
    period = latest_of(gathered.events, "quarter")
    register = read(municipality, gathered.geography, today=period.last)  # as the report's day
    measures = catalogue.read(municipality)
    quality = measure(gathered, municipality, period)
    table = Table("Källa", "Rader", "Används", "Väntar", "Tas ej in", "Upprepade", box=None)
    for cells in summary(quality):
        table.add_row(*map(escape, cells))
    _out.print(table)
    for line in lines(gathered, quality, register, say, catalogue=measures, every=every):
        _out.print(line, markup=False, soft_wrap=True)
    _out.print("\n" + verdict(gathered, register, say, measures), markup=False, soft_wrap=True)
    if gathered.unread:
        raise typer.Exit(runs.BAD_INPUT)


@app.command()
def report(
    folder: Folder = "exempelsjo",
    period: Annotated[
        str | None,
        typer.Option(
            help="2026Q3, 2026T2, 2026-09, 2026-W36, 2026 eller 2026-09-17--2026-09-30; meeting "
            "(mellan de två senaste mötena) eller since-meeting. Utan: den senaste hela perioden "
            "av det slag som [reports] i inställningarna säger."
        ),
    ] = None,
    edition: Annotated[
        str, typer.Option(help="internal: gruppens arbetsmaterial. published: att lämna ut.")
    ] = "internal",
    reason: Annotated[
        str, typer.Option(help="Varför en publik utgåva som är ute rättas; skrivs i den.")
    ] = "",
    language: Annotated[str, typer.Option(help="Rapportens språk: sv eller en.")] = "sv",
    out: Out = Path("reports"),
    log: Log = None,
    at_once: Annotated[
        int | None, typer.Option(min=1, help="Hur många kapitel som körs samtidigt.")
    ] = None,
    longest: Annotated[
        float, typer.Option(min=0.01, help="Längsta tid för ett kapitel, i minuter.")
    ] = 30,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Gör om allt, också när ingenting har ändrats.")
    ] = False,
    due: Due = False,
    tied: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """
    Gör kvartalsrapporten och underlaget till nästa möte.

    Ett helt år, till exempel --period 2025, ger också årsöversynen.

    Slutar med 0 när rapporten är gjord, 1 när den inte gick att göra (den förra står kvar) och 2
    när något i mappen eller anropet måste rättas. Har varken mappen eller programmet ändrats sedan
    rapporten gjordes görs den inte om. Exempel: est report exempelsjo --period 2026Q3
    """
    from est_analysis.reports import unchanged

    if due and (period or edition != "internal" or language != "sv" or reason):
        raise SettingsError("--due väljer själv: ange inte period, utgåva, språk eller skäl också.")
    if tied is not None:
        runs.tie_to_input(tied)
    asked = unchanged.Asked(period, edition, language)
    stands = None if due or fresh else unchanged.standing(folder, asked, out)
    if stands is not None:
        with runs.logged(log, datetime.now().astimezone(), "report", folder) as entry:
            entry.update(unchanged.in_short(stands.folder), report=str(stands.report), unread=[])
            entry["made"] = list[str]()
        _out.print("Ingenting har ändrats: rapporten står som den är. --fresh gör om den.")
        _out.print(f"Rapport: {stands.report}", soft_wrap=True)
        _out.print(f"Inför mötet: {stands.brief}", soft_wrap=True)
        return
    from est_analysis.reports.build import Built, build

    today, made = date.today(), list[Built]()
    with runs.logged(log, datetime.now().astimezone(), "report", folder) as entry:
        with _progress() as show:
            if due:
                from est_analysis.catch_up import catch_up

                steps = catch_up(
                    folder,
                    out=out,
                    progress=show,
                    today=today,
                    at_once=at_once,
                    longest_s=60 * longest,
                    fresh=fresh,
                )
                made += [step.built for step in steps if step.built]
            else:
                made.append(
                    build(
                        folder,
                        period,
                        edition=edition,
                        language=language,
                        out=out,
                        progress=show,
                        today=today,
                        at_once=at_once,
                        longest_s=60 * longest,
                        fresh=fresh,
                        reason=reason,
                    )
                )
        for built in made:  # of several, the line tells the latest
            unread_files = [one.file for one in built.unread]
            entry.update(
                unchanged.in_short(built.folder), report=str(built.report), unread=unread_files
            )
        entry["made"] = [built.folder.name for built in made]
    for built in made:
        for unread in built.unread:
            _err.print(str(unread.error), markup=False, soft_wrap=True)
            _err.print("Rapporten är gjord utan den filen, och säger det.", soft_wrap=True)
        _out.print(f"Rapport: {built.report}", soft_wrap=True)
        if built.brief is not None:
            _out.print(f"Inför mötet: {built.brief}", soft_wrap=True)
    if not made:
        _out.print("Inget nytt att göra: alla perioder som är slut har sin rapport.")


@app.command()
def fleet(
    root: Annotated[
        Path, typer.Argument(metavar="MAPP", help="Mappen som kommunernas mappar ligger i.")
    ],
    period: Annotated[
        str | None, typer.Option(help="Som för est report. Utan: varje kommuns senaste kvartal.")
    ] = None,
    out: Out = Path("reports"),
    scheduler: Annotated[
        str | None, typer.Option(help="Ett Dask-kluster som redan är igång, t.ex. tcp://vard:8786.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Hur många kommuner som körs samtidigt här.")
    ] = None,
    longest: Annotated[
        int, typer.Option(min=1, help="Längsta tid för en kommun, i minuter.")
    ] = 240,
    due: Due = False,
    log: Log = None,
) -> None:
    """
    Gör rapporten för varje kommunmapp i en mapp, och en översikt över hur det gick.

    Varje kommun körs i en egen process. En kommun som inte går hindrar ingen annan. Slutar med 0
    när alla är klara, 1 när någon inte gick och 2 när det inte finns något att köra.
    Exempel: est fleet ../kommuner --period 2026Q3 --workers 2
    """
    from est_analysis import fleet as fleets

    if due and period:
        raise SettingsError("--due väljer själv perioderna: ange inte --period också.")
    with runs.logged(log, datetime.now().astimezone(), "fleet", str(root)) as entry:
        with _progress() as show:
            overview = fleets.run(
                root,
                fleets.DUE if due else period,
                out=out,
                scheduler=scheduler,
                workers=workers,
                longest_s=60 * longest,
                progress=show,
            )
        entry.update(done=overview.done, failed=len(overview.failed))
        if overview.failed:
            names = ", ".join(one.key for one in overview.failed)
            entry.update(exit=runs.FAILED, message=f"Gick inte: {names}. Se {overview.page.name}.")
        for outcome in overview.failed:
            _err.print(f"{outcome.key}: {outcome.message}", markup=False, soft_wrap=True)
        _out.print(f"{overview.done} klara, {len(overview.failed)} gick inte.")
        _out.print(f"Översikt: {overview.page}", soft_wrap=True)
    if overview.failed:
        raise typer.Exit(runs.FAILED)


@app.command()
def schedule(
    folder: Annotated[
        Path, typer.Argument(metavar="MAPP", help="Kommunens mapp, eller mappen med alla kommuner.")
    ],
    clock: Annotated[str, typer.Option("--for", help="cron, systemd eller windows.")] = "cron"
    if sys.platform != "win32"
    else "windows",
    at: Annotated[str, typer.Option(help="När på dygnet.")] = "05:10",
    out: Out = Path("reports"),
    write: Annotated[
        Path | None, typer.Option(help="Mapp som får filerna. Utan: skriv dem på skärmen.")
    ] = None,
) -> None:
    """
    Skriv det som behövs för att rapporterna ska göras av sig själva, varje dag när något väntar.

    Ändrar ingenting i systemet: filerna läggs in för hand. Varje körning skriver en rad i
    est.jsonl i rapportmappen. Exempel: est schedule ../savsjo --for systemd --write ../schema
    """
    from est_analysis import schedule as schedules
    from est_analysis.fleet import municipalities

    chosen = next((known for known in schedules.CLOCKS if known == clock), None)
    if chosen is None:
        raise SettingsError(
            f"{clock} är inget som går att schemalägga för.",
            mend=f"Välj något av: {', '.join(schedules.CLOCKS)}.",
        )
    many = not (folder / _TOML).is_file()
    if many and not municipalities(folder)[0]:
        raise SettingsError(f"{folder} är ingen kommunmapp, och har ingen i sig.")
    plan = schedules.plan(folder, out, at, many=many)
    for name, content in schedules.files(plan, chosen).items():
        if write is None:
            text = content.decode("utf-16" if chosen == "windows" else "utf-8")
            _out.print(text, markup=False, soft_wrap=True, end="")
        else:
            write.mkdir(parents=True, exist_ok=True)
            (write / name).write_bytes(content)
            _out.print(f"Skriven: {write / name}", soft_wrap=True)
    _err.print(schedules.advice(plan, chosen), markup=False, soft_wrap=True)


@app.command()
def retention(
    folder: Folder = "exempelsjo",
    delete: Annotated[
        bool, typer.Option("--delete", help="Ta bort det som listas. Kräver gruppens beslut.")
    ] = False,
) -> None:
    """
    Lista råa leveranser som ska gallras (gallring), och ta bort dem om gruppen har beslutat det.

    Tiden är raw_days i [retention], räknad från dagen då leveransen först lästes in. --delete tar
    bort bara när decision i [retention] anger gruppens beslut. Exempel: est retention ../savsjo
    """
    from est_analysis import municipality as municipalities
    from est_analysis.gather import retention as gallring

    municipality = municipalities.load(folder)
    today = date.today()
    listed = gallring.due(municipality, today)
    gone = gallring.delete(municipality, today) if delete else []
    table = Table("Fil", "Inläst", "Gallras från", "Rader", "I karantän", "", box=None)
    for raw in listed:
        counts = ("–" if n is None else str(n) for n in (raw.rows, raw.quarantined))
        state = "borttagen" if raw in gone else "länk: tas inte bort" if raw.linked else ""
        table.add_row(raw.file, str(raw.seen), str(raw.due), *counts, state)
    if not listed:
        _out.print("Inget ska gallras än.")
        return
    _out.print(table)
    if gone:
        _out.print(
            f"{len(gone)} filer är borttagna. Beslut och rader står i ledger/retention.jsonl."
        )
        _out.print("Kör est report: lagret görs om av det som finns kvar.")
        for name in gallring.emptied(municipality):
            _out.print(f"Källan {name} har inga filer kvar: ta bort [sources.{name}] ur {_TOML}.")
    if gallring.shorter_than_history(municipality):
        years = municipality.thresholds.history_years
        _out.print(f"Rapporten jämför med {years} tidigare år: det som gallras räknas inte med.")


@app.command()
def lab(
    folder: Folder = "exempelsjo",
    period: Annotated[
        str | None, typer.Option(help="Som för est report. Utan: det senaste hela kvartalet.")
    ] = None,
    out: Out = Path("reports"),
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Öppna ingen webbläsare, skriv bara adressen.")
    ] = False,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port för JupyterLab.")] = None,
) -> None:
    """
    Öppna kapitlen och analytikerns bänk (explore) i JupyterLab, för den som vill undersöka själv.

    Du arbetar i kopior, i lab/<kommun> bland rapporterna: originalen rörs aldrig, och det du har
    ändrat skrivs aldrig över. Inget hämtas från nätet. Exempel: est lab ../savsjo --period 2026Q3
    """
    if shutil.which("jupyter-lab", path=str(Path(sys.executable).parent)) is None:
        raise EstError(
            "JupyterLab finns inte i den här miljön.",
            mend="Kör python run.py lab (eller make lab), som gör en egen miljö för det.",
        )
    from est_analysis.bench import server

    copies = server.prepare(folder, period, out)
    for line in copies.lines():
        _err.print(line, markup=False, soft_wrap=True)
    call = server.command(sys.executable, copies.folder, browser=not no_browser, port=port)
    environment = server.environment(copies.folder)
    if os.name == "posix":
        os.execve(call[0], call, environment)  # signals then reach JupyterLab itself
    raise typer.Exit(subprocess.call(call, env=environment))


def main() -> None:
    """Run the command; what a person can mend is said in a sentence, without a traceback."""
    try:
        app()
    except EstError as error:
        _err.print(str(error), markup=False, soft_wrap=True)
        raise SystemExit(runs.exit_code(error)) from None


if __name__ == "__main__":
    main()
