"""Stored runs, windows and jobs, with the fields that matter open."""

from __future__ import annotations

import dataclasses
from typing import Any

from storage.research_records import StoredJob, StoredRun, StoredWindow
from tests.messages import T0

DAY = 86_400_000


def run(number: int = 0, **changes: Any) -> StoredRun:
    stored = StoredRun(
        fingerprint=f"{number:064x}", result_hash="a" * 64, ts_ms=T0 + number, received_ms=T0 + 5,
        strategy="envelope_dca", symbol="BTC-USDT", timeframe="1h",
        from_ms=T0 - 500 * DAY, to_ms=T0, origin="here", code_version="0.1.0",
        duration_s=1.5, combinations=324, windows=5, trials=324, grade="A", score=91.25, gate_passed=True, sharpe=2.5,
        in_sample_sharpe=3.0, total_return=0.4, max_drawdown=0.1, trades=120, consistency=0.8, deflated_sharpe=0.97,
        pbo=0.1, p_value=0.01, instability=0.2,
    )
    return dataclasses.replace(stored, **changes)


def window(number: int = 0, **changes: Any) -> StoredWindow:
    begin = T0 + number * 60 * DAY
    stored = StoredWindow(
        number=number, in_from_ms=begin, in_to_ms=begin + 180 * DAY, out_from_ms=begin + 181 * DAY,
        out_to_ms=begin + 240 * DAY, combination=number, params={"ma_period": 5}, in_sharpe=2.0, out_sharpe=1.5,
        in_return=0.2, out_return=0.1, in_drawdown=0.05, out_drawdown=0.04, in_trades=40, out_trades=15,
    )
    return dataclasses.replace(stored, **changes)


def job(job_id: str = "j1", **changes: Any) -> StoredJob:
    stored = StoredJob(
        job_id=job_id, ts_ms=T0, state="waiting", strategy="envelope_dca", symbols=("BTC-USDT", "ETH-USDT"),
        request={"strategy": "envelope_dca"}, total=10,
    )
    return dataclasses.replace(stored, **changes)
