"""The unified account's private rows in our words: orders, strategy orders, fills, positions, account.

Read from the venue's own fields alone, because ccxt's reading of them is wrong where it hurts: an order at market
counts its value as its amount, the average price is lost, fees paid come out negative, ``no`` reads as yes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from core.errors import RetryLater
from core.order import Execution, OpenOrder, OrderKind, OrderStatus, Side
from core.position import Balance, ClosedPosition, VenuePosition
from exchanges.bitget.dialect.market import Symbols
from exchanges.bitget.dialect.unified.words import PUBLIC, TRIGGER_SOURCE
from exchanges.bitget.dialect.words import COIN, Row, known, number, whole

_STATUS: Final = {
    "live": OrderStatus.OPEN, "init": OrderStatus.OPEN, "new": OrderStatus.OPEN, "not_trigger": OrderStatus.OPEN,
    "partially_filled": OrderStatus.PARTIAL, "filled": OrderStatus.FILLED,
    "executed": OrderStatus.FILLED, "triggered": OrderStatus.FILLED,
    "cancelled": OrderStatus.CANCELLED, "canceled": OrderStatus.CANCELLED, "cancel": OrderStatus.CANCELLED,
    "fail_trigger": OrderStatus.REJECTED, "fail_execute": OrderStatus.REJECTED,
}  # fmt: skip


def ours(row: Row) -> bool:
    """Whether a row of an account-wide list or push is about our product; spot and margin rows are not."""
    return str(row.get("category", PUBLIC)).lower() == PUBLIC


def order(row: Row, symbols: Symbols) -> OpenOrder:
    """A plain order from any REST list, the detail call or a push."""
    kind = OrderKind.MARKET if row.get("orderType") == "market" else OrderKind.LIMIT
    return OpenOrder(
        order_id=str(row["orderId"]),
        client_id=str(row.get("clientOid") or ""),
        symbol=symbols.symbol(str(row["symbol"])),
        side=_side(row),
        kind=kind,
        status=_STATUS.get(str(row.get("orderStatus")), OrderStatus.REJECTED),
        quantity=number(row.get("qty")),
        filled=number(row.get("cumExecQty")),
        price=known(row.get("price")) if kind is OrderKind.LIMIT else None,
        average=known(row.get("avgPrice")),
        reduce_only=str(row.get("reduceOnly", "")).lower() == "yes",
        stop=known(row.get("stopLoss")),
        created_ms=whole(row.get("createdTime")),
    )


def strategy_orders(data: Any) -> list[Row]:
    """The rows of a list of strategy orders: bare, or under ``list``; null is an empty one, as in the other lists.

    Raises RetryLater for any other shape: taken for "no stops" it would make the audit act.
    """
    found = data.get("list", data) if isinstance(data, dict) else data
    if found is None:
        return []
    if isinstance(found, list):
        return found
    raise RetryLater(f"a list of strategy orders of unknown shape: {str(data)[:100]}")


def strategy_order(row: Row, symbols: Symbols, *, ended: bool = False) -> OpenOrder:
    """A stop or target. Whole-position ones say no mode in some answers, sized ones always do.

    The row has no side and mostly no status: the side is the position's other one, and what stands in the open list is
    open. ``ended``: it stands in the history.
    """
    own = "sl" if known(row.get("stopLoss")) is not None else "tp"
    limit = known(row.get(f"{own}LimitPrice")) if row.get(f"{own}OrderType") == "limit" else None
    kind = _strategy_kind(row, limit)
    source = str(row.get(f"{own}TriggerBy") or "")
    default = OrderStatus.CANCELLED if ended else OrderStatus.OPEN
    word = row.get("status")
    return OpenOrder(
        order_id=str(row["orderId"]),
        client_id=str(row.get("clientOid") or ""),
        symbol=symbols.symbol(str(row["symbol"])),
        side=_closing_side(row),
        kind=kind,
        status=_STATUS.get(str(word), OrderStatus.REJECTED) if word else default,
        quantity=number(row.get("qty")) if kind is OrderKind.TRIGGER else 0.0,
        price=limit,
        trigger=known(row.get("stopLoss")) or known(row.get("takeProfit")) or known(row.get("triggerPrice")),
        trigger_source=TRIGGER_SOURCE.get(source, source),
        reduce_only=True,
        created_ms=whole(row.get("createdTime")),
    )


def _strategy_kind(row: Row, limit: float | None) -> OrderKind:
    """A whole position's stop or target; anything sized, with both prices, or a stop that may stay unfilled is neither.

    ``limit``: the price at which it would rest.
    """
    is_stop = known(row.get("stopLoss")) is not None
    sized = str(row.get("tpslMode") or "full").lower() == "partial" or str(row.get("type") or "tpsl") != "tpsl"
    both = is_stop and known(row.get("takeProfit")) is not None
    if sized or both or (is_stop and limit is not None):
        return OrderKind.TRIGGER
    return OrderKind.STOP_LOSS if is_stop else OrderKind.TAKE_PROFIT


def _side(row: Row) -> Side:
    return Side.BUY if str(row.get("side")).lower() == "buy" else Side.SELL


def _closing_side(row: Row) -> Side:
    if row.get("posSide") in ("long", "short"):
        return Side.SELL if row["posSide"] == "long" else Side.BUY
    return _side(row)


def execution(row: Row, symbols: Symbols) -> Execution:
    """A fill from the REST list or a push; the fee is positive when paid."""
    return Execution(
        trade_id=str(row["execId"]),
        order_id=str(row["orderId"]),
        client_id=str(row.get("clientOid") or ""),
        symbol=symbols.symbol(str(row["symbol"])),
        side=_side(row),
        price=number(row["execPrice"]),
        quantity=number(row["execQty"]),
        fee=sum(number(part.get("fee")) for part in row.get("feeDetail") or ()),
        maker=str(row.get("tradeScope", "")).lower() == "maker",
        ts_ms=whole(row.get("execTime")) or whole(row.get("createdTime")) or whole(row.get("updatedTime")),
    )


def position(row: Row, symbols: Symbols) -> VenuePosition | None:
    """An open position from the REST list or a push, which name some fields differently; None when it is flat."""
    quantity = number(row.get("total")) or number(row.get("size"))
    if quantity <= 0:
        return None
    return VenuePosition(
        symbol=symbols.symbol(str(row["symbol"])),
        direction=1 if row.get("posSide") == "long" else -1,
        quantity=quantity,
        average=number(row.get("avgPrice")),
        leverage=number(row.get("leverage"), 1.0),
        margin_mode=str(row.get("marginMode", "")),
        margin=number(row.get("positionBalance")) or number(row.get("marginSize")),
        mark=number(row.get("markPrice")),
        liquidation=known(row.get("liquidationPrice")) or known(row.get("liqPrice")),
        unrealised=number(row.get("unrealisedPnl")),
        opened_ms=whole(row.get("createdTime")),
    )


def closed_position(row: Row, symbols: Symbols) -> ClosedPosition:
    """A position that was closed, with what it really earned."""
    return ClosedPosition(
        position_id=str(row["positionId"]),
        symbol=symbols.symbol(str(row["symbol"])),
        direction=1 if row.get("posSide") == "long" else -1,
        quantity=number(row.get("closeTotalPos")),
        entry=number(row.get("openPriceAvg")),
        exit=number(row.get("closePriceAvg")),
        gross=number(row.get("cumRealisedPnl")),
        funding=number(row.get("totalFunding")),
        fees=-number(row.get("openFeeTotal")) - number(row.get("closeFeeTotal")),
        net=number(row.get("netProfit")),
        opened_ms=whole(row.get("createdTime")),
        closed_ms=whole(row.get("updatedTime")),
    )


def balance(assets: Sequence[Row]) -> Balance:
    """USDT equity and what is free; zeros when the account has none."""
    for row in assets:
        if row.get("coin") == COIN:
            return Balance(number(row.get("equity")), number(row.get("available")))
    return Balance(0.0, 0.0)


def symbol_settings(settings: Row, market_id: str) -> tuple[str, float] | None:
    """Margin mode and leverage of a symbol in the account's settings; None where they do not name it."""
    for row in settings.get("symbolConfigList") or ():
        if row.get("symbol") == market_id and ours(row):
            return str(row.get("marginMode", "")), number(row.get("leverage"))
    return None


def one_way(settings: Row) -> bool:
    """Whether the account nets its positions."""
    return settings.get("holdMode") == "one_way_mode"
