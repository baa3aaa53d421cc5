"""From configuration to walk-forward jobs, and several of them run side by side.

Law: every option is found to be right, for every strategy named, before anything is evaluated.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from core.errors import ConfigurationError, DataError, InputError
from core.settings import Settings, StrategyEntry
from market.port import CandleSource
from optimization.walkforward.chunks import Task
from optimization.walkforward.configured import job_of
from optimization.walkforward.estimating import Estimated, estimate, evaluated, spans_of, worker_bytes_of
from optimization.walkforward.job import Job
from optimization.walkforward.material import material
from optimization.walkforward.outcome import Outcome
from optimization.walkforward.port import Cancelled, ChunkLedger, Executor, Tell
from optimization.walkforward.run import run
from optimization.walkforward.source import code_version
from scripts.validation import suggestion
from strategies.discovery import AnyStrategy

PATIENCE_S: Final = 1.0
"""How long runs that were cancelled are waited for."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to optimise; the span is UTC ms, half-open.

    symbols : () for those that each strategy is configured for. given : values of parameters in place of the grid's.
    detail : a finer timeframe to walk fills on, or ''.
    """

    strategies: Sequence[str]
    symbols: Sequence[str]
    from_ms: int
    to_ms: int
    given: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    detail: str = ""


class NotRun(NamedTuple):
    """A strategy on a symbol that could not be optimised, and why."""

    strategy: str
    symbol: str
    reason: str


class Keeper(Protocol):
    """Where results go, and who knows how many combinations were ever evaluated."""

    def others(self, fingerprint: str, job: Job, combinations: int) -> Callable[[], int]:
        """Tells how many combinations other runs of this strategy and asset evaluated; this run's count from now on."""
        ...

    def keep(self, outcome: Outcome) -> None:
        """Store a result."""
        ...


class Finished(NamedTuple):
    """Every job's outcome, or why there is none, in the order of the jobs."""

    outcomes: tuple[Outcome, ...]
    not_run: tuple[NotRun, ...]


def jobs(settings: Settings, known: Mapping[str, AnyStrategy], request: Request) -> list[Job]:
    """A job for each strategy on each of its symbols. Raises InputError naming the option or key that is wrong."""
    made: list[Job] = []
    for name in request.strategies:
        if name not in known:
            allowed = f"unknown strategy; {suggestion(name, known)}"
            raise ConfigurationError("command line", "strategy", name, allowed)
        strategy = known[name]
        _check_given(strategy, request.given)
        entry = settings.strategies.strategies.get(name) or StrategyEntry()
        try:
            made += [
                job_of(settings, strategy, symbol, request.from_ms, request.to_ms, request.given, request.detail)
                for symbol in request.symbols or entry.symbols or settings.assets.symbols
            ]
        except InputError as error:
            raise InputError(f"{name}: {error}") from error
    return made


def estimates(
    known: Mapping[str, AnyStrategy], source: CandleSource, wanted: Sequence[Job]
) -> tuple[tuple[Estimated, ...], tuple[NotRun, ...]]:
    """What each job would compute, and what cannot be run. Raises InputError when nothing can."""
    found, not_run = [], []
    for job in wanted:
        strategy = known[job.strategy]
        try:
            found.append(estimate(job, strategy, material(source, strategy, job)))
        except InputError as error:
            not_run.append(_refused(job, error))
    if not found:
        raise _nothing(not_run)
    return tuple(found), tuple(not_run)


