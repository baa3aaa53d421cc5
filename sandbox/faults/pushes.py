"""Faults of sockets: what becomes of a message on its way out, and of a frame that comes in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sandbox.faults.kinds import FaultKind, Where
from sandbox.faults.occasion import Occasion
from sandbox.faults.plan import Faults, Injection
from sandbox.refusal import Refusal


class Line(Protocol):
    """A connection as faults see it."""

    path: str
    frozen: bool
    held: str | None

    def put(self, message: str) -> None:
        """Queue a message as it is."""

    def drop(self) -> None:
        """Break the connection."""


class PushFaults:
    """Stands between what is to be sent and the connection that sends it. ``symbols`` : ours by market id."""

    def __init__(self, faults: Faults, symbols: Mapping[str, str]) -> None:
        self._faults, self._symbols = faults, symbols
        self._later: set[asyncio.TimerHandle] = set()

    def send(self, line: Line, message: str) -> None:
        """Send a message, or what a fault makes of it. Only pushes meet faults: answers pass."""
        if not (self._faults.any(Where.PUSH) or self._faults.any(Where.CLOCK) or line.held):
            line.put(message)
            return
        push = _pushed(message)
        if push is None:
            line.put(message)
            return
        if skew_ms := self._faults.skew_ms:
            message = json.dumps({**push, "ts": int(push.get("ts", 0)) + skew_ms}, separators=(",", ":"))
        fault = self._faults.strike(Where.PUSH, self._occasion(line, push["arg"]))
        if fault is None:
            self._through(line, message)
        else:
            self._struck(line, message, fault)

    def check(self, line: Line, arg: Mapping[str, Any]) -> None:
        """Raises Refusal when a subscription meets a fault."""
        if self._faults.any(Where.FRAME):
            fault = self._faults.strike(Where.FRAME, self._occasion(line, arg))
            if fault is not None:
                raise Refusal(str(fault.argument), "request too many")

    def end(self) -> None:
        """Forget what was to come later."""
        for timer in self._later:
            timer.cancel()
        self._later.clear()

    def _struck(self, line: Line, message: str, fault: Injection) -> None:
        match fault.kind:
            case FaultKind.SOCKET_DROP:
                line.drop()
            case FaultKind.SOCKET_FREEZE:
                line.frozen = True
                if fault.argument is not None:
                    self._after(fault.seconds, lambda: setattr(line, "frozen", False))
            case FaultKind.PUSH_DELAY:
                self._after(fault.seconds, lambda: line.put(message))
            case FaultKind.PUSH_DUPLICATE:
                self._through(line, message)
                line.put(message)
            case FaultKind.PUSH_REORDER:
                before, line.held = line.held, message
                if before is not None:
                    line.put(before)

    def _through(self, line: Line, message: str) -> None:
        """Send it, and after it the one that was to come first."""
        line.put(message)
        if line.held is not None:
            held, line.held = line.held, None
            line.put(held)

    def _after(self, seconds: float, do: Callable[[], None]) -> None:
        def now() -> None:
            self._later.discard(timer)
            do()

        timer = asyncio.get_running_loop().call_later(seconds, now)
        self._later.add(timer)

    def _occasion(self, line: Line, arg: Mapping[str, Any]) -> Occasion:
        """Both generations of the protocol: ``channel`` or ``topic``, ``instId`` or ``symbol``."""
        channel = str(arg.get("channel") or arg.get("topic") or "")
        market = str(arg.get("instId") or arg.get("symbol") or "")
        return Occasion(line.path, channel, self._symbols.get(market.upper(), ""))


def _pushed(message: str) -> dict[str, Any] | None:
    """The message, if it is a push: it has data and says what of."""
    if '"data"' not in message:
        return None
    values = json.loads(message)
    return values if isinstance(values, dict) and isinstance(values.get("arg"), dict) and "data" in values else None
