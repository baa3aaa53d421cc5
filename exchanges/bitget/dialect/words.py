"""The venue's calls, its names for things, and how it writes numbers.

Numbers travel as strings, absent ones as ``""`` or null; times are milliseconds as strings.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final, NamedTuple

from core.order import OrderKind
from exchanges.rate import Category

Row = Mapping[str, Any]
Params = dict[str, Any]

PRODUCT: Final = "USDT-FUTURES"
COIN: Final = "USDT"


class Endpoint(NamedTuple):
    """One of the venue's calls: ccxt's name for it, the budget it draws on, whether it changes anything."""

    method: str
    category: Category
    writes: bool = False


_MARKET, _TRADE, _ACCOUNT, _POSITION = Category.MARKET, Category.TRADE, Category.ACCOUNT, Category.POSITION

TIME: Final = Endpoint("publicCommonGetV2PublicTime", _MARKET)
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
PLACE: Final = Endpoint("privateMixPostV2MixOrderPlaceOrder", _TRADE, writes=True)
MODIFY: Final = Endpoint("privateMixPostV2MixOrderModifyOrder", _TRADE, writes=True)
CANCEL: Final = Endpoint("privateMixPostV2MixOrderCancelOrder", _TRADE, writes=True)
PLACE_STOP: Final = Endpoint("privateMixPostV2MixOrderPlaceTpslOrder", _TRADE, writes=True)
MODIFY_STOP: Final = Endpoint("privateMixPostV2MixOrderModifyTpslOrder", _TRADE, writes=True)
CANCEL_PLAN: Final = Endpoint("privateMixPostV2MixOrderCancelPlanOrder", _TRADE, writes=True)
DETAIL: Final = Endpoint("privateMixGetV2MixOrderDetail", _ACCOUNT)
PENDING: Final = Endpoint("privateMixGetV2MixOrderOrdersPending", _ACCOUNT)
PLAN_PENDING: Final = Endpoint("privateMixGetV2MixOrderOrdersPlanPending", _ACCOUNT)
FILLS: Final = Endpoint("privateMixGetV2MixOrderFills", _ACCOUNT)

PLAN_NAMESPACES: Final = ("normal_plan", "profit_loss", "track_plan")
"""What ``planType`` may ask for; plain orders live in a call of their own."""

GRANULARITY: Final = {
    "1m": "1m", "3m": "3m", "5m": "5m", "15m": "15m", "30m": "30m", "1h": "1H", "2h": "2H", "4h": "4H",
    "6h": "6Hutc", "12h": "12Hutc", "1d": "1Dutc",
}  # fmt: skip

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


def number(value: Any, default: float = 0.0) -> float:
    """A float from the venue's word; ``default`` when it is absent."""
    return default if value in (None, "") else float(value)


def whole(value: Any, default: int = 0) -> int:
    """An int from the venue's word; ``default`` when it is absent."""
    return default if value in (None, "") else int(value)


def known(value: Any) -> float | None:
    """A positive float, or None: the venue says ``""``, ``0`` or null for "none"."""
    found = number(value)
    return found if found > 0 else None


def written(value: float, step: float) -> str:
    """``value`` as a plain decimal on the grid of ``step`` (0: as it is), without exponent or binary dust."""
    exact = Decimal(repr(float(value)))
    if step > 0:
        grid = Decimal(repr(float(step)))
        exact = (exact / grid).to_integral_value(ROUND_HALF_EVEN) * grid
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
