"""What a start with real money would do: looked at before anything is started, in a process of its own.

Law: looking changes nothing, neither at the exchange nor on the disk.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from actors.blueprint import Blueprint, Params, draw
from actors.executor_preflight import Report, Wish, inspect
from actors.monitor_records import Book, paper_of, past_of
from actors.monitor_verdicts import StoredVerdicts
from actors.parts import Past
from core.errors import ConfigurationError, VenueError
from core.selection import Decision
from core.settings import Settings
from engine.selector import Candidate, select
from exchanges.port import Credentials, TradingVenue
from exchanges.registry import trading_venue
from scripts.agreeing import Armed
from storage.database import open_database
from storage.records import Query

_TRIES: Final = 3
_LEDGER: Final = "ledger.sqlite"


class Places(NamedTuple):
    """Where is looked: state folders of paper and live, database of results, folder of the strategies file."""

    paper: Path
    live: Path
    results: Path
    strategies: str


def arm(
    settings: Settings, timeframes: dict[str, str], params: Params, credentials: Credentials, places: Places
) -> Armed:
    """Look at account, verdicts and paper. Raises ConfigurationError when nothing could ever trade, or VenueError."""
    exchange = settings.exchanges.exchanges[settings.exchanges.default]
    past = _paper_records(places.paper, settings)
    blueprint = draw(settings, "live", exchange, (), timeframes, {}, params, past)
    if blueprint.executor is None:
        allowed = "at least one enabled strategy must be live_eligible to trade real money; else use --mode paper"
        raise ConfigurationError(places.strategies, "live_eligible", False, allowed)
    venue = trading_venue(settings.exchanges.default, exchange, credentials)
    report = asyncio.run(_account(venue, blueprint))
    return Armed(
        report, _selected(blueprint, _paper_records(places.live, settings), places.results), past,
        _digest(settings, blueprint, credentials),
    )


async def _account(venue: TradingVenue, blueprint: Blueprint) -> Report:
    executor = blueprint.executor
    assert executor is not None
    try:
        known = await _patiently(venue, tuple(executor.leverage))
        leverage = {symbol: executor.leverage[symbol] for symbol in known}
        return await inspect(venue, Wish(
            executor.account_type, executor.margin_mode, leverage, executor.capital, executor.unsafe_key
        ))
    finally:
        await venue.close()


async def _patiently(venue: TradingVenue, symbols: tuple[str, ...]) -> tuple[str, ...]:
    for attempt in range(_TRIES):
        try:
            return await venue.open(symbols)
        except VenueError:
            if attempt == _TRIES - 1:
                raise
            await asyncio.sleep(0.5 * 2**attempt)
    raise AssertionError("unreachable")


def _selected(blueprint: Blueprint, now: Mapping[str, Past], results: Path) -> tuple[Decision, ...]:
    """Who may open, by what stands on the disk; that a strategy is active is taken for granted before the start."""
    contenders, rules = blueprint.monitor.contenders, blueprint.monitor.selector
    verdicts = StoredVerdicts(results, [(c.strategy, symbol) for c in contenders for symbol in c.setups])
    found = verdicts()
    verdicts.close()
    return select([
        Candidate(
            c.strategy, symbol, c.eligible, "", setup, paper_of(c.past, now.get(c.strategy, Past()), 0.0),
            found.get((c.strategy, symbol)),
        )
        for c in contenders for symbol, setup in c.setups.items()
    ], rules, time.time_ns() // 1_000_000)


def _paper_records(folder: Path, settings: Settings) -> dict[str, Past]:
    """What each strategy did on paper, as the ledger in a state folder tells it; {} where there is none."""
    file = folder / _LEDGER
    if not file.is_file():
        return {}
    database = open_database(f"sqlite:///{file.absolute()}")

    async def ask(kind: str, query: Query) -> Any:
        return getattr(database, kind)(query)

    async def read() -> dict[str, Past]:
        found = {}
        for name, entry in settings.strategies.strategies.items():
            if entry.enabled:
                book = Book("paper", name, entry.capital_usdt)
                await book.read(ask)
                found[name] = past_of(book.record())
        return found

    try:
        return asyncio.run(read())
    finally:
        database.close()


def _digest(settings: Settings, blueprint: Blueprint, credentials: Credentials) -> str:
    executor = blueprint.executor
    assert executor is not None
    agreed = {
        "exchange": blueprint.exchange_name, "url": blueprint.exchange.rest_url,
        "key": hashlib.sha256(credentials.key.encode()).hexdigest()[:16], "symbols": executor.symbols,
        "leverage": executor.leverage, "capital": executor.capital, "margin_mode": executor.margin_mode,
        "limits": settings.risk.model_dump(mode="json"),
    }
    return hashlib.sha256(json.dumps(agreed, sort_keys=True).encode()).hexdigest()
