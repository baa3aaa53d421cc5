"""Optimisations at rest: runs with their windows, the lifetime count of trials, jobs, and what was pushed where.

Laws
- A run is stored once by its fingerprint. Storing it again changes nothing unless it was finished later: then its
  verdict is the newer one, which has counted more trials. A different result of the same question is refused.
- Which run is the latest of its strategy and asset follows from those times whenever it is asked, so the order in
  which runs arrive does not matter and there are never two.
- Trials count once by fingerprint, from the moment a run begins: a run that was broken off has looked, too.
- Whatever a method has written has survived the death of this process when it returns. Several processes may share
  the database.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from core.errors import DataError
from storage import dialect, queries, research_rows
from storage import research_tables as research_tables  # fills the metadata
from storage.migrate import upgrade
from storage.records import Page, Query
from storage.research_records import Conflict, JobQuery, Push, RunQuery, StoredJob, StoredRun, StoredWindow
from storage.tables import table

ResearchFailure = SQLAlchemyError
"""What any method here may raise when the database does not answer."""

_RUNS: Final = "optimization_runs"
_WINDOWS: Final = "optimization_windows"
_TRIALS: Final = "optimization_trials"
_JOBS: Final = "optimization_jobs"
_PUSHES: Final = "optimization_pushes"


class Research:
    """Opens (and makes, and migrates) the database at ``url``. Raises ConfigurationError when that cannot be.

    Safe to use from several threads; writes take turns.
    """

    def __init__(self, url: str) -> None:
        self._engines = dialect.engines(url)
        self._engine = self._engines.events
        self._writing = threading.RLock()
        upgrade(self._engine)

    def close(self) -> None:
        """Close every connection; safe to call twice."""
        self._engines.dispose()

    def save_run(self, run: StoredRun, windows: Sequence[StoredWindow]) -> bool:
        """Store a run with its windows in one transaction; whether it is new.

        A run that is there already is replaced when this one was finished later. Raises Conflict when the stored
        one has another result, ValueError for undefined figures.
        """
        values = research_rows.run_values(run)
        rows = [research_rows.window_values(run.fingerprint, window) for window in windows]
        runs = table(_RUNS)
        with self._writing, self._engine.begin() as connection:
            insert = dialect.insert_new(self._engine, runs, ("fingerprint",))
            new = connection.execute(insert, values).rowcount > 0
            self._count(connection, run.fingerprint, run.strategy, run.symbol, run.combinations, run.ts_ms)
            if new:
                if rows:
                    connection.execute(table(_WINDOWS).insert(), rows)
                return True
            same = runs.c.fingerprint == run.fingerprint
            stored = connection.execute(select(runs.c.result_hash).where(same)).scalar_one()
            if stored != run.result_hash:
                raise Conflict(
                    f"run {run.fingerprint[:12]}: is stored with another result ({stored[:12]}, not "
                    f"{run.result_hash[:12]}): the same question must have one answer"
                )
            newer = {name: value for name, value in values.items() if name not in ("fingerprint", "received_ms")}
            connection.execute(update(runs).where(same, runs.c.ts_ms < run.ts_ms).values(newer))
        return False

    def runs(self, query: RunQuery = RunQuery()) -> Page[StoredRun]:
        """Runs that match, newest first. Raises DataError for a cursor or limit that cannot be."""
        c = table(_RUNS).c
        conditions: list[ColumnElement[bool]] = []
        if query.grades:
            conditions.append(c.grade.in_(query.grades))
        if query.gate_passed is not None:
            conditions.append(c.gate_passed.is_(query.gate_passed))
        if query.origin is not None:
            conditions.append(c.origin == query.origin)
        if query.latest_only:
            conditions.append(_is_latest())
        asked = Query(
            strategy=query.strategy, symbol=query.symbol, from_ms=query.from_ms, to_ms=query.to_ms,
            limit=query.limit, cursor=query.cursor,
        )
        return self._page(_RUNS, asked, research_rows.run, conditions, [_is_latest().label("latest")])

    def run(self, prefix: str) -> StoredRun | None:
        """The run whose fingerprint is, or begins with, ``prefix``. Raises DataError when several begin with it."""
        runs = table(_RUNS)
        statement = select(runs, _is_latest().label("latest")).where(
            runs.c.fingerprint.startswith(prefix, autoescape=True)
        ).limit(2)
        with dialect.reading(self._engine) as connection:
            found = connection.execute(statement).mappings().all()
        if len(found) > 1:
            raise DataError(f"run {prefix!r}: several begin so; give more of it")
        return research_rows.run(dict(found[0])) if found else None

    def windows(self, fingerprint: str) -> tuple[StoredWindow, ...]:
        """The windows of a run, oldest first."""
        rows = table(_WINDOWS)
        statement = select(rows).where(rows.c.fingerprint == fingerprint).order_by(rows.c.number)
        with dialect.reading(self._engine) as connection:
            return tuple(research_rows.window(dict(row)) for row in connection.execute(statement).mappings())

    def register_trials(self, fingerprint: str, strategy: str, symbol: str, combinations: int, ts_ms: int) -> int:
        """Count the combinations of a run that begins, once; those of all other runs of this strategy and asset.

        Asked again with more combinations, the run counts with so many.
        """
        with self._writing, self._engine.begin() as connection:
            self._count(connection, fingerprint, strategy, symbol, combinations, ts_ms)
            return _counted(connection, strategy, symbol, table(_TRIALS).c.fingerprint != fingerprint)

    def trials(self, strategy: str, symbol: str) -> int:
        """Combinations ever counted for a strategy and an asset."""
        with dialect.reading(self._engine) as connection:
            return _counted(connection, strategy, symbol)

    def save_job(self, job: StoredJob) -> None:
        """Store a job as it stands, replacing what stood there of it."""
        statement = dialect.upsert(self._engine, table(_JOBS), ("job_id",))
        with self._writing, self._engine.begin() as connection:
            connection.execute(statement, research_rows.job_values(job))

    def job(self, job_id: str) -> StoredJob | None:
        """The job of that id."""
        jobs = table(_JOBS)
        with dialect.reading(self._engine) as connection:
            found = connection.execute(select(jobs).where(jobs.c.job_id == job_id)).mappings().first()
        return research_rows.job(dict(found)) if found else None

    def jobs(self, query: JobQuery = JobQuery()) -> Page[StoredJob]:
        """Jobs that match, newest first. Raises DataError for a cursor or limit that cannot be."""
        conditions = [table(_JOBS).c.state.in_(query.states)] if query.states else []
        asked = Query(strategy=query.strategy, limit=query.limit, cursor=query.cursor)
        return self._page(_JOBS, asked, research_rows.job, conditions)

    def save_push(self, push: Push) -> None:
        """Store what became of sending a run, replacing what stood there; what was delivered stays delivered."""
        pushes = table(_PUSHES)
        keys = ("fingerprint", "target")
        statement = dialect.upsert(self._engine, pushes, keys)
        with self._writing, self._engine.begin() as connection:
            stored = select(pushes.c.state).where(
                pushes.c.fingerprint == push.fingerprint, pushes.c.target == push.target
            )
            if connection.execute(stored).scalar_one_or_none() != "delivered":
                connection.execute(statement, push._asdict())

    def pushes(self, target: str | None = None, *, waiting_only: bool = False) -> tuple[Push, ...]:
        """What was sent or waits to be, oldest first."""
        rows = table(_PUSHES)
        statement = select(rows).order_by(rows.c.ts_ms, rows.c.fingerprint)
        if target is not None:
            statement = statement.where(rows.c.target == target)
        if waiting_only:
            statement = statement.where(rows.c.state == "waiting")
        with dialect.reading(self._engine) as connection:
            return tuple(Push(**row) for row in connection.execute(statement).mappings())

    def _count(
        self, connection: Connection, fingerprint: str, strategy: str, symbol: str, combinations: int, ts_ms: int
    ) -> None:
        trials = table(_TRIALS)
        connection.execute(dialect.insert_new(self._engine, trials, ("fingerprint",)), {
            "fingerprint": fingerprint, "ts_ms": ts_ms, "strategy": strategy, "symbol": symbol,
            "combinations": combinations,
        })
        # A search knows only when it ends how many combinations it looked at.
        fewer = trials.c.combinations < combinations
        connection.execute(
            update(trials).where(trials.c.fingerprint == fingerprint, fewer).values(combinations=combinations)
        )

    def _page(
        self, name: str, query: Query, build: Callable[[Any], Any], conditions: Sequence[ColumnElement[bool]],
        more: Sequence[ColumnElement[Any]] = (),
    ) -> Page[Any]:
        with dialect.reading(self._engine) as connection:
            return queries.page(connection, name, query, build, conditions, more)


def open_research(url: str) -> Research:
    """The database at ``url``, made and migrated when needed. Raises ConfigurationError."""
    return Research(url)


def _counted(connection: Connection, strategy: str, symbol: str, *conditions: ColumnElement[bool]) -> int:
    c = table(_TRIALS).c
    total = select(func.coalesce(func.sum(c.combinations), 0)).where(
        c.strategy == strategy, c.symbol == symbol, *conditions
    )
    return int(connection.execute(total).scalar_one())


def _is_latest() -> ColumnElement[bool]:
    """Whether no run of the same strategy and asset was finished after this one; the fingerprint decides a draw."""
    runs = table(_RUNS)
    other = runs.alias("newer")
    after = or_(
        other.c.ts_ms > runs.c.ts_ms,
        and_(other.c.ts_ms == runs.c.ts_ms, other.c.fingerprint > runs.c.fingerprint),
    )
    return ~exists().where(other.c.strategy == runs.c.strategy, other.c.symbol == runs.c.symbol, after)
