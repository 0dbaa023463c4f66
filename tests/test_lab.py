"""JupyterLab in a real browser, offline: runs all, moves a slider; map and table follow."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from est_analysis.reports.chapters import NOTEBOOKS

ROOT = Path(__file__).resolve().parents[1]
LAB = ROOT / ".venv-lab" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
REQUIRED = bool(os.environ.get("EST_REQUIRE_BROWSER"))
PATIENCE_MS = 240_000  # on a machine that does much else; alone it takes a twentieth

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and LAB.exists()) and not REQUIRED,
        reason="ingen Chromium, eller ingen .venv-lab: kör python run.py lab --help",
    ),
]


def digests(*folders: Path) -> dict[str, str]:
    """Return a digest of every file that belongs to people: notebooks and deliveries."""
    return {
        str(file): hashlib.sha256(file.read_bytes()).hexdigest()
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def lab(home, tmp_path_factory):
    """Start `est lab`, as an analyst does, and return its address and its folder."""
    assert LAB.exists(), "EST_REQUIRE_BROWSER is set, but there is no .venv-lab"
    out = tmp_path_factory.mktemp("ut")
    config = tmp_path_factory.mktemp("config")  # lets the test wait for what the page is doing
    exposed = {"LabApp": {"expose_app_in_browser": True}}
    (config / "jupyter_lab_config.json").write_text(json.dumps(exposed), encoding="utf-8")
    nowhere = "http://127.0.0.1:9"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "JUPYTER_CONFIG_DIR": str(config),
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "NO_PROXY": "127.0.0.1,localhost",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [str(LAB), "-m", "est_analysis.cli", "lab", str(home), "--period", "2026Q3"]
    command += ["--out", str(out), "--no-browser", "--port", str(free_port())]
    log = out / "lab.txt"
    with log.open("w", encoding="utf-8") as said:
        server = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
    try:
        yield address(server, log), out / "lab" / home.name
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def address(server: subprocess.Popen, log: Path) -> str:
    """Wait for JupyterLab's address, token and all."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < end and server.poll() is None:
        found = re.search(r"http://127\S+token=\w+", log.read_text(encoding="utf-8"))
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))


class Seat:
    """An analyst at the bench: the page, and what it asked of anywhere else."""

    def __init__(self, browser, url: str) -> None:
        self.page = browser.new_context(viewport={"width": 1500, "height": 1100}).new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.route("**/*", self._route)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.goto(url)
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext !== undefined"
        )

    def _route(self, route) -> None:
        url = urlsplit(route.request.url)
        if url.scheme in {"data", "blob"} or url.hostname == "127.0.0.1":
            route.continue_()
        else:
            self.asked.append(route.request.url)
            route.abort()

    def run_all(self) -> bool:
        """Run all cells; a click before the kernel is there would be lost."""
        return self.page.evaluate("""async () => {
            const seat = jupyterapp.shell.currentWidget.sessionContext;
            await seat.ready;
            await seat.session.kernel.info;
            return await jupyterapp.commands.execute('notebook:run-all-cells');
        }""")

    def told_kernel(self, code: str) -> None:
        """Run a line in the notebook's kernel."""
        self.page.evaluate(
            """async code => {
                const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                await kernel.requestExecute({code}).done;
            }""",
            code,
        )

    @property
    def map(self):
        return self.page.frame_locator(".est-frame iframe")

    def seen(self) -> dict[str, str]:
        """Return what map and table show now."""
        paths = self.map.locator("path.leaflet-interactive")
        return {
            "map": "".join(paths.evaluate_all("all => all.map(p => p.getAttribute('d'))")),
            "table": self.page.locator(".est-table td").evaluate_all(
                "all => all.map(td => td.textContent).join('|')"
            ),
        }

    def not_followed(self, patience_s: float) -> list[str]:
        """Move the slider one step with the keyboard; return what has not changed after a while."""
        before = self.seen()
        slider = self.page.locator(".est-bandwidth [role=slider]")
        value = slider.get_attribute("aria-valuenow")
        slider.focus()
        self.page.keyboard.press("ArrowRight")
        assert slider.get_attribute("aria-valuenow") != value
        end = time.monotonic() + patience_s
        while True:
            now = self.seen()
            still = [name for name in before if now[name] == before[name]]
            if not still or time.monotonic() > end:
                return still
            self.page.wait_for_timeout(50)


@pytest.fixture(scope="module")
def seat(lab):
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "EST_REQUIRE_BROWSER is set, but there is no Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Seat(browser, lab[0])
        browser.close()


def test_the_bench_opens_runs_and_follows_its_slider(lab, seat, home):
    before = digests(NOTEBOOKS, home)
    assert seat.run_all()
    seat.map.locator("path.ring").first.wait_for(state="attached")
    assert seat.page.locator(".jp-OutputArea-output pre").all_inner_texts() == []
    assert all(seat.seen().values())
    assert seat.not_followed(60) == []

    # a click on another place of the map chooses it, and says why
    chosen = seat.page.locator(".est-place select")
    name = chosen.input_value()
    ring = seat.map.locator("path.ring:not(.chosen)").first
    ring.evaluate("""p => {
        const at = p.getBoundingClientRect();
        const where = {bubbles: true, clientX: at.x + at.width / 2, clientY: at.y + at.height / 2};
        ['mousedown', 'mouseup', 'click'].forEach(n => p.dispatchEvent(new MouseEvent(n, where)));
    }""")
    seat.page.wait_for_function(
        "name => !document.querySelector('.est-why').innerText.startsWith(name)", arg=name
    )
    assert chosen.input_value() != name
    assert "polis/" in seat.page.locator(".est-rows").first.inner_text()

    # what is saved holds no row, and the originals are as they were
    seat.page.evaluate("async () => await jupyterapp.commands.execute('docmanager:save')")
    saved = (lab[1] / "explore.ipynb").read_text(encoding="utf-8")
    assert '"execution_count": 6' in saved
    assert "polis/" not in saved
    assert digests(NOTEBOOKS, home) == before
    assert seat.asked == []
    assert seat.complaints == []


def test_a_slider_that_nothing_follows_is_caught(seat):
    assert seat.not_followed(60) == []
    seat.told_kernel("bench.controls.bandwidth.unobserve_all()")
    assert seat.not_followed(3) == ["map", "table"]


def test_a_page_that_asks_a_network_is_caught(seat):
    assert seat.asked == []
    seat.page.evaluate("() => fetch('http://example.invalid/x').catch(() => null)")
    seat.page.wait_for_timeout(200)
    assert seat.asked == ["http://example.invalid/x"]


def test_without_the_token_nothing_is_shown(lab, seat):
    bare = seat.page.context.browser.new_context().new_page()
    answer = bare.goto(lab[0].split("/lab/")[0] + "/api/contents")
    assert answer is not None
    assert answer.status == 403
    bare.context.close()


def test_a_changed_original_would_be_noticed(tmp_path):
    file = tmp_path / "a.ipynb"
    file.write_text("1", encoding="utf-8")
    before = digests(tmp_path)
    file.write_text("2", encoding="utf-8")
    assert digests(tmp_path) != before
