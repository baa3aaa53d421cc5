"""What an executor tells the others, numbered: fills, orders, protection, the account, alerts."""

from __future__ import annotations

import time

from actors.executor_alerts import Alerts
from actors.executor_mirror import Mirror, Part
from actors.executor_preflight import Report
from actors.executor_protection import Guard
from actors.parts import ExecutorConfig
from actors.peers import Peers
from core.messages import (
    AccountChecked,
    FillRole,
    OrderFilled,
    OrderShown,
    PositionGuarded,
    PositionSettled,
    ProtectionSeen,
    Severity,
)
from core.order import Execution, OpenOrder


class Voice:
    """Of one executor. ``now_ms`` is the exchange's time as far as it is known."""

    def __init__(self, config: ExecutorConfig, peers: Peers) -> None:
        self._config, self._peers = config, peers
        self._sequence = time.time_ns() // 1_000  # above any number used before a restart
        self._guards: dict[str, Guard] = {}
        self._alerts = Alerts(config.name, peers, config.ledger, config.api, lambda: (self.now_ms, self._next()))
        self.now_ms = 0

    @property
    def alerts(self) -> int:
        """How many were raised."""
        return self._alerts.count

    def filled(self, e: Execution, part: Part, client_id: str) -> None:
        """Tell ledger, runner, risk and api of a fill; a human too when it was not ours to expect."""
        fill = OrderFilled(
            e.ts_ms, self._next(), part.strategy, e.symbol, part.cycle, part.level, part.role, part.direction, e.price,
            e.quantity, e.fee, e.maker, e.trade_id, client_id,
        )
        self._peers.tell(self._config.ledger, "record", (fill,))
        runner = self._config.runners.get(fill.strategy)
        if runner is not None:
            self._peers.tell(runner, "on_fill", fill)
        self._show(fill)
        at = f"{fill.quantity:g} at {fill.price:g}"
        if fill.role is FillRole.LIQUIDATION:
            self.alert("liquidation", Severity.CRITICAL, fill.symbol, f"the exchange liquidated {at}", fill.strategy)
        elif fill.role is FillRole.FOREIGN and fill.strategy:
            self.alert("manual_close", Severity.WARNING, fill.symbol, f"{at} was closed, not by us", fill.strategy)
        elif fill.role is FillRole.FOREIGN:
            self.alert("foreign_fill", Severity.INFO, fill.symbol, f"a fill that is not ours: {at}")

    def shown(self, order: OpenOrder) -> None:
        """An order as it is now."""
        self._keep(OrderShown(self.now_ms, self._next(), order))

    def protected(self, mirror: Mirror) -> None:
        """What protects a symbol's position, as read back; of one that has ended, how long it was without a stop."""
        p, stops, symbol = mirror.position, mirror.stops(), mirror.symbol
        now = max(self.now_ms, p.opened_ms if p else 0)
        unprotected, ended = self._guards.setdefault(symbol, Guard()).see(p, stops, mirror.owner, now)
        seen = ProtectionSeen(
            self.now_ms, self._next(), symbol, p.direction if p else 0, p.quantity if p else 0.0,
            p.average if p else 0.0, stops[0].trigger if stops else None, mirror.take_profit() if p else None,
            p.liquidation if p else None, unprotected,
        )
        self._peers.tell(self._config.risk, "on_protection", (seen,))
        self._keep(seen)
        if ended is not None:
            self._keep(PositionGuarded(self.now_ms, self._next(), symbol, *ended))

    def settled(self, position: PositionSettled) -> None:
        """What a position earned by the exchange's own account."""
        self._keep(position)

    def checked(self, report: Report) -> None:
        """The account beside what is configured."""
        checks = tuple((c.name, c.found, c.wanted, c.verdict) for c in report.checks)
        self._keep(AccountChecked(self.now_ms, self._next(), self._config.name, not report.refused, checks))

    def alert(self, kind: str, severity: Severity, symbol: str, detail: str, strategy: str = "") -> None:
        """What a human should hear of."""
        self._alerts.tell(kind, severity, symbol, detail, strategy)

    def _keep(self, event: object) -> None:
        self._peers.tell(self._config.ledger, "record", (event,))
        self._show(event)

    def _show(self, event: object) -> None:
        if self._config.api:
            self._peers.tell(self._config.api, "on", (event,))

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence
