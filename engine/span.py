"""What is walked: execution candles with the plan row in force at each, ready for the compiled walk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.candle import Candles, Floats, Ints
from core.timeframe import DAY_MS, timeframe_ms

Int32s = np.ndarray


@dataclass(frozen=True, eq=False, slots=True)
class Span:
    """Execution candles of one symbol and the plan rows that act on them.

    row : int32[T], plan row in force at each candle, -1 before the first. day : int32[T], UTC day number.
    funding : float64[T], rate due at each candle's open, 0 for none.
    """

    candles: Candles
    row: Int32s
    day: Int32s
    funding: Floats

    def __len__(self) -> int:
        return len(self.candles)


def span(
    execution: Candles,
    decision: Candles | None = None,
    funding: tuple[Ints, Floats] | None = None,
) -> Span:
    """A span of ``execution`` candles under the rows of ``decision`` candles (the same ones when None).

    Row r acts from the close of decision candle r on; rates given as (ts_ms, rate) fall on the first execution
    candle that opens at or after their time.
    """
    decision = execution if decision is None else decision
    closes = decision.ts_ms + timeframe_ms(decision.timeframe)
    row = (np.searchsorted(closes, execution.ts_ms, side="right") - 1).astype(np.int32)
    due = np.zeros(len(execution))
    if funding is not None and len(execution):
        at = np.searchsorted(execution.ts_ms, funding[0])
        known = (funding[0] >= execution.ts_ms[0]) & (at < len(execution))
        np.add.at(due, at[known], funding[1][known])
    return Span(execution, row, (execution.ts_ms // DAY_MS).astype(np.int32), due)
