"""One unified Bitget account behind the port. Every state-changing call is sent exactly once.

What was sent is read back wherever the venue's "success" does not prove it: strategy orders that were placed, moved or
cancelled (a cancellation is answered with nothing at all). There is no stream of strategy orders: what became of a stop
shows in the open list, which the executor reads after each fill, at each audit and at each reconnection. A push of
positions tells of those that changed, so they are gathered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from core.errors import Refused, UnknownOutcome
from core.order import OpenOrder, OrderKind, OrderRequest
from core.position import VenuePosition
from exchanges.bitget.accounts.base import after
from exchanges.bitget.accounts.renamed import Amended
from exchanges.bitget.accounts.unified_reading import UnifiedReading
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect.unified import requests, rows, words
from exchanges.bitget.dialect.words import Channel, Row, same_price, whole
from exchanges.bitget.errors import NOT_FOUND
from exchanges.bitget.rules import Rules
from exchanges.bitget.session import Timing
from exchanges.port import AccountEvent, Executed, OrderSeen, PositionsSeen
from exchanges.rate import Priority

_TOPICS: Final = ("order", "position", "fill")


class UnifiedAccount(UnifiedReading):
    """`exchanges.port.TradingVenue`, once open, for one unified account on USDT perpetuals, one-way mode."""

    def __init__(self, client: BitgetClient, rules: Rules, timing: Timing) -> None:
        super().__init__(client, rules, timing)
        self._held_as_pushed: dict[str, VenuePosition | None] = {}

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self._held_as_pushed.clear()

    async def prepare(self, symbol: str, leverage: float, margin_mode: str) -> None:
        """One-way mode, margin mode and leverage as wanted; changes only what differs.

        The margin mode has no call of its own: it goes with the leverage and with every order.
        """
        settings = await self._settings()
        if not rows.one_way(settings):
            await self._client.call(words.SET_HOLD_MODE, {"holdMode": "one_way_mode"}, Priority.TRADE)
        if rows.symbol_settings(settings, self._id(symbol)) != (margin_mode, leverage):
            for side in ("long", "short") if margin_mode == "isolated" else ("",):
                asked = requests.leverage_params(self._id(symbol), leverage, margin_mode, side)
                await self._client.call(words.SET_LEVERAGE, asked, Priority.TRADE)
        self._margin_modes[symbol] = margin_mode

    async def place(self, request: OrderRequest) -> str:
        """Send an order; returns the venue's order id. Reduce-only orders go before others."""
        symbol = request.symbol
        params = requests.place_params(
            self._id(symbol), request, self.instrument(symbol), await self._margin_mode(symbol), self._source
        )
        priority = Priority.PROTECTION if request.reduce_only else Priority.TRADE
        data = await self._client.call(words.PLACE, params, priority)
        return await self._placed(symbol, request.client_id, str((data or {}).get("orderId") or ""))

    async def amend(self, order: OpenOrder, request: OrderRequest) -> str:
        """Change price and quantity of a live limit order in place, or replace it; returns the order id.

        A preset cannot be amended, and a reduce-only order may not be: those are withdrawn and placed anew (the
        position's stop is an order of its own and stays).
        """
        rules = self.instrument(order.symbol)
        if not same_price(order.stop, request.stop, rules.tick):
            return await self._replace(order, request)
        wanted = Amended(order.order_id, request.client_id, request.price, request.quantity)
        self._renamed.trying(wanted)
        priority = Priority.PROTECTION if order.reduce_only else Priority.TRADE
        try:
            await self._client.call(words.MODIFY, requests.modify_params(order, request, rules), priority)
        except Refused as error:
            self._renamed.forget(wanted)
            if order.reduce_only and error.code not in NOT_FOUND:
                return await self._replace(order, request)
            raise
        self._renamed.worked(wanted)
        return order.order_id

    async def _replace(self, order: OpenOrder, request: OrderRequest) -> str:
        """Withdraw, then place: the other way round both might fill. What has begun to fill is not placed again."""
        if not await self._cancel_plain(order):
            raise Refused(f"{order.symbol}: order {order.order_id} is gone, there is nothing to amend", code="25204")
        left = await after(self._info(order.symbol, {"orderId": order.order_id}))
        if left is None or left.filled > 0:
            raise UnknownOutcome(f"{order.symbol}: {order.order_id} was withdrawn, not replaced: it had begun to fill")
        return await self.place(request)

    async def _asked_to_cancel(self, order: OpenOrder) -> Row | None:
        params = requests.cancel_params(self._id(order.symbol), order.order_id)
        answer: Row | None = await self._client.call(words.CANCEL, params, Priority.PROTECTION)
        return answer

    async def _cancel_trigger(self, order: OpenOrder) -> bool:
        """The answer says nothing: what stands afterwards is read."""
        params, said = requests.cancel_strategy_params(self._id(order.symbol), order.order_id), ""
        try:
            await self._client.call(words.CANCEL_STRATEGY, params, Priority.PROTECTION)
        except Refused as error:
            if error.code in NOT_FOUND:
                return False
            said = f": {error}"
        if any(o.order_id == order.order_id for o in await after(self._live_strategies(self._of(order.symbol)))):
            raise UnknownOutcome(f"{order.symbol}: strategy order {order.order_id} is still shown{said}")
        return not said

    async def place_stop(self, symbol: str, direction: int, trigger: float, client_id: str) -> str:
        """A position-level stop (whole position, at market, configured trigger source), read back; its order id.

        Raises UnknownOutcome when the venue does not show it afterwards: it may have triggered at once.
        """
        params = requests.stop_params(
            self._id(symbol), direction, trigger, await self._held(symbol), client_id, self.instrument(symbol),
            self._source,
        )  # fmt: skip
        data = await self._client.call(words.PLACE_STRATEGY, params, Priority.PROTECTION)
        order_id = str((data or {}).get("orderId") or "")
        shown = await self._stop_shown(symbol, lambda o: o.order_id == order_id or o.client_id == client_id, trigger)
        return shown.order_id

    async def amend_stop(self, stop: OpenOrder, trigger: float) -> None:
        """Move a position-level stop in place and read it back.

        Raises UnknownOutcome when the venue shows another one afterwards.
        """
        params = requests.modify_stop_params(
            stop.order_id, trigger, await self._held(stop.symbol), self.instrument(stop.symbol), self._source
        )
        await self._client.call(words.MODIFY_STRATEGY, params, Priority.PROTECTION)
        await self._stop_shown(stop.symbol, lambda o: o.kind is OrderKind.STOP_LOSS, trigger)

    async def _held(self, symbol: str) -> float:
        """The size of the position that a stop is for: a whole-position stop follows it, but must say one."""
        for position in await self.positions():
            if position.symbol == symbol:
                return position.quantity
        raise Refused(f"{symbol}: there is no position to protect", code="25227")

    async def _stop_shown(self, symbol: str, mine: Callable[[OpenOrder], bool], trigger: float) -> OpenOrder:
        """The live position-level stop that is mine, with its trigger price and source as asked."""
        tick = self.instrument(symbol).tick
        for order in await after(self._live_strategies(self._of(symbol))):
            if order.kind is OrderKind.STOP_LOSS and mine(order):
                right_source = order.trigger_source in ("", self._source)
                if same_price(order.trigger, trigger, tick) and right_source:
                    return order
        raise UnknownOutcome(f"{symbol}: the venue does not show a stop at {trigger:g} after accepting it")

    def _of(self, symbol: str) -> dict[str, str]:
        return {"symbol": self._id(symbol)}

    def _channels(self) -> list[Channel]:
        return [{"instType": words.PRIVATE, "topic": topic} for topic in _TOPICS]

    def _events_of(self, message: Row) -> list[AccountEvent]:
        symbols, ts = self._symbols, whole(message.get("ts"))
        topic, pushed = message["arg"]["topic"], [row for row in message["data"] if rows.ours(row)]
        if topic == "position":
            for row in pushed:
                self._held_as_pushed[str(row["symbol"])] = rows.position(row, symbols)
            return [PositionsSeen(tuple(p for p in self._held_as_pushed.values() if p is not None), ts)]
        if topic == "fill":
            return [Executed(self._renamed.fill_as_ours(rows.execution(row, symbols))) for row in pushed]
        return [OrderSeen(self._renamed.as_ours(rows.order(row, symbols)), ts) for row in pushed]
