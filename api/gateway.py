"""The port to the rest of the system: everything the API shows or asks for."""

from __future__ import annotations

from typing import Any, Protocol

from api.health_models import Health
from api.house import HousePort
from api.models import (
    CommandResult,
    EquityPage,
    FillPage,
    OrderPage,
    Position,
    Runner,
    Scope,
)
from api.monitor_models import Arena, ChangePage, DivergencePage, Selection
from api.queue import QueuePort
from api.research import ResearchPort
from api.review import ReviewPort
from api.risk import RiskPort
from api.watch import WatchPort
from api.watch_models import Now
from storage.records import Query


class Unavailable(Exception):
    """A part of the system does not answer; the message says which. Worth trying again."""


class Gateway(Protocol):
    """Views of the present never wait for trading; history and commands raise `Unavailable` when nobody answers."""

    @property
    def research(self) -> ResearchPort:
        """Results of optimisations."""

    @property
    def queue(self) -> QueuePort:
        """Optimisations to come."""

    @property
    def risk(self) -> RiskPort:
        """What risk knows."""

    @property
    def review(self) -> ReviewPort:
        """Trades and equity, looked back upon."""

    @property
    def watch(self) -> WatchPort:
        """Candles, conditions, ladders."""

    @property
    def house(self) -> HousePort:
        """Events, commands thought through, actors, market data."""

    async def health(self) -> Health:
        """How everything is."""

    async def now(self) -> Now:
        """The five answers."""

    async def runners(self) -> tuple[Runner, ...]:
        """Every strategy, by name."""

    async def arena(self, scope: Scope) -> Arena:
        """Strategies against one another, best first."""

    async def selection(self) -> Selection:
        """Who may open positions with real money."""

    async def selections(self, query: Query) -> ChangePage:
        """What changed of that, newest first."""

    async def divergence(self, query: Query) -> DivergencePage:
        """Live trades beside their paper twins, newest first."""

    async def positions(self) -> tuple[Position, ...]:
        """Open positions, those without protection first."""

    async def fills(self, query: Query) -> FillPage:
        """Fills, newest first."""

    async def orders(self, query: Query) -> OrderPage:
        """Orders as last seen, newest first."""

    async def equity(self, query: Query) -> EquityPage:
        """Equity points, newest first."""

    async def halt(self, symbol: str, reason: str, origin: str) -> CommandResult:
        """No new entries for a symbol ('' for all) until a human resumes; kept in the audit."""

    async def reduce(self, symbol: str, reason: str, origin: str) -> CommandResult:
        """Only exits, until what is open there has closed, or a human resumes; kept in the audit."""

    async def close_position(self, symbol: str, reason: str, origin: str) -> CommandResult:
        """Leave a position at market; nothing opens there until a human resumes. Raises InputError for no such one."""

    async def resume(self, symbol: str, reason: str, origin: str) -> CommandResult:
        """End a halt or a reduction; kept in the audit."""

    async def reset(self, switch: str, reason: str, origin: str) -> CommandResult:
        """Reset a kill switch; kept in the audit. Raises InputError for one that has not tripped."""

    async def refused(self, kind: str, origin: str) -> None:
        """Keep a command with a wrong key in the audit."""

    def version(self) -> int:
        """Grows whenever something that a topic shows may have changed."""

    def topic(self, name: str) -> dict[str, Any]:
        """JSON values of one of `api.topics.TOPICS` by key."""

    def exchange_ms(self) -> int:
        """The exchange's time as far as it is known."""

    def pulse(self) -> dict[str, Any]:
        """A heartbeat: server and exchange time, overall word, age of every feed."""
