"""The API's port to the results of optimisations, filled: read from their own database, off the event loop.

Law: nothing is opened or loaded before the first question, so a system that nobody asks about results pays nothing
for them; and the ledger, which orders wait for, has no part in it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from loguru import logger

from actors import research_pictures
from actors.research_words import sentence
from api import research_models as models
from api.gateway import Unavailable
from api.models import Model
from api.research import BestQuestion, BodyQuestion, HeatmapQuestion
from core.errors import ConfigurationError, InputError
from storage.research_records import JobQuery, RunQuery, StoredRun

if TYPE_CHECKING:
    from optimization.result_store import ResultStore

VERSION: Final = 1
"""Of the answers about a run: another one when the same run is told differently."""
_THREADS: Final = 2
_ANSWER_S: Final = 30.0

T = TypeVar("T")
M = TypeVar("M", bound=Model)


def open_results(root: Path) -> ResultStore:
    """The results in a folder. Raises ConfigurationError."""
    # Here, since SQL and pyarrow would stand in the memory of every API.
    from optimization.result_store import ResultStore

    return ResultStore(root)


class ResearchReader:
    """Fills `api.research.ResearchPort`. ``opening`` is called once, with the first question that it answers."""

    def __init__(self, opening: Callable[[], ResultStore], *, answer_s: float = _ANSWER_S) -> None:
        self._opening, self._answer_s = opening, answer_s
        self._store: ResultStore | None = None
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="research")

    async def runs(self, query: RunQuery) -> models.RunPage:
        """Runs, newest first."""
        page = await self._ask(lambda store: store.runs(query))
        return models.RunPage(items=tuple(_summary(run) for run in page.items), cursor=page.cursor)

    async def run(self, fingerprint: str) -> models.RunDetail | None:
        """One run."""

        def read(store: ResultStore) -> models.RunDetail | None:
            run = store.research.run(fingerprint)
            if run is None:
                return None
            detail = dict(run.detail)
            verdict, curve = dict(detail.pop("verdict")), detail.pop("curve")
            grade, gate = verdict.pop("grade"), verdict.pop("gate")
            return models.RunDetail(
                run=_summary(run),
                windows=tuple(models.WindowResult(**dataclasses.asdict(w)) for w in store.windows(run.fingerprint)),
                criteria=tuple(_taken(models.Criterion, c) for c in grade["criteria"]),
                gate=tuple(_taken(models.GateLine, line) for line in gate["lines"]),
                sentence=sentence(run, gate["lines"], verdict["reason"]), reason=verdict.pop("reason"),
                curve=_taken(models.Curve, curve),
                detail={**detail, "verdict": verdict},
            )

        return await self._ask(read)

    async def combinations(self, question: BestQuestion) -> models.CombinationPage | None:
        """Combinations of a run, best first."""

        def read(store: ResultStore) -> models.CombinationPage | None:
            run = store.research.run(question.fingerprint)
            return None if run is None else research_pictures.best(store, run, question)

        return await self._ask(read)

    async def heatmap(self, question: HeatmapQuestion) -> models.Heatmap | None:
        """A figure over two parameters."""

        def read(store: ResultStore) -> models.Heatmap | None:
            run = store.research.run(question.fingerprint)
            return None if run is None else research_pictures.heatmap(store, run, question)

        return await self._ask(read)

    async def body(self, question: BodyQuestion) -> bytes | None:
        """All combinations of a run."""

        def read(store: ResultStore) -> bytes | None:
            from optimization.combination_body import body

            run = store.research.run(question.fingerprint)
            if run is None:
                return None
            return body(store.combinations(run.fingerprint), question.figures, question.window)

        return await self._ask(read)

    async def tag(self, fingerprint: str) -> str | None:
        """What changes when the answer about a run does: its result, its verdict's time, whether it is the latest."""
        run = await self._ask(lambda store: store.research.run(fingerprint))
        return None if run is None else f'"{run.result_hash[:16]}-{run.ts_ms}-{int(run.latest)}-{VERSION}"'

    async def jobs(self, query: JobQuery) -> models.JobPage:
        """Jobs, newest first."""
        page = await self._ask(lambda store: store.research.jobs(query))
        return models.JobPage(items=tuple(_job(job) for job in page.items), cursor=page.cursor)

    async def job(self, job_id: str) -> models.JobView | None:
        """One job."""
        found = await self._ask(lambda store: store.research.job(job_id))
        return None if found is None else _job(found)

    async def receive(self, packed: bytes, sender: str) -> models.Receipt:
        """Store the file of a run; ``sender`` goes into the log."""
        received = await self._ask(lambda store: store.receive(packed))
        run = received.run
        word = "new" if received.new else "known"
        logger.info(
            "api: run {} of {} on {} from {} ({}): {}", run.fingerprint[:12], run.strategy, run.symbol, sender,
            run.origin, word,
        )
        return models.Receipt(fingerprint=run.fingerprint, new=received.new, latest=run.latest)

    def close(self) -> None:
        """Wait for the questions under way and close the database; safe to call twice."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            if self._store is not None:
                self._store.close()

    async def _ask(self, question: Callable[[ResultStore], T]) -> T:
        loop = asyncio.get_running_loop()
        answer = loop.run_in_executor(self._threads, lambda: question(self._opened()))
        try:
            async with asyncio.timeout(self._answer_s):  # not wait_for, which may swallow our cancellation
                return await answer
        except (InputError, Unavailable):
            raise
        except Exception as error:  # whatever database and disk raise when they do not answer
            logger.warning("api: results: {}: {}", type(error).__name__, str(error).splitlines()[:1])
            raise Unavailable("the results do not answer") from error

    def _opened(self) -> ResultStore:
        with self._lock:
            if self._store is None:
                try:
                    self._store = self._opening()
                except ConfigurationError as error:
                    # No fault of whoever asks: not to be answered as one.
                    raise Unavailable("the database of results cannot be opened") from error
            return self._store


class NoResearch:
    """Where no results are kept: every question is answered so."""

    def __getattr__(self, name: str) -> Any:
        async def refuse(*_: object) -> Any:
            raise Unavailable("no results are kept here")

        return refuse


class NoQueue:
    """Where nothing is optimised: every question is answered so."""

    def __getattr__(self, name: str) -> Any:
        async def refuse(*_: object) -> Any:
            raise Unavailable("nothing is optimised here: use the command `scalp-radar optimize`")

        return refuse


def _summary(run: StoredRun) -> models.RunSummary:
    fields = {field.name: getattr(run, field.name) for field in dataclasses.fields(run) if field.name != "detail"}
    return models.RunSummary(**fields)


def _taken(model: type[M], values: dict[str, Any]) -> M:
    """The model of those values that it knows."""
    return model(**{name: values[name] for name in model.model_fields})


def _job(job: Any) -> models.JobView:
    return models.JobView(**{field.name: getattr(job, field.name) for field in dataclasses.fields(job)})
