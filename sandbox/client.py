"""A small client of the admin endpoint, for tests and for whoever drives a local exchange."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

import aiohttp

from sandbox.admin import ADMIN_HEADER
from sandbox.faults.rules import FaultRule


class AdminClient:
    """What the exchange at ``url`` does and tells at the admin's word. Use as an asynchronous context.

    Raises aiohttp.ClientResponseError with the exchange's own sentence where it refuses.
    """

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(self._url, headers={ADMIN_HEADER: self._key})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def advance(self, candles: int = 1, *, pause_on_fill: bool = True) -> dict[str, Any]:
        """Lockstep: walk minutes, pausing at fills unless told otherwise."""
        return await self.ask("POST", "advance", {"candles": candles, "pause_on_fill": pause_on_fill})

    async def state(self) -> dict[str, Any]:
        """Clock, prices, violations, accounts."""
        return await self.ask("GET", "state")

    async def summary(self) -> dict[str, Any]:
        """Counts of events, faults and refusals by kind; violations."""
        return await self.ask("GET", "summary")

    async def events(self, since: int = 0, *, kind: str = "", symbol: str = "") -> list[dict[str, Any]]:
        """Events after a number, of a kind and of a symbol where those are given."""
        found = await self.ask("GET", "events", {"since": since, "kind": kind, "symbol": symbol})
        return list(found["events"])

    async def unprotected(self) -> list[dict[str, Any]]:
        """Every position with its time without stop, in spans with their cause."""
        return list((await self.ask("GET", "unprotected"))["positions"])

    async def orders(self, client_id: str = "") -> list[dict[str, Any]]:
        """Every order and trigger that ever bore a client id, with its fills; all without one."""
        return list((await self.ask("GET", "orders", {"client_id": client_id}))["orders"])

    async def add_faults(self, *rules: FaultRule) -> list[int]:
        """Put rules in force; their numbers."""
        found = await self.ask("POST", "faults", {"faults": [rule.as_json() for rule in rules]})
        return [int(rule["number"]) for rule in found["faults"]]

    async def add_faults_in(self, spec: str, seed: int = 0) -> list[int]:
        """Put rules in force that short text describes; their numbers."""
        found = await self.ask("POST", "faults", {"spec": spec, "seed": seed})
        return [int(rule["number"]) for rule in found["faults"]]

    async def remove_faults(self, numbers: Iterable[int] | None = None) -> int:
        """Take rules back, all without numbers; how many were in force."""
        if numbers is None:
            return int((await self.ask("DELETE", "faults"))["removed"])
        return sum([int((await self.ask("DELETE", "faults", {"number": n}))["removed"]) for n in numbers])

    async def faults_given(self) -> dict[str, int]:
        """How many faults struck, by kind."""
        return dict((await self.ask("GET", "faults"))["given"])

    async def save(self) -> int:
        """Write everything into the state file; the number of the last event in it."""
        return int((await self.ask("POST", "save"))["saved"])

    async def restart(self, seconds: float = 1.0) -> None:
        """Have it break every connection and listen again after so many seconds."""
        await self.ask("POST", "restart", {"seconds": seconds})

    async def clock(self) -> dict[str, Any]:
        """The simulated time and how it moves."""
        return await self.ask("GET", "clock")

    async def set_speed(self, speed: float) -> None:
        """Another pace."""
        await self.ask("POST", "speed", {"speed": speed})

    async def pause(self) -> None:
        """Let time stand still."""
        await self.ask("POST", "pause")

    async def resume(self) -> None:
        """Let time go on."""
        await self.ask("POST", "resume")

    async def ask(self, method: str, path: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
        """Any admin endpoint; the values of a GET or DELETE go into its query."""
        if self._session is None:
            raise RuntimeError("use it as an asynchronous context")
        given: dict[str, Any] = {"params": values} if method in ("GET", "DELETE") else {"json": values or {}}
        async with self._session.request(method, f"/admin/{path}", **given) as answer:
            found: dict[str, Any] = await answer.json()
            if answer.status != 200:
                raise aiohttp.ClientResponseError(
                    answer.request_info, answer.history, status=answer.status, message=str(found.get("error"))
                )
            return found
