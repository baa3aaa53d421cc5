"""The unit of work: some combinations over all windows, a second or less, named by what it is made of.

A chunk's result is bytes, the same bytes whoever computed them, so that a ledger may keep them under the chunk's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.candle import Floats, Ints
from core.errors import DataError
from core.timeframe import DAY_MS
from engine.cycle import CYCLE
from engine.cycles import MOST_CYCLES, MOST_MARKS
from optimization.walkforward.digest import begun, followed
from optimization.walkforward.grid import Codes
from optimization.walkforward.job import Job, fingerprint
from optimization.walkforward.material import Material

Floats32 = NDArray[np.float32]
Spans = tuple[tuple[int, int], ...]

CHUNK_WEIGHT = 128_000_000
"""Candle-combinations of a chunk: a third of a second when positions are held often."""

INDEX_BYTES_A_CANDLE = 2
"""Of the index of next entries, while it is made, for each combination that has one of its own."""

INDEX_BYTES = 128_000_000
"""Most that a chunk's next-entry index may take, if every combination needs a row of it."""

CYCLE_BYTES = 6
"""Kept of the cycles of a candle and combination, when positions are held often."""

_MAGIC = b"SRWF0002"
_HEAD = 6


@dataclass(frozen=True, eq=False, slots=True)
class Task:
    """What every chunk of a run needs; made once, sent once to every worker (`Workbench(task)` there)."""

    job: Job
    material: Material
    fingerprint: str

    @classmethod
    def of(cls, job: Job, material: Material, code_version: str) -> Task:
        """The task with its fingerprint."""
        return cls(job, material, fingerprint(job, material.digest, material.source_digest, code_version))


@dataclass(frozen=True, eq=False, slots=True)
class Chunk:
    """Combinations ``codes`` (int32[m, n_names]) over every one of ``spans`` ((from_ms, to_ms), UTC, whole days).

    key : sha256 (hex) of the task's fingerprint, the spans, the codes and what is kept. first : number of its first
    combination in the run. daily : of its combinations, those whose daily returns are kept (int32[k], rows of
    ``codes``). weight : candle-combinations to walk.
    """

    key: str
    first: int
    codes: Codes
    spans: Spans
    daily: NDArray[np.int32]
    weight: int


@dataclass(frozen=True, eq=False, slots=True)
class ChunkResult:
    """Figures of m combinations over W spans: score, Sharpe, return, drawdown float32[W, m], trades int32[W, m].

    score : the job's objective, the very array ``sharpe`` where it is that. sums : float64[2, m], sum of daily returns
    and of their squares over all spans. daily : float64[k, n_days], the spans one after another. longest_hold_ms : of
    all.
    """

    score: Floats32
    sharpe: Floats32
    net_return: Floats32
    max_drawdown: Floats32
    trades: NDArray[np.int32]
    sums: Floats
    daily: Floats
    longest_hold_ms: int

    def to_bytes(self) -> bytes:
        """The result as it is stored and sent."""
        spans, m = self.sharpe.shape
        own = () if self.score is self.sharpe else (self.score,)
        head = np.array([spans, m, *self.daily.shape, self.longest_hold_ms, len(own)], np.int64)
        matrices = (self.sharpe, self.net_return, self.max_drawdown, *own, self.trades)
        return b"".join([_MAGIC, head.tobytes(), self.sums.tobytes(), self.daily.tobytes(), *map(_bytes, matrices)])

    @classmethod
    def from_bytes(cls, stored: bytes) -> ChunkResult:
        """The result again, its arrays read-only. Raises DataError when the bytes are not whole."""
        begin = len(_MAGIC) + 8 * _HEAD
        if stored[: len(_MAGIC)] != _MAGIC or len(stored) < begin:
            raise DataError("result of a chunk: is damaged")
        spans, m, kept, days, held, own = np.frombuffer(stored, np.int64, _HEAD, len(_MAGIC)).tolist()
        if len(stored) != begin + 8 * (2 * m + kept * days) + (16 + 4 * own) * spans * m:
            raise DataError("result of a chunk: is not whole")
        sums = np.frombuffer(stored, np.float64, 2 * m, begin).reshape(2, m)
        at = begin + sums.nbytes
        daily = np.frombuffer(stored, np.float64, kept * days, at).reshape(kept, days)
        at += daily.nbytes
        matrices = np.frombuffer(stored, np.float32, (3 + own) * spans * m, at).reshape(3 + own, spans, m)
        sharpe, net_return, fall = matrices[:3]
        score = matrices[3] if own else sharpe
        trades = np.frombuffer(stored, np.int32, spans * m, at + matrices.nbytes).reshape(spans, m)
        return cls(score, sharpe, net_return, fall, trades, sums, daily, held)


def _bytes(matrix: NDArray[np.generic]) -> bytes:
    return np.ascontiguousarray(matrix).tobytes()


def cut(task: Task, codes: Codes, first: int, spans: Spans, at_once: int, every: int) -> tuple[Chunk, ...]:
    """``codes``, numbered from ``first`` on, in chunks of ``at_once``; of each ``every``-th days are kept (0: none)."""
    walked = candles_in(task.material.walked.ts_ms, spans)
    begin_of_key = begun(task.fingerprint, spans)
    chunks = []
    for begin in range(0, len(codes), at_once):
        part = codes[begin : begin + at_once]
        daily = np.empty(0, np.int32)
        if every:
            daily = np.arange(-(first + begin) % every, len(part), every, dtype=np.int32)
        key = followed(begin_of_key, part, daily)
        chunks.append(Chunk(key, first + begin, part, spans, daily, len(part) * walked))
    return tuple(chunks)


def combinations_at_once(task: Task, spans: Spans) -> int:
    """How many combinations a chunk over ``spans`` takes: about `CHUNK_WEIGHT`, and within `INDEX_BYTES`."""
    walked = candles_in(task.material.walked.ts_ms, spans)
    indexed = INDEX_BYTES_A_CANDLE * len(task.material.packed)
    return max(1, min(CHUNK_WEIGHT // max(walked, 1), INDEX_BYTES // indexed))


def candles_in(ts_ms: Ints, spans: Sequence[tuple[int, int]]) -> int:
    """Candles inside the spans; one that is in two counts twice."""
    edges = np.searchsorted(ts_ms, np.array(spans, np.int64).reshape(-1, 2))
    return int((edges[:, 1] - edges[:, 0]).sum())


def days_in(spans: Sequence[tuple[int, int]]) -> int:
    """Days (UTC) of all spans together."""
    return sum(to_ms - from_ms for from_ms, to_ms in spans) // DAY_MS


def memory_bytes(task: Task, combinations: int, columns_each: float = 1.0) -> int:
    """Estimate of what a worker's chunk holds at most beside the material: index, columns, plans, cycles, results.

    ``columns_each`` : float64 columns a combination brings that no other has.
    """
    rows, candles = len(task.material.decision), len(task.material.packed)
    own = int(combinations * columns_each * rows * 8 * 2)  # once remembered, once side by side
    cycles = min(combinations * candles * CYCLE_BYTES, MOST_CYCLES * CYCLE.itemsize + MOST_MARKS * 8)
    index = min(combinations * candles * INDEX_BYTES_A_CANDLE, INDEX_BYTES)
    return index + own + cycles + combinations * 2048 + candles * 200
