"""Private v3 endpoints that read: settings, money, positions, orders, strategy orders, fills, history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.account import Account, FundingPayment
from sandbox.desk import find
from sandbox.orders import PlanType, Trigger
from sandbox.rows import COIN, PRODUCT, market_id, money, side_word, text
from sandbox.state import State
from sandbox.trigger_desk import find_trigger
from sandbox.unified.asking import Asked
from sandbox.unified.rows import (
    assets_row,
    closed_position_row,
    fill_row,
    is_second,
    order_row,
    position_row,
    strategy_row,
)

UnifiedPrivateEndpoint = Callable[[Account, Asked], Any]


class UnifiedReadingEndpoints:
    """What a customer may ask about the own account."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> dict[tuple[str, str], UnifiedPrivateEndpoint]:
        """(method, path) to endpoint."""
        v3 = "/api/v3"
        paths: dict[str, UnifiedPrivateEndpoint] = {
            f"{v3}/account/settings": self.settings,
            f"{v3}/account/info": self.info,
            f"{v3}/account/switch-status": lambda *_: {"status": "success"},
            f"{v3}/account/assets": lambda account, _: assets_row(self._state, account),
            f"{v3}/account/fee-rate": self.fee_rate,
            f"{v3}/account/financial-records": self.records,
            f"{v3}/position/current-position": self.positions,
            f"{v3}/position/history-position": self.closed_positions,
            f"{v3}/position/adlRank": self.ranks,
            f"{v3}/trade/order-info": self.order,
            f"{v3}/trade/unfilled-orders": self.live_orders,
            f"{v3}/trade/history-orders": self.past_orders,
            f"{v3}/trade/unfilled-strategy-orders": self.live_strategies,
            f"{v3}/trade/history-strategy-orders": self.past_strategies,
            f"{v3}/trade/strategy-sub-orders": self.made_by_strategy,
            f"{v3}/trade/fills": self.fills,
        }
        return {("GET", path): endpoint for path, endpoint in paths.items()}

    def settings(self, account: Account, _: Asked) -> Any:
        """The account's modes: what a client asks in order to learn which kind of account this is."""
        return {
            "uid": "1", "accountMode": "unified", "assetMode": "single", "accountLevel": "advanced", "stpMode": "none",
            "holdMode": account.position_mode,            "coinConfigList": [],
            "symbolConfigList": [
                {
                    "category": PRODUCT, "symbol": market_id(symbol), "marginMode": account.margin_mode_of(symbol),
                    "leverage": text(account.leverage_of(symbol)),
                }
                for symbol in self._state.instruments
            ],
        }

    def info(self, *_: Any) -> Any:
        """What the key may do: trade and read, not withdraw, and from loopback only."""
        return {
            "userId": "1", "inviterId": "", "parentId": "", "channelCode": "", "channel": "", "ips": "127.0.0.1",
            "permType": "read_and_write", "permissions": ["uta_mgt", "uta_trade"], "regisTime": "0",
        }

    def fee_rate(self, _: Account, asked: Asked) -> Any:
        """Fees of a symbol."""
        rules = self._state.instrument(asked.tradable())
        return {"makerFeeRate": text(rules.maker_fee), "takerFeeRate": text(rules.taker_fee)}

    def positions(self, account: Account, asked: Asked) -> Any:
        """Open positions, of one symbol or of all; null when there is none."""
        symbol = asked.maybe_symbol()
        rows = [
            position_row(self._state, account, position)
            for position in account.positions.values()
            if symbol in (None, position.symbol) and asked.ours()
        ]
        return {"list": rows or None}

    def ranks(self, account: Account, _: Asked) -> Any:
        """How near each position is to being deleveraged: never, here."""
        return [
            {
                "symbol": market_id(position.symbol), "marginCoin": COIN, "adlRank": "0",
                "holdSide": side_word(position.direction),
            }
            for position in account.positions.values()
        ]

    def closed_positions(self, account: Account, asked: Asked) -> Any:
        """Positions that ended, newest first."""
        symbol = asked.maybe_symbol()
        return _listed(
            asked,
            [
                (closed.position_id, closed.closed_ms, closed_position_row(closed))
                for closed in account.closed
                if symbol in (None, closed.symbol)
            ],
            default=20,
        )

    def order(self, account: Account, asked: Asked) -> Any:
        """One plain order in whatever state; a strategy order is not found here."""
        return order_row(find(account, asked.identity(), asked.text("clientOid")))

    def live_orders(self, account: Account, asked: Asked) -> Any:
        """Live plain orders."""
        orders = account.live_orders(asked.maybe_symbol())
        return _listed(asked, [(order.order_id, order.created_ms, order_row(order)) for order in orders])

    def past_orders(self, account: Account, asked: Asked) -> Any:
        """Plain orders that are no longer live, of every symbol unless one is named."""
        symbol = asked.maybe_symbol()
        rows = [
            (order.order_id, order.created_ms, order_row(order))
            for order in account.every_order.values()
            if symbol in (None, order.symbol) and order.order_id not in account.orders.get(order.symbol, {})
        ]
        return _listed(asked, rows)

    def live_strategies(self, account: Account, asked: Asked) -> Any:
        """Live strategy orders: a bare list, not wrapped as the others, and all of them unless fewer are asked for."""
        triggers = list(account.live_triggers(asked.maybe_symbol()))
        most = len(triggers) if not asked.has("limit") else asked.limit()
        page, _ = asked.page(most, max(most, 1)).of(self._strategy_rows(account, asked, triggers))
        return page

    def past_strategies(self, account: Account, asked: Asked) -> Any:
        """Strategy orders that are no longer live."""
        symbol = asked.maybe_symbol()
        ended = [
            trigger
            for trigger in account.every_trigger.values()
            if symbol in (None, trigger.symbol)
            and trigger.order_id not in account.triggers.get(trigger.symbol, {})
        ]
        return _listed(asked, self._strategy_rows(account, asked, ended))

    def _strategy_rows(self, account: Account, asked: Asked, triggers: list[Trigger]) -> list[tuple[int, int, Any]]:
        if not asked.ours() or asked.text("type", "tpsl") != "tpsl":
            return []
        return [
            (trigger.order_id, trigger.created_ms, strategy_row(account, trigger))
            for trigger in triggers
            if trigger.plan is not PlanType.NORMAL and not is_second(account, trigger)
        ]

    def made_by_strategy(self, account: Account, asked: Asked) -> Any:
        """The plain orders that a strategy order made when it triggered."""
        strategy = find_trigger(account, asked.identity(), asked.text("clientOid"))
        ends = [strategy, account.every_trigger[strategy.twin]] if strategy.twin is not None else [strategy]
        return [order_row(account.every_order[end.became]) for end in ends if end.became is not None]

    def fills(self, account: Account, asked: Asked) -> Any:
        """Executions, newest first, of every symbol unless one is named."""
        symbol, order_id = asked.maybe_symbol(), asked.identity()
        rows = [
            (fill.trade_id, fill.ts_ms, fill_row(fill))
            for fill in account.fills
            if symbol in (None, fill.symbol) and order_id in (None, fill.order_id)
        ]
        return _listed(asked, rows)

    def records(self, account: Account, asked: Asked) -> Any:
        """Money that moved, newest first, as far back as events are kept: by fills and by funding."""
        rows = []
        for event in self._state.journal.events:
            if event.account is not account or event.kind not in ("fill", "funding"):
                continue
            moved = event.subject
            kind, amount, fee = (
                ("SETTLE_FEE", moved.amount, 0.0) if isinstance(moved, FundingPayment)
                else ("OPEN" if moved.opening else "CLOSE", moved.profit, moved.fee)
            )
            row = {
                "category": PRODUCT, "id": str(event.sequence), "symbol": market_id(event.symbol), "coin": COIN,
                "type": kind, "amount": money(amount), "fee": money(-fee), "balance": "", "ts": str(event.ts_ms),
            }
            rows.append((event.sequence, event.ts_ms, row))
        return _listed(asked, rows)


def _listed(asked: Asked, rows: list[tuple[int, int, Any]], default: int = 100) -> dict[str, Any]:
    """A page as v3 wraps it: null when there is nothing, and the cursor that the next page begins after."""
    page, cursor = asked.page_from_cursor(default).of(rows if asked.ours() else [])
    return {"list": page or None, "cursor": cursor}
