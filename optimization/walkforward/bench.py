"""A chunk's evaluation: plans bound once over the whole span, walked window by window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from core.market import Market
from core.timeframe import DAY_MS
from engine.bind import Binder
from engine.cycles import Cycles
from engine.span import Span, aligned
from engine.sweep import Sweep
from optimization.evaluation import planned
from optimization.walkforward.chunks import Chunk, ChunkResult, Floats32, Task, days_in
from optimization.walkforward.figures import net_return, objective, sharpe
from optimization.walkforward.grid import Codes
from optimization.walkforward.making import maker
from optimization.walkforward.material import Material

PIECE_WEIGHT = 8_000_000
"""Candle-combinations between two chances to end the work: below 100 ms, however often positions are held."""


PLANS_AT_ONCE = 256
"""As `PIECE_WEIGHT`, while plans are made."""


class Workbench:
    """A task unpacked, with the last sweep that was bound and the cycles that it walked: a run's next wave walks the
    same combinations, and in part the same days.

    One for each thread. Memory stays flat: nothing of one chunk is kept when another one comes.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.span = whole_span(task.material)
        self._bound: tuple[bytes, Sweep, Cycles] | None = None

    def evaluate(self, chunk: Chunk, between: Callable[[int], None] = lambda spans_done: None) -> bytes:
        """The chunk's result as bytes. ``between`` is called every 100 ms or sooner, and may raise to end the work."""
        sweep, cycles = self._sweep(chunk.codes, between)
        job, m = self.task.job, len(chunk.codes)
        own = job.choice.objective != "sharpe"
        matrices = np.zeros((3 + own, len(chunk.spans), m), np.float32)
        trades = np.zeros((len(chunk.spans), m), np.int32)
        sums, daily = np.zeros((2, m)), np.zeros((len(chunk.daily), days_in(chunk.spans) if len(chunk.daily) else 0))
        longest = 0
        places = _places(chunk.spans, self.span)
        known = [p for p in places if p.start < p.end]
        if known:
            weight = max(1, PIECE_WEIGHT // sum(p.end - p.start for p in known))
            pieces = sweep.windows(
                [(p.start, p.end) for p in known], daily=len(chunk.daily) > 0, plans_a_piece=weight,
                cycles=cycles,
            )
            swept = next(pieces)
            between(0)
            for _ in pieces:  # the first piece's result grows
                between(0)
            for w, place in enumerate(known):
                s, number = swept.stats[w], place.number
                matrices[0, number] = sharpe(s)
                matrices[1, number] = net_return(s, job.capital)
                matrices[2, number] = s["drawdown"]
                if own:
                    matrices[3, number] = objective(s, job.choice.objective, job.capital)
                trades[number] = s["trades"]
                sums += (s["sum_r"], s["sum_r2"])
                longest = max(longest, int(s["longest_hold_ms"].max()))
                if len(chunk.daily):
                    first, last = swept.first_day[w : w + 2]
                    daily[:, place.day : place.day + last - first] = swept.daily[chunk.daily, first:last]
        between(len(chunk.spans))
        ratio: Floats32 = matrices[0]
        score = matrices[3] if own else ratio
        return ChunkResult(score, ratio, matrices[1], matrices[2], trades, sums, daily, longest).to_bytes()

    def _sweep(self, codes: Codes, between: Callable[[int], None]) -> tuple[Sweep, Cycles]:
        key = codes.tobytes()
        if self._bound is None or self._bound[0] != key:
            self._bound = None  # first, so that two are never held at once
            sweep = bound(self.task, codes, self.span, between)
            self._bound = key, sweep, sweep.room()
        return self._bound[1:]


class _Place(NamedTuple):
    """Where a span of time lies: its number, its candles [start, end), and the day of the chunk that they begin on."""

    number: int
    start: int
    end: int
    day: int


def _places(spans: Sequence[tuple[int, int]], span: Span) -> list[_Place]:
    """Where each span [from_ms, to_ms) lies."""
    found, begin = [], 0
    for number, (from_ms, to_ms) in enumerate(spans):
        start, end = np.searchsorted(span.packed["ts_ms"], (from_ms, to_ms)).tolist()
        day = int(span.packed["day"][start]) - from_ms // DAY_MS if start < end else 0
        found.append(_Place(number, start, end, begin + day))
        begin += (to_ms - from_ms) // DAY_MS
    return found


def whole_span(material: Material) -> Span:
    """Everything that is walked, where the engine reads it fastest: arrays that were sent may lie anywhere."""
    packed = material.packed
    if packed.ctypes.data % packed.itemsize:
        packed = aligned(len(packed))
        packed[:] = material.packed
    return Span(material.walked, packed, np.ascontiguousarray(packed["row"]))


def part(span: Span, from_ms: int, to_ms: int) -> Span:
    """The candles of [from_ms, to_ms), under the same rows."""
    start, end = np.searchsorted(span.packed["ts_ms"], (from_ms, to_ms)).tolist()
    return Span(span.candles.slice(start, end), span.packed[start:end], span.rows[start:end])


def bound(
    task: Task, codes: Codes, span: Span, between: Callable[[int], None] = lambda spans_done: None
) -> Sweep:
    """Plans of ``codes`` bound to ``span``, which the task's material has all rows of."""
    job, material = task.job, task.material
    strategy = material.strategy
    market = Market(job.symbol, material.decision, material.extra)
    binder, make = Binder(len(material.decision)), maker(strategy.Params, job.grid)
    for first in range(0, len(codes), PLANS_AT_ONCE):
        some = codes[first : first + PLANS_AT_ONCE].tolist()
        binder.extend([planned(strategy, market, make(code)) for code in some])
        between(0)
    return Sweep(job.symbol, span, binder, job.costs, job.capital)
