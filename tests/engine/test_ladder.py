"""The stepped ladder: its state as bytes, and a book that a venue's fills move."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle import Candle
from core.errors import DataError, InputError
from core.messages import FillRole
from core.plan import AVERAGE, EXIT_LONG, EXIT_SHORT, MARKET, Level, Plan
from core.target import Rung, Target
from engine.costs import Costs
from engine.ladder import Ladder, Stepped
from tests.engine.engines import Scene, one_row
from tests.engine.scenarios import scenes

HOUR = 3_600_000
COSTS = Costs(
    maker_fee=0.001, taker_fee=0.002, slippage=0.0, leverage=2.0, capital_fraction=0.5, guard=1.0, step=0.01, tick=0.1
)
"""Capital 1000: the whole weight is a notional of 1000."""
ENTRY, TARGET, STOP, EXIT = FillRole.ENTRY, FillRole.TARGET, FillRole.STOP, FillRole.EXIT


def column(value: float) -> np.ndarray:
    return np.array([value])


def limits(d: int = 1, base: float = 100.0, **others: Any) -> Plan:
    """Half at 5 and half at 10 beyond the base, target at the base, a stop of 30 %."""
    fields: dict[str, Any] = {
        "base": column(base), "unit": column(1.0), "target": Level(column(base), moving=True),
        "stop": Level(AVERAGE, -0.3), **others,
    }
    return Plan(d, (-5.0, -10.0), (0.5, 0.5), **fields)


def market(d: int = 1, **others: Any) -> Plan:
    """Everything at market, a stop of a tenth."""
    return Plan(d, (MARKET,), (1.0,), others.pop("stop", Level(AVERAGE, -0.1)), **others)


def live(plan: Plan | None = None, costs: Costs = COSTS) -> Ladder:
    """A ladder as the live side has it, a row in force."""
    ladder = Ladder("TEST-USDT", costs, 1000.0)
    row(ladder, plan or limits())
    return ladder


def row(ladder: Ladder, plan: Plan) -> None:
    """The next row comes into force, an hour later."""
    ladder.new_row(plan, ladder.row_ms + HOUR, 1)
    ladder.enter_row()


def entry(ladder: Ladder, level: int, price: float, quantity: float, **more: Any) -> Stepped:
    return ladder.fill(ENTRY, level, price, quantity, quantity * price * 0.001, 1, **more)


def wanted(ladder: Ladder, price: float = 101.0) -> Target:
    return ladder.target("mine", price)


def rungs(ladder: Ladder, price: float = 101.0) -> list[tuple[int, float | None, float, float]]:
    return [(r.level, r.price, round(r.quantity, 9), round(r.stop, 9)) for r in wanted(ladder, price).rungs]


# state as bytes


def steps(scene: Scene, restart_at: int) -> tuple[list[Any], bytes, float]:
    """Everything that stepping through a scene gives, moving house once."""
    ladder, t, known, given = Ladder("TEST-USDT", scene.costs, scene.capital), scene.tape, -1, []
    for i in range(len(t)):
        if i == restart_at:
            state, ladder = ladder.snapshot(), Ladder("TEST-USDT", scene.costs, 1.0)
            ladder.restore(state)
            assert ladder.snapshot() == state
        while known < scene.row[i]:
            known += 1
            ladder.new_row(one_row(scene.plan, known), int(t.ts_ms[i]), 1)
        given.append(str(ladder.target("mine", float(t.open[i]))))
        candle = Candle(*(x[i].item() for x in (t.ts_ms, t.open, t.high, t.low, t.close, t.volume)))
        given.append(ladder.walk(candle, float(t.funding[i])))
    return given, ladder.snapshot(), ladder.equity(100.0)


@settings(max_examples=60, deadline=None)
@given(scenes(), st.integers(0, 24))
def test_a_restored_ladder_goes_on_as_if_nothing_had_happened(scene: Scene, restart_at: int) -> None:
    assert steps(scene, restart_at) == steps(scene, -1)


def test_a_ladder_moves_house_between_two_parts_of_a_level() -> None:
    ladder = live()
    entry(ladder, 0, 95.0, 2.0)
    other = Ladder("TEST-USDT", COSTS, 1.0)
    other.restore(ladder.snapshot())
    assert wanted(other) == wanted(ladder)
    for one in (ladder, other):
        entry(one, 0, 95.0, 3.26)
        one.fill(TARGET, -1, 100.0, 1.0, 0.1, 5)
    assert wanted(other) == wanted(ladder)
    third = Ladder("TEST-USDT", COSTS, 1.0)
    third.restore(other.snapshot())
    assert third.fill(TARGET, -1, 100.0, 4.26, 0.4, 6) == ladder.fill(TARGET, -1, 100.0, 4.26, 0.4, 6)
    assert third.snapshot() == ladder.snapshot()


GOOD = Ladder("TEST-USDT", COSTS, 1000.0).snapshot()


@pytest.mark.parametrize(
    "payload",
    [b"", b"SRL1", GOOD[:-1], GOOD + b"\0", b"XXXX" + GOOD[4:], b"{}" * 400, GOOD[4:] + GOOD[:4]],
    ids=["empty", "head", "short", "long", "magic", "json", "turned"],
)
def test_foreign_bytes_are_refused_and_change_nothing(payload: bytes) -> None:
    ladder = live()
    entry(ladder, 0, 95.0, 5.26)
    before = ladder.snapshot()
    with pytest.raises(DataError, match=r"TEST-USDT: a snapshot of \d+ bytes is not of"):
        ladder.restore(payload)
    assert ladder.snapshot() == before


def test_a_bad_plan_leaves_the_row_in_force() -> None:
    ladder = live()
    before = ladder.snapshot()
    with pytest.raises(InputError):
        ladder.new_row(Plan(2, (MARKET,), (1.0,), Level(AVERAGE, -0.1)), 5, 1)
    assert ladder.snapshot() == before


# a venue's fills


def test_a_fresh_ladder_wants_nothing() -> None:
    ladder = Ladder("TEST-USDT", COSTS, 1000.0)
    assert wanted(ladder) == Target("mine", "TEST-USDT", 0, 0, 0)
    assert (ladder.direction, ladder.quantity, ladder.average) == (0, 0.0, 0.0)
    assert (ladder.stop, ladder.take_profit, ladder.liquidation) == (None, None, None)


def test_a_row_wants_its_whole_ladder_with_the_stop_after_each_fill() -> None:
    # 500 / 95 = 5.263 and 500 / 90 = 5.555, floored to 0.01; (5.26 * 95 + 5.55 * 90) / 10.81 = 92.4329
    ladder = live()
    target = wanted(ladder)
    assert (target.direction, target.filled, target.quantity, target.stop, target.leave) == (1, 0, 0.0, None, False)
    assert target.row_ms == HOUR
    assert rungs(ladder) == [(0, 95.0, 5.26, 66.5), (1, 90.0, 5.55, 64.8)]


def test_a_whole_level_moves_the_ladder_on() -> None:
    ladder = live()
    assert entry(ladder, 0, 95.0, 5.26) == Stepped((), ())
    target = wanted(ladder)
    assert (target.direction, target.filled, target.quantity) == (1, 1, 5.26)
    assert (target.stop, target.target) == (pytest.approx(66.5), 100.0)
    assert rungs(ladder) == [(1, 90.0, 5.55, 64.8)]
    assert ladder.average == pytest.approx(95.0)


@pytest.mark.parametrize("parts", [(0.01, 5.25), (5.25, 0.01), (2.0, 3.0, 0.26), (1.0,) * 5 + (0.26,)])
def test_parts_of_a_level_add_up_to_it(parts: tuple[float, ...]) -> None:
    ladder, done = live(), 0.0
    for part in parts[:-1]:
        entry(ladder, 0, 95.0, part)
        done += part
        target = wanted(ladder)
        assert (target.filled, round(target.quantity, 9)) == (0, round(done, 9))
        assert rungs(ladder) == [(0, 95.0, round(5.26 - done, 9), 66.5), (1, 90.0, 5.55, 64.8)]
    entry(ladder, 0, 95.0, parts[-1])
    assert wanted(ladder).filled == 1
    assert rungs(ladder) == [(1, 90.0, 5.55, 64.8)]


def test_without_a_step_parts_add_up_too() -> None:
    ladder = live(costs=Costs(maker_fee=0.0, leverage=2.0, capital_fraction=0.5, guard=1.0))
    whole = wanted(ladder).rungs[0].quantity
    for part in (0.1, 0.2, 0.7):
        entry(ladder, 0, 95.0, whole * part)
    assert wanted(ladder).filled == 1


def test_the_margin_guard_counts_what_has_filled_of_a_level_once() -> None:
    """A full ladder is just within the guard: half of the last level must not push its own rest out."""
    ladder = live(costs=Costs(leverage=2.0, capital_fraction=0.5, guard=0.5, step=0.01, tick=0.1))
    entry(ladder, 0, 95.0, 5.26)
    entry(ladder, 1, 90.0, 4.0)
    assert rungs(ladder) == [(1, 90.0, 1.55, 64.8)]
    entry(ladder, 1, 90.0, 1.0)
    assert rungs(ladder) == [(1, 90.0, 0.55, 64.8)]
    assert wanted(ladder).filled == 1
    entry(ladder, 1, 90.0, 0.55)
    assert (wanted(ladder).filled, rungs(ladder)) == (2, [])


def test_the_rest_is_withdrawn_where_the_guard_has_no_room_for_it() -> None:
    ladder = live(costs=Costs(leverage=2.0, capital_fraction=0.5, guard=0.3, step=0.01, tick=0.1))
    entry(ladder, 0, 95.0, 4.0)
    assert rungs(ladder)[0][:3] == (0, 95.0, 1.26)
    ladder.new_row(limits(base=200.0), 2 * HOUR, 1)
    ladder.enter_row()
    assert wanted(ladder).rungs == ()  # 500 at 195 is 2.56, less than has filled; the next level does not fit


def test_a_rest_follows_its_level_to_the_next_row() -> None:
    ladder = live()
    entry(ladder, 0, 95.0, 2.0)
    row(ladder, limits(base=99.0))
    # 500 / 94 = 5.319, of which 2 have filled
    assert rungs(ladder)[0][:3] == (0, 94.0, 3.31)
    row(ladder, limits(0))
    assert (wanted(ladder).rungs, wanted(ladder).direction, wanted(ladder).quantity) == ((), 1, 2.0)
    row(ladder, limits())
    assert rungs(ladder)[0][:3] == (0, 95.0, 3.26)


def test_reports_of_two_levels_may_come_in_either_order() -> None:
    ladder = live()
    entry(ladder, 1, 90.0, 5.55)
    assert (wanted(ladder).filled, rungs(ladder)) == (2, [])
    entry(ladder, 0, 95.0, 5.26)
    assert (wanted(ladder).filled, rungs(ladder)) == (2, [])
    assert wanted(ladder).quantity == pytest.approx(10.81)
    assert wanted(ladder).stop == 64.8


def test_a_late_entry_keeps_the_direction_it_was_placed_in() -> None:
    ladder = live()
    row(ladder, limits(-1))
    entry(ladder, 0, 95.0, 5.26, direction=1)
    assert (ladder.direction, wanted(ladder).direction) == (1, 1)
    assert wanted(ladder).rungs == ()
    assert wanted(ladder).stop == pytest.approx(66.5)


def test_parts_of_an_exit_add_up_to_one_trade() -> None:
    ladder = live()
    entry(ladder, 0, 95.0, 5.26)
    assert ladder.equity(100.0) == pytest.approx(1000 + 5.26 * 5 - 5.26 * 0.095)
    assert ladder.fill(TARGET, -1, 100.0, 2.0, 0.2, 7) == Stepped((), ())
    target = wanted(ladder)
    assert (target.filled, target.quantity, target.stop, target.target) == (1, pytest.approx(3.26), 66.5, 100.0)
    assert ladder.equity(90.0) == pytest.approx(1000 - 5.26 * 95 + 200 + 3.26 * 90 - 5.26 * 0.095 - 0.2)
    done = ladder.fill(TARGET, -1, 101.0, 3.26, 0.3, 8)
    (trade,) = done.trades
    assert trade.exit_price == pytest.approx((200 + 3.26 * 101) / 5.26)
    assert trade.fees == pytest.approx(5.26 * 0.095 + 0.5)
    assert trade.net == pytest.approx(200 + 3.26 * 101 - 5.26 * 95 - trade.fees)
    assert (trade.reason, trade.levels, trade.cycle, trade.closed_ms) == ("target", 1, 0, 8)
    assert ladder.wallet == pytest.approx(1000 + trade.net)
    assert (ladder.cycle, ladder.direction, ladder.quantity) == (1, 0, 0.0)


@pytest.mark.parametrize(
    ("role", "reason"),
    [(STOP, "stop"), (FillRole.LIQUIDATION, "liquidation"), (FillRole.EMERGENCY, "stop"), (FillRole.FOREIGN, "stop")],
)
def test_after_an_exit_nothing_is_wanted_until_the_next_row(role: FillRole, reason: str) -> None:
    ladder = live()
    entry(ladder, 0, 95.0, 5.26)
    assert ladder.fill(role, -1, 66.5, 5.26, 0.5, 9).trades[0].reason == reason
    assert wanted(ladder) == Target("mine", "TEST-USDT", HOUR, 1, 0)
    row(ladder, limits())
    assert [r[:2] for r in rungs(ladder)] == [(0, 95.0), (1, 90.0)]
    assert wanted(ladder).rungs[0].quantity < 5.26  # of what the loss has left


def test_an_exit_while_flat_changes_nothing() -> None:
    ladder = live()
    before = ladder.snapshot()
    assert ladder.fill(STOP, -1, 66.5, 5.26, 0.5, 9) == Stepped((), ())
    assert ladder.snapshot() == before


def test_funding_is_part_of_the_trade() -> None:
    ladder = live()
    ladder.pay_funding(5.0)
    entry(ladder, 0, 95.0, 5.26)
    ladder.pay_funding(2.0)
    ladder.pay_funding(-0.5)
    assert ladder.fill(TARGET, -1, 100.0, 5.26, 0.0, 7).trades[0].funding == 1.5


def test_a_market_entry_is_wanted_in_the_first_candle_of_its_row_only() -> None:
    ladder = live(market())
    assert rungs(ladder, 100.0) == [(0, None, 10.0, 90.0)]
    ladder.expire_market()
    assert wanted(ladder, 100.0) == Target("mine", "TEST-USDT", HOUR, 0, 0)
    row(ladder, market())
    assert rungs(ladder, 50.0) == [(0, None, 20.0, 45.0)]
    entry(ladder, 0, 50.0, 20.0)
    assert (wanted(ladder, 50.0).filled, wanted(ladder, 50.0).rungs) == (1, ())


def test_a_market_entry_may_come_in_three_parts() -> None:
    ladder = live(market())
    for part in (4.0, 3.0, 3.0):
        entry(ladder, 0, 100.0, part)
        assert wanted(ladder, 100.0).rungs == ()  # sent once, whatever is still on its way
    assert (wanted(ladder, 100.0).filled, wanted(ladder, 100.0).quantity) == (1, 10.0)


def test_a_limit_behind_a_market_entry_waits_for_the_next_row_without_it() -> None:
    plan = Plan(1, (MARKET, -5.0), (0.5, 0.5), Level(AVERAGE, -0.3), base=column(100.0), unit=column(1.0))
    ladder = live(plan)
    assert [r[:2] for r in rungs(ladder, 100.0)] == [(0, None), (1, 95.0)]
    entry(ladder, 0, 100.0, 5.0)
    ladder.expire_market()
    assert [r[:2] for r in rungs(ladder, 100.0)] == [(1, 95.0)]


@pytest.mark.parametrize(("d", "flag", "leaves"), [
    (1, EXIT_LONG, True), (1, EXIT_SHORT, False), (1, 3, True), (1, 0, False),
    (-1, EXIT_SHORT, True), (-1, EXIT_LONG, False),
])
def test_an_exit_flag_leaves_its_side_until_it_has_left(d: int, flag: int, leaves: bool) -> None:
    ladder = live(limits(d))
    entry(ladder, 0, 100.0 - d * 5.0, 4.0)
    row(ladder, limits(d, exit=np.array([flag], np.int8)))
    target = wanted(ladder)
    assert target.leave is leaves
    assert (target.direction, target.quantity) == (d, 4.0)
    assert bool(target.rungs) is not leaves
    ladder.expire_market()
    assert wanted(ladder).leave is leaves  # an exit that was refused is asked for again


def test_an_exit_flag_without_a_position_leaves_nothing() -> None:
    assert not wanted(live(limits(exit=np.array([3], np.int8)))).leave


def test_leaving_on_a_flag_may_be_followed_by_the_other_side_at_once() -> None:
    ladder = live(market())
    entry(ladder, 0, 100.0, 10.0)
    row(ladder, market(-1, exit=np.array([EXIT_LONG], np.int8)))
    assert (wanted(ladder, 100.0).leave, wanted(ladder, 100.0).rungs) == (True, ())
    assert ladder.fill(EXIT, -1, 100.0, 10.0, 0.0, 9).trades[0].reason == "exit"
    target = wanted(ladder, 100.0)
    assert (target.direction, target.leave, target.cycle) == (-1, False, 1)
    assert target.rungs[0] == Rung(0, None, pytest.approx(9.99, abs=0.02), pytest.approx(110.0))


def test_a_position_leaves_when_it_is_too_old() -> None:
    ladder = live(limits(max_hold=2))
    entry(ladder, 0, 95.0, 5.26)
    leaves = []
    for _ in range(4):
        leaves.append(wanted(ladder).leave)
        ladder.expire_market()
        assert wanted(ladder).leave is leaves[-1]
        row(ladder, limits(max_hold=2))
    assert leaves == [False, False, True, True]


def test_nothing_is_wanted_where_it_would_be_refused() -> None:
    assert wanted(live(limits(stop=Level(column(96.0))))).rungs == ()
    assert wanted(live(limits(stop=Level(column(np.nan))))).rungs == ()
    assert wanted(live(costs=Costs(min_notional=5000.0))).rungs == ()
