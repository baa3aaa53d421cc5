"""Order books and public trades at rest: stored by the day, read back as they were, refused when unsound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import DataError
from core.recordings import BookSnapshots, PublicTrades
from market.folder import FolderSource
from market.importing import import_path
from market.recordings import recording_to_table
from market.source import open_source
from market.store import CandleStore
from tests.market.builders import START, run, write_dump
from tests.shared import shared_path

DAY = 24 * 3_600_000


def book(times: list[int], levels: int = 3, quantity: float = 1.0) -> BookSnapshots:
    away = 0.5 + np.arange(levels)
    rows = np.ones((len(times), 1))
    depth = np.full((len(times), levels), quantity)
    return BookSnapshots(np.array(times, np.int64), rows * (100 - away), depth, rows * (100 + away), depth)


def trades(*rows: tuple[int, float, int]) -> PublicTrades:
    times, quantities, sides = zip(*rows, strict=True)
    return PublicTrades(
        np.array(times, np.int64), np.full(len(rows), 100.0), np.array(quantities), np.array(sides, np.int8)
    )


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(tmp_path / "store")


def as_rows(parts: list[PublicTrades]) -> list[tuple[int, float, int]]:
    columns = ((p.ts_ms.tolist(), p.quantity.tolist(), p.side.tolist()) for p in parts)
    return [row for part in columns for row in zip(*part, strict=True)]


def test_trades_come_back_as_they_went_a_day_at_a_time(store: CandleStore) -> None:
    rows = [(START, 1.0, 1), (START, 2.0, -1), (START, 2.0, -1), (START + DAY, 3.0, 1)]
    store.append_recording("X", "BTC-USDT", trades(*rows))
    parts = list(store.read_trades("X", "BTC-USDT"))
    assert [len(p) for p in parts] == [3, 1]
    assert as_rows(parts) == rows
    assert sorted(p.name for p in Path(store.root).rglob("*.parquet")) == ["2025-03-01.parquet", "2025-03-02.parquet"]


def test_the_same_again_changes_nothing_and_a_correction_replaces_its_times(store: CandleStore) -> None:
    rows = [(START, 1.0, 1), (START + 5, 2.0, -1), (START + 5, 2.0, -1), (START + 9, 1.0, 1)]
    for _ in range(2):
        store.append_recording("X", "BTC-USDT", trades(*rows))
    assert as_rows(list(store.read_trades("X", "BTC-USDT"))) == rows
    store.append_recording("X", "BTC-USDT", trades((START + 5, 7.0, 1)))
    assert as_rows(list(store.read_trades("X", "BTC-USDT"))) == [rows[0], (START + 5, 7.0, 1), rows[3]]


def test_a_span_is_half_open(store: CandleStore) -> None:
    store.append_recording("X", "BTC-USDT", book([START, START + 1000, START + 2000]))
    [part] = store.read_book("X", "BTC-USDT", START + 1000, START + 2000)
    assert part.ts_ms.tolist() == [START + 1000]
    assert list(store.read_book("X", "BTC-USDT", START + DAY, START + 2 * DAY)) == []
    assert list(store.read_trades("X", "BTC-USDT")) == []


def test_a_book_comes_back_as_it_went(store: CandleStore) -> None:
    whole = book([START, START + 1000])
    whole.bid_quantity[1, 2] = 7.5
    store.append_recording("X", "BTC-USDT", whole)
    [part] = store.read_book("X", "BTC-USDT")
    for name in BookSnapshots.__slots__:
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name))


def test_a_day_keeps_the_levels_that_all_its_snapshots_have(store: CandleStore) -> None:
    store.append_recording("X", "BTC-USDT", book([START], 5))
    store.append_recording("X", "BTC-USDT", book([START + 1000], 3))
    [part] = store.read_book("X", "BTC-USDT")
    assert part.bid_price.shape == (2, 3)


def test_coverage_counts_seconds_of_books_and_minutes_without_trades(store: CandleStore) -> None:
    store.append_recording("X", "BTC-USDT", book([START + s * 1000 for s in (0, 1, 2, 3, 9)]))
    store.append_recording("X", "BTC-USDT", trades((START, 1.0, 1), (START, 1.0, 1), (START + 300_000, 1.0, 1)))
    found = {c.timeframe: (c.rows, c.gaps, c.missing) for c in store.coverage()}
    assert found == {"book": (5, 1, 5), "trades": (3, 1, 4)}


def fault(change: dict[str, object]) -> dict[str, object]:
    """Columns of a book's file with some replaced."""
    table = recording_to_table(book([START, START + 1000]))
    columns = {name: table.column(name).to_pylist() for name in table.column_names} | change
    return {name: values for name, values in columns.items() if values is not None}


