"""Reading candles wherever they lie: folders of dumps and stores answer alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.candle import Candles
from core.errors import DataError
from core.resample import aggregate
from market import files
from market.folder import FolderSource
from market.importing import import_path
from market.source import open_source
from market.store import CandleStore
from tests.market.builders import START, as_rows, candles_at, random_walk, run, write_dump, write_series
from tests.shared import shared_path

HOUR = 3_600_000
MINUTE = 60_000


@pytest.fixture(params=["folder", "store"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Ten hours of 5m candles of BTC and hours of ETH, as dumps and as a store."""
    dumps = tmp_path / "dumps" / "X"
    write_dump(dumps / "BTC-USDT" / "5m.parquet", random_walk(120, "5m"))
    write_dump(dumps / "ETH-USDT" / "1h.parquet", random_walk(10, "1h", seed=2))
    write_series(dumps / "BTC-USDT" / "funding.parquet", "rate", [(START, 1e-4), (START + 8 * HOUR, -2e-4)])
    (dumps / "BTC-USDT" / "notes.parquet").write_bytes(b"not candles")
    if request.param == "folder":
        return dumps.parent
    import_path(dumps, CandleStore(tmp_path / "store"))
    return tmp_path / "store"


def test_a_source_lists_what_it_has(place: Path) -> None:
    source = open_source(place)
    assert source.symbols() == ("BTC-USDT", "ETH-USDT")
    assert source.timeframes("BTC-USDT") == ("5m",)
    assert source.span("BTC-USDT", "5m") == (START, START + 119 * 5 * MINUTE)


def test_a_source_opens_at_its_exchange_as_well(place: Path) -> None:
    assert open_source(place / "X").symbols() == open_source(place, "X").symbols() == ("BTC-USDT", "ETH-USDT")


def test_a_stored_timeframe_is_read_as_it_is(place: Path) -> None:
    read = open_source(place).read("BTC-USDT", "5m", START + HOUR, START + 2 * HOUR)
    assert as_rows(read) == as_rows(random_walk(120, "5m").between(START + HOUR, START + 2 * HOUR))


def test_a_missing_timeframe_is_aggregated_from_a_finer_one(place: Path) -> None:
    read = open_source(place).read("BTC-USDT", "1h", START, START + 20 * HOUR)
    assert as_rows(read) == as_rows(aggregate(random_walk(120, "5m"), "1h"))


@pytest.mark.parametrize(("begin", "end"), [(0, 3), (1, 2), (2, 9)])
def test_an_aggregated_span_is_the_part_of_the_aggregated_whole(place: Path, begin: int, end: int) -> None:
    # Limits between the hours: a candle belongs to the span in which it opens.
    from_ms, to_ms = START + begin * HOUR - 7 * MINUTE, START + end * HOUR + 13 * MINUTE
    whole = aggregate(random_walk(120, "5m"), "1h")
    assert as_rows(open_source(place).read("BTC-USDT", "1h", from_ms, to_ms)) == as_rows(whole.between(from_ms, to_ms))


def test_funding_is_read_by_span_and_empty_where_none_is_stored(place: Path) -> None:
    source = open_source(place)
    ts_ms, rates = source.read_funding("BTC-USDT", START + 1, START + 9 * HOUR)
    assert list(ts_ms) == [START + 8 * HOUR]
    assert list(rates) == [-2e-4]
    assert len(source.read_funding("ETH-USDT", 0, 2**60)[0]) == 0


def test_a_span_without_candles_says_what_is_there(place: Path) -> None:
    with pytest.raises(DataError, match=r"no 1h candles of BTC-USDT from 2024-02-.*there are 5m 2025-03-01T00:00Z to"):
        open_source(place).read("BTC-USDT", "1h", START - 370 * 24 * HOUR, START - 360 * 24 * HOUR)


def test_a_timeframe_finer_than_what_is_stored_says_what_is_there(place: Path) -> None:
    with pytest.raises(DataError, match="no 5m candles of ETH-USDT from the beginning to the end; there are 1h"):
        open_source(place).read("ETH-USDT", "5m", -(2**62), 2**62)


def test_an_unknown_symbol_names_the_known_ones(place: Path) -> None:
    with pytest.raises(DataError, match="no symbol 'XRP-USDT'; there are BTC-USDT, ETH-USDT"):
        open_source(place).read("XRP-USDT", "1h", 0, 2**60)


def test_a_word_that_is_no_timeframe_says_what_is_allowed(place: Path) -> None:
    with pytest.raises(DataError, match="timeframe 'hourly': allowed is a number and m, h or d"):
        open_source(place).read("BTC-USDT", "hourly", 0, 2**60)


@pytest.mark.parametrize("layout", ["folder", "store"])
def test_several_exchanges_must_be_told_apart(layout: str, tmp_path: Path) -> None:
    for exchange in ("A", "B"):
        if layout == "folder":
            write_dump(tmp_path / exchange / "BTC-USDT" / "1h.parquet", run(2))
        else:
            CandleStore(tmp_path).append(exchange, "BTC-USDT", run(2))
    with pytest.raises(DataError, match="several exchanges: name one of A, B"):
        open_source(tmp_path)
    with pytest.raises(DataError, match="no exchange 'C'; there are A, B"):
        open_source(tmp_path, "C")
    assert len(open_source(tmp_path, "B").read("BTC-USDT", "1h", 0, 2**60)) == 2


