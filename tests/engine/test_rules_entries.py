"""When entries happen, at what price and size, and why they are refused."""

from __future__ import annotations

import math

import pytest

from core.instrument import Tier
from core.plan import AVERAGE, EXIT_LONG, FIRST, MARKET, Level, Plan
from tests.engine.engines import ENGINES, Run
from tests.engine.rulebook import Case, Expected, from_average, ladder, market

NAN = math.nan
IN = Expected(1, "entry 0", 100.0, 10.0, 1.0)
TOUCH = (101.0, 101.5, 100.0, 101.0)
AT_100 = (100.0, 101.0, 99.0, 100.0)
FREE = {"slippage": 0.0, "maker_fee": 0.0, "taker_fee": 0.0}
FIXED = {**FREE, "compounding": False}


def free(candle: int, reason: str, price: float, quantity: float = 10.0) -> Expected:
    return Expected(candle, reason, price, quantity, 0.0)


ENTRIES = [
    Case(
        "a market entry fills at the open with slippage and the taker fee, its size is by the open",
        lambda col: market(col),
        [AT_100],
        [Expected(1, "entry 0", 101.0, 10.0, 10 * 101 * 0.002)],
    ),
    Case(
        "a market entry is made at the first candle of its row only",
        lambda col: market(col, d=col.flags(0, 1)),
        [AT_100, AT_100, AT_100],
        [free(3, "entry 0", 100.0)],
        rows=[0, 0, 1],
        costs=FREE,
    ),
    Case(
        "after a stop in its first candle a market entry is not made again in that row",
        lambda col: market(col, stop=99.5),
        [(100, 101, 99, 100), (100, 101, 99.6, 100)],
        [free(1, "entry 0", 100.0), free(1, "stop", 99.5)],
        rows=[0, 0],
        costs=FREE,
    ),
    Case(
        "a market entry whose turn comes in the middle of a row waits for the next",
        lambda col: Plan(1, (0.0, MARKET), (0.5, 0.5), Level(col(50.0)), base=col(100.0)),
        [TOUCH, (125, 125, 125, 125), (125, 125, 125, 125)],
        [free(1, "entry 0", 100.0, 5.0), free(3, "entry 1", 125.0, 4.0)],
        rows=[0, 0, 1],
        costs=FREE,
    ),
    Case(
        "several market entries need as many rows",
        lambda col: market(col, count=2),
        [AT_100, AT_100, (125, 125, 125, 125), AT_100],
        [free(1, "entry 0", 100.0, 5.0), free(3, "entry 1", 125.0, 4.0)],
        rows=[0, 0, 1, 2],
        costs=FREE,
    ),
    Case(
        "an open beyond the limit fills at the open as taker, without slippage, sized by the limit",
        lambda col: ladder(col, 100),
        [(98, 99, 97, 98)],
        [Expected(1, "entry 0", 98.0, 10.0, 1.96)],
    ),
    Case(
        "a post-only limit is refused when the candle opens beyond it, and rests again with the next row",
        lambda col: ladder(col, 100),
        [(98, 101, 97, 98), (98, 101, 97, 101), TOUCH],
        [Expected(3, "entry 0", 100.0, 10.0, 1.0)],
        refusals=[(1, "post_only", 0)],
        rows=[0, 0, 1],
        costs={"post_only": True},
    ),
    Case(
        "every level fills once in a cycle",
        lambda col: ladder(col, 100, 90),
        [TOUCH, TOUCH, (101, 101, 90, 101), (101, 101, 90, 101)],
        [free(1, "entry 0", 100.0, 5.0), free(3, "entry 1", 90.0, 500 / 90)],
        costs=FREE,
    ),
    Case(
        "two levels beyond the open fill there in their order",
        lambda col: ladder(col, 100, 95),
        [(94, 96, 93, 94)],
        [free(1, "entry 0", 94.0, 5.0), free(1, "entry 1", 94.0, 500 / 95)],
        costs=FREE,
    ),
    Case(
        "a short's limit is above the market",
        lambda col: ladder(col, 104, d=-1, stop=150),
        [(101, 103.9, 101, 101), (101, 104, 101, 101)],
        [free(2, "entry 0", 104.0, 1000 / 104)],
        costs=FREE,
    ),
    Case(
        "a limit to buy is rounded down, a limit to sell up",
        lambda col: Plan(
            col.flags(1, 0, -1), (0.0,), (1.0,), from_average(-0.3), base=col(100.3), exit=col.flags(0, EXIT_LONG)
        ),
        [(101, 101, 100, 101), (101, 101, 101, 101), (100, 100.5, 100, 100.5)],
        [free(1, "entry 0", 100.0), free(2, "exit", 101.0), free(3, "entry 0", 100.5, 1000 / 100.5)],
        costs={**FIXED, "tick": 0.5},
    ),
    Case(
        "a ladder that is not frozen moves with each row",
        lambda col: Plan(1, (0.0, -0.1), (0.5, 0.5), Level(col(50.0)), base=col(100.0, 80.0)),
        [TOUCH, (101, 101, 80, 101), (101, 101, 72, 101)],
        [free(1, "entry 0", 100.0, 5.0), free(3, "entry 1", 72.0, 500 / 72)],
        costs=FREE,
    ),
    Case(
        "a frozen ladder keeps the levels of the first fill's row",
        lambda col: Plan(1, (0.0, -0.1), (0.5, 0.5), Level(col(50.0)), base=col(100.0, 80.0), freeze=True),
        [TOUCH, (101, 101, 90, 101)],
        [free(1, "entry 0", 100.0, 5.0), free(2, "entry 1", 90.0, 500 / 90)],
        costs=FREE,
    ),
    Case(
        "levels from the first fill follow its price",
        lambda col: Plan(1, (MARKET, -2.0), (0.5, 0.5), Level(col(50.0)), base=FIRST, unit=col(3.0)),
        [AT_100, (100, 100, 94, 100)],
        [free(1, "entry 0", 100.0, 5.0), free(2, "entry 1", 94.0, 500 / 94)],
        costs=FREE,
    ),
    Case(
        "direction 0 withdraws the resting levels of an open position",
        lambda col: Plan(
            col.flags(1, 0, 1), (0.0, -10.0), (0.5, 0.5), Level(col(50.0)), base=col(100.0), unit=col(1.0)
        ),
        [TOUCH, (101, 101, 89, 101), (101, 101, 90, 101)],
        [free(1, "entry 0", 100.0, 5.0), free(3, "entry 1", 90.0, 500 / 90)],
        costs=FREE,
    ),
    Case(
        "entries against an open position are ignored",
        lambda col: Plan(col.flags(1, -1), (MARKET, MARKET), (0.5, 0.5), from_average(-0.4)),
        [AT_100, AT_100],
        [free(1, "entry 0", 100.0, 5.0)],
        costs=FREE,
    ),
    Case(
        "an exit flag's row may enter the other way at the same open",
        lambda col: Plan(col.flags(1, -1), (MARKET,), (1.0,), from_average(-0.4), exit=col.flags(0, EXIT_LONG)),
        [AT_100, AT_100],
        [free(1, "entry 0", 100.0), free(2, "exit", 100.0), free(2, "entry 0", 100.0)],
        costs=FREE,
    ),
    Case(
        "after a target no entry until the next row",
        lambda col: ladder(col, 100, target=105),
        [(101, 106, 100, 106), (101, 106, 100, 106), TOUCH],
        [free(1, "entry 0", 100.0), free(1, "target", 105.0), free(3, "entry 0", 100.0)],
        rows=[0, 0, 1],
        costs=FIXED,
    ),
    Case(
        "a NaN base makes no entry in that row",
        lambda col: Plan(1, (0.0,), (1.0,), Level(col(50.0)), base=col(NAN, 100.0)),
        [TOUCH, TOUCH],
        [free(2, "entry 0", 100.0)],
        costs=FREE,
    ),
    Case(
        "a row weight scales the size; 0 and NaN make no entry",
        lambda col: ladder(col, 100, row_weight=col(0.0, NAN, 0.25)),
        [TOUCH, TOUCH, TOUCH],
        [free(3, "entry 0", 100.0, 2.5)],
        costs=FREE,
    ),
]

