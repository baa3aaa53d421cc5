"""The executor: one account; keeps the exchange equal to what risk approved, and tells what the exchange did.

Laws
- Never a position without a stop: on the entry, read back after the fill, audited every few seconds.
- Start, restart, reconnection, a hand in the exchange's own app and a lost reply are one case: look, compare, act.
- It keeps no state of its own: fills come back from the ledger, approvals from risk, the rest from the exchange.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from loguru import logger

from actors.executor_desk import Desk
from actors.executor_ids import Ids
from actors.executor_journal import Journal, Line
from actors.executor_mirror import Mirror
from actors.executor_protection import Unprotected
from actors.executor_start import Start
from actors.life import Life
from actors.parts import ExecutorConfig
from actors.peers import Peers
from core.errors import Fatal, VenueError
from core.messages import FillRole, OrderFilled, OrderShown, ProtectionSeen
from core.order import Execution, OpenOrder
from core.target import ApprovedTarget
from engine.client_ids import decode, tag
from exchanges.port import Executed, OrderSeen, PositionsSeen, Reconnected, TradingVenue
from storage.journal import IntentState

_FATAL_WAIT_S: Final = 30.0

class Executor:
    """One account at one exchange.

    Parameters
    ----------
    venue : makes the trading venue, keys inside; called in this actor's own process.
    """

    def __init__(self, config: ExecutorConfig, venue: Callable[[], TradingVenue], peers: Peers) -> None:
        self._config, self._make, self._peers = config, venue, peers
        self._life = Life(config.name, peers, config.api)
        self._venue: TradingVenue | None = None
        self._ids = Ids()
        self._desks: dict[str, Desk] = {}
        self._unprotected: dict[str, Unprotected] = {}
        self._tags = {tag(s, symbol): s for s, symbols in config.symbols.items() for symbol in symbols}
        self._known_ids: set[str] = set()
        self._early: dict[str, ApprovedTarget] = {}
        self._now_ms = 0
        self._sequence = time.time_ns() // 1_000  # above any number used before a restart
        self._fills = 0
        self._latest: dict[str, str] = {}
        self._stamps: deque[tuple[int, str, int]] = deque(maxlen=5_000)
        self._ready = asyncio.Event()
        self._start = Start(config, peers, self._life)
        self._journal = Journal(peers, config.ledger, self._life.met)
        self._asking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connect and go on for ever; safe to call twice."""
        self._life.run("connect", self._begin)

    async def stop(self) -> None:
        """Withdraw entries (stops and take profits stay), end every loop, disconnect; safe to call twice."""
        for desk in self._desks.values():
            desk.closing = True
            desk.wake()
        for _ in range(60):
            if all(d.idle for d in self._desks.values()):
                break
            await asyncio.sleep(0.05)
        await self._journal.close()
        await self._life.stop(*([self._asking] if self._asking else []))
        if self._venue is not None:
            await self._venue.close()

    async def ready(self) -> None:
        """Returns once the exchange has been read and the desks are at work."""
        await self._ready.wait()

    def apply(self, approvals: tuple[ApprovedTarget, ...]) -> None:
        """Take approved targets; of one symbol the newest counts."""
        for approved in approvals:
            self._now_ms = max(self._now_ms, approved.approved_ms)
            symbol = approved.target.symbol
            desk = self._desks.get(symbol)
            if desk is not None:
                desk.apply(approved)
            elif symbol not in self._early or self._early[symbol].sequence < approved.sequence:
                self._early[symbol] = approved

    def resumed(self, symbol: str) -> None:
        """A human ended the halt of a symbol, or of everything ('')."""
        for desk in self._desks.values():
            if symbol in ("", desk.symbol):
                desk.halted = ""
                desk.wake()

    def health(self) -> dict[str, Any]:
        """State, counts, and what each symbol shows."""
        return {
            **self._life.health(), "fills": self._fills, "symbols": {
                s: {
                    "orders": len(d.mirror.orders), "halted": d.halted, "idle": d.idle,
                    "position": d.mirror.position.direction * d.mirror.position.quantity if d.mirror.position else 0.0,
                }
                for s, d in self._desks.items()
            },
        }

    def progress(self) -> dict[str, Any]:
        """How far it is, for whoever drives the exchange in lockstep."""
        return {
            "idle": all(d.idle and not d.mirror.doubt for d in self._desks.values()),
            "fills": self._fills, "latest": dict(self._latest),
            "approved": {s: d.approved.sequence for s, d in self._desks.items() if d.approved},
        }

    async def latencies(self) -> list[float]:
        """Milliseconds from the feed's receipt of a decision candle to each order that it caused."""
        received: dict[int, int] = await self._peers.request(self._config.feed, "stamps")
        return [(sent - received[row]) / 1e6 for row, _, sent in self._stamps if row in received]

    # what desks need (Office)

    async def journal(self, lines: Sequence[Line], *, urgent: bool) -> None:
        """Write intents down; protection goes on without a journal that does not answer."""
        self._known_ids.update(line.client_id for line in lines)
        await self._journal.write([line.intent(self._now_ms, "intended") for line in lines], urgent=urgent)

    def outcome(self, line: Line, state: IntentState) -> None:
        """Write down what became of an intent."""
        self._journal.outcome(line.intent(self._now_ms, state))

    def fills(self, symbol: str, executions: list[Execution]) -> None:
        """Count fills and tell ledger, runner, risk and api about the new ones."""
        desk = self._desks[symbol]
        for e in executions:
            name = desk.mirror.name_of(e)
            if not name and desk.sender.sending:
                desk.sender.defer(e)
                continue
            part = desk.mirror.executed(e)
            if part is None:
                continue
            self._now_ms = max(self._now_ms, e.ts_ms)
            desk.filled()
            self._tell_fill(OrderFilled(
                e.ts_ms, self._next(), part.strategy, symbol, part.cycle, part.level, part.role, part.direction,
                e.price, e.quantity, e.fee, e.maker, e.trade_id, name,
            ))

    def shown(self, order: OpenOrder) -> None:
        """Keep an order as it is now, for the ledger and for those who watch."""
        seen = (OrderShown(self._now_ms, self._next(), order),)
        self._peers.tell(self._config.ledger, "record", seen)
        self._show(seen)

    def looked(self, symbol: str) -> None:
        """Tell what protects the position, as read back."""
        mirror = self._desks[symbol].mirror
        p, stops = mirror.position, mirror.stops()
        unprotected = self._unprotected[symbol].see(p, stops, max(self._now_ms, p.opened_ms if p else 0))
        seen = ProtectionSeen(
            self._now_ms, self._next(), symbol, p.direction if p else 0, p.quantity if p else 0.0,
            p.average if p else 0.0, stops[0].trigger if stops else None, mirror.take_profit() if p else None,
            p.liquidation if p else None, unprotected,
        )
        for peer, method in ((self._config.risk, "on_protection"), (self._config.ledger, "record")):
            self._peers.tell(peer, method, (seen,))
        self._show((seen,))
        if self._strange() and (self._asking is None or self._asking.done()):
            self._asking = asyncio.create_task(self._ask_about_strangers())

    def halt(self, symbol: str, reason: str) -> None:
        """No entries any more on a symbol ('' for all), until a human resumes."""
        logger.error("{}: halting {}: {}", self._config.name, symbol or "everything", reason)
        for desk in self._desks.values():
            if symbol in ("", desk.symbol) and not desk.halted:
                desk.halted = reason
                desk.wake()
        self._peers.tell(self._config.risk, "halt", symbol, reason)

    def met(self, error: BaseException) -> None:
        """Count and show an error."""
        self._life.met(error)

    def sent(self, symbol: str, row_ms: int) -> None:
        """Stamp an order that leaves."""
        self._stamps.append((row_ms, symbol, time.monotonic_ns()))

    # its own loops

    async def _begin(self) -> None:
        try:
            await self._connect()
        except Fatal as error:
            self.halt("", str(error))
            await asyncio.sleep(_FATAL_WAIT_S)
            raise

    async def _connect(self) -> None:
        config = self._config
        if self._venue is not None:
            await self._venue.close()
        venue = self._make()
        self._venue = venue
        wanted = tuple(dict.fromkeys(s for symbols in config.symbols.values() for s in symbols))
        symbols = await self._life.patiently(lambda: venue.open(wanted))
        await self._start.check_account(venue, symbols)
        now = await self._start.insist(config.feed, "now")
        self._now_ms = max(self._now_ms, now)
        for symbol in symbols:
            mirror = Mirror(symbol, venue.instrument(symbol), self._tags)
            desk = self._desks[symbol] = Desk(mirror, venue, self._ids, self, config.timing)
            self._unprotected[symbol] = Unprotected()
            fills, desk.since_ms = await self._start.remember(symbol, mirror, now)
            self._known_ids |= {fill.client_id for fill in fills}
            self._fills += len(fills)
            if fills:
                self._latest[symbol] = fills[-1].trade_id
        await self._start.ask_about_open_intents(venue, self._ids)
        self._known_ids |= {i.client_id for i in await self._start.insist(config.ledger, "intents")}
        for symbol, desk in self._desks.items():
            await self._life.patiently(desk.look)
            if desk.mirror.position is None and not desk.mirror.orders:
                await self._life.patiently(lambda s=symbol: venue.prepare(s, config.leverage[s], config.margin_mode))  # type: ignore[misc]
        await self._tell_balance()
        self.apply(await self._start.insist(config.risk, "approved"))
        self.apply(tuple(self._early.values()))
        self._life.run("events", self._events)
        self._life.run("audit", self._audit)
        for symbol, desk in self._desks.items():
            self._life.run(f"desk {symbol}", desk.run)
            desk.wake()
        self._life.ok()
        self._ready.set()

    async def _events(self) -> None:
        assert self._venue is not None
        async for event in self._venue.events(tuple(self._desks)):
            match event:
                case Executed():
                    if event.execution.symbol in self._desks:
                        self.fills(event.execution.symbol, [event.execution])
                case OrderSeen():
                    self._order_seen(event)
                case PositionsSeen():
                    self._positions_seen(event)
                case Reconnected():
                    for desk in self._desks.values():
                        desk.mirror.doubt = True
                        desk.wake()

    def _order_seen(self, event: OrderSeen) -> None:
        self._now_ms = max(self._now_ms, event.ts_ms)
        self.shown(event.order)
        desk = self._desks.get(event.order.symbol)
        if desk is not None and desk.mirror.order_seen(event.order):
            desk.wake()

    def _positions_seen(self, event: PositionsSeen) -> None:
        """A position that is not the one we know asks for a look; it is never taken over from the stream."""
        self._now_ms = max(self._now_ms, event.ts_ms)
        shown = {p.symbol: p.direction * p.quantity for p in event.positions}
        for symbol, desk in self._desks.items():
            p = desk.mirror.position
            held = p.direction * p.quantity if p else 0.0
            if abs(held - shown.get(symbol, 0.0)) > max(desk.mirror.instrument.step / 2, 1e-12):
                desk.mirror.doubt = True
                desk.wake()

    async def _audit(self) -> None:
        """Every few seconds everything is read back, whatever the streams said."""
        assert self._venue is not None
        while True:
            await asyncio.sleep(self._config.audit_s)
            before = {s: (d.mirror.version, d.approved) for s, d in self._desks.items() if d.idle}
            try:
                orders = await self._venue.all_open_orders()
                positions = {p.symbol: p for p in await self._venue.positions()}
                await self._tell_balance()
            except VenueError as error:
                self._life.met(error)
                continue
            for symbol, state in before.items():
                desk = self._desks[symbol]
                if not desk.idle or (desk.mirror.version, desk.approved) != state:
                    continue  # something moved meanwhile: its own look is under way
                held = positions.get(symbol)
                known = desk.mirror.position
                if (held and held.quantity) != (known and known.quantity):
                    desk.mirror.doubt = True  # a fill that no stream showed
                else:
                    desk.mirror.looked([o for o in orders if o.symbol == symbol], held)
                    self.looked(symbol)
                desk.wake()

    async def _tell_balance(self) -> None:
        assert self._venue is not None
        balance = await self._life.patiently(self._venue.balance)
        self._peers.tell(self._config.risk, "on_balance", balance)

    async def _ask_about_strangers(self) -> None:
        """Orders that look like ours and are not in our journal: somebody else trades this account with our code."""
        every = await self._start.insist(self._config.ledger, "intents", open_only=False)
        self._known_ids |= {intent.client_id for intent in every}
        strange = self._strange()
        if strange:
            self.halt("", f"another instance trades this account: order {min(strange)}")

    def _strange(self) -> set[str]:
        """Client ids of live orders that look like ours and that we do not remember sending."""
        shown = {o.client_id for d in self._desks.values() for o in d.mirror.orders.values() if decode(o.client_id)}
        return shown - self._known_ids

    def _tell_fill(self, fill: OrderFilled) -> None:
        self._fills += 1
        self._latest[fill.symbol] = fill.trade_id
        self._peers.tell(self._config.ledger, "record", (fill,))
        runner = self._config.runners.get(fill.strategy)
        if runner is not None:
            self._peers.tell(runner, "on_fill", fill)
        elif fill.role is FillRole.FOREIGN:
            logger.warning("{}: a fill that is not ours on {}: {}", self._config.name, fill.symbol, fill.trade_id)
        self._show((fill,))

    def _show(self, events: tuple[object, ...]) -> None:
        if self._config.api:
            self._peers.tell(self._config.api, "on", events)

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence
