"""One symbol's desk: compares what was approved with what the exchange shows, and sends what is missing.

Laws
- One command at a time per symbol; nothing is sent while there is doubt about what the exchange shows.
- An intent is in the journal before it is sent. Only protection does not wait for a journal that is away.
- Unknown outcome: the exchange is asked by client id until it answers; nothing is sent again blindly.
- A refused command is not repeated until the target or the position changes; three refusals in a row halt the symbol.
- A position whose stop cannot be placed twice is closed at market and its symbol halted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from loguru import logger

from actors.executor_ids import Ids
from actors.executor_mirror import Mirror
from actors.parts import Timing
from core.errors import Fatal, Refused, RetryLater, UnknownOutcome
from core.messages import FillRole
from core.order import Execution, OpenOrder, OrderKind, OrderRequest, OrderStatus, Side
from core.position import VenuePosition
from core.target import ApprovedTarget
from engine.client_ids import tag
from engine.reconcile import (
    Amend,
    AmendStop,
    Cancel,
    Circumstances,
    ClosePosition,
    Command,
    Place,
    PlaceStop,
    agrees,
    reconcile,
)
from exchanges.port import TradingVenue
from storage.journal import IntentState

MAX_REFUSALS: Final = 3
_ROUNDS: Final = 12
_LOOKUP_WAITS_S: Final = (0.05, 0.2, 0.5, 1.0)



class Office(Protocol):
    """What a desk needs of its executor."""

    async def journal(self, client_id: str, symbol: str, strategy: str, command: Command, *, urgent: bool) -> None:
        """Write an intent down before it is sent."""

    def outcome(self, client_id: str, symbol: str, strategy: str, command: Command, state: IntentState) -> None:
        """Write down what became of it."""

    def fills(self, symbol: str, executions: list[Execution]) -> None:
        """Take fills that REST showed."""

    def shown(self, order: OpenOrder) -> None:
        """Keep an order as it is now."""

    def looked(self, symbol: str) -> None:
        """The exchange was read back."""

    def halt(self, symbol: str, reason: str) -> None:
        """Stop trading a symbol, or everything ('')."""

    def met(self, error: BaseException) -> None:
        """Count and show an error."""

    def sent(self, symbol: str, row_ms: int) -> None:
        """An order left for the exchange."""


class Desk:
    """Keeps one symbol of one account equal to its approved target."""

    def __init__(
        self, mirror: Mirror, venue: TradingVenue, ids: Ids, office: Office, timing: Timing = Timing(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.symbol, self.mirror = mirror.symbol, mirror
        self._venue, self._ids, self._office, self._timing, self._clock = venue, ids, office, timing, clock
        self.approved: ApprovedTarget | None = None
        self.halted = ""
        self.closing = False
        """Entries are withdrawn because we are stopping."""
        self.since_ms = 0
        """Fills from this exchange time on are ours to notice."""
        self.sending = False
        """A request is under way: an order that nobody knows may be ours."""
        self._unnamed: list[Execution] = []
        self._wake = asyncio.Event()
        self._busy = False
        self._changed_s = -1e9
        self._refused: set[Command] = set()
        self._refusals = self._stop_failures = 0
        self._delay = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Nothing to do and nothing under way."""
        return not self._busy and not self._wake.is_set()

    def apply(self, approved: ApprovedTarget) -> bool:
        """Take a newer approval; an older one changes nothing and gives False."""
        if self.approved is not None and approved.sequence <= self.approved.sequence:
            return False
        self.approved = approved
        self._refused.clear()
        self.mirror.forget_cycles_before(approved.target.strategy, approved.target.cycle)
        self.wake()
        return True

    def filled(self) -> None:
        """A fill came: the runner has to hear of it before entries and exits are touched again."""
        self._changed_s = self._clock()
        self._refused.clear()
        self.wake()

    def defer(self, execution: Execution) -> None:
        """Keep a fill whose order may be the one that is just being sent, until that is known."""
        self._unnamed.append(execution)

    def wake(self) -> None:
        """Compare again soon."""
        self._wake.set()

    async def run(self) -> None:
        """Compare whenever something changed, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._busy = True
            try:
                await self.settle()
                self._delay = 0.0
            except RetryLater as error:
                self._office.met(error)
                self._delay = min(max(self._delay * 2, 0.1), 5.0)
                self._wake_in(max(self._delay, error.retry_after_s))
            except Fatal as error:
                self._office.met(error)
                self._office.halt("", f"fatal: {error}")
            except BaseException:
                self.mirror.doubt = True
                self.wake()
                raise
            finally:
                self._busy = False

    async def settle(self) -> None:
        """Look where there is doubt, compare, send, until there is nothing left to do.

        Raises RetryLater, Fatal.
        """
        for _ in range(_ROUNDS):
            if self.mirror.doubt:
                await self.look()
            commands = [c for c in self._wanted() if c not in self._refused]
            if not commands:
                return
            version, approved = self.mirror.version, self.approved
            for command in commands:
                await self._send(command)
                if self.mirror.doubt or self.mirror.version != version or self.approved is not approved:
                    break  # what is wanted may be something else by now
        self._wake_in(0.5)

    async def look(self) -> None:
        """Read fills, orders and the position back; again when a fill comes in between. Raises RetryLater, Fatal."""
        for _ in range(5):
            version = self.mirror.version
            orders = await self._venue.open_orders(self.symbol)
            self._office.fills(self.symbol, await self._venue.executions(self.symbol, self.since_ms))
            position = _of(await self._venue.positions(), self.symbol)
            if self.mirror.version == version:
                self.mirror.looked(orders, position)
                break
        for order in self.mirror.orders.values():
            self._ids.used(order.client_id)
        self._office.looked(self.symbol)

    def _wanted(self) -> tuple[Command, ...]:
        approved, mirror = self.approved, self.mirror
        target = approved.target if approved else None
        strategy, cycle = (target.strategy, target.cycle) if target else ("", 0)
        waited = self._clock() - self._changed_s
        settled = waited >= self._timing.settle_s
        if target is not None and not settled and not agrees(target, mirror.position, mirror.instrument):
            self._wake_in(self._timing.settle_s - waited)
        commands = reconcile(target, tuple(mirror.orders.values()), mirror.position, Circumstances(
            mirror.instrument, tag(strategy, self.symbol), mirror.filled(strategy, cycle), settled,
            entries_allowed=not self.halted and not self.closing,
        ))
        if commands and isinstance(commands[0], PlaceStop) and waited < self._timing.preset_s:
            # the stop that travelled with the entry may just not be shown yet: look again, then place one
            mirror.doubt = True
            self._wake_in(self._timing.recheck_s)
            return ()
        return commands

    def _wake_in(self, delay_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(max(delay_s, 0.01), self.wake)

    async def _send(self, command: Command) -> None:
        self.sending = True
        try:
            await self._do(command)
        finally:
            self.sending = False
            unnamed, self._unnamed = self._unnamed, []
            self._office.fills(self.symbol, unnamed)

    async def _do(self, command: Command) -> None:
        match command:
            case Place():
                await self._place(command)
            case Amend():
                await self._amend(command)
            case Cancel():
                await self._cancel(command)
            case PlaceStop():
                await self._place_stop(command)
            case AmendStop():
                await self._amend_stop(command)
            case ClosePosition():
                await self._close(command)

    def _id(self, role: FillRole, level: int) -> str:
        target = self.approved.target if self.approved else None
        owner = self.mirror.owner
        strategy, cycle = (target.strategy, target.cycle) if target else (owner.strategy, owner.cycle)
        return self._ids.next(strategy, self.symbol, cycle, role, level, target.row_ms if target else 0)

    async def _place(self, command: Place) -> None:
        client_id = self._id(command.role, command.level)
        kind = OrderKind.MARKET if command.price is None else OrderKind.LIMIT
        request = OrderRequest(
            client_id, self.symbol, command.side, kind, command.quantity, command.price, command.reduce_only,
            stop=command.stop,
        )
        order_id = await self._attempt(command, client_id, lambda: self._venue.place(request))
        if order_id is None:
            return
        if kind is OrderKind.MARKET:
            self.mirror.doubt = True  # it has filled, or will any moment
            return
        self._placed(OpenOrder(
            order_id, client_id, self.symbol, command.side, kind, OrderStatus.OPEN, command.quantity,
            price=command.price, reduce_only=command.reduce_only, stop=command.stop,
        ))

    async def _amend(self, command: Amend) -> None:
        client_id = self._id(command.role, command.level)
        old = command.order
        request = OrderRequest(
            client_id, self.symbol, old.side, OrderKind.LIMIT, command.quantity, command.price, old.reduce_only,
            stop=command.stop,
        )
        order_id = await self._attempt(command, client_id, lambda: self._venue.amend(old, request))
        if order_id is None:
            return
        self.mirror.gone(old)
        self._placed(old._replace(
            order_id=order_id, client_id=client_id, price=command.price, quantity=command.quantity, stop=command.stop,
        ))

    def _placed(self, order: OpenOrder) -> None:
        self.mirror.placed(order)
        self._office.shown(order)

    async def _cancel(self, command: Cancel) -> None:
        try:
            if not await self._venue.cancel(command.order):
                self.mirror.doubt = True  # filled or withdrawn meanwhile
        except UnknownOutcome as error:
            self._office.met(error)
            self.mirror.doubt = True
        except Refused as error:
            self._refuse(command, error)
            self.mirror.doubt = True
        self.mirror.gone(command.order)

    async def _amend_stop(self, command: AmendStop) -> None:
        """Moving is setting a value: it may be sent again, so it has no id and no line in the journal."""
        try:
            await self._venue.amend_stop(command.order, command.trigger)
        except UnknownOutcome as error:
            self._office.met(error)
            self.mirror.doubt = True
        except Refused as error:
            self._refuse(command, error)
            self.mirror.doubt = True
        else:
            self._refusals = 0
            self.mirror.placed(command.order._replace(trigger=command.trigger))

    async def _place_stop(self, command: PlaceStop) -> None:
        client_id = self._id(FillRole.STOP, -1)
        direction, trigger = command.direction, command.trigger
        placed = await self._attempt(
            command, client_id, lambda: self._venue.place_stop(self.symbol, direction, trigger, client_id)
        )
        self.mirror.doubt = True  # read back: type, side, trigger source, price
        if placed is not None:
            self._stop_failures = 0
            return
        self._stop_failures += 1
        self._refused.discard(command)
        if self._stop_failures >= 2:
            await self.look()
            if self.mirror.position is not None and not self.mirror.stops():
                reason = "its stop could not be placed twice"
                logger.error("{}: {}: closing at market", self.symbol, reason)
                self._office.halt(self.symbol, reason)
                position = self.mirror.position
                await self._close(ClosePosition(FillRole.EMERGENCY, position.direction, position.quantity))
            self._stop_failures = 0

    async def _close(self, command: ClosePosition) -> None:
        client_id = self._id(command.role, -1)
        request = OrderRequest(
            client_id, self.symbol, Side.opening(-command.direction), OrderKind.MARKET, command.quantity,
            reduce_only=True,
        )
        await self._attempt(command, client_id, lambda: self._venue.place(request))
        self.mirror.doubt = True

    async def _attempt(
        self, command: Command, client_id: str, call: Callable[[], Awaitable[str]]
    ) -> str | None:
        """The order id when the venue took the command, else None. Raises RetryLater, Fatal."""
        strategy = self.approved.target.strategy if self.approved else self.mirror.owner.strategy
        urgent = isinstance(command, PlaceStop | ClosePosition)
        await self._office.journal(client_id, self.symbol, strategy, command, urgent=urgent)
        self._office.sent(self.symbol, self.approved.target.row_ms if self.approved else 0)
        state: IntentState = "done"
        try:
            order_id: str | None = await call()
        except UnknownOutcome as error:
            self._office.met(error)
            order_id, state = await self._ask_for(client_id), "unknown"
        except Refused as error:
            # perhaps because the first try, whose answer was lost, has this id already
            order_id, state = await self._ask_for(client_id, times=1), "refused"
            if order_id is None:
                self._refuse(command, error)
        if order_id is not None:
            self._ids.used(client_id)
            self.mirror.named(order_id, client_id)
            self._refusals, state = 0, "done"
        self._office.outcome(client_id, self.symbol, strategy, command, state)
        return order_id

    async def _ask_for(self, client_id: str, times: int = len(_LOOKUP_WAITS_S)) -> str | None:
        """What the venue knows under this id; None when it knows nothing, after several looks."""
        self.mirror.doubt = True
        looks = 0
        while looks < times:
            try:
                found = await self._venue.order(self.symbol, client_id)
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
        self._refused.add(command)
        self._refusals += 1
        logger.warning("{}: refused ({}): {}", self.symbol, error.code, command)
        if self._refusals >= MAX_REFUSALS and not self.halted:
            self._office.halt(self.symbol, f"three refusals in a row, the last: {error}")


def _of(positions: list[VenuePosition], symbol: str) -> VenuePosition | None:
    return next((p for p in positions if p.symbol == symbol), None)
