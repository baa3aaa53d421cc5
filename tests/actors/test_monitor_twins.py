"""When a trade is put beside its twin, and that it is so once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.ledger import Ledger
from actors.monitor_twins import Held, Twins
from core.messages import AlertRaised, FillRole, Severity, TargetRefused
from core.monitor_messages import TradeCompared
from core.order import OrderStatus
from engine.client_ids import encode, tag
from storage.records import Query
from tests import messages
from tests.messages import T0

HOUR, MINUTE = 3_600_000, 60_000
BTC = "BTC-USDT"
FLAT = {BTC: Held(0.0, 0.0)}
LATER = T0 + 24 * HOUR


class Books:
    """A ledger, and twins that read it; ``again`` is what a restart leaves."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger(f"sqlite:///{folder}/ledger.sqlite")
        self.twins = Twins("envelope_dca")

    def again(self) -> None:
        self.twins = Twins("envelope_dca")

    async def ask(self, kind: str, query: Query) -> Any:
        return getattr(self.ledger, kind)(query)

    async def told(self, held: dict[str, Held] = FLAT, now_ms: int = LATER) -> list[TradeCompared]:
        found = await self.twins.compared(self.ask, held, now_ms)
        self.ledger.record(found)
        return found

    def trade(self, scope: str, cycle: int, opened_h: float, hours: float = 1.0, **changes: Any) -> None:
        opened_ms = T0 + round(opened_h * HOUR)
        closed_ms = opened_ms + round(hours * HOUR)
        self.ledger.record([
            messages.trade(cycle, scope=scope, opened_ms=opened_ms, ts_ms=closed_ms, **changes)
        ])


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    made = Books(tmp_path)
    yield made
    made.ledger.stop()


async def test_a_pair_is_told_once_a_restart_in_between_included(books: Books) -> None:
    books.trade("paper", 0, 0)
    books.trade("live", 0, 0)
    books.trade("paper", 1, 5)
    books.trade("live", 1, 5)
    assert [(c.match, c.live_cycle, c.paper_cycle, c.cause) for c in await books.told()] == [
        ("twin", 0, 0, ""), ("twin", 1, 1, "")
    ]
    assert await books.told() == []
    books.again()
    assert await books.told() == []


async def test_a_live_trade_waits_for_a_twin_that_is_open_still(books: Books) -> None:
    books.trade("live", 0, 0)
    assert await books.told({BTC: Held(paper=0.02, live=0.0)}) == []
    books.trade("paper", 0, 0, hours=2.0)
    (found,) = await books.told()
    assert (found.match, found.closed_late_ms) == ("twin", -HOUR)


async def test_a_trade_alone_is_told_after_two_minutes_when_the_other_side_is_flat(books: Books) -> None:
    books.trade("live", 0, 0)
    assert await books.told(now_ms=T0 + HOUR + 2 * MINUTE - 1) == []
    (found,) = await books.told(now_ms=T0 + HOUR + 2 * MINUTE)
    assert (found.match, found.live_cycle, found.paper_cycle) == ("extra", 0, None)


async def test_cycles_may_be_numbered_otherwise_after_one_was_missed(books: Books) -> None:
    books.trade("paper", 0, 0)
    books.trade("paper", 1, 5)
    books.trade("live", 0, 5)
    assert sorted((c.match, c.live_cycle, c.paper_cycle) for c in await books.told()) == [
        ("missed", None, 0), ("twin", 0, 1)
    ]


async def test_what_risk_refused_was_missed_by_refusal_unless_entries_rested(books: Books) -> None:
    books.ledger.record([
        TargetRefused(T0 - HOUR, 1, "envelope_dca", BTC, "margin_use", "margin would be 800.00"),
        TargetRefused(T0 + 30 * HOUR, 2, "envelope_dca", BTC, "later", "has nothing to do with it"),
    ])
    books.trade("paper", 0, 0)
    (refused,) = await books.told()
    assert (refused.cause, refused.detail) == ("refusal", "no live twin: margin_use: margin would be 800.00")
    mine = encode(tag("envelope_dca", BTC), 0, FillRole.ENTRY, 0, T0, 0)
    books.ledger.record([messages.shown(
        ts_ms=T0 + 6 * HOUR, client_id=mine, created_ms=T0 + 4 * HOUR, status=OrderStatus.CANCELLED
    )])
    books.trade("paper", 1, 5)
    (rested,) = await books.told()
    assert rested.cause == "fill"


async def test_a_position_that_was_closed_by_hand_says_so(books: Books) -> None:
    books.trade("paper", 0, 0)
    books.trade("live", 0, 0, reason="exit")
    books.ledger.record([messages.fill(ts_ms=T0 + HOUR // 2, cycle=0, role=FillRole.FOREIGN, level=-1)])
    (found,) = await books.told()
    assert (found.match, found.cause) == ("twin", "manual")


async def test_what_somebody_closed_through_us_was_closed_by_hand_too(books: Books) -> None:
    books.trade("live", 0, 0, reason="exit")
    books.trade("paper", 0, 0, hours=2.0)
    books.trade("live", 1, 5, reason="exit")
    books.trade("paper", 1, 5, hours=2.0)
    books.ledger.record([AlertRaised(T0 + HOUR // 2, 1, "risk", "closing", Severity.WARNING, "enough", BTC)])
    assert [(c.live_cycle, c.cause) for c in await books.told()] == [(0, "manual"), (1, "fill")]


async def test_a_symbol_of_which_the_runner_says_nothing_waits(books: Books) -> None:
    books.trade("live", 0, 0)
    assert await books.told({}) == []
