"""Every fault as the real client meets it, and what the exchange itself says of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ccxt
import pytest

from sandbox.client import AdminClient
from sandbox.config import AccountConfig
from sandbox.faults.kinds import TRAITS, FaultKind, Where
from sandbox.faults.rules import FaultRule
from tests.sandbox.builders import START_MS, SYMBOL, UNIFIED, Running, running, stored, subscribed

ROWS = [(100_000.0, 100_500.0, 99_000.0, 100_200.0), (100_200.0, 103_000.0, 94_000.0, 102_000.0)] * 3
CROSSED = {"classic": {"marginMode": "cross"}, "unified": {"marginMode": "crossed"}}
"""In the words that the client takes for each kind of account."""
KINDS = FaultKind
STOP: dict[str, Any] = {"stopLoss": {"triggerPrice": 95_000.0}}


@pytest.fixture(params=["classic", "unified"])
async def exchange(request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    account = AccountConfig() if request.param == "classic" else AccountConfig.unified()
    async with running(stored(ROWS, history=30), accounts=(account,)) as started:
        await started.client.load_markets()
        yield started


@pytest.fixture
async def classic() -> AsyncIterator[Running]:
    async with running(stored(ROWS, history=30)) as started:
        await started.client.load_markets()
        yield started


@pytest.fixture
async def admin(exchange: Running) -> AsyncIterator[AdminClient]:
    async with admin_of(exchange) as client:
        yield client


def admin_of(exchange: Running) -> AdminClient:
    return AdminClient(f"http://127.0.0.1:{exchange.port}", exchange.sandbox.config.admin_key)


def kind_of(exchange: Running) -> str:
    return exchange.sandbox.config.accounts[0].kind


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not done():
            await asyncio.sleep(0.002)


async def buy(exchange: Running, name: str = "mine", limit: float | None = None, **more: Any) -> Any:
    kind = "limit" if limit else "market"
    return await exchange.client.create_order(
        UNIFIED, kind, "buy", 0.02, limit, {**CROSSED[kind_of(exchange)], "clientOrderId": name, **more}
    )


async def given_of(exchange: Running, kind: FaultKind) -> list[dict[str, Any]]:
    """The exchange's own events of a fault."""
    async with admin_of(exchange) as client:
        events = [event for event in await client.events(kind="fault") if event["subject"]["kind"] == kind]
        assert len(events) == (await client.faults_given()).get(kind, 0) == (await client.summary())["faults"][kind]
        return events


REFUSALS: list[tuple[FaultRule, type[Exception], str]] = [
    (FaultRule(KINDS.TOO_MANY_REQUESTS), ccxt.DDoSProtection, "429"),
    (FaultRule(KINDS.RATE_CODE), ccxt.BaseError, "30006"),
    (FaultRule(KINDS.SERVER_ERROR), ccxt.ExchangeNotAvailable, "502"),
    (FaultRule(KINDS.SERVER_ERROR, code="503"), ccxt.ExchangeNotAvailable, "503"),
    (FaultRule(KINDS.MAINTENANCE), ccxt.OnMaintenance, "40200"),
    (FaultRule(KINDS.MAINTENANCE, code="45001"), ccxt.BaseError, "45001"),
    (FaultRule(KINDS.REFUSE), ccxt.InsufficientFunds, "40762"),
    (FaultRule(KINDS.REFUSE, code="43011"), ccxt.InvalidOrder, "43011"),
    (FaultRule(KINDS.REQUEST_LOST), ccxt.RequestTimeout, "place"),
    (FaultRule(KINDS.REQUEST_LOST, seconds=0.02), ccxt.NetworkError, "place"),
]


