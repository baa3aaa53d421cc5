"""One run: every window, every combination, the choice, what it earned after, and the verdict on it."""

from __future__ import annotations

from optimization.walkforward.job import Job
from optimization.walkforward.material import Material
from optimization.walkforward.outcome import Outcome
from optimization.walkforward.port import ChunkLedger, Executor, Tell


def run(
    job: Job, material: Material, executor: Executor, ledger: ChunkLedger, trials_so_far: int = 0,
    tell: Tell = lambda progress: None, code_version: str = "",
) -> Outcome:
    """Evaluate, choose, stitch, judge. ``trials_so_far`` : combinations evaluated before, without this run's own.

    Chunks that ``ledger`` has are not computed again. Raises DataError when there is too little data, Cancelled when
    the executor was cancelled.
    """
    raise NotImplementedError
