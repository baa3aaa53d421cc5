"""From plans to records: columns numbered once over a sweep, every plan a fixed-size record packed in one go."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from math import inf, isfinite, isnan
from typing import Any

import numpy as np

from core.errors import InputError
from core.plan import EXIT_LONG, EXIT_SHORT, MAX_ENTRIES, Level, Plan, Price, Trail
from engine.records import FROM_AVERAGE, FROM_FIRST, NO_COLUMN, PLAN

_LADDER = struct.Struct("=" + "d" * (3 * MAX_ENTRIES))
_LEVEL = struct.Struct("=d4i")
_TRAIL = struct.Struct("=d2i")
_COLUMNS = struct.Struct("=5i")
_AGES = struct.Struct("=5i")
_PARTS = (_LADDER, _LEVEL, _LEVEL, _TRAIL, _COLUMNS, _AGES)
"""Of a plan's bytes, in the order of PLAN's fields: ladder, target, stop, trail, columns, and ages."""
assert PLAN.itemsize == sum(part.size for part in _PARTS)
_Ladder = tuple[bytes, int, bool, object, object]
"""Its bytes, how many entries it has, whether there are limits among them, and what it was made of."""
_REMEMBERED = 4096
"""Ladders, levels and trails kept at most: a sweep has few, a strategy that makes new ones for each plan many."""
_NO_LEVEL = _LEVEL.pack(0.0, NO_COLUMN, NO_COLUMN, 0, 0)
_NO_TRAIL = _TRAIL.pack(0.0, NO_COLUMN, 0)


class Binder:
    """Collects plans over the same rows; `arrays` gives what the compiled walk reads.

    Every plan is checked when it is added: InputError names what is wrong with it. Columns, ladders, levels and trails
    are told apart by their identity, which is why they are kept: most plans of a sweep share them, and what was seen
    before is neither checked nor packed again. What a plan has in common with the one before is not even looked up.
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
        self._exit_number: dict[int, int] = {id(None): NO_COLUMN}
        self._weight_number: dict[int, int] = {}
        self._ladders: dict[int, _Ladder] = {}
        self._stops: dict[int, tuple[bytes, object]] = {}
        self._targets: dict[int, tuple[bytes, object]] = {id(None): (_NO_LEVEL, None)}
        self._trails: dict[int, tuple[bytes, object]] = {id(None): (_NO_TRAIL, None)}
        self._packed: list[bytes] = []
        nothing = object()  # equal to no part of a plan
        self._ladder: _Ladder = (b"", 0, False, nothing, nothing)
        self._aim: tuple[bytes, object] = self._targets[id(None)]
        self._trailing: tuple[bytes, object] = self._trails[id(None)]
        self._columned: tuple[Any, ...] = (b"", *(nothing,) * 6)
        self._aged: tuple[Any, ...] = (b"", *(nothing,) * 4)

    def __len__(self) -> int:
        return len(self._packed) // len(_PARTS)

    def add(self, plan: Plan) -> int:
        """Number of the plan within this binder."""
        self.extend((plan,))
        return len(self) - 1

    def extend(self, plans: Iterable[Plan]) -> None:
        """Add each, in this order; what was added before a wrong one stays."""
        ladder, aim, trailing, packed, stops = self._ladder, self._aim, self._trailing, self._packed, self._stops
        columns, base, unit, direction, leave, weight, limits = self._columned
        ages, max_hold, cooldown, freeze, entries = self._aged
        for plan in plans:
            if plan.coefficients is not ladder[3] or plan.weights is not ladder[4]:
                ladder = self._ladder = self._ladder_of(plan.coefficients, plan.weights)
            if plan.target is not aim[1]:
                aim = self._aim = self._targets.get(id(plan.target)) or self._target(plan.target)
            stop = plan.stop
            guard = stops.get(id(stop)) or self._stop(stop)
            if plan.trail is not trailing[1]:
                trailing = self._trailing = self._trails.get(id(plan.trail)) or self._trail(plan.trail)
            if (
                plan.base is not base or plan.direction is not direction or plan.exit is not leave
                or plan.unit is not unit or plan.row_weight is not weight or ladder[2] is not limits
            ):
                self._columned = self._columns_of(plan, ladder[2])
                columns, base, unit, direction, leave, weight, limits = self._columned
            if (
                plan.max_hold is not max_hold or plan.cooldown is not cooldown or plan.freeze is not freeze
                or ladder[1] is not entries
            ):
                self._aged = self._ages_of(plan, ladder[1])
                ages, max_hold, cooldown, freeze, entries = self._aged
            packed += (ladder[0], aim[0], guard[0], trailing[0], columns, ages)

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Plans PLAN[n], columns float64[C, n_rows], flags int8[F, n_rows]; at least one row each."""
        plans = np.frombuffer(bytearray().join(self._packed), PLAN)
        columns = np.array(self._columns) if self._columns else np.zeros((1, self.n_rows))
        flags = np.array(self._flags) if self._flags else np.zeros((1, self.n_rows), np.int8)
        return plans, columns, flags

    def _ladder_of(self, coefficients: object, weights: object) -> _Ladder:
        """A ladder that is not the last one's."""
        known = self._ladders.get(id(coefficients))
        if known is not None and known[4] is weights:
            return known
        _make_room(self._ladders)
        made = self._ladders[id(coefficients)] = (*_packed_ladder(coefficients, weights), coefficients, weights)
        return made

    def _stop(self, stop: object) -> tuple[bytes, object]:
        """A stop that was not seen before."""
        if not isinstance(stop, Level):
            raise InputError("plan: there is no stop: every plan has one")
        _make_room(self._stops)
        made = self._stops[id(stop)] = (self._level(stop), stop)
        return made

    def _target(self, target: Level | None) -> tuple[bytes, object]:
        """A target that was not seen before."""
        if target is None:
            return _NO_LEVEL, None
        _make_room(self._targets)
        made = self._targets[id(target)] = (self._level(target), target)
        return made

    def _level(self, level: Level) -> bytes:
        if not isfinite(level.coefficient):
            raise InputError("plan: coefficients of stop and target: allowed are finite numbers")
        reference = self._column(level.reference)
        if reference == NO_COLUMN:
            raise InputError("plan: stop and target need a reference: a column, AVERAGE or FIRST")
        return _LEVEL.pack(level.coefficient, reference, self._unit(level.unit), level.moving, 1)

    def _trail(self, trail: Trail | None) -> tuple[bytes, object]:
        """A trail that was not seen before."""
        if trail is None:
            return _NO_TRAIL, None
        if not 0.0 < trail.distance < inf:
            raise InputError(f"plan: trail distance {trail.distance}: allowed is above 0")
        _make_room(self._trails)
        made = self._trails[id(trail)] = (
            _TRAIL.pack(trail.distance, self._unit(trail.unit), trail.moving), trail
        )
        return made

    def _columns_of(self, plan: Plan, limits: bool) -> tuple[Any, ...]:
        """The bytes of direction, base, unit, exit and weight, that are not all the last plan's; and these."""
        base, direction = self._number.get(id(plan.base)), self._flag_number.get(id(plan.direction))
        if base is None:
            base = self._column(plan.base)
        elif limits and base in (FROM_AVERAGE, NO_COLUMN):
            raise InputError("plan: limit entries need a base: a column or FIRST")
        if direction is None:
            direction = self._direction(plan.direction)
        leave = self._exit_number.get(id(plan.exit))
        if leave is None:
            leave = self._exit(plan.exit)
        weight = NO_COLUMN if plan.row_weight is None else self._weight(plan.row_weight)
        unit = NO_COLUMN if plan.unit is None else self._unit(plan.unit)
        packed = _COLUMNS.pack(direction, base, unit, leave, weight)
        return packed, plan.base, plan.unit, plan.direction, plan.exit, plan.row_weight, limits

    def _ages_of(self, plan: Plan, entries: int) -> tuple[Any, ...]:
        """The bytes of longest hold, cooldown, freezing and number of entries, not all the last plan's; and these."""
        max_hold, cooldown, freeze = plan.max_hold, plan.cooldown, plan.freeze
        if max_hold < 0 or cooldown < 0:
            raise InputError(f"plan: max_hold {max_hold}, cooldown {cooldown}: allowed is 0 or more")
        try:
            packed = _AGES.pack(max_hold, cooldown, freeze, entries, 0)
        except struct.error:
            raise InputError(
                f"plan: max_hold {max_hold!r}, cooldown {cooldown!r}: allowed are whole numbers of rows"
            ) from None
        return packed, max_hold, cooldown, freeze, entries

    def _unit(self, unit: object) -> int:
        """Number of a column of units, or NO_COLUMN."""
        number = self._column(unit)
        if number < NO_COLUMN:
            raise InputError("plan: a unit is AVERAGE or FIRST: allowed is a column or None")
        return number

    def _column(self, column: object) -> int:
        """Number of a column."""
        known = self._number.get(id(column))
        if known is not None:
            return known
        if not isinstance(column, np.ndarray) or column.shape != (self.n_rows,) or column.dtype != np.float64:
            raise InputError(f"plan: a column is {_kind(column)}: allowed is float64({self.n_rows},)")
        number = self._number[id(column)] = len(self._columns)
        self._columns.append(column)
        return number

    def _weight(self, weight: object) -> int:
        """Number of a column of weights."""
        number = self._weight_number.get(id(weight))
        if number is None:
            if isinstance(weight, np.ndarray) and ((weight < 0.0) | (weight > 1.0)).any():
                raise InputError("plan: row_weight has values outside 0 to 1")
            number = self._column(weight)
            if number < NO_COLUMN:
                raise InputError("plan: row_weight is AVERAGE or FIRST: allowed is a column or None")
            self._weight_number[id(weight)] = number
        return number

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
    binder.extend(plans)
    return binder.arrays()


