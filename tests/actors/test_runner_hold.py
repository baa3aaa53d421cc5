"""Risk's word to a runner: no entries on paper here, while exits go on; a restart does not forget it."""

from __future__ import annotations

from typing import Any

from actors.parts import RunnerConfig
from actors.runner import Runner
from core.candle import Candle, Candles
from core.instrument import Instrument
from core.messages import CandlesClosed, EquityMarked, PlanChanged, TradeClosed
from core.settings import StrategyEntry
from core.timeframe import MINUTE_MS, timeframe_ms
from storage.database import Snapshot
from tests.messages import T0

BTC, ETH = "BTC-USDT", "ETH-USDT"
ENTRY = StrategyEntry(
    enabled=True, symbols=(BTC, ETH), leverage=3, capital_usdt=2_000,
    params={"ma_period": 5, "num_levels": 2, "envelope_start": 0.05, "envelope_step": 0.05, "stop_fraction": 0.25},
)
CONFIG = RunnerConfig(
    "runner", "envelope_dca", ENTRY, (BTC, ETH), (), 0.0005, 0.7, False, False, "feed", api="api"
)


class House:
    """Peers of a runner: a feed whose market stood still at 100, a ledger that keeps the last snapshot."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, tuple[Any, ...]]] = []
        self.saved: Snapshot | None = None
        self.now_ms = T0
        self.lag = self.failed = 0

    def tell(self, peer: str, method: str, *arguments: Any) -> None:
        self.told.append((peer, method, arguments))
        if method == "save_snapshot":
            self.saved = Snapshot(*arguments)

    post = tell

    def deliver(self) -> None:
        """Everything has left."""

    def ask(self, peer: str, method: str, *arguments: Any, timeout_s: float = 30.0) -> Any:
        if method == "history":
            _, timeframe, from_ms, to_ms = arguments
            times = range(from_ms, to_ms, timeframe_ms(timeframe))
            return Candles.of(timeframe, [Candle(ts, 100.0, 100.0, 100.0, 100.0, 1.0) for ts in times])
        return {
            "instruments": {s: Instrument(symbol=s) for s in (BTC, ETH)}, "now": self.now_ms, "snapshot": self.saved,
            "funding_at": None,
        }[method]

    def plans(self) -> dict[str, PlanChanged]:
        """The last of each symbol that risk heard of."""
        told = [a[0] for peer, method, a in self.told if (peer, method) == ("risk", "on_plans")]
        return {p.target.symbol: p for plans in told for p in plans}

    def heard(self, method: str) -> list[Any]:
        return [event for peer, m, a in self.told if (peer, m) == ("risk", method) for event in a[0]]


def started(house: House) -> Runner:
    """A runner whose row has been in force for a minute."""
    runner = Runner(CONFIG, house)  # type: ignore[arg-type]
    runner.start()
    minute(house, runner, 100.0)
    return runner


def minute(house: House, runner: Runner, close: float, symbol: str = BTC) -> None:
    """A minute from 100 down to ``close``."""
    others = Candle(house.now_ms, 100.0, 100.0, 100.0, 100.0, 1.0)
    candle = Candle(house.now_ms, 100.0, 100.0, close, close, 1.0)
    house.now_ms += MINUTE_MS
    runner.on_candles(CandlesClosed(
        house.now_ms, 1, "1m", tuple((s, candle if s == symbol else others) for s in (BTC, ETH))
    ))


def test_a_held_symbol_wants_no_entries_and_fills_none_until_it_is_released() -> None:
    house = House()
    runner = started(house)
    assert len(house.plans()[BTC].target.rungs) == 2
    runner.hold((BTC,))
    assert house.plans()[BTC].target.rungs == ()
    assert len(house.plans()[ETH].target.rungs) == 2
    minute(house, runner, 94.0)
    assert runner.health()["symbols"][BTC]["paper"] == 0
    runner.hold(())
    assert len(house.plans()[BTC].target.rungs) == 2
    minute(house, runner, 94.0)
    assert runner.health()["symbols"][BTC]["paper"] > 0


def test_a_position_that_is_held_still_meets_its_target() -> None:
    house = House()
    runner = started(house)
    minute(house, runner, 94.0)
    assert runner.health()["symbols"][BTC]["paper"] > 0
    runner.hold((BTC, ETH))
    minute(house, runner, 100.0)  # opens at the average, where the take profit stands
    (trade,) = house.heard("on_trades")
    assert isinstance(trade, TradeClosed)
    assert trade.reason == "target"


def test_a_hold_survives_a_restart_and_ends_when_risk_says_so() -> None:
    house = House()
    started(house).hold((BTC,))
    house.told.clear()
    again = started(house)
    assert house.plans()[BTC].target.rungs == ()
    again.hold(())
    assert len(house.plans()[BTC].target.rungs) == 2


def test_risk_hears_of_the_money_after_each_minute() -> None:
    house = House()
    started(house)
    (mark,) = house.heard("on_equity")
    assert mark == EquityMarked(T0 + MINUTE_MS, mark.sequence, "paper", "envelope_dca", 2_000.0, 2_000.0)
