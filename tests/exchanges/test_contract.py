"""What every venue owes the port, run over all that the registry finds, each kind of account on the local exchange.

A new venue joins by offering what `registry.VenueModule` asks for; when the local exchange does not speak its protocol,
it adds a ``Bench`` of its own to `benches.BENCHES`.
"""

from __future__ import annotations

import inspect

import pytest

from core.errors import ConfigurationError, DataError, Fatal, Refused
from core.order import OrderKind, OrderRequest, OrderStatus, Side
from core.settings import Exchange
from exchanges import port, registry
from exchanges.port import Credentials, Executed, OrderSeen, PositionsSeen, Reconnected, TradingVenue
from sandbox.config import default_instruments
from tests.exchanges.benches import DEPOSIT, HISTORY, KINDS, MINUTE, START, SYMBOLS, Bench, entry, take

# ---- the registry and the shape of the port


def test_bitget_is_found_without_being_listed():
    assert "bitget" in registry.venue_names()


@pytest.mark.parametrize("name", ["binance", "port", "../x", ""])
def test_a_name_that_is_no_venue_is_a_configuration_error(name: str):
    with pytest.raises(ConfigurationError, match="bitget"):
        registry.public_venue(name, Exchange())


@pytest.mark.parametrize("protocol", [port.PublicVenue, port.TradingVenue])
async def test_every_venue_has_the_ports_methods_with_the_ports_parameters(bench: Bench, protocol: type):
    venue = bench.public if protocol is port.PublicVenue else bench.trading
    for name, declared in inspect.getmembers(protocol, inspect.isfunction):
        if not name.startswith("_"):
            theirs = inspect.signature(getattr(venue, name)).parameters
            assert list(theirs) == [p for p in inspect.signature(declared).parameters if p != "self"], name


# ---- market data


async def test_rules_make_sense(bench: Bench):
    for venue in (bench.public, bench.trading):
        rules = venue.instrument("BTC-USDT")
        assert rules.symbol == "BTC-USDT"
        assert rules.tick > 0
        assert rules.step > 0
        assert 0 <= rules.maker_fee <= rules.taker_fee
        assert rules == default_instruments()["BTC-USDT"]  # tick, step, minima, fees, leverage, margin tiers


async def test_candles_are_closed_complete_and_in_order_whatever_the_venues_limits(bench: Bench):
    found = await bench.public.candles("BTC-USDT", "1m", START - HISTORY * MINUTE, START + 100 * MINUTE)
    assert found.ts_ms.tolist() == [START + i * MINUTE for i in range(-HISTORY, 0)]
    hours = await bench.public.candles("BTC-USDT", "1h", START - 10 * 3_600_000, START)
    assert len(hours) == 10


async def test_an_unknown_timeframe_is_a_data_error(bench: Bench):
    with pytest.raises(DataError):
        await bench.public.candles("BTC-USDT", "8m", START - 3_600_000, START)


async def test_the_clock_is_the_venues(bench: Bench):
    assert await bench.public.time_ms() == START
    await bench.step()
    assert await bench.public.time_ms() == START + MINUTE


async def test_funding_that_was_settled_comes_oldest_first(bench: Bench):
    await bench.step()
    rates = await bench.public.funding("BTC-USDT", 0, START + MINUTE)
    assert [r.ts_ms for r in rates] == sorted(r.ts_ms for r in rates)
    assert rates[-1].rate == 0.0002
    assert await bench.public.open_interest("BTC-USDT") >= 0


async def test_a_newer_row_tells_that_a_candle_closed(bench: Bench):
    events = bench.public.watch_candles(SYMBOLS)
    first = await take(events, lambda e: e.symbol == "BTC-USDT")
    assert first.rows[-1].ts_ms == START
    await bench.step()
    pushed = await take(events, lambda e: e.symbol == "BTC-USDT" and e.rows[-1].ts_ms > START)
    assert [r.ts_ms for r in pushed.rows] == [START, START + MINUTE]
    assert pushed.rows[0].close == 19_900.0


