"""Order flow as a filter: whether those who trade at once, and those who wait in the book, lean the same way.

Idea: over seconds to minutes price follows the side that is in a hurry, unless a large resting order takes all it is
given. Regime: liquid symbols, short timeframes; it says little of the hours after. Sources: depth imbalance of Cartea,
Donnelly and Jaimungal (2018); order flow of Cont, Kukanov and Stoikov, The price impact of order book events (2014);
absorption is effort without result in the sense of Wyckoff (1931).
"""

from __future__ import annotations

from typing import ClassVar, Final, Self

import numpy as np
from pydantic import Field, model_validator

from core.candle import Floats
from core.market import Market
from core.strategy import Filter, Need, Parameters
from indicators.moving_average import sma

RECENT: Final = 5
"""Candles of the longer of the two volume deltas."""

FULL_SCORE_DEVIATIONS: Final = 3.0
"""A volume delta of so many deviations counts in full."""


class OrderFlowParams(Parameters):
    """Weights of the five parts, and how much history says what is usual."""

    lookback: int = Field(50, ge=5, le=1000, description="candles that say which volume delta and volume are usual")
    weight_depth: float = Field(0.3, ge=0, le=1, description="weight of the order book's imbalance")
    weight_delta: float = Field(0.25, ge=0, le=1, description="weight of the volume delta of the last candle")
    weight_recent: float = Field(0.2, ge=0, le=1, description="weight of the volume delta of the last 5 candles")
    weight_large: float = Field(0.15, ge=0, le=1, description="weight of the large orders' share")
    weight_absorption: float = Field(0.1, ge=0, le=1, description="weight of volume that moves nothing")

    @model_validator(mode="after")
    def _weighs_something(self) -> Self:
        if not any(self.weights()):
            raise ValueError("at least one weight must be above 0")
        return self

    def weights(self) -> tuple[float, ...]:
        """Of depth, delta, recent delta, large orders, absorption."""
        return self.weight_depth, self.weight_delta, self.weight_recent, self.weight_large, self.weight_absorption


class OrderFlow(Filter[OrderFlowParams]):
    """Agrees with entries towards the side that presses: order book, aggressive volume, large orders, absorption."""

    name: ClassVar[str] = "order_flow"
    needs: ClassVar[tuple[Need, ...]] = ("book", "trades")
    Params: ClassVar[type[Parameters]] = OrderFlowParams

    def warmup(self, params: OrderFlowParams) -> int:
        """The window of what is usual, which is no shorter than the recent candles."""
        return params.lookback

    def score(self, market: Market, params: OrderFlowParams) -> Floats:
        """The weighted mean of five parts, each in [-1, 1].

        depth : ``book_imbalance``. delta, recent : volume delta of 1 and 5 candles, in deviations from 0 over
        ``lookback``, 3 and more counting as 1. large : ``large_share``. absorption : see `_absorption`. NaN where one
        of the parts that weigh something is NaN, hence where anything in the lookback was not recorded.
        """
        n = params.lookback
        parts = (
            market.book_imbalance, _pressure(market, 1, n), _pressure(market, RECENT, n), market.large_share,
            _absorption(market, n),
        )
        weights = params.weights()
        total = np.zeros(len(market))
        for weight, part in zip(weights, parts, strict=True):
            if weight:
                total += weight * part
        score: Floats = np.clip(total / sum(weights), -1.0, 1.0)
        return score


def _pressure(market: Market, candles: int, lookback: int) -> Floats:
    """Volume delta of so many candles over what is usual for as many, float64[n] in [-1, 1].

    Usual is the root mean square of one candle's delta, times the root of ``candles``, as for independent ones.
    """
    delta = market.trade_delta
    usual = np.sqrt(sma(delta * delta, lookback) * candles)
    return np.clip(_ratio(sma(delta, candles) * candles, usual) / FULL_SCORE_DEVIATIONS, -1.0, 1.0)


def _absorption(market: Market, lookback: int) -> Floats:
    """What a large volume that moved nothing says: against those who pressed, float64[n] in [-1, 1].

    Minus the delta's share of volume, times the effort (volume above the usual one, 0 at the usual, 1 from twice of it
    on), times the progress that is missing (1 less the part of the candle's range that its body went the delta's way).
    """
    delta, volume = market.trade_delta, market.trade_volume
    effort = np.clip(_ratio(volume, sma(volume, lookback)) - 1.0, 0.0, 1.0)
    body = _ratio(np.sign(delta) * (market.close - market.open), market.high - market.low)
    return -_ratio(delta, volume) * effort * (1.0 - np.clip(body, 0.0, 1.0))


def _ratio(above: Floats, below: Floats) -> Floats:
    """``above / below``, 0 where ``below`` is 0; NaN stays NaN."""
    return np.divide(above, below, out=np.where(np.isnan(above), np.nan, 0.0), where=below != 0.0)
