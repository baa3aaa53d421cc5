"""Optimisations at rest: once by fingerprint, the latest whatever the order, trials counted once."""

from __future__ import annotations

import dataclasses
import itertools
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_mock_engine, select
from sqlalchemy.dialects import postgresql

from core.errors import DataError
from storage import dialect, research_rows
from storage.research import Research, _is_latest
from storage.research_records import Conflict, JobQuery, Push, PushState, RunQuery, StoredRun
from storage.tables import table
from tests.messages import T0
from tests.research import job, run, window


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/deep/results.sqlite"


def test_a_run_comes_back_as_it_went(url: str) -> None:
    research = Research(url)
    stored = run(1, params={"ma_period": 7, "long": True}, detail={"gate": [{"figure": 0.5}]})
    assert research.save_run(stored, [window(0), window(1)])
    assert research.run(stored.fingerprint) == _latest(stored)
    assert research.windows(stored.fingerprint) == (window(0), window(1))
    assert research.run("f" * 64) is None
    research.close()


def test_a_run_is_found_by_the_beginning_of_its_fingerprint_unless_several_begin_so(url: str) -> None:
    research = Research(url)
    for number in (0x11, 0x12):
        research.save_run(run(number), [])
    assert research.run(run(0x11).fingerprint[:64]) is not None
    with pytest.raises(DataError, match="several"):
        research.run("0" * 10)
    assert research.run("%") is None
    research.close()


def test_storing_twice_is_storing_once(url: str) -> None:
    research = Research(url)
    assert research.save_run(run(1), [window(0)])
    assert not research.save_run(run(1), [window(0)])
    assert len(research.runs().items) == 1
    assert research.windows(run(1).fingerprint) == (window(0),)
    assert research.trials("envelope_dca", "BTC-USDT") == run(1).combinations
    research.close()


def test_the_same_question_with_another_answer_is_refused_and_changes_nothing(url: str) -> None:
    research = Research(url)
    research.save_run(run(1), [window(0)])
    with pytest.raises(Conflict, match="another result"):
        research.save_run(run(1, result_hash="b" * 64, ts_ms=T0 + 99), [])
    assert research.run(run(1).fingerprint) == _latest(run(1))
    research.close()


def test_a_run_repeated_later_is_the_latest_with_its_newer_verdict_and_an_older_copy_changes_nothing(url: str) -> None:
    research = Research(url)
    for stored in (run(1, ts_ms=T0), run(2, ts_ms=T0 + 1), run(1, ts_ms=T0 + 2, trials=648), run(1, ts_ms=T0)):
        research.save_run(stored, [])
    assert [item.fingerprint for item in research.runs().items if item.latest] == [run(1).fingerprint]
    assert [(item.ts_ms, item.trials) for item in research.runs().items] == [(T0 + 2, 648), (T0 + 1, 324)]
    research.close()


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_latest_does_not_depend_on_the_order_in_which_runs_arrive(order: tuple[int, ...]) -> None:
    research = Research("sqlite://")
    runs = [
        run(0, ts_ms=T0 + 5), run(1, ts_ms=T0 + 7), run(2, ts_ms=T0 + 7), run(3, ts_ms=T0 + 1, symbol="ETH-USDT"),
    ]
    for index in order:
        research.save_run(runs[index], [])
    assert {item.fingerprint for item in research.runs(RunQuery(latest_only=True)).items} == {
        runs[2].fingerprint, runs[3].fingerprint,
    }
    research.close()


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        (RunQuery(), [5, 4, 3, 2, 1, 0]),
        (RunQuery(symbol="BTC-USDT"), [4, 2, 0]),
        (RunQuery(latest_only=True), [5, 4]),
        (RunQuery(latest_only=True, symbol="BTC-USDT", grades=("A",)), [4]),
        (RunQuery(grades=("F",)), []),
        (RunQuery(gate_passed=True, from_ms=T0 + 3), [4]),
        (RunQuery(gate_passed=False), [5, 3, 1]),
        (RunQuery(to_ms=T0 + 2), [1, 0]),
        (RunQuery(origin="elsewhere"), []),
        (RunQuery(strategy="'; DROP TABLE optimization_runs; --"), []),
        (RunQuery(limit=2), [5, 4]),
    ],
)
def test_runs_are_filtered_newest_first(query: RunQuery, numbers: list[int]) -> None:
    research = Research("sqlite://")
    for i in range(6):
        research.save_run(
            run(i, ts_ms=T0 + i, symbol="ETH-USDT" if i % 2 else "BTC-USDT", gate_passed=i % 2 == 0), []
        )
    assert [int(item.fingerprint, 16) for item in research.runs(query).items] == numbers
    research.close()


def test_pages_give_every_run_once(url: str) -> None:
    research = Research(url)
    for i in range(7):
        research.save_run(run(i, ts_ms=T0 + i // 3), [])
    seen, cursor = [], None
    while True:
        page = research.runs(RunQuery(limit=2, cursor=cursor))
        seen += [item.fingerprint for item in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted({run(i).fingerprint for i in range(7)})
    research.close()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["BTC-USDT", "ETH-USDT"])), max_size=12))
