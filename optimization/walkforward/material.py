"""What a walk-forward run computes on: the candles of a job, columns beside them, and what is walked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.candle import Candles, Floats
from engine.breakdown import Regimes
from market.port import CandleSource
from optimization.walkforward.job import Job
from strategies.discovery import AnyStrategy


@dataclass(frozen=True, eq=False, slots=True)
class Material:
    """Arrays of one job, made once and sent to every worker; picklable when the strategy is.

    decision : candles that the strategy sees, from before the span on. extra : columns beside them. walked : candles to
    walk (the same from row ``first`` on, or finer ones). packed : CANDLE[T], the walked candles as the engine reads
    them. regimes : of the asset's days, for the verdict alone. from_ms, to_ms : what there are candles for.
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


def material(source: CandleSource, strategy: AnyStrategy, job: Job) -> Material:
    """Everything of ``job`` that ``source`` has. Raises DataError, saying what is there, when there is too little."""
    raise NotImplementedError
