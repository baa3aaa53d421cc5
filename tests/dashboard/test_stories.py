"""The dashboard in states that must never look fine: no stop, halted, no API; commands with wrong and right keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.messages import TradingHalted, TradingResumed
from tests.api.rig import KEY
from tests.dashboard.browser import Visit, browsing, visit
from tests.dashboard.story import BTC, NOW, SOL, Story, begun, protection

pytestmark = [pytest.mark.xdist_group("dashboard"), pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing() as started:
        yield started


@pytest.fixture
def story(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    told = begun(tmp_path_factory.mktemp("story"))
    yield told
    told.close()


def calm(visited: Visit) -> None:
    assert visited.errors == []
    assert visited.fits()


def test_five_answers_stand_on_one_screen_of_a_phone(browser: Any, story: Story) -> None:
    visited = visit(browser, story.url, "phone").to("/")
    visited.says("all 2 positions have their stop")
    visited.says("Equity")
    for question in ("safe", "money", "open", "data", "next"):
        box = visited.page.locator(f"[data-question={question}]").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 600, question
    assert visited.findings() == []
    calm(visited)
    visited.picture("story-now-phone")


def test_no_chart_is_loaded_before_it_is_wanted(browser: Any, story: Story) -> None:
    visited = visit(browser, story.url)
    loaded: list[str] = []
    visited.page.on("request", lambda request: loaded.append(request.url))
    visited.to("/").says("Next levels")
    assert loaded
    assert not [url for url in loaded if "Chart" in url or "Plot" in url or "Table" in url]
    assert all(url.startswith(story.url) for url in loaded), "a request left for somebody else"


def test_a_position_without_its_stop_comes_first_and_counts_its_seconds(browser: Any, story: Story) -> None:
    story.tell(protection(SOL, 12.0, 148.2, None, unprotected_ms=1_200, sequence=2))
    visited = visit(browser, story.url).to("/")
    visited.says("NO STOP 1.2 s")
    assert visited.page.locator("[data-word=DANGER]").first.is_visible()
    first = visited.page.locator("main table").first.locator("tr").first.inner_text()
    assert "SOL" in first
    visited.page.wait_for_function("document.title.startsWith('!! ')")
    assert visited.page.locator("link[rel=icon]").get_attribute("href") == "/icon-danger.svg"
    calm(visited)
    visited.to("/positions").says("NO STOP")


def test_a_halt_is_said_on_every_page_and_ends_by_a_human_with_the_key(browser: Any, story: Story) -> None:
    story.tell(TradingHalted(NOW, 1, "", "sliding 24 h drawdown 5.3 % above 5.0 %"))
    visited = visit(browser, story.url)
    for path in ("/", "/positions", "/grid", "/scanner", "/matrix"):
        visited.to(path)
        assert "drawdown 5.3 %" in visited.page.get_by_role("alert").first.inner_text()
    visited.page.get_by_role("button", name="Resume").click()
    dialog = visited.page.get_by_role("dialog")
    dialog.get_by_role("listitem").first.wait_for()
    dialog.get_by_label("Key for commands").fill(KEY)
    deed = dialog.get_by_role("button", name="Resume")
    assert deed.is_disabled(), "the word has to be typed"
    dialog.get_by_label("Type RESUME").fill("RESUME")
    deed.click()
    dialog.get_by_role("status").get_by_text("Accepted").wait_for()
    assert story.risk.told[-1][:2] == ("resume", "")
    story.tell(TradingResumed(NOW + 1, 2, ""))
    visited.page.locator("header ~ [role=alert]").wait_for(state="detached")
    assert visited.fits()


def test_halting_asks_for_the_key_says_when_it_is_wrong_and_keeps_it_nowhere(browser: Any, story: Story) -> None:
    visited = visit(browser, story.url).to("/")
    visited.page.get_by_role("button", name="Halt").click()
    dialog = visited.page.get_by_role("dialog")
    dialog.get_by_text("2 open positions keep their stop").wait_for()
    assert visited.page.evaluate("document.activeElement.textContent") == "Keep trading"
    dialog.get_by_label("Key for commands").fill("wrong " * 4)
    dialog.get_by_label("or type HALT and press Enter").fill("HALT")
    visited.page.keyboard.press("Enter")
    dialog.get_by_role("alert").get_by_text("missing or wrong").wait_for()
    assert story.risk.told == []
    dialog.get_by_label("Key for commands").fill(KEY)
    hold = dialog.get_by_role("button", name="Halt trading")
    box = hold.bounding_box()
    assert box is not None
    visited.page.mouse.move(box["x"] + 20, box["y"] + 20)
    visited.page.mouse.down()
    dialog.get_by_role("status").get_by_text("Accepted").wait_for()
    visited.page.mouse.up()
    assert [told[:2] for told in story.risk.told] == [("halt", "")]
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


def test_figures_of_a_position_are_net_of_what_it_cost(browser: Any, story: Story) -> None:
    visited = visit(browser, story.url).to(f"/positions/{BTC}")
    row = visited.page.locator("tr[data-open]")
    row.get_by_text("61,204.3").wait_for()
    shown = " ".join(row.inner_text().split())
    gross = 0.06 * (61_540.0 - 61_204.3)
    net = gross - (62_310.0 * 0.03 + 60_098.6 * 0.03) * 0.0002 - 0.06 * 61_540.0 * 0.0006
    for figure in (f"+{net:.2f}", f"+{gross:.2f}", "0.060", "61,540.0", "45,903.2", "25.4 %"):
        assert figure in shown, figure
    assert "SL" in visited.page.locator("main dl").first.inner_text()


def test_keys_and_the_palette_reach_every_page(browser: Any, story: Story) -> None:
    visited = visit(browser, story.url).to("/")
    links = visited.page.locator("nav a:has(kbd)")
    found = [links.nth(i) for i in range(links.count())]
    pages = [(str(link.get_attribute("href")), link.locator("kbd").text_content()) for link in found]
    assert len({address for address, _ in pages}) == len(pages) >= 5
    for address, keys in pages:
        visited.page.evaluate("""([first, second]) => { for (const key of [first, second]) window.dispatchEvent(
            new KeyboardEvent('keydown', {key, bubbles: true})) }""", str(keys).split())  # at once, however slow we are
        visited.page.wait_for_function("address => location.pathname === address", arg=address)
    visited.page.keyboard.press("Control+k")
    visited.page.get_by_role("combobox").fill("grid dca btc")
    visited.page.get_by_role("combobox").fill("dca BTC")
    visited.page.keyboard.press("Enter")
    visited.page.wait_for_url(f"**/grid/envelope_dca/{BTC}*")
    visited.page.keyboard.press("]")
    visited.page.wait_for_url(f"**/grid/envelope_dca/{SOL}*")
    visited.page.keyboard.press("g")
    visited.page.keyboard.press("s")
    visited.page.locator("#scanner-filter").press("g")
    visited.page.locator("#scanner-filter").press("n")
    assert visited.page.evaluate("location.pathname") == "/scanner", "keys are dead in inputs"


def test_a_candle_asked_why_makes_an_address_that_survives_a_reload(browser: Any, story: Story) -> None:
    candle = NOW - 2 * 3_600_000
    visited = visit(browser, story.url).to(f"/grid/envelope_dca/{BTC}?at={candle}")
    visited.says("not touched: low")
    visited.page.reload()
    visited.says("not touched: low")
    assert f"at={candle}" in visited.page.url
    calm(visited)


def test_french_is_spoken_where_the_browser_speaks_it(browser: Any, story: Story) -> None:
    context = browser.new_context(locale="fr-FR", viewport={"width": 390, "height": 844})
    visited = Visit(context.new_page(), story.url).to("/")
    visited.says("les 2 positions ont leur stop")
    assert visited.page.locator("html").get_attribute("lang") == "fr"
    calm(visited)
