"""What a page must hold for everybody who reads it: each check returns its faults in words."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
NARROW = 320
"""CSS pixels: what 1280 are at a zoom of 400 per cent (WCAG 1.4.10)."""


@cache
def _axe() -> str:
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def axe(page) -> list[str]:
    """Return what axe-core finds at WCAG 2.1 A and AA: rule, how many, and the first place."""
    page.evaluate(_axe())
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, "
        "resultTypes: ['violations']})",
        list(RULES),
    )
    return [
        f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:150]}"
        for one in found["violations"]
    ]


def structure(page) -> list[str]:
    """Return faults of language, title, headings, pictures and tables."""
    return page.evaluate(_STRUCTURE)


_STRUCTURE = r"""() => {
  const faults = [], all = (css) => [...document.querySelectorAll(css)];
  const name = (e) => e.outerHTML.slice(0, 120);
  if (!/^(sv|en)$/.test(document.documentElement.lang)) faults.push('no language');
  if (!document.title.trim()) faults.push('no title');
  if (all('main').length !== 1) faults.push('not one main');
  const headings = all('h1, h2, h3, h4, h5, h6');
  if (all('h1').length !== 1) faults.push('not one h1');
  let former = 0;
  for (const one of headings) {
    const level = Number(one.tagName[1]);
    if (level > former + 1) faults.push('heading skips: ' + name(one));
    if (!one.textContent.trim()) faults.push('heading without text: ' + name(one));
    former = level;
  }
  for (const one of all('img')) {
    if (!one.hasAttribute('alt') || one.alt.trim().length < 20) faults.push('alt: ' + name(one));
  }
  for (const one of all('table')) {
    if (!one.caption || !one.caption.textContent.trim()) faults.push('caption: ' + name(one));
    for (const th of one.querySelectorAll('th')) {
      if (!/^(col|row)$/.test(th.scope)) faults.push('scope: ' + name(th));
    }
    if (!one.querySelector('th')) faults.push('no head: ' + name(one));
  }
  for (const one of all('[href^="#"]:not([role="button"])')) {
    if (!document.getElementById(one.getAttribute('href').slice(1))) {
      faults.push('leads nowhere: ' + name(one));
    }
  }
  const ids = all('[id]').map((e) => e.id);
  if (new Set(ids).size !== ids.length) faults.push('an id stands twice');
  return faults;
}"""


def reflow(page) -> list[str]:
    """Return what makes the page scroll sideways; wide tables may scroll in boxes of their own."""
    return page.evaluate(_REFLOW)


_REFLOW = r"""() => {
  const root = document.documentElement, wide = root.clientWidth;
  const kept = (e) => { for (let p = e.parentElement; p; p = p.parentElement) {
      if (/auto|scroll|hidden|clip/.test(getComputedStyle(p).overflowX) && p !== root
          && p !== document.body) return true; } return false; };
  const faults = [...document.body.querySelectorAll('*')].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && box.right > wide + 1 && !kept(e);
  }).map((e) => 'too wide: ' + e.outerHTML.slice(0, 120));
  if (root.scrollWidth > wide) faults.push(`scrolls sideways: ${root.scrollWidth} > ${wide}`);
  return faults.slice(0, 5);
}"""

_STOPS = r"""() => {
  const css = 'a[href], button, input, select, textarea, summary, [tabindex]';
  const seen = (e) => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length;
  return window.stops = [...document.querySelectorAll(css)].filter(
    (e) => e.tabIndex >= 0 && !e.disabled && seen(e));
}"""
_HERE = r"""() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
  return {at: window.stops.indexOf(e), name: e.outerHTML.slice(0, 120), ring,
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    body: e === document.body};
}"""

_START = """() => { document.body.tabIndex = -1; document.body.focus();
  document.body.removeAttribute('tabindex'); window.scrollTo(0, 0); }"""


def keyboard(page) -> list[str]:
    """Return what Tab does not reach, reaches out of order, or shows no focus on; and traps."""
    stops = page.evaluate(f"({_STOPS})().length")
    page.evaluate(_START)
    faults = []
    for wanted in range(stops):
        page.keyboard.press("Tab")
        here = page.evaluate(_HERE)
        if here["at"] != wanted:
            return [*faults, f"stop {wanted} of {stops}: came to {here['at']}, {here['name']}"]
        if not here["ring"]:
            faults.append(f"no visible focus: {here['name']}")
        if not here["inside"]:
            faults.append(f"focus out of sight: {here['name']}")
    page.keyboard.press("Tab")
    if stops and page.evaluate(_HERE)["at"] == stops - 1:
        faults.append("Tab does not leave the page")
    return faults[:5]


def folds(page) -> list[str]:
    """Return the folded parts that Enter does not open and shut again."""
    faults = []
    for summary in page.query_selector_all("summary"):
        if not summary.is_visible():
            continue
        states = []
        for _ in range(2):
            summary.focus()
            page.keyboard.press("Enter")
            states.append(summary.evaluate("e => e.parentElement.open"))
        if states != [True, False]:
            faults.append(f"Enter gives {states}: {summary.evaluate('e => e.textContent')[:60]}")
    return faults


def motion(page) -> list[str]:
    """Return what moves for a reader who has asked for less motion."""
    return page.evaluate(
        r"""() => [...document.querySelectorAll('*')].filter((e) => {
          const s = getComputedStyle(e);
          return [s.transitionDuration, s.animationDuration].some(
            (t) => t.split(',').some((one) => parseFloat(one) > 0))
            || s.scrollBehavior === 'smooth';
        }).map((e) => 'moves: ' + e.outerHTML.slice(0, 100)).slice(0, 5)"""
    )


def unfold(page) -> None:
    """Open everything that can be opened."""
    page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")


def sheets(printed: bytes) -> int:
    """Return how many sheets of paper a PDF has."""
    return len(re.findall(rb"/Type\s*/Page\b", printed))


def paper(printed: bytes) -> list[str]:
    """Return what a printed page lacks: tags, a language, a title."""
    faults = []
    if not re.search(rb"/MarkInfo\s*<<\s*/Type\s*/MarkInfo\s*/Marked true|/Marked\s+true", printed):
        faults.append("not tagged")
    faults += [f"no {key.decode()}" for key in (b"StructTreeRoot", b"Lang", b"Title")
               if b"/" + key not in printed]  # fmt: skip
    return faults


def everything(visit) -> dict[str, list[str]]:
    """Return every check's faults on a page that is open; none is an empty answer."""
    page, width = visit.page, visit.page.viewport_size["width"]
    found = {"axe": axe(page), "structure": structure(page), "keyboard": keyboard(page)}
    if width > NARROW:
        found["folds"] = folds(page)
    found["reflow"] = reflow(page)
    unfold(page)
    found |= {"axe, unfolded": axe(page), "reflow, unfolded": reflow(page)}
    found |= {"keyboard, unfolded": keyboard(page)}
    found |= {"asked": visit.asked(), "complaints": visit.complaints}
    return {name: faults for name, faults in found.items() if faults}
