"""The monitor beside a real ledger, and peers that answer what they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from actors.ledger import Ledger
from actors.monitor import Monitor
from actors.monitor_records import Book
from actors.monitor_verdicts import StoredVerdicts
from actors.parts import Contender, MonitorConfig
from actors.peers import Peers
from core.live_settings import Selector, Watchdog
from core.messages import ActorBeat, AlertRaised
from core.monitor_messages import AnomaliesSeen, ArenaRanked, SelectionChanged, SelectionMade
from core.selection import Decision
from core.timeframe import DAY_MS
from engine.selector import Setup, Verdict
from storage.records import Query
from storage.research import open_research
from tests import messages
from tests.actors.local_transport import LocalTransport
from tests.messages import T0
from tests.research import run

PAIR = ("envelope_dca", "BTC-USDT")
SETUP = Setup({"ma_period": 7}, "1h", 3.0)
NOW = 1_800_000_000_000
VERDICT = Verdict(NOW - DAY_MS, "ab" * 32, "A", True, SETUP)
CONFIG = MonitorConfig(
    "monitor",
    (Contender("envelope_dca", "runner:envelope_dca", 10_000.0, True, True, {"BTC-USDT": SETUP}),
     Contender("other", "runner:other", 10_000.0, False, False, {"BTC-USDT": SETUP})),
    Selector(), Watchdog(), True, "feed", "executor", api="api",
)


class Peer:
    """A synchronous actor that answers ``health`` and ``states``, and keeps what it is told."""

    def __init__(self, **health: Any) -> None:
        self.answer: dict[str, Any] = {"state": "ok", "detail": "", **health}
        self.decisions: list[tuple[Decision, ...]] = []

    def health(self) -> dict[str, Any]:
        return self.answer

    def states(self) -> dict[str, Any]:
        return self.answer

    def on_selection(self, decisions: tuple[Decision, ...]) -> None:
        self.decisions.append(decisions)

    def round_trip_ms(self) -> float:
        return 12.0


class Api:
    def __init__(self) -> None:
        self.heard: list[object] = []
        self.restarts = 0

    async def on(self, events: tuple[object, ...]) -> None:
        self.heard += events

    async def beats(self) -> dict[str, ActorBeat]:
        return {"risk": ActorBeat(NOW, 1, "risk", "ok", self.restarts)}


class House:
    """The monitor's surroundings."""

    def __init__(self, folder: Path) -> None:
        self.transport = LocalTransport()
        self.ledger = Ledger(f"sqlite:///{folder}/ledger.sqlite")
        self.risk, self.api = Peer(halts={}), Api()
        self.verdicts: dict[tuple[str, str], Verdict] = {PAIR: VERDICT}
        peers = {
            "ledger": self.ledger, "risk": self.risk, "api": self.api, "executor": Peer(),
            "feed": Peer(age_s={"BTC-USDT": 1.0}, last_ms=T0), "runner:envelope_dca": Peer(symbols={}),
            "runner:other": Peer(symbols={}),
        }
        for name, peer in peers.items():
            self.transport.add(name, peer)

    def monitor(self, **changes: Any) -> Monitor:
        return Monitor(
            CONFIG._replace(**changes), Peers(self.transport, retry_s=0.01), lambda: self.verdicts, lambda: NOW
        )

    async def heard(self, kind: type) -> list[Any]:
        """What the api host was told of a kind, once the posts have left."""
        await asyncio.sleep(0.06)
        return [event for event in self.api.heard if isinstance(event, kind)]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    made.transport.close()
    made.ledger.stop()


def traded(house: House, count: int = 3, net: float = 50.0, **changes: Any) -> None:
    house.ledger.record([messages.trade(i, net=net, **changes) for i in range(count)])
    equity = 10_000.0 + count * net
    house.ledger.record([messages.equity(ts_ms=T0 + count, equity=equity, wallet=equity, **changes)])


async def test_the_arena_ranks_what_the_ledger_holds_by_scope(house: House) -> None:
    traded(house)
    traded(house, net=-10.0, strategy="other")
    traded(house, count=1, scope="live")
    await house.monitor().rank()
    paper, live = await house.heard(ArenaRanked)
    assert [(s.rank, s.strategy, s.trades) for s in paper.standings] == [(1, "envelope_dca", 3), (2, "other", 3)]
    assert [s.net_return for s in paper.standings] == pytest.approx([0.015, -0.003])
    assert (live.scope, [(s.strategy, s.trades) for s in live.standings]) == ("live", [("envelope_dca", 1)])


async def test_who_meets_every_condition_may_open_and_risk_is_told_of_everybody(house: House) -> None:
    traded(house)
    await house.monitor().select()
    await house.heard(SelectionMade)
    ((mine, other),) = house.risk.decisions
    assert mine.may_open
    assert {c.code for c in other.failed} == {
        "live_eligible", "verdict", "min_trades", "net_return", "profit_factor",
    }


async def test_only_what_changed_of_a_selection_is_recorded(house: House) -> None:
    traded(house)
    monitor = house.monitor()
    await monitor.select()
    await monitor.select()
    house.verdicts = {}
    await monitor.select()
    made = await house.heard(SelectionMade)
    changes = house.ledger.events(Query(kind="selection_changed", strategy="envelope_dca")).items
    assert len(made) == 3
    assert [change.payload["may_open"] for change in changes] == [False, True]
    assert "verdict" in [c["code"] for c in changes[0].payload["criteria"] if not c["met"]]


