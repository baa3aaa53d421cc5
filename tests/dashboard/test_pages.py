"""Every page on a running demo: the browser complains of nothing, axe finds nothing serious, nothing sticks out."""

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

from scripts.running import check_port
from tests.dashboard.browser import ROOT, SIZES, browsing, needed, visit

pytestmark = [pytest.mark.xdist_group("dashboard"), pytest.mark.timeout(180)]

PAGES = {
    "now": "/", "positions": "/positions", "grid": "/grid", "scanner": "/scanner/BTC-USDT", "matrix": "/matrix",
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
        visited.page.wait_for_timeout(600)  # the first pushes and a chart's first drawing
        visited.picture(f"{name}-{size}")
        found = visited.findings()
        if found or visited.errors or not visited.fits():
            wrong[name] = (found, list(visited.errors), "fits" if visited.fits() else "sticks out")
        visited.errors.clear()
    assert wrong == {}


def test_the_first_page_needs_one_request_of_at_most_eight_kilobytes(browser: Any, demo: str) -> None:
    visited = visit(browser, demo)
    sizes: dict[str, int] = {}
    visited.page.on("response", lambda answer: sizes.update(
        {answer.url.removeprefix(demo): len(answer.body())} if "/api/" in answer.url else {}
    ))
    visited.to("/").says("Next levels")
    visited.page.wait_for_load_state("load")
    assert sizes["/api/now"] <= 8_000
    assert set(sizes) <= {"/api/now", "/api/risk"}
