"""A test trade: the exchange's minimum, opened and closed with its stop, by the very desk that trades for strategies.

Laws
- Nothing is sent where the symbol has a position or an order, or where the account is refused.
- Every intent is on the disk before it is sent. However this ends, a position that is left over has its stop.
- What is shown was read back from the exchange; times are the exchange's, durations those of our clock.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from actors.executor_desk import Desk, Manners
from actors.executor_ids import Ids
from actors.executor_journal import Line
from actors.executor_mirror import Mirror
from actors.executor_preflight import Wish, inspect
from actors.executor_protection import Unprotected
from core.errors import RetryLater, ScalpRadarError, VenueError
from core.instrument import Instrument
from core.messages import FillRole, Severity
from core.order import Execution, OpenOrder
from core.target import ApprovedTarget, Rung, Target
from engine.client_ids import tag
from exchanges.port import TradingVenue
from storage.journal import IntentState

STRATEGY: Final = "test_trade"
STOP_DISTANCE: Final = 0.02
_NEARER: Final = 0.015
_LOOK_EVERY_S: Final = 0.1


class TrialRefused(ScalpRadarError):
    """Nothing was sent."""


class TrialFailed(ScalpRadarError):
    """Something was sent, and not everything came as it should; the message says what is left over."""


class Step(NamedTuple):
    """One step: what was done, how long until it was read back (wall ms), the exchange's time, and what it showed."""

    name: str
    took_ms: float
    ts_ms: int
    shown: dict[str, Any]


class Outcome(NamedTuple):
    """What a test trade gave: money in quote currency, net = gross - fees."""

    symbol: str
    quantity: float
    entry: float
    exit: float
    fees: float
    net: float
    unprotected_ms: int
    steps: tuple[Step, ...]


def smallest(rules: Instrument, price: float) -> float:
    """The least quantity that the exchange takes at about this price, with room for a price that moves meanwhile."""
    least = max(rules.min_quantity, 1.05 * rules.min_notional / price, rules.step)
    return round(math.ceil(least / rules.step - 1e-9) * rules.step, 12)


class TrialOffice:
    """What a desk needs of its executor, for one symbol and one trade. ``journal`` goes to ``path``, line by line."""

    def __init__(self, path: Path, now_ms: int) -> None:
        self.desk: Desk | None = None
        self.executions: list[tuple[FillRole, Execution]] = []
        self.alerts: list[tuple[str, str]] = []
        self.halted = ""
        self.unprotected = Unprotected()
        self.unprotected_ms = 0
        self._now_ms = now_ms
        self._path = path

    async def journal(self, lines: Sequence[Line], *, urgent: bool) -> None:
        """Write intents down; on the disk when this returns."""
        self._write([line.intent("intended")._asdict() for line in lines])

    def outcome(self, line: Line, state: IntentState) -> None:
        """Write down what became of one."""
        self._write([line.intent(state)._asdict()])

    def fills(self, symbol: str, executions: list[Execution]) -> None:
        """Take fills, each once."""
        assert self.desk is not None
        for e in executions:
            if not self.desk.mirror.name_of(e) and self.desk.sender.sending:
                self.desk.sender.defer(e)
                continue
            part = self.desk.mirror.executed(e)
            if part is not None:
                self._now_ms = max(self._now_ms, e.ts_ms)
                self.executions.append((part.role, e))
                self.desk.filled()

    def shown(self, order: OpenOrder) -> None:
        """Nobody else watches."""

    def looked(self, symbol: str) -> None:
        """Count the time without a stop."""
        assert self.desk is not None
        mirror = self.desk.mirror
        position = mirror.position
        now = max(self._now_ms, position.opened_ms if position else 0)
        ms = self.unprotected.see(position, mirror.stops(), now)
        self.unprotected_ms = max(self.unprotected_ms, ms if position else 0)

    def halt(self, symbol: str, reason: str) -> None:
        """No entry any more."""
        assert self.desk is not None
        self.halted = self.desk.halted = reason

    def alert(self, kind: str, severity: Severity, symbol: str, detail: str) -> None:
        """Keep it for the end."""
        self.alerts.append((kind, detail))

    def now_ms(self) -> int:
        """The exchange's time as far as it is known."""
        return self._now_ms

    def met(self, error: BaseException) -> None:
        """Keep it for the end."""
        self.alerts.append((type(error).__name__, str(error)))

    def sent(self, symbol: str, row_ms: int) -> None:
        """Nobody asks for latencies."""

    def _write(self, lines: Sequence[dict[str, Any]]) -> None:
        with self._path.open("a") as file:
            for line in lines:
                file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


