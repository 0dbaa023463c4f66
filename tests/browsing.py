"""A page opened in headless Chromium with no network: what it asks for and complains of."""

from __future__ import annotations

import os
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

needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not REQUIRED,
        reason="ingen Chromium på den här maskinen: installera paketet chromium",
    ),
]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "EST_REQUIRE_BROWSER is set, but there is no Chromium"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


class Visit:
    """
    One page opened offline; use it with `with`, so that its tab is closed.

    `script` runs before anything of the page's own; `more` is given to the browser's context.
    """

    def __init__(self, browser, file: Path, width: int = 1280, *, script="", **more) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, offline=True, has_touch=width < 500, **more
        )
        if script:
            self.context.add_init_script(script)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.dialogs: list[str] = []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.complaints.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("dialog", self._dialog)
        self.page.goto(file.as_uri())
        self.page.wait_for_timeout(300)

    def _dialog(self, dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def asked(self) -> list[str]:
        """Return requests for anything but the page and what it holds itself."""
        return [url for url in self.requests[1:] if not url.startswith("data:")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()
