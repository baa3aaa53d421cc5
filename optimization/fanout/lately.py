"""The last few things by their names, kept alike by who sends and who receives, so that nothing is sent twice.

Law: two that are asked for the same names in the same order have the same things, as calls to an actor arrive in order.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MOST: Final = 4


class Lately(Generic[T]):
    """At most ``most`` things; the one that was not asked for longest goes first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._things: OrderedDict[str, T] = OrderedDict()

    def __contains__(self, name: str) -> bool:
        return name in self._things

    def keep(self, name: str, thing: T) -> None:
        """This is the last one now."""
        self._things[name] = thing
        self._things.move_to_end(name)
        while len(self._things) > self._most:
            self._things.popitem(last=False)

    def get(self, name: str) -> T:
        """The thing, which is the last one now. Raises KeyError when it is not there."""
        self._things.move_to_end(name)
        return self._things[name]

    def clear(self) -> None:
        """Have nothing."""
        self._things.clear()
