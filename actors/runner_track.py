"""One symbol of one strategy: decision window, paper ladder, live ladder. Pure state, no I/O, no clock.

Laws
- The state is a function of the candles and fills it was given, each taken once: by opening time, by trade id.
- Paper is always walked on 1m candles. The live ladder is moved by the exchange's fills alone.
- A plan row comes into force when its decision candle has closed, before anything newer is looked at.
"""

from __future__ import annotations

import json
import struct
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from core.candle import Candle, Candles, Floats
from core.extra import FUNDING_STALE_MS, funding_columns
from core.market import Market
from core.messages import FillRole, OrderFilled
from core.strategy import Condition, Parameters
from core.target import Target
from core.timeframe import MINUTE_MS, timeframe_ms
from engine.costs import Costs
from engine.ladder import Closed, Ladder
from strategies.discovery import AnyStrategy

_SPARE_ROWS = 8
_REMEMBERED = 200


class Happened(NamedTuple):
    """What a candle or fill caused: closed trades by scope, and whether a decision candle closed."""

    trades: tuple[tuple[str, Closed], ...] = ()
    decided: bool = False


class Track:
    """Everything that a runner knows about one symbol.

    Parameters
    ----------
    capital : of this symbol (USDT). live : whether an exchange is traded, so that a live ladder is kept.
    """

    def __init__(
        self, symbol: str, strategy: AnyStrategy, params: Parameters, timeframe: str, costs: Costs, capital: float,
        *, live: bool,
    ) -> None:
        self.symbol, self.timeframe, self.params = symbol, timeframe, params
        self._strategy, self._step_ms = strategy, timeframe_ms(timeframe)
        self.warmup = strategy.warmup(params)
        self.paper = Ladder(symbol, costs, capital)
        self.live = Ladder(symbol, costs, capital) if live else None
        self._window: deque[Candle] = deque(maxlen=self.warmup + _SPARE_ROWS)
        self._part: list[Candle] = []
        self._seen: deque[str] = deque(maxlen=_REMEMBERED)
        self._rates: dict[int, float] = {}
        self._market: Market | None = None
        self.last_ms = 0
        """Opening time of the last 1m candle taken, 0 before the first."""
        self.price = 0.0
        self.fill_ms = 0

    @property
    def window(self) -> Candles:
        """Decision candles that plans are computed from, oldest first."""
        return Candles.of(self.timeframe, self._window)

    @property
    def latest_trade_id(self) -> str:
        """Of the last fill taken."""
        return self._seen[-1] if self._seen else ""

    def part_from_ms(self, last_ms: int) -> int:
        """Opening time of the decision candle that was in progress after the minute ``last_ms``."""
        now = last_ms + MINUTE_MS
        return now - now % self._step_ms

    def load(self, window: Candles, part: Sequence[Candle]) -> None:
        """Take over history: closed decision candles, and the minutes since the last of them."""
        self._window.clear()
        self._window.extend(window.rows())
        self._part = list(part)
        if part:
            self.price = part[-1].close
        elif len(window):
            self.price = float(window.close[-1])

    def begin(self, now_ms: int) -> bool:
        """Put the row of the last decision candle in force when not a minute of it has passed at ``now_ms``."""
        self.last_ms = now_ms - MINUTE_MS
        if self._part or not self._window or self._window[-1].ts_ms + self._step_ms != now_ms:
            return False
        self._decide(now_ms)
        return True

    @property
    def rates_from_ms(self) -> int | None:
        """From when on settled rates matter to the window; None when the strategy does not need them."""
        if "funding" not in self._strategy.needs or not self._window:
            return None
        return self._window[0].ts_ms - FUNDING_STALE_MS

    def settled(self, rates: Iterable[tuple[int, float]]) -> None:
        """Learn rates by their settlement times (UTC ms), in any order; a row sees those before its close."""
        oldest = self.rates_from_ms or 0
        self._rates = {ts: rate for ts, rate in sorted((self._rates | dict(rates)).items()) if ts >= oldest}

    def candle(self, candle: Candle, due: float | None) -> Happened:
        """Take the next closed 1m candle; ``due`` is the rate settled when it opened. Older ones change nothing."""
        if candle.ts_ms <= self.last_ms:
            return Happened()
        self.last_ms, self.price = candle.ts_ms, candle.close
        if due is not None and "funding" in self._strategy.needs:
            self.settled([(candle.ts_ms, due)])
        funding_rate = due or 0.0
        trades = [("paper", t) for t in self.paper.walk(candle, funding_rate).trades]
        if self.live is not None:
            if funding_rate and self.live.direction:
                self.live.pay_funding(funding_rate * self.live.direction * self.live.quantity * candle.open)
            self.live.expire_market()
        self._part.append(candle)
        closes_ms = candle.ts_ms + MINUTE_MS
        if closes_ms % self._step_ms:
            return Happened(tuple(trades))
        opened_ms = closes_ms - self._step_ms
        part = [c for c in self._part if c.ts_ms >= opened_ms]
        self._window.append(_joined(opened_ms, part))
        self._part = []
        self._decide(closes_ms)
        return Happened(tuple(trades), decided=True)

    def fill(self, fill: OrderFilled) -> Happened | None:
        """Take a fill of the exchange; None when it was taken before or is none of ours."""
        if self.live is None or fill.trade_id in self._seen:
            return None
        self._seen.append(fill.trade_id)
        self.fill_ms = max(self.fill_ms, fill.ts_ms)
        if fill.role is not FillRole.ENTRY and not self.live.direction:
            return Happened()
        stepped = self.live.fill(fill.role, fill.level, fill.price, fill.quantity, fill.fee, fill.ts_ms, fill.direction)
        return Happened(tuple(("live", t) for t in stepped.trades))

    def conditions(self) -> tuple[Condition, ...]:
        """How near entries are at the last decision candle; none before there were enough."""
        if self._market is None and len(self._window) >= self.warmup:
            window = self.window
            self._market = Market(self.symbol, window, self._extra(window))
        return () if self._market is None else tuple(self._strategy.conditions(self._market, self.params))

    def target(self) -> Target:
        """What the exchange should look like now; the paper ladder's when no exchange is traded."""
        return (self.live or self.paper).target(self._strategy.name, self.price)

    def snapshot(self) -> bytes:
        """The whole state but the candles, which the feed remembers."""
        ladders = [self.paper.snapshot(), self.live.snapshot() if self.live else b""]
        head = json.dumps({"last_ms": self.last_ms, "fill_ms": self.fill_ms, "seen": list(self._seen)}).encode()
        return b"".join(struct.pack("<I", len(part)) + part for part in (head, *ladders))

    def restore(self, payload: bytes) -> None:
        """Take over a snapshot. Raises DataError when it is of another layout."""
        parts, at = [], 0
        while at < len(payload):
            (length,) = struct.unpack_from("<I", payload, at)
            parts.append(payload[at + 4 : at + 4 + length])
            at += 4 + length
        head: dict[str, Any] = json.loads(parts[0])
        self.paper.restore(parts[1])
        if self.live is not None and parts[2]:
            self.live.restore(parts[2])
        self.last_ms, self.fill_ms = int(head["last_ms"]), int(head["fill_ms"])
        self._seen.extend(head["seen"])

    def _decide(self, row_ms: int) -> None:
        if len(self._window) < self.warmup:
            return
        window = self.window
        market = self._market = Market(self.symbol, window, self._extra(window))
        plan = self._strategy.plan(market, self.params)
        self.paper.new_row(plan, row_ms, len(market))
        if self.live is not None:
            self.live.new_row(plan, row_ms, len(market))
            self.live.enter_row()


    def _extra(self, window: Candles) -> dict[str, Floats]:
        """What the strategy needs beside candles, as a backtest computes it."""
        if "funding" not in self._strategy.needs:
            return {}
        times = np.fromiter(self._rates, np.int64, len(self._rates))
        return funding_columns(window, times, np.fromiter(self._rates.values(), np.float64, len(self._rates)))


def _joined(opened_ms: int, minutes: Sequence[Candle]) -> Candle:
    return Candle(
        opened_ms, minutes[0].open, max(c.high for c in minutes), min(c.low for c in minutes), minutes[-1].close,
        sum(c.volume for c in minutes),
    )
