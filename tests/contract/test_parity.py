"""Parity on real candles, a short span of what ``python -m tests.parity`` shows for a month."""

from __future__ import annotations

import pytest

from tests.parity import parity
from tests.shared import shared_path


@pytest.mark.slow
async def test_two_days_of_real_candles_give_the_same_trades_three_times():
    folder = shared_path("data", "BINANCE_FUTURES")
    counts = await parity(folder, 1_740_873_600_000, 2, lambda line: None)  # 2025-03-02, a fall and its recovery
    assert sum(counts.values()) >= 3
