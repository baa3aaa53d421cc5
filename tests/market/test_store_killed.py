"""A writer that is killed at any moment leaves a store that reads, with everything it had reported as stored."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from market.store import CandleStore
from tests.cli.command import REPOSITORY
from tests.market.builders import random_walk

WRITER = """
import sys
from market.store import CandleStore
from tests.market.builders import random_walk
store, candles = CandleStore(sys.argv[1]), random_walk(100_000, "1m")
for end in range(1_000, 100_000, 100):
    store.append("X", "BTC-USDT", candles.slice(end - 1_000, end))
    print(end, flush=True)
"""


@pytest.mark.parametrize("appends", [1, 7, 20])
def test_a_killed_writer_loses_at_most_what_it_was_writing(appends: int, tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    try:
        assert writer.stdout is not None
        stored = [int(writer.stdout.readline()) for _ in range(appends)][-1]
    finally:
        writer.kill()  # it is in the middle of one of the next appends
        writer.communicate()
    candles = CandleStore(tmp_path).read("X", "BTC-USDT", "1m")
    expected = random_walk(100_000, "1m")
    assert len(candles) >= stored
    assert (candles.close == expected.close[: len(candles)]).all()
    # The next writer repairs whatever was lost by appending it again.
    CandleStore(tmp_path).append("X", "BTC-USDT", expected.slice(0, stored + 5_000))
    assert CandleStore(tmp_path).coverage()[0][5:7] == (max(stored + 5_000, len(candles)), 0)
