"""What is walked: finer candles where they are whole, decision candles for the rest.

Law: the walked candles do not overlap. A decision candle gives way to finer ones only when all of them are there, so
each moment is walked once, under the plan row that had closed before it, whichever kind of candle covers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.candle import Candles, Floats, Ints
from core.timeframe import timeframe_ms
from engine.metrics import Clock
from engine.span import Span, span

COLUMNS = ("ts_ms", "open", "high", "low", "close", "volume")


class Stretch(NamedTuple):
    """A run of walked candles of one timeframe, [from_ms, to_ms) in UTC ms; some may be missing inside."""

    timeframe: str
    from_ms: int
    to_ms: int
    candles: int


@dataclass(frozen=True, eq=False, slots=True)
class Execution:
    """Candles to walk with the rows in force.

    clock : opening time and length of each. stretches : by timeframe, oldest first. missing : how many decision
    candles' worth of time, rounded up, is not covered between the first and the last.
    """

    span: Span
    clock: Clock
    stretches: tuple[Stretch, ...]
    missing: int

    @property
    def free(self) -> Span:
        """The same span without funding."""
        packed = self.span.packed.copy()
        packed["funding"] = 0.0
        return Span(self.span.candles, packed, self.span.rows)


def execution(
    decision: Candles, first: int, fine: Candles | None, funding: tuple[Ints, Floats]
) -> Execution:
    """What to walk under the rows of ``decision`` from row ``first`` on: ``fine`` candles where whole, else its own.

    funding : settlement times (UTC ms) and rates.
    """
    coarse = decision.slice(first, len(decision))
    length = timeframe_ms(coarse.timeframe)
    candles, lengths = (coarse, np.full(len(coarse), length, np.int64)) if fine is None else merged(fine, coarse)
    stretches = _stretches(candles, lengths, coarse.timeframe)
    covered = stretches[-1].to_ms - stretches[0].from_ms if stretches else 0
    lacking = covered - int(lengths.sum())
    clock = Clock(candles.ts_ms, lengths)
    return Execution(span(candles, decision, funding), clock, stretches, -(-lacking // length))


def merged(fine: Candles, coarse: Candles) -> tuple[Candles, Ints]:
    """Candles on the grid of ``fine``, and the length of each (int64[T], ms).

    Fine ones where a coarse candle's are all there, or where there is no coarse one; else the coarse candle, at its
    opening time.
    """
    part, length = timeframe_ms(fine.timeframe), timeframe_ms(coarse.timeframe)
    bucket = fine.ts_ms // length * length
    found, counts = np.unique(bucket, return_counts=True)
    whole = found[counts == length // part]
    keep_coarse = ~np.isin(coarse.ts_ms, whole)
    keep_fine = np.isin(bucket, whole) | ~np.isin(bucket, coarse.ts_ms)
    order = np.argsort(np.concatenate((fine.ts_ms[keep_fine], coarse.ts_ms[keep_coarse])))
    columns = (np.concatenate((getattr(fine, c)[keep_fine], getattr(coarse, c)[keep_coarse]))[order] for c in COLUMNS)
    lengths = np.repeat(np.array([part, length], np.int64), [keep_fine.sum(), keep_coarse.sum()])[order]
    return Candles(fine.timeframe, *columns), lengths


def _stretches(candles: Candles, lengths: Ints, coarse: str) -> tuple[Stretch, ...]:
    names = {timeframe_ms(candles.timeframe): candles.timeframe, timeframe_ms(coarse): coarse}
    starts = np.flatnonzero(np.diff(lengths, prepend=-1))
    stops = np.append(starts[1:], len(lengths))
    return tuple(
        Stretch(
            names[int(lengths[a])], int(candles.ts_ms[a]), int(candles.ts_ms[b - 1] + lengths[b - 1]), int(b - a)
        )
        for a, b in zip(starts, stops, strict=True)
        if b > a
    )
