"""What the optimizer's jobs do: a walk-forward run for each asset, one after another, each result stored."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from actors.optimizer import Told, now_ms
from core.errors import InputError
from core.settings import Settings, StrategyEntry
from market.port import CandleSource
from optimization.result_store import ResultStore
from optimization.walkforward.chunks import Task
from optimization.walkforward.configured import job_of
from optimization.walkforward.estimating import evaluated
from optimization.walkforward.job import Job
from optimization.walkforward.material import material
from optimization.walkforward.port import Cancelled, Executor, Progress
from optimization.walkforward.run import run
from optimization.walkforward.source import code_version
from storage.research_records import StoredJob
from strategies.discovery import AnyStrategy


class Request(BaseModel):
    """A job as it is asked for. ``symbols`` () are those the strategy is configured for; the span is UTC ms, half-open.

    given : values of parameters in place of the grid's. detail : a finer timeframe to walk fills on, or ''.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: str
    symbols: tuple[str, ...] = ()
    from_ms: int = Field(ge=0)
    to_ms: int = Field(ge=0)
    given: dict[str, tuple[Any, ...]] = {}
    detail: str = ""


class Crew(Executor, Protocol):
    """An executor that must be closed."""

    def close(self) -> None:
        """End the workers."""
        ...


class WalkForwards:
    """Fills `actors.optimizer.Works`.

    Parameters
    ----------
    known : strategies by name. crew : makes the executor of one job. origin : name of this machine.
    """

    def __init__(
        self, settings: Settings, known: Mapping[str, AnyStrategy], source: CandleSource, store: ResultStore,
        crew: Callable[[], Crew], origin: str,
    ) -> None:
        self.settings, self.known, self.source, self.store = settings, known, source, store
        self.crew, self.origin = crew, origin

    def checked(self, request: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
        """As `Works.checked`."""
        jobs = self.jobs(request)
        return jobs[0].strategy, tuple(job.symbol for job in jobs)

    def begin(self) -> WalkForwardWork:
        """As `Works.begin`."""
        return WalkForwardWork(self)

    def jobs(self, request: Mapping[str, Any]) -> list[Job]:
        """A job for each asset of a request. Raises InputError naming what is wrong."""
        try:
            wanted = Request.model_validate(dict(request))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise InputError(f"job: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        if wanted.strategy not in self.known:
            raise InputError(f"job: strategy {wanted.strategy!r}: allowed are {', '.join(sorted(self.known))}")
        strategy = self.known[wanted.strategy]
        entry = self.settings.strategies.strategies.get(strategy.name) or StrategyEntry()
        symbols = wanted.symbols or entry.symbols or tuple(self.settings.assets.symbols)
        for symbol in symbols:
            if symbol not in self.settings.assets.symbols:
                allowed = ", ".join(self.settings.assets.symbols)
                raise InputError(f"job: symbol {symbol!r}: not in assets.yaml; known are {allowed}")
        return [
            job_of(self.settings, strategy, symbol, wanted.from_ms, wanted.to_ms, wanted.given, wanted.detail)
            for symbol in symbols
        ]


class WalkForwardWork:
    """Fills `actors.optimizer.Work`, with one executor for all assets of the job."""

    def __init__(self, around: WalkForwards) -> None:
        self._around = around
        self._cancelled = threading.Event()
        self._crew: Crew | None = None

    def run(self, job: StoredJob, tell: Callable[[Told], None]) -> None:
        """As `Work.run`. An asset that cannot be evaluated ends the job; those before it stay."""
        wanted = self._around.jobs(job.request)
        self._crew = self._around.crew()
        try:
            for number in range(job.done, len(wanted)):
                if self._cancelled.is_set():
                    raise Cancelled("cancelled")
                found = self._one(wanted[number], self._crew, partial(_tell, tell, number))
                tell(Told({}, number + 1, found))
        finally:
            self._crew.close()

    def cancel(self) -> None:
        """As `Work.cancel`."""
        self._cancelled.set()
        if self._crew is not None:
            self._crew.cancel()

    def _one(self, job: Job, crew: Crew, tell: Callable[[Progress], None]) -> str:
        """Evaluate one asset and store the result; its fingerprint."""
        around, version = self._around, code_version()
        strategy = around.known[job.strategy]
        prepared = material(around.source, strategy, job)
        task = Task.of(job, prepared, version)
        count = evaluated(job, strategy)
        research = around.store.research
        others = research.register_trials(task.fingerprint, job.strategy, job.symbol, count, now_ms())
        outcome = run(job, prepared, crew, around.store.chunks, lambda: others, tell, version)
        around.store.save(outcome, around.origin)
        return outcome.fingerprint


def _tell(tell: Callable[[Told], None], number: int, progress: Progress) -> None:
    tell(Told(dataclasses.asdict(progress), number))
