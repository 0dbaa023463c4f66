"""
Real deliveries through the same command as everybody's, without a line of code of their own.

Run by ``make real`` with the folder of delivered data in the environment variable EST_REAL_DATA;
skipped, and said to be, where there is none. Each folder here holds settings and registers only.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from frames import events

from est_analysis.patterns.rhythms import aoristic

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
DATA = os.environ.get("EST_REAL_DATA")
FATES = ("accepted", "quarantined", "dropped", "repeated")

needs_data = pytest.mark.skipif(not DATA, reason="EST_REAL_DATA is not set: no real data is read")


@dataclass(frozen=True)
class Real:
    """One real municipality: what to link where, the period, and what is counted without us."""

    period: str
    links: dict[str, str]
    dropped: tuple[str, ...]

    def delivered(self):
        """Return the delivered table, read by pyarrow alone."""
        return pq.read_table(Path(DATA) / next(iter(self.links.values())))


REAL = {
    "newyork": Real(
        "2017Q4",
        {"deliveries/nypd/nypd.parquet": "aoristic_intervals/nyc_vehicle_thefts_2014_2017.parquet"},
        (),
    ),
    "vancouver": Real(
        "2020Q4",
        {
            "deliveries/vpd/vpd.parquet": "vancouver_crime_2020/vancouver_crime_2020.parquet",
            "reference/areas.geojson": "vancouver_crime_2020/vancouver_neighbourhoods.geojson",
        },
        ("Offence Against a Person", "Homicide"),
    ),
}


def starts(name, table):
    """Return year and month of each delivered row's start, as the delivery itself says them."""
    if name == "vancouver":
        return table["YEAR"], table["MONTH"]
    day = table["date_start"]  # text, year first
    return tuple(pc.utf8_slice_codeunits(day, *at).cast("int64") for at in ((0, 4), (5, 7)))


def of_quarter(name, table, year):
    """Count the rows of October to December that are taken in, by pyarrow alone."""
    years, months = starts(name, table)
    wanted = pc.and_(pc.equal(years, year), pc.greater_equal(months, 10))
    for kind in REAL[name].dropped:
        wanted = pc.and_(wanted, pc.not_equal(table["TYPE"], kind))
    return pc.sum(wanted).as_py()


def link(source, target):
    """Let the delivery be read in place; copy it where links are not allowed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.symlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """Return a function that makes the report of one real municipality, once."""
    made = {}

    def report(name):
        if name not in made:
            base = tmp_path_factory.mktemp(name)
            shutil.copytree(HERE / name, base / name)
            for inside, delivered in REAL[name].links.items():
                link((Path(DATA) / delivered).resolve(), base / name / inside)
            command = [sys.executable, "-m", "est_analysis.cli", "report", str(base / name)]
            done = subprocess.run(
                [*command, "--period", REAL[name].period, "--out", str(base / "out")],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            made[name] = done, base / "out" / name / REAL[name].period
        return made[name]

    return report


@needs_data
@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_the_command_makes_report_and_brief(reported, name):
    done, folder = reported(name)
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
    _, folder = reported(name)
    provenance = json.loads((folder / "provenance.json").read_text("utf-8"))
    table = REAL[name].delivered()
    assert accounting_faults(provenance["files"], table.num_rows) == []
    kinds = table["TYPE"].to_pylist() if REAL[name].dropped else []
    expected = sum(kind in REAL[name].dropped for kind in kinds)
    assert provenance["rows"]["dropped"] == expected
    with capsys.disabled():
        rows = provenance["rows"]
        said = ", ".join(f"{rows[fate]} {fate}" for fate in FATES)
        print(f"\n  {name} {REAL[name].period}: {rows['rows']} rows in = {said}")


@needs_data
@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_the_quarter_and_its_earlier_years_are_those_of_a_plain_count(reported, name, capsys):
    _, folder = reported(name)
    findings = json.loads((folder / "findings.json").read_text("utf-8"))["rapport"]
    (total,) = [f for f in findings if f["id"] == "change/reported_crime"]
    year, table = int(REAL[name].period[:4]), REAL[name].delivered()
    now, *before = (of_quarter(name, table, year - back) for back in range(4))
    assert total["n"] == now
    if sum(before):
        assert total["estimate"] == pytest.approx(3 * now / sum(before), abs=1e-6)
    else:
        assert (total["estimate"], total["claim"]) == (None, "cannot_tell")
    with capsys.disabled():
        print(f"\n  {name} {REAL[name].period}: {now}, the years before {before}, {total['claim']}")


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
    _, folder = reported(name)
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
    """He spreads what is longer than a week evenly; we follow the clock, so it stands apart."""
    intervals = wheeler("intervals")
    begin, end = pd.to_datetime(intervals["begin"]), pd.to_datetime(intervals["end"])
    longer = (end - begin) > pd.Timedelta(days=7)
    assert longer.sum() == 1
    rows = [{"start": b, "end": e} for b, e in zip(begin[~longer], end[~longer], strict=True)]
    weights = aoristic(events(*rows), longest_span_hours=7 * 24).weights + 1 / 168
    expected = wheeler("expected_weekhour")["expected_n"].to_numpy().reshape(7, 24)
    monday_first = np.roll(expected, -1, axis=0)  # his week begins on Sunday
    np.testing.assert_allclose(weights, monday_first, atol=1e-6)
    np.testing.assert_allclose(
        weights.sum(axis=0), wheeler("expected_hour")["expected_n"], atol=1e-5
    )
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
