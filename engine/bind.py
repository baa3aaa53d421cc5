"""From plans to records: columns numbered once over a sweep, every plan a fixed-size record packed in one go."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise
from math import inf, isfinite, isnan

import numpy as np

from core.errors import InputError
from core.plan import EXIT_LONG, EXIT_SHORT, MAX_ENTRIES, Level, Plan, Price
from engine.records import FROM_AVERAGE, FROM_FIRST, NO_COLUMN, PLAN

_LADDER = struct.Struct("=" + "d" * (3 * MAX_ENTRIES))
_REST = struct.Struct("=" + "d" * 3 + "i" * 18)
_SIZE = _LADDER.size + _REST.size
assert PLAN.itemsize >= _SIZE  # the layout law of this file: the order of PLAN's fields


class Binder:
    """Collects plans over the same rows; `arrays` gives what the compiled walk reads.

    Every plan is checked when it is added: InputError names what is wrong with it. Columns are told apart by their
    identity, which is why they are kept.
    """

    def __init__(self, n_rows: int) -> None:
        self.n_rows = n_rows
        self._columns: list[np.ndarray] = []
        self._flags: list[np.ndarray] = []
        self._kept: list[object] = []
        self._number: dict[int, int] = {
            id(None): NO_COLUMN, id(Price.AVERAGE): FROM_AVERAGE, id(Price.FIRST): FROM_FIRST
        }
        self._flag_number: dict[int, int] = {}
        self._exit_number: dict[int, int] = {}
        self._ladders: dict[tuple[tuple[float, ...], tuple[float, ...]], bytes] = {}
        self._packed: list[bytes] = []

    def __len__(self) -> int:
        return len(self._packed) // 2

    def add(self, plan: Plan) -> int:
        """Number of the plan within this binder."""
        coefficients, target, stop, trail = plan.coefficients, plan.target, plan.stop, plan.trail
        column, flag = self._number.get, self._flag_number.get
        try:
            ladder = self._ladders.get((coefficients, plan.weights))
        except TypeError:
            raise InputError("plan: coefficients and weights: allowed are tuples of numbers") from None
        if ladder is None:
            ladder = self._ladders[coefficients, plan.weights] = _packed_ladder(plan)
        _check_protection(plan)
        base = column(id(plan.base))
        if base is None:
            base = self._column(plan.base)
        elif base == FROM_AVERAGE or (base == NO_COLUMN and not all(map(isnan, coefficients))):
            raise InputError("plan: limit entries need a base: a column or FIRST")
        # None is the usual answer, and asking for it first is the cheapest way to it
        unit = NO_COLUMN if plan.unit is None else column(id(plan.unit))
        guard, guard_unit = column(id(stop.reference)), NO_COLUMN if stop.unit is None else column(id(stop.unit))
        weight = NO_COLUMN if plan.row_weight is None else column(id(plan.row_weight))
        aim, aim_unit, trail_unit = NO_COLUMN, NO_COLUMN, NO_COLUMN
        aim_coefficient, aim_moves, distance, trail_moves = 0.0, False, 0.0, False
        if target is not None:
            known = column(id(target.reference))
            aim = self._column(target.reference) if known is None else known
            if target.unit is not None:
                known = column(id(target.unit))
                aim_unit = self._column(target.unit) if known is None else known
            aim_coefficient, aim_moves = target.coefficient, target.moving
        if trail is not None:
            known = column(id(trail.unit))
            trail_unit = self._column(trail.unit) if known is None else known
            distance, trail_moves = trail.distance, trail.moving
        unit = self._column(plan.unit) if unit is None else unit
        guard = self._column(stop.reference) if guard is None else guard
        guard_unit = self._column(stop.unit) if guard_unit is None else guard_unit
        weight = self._weight(plan.row_weight) if weight is None else weight
        if unit < NO_COLUMN or guard_unit < NO_COLUMN or aim_unit < NO_COLUMN or trail_unit < NO_COLUMN:
            raise InputError("plan: a unit is AVERAGE or FIRST: allowed is a column or None")
        if weight < NO_COLUMN:
            raise InputError("plan: row_weight is AVERAGE or FIRST: allowed is a column or None")
        if guard == NO_COLUMN or (target is not None and aim == NO_COLUMN):
            raise InputError("plan: stop and target need a reference: a column, AVERAGE or FIRST")
        direction, leave = flag(id(plan.direction)), NO_COLUMN
        if plan.exit is not None:
            known = self._exit_number.get(id(plan.exit))
            leave = self._exit(plan.exit) if known is None else known
        try:
            rest = _REST.pack(
                aim_coefficient, stop.coefficient, distance, len(coefficients),
                self._direction(plan.direction) if direction is None else direction,
                base, unit, aim, aim_unit, guard, guard_unit, trail_unit, leave, weight,
                plan.max_hold, plan.cooldown, target is not None, aim_moves, stop.moving, trail_moves, plan.freeze,
            )
        except struct.error:
            raise InputError(
                f"plan: max_hold {plan.max_hold!r}, cooldown {plan.cooldown!r}: allowed are whole numbers of rows"
            ) from None
        self._packed += (ladder, rest)
        return len(self._packed) // 2 - 1

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Plans PLAN[n], columns float64[C, n_rows], flags int8[F, n_rows]; at least one row each."""
        plans = np.zeros(len(self), PLAN)
        packed = np.frombuffer(b"".join(self._packed), np.uint8).reshape(len(self), _SIZE)
        plans.view(np.uint8).reshape(len(plans), PLAN.itemsize)[:, :_SIZE] = packed
        columns = np.stack(self._columns) if self._columns else np.zeros((1, self.n_rows))
        flags = np.stack(self._flags) if self._flags else np.zeros((1, self.n_rows), np.int8)
        return plans, columns, flags

    def _column(self, column: object) -> int:
        """Number of a column that was not seen before."""
        if not isinstance(column, np.ndarray) or column.shape != (self.n_rows,) or column.dtype != np.float64:
            raise InputError(f"plan: a column is {_kind(column)}: allowed is float64({self.n_rows},)")
        number = self._number[id(column)] = len(self._columns)
        self._columns.append(column)
        return number

    def _weight(self, weight: object) -> int:
        """Number of a column of weights that was not seen before."""
        if isinstance(weight, np.ndarray) and ((weight < 0.0) | (weight > 1.0)).any():
            raise InputError("plan: row_weight has values outside 0 to 1")
        return self._column(weight)

    def _direction(self, direction: object) -> int:
        """Number of a direction, constant or a column, that was not seen before."""
        values = direction
        if isinstance(direction, int):
            if not -1 <= direction <= 1:
                raise InputError(f"plan: direction {direction}: allowed is -1, 0, 1 or an int8 column of them")
            values = np.full(self.n_rows, direction, np.int8)
        number = self._flag_number[id(direction)] = self._flag(direction, values, -1, 1, "direction")
        return number

    def _exit(self, leave: object) -> int:
        """Number of a column of exit flags that was not seen before."""
        number = self._exit_number[id(leave)] = self._flag(leave, leave, 0, EXIT_LONG | EXIT_SHORT, "exit")
        return number

    def _flag(self, given: object, values: object, least: int, most: int, what: str) -> int:
        """Number of a new column of flags, checked."""
        if not isinstance(values, np.ndarray) or values.shape != (self.n_rows,) or values.dtype != np.int8:
            raise InputError(f"plan: a flag column is {_kind(values)}: allowed is int8({self.n_rows},)")
        if values.size and not least <= int(values.min()) <= int(values.max()) <= most:
            raise InputError(f"plan: {what} has values outside {least} to {most}")
        self._flags.append(values)
        self._kept.append(given)
        return len(self._flags) - 1


