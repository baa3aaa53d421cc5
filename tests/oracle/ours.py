"""The three strategies as plans, walked by the engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.candle import Candles
from core.plan import AVERAGE, EXIT_LONG, EXIT_SHORT, MARKET, Level, Plan
from engine.backtest import Backtest, run
from engine.costs import Costs, Path
from engine.span import span
from indicators.donchian import highest, lowest
from indicators.moving_average import sma
from tests.oracle.deals import FEE, Deal, Rules, side_of_average

FAR = Level(AVERAGE, -0.9)
"""A stop that a year of BTC does not reach: every plan has one."""


def sma_cross(c: Candles, rules: Rules) -> Plan:
    side = side_of_average(sma(c.close, rules.fast), sma(c.close, rules.slow)).astype(np.int8)
    leave = np.select([side < 0, side > 0], [EXIT_LONG, EXIT_SHORT], 0).astype(np.int8)
    return Plan(side, (MARKET,), (1.0,), FAR, exit=leave)


def brackets(c: Candles, rules: Rules) -> Plan:
    side = side_of_average(c.close, sma(c.close, rules.slow))
    stop, target = Level(c.close * (1 - side * rules.stop)), Level(c.close * (1 + side * rules.target))
    return Plan(side.astype(np.int8), (MARKET,), (1.0,), stop, target=target)


def donchian(direction: int) -> Callable[[Candles, Rules], Plan]:
    def plan(c: Candles, rules: Rules) -> Plan:
        channel, way_out = np.full(len(c), np.nan), lowest(c.low, rules.way_out)
        channel[1:] = highest(c.high, rules.channel)[:-1]
        if direction < 0:
            channel[1:], way_out = lowest(c.low, rules.channel)[:-1], highest(c.high, rules.way_out)
        beyond = direction * (c.close - channel) > 0
        return Plan(
            (direction * beyond).astype(np.int8), (MARKET,), (1.0,), Level(way_out, moving=True),
        )

    return plan


def backtest(c: Candles, plan: Callable[[Candles, Rules], Plan], rules: Rules, path: Path = Path.NEARER) -> Backtest:
    """The engine's record, with one unit an entry: the whole of a candle's volume of one.

    Fees are one rate, since backtesting.py has one; there is neither slippage nor leverage.
    """
    ones = Candles(c.timeframe, c.ts_ms, c.open, c.high, c.low, c.close, np.ones(len(c)))
    costs = Costs(
        maker_fee=FEE, taker_fee=FEE, slippage=0.0, leverage=1.0, capital_fraction=1.0, guard=1.0, compounding=False,
        step=1.0, participation=1.0, path=path,
    )
    return run("BTC-USDT", span(ones), plan(c, rules), len(c), costs, capital=1e9)


def deals(done: Backtest) -> list[Deal]:
    return [Deal(t.opened_ms, t.closed_ms, t.direction, t.average, t.exit_price, t.net) for t in done.closed()]
