"""The synthetic municipality: regenerated to the byte, its truths met, wrong where meant to be."""

from __future__ import annotations

import csv
import json
import math
import zipfile
from datetime import date, timedelta

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import stats

from est_analysis import municipality, periods
from est_analysis.gather import accept, deliveries, sample
from est_analysis.gather.geography import read_geography
from est_analysis.gather.sample import partners, plants, register, town, truth
from est_analysis.gather.sample.__main__ import main
from est_analysis.gather.sample.clock import next_quarter, quarter
from est_analysis.gather.sample.happenings import happen
from est_analysis.gather.sample.plants import MEASURED

FOLDER = municipality.EXAMPLES / "exempelsjo"
GENERATED = ("reference", "register", "deliveries", "truth.json")
ACTIVITY = {"Narkotika och alkohol", "Trafik"}
SEEDS = range(1, 31)
UNREST = 0.09  # how much one year differs from another, in every group


@pytest.fixture(scope="module")
def made():
    return sample.make()


@pytest.fixture(scope="module")
def null():
    return sample.make(planted=False)


@pytest.fixture(scope="module")
def many():
    """Return what 30 other seeds gave: for each, its truth and the counts that came about."""
    found = []
    for seed in SEEDS:
        events = happen(plants.flows(1.0), seed)
        events = events.join(partners.registered(events, seed, 1.0))
        lines = truth.known(1.0, True, register.choose(events, seed, True))
        counts = {line["id"]: truth.observed(truth.scope_from(line), events) for line in lines}
        found.append((lines, counts))
    return found


@pytest.fixture(scope="module")
def settings():
    return municipality.load(FOLDER)


@pytest.fixture(scope="module")
def read(settings):
    return deliveries.read_all(settings)[0]


@pytest.fixture(scope="module")
def gathered(settings, read):
    return accept.gather(settings, delivered=read)


def _contents(folder):
    """Return every generated file's bytes; of a workbook its members, as deflate may differ."""
    found = {}
    for part in GENERATED:
        for file in sorted((folder / part).rglob("*.*")) or [folder / part]:
            name = file.relative_to(folder).as_posix()
            if file.suffix == ".xlsx":
                with zipfile.ZipFile(file) as book:
                    for member in book.infolist():
                        found[f"{name}/{member.filename}"] = (
                            member.date_time,
                            book.read(member),
                        )
            elif file.is_file():
                found[name] = file.read_bytes()
    return found


def _differing(one, other):
    a, b = _contents(one), _contents(other)
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))


# --- the files


def test_what_is_committed_is_what_the_generator_makes(tmp_path):
    main([str(tmp_path)])
    assert _differing(FOLDER, tmp_path) == []
    file = tmp_path / "deliveries/polis/polis_2024Q2.csv"
    file.write_bytes(file.read_bytes().replace(b"Exempelsj", b"Exempelsk", 1))
    (tmp_path / "register/beslut.csv").unlink()
    (tmp_path / "truth.json").write_text("{}")
    assert _differing(FOLDER, tmp_path) == [
        "deliveries/polis/polis_2024Q2.csv",
        "register/beslut.csv",
        "truth.json",
    ]


def test_another_seed_changes_what_happens_and_not_the_map(made):
    other = sample.make(sample.SEED + 1)
    assert not made.tables["polis"].equals(other.tables["polis"])
    assert made.places.equals(other.places)


def test_the_committed_files_are_small():
    sizes = [p.stat().st_size for p in FOLDER.rglob("*.*") if "store" not in p.parts]
    assert sum(sizes) < 5_000_000


def test_every_column_that_the_settings_name_is_in_every_file(settings):
    for name, source in settings.sources.items():
        for file in settings.delivered(name):
            if source.format == "excel":
                header = [cell.value for cell in openpyxl.load_workbook(file)[source.sheet][1]]
            else:
                sign = "," if source.delimiter == "," else ";"
                with file.open(encoding="utf-8-sig", newline="") as lines:
                    header = next(csv.reader(lines, delimiter=sign))
            assert set(source.columns.named()) <= set(header), file.name


def test_what_is_in_memory_is_what_reading_the_files_gives(made, read, settings, gathered):
    delivered = made.delivered()
    assert len(delivered) == len(read) > 100
    for ours, theirs in zip(delivered, read, strict=True):
        assert (ours.source, ours.file, ours.broken) == (theirs.source, theirs.file, theirs.broken)
        assert_frame_equal(ours.rows, theirs.rows, check_index_type=False)
    again = accept.gather(settings, delivered=delivered, geography=made.geography())
    assert_frame_equal(again.events, gathered.events)
    assert_frame_equal(again.accounting, gathered.accounting)
    drawn, stored = made.geography(), read_geography(settings)
    assert drawn.boundary.symmetric_difference(stored.boundary).area < 1
    assert list(drawn.areas["name"]) == list(stored.areas["name"])


