"""What the audit and the fills tell a human."""

from __future__ import annotations

from typing import Any

from actors.executor_eyes import Eyes
from actors.executor_mirror import Part
from actors.executor_voice import Voice
from actors.parts import ExecutorConfig
from core.messages import AlertRaised, FillRole, OrderFilled
from core.order import Execution, OpenOrder, Side
from core.position import Balance, VenuePosition
from tests.actors.test_executor_desk import LADDER, POSITION, SYMBOL, Bench


class Told:
    """Keeps what the eyes tell."""

    def __init__(self) -> None:
        self.alerts: list[tuple[str, str]] = []
        self.halts: list[str] = []

    def alert(self, kind: str, severity: str, symbol: str, detail: str) -> None:
        self.alerts.append((kind, symbol))

    def halt(self, symbol: str, reason: str) -> None:
        self.halts.append(symbol)

    def balance(self, balance: Balance) -> None:
        pass

    def elsewhere(self, positions: tuple[VenuePosition, ...]) -> None:
        pass

    def guard(self, symbol: str) -> None:
        pass

    async def patiently(self, call: Any) -> Any:
        return await call()


class Account:
    """Positions, and nothing else."""

    def __init__(self, *held: VenuePosition) -> None:
        self._held = list(held)

    async def all_open_orders(self) -> list[OpenOrder]:
        return []

    async def positions(self) -> list[VenuePosition]:
        return self._held

    async def balance(self) -> Balance:
        return Balance(1.0, 1.0)


async def audited(times: int, *held: VenuePosition) -> Told:
    told, bench = Told(), Bench(LADDER)
    eyes = Eyes(Account(*held), {SYMBOL: bench.desk}, told, told, told.patiently)  # type: ignore[arg-type]
    for _ in range(times):
        await eyes._look_at_everything()
    return told


async def test_an_account_that_was_switched_to_hedge_mode_halts_everything() -> None:
    told = await audited(1, POSITION, POSITION._replace(direction=-1))
    assert told.alerts == [("hedge_mode", SYMBOL)]
    assert told.halts == [""]


async def test_the_audit_looks_at_the_whole_account_beside_a_desk_that_has_nothing_to_do() -> None:
    told, bench = Told(), Bench(LADDER)
    other = POSITION._replace(symbol="XRP-USDT")
    held = (other, other._replace(direction=-1))
    eyes = Eyes(Account(*held), {SYMBOL: bench.desk}, told, told, told.patiently)  # type: ignore[arg-type]
    await bench.desk.settle()
    bench.desk._wake.clear()
    assert bench.desk.idle
    await eyes._look_at_everything()
    assert ("hedge_mode", "XRP-USDT") in told.alerts


def test_a_liquidation_and_a_close_by_hand_are_told_with_their_owner() -> None:
    events: list[Any] = []

    class Peers:
        def tell(self, peer: str, method: str, told: tuple[Any, ...]) -> None:
            events.extend(told)

    voice = Voice(ExecutorConfig("executor", {}, {}, {}, "isolated", "feed"), Peers())  # type: ignore[arg-type]
    for number, (role, strategy) in enumerate(
        [(FillRole.LIQUIDATION, "dca"), (FillRole.FOREIGN, "dca"), (FillRole.FOREIGN, ""), (FillRole.STOP, "dca")]
    ):
        fill = Execution(f"t{number}", "o", "", SYMBOL, Side.SELL, 60.0, 1.0, 0.1, False, number)
        voice.filled(fill, Part(strategy, 3, -1, role, 1), "")
    alerts = [(e.kind, str(e.severity), e.strategy) for e in events if isinstance(e, AlertRaised)]
    assert alerts == [
        ("liquidation", "critical", "dca"), ("manual_close", "warning", "dca"), ("foreign_fill", "info", "")
    ]
    assert sum(isinstance(e, OrderFilled) for e in events) == 4
