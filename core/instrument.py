"""What a venue says about a symbol: steps, minima, fees, leverage and maintenance tiers.

Our symbols are ``BASE-QUOTE`` (``BTC-USDT``) and mean the linear perpetual; each venue adapter translates.
"""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class Tier(NamedTuple):
    """A maintenance-margin tier: applies while the position's notional is at most ``max_notional``.

    Maintenance margin = notional x ``rate`` - ``deduction`` (quote currency), which makes it continuous.
    """

    max_notional: float
    rate: float
    deduction: float


class Instrument(BaseModel):
    """A perpetual's trading rules. ``tick`` (price) and ``step`` (base quantity) of 0 mean: no rounding."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    symbol: str
    tick: float = Field(0.0, ge=0)
    step: float = Field(0.0, ge=0)
    min_quantity: float = Field(0.0, ge=0)
    min_notional: float = Field(0.0, ge=0)
    maker_fee: float = Field(0.0002, ge=-0.01, le=0.05)
    taker_fee: float = Field(0.0006, ge=0, le=0.05)
    max_leverage: float = Field(125.0, ge=1)
    tiers: tuple[Tier, ...] = (Tier(1e18, 0.005, 0.0),)

    @property
    def base(self) -> str:
        """The base currency: ``BTC`` of ``BTC-USDT``."""
        return self.symbol.partition("-")[0]
