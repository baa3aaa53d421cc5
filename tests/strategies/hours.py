"""Markets of a few hourly candles by hand, what a plan makes of one row, and a walk over them without costs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from core.candle import Candles, Floats
from core.market import Market
from core.plan import AVERAGE, Level, Plan
from core.timeframe import HOUR_MS
from engine.backtest import Backtest, run
from engine.costs import Costs
from engine.span import span

MIDNIGHT = 1_740_787_200_000
FREE = Costs(maker_fee=0.0, taker_fee=0.0, slippage=0.0)


def hours(rows: Iterable[tuple[float, float, float, float]], start_ms: int = MIDNIGHT) -> Candles:
    """Candles from (open, high, low, close), one an hour."""
    return Candles.of("1h", [(start_ms + i * HOUR_MS, *row, 1e9) for i, row in enumerate(rows)]).checked("hours")


def closing_at(*closes: float) -> Candles:
    """Candles that open at the close before and reach no farther."""
    opens = (closes[0], *closes[:-1])
    return hours((o, max(o, c), min(o, c), c) for o, c in zip(opens, closes, strict=True))


def market(candles: Candles, **extra: Floats) -> Market:
    return Market("X-USDT", candles, extra)


def limits(plan: Plan, row: int, direction: int) -> list[float]:
    """Prices of a flat book's limits in a row, were its direction this one."""
    assert isinstance(plan.base, np.ndarray)
    base = float(plan.base[row])
    unit = base if plan.unit is None else float(plan.unit[row])
    return [base + direction * c * unit for c in plan.coefficients]


def price(level: Level, row: int, direction: int, average: float) -> float:
    """A level in a row, around this average entry price."""
    reference = average if level.reference is AVERAGE else float(np.asarray(level.reference)[row])
    unit = reference if level.unit is None else float(level.unit[row])
    return reference + direction * level.coefficient * unit


def walk(strategy: Any, params: Any, candles: Candles, **extra: Floats) -> Backtest:
    """Over all candles, 10,000 of capital, 65 % of it at leverage 3, without fees and slippage."""
    plan = strategy.plan(market(candles, **extra), params)
    return run("X-USDT", span(candles), plan, len(candles), FREE)


NOTIONAL = 10_000 * 0.65 * 3
"""What a full ladder buys."""
