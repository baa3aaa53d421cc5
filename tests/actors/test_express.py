"""The short way between processes: what is sent arrives and is answered, or the sender hears that it did not."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Final

import pytest

from actors.peers import Outcome
from actors.wiring import express
from actors.wiring.express import FOLDER, Doorway, Express, Reply, doorway
from actors.wiring.shell import AsyncShell, Shell
from actors.wiring.transport import RayTransport

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE_S: Final = 10.0
DEAF: Final = """
import sys, threading
from pathlib import Path
from actors.wiring.express import Doorway
Doorway(Path(sys.argv[1]), lambda *_: threading.Event().wait())
print("open", flush=True)
threading.Event().wait()
"""


@pytest.fixture
def folder() -> Iterator[str]:
    with TemporaryDirectory() as made:  # pytest's own are too long for sockets
        yield made


class Receiver:
    def __init__(self, folder: str) -> None:
        self.took: list[tuple[str, tuple[Any, ...]]] = []
        self.free = threading.Event()
        self.free.set()
        Doorway(doorway(folder, "risk"), self.take)

    def take(self, method: str, arguments: tuple[Any, ...]) -> Any:
        self.free.wait(PATIENCE_S)
        self.took.append((method, arguments))
        if method == "fail":
            raise ValueError("no")
        return len(self.took)


def sent(line: Express, method: str, *arguments: Any) -> Reply:
    reply = line.send("risk", method, arguments)
    assert reply is not None
    return reply


def test_messages_are_taken_in_order_and_answered(folder: str) -> None:
    receiver, line = Receiver(folder), Express(folder)
    replies = [sent(line, "on_plans", n) for n in range(50)]
    assert [r.result(PATIENCE_S) for r in replies] == list(range(1, 51))
    assert receiver.took == [("on_plans", (n,)) for n in range(50)]


async def test_an_answer_may_be_awaited(folder: str) -> None:
    Receiver(folder)
    assert await sent(Express(folder), "journal_all", ()) == 1


async def test_whoever_stops_waiting_for_an_answer_does_not_disturb_the_next(folder: str) -> None:
    receiver, line = Receiver(folder), Express(folder)
    receiver.free.clear()
    reply = sent(line, "journal_all", 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await reply
    receiver.free.set()
    async with asyncio.timeout(PATIENCE_S):
        assert await sent(line, "journal_all", 2) == 2
    assert reply.result(PATIENCE_S) == 1


def test_an_error_of_the_receiver_is_told_and_the_next_message_is_taken(folder: str) -> None:
    Receiver(folder)
    line = Express(folder)
    with pytest.raises(RuntimeError, match="ValueError: no"):
        sent(line, "fail").result(PATIENCE_S)
    assert sent(line, "on_plans").result(PATIENCE_S) == 2


class Busy:
    """Notes whether two calls were ever under way at once."""

    def __init__(self) -> None:
        self.inside, self.most = 0, 0

    def on_plans(self) -> int:
        self.inside += 1
        self.most = max(self.most, self.inside)
        time.sleep(0.001)  # a call takes its time
        self.inside -= 1
        return self.most


class BusyShell(Shell):
    home = "tests.actors.test_express:Busy"


class BusyAsyncShell(AsyncShell):
    home = "tests.actors.test_express:Busy"


@pytest.fixture
def as_risk(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """As within the actor of that name."""
    monkeypatch.setenv(FOLDER, folder)
    monkeypatch.setattr("ray.get_runtime_context", lambda: SimpleNamespace(get_actor_name=lambda: "risk"))


@pytest.mark.usefixtures("as_risk")
def test_a_synchronous_actor_does_one_thing_at_a_time_whichever_way_it_is_asked(folder: str) -> None:
    shell = BusyShell()
    senders = [Express(folder), Express(folder)]
    replies = [sent(sender, "on_plans") for _ in range(10) for sender in senders]
    for _ in range(10):
        assert shell.call("on_plans", (), {}) == 1
    assert {r.result(PATIENCE_S) for r in replies} == {1}


@pytest.mark.usefixtures("as_risk")
async def test_an_asynchronous_actor_is_called_in_its_own_loop(folder: str) -> None:
    BusyAsyncShell()
    replies = [sent(Express(folder), "on_plans") for _ in range(5)]
    assert [await reply for reply in replies] == [1] * 5


def test_without_a_doorway_there_is_no_way(folder: str) -> None:
    assert Express(folder).send("risk", "on_plans", ()) is None


def test_whoever_is_behind_gets_the_rest_another_way_and_nobody_waits(folder: str) -> None:
    receiver, line = Receiver(folder), Express(folder)
    receiver.free.clear()
    replies = []
    while (reply := line.send("risk", "on_candles", (b"x" * 4_000,))) is not None:
        replies.append(reply)
    assert len(replies) == express._ROOM_BYTES // 5_100
    receiver.free.set()
    assert replies[-1].result(PATIENCE_S) == len(replies)
    assert sent(line, "on_candles").result(PATIENCE_S) == len(replies) + 1


def test_what_a_dead_receiver_did_not_answer_is_lost_and_its_successor_is_reached(folder: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", DEAF, str(doorway(folder, "risk"))], stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        line = Express(folder)
        replies = [sent(line, "on_plans", n) for n in range(3)]
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    for reply in replies:
        with pytest.raises(LookupError):
            reply.result(PATIENCE_S)
    assert line.send("risk", "on_plans", ()) is None  # nobody listens: as said above, another way
    Receiver(folder)
    assert sent(line, "on_plans").result(PATIENCE_S) == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(None, Outcome.DONE), (LookupError("gone"), Outcome.LOST), (RuntimeError("no"), Outcome.FAILED)],
)
def test_a_transport_says_what_became_of_a_message(
    error: Exception | None, outcome: Outcome, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setenv(FOLDER, folder)
    said: list[Outcome] = []
    reply = Reply()
    RayTransport().watch(reply, said.append)
    if error is None:
        reply.set_result(None)
    else:
        reply.set_exception(error)
    assert said == [outcome]


def test_a_transport_takes_the_short_way_for_what_orders_wait_for(
    monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setenv(FOLDER, folder)
    receiver = Receiver(folder)
    transport = RayTransport()
    for number, method in enumerate(sorted(express.METHODS), 1):
        assert transport.result(transport.remote("risk", method, (7,), {}), PATIENCE_S) == number
    assert receiver.took == [(method, (7,)) for method in sorted(express.METHODS)]
