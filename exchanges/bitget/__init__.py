"""Bitget, USDT perpetuals, through ccxt. The registry calls the two functions below."""

from __future__ import annotations

from typing import Final

from core.settings import Exchange
from exchanges.bitget.public import BitgetPublic
from exchanges.bitget.trading import BitgetTrading
from exchanges.port import Credentials, PublicVenue, TradingVenue

ACCOUNT_TYPES: Final = ("classic", "unified")


def public_venue(settings: Exchange) -> PublicVenue:
    """Market data; needs no keys."""
    return BitgetPublic(_with_share(settings, 2 / 3))


def trading_venue(settings: Exchange, credentials: Credentials) -> TradingVenue:
    """One account."""
    return BitgetTrading(_with_share(settings, 1 / 3), credentials)


def _with_share(settings: Exchange, share: float) -> Exchange:
    """With a share of the market data's budget: the venue counts by address, and both of the above ask from one."""
    rate = settings.rate.model_copy(update={"market": settings.rate.market * share})
    return settings.model_copy(update={"rate": rate})
