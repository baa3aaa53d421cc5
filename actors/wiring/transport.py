"""Calls between actors through Ray, by name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import ray
from loguru import logger
from ray.exceptions import ActorDiedError, GetTimeoutError, RayActorError

from actors.peers import Outcome
from actors.wiring.later import Later
from actors.wiring.shell import Handle

NAMESPACE: Final = "scalp-radar"


class RayTransport:
    """Peers by their Ray names, looked up again when one was replaced."""

    def __init__(self) -> None:
        self._handles: dict[str, Handle] = {}
        self._later = Later()

    def handle(self, peer: str) -> Handle:
        """The actor of that name. Raises LookupError when there is none."""
        found = self._handles.get(peer)
        if found is None:
            try:
                found = self._handles[peer] = Handle(ray.get_actor(peer, namespace=NAMESPACE))
            except ValueError as error:
                raise LookupError(peer) from error
        return found

    def remote(self, peer: str, method: str, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        """The reference of a call."""
        return getattr(self.handle(peer), method).remote(*arguments, **named)

    def result(self, reference: Any, timeout_s: float) -> Any:
        """The outcome, waited for."""
        try:
            return ray.get(reference, timeout=timeout_s)
        except GetTimeoutError as error:
            raise TimeoutError(str(error)) from error
        except RayActorError as error:
            self._forget(error)
            raise LookupError(str(error)) from error

    def watch(self, reference: Any, done: Callable[[Outcome], None]) -> None:
        """Report what became of a call, from one of Ray's threads."""

        def ended(future: Any) -> None:
            error = future.exception()
            if error is None:
                done(Outcome.DONE)
            elif isinstance(error, RayActorError):
                self._forget(error)
                done(Outcome.LOST)
            else:
                logger.error("a message failed at its receiver: {}", error)
                done(Outcome.FAILED)

        reference.future().add_done_callback(ended)

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Call from a thread of its own."""
        self._later.call(delay_s, call)

    def lock(self) -> Any:
        """A lock between Ray's threads and ours."""
        return threading.Lock()

    def _forget(self, error: BaseException) -> None:
        if isinstance(error, ActorDiedError):
            self._handles.clear()
