"""Copies of the notebooks to work on: the originals are never dirtied, what was edited is kept."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from est_analysis.gather.files import told, write_whole

STATE = ".kopior.json"
BESIDE = ".ny.ipynb"
_STAYS = "Anteckningsböckerna är som förut."


@dataclass(frozen=True)
class Copies:
    """
    What became of each notebook; names without ending.

    Parameters
    ----------
    folder
        Where they lie.
    fresh
        Copied now: new, or not edited since they were copied.
    kept
        Edited by the analyst, and left alone.
    newer
        Of `kept`: those whose original has changed; its new copy lies beside, as ``<name>.ny``.
    own_choice
        Of `kept`: those where the first cell is edited too, so that it was left as it stands.
    """

    folder: Path
    fresh: tuple[str, ...]
    kept: tuple[str, ...]
    newer: tuple[str, ...]
    own_choice: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return what the analyst should know, as Swedish sentences."""
        said = [f"Du arbetar i kopior, i mappen {self.folder}. Originalen rörs inte."]
        if self.kept:
            said.append(f"Dina ändringar är kvar i {_listed(self.kept)}.")
        if self.newer:
            names = _listed([f"{name}.ny" for name in self.newer])
            said.append(f"Originalet har ändrats sedan dess. Den nya versionen ligger i {names}.")
        if self.own_choice:
            names = _listed(self.own_choice)
            said.append(f"Första rutan i {names} har du ändrat själv: den står kvar som den är.")
        return said


def copy(originals: list[Path], folder: Path, choices: dict[str, str]) -> Copies:
    """
    Copy notebooks into a folder, with the choices in their cell of parameters.

    A copy whose cells read as they were copied is made anew when its original, or a choice, has
    changed; outputs do not count as edits. A copy that the analyst edited is never written over:
    only its cell of parameters takes the new choices, where that cell itself was left alone.

    Parameters
    ----------
    originals
        Notebooks; only read.
    folder
        Where the copies lie; made, for its owner only, if it is not there.
    choices
        Values by the name of the parameter.

    Returns
    -------
    Copies

    Raises
    ------
    ReportError
        If the folder cannot be written.
    """
    fresh, kept, newer, own = [], [], [], []
    with told("Kopiorna kunde inte skrivas", folder, _STAYS):
        folder.mkdir(parents=True, exist_ok=True)
        if os.name == "posix":
            folder.chmod(0o700)  # the analyst's own: rows may be seen in what is done here
        state = _state(folder)
        for original in originals:
            name, source = original.stem, original.read_bytes()
            digest, file = hashlib.sha256(source).hexdigest(), folder / original.name
            wanted = _with_choices(json.loads(source), choices)
            former, present = state.get(name, {}), _read(file)
            own_body = file.exists() and _body(present) != former.get("body")
            own_cell = file.exists() and _parameters(present) != former.get("parameters")
            if not (own_body or own_cell):
                fresh.append(name)
                if (_body(present), _parameters(present)) != (_body(wanted), _parameters(wanted)):
                    write_whole(file, _bytes(wanted))
                body, cell = _body(wanted), _parameters(wanted)
                state[name] = {"original": digest, "body": body, "parameters": cell}
                continue
            kept.append(name)
            if own_cell:
                own.append(name)
            else:
                chosen = _with_choices(present, choices)
                write_whole(file, _bytes(chosen))
                state[name] = {**former, "parameters": _parameters(chosen)}
            if digest != former.get("original"):
                newer.append(name)
                write_whole(folder / f"{name}{BESIDE}", _bytes(wanted))
        text = json.dumps(state, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        write_whole(folder / STATE, text.encode())
    return Copies(folder, *map(tuple, (fresh, kept, newer, own)))


def _listed(names: Any) -> str:  # noqa: ANN401 - any sequence of names
    return ", ".join(names)


def _state(folder: Path) -> dict[str, dict[str, str]]:
    try:
        known = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _read(file: Path) -> dict[str, Any]:
    """Return a notebook; one without cells where there is none, or no notebook."""
    try:
        notebook = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        notebook = None
    return notebook if isinstance(notebook, dict) and "cells" in notebook else {"cells": []}


def _bytes(notebook: dict[str, Any]) -> bytes:
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode()


def _is_parameters(cell: dict[str, Any]) -> bool:
    return "parameters" in cell.get("metadata", {}).get("tags", [])


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def _body(notebook: dict[str, Any]) -> str:
    """Return a digest of what a notebook says and does, outputs and parameters left out."""
    said = [(c["cell_type"], _source(c)) for c in notebook["cells"] if not _is_parameters(c)]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _parameters(notebook: dict[str, Any]) -> str:
    return "\n".join(_source(cell) for cell in notebook["cells"] if _is_parameters(cell))


def _with_choices(notebook: dict[str, Any], choices: dict[str, str]) -> dict[str, Any]:
    """Return a notebook whose cell of parameters holds the choices; comments stay."""

    def chosen(cell: dict[str, Any]) -> dict[str, Any]:
        if not _is_parameters(cell):
            return cell
        text = _source(cell)
        for name, value in choices.items():
            literal = json.dumps(value, ensure_ascii=False).replace("\\", r"\\")
            line = re.compile(rf'^({name}: str = )"(?:[^"\\]|\\.)*"', re.MULTILINE)
            text = line.sub(rf"\g<1>{literal}", text)
        return {**cell, "source": text.splitlines(keepends=True)}

    return {**notebook, "cells": [chosen(cell) for cell in notebook["cells"]]}
