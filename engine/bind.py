"""From plans to records: columns numbered once over a sweep, every plan a fixed-size record packed in one go."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise
from math import isnan
from typing import Any

import numpy as np

from core.errors import InputError
from core.plan import MAX_ENTRIES, Level, Plan, Price, Trail
from engine.records import FROM_AVERAGE, FROM_FIRST, NO_COLUMN, PLAN

_PACK = struct.Struct("=" + "d" * (2 * MAX_ENTRIES + 3) + "i" * 18)
assert _PACK.size <= PLAN.itemsize  # the layout law of this file
_PAD = [(0.0,) * n for n in range(MAX_ENTRIES + 1)]


class Binder:
    """Collects plans over the same rows; `arrays` gives what the compiled walk reads.

    Every plan is checked when it is added: InputError names what is wrong with it.
    """

    def __init__(self, n_rows: int) -> None:
        self.n_rows = n_rows
        self._columns: list[np.ndarray] = []
        self._column_of: dict[int, int] = {}
        self._flags: list[np.ndarray] = []
        self._flag_of: dict[int, int] = {}
        self._constant: dict[int, np.ndarray] = {}
        self._ladders: set[tuple[Any, ...]] = set()
        self._packed: list[bytes] = []

    def __len__(self) -> int:
        return len(self._packed)

    def add(self, plan: Plan) -> int:
        """Number of the plan within this binder."""
        ladder = (plan.coefficients, plan.weights)
        if ladder not in self._ladders:
            _check_ladder(plan)
            self._ladders.add(ladder)
        n = len(plan.coefficients)
        target, stop, trail = plan.target, plan.stop, plan.trail
        pad = _PAD[MAX_ENTRIES - n]
        base = NO_COLUMN if plan.base is None else self._reference(plan.base)
        if base == NO_COLUMN and not all(map(isnan, plan.coefficients)):
            raise InputError("plan: limit entries need a base: a column or FIRST")
        if base == FROM_AVERAGE:
            raise InputError("plan: base is AVERAGE: allowed is a column or FIRST")
        self._packed.append(
            _PACK.pack(
                *plan.coefficients, *pad, *plan.weights, *pad,
                0.0 if target is None else target.coefficient,
                stop.coefficient,
                0.0 if trail is None else _distance(trail),
                n,
                self._flag(plan.direction),
                base,
                self._unit(plan.unit),
                NO_COLUMN if target is None else self._reference(target.reference),
                NO_COLUMN if target is None else self._unit(target.unit),
                self._reference(stop.reference),
                self._unit(stop.unit),
                NO_COLUMN if trail is None else self._unit(trail.unit),
                NO_COLUMN if plan.exit is None else self._flag(plan.exit),
                self._unit(plan.row_weight),
                plan.max_hold,
                plan.cooldown,
                target is not None,
                target is not None and target.moving,
                stop.moving,
                trail is not None and trail.moving,
                plan.freeze,
            )
        )
        return len(self._packed) - 1

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Plans PLAN[n], columns float64[C, n_rows], flags int8[F, n_rows]; at least one row each."""
        plans = np.zeros(len(self._packed), PLAN)
        packed = np.frombuffer(b"".join(self._packed), np.uint8).reshape(len(self._packed), _PACK.size)
        plans.view(np.uint8).reshape(len(plans), PLAN.itemsize)[:, : _PACK.size] = packed
        columns = np.stack(self._columns) if self._columns else np.zeros((1, self.n_rows))
        flags = np.stack(self._flags) if self._flags else np.zeros((1, self.n_rows), np.int8)
        return plans, columns, flags

    def _reference(self, reference: np.ndarray | Price) -> int:
        if reference is Price.AVERAGE:
            return FROM_AVERAGE
        if reference is Price.FIRST:
            return FROM_FIRST
        return self._column(reference)

    def _unit(self, unit: np.ndarray | None) -> int:
        return NO_COLUMN if unit is None else self._column(unit)

    def _column(self, column: np.ndarray) -> int:
        number = self._column_of.get(id(column))
        if number is None:
            if column.shape != (self.n_rows,) or column.dtype != np.float64:
                raise InputError(
                    f"plan: a column is {column.dtype}{column.shape}: allowed is float64({self.n_rows},)"
                )
            number = self._column_of[id(column)] = len(self._columns)
            self._columns.append(column)
        return number

    def _flag(self, flag: np.ndarray | int) -> int:
        if isinstance(flag, int):
            found = self._constant.get(flag)
            if found is None:
                if flag not in (-1, 0, 1):
                    raise InputError(f"plan: direction {flag}: allowed is -1, 0, 1 or an int8 column of them")
                found = self._constant[flag] = np.full(self.n_rows, flag, np.int8)
            flag = found
        number = self._flag_of.get(id(flag))
        if number is None:
            if flag.shape != (self.n_rows,) or flag.dtype != np.int8:
                raise InputError(f"plan: a flag column is {flag.dtype}{flag.shape}: allowed is int8({self.n_rows},)")
            number = self._flag_of[id(flag)] = len(self._flags)
            self._flags.append(flag)
        return number


def bind(plans: Sequence[Plan], n_rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Records, columns and flags of ``plans`` over the same rows (`Binder.arrays`)."""
    binder = Binder(n_rows)
    for plan in plans:
        binder.add(plan)
    return binder.arrays()


def _distance(trail: Trail) -> float:
    if not trail.distance > 0.0:
        raise InputError(f"plan: trail distance {trail.distance}: allowed is above 0")
    return trail.distance


def _check_ladder(plan: Plan) -> None:
    """Raise InputError unless entries are 1 to 8, weights fit and limits lie ever farther from the market."""
    coefficients, weights = plan.coefficients, plan.weights
    if not 1 <= len(coefficients) <= MAX_ENTRIES or len(weights) != len(coefficients):
        raise InputError(
            f"plan: {len(coefficients)} coefficients and {len(weights)} weights: "
            f"allowed are 1 to {MAX_ENTRIES}, as many of each"
        )
    if min(weights) <= 0.0 or sum(weights) > 1.0 + 1e-9:
        raise InputError(f"plan: weights {weights}: allowed is each above 0 and a sum of at most 1")
    limits = [c for c in coefficients if not isnan(c)]
    if any(later >= earlier for earlier, later in pairwise(limits)):
        raise InputError(f"plan: coefficients {coefficients}: limits must lie ever farther from the market (decrease)")
    if not isinstance(plan.stop, Level):
        raise InputError("plan: there is no stop: every plan has one")
