"""What the watchdog makes of what it saw. Pure: facts in, anomalies out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from core.live_settings import Watchdog
from core.messages import ProtectionSeen, Severity
from core.monitor_messages import Anomaly

Health = Mapping[str, Any]


class Sighting(NamedTuple):
    """One look at everything; None where somebody did not answer.

    runners : health by strategy. actors : of every actor whether it is silent and how often it was restarted, as the
    api host heard. venue_ms, api_ms : how long the exchange and the API took to answer, None without an answer.
    executor : {} where nothing is traded.
    """

    feed: Health | None
    executor: Health | None
    runners: Mapping[str, Health | None]
    risk: Health | None
    protections: Sequence[ProtectionSeen]
    restarts: Mapping[str, int]
    venue_ms: float | None
    api_ms: float | None


def anomalies(seen: Sighting, before: Sighting | None, rules: Watchdog) -> tuple[Anomaly, ...]:
    """Everything that is wrong, worst first; ``before`` is the last look, None at the first."""
    found = [
        *_unprotected(seen), *_halts(seen), *_connections(seen), *_stale(seen, rules),
        *_strategies(seen, before, rules), *_slow(seen, rules), *_restarted(seen, before),
    ]
    order = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
    return tuple(sorted(found, key=lambda anomaly: order.index(anomaly.severity)))


class Cooldowns:
    """Tells the same anomaly of the same subject again only after its kind's cooldown."""

    def __init__(self, rules: Watchdog) -> None:
        self._rules = rules
        self._told_s: dict[tuple[str, str], float] = {}

    def due(self, found: Sequence[Anomaly], now_s: float) -> list[Anomaly]:
        """Those that are to be told now; they count as told."""
        due = []
        for anomaly in found:
            key = (anomaly.kind, anomaly.subject)
            wait_s = self._rules.cooldowns_s.get(anomaly.kind, self._rules.cooldown_s)
            if key not in self._told_s or now_s - self._told_s[key] >= wait_s:
                self._told_s[key] = now_s
                due.append(anomaly)
        return due


def _unprotected(seen: Sighting) -> Iterator[Anomaly]:
    for p in seen.protections:
        if p.quantity > 0 and p.stop is None:
            seconds = p.unprotected_ms / 1000
            detail = f"{p.symbol}: the position has no stop loss on the exchange, for {seconds:.1f} s"
            yield Anomaly("without_stop", Severity.CRITICAL, p.symbol, detail)


def _halts(seen: Sighting) -> Iterator[Anomaly]:
    risk = seen.risk or {}
    switches = risk.get("switches", {})
    for name, reason in switches.items():
        yield Anomaly("kill_switch", Severity.CRITICAL, name.partition(":")[2], reason)
    for symbol, reason in risk.get("halts", {}).items():
        if reason in switches.values():
            continue
        severity = Severity.WARNING if symbol else Severity.CRITICAL
        yield Anomaly("halted", severity, symbol, f"{symbol or 'all trading'} is halted: {reason}")


def _connections(seen: Sighting) -> Iterator[Anomaly]:
    exposed = any(p.quantity > 0 for p in seen.protections)
    for what, health in (("feed", seen.feed), ("executor", seen.executor), ("risk", seen.risk)):
        if health is None:
            severity = Severity.CRITICAL if exposed and what == "executor" else Severity.WARNING
            yield Anomaly("connection", severity, what, f"{what} does not answer")
        elif health.get("state", "ok") not in ("ok", "stopping"):
            detail = f"{what} is {health['state']}: {health.get('detail') or 'no reason given'}"
            yield Anomaly("connection", Severity.WARNING, what, detail)
    if seen.venue_ms is None and seen.feed is not None:
        yield Anomaly("connection", Severity.WARNING, "exchange", "the exchange does not answer")


def _stale(seen: Sighting, rules: Watchdog) -> Iterator[Anomaly]:
    for symbol, age_s in (seen.feed or {}).get("age_s", {}).items():
        if age_s > rules.stale_s:
            detail = f"{symbol}: no candle for {age_s:.0f} s, at most {rules.stale_s:g} s"
            yield Anomaly("stale_candles", Severity.WARNING, symbol, detail)


def _strategies(seen: Sighting, before: Sighting | None, rules: Watchdog) -> Iterator[Anomaly]:
    fed_ms = int((seen.feed or {}).get("last_ms", 0))
    for strategy, health in seen.runners.items():
        if health is None:
            yield Anomaly("strategy_silent", Severity.WARNING, strategy, f"{strategy}: its runner does not answer")
        elif health.get("state") == "stopped":
            yield Anomaly("strategy_stopped", Severity.WARNING, strategy, f"{strategy}: its runner has stopped")
        else:
            was = ((before.runners.get(strategy) if before else None) or {}).get("symbols", {})
            for symbol, track in health.get("symbols", {}).items():
                last_ms = track["last_ms"]
                behind_s = (fed_ms - 60_000 - last_ms) / 1000
                # one that gets on is catching up, however far behind
                if last_ms and behind_s > rules.stale_s and was.get(symbol, {}).get("last_ms") == last_ms:
                    detail = f"{strategy}: {symbol} stands still, {behind_s:.0f} s of candles behind the feed"
                    yield Anomaly("strategy_stuck", Severity.WARNING, strategy, detail)
                    break


def _slow(seen: Sighting, rules: Watchdog) -> Iterator[Anomaly]:
    for what, kind, took_ms in (("the exchange", "exchange_slow", seen.venue_ms), ("the API", "api_slow", seen.api_ms)):
        if took_ms is not None and took_ms > rules.slow_ms:
            detail = f"{what} took {took_ms:.0f} ms to answer, at most {rules.slow_ms:g} ms"
            yield Anomaly(kind, Severity.WARNING, "", detail)
    if seen.api_ms is None:
        yield Anomaly("api_slow", Severity.WARNING, "", "the API does not answer")


def _restarted(seen: Sighting, before: Sighting | None) -> Iterator[Anomaly]:
    for name, count in seen.restarts.items():
        more = count - (before.restarts.get(name, 0) if before else 0)
        if more > 0:
            detail = f"{name} was restarted" + (f" {more} times" if more > 1 else "")
            yield Anomaly("actor_restarted", Severity.WARNING, name, detail)
