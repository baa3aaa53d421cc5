"""The risk actor: judges every target by `engine.risk`; owns what is forbidden, kill switches and symbols' owners.

Laws
- Nothing reaches the executor but through `engine.risk.approve`.
- Causes, watches, owners and the targets under judgement survive restarts (snapshot in the ledger); a kill switch and
  a halt are stored before anything else happens.
- Every change of positions, money, freshness or causes judges all targets again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from loguru import logger

from actors import risk_report
from actors.life import Beats
from actors.parts import RiskConfig
from actors.peers import Peers
from actors.risk_holdings import Holdings
from actors.risk_judgement import Judgement, Scene
from actors.risk_memory import Memory, packed, unpacked
from actors.risk_purse import Purse
from actors.risk_voice import Voice
from core.errors import InputError
from core.instrument import Instrument
from core.messages import EquityMarked, PlanChanged, ProtectionSeen, TradeClosed
from core.position import Balance, VenuePosition
from core.restriction import COOLDOWN, HALT, REDUCE, STALE, Cause, State
from core.selection import Decision
from core.target import ApprovedTarget
from core.timeframe import MINUTE_MS
from engine.risk import Selected
from engine.risk_money import Meter, settled
from engine.risk_state import Causes, begun, closing, flattened, reset, resumed

_SHOW_S: Final = 1.0
_STOPPED_OUT: Final = ("stop", "trail", "liquidation", "emergency")


class RiskActor:
    """One for everything that trades. Synchronous."""

    def __init__(self, config: RiskConfig, peers: Peers) -> None:
        self._config, self._peers = config, peers
        self._beats = Beats(config.name, peers, config.api)
        self._voice = Voice(config, peers)
        self._judgement = Judgement(config, self._voice, self._beats.met)
        watched = tuple(w.strategy for w in config.runners) or tuple(config.traders)
        self._purse = Purse(watched, at_exchange=bool(config.executor))
        self._causes: Causes = ()
        self._holdings = Holdings(config.limits.margin_mode, (s for w in config.runners for s in w.symbols))
        self._instruments: Mapping[str, Instrument] = {}
        self._now_ms = self._saved_ms = 0
        self._shown_s = 0.0
        self._started = self._stopped = False

    def start(self) -> None:
        """Take over what was saved; safe to call again. Raises LookupError while ledger or feed are away."""
        if self._started:
            return
        saved = self._peers.ask(self._config.ledger, "snapshot", self._config.name)
        self._instruments = self._peers.ask(self._config.feed, "instruments", timeout_s=60.0)
        if saved is not None:
            self._now_ms = max(self._now_ms, saved.ts_ms)
            self._remember(unpacked(saved.payload))
        self._started = True
        self._beats.ok()
        for trader in self._config.traders.values():
            self._peers.tell(trader.runner, "resend")  # what was told while the ledger was away too was never saved
        self._voice.hold(self._causes)
        self._judge()
        self._save()
        self._reckon()

    def stop(self) -> None:
        """Save the state; safe to call twice."""
        if self._started and not self._stopped:
            self._save()
        self._stopped = True
        self._beats.state = "stopped"
        self._beats.beat(now=True)
        self._peers.deliver()

    def on_plans(self, plans: tuple[PlanChanged, ...]) -> None:
        """Judge what runners want."""
        self._begun()
        before = set(self._held)
        self._judgement.take(plans)
        self._now_ms = max([self._now_ms, *(plan.ts_ms for plan in plans)])
        self._judge({plan.target.symbol for plan in plans})
        self._closed(before)
        self._save()
        self._beats.beat()

    def on_protection(self, seen: tuple[ProtectionSeen, ...]) -> None:
        """Take positions as the exchange shows them."""
        self._begun()
        before = self._sizes()
        for p in seen:
            self._now_ms = max(self._now_ms, p.ts_ms)
            self._holdings.read(p, self._leverage(p.symbol))
        self._moved(before)

    def on_positions(self, positions: tuple[VenuePosition, ...]) -> None:
        """Take the positions on symbols that nobody of ours trades: they count too."""
        self._begun()
        before = self._sizes()
        self._holdings.found_elsewhere(positions)
        self._moved(before)

    def on_balance(self, balance: Balance) -> None:
        """Take the account's money."""
        self._purse.balance(self._now_ms, balance.equity)
        if self._begun():
            self._reckon()

    def on_equity(self, marks: tuple[EquityMarked, ...]) -> None:
        """Take the money of a strategy after a batch of candles; the exchange's time goes on with it."""
        self._now_ms = max([self._now_ms, *(mark.ts_ms for mark in marks)])
        self._purse.mark(marks)
        if self._begun():
            self._reckon()

    def on_trades(self, trades: tuple[TradeClosed, ...]) -> None:
        """Take closed trades: one that was stopped out begins the cooldown of its strategy on its symbol."""
        self._begun()
        length_ms = round(self._config.limits.cooldown_after_stop_min * MINUTE_MS)
        scope = "live" if self._config.executor else "paper"
        causes = self._causes
        for trade in trades:
            until_ms = trade.ts_ms + length_ms
            if trade.scope == scope and trade.reason in _STOPPED_OUT and until_ms > self._now_ms:
                reason = f"{trade.strategy} was stopped out of {trade.symbol} ({trade.reason})"
                causes = begun(causes, Cause(
                    COOLDOWN, State.REDUCING, trade.symbol, trade.strategy, reason, trade.ts_ms, "rule", until_ms
                ))
        self._change(causes)

    def on_selection(self, decisions: tuple[Decision, ...]) -> None:
        """Take who may open positions; without effect where entries do not wait for that."""
        self._begun()
        selected = {(d.strategy, d.symbol): Selected(d.may_open, d.detail, d.weight) for d in decisions}
        if selected != self._judgement.selected:
            self._judgement.selected = selected
            self._judge()
            self._save()

    def on_stale(self, symbols: tuple[str, ...]) -> None:
        """Take the symbols whose market data is too old."""
        self._begun()
        causes = tuple(c for c in self._causes if c.code != STALE or c.symbol in symbols)
        for symbol in symbols:
            reason = f"no fresh candle of {symbol} for {self._config.limits.stale_after_s:g} s"
            causes = begun(causes, Cause(STALE, State.REDUCING, symbol, "", reason, self._now_ms, "feed"))
        self._change(causes)

    def halt(self, symbol: str, reason: str, by: str = "executor") -> None:
        """Only exits from now on, for a symbol or everything (''), until `resume`; survives restarts."""
        self._begun()
        self._change(begun(self._causes, Cause(HALT, State.HALTED, symbol, "", reason, self._now_ms, by)))

    def reduce(self, symbol: str, reason: str, by: str) -> None:
        """Only exits, for a symbol or everything (''), until the last position there has closed, or `resume`."""
        self._begun()
        self._change(begun(self._causes, Cause(REDUCE, State.REDUCING, symbol, "", reason, self._now_ms, by)))

    def close(self, symbol: str, reason: str, by: str) -> None:
        """Leave a position of ours at market; nothing opens there until `resume`. Raises InputError for no such one."""
        self._begun()
        if not self._config.executor or symbol not in self._held or not self._judgement.owner(symbol):
            raise InputError(f"{symbol[:40]!r} has no position of ours on the exchange: there is nothing to close")
        self._change(closing(self._causes, symbol, reason, self._now_ms, by))

    def resume(self, symbol: str) -> None:
        """A human ends a halt, a closing or a reduction; kill switches stay."""
        self._begun()
        self._change(resumed(self._causes, symbol))

    def reset(self, switch: str) -> None:
        """A human resets a kill switch: what it watches begins anew from what there is now.

        Raises InputError for one that has not tripped.
        """
        self._begun()
        tripped = {c.switch for c in self._causes if c.switch}
        if switch not in tripped:
            have = ", ".join(sorted(tripped)) or "none"
            raise InputError(f"kill switch {switch[:60]!r} has not tripped; tripped: {have}")
        self._purse.renew(switch)
        self._change(reset(self._causes, switch))

    def approved(self) -> tuple[ApprovedTarget, ...]:
        """Every approval in force, for an executor that starts."""
        self._begun()
        return tuple(self._judgement.approved.values())

    def states(self) -> dict[str, Any]:
        """Halts with their reasons, tripped kill switches, owners, stale symbols, equity."""
        return {
            **risk_report.states(self._causes), "owners": dict(self._judgement.owners), "equity": self._equity,
            "positions": len(self._held),
        }

    def health(self) -> dict[str, Any]:
        """State and counts; starts what a restart left to be started."""
        self._begun()
        self._beats.beat()
        self._show()  # those who watch may have been restarted
        return {**self._beats.health(), **self.states()}

    def progress(self) -> dict[str, Any]:
        """How far it is, for whoever drives the exchange in lockstep."""
        approved = {s: a.sequence for s, a in self._judgement.approved.items()}
        return {"plans": dict(self._judgement.seen), "approved": approved}

    @property
    def _equity(self) -> float:
        return self._purse.equity(self._config.equity)

    @property
    def _held(self) -> Mapping[str, VenuePosition]:
        """Open positions by symbol: the exchange's, or on paper those of the strategy that ranks first there."""
        if self._config.executor:
            return self._holdings.all
        return risk_report.paper_positions(self._config, self._judgement.ranked())

    def _meters(self) -> tuple[Meter, ...]:
        return self._purse.meters(self._config.limits, self._now_ms)

    def _capital(self) -> dict[str, float]:
        """Of each symbol of a strategy, grown or shrunk as the strategy's money has."""
        return {
            w.strategy: trader.capital * self._purse.growth(w.strategy, trader.capital * len(w.symbols))
            for w in self._config.runners if (trader := self._config.traders.get(w.strategy)) is not None
        }

    def _sizes(self) -> dict[str, float]:
        return {s: p.direction * p.quantity for s, p in self._held.items()}

    def _leverage(self, symbol: str) -> float:
        trader = self._config.traders.get(self._judgement.owner(symbol))
        return trader.leverage if trader else 1.0

    def _begun(self) -> bool:
        if not self._started and not self._stopped:
            try:
                self.start()
            except (LookupError, TimeoutError) as error:
                self._beats.met(error)
        return self._started

    def _remember(self, memory: Memory) -> None:
        """Take over a saved state; what came already is newer."""
        causes = memory.causes
        for cause in self._causes:
            causes = begun(causes, cause)
        self._causes = causes
        self._purse.remember(memory.watches, memory.members)
        self._judgement.remember(memory.plans, memory.owners, memory.selected)
        self._holdings.remember(memory.positions)
        for cause in causes:
            logger.warning("{}: still {}: {}", self._config.name, cause.state.value, cause.reason)

    def _reckon(self) -> None:
        """Read the meters, and end what time has ended."""
        self._change(settled(self._causes, self._meters(), self._now_ms))
        if self._now_ms - self._saved_ms >= MINUTE_MS:
            self._save()

    def _change(self, causes: Causes) -> None:
        """Put causes in force: stored and told before every target is judged again."""
        before, self._causes = self._causes, causes
        if causes == before:
            self._show()
            return
        self._save()
        self._voice.changed(before, causes, self._now_ms)
        self._voice.hold(self._causes)
        self._judge()
        self._show(now=True)
        self._peers.deliver()  # whoever dies now has said it

    def _moved(self, before: Mapping[str, float]) -> None:
        """Positions may differ from before: then everything is judged again."""
        if self._sizes() != before:
            self._judge()
            self._closed(set(before))
            self._save()
        self._show()

    def _closed(self, before: set[str]) -> None:
        """What was asked to be reduced may be flat now."""
        causes, held = self._causes, self._held
        for symbol in before - set(held):
            causes = flattened(causes, held, symbol)
        self._change(causes)

    def _judge(self, symbols: set[str] | None = None) -> None:
        """Approve again, all symbols or some; only what differs from the last approval is sent."""
        if not self._started:
            return
        scene = Scene(self._causes, self._held, self._equity, self._capital(), self._instruments, self._now_ms)
        fresh = self._judgement.judge(scene, symbols)
        if fresh and self._config.executor:
            self._peers.tell(self._config.executor, "apply", fresh)

    def _show(self, *, now: bool = False) -> None:
        """Tell those who watch, at most once a second unless ``now``."""
        if not self._config.api or not self._started or (not now and time.monotonic() - self._shown_s < _SHOW_S):
            return
        self._shown_s = time.monotonic()
        self._voice.show(risk_report.shown(
            self._config, self._judgement, self._held, self._holdings.readings, self._instruments, self._equity,
            self._capital(), self._meters(), self._causes, self._now_ms, self._voice.number(),
        ))

    def _save(self) -> None:
        if not self._started:
            return  # what is known is not yet all: it would replace what was saved
        self._saved_ms = self._now_ms
        judgement = self._judgement
        memory = Memory(
            self._causes, self._purse.watches, self._purse.members, judgement.owners, self._holdings.ours,
            tuple(judgement.plans.values()), judgement.selected,
        )
        self._peers.post(self._config.ledger, "save_snapshot", self._config.name, self._now_ms, packed(memory))
