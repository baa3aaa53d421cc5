"""Private v3 endpoints that change something: modes, plain orders, batches, closing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sandbox.account import HEDGE, ONE_WAY, Account
from sandbox.desk import Amendment, amend, cancel, close, find, place
from sandbox.orders import Hold, NewOrder, Order
from sandbox.refusal import Refusal
from sandbox.rest_modes import ModeEndpoints
from sandbox.rest_trading import force_of, reduce_only, use_margin_mode
from sandbox.rows import decimals, money, side_word, text
from sandbox.state import State
from sandbox.unified.asking import Asked, in_words_of_v3, not_verified
from sandbox.unified.reading import UnifiedPrivateEndpoint
from sandbox.unified.rows import named

NOT_OF_V3: Final = ("triggerPrice", "stopPrice", "trailingPercent")
"""Parameters that place-order does not know. A client that sends one meant a conditional order and gets a plain one."""
SOURCES: Final = {"mark": "mark_price", "market": "fill_price"}


class UnifiedTradingEndpoints:
    """What a customer may do with plain orders."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._modes = ModeEndpoints(state)

    def routes(self) -> dict[tuple[str, str], UnifiedPrivateEndpoint]:
        """(method, path) to endpoint."""
        v3 = "/api/v3"
        paths: dict[str, UnifiedPrivateEndpoint] = {
            f"{v3}/account/set-leverage": self.set_leverage,
            f"{v3}/account/set-hold-mode": self.set_hold_mode,
            f"{v3}/trade/place-order": lambda account, asked: named(self.placed(account, asked)),
            f"{v3}/trade/modify-order": lambda account, asked: named(self.modified(account, asked)),
            f"{v3}/trade/cancel-order": lambda account, asked: named(self.cancelled(account, asked)),
            f"{v3}/trade/place-batch": lambda account, asked: _batch(account, asked, self.placed),
            f"{v3}/trade/batch-modify-order": lambda account, asked: _batch(account, asked, self.modified),
            f"{v3}/trade/cancel-batch": lambda account, asked: _batch(account, asked, self.cancelled),
            f"{v3}/trade/cancel-symbol-order": self.cancel_symbol,
            f"{v3}/trade/close-positions": self.close,
            f"{v3}/account/max-open-available": self.room,
        }
        return {("POST", path): endpoint for path, endpoint in paths.items()}

    def set_leverage(self, account: Account, asked: Asked) -> Any:
        """Leverage of a symbol, and its margin mode when that is said."""
        asked.tradable()
        if asked.has("marginMode"):
            self._modes.set_margin_mode(account, asked)
        self._modes.set_leverage(account, asked.renamed("posSide", "holdSide"))
        return "success"

    def set_hold_mode(self, account: Account, asked: Asked) -> Any:
        """One-way or hedged, for the whole account."""
        asked.word("holdMode", (ONE_WAY, HEDGE))
        self._modes.set_position_mode(account, asked.renamed("holdMode", "posMode"))
        return "success"

    def placed(self, account: Account, asked: Asked) -> Order:
        """A market or limit order with presets; what v3 does not know is not looked at, as there, but told."""
        symbol = asked.tradable()
        if asked.has("marginMode"):
            use_margin_mode(account, symbol, asked)
        kind = asked.word("orderType", ("market", "limit"))
        hold = Hold(asked.word("posSide", ("long", "short"))) if account.hedged else Hold.NET
        side = asked.side()
        closing = reduce_only(asked) if hold is Hold.NET else side is not hold.opening
        stop, target = preset(asked, "sl", "stopLoss"), preset(asked, "tp", "takeProfit")
        order = place(
            self._state,
            account,
            NewOrder(
                symbol, side, asked.required("qty"), asked.required("price") if kind == "limit" else None,
                force_of(asked, "timeInForce"), closing, asked.text("clientOid"), stop[0], target[0],
                (stop[1], target[1]), (stop[2], target[2]), hold,
            ),
        )
        strays = [name for name in NOT_OF_V3 if asked.has(name)]
        if strays:
            note = f"{', '.join(strays)} is nothing to place-order: executed as a plain order"
            self._state.record("alarm", account, symbol, order, note)
        return order

    def modified(self, account: Account, asked: Asked) -> Order:
        """Quantity and price of a live limit order, under its own client id; a reduce-only one is refused."""
        order = find(account, asked.identity(), asked.text("clientOid"))
        if order.reduce_only:
            raise not_verified("orderId", "a reduce-only order cannot be modified")
        return amend(self._state, account, order, Amendment(asked.number("qty"), asked.number("price")))

    def cancelled(self, account: Account, asked: Asked) -> Order:
        """One live plain order."""
        return cancel(self._state, account, asked.identity(), asked.text("clientOid"))

    def cancel_symbol(self, account: Account, asked: Asked) -> Any:
        """All plain orders of a symbol, or of all; strategy orders stay."""
        if not asked.ours():
            return {"list": None}
        orders = list(account.live_orders(asked.maybe_symbol()))
        rows = [
            {**named(cancel(self._state, account, order.order_id)), "code": "0", "msg": ""} for order in orders
        ]
        return {"list": rows or None}

    def room(self, account: Account, asked: Asked) -> Any:
        """How much could be opened now, at the price named or the last one."""
        symbol = asked.tradable()
        price = asked.positive("price") or self._state.price(symbol)
        rules, free = self._state.instrument(symbol), max(account.free(self._state.prices), 0.0)
        cost = price / account.leverage_of(symbol) + price * rules.taker_fee
        steps = int(free / cost / rules.step + 1e-9) if rules.step else 0
        most = text(round(steps * rules.step, decimals(rules.step)) if rules.step else free / cost)
        size = asked.positive("size") or 0.0
        return {
            "available": money(free), "maxOpen": most, "buyOpenCost": money(size * cost),
            "sellOpenCost": money(size * cost), "maxBuyOpen": most, "maxSellOpen": most,
        }

    def close(self, account: Account, asked: Asked) -> Any:
        """Close at market, one symbol or all, one side or both; an empty list when there is nothing."""
        symbol, side = asked.maybe_symbol(), asked.text("posSide")
        if side:
            asked.word("posSide", ("long", "short"))
        done = [
            {**named(close(self._state, account, position)), "code": "00000", "msg": "success"}
            for position in (list(account.positions.values()) if asked.ours() else [])
            if symbol in (None, position.symbol) and side in ("", side_word(position.direction))
        ]
        return {"list": done}


def preset(asked: Asked, short: str, name: str) -> tuple[float | None, float | None, str]:
    """Price, limit price when it executes as one, and what is watched: the last price unless said."""
    price = asked.positive(name)
    limit = asked.word(f"{short}OrderType", ("market", "limit"), "market") == "limit"
    source = SOURCES[asked.word(f"{short}TriggerBy", ("mark", "market"), "market")]
    return price, asked.required(f"{short}LimitPrice") if limit and price is not None else None, source


def _batch(account: Account, asked: Asked, act: Callable[[Account, Asked], Order]) -> list[dict[str, Any]]:
    """Each by itself; a row tells what became of it."""
    rows = []
    for one in asked.each():
        try:
            rows.append({**named(act(account, one)), "code": "00000", "msg": "success"})
        except Refusal as refusal:
            said = in_words_of_v3(refusal)
            ids = {"orderId": one.text("orderId"), "clientOid": one.text("clientOid")}
            rows.append({**ids, "code": said.code, "msg": said.message})
    return rows