async def test_a_refused_or_lost_order_is_not_there_and_the_next_one_is(exchange: Running, admin: AdminClient) -> None:
    for number, (rule, error, said) in enumerate(REFUSALS):
        once = FaultRule(rule.kind, times=1, roles=("entry",), seconds=rule.seconds, code=rule.code)
        await admin.add_faults(once)
        with pytest.raises(error, match=said), impatient(exchange, rule.seconds is None and said == "place"):
            await buy(exchange, f"m{number}")
        assert await admin.orders(f"m{number}") == []
        await buy(exchange, f"m{number}")
        assert len(await admin.orders(f"m{number}")) == 1
        event = (await given_of(exchange, rule.kind))[-1]
        assert (event["symbol"], event["subject"]["roles"]) == (SYMBOL, "entry place")


@contextmanager
def impatient(exchange: Running, really: bool = True) -> Iterator[None]:
    """A client that gives up soon, where it is to give up."""
    exchange.client.timeout = 250 if really else 10_000
    try:
        yield
    finally:
        exchange.client.timeout = 10_000


SILENCES: list[tuple[FaultRule, type[Exception]]] = [
    (FaultRule(KINDS.ACCEPT_SILENT, times=1), ccxt.RequestTimeout),
    (FaultRule(KINDS.ACCEPT_SILENT, times=1, seconds=0.02), ccxt.NetworkError),
    (FaultRule(KINDS.ACCEPT_LATE, times=1, seconds=0.6), ccxt.RequestTimeout),
]


async def test_an_accepted_order_without_an_answer_is_there_once(exchange: Running, admin: AdminClient) -> None:
    for number, (rule, error) in enumerate(SILENCES):
        name = f"m{number}"
        await admin.add_faults(rule)
        with pytest.raises(error), impatient(exchange, error is ccxt.RequestTimeout):
            await buy(exchange, name, 90_000.0)
        found = await exchange.client.fetch_order("", UNIFIED, {"clientOrderId": name, "clientOid": name})
        assert (found["status"], found["price"]) == ("open", 90_000.0)
        with pytest.raises(ccxt.ExchangeError, match="clientOid"):
            await buy(exchange, name, 90_000.0)
        assert len(await admin.orders(name)) == 1
        await given_of(exchange, rule.kind)


async def test_a_delayed_request_and_a_late_answer_come_after_all(classic: Running) -> None:
    classic.sandbox.state.faults.add([
        FaultRule(KINDS.DELAY, seconds=0.05, times=1, paths=("*/accounts",)), FaultRule(KINDS.ACCEPT_LATE, seconds=0.05)
    ])
    for request in (classic.client.fetch_balance, lambda: buy(classic)):
        began = time.monotonic()
        await request()
        assert time.monotonic() - began >= 0.05


async def test_a_restart_in_the_middle_loses_the_answer_and_nothing_else(exchange: Running, admin: AdminClient) -> None:
    await admin.add_faults(FaultRule(KINDS.RESTART, times=1, seconds=0.1))
    task = await subscribed(exchange, exchange.client.watch_orders())
    with pytest.raises(ccxt.NetworkError):
        await buy(exchange, limit=90_000.0)
    await asyncio.wait_for(task, 5)  # it was told before the connection broke
    await until(lambda: not exchange.sandbox.subscriptions.sessions)
    with pytest.raises(ccxt.NetworkError):
        await exchange.client.fetch_balance()
    await asyncio.wait_for(exchange.sandbox.listening(), 5)
    (order,) = await exchange.client.fetch_open_orders(UNIFIED)
    assert order["clientOrderId"] == "mine"
    assert len(await given_of(exchange, KINDS.RESTART)) == 1


PUSHED: list[tuple[FaultRule, list[int]]] = [
    (FaultRule(KINDS.PUSH_LOST, nth=2, channels=("order*",)), [1, 3, 4]),
    (FaultRule(KINDS.PUSH_DUPLICATE, nth=2, channels=("order*",)), [1, 2, 2, 3, 4]),
    (FaultRule(KINDS.PUSH_REORDER, nth=2, channels=("order*",)), [1, 3, 2, 4]),
    (FaultRule(KINDS.PUSH_DELAY, nth=2, channels=("order*",), seconds=0.2), [1, 3, 4, 2]),
]


