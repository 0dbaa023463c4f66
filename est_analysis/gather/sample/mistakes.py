"""The usual mistakes: which delivered row gets which, each row at most one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from est_analysis.gather.sample.clock import LAST_DELIVERY, next_quarter
from est_analysis.gather.sample.happenings import UNLISTED
from est_analysis.gather.sample.town import stream

COLUMNS = ["source", "delivery", "event", "mistake"]
Log = list[tuple[str, str, Any, str]]


class _Marks:
    """Which rows get which mistake, each row at most one."""

    def __init__(self, source: str, rows: pd.DataFrame, seed: int) -> None:
        self.source, self.rows, self.rng = source, rows, stream(seed, f"{source} mistakes")
        self.free = rows["event"].notna().to_numpy(copy=True)
        self.log: Log = []

    def choose(self, mistake: str, n: int, among: Any = True) -> pd.Index:
        able = np.flatnonzero(self.free & np.asarray(among, bool))
        chosen = np.sort(self.rng.choice(able, min(n, able.size), replace=False))
        self.free[chosen] = False
        for i in chosen:
            row = self.rows.iloc[i]
            self.log.append((self.source, row["delivery"], int(row["event"]), mistake))
        return self.rows.index[chosen]

    def again(
        self,
        mistake: str,
        n: int,
        among: Any = True,
        last: str = LAST_DELIVERY,
    ) -> pd.DataFrame:
        """Return copies of rows, delivered the quarter after."""
        early = self.rows["delivery"].lt(last)
        at = self.choose(mistake, n, early & among)
        return self.rows.loc[at].assign(delivery=self.rows.loc[at, "delivery"].map(next_quarter))


def police_a(rows: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, Log]:
    """Spoil layout A."""
    rows = rows.copy()
    marks = _Marks("polis_a", rows, seed)
    at = marks.choose("unknown code", 4)
    rows.loc[at, "Brottskod"] = list(UNLISTED[: len(at)])
    at = marks.choose("lost leading zero", 5, rows["Brottskod"].str.startswith("0"))
    rows.loc[at, "Brottskod"] = rows.loc[at, "Brottskod"].map(int)  # Excel makes it a number
    at = marks.choose("missing start", 3)
    rows.loc[at, ["Brottsdag start", "Brottstid start"]] = None
    several_days = rows["Brottsdag slut"].notna() & (
        rows["Brottsdag slut"].astype(str) > rows["Brottsdag start"].astype(str)
    )
    at = marks.choose("end before start", 4, several_days)
    days = ["Brottsdag start", "Brottsdag slut"]
    rows.loc[at, days] = rows.loc[at, days[::-1]].to_numpy()
    last = str(rows["delivery"].max())
    return _in_deliveries([rows, marks.again("repeated", 4, last=last)]), marks.log


def police_b(rows: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, Log]:
    """Spoil layout B."""
    rows = rows.copy()
    marks = _Marks("polis", rows, seed)
    start, end = "BROTTSDATUMTID_START", "BROTTSDATUMTID_SLUT"
    axes = ["LATITUDE", "LONGITUDE"]
    at = marks.choose("unknown code", 4)
    rows.loc[at, "BROTTSKOD"] = list(UNLISTED[-len(at) :])
    at = marks.choose("lost leading zero", 5, rows["BROTTSKOD"].str.startswith("0"))
    rows.loc[at, "BROTTSKOD"] = rows.loc[at, "BROTTSKOD"].str.lstrip("0")
    rows.loc[marks.choose("missing start", 5), start] = ""
    at = marks.choose("end before start", 5, rows[end].ne("") & (rows[end] > rows[start]))
    rows.loc[at, [start, end]] = rows.loc[at, [end, start]].to_numpy()
    at = marks.choose("outside", 6)
    rows.loc[at[:3], axes] = [["57.782610", "14.161790"]] * 3
    rows.loc[at[3:], axes] = rows.loc[at[3:], axes[::-1]].to_numpy()
    at = marks.choose("no coordinates", 8)
    rows.loc[at[:4], axes] = "0"
    rows.loc[at[4:], axes] = ""
    repeated = marks.again("repeated", 6)
    corrected = marks.again("corrected", 6, rows[end].gt(rows[start]))
    minutes = pd.to_timedelta([35, 120, 60, 15, 240, 90], unit="min")[: len(corrected)]
    corrected[end] = (
        pd.Series(pd.to_datetime(corrected[end]) + minutes).dt.strftime("%Y-%m-%d %H:%M").to_numpy()
    )
    return _in_deliveries([rows, repeated, corrected]), marks.log


def est(rows: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, Log]:
    """Spoil the EST sheet."""
    rows = rows.copy()
    marks = _Marks("est", rows, seed)
    event = rows["typ"].eq("händelse")
    at = marks.choose("misspelt category", 3, rows["kategori"].eq("Skadegörelse"))
    rows.loc[at, "kategori"] = ["Skadegorelse", "Skadegörlse", "Skadegörelsse"][: len(at)]
    at = marks.choose("misspelt category", 2, rows["kategori"].eq("Störande folksamling"))
    rows.loc[at, "kategori"] = "Störande folksammling"
    rows.loc[marks.choose("unparseable date", 3, event), "datum_fran"] = "31/2"
    rows.loc[marks.choose("missing start", 2, event), ["datum_fran", "tid_fran"]] = None
    dated = rows["datum_till"].map(lambda day: hasattr(day, "year"))
    at = marks.choose("end before start", 3, event & rows["tid_till"].notna() & dated)
    rows.loc[at, "datum_till"] = rows.loc[at, "datum_till"].map(lambda d: d - timedelta(days=3))
    at = marks.choose("outside", 3, rows["x_sweref99tm"].notna())
    axes = ["x_sweref99tm", "y_sweref99tm"]
    rows.loc[at, axes] = rows.loc[at, axes[::-1]].to_numpy()
    return _in_deliveries([rows, marks.again("repeated", 3)]), marks.log


def citizens(rows: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, Log]:
    """Spoil the citizens' form."""
    rows = rows.copy()
    marks = _Marks("medborgare", rows, seed)
    rows.loc[marks.choose("misspelt category", 1), "varfor"] = "mörkt/dåligsikt"
    rows.loc[marks.choose("unparseable date", 2), "datum"] = "31/2"
    rows.loc[marks.choose("no coordinates", 1), ["lat", "lon"]] = ""
    rows.loc[marks.choose("outside", 1), ["lat", "lon"]] = ["59.334600", "18.063200"]
    return _in_deliveries([rows]), marks.log


def housing(rows: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, Log]:
    """Spoil the fault reports."""
    rows = rows.copy()
    marks = _Marks("bostad", rows, seed)
    at = marks.choose("misspelt category", 2, rows["kategori"].eq("belysning"))
    rows.loc[at, "kategori"] = "belysnig"
    rows.loc[marks.choose("missing start", 1), "skapad"] = ""
    return _in_deliveries([rows]), marks.log


def _in_deliveries(parts: list[pd.DataFrame]) -> pd.DataFrame:
    rows = pd.concat(parts)
    return rows.sort_values("delivery", kind="stable", ignore_index=True)
