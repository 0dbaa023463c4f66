"""
Real deliveries through the same command as everybody's, without a line of code of their own.

Run by ``make real`` with the folder of delivered data in the environment variable EST_REAL_DATA;
skipped, and said to be, where there is none. Each folder here holds settings and registers only.
"""

import contextlib
import csv
import gzip
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from frames import events
from pyproj import Transformer

from est_analysis.patterns.rhythms import aoristic

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
DATA = os.environ.get("EST_REAL_DATA")
FATES = ("accepted", "quarantined", "dropped", "repeated")

needs_data = pytest.mark.skipif(not DATA, reason="EST_REAL_DATA is not set: no real data is read")

# what is counted without us: by pyarrow, csv and openpyxl, never by the package


def records(file, sheet=None):
    """Yield a delivered file's rows as {column: value}."""
    file = Path(DATA) / file
    if file.suffix == ".parquet":
        yield from pq.read_table(file).to_pylist()
    elif sheet:
        with contextlib.closing(openpyxl.load_workbook(file, read_only=True)) as book:
            header, *rows = book[sheet].values
        yield from (dict(zip(header, row, strict=True)) for row in rows)
    else:
        with gzip.open(file, "rt", encoding="utf-8", newline="") as handle:
            yield from csv.DictReader(handle)


@dataclass(frozen=True)
class Real:
    """
    One real municipality: what to link where, the period, and how to count without us.

    ``start`` tells a row's year and month, ``fate`` and ``kind`` what should become of it;
    ``years`` is how many earlier years there are, ``times`` how many sources read each file.
    """

    period: str
    links: dict[str, str]
    start: Callable = lambda row: (int(row["date"][:4]), int(row["date"][5:7]))
    fate: Callable = lambda row: "accepted"
    kind: str = "reported_crime"
    kinds: Callable = lambda row: [None]
    years: int = 0
    sheet: str | None = None

    def files(self):
        return [file for target, file in self.links.items() if target.startswith("deliveries/")]

    def rows(self):
        """Yield fate, kind, year and month of every row that should come in."""
        for file in self.files():
            for row in records(file, self.sheet):
                for kind in self.kinds(row):
                    fate = "dropped" if kind == "dropped" else self.fate(row)
                    told = self.start(row) if fate == "accepted" else (0, 0)
                    yield fate, kind or self.kind, *told


@cache
def counted(name):
    """Return how many rows should get each fate, and the accepted rows of each kind and month."""
    fates, months = Counter(), Counter()
    for fate, kind, *month in REAL[name].rows():
        fates[fate] += 1
        months[kind, *month] += fate == "accepted"
    return {fate: fates[fate] for fate in FATES}, months


def of_period(name, back):
    """Count the accepted rows of the period, or of the same time some years earlier."""
    real, (_, months) = REAL[name], counted(name)
    year, quarter = int(real.period[:4]), real.period[5:]
    span = range(3 * int(quarter) - 2, 3 * int(quarter) + 1) if quarter else range(1, 13)
    return sum(months[real.kind, year - back, month] for month in span)


def column(name):
    """Return a reader of year and month from a column of text, year first."""
    return lambda row: (int(row[name][:4]), int(row[name][5:7]))


def only(name, *values, dropped=()):
    """Return a fate: rows of other values, and those of some types, are dropped."""
    return lambda row: (
        "dropped" if row[name] not in values or row.get("type") in dropped else "accepted"
    )


def within(read_shape, crs, x, y):
    """Return a fate: rows outside a shape are dropped."""

    @cache
    def known():
        shape = read_shape()
        shapely.prepare(shape)
        return shape, Transformer.from_crs(4326, crs, always_xy=True)

    def fate(row):
        shape, transformer = known()
        at = shapely.Point(transformer.transform(float(row[x]), float(row[y])))
        return "accepted" if shape.intersects(at) else "dropped"

    return fate


