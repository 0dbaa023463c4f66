"""Texts that try to be something else are text in every page, and in every table beside it."""

from __future__ import annotations

import io
import shutil
import textwrap
from datetime import date
from types import SimpleNamespace

import hostile
import payloads
import pytest
from browsing import Visit, needs_browser
from hostile import LISTEN, formulas, harm, told
from matplotlib.backends.backend_svg import FigureCanvasSVG
from test_site import claim, lay

from est_analysis import catch_up, fleet, municipality
from est_analysis.errors import DeliveryError
from est_analysis.evidence import Finding, Text, Word
from est_analysis.periods import parse
from est_analysis.reports import build as builder
from est_analysis.reports import cards, charts, site
from est_analysis.reports import table as tables
from est_analysis.reports.language import Language
from est_analysis.reports.maps import live
from est_analysis.reports.published import statement

pytestmark = needs_browser

SAY = Language("sv")


def said(text):
    return Text("{text}", {"text": text})


def table(text, name="prov"):
    rows = [[text, said(text), 9], [text, [text, text], 9]]
    return tables.Table(name, said(text), ["Plats", text, "Antal"], rows, SAY, note=said(text))


def drawn(text):
    figure = charts._figure(2.0)[0]
    figure.axes[0].set_yticks([0], [textwrap.fill(text.replace("\0", ""), 24)])
    return charts.Chart(text, text, text, charts._svg(figure), table(text), SAY)


def card(text):
    plain = Finding(id=text, sentences={None: said(text)}, n=9)
    claimed = Finding(id=text, sentences={Word.CLEAR: said(text)}, n=9, word=Word.CLEAR)
    return cards.html(plain, SAY) + cards.html(claimed, SAY)


def points(text):
    head = Finding(id=text, sentences={None: said(text)}, n=9)
    return cards.Points(head, (said(text),), SAY)._repr_html_()


PARTS = {
    "table": lambda text: table(text).html(),
    "no rows": lambda text: tables.Table("x", said(text), [], [], SAY, empty=said(text)).html(),
    "card": card,
    "points": points,
    "chart": lambda text: drawn(text)._repr_html_(),
    "no chart": lambda text: charts.Chart(text, text, text, b"", table(text), SAY)._repr_html_(),
}
"""Every way by which a text comes into a page."""


def opened(browser, folder, body, **more):
    file = folder / "prov.html"
    html = (
        f'<!DOCTYPE html><html lang="sv"><meta charset="utf-8"><title>x</title><main>{body}</main>'
    )
    file.write_text(html, encoding="utf-8", newline="")
    return Visit(browser, file, script=LISTEN, **more)


def test_the_corpus_is_large_enough():
    assert len(payloads.PRINTABLE) == len(set(payloads.PRINTABLE)) >= 130
    assert len(payloads.EVERY) >= 150


@pytest.mark.filterwarnings("ignore:Glyph", "ignore:constrained_layout")
@pytest.mark.parametrize("part", PARTS)
def test_every_payload_is_text_in_every_part_of_a_page(browser, tmp_path, part):
    texts = payloads.EVERY[:: 8 if part == "chart" else 1]  # a drawing takes its time
    whole = "".join(f"<section>{PARTS[part](text)}</section>" for text in texts)
    with opened(browser, tmp_path, whole) as visit:
        assert harm(visit) == []
        assert visit.page.locator("section").count() == len(texts)
        read = visit.page.eval_on_selector_all("section", "all => all.map((e) => e.textContent)")
    for text, seen in zip(texts, read, strict=True):
        as_parsed = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
        assert as_parsed.lower() in seen.replace("\ufffd", "").lower()  # sentences begin large


@pytest.mark.parametrize("module", [tables, cards, charts], ids=["tables", "cards", "charts"])
def test_without_escaping_the_harm_is_seen(browser, tmp_path, monkeypatch, module):
    monkeypatch.setattr(module, "escape", lambda text: text)
    part = {tables: "table", cards: "card", charts: "no chart"}[module]
    for text in (payloads.MARKUP[9], payloads.MARKUP[28], payloads.MARKUP[0]):
        with opened(browser, tmp_path, PARTS[part](text.replace("§", "501"))) as visit:
            assert harm(visit)


