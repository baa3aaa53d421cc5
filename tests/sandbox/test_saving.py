"""The state file: what is found again is what was there, whatever happened and however it ended."""

from __future__ import annotations

import dataclasses
import json
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle import Candles
from core.errors import ConfigurationError
from core.instrument import Instrument
from core.order import Side
from sandbox.account import Account
from sandbox.config import SandboxConfig
from sandbox.desk import Amendment, amend, cancel, place
from sandbox.faults.kinds import FaultKind
from sandbox.faults.rules import FaultRule
from sandbox.orders import NewOrder, NewTrigger, PlanType
from sandbox.refusal import Refusal
from sandbox.server import Sandbox
from sandbox.source import StoredSource
from sandbox.synthetic import SyntheticSource
from sandbox.trigger_desk import place_trigger
from tests.sandbox.builders import MINUTE, START_MS

SYMBOLS = ("BTC-USDT", "ETH-USDT")
RULES = {symbol: Instrument(symbol=symbol, tick=0.01, step=0.001, maker_fee=0.0002, taker_fee=0.0006)
         for symbol in SYMBOLS}
ROOT = Path(__file__).parents[2]

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["market", "limit", "close", "stop", "plan", "cancel", "amend", "walk", "part", "leverage"]),
        st.sampled_from(SYMBOLS), st.sampled_from(Side), st.integers(1, 40),
    ),
    min_size=1, max_size=25,
)


@cache
def source(seed: int = 3) -> StoredSource:
    """Some hours of a synthetic market, crashes included."""
    drawn = SyntheticSource(SYMBOLS, seed, 1, START_MS, instruments=RULES)
    first = START_MS - 60 * MINUTE
    return StoredSource({
        symbol: Candles.of("1m", [
            *drawn.history(symbol).between(first, START_MS).rows(), *drawn.live(symbol, START_MS).rows()[:400]
        ])
        for symbol in SYMBOLS
    }, START_MS, {symbol: [(START_MS + hour * 60 * MINUTE, 0.0003) for hour in range(7)] for symbol in SYMBOLS})


def exchange(path: Path | None, **more: Any) -> Sandbox:
    return Sandbox(SandboxConfig(lockstep=True, state_file=path, instruments=RULES, **more), source())


def do(sandbox: Sandbox, what: str, symbol: str, side: Side, size: int) -> None:
    """Something that a customer or the market may do; refusals are part of life."""
    state = sandbox.state
    (account,) = state.accounts.values()
    price = state.prices[symbol]
    near = round(price * (1 - side.sign * size / 4000), 2)
    quantity = round(size * 100 / price, 3)
    try:
        if what in ("market", "limit"):
            stop = round(price * (1 - side.sign * 0.02), 2)
            limit = near if what == "limit" else None
            name = f"c{state.last_id}"
            place(state, account, NewOrder(symbol, side, quantity, limit, preset_stop=stop, client_id=name))
        elif what == "close":
            place(state, account, NewOrder(symbol, side, quantity, reduce_only=True))
        elif what in ("stop", "plan"):
            plan = PlanType.POS_LOSS if what == "stop" else PlanType.NORMAL
            place_trigger(state, account, NewTrigger(symbol, plan, side, near, quantity))
        elif what == "walk":
            sandbox.market.walk()
            sandbox.streams.turned(sandbox.market.turn())
        elif what == "part":
            sandbox.market.walk(size / 41)
        elif what == "leverage":
            account.leverage[symbol] = float(size)
            state.record("settings", account, symbol, None, "leverage")
        else:
            order = next(account.live_orders(symbol))
            if what == "cancel":
                cancel(state, account, order.order_id)
            else:
                amend(state, account, order, Amendment(limit=near, client_id=f"a{state.last_id}"))
    except (Refusal, StopIteration):
        return


def account_of(account: Account) -> dict[str, Any]:
    """An account; a symbol without orders is like one that never had any."""
    fields = dataclasses.asdict(account)
    for name in ("orders", "triggers"):
        fields[name] = {symbol: things for symbol, things in fields[name].items() if things}
    return fields


def everything(sandbox: Sandbox) -> dict[str, Any]:
    """All that a restart must bring back."""
    state, journal = sandbox.state, sandbox.state.journal
    return {
        "accounts": [account_of(account) for account in state.accounts.values()],
        "now": state.now_ms, "id": state.last_id, "prices": state.prices, "market": sandbox.market.position(),
        "events": [(*e[:3], e.account and e.account.key, *e[4:]) for e in journal.events],
        "counts": {kind: n for kind, n in journal.counts.items() if n}, "sequence": journal.sequence,
        "violations": journal.violations, "closed": state.protection.closed, "open": state.protection.open,
        "faults": dict(state.faults.given),
        "candles": [sandbox.market.series[s].rows(60_000, START_MS, state.now_ms + 1).rows() for s in SYMBOLS],
    }


@settings(max_examples=25, deadline=None)
@given(CHANGES)
def test_what_is_found_again_is_what_was_there(tmp_path_factory: pytest.TempPathFactory, changes: Any) -> None:
    path = tmp_path_factory.mktemp("saved") / "state.db"
    first = exchange(path)
    for change in changes:
        do(first, *change)
        first.streams.flush()
    assert first.saved is not None
    # as kill -9 leaves it: nothing is flushed or closed in order
    first.saved._database.close()
    second = exchange(path)
    assert second.saved is not None
    assert second.saved.restored
    assert everything(second) == everything(first)
    (account,) = second.state.accounts.values()
    assert all(account.every_order[key] is order for live in account.orders.values() for key, order in live.items())
    second.saved.close()


