"""A seeded market that never ends: regimes, clustered volatility, jumps, and crashes that recover.

Model, per symbol and minute: log returns from six normal sub-steps scaled by a volatility that follows a log AR(1)
process (clustering) around the level of the day's regime (a Markov chain over calm, rising, falling and turbulent
days), plus rare jumps. On top come scheduled crashes: a fall within half an hour and a recovery within the hour after,
the first shortly after the market opens, one symbol after the other, then every few hours. They are what makes a
demonstration of mean reversion trade within minutes, and are no claim about real markets.

The same seed and start give the same candles in any process. Stretches of a day are drawn from their own generator.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from core.candle import Candles, Floats
from core.instrument import Instrument
from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from sandbox.source import FundingRate

_SUB_STEPS: Final = 6
_DAY_MINUTES: Final = DAY_MS // MINUTE_MS
FUNDING_MS: Final = 8 * HOUR_MS

FIRST_PRICES: Final = {
    "BTC-USDT": 95_000.0, "ETH-USDT": 3_300.0, "SOL-USDT": 190.0, "DOGE-USDT": 0.32, "LINK-USDT": 22.0,
}


class Regime(NamedTuple):
    """A kind of day: drift per day (log) and a factor on volatility."""

    drift: float
    volatility: float


REGIMES: Final = (Regime(0.0, 0.7), Regime(0.02, 1.0), Regime(-0.02, 1.1), Regime(0.0, 1.8))
_STAY: Final = 0.6


class Crashes(NamedTuple):
    """The schedule of crashes: depth as a fraction of price, times in minutes.

    ``first`` after the market opens for the first symbol, ``stagger`` later for each next one, then every ``every``.
    """

    depth: float = 0.13
    fall: int = 25
    recovery: int = 50
    first: int = 15
    stagger: int = 7
    every: int = 480


class SyntheticSource:
    """An endless market of minutes with ``history_days`` of the same kind before it opens (without crashes).

    ``volatility`` is the typical standard deviation of a minute's log return. Instruments give the ticks.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        seed: int,
        history_days: int,
        start_ms: int,
        *,
        instruments: Mapping[str, Instrument] | None = None,
        volatility: float = 0.0006,
        crashes: Crashes | None = Crashes(),
    ) -> None:
        self._symbols = tuple(symbols)
        self._seed, self._history_days = seed, history_days
        self._start_ms = start_ms - start_ms % MINUTE_MS
        self._volatility, self._crashes = volatility, crashes
        self._ticks = {symbol: rules.tick for symbol, rules in (instruments or {}).items()}
        self._state: dict[str, tuple[int, float, float, int]] = {}
        self._history = {symbol: self._draw_history(symbol) for symbol in self._symbols}

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols in the given order."""
        return self._symbols

    @property
    def start_ms(self) -> int:
        """When the market opens."""
        return self._start_ms

    def history(self, symbol: str) -> Candles:
        """Minutes before the market opens."""
        return self._history[symbol]

    def live(self, symbol: str, from_ms: int) -> Candles:
        """The next day of minutes; stretches are drawn in order, ``from_ms`` only cuts."""
        while True:
            stretch = self._draw(symbol)
            if stretch.ts_ms[-1] >= from_ms:
                return stretch.between(from_ms, int(stretch.ts_ms[-1]) + 1)

    def funding(self, symbol: str, from_ms: int, to_ms: int) -> list[FundingRate]:
        """Every eight hours: around a hundredth of a percent, with noise, drawn from the time alone."""
        first = -(-from_ms // FUNDING_MS) * FUNDING_MS
        return [FundingRate(ts, self._rate(symbol, ts)) for ts in range(first, to_ms, FUNDING_MS)]

    def _rate(self, symbol: str, ts_ms: int) -> float:
        noise = np.random.default_rng([self._seed, _number(symbol), ts_ms // FUNDING_MS, 1]).normal(0.0, 0.00012)
        return round(float(np.clip(0.0001 + noise, -0.003, 0.003)), 6)

    def _draw_history(self, symbol: str) -> Candles:
        start = self._start_ms - self._history_days * DAY_MS
        self._state[symbol] = (start, FIRST_PRICES.get(symbol, 100.0), 0.0, 0)
        days = [self._draw(symbol) for _ in range(self._history_days)]
        if not days:
            return Candles.empty("1m")
        names = ("ts_ms", "open", "high", "low", "close", "volume")
        return Candles("1m", *(np.concatenate([getattr(day, name) for day in days]) for name in names))

    def _draw(self, symbol: str) -> Candles:
        """The next day of one symbol; moves its state (time, price, log volatility, regime) on."""
        start, price, log_vol, regime = self._state[symbol]
        rng = np.random.default_rng([self._seed, _number(symbol), start // MINUTE_MS, 0])
        if rng.random() > _STAY:
            regime = int(rng.integers(len(REGIMES)))
        kind = REGIMES[regime]
        shocks = rng.normal(0.0, 0.08, _DAY_MINUTES)
        for i, shock in enumerate(shocks):  # an AR(1) process: each value needs the one before
            log_vol = 0.97 * log_vol + shock
            shocks[i] = log_vol
        sigma = self._volatility * kind.volatility * np.exp(shocks)
        steps = rng.standard_normal((_DAY_MINUTES, _SUB_STEPS)) * (sigma / np.sqrt(_SUB_STEPS))[:, None]
        steps += kind.drift / (_DAY_MINUTES * _SUB_STEPS)
        jumps = rng.random(_DAY_MINUTES) < 2 / _DAY_MINUTES
        steps[:, 0] += jumps * rng.normal(0.0, 8.0, _DAY_MINUTES) * self._volatility
        steps += (self._crash_drift(symbol, start) / _SUB_STEPS)[:, None]
        prices = price * np.exp(np.cumsum(steps.reshape(-1))).reshape(_DAY_MINUTES, _SUB_STEPS)
        prices = self._on_tick(symbol, prices, price)
        close = prices[:, -1]
        open_ = np.concatenate([[price], close[:-1]])
        activity = np.abs(np.log(close / open_)) / self._volatility
        volume = 4e5 / FIRST_PRICES.get(symbol, 100.0) * np.exp(rng.normal(0.0, 0.4, _DAY_MINUTES)) * (0.5 + activity)
        self._state[symbol] = (start + DAY_MS, float(close[-1]), log_vol, regime)
        return Candles(
            "1m",
            start + np.arange(_DAY_MINUTES, dtype=np.int64) * MINUTE_MS,
            np.ascontiguousarray(open_),
            np.maximum(open_, prices.max(axis=1)),
            np.minimum(open_, prices.min(axis=1)),
            np.ascontiguousarray(close),
            np.round(volume, 4),
        )

    def _on_tick(self, symbol: str, prices: Floats, first: float) -> Floats:
        """Prices on the instrument's tick, or with six significant digits where it is not known."""
        tick = self._ticks.get(symbol, 0.0) or 10.0 ** (np.floor(np.log10(first)) - 5)
        decimals = max(0, int(np.ceil(-np.log10(tick))))
        return np.round(np.maximum(np.round(prices / tick), 1.0) * tick, decimals)

    def _crash_drift(self, symbol: str, day_start_ms: int) -> Floats:
        """float64[minutes of a day]: what the scheduled crashes add to each minute's log return."""
        drift = np.zeros(_DAY_MINUTES)
        crashes = self._crashes
        if crashes is None:
            return drift
        first = crashes.first + crashes.stagger * self._symbols.index(symbol)
        since_open = (day_start_ms - self._start_ms) // MINUTE_MS + np.arange(_DAY_MINUTES) - first
        phase = since_open % crashes.every
        fall = np.log1p(-crashes.depth)
        drift[(since_open >= 0) & (phase < crashes.fall)] = fall / crashes.fall
        recovering = (since_open >= 0) & (phase >= crashes.fall) & (phase < crashes.fall + crashes.recovery)
        drift[recovering] = -fall / crashes.recovery
        return drift


def _number(symbol: str) -> int:
    """A number for a symbol that never changes."""
    return zlib.crc32(symbol.encode())