SIZES = [
    Case(
        "the size is capital x fraction x weight x leverage",
        lambda col: Plan(1, (0.0,), (0.4,), Level(col(50.0)), base=col(100.0)),
        [TOUCH],
        [free(1, "entry 0", 100.0, 1000 * 0.25 * 0.4 * 5 / 100)],
        costs={**FREE, "capital_fraction": 0.25, "leverage": 5.0},
    ),
    Case(
        "compounding sizes by the wallet at the cycle's start",
        lambda col: ladder(col, 100, target=110),
        [TOUCH, (110, 110, 110, 110), TOUCH],
        [free(1, "entry 0", 100.0), free(2, "target", 110.0), free(3, "entry 0", 100.0, 11.0)],
        costs=FREE,
    ),
    Case(
        "without compounding the initial capital sizes every cycle",
        lambda col: ladder(col, 100, target=110),
        [TOUCH, (110, 110, 110, 110), TOUCH],
        [free(1, "entry 0", 100.0), free(2, "target", 110.0), free(3, "entry 0", 100.0)],
        costs=FIXED,
    ),
    Case(
        "sizing by risk: the stop distance with both fees and slippage loses the risked part",
        lambda col: ladder(col, 100, stop=90),
        [TOUCH],
        [Expected(1, "entry 0", 100.0, 1000 * 0.05 / 0.113 / 100, 1000 * 0.05 / 0.113 * 0.001)],
        costs={"risk": 0.05},
    ),
    Case(
        "sizing by risk counts the taker fee twice for market entries",
        lambda col: market(col, stop=90),
        [AT_100],
        [
            Expected(1, "entry 0", 101.0, 1000 * 0.05 / 0.114 / 100, 1000 * 0.05 / 0.114 / 100 * 101 * 0.002),
        ],
        costs={"risk": 0.05},
    ),
    Case(
        "sizing by risk takes the stop from the order price and a limit's maker fee, also when the open is better",
        lambda col: ladder(col, 100, stop_level=Level(AVERAGE, -5.0, col(1.0))),
        [(98, 99, 97, 98)],
        [
            Expected(1, "entry 0", 98.0, 1000 * 0.01 / 0.063 / 100, 1000 * 0.01 / 0.063 / 100 * 98 * 0.002),
        ],
        costs={"risk": 0.01},
    ),
    Case(
        "sizing by risk is capped by the capital's share",
        lambda col: ladder(col, 100, stop=99),
        [(101, 101.5, 100, 101)],
        [IN],
        costs={"risk": 0.5},
    ),
    Case(
        "quantities are floored to the step",
        lambda col: ladder(col, 90),
        [(91, 91, 90, 91)],
        [free(1, "entry 0", 90.0, 11.1)],
        costs={**FREE, "step": 0.1},
    ),
    Case(
        "a participation limits an entry to a share of the candle's volume, the rest is cancelled",
        lambda col: ladder(col, 100),
        [(101, 102, 100, 101, 60.0), TOUCH],
        [free(1, "entry 0", 100.0, 6.0)],
        costs={**FREE, "participation": 0.1},
    ),
]

