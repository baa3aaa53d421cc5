"""The optimizer's process: a child of the API's, made when somebody asks, gone when its input ends.

It has no Ray: one machine's cores are reached by threads, since compiled code lets go of Python's lock, so nothing
waits for the memory of a second Ray, and nothing is there while nobody optimises. Jobs run in the scheduling class
`SCHED_IDLE`, everything else of it at a niceness of 10: trading goes first.

Law: one JSON object a line. In: first `actors.optimizer_desk.Beginning`, then questions ``{id, ask, words}``. Out:
``{ready}``, answers ``{id, answer}`` or ``{id, wrong}`` (bad input) or ``{id, failed}``, and ``{job}`` whenever one
changed.
"""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

from loguru import logger

from actors.optimizer import Optimizer, now_ms
from actors.optimizer_desk import Beginning, Desk, Told, job_words
from actors.optimizer_source import DAYS, LateSource, SyntheticHistory
from actors.optimizer_work import WalkForwards
from core.errors import InputError, ScalpRadarError
from market.port import CandleSource, moment
from market.source import open_source
from optimization.memory import keep_freed_memory
from optimization.result_store import ResultStore
from optimization.walkforward.threads import Threads
from storage.research_records import StoredJob
from strategies.configured import configured
from strategies.discovery import discover, discover_filters

_THREADS: Final = 2
_EVERY_S: Final = 0.25
_SHOWN: Final = 20
_NICE: Final = 10


class Crew(Threads):
    """Threads that, ``yielding``, run only when nothing else wants the processor."""

    def __init__(self, workers: int, *, yielding: bool = True) -> None:
        if yielding:
            step_back()  # of the thread that works: those that it makes inherit it
        super().__init__(workers)

    def close(self) -> None:
        """Nothing is left behind."""


def step_back() -> None:
    """This thread, from now on, only when nothing else wants the processor."""
    from optimization.fanout.shell import step_back as idle  # loads nothing of Ray

    idle()


def source_of(told: Beginning) -> tuple[CandleSource, Told]:
    """The candles that a beginning names."""
    if told.synthetic is None:
        return LateSource(lambda: open_source(told.data, told.exchange)), Told("stored", "stored candles")
    seed, end_ms = told.synthetic
    words = (
        f"synthetic: {DAYS} days before {moment(end_ms)} from the demo's generator (seed {seed}), not the demo's own "
        "candles; falls that recover are planted in it every twelve days: what is found here says nothing of a market"
    )
    return SyntheticHistory(tuple(told.settings.assets.symbols), seed, end_ms), Told("synthetic", words)


def serve(lines: IO[str], say: Callable[[dict[str, Any]], None]) -> None:
    """Answer what ``lines`` ask until they end; a running job is left as it is, to be taken up again."""
    told = Beginning.model_validate_json(lines.readline())
    logger.remove()
    Path(told.logs).mkdir(parents=True, exist_ok=True)
    logger.add(Path(told.logs) / "optimizer.jsonl", serialize=True, rotation="10 MB", retention=5, diagnose=False)
    Path(told.results).mkdir(parents=True, exist_ok=True)
    store, settings, origin = ResultStore(Path(told.results)), told.settings, socket.gethostname()
    for job_id in told.given_up:
        job = store.research.job(job_id)
        if job is not None and job.state in ("waiting", "running"):
            why = "the optimizer ended several times at it; want of memory is the usual cause (log: optimizer.jsonl)"
            store.research.save_job(replace(job, state="failed", detail=why, ended_ms=now_ms()))
    known = configured(discover(told.folders), settings.strategies.strategies, discover_filters(told.folders))
    source, candles = source_of(told)
    works = WalkForwards(settings, known, source, store, lambda: Crew(told.workers, yielding=told.yielding), origin)
    optimizer = Optimizer(store.research, works, origin=origin)
    desk = Desk(works, optimizer, candles, told.workers)
    ended = threading.Event()
    teller = threading.Thread(target=_tell_jobs, args=(optimizer, say, ended), daemon=True)
    say({"ready": os.getpid()})
    teller.start()
    with ThreadPoolExecutor(_THREADS) as pool:
        for line in lines:
            asked = json.loads(line)
            pool.submit(_answer, desk, asked, say)
        pool.shutdown(wait=False, cancel_futures=True)
        ended.set()
        optimizer.stop()


def _answer(desk: Desk, asked: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    number = asked["id"]
    try:
        say({"id": number, "answer": desk.answer(asked["ask"], asked["words"])})
    except InputError as error:
        say({"id": number, "wrong": " ".join(str(error).split())})
    except Exception as error:  # noqa: BLE001 - the one broad handler, at the edge of the loop
        level = "error" if not isinstance(error, ScalpRadarError) else "warning"
        logger.opt(exception=error).log(level.upper(), "optimizer: {} failed", asked["ask"])
        say({"id": number, "failed": type(error).__name__})


def _tell_jobs(optimizer: Optimizer, say: Callable[[dict[str, Any]], None], ended: threading.Event) -> None:
    """Jobs that have changed, at most four times a second."""
    before: dict[str, StoredJob] = {}
    while not ended.wait(_EVERY_S):
        try:
            now = {job.job_id: job for job in optimizer.jobs(_SHOWN)}
        except Exception as error:  # noqa: BLE001 - whatever the database raises: the next time it may answer
            logger.warning("optimizer: jobs cannot be read: {}", type(error).__name__)
            continue
        for job_id, job in reversed(now.items()):
            if before.get(job_id) != job:
                say({"job": job_words(job)})
        before = now


def main() -> None:
    """Serve on standard input and output until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to pass on, by closing our input
    os.nice(_NICE)
    keep_freed_memory()
    out = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints does not get between
    lock = threading.Lock()

    def say(words: dict[str, Any]) -> None:
        with lock:
            try:
                out.write(json.dumps(words, allow_nan=False) + "\n")
            except OSError:
                return  # nobody listens any more: the input ends as well

    began = time.monotonic()
    serve(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8"), say)
    logger.info("optimizer: served for {:.0f} s", time.monotonic() - began)
    out.flush()
    os._exit(0)  # compiled code that is still at work must not hold this up


if __name__ == "__main__":
    main()