def ribble_valley():
    shapes = gpd.read_parquet(
        Path(DATA) / "uk_asb_lancashire_2022/lancashire_districts_27700.parquet"
    )
    return shapes[shapes["district"] == "Ribble Valley"].union_all()


def square():
    return gpd.read_file(HERE / "opava/reference/ruta.geojson").union_all()


class Once:
    """A fate: a row that stands twice to the letter is repeated."""

    def __init__(self, *columns):
        self.columns, self.seen = columns, set()

    def __call__(self, row):
        told = tuple(row[c] for c in self.columns)
        again = told in self.seen
        self.seen.add(told)
        return "repeated" if again else "accepted"


def safety(row):
    """Return what two questions of a survey say: 1-2 is unsafe, 4-5 safe, others are dropped."""
    unsafe = dict.fromkeys("12", "unsafe_place")
    kind = {**unsafe, **dict.fromkeys("45", "safe_place")}
    asked = ("In_your_neighborhood_at_night__14_06", "In_your_neighborhood_during_the_day__14_05")
    return [kind.get(row[question], "dropped") for question in asked]


LIGHTS = "chicago_street_light_outages_2012_2013/street_lights_"
CZECH = "czechia_thefts_collisions_2020_2022/czechia_"
WORKBOOK = "austin_fortworth_seattle_assault_2019/aggravated_assaults.xlsx"


def notices(name):
    return Real(
        "2025Q2",
        {
            "deliveries/notiser/notiser.parquet": "polisen_events/"
            "polisen_events_2022-09_2025-08.parquet",
            "reference/kommuner.parquet": "sweden_geodata/kommuner_scb_generaliserad_3006.parquet",
        },
        column("datetime"),
        only("location_name", name, dropped=("Sammanfattning natt",)),
        kind="event",
        years=2,
    )


def workbook(name):
    return Real(
        "2019Q4",
        {"deliveries/polis/assaults.xlsx": WORKBOOK},
        lambda row: (row["date"].year, row["date"].month),
        lambda row: "accepted" if row["date"] else "quarantined",
        sheet=name,
    )


