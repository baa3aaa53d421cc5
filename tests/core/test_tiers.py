"""Maintenance tiers: tables by date, deductions computed."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.settings import Asset, Assets
from core.tiers import ENDLESS, TierTable, TierTables, continuous
from scripts.configuration import read_settings
from scripts.options import config_folder

TABLES = {
    "BTC-USDT": [
        {"since": "2025-06-25", "source": "here", "steps": [[200_000, 0.004], [900_000, 0.005]]},
        {"since": "2024-01-01", "source": "there", "steps": [[100_000, 0.01]]},
    ]
}
RULES = {"symbol": "BTC-USDT", "tick": 0.1}


def tables() -> TierTables:
    return TierTables.model_validate({"tables": TABLES})


def ms(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("day", "rate"),
    [("2023-05-01", 0.01), ("2024-01-01", 0.01), ("2025-06-24", 0.01), ("2025-06-25", 0.004), ("2030-01-01", 0.004)],
)
def test_the_table_of_the_day_holds_and_the_oldest_before_all_of_them(day: str, rate: float) -> None:
    tiers = tables().at("BTC-USDT", ms(day))
    assert tiers is not None
    assert tiers[0].rate == rate


def test_a_symbol_without_table_has_none_and_keeps_its_own_tiers() -> None:
    assert tables().at("ETH-USDT", ms("2025-07-01")) is None
    rows = [Asset.model_validate({"symbol": s, "group": "g", "instrument": {**RULES, "symbol": s}})
            for s in ("BTC-USDT", "ETH-USDT")]
    assets = Assets(groups={"g": "all"}, assets=tuple(rows))
    with_tiers = assets.with_tiers(tables(), ms("2025-07-01"))
    btc, eth = (asset.instrument for asset in with_tiers.assets)
    assert btc is not None
    assert eth is not None
    assert [tier.deduction for tier in btc.tiers] == [0.0, 200.0]
    assert eth == rows[1].instrument


def test_the_last_rate_goes_on_beyond_the_last_step() -> None:
    tiers = tables().at("BTC-USDT", ms("2026-01-01"))
    assert tiers is not None
    assert tiers[-1].max_notional == ENDLESS


steps = st.lists(
    st.tuples(st.integers(1, 10**9), st.integers(1, 900).map(lambda n: n / 1000)), min_size=1, max_size=8,
    unique_by=lambda step: step[0],
).map(lambda rows: list(zip(sorted(a for a, _ in rows), sorted(b for _, b in rows), strict=True)))


@given(steps)
def test_maintenance_margin_is_continuous_and_what_the_steps_say_one_by_one(rows: list[tuple[float, float]]) -> None:
    tiers = continuous(rows)
    for lower, upper in itertools.pairwise(tiers):
        edge = lower.max_notional
        assert edge * lower.rate - lower.deduction == pytest.approx(edge * upper.rate - upper.deduction, rel=1e-9)
    limit = rows[-1][0]
    by_steps, below = 0.0, 0.0
    for edge, rate in rows:
        by_steps += (edge - below) * rate
        below = edge
    assert limit * tiers[-1].rate - tiers[-1].deduction == pytest.approx(by_steps, rel=1e-9)


@pytest.mark.parametrize(
    "change",
    [
        {"since": "25 June"},
        {"since": "2025-06"},
        {"since": "NaT"},
        {"since": "2025-02-30"},
        {"source": ""},
        {"steps": []},
        {"steps": [[2, 0.1], [1, 0.2]]},
        {"steps": [[1, 0.2], [2, 0.1]]},
        {"steps": [[1, 1.5]]},
        {"steps": [[0, 0.1]]},
        {"deduction": 1},
    ],
)
def test_a_table_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    good = {"since": "2025-06-25", "source": "here", "steps": [[1, 0.1], [2, 0.2]]}
    TierTable.model_validate(good)
    with pytest.raises(ValidationError):
        TierTable.model_validate({**good, **change})


def test_every_configured_asset_has_a_table_and_carries_it() -> None:
    settings = read_settings(config_folder(None))
    for asset in settings.assets.assets:
        assert asset.instrument is not None
        now = int(datetime.now(UTC).timestamp() * 1000)
        assert asset.instrument.tiers == settings.tiers.at(asset.symbol, now), asset.symbol
