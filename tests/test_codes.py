"""The code list: what is taken in, what is not, and the rules that the shipped one keeps."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from est_analysis import municipality, scaffold
from est_analysis.errors import DeliveryError
from est_analysis.gather import accept, codes, store

LIST = "reference/koder.csv"
FILE = "deliveries/polis/a.csv"
HEAD = "id;kod;datum;x;y;plats\n"
TABLE = """kod;grupp;tas_in;polisstyrd
0801;Fordon;ja;nej
3005;Trafik;ja;ja
9801;Bostad;nej;nej
9802;;nej;
"""


@pytest.fixture
def gather(make_folder):
    def gather(*delivered, table=TABLE, **source):
        rows = "".join(f"{i};{code};2026-07-01;;;\n" for i, code in enumerate(delivered))
        files = {FILE: HEAD + rows, LIST: table}
        folder = make_folder(files, source={"codes": LIST, **source})
        return accept.gather(municipality.load(folder))

    return gather


def fates(got):
    return got.accounting[["accepted", "quarantined", "dropped"]].iloc[0].tolist()


def test_what_is_not_taken_in_leaves_a_total_and_the_rest_a_group(gather):
    got = gather("0801", "3005", "9801", "9802", "7777")
    assert fates(got) == [2, 1, 2]
    assert got.events["group"].tolist() == ["Fordon", "Trafik"]
    assert got.events["police_activity"].tolist() == [False, True]
    assert got.quarantine["value"].tolist() == ["7777"]


def test_a_list_of_two_columns_works_as_before(gather):
    got = gather("0801", "9801", table="kod;grupp\n0801;Fordon\n", drop=["9801"])
    assert fates(got) == [1, 0, 1]
    assert not got.events["police_activity"].any()


def test_codes_that_are_not_listed_may_leave_one_total_and_nothing_else(gather, tmp_path):
    got = gather("0801", "7777", "6666;i juli", unlisted="drop")
    assert fates(got) == [1, 0, 2]
    lillby = municipality.load(tmp_path / "lillby")
    store.write_store(lillby, got)
    written = "".join(
        pd.read_parquet(file).to_csv() for file in lillby.path("store").rglob("*.parquet")
    )
    assert "0801" not in written  # nor is the code of an accepted row kept
    assert "polis:" in written
    tables = got.events.to_csv() + got.quarantine.to_csv() + got.near_misses.to_csv()
    for trace in ("7777", "6666"):
        assert trace not in tables
        assert trace not in written
    assert fates(gather("0801", "7777", "6666")) == [1, 2, 0]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("0801;Fordon;kanske;", "”tas_in” står varken ja eller nej för: 0801"),
        ("0801;Fordon;;ibland", "”polisstyrd” står varken ja eller nej för: 0801"),
        ("0801;Fordon;ja;\n0801;Fordon;nej;", "En kod står två gånger i kodlistan: 0801"),
    ],
)
def test_a_list_that_says_two_things_is_refused(gather, line, says):
    with pytest.raises(DeliveryError, match=says) as caught:
        gather("0801", table=f"kod;grupp;tas_in;polisstyrd\n{line}\n")
    assert LIST in str(caught.value)


def test_an_answer_may_be_left_out_or_shouted(gather):
    table = "kod;grupp;tas_in;polisstyrd\n0801;Fordon;;\n9801;Bostad; NEJ ;\n"
    assert fates(gather("0801", "9801", table=table)) == [1, 0, 1]


# --- the list that comes with the program


def faults(table: pd.DataFrame) -> set[str]:
    """Return what of the rules the shipped list breaks."""
    rules = {
        "four digits": table["kod"].str.fullmatch(r"\d{4}").all(),
        "no code twice": not table["kod"].duplicated().any(),
        "every code has a group": (table["grupp"] != "").all(),
        "in or out": table["tas_in"].isin(["ja", "nej"]).all(),
        "one answer a group": (table.groupby("grupp")["tas_in"].nunique() == 1).all(),
        "mark and source": ((table["marke"] != "") & (table["kalla"] != "")).all(),
        "says that it is to be verified": table["kalla"].str.contains("kontrollera").all(),
        "ends are years": table["galler_till"].str.fullmatch(r"(?:\d{4})?").all(),
        "nothing says when it began": (table["galler_fran"] == "").all(),
    }
    return {rule for rule, holds in rules.items() if not holds}


@pytest.fixture
def shipped():
    return codes.read_table(codes.SHIPPED, "brottskoder.csv")


def test_the_shipped_list_keeps_its_rules(shipped):
    assert faults(shipped) == set()
    assert set(shipped.loc[shipped["tas_in"] == "nej", "grupp"]) == {"Bostadsinbrott"}
    police = set(shipped.loc[shipped["polisstyrd"] == "ja", "grupp"])
    assert police == {"Narkotika och alkohol", "Trafik"}


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("kod", "801", "four digits"),
        ("kod", "0802", "no code twice"),
        ("grupp", "", "every code has a group"),
        ("tas_in", "nej", "one answer a group"),
        ("tas_in", "", "in or out"),
        ("marke", "", "mark and source"),
        ("kalla", "Brå", "says that it is to be verified"),
        ("galler_till", "snart", "ends are years"),
        ("galler_fran", "1990", "nothing says when it began"),
    ],
)
def test_a_broken_rule_is_seen(shipped, column, value, rule):
    shipped.loc[0, column] = value
    assert rule in faults(shipped)


def test_breaks_are_those_that_the_list_states(shipped):
    got = codes.breaks(shipped).set_index("code")
    assert got["ended"][lambda ended: ended != ""].to_dict() == {
        "0840": "2018",
        "1202": "2016",
        "1207": "2005",
    }
    assert got.loc["0807", "replaced_by"] == "9829, 9830"
    assert list(got.columns) == ["group", "began", "ended", "replaced_by"]
    plain = pd.DataFrame({"kod": ["1"], "grupp": ["A"]})
    without = plain.reindex(columns=shipped.columns, fill_value="")
    assert codes.breaks(without).empty


def test_a_new_municipality_gets_the_list(tmp_path):
    scaffold.make(tmp_path / "ny", "Ny")
    file = tmp_path / "ny" / "reference" / "brottskoder.csv"
    assert file.read_bytes() == codes.SHIPPED.read_bytes()


def test_a_list_to_be_sorted_out_by_hand_keeps_its_zeros_in_the_sample_too(home, shipped):
    own = codes.read_table(home / "reference/brottskoder.csv", "brottskoder.csv")
    both = own.merge(shipped, on="kod", suffixes=("", "_shipped"))
    assert len(both) == len(own)
    assert (both["grupp"] == both["grupp_shipped"]).all()


def code_list(*rows):
    columns = ["kod", "grupp", "tas_in", "galler_fran", "galler_till", "ersatt_av"]
    return pd.DataFrame(rows, columns=columns).fillna("")


FROM, TO = date(2023, 7, 1), date(2026, 9, 30)


@pytest.mark.parametrize(
    ("rows", "broken"),
    [
        ([("1", "A", "ja", "", "2025", "")], ["A"]),
        ([("1", "A", "ja", "", "2022", "")], []),
        ([("1", "A", "ja", "", "2023", "")], ["A"]),  # may be any day of the year
        ([("1", "A", "ja", "", "2023-06", "")], []),
        ([("1", "A", "ja", "", "2023-07-01", "")], ["A"]),
        ([("1", "A", "ja", "2027", "", "")], []),
        ([("1", "A", "ja", "2026-12", "", "")], []),
        ([("1", "A", "ja", "2026-09", "", "")], ["A"]),
        ([("1", "A", "ja", "okänt", "", "")], []),
        ([("1", "A", "ja", "2025-13", "", "")], []),
        ([("1", "A", "ja", "", "", "2"), ("2", "B", "ja", "", "", "")], []),  # when is not told
        # one of the group follows: the group's series goes on
        ([("1", "A", "ja", "", "2025", "2"), ("2", "A", "ja", "2025", "", "")], []),
        ([("0401", "A", "ja", "", "2025", "0402-0404"), ("0403", "A", "ja", "", "", "")], []),
        # one of another group does: both are broken
        ([("1", "A", "ja", "", "2025", "2"), ("2", "B", "ja", "2025", "", "")], ["A", "B"]),
        ([("1", "A", "nej", "", "2025", "")], []),
    ],
)
def test_a_code_that_ends_or_begins_breaks_its_group(rows, broken):
    assert codes.groups_broken(code_list(*rows), FROM, TO) == broken


def test_the_shipped_list_breaks_nothing_of_the_last_years():
    table = codes.read_table(codes.SHIPPED, "brottskoder.csv")
    assert codes.groups_broken(table, FROM, TO) == []
    assert codes.groups_broken(table, date(2015, 1, 1), date(2018, 12, 31)) == ["Brand"]
