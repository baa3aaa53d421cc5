"""Trades, one trade, equity and arena: figures shown are those recorded; addresses, keys, files, both sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from core.messages import (
    CandlesClosed,
    EquityMarked,
    FillRole,
    OrderFilled,
    OrderShown,
    PlanChanged,
    PositionGuarded,
    TradeClosed,
)
from core.monitor_messages import ArenaRanked, SelectionChanged, SelectionMade, TradeCompared
from core.order import OpenOrder, OrderKind, OrderStatus, Side
from core.selection import Criterion, Decision
from core.standing import Standing
from core.target import Rung, Target
from core.timeframe import DAY_MS, HOUR_MS
from engine.client_ids import encode, tag
from tests.dashboard.browser import NARROW, Visit, browsing, visit
from tests.dashboard.story import BTC, NOW, SOL, Story, _candle, begun

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

NAMES = ("envelope_dca", "supertrend", "momentum", "grid_atr")
OPENED = NOW - 9 * HOUR_MS
CYCLE = 159
ONE = f"live.envelope_dca.{BTC}.{CYCLE}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing() as started:
        yield started


@pytest.fixture(scope="module")
def story(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    told = begun(tmp_path_factory.mktemp("review"))
    told.tell(*trades(), *money(), *compared(), *one_cycle(), kept=True)
    told.tell(*rankings(), SelectionChanged(
        NOW - HOUR_MS, 1, "momentum", SOL, False, 0.0, decision("momentum", SOL, False).criteria,
    ), kept=True)
    told.tell(*(
        CandlesClosed(OPENED - 40 * 60_000 + i * 60_000, 900 + i, "1m", ((BTC, _candle(OPENED + i * 60_000, 61e3, i)),))
        for i in range(0, 600, 60)
    ))
    yield told
    told.close()


def trades() -> list[TradeClosed]:
    """240 live trades over two months, by three strategies, and some on paper."""
    found = []
    for i in range(240):
        end = NOW - (240 - i) * 6 * HOUR_MS
        net = 22.0 * math.sin(i * 1.7) + 6.0
        symbol, price = ((BTC, 61_000.0), (SOL, 147.0))[i % 2]
        found.append(TradeClosed(
            end, i + 1, "live" if i % 6 else "paper", NAMES[i % 3], symbol, i, 1 if i % 5 else -1,
            end - (3 + i % 40) * HOUR_MS, 2000.0 / price, price, price * (1 + net / 2000.0), 1 + i % 3, 1.6, -0.2, net,
            "target" if net > 0 else "stop",
        ))
    return found


def money() -> list[EquityMarked]:
    """Every six hours over two months."""
    marks = []
    for n, name in enumerate(NAMES):
        for i in range(241):
            fall = -260.0 * max(0.0, math.sin((i - 60) / 16)) * (n != 1)
            value = 5000.0 + (2.6 - n) * i + 60 * math.sin(i / 9 + n) + fall
            wallet = value if i % 3 else value - 12.0
            marks.append(EquityMarked(NOW - (240 - i) * 6 * HOUR_MS, 5000 + i, "live", name, wallet, value))
    return marks


def one_cycle() -> list[object]:
    """A trade of which everything is known."""
    own = tag("envelope_dca", BTC)
    entry, stop, target = (
        encode(own, CYCLE, role, level, OPENED - HOUR_MS, 0)
        for role, level in ((FillRole.ENTRY, 0), (FillRole.STOP, -1), (FillRole.TARGET, -1))
    )
    closed = OPENED + 6 * HOUR_MS
    rungs = (Rung(0, 60_900.0, 0.03, 45_675.0), Rung(1, 59_000.0, 0.03, 44_900.0))
    before = Target("envelope_dca", BTC, OPENED - HOUR_MS, CYCLE, 1, rungs)
    after = before._replace(
        row_ms=OPENED, rungs=rungs[1:], filled=1, quantity=0.03, stop=45_675.0, target=61_420.0, average=60_900.0
    )
    orders = [
        OpenOrder("e1", entry, BTC, Side.BUY, OrderKind.LIMIT, OrderStatus.FILLED, 0.03, 0.03, 60_900.0,
                  created_ms=OPENED - HOUR_MS + 120),
        OpenOrder("s1", stop, BTC, Side.SELL, OrderKind.STOP_LOSS, OrderStatus.CANCELLED, 0.03, trigger=45_675.0,
                  created_ms=OPENED + 180),
        OpenOrder("t1", target, BTC, Side.SELL, OrderKind.LIMIT, OrderStatus.FILLED, 0.03, 0.03, 61_420.0,
                  created_ms=OPENED + 240),
    ]
    return [
        PlanChanged(OPENED - HOUR_MS, 1, before, 61_100.0), PlanChanged(OPENED + 60, 2, after, 60_905.0),
        *(OrderShown(OPENED + 900 + i, i, order) for i, order in enumerate(orders)),
        OrderFilled(OPENED, 1, "envelope_dca", BTC, CYCLE, 0, FillRole.ENTRY, 1, 60_904.2, 0.03, 0.3654, True, "e1",
                    entry),
        OrderFilled(closed, 2, "envelope_dca", BTC, CYCLE, -1, FillRole.TARGET, 1, 61_420.0, 0.03, 0.3685, True, "t1",
                    target),
        PositionGuarded(closed + 1, 1, BTC, "envelope_dca", CYCLE, OPENED, 180),
        TradeClosed(closed, 999, "live", "envelope_dca", BTC, CYCLE, 1, OPENED, 0.03, 60_904.2, 61_420.0, 1, 0.7339,
                    0.09, 14.6501, "target"),
        TradeClosed(closed + 30_000, 998, "paper", "envelope_dca", BTC, 900, 1, OPENED - 40_000, 0.03, 60_900.0,
                    61_420.0, 1, 0.7338, 0.09, 14.7762, "target"),
    ]


def compared() -> list[TradeCompared]:
    bps = (60_904.2 / 60_900.0 - 1) * 1e4
    return [TradeCompared(
        OPENED + 6 * HOUR_MS + 30_000, 999, "envelope_dca", BTC, 1, "twin", CYCLE, 900, bps, 0.0, 0.0, 0.0, bps, 40_000,
        -30_000, 0, "fill", "prices or costs differ by up to 0.7 bps",
    )]


def decision(strategy: str, symbol: str, may: bool) -> Decision:
    criteria = (
        Criterion("min_trades", 41.0 if may else 17.0, 30.0, may, "41 trades on paper, at least 30" if may
                  else "17 trades on paper, at least 30"),
        Criterion("profit_factor", 1.62 if may else 0.93, 1.0, may, "profit factor 1.62" if may
                  else "profit factor 0.93, above 1 is needed"),
        Criterion("gate", None, None, True, "gate passed"),
    )
    return Decision(strategy, symbol, may, 0.4 if may else 0.0, criteria)


def rankings() -> list[object]:
    rows = [
        (0.062, 0.012, 0.105, 1.62, 0.041, 2.1, (0,)), (0.031, -0.008, 0.071, 1.21, 0.06, 1.2, (0, 1)),
        (0.011, -0.03, 0.052, 1.04, 0.06, 0.4, (1,)), (-0.058, -0.09, -0.035, 0.7, 0.11, -1.9, ()),
    ]
    names = [NAMES[0], NAMES[3], NAMES[1], NAMES[2]]
    alike = [(names[1],), (names[0], names[2]), (names[1],), ()]
    standings = tuple(
        Standing(
            rank + 1, names[rank], 5000.0, NOW - 60 * DAY_MS, NOW, 60, 41 - 6 * rank, net, low, high, "days", factor,
            fall, ratio, alike[rank], brackets,
        )
        for rank, (net, low, high, factor, fall, ratio, brackets) in enumerate(rows)
    )
    decisions = tuple(decision(name, symbol, name == NAMES[0]) for name in names for symbol in (BTC, SOL))
    return [
        ArenaRanked(NOW, 1, "live", standings), ArenaRanked(NOW, 2, "paper", tuple(reversed([
            replace_rank(one, 4 - i) for i, one in enumerate(standings)
        ]))),
        SelectionMade(NOW, 1, False, NOW, NOW + 300_000, decisions),
    ]


def replace_rank(one: Standing, rank: int) -> Standing:
    return one._replace(rank=rank)


def wanted(strategy: str | None = None) -> list[TradeClosed]:
    every = [*trades(), *(e for e in one_cycle() if isinstance(e, TradeClosed))]
    return [t for t in every if t.scope == "live" and strategy in (None, t.strategy)]


@pytest.mark.parametrize("size", ["desktop", "phone", NARROW])
@pytest.mark.parametrize(
    ("name", "path", "text", "chart"),
    [
        ("trades", "/trades?scope=live", "per trade", ""),
        ("trade", f"/trades/{ONE}", "slippage against paper", "The cycle"),
        ("equity", "/equity?scope=live", "Worst drawdowns", "Equity, open"),
        ("arena", "/arena?scope=live&strategy=supertrend&compare=envelope_dca,momentum", "What changed", "Equity as"),
    ],
)
def test_it_is_sound_and_fits(
    browser: Any, story: Story, size: str, name: str, path: str, text: str, chart: str
) -> None:
    visited = visit(browser, story.url, size).to(path)
    visited.says(text)
    if chart:
        visited.page.get_by_role("heading", level=2, name=chart).scroll_into_view_if_needed()
        visited.page.locator("canvas").first.wait_for()
    visited.page.wait_for_timeout(300)
    visited.picture(f"review-{name}-{size}")
    visited.page.screenshot(path=f"var/screenshots/review-{name}-{size}-full.png", full_page=True)
    assert visited.findings() == []
    assert visited.errors == []
    assert visited.fits()


def test_sums_are_those_of_the_list_and_of_the_chosen_filter(browser: Any, story: Story) -> None:
    visited = visit(browser, story.url).to("/trades?scope=live")
    sums = visited.page.get_by_label("Sums of this filter")
    sums.get_by_text(f"{sum(t.net for t in wanted()):+,.2f}").first.wait_for()
    visited.page.get_by_label("Strategy", exact=True).select_option("supertrend")
    sums.get_by_text(f"{sum(t.net for t in wanted('supertrend')):+,.2f}").first.wait_for()
    assert "strategy=supertrend" in visited.page.url
    with visited.page.expect_download() as download:
        visited.page.get_by_role("link", name="CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 1 + len(wanted("supertrend"))
    visited.page.reload()
    sums.get_by_text(f"{sum(t.net for t in wanted('supertrend')):+,.2f}").first.wait_for()
    visited.page.keyboard.press("j")
    visited.page.keyboard.press("Enter")
    visited.page.wait_for_url("**/trades/live.supertrend.*")
    assert visited.errors == []


def test_the_list_grows_as_one_scrolls_to_its_end(browser: Any, story: Story) -> None:
    visited = visit(browser, story.url).to("/trades?scope=live")
    region = visited.page.get_by_role("region", name="Trades")
    region.wait_for()
    count = len(wanted())
    region.evaluate("e => e.scrollTo(0, 1e6)")
    visited.page.locator(f"table[aria-rowcount='{count + 1}']").wait_for()


def test_curves_stand_side_by_side_as_picture_and_as_table_and_what_is_empty_says_why(
    browser: Any, story: Story
) -> None:
    context = browser.new_context(locale="fr-FR", viewport={"width": 390, "height": 844})
    visited = Visit(context.new_page(), story.url).to("/equity?scope=live&by=strategy")
    visited.page.locator("main li").get_by_text("grid_atr").wait_for()
    assert visited.fits()
    visited.picture("review-by-strategy-phone")
    visited.page.get_by_role("button", name="Afficher en tableau").click()
    assert visited.page.locator("main table").first.locator("tbody tr").count() == len(NAMES)
    visited.to("/equity?scope=live&strategy=nobody").says("encore été marqué ici.")
    visited.to("/trades?scope=live&symbol=XRP-USDT").says("Aucune transaction ne correspond")
    assert visited.errors == []
    assert visited.fits()


def test_a_strategy_of_the_arena_leads_to_its_trades_and_says_why_not(browser: Any, story: Story) -> None:
    visited = visit(browser, story.url).to("/arena?scope=live")
    visited.page.get_by_role("button", name="supertrend", exact=True).click()
    visited.says("17 trades on paper, at least 30")
    visited.says("Not distinguishable from grid_atr")
    visited.page.locator("main").get_by_role("link", name="Trades \u203a").click()
    visited.page.wait_for_url("**/trades?strategy=supertrend&scope=live")
    assert visited.errors == []
