"""The optimizer: a queue of walk-forward jobs, worked off one at a time.

Laws
- A job is in the database before `submit` returns, so it survives this process: what ran when the process ended runs
  first when it comes back, from its first unfinished asset on, and there its finished chunks are not computed again.
- At most `MOST_WAITING` jobs wait; one more is refused, which is a value with its reason and no error.
- Calls return at once; the work is done in a thread of its own.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple, Protocol

from loguru import logger

from core.errors import InputError, ScalpRadarError
from optimization.walkforward.port import Cancelled
from storage.records import Page
from storage.research_records import OPEN_JOBS, JobQuery, StoredJob

MOST_WAITING: Final = 5
_SAVED_EVERY_S: Final = 1.0


class Submitted(NamedTuple):
    """A job that was taken; ``ahead`` of it are so many."""

    job_id: str
    ahead: int


class Refused(NamedTuple):
    """A job that was not taken, and why."""

    reason: str


class Told(NamedTuple):
    """How far a job is: JSON's words for one asset, how many assets are done, the run that the last one brought."""

    progress: Mapping[str, Any]
    done: int
    fingerprint: str = ""


class Work(Protocol):
    """Evaluates one job; made anew for each."""

    def run(self, job: StoredJob, tell: Callable[[Told], None]) -> None:
        """Evaluate the assets from number ``job.done`` on. Raises Cancelled, or what was wrong."""
        ...

    def cancel(self) -> None:
        """End it within 2 s, from another thread."""
        ...