REAL = {
    "arlington": Real(
        "2012Q4",
        {
            "deliveries/polis/inbrott.csv.gz": "aoristic_intervals/"
            "arlington_tx_burglary_2012.csv.gz",
            "reference/districts.geojson": "aoristic_intervals/"
            "arlington_tx_council_districts.geojson",
        },
        column("DateTimeFrom"),
    ),
    "austin": workbook("Austin"),
    "chicago": Real(
        "2019Q4",
        {
            "deliveries/cpd/cpd.parquet": "chicago_aggravated_assaults_2010_2019/"
            "chicago_aggravated_assaults.parquet"
        },
        years=3,
    ),
    "chicago_belysning": Real(
        "2013Q2",
        {f"deliveries/belysning/{n}.parquet": f"{LIGHTS}{n}_out.parquet" for n in ("all", "one")},
        lambda row: (
            (day := datetime.strptime(row["Created Date"], "%d-%b-%y")).year,
            day.month,
        ),
        Once("Service Request No", "Type", "Created Date", "Completed Date", "x_coord", "Location"),
        kind="physical_defect",
        years=1,
    ),
    "chicago_inbrott": Real(
        "2016Q4",
        {"deliveries/cpd/cpd.csv.gz": "near_repeat_chicago/chicago_be.csv.gz"},
        fate=lambda row: "accepted" if row["date"] else "quarantined",
    ),
    "fortworth": workbook("Fort Worth"),
    "jonkoping": notices("Jönköping"),
    "louisville": Real(
        "2015Q3",
        {"deliveries/polis/mord.csv.gz": "us_homicides_2015_9_cities/homicides15.csv.gz"},
        column("date_single"),
        only("city_name", "Louisville"),
    ),
    "memphis": Real(
        "2019Q4",
        {
            "deliveries/mpd/mpd.csv.gz": "memphis_robberies_2019/memphis_robberies_2019.csv.gz",
            "reference/precincts.geojson": "memphis_robberies_2019/memphis_precincts.geojson",
        },
    ),
    "newyork": Real(
        "2017Q4",
        {"deliveries/nypd/nypd.parquet": "aoristic_intervals/nyc_vehicle_thefts_2014_2017.parquet"},
        column("date_start"),
        years=3,
    ),
    "opava": Real(
        "2022Q2",
        {
            "deliveries/tillgrepp/mc.csv.gz": f"{CZECH}mcycle_thefts.csv.gz",
            "deliveries/trafik/olyckor.csv.gz": f"{CZECH}collisions.csv.gz",
        },
        fate=within(square, 32633, "lon", "lat"),
        years=2,
    ),
    "raleigh": Real(
        "2018",
        {
            "deliveries/matning/2018.csv.gz": "raleigh_perceived_safety_2018/"
            "raleigh_2018_safety_geo.csv.gz"
        },
        lambda row: (2018, 1),
        kind="unsafe_place",
        kinds=safety,
    ),
    "ribblevalley": Real(
        "2022Q4",
        {
            "deliveries/polis/asb.parquet": "uk_asb_lancashire_2022/lancashire_asb_2022.parquet",
            "reference/districts.parquet": "uk_asb_lancashire_2022/"
            "lancashire_districts_27700.parquet",
            "reference/wards.parquet": "uk_asb_lancashire_2022/lancashire_wards_27700.parquet",
        },
        column("month"),
        within(ribble_valley, 27700, "longitude", "latitude"),
        kind="event",
    ),
    "sanfrancisco": Real(
        "2019Q4",
        {
            "deliveries/sfpd/sfpd.csv.gz": "san_francisco_robbery_2019/"
            "san_francisco_robbery_2019.csv.gz"
        },
        column("date_time"),
    ),
    "savsjo": notices("Sävsjö"),
    "seattle": workbook("Seattle"),
    "tempe": Real(
        "2024Q3",
        {"deliveries/ambulans/larm.csv.gz": "tempe_opioid_ems_calls/tempe_opioid_calls.csv.gz"},
        column("incident_date"),
        kind="event",
        years=3,
    ),
    "vancouver": Real(
        "2020Q4",
        {
            "deliveries/vpd/vpd.parquet": "vancouver_crime_2020/vancouver_crime_2020.parquet",
            "reference/areas.geojson": "vancouver_crime_2020/vancouver_neighbourhoods.geojson",
        },
        lambda row: (row["YEAR"], row["MONTH"]),
        lambda row: (
            "dropped" if row["TYPE"] in ("Offence Against a Person", "Homicide") else "accepted"
        ),
    ),
}


