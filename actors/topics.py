"""The read model as topics: JSON values by key, for `api.topics.TOPICS`.

Ages are left out, since they would change for ever: heartbeats tell them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from actors import event_views, monitor_views, risk_views
from actors import read_views as views
from actors import watch_views as watch
from actors.read_model import ReadModel
from api import health_models, models

View = Callable[[ReadModel, int, int], dict[str, Any]]
"""Of the state, the wall clock and when the API started (UTC ms)."""


def topic(state: ReadModel, name: str, now_ms: int, started_ms: int) -> dict[str, Any]:
    """JSON values by key for one topic. Raises KeyError."""
    return _VIEWS[name](state, now_ms, started_ms)


def _status(state: ReadModel, now_ms: int, started_ms: int) -> dict[str, Any]:
    return {"now": _dump(views.message(health_models.Status, views.health(state, now_ms, started_ms)))}


def _by(key: str, items: Iterable[models.Model], *without: str) -> dict[str, Any]:
    return {getattr(item, key): _dump(item, *without) for item in items}


def _dump(model: models.Model, *without: str) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude=set(without))


_VIEWS: Final[dict[str, View]] = {
    "status": _status,
    "prices": lambda state, _now, _started: _by("symbol", watch.quotes(state)),
    "positions": lambda state, now_ms, _: {
        f"{p.scope}:{p.strategy}:{p.symbol}": _dump(p, "age_s") for p in views.positions(state, now_ms)
    },
    "orders": lambda state, _now, _started: {
        f"{symbol}:{number}": _dump(views.order(o)) for (symbol, number), o in state.orders.items()
    },
    "runners": lambda state, _now, _started: _by("strategy", views.runners(state)),
    "fills": lambda state, _now, _started: {
        f"{fill.symbol}:{fill.trade_id}": _dump(views.message(models.Fill, fill)) for fill in state.fills
    },
    "trades": lambda state, _now, _started: {
        f"{t.scope}:{t.strategy}:{t.symbol}:{t.cycle}": _dump(views.message(models.Trade, t)) for t in state.trades
    },
    "events": lambda state, _now, _started: {
        str(number): _dump(event_views.event(state, stored)) for number, stored in state.events
    },
    "feeds": lambda state, now_ms, _: _by("symbol", views.feeds(state, now_ms), "age_s"),
    "actors": lambda state, now_ms, _: _by("name", views.actors(state, now_ms), "beat_age_s", "beat_ms"),
    "equity": lambda state, _now, _started: _by("scope", watch.equity(state)),
    "ranking": lambda state, _now, _started: {
        scope: _dump(monitor_views.arena(state, scope)) for scope in ("paper", "live") if scope in state.arena
    },
    "selector": lambda state, _now, _started: {"now": _dump(monitor_views.selection(state))},
    "next": lambda state, _now, _started: {"now": _dump(watch.upcoming(state))},
    "conditions": lambda state, _now, _started: {
        f"{c.strategy}:{c.symbol}": _dump(c) for c in watch.conditions(state)
    },
    "rules": lambda state, _now, _started: _by("symbol", watch.rules(state)),
    "sparks": lambda state, _now, _started: _by("symbol", watch.sparks(state)),
    "jobs": lambda state, _now, _started: dict(state.jobs),
    "risk": lambda state, _now, _started: (
        {} if state.risk is None else {"now": _dump(risk_views.report(state.risk, state))}
    ),
}
