"""What is pushed, made once for everybody: each topic's value and each change as text, shared by all clients.

Law: how much there is to compute does not depend on how many look. A hundred clients that saw the same value and are
sent the same change are sent the same text.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

REFRESH_S: Final = 1.0
"""Ages and staleness change without any message, so a look now and then is due anyway."""
_LEAST_S: Final = 0.2
"""A topic is made at most so often, whatever happens."""
_KEPT: Final = 8


class Source(Protocol):
    """What the board needs of `api.gateway.Gateway`."""

    def version(self) -> int:
        """Grows whenever something that a topic shows may have changed."""

    def topic(self, name: str) -> dict[str, Any]:
        """JSON values of a topic by key."""


class Shown(NamedTuple):
    """A topic's value; ``number`` grows with each that differs."""

    number: int
    data: dict[str, Any]


class _Topic:
    """One topic: its value, when it was looked at, and the texts made of it."""

    def __init__(self) -> None:
        self.now = Shown(0, {})
        self.version = -1
        self.looked_s = float("-inf")
        self.snapshot = ""
        self.changes: dict[tuple[int, int], str] = {}


class Board:
    """Topics of one source."""

    def __init__(self, source: Source, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._source, self._monotonic_s = source, monotonic_s
        self._topics: dict[str, _Topic] = {}

    def look(self, name: str) -> Shown:
        """The value now, or the one of a moment ago. Raises KeyError."""
        topic = self._topics.get(name) or self._topics.setdefault(name, _Topic())
        now_s, version = self._monotonic_s(), self._source.version()
        due_s = _LEAST_S if version != topic.version else REFRESH_S
        if now_s - topic.looked_s >= due_s:
            topic.version, topic.looked_s = version, now_s
            data = self._source.topic(name)
            if topic.now.number == 0 or data != topic.now.data:
                topic.now = Shown(topic.now.number + 1, data)
                topic.snapshot = ""
        return topic.now

    def snapshot(self, name: str, shown: Shown) -> str:
        """The value as JSON text: ``"data":{...}``."""
        topic = self._topics[name]
        if shown.number != topic.now.number:
            return f'"data":{_text(shown.data)}'
        topic.snapshot = topic.snapshot or f'"data":{_text(shown.data)}'
        return topic.snapshot

    def change(self, name: str, old: Shown, new: Shown) -> str:
        """From one value to another as JSON text: ``"set":{...},"gone":[...]``."""
        changes = self._topics[name].changes
        text = changes.get((old.number, new.number))
        if text is None:
            changed = {key: value for key, value in new.data.items() if key not in old.data or old.data[key] != value}
            gone = [key for key in old.data if key not in new.data]
            text = f'"set":{_text(changed)},"gone":{_text(gone)}'
            changes[old.number, new.number] = text
            while len(changes) > _KEPT:
                del changes[next(iter(changes))]
        return text


def _text(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))
