"""The API's port to the optimizer, filled: a child process, made when somebody asks.

Laws
- Nothing is there before the first question, unless the database has jobs that are not over: those are gone on with.
- The child ends when nobody asked for `IDLE_S` and no job is open; its memory is free again.
- It ends with this process, however that ends, since its input then does. A child that dies is made anew while jobs are
  open; a job that was running at the third death is given up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, TypeVar

from loguru import logger

from api import queue_models as models
from api.gateway import Unavailable
from api.models import Model
from core.errors import InputError

IDLE_S: Final = 300.0
ANSWER_S: Final = 12.0
"""Under the patience of a browser; a child that is beginning takes a few seconds."""
_DEATHS: Final = 3
_AGAIN_S: Final = 1.0
_STOP_S: Final = 3.0
_KEPT: Final = 30
_ROOT: Final = Path(__file__).resolve().parents[1]
_OPEN: Final = ("waiting", "running")

Words = dict[str, Any]
M = TypeVar("M", bound=Model)


class Wanted(NamedTuple):
    """How the child begins: `actors.optimizer_desk.Beginning` as JSON, and the database of its jobs."""

    beginning: str
    database: Path


class OptimizerChild:
    """Fills `api.queue.QueuePort`; everything in one event loop.

    Parameters
    ----------
    tell : hears of every job that changed, in JSON's words.
    """

    def __init__(
        self, wanted: Wanted, tell: Callable[[Words], None], *, idle_s: float = IDLE_S, answer_s: float = ANSWER_S,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wanted, self._tell, self._idle_s, self._answer_s = wanted, tell, idle_s, answer_s
        self._monotonic_s = monotonic_s
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = asyncio.Event()
        self._asked: dict[int, asyncio.Future[Words]] = {}
        self._number = 0
        self._last_s = 0.0
        self._states: dict[str, str] = {}
        self._deaths: Counter[str] = Counter()
        self._stopping = False

    @property
    def pid(self) -> int:
        """Of the child, 0 while there is none."""
        return 0 if self._process is None else self._process.pid

    async def look_after(self) -> None:
        """Go on with jobs that an earlier run left open; let an idle child go. Returns when cancelled."""
        if await asyncio.to_thread(_open_jobs, self._wanted.database):
            self._begin()
        while True:
            await asyncio.sleep(_AGAIN_S)
            if self._process is not None and self._idle():
                await self._end()

    async def strategies(self) -> models.Optimisable:
        """What can be optimised, and over which candles."""
        return models.Optimisable(**await self._ask("strategies"))

    async def grid(self, strategy: str) -> models.GridView:
        """The parameters of a strategy. Raises InputError for one that is not there."""
        return models.GridView(**await self._ask("grid", strategy=strategy))

    async def estimate(self, order: models.JobOrder) -> models.Estimates:
        """What a job would take. Raises InputError."""
        return models.Estimates(**await self._ask("estimate", **_request(order)))

    async def submit(self, order: models.JobOrder) -> models.Submission:
        """Queue a job. Raises InputError with the reason when it is refused."""
        told = await self._ask("submit", **_request(order))
        if told["refused"]:
            raise InputError(told["refused"])
        return models.Submission(job_id=told["job_id"], ahead=told["ahead"])

    async def cancel(self, job_id: str) -> bool:
        """End a job; whether there was one that could be."""
        return bool((await self._ask("cancel", job_id=job_id))["cancelled"])

    async def close(self) -> None:
        """End the child; safe to call twice. A running job stays open, to be gone on with."""
        self._stopping = True
        await self._end()

    async def _ask(self, what: str, **words: Any) -> Words:
        self._last_s = self._monotonic_s()
        self._begin()
        future: asyncio.Future[Words] = asyncio.get_running_loop().create_future()
        self._number += 1
        number = self._number
        self._asked[number] = future
        try:
            async with asyncio.timeout(self._answer_s):
                await self._ready.wait()
                self._send({"id": number, "ask": what, "words": words})
                return await future
        except TimeoutError as error:
            state = "is busy" if self._ready.is_set() else "is beginning"
            raise Unavailable(f"the optimizer {state}; again in a few seconds") from error
        finally:
            self._asked.pop(number, None)

    def _begin(self) -> None:
        """Make the child unless it is there."""
        if self._process is not None:
            return
        if self._stopping:
            raise Unavailable("the API is stopping")
        self._ready.clear()
        self._last_s = self._monotonic_s()  # a child that nobody asked has jobs to tell of, a moment later
        path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        process = subprocess.Popen(
            [sys.executable, "-m", "actors.optimizer_child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        self._process = process
        assert process.stdout is not None
        threading.Thread(
            target=_read, args=(process.stdout, asyncio.get_running_loop(), self._heard, process), daemon=True
        ).start()
        given_up = [job_id for job_id, deaths in self._deaths.items() if deaths >= _DEATHS]
        self._send({**json.loads(self._wanted.beginning), "given_up": given_up})
        logger.info("api: the optimizer begins (process {})", process.pid)

    def _send(self, words: Words) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise Unavailable("the optimizer has ended; again in a few seconds")
        try:
            process.stdin.write(json.dumps(words).encode() + b"\n")
            process.stdin.flush()
        except OSError as error:
            raise Unavailable("the optimizer has ended; again in a few seconds") from error

    def _heard(self, process: subprocess.Popen[bytes], words: Words | None) -> None:
        """What a child said; None: it has ended."""
        if process is not self._process:
            return
        if words is None:
            self._died(process)
        elif "ready" in words:
            self._ready.set()
        elif "job" in words:
            job = words["job"]
            self._states[job["job_id"]] = job["state"]
            if len(self._states) > _KEPT:
                del self._states[next(iter(self._states))]
            self._tell(job)
        else:
            future = self._asked.get(words["id"])
            if future is not None and not future.done():
                _answer(future, words)

    def _died(self, process: subprocess.Popen[bytes]) -> None:
        self._process = None
        _close(process)
        for future in self._asked.values():
            if not future.done():
                future.set_exception(Unavailable("the optimizer has ended; again in a few seconds"))
        running = [job_id for job_id, state in self._states.items() if state == "running"]
        self._deaths.update(running)
        logger.warning("api: the optimizer has ended with {}", process.poll())
        if not self._stopping and any(state in _OPEN for state in self._states.values()):
            asyncio.get_running_loop().call_later(_AGAIN_S, self._again)

    def _again(self) -> None:
        with contextlib.suppress(Unavailable, OSError):
            self._begin()

    def _idle(self) -> bool:
        return (
            self._ready.is_set() and not self._asked and self._monotonic_s() - self._last_s > self._idle_s
            and not any(state in _OPEN for state in self._states.values())
        )

    async def _end(self) -> None:
        """Close its input, which ends it; kill it where that takes too long."""
        process, self._process = self._process, None
        if process is not None:
            await asyncio.to_thread(_end, process)


def _request(order: models.JobOrder) -> Words:
    """As `actors.optimizer_work.Request` has it; without a span, everything."""
    words = order.model_dump(mode="json", exclude={"from_ms", "to_ms"})
    return {**words, "from_ms": order.from_ms or 0, "to_ms": order.to_ms or 2**53}


def _answer(future: asyncio.Future[Words], words: Words) -> None:
    if "answer" in words:
        future.set_result(words["answer"])
    elif "wrong" in words:
        future.set_exception(InputError(words["wrong"]))
    else:
        future.set_exception(Unavailable(f"the optimizer could not answer ({words['failed']}); its log says why"))


def _read(
    lines: IO[bytes], loop: asyncio.AbstractEventLoop, heard: Callable[[Any, Words | None], None], process: Any
) -> None:
    """Hand on every line, then that there are no more."""
    with contextlib.suppress(RuntimeError, ValueError):  # the loop, or the pipe, is closed: nobody listens
        for line in lines:
            loop.call_soon_threadsafe(heard, process, json.loads(line))
        loop.call_soon_threadsafe(heard, process, None)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        assert process.stdin is not None
        process.stdin.close()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _close(process)


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError, ValueError):
            if pipe is not None:
                pipe.close()
    process.wait()


def _open_jobs(database: Path) -> int:
    """Jobs that are not over. Asked with Python's own SQLite, which costs nothing."""
    if not database.exists():
        return 0
    try:
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT count(*) FROM optimization_jobs WHERE state IN (?, ?)", _OPEN)
            return int(found.fetchone()[0])
    except sqlite3.Error:
        return 0  # no such table yet
