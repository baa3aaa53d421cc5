"""The unified account's calls and its names for things."""

from __future__ import annotations

from typing import Final

from exchanges.bitget.dialect.words import Endpoint
from exchanges.rate import Category

_MARKET, _TRADE, _ACCOUNT, _POSITION = Category.MARKET, Category.TRADE, Category.ACCOUNT, Category.POSITION

INSTRUMENTS: Final = Endpoint("publicUtaGetV3MarketInstruments", _MARKET)
TIERS: Final = Endpoint("publicUtaGetV3MarketPositionTier", _MARKET)
CANDLES: Final = Endpoint("publicUtaGetV3MarketCandles", _MARKET)
HISTORY_CANDLES: Final = Endpoint("publicUtaGetV3MarketHistoryCandles", _MARKET)
FUNDING_HISTORY: Final = Endpoint("publicUtaGetV3MarketHistoryFundRate", _MARKET)
OPEN_INTEREST: Final = Endpoint("publicUtaGetV3MarketOpenInterest", _MARKET)
ASSETS: Final = Endpoint("privateUtaGetV3AccountAssets", _ACCOUNT)
SETTINGS: Final = Endpoint("privateUtaGetV3AccountSettings", _ACCOUNT)
KEY_INFO: Final = Endpoint("privateUtaGetV3AccountInfo", _ACCOUNT)
SET_LEVERAGE: Final = Endpoint("privateUtaPostV3AccountSetLeverage", _ACCOUNT, writes=True)
SET_HOLD_MODE: Final = Endpoint("privateUtaPostV3AccountSetHoldMode", _ACCOUNT, writes=True)
POSITIONS: Final = Endpoint("privateUtaGetV3PositionCurrentPosition", _POSITION)
CLOSED_POSITIONS: Final = Endpoint("privateUtaGetV3PositionHistoryPosition", _POSITION)
PLACE: Final = Endpoint("privateUtaPostV3TradePlaceOrder", _TRADE, writes=True)
MODIFY: Final = Endpoint("privateUtaPostV3TradeModifyOrder", _TRADE, writes=True)
CANCEL: Final = Endpoint("privateUtaPostV3TradeCancelOrder", _TRADE, writes=True)
PLACE_STRATEGY: Final = Endpoint("privateUtaPostV3TradePlaceStrategyOrder", _TRADE, writes=True)
MODIFY_STRATEGY: Final = Endpoint("privateUtaPostV3TradeModifyStrategyOrder", _TRADE, writes=True)
CANCEL_STRATEGY: Final = Endpoint("privateUtaPostV3TradeCancelStrategyOrder", _TRADE, writes=True)
ORDER_INFO: Final = Endpoint("privateUtaGetV3TradeOrderInfo", _ACCOUNT)
UNFILLED: Final = Endpoint("privateUtaGetV3TradeUnfilledOrders", _ACCOUNT)
UNFILLED_STRATEGY: Final = Endpoint("privateUtaGetV3TradeUnfilledStrategyOrders", _ACCOUNT)
HISTORY_STRATEGY: Final = Endpoint("privateUtaGetV3TradeHistoryStrategyOrders", _ACCOUNT)
FILLS: Final = Endpoint("privateUtaGetV3TradeFills", _ACCOUNT)

PUBLIC: Final = "usdt-futures"
"""``instType`` of public streams; rows of private ones name their category so too."""
PRIVATE: Final = "UTA"
"""``instType`` of private streams."""

TRIGGER_WORD: Final = {"mark": "mark", "last": "market"}
TRIGGER_SOURCE: Final = {word: ours for ours, word in TRIGGER_WORD.items()}
