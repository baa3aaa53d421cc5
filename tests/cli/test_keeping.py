"""Runs are evaluated while the database of results is still loading: none goes uncounted, and none on in vain."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from optimization.result_store import ResultStore
from scripts.keeping import Keeping
from tests.optimization.walkforward.jobs import job

KEY = "ab" * 32


def test_a_run_is_counted_once_when_the_database_is_open(tmp_path: Path) -> None:
    with Keeping(tmp_path) as keeping:
        told = [keeping.others(f"{n}" * 64, job(), 10 + n) for n in (0, 1, 0)]
        assert [others() for others in told] == [0, 10, 11]
    with Keeping(tmp_path) as keeping:
        assert keeping.others("2" * 64, job(), 5)() == 21


def test_a_run_that_ends_before_its_verdict_is_counted_all_the_same(tmp_path: Path) -> None:
    with Keeping(tmp_path) as keeping:
        keeping.others("0" * 64, job(), 7)
        keeping.others("1" * 64, job(), 1)()
    store = ResultStore(tmp_path)
    assert store.research.trials(job().strategy, job().symbol) == 8
    store.close()


def test_a_database_that_cannot_be_opened_ends_the_run_with_its_next_chunk(tmp_path: Path) -> None:
    (tmp_path / "results.sqlite").write_bytes(b"no database, but long enough to be looked at" * 100)
    with Keeping(tmp_path) as keeping:
        with pytest.raises(ConfigurationError, match="must be a database we can write"):
            keeping.others(KEY, job(), 1)()
        with pytest.raises(ConfigurationError, match="must be a database we can write"):
            keeping.put(KEY, b"result")
