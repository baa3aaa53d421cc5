"""Laws of the candle store: append, replace, read, and survival of a crash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import fs

from core.candle import Candles
from core.errors import DataError
from market import files
from market.store import CandleStore, Coverage
from market.validation import Gap
from tests.market.builders import START, as_rows, candles_at, hours, random_walk, run

HOUR = 3_600_000
DAY = 24 * HOUR


def memory_store() -> CandleStore:
    return CandleStore("candles", fs._MockFileSystem())


@given(batches=st.lists(hours(), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_what_was_appended_is_read_and_the_last_written_wins(batches: list[Candles]) -> None:
    store = memory_store()
    expected: dict[int, tuple[float, ...]] = {}
    for batch in batches:
        store.append("X", "BTC-USDT", batch)
        expected |= as_rows(batch)
    read = store.read("X", "BTC-USDT", "1h")
    assert as_rows(read) == expected
    assert list(read.ts_ms) == sorted(expected)


@given(batch=hours(), begin=st.integers(-9_100, 9_100), length=st.integers(0, 9_000))
@settings(max_examples=40, deadline=None)
def test_a_range_read_is_the_half_open_part_of_the_whole(batch: Candles, begin: int, length: int) -> None:
    store = memory_store()
    store.append("X", "BTC-USDT", batch)
    from_ms, to_ms = START + begin * HOUR, START + (begin + length) * HOUR
    assert as_rows(store.read("X", "BTC-USDT", "1h", from_ms, to_ms)) == as_rows(batch.between(from_ms, to_ms))


@given(batch=hours())
@settings(max_examples=20, deadline=None)
def test_appending_twice_changes_nothing(batch: Candles) -> None:
    store = memory_store()
    store.append("X", "BTC-USDT", batch)
    once = store.coverage()
    store.append("X", "BTC-USDT", batch)
    assert store.coverage() == once


def test_minutes_are_a_file_a_month_and_hours_a_file_a_year(tmp_path: Path) -> None:
    store = CandleStore(tmp_path)
    store.append("X", "BTC-USDT", candles_at([START - 60_000, START], "1m"))
    store.append("X", "BTC-USDT", candles_at([START - 60 * DAY, START], "1h"))
    found = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.parquet"))
    assert found == [
        "X/BTC-USDT/1h/2024.parquet",
        "X/BTC-USDT/1h/2025.parquet",
        "X/BTC-USDT/1m/2025-02.parquet",
        "X/BTC-USDT/1m/2025-03.parquet",
    ]


@pytest.mark.parametrize("place", ["folder", "uri", "memory", "sub-tree"])
def test_the_store_is_the_same_on_every_filesystem(place: str, tmp_path: Path) -> None:
    places: dict[str, Callable[[], CandleStore]] = {
        "folder": lambda: CandleStore(tmp_path / "deep" / "er"),
        "uri": lambda: CandleStore(f"file://{tmp_path}/store"),
        "memory": memory_store,
        "sub-tree": lambda: CandleStore("base", fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem())),
    }
    store = places[place]()
    candles = random_walk(3000, "15m")
    store.append("X", "BTC-USDT", candles.slice(0, 2000))
    store.append("X", "BTC-USDT", candles.slice(1000, 3000))
    read = store.read("X", "BTC-USDT", "15m")
    for column in ("ts_ms", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(read, column), getattr(candles, column))


def crash(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_a_crash_between_writing_and_renaming_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CandleStore(tmp_path)
    before = run(10)
    store.append("X", "BTC-USDT", before)
    with monkeypatch.context() as patched:
        patched.setattr(files, "flush", crash)  # after the last byte, before the move
        with pytest.raises(KeyboardInterrupt):
            store.append("X", "BTC-USDT", run(20, price=200.0))
    assert list(tmp_path.rglob("*.tmp"))
    assert as_rows(store.read("X", "BTC-USDT", "1h")) == as_rows(before)
    assert [c.rows for c in store.coverage()] == [10]


def test_the_write_after_a_crash_clears_its_leftovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = CandleStore(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(files, "flush", crash)
        with pytest.raises(KeyboardInterrupt):
            store.append("X", "BTC-USDT", run(5))
    assert len(store.read("X", "BTC-USDT", "1h")) == 0
    store.append("X", "BTC-USDT", run(5))
    assert not list(tmp_path.rglob("*.tmp"))
    assert len(store.read("X", "BTC-USDT", "1h")) == 5


def test_a_crash_halfway_through_the_bytes_is_never_seen_by_a_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CandleStore(tmp_path)
    store.append("X", "BTC-USDT", run(10))

    def half(_table: Any, stream: Any, **_: Any) -> None:
        stream.write(b"PAR1 and then nothing")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("market.files.pq.write_table", half)
        with pytest.raises(KeyboardInterrupt):
            store.append("X", "BTC-USDT", run(20))
    assert len(store.read("X", "BTC-USDT", "1h")) == 10


def test_a_damaged_file_is_named_and_an_append_does_not_bury_it(tmp_path: Path) -> None:
    store = CandleStore(tmp_path)
    store.append("X", "BTC-USDT", run(10))
    damaged = tmp_path / "X/BTC-USDT/1h/2025.parquet"
    damaged.write_bytes(damaged.read_bytes()[:200])
    for use in (
        lambda: store.read("X", "BTC-USDT", "1h"),
        store.coverage,
        lambda: store.append("X", "BTC-USDT", run(1)),
    ):
        with pytest.raises(DataError, match=r"2025\.parquet: not a readable Parquet file"):
            use()
    assert damaged.stat().st_size == 200


def test_unsound_candles_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    store = CandleStore(tmp_path)
    with pytest.raises(DataError, match=r"candle 1 at 2025-03-01T01:00:00.000Z is out of order or doubled"):
        store.append("X", "BTC-USDT", candles_at([START + 2 * HOUR, START + HOUR]))
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize(
    ("exchange", "symbol", "complaint"),
    [
        ("../X", "BTC-USDT", "exchange '../X'"),
        ("", "BTC-USDT", "exchange ''"),
        ("X", "BTC/USDT", "symbol 'BTC/USDT'"),
        ("X", "..", r"symbol '\.\.'"),
    ],
)
def test_names_that_would_leave_the_store_are_refused(
    exchange: str, symbol: str, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=complaint):
        CandleStore(tmp_path).append(exchange, symbol, run(1))


def test_a_place_that_cannot_be_read_is_an_error_of_input() -> None:
    with pytest.raises(DataError, match="nowhere://x: not a place that can be read"):
        CandleStore("nowhere://x")


def test_a_place_that_cannot_hold_a_store_is_an_error_of_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    store = CandleStore(tmp_path / "file")
    with pytest.raises(DataError, match="cannot be listed"):
        store.coverage()
    with pytest.raises(DataError, match=r"cannot be (listed|written)"):
        store.append("X", "BTC-USDT", run(1))


def test_coverage_counts_rows_and_gaps(tmp_path: Path) -> None:
    store = CandleStore(tmp_path)
    at = [START, START + HOUR, START + 3 * HOUR, START + 10 * HOUR]
    store.append("X", "BTC-USDT", candles_at(at))
    assert store.coverage() == [Coverage("X", "BTC-USDT", "1h", at[0], at[-1], 4, 2, 7, 6)]
    assert store.gaps("X", "BTC-USDT", "1h") == [
        Gap(START + 2 * HOUR, START + 3 * HOUR, 1),
        Gap(START + 4 * HOUR, START + 10 * HOUR, 6),
    ]


def test_coverage_lists_every_series_by_exchange_symbol_and_length(tmp_path: Path) -> None:
    store = CandleStore(tmp_path)
    for exchange, symbol, timeframe in (("B", "ETH-USDT", "1h"), ("B", "ETH-USDT", "5m"), ("A", "BTC-USDT", "1m")):
        store.append(exchange, symbol, run(2, timeframe))
    store.append_series("A", "BTC-USDT", "funding", (np.array([START]), np.array([1e-4])))
    assert [c[:3] for c in store.coverage()] == [
        ("A", "BTC-USDT", "1m"),
        ("A", "BTC-USDT", "funding"),
        ("B", "ETH-USDT", "5m"),
        ("B", "ETH-USDT", "1h"),
    ]


@pytest.mark.parametrize("kind", ["funding", "open_interest"])
def test_series_are_kept_like_candles(kind: Any, tmp_path: Path) -> None:
    store = CandleStore(tmp_path)
    ts_ms = np.array([START - 90 * DAY, START, START + 8 * HOUR])
    store.append_series("X", "BTC-USDT", kind, (ts_ms, np.array([1.0, 2.0, 3.0])))
    store.append_series("X", "BTC-USDT", kind, (ts_ms[1:2], np.array([9.0])))
    read_ts, values = store.read_series("X", "BTC-USDT", kind)
    assert list(read_ts) == list(ts_ms)
    assert list(values) == [1.0, 9.0, 3.0]
    assert list(store.read_series("X", "BTC-USDT", kind, START, START + HOUR)[1]) == [9.0]


def test_a_series_with_a_hole_in_its_values_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 1 at .* is not a number"):
        CandleStore(tmp_path).append_series(
            "X", "BTC-USDT", "funding", (np.array([START, START + 1]), np.array([0.1, np.nan]))
        )


def test_nothing_stored_reads_as_nothing(tmp_path: Path) -> None:
    store = CandleStore(tmp_path / "not there")
    assert len(store.read("X", "BTC-USDT", "1h")) == 0
    assert len(store.read_series("X", "BTC-USDT", "funding")[0]) == 0
    assert store.coverage() == []
