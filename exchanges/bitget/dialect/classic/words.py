"""The classic account's calls and its names for things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.order import OrderKind
from exchanges.bitget.dialect.words import Endpoint
from exchanges.rate import Category

_MARKET, _TRADE, _ACCOUNT, _POSITION = Category.MARKET, Category.TRADE, Category.ACCOUNT, Category.POSITION

CONTRACTS: Final = Endpoint("publicMixGetV2MixMarketContracts", _MARKET)
TIERS: Final = Endpoint("publicMixGetV2MixMarketQueryPositionLever", _MARKET)
CANDLES: Final = Endpoint("publicMixGetV2MixMarketCandles", _MARKET)
HISTORY_CANDLES: Final = Endpoint("publicMixGetV2MixMarketHistoryCandles", _MARKET)
FUNDING_HISTORY: Final = Endpoint("publicMixGetV2MixMarketHistoryFundRate", _MARKET)
OPEN_INTEREST: Final = Endpoint("publicMixGetV2MixMarketOpenInterest", _MARKET)
BALANCE: Final = Endpoint("privateMixGetV2MixAccountAccounts", _ACCOUNT)
ACCOUNT: Final = Endpoint("privateMixGetV2MixAccountAccount", _ACCOUNT)
KEY_INFO: Final = Endpoint("privateSpotGetV2SpotAccountInfo", _ACCOUNT)
SET_LEVERAGE: Final = Endpoint("privateMixPostV2MixAccountSetLeverage", _ACCOUNT, writes=True)
SET_MARGIN_MODE: Final = Endpoint("privateMixPostV2MixAccountSetMarginMode", _ACCOUNT, writes=True)
SET_POSITION_MODE: Final = Endpoint("privateMixPostV2MixAccountSetPositionMode", _ACCOUNT, writes=True)
POSITIONS: Final = Endpoint("privateMixGetV2MixPositionAllPosition", _POSITION)
CLOSED_POSITIONS: Final = Endpoint("privateMixGetV2MixPositionHistoryPosition", _POSITION)
PLACE: Final = Endpoint("privateMixPostV2MixOrderPlaceOrder", _TRADE, writes=True)
MODIFY: Final = Endpoint("privateMixPostV2MixOrderModifyOrder", _TRADE, writes=True)
CANCEL: Final = Endpoint("privateMixPostV2MixOrderCancelOrder", _TRADE, writes=True)
PLACE_STOP: Final = Endpoint("privateMixPostV2MixOrderPlaceTpslOrder", _TRADE, writes=True)
MODIFY_STOP: Final = Endpoint("privateMixPostV2MixOrderModifyTpslOrder", _TRADE, writes=True)
CANCEL_PLAN: Final = Endpoint("privateMixPostV2MixOrderCancelPlanOrder", _TRADE, writes=True)
DETAIL: Final = Endpoint("privateMixGetV2MixOrderDetail", _ACCOUNT)
PENDING: Final = Endpoint("privateMixGetV2MixOrderOrdersPending", _ACCOUNT)
PLAN_PENDING: Final = Endpoint("privateMixGetV2MixOrderOrdersPlanPending", _ACCOUNT)
PLAN_HISTORY: Final = Endpoint("privateMixGetV2MixOrderOrdersPlanHistory", _ACCOUNT)
FILLS: Final = Endpoint("privateMixGetV2MixOrderFills", _ACCOUNT)

PLAN_NAMESPACES: Final = ("normal_plan", "profit_loss", "track_plan")
"""What ``planType`` may ask for; plain orders live in a call of their own."""

KIND_OF_PLAN: Final = {
    "pos_loss": OrderKind.STOP_LOSS, "pos_profit": OrderKind.TAKE_PROFIT,  # in lists
    "psl": OrderKind.STOP_LOSS, "ptp": OrderKind.TAKE_PROFIT,  # in pushes
}  # fmt: skip
"""Position-level triggers by ``planType``; every other word is some other trigger."""
PLAN_TYPES_TO_CANCEL: Final = {
    OrderKind.STOP_LOSS: ("pos_loss",),
    OrderKind.TAKE_PROFIT: ("pos_profit",),
    OrderKind.TRIGGER: ("normal_plan", "loss_plan", "profit_plan", "moving_plan", "track_plan"),
}
"""What a trigger order may have to be cancelled under."""
TRIGGER_WORD: Final = {"mark": "mark_price", "last": "fill_price"}
TRIGGER_SOURCE: Final = {word: ours for ours, word in TRIGGER_WORD.items()}

_SENDS_ORDERS: Final = "coow"
_SEES_ORDERS: Final = "coor"
"""Of contracts; a key that may send them has both, one for reading the second alone."""


def trades(authorities: Sequence[str]) -> bool | None:
    """Whether a key's ``authorities`` let it send contract orders; None where they speak of other words than these."""
    if _SENDS_ORDERS in authorities:
        return True
    return False if _SEES_ORDERS in authorities else None


def withdraws(authority: str) -> bool:
    """Whether one of a key's ``authorities`` lets it take money out."""
    return authority == "wwow" or "withdraw" in authority
