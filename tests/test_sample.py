"""The synthetic municipality: regenerated to the byte, of the stated size, wrong where meant to."""

from __future__ import annotations

import csv
import json
import zipfile
from datetime import date, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

from est_analysis import municipality
from est_analysis.gather import sample

FOLDER = municipality.EXAMPLES / "exempelsjo"
GENERATED = ("reference", "register", "deliveries")
ACTIVITY = {"Narkotika och alkohol", "Trafik"}
QUARTERS = [f"{y}Q{q}" for y in range(2021, 2027) for q in (1, 2, 3, 4)][3:-1]


@pytest.fixture(scope="module")
def made():
    return sample.make()


@pytest.fixture(scope="module")
def settings():
    return municipality.load(FOLDER)


@pytest.fixture(scope="module")
def police():
    return _delivered("polis", ";")


@pytest.fixture(scope="module")
def est():
    parts = []
    for file in sorted((FOLDER / "deliveries/est").glob("*.xlsx")):
        header, *rows = openpyxl.load_workbook(file)["Rapport"].iter_rows(values_only=True)
        parts.append(pd.DataFrame(rows, columns=header, dtype=object).assign(file=file.name))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def citizens():
    return _delivered("medborgare", ",")


def _delivered(source, delimiter):
    return pd.concat(
        [
            pd.read_csv(file, sep=delimiter, dtype=str, keep_default_na=False).assign(
                file=file.name
            )
            for file in sorted((FOLDER / "deliveries" / source).glob("*.csv"))
        ],
        ignore_index=True,
    )


def _contents(folder: Path):
    """Return every generated file's bytes; of a workbook its members, as deflate may differ."""
    found = {}
    for part in GENERATED:
        for file in sorted((folder / part).rglob("*.*")):
            name = file.relative_to(folder).as_posix()
            if file.suffix == ".xlsx":
                with zipfile.ZipFile(file) as book:
                    for member in book.infolist():
                        found[f"{name}/{member.filename}"] = (
                            member.date_time,
                            book.read(member),
                        )
            else:
                found[name] = file.read_bytes()
    return found


def _differing(one: Path, other: Path):
    a, b = _contents(one), _contents(other)
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))


def test_what_is_committed_is_what_the_generator_makes(made, tmp_path):
    sample.write(made, tmp_path)
    assert _differing(FOLDER, tmp_path) == []


