"""What the reference engine reads and writes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.plan import Level, Plan, Price, Trail
from tests.reference.arithmetic import level_price, round_exit

NAN = math.nan


@dataclass(frozen=True, slots=True)
class Tape:
    """Execution candles as arrays of one length; ``funding`` is the rate due at each opening time."""

    ts_ms: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    funding: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ts_ms)


class Fill(NamedTuple):
    """An entry (reason ``entry``), an exit (level -1), or a refused entry (quantity 0, at its order price)."""

    ts_ms: int
    reason: str
    level: int
    direction: int
    price: float
    quantity: float
    fee: float
    maker: bool
    cycle: int


class Trade(NamedTuple):
    """One cycle from flat to flat; net = gross - fees - funding."""

    opened_ms: int
    closed_ms: int
    cycle: int
    direction: int
    quantity: float
    average: float
    exit_price: float
    levels: int
    fees: float
    funding: float
    gross: float
    net: float
    reason: str


@dataclass(slots=True)
class Outcome:
    """Everything that happened, in order; the same for every engine.

    equity : at each close, before what the end of a window does.
    """

    fills: list[Fill] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    ambiguous: int = 0
    exposure: int = 0
    wallet: float = 0.0

    @property
    def made(self) -> list[Fill]:
        return [fill for fill in self.fills if fill.quantity > 0]

    @property
    def refusals(self) -> list[Fill]:
        return [fill for fill in self.fills if fill.quantity == 0]


@dataclass(frozen=True, slots=True)
class Row:
    """The values of one plan row; NaN where the plan has no such column."""

    number: int = -1
    direction: int = 0
    exit: int = 0
    weight: float = NAN
    ladder: tuple[float, float] = (NAN, NAN)
    target: tuple[float, float] = (NAN, NAN)
    stop: tuple[float, float] = (NAN, NAN)
    trail_unit: float = NAN


def row_of(plan: Plan, r: int) -> Row:
    """Row ``r`` of a plan; no row (-1) wants nothing."""
    if r < 0:
        return Row()
    direction = plan.direction if isinstance(plan.direction, int) else int(plan.direction[r])
    return Row(
        r,
        direction,
        0 if plan.exit is None else int(plan.exit[r]),
        1.0 if plan.row_weight is None else float(plan.row_weight[r]),
        (_at(plan.base, r), _at(plan.unit, r)),
        (NAN, NAN) if plan.target is None else (_at(plan.target.reference, r), _at(plan.target.unit, r)),
        (_at(plan.stop.reference, r), _at(plan.stop.unit, r)),
        NAN if plan.trail is None else _at(plan.trail.unit, r),
    )


def _at(column: object, r: int) -> float:
    return float(column[r]) if isinstance(column, np.ndarray) else NAN


@dataclass(slots=True)
class Cycle:
    """A position from its first fill to its exit, with the values that its levels are computed from.

    Amounts are per unit of ``scale``, but for ``reserved``, which is money.
    """

    d: int
    by_unit: bool
    scale: float
    capital: float
    ladder: tuple[float, float]
    target_values: tuple[float, float]
    stop_values: tuple[float, float]
    trail_unit: float
    first_row: int
    first_ms: int
    average: float = NAN
    quantity: float = 0.0
    cost: float = 0.0
    fees: float = 0.0
    funding: float = 0.0
    margin: float = 0.0
    reserved: float = 0.0
    used: int = 0
    first_price: float = NAN
    best: float = NAN
    stop: float = NAN
    trail: float = NAN
    target: float = NAN
    liquidation: float = NAN

    @property
    def trail_is_nearer(self) -> bool:
        return not math.isnan(self.trail) and self.d * self.trail > self.d * self.stop

    @property
    def stop_in_force(self) -> float:
        return self.trail if self.trail_is_nearer else self.stop

    def take_columns(self, plan: Plan, row: Row) -> None:
        """What a new row changes while the position is open."""
        if not plan.freeze:
            self.ladder = row.ladder
        if plan.target is not None and plan.target.moving:
            self.target_values = row.target
        if plan.stop.moving and known(plan.stop, row.stop):
            self.stop_values = row.stop
        if plan.trail is not None and plan.trail.moving and not math.isnan(row.trail_unit):
            self.trail_unit = row.trail_unit

    def renew(self, plan: Plan, tick: float) -> None:
        """Stop, trail and target from the current columns, average and best price."""
        raw = level_price(plan.stop, self.stop_values, self.d, self.average, self.first_price)
        stop = round_exit(raw, self.d, tick)
        if not math.isnan(stop):
            self.stop = stop
        self.target = NAN
        if plan.target is not None:
            target = level_price(plan.target, self.target_values, self.d, self.average, self.first_price)
            self.target = round_exit(target, self.d, tick)
        self.renew_trail(plan.trail, tick)

    def renew_trail(self, trail: Trail | None, tick: float) -> None:
        """The trail, which only tightens."""
        if trail is None:
            return
        unit = self.best if trail.unit is None else self.trail_unit
        candidate = round_exit(self.best - (self.d * trail.distance) * unit, self.d, tick)
        if math.isnan(candidate):
            return
        if math.isnan(self.trail) or self.d * candidate > self.d * self.trail:
            self.trail = candidate

    def improve(self, p: float, trail: Trail | None, tick: float) -> None:
        """The best price, and the trail behind it."""
        if self.d * (p - self.best) > 0:
            self.best = p
            self.renew_trail(trail, tick)


def known(level: Level, values: tuple[float, float]) -> bool:
    """Whether none of the columns that the level has is NaN."""
    reference = isinstance(level.reference, Price) or not math.isnan(values[0])
    return reference and (level.unit is None or not math.isnan(values[1]))
