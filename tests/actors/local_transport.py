"""Peers in this process: calls pass through `tests.local_handles`, one event loop, no Ray."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from actors.peers import Outcome
from tests.local_handles import LocalActorDied, LocalHandle, LocalReference


class LocalTransport:
    """Actors by name; what a receiver raised is kept in ``errors``."""

    def __init__(self) -> None:
        self.handles: dict[str, LocalHandle] = {}
        self.errors: list[Exception] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, name: str, target: object) -> LocalHandle:
        handle = self.handles[name] = LocalHandle(target)
        return handle

    def remote(
        self, peer: str, method: str, arguments: tuple[Any, ...], named: Mapping[str, Any]
    ) -> LocalReference:
        handle = self.handles.get(peer)
        if handle is None:
            raise LookupError(peer)
        return getattr(handle, method).remote(*arguments, **named)

    def result(self, reference: LocalReference, timeout_s: float) -> Any:
        try:
            return reference.result()
        except LocalActorDied as error:
            raise LookupError(str(error)) from error

    def watch(self, reference: LocalReference, done: Callable[[Outcome], None]) -> None:
        async def wait() -> None:
            try:
                await reference
                done(Outcome.DONE)
            except LocalActorDied:
                done(Outcome.LOST)
            except Exception as error:
                self.errors.append(error)
                done(Outcome.FAILED)

        if reference.done():
            try:
                reference.result()
                done(Outcome.DONE)
            except LocalActorDied:
                done(Outcome.LOST)
            except Exception as error:
                self.errors.append(error)
                done(Outcome.FAILED)
        else:
            task = asyncio.ensure_future(wait())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(delay_s, call)

    def lock(self) -> Any:
        return nullcontext()
