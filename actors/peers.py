"""How actors speak to one another: told in order, never lost while both sides recover, bounded in sight.

Laws
- Messages to one peer arrive in the order in which they were told, as far as the peer's own calls run in order.
- What is posted leaves a little later than what is told, so that orders do not wait behind reports; to one peer the
  order stays.
- A message whose receiver died is told again, before anything newer: every receiver is idempotent (candles by time,
  approvals by sequence, fills by trade id, records by their keys), so twice is once.
- An error of the receiver itself is counted, not repeated.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, Protocol


class Outcome(Enum):
    """What became of a call."""

    DONE = auto()
    LOST = auto()
    """The receiver died or was not there."""
    FAILED = auto()
    """The receiver raised."""


class Transport(Protocol):
    """The way to other actors: Ray, or this process in tests. ``remote`` never blocks."""

    def remote(self, peer: str, method: str, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        """A reference to the outcome of a call; it may be awaited. Raises LookupError when nobody has that name."""

    def result(self, reference: Any, timeout_s: float) -> Any:
        """The outcome, waited for. Raises LookupError when the receiver is lost, TimeoutError."""

    def watch(self, reference: Any, done: Callable[[Outcome], None]) -> None:
        """``done`` is called once when the outcome is known, perhaps at once, perhaps from another thread."""

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """``call`` is called after ``delay_s``, perhaps from another thread."""

    def lock(self) -> Any:
        """A lock (context manager) fit for the threads that the transport calls back from."""


class _Outbox:
    """Messages to one peer that are not known to have arrived, oldest first."""

    def __init__(self) -> None:
        self.waiting: OrderedDict[int, tuple[str, tuple[Any, ...]]] = OrderedDict()
        self.lost: set[int] = set()
        self.held = False
        """New messages wait behind lost ones."""
        self.last = 0


class Peers:
    """Every other actor, by name.

    Parameters
    ----------
    bound : unanswered messages to one peer beyond which we count as lagging. retry_s : wait before telling again.
    post_s : how long reports are held back.
    """

    def __init__(
        self, transport: Transport, *, bound: int = 256, retry_s: float = 0.1, post_s: float = 0.025
    ) -> None:
        self._transport, self._bound, self._retry_s, self._post_s = transport, bound, retry_s, post_s
        self._posted: dict[str, list[tuple[str, tuple[Any, ...]]]] = {}
        self._lock, self._delivering = transport.lock(), transport.lock()
        self._outboxes: dict[str, _Outbox] = {}
        self.failed = 0

    @property
    def lag(self) -> int:
        """Messages unanswered beyond the bound, over all peers; above 0 means lagging."""
        return sum(max(0, len(box.waiting) - self._bound) for box in list(self._outboxes.values()))

    def waiting(self, peer: str) -> int:
        """Messages told to ``peer`` and not answered yet."""
        box = self._outboxes.get(peer)
        return len(box.waiting) if box else 0

    def full(self, peer: str) -> bool:
        """Whether ``peer`` is behind by the bound: a sender that can wait should."""
        return self.waiting(peer) >= self._bound

    def tell(self, peer: str, method: str, *arguments: Any) -> None:
        """Send a message and go on; it is told again should the receiver be lost."""
        self._deliver(peer)
        self._tell(peer, method, arguments)

    def post(self, peer: str, method: str, *arguments: Any) -> None:
        """As `tell`, for what nobody waits for: it leaves after ``post_s``, or with the next `tell` to this peer."""
        with self._lock:
            first = not self._posted
            self._posted.setdefault(peer, []).append((method, arguments))
        if first:
            self._transport.later(self._post_s, self.deliver)

    def deliver(self) -> None:
        """Send now whatever was posted; before an actor ends, for instance."""
        while True:
            with self._lock:
                peers = list(self._posted)
            if not peers:
                return
            for peer in peers:
                self._deliver(peer)

    def _deliver(self, peer: str) -> None:
        """Tell what was posted to a peer. One thread at a time, or two might send in another order."""
        with self._delivering:
            with self._lock:
                posted = self._posted.pop(peer, [])
            for method, arguments in posted:
                self._tell(peer, method, arguments)

    def _tell(self, peer: str, method: str, arguments: tuple[Any, ...]) -> None:
        with self._lock:
            box = self._outboxes.setdefault(peer, _Outbox())
            box.last += 1
            number = box.last
            box.waiting[number] = (method, arguments)
            if box.held:
                box.lost.add(number)
                return
        self._send(peer, box, number, method, arguments)

    def ask(self, peer: str, method: str, *arguments: Any, timeout_s: float = 30.0, **named: Any) -> Any:
        """The answer, waited for (synchronous actors). Raises LookupError, TimeoutError or the receiver's error."""
        self._deliver(peer)
        return self._transport.result(self._transport.remote(peer, method, arguments, named), timeout_s)

    async def request(self, peer: str, method: str, *arguments: Any, **named: Any) -> Any:
        """The answer, awaited (asynchronous actors). Raises what the transport raises for a lost receiver."""
        self._deliver(peer)
        return await self._transport.remote(peer, method, arguments, named)

    def _send(self, peer: str, box: _Outbox, number: int, method: str, arguments: tuple[Any, ...]) -> None:
        try:
            reference = self._transport.remote(peer, method, arguments, {})
        except LookupError:
            self._settled(peer, box, number, Outcome.LOST)
            return
        self._transport.watch(reference, lambda outcome: self._settled(peer, box, number, outcome))

    def _settled(self, peer: str, box: _Outbox, number: int, outcome: Outcome) -> None:
        with self._lock:
            if outcome is not Outcome.LOST:
                box.waiting.pop(number, None)
                self.failed += outcome is Outcome.FAILED
                return
            box.lost.add(number)
            if box.held:
                return
            box.held = True
        self._transport.later(self._retry_s, lambda: self._again(peer, box))

    def _again(self, peer: str, box: _Outbox) -> None:
        """Tell the lost ones again, in order, then let new ones pass."""
        with self._lock:
            # those still unanswered will be lost too when the receiver died: their place is before newer ones
            ready = all(number in box.lost for number in box.waiting)
            again = [(n, *box.waiting[n]) for n in sorted(box.lost)] if ready else []
            box.lost.difference_update(n for n, _, _ in again)
        for number, method, arguments in again:
            self._send(peer, box, number, method, arguments)
        with self._lock:
            if ready and not box.lost:
                box.held = False
                return
        self._transport.later(self._retry_s, lambda: self._again(peer, box))
