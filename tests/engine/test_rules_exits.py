"""What ends a position, and when: exits at the open, targets, stops, trails, age, liquidation, funding, books."""

from __future__ import annotations

import math

import pytest

from core.instrument import Tier
from core.plan import EXIT_LONG, EXIT_SHORT, FIRST, MARKET, Level, Plan, Trail
from tests.engine.engines import ENGINES, Run
from tests.engine.rulebook import Case, Expected, from_average, ladder, market

NAN = math.nan
IN = Expected(1, "entry 0", 100.0, 10.0, 1.0)
TOUCH = (101.0, 101.5, 100.0, 101.0)
FLAT_100 = (100.0, 100.0, 100.0, 100.0)
FREE = {"slippage": 0.0, "maker_fee": 0.0, "taker_fee": 0.0}


def market_out(candle: int, reason: str, base: float, quantity: float = 10.0) -> Expected:
    return Expected(candle, reason, base * 0.99, quantity, quantity * base * 0.99 * 0.002)


def free(candle: int, reason: str, price: float, quantity: float = 10.0) -> Expected:
    return Expected(candle, reason, price, quantity, 0.0)


AT_THE_OPEN = [
    Case(
        "a target that the open is better than fills at the open and pays the taker fee",
        lambda col: ladder(col, 100, target=110),
        [TOUCH, (112, 113, 111, 112)],
        [IN, Expected(2, "target", 112.0, 10.0, 2.24)],
    ),
    Case(
        "an open exactly at the target fills there as maker",
        lambda col: ladder(col, 100, target=110),
        [TOUCH, (110, 113, 110, 112)],
        [IN, Expected(2, "target", 110.0, 10.0, 1.1)],
    ),
    Case(
        "a stop that the open has passed is met at the open",
        lambda col: ladder(col, 100, stop=90),
        [TOUCH, (85, 95, 85, 95)],
        [IN, market_out(2, "stop", 85.0)],
    ),
    Case(
        "an exit flag leaves at the next open only, and only its side",
        lambda col: ladder(col, 100, exit=col.flags(0, EXIT_SHORT, EXIT_SHORT, EXIT_LONG)),
        [TOUCH, (102, 103, 101, 102), (102, 103, 101, 102), (105, 106, 104, 105)],
        [IN, market_out(4, "exit", 105.0)],
    ),
    Case(
        "an exit flag goes before a stop that the open has passed",
        lambda col: ladder(col, 100, stop=90, exit=col.flags(0, EXIT_LONG)),
        [TOUCH, (85, 86, 84, 85)],
        [IN, market_out(2, "exit", 85.0)],
        refusals=[(2, "stop_passed", 0)],
    ),
    Case(
        "age leaves at the open of the row that is max_hold rows later",
        lambda col: ladder(col, 100, max_hold=2),
        [TOUCH, TOUCH, (103, 104, 102, 103)],
        [IN, market_out(3, "age", 103.0)],
    ),
    Case(
        "age counts plan rows, not candles",
        lambda col: ladder(col, 100, max_hold=1),
        [TOUCH, TOUCH, TOUCH, (103, 104, 102, 103)],
        [IN, market_out(4, "age", 103.0)],
        rows=[0, 0, 0, 1],
    ),
    Case(
        "a stop goes before age",
        lambda col: ladder(col, 100, stop=90, max_hold=1),
        [TOUCH, (85, 86, 84, 85)],
        [IN, market_out(2, "stop", 85.0)],
    ),
    Case(
        "age goes before a target that the open has passed",
        lambda col: ladder(col, 100, target=110, max_hold=1),
        [TOUCH, (112, 113, 111, 112)],
        [IN, market_out(2, "age", 112.0)],
    ),
    Case(
        "an exit flag acts at the first candle of its row only: a position entered there stays",
        lambda col: market(col, exit=col.flags(0, EXIT_LONG)),
        [FLAT_100, FLAT_100, FLAT_100],
        [free(1, "entry 0", 100.0), free(2, "exit", 100.0), free(2, "entry 0", 100.0)],
        rows=[0, 1, 1],
        costs=FREE,
    ),
    Case(
        "liquidation goes before the exit flag",
        lambda col: ladder(col, 100, stop=10, exit=col.flags(0, EXIT_LONG)),
        [TOUCH, (40, 41, 39, 40)],
        [IN, Expected(2, "liquidation", 50.0, 10.0, 0.0)],
        wallet=499.0,
    ),
]

