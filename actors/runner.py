"""A runner: one strategy over its symbols, with its own virtual capital.

Laws
- Candles and fills are taken once, in order per symbol; a hole is filled from the feed's history before going on.
- After a restart the last snapshot plus the candles and fills since give the state that would have been.
- A target that differs from the last one is told to risk; the exchange's own fills decide which levels remain.
"""

from __future__ import annotations

import time
from typing import Any

from loguru import logger

from actors.life import Beats
from actors.parts import LIVE_NEEDS, RunnerConfig
from actors.peers import Peers
from actors.runner_memory import packed, unpacked
from actors.runner_track import Happened, Track
from core.candle import Candle
from core.errors import ConfigurationError, DataError, ScalpRadarError
from core.instrument import Instrument
from core.messages import CandlesClosed, ConditionsSeen, EquityMarked, OrderFilled, PlanChanged, TradeClosed
from core.target import Target
from core.timeframe import HOUR_MS, MINUTE_MS, timeframe_ms
from optimization.costs import costs_of
from storage.records import Query
from strategies.configured import find_configured


class Runner:
    """One strategy. Synchronous: calls run one after another, in the order in which one sender made them."""

    def __init__(self, config: RunnerConfig, peers: Peers) -> None:
        self._config, self._peers = config, peers
        self._beats = Beats(config.name, peers, config.api)
        self._strategy = find_configured(config.strategy, config.entry, config.folders)
        if not LIVE_NEEDS.issuperset(self._strategy.needs):
            allowed = f"allowed live beside candles: {', '.join(sorted(LIVE_NEEDS))}"
            raise ConfigurationError("strategies.yaml", config.strategy, list(self._strategy.needs), allowed)
        self._timeframe = config.entry.timeframe or self._strategy.timeframe
        self._tracks: dict[str, Track] = {}
        self._sent: dict[str, Target] = {}
        self._sequence = time.time_ns() // 1_000  # above any number used before a restart
        self._held: tuple[str, ...] | None = None
        self._plans = self._last_plan = 0
        self._stopped = False

    def start(self) -> None:
        """Load history and the last snapshot; safe to call again. Raises LookupError while feed or ledger are away."""
        if self._tracks or self._stopped:
            return
        instruments: dict[str, Instrument] = self._peers.ask(self._config.feed, "instruments", timeout_s=60.0)
        now_ms: int = self._peers.ask(self._config.feed, "now")
        saved = self._peers.ask(self._config.ledger, "snapshot", self._config.name)
        states = unpacked(saved.payload) if saved is not None else {}
        symbols = [s for s in self._config.symbols if s in instruments]
        share = self._config.entry.capital_usdt / len(self._config.symbols)
        tracks = {s: self._new_track(s, instruments[s], share) for s in symbols}
        for symbol, track in tracks.items():
            self._recover(track, states.get(symbol), now_ms)
        self._tracks = tracks
        self._heed()
        self._tell_targets([p for symbol in tracks for p in self._changed(symbol, now_ms)])
        self._save(now_ms)
        self._show(list(tracks), now_ms)
        self._beats.ok()
        logger.info("{}: running on {}", self._config.name, ", ".join(tracks))

    def stop(self) -> None:
        """Save the state; calls after it change nothing."""
        if self._tracks and not self._stopped:
            self._save(max(t.last_ms for t in self._tracks.values()) + MINUTE_MS)
        self._stopped = True
        self._beats.state = "stopped"
        self._beats.beat(now=True)
        self._peers.deliver()

    def on_candles(self, batch: CandlesClosed) -> None:
        """Take a batch of closed minutes."""
        if not self._begun():
            return
        funding = dict(batch.funding)
        decided = False
        closed: list[tuple[str, Happened]] = []
        changed: list[PlanChanged] = []
        for symbol, candle in batch.candles:
            track = self._tracks.get(symbol)
            if track is None:
                continue
            try:
                happened = self._take(track, candle, funding.get(symbol))
            except Exception as error:  # noqa: BLE001 - the one broad handler: one symbol's trouble stays its own
                self._beats.met(error)
                continue
            decided |= happened.decided or bool(happened.trades)
            closed.append((symbol, happened))
            changed += self._changed(symbol, batch.ts_ms)
        self._tell_targets(changed)  # before anything else: orders wait for it
        for symbol, happened in closed:
            self._tell_trades(symbol, happened)
        if decided:
            self._show([symbol for symbol, happened in closed if happened.decided], batch.ts_ms)
            self._mark(batch.ts_ms, self._config.ledger, "record")
            self._save(batch.ts_ms)
        self._mark(batch.ts_ms, self._config.api, "on")
        self._mark(batch.ts_ms, self._config.risk, "on_equity")
        self._beats.beat()

    def on_fill(self, fill: OrderFilled) -> None:
        """Take a fill of the exchange; one that was taken before changes nothing."""
        if not self._begun() or fill.symbol not in self._tracks:
            return
        track = self._tracks[fill.symbol]
        try:
            happened = track.fill(fill)
        except Exception as error:  # noqa: BLE001 - as above
            self._beats.met(error)
            return
        if happened is None:
            return
        self._tell_targets(self._changed(fill.symbol, fill.ts_ms))
        self._tell_trades(fill.symbol, happened)
        self._save(fill.ts_ms)
        if happened.trades:
            self._mark(fill.ts_ms, self._config.ledger, "record")
        self._mark(fill.ts_ms, self._config.api, "on")
        self._mark(fill.ts_ms, self._config.risk, "on_equity")

    def resend(self) -> None:
        """Tell risk every target again (it has restarted)."""
        if self._begun():
            self._sent.clear()
            self._tell_targets([
                p for symbol, track in self._tracks.items() for p in self._changed(symbol, track.last_ms + MINUTE_MS)
            ])

    def hold(self, symbols: tuple[str, ...]) -> None:
        """No entries on paper on these symbols and no others, while exits go on: risk's word; survives restarts."""
        self._held = symbols
        if not self._begun():
            return
        if [t for s, t in self._tracks.items() if t.paper.held != (s in symbols)]:
            self._heed()
            now_ms = max(t.last_ms for t in self._tracks.values()) + MINUTE_MS
            self._tell_targets([p for symbol in self._tracks for p in self._changed(symbol, now_ms)])
            self._save(now_ms)

    def show(self) -> None:
        """Tell the API the conditions of every symbol (it has restarted)."""
        if self._begun():
            for symbol, track in self._tracks.items():
                self._show([symbol], track.last_ms + MINUTE_MS)

    def health(self) -> dict[str, Any]:
        """State, counts, and what each symbol does; starts what a restart left to be started."""
        self._begun()
        self._beats.beat()
        return {**self._beats.health(), "plans": self._plans, "symbols": {
            s: {"cycle": t.paper.cycle, "paper": t.paper.direction * t.paper.quantity,
                "live": t.live.direction * t.live.quantity if t.live else None, "last_ms": t.last_ms}
            for s, t in self._tracks.items()
        }}

    def progress(self) -> dict[str, Any]:
        """How far it is, for whoever drives the exchange in lockstep."""
        return {
            "last_ms": min((t.last_ms for t in self._tracks.values()), default=-MINUTE_MS) + MINUTE_MS,
            "plan": self._last_plan,
            "latest": {s: t.latest_trade_id for s, t in self._tracks.items() if t.latest_trade_id},
        }

    def _begun(self) -> bool:
        if self._stopped:
            return False
        if not self._tracks:
            try:
                self.start()
            except (LookupError, TimeoutError, ScalpRadarError) as error:
                self._beats.met(error)
        return bool(self._tracks)

    def _heed(self) -> None:
        """What risk said last, if it said anything: a snapshot remembers what it said before."""
        for symbol, track in self._tracks.items() if self._held is not None else ():
            track.paper.held = symbol in (self._held or ())

    def _new_track(self, symbol: str, instrument: Instrument, capital: float) -> Track:
        c = self._config
        params = self._strategy.Params(**{**c.entry.params, **c.entry.per_asset.get(symbol, {})})
        costs = costs_of(instrument, c.entry, c.slippage, c.guard, crossed=c.crossed)
        return Track(symbol, self._strategy, params, self._timeframe, costs, capital, live=c.live)

    def _recover(self, track: Track, state: bytes | None, now_ms: int) -> None:
        """History up to the snapshot, then candles and fills since, in order of time."""
        restored = False
        if state is not None:
            try:
                track.restore(state)
                restored = track.last_ms > 0
            except (DataError, ValueError, IndexError) as error:
                self._beats.met(error)
        last_ms = track.last_ms if restored else now_ms - MINUTE_MS
        part_ms = track.part_from_ms(last_ms)
        step = timeframe_ms(self._timeframe)
        window = self._history(track.symbol, self._timeframe, part_ms - (track.warmup + 4) * step, part_ms)
        minutes = self._history(track.symbol, "1m", part_ms, max(now_ms, last_ms + MINUTE_MS)).rows()
        track.load(window, [c for c in minutes if c.ts_ms <= last_ms])
        rates_from_ms = track.rates_from_ms
        if rates_from_ms is not None:
            track.settled(self._peers.ask(
                self._config.feed, "funding_between", track.symbol, rates_from_ms, now_ms, timeout_s=60.0
            ))
        if not restored:
            track.begin(now_ms)
            return
        fills = self._fills_since(track) if self._config.live else []
        for candle in (c for c in minutes if c.ts_ms > last_ms):
            while fills and fills[0].ts_ms < candle.ts_ms + MINUTE_MS:
                self._tell_trades(track.symbol, track.fill(fills.pop(0)) or Happened())
            self._tell_trades(track.symbol, track.candle(candle, self._funding_at(track.symbol, candle.ts_ms)))
        for fill in fills:
            self._tell_trades(track.symbol, track.fill(fill) or Happened())
        logger.info("{}: {} restored up to {}", self._config.name, track.symbol, track.last_ms)

    def _fills_since(self, track: Track) -> list[OrderFilled]:
        query = Query(strategy=self._config.strategy, symbol=track.symbol, from_ms=track.fill_ms, limit=1000)
        page = self._peers.ask(self._config.ledger, "fills", query)
        return list(reversed(page.items))

    def _take(self, track: Track, candle: Candle, funding: float | None) -> Happened:
        """One candle, after whatever is missing before it."""
        expected = track.last_ms + MINUTE_MS
        if candle.ts_ms > expected:
            for missed in self._history(track.symbol, "1m", expected, candle.ts_ms).rows():
                rate = self._funding_at(track.symbol, missed.ts_ms)
                self._tell_trades(track.symbol, track.candle(missed, rate))
        return track.candle(candle, funding)

    def _history(self, symbol: str, timeframe: str, from_ms: int, to_ms: int) -> Any:
        return self._peers.ask(self._config.feed, "history", symbol, timeframe, from_ms, to_ms, timeout_s=60.0)

    def _funding_at(self, symbol: str, ts_ms: int) -> float | None:
        """The rate due when the candle of ``ts_ms`` opened, if any; asked only where one may be due."""
        if ts_ms % HOUR_MS:
            return None
        rate: float | None = self._peers.ask(self._config.feed, "funding_at", symbol, ts_ms)
        return rate

    def _changed(self, symbol: str, ts_ms: int) -> list[PlanChanged]:
        """The target of a symbol where it is another one than was told last; it counts as told now."""
        track = self._tracks[symbol]
        target = track.target()
        if self._sent.get(symbol) == target:
            return []
        self._sent[symbol] = target
        self._plans += 1
        changed = PlanChanged(ts_ms, self._next(), target, track.price)
        self._last_plan = changed.sequence
        return [changed]

    def _tell_targets(self, changed: list[PlanChanged]) -> None:
        """One message over all symbols to each, risk first."""
        if not changed:
            return
        self._peers.tell(self._config.risk, "on_plans", tuple(changed))
        self._peers.post(self._config.ledger, "record", tuple(changed))
        if self._config.api:
            self._peers.post(self._config.api, "on", tuple(changed))

    def _show(self, symbols: list[str], ts_ms: int) -> None:
        """Conditions, for those who watch; a strategy that cannot say them trades all the same."""
        if not self._config.api or not symbols:
            return
        told = []
        for symbol in symbols:
            try:
                said = self._tracks[symbol].conditions()
            except Exception as error:  # noqa: BLE001 - a user's strategy: what it shows must not stop what it does
                self._beats.met(error)
                continue
            told.append(ConditionsSeen(ts_ms, self._next(), self._config.strategy, symbol, said))
        self._peers.post(self._config.api, "on", tuple(told))

    def _tell_trades(self, symbol: str, happened: Happened) -> None:
        trades = tuple(
            TradeClosed(
                t.closed_ms, self._next(), scope, self._config.strategy, symbol, t.cycle, t.direction, t.opened_ms,
                t.quantity, t.average, t.exit_price, t.levels, t.fees, t.funding, t.net, t.reason,
            )
            for scope, t in happened.trades
        )
        if trades:
            self._peers.post(self._config.ledger, "record", trades)
            self._peers.post(self._config.risk, "on_trades", trades)
            if self._config.api:
                self._peers.post(self._config.api, "on", trades)

    def _mark(self, ts_ms: int, peer: str, method: str) -> None:
        if not peer:
            return
        marks = []
        for scope in ("paper", "live") if self._config.live else ("paper",):
            ladders = [(t.paper if scope == "paper" else t.live, t.price) for t in self._tracks.values()]
            marks.append(EquityMarked(
                ts_ms, self._next(), scope, self._config.strategy,
                sum(ladder.wallet for ladder, _ in ladders if ladder),
                sum(ladder.equity(price) for ladder, price in ladders if ladder),
            ))
        self._peers.post(peer, method, tuple(marks))

    def _save(self, ts_ms: int) -> None:
        payload = packed({s: t.snapshot() for s, t in self._tracks.items()})
        self._peers.post(self._config.ledger, "save_snapshot", self._config.name, ts_ms, payload)

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence
