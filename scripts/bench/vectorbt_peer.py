"""The reference task in vectorbt, where that is installed: every combination a column of one simulation.

vectorbt has neither a ladder of entries nor a position cycle, so the nearest that it can say is an order function that
keeps them itself. Its account has no leverage: the whole ladder spends 0.9 of the cash, which leaves room for fees.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numba import njit

from core.candle import Candles
from engine.costs import Costs
from indicators.moving_average import sma
from scripts.pandas_out import let_pandas_in
from strategies.envelope_dca import EnvelopeParams

SPENT: Final = 0.9
ORDERS_A_COMBINATION: Final = {"dense": 3000, "sparse": 300}
"""Room for the records of orders; vectorbt wants it beforehand."""


def installed() -> bool:
    """Whether vectorbt is there; `make bench` installs it."""
    return importlib.util.find_spec("vectorbt") is not None


def peer(grid: str, candles: Candles, params: Sequence[EnvelopeParams], costs: Costs) -> Callable[[], int]:
    """Runs the grid once and computes return, Sharpe ratio and drawdown; gives the number of positions."""
    let_pandas_in()  # vectorbt is made of it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the many libraries that it brings
        import pandas as pd  # comes with vectorbt, and only then
        import vectorbt
        from vectorbt.portfolio.enums import NoOrder
        from vectorbt.portfolio.nb import order_nb

    periods = sorted({p.ma_period for p in params})
    averages = np.stack([sma(candles.close, period) for period in periods])
    which = np.array([periods.index(p.ma_period) for p in params])
    levels = np.array([p.num_levels for p in params])
    start, step, stop = (
        np.array([getattr(p, name) for p in params]) for name in ("envelope_start", "envelope_step", "stop_fraction")
    )
    close = pd.DataFrame(np.broadcast_to(candles.close[:, None], (len(candles), len(params))))
    decide = _order_function(order_nb, NoOrder, costs)

    def run() -> int:
        n = len(params)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            portfolio: Any = vectorbt.Portfolio.from_order_func(
                close, decide, candles.open, candles.high, candles.low, averages, which, levels, start, step, stop,
                np.zeros(n, np.int64), np.zeros(n), np.zeros(n), np.full(n, -1), np.full(n, -1),
                flexible=True, init_cash=1.0, freq="1h", max_orders=n * ORDERS_A_COMBINATION[grid],
            )
            portfolio.total_return(), portfolio.sharpe_ratio(), portfolio.max_drawdown()
            return int(portfolio.positions.count().sum())

    return run


def _order_function(order_nb: Any, no_order: Any, costs: Costs) -> Any:
    """One order at a time for one combination of a candle, as vectorbt asks until there is none left.

    filled, cash, cost : levels used, cash at the cycle's start and money spent. left, looked : the candle in which a
    combination was last left, and last looked at for an exit.
    """
    maker, taker, slippage, spent = costs.maker_fee, costs.taker_fee, costs.slippage, SPENT

    @njit
    def decide(c, opens, highs, lows, averages, which, levels, start, step, stop, filled, cash, cost, left, looked):  # type: ignore[no-untyped-def]  # compiled
        t = c.i
        for k in range(c.from_col, c.to_col):
            average = averages[which[k], t - 1] if t > 0 else np.nan
            if np.isnan(average) or left[k] == t:
                continue
            opened, high, low = opens[t], highs[t], lows[t]
            if filled[k] > 0 and looked[k] != t:
                looked[k] = t
                held = c.last_position[k]
                below = cost[k] / held * (1.0 - stop[k])
                if high >= average or low <= below:
                    filled[k], cost[k], left[k] = 0, 0.0, t
                    if high >= average and (low > below or high - opened < opened - low):
                        return k, order_nb(size=-held, price=max(opened, average), fees=maker)
                    return k, order_nb(size=-held, price=min(opened, below), fees=taker, slippage=slippage)
            if filled[k] == 0:
                cash[k], looked[k] = c.last_cash[k], t
            if filled[k] < levels[k]:
                limit = average * (1.0 - start[k] - filled[k] * step[k])
                if low <= limit:
                    money, price = cash[k] * spent / levels[k], min(opened, limit)
                    filled[k] += 1
                    cost[k] += money
                    return k, order_nb(size=money / price, price=price, fees=maker)
        return -1, no_order

    return decide
