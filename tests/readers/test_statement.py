"""The statement of accessibility: the parts that the law asks for, and no more than is true."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from est_analysis.periods import parse
from est_analysis.reports.language import Language
from est_analysis.reports.published import statement


def page(contact="", **given):
    own = {"name": "Lillby", "controller": "Kommunstyrelsen i Lillby", **given}
    released = SimpleNamespace(
        language=Language("sv"),
        period=parse("2025"),
        contact=contact,
        municipality=SimpleNamespace(**own),
    )
    return BeautifulSoup(statement.statement(released), "html.parser")


ASKED = {
    "who": "Kommunstyrelsen i Lillby står bakom",
    "what": "Trygghet och brott i Lillby, 2025",
    "the law": "2018:1937",
    "how well": "delvis förenlig",
    "by what": "EN 301 549",
    "what is known": "Ingen som använder hjälpmedel",
    "how tried": "Bedömningen är vår egen",
    "how not": "Just den här sidan är inte prövad för sig",
    "when": "23 november 2026",
    "where to turn": "Skriv till Kommunstyrelsen i Lillby",
    "who watches": "Myndigheten för digital förvaltning",
}


def lacking(page):
    """Return what the law asks for and a page does not say."""
    text = " ".join(page.text.split())
    return [what for what, words in ASKED.items() if words not in text]


def test_it_says_what_the_law_asks_for():
    assert lacking(page()) == []
    assert page().find("a", href=statement.COMPLAINTS)
    assert page().find("a", href="publik.html")


@pytest.mark.parametrize("part", range(5))
def test_a_part_that_is_left_out_is_noticed(part):
    shown = page()
    shown.find_all("section")[part].decompose()
    assert lacking(shown)


def test_a_contact_of_their_own_is_where_to_turn():
    shown = page("trygg@lillby.se")
    assert shown.find("a", href="mailto:trygg@lillby.se")
    assert lacking(shown) == ["where to turn"]
    assert "Skriv till Kontaktcenter i Lillby." in page("Kontaktcenter i Lillby").text


def test_it_promises_no_more_than_the_checks_hold():
    text = page().text
    assert "helt förenlig" not in text
    assert "inte prövad mot PDF/UA" in text
