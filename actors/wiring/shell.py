"""What Ray sees of an actor: a shell that loads the actor itself in its own process only.

Whoever looks an actor up by name loads the class that was given to Ray, with everything that class imports: with the
actors themselves there, each process would carry SQL, the web server, ccxt and the compiled engine. So Ray is given
shells, which know one method, and `Handle` gives them back the look of the actor inside.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from importlib import import_module
from inspect import isawaitable
from typing import Any, ClassVar, Final

_SHUT: Final = "pyarrow"


class Shell:
    """A synchronous actor: calls run one after another. ``home`` is module and class of what is inside."""

    home: ClassVar[str]

    def __init__(self, *arguments: Any) -> None:
        self._inside = _made(self.home, arguments)

    def call(self, method: str, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        """What ``method`` gives."""
        return getattr(self._inside, method)(*arguments, **named)


class AsyncShell:
    """An asynchronous actor; calls begin in the order in which one sender made them."""

    home: ClassVar[str]

    def __init__(self, *arguments: Any) -> None:
        self._inside = _made(self.home, arguments)

    async def call(self, method: str, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        """What ``method`` gives, awaited where it is a coroutine."""
        found = getattr(self._inside, method)(*arguments, **named)
        return await found if isawaitable(found) else found


class Handle:
    """An actor as its peers see it: ``handle.method.remote(...)`` gives a reference. ``actor`` is Ray's own handle."""

    def __init__(self, actor: Any) -> None:
        self.actor = actor

    def __getattr__(self, method: str) -> _Method:
        if method.startswith("_"):
            raise AttributeError(method)
        return _Method(self.actor, method)


class _Method:
    def __init__(self, actor: Any, name: str) -> None:
        self._actor, self._name = actor, name

    def remote(self, *arguments: Any, **named: Any) -> Any:
        """The reference of a call."""
        return self._actor.call.remote(self._name, arguments, named)


class ExecutorActor(AsyncShell):
    """Shell of the executor."""

    home = "actors.wiring.executor:ExecutorActor"


class RiskProcess(Shell):
    """Shell of risk."""

    home = "actors.wiring.risk:RiskProcess"


class RunnerActor(Shell):
    """Shell of a runner."""

    home = "actors.wiring.runner:RunnerActor"


class FeedActor(AsyncShell):
    """Shell of the feed."""

    home = "actors.wiring.feed:FeedActor"


class LedgerActor(Shell):
    """Shell of the ledger."""

    home = "actors.wiring.ledger:LedgerActor"


class ApiActor(AsyncShell):
    """Shell of the api host."""

    home = "actors.wiring.api:ApiActor"


class MonitorActor(AsyncShell):
    """Shell of the monitor."""

    home = "actors.wiring.monitor:MonitorActor"


class OptimizerProcess(Shell):
    """Shell of the optimizer, which reads candles at rest and so needs Arrow."""

    home = "actors.wiring.optimizer:OptimizerActor"

    def __init__(self, *arguments: Any) -> None:
        if sys.modules.get(_SHUT, _SHUT) is None:
            del sys.modules[_SHUT]  # `actors.wiring.lean` did it
        super().__init__(*arguments)


def _made(home: str, arguments: tuple[Any, ...]) -> Any:
    module, _, name = home.partition(":")
    made = getattr(import_module(module), name)(*arguments)
    gc.freeze()  # looking through all that was imported takes 40 to 140 ms, which an order might have to wait for
    return made
