"""Maintenance tiers and the price at which a position is taken over; the engine's rule.

``liquidation = (cost - d * M - d * deduction) / (quantity * (1 - d * rate))`` with the first tier whose limit holds the
cost. M is the position's margin (isolated), or what the wallet has left beside the margin of the other positions
(crossed; their unrealised profit does not count: of the two possible readings this is the engine's).
"""

from __future__ import annotations

from core.instrument import Instrument, Tier
from sandbox.account import Account, Position


def tier_of(instrument: Instrument, notional: float) -> Tier:
    """The maintenance tier of a notional."""
    return next((tier for tier in instrument.tiers if tier.max_notional >= notional), instrument.tiers[-1])


def backing(account: Account, position: Position) -> float:
    """The money that can be lost with this position."""
    if position.margin_mode == "isolated":
        return position.margin
    return account.wallet - (account.reserved() - position.margin)


def liquidation_price(account: Account, position: Position, instrument: Instrument) -> float:
    """The price of liquidation; zero or negative when a long cannot be liquidated."""
    d = position.direction
    tier = tier_of(instrument, position.cost)
    money = backing(account, position)
    return (position.cost - d * money - d * tier.deduction) / (position.quantity * (1 - d * tier.rate))


def bankruptcy_price(account: Account, position: Position) -> float:
    """The price at which exactly the backing is lost: the price recorded for a liquidation, without fee."""
    return (position.cost - position.direction * backing(account, position)) / position.quantity