TARGETS = [
    Case(
        "a fixed target keeps the value of the first fill's row",
        lambda col: ladder(col, 100, target_level=Level(col(110, 103)), stop=50),
        [TOUCH, (101, 104, 101, 101), (101, 110, 101, 101)],
        [IN, Expected(3, "target", 110.0, 10.0, 1.1)],
    ),
    Case(
        "a moving target takes each row's value",
        lambda col: ladder(col, 100, target_level=Level(col(110, 103), moving=True)),
        [TOUCH, (101, 104, 101, 101)],
        [IN, Expected(2, "target", 103.0, 10.0, 1.03)],
    ),
    Case(
        "a moving target that is NaN is none in that row, and is back in the next",
        lambda col: ladder(col, 100, target_level=Level(col(110, NAN, 111), moving=True)),
        [TOUCH, (101, 112, 101, 101), (101, 112, 101, 101)],
        [IN, Expected(3, "target", 111.0, 10.0, 1.11)],
    ),
    Case(
        "a target from the average follows the average of two fills",
        lambda col: ladder(col, 100, 80, target_level=from_average(0.05)),
        [(101, 101, 100, 101), (99, 99, 80, 94)],
        [
            Expected(1, "entry 0", 100.0, 5.0, 0.5),
            Expected(2, "entry 1", 80.0, 6.25, 0.5),
            Expected(2, "target", 1000 / 11.25 * 1.05, 11.25, 1.05),
        ],
    ),
    Case(
        "a target from the first price does not follow the average",
        lambda col: ladder(col, 100, 80, target_level=Level(FIRST, 0.05)),
        [(101, 101, 100, 101), (99, 99, 80, 94), (94, 105, 94, 94)],
        [
            Expected(1, "entry 0", 100.0, 5.0, 0.5),
            Expected(2, "entry 1", 80.0, 6.25, 0.5),
            Expected(3, "target", 105.0, 11.25, 11.25 * 105 * 0.001),
        ],
    ),
    Case(
        "a target that a fill has reached already is met at once, as taker",
        lambda col: market(col, target=100),
        [FLAT_100],
        [Expected(1, "entry 0", 100.0, 10.0, 2.0), Expected(1, "target", 100.0, 10.0, 2.0)],
        costs={"slippage": 0.0},
    ),
    Case(
        "a target is rounded away from the market, a stop towards the entry",
        lambda col: ladder(col, 100, target_level=from_average(0.0512), stop_level=from_average(-0.1012)),
        [TOUCH, (101, 105.2, 101, 101), (101, 105.5, 101, 101), TOUCH, (100, 100, 89.9, 90)],
        [
            IN,
            Expected(3, "target", 105.5, 10.0, 1.055),
            Expected(4, "entry 0", 100.0, 10.0, 1.0),
            market_out(5, "stop", 90.0),
        ],
        costs={"tick": 0.5, "compounding": False},
    ),
    Case(
        "a short's target is rounded down and its stop down",
        lambda col: ladder(col, 104, d=-1, target_level=from_average(0.05), stop_level=from_average(-0.1)),
        [(101, 104, 101, 101), (101, 101, 98.8, 101), (101, 101, 98.5, 101)],
        [
            Expected(1, "entry 0", 104.0, 1000 / 104, 1.0),
            Expected(3, "target", 98.5, 1000 / 104, 98.5 / 104),
        ],
        costs={"tick": 0.5},
    ),
]

