"""Simulated time when the market runs freely."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.clock import Pacer
from tests.sandbox.builders import MINUTE, START_MS, UNIFIED, running, stored, subscribed

STILL = [(100_000.0, 100_000.0, 100_000.0, 100_000.0)] * 3000


def test_time_runs_at_its_speed_pauses_and_goes_on() -> None:
    wall = [0.0]
    pacer = Pacer(1000, 60.0, lambda: wall[0])
    wall[0] = 2.0
    assert pacer.time_ms() == 121_000
    pacer.pause()
    wall[0] = 10.0
    assert pacer.time_ms() == 121_000
    pacer.resume()
    pacer.set_speed(1.0)
    wall[0] = 11.0
    assert pacer.time_ms() == 122_000


@pytest.mark.parametrize(("speed", "tick"), [(1.0, 0.05), (3600.0, 1 / 60), (1e6, 0.002)])
def test_the_market_looks_at_the_clock_often_enough(speed: float, tick: float) -> None:
    assert Pacer(0, speed).tick_s == pytest.approx(tick)


async def test_a_free_market_moves_by_itself_pauses_and_changes_speed() -> None:
    async with running(stored(STILL), lockstep=False, speed=60_000.0) as exchange:
        await exchange.client.load_markets()
        rows = await exchange.client.watch_ohlcv(UNIFIED, "1m")
        while rows[-1][0] < START_MS + 20 * MINUTE:
            rows = await asyncio.wait_for(exchange.client.watch_ohlcv(UNIFIED, "1m"), 15)
        clock = await exchange.admin("POST", "pause")
        assert (clock["paused"], clock["lockstep"]) == (True, False)
        await asyncio.sleep(0.05)
        assert (await exchange.admin("GET", "clock"))["candle"] == clock["candle"]
        await exchange.admin("POST", "speed", speed=600_000)
        await exchange.admin("POST", "resume")
        while not (await exchange.admin("GET", "clock"))["ended"]:
            await asyncio.sleep(0.01)
        assert "error" in await exchange.admin("POST", "advance")


async def test_at_low_speed_candles_in_progress_are_pushed_and_orders_meet_the_walk() -> None:
    rows = [(100_000.0, 100_001.0, 99_000.0, 99_500.0), (99_500.0, 99_500.0, 99_500.0, 99_500.0)]
    async with running(stored(rows), lockstep=False, speed=0.01) as exchange:
        await exchange.client.load_markets()
        await exchange.client.set_margin_mode("isolated", UNIFIED)
        watching = await subscribed(exchange, exchange.client.watch_my_trades(UNIFIED))
        await exchange.client.create_order(UNIFIED, "limit", "buy", 0.01, 99_800.0, {"marginMode": "isolated"})
        await exchange.admin("POST", "speed", speed=60)
        (trade,) = await asyncio.wait_for(watching, 10)
        assert trade["price"] == 99_800.0
        assert START_MS < trade["timestamp"] < START_MS + MINUTE