SEEN = {
    "a script that runs": ("<script>ond(501)</script>", "ran: 501"),
    "a handler that runs": ("<img src=data:image/x onerror=ond(501)>", "ran: 501"),
    "a handler that waits": ("<p onclick=ond(501)>x</p>", "a handler"),
    "a dialog": ("<script>alert(501)</script>", "dialog: 501"),
    "a request": ("<img src=http://ond.invalid/501.png>", "asked"),
    "an element": ("<iframe></iframe>", "an element of its own"),
    "an address": ("<a href=javascript:ond(501)>x</a>", "in href"),
    "a link out": ("<a href=http://ond.invalid>x</a>", "leads out"),
    "a style": ("<style>@import 'http://ond.invalid/x.css'</style>", "a style"),
    "a new address": ("<meta http-equiv=refresh content='99;url=x'>", "sends away"),
    "an attribute": ("<p class='x' \"=x>x</p>", "broken out"),
}


@pytest.mark.parametrize(("markup", "seen"), SEEN.values(), ids=SEEN)
def test_each_sort_of_harm_is_seen(browser, tmp_path, markup, seen):
    with opened(browser, tmp_path, markup) as visit:
        assert any(one.startswith(seen) for one in harm(visit))


def pages(folder, text, number):
    """Write the pages that are templates of their own, with a text in every place of theirs."""
    place = folder / str(number)
    former = claim(text)
    lay(place, "2026Q2", former)
    report = lay(place, "2026Q3", {**former, "sentence": text, "word": text})
    site.write(place, text)
    error = DeliveryError(text, where=text, mend=text)
    step = catch_up.Step(
        catch_up.Due(parse("2026Q3"), (text,)),
        SimpleNamespace(unread=[SimpleNamespace(file=text)]),
        changed=(text,),
    )
    failed = catch_up.Step(catch_up.Due(parse("2026Q2")), error=error)
    status = catch_up.page(text, ["2026Q3"], [step, failed], date(2026, 10, 5), error)
    outcomes = (fleet.Outcome(text, name=text, message=text), fleet.Outcome(text, name=text))
    every = fleet.page(fleet.Overview(place / "x.html", outcomes), [text], "2026Q3")
    released = SimpleNamespace(
        language=SAY, period=parse("2025"), contact=text,
        municipality=SimpleNamespace(name=text, controller=text),
    )  # fmt: skip
    (report / "rapport.html").unlink()
    written = {"status": status, "fleet": every, "statement": statement.statement(released)}
    for name, html in written.items():
        (place / f"{name}.html").write_text(html, encoding="utf-8", newline="")
    return [place / f"{name}.html" for name in ("index", *written)]


def test_every_template_takes_every_payload_as_text(browser, tmp_path):
    for file in pages(tmp_path, " ".join(payloads.EVERY), 0):
        with Visit(browser, file, script=LISTEN) as visit:
            assert harm(visit) == [], file.name
            assert len(told(visit, "body")) == len(payloads.EVERY)


def test_a_template_that_escapes_nothing_is_seen(browser, tmp_path):
    file = pages(tmp_path, payloads.MARKUP[9].replace("§", "501"), 0)[1]
    html = file.read_text(encoding="utf-8").replace("&lt;", "<").replace("&gt;", ">")
    file.write_text(html, encoding="utf-8")
    with Visit(browser, file, script=LISTEN) as visit:
        assert any("a handler" in one for one in harm(visit))


@pytest.mark.parametrize("contact", ["javascript:ond(501)", 'https://x.se/" onclick="ond(501)'])
def test_a_contact_is_a_link_only_where_it_is_an_address(contact):
    assert statement._link(contact) is None
    assert statement._link("trygg@exempelsjo.se") == (
        "mailto:trygg@exempelsjo.se",
        "trygg@exempelsjo.se",
    )
    assert statement._link("https://exempelsjo.se/est")[0] == "https://exempelsjo.se/est"