def test_trials_count_once_by_fingerprint_and_a_run_is_told_those_of_the_others(asked: list[tuple[int, str]]) -> None:
    research = Research("sqlite://")
    seen: set[tuple[int, str]] = set()
    for number, symbol in asked:
        others = sum(10 + n for n, s in seen if s == symbol and n != number)
        assert research.register_trials(f"{symbol}{number}", "s", symbol, 10 + number, T0) == others
        seen.add((number, symbol))
    for symbol in ("BTC-USDT", "ETH-USDT"):
        assert research.trials("s", symbol) == sum(10 + n for n, s in seen if s == symbol)
    assert research.trials("another", "BTC-USDT") == 0
    research.close()


def test_a_run_that_was_counted_when_it_began_is_not_counted_again_when_it_is_stored(url: str) -> None:
    research = Research(url)
    stored = run(1)
    assert research.register_trials(stored.fingerprint, stored.strategy, stored.symbol, stored.combinations, T0) == 0
    research.save_run(stored, [])
    assert research.trials(stored.strategy, stored.symbol) == stored.combinations
    assert research.register_trials("9" * 64, stored.strategy, stored.symbol, 7, T0) == stored.combinations
    research.close()


def test_a_search_counts_with_as_many_combinations_as_it_came_to_look_at(url: str) -> None:
    research = Research(url)
    for combinations in (20_000, 20_512, 20_000):
        research.register_trials("9" * 64, "s", "BTC-USDT", combinations, T0)
    assert research.trials("s", "BTC-USDT") == 20_512
    research.close()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_undefined_figure_is_stored(value: float) -> None:
    research = Research("sqlite://")
    research.save_run(run(1, sharpe=value, detail={"pbo": [value, {"x": value}]}), [window(0, out_sharpe=value)])
    stored = research.run(run(1).fingerprint)
    assert stored is not None
    assert (stored.sharpe, stored.detail) == (None, {"pbo": [None, {"x": None}]})
    assert research.windows(stored.fingerprint)[0].out_sharpe is None
    with pytest.raises(ValueError, match="score"):
        research.save_run(run(2, score=value), [])
    assert len(research.runs().items) == 1
    research.close()


@pytest.mark.parametrize("text", ["NaN", '{"a": Infinity}', "[-Infinity]", "1e999", "{", ""])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        research_rows.finite_json(text)


def test_a_job_is_stored_as_it_stands_and_survives_its_writer(url: str) -> None:
    dead = Research(url)
    for changes in ({"state": "waiting"}, {"state": "running", "done": 3, "progress": {"BTC-USDT": [1, 2]}}):
        dead.save_job(job("j1", **changes))
    dead.save_job(job("j2", ts_ms=T0 + 1))
    alive = Research(url)
    assert alive.job("j1") == job("j1", state="running", done=3, progress={"BTC-USDT": [1, 2]})
    assert [item.job_id for item in alive.jobs().items] == ["j2", "j1"]
    assert [item.job_id for item in alive.jobs(JobQuery(states=("running",))).items] == ["j1"]
    assert alive.job("nobody") is None
    alive.close()
    dead.close()


def test_what_was_delivered_stays_delivered(url: str) -> None:
    research = Research(url)
    states: tuple[PushState, ...] = ("waiting", "delivered", "waiting")
    for state in states:
        research.save_push(Push("a" * 64, "http://server", state, 1, T0, ""))
    research.save_push(Push("b" * 64, "http://server", "waiting", 2, T0 + 1, "no answer"))
    assert [push.fingerprint for push in research.pushes(waiting_only=True)] == ["b" * 64]
    assert len(research.pushes("http://server")) == 2
    assert research.pushes("http://other") == ()
    research.close()


def test_statements_can_be_said_to_postgresql() -> None:
    postgres = create_mock_engine("postgresql://", lambda *_: None)

    def said(statement: Any) -> str:
        return str(statement.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]

    kept = said(dialect.insert_new(postgres, table("optimization_runs"), ("fingerprint",)))  # type: ignore[arg-type]
    assert kept.endswith("ON CONFLICT (fingerprint) DO NOTHING")
    replaced = said(dialect.upsert(postgres, table("optimization_jobs"), ("job_id",)))  # type: ignore[arg-type]
    assert "ON CONFLICT (job_id) DO UPDATE SET" in replaced
    both = dialect.upsert(postgres, table("optimization_pushes"), ("fingerprint", "target"))  # type: ignore[arg-type]
    assert "ON CONFLICT (fingerprint, target) DO UPDATE" in said(both)
    latest = said(select(table("optimization_runs")).where(_is_latest()))
    assert "NOT (EXISTS" in latest
    assert latest.count("FROM optimization_runs") == 2


def _latest(stored: StoredRun) -> StoredRun:
    return dataclasses.replace(stored, latest=True)
