"""Costs: every bound from both sides."""

from __future__ import annotations

import math
from typing import Any

import pytest

from core.errors import InputError
from core.instrument import Instrument, Tier
from engine.chance import symbol_id
from engine.costs import MAX_TIERS, Costs
from engine.records import cost_record

BOUNDS: list[tuple[str, list[Any], list[Any]]] = [
    ("maker_fee", [-0.1, 0.0, 0.0999], [-0.11, 0.1]),
    ("taker_fee", [0.0, 0.0999], [-0.0001, 0.1]),
    ("slippage", [0.0, 0.999], [-0.001, 1.0]),
    ("leverage", [1, 125.0], [0.99, 0, -3, math.inf]),
    ("capital_fraction", [0.001, 1.0], [0.0, -0.1, 1.001]),
    ("risk", [0.0, 1.0], [-0.1, 1.1]),
    ("guard", [0.001, 1.0], [0.0, 1.1]),
    ("tick", [0.0, 0.5], [-0.1, math.inf]),
    ("step", [0.0, 0.5], [-0.1, math.inf]),
    ("min_quantity", [0.0, 1.0], [-1.0]),
    ("min_notional", [0.0, 5.0], [-5.0]),
    ("trade_through", [0.0, 0.0999], [-0.01, 0.1]),
    ("fill_probability", [0.0, 1.0], [-0.1, 1.1]),
    ("participation", [0.0, 2.0], [-0.1]),
    (
        "tiers",
        [(Tier(1.0, 0.0, 0.0),), tuple(Tier(1.0 + i, 0.01, 0.0) for i in range(MAX_TIERS))],
        [
            (), tuple(Tier(1.0 + i, 0.01, 0.0) for i in range(MAX_TIERS + 1)),
            (Tier(2.0, 0.01, 0.0), Tier(1.0, 0.02, 0.0)), (Tier(2.0, 0.01, 0.0), Tier(2.0, 0.02, 0.0)),
            (Tier(1.0, 1.0, 0.0),), (Tier(1.0, -0.01, 0.0),),
        ],
    ),
]


@pytest.mark.parametrize(("key", "good"), [(key, value) for key, values, _ in BOUNDS for value in values])
def test_a_value_inside_its_bounds_is_taken(key: str, good: object) -> None:
    assert getattr(Costs(**{key: good}), key) == good


@pytest.mark.parametrize(("key", "bad"), [(key, value) for key, _, values in BOUNDS for value in values])
def test_a_value_outside_its_bounds_is_named_in_one_line(key: str, bad: object) -> None:
    with pytest.raises(InputError) as caught:
        Costs(**{key: bad})
    assert str(caught.value).startswith(f"costs: {key} = {bad!r}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", [key for key, _, _ in BOUNDS if key != "tiers"])
def test_nothing_may_be_undefined(key: str) -> None:
    with pytest.raises(InputError, match=f"costs: {key} = nan"):
        Costs(**{key: math.nan})


RULES = Instrument(
    symbol="X-USDT", tick=0.1, step=0.01, min_quantity=0.02, min_notional=5.0, maker_fee=-0.0001, taker_fee=0.0007,
    tiers=(Tier(100.0, 0.01, 0.0), Tier(1e18, 0.02, 1.0)),
)


def test_an_instruments_rules_become_costs() -> None:
    costs = Costs.of(RULES, leverage=4.0, seed=7)
    for key in ("tick", "step", "min_quantity", "min_notional", "maker_fee", "taker_fee", "tiers"):
        assert getattr(costs, key) == getattr(RULES, key)
    assert (costs.leverage, costs.seed) == (4.0, 7)
    assert Costs.of(RULES, taker_fee=0.0).taker_fee == 0.0
    with pytest.raises(InputError, match="leverage"):
        Costs.of(RULES, leverage=0)


def test_the_record_holds_every_value() -> None:
    costs = Costs.of(RULES, crossed=True, compounding=False, post_only=True, participation=0.1, seed=3)
    record = cost_record(costs, symbol_id("X-USDT"))[0]
    for key in ("tick", "step", "maker_fee", "guard", "crossed", "compounding", "post_only", "participation", "seed"):
        assert record[key] == getattr(costs, key)
    assert record["tiers"] == 2
    assert record["tier_notional"][:2].tolist() == [100.0, 1e18]
    assert record["tier_rate"][:2].tolist() == [0.01, 0.02]
    assert record["tier_deduction"][:2].tolist() == [0.0, 1.0]
    assert record["symbol_id"] == symbol_id("X-USDT")