class Works(Protocol):
    """Knows what can be optimised."""

    def checked(self, request: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
        """Strategy and assets of a request. Raises InputError naming what is wrong."""
        ...

    def begin(self) -> Work:
        """Somebody to evaluate one job."""
        ...


class JobBook(Protocol):
    """Where jobs are kept; `storage.research.Research` is one."""

    def save_job(self, job: StoredJob) -> None:
        """Store a job as it stands."""
        ...

    def job(self, job_id: str) -> StoredJob | None:
        """The job of that id."""
        ...

    def jobs(self, query: JobQuery = JobQuery()) -> Page[StoredJob]:
        """Jobs that match, newest first."""
        ...


def now_ms() -> int:
    """The wall clock, UTC ms."""
    return time.time_ns() // 1_000_000


class Optimizer:
    """Takes jobs, works them off in order, tells how far they are.

    Parameters
    ----------
    clock_ms : the wall clock, UTC ms. origin : name of this machine, kept with each job.
    """

    def __init__(
        self, book: JobBook, works: Works, *, origin: str = "", clock_ms: Callable[[], int] = now_ms,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex[:12],
    ) -> None:
        self._book, self._works, self._origin, self._clock_ms, self._new_id = book, works, origin, clock_ms, new_id
        self._changed = threading.Condition()
        self._waiting = sorted(book.jobs(JobQuery(OPEN_JOBS, limit=1000)).items, key=_order)
        self._running: StoredJob | None = None
        self._work: Work | None = None
        self._cancelled = ""
        self._stopping = False
        self._errors = 0
        self._saved_s = 0.0
        self._thread = threading.Thread(target=self._loop, name="optimizer", daemon=True)
        self._thread.start()

    def submit(self, request: Mapping[str, Any]) -> Submitted | Refused:
        """Queue a job: ``strategy``, and what `Works.checked` knows beside it, in JSON's words."""
        try:
            strategy, symbols = self._works.checked(request)
        except InputError as error:
            return Refused(" ".join(str(error).split()))
        with self._changed:
            if self._stopping:
                return Refused("the optimizer is stopping")
            waiting = len(self._waiting) - (self._running is None and bool(self._waiting))
            if waiting >= MOST_WAITING:
                return Refused(f"{waiting} jobs are waiting already; allowed are {MOST_WAITING}")
            job = StoredJob(
                self._new_id(), self._clock_ms(), "waiting", strategy, symbols, dict(request), total=len(symbols),
                origin=self._origin,
            )
            self._book.save_job(job)
            ahead = len(self._waiting) + (self._running is not None)
            self._waiting.append(job)
            self._changed.notify_all()
            return Submitted(job.job_id, ahead)

    def cancel(self, job_id: str) -> bool:
        """End a job, waiting or running; whether there was such a one."""
        with self._changed:
            if self._running is not None and self._running.job_id == job_id:
                self._cancelled = job_id
                if self._work is not None:
                    self._work.cancel()
                return True
            for job in self._waiting:
                if job.job_id == job_id:
                    self._waiting.remove(job)
                    self._save(replace(job, state="cancelled", ended_ms=self._clock_ms()))
                    return True
        return False

    def progress(self, job_id: str) -> StoredJob | None:
        """A job as it stands now."""
        with self._changed:
            if self._running is not None and self._running.job_id == job_id:
                return self._running
        return self._book.job(job_id)

    def jobs(self, limit: int = 100) -> tuple[StoredJob, ...]:
        """Jobs, newest first, the running one as it stands now."""
        found = self._book.jobs(JobQuery(limit=limit)).items
        with self._changed:
            now = self._running
        return tuple(now if now is not None and job.job_id == now.job_id else job for job in found)

    def health(self) -> dict[str, Any]:
        """Name, state, the running job, how many wait."""
        with self._changed:
            return {
                "name": "optimizer", "state": "stopped" if self._stopping else "ok", "waiting": len(self._waiting),
                "running": self._running.job_id if self._running else "", "errors": self._errors,
            }

    def stop(self) -> None:
        """End; a running job is left as it is, to be taken up again. Safe to call twice."""
        with self._changed:
            self._stopping = True
            if self._work is not None:
                self._work.cancel()
            self._changed.notify_all()
        self._thread.join(5.0)

    def _loop(self) -> None:
        while (job := self._next()) is not None:
            work: Work | None = None
            try:
                work = self._begin(job)
                work.run(job, self._told)
                self._over("done")
            except Cancelled:
                self._over("cancelled")
            except ScalpRadarError as error:
                self._over("failed", " ".join(str(error).split()))
            except Exception as error:  # noqa: BLE001 - the one broad handler, at the edge of the loop
                logger.exception("optimizer: job {} failed", job.job_id)
                self._errors += 1
                self._over("failed", f"{type(error).__name__}: {' '.join(str(error).split())}"[:500])

    def _next(self) -> StoredJob | None:
        """The next job, waited for and begun; None when this ends."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or bool(self._waiting))
            if self._stopping:
                return None
            job = self._waiting.pop(0)
            self._running = replace(job, state="running", started_ms=job.started_ms or self._clock_ms())
            self._cancelled = ""
            self._saved_s = time.monotonic()
            self._save(self._running)
            return self._running

    def _begin(self, job: StoredJob) -> Work:
        """Somebody for the job. Raises Cancelled when it was ended meanwhile."""
        work = self._works.begin()
        with self._changed:
            self._work = work
            if self._stopping or self._cancelled == job.job_id:
                raise Cancelled("cancelled")
        return work

    def _told(self, told: Told) -> None:
        with self._changed:
            job = self._running
            if job is None:
                return
            runs = (*job.fingerprints, told.fingerprint) if told.fingerprint else job.fingerprints
            self._running = replace(job, progress=dict(told.progress), done=told.done, fingerprints=runs)
            if told.done != job.done or time.monotonic() - self._saved_s >= _SAVED_EVERY_S:
                self._saved_s = time.monotonic()
                self._save(self._running)

    def _over(self, state: Any, detail: str = "") -> None:
        with self._changed:
            job, self._running, self._work = self._running, None, None
            stopped = self._stopping and state == "cancelled" and self._cancelled != (job.job_id if job else "")
            if job is not None and not stopped:
                self._save(replace(job, state=state, detail=detail, ended_ms=self._clock_ms()))

    def _save(self, job: StoredJob) -> None:
        """Store how a job stands; when that fails, the next time does."""
        try:
            self._book.save_job(job)
        except Exception as error:  # noqa: BLE001 - whatever the database raises: the work goes on
            self._errors += 1
            logger.error("optimizer: job {} could not be stored: {}", job.job_id, type(error).__name__)


def _order(job: StoredJob) -> tuple[bool, int]:
    """What ran comes first, then the oldest."""
    return job.state != "running", job.ts_ms
