"""What somebody else did, found by comparing one look with the next."""

from __future__ import annotations

import pytest

from actors.executor_alerts import Alerts
from actors.executor_churn import Churn
from actors.executor_strangers import Strangers
from actors.executor_watch import Watch
from core.messages import AlertRaised, FillRole, Severity
from core.order import OpenOrder, OrderKind, OrderStatus, Side
from core.position import VenuePosition
from engine.client_ids import encode, tag
from engine.reconcile import Cancel, Command, Place, PlaceStop

BTC = "BTC-USDT"
TAG = tag("dca", BTC)
HELD = VenuePosition(BTC, 1, 1.0, 100.0, 3, "isolated", 30, 100, 60, 0, 7)


def order(order_id: str, client_id: str, price: float | None = 90.0, kind: OrderKind = OrderKind.LIMIT) -> OpenOrder:
    stop = kind is OrderKind.STOP_LOSS
    return OpenOrder(
        order_id, client_id, BTC, Side.SELL if stop else Side.BUY, kind, OrderStatus.OPEN, 1.0,
        price=None if stop else price, trigger=price if stop else None,
    )


def stop(order_id: str, trigger: float) -> OpenOrder:
    return order(order_id, "", trigger, OrderKind.STOP_LOSS)


ENTRY = order("e", encode(TAG, 0, FillRole.ENTRY, 0, 0, 0))
TAKE = order("t", encode(TAG, 0, FillRole.TARGET, -1, 0, 0), 110.0)
ALIEN = order("a", "app-1", 50.0)


class Looks:
    """A watch, looking."""

    def __init__(self) -> None:
        self.watch, self.version = Watch(), 0

    def see(
        self, *orders: OpenOrder, held: VenuePosition | None = None, owned: bool = True, quiet: bool = True
    ) -> list[str]:
        found = self.watch.looked(orders, held, owned=owned, version=self.version, quiet=quiet)
        return [f.kind for f in found]


def test_an_order_of_somebody_else_is_told_once() -> None:
    looks = Looks()
    assert looks.see(ALIEN, ENTRY) == ["foreign_order"]
    assert looks.see(ALIEN, ENTRY) == []


def test_a_position_that_is_nobodys_is_told_once_for_each() -> None:
    looks = Looks()
    assert looks.see(held=HELD, owned=False) == ["foreign_position"]
    assert looks.see(held=HELD, owned=False) == []
    assert looks.see() == []
    assert looks.see(held=HELD._replace(opened_ms=9), owned=False) == ["foreign_position"]
    assert looks.see(held=HELD) == []


@pytest.mark.parametrize("mine", [ENTRY, TAKE])
def test_an_order_of_ours_that_is_gone_is_told_at_the_second_look(mine: OpenOrder) -> None:
    looks = Looks()
    looks.see(mine)
    assert looks.see() == []
    assert looks.see() == ["order_gone"]
    assert looks.see() == []


def test_an_order_that_has_filled_or_that_we_took_away_is_no_surprise() -> None:
    looks = Looks()
    looks.see(ENTRY)
    assert looks.see() == []
    looks.version += 1  # the fill that took it
    assert looks.see(held=HELD) == []
    assert looks.see(held=HELD) == []
    looks.see(TAKE, held=HELD)
    looks.watch.doing("t")
    assert looks.see(held=HELD) + looks.see(held=HELD) == []


def test_an_order_that_we_placed_is_missed_when_it_is_not_there() -> None:
    looks = Looks()
    looks.see()
    looks.watch.placed(ENTRY)
    assert looks.see() + looks.see() == ["order_gone"]


def test_a_stop_that_was_moved_is_told_unless_we_or_a_fill_moved_it() -> None:
    looks = Looks()
    assert looks.see(stop("s", 80.0), held=HELD) == []
    assert looks.see(stop("s", 75.0), held=HELD) == ["stop_moved"]
    looks.watch.doing("s")
    assert looks.see(stop("s", 80.0), held=HELD) == []
    looks.version += 1
    assert looks.see(stop("s", 70.0), held=HELD) == []
    assert looks.see(stop("s", 69.0), held=HELD, quiet=False) == []


def test_a_second_stop_is_told() -> None:
    looks = Looks()
    looks.see(stop("s", 80.0), held=HELD)
    assert looks.see(stop("s", 80.0), stop("x", 60.0), held=HELD) == ["stop_doubled"]


PLACE = Place(FillRole.ENTRY, 0, Side.BUY, 1.0, 90.0)


def test_in_any_minute_so_many_changes_pass_and_protection_always() -> None:
    churn, wanted = Churn(3), list[Command]([PLACE, PLACE, PlaceStop(1, 80.0), Cancel(ENTRY, "x"), PLACE, PLACE])
    passed, held = churn.pass_on(wanted, 1_000)
    assert (passed, held) == ([PLACE, PLACE, PlaceStop(1, 80.0), Cancel(ENTRY, "x"), PLACE], 1)
    assert churn.pass_on(wanted, 60_999) == ([PlaceStop(1, 80.0), Cancel(ENTRY, "x")], 4)
    assert churn.lately(60_999) == 3
    assert churn.pass_on([PLACE], 61_000) == ([PLACE], 0)


async def test_only_the_journal_decides_who_is_a_stranger() -> None:
    asked: list[tuple[str, ...]] = []

    async def journalled(ids: tuple[str, ...]) -> tuple[str, ...]:
        asked.append(ids)
        return ids[:1]

    strangers = Strangers([TAG], journalled)
    ids = sorted(encode(TAG, 0, FillRole.ENTRY, level, 0, 0) for level in range(3))
    strangers.ours(ids[:1])
    strangers.see([*ids, "app-1", encode(TAG, 0, FillRole.STOP, -1, 0, 0)], live=True)
    assert strangers.suspected
    assert await strangers.ask() == (ids[2],)
    assert asked == [(ids[1], ids[2])]
    strangers.ours(ids)
    assert not strangers.suspected


async def test_fills_of_a_strategy_that_is_not_ours_are_no_strangers_but_its_orders_are() -> None:
    async def journalled(ids: tuple[str, ...]) -> tuple[str, ...]:
        return ()

    strangers = Strangers([TAG], journalled)
    other = encode(tag("test_trade", BTC), 0, FillRole.ENTRY, 0, 0, 0)
    strangers.see([other], live=False)
    assert not strangers.suspected
    strangers.see([other], live=True)
    assert await strangers.ask() == (other,)


def test_the_same_alert_is_told_once_a_minute() -> None:
    told: list[AlertRaised] = []
    clock = [0]

    class Peers:
        def tell(self, peer: str, method: str, events: tuple[AlertRaised, ...]) -> None:
            told.extend(events)

    alerts = Alerts("executor", Peers(), "ledger", "", lambda: (clock[0], len(told) + 1))  # type: ignore[arg-type]
    for now in (0, 59_999, 60_000):
        clock[0] = now
        alerts.tell("stop_missing", Severity.WARNING, BTC, "at 80")
    alerts.tell("stop_missing", Severity.WARNING, BTC, "at 81")
    assert [(a.ts_ms, a.detail) for a in told] == [(0, "at 80"), (60_000, "at 80"), (60_000, "at 81")]
