"""What positions earned by the exchange's own account is told once, however late and however often it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from actors import executor_settlements
from actors.executor_mirror import Mirror
from actors.executor_settlements import Settlements
from actors.executor_start import Remembered, Start
from actors.parts import ExecutorConfig
from core.errors import RetryLater
from core.instrument import Instrument
from core.messages import FillRole, PositionSettled
from core.position import ClosedPosition
from storage.records import Page
from storage.rows import StoredEvent
from tests.actors.test_executor_desk import POSITION
from tests.messages import fill

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


class Overtaken(History):
    """Shows nothing of ETH, and while it says so for the last time BTC ends, which it shows at the second look."""

    def __init__(self) -> None:
        super().__init__([])
        self.ended = lambda: None

    async def position_history(self, symbol: str, from_ms: int) -> list[ClosedPosition]:
        self.asked.append(from_ms)
        if symbol == BTC:
            return [FIRST] if self.asked.count(from_ms) > 1 else []
        if len(self.asked) == len(executor_settlements._WAITS_S):
            self.ended()
        return []


async def test_what_ends_while_another_is_given_up_is_looked_for_as_long() -> None:
    history = Overtaken()
    async with at_work(history) as desk:
        history.ended = lambda: desk.settlements.ended(BTC, 60_000)
        desk.settlements.ended("ETH-USDT", 900_000)
        await until(desk.told, 1)
    assert [told.symbol for told in desk.told] == [BTC]
    assert desk.missing == ["ETH-USDT"]


async def test_what_ended_before_another_one_was_opened_is_looked_for_until_there_is_an_answer() -> None:
    async with at_work(History(RetryLater("busy"), [FIRST])) as desk:
        desk.settlements.begin(BTC, 1_000)
        desk.settlements.catch_up(BTC)
        await until(desk.told, 1)
        assert not desk.missing


@pytest.mark.parametrize(("told_ms", "held", "begun_ms", "ended_ms"), [
    ([], False, 1_000, [60_000]),
    ([], True, 1_000, [-1]),
    ([5_000], False, 5_001, [60_000]),
    ([60_000], False, 60_001, []),
    ([60_000], True, 60_001, []),
])
async def test_a_start_asks_for_what_has_ended_since_the_last_that_was_told(
    told_ms: list[int], held: bool, begun_ms: int, ended_ms: list[int]
) -> None:
    class Peers:
        async def request(self, *_: object) -> Page[StoredEvent]:
            return Page(tuple(StoredEvent(ts, "position_settled", "", BTC, {}) for ts in told_ms))

    class Asked:
        def __init__(self) -> None:
            self.begun, self.over = list[int](), list[int]()

        def begin(self, _: str, since_ms: int) -> None:
            self.begun.append(since_ms)

        def ended(self, _: str, ts_ms: int) -> None:
            self.over.append(ts_ms)

        def catch_up(self, _: str) -> None:
            self.over.append(-1)

    config, mirror, asked = ExecutorConfig("executor", {}, {}, {}, "isolated", "feed"), bare_mirror(), Asked()
    mirror.position = POSITION if held else None
    fills = (fill(0, ts_ms=1_000), fill(1, ts_ms=60_000, role=FillRole.TARGET))
    start = Start(config, Peers(), None)  # type: ignore[arg-type]
    await start.settle(mirror, asked, Remembered(fills, 60_000))  # type: ignore[arg-type]
    assert (asked.begun, asked.over) == ([begun_ms], ended_ms)
    await start.settle(mirror, asked, Remembered((), 70_000))  # type: ignore[arg-type]
    assert asked.begun[-1] == (told_ms[0] + 1 if told_ms else 70_000)


def bare_mirror() -> Mirror:
    return Mirror(BTC, Instrument(symbol=BTC, tick=0.1, step=0.001), {})
