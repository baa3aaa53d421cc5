"""Arena, selector and watchdog in the API's words. Pure: the same state gives the same answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from actors.read_model import ReadModel
from api import health_models, models
from api import monitor_models as shown
from core.messages import Severity
from core.selection import Criterion
from core.standing import Standing
from storage.rows import StoredEvent

_LASTING: Final = frozenset({"strategy_stuck", "strategy_stopped", "exchange_slow", "api_slow"})
"""States that the read model cannot see by itself; of stops, halts, silence and candles it knows more.
"""


def arena(state: ReadModel, scope: models.Scope) -> shown.Arena:
    """Who stands where; nobody before the monitor has looked."""
    found = state.arena.get(scope)
    if found is None:
        return shown.Arena(scope=scope, ts_ms=0, rows=())
    return shown.Arena(scope=scope, ts_ms=found.ts_ms, rows=tuple(_row(s) for s in found.standings))


def selection(state: ReadModel) -> shown.Selection:
    """Who may open, as the monitor said last."""
    found = state.selection
    if found is None:
        return shown.Selection(gated=state.facts.mode == "live", made_ms=0, next_ms=0, choices=())
    return shown.Selection(
        gated=found.gated, made_ms=found.made_ms, next_ms=found.next_ms,
        choices=tuple(
            shown.Choice(
                strategy=d.strategy, symbol=d.symbol, may_open=d.may_open, weight=d.weight,
                criteria=tuple(_condition(c) for c in d.criteria),
            )
            for d in found.decisions
        ),
    )


def change(event: StoredEvent) -> shown.Change:
    """A recorded change of a decision."""
    told = event.payload
    return shown.Change(
        ts_ms=event.ts_ms, strategy=event.strategy, symbol=event.symbol, may_open=told["may_open"],
        weight=told["weight"], criteria=tuple(shown.Condition(**c) for c in told["criteria"]),
    )


def divergence(event: StoredEvent) -> shown.Divergence:
    """A recorded comparison."""
    names = set(shown.Divergence.model_fields)
    return shown.Divergence.model_validate({name: told for name, told in event.payload.items() if name in names})


def reasons(state: ReadModel) -> Iterator[health_models.Reason]:
    """What the watchdog finds wrong and nobody else tells."""
    for anomaly in state.anomalies.anomalies:
        if anomaly.kind in _LASTING or (anomaly.kind, anomaly.subject) == ("connection", "exchange"):
            level: models.Word = "DANGER" if anomaly.severity is Severity.CRITICAL else "ATTENTION"
            yield health_models.Reason(level=level, code=anomaly.kind, text=anomaly.detail, symbol="")


def _row(s: Standing) -> shown.Row:
    return shown.Row(**s._asdict())


def _condition(c: Criterion) -> shown.Condition:
    return shown.Condition(**c._asdict())