STOPS = [
    Case(
        "a fixed stop stays although its column moves",
        lambda col: ladder(col, 100, stop_level=Level(col(90, 99))),
        [TOUCH, (101, 101, 95, 101), (101, 101, 90, 101)],
        [IN, market_out(3, "stop", 90.0)],
    ),
    Case(
        "a moving stop takes each row's value, nearer or farther",
        lambda col: ladder(col, 100, stop_level=Level(col(90, 96, 85), moving=True)),
        [TOUCH, (101, 101, 97, 101), (101, 101, 86, 101), (101, 101, 85, 101)],
        [IN, market_out(4, "stop", 85.0)],
    ),
    Case(
        "a moving stop that is NaN keeps the last good one",
        lambda col: ladder(col, 100, stop_level=Level(col(90, NAN), moving=True)),
        [TOUCH, (101, 101, 91, 101), (101, 101, 89, 101)],
        [IN, market_out(3, "stop", 90.0)],
    ),
    Case(
        "a stop from the average moves down with a second fill",
        lambda col: ladder(col, 100, 80, stop_level=from_average(-0.25)),
        [(101, 101, 76, 77), (77, 77, 66, 70)],
        [
            Expected(1, "entry 0", 100.0, 5.0, 0.5),
            Expected(1, "entry 1", 80.0, 6.25, 0.5),
            market_out(2, "stop", 1000 / 11.25 * 0.75, 11.25),
        ],
    ),
    Case(
        "a level below the first fill's stop is never reached",
        lambda col: ladder(col, 100, 80, stop_level=from_average(-0.1)),
        [(101, 101, 70, 77)],
        [Expected(1, "entry 0", 100.0, 5.0, 0.5), market_out(1, "stop", 90.0, 5.0)],
    ),
    Case(
        "a stop that a later fill brings past the market is met at once, at the market",
        lambda col: Plan(1, (0.0, MARKET), (0.01, 0.99), from_average(-0.005), base=col(100.0)),
        [TOUCH, (110, 112, 109, 110)],
        [free(1, "entry 0", 100.0, 0.1), free(2, "entry 1", 111.1, 9.0), free(2, "stop", 108.9, 9.1)],
        costs={**FREE, "slippage": 0.01},
    ),
    Case(
        "a stop from the first price and a unit",
        lambda col: ladder(col, 100, stop_level=Level(FIRST, -2.0, col(3.0, 1.0))),
        [TOUCH, (101, 101, 94, 101)],
        [IN, market_out(2, "stop", 94.0)],
    ),
    Case(
        "after a stop no entry until the next row, although the limit is touched again",
        lambda col: ladder(col, 100, stop=90),
        [(101, 101, 89, 101), (101, 101, 99, 101), (101, 101, 99, 101)],
        [IN, market_out(1, "stop", 90.0), Expected(3, "entry 0", 100.0, 10.0, 1.0)],
        rows=[0, 0, 1],
        costs={"compounding": False},
    ),
    Case(
        "cooldown counts rows after a stop-out",
        lambda col: ladder(col, 100, stop=90, cooldown=2),
        [(101, 101, 89, 101), TOUCH, TOUCH, TOUCH],
        [IN, market_out(1, "stop", 90.0), Expected(4, "entry 0", 100.0, 10.0, 1.0)],
        costs={"compounding": False},
    ),
    Case(
        "cooldown does not follow a target",
        lambda col: ladder(col, 100, target=102, cooldown=2),
        [TOUCH, (101, 102, 101, 101), TOUCH],
        [IN, Expected(2, "target", 102.0, 10.0, 1.02), Expected(3, "entry 0", 100.0, 10.0, 1.0)],
        costs={"compounding": False},
    ),
]

