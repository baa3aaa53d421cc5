"""Peers in this process, as Ray has them: a thread for each synchronous actor, the event loop for asynchronous ones.

Arguments and results are pickled on their way; calls of one sender to a synchronous actor run in order.
"""

from __future__ import annotations

import asyncio
import inspect
import pickle
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any

from actors.peers import Outcome


class Lost(LookupError):
    """The receiver was killed, or was never there."""


class Reference:
    """The outcome of a call; it may be awaited."""

    def __init__(self, future: Future[Any]) -> None:
        self.future = future

    def __await__(self) -> Generator[Any, None, Any]:
        try:
            return _copy((yield from asyncio.wrap_future(self.future).__await__()))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise  # whoever waits was cancelled, not what is waited for
            raise Lost("killed") from error


class _Place:
    def __init__(self, target: object) -> None:
        self.target: Any = target
        loops = [m for _, m in inspect.getmembers(type(target), inspect.isfunction) if inspect.iscoroutinefunction(m)]
        self.thread = None if loops else ThreadPoolExecutor(1)
        self.under_way: set[Future[Any]] = set()


class LocalTransport:
    """Actors by name; what a receiver raised is kept in ``errors``."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._places: dict[str, _Place] = {}
        self.errors: list[BaseException] = []

    def add(self, name: str, target: object) -> None:
        """Put an actor in place: a new one, or a killed one's successor."""
        self._places[name] = _Place(target)

    def kill(self, name: str) -> None:
        """Calls under way and to come are lost, until `add` puts a successor in place."""
        place = self._places.pop(name)
        for future in list(place.under_way):
            if not future.cancel() and not future.done():
                future.set_exception(Lost(name))
        if place.thread is not None:
            place.thread.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End every thread."""
        for place in self._places.values():
            if place.thread is not None:
                place.thread.shutdown(wait=True)

    def remote(self, peer: str, method: str, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Reference:
        place = self._places.get(peer)
        if place is None:
            raise Lost(peer)
        arguments, named = _copy((arguments, dict(named)))
        outcome: Future[Any] = Future()
        place.under_way.add(outcome)
        outcome.add_done_callback(place.under_way.discard)
        call = getattr(place.target, method)
        if place.thread is not None:
            place.thread.submit(self._run, outcome, call, arguments, named)
        else:
            self._loop.call_soon_threadsafe(self._begin, outcome, call, arguments, named)
        return Reference(outcome)

    def result(self, reference: Reference, timeout_s: float) -> Any:
        try:
            return _copy(reference.future.result(timeout_s))
        except CancelledError as error:
            raise Lost(str(error)) from error

    def watch(self, reference: Reference, done: Callable[[Outcome], None]) -> None:
        def ended(future: Future[Any]) -> None:
            error = Lost() if future.cancelled() else future.exception()
            if error is not None and not isinstance(error, Lost):
                self.errors.append(error)
            done(Outcome.DONE if error is None else Outcome.LOST if isinstance(error, Lost) else Outcome.FAILED)

        reference.future.add_done_callback(ended)

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(self._loop.call_later, delay_s, call)

    def lock(self) -> Any:
        return threading.Lock()

    def _run(self, outcome: Future[Any], call: Callable[..., Any], arguments: Any, named: Any) -> None:
        try:
            value = call(*arguments, **named)
        except Exception as error:  # noqa: BLE001 - the caller's to see
            _settle(outcome, error=error)
        else:
            _settle(outcome, value=value)

    def _begin(self, outcome: Future[Any], call: Callable[..., Any], arguments: Any, named: Any) -> None:
        try:
            value = call(*arguments, **named)
        except Exception as error:  # noqa: BLE001 - the caller's to see
            _settle(outcome, error=error)
            return
        if not inspect.isawaitable(value):
            _settle(outcome, value=value)
            return
        task = asyncio.ensure_future(value)
        outcome.add_done_callback(lambda f: self._loop.call_soon_threadsafe(task.cancel) if f.cancelled() else None)
        task.add_done_callback(lambda t: _finished(outcome, t))


def _finished(outcome: Future[Any], task: asyncio.Future[Any]) -> None:
    if task.cancelled():
        _settle(outcome, error=Lost("cancelled"))
    elif task.exception() is not None:
        _settle(outcome, error=task.exception())
    else:
        _settle(outcome, value=task.result())


def _settle(outcome: Future[Any], *, value: Any = None, error: BaseException | None = None) -> None:
    if outcome.done():
        return  # killed meanwhile
    if error is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(value)


def _copy(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))
