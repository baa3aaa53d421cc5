"""What must hold of the dashboard after every change; its stories are in `test_stories.py` and beside it.

Every page on a running demo: the browser complains of nothing, axe finds nothing serious, nothing sticks out. What
changes is shown, a lost connection is said and heals, commands need the key.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exchanges.port import TickerSeen
from scripts.running import check_port
from tests.api.rig import KEY
from tests.dashboard.browser import ROOT, SIZES, browsing, needed, visit
from tests.dashboard.exposed import exposed
from tests.dashboard.story import BTC, LATE, Story, begun

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PAGES = {
    "now": "/", "positions": "/positions", "grid": "/grid", "scanner": "/scanner/BTC-USDT", "matrix": "/matrix",
    "trades": "/trades", "equity": "/equity", "arena": "/arena", "explorer": "/explorer", "research": "/research",
    "risk": "/risk", "events": "/events", "data": "/data", "system": "/system",
}
_START_S = 90.0


def _json(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if needed():
        pytest.skip(needed())
    folder: Path = tmp_path_factory.mktemp("demo")
    port = check_port(0)
    options = ["up", "--port", str(port), "--speed", "600", "--config", str(ROOT / "config")]
    environment = {**os.environ, "SCALP_RADAR_STATE": str(folder / "state")}
    said = folder / "said"
    with said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.main", *options], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + _START_S
        while time.monotonic() < until and process.poll() is None:
            try:
                if _json(f"{url}/api/conditions") and _json(f"{url}/api/now")["health"]["exchange_ms"]:
                    break
            except OSError:
                pass
            time.sleep(0.2)
        else:
            pytest.fail(f"the demo did not begin: {said.read_text()[-1000:]}")
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


@pytest.fixture(scope="module")
def browser(demo: str) -> Iterator[Any]:
    with browsing() as started:
        yield started


@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_sound(browser: Any, demo: str, size: str) -> None:
    visited = visit(browser, demo, size)
    wrong: dict[str, object] = {}
    for name, path in PAGES.items():
        visited.to(path)
        visited.settled()
        visited.picture(f"{name}-{size}")
        found = visited.findings()
        if found or visited.errors or not visited.fits():
            wrong[name] = (found, list(visited.errors), "fits" if visited.fits() else "sticks out")
        visited.errors.clear()
    assert wrong == {}


def test_the_first_page_needs_one_request_of_at_most_eight_kilobytes(browser: Any, demo: str) -> None:
    visited = visit(browser, demo)
    asked: list[str] = []
    visited.page.on("request", lambda request: asked.append(request.url.removeprefix(demo)))
    with visited.page.expect_response(f"{demo}/api/now", timeout=30_000) as now:
        visited.to("/").says("Next levels")
    assert len(now.value.body()) <= 8_000
    assert next(url for url in asked if "/api/" in url) == "/api/now", "the first paint needs one request"


@pytest.fixture
def story(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    told = begun(tmp_path_factory.mktemp("story"))
    told.tell(exposed())
    yield told
    told.close()


def test_what_changes_is_shown_without_a_reload(browser: Any, story: Story) -> None:
    visited = visit(browser, story.url).to(f"/positions/{BTC}")
    visited.says("61,540.0")
    story.tell(TickerSeen(BTC, LATE + 1_000, 62_000.0, 62_000.0, 61_999.9, 62_000.1))
    visited.says("62,000.0")
    assert "61,540.0" not in visited.text()
    assert visited.errors == []


@pytest.mark.parametrize(("kind", "deed"), [("halt", "Halt trading"), ("reduce", "Withdraw entries")])
def test_a_command_asks_for_the_key_says_when_it_is_wrong_and_keeps_it_nowhere(
    browser: Any, story: Story, kind: str, deed: str
) -> None:
    visited = visit(browser, story.url).to("/")
    visited.page.get_by_role("button", name=kind.capitalize()).click()
    dialog = visited.page.get_by_role("dialog")
    dialog.get_by_text("2 open positions keep their stop").wait_for()
    assert visited.page.evaluate("document.activeElement.textContent") == "Keep trading"
    dialog.get_by_label("Key for commands").fill("wrong " * 4)
    dialog.get_by_label(f"or type {kind.upper()} and press Enter").fill(kind.upper())
    visited.page.keyboard.press("Enter")
    dialog.get_by_role("alert").get_by_text("missing or wrong").wait_for()
    assert story.risk.told == []
    dialog.get_by_label("Key for commands").fill(KEY)
    hold = dialog.get_by_role("button", name=deed)
    box = hold.bounding_box()
    assert box is not None
    visited.page.mouse.move(box["x"] + 20, box["y"] + 20)
    visited.page.mouse.down()
    dialog.get_by_role("status").get_by_text("Accepted").wait_for()
    visited.page.mouse.up()
    assert [told[:2] for told in story.risk.told] == [(kind, "")]
    kept = json.dumps(visited.page.evaluate("[{...localStorage}, {...sessionStorage}, location.href, document.cookie]"))
    assert KEY not in kept
    assert [error for error in visited.errors if "401" not in error] == []


def test_without_the_api_everything_is_unknown_and_heals_by_itself(browser: Any, story: Story) -> None:
    visited = visit(browser, story.url).to("/")
    visited.says("all 2 positions have their stop")
    story.kill()
    visited.page.get_by_text("No connection").wait_for(timeout=9_000)
    assert visited.page.locator("[data-word=UNKNOWN]").first.is_visible()
    assert visited.page.title() == "? UNKNOWN"
    assert visited.page.get_by_role("button", name="Halt").is_disabled()
    assert "10,120" in visited.text(), "old figures stay"
    story.revive()
    visited.page.get_by_role("button", name="Now", exact=True).click()
    visited.page.locator("[data-word=OK]").first.wait_for()
    expected = ("ERR_CONNECTION_REFUSED", "WebSocket")
    assert [error for error in visited.errors if not any(one in error for one in expected)] == []
