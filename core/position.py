"""Positions and balance as a venue shows them."""

from __future__ import annotations

from typing import NamedTuple


class VenuePosition(NamedTuple):
    """An open position of one symbol in one-way mode; flat symbols have none.

    ``direction`` +1 long, -1 short; ``quantity`` in base, above 0; ``liquidation`` None when the venue shows none.
    """

    symbol: str
    direction: int
    quantity: float
    average: float
    leverage: float
    margin_mode: str
    margin: float
    mark: float
    liquidation: float | None
    unrealised: float
    opened_ms: int


class Balance(NamedTuple):
    """Account money in quote currency: equity (open positions included) and what is free for new margin."""

    equity: float
    free: float


class ClosedPosition(NamedTuple):
    """A position after its end, as the venue accounts for it; money in quote currency.

    ``gross`` is the price difference earned, ``funding`` positive when received, ``fees`` (opening and closing)
    positive when paid; ``net`` is the venue's own sum of all three, and the only real profit.
    """

    position_id: str
    symbol: str
    direction: int
    quantity: float
    entry: float
    exit: float
    gross: float
    funding: float
    fees: float
    net: float
    opened_ms: int
    closed_ms: int
