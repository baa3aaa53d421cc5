"""Instruments, plans' levels, and what settings refuse by themselves, whichever file or program built them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from core.errors import ConfigurationError, InputError, RetryLater, SymbolHalted
from core.instrument import Instrument, Tier
from core.plan import AVERAGE, FIRST, MARKET, Level, Plan, Price, fraction_of_average
from core.settings import Asset, Assets, Exchange, Exchanges, Misfit, Settings, Strategies, StrategyEntry


def test_an_instrument_knows_its_base_currency() -> None:
    assert Instrument(symbol="BTC-USDT").base == "BTC"
    assert Instrument(symbol="1000PEPE-USDT").base == "1000PEPE"


@pytest.mark.parametrize(
    "wrong",
    [
        {"tick": -0.1}, {"step": -1}, {"min_quantity": -1}, {"min_notional": -5}, {"maker_fee": -0.02},
        {"taker_fee": -0.0001}, {"taker_fee": 0.06}, {"max_leverage": 0.5}, {"tick_size": 0.1},
    ],
    ids=str,
)
def test_an_instrument_refuses_what_no_venue_has(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Instrument(symbol="BTC-USDT", **wrong)


def test_an_instrument_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Instrument(symbol="BTC-USDT").tick = 1.0  # type: ignore[misc]


def test_tiers_are_read_from_plain_lists() -> None:
    tiers = Instrument.model_validate({"symbol": "X-USDT", "tiers": [[1000, 0.01, 0], [1e18, 0.02, 10]]}).tiers
    assert tiers == (Tier(1000.0, 0.01, 0.0), Tier(1e18, 0.02, 10.0))


def test_a_fraction_of_the_average_is_one_level_however_often_it_is_asked_for() -> None:
    level = fraction_of_average(-0.25)
    assert level == Level(AVERAGE, -0.25, None, moving=False)
    assert fraction_of_average(-0.25) is level
    assert fraction_of_average(-0.2) != level


def test_references_of_an_open_cycle_are_told_apart_from_columns() -> None:
    assert AVERAGE is Price.AVERAGE
    assert FIRST is Price.FIRST
    assert AVERAGE != FIRST
    assert min(AVERAGE, FIRST) < 0
    assert math.isnan(MARKET)


def test_a_plan_says_nothing_that_it_was_not_told() -> None:
    plan = Plan(1, (MARKET,), (1.0,), Level(AVERAGE, -0.1))
    nothing = ("base", "unit", "target", "trail", "exit", "row_weight", "score")
    assert [getattr(plan, name) for name in nothing] == [None] * len(nothing)
    assert (plan.freeze, plan.max_hold, plan.cooldown) == (False, 0, 0)


def test_a_plan_has_no_other_fields() -> None:
    with pytest.raises(AttributeError):
        Plan(1, (MARKET,), (1.0,), Level(np.ones(3))).levrage = 3  # type: ignore[attr-defined]


def settings(entry: StrategyEntry, **asset: Any) -> Settings:
    assets = Assets(groups={"g": ""}, assets=(Asset(symbol="BTC-USDT", group="g", **asset),))
    strategies, exchanges = Strategies(strategies={"mine": entry}), Exchanges(exchanges={"bitget": Exchange()})
    return Settings(assets=assets, strategies=strategies, exchanges=exchanges)


def test_settings_that_fit_together_are_taken() -> None:
    fitting = settings(StrategyEntry(symbols=("BTC-USDT",), timeframe="1h", leverage=5.0), leverage=5)
    assert fitting.assets.asset("BTC-USDT").leverage == 5
    with pytest.raises(KeyError):
        fitting.assets.asset("ETH-USDT")


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        (StrategyEntry(symbols=("ETH-USDT",)), "strategies.mine.symbols"),
        (StrategyEntry(per_asset={"ETH-USDT": {}}), "strategies.mine.per_asset"),
        (StrategyEntry(symbols=("BTC-USDT",), leverage=6.0), "strategies.mine.leverage"),
        (StrategyEntry(timeframe="2h"), "strategies.mine.timeframe"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_a_misfit_across_files_names_its_key(entry: StrategyEntry, key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(entry)
    cause = caught.value.errors()[0]["ctx"]["error"]
    assert isinstance(cause, Misfit)
    assert cause.key == key


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings(StrategyEntry()).risk.max_positions = 9  # type: ignore[misc]


def test_errors_say_what_is_to_be_done() -> None:
    wrong = ConfigurationError("risk.yaml", "daily_loss", 2, "at most 1")
    assert str(wrong) == "risk.yaml: daily_loss = 2: at most 1"
    assert isinstance(wrong, InputError)
    assert RetryLater("busy", code="429", retry_after_s=3.0).retry_after_s == 3.0
    assert str(SymbolHalted("BTC-USDT", "why")) == "BTC-USDT: why"
