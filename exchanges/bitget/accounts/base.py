"""What both kinds of account share: symbols, rules, margin modes, streams, looking again after a change."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Final, TypeVar

from core.errors import Refused, RetryLater, UnknownOutcome
from core.instrument import Instrument
from core.order import Execution, OpenOrder, OrderKind
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect.words import Channel, Row
from exchanges.bitget.echoes import Echoes
from exchanges.bitget.errors import NOT_FOUND
from exchanges.bitget.merging import merged
from exchanges.bitget.rules import Rules
from exchanges.bitget.session import Timing
from exchanges.bitget.streams import Connected, Lost, News, Socket
from exchanges.port import AccountEvent, Executed, OrderSeen, PositionsSeen, Reconnected, StreamLost

_LOOKS: Final = 10
_LOOK_EVERY_S: Final = 0.1

T = TypeVar("T")


class Account(ABC):
    """An account whose keys are proven and whose rules are loaded."""

    def __init__(self, client: BitgetClient, rules: Rules, timing: Timing) -> None:
        self._client, self._rules, self._timing = client, rules, timing
        self._source = client.settings.trigger_source
        self._symbols = rules.symbols
        self._margin_modes: dict[str, str] = {}
        self._echoes = Echoes(timing.echo_s)
        self._newest_fill_ms: dict[str, int] = {}

    @abstractmethod
    def _channels(self) -> list[Channel]:
        """The private streams."""

    @abstractmethod
    def _events_of(self, message: Row) -> list[AccountEvent]:
        """What a private push says."""

    @abstractmethod
    async def _plain_order(self, symbol: str, client_id: str) -> OpenOrder | None:
        """The plain order with this client id in whatever state, None when there is none."""

    @abstractmethod
    async def _executions(self, symbol: str, from_ms: int) -> list[Execution]:
        """Fills since ``from_ms``, oldest first."""

    @abstractmethod
    async def _asked_margin_mode(self, symbol: str) -> str:
        """The margin mode that the venue shows for a symbol."""

    @abstractmethod
    async def _asked_to_cancel(self, order: OpenOrder) -> Row | None:
        """The venue's answer to withdrawing a plain order."""

    @abstractmethod
    async def _cancel_trigger(self, order: OpenOrder) -> bool:
        """Withdraw a stop, target or other trigger; False when it was gone. Raises UnknownOutcome."""

    def events(self, symbols: Sequence[str]) -> AsyncIterator[AccountEvent]:
        """The private streams for ever, merged; a `Reconnected` precedes anything after a (re)connection.

        Positions are always all of them, orders and fills those of ``symbols``.
        """
        socket = Socket(
            self._client, "account", self._channels(), private=True, timing=self._timing,
            overdue=self._echoes.overdue_in_s,
        )  # fmt: skip
        wanted = frozenset(symbols)

        def read(message: News) -> list[AccountEvent]:
            if isinstance(message, Connected):
                self._begin_anew()
                return [Reconnected(message.name)]
            if isinstance(message, Lost):
                self._echoes.pause()
                return [StreamLost(message.name, message.reason)]
            found = self._events_of(message)
            for event in found:
                match event:
                    case OrderSeen():
                        self._echoes.saw(f"order {event.order.order_id}")
                    case Executed():
                        self._echoes.saw(f"fill {event.execution.trade_id}")
            return [event for event in found if _symbol_of(event) in wanted or isinstance(event, PositionsSeen)]

        return merged(self._client, [socket], read, lagging=[Reconnected("account")])

    def _begin_anew(self) -> None:
        """The private stream is up (again): nothing that it said before counts."""
        self._echoes.listen()
        self._newest_fill_ms.clear()

    async def executions(self, symbol: str, from_ms: int) -> list[Execution]:
        """Fills since ``from_ms``, oldest first.

        The stream owes those that are newer than what was shown the last time while it has been up.
        """
        found = await self._executions(symbol, from_ms)
        newest = self._newest_fill_ms.get(symbol)
        for execution in found if newest is not None else ():
            if newest is not None and execution.ts_ms > newest:
                self._echoes.expect(f"fill {execution.trade_id}")
        self._newest_fill_ms[symbol] = max((e.ts_ms for e in found), default=newest or 0)
        return found

    def instrument(self, symbol: str) -> Instrument:
        """The trading rules of a symbol. Raises KeyError."""
        return self._rules.instrument(symbol)

    async def _margin_mode(self, symbol: str) -> str:
        """The margin mode to say with an order: as prepared, or as the venue shows it; never assumed."""
        if symbol not in self._margin_modes:
            self._margin_modes[symbol] = await self._asked_margin_mode(symbol)
        return self._margin_modes[symbol]

    async def cancel(self, order: OpenOrder) -> bool:
        """Cancel any live order, triggers too; False when there was nothing left to cancel.

        Raises UnknownOutcome when the venue says yes and still shows the order.
        """
        if order.kind in (OrderKind.MARKET, OrderKind.LIMIT):
            return await self._cancel_plain(order)
        return await self._cancel_trigger(order)

    async def _cancel_plain(self, order: OpenOrder) -> bool:
        try:
            data = await self._asked_to_cancel(order)
        except Refused as error:
            if error.code in NOT_FOUND:
                return False
            raise
        return str((data or {}).get("orderId") or "") == order.order_id

    async def _placed(self, symbol: str, client_id: str, order_id: str) -> str:
        """The id of an order that the venue took, looked up where the answer left it out."""
        order_id = order_id or (await self._read_back(symbol, client_id)).order_id
        self._echoes.expect(f"order {order_id}")
        return order_id

    async def _read_back(self, symbol: str, client_id: str) -> OpenOrder:
        """The order just sent. The venue makes amended orders a moment after it has answered, so this looks again."""
        for _ in range(_LOOKS):
            found = await after(self._plain_order(symbol, client_id))
            if found is not None:
                return found
            await asyncio.sleep(_LOOK_EVERY_S)
        raise UnknownOutcome(f"{symbol}: the venue does not show {client_id} after accepting it")

    def _id(self, symbol: str) -> str:
        return self._symbols.id(symbol)


def _symbol_of(event: AccountEvent) -> str:
    match event:
        case OrderSeen():
            return event.order.symbol
        case Executed():
            return event.execution.symbol
        case _:
            return ""


async def after(reading: Awaitable[T]) -> T:
    """A reading that follows a change. Raises UnknownOutcome where it fails: by then something was sent."""
    try:
        return await reading
    except (RetryLater, Refused) as error:
        raise UnknownOutcome(f"sent, but not read back: {error}", code=error.code) from error