def test_every_payload_is_text_in_what_the_map_says(browser, tmp_path):
    script = "\n".join(
        f"document.querySelectorAll('section')[{at}].innerHTML = `{live.inert(text)}`;"
        for at, text in enumerate(payloads.EVERY)
    )
    body = "<section></section>" * len(payloads.EVERY)
    with opened(browser, tmp_path, f"{body}<script>{script}</script>") as visit:
        assert harm(visit) == []
        assert len(told(visit, "section")) == len(payloads.EVERY)
    raw = f"{body}<script>document.querySelector('section').innerHTML = `${{ond(501)}}`</script>"
    with opened(browser, tmp_path, raw) as visit:
        assert "ran: 501" in harm(visit)


def test_no_cell_of_a_table_is_counted_with(tmp_path, monkeypatch):
    def written():
        files = []
        for at, text in enumerate(payloads.EVERY):
            file = tmp_path / f"{at}.csv"
            file.write_text(table(text).csv(), encoding="utf-8-sig", newline="\n")
            files.append(file)
        return {file.name: found for file in files if (found := formulas(file))}

    assert written() == {}
    monkeypatch.setattr(tables, "_FORMULA", ("?",))
    assert len(written()) >= len(payloads.FORMULAS) - 3


def test_a_name_with_dollars_is_drawn_as_it_is_written():
    """Matplotlib reads what stands between dollars as a formula, and stops at one that is none."""
    figure = charts._figure(2.0)[0]
    figure.axes[0].set_yticks([0], ["Torget $\\frac{9}$"])
    assert charts._svg(figure).startswith(b"<?xml")
    figure = charts._figure(2.0)[0]
    figure.axes[0].set_yticks([0], ["Torget $\\frac{9}$"])
    with pytest.raises(ValueError, match="frac"):
        FigureCanvasSVG(figure).print_svg(io.BytesIO())


# --- a whole municipality


@pytest.fixture(scope="module")
def reports(home, tmp_path_factory):
    """Return the reports of a municipality every text of which is hostile."""
    place = tmp_path_factory.mktemp("ond")
    folder = place / "exempelsjo"
    shutil.copytree(home, folder, ignore=shutil.ignore_patterns("store", "ledger"))
    hostile.poison(folder)
    builder.build(folder, "2025", out=place / "reports")
    builder.build(folder, "2026Q3", edition="published", out=place / "reports")
    return place / "reports"


@pytest.mark.readers
def test_a_hostile_municipality_loses_no_row_for_it(home, reports):
    def rows(folder):
        gathered = builder.accept.gather(municipality.load(folder))
        return len(gathered.events), gathered.unread

    assert rows(reports.parent / "exempelsjo") == rows(home)


@pytest.mark.readers
@pytest.mark.parametrize("bypass", [False, True], ids=["with the policy", "without"])
def test_no_report_of_a_hostile_municipality_does_harm(browser, reports, bypass):
    cells, found = set(), {}
    for file in sorted(reports.rglob("*.html")):
        with Visit(browser, file, script=LISTEN, bypass_csp=bypass) as visit:
            found[file.name] = harm(visit)
            cells |= told(visit, "main .table, main figure, main summary, main .finding")
    assert not any(found.values()), found
    assert len(found) >= 5
    assert len(cells) >= 100


@pytest.mark.readers
def test_no_table_of_a_hostile_municipality_is_counted_with(reports):
    files = sorted(reports.rglob("*.csv"))
    assert {file.name: found for file in files if (found := formulas(file))} == {}
    assert len(files) > 40


@pytest.mark.readers
def test_one_text_let_through_into_a_report_is_seen(browser, reports, tmp_path):
    html = (reports / "exempelsjo/2025/rapport.html").read_text(encoding="utf-8")
    assert "&lt;svg onload=" in html
    file = tmp_path / "rapport.html"
    file.write_text(html.replace("&lt;svg onload=", "<svg onload="), encoding="utf-8")
    with Visit(browser, file, script=LISTEN) as visit:
        assert harm(visit)
