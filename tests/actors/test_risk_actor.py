from __future__ import annotations

from typing import Any

import pytest

from actors.parts import RiskConfig, Trader
from actors.risk import RiskActor
from core.errors import InputError
from core.instrument import Instrument
from core.messages import PlanChanged, ProtectionSeen, TargetRefused, TradingHalted, TradingResumed
from core.selection import Criterion, Decision
from core.settings import Risk
from core.target import ApprovedTarget, Rung, Target
from storage.database import Snapshot

BTC, ETH = "BTC-USDT", "ETH-USDT"
CONFIG = RiskConfig(
    "risk", Risk(min_free_margin_usdt=0, max_positions=1), {BTC: "majors", ETH: "majors"},
    {"dca": Trader("runner:dca", 3.0, 1000.0), "grid": Trader("runner:grid", 3.0, 1000.0)}, 0.0005, 1000.0, "feed",
    "executor",
)


class Recorder:
    """Peers that remember what was told, and answer what a ledger and a feed would."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, tuple[Any, ...]]] = []
        self.saved: Snapshot | None = None
        self.away = False
        self.lag = self.failed = 0

    def tell(self, peer: str, method: str, *arguments: Any) -> None:
        self.told.append((peer, method, arguments))
        if method == "save_snapshot":
            self.saved = Snapshot(*arguments)

    def post(self, peer: str, method: str, *arguments: Any) -> None:
        self.tell(peer, method, *arguments)

    def deliver(self) -> None:
        self.told.append(("", "delivered", ()))

    def ask(self, peer: str, method: str, *arguments: Any, timeout_s: float = 30.0) -> Any:
        if self.away:
            raise LookupError(peer)
        return {s: Instrument(symbol=s) for s in (BTC, ETH)} if method == "instruments" else self.saved

    def approvals(self) -> list[ApprovedTarget]:
        return [a for peer, method, arguments in self.told if method == "apply" for a in arguments[0]]

    def recorded(self, kind: type) -> list[Any]:
        told = [arguments[0] for _, method, arguments in self.told if method == "record"]
        return [event for events in told for event in events if isinstance(event, kind)]


def plan(strategy: str, symbol: str, sequence: int = 1, **changes: Any) -> PlanChanged:
    target = Target(strategy, symbol, 60_000, 0, 1, (Rung(0, 90.0, 1.0, 80.0),))._replace(**changes)
    return PlanChanged(60_000, sequence, target, 100.0)


def started(peers: Recorder) -> RiskActor:
    actor = RiskActor(CONFIG, peers)  # type: ignore[arg-type]
    actor.start()
    return actor


def seen(symbol: str, direction: int) -> ProtectionSeen:
    return ProtectionSeen(60_000, 1, symbol, direction, 1.0 * abs(direction), 90.0, 80.0, None, 60.0, 0)


def test_a_plan_becomes_an_approval_once() -> None:
    peers = Recorder()
    actor = started(peers)
    actor.on_plans((plan("dca", BTC),))
    actor.on_plans((plan("dca", BTC),))
    assert [a.target for a in peers.approvals()] == [plan("dca", BTC).target]


def test_a_halt_withdraws_entries_survives_a_restart_and_ends_by_a_human() -> None:
    peers = Recorder()
    actor = started(peers)
    actor.on_plans((plan("dca", BTC),))
    actor.halt(BTC, "by hand")
    assert peers.approvals()[-1].target.rungs == ()
    again = started(peers)
    assert again.states()["halts"] == {BTC: "by hand"}
    assert again.approved()[0].target.rungs == ()
    again.resume(BTC)
    assert peers.approvals()[-1].target.rungs == plan("dca", BTC).target.rungs
    assert len(peers.recorded(TradingHalted)) == len(peers.recorded(TradingResumed)) == 1


def test_approvals_after_a_restart_are_newer_than_those_before() -> None:
    peers = Recorder()
    started(peers).on_plans((plan("dca", BTC),))
    before = peers.approvals()[-1].sequence
    assert started(peers).approved()[0].sequence > before


def test_one_strategy_owns_a_symbol_at_a_time_until_it_wants_nothing() -> None:
    peers = Recorder()
    actor = started(peers)
    actor.on_plans((plan("dca", BTC),))
    actor.on_plans((plan("grid", BTC),))
    assert {a.target.strategy for a in peers.approvals()} == {"dca"}
    assert [r.code for r in peers.recorded(TargetRefused)] == ["symbol_owned"]
    actor.on_plans((plan("dca", BTC, 2, rungs=(), direction=0),))
    actor.on_plans((plan("grid", BTC, 3),))
    assert peers.approvals()[-1].target.strategy == "grid"


def test_a_position_elsewhere_withdraws_entries_where_no_place_is_left() -> None:
    peers = Recorder()
    actor = started(peers)
    actor.on_plans((plan("dca", BTC), plan("dca", ETH)))
    actor.on_protection((seen(BTC, 1),))
    assert (peers.approvals()[-1].target.symbol, peers.approvals()[-1].target.rungs) == (ETH, ())
    actor.on_protection((seen(BTC, 0),))
    assert peers.approvals()[-1].target.rungs == plan("dca", ETH).target.rungs


def test_what_is_closed_by_hand_leaves_at_market_survives_a_restart_and_opens_again_by_a_human_only() -> None:
    peers = Recorder()
    actor = started(peers)
    wanted = plan("dca", BTC, stop=80.0, target=120.0, filled=1, quantity=1.0)
    actor.on_plans((wanted,))
    actor.on_protection((seen(BTC, 1),))
    actor.close(BTC, "enough", "hand")
    leaving = wanted.target._replace(rungs=(), leave=True)
    assert peers.approvals()[-1].target == leaving, "stop and target stay until it is flat"
    again = started(peers)
    assert again.approved()[0].target == leaving
    again.on_protection((seen(BTC, 0),))
    again.on_plans((plan("dca", BTC, 2, cycle=1),))
    assert peers.approvals()[-1].target == plan("dca", BTC, 2, cycle=1, rungs=()).target
    again.resume(BTC)
    assert peers.approvals()[-1].target == plan("dca", BTC, 2, cycle=1).target


@pytest.mark.parametrize(("symbol", "direction", "config"), [
    (BTC, 0, CONFIG), (ETH, 1, CONFIG), (BTC, 1, CONFIG._replace(executor="")),
], ids=["flat", "not ours", "on paper"])
def test_what_cannot_be_closed_is_refused_and_changes_nothing(symbol: str, direction: int, config: RiskConfig) -> None:
    peers = Recorder()
    actor = RiskActor(config, peers)  # type: ignore[arg-type]
    actor.start()
    actor.on_plans((plan("dca", BTC),))
    actor.on_protection((seen(symbol, direction),))
    with pytest.raises(InputError, match="nothing to close"):
        actor.close(symbol, "enough", "hand")
    assert actor.states()["halts"] == {}


def test_stale_data_withdraws_entries_until_it_is_fresh() -> None:
    peers = Recorder()
    actor = started(peers)
    actor.on_plans((plan("dca", BTC),))
    actor.on_stale((BTC,))
    assert peers.approvals()[-1].target.rungs == ()
    actor.on_stale(())
    assert peers.approvals()[-1].target.rungs == plan("dca", BTC).target.rungs


def test_an_older_plan_does_not_replace_a_newer_one() -> None:
    peers = Recorder()
    actor = started(peers)
    actor.on_plans((plan("dca", BTC, 5),))
    actor.on_plans((plan("dca", BTC, 4, rungs=()),))
    assert len(peers.approvals()) == 1


def test_a_plan_that_came_before_the_ledger_was_there_is_judged_when_it_is() -> None:
    peers = Recorder()
    peers.away = True
    actor = RiskActor(CONFIG, peers)  # type: ignore[arg-type]
    actor.on_plans((plan("dca", BTC),))
    assert not peers.approvals()
    peers.away = False
    actor.health()
    assert len(peers.approvals()) == 1


def test_a_restarted_risk_asks_runners_for_their_targets_since_it_may_have_died_before_saving_them() -> None:
    peers = Recorder()
    started(peers)
    assert [peer for peer, method, _ in peers.told if method == "resend"] == ["runner:dca", "runner:grid"]


def test_a_halt_and_its_end_leave_at_once_since_reports_may_wait() -> None:
    peers = Recorder()
    actor = started(peers)
    for command, arguments in (("halt", (BTC, "by hand")), ("resume", (BTC,))):
        peers.told.clear()
        getattr(actor, command)(*arguments)
        said = [method for _, method, _ in peers.told]
        assert "save_snapshot" in said
        assert said[-1] == "delivered"


def test_where_entries_wait_for_the_selector_nothing_opens_before_its_word_nor_against_it_and_it_survives_a_restart(
) -> None:
    peers = Recorder()

    def gated() -> RiskActor:
        actor = RiskActor(CONFIG._replace(gated=True), peers)  # type: ignore[arg-type]
        actor.start()
        return actor

    actor = gated()
    wanted = plan("dca", BTC, stop=80.0, target=120.0, filled=1, quantity=1.0)
    actor.on_plans((wanted,))
    assert peers.approvals()[-1].target == wanted.target._replace(rungs=())
    assert [r.code for r in peers.recorded(TargetRefused)] == ["not_selected"]
    actor.on_selection((Decision("dca", BTC, True, 1.0),))
    assert peers.approvals()[-1].target == wanted.target
    assert gated().approved()[0].target == wanted.target
    too_few = Criterion("min_trades", 1.0, 3.0, False, "1 trade on paper, at least 3")
    actor.on_selection((Decision("dca", BTC, False, 1.0, (too_few,)),))
    assert peers.approvals()[-1].target.rungs == ()
    assert peers.recorded(TargetRefused)[-1].detail == too_few.detail


def test_where_nobody_waits_for_the_selector_its_word_changes_nothing() -> None:
    peers = Recorder()
    actor = started(peers)
    actor.on_selection((Decision("dca", BTC, False, 1.0),))
    actor.on_plans((plan("dca", BTC),))
    assert [a.target for a in peers.approvals()] == [plan("dca", BTC).target]
