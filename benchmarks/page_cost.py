"""
What a reader waits for: the quarterly page against a default nbconvert page with the same figures.

Both pages are made in this run of the same executed chapters and opened in turn, in a fresh tab
without network, on a processor slowed four times as a phone's. nbconvert's page asks for two
scripts that no network gives here; that is to its advantage, since nothing waits for them. By
itself: ``python -m benchmarks.page_cost``.
"""

from __future__ import annotations

import copy
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measured import Aim, Figure, Measured, Part, Table, ratio
from est_analysis import municipality
from est_analysis.reports import build as builder
from est_analysis.reports.leaflet import leaflet

PERIOD, RUNS, SLOWER = "2026Q3", 11, 4
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MAP = "application/vnd.est.map+json"


def made(folder: Path) -> tuple[Path, list[Any]]:
    """Return the sample's report, and the executed chapters that it was made of."""
    home, seen = folder / "exempelsjo", {}
    ignore = shutil.ignore_patterns("store", "ledger")
    shutil.copytree(municipality.EXAMPLES / "exempelsjo", home, ignore=ignore)
    original = builder._write

    def write(place: Path, results: Any, executed: Any) -> Any:
        seen.update(copy.deepcopy(executed))
        return original(place, results, executed)

    builder._write = write
    try:
        built = builder.build(home, PERIOD, out=folder / "reports")
    finally:
        builder._write = original
    return built.report, seen[builder.QUARTERLY.file]


def default_page(notebooks: list[Any], folder: Path) -> Path:
    """Write the chapters as nbconvert does by itself; a map is shown as it is in our page."""
    from nbconvert import HTMLExporter

    whole = copy.deepcopy(notebooks[0])
    whole.cells = [cell for notebook in notebooks for cell in copy.deepcopy(notebook).cells]
    script, style = leaflet()
    for cell in whole.cells:
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).pop(MAP, None)
            if shown:
                parts = (f"<style>{style}</style>", shown["html"])
                scripts = (f"<script>{script}</script>", f"<script>{shown['script']}</script>")
                output["data"]["text/html"] = "".join([*parts, *scripts])
    file = folder / "nbconvert.html"
    file.write_text(HTMLExporter().from_notebook_node(whole)[0], encoding="utf-8")
    return file


PAINT = """() => new Promise((done) => {
  const told = () => {
    const [paint] = performance.getEntriesByName('first-contentful-paint');
    const [whole] = performance.getEntriesByType('navigation');
    if (paint && whole.loadEventEnd) done([paint.startTime, whole.loadEventEnd]);
    else setTimeout(told, 20);
  };
  told();
})"""


def waited(browser: Any, file: Path) -> tuple[float, float]:
    """Return milliseconds until something is painted, and until all is loaded."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, offline=True)
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(file.as_uri())
    paint, loaded = page.evaluate(PAINT)
    context.close()
    return paint, loaded


PART = Part(
    "page",
    "What a reader waits for",
    "make bench",
    "benchmarks/page_cost.py",
    f"""\
The quarterly page and a default nbconvert page of the same executed chapters and figures, opened
in turn in a fresh tab of 390 pixels without network, processor slowed {SLOWER} times; medians of
{RUNS}. nbconvert's two scripts from a network fail at once here, to its advantage.""",
    (
        Aim("size", "the quarterly page", 3.0, unit="MB"),
        Aim("paint", "first paint / nbconvert's", 1.0, unit="ms", peer=True),
        Aim("loaded", "all loaded / nbconvert's", 1.0, unit="ms", peer=True),
    ),
)


def measure(quick: bool = False) -> Measured:
    """Open both pages in turn; fewer times where small sizes will do."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        return Measured(left_out=("there is no browser on this machine",))
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        report, notebooks = made(Path(name))
        pages = {"ours": report, "nbconvert": default_page(notebooks, Path(name))}
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        times: dict[str, list[tuple[float, float]]] = {one: [] for one in pages}
        for turn in range((1 if quick else RUNS) + 1):
            for one, file in pages.items():
                seen = waited(browser, file)
                times[one] += [seen] if turn else []  # the first opens the browser's own files
        browser.close()
        sizes = {one: file.stat().st_size / 1e6 for one, file in pages.items()}
    medians = {
        one: [statistics.median(t) for t in zip(*own, strict=True)] for one, own in times.items()
    }
    (paint, loaded), (its_paint, its_loaded) = medians["ours"], medians["nbconvert"]
    figures = {
        "size": Figure(sizes["ours"], sizes["ours"]),
        "paint": ratio(paint, its_paint),
        "loaded": ratio(loaded, its_loaded),
    }
    rows = [
        (one, f"{sizes[one]:.2f}", *(f"{moment:,.0f}" for moment in medians[one]))
        for one in medians
    ]
    return Measured(figures, (Table(("page", "MB", "first paint, ms", "loaded, ms"), tuple(rows)),))


def main() -> int:
    """Measure by itself and print the table; return non-zero when an aim is missed."""
    from benchmarks import bench

    return bench.alone(PART.name)


if __name__ == "__main__":
    raise SystemExit(main())
