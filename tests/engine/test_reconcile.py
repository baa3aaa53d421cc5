from __future__ import annotations

import pytest

from core.instrument import Instrument
from core.messages import FillRole
from core.order import OpenOrder, OrderKind, OrderStatus, Side
from core.position import VenuePosition
from core.target import Rung, Target
from engine.client_ids import encode, tag
from engine.reconcile import (
    Amend,
    AmendStop,
    Cancel,
    Circumstances,
    ClosePosition,
    Command,
    Place,
    PlaceStop,
    reconcile,
)

RULES = Instrument(symbol="BTC-USDT", tick=0.1, step=0.001, min_quantity=0.001, min_notional=5)
TAG = tag("dca", "BTC-USDT")
RUNGS = (Rung(0, 90.0, 1.0, 70.0), Rung(1, 80.0, 1.0, 65.0))


def facts(filled: dict[int, float] | None = None, **changes: object) -> Circumstances:
    return Circumstances(RULES, TAG, filled or {})._replace(**changes)  # type: ignore[arg-type]


def target(**changes: object) -> Target:
    return Target("dca", "BTC-USDT", 0, 3, 1, RUNGS)._replace(**changes)  # type: ignore[arg-type]


def held(quantity: float = 1.0, direction: int = 1, average: float = 90.0) -> VenuePosition:
    return VenuePosition("BTC-USDT", direction, quantity, average, 3, "isolated", 30, average, 62, 0, 1)


def order(role: FillRole, level: int, price: float, quantity: float = 1.0, **changes: object) -> OpenOrder:
    side = Side.BUY if role is FillRole.ENTRY else Side.SELL
    made = OpenOrder(
        f"{role}{level}", encode(TAG, 3, role, level, 0, 0), "BTC-USDT", side, OrderKind.LIMIT, OrderStatus.OPEN,
        quantity, price=price, reduce_only=role is not FillRole.ENTRY,
    )
    return made._replace(**changes)  # type: ignore[arg-type]


def rung_orders(*levels: int) -> list[OpenOrder]:
    return [order(FillRole.ENTRY, k, RUNGS[k].price or 0.0, stop=RUNGS[k].stop) for k in levels]


def stop(trigger: float, side: Side = Side.SELL, order_id: str = "stop") -> OpenOrder:
    return OpenOrder(
        order_id, "", "BTC-USDT", side, OrderKind.STOP_LOSS, OrderStatus.OPEN, 0.0, trigger=trigger,
        trigger_source="mark",
    )


open_one = {"filled": 1, "quantity": 1.0, "stop": 70.0, "target": 100.0, "rungs": RUNGS[1:]}
TP = order(FillRole.TARGET, -1, 100.0)

PLACE_0 = Place(FillRole.ENTRY, 0, Side.BUY, 1.0, 90.0, stop=70.0)
PLACE_1 = Place(FillRole.ENTRY, 1, Side.BUY, 1.0, 80.0, stop=65.0)
PLACE_TP = Place(FillRole.TARGET, -1, Side.SELL, 1.0, 100.0, reduce_only=True)

