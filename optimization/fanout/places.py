"""Where workers go: one for each core of each node, fewer where memory would not suffice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.errors import InputError

PROCESS_BYTES: Final = 300_000_000
"""A worker before its first task: Python, Ray, NumPy, the compiled engine."""
KEPT_BYTES: Final = 400_000_000
"""Estimate of what a worker's benches may hold: that at work, and those of earlier tasks beside it."""

@dataclass(frozen=True, slots=True)
class Place:
    """A node and how many workers it takes. memory_bytes : what it has for all of them, 0 when it does not say."""

    node_id: str
    address: str
    workers: int
    memory_bytes: int


def places(nodes: Iterable[Mapping[str, Any]], workers: int = 0, worker_bytes: int = 0) -> tuple[Place, ...]:
    """Places on the nodes that are alive, as ``ray.nodes()`` tells them, in their order.

    Parameters
    ----------
    workers : most workers over all nodes, 0 for one a core.
    worker_bytes : what a worker holds at most, 0 when unknown; a node takes as many as its memory holds.

    Raises InputError, saying how much is there and how much is needed, when no node has room for a worker.
    """
    found: list[Place] = []
    largest = 0
    for node in nodes:
        if not node.get("Alive"):
            continue
        resources = node.get("Resources", {})
        memory = int(resources.get("memory", 0))
        largest = max(largest, memory)
        cores = int(resources.get("CPU", 0))
        fitting = cores if not (worker_bytes and memory) else min(cores, memory // worker_bytes)
        left = workers - sum(p.workers for p in found) if workers else fitting
        if min(fitting, left) > 0:
            found.append(
                Place(str(node["NodeID"]), str(node.get("NodeManagerAddress", "")), min(fitting, left), memory)
            )
    if not found and largest and worker_bytes > largest:
        raise InputError(
            f"a worker needs about {_gb(worker_bytes)}; the node with most memory has {_gb(largest)}. "
            "Allowed are fewer combinations a run, a shorter span or a larger node"
        )
    return tuple(found)


def worker_bytes(work_bytes: int = 0) -> int:
    """Estimate of what a worker's process holds at most; ``work_bytes`` : as `memory_bytes` estimates a chunk's.

    A task's own arrays are not in it: they lie once on each node, in the object store.
    """
    return PROCESS_BYTES + max(KEPT_BYTES, work_bytes)


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
