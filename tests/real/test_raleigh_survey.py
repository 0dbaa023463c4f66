"""A real survey of safety goes through the list, as CSV and as Excel, district by district."""

import os
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from frames import settings

from est_analysis.counts import wilson_interval
from est_analysis.gather.geography import Geography
from est_analysis.gather.surveys import read

NIGHT = "In_downtown_Raleigh_at_night__14_04"


@pytest.mark.real
@pytest.mark.skipif("EST_REAL_DATA" not in os.environ, reason="EST_REAL_DATA is not set")
@pytest.mark.parametrize("file", ["s.csv", "s.xlsx"])
def test_raleigh_is_read_district_by_district(tmp_path, file):
    folder = Path(os.environ["EST_REAL_DATA"]) / "raleigh_perceived_safety_2018"
    answers = pd.read_csv(folder / "raleigh_2018_safety_geo.csv.gz")
    answers = answers[answers[NIGHT].between(1, 5)].groupby("DISTRICT")[NIGHT]
    unsafe, n = answers.apply(lambda own: int((own <= 2).sum())), answers.size()
    table = pd.DataFrame({"omrade": n.index, "fraga": "Otrygg i centrum kvällstid", "ar": 2018})
    table = table.assign(andel=(100 * unsafe / n).round(1).to_numpy(), n=n.to_numpy())
    if file.endswith("csv"):
        table.to_csv(tmp_path / file, sep=";", decimal=",", index=False)
    else:
        table.to_excel(tmp_path / file, index=False)
    square = [shapely.box(0, 0, 1, 1)] * len(n)
    areas = gpd.GeoDataFrame({"name": list(n.index)}, geometry=square, crs="EPSG:3006")
    own = settings(folder=str(tmp_path), reference={"surveys": file})
    found = read(own, Geography(None, areas, None, None))
    assert found.faults.empty and found.table["computed"].all()
    assert found.table["n"].sum() == n.sum() == 926
    first = found.table.iloc[0]
    assert first["low"] == pytest.approx(wilson_interval(first["value"] * n.iloc[0], n.iloc[0]).low)
    fewer = areas[areas["name"] != "A"]
    assert len(read(own, Geography(None, fewer, None, None)).faults) == 1
