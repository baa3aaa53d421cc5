"""Envelope DCA, short: the mirror of `envelope_dca` above the average.

The upper offset of a level is ``1 / (1 - lower offset) - 1``, so that the way there and back is the same in log
return. Regime: falling and ranging markets with sharp rebounds; it loses in persistent rallies.
"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

from core.market import Market
from core.plan import Level, Plan, fraction_of_average
from core.strategy import Condition, Parameters, Strategy
from indicators.moving_average import sma
from strategies.envelope_dca import EnvelopeParams, level_conditions, lower_offsets


@lru_cache(maxsize=4096)
def _short_ladder(levels: int, start: float, step: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Coefficients and equal weights of the short ladder."""
    upper = tuple(1.0 / (1.0 - x) - 1.0 for x in lower_offsets(levels, start, step))
    return tuple(-x for x in upper), (1.0 / levels,) * levels


class EnvelopeDcaShort(Strategy[EnvelopeParams]):
    """Sells in steps above a moving average, takes profit at the average, one stop for the whole position."""

    name: ClassVar[str] = "envelope_dca_short"
    timeframe: ClassVar[str] = "1h"
    mirror: ClassVar[str] = "envelope_dca"
    Params: ClassVar[type[Parameters]] = EnvelopeParams

    def warmup(self, params: EnvelopeParams) -> int:
        """The window of the average."""
        return params.ma_period

    def plan(self, market: Market, params: EnvelopeParams) -> Plan:
        """Limits at ``sma / (1 - offset)``, target at the moving average."""
        average = market.column(sma, "close", params.ma_period)
        coefficients, weights = _short_ladder(params.num_levels, params.envelope_start, params.envelope_step)
        return Plan(
            -1, coefficients, weights, fraction_of_average(-params.stop_fraction), base=average,
            target=Level(average, moving=True),
        )

    def conditions(self, market: Market, params: EnvelopeParams) -> list[Condition]:
        """Distance of the last price from each level."""
        average = float(market.column(sma, "close", params.ma_period)[-1])
        offsets = lower_offsets(params.num_levels, params.envelope_start, params.envelope_step)
        return level_conditions(float(market.close[-1]), [average / (1.0 - x) for x in offsets], -1)