def test_a_changed_cell_in_memory_is_noticed(made, read):
    ours = made.delivered()[-1].rows.copy()
    ours.iloc[0, 0] += " "
    with pytest.raises(AssertionError):
        assert_frame_equal(ours, read[-1].rows, check_index_type=False)


# --- the truths


def test_the_truth_that_is_committed_is_the_truth_that_is_made(made):
    told = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))
    assert told["seed"] == sample.SEED
    assert told["truth"] == json.loads(json.dumps(made.truth))


def test_every_kind_of_truth_is_planted(made):
    kinds = [line["kind"] for line in made.truth]
    for kind, n in {
        "stable hot spot": 2, "emerging hot spot": 1, "cooled hot spot": 1,
        "near-repeat series": 1, "weekend-night rhythm": 1, "school-hours rhythm": 1,
        "situation type": 2, "feared but without crime": 1, "crime but no fear": 2,
        "stacked at the police station": 1, "stacked at the municipality's centroid": 1,
        "partner that stopped reporting": 1, "late-registering source": 1,
        "true share reported to the police": 1, "measure that worked": 1,
        "measure that did nothing": 1, "measure that displaced": 1,
        "measure where a quarter was worst": 1, "measure where years were worst": 1,
        "measure with too few events": 1,
    }.items():  # fmt: skip
        assert kinds.count(kind) == n, kind
    assert len({line["id"] for line in made.truth}) == len(made.truth)


def _surprises(many, scale=1.0):
    """Return the ids whose counts over all seeds lie outside the 99 % bound for all together."""
    bound = stats.norm.isf(0.01 / 2 / len(many[0][0]))
    totals = {}
    for lines, counts in many:
        for line in lines:
            n, mean, square = totals.get(line["id"], (0, 0.0, 0.0))
            expected = scale * line["expected_with"]
            totals[line["id"]] = (n + counts[line["id"]], mean + expected, square + expected**2)
    return [
        name
        for name, (n, mean, square) in totals.items()
        if abs(n - mean) > bound * math.sqrt(mean + UNREST**2 * square)
    ]


def test_the_expected_counts_are_met_over_thirty_seeds(many):
    assert _surprises(many) == []


def test_a_wrong_expectation_is_noticed(many):
    assert len(_surprises(many, scale=0.8)) >= 12


def test_power_is_what_counting_by_other_means_gives(made):
    """Recompute the exact figures with scipy's distributions, in another order."""
    rng = np.random.default_rng(1)
    for line in made.truth:
        a, b = line["expected_without"], line["expected_with"]
        if line["power_of"].startswith("exact Poisson"):
            low = stats.poisson.ppf(0.025, a)
            low -= stats.poisson.cdf(low, a) > 0.025
            high = stats.poisson.isf(0.025, a) + 1
            power = stats.poisson.cdf(low, b) + stats.poisson.sf(high - 1, b)
            assert line["power"] == pytest.approx(power, abs=0.002), line["id"]
        if "power_against_own_years" in line:
            before = rng.poisson(line["expected_two_years_before"], 2000)
            after = rng.poisson(b, 2000)
            seen = [
                n > 0 and stats.binom.cdf(k, n, 1 / 3) * 2 <= 0.05
                for k, n in zip(after, before + after, strict=True)
            ]
            assert line["power_against_own_years"] == pytest.approx(np.mean(seen), abs=0.04)
    assert truth.poisson_power(10, 10) <= 0.05
    assert truth.binomial_power(100, 0.8, 0.8) <= 0.05
    assert truth.poisson_power(10, 30) > 0.99


def test_the_truths_are_as_strong_as_they_are_meant_to_be(made):
    power = {line["id"]: line["power"] for line in made.truth}
    assert power["measure-worked"] >= 0.9
    assert min(power[name] for name in ("hot-1", "hot-2", "emerging", "series", "nights")) >= 0.9
    assert power["measure-few"] < 0.3
    assert max(power[f"measure-{why}"] for why in ("nothing", "peak", "worst")) <= 0.05


def test_weaker_plants_are_harder_to_see_and_strength_nought_is_no_plant():
    lines = {s: {x["id"]: x for x in truth.known(s, True, [])} for s in (0.0, 0.3, 1.0)}
    for name, line in lines[0.0].items():
        assert line["expected_with"] == pytest.approx(line["expected_without"], abs=1e-6), name
    for name in ("hot-1", "emerging", "series", "nights", "situation-2", "measure-worked"):
        half, full = (lines[s][name]["expected_with"] for s in (0.3, 1.0))
        none = lines[0.0][name]["expected_without"]
        assert min(none, full) < half < max(none, full)
        assert lines[0.3][name]["power"] < lines[1.0][name]["power"] + 1e-9
    assert lines[1.0]["share"]["reported_share"] == pytest.approx(0.6, abs=1e-4)


