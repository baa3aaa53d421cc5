"""Parity over real candles: ``python -m tests.parity --from 2025-03-01 --days 31``.

Every minute goes through local exchange, ccxt, feed, runner, risk, executor and ledger in lockstep; afterwards paper
trades must equal the backtest's, live trades the paper ones, and no position may have been without stop.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from core.candle import Candles
from core.settings import StrategyEntry
from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from market.folder import FolderSource
from sandbox.config import AccountConfig
from tests.actors.proof import prove
from tests.actors.street import street

SYMBOLS = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "DOGE-USDT", "LINK-USDT")
WARM_UP_HOURS = 60
ENTRY = StrategyEntry(
    enabled=True, symbols=SYMBOLS, leverage=3, capital_usdt=10_000, capital_fraction=0.65,
    params={"ma_period": 7, "num_levels": 3, "envelope_start": 0.05, "envelope_step": 0.02, "stop_fraction": 0.2},
)


def real_candles(folder: Path, from_ms: int, to_ms: int) -> dict[str, Candles]:
    """Hours of every symbol with a warm-up before and an hour after the span."""
    source = FolderSource(folder)
    return {s: source.read(s, "1h", from_ms - WARM_UP_HOURS * HOUR_MS, to_ms + 2 * HOUR_MS) for s in SYMBOLS}


async def parity(
    folder: Path, from_ms: int, days: int, said: Callable[[str], object] = print, *, unified: bool = False
) -> dict[str, int]:
    """Trades by symbol; raises AssertionError at the first difference. ``unified`` : the kind of account."""
    to_ms = from_ms + days * DAY_MS
    candles = real_candles(folder, from_ms, to_ms)
    began = time.monotonic()
    account = AccountConfig.unified() if unified else AccountConfig()
    with tempfile.TemporaryDirectory() as state:
        async with street(Path(state), candles, entry=ENTRY, start_ms=from_ms, account=account) as world:
            lockstep = world.lockstep()
            minutes = (to_ms - from_ms) // MINUTE_MS
            for minute in range(1, minutes + 1):
                await lockstep.minute()
                if minute % 1440 == 0:
                    rate = minute / (time.monotonic() - began)
                    said(f"day {minute // 1440} of {days}, {rate:,.0f} minutes a second")
            return await prove(world, ENTRY, candles, from_ms, to_ms)


def main() -> int:
    """Exit code 0 when everything is equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="../shared/data/BINANCE_FUTURES")
    parser.add_argument("--from", dest="from_", default="2025-03-01")
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--account", choices=("classic", "unified"), default="classic")
    given = parser.parse_args()
    from_ms = round(datetime.fromisoformat(given.from_).replace(tzinfo=UTC).timestamp() * 1000)
    unified = given.account == "unified"
    said = partial(print, flush=True)
    counts = asyncio.run(parity(Path(given.data), from_ms, given.days, said, unified=unified))
    print(f"equal three times: backtest, paper, live; trades {counts}; no position was ever without stop")
    return 0


if __name__ == "__main__":
    sys.exit(main())
