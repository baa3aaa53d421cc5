"""Cases of the execution rules: candles, a plan, and what must come out, computed by hand.

Candle 0 of a case is always a lull at 101 in which row 0 becomes known; the rules act from candle 1. A plan is written
as a function of `Columns`, which turns ``col(5, 6)`` into a column that is 5 in row 0 and 6 from row 1 on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from core.plan import AVERAGE, MARKET, Level, Plan
from engine.costs import Costs
from tests.reference.records import Outcome, Tape

LULL = (101.0, 101.0, 101.0, 101.0)
STANDARD: dict[str, Any] = {
    "maker_fee": 0.001, "taker_fee": 0.002, "slippage": 0.01, "leverage": 2.0, "capital_fraction": 0.5, "guard": 1.0,
}
"""Capital 1000: the whole weight is a notional of 1000, so 10 at 100."""

HOUR_MS = 3_600_000


class Columns:
    """Builds columns and flags of a case's length."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __call__(self, *values: float) -> NDArray[np.float64]:
        return np.array([values[min(i, len(values) - 1)] for i in range(self.n)], dtype=np.float64)

    def flags(self, *values: int) -> NDArray[np.int8]:
        return self(*values).astype(np.int8)


class Expected(NamedTuple):
    """One fill; an entry's reason is ``entry 0``, ``entry 1``..., and ``price``, ``quantity``, ``fee`` are by hand."""

    candle: int
    reason: str
    price: float
    quantity: float
    fee: float


@dataclass(frozen=True)
class Case:
    name: str
    plan: Callable[[Columns], Plan]
    candles: list[tuple[float, ...]]
    fills: list[Expected] = field(default_factory=list)
    refusals: list[tuple[int, str, int]] = field(default_factory=list)
    costs: dict[str, Any] = field(default_factory=dict)
    funding: dict[int, float] = field(default_factory=dict)
    rows: list[int] | None = None
    ambiguous: int | None = None
    wallet: float | None = None
    equity: dict[int, float] = field(default_factory=dict)

    def tape(self) -> Tape:
        rows = [LULL, *self.candles]
        table = np.array([(*row, 1000.0)[:5] for row in rows], dtype=np.float64)
        n = len(rows)
        funding = np.zeros(n)
        for t, rate in self.funding.items():
            funding[t] = rate
        columns = [np.ascontiguousarray(table[:, i]) for i in range(5)]
        return Tape(np.arange(n, dtype=np.int64) * HOUR_MS, *columns, funding)

    def row(self) -> NDArray[np.int32]:
        n = len(self.candles) + 1
        return np.array([-1, *self.rows] if self.rows else range(-1, n - 1), dtype=np.int32)

    def check(self, result: Outcome) -> None:
        """Compares what an engine gave with what the case says."""
        got = [
            (f.ts_ms // HOUR_MS, f"entry {f.level}" if f.reason == "entry" else f.reason, f.price, f.quantity, f.fee)
            for f in result.made
        ]
        assert [row[:2] for row in got] == [row[:2] for row in self.fills]
        for mine, theirs in zip(got, self.fills, strict=True):
            assert mine[2:] == pytest.approx(tuple(theirs[2:]), rel=1e-12)
        assert [(r.ts_ms // HOUR_MS, r.reason, r.level) for r in result.refusals] == self.refusals
        if self.ambiguous is not None:
            assert result.ambiguous == self.ambiguous
        if self.wallet is not None:
            assert result.wallet == pytest.approx(self.wallet, rel=1e-12)
        for t, value in self.equity.items():
            assert result.equity[t] == pytest.approx(value, rel=1e-12)
        assert result.wallet - 1000.0 == pytest.approx(sum(trade.net for trade in result.trades), abs=1e-9)

    @property
    def cost_model(self) -> Costs:
        return Costs(**{**STANDARD, **self.costs})


def ladder(
    col: Columns, *limits: float, target: float | None = None, stop: float = 50.0, d: int = 1, **others: Any
) -> Plan:
    """Limits, target and stop at fixed prices, equal weights."""
    base = 100.0
    return Plan(
        d,
        tuple(d * (limit - base) for limit in limits),
        tuple(1 / len(limits) for _ in limits),
        others.pop("stop_level", None) or Level(col(stop)),
        base=others.pop("base", None) if "base" in others else col(base),
        unit=col(1.0),
        target=others.pop("target_level", None) or (None if target is None else Level(col(target))),
        **others,
    )


def market(col: Columns, *, stop: float = 50.0, target: float | None = None, d: Any = 1, **others: Any) -> Plan:
    """One market order, target and stop at fixed prices."""
    count = others.pop("count", 1)
    return Plan(
        d,
        (MARKET,) * count,
        (1 / count,) * count,
        others.pop("stop_level", None) or Level(col(stop)),
        target=others.pop("target_level", None) or (None if target is None else Level(col(target))),
        **others,
    )


def from_average(fraction: float, *, moving: bool = False) -> Level:
    """A fraction away from the average price."""
    return Level(AVERAGE, fraction, moving=moving)
