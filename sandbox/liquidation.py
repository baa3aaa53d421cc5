"""Maintenance tiers and the price at which positions are taken over.

Isolated, the engine's rule: ``(cost - d * M - d * deduction) / (quantity * (1 - d * rate))``, with the position's
margin M and the first tier whose limit holds the cost.

Crossed: the account's crossed positions stand and fall together, when what it owns beside the isolated margins is
worth no more than what all of them must maintain. For one symbol's price, with the others where they are, that is
``(sum(d * cost) - A - deduction) / (sum(d * quantity) - rate * sum(quantity))``, where A is the wallet without the
isolated margins, plus the other symbols' unrealised profit, minus their maintenance. Long and short of a symbol are
one for the tier and share the price. With a single crossed position it is the isolated formula with M = A.
"""

from __future__ import annotations

from typing import NamedTuple

from core.instrument import Instrument, Tier
from sandbox.account import Account, Position
from sandbox.state import State


class Takeover(NamedTuple):
    """Where a position is taken over: at ``price`` or lower (``below``), else at it or higher."""

    price: float
    below: bool


def tier_of(instrument: Instrument, notional: float) -> Tier:
    """The maintenance tier of a notional."""
    return next((tier for tier in instrument.tiers if tier.max_notional >= notional), instrument.tiers[-1])


def crossed(account: Account, symbol: str | None = None) -> list[Position]:
    """The crossed positions, of one symbol or of all."""
    return [
        position for position in account.positions.values()
        if position.margin_mode == "crossed" and symbol in (None, position.symbol)
    ]


def crossed_wallet(account: Account) -> float:
    """The money that stands behind the crossed positions together."""
    return account.wallet - sum(p.margin for p in account.positions.values() if p.margin_mode != "crossed")


def crossed_surplus(state: State, account: Account) -> float:
    """What crossed equity exceeds maintenance by, at the prices as they are; at zero or less somebody takes over."""
    surplus = crossed_wallet(account)
    for symbol in {position.symbol for position in crossed(account)}:
        surplus += _surplus_of(state, account, symbol)
    return surplus


def maintenance(instrument: Instrument, positions: list[Position], price: float) -> float:
    """What positions of one symbol must maintain together at a price."""
    tier = tier_of(instrument, sum(position.cost for position in positions))
    return tier.rate * price * sum(position.quantity for position in positions) - tier.deduction


def takeover(state: State, account: Account, position: Position) -> Takeover:
    """Where a position is taken over, as things stand; a price of zero or less is never met."""
    instrument = state.instrument(position.symbol)
    if position.margin_mode != "crossed":
        d, tier = position.direction, tier_of(instrument, position.cost)
        price = (position.cost - d * position.margin - d * tier.deduction) / (position.quantity * (1 - d * tier.rate))
        return Takeover(price, d > 0)
    together = crossed(account, position.symbol)
    tier = tier_of(instrument, sum(p.cost for p in together))
    others = {p.symbol for p in crossed(account)} - {position.symbol}
    asset = crossed_wallet(account) + sum(_surplus_of(state, account, symbol) for symbol in others)
    slope = sum(p.direction * p.quantity for p in together) - tier.rate * sum(p.quantity for p in together)
    price = (sum(p.direction * p.cost for p in together) - asset - tier.deduction) / slope if slope else 0.0
    return Takeover(price, slope >= 0)


def liquidation_price(state: State, account: Account, position: Position) -> float:
    """The price of `takeover`, as it is shown."""
    return takeover(state, account, position).price


def _surplus_of(state: State, account: Account, symbol: str) -> float:
    """Unrealised profit of a symbol's crossed positions, without what they must maintain."""
    positions, price = crossed(account, symbol), state.prices[symbol]
    profit = sum(position.unrealised(price) for position in positions)
    return profit - maintenance(state.instrument(symbol), positions, price)
