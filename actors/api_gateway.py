"""The API's port, filled: the present from the read model, history from the ledger, commands to risk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

from loguru import logger

from actors import monitor_views, read_views, topics
from actors.api_research import NoQueue, NoResearch
from actors.house_reader import HouseReader
from actors.read_model import ReadModel
from actors.review_reader import ReviewReader
from actors.risk_views import RiskReader
from actors.watch_reader import WatchReader
from api import health_models, models, monitor_models, watch_models
from api.gateway import Unavailable
from api.house import HousePort
from api.queue import QueuePort
from api.research import ResearchPort
from api.review import ReviewPort
from api.risk import RiskPort
from api.watch import WatchPort
from core.errors import InputError
from core.messages import CommandGiven, EventsAcknowledged
from storage.records import Page, Query

if TYPE_CHECKING:
    from market.store import CandleStore

_ANSWER_S: Final = 2.0
_PENDING: Final = 100


class ModelGateway:
    """Fills `api.gateway.Gateway`.

    Parameters
    ----------
    ledger, risk : handles with ``.method.remote(...)`` that gives something awaitable.
    now_ms : the wall clock. answer_s : how long an answer may take before the actor counts as absent.
    research : results of optimisations, None where none are kept. queue : the optimizer's, None where there is none.
    candles : opens those at rest, None where none are kept.
    """

    def __init__(
        self, state: ReadModel, ledger: Any, risk: Any, now_ms: Callable[[], int], *, answer_s: float = _ANSWER_S,
        research: ResearchPort | None = None, queue: QueuePort | None = None,
        candles: Callable[[], CandleStore] | None = None,
    ) -> None:
        self._state, self._ledger, self._risk = state, ledger, risk
        self._now_ms, self._answer_s = now_ms, answer_s
        self._research: ResearchPort = research or NoResearch()
        self._queue: QueuePort = queue or NoQueue()
        self._risk_port: RiskPort = RiskReader(state)
        self._review: ReviewPort = ReviewReader(state, ledger, answer_s)
        self._watch: WatchPort = WatchReader(state, ledger, answer_s)
        self._house: HousePort = HouseReader(
            state, ledger, now_ms, self._record, answer_s=answer_s, opening=candles
        )
        self._started_ms = now_ms()
        self._sequence = 0
        self._audits: set[asyncio.Task[None]] = set()

    @property
    def research(self) -> ResearchPort:
        """Results of optimisations."""
        return self._research

    @property
    def queue(self) -> QueuePort:
        """Optimisations to come."""
        return self._queue

    @property
    def risk(self) -> RiskPort:
        """What risk knows."""
        return self._risk_port

    @property
    def review(self) -> ReviewPort:
        """Trades and equity, looked back upon."""
        return self._review

    @property
    def watch(self) -> WatchPort:
        """Candles, conditions, ladders."""
        return self._watch

    @property
    def house(self) -> HousePort:
        """Events, commands thought through, actors, market data."""
        return self._house

    async def health(self) -> health_models.Health:
        """How everything is."""
        return read_views.health(self._state, self._now_ms(), self._started_ms)

    async def now(self) -> watch_models.Now:
        """The five answers."""
        return read_views.now(self._state, self._now_ms(), self._started_ms)

    async def runners(self) -> tuple[models.Runner, ...]:
        """Every strategy, by name."""
        return read_views.runners(self._state)

    async def arena(self, scope: models.Scope) -> monitor_models.Arena:
        """Strategies against one another, best first."""
        return monitor_views.arena(self._state, scope)

    async def selection(self) -> monitor_models.Selection:
        """Who may open positions with real money."""
        return monitor_views.selection(self._state)

    async def selections(self, query: Query) -> monitor_models.ChangePage:
        """What changed of that, newest first."""
        page = await self._history("events", query)
        return monitor_models.ChangePage(
            items=tuple(monitor_views.change(event) for event in page.items), cursor=page.cursor
        )

    async def divergence(self, query: Query) -> monitor_models.DivergencePage:
        """Live trades beside their paper twins, newest first."""
        page = await self._history("events", query)
        return monitor_models.DivergencePage(
            items=tuple(monitor_views.divergence(event) for event in page.items), cursor=page.cursor
        )

    async def positions(self) -> tuple[models.Position, ...]:
        """Open positions, those without protection first."""
        return read_views.positions(self._state, self._now_ms())

    async def fills(self, query: Query) -> models.FillPage:
        """Fills, newest first."""
        page = await self._history("fills", query)
        return models.FillPage(
            items=tuple(read_views.message(models.Fill, fill) for fill in page.items), cursor=page.cursor
        )

    async def orders(self, query: Query) -> models.OrderPage:
        """Orders as last seen, newest first."""
        page = await self._history("orders", query)
        return models.OrderPage(items=tuple(read_views.order(stored) for stored in page.items), cursor=page.cursor)

    async def equity(self, query: Query) -> models.EquityPage:
        """Equity points, newest first."""
        page = await self._history("equity", query)
        items = tuple(read_views.message(models.EquityPoint, point) for point in page.items)
        return models.EquityPage(items=items, cursor=page.cursor)

    async def halt(self, symbol: str, reason: str, origin: str) -> models.CommandResult:
        """No new entries until a human resumes."""
        by = f"hand ({origin})"
        return await self._command("halt", symbol, reason, origin, lambda: self._risk.halt.remote(symbol, reason, by))

    async def reduce(self, symbol: str, reason: str, origin: str) -> models.CommandResult:
        """Only exits, until what is open there has closed, or a human resumes."""
        by, risk = f"hand ({origin})", self._risk
        return await self._command("reduce", symbol, reason, origin, lambda: risk.reduce.remote(symbol, reason, by))

    async def close_position(self, symbol: str, reason: str, origin: str) -> models.CommandResult:
        """Leave a position at market."""
        by = f"hand ({origin})"
        return await self._command("close", symbol, reason, origin, lambda: self._risk.close.remote(symbol, reason, by))

    async def resume(self, symbol: str, reason: str, origin: str) -> models.CommandResult:
        """End a halt or a reduction."""
        return await self._command("resume", symbol, reason, origin, lambda: self._risk.resume.remote(symbol))

    async def reset(self, switch: str, reason: str, origin: str) -> models.CommandResult:
        """Reset a kill switch."""
        why = f"{switch}: {reason}" if reason else switch
        return await self._command("reset", "", why, origin, lambda: self._risk.reset.remote(switch))

    async def refused(self, kind: str, origin: str) -> None:
        """Keep a command with a wrong key in the audit."""
        self._audit(kind, "", "", origin, "wrong_key")

    def version(self) -> int:
        """Grows with every message."""
        return self._state.version

    def topic(self, name: str) -> dict[str, Any]:
        """JSON values of one topic by key."""
        return topics.topic(self._state, name, self._now_ms(), self._started_ms)

    def exchange_ms(self) -> int:
        """The exchange's time as far as it is known."""
        return self._state.exchange_ms

    def pulse(self) -> dict[str, Any]:
        """Server and exchange time, overall word, age of every feed."""
        now_ms = self._now_ms()
        return {
            "server_ms": now_ms, "exchange_ms": self._state.exchange_ms,
            "status": read_views.health(self._state, now_ms, self._started_ms).status,
            "ages_s": {feed.symbol: feed.age_s for feed in read_views.feeds(self._state, now_ms)},
            "readings_s": read_views.readings(self._state, now_ms),
        }

    async def close(self) -> None:
        """Wait for the audits that are under way."""
        await asyncio.gather(*self._audits)

    async def _history(self, kind: str, query: Query) -> Page[Any]:
        try:
            async with asyncio.timeout(self._answer_s):  # not wait_for, which may swallow our cancellation
                page: Page[Any] = await getattr(self._ledger, kind).remote(query)
        except InputError as error:
            raise _own(error) from error
        except Exception as error:  # whatever the way to the actor raises when there is none
            raise Unavailable("the ledger does not answer") from error
        return page

    async def _command(
        self, kind: models.CommandKind, symbol: str, reason: str, origin: str, send: Callable[[], Any]
    ) -> models.CommandResult:
        outcome: Literal["accepted", "unknown"] = "accepted"
        try:
            async with asyncio.timeout(self._answer_s):
                await send()
        except TimeoutError:
            outcome = "unknown"  # it may still arrive: this is no refusal
        except InputError as error:
            self._audit(kind, symbol, reason, origin, "refused")
            raise _own(error) from error
        except Exception as error:
            self._audit(kind, symbol, reason, origin, "unavailable")
            raise Unavailable("the risk actor does not answer: nothing was changed") from error
        self._audit(kind, symbol, reason, origin, outcome)
        return models.CommandResult(kind=kind, symbol=symbol, outcome=outcome, ts_ms=self._now_ms())

    def _audit(self, kind: str, symbol: str, reason: str, origin: str, outcome: str) -> None:
        self._sequence += 1
        given = CommandGiven(self._now_ms(), self._sequence, kind, symbol, reason, origin, outcome)
        logger.info("api: {} {} from {}: {}", kind, symbol or "everything", origin, outcome)
        self._record(given)

    def _record(self, given: CommandGiven | EventsAcknowledged) -> None:
        """Show it at once, and keep it."""
        self._state.apply(given, given.ts_ms)
        if len(self._audits) < _PENDING:
            task = asyncio.create_task(self._keep(given))
            self._audits.add(task)
            task.add_done_callback(self._audits.discard)

    async def _keep(self, given: CommandGiven | EventsAcknowledged) -> None:
        try:
            async with asyncio.timeout(self._answer_s):
                await self._ledger.record.remote([given])
        except Exception as error:  # noqa: BLE001  (the command was given all the same; the log has it)
            logger.warning("api: the ledger did not keep {}: {}", given, type(error).__name__)


def _own(error: InputError) -> InputError:
    """What the actor raised, without what its way here put around it: Ray shows the whole traceback."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, InputError) else error
