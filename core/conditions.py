"""What strategies say of how near an entry is, in the two forms that most need: a threshold, and levels of a ladder.

Law: what is not known (NaN) is left out, so that no NaN leaves a strategy's `conditions`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from typing import Final

from core.strategy import Condition

LEVEL_REACH: Final = 0.1
"""Share of the price at which the nearness of a level has fallen to 0."""

_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq,
}


def threshold(
    name: str, direction: int, value: float, comparison: str, limit: float, reach: float
) -> list[Condition]:
    """The one condition ``value comparison limit``, nearness falling to 0 at ``reach`` from it; none when unknown.

    ``direction`` is that of the entry it stands before. ``reach`` must be above 0, in the unit of ``value``.
    """
    if math.isnan(value) or math.isnan(limit):
        return []
    met = _COMPARE[comparison](value, limit)
    nearness = 1.0 if met else max(0.0, 1.0 - abs(value - limit) / reach)
    return [Condition(name, direction, value, limit, comparison, met, nearness)]


def levels(price: float, prices: Iterable[float], direction: int, first: int = 1) -> list[Condition]:
    """One condition per level of a ladder, numbered from ``first``: the last price at it or beyond.

    Nearness falls to 0 at a tenth of the price away. Levels that are not known yet (NaN) have none.
    """
    comparison = "<=" if direction > 0 else ">="
    return [
        condition
        for k, level in enumerate(prices, first)
        for condition in threshold(f"level {k}", direction, price, comparison, level, LEVEL_REACH * price)
    ]
