"""The same three strategies in backtesting.py, with its own broker and averages by pandas: nothing of ours."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from core.candle import Candles
from tests.oracle.deals import FEE, Deal, Rules, side_of_average

CASH = 1e9
"""So much that no order is refused for want of it."""

Decide = Callable[[Any, int], None]
"""What a strategy does once candle i has closed; orders are executed at the next open."""


def sma_cross(frame: pd.DataFrame, rules: Rules) -> Decide:
    fast, slow = (frame.Close.rolling(n).mean().to_numpy() for n in (rules.fast, rules.slow))
    side = side_of_average(fast, slow)

    def decide(strategy: Any, i: int) -> None:
        position = strategy.position
        if side[i] and side[i] != np.sign(position.size):
            position.close()
            order(strategy, side[i])

    return decide


def brackets(frame: pd.DataFrame, rules: Rules) -> Decide:
    close = frame.Close.to_numpy()
    side = side_of_average(close, frame.Close.rolling(rules.slow).mean().to_numpy())

    def decide(strategy: Any, i: int) -> None:
        if side[i] and not strategy.position:
            order(
                strategy, side[i],
                sl=close[i] * (1 - side[i] * rules.stop), tp=close[i] * (1 + side[i] * rules.target),
            )

    return decide


def donchian(direction: int) -> Callable[[pd.DataFrame, Rules], Decide]:
    """Breakouts to one side, left where the shorter channel's other side is touched."""

    def prepare(frame: pd.DataFrame, rules: Rules) -> Decide:
        if direction > 0:
            channel = frame.High.rolling(rules.channel).max().shift(1).to_numpy()
            way_out = frame.Low.rolling(rules.way_out).min().to_numpy()
        else:
            channel = frame.Low.rolling(rules.channel).min().shift(1).to_numpy()
            way_out = frame.High.rolling(rules.way_out).max().to_numpy()
        close = frame.Close.to_numpy()

        def decide(strategy: Any, i: int) -> None:
            if strategy.position:
                strategy.trades[0].sl = way_out[i]
            elif direction * (close[i] - channel[i]) > 0:
                order(strategy, direction, sl=way_out[i])

        return decide

    return prepare


def order(strategy: Any, side: float, **bracket: float) -> None:
    """One unit at the next open."""
    (strategy.buy if side > 0 else strategy.sell)(size=1, **bracket)


def deals(candles: Candles, prepare: Callable[[pd.DataFrame, Rules], Decide], rules: Rules) -> list[Deal]:
    """What backtesting.py trades; a position that is open at the end is not a deal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its plotting, which is not used and takes seconds to load
        from backtesting import Backtest, Strategy
    frame = pd.DataFrame(
        {name.title(): getattr(candles, name) for name in ("open", "high", "low", "close", "volume")},
        index=pd.to_datetime(candles.ts_ms, unit="ms"),
    )
    decide = prepare(frame, rules)

    class Deciding(Strategy):  # type: ignore[misc]  # carries no types
        def init(self) -> None:
            pass

        def next(self) -> None:
            decide(self, len(self.data) - 1)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # trades left open at the end, prices above its cash's units
        found = Backtest(frame, Deciding, cash=CASH, commission=FEE, finalize_trades=False).run()._trades
    ts_ms = candles.ts_ms
    return [
        Deal(int(ts_ms[t.EntryBar]), int(ts_ms[t.ExitBar]), int(t.Size), t.EntryPrice, t.ExitPrice, t.PnL)
        for t in found.itertuples()
    ]
