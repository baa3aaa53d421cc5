"""The risk actor: judges every target by `engine.risk`, owns symbols' states and owners.

Laws
- Nothing reaches the executor but through `engine.risk.approve`.
- Halts, owners and the targets under judgement survive restarts (snapshot in the ledger).
- Every change of positions, money, freshness or states judges all targets again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from loguru import logger

from actors.life import Beats
from actors.parts import RiskConfig
from actors.peers import Peers
from core.instrument import Instrument
from core.messages import PlanChanged, ProtectionSeen, TargetRefused, TradingHalted, TradingResumed
from core.position import Balance, VenuePosition
from core.restriction import Cause, State
from core.selection import Decision
from core.target import ApprovedTarget, Rung, Target
from engine.risk import Refusal, Selected, Terms, View, approve


class RiskActor:
    """One for everything that trades. Synchronous."""

    def __init__(self, config: RiskConfig, peers: Peers) -> None:
        self._config, self._peers = config, peers
        self._beats = Beats(config.name, peers, config.api)
        self._plans: dict[tuple[str, str], PlanChanged] = {}
        self._told: dict[str, Target] = {}
        self._approved: dict[str, ApprovedTarget] = {}
        self._refused: dict[tuple[str, str], tuple[Refusal, ...]] = {}
        self._owners: dict[str, str] = {}
        self._halts: dict[str, str] = {}
        self._selected: dict[tuple[str, str], Selected] = {}
        self._stale: frozenset[str] = frozenset()
        self._positions: dict[str, VenuePosition] = {}
        self._equity = config.equity
        self._instruments: Mapping[str, Instrument] = {}
        self._sequence = time.time_ns() // 1_000  # above any number used before a restart
        self._now_ms = 0
        self._seen: dict[str, int] = {}
        self._started = self._stopped = False

    def start(self) -> None:
        """Take over what was saved; safe to call again. Raises LookupError while ledger or feed are away."""
        if self._started:
            return
        saved = self._peers.ask(self._config.ledger, "snapshot", self._config.name)
        self._instruments = self._peers.ask(self._config.feed, "instruments", timeout_s=60.0)
        if saved is not None:
            state = json.loads(saved.payload)
            self._halts, self._owners = dict(state["halts"]), dict(state["owners"])
            for row in state["plans"]:
                plan = _plan(row)
                strategy = plan.target.strategy
                self._plans.setdefault((strategy, plan.target.symbol), plan)
                self._seen[strategy] = max(self._seen.get(strategy, 0), plan.sequence)
            for strategy, symbol, *selected in state.get("selected", ()):
                self._selected.setdefault((strategy, symbol), Selected(*selected))
            for row in state["positions"]:
                position = VenuePosition(*row)
                self._positions.setdefault(position.symbol, position)
            if self._halts:
                logger.warning("{}: still halted: {}", self._config.name, self._halts)
        self._started = True
        self._beats.ok()
        for trader in self._config.traders.values():
            self._peers.tell(trader.runner, "resend")  # what was told while the ledger was away too was never saved
        self._judge()

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
        for plan in plans:
            key = (plan.target.strategy, plan.target.symbol)
            before = self._plans.get(key)
            self._seen[plan.target.strategy] = max(self._seen.get(plan.target.strategy, 0), plan.sequence)
            if before is None or plan.sequence >= before.sequence:
                self._plans[key] = plan
                self._now_ms = max(self._now_ms, plan.ts_ms)
        self._judge({p.target.symbol for p in plans})
        self._save()
        self._beats.beat()

    def on_protection(self, seen: tuple[ProtectionSeen, ...]) -> None:
        """Take positions as the exchange shows them."""
        self._begun()
        changed = False
        for p in seen:
            self._now_ms = max(self._now_ms, p.ts_ms)
            before = self._positions.get(p.symbol)
            if p.direction == 0:
                self._positions.pop(p.symbol, None)
            else:
                leverage = self._leverage(p.symbol)
                self._positions[p.symbol] = VenuePosition(
                    p.symbol, p.direction, p.quantity, p.average, leverage, self._config.limits.margin_mode,
                    p.quantity * p.average / leverage, p.average, p.liquidation, 0.0, 0,
                )
            after = self._positions.get(p.symbol)
            changed |= (before and before.direction * before.quantity) != (after and after.direction * after.quantity)
        if changed:
            self._judge()
            self._save()

    def on_balance(self, balance: Balance) -> None:
        """Take the account's money."""
        self._equity = balance.equity

    def on_selection(self, decisions: tuple[Decision, ...]) -> None:
        """Take who may open positions; without effect where entries do not wait for that."""
        self._begun()
        selected = {(d.strategy, d.symbol): Selected(d.may_open, d.detail, d.weight) for d in decisions}
        if selected != self._selected:
            self._selected = selected
            self._judge()
            self._save()

    def on_stale(self, symbols: tuple[str, ...]) -> None:
        """Take the symbols whose market data is too old."""
        self._begun()
        if frozenset(symbols) != self._stale:
            self._stale = frozenset(symbols)
            self._judge()

    def halt(self, symbol: str, reason: str) -> None:
        """Only exits from now on, for a symbol or everything (''), until `resume`; survives restarts."""
        self._begun()
        if symbol in self._halts:
            return
        self._halts[symbol] = reason
        self._save()
        self._record(TradingHalted(self._now_ms, self._next(), symbol, reason))
        self._judge()
        self._peers.deliver()  # whoever dies now has said it

    def resume(self, symbol: str) -> None:
        """A human ends a halt."""
        self._begun()
        if self._halts.pop(symbol, None) is None:
            return
        self._save()
        self._record(TradingResumed(self._now_ms, self._next(), symbol))
        if self._config.executor:
            self._peers.tell(self._config.executor, "resumed", symbol)
        self._judge()
        self._peers.deliver()

    def approved(self) -> tuple[ApprovedTarget, ...]:
        """Every approval in force, for an executor that starts."""
        self._begun()
        return tuple(self._approved.values())

    def states(self) -> dict[str, Any]:
        """Halts with their reasons, owners, stale symbols, equity."""
        return {
            "halts": dict(self._halts), "owners": dict(self._owners), "stale": sorted(self._stale),
            "equity": self._equity, "positions": len(self._positions),
        }

    def health(self) -> dict[str, Any]:
        """State and counts; starts what a restart left to be started."""
        self._begun()
        self._beats.beat()
        return {**self._beats.health(), **self.states()}

    def progress(self) -> dict[str, Any]:
        """How far it is, for whoever drives the exchange in lockstep."""
        return {"plans": dict(self._seen), "approved": {s: a.sequence for s, a in self._approved.items()}}

    def _begun(self) -> bool:
        if not self._started and not self._stopped:
            try:
                self.start()
            except (LookupError, TimeoutError) as error:
                self._beats.met(error)
        return self._started

    def _judge(self, symbols: set[str] | None = None) -> None:
        """Approve again, all symbols or some; only what differs from the last approval is sent."""
        if not self._started:
            return
        fresh: list[ApprovedTarget] = []
        for (strategy, symbol), plan in self._ranked():
            if (symbols is not None and symbol not in symbols) or symbol not in self._instruments:
                continue
            try:
                approved = self._approve(strategy, symbol, plan)
            except Exception as error:  # noqa: BLE001 - the one broad handler: no approval is the safe side
                self._beats.met(error)
                continue
            if approved is not None:
                fresh.append(approved)
        if fresh and self._config.executor:
            self._peers.tell(self._config.executor, "apply", tuple(fresh))

    def _approve(self, strategy: str, symbol: str, plan: PlanChanged) -> ApprovedTarget | None:
        """A new approval, or None when nothing changed or the symbol is another's."""
        config, trader = self._config, self._config.traders[strategy]
        owner = self._owner(symbol)
        terms = Terms(
            self._instruments[symbol], config.groups[symbol], trader.leverage, trader.capital, config.slippage
        )
        view = View(
            self._causes(symbol), owner, self._equity, self._positions, config.groups, plan.price,
            self._selected.get((strategy, symbol), Selected(may_open=False)) if config.gated else None,
        )
        decision = approve(plan.target, view, terms, config.limits, self._next(), self._now_ms)
        self._tell_refusals(plan.target, decision.refusals)
        target = decision.approved.target
        if owner not in ("", strategy):
            return None
        if target.rungs or target.quantity > 0:
            self._owners[symbol] = strategy
        elif owner == strategy and symbol not in self._positions:
            del self._owners[symbol]
        if self._told.get(symbol) == target:
            return None
        self._told[symbol] = target
        self._approved[symbol] = decision.approved
        return decision.approved

    def _ranked(self) -> list[tuple[tuple[str, str], PlanChanged]]:
        order = {name: i for i, name in enumerate(self._config.traders)}
        known = [item for item in self._plans.items() if item[0][0] in order]
        return sorted(known, key=lambda item: (order[item[0][0]], item[0][1]))

    def _owner(self, symbol: str) -> str:
        """Whose symbol it is; a strategy that is no longer configured owns nothing."""
        owner = self._owners.get(symbol, "")
        return owner if owner in self._config.traders else ""

    def _causes(self, symbol: str) -> tuple[Cause, ...]:
        found = [
            Cause("halted", State.HALTED, place, "", self._halts[place], 0, "")
            for place in ("", symbol) if place in self._halts
        ]
        if symbol in self._stale:
            reason = f"no fresh candle of {symbol} for {self._config.limits.stale_after_s:g} s"
            found.append(Cause("stale_data", State.REDUCING, symbol, "", reason, 0, "feed"))
        return tuple(found)

    def _leverage(self, symbol: str) -> float:
        trader = self._config.traders.get(self._owner(symbol))
        return trader.leverage if trader else 1.0

    def _tell_refusals(self, target: Target, refusals: tuple[Refusal, ...]) -> None:
        """Only what is new: the same refusal minute after minute says nothing."""
        key = (target.strategy, target.symbol)
        codes = tuple(r.code for r in refusals)
        before = tuple(r.code for r in self._refused.get(key, ()))
        self._refused[key] = refusals
        if codes == before:
            return
        for r in refusals:
            self._record(TargetRefused(self._now_ms, self._next(), *key, r.code, r.detail))

    def _record(self, event: object) -> None:
        self._peers.post(self._config.ledger, "record", (event,))
        if self._config.api:
            self._peers.post(self._config.api, "on", (event,))

    def _save(self) -> None:
        state = {
            "halts": self._halts, "owners": self._owners, "positions": list(self._positions.values()),
            "plans": [[p.ts_ms, p.sequence, p.target, p.price] for p in self._plans.values()],
            "selected": [[*key, *selected] for key, selected in self._selected.items()],
        }
        self._peers.post(
            self._config.ledger, "save_snapshot", self._config.name, self._now_ms, json.dumps(state).encode()
        )

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence


def _plan(row: list[Any]) -> PlanChanged:
    ts_ms, sequence, target, price = row
    fields = list(target)
    fields[5] = tuple(Rung(*rung) for rung in fields[5])
    return PlanChanged(ts_ms, sequence, Target(*fields), price)
