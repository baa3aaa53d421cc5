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

from actors.executor_desk import Desk, Manners
from actors.executor_eyes import Eyes
from actors.executor_ids import Ids
from actors.executor_journal import Journal, Line
from actors.executor_mirror import Mirror
from actors.executor_preflight import Report
from actors.executor_reads import Reads
from actors.executor_settlements import Settlements
from actors.executor_start import Start
from actors.executor_strangers import Strangers
from actors.executor_voice import Voice
from actors.life import Life
from actors.parts import ExecutorConfig
from actors.peers import Peers
from core.errors import Fatal, RetryLater
from core.messages import Severity
from core.order import Execution, OpenOrder
from core.position import Balance, VenuePosition
from core.target import ApprovedTarget
from engine.client_ids import tag
from exchanges.port import TradingVenue
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
        self._reads: Reads | None = None
        self._settlements: Settlements | None = None
        self._ids = Ids()
        self._desks: dict[str, Desk] = {}
        self._tags = {tag(s, symbol): s for s, symbols in config.symbols.items() for symbol in symbols}
        self._halts: dict[str, str] = {}
        self._early: dict[str, ApprovedTarget] = {}
        self._voice = Voice(config, peers)
        self._fills = 0
        self._latest: dict[str, str] = {}
        self._stamps: deque[tuple[int, str, int]] = deque(maxlen=5_000)
        self._ready = asyncio.Event()
        self._start = Start(config, peers, self._life)
        self._journal = Journal(peers, config.ledger, self._life.met)
        self._strangers = Strangers(
            self._tags, lambda ids: self._start.insist(config.ledger, "journalled", ids)
        )
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
            self.seen_at(approved.approved_ms)
            symbol = approved.target.symbol
            desk = self._desks.get(symbol)
            if desk is not None:
                desk.apply(approved)
            elif symbol not in self._early or self._early[symbol].sequence < approved.sequence:
                self._early[symbol] = approved

    def resumed(self, symbol: str) -> None:
        """A human ended the halt of a symbol, or the general one (''): symbols halted one by one stay halted."""
        self._halts.pop(symbol, None)
        for desk in self._desks.values():
            reason = self._halt_of(desk.symbol)
            if desk.halted and not reason:
                desk.sender.resume()
            desk.halted = reason
            desk.wake()

    def health(self) -> dict[str, Any]:
        """State, counts, and what each symbol shows."""
        return {
            **self._life.health(), "fills": self._fills, "alerts": self._voice.alerts, "halts": dict(self._halts),
            "symbols": {s: d.health() for s, d in self._desks.items()},
        }

    def progress(self) -> dict[str, Any]:
        """How far it is, for whoever drives the exchange in lockstep."""
        return {
            "idle": all(d.idle and not d.mirror.doubt and not d.blind for d in self._desks.values()),
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
        self._strangers.ours(line.client_id for line in lines)
        await self._journal.write([line.intent("intended") for line in lines], urgent=urgent)

    def outcome(self, line: Line, state: IntentState) -> None:
        """Write down what became of an intent."""
        self._journal.outcome(line.intent(state))

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
            self.seen_at(e.ts_ms)
            self._strangers.see((name,), live=False)
            desk.filled()
            self._fills += 1
            self._latest[symbol] = e.trade_id
            self._voice.filled(e, part, name)
            if desk.mirror.position is None and self._settlements is not None:
                self._settlements.ended(symbol, e.ts_ms)

    def shown(self, order: OpenOrder) -> None:
        """Keep an order as it is now, for the ledger and for those who watch."""
        self._voice.shown(order)

    def looked(self, symbol: str) -> None:
        """Tell what protects the position, as read back."""
        mirror = self._desks[symbol].mirror
        self._voice.protected(mirror)
        self._strangers.see((o.client_id for o in mirror.orders.values()), live=True)
        if self._strangers.suspected and (self._asking is None or self._asking.done()):
            self._asking = asyncio.create_task(self._ask_about_strangers())

    def halt(self, symbol: str, reason: str) -> None:
        """No entries any more on a symbol ('' for all), until a human resumes."""
        if symbol in self._halts:
            return
        logger.error("{}: halting {}: {}", self._config.name, symbol or "everything", reason)
        self._halts[symbol] = reason
        for desk in self._desks.values():
            desk.halted = self._halt_of(desk.symbol)
            desk.wake()
        self._peers.tell(self._config.risk, "halt", symbol, reason)

    def _halt_of(self, symbol: str) -> str:
        return self._halts.get(symbol) or self._halts.get("") or ""

    def alert(self, kind: str, severity: Severity, symbol: str, detail: str) -> None:
        """Tell the ledger and those who watch."""
        desk = self._desks.get(symbol)
        self._voice.alert(kind, severity, symbol, detail, desk.mirror.owner.strategy if desk else "")

    def now_ms(self) -> int:
        """The exchange's time as far as it is known."""
        return self._voice.now_ms

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
        except RetryLater as error:  # the venue cannot even be made: another process has the account
            self.alert("not_started", Severity.CRITICAL, "", str(error))
            raise
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
        self.seen_at(await self._start.insist(config.feed, "now"))
        report = self._checked(await self._start.check_account(venue, symbols))
        self._reads = Reads(venue)
        self._settlements = Settlements(venue, self._voice.settled, self._unsettled)
        for symbol in symbols:
            desk = self._desks[symbol] = self._desk(venue, symbol)
            desk.unprepared = "" if report.matches(symbol) else "leverage or modes are not as configured"
            known = await self._start.remember(symbol, desk.mirror, self._ids, self._voice.now_ms)
            fills, desk.since_ms = known
            self._strangers.ours(fill.client_id for fill in fills)
            self._fills += len(fills)
            if fills:
                self._latest[symbol] = fills[-1].trade_id
            await self._start.settle(desk.mirror, self._settlements, known)
        await self._start.ask_about_open_intents(venue, self._ids)
        eyes = Eyes(
            venue, self._desks, self, self._life, lambda s: venue.prepare(s, config.leverage[s], config.margin_mode)
        )
        await self._look_first()
        await eyes.prepare_where_flat()
        self.balance(await self._life.patiently(venue.balance))
        self.apply(await self._start.insist(config.risk, "approved"))
        self.apply(tuple(self._early.values()))
        self._life.run("events", eyes.events)
        self._life.run("audit", lambda: eyes.audit(config.audit_s))
        self._life.run("settlements", self._settlements.run)
        for symbol, desk in self._desks.items():
            self._life.run(f"desk {symbol}", desk.run)
            desk.wake()
        for symbol in await self._start.unread(venue, symbols):
            self.guard(symbol)
        self._life.ok()
        self._ready.set()

    def _desk(self, venue: TradingVenue, symbol: str) -> Desk:
        config, mirror = self._config, Mirror(symbol, venue.instrument(symbol), self._tags)
        manners = Manners(config.changes_per_minute, config.liquidation_margin, config.trigger_source)
        desk = Desk(mirror, venue, self._ids, self, config.timing, manners=manners, reads=self._reads)
        desk.halted = self._halt_of(symbol)
        return desk

    async def _look_first(self) -> None:
        """Every desk's first look, side by side: they share what they read."""
        looks = [asyncio.create_task(self._life.patiently(desk.look)) for desk in self._desks.values()]
        try:
            await asyncio.gather(*looks)
        finally:
            for look in looks:
                look.cancel()

    def _checked(self, report: Report) -> Report:
        """Show the report. Raises Fatal where it forbids to trade."""
        self._voice.checked(report)
        if report.refused:
            self.alert("account", Severity.CRITICAL, "", report.refused)
            raise Fatal(report.refused)
        return report

    def _unsettled(self, symbol: str) -> None:
        detail = "the exchange's history does not show the position that has ended: what it earned is our own account"
        self.alert("unsettled", Severity.INFO, symbol, detail)

    # what its eyes tell (Reception)

    def seen_at(self, ts_ms: int) -> None:
        """The exchange's time of something that was seen."""
        self._voice.now_ms = max(self._voice.now_ms, ts_ms)

    def balance(self, balance: Balance) -> None:
        """The account's money, for risk."""
        self._peers.tell(self._config.risk, "on_balance", balance)

    async def _ask_about_strangers(self) -> None:
        """Orders that look like ours and are not in our journal: somebody else trades this account with our code."""
        for client_id in (await self._strangers.ask())[:1]:
            reason = f"another instance trades this account: order {client_id}"
            self.alert("second_instance", Severity.CRITICAL, "", reason)
            self.halt("", reason)

    def guard(self, symbol: str) -> None:
        """A desk without a target for a symbol that is not traded here: it protects what is open, and no more."""
        assert self._venue is not None
        try:
            desk = self._desk(self._venue, symbol)
        except KeyError:
            reason = f"{symbol} is open, and the exchange does not list it: its stop cannot be seen to from here"
            self.alert("foreign_position", Severity.CRITICAL, symbol, reason)
            self.halt("", reason)
            return
        desk.since_ms = self._voice.now_ms
        self._desks[symbol] = desk
        self._life.run(f"desk {symbol}", desk.run)
        desk.wake()

    def elsewhere(self, positions: tuple[VenuePosition, ...]) -> None:
        """Tell risk of positions that are none of ours: they use the same margin."""
        self._peers.tell(self._config.risk, "on_positions", positions)