class Trial:
    """One test trade.

    Parameters
    ----------
    venue : opened. price : about the market's, for the size. now_ms : the exchange's time.
    told : is called with each step as it has been read back.
    """

    def __init__(
        self, venue: TradingVenue, symbol: str, wish: Wish, price: float, now_ms: int, journal: Path,
        trigger_source: str = "", told: Callable[[Step], None] = lambda step: None,
    ) -> None:
        self._venue, self._symbol, self._wish, self._told = venue, symbol, wish, told
        self._price, self._now_ms = price, now_ms
        self._rules = venue.instrument(symbol)
        self._office = TrialOffice(journal, now_ms)
        mirror = Mirror(symbol, self._rules, {tag(STRATEGY, symbol): STRATEGY})
        self._desk = Desk(mirror, venue, Ids(), self._office, manners=Manners(trigger_source=trigger_source))
        self._desk.since_ms = now_ms
        self._office.desk = self._desk
        self.patience_s = 20.0
        """How long a step may take."""
        self._steps: list[Step] = []
        self._given = 0

    async def run(self) -> Outcome:
        """Open, protect, move the stop, close. Raises TrialRefused before anything is sent, TrialFailed after."""
        await self._check()
        quantity = smallest(self._rules, self._price)
        try:
            await self._trade(quantity)
        except TrialFailed as error:
            raise TrialFailed(f"{error}; {self._left_over()}") from error
        return self._outcome(quantity)

    async def _trade(self, quantity: float) -> None:
        """Whatever happens, and Ctrl-C too, what was opened is closed."""
        mirror = self._desk.mirror
        rung = Rung(0, None, quantity, self._stop(STOP_DISTANCE))
        ladder = Target(STRATEGY, self._symbol, self._now_ms, 0, 1, (rung,))
        try:
            await self._until("opened with its stop", ladder, lambda: bool(mirror.position and mirror.stops()))
            held = mirror.position
            assert held is not None
            nearer = self._stop(_NEARER, held.average)
            moved = ladder._replace(rungs=(), filled=1, quantity=held.quantity, stop=nearer)
            await self._until("stop moved in place", moved, self._stop_is(nearer))
        finally:
            if mirror.position is not None or self._office.executions:
                await self._leave(ladder)

    async def _check(self) -> None:
        began = time.monotonic()
        report = await inspect(self._venue, self._wish)
        held = [p for p in await self._venue.positions() if p.symbol == self._symbol]
        orders = await self._venue.open_orders(self._symbol)
        self._tell("account checked", began, {c.name: f"{c.found} ({c.verdict})" for c in report.checks})
        if report.refused:
            raise TrialRefused(report.refused)
        if held or orders:
            there = f"{len(held)} position and {len(orders)} orders"
            raise TrialRefused(f"{self._symbol} has {there}: a test trade needs a symbol without either")

    async def _leave(self, ladder: Target) -> None:
        """Close whatever is open. Raises TrialFailed when it stays."""
        held = self._desk.mirror.position
        quantity = held.quantity if held is not None else 0.0
        leaving = ladder._replace(rungs=(), filled=1, quantity=quantity, stop=self._stop(_NEARER), leave=True)
        await self._until("closed", leaving, lambda: self._desk.mirror.position is None)
        gone = ladder._replace(rungs=(), direction=0, cycle=1)
        await self._until("nothing left over", gone, lambda: not self._desk.mirror.orders)

    async def _until(self, name: str, target: Target, reached: Callable[[], bool]) -> None:
        """Give the desk a target and let it settle until the exchange shows what is wanted."""
        began = time.monotonic()
        self._given += 1
        self._desk.apply(ApprovedTarget(target, self._given, self._now_ms))
        while True:
            try:
                await self._desk.settle()
                if reached():
                    await self._desk.look()  # what is shown was read back, not taken from what we sent
            except RetryLater as error:
                self._office.met(error)
            except VenueError as error:
                raise TrialFailed(f"{name}: {error}") from error
            if reached() and not self._desk.mirror.doubt:
                break
            if time.monotonic() - began > self.patience_s or (self._office.halted and not target.leave):
                said = self._office.alerts[-1][1] if self._office.alerts else "no answer in time"
                raise TrialFailed(f"{name}: {self._office.halted or said}")
            self._desk.mirror.doubt = True
            await asyncio.sleep(_LOOK_EVERY_S)
        self._tell(name, began, self._shown())

    def _stop(self, distance: float, price: float | None = None) -> float:
        return (price or self._price) * (1 - distance)

    def _stop_is(self, wanted: float) -> Callable[[], bool]:
        def reached() -> bool:
            stops = self._desk.mirror.stops()
            near = max(self._rules.tick, 1e-9) * 1.01
            return bool(stops) and abs((stops[0].trigger or 0.0) - wanted) <= near

        return reached

    def _shown(self) -> dict[str, Any]:
        """Position and stop as read back, and the fills so far."""
        mirror = self._desk.mirror
        p, stops = mirror.position, mirror.stops()
        shown: dict[str, Any] = {"unprotected_ms": self._office.unprotected_ms}
        if p is not None:
            shown |= {"position": p.direction * p.quantity, "average": p.average, "liquidation": p.liquidation}
        for stop in stops:
            shown |= {
                "stop": stop.trigger, "stop_side": str(stop.side), "stop_source": stop.trigger_source,
                "stop_executes": "market" if stop.price is None else f"limit {stop.price:g}",
            }
        shown["orders"] = len(mirror.orders)
        shown["fills"] = [
            {"role": str(role), "side": str(e.side), "quantity": e.quantity, "price": e.price, "fee": e.fee,
             "ts_ms": e.ts_ms} for role, e in self._office.executions
        ]
        return shown

    def _tell(self, name: str, began: float, shown: dict[str, Any]) -> None:
        step = Step(name, round((time.monotonic() - began) * 1e3, 1), self._office.now_ms(), shown)
        self._steps.append(step)
        self._told(step)

    def _left_over(self) -> str:
        mirror = self._desk.mirror
        p, stops = mirror.position, mirror.stops()
        if p is None:
            return "no position is open"
        stop = f"with its stop at {stops[0].trigger:g}" if stops else "WITHOUT A STOP"
        return f"{p.direction * p.quantity:g} {self._symbol} is open, {stop}: close it by hand"

    def _outcome(self, quantity: float) -> Outcome:
        bought = [e for _, e in self._office.executions if e.side.sign > 0]
        sold = [e for _, e in self._office.executions if e.side.sign < 0]
        paid, got = sum(e.price * e.quantity for e in bought), sum(e.price * e.quantity for e in sold)
        fees = sum(e.fee for _, e in self._office.executions)
        return Outcome(
            self._symbol, quantity, paid / sum(e.quantity for e in bought), got / sum(e.quantity for e in sold),
            fees, got - paid - fees, self._office.unprotected_ms, tuple(self._steps),
        )

