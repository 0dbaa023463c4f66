"""Nobody exposed: every way to write about a person is caught, and ordinary Swedish passes."""

from __future__ import annotations

import csv
import io
import random
import re
import time
from datetime import date, timedelta

import pandas as pd
import pytest

from est_analysis import municipality
from est_analysis.errors import SettingsError
from est_analysis.gather import accept, guard
from est_analysis.reports import table as report_table
from est_analysis.reports.language import Language, Text
from est_analysis.reports.table import Table

SORTS = list(guard.SORTS)


def found(*texts, sorts=SORTS):
    return guard.personal(pd.Series(texts, dtype=str), sorts).tolist()


# --- a corpus that is made as the test runs: no number in it stands in a file

FORMS = {
    "tio siffror": "{yy}{mm}{dd}{last}",
    "tio, bindestreck": "{yy}{mm}{dd}-{last}",
    "tio, plus": "{yy}{mm}{dd}+{last}",
    "tio, mellanslag": "{yy}{mm}{dd} {last}",
    "tio, streck och mellanslag": "{yy}{mm}{dd} - {last}",
    "tio, tankstreck": "{yy}{mm}{dd}–{last}",
    "tio, isär": "{yy} {mm} {dd} {last}",
    "tio, streck i datum": "{yy}-{mm}-{dd}-{last}",
    "tolv siffror": "{year}{mm}{dd}{last}",
    "tolv, bindestreck": "{year}{mm}{dd}-{last}",
    "tolv, plus": "{year}{mm}{dd}+{last}",
    "tolv, mellanslag": "{year}{mm}{dd} {last}",
    "tolv, skilt sekel": "{century} {yy}{mm}{dd}-{last}",
    "tolv, streck i datum": "{year}-{mm}-{dd}-{last}",
    "tolv, datum och mellanslag": "{year}-{mm}-{dd} {last}",
    "tolv, isär": "{year} {mm} {dd} {last}",
    "tolv, snedstreck": "{year}/{mm}/{dd}-{last}",
    "hårt mellanslag": "{yy}{mm}{dd}\N{NO-BREAK SPACE}{last}",
    "mjukt bindestreck": "{yy}{mm}{dd}\N{SOFT HYPHEN}{last}",
    "ny rad": "{yy}{mm}{dd}-\n{last}",
}
SENTENCES = (
    "{}",
    "Gärningsmannen är {}.",
    "Personnummer:{}",
    "Ärende {} gäller klotter på Storgatan 12.",
    "diarienr {}",
    "Två pojkar ({}) vid skolan, kl. 21.30 den 3/7.",
    "Se 5000-K123456-26, {}, och 2026-07-03 21:30",
    "12 34 {}",
    "500123,5 {}",
    "pnr{}och så vidare",
    "{}/A",
    "1, 2, {}, 4",
)


