"""Positions on symbols that are not traded here: risk hears of them, and that they are gone."""

from __future__ import annotations

from typing import Any

from actors.executor_eyes import Eyes
from core.position import Balance, VenuePosition

STRANGE = VenuePosition("XRP-USDT", 1, 100.0, 2.0, 10.0, "isolated", 20.0, 2.0, None, 0.0, 7)


class Venue:
    """An account with nothing but what a hand opened in the exchange's app."""

    def __init__(self) -> None:
        self.held: list[VenuePosition] = []

    async def all_open_orders(self) -> list[Any]:
        return []

    async def positions(self) -> list[VenuePosition]:
        return self.held

    async def balance(self) -> Balance:
        return Balance(1000.0, 980.0)


class Desk:
    """Where it is written down what was told."""

    def __init__(self) -> None:
        self.told: list[tuple[VenuePosition, ...]] = []
        self.alerts: list[str] = []

    def elsewhere(self, positions: tuple[VenuePosition, ...]) -> None:
        self.told.append(positions)

    def alert(self, kind: str, *_: object) -> None:
        self.alerts.append(kind)

    def balance(self, _: Balance) -> None:
        """Not looked at."""


class Patience:
    async def patiently(self, call: Any) -> Any:
        return await call()


async def test_risk_hears_of_a_foreign_position_and_of_its_end() -> None:
    venue, desk = Venue(), Desk()
    eyes = Eyes(venue, {}, desk, Patience(), lambda _: None)  # type: ignore[arg-type, return-value]
    for held in ([], [STRANGE], [STRANGE], [STRANGE._replace(quantity=50.0)], []):
        venue.held = held
        await eyes._look_at_everything()
    assert desk.told == [(STRANGE,), (STRANGE._replace(quantity=50.0),), ()]
    assert desk.alerts == ["foreign_position"]
