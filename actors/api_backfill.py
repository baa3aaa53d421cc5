"""What the API shows from before its own start: candles, rules and conditions, fetched once, beside everything else.

Law: nobody waits for it. Each piece is asked for until it came, with patience, so that the exchange's rate is left to
those who trade; reads show what is there meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from loguru import logger

from actors.read_market import KEPT, TIMEFRAMES
from actors.read_model import ReadModel
from core.timeframe import DAY_MS, MINUTE_MS, timeframe_ms
from storage.records import Query

CANDLES: Final = 600
_FIRST: Final = ("1h", "15m")
_ANSWER_S: Final = 60.0
_PAUSE_S: Final = 0.05
_AGAIN_S: Final = 5.0
_EQUITY_PAGES: Final = 4

Peer = Callable[[str], Any]
"""A handle with ``.method.remote(...)`` by an actor's name. Raises LookupError."""


async def backfill(state: ReadModel, peer: Peer, ledger: Any) -> None:
    """Fetch everything once; returns when it came."""
    await asyncio.gather(_market(state, peer), _conditions(state, peer), _equity(state, ledger))


async def _market(state: ReadModel, peer: Peer) -> None:
    name = next((actor for actor in state.facts.actors if actor.startswith("feed:")), None)
    if name is None:
        return
    state.market.learn(await _patiently(peer, name, "instruments"))
    state.version += 1
    now_ms: int = await _patiently(peer, name, "now")
    wanted = dict.fromkeys((*_FIRST, *TIMEFRAMES))
    for timeframe in wanted:
        step = timeframe_ms(timeframe)
        to_ms = now_ms - now_ms % step + step
        for symbol in state.market.rules:
            span = (symbol, timeframe, to_ms - (KEPT if step == MINUTE_MS else CANDLES) * step, to_ms)
            found = await _patiently(peer, name, "history", *span)
            state.market.load(symbol, timeframe, found.rows())
            state.version += 1
            await asyncio.sleep(_PAUSE_S)


async def _conditions(state: ReadModel, peer: Peer) -> None:
    for name in state.facts.actors:
        if name.startswith("runner:"):
            await _patiently(peer, name, "show")


async def _equity(state: ReadModel, ledger: Any) -> None:
    """The marks of the last day, for the curve."""
    marks: list[Any] = []
    query = Query(limit=1000)
    for _ in range(_EQUITY_PAGES):
        page = await _patiently(lambda _: ledger, "ledger", "equity", query)
        marks += page.items
        if page.cursor is None or not marks or marks[-1].ts_ms < marks[0].ts_ms - DAY_MS:
            break
        query = query._replace(cursor=page.cursor)
    if marks:
        newest = marks[0].ts_ms
        state.curves = state.curves.restored(m for m in reversed(marks) if m.ts_ms >= newest - DAY_MS)
        state.version += 1


async def _patiently(peer: Peer, name: str, method: str, *arguments: Any) -> Any:
    """The answer, asked for again while there is none."""
    said = False
    while True:
        try:
            async with asyncio.timeout(_ANSWER_S):  # not wait_for, which may swallow our cancellation
                return await getattr(peer(name), method).remote(*arguments)
        except Exception as error:  # noqa: BLE001  (whatever the way to an actor raises when there is none)
            if not said:
                logger.debug("api: {} does not answer {} yet: {}", name, method, type(error).__name__)
            said = True
            await asyncio.sleep(_AGAIN_S)
