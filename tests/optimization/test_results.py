"""Outcomes at rest: what comes back is what went in, twice is once, and what is unsound changes nothing."""

from __future__ import annotations

import dataclasses
import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from core.errors import DataError
from optimization import run_file
from optimization.combinations import AGGREGATES, FIGURES, Combinations
from optimization.result_store import ResultStore
from optimization.results import combinations, json_words, kept
from optimization.run_file import Kept
from optimization.statistics.estimate import Estimate
from storage.research_records import Conflict
from tests.cli.command import REPOSITORY, snapshot
from tests.cli.outcomes import outcome
from tests.messages import T0

GRID = {"ma_period": (5, 7, 10), "envelope_start": (0.05, 0.07), "sides": ("long", "both")}
EARN = outcome(1, edge=0.3, days=420, grid=GRID)
KEPT = kept(EARN, T0, "lab")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ResultStore]:
    store = ResultStore(tmp_path / "research", clock_ms=lambda: T0 + 1000)
    yield store
    store.close()


def test_a_run_has_the_figures_of_its_outcome(store: ResultStore) -> None:
    run = store.save(EARN, "lab")
    verdict = EARN.verdict
    assert (run.grade, run.gate_passed, run.trials) == (verdict.grade.letter, verdict.gate.passed, verdict.trials)
    assert (run.sharpe, run.trades) == (verdict.figures.sharpe, verdict.figures.trades)
    assert (run.deflated_sharpe, run.pbo) == (verdict.deflated.value, verdict.overfitting.probability)
    assert (run.params, run.latest, run.ts_ms, run.origin) == (EARN.deployed, True, T0 + 1000, "lab")
    assert run.detail["curve"]["daily"] == EARN.curve.daily.tolist()
    assert [line["criterion"] for line in run.detail["verdict"]["gate"]["lines"]] == [
        line.criterion for line in verdict.gate.lines
    ]
    assert len(run.detail["verdict"]["overfitting"]["logits"]) <= 500
    assert sum(run.detail["verdict"]["overfitting"]["histogram"]["counts"]) == len(verdict.overfitting.logits)


def test_windows_have_what_was_chosen_and_how_it_did(store: ResultStore) -> None:
    run = store.save(EARN, "lab")
    stored = store.windows(run.fingerprint)
    assert [(w.combination, w.params, w.out_sharpe, w.out_from_ms) for w in stored] == [
        (w.chosen, w.params, w.out_of_sample.sharpe, w.window.out_from_ms) for w in EARN.windows
    ]


def test_every_combination_comes_back(store: ResultStore) -> None:
    read = store.combinations(store.save(EARN, "lab").fingerprint)
    assert (read.names, read.windows) == (EARN.grid.names, len(EARN.windows))
    for window in range(read.windows):
        assert (read.figure("out.return", window) == EARN.out_of_sample.net_return[window]).all()
        assert (read.figure("in.trades", window) == EARN.in_sample.trades[window]).all()
    np.testing.assert_allclose(read.figure("out.sharpe"), EARN.out_of_sample.sharpe.mean(axis=0), rtol=1e-6)
    for i, name in enumerate(EARN.grid.names):
        axis, codes = read.parameter(name)
        assert axis.values == EARN.grid.values[i]
        assert (codes == EARN.codes[:, i]).all()


@pytest.mark.parametrize("aggregate", AGGREGATES)
@pytest.mark.parametrize("window", [None, 1])
def test_a_heatmap_brings_the_other_parameters_together(
    store: ResultStore, aggregate: str, window: int | None
) -> None:
    read = store.combinations(store.save(EARN, "lab").fingerprint)
    heatmap = read.heatmap("envelope_start", "ma_period", "out.sharpe", aggregate, window)  # type: ignore[arg-type]
    assert heatmap.cells.shape == heatmap.counts.shape == (3, 2)
    for row, period in enumerate(heatmap.y.values):
        for column, start in enumerate(heatmap.x.values):
            which = [
                i for i, code in enumerate(EARN.codes)
                if (EARN.grid.values_of(code)["ma_period"], EARN.grid.values_of(code)["envelope_start"])
                == (period, start)
            ]
            assert heatmap.counts[row, column] == len(which) == 2
            figures = read.figure("out.sharpe", window)[which]
            found = (figures > 0).mean() if aggregate == "positive" else getattr(np, aggregate)(figures)
            assert heatmap.cells[row, column] == pytest.approx(found)


def test_a_cell_without_a_combination_is_empty_and_not_zero(tmp_path: Path) -> None:
    two = dataclasses.replace(KEPT.run, combinations=2)
    sampled = KEPT._replace(combinations=KEPT.combinations.slice(0, 2), run=two)
    path = tmp_path / "a.arrow"
    run_file.write(path, sampled)
    heatmap = Combinations(path).heatmap("ma_period", "envelope_start")
    assert heatmap.counts.tolist() == [[2, 0, 0], [0, 0, 0]]
    assert [math.isnan(cell) for cell in heatmap.cells.ravel()] == [False, True, True, True, True, True]


