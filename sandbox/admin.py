"""The inspection and control endpoint, with its own key: the exchange's own account of what happened."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, Final

from sandbox.account import Account
from sandbox.clock import Pacer
from sandbox.journal import Event
from sandbox.market import Market
from sandbox.refusal import Refusal, bad_parameter
from sandbox.state import State

ADMIN_HEADER: Final = "X-Admin-Key"

Advance = Callable[[int, bool], Awaitable[dict[str, Any]]]
AdminEndpoint = Callable[[dict[str, Any]], Awaitable[Any]]


class AdminEndpoints:
    """State, events, protection, clock; advancing in lockstep, pacing otherwise."""

    def __init__(self, state: State, market: Market, pacer: Pacer | None, advance: Advance) -> None:
        self._state, self._market, self._pacer, self._advance = state, market, pacer, advance

    def routes(self) -> dict[tuple[str, str], AdminEndpoint]:
        """(method, path) to endpoint."""
        return {
            ("POST", "/admin/advance"): self.advance,
            ("GET", "/admin/state"): self.state,
            ("GET", "/admin/events"): self.events,
            ("GET", "/admin/unprotected"): self.unprotected,
            ("GET", "/admin/clock"): self.clock,
            ("POST", "/admin/speed"): self.speed,
            ("POST", "/admin/pause"): self.pause,
            ("POST", "/admin/resume"): self.resume,
        }

    async def advance(self, asked: dict[str, Any]) -> Any:
        """Move the market in lockstep: ``candles`` (default 1), stopping after each fill with ``pause_on_fill``."""
        if self._pacer is not None:
            raise Refusal("admin", "the market runs freely: only a lockstep exchange is advanced")
        candles = asked.get("candles", 1)
        if not isinstance(candles, int) or not 1 <= candles <= 1_000_000:
            raise bad_parameter("candles", candles)
        return await self._advance(candles, bool(asked.get("pause_on_fill", False)))

    async def state(self, _: dict[str, Any]) -> Any:
        """Accounts with orders, triggers and positions; prices; violations of the books (none, ever)."""
        return {
            **await self.clock({}),
            "prices": self._state.prices,
            "violations": self._state.journal.violations,
            "last_event": self._state.journal.sequence,
            "accounts": [_account(self._state, account) for account in self._state.accounts.values()],
        }

    async def events(self, asked: dict[str, Any]) -> Any:
        """Events after number ``since``."""
        since = str(asked.get("since", "0"))
        if not since.isdigit():
            raise bad_parameter("since", since)
        return {"events": [event_row(event) for event in self._state.journal.since(int(since))]}

    async def unprotected(self, _: dict[str, Any]) -> Any:
        """Every position with the time it stood without a live position-level stop."""
        now = self._state.now_ms
        return {
            "positions": [
                {
                    "account": guarded.account, "symbol": guarded.symbol, "direction": guarded.direction,
                    "opened": guarded.opened_ms, "closed": guarded.closed_ms, "unprotected_ms": guarded.until(now),
                }
                for guarded in self._state.protection.all()
            ]
        }

    async def clock(self, _: dict[str, Any]) -> Any:
        """The simulated time and how it moves."""
        return {
            "time": self._state.now_ms, "candle": self._market.open_ms, "ended": self._market.ended,
            "lockstep": self._pacer is None, "speed": self._pacer.speed if self._pacer else None,
            "paused": self._pacer.paused if self._pacer else None,
        }

    async def speed(self, asked: dict[str, Any]) -> Any:
        """Set the pace."""
        speed = asked.get("speed")
        if not isinstance(speed, int | float) or not 0 < speed <= 1e6:
            raise bad_parameter("speed", speed)
        self._free().set_speed(float(speed))
        return await self.clock({})

    async def pause(self, _: dict[str, Any]) -> Any:
        """Stand still."""
        self._free().pause()
        return await self.clock({})

    async def resume(self, _: dict[str, Any]) -> Any:
        """Go on."""
        self._free().resume()
        return await self.clock({})

    def _free(self) -> Pacer:
        if self._pacer is None:
            raise Refusal("admin", "the exchange is in lockstep: it has no pace")
        return self._pacer


def event_row(event: Event) -> dict[str, Any]:
    """An event as JSON."""
    return {
        "sequence": event.sequence, "ts": event.ts_ms, "kind": event.kind,
        "account": event.account.key if event.account else None, "symbol": event.symbol, "note": event.note,
        "subject": plain(event.subject),
    }


def plain(thing: Any) -> Any:
    """A record of ours as JSON values."""
    if thing is None or isinstance(thing, str | int | float | bool):
        return thing.value if isinstance(thing, Enum) else thing
    fields: dict[str, Any]
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        fields = {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing)}
    else:
        fields = thing._asdict()
    return {name: plain(value) for name, value in fields.items()}


def _account(state: State, account: Account) -> dict[str, Any]:
    return {
        "key": account.key, "wallet": account.wallet, "equity": account.equity(state.prices),
        "free": account.free(state.prices), "imbalance": account.imbalance(),
        "orders": [plain(order) for order in account.live_orders()],
        "triggers": [plain(trigger) for trigger in account.live_triggers()],
        "positions": [plain(position) for position in account.positions.values()],
        "fills": len(account.fills), "closed_positions": len(account.closed),
        "leverage": account.leverage, "margin_mode": account.margin_mode,
    }
