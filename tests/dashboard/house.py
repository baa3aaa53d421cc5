"""The story with a house around it: events of every weight, risk, an account, candles at rest with a gap."""

from __future__ import annotations

import time

import numpy as np

from core.candle import Candles
from core.exposure import LimitUse
from core.instrument import Instrument
from core.messages import (
    AccountChecked,
    ActorBeat,
    AlertRaised,
    RiskShown,
    Severity,
    TargetRefused,
    TradingHalted,
    TradingResumed,
)
from core.restriction import Cause, State
from core.settings import Risk
from market.store import CandleStore
from tests.dashboard.story import BTC, HOUR, NOW, SOL, Story
from tests.messages import T0

MINUTE = 60_000
ACTORS = ("feed", "executor:bitget", "runner:envelope_dca", "risk", "ledger", "monitor")
CHECKS = (
    ("account type", "classic", "classic or unified", "ok"), ("withdrawal right", "none", "none", "ok"),
    ("key address", "the exchange does not tell", "bound to addresses (allow_unsafe_key: false)", "warn"),
    ("position mode", "one-way", "one-way", "ok"),
    ("margin mode BTC-USDT", "isolated", "crossed", "change"), ("balance", "9,412.38 USDT", "10,000 USDT", "warn"),
)


def lived(story: Story) -> Story:
    """Tell it."""
    for age in range(20, 0, -1):
        begun = time.time_ns() // 1_000_000
        story.tell(*(ActorBeat(begun - n, 21 - age, name, "ok") for n, name in enumerate(ACTORS)))
    now = time.time_ns() // 1_000_000
    story.tell(ActorBeat(now, 1, "runner:envelope_dca", "degraded", 1, 2, 3, "asked again after a timeout"))
    story.tell(AccountChecked(T0, 1, "executor:bitget", True, CHECKS), kept=True)
    story.tell(
        *(TargetRefused(NOW - 40 * MINUTE + n, n, "envelope_dca", BTC, "margin_use", "71 % of 70 % used", 2)
          for n in range(12)),
        AlertRaised(NOW - 30 * MINUTE, 1, "feed:bitget", "stale", Severity.WARNING, "candles 18 s old", SOL),
        AlertRaised(NOW - 27 * MINUTE, 2, "executor:bitget", "stop_missing", Severity.CRITICAL,
                    "stop missing for 1.2 s, placed again", SOL, "envelope_dca"),
        TradingHalted(NOW - 20 * MINUTE, 1, SOL, "three refusals in a row"),
        TradingResumed(NOW - 12 * MINUTE, 2, SOL),
        AlertRaised(NOW - 5 * MINUTE, 3, "monitor", "divergence", Severity.INFO, "live 0.4 bps behind paper", BTC),
        kept=True,
    )
    story.tell(risk())
    stocked(story.candles)
    return story


def risk(*causes: Cause) -> RiskShown:
    """What risk shows: limits half used, one switch near its limit."""
    used = (
        LimitUse("kill_global", "kill_drawdown_24h", "", 0.034, 0.05, "fraction"),
        LimitUse("kill_runner", "kill_runner_loss", "envelope_dca", 0.012, 0.05, "fraction"),
        LimitUse("margin_use", "max_margin_use", "", 0.088, 0.7, "fraction"),
    )
    rules = (
        Instrument(symbol=BTC, tick=0.1, step=0.001, min_quantity=0.001, min_notional=5.0),
        Instrument(symbol=SOL, tick=0.001, step=0.1, min_quantity=0.1, min_notional=5.0),
    )
    return RiskShown(NOW, 1, 10_120.0, Risk(), 0.0005, causes, used, (), (), rules, ((BTC, 10.0), (SOL, 10.0)))


TRIPPED = Cause("kill_global", State.HALTED, "", "", "sliding 24 h drawdown 5.3 % above 5.0 %", NOW - HOUR, "rule")


def stocked(store: CandleStore) -> None:
    """Two symbols at rest, one with 38 minutes that lack and a spike."""
    for symbol, days, lacking in ((BTC, 30, range(4_000, 4_038)), (SOL, 12, range(0))):
        minutes = np.array([T0 - n * MINUTE for n in range(days * 1440, 0, -1) if n not in lacking], np.int64)
        store.append("bitget", symbol, _flat("1m", minutes))
        store.append("bitget", symbol, _flat("1h", minutes[minutes % HOUR == 0]))


def _flat(timeframe: str, times: np.ndarray) -> Candles:
    price = 100 + np.sin(np.arange(len(times)) / 50)
    high = price * 1.001
    high[len(high) // 2] *= 1.2
    return Candles(timeframe, times, price, high, price * 0.999, price, np.ones(len(times)))
