"""The synthetic municipality Exempelsjö: five years of deliveries from a seed, and the truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from est_analysis import municipality
from est_analysis.gather.deliveries import Delivery
from est_analysis.gather.geography import Geography
from est_analysis.gather.sample import files, mistakes, partners, register, truth
from est_analysis.gather.sample.clock import AFTER, FIRST, YEARS
from est_analysis.gather.sample.happenings import CODE_LIST, UNLISTED, happen
from est_analysis.gather.sample.plants import flows
from est_analysis.gather.sample.town import CRS, NAME, the_map
from est_analysis.municipality import Municipality

__all__ = ["AFTER", "CRS", "FIRST", "NAME", "SEED", "UNLISTED", "YEARS", "Sample", "make", "write"]

SEED = 2042  # a number taken before anything was planted; not chosen for what it gives
_PLACE_COLUMNS = ["name", "place_type", "x", "y", "area"]
RESPONSIBLE = {
    "skola": "Barn- och utbildningsförvaltningen",
    "fritidsgård": "Kultur- och fritidsförvaltningen",
    "idrottsplats": "Kultur- och fritidsförvaltningen",
    "bad": "Kultur- och fritidsförvaltningen",
    "park": "Samhällsbyggnadsförvaltningen",
    "torg": "Samhällsbyggnadsförvaltningen",
    "gata": "Samhällsbyggnadsförvaltningen",
    "gc-väg": "Samhällsbyggnadsförvaltningen",
    "parkering": "Samhällsbyggnadsförvaltningen",
    "butik": "Fastighetsägarna",
}
"""Who answers for the ground of each sort of place; elsewhere nobody has said."""


@dataclass(frozen=True)
class Sample:
    """
    A synthetic municipality in memory, its deliveries as the partners would have sent them.

    Parameters
    ----------
    seed, strength, planted
        What it was made of.
    tables
        By source: the rows of every delivery, mistakes included, in the columns of the files, and
        ``delivery`` (which file) and ``event`` (the number of what happened; None if nothing did).
    happenings
        All that happened, whoever heard of it. Never written.
    boundary, areas, streets, places
        The map, in EPSG:3006.
    crime_codes
        Which group a crime code belongs to.
    problems, measures, decisions
        The group's register.
    mistakes
        Every planted mistake: source, delivery, event, and which mistake. Never written.
    truth
        Every planted truth, with its expected counts and its power.
    """

    seed: int
    strength: float
    planted: bool
    tables: dict[str, pd.DataFrame]
    happenings: pd.DataFrame
    boundary: gpd.GeoDataFrame
    areas: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    crime_codes: pd.DataFrame
    problems: pd.DataFrame
    measures: pd.DataFrame
    decisions: pd.DataFrame
    mistakes: pd.DataFrame
    truth: list[dict[str, Any]]

    def delivered(self, settings: Municipality | None = None) -> list[Delivery]:
        """
        Return what reading the written files would give, without files.

        Parameters
        ----------
        settings
            Say which columns are read; None is the committed example's.
        """
        return files.delivered(self.tables, settings or _settings())

    def geography(self) -> Geography:
        """Return what reading the written map would give, to the decimetre."""
        return Geography(
            boundary=self.boundary.geometry.iloc[0],
            areas=self.areas.rename(columns={"namn": "name"})[["name", "geometry"]],
            places=pd.DataFrame(self.places[_PLACE_COLUMNS]),
            streets=self.streets[["name", "geometry"]],
        )

    def links(self) -> pd.DataFrame:
        """
        Return the true links: events that more than one source delivered.

        Returns
        -------
        DataFrame
            ``event``, ``source``, ``file`` and ``row`` (as a `Delivery` numbers it), one line for
            each delivered row of such an event.
        """
        parts = []
        for source, file, rows in files.files(self.tables):
            own = pd.DataFrame({"event": rows["event"], "source": source, "file": file})
            parts.append(own.assign(row=range(2, 2 + len(own))))
        lines = pd.concat(parts).dropna(subset=["event"]).astype({"event": int})
        sources = lines.groupby("event")["source"].nunique()
        linked = lines[lines["event"].isin(sources.index[sources > 1])]
        return linked.sort_values(["event", "source", "file", "row"], ignore_index=True)


@cache
def _settings() -> Municipality:
    return municipality.load("exempelsjo")


def make(seed: int = SEED, *, strength: float = 1.0, planted: bool = True) -> Sample:
    """
    Make the synthetic municipality in memory.

    Parameters
    ----------
    seed
        Decides what happens; the map is the same for every seed.
    strength
        Of every plant: 0 is none, 1 as committed.
    planted
        Whether anything is planted at all; if not, the volumes are the same, everything that
        happens belongs to the background, and the register's places are drawn by lot.

    Returns
    -------
    Sample
        The same for the same arguments.
    """
    level = strength if planted else 0.0
    ground, events = the_map(), happen(flows(level), seed)
    events = events.join(partners.registered(events, seed, level))
    layout_a, layout_b = partners.police(events, seed)
    tables, log = {}, []
    for source, (rows, marks) in {
        "polis_a": mistakes.police_a(layout_a, seed),
        "polis": mistakes.police_b(layout_b, seed),
        "est": mistakes.est(partners.est(events, seed), seed),
        "medborgare": mistakes.citizens(partners.citizens(events, seed), seed),
        "bostad": mistakes.housing(partners.housing(events, seed, level), seed),
        "raddning": (partners.rescue(events, seed), []),
        "skola": (partners.schools(seed), []),
        "kalender": (partners.calendar(), []),
    }.items():
        tables[source] = rows
        log += marks
    chosen = register.choose(events, seed, planted)
    codes = [(code, group) for group, listed in CODE_LIST.items() for code in listed]
    return Sample(
        seed=seed,
        strength=strength,
        planted=planted,
        tables=tables,
        happenings=events,
        boundary=gpd.GeoDataFrame({"namn": [NAME]}, geometry=[ground.boundary], crs=CRS),
        areas=ground.areas.copy(),
        streets=ground.streets[["name", "geometry"]].copy(),
        places=ground.places.copy(),
        crime_codes=pd.DataFrame(codes, columns=["kod", "grupp"]),
        problems=register.problems(chosen),
        measures=register.measures(chosen),
        decisions=register.decisions(),
        mistakes=pd.DataFrame(log, columns=mistakes.COLUMNS),
        truth=truth.known(strength, planted, chosen),
    )


def write(sample: Sample, folder: Path | str) -> None:
    """
    Write a synthetic municipality's reference, register and deliveries, and the truth.

    Parameters
    ----------
    sample
        What `make` returned.
    folder
        The municipality's folder; files of the same names are replaced, others left alone.
    """
    folder = Path(folder)
    for name in ("boundary", "areas", "streets"):
        files.write_shapes(folder / "reference" / f"{name}.geojson", getattr(sample, name))
    places = sample.places[_PLACE_COLUMNS].astype({"x": int, "y": int})
    places = places.assign(responsible=places["place_type"].map(RESPONSIBLE).fillna(""))
    files.write_table(folder / "reference" / "places.csv", places)
    files.write_table(folder / "reference" / "brottskoder.csv", sample.crime_codes)
    files.write_table(folder / "register" / "problem.csv", sample.problems)
    files.write_table(folder / "register" / "atgarder.csv", sample.measures)
    files.write_table(folder / "register" / "beslut.csv", sample.decisions)
    files.write(folder, sample.tables)
    files.write_truth(
        folder / "truth.json",
        {
            "seed": sample.seed,
            "strength": sample.strength,
            "planted": sample.planted,
            "truth": sample.truth,
        },
    )
