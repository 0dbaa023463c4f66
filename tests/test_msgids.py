"""Every text that a reader may see has its English, with the same places for values."""

from __future__ import annotations

import ast

import pytest

from est_analysis import errors
from est_analysis.evidence import Text
from est_analysis.reports import msgids
from est_analysis.reports.language import NAMES, Language
from est_analysis.reports.msgids import catalogue, faults, fields, in_code

EN = Language("en")


@pytest.fixture(scope="module")
def wanted():
    return msgids.msgids()


def gathered(code, *, every=False):
    return list(in_code(ast.parse(code), every=every))


def test_every_text_has_its_english(wanted):
    assert len(wanted) > 1500
    assert faults(catalogue("en"), wanted) == []


def test_what_is_wrong_with_a_catalogue_is_told(wanted):
    known = catalogue("en")
    known.delete("Om rapporten")
    assert faults(known, wanted) == ["saknas: 'Om rapporten'"]
    known.add("Om rapporten", "About the report", flags=["fuzzy"])
    assert faults(known, wanted) == ["osäker: 'Om rapporten'"]
    known.delete("Om rapporten")
    known.add("Om rapporten", "About the {report}")
    assert faults(known, wanted) == ["andra namn inom klamrar: 'Om rapporten'"]
    known.delete("Om rapporten")
    known.add("Om rapporten", "About the report")
    known.add("Ett ord som ingen säger", "A word that nobody says")
    assert faults(known, wanted) == ["finns inte längre: 'Ett ord som ingen säger'"]


def test_what_is_given_to_text_is_gathered():
    assert gathered('Text("{n} kvar", {"n": 2}, singular="en kvar")') == ["{n} kvar", "en kvar"]
    assert gathered('say.translate("ja" if value else "nej")') == ["ja", "nej"]
    assert gathered('Text("Ja. " + ("Nu." if x else "Sen."))') == ["Ja. Nu.", "Ja. Sen."]
    assert gathered('WORDS = {"a": "ny"}\nText(WORDS[x])') == ["ny"]
    assert gathered('raise ReportError("Filen gick inte att läsa.")', every=True) == []
    assert gathered('"""Said nowhere."""\nx = "mördat och sagt"', every=True) == ["mördat och sagt"]
    assert gathered('x = "mördat och sagt"') == []


def test_months_and_weekdays_of_other_modules_are_gathered(wanted):
    for text in ("januari", "torsdag", "Svaret först", "# Vad har hänt?"):
        assert any(own == text or own.startswith(text) for _, own in wanted), text


def test_a_sentence_of_parts_is_translated_part_by_part():
    whole = "Anhopning kring {place}: {count} anmälda brott inom {metres} meter {when}, mot "
    whole += "{expected} väntade. Sökt från {since}, eftersom brotten är många."
    assert fields(EN.translate(whole)) == fields(whole)
    assert EN.translate(whole).startswith("A burst around {place}: ")
    assert EN.translate("Något som ingen har översatt.") == "Något som ingen har översatt."


def singulars():
    """Yield every template that reads differently for one, with its other form."""
    for file in sorted(msgids.PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Text":
                given = {k.arg: k.value for k in node.keywords}
                singular = given.get("singular") or (node.args[2] if len(node.args) > 2 else None)
                forms = [
                    part.value
                    for part in (node.args[0], singular)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
                if len(forms) == 2:
                    yield forms


def test_sentences_read_in_every_number():
    found = list(singulars())
    assert len(found) > 30
    for many, one in found:
        values = dict.fromkeys(fields(many) | fields(one), 7)
        for n in (0, 1, 2, 5, 1000):
            said = EN.say(Text(many, {**values, "n": n}, singular=one))
            expected = EN.translate(one if n == 1 else many)
            assert said == expected.format(**{**{k: "7" for k in values}, "n": EN.write(n)})
        assert EN.translate(many) != EN.translate(one)
    assert EN.say(Text("{n} rader", {"n": 1}, "{n} rad")) == "1 row"
    assert EN.say(Text("{n} rader", {"n": 0}, "{n} rad")) == "0 rows"


def test_names_are_the_package_s_own_or_stay():
    assert EN.name("Skadegörelse") == "Criminal damage"
    assert EN.name("skadegörelse · park · natt") == "criminal damage · park · night"
    assert EN.name("Ruta 494750/6374500") == "Cell 494750/6374500"
    assert EN.name("belysning, skräp") == "lighting, litter"
    assert EN.name("Kvarnparken") == "Kvarnparken" and EN.is_own("Kvarnparken")
    assert EN.name("Plats") == "Plats", "a place may be called so: headings are no names"
    assert not EN.is_own("Skadegörelse") and not EN.is_own(EN.translate("Plats"))
    assert not EN.is_own("social"), "the same word in both languages"
    assert Language("sv").name("Skadegörelse") == "Skadegörelse"
    assert (NAMES, "Skadegörelse") in msgids.msgids()


def test_a_language_without_a_catalogue_is_refused():
    with pytest.raises(errors.SettingsError) as refused:
        Language("de")
    assert refused.value.mend == "Välj något av: sv, en."
