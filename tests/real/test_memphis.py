"""Clusters of real robberies are those that R's dbscan finds in the same coordinates."""

import os
from pathlib import Path

import pandas as pd
import pytest
from frames import events, settings
from pyproj import Transformer

from est_analysis.patterns import hotspots


@pytest.mark.real
@pytest.mark.skipif("EST_REAL_DATA" not in os.environ, reason="EST_REAL_DATA is not set")
@pytest.mark.parametrize(
    ("radius", "smallest", "k", "noise", "largest"),
    [(200, 10, 11, 2065, 37), (250, 15, 9, 2057, 41), (300, 20, 5, 2110, 41)],
)
def test_memphis_has_the_clusters_of_r(monkeypatch, radius, smallest, k, noise, largest):
    folder = Path(os.environ["EST_REAL_DATA"]) / "memphis_robberies_2019"
    delivered = pd.read_csv(folder / "memphis_robberies_2019.csv.gz")
    to_metres = Transformer.from_crs(4326, 32615, always_xy=True)
    x, y = to_metres.transform(delivered["longitude"], delivered["latitude"])
    table = events(*({"x": a, "y": b} for a, b in zip(x, y, strict=True)))
    monkeypatch.setattr(hotspots, "smallest_cluster", lambda *_: smallest)
    found = hotspots.clusters(table, settings(thresholds={"cluster_radius_m": float(radius)}))
    seen = (len(found), len(table) - found["n"].sum(), found["n"].max())
    assert seen == (k, noise, largest)
    monkeypatch.setattr(hotspots, "smallest_cluster", lambda *_: smallest + 5)
    again = hotspots.clusters(table, settings(thresholds={"cluster_radius_m": float(radius)}))
    assert len(again) != k