def test_the_command_writes_the_same_bytes_twice(tmp_path):
    sample.main([str(tmp_path / "a")])
    sample.main([str(tmp_path / "b")])
    files = [p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*.*")]
    assert len(files) == 20 * 3 + 5 + 3
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_changed_byte_or_another_seed_is_noticed(made, tmp_path):
    sample.write(made, tmp_path)
    file = tmp_path / "deliveries/polis/polis_2024Q2.csv"
    file.write_bytes(file.read_bytes().replace(b"Exempelsj", b"Exempelsk", 1))
    (tmp_path / "register/beslut.csv").unlink()
    assert _differing(FOLDER, tmp_path) == [
        "deliveries/polis/polis_2024Q2.csv",
        "register/beslut.csv",
    ]
    sample.write(sample.make(sample.SEED + 1), tmp_path)
    changed = _differing(FOLDER, tmp_path)
    assert not [name for name in changed if name.startswith("reference")]
    assert len([name for name in changed if name.startswith("deliveries")]) >= 60


def test_the_committed_files_are_few_and_small():
    sizes = [p.stat().st_size for part in GENERATED for p in (FOLDER / part).rglob("*.*")]
    assert sum(sizes) < 1_500_000


def test_every_quarter_and_source_has_its_file():
    for source, ending in (("polis", "csv"), ("est", "xlsx"), ("medborgare", "csv")):
        names = sorted(p.name for p in (FOLDER / "deliveries" / source).iterdir())
        assert names == [f"{source}_{q}.{ending}" for q in QUARTERS]


def test_every_column_that_the_settings_name_is_in_every_file(settings):
    for source in settings.sources.values():
        files = sorted(FOLDER.glob(source.files))
        assert len(files) == len(QUARTERS)
        for file in files:
            if source.format == "excel":
                header = [cell.value for cell in openpyxl.load_workbook(file)[source.sheet][1]]
            else:
                with file.open(encoding=source.encoding, newline="") as lines:
                    header = next(csv.reader(lines, delimiter=source.delimiter))
            assert set(source.columns.named()) <= set(header), file.name


def test_every_kind_and_category_of_the_settings_occurs(settings, est, citizens):
    for name, rows in (("est", est), ("medborgare", citizens)):
        source = settings.sources[name]
        assert set(rows[source.columns.kind]) == set(source.kinds)
        assert set(source.codes) <= set(rows[source.columns.code])


# --- volumes


def _groups(police, made):
    groups = made.crime_codes.set_index("kod")["grupp"]
    return police["BROTTSKOD"].map(groups)


def _years(moments):
    stamp = pd.to_datetime(moments, errors="coerce")
    return (stamp.dt.year - (stamp.dt.month < 10)).dropna().astype(int)


def _on_map(rows, x, y):
    points = gpd.points_from_xy(
        pd.to_numeric(rows[x], errors="coerce"), pd.to_numeric(rows[y], errors="coerce"), crs=4326
    )
    return gpd.GeoDataFrame(rows, geometry=points).to_crs(sample.CRS)


def test_the_police_report_about_a_thousand_crimes_a_year(police, settings):
    once = police.drop_duplicates("ID")
    years = _years(once["BROTTSDATUMTID_START"]).value_counts()
    assert sorted(years.index) == list(range(2021, 2026))
    assert years.between(900, 1100).all()
    dropped = once[once["BROTTSKOD"].isin(settings.sources["polis"].drop)]
    assert _years(dropped["BROTTSDATUMTID_START"]).value_counts().between(90, 160).all()


def test_three_to_four_hundred_a_year_are_at_public_places(police, made):
    once = police.drop_duplicates("ID")
    groups = _groups(once, made)
    public = once[groups.notna() & ~groups.isin({*ACTIVITY, "Inbrott i lokal och förråd"})]
    near = _on_map(public, "LONGITUDE", "LATITUDE").within(made.places.buffer(100).union_all())
    assert _years(public.loc[near, "BROTTSDATUMTID_START"]).value_counts().between(300, 400).all()


def test_most_places_have_few_crimes_in_a_quarter(made):
    rows = _on_map(made.police, "LONGITUDE", "LATITUDE")
    joined = made.places.set_geometry(made.places.buffer(60)).sjoin(rows)
    counts = joined.groupby(["name", "delivery"]).size()
    every = pd.MultiIndex.from_product([made.places["name"], QUARTERS])
    assert counts.reindex(every, fill_value=0).le(5).mean() > 0.85


def test_the_est_group_and_the_citizens_report_as_much_as_stated(est, citizens):
    assert 220 <= len(est) / 5 <= 280
    assert 50 <= len(citizens) / 5 <= 75
    assert 0.4 <= est["x_sweref99tm"].notna().mean() <= 0.55
    assert est["typ"].eq("nollrapport").sum() >= 50


def test_about_one_in_seven_crimes_has_no_end(police):
    assert 0.12 <= police["BROTTSDATUMTID_SLUT"].eq("").mean() <= 0.18


def test_the_sheet_holds_dates_both_as_dates_and_as_text(est):
    kinds = est["datum_fran"].dropna().map(type)
    assert {str, datetime} == set(kinds)
    assert min(kinds.value_counts()) > 200
    assert est["tid_fran"].dropna().str.fullmatch(r"\d\d:\d\d").all()


# --- the usual mistakes


def test_the_police_make_every_mistake(police, made, settings):
    source = settings.sources["polis"]
    known = {*made.crime_codes["kod"], *source.drop}
    unknown = police.loc[~police["BROTTSKOD"].isin(known), "BROTTSKOD"]
    assert sorted(unknown[unknown.str.len() == 4]) == sorted(sample.UNLISTED)
    short = unknown[unknown.str.len() < 4]
    assert len(short) >= 4
    assert short.str.zfill(4).isin(known).all()
    start, end = police["BROTTSDATUMTID_START"], police["BROTTSDATUMTID_SLUT"]
    assert start.eq("").sum() >= 4
    assert ((end < start) & end.ne("")).sum() >= 4
    assert police["LATITUDE"].eq("0").sum() >= 3
    assert police["LATITUDE"].eq("").sum() >= 3


def test_rows_come_again_the_quarter_after_the_same_or_corrected(police):
    rows = police.assign(quarter=police["file"].str[-10:-4])
    again = rows[rows.duplicated("ID", keep=False)].groupby("ID")
    same = changed = 0
    for _, pair in again:
        first, second = pair.to_dict("records")
        assert sample._next_quarter(first["quarter"]) == second["quarter"]
        differing = {key for key in first if first[key] != second[key]} - {"file", "quarter"}
        same += not differing
        changed += differing == {"BROTTSDATUMTID_SLUT"}
    assert same >= 4
    assert changed >= 4
    assert same + changed == len(again)


def test_nothing_lies_outside_but_the_planted_mistakes(made, police, est, citizens):
    boundary = made.boundary.geometry.iloc[0]
    assert made.places.within(boundary).all()
    wrong = made.mistakes[made.mistakes["mistake"].isin(["outside", "no coordinates"])]
    for source, rows, key, axes in (
        ("polis", police, "ID", ("LONGITUDE", "LATITUDE")),
        ("medborgare", citizens, "arende", ("lon", "lat")),
    ):
        outside = ~_on_map(rows, *axes).within(boundary)
        planted = wrong.loc[wrong["source"] == source, "id"]
        assert sorted(rows.loc[outside, key]) == sorted(planted)
        assert len(planted) >= 2
    located = est[est["x_sweref99tm"].notna()]
    points = gpd.points_from_xy(located["x_sweref99tm"], located["y_sweref99tm"], crs=sample.CRS)
    outside = ~gpd.GeoSeries(points, index=located.index).within(boundary)
    assert sorted(located.loc[outside, "id"]) == sorted(wrong.loc[wrong["source"] == "est", "id"])


def test_the_others_make_mistakes_of_their_own(settings, est, citizens):
    for name, rows in (("est", est), ("medborgare", citizens)):
        source = settings.sources[name]
        assert (~rows[source.columns.code].isin(source.codes)).sum() >= 1
        assert rows[source.columns.start[0]].eq("31/2").sum() >= 2
    assert est["datum_fran"].isna().sum() >= 2
    span = est[est["datum_till"].notna() & est["datum_fran"].ne("31/2")]
    start, end = (
        pd.to_datetime(span[c].astype(str).str[:10], errors="coerce")
        for c in ("datum_fran", "datum_till")
    )
    assert (end < start).sum() >= 3
    assert est.duplicated("id").sum() >= 3
    unique = est.drop(columns="file").astype(str)
    assert unique.duplicated().sum() == est.duplicated("id").sum()


def test_mistakes_are_about_one_in_a_hundred(made):
    rows = len(made.police) + len(made.est) + len(made.citizens)
    assert 0.007 <= len(made.mistakes) / rows <= 0.016


# --- reference and register


def test_the_codes_are_those_of_the_domain_notes_and_keep_their_zeros(settings):
    text = (FOLDER / "reference/brottskoder.csv").read_text(encoding="utf-8-sig")
    header, *rows = [line.split(";") for line in text.splitlines()]
    assert header == ["kod", "grupp"]
    codes = [code for code, _ in rows]
    assert all(len(code) == 4 and code.isdigit() for code in codes)
    assert len(set(codes)) == len(codes)
    assert not set(codes) & {*settings.sources["polis"].drop, *sample.UNLISTED}
    ranges = [
        (401, 401), (407, 408), (355, 355), (357, 357), (801, 804), (807, 807), (811, 823),
        (825, 826), (830, 830), (840, 840), (846, 860), (864, 864), (870, 870), (880, 880),
        (1201, 1203), (1205, 1205), (1207, 1212), (1301, 1302), (3001, 3002), (3005, 3005),
        (3070, 3070), (5005, 5005), (5010, 5011), (5043, 5043), (5047, 5047), (9317, 9320),
        (9357, 9364), (9373, 9380), (9440, 9447), (9456, 9463), (9472, 9472), (9806, 9813),
        (9817, 9820), (9823, 9830), (9833, 9833),
    ]  # fmt: skip
    assert all(any(low <= int(code) <= high for low, high in ranges) for code in codes)
    assert {group for _, group in rows} == {
        "Fordonstillgrepp", "Stöld ur fordon", "Inbrott i lokal och förråd", "Stöld och snatteri",
        "Rån i offentlig miljö", "Skadegörelse", "Klotter", "Brand", "Våld utomhus",
        "Hot och ofredande", "Olaga intrång", "Narkotika och alkohol", "Trafik",
    }  # fmt: skip


def test_the_map_can_be_read_and_the_areas_tile_the_municipality():
    boundary = gpd.read_file(FOLDER / "reference/boundary.geojson")
    areas = gpd.read_file(FOLDER / "reference/areas.geojson")
    streets = gpd.read_file(FOLDER / "reference/streets.geojson")
    for frame in (boundary, areas, streets):
        assert frame.crs.to_epsg() == 3006
        assert frame.is_valid.all()
    whole = boundary.geometry.iloc[0]
    assert areas.area.sum() == pytest.approx(whole.area, rel=1e-9)
    assert areas.union_all().symmetric_difference(whole).area < 1
    assert 5 <= len(areas) <= 6
    town = areas[areas["namn"].isin(["Centrum", "Norrängen", "Sörby"])].union_all()
    assert 80 <= streets.representative_point().within(town).sum() <= 200
    assert streets["name"].str.len().min() > 4
    x, y = np.array(whole.centroid.coords[0])
    assert 480_000 < x < 510_000
    assert 6_360_000 < y < 6_390_000
    assert json.loads((FOLDER / "reference/areas.geojson").read_text())["crs"]["properties"]


def test_the_register_names_places_groups_and_problems_that_exist(made):
    places, groups = set(made.places["name"]), set(made.crime_codes["grupp"])
    assert set(made.problems["plats"]) <= places
    assert set(made.problems["grupp"]) <= {*groups, ""}
    assert set(made.measures["problem"]) <= set(made.problems["id"])
    assert set(made.measures["jamforelseplats"]) <= {*places, ""}
    overdue = made.measures[
        made.measures["slutdatum"].eq("") & (made.measures["klart_senast"] < "2026-09-30")
    ]
    assert "Försenad" in set(overdue["status"])
    assert made.measures["uppfoljningsdatum"].between("2026-07-01", "2026-12-31").any()
    assert set(made.measures["status"]) <= {
        "Planerad", "Pågår", "Avslutad", "Försenad", "Avbruten",
    }  # fmt: skip
    meetings = sorted({date.fromisoformat(d) for d in made.decisions["motesdatum"]})[-2:]
    assert [(d.year, d.month) for d in meetings] == [(2026, 9)] * 2


# --- what there is to find


def _near(made, place, radius, start, end):
    rows = made.police[made.police["BROTTSDATUMTID_START"].between(start, end)]
    at = made.places.set_index("name").geometry[place]
    return int((_on_map(rows, "LONGITUDE", "LATITUDE").distance(at) < radius).sum())


def test_the_plants_show(made):
    before = _near(made, "Stationsparken", 100, "2024-04-01", "2025-04-01")
    after = _near(made, "Stationsparken", 100, "2025-04-01", "2026-04-01")
    assert after < before / 2
    emerging = _near(made, "Badhusparkeringen", 75, "2026-07-01", "2026-10-01")
    earlier = _near(made, "Badhusparkeringen", 75, "2025-07-01", "2025-10-01")
    assert earlier <= 4
    assert emerging >= 10
    for place in ("Resecentrum", "Centralskolan"):
        for year in range(2021, 2026):
            assert _near(made, place, 100, f"{year}-10-01", f"{year + 1}-10-01") >= 25
    assert _near(made, "Gångtunneln vid stationen", 75, "2025-10-01", "2026-10-01") < 12


def test_without_the_plants_nothing_shows(monkeypatch):
    monkeypatch.setattr(sample, "PLANTS", ())
    bare = sample.make()
    assert _near(bare, "Badhusparkeringen", 75, "2026-07-01", "2026-10-01") < 6
    assert _near(bare, "Stationsparken", 100, "2025-04-01", "2026-04-01") > 20
