"""What the API asks of the optimizer's process, in JSON's words: what can be optimised, what it would take, jobs.

The process is a child of the API's (`actors.optimizer_child` begins it): trading knows nothing of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticUndefined

from actors.optimizer import Optimizer, Submitted
from actors.optimizer_work import WalkForwards
from core.errors import InputError
from core.settings import Settings, StrategyEntry
from optimization.results import json_words
from optimization.walkforward.estimating import estimate
from optimization.walkforward.grid import grid_of
from optimization.walkforward.job import Job
from optimization.walkforward.material import material
from storage.research_records import StoredJob
from strategies.discovery import AnyStrategy

_BOUNDS: Final = ("gt", "ge", "lt", "le")

Words = dict[str, Any]


class Beginning(BaseModel):
    """What the process is told before anything else; paths are absolute.

    synthetic : seed and end (UTC ms) of a synthetic history in place of the store, None: the store at ``data``.
    given_up : jobs that ended this process too often, to be marked as failed. yielding : whether jobs run only when
    nothing else wants the processor, as beside trading they must.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    settings: Settings
    folders: tuple[str, ...] = ()
    data: str = ""
    exchange: str | None = None
    synthetic: tuple[int, int] | None = None
    results: str
    logs: str
    workers: int = 0
    given_up: tuple[str, ...] = ()
    yielding: bool = True


class Told(NamedTuple):
    """Which candles there are: of what kind, and in words."""

    kind: str
    words: str


class Desk:
    """Answers questions by name (`answer`); each in its caller's thread."""

    def __init__(self, works: WalkForwards, optimizer: Optimizer, candles: Told, workers: int = 0) -> None:
        self._works, self._optimizer, self._candles = works, optimizer, candles
        self._workers = workers or os.cpu_count() or 1
        self._answers: dict[str, Callable[[Words], Words]] = {
            "strategies": self._strategies, "grid": self._grid, "estimate": self._estimate, "submit": self._submit,
            "cancel": self._cancel,
        }

    def answer(self, question: str, words: Words) -> Words:
        """The answer. Raises InputError for what cannot be asked."""
        return self._answers[question](words)

    def _strategies(self, _: Words) -> Words:
        entries = self._works.settings.strategies.strategies
        items = [
            {
                "name": strategy.name, "about": _first_line(strategy), "timeframe": _entry(entries, strategy).timeframe
                or strategy.timeframe, "symbols": list(_entry(entries, strategy).symbols),
                "needs": list(strategy.needs), "has_grid": bool(_entry(entries, strategy).grid),
            }
            for strategy in self._works.known.values()
        ]
        return {"items": items, "candles": self._there()}

    def _there(self) -> Words:
        """What candles there are, by symbol."""
        source, found = self._works.source, []
        try:
            stored = set(source.symbols())
            for symbol in self._works.settings.assets.symbols:
                timeframe = next(iter(source.timeframes(symbol)), "") if symbol in stored else ""
                first, last = source.span(symbol, timeframe) if timeframe else (0, 0)
                found.append({"symbol": symbol, "timeframe": timeframe, "from_ms": first, "to_ms": last})
        except InputError as error:
            words = f"{_line(error)}; `scalp-radar data fetch` brings candles"
            return {"kind": "none", "words": words, "symbols": [
                {"symbol": symbol, "timeframe": "", "from_ms": 0, "to_ms": 0}
                for symbol in self._works.settings.assets.symbols
            ]}
        return {"kind": self._candles.kind, "words": self._candles.words, "symbols": found}

    def _grid(self, words: Words) -> Words:
        strategy = self._strategy(words.get("strategy"))
        entry = _entry(self._works.settings.strategies.strategies, strategy)
        wanted = self._works.settings.optimization.of(strategy.name)
        grid = dict(zip((found := grid_of(strategy.Params, entry.grid, entry.params)).names, found.values, strict=True)
                    ) if entry.grid else {}
        schema = strategy.Params.model_json_schema()["properties"]
        parameters = []
        for name, field in strategy.Params.model_fields.items():
            default = entry.params.get(name, None if field.default is PydanticUndefined else field.default)
            bounds = {key: getattr(m, key) for m in field.metadata for key in _BOUNDS if hasattr(m, key)}
            parameters.append({
                "name": name, "help": field.description or "", "type": schema[name].get("type", "string"),
                "values": json_words(grid.get(name, ())), "default": json_words(default), "bounds": json_words(bounds),
            })
        windows = wanted.windows
        return {
            "strategy": strategy.name, "symbols": list(entry.symbols), "parameters": parameters,
            "in_sample_days": windows.in_sample_days, "out_of_sample_days": windows.out_of_sample_days,
            "step_days": windows.step_days, "anchored": windows.anchored, "objective": wanted.objective,
            "min_trades": wanted.min_trades, "max_combinations": wanted.max_combinations,
        }

    def _estimate(self, words: Words) -> Words:
        items: list[Words] = []
        for job in self._works.jobs(words):
            strategy = self._works.known[job.strategy]
            about = {"symbol": job.symbol, **_size(job), "trials": self._trials(job)}
            try:
                found = estimate(job, strategy, material(self._works.source, strategy, job))
            except InputError as error:
                items.append({**about, "refused": self._way_out(job, _line(error))})
                continue
            items.append({
                **about, "days": found.days, "windows": found.windows, "combinations": found.combinations,
                "seconds": found.seconds / self._workers, "memory_bytes": found.worker_bytes, "refused": "",
            })
        return {"items": items}

    def _way_out(self, job: Job, why: str) -> str:
        """A refusal with the command that brings candles, where it has none and candles are fetched."""
        if self._candles.kind != "stored" or "scalp-radar data" in why:
            return why
        return f"{why}; `scalp-radar data fetch --symbol {job.symbol} --timeframe {job.timeframe}` brings candles"

    def _trials(self, job: Job) -> int:
        return self._works.store.research.trials(job.strategy, job.symbol)

    def _submit(self, words: Words) -> Words:
        told = self._optimizer.submit(words)
        if isinstance(told, Submitted):
            return {"job_id": told.job_id, "ahead": told.ahead, "refused": ""}
        return {"job_id": "", "ahead": 0, "refused": told.reason}

    def _cancel(self, words: Words) -> Words:
        return {"cancelled": self._optimizer.cancel(str(words.get("job_id")))}

    def _strategy(self, name: object) -> AnyStrategy:
        if name not in self._works.known:
            raise InputError(f"strategy {name!r}: allowed are {', '.join(sorted(self._works.known))}")
        return self._works.known[str(name)]


def job_words(job: StoredJob) -> Words:
    """A job as the API shows it."""
    words: Words = json_words(job)
    return words


def _size(job: Job) -> Words:
    most = job.choice.max_combinations
    return {
        "grid": job.grid.size, "search": "full" if job.grid.size <= most else "sampled", "most": most, "days": 0,
        "windows": 0, "combinations": min(job.grid.size, most), "seconds": 0.0, "memory_bytes": 0,
    }


def _entry(entries: Mapping[str, StrategyEntry], strategy: AnyStrategy) -> StrategyEntry:
    return entries.get(strategy.name) or StrategyEntry()


def _first_line(strategy: AnyStrategy) -> str:
    return (type(strategy).__doc__ or "").strip().partition("\n")[0]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
