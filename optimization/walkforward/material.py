"""What a walk-forward run computes on: the candles of a job, columns beside them, and what is walked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.candle import Candles, Floats
from core.errors import DataError
from core.strategy import Parameters
from core.timeframe import timeframe_ms
from engine.breakdown import Regimes
from market.port import CandleSource
from optimization.execution import execution
from optimization.markets import Asked, prepare
from optimization.regimes import daily_regimes
from optimization.walkforward.digest import digest
from optimization.walkforward.grid import Grid
from optimization.walkforward.job import Job
from optimization.walkforward.source import source_digest
from strategies.discovery import AnyStrategy


@dataclass(frozen=True, eq=False, slots=True)
class Material:
    """Arrays of one job, made once and sent to every worker; picklable when the strategy is.

    decision : candles that the strategy sees, from before the span on. extra : columns beside them. walked : candles to
    walk (the same from row ``first`` on, or finer ones). packed : CANDLE[T], the walked candles as the engine reads
    them. regimes : of the asset's days, for the verdict alone. from_ms, to_ms : what may be walked, the strategy being
    warmed up.
    digest : sha256 (hex) of all arrays. source_digest : of the strategy's own source (and its filter's).
    """

    strategy: AnyStrategy
    decision: Candles
    extra: dict[str, Floats]
    walked: Candles
    packed: np.ndarray
    regimes: Regimes
    from_ms: int
    to_ms: int
    digest: str
    source_digest: str


def material(source: CandleSource, strategy: AnyStrategy, job: Job, regimes: Regimes | None = None) -> Material:
    """Everything of ``job`` that ``source`` has; ``regimes`` are read too unless given.

    Raises DataError, saying what is there, when there is nothing.
    """
    asked = Asked(job.symbol, job.timeframe, job.from_ms, job.to_ms, job.detail)
    longest = slowest(strategy, job.grid)
    market, first = prepare(source, strategy, longest, asked)
    fine = source.read(job.symbol, job.detail, job.from_ms, job.to_ms) if job.detail else None
    over = execution(market.candles, first, fine, source.read_funding(job.symbol, job.from_ms, job.to_ms))
    span = over.span if job.funded else over.free
    ready = max(first, strategy.warmup(longest))
    if ready >= len(market):
        raise DataError(f"{job.symbol}: {len(market)} candles of {job.timeframe} are fewer than the warm-up of {ready}")
    known = daily_regimes(source, job.symbol) if regimes is None else regimes
    return of_arrays(strategy, market.candles, market.extra, span.candles, span.packed, known, ready)


def of_arrays(
    strategy: AnyStrategy, decision: Candles, extra: dict[str, Floats], walked: Candles, packed: np.ndarray,
    regimes: Regimes, ready: int,
) -> Material:
    """The same from arrays at hand; ``ready`` is the first decision row that the strategy is warmed up for."""
    columns = [getattr(c, n) for c in (decision, walked) for n in ("ts_ms", "open", "high", "low", "close", "volume")]
    known = digest(decision.timeframe, walked.timeframe, ready, columns, extra, packed, regimes)
    end = max(int(c.ts_ms[-1]) + timeframe_ms(c.timeframe) for c in (decision, walked))
    return Material(
        strategy, decision, extra, walked, packed, regimes, int(decision.ts_ms[ready]), end, known,
        source_digest(strategy),
    )


def slowest(strategy: AnyStrategy, grid: Grid) -> Parameters:
    """Parameters with the longest warm-up of those that differ from the first combination in one value."""
    first = [0] * len(grid.names)
    codes = [first]
    for axis, size in enumerate(grid.shape):
        codes += [[*first[:axis], i, *first[axis + 1 :]] for i in range(1, size)]
    params = [strategy.Params.model_construct(**grid.values_of(code)) for code in codes]
    return max(params, key=strategy.warmup)