def test_the_best_come_first_and_drawdown_is_best_when_low(store: ResultStore) -> None:
    read = store.combinations(store.save(EARN, "lab").fingerprint)
    best = read.best("out.sharpe", limit=3)
    assert [c.figures["out.sharpe"] for c in best] == sorted(read.figure("out.sharpe"), reverse=True)[:3]
    assert best[0].params == {n: EARN.grid.values_of(EARN.codes[best[0].row])[n] for n in GRID}
    assert read.best("out.sharpe", limit=1, offset=2) == best[2:]
    assert read.best("out.drawdown", limit=1)[0].figures["out.drawdown"] == read.figure("out.drawdown").min()
    assert set(best[0].figures) == set(FIGURES)


@pytest.mark.parametrize(
    ("ask", "named"),
    [
        (lambda c: c.heatmap("ma_period", "nothing"), "nothing"),
        (lambda c: c.heatmap("ma_period", "ma_period"), "differ"),
        (lambda c: c.heatmap("ma_period", "sides", "out.luck"), "out.luck"),
        (lambda c: c.heatmap("ma_period", "sides", "out.sharpe", "sum"), "sum"),
        (lambda c: c.figure("out.sharpe", 99), "99"),
        (lambda c: c.figure("out.sharpe", -1), "-1"),
        (lambda c: c.best("x"), "allowed are"),
    ],
)
def test_what_is_not_there_is_named(store: ResultStore, ask: Callable[[Combinations], Any], named: str) -> None:
    read = store.combinations(store.save(EARN, "lab").fingerprint)
    with pytest.raises(DataError, match=named):
        ask(read)


def test_saving_twice_is_saving_once(store: ResultStore) -> None:
    store.save(EARN, "lab")
    before = snapshot(store.root / "runs")
    store.save(EARN, "lab")
    assert snapshot(store.root / "runs") == before
    assert len(store.runs().items) == 1
    assert store.research.trials("envelope_dca", "BTC-USDT") == len(EARN.codes)


def test_another_result_of_the_same_question_leaves_what_is_stored(store: ResultStore) -> None:
    run = store.receive(run_file.pack(KEPT)).run
    before = snapshot(store.root / "runs")
    with pytest.raises(Conflict):
        store.save(dataclasses.replace(EARN, result_hash="f" * 64), "lab")
    assert snapshot(store.root / "runs") == before
    assert store.run(run.fingerprint) == run


def test_a_file_that_was_lost_is_written_again(store: ResultStore) -> None:
    run = store.save(EARN, "lab")
    (store.root / "runs" / f"{run.fingerprint}.arrow").unlink()
    with pytest.raises(DataError, match="not here"):
        store.combinations(run.fingerprint)
    store.save(EARN, "lab")
    assert store.combinations(run.fingerprint).windows == len(EARN.windows)


def test_what_is_undefined_is_empty_in_the_run_and_marked_in_its_detail() -> None:
    verdict = dataclasses.replace(EARN.verdict, instability=Estimate(1.0, defined=False))
    run = kept(dataclasses.replace(EARN, verdict=verdict), T0, "").run
    assert run.instability is None
    assert run.detail["verdict"]["instability"] == {"value": 1.0, "defined": False}


def test_a_run_without_any_trade_is_stored(store: ResultStore) -> None:
    run = store.save(outcome(2, days=420, trades=0, grid=GRID), "lab")
    assert (run.trades, run.params, run.grade) == (0, {}, "F")
    assert run.detail["verdict"]["reason"]
    assert {window.combination for window in store.windows(run.fingerprint)} == {-1}


def test_no_json_of_ours_has_nan() -> None:
    found = json_words({"a": np.array([1.0, np.nan]), "b": np.float32(np.inf), "c": (np.int32(3), True), 4: None})
    assert found == {"a": [1.0, None], "b": None, "c": [3, True], "4": None}
    json.dumps(KEPT.run.detail, allow_nan=False)


def test_values_without_a_common_type_are_kept_as_json() -> None:
    mixed = outcome(3, days=420, grid={"a": (1, None), "b": ((1, 2), (3,)), "c": (True, False), "d": (1, 2.5)})
    table = combinations(mixed)
    assert [table.column(f"param.{n}").combine_chunks().dictionary.to_pylist() for n in "abcd"] == [
        ["1", "null"], ["[1, 2]", "[3]"], [True, False], [1.0, 2.5],
    ]