async def test_tickers_say_last_mark_bid_and_ask(bench: Bench):
    seen = await take(bench.public.watch_tickers(["BTC-USDT"]), lambda t: True)
    assert seen.symbol == "BTC-USDT"
    assert seen.bid <= seen.last <= seen.ask
    assert seen.mark > 0


# ---- the account


async def test_the_account_is_told_and_prepared(bench: Bench):
    await bench.trading.prepare("BTC-USDT", 4.0, "crossed")
    facts = await bench.trading.facts(["BTC-USDT"])
    assert facts.account_type == bench.account_type
    assert facts.one_way
    assert facts.margin_mode == {"BTC-USDT": "crossed"}
    assert facts.leverage == {"BTC-USDT": 4.0}
    balance = await bench.trading.balance()
    assert balance.equity == balance.free == DEPOSIT
    assert await bench.trading.positions() == []
    assert await bench.trading.all_open_orders() == []


async def test_a_resting_entry_is_shown_amended_and_cancelled(ready: Bench):
    order_id = await ready.trading.place(entry(19_000.0))
    (resting,) = await ready.trading.open_orders("BTC-USDT")
    assert resting[:8] == (order_id, "e1", "BTC-USDT", Side.BUY, OrderKind.LIMIT, OrderStatus.OPEN, 0.01, 0.0)
    assert (resting.price, resting.stop) == (19_000.0, 18_000.0)
    await ready.trading.amend(resting, entry(18_900.0, "e2", 17_500.0)._replace(quantity=0.02))
    (amended,) = await ready.trading.all_open_orders()
    assert (amended.client_id, amended.price, amended.stop, amended.quantity) == ("e2", 18_900.0, 17_500.0, 0.02)
    assert await ready.trading.order("BTC-USDT", "e2") is not None
    assert await ready.trading.cancel(amended) is True
    assert await ready.trading.cancel(amended) is False
    assert await ready.trading.open_orders("BTC-USDT") == []
    gone = await ready.trading.order("BTC-USDT", "e2")
    assert gone is not None
    assert gone.status is OrderStatus.CANCELLED


async def test_an_order_that_was_never_sent_is_none(ready: Bench):
    assert await ready.trading.order("BTC-USDT", "never") is None


async def test_a_client_id_is_taken_once(ready: Bench):
    await ready.trading.place(entry(19_000.0))
    with pytest.raises(Refused):
        await ready.trading.place(entry(19_000.0))
    assert len(await ready.trading.open_orders("BTC-USDT")) == 1


async def test_a_stop_on_the_wrong_side_is_refused(ready: Bench):
    with pytest.raises(Refused):
        await ready.trading.place(entry(19_000.0, stop=21_000.0))
    assert await ready.trading.open_orders("BTC-USDT") == []


async def test_an_entrys_stop_stands_from_its_fill_moves_in_place_and_executes(ready: Bench):
    trading = ready.trading
    events = trading.events(["BTC-USDT"])
    assert isinstance(await take(events, lambda _: True), Reconnected)
    await trading.place(entry(19_950.0, stop=19_500.0))
    await take(events, lambda e: isinstance(e, OrderSeen) and e.order.client_id == "e1")
    step = await ready.step(1, pause_on_fill=True)
    assert step["fills"] == 1
    filled = await take(events, lambda e: isinstance(e, Executed))
    assert isinstance(filled, Executed)
    fill = filled.execution
    assert (fill.side, fill.price, fill.quantity, fill.maker) == (Side.BUY, 19_950.0, 0.01, True)
    assert fill.fee == pytest.approx(19_950.0 * 0.01 * 0.0002)
    held = await take(events, lambda e: isinstance(e, PositionsSeen) and bool(e.positions))
    assert isinstance(held, PositionsSeen)
    (position,) = held.positions
    assert (position.symbol, position.direction, position.quantity, position.average) == ("BTC-USDT", 1, 0.01, 19_950.0)
    (same,) = await trading.positions()
    assert (same.average, same.leverage, same.margin_mode) == (19_950.0, 5.0, "isolated")
    assert same.liquidation is not None
    (stop,) = await trading.open_orders("BTC-USDT")
    assert (stop.kind, stop.trigger, stop.side, stop.quantity) == (OrderKind.STOP_LOSS, 19_500.0, Side.SELL, 0.0)
    await trading.amend_stop(stop, 19_600.0)
    (moved,) = await trading.open_orders("BTC-USDT")
    assert (moved.order_id, moved.trigger) == (stop.order_id, 19_600.0)
    while not await flat(trading):
        await ready.step()
    done = await trading.executions("BTC-USDT", START)
    assert [e.side for e in done] == [Side.BUY, Side.SELL]
    assert done[1].price < 19_600.0
    assert await trading.open_orders("BTC-USDT") == []
    await take(events, lambda e: isinstance(e, PositionsSeen) and not e.positions)


