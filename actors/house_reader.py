"""Fills `api.house.HousePort`: events from the ledger, the present from the read model, candles at rest in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from loguru import logger

from actors import event_views, house_views
from actors.read_model import ReadModel
from api import models
from api.command_models import CommandAsked, Consequences
from api.filters import EventQuestion
from api.gateway import Unavailable
from api.house_models import Acknowledged, Coverage, Hole, Holes, Spike, Stored, System
from core.errors import InputError
from core.messages import CommandGiven, EventsAcknowledged
from core.timeframe import MINUTE_MS, timeframe_ms
from storage.records import Page, Query
from storage.rows import StoredEvent

if TYPE_CHECKING:
    from market.store import CandleStore

_PAGES: Final = 20
"""Pages of the ledger that one question may read through."""
_LOOKED_MS: Final = 60_000
"""The store is looked at at most so often."""
_SHOWN: Final = 200
_ACKNOWLEDGEMENTS: Final = "events_acknowledged"
_PARTS: Final = ("ray", "ccxt", "numba", "numpy", "pyarrow", "fastapi", "uvicorn", "pydantic", "sqlmodel")


class HouseReader:
    """The house.

    Parameters
    ----------
    opening : gives the store of candles; None: there is none. now_ms : the wall clock.
    record : keeps a message in the read model and the ledger.
    """

    def __init__(
        self, state: ReadModel, ledger: Any, now_ms: Callable[[], int], record: Callable[[Any], None], *,
        answer_s: float, opening: Callable[[], CandleStore] | None = None,
    ) -> None:
        self._state, self._ledger, self._now_ms, self._record = state, ledger, now_ms, record
        self._answer_s, self._opening = answer_s, opening
        self._started_ms = now_ms()
        self._sequence = 0
        self._remembered = False
        self._looking = asyncio.Lock()
        self._looked_ms = -_LOOKED_MS
        self._stored: tuple[Stored, ...] = ()
        self._problem = ""

    def consequences(self, asked: CommandAsked) -> Consequences:
        """What a command would do now."""
        return house_views.consequences(self._state, asked)

    def attempted(self, asked: CommandAsked, origin: str, outcome: str) -> None:
        """Keep an attempt in the audit."""
        self._sequence += 1
        what = f"{asked.switch} {asked.reason}".strip()
        logger.info("api: {} {} from {}: {}", asked.kind, asked.symbol or "everything", origin, outcome)
        self._record(CommandGiven(self._now_ms(), self._sequence, asked.kind, asked.symbol, what, origin, outcome))

    async def events(self, question: EventQuestion) -> models.EventPage:
        """Pages of the ledger until there is one with something on it."""
        await self._remember()
        query, found = question.query, []
        for _ in range(_PAGES):
            page: Page[StoredEvent] = await self._ask(query)
            found += [e for e in (event_views.event(self._state, s) for s in page.items) if _wanted(e, question)]
            query = query._replace(cursor=page.cursor)
            if found or page.cursor is None:
                break
        return models.EventPage(items=tuple(found), cursor=query.cursor)

    async def acknowledge(self, ids: Sequence[str], origin: str) -> Acknowledged:
        """Keep that somebody has seen them."""
        await self._remember()
        new = tuple(name for name in dict.fromkeys(ids) if name not in self._state.acknowledged)
        if new:
            self._sequence += 1
            self._record(EventsAcknowledged(self._now_ms(), self._sequence, new, origin))
        return Acknowledged(changed=len(new))

    async def system(self) -> System:
        """Actors, account, versions."""
        facts = self._state.facts
        page = await self._ask(Query(kind="account_checked", limit=1))
        now_ms = self._now_ms()
        return System.model_validate({
            "mode": facts.mode, "time_ms": now_ms, "exchange_ms": self._state.exchange_ms,
            "uptime_s": max(now_ms - self._started_ms, 0) / 1000, "versions": facts.versions,
            "actors": house_views.actors(self._state, now_ms),
            "account": house_views.account(page.items[0]) if page.items else None,
            "ray_dashboard": facts.ray_dashboard, "licences": licences(),
        })

    async def coverage(self) -> Coverage:
        """Candles in memory and at rest."""
        async with self._looking:
            if self._opening is not None and self._now_ms() - self._looked_ms >= _LOOKED_MS:
                await self._look(self._opening)
        return Coverage(
            looked_ms=max(self._looked_ms, 0), held=house_views.held(self._state, self._now_ms()),
            stored=self._stored, problem=self._problem,
        )

    async def holes(self, exchange: str, symbol: str, timeframe: str) -> Holes | None:
        """Gaps and spikes of a stored series."""
        await self.coverage()
        series = next((s for s in self._stored if (s.exchange, s.symbol, s.timeframe) == (exchange, symbol, timeframe)),
                      None)
        if series is None or self._opening is None:
            return None
        return await asyncio.to_thread(_holes, self._opening, series)

    async def _look(self, opening: Callable[[], CandleStore]) -> None:
        try:
            rows = await asyncio.to_thread(lambda: opening().coverage())
            self._stored, self._problem = tuple(Stored(**row._asdict()) for row in rows), ""
        except (InputError, OSError) as error:
            self._stored, self._problem = (), str(error)
        self._looked_ms = self._now_ms()

    async def _remember(self) -> None:
        """Once: what was acknowledged before the API started."""
        if not self._remembered:
            page = await self._ask(Query(kind=_ACKNOWLEDGEMENTS, limit=1000))
            self._state.acknowledged.update(name for stored in page.items for name in stored.payload["ids"])
            self._remembered = True

    async def _ask(self, query: Query) -> Page[StoredEvent]:
        try:
            async with asyncio.timeout(self._answer_s):
                page: Page[StoredEvent] = await self._ledger.events.remote(query)
        except InputError as error:
            cause = getattr(error, "cause", None)
            raise (cause if isinstance(cause, InputError) else error) from error
        except Exception as error:  # whatever the way to the actor raises when there is none
            raise Unavailable("the ledger does not answer") from error
        return page


def licences() -> dict[str, str]:
    """What the packages that take part say of their licence."""
    return {name: _licence(name) for name in _PARTS}


def _licence(name: str) -> str:
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return "not installed"
    said = next((about[key] for key in ("License-Expression", "License") if key in about), "")
    classified = [c.rpartition(":: ")[2] for c in about.get_all("Classifier") or () if c.startswith("License ::")]
    return said if 0 < len(said) < 60 else ", ".join(classified) or "see its page"


def _wanted(event: models.Event, question: EventQuestion) -> bool:
    if event.kind == _ACKNOWLEDGEMENTS and question.query.kind != _ACKNOWLEDGEMENTS:
        return False  # it is said by the events themselves
    return (
        question.severity in ("", event.severity)
        and (not question.source or event.source.partition(":")[0] == question.source)
        and not (question.open_only and event.acknowledged)
    )


def _holes(opening: Callable[[], CandleStore], series: Stored) -> Holes:
    """Read the series and look; in a thread."""
    # Here, since Arrow and the rest stand in the memory of an API that nobody asks about data otherwise.
    from market.port import is_timeframe
    from market.validation import find_spikes

    store = opening()
    name = (series.exchange, series.symbol, series.timeframe)
    candles = is_timeframe(series.timeframe)
    gaps = sorted(store.gaps(*name), key=lambda gap: -gap.missing)
    spikes = sorted(find_spikes(store.read(*name)), key=lambda spike: -spike.factor) if candles else []
    return Holes(
        exchange=series.exchange, symbol=series.symbol, timeframe=series.timeframe,
        first_ms=series.first_ms, last_ms=series.last_ms,
        gaps=tuple(Hole(**gap._asdict(), fetch=_fetch(series, gap.from_ms, gap.to_ms)) for gap in gaps[:_SHOWN]),
        gaps_in_all=len(gaps), spikes=tuple(Spike(**spike._asdict()) for spike in spikes[:_SHOWN]),
        spikes_in_all=len(spikes),
    )


def _fetch(series: Stored, from_ms: int, to_ms: int) -> str:
    """The command that fills a gap: whole days, since the command takes days."""
    try:
        step = timeframe_ms(series.timeframe)
    except ValueError:
        return ""
    day = 1440 * MINUTE_MS
    first, last = from_ms // day, -(-max(to_ms, from_ms + step) // day)
    return (
        f"scalp-radar data fetch --exchange {series.exchange} --symbol {series.symbol} --timeframe {series.timeframe} "
        f"--from {_date(first)} --to {_date(last)}"
    )


def _date(day: int) -> str:
    """Day number since 1970 as 2025-03-01."""
    return datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y-%m-%d")
