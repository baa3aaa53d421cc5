"""The monitor: who stands where, who may open positions with real money, and what is wrong.

Laws
- It only looks and tells: it keeps nothing that the ledger does not know, so a restart is its constructor again.
- Its word opens the way to real money and never closes a position; without it nobody may open (`engine.risk`).
- It never stands in the way of trading: it asks, waits a bounded time, and takes silence for an answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from actors.life import Life
from actors.monitor_records import Book, paper_of, past_of
from actors.monitor_twins import Held, Twins
from actors.monitor_watch import Cooldowns, Sighting, anomalies
from actors.parts import Contender, MonitorConfig
from actors.peers import Peers
from core.messages import AlertRaised, Severity
from core.monitor_messages import AnomaliesSeen, ArenaRanked, SelectionChanged, SelectionMade
from core.selection import Decision
from core.timeframe import DAY_MS
from engine.selector import Candidate, Paper, Verdict, select
from optimization.arena import ranked

Verdicts = Callable[[], Mapping[tuple[str, str], Verdict]]
"""The newest verdict by strategy and symbol; called in a thread, may raise anything."""

SCOPES: Final = ("paper", "live")
_ANSWER_S: Final = 2.0


class Monitor:
    """Arena, selector and watchdog. Asynchronous.

    Parameters
    ----------
    now_ms : the wall clock (UTC ms), which verdicts bear.
    """

    def __init__(
        self, config: MonitorConfig, peers: Peers, verdicts: Verdicts,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._config, self._peers, self._verdicts, self._wall_ms = config, peers, verdicts, now_ms
        self._life = Life(config.name, peers, config.api)
        self._books = {
            scope: {
                c.strategy: Book(scope, c.strategy, c.capital) for c in config.contenders if c.live or scope == "paper"
            } for scope in SCOPES
        }
        self._decisions: dict[tuple[str, str], Decision] = {}
        self._twins = {c.strategy: Twins(c.strategy) for c in config.contenders if c.live}
        self._cooldowns = Cooldowns(config.watchdog)
        self._seen: Sighting | None = None
        self._exchange_ms = 0
        self._sequence = time.time_ns() // 1_000  # above any number used before a restart
        self._looks = self._selections = 0

    def start(self) -> None:
        """Go on for ever; safe to call twice."""
        self._life.run("arena", self._rank_on)
        self._life.run("selector", self._select_on)
        self._life.run("watchdog", self._watch_on)
        self._life.ok()

    async def stop(self) -> None:
        """End every loop; safe to call twice."""
        await self._life.stop()

    def health(self) -> dict[str, Any]:
        """State, counts, and who may open."""
        return {
            **self._life.health(), "looks": self._looks, "selections": self._selections,
            "may_open": sorted(f"{d.strategy} {d.symbol}" for d in self._decisions.values() if d.may_open),
        }

    async def rank(self) -> None:
        """Read what is new and tell the api host who stands where."""
        await self._read()
        each = {scope: [book.record() for book in books.values()] for scope, books in self._books.items()}
        for scope, records in each.items():
            if records:
                standings = await asyncio.to_thread(ranked, records)  # resampling takes a while, and loads a compiler
                self._exchange_ms = max([self._exchange_ms, *(s.until_ms for s in standings)])
                self._show(ArenaRanked(self._exchange_ms, self._next(), scope, standings))

    async def compare(self) -> None:
        """Put every closed live trade beside its paper twin, once both are over."""
        ask = partial(self._peers.request, self._config.ledger)
        now_ms = await self._peers.request(self._config.feed, "now") if self._twins else 0
        for contender in self._config.contenders:
            health = await self._ask(contender.runner, "health") if contender.live else None
            if health is None:
                continue
            held = {
                symbol: Held(track["paper"] or 0.0, track["live"] or 0.0)
                for symbol, track in health.get("symbols", {}).items()
            }
            for compared in await self._twins[contender.strategy].compared(ask, held, now_ms):
                self._record(compared)

    async def select(self) -> tuple[Decision, ...]:
        """Decide anew who may open, tell risk, and record what has changed."""
        config = self._config
        await self._read()
        verdicts = await asyncio.to_thread(self._verdicts)
        risk = await self._ask(config.risk, "states")
        idle = {c.strategy: await self._idle(c.runner) for c in config.contenders}
        now_ms = self._wall_ms()
        decisions = select([
            Candidate(
                c.strategy, symbol, c.eligible, idle[c.strategy] or _halted(risk, c.strategy, symbol), setup,
                self._paper(c), verdicts.get((c.strategy, symbol)),
            )
            for c in config.contenders for symbol, setup in c.setups.items()
        ], config.selector, now_ms)
        self._peers.tell(config.risk, "on_selection", decisions)
        changed = [d for d in decisions if _verdict_of(self._decisions.get((d.strategy, d.symbol))) != _verdict_of(d)]
        self._decisions = {(d.strategy, d.symbol): d for d in decisions}
        self._selections += 1
        for d in changed if config.gated else ():
            self._record(SelectionChanged(
                self._exchange_ms, self._next(), d.strategy, d.symbol, d.may_open, d.weight, d.criteria
            ))
        next_ms = now_ms + round(config.selector.every_s * 1000)
        self._show(SelectionMade(self._exchange_ms, self._next(), config.gated, now_ms, next_ms, decisions))
        return decisions

    async def watch(self) -> None:
        """Look at everything once; tell what is wrong, and what is news of it."""
        seen = await self._sight()
        found = anomalies(seen, self._seen, self._config.watchdog)
        self._seen = seen
        self._looks += 1
        if seen.feed is not None:
            self._exchange_ms = max(self._exchange_ms, int(seen.feed.get("last_ms", 0)))
        self._show(AnomaliesSeen(self._exchange_ms, self._next(), found))
        for anomaly in self._cooldowns.due(found, time.monotonic()):
            symbol = anomaly.subject if anomaly.kind in ("without_stop", "halted", "stale_candles") else ""
            of_strategy = anomaly.kind.startswith("strategy_") or anomaly.kind == "kill_switch"
            strategy = anomaly.subject if of_strategy else ""
            self._record(AlertRaised(
                self._exchange_ms, self._next(), self._config.name, anomaly.kind, Severity(anomaly.severity),
                anomaly.detail, symbol, strategy,
            ))

    async def _rank_on(self) -> None:
        while True:
            await self.rank()
            await self.compare()
            await asyncio.sleep(self._config.arena_s)

    async def _select_on(self) -> None:
        while True:
            await self.select()
            await asyncio.sleep(self._config.selector.every_s)

    async def _watch_on(self) -> None:
        while True:
            await asyncio.sleep(self._config.watchdog.every_s)
            await self.watch()

    async def _read(self) -> None:
        ask = partial(self._peers.request, self._config.ledger)
        for books in self._books.values():
            for book in books.values():
                await book.read(ask)

    def _paper(self, contender: Contender) -> Paper:
        book = self._books["paper"][contender.strategy]
        recent = book.recent_return(self._config.selector.weights.recent_days * DAY_MS)
        return paper_of(contender.past, past_of(book.record()), recent)

    async def _idle(self, runner: str) -> str:
        """Why a runner is not active; '' when it is."""
        health = await self._ask(runner, "health")
        if health is None:
            return f"{runner} does not answer"
        return "" if health["state"] in ("ok", "degraded") else f"{runner} is {health['state']}"

    async def _sight(self) -> Sighting:
        config = self._config
        began = time.monotonic()
        beats = await self._ask(config.api, "beats")
        api_ms = None if beats is None else (time.monotonic() - began) * 1000
        feed, executor, risk, venue_ms, protections, *runners = await asyncio.gather(
            self._ask(config.feed, "health"),
            self._ask(config.executor, "health") if config.executor else _nothing(),
            self._ask(config.risk, "health"),
            self._ask(config.feed, "round_trip_ms", within_s=max(_ANSWER_S, 2 * config.watchdog.slow_ms / 1000)),
            self._ask(config.ledger, "protections"),
            *(self._ask(c.runner, "health") for c in config.contenders),
        )
        return Sighting(
            feed, executor, dict(zip((c.strategy for c in config.contenders), runners, strict=True)), risk,
            protections or (), {name: beat.restarts for name, beat in (beats or {}).items()}, venue_ms, api_ms,
        )

    async def _ask(self, peer: str, method: str, *arguments: Any, within_s: float = _ANSWER_S) -> Any:
        """The answer; None when there is none in time."""
        try:
            async with asyncio.timeout(within_s):  # not wait_for, which may swallow our cancellation
                return await self._request(peer, method, *arguments)
        except Exception as error:  # noqa: BLE001 - whatever the transport raises: silence is an answer too
            self._life.detail = f"{peer} did not answer {method}: {type(error).__name__}"
            return None

    async def _request(self, peer: str, method: str, *arguments: Any) -> Any:
        return await self._peers.request(peer, method, *arguments)

    def _record(self, event: object) -> None:
        self._peers.post(self._config.ledger, "record", (event,))
        self._show(event)

    def _show(self, event: object) -> None:
        if self._config.api:
            self._peers.post(self._config.api, "on", (event,))

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence


async def _nothing() -> dict[str, Any]:
    return {}


def _halted(risk: Mapping[str, Any] | None, strategy: str, symbol: str) -> str:
    """Why entries are forbidden to a strategy on a symbol until a human ends it; '' when they are not."""
    if risk is None:
        return "risk does not answer"
    halts = risk["halts"]
    where = next((s for s in ("", symbol) if s in halts), None)
    if where is not None:
        return f"{where or 'all trading'} is halted: {halts[where]}"
    tripped = [reason for name, reason in risk.get("switches", {}).items() if name.partition(":")[2] == strategy]
    return tripped[0] if tripped else ""


def _verdict_of(decision: Decision | None) -> object:
    """What makes a decision another one: figures that move a little do not."""
    return decision and (decision.may_open, round(decision.weight, 3), tuple(c.code for c in decision.failed))
