"""An API host with a told past and present, in a thread of its own: states that a market brings seldom."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

from actors.api_host import ApiHost
from actors.ledger import Ledger
from actors.read_model import Facts
from core.candle import Candle
from core.instrument import Instrument
from core.messages import (
    ActorBeat,
    CandlesClosed,
    ConditionsSeen,
    EquityMarked,
    FillRole,
    OrderFilled,
    PlanChanged,
    ProtectionSeen,
)
from core.strategy import Condition
from core.target import Rung, Target
from exchanges.port import TickerSeen
from market.store import CandleStore
from tests.api.rig import KEY, RecordingRisk
from tests.local_handles import LocalHandle
from tests.messages import T0

HOUR: Final = 3_600_000
NOW: Final = T0 + 30 * HOUR
"""Of the story's exchange."""
LATE: Final = NOW + 120_000
"""After the last candle."""
BTC: Final = "BTC-USDT"
SOL: Final = "SOL-USDT"
FACTS: Final = Facts(
    "demo", (BTC, SOL), {"envelope_dca": "1h"}, ("feed",), stale_after_s=1e6, beat_within_s=1e6, reading_within_s=1e6,
    trading=("envelope_dca",), groups={BTC: "majors", SOL: "alts"}, versions={"scalp-radar": "0.1.0"},
)


class Story:
    """``tell`` it messages; ``kill`` and ``revive`` its API on the same port. ``risk.told`` are commands that came."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.risk = RecordingRisk()
        self.candles = CandleStore(folder / "candles")
        self._ledger = self._do(self._opened())
        self.port = 0
        self._told: list[object] = []
        self._host: ApiHost | None = None
        self.revive()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def tell(self, *events: object, kept: bool = False) -> None:
        """Messages to the API, with ``kept`` also to the ledger."""
        assert self._host is not None
        self._told += events
        self._do(self._host.on(events))
        if kept:
            self._do(self._record(events))

    def learn(self, *rules: Instrument) -> None:
        """The exchange's rules."""
        assert self._host is not None
        self._host._state.market.learn({rule.symbol: rule for rule in rules})

    def kill(self) -> None:
        """The API is gone."""
        assert self._host is not None
        self._do(self._host.stop())
        self._host = None

    def revive(self) -> None:
        """The API is back on its port, with what it was told."""
        host = ApiHost(FACTS, port=self.port, api_key=KEY, answer_s=2.0, candles=lambda: self.candles)
        host.connect(LocalHandle(self._ledger), LocalHandle(self.risk))
        self.port = self._do(host.start())
        self._host = host
        if self._told:
            self._do(host.on(tuple(self._told)))

    def close(self) -> None:
        """End it."""
        if self._host is not None:
            self.kill()
        self._do(self._closed())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _opened(self) -> Ledger:
        return Ledger(f"sqlite:///{self._folder}/ledger.db")

    async def _record(self, events: tuple[object, ...]) -> None:
        self._ledger.record(events)

    async def _closed(self) -> None:
        self._ledger.stop()


def begun(folder: Path) -> Story:
    """A calm story: two long positions with their stops, a ladder, a day of prices and money."""
    story = Story(folder)
    story.tell(ActorBeat(time.time_ns() // 1_000_000, 1, "feed", "ok"))
    for hour in range(31):
        at = T0 + hour * HOUR
        candles = tuple((symbol, _candle(at, base, hour)) for symbol, base in ((BTC, 61_000.0), (SOL, 147.0)))
        story.tell(CandlesClosed(at + 60_000, hour + 1, "1m", candles))
        equity = 10_000.0 + 4.0 * hour - (90.0 if 10 < hour < 14 else 0.0)
        story.tell(EquityMarked(at, hour + 1, "live", "envelope_dca", 10_000.0, equity))
    story.tell(plan(), _fill(BTC, 0, 62_310.0, 0.03), _fill(BTC, 1, 60_098.6, 0.03), kept=True)
    sol = _plan(SOL, (Rung(2, 141.04, 6.0, 111.0),), 2, 12.0, 111.15, 151.2)
    story.tell(sol, _fill(SOL, 0, 148.2, 12.0), kept=True)
    story.tell(
        protection(BTC, 0.06, 61_204.3, 45_903.2), protection(SOL, 12.0, 148.2, 111.15, liquidation=92.10),
        TickerSeen(BTC, LATE, 61_540.0, 61_540.0, 61_539.9, 61_540.1),
        TickerSeen(SOL, LATE, 147.95, 147.95, 147.94, 147.96),
        ConditionsSeen(NOW, 1, "envelope_dca", BTC, (Condition("level 3", 1, 61_540.0, 54_705.7, "<=", False, 0.2),)),
        ConditionsSeen(NOW, 2, "envelope_dca", SOL, (Condition("level 3", 1, 147.95, 141.04, "<=", False, 0.53),)),
    )
    story.learn(Instrument(symbol=BTC, tick=0.1, step=0.001), Instrument(symbol=SOL, tick=0.001, step=0.1))
    return story


def protection(
    symbol: str, quantity: float, average: float, stop: float | None, *, liquidation: float | None = None,
    unprotected_ms: int = 0, sequence: int = 1,
) -> ProtectionSeen:
    return ProtectionSeen(
        NOW + sequence, sequence, symbol, 1, quantity, average, stop, average * 1.03, liquidation, unprotected_ms
    )


def plan() -> PlanChanged:
    return _plan(BTC, (Rung(2, 54_705.7, 0.03, 45_000.0),), 2, 0.06, 45_903.2, 62_880.1)


def _plan(
    symbol: str, rungs: tuple[Rung, ...], filled: int, quantity: float, stop: float, target: float
) -> PlanChanged:
    wanted = Target("envelope_dca", symbol, T0 + 24 * HOUR, 3, 1, rungs, filled, quantity, stop, target)
    return PlanChanged(T0 + 24 * HOUR, 1, wanted, 61_000.0)


def _fill(symbol: str, level: int, price: float, quantity: float) -> OrderFilled:
    return OrderFilled(
        T0 + (20 + level) * HOUR, level + 1, "envelope_dca", symbol, 3, level, FillRole.ENTRY, 1, price, quantity,
        price * quantity * 0.0002, True, f"{symbol}{level}", f"c{symbol}{level}",
    )


def _candle(ts_ms: int, base: float, hour: int) -> Candle:
    drift = 1 + 0.01 * ((hour * 7) % 5 - 2) / 2
    return Candle(ts_ms, base * drift, base * drift * 1.004, base * drift * 0.996, base * drift * 1.001, 3.0)
