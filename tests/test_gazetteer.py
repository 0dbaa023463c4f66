"""Names: what is known is known exactly, what is nearly known is told and never taken."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import shapely
from frames_of_places import FULL, frame, settle

from est_analysis.gather import rulings, tables
from est_analysis.gather.rulings import Rulings

SHORT = [shapely.LineString([(0, y), (100, y)]) for y in (500, 520, 540, 560, 580)]
STREETS = ["Storgatan", "Skolvägen", "Riksväg 30", "Kvarngatan", "Kvarngränd"]
TOWN = replace(FULL, streets=frame(STREETS, SHORT))


def rows(*names, source="polis"):
    table = pd.DataFrame({"place": list(names)}, dtype=str)
    return table.assign(x=float("nan"), y=float("nan"), place_type="", area="", source=source)


def aliases(**means):
    lines = [("place", "polis", written, place) for written, place in means.items()]
    table = pd.DataFrame(lines, columns=["sort", "source", "written", "means"], dtype=str)
    none = rulings.none()
    return Rulings(table, none.rows, none.faults)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Storgatan 12", "Storgatan"),
        ("storgatan 12 A lgh 1203", "Storgatan"),
        ("Storgatan 12-14", "Storgatan"),
        ("Storgatan, 3B", "Storgatan"),
        ("Storg. 12", "Storgatan"),
        ("Skolv.", "Skolvägen"),
        ("Riksväg 30", "Riksväg 30"),  # a number of its own
        ("Riksväg 31", ""),
        ("Kvarng. 2", ""),  # gatan or gränd: nobody can say
        ("Storgatn 12", ""),
        ("Torget 3", ""),  # a place is no street: a number may lead elsewhere
        ("hos Anna", ""),
        ("12", ""),
    ],
)
def test_a_street_is_known_without_its_number_and_in_short(written, name):
    got = settle(rows(written), TOWN).events.iloc[0]
    assert got["place"] == name
    assert got["place_precision"] == ("street" if name else "unknown")
    assert "1203" not in "".join(map(str, got))


def test_a_near_miss_is_told_with_its_score_and_not_taken():
    got = settle(rows("Storgatn 12", "Storgatn 14 B", "Storgatn", "Torgett", "Månen"), TOWN)
    assert got.events["place"].tolist() == [""] * 5
    told = got.near_misses
    assert told["written"].tolist() == ["Storgatn", "Torgett"]  # no number is kept
    assert told["means"].tolist() == ["Storgatan", "Torget"]
    assert told["rows"].tolist() == [3, 1]
    assert told["score"].between(85, 99.9).all()
    tables.check(told, tables.NEAR_MISSES, what="nästan kända")


def test_what_may_be_a_person_is_counted_but_not_shown():
    told = settle(rows("gatan Stor", "Stor gatan", "Storgatan x"), TOWN).near_misses
    assert len(told)
    assert not told["written"].str.contains("x|gatan Stor").any()
    assert (told["written"] == "(visas inte)").any()


def test_peoples_alias_is_taken_and_then_it_is_no_near_miss():
    delivered = rows("Storgatn 12", "Stortorg", "Torgett")
    assert settle(delivered, TOWN).events["place"].tolist() == ["", "", ""]
    decided = aliases(Storgatn="Storgatan", Stortorg="torget")
    got = settle(delivered, TOWN, decided=decided)
    assert got.events["place"].tolist() == ["Storgatan", "Torget", ""]
    assert got.near_misses["written"].tolist() == ["Torgett"]
    other = settle(delivered.assign(source="est"), TOWN, decided=decided)
    assert other.events["place"].tolist() == ["", "", ""]  # the alias is another source's


def test_rows_with_coordinates_need_no_name():
    table = rows("Storgatn").assign(x=700.0, y=700.0)
    assert settle(table, TOWN).near_misses.empty


def test_the_order_of_rows_says_nothing():
    table = rows("Storgatn 1", "Torgett", "Storgatn 2", "Storg. 1", "Skolan", "Kvarngtan", "x")
    first = settle(table, TOWN)
    second = settle(table.iloc[::-1].reset_index(drop=True), TOWN)
    assert second.events["place"].tolist() == first.events["place"].tolist()[::-1]
    pd.testing.assert_frame_equal(first.near_misses, second.near_misses)


def test_a_declared_street_is_shown_without_its_number():
    table = rows("Hemgatan 3 A hos Anna", "10XX W 4TH AVE").assign(x=700.0, y=700.0)
    got = settle(table, precision="street").events["place"].tolist()
    assert got == ["Hemgatan", "10XX W 4TH AVE"]
