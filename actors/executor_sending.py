"""How one symbol's commands are sent.

Laws
- Protection goes first, one command after another; then everything else that may rest side by side, together.
- An intent is in the journal before it is sent, all of a comparison in one write.
- Unknown outcome: the exchange is asked by client id until it answers; nothing is sent again blindly.
- A refused command is not repeated until the target or the position changes; three refusals in a row halt the symbol.
- An order whose change is refused is withdrawn and placed anew: nothing rests at a price or with a stop of yesterday.
- A position whose stop cannot be placed twice is closed at market and its symbol halted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from loguru import logger

from actors.executor_ids import Ids
from actors.executor_journal import Line
from actors.executor_mirror import Mirror
from actors.executor_office import Office
from actors.executor_watch import Watch
from core.errors import Refused, RetryLater, UnknownOutcome
from core.messages import FillRole, Severity
from core.order import Execution, OpenOrder, OrderKind, OrderRequest, OrderStatus, Side
from core.target import ApprovedTarget
from engine.reconcile import Amend, AmendStop, Cancel, ClosePosition, Command, Place, PlaceStop
from exchanges.port import TradingVenue
from storage.journal import IntentState

MAX_REFUSALS: Final = 3
_STOP_LOOKS: Final = 2
_LOOKUP_WAITS_S: Final = (0.05, 0.2, 0.5, 1.0)


class Sender:
    """Sends commands of one symbol and notes in the mirror what came of them.

    Parameters
    ----------
    watch : is told what we do, so that it knows what others did. look : reads the exchange back into the mirror.
    clock : monotonic seconds.
    """

    def __init__(
        self, mirror: Mirror, venue: TradingVenue, ids: Ids, office: Office, watch: Watch,
        look: Callable[[], Awaitable[None]], clock: Callable[[], float],
    ) -> None:
        self._mirror, self._venue, self._ids, self._office = mirror, venue, ids, office
        self._watch, self._look, self._clock = watch, look, clock
        self.approved: ApprovedTarget | None = None
        self.halted = ""
        self.sending = False
        """A request is under way: an order that nobody knows may be ours."""
        self.refused: set[Command] = set()
        self.unamendable: set[str] = set()
        """Ids of orders whose change the venue has refused."""
        self._moved: set[AmendStop] = set()
        self.new_row_ms: int | None = None
        """The plan row that is being carried out for the first time: what is sent now, its candle has caused."""
        self._unnamed: list[Execution] = []
        self._refusals = self._stop_failures = 0

    def renew(self) -> None:
        """The target or the position has changed: what was refused may be tried again."""
        self.refused.clear()
        self.unamendable.clear()
        self._moved.clear()

    def resume(self) -> None:
        """A human ended the halt: refusals are counted from the beginning."""
        self._refusals = 0
        self.renew()

    def defer(self, execution: Execution) -> None:
        """Keep a fill whose order may be the one that is just being sent, until that is known."""
        self._unnamed.append(execution)

    async def send(self, commands: Sequence[Command]) -> None:
        """Send them, as far as nothing gives rise to doubt meanwhile. Raises RetryLater, Fatal."""
        version, approved = self._mirror.version, self.approved
        self.sending = True
        try:
            for command in (c for c in commands if not isinstance(c, Place | Amend)):
                await self._alone(command)
                if self._mirror.doubt or self._mirror.version != version or self.approved is not approved:
                    return  # what is wanted may be something else by now
            await self._together([c for c in commands if isinstance(c, Place | Amend)])
        finally:
            self.sending = False
            unnamed, self._unnamed = self._unnamed, []
            self._office.fills(self._mirror.symbol, unnamed)

    async def _alone(self, command: Command) -> None:
        match command:
            case Cancel():
                await self._cancel(command)
            case PlaceStop():
                await self._place_stop(command)
            case AmendStop():
                await self._amend_stop(command)
            case ClosePosition():
                await self._close(command)

    async def _together(self, commands: Sequence[Place | Amend]) -> None:
        """Limit orders beside one another: one line in the journal for each, one write, then all at once."""
        if not commands:
            return
        lines = [self._line(command, command.role, command.level) for command in commands]
        await self._office.journal(lines, urgent=False)
        sent = (
            self._place(line, c) if isinstance(c, Place) else self._amend(line, c)
            for line, c in zip(lines, commands, strict=True)
        )
        errors = [e for e in await asyncio.gather(*sent, return_exceptions=True) if e is not None]
        if errors:
            raise errors[0]

    def _line(self, command: Command, role: FillRole, level: int) -> Line:
        target, owner = self.approved.target if self.approved else None, self._mirror.owner
        strategy, cycle = (target.strategy, target.cycle) if target else (owner.strategy, owner.cycle)
        symbol = self._mirror.symbol
        client_id = self._ids.next(strategy, symbol, cycle, role, level, target.row_ms if target else 0)
        return Line(client_id, symbol, strategy, command, self._office.now_ms(), self._clock())

    async def _place(self, line: Line, command: Place) -> None:
        kind = OrderKind.MARKET if command.price is None else OrderKind.LIMIT
        request = OrderRequest(
            line.client_id, line.symbol, command.side, kind, command.quantity, command.price, command.reduce_only,
            stop=command.stop,
        )
        order_id = await self._attempt(line, lambda: self._venue.place(request))
        if order_id is None:
            return
        if kind is OrderKind.MARKET:
            self._mirror.doubt = True  # it has filled, or will any moment
            return
        self._placed(OpenOrder(
            order_id, line.client_id, line.symbol, command.side, kind, OrderStatus.OPEN, command.quantity,
            price=command.price, reduce_only=command.reduce_only, stop=command.stop,
        ))

    async def _amend(self, line: Line, command: Amend) -> None:
        old = command.order
        request = OrderRequest(
            line.client_id, line.symbol, old.side, OrderKind.LIMIT, command.quantity, command.price, old.reduce_only,
            stop=command.stop,
        )
        self._watch.doing(old.order_id)
        order_id = await self._attempt(line, lambda: self._venue.amend(old, request))
        if order_id is None:
            return
        self._mirror.gone(old)
        self._placed(old._replace(
            order_id=order_id, client_id=line.client_id, price=command.price, quantity=command.quantity,
            stop=command.stop,
        ))

    def _placed(self, order: OpenOrder) -> None:
        self._mirror.placed(order)
        self._watch.placed(order)
        self._office.shown(order)

    async def _cancel(self, command: Cancel) -> None:
        self._watch.doing(command.order.order_id)
        try:
            if not await self._venue.cancel(command.order) or command.order.filled > 0:
                self._mirror.doubt = True  # filled or withdrawn meanwhile, or another part of it has filled
        except UnknownOutcome as error:
            self._office.met(error)
            self._mirror.doubt = True
        except Refused as error:
            self._refuse(command, error)
            self._mirror.doubt = True
        self._mirror.gone(command.order)

    async def _amend_stop(self, command: AmendStop) -> None:
        """Moving is setting a value: it may be sent again, so it has no id and no line in the journal.

        The port reads it back. What is shown all the same as it was before is told and left until something changes.
        """
        if command in self._moved:
            self.refused.add(command)
            detail = f"the stop stays at {command.order.trigger:g} although it was moved to {command.trigger:g}"
            self._office.alert("stop_not_as_asked", Severity.WARNING, self._mirror.symbol, detail)
            return
        self._watch.doing(command.order.order_id)
        try:
            await self._venue.amend_stop(command.order, command.trigger)
        except UnknownOutcome as error:
            self._office.met(error)
            self._mirror.doubt = True
        except Refused as error:
            self._refuse(command, error)
            self._mirror.doubt = True
        else:
            self._refusals = 0
            self._moved.add(command)
            self._mirror.placed(command.order._replace(trigger=command.trigger, trigger_source="", price=None))

    async def _place_stop(self, command: PlaceStop) -> None:
        line = self._line(command, FillRole.STOP, -1)
        symbol, direction, trigger = line.symbol, command.direction, command.trigger
        detail = f"a position without its stop: placing one at {trigger:g}"
        self._office.alert("stop_missing", Severity.WARNING, symbol, detail)
        await self._office.journal([line], urgent=True)
        placed = await self._attempt(
            line, lambda: self._venue.place_stop(symbol, direction, trigger, line.client_id)
        )
        self._mirror.doubt = True  # read back: type, side, trigger source, price
        if placed is not None:
            self._watch.doing(placed)
            self._stop_failures = 0
            return
        self._stop_failures += 1
        self.refused.discard(command)
        if self._stop_failures >= 2:
            await self._look()
            if self._mirror.position is not None and not self._mirror.stops():
                reason = "its stop could not be placed twice"
                self._office.alert("emergency_close", Severity.CRITICAL, symbol, f"{reason}: closing at market")
                self._office.halt(symbol, reason)
                position = self._mirror.position
                await self._close(ClosePosition(FillRole.EMERGENCY, position.direction, position.quantity))
            self._stop_failures = 0

    async def _close(self, command: ClosePosition) -> None:
        line = self._line(command, command.role, -1)
        request = OrderRequest(
            line.client_id, line.symbol, Side.opening(-command.direction), OrderKind.MARKET, command.quantity,
            reduce_only=True,
        )
        await self._office.journal([line], urgent=True)
        await self._attempt(line, lambda: self._venue.place(request))
        self._mirror.doubt = True

    async def _attempt(self, line: Line, call: Callable[[], Awaitable[str]]) -> str | None:
        """The order id when the venue took what is journalled, else None. Raises RetryLater, Fatal."""
        if self.new_row_ms is not None:
            self._office.sent(line.symbol, self.new_row_ms)
        line = line._replace(sent_s=self._clock())
        state: IntentState = "done"
        try:
            order_id: str | None = await call()
        except UnknownOutcome as error:
            self._office.met(error)
            self._office.alert("unknown_outcome", Severity.INFO, line.symbol, f"asking what became of it: {error}")
            order_id, state = await self._ask_for(line), "unknown"
        except Refused as error:
            # perhaps because the first try, whose answer was lost, has this id already
            order_id, state = await self._ask_for(line, times=1), "refused"
            if order_id is None:
                self._refuse(line.command, error)
        if order_id is not None:
            self._ids.used(line.client_id)
            self._mirror.named(order_id, line.client_id)
            self._refusals, state = 0, "done"
        self._office.outcome(line._replace(answered_s=self._clock()), state)
        return order_id

    async def _ask_for(self, line: Line, times: int = len(_LOOKUP_WAITS_S)) -> str | None:
        """What the venue knows under this id; None when it knows nothing, after several looks.

        A stop is worth a shorter wait: it is looked for again, and sent under the same id, by the next comparison.
        """
        self._mirror.doubt = True
        looks = 0
        times = min(times, _STOP_LOOKS) if isinstance(line.command, PlaceStop) else times
        while looks < times:
            try:
                found = await find(self._venue, line.symbol, line.client_id)
            except RetryLater as error:  # no answer is no answer: go on asking
                self._office.met(error)
                await asyncio.sleep(max(error.retry_after_s, 0.2))
                continue
            if found is not None:
                return found.order_id
            await asyncio.sleep(_LOOKUP_WAITS_S[looks] if times > 1 else 0)
            looks += 1
        return None

    def _refuse(self, command: Command, error: Refused) -> None:
        self._office.met(error)
        if isinstance(command, Amend) and command.order.order_id not in self.unamendable:
            self.unamendable.add(command.order.order_id)
            return
        self.refused.add(command)
        detail = f"the exchange refuses a {type(command).__name__}: {error}"
        self._office.alert("refused", Severity.WARNING, self._mirror.symbol, detail)
        self._refusals += 1
        logger.warning("{}: refused ({}): {}", self._mirror.symbol, error.code, command)
        if self._refusals >= MAX_REFUSALS and not self.halted:
            self._office.halt(self._mirror.symbol, f"three refusals in a row, the last: {error}")


async def find(venue: TradingVenue, symbol: str, client_id: str) -> OpenOrder | None:
    """The order with this client id in any namespace: plain in whatever state, triggers while they live."""
    found = await venue.order(symbol, client_id)
    if found is not None:
        return found
    return next((o for o in await venue.open_orders(symbol) if o.client_id == client_id), None)