def test_what_was_sent_is_received_as_it_was(store: ResultStore, tmp_path: Path) -> None:
    elsewhere = ResultStore(tmp_path / "elsewhere", clock_ms=lambda: T0 + 2000)
    run = store.save(EARN, "lab")
    packed = store.packed(run.fingerprint)
    first, second = elsewhere.receive(packed), elsewhere.receive(packed)
    assert (first.new, second.new) == (True, False)
    assert dataclasses.replace(second.run, received_ms=run.received_ms) == run
    assert second.run.received_ms == T0 + 2000
    assert elsewhere.windows(run.fingerprint) == store.windows(run.fingerprint)
    assert elsewhere.combinations(run.fingerprint).table() == store.combinations(run.fingerprint).table()
    elsewhere.close()


def test_a_clock_that_is_ahead_does_not_keep_its_run_the_latest(store: ResultStore) -> None:
    ahead = kept(outcome(5, days=420, grid=GRID), T0 + 10**9, "future")
    assert store.receive(run_file.pack(ahead)).run.ts_ms == T0 + 1000


def _with(**changes: Any) -> Callable[[], bytes]:
    return lambda: run_file.pack(KEPT._replace(run=dataclasses.replace(KEPT.run, **changes)))


def _headed(head: bytes) -> Callable[[], bytes]:
    def packed() -> bytes:
        sink = pa.BufferOutputStream()
        table = KEPT.combinations.replace_schema_metadata({b"scalp_radar.run": head})
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        return bytes(sink.getvalue())

    return packed


def _kept(**changes: Any) -> Callable[[], bytes]:
    return lambda: run_file.pack(KEPT._replace(**changes))


@pytest.mark.parametrize(
    ("packed", "named"),
    [
        (lambda: b"", "no Arrow file"),
        (lambda: b"x" * 5000, "no Arrow file"),
        (lambda: run_file.pack(KEPT)[:-700], "no Arrow file"),
        (_with(fingerprint="../../../etc/passwd"), "fingerprint"),
        (_with(fingerprint="A" * 64), "fingerprint"),
        (_with(strategy="x; DROP"), "strategy"),
        (_with(symbol="btc"), "symbol"),
        (_with(grade="Z"), "grade"),
        (_with(origin="a\nb"), "origin"),
        (_with(ts_ms=-1), "ts_ms"),
        (_with(trials=2**60), "trials"),
        (_with(trades=1.5), "trades"),
        (_with(score=None), "score"),
        (_with(gate_passed="yes"), "gate_passed"),
        (_with(windows=99), "windows"),
        (_with(combinations=3), "combinations"),
        (_kept(windows=KEPT.windows[::-1]), "windows"),
        (_kept(combinations=KEPT.combinations.drop_columns(["out.sharpe.0"])), "out.sharpe.0"),
        (_headed(b"{}"), "version"),
        (_headed(b"[]"), "version"),
        (_headed(b'{"version":1,"run":{"score":NaN},"windows":[]}'), "NaN"),
        (_headed(b'{"version":1,"run":null,"windows":[]}'), "run"),
        (_headed(b'{"version":1,"run":' + b"[" * 100_000 + b"}"), "the file"),
        (_headed(b"\xff"), "the file"),
    ],
)
def test_what_is_unsound_is_refused_in_one_line_and_changes_nothing(
    store: ResultStore, packed: Callable[[], bytes], named: str
) -> None:
    with pytest.raises(DataError, match=named) as caught:
        store.receive(packed())
    assert "\n" not in str(caught.value)
    assert store.runs().items == ()
    assert not (store.root / "runs").exists()


WRITER = """
import dataclasses, sys
from pathlib import Path
from optimization.result_store import ResultStore
from tests.cli.outcomes import outcome
store = ResultStore(Path(sys.argv[1]))
base = outcome(1, days=420)
for number in range(10_000):
    run = store.save(dataclasses.replace(base, fingerprint=f"{number:064x}"), "lab")
    print(run.fingerprint, flush=True)
"""


@pytest.mark.parametrize("saves", [1, 6])
def test_a_killed_writer_leaves_everything_it_reported_and_no_run_without_its_file(saves: int, tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    try:
        assert writer.stdout is not None
        reported = [writer.stdout.readline().strip() for _ in range(saves)]
    finally:
        writer.kill()  # it is in the middle of the next
        writer.communicate()
    store = ResultStore(tmp_path)
    stored = [run.fingerprint for run in store.runs().items]
    assert set(reported) <= set(stored)
    for fingerprint in stored:
        assert store.combinations(fingerprint).windows == store.run(fingerprint).windows
    store.close()


def test_kept_is_what_is_packed() -> None:
    back = run_file.unpack(run_file.pack(KEPT), "x")
    assert (back.run, back.windows) == (KEPT.run, KEPT.windows)
    assert isinstance(back, Kept)