def link(source, target):
    """Copy the delivery for the test: settings may not name links out of the folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def make(name, base):
    """Run the command on a copy of one folder; return what it said, where it wrote, and seconds."""
    shutil.copytree(HERE / name, base / name)
    for inside, delivered in REAL[name].links.items():
        link((Path(DATA) / delivered).resolve(), base / name / inside)
    command = [sys.executable, "-m", "est_analysis.cli", "report", str(base / name)]
    began = time.monotonic()
    done = subprocess.run(
        [*command, "--period", REAL[name].period, "--out", str(base / "out")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done, base / "out" / name / REAL[name].period, time.monotonic() - began


@pytest.fixture(scope="module")
def reported(request, tmp_path_factory):
    """Return a function that gives the report of one real municipality; each is made once."""
    asked = {item.callspec.params.get("name") for item in request.session.items if has_name(item)}
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2 + 1)) as pool:
        made = {
            name: pool.submit(make, name, tmp_path_factory.mktemp(name))
            for name in REAL
            if name in asked
        }
        yield lambda name: made[name].result()


def has_name(item):
    return item.path == Path(__file__) and hasattr(item, "callspec")


@needs_data
@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_the_command_makes_report_and_brief(reported, name):
    done, folder, _ = reported(name)
    assert done.returncode == 0, done.stderr
    for file in ("rapport.html", "mote.html", "findings.json", "provenance.json"):
        assert (folder / file).stat().st_size > 1_000
    assert "Traceback" not in done.stdout + done.stderr


def accounting_faults(files, counted):
    """Return what does not add up, file by file, against rows counted without us."""
    faults = [f["file"] for f in files if f["rows"] != sum(f[fate] for fate in FATES)]
    if sum(f["rows"] for f in files) != counted:
        faults.append("rows")
    return faults


@needs_data
@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_every_delivered_row_is_accounted_for(reported, name, capsys):
    _, folder, seconds = reported(name)
    provenance = json.loads((folder / "provenance.json").read_text("utf-8"))
    expected, _ = counted(name)
    assert accounting_faults(provenance["files"], sum(expected.values())) == []
    got = {fate: provenance["rows"][fate] for fate in FATES}
    assert got == expected
    with capsys.disabled():
        said = ", ".join(f"{got[fate]} {fate}" for fate in FATES)
        size = (folder / "rapport.html").stat().st_size / 1e6
        print(
            f"\n  {name} {REAL[name].period}: {sum(got.values())} rows in = {said};"
            f" {seconds:.0f} s, {size:.1f} MB"
        )


@needs_data
@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_the_period_and_its_earlier_years_are_those_of_a_plain_count(reported, name, capsys):
    _, folder, _ = reported(name)
    real = REAL[name]
    findings = json.loads((folder / "findings.json").read_text("utf-8"))["rapport"]
    (total,) = [f for f in findings if f["id"] == f"change/{real.kind}"]
    now, *before = (of_period(name, back) for back in range(real.years + 1))
    assert total["n"] == now > 0
    if sum(before) + now >= 10 and len(before) >= 2:
        assert total["estimate"] == pytest.approx(real.years * now / sum(before), rel=0.02)
    else:
        assert (total["estimate"], total["claim"]) == (None, "cannot_tell")
    with capsys.disabled():
        print(f"\n  {name} {real.period}: {now}, the years before {before}, {total['claim']}")


# what a page fetches

FETCHED = re.compile(
    r"""(?:\b(?:src|href|srcset|data|action|poster)\s*=\s*["']?|url\(\s*["']?|@import\s+["'])"""
    r"""\s*((?:https?:|wss?:|ftp:)?//[^\s"'<>)]+)""",
    re.IGNORECASE,
)


SIGNATURE = "https://leafletjs.com"  # a link in Leaflet's own source, for a control we never show


def fetched(html):
    """Return every address on a network that something in the page points to."""
    return sorted(set(FETCHED.findall(html)) - {SIGNATURE})


@needs_data
@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("file", ["rapport.html", "mote.html"])
def test_nothing_in_a_page_points_to_a_network(reported, name, file):
    _, folder, _ = reported(name)
    html = (folder / file).read_text("utf-8")
    assert fetched(html) == []
    assert DATA not in html
    assert str(folder.parents[2]) not in html


@pytest.mark.parametrize(
    "planted",
    [
        '<script src="https://cdn.example/x.js">',
        "<img src=//tiles.example/1.png>",
        '<link href = "http://fonts.example/a.css">',
        "<style>a{background:url( 'https://tiles.example/x.png')}</style>",
        '<style>@import "https://fonts.example/a.css"</style>',
    ],
)
def test_an_address_in_a_page_is_noticed(planted):
    assert len(fetched(f"<p>text</p>{planted}<p>text</p>")) == 1
    assert (
        fetched('<a href="#plats">x</a><img src="data:image/png;base64,//8A"> https://x.se') == []
    )


def test_a_lost_row_is_noticed():
    files = [{"file": "a", "rows": 5, **dict.fromkeys(FATES, 1)}]
    assert accounting_faults(files, 6) == ["a", "rows"]
    assert accounting_faults([{**files[0], "accepted": 2}], 5) == []