class Optimizing:
    """Jobs side by side, each over the candles that it needs; bad input of one leaves the others alone.

    Parameters
    ----------
    executor : asked for one before each run, with its share of the workers. workers : how many there are, which is also
    how many runs there are at once; 0 for one a core. say : hears, before anything is evaluated, what a worker holds.

    unfinished : whether a run that was cancelled is still at something that cannot be interrupted, such as reading.
    """

    def __init__(
        self, known: Mapping[str, AnyStrategy], source: CandleSource, executor: Callable[[int], Executor],
        ledger: ChunkLedger, keeper: Keeper, workers: int = 0, say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._known, self._source, self._ledger, self._keeper = known, source, ledger, keeper
        self._executor, self._workers = executor, workers or os.cpu_count() or 1
        self._executors: list[Executor] = []
        self._say, self._said_bytes = say, 0
        self.unfinished = False
        self._cancelled = threading.Event()
        self._lock = threading.Lock()

    def run(
        self, wanted: Sequence[Job], tell: Callable[[Job], Tell] = lambda job: lambda progress: None,
        done: Callable[[Job], None] = lambda job: None,
    ) -> Finished:
        """Every job's outcome. ``tell`` gives who hears how far a job is, ``done`` hears of each that ended.

        Raises InputError when there is no outcome at all, Cancelled after `cancel`, and what else ended a job.
        """
        at_once = min(len(wanted), self._workers)
        share = max(1, self._workers // at_once)
        pool = ThreadPoolExecutor(at_once)
        futures = [pool.submit(self._one, job, share, tell(job), done) for job in wanted]
        try:
            while wait(futures, timeout=0.1).not_done:
                _raise_defect(futures)
        except BaseException:
            self.cancel()
            pool.shutdown(wait=False, cancel_futures=True)
            self.unfinished = bool(wait(futures, timeout=PATIENCE_S).not_done)
            raise
        pool.shutdown()
        _raise_defect(futures)
        return _finished(wanted, futures)

    def cancel(self) -> None:
        """End what is under way, from any thread."""
        self._cancelled.set()
        with self._lock:
            for executor in self._executors:
                executor.cancel()

    def _one(self, job: Job, workers: int, tell: Tell, done: Callable[[Job], None]) -> Outcome:
        try:
            return self._outcome(job, workers, tell)
        finally:
            done(job)

    def _outcome(self, job: Job, workers: int, tell: Tell) -> Outcome:
        self._go_on()
        strategy, version = self._known[job.strategy], code_version()
        prepared = material(self._source, strategy, job)
        task, count = Task.of(job, prepared, version), evaluated(job, strategy)
        self._say_memory(task, count)
        executor = self._executor(workers)
        with self._lock:
            self._executors.append(executor)
        self._go_on()
        others = self._keeper.others(task.fingerprint, job, count)
        outcome = run(job, prepared, executor, self._ledger, others, tell, version)
        self._keeper.keep(outcome)
        return outcome

    def _say_memory(self, task: Task, combinations: int) -> None:
        """Of the largest job so far."""
        try:
            spans = spans_of(task.job, task.material)
        except DataError:  # too little data, which the run says better
            return
        size = worker_bytes_of(task, combinations, spans)
        with self._lock:
            if size > self._said_bytes:
                self._said_bytes = size
                self._say(f"{task.job.strategy} on {task.job.symbol}: about {size / 1e6:,.0f} MB a worker")

    def _go_on(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled("the run was cancelled")


def _raise_defect(futures: Sequence[Future[Outcome]]) -> None:
    """Anything but bad input ends everything."""
    for future in futures:
        if future.done() and not future.cancelled() and not isinstance(future.exception(), InputError):
            future.result()


def _check_given(strategy: AnyStrategy, given: Mapping[str, Sequence[Any]]) -> None:
    """Raise ConfigurationError for a parameter that the strategy does not have."""
    for name in given:
        if name not in strategy.Params.model_fields:
            said = suggestion(name, strategy.Params.model_fields)
            raise ConfigurationError("command line", "--set", name, f"unknown parameter of {strategy.name}; {said}")


def _finished(wanted: Sequence[Job], futures: Sequence[Future[Outcome]]) -> Finished:
    """Results and refusals. Raises InputError when there is no result."""
    outcomes, not_run = [], []
    for job, future in zip(wanted, futures, strict=True):
        error = future.exception()
        if error is None:
            outcomes.append(future.result())
        else:
            not_run.append(_refused(job, error))
    if not outcomes:
        raise _nothing(not_run)
    return Finished(tuple(outcomes), tuple(not_run))


def _refused(job: Job, error: BaseException) -> NotRun:
    return NotRun(job.strategy, job.symbol, " ".join(str(error).split()))


def _nothing(not_run: Sequence[NotRun]) -> InputError:
    """That nothing can be run, with the first reason."""
    first = not_run[0]
    if len(not_run) == 1:
        return InputError(first.reason)
    which = f"{first.strategy} on {first.symbol}"
    return InputError(f"none of {len(not_run)} runs can be made; the first, {which}: {first.reason}")