TRAILS = [
    Case(
        "a trail follows the best price of the path and is met on the way down",
        lambda col: ladder(col, 100, stop=50, trail=Trail(0.1)),
        [TOUCH, (101, 105, 94, 100)],
        [IN, market_out(2, "trail", 94.5)],
    ),
    Case(
        "an open better than the best price lifts the trail before the path goes down",
        lambda col: ladder(col, 100, stop=50, trail=Trail(0.1)),
        [TOUCH, (120, 134, 107, 110)],
        [IN, market_out(2, "trail", 108.0)],
    ),
    Case(
        "a trail begins at the market's price, not at the fill with its slippage",
        lambda col: market(col, trail=Trail(0.1)),
        [(100, 100, 90.5, 95), (95, 95, 90, 95)],
        [free(1, "entry 0", 101.0), free(2, "trail", 90.0 * 0.99)],
        costs={**FREE, "slippage": 0.01},
        rows=[0, 0],
    ),
    Case(
        "cooldown follows a trail",
        lambda col: ladder(col, 100, stop=50, trail=Trail(0.1), cooldown=2),
        [(101, 101, 90, 101), TOUCH, TOUCH, TOUCH],
        [free(1, "entry 0", 100.0), free(1, "trail", 90.0), free(4, "entry 0", 100.0)],
        costs={**FREE, "compounding": False},
    ),
    Case(
        "a trail only tightens: a wider unit leaves it",
        lambda col: ladder(col, 100, stop=50, trail=Trail(2.0, col(3.0, 30.0), moving=True)),
        [TOUCH, (101, 101, 96, 101), (101, 101, 94, 101)],
        [IN, market_out(3, "trail", 95.0)],
    ),
    Case(
        "a trail with a narrower moving unit tightens from the same best price",
        lambda col: ladder(col, 100, stop=50, trail=Trail(2.0, col(5.0, 1.0), moving=True)),
        [TOUCH, (101, 101, 99.5, 100), (100, 100, 98, 99)],
        [IN, market_out(3, "trail", 99.0)],
    ),
    Case(
        "a trail whose unit is NaN begins when the unit is known",
        lambda col: ladder(col, 100, stop=50, trail=Trail(2.0, col(NAN, 2.0), moving=True)),
        [TOUCH, (101, 101, 98, 98), (98, 98, 97, 97)],
        [IN, market_out(3, "trail", 97.0)],
    ),
    Case(
        "a fixed trail whose unit was NaN at the first fill never begins",
        lambda col: ladder(col, 100, stop=90, trail=Trail(2.0, col(NAN, 2.0))),
        [TOUCH, (101, 101, 90, 95)],
        [IN, market_out(2, "stop", 90.0)],
    ),
    Case(
        "of stop and trail the nearer counts",
        lambda col: ladder(col, 100, stop=96, trail=Trail(0.1)),
        [TOUCH, (101, 101, 95, 95)],
        [IN, market_out(2, "stop", 96.0)],
    ),
    Case(
        "a short's trail is above its best price",
        lambda col: ladder(col, 100, d=-1, stop=150, trail=Trail(0.1)),
        [(99, 100, 99, 99), (99, 99, 80, 89)],
        [
            Expected(1, "entry 0", 100.0, 10.0, 1.0),
            Expected(2, "trail", 88 * 1.01, 10.0, 10 * 88 * 1.01 * 0.002),
        ],
    ),
]

