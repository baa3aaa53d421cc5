"""The whole exchange in one file, so that a restart goes on: after a stop exactly there, after kill -9 almost there.

Law: what a client has been told is in the file. Each flush writes what changed, in one transaction, before the answer
or the push goes out. After a kill -9 nothing of that is missing; the power may fail, then the file is whole, and the
last moments may be gone (SQLite's write-ahead journal, not synchronised to the disk).

Rows are values as `packing.pack` makes them. An account is one row without its history; each order, trigger, fill,
closed position and event is a row of its own, written again only when an event named it.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from core.errors import ConfigurationError, ScalpRadarError
from sandbox.account import Account
from sandbox.journal import KEPT_EVENTS, Event
from sandbox.market import Market
from sandbox.orders import Order, Trigger
from sandbox.packing import pack, unpack
from sandbox.source import CandleSource
from sandbox.state import State

_FORMAT: Final = "scalp-radar exchange 1"
_SECRET: Final = ("secret", "passphrase")
_HISTORY: Final = (
    "orders", "triggers", "every_order", "every_trigger", "order_of_client", "trigger_of_client", "fills", "closed",
)
_APPENDED: Final = ("order_of_client", "trigger_of_client", "fills", "closed")
_REPEATED: Final = ("account ", "exposed", "clock")
"""Names of the rows that every flush offers."""
_PATIENCE_S: Final = 0.5
"""For another exchange that still has the file open."""
_PRUNED_EVERY: Final = 10_000
"""Events between two looks at how many are kept."""


class Saved:
    """A state file. Raises ConfigurationError when it is damaged, of another program, or of another market."""

    def __init__(self, path: Path, state: State, market: Market, source: CandleSource) -> None:
        self._path, self._state, self._market = path, state, market
        self._written: dict[tuple[str, str], int] = {}
        self._last: dict[str, str] = {}
        self._protected = 0
        self._pruned = 0
        self._failure = ""
        self._fingerprint = _fingerprint(source, state)
        try:
            self._database = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE_S)
            self.restored = self._begin()
        except sqlite3.Error as error:
            raise ConfigurationError("sandbox", "state", str(path), f"cannot be used: {error}") from None
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise self._bad(f"is damaged: {error!r}") from None

    def turned(self, _: object) -> None:
        """A minute closed: the clock is written with what happened, at the flush."""

    def progressed(self, _: object) -> None:
        """Candles moved on: nothing to keep."""

    def flush(self, events: list[Event]) -> None:
        """Write what happened, and how far the market is.

        Raises ScalpRadarError when it cannot be written, from then on every time: the file stays as it was before.
        """
        try:
            with self._database:
                self._database.execute("BEGIN")
                self._database.executemany("INSERT OR REPLACE INTO part VALUES (?, ?)", self._different(events))
            self._prune(len(events))
        except sqlite3.Error as error:
            self._failure = self._failure or str(error)
            self._database.close()
            message = f"sandbox: state = {str(self._path)!r}: cannot be written: {self._failure}"
            raise ScalpRadarError(message) from error

    def save(self) -> None:
        """Write where the market is, and everything into the one file."""
        self.flush([])
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Save, and let go of the file."""
        self.save()
        self._database.close()

    def _begin(self) -> bool:
        """Whether there was something to restore, which is then restored."""
        self._check_ours()
        self._database.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute("CREATE TABLE IF NOT EXISTS part (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
        found = self._database.execute("SELECT value FROM part WHERE name = 'format'").fetchone()
        if found is None:
            rows = [("format", pack(_FORMAT)), ("market", pack(self._fingerprint))]
            self._database.executemany("INSERT INTO part VALUES (?, ?)", rows)
            self.flush([])
            return False
        if unpack(found[0]) != _FORMAT:
            raise self._bad(f"must be of {_FORMAT!r}")
        self._check_market(unpack(self._value("market")))
        self._restore()
        self.flush([])  # which also keeps others out of the file
        return True

    def _check_market(self, was: dict[str, Any]) -> None:
        for key, value in self._fingerprint.items():
            if was.get(key) != value:
                raise self._bad(f"belongs to another market: its {key} was {was.get(key)!r}, asked is {value!r}")

    def _check_ours(self) -> None:
        """Before anything is written: a file without our table is somebody else's, unless it is empty."""
        tables = {row[0] for row in self._database.execute("SELECT name FROM sqlite_master")}
        if tables and "part" not in tables:
            raise self._bad("is not a state of the local exchange")

    def _bad(self, allowed: str) -> ConfigurationError:
        self._database.close()
        return ConfigurationError("sandbox", "state", str(self._path), allowed)

    def _value(self, name: str) -> str:
        found = self._database.execute("SELECT value FROM part WHERE name = ?", (name,)).fetchone()
        if found is None:
            raise KeyError(name)
        return str(found[0])

    def _different(self, events: list[Event]) -> Iterator[tuple[str, str]]:
        """What changed; rows that are offered every time only where they differ from the last time."""
        for name, value in self._changed(events):
            if name.startswith(_REPEATED):
                if self._last.get(name) == value:
                    continue
                self._last[name] = value
            yield name, value

    def _changed(self, events: list[Event]) -> Iterator[tuple[str, str]]:
        for account in self._state.accounts.values():
            yield f"account {account.key}", pack(_core(account))
            yield from self._of_histories(account)
            yield from _named(account, events)
        for event in events:
            yield f"event {event.sequence:012}", pack([*event[:3], event.account and event.account.key, *event[4:]])
        record = self._state.protection
        for number in range(self._protected, len(record.closed)):
            yield f"guarded {number:09}", pack(record.closed[number])
        self._protected = len(record.closed)
        yield "exposed", pack([[*place, guarded] for place, guarded in record.open.items()])
        yield "clock", pack(self._clock())

    def _of_histories(self, account: Account) -> Iterator[tuple[str, str]]:
        """What came to the histories since the last time: they only grow."""
        for name in _APPENDED:
            history = getattr(account, name)
            done = self._written.get((account.key, name), 0)
            if len(history) > done:
                newest = reversed(history.items() if isinstance(history, dict) else history)
                for number in range(len(history) - 1, done - 1, -1):
                    yield f"{name} {account.key} {number:012}", pack(next(newest))
                self._written[account.key, name] = len(history)

    def _clock(self) -> dict[str, Any]:
        journal = self._state.journal
        return {
            "now_ms": self._state.now_ms, "last_id": self._state.last_id, "prices": self._state.prices,
            "market": self._market.position(), "sequence": journal.sequence, "counts": dict(journal.counts),
            "violations": journal.violations, "faults": dict(self._state.faults.given),
        }

    def _restore(self) -> None:
        clock = unpack(self._value("clock"))
        self._market.go_to(clock["market"])
        state, journal = self._state, self._state.journal
        for account in state.accounts.values():
            self._restore_account(account)
        state.now_ms, state.last_id, state.prices = clock["now_ms"], clock["last_id"], clock["prices"]
        journal.sequence, journal.violations = clock["sequence"], clock["violations"]
        journal.counts.update(clock["counts"])
        state.faults.given.update(clock["faults"])
        for sequence, ts_ms, kind, key, symbol, subject, note in self._rows("event"):
            journal.events.append(Event(sequence, ts_ms, kind, state.accounts.get(key), symbol, subject, note))
        state.protection.closed = list(self._rows("guarded"))
        self._protected = len(state.protection.closed)
        for account_key, symbol, side, guarded in unpack(self._value("exposed")):
            state.protection.open[account_key, symbol, side] = guarded

    def _restore_account(self, account: Account) -> None:
        kept = unpack(self._value(f"account {account.key}"))
        for name, value in kept.items():
            setattr(account, name, value)
        live: dict[str, dict[str, dict[int, Any]]] = {"order": account.orders, "trigger": account.triggers}
        every: dict[str, dict[int, Any]] = {"order": account.every_order, "trigger": account.every_trigger}
        for kind, things in every.items():
            for thing, is_live in self._rows(f"{kind} {account.key}"):
                things[thing.order_id] = thing
                if is_live:
                    live[kind].setdefault(thing.symbol, {})[thing.order_id] = thing
        for name in _APPENDED:
            history = getattr(account, name)
            rows = list(self._rows(f"{name} {account.key}"))
            history.update(rows) if isinstance(history, dict) else history.extend(rows)
            self._written[account.key, name] = len(history)

    def _rows(self, prefix: str) -> Iterator[Any]:
        """Values of the rows named so, in the order of their names."""
        found = self._database.execute(
            "SELECT value FROM part WHERE name > ? AND name < ? ORDER BY name", (f"{prefix} ", f"{prefix}!")
        )
        return (unpack(row[0]) for row in found)

    def _prune(self, count: int) -> None:
        """Forget the events that the journal has forgotten."""
        self._pruned += count
        if self._pruned >= _PRUNED_EVERY:
            self._pruned = 0
            last = self._state.journal.sequence - KEPT_EVENTS
            name = f"event {max(last, 0):012}"
            self._database.execute("DELETE FROM part WHERE name > 'event ' AND name <= ?", (name,))


def _core(account: Account) -> dict[str, Any]:
    """An account without history and keys."""
    names = [field.name for field in fields(account) if field.name not in (*_HISTORY, *_SECRET)]
    return {name: getattr(account, name) for name in names}


def _named(account: Account, events: Iterable[Event]) -> Iterator[tuple[str, str]]:
    """The account's orders and triggers that events are about, as they are now, and whether they are live."""
    keys = {
        ("order" if isinstance(event.subject, Order) else "trigger", event.subject.order_id, event.symbol)
        for event in events
        if event.account is account and isinstance(event.subject, Order | Trigger)
    }
    # these two move with the price, without an event
    keys |= {("trigger", t.order_id, t.symbol) for t in account.live_triggers() if t.best is not None}
    keys |= {("order", o.order_id, o.symbol) for o in account.live_orders() if o.served}
    for kind, key, symbol in keys:
        thing: Any = account.every_order.get(key) if kind == "order" else account.every_trigger.get(key)
        live: Any = account.orders if kind == "order" else account.triggers
        yield f"{kind} {account.key} {key:020}", pack([thing, key in live.get(symbol, {})])


def _fingerprint(source: CandleSource, state: State) -> dict[str, Any]:
    """What tells one market from another: symbols, opening, history, accounts."""
    closes = [source.history(symbol).close.tobytes() for symbol in source.symbols]
    return {
        "symbols": list(source.symbols), "start_ms": source.start_ms,
        "history": zlib.crc32(b"".join(closes)), "accounts": list(state.accounts),
    }
