"""What positions earned by the exchange's own account is told once, however late and however often it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from actors import executor_settlements
from actors.executor_settlements import Settlements
from core.errors import RetryLater
from core.messages import PositionSettled
from core.position import ClosedPosition

BTC = "BTC-USDT"
FIRST = ClosedPosition("p1", BTC, 1, 2.0, 100.0, 110.0, 20.0, -0.5, 0.3, 19.2, 1_000, 60_000)
SECOND = FIRST._replace(position_id="p2", opened_ms=70_000, closed_ms=130_000, net=-4.0)


class History:
    """Answers in turn; the last one again and again."""

    def __init__(self, *answers: list[ClosedPosition] | Exception) -> None:
        self.answers, self.asked = list(answers), list[int]()

    async def position_history(self, symbol: str, from_ms: int) -> list[ClosedPosition]:
        self.asked.append(from_ms)
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [p for p in answer if p.closed_ms >= from_ms]


class Desk:
    def __init__(self, history: History) -> None:
        self.told: list[PositionSettled] = []
        self.missing: list[str] = []
        self.settlements = Settlements(history, self.told.append, self.missing.append)  # type: ignore[arg-type]


@asynccontextmanager
async def at_work(history: History) -> AsyncIterator[Desk]:
    desk = Desk(history)
    task = asyncio.create_task(desk.settlements.run())
    try:
        async with asyncio.timeout(5):
            yield desk
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor_settlements, "_WAITS_S", (0.0, 0.005, 0.005))


async def until(told: list[PositionSettled] | list[str], count: int) -> None:
    while len(told) < count:
        await asyncio.sleep(0.002)


async def test_each_position_is_told_once_with_funding_and_fees_as_in_a_trade() -> None:
    async with at_work(History([FIRST, SECOND])) as desk:
        desk.settlements.ended(BTC, 60_000)
        await until(desk.told, 2)
        desk.settlements.ended(BTC, 130_004)
        desk.settlements.ended("ETH-USDT", 900_000)
        await until(desk.missing, 1)
    first = desk.told[0]
    assert (first.ts_ms, first.sequence, first.net, first.fees, first.funding) == (60_000, 0, 19.2, 0.3, 0.5)
    assert [told.position_id for told in desk.told] == ["p1", "p2"]
    assert desk.missing == ["ETH-USDT"]


async def test_a_history_that_is_late_or_away_is_asked_again() -> None:
    async with at_work(History([], RetryLater("busy"), [FIRST])) as desk:
        desk.settlements.ended(BTC, 60_010)
        await until(desk.told, 1)
        assert not desk.missing


async def test_what_never_shows_is_said_and_what_was_told_before_is_not_asked_for() -> None:
    history = History([FIRST])
    async with at_work(history) as desk:
        desk.settlements.begin(BTC, 60_001)
        desk.settlements.ended(BTC, 130_000)
        await until(desk.missing, 1)
        assert desk.told == []
        assert set(history.asked) == {60_001}
