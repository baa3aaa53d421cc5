from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.instrument import Instrument
from core.messages import FillRole
from core.order import OpenOrder, OrderKind, OrderStatus, Side
from core.position import VenuePosition
from core.target import Rung, Target
from engine.client_ids import decode, encode, tag
from engine.reconcile import Cancel, Circumstances, Place, PlaceStop, reconcile
from tests.engine.model_exchange import ModelExchange

pytestmark = pytest.mark.slow

SYMBOL = "BTC-USDT"
RULES = Instrument(symbol=SYMBOL, tick=0.1, step=0.001, min_quantity=0.001)
TAG = tag("dca", SYMBOL)

prices = st.integers(500, 1500).map(lambda n: n / 10)
quantities = st.integers(1, 4000).map(lambda n: n / 1000)
directions = st.sampled_from([-1, 1])


@st.composite
def targets(draw: st.DrawFn) -> Target:
    direction = draw(st.sampled_from([-1, 0, 1]))
    count = draw(st.integers(0, 4)) if direction else 0
    rungs = tuple(
        Rung(k, draw(st.none() | prices) if k == 0 else draw(prices), draw(quantities), draw(prices))
        for k in range(count)
    )
    quantity = draw(st.sampled_from([0.0, 1.0, 2.5])) if direction else 0.0
    return Target(
        "dca", SYMBOL, 0, draw(st.integers(0, 2)), direction, rungs, int(quantity > 0), quantity,
        draw(prices) if quantity else None, draw(st.none() | prices) if quantity else None,
        draw(st.booleans()) and quantity > 0,
    )


