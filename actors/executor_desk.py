"""One symbol's desk: compares what was approved with what the exchange shows, and has sent what is missing.

Law: one comparison at a time per symbol; nothing is sent while there is doubt about what the exchange shows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from actors.executor_churn import Churn
from actors.executor_ids import Ids
from actors.executor_mirror import Mirror
from actors.executor_office import Office
from actors.executor_reads import Reads
from actors.executor_sending import Sender
from actors.executor_watch import Watch
from actors.parts import Timing
from core.errors import Fatal, RetryLater
from core.messages import FillRole, Severity
from core.order import OpenOrder, OrderKind
from core.position import VenuePosition
from core.target import ApprovedTarget
from engine.client_ids import tag
from engine.reconcile import Amend, Cancel, Circumstances, Command, Place, PlaceStop, agrees, reconcile
from exchanges.port import TradingVenue

_ROUNDS: Final = 12
_CHURN_S: Final = 1.0
_OVERLAP_MS: Final = 300_000
"""So much before the newest fill that was read is read again, should the venue show some late."""


class Manners(NamedTuple):
    """How a desk keeps orders.

    changes_per_minute : most entries and take profits placed or amended, by the exchange's time.
    liquidation_margin, trigger_source : as in `engine.reconcile.Circumstances`.
    """

    changes_per_minute: int = 120
    liquidation_margin: float = 0.01
    trigger_source: str = ""


class Desk:
    """Keeps one symbol of one account equal to its approved target.

    Parameters
    ----------
    reads : shared by the desks of an account; one of its own unless given.
    """

    def __init__(
        self, mirror: Mirror, venue: TradingVenue, ids: Ids, office: Office, timing: Timing = Timing(),
        clock: Callable[[], float] = time.monotonic, manners: Manners = Manners(), reads: Reads | None = None,
    ) -> None:
        self.symbol, self.mirror = mirror.symbol, mirror
        self._venue, self._ids, self._office, self._timing, self._clock = venue, ids, office, timing, clock
        self._manners, self._watch, self._reads = manners, Watch(), reads or Reads(venue)
        self.sender = Sender(mirror, venue, ids, office, self._watch, self.look, clock)
        self.churn = Churn(manners.changes_per_minute)
        self.held = 0
        """Changes that wait because there were too many in the last minute."""
        self.unprepared = ""
        """What about the account differs from the configuration and cannot be set now, '' when nothing."""
        self.closing = False
        """Entries are withdrawn because we are stopping."""
        self.blind = ""
        """Why fills would not be heard of now, '' while they are: entries stay as they are, none is sent or moved."""
        self.since_ms = 0
        """Fills from this exchange time on are ours to notice."""
        self._wake = asyncio.Event()
        self._busy = False
        self._changed_s = -1e9
        self._delay = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Nothing to do and nothing under way."""
        return not self._busy and not self._wake.is_set()

    def health(self) -> dict[str, Any]:
        """What it shows of itself."""
        p = self.mirror.position
        return {
            "orders": len(self.mirror.orders), "halted": self.halted, "idle": self.idle, "blind": self.blind,
            "position": p.direction * p.quantity if p else 0.0, "unprepared": self.unprepared,
            "changes_last_minute": self.churn.lately(self._office.now_ms()), "changes_held": self.held,
        }

    @property
    def approved(self) -> ApprovedTarget | None:
        """The approval in force."""
        return self.sender.approved

    @property
    def halted(self) -> str:
        """Why there are no entries any more, '' while there are."""
        return self.sender.halted

    @halted.setter
    def halted(self, reason: str) -> None:
        self.sender.halted = reason

    def apply(self, approved: ApprovedTarget) -> bool:
        """Take a newer approval; an older one changes nothing and gives False."""
        before = self.sender.approved
        if before is not None and approved.sequence <= before.sequence:
            return False
        if before is None or approved.target.row_ms != before.target.row_ms:
            self.sender.new_row_ms = approved.target.row_ms
        self.sender.approved = approved
        self.sender.renew()
        self.mirror.forget_cycles_before(approved.target.strategy, approved.target.cycle)
        self.wake()
        return True

    def filled(self) -> None:
        """A fill came: the runner has to hear of it before entries and exits are touched again."""
        self._changed_s = self._clock()
        self.sender.renew()
        self.sender.new_row_ms = None
        self.wake()

    def order_seen(self, order: OpenOrder) -> None:
        """Take note of an order as the stream shows it; a stop that others moved is looked at before we move it."""
        known = self.mirror.orders.get(order.order_id)
        changed = self.mirror.order_seen(order)
        if known is not None and known.trigger != order.trigger and not self._watch.at_work_on(order.order_id):
            self.mirror.doubt = True
        if changed:
            self.wake()

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
        sure = False
        for _ in range(_ROUNDS):
            if self.mirror.doubt:
                await self.look()
                sure = True
            approved = self.approved
            commands = [
                c for c in self._wanted() if c not in self.sender.refused and not (self.blind and _opens(c))
            ]
            commands = self._without_churn(commands)
            if not commands:
                self.sender.new_row_ms = None
                return
            if not sure and any(isinstance(c, Cancel) and c.order.kind is OrderKind.STOP_LOSS for c in commands):
                self.mirror.doubt = True  # a lost message may show a dead stop beside the live one: look before
                continue
            await self.sender.send(commands)
            sure = False
            if self.approved is approved:
                self.sender.new_row_ms = None  # what follows is not the candle's doing
        self._wake_in(0.5)

    async def look(self) -> None:
        """Read fills, orders and the position back; again when a fill comes in between. Raises RetryLater, Fatal."""
        for _ in range(5):
            version = self.mirror.version
            orders = await self._reads.open_orders(self.symbol)
            executions = await self._venue.executions(self.symbol, self.since_ms)
            self._office.fills(self.symbol, executions)
            # only what REST showed: a stream that lost a fill may have shown later ones
            self.since_ms = max([self.since_ms, *(e.ts_ms - _OVERLAP_MS for e in executions)])
            position = await self._reads.position(self.symbol)
            if self.mirror.version == version:
                self.take(orders, position)
                return
        self._office.looked(self.symbol)  # fills without end: what is known by now, and the doubt stays

    def take(self, orders: list[OpenOrder], position: VenuePosition | None) -> None:
        """What REST shows of this symbol takes the place of what we thought; what others did is told."""
        mirror = self.mirror
        mirror.looked(orders, position)
        found = self._watch.looked(
            tuple(mirror.orders.values()), position, owned=bool(mirror.owner.strategy), version=mirror.version,
            quiet=self._clock() - self._changed_s >= self._timing.settle_s,
        )
        for finding in found:
            self._office.alert(finding.kind, finding.severity, self.symbol, finding.detail)
        for order in mirror.orders.values():
            self._ids.used(order.client_id)
        self._office.looked(self.symbol)

    def _without_churn(self, commands: list[Command]) -> list[Command]:
        """Those that may be sent now; the others a moment later."""
        passed, held = self.churn.pass_on(commands, self._office.now_ms())
        if held and not self.held:
            most = self._manners.changes_per_minute
            detail = f"more than {most} changes of its orders in a minute: {held} wait, protection does not"
            self._office.alert("churn", Severity.WARNING, self.symbol, detail)
        self.held = held
        if held:
            self._wake_in(_CHURN_S)
        return passed

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
            entries_allowed=not (self.halted or self.closing or self.unprepared),
            liquidation_margin=self._manners.liquidation_margin, trigger_source=self._manners.trigger_source,
            unamendable=frozenset(self.sender.unamendable),
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


def _opens(command: Command) -> bool:
    return isinstance(command, Place | Amend) and command.role is FillRole.ENTRY