async def flat(trading: TradingVenue) -> bool:
    return not await trading.positions()


@pytest.mark.parametrize(("side", "direction", "trigger"), [(Side.BUY, 1, 19_000.0), (Side.SELL, -1, 21_000.0)])
async def test_a_stop_is_placed_on_a_bare_position_and_cancelled(
    ready: Bench, side: Side, direction: int, trigger: float
):
    await ready.trading.place(entry(None, stop=None)._replace(side=side))
    order_id = await ready.trading.place_stop("BTC-USDT", direction, trigger, "s1")
    (stop,) = await ready.trading.open_orders("BTC-USDT")
    assert (stop.order_id, stop.client_id, stop.trigger, stop.trigger_source) == (order_id, "s1", trigger, "mark")
    assert stop.side is Side.opening(-direction)
    assert await ready.trading.cancel(stop) is True
    assert await ready.trading.open_orders("BTC-USDT") == []
    assert await ready.trading.cancel(stop) is False


async def test_a_reduce_only_order_closes_and_never_opens(ready: Bench):
    close = entry(None, "x1", None, reduce_only=True)._replace(side=Side.SELL)
    with pytest.raises(Refused):
        await ready.trading.place(close)
    await ready.trading.place(entry(None, stop=None))
    await ready.trading.place(close._replace(client_id="x2"))
    assert await ready.trading.positions() == []


async def test_wrong_keys_are_fatal_at_the_start(bench: Bench):
    trading = bench.another(bench.account_type, Credentials(bench.keys.key, "wrong", bench.keys.passphrase))
    with pytest.raises(Fatal, match="40009"):
        await trading.open(SYMBOLS)
    await trading.close()


async def test_an_order_is_found_by_its_client_id_wherever_it_stands(ready: Bench):
    trading = ready.trading
    await trading.place(entry(19_000.0, "rests"))
    await trading.place(entry(None, "filled", None))
    await trading.place_stop("BTC-USDT", 1, 18_500.0, "stop")
    for client_id, kind, status in (
        ("rests", OrderKind.LIMIT, OrderStatus.OPEN),
        ("filled", OrderKind.MARKET, OrderStatus.FILLED),
        ("stop", OrderKind.STOP_LOSS, OrderStatus.OPEN),
    ):
        found = await trading.order("BTC-USDT", client_id)
        assert found is not None, client_id
        assert (found.kind, found.status) == (kind, status)
    (stop,) = [o for o in await trading.open_orders("BTC-USDT") if o.kind is OrderKind.STOP_LOSS]
    await trading.cancel(stop)
    ended = await trading.order("BTC-USDT", "stop")
    assert ended is not None
    assert not ended.status.live


async def test_a_filled_order_says_its_average_and_its_fee_is_a_cost(ready: Bench):
    await ready.trading.place(entry(None, "m", None))
    found = await ready.trading.order("BTC-USDT", "m")
    (fill,) = await ready.trading.executions("BTC-USDT", START)
    assert found is not None
    assert (found.quantity, found.filled, found.average) == (0.01, 0.01, pytest.approx(fill.price))
    assert fill.fee == pytest.approx(fill.price * 0.01 * 0.0006)


