"""Speed of the engine: sweeps whole, beside their prototype and vectorbt, a recorded backtest, one live step."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Final

import numpy as np

from core.candle import Candles
from core.market import Market
from core.resample import aggregate
from engine.backtest import run
from engine.bind import Binder
from engine.costs import Costs
from engine.ladder import Ladder
from engine.span import Span, span
from engine.sweep import Sweep
from scripts.bench import vectorbt_peer
from scripts.bench.figures import PER_CANDLE, Figure, at_least, at_most, interleaved
from scripts.bench.task import GRIDS, Tape, combinations, prototype
from strategies.envelope_dca import EnvelopeDca, EnvelopeParams

COSTS: Final = Costs(capital_fraction=1.0, guard=1.0)
GOAL_NS: Final = {"dense": 2.0, "sparse": 0.12}
MINUTES_GOAL_NS: Final = 1.5
BACKTEST_GOAL: Final = 60.0
WINDOW: Final = 300


def measure(tape: Tape, minutes: Tape) -> list[Figure]:
    """Every figure of the engine, on one core."""
    figures = [sweep(grid, tape) for grid in GRIDS]
    figures += [fine_sweep(grid, minutes) for grid in GRIDS]
    figures += [backtest(tape.candles), live_step(tape.candles)]
    if vectorbt_peer.installed():
        figures += [vectorbt(grid, tape) for grid in GRIDS]
    return figures


def whole_sweep(grid: str, decision: Candles, walked: Span) -> Callable[[], np.ndarray]:
    """Plans, binding, index and walk of a grid, from candles to totals; ``walked`` is packed once for all sweeps."""
    strategy, params = EnvelopeDca(), combinations(grid)

    def whole() -> np.ndarray:
        market, binder = Market("BTC-USDT", decision), Binder(len(decision))
        binder.extend([strategy.plan(market, p) for p in params])
        return Sweep("BTC-USDT", walked, binder, COSTS).walk().stats

    return whole


def sweep(grid: str, tape: Tape) -> Figure:
    """The general engine on a grid, in turns with the prototype where that is at hand."""
    candles = tape.candles
    functions: dict[str, Callable[[], object]] = {"whole": whole_sweep(grid, candles, span(candles))}
    anchor = prototype(grid, candles)
    if anchor is not None:
        functions["prototype"] = anchor
    for function in functions.values():
        function()
    seconds = interleaved(functions)
    unit = len(combinations(grid)) * len(candles) / 1e9
    beside = f"prototype v1 {seconds['prototype'] / unit:.2f}" if anchor is not None else ""
    name = f"sweep, {grid}, whole, on {tape.source}"
    return at_most(name, seconds["whole"] / unit, PER_CANDLE, GOAL_NS[grid], beside)


def fine_sweep(grid: str, tape: Tape) -> Figure:
    """The same grid decided on hours and filled on minutes; per minute and combination."""
    candles = tape.candles
    hours = aggregate(candles, "1h")
    whole = whole_sweep(grid, hours, span(candles, hours))
    whole()
    spent = interleaved({"whole": whole}, 5)["whole"]
    unit = len(combinations(grid)) * len(candles) / 1e9
    name = f"minutes under hours, {grid}, whole, on {tape.source}"
    return at_most(name, spent / unit, PER_CANDLE, MINUTES_GOAL_NS, f"{len(candles):,} minutes")


def vectorbt(grid: str, tape: Tape) -> Figure:
    """The same candles and combinations by vectorbt, in turns with ours."""
    candles, params = tape.candles, combinations(grid)
    ours, theirs = whole_sweep(grid, candles, span(candles)), vectorbt_peer.peer(grid, candles, params, COSTS)
    trades, positions = int(ours()["trades"].sum()), theirs()
    seconds = interleaved({"ours": ours, "theirs": theirs}, 3)
    unit = len(params) * len(candles) / 1e9
    ratio = seconds["theirs"] / max(seconds["ours"], 1e-9)
    beside = f"{ratio:,.0f} times ours, in turns; {positions:,} positions, ours {trades:,} trades"
    return Figure(f"vectorbt, {grid}, the same candles", seconds["theirs"] / unit, PER_CANDLE, beside=beside)


def backtest(candles: Candles) -> Figure:
    """One backtest with fills, trades and equity recorded."""
    strategy, params = EnvelopeDca(), EnvelopeParams()
    plan = strategy.plan(Market("BTC-USDT", candles), params)
    walked = span(candles)
    seconds = interleaved({"run": lambda: run("BTC-USDT", walked, plan, len(candles), COSTS)}, 15)["run"]
    return at_least("backtest, recorded", len(candles) / max(seconds, 1e-9) / 1e6, "M candles/s", BACKTEST_GOAL)


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
    return at_most("one live step (window, plan, engine)", median(spent) * 1e6, "us", 50)
