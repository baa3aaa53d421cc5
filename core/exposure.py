"""What is at stake on one symbol, and how much of each limit is used."""

from __future__ import annotations

from typing import NamedTuple

from core.target import Rung


class Exposure(NamedTuple):
    """A position with what protects it, and the entries that rest behind it; ``quantity`` 0 for entries alone.

    strategy : '' for a position that nobody of ours opened. direction : +1 long, -1 short. average : entry (quote).
    price : last or mark. margin : that stands behind it (quote), 0 where cost / leverage does. rungs : entries not
    filled yet, in order.
    """

    strategy: str
    symbol: str
    direction: int
    quantity: float
    average: float
    price: float
    leverage: float
    margin: float = 0.0
    stop: float | None = None
    target: float | None = None
    rungs: tuple[Rung, ...] = ()


class LimitUse(NamedTuple):
    """How much of a limit is used.

    code : as in refusals and causes. key : of risk.yaml. subject : strategy, symbol or group; '' for the account.
    unit : 'fraction', 'usdt', 'positions'.
    """

    code: str
    key: str
    subject: str
    used: float
    limit: float
    unit: str
