"""The catalogue: the shipped list holds, each row is judged, matches follow stated rules."""

import re

import pandas as pd
import pytest
from frames import events, settings
from test_findings_of_year import SAY  # one language for all sentences

from est_analysis import municipality, periods
from est_analysis.errors import DeliveryError, SettingsError
from est_analysis.gather import codes, form
from est_analysis.gather.lists import read_list
from est_analysis.measures import catalogue
from est_analysis.measures.catalogue import (
    COLUMNS,
    FAMILIES,
    HOURS,
    OPTIONAL,
    Candidate,
    Reported,
    Seen,
    candidates,
    places_to_discuss,
    read,
    seen_at,
    sift,
    word,
)
from est_analysis.patterns.hotspots import places
from est_analysis.reports.tables.candidates import NO_SOURCE, evidence, why

YEAR = periods.parse("2026Q3")
WHOLE = read(settings())
GROUPS_BESIDE_THE_POLICE = {
    *("störande folksamling", "störande körning", "störande berusning", "tillhåll"),
    *("incident i skolan", "trafikolycka"),
}
REASONS_AND_DEFECTS = {
    *("mörkt eller dålig sikt", "få människor", "klotter och skadegörelse", "dåligt rykte"),
    *("lås", "nedskräpning", "skadegörelse", "brist på alternativ gångväg"),
}
PLACE_TYPES = {*form.PLACE_TYPES, "gata", "fritidsgård", "bad", "polisstation"}


def strange(entries):
    """Return the words of a catalogue that no delivery uses."""
    police = set(read_list(codes.SHIPPED, "x", ("kod", "grupp"))["grupp"].map(word))
    known = {
        "factors": {*form.FACTORS, *REASONS_AND_DEFECTS},
        "groups": {*police, *GROUPS_BESIDE_THE_POLICE},
        "place_types": PLACE_TYPES,
        "hours": set(HOURS),
    }
    return {
        (entry.id, one)
        for entry in entries
        for name, words in known.items()
        for one in getattr(entry, name) - words
    }


def test_the_shipped_catalogue_speaks_the_words_of_the_deliveries():
    assert 30 <= len(WHOLE.entries) <= 45
    assert WHOLE.faults.empty
    assert {entry.family for entry in WHOLE.entries} == set(FAMILIES)
    assert strange(WHOLE.entries) == set()


def test_a_word_that_no_delivery_uses_is_noticed():
    (entry,), _ = sift(listed({"faktorer": "mörker", "grupper": "Klotter"}))
    assert strange([entry]) == {("A1", "mörker")}


def unsourced(entries):
    """Return the measures that say what helps without saying who found it, or how much."""
    number = re.compile(r"\d+ ?(%|procent)")
    return [
        entry.id
        for entry in entries
        if bool(entry.found) != bool(entry.source)
        or number.search(f"{entry.what} {entry.found} {entry.condition} {entry.risk}")
    ]


def test_no_effect_is_told_without_its_source():
    assert unsourced(WHOLE.entries) == []
    assert 5 < sum(bool(entry.source) for entry in WHOLE.entries) < len(WHOLE.entries)
    for entry in WHOLE.entries:
        said = SAY.say(evidence(entry))
        assert (said == NO_SOURCE) == (not entry.source)
        assert entry.cited in said


def test_an_effect_without_source_is_noticed():
    import dataclasses

    made_up = dataclasses.replace(WHOLE.entries[0], found="Halverar brotten")
    counted = dataclasses.replace(WHOLE.entries[0], what="Minskar brotten med 30 procent.")
    assert unsourced([made_up, counted]) == [made_up.id, counted.id]


