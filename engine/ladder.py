"""One symbol of one strategy, stepped: the book that paper walks and that live fills keep up to date."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from core.candle import Candle
from core.errors import DataError
from core.messages import FillRole
from core.plan import Plan
from core.target import Rung, Target
from engine.bind import Binder
from engine.chance import symbol_id
from engine.costs import Costs
from engine.live import RUNG, enter_row, preview, take_entry, take_exit, take_row
from engine.prices import (
    stop_in_force,
)
from engine.records import (
    ACCOUNT,
    BOOK,
    PLAN,
    ROW,
    Reason,
    cost_record,
    new_account,
    new_books,
    new_events,
)
from engine.walk import advance

_HEAD = struct.Struct("<4sqqqqddd")
_MAGIC = b"SRL1"
_PARTS = (ACCOUNT, BOOK, PLAN, ROW)

_EXIT_REASON = {
    FillRole.TARGET: Reason.TARGET,
    FillRole.STOP: Reason.STOP,
    FillRole.LIQUIDATION: Reason.LIQUIDATION,
    FillRole.EXIT: Reason.EXIT,
    FillRole.EMERGENCY: Reason.STOP,
    FillRole.FOREIGN: Reason.STOP,
}


class Filled(NamedTuple):
    """An entry or exit fill, or a refusal (quantity 0); ``reason`` is a name of `engine.records.Reason`, lower case."""

    ts_ms: int
    reason: str
    level: int
    direction: int
    price: float
    quantity: float
    fee: float
    maker: bool
    cycle: int


class Closed(NamedTuple):
    """A finished cycle; money in quote currency, net = gross - fees - funding."""

    opened_ms: int
    closed_ms: int
    cycle: int
    direction: int
    quantity: float
    average: float
    exit_price: float
    levels: int
    fees: float
    funding: float
    gross: float
    net: float
    reason: str


class Stepped(NamedTuple):
    """What one step caused."""

    fills: tuple[Filled, ...]
    trades: tuple[Closed, ...]


class Ladder:
    """The engine's account, book and plan row of one symbol, advanced candle by candle or fill by fill.

    `new_row` puts the last row of a plan in force; `walk` is the paper market; `fill` takes what a venue did;
    `target` says what the venue should look like now. `snapshot` and `restore` carry the whole state as bytes.
    """

    def __init__(self, symbol: str, costs: Costs, capital: float) -> None:
        self.symbol, self.costs = symbol, costs
        self._cost = cost_record(costs, symbol_id(symbol))
        self._account, self._book = new_account(capital), new_books(1)
        self._plan, self._row = np.zeros(1, PLAN), np.zeros(1, ROW)
        self._events, self._rungs = new_events(wanted=True), np.zeros(8, RUNG)
        self._scratch, self._shadow = new_account(capital), new_books(1)
        self._row_number, self._row_ms, self._first, self._last_ms = -1, 0, 0, 0
        self._part = self._left = self._left_value = 0.0
        self._left_fees = 0.0

    def new_row(self, plan: Plan, row_ms: int, rows: int) -> None:
        """Put the last of ``rows`` rows of ``plan`` in force; ``row_ms`` is its decision candle's closing time."""
        binder = Binder(rows)
        binder.add(plan)
        plans, columns, flags = binder.arrays()
        self._plan[0] = plans[0]
        take_row(self._row[0], self._plan[0], columns, flags, rows - 1)
        self._row_number += 1
        self._row_ms, self._first = row_ms, 1

    def walk(self, candle: Candle, funding_rate: float = 0.0) -> Stepped:
        """One execution candle of the paper market; ``funding_rate`` is due at its open."""
        advance(
            self._account[0], self._book[0], self._events[0], self._plan[0], self._row[0], self._cost[0],
            candle.ts_ms, self._row_number, self._first, candle.open, candle.high, candle.low, candle.close,
            candle.volume, funding_rate,
        )
        self._first, self._last_ms = 0, candle.ts_ms
        return self._stepped()

    def enter_row(self) -> None:
        """Bring a book that a venue walks up to the row in force; call after `new_row` instead of `walk`."""
        enter_row(self._book[0], self._plan[0], self._row[0], self._cost[0])

    def expire_market(self) -> None:
        """The first execution candle of the row is over: its market entries and exit flag are void."""
        self._first = 0

    def fill(
        self, role: FillRole, level: int, price: float, quantity: float, fee: float, ts_ms: int, direction: int = 0
    ) -> Stepped:
        """A fill on the venue. Parts of a level or of an exit add up; the cycle closes when nothing is left.

        direction : of the position, 0 for the row's; a late entry may belong to another row than the one in force.
        An exit while flat changes nothing.
        """
        if role is FillRole.ENTRY:
            self._fill_entry(level, price, quantity, fee, ts_ms, direction or int(self._row["direction"][0]))
            return Stepped((), ())
        if not self.direction:
            return Stepped((), ())
        self._left += quantity
        self._left_value += quantity * price
        self._left_fees += fee
        if self.quantity > self.costs.step / 2 + 1e-12:
            return Stepped((), ())
        take_exit(
            self._account[0], self._book[0], self._events[0], self._plan[0], self._row[0], ts_ms, self._row_number,
            int(_EXIT_REASON[role]), self._left_value / self._left, self._left_fees,
        )
        self._part = self._left = self._left_value = self._left_fees = 0.0
        return self._stepped()

    def _fill_entry(
        self, level: int, price: float, quantity: float, fee: float, ts_ms: int, direction: int
    ) -> None:
        if level != int(self._book["used"][0]):
            self._part = 0.0  # of a level that a deeper one, filling, has left behind
        left = next((r.quantity for r in self._preview(price) if r.level == level), 0.0)
        complete = quantity + self.costs.step / 2 >= left * (1.0 - 1e-9)
        take_entry(
            self._account[0], self._book[0], self._plan[0], self._cost[0], ts_ms, self._row_number, direction,
            level, int(complete), price, quantity, fee,
        )
        self._part = 0.0 if complete else self._part + quantity

    def pay_funding(self, amount: float) -> None:
        """Funding that the venue took (negative: gave) for the open position."""
        if self.direction:
            self._book["funding"] += amount / self._book["scale"]

    def target(self, strategy: str, price: float) -> Target:
        """What the venue should look like now; ``price`` (last) sizes market entries."""
        book = self._book[0]
        held = self.direction
        bit = 1 if held > 0 else 2
        leave = bool(held and self._carried and int(self._row["exit"][0]) & bit) or self._too_old()
        rungs = () if leave else tuple(self._preview(price))
        return Target(
            strategy, self.symbol, self._row_ms, self.cycle,
            direction=held or (int(self._row["direction"][0]) if rungs else 0),
            rungs=rungs, filled=int(book["used"]), quantity=self.quantity,
            stop=self.stop if held else None, target=self.take_profit if held else None, leave=leave,
            average=self.average,
        )

    def _preview(self, price: float) -> list[Rung]:
        n = preview(
            self._account, self._book, self._scratch, self._shadow, self._events, self._plan[0], self._row[0],
            self._cost[0], self._row_number, self._first, price, self._part, self._rungs,
        )
        return [
            Rung(int(r["level"]), None if r["market"] else float(r["price"]), float(r["quantity"]), float(r["stop"]))
            for r in self._rungs[:n]
        ]

    @property
    def _carried(self) -> bool:
        """Whether the position was there before this row: then a flag stands until it has left, if refused at first."""
        return self._row_number > int(self._book["first_row"][0])

    def _too_old(self) -> bool:
        hold = int(self._plan["max_hold"][0])
        return bool(
            self.direction and hold and self._row_number - int(self._book["first_row"][0]) >= hold
        )

    @property
    def direction(self) -> int:
        """+1 long, -1 short, 0 flat."""
        return int(self._book["direction"][0])

    @property
    def quantity(self) -> float:
        """Base quantity that is still open."""
        return float(self._book["scale"][0] * self._book["quantity"][0]) - self._left

    @property
    def average(self) -> float:
        """Average entry price; 0 while flat."""
        return float(self._book["average"][0]) if self.direction else 0.0

    @property
    def cycle(self) -> int:
        """Number of the position cycle, from 0; grows when a position closes."""
        return int(self._book["cycle"][0])

    @property
    def stop(self) -> float | None:
        """The stop in force, None while flat."""
        return float(stop_in_force(self._book[0])) if self.direction else None

    @property
    def take_profit(self) -> float | None:
        """The target in force, None while there is none."""
        price = float(self._book["target"][0])
        return price if price == price else None  # NaN: none in this row

    @property
    def liquidation(self) -> float | None:
        """Liquidation price as the engine computes it, None while flat."""
        return float(self._book["liquidation"][0]) if self.direction else None

    @property
    def held(self) -> bool:
        """Whether there are no new entries, while exits go on."""
        return bool(self._account["halted"][0])

    @held.setter
    def held(self, held: bool) -> None:
        self._account["halted"] = int(held)

    @property
    def wallet(self) -> float:
        """Money without open positions."""
        return float(self._account["wallet"][0])

    @property
    def row_ms(self) -> int:
        """Closing time of the decision candle in force, 0 before the first."""
        return self._row_ms

    @property
    def last_ms(self) -> int:
        """Opening time of the last candle walked, 0 before the first."""
        return self._last_ms

    def equity(self, price: float) -> float:
        """Wallet plus what the open position is worth at ``price``, before exit costs."""
        b = self._book[0]
        held = b["direction"] * ((b["quantity"] - self._left) * price + self._left_value - b["cost"])
        result = held - (b["fees"] + self._left_fees) - b["funding"]
        return float(self._account["wallet"][0] + b["scale"] * result)

    def snapshot(self) -> bytes:
        """The whole state."""
        head = _HEAD.pack(
            _MAGIC, self._row_number, self._row_ms, self._first, self._last_ms, self._part, self._left, self._left_value
        )
        fees = struct.pack("<d", self._left_fees)
        return head + fees + b"".join(a.tobytes() for a in (self._account, self._book, self._plan, self._row))

    def restore(self, payload: bytes) -> None:
        """Take over a snapshot. Raises DataError when it is not one of this layout."""
        expected = _HEAD.size + 8 + sum(p.itemsize for p in _PARTS)
        if len(payload) != expected or payload[:4] != _MAGIC:
            raise DataError(f"{self.symbol}: a snapshot of {len(payload)} bytes is not of this version's layout")
        head = _HEAD.unpack_from(payload)
        _, self._row_number, self._row_ms, self._first, self._last_ms, self._part, self._left, self._left_value = head
        at = _HEAD.size
        (self._left_fees,) = struct.unpack_from("<d", payload, at)
        at += 8
        for array in (self._account, self._book, self._plan, self._row):
            array[:] = np.frombuffer(payload, array.dtype, 1, at)
            at += array.nbytes

    def _stepped(self) -> Stepped:
        n, trades = int(self._events["fills"][0]), int(self._events["trades"][0])
        if not n:
            return Stepped((), ())
        return Stepped(
            tuple(filled(f) for f in self._events["fill"][0, :n]),
            tuple(closed(t) for t in self._events["trade"][0, :trades]),
        )


def filled(f: np.void) -> Filled:
    """A FILL record in words."""
    return Filled(
        int(f["ts_ms"]), Reason(int(f["reason"])).name.lower(), int(f["level"]), int(f["direction"]),
        float(f["price"]), float(f["quantity"]), float(f["fee"]), bool(f["maker"]), int(f["cycle"]),
    )


def closed(t: np.void) -> Closed:
    """A TRADE record in words."""
    return Closed(
        int(t["opened_ms"]), int(t["closed_ms"]), int(t["cycle"]), int(t["direction"]), float(t["quantity"]),
        float(t["average"]), float(t["exit_price"]), int(t["levels"]), float(t["fees"]), float(t["funding"]),
        float(t["gross"]), float(t["net"]), Reason(int(t["reason"])).name.lower(),
    )
