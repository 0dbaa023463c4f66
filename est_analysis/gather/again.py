"""What has been gathered already, of the same files by the same program, is read from the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import pandas as pd

from est_analysis import contents
from est_analysis.errors import EstError
from est_analysis.gather import accept, rulings, store
from est_analysis.gather.accept import Gathered
from est_analysis.gather.files import told, write_whole
from est_analysis.gather.geography import read_geography
from est_analysis.municipality import Municipality

_RESTED = "rested.json"


@dataclass(frozen=True)
class Again:
    """
    What was gathered, and how it came.

    Parameters
    ----------
    gathered
        As `accept.gather` gives it.
    key
        Digest of all that gathering rests on; empty where that is not known.
    stored
        Whether it was read from the store.
    """

    gathered: Gathered
    key: str = ""
    stored: bool = False


def key_of(municipality: Municipality, program: str, inputs: Mapping[str, str]) -> str:
    """
    Return a digest of all that gathering rests on.

    That is the program and every file of the municipality's folder but those that are named as
    registers only, which no delivered row asks for.

    Parameters
    ----------
    program
        As `contents.of_program` gives it.
    inputs
        Every file of the folder to its hash.
    """
    own = {inside for _, inside in municipality.registers if isinstance(inside, str)}
    own -= {rulings.ALIASES, rulings.DECISIONS, *municipality.reference.comparison}
    own -= {inside for _, inside in municipality.reference if isinstance(inside, str)}
    for name, source in municipality.sources.items():
        own -= {f.relative_to(municipality.folder).as_posix() for f in municipality.delivered(name)}
        own -= {source.codes} if isinstance(source.codes, str) else set()
    files = {file: sha for file, sha in inputs.items() if file not in own}
    return contents.of_value([program, store.VERSION, files])


def gather(
    municipality: Municipality, program: str, inputs: Mapping[str, str], *, fresh: bool = False
) -> Again:
    """
    Read the store where it is what gathering would give, and gather anew where it is not.

    Parameters
    ----------
    municipality
        Whose deliveries.
    program, inputs
        As `key_of` takes them; without inputs it is gathered anew.
    fresh
        Whether to gather anew whatever stands in the store.

    Returns
    -------
    Again

    Raises
    ------
    DeliveryError
        As `accept.gather` raises it.
    """
    key = key_of(municipality, program, inputs) if inputs else ""
    if key and not fresh:
        try:
            return Again(_stored(municipality, key), key, stored=True)
        except (EstError, OSError, ValueError, KeyError, TypeError):
            pass  # no store, a damaged one, or one of other files: it is made anew
    return Again(accept.gather(municipality), key)


def _stored(municipality: Municipality, key: str) -> Gathered:
    rested = json.loads((municipality.path(store.STORE) / _RESTED).read_text(encoding="utf-8"))
    if rested["key"] != key or rested["generation"] != store.generation(municipality):
        raise ValueError
    stored = store.read_store(municipality)
    known = rulings.none().faults
    faults = pd.DataFrame(rested["faults"], columns=list(known)).astype(known.dtypes.to_dict())
    return Gathered(
        geography=read_geography(municipality),
        rulings=replace(rulings.read(municipality), faults=faults),
        **{field.name: getattr(stored, field.name) for field in fields(store.Stored)},
    )


def remember(municipality: Municipality, made: Again) -> None:
    """
    Write the store, and what it rests on; a store that was read is left as it is.

    What files that cannot be read lack is not in the store, so that nothing is kept where there
    are any: they are tried again.

    Raises
    ------
    ReportError
        If it cannot be written.
    """
    if made.stored:
        return
    generation = store.write_store(municipality, made.gathered)
    folder = municipality.path(store.STORE)
    if not made.key or made.gathered.unread:
        (folder / _RESTED).unlink(missing_ok=True)
        return
    faults = made.gathered.rulings.faults.to_dict("records")
    rested = {"key": made.key, "generation": generation.name, "faults": faults}
    with told("Lagret kunde inte skrivas", folder, "Det lager som står där håller."):
        content = json.dumps(rested, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        write_whole(folder / _RESTED, content.encode())
