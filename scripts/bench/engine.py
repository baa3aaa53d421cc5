"""Speed of the engine: the sweep whole, a recorded backtest, one live step."""

from __future__ import annotations

import time
from statistics import median

from core.candle import Candles
from core.market import Market
from engine.backtest import run
from engine.bind import Binder
from engine.costs import Costs
from engine.ladder import Ladder
from engine.span import span
from engine.sweep import Sweep
from scripts.bench.figures import Figure, at_least, at_most, interleaved
from scripts.bench.task import GRIDS, VECTORBT_NS, Tape, combinations, prototype
from strategies.envelope_dca import EnvelopeDca, EnvelopeParams

COSTS = Costs(capital_fraction=1.0, guard=1.0)
GOAL_NS = {"dense": 4.3, "sparse": 0.3}
WINDOW = 300


def measure(tape: Tape) -> list[Figure]:
    """Every figure of the engine, on one core."""
    figures = [figure for grid in GRIDS for figure in sweep(grid, tape)]
    return [*figures, backtest(tape.candles), live_step(tape.candles)]


def sweep(grid: str, tape: Tape) -> list[Figure]:
    """The general engine on a grid: plans, binding, index and walk; beside the prototype in the same run."""
    candles, strategy, params = tape.candles, EnvelopeDca(), combinations(grid)
    walked = span(candles)  # of the market, packed once for all its sweeps and windows

    def whole() -> None:
        market, binder = Market("BTC-USDT", candles), Binder(len(candles))
        for p in params:
            binder.add(strategy.plan(market, p))
        Sweep("BTC-USDT", walked, binder, COSTS).walk()

    functions = {"whole": whole}
    anchor = prototype(grid, candles)
    if anchor is not None:
        functions["prototype"] = anchor  # type: ignore[assignment]  # what it returns does not matter
    for function in functions.values():
        function()
    seconds = interleaved(functions)
    unit = len(params) * len(candles) / 1e9
    beside = f"vectorbt {VECTORBT_NS[grid]:g} (not run here)"
    if anchor is not None:
        beside = f"prototype v1 {seconds['prototype'] / unit:.2f}, {beside}"
    name = f"sweep, {grid}, whole, on {tape.source}"
    return [at_most(name, seconds["whole"] / unit, "ns per candle and combination", GOAL_NS[grid], beside)]


def backtest(candles: Candles) -> Figure:
    """One backtest with fills, trades and equity recorded."""
    strategy, params = EnvelopeDca(), EnvelopeParams()
    plan = strategy.plan(Market("BTC-USDT", candles), params)
    walked = span(candles)
    seconds = interleaved({"run": lambda: run("BTC-USDT", walked, plan, len(candles), COSTS)}, 15)["run"]
    return at_least("backtest, recorded", len(candles) / max(seconds, 1e-9) / 1e6, "M candles/s", 20)


def live_step(candles: Candles) -> Figure:
    """One closed candle through plan and engine, as a runner does it: window, plan, row, step."""
    strategy, params, ladder = EnvelopeDca(), EnvelopeParams(), Ladder("BTC-USDT", COSTS, 10_000.0)
    spent = []
    for t in range(WINDOW, WINDOW + 500):
        window, candle = candles.slice(t - WINDOW, t), candles.candle(t)
        began = time.perf_counter()
        plan = strategy.plan(Market("BTC-USDT", window), params)
        ladder.new_row(plan, candle.ts_ms, WINDOW)
        ladder.walk(candle)
        spent.append(time.perf_counter() - began)
    return at_most("one live step (window, plan, engine)", median(spent) * 1e6, "us", 100)
