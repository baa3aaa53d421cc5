"""What the exchange is to look like for one symbol of one strategy.

`Target` is what a runner wants. `ApprovedTarget` is another type: only the risk rules build it
(`engine.risk.approve`), and only it is accepted by the executor, so a bypass does not type-check.
"""

from __future__ import annotations

from typing import NamedTuple


class Rung(NamedTuple):
    """One entry of the ladder that is not filled yet.

    level : its number, from 0. price : limit price, None for a market order. quantity : base, rounded.
    stop : the stop of the whole position as it will stand after this fill (it travels with the order).
    """

    level: int
    price: float | None
    quantity: float
    stop: float


class Target(NamedTuple):
    """The wanted state of one symbol from the close of a decision candle on.

    row_ms : closing time of the decision candle (UTC ms). cycle : number of the position cycle, from 0; it grows
    when a position closes, and makes client order ids deterministic together with strategy, symbol and level.
    direction : of the rungs or of the open position, 0 for nothing at all.
    filled : how many levels of this cycle are filled, hence whether a position is expected.
    quantity : base expected to be open now. stop, target : for the open position; None when flat.
    leave : close whatever is open at market (exit flag, age). average : entry price of what is open, 0 when flat.
    """

    strategy: str
    symbol: str
    row_ms: int
    cycle: int
    direction: int
    rungs: tuple[Rung, ...] = ()
    filled: int = 0
    quantity: float = 0.0
    stop: float | None = None
    target: float | None = None
    leave: bool = False
    average: float = 0.0


class ApprovedTarget(NamedTuple):
    """A target that passed the risk rules, perhaps with fewer rungs. ``sequence`` grows with every approval."""

    target: Target
    sequence: int
    approved_ms: int
