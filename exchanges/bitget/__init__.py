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
    return BitgetPublic(settings)


def trading_venue(settings: Exchange, credentials: Credentials) -> TradingVenue:
    """One account."""
    return BitgetTrading(settings, credentials)
