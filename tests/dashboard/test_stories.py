"""The dashboard in states that must never look fine: no stop, halted, no API; commands with wrong and right keys."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from core.messages import TradingHalted, TradingResumed
from tests.api.rig import KEY
from tests.dashboard.browser import NARROW, Visit, browsing, visit
from tests.dashboard.exposed import exposed
from tests.dashboard.story import BTC, NOW, SOL, Story, begun, protection

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing() as started:
        yield started


@pytest.fixture
def story(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    told = begun(tmp_path_factory.mktemp("story"))
    told.tell(exposed())
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


@pytest.mark.parametrize("size", [NARROW, "desktop"])
def test_limits_with_long_names_stay_within_the_page(browser: Any, story: Story, size: str) -> None:
    visited = visit(browser, story.url, size).to("/")
    visited.says("correlation platforms long")
    calm(visited)
    visited.picture(f"story-now-{size}")


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
    alarm = visited.page.locator("main table").get_by_text("NO STOP")
    begun_at = float(alarm.inner_text().split()[2])
    assert begun_at >= 1.2
    visited.page.wait_for_function("from => [...document.querySelectorAll('main table tr')].some("
                                   "row => Number(/NO STOP ([\\d.]+)/.exec(row.innerText)?.[1]) > from)", arg=begun_at)
    assert visited.page.locator("[data-word=DANGER]").first.is_visible()
    first = visited.page.locator("main table").first.locator("tr").first.inner_text()
    assert "SOL" in first
    visited.page.wait_for_function("() => document.title.startsWith('!! ')")
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


def test_the_slider_says_what_the_engine_says_and_what_is_met_on_the_way(browser: Any, story: Story) -> None:
    visited = visit(browser, story.url).to("/positions")
    slider = visited.page.get_by_role("slider", name="All prices move by")
    slider.fill("-5")
    with urllib.request.urlopen(f"{story.url}/api/risk/what-if?moves=-0.05", timeout=5) as answer:
        told = json.load(answer)["points"][0]
    visited.says(f"{told['equity']:,.2f}")
    assert "1 level fills" in visited.text()
    visited.page.get_by_role("button", name="\N{MINUS SIGN}20 %").click()
    assert slider.input_value() == "-20"
    calm(visited)


def test_limits_are_told_with_what_is_used_and_positions_stand_in_their_groups(browser: Any, story: Story) -> None:
    visited = visit(browser, story.url).to("/")
    meter = visited.page.get_by_role("meter", name="kill switch envelope_dca")
    assert meter.get_attribute("data-tone") == "warn"
    visited.to("/positions").page.get_by_role("button", name="by correlation group").click()
    heads = visited.page.locator("th[scope=rowgroup]")
    heads.nth(1).wait_for()
    assert {head.inner_text().split()[0] for head in heads.all()} == {"majors", "alts"}
    assert "by=group" in visited.page.url
    calm(visited)


def test_a_page_that_is_older_than_the_build_loads_itself_again_and_goes_where_it_was_sent(
    browser: Any, story: Story
) -> None:
    visited = visit(browser, story.url).to("/")
    visited.says("all 2 positions have their stop")
    gone: list[str] = []

    def once(route: Any) -> None:
        if gone:
            route.continue_()
        else:
            gone.append(route.request.url)
            route.fulfill(status=404)

    visited.page.route("**/assets/Matrix-*.js", once)
    visited.page.locator("nav a[href^='/matrix']").first.click()
    visited.page.locator("main table").first.wait_for()
    assert visited.page.evaluate("location.pathname") == "/matrix"
    assert gone
    assert [error for error in visited.errors if "404" not in error] == []