def _kind(value: object) -> str:
    return f"{value.dtype}{value.shape}" if isinstance(value, np.ndarray) else type(value).__name__


def _make_room(remembered: dict[int, Any]) -> None:
    """Forget what was seen longest ago, once there is much of it."""
    if len(remembered) >= _REMEMBERED:
        del remembered[next(i for i in remembered if i != id(None))]


def _packed_ladder(coefficients: object, weights: object) -> tuple[bytes, int, bool]:
    """Coefficients and weights as PLAN begins, checked; how many there are, and whether limits are among them."""
    if not isinstance(coefficients, tuple) or not isinstance(weights, tuple):
        raise InputError("plan: coefficients and weights: allowed are tuples of numbers")
    return _packed_tuples(coefficients, weights)


@lru_cache(maxsize=_REMEMBERED)
def _packed_tuples(coefficients: tuple[float, ...], weights: tuple[float, ...]) -> tuple[bytes, int, bool]:
    """As `_packed_ladder`, remembered by value: a strategy that makes its tuples anew for each plan has few ladders."""
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
    pad = (0.0,) * (MAX_ENTRIES - len(coefficients))
    relative = [weight / weights[0] for weight in weights]
    return _LADDER.pack(*coefficients, *pad, *weights, *pad, *relative, *pad), len(weights), bool(limits)
