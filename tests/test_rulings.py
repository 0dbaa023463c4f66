"""What people have decided is read line by line; a line that does not hold is listed."""

from __future__ import annotations

import pytest

from est_analysis import municipality
from est_analysis.errors import DeliveryError
from est_analysis.gather import rulings

ALIASES = """slag;kalla;skrivet;betyder
kolumn;polis;Brottkod;kod
plats;;Torgt;Torget
plats;polis;Torgt;Stora torget
sak;;a;b
plats;;;Torget
plats;;Torgt;Parken
"""
DECISIONS = """fil;rad;beslut;andra_fil;andra_rad
deliveries/polis/a.csv;3;behåll;;
deliveries/polis/a.csv;4;Ta bort;;
deliveries/polis/b.csv;;dra tillbaka;;
deliveries/polis/a.csv;5;samma;deliveries/est/a.csv;9
deliveries/polis/a.csv;6;samma;;
deliveries/polis/a.csv;sju;behåll;;
;8;behåll;;
deliveries/polis/a.csv;9;kanske;;
"""


@pytest.fixture
def read(make_folder):
    def read(**files):
        inside = {f"reference/{name}.csv": text for name, text in files.items()}
        return rulings.read(municipality.load(make_folder(inside)))

    return read


def test_without_files_there_is_nothing_decided(read):
    got = read()
    assert (len(got.aliases), len(got.rows), len(got.faults)) == (0, 0, 0)
    assert got.alias("place", "polis") == {}


def test_an_alias_of_the_source_itself_wins(read):
    got = read(aliases=ALIASES)
    assert got.alias("column", "polis") == {"Brottkod": "kod"}
    assert got.alias("column", "est") == {}
    assert got.alias("place", "est") == {"Torgt": "Torget"}
    assert got.alias("place", "polis") == {"Torgt": "Stora torget"}
    assert list(got.faults[["row", "column"]].itertuples(index=False, name=None)) == [
        (5, "slag"),
        (6, "betyder"),
        (7, "skrivet"),
    ]


def test_rulings_on_rows_pairs_and_whole_files(read):
    got = read(decisions=DECISIONS)
    assert got.ruled("keep") == {("deliveries/polis/a.csv", 3)}
    assert got.ruled("remove") == {("deliveries/polis/a.csv", 4)}
    assert got.ruled("withdraw") == {("deliveries/polis/b.csv", 0)}
    assert got.pairs("same") == [(("deliveries/polis/a.csv", 5), ("deliveries/est/a.csv", 9))]
    assert list(got.faults["row"]) == [9, 8, 7, 6]
    assert set(got.faults["file"]) == {rulings.DECISIONS}


def test_a_file_without_its_columns_is_an_error(read):
    with pytest.raises(DeliveryError, match="betyder"):
        read(aliases="slag;kalla;skrivet\n")