TIMES = [START, START + 5]
SOUND = {"timestamp": TIMES, "price": [1.0, 1.0], "qty": [1.0, 1.0], "buyer_is_maker": [0, 1]}
WRONG = [
    ("book.parquet", fault({"timestamp": [START, START]}), "snapshot 1 at 2025-03-01T00:00:00.000Z is out of order"),
    ("book.parquet", fault({"bid_px_0": [100.6, 99.5]}), "snapshot 0 at .* is crossed"),
    ("book.parquet", fault({"bid_px_1": [98.5, 99.5]}), "snapshot 1 at .* a bid that is not below the one before"),
    ("book.parquet", fault({"ask_px_1": [100.5, 101.5]}), "snapshot 0 at .* an ask that is not above the one before"),
    ("book.parquet", fault({"ask_qty_2": [1.0, 0.0]}), "snapshot 1 at .* not a positive number"),
    ("book.parquet", fault({"ask_qty_2": [1.0, float("nan")]}), "snapshot 1 at .* not a positive number"),
    ("book.parquet", fault({"ask_qty_2": None}), "column 'ask_qty_2' is missing"),
    ("book.parquet", {"timestamp": TIMES, "price": [1.0, 1.0]}, "column 'bid_px_0' is missing; there are timestamp"),
    ("trades.parquet", SOUND | {"timestamp": [START, START - 1]}, "trade 1 at .* is out of order"),
    ("trades.parquet", SOUND | {"qty": [1.0, -1.0]}, "trade 1 at .* not a positive number"),
    ("trades.parquet", SOUND | {"price": [float("inf"), 1.0]}, "trade 0 at .* not a positive number"),
    ("trades.parquet", SOUND | {"buyer_is_maker": [0, 2]}, "row 1: buyer_is_maker = 2: allowed are 0 and 1"),
    ("trades.parquet", SOUND | {"buyer_is_maker": [0, None]}, "column 'buyer_is_maker' has 1 empty cells"),
    ("trades.parquet", {"timestamp": TIMES}, "column '.*' is missing; there are timestamp"),
]


@pytest.mark.parametrize(("name", "columns", "complaint"), WRONG, ids=[w[2][:40] for w in WRONG])
def test_an_unsound_file_is_named_and_nothing_is_stored(
    name: str, columns: dict[str, object], complaint: str, tmp_path: Path, store: CandleStore
) -> None:
    write_dump(tmp_path / "X" / "BTC-USDT" / "1h.parquet", run(3))
    pq.write_table(pa.table(columns), tmp_path / "X" / "BTC-USDT" / name)
    with pytest.raises(DataError, match=rf"{name}: {complaint}") as caught:
        import_path(tmp_path / "X", store)
    assert "\n" not in str(caught.value)
    assert store.coverage() == []
    source = FolderSource(tmp_path / "X")
    parts = source.read_book("BTC-USDT") if name.startswith("book") else source.read_trades("BTC-USDT")
    with pytest.raises(DataError, match=rf"{name}: {complaint}"):
        list(parts)


def test_aggressors_may_be_told_as_truth_values(tmp_path: Path, store: CandleStore) -> None:
    folder = tmp_path / "X" / "BTC-USDT"
    folder.mkdir(parents=True)
    pq.write_table(pa.table(SOUND | {"buyer_is_maker": [True, False]}), folder / "trades.parquet")
    import_path(folder, store)
    assert as_rows(list(store.read_trades("X", "BTC-USDT"))) == [(START, 1.0, -1), (START + 5, 1.0, 1)]


def test_two_files_of_one_kind_in_a_folder_are_for_an_import_to_join(tmp_path: Path, store: CandleStore) -> None:
    folder = tmp_path / "X" / "BTC-USDT"
    folder.mkdir(parents=True)
    for day in (0, 1):
        pq.write_table(recording_to_table(book([START + day * DAY])), folder / f"book_{day}.parquet")
    with pytest.raises(DataError, match=r"book_1\.parquet: a second file of book beside book_0\.parquet: .* joins"):
        list(open_source(tmp_path / "X").read_book("BTC-USDT", 0, 2**60))
    import_path(tmp_path / "X", store)
    assert [p.ts_ms.tolist() for p in store.read_book("X", "BTC-USDT")] == [[START], [START + DAY]]


@pytest.mark.parametrize("symbol", ["BTC-USDT", "ETH-USDT"])
def test_real_recordings_arrive_as_their_description_says(symbol: str, store: CandleStore, tmp_path: Path) -> None:
    folder = shared_path("data", "BINANCE_FUTURES", symbol)
    for name in ("book_top20_1s", "trades_sample"):
        import_path(folder / f"{name}.parquet", store)
    rows = {c.timeframe: c.rows for c in store.coverage()}
    assert rows == {"book": 345, "trades": {"BTC-USDT": 21313, "ETH-USDT": 14076}[symbol]}
    dumps = open_source(folder.parent)
    [direct] = dumps.read_trades(symbol, 0, 2**60)
    stored = list(store.read_trades("BINANCE_FUTURES", symbol))
    np.testing.assert_array_equal(np.concatenate([p.quantity for p in stored]), direct.quantity)
    [whole] = dumps.read_book(symbol, 0, 2**60)
    assert whole.bid_price.shape == (345, 20)