BOOKS = [
    Case(
        "isolated liquidation: the whole margin and the entry fee are lost",
        lambda col: ladder(col, 100, stop=10),
        [TOUCH, (101, 101, 50, 60)],
        [IN, Expected(2, "liquidation", 50.0, 10.0, 0.0)],
        wallet=499.0,
    ),
    Case(
        "isolated liquidation is where the margin meets the maintenance margin of the tier",
        lambda col: ladder(col, 100, stop=10),
        [TOUCH, (101, 101, 50.26, 60), (60, 60, 50.25, 60)],
        [IN, Expected(3, "liquidation", 50.0, 10.0, 0.0)],
    ),
    Case(
        "the tier is chosen by the position's notional",
        lambda col: ladder(col, 100, stop=10),
        [TOUCH, (101, 101, 54.4, 60)],
        [IN, Expected(2, "liquidation", 50.0, 10.0, 0.0)],
        costs={"tiers": (Tier(999, 0.005, 0.0), Tier(1e18, 0.1, 10.0))},
    ),
    Case(
        "a tier holds up to its notional, that included",
        lambda col: ladder(col, 100, stop=10),
        [TOUCH, (101, 101, 54.4, 60)],
        [IN],
        costs={"tiers": (Tier(1000, 0.005, 0.0), Tier(1e18, 0.1, 10.0))},
    ),
    Case(
        "a tier's deduction moves the liquidation price away",
        lambda col: ladder(col, 100, stop=10),
        [TOUCH, (101, 101, 55, 60), (60, 60, 54.4, 60)],
        [IN, Expected(3, "liquidation", 50.0, 10.0, 0.0)],
        costs={"tiers": (Tier(1e18, 0.1, 10.0),)},
    ),
    Case(
        "cooldown follows a liquidation",
        lambda col: ladder(col, 100, stop=10, cooldown=2),
        [(101, 101, 50, 101), TOUCH, TOUCH, TOUCH],
        [free(1, "entry 0", 100.0), free(1, "liquidation", 50.0), free(4, "entry 0", 100.0, 5.0)],
        costs=FREE,
    ),
    Case(
        "crossed margin: paid funding brings the liquidation price nearer",
        lambda col: ladder(col, 100, stop=1),
        [TOUCH, FLAT_100, (100, 100, 50, 60)],
        [free(1, "entry 0", 100.0), free(3, "liquidation", 50.0)],
        funding={2: 0.5},
        costs={**FREE, "crossed": True},
        wallet=0.0,
    ),
    Case(
        "the last tier counts above all",
        lambda col: ladder(col, 100, stop=10),
        [TOUCH, (101, 101, 55.6, 60)],
        [IN],
        costs={"tiers": (Tier(500, 0.005, 0.0), Tier(999, 0.1, 0.0))},
    ),
    Case(
        "crossed margin: the account's equity stands behind the position",
        lambda col: ladder(col, 100, stop=0.001),
        [TOUCH, (101, 101, 20, 60)],
        [IN],
        costs={"crossed": True},
        equity={2: 1000 + 10 * (60 - 100) - 1},
    ),
    Case(
        "liquidation before the stop when both have been passed at the open",
        lambda col: ladder(col, 100, stop=60),
        [TOUCH, (45, 45, 45, 45)],
        [IN, Expected(2, "liquidation", 50.0, 10.0, 0.0)],
    ),
    Case(
        "a stop above the liquidation price is met first on the path",
        lambda col: ladder(col, 100, stop=60),
        [TOUCH, (101, 101, 45, 45)],
        [IN, market_out(2, "stop", 60.0)],
    ),
    Case(
        "a short is liquidated above",
        lambda col: ladder(col, 100, d=-1, stop=500),
        [(99, 100, 99, 99), (99, 150, 99, 99)],
        [Expected(1, "entry 0", 100.0, 10.0, 1.0), Expected(2, "liquidation", 150.0, 10.0, 0.0)],
    ),
    Case(
        "funding is paid on the carried position at the open, not by an entry at that open",
        lambda col: market(col, target=110),
        [(100, 101, 99, 100), (104, 105, 104, 104), (104, 111, 104, 104)],
        [free(1, "entry 0", 100.0), free(3, "target", 110.0)],
        funding={1: 0.01, 2: 0.01},
        costs=FREE,
        wallet=1000 + 100 - 0.01 * 10 * 104,
        equity={1: 1000.0, 2: 1000 + 40 - 10.4},
    ),
    Case(
        "a short receives funding",
        lambda col: market(col, d=-1, stop=150, target=90),
        [(100, 101, 99, 100), (104, 105, 104, 104), (104, 104, 90, 104)],
        [free(1, "entry 0", 100.0), free(3, "target", 90.0)],
        funding={2: 0.01},
        costs=FREE,
        wallet=1000 + 100 + 10.4,
    ),
    Case(
        "funding is paid before the position leaves at that open",
        lambda col: market(col, target=102),
        [(100, 101, 99, 100), (104, 105, 104, 104)],
        [free(1, "entry 0", 100.0), free(2, "target", 104.0)],
        funding={2: 0.01},
        costs=FREE,
        wallet=1000 + 40 - 10.4,
    ),
    Case(
        "equity at the close carries entry fees; the wallet changes when the trade ends",
        lambda col: ladder(col, 100, target=110),
        [TOUCH, (101, 105, 101, 103), (103, 110, 103, 108)],
        [IN, Expected(3, "target", 110.0, 10.0, 1.1)],
        equity={0: 1000.0, 1: 1000 + 10 - 1, 2: 1000 + 30 - 1, 3: 1000 + 100 - 2.1},
        wallet=1097.9,
    ),
]

CASES = AT_THE_OPEN + TARGETS + STOPS + TRAILS + BOOKS


@pytest.mark.parametrize("run", ENGINES.values(), ids=ENGINES.keys())
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_exits(case: Case, run: Run) -> None:
    case.check(run(case))
