"""Risk's kill switches, states and cooldowns, in the actor: what is told, what survives, what ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.parts import RiskConfig, Trader, Watched
from actors.risk import RiskActor
from actors.risk_memory import Memory, packed, unpacked
from core.errors import InputError
from core.messages import AlertRaised, EquityMarked, PlanChanged, ProtectionSeen, RiskShown, TargetRefused, TradeClosed
from core.position import Balance, VenuePosition
from core.restriction import Cause, State
from core.settings import Risk
from core.target import Rung, Target
from core.timeframe import DAY_MS, MINUTE_MS
from engine.risk import Selected
from engine.risk_money import seen as watch_of
from tests.actors.test_risk_actor import BTC, ETH, Recorder, plan, seen
from tests.messages import T0

LIMITS = Risk(
    max_positions=2, daily_loss=0.05, drawdown_24h=0.08, kill_runner_loss=0.05, kill_drawdown_24h=0.15,
    kill_real_loss=0.1, cooldown_after_stop_min=60,
)
TRADED = RiskConfig(
    "risk", LIMITS, {BTC: "majors", ETH: "majors"},
    {"dca": Trader("runner:dca", 3.0, 1000.0), "grid": Trader("runner:grid", 3.0, 1000.0)}, 0.0005, 1000.0, "feed",
    "executor", api="api",
    runners=(Watched("dca", "runner:dca", (BTC, ETH)), Watched("grid", "runner:grid", (BTC,))),
)
PAPER = TRADED._replace(executor="")


def risk(peers: Recorder, config: RiskConfig = TRADED) -> RiskActor:
    actor = RiskActor(config, peers)  # type: ignore[arg-type]
    actor.start()
    return actor


def mark(strategy: str, equity: float, ts_ms: int = T0, scope: str = "paper") -> tuple[EquityMarked, ...]:
    return (EquityMarked(ts_ms, 1, scope, strategy, equity, equity),)


def stopped(ts_ms: int = T0, **changes: Any) -> TradeClosed:
    fields = {
        "ts_ms": ts_ms, "sequence": 1, "scope": "live", "strategy": "dca", "symbol": BTC, "cycle": 0, "direction": 1,
        "opened_ms": ts_ms - 1, "quantity": 1.0, "average": 90.0, "exit_price": 80.0, "levels": 1, "fees": 0.0,
        "funding": 0.0, "net": -10.0, "reason": "stop",
    }
    return TradeClosed(**{**fields, **changes})


def last_rungs(peers: Recorder, symbol: str = BTC) -> tuple[Rung, ...]:
    return [a.target for a in peers.approvals() if a.target.symbol == symbol][-1].rungs


def codes(actor: RiskActor) -> list[str]:
    return sorted(c.code for c in actor._causes)


def lose_real_money(actor: RiskActor) -> None:
    actor.on_balance(Balance(1000.0, 1000.0))
    actor.on_balance(Balance(899.0, 899.0))


def lose_on_paper(actor: RiskActor) -> None:
    actor.on_equity(mark("dca", 1000.0))
    actor.on_equity(mark("dca", 949.0, T0 + MINUTE_MS))


SWITCHES: list[tuple[str, Callable[[RiskActor], None]]] = [
    ("kill_real", lose_real_money), ("kill_runner:dca", lose_on_paper),
]


@pytest.mark.parametrize(("switch", "lose"), SWITCHES)
def test_a_kill_switch_withdraws_entries_survives_a_restart_and_ends_by_its_reset_alone(
    switch: str, lose: Callable[[RiskActor], None]
) -> None:
    peers = Recorder()
    actor = risk(peers)
    actor.on_plans((plan("dca", BTC),))
    assert last_rungs(peers)
    lose(actor)
    assert last_rungs(peers) == ()
    alerts = {a.kind: a.severity for a in peers.recorded(AlertRaised)}
    assert alerts[switch.partition(":")[0]] == "critical"
    assert switch in actor.states()["switches"]
    again = risk(peers)
    again.resume("")
    again.on_equity(mark("dca", 2000.0, T0 + DAY_MS))
    again.on_equity(mark("dca", 2000.0, T0 + 3 * DAY_MS))
    again.on_balance(Balance(2000.0, 2000.0))
    assert list(again.states()["switches"]) == [switch]
    assert again.approved()[0].target.rungs == ()
    again.reset(switch)
    assert not again.states()["switches"]
    assert last_rungs(peers) == plan("dca", BTC).target.rungs
    assert not risk(peers).states()["switches"]


def test_a_reset_starts_the_session_anew_so_that_it_does_not_trip_at_once() -> None:
    actor = risk(Recorder())
    lose_real_money(actor)
    for switch in tuple(actor.states()["switches"]):
        actor.reset(switch)
    actor.on_balance(Balance(899.0, 899.0))
    assert not actor.states()["switches"]
    actor.on_balance(Balance(800.0, 800.0))
    assert "kill_real" in actor.states()["switches"]


def test_a_switch_that_has_not_tripped_cannot_be_reset() -> None:
    with pytest.raises(InputError, match="has not tripped; tripped: none"):
        risk(Recorder()).reset("kill_global")


def test_a_switch_of_one_strategy_leaves_the_other_alone() -> None:
    peers = Recorder()
    actor = risk(peers)
    actor.on_plans((plan("grid", BTC), plan("dca", ETH)))
    lose_on_paper(actor)
    assert last_rungs(peers, BTC)
    assert not last_rungs(peers, ETH)


def test_the_days_loss_ends_by_itself_with_the_day() -> None:
    peers = Recorder()
    actor = risk(peers, TRADED._replace(limits=LIMITS.model_copy(update={"kill_real_loss": 1.0})))
    actor.on_equity(mark("dca", 1000.0))
    actor.on_plans((plan("dca", BTC),))
    actor.on_balance(Balance(1000.0, 1000.0))
    actor.on_balance(Balance(945.0, 945.0))
    assert codes(actor) == ["daily_loss"]
    assert not last_rungs(peers)
    actor.on_equity(mark("dca", 1000.0, T0 + DAY_MS))
    assert codes(actor) == []
    assert last_rungs(peers)
    assert [a.kind for a in peers.recorded(AlertRaised)] == ["daily_loss", "daily_loss_over"]


def test_on_paper_the_account_is_what_all_strategies_have_together() -> None:
    peers = Recorder()
    actor = risk(peers, PAPER)
    actor.on_equity(mark("dca", 1000.0))
    assert actor.states()["equity"] == PAPER.equity  # one has not spoken yet
    actor.on_equity(mark("grid", 1000.0))
    assert actor.states()["equity"] == 2000.0
    for name in ("dca", "grid"):
        actor.on_equity(mark(name, 960.0, T0 + MINUTE_MS))
    assert actor.states()["equity"] == 1920.0
    actor.on_equity(mark("grid", 700.0, T0 + 2 * MINUTE_MS))
    assert "kill_global" in actor.states()["switches"]
    assert "kill_real" not in actor.states()["switches"]


def test_the_account_is_watched_anew_when_other_strategies_run() -> None:
    peers = Recorder()
    actor = risk(peers, PAPER)
    for name in ("dca", "grid"):
        actor.on_equity(mark(name, 1000.0))
    actor.stop()
    alone = risk(peers, PAPER._replace(runners=PAPER.runners[:1]))
    alone.on_equity(mark("dca", 1000.0, T0 + MINUTE_MS))
    assert codes(alone) == []  # half of the money is no loss


def test_runners_are_told_where_they_may_not_open_on_paper() -> None:
    peers = Recorder()
    actor = risk(peers, PAPER)

    def holds() -> dict[str, tuple[str, ...]]:
        return {peer: arguments[0] for peer, method, arguments in peers.told if method == "hold"}

    assert holds() == {"runner:dca": (), "runner:grid": ()}
    actor.halt(BTC, "news", "hand")
    assert holds() == {"runner:dca": (BTC,), "runner:grid": (BTC,)}
    lose_on_paper(actor)
    assert holds() == {"runner:dca": (BTC, ETH), "runner:grid": (BTC,)}
    actor.resume(BTC)
    actor.reset("kill_runner:dca")
    assert holds() == {"runner:dca": (), "runner:grid": ()}


def test_paper_beside_trading_goes_on_to_be_compared_with_until_its_own_switch_trips() -> None:
    peers = Recorder()
    actor = risk(peers)
    peers.told.clear()
    actor.halt("", "news", "hand")
    assert not [method for _, method, _ in peers.told if method == "hold"]
    lose_on_paper(actor)
    assert ("runner:dca", "hold", ((BTC, ETH),)) in peers.told


def test_a_stop_out_is_followed_by_a_cooldown_of_that_strategy_on_that_symbol() -> None:
    peers = Recorder()
    actor = risk(peers)
    actor.on_plans((plan("dca", BTC), plan("dca", ETH)))
    actor.on_trades((stopped(),))
    assert not last_rungs(peers, BTC)
    assert last_rungs(peers, ETH)
    assert [r.code for r in peers.recorded(TargetRefused)] == ["cooldown"]
    again = risk(peers)
    assert codes(again) == ["cooldown"]
    again.on_equity(mark("dca", 1000.0, T0 + 60 * MINUTE_MS))
    assert codes(again) == []
    assert last_rungs(peers, BTC)


@pytest.mark.parametrize("trade", [
    stopped(reason="target"), stopped(scope="paper"), stopped(T0 - 60 * MINUTE_MS),
], ids=["a target", "on paper while it trades", "long ago"])
def test_what_begins_no_cooldown(trade: TradeClosed) -> None:
    actor = risk(Recorder())
    actor.on_equity(mark("dca", 1000.0))
    actor.on_trades((trade,))
    assert codes(actor) == []


def test_reducing_by_hand_ends_when_what_is_open_has_closed() -> None:
    peers = Recorder()
    actor = risk(peers)
    actor.on_plans((plan("dca", BTC), plan("dca", ETH)))
    actor.on_protection((seen(BTC, 1), seen(ETH, 1)))
    actor.reduce("", "enough", "hand")
    assert not last_rungs(peers, BTC)
    actor.on_protection((seen(BTC, 0),))
    assert codes(actor) == ["reducing"]
    actor.on_protection((seen(ETH, 0),))
    assert codes(actor) == []
    assert last_rungs(peers, BTC)


def test_a_position_that_nobody_opened_counts_and_keeps_us_off_its_symbol() -> None:
    peers = Recorder()
    actor = risk(peers, TRADED._replace(limits=LIMITS.model_copy(update={"max_positions": 1})))
    actor.on_protection((seen(BTC, 1),))
    actor.on_plans((plan("dca", BTC), plan("dca", ETH)))
    refused = {r.symbol: r.code for r in peers.recorded(TargetRefused)}
    assert refused == {BTC: "foreign_position", ETH: "max_positions"}
    assert "foreign_position" in [a.kind for a in peers.recorded(AlertRaised)]


def test_positions_on_symbols_that_we_do_not_trade_count_too() -> None:
    peers = Recorder()
    actor = risk(peers)
    actor.on_plans((plan("dca", BTC),))
    strange = VenuePosition("XRP-USDT", 1, 100.0, 2.0, 10.0, "isolated", 900.0, 2.0, None, 0.0, 0)
    actor.on_positions((strange,))
    assert [r.code for r in peers.recorded(TargetRefused)] == ["margin_use"]
    actor.on_protection((ProtectionSeen(T0, 1, "XRP-USDT", 1, 100.0, 2.0, 1.9, None, None, 0),))  # with its real margin
    assert actor.states()["positions"] == 1
    assert not last_rungs(peers)
    actor.on_positions(())
    assert last_rungs(peers)


def test_what_was_open_on_a_symbol_that_is_no_longer_traded_is_forgotten() -> None:
    peers = Recorder()
    actor = risk(peers)
    actor.on_protection((seen(BTC, 1), seen(ETH, 1)))
    actor.stop()
    alone = (Watched("dca", "runner:dca", (BTC,)),)
    assert risk(peers, TRADED._replace(runners=alone)).states()["positions"] == 1


def test_what_was_cut_down_is_told_with_both_sizes() -> None:
    peers = Recorder()
    actor = risk(peers, TRADED._replace(limits=LIMITS.model_copy(update={"risk_per_trade": 0.005})))
    actor.on_plans((plan("dca", BTC),))
    (refused,) = peers.recorded(TargetRefused)
    (rung,) = last_rungs(peers)
    assert (refused.code, refused.level, refused.wanted) == ("risk_per_trade", 0, 1.0)
    assert refused.granted == rung.quantity < 1.0


def test_what_may_be_risked_grows_and_shrinks_with_the_strategys_money() -> None:
    """Two symbols of 1000 each: with 1910 in all each has 955."""
    peers = Recorder()
    actor = risk(peers, TRADED._replace(limits=LIMITS.model_copy(update={"risk_per_trade": 0.005})))
    actor.on_plans((plan("dca", BTC),))
    (before,) = last_rungs(peers)
    actor.on_equity(mark("dca", 2000.0, scope="live"))
    actor.on_plans((plan("dca", BTC, 2, row_ms=120_000),))
    assert last_rungs(peers) == (before,)
    actor.on_equity(mark("dca", 1910.0, T0 + 1, scope="live"))
    actor.on_plans((plan("dca", BTC, 3, row_ms=180_000),))
    assert last_rungs(peers)[0].quantity == pytest.approx(before.quantity * 0.955)


def test_it_shows_what_is_at_stake_and_what_is_used() -> None:
    peers = Recorder()
    actor = risk(peers)
    actor.on_plans((plan("dca", BTC, rungs=(Rung(1, 85.0, 1.0, 75.0),), quantity=1.0, filled=1, stop=80.0),))
    actor.on_balance(Balance(1000.0, 900.0))
    actor.on_protection((seen(BTC, 1),))
    actor.halt(ETH, "news", "hand")  # shows at once
    shown = [e for _, method, arguments in peers.told if method == "on" for e in arguments[0]
             if isinstance(e, RiskShown)][-1]
    (exposure,) = shown.exposures
    assert (exposure.strategy, exposure.quantity, exposure.average, exposure.stop) == ("dca", 1.0, 90.0, 80.0)
    assert [r.level for r in exposure.rungs] == [1]
    used = {(u.code, u.subject): u.used for u in shown.used}
    assert used["margin_use", ""] == pytest.approx(0.03)
    assert used["max_positions", ""] == 1
    assert used["correlation", "majors long"] == 1
    assert used["risk_per_trade", "dca BTC-USDT"] == pytest.approx((10 + 90 * 0.0006 + 80 * 0.0011) / 1000)
    assert used["kill_real", ""] == 0


def test_what_comes_before_the_ledger_does_not_replace_what_was_saved() -> None:
    peers = Recorder()
    risk(peers).halt(BTC, "news", "hand")
    peers.away = True
    early = RiskActor(TRADED, peers)  # type: ignore[arg-type]
    early.halt(ETH, "more news", "hand")
    peers.away = False
    early.health()
    assert set(risk(peers).states()["halts"]) == {BTC, ETH}


causes = st.builds(
    Cause, st.sampled_from(["halted", "cooldown", "kill_runner"]), st.sampled_from(State), st.sampled_from(["", BTC]),
    st.sampled_from(["", "dca"]), st.text(max_size=5), st.integers(0, T0), st.just("x"), st.integers(0, T0),
)
watches = st.lists(st.floats(0, 1e6), min_size=1, max_size=5).map(
    lambda equities: [w := None, *[w := watch_of(w, T0 + i * MINUTE_MS, e) for i, e in enumerate(equities)]][-1]
)
plans = st.builds(
    lambda level, price, leave: PlanChanged(
        T0, 7, Target("dca", BTC, T0, 0, 1, (Rung(level, price, 1.0, 9.0),), 1, 2.0, None, 3.0, leave, 4.0), 5.0
    ),
    st.integers(0, 7), st.none() | st.floats(1, 1e5), st.booleans(),
)


@given(
    st.lists(causes, max_size=3), st.dictionaries(st.sampled_from(["account", "paper:dca"]), watches),
    st.lists(plans, max_size=2), st.booleans(),
)
def test_what_is_remembered_is_what_was_known(found: list, money: dict, wanted: list, may: bool) -> None:
    position = VenuePosition(BTC, -1, 0.1, 9.5, 3.0, "isolated", 1.0, 9.5, None, 0.0, 0)
    memory = Memory(
        tuple(found), money, ("dca", "grid"), {BTC: "dca"}, (position,), tuple(wanted),
        {("dca", BTC): Selected(may, "why", 0.5)},
    )
    assert unpacked(packed(memory)) == memory


def test_a_snapshot_of_the_version_before_is_understood() -> None:
    old = b'{"halts": {"BTC-USDT": "news"}, "owners": {}, "positions": [], "plans": []}'
    (halt,) = unpacked(old).causes
    assert (halt.code, halt.symbol, halt.reason, halt.state) == ("halted", BTC, "news", State.HALTED)