# Wheeler's worked example


def wheeler(part):
    return pd.read_csv(Path(DATA) / f"aoristic_intervals/wheeler_worked_example_{part}.csv")


@needs_data
@pytest.mark.real
def test_hours_are_those_of_wheelers_worked_example():
    """All 168 cells: what is longer than a week falls evenly on them, as with him."""
    intervals = wheeler("intervals")
    rows = [
        {"start": begin, "end": end}
        for begin, end in zip(
            pd.to_datetime(intervals["begin"]), pd.to_datetime(intervals["end"]), strict=True
        )
    ]
    weights = aoristic(events(*rows), longest_span_hours=10**6).weights
    expected = wheeler("expected_weekhour")["expected_n"].to_numpy().reshape(7, 24)
    monday_first = np.roll(expected, -1, axis=0)  # his week begins on Sunday
    np.testing.assert_allclose(weights, monday_first, atol=1e-6)
    np.testing.assert_allclose(
        weights.sum(axis=0), wheeler("expected_hour")["expected_n"], atol=1e-5
    )
    by_day = wheeler("expected_weekday")["expected_n"].to_numpy()
    np.testing.assert_allclose(weights.sum(axis=1), np.roll(by_day, -1), atol=1e-5)
    assert not np.allclose(weights, expected, atol=1e-6)  # a week turned the wrong way is seen


@needs_data
@pytest.mark.real
def test_new_yorks_thefts_keep_their_weight():
    table = pq.read_table(Path(DATA) / REAL["newyork"].links["deliveries/nypd/nypd.parquet"])
    start, end = (table[c].to_pandas().astype("datetime64[s]") for c in ("date_start", "date_end"))
    frame = pd.DataFrame({"start": start, "end": end, "time_precision": "minute", "count": 1})
    rhythm = aoristic(frame, longest_span_hours=72)
    hours = (end - start) / pd.Timedelta(hours=1)
    assert (rhythm.n, rhythm.too_long) == ((~(hours > 72)).sum(), (hours > 72).sum())
    assert rhythm.weights.sum() == pytest.approx(rhythm.n)


# nothing of this machine in what is committed


def machine():
    """Return what names this machine: its paths and its name, long enough to be no accident."""
    named = {str(ROOT), str(Path.home()), DATA or ""}
    if re.search(r"\d", platform.node()):  # not such as localhost
        named.add(platform.node())
    named |= {str(Path(path).resolve()) for path in named if path.startswith("/")}
    return sorted(text for text in named if len(text) > 6)


HOSTS = re.compile(
    r"https?://(?!127\.|localhost)"
    r"(?:[\d.]+|\[[\da-f:]+\]|[\w-]+|[\w.-]+\.(?:local|internal|lan|intra))(?=[:/\s\"'])"
    r"|(?:/home|/Users)/(?!me/)\w+/|[A-Z]:\\\\?Users\\",
    re.IGNORECASE,
)


def of_this_machine(text, names):
    """Return what in a text names a machine or its network."""
    return sorted({name for name in names if name in text} | set(HOSTS.findall(text)))


def test_nothing_of_this_machine_is_committed():
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout: there is no list of committed files")
    files = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    names = machine()
    found = {
        str(file.relative_to(ROOT)): faults
        for file in files
        if file.is_file() and file != Path(__file__)
        if (faults := of_this_machine(file.read_bytes().decode("utf-8", "replace"), names))
    }
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    [
        f"see {ROOT}/data",
        "index at http://10.0.0.7:8080/simple",
        "http://proxy:3128/",
        "http://git.internal/x",
        "open /home/anna/est/report.html",
        r"open C:\Users\anna\est",
    ],
)
def test_a_path_or_a_host_of_a_machine_is_noticed(planted):
    assert of_this_machine(planted, machine())
    assert not of_this_machine("https://doi.org/10.1 and docs/method.md, http://www.w3.org/", ())
