"""What a run needs from outside: somebody who evaluates chunks, a place that keeps results, somebody to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from core.errors import ScalpRadarError
from optimization.walkforward.chunks import Chunk, Task

Stage = Literal["in sample", "out of sample", "statistics"]


class Cancelled(ScalpRadarError):
    """The run was asked to end; what is finished is in the ledger."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. done, total : candle-combinations of this stage; kept : how many of them came from the ledger.

    window, windows : how far within windows (0 to ``windows``), as far as can be told.
    """

    symbol: str
    stage: Stage
    done: int
    total: int
    kept: int
    window: int
    windows: int
    seconds: float


Tell = Callable[[Progress], None]


class ChunkLedger(Protocol):
    """Results of chunks by their keys."""

    def get(self, key: str) -> bytes | None:
        """What is stored under the key."""
        ...

    def put(self, key: str, result: bytes) -> None:
        """Store a result; the same key always has the same bytes."""
        ...


class Executor(Protocol):
    """Evaluates chunks, several at a time. A run calls `evaluate` several times with the same task."""

    def evaluate(
        self, task: Task, chunks: Sequence[Chunk], told: Callable[[Chunk, int], None]
    ) -> Iterator[tuple[Chunk, bytes]]:
        """Each chunk with its result, in any order. ``told`` hears how many spans of a chunk are done, if known.

        Raises Cancelled after `cancel`.
        """
        ...

    def cancel(self) -> None:
        """End the evaluation that is under way, from another thread, within 2 s."""
        ...


class Forgetful:
    """A ledger that keeps nothing."""

    def get(self, key: str) -> bytes | None:
        """Nothing."""
        return None

    def put(self, key: str, result: bytes) -> None:
        """Forget it."""
