"""How much faster two workers are than one: ``python -m tests.ray.speedup``.

The same run, in turns with one worker and with two; wall seconds from the first chunk to the last of its waves, and of
the whole run, with the largest memory of a worker (PSS). ``--seldom`` searches where positions are seldom held: there a
result costs less to find than to bring home.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from actors.wiring.flags import make_token, set_flags
from optimization.memory import keep_freed_memory
from scripts.main import keep_compiled_code

keep_compiled_code()


def measured(workers: int, days: int, per_axis: int, often: bool) -> dict[str, float]:
    """One run with so many workers, in a Ray of its own."""
    from actors.wiring.session import own_ray
    from optimization.fanout.executor import RayExecutor
    from optimization.walkforward.chunks import Chunk, Task
    from optimization.walkforward.port import Forgetful
    from optimization.walkforward.run import run
    from tests.ray.research import _workers
    from tests.ray.research_job import search

    class Timed(RayExecutor):
        seconds = 0.0

        def evaluate(
            self, task: Task, chunks: Sequence[Chunk], told: Callable[[Chunk, int], None]
        ) -> Iterator[tuple[Chunk, bytes]]:
            began = time.perf_counter()
            yield from super().evaluate(task, chunks, told)
            self.seconds += time.perf_counter() - began

    made, stuff = search(days, per_axis, often=often)
    with own_ray(workers), Timed(workers) as executor:
        while not _workers() or executor.ready < workers:
            time.sleep(0.05)
        peak, over = [0], threading.Event()

        def look() -> None:
            while not over.wait(0.5):
                for pid in _workers():
                    peak[0] = max(peak[0], psutil.Process(pid).memory_full_info().pss)

        looking = threading.Thread(target=look)
        looking.start()
        began = time.perf_counter()
        run(made, stuff, executor, Forgetful(), code_version="test")
        whole = time.perf_counter() - began
        over.set()
        looking.join()
        return {"evaluate_s": executor.seconds, "whole_s": whole, "worker_gb": peak[0] / 1e9}


def main() -> int:
    """Prints one line of JSON for each run and the ratios of the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=1825, help="of hourly candles")
    parser.add_argument("--per-axis", type=int, default=22, help="values of each of three parameters")
    parser.add_argument("--seldom", action="store_true", help="offsets that are seldom reached")
    parser.add_argument("--turns", type=int, default=1)
    given = parser.parse_args()
    found: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
    keep_freed_memory()  # as `scalp-radar optimize` does
    with tempfile.TemporaryDirectory() as folder:
        set_flags(Path(folder))
        make_token()
        for _ in range(given.turns):
            for workers, runs in found.items():
                runs.append(measured(workers, given.days, given.per_axis, not given.seldom))
                sys.stdout.write(json.dumps({"workers": workers, **runs[-1]}) + "\n")
                sys.stdout.flush()
    one, two = (
        {key: statistics.median(r[key] for r in found[w]) for key in ("evaluate_s", "whole_s")} for w in (1, 2)
    )
    sys.stdout.write(json.dumps({key: one[key] / two[key] for key in one}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
