"""Families of strategies of which it is known whether they have an edge, and seeded hours for them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from core.candle import Candles, Floats
from core.market import Market
from core.plan import MARKET, Flags, Plan, fraction_of_average
from core.strategy import Parameters, Strategy
from core.timeframe import HOUR_MS

START_MS = 1_609_459_200_000
"""2021-01-01, midnight UTC."""

HOURS_A_DAY = 24
DEVIATION = 0.006
"""Of an hour's log return: 56 % a year."""

SPIKE_SHARE = 1.0 / 48.0
SPIKE = 8.0
EDGE_HOURS = 12
EDGE = 0.00075
"""Drift of each of the hours after a spike; net of costs a Sharpe ratio of about 3."""


class RandomParams(Parameters):
    """Which of many random series of entries, and how a position ends."""

    pick: int = Field(0, ge=0, le=1_000, description="number of the series of entries")
    hold: int = Field(12, ge=1, le=200, description="rows that a position is held at most")
    stop_fraction: float = Field(0.05, gt=0, lt=0.5, description="stop below the average entry price")


class RandomEntries(Strategy[RandomParams]):
    """Enters long or short at random: whatever it earned in sample was luck."""

    name: ClassVar[str] = "random_entries"
    timeframe: ClassVar[str] = "1h"
    Params: ClassVar[type[Parameters]] = RandomParams

    def warmup(self, params: RandomParams) -> int:
        """None."""
        return 0

    def plan(self, market: Market, params: RandomParams) -> Plan:
        """A market entry in one row of 48."""
        direction: Flags = market.remember((RandomEntries, params.pick), lambda: self._entries(market, params.pick))
        return Plan(direction, (MARKET,), (1.0,), fraction_of_average(-params.stop_fraction), max_hold=params.hold)

    def _entries(self, market: Market, pick: int) -> Flags:
        # the market's own volume is the seed, so that each market has its own series, and each look at it the same
        drawn = np.random.default_rng([int(market.volume[0] * 1e6), pick]).random((len(market), 2))
        return np.where(drawn[:, 0] < SPIKE_SHARE, np.where(drawn[:, 1] < 0.5, -1, 1), 0).astype(np.int8)


class SpikeParams(Parameters):
    """How late to enter after a spike, and how a position ends."""

    delay: int = Field(0, ge=0, le=24, description="rows waited after a spike")
    hold: int = Field(12, ge=1, le=200, description="rows that a position is held at most")
    stop_fraction: float = Field(0.1, gt=0, lt=0.5, description="stop below the average entry price")


class AfterSpikes(Strategy[SpikeParams]):
    """Buys after hours of high volume: in hours from `planted`, an edge."""

    name: ClassVar[str] = "after_spikes"
    timeframe: ClassVar[str] = "1h"
    Params: ClassVar[type[Parameters]] = SpikeParams

    def warmup(self, params: SpikeParams) -> int:
        """The delay."""
        return params.delay

    def plan(self, market: Market, params: SpikeParams) -> Plan:
        """A market entry some rows after each spike; mean volume is 1."""
        direction: Flags = market.remember((AfterSpikes, params.delay), lambda: self._late(market, params.delay))
        return Plan(direction, (MARKET,), (1.0,), fraction_of_average(-params.stop_fraction), max_hold=params.hold)


    def _late(self, market: Market, delay: int) -> Flags:
        spikes = (market.volume > SPIKE / 2).astype(np.int8)
        return np.concatenate((np.zeros(delay, np.int8), spikes[: len(spikes) - delay]))


def fair(days: int, seed: int) -> Candles:
    """Hours in which nothing can be foretold: returns without mean, their deviation changing slowly."""
    return _hours(np.zeros(days * HOURS_A_DAY), np.zeros(days * HOURS_A_DAY, np.bool_), seed)


def planted(days: int, seed: int, edge: float = EDGE) -> Candles:
    """The same, except that the 12 hours after an hour of high volume rise by ``edge`` each on average."""
    spikes = np.random.default_rng([seed, 1]).random(days * HOURS_A_DAY) < SPIKE_SHARE
    since = np.full(len(spikes), EDGE_HOURS + 1)
    for t in range(1, len(spikes)):
        since[t] = 1 if spikes[t - 1] else since[t - 1] + 1
    return _hours(np.where(since <= EDGE_HOURS, edge, 0.0), spikes, seed)


def _hours(drift: Floats, spikes: np.ndarray, seed: int) -> Candles:
    """Twelve steps an hour; ``drift`` is an hour's, spikes are hours with a high volume."""
    rng = np.random.default_rng([seed, 0])
    n = len(drift)
    restless = np.exp(0.3 * _slow(rng.normal(0.0, 1.0, n)))
    steps = rng.normal(0.0, DEVIATION / np.sqrt(12), (n, 12)) * restless[:, None]
    steps += ((drift - (DEVIATION * restless) ** 2 / 2) / 12)[:, None]  # the price, not its logarithm, has the drift
    path = 100.0 * np.exp(np.cumsum(steps).reshape(n, 12))
    close = np.ascontiguousarray(path[:, -1])
    opened = np.concatenate(([100.0], close[:-1]))
    volume = rng.gamma(20.0, 0.05, n) * np.where(spikes, SPIKE, 1.0)
    ts_ms = START_MS + np.arange(n, dtype=np.int64) * HOUR_MS
    return Candles("1h", ts_ms, opened, np.maximum(path.max(1), opened), np.minimum(path.min(1), opened), close, volume)


def _slow(noise: Floats) -> Floats:
    """A series of deviation 1 that forgets half in three days."""
    keep = 0.5 ** (1.0 / 72.0)
    out, level = np.empty(len(noise)), 0.0
    for t, x in enumerate(noise * np.sqrt(1.0 - keep * keep)):
        level = keep * level + x
        out[t] = level
    return out
