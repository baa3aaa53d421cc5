"""The classic account's private rows in our words: orders of every namespace, fills, positions, account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.order import Execution, OpenOrder, OrderKind, OrderStatus, Side
from core.position import Balance, ClosedPosition, VenuePosition
from exchanges.bitget.dialect.classic.words import KIND_OF_PLAN, TRIGGER_SOURCE
from exchanges.bitget.dialect.market import Symbols
from exchanges.bitget.dialect.words import COIN, Row, known, number, whole

_STATUS: Final = {
    "live": OrderStatus.OPEN, "init": OrderStatus.OPEN, "new": OrderStatus.OPEN, "not_trigger": OrderStatus.OPEN,
    "partially_filled": OrderStatus.PARTIAL, "partial-fill": OrderStatus.PARTIAL,
    "filled": OrderStatus.FILLED, "full-fill": OrderStatus.FILLED,
    "executed": OrderStatus.FILLED, "triggered": OrderStatus.FILLED, "executing": OrderStatus.FILLED,
    "cancelled": OrderStatus.CANCELLED, "canceled": OrderStatus.CANCELLED,
    "rejected": OrderStatus.REJECTED, "fail_trigger": OrderStatus.REJECTED, "fail_execute": OrderStatus.REJECTED,
}  # fmt: skip


def order(row: Row, symbols: Symbols) -> OpenOrder:
    """A plain or trigger order from any REST list, the detail call or a private push."""
    if row.get("planType"):
        return _plan_order(row, symbols)
    kind = OrderKind.MARKET if row.get("orderType") == "market" else OrderKind.LIMIT
    pushed = "accBaseVolume" in row  # in pushes ``baseVolume`` is the last fill, in lists the sum
    return OpenOrder(
        order_id=str(row["orderId"]),
        client_id=str(row.get("clientOid") or ""),
        symbol=symbols.symbol(_market_id(row)),
        side=_side(row),
        kind=kind,
        status=_status(row),
        quantity=number(row.get("size")),
        filled=number(row.get("accBaseVolume") if pushed else row.get("baseVolume")),
        price=known(row.get("price")) if kind is OrderKind.LIMIT else None,
        average=known(row.get("priceAvg")),
        reduce_only=str(row.get("reduceOnly", "")).upper() == "YES",
        stop=known(row.get("presetStopLossPrice")),
        created_ms=whole(row.get("cTime")),
    )


def _plan_order(row: Row, symbols: Symbols) -> OpenOrder:
    """A trigger order: classified by ``planType``, the only field that tells, and sized stops are no position stops."""
    kind = KIND_OF_PLAN.get(str(row["planType"]), OrderKind.TRIGGER)
    whole_position = kind is not OrderKind.TRIGGER
    # A position-level trigger may stand in the fields of its own kind only.
    own = {OrderKind.STOP_LOSS: "stopLossTrigger", OrderKind.TAKE_PROFIT: "stopSurplusTrigger"}.get(kind, "trigger")
    source = str(row.get("triggerType") or row.get(f"{own}Type") or "")
    return OpenOrder(
        order_id=str(row["orderId"]),
        client_id=str(row.get("clientOid") or ""),
        symbol=symbols.symbol(_market_id(row)),
        side=_side(row),
        kind=kind,
        status=_status(row),
        quantity=0.0 if whole_position else number(row.get("size")),
        price=known(row.get("executePrice")) or known(row.get("price")),
        trigger=known(row.get("triggerPrice")) or known(row.get(f"{own}Price")),
        trigger_source=TRIGGER_SOURCE.get(source, source),
        reduce_only=whole_position or str(row.get("reduceOnly", "")).upper() == "YES",
        stop=None if whole_position else known(row.get("stopLossTriggerPrice")),
        created_ms=whole(row.get("cTime")),
    )


def _market_id(row: Row) -> str:
    """Lists say ``symbol``, pushes ``instId``."""
    return str(row.get("symbol") or row.get("instId") or "").upper()


def _side(row: Row) -> Side:
    """``buy``, ``sell``, or the one-way words ``buy_single`` and ``sell_single``."""
    return Side.BUY if str(row.get("side") or row.get("tradeSide")).lower().startswith("buy") else Side.SELL


def _status(row: Row) -> OrderStatus:
    word = str(row.get("planStatus") or row.get("status") or row.get("state") or "live")
    return _STATUS.get(word, OrderStatus.REJECTED)


def execution(row: Row, symbols: Symbols) -> Execution:
    """A fill from the REST list or a push. The list does not tell client ids: '' then."""
    return Execution(
        trade_id=str(row["tradeId"]),
        order_id=str(row["orderId"]),
        client_id=str(row.get("clientOid") or ""),
        symbol=symbols.symbol(_market_id(row)),
        side=_side(row),
        price=number(row["price"]),
        quantity=number(row["baseVolume"]),
        fee=-sum(number(part.get("totalFee")) for part in row.get("feeDetail") or ()),  # negative there: a cost
        maker=str(row.get("tradeScope", "")).lower() == "maker",
        ts_ms=whole(row.get("cTime")) or whole(row.get("uTime")),
    )


def position(row: Row, symbols: Symbols) -> VenuePosition | None:
    """An open position from the REST list or a push (which has no mark price: 0 then); None when it is flat."""
    quantity = number(row.get("total"))
    if quantity <= 0:
        return None
    return VenuePosition(
        symbol=symbols.symbol(_market_id(row)),
        direction=1 if row.get("holdSide") == "long" else -1,
        quantity=quantity,
        average=number(row.get("openPriceAvg")),
        leverage=number(row.get("leverage"), 1.0),
        margin_mode=str(row.get("marginMode", "")),
        margin=number(row.get("marginSize")),
        mark=number(row.get("markPrice")),
        liquidation=known(row.get("liquidationPrice")),
        unrealised=number(row.get("unrealizedPL")),
        opened_ms=whole(row.get("cTime")),
    )


def closed_position(row: Row, symbols: Symbols) -> ClosedPosition:
    """A position that was closed, with what it really earned."""
    return ClosedPosition(
        position_id=str(row["positionId"]),
        symbol=symbols.symbol(_market_id(row)),
        direction=1 if row.get("holdSide") == "long" else -1,
        quantity=number(row.get("closeTotalPos")),
        entry=number(row.get("openAvgPrice")),
        exit=number(row.get("closeAvgPrice")),
        gross=number(row.get("pnl")),
        funding=number(row.get("totalFunding")),
        fees=-number(row.get("openFee")) - number(row.get("closeFee")),
        net=number(row.get("netProfit")),
        opened_ms=whole(row.get("ctime")) or whole(row.get("cTime")),
        closed_ms=whole(row.get("utime")) or whole(row.get("uTime")),
    )


def balance(rows: Sequence[Row]) -> Balance:
    """USDT equity and what is free; zeros when the account has none."""
    for row in rows:
        if row.get("marginCoin") == COIN:
            free = number(row.get("maxTransferOut"), number(row.get("available")))
            return Balance(number(row.get("accountEquity")), free)
    return Balance(0.0, 0.0)


def leverage_of(account: Row) -> tuple[str, float]:
    """Margin mode and leverage of a symbol's account row; isolated legs that differ count as the larger."""
    mode = str(account["marginMode"])
    if mode == "crossed":
        return mode, number(account.get("crossedMarginLeverage"))
    return mode, max(number(account.get("isolatedLongLever")), number(account.get("isolatedShortLever")))


def one_way(account: Row) -> bool:
    """Whether the account nets its positions."""
    return account.get("posMode") == "one_way_mode"