REFUSALS = [
    Case(
        "below the minimum quantity",
        lambda col: ladder(col, 100),
        [TOUCH],
        refusals=[(1, "below_minimum", 0)],
        costs={"min_quantity": 10.5},
    ),
    Case(
        "below the minimum notional, by the order price",
        lambda col: ladder(col, 100),
        [TOUCH],
        refusals=[(1, "below_minimum", 0)],
        costs={"min_notional": 1000.01},
    ),
    Case(
        "a minimum notional that the order price meets although the fill is cheaper",
        lambda col: ladder(col, 100),
        [(98, 99, 97, 98)],
        [free(1, "entry 0", 98.0)],
        costs={**FREE, "min_notional": 990.0},
    ),
    Case(
        "a step larger than the quantity leaves nothing",
        lambda col: ladder(col, 100),
        [TOUCH],
        refusals=[(1, "below_minimum", 0)],
        costs={"step": 11.0},
    ),
    Case(
        "a candle without volume fills nothing under a participation",
        lambda col: ladder(col, 100),
        [(101, 102, 100, 101, 0.0)],
        refusals=[(1, "below_minimum", 0)],
        costs={"participation": 0.1},
    ),
    Case(
        "a refused level blocks the rest of its row, once, and is tried again in the next",
        lambda col: Plan(1, (0.0, -0.05), (0.1, 0.9), Level(col(50.0)), base=col(100.0)),
        [(101, 101, 90, 101), (101, 101, 90, 101), (101, 101, 90, 101)],
        refusals=[(1, "below_minimum", 0), (3, "below_minimum", 0)],
        rows=[0, 0, 1],
        costs={"min_notional": 500.0},
    ),
    Case(
        "a stop that the open has passed refuses the first entry",
        lambda col: market(col, stop=100),
        [AT_100],
        refusals=[(1, "stop_passed", 0)],
    ),
    Case(
        "a stop within slippage of the market refuses the entry",
        lambda col: market(col, stop_level=from_average(-0.005)),
        [AT_100],
        refusals=[(1, "stop_passed", 0)],
    ),
    Case(
        "a limit filled by a trade-through beyond its stop is refused",
        lambda col: ladder(col, 100, stop=99.5),
        [(101, 102, 99, 101)],
        refusals=[(1, "stop_passed", 0)],
        costs={"trade_through": 0.01},
    ),
    Case(
        "a stop on the wrong side refuses the entry",
        lambda col: ladder(col, 100, stop=105),
        [TOUCH],
        refusals=[(1, "stop_passed", 0)],
    ),
    Case(
        "a NaN stop refuses the first entry",
        lambda col: ladder(col, 100, stop=NAN),
        [TOUCH],
        refusals=[(1, "no_stop", 0)],
    ),
    Case(
        "the margin guard: reserved plus new margin above its share of the wallet",
        lambda col: ladder(col, 100, 95),
        [(101, 101, 95, 101)],
        [free(1, "entry 0", 100.0, 5.0)],
        refusals=[(1, "margin_guard", 1)],
        costs={**FREE, "guard": 0.4},
    ),
    Case(
        "the margin guard allows exactly its share",
        lambda col: ladder(col, 100, 95),
        [(101, 101, 95, 101)],
        [free(1, "entry 0", 100.0, 5.0), free(1, "entry 1", 95.0, 500 / 95)],
        costs={**FREE, "guard": 0.5},
    ),
    Case(
        "the margin guard forgives the last bit: these three margins add up to 900.0000000000001",
        lambda col: Plan(1, (-1.0, -2.0, -7.0), (0.1, 0.2, 0.7), Level(col(80.0)), base=col(100.0), unit=col(1.0)),
        [(101, 101, 93, 101)],
        [free(1, "entry 0", 99.0, 270 / 99), free(1, "entry 1", 98.0, 540 / 98), free(1, "entry 2", 93.0, 1890 / 93)],
        costs={**FREE, "capital_fraction": 0.9, "leverage": 3.0, "guard": 0.9},
    ),
    Case(
        "a liquidation price that the market has passed refuses the first entry",
        lambda col: ladder(col, 100, stop=50),
        [TOUCH],
        refusals=[(1, "liquidation_passed", 0)],
        costs={"leverage": 10.0, "tiers": (Tier(1e18, 0.15, 0.0),)},
    ),
    Case(
        "a wallet that is gone refuses for want of capital",
        lambda col: ladder(col, 100, stop=1),
        [TOUCH, (10, 10, 10, 10), TOUCH],
        [
            Expected(1, "entry 0", 100.0, 20.0, 2.0),
            Expected(2, "liquidation", 50.0, 20.0, 0.0),
        ],
        refusals=[(3, "no_capital", 0)],
        costs={"capital_fraction": 1.0},
        wallet=-2.0,
    ),
]

CASES = ENTRIES + SIZES + REFUSALS


@pytest.mark.parametrize("run", ENGINES.values(), ids=ENGINES.keys())
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_entries(case: Case, run: Run) -> None:
    case.check(run(case))
