"""Commands in two steps: what it would do, with a token; then the deed, once.

Laws
- A token executes at most one command; whoever confirms it again, even at the same moment, gets the first answer.
- What raises risk is done on the facts that were shown or not at all. What lowers it is done whatever has changed.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from api.command_models import RAISING, CommandAsked, Confirmed, Consequences, Prepared
from api.models import CommandResult

VALID_S: Final = 60.0
_KEPT_S: Final = 300.0
"""How long what became of a token is remembered."""
_MOST: Final = 500


class CommandPort(Protocol):
    """What commands need of the rest of the system."""

    def consequences(self, asked: CommandAsked) -> Consequences:
        """What it would do now. Raises InputError for what cannot be commanded."""

    def attempted(self, asked: CommandAsked, origin: str, outcome: str) -> None:
        """Keep an attempt that was not carried out in the audit."""


class Gone(Exception):
    """The token is not valid any more, or never was; the message says which."""


class Changed(Exception):
    """The facts are others than those that were shown."""


@dataclass
class _Ticket:
    asked: CommandAsked
    facts: Consequences
    until_s: float
    done: asyncio.Task[Confirmed] | None = field(default=None)


class CommandDesk:
    """Tickets of commands that were prepared. ``send`` gives a command."""

    def __init__(
        self, port: CommandPort, send: Callable[[CommandAsked, str], Awaitable[CommandResult]],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._port, self._send, self._monotonic_s = port, send, monotonic_s
        self._tickets: OrderedDict[str, _Ticket] = OrderedDict()

    def prepare(self, asked: CommandAsked) -> Prepared:
        """What it would do, and a token for doing it."""
        facts = self._port.consequences(asked)
        self._forget()
        token = secrets.token_urlsafe(16)
        self._tickets[token] = _Ticket(asked, facts, self._monotonic_s() + VALID_S)
        return Prepared(
            token=token, valid_s=VALID_S, kind=asked.kind, symbol=asked.symbol, switch=asked.switch,
            raises=asked.kind in RAISING, facts=facts,
        )

    async def confirm(self, token: str, origin: str) -> Confirmed:
        """Do it, once. Raises Gone, Changed, and what the command itself raises."""
        ticket = self._tickets.get(token)
        if ticket is None:
            raise Gone("this command was never prepared here, or long ago; prepare it again")
        if ticket.done is None:
            if self._monotonic_s() > ticket.until_s:
                self._port.attempted(ticket.asked, origin, "expired")
                raise Gone(f"this command was prepared more than {VALID_S:.0f} s ago; prepare it again")
            facts = self._port.consequences(ticket.asked)
            if facts != ticket.facts and ticket.asked.kind in RAISING:
                self._port.attempted(ticket.asked, origin, "changed")
                del self._tickets[token]
                raise Changed("the facts have changed since they were shown: look at them anew, then confirm")
            # a task of its own: it goes on when the one who asked hangs up
            ticket.done = asyncio.create_task(self._give(ticket, facts, origin))
        return await asyncio.shield(ticket.done)

    async def _give(self, ticket: _Ticket, facts: Consequences, origin: str) -> Confirmed:
        told = await self._send(ticket.asked, origin)
        asked = ticket.asked
        return Confirmed(
            kind=asked.kind, symbol=asked.symbol, switch=asked.switch, outcome=told.outcome, ts_ms=told.ts_ms,
            changed=facts != ticket.facts, facts=facts,
        )

    def _forget(self) -> None:
        """Drop what is long over, and the oldest when there are very many."""
        now = self._monotonic_s()
        while self._tickets:
            token, ticket = next(iter(self._tickets.items()))
            if len(self._tickets) < _MOST and now < ticket.until_s - VALID_S + _KEPT_S:
                return
            del self._tickets[token]
