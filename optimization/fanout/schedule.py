"""Which worker evaluates which chunk: few at a time, lost ones again, late ones twice. Pure: no Ray, no clock.

Laws
- A piece is given until it is done; who is done first counts, and only once.
- A worker has at most `AHEAD` pieces: one that it evaluates, one that already lies there when it has finished.
- A piece whose worker left goes to the front of the queue. One that took `MOST_LOSSES` workers along is the cause.
- A piece goes to the worker that it prefers when that one has room, else to the one with least to do.
- A piece that is `OVERDUE` times late is given to somebody else as well: its worker may be behind a cut cable.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from core.errors import ScalpRadarError

AHEAD: Final = 2
MOST_LOSSES: Final = 4
OVERDUE: Final = 5.0
PATIENCE_S: Final = 15.0


class Deadly(ScalpRadarError):
    """A piece ended every worker that it was given to."""


class Schedule:
    """Pieces are numbers, workers too; whoever uses this knows what they stand for. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._waiting: deque[int] = deque()
        self._given: dict[int, dict[int, float]] = {}
        self._open: set[int] = set()
        self._preferred: dict[int, int] = {}
        self._losses: dict[int, int] = {}
        self._longest_s = 0.0
        self.given_again = 0
        """How often a piece was given once more: its worker was lost, or late."""

    @property
    def open(self) -> int:
        """Pieces that are not done."""
        return len(self._open)

    @property
    def workers(self) -> int:
        """Workers that joined and did not leave."""
        return len(self._given)

    def add(self, pieces: Iterable[int], preferred: Mapping[int, int] = MappingProxyType({})) -> None:
        """Work to do, after what is there; ``preferred`` : workers by pieces."""
        for piece in pieces:
            self._open.add(piece)
            self._waiting.append(piece)
            if piece in preferred:
                self._preferred[piece] = preferred[piece]

    def withdraw(self, pieces: Iterable[int]) -> None:
        """Nobody wants these any more."""
        for piece in pieces:
            self._forget(piece)

    def join(self, worker: int) -> None:
        """A worker is ready."""
        self._given.setdefault(worker, {})

    def leave(self, worker: int) -> None:
        """A worker is gone: what it had goes first again. Raises Deadly."""
        for piece in reversed(self._given.pop(worker, {})):
            if piece not in self._open:
                continue
            self._losses[piece] = self._losses.get(piece, 0) + 1
            if self._losses[piece] >= MOST_LOSSES:
                raise Deadly(
                    f"{self._losses[piece]} workers were lost with the same piece of work; the usual cause is memory: "
                    "allow fewer workers, or a shorter span"
                )
            self._again(piece)

    def give(self, now_s: float) -> tuple[int, int] | None:
        """The next (worker, piece), noted as given; None when nobody has room or nothing waits."""
        while self._waiting and self._waiting[0] not in self._open:
            self._waiting.popleft()
        if not self._waiting:
            return None
        piece = self._waiting[0]
        free = [w for w, has in self._given.items() if len(has) < AHEAD and piece not in has]
        if not free:
            return None
        wanted = self._preferred.get(piece)
        worker = wanted if wanted in free else min(free, key=lambda w: len(self._given[w]))
        self._waiting.popleft()
        self._given[worker][piece] = now_s
        return worker, piece

    def done(self, worker: int, piece: int, took_s: float) -> bool:
        """A result came; whether it is the first of this piece that somebody waits for."""
        self._given.get(worker, {}).pop(piece, None)
        self._longest_s = max(self._longest_s, took_s)
        first = piece in self._open
        self._forget(piece)
        return first

    def hurry(self, now_s: float) -> None:
        """Queue late pieces a second time, once for each time that they are late."""
        limit_s = max(PATIENCE_S, OVERDUE * AHEAD * self._longest_s)
        for has in self._given.values():
            for piece, since_s in has.items():
                if piece in self._open and now_s - since_s > limit_s:
                    has[piece] = now_s
                    self._again(piece)

    def _forget(self, piece: int) -> None:
        self._open.discard(piece)
        self._losses.pop(piece, None)
        self._preferred.pop(piece, None)

    def _again(self, piece: int) -> None:
        if piece not in self._waiting:
            self._waiting.appendleft(piece)
            self.given_again += 1