@st.composite
def live_orders(draw: st.DrawFn, i: int) -> OpenOrder:
    kind = draw(st.sampled_from(["ours", "ours", "stop", "foreign"]))
    side = draw(st.sampled_from(list(Side)))
    quantity = draw(quantities)
    if kind == "stop":  # ours, somebody's, of another price source, or with a limit price where market is the rule
        return OpenOrder(
            f"i{i}", "", SYMBOL, side, OrderKind.STOP_LOSS, OrderStatus.OPEN, 0.0, trigger=draw(prices),
            trigger_source=draw(st.sampled_from(["", "mark", "last"])), price=draw(st.none() | prices),
        )
    role = draw(st.sampled_from([FillRole.ENTRY, FillRole.TARGET, FillRole.EXIT]))
    level = draw(st.integers(0, 4)) if role is FillRole.ENTRY else -1
    owner = draw(st.sampled_from([TAG, tag("other", SYMBOL)]))
    client_id = encode(owner, draw(st.integers(0, 2)), role, level, 0, i + 500) if kind == "ours" else "somebody"
    filled = draw(st.sampled_from([0.0, 0.0, quantity / 2]))
    return OpenOrder(
        f"i{i}", client_id, SYMBOL, side, OrderKind.LIMIT, OrderStatus.OPEN, quantity, filled, draw(prices),
        reduce_only=role is not FillRole.ENTRY, stop=draw(st.none() | prices),
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[Target | None, ModelExchange, Circumstances]:
    target = draw(st.none() | targets())
    orders = tuple(draw(live_orders(i)) for i in range(draw(st.integers(0, 6))))
    position = None
    if draw(st.booleans()):
        position = VenuePosition(
            SYMBOL, draw(directions), draw(st.sampled_from([1.0, 2.5, 3.0])), draw(prices), 3, "isolated", 10, 90,
            draw(st.none() | prices), 0, 1,
        )
    filled = draw(st.dictionaries(st.integers(0, 4), quantities, max_size=3))
    stubborn = frozenset(o.order_id for o in orders if draw(st.integers(0, 3)) == 0)
    facts = Circumstances(
        RULES, TAG, filled, draw(st.booleans()), draw(st.booleans()), trigger_source="mark", unamendable=stubborn
    )
    return target, ModelExchange(SYMBOL, TAG, target.cycle if target else 0, orders, position), facts


def settle(target: Target | None, exchange: ModelExchange, facts: Circumstances) -> list[ModelExchange]:
    """The exchange before, and after the one round that there is, when there is one: then nothing is left to do.

    A market entry fills at once, and that is news: the round after it looks at another position.
    """
    rounds, news = [exchange], 0
    while len(rounds) <= 2 + news:
        filled = dict(facts.filled)
        for level, quantity in rounds[-1].market_fills.items():
            filled[level] = max(filled.get(level, 0.0), quantity)
        commands = reconcile(target, rounds[-1].orders, rounds[-1].position, facts._replace(filled=filled))
        if not commands:
            return rounds
        after = rounds[-1]
        for command in commands:
            after = after.apply(command)
        news += any(isinstance(c, Place) and c.price is None for c in commands)
        rounds.append(after)
    raise AssertionError(f"never quiet: {commands}")


@settings(max_examples=300)
@given(situations())
def test_one_round_is_enough_and_the_next_answers_with_nothing(
    situation: tuple[Target | None, ModelExchange, Circumstances],
) -> None:
    settle(*situation)


@settings(max_examples=300)
@given(situations())
def test_a_position_always_ends_up_with_exactly_one_stop_on_its_losing_side(
    situation: tuple[Target | None, ModelExchange, Circumstances],
) -> None:
    last = settle(*situation)[-1]
    stops = [o for o in last.orders if o.kind is OrderKind.STOP_LOSS]
    assert len(stops) == (last.position is not None)
    if last.position is not None:
        assert stops[0].side is Side.opening(-last.position.direction)


@settings(max_examples=300)
@given(situations())
def test_a_position_is_never_without_a_stop_once_it_has_one(
    situation: tuple[Target | None, ModelExchange, Circumstances],
) -> None:
    target, exchange, facts = situation
    if exchange.position is None:
        return
    side = Side.opening(-exchange.position.direction)
    had = any(o.kind is OrderKind.STOP_LOSS and o.side is side for o in exchange.orders)
    first = reconcile(target, exchange.orders, exchange.position, facts)
    if not had:
        assert isinstance(first[0], PlaceStop)
        return
    for command in first:
        exchange = exchange.apply(command)
        has = any(o.kind is OrderKind.STOP_LOSS and o.side is side for o in exchange.orders)
        assert has or exchange.position is None


@settings(max_examples=300)
@given(situations())
def test_what_is_not_ours_is_never_touched(situation: tuple[Target | None, ModelExchange, Circumstances]) -> None:
    target, exchange, facts = situation
    foreign = {o for o in exchange.orders if o.client_id == "somebody"}
    assert foreign <= set(settle(target, exchange, facts)[-1].orders)


@settings(max_examples=300)
@given(situations())
def test_no_entry_is_sent_when_entries_are_not_allowed(
    situation: tuple[Target | None, ModelExchange, Circumstances],
) -> None:
    target, exchange, facts = situation
    commands = reconcile(target, exchange.orders, exchange.position, facts._replace(entries_allowed=False))
    assert not [c for c in commands if isinstance(c, Place) and c.role is FillRole.ENTRY]


@settings(max_examples=300)
@given(situations())
def test_the_stop_that_remains_is_nearer_than_liquidation_and_executes_at_market(
    situation: tuple[Target | None, ModelExchange, Circumstances],
) -> None:
    last = settle(*situation)[-1]
    position = last.position
    if position is None or position.liquidation is None:
        return
    d, liquidation = position.direction, position.liquidation
    (stop,) = (o for o in last.orders if o.kind is OrderKind.STOP_LOSS)
    assert stop.price is None
    assert stop.trigger_source in ("", "mark")
    if d * (position.average - liquidation) > 2 * RULES.tick:
        assert stop.trigger is not None
        assert d * (stop.trigger - liquidation) > 0


@settings(max_examples=300)
@given(situations())
def test_beside_a_position_of_somebody_else_no_entry_is_sent_and_none_stays(
    situation: tuple[Target | None, ModelExchange, Circumstances],
) -> None:
    target, exchange, facts = situation
    if exchange.position is None or (target is not None and target.quantity > 0):
        return
    facts = facts._replace(filled={}, settled=True)
    last = settle(target, exchange, facts)[-1]
    ours = [i for o in last.orders if (i := decode(o.client_id)) and i.role is FillRole.ENTRY]
    assert not ours


@settings(max_examples=300)
@given(situations())
def test_after_the_end_of_a_cycle_nothing_is_placed(
    situation: tuple[Target | None, ModelExchange, Circumstances],
) -> None:
    target, exchange, facts = situation
    facts = facts._replace(filled={0: 1.0})
    commands = reconcile(target, exchange.orders, None, facts)
    assert all(isinstance(c, Cancel) for c in commands)
