"""Laws of trades: prices times eight give the same ones, a mirror the opposite ones, steps those of the fold.

Each returns what is wrong, '' when nothing is; no trades prove nothing, which is wrong too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np

from core.plan import Plan
from core.timeframe import timeframe_ms
from engine.backtest import Backtest, run
from engine.costs import Costs
from engine.ladder import Closed, Ladder
from engine.records import Reason
from engine.span import span
from optimization.checking.market import CheckMarket
from optimization.checking.subject import Subject
from strategies.discovery import AnyStrategy

FACTOR: Final = 8.0
"""A power of two: prices times this are exact, so a difference is never one of rounding."""

NO_TRADES: Final = "no trades on this market, which proves nothing"
FEW_TRADES: Final = 10
"""So many or fewer cannot show how many of a mirror's begin in the same candle."""

_CAPITAL: Final = 10_000.0
_AGREEING: Final = ("opened_ms", "closed_ms", "direction", "levels", "reason")


def backtest(subject: Subject, market: CheckMarket) -> Backtest:
    """The plan on the whole market, walked on its own candles with the usual costs. Raises Broken."""
    c = market.candles
    return run(market.symbol, span(c), subject.plan(market.market()), len(c), Costs(), _CAPITAL)


def refusals(result: Backtest) -> dict[str, int]:
    """How many entries the engine refused, by reason."""
    reasons = Counter(int(r) for r in result.fills["reason"] if r >= Reason.NO_CAPITAL)
    return {Reason(reason).name.lower(): count for reason, count in sorted(reasons.items())}


def scale(subject: Subject, market: CheckMarket, plain: Backtest) -> str:
    """What is wrong when all prices are times `FACTOR`; ``plain`` is the backtest without."""
    if not len(plain.trades):
        return NO_TRADES
    scaled = backtest(subject, market.scaled(FACTOR)).trades
    trades = plain.trades
    wrong = f"prices times {FACTOR:g}"
    if len(trades) != len(scaled):
        return f"{wrong}: {len(scaled):,} trades instead of {len(trades):,}"
    for name in _AGREEING:
        differs = trades[name] != scaled[name]
        if differs.any():
            return f"{wrong}: trade {int(np.argmax(differs))} has another {name}"
    for name, factor, rtol, atol in (("average", FACTOR, 1e-9, 0.0), ("net", 1.0, 1e-6, 1e-6)):
        differs = ~np.isclose(scaled[name], factor * trades[name], rtol=rtol, atol=atol)
        if differs.any():
            i = int(np.argmax(differs))
            return f"{wrong}: trade {i} has {name} {scaled[name][i]:.10g} instead of {factor * trades[name][i]:.10g}"
    return ""


def mirror(subject: Subject, market: CheckMarket, plain: Backtest, known: Mapping[str, AnyStrategy]) -> str:
    """What is wrong when the strategy that is named as mirror walks the inverted path.

    Averages of 1/p are not 1 over averages of p, so a touch in the last ten-thousandth may differ: nine in ten trades
    must begin in the same candle.
    """
    name = subject.strategy.mirror
    if name not in known:
        return f"mirror {name!r}: there is no such strategy"
    other = known[name]
    if other.mirror != subject.strategy.name:
        return f"mirror {name!r}: it names {other.mirror or 'no mirror'!r}, not {subject.strategy.name!r}"
    if not len(plain.trades):
        return NO_TRADES
    mine = plain.trades
    mirrored = Subject(other, other.Params(**subject.params.model_dump()))
    theirs = backtest(mirrored, market.inverted()).trades
    if set(mine["direction"].tolist()) != {-d for d in theirs["direction"].tolist()}:
        return f"mirror {name!r}: trades on the inverted path are not on the other side"
    common = len(np.intersect1d(mine["opened_ms"], theirs["opened_ms"]))
    most = max(len(mine), len(theirs))
    return "" if common >= 0.9 * most else f"mirror {name!r}: {common:,} of {most:,} trades begin in the same candle"


def fold_equals_steps(subject: Subject, market: CheckMarket) -> tuple[str, int]:
    """What is wrong when a runner's steps on rolling windows are compared with the fold, and how many trades agree.

    Windows hold twice the warm-up. Raises Broken.
    """
    c, needed = market.candles, subject.warmup * 2
    tick = 10.0 ** math.floor(math.log10(c.close[0] * 1e-4))  # as instruments have: 0.01 at 100, 1 at 60,000
    costs = Costs(tick=tick, step=1e-5 / tick, min_notional=5.0)
    folded = run(market.symbol, span(c), _planned_from(subject, market, needed), len(c), costs, _CAPITAL)
    ladder, trades = Ladder(market.symbol, costs, _CAPITAL), list[Closed]()
    length = timeframe_ms(c.timeframe)
    for t in range(needed, len(c)):
        window = market.slice(t - needed, t).market()  # candles up to t - 1: the row that acts on candle t
        ladder.new_row(subject.plan(window), int(c.ts_ms[t - 1]) + length, needed)
        trades += ladder.walk(c.candle(t)).trades
    return _agreement(trades, folded.closed()), len(trades)


def _agreement(stepped: list[Closed], folded: list[Closed]) -> str:
    if not folded and not stepped:
        return NO_TRADES
    for i, (a, b) in enumerate(zip(stepped, folded, strict=False)):
        if a[:4] != b[:4] or a.reason != b.reason or abs(a.net - b.net) > 1e-6 * abs(b.net):
            return f"trade {i}: steps give {_trade(a)}, the fold {_trade(b)}"
    if len(stepped) != len(folded):
        return f"steps give {len(stepped):,} trades, the fold {len(folded):,}"
    return ""


def _trade(t: Closed) -> str:
    when = np.datetime64(t.opened_ms, "ms").astype("datetime64[m]")
    return f"{'long' if t.direction > 0 else 'short'} opened {when} for {t.net:+.6g} by {t.reason}"


def _planned_from(subject: Subject, market: CheckMarket, first: int) -> Plan:
    """The plan over everything, silent before the row that acts on candle ``first``."""
    plan, n = subject.plan(market.market()), len(market)
    direction = np.full(n, plan.direction, np.int8) if isinstance(plan.direction, int) else plan.direction.copy()
    direction[: first - 1] = 0
    values = {name: getattr(plan, name) for name in Plan.__slots__}
    return Plan(**{**values, "direction": direction})
