"""The checks themselves: a sound page passes them all, and each sees the fault it is there for."""

from __future__ import annotations

import checks
import pytest
from browsing import Visit, needs_browser

pytestmark = needs_browser

PAGE = """<!DOCTYPE html><html lang="sv"><head><meta charset="utf-8"><title>Prov</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>a:focus-visible, summary:focus-visible, div:focus-visible {{ outline: 3px solid #a34700; }}
{style}</style></head><body><main><h1>Prov</h1><p>Text. <a href="#slut">Till slutet</a></p>
<img alt="Stapeldiagram: flest i juli, tolv." src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
<div style="overflow-x: auto" tabindex="0" role="region" aria-label="Antal"><table>
<caption>Antal</caption><thead><tr><th scope="col">Slag</th><th scope="col">Antal</th></tr></thead>
<tbody><tr><th scope="row">Brott</th><td>12</td></tr></tbody></table></div>
<details><summary>Visa mer</summary><p>Mer. <a href="#slut">Slut</a></p></details>
<h2 id="slut">Slut</h2>{more}</main>{end}</body></html>"""


def opened(browser, folder, *, change=("", ""), style="", more="", end="", width=1280, **given):
    old, new = change
    html = PAGE.format(style=style, more=more, end=end)
    assert old in html
    file = folder / "prov.html"
    file.write_text(html.replace(old, new, 1) if old else html, encoding="utf-8")
    return Visit(browser, file, width, **given)


@pytest.mark.parametrize("width", [1280, 320])
def test_a_sound_page_has_no_fault(browser, tmp_path, width):
    with opened(browser, tmp_path, width=width) as visit:
        assert checks.everything(visit) == {}
        assert checks.motion(visit.page) == []
        assert checks.paper(visit.page.pdf(tagged=True)) == []


TAKEN = "<style>a:focus, summary:focus { outline: none !important; }</style>"
TRAP = (
    "<button id=b>Fast</button><script>b.addEventListener('keydown', (e) => e.preventDefault())"
    "</script>"
)
FAULTS = {
    "pale text": ("axe", {"style": "p { color: #bbb }"}, "color-contrast"),
    "a field without a name": ("axe", {"more": "<input>"}, "label"),
    "a role that is none": ("axe", {"more": "<p role=knapp>x</p>"}, "aria-roles"),
    "no language": ("structure", {"change": (' lang="sv"', "")}, "language"),
    "no title": ("structure", {"change": ("Prov</title>", "</title>")}, "title"),
    "a skipped heading": ("structure", {"more": "<h4>Djupt</h4>"}, "skips"),
    "two first headings": ("structure", {"more": "<h1>Igen</h1>"}, "one h1"),
    "a picture without words": (
        "structure",
        {"change": ("Stapeldiagram: flest i juli, tolv.", "")},
        "alt",
    ),
    "a picture of few words": ("structure", {"more": '<img alt="Bild">'}, "alt"),
    "no caption": ("structure", {"change": ("<caption>Antal</caption>", "")}, "caption"),
    "no scope": ("structure", {"change": (' scope="col"', "")}, "scope"),
    "a link to nothing": ("structure", {"more": '<a href="#borta">x</a>'}, "nowhere"),
    "an id twice": ("structure", {"more": "<p id=slut>x</p>"}, "twice"),
    "an order of its own": ("keyboard", {"more": '<a href="#slut" tabindex="3">x</a>'}, "came to"),
    "a focus that is not seen": ("keyboard", {"more": TAKEN}, "no visible focus"),
    "a focus out of sight": (
        "keyboard",
        {"more": '<a href="#slut" style="position:fixed;left:-99rem">x</a>'},
        "out of sight",
    ),
    "a trap": ("keyboard", {"end": TRAP + '<a href="#slut">x</a>'}, "came to"),
    "a trap at the end": ("keyboard", {"end": TRAP}, "does not leave"),
    "a fold that Enter does not open": (
        "folds",
        {"end": "<script>document.querySelector('summary').onclick = () => false</script>"},
        "Enter gives",
    ),
    "a wide picture": ("reflow", {"more": '<div style="width:700px">x</div>'}, "sideways"),
    "a long word": ("reflow", {"more": f"<p>{'trygghet' * 20}</p>"}, "sideways"),
}


@pytest.mark.parametrize(("check", "fault", "told"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_seen(browser, tmp_path, check, fault, told):
    width = checks.NARROW if check == "reflow" else 1280
    with opened(browser, tmp_path, width=width, **fault) as visit:
        found = getattr(checks, check)(visit.page)
        assert any(told in one for one in found), found


def test_what_is_folded_is_looked_at_too(browser, tmp_path):
    more = '<details><summary>Mer</summary><p style="color:#bbb">blekt</p></details>'
    with opened(browser, tmp_path, more=more) as visit:
        assert set(checks.everything(visit)) == {"axe, unfolded"}


def test_movement_is_seen_and_only_where_it_is_unasked_for(browser, tmp_path):
    moving = "a { transition: color 1s; }"
    for style, seen in (
        (moving, True),
        (f"@media (prefers-reduced-motion: no-preference) {{ {moving} }}", False),
    ):
        with opened(browser, tmp_path, style=style, reduced_motion="reduce") as visit:
            assert bool(checks.motion(visit.page)) is seen


def test_paper_without_tags_or_title_is_seen(browser, tmp_path):
    with opened(browser, tmp_path) as visit:
        assert "not tagged" in checks.paper(visit.page.pdf(tagged=False))
        assert checks.sheets(visit.page.pdf()) == 1
    with opened(browser, tmp_path, more="<p>mer</p>" * 200) as visit:
        assert checks.sheets(visit.page.pdf()) > 1


def test_a_request_and_a_complaint_are_seen(browser, tmp_path):
    more = '<img src="http://127.0.0.1:9/x.png" alt="En bild som hämtas från nätet">'
    with opened(browser, tmp_path, more=more) as visit:
        found = checks.everything(visit)
    assert found["asked"] == ["http://127.0.0.1:9/x.png"]
    assert found["complaints"]