async def test_a_resting_take_profit_moves_and_the_stop_stays(ready: Bench):
    trading = ready.trading
    await trading.place(entry(None, "m", 19_000.0))
    await trading.place(OrderRequest("t1", "BTC-USDT", Side.SELL, OrderKind.LIMIT, 0.01, 21_000.0, reduce_only=True))
    (target,) = [o for o in await trading.open_orders("BTC-USDT") if o.kind is OrderKind.LIMIT]
    assert target.reduce_only
    await trading.amend(target, OrderRequest("t2", "BTC-USDT", Side.SELL, OrderKind.LIMIT, 0.01, 21_500.0,
                                             reduce_only=True))  # fmt: skip
    shown = {o.kind: o for o in await trading.open_orders("BTC-USDT")}
    moved, stop = shown[OrderKind.LIMIT], shown[OrderKind.STOP_LOSS]
    assert (moved.client_id, moved.price, moved.reduce_only) == ("t2", 21_500.0, True)
    assert stop.trigger == 19_000.0
    again = await trading.order("BTC-USDT", "t2")
    assert again is not None
    assert again.status.live


async def test_an_entry_whose_stop_stays_is_amended_under_its_new_name(ready: Bench):
    trading = ready.trading
    events = trading.events(["BTC-USDT"])
    await take(events, lambda e: isinstance(e, Reconnected))
    await trading.place(entry(19_000.0, "e1"))
    (resting,) = await trading.open_orders("BTC-USDT")
    order_id = await trading.amend(resting, entry(19_950.0, "e2"))
    found = await trading.order("BTC-USDT", "e2")
    assert found is not None
    assert (found.order_id, found.client_id, found.price) == (order_id, "e2", 19_950.0)
    await ready.step(1, pause_on_fill=True)
    filled = await take(events, lambda e: isinstance(e, Executed))
    assert isinstance(filled, Executed)
    assert filled.execution.order_id == order_id
    assert filled.execution.client_id in ("e2", "")


async def test_a_fill_is_named_by_a_client_that_never_saw_its_order_rest(ready: Bench):
    order_id = await ready.trading.place(entry(19_950.0, "named", 18_000.0))
    await ready.step()
    later = ready.another(ready.account_type, ready.keys)
    await later.open(SYMBOLS)
    (fill,) = await later.executions("BTC-USDT", START)
    await later.close()
    assert (fill.order_id, fill.client_id) == (order_id, "named")


async def test_a_closed_position_tells_what_it_really_earned(ready: Bench):
    trading = ready.trading
    await trading.place(entry(None, "in", None))
    await ready.step()
    await trading.place(entry(None, "out", None, reduce_only=True)._replace(side=Side.SELL))
    (closed,) = await trading.position_history("BTC-USDT", START)
    bought, sold = await trading.executions("BTC-USDT", START)
    assert (closed.symbol, closed.direction, closed.quantity) == ("BTC-USDT", 1, 0.01)
    assert (closed.entry, closed.exit) == (pytest.approx(bought.price), pytest.approx(sold.price))
    assert closed.fees == pytest.approx(bought.fee + sold.fee)
    assert closed.net == pytest.approx(closed.gross + closed.funding - closed.fees, abs=1e-6)
    assert closed.net == pytest.approx((await trading.balance()).equity - DEPOSIT, abs=1e-6)
    assert await trading.position_history("BTC-USDT", closed.closed_ms + 1) == []


async def test_an_account_that_is_not_what_the_configuration_says_is_fatal_and_tells_what_to_write(bench: Bench):
    for other in {kind for _, kind in KINDS} - {bench.account_type}:
        trading = bench.another(other, bench.keys)
        with pytest.raises(Fatal, match="account_type"):
            await trading.open(SYMBOLS)
        await trading.close()
