"""The contract of every strategy, found by its file: no look-ahead, warm-up, scale, mirror, fold equals steps."""

from __future__ import annotations

import numpy as np
import pytest

from core.plan import Plan
from core.timeframe import timeframe_ms
from engine.backtest import run
from engine.costs import Costs
from engine.ladder import Ladder
from engine.span import span
from tests.contract.strategies import FOUND, candles, inverted, market, row_of, scaled

every = pytest.mark.parametrize("strategy", FOUND.values(), ids=FOUND)
mirrored = pytest.mark.parametrize("strategy", [s for s in FOUND.values() if s.mirror], ids=lambda s: s.name)


def test_strategies_are_found_without_a_list():
    assert {"envelope_dca", "envelope_dca_short", "sma_cross"} <= set(FOUND)


@every
@pytest.mark.parametrize("seed", [1, 2])
def test_row_t_does_not_change_when_the_future_is_cut_off(strategy, seed):
    params, whole = strategy.Params(), candles(strategy.timeframe, seed)
    plan = strategy.plan(market(whole), params)
    first = strategy.warmup(params)
    for t in np.random.default_rng(seed).integers(first, len(whole), 40).tolist():
        cut = strategy.plan(market(whole.slice(0, t + 1)), params)
        assert _same(row_of(cut, t + 1, t), row_of(plan, len(whole), t)), f"row {t} sees the future"


@every
def test_the_declared_warm_up_gives_what_all_history_gives(strategy):
    params, whole = strategy.Params(), candles(strategy.timeframe, 3)
    plan = strategy.plan(market(whole), params)
    needed = strategy.warmup(params)
    for t in np.random.default_rng(3).integers(needed, len(whole), 40).tolist():
        window = strategy.plan(market(whole.slice(t + 1 - needed, t + 1)), params)
        assert _same(row_of(window, needed, needed - 1), row_of(plan, len(whole), t), 1e-9), f"row {t}"


@every
def test_all_prices_times_ten_give_the_same_trades(strategy):
    params, whole = strategy.Params(), candles(strategy.timeframe, 4)
    plain, tenfold = (_run(strategy, params, c) for c in (whole, scaled(whole, 10.0)))
    assert len(plain.trades) > 0
    for name in ("opened_ms", "closed_ms", "direction", "levels", "reason"):
        np.testing.assert_array_equal(plain.trades[name], tenfold.trades[name])
    np.testing.assert_allclose(tenfold.trades["average"], 10.0 * plain.trades["average"], rtol=1e-9)
    np.testing.assert_allclose(tenfold.trades["net"], plain.trades["net"], rtol=1e-6, atol=1e-6)


@mirrored
def test_the_mirror_trades_the_inverted_path(strategy):
    """Averages of 1/p are not 1 over averages of p, so a touch in the last ten-thousandth may differ."""
    params, whole = strategy.Params(), candles(strategy.timeframe, 5)
    other = FOUND[strategy.mirror]
    mine = _run(strategy, params, whole).trades
    theirs = _run(other, other.Params(**params.model_dump()), inverted(whole)).trades
    assert other.mirror == strategy.name
    assert len(mine) > 10
    np.testing.assert_array_equal(np.unique(mine["direction"]), -np.unique(theirs["direction"]))
    common = np.intersect1d(mine["opened_ms"], theirs["opened_ms"])
    assert len(common) >= 0.9 * max(len(mine), len(theirs))


@every
@pytest.mark.parametrize("seed", [6, 7])
def test_fold_equals_steps_on_rolling_windows(strategy, seed):
    params = strategy.Params()
    needed = strategy.warmup(params) * 2
    whole = candles(strategy.timeframe, seed).slice(0, max(1200, needed + 500))
    costs, capital = Costs(tick=0.01, step=0.001, min_notional=5.0), 10_000.0
    folded = run("TEST-USDT", span(whole), _planned_from(strategy, params, whole, needed), len(whole), costs, capital)
    ladder, trades = Ladder("TEST-USDT", costs, capital), []
    length = timeframe_ms(whole.timeframe)
    for t in range(needed, len(whole)):
        window = market(whole.slice(t - needed, t))  # candles up to t - 1: the row that acts on candle t
        ladder.new_row(strategy.plan(window, params), int(whole.ts_ms[t - 1]) + length, needed)
        trades += ladder.walk(whole.candle(t)).trades
    expected = folded.closed()
    assert len(trades) == len(expected) > 0
    for stepped, one in zip(trades, expected, strict=True):
        assert stepped[:4] == one[:4]
        assert stepped.net == pytest.approx(one.net, rel=1e-6)
        assert stepped.reason == one.reason


def _planned_from(strategy, params, whole, first):
    """The plan over everything, silent before the row that acts on candle ``first``."""
    plan = strategy.plan(market(whole), params)
    direction = np.full(len(whole), plan.direction, np.int8) if isinstance(plan.direction, int) else plan.direction
    silent = direction.copy()
    silent[: first - 1] = 0
    return _with_direction(plan, silent)


def _with_direction(plan, direction):
    values = {name: getattr(plan, name) for name in Plan.__slots__}
    values["direction"] = direction
    return Plan(**values)


def _run(strategy, params, c):
    return run("TEST-USDT", span(c), strategy.plan(market(c), params), len(c), Costs(), 10_000.0)


def _same(a, b, rtol=0.0):
    return all(np.isclose(a[name], b[name], rtol=rtol, atol=0.0, equal_nan=True) for name in a.dtype.names)
