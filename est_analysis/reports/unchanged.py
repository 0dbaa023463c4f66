"""A report whose inputs, program and own files are what they were is not made again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from est_analysis import contents
from est_analysis.errors import EstError
from est_analysis.gather.files import write_whole
from est_analysis.municipality import Municipality, find

RUNS = ".made"
"""Folder beside a municipality's reports: what each call to make one last rested on, and made."""

_STORE, _LEDGER, _REPORTS = "store", "ledger", "reports.jsonl"
_INDEX, _LIST = "index.html", "list"


@dataclass(frozen=True)
class Asked:
    """What a run was asked for, as it was asked: no period is the latest whole quarter."""

    period: str | None = None
    edition: str = "internal"
    language: str = "sv"


@dataclass(frozen=True)
class Rested:
    """
    What a run rests on.

    Parameters
    ----------
    program
        As `contents.of_program` gives it.
    inputs, ledger
        Every file of the municipality's folder, and of its ledger, to its hash.
    told
        How many bytes of the ledger tell of earlier reports, in whole lines.
    """

    program: str
    inputs: Mapping[str, str]
    ledger: Mapping[str, str]
    told: int


@dataclass(frozen=True)
class Standing:
    """A report that stands as it would be made: its folder, and the files that people open."""

    folder: Path
    report: Path
    brief: Path


def rested(folder: Path, place: Path) -> Rested:
    """
    Return what a run started now would rest on.

    All that lies in the municipality's folder counts, whether the settings name it or not: nothing
    is left out by mistake. The day does not count: nothing in a report hangs on it.

    Parameters
    ----------
    folder
        The municipality's.
    place
        Where its reports lie; inside the folder or not, they are no input.

    Raises
    ------
    OSError
        If a file cannot be read, or the reports lie in the municipality's own folder: it would all
        be left out.
    """
    derived = (folder / _STORE, folder / _LEDGER)
    if place.resolve() == folder.resolve():
        raise OSError("reports beside the municipality's own files leave nothing to tell apart")
    reports = folder / _LEDGER / _REPORTS
    return Rested(
        contents.of_program(),
        contents.of_folder(folder, without=(*derived, place)),
        contents.of_folder(folder / _LEDGER),
        reports.read_bytes().rfind(b"\n") + 1 if reports.exists() else 0,
    )


def standing(name_or_path: str | Path, asked: Asked, out: Path) -> Standing | None:
    """
    Return the report that a run would make again as it stands; None where there is none such.

    It is there when the program, every file of the municipality's folder and its ledger are what
    they were when the last such run ended, and every file that the run made is there as it was
    made, the store too. Whatever is wrong is left for the run to say.
    """
    try:
        folder = find(name_or_path)
        place = out / folder.name
        made = json.loads(_file(place, asked).read_text(encoding="utf-8"))
        if asdict(rested(folder, place)) != made["rested"]:
            return None
        own = place / made["folder"]
        if _outputs(folder, own) != made["outputs"] or not _list_stands(place):
            return None
        return Standing(own, own / made["report"], own / made["brief"])
    except (EstError, OSError, ValueError, KeyError, TypeError):
        return None


def remember(
    municipality: Municipality,
    place: Path,
    asked: Asked,
    before: Rested,
    made: Iterable[Mapping[str, Any]],
    files: tuple[Path, Path],
) -> None:
    """
    Keep what a run rested on and what it made, so that the same call finds it standing.

    Nothing is kept when another run told the ledger of other reports meanwhile: this one may rest
    on a ledger that is no more.

    Parameters
    ----------
    municipality, place
        Whose, and where its reports lie.
    asked
        What was asked for.
    before
        What `rested` gave before anything was read. The ledger is taken as the run left it.
    made
        The run's own entries of the ledger.
    files
        The report and the brief.

    Raises
    ------
    OSError
        If it cannot be written; the report stands, and will be made again.
    ValueError
        If a line of the ledger cannot be read.
    """
    folder = municipality.folder
    ledger = folder / _LEDGER
    told = (ledger / _REPORTS).read_bytes()
    own = {_which(entry) for entry in made}
    if {_which(json.loads(line)) for line in told[before.told :].splitlines() if line} - own:
        return
    report, brief = files
    kept = {
        "rested": {
            **asdict(before),
            "ledger": contents.of_folder(ledger),
            "told": told.rfind(b"\n") + 1,
        },
        "folder": report.parent.name,
        "report": report.name,
        "brief": brief.name,
        "outputs": _outputs(folder, report.parent),
    }
    file = _file(place, asked)
    file.parent.mkdir(exist_ok=True)
    for left in file.parent.glob(".*"):  # of runs that were killed within their writing
        left.unlink()
    write_whole(file, (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode())
    write_whole(file.parent / _LIST, contents.of_file(place / _INDEX).encode())


def _which(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(entry.get(name)) for name in ("report", "period", "edition", "language"))


def _outputs(folder: Path, report: Path) -> dict[str, dict[str, str]]:
    return {"report": contents.of_folder(report), "store": contents.of_folder(folder / _STORE)}


def _list_stands(place: Path) -> bool:
    """Tell whether the list of reports is as the latest run of any period left it."""
    return contents.of_file(place / _INDEX) == (place / RUNS / _LIST).read_text(encoding="ascii")


def _file(place: Path, asked: Asked) -> Path:
    return place / RUNS / f"{contents.of_value(asdict(asked))[:16]}.json"


def in_short(report: Path) -> dict[str, Any]:
    """Return what a finished report's folder says of itself: whose, which period, rows."""
    told_of = json.loads((report / "provenance.json").read_text(encoding="utf-8"))
    rows = {"rows": told_of["rows"]} if "rows" in told_of else {}  # a published edition tells none
    return {
        "name": told_of["municipality"],
        "period": told_of["parameters"]["period"],
        **rows,
    }
