"""From configuration to walk-forward jobs, and several of them run side by side.

Law: every option is found to be right, for every strategy named, before anything is evaluated.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from core.errors import ConfigurationError, InputError
from core.settings import Settings, StrategyEntry
from market.port import CandleSource
from optimization.costs import configured_costs
from optimization.walkforward.chunks import Spans, Task, candles_in, combinations_at_once, memory_bytes
from optimization.walkforward.grid import Grid, combinations, grid_of
from optimization.walkforward.job import Choice, Job
from optimization.walkforward.material import Material, material
from optimization.walkforward.outcome import Outcome
from optimization.walkforward.port import Cancelled, ChunkLedger, Executor, Tell
from optimization.walkforward.run import run
from optimization.walkforward.source import code_version
from optimization.walkforward.windows import WindowRule, latest, windows
from scripts.strategy_checks import parameters
from scripts.validation import suggestion
from strategies.discovery import AnyStrategy


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


class Estimated(NamedTuple):
    """What a job would compute. worker_bytes : what one worker holds at most."""

    strategy: str
    symbol: str
    days: int
    windows: int
    combinations: int
    candle_combinations: int
    worker_bytes: int


class Keeper(Protocol):
    """Where results go, and who knows how many combinations were ever evaluated."""

    def others(self, fingerprint: str, job: Job, combinations: int) -> int:
        """Combinations that other runs of this strategy and asset evaluated; this run's count from now on."""
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
    made = []
    for name in request.strategies:
        if name not in known:
            allowed = f"unknown strategy; {suggestion(name, known)}"
            raise ConfigurationError("command line", "strategy", name, allowed)
        entry = settings.strategies.strategies.get(name) or StrategyEntry()
        symbols = request.symbols or entry.symbols or settings.assets.symbols
        made += [_job(settings, known[name], entry, symbol, request) for symbol in symbols]
    return made


def estimate(job: Job, strategy: AnyStrategy, prepared: Material) -> Estimated:
    """What a run of the job computes; a searched grid counts with the most that it may evaluate. Raises DataError."""
    task = Task.of(job, prepared, "")
    found = windows(job.rule, prepared.from_ms, prepared.to_ms)
    spans: Spans = (
        *((w.in_from_ms, w.in_to_ms) for w in found), *((w.out_from_ms, w.out_to_ms) for w in found),
        latest(job.rule, prepared.from_ms, prepared.to_ms),
    )
    count = evaluated(job, strategy)
    at_once = min(count, combinations_at_once(task, spans))
    return Estimated(
        job.strategy, job.symbol, (prepared.to_ms - prepared.from_ms) // 86_400_000, len(found), count,
        count * candles_in(prepared.walked.ts_ms, spans), memory_bytes(task, at_once),
    )


def evaluated(job: Job, strategy: AnyStrategy) -> int:
    """Combinations that a run of the job evaluates, at most when the grid is searched."""
    most = job.choice.max_combinations
    return len(combinations(job.grid, strategy.Params)) if job.grid.size <= most else most


class Optimizing:
    """Jobs run side by side, each over the candles that it needs; one of their failures leaves the others alone."""

    def __init__(
        self, known: Mapping[str, AnyStrategy], source: CandleSource, executor: Callable[[int], Executor],
        ledger: ChunkLedger, keeper: Keeper, side_by_side: int = 0,
    ) -> None:
        self._known, self._source, self._ledger, self._keeper = known, source, ledger, keeper
        self._executor, self._side_by_side = executor, side_by_side or os.cpu_count() or 1
        self._executors: list[Executor] = []
        self._cancelled = threading.Event()
        self._lock = threading.Lock()

    def run(self, wanted: Sequence[Job], tell: Callable[[Job], Tell], done: Callable[[Job], None]) -> Finished:
        """Every job's outcome; ``done`` hears of each that ended, from its thread.

        Raises InputError when there is none, Cancelled after `cancel`, and whatever else ended a job.
        """
        at_once = min(len(wanted), self._side_by_side)
        with ThreadPoolExecutor(at_once) as pool:
            futures = [pool.submit(self._one, job, max(1, self._side_by_side // at_once), tell(job), done)
                       for job in wanted]
            try:
                while wait(futures, timeout=0.1).not_done:
                    self._raise_defect(futures)
            except BaseException:
                self.cancel()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        self._raise_defect(futures)
        return _finished(wanted, futures)

    def cancel(self) -> None:
        """End what is under way, from any thread."""
        self._cancelled.set()
        with self._lock:
            for executor in self._executors:
                executor.cancel()

    def _one(self, job: Job, workers: int, tell: Tell, done: Callable[[Job], None]) -> Outcome:
        if self._cancelled.is_set():
            raise Cancelled("the run was cancelled")
        prepared = material(self._source, self._known[job.strategy], job)
        version = code_version()
        fingerprint = Task.of(job, prepared, version).fingerprint
        with self._lock:
            executor = self._executor(workers)
            self._executors.append(executor)
            if self._cancelled.is_set():
                executor.cancel()
        others = self._keeper.others(fingerprint, job, evaluated(job, self._known[job.strategy]))
        outcome = run(job, prepared, executor, self._ledger, others, tell, version)
        self._keeper.keep(outcome)
        done(job)
        return outcome

    def _raise_defect(self, futures: Sequence[Future[Outcome]]) -> None:
        """Anything but bad input ends everything."""
        for future in futures:
            if future.done() and not future.cancelled() and not isinstance(future.exception(), InputError):
                future.result()


def _job(settings: Settings, strategy: AnyStrategy, entry: StrategyEntry, symbol: str, request: Request) -> Job:
    configured = settings.optimization
    params = parameters(strategy, entry, symbol).model_dump()
    rule = WindowRule(**configured.windows.model_dump())
    return Job(
        strategy.name, symbol, entry.timeframe or strategy.timeframe, request.from_ms, request.to_ms,
        _grid(strategy, entry, params, request.given), configured_costs(settings, entry, symbol),
        entry.capital_usdt / max(1, len(entry.symbols)), detail=request.detail, rule=rule,
        choice=Choice(max_combinations=configured.max_combinations),
    )


def _grid(
    strategy: AnyStrategy, entry: StrategyEntry, params: Mapping[str, Any], given: Mapping[str, Sequence[Any]]
) -> Grid:
    model = strategy.Params
    for name in given:
        if name not in model.model_fields:
            said = suggestion(name, model.model_fields)
            raise ConfigurationError("command line", "--set", name, f"unknown parameter of {strategy.name}; {said}")
    try:
        return grid_of(model, entry.grid, params, given)
    except InputError as error:
        raise InputError(f"{strategy.name}: {error}") from error


def _finished(wanted: Sequence[Job], futures: Sequence[Future[Outcome]]) -> Finished:
    """Results and refusals. Raises InputError when there is no result."""
    outcomes, not_run = [], []
    for job, future in zip(wanted, futures, strict=True):
        error = future.exception()
        if error is None:
            outcomes.append(future.result())
        else:
            not_run.append(NotRun(job.strategy, job.symbol, " ".join(str(error).split())))
    if not outcomes:
        first = not_run[0]
        if len(not_run) == 1:
            raise InputError(first.reason)
        which = f"{first.strategy} on {first.symbol}"
        raise InputError(f"none of {len(not_run)} runs can be made; the first, {which}: {first.reason}")
    return Finished(tuple(outcomes), tuple(not_run))
