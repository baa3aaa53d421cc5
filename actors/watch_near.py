"""How near each candle came to the nearest entry that rested then. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from api import watch_models as watch
from core.candle import Candle
from core.messages import FillRole, OrderFilled, PlanChanged
from core.timeframe import timeframe_ms


def near(
    timeframe: str, candles: Sequence[Candle], plans: Sequence[PlanChanged], fills: Iterable[OrderFilled]
) -> watch.NearColumns:
    """Distances of candles, oldest first, from plans, oldest first, as they stood when each candle opened.

    Where nothing stood yet when it opened, the first plan that came within it counts.
    """
    step = timeframe_ms(timeframe)
    filled = {fill.ts_ms - fill.ts_ms % step for fill in fills if fill.role == FillRole.ENTRY}
    since = [plan.ts_ms for plan in plans]
    found: list[float | None] = []
    for candle in candles:
        at = bisect_right(since, candle.ts_ms) or min(1, bisect_right(since, candle.ts_ms + step - 1))
        found.append(0.0 if candle.ts_ms in filled else _distance(candle, plans[at - 1]) if at else None)
    return watch.NearColumns(timeframe=timeframe, t=tuple(c.ts_ms for c in candles), distance=tuple(found))


def _distance(candle: Candle, plan: PlanChanged) -> float | None:
    """Of the candle's low from the highest level below it, for shorts of its high from the lowest above."""
    away = [
        (candle.low / rung.price - 1 if plan.target.direction >= 0 else 1 - candle.high / rung.price)
        for rung in plan.target.rungs if rung.price is not None and rung.price > 0
    ]
    return max(0.0, min(away)) if away else None
