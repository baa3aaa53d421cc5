"""A real browser on the built dashboard, and what every page must keep: no error, no serious finding of axe."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from actors.api_host import DASHBOARD

ROOT: Final = Path(__file__).parents[2]
AXE: Final = ROOT / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES: Final = ROOT / "var" / "screenshots"
SIZES: Final = {"desktop": (1440, 900), "phone": (390, 844)}
NARROW: Final = "narrow"
"""The smallest phones: 360 pixels."""
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE_MS: Final = 30_000


def needed() -> str:
    """What is missing for a browser test, '' when nothing is."""
    if not (DASHBOARD / "index.html").is_file():
        return "the dashboard is not built (make dashboard)"
    if not any(shutil.which(name) for name in _BROWSERS):
        return "no chromium here"
    return ""


class Visit:
    """One page open in one window; ``errors`` are everything that the browser complained about."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.errors: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text}")

    def to(self, path: str) -> Visit:
        """Open an address and wait until its data are there."""
        self.page.goto(self.url + path, wait_until="domcontentloaded")
        self.page.locator("main h1").first.wait_for(state="attached")
        return self

    def settled(self) -> Visit:
        """Wait until nothing is being loaded any more, and what came is drawn."""
        self.page.wait_for_function("() => !document.querySelector('main [class*=skeleton]')")
        self.page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        return self

    def text(self) -> str:
        """Everything that can be read."""
        return str(self.page.inner_text("body"))

    def says(self, text: str | re.Pattern[str]) -> None:
        """Wait until the page itself shows a text. Raises when it does not come."""
        self.page.locator("main").get_by_text(text).filter(visible=True).first.wait_for()

    def fits(self) -> bool:
        """Nothing sticks out to the side."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))

    def findings(self) -> list[str]:
        """Serious and critical findings of axe, each with where."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})  # past the page's own policy
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
        return [
            f"{one['id']}: {node['target']} {node.get('failureSummary', '')[:160]}"
            for one in found if one["impact"] in ("serious", "critical") for node in one["nodes"]
        ]

    def picture(self, name: str) -> None:
        """Keep what is seen under ``var/screenshots``."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(PICTURES / f"{name}.png"))


@contextmanager
def browsing() -> Iterator[Any]:
    """A running browser that speaks to nobody but loopback. Skips where it cannot be."""
    missing = needed()
    if missing:
        pytest.skip(missing)
    sync_api = pytest.importorskip("playwright.sync_api")
    path = next(found for name in _BROWSERS if (found := shutil.which(name)))
    with sync_api.sync_playwright() as started:
        arguments = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
        browser = started.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


def visit(browser: Any, url: str, size: str = "desktop", **more: Any) -> Visit:
    """A new window of its own."""
    width, height = SIZES.get(size, (360, 740))
    phone = size != "desktop"
    context = browser.new_context(
        viewport={"width": width, "height": height}, is_mobile=phone, has_touch=phone, locale="en-GB",
        timezone_id="Europe/Zurich", reduced_motion="reduce", **more,
    )
    context.set_default_timeout(_PATIENCE_MS)
    return Visit(context.new_page(), url)
