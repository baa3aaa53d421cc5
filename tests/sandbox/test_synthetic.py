"""The synthetic market: the same by seed, sound, and lively enough for a demonstration."""

from __future__ import annotations

import numpy as np
import pytest

from core.candle import Candles
from core.resample import aggregate
from core.timeframe import DAY_MS, HOUR_MS
from sandbox.config import default_instruments
from sandbox.synthetic import SyntheticSource
from tests.sandbox.builders import START_MS

SYMBOLS = tuple(default_instruments())


def source(seed: int = 7, **more: object) -> SyntheticSource:
    return SyntheticSource(SYMBOLS, seed, 3, START_MS, instruments=default_instruments(), **more)  # type: ignore[arg-type]


def days(market: SyntheticSource, symbol: str, count: int) -> Candles:
    rows = []
    at = market.start_ms
    for _ in range(count):
        chunk = market.live(symbol, at)
        rows += chunk.rows()
        at = rows[-1].ts_ms + 60_000
    return Candles.of("1m", rows)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_candles_are_sound_on_the_tick_and_without_gaps(symbol: str) -> None:
    market = source()
    whole = Candles.of("1m", [*market.history(symbol).rows(), *days(market, symbol, 3).rows()]).checked(symbol)
    assert np.all(np.diff(whole.ts_ms) == 60_000)
    assert np.array_equal(whole.open[1:], whole.close[:-1])
    tick = default_instruments()[symbol].tick
    assert np.allclose(whole.close / tick, np.round(whole.close / tick), atol=1e-6)


def test_the_same_seed_gives_the_same_market_and_another_gives_another() -> None:
    assert days(source(), SYMBOLS[0], 2).rows() == days(source(), SYMBOLS[0], 2).rows()
    assert days(source(), SYMBOLS[0], 1).rows() != days(source(8), SYMBOLS[0], 1).rows()
    assert source().funding(SYMBOLS[0], START_MS, START_MS + DAY_MS) == source().funding(
        SYMBOLS[0], START_MS, START_MS + DAY_MS
    )


def test_the_market_of_one_symbol_does_not_depend_on_when_another_is_asked() -> None:
    first, second = source(), source()
    days(first, SYMBOLS[1], 2)
    assert days(first, SYMBOLS[0], 1).rows() == days(second, SYMBOLS[0], 1).rows()


def test_funding_is_due_every_eight_hours_within_its_bounds() -> None:
    rates = source().funding(SYMBOLS[0], START_MS, START_MS + 10 * DAY_MS)
    assert [rate.ts_ms for rate in rates] == list(range(START_MS, START_MS + 10 * DAY_MS, 8 * HOUR_MS))
    assert all(abs(rate.rate) <= 0.003 for rate in rates)
    assert len({rate.rate for rate in rates}) > 5


def test_volatility_clusters() -> None:
    minutes = days(source(crashes=None), SYMBOLS[0], 5)
    sizes = np.abs(np.diff(np.log(minutes.close)))
    assert np.corrcoef(sizes[:-10], sizes[10:])[0, 1] > 0.1


def first_round_trip_ms(minutes: Candles, start_ms: int) -> int | None:
    """When a ladder 7 % below the SMA of seven hourly closes was first bought and later sold at the average."""
    hours = aggregate(minutes, "1h")
    bought = False
    for row in minutes.between(start_ms, start_ms + DAY_MS).rows():
        done = int(np.searchsorted(hours.ts_ms, row.ts_ms - row.ts_ms % HOUR_MS))
        average = float(hours.close[done - 7 : done].mean())
        if bought and row.high >= average:
            return row.ts_ms
        bought = bought or row.low <= average * 0.93
    return None


@pytest.mark.parametrize("seed", [1, 7, 42])
def test_envelopes_trade_within_two_hours_of_the_opening(seed: int) -> None:
    market = source(seed)
    done = []
    for symbol in SYMBOLS:
        minutes = Candles.of("1m", [*market.history(symbol).rows(), *days(market, symbol, 1).rows()])
        at = first_round_trip_ms(minutes, market.start_ms)
        assert at is not None, symbol
        done.append((at - market.start_ms) / HOUR_MS)
    assert min(done) <= 2.0, done
    assert max(done) <= 4.0, done
