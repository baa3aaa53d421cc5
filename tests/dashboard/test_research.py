"""Explorer and Research in a browser: a hundred thousand cells within half a second (a run: `test_pages.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.dashboard.browser import Visit, browsing, visit
from tests.dashboard.lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PATIENCE_MS = 90_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing() as started:
        yield started


@pytest.fixture(scope="module")
def lab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(tmp_path_factory.mktemp("lab"))
    yield made
    made.close()


def sound(visited: Visit) -> None:
    assert visited.errors == []
    assert visited.findings() == []
    assert visited.fits()


def test_a_hundred_thousand_combinations_are_drawn_within_half_a_second(browser: Any, lab: Lab) -> None:
    run = lab.keep_large((10,) * 5)
    visited = visit(browser, lab.url)
    page = visited.page
    page.set_default_timeout(PATIENCE_MS)
    visited.to(f"/explorer?run={run}&view=cells")
    page.locator("canvas[data-cells='100000']").wait_for()
    taken = min(page.evaluate(_CHOOSE, metric) for metric in ("out.return", "in.return", "out.trades"))
    assert taken <= 500  # milliseconds from the choice to the drawing, the request included
    visited.picture("heatmap-100000")
    box = page.locator("canvas[data-cells]").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    visited.says("p0 0.0")
    sound(visited)


@pytest.mark.parametrize("path", ["explorer", "research"])
def test_a_phone_shows_the_same(browser: Any, lab: Lab, path: str) -> None:
    lab.keep_large((3, 4))
    visited = visit(browser, lab.url, "phone")
    visited.page.set_default_timeout(PATIENCE_MS)
    visited.to(f"/{path}")
    visited.says("ETH")
    if path == "research":
        visited.page.locator("main table a").first.click()
        visited.says("Gate paper → live")
    visited.picture(f"{path}-phone")
    sound(visited)


_CHOOSE = """async (metric) => {
  const select = document.querySelector('select[aria-label=metric]');
  performance.clearMarks('heat-drawn');
  const began = performance.now();
  Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(select, metric);
  select.dispatchEvent(new Event('change', { bubbles: true }));
  for (;;) {
    const mark = performance.getEntriesByName('heat-drawn').find((one) => one.startTime > began);
    if (mark && document.querySelector('select[aria-label=metric]')?.value === metric) return performance.now() - began;
    await new Promise((done) => setTimeout(done, 2));
  }
}"""
"""A metric that was not fetched yet is chosen; the milliseconds until it stands on the canvas."""
