"""Everything a plan says, by name and row, and where two of them differ first.

A table holds columns (arrays of n rows) and constants (all else). Names are the words of `core.plan`: ``base``,
``stop.unit``, ``weights``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from core.plan import Level, Plan, Price

Table = Mapping[str, Any]


class Difference(NamedTuple):
    """The first row at which two tables differ, in which column, and what each says there; absent is None.

    row : of the second table; for a constant its last row, since it was said when that row was the last.
    """

    column: str
    row: int
    first: Any
    second: Any


def plan_table(plan: Plan, n_rows: int) -> dict[str, Any]:
    """What ``plan`` says on its ``n_rows`` rows; columns are the plan's own arrays."""
    direction = plan.direction
    table: dict[str, Any] = {
        "direction": np.full(n_rows, direction, np.int8) if isinstance(direction, int) else direction,
        "coefficients": plan.coefficients,
        "weights": plan.weights,
        "base": _word(plan.base),
        "unit": plan.unit,
        **_level("stop", plan.stop),
        **(_level("target", plan.target) if plan.target is not None else {"target.reference": None}),
        "trail.distance": plan.trail.distance if plan.trail is not None else None,
        "exit": plan.exit,
        "row_weight": plan.row_weight,
        "score": plan.score,
        "freeze": plan.freeze,
        "max_hold": plan.max_hold,
        "cooldown": plan.cooldown,
    }
    if plan.trail is not None:
        table |= {"trail.unit": plan.trail.unit, "trail.moving": plan.trail.moving}
    return table


def first_difference(
    first: Table, second: Table, *, offset: int = 0, only_last: bool = False, rtol: float = 0.0
) -> Difference | None:
    """Where ``second`` differs first from ``first``, None when it does not.

    offset : row of ``first`` that is row 0 of ``second``. only_last : compare the last row of ``second`` alone.
    rtol : relative difference that is none; NaN equals NaN.
    """
    rows = next(len(v) for v in second.values() if isinstance(v, np.ndarray))
    begin = rows - 1 if only_last else 0
    best: Difference | None = None
    for name in {**first, **second}:
        a, b = first.get(name), second.get(name)
        if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
            found = _row_of_difference(a[offset + begin : offset + rows], b[begin:], rtol)
            if found is not None and (best is None or begin + found < best.row):
                row = begin + found
                best = Difference(name, row, a[offset + row].item(), b[row].item())
        elif best is None and not _alike(a, b, rtol):
            best = Difference(name, rows - 1, _at(a, offset + rows - 1), _at(b, rows - 1))
    return best


def first_infinity(table: Table) -> tuple[str, int] | None:
    """Column and row of the first infinite value, None when there is none."""
    for name, values in table.items():
        if isinstance(values, np.ndarray) and np.isinf(values).any():
            return name, int(np.argmax(np.isinf(values)))
    return None


def signal_rows(table: Table) -> list[int]:
    """Rows at which direction or exit flags are other than a row before, in order."""
    rows: set[int] = set()
    for name in ("direction", "exit"):
        values = table.get(name)
        if isinstance(values, np.ndarray):
            rows.update((np.flatnonzero(np.diff(values)) + 1).tolist())
    return sorted(rows)


def _level(name: str, level: Level) -> dict[str, Any]:
    return {
        f"{name}.reference": _word(level.reference),
        f"{name}.unit": level.unit,
        f"{name}.coefficient": level.coefficient,
        f"{name}.moving": level.moving,
    }


def _word(value: Any) -> Any:
    return value.name if isinstance(value, Price) else value


def _at(value: Any, row: int) -> Any:
    return value[row].item() if isinstance(value, np.ndarray) else value


def _row_of_difference(a: np.ndarray, b: np.ndarray, rtol: float) -> int | None:
    if a.dtype != b.dtype:
        return 0
    bits = np.int64 if a.dtype == np.float64 else a.dtype
    if np.array_equal(a.view(bits), b.view(bits)):  # nearly always; five times as fast as what follows
        return None
    differs = ~np.isclose(a, b, rtol=rtol, atol=0.0, equal_nan=True)
    return int(np.argmax(differs)) if differs.any() else None


def _alike(a: Any, b: Any, rtol: float) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return False
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(_alike(x, y, rtol) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or a == b or abs(a - b) <= rtol * abs(b)
    return bool(a == b)