CASES: list[tuple[str, Target | None, list[OpenOrder], VenuePosition | None, Circumstances, tuple[Command, ...]]] = [
    ("nothing wanted, nothing there", None, [], None, facts(), ()),
    ("a fresh ladder is placed, each rung with its stop", target(), [], None, facts(), (PLACE_0, PLACE_1)),
    ("a ladder that rests is left alone", target(), rung_orders(0, 1), None, facts(), ()),
    (
        "a rung that moved is amended in place", target(),
        [order(FillRole.ENTRY, 0, 91.0, stop=70.0), *rung_orders(1)], None, facts(),
        (Amend(order(FillRole.ENTRY, 0, 91.0, stop=70.0), FillRole.ENTRY, 0, 1.0, 90.0, 70.0),),
    ),
    (
        "a row that turned while flat withdraws the other side first", target(rungs=RUNGS[:1]),
        [order(FillRole.ENTRY, 0, 110.0, side=Side.SELL, stop=130.0)], None, facts(),
        (Cancel(order(FillRole.ENTRY, 0, 110.0, side=Side.SELL, stop=130.0), "on the other side"), PLACE_0),
    ),
    (
        "a partly filled rung that moved is withdrawn and placed anew", target(**{**open_one, "quantity": 0.25}),
        [stop(70.0), TP._replace(quantity=0.25), order(FillRole.ENTRY, 1, 81.0, quantity=1.25, filled=0.25, stop=65.0)],
        held(0.25), facts({1: 0.25}),
        (Cancel(order(FillRole.ENTRY, 1, 81.0, quantity=1.25, filled=0.25, stop=65.0),
                "partly filled, to be placed anew"), PLACE_1),
    ),
    (
        "a rung whose stop moved is amended", target(),
        [order(FillRole.ENTRY, 0, 90.0, stop=69.0), *rung_orders(1)], None, facts(),
        (Amend(order(FillRole.ENTRY, 0, 90.0, stop=69.0), FillRole.ENTRY, 0, 1.0, 90.0, 70.0),),
    ),
    ("half a tick is not a difference", target(), [order(FillRole.ENTRY, 0, 90.04, stop=70.0), *rung_orders(1)],
     None, facts(), ()),
    (
        "rungs without direction are withdrawn", target(direction=0, rungs=()), rung_orders(0, 1), None, facts(),
        tuple(Cancel(o, "entry no longer wanted") for o in rung_orders(0, 1)),
    ),
    (
        "a halted symbol loses its entries", target(), rung_orders(0), None, facts(entries_allowed=False),
        (Cancel(rung_orders(0)[0], "entry no longer wanted"),),
    ),
    (
        "an entry of the cycle before is withdrawn",
        target(cycle=4, rungs=()), rung_orders(0), None, facts(),
        (Cancel(rung_orders(0)[0], "entry no longer wanted"),),
    ),
    (
        "a doubled rung is withdrawn", target(rungs=RUNGS[:1]),
        [*rung_orders(0), rung_orders(0)[0]._replace(order_id="z")],
        None, facts(), (Cancel(rung_orders(0)[0]._replace(order_id="z"), "doubled"),),
    ),
    (
        "foreign orders are left alone", target(rungs=()),
        [OpenOrder("x", "mine", "BTC-USDT", Side.BUY, OrderKind.LIMIT, OrderStatus.OPEN, 1.0, price=50.0)],
        None, facts(), (),
    ),
    (
        "a market rung is sent once", target(rungs=(Rung(0, None, 1.0, 70.0),)), [], None, facts(),
        (Place(FillRole.ENTRY, 0, Side.BUY, 1.0, None, stop=70.0),),
    ),
    (
        "the fill's own stop stays while the runner has not seen the fill",
        target(), [stop(70.0), *rung_orders(1)], held(), facts({0: 1.0}, settled=False), (),
    ),
    (
        "a fill without a stop gets the one that its rung carried",
        target(), rung_orders(1), held(), facts({0: 1.0}, settled=False), (PlaceStop(1, 70.0),),
    ),
    (
        "an open position gets its take profit", target(**open_one), [stop(70.0), *rung_orders(1)], held(),
        facts({0: 1.0}), (PLACE_TP,),
    ),
    ("an open position as wanted is left alone", target(**open_one), [stop(70.0), TP, *rung_orders(1)], held(),
     facts({0: 1.0}), ()),
    (
        "a stop that must move is moved in place", target(**open_one), [stop(69.0), TP, *rung_orders(1)], held(),
        facts({0: 1.0}), (AmendStop(stop(69.0), 70.0),),
    ),
    (
        "a missing stop comes before everything else", target(**open_one), rung_orders(1), held(), facts({0: 1.0}),
        (PlaceStop(1, 70.0), PLACE_TP),
    ),
    (
        "of two stops the right one stays", target(**open_one),
        [stop(60.0, order_id="a"), stop(70.0), TP, *rung_orders(1)],
        held(), facts({0: 1.0}), (Cancel(stop(60.0, order_id="a"), "a second stop"),),
    ),
    (
        "a stop on the wrong side is replaced", target(**open_one), [stop(99.0, Side.BUY), TP, *rung_orders(1)], held(),
        facts({0: 1.0}), (PlaceStop(1, 70.0), Cancel(stop(99.0, Side.BUY), "stop on the wrong side")),
    ),
    (
        "leaving goes to market, the take profit out of its way",
        target(**{**open_one, "rungs": (), "leave": True}), [stop(70.0), TP], held(), facts({0: 1.0}),
        (Cancel(TP, "leaving at market"), ClosePosition(FillRole.EXIT, 1, 1.0)),
    ),
    (
        "after an exit the rest of the ladder is withdrawn at once", target(**open_one), [*rung_orders(1)], None,
        facts({0: 1.0}), (Cancel(rung_orders(1)[0], "the cycle has ended"),),
    ),
    ("a stop without position is withdrawn", target(rungs=()), [stop(70.0)], None, facts(),
     (Cancel(stop(70.0), "stop without a position"),)),
    ("an orphan is protected", None, [], held(average=100.0), facts(), (PlaceStop(1, 95.0),)),
    (
        "an orphan that has lost already is protected behind the price", None, [],
        held(average=100.0)._replace(mark=80.0), facts(), (PlaceStop(1, 76.0),),
    ),
    (
        "a short orphan too", None, [], held(direction=-1, average=100.0)._replace(mark=110.0, liquidation=140.0),
        facts(), (PlaceStop(-1, 115.5),),
    ),
    ("a protected orphan is left alone", None, [stop(70.0)], held(average=100.0), facts(), ()),
    ("a stop behind liquidation is moved before it", None, [stop(50.0)], held(average=100.0), facts(),
     (AmendStop(stop(50.0), 63.0),)),
    ("a new stop stands before liquidation too", None, [], held(average=63.0), facts(), (PlaceStop(1, 62.5),)),
    ("a stop of another price source is set anew in place", None, [stop(70.0)], held(average=100.0),
     facts(trigger_source="last"), (AmendStop(stop(70.0), 70.0),)),
    ("a stop that would execute at a limit price is set anew in place", None, [stop(70.0)._replace(price=69.0)],
     held(average=100.0), facts(), (AmendStop(stop(70.0)._replace(price=69.0), 70.0),)),
    ("beside somebody's position our ladder is withdrawn", target(), [stop(70.0), *rung_orders(0, 1)],
     held(average=100.0), facts(), tuple(Cancel(o, "entry no longer wanted") for o in rung_orders(0, 1))),
    ("what cannot be amended is withdrawn and placed anew", target(**{**open_one, "rungs": ()}),
     [stop(70.0), TP._replace(price=101.0)], held(), facts({0: 1.0}, unamendable=frozenset({TP.order_id})),
     (Cancel(TP._replace(price=101.0), "cannot be amended, to be placed anew"), PLACE_TP)),
    (
        "a partly filled take profit covers what is left", target(**{**open_one, "quantity": 0.4, "rungs": ()}),
        [stop(70.0), TP._replace(filled=0.6)], held(0.4), facts({0: 1.0}), (),
    ),
    (
        "the take profit grows with the position",
        target(**{**open_one, "quantity": 2.0, "filled": 2, "rungs": (), "target": 98.0}), [stop(70.0), TP], held(2.0),
        facts({0: 1.0, 1: 1.0}), (Amend(TP, FillRole.TARGET, -1, 2.0, 98.0, None),),
    ),
    (
        "a partly filled rung rests on", target(), [order(FillRole.ENTRY, 0, 90.0, filled=0.25, stop=70.0), stop(70.0),
         *rung_orders(1)], held(0.25), facts({0: 0.25}, settled=False), (),
    ),
]


@pytest.mark.parametrize(
    ("wanted", "orders", "position", "circumstances", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_what_is_sent(
    wanted: Target | None, orders: list[OpenOrder], position: VenuePosition | None, circumstances: Circumstances,
    expected: tuple[Command, ...],
) -> None:
    assert reconcile(wanted, orders, position, circumstances) == expected
