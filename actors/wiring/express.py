"""The short way for messages that orders wait for: from process to process over a socket, past Ray's own machinery.

A call through Ray wakes half a dozen threads in two processes; here it wakes one. Everything else goes through Ray:
these messages are taken in any order and twice without harm (candles by time, plans and approvals by number, trades by
their time, journal lines by client id), so it does not matter which way one of them came.

Laws
- A receiver runs one call at a time, whichever way calls come; it has answered when its method has returned.
- Where there is no way (not there yet, behind, too large a message), the caller goes through Ray.
- A receiver that dies with calls unanswered is lost to whoever sent them (LookupError).
"""

from __future__ import annotations

import asyncio
import hashlib
import pickle
import socket
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any, Final

FOLDER: Final = "SCALP_RADAR_EXPRESS"
"""Environment variable: where doorways are; without it everything goes through Ray."""
METHODS: Final = frozenset({"on_candles", "on_plans", "on_trades", "apply", "journal_all"})
_ROOM_BYTES: Final = 64_000
_EACH_BYTES: Final = 1_000
"""Unanswered messages of one line, and what the system adds to each: well below what a socket holds, so that writing
never waits."""
_CALLERS: Final = 64

Take = Callable[[str, tuple[Any, ...]], Any]


def doorway(folder: str, name: str) -> Path:
    """Where the actor of that name is reached. ``folder`` : nobody else's; a socket's path has 107 bytes at most."""
    return Path(folder) / hashlib.blake2s(name.encode(), digest_size=8).hexdigest()


class Doorway:
    """What an actor receives by: ``take`` is called for each message, from threads of ours."""

    def __init__(self, place: Path, take: Take) -> None:
        place.unlink(missing_ok=True)
        self._take = take
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(place))
        self._listener.listen(_CALLERS)
        _start(self._admit)

    def _admit(self) -> None:
        while True:
            _start(self._serve, Connection(self._listener.accept()[0].detach()))

    def _serve(self, connection: Connection) -> None:
        with suppress(EOFError, OSError), connection:
            while True:
                number, method, arguments = pickle.loads(connection.recv_bytes())  # noqa: S301 - our own processes
                try:
                    said: tuple[int, Any, str] = (number, self._take(method, arguments), "")
                except Exception as error:  # noqa: BLE001 - the sender hears of it, whatever it is
                    said = (number, None, f"{type(error).__name__}: {error}")
                connection.send_bytes(pickle.dumps(said, pickle.HIGHEST_PROTOCOL))


class Reply(Future[Any]):
    """What comes of a message; may be awaited. Whoever stops waiting withdraws nothing: it was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.set_running_or_notify_cancel()

    def __await__(self) -> Generator[Any, None, Any]:
        return asyncio.wrap_future(self).__await__()


class Express:
    """The lines of one process to the doorways of others."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._lines: dict[str, _Line] = {}
        self._lock = threading.Lock()

    def send(self, peer: str, method: str, arguments: tuple[Any, ...]) -> Reply | None:
        """Where the answer will be; None when this message has to go another way."""
        with self._lock:
            line = self._lines.get(peer)
            if line is None or line.ended:
                line = self._dialled(peer)
            return line.send(method, arguments) if line is not None else None

    def _dialled(self, peer: str) -> _Line | None:
        try:
            connection = Client(str(doorway(self._folder, peer)), "AF_UNIX")
        except OSError:
            return None
        line = self._lines[peer] = _Line(connection)
        return line


class _Line:
    """One connection and what is not answered on it yet."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: dict[int, tuple[Reply, int]] = {}
        self._lock = threading.Lock()
        self._sent = self._unanswered = 0
        self.ended = False
        _start(self._hear)

    def send(self, method: str, arguments: tuple[Any, ...]) -> Reply | None:
        """One caller at a time."""
        self._sent += 1
        frame = pickle.dumps((self._sent, method, arguments), pickle.HIGHEST_PROTOCOL)
        reply = Reply()
        with self._lock:
            size = len(frame) + _EACH_BYTES
            if self.ended or self._unanswered + size > _ROOM_BYTES:
                return None
            self._waiting[self._sent] = (reply, size)
            self._unanswered += size
        with suppress(OSError):  # `_hear` notices, too
            self._connection.send_bytes(frame)
        return reply

    def _hear(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                number, answer, error = pickle.loads(self._connection.recv_bytes())  # noqa: S301 - our own processes
                with self._lock:
                    reply, size = self._waiting.pop(number)
                    self._unanswered -= size
                if error:
                    reply.set_exception(RuntimeError(error))
                else:
                    reply.set_result(answer)
        with self._lock:
            self.ended = True
            lost, self._waiting = list(self._waiting.values()), {}
        self._connection.close()
        for reply, _ in lost:
            reply.set_exception(LookupError("the receiver has ended"))


def _start(work: Callable[..., None], *arguments: Any) -> None:
    threading.Thread(target=work, args=arguments, daemon=True).start()