def bind(plans: Sequence[Plan], n_rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Records, columns and flags of ``plans`` over the same rows (`Binder.arrays`)."""
    binder = Binder(n_rows)
    for plan in plans:
        binder.add(plan)
    return binder.arrays()


def _kind(value: object) -> str:
    return f"{value.dtype}{value.shape}" if isinstance(value, np.ndarray) else type(value).__name__


def _packed_ladder(plan: Plan) -> bytes:
    """Coefficients and weights as PLAN begins, checked."""
    _check_ladder(plan)
    pad = (0.0,) * (MAX_ENTRIES - len(plan.coefficients))
    relative = [weight / plan.weights[0] for weight in plan.weights]
    return _LADDER.pack(*plan.coefficients, *pad, *plan.weights, *pad, *relative, *pad)


def _check_ladder(plan: Plan) -> None:
    """Raise InputError unless entries are 1 to 8, weights fit and limits lie ever farther from the market."""
    coefficients, weights = plan.coefficients, plan.weights
    if not isinstance(coefficients, tuple) or not isinstance(weights, tuple):
        raise InputError("plan: coefficients and weights: allowed are tuples of numbers")
    if not 1 <= len(coefficients) <= MAX_ENTRIES or len(weights) != len(coefficients):
        raise InputError(
            f"plan: {len(coefficients)} coefficients and {len(weights)} weights: "
            f"allowed are 1 to {MAX_ENTRIES}, as many of each"
        )
    if not all(w > 0.0 for w in weights) or sum(weights) > 1.0 + 1e-9:
        raise InputError(f"plan: weights {weights}: allowed is each above 0 and a sum of at most 1")
    limits = [c for c in coefficients if not isnan(c)]
    if any(later >= earlier for earlier, later in pairwise(limits)) or not all(map(isfinite, limits)):
        raise InputError(f"plan: coefficients {coefficients}: limits must lie ever farther from the market (decrease)")


def _check_protection(plan: Plan) -> None:
    """Raise InputError unless there is a stop, and stop, target, trail and ages are numbers that mean something."""
    stop, target, trail = plan.stop, plan.target, plan.trail
    if not isinstance(stop, Level):
        raise InputError("plan: there is no stop: every plan has one")
    if not isfinite(stop.coefficient) or (target is not None and not isfinite(target.coefficient)):
        raise InputError("plan: coefficients of stop and target: allowed are finite numbers")
    if trail is not None and not 0.0 < trail.distance < inf:
        raise InputError(f"plan: trail distance {trail.distance}: allowed is above 0")
    if plan.max_hold < 0 or plan.cooldown < 0:
        raise InputError(f"plan: max_hold {plan.max_hold}, cooldown {plan.cooldown}: allowed is 0 or more")