async def test_a_push_is_lost_doubled_late_or_in_the_wrong_place(exchange: Running, admin: AdminClient) -> None:
    seen: list[int] = []
    heard = exchange.client.handle_message

    def listen(client: Any, message: Any) -> None:
        topic = message.get("arg", {}) if isinstance(message, dict) else {}
        if (topic.get("channel") or topic.get("topic")) in ("orders", "order"):
            seen.extend(int(row["clientOid"][-1]) for row in message.get("data") or [])
        heard(client, message)

    exchange.client.handle_message = listen
    task = await subscribed(exchange, exchange.client.watch_orders())
    for rule, expected in PUSHED:
        seen.clear()
        await admin.add_faults(rule)
        for number in range(1, 5):
            await buy(exchange, f"{rule.kind}{number}", 90_000.0 + number)
        await until(lambda expected=expected: len(seen) >= len(expected))  # type: ignore[misc]
        assert seen == expected, rule.kind
        assert len(await given_of(exchange, rule.kind)) == 1
    await task


async def test_a_dropped_socket_is_an_error_of_the_network(exchange: Running, admin: AdminClient) -> None:
    task = await subscribed(exchange, exchange.client.watch_orders())
    await admin.add_faults(FaultRule(KINDS.SOCKET_DROP, times=1, channels=("order*",)))
    await buy(exchange, limit=90_000.0)
    with pytest.raises(ccxt.NetworkError):
        await asyncio.wait_for(task, 5)
    assert len(await given_of(exchange, KINDS.SOCKET_DROP)) == 1


async def test_a_frozen_socket_stays_open_says_nothing_and_answers_no_ping(exchange: Running) -> None:
    task = await subscribed(exchange, exchange.client.watch_orders())
    exchange.sandbox.state.faults.add([FaultRule(KINDS.SOCKET_FREEZE, times=1, channels=("order*",))])
    await buy(exchange, "lost", 90_000.0)
    await buy(exchange, "never", 90_001.0)
    (session,) = exchange.sandbox.subscriptions.sessions
    (socket,) = exchange.client.clients.values()
    before = socket.lastPong
    await socket.send("ping")
    await socket.connection.ping()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(task), 0.1)
    assert (session.frozen, socket.connection.closed, socket.lastPong) == (True, False, before)
    task.cancel()


async def test_a_refused_subscription_is_a_limit_in_bitgets_words(exchange: Running) -> None:
    exchange.sandbox.state.faults.add([FaultRule(KINDS.SOCKET_REFUSE, times=1)])
    with pytest.raises(ccxt.RateLimitExceeded, match="30006"):
        await asyncio.wait_for(exchange.client.watch_ticker(UNIFIED), 5)
    assert len(await given_of(exchange, KINDS.SOCKET_REFUSE)) == 1


async def test_an_order_is_filled_in_part_and_the_rest_is_cancelled(exchange: Running) -> None:
    exchange.sandbox.state.faults.add([FaultRule(KINDS.PARTIAL_FILL, fraction=0.3, times=1, roles=("entry",))])
    await buy(exchange)
    (position,) = await exchange.client.fetch_positions()
    assert position["contracts"] == 0.006
    order = await exchange.client.fetch_order("", UNIFIED, {"clientOrderId": "mine", "clientOid": "mine"})
    assert (order["filled"], order["status"]) == (0.006, "canceled")
    assert len(await given_of(exchange, KINDS.PARTIAL_FILL)) == 1


@pytest.mark.parametrize(
    ("kind", "cause"), [(KINDS.PRESET_REFUSED, "preset refused"), (KINDS.PRESET_DROPPED, "preset dropped")]
)
async def test_an_entry_is_taken_without_its_stop(
    exchange: Running, admin: AdminClient, kind: FaultKind, cause: str
) -> None:
    await admin.add_faults(FaultRule(kind, times=1))
    await buy(exchange, **STOP)
    assert exchange.sandbox.state.journal.counts["trigger"] == 0
    await exchange.sandbox.advance(1)
    (guarded,) = await admin.unprotected()
    assert guarded["exposed"]
    assert guarded["unprotected_ms"] == 60_000
    assert cause in guarded["spans"][0]["cause"]
    assert len(await given_of(exchange, kind)) == 1


