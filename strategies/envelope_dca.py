"""Envelope DCA: buy in steps when price falls far below its average, sell all when it is back.

Idea: after a sharp fall below a short moving average price tends to come back to it; several resting limits average
the entry. Regime: ranges and trends with sharp counter-moves; it loses in slow falls that drag the average along.
Source: the multi-level envelope of the freqtrade and passivbot communities; definitions in docs/strategies.md.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Self

from pydantic import Field, model_validator

from core import conditions
from core.ladders import Numbers, distances, limits
from core.market import Market
from core.plan import Column, Level, Plan, fraction_of_average
from core.strategy import Condition, Parameters, Strategy
from indicators.moving_average import sma


class EnvelopeParams(Parameters):
    """Parameters of both envelopes; offsets and the stop are fractions of price."""

    ma_period: int = Field(7, ge=2, le=200, description="candles of the simple moving average")
    num_levels: int = Field(3, ge=1, le=8, description="how many limits rest beyond the average")
    envelope_start: float = Field(0.07, gt=0, lt=0.9, description="distance of the first level from the average")
    envelope_step: float = Field(0.03, gt=0, lt=0.5, description="distance between levels")
    stop_fraction: float = Field(0.25, gt=0, lt=0.95, description="stop loss below the average entry price")

    @model_validator(mode="after")
    def _above_zero(self) -> Self:
        if distances(self.num_levels, self.envelope_start, self.envelope_step)[-1] >= 0.95:
            raise ValueError("envelope_start + (num_levels - 1) x envelope_step must be below 0.95")
        return self


def _middle(market: Market, period: int) -> tuple[Column, Level]:
    """The average, and as a level that moves with it."""
    average = market.column(sma, "close", period)
    return average, Level(average, moving=True)


class Envelope(Strategy[EnvelopeParams]):
    """A ladder beyond a moving average, for one direction: what both envelopes are."""

    timeframe: ClassVar[str] = "1h"
    Params: ClassVar[type[Parameters]] = EnvelopeParams
    direction: ClassVar[int]

    @staticmethod
    @abstractmethod
    def ladder(levels: int, start: float, step: float) -> tuple[Numbers, Numbers]:
        """Coefficients and weights: how far each level lies from the average, as a fraction of it, below 0."""

    def warmup(self, params: EnvelopeParams) -> int:
        """The window of the average."""
        return params.ma_period

    def plan(self, market: Market, params: EnvelopeParams) -> Plan:
        """Limits at ``average x (1 -/+ offset)``, target at the moving average."""
        average, middle = market.derived(_middle, params.ma_period)
        coefficients, weights = self.ladder(params.num_levels, params.envelope_start, params.envelope_step)
        stop = fraction_of_average(-params.stop_fraction)
        return Plan(self.direction, coefficients, weights, stop, average, middle)

    def conditions(self, market: Market, params: EnvelopeParams) -> list[Condition]:
        """Distance of the last price from each level."""
        average = float(market.column(sma, "close", params.ma_period)[-1])
        coefficients, _ = self.ladder(params.num_levels, params.envelope_start, params.envelope_step)
        levels = [average * (1.0 + self.direction * x) for x in coefficients]
        return conditions.levels(float(market.close[-1]), levels, self.direction)


class EnvelopeDca(Envelope):
    """Buys in steps below a moving average, takes profit at the average, one stop for the whole position."""

    name: ClassVar[str] = "envelope_dca"
    mirror: ClassVar[str] = "envelope_dca_short"
    direction: ClassVar[int] = 1

    ladder = staticmethod(limits)
