"""Fills limited by depth: level by level out of the book, and by the volume that goes through a price."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.instrument import Instrument
from sandbox.account import Account
from sandbox.desk import Amendment, amend
from sandbox.orders import Force, Status
from sandbox.state import State
from tests.sandbox.builders import SYMBOL, UNIFIED, Running, core, order, running, stored, subscribed, walk

RULES = Instrument(symbol=SYMBOL, tick=1.0, step=0.1, min_quantity=0.1, maker_fee=0.0002, taker_fee=0.0006)
SIZES = (2.0, 4.0, 5.8, 7.8)
"""What the levels 101, 102, 103 and 104 hold: 200, 400, 600 and 800 USDT by the last price of 100, on the step."""


def thin(**more: Any) -> tuple[State, Account]:
    state, account = core(rules=RULES, slippage=0.01, wallet=1e6, **more)
    state.depth = 200.0
    return state, account


def fills(account: Account) -> list[tuple[float, float, bool]]:
    return [(fill.quantity, fill.price, fill.maker) for fill in account.fills]


def test_a_market_order_takes_the_book_level_by_level_and_pays_no_slippage_beside() -> None:
    state, account = thin()
    bought = order(state, account, "buy", 7.0)
    assert fills(account) == [(2.0, 101.0, False), (4.0, 102.0, False), (1.0, 103.0, False)]
    assert bought.status is Status.FILLED
    assert bought.average == pytest.approx((2 * 101 + 4 * 102 + 103) / 7)
    order(state, account, "sell", 3.0, reduce_only=True)
    assert fills(account)[3:] == [(2.0, 99.0, False), (1.0, 98.0, False)]


@pytest.mark.parametrize(
    ("force", "limit", "quantity", "filled", "status"),
    [
        (Force.GTC, 102.0, 5.0, 5.0, Status.FILLED),
        (Force.GTC, 102.0, 9.0, 6.0, Status.PARTIALLY_FILLED),
        (Force.GTC, 100.0, 9.0, 0.0, Status.LIVE),
        (Force.IOC, 102.0, 9.0, 6.0, Status.CANCELED),
        (Force.IOC, 100.0, 9.0, 0.0, Status.CANCELED),
        (Force.FOK, 102.0, 9.0, 0.0, Status.CANCELED),
        (Force.FOK, 102.0, 6.0, 6.0, Status.FILLED),
        (Force.FOK, 100.0, 1.0, 0.0, Status.CANCELED),
        (Force.POST_ONLY, 101.0, 1.0, 0.0, Status.CANCELED),
        (Force.POST_ONLY, 100.0, 1.0, 0.0, Status.LIVE),
    ],
)
def test_what_a_limit_order_takes_when_it_arrives(
    force: Force, limit: float, quantity: float, filled: float, status: Status
) -> None:
    state, account = thin()
    placed = order(state, account, "buy", quantity, limit, force=force)
    assert (placed.filled, placed.status) == (filled, status)


@pytest.mark.parametrize(
    ("force", "quantity", "filled"),
    [(Force.GTC, 5.0, 3.0), (Force.IOC, 5.0, 3.0), (Force.FOK, 5.0, 3.0), (Force.GTC, 2.5, 2.5)],
)
def test_a_reduce_only_order_takes_no_more_than_the_position(force: Force, quantity: float, filled: float) -> None:
    state, account = thin()
    order(state, account, "buy", 3.0)
    closing = order(state, account, "sell", quantity, 98.0, force=force, reduce_only=True)
    assert closing.filled == filled
    assert closing.status is (Status.FILLED if filled == quantity else Status.CANCELED)
    assert (SYMBOL in account.positions) == (filled < 3.0)


def test_a_market_order_that_the_book_cannot_fill_ends_with_what_it_got() -> None:
    state, account = thin(leverage=100.0)
    bought = order(state, account, "buy", 5000.0)
    assert 2000 < bought.filled < 3000
    assert bought.status is Status.CANCELED
    assert account.positions[SYMBOL].quantity == bought.filled


@pytest.mark.parametrize(
    ("candle", "volume", "filled"),
    [
        ((100, 101, 95, 99), 100.0, 0.0),
        ((100, 101, 94, 99), 100.0, 15.2),
        ((100, 101, 90, 98), 100.0, 50.0),
        ((100, 101, 90, 98), 1000.0, 60.0),
        ((100, 101, 90, 92), 100.0, 49.9),
    ],
    ids=["only touched", "there and back", "farther", "more volume than wanted", "the way back is shorter"],
)
def test_a_resting_limit_fills_by_the_volume_through_its_price(
    candle: tuple[float, ...], volume: float, filled: float
) -> None:
    state, account = thin()
    resting = order(state, account, "buy", 60.0, 95.0)
    open_, high, low, close = candle
    walk(state, open_, high, low, close, volume)
    assert resting.filled == filled
    assert all((fill.price, fill.maker) == (95.0, True) for fill in account.fills)
    expected = Status.LIVE if filled == 0 else Status.FILLED if filled == 60 else Status.PARTIALLY_FILLED
    assert resting.status is expected


def test_a_partly_filled_limit_goes_on_in_the_next_candle_and_may_be_edited() -> None:
    state, account = thin()
    resting = order(state, account, "buy", 20.0, 95.0)
    walk(state, 100, 101, 94, 99, volume=50.0)
    assert resting.filled == 7.6
    state.now_ms += 60_000
    amend(state, account, resting, Amendment(quantity=12.0, limit=96.0))
    walk(state, 99, 100, 95, 98, volume=100.0)
    assert (resting.filled, resting.status) == (12.0, Status.FILLED)
    assert {fill.price for fill in account.fills} == {95.0, 96.0}
    assert account.frozen() == 0.0


def test_what_a_gap_has_passed_takes_the_book_at_the_open_and_makes_the_rest() -> None:
    state, account = thin()
    resting = order(state, account, "buy", 20.0, 95.0)
    walk(state, 93, 96, 92, 94, volume=10.0)
    assert [fill[1:] for fill in fills(account)[:2]] == [(94.0, False), (95.0, False)]
    assert all(fill[1:] == (95.0, True) for fill in fills(account)[2:])
    assert 0 < resting.remaining < 20


def test_a_stop_takes_as_many_levels_as_the_position_needs() -> None:
    state, account = thin(leverage=100.0, mode="crossed")
    order(state, account, "buy", 2000.0, preset_stop=95.0)
    walk(state, 100, 100.5, 90, 99, volume=1.0)
    assert account.positions == {}
    sold = [fill for fill in account.fills if fill.side.value == "sell"]
    assert sold[0].price == 94.0
    assert len(sold) > 20


def test_without_depth_everything_fills_wholly() -> None:
    state, account = core(rules=RULES, slippage=0.01, wallet=1e6)
    order(state, account, "buy", 500.0)
    assert fills(account) == [(500.0, 101.0, False)]


@pytest.fixture
async def exchange() -> Any:
    rows = [(100.0, 100.5, 99.8, 100.0), (100.0, 100.5, 98.9, 99.5), (99.5, 100.0, 98.9, 99.6)]
    async with running(stored(rows), depth=100.0) as started:
        await started.client.load_markets()
        yield started


async def test_parts_show_everywhere(exchange: Running) -> None:
    task = await subscribed(exchange, exchange.client.watch_orders(UNIFIED))
    wanted = {"marginMode": "crossed", "clientOid": "mine"}
    placed = await exchange.client.create_order(UNIFIED, "limit", "buy", 5.0, 99.0, wanted)
    assert [row["status"] for row in await task] == ["open"]
    task = asyncio.ensure_future(exchange.client.watch_orders(UNIFIED))
    await asyncio.sleep(0)
    await exchange.sandbox.advance(2)
    (live,) = await exchange.client.fetch_open_orders(UNIFIED)
    assert (live["id"], live["info"]["status"]) == (placed["id"], "partially_filled")
    assert 0 < live["filled"] < 5
    trades = await exchange.client.fetch_my_trades(UNIFIED)
    assert sum(trade["amount"] for trade in trades) == pytest.approx(live["filled"])
    (position,) = await exchange.client.fetch_positions([UNIFIED])
    assert position["contracts"] == pytest.approx(live["filled"])
    pushed = (await asyncio.wait_for(task, 15))[-1]
    assert (pushed["id"], pushed["info"]["status"]) == (placed["id"], "partially_filled")
    await exchange.client.cancel_order(placed["id"], UNIFIED)
    (gone,) = await exchange.client.fetch_canceled_orders(UNIFIED)
    assert (gone["status"], gone["filled"]) == ("canceled", live["filled"])


async def test_the_book_that_is_shown_is_the_book_that_is_taken(exchange: Running) -> None:
    book = await exchange.client.fetch_order_book(UNIFIED, 5)
    await exchange.client.create_order(UNIFIED, "market", "buy", 6.0, None, {"marginMode": "crossed"})
    trades = await exchange.client.fetch_my_trades(UNIFIED)
    taken = sorted((trade["price"], trade["amount"]) for trade in trades)
    assert taken[:-1] == [tuple(level[:2]) for level in book["asks"][: len(taken) - 1]]
    assert taken[-1][0] == book["asks"][len(taken) - 1][0]
