"""One of each message, with the fields that matter open."""

from __future__ import annotations

from typing import Any

from core.candle import Candle
from core.exposure import Exposure, LimitUse
from core.instrument import Instrument
from core.messages import (
    AccountChecked,
    ActorBeat,
    AlertRaised,
    CandlesClosed,
    CommandGiven,
    ConditionsSeen,
    EquityMarked,
    FillRole,
    OrderFilled,
    OrderShown,
    PlanChanged,
    PositionGuarded,
    PositionSettled,
    ProtectionSeen,
    RiskShown,
    Severity,
    TargetRefused,
    TradeClosed,
    TradingHalted,
    TradingResumed,
)
from core.monitor_messages import AnomaliesSeen, Anomaly, ArenaRanked, SelectionChanged, SelectionMade, TradeCompared
from core.order import OpenOrder, OrderKind, OrderStatus, Side
from core.selection import Criterion, Decision
from core.settings import Risk
from core.standing import Standing
from core.strategy import Condition
from core.target import Rung, Target

T0 = 1_740_787_200_000
"""2025-03-01T00:00Z."""


def trade(cycle: int = 0, **changes: Any) -> TradeClosed:
    fields = {
        "ts_ms": T0 + cycle * 1000, "sequence": cycle + 1, "scope": "paper", "strategy": "envelope_dca",
        "symbol": "BTC-USDT", "cycle": cycle, "direction": 1, "opened_ms": T0 - 3_600_000, "quantity": 0.02,
        "average": 84_000.0, "exit_price": 85_000.0, "levels": 2, "fees": 1.2, "funding": -0.1, "net": 18.9,
        "reason": "target",
    }
    return TradeClosed(**{**fields, **changes})


def fill(number: int = 0, **changes: Any) -> OrderFilled:
    fields = {
        "ts_ms": T0 + number * 1000, "sequence": number + 1, "strategy": "envelope_dca", "symbol": "BTC-USDT",
        "cycle": 0, "level": 0, "role": FillRole.ENTRY, "direction": 1, "price": 84_000.0, "quantity": 0.01,
        "fee": 0.168, "maker": True, "trade_id": f"t{number}", "client_id": f"c{number}",
    }
    return OrderFilled(**{**fields, **changes})


def target(**changes: Any) -> Target:
    fields = {
        "strategy": "envelope_dca", "symbol": "BTC-USDT", "row_ms": T0, "cycle": 0, "direction": 1,
        "rungs": (Rung(0, 80_000.0, 0.01, 60_000.0), Rung(1, 76_000.0, 0.02, 57_000.0)),
    }
    return Target(**{**fields, **changes})


def plan(ts_ms: int = T0, sequence: int = 1, price: float = 84_000.0, **changes: Any) -> PlanChanged:
    return PlanChanged(ts_ms, sequence, target(**changes), price)


def equity(number: int = 0, **changes: Any) -> EquityMarked:
    fields = {
        "ts_ms": T0 + number * 60_000, "sequence": number + 1, "scope": "paper", "strategy": "envelope_dca",
        "wallet": 10_000.0, "equity": 10_000.0 + number,
    }
    return EquityMarked(**{**fields, **changes})


def protection(**changes: Any) -> ProtectionSeen:
    fields = {
        "ts_ms": T0, "sequence": 1, "symbol": "BTC-USDT", "direction": 1, "quantity": 0.02, "average": 84_000.0,
        "stop": 63_000.0, "target": 86_000.0, "liquidation": 50_000.0, "unprotected_ms": 0,
    }
    return ProtectionSeen(**{**fields, **changes})


def shown(ts_ms: int = T0, **changes: Any) -> OrderShown:
    fields = {
        "order_id": "o1", "client_id": "c1", "symbol": "BTC-USDT", "side": Side.BUY, "kind": OrderKind.LIMIT,
        "status": OrderStatus.OPEN, "quantity": 0.01, "price": 80_000.0, "stop": 60_000.0, "created_ms": T0,
    }
    return OrderShown(ts_ms, 1, OpenOrder(**{**fields, **changes}))


def candles(ts_ms: int = T0, close: float = 84_000.0, symbol: str = "BTC-USDT") -> CandlesClosed:
    candle = Candle(ts_ms - 60_000, close, close, close, close, 1.0)
    return CandlesClosed(ts_ms, 1, "1m", ((symbol, candle),))


CRITERION = Criterion("min_trades", 1.0, 3.0, False, "1 trade on paper, at least 3")
STANDING = Standing(
    1, "envelope_dca", 10_000.0, T0 - 86_400_000, T0, 2, 3, 0.01, -0.02, 0.04, "trades", None, 0.005, 1.5,
)

def risk(**changes: Any) -> RiskShown:
    rung = Rung(1, 76_000.0, 0.02, 60_000.0)
    fields = {
        "ts_ms": T0, "sequence": 1, "equity": 10_000.0, "limits": Risk(), "slippage": 0.0005, "causes": (),
        "used": (LimitUse("kill_global", "kill_drawdown_24h", "", 0.01, 0.15, "fraction"),),
        "owners": (("BTC-USDT", "envelope_dca"),),
        "exposures": (
            Exposure("envelope_dca", "BTC-USDT", 1, 0.02, 84_000.0, 84_000.0, 3.0, 0.0, 63_000.0, 86_000.0, (rung,)),
        ),
        "instruments": (Instrument(symbol="BTC-USDT", tick=0.1, step=0.001, min_quantity=0.001, min_notional=5),),
        "leverages": (("BTC-USDT", 5.0),),
    }
    return RiskShown(**{**fields, **changes})


ONE_OF_EACH = (
    risk(),
    trade(), fill(), plan(), equity(), protection(), shown(), candles(),
    TargetRefused(T0, 1, "envelope_dca", "BTC-USDT", "max_positions", "5 of 5 are open"),
    TradingHalted(T0, 1, "BTC-USDT", "three refusals in a row"),
    TradingResumed(T0, 1, "BTC-USDT"),
    CommandGiven(T0, 1, "halt", "", "lunch", "127.0.0.1", "accepted"),
    AlertRaised(T0, 1, "executor:bitget", "stop_missing", Severity.WARNING, "placed anew", "BTC-USDT", "envelope_dca"),
    SelectionChanged(T0, 1, "envelope_dca", "BTC-USDT", False, 1.0, (CRITERION,)),
    SelectionMade(T0, 1, True, T0, T0 + 300_000, (Decision("envelope_dca", "BTC-USDT", False, 1.0, (CRITERION,)),)),
    ArenaRanked(T0, 1, "paper", (STANDING,)),
    TradeCompared(
        T0, 1, "envelope_dca", "BTC-USDT", 1, "twin", 1, 1, 0.4, -0.1, 0.0, 0.0, 0.3, 1200, 0, 0, "", "the same"
    ),
    AnomaliesSeen(T0, 1, (Anomaly("strategy_stuck", Severity.WARNING, "runner:dca", "stands still"),)),
    PositionGuarded(T0, 1, "BTC-USDT", "envelope_dca", 3, T0 - 60_000, 0),
    PositionSettled(T0, 0, "BTC-USDT", "p1", 1, T0 - 60_000, 0.02, 84_000.0, 85_000.0, 1.2, -0.1, 18.9),
    AccountChecked(T0, 1, "executor:bitget", True, (("position mode", "one-way", "one-way", "ok"),)),
    ConditionsSeen(
        T0, 1, "envelope_dca", "BTC-USDT", (Condition("level 1", 1, 84_000.0, 80_000.0, "<=", False, 0.5),)
    ),
    ActorBeat(T0, 1, "feed", "ok"),
)
