"""The path inside a candle, touches, ambiguity: hand-computed."""

from __future__ import annotations

import pytest

from engine.costs import Path
from tests.engine.engines import ENGINES, Run
from tests.engine.rulebook import Case, Expected, ladder

IN = Expected(1, "entry 0", 100.0, 10.0, 1.0)
TOUCH = (101.0, 101.5, 100.0, 101.0)


def out(candle: int, reason: str) -> Expected:
    return {
        "target": Expected(candle, "target", 110.0, 10.0, 1.1),
        "stop": Expected(candle, "stop", 90.0 * 0.99, 10.0, 1.782),
    }[reason]


CASES = [
    Case(
        "the low comes first when it is nearer: entered, then up to the target",
        lambda col: ladder(col, 100, target=110, stop=90),
        [(101, 111, 95, 100)],
        [IN, out(1, "target")],
    ),
    Case(
        "the low comes first when both are equally near",
        lambda col: ladder(col, 100, target=110, stop=90),
        [(103, 111, 95, 100)],
        [IN, out(1, "target")],
    ),
    Case(
        "the high comes first when it is nearer: the target was passed before the entry",
        lambda col: ladder(col, 100, target=110, stop=90),
        [(104, 111, 95, 100)],
        [IN],
    ),
    Case(
        "the last leg, to the close, may meet the target",
        lambda col: ladder(col, 100, target=110, stop=90),
        [(108, 111, 95, 110)],
        [IN, out(1, "target")],
    ),
    Case(
        "down to the low after the high: entered, then stopped",
        lambda col: ladder(col, 100, target=110, stop=90),
        [(101, 111, 89, 100)],
        [IN, out(1, "stop")],
        ambiguous=1,
    ),
    Case(
        "carried, the nearer high meets the target before the stop",
        lambda col: ladder(col, 100, target=110, stop=90),
        [TOUCH, (101, 111, 89, 100)],
        [IN, out(2, "target")],
        ambiguous=1,
    ),
    Case(
        "carried and pessimistic, the stop comes before the target",
        lambda col: ladder(col, 100, target=110, stop=90),
        [TOUCH, (101, 111, 89, 100)],
        [IN, out(2, "stop")],
        costs={"path": Path.PESSIMISTIC},
        ambiguous=1,
    ),
    Case(
        "carried and optimistic, the target comes before the nearer stop",
        lambda col: ladder(col, 100, target=110, stop=90),
        [TOUCH, (95, 111, 89, 100)],
        [IN, out(2, "target")],
        costs={"path": Path.OPTIMISTIC},
        ambiguous=1,
    ),
    Case(
        "carried, the nearer low meets the stop",
        lambda col: ladder(col, 100, target=110, stop=90),
        [TOUCH, (95, 111, 89, 100)],
        [IN, out(2, "stop")],
        ambiguous=1,
    ),
    Case(
        "flat and pessimistic, the high comes first: the target is not met after the entry",
        lambda col: ladder(col, 100, target=110, stop=80),
        [(101, 111, 95, 100)],
        [IN],
        costs={"path": Path.PESSIMISTIC},
    ),
    Case(
        "flat and optimistic, the low comes first although the high is nearer",
        lambda col: ladder(col, 100, target=110, stop=80),
        [(104, 111, 95, 100)],
        [IN, out(1, "target")],
        costs={"path": Path.OPTIMISTIC},
    ),
    Case(
        "a short's favourable extreme is the low: pessimistic and flat, it comes first",
        lambda col: ladder(col, 104, target=96, stop=120, d=-1),
        [(101, 105, 95, 100)],
        [Expected(1, "entry 0", 104.0, 1000 / 104, 1.0)],
        costs={"path": Path.PESSIMISTIC},
    ),
    Case(
        "a short carried and pessimistic meets its stop at the high first",
        lambda col: ladder(col, 104, target=96, stop=120, d=-1),
        [(101, 104, 101, 101), (101, 125, 95, 100)],
        [
            Expected(1, "entry 0", 104.0, 1000 / 104, 1.0),
            Expected(2, "stop", 120 * 1.01, 1000 / 104, 1000 / 104 * 120 * 1.01 * 0.002),
        ],
        costs={"path": Path.PESSIMISTIC},
    ),
    Case(
        "a limit is touched by a low exactly at it",
        lambda col: ladder(col, 100),
        [(101, 102, 100, 101)],
        [IN],
    ),
    Case(
        "a limit is not touched by a low just above it",
        lambda col: ladder(col, 100),
        [(101, 102, 100.00001, 101)],
    ),
    Case(
        "a flat candle at the limit touches it",
        lambda col: ladder(col, 100),
        [(100, 100, 100, 100)],
        [IN],
    ),
    Case(
        "an open exactly at the limit touches it before the path goes up",
        lambda col: ladder(col, 100, target=110, stop=90),
        [(100, 111, 88, 100)],
        [IN, out(1, "target")],
    ),
    Case(
        "a stop touched exactly by the low is met there",
        lambda col: ladder(col, 100, stop=90),
        [TOUCH, (101, 101, 90, 95)],
        [IN, out(2, "stop")],
    ),
    Case(
        "two levels and the stop on one leg, in their order",
        lambda col: ladder(col, 100, 95, stop=90),
        [(101, 101, 85, 95)],
        [
            Expected(1, "entry 0", 100.0, 5.0, 0.5),
            Expected(1, "entry 1", 95.0, 500 / 95, 0.5),
            Expected(1, "stop", 89.1, 5 + 500 / 95, (5 + 500 / 95) * 89.1 * 0.002),
        ],
    ),
    Case(
        "a deeper level is not filled after the target has ended the cycle",
        lambda col: ladder(col, 100, 95, target=103, stop=50),
        [(101, 104, 99, 96), (95, 95, 94, 94.5)],
        [
            Expected(1, "entry 0", 100.0, 5.0, 0.5),
            Expected(1, "target", 103.0, 5.0, 5 * 103 * 0.001),
            Expected(2, "entry 0", 95.0, 5.0, 5 * 95 * 0.002),
            Expected(2, "entry 1", 95.0, 500 / 95, 0.5),
        ],
        costs={"compounding": False},
    ),
    Case(
        "target and next limit within one candle are ambiguous too",
        lambda col: ladder(col, 100, 95, target=103),
        [TOUCH, (101, 104, 94, 99)],
        [Expected(1, "entry 0", 100.0, 5.0, 0.5), Expected(2, "target", 103.0, 5.0, 5 * 103 * 0.001)],
        ambiguous=1,
    ),
    Case(
        "a candle that only holds the target is not ambiguous",
        lambda col: ladder(col, 100, target=110, stop=90),
        [TOUCH, (101, 111, 99, 100)],
        [IN, out(2, "target")],
        ambiguous=0,
    ),
    Case(
        "trade-through: the price must go beyond the limit, which is still the price",
        lambda col: ladder(col, 100, 90),
        [(101, 102, 99.5, 101), (101, 102, 99, 101)],
        [Expected(2, "entry 0", 100.0, 5.0, 0.5)],
        costs={"trade_through": 0.01},
    ),
    Case(
        "a fill probability of 0 misses every touch",
        lambda col: ladder(col, 100),
        [TOUCH, TOUCH],
        costs={"fill_probability": 0.0},
    ),
    Case(
        "a fill probability of 0 does not concern an open beyond the limit",
        lambda col: ladder(col, 100),
        [(99, 99, 98, 99)],
        [Expected(1, "entry 0", 99.0, 10.0, 10 * 99 * 0.002)],
        costs={"fill_probability": 0.0},
    ),
]


@pytest.mark.parametrize("run", ENGINES.values(), ids=ENGINES.keys())
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_path(case: Case, run: Run) -> None:
    case.check(run(case))
