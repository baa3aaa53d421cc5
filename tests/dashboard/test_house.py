"""Risk calculator, events, data and system in a browser; commands prepared by the server and confirmed once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.messages import AlertRaised, Severity
from tests.api.rig import KEY
from tests.dashboard.browser import NARROW, SIZES, Visit, browsing, visit
from tests.dashboard.house import TRIPPED, lived, risk
from tests.dashboard.story import BTC, NOW, SOL, Story, begun

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

FOLDED = "\N{MULTIPLICATION SIGN} 12"
PAGES = {
    "risk": "/risk?stop=25&target=8&risk=2", "events": "/events", "data": "/data?series=bitget/BTC-USDT/1m",
    "system": "/system",
}
READY = {
    "risk": "Loss at the stop", "events": "placed again", "data": "Copy fetch command", "system": "withdrawal right",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing() as started:
        yield started


@pytest.fixture(scope="module")
def story(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    told = lived(begun(tmp_path_factory.mktemp("story")))
    yield told
    told.close()


@pytest.fixture
def at(browser: Any, story: Story) -> Visit:
    return visit(browser, story.url)


@pytest.mark.parametrize("size", [*SIZES, NARROW])
def test_every_page_of_the_house_is_sound(browser: Any, story: Story, size: str) -> None:
    visited = visit(browser, story.url, size)
    wrong: dict[str, object] = {}
    for name, path in PAGES.items():
        visited.to(path).says(READY[name])
        visited.picture(f"story-{name}-{size}")
        found = visited.findings()
        if found or visited.errors or not visited.fits():
            wrong[name] = (found, list(visited.errors), "fits" if visited.fits() else "sticks out")
        visited.errors.clear()
    assert wrong == {}


def test_the_calculator_keeps_its_inputs_in_the_address_and_warns_of_liquidation(at: Visit) -> None:
    at.to(f"/risk?symbol={BTC}&capital=10000&leverage=6&entry=61540&stop=25").says("Loss at the stop")
    at.says("BEFORE the stop")
    at.page.get_by_label("Leverage").fill("2")
    at.page.get_by_text("BEFORE the stop").first.wait_for(state="detached")
    assert "leverage=2" in at.page.url
    at.page.get_by_label("Stop price").fill("61540")
    at.says("stop")
    at.page.get_by_role("alert").wait_for()
    assert "stop=25" not in at.page.url, "one way of saying it clears the other"
    at.page.get_by_label("Stop price").fill("55000")
    at.page.reload()
    at.says("55,000.0")
    assert [error for error in at.errors if "422" not in error] == []


def test_events_fold_filter_come_live_and_are_acknowledged_with_the_key(at: Visit, story: Story) -> None:
    at.to("/events").says(FOLDED)
    at.page.get_by_role("button", name="critical", exact=True).click()
    at.page.get_by_text(FOLDED).wait_for(state="detached")
    assert "severity=critical" in at.page.url
    again = AlertRaised(NOW + 1, 9, "executor:bitget", "stop_missing", Severity.CRITICAL, "once more", BTC)
    story.tell(again, kept=True)
    at.says("once more")
    line = at.page.locator("[data-line]").first
    line.click()
    at.page.get_by_role("button", name="Acknowledge", exact=True).click()
    dialog = at.page.get_by_role("dialog")
    dialog.get_by_label("Key for commands").fill(KEY)
    dialog.get_by_role("button", name="Unlock").click()
    at.page.get_by_role("button", name="Acknowledge", exact=True).click()
    at.page.locator("[data-line]", has_text="once more").wait_for(state="detached")
    at.page.get_by_label("acknowledged too").check()
    at.says("once more")
    assert at.errors == []


def test_the_command_that_fills_a_gap_is_copied(browser: Any, story: Story) -> None:
    visited = visit(browser, story.url, permissions=["clipboard-read", "clipboard-write"])
    visited.to(PAGES["data"]).says("38 missing")
    visited.page.get_by_role("button", name="Copy fetch command").click()
    visited.says("Copied")
    copied = visited.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("scalp-radar data fetch --exchange bitget --symbol BTC-USDT --timeframe 1m --from 2025-02")


def test_preferences_hold_over_a_reload(at: Visit) -> None:
    at.to("/system").says("Preferences")
    at.page.get_by_role("group", name="Theme").get_by_role("button", name="light").click()
    at.page.reload()
    at.says("Preferences")
    assert at.page.locator("html").get_attribute("data-theme") == "light"
    assert at.findings() == []
    at.picture("story-system-light")


def test_a_tripped_switch_is_reset_by_word_and_key_on_the_facts_that_were_shown(at: Visit, story: Story) -> None:
    story.tell(risk(TRIPPED))
    at.to("/system").says("tripped")
    at.page.get_by_role("button", name="Reset…").click()
    dialog = at.page.get_by_role("dialog")
    dialog.get_by_text("drawdown 5.3 %").wait_for()
    dialog.get_by_label("Type RESET").fill("RESET")
    dialog.get_by_label("Key for commands").fill(KEY)
    story.tell(AlertRaised(NOW + 2, 10, "monitor", "note", Severity.INFO, "something else", SOL))
    dialog.get_by_role("button", name="Reset", exact=True).click()
    dialog.get_by_role("status").get_by_text("Accepted").wait_for()
    assert story.risk.told[-1] == ("reset", "kill_global")
    story.tell(risk())


def test_reducing_takes_two_gestures_and_one_token(at: Visit, story: Story) -> None:
    at.to("/")
    sent: list[str] = []
    at.page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    before = len(story.risk.told)
    at.page.get_by_role("button", name="Reduce").click()
    dialog = at.page.get_by_role("dialog")
    dialog.get_by_text("2 open positions keep their stop").wait_for()
    for key, answer in (("wrong " * 4, "missing or wrong"), (KEY, "Accepted")):
        dialog.get_by_label("Key for commands").fill(key)
        dialog.get_by_label("or type REDUCE and press Enter").fill("REDUCE")
        at.page.keyboard.press("Enter")
        dialog.get_by_text(answer).first.wait_for()
    assert [told[:2] for told in story.risk.told[before:]] == [("reduce", "")]
    assert all("/api/commands/" in url for url in sent)
    assert KEY not in json.dumps(sent)