def test_where_places_were_chosen_by_what_happened_it_stands_in_the_register(made):
    problems = made.problems.set_index("id")
    measures = made.measures.set_index("id")
    for name, period in (("measure-peak", "2025Q2"), ("measure-worst", "2022-09-01--2025-08-31")):
        line = next(x for x in made.truth if x["id"] == name)
        problem = problems.loc[measures.at[line["measure"], "problem"]]
        assert (problem["plats"], problem["vald_period"]) == (line["place"], period)
        assert line["chosen_count"] > line["chosen_expected"]


def test_the_other_places_were_chosen_before_what_they_are_compared_with(made, null):
    """Their periods lie before every baseline season, and before the meetings; one is untold."""
    first_season = MEASURED - timedelta(weeks=2 * 52)
    meetings = made.decisions["motesdatum"].min()
    for one in (made, null):
        table = one.problems.set_index("id").loc[["P1", "P2", "P3", "P4", "P5"]]
        assert table.index[table["vald_period"] == ""].tolist() == ["P4"]
        for text in set(table["vald_period"]) - {""}:
            assert periods.parse(text).end <= first_season
            assert str(periods.parse(text).last) < meetings


def test_chosen_places_only_fall_back_to_what_they_were(many):
    for name in ("measure-peak", "measure-worst"):
        lines = [next(x for x in each if x["id"] == name) for each, _ in many]
        assert np.mean([x["chosen_count"] for x in lines]) > 1.15 * np.mean(
            [x["chosen_expected"] for x in lines]
        )


# --- the null


def test_nothing_is_planted_in_the_null(null):
    assert {line["kind"] for line in null.truth} == {"measure that did nothing"}
    assert all(line["expected_with"] == line["expected_without"] for line in null.truth)
    assert {line["true_effect"] for line in null.truth} == {1.0}
    flows = plants.flows(0.0)
    assert all(not flow.windows and not flow.stacks for flow in flows)
    assert not null.happenings["late"].any()
    assert null.happenings["stack_x"].isna().all()
    assert set(null.problems["vald_period"]) == {
        "",
        "2023Q2",
        "2023Q3",
    }  # of the story, not of data


def test_the_null_has_the_same_volumes_and_is_as_uneven(made, null):
    rates = [plants._by_group(plants.flows(s)) for s in (0.0, 1.0)]
    for group, bare in rates[0].items():
        assert bare == pytest.approx(rates[1][group], rel=0.02), group
    crimes = null.happenings[null.happenings["polis"] & null.happenings["place"].ne("")]
    counts = crimes["place"].value_counts()
    assert counts.iloc[0] > 8 * counts.median() / 2


# --- volumes


def test_the_police_report_about_a_thousand_crimes_a_year(made, null):
    for one in (made, null):
        told = one.happenings[one.happenings["polis"]]
        assert 900 <= len(told) / 5 <= 1150
        public = told[told["place"].ne("") & ~told["what"].isin(ACTIVITY)]
        assert 200 <= len(public) / 5 <= 420


def test_most_places_have_few_crimes_in_a_quarter(made):
    told = made.happenings[made.happenings["polis"] & made.happenings["place"].ne("")]
    counts = told.groupby(["place", quarter(told["at"])]).size()
    quarters = sorted(set(quarter(told["at"])))
    every = pd.MultiIndex.from_product([made.places["name"], quarters])
    assert counts.reindex(every, fill_value=0).le(5).mean() > 0.85


def test_both_layouts_are_delivered_each_in_its_time(made):
    first, last = made.tables["polis_a"]["delivery"], made.tables["polis"]["delivery"]
    assert (first.min(), first.max(), last.min(), last.max()) == (
        "2021Q4", "2023Q3", "2023Q4", "2026Q3",
    )  # fmt: skip
    assert made.tables["polis_a"]["Antal"].gt(1).sum() >= 20
    assert made.tables["polis"]["BROTTSDATUMTID_SLUT"].eq("").mean() == pytest.approx(
        0.15, abs=0.03
    )


