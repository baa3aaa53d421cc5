"""Everything that the contract of strategies is checked on: the strategies that there are, and markets for them."""

from __future__ import annotations

from pathlib import Path

from core.candle import Candles
from core.market import Market
from optimization.checking.market import candles, extras, inverted, scaled
from strategies.discovery import AnyStrategy, discover

__all__ = ["EXAMPLES", "FOUND", "candles", "extras", "inverted", "market", "scaled"]

EXAMPLES = Path(__file__).parents[2] / "examples"
FOUND: dict[str, AnyStrategy] = discover([EXAMPLES])


def market(c: Candles) -> Market:
    """A fresh market, so that nothing is remembered from a longer one."""
    return Market("TEST-USDT", c, extras(c))
