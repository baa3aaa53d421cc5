"""What is walked: execution candles with the plan row in force at each, ready for the compiled walk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.candle import Candles, Floats, Ints
from core.timeframe import DAY_MS, timeframe_ms
from engine.records import CANDLE


@dataclass(frozen=True, eq=False, slots=True)
class Span:
    """Execution candles of one symbol and the plan rows that act on them.

    packed : CANDLE[T], the candles with their plan rows, days and funding. rows : int32[T], the plan rows alone.
    """

    candles: Candles
    packed: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.packed)


def aligned(count: int) -> np.ndarray:
    """CANDLE[count], zeros, each within one cache line."""
    line = CANDLE.itemsize
    room = np.zeros((count + 1) * line, np.uint8)
    begin = -room.ctypes.data % line
    return room[begin : begin + count * line].view(CANDLE)


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
    packed = aligned(len(execution))
    for name in ("ts_ms", "open", "high", "low", "close", "volume"):
        packed[name] = getattr(execution, name)
    if decision is execution:
        packed["row"] = np.arange(-1, len(execution) - 1)
    else:
        closes = decision.ts_ms + timeframe_ms(decision.timeframe)
        packed["row"] = np.searchsorted(closes, execution.ts_ms, side="right") - 1
    packed["begins"] = np.diff(packed["row"], prepend=-1) != 0
    packed["day"] = execution.ts_ms // DAY_MS
    if funding is not None and len(execution):
        at = np.searchsorted(execution.ts_ms, funding[0])
        known = (funding[0] >= execution.ts_ms[0]) & (at < len(execution))
        np.add.at(packed["funding"], at[known], funding[1][known])
    return Span(execution, packed, np.ascontiguousarray(packed["row"]))
