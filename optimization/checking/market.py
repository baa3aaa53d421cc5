"""What strategies are checked on: candles with further columns, cut, scaled and inverted as one; a seeded one of each.

Law: the synthetic columns of a row are functions of its time and close, so they are cut with the candles and see no
future.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from core.candle import Candles, Floats
from core.market import Market
from core.timeframe import HOUR_MS, timeframe_ms

ROWS: Final = 3000
SPARE_ROWS: Final = 1500
FUNDING_MS: Final = 8 * HOUR_MS
_IN_QUOTE: Final = ("open_interest",)
_SIGNED: Final = ("funding", "book_imbalance", "trade_delta", "large_share")


@dataclass(frozen=True, eq=False, slots=True)
class CheckMarket:
    """Decision candles of one symbol and what else is known at their closes, float64[n] each, by name."""

    symbol: str
    candles: Candles
    extra: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.candles)

    @classmethod
    def of(cls, market: Market) -> CheckMarket:
        """The columns of a market that was read from a store."""
        return cls(market.symbol, market.candles, market.extra)

    def market(self) -> Market:
        """A fresh market, so that nothing is remembered from another one."""
        return Market(self.symbol, self.candles, dict(self.extra))

    def slice(self, start: int, stop: int) -> CheckMarket:
        """Rows [start, stop) as views."""
        return CheckMarket(
            self.symbol, self.candles.slice(start, stop), {name: c[start:stop] for name, c in self.extra.items()}
        )

    def copy(self) -> CheckMarket:
        """The same values in memory of their own."""
        c = self.candles
        candles = Candles(
            c.timeframe, c.ts_ms.copy(), c.open.copy(), c.high.copy(), c.low.copy(), c.close.copy(), c.volume.copy()
        )
        return CheckMarket(self.symbol, candles, {name: a.copy() for name, a in self.extra.items()})

    def scaled(self, factor: float) -> CheckMarket:
        """All prices multiplied, and what is counted in quote currency with them."""
        extra = {name: c * factor if name in _IN_QUOTE else c for name, c in self.extra.items()}
        return CheckMarket(self.symbol, scaled(self.candles, factor), extra)

    def inverted(self) -> CheckMarket:
        """The path upside down in log price; who paid is paid, who bought has sold."""
        candles = inverted(self.candles)
        extra = {name: -c if name in _SIGNED else c for name, c in self.extra.items()}
        extra |= {name: extra[name] * candles.close / self.candles.close for name in _IN_QUOTE if name in extra}
        return CheckMarket(self.symbol, candles, extra)


Ground = Callable[[int, int], CheckMarket]
"""The market of a seed, of at least so many rows where there are as many."""


def on_synthetic(timeframe: str) -> Ground:
    """Seeded markets of this timeframe, of `ROWS` rows or more."""
    return lambda seed, rows: synthetic(timeframe, seed, -(-max(rows, ROWS) // 1000) * 1000)


def on_stored(market: CheckMarket) -> Ground:
    """One market for every check."""
    return lambda seed, rows: market


def synthetic(timeframe: str, seed: int, count: int = ROWS) -> CheckMarket:
    """A seeded market with every column that a strategy may need."""
    c = candles(timeframe, seed, count)
    return CheckMarket("TEST-USDT", c, extras(c))


@lru_cache(maxsize=8)
def candles(timeframe: str, seed: int, count: int = ROWS, volatility: float = 0.02) -> Candles:
    """A seeded random walk, wild enough for envelopes of several percent to be met; below 1h a calmer market.

    ``volatility`` : of the walk, a candle's; the calmer market has its own.
    """
    rng = np.random.default_rng(seed)
    walk, volume = _wild(rng, count, volatility) if timeframe_ms(timeframe) >= HOUR_MS else _calm(rng, count)
    path = 100.0 * np.exp(walk).reshape(count, 4)
    close = path[:, -1].copy()
    opened = np.concatenate(([100.0], close[:-1]))
    high = np.maximum(path.max(1), opened)
    low = np.minimum(path.min(1), opened)
    length = timeframe_ms(timeframe)
    ts = 1_700_006_400_000 // length * length + np.arange(count, dtype=np.int64) * length
    return Candles(timeframe, ts, opened, high, low, close, volume).checked("synthetic market")


def _wild(rng: np.random.Generator, count: int, volatility: float) -> tuple[Floats, Floats]:
    """Log prices, four a candle, and volumes: a random walk with jumps."""
    steps = rng.normal(0, volatility / 3, (count, 4))
    jumps = rng.random(count) < 0.03
    steps[jumps, 1] += rng.normal(0, 4 * volatility, int(jumps.sum()))
    return np.cumsum(steps.ravel()), rng.gamma(2.0, 50.0, count)


def _calm(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """As above, as minutes are: hours of little movement about a level, and sudden moves on high volume."""
    steps = rng.normal(0, 0.00015, (count, 4))
    moves = rng.random(count) < 1 / 30
    sudden = int(moves.sum())
    steps[moves, 1] += rng.choice([-1.0, 1.0], sudden) * rng.uniform(0.0028, 0.0052, sudden)
    volume = rng.gamma(2.0, 50.0, count)
    volume[moves] *= 5.0
    return _recalled(steps.ravel(), 0.995), volume


def extras(c: Candles) -> dict[str, Floats]:
    """What else a strategy may need.

    funding : the rate settled last, at times beyond what is called extreme; funding_ms : when. Both are ratios and
    times, which a change of prices leaves as they are. open_interest : contracts at the close, hence in USD it is
    multiplied with prices. Order flow as `indicators.order_flow` gives it: book_imbalance and large_share -1 to 1,
    trade_delta and trade_volume in base.
    """
    closed_ms = c.ts_ms + timeframe_ms(c.timeframe)
    settlement = closed_ms // FUNDING_MS
    row = closed_ms // timeframe_ms(c.timeframe)
    contracts = _CONTRACTS[row % len(_CONTRACTS)]
    return {
        "funding": _RATES[settlement % len(_RATES)],
        "funding_ms": (settlement * FUNDING_MS).astype(np.float64),
        "open_interest": contracts * c.close,
        "book_imbalance": np.tanh(_FLOW[row % len(_FLOW)]),
        "trade_volume": c.volume,
        "trade_delta": c.volume * np.tanh(_FLOW[(row + 2_000) % len(_FLOW)]),
        "large_share": np.tanh(_FLOW[(row + 4_000) % len(_FLOW)]),
    }


def scaled(c: Candles, factor: float) -> Candles:
    """The same candles with all prices multiplied."""
    return Candles(c.timeframe, c.ts_ms, c.open * factor, c.high * factor, c.low * factor, c.close * factor, c.volume)


def inverted(c: Candles, around: float = 10_000.0) -> Candles:
    """The path upside down in log price."""
    return Candles(c.timeframe, c.ts_ms, around / c.open, around / c.low, around / c.high, around / c.close, c.volume)


def _fading(seed: int, count: int, memory: float, deviation: float) -> Floats:
    """Seeded numbers around 0 of this standard deviation, each with ``memory`` of the one before."""
    return _recalled(np.random.default_rng(seed).normal(0.0, deviation * (1.0 - memory * memory) ** 0.5, count), memory)


def _recalled(steps: Floats, memory: float) -> Floats:
    """Sums of ``steps`` in which each step fades with ``memory``."""
    out = np.empty(len(steps))
    level = 0.0
    for i, step in enumerate(steps.tolist()):
        level = memory * level + step
        out[i] = level
    return out


_RATES = _fading(101, 997, 0.7, 0.0006)
_CONTRACTS = 1e6 * np.exp(_fading(102, 20_011, 0.98, 0.2))
_FLOW = _fading(103, 6_007, 0.8, 0.5)
