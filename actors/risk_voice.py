"""What risk tells the others: events for the ledger and those who watch, holds for runners, ends of halts."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

from actors.parts import RiskConfig
from actors.peers import Peers
from core.messages import AlertRaised, RiskShown, Severity, TargetRefused, TradingHalted, TradingResumed
from core.restriction import COOLDOWN, HALT, KILL_RUNNER, STALE, SWITCHES, Cause
from engine.risk import Refusal
from engine.risk_state import Causes, covering

_LOUD: Final = ("liquidation_before_stop", "leverage", "foreign_position")
"""Refusals that a human should look at: the configuration or somebody's hand is behind them."""


class Voice:
    """Everything that risk says, numbered."""

    def __init__(self, config: RiskConfig, peers: Peers) -> None:
        self._config, self._peers = config, peers
        self._sequence = time.time_ns() // 1_000  # above any number used before a restart
        self._refused: dict[tuple[str, str], tuple[str, ...]] = {}
        self._holds: dict[str, tuple[str, ...]] = {}

    def number(self) -> int:
        """The next one."""
        self._sequence += 1
        return self._sequence

    def refused(self, key: tuple[str, str], refusals: Iterable[Refusal], now_ms: int) -> None:
        """Only what is new of a strategy on a symbol: the same refusal minute after minute says nothing."""
        found = tuple(refusals)
        codes = tuple(r.code for r in found)
        before = self._refused.get(key, ())
        self._refused[key] = codes
        if codes == before:
            return
        for r in found:
            self._record(TargetRefused(
                now_ms, self.number(), *key, r.code, r.detail, r.level, r.wanted, r.granted
            ))
            if r.code in _LOUD and r.code not in before:
                self._alert(now_ms, r.code, Severity.WARNING, r.detail, key[1], key[0])

    def changed(self, before: Causes, after: Causes, now_ms: int) -> None:
        """What began and what ended."""
        for cause in after:
            if not _known(cause, before):
                self._began(cause, now_ms)
        for cause in before:
            if not _known(cause, after):
                self._ended(cause, now_ms)

    def _began(self, cause: Cause, now_ms: int) -> None:
        if cause.code == HALT:
            self._record(TradingHalted(now_ms, self.number(), cause.symbol, cause.reason))
        elif cause.code != STALE:
            severity = (
                Severity.CRITICAL if cause.code in SWITCHES
                else Severity.INFO if cause.code == COOLDOWN else Severity.WARNING
            )
            self._alert(now_ms, cause.code, severity, cause.reason, cause.symbol, cause.strategy)

    def _ended(self, cause: Cause, now_ms: int) -> None:
        if cause.code == HALT:
            self._record(TradingResumed(now_ms, self.number(), cause.symbol))
            if self._config.executor:
                self._peers.tell(self._config.executor, "resumed", cause.symbol)
        elif cause.code not in (STALE, COOLDOWN):
            detail = f"over: {cause.reason}"
            self._alert(now_ms, f"{cause.code}_over", Severity.INFO, detail, cause.symbol, cause.strategy)

    def hold(self, causes: Causes) -> None:
        """Tell runners where they may not open on paper.

        Where an exchange is traded paper goes on beside it, to be compared with, unless the strategy's switch tripped.
        """
        for strategy, runner, symbols in self._config.runners:
            held = tuple(s for s in symbols if any(
                c.code == KILL_RUNNER if self._config.executor else c.code not in (STALE, COOLDOWN)
                for c in covering(causes, s, strategy)
            ))
            if self._holds.get(strategy) != held:
                self._holds[strategy] = held
                self._peers.tell(runner, "hold", held)

    def show(self, shown: RiskShown) -> None:
        """To those who watch."""
        if self._config.api:
            self._peers.post(self._config.api, "on", (shown,))

    def _alert(
        self, now_ms: int, kind: str, severity: Severity, detail: str, symbol: str = "", strategy: str = ""
    ) -> None:
        self._record(AlertRaised(
            now_ms, self.number(), self._config.name, kind, severity, detail, symbol, strategy
        ))

    def _record(self, event: object) -> None:
        self._peers.post(self._config.ledger, "record", (event,))
        if self._config.api:
            self._peers.post(self._config.api, "on", (event,))


def _known(cause: Cause, causes: Causes) -> bool:
    return any((c.code, c.symbol, c.strategy) == (cause.code, cause.symbol, cause.strategy) for c in causes)


