"""A strategy whose entries wait for a filter: itself a strategy, so nothing else knows of it.

Law: only new entries wait. Exits, targets and stops stay as they were; a flip that is not confirmed leaves
and does not enter.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.candle import Floats
from core.conditions import threshold
from core.market import Market
from core.plan import Flags, Plan
from core.strategy import Condition, Filter, Parameters, Strategy


class Confirmed(Strategy[Any]):
    """A strategy that enters where its filter agrees.

    Parameters
    ----------
    strategy : what is traded; name, timeframe, mirror and parameters are its own.
    filter, params : what must agree, and its parameters.
    min_score : in (0, 1]; long rows need a score of at least this, short rows of at most minus this. Rows whose score
        is NaN are not confirmed.
    """

    def __init__(self, strategy: Strategy[Any], filter: Filter[Any], params: Parameters, min_score: float) -> None:
        self.strategy, self.filter, self.filter_params, self.min_score = strategy, filter, params, min_score
        # Of a class for every other strategy; here they follow from what is wrapped.
        vars(self).update(
            name=strategy.name, timeframe=strategy.timeframe, mirror=strategy.mirror, Params=strategy.Params,
            needs=tuple(dict.fromkeys((*strategy.needs, *filter.needs))), __doc__=strategy.__doc__,
        )

    def warmup(self, params: Any) -> int:
        """What both need."""
        return max(self.strategy.warmup(params), self.filter.warmup(self.filter_params))

    def plan(self, market: Market, params: Any) -> Plan:
        """The strategy's plan with direction 0 in rows that are not confirmed."""
        plan = self.strategy.plan(market, params)
        values = {name: getattr(plan, name) for name in Plan.__slots__}
        values["direction"] = self._agreed(market, plan.direction)
        return Plan(**values)

    def conditions(self, market: Market, params: Any) -> list[Condition]:
        """The strategy's own, and the score against what is needed in each of their directions."""
        own = self.strategy.conditions(market, params)
        last = float(self._score(market)[-1]) if len(market) else np.nan
        for direction in sorted({c.direction for c in own if c.direction}, reverse=True):
            sign = ">=" if direction > 0 else "<="
            own += threshold(self.filter.name, direction, last, sign, direction * self.min_score, 1.0)
        return own

    def _score(self, market: Market) -> Floats:
        key = (Confirmed, self.filter.name, self.filter_params)
        score: Floats = market.remember(key, lambda: self.filter.score(market, self.filter_params))
        return score

    def _agreed(self, market: Market, direction: Flags | int) -> Flags:
        """int8[n], the direction where the score agrees with it, else 0."""
        if not isinstance(direction, int):
            return self._compared(market, direction)
        # The same for every combination of parameters, so a sweep stores it once.
        key = (Confirmed, self.filter.name, self.filter_params, self.min_score, direction)
        agreed: Flags = market.remember(key, lambda: self._compared(market, direction))
        return agreed

    def _compared(self, market: Market, direction: Flags | int) -> Flags:
        agrees = self._score(market) * np.asarray(direction) >= self.min_score
        return np.where(agrees, direction, 0).astype(np.int8)
