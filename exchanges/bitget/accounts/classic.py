"""One classic Bitget account behind the port. Every state-changing call is sent exactly once.

What was sent is read back wherever the venue's "success" does not prove it: triggers that were placed, moved or
cancelled, presets that were changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from core.errors import Refused, UnknownOutcome
from core.order import OpenOrder, OrderKind, OrderRequest
from exchanges.bitget.accounts.base import after
from exchanges.bitget.accounts.classic_reading import ClassicReading
from exchanges.bitget.dialect.classic import requests, rows, words
from exchanges.bitget.dialect.words import COIN, PRODUCT, Channel, Params, Row, same_price, whole, written
from exchanges.port import AccountEvent, Executed, OrderSeen, PositionsSeen
from exchanges.rate import Priority

_CHANNELS: Final = ("orders", "orders-algo", "positions", "fill")


class ClassicAccount(ClassicReading):
    """`exchanges.port.TradingVenue`, once open, for one classic account on USDT perpetuals, one-way mode."""

    async def prepare(self, symbol: str, leverage: float, margin_mode: str) -> None:
        """One-way mode, margin mode and leverage as wanted; changes only what differs."""
        account = await self._account(symbol)
        base: Params = {"symbol": self._id(symbol), "productType": PRODUCT, "marginCoin": COIN}
        if not rows.one_way(account):
            asked = {"posMode": "one_way_mode", "productType": PRODUCT}
            await self._client.call(words.SET_POSITION_MODE, asked, Priority.TRADE)
        if rows.leverage_of(account)[0] != margin_mode:
            await self._client.call(words.SET_MARGIN_MODE, base | {"marginMode": margin_mode}, Priority.TRADE)
            account = await self._account(symbol)
        self._margin_modes[symbol] = margin_mode
        if rows.leverage_of(account)[1] != leverage:
            await self._client.call(words.SET_LEVERAGE, base | {"leverage": written(leverage, 0)}, Priority.TRADE)

    async def place(self, request: OrderRequest) -> str:
        """Send an order; returns the venue's order id. Reduce-only orders go before others."""
        symbol = request.symbol
        params = requests.place_params(
            self._id(symbol), request, self.instrument(symbol), await self._margin_mode(symbol)
        )
        data = await self._client.call(
            words.PLACE, params, Priority.PROTECTION if request.reduce_only else Priority.TRADE
        )
        return await self._placed(symbol, request.client_id, str((data or {}).get("orderId") or ""))

    async def amend(self, order: OpenOrder, request: OrderRequest) -> str:
        """Change price, quantity and preset stop of a live limit order in place; returns its order id.

        The venue makes a new order of it, and is documented to leave the preset alone when everything changes at
        once: so a changed stop is read back, and set by a second request when the first one did not take it.
        Raises UnknownOutcome when the stop is still another one.
        """
        market_id, rules = self._id(order.symbol), self.instrument(order.symbol)
        params = requests.modify_params(market_id, order, request, rules)
        priority = Priority.PROTECTION if order.reduce_only else Priority.TRADE
        data = await self._client.call(words.MODIFY, params, priority)
        if "newPresetStopLossPrice" not in params:
            return await self._placed(order.symbol, request.client_id, str((data or {}).get("orderId") or ""))
        seen = await self._read_back(order.symbol, request.client_id)
        if seen.status.live and not same_price(seen.stop, request.stop, rules.tick):
            again = requests.modify_preset_params(market_id, request, rules)
            await self._client.call(words.MODIFY, again, Priority.PROTECTION)
            seen = await self._read_back(order.symbol, request.client_id)
            if seen.status.live and not same_price(seen.stop, request.stop, rules.tick):
                raise UnknownOutcome(f"{order.symbol} {request.client_id}: the preset stop stayed at {seen.stop}")
        return await self._placed(order.symbol, request.client_id, seen.order_id)

    async def _asked_to_cancel(self, order: OpenOrder) -> Row | None:
        params = requests.cancel_params(self._id(order.symbol), order.order_id)
        answer: Row | None = await self._client.call(words.CANCEL, params, Priority.PROTECTION)
        return answer

    async def _cancel_trigger(self, order: OpenOrder) -> bool:
        """The answer is a success even when nothing was cancelled, so what stands afterwards is read."""
        cancelled, said = False, ""
        for plan_type in words.PLAN_TYPES_TO_CANCEL[order.kind]:
            params = requests.cancel_plan_params(self._id(order.symbol), order.order_id, plan_type)
            try:
                data = await self._client.call(words.CANCEL_PLAN, params, Priority.PROTECTION)
            except Refused as error:
                said = f": {error}"
                continue
            cancelled = any(str(row.get("orderId")) == order.order_id for row in (data or {}).get("successList") or ())
            if cancelled:
                break
        if any(o.order_id == order.order_id for o in await after(self.open_orders(order.symbol))):
            raise UnknownOutcome(f"{order.symbol}: trigger order {order.order_id} is still shown{said}")
        return cancelled

    async def place_stop(self, symbol: str, direction: int, trigger: float, client_id: str) -> str:
        """A position-level stop (whole position, at market, configured trigger source), read back; its order id.

        Raises UnknownOutcome when the venue does not show it afterwards: it may have triggered at once.
        """
        params = requests.stop_params(
            self._id(symbol), direction, trigger, client_id, self.instrument(symbol), self._source
        )
        data = await self._client.call(words.PLACE_STOP, params, Priority.PROTECTION)
        order_id = str((data or {}).get("orderId") or "")
        shown = await self._stop_shown(symbol, lambda o: o.order_id == order_id or o.client_id == client_id, trigger)
        return shown.order_id

    async def amend_stop(self, stop: OpenOrder, trigger: float) -> None:
        """Move a position-level stop in place and read it back.

        Raises UnknownOutcome when the venue shows another one afterwards.
        """
        rules = self.instrument(stop.symbol)
        params = requests.modify_stop_params(self._id(stop.symbol), stop.order_id, trigger, rules, self._source)
        await self._client.call(words.MODIFY_STOP, params, Priority.PROTECTION)
        await self._stop_shown(stop.symbol, lambda o: o.kind is OrderKind.STOP_LOSS, trigger)

    async def _stop_shown(self, symbol: str, mine: Callable[[OpenOrder], bool], trigger: float) -> OpenOrder:
        """The live position-level stop that is mine, with its trigger price and source as asked."""
        where = {"symbol": self._id(symbol), "planType": "profit_loss"}
        listed = await after(self._listed(words.PLAN_PENDING, where))
        tick = self.instrument(symbol).tick
        for order in listed:
            if order.kind is OrderKind.STOP_LOSS and order.status.live and mine(order):
                right_source = order.trigger_source in ("", self._source)
                if same_price(order.trigger, trigger, tick) and right_source:
                    return order
        raise UnknownOutcome(f"{symbol}: the venue does not show a stop at {trigger:g} after accepting it")

    def _channels(self) -> list[Channel]:
        return [{"instType": PRODUCT, "channel": channel, "instId": "default"} for channel in _CHANNELS]

    def _events_of(self, message: Row) -> list[AccountEvent]:
        symbols, ts = self._symbols, whole(message.get("ts"))
        channel, pushed = message["arg"]["channel"], message["data"]
        if channel == "positions":
            held = tuple(p for row in pushed if (p := rows.position(row, symbols)) is not None)
            return [PositionsSeen(held, ts)]
        if channel == "fill":
            return [Executed(rows.execution(row, symbols)) for row in pushed]
        return [OrderSeen(rows.order(row, symbols), ts) for row in pushed]