async def test_where_no_real_money_is_traded_the_selection_informs_and_is_not_recorded(house: House) -> None:
    await house.monitor(gated=False).select()
    (made,) = await house.heard(SelectionMade)
    assert not made.gated
    assert not await house.heard(SelectionChanged)


@pytest.mark.parametrize(("what", "says"), [
    ("halted symbol", "BTC-USDT is halted: by hand"), ("halted", "all trading is halted: by hand"),
    ("kill switch", "kill switch: envelope_dca has lost"),
    ("runner away", "runner:envelope_dca does not answer"), ("runner stopped", "runner:envelope_dca is stopped"),
    ("risk away", "risk does not answer"),
])
async def test_a_strategy_that_is_not_active_may_not_open(house: House, what: str, says: str) -> None:
    traded(house)
    match what:
        case "halted symbol":
            house.risk.answer["halts"] = {"BTC-USDT": "by hand"}
        case "halted":
            house.risk.answer["halts"] = {"": "by hand"}
        case "kill switch":
            house.risk.answer["switches"] = {"kill_runner:other": "not ours", "kill_runner:envelope_dca": says}
        case "runner away":
            house.transport.kill("runner:envelope_dca")
        case "runner stopped":
            house.transport.add("runner:envelope_dca", Peer(state="stopped"))
        case _:
            house.transport.kill("risk")
    decision, _ = await house.monitor().select()
    assert [(c.code, c.detail) for c in decision.failed] == [("active", says)]


async def test_an_anomaly_is_an_alert_in_the_ledger_once_and_shown_as_long_as_it_lasts(house: House) -> None:
    house.ledger.record([messages.protection(stop=None)])
    monitor = house.monitor()
    await monitor.watch()
    await monitor.watch()
    house.ledger.record([messages.protection(ts_ms=T0 + 1, sequence=2)])
    await monitor.watch()
    seen = await house.heard(AnomaliesSeen)
    assert [[a.kind for a in s.anomalies] for s in seen] == [["without_stop"], ["without_stop"], []]
    (alert,) = await house.heard(AlertRaised)
    assert (alert.source, alert.kind, alert.symbol, alert.severity) == (
        "monitor", "without_stop", "BTC-USDT", "critical"
    )
    assert len(house.ledger.events(Query(kind="alert_raised")).items) == 1


async def test_an_actor_that_came_back_between_two_looks_is_an_alert(house: House) -> None:
    monitor = house.monitor()
    await monitor.watch()
    house.api.restarts = 1
    await monitor.watch()
    assert [(a.kind, a.detail) for a in await house.heard(AlertRaised)] == [
        ("actor_restarted", "risk was restarted")
    ]


async def test_a_monitor_goes_by_itself_and_looks_at_once_but_for_the_watchdog(house: House) -> None:
    monitor = house.monitor()
    monitor.start()
    for _ in range(200):
        if monitor.health()["selections"] and await house.heard(ArenaRanked):
            break
    assert monitor.health()["state"] == "ok"
    await monitor.stop()
    assert monitor.health()["state"] == "stopped"
    assert monitor.health()["looks"] == 0


async def test_a_book_reads_only_what_is_new_yet_counts_trades_that_were_told_late(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    asked: list[Query] = []

    async def ask(kind: str, query: Query) -> Any:
        asked.append(query)
        return getattr(ledger, kind)(query)

    book = Book("paper", "envelope_dca", 10_000.0)
    ledger.record([messages.trade(5), messages.equity(ts_ms=T0 + 5000, equity=10_010.0)])
    await book.read(ask)
    late = messages.trade(1, symbol="ETH-USDT", net=float("nan")), messages.trade(2, symbol="ETH-USDT", net=-3.0)
    ledger.record([*late, messages.equity(ts_ms=T0 + 6000, equity=10_007.0)])
    await book.read(ask)
    record = book.record()
    assert record.nets.tolist() == [-3.0, 18.9]
    assert record.times.tolist() == [T0 + 5000, T0 + 6000]
    assert asked[-1].from_ms == T0 + 5001
    assert asked[-2].from_ms == T0 + 5000 - DAY_MS
    ledger.stop()


def test_nothing_is_opened_where_nothing_was_ever_optimised(tmp_path: Path) -> None:
    verdicts = StoredVerdicts(tmp_path / "results.sqlite", [PAIR])
    assert verdicts() == {}
    assert list(tmp_path.iterdir()) == []


def test_the_newest_run_of_a_pair_is_its_verdict(tmp_path: Path) -> None:
    file = tmp_path / "results.sqlite"
    research = open_research(f"sqlite:///{file}")
    detail = {"job": {"costs": {"leverage": 3.0}}}
    for n, (fingerprint, passed) in enumerate((("aa" * 32, True), ("bb" * 32, False))):
        research.save_run(run(
            fingerprint=fingerprint, ts_ms=NOW + n, strategy=PAIR[0], symbol=PAIR[1], gate_passed=passed,
            params={"ma_period": 7}, timeframe="1h", detail=detail, grade="B",
        ), ())
    research.close()
    verdicts = StoredVerdicts(file, [PAIR, ("other", "BTC-USDT")])
    assert verdicts() == {PAIR: Verdict(NOW + 1, "bb" * 32, "B", False, SETUP)}
    verdicts.close()
