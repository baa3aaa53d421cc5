"""What the risk rules see and answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from core.instrument import Instrument
from core.position import VenuePosition
from core.target import ApprovedTarget
from engine.risk_state import Causes


class Terms(NamedTuple):
    """What is fixed about one symbol of one strategy.

    leverage : of the strategy. capital : the symbol's share of the strategy's capital (USDT).
    slippage : of market orders, a fraction. most_leverage : of the asset, whatever the strategy.
    """

    instrument: Instrument
    group: str
    leverage: float
    capital: float
    slippage: float
    most_leverage: float = 125.0


class Selected(NamedTuple):
    """What the selector says of a strategy on a symbol: whether it may open positions, else why not.

    weight : share of `Risk.max_margin_use` that the whole ladder may use, 1 where nothing is weighted.
    """

    may_open: bool
    detail: str = ""
    weight: float = 1.0


class View(NamedTuple):
    """What is known when a target is judged.

    causes : everything that forbids entries here. owner : the strategy that holds the symbol, '' for none.
    equity : of the account (USDT). positions : open now, by symbol, also those that nobody of ours opened.
    groups : correlation group of every symbol. price : last close. selected : None where everybody may open.
    """

    causes: Causes
    owner: str
    equity: float
    positions: Mapping[str, VenuePosition]
    groups: Mapping[str, str]
    price: float
    selected: Selected | None = None


class Refusal(NamedTuple):
    """Why entries were cut: a code for machines, a sentence for people, and the first rung that fell or shrank.

    wanted, granted : quantity (base) of that rung before and after; the rungs behind it fell.
    """

    code: str
    detail: str
    level: int
    wanted: float = 0.0
    granted: float = 0.0


class Decision(NamedTuple):
    """The approved target (always one, perhaps without entries) and what was refused."""

    approved: ApprovedTarget
    refusals: tuple[Refusal, ...]
