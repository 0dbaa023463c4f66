"""The command ``est``: new, check, report, retention, lab."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from est_analysis.errors import EstError, ReportError

BAD_INPUT, FAILED = 2, 1
_TOML = "municipality.toml"

app = typer.Typer(
    help="Gemensam lägesbild för EST-grupper: från leveranser till en kvartalsrapport.",
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


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="MAPP", help="Mappen som ska göras.")],
    name: Annotated[str, typer.Option("--name", help="Kommunens namn.")] = "Vår kommun",
) -> None:
    """
    Gör en ny kommunmapp att fylla i: inställningar, rapporteringsmall och register.

    Exempel: est new ../savsjo --name Sävsjö
    """
    from est_analysis.scaffold import make

    made = make(folder, name)
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
    from est_analysis.measures.register import read
    from est_analysis.patterns.coverage import latest_quarter_of
    from est_analysis.reports.check import lines, summary, verdict
    from est_analysis.reports.language import Language

    municipality = municipalities.load(folder)
    gathered, register, say = gather(municipality), read(municipality), Language("sv")
    quality = measure(gathered, municipality, latest_quarter_of(gathered.events))
    table = Table("Källa", "Rader", "Används", "Väntar", "Tas ej in", "Upprepade", box=None)
    for cells in summary(quality):
        table.add_row(*map(escape, cells))
    _out.print(table)
    for line in lines(gathered, quality, register, say, every=every):
        _out.print(line, markup=False, soft_wrap=True)
    _out.print("\n" + verdict(gathered, register, say), markup=False, soft_wrap=True)
    if gathered.unread:
        raise typer.Exit(BAD_INPUT)


@app.command()
def report(
    folder: Folder = "exempelsjo",
    period: Annotated[
        str | None,
        typer.Option(
            help="2026Q3, 2026T2, 2026-09, 2026 eller 2026-09-17--2026-09-30. Utan: det senaste "
            "hela kvartalet som levererats."
        ),
    ] = None,
    edition: Annotated[
        str, typer.Option(help="internal: gruppens arbetsmaterial. published: att lämna ut.")
    ] = "internal",
    language: Annotated[str, typer.Option(help="Rapportens språk: sv.")] = "sv",
    out: Annotated[Path, typer.Option(help="Mappen där rapporter läggs.")] = Path("reports"),
) -> None:
    """
    Gör kvartalsrapporten och underlaget till nästa möte.

    Exempel: est report exempelsjo --period 2026Q3
    """
    from est_analysis.reports.build import build

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_err, transient=True) as bar:
        task = bar.add_task("börjar", total=None)

        def show(what: str, done: int, steps: int) -> None:
            bar.update(task, description=what, completed=done, total=steps)

        built = build(
            folder,
            period,
            edition=edition,
            language=language,
            out=out,
            progress=show,
            today=date.today(),
        )
    for unread in built.unread:
        _err.print(str(unread.error), markup=False, soft_wrap=True)
        _err.print("Rapporten är gjord utan den filen, och säger det.", soft_wrap=True)
    _out.print(f"Rapport: {built.report}", soft_wrap=True)
    if built.brief is not None:
        _out.print(f"Inför mötet: {built.brief}", soft_wrap=True)


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
def lab() -> None:
    """
    Öppna kapitlen i JupyterLab, för den som vill undersöka själv.

    Ändra kommun och period i första rutan och kör alla celler.
    """
    from est_analysis.reports.build import NOTEBOOKS

    if shutil.which("jupyter-lab", path=str(Path(sys.executable).parent)) is None:
        raise EstError(
            "JupyterLab finns inte i den här miljön.",
            mend="Kör python run.py lab (eller make lab), som gör en egen miljö för det.",
        )
    raise typer.Exit(subprocess.call([sys.executable, "-m", "jupyterlab", str(NOTEBOOKS)]))


def main() -> None:
    """Run the command; what a person can mend is said in a sentence, without a traceback."""
    try:
        app()
    except EstError as error:
        _err.print(str(error), markup=False, soft_wrap=True)
        raise SystemExit(FAILED if isinstance(error, ReportError) else BAD_INPUT) from None


if __name__ == "__main__":
    main()
