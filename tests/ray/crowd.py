"""Workers that do nothing but take time, for what is not about the result: priority, losses, cancelling."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import optimization
from optimization.walkforward.chunks import Chunk, Task
from tests.ray.research_job import job

HOME = "tests.ray.crowd:Sleeper"


class Sleeper:
    """Sleeps a chunk's weight in ms; its result says which chunk that was, by which process, from whose code."""

    def evaluate(self, task: Task, chunk: Chunk) -> tuple[bytes, float]:
        if chunk.key == "deadly":
            os.kill(os.getpid(), 9)
        if chunk.key == "wrong":
            raise ValueError("a strategy's own mistake")
        time.sleep(chunk.weight / 1000)
        return hashlib.sha256(f"{task.fingerprint} {chunk.key}".encode()).digest(), chunk.weight / 1000


class Teller:
    """Tells about its own process instead of evaluating."""

    def evaluate(self, task: Task, chunk: Chunk) -> tuple[bytes, float]:
        policy = os.sched_getscheduler(0)
        return repr((os.getpid(), policy == os.SCHED_IDLE, str(Path(optimization.__path__[0])))).encode(), 0.0


def task(name: str = "t") -> Task:
    """The small job under another name."""
    return Task(*job(), name)


def chunks(count: int, ms: int) -> tuple[Chunk, ...]:
    """So many chunks of so many ms."""
    none = np.zeros((1, 1), np.int32)
    return tuple(Chunk(f"key {i}", i, none, (), np.zeros(0, np.int32), ms) for i in range(count))


def named(key: str) -> Chunk:
    """A chunk with a meaning."""
    return Chunk(key, 0, np.zeros((1, 1), np.int32), (), np.zeros(0, np.int32), 10)


def expected(of: Task, given: Sequence[Chunk]) -> dict[str, bytes]:
    """What must come back."""
    return {c.key: hashlib.sha256(f"{of.fingerprint} {c.key}".encode()).digest() for c in given}


def collected(found: Any) -> dict[str, bytes]:
    """Results by key; every chunk once."""
    kept: dict[str, bytes] = {}
    for chunk, result in found:
        assert chunk.key not in kept
        kept[chunk.key] = result
    return kept
