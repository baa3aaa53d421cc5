"""A wave: some combinations over some windows, from the ledger where it has them, from the executor where not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.candle import Floats
from core.errors import DataError
from optimization.walkforward.chunks import Chunk, ChunkResult, Floats32, Spans, Task, cut, days_in
from optimization.walkforward.grid import Codes
from optimization.walkforward.port import ChunkLedger, Executor, Progress, Stage, Tell

TOLD_EVERY_S = 0.05


@dataclass(frozen=True, eq=False, slots=True)
class Wave:
    """Results of n combinations over W spans, in the order of the combinations. Fields as in `ChunkResult`."""

    score: Floats32
    sharpe: Floats32
    net_return: Floats32
    max_drawdown: Floats32
    trades: np.ndarray
    sums: Floats
    daily: Floats
    longest_hold_ms: int


@dataclass(frozen=True, eq=False, slots=True)
class Surroundings:
    """Who evaluates, who keeps, who is told. at_once : combinations of a chunk, the same in every wave of a run."""

    executor: Executor
    ledger: ChunkLedger
    tell: Tell
    at_once: int
    began: float


def wave(
    task: Task, codes: Codes, first: int, spans: Spans, around: Surroundings, stage: Stage, every: int = 0
) -> Wave:
    """``codes``, numbered from ``first`` on, over every one of ``spans``; days are kept of each ``every``-th."""
    chunks = cut(task, codes, first, spans, around.at_once, every)
    kept = sum(len(chunk.daily) for chunk in chunks)
    n = len(codes)
    own = task.job.choice.objective != "sharpe"
    matrices = np.zeros((3 + own, len(spans), n), np.float32)
    trades, sums = np.zeros((len(spans), n), np.int32), np.zeros((2, n))
    daily = np.zeros((kept, days_in(spans) if kept else 0))
    rows = dict(zip((c.key for c in chunks), np.cumsum([0, *(len(c.daily) for c in chunks)]).tolist(), strict=False))
    longest = 0
    for chunk, result in _results(task, chunks, around, stage, len(spans)):
        at = slice(chunk.first - first, chunk.first - first + len(chunk.codes))
        for matrix, part in zip(matrices, (result.sharpe, result.net_return, result.max_drawdown), strict=False):
            matrix[:, at] = part
        if own:
            matrices[3, :, at] = result.score
        trades[:, at], sums[:, at] = result.trades, result.sums
        if len(chunk.daily):
            daily[rows[chunk.key] : rows[chunk.key] + len(chunk.daily)] = result.daily
        longest = max(longest, result.longest_hold_ms)
    sharpe: Floats32 = matrices[0]
    return Wave(matrices[3] if own else sharpe, sharpe, matrices[1], matrices[2], trades, sums, daily, longest)


def joined(first: Wave, second: Wave) -> Wave:
    """Both, side by side; days are of the first one alone."""
    names = ("score", "sharpe", "net_return", "max_drawdown", "trades", "sums")
    sides: dict[str, Any] = {
        name: np.concatenate((getattr(first, name), getattr(second, name)), axis=1) for name in names
    }
    return Wave(**sides, daily=first.daily, longest_hold_ms=max(first.longest_hold_ms, second.longest_hold_ms))


def _results(
    task: Task, chunks: Sequence[Chunk], around: Surroundings, stage: Stage, windows: int
) -> Iterator[tuple[Chunk, ChunkResult]]:
    """Every chunk with its result; what the ledger lacks is computed, and put there before it is given on."""
    total = sum(chunk.weight for chunk in chunks)
    count = _Count(task.job.symbol, stage, total, windows, around)
    lacking = []
    for chunk in chunks:
        stored = around.ledger.get(chunk.key)
        result = _sound(chunk, stored) if stored is not None else None
        if result is None:
            lacking.append(chunk)
            continue
        count.finished(chunk, kept=True)
        yield chunk, result
    if not lacking:
        return
    for chunk, computed in around.executor.evaluate(task, lacking, count.spans_done):
        around.ledger.put(chunk.key, computed)
        count.finished(chunk, kept=False)
        yield chunk, ChunkResult.from_bytes(computed)


def _sound(chunk: Chunk, stored: bytes) -> ChunkResult | None:
    """What the ledger has; None when it is damaged, so that it is computed again."""
    try:
        result = ChunkResult.from_bytes(stored)
    except DataError:
        return None
    return result if result.sharpe.shape == (len(chunk.spans), len(chunk.codes)) else None


class _Count:
    """Adds up what is done and tells it, from whatever thread, every 50 ms at most and at the end."""

    def __init__(self, symbol: str, stage: Stage, total: int, windows: int, around: Surroundings) -> None:
        self._symbol, self._stage, self._total, self._windows, self._around = symbol, stage, total, windows, around
        self._done = self._kept = 0
        self._parts: dict[str, int] = {}
        self._told_s = 0.0
        self._lock = threading.Lock()

    def spans_done(self, chunk: Chunk, spans: int) -> None:
        with self._lock:
            self._parts[chunk.key] = chunk.weight * spans // max(len(chunk.spans), 1)
            self._tell()

    def finished(self, chunk: Chunk, *, kept: bool) -> None:
        with self._lock:
            self._parts.pop(chunk.key, None)
            self._done += chunk.weight
            self._kept += chunk.weight if kept else 0
            self._tell()

    def _tell(self) -> None:
        done, now = self._done + sum(self._parts.values()), time.perf_counter()
        if done < self._total and now - self._told_s < TOLD_EVERY_S:
            return
        self._told_s = now
        window = self._windows * done // max(self._total, 1)
        self._around.tell(Progress(
            self._symbol, self._stage, done, self._total, self._kept, window, self._windows, now - self._around.began
        ))
