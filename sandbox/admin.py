"""The inspection and control endpoint, with its own key: the exchange's own account of what happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from core.errors import ConfigurationError
from sandbox.admin_rows import account_row, event_row, guarded_row, order_rows
from sandbox.clock import Pacer
from sandbox.faults.kinds import TRAITS, FaultKind
from sandbox.faults.rules import FaultRule, rule_of, rules_in, rules_of
from sandbox.limits import Limits
from sandbox.market import Market
from sandbox.refusal import Refusal, bad_parameter
from sandbox.state import State

ADMIN_HEADER: Final = "X-Admin-Key"

AdminEndpoint = Callable[[dict[str, Any]], Awaitable[Any]]


class Controls(NamedTuple):
    """What the exchange does at the admin's word: walk on, save (None: no file was named), go away for some seconds."""

    advance: Callable[[int, bool], Awaitable[dict[str, Any]]]
    save: Callable[[], None] | None
    restart: Callable[[float], None]


class AdminEndpoints:
    """State, events, protection, faults, clock; advancing in lockstep, pacing otherwise."""

    def __init__(
        self, state: State, market: Market, pacer: Pacer | None, limits: Limits, controls: Controls
    ) -> None:
        self._state, self._market, self._pacer, self._limits = state, market, pacer, limits
        self._controls = controls

    def routes(self) -> dict[tuple[str, str], AdminEndpoint]:
        """(method, path) to endpoint."""
        return {
            ("POST", "/admin/advance"): self.advance,
            ("GET", "/admin/state"): self.state,
            ("GET", "/admin/events"): self.events,
            ("GET", "/admin/unprotected"): self.unprotected,
            ("GET", "/admin/orders"): self.orders,
            ("GET", "/admin/summary"): self.summary,
            ("GET", "/admin/faults"): self.faults,
            ("POST", "/admin/faults"): self.add_faults,
            ("DELETE", "/admin/faults"): self.remove_faults,
            ("POST", "/admin/save"): self.save,
            ("POST", "/admin/restart"): self.restart,
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
        return await self._controls.advance(candles, bool(asked.get("pause_on_fill", False)))

    async def state(self, _: dict[str, Any]) -> Any:
        """Accounts with orders, triggers and positions; prices; violations of the books (none, ever); refusals."""
        return {
            **await self.clock({}),
            "prices": self._state.prices,
            "violations": self._state.journal.violations,
            "last_event": self._state.journal.sequence,
            "limits": self._refused(),
            "accounts": [account_row(self._state, account) for account in self._state.accounts.values()],
        }

    async def events(self, asked: dict[str, Any]) -> Any:
        """Events after number ``since``, of a ``kind`` and of a ``symbol`` where those are given."""
        kind, symbol = str(asked.get("kind", "")), str(asked.get("symbol", ""))
        found = self._state.journal.since(_whole(asked, "since"), kind, symbol)
        return {"events": [event_row(event) for event in found]}

    async def unprotected(self, _: dict[str, Any]) -> Any:
        """Every position with the time it stood without a live position-level stop, and why."""
        record, now_ms = self._state.protection, self._state.now_ms
        return {"positions": [guarded_row(record, guarded, now_ms) for guarded in record.all()]}

    async def orders(self, asked: dict[str, Any]) -> Any:
        """Every order and trigger that ever bore ``client_id``, with its fills; all of them without one."""
        client_id = str(asked.get("client_id", ""))
        return {"orders": [row for account in self._state.accounts.values() for row in order_rows(account, client_id)]}

    async def summary(self, _: dict[str, Any]) -> Any:
        """How many events, faults and refusals there were, by kind; whether the books are right."""
        journal, now_ms = self._state.journal, self._state.now_ms
        guarded = self._state.protection.all()
        return {
            **await self.clock({}),
            "events": dict(journal.counts), "last_event": journal.sequence, "faults": dict(self._state.faults.given),
            "limits": self._refused(), "requests": self._limits.asked(), "violations": journal.violations,
            "positions": {
                "open": sum(g.closed_ms is None for g in guarded), "exposed": sum(g.exposed for g in guarded),
                "ever": len(guarded), "worst_unprotected_ms": max((g.until(now_ms) for g in guarded), default=0),
            },
        }

    async def faults(self, _: dict[str, Any]) -> Any:
        """The rules in force, and what was given; the kinds there are."""
        faults = self._state.faults
        return {
            "faults": [standing.as_json() for standing in faults.standing], "given": dict(faults.given),
            "kinds": {kind.value: TRAITS[kind].says for kind in FaultKind},
        }

    async def add_faults(self, asked: dict[str, Any]) -> Any:
        """Put rules in force: ``faults`` a list of them, or one rule, or short text in ``spec`` with a ``seed``."""
        added = self._state.faults.add(_rules(asked))
        return {"faults": [standing.as_json() for standing in added]}

    async def remove_faults(self, asked: dict[str, Any]) -> Any:
        """Take back rule ``number``, or all of them."""
        number = _whole(asked, "number") if "number" in asked else None
        return {"removed": self._state.faults.remove(number)}

    async def save(self, _: dict[str, Any]) -> Any:
        """Write everything into the state file."""
        if self._controls.save is None:
            raise Refusal("admin", "there is no state file: it is named at the start")
        self._controls.save()
        return {"saved": self._state.journal.sequence}

    async def restart(self, asked: dict[str, Any]) -> Any:
        """Break every connection, this one too, and listen again after ``seconds`` (default 1)."""
        seconds = asked.get("seconds", 1.0)
        if not isinstance(seconds, int | float) or not 0 <= seconds <= 3600:
            raise bad_parameter("seconds", seconds)
        self._controls.restart(float(seconds))
        return {"seconds": seconds}

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

    def _refused(self) -> dict[str, Any]:
        refused = self._limits.refused
        return {"factor": self._limits.factor, "refused": refused.total(), "by_path": dict(refused)}


def _rules(asked: dict[str, Any]) -> tuple[FaultRule, ...]:
    try:
        if "spec" in asked:
            return rules_in(str(asked["spec"]), _whole(asked, "seed"))
        return rules_of(asked["faults"]) if "faults" in asked else (rule_of(asked),)
    except ConfigurationError as error:
        raise Refusal("admin", str(error)) from None


def _whole(asked: dict[str, Any], name: str) -> int:
    """A whole number from 0, 0 when absent."""
    shown = str(asked.get(name, "0"))
    if not shown.isdigit():
        raise bad_parameter(name, shown)
    return int(shown)
