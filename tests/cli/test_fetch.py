"""``scalp-radar data fetch`` from the local exchange, through the real client: only what is missing, and resumable."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.candle import Candles
from core.errors import ConfigurationError, DataError, RetryLater
from core.settings import Exchange, RateBudget
from exchanges.registry import public_venue
from market.store import CandleStore
from market.validation import missing_spans
from sandbox.config import SandboxConfig
from sandbox.server import Sandbox
from sandbox.source import StoredSource
from scripts import fetching
from scripts.fetching import Fetch, Fetched, fetch
from tests.cli.command import Said, changed, copied_config, scalp_radar
from tests.market.builders import START, candles_at, random_walk

MINUTE, HOUR = 60_000, 3_600_000
COUNT = 3000
BEGIN = START - COUNT * MINUTE
HISTORY = random_walk(COUNT, "1m", BEGIN)
RATES = [(START - h * HOUR, h / 1e6) for h in (48, 40, 32, 24, 16, 8)]
FAST = RateBudget(market=1e6, trade=1e6, account=1e6, position=1e6)


class Watched:
    """A venue that remembers what it was asked, and breaks when it is told to."""

    def __init__(self, venue: Any) -> None:
        self._venue = venue
        self.asked: list[tuple[str, int, int]] = []
        self.funding_from: list[int] = []
        self.breaks_at = -1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    async def candles(self, symbol: str, timeframe: str, from_ms: int, to_ms: int) -> Candles:
        found: Candles = await self._venue.candles(symbol, timeframe, from_ms, to_ms)
        if from_ms < to_ms:
            self.asked.append((timeframe, from_ms, to_ms))
            if len(self.asked) == self.breaks_at:
                raise KeyboardInterrupt
        return found

    async def funding(self, symbol: str, from_ms: int, to_ms: int) -> Any:
        self.funding_from.append(from_ms)
        return await self._venue.funding(symbol, from_ms, to_ms)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A local exchange that opens at START and has 3000 minutes and six rates before."""
    live = candles_at([START, START + MINUTE], "1m", float(HISTORY.close[-1]))
    both = Candles.of("1m", [*HISTORY.rows(), *live.rows()])
    sandbox = Sandbox(SandboxConfig(lockstep=True), StoredSource({"BTC-USDT": both}, START, {"BTC-USDT": RATES}))
    yield await sandbox.start()
    await sandbox.stop()


@pytest.fixture
async def venue(port: int) -> AsyncIterator[Watched]:
    real = public_venue("bitget", Exchange(rest_url=f"http://127.0.0.1:{port}", rate=FAST))
    yield Watched(real)
    await real.close()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CandleStore:
    monkeypatch.setattr(fetching, "CHUNK", 1000)
    return CandleStore(tmp_path / "store")