def listed(*rows):
    ordinary = dict.fromkeys((*COLUMNS, *OPTIONAL), "") | {
        "familj": "större risk",
        "namn": "Prov",
        "villkor": "Att det går.",
        "faktorer": "skräp",
    }
    table = pd.DataFrame([{**ordinary, "id": f"A{i}", **row} for i, row in enumerate(rows, 1)])
    return table.set_index(pd.RangeIndex(2, len(rows) + 2))


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"id": ""}, "id"),
        ({"namn": ""}, "namn"),
        ({"villkor": ""}, "villkor"),
        ({"familj": "bra saker"}, "familj"),
        ({"tider": "kväll, midnatt"}, "tider"),
        ({"faktorer": "", "grupper": ""}, "faktorer"),
        ({"fynd": "Färre brott"}, "kalla"),
        ({"kalla": "Ek 2010, Om ljus"}, "kalla"),
        ({"fynd": "Färre brott", "kalla": "Ek, Om ljus"}, "kalla"),
    ],
)
def test_a_row_that_does_not_hold_is_listed_and_stops_no_other(row, column):
    entries, faults = sift(listed(row, {}))
    assert [entry.id for entry in entries] == ["A2"]
    assert [(at, name) for at, name, _ in faults] == [(2, column)]
    assert all("Färre" not in reason and "midnatt" not in reason for *_, reason in faults)


def test_one_id_is_used_once():
    entries, faults = sift(listed({"id": "B"}, {"id": "B", "namn": "En till"}))
    assert [entry.name for entry in entries] == ["Prov"]
    assert faults == [(3, "id", "id används två gånger")]


def own(make_folder, text, **more):
    folder = make_folder(
        {"reference/measures.csv": text}, reference={"measures": "reference/measures.csv"}, **more
    )
    return read(municipality.load(folder))


def test_a_municipality_adds_its_own_and_replaces_what_is_shipped(make_folder):
    found = own(
        make_folder,
        "id;familj;namn;villkor;faktorer\nX1;färre ursäkter;Egen;Att det går.;skräp\n"
        "R03;större risk;Vårt ljus;Att det går.;belysning\nX2;annat;Fel;Att det går.;skräp\n",
    )
    assert [entry.name for entry in found.entries[:2]] == ["Egen", "Vårt ljus"]
    assert [entry.id for entry in found.entries].count("R03") == 1
    assert len(found.entries) == len(WHOLE.entries) + 1
    assert found.faults[["file", "row", "column"]].values.tolist() == [
        ["reference/measures.csv", 4, "familj"]
    ]


def test_a_list_without_its_columns_or_file_stops_the_run(make_folder):
    with pytest.raises(DeliveryError, match="villkor"):
        own(make_folder, "id;familj;namn\nX1;färre ursäkter;Egen\n")
    with pytest.raises(SettingsError, match=r"reference\.measures"):
        municipality.load(make_folder(reference={"measures": "reference/finns_inte.csv"}, name="b"))


# --- what was seen at a place


def seen(*rows, smallest=2, names=("Torget",)):
    return seen_at(events(*rows), YEAR, names, smallest=smallest)


def test_kinds_are_never_summed_and_what_few_name_is_not_told():
    (place,) = seen(
        {"kind": "event", "group": "Klotter", "factors": "skräp, belysning", "count": 3},
        {"kind": "unsafe_place", "group": "Dåligt rykte", "factors": "skräp", "count": 2},
        {"kind": "physical_defect", "group": "Belysning", "count": 4},
        {"kind": "physical_defect", "group": "Lås", "count": 1},
        {"group": "Klotter", "count": 2},
        {"group": "Brand", "count": 1},
    )
    assert place.factors["skräp"] == Reported("skräp", "event", 3)
    assert place.factors["belysning"] == Reported("Belysning", "physical_defect", 4)
    assert place.groups["klotter"] == Reported("Klotter", "event", 3)
    assert set(place.factors) == {"skräp", "belysning", "dåligt rykte"}
    assert set(place.groups) == {"klotter"}
    (all_told,) = seen({"group": "Brand", "count": 1}, smallest=1)
    assert set(all_told.groups) == {"brand"}  # the limit is what hid it


def test_safe_places_other_places_and_older_years_say_nothing():
    found = seen(
        {"kind": "safe_place", "group": "Trygg plats", "factors": "insyn", "count": 9},
        {"place": "Parken", "factors": "skräp", "count": 9},
        {"factors": "skräp", "count": 9, "start": "2024-01-01"},
        {"factors": "skräp", "count": 9, "place_precision": "area"},
    )
    assert found == []
    assert seen({"factors": "skräp", "count": 9})[0].factors["skräp"].n == 9


