"""Import: layouts, CSV in the ways people have it, and that one wrong file changes nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from market.csvfile import parse_time
from market.importing import Wanted, import_path
from market.source import open_source
from market.store import CandleStore
from tests.market.builders import START, as_rows, candles_at, random_walk, run, write_dump, write_series
from tests.shared import shared_path

HOUR = 3_600_000
HEADER = "timestamp,open,high,low,close,volume\n"


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(tmp_path / "store")


def csv(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_folder_of_exchanges_is_imported_whole(tmp_path: Path, store: CandleStore) -> None:
    dumps = tmp_path / "dumps"
    write_dump(dumps / "A" / "BTC-USDT" / "1h.parquet", run(5))
    write_series(dumps / "A" / "BTC-USDT" / "funding.parquet", "rate", [(START, 1e-4)])
    write_series(dumps / "A" / "BTC-USDT" / "oi.parquet", "open_interest", [(START, 1e9)])
    write_dump(dumps / "B" / "ETH-USDT" / "5m.parquet", run(7, "5m"))
    reports = import_path(dumps, store)
    assert [(r.exchange, r.symbol, r.timeframe, r.rows) for r in reports] == [
        ("A", "BTC-USDT", "1h", 5),
        ("A", "BTC-USDT", "funding", 1),
        ("A", "BTC-USDT", "open_interest", 1),
        ("B", "ETH-USDT", "5m", 7),
    ]
    assert sorted((*c[:3], c.rows) for c in store.coverage()) == sorted(r[1:5] for r in reports)


def test_symbol_and_timeframe_choose_from_a_folder(tmp_path: Path, store: CandleStore) -> None:
    for symbol in ("BTC-USDT", "ETH-USDT"):
        for timeframe in ("5m", "1h"):
            write_dump(tmp_path / "A" / symbol / f"{timeframe}.parquet", run(2, timeframe))
    reports = import_path(tmp_path / "A", store, Wanted(None, "ETH-USDT", "1h"))
    assert [(r.exchange, r.symbol, r.timeframe) for r in reports] == [("A", "ETH-USDT", "1h")]


def test_one_file_of_a_dump_knows_what_it_is(tmp_path: Path, store: CandleStore) -> None:
    write_dump(tmp_path / "A" / "BTC-USDT" / "1h.parquet", run(2))
    write_dump(tmp_path / "A" / "BTC-USDT" / "5m.parquet", run(2, "5m"))
    reports = import_path(tmp_path / "A" / "BTC-USDT" / "1h.parquet", store)
    assert [(r.exchange, r.symbol, r.timeframe) for r in reports] == [("A", "BTC-USDT", "1h")]


@pytest.mark.parametrize(
    "name", ["BTC-USDT_1h.csv", "BTCUSDT-1h.csv", "btc_usdt-1h.csv", "BTCUSDT_1h.csv", "BTC-USDT/1h.csv"]
)
def test_a_csv_file_says_in_its_name_what_it_holds(name: str, tmp_path: Path, store: CandleStore) -> None:
    path = csv(tmp_path / "in" / name, HEADER + f"{START},1,2,0.5,1.5,10\n")
    [report] = import_path(path, store)
    assert (report.symbol, report.timeframe, report.rows) == ("BTC-USDT", "1h", 1)


def test_options_say_what_the_name_does_not(tmp_path: Path, store: CandleStore) -> None:
    path = csv(tmp_path / "dump.csv", HEADER + f"{START},1,2,0.5,1.5,10\n")
    [report] = import_path(path, store, Wanted("bitget", "SOL-USDT", "5m"))
    assert report[1:5] == ("bitget", "SOL-USDT", "5m", 1)


@pytest.mark.parametrize(("name", "unsaid"), [("dump.csv", "symbol"), ("BTCUSDT.csv", "timeframe")])
def test_what_is_unsaid_is_asked_for(name: str, unsaid: str, tmp_path: Path, store: CandleStore) -> None:
    path = csv(tmp_path / name, HEADER)
    with pytest.raises(DataError, match=f"its {unsaid} is not in the name .* give --{unsaid}"):
        import_path(path, store)


@given(st.integers(1_000_000_000_000, 4_000_000_000_000))
def test_a_time_reads_the_same_in_every_form(ts_ms: int) -> None:
    second = ts_ms - ts_ms % 1000
    moment = datetime.fromtimestamp(second / 1000, UTC)
    forms = (
        str(second // 1000),
        f"{second / 1000}",
        str(second),
        str(second * 1000),
        moment.isoformat(),
        moment.strftime("%Y-%m-%d %H:%M:%S"),
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    assert [parse_time(form) for form in forms] == [second] * len(forms)
    assert parse_time(str(ts_ms)) == ts_ms


def test_columns_are_found_by_name_in_any_order(tmp_path: Path, store: CandleStore) -> None:
    text = "Volume,Close,Low,High,Open,Date,trades\n10,1.5,0.5,2,1,2025-03-01 00:00:00,7\n"
    import_path(csv(tmp_path / "BTC-USDT_1h.csv", text), store)
    read = store.read("imported", "BTC-USDT", "1h")
    assert as_rows(read) == {START: (START, 1.0, 2.0, 0.5, 1.5, 10.0)}


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["{0},1,2,0.5,1.5,10", "{1},1,2,0.5,abc,10"], "line 3: close 'abc' is not a number"),
        (["{0},1,2,0.5,1.5,10", "{1},1,2,0.5,,10"], "line 3: close '' is not a number"),
        (["{1},1,2,0.5,1.5,10", "{0},1,2,0.5,1.5,10"], "line 3: time 2025-03-01T00:00:00Z is out of order"),
        (["{0},1,2,0.5,1.5,10", "", "{0},1,2,0.5,1.5,10"], "line 4: time 2025-03-01T00:00:00Z is doubled"),
        (["yesterday,1,2,0.5,1.5,10"], "line 2: timestamp 'yesterday' is neither epoch nor ISO 8601"),
        (["2025-03-01T00:30,1,2,0.5,1.5,10"], "line 2: time 2025-03-01T00:30:00Z is off the timeframe's grid"),
        (["{0},1,2,0.5,1.5"], "line 2: 5 cells where the header has 6"),
        (["{0},0,2,0,1.5,10"], "line 2: a price is not a positive number"),
        (["{0},nan,2,0.5,1.5,10"], "line 2: a price is not a positive number"),
        (["{0},1,2,1.2,1.5,10"], "line 2: low 1.2 is above the open or the close"),
        (["{0},1,1.4,0.5,1.5,10"], "line 2: high 1.4 is below the open or the close"),
        (["{0},1,2,0.5,1.5,-1"], "line 2: volume is negative or undefined"),
        ([], "holds no candles"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(lines: list[str], complaint: str, tmp_path: Path, store: CandleStore) -> None:
    body = "".join(f"{line.format(START, START + HOUR)}\n" for line in lines)
    with pytest.raises(DataError, match=re.escape(f"BTC-USDT_1h.csv: {complaint}")):
        import_path(csv(tmp_path / "BTC-USDT_1h.csv", HEADER + body), store)
    assert store.coverage() == []


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"a,b,c\n1,2,3\n", "no column 'timestamp' in the header; there are a, b, c"),
        (b"", "no column 'timestamp' in the header; there are none"),
        (b"\xff\xfe\x00garbage", "not a readable CSV file"),
    ],
)
def test_what_is_no_csv_of_candles_is_an_error(
    content: bytes, complaint: str, tmp_path: Path, store: CandleStore
) -> None:
    path = tmp_path / "BTC-USDT_1h.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(complaint)):
        import_path(path, store)


def test_one_wrong_file_changes_nothing(tmp_path: Path, store: CandleStore) -> None:
    store.append("A", "BTC-USDT", run(3))
    write_dump(tmp_path / "A" / "BTC-USDT" / "1h.parquet", run(50))
    write_dump(tmp_path / "A" / "ETH-USDT" / "1h.parquet", candles_at([START + HOUR, START]))
    with pytest.raises(DataError, match=r"ETH-USDT/1h\.parquet: candle 1"):
        import_path(tmp_path / "A", store)
    assert [(c.symbol, c.rows) for c in store.coverage()] == [("BTC-USDT", 3)]


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        (Wanted(symbol="BTCUSDT"), "symbol 'BTCUSDT': allowed is BASE-QUOTE"),
        (Wanted(timeframe="hourly"), "timeframe 'hourly': allowed is a number and m, h or d"),
        (Wanted(symbol="XRP-USDT"), "nothing to import"),
    ],
)
def test_a_wrong_wish_is_an_error(wanted: Wanted, complaint: str, tmp_path: Path, store: CandleStore) -> None:
    write_dump(tmp_path / "A" / "BTC-USDT" / "1h.parquet", run(1))
    with pytest.raises(DataError, match=complaint):
        import_path(tmp_path / "A", store, wanted)


def test_a_name_with_a_timeframe_that_no_day_holds_is_an_error(tmp_path: Path, store: CandleStore) -> None:
    with pytest.raises(DataError, match="timeframe '7h': does not divide a day"):
        import_path(csv(tmp_path / "BTC-USDT_7h.csv", HEADER), store)


def test_files_of_other_kinds_beside_candles_are_left_alone(tmp_path: Path, store: CandleStore) -> None:
    write_dump(tmp_path / "A" / "BTC-USDT" / "1h.parquet", run(2))
    for name in ("7h.parquet", "ticks_sample.parquet", "notes.txt", ".hidden.parquet"):
        (tmp_path / "A" / "BTC-USDT" / name).write_bytes(b"not candles")
    assert [r.timeframe for r in import_path(tmp_path / "A", store)] == ["1h"]
    assert open_source(tmp_path / "A").timeframes("BTC-USDT") == ("1h",)


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path, store: CandleStore) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        import_path(tmp_path / "nowhere", store)


def test_the_report_counts_gaps_and_spikes(tmp_path: Path, store: CandleStore) -> None:
    candles = random_walk(300, "1h")
    candles.high[200] *= 1.5
    write_dump(tmp_path / "A" / "BTC-USDT" / "1h.parquet", candles)
    write_dump(tmp_path / "A" / "ETH-USDT" / "1h.parquet", candles_at([START, START + 5 * HOUR]))
    first, second = import_path(tmp_path / "A", store)
    assert (first.gaps, first.spikes) == (0, 1)
    assert (second.gaps, second.spikes) == (1, 0)


def test_real_dumps_arrive_as_their_description_says(store: CandleStore) -> None:
    folder = shared_path("data", "BINANCE_FUTURES", "LINK-USDT")
    import_path(folder, store)
    found = {c.timeframe: (c.rows, c.gaps, c.missing, c.longest) for c in store.coverage()}
    assert found == {
        "1m": (43199, 0, 0, 0),
        "5m": (28760, 2, 57802, 51654),
        "15m": (9586, 2, 19268, 17218),
        "1h": (43824, 0, 0, 0),
        "funding": (3288, 0, 0, 0),
    }
