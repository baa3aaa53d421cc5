"""Where a venue takes a position over (execution rules, liquidation)."""

from __future__ import annotations

from core.instrument import Instrument, Tier


def tier_of(notional: float, instrument: Instrument) -> Tier:
    """The maintenance tier of a position of this notional."""
    return next((t for t in instrument.tiers if t.max_notional >= notional), instrument.tiers[-1])


def liquidation_price(
    direction: int, quantity: float, cost: float, backing: float, instrument: Instrument
) -> float:
    """Price at which a position of ``quantity`` bought for ``cost`` is liquidated.

    backing : its own margin (isolated), or the account's equity that stands behind it (crossed).
    """
    tier = tier_of(cost, instrument)
    return (cost - direction * backing - direction * tier.deduction) / (quantity * (1 - direction * tier.rate))
