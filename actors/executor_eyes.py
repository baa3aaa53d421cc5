"""What an executor sees of its account: the private streams, and everything read back over REST every few seconds.

Law: a stream never decides. What it shows and nobody expected asks for a look; the audit looks whatever streams say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from actors.executor_desk import Desk
from actors.life import Life
from core.errors import Refused, VenueError
from core.messages import Severity
from core.order import Execution, OpenOrder
from core.position import Balance, VenuePosition
from exchanges.port import Executed, OrderSeen, PositionsSeen, Reconnected, StreamLost, TradingVenue


class Reception(Protocol):
    """Where it is told."""

    def seen_at(self, ts_ms: int) -> None:
        """The exchange's time of something that was seen."""

    def fills(self, symbol: str, executions: list[Execution]) -> None:
        """Fills of a symbol."""

    def shown(self, order: OpenOrder) -> None:
        """An order as it is now."""

    def balance(self, balance: Balance) -> None:
        """The account's money."""

    def elsewhere(self, positions: tuple[VenuePosition, ...]) -> None:
        """Positions on symbols that are not traded here, all of them."""

    def guard(self, symbol: str) -> None:
        """Protect what is open on a symbol that is not traded here."""

    def alert(self, kind: str, severity: Severity, symbol: str, detail: str) -> None:
        """What a human should hear of."""

    def halt(self, symbol: str, reason: str) -> None:
        """Stop trading a symbol, or everything ('')."""


class Eyes:
    """Of one account.

    Parameters
    ----------
    desks : by symbol. prepare : sets leverage and modes of a symbol that is flat and without orders.
    """

    def __init__(
        self, venue: TradingVenue, desks: Mapping[str, Desk], reception: Reception, life: Life,
        prepare: Callable[[str], Awaitable[None]],
    ) -> None:
        self._venue, self._desks, self._reception, self._life = venue, desks, reception, life
        self._prepare = prepare
        self._traded = frozenset(desks)
        self._told: tuple[VenuePosition, ...] = ()

    async def events(self) -> None:
        """The streams, for ever."""
        async for event in self._venue.events(tuple(self._desks)):
            match event:
                case Executed():
                    if event.execution.symbol in self._desks:
                        self._reception.fills(event.execution.symbol, [event.execution])
                case OrderSeen():
                    self._order_seen(event)
                case PositionsSeen():
                    self._positions_seen(event)
                case Reconnected():
                    for desk in self._desks.values():
                        desk.blind = ""
                        desk.mirror.doubt = True
                        desk.wake()
                case StreamLost():
                    for desk in self._desks.values():
                        desk.blind = event.reason

    async def audit(self, every_s: float) -> None:
        """Look at everything every ``every_s`` seconds, for ever."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await self._look_at_everything()
            except VenueError as error:
                self._life.met(error)

    async def prepare_where_flat(self) -> None:
        """Set what differs from the configuration where nothing is open; entries wait until then."""
        for symbol, desk in self._desks.items():
            if not desk.unprepared or desk.mirror.doubt or desk.mirror.position is not None or desk.mirror.orders:
                continue
            try:
                await self._life.patiently(partial(self._prepare, symbol))
            except Refused as error:
                detail = f"{desk.unprepared}: the exchange refuses to change it: {error}; entries wait"
                self._reception.alert("account", Severity.WARNING, symbol, detail)
            else:
                desk.unprepared = ""
                desk.wake()

    async def _look_at_everything(self) -> None:
        before = {s: (d.mirror.version, d.approved) for s, d in self._desks.items() if d.idle}
        orders = await self._venue.all_open_orders()
        shown = await self._venue.positions()
        positions = {p.symbol: p for p in shown}
        self._reception.balance(await self._life.patiently(self._venue.balance))
        for symbol, state in before.items():
            desk = self._desks[symbol]
            if not desk.idle or (desk.mirror.version, desk.approved) != state:
                continue  # something moved meanwhile: its own look is under way
            held = positions.get(symbol)
            known = desk.mirror.position
            if (held and held.quantity) != (known and known.quantity):
                desk.mirror.doubt = True  # a fill that no stream showed
            else:
                desk.take([o for o in orders if o.symbol == symbol], held)
            desk.wake()
        self._stop_where_hedged(shown)
        self._tell_elsewhere(positions)
        await self.prepare_where_flat()

    def _stop_where_hedged(self, held: Sequence[VenuePosition]) -> None:
        """Both sides of a symbol are open: somebody has changed the account's mode, and nothing here nets any more."""
        for symbol in {p.symbol for p in held if p.direction > 0} & {p.symbol for p in held if p.direction < 0}:
            reason = f"{symbol} is open on both sides: the account is in hedge mode; close both, then resume"
            self._reception.alert("hedge_mode", Severity.CRITICAL, symbol, reason)
            self._reception.halt("", reason)

    def _tell_elsewhere(self, positions: Mapping[str, VenuePosition]) -> None:
        """Positions on symbols that we do not trade: risk counts them, and each gets a desk that protects it."""
        others = tuple(p for symbol, p in sorted(positions.items()) if symbol not in self._traded)
        if others or self._told:  # again and again, since risk may have been restarted
            self._told = others
            self._reception.elsewhere(others)
        for p in others:
            if p.symbol not in self._desks:
                self._reception.guard(p.symbol)

    def _order_seen(self, event: OrderSeen) -> None:
        self._reception.seen_at(event.ts_ms)
        self._reception.shown(event.order)
        desk = self._desks.get(event.order.symbol)
        if desk is not None:
            desk.order_seen(event.order)

    def _positions_seen(self, event: PositionsSeen) -> None:
        """A position that is not the one we know asks for a look; it is never taken over from the stream."""
        self._reception.seen_at(event.ts_ms)
        shown = {p.symbol: p.direction * p.quantity for p in event.positions}
        for symbol, desk in self._desks.items():
            p = desk.mirror.position
            held = p.direction * p.quantity if p else 0.0
            if abs(held - shown.get(symbol, 0.0)) > max(desk.mirror.instrument.step / 2, 1e-12):
                desk.mirror.doubt = True
                desk.wake()
