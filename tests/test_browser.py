"""The finished pages in a browser with no network: nothing leaves, nothing fails, all is shown."""

from __future__ import annotations

import re

import pytest
from browsing import Visit, needs_browser
from test_site import claim, lay

from est_analysis.reports import site

pytestmark = needs_browser


@pytest.fixture
def folder(built):
    return built.folder


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("name", ["rapport", "mote", "../index"])
def test_a_page_opens_offline(browser, folder, name, width):
    visit = Visit(browser, folder / f"{name}.html", width)
    assert visit.asked() == []
    assert visit.complaints == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    widths = visit.page.eval_on_selector_all("img", "all => all.map(i => i.naturalWidth)")
    assert all(widths)
    visit.context.close()


def test_the_map_is_drawn(browser, folder):
    visit = Visit(browser, folder / "rapport.html", 1280)
    assert visit.page.locator(".folium-map path").count() > 100
    shown = visit.page.locator('.folium-map path.leaflet-interactive:not([d="M0 0"])')
    shown.first.hover(force=True)
    assert "anmälda brott" in visit.page.locator(".foliumtooltip").first.inner_text()
    visit.context.close()


def test_the_list_of_reports_is_searched_by_every_word(browser, tmp_path):
    lay(tmp_path, "2026Q2", claim("Badhusparkeringen"))
    lay(tmp_path, "2026Q3", claim("Stationsparken"))
    visit = Visit(browser, site.write(tmp_path, "Provby"), 390)
    seen = visit.page.locator("article:visible h2")
    assert seen.all_inner_texts() == ["Juli–september 2026", "April–juni 2026"]
    visit.page.keyboard.press("Tab")
    visit.page.keyboard.press("Tab")
    visit.page.keyboard.type("2026 BADHUS rapport")
    assert seen.all_inner_texts() == ["April–juni 2026"]
    assert visit.page.locator("#antal").inner_text() == "1 / 2"
    visit.page.get_by_label("Sök").fill("finns inte")
    assert seen.count() == 0
    visit.page.get_by_label("Sök").fill("")
    assert seen.count() == 2
    assert visit.complaints == []
    visit.context.close()


def pages_of(browser, file):
    """Return how many sheets of paper a page takes."""
    visit = Visit(browser, file, 1280)
    printed = visit.page.pdf(prefer_css_page_size=True, tagged=True)
    visit.context.close()
    return len(re.findall(rb"/Type\s*/Page\b", printed))


def test_the_brief_is_one_sheet_of_paper(browser, folder, tmp_path):
    assert pages_of(browser, folder / "mote.html") == 1
    longer = tmp_path / "mote.html"
    html = (folder / "mote.html").read_text(encoding="utf-8")
    longer.write_text(html.replace("</main>", "<p>mer</p>" * 60 + "</main>"), encoding="utf-8")
    assert pages_of(browser, longer) > 1


def test_markup_smuggled_into_a_page_does_nothing(browser, folder, tmp_path):
    """The policy is the last wall: even a text that got through unescaped cannot run."""
    html = (folder / "rapport.html").read_text(encoding="utf-8")
    smuggled = (
        "<script>document.title='tagen'</script><img src=x onerror=\"document.title='tagen'\">"
    )
    file = tmp_path / "rapport.html"
    file.write_text(html.replace("<main>", f"<main>{smuggled}", 1), encoding="utf-8")
    visit = Visit(browser, file, 1280)
    assert visit.page.title() != "tagen"
    assert any("Content Security Policy" in text for text in visit.complaints)
    assert visit.page.locator(".folium-map path").count() > 100
    visit.context.close()
    bare = html.replace('http-equiv="Content-Security-Policy"', 'name="none"', 1)
    file.write_text(bare.replace("<main>", f"<main>{smuggled}", 1), encoding="utf-8")
    visit = Visit(browser, file, 1280)
    assert visit.page.title() == "tagen"
    visit.context.close()


def test_a_request_would_be_noticed(browser, folder, tmp_path):
    html = (folder / "mote.html").read_text(encoding="utf-8")
    html = html.replace('http-equiv="Content-Security-Policy"', 'name="none"', 1)
    file = tmp_path / "mote.html"
    file.write_text(
        html.replace("</main>", '<img src="http://127.0.0.1:9/x.png" alt=""></main>'),
        encoding="utf-8",
    )
    visit = Visit(browser, file, 1280)
    assert visit.asked()
    visit.context.close()


def drawn(visit):
    """Return how many shapes of the map are drawn."""
    return visit.page.locator(".folium-map path.leaflet-interactive").count()


def test_layers_are_switched_from_the_keyboard(browser, folder, tmp_path):
    visit = Visit(browser, folder / "rapport.html", 1280)
    before, box = drawn(visit), visit.page.get_by_label("Rutor om 250 meter: anmälda brott")
    box.focus()
    visit.page.keyboard.press("Space")
    assert drawn(visit) < before - 50
    visit.page.keyboard.press("Space")
    assert drawn(visit) == before
    surface = visit.page.get_by_label("Täthet av anmälda brott, tolv månader", exact=True)
    surface.focus()
    visit.page.keyboard.press("Space")
    assert drawn(visit) > before
    assert visit.complaints == []
    visit.context.close()
    silent = tmp_path / "rapport.html"
    html = (folder / "rapport.html").read_text(encoding="utf-8")
    silent.write_text(html.replace('value="rutor"', 'value="rutor" disabled'), encoding="utf-8")
    visit = Visit(browser, silent, 1280)
    visit.page.locator("input[value=rutor]").focus()
    visit.page.keyboard.press("Space")
    assert drawn(visit) == before
    visit.context.close()


def test_shapes_and_legend_are_filled_with_patterns_that_are_there(browser, folder):
    visit = Visit(browser, folder / "rapport.html", 1280)
    missing = """() => [...document.querySelectorAll('[fill^="url(#"]')]
        .filter(e => !document.querySelector(e.getAttribute('fill').slice(4, -1))).length"""
    assert visit.page.locator('.folium-map path[fill^="url(#"]').count() > 10
    assert visit.page.locator('.swatch [fill^="url(#"]').count() >= 3
    assert visit.page.evaluate(missing) == 0
    visit.page.evaluate("document.querySelector('pattern').remove()")
    assert visit.page.evaluate(missing) > 0
    visit.context.close()


def sights(page):
    """Return which of the two maps take up room: the one that moves, and the picture."""
    boxes = [page.locator(f"figure.map {one}").first.bounding_box() for one in (".live", ".still")]
    return [bool(box and box["width"] > 50 and box["height"] > 50) for box in boxes]


def test_on_paper_and_without_scripts_the_map_is_a_picture(browser, folder):
    visit = Visit(browser, folder / "rapport.html", 1280)
    assert sights(visit.page) == [True, False]
    told = visit.page.get_by_role("img", name=re.compile("Karta. .*Allt på kartan står"))
    assert told.count() == 1  # on the screen too, for those who hear the page
    visit.page.emulate_media(media="print")
    assert sights(visit.page) == [False, True]
    visit.context.close()
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "rapport.html").as_uri())
    assert sights(page) == [False, True]
    assert not page.locator("figure.map input").first.is_visible()
    context.close()


def test_the_scale_is_metric_and_the_buttons_speak_swedish(browser, folder):
    visit = Visit(browser, folder / "rapport.html", 390)
    assert re.fullmatch(r"\d+ k?m", visit.page.locator(".leaflet-control-scale").inner_text())
    assert visit.page.get_by_role("button", name="Zooma in").count() == 1
    assert visit.page.get_by_role("button", name="Zoom in", exact=True).count() == 0
    visit.context.close()
