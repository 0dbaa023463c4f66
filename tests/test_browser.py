"""The finished pages in a browser with no network: nothing leaves, nothing fails, all is shown."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REQUIRED = bool(os.environ.get("EST_REQUIRE_BROWSER"))

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not REQUIRED,
        reason="ingen Chromium på den här maskinen: installera paketet chromium",
    ),
]


@pytest.fixture
def folder(built):
    return built.folder


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "EST_REQUIRE_BROWSER is set, but there is no Chromium"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


class Visit:
    """One page opened offline; what it asked for and complained of."""

    def __init__(self, browser, file: Path, width: int) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, offline=True, has_touch=width < 500
        )
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.complaints.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.goto(file.as_uri())
        self.page.wait_for_timeout(300)

    def asked(self) -> list[str]:
        """Return requests for anything but the page and what it holds itself."""
        return [url for url in self.requests[1:] if not url.startswith("data:")]


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("name", ["rapport", "mote"])
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