def test_the_reporting_sheets_names_are_the_catalogues_words():
    assert word("Bristande/trasig  belysning") == "belysning"
    assert word("Stöld/snatteri") == "stöld och snatteri"
    assert word("Något annat") == "något annat"


def test_the_foremost_places_and_the_most_unsafe_are_looked_at():
    table = places(
        events(
            *({"place": name, "count": 9} for name in "ABCDE"),
            {"place": "T", "kind": "unsafe_place", "count": 5},
            {"place": "U", "kind": "unsafe_place", "count": 3},
        ),
        YEAR,
        smallest=2,
    )
    assert places_to_discuss("ABCDE", table, smallest=2) == ["A", "B", "C", "D", "T"]
    assert places_to_discuss("AT", table, smallest=2) == ["A", "T"]
    assert places_to_discuss("A", table, smallest=6) == ["A"]


# --- the rules


def entry(identity, **parts):
    row = {"id": identity, "teknik": identity, "faktorer": "", "grupper": "", **parts}
    (found,), faults = sift(listed(row))
    assert not faults
    return found


def matched(place, *entries, most=9):
    return [
        one.entry.id
        for one in candidates(place, catalogue.Catalogue(tuple(entries), WHOLE.faults), most)
    ]


PLACE = Seen(
    "Torget",
    "torg",
    factors={"skräp": Reported("skräp", "event", 7), "insyn": Reported("insyn", "event", 2)},
    groups={"klotter": Reported("Klotter", "reported_crime", 6)},
    hours={"klotter": {"kväll": 4, "dag": 2}},
)


def test_each_rule_decides_before_the_next():
    order = [
        entry("both_in_hours", faktorer="insyn", grupper="Klotter", tider="kväll"),
        entry("both_more_named", faktorer="skräp, insyn", grupper="Klotter"),
        entry("both_made_for_it", faktorer="insyn", grupper="Klotter", platstyper="torg"),
        entry("both_most_named", faktorer="skräp", grupper="Klotter"),
        entry("both_first_in_list", faktorer="insyn", grupper="Klotter"),
        entry("both_other_hours", faktorer="skräp", grupper="Klotter", tider="natt"),
        entry("factor_only", faktorer="insyn"),
        entry("group_only", grupper="Klotter"),
    ]
    names = [one.id for one in order]
    assert matched(PLACE, *order) == names
    assert matched(PLACE, *reversed(order)) == names  # the list's own order is the last rule
    assert matched(PLACE, *order, most=3) == names[:3]


def test_what_nothing_speaks_for_is_no_candidate():
    assert matched(PLACE, entry("x", faktorer="växtlighet", grupper="Brand")) == []
    assert matched(PLACE, entry("x", faktorer="skräp", platstyper="skola")) == []
    assert matched(PLACE, entry("x", grupper="Klotter", tider="natt")) == []
    assert matched(PLACE, entry("x", grupper="Klotter", tider="kväll")) == ["x"]  # the sibling


def test_one_of_each_technique():
    twins = [entry("a", teknik="t", faktorer="skräp"), entry("b", teknik="t", faktorer="skräp")]
    assert matched(PLACE, *twins) == ["a"]


def test_hours_are_told_only_of_enough_crimes():
    evening = entry("x", grupper="Klotter", tider="natt, kväll")
    whole = catalogue.Catalogue((evening,), WHOLE.faults)
    assert candidates(PLACE, whole)[0].hours == ("kväll",)
    few = Seen("Torget", "torg", {}, PLACE.groups, {"klotter": {"kväll": 4}})
    assert candidates(few, whole)[0].hours == ()


def test_the_reason_is_a_sentence_in_one_and_many():
    one = Candidate(
        WHOLE.entries[0],
        (Reported("Mörkt", "unsafe_place", 1), Reported("insyn", "event", 7)),
        (Reported("Klotter", "reported_crime", 1),),
        ("kväll", "natt"),
    )
    assert SAY.say(why(one)) == (
        "”mörkt” nämns en gång, ”insyn” nämns 7 gånger och Klotter (1 anmält brott); "
        "oftast kväll och natt"
    )
    bare = Candidate(WHOLE.entries[0], (), (Reported("Klotter", "event", 2),), ())
    assert SAY.say(why(bare)) == "Klotter (2 händelser)"