@pytest.mark.parametrize(("make", "complaint"), [(False, "no such folder"), (True, "holds no market data")])
def test_a_folder_without_data_is_an_error(make: bool, complaint: str, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    if make:
        folder.mkdir()
    with pytest.raises(DataError, match=f"here: {complaint}"):
        open_source(folder)


@pytest.mark.parametrize(
    ("candles", "complaint"),
    [
        (candles_at([START + HOUR, START]), "candle 1 at 2025-03-01T00:00:00.000Z is out of order or doubled"),
        (candles_at([START, START]), "is out of order or doubled"),
        (candles_at([START + 1]), "has a time off its grid"),
        (candles_at([START], price=-1.0), "has a price that is not a positive number"),
        (Candles.of("1h", [(START, 10, 11, 10.5, 10, 1)]), "has its low above its open or close"),
        (Candles.of("1h", [(START, 10, 9.9, 9, 9.5, 1)]), "has its high below its open or close"),
        (Candles.of("1h", [(START, 10, 11, 9, 10, -1)]), "has a negative or undefined volume"),
    ],
)
def test_unsound_candles_name_file_row_and_fault(candles: Candles, complaint: str, tmp_path: Path) -> None:
    write_dump(tmp_path / "BTC-USDT" / "1h.parquet", candles)
    with pytest.raises(DataError, match=rf"1h\.parquet: candle \d .*{complaint.removeprefix('candle 1 ')}"):
        FolderSource(tmp_path).read("BTC-USDT", "1h")


def test_a_file_that_is_not_parquet_is_named(tmp_path: Path) -> None:
    write_dump(tmp_path / "BTC-USDT" / "1h.parquet", run(3))
    (tmp_path / "BTC-USDT" / "1h.parquet").write_bytes(b"PAR1 garbage PAR1")
    with pytest.raises(DataError, match=r"BTC-USDT/1h\.parquet: not a readable Parquet file"):
        FolderSource(tmp_path).read("BTC-USDT", "1h")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    write_series(tmp_path / "BTC-USDT" / "1h.parquet", "price", [(START, 1.0)])
    with pytest.raises(DataError, match="column 'open' is missing; there are timestamp, price"):
        FolderSource(tmp_path).read("BTC-USDT", "1h")


def test_the_first_bucket_is_left_out_when_its_beginning_is_missing(tmp_path: Path) -> None:
    fine = random_walk(120, "1m", start=START + 15 * MINUTE)
    write_dump(tmp_path / "BTC-USDT" / "1m.parquet", fine)
    read = FolderSource(tmp_path).read("BTC-USDT", "1h")
    assert list(read.ts_ms) == [START + HOUR]


def test_real_minutes_make_the_real_hours() -> None:
    source = open_source(shared_path("data", "BINANCE_SPOT"))
    from_ms, to_ms = START, START + 20 * 24 * HOUR
    hours = source.read("BTC-USDT", "1h", from_ms, to_ms)
    made = aggregate(source.read("BTC-USDT", "1m", from_ms, to_ms), "1h")
    both = np.intersect1d(hours.ts_ms, made.ts_ms)[1:]
    assert len(both) > 400
    for column in ("open", "high", "low", "close"):
        stored, summed = (getattr(c, column)[np.isin(c.ts_ms, both)] for c in (hours, made))
        np.testing.assert_array_equal(stored, summed)


@pytest.mark.parametrize(
    ("first_hour", "hours", "read"),
    [(0, 24, ["1h"]), (-1, 24, ["1h"]), (20, 10, ["1h"]), (0, 25, ["1h", "1m"]), (-2, 25, ["1h", "1m"])],
)
def test_a_finer_timeframe_is_read_only_where_it_may_yield_more(
    first_hour: int, hours: int, read: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dump(tmp_path / "BTC-USDT" / "1h.parquet", random_walk(24, "1h"))
    minutes = random_walk(hours * 60, "1m", start=START + first_hour * HOUR)
    write_dump(tmp_path / "BTC-USDT" / "1m.parquet", minutes)
    seen: list[str] = []
    whole = files.read_parquet

    def noted(filesystem: Any, path: str) -> Any:
        seen.append(Path(path).stem)
        return whole(filesystem, path)

    monkeypatch.setattr(files, "read_parquet", noted)
    assert len(FolderSource(tmp_path).read("BTC-USDT", "1h")) == max(24, hours)
    assert seen == read


def test_a_file_without_statistics_says_its_reach_all_the_same(tmp_path: Path) -> None:
    candles = random_walk(24, "1h")
    write_dump(tmp_path / "BTC-USDT" / "1h.parquet", candles)
    path = tmp_path / "BTC-USDT" / "1h.parquet"
    table = pq.read_table(path)
    for statistics in (True, False):
        pq.write_table(table, path, write_statistics=statistics, row_group_size=7)
        assert FolderSource(tmp_path).span("BTC-USDT", "1h") == (START, START + 23 * HOUR)


def test_a_stored_timeframe_that_covers_less_than_a_finer_one_is_not_preferred(tmp_path: Path) -> None:
    dumps = tmp_path / "X"
    write_dump(dumps / "BTC-USDT" / "1h.parquet", random_walk(24, "1h"))
    write_dump(dumps / "BTC-USDT" / "5m.parquet", random_walk(96 * 12, "5m"))
    source = open_source(dumps)
    assert len(source.read("BTC-USDT", "1h", START, START + 96 * HOUR)) == 96
    assert len(source.read("BTC-USDT", "4h", START, START + 96 * HOUR)) == 24
