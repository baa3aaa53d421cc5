"""The cases of the execution rules as rows of a table: the page shows the very numbers that are tested.

``python -m tests.docs.examples`` prints all of them, to be copied into docs/execution.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from core.plan import Level, Plan, Price, Trail
from engine.costs import Path
from tests.engine import test_rules_entries, test_rules_exits, test_rules_path
from tests.engine.rulebook import STANDARD, Case, Columns

CASES: dict[str, Case] = {
    case.name: case for module in (test_rules_path, test_rules_entries, test_rules_exits) for case in module.CASES
}
_FREE = {"maker_fee": 0.0, "taker_fee": 0.0, "slippage": 0.0}


def row(case: Case) -> str:
    """What a case is given and what must come out."""
    given = ", ".join((*plan_words(case), *circumstances(case)))
    candles = "; ".join(" ".join(f"{x:.9g}" for x in candle) for candle in case.candles)
    return f"| {case.name} | {given} | {candles} | {'; '.join(outcome(case)) or 'nothing'} |"


def plan_words(case: Case) -> list[str]:
    """The plan in words; a column as its values from row 0 on, the last of which stays."""
    n = len(case.candles) + 1
    plan = case.plan(Columns(n))
    if isinstance(plan.direction, int):
        words = ["long" if plan.direction > 0 else "short"]
        words += _entries(plan, np.full(n, plan.direction))
    else:
        words = [f"direction {_values(plan.direction)}"]
        words += _entries(plan, np.where(plan.direction == 0, 1, plan.direction))
    if len(set(plan.weights)) > 1:
        words.append(f"weights {_values(plan.weights)}")
    if plan.target is not None:
        words.append(f"target {_level(plan.target)}")
    words.append(f"stop {_level(plan.stop)}")
    if plan.trail is not None:
        words.append(f"trail {_trail(plan.trail)}")
    for name in ("max_hold", "cooldown"):
        if getattr(plan, name):
            words.append(f"{name} {getattr(plan, name)}")
    for name in ("exit", "row_weight"):
        if getattr(plan, name) is not None:
            words.append(f"{name} {_values(getattr(plan, name))}")
    return [*words, "freeze"] if plan.freeze else words


def _entries(plan: Plan, direction: np.ndarray) -> list[str]:
    words = []
    for coefficient in plan.coefficients:
        if np.isnan(coefficient):
            words.append("market")
        elif isinstance(plan.base, np.ndarray):
            unit = plan.base if plan.unit is None else plan.unit
            words.append(f"limit {_values(plan.base + direction * coefficient * unit)}")
        else:
            words.append(f"limit first {_offset(coefficient, plan.unit)}")
    return words


def _level(level: Level) -> str:
    if isinstance(level.reference, Price):
        base = f"{level.reference.name.lower()} {_offset(level.coefficient, level.unit)}"
    else:
        base = _values(level.reference)
    return f"{base} moving" if level.moving else base


def _trail(trail: Trail) -> str:
    distance = f"{trail.distance:.6g} x {_values(trail.unit)}" if trail.unit is not None else f"{trail.distance:.6g}"
    return f"{distance} moving" if trail.moving else distance


def _offset(coefficient: float, unit: np.ndarray | None) -> str:
    return f"{100 * coefficient:+.6g} %" if unit is None else f"{coefficient:+.6g} x {_values(unit)}"


def _values(column: Iterable[float]) -> str:
    values = [_number(x) for x in column]
    while len(values) > 1 and values[-1] == values[-2]:
        values.pop()
    return " ".join(values)


def _number(value: float) -> str:
    return "NaN" if value != value else f"{float(value):.6g}"


def circumstances(case: Case) -> list[str]:
    """Costs that are not the standard ones, funding, and the rows in force where they are not one a candle."""
    costs = {key: value for key, value in case.costs.items() if STANDARD.get(key) != value}
    words = []
    if _FREE.items() <= costs.items():
        words.append("free")
        costs = {key: value for key, value in costs.items() if key not in _FREE}
    words += [f"{key} {_cost(value)}" for key, value in costs.items()]
    words += [f"funding {rate:g} at {t}" for t, rate in case.funding.items()]
    return [*words, f"rows {_all(case.rows)}"] if case.rows else words


def _cost(value: Any) -> str:
    if isinstance(value, tuple):
        return " and ".join(f"{t.rate:g} less {t.deduction:g} up to {t.max_notional:g}" for t in value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return value.name.lower() if isinstance(value, Path) else _number(value)


def _all(values: Iterable[int]) -> str:
    return " ".join(map(str, values))


def outcome(case: Case) -> list[str]:
    """Fills, refusals, money."""
    happened = [(f.candle, f"{f.reason}, {f.quantity:.6g} at {f.price:.6g}, fee {f.fee:.4g}") for f in case.fills]
    happened += [(candle, f"entry {level} refused, `{reason}`") for candle, reason, level in case.refusals]
    words = [f"{candle}: {what}" for candle, what in sorted(happened, key=lambda one: one[0])]
    words += [f"equity {value:.6g} at {t}" for t, value in case.equity.items()]
    if case.ambiguous is not None:
        words.append("ambiguous" if case.ambiguous else "not ambiguous")
    return words if case.wallet is None else [*words, f"wallet {case.wallet:.6g}"]


if __name__ == "__main__":
    sys.stdout.write("\n".join(map(row, CASES.values())) + "\n")
