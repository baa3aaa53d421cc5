"""Actors in this process, with the shape of remote ones: ``handle.method.remote(...)`` gives an awaitable reference.

Arguments and results are pickled on their way, as between processes: nothing is shared, nothing unpicklable passes.
A synchronous method has run when ``remote`` returns; an asynchronous one is a task of the running loop.
"""

from __future__ import annotations

import asyncio
import inspect
import pickle
from collections.abc import Callable, Generator
from typing import Any


class LocalActorDied(Exception):
    """The call went to an actor that was killed and not restarted."""


class LocalReference:
    """The outcome of a call: await it (any number of times), or ask `result` when the method was synchronous."""

    def __init__(
        self, *, task: asyncio.Future[Any] | None = None, value: Any = None, error: Exception | None = None
    ) -> None:
        self._task, self._value, self._error = task, value, error

    def __await__(self) -> Generator[Any, None, Any]:
        if self._task is not None:
            return _copy((yield from asyncio.shield(self._task).__await__()))
        return self.result()

    def done(self) -> bool:
        """Whether the outcome is known."""
        return self._task is None or self._task.done()

    def result(self) -> Any:
        """The value; raises the call's error, or InvalidStateError while an asynchronous call runs."""
        if self._task is not None:
            return _copy(self._task.result())
        if self._error is not None:
            raise self._error
        return self._value


class LocalHandle:
    """A handle on ``target``. `kill` and `restart` are functions of this module, so that no method is hidden."""

    def __init__(self, target: object) -> None:
        self._target: object | None = target

    def __getattr__(self, name: str) -> _Method:
        if name.startswith("_"):
            raise AttributeError(name)
        return _Method(self, name)


class _Method:
    def __init__(self, handle: LocalHandle, name: str) -> None:
        self._handle, self._name = handle, name

    def remote(self, *arguments: Any, **named: Any) -> LocalReference:
        target = self._handle._target
        if target is None:
            return LocalReference(error=LocalActorDied(self._name))
        method: Callable[..., Any] = getattr(target, self._name)
        arguments, named = _copy((arguments, named))
        try:
            outcome = method(*arguments, **named)
        except Exception as error:  # noqa: BLE001  (whatever the actor raises travels to the caller)
            return LocalReference(error=error)
        if inspect.isawaitable(outcome):
            return LocalReference(task=asyncio.ensure_future(outcome))
        return LocalReference(value=_copy(outcome))


def kill(handle: LocalHandle) -> None:
    """From now on every call fails, as after ``kill -9``; the target's own state is not touched."""
    handle._target = None


def restart(handle: LocalHandle, target: object) -> None:
    """Calls go to ``target``, a freshly constructed actor."""
    handle._target = target


def _copy(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))