def test_several_partners_see_the_same_event(made, read):
    links = made.links()
    assert links.groupby("event")["source"].nunique().ge(2).all()
    assert links["event"].nunique() > 150
    pairs = links.merge(links, on="event").query("source_x < source_y")
    kinds = set(zip(pairs["source_x"], pairs["source_y"], strict=True))
    assert {("est", "polis"), ("bostad", "polis"), ("polis", "raddning")} <= kinds
    rows = {(d.source, d.file): d.rows.index for d in read}
    for line in links.head(200).itertuples():
        assert line.row in rows[(line.source, line.file)]


def test_the_other_partners_report_as_much_as_stated(made):
    per_year = {name: len(rows) / 5 for name, rows in made.tables.items()}
    for name, (low, high) in {
        "est": (190, 280), "medborgare": (50, 80), "bostad": (45, 80), "raddning": (50, 90),
        "skola": (40, 70),
    }.items():  # fmt: skip
        assert low <= per_year[name] <= high, name
    assert made.tables["est"]["typ"].eq("nollrapport").sum() >= 50
    assert set(made.tables["kalender"]["slag"]) == {"Lov", "Helg", "Evenemang"}
    assert made.tables["bostad"]["skapad"].max() < "2026-04-05"


# --- the usual mistakes


def test_every_mistake_is_made_and_gets_its_fate(made, gathered):
    wrong = made.mistakes.groupby("source")["mistake"].agg(set).to_dict()
    usual = {"unknown code", "lost leading zero", "missing start", "end before start", "repeated"}
    assert wrong["polis_a"] == usual
    assert wrong["polis"] == {*usual, "outside", "no coordinates", "corrected"}
    assert {"misspelt category", "unparseable date", "missing start", "outside"} <= wrong["est"]
    assert {"misspelt category", "unparseable date", "outside"} <= wrong["medborgare"]
    assert wrong["bostad"] == {"misspelt category", "missing start"}
    reasons = gathered.quarantine.groupby("source")["reason"].agg(set)
    assert {"unknown_code", "no_start", "end_before_start"} <= reasons["polis_a"]
    assert {"unknown_code", "outside", "end_before_start"} <= reasons["polis"]
    assert {"unknown_code", "unreadable_start", "swapped_axes"} <= reasons["est"]
    repeated = gathered.accounting.groupby("source")["repeated"].sum()
    assert repeated["polis_a"] >= 3
    assert repeated["polis"] >= 6


def test_rows_come_again_the_quarter_after_the_same_or_corrected(made):
    rows = made.tables["polis"]
    same = changed = 0
    for _, pair in rows[rows.duplicated("ID", keep=False)].groupby("ID"):
        first, second = pair.to_dict("records")
        assert next_quarter(first["delivery"]) == second["delivery"]
        differing = {key for key in first if first[key] != second[key]} - {"delivery"}
        same += not differing
        changed += differing == {"BROTTSDATUMTID_SLUT"}
    assert same >= 4
    assert changed >= 4


def test_nothing_else_is_set_aside(made, gathered):
    """Each quarantined row is a planted mistake: the generator itself makes none."""
    rows = sum(len(table) for table in made.tables.values())
    assert 0.007 <= len(made.mistakes) / rows <= 0.016
    planted = len(made.mistakes[~made.mistakes["mistake"].isin(["repeated", "corrected"])])
    assert 0.5 * planted <= len(gathered.quarantine) <= planted


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


def test_the_map_can_be_read_and_the_areas_tile_the_municipality(made):
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
    assert made.places.within(whole).all()
    others = made.places[made.places["place_type"] != "polisstation"]
    assert len(made.places) - len(others) == 1  # as a municipality's own list has it
    for x, y in (town.police_station(), plants.centroid()):
        assert np.hypot(others["x"] - x, others["y"] - y).min() > 150


def test_the_register_names_places_groups_and_problems_that_exist(made, null):
    places, groups = set(made.places["name"]), set(made.crime_codes["grupp"])
    for one in (made, null):
        assert set(one.problems["plats"]) <= places
        assert set(one.problems["grupp"]) <= {*groups, ""}
        gone = one.problems["status"] == "Avslutat"
        assert set(one.measures["problem"]) == set(one.problems.loc[~gone, "id"])
        assert one.problems.loc[gone, "avslutsskal"].tolist() == [register.LEFT[0]]
        assert set(one.measures["jamforelseplats"]) <= {*places, ""}
        told = {line.get("measure") for line in one.truth} - {None}
        assert told == {"A1", "A2", "A3", "A6", "A7", "A8"}
    overdue = made.measures[
        made.measures["slutdatum"].eq("") & (made.measures["klart_senast"] < "2026-09-30")
    ]
    assert "Försenad" in set(overdue["status"])
    meetings = sorted({date.fromisoformat(d) for d in made.decisions["motesdatum"]})[-2:]
    assert [(d.year, d.month) for d in meetings] == [(2026, 9)] * 2