def identity_numbers(n, seed):
    """Return the parts of valid numbers, personal and coordination, of three centuries."""
    chance = random.Random(seed)
    numbers = []
    for i in range(n):
        born = date(1890, 1, 1) + timedelta(days=chance.randrange(49_000))
        day = born.day + 60 * (i % 4 == 0)
        nine = f"{born:%y%m}{day:02d}{chance.randrange(1000):03d}"
        doubled = "".join(str(int(c) * (2 - k % 2)) for k, c in enumerate(nine))
        check = -sum(map(int, doubled)) % 10
        numbers.append(
            {
                "century": str(born.year // 100),
                "year": str(born.year),
                "yy": f"{born:%y}",
                "mm": f"{born:%m}",
                "dd": f"{day:02d}",
                "last": f"{nine[6:]}{check}",
            }
        )
    return numbers


def personal_corpus(n=40, seed=1):
    return {
        form: [
            sentence.format(pattern.format(**number))
            for number in identity_numbers(n, seed)
            for sentence in SENTENCES
        ]
        for form, pattern in FORMS.items()
    }


def missed(corpus):
    return {form: 1 - share for form in corpus if (share := caught(corpus[form])) < 1}


def caught(texts):
    return sum(sort == "identity" for sort in found(*texts)) / len(texts)


ORDINARY = (
    "Klotter på {street} {small}, ärende K{four}-26",
    "Polisens ärende 5000-K{six}-26 gäller skadegörelse",
    "Dnr KS 2026/{four}, beslut {day}",
    "Ärende 2026-00{five} inkom {day} kl. {clock}",
    "Diarienummer 2026-{four}, se även BUN 2026-{three}",
    "Bullrande ungdomar {day} {clock}-{clock}",
    "Tiden var {day} till {day}, cirka {small} personer",
    "Stulet för {four} kr, totalt {small} {three} {three} kronor",
    "Fönster krossat på {street} {small}, lagas för {four}:-",
    "Koordinat {x}, {y} vid {street}",
    "N {x} E {y}",
    "WGS84: {lat}, {lon}",
    "lat {lat} lon {lon}",
    "Trasig lampa vid {street} {small}, stolpe {four}",
    "{clock} ringde larmet, brandkåren framme {clock}",
    "Buss {three} mot Anna Lindhs plats, hållplats {small}",
    "Mörkt på Karl Johans gata mellan {small} och {small}",
    "Otryggt vid Per Albin Hanssons väg och Erik Dahlbergsgatan",
    "Gänget höll till i Sankt Eriksparken v. {small}",
    "Rum {three}, hus {three}, plan {small}",
    "Felanmälan {five}, {seven}",
    "DeSO 0684A{four}, kommun 0684",
    "Brottskod 0801, 0802 och 9829",
    "Larm {day}, släckt {clock}, ring 112 eller 114 14, SOS 112",
    "Väg {three} är avstängd, E4 och Rv {small} öppna, 3 lägenheter släckta",
    "Fastighet {street} {small}:{small}, {five} kvm",
    "{day}: {small} anmälningar, {day}: {small}",
    "Skolan öppen 08-17, fritids 06.30-18, lunch 10-12 13-14",
    "3 juli 2026 kl 21.30 vid Norra Skolan, Lilla Torget",
    "Vecka {small}, +{small} grader, -{small} %",
)
STREETS = (
    "Storgatan",
    "Vasagatan",
    "Gustav Adolfs torg",
    "Stora Skolan",
    "Kungsgatan",
    "Gamla Bro",
)


def ordinary_corpus(n=400, seed=2):
    chance = random.Random(seed)
    texts = []
    for _ in range(n):
        when = date(2016, 1, 1) + timedelta(days=chance.randrange(3900))
        days = (
            f"{when}",
            f"{when:%Y%m%d}",
            f"{when:%y%m%d}",
            f"{when.day}/{when.month} {when.year}",
        )
        texts += [
            sentence.format(
                street=chance.choice(STREETS),
                day=chance.choice(days),
                clock=f"{chance.randrange(24):02d}{chance.choice(':.')}{chance.randrange(60):02d}",
                small=chance.randrange(1, 100),
                three=f"{chance.randrange(100, 1000)}",
                four=f"{chance.randrange(10_000):04d}",
                five=f"{chance.randrange(100_000):05d}",
                six=f"{chance.randrange(10**6):06d}",
                seven=chance.randrange(10**6, 10**7),
                x=f"{chance.uniform(6.1e6, 7.7e6):.{chance.randrange(4)}f}",
                y=f"{chance.uniform(2.7e5, 9e5):.{chance.randrange(4)}f}",
                lat=f"{chance.uniform(55, 69.9):.{chance.choice((4, 6, 10, 14))}f}",
                lon=f"{chance.uniform(11, 24):.{chance.choice((4, 6, 10, 14))}f}",
            )
            for sentence in ORDINARY
        ]
    return texts


def test_every_form_of_a_valid_identity_number_is_caught():
    corpus = personal_corpus()
    texts = sum(map(len, corpus.values()))
    print(f"\nidentity numbers: {texts} texts in {len(corpus)} forms, missed {missed(corpus)}")
    assert missed(corpus) == {}


def test_a_form_that_is_left_out_is_seen(monkeypatch):
    plain = re.compile(guard._IDENTITY.pattern.replace("[+/", "[/"))
    monkeypatch.setattr(guard, "_IDENTITY", plain)
    assert set(missed(personal_corpus(n=8))) == {"tio, plus", "tolv, plus"}


def test_ordinary_texts_pass():
    texts = ordinary_corpus()
    stopped = pd.Series(found(*texts))
    stopped = stopped[stopped != ""]
    print(f"\nordinary: {len(stopped)} of {len(texts)} stopped, {stopped.value_counts().to_dict()}")
    assert len(stopped) / len(texts) < 0.01


def test_without_the_check_digit_ordinary_texts_are_stopped(monkeypatch):
    days = pd.date_range("2020", periods=500)
    like = [f"ärende {day:%y%m%d}{number:04d}" for number, day in enumerate(days)]
    share = sum(map(bool, found(*like))) / 500
    print(f"\nrunning numbers that begin with a date: {share:.1%} stopped (one check digit in ten)")
    assert 0.05 < share < 0.15
    monkeypatch.setattr(guard, "_luhn", lambda digits: True)
    assert sum(map(bool, found(*like))) / 500 == 1


@pytest.mark.parametrize("around", ["1{}", "{}1", "00{}", "{}00", "57,{}", "14.{}"])
def test_a_part_of_a_longer_number_is_no_identity_number(around):
    numbers = ["{yy}{mm}{dd}{last}".format(**number) for number in identity_numbers(200, 3)]
    assert found(*numbers, sorts=["identity"]) == ["identity"] * 200
    texts = [around.format(number) for number in numbers]
    # two digits more make twelve, and a century if they are one
    texts = [text for text in texts if text[:2] not in {"18", "19", "20"}]
    assert found(*texts, sorts=["identity"]) == [""] * len(texts)


@pytest.mark.parametrize(
    ("sort", "texts"),
    {
        "phone": [
            *("070-123 45 67", "0701234567", "070 1234567", "0701-23 45 67", "076.123.45.67"),
            *("+46701234567", "+46 70 123 45 67", "+46 (0)70-123 45 67", "0046 70 123 45 67"),
            *("08-12 34 56", "08-123 456 78", "0382-123 45", "031-12 34 56", "tel 0382123456"),
            *("Ring 08-12345678 nu", "+47 912 34 567", "016 12 34 56"),
        ],
        "email": ["anna@lillby.se", "a.b-c+d@x.y.nu", "Skriv till anna (at) lillby.se", "å@ö.se"],
        "plate": ["ABC123", "ABC 12D", "bil abc123", "ABC-123.", "regnr abc 123", "(KLM45B)"],
        "dwelling": [
            *("lgh 1203", "LGH1203", "Storgatan 5 lgh. 2", "lägenhet 1203", "lägenhetsnr: 12"),
            *("Storgatan 5, 3 tr", "lägenhetsnummer 1001", "läg. 3"),
        ],
        "name": [
            *("Anna Andersson skrek", "anna andersson", "ANNA ANDERSSON", "av Kalle Berg", "Bo Ek"),
            *("Någon Persson", "Anna Maria Lind", "Anna Anderssons cykel", "Lars von Trier"),
        ],
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_caught(sort, texts):
    got = dict(zip(texts, found(*texts), strict=True))
    known_misses = {"Bo Ek"}  # Bo is left out of the list: it is a word too
    assert {t for t, s in got.items() if s != sort} == known_misses & set(texts)


@pytest.mark.parametrize(
    "text",
    [
        *("", "Storgatan 12", "2026-07-03 21:30", "08-17", "0801", "112", "SOS 112", "SEK 500"),
        *("6504321 500123", "57.39421, 14.69123", "3 lägenheter", "brand i lägenhet", "ICA 123"),
        *("Anna Lindhs plats", "Karl Johans gata", "Maria kyrka", "Gustav Adolfs torg", "Jan-feb"),
        *("Per Albin Hanssons väg", "3 @ 20.00", "E4", "0630-1530", "kl 08-12 13-17", "1 200 000"),
        *("2026-07-03 - 2026-07-05", "260703-260705", "556036-0793", "2026-0012345", "K1234-26"),
    ],
)
def test_what_passes(text):
    assert found(text) == [""]


def test_names_are_looked_for_only_where_they_are_asked_for():
    assert found("Anna Andersson", sorts=[s for s in SORTS if s != "name"]) == [""]


def test_the_first_sort_is_told_and_the_index_kept():
    texts = pd.Series(["", "anna@lillby.se 0701234567", ""], index=[7, 8, 9])
    got = guard.personal(texts, SORTS)
    assert got.to_dict() == {7: "", 8: "phone", 9: ""}
    assert guard.personal(texts.iloc[:0], SORTS).empty


def test_texts_are_looked_through_a_block_at_a_time(monkeypatch):
    texts = pd.Series(["", PHONE, "ok", PHONE, "anna@lillby.se", "", "ok"], index=range(9, 2, -1))
    whole = guard.personal(texts, SORTS)
    assert whole.tolist() == ["", "phone", "", "phone", "email", "", ""]
    for size in (1, 2, 3, 7):
        monkeypatch.setattr(guard, "BLOCK", size)
        pd.testing.assert_series_equal(guard.personal(texts, SORTS), whole)


@pytest.mark.parametrize("long", ["a" * 200_000, "1 " * 100_000, "ab." * 70_000, "0701 " * 40_000])
def test_a_very_long_text_costs_no_more_than_its_length(long):
    def cost(text):
        begun = time.perf_counter()
        guard.personal(pd.Series([text]), SORTS)
        return time.perf_counter() - begun

    cost("")
    assert cost(long) < 3


@pytest.mark.slow
def test_the_cost_grows_with_the_number_of_texts_and_no_faster():
    base = ordinary_corpus(n=200)

    def cost(n):
        texts = pd.Series([f"{base[i % len(base)]} {i}" for i in range(n)], dtype=str)
        begun = time.perf_counter()
        guard.personal(texts, SORTS)
        return time.perf_counter() - begun

    cost(1_000)
    small, large = cost(20_000), cost(100_000)
    print(f"\n{small:.2f} s for 20 000 distinct texts, {large:.2f} s for 100 000")
    assert large < 5 * small * 2


# --- at the door

HEAD = "id;kod;datum;x;y;plats;typ;omrade;faktor;not\n"
FILE = "deliveries/polis/a.csv"
COLUMNS = {"place_type": "typ", "area": "omrade", "factors": "faktor", "text": "not"}
FINE = ["1", "K1", "2026-07-01", "500100", "6500100", "Torget", "torg", "Centrum", "skräp", "Mörkt"]
PHONE = "070-123 45 67"


@pytest.fixture
def gather(make_folder):
    def gather(*rows, **source):
        text = HEAD + "".join(";".join(row) + "\n" for row in rows)
        source = {"free_text": True, **source}
        folder = make_folder({FILE: text}, source=source, columns=COLUMNS)
        return accept.gather(municipality.load(folder))

    return gather


def row(at, text, number="2"):
    fields = [number, *FINE[1:]]
    fields[at] = text
    return fields


def seen(got):
    """Everything that gathering keeps, as text."""
    kept = (got.events, got.quarantine, got.accounting, got.texts_dropped, got.near_misses)
    return "".join(table.to_csv() for table in kept)


@pytest.mark.parametrize("at", range(5, 10))
def test_a_row_that_tells_of_someone_is_stopped_in_every_column(gather, at):
    got = gather(FINE, row(at, f"Torget {PHONE}"))
    lines = got.quarantine[["file", "row", "column", "reason", "value"]].to_numpy().tolist()
    assert lines == [[FILE, 3, HEAD.strip().split(";")[at], "personal_data", ""]]
    assert list(got.events["text"]) == ["Mörkt"]
    assert PHONE not in seen(got)


@pytest.mark.parametrize("at", range(5, 10))
def test_the_text_alone_is_dropped_where_the_settings_say_so(gather, at):
    got = gather(FINE, row(at, f"Torget {PHONE}"), personal_data="drop_text")
    assert got.quarantine.empty
    assert len(got.events) == 2
    column = HEAD.strip().split(";")[at]
    assert got.texts_dropped.to_numpy().tolist() == [["polis", FILE, column, "phone", 1]]
    assert PHONE not in seen(got)


def test_a_name_stops_free_text_and_nothing_else(gather):
    got = gather(FINE, row(9, "Anna Andersson skrek"), row(5, "Anna Anderssons Gata", "3"))
    assert got.quarantine["column"].tolist() == ["not"]
    assert len(got.events) == 2


@pytest.mark.parametrize("personal_data", ["stop", "drop_text"])
def test_an_id_that_is_someones_number_stops_the_row(gather, personal_data):
    number = "{yy}{mm}{dd}-{last}".format(**identity_numbers(1, 4)[0])
    got = gather(FINE, row(0, number), personal_data=personal_data)
    assert got.quarantine[["column", "reason"]].to_numpy().tolist() == [["id", "personal_data"]]
    assert number not in seen(got)
    assert len(gather(FINE, row(0, "5000-K123456-26")).events) == 2


def test_without_the_scanner_the_check_sees_it(gather, monkeypatch):
    monkeypatch.setattr(guard, "personal", lambda texts, sorts: pd.Series("", index=texts.index))
    assert PHONE in seen(gather(FINE, row(9, PHONE)))


def test_free_text_is_taken_in_only_on_purpose(make_folder):
    text = HEAD + ";".join(FINE) + "\n"
    folder = make_folder({FILE: text}, columns=COLUMNS)
    with pytest.raises(SettingsError, match="free_text"):
        municipality.load(folder)
    without = make_folder({FILE: text}, columns={**COLUMNS, "text": None})
    got = accept.gather(municipality.load(without))
    assert "Mörkt" not in seen(got)


# --- what goes out: text is data, never a formula and never markup

SMUGGLED = (
    *('=HYPERLINK("http://x.se";"tryck")', "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\n=1+1", " =1+1"),
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "＝1+1"),
)


def shown(text):
    """A table through the door: text in every column that is taken in, to HTML and CSV."""
    rows = [[text, Text(text), 3, -2.5, [text, text]]]
    table = Table(
        "prov", Text(text), ["plats", "typ", "antal", "ändring", "koder"], rows, Language("sv")
    )
    return table.html(), list(csv.reader(io.StringIO(table.csv()), delimiter=";"))


@pytest.mark.parametrize("text", SMUGGLED)
def test_smuggled_text_is_harmless_in_tables(text):
    html, cells = shown(text)
    assert not re.search(r"<(?:script|img)", html)
    assert "&lt;" in html or "<" not in text
    for cell in (cells[1][0], cells[1][1], cells[1][4]):
        assert cell[:1] in {"'", "<"}
    assert cells[1][2:4] == ["3", "-2,5"]  # a number is no formula


def test_without_the_apostrophe_the_formula_is_seen(monkeypatch):
    monkeypatch.setattr(report_table, "_FORMULA", ("?",))
    assert shown("=1+1")[1][1][0] == "=1+1"


def test_smuggled_text_comes_through_gather_as_text(gather):
    got = gather(*(row(at, text, f"{at}{i}") for at in (5, 6, 7) for i, text in enumerate(SMUGGLED)
                   if not {";", "\n", '"'} & set(text)))  # fmt: skip
    assert len(got.events) == 3 * 8
    assert got.quarantine.empty
    assert not got.events["place"].str.startswith(("=", "+", "@", "<")).any()  # in no gazetteer


# who answers for something: a function, never a person

ROLES = (
    *("Gatuchef", "Rektor", "Förvaltare på bostadsbolaget", "Säkerhetssamordnare", "Parkförman"),
    *("Tekniska Förvaltningen", "Polisen", "Kommunpolis Lindesberg", "EST-gruppen", "", "NTF"),
    *("Fritidschef, Kultur och fritid", "Lillby Bostäder", "vaktmästare", "Lillby AB"),
)
PERSONS = {
    "Anna Lindqvist": "name",
    "anna": "name",
    "K. Svensson": "name",
    "Svensson": "name",
    "B Nygren": "name",
    "Gatuchef Anna Lindqvist": "name",
    "rektor@lillby.se": "email",
    "Gatuchef, 070-123 45 67": "phone",
    "811218-9876": "identity",
    "Tekla Nygren": guard.DOUBTFUL,
}


def test_a_function_is_no_person():
    found = guard.not_a_role(pd.Series(ROLES))
    assert found[found != ""].to_dict() == {}


@pytest.mark.parametrize("text", PERSONS)
def test_a_person_is_no_function(text):
    assert guard.not_a_role(pd.Series([text, "Gatuchef"])).tolist() == [PERSONS[text], ""]