async def test_a_stop_that_fails_to_execute_is_gone_and_the_position_is_not(
    exchange: Running, admin: AdminClient
) -> None:
    await admin.add_faults(FaultRule(KINDS.TRIGGER_FAILS, times=1, roles=("stop",)))
    await buy(exchange, **STOP)
    await exchange.sandbox.advance(2)
    assert len(await exchange.client.fetch_positions()) == 1
    (guarded,) = await admin.unprotected()
    assert guarded["exposed"]
    assert "failed to execute" in guarded["spans"][0]["cause"]
    (trigger,) = await admin.orders(next(e["subject"]["client_id"] for e in await admin.events(kind="trigger")))
    assert trigger["status"] == "fail_execute"
    assert len(await given_of(exchange, KINDS.TRIGGER_FAILS)) == 1


async def test_a_stop_vanishes_without_a_word(exchange: Running, admin: AdminClient) -> None:
    await buy(exchange, **STOP)
    await admin.add_faults(FaultRule(KINDS.STOP_VANISHES, nth=1, symbols=(SYMBOL,)))
    before = exchange.sandbox.state.journal.counts.copy()
    await exchange.sandbox.advance(1)
    told = exchange.sandbox.state.journal.counts - before
    assert dict(told) == {"fault": 1}
    assert exchange.sandbox.state.accounts[exchange.client.apiKey].position_stop(SYMBOL) is None
    await exchange.sandbox.advance(1)
    (guarded,) = await admin.unprotected()
    assert (guarded["unprotected_ms"], guarded["exposed"]) == (60_000, True)
    assert "vanished" in guarded["spans"][0]["cause"]


async def test_a_clock_that_is_off_shows_everywhere_and_refuses_signatures(exchange: Running) -> None:
    exchange.sandbox.state.faults.add([FaultRule(KINDS.CLOCK_SKEW, milliseconds=40_000)])
    assert await exchange.client.fetch_time() == START_MS + 40_000
    ticker = await asyncio.wait_for(exchange.client.watch_ticker(UNIFIED), 5)
    assert ticker is not None
    with pytest.raises(ccxt.InvalidNonce, match="40008"):
        await exchange.client.fetch_balance()
    exchange.client.nonce = lambda: exchange.client.milliseconds() + 40_000
    assert (await exchange.client.fetch_balance())["USDT"]["total"] == 10_000
    assert len(await given_of(exchange, KINDS.CLOCK_SKEW)) == 1


async def test_the_same_seed_and_calls_give_the_same_faults(classic: Running) -> None:
    """Two clients' worth of orders on two exchanges: which were refused, lost and doubled is the same."""

    async def story(exchange: Running) -> list[tuple[str, str]]:
        exchange.sandbox.state.faults.add([
            FaultRule(KINDS.REFUSE, 0.3, seed=3), FaultRule(KINDS.ACCEPT_SILENT, 0.3, seed=4, seconds=0.0),
            FaultRule(KINDS.PUSH_LOST, 0.3, seed=5),
        ])
        await (await subscribed(exchange, exchange.client.watch_balance({"type": "swap"})))
        outcomes = []
        for number in range(30):
            try:
                await buy(exchange, f"n{number}", 90_000.0)
                outcomes.append("done")
            except ccxt.BaseError as error:
                outcomes.append(type(error).__name__)
        events = [e.subject for e in exchange.sandbox.state.journal.since(0, "fault")]
        return [(e.kind, str(e.number)) for e in events] + [("outcome", name) for name in outcomes]

    first = await story(classic)
    async with running(stored(ROWS, history=30)) as other:
        await other.client.load_markets()
        assert await story(other) == first
    assert {"refuse", "accept_silent", "push_lost"} < {kind for kind, _ in first}


def test_every_kind_is_met_by_the_real_client_in_this_file() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert [kind for kind in FaultKind if f"KINDS.{kind.name}" not in here] == []
    assert {TRAITS[kind].where for kind in FaultKind} == set(Where)


