"""Private REST endpoints that read: balance, modes, positions, orders, fills, history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.account import Account
from sandbox.account_rows import (
    balance_row,
    closed_position_row,
    fill_row,
    order_row,
    position_row,
    trigger_row,
)
from sandbox.desk import find
from sandbox.orders import Hold, PlanType
from sandbox.parameters import Parameters
from sandbox.refusal import bad_parameter
from sandbox.rows import COIN, text
from sandbox.state import State

PrivateEndpoint = Callable[[Account, Parameters], Any]

_PROFIT_LOSS = frozenset({PlanType.POS_LOSS, PlanType.POS_PROFIT, PlanType.LOSS, PlanType.PROFIT})


def plan_types(name: str) -> frozenset[PlanType]:
    """The triggers that a planType means: ``profit_loss`` all four stops and targets, else the one it names."""
    if name == "profit_loss":
        return _PROFIT_LOSS
    try:
        return frozenset({PlanType(name)})
    except ValueError:
        raise bad_parameter("planType", name) from None


class ReadingEndpoints:
    """What a customer may ask about the own account."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> dict[tuple[str, str], PrivateEndpoint]:
        """(method, path) to endpoint."""
        mix = "/api/v2/mix"
        paths: dict[str, PrivateEndpoint] = {
            "/api/v2/common/trade-rate": self.trade_rate,
            f"{mix}/account/accounts": self.accounts,
            f"{mix}/account/account": self.account,
            f"{mix}/position/all-position": self.positions,
            f"{mix}/position/single-position": self.positions,
            f"{mix}/position/history-position": self.closed_positions,
            f"{mix}/order/detail": self.order,
            f"{mix}/order/orders-pending": self.pending,
            f"{mix}/order/orders-history": self.history,
            f"{mix}/order/orders-plan-pending": self.pending_triggers,
            f"{mix}/order/orders-plan-history": self.trigger_history,
            f"{mix}/order/fills": self.fills,
            f"{mix}/order/fill-history": self.fills,
        }
        return {("GET", path): endpoint for path, endpoint in paths.items()}

    def trade_rate(self, _: Account, asked: Parameters) -> Any:
        """Fees of a symbol."""
        rules = self._state.instrument(asked.symbol())
        return {"makerFeeRate": text(rules.maker_fee), "takerFeeRate": text(rules.taker_fee)}

    def accounts(self, account: Account, asked: Parameters) -> Any:
        """The money."""
        return [balance_row(self._state, account)] if asked.ours() else []

    def account(self, account: Account, asked: Parameters) -> Any:
        """The money and the modes of a symbol; leverages are numbers."""
        symbol = asked.symbol()
        long, short = (round(account.leverage_of(symbol, hold)) for hold in (Hold.LONG, Hold.SHORT))
        return {
            **balance_row(self._state, account), "crossedMarginLeverage": round(account.leverage_of(symbol)),
            "isolatedLongLever": long, "isolatedShortLever": short, "marginMode": account.margin_mode_of(symbol),
            "posMode": account.position_mode, "assetMode": "single",
        }

    def positions(self, account: Account, asked: Parameters) -> Any:
        """Open positions, of one symbol or of all."""
        if not asked.ours() or asked.text("marginCoin", COIN).upper() != COIN:
            return []
        symbol = asked.maybe_symbol()
        return [
            position_row(self._state, account, position)
            for position in account.positions.values()
            if symbol in (None, position.symbol)
        ]

    def closed_positions(self, account: Account, asked: Parameters) -> Any:
        """Positions that ended, newest first."""
        symbol = asked.maybe_symbol()
        rows = [
            (closed.position_id, closed.closed_ms, closed_position_row(closed))
            for closed in account.closed
            if symbol in (None, closed.symbol)
        ]
        page, end_id = asked.page(20, 100).of(rows)
        return {"list": page, "endId": end_id}

    def order(self, account: Account, asked: Parameters) -> Any:
        """One plain order in whatever state."""
        return order_row(find(account, asked.identity(), asked.text("clientOid")))

    def pending(self, account: Account, asked: Parameters) -> Any:
        """Live plain orders."""
        if not asked.ours():
            return {"entrustedList": None, "endId": None}
        orders = account.live_orders(asked.maybe_symbol())
        return _entrusted(asked, [(o.order_id, o.created_ms, order_row(o)) for o in orders])

    def history(self, account: Account, asked: Parameters) -> Any:
        """Plain orders that are no longer live."""
        symbol = asked.maybe_symbol()
        rows = [
            (order.order_id, order.created_ms, order_row(order))
            for order in account.every_order.values()
            if symbol in (None, order.symbol) and order.order_id not in account.orders.get(order.symbol, {})
        ]
        return _entrusted(asked, rows)

    def pending_triggers(self, account: Account, asked: Parameters) -> Any:
        """Live triggers of a plan type."""
        wanted = plan_types(asked.text("planType", PlanType.NORMAL.value))
        triggers = account.live_triggers(asked.maybe_symbol())
        return _entrusted(asked, [(t.order_id, t.created_ms, trigger_row(t)) for t in triggers if t.plan in wanted])

    def trigger_history(self, account: Account, asked: Parameters) -> Any:
        """Triggers of a plan type that are no longer live."""
        wanted = plan_types(asked.text("planType", PlanType.NORMAL.value))
        symbol = asked.maybe_symbol()
        rows = [
            (trigger.order_id, trigger.created_ms, trigger_row(trigger))
            for trigger in account.every_trigger.values()
            if trigger.plan in wanted
            and symbol in (None, trigger.symbol)
            and trigger.order_id not in account.triggers.get(trigger.symbol, {})
        ]
        return _entrusted(asked, rows)

    def fills(self, account: Account, asked: Parameters) -> Any:
        """Executions, newest first."""
        symbol, order_id = asked.maybe_symbol(), asked.identity()
        rows = [
            (fill.trade_id, fill.ts_ms, fill_row(fill))
            for fill in account.fills
            if symbol in (None, fill.symbol) and order_id in (None, fill.order_id)
        ]
        page, end_id = asked.page(100, 100).of(rows)
        return {"fillList": page, "endId": end_id}


def _entrusted(asked: Parameters, rows: list[tuple[int, int, Any]]) -> dict[str, Any]:
    """A page of orders as Bitget wraps it; null when there is none."""
    page, end_id = asked.page(100, 100).of(rows)
    return {"entrustedList": page or None, "endId": end_id or None}
