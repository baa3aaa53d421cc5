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