def silent(_text: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


async def fetched(venue: Any, store: CandleStore, from_ms: int, to_ms: int = 2**62, *timeframes: str) -> list[Fetched]:
    return await fetch(venue, store, Fetch("bitget", ["BTC-USDT"], timeframes or ("1m",), from_ms, to_ms), silent)


async def test_candles_and_funding_arrive_as_the_exchange_has_them(venue: Watched, store: CandleStore) -> None:
    minutes, funding = await fetched(venue, store, BEGIN)
    found = store.read("bitget", "BTC-USDT", "1m")
    np.testing.assert_array_equal(found.ts_ms, HISTORY.ts_ms)
    np.testing.assert_allclose(found.close, HISTORY.close, rtol=1e-3)  # the exchange rounds to its ticks
    assert (minutes.new, minutes.rows, minutes.missing) == (COUNT, COUNT, 0)
    times, rates = store.read_series("bitget", "BTC-USDT", "funding")
    assert list(zip(times.tolist(), rates.tolist(), strict=True)) == RATES
    assert (funding.timeframe, funding.new, funding.first_ms) == ("funding", 6, RATES[0][0])


async def test_what_is_stored_is_not_asked_for_again(venue: Watched, store: CandleStore) -> None:
    await fetched(venue, store, BEGIN)
    venue.asked.clear()
    again = await fetched(venue, store, BEGIN)
    assert venue.asked == []
    assert [f.new for f in again] == [0, 0]
    assert venue.funding_from == [BEGIN, RATES[-1][0] + 1]


async def test_holes_are_filled_and_nothing_else_is_touched(venue: Watched, store: CandleStore) -> None:
    keep = np.ones(COUNT, bool)
    keep[500:510] = keep[1700] = False
    columns = [getattr(HISTORY, n)[keep] * (1 if n == "ts_ms" else 2.0)  # ours are twice as high: they must stay
               for n in ("ts_ms", "open", "high", "low", "close", "volume")]
    store.append("bitget", "BTC-USDT", Candles("1m", *columns))
    minutes, _ = await fetched(venue, store, BEGIN)
    assert venue.asked == [
        ("1m", BEGIN + 1700 * MINUTE, BEGIN + 1701 * MINUTE), ("1m", BEGIN + 500 * MINUTE, BEGIN + 510 * MINUTE)
    ]
    assert minutes.new == 11
    now = store.read("bitget", "BTC-USDT", "1m")
    np.testing.assert_allclose(now.close[keep], 2 * HISTORY.close[keep])
    np.testing.assert_allclose(now.close[~keep], HISTORY.close[~keep], rtol=1e-3)


async def test_an_interrupted_fetch_goes_on_where_it_was(venue: Watched, store: CandleStore) -> None:
    venue.breaks_at = 2
    with pytest.raises(KeyboardInterrupt):
        await fetched(venue, store, BEGIN)
    assert len(store.read("bitget", "BTC-USDT", "1m")) == 1000  # the newest, which had arrived
    venue.asked.clear()
    venue.breaks_at = -1
    minutes, _ = await fetched(venue, store, BEGIN)
    assert minutes.new == 2000
    assert max(to_ms for _, _, to_ms in venue.asked) == START - 1000 * MINUTE


async def test_nothing_is_asked_for_far_before_the_first_candle(venue: Watched, store: CandleStore) -> None:
    minutes, _ = await fetched(venue, store, BEGIN - 20_000 * MINUTE)
    assert min(from_ms for _, from_ms, _ in venue.asked) == BEGIN - 1000 * MINUTE
    assert (minutes.rows, minutes.missing, minutes.first_ms) == (COUNT, 0, BEGIN)


async def test_the_candle_in_progress_is_not_stored(venue: Watched, store: CandleStore) -> None:
    hours, _ = await fetched(venue, store, START - 5 * HOUR - 1, START + 10 * HOUR, "1h")
    assert (hours.rows, hours.first_ms, hours.last_ms) == (5, START - 5 * HOUR, START - HOUR)


async def test_several_timeframes_are_fetched_with_one_funding(venue: Watched, store: CandleStore) -> None:
    found = await fetched(venue, store, START - 2 * HOUR, 2**62, "1m", "5m")
    assert [(f.timeframe, f.rows) for f in found] == [("1m", 120), ("5m", 24), ("funding", 0)]


async def test_progress_counts_candles_up_to_their_number(venue: Watched, store: CandleStore) -> None:
    told: list[tuple[str, int, int]] = []
    await fetch(venue, store, Fetch("bitget", ["BTC-USDT"], ["1m"], BEGIN, START), lambda *t: told.append(t))
    assert told == [("BTC-USDT 1m", n, COUNT) for n in (0, 1000, 2000, 3000)] + [
        ("BTC-USDT funding", n, 1) for n in (0, 1)
    ]


async def test_a_timeframe_that_the_exchange_does_not_have_changes_nothing(venue: Watched, store: CandleStore) -> None:
    with pytest.raises(DataError, match="timeframe '8h': bitget has 1m, 3m"):
        await fetched(venue, store, BEGIN, 2**62, "1m", "8h")
    assert store.coverage() == []


async def test_a_span_of_the_future_is_refused(venue: Watched, store: CandleStore) -> None:
    with pytest.raises(ConfigurationError, match="--from = '2025-03-01': lies in the future"):
        await fetched(venue, store, START + HOUR)


async def test_a_symbol_that_is_not_listed_is_refused(venue: Watched, store: CandleStore) -> None:
    with pytest.raises(ConfigurationError, match="--symbol = 'ETH-USDT': bitget does not list it"):
        await fetch(venue, store, Fetch("bitget", ["ETH-USDT"], ["1m"], BEGIN, START), silent)


async def test_an_exchange_that_is_busy_is_asked_again_but_not_for_ever(
    venue: Watched, store: CandleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_wait_s", lambda state: 0.0)
    real, told = venue.candles, 0
    answers_at = fetching.TRIES

    async def busy(symbol: str, timeframe: str, from_ms: int, to_ms: int) -> Candles:
        nonlocal told
        told += from_ms < to_ms
        if from_ms < to_ms and told != answers_at:
            raise RetryLater("busy")
        return await real(symbol, timeframe, from_ms, to_ms)

    venue.candles = busy  # type: ignore[method-assign]
    minutes, _ = await fetched(venue, store, START - HOUR)
    assert (minutes.new, told) == (60, fetching.TRIES)
    with pytest.raises(RetryLater, match="busy"):
        await fetched(venue, store, START - 2 * HOUR)
    assert told == 2 * fetching.TRIES


def command(config: Path, store: Path, *more: str) -> Said:
    return scalp_radar("data", "fetch", "--config", config, "--store", store, "--symbol", "BTC-USDT", *more)


async def test_the_command_stores_and_says_what_came(port: int, tmp_path: Path) -> None:
    where = {"rest_url": f"http://127.0.0.1:{port}", "rate": FAST.model_dump()}
    config = changed(copied_config(tmp_path), "exchanges.yaml", lambda t: t["exchanges"]["bitget"].update(where))
    span = ("--from", "2025-02-28", "--to", "2025-02-28T06:00")
    said = await asyncio.to_thread(command, config, tmp_path / "store", "--timeframe", "1m,1h", "--json", *span)
    assert said.code == 0, said.err
    assert [(f["timeframe"], f["new"], f["rows"], f["missing"]) for f in json.loads(said.out)] == [
        ("1m", 360, 360, 0), ("1h", 6, 6, 0), ("funding", 1, 1, 0)
    ]
    shown = await asyncio.to_thread(command, config, tmp_path / "store", *span)
    assert "open interest: the exchange tells the present value only" in shown.out
    assert [c.timeframe for c in CandleStore(tmp_path / "store").coverage()] == ["1m", "1h", "funding"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--from", "soon"), "command line: --from = 'soon': must be a date"),
        (("--from", "2025-03-02", "--to", "2025-03-02"), "--to = '2025-03-02': must be after --from 2025-03-02"),
        (("--from", "2025-03-02", "--timeframe", "1m,x"), "timeframe 'x': allowed is a number and m, h or d"),
        (("--from", "2025-03-02", "--exchange", "okx"), "--exchange = 'okx': unknown exchange; known are bitget"),
        (("--from", "2025-03-02", "--symbol", "XRP-USDT"), "--symbol = 'XRP-USDT': unknown symbol; known are BTC-USDT"),
    ],
)
def test_a_wrong_option_is_one_line(options: tuple[str, ...], complaint: str, tmp_path: Path) -> None:
    said = command(copied_config(tmp_path), tmp_path / "store", *options)
    assert (said.code, said.out) == (2, "")
    assert complaint in said.err
    assert said.err.count("\n") == 1
    assert not (tmp_path / "store").exists()


@given(st.lists(st.integers(-5, 40), unique=True).map(sorted), st.integers(0, 20), st.integers(0, 20))
def test_missing_spans_and_what_is_there_make_up_the_grid(have: list[int], begin: int, length: int) -> None:
    spans = missing_spans(np.array(have, np.int64) * 7, begin * 7, (begin + length) * 7, 7)
    missing = [t for a, b in spans for t in range(a, b, 7)]
    assert missing == [t * 7 for t in range(begin, begin + length) if t not in have]
    assert all(a < b for a, b in spans)
    assert all(b < c for (_, b), (c, _) in pairwise(spans))
