"""The unit of work: some combinations over all windows, about a second, named by what it is made of.

A chunk's result is bytes, the same bytes whoever computed them, so that a ledger may keep them under the chunk's key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.walkforward.grid import Codes
from optimization.walkforward.job import Job
from optimization.walkforward.material import Material

Floats32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Task:
    """What every chunk of a run needs; made once, sent once to every worker (`Workbench(task)` there)."""

    job: Job
    material: Material
    fingerprint: str


@dataclass(frozen=True, eq=False, slots=True)
class Chunk:
    """Combinations ``codes`` (int32[m, n_names]) over every one of ``spans`` ((from_ms, to_ms), UTC).

    key : sha256 (hex) of the task's fingerprint, the spans, the codes and what is kept. first : number of its first
    combination in the run. daily : of its combinations, those whose daily returns are kept (int32[k], rows of
    ``codes``). weight : candle-combinations to walk.
    """

    key: str
    first: int
    codes: Codes
    spans: tuple[tuple[int, int], ...]
    daily: NDArray[np.int32]
    weight: int


@dataclass(frozen=True, eq=False, slots=True)
class ChunkResult:
    """Figures of m combinations over W spans: `FIGURES` float32[W, m], trades int32[W, m].

    sums : float64[3, m], over all spans: sum of daily returns, of their squares, and days. daily : float64[k, n_days],
    the spans one after another. longest_hold_ms : of all.
    """

    score: Floats32
    sharpe: Floats32
    net_return: Floats32
    max_drawdown: Floats32
    trades: NDArray[np.int32]
    sums: NDArray[np.float64]
    daily: NDArray[np.float64]
    longest_hold_ms: int

    def to_bytes(self) -> bytes:
        """The result as it is stored and sent."""
        raise NotImplementedError

    @classmethod
    def from_bytes(cls, stored: bytes) -> ChunkResult:
        """The result again. Raises DataError when the bytes are not whole."""
        raise NotImplementedError


class Workbench:
    """A task unpacked: the market with its memory, and the last sweep that was bound. One for each thread."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def evaluate(self, chunk: Chunk, between: Callable[[int], None] = lambda spans_done: None) -> bytes:
        """The chunk's result as bytes. ``between`` is called every 100 ms or so, and may raise to end the work."""
        raise NotImplementedError


def warm() -> None:
    """Load the compiled code of a chunk's evaluation, so that the first chunk does not wait for it."""
    raise NotImplementedError


def memory_bytes(task: Task, combinations: int) -> int:
    """Estimate of what a worker holds at most while it evaluates chunks of ``combinations``."""
    raise NotImplementedError


def cut(task: Task, codes: Codes, spans: Sequence[tuple[int, int]], every: int) -> tuple[Chunk, ...]:
    """``codes`` cut into chunks of about a second; daily returns are kept of each ``every``-th combination (0: none)."""
    raise NotImplementedError