def test_a_restored_exchange_goes_on_as_the_other_would_have(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    changes = [("market", "BTC-USDT", Side.BUY, 9), ("limit", "ETH-USDT", Side.BUY, 9), ("walk", "", Side.BUY, 1),
               ("part", "", Side.BUY, 17)]
    first, undisturbed = exchange(path), exchange(None)
    for sandbox in (first, undisturbed):
        for what, symbol, side, size in changes:
            do(sandbox, what, symbol or SYMBOLS[0], side, size)
            sandbox.streams.flush()
    assert first.saved is not None
    first.saved.close()
    second = exchange(path)
    for sandbox in (second, undisturbed):
        for _ in range(300):
            sandbox.market.walk()
            sandbox.streams.turned(sandbox.market.turn())
        sandbox.streams.flush()
    closed = second.state.accounts["sandbox-key"].closed
    assert closed == undisturbed.state.accounts["sandbox-key"].closed
    assert len(closed) == 2
    assert second.state.prices == undisturbed.state.prices


def test_what_faults_did_is_kept_and_rules_are_not(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    first = exchange(path, faults=(FaultRule(FaultKind.PRESET_DROPPED),))
    do(first, "market", "BTC-USDT", Side.BUY, 9)
    first.streams.flush()
    assert first.saved is not None
    first.saved.close()
    second = exchange(path)
    assert second.state.faults.given == {"preset_dropped": 1}
    assert second.state.faults.standing == ()
    (guarded,) = second.state.protection.all()
    assert guarded.exposed
    assert "preset dropped" in guarded.naked[0].cause


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "state.db"
    sandbox = exchange(path)
    do(sandbox, "market", "BTC-USDT", Side.BUY, 9)
    sandbox.streams.flush()
    assert sandbox.saved is not None
    sandbox.saved.close()
    return path


def rewrite(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: p.write_bytes(b"no database" * 500), "file is not a database"),
        (lambda p: p.write_bytes(p.read_bytes()[:5000]), "cannot be used"),
        (lambda p: rewrite(p, "UPDATE part SET value = '{' WHERE name = 'clock'"), "is damaged"),
        (lambda p: rewrite(p, "UPDATE part SET value = '{}' WHERE name = 'clock'"), "is damaged: KeyError"),
        (lambda p: rewrite(p, "DELETE FROM part WHERE name = 'exposed'"), "is damaged"),
        (lambda p: rewrite(p, "UPDATE part SET value = '\"2\"' WHERE name = 'format'"), "must be of"),
        (lambda p: rewrite(p, "ALTER TABLE part RENAME TO other"), "is not a state of the local exchange"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(saved: Path, damage: Any, message: str) -> None:
    damage(saved)
    before = saved.read_bytes()
    with pytest.raises(ConfigurationError) as error:
        exchange(saved)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert saved.read_bytes() == before


def test_another_market_is_refused(saved: Path) -> None:
    config = SandboxConfig(lockstep=True, state_file=saved, instruments=RULES)
    with pytest.raises(ConfigurationError, match="belongs to another market: its history"):
        Sandbox(config, source(seed=4))


def test_a_file_in_use_is_refused(saved: Path) -> None:
    first = exchange(saved)
    with pytest.raises(ConfigurationError, match="locked"):
        exchange(saved)
    assert first.saved is not None
    first.saved.close()


PROGRAM = """
import sys
from pathlib import Path
from sandbox.config import SandboxConfig
from sandbox.process import serve
from sandbox.synthetic import SyntheticSource
serve(SandboxConfig(state_file=Path(sys.argv[1]), admin_key="key", speed=600.0),
      SyntheticSource(["BTC-USDT"], 1, 1, 1_740_787_200_000))
"""


def started(path: Path) -> Iterator[subprocess.Popen[str]]:
    """The exchange as a process of its own."""
    arguments = [sys.executable, "-c", PROGRAM, str(path)]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def moved(process: subprocess.Popen[str]) -> list[int]:
    """The first time that the running exchange tells, and the first later one."""
    assert process.stdout is not None
    port = json.loads(process.stdout.readline())["port"]
    request = urllib.request.Request(f"http://127.0.0.1:{port}/admin/clock", headers={"X-Admin-Key": "key"})
    times: list[int] = []
    while len(set(times)) < 2:
        with urllib.request.urlopen(request) as answer:
            times.append(json.load(answer)["time"])
    return [times[0], times[-1]]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_process_goes_on_where_it_was(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "state.db"
    times = []
    for _ in range(2):
        for process in started(path):
            times += moved(process)
            process.send_signal(number)
            process.wait(10)
    first, seen, later, _ = times
    assert 1_740_787_200_000 <= first < seen <= later


def test_an_exchange_that_cannot_write_any_more_ends_and_says_so(tmp_path: Path) -> None:
    limited = PROGRAM.replace("import sys", "import resource, signal, sys", 1).replace(
        "serve(", "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\nserve(", 1,
    )
    ended = subprocess.run(
        [sys.executable, "-c", limited, str(tmp_path / "state.db")], cwd=ROOT, capture_output=True, text=True,
        timeout=60, check=False,
    )
    assert ended.returncode == 1
    assert ": cannot be written: " in ended.stderr.strip().splitlines()[-1]
    assert "closed database" not in ended.stderr.strip().splitlines()[-1]
